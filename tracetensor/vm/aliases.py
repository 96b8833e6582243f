"""Which registers hold the same reference where something is written to.

The values that handlers of exceptions need stand in slots. An array that is about to be written to is in such slots
too, more often than not; each of these is to have what the write makes of it, unless the write itself raises. So these
references would be in the way, and are dropped in front of the write: where it raises, and has left the array as
it was, they are put back from the array's own register. See Assembler.mark_last_uses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.vm.assembler import Attempt, Branch, Instruction, is_atomic, written_by
from tracetensor.vm.instructions import Opcode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.vm.assembler import Item

Groups = dict[int, object]
"""Registers by what tells which of them hold the same: equal where they do. Others hold what nobody else has."""


def find_aliases(items: Sequence[Item]) -> None:
    """Let each write in a block whose exceptions are caught know which registers hold its array."""
    if _has_attempts(items):
        _walk(items, {})


def _has_attempts(items: Sequence[Item]) -> bool:
    for item in items:
        if isinstance(item, Attempt):
            return True
        if isinstance(item, Branch):
            if _has_attempts(item.then) or _has_attempts(item.orelse):
                return True
        elif not isinstance(item, Instruction) and _has_attempts(item.body):
            return True
    return False


def _walk(items: Sequence[Item], groups: Groups) -> Groups:
    """What holds after the items; `groups` holds before them."""
    for item in items:
        if isinstance(item, Instruction):
            _step(item, groups)
        elif isinstance(item, Branch):
            groups = _both(_walk(item.then, dict(groups)), _walk(item.orelse, dict(groups)))
        elif isinstance(item, Attempt):
            written = written_by(item.body) | {item.exception}
            caught = _walk(item.handler, {r: group for r, group in groups.items() if r not in written})
            groups = _walk(item.completed, _walk(item.body, groups))
            if item.classes is not None:
                groups = _both(groups, caught)
        else:
            while True:
                after = _both(groups, _walk(item.body, dict(groups)))
                if len(after) == len(groups) and _count(after) == _count(groups):
                    break
                groups = after
    return groups


def _step(item: Instruction, groups: Groups) -> None:
    if item.opcode == Opcode.MOVE:
        if item.a not in groups:
            groups[item.a] = object()
        groups[item.dst] = groups[item.a]
        return
    if is_atomic(item):
        group = groups.get(item.reads[0])
        item.alike = frozenset([r for r, other in groups.items() if other is group])
    for r in item.writes:
        groups.pop(r, None)


def _both(one: Groups, other: Groups) -> Groups:
    """What holds whichever of two ways was gone."""
    if one is other:
        return one
    pairs = {r: (group, other[r]) for r, group in one.items() if r in other}
    names: dict[object, object] = {}
    return {r: names.setdefault(pair, object()) for r, pair in pairs.items()}


def _count(groups: Groups) -> int:
    return len(set(groups.values()))
