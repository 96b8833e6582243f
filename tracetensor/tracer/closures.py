"""Functions defined inside a traced function, as real functions: for results, and for libraries that call them."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.closures import FunctionParts
from tracetensor.tracer.builtin import handles
from tracetensor.tracer.frames import Frame
from tracetensor.tracer.source import inside, matches
from tracetensor.tracer.values import UNBOUND, InterpretedFunction

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracetensor.tracer.interpreter import Interpreter


def parts_of(
    interpreter: Interpreter, function: InterpretedFunction, convert: Callable[[Any], Any]
) -> FunctionParts:
    """What a function consists of, its values converted."""
    outermost = function.frame
    while not isinstance(outermost.function, types.FunctionType):
        outermost = outermost.enclosing
        if outermost is None:
            msg = f"the code of {function.__qualname__} is not known"
            raise Fallback(msg)
    code = _code(function, outermost.function.__code__)
    cells: list[Any] = []
    values: list[Any] = []
    for name in code.co_freevars:
        owner = interpreter._owner(function.frame, name)
        if owner is None:
            cells.append(_real_cell(interpreter, outermost, name))
            values.append(None)
            continue
        cells.append((owner, name))
        values.append(convert(owner.locals.get(name, UNBOUND)))
    return FunctionParts(
        code,
        function.frame.globals,
        (code.co_name, code.co_qualname),
        tuple(cells),
        tuple(values),
        tuple([convert(v) for v in function.defaults]),
        tuple([(k, convert(v)) for k, v in function.kw_defaults.items()]),
        tuple([(k, convert(v)) for k, v in function.attributes.items()]),
    )


def _real_cell(interpreter: Interpreter, frame: Frame, name: str) -> types.CellType:
    holder = interpreter.outside.holder_of(frame, name)
    if holder.kind != "cell":
        msg = f"the variable {name} of a function defined inside is not known"
        raise Fallback(msg)
    return holder.target  # type: ignore[no-any-return]


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _nested(constant)


def _code(function: InterpretedFunction, outer: types.CodeType) -> types.CodeType:
    node = function.source.node
    found = [c for c in _nested(outer) if matches(node, c)]
    if len(found) > 1:
        found = [
            c for c in found
            if all(inside(node, p) for p in c.co_positions() if p[0] is not None and p[2] is not None)
        ]  # fmt: skip
    if len(found) != 1:
        msg = f"the code of {function.__qualname__} cannot be told from its neighbours"
        raise Fallback(msg)
    return found[0]


@handles(functools.update_wrapper)
def _update_wrapper(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    wrapper = args[0] if args else kwargs["wrapper"]
    wrapped = args[1] if len(args) > 1 else kwargs["wrapped"]
    if type(wrapper) is not InterpretedFunction:
        return functools.update_wrapper(*args, **kwargs)
    for name in kwargs.get("assigned", functools.WRAPPER_ASSIGNMENTS):
        if name in {"__name__", "__qualname__", "__doc__", "__module__"}:
            wrapper.attributes[name] = interpreter.calls.attribute(wrapped, name)
    wrapper.attributes["__wrapped__"] = wrapped
    return wrapper


@handles(functools.wraps)
def _wraps(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    options = dict(kwargs)
    wrapped = args[0] if args else options.pop("wrapped")
    return functools.partial(functools.update_wrapper, wrapped=wrapped, **options)


__all__ = ["parts_of"]
