"""Values for graphs in tests: draws of every type, specials included; random graphs; comparison to the bit."""

import pathlib

import numpy as np

from tracetensor.graph.builder import function_graph, ifelse, while_loop
from tracetensor.graph.node import as_variable, input_variable
from tracetensor.graph.ops import control
from tracetensor.graph.ops.elementwise import UFUNCS, as_kind, cast
from tracetensor.graph.ops.scalars import CONVERSIONS, PYTHON
from tracetensor.graph.parse import parse_type
from tracetensor.graph.reference import evaluate
from tracetensor.graph.types import ARRAY, ListType, TensorType

GOLDEN = pathlib.Path(__file__).parent / "golden"
SPECIALS = (0.0, -0.0, np.nan, np.inf, -np.inf, 1.0, -1.0, 1e-310)
SIZES = ((11, 3, 5), (1, 1, 1), (0, 2, 3), (6, 1, 2))


def check_golden(request, name, text):
    """Compare a text with the one kept under this name; `pytest --update-golden` keeps the new one instead."""
    path = GOLDEN / name
    if request.config.getoption("--update-golden", default=False):
        path.write_text(text)
    assert path.exists(), f"{path} is missing: renew with --update-golden"
    assert text == path.read_text()


def draw(type_, rng, sizes):
    """A value of the type; unknown dims take their size by their place from the end, so that operands broadcast."""
    if isinstance(type_, ListType):
        return [draw(type_.element, rng, sizes) for _ in range(rng.integers(1, 4))]
    assert isinstance(type_, TensorType)
    places = range(type_.ndim)
    shape = tuple(sizes[type_.ndim - 1 - k] if d is None else d for k, d in zip(places, type_.shape))
    array = numbers(type_.dtype, shape, rng)
    if type_.kind == ARRAY:
        return array
    return array[()].item() if type_.is_python else array[()]


def numbers(dtype, shape, rng):
    if dtype.kind == "b":
        return rng.integers(0, 2, shape).astype(bool)
    if dtype.kind in "iu":
        return rng.integers(0 if dtype.kind == "u" else -3, 6, shape).astype(dtype)
    if dtype.kind == "c":
        result = np.empty(shape, dtype)
        result.real, result.imag = [numbers(np.dtype(float), shape, rng) for _ in "ri"]
        return result
    plain = rng.normal(size=shape) * 3
    special = rng.choice(SPECIALS, size=shape)
    with np.errstate(all="ignore"):
        return np.where(rng.random(shape) < 0.5, special, plain).astype(dtype)


def draw_all(graph, seed, sizes=SIZES[0]):
    rng = np.random.default_rng(seed)
    return [draw(t, rng, sizes) for t in graph.input_types]


def outcome(graph, args):
    """The outputs, or the class of the exception raised."""
    try:
        return evaluate(graph, args)
    except BaseException as error:
        return type(error)


def same(a, b, *, rtol=0.0):
    """Whether two values are the same: class, dtype, shape, and bits, up to which NaN a NaN is."""
    if isinstance(a, (list, tuple)):
        return type(a) is type(b) and len(a) == len(b) and all(same(x, y, rtol=rtol) for x, y in zip(a, b))
    if isinstance(a, type) or isinstance(b, type) or a is None:
        return a is b
    if type(a) is not type(b):
        return False
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype != y.dtype or x.shape != y.shape:
        return False
    if rtol:
        return bool(np.allclose(x, y, rtol=rtol, atol=rtol, equal_nan=True))
    if x.dtype.kind not in "fc":
        return bool(np.all(x == y))
    pairs = [(x.real, y.real), (x.imag, y.imag)] if x.dtype.kind == "c" else [(x, y)]
    return all(np.array_equal(p, q, equal_nan=True) and _signs(p, q) for p, q in pairs)


def _signs(p, q):
    return bool(np.all((np.signbit(p) == np.signbit(q)) | np.isnan(p)))


def assert_same_meaning(before, after, seeds=range(3), rtol=0.0):
    """Both graphs give the same outcome on drawn arguments of several sizes."""
    for sizes in SIZES:
        for seed in seeds:
            args = draw_all(before, seed, sizes)
            expected, found = outcome(before, args), outcome(after, args)
            assert same(expected, found, rtol=rtol), (args, expected, found, str(before), str(after))


BINARY_UFUNCS = "add subtract multiply maximum minimum".split()
UNARY_UFUNCS = "negative absolute square positive".split()
BINARY_PYTHON = "add sub mul".split()


class RandomGraph:
    """A graph of random ops, loops and branches; the same for the same seed."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)

    def graph(self, size=12):
        types = ["float64[?]", "float64[?]", "int", "float", "bool", "float64"]
        inputs = [input_variable(parse_type(t), f"x{k}") for k, t in enumerate(types)]
        pool = self.grow(list(inputs), size, depth=2)
        outputs = [pool[k] for k in self.rng.integers(0, len(pool), 3)] + [pool[-1]]
        return function_graph(inputs, outputs, name="random")

    def pick(self, pool, text):
        wanted = parse_type(text)
        found = [v for v in pool if v.type is wanted]
        if not found or self.rng.random() < 0.15:
            value = {"int": 1, "float": 1.0, "bool": True, "float64": np.float64(-0.0)}.get(text, np.ones(1))
            if text == "int" and self.rng.random() < 0.5:
                value = int(self.rng.integers(-1, 3))
            if text != "float64[?]":
                return as_variable(value)
        return found[self.rng.integers(0, len(found))]

    def grow(self, pool, size, depth):
        for _ in range(size):
            pool.append(self.step(pool, depth))
        return pool

    def step(self, pool, depth):
        choice = self.rng.integers(0, 13 if depth else 10)
        u, x, n, k, b = (self.pick(pool, t) for t in ("float64[?]", "float64[?]", "int", "float", "bool"))
        s = self.pick(pool, "float64")
        match choice:
            case 0:
                return UFUNCS[self.rng.choice(BINARY_UFUNCS)](u, x)
            case 1:
                return UFUNCS[self.rng.choice(UNARY_UFUNCS)](u)
            case 2:
                return UFUNCS[self.rng.choice(BINARY_UFUNCS)](u, [k, s, n][self.rng.integers(0, 3)])
            case 3:
                return PYTHON[self.rng.choice(BINARY_PYTHON)](
                    *[(n, n), (n, 1), (k, 0), (k, n)][self.rng.integers(0, 4)]
                )
            case 4:
                return PYTHON[self.rng.choice(["lt", "eq", "ge"])](n, self.pick(pool, "int"))
            case 5:
                return PYTHON[self.rng.choice(["not", "not"])](b)
            case 6:
                return u[0:n] if self.rng.random() < 0.5 else u[1:]
            case 7:
                return u.set(n, s) if self.rng.random() < 0.5 else u.set(slice(None), s)
            case 8:
                return u[n] if self.rng.random() < 0.5 else as_kind(as_kind(s, kind="array"), kind="scalar")
            case 9:
                return cast(cast(s, dtype=np.dtype("f8"), kind="array"), dtype=np.dtype("f8"), kind="scalar")
            case 10:
                return self.branch(pool, depth)
            case 11:
                return self.loop(pool, depth)
        m = self.pick(pool, "int")
        counted = while_loop(
            lambda i, t: i < 3, lambda i, t: (i + 1, self.body(pool, [t, m], "float", depth)), (n, k)
        )
        return counted[1]

    def body(self, pool, more, text, depth):
        grown = self.grow([*pool, *more], int(self.rng.integers(1, 5)), depth - 1)
        found = [v for v in grown[len(pool) :] if v.type is parse_type(text)] or [self.pick(grown, text)]
        return found[-1]

    def branch(self, pool, depth):
        b = self.pick(pool, "bool")
        text = ["float64[?]", "int", "float64"][self.rng.integers(0, 3)]
        if self.rng.random() < 0.5:
            return ifelse(b, *[self.body(pool, [], text, depth) for _ in "ab"])
        return ifelse(b, *[lambda: self.body(pool, [], text, depth) for _ in "ab"])

    def loop(self, pool, depth):
        text = ["int", "float", "float64", "float64[?]"][self.rng.integers(0, 4)]
        start = self.pick(pool, text)
        fixed = self.pick(pool, "float")

        def body(index, carry, k):
            return self.body(pool, [index, carry, k], text, depth), k

        index = input_variable(parse_type("int"), "i")
        carry = input_variable(start.type, "c")
        same_ = input_variable(fixed.type, "k")
        from tracetensor.graph.builder import close_over

        new, _ = body(index, carry, same_)
        history = same_ if text == "float64[?]" else new  # arrays that change their shape cannot be stacked
        graph, captured = close_over([index, carry, same_], [new, same_, history], since=carry.serial)
        steps = (
            PYTHON["abs"](self.pick(pool, "int")) if self.rng.random() < 0.3 else int(self.rng.integers(0, 3))
        )
        results = control.scan(
            steps, start, fixed, *captured, body=graph, n_carry=2, counted=True, conditional=False
        )
        which = self.rng.integers(0, 2)
        return results[0] if which or text == "float64[?]" else CONVERSIONS["float"](results[1])
