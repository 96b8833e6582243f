"""Text made of traced values: templates that are filled in at run time."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.node import Variable
from tracetensor.tracer.builtin import BUILTINS
from tracetensor.tracer.strings import formatted
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedStore,
    is_object,
    is_traced,
)

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter


class Formatting:
    """The parts of a trace that calls need; forced values; f-strings and `%`."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.arrays = interpreter.arrays
        self.outside = interpreter.outside
        self.being_made: list[Any] = []
        self.hands_functions = False  # to a library, which calls them: they were looked through

    # Forced values ---------------------------------------------------------------------------------------------

    def force(self, value: Any, what: str, expected: int | None = None) -> Any:
        """The value of a traced scalar, found by guarding on the inputs it is computed from."""
        if not isinstance(value, TracedScalar):
            return value
        return self.outside.force(self.interpreter, value.variable, what)

    def least(self, values: list[Any]) -> Any:
        """min of scalars."""
        return BUILTINS[min](self.interpreter, values, {})

    # Text ------------------------------------------------------------------------------------------------------

    def template(self, value: Any, values: list[Variable], *, as_object: bool = False) -> Any:
        """A template (see control.format_value) of a value, its traced parts added to `values`."""
        variable = self.outside.object_variable(value) if as_object else None
        if variable is not None:
            values.append(self.state.region.lift(variable))
            return ("value", len(values) - 1)
        if is_object(value) and not as_object:
            value = self.interpreter.special.text(value, "s")
        kind = type(value)
        if kind is TracedText:
            parts: list[Any] = []
            for part in value.parts:
                if isinstance(part, str):
                    parts.append(part)
                else:
                    values.append(self._part_variable(part[0]))
                    parts.append((len(values) - 1, part[1], part[2]))
            return ("text", tuple(parts))
        if kind is TracedList and value.dynamic is not None:
            if value.dynamic.single is None:
                msg = "a list of tuples of traced length is formatted or handed to a function that is not traced"
                raise Fallback(msg)
            values.append(self.state.region.lift(value.dynamic.single))
            return ("value", len(values) - 1)
        if kind is TracedStore:
            values.append(self.state.region.lift(value.variable))
            return ("value", len(values) - 1)
        if kind in (TracedArray, TracedScalar, TracedObject):
            values.append(self.arrays.variable(value))
            return ("value", len(values) - 1)
        if kind is slice and is_traced(value):
            return ("slice", tuple([self.template(v, values) for v in (value.start, value.stop, value.step)]))
        if kind is TracedRange:
            return ("range", tuple([self.template(v, values) for v in (value.start, value.stop, value.step)]))
        if kind is tuple and is_traced(value):
            return ("tuple", tuple([self.template(v, values, as_object=as_object) for v in value]))
        if kind is dict and is_traced(value):
            return (
                "dict",
                tuple([(k, self.template(v, values, as_object=as_object)) for k, v in value.items()]),
            )
        if kind is TracedList and is_traced(value):
            return (
                "list",
                tuple([self.template(v, values, as_object=as_object) for v in list.__iter__(value)]),
            )
        if kind is InterpretedFunction and as_object and self.hands_functions:
            return ("function", self._function_parts(value, values))
        if kind is functools.partial and as_object and is_traced((value.func, value.args, value.keywords)):
            args = tuple([self.template(v, values, as_object=True) for v in value.args])
            named = tuple([(k, self.template(v, values, as_object=True)) for k, v in value.keywords.items()])
            return ("partial", (self.template(value.func, values, as_object=True), args, named))
        if is_traced(value):
            msg = f"a {kind.__name__} is formatted or handed to a function that is not traced"
            raise Fallback(msg)
        if kind is TracedList:
            return ("constant", list(list.__iter__(value)))
        return ("constant", value)

    def _function_parts(self, function: InterpretedFunction, values: list[Variable]) -> Any:
        from tracetensor.tracer.closures import parts_of

        if function in self.being_made:
            msg = f"{function.__qualname__}, which calls itself, is handed to a function that is not traced"
            raise Fallback(msg)
        self.being_made.append(function)
        try:
            return parts_of(self.interpreter, function, lambda v: self.template(v, values, as_object=True))
        finally:
            self.being_made.pop()

    def _part_variable(self, value: Any) -> Variable:
        if type(value) is TracedStore:
            return self.state.region.lift(value.variable)
        return self.arrays.variable(value)

    def text_part(self, value: Any, conversion: str, spec: Any) -> Any:
        """One formatted value of an f-string."""
        if type(spec) is not str:
            return formatted(self.interpreter.stores, value, conversion, spec)
        if is_object(value):
            if spec or self.interpreter.special.method(value, "__format__") is not None:
                msg = f"a {type(value).__name__} is formatted"
                raise Fallback(msg)
            value = self.interpreter.special.text(value, conversion or "s")
            conversion = "" if conversion in {"r", "s"} else conversion
        if is_traced(value):
            if type(value) is TracedText and not spec and conversion in {"", "s"}:
                return value
            if type(value) is TracedText:
                value = self.interpreter.stores.text(value)
            return (value, conversion, spec)
        convert: dict[str, Any] = {"r": repr, "s": str, "a": ascii, "": lambda v: v}
        return format(convert[conversion](value), spec)

    def text(self, parts: list[Any]) -> Any:
        """A string made of parts, some of them traced."""
        flat: list[Any] = []
        for part in parts:
            flat.extend(part.parts if type(part) is TracedText else [part])
        if all(isinstance(p, str) for p in flat):
            return "".join(flat)
        return TracedText(tuple(flat))

    def percent(self, template: str, values: Any) -> Any:
        """template % values."""
        values = values if isinstance(values, tuple) else (values,)
        parts: list[Any] = []
        rest = template
        for value in values:
            start = rest.find("%")
            while start >= 0 and rest[start : start + 2] == "%%":
                rest = rest[:start] + rest[start + 1 :]
                start = rest.find("%", start + 1)
            end = start + 1
            while end < len(rest) and rest[end] not in "diouxXeEfFgGcrsa":
                end += 1
            parts.append(rest[:start])
            code, spec = rest[end], rest[start + 1 : end]
            if spec or code not in "dsr":
                msg = "a % format with widths or precisions of a traced value"
                raise Fallback(msg)
            parts.append(self.text_part(value, {"d": "", "s": "s", "r": "r"}[code], ""))
            rest = rest[end + 1 :]
        return self.text([*parts, rest.replace("%%", "%")])
