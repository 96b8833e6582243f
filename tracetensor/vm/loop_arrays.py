"""The C text of what loops do to whole arrays that are small: views, elementwise operations, writes, new arrays.

An array in a register is known by its address, dims and strides, which are variables; the reference is what keeps the
memory. A view has no object of its own while no instruction of the interpreter looks at it: its reference is that of
the array. Results are put in memory that the register had before, where nobody else has that (`fresh`).

What is not plain, errors first of all, and what is large enough for NumPy's loops and for kernels to be as fast, is
left to the interpreter: the lines `break`, and nothing has been done then.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.vm.assembler import OBJECT, PY_INT, CallForm, canonical
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.loop_code import BITS, CHAR_TYPES, FEW, Interpreted
from tracetensor.vm.loop_scalars import convert, emit_ufunc, part
from tracetensor.vm.region_code import C_TYPES, expression, text_of
from tracetensor.vm.regions import Region, single

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tracetensor.vm.loop_code import CallEmitter, Emitter, LoopCode
    from tracetensor.vm.regions import Elementwise

VECTOR = 16
"""Items of an axis from which on a loop over it is written so that the compiler makes vector instructions of it."""
NUMBERS = {char: np.dtype(char).num for char in CHAR_TYPES}
SIZES = {char: np.dtype(char).itemsize for char in CHAR_TYPES}


def attempt(code: LoopCode, pc: int, lines: Iterable[str]) -> list[str]:
    """Lines that `break` where something is not plain: then the interpreter does the instruction."""
    inner = [f"    {line}" for line in [*lines, f"goto done{pc};"]]
    return ["do {", *inner, "} while (0);", *code.step(pc), f"done{pc}:;"]


def char_of(code: LoopCode, r: int) -> str:
    """The character of the type of an array's items."""
    type_ = code.array_type(r)
    if type_ is None or r not in code.ranks:
        raise Interpreted
    return canonical(type_.dtype).char


def dims_of(code: LoopCode, r: int) -> list[str]:
    """The dims of an array."""
    return [f"n{r}_{k}" for k in range(code.ranks[r])]


def release(code: LoopCode, pc: int) -> list[str]:
    """Lines that give up the references to arrays that an instruction reads for the last time."""
    takes, reads = code.rows[pc][5], code.rows[pc][8]
    return [
        code.clear(r)
        for r in dict.fromkeys(r for k, r in enumerate(reads) if takes >> k & 1)
        if code.classes[r] == OBJECT
    ]


def settle(code: LoopCode, r: int, array: str, dims: Sequence[str], size: int) -> list[str]:
    """Lines that put a new array in C order in a register."""
    strides = ["1"] * len(dims)
    for k in range(len(dims) - 2, -1, -1):
        strides[k] = f"s{r}_{k + 1} * n{r}_{k + 1}"
    lines = [f"drop(E, &o{r});", f"o{r} = {array}; p{r} = ((struct array *){array})->data; w{r} = 1;"]
    if r in code.virtual:
        lines.append(f"v{r} = 0;")
    lines.append(" ".join([f"n{r}_{k} = {dim};" for k, dim in enumerate(dims)]))
    last = len(dims) - 1
    texts = [f"s{r}_{k} = {size if k == last else strides[k]};" for k in range(last, -1, -1)]
    lines.append(" ".join(texts))
    return [line for line in lines if line]


def fresh(code: LoopCode, r: int, name: str, dims: Sequence[str], number: int) -> list[str]:
    """Lines that make a new array for a register, in a variable."""
    if r not in code.fresh:
        raise Interpreted
    axes = f"(i64[]){{{', '.join(dims)}}}" if dims else "0"
    return [
        f"void *{name} = E->fresh(&x{r}, {number}, {len(dims)}, {axes});",
        f"if (UNLIKELY(!{name})) break;",
    ]


def loops(dims: Sequence[str], body: Sequence[str]) -> list[str]:
    """The body inside one loop for each axis; i0, i1 and so on count."""
    lines = []
    for k, dim in enumerate(dims):
        lines.append(f"{'    ' * k}for (i64 i{k} = 0; i{k} < {dim}; i{k}++) {{")
    lines += [f"{'    ' * len(dims)}{line}" for line in body]
    return lines + [f"{'    ' * k}}}" for k in range(len(dims) - 1, -1, -1)]


def loops_along(axis: int, dim: str, body: Sequence[str]) -> list[str]:
    """The body in a loop over one axis."""
    return [f"for (i64 i{axis} = 0; i{axis} < {dim}; i{axis}++) {{", *[f"    {line}" for line in body], "}"]


def either(tests: Sequence[str], then: Sequence[str], orelse: Sequence[str]) -> list[str]:
    """One or the other."""
    inside = [[f"    {line}" for line in part] for part in (then, orelse)]
    return [f"if ({' && '.join(tests)}) {{", *inside[0], "} else {", *inside[1], "}"]


def place(base: str, strides: Sequence[str], first: int = 0) -> str:
    """The address of the item at the counters of the loops, from number `first` on."""
    return " + ".join(
        [base, *[f"i{first + k} * {stride}" for k, stride in enumerate(strides) if stride != "0"]]
    )


def few(dims: Sequence[str]) -> str:
    """A line that leaves what has many items to others."""
    return f"if (UNLIKELY({' * '.join(dims) or '1'} > {FEW})) break;"


# Elementwise operations ---------------------------------------------------------------------------------------------


def scalars(code: LoopCode, inputs: Iterable[tuple[int, int, str]], names: dict[Any, str]) -> list[str]:
    """Lines that convert the numbers among the inputs; `names` gets what stands for them."""
    lines = []
    for k, (r, cls, char) in enumerate(inputs):
        if cls == OBJECT:
            continue
        source, target = code.type(r), CHAR_TYPES[char]
        if source is None:
            raise Interpreted
        bad, value = convert(source, code.value(r), target, char == "?", strict=True, weak=cls == PY_INT)
        if bad:
            lines.append(f"if (UNLIKELY({bad})) break;")
        lines.append(f"const {target} c{k} = {value};")
        names[r, char] = f"c{k}"
    return lines


def region_of(code: LoopCode, pc: int) -> Region:
    """The region that an instruction is."""
    form = code.rows[pc][10]
    if isinstance(form, Region):
        return form
    if form is None or isinstance(form, CallForm) or not form.rank:
        raise Interpreted
    return single(form, code.rows[pc][9][0])


def check_texts(operations: Iterable[tuple[Elementwise, int]]) -> None:
    """Leave operations to the interpreter for which C has nothing."""
    if not all(has_text(form) for form, _ in operations):
        raise Interpreted


def has_text(form: Elementwise) -> bool:
    """Whether C has an operation."""
    return text_of(form.name, form.given, form.loop, form.classes) is not None


def emit_elementwise(code: LoopCode, pc: int) -> list[str]:
    """A region, or one operation."""
    region = region_of(code, pc)
    operations, inputs, outputs, updated = region
    if code.rows[pc][0] == Opcode.UFUNC and not has_text(operations[0][0]):
        return _by_loop(code, pc)
    check_texts(operations)
    rank = operations[0][0].rank
    arrays = [(k, r, char) for k, (r, cls, char) in enumerate(inputs) if cls == OBJECT]
    if any(char_of(code, r) != char or code.ranks[r] > rank for _, r, char in arrays):
        raise Interpreted
    if any(code.ranks.get(r) != rank or char_of(code, r) != char for r, char in outputs):
        raise Interpreted
    names: dict[Any, str] = {(r, None): f"a{k}" for k, r, _ in arrays}
    lines = scalars(code, inputs, names)
    dims = [f"d{j}" for j in range(rank)]
    lines += _broadcast(code, [r for _, r, _ in arrays], rank)
    lines += _completeness(code, region, rank)
    lines.append(few(dims))
    for _, r, _ in arrays:
        lines += in_order(code, r)
    keeps_order = rank > 1 and (updated or any(form.name == "cast" for form, _ in operations))
    for k, r, _ in arrays:
        own = range(code.ranks[r])
        lines += [f"const i64 t{k}_{j} = n{r}_{j} == 1 ? 0 : s{r}_{j};" for j in own]
        lines += [f"if (n{r}_{j} > 1 && !s{r}_{j}) break;" for j in own if keeps_order]
    chars = {r: char for _, r, char in arrays} | {r: form.loop[-1] for form, r in operations}
    compute = [
        f"const {C_TYPES[form.loop[-1]]} r{r} = {expression(form, names, chars)};" for form, r in operations
    ]
    for k, (r, char) in enumerate(outputs):
        lines += fresh(code, r, f"y{k}", dims, NUMBERS[char])
        lines.append(f"{C_TYPES[char]}_at *q{k} = ({C_TYPES[char]}_at *)((struct array *)y{k})->data;")
    lines += _over_items(code, arrays, rank, compute, [r for r, _ in outputs])
    lines += release(code, pc)
    for k, (r, char) in enumerate(outputs):
        lines += settle(code, r, f"y{k}", dims, SIZES[char])
    return attempt(code, pc, lines)


def _over_items(
    code: LoopCode,
    arrays: Sequence[tuple[int, int, str]],
    rank: int,
    compute: Sequence[str],
    outputs: Sequence[int],
) -> list[str]:
    """Loops over items: along rows in which they are next to each other, as one row where all are, or anywhere."""
    last, dims, ends = rank - 1, [f"d{j}" for j in range(rank)], [f"e{j}" for j in range(rank)]
    lines, anywhere, packed, rows = [], [], [], []
    tests, whole = [f"{ends[last]} >= {VECTOR}"], []
    for k, r, char in arrays:
        own, lead = code.ranks[r], rank - code.ranks[r]
        type_, test = C_TYPES[char], " != 0" if char == "?" else ""
        strides = [f"t{k}_{j}" for j in range(own)]
        anywhere.append(f"const {type_} a{k} = *({type_}_at *)({place(f'p{r}', strides, lead)}){test};")
        packed.append(f"const {type_} a{k} = b{k}[{f'i{last}' if own else 0}]{test};")
        rows.append(f"const {type_}_at *b{k} = ({type_}_at *)({place(f'p{r}', strides[:-1], lead)});")
        tests += [f"{stride} == {SIZES[char]}" for stride in strides[-1:]]
        whole.append("0" if lead else f"n{r}_{last} == d{last}")
        whole += [f"t{k}_{j} == t{k}_{j + 1} * d{j + 1}" for j in range(own - 1) if not lead]
    if rank > 1:
        lines.append(f"const int whole = {' && '.join(whole)};")
        lines += [f"const i64 e{j} = whole ? 1 : d{j};" for j in range(last)]
    length = f"whole ? {' * '.join(dims)} : " if rank > 1 else ""
    lines.append(f"const i64 e{last} = {length}d{last};")

    def stores(lengths: Sequence[str]) -> list[str]:
        counters = "i0"
        for j in range(1, rank):
            counters = f"({counters}) * {lengths[j]} + i{j}"
        return [f"q{k}[{counters}] = r{r};" for k, r in enumerate(outputs)]

    inner = [*packed, *compute, *stores(ends)]
    packed_loops = loops(ends[:last], [*rows, "INDEPENDENT", *loops_along(last, ends[last], inner)])
    return lines + either(tests, packed_loops, loops(dims, [*anywhere, *compute, *stores(dims)]))


def _by_loop(code: LoopCode, pc: int) -> list[str]:
    """A ufunc that C does not have: by NumPy's own loop, along the last axis."""
    form = code.rows[pc][10]
    _, chars, registers, _ = code.rows[pc][6].describe()
    rank, count = form.rank, len(form.operands)
    inputs = list(zip(registers[:count], form.classes, chars[:count], strict=True))
    arrays = [(k, r) for k, (r, cls, _) in enumerate(inputs) if cls == OBJECT]
    outputs = list(zip(registers[count:], chars[count:], strict=True))
    if not set(chars) <= CHAR_TYPES.keys() or (rank > 1 and "D" in chars) or may_fail(form.name, chars):
        raise Interpreted
    if any(char_of(code, r) != chars[k] or code.ranks[r] > rank for k, r in arrays):
        raise Interpreted
    if any(code.ranks.get(r) != rank or char_of(code, r) != char for r, char in outputs):
        raise Interpreted
    names: dict[Any, str] = {}
    lines = scalars(code, inputs, names)
    lines += [*_broadcast(code, [r for _, r in arrays], rank), few([f"d{j}" for j in range(rank)])]
    for k, r in arrays:
        lines += [*in_order(code, r), *aligned(code, r, SIZES[chars[k]])]
    pointers, strides = [], []
    for k, (r, cls, char) in enumerate(inputs):
        if cls != OBJECT:
            pointers.append(f"(char *)&{names[r, char]}")
            strides.append("0")
            continue
        own, lead = code.ranks[r], rank - code.ranks[r]
        lines += [f"const i64 t{k}_{j} = n{r}_{j} == 1 ? 0 : s{r}_{j};" for j in range(own)]
        pointers.append(place(f"p{r}", [f"t{k}_{j}" for j in range(own - 1)], lead))
        strides.append(f"t{k}_{own - 1}")
    dims = [f"d{j}" for j in range(rank)]
    row = "0"
    for j in range(rank - 1):
        row = f"({row} * d{j} + i{j})"
    for k, (r, char) in enumerate(outputs):
        lines += fresh(code, r, f"y{k}", dims, NUMBERS[char])
        pointers.append(f"((struct array *)y{k})->data + {row} * d{rank - 1} * {SIZES[char]}")
        strides.append(str(SIZES[char]))
    lines.append(f"i64 steps[] = {{{', '.join(strides)}}};")
    body = [f"char *at[] = {{{', '.join(pointers)}}};", f"E->inner(run, {pc}, at, d{rank - 1}, steps);"]
    lines += [*loops(dims[:-1], body), *release(code, pc)]
    for k, (r, char) in enumerate(outputs):
        lines += settle(code, r, f"y{k}", dims, SIZES[char])
    return attempt(code, pc, lines)


def may_fail(name: str, chars: str) -> bool:
    """Whether NumPy's loop of a ufunc may raise."""
    return name == "power" and chars[0] in "bBhHiIlLqQ"


def aligned(code: LoopCode, r: int, size: int) -> list[str]:
    """Lines that leave an array whose items are not aligned to the interpreter."""
    places = [f"(u64)p{r}", *[f"(u64)s{r}_{j}" for j in range(code.ranks[r])]]
    return [f"if (UNLIKELY(({' | '.join(places)}) & {min(size, 8) - 1})) break;"] if size > 1 else []


def emit_scalar(code: LoopCode, pc: int) -> list[str]:
    """A ufunc of numbers: C's, or one turn of NumPy's own loop."""
    try:
        return emit_ufunc(code, pc)
    except Interpreted:
        return _one_turn(code, pc)


def _one_turn(code: LoopCode, pc: int) -> list[str]:
    name, chars, registers, numbers = code.rows[pc][6].describe()
    count = len(code.rows[pc][8])
    if not numbers or not set(chars) <= CHAR_TYPES.keys() or may_fail(name, chars):
        raise Interpreted
    names: dict[Any, str] = {}
    inputs = [
        (r, code.classes[r], char)
        for r, char in zip(registers[: -len(code.rows[pc][9])], chars, strict=False)
    ]
    if len(inputs) < count:
        raise Interpreted
    lines = scalars(code, inputs, names)
    pointers = [f"(char *)&{names[r, char]}" for r, _, char in inputs]
    results = []
    for k, (r, char) in enumerate(zip(registers[len(inputs) :], chars[len(inputs) :], strict=True)):
        if code.type(r) != CHAR_TYPES[char]:
            raise Interpreted
        lines.append(f"{CHAR_TYPES[char]} y{k};")
        pointers.append(f"(char *)&y{k}")
        results.append(f"{code.target(r)} = y{k};")
    lines.append(f"char *at[] = {{{', '.join(pointers)}}};")
    lines.append(f"i64 steps[{len(pointers)}] = {{0}};")
    return attempt(code, pc, [*lines, f"E->inner(run, {pc}, at, 1, steps);", *results])


def _broadcast(code: LoopCode, arrays: Sequence[int], rank: int) -> list[str]:
    """Lines that find the dims d0, d1 and so on of what arrays are broadcast to."""
    lines = []
    full = sorted(arrays, key=lambda r: -code.ranks[r])
    if not full or code.ranks[full[0]] < rank:
        raise Interpreted
    lines.append(" ".join([f"i64 d{j} = n{full[0]}_{j};" for j in range(rank)]))
    for r in full[1:]:
        lead = rank - code.ranks[r]
        for j in range(lead, rank):
            n = f"n{r}_{j - lead}"
            lines.append(f"if ({n} != d{j}) {{ if (d{j} == 1) d{j} = {n}; else if ({n} != 1) break; }}")
    return lines


def _completeness(code: LoopCode, region: Region, rank: int) -> list[str]:
    """Lines that leave a region whose results have other shapes than the whole to the interpreter."""
    feeds: dict[int, frozenset[int]] = {r: frozenset([r]) for r, cls, _ in region.inputs if cls == OBJECT}
    arrays = frozenset(feeds)
    for form, result in region.operations:
        found: frozenset[int] = frozenset()
        for r, cls in zip(form.operands, form.classes, strict=False):
            if cls == OBJECT:
                found |= feeds[r]
        feeds[result] = found
    wanted = {feeds[r] for r, _ in region.outputs} | {feeds[r] for r in region.updated.values()}
    lines = []
    for found in wanted:
        if found == arrays and len(region.operations) == 1:
            continue
        for j in range(rank):
            tests = [
                f"n{r}_{j - rank + code.ranks[r]} != d{j}" for r in sorted(found) if j >= rank - code.ranks[r]
            ]
            if found != arrays:
                lines.append(f"if ({' && '.join([f'd{j} != 1', *tests])}) break;")
    for r in region.updated.values():
        if r in code.ranks and r in arrays:
            lines += [f"if (n{r}_{j} != d{j}) break;" for j in range(rank)]
    return lines


def in_order(code: LoopCode, r: int) -> list[str]:
    """Lines that leave an array whose axes are not in C order to the interpreter: NumPy's result has its order."""
    rank = code.ranks[r]
    tests = [
        f"(n{r}_{j} > 1 && n{r}_{k} > 1 && s{r}_{j} && SIZE(s{r}_{k}) > SIZE(s{r}_{j}))"
        for j in range(rank)
        for k in range(j + 1, rank)
    ]
    return [f"if (UNLIKELY({' || '.join(tests)})) break;"] if tests else []


# Views and writes ---------------------------------------------------------------------------------------------------


def emit_view(code: LoopCode, pc: int) -> list[str]:
    """A view, of which there is no object."""
    row = code.rows[pc]
    form = row[6].describe()
    r, array = form["dst"], form["array"]
    char_of(code, array)
    if form["copies"] or r not in code.virtual or not form["basic"]:
        raise Interpreted
    lines, at, dims, strides = part(code, form, pc)
    if len(dims) != code.ranks[r]:
        raise Interpreted
    after = code.rows[pc + 1] if pc + 1 < code.stop else row
    if after[0] == Opcode.DROP and r in after[8] and not row[5] & 1:
        return attempt(code, pc, lines)  # it is there for its errors only
    pairs = [(f"h{k}", dim) for k, dim in enumerate(dims)] + [(f"g{k}", s) for k, s in enumerate(strides)]
    lines += [f"i64 {name} = {value};" for name, value in pairs]  # of an array that may be the target's own
    lines.append(f"char *at = {at};")
    if row[5] & 1:
        lines += code.take(r, array)
    else:
        lines.append(f"share(E, &o{r}, {code.reference(array)});")
        lines.append(f"w{array} = 0;")
    lines.append(f"p{r} = at; w{r} = 0; v{r} = 1;")
    lines.append(" ".join([f"n{r}_{k} = h{k}; s{r}_{k} = g{k};" for k in range(len(dims))]))
    return attempt(code, pc, [line for line in lines if line])


def emit_write(code: LoopCode, pc: int) -> list[str]:
    """x[index] = value, in place."""
    row = code.rows[pc]
    form = row[6].describe()
    array, r, value = form["array"], form["dst"], form["value"]
    char = char_of(code, array)
    if not form["basic"] or not row[5] & 1 or array in code.constants or value == array:
        raise Interpreted
    if r not in code.moved or array not in code.moved:
        raise Interpreted
    lines, at, dims, strides = part(code, form, pc)
    names: dict[Any, str] = {}
    if code.classes[value] != OBJECT:
        lines += scalars(code, [(value, code.classes[value], char)], names)
        item = names[value, char]
    else:
        own_char = char_of(code, value)
        if code.ranks[value] > len(dims) or not _casts(own_char, char):
            raise Interpreted
        lead = len(dims) - code.ranks[value]
        own = []
        for k in range(code.ranks[value]):
            n = f"n{value}_{k}"
            lines.append(f"if ({n} != {dims[lead + k]} && {n} != 1) break;")
            lines.append(f"const i64 t{k} = {n} == 1 ? 0 : s{value}_{k};")
            own.append(f"t{k}")
        item = f"*({CHAR_TYPES[own_char]}_at *)({place(f'p{value}', own, lead)})"
        if own_char != char:
            item = f"{item} != 0" if char == "?" else f"({CHAR_TYPES[char]}){item}"
    lines += [few(dims), f"if (UNLIKELY(!{code.own(array)})) break;", f"char *at = {at};"]
    type_ = CHAR_TYPES[char]
    apart = loops(dims, [f"*({type_}_at *)({place('at', strides)}) = {item};"])
    source = None if code.classes[value] != OBJECT else (place(f"p{value}", own[:-1], lead), own[-1:])
    if not dims or (source is not None and (own_char != char or not source[1])):
        lines += apart
    else:
        last, tests = len(dims) - 1, [f"{strides[-1]} == {SIZES[char]}"]
        inner = [f"{type_}_at *u = ({type_}_at *)({place('at', strides[:-1])});"]
        if source is not None:
            tests.append(f"{source[1][0]} == {SIZES[char]}")
            inner.append(f"const {type_}_at *b = ({type_}_at *)({source[0]});")
            item = f"b[i{last}]"
        inner += ["INDEPENDENT", *loops_along(last, dims[-1], [f"u[i{last}] = {item};"])]
        lines += either([f"{dims[-1]} >= {VECTOR}", *tests], loops(dims[:-1], inner), apart)
    return attempt(code, pc, [*lines, *written(code, pc, r, array)])


def _casts(source: str, target: str) -> bool:
    """Whether C converts items as NumPy does, whatever they are."""
    if source == target:
        return True
    if "D" in source + target:
        return False
    return target in "fd?" or CHAR_TYPES[source] in BITS


def written(code: LoopCode, pc: int, r: int, array: int) -> list[str]:
    """Lines that let a register have the array that was written to, and drop the other operands."""
    lines = []
    if code.place(r) != code.place(array):
        lines += [*code.take(r, array), code.known(r, array, "1")]
    takes, reads = code.rows[pc][5], code.rows[pc][8]
    taken = dict.fromkeys(q for k, q in enumerate(reads) if takes >> k & 1 and q != array)
    return lines + [code.clear(q) for q in taken if code.classes[q] == OBJECT]


def emit_update(code: LoopCode, pc: int) -> list[str]:
    """x[index] op= value, in place."""
    row = code.rows[pc]
    site = row[6].describe()
    form: Elementwise = row[10]
    array, r = site["array"], site["dst"]
    char = char_of(code, array)
    if not site["basic"] or not row[5] & 1 or array in code.constants:
        raise Interpreted
    if r not in code.moved or array not in code.moved or form.loop[-1] != char:
        raise Interpreted
    inside = [bool(site["places"] >> k & 1) for k in range(len(form.operands))]
    text = has_text(form)
    if not text and (may_fail(form.name, form.loop) or not set(form.loop) <= CHAR_TYPES.keys()):
        raise Interpreted
    lines, at, dims, strides = part(code, site, pc)
    names: dict[Any, str] = {}
    outside = [
        (q, cls, c if cls != OBJECT else g)
        for q, cls, g, c, within in zip(
            form.operands, form.classes, form.given, form.loop, inside, strict=False
        )
        if not within
    ]
    if any(q == array or (cls == OBJECT and char_of(code, q) != c) for q, cls, c in outside):
        raise Interpreted
    if any(within and form.given[k] != char for k, within in enumerate(inside)):
        raise Interpreted
    lines += scalars(code, outside, names)
    body, operands = [], {}
    for k, (q, cls, c) in enumerate(outside):
        if cls != OBJECT:
            continue
        lead, own = len(dims) - code.ranks[q], []
        if lead < 0:
            raise Interpreted
        for j in range(code.ranks[q]):
            lines.append(f"if (n{q}_{j} != {dims[lead + j]} && n{q}_{j} != 1) break;")
            lines.append(f"const i64 t{k}_{j} = n{q}_{j} == 1 ? 0 : s{q}_{j};")
            own.append(f"t{k}_{j}")
        operands[q] = (lead, own)
        if not text:
            lines += aligned(code, q, SIZES[c])
            continue
        item = f"*({C_TYPES[c]}_at *)({place(f'p{q}', own, lead)})"
        body.append(f"const {C_TYPES[c]} a{k} = {item}{' != 0' if c == '?' else ''};")
        names[q, None] = f"a{k}"
    lines += [few(dims), f"if (UNLIKELY(!{code.own(array)})) break;", f"char *at = {at};"]
    if text:
        type_ = C_TYPES[char]
        chars = {q: c for q, cls, c in outside if cls == OBJECT} | {array: char}
        if any(inside):
            names[array, None] = "old"
        value = expression(form, names, chars)
        old = f"{' != 0' if char == '?' else ''};"
        first = [f"const {type_} old = *item{old}"] if any(inside) else []
        pointer = f"{type_}_at *item = ({type_}_at *)({place('at', strides)});"
        apart = loops(dims, [pointer, *first, *body, f"*item = {value};"])
        if not dims or any(not own for _, own in operands.values()):
            lines += apart
        else:
            last = len(dims) - 1
            tests = [f"{dims[-1]} >= {VECTOR}", f"{strides[-1]} == {SIZES[char]}"]
            rows = [f"{type_}_at *u = ({type_}_at *)({place('at', strides[:-1])});"]
            packed = [f"const {type_} old = u[i{last}]{old}"] if any(inside) else []
            for k, (q, cls, c) in enumerate(outside):
                if cls == OBJECT:
                    lead, own = operands[q]
                    tests.append(f"{own[-1]} == {SIZES[c]}")
                    rows.append(
                        f"const {C_TYPES[c]}_at *b{k} = ({C_TYPES[c]}_at *)({place(f'p{q}', own[:-1], lead)});"
                    )
                    packed.append(f"const {C_TYPES[c]} a{k} = b{k}[i{last}]{' != 0' if c == '?' else ''};")
            packed.append(f"u[i{last}] = {value};")
            inner = [*rows, "INDEPENDENT", *loops_along(last, dims[-1], packed)]
            lines += either(tests, loops(dims[:-1], inner), apart)
    else:
        lines[-3:-3] = aligned(code, array, SIZES[char])
        if not dims:
            raise Interpreted
        sources = []
        for q, cls, c, within in zip(form.operands, form.classes, form.loop, inside, strict=False):
            if within:
                sources.append((place("at", strides[:-1]), strides[-1]))
            elif cls != OBJECT:
                sources.append((f"(char *)&{names[q, c]}", "0"))
            else:
                lead, own = operands[q]
                sources.append((place(f"p{q}", own[:-1], lead), own[-1] if own else "0"))
        lines += _update_by_loop(pc, sources, dims, strides)
    return attempt(code, pc, [*lines, *written(code, pc, r, array)])


def _update_by_loop(
    pc: int, sources: Sequence[tuple[str, str]], dims: Sequence[str], strides: Sequence[str]
) -> list[str]:
    """An update that C does not have: by NumPy's own loop, along the last axis.

    sources: the address of each operand in a row, and how far apart its items are.
    """
    pointers = [pointer for pointer, _ in sources] + [place("at", strides[:-1])]
    steps = [step for _, step in sources] + [strides[-1]]
    body = [
        f"char *place[] = {{{', '.join(pointers)}}};",
        f"E->inner(run, {pc}, place, {dims[-1]}, steps);",
    ]
    return [f"i64 steps[] = {{{', '.join(steps)}}};", *loops(dims[:-1], body)]


# Calls ----------------------------------------------------------------------------------------------------------------


def emit_call(code: LoopCode, pc: int) -> list[str]:
    """A call of an op's own function."""
    form = code.rows[pc][10]
    emit = code.calls.get(form.name) if form is not None else None
    if emit is None:
        raise Interpreted
    return emit(code, pc, form)


def _emit_form(code: LoopCode, pc: int, _form: Any) -> list[str]:
    return emit_elementwise(code, pc)


def _emit_pack(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """numpy.array of numbers."""
    r = code.rows[pc][9][0]
    char = char_of(code, r)
    shape = form.params["shape"]
    if char not in C_TYPES or len(shape) != code.ranks[r]:
        raise Interpreted
    type_, lines, values = C_TYPES[char], [], []
    for k, q in enumerate(form.operands):
        source = code.type(q)
        if code.classes[q] == OBJECT or source is None:
            raise Interpreted
        bad, value = convert(source, code.value(q), type_, char == "?", strict=type_ in BITS)
        lines += [f"if (UNLIKELY({bad})) break;"] if bad else []
        values.append(f"q[{k}] = {value};")
    dims = [str(n) for n in shape]
    lines += fresh(code, r, "y", dims, NUMBERS[char])
    lines.append(f"{type_}_at *q = ({type_}_at *)((struct array *)y)->data;")
    return attempt(code, pc, [*lines, *values, *release(code, pc), *settle(code, r, "y", dims, SIZES[char])])


def emit_copy(code: LoopCode, pc: int) -> list[str]:
    """A copy in the order of the axes."""
    _, r, array = code.rows[pc][:3]
    return copied(code, pc, r, array, ordered=True)


def _emit_copy(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """A copy in C order, or whatever comes to it."""
    if form.params.get("order", "K") not in {"C", "K"}:
        raise Interpreted
    return copied(
        code, pc, code.rows[pc][9][0], form.operands[0], ordered=form.params.get("order", "K") == "K"
    )


def copied(
    code: LoopCode, pc: int, r: int, array: int, *, ordered: bool, checks: Sequence[str] = ()
) -> list[str]:
    """A copy in a register, in the array's own order or in C order; checks: lines that leave it to the interpreter."""
    char = char_of(code, array)
    dims = dims_of(code, array)
    if char not in CHAR_TYPES or code.ranks.get(r) != len(dims) or not dims or char_of(code, r) != char:
        raise Interpreted
    lines = [*checks, few(dims), *(in_order(code, array) if ordered else [])]
    if ordered and len(dims) > 1:
        lines += [f"if (n{array}_{j} > 1 && !s{array}_{j}) break;" for j in range(len(dims))]
    lines += fresh(code, r, "y", dims, NUMBERS[char])
    lines.append(f"{CHAR_TYPES[char]}_at *q = ({CHAR_TYPES[char]}_at *)((struct array *)y)->data;")
    lines.append(" ".join([f"const i64 h{k} = {dim};" for k, dim in enumerate(dims)]))
    held = [f"h{k}" for k in range(len(dims))]
    strides = [f"s{array}_{k}" for k in range(len(dims))]
    row = f"__builtin_memcpy(q, {place(f'p{array}', strides[:-1])}, {held[-1]} * {SIZES[char]}); q += {held[-1]};"
    lines += either(
        [f"{held[-1]} >= {VECTOR}", f"{strides[-1]} == {SIZES[char]}"],
        loops(held[:-1], [row]),
        loops(held, [f"*q++ = *({CHAR_TYPES[char]}_at *)({place(f'p{array}', strides)});"]),
    )
    return attempt(code, pc, [*lines, *release(code, pc), *settle(code, r, "y", held, SIZES[char])])


CALLS: dict[str, CallEmitter] = {
    **dict.fromkeys(["where", "cast"], _emit_form),
    "pack": _emit_pack,
    "copy": _emit_copy,
}
"""Calls that have C text, by the name of the op."""

ARRAYS: dict[int, Emitter] = {
    Opcode.VIEW: emit_view,
    Opcode.UFUNC: emit_elementwise,
    Opcode.UFUNC_SCALAR: emit_scalar,
    Opcode.FUSED: emit_elementwise,
    Opcode.UPDATE: emit_update,
    Opcode.COPY: emit_copy,
    Opcode.CALL: emit_call,
}
