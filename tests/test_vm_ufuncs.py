"""Every ufunc on every dtype and on awkward arrays: the machine gives what the reference evaluator gives, bit by bit."""

import itertools

import numpy as np
import pytest

from tests.vm_graphs import agree
from tracetensor.errors import TypeInferenceError
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import constant, input_variable
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.types import type_of

NUMBERS = "?bBhHiIlLefdgFDG"  # "q" and "Q" equal "l" and "L": graph types do not tell them apart


def samples(char, shape):
    """Some values of a dtype, specials included."""
    dtype = np.dtype(char)
    rng = np.random.default_rng([ord(char), *shape])
    n = int(np.prod(shape))
    if dtype.kind == "b":
        values = rng.integers(0, 2, n)
    elif dtype.kind in "iu":
        values = rng.integers(0 if dtype.kind == "u" else -4, 9, n)
    else:
        pool = np.array([0.0, -0.0, 1.0, -1.5, 2.25, np.nan, np.inf, -np.inf, 0.3, 7.0])
        values = rng.choice(pool, n)
        if dtype.kind == "c":
            values = np.stack([values, rng.choice(pool, n)], axis=-1).view(complex)
    with np.errstate(all="ignore"):
        return values.astype(dtype).reshape(shape)


def build(ufunc, args, constants=()):
    variables = [
        constant(a) if k in constants else input_variable(type_of(a, static_shape=False))
        for k, a in enumerate(args)
    ]
    outs = UFUNCS[ufunc](*variables)
    inputs = [v for v in variables if v.is_input]
    return Graph(inputs, outs if isinstance(outs, tuple) else [outs]), [
        a for k, a in enumerate(args) if k not in constants
    ]


def layouts(char):
    """Operands of many layouts that broadcast with (4, 3)."""
    base = samples(char, (4, 3))
    yield base
    yield np.asfortranarray(base)
    yield base[::-1]
    yield base[:, ::-1]
    yield samples(char, (8, 6))[::2, ::2]
    yield samples(char, (3, 4)).T
    yield samples(char, (3,))
    yield samples(char, (6,))[::2]
    yield samples(char, (1, 3))
    yield samples(char, (4, 1))
    yield samples(char, (1, 1))
    yield samples(char, ())
    yield samples(char, (1,))[0]


@pytest.mark.parametrize("name", sorted(UFUNCS))
def test_every_loop(name):
    """All loops, on arrays, on NumPy scalars, and with a Python number."""
    ufunc = UFUNCS[name].evaluate
    nin = ufunc.nin
    ran = 0
    for types in ufunc.types:
        chars = types.split("->")[0]
        if not set(chars) <= set(NUMBERS):
            continue
        for shape in ((5,), (2, 3), (), (0, 3), (1,)):
            args = [samples(c, shape) for c in chars]
            agree(*unstar(build(name, args)))
        args = [samples(c, (1,))[0] for c in chars]
        agree(*unstar(build(name, args)))
        ran += 1
        if nin == 2:
            for weak in (2, True, 0.5, -1):
                number = samples(chars[0], (1,))[0]
                for args, place in (
                    ([samples(chars[0], (5,)), weak], 1),
                    ([number, weak], 1),
                    ([weak, samples(chars[0], (2, 3))], 0),
                ):
                    for constants in ((), (place,)):
                        try:
                            graph, values = build(name, args, constants)
                        except TypeInferenceError:
                            continue
                        agree(graph, *values)
    assert ran


def unstar(built):
    graph, args = built
    return graph, *args


@pytest.mark.parametrize("name", ["add", "maximum", "arctan2", "less", "divmod", "exp", "negative", "frexp"])
@pytest.mark.parametrize("char", ["d", "f", "i"])
def test_layouts(name, char):
    ufunc = UFUNCS[name].evaluate
    if (
        not any(t.startswith(char) for t in ufunc.types)
        and char == "i"
        and name not in {"arctan2", "exp", "frexp"}
    ):
        pytest.skip("no loop")
    for operands in itertools.product(layouts(char), repeat=ufunc.nin):
        graph, args = build(name, operands)
        agree(graph, *args)


@pytest.mark.parametrize("chars", ["id", "?d", "fd", "bB", "dD"])
def test_mixed_types(chars):
    for a, b in itertools.product(layouts(chars[0]), layouts(chars[1])):
        graph, args = build("multiply", [a, b])
        agree(graph, *args)


def test_shapes_that_do_not_broadcast():
    a, b = np.ones((4, 3)), np.ones(4)
    graph, _ = build("add", [a, np.ones(3)])
    kind, text = agree(graph, a, b)
    assert kind is ValueError
    assert text == "operands could not be broadcast together with shapes (4,3) (4,) "


def test_negative_integer_power():
    graph, _ = build("power", [np.arange(3), np.arange(3)])
    kind, text = agree(graph, np.arange(3), np.array([1, -1, 2]))
    assert kind is ValueError and "negative integer powers" in text


def test_weak_int_out_of_range():
    graph, _ = build("add", [np.ones(3, np.uint8), 1])
    assert agree(graph, np.ones(3, np.uint8), 300)[0] is OverflowError
    assert agree(graph, np.ones(3, np.uint8), -1)[0] is OverflowError
    graph, _ = build("less", [np.ones(3, np.uint8), 1])
    agree(graph, np.ones(3, np.uint8), 300)


def test_nothing_is_written_while_others_look():
    x = input_variable(type_of(np.ones(3), static_shape=False))
    y = UFUNCS["add"](x, 1.0)
    z = UFUNCS["multiply"](y, 2.0)
    w = UFUNCS["subtract"](y, z)
    agree(Graph([x], [y, z, w]), np.arange(3.0))
    agree(Graph([x], [UFUNCS["add"](y, y), y]), np.arange(3.0))


def test_large_arrays_release_the_lock():
    x = input_variable(type_of(np.ones((3, 3)), static_shape=False))
    y = UFUNCS["sqrt"](UFUNCS["add"](x, 1.0))
    agree(Graph([x], [y]), np.arange(90_000.0).reshape(300, 300))
    agree(Graph([x], [y]), np.arange(180_000.0).reshape(300, 600)[:, ::2])


@pytest.mark.parametrize("ufunc", ["add", "multiply", "divide", "power", "less", "arctan2"])
@pytest.mark.parametrize("pair", list(itertools.product("?HlfD", repeat=2)), ids="".join)
def test_operands_of_two_types(ufunc, pair):
    """Few items are converted by the machine, more by the ufunc, operands that are read for the last time too."""
    for shape in ((5,), (1,), (0,), (3, 4), (300,)):
        for order in (np.ascontiguousarray, np.asfortranarray, lambda x: x[::-1]):
            args = [order(samples(char, shape)) for char in pair]
            try:
                graph, inputs = build(ufunc, args)
            except TypeInferenceError:
                continue
            agree(graph, *inputs)
            x, y = graph.inputs
            doubled = UFUNCS["add"](x, x), UFUNCS["add"](y, y)
            outs = [UFUNCS[ufunc](*doubled), UFUNCS[ufunc](doubled[0], y), UFUNCS[ufunc](x, doubled[1])]
            agree(Graph([x, y], outs), *inputs)
