"""The table of instructions: what each field of an instruction means. Assembly and disassembly follow it.

The letters of a row stand for the fields dst, a, b, c: "w" a register written, "r" a register read, "j" the
instruction to go on with, "n" a plain number, "-" nothing; "s" at the end: a site, which holds the rest.
An instruction with a site and the letter "s" alone reads and writes the registers that its site names.
"""

from tracetensor.errors import GraphError

TABLE = {
    Opcode.HALT: "----",
    Opcode.JUMP: "j---",
    Opcode.JUMP_UNLESS: "jr--",
    Opcode.MOVE: "wr--",
    Opcode.MOVE_VALUE: "wr--",
    Opcode.MOVE_INT: "wr--",
    Opcode.DROP: "-r--",
    Opcode.LOOP_START: "wwr-",
    Opcode.LOOP_HEAD: "s",
    Opcode.LOOP_TEST: "jrr-",
    Opcode.LOOP_NEXT: "jw--",
    Opcode.STACK_START: "wr--s",
    Opcode.STACK_PUSH: "-rr-",
    Opcode.STACK_FINISH: "wr--",
    Opcode.CALL: "s",
    **dict.fromkeys(
        (
            Opcode.I_ADD, Opcode.I_SUB, Opcode.I_MUL, Opcode.I_FLOORDIV, Opcode.I_MOD, Opcode.I_TRUEDIV,
            Opcode.I_POW, Opcode.I_AND, Opcode.I_OR, Opcode.I_XOR, Opcode.I_LSHIFT, Opcode.I_RSHIFT,
            Opcode.I_MAX, Opcode.I_MIN,
            Opcode.I_LT, Opcode.I_LE, Opcode.I_EQ, Opcode.I_NE, Opcode.I_GT, Opcode.I_GE,
            Opcode.F_TRUEDIV, Opcode.F_FLOORDIV, Opcode.F_MOD, Opcode.F_POW,
            Opcode.C_ADD, Opcode.C_SUB, Opcode.C_MUL,
        ),
        "wrr-s",
    ),
    **dict.fromkeys(
        (
            Opcode.I_NEG, Opcode.I_ABS, Opcode.I_INVERT, Opcode.I_TO_F, Opcode.F_TO_I, Opcode.F_FLOOR,
            Opcode.F_CEIL, Opcode.C_ABS,
        ),
        "wr--s",
    ),
    **dict.fromkeys(
        (
            Opcode.F_ADD, Opcode.F_SUB, Opcode.F_MUL, Opcode.F_QUOTIENT,
            Opcode.F_LT, Opcode.F_LE, Opcode.F_EQ, Opcode.F_NE, Opcode.F_GT, Opcode.F_GE,
            Opcode.L_ADD, Opcode.L_SUB, Opcode.L_MUL, Opcode.B_AND, Opcode.B_OR, Opcode.B_XOR, Opcode.C_MAKE,
        ),
        "wrr-",
    ),
    **dict.fromkeys(
        (
            Opcode.I_TO_B, Opcode.F_NEG, Opcode.F_ABS, Opcode.F_SQRT, Opcode.F_TO_B, Opcode.L_NEG,
            Opcode.B_NOT, Opcode.B_TO_I, Opcode.B_TO_F, Opcode.C_REAL, Opcode.C_IMAG,
        ),
        "wr--",
    ),
    Opcode.MATH: "wr-ns",
    Opcode.MATH2: "wrrns",
    Opcode.COMPARE: "wrrns",
    Opcode.CAST: "wr--s",
    Opcode.ARRAY_TO_SCALAR: "wr--s",
    Opcode.SCALAR_TO_ARRAY: "wr--s",
    Opcode.UFUNC_SCALAR: "s",
    Opcode.UFUNC: "s",
    Opcode.FUSED: "s",
    Opcode.UPDATE: "s",
    Opcode.LOAD: "s",
    Opcode.STORE: "s",
    Opcode.VIEW: "s",
    Opcode.GETITEM: "s",
    Opcode.WRITE: "s",
    Opcode.ACCUMULATE: "s",
    Opcode.COPY: "wr--",
    Opcode.DIM: "wr-n",
    Opcode.LIST_APPEND: "s",
    Opcode.LIST_POP: "s",
    Opcode.LIST_GET: "s",
    Opcode.LIST_SET: "s",
    Opcode.LIST_LEN: "wr--",
    Opcode.LIST_ARRAY: "s",
    Opcode.GUARD: "-r--s",
}  # fmt: skip


def check(opcode, dst, a, b, c, site):
    """Raise GraphError if an instruction does not fit its row: a register or a site missing, or too many."""
    row = TABLE[opcode]
    for letter, field in zip(row, (dst, a, b, c) if row != "s" else (), strict=False):
        if letter in "wrj-" and (letter == "-") != (field < 0):
            fields = (dst, a, b, c)
            raise GraphError(f"{Opcode(opcode).name} does not take the fields {fields}: its row is {row}")
    if row.endswith("s") != (site is not None):
        raise GraphError(f"{Opcode(opcode).name} {'needs' if site is None else 'takes no'} site")


def disassemble(number, opcode, dst, a, b, c, takes, site):
    """One instruction as text."""
    row = TABLE[opcode]
    name = Opcode(opcode).name.lower()
    if row == "s" or opcode == Opcode.GUARD:
        text = str(site)
    else:
        shown = {"w": "r{}", "r": "r{}", "j": "-> {}", "n": "{}"}
        parts = [shown[x].format(v) for x, v in zip(row, (dst, a, b, c), strict=False) if x in shown]
        text = ", ".join(parts)
    last = f"  takes {takes:b}" if takes else ""
    return f"{number:4d}  {name:16s} {text}{last}"


assert set(TABLE) == set(Opcode), set(Opcode) - set(TABLE)
