"""Forward mode: next to each variable that depends on the independent ones, its tangent.

A rule `rule(node, tangents, forward)` gives the tangents of a node's results, made by ops that are linear in the
tangents it is given. Reverse mode runs the same rules, and then transposes what they made (backward.py), so that
each op has one derivative, and only linear ops a second rule.

For that loops and branches are `split`: one node that computes what it did before, and keeps what their linear part reads
(residuals), and one that is linear. Forward mode by itself computes values and tangents in one loop, and keeps nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import NotDifferentiable, message
from tracetensor.graph.node import Constant, Node, Variable, apply
from tracetensor.graph.types import ListType, TensorType
from tracetensor.rewrite.derivatives.tangents import Shapes, as_tangent, is_active

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tracetensor.graph.graph import Location
    from tracetensor.rewrite.derivatives.tangents import Tangent

    Rule = Callable[[Node, Sequence[Tangent], "Forward"], Any]

JVP: dict[str, Rule] = {}
"""The rule of each op, by name."""
KEEPING = frozenset({"effect", "callback"})
"""Calls of Python functions: those that return no numbers put what they are given into some object."""
BROADCASTING = frozenset({"ufunc", "where", "elementwise", "scalar"})
"""Families whose rules may give a tangent of a smaller shape, to be broadcast."""
CONSTANT: set[str] = set()
"""Ops whose derivative is zero wherever there is one, though their results are floats."""


def def_jvp(*names: str) -> Callable[[Rule], Rule]:
    """Enter the rule of ops."""

    def enter(rule: Rule) -> Rule:
        for name in names:
            JVP[name] = rule
        return rule

    return enter


class Forward:
    """One run of forward mode over the nodes of a graph.

    primal: what stands for a variable now. tangent: its tangent, absent where that is zero. shapes: what is known
    of the dims of tangents. bound: by how many steps more tangents the loops within are to carry.
    """

    def __init__(
        self, *, split: bool, shapes: Shapes, locations: Mapping[Node, Location] | None = None
    ) -> None:
        self.split = split
        self.shapes = shapes
        self.primal: dict[Variable, Variable] = {}
        self.tangent: dict[Variable, Variable] = {}
        self.locations: Mapping[Node, Location] = locations or {}
        self.lazy = False
        """Whether what has no derivative is an error only where one is asked for: a user may have given another."""
        self.constants: frozenset[Variable] = frozenset()
        self.lost: dict[Variable, NotDifferentiable] = {}
        self.where: dict[Node, Location] = {}
        """The lines of new nodes that stand for old ones."""

    def seed(self, variable: Variable, tangent: Tangent) -> None:
        """Give an independent variable its tangent."""
        if tangent is not None:
            self.tangent[variable] = self.shapes.tell(tangent, variable)

    def value(self, variable: Variable) -> Variable:
        """What stands for a variable."""
        return self.primal.get(variable, variable)

    def run(self, nodes: Iterable[Node]) -> None:
        """Give all results of the nodes, in order, their tangents."""
        for node in nodes:
            for v in self.constants:
                self.tangent.pop(v, None)
            tangents = [self.tangent.get(v) for v in node.inputs]
            if self.lost and self._is_lost(node):
                new = self.again(node)
                if new is not node:
                    self.primal.update(zip(node.outputs, new.outputs, strict=True))
                continue
            if all(t is None for t in tangents) or not self._has_derivative(node):
                if self.primal.keys().isdisjoint(node.inputs):
                    continue
                new = self.again(node)
                self.primal.update(zip(node.outputs, new.outputs, strict=True))
                continue
            control = CONTROL.get(node.op.name)
            if control is not None:
                control(node, tangents, self)
            else:
                self._apply(node, tangents)

    def _has_derivative(self, node: Node) -> bool:
        if node.op.name in KEEPING and any(not isinstance(v.type, TensorType) for v in node.outputs):
            raise self.refused(node)  # what keeps a float may give it back later
        if node.op.family == "control" and node.op.name in CONTROL:
            return True
        return node.op.name not in CONSTANT and any(is_active(v.type) for v in node.outputs)

    def again(self, node: Node) -> Node:
        """The node on what its inputs have become."""
        if self.primal.keys().isdisjoint(node.inputs):
            return node
        new = apply(node.op, [self.value(v) for v in node.inputs], node.params)
        if node in self.locations:
            self.where.setdefault(new, self.locations[node])
        return new

    def _apply(self, node: Node, tangents: Sequence[Tangent]) -> None:
        rule = JVP.get(node.op.name)
        if rule is None and not self.lazy:
            raise self.refused(node)
        if rule is None:
            self.lost.update(dict.fromkeys(node.outputs, self.refused(node)))
        new = self.again(node)
        if new is not node:
            self.primal.update(zip(node.outputs, new.outputs, strict=True))
        if rule is None:
            return
        found = rule(new, tangents, self)
        several = found if isinstance(found, (tuple, list)) else [found]
        for old, out, tangent in zip(node.outputs, new.outputs, several, strict=True):
            if tangent is not None and is_active(out.type):
                made = as_tangent(tangent, out, exact=node.op.family not in BROADCASTING)
                self.tangent[old] = self.shapes.tell(made, out)

    def _is_lost(self, node: Node) -> bool:
        """Whether a node's derivative would be by what has none; its results have none then."""
        read = node.inputs
        if node.op.name == "with_derivative":
            read = node.inputs[1 : 1 + node.params["count"]]
        error = next((self.lost[v] for v in read if v in self.lost), None)
        if error is None:
            return False
        if node.op.family == "control" or node.op.effect:
            raise error
        self.lost.update({v: error for v in node.outputs if is_active(v.type)})
        return True

    def check(self, outputs: Iterable[Variable]) -> None:
        """Raise where an output has no derivative."""
        for v in outputs:
            if v in self.lost:
                raise self.lost[v]

    def refused(self, node: Node, why: str = "") -> NotDifferentiable:
        """The error for a node without a derivative, naming the user's line."""
        location = self.locations.get(node, ())
        line = f" ({location[-1].filename}:{location[-1].line})" if location else ""
        name = node.op.name
        if node.op.family == "callback" or name in {"effect", "object_attribute", "object_item"}:
            function = node.params.get("function")
            called = getattr(function, "function", function)
            label = getattr(called, "__qualname__", None) or getattr(called, "__name__", None) or name
            if node.op.name == "effect" and "CallbackFunction" in label:
                label = getattr(getattr(called, "function", called), "__name__", label)
            what = f"{label} is called as it is, at run time, and cannot be differentiated{line}"
            fix = "write it with NumPy functions, or give it a derivative by tt.custom_vjp or tt.custom_jvp"
            return NotDifferentiable(message(what, fix=fix))
        what = why or f"{name} has no derivative"
        return NotDifferentiable(
            message(f"{what}{line}", fix="tt.stop_gradient(x) takes its argument for a constant")
        )


Control = "Callable[[Node, Sequence[Tangent], Forward], None]"
CONTROL: dict[str, Any] = {}
"""Rules of branches and loops, which replace their node."""


def def_control(name: str) -> Callable[[Any], Any]:
    """Enter the rule of a control-flow op."""

    def enter(rule: Any) -> Any:
        CONTROL[name] = rule
        return rule

    return enter


def is_list(variable: Variable) -> bool:
    """Whether a variable is a list."""
    return isinstance(variable.type, ListType)


def is_constant(variable: Variable) -> bool:
    """Whether a value is known."""
    return isinstance(variable, Constant)
