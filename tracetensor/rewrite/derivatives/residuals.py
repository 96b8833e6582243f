"""Splitting what forward mode made of a body into a part that is linear in the tangents, and what that part reads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.graph import Graph, bodies, topological
from tracetensor.graph.node import Constant, Node, Variable, apply, input_variable
from tracetensor.graph.op import may_raise
from tracetensor.rewrite.derivatives.tangents import depends_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tracetensor.graph.graph import Location
    from tracetensor.rewrite.derivatives.tangents import Shapes

CHEAP = frozenset(
    "python dim index view cast ufunc math where scalar elementwise creation sum_to_shape checkpoint".split()
)
"""Families of ops that are computed again from what is at hand, rather than stored."""


def roots_of(targets: Sequence[Variable], inputs: Sequence[Variable]) -> list[Variable]:
    """The variables behind the targets that must stand among the roots of a graph: what may raise."""
    return [node.outputs[0] for node in topological(targets, inputs) if may_raise(node) or node.op.effect]


def closed(
    inputs: Sequence[Variable],
    outputs: Sequence[Variable],
    name: str,
    *,
    roots: Iterable[Variable] = (),
    locations: Mapping[Node, Location] | None = None,
) -> Graph:
    """A graph whose roots are those given, and whatever else of it may raise."""
    given = [v for v in roots if v.node is not None]
    found = roots_of([*given, *outputs], inputs)
    graph = Graph(inputs, outputs, dict.fromkeys([*given, *found]), name=name)
    if locations:
        graph.locations.update({n: locations[n] for n in graph.nodes() if n in locations})
    return graph


class Split:
    """The linear part of a body, as a graph of its own.

    linear_inputs: the tangents it takes; free: what it is given besides (captured values, the step), each with the
    variable it has in the linear graph. residuals: other known variables that it reads.
    """

    def __init__(
        self,
        linear_inputs: Sequence[Variable],
        free: Mapping[Variable, Variable],
        outputs: Sequence[Variable],
        shapes: Shapes,
        keep: Callable[[Variable], Variable],
        again: Callable[[Node], bool] | None = None,
    ) -> None:
        self.shapes = shapes
        self.again = again or _cheap
        """Whether a node is computed again rather than kept."""
        self.keep = keep
        """What a residual is in the linear graph: called once for each, with the variable of the body."""
        self.mapping: dict[Variable, Variable] = {v: v for v in linear_inputs}
        self.mapping.update(free)
        self.stored: set[Variable] = set()
        self.linear = depends_on(outputs, set(linear_inputs))
        self.outputs = self._build(outputs, linear_inputs)

    def _build(self, outputs: Sequence[Variable], stop: Sequence[Variable]) -> list[Variable]:
        for v in list(self.linear):
            if v.node is None:
                self._dims(v, v)
        for node in topological(outputs, stop):
            if node.outputs[0] not in self.linear:
                continue
            new = apply(node.op, [self.known(v) for v in node.inputs], node.params)
            for a, b in zip(node.outputs, new.outputs, strict=True):
                self.mapping[a] = b
                self._dims(a, b)
        return [self.known(v) for v in outputs]

    def _dims(self, old: Variable, new: Variable) -> None:
        dims = self.shapes.told.get(old)
        if dims:
            self.shapes.put(
                new, {k: self.known(v) if isinstance(v, Variable) else v for k, v in dims.items()}
            )

    def known(self, variable: Variable) -> Variable:
        """The variable in the linear graph: computed again if that is cheap, else a residual."""
        if isinstance(variable, Constant):
            return variable
        found = self.mapping.get(variable)
        if found is not None:
            return found
        order = self._order(variable)
        if order is None:
            made = self.mapping[variable] = self.keep(variable)
            return made
        for node in order:
            new = apply(node.op, [self.mapping.get(v, v) for v in node.inputs], node.params)
            self.mapping.update(zip(node.outputs, new.outputs, strict=True))
        return self.mapping[variable]

    def _order(self, variable: Variable) -> list[Node] | None:
        """The nodes that make a variable from what the linear graph has; None where some are not cheap."""
        if variable in self.stored or variable.node is None:
            self.stored.add(variable)
            return None
        order: list[Node] = []
        done: set[Node] = set()
        stack = [(variable.node, iter(variable.node.inputs))]
        while stack:
            node, rest = stack[-1]
            if not self.again(node):
                self.stored.update(n.outputs[0] for n, _ in stack)
                return None
            for v in rest:
                if isinstance(v, Constant) or v in self.mapping or v.node in done:
                    continue
                if v.node is None or v in self.stored:
                    self.stored.update(n.outputs[0] for n, _ in stack)
                    return None
                stack.append((v.node, iter(v.node.inputs)))
                break
            else:
                stack.pop()
                done.add(node)
                order.append(node)
        return order


def _cheap(node: Node) -> bool:
    return node.op.family in CHEAP and not bodies(node) and not node.op.effect


def fresh(variable: Variable, type_: Any = None) -> Variable:
    """A new input like a variable."""
    return input_variable(type_ or variable.type, variable.name)
