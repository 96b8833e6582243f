"""Structured code before it becomes a program: instructions, branches and loops; liveness; flattening."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.types import BOOL, COMPLEX, FLOAT, INT, SCALAR, TensorType
from tracetensor.vm.instructions import TABLE, Opcode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.graph import Location
    from tracetensor.graph.types import Type

OBJECT, PY_BOOL, PY_INT, PY_FLOAT, PY_COMPLEX, NUMPY = 0, 1, 2, 3, 4, 16  # as in registers.pxd
PYTHON_CLASSES = {BOOL: PY_BOOL, INT: PY_INT, FLOAT: PY_FLOAT, COMPLEX: PY_COMPLEX}
UNBOXED = frozenset("?bBhHiIlLqQfdFD")  # types of numbers of at most 16 bytes
MOST_TAKES = 64  # operands of one instruction that can be marked as taken


@functools.cache
def canonical(dtype: np.dtype[Any]) -> np.dtype[Any]:
    """The dtype by which NumPy knows all those equal to it: long long is int64, where long is."""
    return np.dtype(dtype.str) if dtype.kind in "iu" else dtype


def register_class(type_: Type) -> int:
    """How values of a type live in registers: unboxed where they fit 16 bytes, else as references."""
    python = PYTHON_CLASSES.get(type_)  # type: ignore[call-overload]
    if python is not None:
        return int(python)
    if isinstance(type_, TensorType) and type_.kind == SCALAR:
        dtype = canonical(type_.dtype)
        if dtype.char in UNBOXED and dtype.isnative:
            return NUMPY + dtype.num
    return OBJECT


@functools.cache
def _layout(opcode: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Which of an instruction's four fields its row in the table names, which of these it reads and which it writes."""
    letters = list(enumerate(TABLE[opcode].rstrip("s")))
    return (
        tuple([k for k, letter in letters if letter != "-"]),
        tuple([k for k, letter in letters if letter == "r"]),
        tuple([k for k, letter in letters if letter == "w"]),
    )


@dataclass(slots=True)
class Instruction:
    """One instruction. takes: bit k says that the k-th of `reads` is read here for the last time."""

    opcode: int
    dst: int = -1
    a: int = -1
    b: int = -1
    c: int = -1
    site: Any = None
    reads: tuple[int, ...] = ()
    writes: tuple[int, ...] = ()
    location: Location = ()
    takes: int = 0


@dataclass(slots=True)
class Branch:
    """Run `then` if the bool in register `condition` holds, else `orelse`."""

    condition: int
    then: list[Item] = field(default_factory=list)
    orelse: list[Item] = field(default_factory=list)


@dataclass(slots=True)
class Loop:
    """While all tests pass, run the body. A test is (opcode, a, b): an instruction that jumps out."""

    tests: list[tuple[int, int, int]]
    counter: int
    body: list[Item] = field(default_factory=list)


Item = Instruction | Branch | Loop
Row = tuple[int, int, int, int, int, int, Any, "Location"]


class Assembler:
    """Registers and constants of a program in the making; the list that instructions go to."""

    def __init__(self) -> None:
        self.classes: list[int] = []
        self.constants: dict[int, Any] = {}
        self._constant_registers: dict[tuple[int, int], int] = {}
        self._alive: list[Any] = []
        self.items: list[Item] = []
        self.location: Location = ()

    def register(self, cls: int) -> int:
        """A fresh register."""
        self.classes.append(cls)
        return len(self.classes) - 1

    def constant(self, value: Any, cls: int) -> int:
        """The register that holds a constant."""
        if type(value) in {int, float, bool}:
            key: Any = (type(value), repr(value), cls)
        else:
            key = (id(value), cls)
            self._alive.append(value)
        found = self._constant_registers.get(key)
        if found is None:
            found = self._constant_registers[key] = self.register(cls)
            self.constants[found] = value
        return found

    def emit(self, opcode: int, *fields: int, site: Any = None) -> None:
        """Add an instruction whose fields are those that its row in the table names, in their order."""
        places, reading, writing = _layout(opcode)
        row = [-1, -1, -1, -1]
        for place, value in zip(places, fields, strict=True):
            row[place] = value
        dst, a, b, c = row
        reads = tuple([row[k] for k in reading])
        writes = tuple([row[k] for k in writing])
        self.items.append(Instruction(opcode, dst, a, b, c, site, reads, writes, self.location))

    def emit_site(self, opcode: int, site: Any, reads: Sequence[int], writes: Sequence[int]) -> None:
        """Add an instruction whose operands are in its site."""
        self.items.append(
            Instruction(opcode, site=site, reads=tuple(reads), writes=tuple(writes), location=self.location)
        )

    def move(self, target: int, source: int) -> None:
        """Copy (or, at the source's last use, move) one register into another of the same class."""
        if target == source:
            return
        cls = self.classes[source]
        self.emit({OBJECT: Opcode.MOVE, PY_INT: Opcode.MOVE_INT}.get(cls, Opcode.MOVE_VALUE), target, source)

    def parallel_move(self, moves: Sequence[tuple[int, int]]) -> None:
        """Do all moves (target, source) at once: no target is overwritten before it has been read."""
        pending = {target: source for target, source in moves if target != source}
        while pending:
            sources = set(pending.values())
            free = [target for target in pending if target not in sources]
            if free:
                for target in free:
                    self.move(target, pending.pop(target))
                continue
            target = next(iter(pending))  # only cycles are left: one member waits in a fresh register
            spare = self.register(self.classes[target])
            self.move(spare, target)
            pending = {t: spare if s == target else s for t, s in pending.items()}

    def mark_last_uses(self, items: list[Item], live: set[int], *, mark: bool = True) -> list[Item]:
        """Go backwards through the items; `live` becomes the set of registers needed before them.

        With `mark`, last reads are marked as such, and references that nothing reads are dropped.
        """
        result: list[Item] = []
        for item in reversed(items):
            if isinstance(item, Instruction):
                self._mark_instruction(item, live, result, mark=mark)
            elif isinstance(item, Branch):
                self._mark_branch(item, live, mark=mark)
                result.append(item)
            else:
                self._mark_loop(item, live, result, mark=mark)
        result.reverse()
        return result

    def _counts(self, register: int) -> bool:
        return self.classes[register] == OBJECT and register not in self.constants

    def _drops(self, registers: set[int]) -> list[Item]:
        return [Instruction(Opcode.DROP, a=r, reads=(r,), takes=1) for r in sorted(registers)]

    def _mark_instruction(self, item: Instruction, live: set[int], result: list[Item], *, mark: bool) -> None:
        if item.writes:
            if mark:
                unread = {r for r in item.writes if r not in live and self._counts(r)}
                if unread:
                    result.extend(self._drops(unread))
            live.difference_update(item.writes)
        classes, constants = self.classes, self.constants
        late: set[int] = set()
        for k in range(len(item.reads) - 1, -1, -1):
            register = item.reads[k]
            if register not in live and classes[register] == OBJECT and register not in constants:
                live.add(register)
                if mark and k < MOST_TAKES:
                    item.takes |= 1 << k
                elif mark:
                    late.add(register)
        if late:
            result.extend(self._drops(late))
        result.append(item)

    def _mark_branch(self, item: Branch, live: set[int], *, mark: bool) -> None:
        live_then, live_else = set(live), set(live)
        then = self.mark_last_uses(item.then, live_then, mark=mark)
        orelse = self.mark_last_uses(item.orelse, live_else, mark=mark)
        live.clear()  # what both branches write is not live before them
        live |= live_then | live_else
        if mark:
            item.then = self._drops(live - live_then) + then
            item.orelse = self._drops(live - live_else) + orelse

    def _mark_loop(self, item: Loop, live: set[int], result: list[Item], *, mark: bool) -> None:
        after = set(live)
        needed = set(live)
        self.mark_last_uses(item.body, needed, mark=False)
        live |= needed
        if mark:
            result.extend(self._drops(live - after))
            item.body = self.mark_last_uses(item.body, set(live))
        result.append(item)


def flatten(items: list[Item]) -> list[Row]:
    """The rows of a program: branches and loops become jumps."""
    rows: list[list[Any]] = []
    _flatten(items, rows)
    rows.append([Opcode.HALT, -1, -1, -1, -1, 0, None, ()])
    return [tuple(row) for row in rows]


def _flatten(items: list[Item], rows: list[list[Any]]) -> None:
    for item in items:
        if isinstance(item, Instruction):
            rows.append([item.opcode, item.dst, item.a, item.b, item.c, item.takes, item.site, item.location])
        elif isinstance(item, Branch):
            rows.append(jump := [Opcode.JUMP_UNLESS, -1, item.condition, -1, -1, 0, None, ()])
            _flatten(item.then, rows)
            if item.orelse:
                rows.append(end := [Opcode.JUMP, -1, -1, -1, -1, 0, None, ()])
                jump[1] = len(rows)
                _flatten(item.orelse, rows)
                end[1] = len(rows)
            else:
                jump[1] = len(rows)
        else:
            head = len(rows)
            tests = [[opcode, -1, a, b, -1, 0, None, ()] for opcode, a, b in item.tests]
            rows.extend(tests)
            _flatten(item.body, rows)
            rows.append([Opcode.LOOP_NEXT, head, item.counter, -1, -1, 0, None, ()])
            for test in tests:
                test[1] = len(rows)
