"""An op added as one record runs on every path: text, inference, checker, reference, machine, rewriting, tracer."""

import pickle

import numpy as np
import pytest

import tracetensor as tt
from tests import compare
from tracetensor.errors import GraphError, TypeInferenceError
from tracetensor.graph import answers, operators
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import input_variable
from tracetensor.graph.op import OPS, Op, find_op, register
from tracetensor.graph.parse import parse_type
from tracetensor.graph.types import TensorType
from tracetensor.graph.verify import verify


def wobble(x, *, times=1):
    """A function that NumPy might have: every element is moved by one of its neighbours, `times` over."""
    if times < 0:
        raise ValueError("times must not be negative")
    for _ in range(times):
        x = x + np.roll(x, 1) / 2
    return x


def _infer(types, params):
    (x,) = types
    if not isinstance(x, TensorType) or not x.is_array or x.dtype.kind not in "fc":
        raise TypeInferenceError(f"wobble of {x!r}")
    return x


def _record():
    """The record: the one place where the op is described."""
    return Op(
        "wobble",
        evaluate=wobble,
        infer=_infer,
        family="wobbling",
        raises=lambda node: node.params.get("times", 1) < 0,
        answers=(wobble,),
        domain={"x": (-4, 4)},
    )


def other(x):
    return x + 1


@pytest.fixture
def op():
    tt.trace(lambda x: other(x), strict=True)(X)  # the tracer has been at work before the op comes
    made = register(_record())
    operators._answering_ops.cache_clear()
    yield made
    del OPS["wobble"]
    answers.NUMPY.pop(wobble, None)
    operators._answering_ops.cache_clear()


X = np.array([1.0, -2.0, 4.0])


def graph_of(op, **params):
    x = input_variable(parse_type("float64[?]"), "x")
    return Graph([x], [op(x * 2.0, **params)], name="g")


def test_the_record_is_found_by_name(op):
    assert find_op("wobble") is op
    assert pickle.loads(pickle.dumps(op)) is op
    with pytest.raises(GraphError, match="named 'wobble' already"):
        register(_record())


def test_text_there_and_back(op):
    graph = graph_of(op, times=2)
    text = tt.print_graph(graph)
    assert "wobble(v0; times=2)" in text
    assert tt.parse_graph(text) == graph
    assert pickle.loads(pickle.dumps(graph)) == graph


def test_inference_and_checker(op):
    graph = verify(graph_of(op))
    assert repr(graph.outputs[0].type) == "float64[?]"
    with pytest.raises(TypeInferenceError, match="wobble of int"):
        op(3)


def test_equal_nodes_merge(op):
    x = input_variable(parse_type("float64[?]"), "x")
    assert op(x, times=2) is op(x, times=2)
    assert op(x, times=2) is not op(x, times=3)


@pytest.mark.parametrize("times", [1, 3])
def test_reference_and_machine_agree_with_the_record(op, times):
    graph = graph_of(op, times=times)
    expected = wobble(X * 2.0, times=times)
    for run in (graph, tt.compile(graph), tt.compile(tt.optimize(graph)), tt.optimize(graph)):
        compare.assert_same(run(X)[0], expected)


def test_symbolic_builder(op):
    x, n = tt.dvector("x"), tt.lscalar("n")
    f = tt.function([x], op(x).sum())
    assert f(X) == wobble(X).sum()
    last = tt.function([x, n], tt.scan(lambda v: op(v), outputs_info=x, n_steps=n)[-1])
    compare.assert_same(last(X, 3), wobble(X, times=3))


def test_the_op_may_raise(op):
    graph = tt.function_graph([v := tt.dvector("x")], [op(v, times=-1)])
    assert graph.roots
    for run in (graph, tt.compile(graph)):
        with pytest.raises(ValueError, match="times must not be negative"):
            run(X)


def program(x, n):
    for _ in range(n):
        x[:] = wobble(x) - x.mean()
    if x.sum() > 0:
        return wobble(x) * 2
    return x


def program_with_keyword(x, n):
    y = wobble(x, times=2)
    for _ in range(n):
        y = wobble(y * 0.5, times=3)
    return y


def test_tracer_makes_the_op_of_the_function_that_the_record_answers_to(op):
    traced = tt.trace(program, strict=True)
    for n in (3, 0, 1):
        for x in (X, np.linspace(0.0, 1.0, 7)):
            compare.run_both(program, traced, (x, n))
    (graph,) = traced.graphs
    assert sum(node.op is op for node in graph.all_nodes()) == 2
    assert not {"callback", "roll"} & {node.op.name for node in graph.all_nodes()}


def test_tracer_calls_the_builder_that_answers(op):
    """Where a call's arguments are not just the op's inputs, a builder stands between them."""

    @answers.answers(wobble)
    def build(x, *, times=1):
        return op(x, times=answers.static_int(times))

    traced = tt.trace(program_with_keyword, strict=True)
    for n in (2, 0):
        compare.run_both(program_with_keyword, traced, (X, n))
    (graph,) = traced.graphs
    assert sorted(node.params["times"] for node in graph.all_nodes() if node.op is op) == [2, 3]


def test_nothing_is_left():
    assert "wobble" not in OPS
    assert wobble not in answers.NUMPY
    assert operators.builder_of(wobble) is None
