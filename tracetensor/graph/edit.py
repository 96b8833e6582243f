"""Rebuilding a graph node by node: the bookkeeping that the builder and the passes share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Node, Variable, apply
from tracetensor.graph.op import may_raise

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from tracetensor.graph.graph import Location


def may_have_gaps(variable: Variable) -> bool:
    """Whether an array may be a view of another one."""
    if isinstance(variable, Constant):
        return False
    return variable.ndim > 0 and (variable.node is None or variable.node.op.views)


def must_run(node: Node) -> bool:
    """Whether the node belongs among the roots of its graph: it may raise, or has an effect."""
    return node.op.effect or may_raise(node)


def located(
    graph: Graph, outputs: Sequence[Variable], roots: Iterable[Variable], locations: Mapping[Node, Location]
) -> Graph:
    """A graph of the same inputs and name, with the locations of the nodes that it has."""
    result = Graph(graph.inputs, outputs, roots, name=graph.name)
    if locations:
        result.locations = {node: locations[node] for node in result.nodes() if node in locations}
    return result


class Edit:
    """A graph being rebuilt: nodes are met in order, and kept, replaced or left out."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.mapping: dict[Variable, Variable] = {}
        self.successors: dict[Node, Node] = {}
        self._locations: dict[Node, Location] | None = None

    @property
    def locations(self) -> dict[Node, Location]:
        """The locations of old nodes and new ones."""
        if self._locations is None:
            self._locations = dict(self.graph.locations)
        return self._locations

    def resolve(self, variable: Variable) -> Variable:
        """What stands for a variable now."""
        return self.mapping.get(variable, variable)

    def keep(self, node: Node, params: dict[str, Any] | None = None) -> Node:
        """The node on what its inputs have become, with other parameters where given."""
        same = not self.mapping or self.mapping.keys().isdisjoint(node.inputs)
        if same and (params is None or all(params[k] is v for k, v in node.params.items())):
            return node
        return self.put(
            node, node.inputs, node.params if params is None else params, range(len(node.outputs))
        )

    def put(
        self, node: Node, inputs: Sequence[Variable], params: Mapping[str, Any], outputs: Sequence[int]
    ) -> Node:
        """A node of the same op in the place of `node`; its results stand for the outputs numbered."""
        new = apply(node.op, [self.resolve(v) for v in inputs], dict(params))
        if new is node:
            return node
        for made, k in zip(new.outputs, outputs, strict=False):
            self.mapping[node.outputs[k]] = made
        self.succeed(node, new)
        return new

    def succeed(self, node: Node, new: Node) -> None:
        """Say that `new` runs in the place of `node`: as a root, and for its location."""
        self.successors[node] = new
        if node in self.graph.locations:
            self.locations.setdefault(new, self.graph.locations[node])

    def replace(self, variable: Variable, new: Variable) -> None:
        """Let another variable stand for this one."""
        self.mapping[variable] = self.resolve(new)

    def finish(self) -> Graph:
        """The graph rebuilt: the one given if nothing changed. Roots that cannot raise any more are dropped."""
        if not self.mapping and not self.successors:
            return self.graph
        roots = []
        for root in self.graph.roots:
            node = None if root.node is None else self.successors.get(root.node)
            new = self.resolve(root) if node is None else node.outputs[0]
            if new is root or (new.node is not None and must_run(new.node)):
                roots.append(new)
        outputs = [self.resolve(v) for v in self.graph.outputs]
        return located(self.graph, outputs, roots, self.locations)


def map_bodies(graph: Graph, function: Callable[[Graph], Graph]) -> Graph:
    """The graph with a function applied to the bodies of its nodes."""
    if not graph.branching():
        return graph
    edit = Edit(graph)
    branching = set(graph.branching())
    for node in graph.nodes():
        if node in branching:
            edit.keep(node, {k: function(v) if isinstance(v, Graph) else v for k, v in node.params.items()})
        elif edit.mapping:
            edit.keep(node)
    return edit.finish()


def reads(graph: Graph) -> set[Variable]:
    """The variables that a node, an output or a root of the graph refers to."""
    return {*graph.outputs, *graph.roots, *(v for node in graph.nodes() for v in node.inputs)}


def with_inputs(graph: Graph, inputs: Sequence[Variable]) -> Graph:
    """The graph with other inputs: fewer where some are not read, or more."""
    if tuple(inputs) == graph.inputs:
        return graph
    return Graph(inputs, graph.outputs, graph.roots, name=graph.name, locations=graph.locations)


def captured_from(node: Node) -> int:
    """The place among the node's inputs at which its captured values begin."""
    params = node.params
    if node.op.name == "attempt":
        return len(params["types"])
    return (
        1
        if node.op.name in {"ifelse", "handling"}
        else params["counted"] + params["conditional"] + params["n_carry"]
    )


def body_captured_from(node: Node) -> int:
    """The place among its bodies' inputs at which the captured values begin."""
    return node.params["counted"] + node.params["n_carry"] if node.op.name == "scan" else 0


def clone_rest(
    body: Graph, mapping: dict[Variable, Variable], gone: Collection[Variable] = ()
) -> tuple[list[Variable], list[Variable], dict[Node, Location]]:
    """Rebuild the nodes of a body whose results are not `gone` on what `mapping` puts for their inputs.

    Returns outputs, roots (less those that became inputs) and locations; `mapping` is extended.
    """
    locations = dict(body.locations)
    for node in body.nodes():
        if node.outputs[0] in gone or mapping.keys().isdisjoint(node.inputs):
            continue
        new = apply(node.op, [mapping.get(v, v) for v in node.inputs], node.params)
        mapping.update(zip(node.outputs, new.outputs, strict=True))
        if node in body.locations:
            locations.setdefault(new, body.locations[node])
    roots = [mapping.get(v, v) for v in body.roots]
    return [mapping.get(v, v) for v in body.outputs], [v for v in roots if v.node is not None], locations
