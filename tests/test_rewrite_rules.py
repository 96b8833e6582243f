"""Every rule: its example, rewritten by that rule alone, keeps its types and its value on drawn arguments."""

import numpy as np
import pytest

from tests.sampling import assert_same_meaning
from tracetensor.errors import GraphError, TypeInferenceError
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.text import parse_graph, print_graph
from tracetensor.graph.verify import verify
from tracetensor.rewrite.engine import Report, rewrite
from tracetensor.rewrite.pipeline import PIPELINE
from tracetensor.rewrite.rule import EXACT, REAL_ALGEBRA, RuleList, anything, fits

LISTS = list(dict.fromkeys(rules for _, stage in PIPELINE if isinstance(stage, tuple) for rules in stage))
RULES = [rule for rules in LISTS for rule in rules]
CASES = [pytest.param(rule, example, id=rule.name) for rule in RULES for example in rule.examples]


def check_rule(rule, example):
    try:
        graph = verify(example.graph())
    except TypeInferenceError:
        assert not example.certain
        return
    report = Report()
    after = verify(rewrite(graph, [rule], report=report, strict=True))
    assert report.applied[rule.name] >= example.certain, (
        f"rule {rule.name} does not apply to its example\n{graph}"
    )
    for old, new in zip(graph.outputs, after.outputs):
        assert fits(new.type, old.type)
    if rule.exactness < REAL_ALGEBRA:
        assert_same_meaning(graph, after, seeds=range(6), rtol=0.0 if rule.exactness == EXACT else 1e-12)
    assert parse_graph(print_graph(after)) == after


@pytest.mark.parametrize(("rule", "example"), CASES)
def test_rule(rule, example):
    check_rule(rule, example)


def test_rules_have_examples_and_names_of_their_own():
    assert not [rule.name for rule in RULES if not rule.examples]
    names = [name for name, _ in {(rule.name, rule.doc) for rule in RULES}]
    assert len(set(names)) == len(names)


X = anything("x", "float64[?]", dtypes="f")


def wrong_rules():
    wrong = RuleList("wrong")

    @wrong.add(UFUNCS["add"](X, 0.0))
    def loses_signed_zero(x):
        """x + 0.0 -> x: not so for -0.0."""
        return x

    @wrong.add(UFUNCS["sqrt"](UFUNCS["square"](X)))
    def loses_overflow(x):
        """sqrt(x * x) -> abs(x), off by a thousandth."""
        return UFUNCS["multiply"](UFUNCS["absolute"](x), np.float64(1.001))

    return wrong.rules


@pytest.mark.parametrize("rule", wrong_rules(), ids=lambda rule: rule.name)
def test_wrong_rule_is_caught(rule):
    with pytest.raises(AssertionError):
        check_rule(rule, rule.examples[0])


def test_rule_that_changes_the_type_is_caught():
    wrong = RuleList("wrong")

    @wrong.on("negative")
    def forgets_the_dtype(node):
        """-x -> float32(x)."""
        from tracetensor.graph.ops.elementwise import cast

        return cast(node.inputs[0], dtype=np.dtype("f4"), kind="array")

    graph = parse_graph("graph g(x: float64[?]) -> ()\n  v0 = negative(x)\n  -> v0\n")
    with pytest.raises(
        GraphError, match=r"forgets_the_dtype: it puts float32\[\?\] in the place of float64\[\?\]"
    ):
        rewrite(graph, wrong, strict=True)
    assert rewrite(graph, wrong) is graph


def test_rule_without_docstring_is_refused():
    with pytest.raises(GraphError, match="no docstring"):
        RuleList("x").on("negative")(lambda node: None)
