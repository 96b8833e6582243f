"""Regions: runs of elementwise instructions, made one instruction each.

Done to the structured code of a program, when it is known where each register is read for the last time. Instructions
of other kinds that stand between elementwise ones, and neither raise nor need them, go in front of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tracetensor.vm.assembler import OBJECT, Attempt, Branch, Instruction, Loop
from tracetensor.vm.fused import LIMITS, FusedSite
from tracetensor.vm.instructions import TABLE, Opcode
from tracetensor.vm.machine import address_of_site
from tracetensor.vm.region_code import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracetensor.vm.assembler import Item

MOST_OPERATIONS = 100
PURE = frozenset(
    {
        op
        for op, row in TABLE.items()
        if row in {"wrr-", "wr--"} and op.name[:2] in {"F_", "I_", "L_", "B_", "C_"}
    }
    | {Opcode.MOVE_VALUE, Opcode.DIM}
)
"""Instructions that never raise and do nothing but write their register."""


class Elementwise(NamedTuple):
    """What an instruction does to each item of its operands."""

    name: str
    operands: tuple[int, ...]  # registers
    classes: tuple[int, ...]
    given: str  # characters of the operands' types
    loop: str  # those that they are taken as, and the result's
    rank: int  # of the result
    raises: bool  # whether its operands may not fit together

    @property
    def fusable(self) -> bool:
        """Whether a kernel can do it."""
        return (
            0 < self.rank <= LIMITS["axes"]
            and text_of(self.name, self.given, self.loop, self.classes) is not None
        )


def fuse(items: list[Item], constants: Mapping[int, Any]) -> list[Item]:
    """The items, with runs of elementwise instructions made one; so in all their blocks."""
    result: list[Item] = []
    window = Window(constants)
    for item in items:
        if isinstance(item, Instruction) and window.takes_in(item):
            continue
        result += window.close()
        window = Window(constants)
        if isinstance(item, Instruction):
            if not window.takes_in(item):
                result.append(item)
            continue
        if isinstance(item, Branch):
            item.then, item.orelse = fuse(item.then, constants), fuse(item.orelse, constants)
        elif isinstance(item, Loop):
            item.body = fuse(item.body, constants)
        elif isinstance(item, Attempt):
            item.body, item.handler = fuse(item.body, constants), fuse(item.handler, constants)
            item.completed = fuse(item.completed, constants)
        result.append(item)
    return result + window.close()


class Window:
    """Elementwise instructions and what stands between them."""

    def __init__(self, constants: Mapping[int, Any]) -> None:
        self.constants = constants
        self.order: list[Instruction] = []  # as they were
        self.rows: list[Instruction] = []
        self.passed: list[Instruction] = []
        self.dropped: list[Instruction] = []
        self.read: set[int] = set()
        self.written: set[int] = set()

    def takes_in(self, item: Instruction) -> bool:
        """Let an instruction be part of the window, if it can be."""
        form = item.elementwise
        if form is not None and form.fusable:
            others = {r for other in [*self.passed, *self.dropped] for r in (*other.reads, *other.writes)}
            if (self.written | self.read | others) & set(item.writes):
                return False  # a register that is written twice
            self.rows.append(item)
            self.read.update(item.reads)
            self.written.update(item.writes)
        elif not self.rows:
            return False
        elif item.opcode == Opcode.DROP:
            self.dropped.append(item)
        elif self._may_pass(item):
            self.passed.append(item)
        else:
            return False
        self.order.append(item)
        return True

    def _may_pass(self, item: Instruction) -> bool:
        """Whether an instruction can be done before the rows."""
        if self.written & set(item.reads) or (self.written | self.read) & set(item.writes):
            return False
        if item.opcode == Opcode.VIEW:
            return _never_raises(item.site.describe(), self.constants)
        if item.opcode == Opcode.UFUNC:
            return item.elementwise is not None and not item.elementwise.raises
        return item.opcode in PURE

    def close(self) -> list[Item]:
        """The instructions, with regions made one instruction each."""
        groups = _groups(self.rows)
        if all(len(group) == 1 for group in groups):
            return list(self.order)
        rows = [row for group in groups for row in group]
        _mark_again([*self.passed, *rows])
        result: list[Item] = list(self.passed)
        for group in groups:
            fused = _fused(group) if len(group) > 1 else None
            result += group if fused is None else [fused]
        return result + self.dropped


def _mark_again(rows: list[Instruction]) -> None:
    """Say anew which instruction is the last to read what one of them is."""
    taken = {r for row in rows for k, r in enumerate(row.reads) if row.takes >> k & 1}
    for row in reversed(rows):
        row.takes = 0
        for k in range(len(row.reads) - 1, -1, -1):
            if row.reads[k] in taken:
                taken.remove(row.reads[k])
                row.takes |= 1 << k


def _never_raises(form: dict[str, Any], constants: Mapping[int, Any]) -> bool:
    """Whether a view is made of slices with known bounds only."""
    for stage in [*form["stages"], form]:
        if not stage["basic"]:
            return False
        for kind, registers in stage["entries"] if stage["axes"] is None else ():
            if kind not in "sn":
                return False
            if kind == "s" and any(r >= 0 and type(constants.get(r)) is not int for r in registers):
                return False
            if kind == "s" and registers[2] >= 0 and constants[registers[2]] == 0:
                return False
    return True


# Groups ------------------------------------------------------------------------------------------------------------


def _groups(rows: list[Instruction]) -> list[list[Instruction]]:
    """The regions that the rows make, in an order in which they can be done; a row alone is one of its own."""
    parent = list(range(len(rows)))

    def root(k: int) -> int:
        while parent[k] != k:
            k = parent[k]
        return k

    made: dict[int, int] = {}
    for k, row in enumerate(rows):
        for r in row.reads:
            if r in made and _form(rows[made[r]]).rank == _form(row).rank:
                parent[root(k)] = root(made[r])
        made[row.writes[0]] = k
    found: dict[int, list[int]] = {}
    for k in range(len(rows)):
        found.setdefault(root(k), []).append(k)
    groups = sorted(found.values(), key=lambda group: (_form(rows[group[0]]).rank, group[0]))
    if sum(any(_form(rows[k]).raises for k in group) for group in groups) > 1:
        groups = _consecutive([root(k) for k in range(len(rows))])  # what raises first must go on to do so
    return [part for group in groups for part in _within_limits([rows[k] for k in group])]


def _consecutive(roots: list[int]) -> list[list[int]]:
    groups: list[list[int]] = []
    for k, found in enumerate(roots):
        if k and found == roots[k - 1]:
            groups[-1].append(k)
        else:
            groups.append([k])
    return groups


def _within_limits(rows: list[Instruction]) -> Iterable[list[Instruction]]:
    """Parts of a region that have no more operands than an instruction can have."""
    part: list[Instruction] = []
    inputs: set[tuple[int, str]] = set()
    made: set[int] = set()
    for row in rows:
        more = _operands(row) - {(r, "") for r in made}
        if part and (len(inputs | more) > LIMITS["inputs"] or len(part) == MOST_OPERATIONS):
            yield part
            part, made, inputs = [], set(), set()
            more = _operands(row)
        part.append(row)
        inputs |= more
        made.update(row.writes)
    if part:
        yield part


def _operands(row: Instruction) -> set[tuple[int, str]]:
    form = _form(row)
    return {
        (r, "" if cls == OBJECT else char)
        for r, cls, char in zip(form.operands, form.classes, form.loop, strict=False)
    }


def _form(row: Instruction) -> Elementwise:
    assert row.elementwise is not None
    return row.elementwise


# The instruction ----------------------------------------------------------------------------------------------------


class Region(NamedTuple):
    """What machine code is to know of a region."""

    operations: tuple[tuple[Elementwise, int], ...]  # with the register of the result
    inputs: tuple[tuple[int, int, str], ...]  # register, class, character of the type; arrays first
    outputs: tuple[tuple[int, str], ...]  # register, character
    updated: Mapping[int, int]  # results that take the shape, and the place, of an array


def single(form: Elementwise, result: int) -> Region:
    """The region of one operation."""
    return Region(((form, result),), _inputs([(form, result)]), ((result, form.loop[-1]),), {})


def _inputs(operations: Iterable[tuple[Elementwise, int]]) -> tuple[tuple[int, int, str], ...]:
    """What operations take from outside. A number that is taken as two types is two inputs."""
    made = {result for _, result in operations}
    operands: dict[tuple[int, str], tuple[int, int, str]] = {}
    for form, _ in operations:
        for r, cls, own, char in zip(form.operands, form.classes, form.given, form.loop, strict=False):
            if r not in made:
                key = (r, "" if cls == OBJECT else char)
                operands[key] = (r, cls, own if cls == OBJECT else char)
    return tuple(sorted(operands.values(), key=lambda operand: operand[1] != OBJECT))


def _fused(rows: list[Instruction]) -> Instruction | None:
    """One instruction for all; None if they have too many results."""
    made = {row.writes[0]: row for row in rows}
    taken = {r for row in rows for k, r in enumerate(row.reads) if row.takes >> k & 1}
    outputs = [(r, _form(row).loop[-1]) for r, row in made.items() if r not in taken]
    operations = tuple([(_form(row), row.writes[0]) for row in rows])
    inputs = _inputs(operations)
    if len(outputs) > LIMITS["outputs"]:
        return None
    number = {key: k for k, key in enumerate((r, "" if cls == OBJECT else char) for r, cls, char in inputs)}
    feeds: dict[int, int] = {}
    for row in rows:
        form = _form(row)
        bits = 0
        for r, cls, char in zip(form.operands, form.classes, form.loop, strict=False):
            bits |= feeds[r] if r in feeds else 1 << number[r, "" if cls == OBJECT else char]
        feeds[row.writes[0]] = bits
    updates = [row for row in rows if row.opcode == Opcode.UPDATE]
    updated = {row.writes[0]: row.reads[0] for row in updates}
    complete = [feeds[r] for r, _ in outputs] + [
        feeds.get(r, 1 << number.get((r, ""), 0)) for r in updated.values()
    ]
    if len(complete) > LIMITS["complete"]:
        return None
    site = FusedSite(
        operations,
        inputs,
        outputs,
        complete,
        [number.get((_origin(r, updated), ""), -1) if r in updated else -1 for r, _ in outputs],
        [
            ((row.opcode, row.dst, row.a, row.b, row.c, row.takes, row.site), address_of_site(row.site))
            for row in rows
        ],
        [row.location for row in rows],
        _form(rows[0]).rank,
        bool(updates) or any(_form(row).name == "cast" for row in rows),
    )
    reads = tuple(dict.fromkeys(r for r, _, _ in inputs))
    takes = sum(1 << k for k, r in enumerate(reads) if r in taken)
    return Instruction(
        Opcode.FUSED,
        site=site,
        reads=reads,
        writes=tuple([r for r, _ in outputs]),
        location=rows[-1].location,
        takes=takes,
        form=Region(operations, inputs, tuple(outputs), updated),
    )


def _origin(register: int, updated: Mapping[int, int]) -> int:
    """The array that a chain of updates began with."""
    while register in updated:
        register = updated[register]
    return register
