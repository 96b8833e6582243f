"""The C text of what loops do to numbers, and to elements of arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.vm.assembler import OBJECT, PY_INT
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.loop_code import BITS, CHAR_TYPES, Interpreted, dtype_of, entered, is_bool
from tracetensor.vm.loop_raises import caught, emit_guard
from tracetensor.vm.region_code import text_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.vm.loop_code import Emitter, LoopCode

UFUNCS = {
    "add": "+", "subtract": "-", "multiply": "*", "bitwise_and": "&", "bitwise_or": "|", "bitwise_xor": "^",
    "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=", "greater": ">", "greater_equal": ">=",
}  # fmt: skip
LIMITS = {"i8": (-(2**7), 2**7 - 1), "u8": (0, 2**8 - 1), "i16": (-(2**15), 2**15 - 1), "u16": (0, 2**16 - 1)}
LIMITS |= {"i32": (-(2**31), 2**31 - 1), "u32": (0, 2**32 - 1)}


def _emit_nothing(_code: LoopCode, _pc: int) -> list[str]:
    return []


def _emit_jump(code: LoopCode, pc: int) -> list[str]:
    return [code.goto(code.rows[pc][1])]


def _emit_jump_unless(code: LoopCode, pc: int) -> list[str]:
    _, dst, a, *_ = code.rows[pc]
    return [f"if (!{code.value(a)}) {code.goto(dst)}"]


def _emit_loop_start(code: LoopCode, pc: int) -> list[str]:
    _, index, limit, steps, *_ = code.rows[pc]
    return [f"{code.target(limit)} = {code.value(steps)};", f"{code.target(index)} = 0;"]


def _emit_loop_test(code: LoopCode, pc: int) -> list[str]:
    _, dst, a, b, *_ = code.rows[pc]
    lines = [f"if ({code.value(a)} >= {code.value(b)}) {code.goto(dst)}"]
    if not code.is_literal(a):
        lines.append(f"NOT_NEGATIVE(r{a})")
    return lines


def _emit_loop_next(code: LoopCode, pc: int) -> list[str]:
    _, head, counter, *_ = code.rows[pc]
    name = code.target(counter)
    turn = f"if (UNLIKELY(++{name} % 1024 == 0) && E->turns(run, {pc}) < 0) {code.fail(pc)}"
    return [turn, code.goto(head)]


def _emit_move_value(code: LoopCode, pc: int) -> list[str]:
    _, dst, a, *_ = code.rows[pc]
    if code.type(dst) != code.type(a):
        raise Interpreted
    return [f"{code.target(dst)} = {code.value(a)};"]


def _emit_move(code: LoopCode, pc: int) -> list[str]:
    """A reference, with what is known of the array."""
    _, dst, a, _, _, takes, *_ = code.rows[pc]
    if takes and code.place(dst) == code.place(a):
        return []
    how = "take" if takes else "share"
    lines = [f"{how}(E, {code.reference(dst)}, {code.reference(a)});"]
    if takes and a in code.fresh:  # what the target held is as large, as a rule
        lines = [f"pass(E, &o{dst}, &o{a}, &x{a});"]
    if dst in code.ranks:
        lines.append(code.known(dst, a, f"w{a}" if takes else f"w{a} = 0"))
    return lines


def _emit_drop(code: LoopCode, pc: int) -> list[str]:
    register = code.rows[pc][2]
    if code.classes[register] != OBJECT:
        raise Interpreted
    return [code.clear(register)]


def _emit_dim(code: LoopCode, pc: int) -> list[str]:
    _, dst, a, _, axis, takes, *_ = code.rows[pc]
    return [f"{code.target(dst)} = n{a}_{axis};", *([code.clear(a)] if takes else [])]


def _emit_cast(code: LoopCode, pc: int) -> list[str]:
    _, dst, a, *_ = code.rows[pc]
    source, target = code.type(a), code.type(dst)
    if source is None or target is None:
        raise Interpreted
    bad, value = convert(source, code.value(a), target, is_bool(code, dst), strict=False)
    name = code.target(dst)
    return code.unless(f"{bad} ? 0 : ({name} = {value}, 1)", pc) if bad else [f"{name} = {value};"]


def _emit_load(code: LoopCode, pc: int) -> list[str]:
    """An element of an array, or of a view of one."""
    row = code.rows[pc]
    form = row[6].describe()
    type_ = CHAR_TYPES.get(dtype_of(form["number"]).char)
    if type_ is None or type_ != code.type(form["dst"]):
        raise Interpreted
    lines, place, outside = element(code, form, pc)
    lines.append(f"{code.target(form['dst'])} = *({type_}_at *)({place});")
    if row[5]:
        lines.append(code.clear(form["array"]))
    return attempt(code, pc, lines, outside)


def _emit_store(code: LoopCode, pc: int) -> list[str]:
    """An element written, in an array that nobody else can see; one that others see is the interpreter's to copy."""
    row = code.rows[pc]
    form = row[6].describe()
    array, dst = form["array"], form["dst"]
    char = dtype_of(form["number"]).char
    type_, source = CHAR_TYPES.get(char), code.type(form["value"])
    if type_ is None or source is None or not row[5] & 1 or array in code.constants:
        raise Interpreted
    python_int = code.classes[form["value"]] == PY_INT
    bad, value = convert(source, code.value(form["value"]), type_, char == "?", strict=True, weak=python_int)
    lines = [f"if (UNLIKELY({bad})) break;"] if bad else []
    copied = [f"    {line}" for line in [*code.step(pc, like=array), f"goto done{pc};"]]
    lines += [f"if (UNLIKELY(!{code.own(array)})) {{", *copied, "}"]
    more, place, outside = element(code, form, pc)
    lines += [*more, f"*({type_}_at *)({place}) = {value};"]
    if code.place(dst) != code.place(array):
        lines += [
            *code.take(dst, array),
            code.known(dst, array, f"w{array}"),
        ]
    return attempt(code, pc, lines, outside)


def emit_ufunc(code: LoopCode, pc: int) -> list[str]:
    """Arithmetic of NumPy's scalars that C has as NumPy has it."""
    name, chars, registers, numbers = code.rows[pc][6].describe()
    inputs = len(code.rows[pc][8]) if name == "divmod" else len(registers) - 1
    char, out = chars[0], chars[-1]
    if set(chars[:inputs]) != {char} or char not in "bBhHiIlLqQfd" or code.rows[pc][5] or not numbers:
        raise Interpreted
    type_ = CHAR_TYPES[char]
    lines, operands = [], []
    for r in registers[:inputs]:
        source = code.type(r)
        if source is None:
            raise Interpreted
        weak = code.classes[r] == PY_INT
        bad, value = convert(source, code.value(r), type_, to_bool=False, strict=True, weak=weak)
        lines += [f"if (UNLIKELY({bad})) break;"] if bad else []
        operands.append(value)
    d = code.target(registers[-1])
    if name in UFUNCS and inputs == 2:
        sign = UFUNCS[name]
        if sign in "&|^" and type_ not in BITS:
            raise Interpreted
        if out != "?" and type_ in BITS:  # no undefined overflow of products of short unsigned ints
            operands = [f"(u64){value}" for value in operands]
        result = f"{operands[0]} {sign} {operands[1]}"
        lines.append(f"{d} = {result if out == '?' else f'({type_})({result})'};")
    elif name == "divide" and type_ not in BITS and out == char:
        lines.append(f"{d} = {operands[0]} / {operands[1]};")
    elif name == "negative" and type_ not in BITS:
        lines.append(f"{d} = -{operands[0]};")
    elif name == "negative":
        lines.append(f"{d} = ({type_})(0 - (u64){operands[0]});")
    elif name == "invert":
        lines.append(f"{d} = ({type_})~{operands[0]};")
    elif name == "rint" and char == "d":
        lines.append(f"{d} = round_to_even({operands[0]});")
    elif name in {"remainder", "floor_divide"} and type_ == "i64":
        function = "modulo" if name == "remainder" else "floor_divide"
        lines.append(f"if (UNLIKELY(!{function}({operands[0]}, {operands[1]}, &{d}))) break;")
    elif name == "divmod" and type_ == "i64" and len(registers) == 4:
        lines.append(f"const i64 a{pc} = {operands[0]}, b{pc} = {operands[1]};")
        for r, function in ((registers[2], "floor_divide"), (registers[3], "modulo")):
            lines.append(f"if (UNLIKELY(!{function}(a{pc}, b{pc}, &{code.target(r)}))) break;")
    elif name in {"left_shift", "right_shift"}:
        text = text_of(name, chars[:inputs], chars, ())
        if text is None:
            raise Interpreted
        size = np.dtype(char).itemsize * 8
        lines += [f"const {type_} a{pc} = {operands[0]}, b{pc} = {operands[1]};"]
        value = text.format(a=f"a{pc}", b=f"b{pc}", u="u64" if size == 64 else "u32", bits=size)
        return attempt(code, pc, [*lines, f"{d} = ({type_})({value});"])
    else:
        raise Interpreted
    return attempt(code, pc, lines) if any("break" in line for line in lines) else lines


# Elements --------------------------------------------------------------------------------------------------------


def attempt(code: LoopCode, pc: int, lines: list[str], outside: Sequence[str] = ()) -> list[str]:
    """Lines that `break` where something is not plain: then the interpreter goes on; outside: the lines at outside{pc}."""
    inner = [f"    {line}" for line in [*lines, f"goto done{pc};"]]
    elsewhere = [f"outside{pc}:;", *outside] if outside else []
    return ["do {", *inner, "} while (0);", code.leave(pc), *elsewhere, f"done{pc}:;"]


def element(code: LoopCode, form: dict[str, Any], pc: int) -> tuple[list[str], str, list[str]]:
    """Lines that find an element, the expression of its place, and what is done if it is out of bounds.

    Without the latter, the lines `break` then.
    """
    stages = [*form["stages"], form]
    outside = None
    if all(_takes_one(code, stage) for stage in stages):
        outside = caught(code, pc, IndexError)
    leave = "break" if outside is None else f"goto outside{pc}"
    lines, place, _, _ = staged(code, form["array"], stages, pc, leave)
    return lines, place, outside or []


def _takes_one(code: LoopCode, stage: dict[str, Any]) -> bool:
    """Whether an index can only fail by being out of bounds."""
    if not stage["basic"] or stage["axes"] is not None:
        return False
    return all(
        code.type(registers[0]) not in {None, "u64"} if kind == "i" else all(r < 0 for r in registers)
        for kind, registers in stage["entries"]
    )


def part(code: LoopCode, form: dict[str, Any], pc: int) -> tuple[list[str], str, list[str], list[str]]:
    """Lines that find what a basic index names; expressions of its place, dims and strides.

    The lines `break` where an index is out of bounds.
    """
    return staged(code, form["array"], [*form["stages"], form], pc)


def staged(
    code: LoopCode, array: int, stages: Sequence[dict[str, Any]], pc: int, leave: str = "break"
) -> tuple[list[str], str, list[str], list[str]]:
    """Lines that find what basic indices, one after the other, name of an array; as `part`, which they leave so."""
    if not all(stage["basic"] for stage in stages):
        raise Interpreted
    rank = entered(stages[0]) if stages else code.ranks[array]
    dims = [f"n{array}_{k}" for k in range(rank)]
    strides = [f"s{array}_{k}" for k in range(rank)]
    lines: list[str] = []
    place = f"p{array}"
    for level, stage in enumerate(stages):
        if stage["axes"] is not None:
            dims, strides = [dims[k] for k in stage["axes"]], [strides[k] for k in stage["axes"]]
            continue
        left_dims, left_strides, axis = [], [], 0
        for number, (kind, registers) in enumerate(stage["entries"]):
            if kind == "n":
                left_dims.append("1")
                left_strides.append("0")
                continue
            name = f"i{pc}_{level}_{number}"
            if kind == "i":
                lines += _resolved(code, registers[0], name, dims[axis], leave)
                place += f" + {name} * {strides[axis]}"
            elif all(r < 0 for r in registers):
                left_dims.append(dims[axis])
                left_strides.append(strides[axis])
            else:
                parts = [integer(code, r, lines) if r >= 0 else "0" for r in registers]
                given = [int(r >= 0) for r in registers]
                step = parts[2] if given[2] else "1"
                lines.append(f"i64 {name}, {name}n, {name}s = {step};")
                arguments = f"{dims[axis]}, {given[0]}, {parts[0]}, {given[1]}, {parts[1]}"
                lines.append(f"if (UNLIKELY(!clip({arguments}, &{name}s, &{name}, &{name}n))) break;")
                place += f" + {name} * {strides[axis]}"
                left_dims.append(f"{name}n")
                left_strides.append(f"({strides[axis]} * {name}s)")
            axis += 1
        dims, strides = left_dims, left_strides
    return lines, place, dims, strides


def _resolved(code: LoopCode, register: int, name: str, dim: str, leave: str) -> list[str]:
    """Lines that make an index non-negative, and leave if it is out of bounds."""
    if register in code.constants and code.is_literal(register):
        k = int(code.constants[register])
        first = f"i64 {name} = {k};" if k >= 0 else f"i64 {name} = {dim} + ({k});"
        return [first, f"if (UNLIKELY((u64){name} >= (u64){dim})) {leave};"]
    lines: list[str] = []
    value = integer(code, register, lines)
    lines.append(f"i64 {name} = {value};")
    if not (code.type(register) or "").startswith("u"):
        lines.append(f"if ({name} < 0) {name} += {dim};")
    return [*lines, f"if (UNLIKELY((u64){name} >= (u64){dim})) {leave};"]


def integer(code: LoopCode, register: int, lines: list[str]) -> str:
    """An integer as one of 64 bits."""
    type_ = code.type(register)
    if type_ not in BITS:
        raise Interpreted
    value = code.value(register)
    if type_ == "u64":
        lines.append(f"if (UNLIKELY({value} > 9223372036854775807ULL)) break;")
    return f"(i64){value}"


def convert(
    source: str, value: str, target: str, to_bool: bool, *, strict: bool, weak: bool = False
) -> tuple[str, str]:
    """Like convert.h: (when the conversion is left to others, or "", the converted value)."""
    if target == "c128" or source == "c128":
        if source == target:
            return "", value
        if source == "c128":
            raise Interpreted
        return "", f"(c128){{(f64){value}, 0}}"
    if to_bool:
        return "", f"({value} != 0)"
    if source == target:
        return "", value
    if target == "f64" or (target == "f32" and not weak):
        return "", f"({target}){value}"
    if target == "f32":
        return "", f"(f32)(f64){value}"
    bad = []
    if source in {"f64", "f32"}:
        if strict:
            raise Interpreted
        bad.append(f"!({value} > -9.2e18 && {value} < 9.2e18)")
        if target == "u64":
            bad.append(f"{value} <= -1")
        elif target != "i64":
            low, high = LIMITS[target]
            bad.append(f"(i64){value} < {low} || (i64){value} > {high}")
        return " || ".join(bad), f"({target})(i64){value}"
    if source == "u64":
        bad.append(f"{value} > 9223372036854775807ULL")
    if target == "u64":
        return ("" if source.startswith("u") else f"{value} < 0"), f"(u64){value}"
    if target != "i64":
        low, high = LIMITS[target]
        bad.append(f"(i64){value} < {low} || (i64){value} > {high}")
    return " || ".join(bad), f"({target}){value}"


SCALARS: dict[int, Emitter] = {
    Opcode.LOOP_HEAD: _emit_nothing,
    Opcode.JUMP: _emit_jump,
    Opcode.JUMP_UNLESS: _emit_jump_unless,
    Opcode.LOOP_START: _emit_loop_start,
    Opcode.LOOP_TEST: _emit_loop_test,
    Opcode.LOOP_NEXT: _emit_loop_next,
    Opcode.MOVE_VALUE: _emit_move_value,
    Opcode.MOVE_INT: _emit_move_value,
    Opcode.MOVE: _emit_move,
    Opcode.DROP: _emit_drop,
    Opcode.GUARD: emit_guard,
    Opcode.DIM: _emit_dim,
    Opcode.CAST: _emit_cast,
    Opcode.LOAD: _emit_load,
    Opcode.STORE: _emit_store,
}
