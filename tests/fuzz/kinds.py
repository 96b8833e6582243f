"""What the generator knows of a value: its kind, dtype and symbolic shape, and how expressions combine them.

A dim is an int or a text: a name of a size ("N"), or one derived from it ("N-1", "h(N)"). Two dims are equal where their
texts are, so that nearly all programs broadcast rightly at every size that is drawn later.
"""

import functools
import warnings
from typing import NamedTuple

import numpy as np

Dim = int | str

WORDY = 14  # a dim with a longer text may be a large product: it is not multiplied again


class Type(NamedTuple):
    """kind: "bool", "int", "float" (Python's), "scalar" (NumPy's), "array" or "list"."""

    kind: str
    dtype: str = ""
    shape: tuple[Dim, ...] = ()

    @property
    def code(self) -> str:
        """One of b, i, u, f, c, as in `dtype.kind`; for Python scalars too."""
        return {"bool": "b", "int": "i", "float": "f", "list": "l"}.get(self.kind) or np.dtype(
            self.dtype
        ).kind

    @property
    def ndim(self) -> int:
        return len(self.shape)


class Expr(NamedTuple):
    text: str
    type: Type


BOOL, INT, FLOAT = Type("bool"), Type("int"), Type("float")


def less(dim: Dim, k: int) -> Dim:
    """The length of `x[k:]`."""
    if isinstance(dim, int):
        return max(dim - k, 0)
    base, minus, tail = dim.rpartition("-")
    if minus and tail.isdigit():
        return f"{base}-{int(tail) + k}"
    return f"{dim}-{k}"


def half(dim: Dim) -> Dim:
    """The length of `x[::2]`."""
    return (dim + 1) // 2 if isinstance(dim, int) else f"h({dim})"


def at_most(dim: Dim, k: int) -> Dim:
    """The length of `x[:k]`."""
    return min(dim, k) if isinstance(dim, int) else f"{dim}:{k}"


def product(shape: tuple[Dim, ...]) -> Dim:
    """The size of an array of this shape."""
    if all(isinstance(d, int) for d in shape):
        return int(np.prod(shape, dtype=int))
    return "*".join(str(d) for d in shape if d != 1)


def total(x: Dim, y: Dim) -> Dim:
    return x + y if isinstance(x, int) and isinstance(y, int) else f"{x}+{y}"


def wordy(shape: tuple[Dim, ...]) -> bool:
    return any(isinstance(d, str) and len(d) > WORDY for d in shape)


def broadcast(x: tuple[Dim, ...], y: tuple[Dim, ...]) -> tuple[Dim, ...] | None:
    """The shape of x + y, or None where the symbolic dims don't say that it exists."""
    if x == y:
        return x
    if len(x) < len(y):
        x, y = y, x
    pad = len(x) - len(y)
    out = list(x[:pad])
    for p, q in zip(x[pad:], y, strict=True):
        if p == q or q == 1:
            out.append(p)
        elif p == 1:
            out.append(q)
        else:
            return None
    return tuple(out)


HELPERS = {  # elementwise helper functions: name -> (source, number of arguments)
    "twice": ("def twice(x):\n    return x + x", 1),
    "blend": ("def blend(x, y):\n    z = x * 2\n    return z - y", 2),
    "scaled": ("scaled = lambda x: x * 3 + 1", 1),
    "pick": ("def pick(x, y):\n    if np.ndim(x) > 1:\n        return x - y\n    return x + y", 2),
    "steps": ("def steps(x):\n    for _ in range(2):\n        x = x * 2 + 1\n    return x", 1),
    "kept": ("def kept(x, y=1):\n    keep = x\n    keep = keep + y\n    return keep", 2),
}

_NAMESPACE: dict = {"np": np}
for _source, _ in HELPERS.values():
    exec(_source, _NAMESPACE)


def _sample(kind: str, dtype: str, array: bool):
    if kind == "array":
        return np.ones((1,) if array else (), dtype)
    if kind == "scalar":
        return np.dtype(dtype).type(1)
    return {"bool": True, "int": 1, "float": 1.0}[kind]


@functools.lru_cache(maxsize=None)
def _result(template: str, *kinds: tuple[str, str, bool]) -> tuple[str, str] | None:
    """(kind, dtype) of an expression, learnt by evaluating it on ones; None where NumPy refuses the types."""
    names = dict(zip("xyz", (_sample(*k) for k in kinds)))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        try:
            value = eval(template.format(x="x", y="y", z="z"), _NAMESPACE, names)
        except (TypeError, OverflowError, ValueError):
            return None
    if isinstance(value, np.ndarray):
        return "array", str(value.dtype)
    if isinstance(value, np.generic):
        return "scalar", str(value.dtype)
    kind = type(value).__name__
    return (kind, "") if kind in ("bool", "int", "float") else None


def apply(template: str, *args: Expr, shape: tuple[Dim, ...] | None = None) -> Expr | None:
    """The template filled with x, y, z and its type: elementwise, unless `shape` says what comes out."""
    found = _result(template, *((a.type.kind, a.type.dtype, a.type.ndim > 0) for a in args))
    if found is None or found[1] in (
        "float16",
        "object",
    ):  # float16 rounds too coarsely for the tolerance of smooth programs
        return None
    if shape is None:
        shape = ()
        for a in args:
            both = broadcast(shape, a.type.shape)
            if both is None:
                return None
            shape = both
    if found[0] != "array":
        shape = ()
    return Expr(template.format(**dict(zip("xyz", (a.text for a in args)))), Type(found[0], found[1], shape))


VIEWS_0 = (("[...]", lambda: ()), ("[None]", lambda: (1,)), (".reshape(1)", lambda: (1,)))
VIEWS_1 = (
    ("[:]", lambda d: (d,)),
    ("[1:]", lambda d: (less(d, 1),)),
    ("[:-1]", lambda d: (less(d, 1),)),
    ("[::-1]", lambda d: (d,)),
    ("[::2]", lambda d: (half(d),)),
    ("[1:-1]", lambda d: (less(d, 2),)),
    ("[2:]", lambda d: (less(d, 2),)),
    ("[:-2]", lambda d: (less(d, 2),)),
    ("[-2::-1]", lambda d: (less(d, 1),)),
    ("[1::2]", lambda d: (half(less(d, 1)),)),
    ("[:2]", lambda d: (at_most(d, 2),)),
    ("[-2:]", lambda d: (at_most(d, 2),)),
    ("[:, None]", lambda d: (d, 1)),
    ("[None, :]", lambda d: (1, d)),
    (".reshape(-1)", lambda d: (d,)),
    (".reshape(-1, 1)", lambda d: (d, 1)),
)
VIEWS_2 = (
    ("[0]", lambda r, c: (c,)),
    ("[:, 0]", lambda r, c: (r,)),
    (".T", lambda r, c: (c, r)),
    ("[1:]", lambda r, c: (less(r, 1), c)),
    ("[:-1]", lambda r, c: (less(r, 1), c)),
    ("[:, 1:]", lambda r, c: (r, less(c, 1))),
    ("[:, :-1]", lambda r, c: (r, less(c, 1))),
    ("[-1]", lambda r, c: (c,)),
    ("[..., -1]", lambda r, c: (r,)),
    ("[1:-1, 1:-1]", lambda r, c: (less(r, 2), less(c, 2))),
    ("[:-2, 2:]", lambda r, c: (less(r, 2), less(c, 2))),
    ("[::-1]", lambda r, c: (r, c)),
    ("[:, ::-1]", lambda r, c: (r, c)),
    ("[:, ::2]", lambda r, c: (r, half(c))),
    ("[::-2]", lambda r, c: (half(r), c)),
    ("[:1]", lambda r, c: (at_most(r, 1), c)),
    ("[:, None]", lambda r, c: (r, 1, c)),
    (".reshape(-1)", lambda r, c: (product((r, c)),)),
    (".ravel()", lambda r, c: (product((r, c)),)),
    (".T.reshape(-1)", lambda r, c: (product((c, r)),)),
)
VIEWS_3 = (
    ("[0]", lambda p, r, c: (r, c)),
    ("[:, -1]", lambda p, r, c: (p, c)),
    ("[..., 0]", lambda p, r, c: (p, r)),
    ("[1:]", lambda p, r, c: (less(p, 1), r, c)),
    ("[:, :, 1:]", lambda p, r, c: (p, r, less(c, 1))),
    ("[:, ::-1]", lambda p, r, c: (p, r, c)),
    (".transpose(2, 0, 1)", lambda p, r, c: (c, p, r)),
    (".swapaxes(0, 1)", lambda p, r, c: (r, p, c)),
    ("[0, 1:]", lambda p, r, c: (less(r, 1), c)),
    (".reshape(-1)", lambda p, r, c: (product((p, r, c)),)),
)
VIEWS = (VIEWS_0, VIEWS_1, VIEWS_2, VIEWS_3)


@functools.lru_cache(maxsize=None)
def views(kind: Type) -> tuple[tuple[str, Type], ...]:
    """(suffix, type) of the views of one step of an array."""
    if kind.ndim > 3:
        return (("[0]", kind._replace(shape=kind.shape[1:])),)
    return tuple(
        (suffix, kind._replace(shape=f(*kind.shape)))
        for suffix, f in VIEWS[kind.ndim]
        if not (wordy(kind.shape) and "reshape(-1)" in suffix)
    )
