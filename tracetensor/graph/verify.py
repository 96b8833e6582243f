"""The checker: states what a well-formed graph is, and shows the neighbourhood of what breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NoReturn

from tracetensor.errors import GraphError, TypeInferenceError, message
from tracetensor.graph.graph import Graph, bodies
from tracetensor.graph.node import Constant, Node, Variable
from tracetensor.graph.op import OPS, may_raise
from tracetensor.graph.text import print_node, print_type

if TYPE_CHECKING:
    from collections.abc import Sequence

LAYOUT: dict[str, dict[str, type]] = {
    "ifelse": {"then": Graph, "orelse": Graph},
    "scan": {"body": Graph, "n_carry": int, "counted": bool, "conditional": bool},
    "attempt": {"body": Graph, "classes": tuple, "label": int, "types": tuple},
    "handling": {"body": Graph},
}
"""The parameters of the ops that hold bodies, and their classes."""


def verify(graph: Graph) -> Graph:
    """Check a graph and all bodies in it; return it. Raises GraphError, showing the place of the first fault.

    - It is closed: whatever is used is an input, a constant, or the result of a node whose inputs are so.
    - No input stands twice, and none is a constant or the result of a node.
    - Every node's types are those that its op infers; the op is the one in the table.
    - Every node that may raise, or has an effect, is among the roots.
    - Bodies fit their op: parameters, number of inputs and outputs, types; and are well-formed themselves.
    """
    _Checker(graph, ()).check()
    return graph


class _Checker:
    def __init__(self, graph: Graph, path: tuple[str, ...]) -> None:
        self.graph = graph
        self.path = (*path, graph.name)
        self.users: dict[Variable, list[Node]] = {}
        for node in graph.nodes():
            for variable in node.inputs:
                self.users.setdefault(variable, []).append(node)

    def check(self) -> None:
        graph = self.graph
        if len(set(graph.inputs)) != len(graph.inputs):
            self.fail("an input stands twice among the inputs")
        for variable in graph.inputs:
            if not variable.is_input:
                self.fail(f"input {variable!r} is a constant or a node's result")
        for variable in graph.free_variables():
            self.fail(f"{variable!r} is used but is not an input", *self.users.get(variable, ()))
        roots = {v.node for v in graph.roots}
        for node in graph.nodes():
            self.check_node(node)
            if node not in roots and (node.op.effect or may_raise(node)):
                kind = "has an effect" if node.op.effect else "may raise"
                self.fail(f"{node.op.name} {kind}, but is not among the roots", node)
            for body in bodies(node):
                _Checker(body, self.path).check()

    def check_node(self, node: Node) -> None:
        op = node.op
        if OPS.get(op.name) is not op:
            self.fail(f"{op.name} is not the op of that name in the table", node)
        for name, cls in LAYOUT.get(op.name, {}).items():
            if not isinstance(node.params.get(name), cls):
                self.fail(f"parameter {name} of {op.name} must be of class {cls.__name__}", node)
        for k, out in enumerate(node.outputs):
            if out.node is not node or out.index != k:
                self.fail(f"result {k} of {op.name} does not belong to it", node)
        try:
            types = op.infer_types(tuple([v.type for v in node.inputs]), node.params, node.inputs)
        except TypeInferenceError as error:
            self.fail(f"{op.name} has no meaning on these types: {error}", node)
        found = tuple([v.type for v in node.outputs])
        if types != found:
            words = [", ".join(map(print_type, t)) for t in (found, types)]
            self.fail(f"{op.name} gives {words[1]}, but its results are typed {words[0]}", node)

    def fail(self, what: str, *nodes: Node) -> NoReturn:
        details = [line for node in nodes for line in self.neighbourhood(node)]
        raise GraphError(message(f"graph {' > '.join(self.path)}: {what}", *details))

    def neighbourhood(self, node: Node) -> Sequence[str]:
        """The node between the nodes that make its inputs and the nodes that use its results."""
        makers = dict.fromkeys(v.node for v in node.inputs if v.node is not None)
        users = dict.fromkeys(user for out in node.outputs for user in self.users.get(out, ()))
        lines = [f"{'input':6} {v.name or f'%{v.serial}'}: {print_type(v.type)}" for v in self.given(node)]
        for label, group in (("from", makers), ("HERE", [node]), ("to", users)):
            lines += [f"{label:6} {print_node(n, location=self.graph.location(n))}" for n in group]
        return lines

    def given(self, node: Node) -> list[Variable]:
        return [v for v in dict.fromkeys(node.inputs) if v.node is None and not isinstance(v, Constant)]
