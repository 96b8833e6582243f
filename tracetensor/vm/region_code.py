"""The C text of a kernel that does a region's elementwise operations in one pass, bit for bit as NumPy does them.

    void kernel(i64 n, char **p, const i64 *s)

does n items along one axis: p has where the operands begin, inputs first, and s how many bytes apart their items are.
Items of the results are next to each other. The axis is cut into blocks: within one, inputs whose items are apart
are gathered first, so that one loop, which the compiler makes vector code of, is all there is to do.

An operation is here only if C has it exactly as NumPy does, on every path through NumPy's own loops. What is left
out: transcendental functions, and fmax and fmin, whose zeros depend on the layout of their operands.
"""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING

import numpy as np

from tracetensor.vm.assembler import OBJECT
from tracetensor.vm.loop_prelude import INDEPENDENT, TYPES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.graph import Location
    from tracetensor.vm.regions import Elementwise

COMMENT = re.compile(r"^ */\*.*\*/\n", re.MULTILINE)
"""Lines that say where in the user's source what follows is."""
BLOCK = 512
C_TYPES = {
    "?": "u8", "b": "i8", "B": "u8", "h": "i16", "H": "u16", "i": "i32", "I": "u32", "l": "i64", "q": "i64",
    "L": "u64", "Q": "u64", "f": "f32", "d": "f64",
}  # fmt: skip
FLOATS, BOOLS = "fd", "?"
SIGNED = "".join([c for c in "bhilq" if c in C_TYPES])
INTEGERS = SIGNED + "BHILQ"

PRELUDE = (
    TYPES
    + INDEPENDENT
    + r"""
/* The m items from a place on: where they are, or, if they are not next to each other, gathered in a buffer. */
#define GATHER(T) \
static inline const T *gather_##T(T *buffer, const char *place, i64 stride, i64 m) \
{ \
    if (stride == sizeof(T)) return (const T *)place; \
    for (i64 i = 0; i < m; i++) buffer[i] = *(const T *)(place + i * stride); \
    return buffer; \
}
"""
)

SYMBOLS = {
    "less": "<", "less_equal": "<=", "equal": "==", "not_equal": "!=", "greater": ">", "greater_equal": ">=",
}  # fmt: skip

TEXTS: dict[str, dict[str, str]] = {
    # name: {characters of the types of the loop's inputs: what C has for it}
    **{name: {FLOATS + INTEGERS + BOOLS: f"{{a}} {sign} {{b}}"} for name, sign in SYMBOLS.items()},
    "add": {FLOATS + INTEGERS: "{a} + {b}", BOOLS: "{a} | {b}"},
    "subtract": {FLOATS + INTEGERS: "{a} - {b}"},
    "multiply": {FLOATS: "{a} * {b}", INTEGERS: "({u}){a} * ({u}){b}", BOOLS: "{a} & {b}"},
    "divide": {FLOATS: "{a} / {b}", INTEGERS: "(f64){a} / (f64){b}"},
    "negative": {FLOATS: "-{a}", INTEGERS: "0 - {a}"},
    "positive": {FLOATS + INTEGERS: "{a}"},
    "conjugate": {FLOATS + INTEGERS: "{a}"},
    "absolute": {"d": "__builtin_fabs({a})", "f": "__builtin_fabsf({a})", SIGNED: "{a} < 0 ? 0 - {a} : {a}", "BHILQ?": "{a}"},
    "fabs": {"d": "__builtin_fabs({a})", "f": "__builtin_fabsf({a})"},
    "sqrt": {"d": "__builtin_sqrt({a})", "f": "__builtin_sqrtf({a})"},
    "square": {FLOATS: "{a} * {a}", INTEGERS: "({u}){a} * ({u}){a}"},
    "reciprocal": {FLOATS: "1 / {a}"},
    "floor": {"d": "__builtin_floor({a})", "f": "__builtin_floorf({a})", INTEGERS + BOOLS: "{a}"},
    "ceil": {"d": "__builtin_ceil({a})", "f": "__builtin_ceilf({a})", INTEGERS + BOOLS: "{a}"},
    "trunc": {"d": "__builtin_trunc({a})", "f": "__builtin_truncf({a})", INTEGERS + BOOLS: "{a}"},
    "rint": {"d": "__builtin_rint({a})", "f": "__builtin_rintf({a})"},
    "sign": {FLOATS: "{a} > 0 ? 1 : {a} < 0 ? -1 : {a} == 0 ? 0 : {a}", INTEGERS: "({a} > 0) - ({a} < 0)"},
    "maximum": {FLOATS: "({a} > {b}) | ({a} != {a}) ? {a} : {b}", INTEGERS: "{a} > {b} ? {a} : {b}", BOOLS: "{a} | {b}"},
    "minimum": {FLOATS: "({a} < {b}) | ({a} != {a}) ? {a} : {b}", INTEGERS: "{a} < {b} ? {a} : {b}", BOOLS: "{a} & {b}"},
    "copysign": {"d": "__builtin_copysign({a}, {b})", "f": "__builtin_copysignf({a}, {b})"},
    "isnan": {FLOATS: "{a} != {a}"},
    "isfinite": {"d": "__builtin_fabs({a}) <= 0x1.fffffffffffffp1023", "f": "__builtin_fabsf({a}) <= 0x1.fffffep127f"},
    "isinf": {"d": "__builtin_fabs({a}) > 0x1.fffffffffffffp1023", "f": "__builtin_fabsf({a}) > 0x1.fffffep127f"},
    "signbit": {"d": "__builtin_signbit({a}) != 0", "f": "__builtin_signbitf({a}) != 0"},
    "logical_and": {FLOATS + INTEGERS + BOOLS: "({a} != 0) & ({b} != 0)"},
    "logical_or": {FLOATS + INTEGERS + BOOLS: "({a} != 0) | ({b} != 0)"},
    "logical_xor": {FLOATS + INTEGERS + BOOLS: "({a} != 0) ^ ({b} != 0)"},
    "logical_not": {FLOATS + INTEGERS + BOOLS: "{a} == 0"},
    "bitwise_and": {INTEGERS + BOOLS: "{a} & {b}"},
    "bitwise_or": {INTEGERS + BOOLS: "{a} | {b}"},
    "bitwise_xor": {INTEGERS + BOOLS: "{a} ^ {b}"},
    "invert": {INTEGERS: "~{a}", BOOLS: "{a} == 0"},
    "left_shift": {INTEGERS: "(u64){b} < {bits} ? ({u}){a} << {b} : 0"},
    "right_shift": {SIGNED: "{a} >> ((u64){b} < {bits} ? {b} : {bits} - 1)", "BHILQ": "(u64){b} < {bits} ? {a} >> {b} : 0"},
    "floor_divide": {
        SIGNED: "{b} == 0 ? 0 : {b} == -1 ? 0 - {a} : {a} / {b} - ({a} % {b} != 0 & ({a} < 0) != ({b} < 0))",
        "BHILQ": "{b} == 0 ? 0 : {a} / {b}",
    },
    "remainder": {
        SIGNED: "{b} == 0 | {b} == -1 ? 0 : {a} % {b} + ({a} % {b} != 0 & ({a} < 0) != ({b} < 0) ? {b} : 0)",
        "BHILQ": "{b} == 0 ? 0 : {a} % {b}",
    },
    "clip": {FLOATS + INTEGERS: "{b} != {b} ? {b} : {c} != {c} ? {c} : ({a} < {b} ? {b} : {a}) > {c} ? {c} : {a} < {b} ? {b} : {a}"},
    "where": {BOOLS: "{a} ? {b} : {c}"},
    "cast": {FLOATS + INTEGERS + BOOLS: "{a}"},
}  # fmt: skip
"""What C has for an operation, by its name and the type of its (first) operand."""
OF_FLOATS = frozenset(
    {"isnan", "isinf", "isfinite", "signbit", "sqrt", "rint", "copysign", "fabs", "reciprocal"}
)
MIXED = frozenset({"where", "cast", "divide"})
"""Those whose loops take or give other types than that of the first operand."""


@functools.cache
def zeros_agree() -> bool:
    """Whether NumPy's maximum, minimum and clip choose between 0.0 and -0.0 as TEXTS has it: that is the processor's."""
    for size in (1, 2, 5, 67):
        for dtype in (np.float32, np.float64):
            plus = np.zeros(2 * size, dtype)
            for step in (1, 2):
                a, b = plus[: size * step : step], np.negative(plus[: size * step : step])
                first = [f(a, b) for f in (np.maximum, np.minimum)]
                first += [np.negative(f(b, a)) for f in (np.maximum, np.minimum)]
                clipped = [np.clip(a, b[0], 1), np.negative(np.clip(b, a[0], 1)), np.clip(a, -1, b[0])]
                if not all(np.signbit(x).all() for x in first) or any(np.signbit(x).any() for x in clipped):
                    return False
    return True


def text_of(name: str, given: str, loop: str, classes: Sequence[int]) -> str | None:
    """What C has for an operation; None if that is not exactly NumPy's.

    given: types of the operands, loop: those that NumPy takes them as, and of the result; as characters.
    """
    if not set(given + loop) <= C_TYPES.keys():
        return None
    inputs = loop[:-1]
    if name not in MIXED and len(set(inputs)) != 1:
        return None
    found = next((text for chars, text in TEXTS.get(name, {}).items() if loop[0] in chars), None)
    if found is None:
        return None
    floats = loop[0] in FLOATS
    if name in {"maximum", "minimum", "clip"} and floats and not zeros_agree():
        return None
    if name == "clip" and floats and (OBJECT in classes[1:] or given[0] != inputs[0]):
        return None  # for bounds that vary, NumPy's loop takes other zeros
    if name == "divide" and (len(set(inputs)) != 1 or loop[-1] != (loop[0] if floats else "d")):
        return None
    # beyond its range, what an integer becomes of a float is not defined
    if name == "cast" and given[0] in FLOATS and loop[-1] not in FLOATS + BOOLS:
        return None
    return found


def kernel_text(
    operations: Sequence[tuple[Elementwise, int]],
    inputs: Sequence[tuple[int, int, str]],
    outputs: Sequence[tuple[int, str]],
    locations: Sequence[Location],
) -> str:
    """The whole text; the arguments are those of fused.FusedSite."""
    names = {(r, char if cls != OBJECT else None): f"x{k}" for k, (r, cls, char) in enumerate(inputs)}
    chars = {r: char for r, cls, char in inputs if cls == OBJECT} | {
        r: form.loop[-1] for form, r in operations
    }
    arrays = [(k, char) for k, (_, cls, char) in enumerate(inputs) if cls == OBJECT]
    lines = [PRELUDE]
    lines += [f"GATHER({type_})" for type_ in sorted({C_TYPES[char] for _, char in arrays})]
    lines += ["", "void kernel(i64 n, char **p, const i64 *s)", "{"]
    for k, (r, cls, char) in enumerate(inputs):
        if cls != OBJECT:
            lines.append(f"    const {C_TYPES[char]} x{k} = *(const {C_TYPES[char]} *)p[{k}]; /* r{r} */")
    lines += [f"    {C_TYPES[char]} b{k}[{BLOCK}];" for k, char in arrays]
    lines += [
        f"    for (i64 first = 0; first < n; first += {BLOCK}) {{",
        f"        const i64 m = n - first < {BLOCK} ? n - first : {BLOCK};",
    ]
    for k, char in arrays:
        type_ = C_TYPES[char]
        lines.append(
            f"        const {type_} *const a{k} = gather_{type_}(b{k}, p[{k}] + first * s[{k}], s[{k}], m);"
        )
    for k, (_, char) in enumerate(outputs):
        place = f"p[{len(inputs) + k}] + first * {np.dtype(char).itemsize}"
        lines.append(f"        {C_TYPES[char]} *const y{k} = ({C_TYPES[char]} *)({place});")
    lines += ["        INDEPENDENT", "        for (i64 i = 0; i < m; i++) {"]
    for k, char in arrays:
        value = f"a{k}[i] != 0" if char == "?" else f"a{k}[i]"
        lines.append(f"            const {C_TYPES[char]} x{k} = {value}; /* r{inputs[k][0]} */")
    shown: Location = ()
    for (form, r), location in zip(operations, locations, strict=False):
        if location and location != shown:
            shown = location
            lines.append(f"            /* {_comment(f'{shown[-1].filename}:{shown[-1].line}')} */")
        lines.append(f"            const {C_TYPES[form.loop[-1]]} r{r} = {expression(form, names, chars)};")
    lines += [f"            y{k}[i] = r{r};" for k, (r, _) in enumerate(outputs)]
    lines += ["        }", "    }", "}", ""]
    return "\n".join(lines)


def expression(form: Elementwise, names: dict[tuple[int, str | None], str], chars: dict[int, str]) -> str:
    """One operation, of operands converted to the types of its loop."""
    operands = []
    for register, cls, char in zip(form.operands, form.classes, form.loop, strict=False):
        if cls != OBJECT:
            operands.append(names[register, char])
            continue
        value, own = names.get((register, None), f"r{register}"), chars[register]
        if char == "?" and own != "?":
            value = f"({value} != 0)"
        elif C_TYPES[own] != C_TYPES[char]:
            value = f"({C_TYPES[char]}){value}"
        operands.append(value)
    text = text_of(form.name, form.given, form.loop, form.classes)
    if text is None:
        raise ValueError(form.name)
    size = np.dtype(form.loop[0]).itemsize * 8
    wide = "u64" if size == 64 else "u32"
    value = text.format(**dict(zip("abc", operands, strict=False)), u=wide, bits=size)
    out = form.loop[-1]
    if form.name == "cast":
        return f"{value} != 0" if out == "?" else f"({C_TYPES[out]}){value}"
    return f"({C_TYPES[out]})({value})" if out not in "d?" else value


def _comment(text: str) -> str:
    return text.replace("*/", "* /").replace("\\", "/").replace("\n", " ")[:160]
