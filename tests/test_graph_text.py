"""Graphs as text: golden prints, and that what is printed reads back as an equal graph."""

import numpy as np
import pytest

from tests.sampling import RandomGraph, check_golden
from tracetensor.errors import GraphError
from tracetensor.graph.builder import close_over, dvector, function_graph, ifelse
from tracetensor.graph.graph import Graph, SourceLine
from tracetensor.graph.node import constant, input_variable
from tracetensor.graph.ops import control
from tracetensor.graph.ops.indexing import update_at
from tracetensor.graph.text import parse_graph, print_graph, print_type
from tracetensor.graph.types import (
    BOOL,
    FLOAT,
    INT,
    ListType,
    ObjectType,
    TensorType,
    array_type,
    scalar_type,
)


def heat():
    u, steps, k = dvector("u"), input_variable(INT, "steps"), input_variable(FLOAT, "k")
    step, inner = input_variable(INT, "i"), input_variable(u.type, "u")
    new = inner.set(slice(1, -1), inner[1:-1] + k * (inner[2:] - 2 * inner[1:-1] + inner[:-2]))
    body, captured = close_over([step, inner], [new])
    final = control.scan(steps, u, *captured, body=body, n_carry=1, counted=True, conditional=False)
    at = update_at(final, np.array([1.0, np.nan]), np.array([0, 2]), spec=("a",), ufunc="add")
    check = control.raise_if(k < 0.0, k, exception=ValueError, arguments=("k is", ("value", 0)))
    last = ifelse(k >= 1.0, lambda: at[0], np.float64(-0.0))
    return function_graph([u, steps, k], [at, last], roots=[check], name="heat")


def test_golden(request):
    check_golden(request, "heat.graph", print_graph(heat()))


@pytest.mark.parametrize("seed", range(20))
def test_random_graph_reads_back(seed):
    graph = RandomGraph(seed).graph()
    text = print_graph(graph)
    assert parse_graph(text) == graph
    assert print_graph(parse_graph(text)) == text


VALUES = [
    1, -3, True, 0.5, -0.0, float("nan"), float("-inf"), 1e-300, complex(-0.0, float("nan")), complex(1, -2),
    np.float32(0.1), np.float16(0.1), np.longdouble("0.1"), np.bool_(True), np.uint8(255), np.complex64(1 - 2j),
    -np.float64("nan"), np.array(1.5), np.array([]), np.zeros((0, 3), np.int16), np.array([[1, 2], [3, 4]], ">i4"),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(100.0), np.array([True, False]), np.array(["a", "bb"]),
    np.array(["2020-01-01"], "M8[D]"), [1, 2, 3], [0.5, -0.0],
]  # fmt: skip


@pytest.mark.parametrize("value", VALUES, ids=lambda v: str(v)[:20].replace("\n", ""))
def test_constant_reads_back(value):
    graph = Graph([], [constant(value)])
    again = parse_graph(print_graph(graph))
    assert again == graph
    assert again.outputs[0] is graph.outputs[0]


TYPES = [
    BOOL, INT, FLOAT, scalar_type(bool), scalar_type("f4"), array_type("f8", (None, 3)), array_type(bool, ()),
    array_type("<U5", (2,)), array_type([("a", "i4"), ("b", "f8")], (None,)), array_type("M8[ns]", (None,)),
    ListType(array_type("f8", (None,))), ListType(INT), ObjectType("numpy.random.Generator"), ObjectType("a b"),
]  # fmt: skip


@pytest.mark.parametrize("type_", TYPES, ids=print_type)
def test_type_reads_back(type_):
    graph = parse_graph(f"graph g(x: {print_type(type_)}) -> ()\n  ->\n")
    assert graph.input_types == (type_,)


def test_python_bool_and_numpy_bool_print_differently():
    assert print_type(BOOL) == "bool"
    assert print_type(scalar_type(bool)) == "bool_"


def test_params_read_back():
    x = input_variable(FLOAT, "x")
    values = (
        1,
        -2.5,
        None,
        True,
        "a'b",
        b"c",
        slice(1, None, 2),
        (1,),
        (),
        np.dtype("f4"),
        INT,
        np.sum,
        ValueError,
        ...,
    )
    out = control.callback(x, function=np.float64, type=TensorType("f8", (), "scalar"))
    check = control.raise_if(False, exception=ValueError, arguments=values)
    graph = Graph([x], [out], [out, check])
    assert parse_graph(print_graph(graph)) == graph


def test_roots_in_another_order_than_nodes_read_back():
    x = dvector("x")
    first = x[0]
    second = x.set(1, first)
    graph = Graph([x], [second], [second, first])
    assert "roots v1, v0" in print_graph(graph)
    again = parse_graph(print_graph(graph))
    assert again == graph
    assert again != Graph([x], [second], [first, second])


def test_input_names_are_made_fit_and_unique():
    names = ["x", "x", "a.b", "1st", "nan", "float64", "bool", ""]
    inputs = [input_variable(FLOAT, name) for name in names]
    graph = Graph(inputs, inputs)
    assert parse_graph(print_graph(graph)) == graph


def test_locations_are_comments():
    x = dvector("x")
    y = -x
    line = SourceLine("folder/heat.py", 12, "heat")
    graph = Graph([x], [y], locations={y.node: (line,)})
    assert print_graph(graph, locations=True).splitlines()[1].endswith("float64[?]  # heat.py:12")
    assert parse_graph(print_graph(graph, locations=True)) == graph


def test_elided_text_is_short_and_does_not_read_back():
    graph = Graph([], [constant(np.arange(10000.0))])
    text = print_graph(graph, elide=True)
    assert "float64[10000]{...}" in text
    with pytest.raises(GraphError, match="line 2: expected a number"):
        parse_graph(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "empty text"),
        ("graph g(x: int) -> ()\n  v0 = nothing(x)\n  -> v0", "line 2"),
        ("graph g(x: int) -> ()\n  v0 = py.neg(y)\n  -> v0", "'y' is not defined here"),
        ("graph g(x: int) -> ()\n  v0 = py.neg(x)  float\n  -> v0", "v0 is of type int, not float"),
        ("graph g(x: int) -> ()\n  v0 = py.neg(x)", "gives its outputs"),
        ("graph g(x: quaternion) -> ()\n  -> x", "expected a type"),
        ("graph g(x: int) -> ()\n  -> x\nmore", "belongs to no graph"),
        ("graph g(x: int) -> ()\n  v0 = py.neg(x) & 1\n  -> v0", "cannot read"),
    ],
)
def test_text_that_is_no_graph(text, words):
    with pytest.raises(GraphError, match=words):
        parse_graph(text)
