"""The C text of what is raised and caught in one loop: where nobody looks at the exception, no object is made of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.catching import matching
from tracetensor.vm.assembler import OBJECT, PY_FLOAT, PY_INT
from tracetensor.vm.instructions import Opcode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.vm.assembler import Handler
    from tracetensor.vm.loop_code import LoopCode

PLAIN = (
    *(Exception, ValueError, TypeError, LookupError, IndexError, KeyError, RuntimeError, NotImplementedError),
    *(ArithmeticError, ZeroDivisionError, OverflowError, FloatingPointError, AssertionError, EOFError),
)
"""Exceptions that are made of any arguments."""


def caught(code: LoopCode, pc: int, exception: type[BaseException]) -> list[str] | None:
    """Lines that go on where such an exception of a row is caught; None if that is not the loop's own affair."""
    for handler in code.handlers:
        if not handler.first <= pc < handler.stop or handler.classes is None:
            continue
        number = matching(exception.__new__(exception), handler.classes)
        if not number:
            continue
        if handler.target not in code.region:
            return None
        if _is_seen(code, handler):
            return code.step(pc)
        source, empty = code.spared.get(pc) or (0, ())
        lines = [f"{code.target(handler.code)} = {number};", code.clear(handler.exception)]
        for r in empty:
            lines.append(f"share(E, {code.reference(r)}, {code.reference(source)});")
            if r in code.ranks:
                lines.append(code.known(r, source, f"w{source} = 0"))
        return [*lines, code.goto(handler.target)]
    return None


def _is_seen(code: LoopCode, handler: Handler) -> bool:
    """Whether anything is done with the exception: then there has to be one."""
    register = handler.exception
    context = any(other.classes is None and other.exception == register for other in code.handlers)
    return handler.wanted or context or code.sees(handler.target, register)


def goes_on(code: LoopCode, pc: int, exception: type[BaseException], condition: str) -> list[str]:
    """Lines that, if the condition holds, go on where the exception that a row then raises is caught, if that is here."""
    lines = caught(code, pc, exception)
    return (
        [] if lines is None else [f"if (UNLIKELY({condition})) {{", *[f"    {line}" for line in lines], "}"]
    )


def emit_guard(code: LoopCode, pc: int) -> list[str]:
    """A check that hardly ever fires."""
    _, _, condition, _, _, takes, _, _, reads, _, form = code.rows[pc]
    dropped = [code.clear(r) for k, r in enumerate(reads) if takes >> k & 1]
    left = code.step(pc) if code.catching(pc) else [code.leave(pc)]
    if form.name == "raise_if" and _is_certain(code, form.operands[1:], **form.params):
        left = caught(code, pc, form.params["exception"]) or left
    lines = [f"    {line}" for line in left]
    return [f"if (UNLIKELY({code.value(condition)})) {{", *lines, "}", *dropped]


def _is_certain(
    code: LoopCode, values: Sequence[int], exception: type[BaseException], arguments: Sequence[Any]
) -> bool:
    """Whether making an exception is sure to make one, and does nothing else."""
    if type(exception) is not type:
        return False
    for cls in exception.__mro__:
        if cls in PLAIN:
            break
        if {"__init__", "__new__", "__del__"} & set(vars(cls)):
            return False
    else:
        return False
    return all(_is_plain(code, values, template) for template in arguments)


def _is_plain(code: LoopCode, values: Sequence[int], template: Any) -> bool:
    """Whether a template (graph.ops.control.format_value) can be filled in without anything happening."""
    if not isinstance(template, tuple):
        return isinstance(template, (str, int, float, type(None)))
    kind = template[0] if template else None
    if kind == "text":
        return all(
            isinstance(part, str) or _is_formatted(code, values[part[0]], *part[1:]) for part in template[1]
        )
    return kind in {"value", "constant"}


def _is_formatted(code: LoopCode, register: int, conversion: str, spec: str) -> bool:
    """Whether a value can be formatted so."""
    if not spec:
        return True
    sample: Any = {PY_INT: 1, PY_FLOAT: 1.5}.get(code.classes[register])
    if code.classes[register] == OBJECT or sample is None:
        return False
    try:
        format(repr(sample) if conversion else sample, spec)
    except ValueError:
        return False
    return True


ZERO_DIVISIONS = frozenset(
    {Opcode.I_FLOORDIV, Opcode.I_MOD, Opcode.I_TRUEDIV, Opcode.F_TRUEDIV, Opcode.F_FLOORDIV, Opcode.F_MOD}
)
"""What raises ZeroDivisionError where the second operand is zero."""


def divides(code: LoopCode, pc: int) -> list[str]:
    """Lines in front of a division, for a divisor that is zero."""
    return goes_on(code, pc, ZeroDivisionError, f"{code.value(code.rows[pc][3])} == 0")
