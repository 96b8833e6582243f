"""The engine: applies rules bottom-up to a fixed point, in one sweep over the graph and its bodies.

Nodes are met inputs first, so that whatever a rule looks at is in normal form already; what a rule makes is
brought to normal form before the sweep goes on. No node is met twice, and none is built anew unless something
below it has changed: where no rule applies the graph given is the graph returned.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from tracetensor.errors import INFERENCE_ERRORS, GraphError, message
from tracetensor.graph.edit import located, may_have_gaps, must_run
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Node, Variable, apply
from tracetensor.graph.op import OPS
from tracetensor.graph.ops.elementwise import copy
from tracetensor.graph.text import print_node, print_type
from tracetensor.rewrite.rule import Replacement, Rule, fits

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from tracetensor.graph.graph import Location

    Index = Mapping[str, tuple[Rule, ...]]

BUDGET = 30
"""Applications of rules per node of the graph, above which the rules are taken to go round in circles."""

DEPTH = 100
"""Applications of rules, each to what the last one made, above which the same holds."""


@dataclasses.dataclass(slots=True)
class Report:
    """What was done to a graph: applications by rule; seconds and number of nodes after each stage."""

    applied: collections.Counter[str] = dataclasses.field(default_factory=collections.Counter)
    seconds: dict[str, float] = dataclasses.field(default_factory=dict)
    nodes: dict[str, int] = dataclasses.field(default_factory=dict)

    def __str__(self) -> str:
        stages = [f"{n:24} {1e3 * s:8.2f} ms {self.nodes.get(n, 0):6} nodes" for n, s in self.seconds.items()]
        rules = [f"{name:24} {count:8} times" for name, count in self.applied.most_common()]
        return "\n".join([*stages, *rules])


def index_rules(rules: Iterable[Rule], exclude: Collection[str] = ()) -> dict[str, tuple[Rule, ...]]:
    """The rules by the op that each looks at, without those switched off."""
    index: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.name not in exclude:
            for op in OPS if rule.ops == ("*",) else rule.ops:
                index.setdefault(op, []).append(rule)
    return {op: tuple(found) for op, found in index.items()}


def rewrite(
    graph: Graph,
    rules: Iterable[Rule] | Index,
    *,
    report: Report | None = None,
    exclude: Collection[str] = (),
    strict: bool = False,
    mark: Any = None,
) -> Graph:
    """Apply rules until none applies, in the graph and in all bodies.

    strict: an error in a rule raises GraphError, as tests want it; else its result is ignored. mark: what these
    rules are known by in Graph.settled, so that graphs in normal form are known again. The graph itself is
    returned if nothing applies.
    """
    index = rules if isinstance(rules, Mapping) else index_rules(rules, exclude)
    return _Run(index, report or Report(), strict=strict, mark=mark).graph(graph)


NEW_MEMORY = frozenset({"ufunc", "where", "cast", "elementwise"})
"""Families whose arrays are laid out without gaps, whatever their inputs are."""


class _Abandon(Exception):  # noqa: N818 - a signal, not an error
    """The graph cannot be rewritten: better known types contradict each other (it raises when it is run)."""


class _Run:
    """One rewriting of a graph and its bodies."""

    def __init__(self, index: Index, report: Report, *, strict: bool, mark: Any) -> None:
        self.index = index
        self.report = report
        self.strict = strict
        self.mark = mark
        self.bodies: dict[int, tuple[Graph, Graph]] = {}

    def graph(self, graph: Graph, *, is_body: bool = False) -> Graph:
        if self.mark is not None and self.mark in graph.settled:
            return graph
        known = self.bodies.get(id(graph))
        if known is None:
            try:
                known = graph, _Sweep(self, graph, is_body=is_body).result()
            except _Abandon:
                known = graph, graph
            self.bodies[id(graph)] = known
            if self.mark is not None:
                known[1].settled.add(self.mark)
        return known[1]


class _Sweep:
    """The sweep over one graph."""

    def __init__(self, run: _Run, graph: Graph, *, is_body: bool) -> None:
        self.run = run
        self.is_body = is_body
        self.source = graph
        self.index = run.index
        self.replaced: dict[Variable, Variable] = {}
        self.settled: set[Node] = set()
        self.made: dict[Node, Location] = {}
        self.became: dict[Node, Node] = {}
        self.instead: dict[Node, tuple[Variable, ...]] = {}
        self.budget = BUDGET * (len(graph.nodes()) + 10)
        self.depth = 0

    def result(self) -> Graph:
        graph, replaced, settled, index = self.source, self.replaced, self.settled, self.index
        locations = graph.locations
        for node in graph.nodes():
            if node in settled:
                continue
            name = node.op.name
            if (
                name in index
                or name in {"ifelse", "scan", "attempt", "handling"}
                or (replaced and not replaced.keys().isdisjoint(node.inputs))
            ):
                self.visit(node, locations.get(node, ()))
            else:
                settled.add(node)
        if not replaced:
            return graph
        outputs = [replaced.get(v, v) for v in graph.outputs]
        new = {n: where for n, where in self.made.items() if where}
        return located(graph, outputs, self.roots(outputs), {**new, **locations})

    def visit(self, node: Node, location: Location) -> None:
        """Bring a node to normal form, its inputs being so already."""
        replaced = self.replaced
        self.settled.add(node)
        current = self.rebuild(node, location)
        if current is not node:
            self.became[node] = current
            if current not in self.settled:
                self.visit(current, location)
            for old, new in zip(node.outputs, current.outputs, strict=True):
                replaced[old] = replaced.get(new, new)
            return
        for rule in self.index.get(node.op.name, ()):
            try:
                result = rule.function(node)
            except INFERENCE_ERRORS:  # the replacement has no meaning on these types
                continue
            outputs = None if result is None else self.accepted(rule, node, result)
            if outputs is not None:
                for old, new in zip(node.outputs, outputs, strict=True):
                    if new is not old:
                        replaced[old] = self.settle(new, location)
                for root in self.instead.get(node, ()):
                    self.settle(root, location)
                return

    def rebuild(self, node: Node, location: Location) -> Node:
        """The node on its inputs' replacements, with its bodies rewritten; the node itself if nothing changed."""
        replaced, params = self.replaced, node.params
        if node.op.family == "control":
            bodies = {k: self.run.graph(v, is_body=True) for k, v in params.items() if isinstance(v, Graph)}
            if any(bodies[k] is not params[k] for k in bodies):
                params = {**params, **bodies}
        if params is node.params and (not replaced or replaced.keys().isdisjoint(node.inputs)):
            return node
        try:
            new = apply(node.op, [replaced.get(v, v) for v in node.inputs], params)
        except INFERENCE_ERRORS as error:
            raise _Abandon from error
        if new is not node:
            self.made.setdefault(new, location)
        return new

    def accepted(
        self, rule: Rule, node: Node, result: Variable | Sequence[Variable] | Replacement
    ) -> Sequence[Variable] | None:
        """What the rule gives for the outputs of the node, checked; None if it doesn't apply after all."""
        instead: tuple[Variable, ...] | None = None
        if isinstance(result, Replacement):
            outputs, instead = result.outputs, result.roots
            for made, location in result.locations.items():
                self.made.setdefault(made, location)
        else:
            outputs = (result,) if isinstance(result, Variable) else tuple(result)
        if len(outputs) != len(node.outputs):
            self.fault(rule, node, f"it gives {len(outputs)} values for {len(node.outputs)}")
            return None
        for old, new in zip(node.outputs, outputs, strict=True):
            if new.type is not old.type and not fits(new.type, old.type):
                if rule.declines:
                    return None
                words = f"it puts {print_type(new.type)} in the place of {print_type(old.type)}"
                self.fault(rule, node, words)
                return None
        if outputs == node.outputs:
            return None
        if node.op.family in NEW_MEMORY:
            outputs = tuple([self.compact(new) for new in outputs])
        self.budget -= 1
        if self.budget < 0 or self.depth >= DEPTH:
            self.index = {}
            self.fault(rule, node, "the rules go round in circles")
            return None
        self.run.report.applied[rule.name] += 1
        if instead is not None:
            self.instead[node] = instead
        return outputs

    def compact(self, variable: Variable) -> Variable:
        """What may be a view and takes the place of a new array, as such. (Inputs that are results are copied anyway.)"""
        if not may_have_gaps(variable) or (variable.is_input and not self.is_body):
            return variable
        return copy(variable, order="K")  # type: ignore[no-any-return]

    def fault(self, rule: Rule, node: Node, what: str) -> None:
        if self.run.strict:
            raise GraphError(message(f"rule {rule.name}: {what}", print_node(node)))

    def settle(self, variable: Variable, location: Location) -> Variable:
        """The normal form of what a rule made."""
        node = variable.node
        if node is not None and node not in self.settled:
            location = self.made.setdefault(node, location)
            self.depth += 1
            for source in node.inputs:
                self.settle(source, location)
            self.visit(node, location)
            self.depth -= 1
        return self.replaced.get(variable, variable)

    def roots(self, outputs: Sequence[Variable]) -> list[Variable]:
        """The old roots replaced, in their order, less those that cannot raise any more, plus new ones."""
        roots = list(dict.fromkeys(new for root in self.source.roots for new in self.successors(root)))
        present = {v.node for v in roots}
        raising = {node for node in self.made if node not in present and must_run(node)}
        return _insert(roots, outputs, raising) if raising else roots

    def successors(self, root: Variable) -> list[Variable]:
        """What must be evaluated now in the place of a root: nothing if it cannot raise any more."""
        node = root.node
        while node in self.became:
            node = self.became[node]
        if node is None:
            return []
        before = [new for v in self.instead.get(node, ()) for new in self.successors(v)]
        new = self.replaced.get(root, root)
        if new is root:
            return [*before, root]
        if new.node is not None and must_run(new.node):
            before.append(new)
        for out in node.outputs:  # a rule may have replaced some outputs of the node, and kept it for others
            kept = self.replaced.get(out, out)
            if kept.node is node and must_run(node):
                return [*before, kept]
        return before


def _insert(roots: list[Variable], outputs: Sequence[Variable], raising: set[Node]) -> list[Variable]:
    """Put each raising node that is needed before the first root that needs it, or at the end."""
    seen: set[Node] = set()
    result: list[Variable] = []

    def collect(target: Variable) -> None:
        stack: list[tuple[Node, bool]] = [(target.node, False)] if target.node is not None else []
        while stack:
            node, finished = stack.pop()
            if finished:
                if node in raising:
                    result.append(node.outputs[0])
                continue
            if node in seen:
                continue
            seen.add(node)
            stack.append((node, True))
            stack.extend((v.node, False) for v in reversed(node.inputs) if v.node is not None)

    for root in roots:
        collect(root)
        result.append(root)
    for output in outputs:
        collect(output)
    return result
