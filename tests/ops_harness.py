"""Is a builder's graph, run by the reference evaluator, the NumPy call that it stands for? Value, dtype, kind, layout, aliasing."""

import dataclasses
import itertools
import warnings
import zlib

import numpy as np

from tests.compare import assert_same
from tracetensor.errors import Deoptimise
from tracetensor.graph.answers import METHODS, NUMPY, NeedsConstant, Unsupported
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Variable, constant, input_variable
from tracetensor.graph.op import may_raise
from tracetensor.graph.ops.dims import shape_of
from tracetensor.graph.reference import evaluate_node, read
from tracetensor.graph.text import parse_graph, print_graph
from tracetensor.graph.types import TensorType, type_of, value_conforms
from tracetensor.graph.verify import verify

ALL = "?ilIBfdFD"  # bool, int32, int64, uint32, uint8, float32, float64, complex64, complex128
REAL = "?ilBfd"
NUMBERS = "ilBfdD"
INEXACT = "fdD"
FLOATS = "fd"
INTS = "ilB"


class P:
    """A Python scalar that is traced."""

    def __init__(self, value):
        self.value = value

    def __repr__(self):
        return f"P({self.value!r})"


class A:
    """An array of random values in every dtype of the case: small integers with ties, so that sums are exact enough."""

    def __init__(self, *shape, low=-4, high=5, dtype=None, spd=False, layout=None, sort=False):
        self.shape, self.low, self.high, self.dtype, self.spd, self.layout, self.sort = (
            shape,
            low,
            high,
            dtype,
            spd,
            layout,
            sort,
        )

    def make(self, dtype, layout, rng):
        dtype = np.dtype(self.dtype or dtype)
        layout = self.layout or layout
        low = 0 if dtype.kind in "ub" else self.low
        x = rng.integers(low, max(self.high, low + 1), self.shape)
        if dtype.kind in "fc":
            x = x + rng.integers(0, 8, self.shape) / 8
        if dtype.kind == "c":
            x = x + 1j * rng.integers(-3, 4, self.shape)
        x = np.asarray(x).astype(dtype)
        if self.spd:
            x = (x @ np.swapaxes(x.conj(), -1, -2) + 7 * np.eye(self.shape[-1])).astype(dtype)
        if self.sort:
            x = np.sort(x)
        return lay_out(x, layout)


def lay_out(x, layout):
    if layout == "F" and x.ndim:
        return np.asfortranarray(x)
    if layout == "reversed" and x.ndim:
        return np.ascontiguousarray(x[::-1])[::-1]
    if layout == "strided" and x.ndim:
        wide = np.zeros((*x.shape[:-1], 2 * x.shape[-1]), x.dtype)
        wide[..., ::2] = x
        return wide[..., ::2]
    return x


@dataclasses.dataclass
class Case:
    function: object  # a NumPy function, or "name" of an ndarray method
    args: tuple
    kwargs: dict
    dtypes: str = "ld"
    layouts: tuple = ("C",)
    covered: bool = True  # False: Unsupported is what the builder must raise
    rejected: bool = False  # NumPy raises

    def __repr__(self):
        name = (
            self.function
            if isinstance(self.function, str)
            else getattr(self.function, "__qualname__", repr(self.function))
        )
        return name


def case(function, *args, dtypes="ld", layouts=("C",), covered=True, **kwargs):
    return Case(function, args, kwargs, dtypes, layouts, covered)


def bad(function, *args, **kwargs):
    """A call that NumPy rejects."""
    return dataclasses.replace(case(function, *args, **kwargs), rejected=True)


def expand(value, dtype, layout, rng):
    if isinstance(value, A):
        return value.make(dtype, layout, rng)
    if isinstance(value, (list, tuple)) and type(value) in (list, tuple):
        return type(value)(expand(v, dtype, layout, rng) for v in value)
    return value


def plain(value):
    """The value as NumPy gets it."""
    if isinstance(value, P):
        return value.value
    if type(value) in (list, tuple):
        return type(value)(map(plain, value))
    if isinstance(value, slice):
        return slice(plain(value.start), plain(value.stop), plain(value.step))
    return value


class Inputs:
    def __init__(self, static_shape):
        self.values = {}
        self.constants = {}
        self.by_id = {}
        self.static_shape = static_shape

    def variable(self, value):
        if isinstance(value, P):
            return self.make(value, value.value)
        if isinstance(value, (np.ndarray, np.generic)):
            return self.make(value, value)
        if type(value) in (list, tuple):
            return type(value)(map(self.variable, value))
        if isinstance(value, slice):
            return slice(*map(self.variable, (value.start, value.stop, value.step)))
        return value

    def make(self, key, value):
        if id(key) not in self.by_id:
            v = input_variable(type_of(value, static_shape=self.static_shape), f"x{len(self.by_id)}")
            self.by_id[id(key)] = v
            self.values[v] = value
        v = self.by_id[id(key)]
        return self.constants.get(v, v)


def build(builder, args, kwargs, static_shape=False):
    """(what the builder returns, the inputs' values); constants are given where it asks for them."""
    inputs = Inputs(static_shape)
    for _ in range(10):
        try:
            result = builder(
                *[inputs.variable(a) for a in args], **{k: inputs.variable(v) for k, v in kwargs.items()}
            )
            return result, inputs.values
        except NeedsConstant as needed:
            variable = needed.variable
            inputs.constants[variable] = constant(inputs.values[variable])
    raise AssertionError("the builder asks for constants for ever")


def leaves(result):
    if isinstance(result, Variable):
        return [result]
    if isinstance(result, (list, tuple)):
        return [leaf for r in result for leaf in leaves(r)]
    return []


def rebuild(result, values):
    if isinstance(result, Variable):
        return read(values, result)
    if isinstance(result, (list, tuple)):
        items = [rebuild(r, values) for r in result]
        return type(result)(*items) if hasattr(result, "_fields") else type(result)(items)
    return result


def graph_of(result, values):
    """The graph of what a builder returned, with everything that may raise among its roots."""
    outputs = leaves(result)
    raising = [node.outputs[0] for node in Graph(list(values), outputs).nodes() if may_raise(node)]
    return Graph(list(values), outputs, raising)


def check_graph(result, values):
    """The graph is sound, and its text is read back as the same graph."""
    graph = graph_of(result, values)
    verify(graph)
    assert parse_graph(print_graph(graph)) == graph


def run(result, values):
    """Evaluate, checking at every node that the inferred types hold."""
    graph = graph_of(result, values)
    known = dict(values)
    with np.errstate(all="ignore"):
        for node in graph.nodes():
            try:
                found = evaluate_node(node, [read(known, v) for v in node.inputs])
            except Exception:
                assert may_raise(node), f"{node.op.name} raised, but says that it does not"
                raise
            for out, value in zip(node.outputs, found, strict=True):
                assert value_conforms(value, out.type), (
                    f"{node.op.name}: {value!r} ({type(value).__name__}) is no {out.type!r}"
                )
                known[out] = value
    return rebuild(result, known), known


def check_dims(result, values):
    """The dims that are known without running are the right ones."""
    arrays = [v for v in leaves(result) if isinstance(v.type, TensorType)]
    shapes = [shape_of(v) for v in arrays]
    got, known = run(list(shapes), values)
    full, _ = run(arrays, values)
    for shape, x in zip(got, full, strict=True):
        assert tuple(shape) == np.shape(x), f"dims {shape} of an array of shape {np.shape(x)}"


def same_layout(actual, expected, path="result"):
    if isinstance(expected, (list, tuple)):
        for k, (a, e) in enumerate(zip(actual, expected, strict=True)):
            same_layout(a, e, f"{path}[{k}]")
    elif isinstance(expected, np.ndarray) and expected.size > 1:
        for flag in ("C_CONTIGUOUS", "F_CONTIGUOUS"):
            assert actual.flags[flag] == expected.flags[flag], f"{path}: {flag} is {actual.flags[flag]}"


def arrays_in(value):
    if isinstance(value, np.ndarray):
        return [value]
    return [x for v in value for x in arrays_in(v)] if isinstance(value, (list, tuple)) else []


def aliasing(result, arguments):
    """Which result arrays share memory with which argument arrays, and may be written to."""
    return [
        (i, j, x.flags.writeable) for i, x in enumerate(arrays_in(result)) for j, y in enumerate(arrays_in(arguments))
        if x.size and y.size and np.shares_memory(x, y)
    ]  # fmt: skip


def call_plain(function, args, kwargs):
    if isinstance(function, str):
        return getattr(args[0], function)(*args[1:], **kwargs)
    return function(*args, **kwargs)


def builder_of(function):
    return METHODS[function] if isinstance(function, str) else NUMPY[function]


def variations(c):
    for dtype in c.dtypes:
        yield dtype, "C"
    for layout in c.layouts:
        if layout != "C":
            yield ("d" if "d" in c.dtypes else c.dtypes[0]), layout


def check(c):
    """One case in all its dtypes and layouts, with shapes unknown and known; how many calls were compared."""
    compared = 0
    for (dtype, layout), static_shape in itertools.product(variations(c), (False, True)):
        seed = zlib.crc32(repr((c, dtype, layout)).encode())
        rng = np.random.default_rng(seed)
        args = expand(c.args, dtype, layout, rng)
        kwargs = {k: expand(v, dtype, layout, rng) for k, v in c.kwargs.items()}
        compared += check_call(
            c.function,
            args,
            kwargs,
            static_shape=static_shape,
            covered=c.covered,
            what=f"{c} {dtype} {layout}",
        )
    assert bool(compared) == (c.covered and not c.rejected), (
        f"{c}: {compared} calls compared; the others are rejected by NumPy"
    )


def check_call(function, args, kwargs, *, static_shape=False, covered=True, what=""):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        plain_args, plain_kwargs = plain(args), {k: plain(v) for k, v in kwargs.items()}
        try:
            expected = call_plain(function, plain_args, plain_kwargs)
        except Exception as error:
            expect_error(function, args, kwargs, error, static_shape)
            return 0
        try:
            try:
                result, values = build(builder_of(function), args, kwargs, static_shape)
            except Unsupported:
                assert not covered, "not covered by the builder"
                return 0
            assert covered, "marked as not covered"
            actual, _ = run(result, values)
            assert_same(actual, expected)
            same_layout(actual, expected)
            every = [*plain_args, *plain_kwargs.values()]
            shared = [aliasing(result, every) for result in (actual, expected)]
            if function in (np.broadcast_arrays, np.meshgrid):  # their results warn when they are written to
                shared = [[pair[:2] for pair in pairs] for pairs in shared]
            assert shared[0] == shared[1], "aliasing"
            check_dims(result, values)
            check_graph(result, values)
        except BaseException as error:
            error.add_note(f"in {what} {'static' if static_shape else 'dynamic'} {args} {kwargs}")
            raise
    return 1


def expect_error(function, args, kwargs, error, static_shape):
    """What NumPy rejects is rejected, while building or while running."""
    try:
        result, values = build(builder_of(function), args, kwargs, static_shape)
        run(result, values)
    except AssertionError:
        raise
    except (Unsupported, Deoptimise, Exception):
        return
    raise AssertionError(f"NumPy raises {error!r}, the graph does not: {function} {args} {kwargs}")
