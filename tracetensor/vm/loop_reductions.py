"""The C text of reductions of arrays in loops, bit for bit as NumPy does them.

NumPy sums floating-point numbers in pairs of halves along the axis whose items are closest in memory, where that axis
is reduced, and one after the other along the others (numpy/_core/src/umath, pairwise summation). Maxima and minima that
are zero or NaN, of which NumPy's choice depends on the processor, are left to it, as is what has no items.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.vm.assembler import OBJECT
from tracetensor.vm.loop_arrays import NUMBERS, SIZES, attempt, char_of, fresh, release, settle
from tracetensor.vm.loop_code import BITS, CHAR_TYPES, Interpreted
from tracetensor.vm.region_code import C_TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.vm.assembler import CallForm
    from tracetensor.vm.loop_code import CallEmitter, LoopCode

MOST = 1 << 16
"""Items of an array, at most, that are reduced with the interpreter's lock held."""

SUMS = r"""
/* n items that are `stride` bytes apart: pairwise, as NumPy adds them. */
#define PAIRWISE(T, NAME) \
static T NAME(const char *p, i64 n, i64 stride) \
{ \
    if (n < 8) { \
        T sum = -(T)0; \
        for (i64 i = 0; i < n; i++) sum += *(T##_at *)(p + i * stride); \
        return sum; \
    } \
    if (n <= 128) { \
        T r[8]; \
        i64 i; \
        if (stride == sizeof(T)) { \
            const T##_at *q = (const T##_at *)p; \
            for (int k = 0; k < 8; k++) r[k] = q[k]; \
            for (i = 8; i < n - n % 8; i += 8) \
                for (int k = 0; k < 8; k++) r[k] += q[i + k]; \
            T sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7])); \
            for (; i < n; i++) sum += q[i]; \
            return sum; \
        } \
        for (int k = 0; k < 8; k++) r[k] = *(T##_at *)(p + k * stride); \
        for (i = 8; i < n - n % 8; i += 8) \
            for (int k = 0; k < 8; k++) r[k] += *(T##_at *)(p + (i + k) * stride); \
        T sum = ((r[0] + r[1]) + (r[2] + r[3])) + ((r[4] + r[5]) + (r[6] + r[7])); \
        for (; i < n; i++) sum += *(T##_at *)(p + i * stride); \
        return sum; \
    } \
    i64 half = n / 2; \
    half -= half % 8; \
    return NAME(p, half, stride) + NAME(p + half * stride, n - half, stride); \
}
"""

WHOLE_SUM = r"""
/* n integers that are `stride` bytes apart, or whether each is not zero, added to a sum. */
static u64 total_{type}{test}(const char *p, i64 n, i64 stride, u64 acc)
{{
    if (stride == sizeof({type})) {{
        const {type}_at *q = (const {type}_at *)p;
        for (i64 i = 0; i < n; i++) {{ const {type} z = q[i]; acc += (u64)({read}); }}
        return acc;
    }}
    for (i64 i = 0; i < n; i++, p += stride) {{ const {type} z = *({type}_at *)p; acc += (u64)({read}); }}
    return acc;
}}
"""

EXTREME = r"""
/* The greatest or least of `acc` and n items that are `stride` bytes apart; bad: whether one is NaN. */
static {type} {name}_{type}(const char *p, i64 n, i64 stride, {type} acc, int *bad)
{{
    i64 i = 0;
    int odd = 0;
    if (n >= 16 && stride == sizeof({type})) {{
        const {type}_at *q = (const {type}_at *)p;
        {type} m[8], wrong[8] = {{0}};
        for (int k = 0; k < 8; k++) m[k] = acc;
        for (; i < n - n % 8; i += 8)
            for (int k = 0; k < 8; k++) {{
                const {type} z = q[i + k];
                m[k] = z {sign} m[k] ? z : m[k];
                wrong[k] = {nan} ? 1 : wrong[k];
            }}
        for (int k = 0; k < 8; k++) {{ acc = m[k] {sign} acc ? m[k] : acc; odd |= wrong[k] != 0; }}
    }}
    for (; i < n; i++) {{ const {type} z = *({type}_at *)(p + i * stride); acc = z {sign} acc ? z : acc; odd |= {nan}; }}
    *bad |= odd;
    return acc;
}}
"""

FIRST = r"""
/* The position of the first extreme item, or of the first NaN, of n that are `stride` bytes apart. */
static i64 arg{name}_{type}(const char *p, i64 n, i64 stride)
{{
    {type} best = *({type}_at *)p;
    i64 found = 0;
    if (n >= 32 && stride == sizeof({type})) {{
        const {type}_at *q = (const {type}_at *)p;
        int bad = 0;
        best = {name}_{type}(p, n, stride, best, &bad);
        if (!bad) {{
            while (q[found] != best) found++;
            return found;
        }}
        best = *q;
    }}
    for (i64 i = 0; i < n; i++) {{
        const {type} z = *({type}_at *)(p + i * stride);
        if (z {sign} best || (best == best && z != z)) {{ best = z; found = i; }}
    }}
    return found;
}}
"""


def extreme(code: LoopCode, name: str, type_: str) -> str:
    """The function that finds the "max" or "min" of items."""
    nan = "(z != z)" if type_ not in BITS else "0"
    function = f"{name}_{type_}"
    code.helpers[function] = EXTREME.format(
        name=name, type=type_, sign=">" if name == "max" else "<", nan=nan
    )
    return function


def lanes(code: LoopCode, form: CallForm, r: int) -> tuple[int, list[int], list[int]]:
    """The array that is reduced, its axes that are, and the others; what has other options is the interpreter's."""
    x = form.operands[0]
    rank = code.ranks.get(x, -1)
    if len(form.operands) != 1 or rank < 1 or not form.params.keys() <= {"axis", "keepdims", "dtype"}:
        raise Interpreted
    axis = form.params.get("axis")
    axes = range(rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if any(not isinstance(k, int) or not -rank <= k < rank for k in axes):
        raise Interpreted
    reduced = sorted({k % rank for k in axes})
    kept = [k for k in range(rank) if k not in reduced]
    if form.params.get("keepdims") and code.classes[r] != OBJECT:
        raise Interpreted
    return x, reduced, kept


class Result:
    """Where the results of a reduction go: a register of numbers, or an array with an item for each lane."""

    def __init__(self, code: LoopCode, pc: int, form: CallForm, kept: Sequence[int]) -> None:
        self.code, self.r, self.x = code, code.rows[pc][9][0], form.operands[0]
        self.scalar = code.classes[self.r] != OBJECT
        if self.scalar:
            if kept or code.type(self.r) is None:
                raise Interpreted
            self.type = code.type(self.r) or ""
            self.char = ""
            return
        self.char = char_of(code, self.r)
        if self.char not in C_TYPES:
            raise Interpreted
        self.type = C_TYPES[self.char]
        self.dims = [f"n{self.x}_{k}" for k in kept]
        if form.params.get("keepdims"):
            rank = code.ranks[self.x]
            self.dims = [f"n{self.x}_{k}" if k in kept else "1" for k in range(rank)]
        if code.ranks[self.r] != len(self.dims):
            raise Interpreted

    def begin(self) -> list[str]:
        """Lines before the loops."""
        if self.scalar:
            return []
        lines = [f"const i64 m{k} = {dim};" for k, dim in enumerate(self.dims)]
        lines += fresh(self.code, self.r, "y", [f"m{k}" for k in range(len(self.dims))], NUMBERS[self.char])
        return [*lines, f"{self.type}_at *q = ({self.type}_at *)((struct array *)y)->data;"]

    def put(self, value: str) -> str:
        """A line that gives the result of the next lane."""
        return f"{self.code.target(self.r)} = {value};" if self.scalar else f"*q++ = {value};"

    def end(self, pc: int) -> list[str]:
        """Lines after the loops."""
        lines = release(self.code, pc)
        if self.scalar:
            return lines
        dims = [f"m{k}" for k in range(len(self.dims))]
        return lines + settle(self.code, self.r, "y", dims, SIZES[self.char])


def _over(
    code: LoopCode, x: int, axes: Sequence[int], name: str, body: Sequence[str], going: str = ""
) -> list[str]:
    """The body for all places along some axes, from the pointer `name` on; while it is `going` on, if that is given."""
    lines = []
    for depth, k in enumerate(axes):
        source = name if depth == 0 else f"{name}{axes[depth - 1]}_"
        lines.append(f"{'    ' * depth}char *{name}{k}_ = {source};")
        lines.append(
            f"{'    ' * depth}for (i64 j{name}{k} = 0; j{name}{k} < n{x}_{k}{going}; j{name}{k}++, {name}{k}_ += s{x}_{k}) {{"
        )
    lines += ["    " * len(axes) + line for line in body]
    return lines + ["    " * k + "}" for k in range(len(axes) - 1, -1, -1)]


def _last(name: str, axes: Sequence[int]) -> str:
    return f"{name}{axes[-1]}_" if axes else name


def _size(code: LoopCode, x: int) -> str:
    return " * ".join([f"n{x}_{k}" for k in range(code.ranks[x])])


def emit_fold(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """sum, prod, max, min, any, all: of what has the same result in any order, or none but that of memory."""
    r = code.rows[pc][9][0]
    x, reduced, kept = lanes(code, form, r)
    char = char_of(code, x)
    if char not in C_TYPES:
        raise Interpreted
    result = Result(code, pc, form, kept)
    source, target, name = C_TYPES[char], result.type, form.name
    exact = target in BITS or name in {"max", "min", "any", "all"}
    if name in {"sum", "prod"}:
        if target not in {"i64", "u64", "f64", "f32"} or (target not in BITS and source != target):
            raise Interpreted
        if name == "prod" and not exact and len(reduced) > 1:
            raise Interpreted
        wide = f"({'u64' if target in BITS else target})"
        start, step = ("0", "acc += ") if name == "sum" else ("1", "acc *= ")
        step += wide
    elif name in {"max", "min"}:
        if source != target:
            raise Interpreted
    elif target != "u8" or name not in {"any", "all"}:
        raise Interpreted
    if name == "sum" and not exact:
        return _emit_float_sum(code, pc, x, reduced, kept, result)
    item = f"*({source}_at *){_last('b', reduced)}"
    lines = [f"if (UNLIKELY({_size(code, x)} > {MOST})) break;"]
    at = _last("a", kept)
    if name in {"sum", "prod"}:
        read = f"({item} != 0)" if char == "?" else item
        type_ = "u64" if target in BITS else target
        inner = _over(code, x, reduced, "b", [f"{step}{read};"])
        if name == "sum":
            test, axis = "_bool" if char == "?" else "", reduced[-1]
            code.helpers[f"total_{source}{test}"] = WHOLE_SUM.format(
                type=source, test=test, read="z != 0" if test else "z"
            )
            call = f"total_{source}{test}({_last('b', reduced[:-1])}, n{x}_{axis}, s{x}_{axis}, acc)"
            inner = _over(code, x, reduced[:-1], "b", [f"acc = {call};"])
        body = [f"{type_} acc = {start};", f"char *b = {at};", *inner, result.put(f"({target})acc")]
        if name == "prod" and not exact:
            axis = reduced[0]
            lines.append(f"if (s{x}_{axis} < 0) break;")
    elif name in {"max", "min"}:
        lines.append(f"if (UNLIKELY({' * '.join([f'n{x}_{k}' for k in reduced])} == 0)) break;")
        axis = reduced[-1]
        call = (
            f"{extreme(code, name, source)}({_last('b', reduced[:-1])}, n{x}_{axis}, s{x}_{axis}, acc, &bad)"
        )
        inner = _over(code, x, reduced[:-1], "b", [f"acc = {call};"])
        body = [f"{source} acc = *({source}_at *){at};", f"char *b = {at};", *inner]
        lines.append("int bad = 0;")
        if target not in BITS:
            body.append("bad |= acc == 0;")
        body.append(result.put("acc"))
    else:
        test = f"acc |= {item} != 0;" if name == "any" else f"acc &= {item} != 0;"
        inner = _over(code, x, reduced, "b", [test], " && !acc" if name == "any" else " && acc")
        start = "0" if name == "any" else "1"
        body = [f"u8 acc = {start};", f"char *b = {at};", *inner, result.put("acc")]
    lines += result.begin()
    lines += ["char *a = p" + str(x) + ";", *_over(code, x, kept, "a", body)]
    if name in {"max", "min"} and target not in BITS:
        lines.append(_undone(result, "bad"))
    return attempt(code, pc, [*lines, *result.end(pc)])


def _undone(result: Result, condition: str) -> str:
    """A line that leaves what has been done so far to the interpreter."""
    if result.scalar:
        return f"if (UNLIKELY({condition})) break;"
    return f"if (UNLIKELY({condition})) {{ E->decref(y); break; }}"


def _emit_float_sum(
    code: LoopCode, pc: int, x: int, reduced: Sequence[int], kept: Sequence[int], result: Result
) -> list[str]:
    lines, put = _float_sums(code, x, reduced, kept, result)
    lines = [f"if (UNLIKELY({_size(code, x)} > {MOST})) break;", *result.begin(), *lines]
    return attempt(code, pc, [*lines, *put, *result.end(pc)])


def _float_sums(
    code: LoopCode, x: int, reduced: Sequence[int], kept: Sequence[int], result: Result, then: str = "{}"
) -> tuple[list[str], list[str]]:
    """Lines that leave what is not plain to the interpreter; lines that sum, and give `then` of each sum."""
    char = char_of(code, x)
    type_ = C_TYPES[char]
    name = f"sum_{type_}"
    code.helpers["pairwise"] = SUMS
    code.helpers[name] = f"PAIRWISE({type_}, {name})\n"
    size = SIZES[char]
    rank = code.ranks[x]
    if rank == 1:
        return [], [result.put(then.format(f"(0 + {name}(p{x}, n{x}_0, s{x}_0))"))]
    if not kept:  # all of an array whose items are one after the other
        test, expected = [], str(size)
        for k in range(rank - 1, -1, -1):
            test.append(f"(n{x}_{k} != 1 && s{x}_{k} != {expected})")
            expected += f" * n{x}_{k}"
        call = f"(0 + {name}(p{x}, {_size(code, x)}, {size}))"
        return [f"if (UNLIKELY({' || '.join(test)})) break;"], [result.put(then.format(call))]
    if rank != 2 or len(reduced) != 1:
        raise Interpreted
    k, j = reduced[0], kept[0]
    lines = [f"if (UNLIKELY(s{x}_0 < 0 || s{x}_1 < 0 || n{x}_0 == 0 || n{x}_1 == 0)) break;"]
    inner = f"n{x}_{j} == 1 || (n{x}_{k} != 1 && s{x}_{k} < s{x}_{j})"
    lines.append(f"if (UNLIKELY(n{x}_{k} > 1 && n{x}_{j} > 1 && s{x}_{k} == s{x}_{j})) break;")
    row = f"(0 + {name}(p{x} + j * s{x}_{j}, n{x}_{k}, s{x}_{k}))"
    one = f"{{ {type_} acc = 0; for (i64 i = 0; i < n{x}_{k}; i++) "
    one += f"acc += *({type_}_at *)(p{x} + j * s{x}_{j} + i * s{x}_{k}); {result.put(then.format('acc'))} }}"
    put = [
        f"for (i64 j = 0; j < n{x}_{j}; j++)",
        f"    if ({inner}) {result.put(then.format(row))}",
        f"    else {one}",
    ]
    return lines, put


def emit_mean(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """numpy.mean of floating-point numbers: the sum, divided."""
    r = code.rows[pc][9][0]
    x, reduced, kept = lanes(code, form, r)
    result = Result(code, pc, form, kept)
    if CHAR_TYPES.get(char_of(code, x)) != result.type or result.type not in {"f64", "f32"}:
        raise Interpreted
    if form.params.get("dtype") is not None:
        raise Interpreted
    count = " * ".join([f"n{x}_{k}" for k in reduced])
    lines, put = _float_sums(code, x, reduced, kept, result, f"{{}} / ({result.type})({count})")
    first = [f"if (UNLIKELY({_size(code, x)} > {MOST} || ({count}) == 0)) break;"]
    return attempt(code, pc, [*first, *lines, *result.begin(), *put, *result.end(pc)])


def emit_arg(code: LoopCode, pc: int, form: CallForm) -> list[str]:
    """argmax, argmin: the first of the extreme items, or of the NaNs."""
    r = code.rows[pc][9][0]
    x, reduced, kept = lanes(code, form, r)
    char = char_of(code, x)
    result = Result(code, pc, form, kept)
    if char not in C_TYPES or result.type != "i64" or form.params.keys() - {"axis", "keepdims"}:
        raise Interpreted
    source = C_TYPES[char]
    sign = ">" if form.name == "argmax" else "<"
    item = f"*({source}_at *){_last('b', reduced)}"
    at = _last("a", kept)
    if len(reduced) == 1 and char != "?":
        function = f"arg{extreme(code, form.name.removeprefix('arg'), source)}"
        code.helpers[function] = FIRST.format(name=form.name.removeprefix("arg"), type=source, sign=sign)
        body = [result.put(f"{function}({at}, n{x}_{reduced[0]}, s{x}_{reduced[0]})")]
    else:
        nan = " || (best == best && z != z)" if source not in BITS else ""
        update = [
            f"const {source} z = {item}{' != 0' if char == '?' else ''};",
            f"if (z {sign} best{nan}) {{ best = z; found = place; }}",
            "place++;",
        ]
        body = [
            f"{source} best = *({source}_at *){at}{' != 0' if char == '?' else ''};",
            "i64 found = 0, place = 0;",
            f"char *b = {at};",
            *_over(code, x, reduced, "b", update),
            result.put("found"),
        ]
    count = " * ".join([f"n{x}_{k}" for k in reduced])
    lines = [f"if (UNLIKELY({_size(code, x)} > {MOST} || ({count}) == 0)) break;", *result.begin()]
    lines += [f"char *a = p{x};", *_over(code, x, kept, "a", body)]
    return attempt(code, pc, [*lines, *result.end(pc)])


REDUCTIONS: dict[str, CallEmitter] = {
    **dict.fromkeys(["sum", "prod", "max", "min", "any", "all"], emit_fold),
    "mean": emit_mean,
    "argmax": emit_arg,
    "argmin": emit_arg,
}
