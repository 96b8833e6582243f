"""Scalars and lists on the machine: exactly Python's and NumPy's results, of any size."""

import itertools
import math

import numpy as np
import pytest

from tests.vm_graphs import MATRIX, VECTOR, add, agree, loop, new, outcome, py, same
from tracetensor.errors import Deoptimise, TypeInferenceError
from tracetensor.graph import op as graph_op
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import constant
from tracetensor.graph.ops.control import (
    list_append,
    list_get,
    list_len,
    list_make,
    list_pop,
    list_set,
)
from tracetensor.graph.ops.elementwise import UFUNCS, as_kind, cast, where
from tracetensor.graph.ops.elementwise import copy as copy_op
from tracetensor.graph.ops.scalars import BINARY, CONVERSIONS, MATH, UNARY, index, item
from tracetensor.graph.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    ListType,
    array_type,
    scalar_type,
    type_of,
)
from tracetensor.vm.compiler import compile_graph

# ------------------------------------------------------------------------------------------------------------ scalars

INTS = [0, 1, -1, 2, 3, -7, 62, 63, 64, 2**31, 2**53 + 1, 2**62, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e300, 1e-300, 5e-324, math.inf, -math.inf, math.nan, 2.0**63]


@pytest.mark.parametrize("name", list(BINARY))
def test_python_operators(name):
    pools = {BOOL: [False, True], INT: INTS, FLOAT: FLOATS, COMPLEX: [0j, 1 + 2j, complex(math.inf, 1)]}
    for s, t in itertools.product(pools, repeat=2):
        a, b = new(s), new(t)
        try:
            graph = Graph([a, b], [py[name](a, b)])
        except TypeInferenceError:
            continue
        program = compile_graph(graph)
        for x, y in itertools.product(pools[s], pools[t]):
            if name in {"pow", "lshift"} and (abs(x) > 100 or abs(y) > 100):
                continue
            expected = outcome(lambda: graph(x, y))
            got = outcome(lambda: program(x, y))
            assert repr(got) == repr(expected), (x, y)
        for x, y in zip(pools[s], pools[t][:4] if name in {"pow", "lshift"} else pools[t]):
            fixed = Graph([a], [py[name](a, constant(y))])
            assert repr(outcome(lambda: compile_graph(fixed)(x))) == repr(outcome(lambda: fixed(x)))


@pytest.mark.parametrize("name", list(UNARY))
def test_python_unary_operators(name):
    for values in ([False, True], INTS, FLOATS, [1 + 2j]):
        a = new(type_of(values[0]))
        try:
            graph = Graph([a], [py[name](a)])
        except TypeInferenceError:
            continue
        for x in values:
            assert repr(outcome(lambda: compile_graph(graph)(x))) == repr(outcome(lambda: graph(x)))


def test_big_ints():
    a, b = new(INT), new(INT)
    c = py["mul"](py["mul"](a, a), b)
    d = py["sub"](c, py["mul"](a, a))
    e = py["floordiv"](d, a)
    graph = Graph(
        [a, b], [c, d, e, py["lt"](d, c), CONVERSIONS["float"](e), CONVERSIONS["bool"](d), py["neg"](d)]
    )
    agree(graph, 2**62, 3)
    agree(graph, 5, 3)
    agree(graph, 2**600, 3)


def test_big_ints_in_loops():
    n, x, y = new(INT), new(INT), new(INT)
    graph = Graph([n, x, y], loop(lambda i, x, y: [y, py["mul"](x, 3)], [x, y], steps=n))
    program = compile_graph(graph)
    assert program(150, 1, 2) == graph(150, 1, 2)
    assert program(3, 1, 2) == graph(3, 1, 2)  # a register file that held big ints is used again


@pytest.mark.parametrize("name", sorted(MATH))
def test_math(name):
    pools = {
        INT: INTS,
        FLOAT: FLOATS,
        scalar_type(np.float64): list(map(np.float64, FLOATS)),
        scalar_type(np.float32): [np.float32(0.3)],
    }
    two = name in {"atan2", "hypot", "copysign", "fmod", "pow", "remainder"}
    for type_, values in pools.items():
        if (name == "isqrt" and type_ is not INT) or name == "gamma":
            continue
        a, b = new(type_), new(type_)
        graph = Graph([a, b], [MATH[name](a, b)]) if two else Graph([a], [MATH[name](a)])
        program = compile_graph(graph)
        for args in itertools.product(values, repeat=1 + two):
            assert repr(outcome(lambda: program(*args))) == repr(outcome(lambda: graph(*args))), args


SCALARS = [True, 3, -2, 2.75, math.nan, math.inf, 1e30, 1 + 2j] + [
    np.dtype(c).type(v) for c in "?bBhHiIlLefdgFDG" for v in (0, 1, 2.75, 200) if not (c in "bh" and v == 200)
]


@pytest.mark.parametrize("op", [*CONVERSIONS.values(), item, index], ids=lambda op: op.name)
def test_conversions(op):
    for value in [
        *SCALARS,
        np.array(2.5),
        np.array([3]),
        np.arange(2),
        np.array([[True]]),
        np.array(2, np.float16),
    ]:
        a = new(type_of(value, static_shape=False))
        try:
            graph = Graph([a], [op(a)])
        except (TypeInferenceError, KeyError):
            continue
        expected = outcome(lambda: graph(value))
        got = outcome(lambda: compile_graph(graph)(value))
        if not isinstance(expected, tuple) and isinstance(expected[0], np.generic):
            continue  # np.longdouble.item() is a np.longdouble
        assert repr(got) == repr(expected), value


@pytest.mark.parametrize("char", list("?bBhHiIlLefdgFDG"))
@pytest.mark.parametrize("kind", ["scalar", "array"])
def test_casts(char, kind):
    for value in [v for v in SCALARS if not isinstance(v, complex) or char in "FDG"]:
        if isinstance(value, np.generic) and value.dtype.kind == "c" and char not in "FDG":
            continue
        a = new(type_of(value))
        agree(Graph([a], [cast(a, dtype=np.dtype(char), kind=kind)]), value)


def test_kinds():
    for value in SCALARS:
        a = new(type_of(value))
        agree(Graph([a], [as_kind(a, kind="array")]), value)
        agree(Graph([a], [as_kind(a, kind="scalar")]), value)
        if isinstance(value, np.generic):
            b = new(array_type(value.dtype, ()))
            agree(Graph([b], [as_kind(b, kind="scalar")]), np.array(value))
            agree(Graph([b], [as_kind(b, kind="array"), b]), np.array(value))


def test_copies():
    x = new(MATRIX)
    y = add(x, 1.0)
    agree(Graph([x], [copy_op(y), y]), np.arange(6.0).reshape(2, 3))
    agree(Graph([x], [copy_op(y)]), np.arange(6.0).reshape(2, 3))
    agree(Graph([x], [copy_op(x)]), np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    assert compile_graph(Graph([x], [copy_op(x)]))(np.ones((2, 2)))[0].flags.writeable


def test_arguments_of_another_type():
    x = new(VECTOR)
    program = compile_graph(Graph([x], [add(x, 1.0)]))
    for wrong in (
        np.arange(3),
        np.ones((2, 2)),
        1.0,
        [1.0],
        np.ones(3, ">f8"),
        np.ones(3).view(np.ma.MaskedArray),
    ):
        with pytest.raises(Deoptimise):
            program(wrong)
    with pytest.raises(TypeError):
        program()
    b = new(BOOL)
    for wrong in (1, np.True_):
        with pytest.raises(Deoptimise):
            compile_graph(Graph([b], [b]))(wrong)


# -------------------------------------------------------------------------------------------------------------- lists


def test_lists():
    n, x = new(INT), new(FLOAT)
    empty = list_make(x, type=ListType(FLOAT))
    grown = loop(lambda i, s: [list_append(s, CONVERSIONS["float"](i))], [empty], steps=n)[0]
    rest, last = list_pop(grown, -1)
    changed = list_set(rest, 9.0, 0)
    graph = Graph([n, x], [grown, rest, last, changed, list_get(changed, 1), list_len(changed)])
    agree(graph, 5, 1.5)
    agree(Graph([n, x], [changed]), 5, 1.5)
    assert agree(graph, 0, 1.5)[0] is IndexError


@pytest.mark.parametrize("value", [np.float64(2), np.int8(3), True, 2, 1j, np.float16(1), np.arange(3.0)])
def test_lists_of_every_kind(value):
    n, x = new(INT), new(type_of(value, static_shape=False))
    grown = loop(lambda i, s, x: [list_append(s, x)], [list_make(type=ListType(x.type))], [x], steps=n)[0]
    rest, last = list_pop(grown, 0)
    agree(Graph([n, x], [list_set(rest, x, -1), last, list_get(rest, 1), grown]), 4, value)
    agree(Graph([n, x], [list_set(rest, x, -1), last]), 4, value)


def test_lists_of_the_caller_are_left_alone():
    s = new(ListType(INT))
    graph = Graph([s], [list_append(s, 3), list_set(s, 7, 0), list_pop(s, 0)[0]])
    values = [1, 2]
    same(compile_graph(graph)(values), graph(values))
    assert values == [1, 2]
    fixed = constant([1, 2], ListType(INT))
    program = compile_graph(Graph([s], [fixed]))
    program([1])[0].append(5)
    assert program([1])[0] == [1, 2]


def test_library_functions_called_directly():
    OPS = graph_op.OPS
    for value in (
        np.arange(6.0).reshape(2, 3),
        np.arange(6).reshape(2, 3)[:, ::-1],
        np.ones((0, 3), np.float32),
        np.array([[True, False]]),
    ):
        x = new(type_of(value, static_shape=False))
        for name in ("sum", "prod", "min", "max", "any", "all"):
            for axis, keepdims in ((None, False), ((0,), True), ((0, 1), False), ((1,), False)):
                agree(Graph([x], [OPS[name](x, axis=axis, keepdims=keepdims)]), value)
        agree(Graph([x], [OPS["transpose"](x, axes=(1, 0))]), value)
        agree(Graph([x], [OPS["reshape"](x, constant(3), constant(-1), order="F")]), value)
        agree(Graph([x], [cast(x, dtype=np.dtype(np.int8)), cast(x, dtype=np.dtype(complex))]), value)
        agree(Graph([x], [where(UFUNCS["less"](x, 2), x, 0), where(UFUNCS["less"](x, 2), 1.5, x)]), value)
        agree(Graph([x], [OPS["matmul"](x, OPS["transpose"](x, axes=(1, 0))), OPS["dot"](x, 2)]), value)
