"""Arguments of a random program, as source text: each evaluation gives a fresh, equal set with the same layout and aliasing."""

from collections.abc import Callable

import numpy as np

from .kinds import FLOAT, INT, Dim, Type, less

Choose = Callable[[int], int]

DTYPES = ("float64", "float64", "int64", "float64", "float32", "int32", "uint8", "bool", "complex128")
SHAPES: tuple[tuple[Dim, ...], ...] = (
    ("N",),
    ("N",),
    ("M", "N"),
    ("N",),
    ("M", "N"),
    ("N", "N"),
    (),
    ("K", "M", "N"),
    ("N", 1),
)
SECOND: tuple[tuple[Dim, ...], ...] = (("N",), ("N",), ("M", "N"), ("M", 1), (), ("M",), (1,), ("N", "M"))
SIZES = (
    (3, 2, 1),
    (5, 3, 2),
    (4, 3, 2),
    (5, 2, 3),
    (3, 4, 2),
    (6, 3, 2),
    (2, 4, 3),
    (4, 5, 3),
    (8, 3, 2),
    (4, 2, 3),
    (2, 3, 2),
    (6, 4, 2),
    (3, 5, 1),
    (1, 3, 2),
    (7, 2, 2),
    (2, 1, 3),
    (0, 2, 1),
    (3, 0, 2),
)  # N, M, K
LAYOUTS = (
    "{}",
    "{}",
    "{}",
    "{}",
    "np.asfortranarray({})",
    "{}[::-1]",
    "{}.T.copy().T",
    "np.repeat({}, 2, axis=0)[::2]",
    "{}[..., ::-1]",
)
SHARED = (
    ("a", lambda t: t.shape),
    ("a[::-1]", lambda t: t.shape),
    ("a[1:]", lambda t: (less(t.shape[0], 1), *t.shape[1:])),
    ("a[0]", lambda t: t.shape[1:]),
)


def signature(choose: Choose, smooth: bool) -> tuple[dict[str, Type], str]:
    """Types of the parameters a, b, n, s, and how b aliases a ("" where it does not)."""
    dtypes = [d for d in DTYPES if not (smooth and d in ("uint8", "bool"))]
    a = Type("array", dtypes[choose(len(dtypes))], SHAPES[choose(len(SHAPES))])
    shared = ""
    if a.ndim and choose(8) == 7:
        options = SHARED[: 4 if a.ndim > 1 else 3]
        shared, shape = options[choose(len(options))]
        b = a._replace(shape=shape(a))
    else:
        shape = a.shape if choose(3) == 0 else SECOND[choose(len(SECOND))]
        b = Type("array", a.dtype if choose(2) == 0 else dtypes[choose(len(dtypes))], shape)
    s = FLOAT if choose(6) < 5 else Type("scalar", ("float64", "float32", "int64")[choose(3)])
    return {"a": a, "b": b, "n": INT, "s": s}, shared


def _shape(kind: Type, sizes: dict[str, int]) -> tuple[int, ...]:
    """The dims are names of sizes, perhaps less a number: "N", "N-1"."""
    return tuple(d if isinstance(d, int) else max(sizes[d[0]] - int(d[2:] or 0), 0) for d in kind.shape)


def _array(choose: Choose, kind: Type, sizes: dict[str, int], special: bool) -> str:
    shape = _shape(kind, sizes)
    size = int(np.prod(shape, dtype=int))
    step, start = (7, 4, 5, 3)[choose(4)], choose(11)
    text = f"(np.arange({size}) * {step} + {start}) % 11"
    code = np.dtype(kind.dtype).kind
    if code in "if":
        text = f"{text} - 4" if code == "i" else f"({text} - 4) * 0.25"
    elif code == "c":
        text = f"({text} - 4) * (0.5 - 0.25j)"
    elif code == "b":
        text = f"{text} > 4"
    text = f"({text}).astype(np.{kind.dtype})" if code != "b" else f"({text})"
    if special and code == "f" and size:
        value = ("np.nan", "np.inf", "-0.0")[choose(3)]
        text = f"np.where(np.arange({size}) == {choose(size)}, {value}, {text}).astype(np.{kind.dtype})"
    if len(shape) != 1:
        text += f".reshape({shape})"
    layout = LAYOUTS[choose(len(LAYOUTS))] if shape else "{}"
    return layout.format(text)


def inputs(choose: Choose, parameters: dict[str, Type], shared: str, smooth: bool) -> list[str]:
    """Statements that bind a, b, n, s, for two calls at different sizes."""
    texts = []
    for call in range(2):
        n, m, k = SIZES[choose(len(SIZES))]
        sizes = {"N": n, "M": m, "K": k}
        special = not smooth and choose(12) == 11
        lines = ["a = " + _array(choose, parameters["a"], sizes, special)]
        if (
            shared
            and not (call and choose(3) == 2)
            and not (shared == "a[0]" and _shape(parameters["a"], sizes)[0] == 0)
        ):
            lines.append(f"b = {shared}")
        else:
            lines.append("b = " + _array(choose, parameters["b"], sizes, special))
        if choose(50) == 49:
            lines.append("a.flags.writeable = False")
        lines.append(f"n = {(3, 2, 4, 5, 1, 0)[choose(6)]}")
        s = (0.5, 1.5, -1.25, 2.0, 0.0)[choose(5)]
        lines.append(
            f"s = {s}" if parameters["s"].kind == "float" else f"s = np.{parameters['s'].dtype}({s})"
        )
        texts.append("\n".join(lines) + "\n")
    return texts
