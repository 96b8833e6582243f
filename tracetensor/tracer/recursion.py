"""Recursion whose depth is known at run time only: the call becomes a node that runs the function's own compiled versions.

What the call returns is found by tracing the function on its own: first with recursive calls that never return, so
that the cases that end the recursion tell its result, then with that result assumed, until what is found is what was
assumed. The assumption is checked at every call: a result of another form, or a write to another argument, gives the
run up, and the call is repeated as plain Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Variable
from tracetensor.graph.ops import control
from tracetensor.graph.recursion import NEVER, Form, RecursiveCall
from tracetensor.graph.types import INT, ListType, TensorType, Type, array_type, type_of
from tracetensor.tracer.flow import RaisedInBranch
from tracetensor.tracer.merge import is_number
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedArray,
    TracedList,
    TracedScalar,
    TracedUnion,
)

if TYPE_CHECKING:
    from tracetensor.tracer.frames import Frame
    from tracetensor.tracer.interpreter import Interpreter

MOST_ATTEMPTS = 5
DEEPEST = 3
UNWOUND = 16


def _same_closure(a: Any, b: Any) -> bool:
    """Whether functions of one code are one function: those that close over different things are not."""
    cells, others = getattr(a, "__closure__", None) or (), getattr(b, "__closure__", None) or ()
    return len(cells) == len(others) and all(x is y for x, y in zip(cells, others, strict=True))


class Recursion:
    """Calls of functions that are being interpreted already."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state

    def call(self, function: Any, frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> list[Any] | None:
        """The result, in a list, of a call as a node; None where the call is to be interpreted in turn."""
        outside = self.interpreter.outside
        calls = (f for f in reversed(self.state.frames) if f.source is frame.source)
        enclosing = next((f for f in calls if _same_closure(f.function, frame.function)), None)
        if enclosing is None or outside.nested is None or frame.source.generator:
            return None
        if self.state.region is enclosing.region or _advances(enclosing, frame):
            return None
        if not all(map(_passable, (*args, *kwargs.values()))):
            return None
        form = self._form(function, args, kwargs)
        if form is NEVER:
            raise RaisedInBranch
        return [self._emit(function, form, frame, args, kwargs)]

    def _emit(self, function: Any, form: Form, frame: Frame, args: list[Any], kwargs: dict[str, Any]) -> Any:
        state, calls, arrays = self.state, self.interpreter.calls, self.interpreter.arrays
        self._outside(form)
        qualname = frame.source.qualname
        self.interpreter.outside.recursed = (
            f"recursion in {qualname}, beside writes to what is no array argument"
        )
        targets = self._targets(form, frame, [*args, *kwargs.values()])
        values: list[Variable] = []
        templates = tuple([calls.template(a, values) for a in args])
        named = tuple([(k, calls.template(v, values)) for k, v in kwargs.items()])
        given = dict(zip([*range(len(args)), *kwargs], [*templates, *[t for _, t in named]], strict=True))
        names = dict(zip([*range(len(args)), *kwargs], [*args, *kwargs.values()], strict=True))
        places = [given[next(k for k, v in names.items() if v is target)][1] for target in targets]
        call = RecursiveCall(
            self.interpreter.outside.nested(function, form.written), templates, named, form, tuple(places)
        )
        types: list[Type] = []
        _types(form.result, types)
        types += [array_type(arrays.type(t).dtype, (None,) * arrays.type(t).ndim) for t in targets]
        type_ = tuple(types) if len(types) > 1 else types[0] if types else type_of(0)
        node = state.emit(control.callback, values, {"function": call, "type": type_})
        outs = list(node.outputs)
        result = self._rebuild(form.result, outs)
        for target in targets:
            self._overwrite(target, outs.pop(0))
        if form.shares:
            sources = [a for a in (*args, *kwargs.values()) if type(a) is TracedArray]
            calls._may_share([v for v in _flat(result) if type(v) is TracedArray], sources, frame.source.name)
        return result

    def _overwrite(self, target: TracedArray, value: Variable) -> None:
        """Put what a call made of an array into its place: an array of the same shape, laid out in the same way."""
        arrays, state = self.interpreter.arrays, self.state
        whole = not target.steps and state.read_storage(target.storage).type is value.type
        if whole and not value.tensor.dtype.hasobject:
            arrays.check_writable(target)
            state.write_storage(target.storage, value)
        else:
            arrays.overwrite(target, value)

    def _outside(self, form: Form) -> None:
        """The call reads these arrays where the caller left them: they must not have been written, nor be later."""
        for array in form.outside:
            self.interpreter.outside.keep_unwritten(array, "an array that a recursive call reads is written")

    def _targets(self, form: Form, frame: Frame, given: list[Any]) -> list[TracedArray]:
        """The arguments that the call may write; none of them shares memory with another."""
        everything = _flat(given)
        targets = []
        for name in sorted(form.written):
            value = frame.locals[name]
            if type(value) is not TracedArray or not any(value is v for v in given):
                msg = f"recursion in {frame.source.qualname}, which writes to its argument {name}"
                raise Fallback(msg)
            sharing = [v for v in everything if type(v) is TracedArray and v.storage is value.storage]
            if len(sharing) > 1 or value.storage.read_only:
                msg = f"recursion in {frame.source.qualname}, whose arguments share the memory that it writes"
                raise Fallback(msg)
            targets.append(value)
        return targets

    def _rebuild(self, form: Any, outs: list[Variable]) -> Any:
        kind = form[0]
        if kind == "leaf":
            return self.interpreter.arrays.wrap(outs.pop(0))
        if kind == "constant":
            return form[1]
        if kind == "union":
            tag = outs.pop(0)
            return TracedUnion(tag, tuple([self._rebuild(f, outs) for f in form[1]]))
        if kind == "list":
            return self.state.made(TracedList([self._rebuild(f, outs) for f in form[1]]))
        items = [self._rebuild(f, outs) for f in form[2]]
        return form[1](*items) if hasattr(form[1], "_fields") else tuple(items)

    # The form of the result --------------------------------------------------------------------------------------

    def _form(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Form:
        outside = self.interpreter.outside
        known: dict[Any, Form] = outside.nested.forms.setdefault(function, {})
        key = (
            function.__code__,
            tuple([self._kind(a) for a in args]),
            tuple([(k, self._kind(v)) for k, v in kwargs.items()]),
        )
        assumed: dict[Any, Form] = outside.assumed
        if key in assumed:
            return assumed[key]
        if key not in known:
            if len(assumed) >= DEEPEST:
                msg = f"recursion in {function.__qualname__}, with ever other arguments"
                raise Fallback(msg)
            known[key] = self._settled(function, args, kwargs, key, assumed)
        return known[key]

    def _settled(
        self, function: Any, args: list[Any], kwargs: dict[str, Any], key: Any, assumed: dict[Any, Form]
    ) -> Form:
        """The form that is found where it is assumed."""
        outside = self.interpreter.outside
        given = [self._example(a) for a in args]
        named = {k: self._example(v) for k, v in kwargs.items()}
        form = NEVER
        for _ in range(MOST_ATTEMPTS):
            found = outside.nested.trace(function, given, named, {**assumed, key: form})
            new = _form_of(found, function, form)
            if new == form:
                return form
            form = new
        msg = f"recursion in {function.__qualname__}: the type of its result does not settle"
        raise Fallback(msg)

    def _kind(self, value: Any) -> Any:
        if type(value) is TracedArray:
            type_ = self.interpreter.arrays.type(value)
            return ("array", type_.dtype, type_.ndim)
        if type(value) is TracedScalar or is_number(value):
            return ("scalar", repr(self.interpreter.arrays.variable(value).type))
        if isinstance(value, (tuple, list)):
            if type(value) is TracedList and value.dynamic is not None:
                return ("long list", repr(value.dynamic.form.types))
            items = list.__iter__(value) if isinstance(value, list) else value
            return (isinstance(value, list), type(value).__name__, tuple([self._kind(v) for v in items]))
        return ("constant", value)

    def _example(self, value: Any) -> Any:
        """A value of the same kind, that the program could have at this place."""
        arrays, outside = self.interpreter.arrays, self.interpreter.outside
        if type(value) in (TracedArray, TracedScalar):
            found = outside.example(arrays.variable(value))
            return found.copy(order="K") if isinstance(found, np.ndarray) else found
        if type(value) is TracedList and value.dynamic is not None:
            if value.dynamic.single is None:
                msg = "a list of tuples of traced length is handed to a recursive call"
                raise Fallback(msg)
            return list(outside.example(value.dynamic.single))
        if isinstance(value, list):
            return [self._example(v) for v in list.__iter__(value)]
        if isinstance(value, tuple):
            items = [self._example(v) for v in value]
            return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
        return value


def _passable(value: Any) -> bool:
    """Whether an argument can be made at run time: an object of the user's is not, it would be another one."""
    if type(value) in (TracedArray, TracedScalar, range) or is_number(value):
        return True
    if isinstance(value, (tuple, list)):
        if type(value) is TracedList and value.dynamic is not None:
            return value.dynamic.single is not None
        return all(map(_passable, list.__iter__(value) if isinstance(value, list) else value))
    if type(value) is InterpretedFunction:
        return False
    return value is None or isinstance(value, (str, bytes, type, np.dtype)) or hasattr(value, "__code__")


def _advances(enclosing: Frame, frame: Frame) -> bool:
    """Whether the recursion goes along something known: then it ends, and is interpreted call by call."""
    for name, value in frame.locals.items():
        before = enclosing.locals.get(name)
        if type(value) is int and type(before) is int and 0 <= value < before <= UNWOUND:
            return True
        if type(value) is tuple and type(before) is tuple and len(value) < len(before):
            return True
    return False


def _flat(value: Any) -> list[Any]:
    if isinstance(value, list):
        return (
            []
            if getattr(value, "dynamic", None)
            else [v for item in list.__iter__(value) for v in _flat(item)]
        )
    if isinstance(value, tuple):
        return [v for item in value for v in _flat(item)]
    return [value]


def _types(form: Any, types: list[Type]) -> None:
    if form[0] == "leaf":
        types.append(form[1])
    elif form[0] == "union":
        types.append(INT)
        for part in form[1]:
            _types(part, types)
    elif form[0] != "constant":
        for part in form[-1]:
            _types(part, types)


def _form_of(trace: Any, function: Any, before: Form) -> Form:
    """What a trace of the function returns and writes."""
    refused = f"recursion in {function.__qualname__}"
    graph: Graph = trace.graph
    if trace.unrepeatable or any(n.op.effect and n.op.name != "raise_if" for n in graph.all_nodes()):
        msg = f"{refused}, which does more than return a value"
        raise Fallback(msg)
    written = set(before.written)
    for path, how, _ in trace.writes:
        if how != "array" or len(path) != 1 or path[0][0] != "parameter":
            msg = f"{refused}, which writes to what is no array argument"
            raise Fallback(msg)
        written.add(path[0][1])
    shares = [before.shares]
    result = _result_form(trace.result, trace, refused, shares)
    outside = tuple(
        [
            trace.fetched[p]
            for p in trace.inputs
            if p[0][0] != "parameter" and isinstance(trace.fetched.get(p), np.ndarray)
        ]
    )
    return Form(result, frozenset(written), shares[0], outside)


def _result_form(recipe: Any, trace: Any, refused: str, shares: list[bool]) -> Any:
    kind, content = recipe.kind, recipe.content
    if kind == "output":
        type_ = trace.graph.outputs[content].type
        if isinstance(type_, TensorType) and type_.is_array:
            shares[0] = shares[0] or trace.groups[content] is None
            return ("leaf", array_type(type_.dtype, (None,) * type_.ndim))
        if isinstance(type_, (TensorType, ListType)):
            return ("leaf", type_)
    if kind == "constant":
        if is_number(content):
            return ("leaf", type_of(content))
        if content is None or isinstance(content, (str, bytes)):
            return ("constant", content)
    if kind in {"same", "view"}:
        path = content if kind == "same" else content[0]
        array = trace.fetched.get(path)
        if kind == "same" and isinstance(array, np.ndarray):
            shares[0] = True
            return ("leaf", array_type(array.dtype, (None,) * array.ndim))
    if kind == "tuple":
        return ("tuple", content[0], tuple([_result_form(r, trace, refused, shares) for r in content[1]]))
    if kind == "union":
        parts = dict.fromkeys([_result_form(r, trace, refused, shares) for r in content[1]])
        if len(parts) == 1:
            return next(iter(parts))
        if all(p[0] in {"leaf", "constant"} for p in parts):
            return ("union", tuple(sorted(parts, key=repr)))
    if kind == "list":
        return ("list", tuple([_result_form(r, trace, refused, shares) for r in content]))
    msg = f"{refused}, whose result has no one type ({kind})"
    raise Fallback(msg)
