"""The C text of calls in loops that make small arrays, take items out of them, or multiply them.

As in loop_arrays.py: what is not plain, errors first of all, is left to the interpreter before anything has been done.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.vm.assembler import OBJECT, PY_INT, CallForm
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.loop_arrays import (
    NUMBERS,
    SIZES,
    VECTOR,
    attempt,
    char_of,
    copied,
    dims_of,
    either,
    emit_write,
    few,
    fresh,
    in_order,
    loops,
    loops_along,
    place,
    release,
    scalars,
    settle,
    written,
)
from tracetensor.vm.loop_code import BITS, CHAR_TYPES, FEW, Interpreted, chooses_columns
from tracetensor.vm.loop_reductions import emit_fold
from tracetensor.vm.loop_scalars import integer, staged
from tracetensor.vm.products import SMALL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracetensor.vm.loop_code import CallEmitter, Emitter, LoopCode


# New arrays -------------------------------------------------------------------------------------------------------


def _dims(code: LoopCode, registers: Iterable[int], lines: list[str]) -> list[str]:
    """The dims that registers give; lines that leave negative ones to others."""
    dims = []
    for k, r in enumerate(registers):
        lines.append(f"const i64 d{k} = {integer(code, r, lines)};")
        lines.append(f"if (UNLIKELY(d{k} < 0 || d{k} > {FEW})) break;")
        dims.append(f"d{k}")
    return dims


def _filled(code: LoopCode, pc: int, lines: list[str], dims: Sequence[str], value: str | None) -> list[str]:
    """A new array with these dims, and the same value everywhere."""
    r = code.rows[pc][9][0]
    char = char_of(code, r)
    if code.ranks[r] != len(dims):
        raise Interpreted
    lines += [few(dims), *fresh(code, r, "y", dims, NUMBERS[char])]
    if value is not None:
        type_ = CHAR_TYPES[char]
        lines.append(f"{type_}_at *q = ({type_}_at *)((struct array *)y)->data;")
        lines.append(f"for (i64 i = 0; i < {' * '.join(dims) or '1'}; i++) q[i] = {value};")
    return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", dims, SIZES[char])])


VALUES: dict[str, str | None] = {"zeros": "0", "ones": "1", "empty": None}


def _value(code: LoopCode, name: str, char: str) -> str | None:
    """What fills an array, in C."""
    value = VALUES[name]
    return f"(c128){{{value}, 0}}" if char == "D" and value else value


def emit_filled(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """numpy.zeros, ones, empty."""
    if form.params.get("order", "C") != "C":
        raise Interpreted
    lines: list[str] = []
    dims = _dims(code, form.operands, lines)
    return _filled(code, pc, lines, dims, _value(code, form.name, char_of(code, code.rows[pc][9][0])))


def emit_full(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """numpy.full."""
    if form.params.get("order", "C") != "C":
        raise Interpreted
    value, *rest = form.operands
    lines: list[str] = []
    names: dict[Any, str] = {}
    char = char_of(code, code.rows[pc][9][0])
    lines += scalars(code, [(value, _number(code, value), char)], names)
    return _filled(code, pc, lines, _dims(code, rest, lines), names[value, char])


def _number(code: LoopCode, r: int) -> int:
    """The class of a register that holds a number."""
    if code.classes[r] == OBJECT:
        raise Interpreted
    return code.classes[r]


def emit_filled_like(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """numpy.zeros_like, ones_like, empty_like."""
    (x,) = form.operands
    if form.params.keys() - {"dtype"} or x not in code.ranks:
        raise Interpreted
    lines = [f"const i64 d{k} = {n};" for k, n in enumerate(dims_of(code, x))]
    lines += in_order(code, x)
    if code.ranks[x] > 1:
        lines += [f"if (n{x}_{j} > 1 && !s{x}_{j}) break;" for j in range(code.ranks[x])]
    dims = [f"d{k}" for k in range(code.ranks[x])]
    name = form.name.removesuffix("_like")
    return _filled(code, pc, lines, dims, _value(code, name, char_of(code, code.rows[pc][9][0])))


def emit_arange(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """numpy.arange of Python ints."""
    r = code.rows[pc][9][0]
    given = form.operands
    if char_of(code, r) != "l" or not 1 <= len(given) <= 3 or any(code.classes[q] != PY_INT for q in given):
        raise Interpreted
    lines: list[str] = []
    bounds = [integer(code, q, lines) for q in given]
    start, stop, step = ["0", *bounds, "1"] if len(bounds) == 1 else [*bounds, "1"][:3]
    lines += [f"const i64 start = {start}, stop = {stop}, step = {step};"]
    lines.append(
        f"if (SIZE(start) > {1 << 60} || SIZE(stop) > {1 << 60} || step == 0 || SIZE(step) > {1 << 60}) break;"
    )
    lines.append("const i64 d0 = step > 0 ? (stop > start ? (stop - start - 1) / step + 1 : 0)")
    lines.append("    : (stop < start ? (start - stop - 1) / -step + 1 : 0);")
    return _filled(code, pc, lines, ["d0"], "start + i * step")


# Reshaped and permuted -------------------------------------------------------------------------------------------


def emit_reshape(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """x.reshape of what is in C order: a view."""
    x, *given = form.operands
    r = code.rows[pc][9][0]
    if form.params.get("order") != "C" or r not in code.virtual or x not in code.ranks:
        raise Interpreted
    char = char_of(code, x)
    expected, tests = str(SIZES[char]), []
    for k in range(code.ranks[x] - 1, -1, -1):
        tests.append(f"(n{x}_{k} != 1 && s{x}_{k} != {expected})")
        expected += f" * n{x}_{k}"
    size = " * ".join(dims_of(code, x)) or "1"
    lines = [f"if (UNLIKELY({' || '.join(tests) or '0'})) break;", f"const i64 size = {size};"]
    lines.append("if (UNLIKELY(size == 0)) break;")
    if len(given) != code.ranks[r]:
        raise Interpreted
    known: list[str] = []
    for k, q in enumerate(given):
        lines.append(f"i64 d{k} = {integer(code, q, lines)};")
        lines.append(f"if (UNLIKELY(d{k} < -1 || d{k} > size)) break;")
        known.append(f"d{k}")
    if known:
        lines += [f"i64 rest = size; int open = {' + '.join([f'({d} < 0)' for d in known])};"]
        lines += [
            f"if (UNLIKELY({d} == 0 || ({d} > 0 && rest % {d}))) break; if ({d} > 0) rest /= {d};"
            for d in known
        ]
        lines += ["if (UNLIKELY(open > 1 || (open == 0 && rest != 1))) break;"]
        lines += [f"if ({d} < 0) {d} = rest;" for d in known]
    strides = ["0"] * len(known)
    lines.append(f"char *at = p{x};")
    if code.rows[pc][5] & 1:
        lines += code.take(r, x)
    else:
        lines += [f"share(E, &o{r}, {code.reference(x)});", f"w{x} = 0;"]
    lines.append(f"p{r} = at; w{r} = 0; v{r} = 1;")
    stride = str(SIZES[char])
    for k in range(len(strides) - 1, -1, -1):
        lines.append(f"n{r}_{k} = d{k}; s{r}_{k} = {stride};")
        stride = f"s{r}_{k} * n{r}_{k}"
    return attempt(code, pc, lines)


def emit_broadcast_dim(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """The dim that dims broadcast to; what does not fit is left to the interpreter."""
    lines: list[str] = ["i64 size = 1;"]
    for k, q in enumerate(form.operands):
        dim = integer(code, q, lines)
        lines.append(f"const i64 d{k} = {dim};")
        lines.append(f"if (d{k} != 1) {{ if (UNLIKELY(size != 1 && size != d{k})) break; size = d{k}; }}")
    lines.append(f"{code.target(code.rows[pc][9][0])} = size;")
    return attempt(code, pc, [*lines, *release(code, pc)])


def emit_sum_to_shape(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """A sum of all, or a copy of what has the given dims already; sums along some axes are left to the interpreter."""
    x, *given = form.operands
    if not given:
        return emit_fold(code, pc, form._replace(name="sum", params={"axis": None}))
    if code.ranks.get(x) != len(given):
        raise Interpreted
    checks: list[str] = []
    for k, q in enumerate(given):
        dim = integer(code, q, checks)
        checks.append(f"if (UNLIKELY(n{x}_{k} != {dim})) break;")
    return copied(code, pc, code.rows[pc][9][0], x, ordered=True, checks=checks)


# Joined ------------------------------------------------------------------------------------------------------------


def emit_concatenate(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """numpy.concatenate of arrays of one type in C order; stacked: all of the same shape."""
    r, arrays, stacked = code.rows[pc][9][0], form.operands, form.params.get("stacked")
    if form.params.keys() - {"axis", "stacked"} or not arrays:
        raise Interpreted
    char, rank = char_of(code, r), code.ranks[r]
    if rank < 1 or any(char_of(code, x) != char or code.ranks[x] != rank for x in arrays):
        raise Interpreted
    axis, first = form.params["axis"] % rank, arrays[0]
    lines = []
    for x in dict.fromkeys(arrays):
        lines += in_order(code, x)
        lines += [f"if (n{x}_{k} > 1 && !s{x}_{k}) break;" for k in range(rank) if rank > 1]
        tests = [f"n{x}_{k} != n{first}_{k}" for k in range(rank) if x != first and (stacked or k != axis)]
        lines += [f"if (UNLIKELY({' || '.join(tests)})) break;"] if tests else []
    dims = dims_of(code, first)
    dims[axis] = " + ".join([f"n{x}_{axis}" for x in arrays])
    lines += [f"const i64 d{k} = {dim};" for k, dim in enumerate(dims)]
    held = [f"d{k}" for k in range(rank)]
    type_, size = CHAR_TYPES[char], SIZES[char]
    lines += [few(held), *fresh(code, r, "y", held, NUMBERS[char])]
    lines.append("char *q = ((struct array *)y)->data;")
    steps = [" * ".join([*held[k + 1 :], str(size)]) for k in range(rank)]
    for x in arrays:
        strides, own = [f"s{x}_{k}" for k in range(rank)], dims_of(code, x)
        item = f"*({type_}_at *)({place('q', steps)}) = *({type_}_at *)({place(f'p{x}', strides)});"
        row = (
            f"__builtin_memcpy({place('q', steps[:-1])}, {place(f'p{x}', strides[:-1])}, {own[-1]} * {size});"
        )
        tests = [f"{own[-1]} >= {VECTOR}", f"{strides[-1]} == {size}"]
        lines += either(tests, loops(own[:-1], [row]), loops(own, [item]))
        lines.append(f"q += {own[axis]} * {steps[axis]};")
    return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", held, size)])


# Items chosen by arrays ----------------------------------------------------------------------------------------------


def _chosen(code: LoopCode, form: dict[str, Any]) -> int:
    """The one array that is an index; what has others, or more entries, is left to the interpreter."""
    if form["basic"] or form["axes"] is not None or len(form["entries"]) != 1 or form["entries"][0][0] != "a":
        raise Interpreted
    register: int = form["entries"][0][1][0]
    if code.classes[register] != OBJECT or register not in code.ranks:
        raise Interpreted
    return register


def _position(code: LoopCode, index: int, dim: str) -> tuple[str, str]:
    """The expression of the position that item i0 of an index array names, and the line that notes one out of bounds."""
    char = char_of(code, index)
    if CHAR_TYPES[char] not in BITS or char == "?" or code.ranks[index] != 1:
        raise Interpreted
    if CHAR_TYPES[char] == "u64":
        raise Interpreted
    item = f"(i64)*({CHAR_TYPES[char]}_at *)(p{index} + i0 * s{index}_0)"
    return item, f"i64 k = {item}; bad |= k < -{dim} || k >= {dim};"


def _columns(
    code: LoopCode, form: dict[str, Any], dims: Sequence[str], lines: list[str]
) -> tuple[list[str], int]:
    """Lines that find k, the column that item i0 of the index array names; lines that check all; the array."""
    index = form["entries"][1][1][0]
    if (
        len(dims) != 2
        or code.classes[index] != OBJECT
        or code.ranks.get(index) != 1
        or index == form["array"]
    ):
        raise Interpreted
    item, note = _position(code, index, dims[1])
    lines += [f"const i64 m = n{index}_0, n = {dims[0]};", "int bad = 0;", few(["m", "n"])]
    lines += [*loops_along(0, "m", [note]), "if (UNLIKELY(bad)) break;"]
    return [f"i64 k = {item}; if (k < 0) k += {dims[1]};"], index


def _emit_columns(code: LoopCode, pc: int, form: dict[str, Any]) -> list[str]:
    """x[:, indices]: as NumPy makes it, a view of an array that has the columns as rows."""
    x, r = form["array"], form["dst"]
    char = char_of(code, x)
    if r not in code.virtual or r not in code.fresh or char_of(code, r) != char or code.ranks[r] != 2:
        raise Interpreted
    lines, at, dims, strides = staged(code, x, form["stages"], pc)
    column, _ = _columns(code, form, dims, lines)
    type_, size = CHAR_TYPES[char], SIZES[char]
    lines += [*fresh(code, r, "y", ["m", "n"], NUMBERS[char]), f"char *at = {at};"]
    lines.append(f"{type_}_at *q = ({type_}_at *)((struct array *)y)->data;")
    copy = f"*q++ = *({type_}_at *)(at + i1 * {strides[0]} + k * {strides[1]});"
    lines += loops_along(0, "m", [*column, *loops_along(1, "n", [copy])])
    lines += [*release(code, pc), f"drop(E, &o{r});", f"o{r} = y; p{r} = ((struct array *)y)->data;"]
    lines.append(f"w{r} = 0; v{r} = 1; n{r}_0 = n; n{r}_1 = m; s{r}_0 = {size}; s{r}_1 = n * {size};")
    return attempt(code, pc, lines)


def _scatter_columns(
    code: LoopCode, pc: int, at: str, dims: Sequence[str], strides: Sequence[str], lines: list[str]
) -> list[str]:
    """x[:, indices] = value, in place."""
    form = code.rows[pc][6].describe()
    x, r, value = form["array"], form["dst"], form["value"]
    char = char_of(code, x)
    type_ = CHAR_TYPES[char]
    column, _ = _columns(code, form, dims, lines)
    names: dict[Any, str] = {}
    if code.classes[value] != OBJECT:
        lines += scalars(code, [(value, code.classes[value], char)], names)
        item = names[value, char]
    else:
        if char_of(code, value) != char or code.ranks[value] != 2:
            raise Interpreted
        wrong = [f"(n{value}_{k} != {d} && n{value}_{k} != 1)" for k, d in enumerate("nm")]
        lines.append(f"if (UNLIKELY({' || '.join(wrong)})) break;")
        lines += [f"const i64 t{k} = n{value}_{k} == 1 ? 0 : s{value}_{k};" for k in range(2)]
        item = f"*({type_}_at *)(p{value} + i1 * t0 + i0 * t1)"
    lines += [f"if (UNLIKELY(!{code.own(x)})) break;", f"char *at = {at};"]
    store = f"*({type_}_at *)(at + i1 * {strides[0]} + k * {strides[1]}) = {item};"
    lines += loops_along(0, "m", [*column, *loops_along(1, "n", [store])])
    return attempt(code, pc, [*lines, *written(code, pc, r, x)])


def _points(
    code: LoopCode, form: dict[str, Any], dims: Sequence[str], strides: Sequence[str], lines: list[str]
) -> tuple[list[str], str] | None:
    """Where x[rows, columns, ...], of index arrays and numbers, one for each axis, has its items.

    Lines that find the address `at` of item i0, in a loop; the number of items. None for other indices.
    """
    entries = form["entries"]
    if form["axes"] is not None or len(entries) != len(dims) or {kind for kind, _ in entries} - {"a", "i"}:
        return None
    given = [registers[0] for _, registers in entries]
    arrays = [r for r in dict.fromkeys(given) if code.classes[r] == OBJECT]
    if len(given) < 2 or not arrays or any(code.ranks.get(r) != 1 for r in arrays):
        return None
    lines.append("i64 d0 = 1; int bad = 0;")
    lines += [
        f"if (n{r}_0 != 1) {{ if (UNLIKELY(d0 != 1 && d0 != n{r}_0)) break; d0 = n{r}_0; }}" for r in arrays
    ]
    if len(arrays) == 1:
        lines.append(f"d0 = n{arrays[0]}_0;")
    lines.append(few(["d0"]))
    found = []
    for k, r in enumerate(given):
        if r in arrays:
            item, note = _position(code, r, dims[k])
            lines += loops_along(0, f"n{r}_0", [note])
            item = item.replace("i0", f"(n{r}_0 == 1 ? 0 : i0)")
        else:
            item = f"g{k}"
            lines += [
                f"const i64 g{k} = {integer(code, r, lines)};",
                f"bad |= g{k} < -{dims[k]} || g{k} >= {dims[k]};",
            ]
        found.append(f"i64 k{k} = {item}; if (k{k} < 0) k{k} += {dims[k]};")
    lines.append("if (UNLIKELY(bad)) break;")
    place = " + ".join(f"k{k} * {stride}" for k, stride in enumerate(strides))
    return [*found, f"char *item = at + {place};"], "d0"


def _emit_points(
    code: LoopCode, pc: int, form: dict[str, Any], at: str, found: tuple[list[str], str], lines: list[str]
) -> list[str]:
    """x[rows, columns, ...], of index arrays and numbers."""
    r, (body, count) = form["dst"], found
    char = char_of(code, r)
    if code.ranks[r] != 1:
        raise Interpreted
    type_ = CHAR_TYPES[char]
    lines += [*fresh(code, r, "y", [count], NUMBERS[char]), f"char *at = {at};"]
    lines.append(f"{type_}_at *q = ({type_}_at *)((struct array *)y)->data;")
    lines += loops_along(0, count, [*body, f"q[i0] = *({type_}_at *)item;"])
    return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", [count], SIZES[char])])


def emit_getitem(code: LoopCode, pc: int) -> list[str]:
    """x[indices], x[mask], x[rows, columns]."""
    form = code.rows[pc][6].describe()
    x, r = form["array"], form["dst"]
    if chooses_columns(form):
        return _emit_columns(code, pc, form)
    if len(form["entries"]) > 1 and not form["basic"]:
        if code.classes[r] != OBJECT or char_of(code, r) != char_of(code, x) or r not in code.fresh:
            raise Interpreted
        lines, at, dims, strides = staged(code, x, form["stages"], pc)
        found = _points(code, form, dims, strides, lines)
        if found is None:
            raise Interpreted
        return _emit_points(code, pc, form, at, found, lines)
    index = _chosen(code, form)
    char = char_of(code, x)
    if code.classes[r] != OBJECT or char_of(code, r) != char or r not in code.fresh:
        raise Interpreted
    lines, at, dims, strides = staged(code, x, form["stages"], pc)
    if not 1 <= len(dims) <= 2:
        raise Interpreted
    type_ = CHAR_TYPES[char]
    lines.append(f"char *at = {at};")
    if char_of(code, index) == "?":
        if code.ranks[index] != 1 or len(dims) != 1 or code.ranks[r] != 1:
            raise Interpreted
        mask = f"*(u8_at *)(p{index} + i0 * s{index}_0)"
        lines += [f"const i64 n = n{index}_0;", f"if (UNLIKELY(n != {dims[0]} || n > {FEW})) break;"]
        lines += [f"i64 d0 = 0; for (i64 i0 = 0; i0 < n; i0++) d0 += {mask} != 0;"]
        lines += fresh(code, r, "y", ["d0"], NUMBERS[char])
        lines.append(f"{type_}_at *q = ({type_}_at *)((struct array *)y)->data;")
        lines.append(
            f"for (i64 i0 = 0; i0 < n; i0++) if ({mask}) *q++ = *({type_}_at *)({place('at', strides)});"
        )
        return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", ["d0"], SIZES[char])])
    if code.ranks[r] != len(dims):
        raise Interpreted
    item, note = _position(code, index, "n")
    lines += [f"const i64 n = {dims[0]}, d0 = n{index}_0;", "int bad = 0;"]
    held = ["d0"]
    if len(dims) == 2:
        lines += [
            f"const i64 d1 = {dims[1]};",
            f"if (UNLIKELY(SIZE({strides[1]}) > SIZE({strides[0]}))) break;",
        ]
        held.append("d1")
    lines += [few(held), f"for (i64 i0 = 0; i0 < d0; i0++) {{ {note} }}", "if (UNLIKELY(bad)) break;"]
    lines += fresh(code, r, "y", held, NUMBERS[char])
    lines.append(f"{type_}_at *q = ({type_}_at *)((struct array *)y)->data;")
    source = f"at + k * {strides[0]}" + (f" + i1 * {strides[1]}" if len(dims) == 2 else "")
    body = [f"*q++ = *({type_}_at *)({source});"]
    if len(dims) == 2:
        body = loops_along(1, "d1", body)
    lines += loops(["d0"], [f"i64 k = {item}; if (k < 0) k += n;", *body])
    return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", held, SIZES[char])])


def _new_item(code: LoopCode, value: int, char: str, counter: str, lines: list[str]) -> str:
    """What is written: a number, or the item at the counter of an array of one axis."""
    if code.classes[value] != OBJECT:
        names: dict[Any, str] = {}
        lines += scalars(code, [(value, code.classes[value], char)], names)
        return names[value, char]
    if char_of(code, value) != char or code.ranks[value] != 1:
        raise Interpreted
    return f"*({CHAR_TYPES[char]}_at *)(p{value} + (n{value}_0 == 1 ? 0 : {counter} * s{value}_0))"


def emit_scatter(code: LoopCode, pc: int) -> list[str]:
    """x[indices] = value, x[mask] = value, in place."""
    row = code.rows[pc]
    form = row[6].describe()
    x, r, value = form["array"], form["dst"], form["value"]
    char = char_of(code, x)
    if not row[5] & 1 or x in code.constants or r not in code.moved or x not in code.moved or value == x:
        raise Interpreted
    lines, at, dims, strides = staged(code, x, form["stages"], pc)
    if chooses_columns(form):
        return _scatter_columns(code, pc, at, dims, strides, lines)
    if len(form["entries"]) > 1:
        found = _points(code, form, dims, strides, lines)
        if found is None or any(registers[0] == x for _, registers in form["entries"]):
            raise Interpreted
        return _scatter_points(code, pc, at, found, lines)
    index = _chosen(code, form)
    if len(dims) != 1 or index == x:
        raise Interpreted
    type_ = CHAR_TYPES[char]
    lines.append(f"const i64 n = {dims[0]}, m = n{index}_0;")
    lines.append(f"if (UNLIKELY(m > {FEW})) break;")
    item = _new_item(code, value, char, "j", lines)
    own = f"if (UNLIKELY(!{code.own(x)})) break;"
    if char_of(code, index) == "?":
        mask = f"*(u8_at *)(p{index} + i0 * s{index}_0)"
        lines += [
            "if (UNLIKELY(m != n)) break;",
            f"i64 count = 0; for (i64 i0 = 0; i0 < n; i0++) count += {mask} != 0;",
        ]
        if code.classes[value] == OBJECT:
            lines.append(f"if (UNLIKELY(n{value}_0 != count && n{value}_0 != 1)) break;")
        lines += [own, f"char *at = {at};", "i64 j = 0;"]
        body = f"if ({mask}) {{ *({type_}_at *)(at + i0 * {strides[0]}) = {item}; j++; }}"
        lines.append(f"for (i64 i0 = 0; i0 < n; i0++) {body}")
    else:
        position, note = _position(code, index, "n")
        lines += ["int bad = 0;", f"for (i64 i0 = 0; i0 < m; i0++) {{ {note} }}", "if (UNLIKELY(bad)) break;"]
        if code.classes[value] == OBJECT:
            lines.append(f"if (UNLIKELY(n{value}_0 != m && n{value}_0 != 1)) break;")
        lines += [own, f"char *at = {at};"]
        body = f"i64 k = {position}, j = i0; (void)j; if (k < 0) k += n; *({type_}_at *)(at + k * {strides[0]}) = {item};"
        lines.append(f"for (i64 i0 = 0; i0 < m; i0++) {{ {body} }}")
    return attempt(code, pc, [*lines, *written(code, pc, r, x)])


def _scatter_points(
    code: LoopCode, pc: int, at: str, found: tuple[list[str], str], lines: list[str]
) -> list[str]:
    """x[rows, columns, ...] = value, of index arrays and numbers, in place."""
    form = code.rows[pc][6].describe()
    x, r, value = form["array"], form["dst"], form["value"]
    char, (body, count) = char_of(code, x), found
    item = _new_item(code, value, char, "i0", lines)
    if code.classes[value] == OBJECT:
        lines.append(f"if (UNLIKELY(n{value}_0 != {count} && n{value}_0 != 1)) break;")
    lines += [f"if (UNLIKELY(!{code.own(x)})) break;", f"char *at = {at};"]
    lines += loops_along(0, count, [*body, f"*({CHAR_TYPES[char]}_at *)item = {item};"])
    return attempt(code, pc, [*lines, *written(code, pc, r, x)])


def emit_nonzero(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """The positions in an array of one axis that are not zero."""
    (x,) = form.operands
    r = code.rows[pc][9][0]
    char = char_of(code, x)
    if (
        code.ranks[x] != 1
        or len(code.rows[pc][9]) != 1
        or char_of(code, r) != "l"
        or CHAR_TYPES[char] == "c128"
    ):
        raise Interpreted
    item = f"*({CHAR_TYPES[char]}_at *)(p{x} + i * s{x}_0)"
    lines = [f"const i64 n = n{x}_0;", f"if (UNLIKELY(n > {FEW})) break;"]
    lines.append(f"i64 d0 = 0; for (i64 i = 0; i < n; i++) d0 += {item} != 0;")
    lines += fresh(code, r, "y", ["d0"], NUMBERS["l"])
    lines.append("i64_at *q = (i64_at *)((struct array *)y)->data;")
    lines.append(f"for (i64 i = 0; i < n; i++) if ({item} != 0) *q++ = i;")
    return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", ["d0"], 8)])


# Products ----------------------------------------------------------------------------------------------------------


def emit_product(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """Products of small matrices and vectors, in the order of products.pyx."""
    a, b = form.operands
    r = code.rows[pc][9][0]
    char = char_of(code, a)
    ranks = code.ranks[a], code.ranks[b]
    if char_of(code, b) != char or char not in "lfd" or ranks not in {(1, 1), (1, 2), (2, 1), (2, 2)}:
        raise Interpreted
    type_ = CHAR_TYPES[char]
    inner, other = f"n{a}_{ranks[0] - 1}", f"n{b}_0"
    dims = ([f"n{a}_0"] if ranks[0] == 2 else []) + ([f"n{b}_1"] if ranks[1] == 2 else [])
    lines = [f"if (UNLIKELY({inner} != {other} || {' * '.join([*dims, inner])} > {SMALL})) break;"]
    lines += [f"const i64 m{k} = {dim};" for k, dim in enumerate(dims)]
    lines.append(f"const i64 n = {inner};")
    held = [f"m{k}" for k in range(len(dims))]
    left = f"p{a} + k * s{a}_{ranks[0] - 1}" + (f" + i0 * s{a}_0" if ranks[0] == 2 else "")
    column = f"i{len(dims) - 1}"
    right = f"p{b} + k * s{b}_0" + (f" + {column} * s{b}_1" if ranks[1] == 2 else "")
    wide = "u64" if type_ == "i64" else type_
    product = f"({wide})*({type_}_at *)({left}) * ({wide})*({type_}_at *)({right})"
    total = [f"{wide} acc = 0;", f"for (i64 k = 0; k < n; k++) acc += {product};"]
    if not dims:
        if code.type(r) != type_:
            raise Interpreted
        return attempt(code, pc, [*lines, *total, f"{code.target(r)} = ({type_})acc;", *release(code, pc)])
    if char_of(code, r) != char or code.ranks[r] != len(dims):
        raise Interpreted
    lines += fresh(code, r, "y", held, NUMBERS[char])
    lines.append(f"{type_}_at *q = ({type_}_at *)((struct array *)y)->data;")
    lines += loops(held, [*total, f"*q++ = ({type_})acc;"])
    return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", held, SIZES[char])])


def emit_any_write(code: LoopCode, pc: int) -> list[str]:
    """A write through any index."""
    basic = code.rows[pc][6].describe()["basic"]
    return emit_write(code, pc) if basic else emit_scatter(code, pc)


INDEXED: dict[int, Emitter] = {Opcode.GETITEM: emit_getitem, Opcode.WRITE: emit_any_write}
MAKERS: dict[str, CallEmitter] = {
    **dict.fromkeys(VALUES, emit_filled),
    **dict.fromkeys([f"{name}_like" for name in VALUES], emit_filled_like),
    "full": emit_full,
    "arange": emit_arange,
    "reshape": emit_reshape,
    "concatenate": emit_concatenate,
    "nonzero": emit_nonzero,
    "sum_to_shape": emit_sum_to_shape,
    "broadcast_dim": emit_broadcast_dim,
    "matmul": emit_product,
    "dot": emit_product,
}
