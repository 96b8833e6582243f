"""Exceptions caught inside a graph: attempts, what they keep for the time of a raise, handlers, exceptions as values.

attempt(*initial, *captured; body, classes, label, types): evaluate the body on the captured values. The results
are a code, the exception, one value per *slot*, and the body's outputs. The code is 0 if the body completed; it is
k + 1 if an exception of one of classes[k] (a tuple of classes; the first that matches) was raised, and then the
body's outputs are values that nobody may read. Other exceptions pass. A slot starts with its initial value; each
`checkpoint` of this label that is evaluated in the body, or in a body inside it, puts new values into some of the
slots. So the slots tell how things stood when the exception was raised. `types` are the types of the slots.

handling(exception, *captured; body): evaluate the body while an exception is being handled: what is raised there
gets it as its context, as in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.catching import open_slots
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.control import _body_raises, _check_inputs, _control_value, _unit, format_value
from tracetensor.graph.types import BOOL, INT, ObjectType, Type, conforms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

EXCEPTION = ObjectType("exception")


def _infer_attempt(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
    body, slots = params["body"], params["types"]
    if len(types) < len(slots):
        msg = f"attempt: {len(types)} values for {len(slots)} slots"
        raise TypeInferenceError(msg)
    for k, (given, slot) in enumerate(zip(types, slots, strict=False)):
        if not conforms(given, slot):
            msg = f"attempt: slot {k} is of type {slot!r} and starts as {given!r}"
            raise TypeInferenceError(msg)
    _check_inputs("attempt", types[len(slots) :], body.input_types)
    return (INT, EXCEPTION, *slots, *body.output_types)


attempt = register(
    Op("attempt", evaluate=_control_value, infer=_infer_attempt, family="control", raises=_body_raises)
)


def _infer_handling(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
    _check_inputs("handling", types[1:], params["body"].input_types)
    result: tuple[Type, ...] = params["body"].output_types
    return result


handling = register(
    Op("handling", evaluate=_control_value, infer=_infer_handling, family="control", raises=_body_raises)
)


def _checkpoint(*values: Any, label: int, slots: tuple[int, ...], serial: int) -> None:
    kept = open_slots()[label]
    for slot, value in zip(slots, values, strict=True):
        kept[slot] = value


checkpoint = register(
    Op("checkpoint", evaluate=_checkpoint, infer=_unit, family="effect", raises=False, effect=True)
)
"""Put values into slots of the enclosing attempt of this label."""


def _make_exception(
    *values: Any,
    exception: type[BaseException],
    arguments: tuple[Any, ...],
    keywords: tuple[tuple[str, Any], ...],
    serial: int,
) -> BaseException:
    return exception(
        *[format_value(a, values) for a in arguments], **{k: format_value(a, values) for k, a in keywords}
    )


make_exception = register(
    Op(
        "make_exception",
        evaluate=_make_exception,
        infer=lambda types, params: EXCEPTION,
        family="effect",
        raises=True,
        effect=True,
    )
)
"""exception(*arguments, **keywords); the arguments are templates over the values (control.format_value)."""


def _raise_object(exception: Any, *cause: Any, again: bool = False) -> None:
    if cause:
        found = cause[0]
        if isinstance(found, type) and issubclass(found, BaseException):
            found = found()
        if found is not None and not isinstance(found, BaseException):
            msg = "exception causes must derive from BaseException"
            raise TypeError(msg)
        exception.__cause__ = found
    raise exception


raise_object = register(
    Op("raise_object", evaluate=_raise_object, infer=_unit, family="effect", raises=True, effect=True)
)
"""Raise an exception, `from` a cause if one is given; again: as `raise` alone does, which adds no line to its traceback."""

OBJECT = ObjectType("detail")


def _about(evaluate: Any, name: str, result: Type, *, raises: bool = True) -> Op:
    return register(
        Op(name, evaluate=evaluate, infer=lambda types, params: result, family="effect", raises=raises)
    )


object_attribute = _about(lambda x, *, name: getattr(x, name), "object_attribute", OBJECT)
"""x.name of an object that is known at run time only."""
object_item = _about(lambda x, *, index: x[index], "object_item", OBJECT)
"""x[index]."""
object_isinstance = _about(
    lambda x, *, classes: isinstance(x, classes), "object_isinstance", BOOL, raises=False
)
"""isinstance(x, classes)."""
object_issubclass = _about(lambda x, *, classes: issubclass(x, classes), "object_issubclass", BOOL)
"""issubclass(x, classes)."""
object_is = _about(lambda x, *, other: x is other, "object_is", BOOL, raises=False)
"""x is other, an object that is known while tracing."""
object_truth = _about(bool, "object_truth", BOOL)
"""bool(x)."""
