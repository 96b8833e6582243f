"""Operators, indexing and methods of variables mean what they mean in Python and NumPy."""

import operator

import numpy as np
import pytest

from tests.sampling import same
from tracetensor.graph.builder import dmatrix, dvector, function_graph, tensor
from tracetensor.graph.node import input_variable
from tracetensor.graph.op import OPS
from tracetensor.graph.parse import parse_type
from tracetensor.graph.types import FLOAT, INT

BINARY = "add sub mul truediv floordiv mod pow lt le gt ge".split()
BITWISE = "and_ or_ xor lshift rshift".split()
A, B = np.array([1.5, -2.0, 0.0, np.inf]), np.array([2.0, 3.0, -0.0, 2.0])


def value(variable, **values):
    """The value of an expression, inputs being given by name."""
    inputs = {v for node in function_graph_nodes(variable) for v in node.inputs if v.is_input}
    return variable.eval({v: values[v.name] for v in inputs})


def function_graph_nodes(variable):
    from tracetensor.graph.graph import topological

    return topological([variable])


def check(function, *args, types):
    inputs = [input_variable(parse_type(t), f"x{k}") for k, t in enumerate(types)]
    graph = function_graph(inputs, [function(*inputs)])
    with np.errstate(all="ignore"):
        expected = function(*args)
        assert same(expected, graph(*args)[0]), (expected, graph(*args)[0], str(graph))
    return graph


@pytest.mark.parametrize("name", BINARY)
def test_binary_operators(name):
    function = getattr(operator, name)
    check(function, A, B, types=["float64[?]", "float64[?]"])
    check(lambda x: function(x, 2.5), A, types=["float64[?]"])
    check(lambda x: function(3, x), B, types=["float64[?]"])
    check(lambda x: function(B, x), A, types=["float64[?]"])
    check(function, 7, 2, types=["int", "int"])
    check(function, 7.5, 2, types=["float", "int"])
    check(function, np.float32(7.5), 2, types=["float32", "int"])


@pytest.mark.parametrize("name", BITWISE)
def test_bitwise_operators(name):
    function = getattr(operator, name)
    check(function, np.array([5, 6, 7]), np.array([1, 2, 3]), types=["int64[?]", "int64[?]"])
    check(lambda x: function(3, x), 2, types=["int"])


def test_python_scalars_keep_python_meaning():
    graph = check(lambda x, y: x // y, 7, 2, types=["int", "int"])
    assert [node.op.name for node in graph.nodes()] == ["py.floordiv"]
    assert graph.roots
    with pytest.raises(ZeroDivisionError):
        graph(1, 0)


@pytest.mark.parametrize("exponent", [2, 2.0, -1, 0.5, 1, 3, 0])
@pytest.mark.parametrize("kind", ["float64[?]", "int64[?]", "float64"])
def test_powers_are_those_of_numpy(exponent, kind):
    args = {
        "float64[?]": np.array([1.1, -2.3, 0.0, -np.inf]),
        "int64[?]": np.array([3, -2, 1]),
        "float64": np.float64(1.1),
    }
    if kind == "int64[?]" and exponent == -1:
        return
    check(lambda x: x**exponent, args[kind], types=[kind])


@pytest.mark.parametrize("function", [operator.neg, operator.pos, abs, operator.invert])
def test_unary_operators(function):
    check(function, np.array([1, -2]), types=["int64[?]"])
    check(function, -3, types=["int"])


def test_comparisons_by_name_and_identity():
    x, y = dvector("x"), dvector("y")
    assert x != y and x == x
    assert same(x.eq(y).eval({x: A, y: B}), A == B)
    assert same(x.ne(2.0).eval({x: A}), A != 2.0)


INDICES = [
    lambda x, k: x[1],
    lambda x, k: x[k],
    lambda x, k: x[1:-1],
    lambda x, k: x[:k, None],
    lambda x, k: x[..., k],
    lambda x, k: x[k, ::2],
    lambda x, k: x[[1, 0, 1]],
    lambda x, k: x[np.array([True, False, True]), 1:],
    lambda x, k: x[None, k, ..., None],
    lambda x, k: x[[]],
    lambda x, k: x[np.newaxis][0][k][2],
    lambda x, k: x[x > 0],
]


@pytest.mark.parametrize("function", INDICES)
def test_indexing(function):
    x = np.arange(12.0).reshape(3, 4) - 5
    check(function, x, 1, types=["float64[?, ?]", "int"])


def test_functional_write():
    x = dvector("x")
    assert same(x.set(slice(1, 3), 7.0).eval({x: np.zeros(4)}), np.array([0, 7.0, 7.0, 0]))


def test_bad_index():
    with pytest.raises(IndexError, match="an index is made of"):
        dvector("x")[1.5]


def test_numpy_functions_build_graph():
    x, m = dvector("x"), dmatrix("m")
    assert np.exp(x).node.op is OPS["exp"]
    assert np.add(1.0, x).node.op is OPS["add"]
    assert (np.ones(3) * x).node.op is OPS["multiply"]
    check(lambda x: np.where(x > 0, x, 0.0), A, types=["float64[?]"])
    check(lambda x: np.sum(x), A, types=["float64[?]"])
    check(lambda m: m.T, np.arange(6.0).reshape(2, 3), types=["float64[?, ?]"])
    check(lambda m: m.sum(axis=0), np.arange(6.0).reshape(2, 3), types=["float64[?, ?]"])
    assert m.shape[0].type is INT
    assert tensor("f8", (3, None), "t").shape[0] == 3
    assert x.ndim == 1 and x.dtype == np.float64
    check(lambda m, x: m @ x, np.arange(6.0).reshape(2, 3), np.ones(3), types=["float64[?, ?]", "float64[?]"])


def test_divmod():
    x = input_variable(INT, "x")
    assert [v.eval({x: 7}) for v in divmod(x, 2)] == [3, 1]


@pytest.mark.parametrize(
    ("use", "words"),
    [(bool, "neither true nor false"), (list, "iterated"), (len, "no length"), (np.asarray, "no value")],
)
def test_what_needs_a_value_is_refused(use, words):
    with pytest.raises(TypeError, match=words):
        use(dvector("x"))


def test_unknown_attributes_and_operands():
    x = input_variable(FLOAT, "x")
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        x.nothing
    with pytest.raises(TypeError, match="unsupported operand"):
        x + "text"
