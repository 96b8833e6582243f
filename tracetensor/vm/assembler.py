"""Structured code before it becomes a program: instructions, branches and loops; liveness; flattening."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracetensor.graph.types import BOOL, COMPLEX, FLOAT, INT, SCALAR, TensorType
from tracetensor.vm.instructions import TABLE, Opcode
from tracetensor.vm.native import LoopSite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracetensor.graph.graph import Location
    from tracetensor.graph.types import Type
    from tracetensor.vm.regions import Elementwise

OBJECT, PY_BOOL, PY_INT, PY_FLOAT, PY_COMPLEX, NUMPY = 0, 1, 2, 3, 4, 16  # as in registers.pxd
PYTHON_CLASSES = {BOOL: PY_BOOL, INT: PY_INT, FLOAT: PY_FLOAT, COMPLEX: PY_COMPLEX}
UNBOXED = frozenset("?bBhHiIlLqQfdFD")  # types of numbers of at most 16 bytes
HARMLESS = frozenset(
    {Opcode.MOVE, Opcode.MOVE_VALUE, Opcode.MOVE_INT, Opcode.DROP, Opcode.DIM, Opcode.LIST_LEN}
)  # what reads or writes references and never raises
ATOMIC = frozenset(
    {
        *(Opcode.STORE, Opcode.WRITE, Opcode.UPDATE, Opcode.ACCUMULATE),
        *(Opcode.LIST_APPEND, Opcode.LIST_SET, Opcode.LIST_POP),
    }
)
"""What leaves the array or list that it takes, its first operand, in its register where it raises."""
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


class CallForm(NamedTuple):
    """What machine code is to know of a call: the op, the registers of its inputs, its parameters."""

    name: str
    operands: tuple[int, ...]
    params: Mapping[str, Any]


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
    elementwise: Elementwise | None = None  # for regions
    form: Any = None  # what machine code is made by, if not `elementwise`
    alike: frozenset[int] = frozenset()  # registers that hold what is written to, too: see aliases.py
    spared: tuple[int, ...] = ()  # those of them that are empty here, and filled again where this raises
    calm: bool = False  # whether it never raises, but for want of memory


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
    location: Location = ()


@dataclass(slots=True)
class Attempt:
    """Run the body; on an exception of one of `classes`, put code and exception in their registers, and run `handler`.

    classes None: the body runs while the exception in that register is handled, and gives its exceptions that context.
    slots: registers that the body rewrites and the handler reads.
    """

    body: list[Item]
    handler: list[Item]
    classes: tuple[tuple[type, ...], ...] | None
    code: int
    exception: int
    slots: frozenset[int] = frozenset()
    location: Location = ()
    wanted: bool = True
    completed: list[Item] = field(default_factory=list)  # run after the body where nothing was caught


class Handler(NamedTuple):
    """What becomes of an exception raised by one of the rows from `first` up to `stop`; see Attempt."""

    first: int
    stop: int
    target: int
    classes: tuple[tuple[type, ...], ...] | None
    code: int
    exception: int
    depth: int
    wanted: bool


Item = Instruction | Branch | Loop | Attempt
Spared = dict[int, tuple[int, tuple[int, ...]] | None]
"""By the numbers of rows: a register, and those that get what it holds where the row raises; None where nothing that
the row raises, for want of memory, is caught.
"""
Row = tuple[int, int, int, int, int, int, Any, "Location", "tuple[int, ...]", "tuple[int, ...]", Any]
"""opcode, dst, a, b, c, takes, site, location, reads, writes, form; for LOOP_HEAD, `reads` is the end of the loop."""


class Assembler:
    """Registers and constants of a program in the making; the list that instructions go to."""

    def __init__(self) -> None:
        self.classes: list[int] = []
        self.types: list[
            Type | None
        ] = []  # of the values that registers hold, where they are those of variables
        self.constants: dict[int, Any] = {}
        self._constant_registers: dict[tuple[int, int], int] = {}
        self._alive: list[Any] = []
        self.items: list[Item] = []
        self.location: Location = ()
        self._held: frozenset[int] = frozenset()

    def register(self, cls: int, type_: Type | None = None) -> int:
        """A fresh register, for values of a type."""
        self.classes.append(cls)
        self.types.append(type_)
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

    def emit_site(
        self,
        opcode: int,
        site: Any,
        reads: Sequence[int],
        writes: Sequence[int],
        elementwise: Elementwise | None = None,
        form: Any = None,
    ) -> None:
        """Add an instruction whose operands are in its site."""
        self.items.append(
            Instruction(
                opcode,
                site=site,
                reads=tuple(reads),
                writes=tuple(writes),
                location=self.location,
                elementwise=elementwise,
                form=form,
            )
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
            spare = self.register(self.classes[target], self.types[target])
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
            elif isinstance(item, Attempt):
                self._mark_attempt(item, live, mark=mark)
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
        item.spared = ()
        if self._held and item.opcode not in HARMLESS:
            held = frozenset() if item.calm else self._held
            if is_atomic(item) and item.reads[0] not in live:
                spared = (item.alike & self._held) - live - {item.reads[0]}
                held -= {item.reads[0]} | spared
                live -= {item.reads[0]}
                item.spared = tuple(sorted(spared))
            live |= held
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
        if item.spared:
            live.update(item.spared)
            if mark:
                result.extend(self._drops(set(item.spared)))

    def _mark_branch(self, item: Branch, live: set[int], *, mark: bool) -> None:
        live_then, live_else = set(live), set(live)
        then = self.mark_last_uses(item.then, live_then, mark=mark)
        orelse = self.mark_last_uses(item.orelse, live_else, mark=mark)
        live.clear()  # what both branches write is not live before them
        live |= live_then | live_else
        if mark:
            item.then = self._drops(live - live_then) + then
            item.orelse = self._drops(live - live_else) + orelse

    def _mark_attempt(self, item: Attempt, live: set[int], *, mark: bool) -> None:
        """What the handler needs is needed at every instruction of the body that may raise."""
        after, handler_live = set(live), set(live)
        completed = self.mark_last_uses(item.completed, live, mark=mark)
        completed_live = set(live)
        handler = self.mark_last_uses(item.handler, handler_live, mark=mark)
        handler_live -= {item.code, item.exception}
        if item.classes is None:  # nothing goes on after an exception; it is read then
            handler_live = {item.exception} if self._counts(item.exception) else set()
        slots = {r for r in item.slots if self._counts(r)}
        outside, self._held = self._held, self._held | frozenset(handler_live | slots)
        body = self.mark_last_uses(item.body, live, mark=mark)
        self._held = outside
        if mark:
            left = ({r for r in written_by(item.body) if self._counts(r)} - after) | live
            left = (left | slots) - handler_live - {item.exception}
            if item.classes is not None:
                item.handler = self._drops(left) + handler
                item.completed = self._drops((handler_live | slots) - completed_live) + completed
            item.body = body
        live |= handler_live

    def fuse_attempts(self, items: list[Item]) -> list[Item]:
        """Let a branch on whether an attempt completed be part of it: each of its ways needs less than both do."""
        result: list[Item] = []
        for item in items:
            if isinstance(item, Branch) and len(result) > 1:
                attempt, test = result[-2:]
                if (
                    isinstance(attempt, Attempt)
                    and attempt.classes is not None
                    and not attempt.completed
                    and isinstance(test, Instruction)
                    and test.opcode == Opcode.I_EQ
                    and (test.dst, test.a) == (item.condition, attempt.code)
                    and self.constants.get(test.b) == 0
                ):
                    result.pop()
                    attempt.completed = [test, *item.then]
                    attempt.handler += [replace(test), *item.orelse]
                    continue
            result.append(item)
        return result

    def _mark_loop(self, item: Loop, live: set[int], result: list[Item], *, mark: bool) -> None:
        after = set(live)
        needed = set(live)
        self.mark_last_uses(item.body, needed, mark=False)
        live |= needed
        if mark:
            result.extend(self._drops(live - after))
            item.body = self.mark_last_uses(item.body, set(live))
        result.append(item)


def is_atomic(item: Instruction) -> bool:
    """Whether an instruction writes in place, or not at all; those of regions leave nothing as it was."""
    return item.opcode in ATOMIC and item.elementwise is None


def written_by(items: list[Item]) -> set[int]:
    """The registers that the items write."""
    found: set[int] = set()
    for item in items:
        if isinstance(item, Instruction):
            found.update(item.writes)
        elif isinstance(item, Branch):
            found |= written_by(item.then) | written_by(item.orelse)
        elif isinstance(item, Loop):
            found |= written_by(item.body)
        else:
            found |= (
                written_by(item.body)
                | written_by(item.handler)
                | written_by(item.completed)
                | {item.exception}
            )
    return found


def flatten(items: list[Item]) -> tuple[list[Row], list[Handler], Spared]:
    """The rows of a program: branches and loops become jumps; and its handlers of exceptions, inner ones first."""
    rows: list[list[Any]] = []
    handlers: list[Handler] = []
    spared: Spared = {}
    _flatten(items, rows, handlers, spared)
    rows.append(_row(Opcode.HALT))
    return [tuple(row) for row in rows], handlers, spared if handlers else {}


def _flatten_attempt(
    item: Attempt, rows: list[list[Any]], handlers: list[Handler], spared: Spared, depth: int
) -> None:
    first = len(rows)
    _flatten(item.body, rows, handlers, spared, depth)
    stop = target = len(rows)
    _flatten(item.completed, rows, handlers, spared, depth)
    if item.classes is not None:
        rows.append(end := _row(Opcode.JUMP))
        target = len(rows)
        _flatten(item.handler, rows, handlers, spared, depth)
        end[1] = len(rows)
    handlers.append(
        Handler(first, stop, target, item.classes, item.code, item.exception, len(item.location), item.wanted)
    )


def _row(opcode: int, a: int = -1, b: int = -1, site: Any = None) -> list[Any]:
    reads = tuple([r for r in (a, b) if r >= 0])
    return [opcode, -1, a, b, -1, 0, site, (), reads, (), None]


def _flatten(
    items: list[Item], rows: list[list[Any]], handlers: list[Handler], spared: Spared, depth: int = 0
) -> None:
    for item in items:
        if isinstance(item, Instruction):
            place = [item.opcode, item.dst, item.a, item.b, item.c]
            form = item.form or item.elementwise
            if item.spared or item.calm:
                spared[len(rows)] = None if item.calm else (item.reads[0], item.spared)
            rows.append([*place, item.takes, item.site, item.location, item.reads, item.writes, form])
        elif isinstance(item, Branch):
            rows.append(jump := _row(Opcode.JUMP_UNLESS, item.condition))
            _flatten(item.then, rows, handlers, spared, depth)
            if item.orelse:
                rows.append(end := _row(Opcode.JUMP))
                jump[1] = len(rows)
                _flatten(item.orelse, rows, handlers, spared, depth)
                end[1] = len(rows)
            else:
                jump[1] = len(rows)
        elif isinstance(item, Attempt):
            _flatten_attempt(item, rows, handlers, spared, depth)
        else:
            _flatten_loop(item, rows, handlers, spared, depth)


def _flatten_loop(
    item: Loop, rows: list[list[Any]], handlers: list[Handler], spared: Spared, depth: int
) -> None:
    head = len(rows)
    if depth == 0:
        rows.append(_row(Opcode.LOOP_HEAD, site=LoopSite()))
        rows[head][7] = item.location
    tests = [_row(*test) for test in item.tests]
    rows.extend(tests)
    _flatten(item.body, rows, handlers, spared, depth + 1)
    counter = (item.counter,)
    rows.append([Opcode.LOOP_NEXT, head, item.counter, -1, -1, 0, None, (), counter, counter, None])
    for test in tests:
        test[1] = len(rows)
    if depth == 0:
        rows[head][8] = (len(rows),)
