"""The symbolic face: constructors, ifelse, scan, while_loop, closures."""

import numpy as np
import pytest

from tests.sampling import same
from tracetensor.errors import GraphError, TypeInferenceError
from tracetensor.graph import builder
from tracetensor.graph.builder import (
    close_over,
    dmatrix,
    dvector,
    function_graph,
    ifelse,
    scan,
    tensor,
    until,
    vector,
    while_loop,
)
from tracetensor.graph.node import constant, input_variable
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import BOOL, FLOAT, INT
from tracetensor.graph.verify import verify
from tracetensor.rewrite.pipeline import optimize

X = np.arange(1.0, 5.0)


def run(inputs, outputs, *args):
    """Outputs of the graph, verified, and the same after optimisation."""
    outputs = outputs if isinstance(outputs, list) else [outputs]
    graph = verify(function_graph(inputs, outputs))
    found = graph(*args)
    after = optimize(graph, check=True)
    assert same(found, after(*args)), (str(graph), str(after))
    return found if len(found) > 1 else found[0]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("scalar", "float64"), ("vector", "float64[?]"), ("dmatrix", "float64[?, ?]"), ("frow", "float32[1, ?]"),
        ("icol", "int32[?, 1]"), ("ztensor3", "complex128[?, ?, ?]"), ("btensor4", "int8[?, ?, ?, ?]"),
        ("lscalar", "int64"), ("wvector", "int16[?]"), ("cmatrix", "complex64[?, ?]"),
    ],
)  # fmt: skip
def test_constructors(name, text):
    variable = getattr(builder, name)("a")
    assert repr(variable.type) == text and variable.name == "a"


def test_constructors_of_several_and_by_dtype():
    assert [v.name for v in builder.dmatrices("a", "b")] == ["a", "b"]
    assert len(builder.fvectors(3)) == 3
    assert vector("x", dtype="int8").dtype == np.int8
    assert tensor(bool, (2, None)).tensor.shape == (2, None)
    with pytest.raises(AttributeError):
        builder.qmatrix


def test_function_graph_orders_what_may_raise():
    x = dvector("x")
    first, second = x[0], x[1]
    graph = function_graph([x], [second + first])
    assert graph.roots == (first, second)
    with pytest.raises(GraphError, match="is not an input"):
        function_graph([], [x])


def test_close_over_captures_at_the_outermost_value():
    x, k = dvector("x"), input_variable(INT, "k")
    outer = (x * 2.0).sum()
    body, captured = close_over([k], [outer * k, outer, constant(1)])
    assert captured == [outer]
    assert len(body.nodes()) == 1
    assert body.inputs[0] is k and body.outputs[1] is body.inputs[1]


def test_close_over_keeps_inside_what_may_raise():
    x, k = dvector("x"), input_variable(INT, "k")
    mark = input_variable(BOOL).serial
    element = x[3]
    assert close_over([k], [element * k], since=mark)[1] == [x]
    assert close_over([k], [element * k], since=mark + 100)[1] == [element]


def test_ifelse_is_lazy():
    x, c = dvector("x"), input_variable(BOOL, "c")
    for out in (ifelse(c, x[10], x[0]), ifelse(c, lambda: x[10], lambda: x[0])):
        graph = verify(function_graph([c, x], [out]))
        assert optimize(graph, check=True)(False, X)[0] == graph(False, X)[0] == 1.0
        with pytest.raises(IndexError):
            graph(True, X)


def test_ifelse_of_tuples_and_conditions():
    x, n = dvector("x"), input_variable(INT, "n")
    a, b = run([x, n], ifelse(n > 2, (x, x.sum()), (-x, x[0])), X, 3)
    assert same(a, X) and b == 10.0
    assert run([x, n], ifelse(n, x, -x), X, 0)[0] == -1.0
    assert run([x, n], ifelse(x.sum() > 5.0, x, -x), X, 0)[0] == 1.0
    with pytest.raises(TypeInferenceError, match="differ in type"):
        ifelse(n > 2, x, 1.0)


def test_scan_over_sequences():
    x, y = dvector("x"), dvector("y")
    assert same(run([x, y], scan(lambda a, b: a * b, [x, y]), X, X[:3]), X[:3] ** 2)
    assert same(run([x], scan(lambda a: a + 1.0, x, go_backwards=True), X), X[::-1] + 1)


def test_scan_with_carry_and_closure():
    x, k = dvector("x"), input_variable(FLOAT, "k")
    total = scan(lambda a, s: s + a * k, x, 0.0)
    assert same(run([x, k], total, X, 2.0), np.cumsum(X) * 2)
    assert same(run([x, k], total, X[:0], 2.0), X[:0])


def test_scan_with_taps():
    x = dvector("x")
    fibonacci = scan(lambda a, b: a + b, outputs_info={"initial": x, "taps": [-2, -1]}, n_steps=5)
    assert same(run([x], fibonacci, np.array([1.0, 1.0])), np.array([2.0, 3.0, 5.0, 8.0, 13.0]))
    differences = scan(lambda a, b: b - a, {"input": x, "taps": [-1, 0]})
    assert same(run([x], differences, X**2), np.diff(X**2))
    late = scan(lambda a, b: (a, b), [{"input": x, "taps": [0, 2]}])
    assert [v.tolist() for v in run([x], late, X)] == [[1.0, 2.0], [3.0, 4.0]]


def test_scan_with_several_results_and_none():
    x, n = dvector("x"), input_variable(INT, "n")
    powers, squares = scan(
        lambda p, m: (p * m, p**2), outputs_info=[np.float64(1.0), None], non_sequences=x[1], n_steps=n
    )
    a, b = run([x, n], [powers, squares], X, 4)
    assert same(a, np.array([2.0, 4, 8, 16])) and same(b, np.array([1.0, 4, 16, 64]))


def test_scan_until():
    n = input_variable(INT, "n")
    doubling = scan(lambda s: (s * 2, until(s * 2 > 20)), outputs_info=1, n_steps=n)
    assert run([n], doubling, 100).tolist() == [2, 4, 8, 16, 32]
    assert run([n], doubling, 3).tolist() == [2, 4, 8]


def test_scan_of_matrix_carry():
    m, x = dmatrix("m"), dvector("x")
    steps = scan(lambda v, m: m @ v, outputs_info=x, non_sequences=m, n_steps=3)
    matrix = np.array([[1.0, 1.0], [0.0, 2.0]])
    assert same(run([m, x], steps, matrix, np.ones(2)), np.array([[2.0, 2], [4, 4], [8, 8]]))


def test_scan_that_makes_no_sense():
    x = dvector("x")
    with pytest.raises(ValueError, match="needs sequences, or n_steps"):
        scan(lambda s: s, outputs_info=x)
    with pytest.raises(ValueError, match="returned 2 results"):
        scan(lambda a, s: (s, a), x, 0.0)
    with pytest.raises(ValueError, match="taps of a result are negative"):
        scan(lambda a: a, outputs_info={"initial": x, "taps": [0]}, n_steps=1)


def test_what_raises_in_a_loop_raises_in_the_loop_only():
    x, n = dvector("x"), input_variable(INT, "n")
    graph = verify(function_graph([x, n], [scan(lambda s: s + x[9], outputs_info=0.0, n_steps=n)]))
    for g in (graph, optimize(graph, check=True)):
        assert g(X, 0)[0].size == 0
        with pytest.raises(IndexError):
            g(X, 1)


def test_while_loop():
    n, k = input_variable(INT, "n"), input_variable(INT, "k")
    collatz = while_loop(
        lambda i, steps: i.ne(1),
        lambda i, steps: (ifelse((i % 2).eq(0), i // 2, 3 * i + k), steps + 1),
        (n, 0),
    )
    assert run([n, k], collatz, 27, 1)[1] == 111
    assert run([n, k], while_loop(lambda i: i < 10, lambda i: i * 2, n), 3, 1) == 12
    with pytest.raises(ValueError, match="returned 2 values for 1"):
        while_loop(lambda i: i < 10, lambda i: (i, i), n)


def test_carry_whose_shape_changes():
    x, n = tensor("f8", (4,), "x"), input_variable(INT, "n")
    shrinking = while_loop(lambda v, i: i < n, lambda v, i: (v[1:] + v[:-1], i + 1), (x, 0))
    assert same(run([x, n], shrinking[0], X, 2), np.array([8.0, 12.0]))
    with pytest.raises(TypeInferenceError, match="value 0 of the carry enters"):
        while_loop(lambda v: v.sum() < 1, lambda v: v[None], x)


def test_python_scalars_in_loops_stay_python_scalars():
    n = input_variable(INT, "n")
    total = while_loop(lambda i, s: i < n, lambda i, s: (i + 1, s + i), (0, 0))[1]
    assert total.type is INT
    assert run([n], total, 5) == 10
    assert total.node.op.name == "scan" and PYTHON["add"].name == "py.add"
