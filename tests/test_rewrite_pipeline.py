"""The passes and the pipeline: same meaning, well-formed, nothing left to do; on random graphs, and as texts."""

import textwrap

import numpy as np
import pytest

from tests.sampling import RandomGraph, assert_same_meaning, check_golden
from tests.test_graph_text import heat
from tracetensor.errors import GraphError
from tracetensor.graph.builder import dvector, function_graph, ifelse, scan
from tracetensor.graph.node import input_variable
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.text import parse_graph, print_graph
from tracetensor.graph.types import BOOL
from tracetensor.graph.verify import verify
from tracetensor.rewrite import pipeline
from tracetensor.rewrite.engine import Report
from tracetensor.rewrite.passes.carries import simplify_loops
from tracetensor.rewrite.passes.dead import drop_dead
from tracetensor.rewrite.passes.motion import hoist, sink
from tracetensor.rewrite.pipeline import PIPELINE, optimize

PASSES = [drop_dead, simplify_loops, hoist, sink]


@pytest.mark.parametrize("seed", range(60))
def test_random_graph(seed):
    graph = verify(RandomGraph(seed).graph())
    assert parse_graph(print_graph(graph)) == graph
    for function in PASSES:
        after = verify(function(graph))
        assert_same_meaning(graph, after, seeds=[seed])
        assert function(after) is after, f"{function.__name__} is not done when it is done"
    after = optimize(graph, check=True)
    assert_same_meaning(graph, after, seeds=[seed, seed + 1])
    assert parse_graph(print_graph(after)) == after


def check_pass(function, before, after):
    graph = verify(parse_graph(textwrap.dedent(before)))
    found = verify(function(graph))
    expected = parse_graph(textwrap.dedent(after))
    assert found == expected, f"\n{found}\nis not\n{expected}"
    assert_same_meaning(graph, found)


def test_drop_dead_from_a_loop():
    check_pass(
        drop_dead,
        """
        graph g(n: int, x: float, y: float, z: float) -> ()
          v0, v1, v2, v3 = scan(n, x, y, z, x, y; counted, n_carry=3)
            body(i: int, a: float, b: float, c: float, p: float, q: float)
              v4 = py.add(a, p)
              v5 = py.add(b, q)
              v6 = py.add(c, v4)
              -> v4, v5, v6, v5
          -> v2
        """,
        """
        graph g(n: int, x: float, y: float, z: float) -> ()
          v0, v1 = scan(n, x, z, x; counted, n_carry=2)
            body(i: int, a: float, c: float, p: float)
              v2 = py.add(a, p)
              v3 = py.add(c, v2)
              -> v2, v3
          -> v1
        """,
    )


def test_drop_dead_keeps_what_may_raise():
    check_pass(
        drop_dead,
        """
        graph g(n: int, x: float, y: float[?]) -> ()
          ! v0, v1 = scan(n, x, x, y; counted, n_carry=2)
            body(i: int, a: float, b: float, u: float[?])
              ! v2 = u[i]
              v3 = py.add(b, 1.0)
              -> a, v3
          -> x
        """.replace("float[?]", "float64[?]"),
        """
        graph g(n: int, x: float, y: float[?]) -> ()
          ! v0 = scan(n, x, y; counted, n_carry=1)
            body(i: int, a: float, u: float[?])
              ! v2 = u[i]
              -> a
          -> x
        """.replace("float[?]", "float64[?]"),
    )


def test_drop_dead_from_branches():
    check_pass(
        drop_dead,
        """
        graph g(c: bool, x: float, y: float) -> ()
          v0, v1 = ifelse(c, x, y)
            then(a: float, b: float)
              v2 = py.neg(b)
              -> a, v2
            orelse(a1: float, b1: float)
              v3 = py.neg(a1)
              -> v3, b1
          -> v0
        """,
        """
        graph g(c: bool, x: float, y: float) -> ()
          v0 = ifelse(c, x)
            then(a: float)
              -> a
            orelse(a1: float)
              v3 = py.neg(a1)
              -> v3
          -> v0
        """,
    )


def test_unchanged_carries_and_constants_need_not_be_handed_on():
    check_pass(
        simplify_loops,
        """
        graph g(n: int, x: float, y: float) -> ()
          v0, v1 = scan(n, x, y, 2.0, y; counted, n_carry=2)
            body(i: int, a: float, b: float, p: float, q: float)
              v2 = py.add(a, b)
              v3 = py.mul(v2, p)
              v4 = py.add(v3, q)
              -> v4, b
          -> v0, v1
        """,
        """
        graph g(n: int, x: float, y: float) -> ()
          v0 = scan(n, x, y; counted, n_carry=1)
            body(i: int, a: float, b: float)
              v2 = py.add(a, b)
              v3 = py.mul(v2, 2.0)
              v4 = py.add(v3, b)
              -> v4
          -> v0, y
        """,
    )


def test_bodies_learn_shapes():
    check_pass(
        simplify_loops,
        """
        graph g(c: bool, x: float64[3]) -> ()
          ! v0 = ifelse(c, x)
            then(a: float64[?])
              ! v1 = add(a, float64[3]{1.0, 2.0, 3.0})
              -> v1
            orelse(b: float64[?])
              -> b
          -> v0
        """,
        """
        graph g(c: bool, x: float64[3]) -> ()
          v0 = ifelse(c, x)
            then(a: float64[3])
              v1 = add(a, float64[3]{1.0, 2.0, 3.0})
              -> v1
            orelse(b: float64[3])
              -> b
          -> v0
        """,
    )


def test_invariants_are_hoisted_through_loops_and_what_may_raise_is_not():
    check_pass(
        hoist,
        """
        graph g(n: int, x: float64[?], s: float64, k: int) -> ()
          ! v0 = scan(n, s, x, k, n; counted, n_carry=1)
            body(i: int, a: float64, u: float64[?], p: int, m: int)
              ! v1 = scan(m, a, u, p; counted, n_carry=1)
                body(j: int, b: float64, w: float64[?], q: int)
                  v2 = exp(w)
                  v3 = square(v2)
                  ! v4 = v3[q]
                  v5 = add(b, v4)
                  -> v5
              -> v1
          -> v0
        """,
        """
        graph g(n: int, x: float64[?], s: float64, k: int) -> ()
          v2 = exp(x)
          v3 = square(v2)
          ! v0 = scan(n, s, x, k, n, v3; counted, n_carry=1)
            body(i: int, a: float64, u: float64[?], p: int, m: int, h: float64[?])
              ! v1 = scan(m, a, u, p, h; counted, n_carry=1)
                body(j: int, b: float64, w: float64[?], q: int, h1: float64[?])
                  ! v4 = h1[q]
                  v5 = add(b, v4)
                  -> v5
              -> v1
          -> v0
        """,
    )


def test_what_one_branch_needs_sinks_into_it():
    check_pass(
        sink,
        """
        graph g(c: bool, x: float64[?], y: float64[?]) -> ()
          v0 = exp(x)
          v1 = square(v0)
          v2 = sin(x)
          v3 = cos(x)
          ! v4 = add(x, y)
          v5 = negative(v4)
          v6 = ifelse(c, v1, v2, v3, v4, v5)
            then(a: float64[?], b: float64[?], d: float64[?], e: float64[?], f: float64[?])
              v7 = absolute(a)
              v8 = negative(d)
              -> v7, v8, e
            orelse(a1: float64[?], b1: float64[?], d1: float64[?], e1: float64[?], f1: float64[?])
              v9 = tan(b1)
              -> v9, d1, f1
          -> v6, v3
        """.replace("v6 =", "v6, v10, v11 ="),
        """
        graph g(c: bool, x: float64[?], y: float64[?]) -> ()
          ! v4 = add(x, y)
          v3 = cos(x)
          v6 = ifelse(c, v3, v4, x)
            then(d: float64[?], e: float64[?], x1: float64[?])
              v0 = exp(x1)
              v1 = square(v0)
              v7 = absolute(v1)
              v8 = negative(d)
              -> v7, v8, e
            orelse(d1: float64[?], e1: float64[?], x2: float64[?])
              v2 = sin(x2)
              v9 = tan(v2)
              v5 = negative(e1)
              -> v9, d1, v5
          -> v6, v3
        """.replace("v6 =", "v6, v10, v11 ="),
    )


def busy():
    """A graph that every stage of the pipeline finds something to do in."""
    x, w, c = dvector("x"), dvector("w"), input_variable(BOOL, "c")

    def step(element, total, unchanged):
        return total * 1.0 + element * np.exp(w)[0] - (-unchanged) * 1, unchanged

    totals, _ = scan(step, x[0 : x.shape[0]], [np.float64(0.0), w[:].sum()])
    chosen = ifelse(PYTHON["not"](c), (np.sin(x), totals), (np.cos(x), totals))
    return function_graph(
        [x, w, c], [chosen[0].copy().sum(), chosen[1], np.square(-(-x.copy()))], name="busy"
    )


def test_golden_pipeline(request):
    report = Report()
    graph = verify(busy())
    after = optimize(graph, check=True, report=report)
    assert_same_meaning(graph, after)
    assert list(report.seconds) == [name for name, _ in PIPELINE]
    assert {"twice_negative", "times_one", "branch_on_not", "read_through_copy"} <= set(report.applied)
    check_golden(request, "busy.graph", print_graph(graph))
    check_golden(request, "busy_optimized.graph", print_graph(after))


def test_check_mode_catches_a_pass_that_breaks_the_graph(monkeypatch):
    def forget_roots(graph):
        return graph.replace(roots=[])

    monkeypatch.setattr(pipeline, "PIPELINE", (("forget roots", forget_roots),))
    with pytest.raises(GraphError, match="is not among the roots"):
        optimize(heat(), check=True)
    optimize(heat(), exclude=["forget roots"], check=True)


def test_copies_are_read_through_but_kept_where_they_are_results():
    graph = parse_graph(
        textwrap.dedent(
            """
            graph g(x: float64[?]) -> ()
              v0 = copy(x; order='C')
              v1 = exp(v0)
              -> v0, v1
            """
        )
    )
    assert [node.op.name for node in optimize(graph, check=True).nodes()] == ["copy", "exp"]
    assert optimize(graph).outputs[1].node.inputs == graph.inputs
