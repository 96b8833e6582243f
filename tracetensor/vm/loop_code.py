"""The C text of a loop of a program: the instructions of interpreter.pyx, done to registers that are C variables.

    int loop(struct reg *R, void *run, const struct environment *E)

Unboxed registers become variables, read from the register file R where the function begins, and put back where it
ends. For arrays whose elements are read or written, the address, dims and strides are variables too. What has no C
text here (calls, operations on whole arrays), and every slow path, is one step of the interpreter, through E. So an
exception, or a Python int of more than 64 bits, leaves the registers just as the interpreter would have: it can go on.

The function returns the number of the instruction to go on with; -1 with an exception set. Its text names no
address and includes no header: it depends on the layout of Python's and NumPy's structures alone, which is part of it.
"""

from __future__ import annotations

import collections
import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracetensor.graph.types import type_of
from tracetensor.vm.assembler import NUMPY, OBJECT, PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT
from tracetensor.vm.instructions import Opcode, disassemble
from tracetensor.vm.loop_prelude import PRELUDE
from tracetensor.vm.loop_raises import ZERO_DIVISIONS, divides
from tracetensor.vm.lowering import is_plain
from tracetensor.vm.native import DATA_OFFSET

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tracetensor.graph.types import TensorType, Type
    from tracetensor.vm.assembler import CallForm, Handler, Row, Spared

    Emitter = Callable[["LoopCode", int], list[str]]
    CallEmitter = Callable[["LoopCode", int, CallForm], list[str]]

CHAR_TYPES = {
    "?": "u8", "b": "i8", "B": "u8", "h": "i16", "H": "u16", "i": "i32", "I": "u32", "l": "i64", "q": "i64",
    "L": "u64", "Q": "u64", "f": "f32", "d": "f64", "D": "c128",
}  # fmt: skip
BITS = {"i8": 8, "u8": 8, "i16": 16, "u16": 16, "i32": 32, "u32": 32, "i64": 64, "u64": 64}
CLASS_CHARS = {PY_BOOL: "?", PY_INT: "l", PY_FLOAT: "d", PY_COMPLEX: "D"}
JUMPS = frozenset({Opcode.JUMP, Opcode.JUMP_UNLESS, Opcode.LOOP_TEST, Opcode.LOOP_NEXT})
BINARY = {
    Opcode.F_ADD: "{a} + {b}", Opcode.F_SUB: "{a} - {b}", Opcode.F_MUL: "{a} * {b}", Opcode.F_QUOTIENT: "{a} / {b}",
    Opcode.F_LT: "{a} < {b}", Opcode.F_LE: "{a} <= {b}", Opcode.F_EQ: "{a} == {b}", Opcode.F_NE: "{a} != {b}",
    Opcode.F_GT: "{a} > {b}", Opcode.F_GE: "{a} >= {b}", Opcode.F_NEG: "-{a}", Opcode.F_ABS: "__builtin_fabs({a})",
    Opcode.F_SQRT: "__builtin_sqrt({a})", Opcode.F_TO_B: "{a} != 0",
    Opcode.I_AND: "{a} & {b}", Opcode.I_OR: "{a} | {b}", Opcode.I_XOR: "{a} ^ {b}", Opcode.I_INVERT: "~{a}",
    Opcode.I_LT: "{a} < {b}", Opcode.I_LE: "{a} <= {b}", Opcode.I_EQ: "{a} == {b}", Opcode.I_NE: "{a} != {b}",
    Opcode.I_GT: "{a} > {b}", Opcode.I_GE: "{a} >= {b}", Opcode.I_TO_B: "{a} != 0", Opcode.I_TO_F: "(f64){a}",
    Opcode.I_MAX: "{b} > {a} ? {b} : {a}", Opcode.I_MIN: "{b} < {a} ? {b} : {a}",
    Opcode.L_ADD: "{a} + {b}", Opcode.L_SUB: "{a} - {b}", Opcode.L_MUL: "{a} * {b}", Opcode.L_NEG: "-{a}",
    Opcode.B_NOT: "!{a}", Opcode.B_AND: "{a} & {b}", Opcode.B_OR: "{a} | {b}", Opcode.B_XOR: "{a} ^ {b}",
    Opcode.B_TO_I: "{a}", Opcode.B_TO_F: "{a}", Opcode.C_REAL: "{a}.re", Opcode.C_IMAG: "{a}.im",
    Opcode.C_MAKE: "(c128){{{a}, {b}}}",
    Opcode.C_ADD: "(c128){{{a}.re + {b}.re, {a}.im + {b}.im}}",
    Opcode.C_SUB: "(c128){{{a}.re - {b}.re, {a}.im - {b}.im}}",
}  # fmt: skip
"""What is one expression, and never fails."""
CHECKED = {
    Opcode.I_ADD: "!__builtin_add_overflow({a}, {b}, &{d})",
    Opcode.I_SUB: "!__builtin_sub_overflow({a}, {b}, &{d})",
    Opcode.I_MUL: "!__builtin_mul_overflow({a}, {b}, &{d})",
    Opcode.I_FLOORDIV: "floor_divide({a}, {b}, &{d})",
    Opcode.I_MOD: "modulo({a}, {b}, &{d})",
    Opcode.I_TRUEDIV: "true_divide({a}, {b}, &{d})",
    Opcode.I_POW: "power({a}, {b}, &{d})",
    Opcode.I_LSHIFT: "shift_left({a}, {b}, &{d})",
    Opcode.I_RSHIFT: "shift_right({a}, {b}, &{d})",
    Opcode.I_NEG: "!__builtin_sub_overflow((i64)0, {a}, &{d})",
    Opcode.I_ABS: "absolute({a}, &{d})",
    Opcode.F_TRUEDIV: "divide({a}, {b}, &{d})",
    Opcode.F_FLOORDIV: "float_floor_divide(E, {a}, {b}, &{d})",
    Opcode.F_MOD: "float_modulo(E, {a}, {b}, &{d})",
    Opcode.F_POW: "float_power(E, {a}, {b}, &{d})",
    Opcode.F_TO_I: "truncate({a}, &{d})",
    Opcode.F_FLOOR: "floor_to_int({a}, &{d})",
    Opcode.F_CEIL: "ceil_to_int({a}, &{d})",
    Opcode.MATH: "math1(E, {c}, {a}, &{d})",
    Opcode.MATH2: "math2(E, {c}, {a}, {b}, &{d})",
    Opcode.COMPARE: "compare_int({a}, {b}, {c}, &{d})",
    Opcode.C_MUL: "complex_multiply({a}, {b}, &{d})",
    Opcode.C_ABS: "complex_absolute(E, {a}, &{d})",
}
"""What is done where this holds, which then has stored the result; else by the interpreter."""
STEPPED = frozenset({Opcode.F_POW, Opcode.MATH, Opcode.MATH2, Opcode.C_MUL, Opcode.C_ABS})
"""Those of them that leave ordinary values to the interpreter: one step is its, and the loop goes on. Others leave it."""
ARRAYS = frozenset(
    {Opcode.VIEW, Opcode.UFUNC, Opcode.FUSED, Opcode.WRITE, Opcode.UPDATE, Opcode.COPY, Opcode.GETITEM}
)
"""Instructions on whole arrays that may have C text."""
MOST_ROWS = 4000
FEW = 1024
"""Items of an array, at most, for operations on the whole of it to be loops in the text of a loop."""


class Interpreted(Exception):  # noqa: N818 - not an error: the instruction is left to the interpreter
    """An instruction has no C text."""


class Contents(NamedTuple):
    """What a program is made of: see machine.pyx."""

    rows: Sequence[Row]
    classes: Sequence[int]
    types: Sequence[Type | None]
    constants: dict[int, Any]
    outputs: Sequence[int]
    handlers: Sequence[Handler]
    spared: Spared


class Emitters(NamedTuple):
    """What writes the lines of an instruction: by its opcode; for calls, by the name of the op."""

    instructions: Mapping[int, Emitter]
    calls: Mapping[str, CallEmitter]


class LoopCode:
    """The making of the text of the loop that is the rows from `first` up to `stop` of a program."""

    def __init__(self, program: Contents, first: int, stop: int, emitters: Emitters) -> None:
        self.emitters, self.calls = emitters
        rows, self.classes, self.types, self.constants, outputs, handlers, self.spared = program
        self.rows, self.handlers, self.outputs = rows, handlers, outputs
        self.live = liveness(rows, outputs, handlers)
        self._seen: list[int] | None = None
        self.first, self.stop = first, stop
        self.region = range(first, stop)
        self.changed = {r for pc in self.region for r in rows[pc][9]}  # registers that the loop writes
        self.used: set[int] = set()  # registers that are variables
        self.written: set[int] = set()  # those of them that are written
        self.ranks: dict[int, int] = {}  # arrays of which as many axes are variables
        self.moved: set[int] = set()  # those of them whose references come and go: these are variables
        self.virtual: set[int] = set()  # those of these that may be views for which there is no object
        self.fresh: set[int] = set()  # those that are made here: their memory is kept for the next one
        self.places: dict[int, int] = {}  # arrays whose variables are those of others
        self.helpers: dict[str, str] = {}  # functions that the text needs, by name
        self.exits: dict[
            str, int
        ] = {}  # what is done where the function is left, and the number of its label
        self.native = 0  # instructions that have C text
        self.interpreted = 0

    def text(self) -> str:
        """The whole text."""
        self.find_arrays()
        self.used |= {r for r in self.changed if self.type(r) is not None}
        targets = collections.Counter([self.rows[pc][1] for pc in self.region if self.rows[pc][0] in JUMPS])
        targets.update([handler.target for handler in self.handlers if handler.target in self.region])
        body: list[str] = []
        shown: Any = None
        skipped: range = range(0)
        for pc in self.region:
            row = self.rows[pc]
            if pc in skipped:
                continue
            if row[7] and row[7] != shown:
                shown = row[7]
                body.append(f"    /* {comment(f'{shown[-1].filename}:{shown[-1].line}')} */")
            if pc in targets or pc == self.first:
                body.append(f"L{pc}:;")
            if row[0] != Opcode.LOOP_HEAD:  # its text would say what has become of the loop
                body.append(f"    /* {comment(disassemble(pc, *row[:7]))} */")
            choice = self.choice(pc, targets)
            if choice is not None:
                lines, skipped = choice
                body += [f"    {line}" for line in lines]
                continue
            body += [f"    {line}" for line in self.instruction(pc)]
        body.append(f"    {self.leave(self.stop)}")
        for exit_, number in self.exits.items():
            body += [
                f"out{number}:",
                *[f"    {line};" for line in exit_.split("; ") if line],
                "    goto end;",
            ]
        end = ["end:", *self.spares(), "    return where;", "}", ""]
        return "\n".join(
            [
                f"#define HEAD {DATA_OFFSET}",
                PRELUDE,
                *self.helpers.values(),
                *self.shared(),
                *self.head(),
                *body,
                *end,
            ]
        )

    def ints(self) -> list[int]:
        """The registers of Python ints that the function takes to be of 64 bits."""
        return sorted(r for r in self.used if self.classes[r] == PY_INT and not self.is_literal(r))

    # Registers -------------------------------------------------------------------------------------------------

    def type(self, register: int) -> str | None:
        """The C type of a register's value; None if it has no variable."""
        cls = self.classes[register]
        char = CLASS_CHARS.get(cls) or (dtype_of(cls - NUMPY).char if cls >= NUMPY else "")
        return CHAR_TYPES.get(char)

    def is_big(self, register: int) -> bool:
        """Whether a register is a constant int of more than 64 bits."""
        value = self.constants.get(register)
        return type(value) is int and not -(2**63) <= value < 2**63

    def is_literal(self, register: int) -> bool:
        """Whether a register is a constant that the text can spell."""
        if register not in self.constants:
            return False
        return self.type(register) in {*BITS, "f64", "f32"} and not _is_nan(self.constants[register])

    def value(self, register: int) -> str:
        """What stands for a register that is read."""
        type_ = self.type(register)
        if type_ is None or self.is_big(register):
            raise Interpreted
        if self.is_literal(register):
            return _literal(self.constants[register], type_)
        self.used.add(register)
        return f"r{register}"

    def target(self, register: int) -> str:
        """What stands for a register that is written."""
        if self.type(register) is None:
            raise Interpreted
        self.used.add(register)
        self.written.add(register)
        return f"r{register}"

    def array_type(self, r: int) -> TensorType | None:
        """The type of the arrays that a register holds; None if it holds something else, or that is not plain."""
        if self.classes[r] != OBJECT:
            return None
        type_: Any = self.types[r]
        if type_ is None and isinstance(self.constants.get(r), np.ndarray):
            type_ = type_of(self.constants[r])
        return type_ if is_plain(type_) else None

    def find_arrays(self) -> None:
        """Find the arrays that are looked at, and those that they are moved to or from."""
        moves = []
        gone = set()
        for pc in self.region:
            opcode, dst, a, _, c, takes, site, _, reads, writes, form = self.rows[pc]
            if opcode in {Opcode.LOAD, Opcode.STORE}:
                index = site.describe()
                rank = rank_of(index)
                self.ranks[index["array"]] = max(self.ranks.get(index["array"], 0), rank)
                if opcode == Opcode.STORE:
                    moves.append((index["dst"], index["array"]))
                if takes:
                    gone.add(index["array"])
            elif opcode == Opcode.DIM:
                self.ranks[a] = max(self.ranks.get(a, 0), c + 1)
                if takes:
                    gone.add(a)
            elif opcode == Opcode.DROP:
                gone.add(a)
            elif opcode == Opcode.GUARD:
                gone.update([r for k, r in enumerate(reads) if takes >> k & 1])
            elif opcode == Opcode.MOVE:
                moves.append((dst, a))
            elif opcode in ARRAYS or (opcode == Opcode.CALL and getattr(form, "name", None) in self.calls):
                self._find_operands(reads, writes, takes, gone)
                if opcode == Opcode.VIEW or (opcode == Opcode.CALL and form.name == "reshape"):
                    self.virtual.update(writes)
                elif opcode in {Opcode.WRITE, Opcode.UPDATE}:
                    moves.append((writes[0], reads[0]))
                else:
                    self.fresh.update(writes)
                    if opcode == Opcode.GETITEM and chooses_columns(site.describe()):
                        self.virtual.update(writes)
        changed = True
        while changed:
            changed = False
            for dst, a in moves:
                rank = max(self.ranks.get(dst, -1), self.ranks.get(a, -1))
                for r in (dst, a):
                    if self.ranks.get(r, -1) < rank:
                        self.ranks[r] = rank
                        changed = True
                if a in self.virtual and dst not in self.virtual:
                    self.virtual.add(dst)
                    changed = True
        gone.update([r for pair in moves for r in pair])
        self.moved = {r for r in self.ranks if r in gone and r not in self.constants}
        self._share([pair for pair in moves if pair[0] in self.moved and pair[1] in self.moved])
        for group in (self.virtual, self.fresh):
            group &= self.moved
            places = {self.place(r) for r in group}
            group.update([r for r in self.moved if self.place(r) in places])

    def _share(self, moves: Iterable[tuple[int, int]]) -> None:
        """Let arrays that are moved along be the same variables, where none is needed while another one is."""
        needed = dict.fromkeys(self.moved, 0)
        for k, pc in enumerate(range(self.first, self.stop + 1)):
            for r in self.moved:
                needed[r] |= (self.live[pc] >> r & 1) << k
            for r in self.rows[pc][9] if pc < self.stop else ():
                if r in needed:
                    needed[r] |= 2 << k
        for dst, a in moves:
            one, other = self.place(dst), self.place(a)
            if one != other and not needed[one] & needed[other]:
                one, other = sorted((one, other))
                needed[one] |= needed.pop(other)
                self.places.update({r: one for r in (other, *self.places) if self.place(r) == other})

    def place(self, r: int) -> int:
        """The register whose variables those of an array are."""
        return self.places.get(r, r)

    def _find_operands(self, reads: Iterable[int], writes: Iterable[int], takes: int, gone: set[int]) -> None:
        """Note the arrays that an instruction reads and writes, as a whole."""
        for k, r in enumerate(reads):
            type_ = self.array_type(r)
            if type_ is not None:
                self.ranks[r] = type_.ndim
                if takes >> k & 1:
                    gone.add(r)
        for r in writes:
            type_ = self.array_type(r)
            if type_ is not None:
                self.ranks[r] = type_.ndim
                gone.add(r)

    # The frame of the function -----------------------------------------------------------------------------------

    def head(self) -> list[str]:
        """Where the function begins; made after the body, when it is known what that needs."""
        lines = ["", "int loop(struct reg *R, void *run, const struct environment *E)", "{", "    int where;"]
        for r in sorted(self.used):
            if not self.is_literal(r):
                type_ = self.type(r)
                empty = "{0}" if type_ == "c128" else "0"
                known = self.live[self.first] >> r & 1 or r in self.constants
                lines.append(f"    {type_} r{r} = {f'R[{r}].v.as_{type_}' if known else empty};")
        for r, rank in sorted(self.ranks.items()):
            if r in self.places:
                continue
            axes = "".join([f", n{r}_{k} = 0, s{r}_{k} = 0" for k in range(rank)])
            if r in self.fresh:
                lines.append(f"    void *x{r} = 0;")
            if r in self.virtual:
                lines.append(f"    int v{r} = 0;")
            if r in self.moved:
                lines.append(f"    void *o{r} = 0;")
            lines += [f"    char *p{r} = 0;", f"    i64 w{r} = 0{axes};"]
        for r in sorted(self.ranks):
            known = self.live[self.first] >> r & 1
            if r in self.moved:
                lines.append(f"    {f'take(E, &o{r}, &R[{r}].obj)' if known else f'drop(E, &R[{r}].obj)'};")
            if known or r in self.constants:
                lines += [f"    {line}" for line in self.look(r)]
        return lines

    def shared(self) -> list[str]:
        """Lines by which the variables of some arrays are those of others."""
        lines = []
        for r, other in sorted(self.places.items()):
            names = [f"{x}{{}}_{k}" for k in range(self.ranks[r]) for x in "ns"] + ["o{}", "p{}", "w{}"]
            names += ["v{}"] * (r in self.virtual) + ["x{}"] * (r in self.fresh)
            lines += [f"#define {name.format(r)} {name.format(other)}" for name in names]
        return lines

    def take(self, dst: int, a: int) -> list[str]:
        """Lines that move a reference."""
        if self.place(dst) == self.place(a):
            return []
        return [f"take(E, {self.reference(dst)}, {self.reference(a)});"]

    def leave(self, target: int) -> str:
        """Go on with an instruction behind the loop, or with one in it as the interpreter would."""
        return self.exit(target, f"{self.back(self.live[target])}{self.flush(self.held(target))}")

    def sees(self, pc: int, r: int) -> bool:
        """Whether anything that comes after the start of an instruction looks at a register, and does not only drop it."""
        if self._seen is None:
            rows = [(*row[:8], (), *row[9:]) if row[0] == Opcode.DROP else row for row in self.rows]
            self._seen = liveness(rows, self.outputs, self.handlers)
        return bool(self._seen[pc] >> r & 1)

    def held(self, pc: int) -> list[int]:
        """The arrays whose references are variables, and not nothing, where an instruction begins."""
        return [r for r in sorted(self.moved) if self.live[pc] >> r & 1]

    def fail(self, pc: int, settled: Collection[int] = ()) -> str:
        """Leave with the exception that an instruction has raised; the arrays `settled` are in their registers."""
        needed = 0
        for handler in self.handlers:
            if handler.first <= pc < handler.stop:
                needed |= self.live[handler.target]
        held = [r for r in self.held(pc) if r not in settled]
        seen = [r for r in held if needed >> r & 1]
        unseen = [r for r in held if not needed >> r & 1]
        return self.exit(-1, f"{self.back(needed)}{self.flush(seen)}{self.flush(unseen, views=False)}")

    def exit(self, where: int, text: str) -> str:
        """Leave with a result, after what the text does; there is one label for each text."""
        number = self.exits.setdefault(text, len(self.exits))
        return f"{{ where = {where}; goto out{number}; }}"

    def flush(self, arrays: Iterable[int], *, views: bool = True) -> str:
        """Put the references of arrays back into their registers, where others look for them, and which are empty.

        views: whether the others look at the arrays, and do not only drop them.
        """
        arrays = sorted(arrays)
        shown = "".join([self.show(r) + " " for r in arrays if r in self.virtual and views])
        return shown + "".join([f"R[{r}].obj = o{r}; " for r in arrays])

    def show(self, r: int) -> str:
        """Make the object of a register that holds a view without one."""
        rank = self.ranks[r]
        dims, strides = (", ".join([f"{x}{r}_{k}" for k in range(rank)]) for x in "ns")
        axes = f"(i64[]){{{dims}}}, (i64[]){{{strides}}}" if rank else "0, 0"
        return f"if (v{r} && o{r}) {{ v{r} = 0; if (E->view(&o{r}, {rank}, {axes}, p{r}) < 0) {{ where = -1; goto end; }} }}"

    def spares(self) -> list[str]:
        """Lines that give up the memory kept for results."""
        return [f"    drop(E, &x{r});" for r in sorted(self.fresh) if r not in self.places]

    def back(self, live: int) -> str:
        """Put the variables that are needed back into their registers. What is written is known at the end only:
        so each that has a variable is.
        """
        found = [r for r in range(live.bit_length()) if live >> r & 1 and self.holds(r)]
        return "".join([f"R[{r}].v.as_{self.type(r)} = r{r}; " for r in found])

    def holds(self, r: int) -> bool:
        """Whether a register is a variable that the loop writes."""
        return r in self.changed and self.type(r) is not None

    def look(self, r: int, like: int | None = None) -> list[str]:
        """Read anew where an array is and how it is laid out; like: an array with the same dims, which the compiler is to know."""
        dims = [f"a->dims[{k}]" if like is None else f"n{like}_{k}" for k in range(self.ranks[r])]
        axes = "".join([f" n{r}_{k} = {n}; s{r}_{k} = a->strides[{k}];" for k, n in enumerate(dims)])
        place = f"o{r}" if r in self.moved else f"R[{r}].obj"
        lines = [f"if ({place}) {{ struct array *a = {place}; p{r} = a->data;{axes} }}", f"w{r} = 0;"]
        return [*lines, f"v{r} = 0;"] if r in self.virtual else lines

    def known(self, target: int, source: int, owned: str) -> str:
        """Let one register have what is known of the array of another; owned: whether nobody else has it."""
        pairs = [("p", ""), *[(x, f"_{k}") for k in range(self.ranks[target]) for x in "ns"]]
        text = " ".join([f"{x}{target}{k} = {x}{source}{k};" for x, k in pairs]) + f" w{target} = {owned};"
        if target in self.virtual:
            text += f" v{target} = {f'v{source}' if source in self.virtual else '0'};"
        return text

    def own(self, r: int) -> str:
        """Whether nobody else has the array of a register."""
        asked = f"(w{r} = E->own(*{self.reference(r)}))"
        return f"(w{r} || {f'(!v{r} && {asked})' if r in self.virtual else asked})"

    # Instructions ------------------------------------------------------------------------------------------------

    def instruction(self, pc: int) -> list[str]:
        """The lines of one instruction."""
        used, written = set(self.used), set(self.written)
        opcode = self.rows[pc][0]
        try:
            lines = self.native_lines(opcode, pc)
            self.native += 1
        except Interpreted:
            self.used, self.written = used, written
            self.interpreted += 1
            return self.step(pc)
        return lines

    def choice(self, pc: int, targets: Mapping[int, int]) -> tuple[list[str], range] | None:
        """A branch that does nothing but choose values of numbers, without jumps: its lines, and the rows that it is."""
        opcode, orelse, condition = self.rows[pc][:3]
        if opcode != Opcode.JUMP_UNLESS or orelse not in self.region:
            return None
        count = orelse - pc - 2
        end = orelse + count
        jump = self.rows[orelse - 1]
        if not 0 < count <= 4 or end > self.stop or jump[0] != Opcode.JUMP or jump[1] != end:
            return None
        inside = sum(targets[k] for k in range(pc + 1, end))
        pairs = list(zip(range(pc + 1, orelse - 1), range(orelse, end), strict=True))
        if inside != 1 or self.handlers:
            return None
        lines = [f"const int choice{pc} = {self.value(condition)};"]
        for first, second in pairs:
            one, other = self.rows[first], self.rows[second]
            if {one[0], other[0]} - {Opcode.MOVE_VALUE, Opcode.MOVE_INT} or one[1] != other[1]:
                return None
            if len({self.type(r) for r in (one[1], one[2], other[2])}) != 1 or self.type(one[1]) is None:
                return None
            if (
                {one[2], other[2]} & {self.rows[k][1] for k, _ in pairs}
                or self.is_big(one[2])
                or self.is_big(other[2])
            ):
                return None
            lines.append(
                f"{self.target(one[1])} = choice{pc} ? {self.value(one[2])} : {self.value(other[2])};"
            )
        self.native += 2 * count + 2
        return lines, range(pc + 1, end)

    def native_lines(self, opcode: int, pc: int) -> list[str]:
        """The lines of an instruction that has C text; raises Interpreted for others."""
        _, dst, a, b, c, _, _ = self.rows[pc][:7]
        if opcode in BINARY or (opcode in CHECKED and dst not in {a, b}):
            names = {"c": c, "a": self.value(a)}
            if b >= 0:
                names["b"] = self.value(b)
            names["d"] = self.target(dst)
            if opcode in BINARY:
                return [f"{names['d']} = {BINARY[Opcode(opcode)].format(**names)};"]
            zero = divides(self, pc) if opcode in ZERO_DIVISIONS else []
            return [*zero, *self.unless(CHECKED[Opcode(opcode)].format(**names), pc)]
        emit = self.emitters.get(opcode)
        if emit is None:
            raise Interpreted
        return emit(self, pc)

    def unless(self, condition: str, pc: int) -> list[str]:
        """What the condition does if it holds; else the interpreter goes on, or does one step."""
        if self.rows[pc][0] not in STEPPED:
            return [f"if (UNLIKELY(!({condition}))) {self.leave(pc)}"]
        return [f"if (UNLIKELY(!({condition}))) {{", *[f"    {line}" for line in self.step(pc)], "}"]

    def step(self, pc: int, like: int | None = None) -> list[str]:
        """Let the interpreter run an instruction. like: an array that has the dims of those that it writes."""
        _, _, _, _, _, takes, _, _, reads, writes, _ = self.rows[pc]
        if self.rows[pc][0] in JUMPS:
            raise Interpreted
        arrays = [r for r in dict.fromkeys([*reads, *writes]) if r in self.moved]
        lines = [self.flush(r for r in arrays if r in reads)] if arrays else []
        for r in dict.fromkeys(reads):
            type_ = self.type(r)
            if type_ is not None and r not in self.constants:
                self.used.add(r)
                lines.append(f"R[{r}].v.as_{type_} = r{r};")
        recovered = self.recovered(pc, [r for r in arrays if r in reads])
        failed = [*recovered, self.fail(pc, arrays)]
        if recovered:
            failed = ["{", *[f"    {line}" for line in failed], "}"]
        lines += [f"if (UNLIKELY(E->step(run, {pc}) < 0)) {failed[0]}", *failed[1:]]
        lines += [f"o{r} = R[{r}].obj; R[{r}].obj = 0;" for r in arrays]
        for r in dict.fromkeys(writes):
            type_ = self.type(r)
            if r in self.ranks:
                lines += self.look(r, like)
            elif type_ is not None:
                self.target(r)
                lines.append(f"r{r} = R[{r}].v.as_{type_};")
        for k, r in enumerate(reads):
            if r in self.ranks and r not in writes and not takes >> k & 1:
                lines.append(f"w{r} = 0;")
        big = [f"R[{r}].obj" for r in dict.fromkeys(writes) if self.classes[r] == PY_INT]
        if big:
            lines.append(f"if (UNLIKELY({' || '.join(big)})) {self.leave(pc + 1)}")
        return lines

    def catching(self, pc: int) -> list[Handler]:
        """The handlers in the loop that may catch what an instruction raises."""
        return [
            h
            for h in self.handlers
            if h.first <= pc < h.stop and h.classes is not None and h.target in self.region
        ]

    def recovered(self, pc: int, settled: Sequence[int]) -> list[str]:
        """Lines that go on in the loop where an exception is caught there that an instruction has raised, through the interpreter.

        settled: arrays that are in their registers.
        """
        handlers = self.catching(pc)
        if not handlers:
            return []
        _, empty = self.spared.get(pc) or (0, ())
        lines = [f"switch (E->recover(run, {self.first}, {self.stop})) {{"]
        for handler in handlers:
            lines.append(f"case {handler.target}:")
            for r in dict.fromkeys([*settled, *[r for r in empty if r in self.moved]]):
                lines += [
                    f"    o{r} = R[{r}].obj; R[{r}].obj = 0;",
                    *[f"    {line}" for line in self.look(r)],
                ]
            lines.append(f"    {self.target(handler.code)} = R[{handler.code}].v.as_i64;")
            lines.append(f"    {self.goto(handler.target)}")
        return [*lines, "}"]

    def goto(self, target: int) -> str:
        """A jump to an instruction, inside the loop or behind it."""
        if target in self.region:
            return f"goto L{target};"
        return self.leave(target)

    def clear(self, r: int) -> str:
        """Drop the reference in a register."""
        if r in self.fresh:
            size = " * ".join([f"n{r}_{k}" for k in range(self.ranks[r])]) or "1"
            return f"if ({size} <= {FEW}) retire(E, &x{r}, &o{r}); else drop(E, &o{r});"
        return f"drop(E, &o{r});" if r in self.moved else f"drop(E, &R[{r}].obj);"

    def reference(self, r: int) -> str:
        """Where the reference of a register is."""
        return f"&o{r}" if r in self.moved else f"&R[{r}].obj"


def liveness(rows: Sequence[Row], outputs: Sequence[int], handlers: Sequence[Handler]) -> list[int]:
    """For each instruction, the registers that are needed where it begins, as bits."""
    live = [0] * (len(rows) + 1)
    reads = [sum({1 << r for r in row[8]}) if row[0] != Opcode.LOOP_HEAD else 0 for row in rows]
    writes = [sum({1 << r for r in row[9]}) for row in rows]
    end = sum({1 << r for r in outputs})
    changed = True
    while changed:
        changed = False
        caught = [(h.first, h.stop, live[h.target]) for h in handlers if h.classes is not None]
        for pc in range(len(rows) - 1, -1, -1):
            opcode, target = rows[pc][:2]
            after = (
                end
                if opcode == Opcode.HALT
                else 0
                if opcode in {Opcode.JUMP, Opcode.LOOP_NEXT}
                else live[pc + 1]
            )
            if opcode in JUMPS:
                after |= live[target]
            before = (after & ~writes[pc]) | reads[pc]
            for first, stop, needed in caught:
                if first <= pc < stop:
                    before |= needed
            if before != live[pc]:
                live[pc] = before
                changed = True
    return live


def chooses_columns(form: dict[str, Any]) -> bool:
    """Whether an index is a whole axis, and an array."""
    entries = form["entries"]
    if form["axes"] is not None or [kind for kind, _ in entries] != ["s", "a"]:
        return False
    return all(r < 0 for r in entries[0][1])


def rank_of(form: dict[str, Any]) -> int:
    """The rank of the array that an index, or the first of its views, takes apart."""
    return entered(form["stages"][0] if form["stages"] else form)


def entered(stage: dict[str, Any]) -> int:
    """The rank of the array that a basic index takes apart."""
    if stage["axes"] is not None:
        return len(stage["axes"])
    return sum(kind in "is" for kind, _ in stage["entries"])


# Text ------------------------------------------------------------------------------------------------------------


def dtype_of(number: int) -> np.dtype[Any]:
    """The dtype of a type number."""
    return next(np.dtype(char) for char in "?bBhHiIlLqQefdgFDGO" if np.dtype(char).num == number)


def is_bool(code: LoopCode, register: int) -> bool:
    """Whether a register holds bools."""
    cls = code.classes[register]
    return cls in {PY_BOOL, NUMPY + np.dtype(np.bool_).num}


def _is_nan(value: Any) -> bool:
    return isinstance(value, (float, np.floating)) and math.isnan(value)


def _literal(value: Any, type_: str) -> str:
    """A constant in C."""
    if type_ in {"f64", "f32"}:
        number = float(value)
        if math.isinf(number):
            return "__builtin_inf()" if number > 0 else "(-__builtin_inf())"
        text = number.hex() + ("f" if type_ == "f32" else "")
        return f"({text})"
    if type_ == "u64":
        return f"{int(value)}ULL"
    number = int(value)
    if number == -(2**63):
        return "(-9223372036854775807LL - 1)"
    return f"(({type_}){number}LL)"


def comment(text: str) -> str:
    """A text as it may stand in a comment."""
    return text.replace("*/", "* /").replace("\\", "/").replace("\n", " ")[:160]
