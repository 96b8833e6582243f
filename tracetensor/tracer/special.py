"""Special methods of the user's classes: operators, comparisons, truth, length and text, as Python dispatches them."""

from __future__ import annotations

import dataclasses
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.tracer.objects import MISSING, made_by_dataclass, static
from tracetensor.tracer.values import Traced, TracedArray, TracedList, TracedScalar, is_object

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter

SYMBOLS = {
    "add": "+", "sub": "-", "mul": "*", "truediv": "/", "floordiv": "//", "mod": "%", "pow": "** or pow()",
    "matmul": "@", "and": "&", "or": "|", "xor": "^", "lshift": "<<", "rshift": ">>",
    "lt": "<", "le": "<=", "gt": ">", "ge": ">=",
}  # fmt: skip
MIRRORED = {"lt": "gt", "gt": "lt", "le": "ge", "ge": "le", "eq": "eq", "ne": "ne"}


class Special:
    """Dispatch of special methods that the user wrote."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter

    def method(self, value: Any, name: str) -> Any:
        """A special method of a value's class, None if it has none that can be interpreted."""
        found = static(type(value), name)
        if found is MISSING or found is None or found is object.__dict__.get(name):
            return None
        if isinstance(found, types.FunctionType):
            return found
        msg = f"the method {name} of a {type(value).__name__}, a {type(found).__name__}"
        raise Fallback(msg)

    # Operators -------------------------------------------------------------------------------------------------

    def binary(self, name: str, a: Any, b: Any, *, in_place: bool = False) -> Any:
        """a op b, one of which is an object of a user's class."""
        if in_place and is_object(a):
            result = self._try(a, f"__i{name}__", b)
            if result is not NotImplemented:
                return result
        for value in (a, b):
            self._check_array(value, b if value is a else a)
        comparison = name in MIRRORED
        forward = f"__{name}__"
        backward = f"__{MIRRORED[name]}__" if comparison else f"__r{name}__"
        tries = [(a, forward, b), (b, backward, a)]
        derived = type(b) is not type(a) and issubclass(type(b), type(a) if is_object(a) else ())
        if derived and static(type(b), backward) is not static(type(a), backward):
            tries.reverse()
        elif type(a) is type(b) and not comparison:
            tries.pop()
        for value, method, other in tries:
            result = self._try(value, method, other)
            if result is not NotImplemented:
                return result
        if name in {"eq", "ne"}:
            self.interpreter.outside.identity_asked = True
            return (a is b) is (name == "eq")
        raise TypeError(self._refusal(name, a, b, in_place=in_place))

    def _check_array(self, value: Any, other: Any) -> None:
        """NumPy's arrays and scalars decide by themselves what to do with an object."""
        numpy = type(value) is TracedArray or isinstance(value, (np.ndarray, np.generic))
        numpy = numpy or (type(value) is TracedScalar and not value.type.is_python)
        if numpy and static(type(other), "__array_ufunc__") is not None:
            msg = f"an operator between an array and a {type(other).__name__}"
            raise Fallback(msg)

    def _try(self, value: Any, name: str, other: Any) -> Any:
        if not is_object(value):
            return NotImplemented
        if name in {"__eq__", "__lt__", "__le__", "__gt__", "__ge__"} and made_by_dataclass(
            type(value), name
        ):
            return self._compared(value, name, other)
        method = self.method(value, name)
        if method is None and name == "__ne__":
            result = self._try(value, "__eq__", other)
            return result if result is NotImplemented else self._inverse(result)
        return NotImplemented if method is None else self.interpreter.call(method, [value, other], {})

    def _inverse(self, value: Any) -> Any:
        interpreter = self.interpreter
        return interpreter._not(interpreter.truth_of(value))

    def _compared(self, value: Any, name: str, other: Any) -> Any:
        """What the comparison does that dataclasses wrote: that of the tuples of fields, of one class only."""
        if not is_object(other) or type(other) is not type(value):
            return NotImplemented
        if name != "__eq__":
            msg = "an order of dataclasses"
            raise Fallback(msg)
        interpreter = self.interpreter
        attribute = interpreter.calls.attribute
        names = [f.name for f in dataclasses.fields(value) if f.compare]

        def equal(position: int) -> Any:
            if position == len(names):
                return True
            x, y = (attribute(v, names[position]) for v in (value, other))
            if interpreter._is_object_itself(x, y):
                return equal(position + 1)
            truth = interpreter.truth_of(interpreter.operations.binary("eq", x, y))
            if type(truth) is bool:
                return equal(position + 1) if truth else False
            return interpreter.control.choose(truth, lambda: equal(position + 1), lambda: False)

        return equal(0)

    def _refusal(self, name: str, a: Any, b: Any, *, in_place: bool) -> str:
        names = [_class_name(v) for v in (a, b)]
        if name in MIRRORED:
            return f"'{SYMBOLS[name]}' not supported between instances of '{names[0]}' and '{names[1]}'"
        symbol = SYMBOLS[name]
        if in_place:
            symbol = ("**" if name == "pow" else symbol) + "="
        return f"unsupported operand type(s) for {symbol}: '{names[0]}' and '{names[1]}'"

    def unary(self, name: str, value: Any) -> Any:
        """op value, of an object."""
        method = self.method(value, f"__{name}__")
        if method is None:
            symbol = {"neg": "unary -", "pos": "unary +", "invert": "unary ~", "abs": "abs()"}[name]
            msg = f"bad operand type for {symbol}: '{type(value).__name__}'"
            raise TypeError(msg)
        return self.interpreter.call(method, [value], {})

    # Truth, length, numbers, text ------------------------------------------------------------------------------

    def truth(self, value: Any) -> Any:
        """bool(value), of an object: what decides it."""
        method = self.method(value, "__bool__")
        if method is not None:
            return self.interpreter.call(method, [value], {})
        if self.method(value, "__len__") is None:
            return True
        return self.interpreter.operations.binary("ne", self.length(value), 0)

    def length(self, value: Any) -> Any:
        method = self.method(value, "__len__")
        if method is None:
            msg = f"object of type '{type(value).__name__}' has no len()"
            raise TypeError(msg)
        return self.interpreter.call(method, [value], {})

    def converted(self, kind: str, value: Any) -> Any:
        """int(value), float(value), complex(value) or operator.index(value), of an object."""
        for name in (f"__{kind}__", *(("__index__",) if kind != "index" else ())):
            method = self.method(value, name)
            if method is not None:
                return self.interpreter.call(method, [value], {})
        msg = f"{kind} of a {type(value).__name__}"
        raise Fallback(msg)

    def contains(self, container: Any, value: Any) -> Any:
        """value in container, of an object."""
        method = self.method(container, "__contains__")
        if method is None:
            return None
        interpreter = self.interpreter
        return interpreter.call(bool, [interpreter.call(method, [container, value], {})], {})

    def iterated(self, value: Any) -> Any:
        """What `__iter__` of an object gives."""
        method = self.method(value, "__iter__")
        if method is None:
            msg = f"iteration over a {type(value).__name__} without __iter__"
            raise Fallback(msg)
        return self.interpreter.call(method, [value], {})

    def text(self, value: Any, conversion: str) -> Any:
        """str(value) or repr(value), of an object."""
        names = ("__repr__",) if conversion == "r" else ("__str__", "__repr__")
        for name in names:
            if name == "__repr__" and made_by_dataclass(type(value), name):
                return self._shown(value)
            method = self.method(value, name)
            if method is not None:
                return self.interpreter.call(method, [value], {})
        msg = f"the text of a {type(value).__name__}, which has no __repr__ of its own"
        raise Fallback(msg)

    def _shown(self, value: Any) -> Any:
        """The text that dataclasses wrote."""
        calls = self.interpreter.calls
        parts: list[Any] = [f"{type(value).__qualname__}("]
        for k, field in enumerate(f for f in dataclasses.fields(value) if f.repr):
            parts.append(f"{', ' if k else ''}{field.name}=")
            parts.append(calls.text_part(calls.attribute(value, field.name), "r", ""))
        return calls.text([*parts, ")"])


def _class_name(value: Any) -> str:
    cls = value.__class__ if isinstance(value, Traced) else type(value)
    return "list" if cls is TracedList else cls.__name__


__all__ = ["Special"]
