"""The pipeline: what is done to every graph before it is compiled, in this order, as one literal tuple."""

from __future__ import annotations

import functools
import time
from typing import TYPE_CHECKING, Final

from tracetensor.errors import INFERENCE_ERRORS
from tracetensor.graph.verify import verify
from tracetensor.rewrite.engine import Report, index_rules, rewrite
from tracetensor.rewrite.passes.carries import simplify_loops
from tracetensor.rewrite.passes.dead import drop_dead
from tracetensor.rewrite.passes.motion import hoist, sink
from tracetensor.rewrite.rule import MORE_ACCURATE, REAL_ALGEBRA, RuleList
from tracetensor.rewrite.rules import control, fold, identities, indexing, scalars, shapes

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tracetensor.graph.graph import Graph
    from tracetensor.rewrite.engine import Index

    Stage = Callable[[Graph], Graph] | tuple[RuleList, ...]

CANONICAL: Final = (fold.rules, identities.rules, scalars.rules, shapes.rules, indexing.rules, control.rules)

PIPELINE: Final[tuple[tuple[str, Stage], ...]] = (
    ("drop dead code", drop_dead),
    ("canonical form", CANONICAL),
    ("simplify loops", simplify_loops),
    ("canonical form of loops", CANONICAL),
    ("hoist out of loops", hoist),
    ("sink into branches", sink),
    ("drop what is left", drop_dead),
)


def optimize(
    graph: Graph,
    *,
    check: bool = False,
    exclude: Collection[str] = (),
    algebra: bool = False,
    report: Report | None = None,
) -> Graph:
    """The same function, simplified.

    check verifies the graph after every stage and lets an error in a rule raise; exclude names rules and stages
    to be left out; algebra allows rules that hold for real numbers only; a report is filled in where given.
    """
    counting = report is not None
    report = report or Report()
    limit = REAL_ALGEBRA if algebra else MORE_ACCURATE
    done: dict[Stage, Graph] = {}
    for name, stage in PIPELINE:
        if name in exclude or done.get(stage) is graph:
            continue
        start = time.perf_counter()
        if callable(stage):
            try:
                graph = stage(graph)
            except (
                INFERENCE_ERRORS
            ):  # of a node that raises wherever it is reached: its own error is for the run
                if check:
                    raise
        else:
            mark = (stage, limit, frozenset(exclude))
            graph = rewrite(graph, _index(*mark), report=report, strict=check, mark=None if check else mark)
        done[stage] = graph
        report.seconds[name] = time.perf_counter() - start
        if counting:
            report.nodes[name] = sum(1 for _ in graph.all_nodes())
        if check:
            verify(graph)
    return graph


@functools.lru_cache(maxsize=64)
def _index(stage: tuple[RuleList, ...], limit: int, exclude: frozenset[str]) -> Index:
    rules = [rule for rules in stage for rule in rules if rule.exactness <= limit]
    return index_rules(rules, exclude)
