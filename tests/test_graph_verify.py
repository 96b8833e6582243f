"""The checker: accepts sound graphs, and shows the place of every kind of fault."""

import pytest

from tracetensor.errors import GraphError
from tracetensor.graph.builder import dvector, function_graph
from tracetensor.graph.graph import Graph, SourceLine
from tracetensor.graph.node import Node, input_variable
from tracetensor.graph.op import Op, find_op
from tracetensor.graph.ops import control
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import FLOAT, INT, UNIT, array_type
from tracetensor.graph.verify import verify


def test_sound_graph_is_returned():
    x = dvector("x")
    graph = function_graph([x], [x[0], -x])
    assert verify(graph) is graph


def test_raising_node_must_be_a_root():
    x = dvector("x")
    y = -x
    out = y[0]
    line = SourceLine("model.py", 7, "f")
    graph = Graph([x], [out + 1.0], name="g", locations={out.node: (line,)})
    with pytest.raises(GraphError) as caught:
        verify(graph)
    lines = str(caught.value).splitlines()
    assert lines[0] == "graph g: getitem may raise, but is not among the roots"
    assert [line.split()[0] for line in lines[1:]] == ["from", "HERE", "to"]
    assert "negative(x)" in lines[1] and "float64[?]" in lines[1]
    assert "[0]" in lines[2] and lines[2].endswith("# model.py:7")
    assert "add(" in lines[3]


def test_effect_must_be_a_root():
    x = input_variable(FLOAT, "x")
    check = control.raise_if(x < 0.0, exception=ValueError, arguments=())
    with pytest.raises(GraphError, match="raise_if has an effect"):
        verify(Graph([x], [check]))


def test_fault_in_a_body_names_the_path():
    x, k = dvector("x"), input_variable(INT, "k")
    inner = dvector("x")
    body = Graph([inner], [inner[0]], name="inner")
    other = Graph([inner], [find_op("cast")(1.0, dtype=inner.dtype, kind="scalar")])
    out = control.ifelse(k < 0, x, then=body, orelse=other)
    with pytest.raises(GraphError, match="graph g > inner: getitem may raise"):
        verify(Graph([x, k], [out], [out], name="g"))


def test_types_are_derived_again():
    x = dvector("x")
    wrong = Node(UFUNCS["negative"], (x,), {}, (array_type("f4", (None,)),))
    with pytest.raises(
        GraphError, match=r"negative gives float64\[\?\], but its results are typed float32\[\?\]"
    ):
        verify(Graph([x], [wrong.out]))


def test_op_without_meaning_on_its_inputs():
    x = dvector("x")
    wrong = Node(PYTHON["neg"], (x,), {}, (FLOAT,))
    with pytest.raises(GraphError, match=r"no meaning on these types: py.neg is defined on Python scalars"):
        verify(Graph([x], [wrong.out]))


def test_op_that_is_not_in_the_table():
    x = dvector("x")
    stranger = Op("stranger", evaluate=lambda x: x, infer=lambda types, params: types[0], family="test")
    with pytest.raises(GraphError, match="stranger is not the op of that name"):
        verify(Graph([x], [stranger(x)]))


def test_parameters_of_control_flow():
    x, k = input_variable(FLOAT, "x"), input_variable(INT, "k")
    body = Graph([x], [x])
    wrong = Node(control.scan, (k, x), {"body": body, "n_carry": 1, "counted": True}, (FLOAT,))
    with pytest.raises(GraphError, match="parameter conditional of scan must be of class bool"):
        verify(Graph([k, x], [wrong.out], [wrong.out]))


def test_inputs_are_inputs():
    x = dvector("x")
    y = -x
    with pytest.raises(GraphError, match="is a constant or a node's result"):
        verify(Graph([y], [-y]))
    with pytest.raises(GraphError, match="stands twice"):
        Graph([x, x], [x])
    with pytest.raises(GraphError, match="is used but is not an input"):
        Graph([], [x])


def test_unit_is_a_type_like_others():
    x = input_variable(FLOAT, "x")
    check = control.raise_if(x < 0.0, exception=ValueError, arguments=())
    assert check.type is UNIT
    verify(Graph([x], [x], [check]))
