"""The C text of what loops do to lists of numbers; other lists, and what is out of bounds, are left to the interpreter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.vm.instructions import Opcode
from tracetensor.vm.loop_code import Interpreted
from tracetensor.vm.loop_raises import caught
from tracetensor.vm.numbers import KNOWN_TO_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.vm.loop_code import Emitter, LoopCode


def _numbers(code: LoopCode, register: int, number: int) -> tuple[str, str]:
    """The condition that a list is one of numbers of a register's class, and its C type."""
    type_ = code.type(number)
    if type_ is None:
        raise Interpreted
    return f"numbers(E, R[{register}].obj, {code.classes[number]})", type_


def _either(
    code: LoopCode,
    pc: int,
    condition: Sequence[str],
    lines: Sequence[str],
    position: int | None = None,
    missing: str = "",
) -> list[str]:
    """The lines where the conditions hold, k being the position if there is one, else one step of the interpreter.

    missing: whether a list of which the first condition holds has no such element.
    """
    list_ = code.rows[pc][8][0]
    known = condition[0]
    if position is not None:
        place = f"k = {code.value(position)}, k += k < 0 ? l->n : 0"
        condition = [*condition, f"({place}, (u64)k < (u64)l->n)"]
        missing = f"({place}, (u64)k >= (u64)l->n)"
    handled = caught(code, pc, IndexError) if missing else None
    otherwise = (
        []
        if handled is None
        else [f"    }} else if ({known} && {missing}) {{", *[f"        {line}" for line in handled]]
    )
    return [
        "{",
        f"    struct list *l = R[{list_}].obj;",
        *(["    i64 k;"] if position is not None else []),
        f"    if ({' && '.join(condition)}) {{",
        *[f"        {line}" for line in lines],
        *otherwise,
        "    } else {",
        *[f"        {line}" for line in code.step(pc)],
        "    }",
        "}",
    ]


def _moved(source: int, target: int) -> list[str]:
    return [] if source == target else [f"take(E, &R[{target}].obj, &R[{source}].obj);"]


def _changes(code: LoopCode, pc: int) -> None:
    if not code.rows[pc][5] & 1:  # the list is needed as it was
        raise Interpreted


def _append(code: LoopCode, pc: int) -> list[str]:
    _changes(code, pc)
    (list_, value), (target,) = code.rows[pc][8], code.rows[pc][9]
    known, type_ = _numbers(code, list_, value)
    lines = [f"(({type_}_at *)l->data)[l->n++] = {code.value(value)};", *_moved(list_, target)]
    return _either(code, pc, [known, "mine(l)", "l->n < l->capacity"], lines)


def _get(code: LoopCode, pc: int) -> list[str]:
    (list_, index), (target,) = code.rows[pc][8], code.rows[pc][9]
    known, type_ = _numbers(code, list_, target)
    lines = [f"{code.target(target)} = (({type_}_at *)l->data)[k];"]
    if code.rows[pc][5] & 1:
        lines.append(f"drop(E, &R[{list_}].obj);")
    return _either(code, pc, [known], lines, index)


def _set(code: LoopCode, pc: int) -> list[str]:
    _changes(code, pc)
    (list_, value, index), (target,) = code.rows[pc][8], code.rows[pc][9]
    known, type_ = _numbers(code, list_, value)
    lines = [f"(({type_}_at *)l->data)[k] = {code.value(value)};", *_moved(list_, target)]
    return _either(code, pc, [known, "mine(l)"], lines, index)


def _pop(code: LoopCode, pc: int) -> list[str]:
    """The last element; others are moved by the interpreter."""
    _changes(code, pc)
    (list_, index), (target, value) = code.rows[pc][8], code.rows[pc][9]
    known, type_ = _numbers(code, list_, value)
    position = code.value(index)
    condition = [known, "mine(l)", "l->n > 0", f"({position} == -1 || {position} == l->n - 1)"]
    lines = [f"{code.target(value)} = (({type_}_at *)l->data)[--l->n];", *_moved(list_, target)]
    return _either(code, pc, condition, lines, missing="l->n == 0")


def _len(code: LoopCode, pc: int) -> list[str]:
    _, target, list_, *_ = code.rows[pc]
    takes = code.rows[pc][5]
    lines = [f"{code.target(target)} = l->n;"]
    if takes:
        lines.append(f"drop(E, &R[{list_}].obj);")
    return _either(code, pc, ["l && l->type == E->numbers"], lines)


LISTS: dict[int, Emitter] = (
    {}
    if not KNOWN_TO_TEXT
    else {
        Opcode.LIST_APPEND: _append,
        Opcode.LIST_GET: _get,
        Opcode.LIST_SET: _set,
        Opcode.LIST_POP: _pop,
        Opcode.LIST_LEN: _len,
    }
)
