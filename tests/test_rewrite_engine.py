"""The engine: matching, fixed points, bodies, roots, locations; that it leaves alone what needs no change."""

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both
from tests.sampling import assert_same_meaning, same
from tracetensor.errors import GraphError
from tracetensor.graph.builder import dvector, function_graph, ifelse, scan
from tracetensor.graph.graph import SourceLine
from tracetensor.graph.node import constant, input_variable
from tracetensor.graph.op import OPS
from tracetensor.graph.ops import control
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.indexing import getitem
from tracetensor.graph.types import BOOL, INT
from tracetensor.graph.verify import verify
from tracetensor.rewrite.engine import Report, rewrite
from tracetensor.rewrite.pipeline import optimize
from tracetensor.rewrite.rule import REAL_ALGEBRA, Replacement, RuleList, anything
from tracetensor.rewrite.rules import control as control_rules

add, multiply, negative, exp = (UFUNCS[name] for name in ("add", "multiply", "negative", "exp"))
X, Y = anything("x"), anything("y")


def names(graph):
    return [node.op.name for node in graph.nodes()]


def rules_of(*patterns, **options):
    rules = RuleList("test")

    def enter(function):
        function.__doc__ = "A rule."
        rules.add(*patterns, **options)(function)
        return rules

    return enter


def test_pattern_variable_that_appears_twice_is_one_variable():
    rules = rules_of(add(X, X))(lambda x: multiply(2, x))
    x, y = dvector("x"), dvector("y")
    assert names(rewrite(function_graph([x, y], [x + x]), rules, strict=True)) == ["multiply"]
    graph = function_graph([x, y], [x + y])
    assert rewrite(graph, rules, strict=True) is graph


def test_commutative_ops_match_in_both_orders():
    rules = rules_of(add(exp(X), Y))(lambda x, y: x)
    x, y = dvector("x"), dvector("y")
    for out in (np.exp(x) + y, y + np.exp(x)):
        graph = rewrite(function_graph([x, y], [out]), rules, strict=True)
        assert graph.outputs == (x,)
    ordered = rules_of(UFUNCS["subtract"](exp(X), Y))(lambda x, y: x)
    graph = function_graph([x, y], [y - np.exp(x)])
    assert rewrite(graph, ordered, strict=True) is graph


def test_constants_match_by_value_and_sign():
    rules = rules_of(multiply(X, 0.0))(lambda x: negative(x))
    x = dvector("x")
    for factor, found in (
        (0.0, "negative"),
        (0, "negative"),
        (np.float32(0), "negative"),
        (-0.0, "multiply"),
        (1, "multiply"),
    ):
        assert names(rewrite(function_graph([x], [x * factor]), rules, strict=True)) == [found]


def test_condition_and_parameters():
    rules = rules_of(getitem(X, 0, spec=("i",)), condition=lambda x: x.name == "x")(
        lambda x: OPS["cast"](0.0, dtype=x.dtype, kind="scalar")
    )
    x, y = dvector("x"), dvector("y")
    graph = rewrite(function_graph([x, y], [x[0], y[0], x[0:]]), rules, strict=True)
    assert names(graph).count("getitem") == 2


def test_rewriting_goes_on_to_a_fixed_point():
    x = dvector("x")
    y = x
    for _ in range(40):
        y = -y
    report = Report()
    graph = optimize(function_graph([x], [y]), report=report, check=True)
    assert graph.outputs == (x,)
    assert report.applied["twice_negative"] == 1  # what is equal is one node, met once
    assert "twice_negative" in str(report)


def test_rules_can_be_switched_off():
    x = dvector("x")
    graph = function_graph([x], [-(-x)])
    assert names(optimize(graph, exclude=["twice_negative"])) == ["negative", "negative"]
    assert names(optimize(graph, exclude=["canonical form", "canonical form of loops"])) == [
        "negative",
        "negative",
    ]


def test_real_algebra_is_for_those_who_ask():
    x = dvector("x")
    graph = function_graph([x], [np.log(np.exp(x))])
    assert names(optimize(graph)) == ["exp", "log"]
    assert optimize(graph, algebra=True).outputs == (x,)


def test_rules_that_go_round_in_circles_are_caught():
    rules = rules_of(add(X, Y))(lambda x, y: add(negative(x), y))
    x = dvector("x")
    graph = function_graph([x], [x + 1.0])
    with pytest.raises(GraphError, match="go round in circles"):
        rewrite(graph, rules, strict=True)
    verify(rewrite(graph, rules))
    there_and_back = [*rules_of(add(X, 1))(lambda x: add(x, 2)), *rules_of(add(X, 2))(lambda x: add(x, 1))]
    verify(rewrite(function_graph([x], [x + 1]), there_and_back))


def test_untouched_graph_is_the_same_object():
    x, c = dvector("x"), input_variable(BOOL, "c")
    graph = function_graph([x, c], [scan(lambda a, s: s + a, x, np.float64(0.0)), ifelse(c, x, -x)])
    graph = optimize(graph)
    assert optimize(graph) is graph


def test_bodies_are_rewritten():
    x, c = dvector("x"), input_variable(BOOL, "c")
    out = ifelse(c, lambda: -(-(x + 1.0)), lambda: scan(lambda a, s: -(-(s + a)), x, np.float64(0.0)))
    after = optimize(function_graph([x, c], [out]), check=True)
    assert "negative" not in [node.op.name for node in after.all_nodes()]


def test_roots_replaced_keep_their_order():
    x, k = dvector("x"), input_variable(INT, "k")
    first, written, last = x[k], x.set(k, 1.0), x[2]
    kept = x.set(k, first)
    graph = function_graph([x, k], [first, written[k], kept, last])
    after = optimize(graph, check=True)
    assert [v.node.op.name for v in after.roots] == ["getitem", "setitem", "setitem", "getitem"] or len(
        after.roots
    ) == 3
    assert_same_meaning(graph, after)


def test_check_that_cannot_fail_is_dropped_and_one_that_can_is_kept():
    x = dvector("x")
    holds = control.raise_if(False, exception=ValueError, arguments=())
    fails = control.raise_if(True, exception=KeyError, arguments=())
    graph = function_graph([x], [x], roots=[holds, fails])
    after = optimize(graph, check=True)
    assert after.roots == (fails,)


def test_effects_of_the_branch_taken_are_kept_in_place():
    x, c = dvector("x"), input_variable(BOOL, "c")
    check = control.raise_if(c, exception=KeyError, arguments=())
    from tracetensor.graph.builder import close_over

    body, captured = close_over([], [x[0]], [check])
    other, _ = close_over([], [x[1]])
    from tracetensor.graph.graph import Graph

    other = Graph(
        [input_variable(v.type) if v is not x else other.inputs[0] for v in captured],
        other.outputs,
        other.roots,
    )
    node = control.ifelse.node(True, *captured, then=body, orelse=other)
    last = x[7]
    graph = verify(function_graph([x, c], [node.outputs[0], last]))
    after = optimize(graph, check=True)
    assert [v.node.op.name for v in after.roots] == ["raise_if", "getitem", "getitem"]
    assert_same_meaning(graph, after)


def test_root_lost_with_partial_replacement_is_kept():
    x, c = dvector("x"), input_variable(BOOL, "c")
    out = ifelse(c, (x, x[0]), (x, x[1]))
    graph = function_graph([x, c], list(out))
    after = verify(rewrite(graph, control_rules.rules, strict=True))
    assert after.outputs[0] is x
    assert [v.node.op.name for v in after.roots] == ["ifelse"]
    assert_same_meaning(graph, after)


def test_new_nodes_inherit_the_location():
    rules = rules_of(add(X, X))(lambda x: exp(multiply(2, x)))
    x = dvector("x")
    y = x + x
    line = (SourceLine("a.py", 3, "f"),)
    graph = function_graph([x], [-y], locations={y.node: line})
    after = rewrite(graph, rules, strict=True)
    assert [(node.op.name, after.location(node)) for node in after.nodes()] == [
        ("multiply", line), ("exp", line), ("negative", ()),
    ]  # fmt: skip


def test_rule_with_the_wrong_number_of_results():
    rules = RuleList("wrong")

    @rules.on("negative")
    def two_for_one(node):
        """-x -> x, x."""
        return node.inputs[0], node.inputs[0]

    x = dvector("x")
    with pytest.raises(GraphError, match="2 values for 1"):
        rewrite(function_graph([x], [-x]), rules, strict=True)


def test_rule_may_say_what_runs_instead():
    rules = RuleList("effects")

    @rules.on("getitem")
    def checked(node):
        """x[k] -> 0, after a check."""
        zero = constant(np.float64(0.0))
        return Replacement((zero,), (control.raise_if(True, exception=KeyError, arguments=()),))

    x = dvector("x")
    after = verify(rewrite(function_graph([x], [x[0] * 2.0]), rules, strict=True))
    assert [v.node.op.name for v in after.roots] == ["raise_if"]
    with pytest.raises(KeyError):
        after(np.ones(3))


def test_types_that_become_known_and_contradict_each_other_leave_the_graph_alone():
    rules = rules_of(negative(negative(X)))(lambda x: x)
    widened = RuleList("wrong")

    @widened.on("negative")
    def knows_more(node):
        """-x -> three ones."""
        return constant(np.ones(3))

    x, y = dvector("x"), input_variable(constant(np.ones(4)).type, "y")
    graph = function_graph([x, y], [-x + y])
    assert rewrite(graph, widened) is graph
    assert len(rules) == 1


def test_pattern_must_be_an_op():
    with pytest.raises(GraphError, match="a pattern is an op"):
        rules_of(X)(lambda x: x)
    with pytest.raises(GraphError, match="cannot stand in a pattern"):
        rules_of(negative(dvector("x")))(lambda x: x)


def test_folding_keeps_what_raises_and_what_is_large():
    k = input_variable(INT, "k")
    fails = constant(np.ones(3))[5]
    large = UFUNCS["exp"](constant(np.ones(5000)))
    small = UFUNCS["exp"](constant(np.ones(3)))
    graph = optimize(function_graph([k], [fails, large, small]), check=True)
    assert sorted(names(graph)) == ["exp", "getitem"]
    assert same(graph.outputs[2].value, np.exp(np.ones(3)))


def test_exactness_is_declared():
    rules = rules_of(add(X, Y), exactness=REAL_ALGEBRA)(lambda x, y: x)
    assert next(iter(rules)).exactness == REAL_ALGEBRA


def test_what_raises_on_constants_that_rewriting_finds_raises_when_it_is_run():
    def f(n):
        try:
            np.zeros(n - n - 1)
        except Exception:
            return "refused"

    def g(n):
        if n > 5:
            return np.zeros(n - n - 1)
        return n

    for function in (f, g):
        traced = tt.trace(function, strict=True)
        run_both(function, traced, [3])
        run_both(function, traced, [7])


def test_lines_of_what_stood_in_a_branch_that_is_always_taken():
    def f(a, n):
        a[0] -= 0
        if n == n:
            u = a
            u[u.shape] *= a

    run_both(f, tt.trace(f), [np.ones((3, 4)), 2])
