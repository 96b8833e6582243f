"""copy.copy and copy.deepcopy of what a traced function works on: numbers, arrays, containers, objects."""

from __future__ import annotations

import copy
import types
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.types import TensorType
from tracetensor.tracer.builtin import handles
from tracetensor.tracer.foreign import BY_VALUE, UNCHANGING
from tracetensor.tracer.objects import SLOT, has_dict, static
from tracetensor.tracer.values import UNBOUND, TracedArray, TracedList, TracedScalar, is_object

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter

PROTOCOL = (
    "__reduce__",
    "__reduce_ex__",
    "__getstate__",
    "__setstate__",
    "__getnewargs__",
    "__getnewargs_ex__",
)
"""Methods by which a class says how its objects are copied."""


class _Copier:
    """Makes copies; what was copied already stays one thing."""

    def __init__(self, interpreter: Interpreter, *, deep: bool) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.deep = deep
        self.done: list[tuple[Any, Any]] = []

    def inner(self, value: Any) -> Any:
        """What a copy holds in the place of a value."""
        return self.copy(value) if self.deep else value

    def copy(self, value: Any) -> Any:
        """A copy of a value."""
        for known, made in self.done:
            both = type(known) is TracedArray and type(value) is TracedArray
            if known is value or (both and self.interpreter._is(known, value)):
                return made
        kind = type(value)
        if kind is TracedScalar or value is None or isinstance(value, (*BY_VALUE, *UNCHANGING)):
            return value
        if kind is TracedArray:
            return self._remember(value, self.interpreter.calls.copied(value))
        if kind is TracedList:
            return self._list(value)
        if kind is dict:
            made = self._remember(value, self.state.made({}))
            made.update({k: self.inner(v) for k, v in value.items()})
            return made
        if isinstance(value, tuple):
            return self._tuple(value)
        if is_object(value):
            return self._object(value)
        msg = f"a copy of a {self.interpreter.call(type, [value], {}).__name__}"
        raise Fallback(msg)

    def _remember(self, value: Any, made: Any) -> Any:
        self.done.append((value, made))
        return made

    def _list(self, value: TracedList) -> Any:
        if value.dynamic is None:
            made = self._remember(value, self.state.made(TracedList()))
            list.extend(made, [self.inner(v) for v in list.__iter__(value)])
            return made
        types_ = value.dynamic.form.types
        if self.deep and not all(isinstance(t, TensorType) and not t.is_array for t in types_):
            msg = "copy.deepcopy of a list of arrays whose length is known at run time only"
            raise Fallback(msg)
        return self._remember(value, self.interpreter.sequences.whole_list(value))

    def _tuple(self, value: tuple[Any, ...]) -> Any:
        if not self.deep and type(value) is tuple:
            return value
        items = [self.inner(v) for v in value]
        if type(value) is tuple:  # one whose items are their own copies is its own copy
            return value if all(a is b for a, b in zip(items, value, strict=True)) else tuple(items)
        if not hasattr(value, "_fields") or self._has_way(type(value)):
            msg = f"a copy of a {type(value).__name__}"
            raise Fallback(msg)
        return type(value)(*items)

    def _has_way(self, cls: type) -> bool:
        """Whether a class says itself how it is copied."""
        names = (*PROTOCOL[:-2], "__deepcopy__" if self.deep else "__copy__")
        return any(isinstance(static(cls, name), types.FunctionType) for name in names)

    def _object(self, value: Any) -> Any:
        cls, interpreter = type(value), self.interpreter
        own = static(cls, "__deepcopy__" if self.deep else "__copy__")
        if isinstance(own, types.FunctionType):
            return interpreter.call(own, [value, *([self.state.made({})] if self.deep else [])], {})
        written = [name for name in PROTOCOL if isinstance(static(cls, name), types.FunctionType)]
        if not written and static(cls, "__new__") is not object.__dict__["__new__"]:
            written = [] if cls is types.SimpleNamespace else ["a __new__"]
        if written:
            msg = f"a copy of a {cls.__name__}, whose class has {written[0]} of its own"
            raise Fallback(msg)
        held = dict(interpreter.objects.variables(value)) if has_dict(cls) else {}
        for name in [
            n
            for part in cls.__mro__
            for n, found in part.__dict__.items()
            if type(found) is SLOT and n != "__dict__"
        ]:
            held[name] = interpreter.objects.own(value, name)
        made = self._remember(value, interpreter.objects.make(cls))
        self.state.own(made).update({name: self.inner(v) for name, v in held.items() if v is not UNBOUND})
        return made


@handles(copy.copy)
def _copy(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _Copier(interpreter, deep=False).copy(_only(args, kwargs))


@handles(copy.deepcopy)
def _deepcopy(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _Copier(interpreter, deep=True).copy(_only(args, kwargs))


def _only(args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or len(args) != 1:
        msg = "a copy with a memo of the caller's"
        raise Fallback(msg)
    return args[0]
