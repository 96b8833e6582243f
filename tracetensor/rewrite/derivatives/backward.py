"""Reverse mode: linear nodes transposed, one after the other, from the last to the first.

The cotangent of a variable is a sum of contributions. A contribution is an array, or a write into the sum of the
others: what is read by `x[i]` adds to one element, in place, rather than adding an array of zeros but for one. So all
contributions are kept until the node that makes the variable is met; then the arrays are added, and the writes done.

The pairing of cotangent and tangent is Re(sum(c * t)), without a conjugate: the gradient of a real function of
complex z = x + iy is df/dx - i df/dy, as in JAX and Autograd.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import NotDifferentiable
from tracetensor.graph.graph import topological
from tracetensor.graph.node import constant, input_variable
from tracetensor.graph.ops import creation
from tracetensor.graph.ops.dims import dim_inputs, shape_of
from tracetensor.graph.types import ListType
from tracetensor.rewrite.derivatives.tangents import added, depends_on, number, unbroadcast, zero_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.tangents import Shapes, Tangent

    Transpose = Callable[["Backward", Node, Sequence[Tangent]], None]
    Write = Callable[[Variable], Variable]

TRANSPOSE: dict[str, Any] = {}
"""The transpose of each linear op: rule(backward, node, cotangents of its results) contributes to its linear inputs."""


def def_transpose(*names: str) -> Callable[[Transpose], Transpose]:
    """Enter the rule of ops."""

    def enter(rule: Transpose) -> Transpose:
        for name in names:
            TRANSPOSE[name] = rule
        return rule

    return enter


class Backward:
    """One run of reverse mode. linear: the variables that depend on the tangents; all others are known."""

    def __init__(self, linear: set[Variable], shapes: Shapes) -> None:
        self.linear = linear
        self.shapes = shapes
        self.sums: dict[Variable, list[Variable]] = {}
        self.writes: dict[Variable, list[Write]] = {}

    def is_linear(self, variable: Variable) -> bool:
        """Whether a variable depends on the tangents."""
        return variable in self.linear

    def add(self, variable: Variable, cotangent: Tangent) -> None:
        """Contribute an array, of the shape to which the variable was broadcast at most."""
        if cotangent is not None and variable in self.linear:
            if not isinstance(variable.type, ListType):
                cotangent = self.shapes.tell(unbroadcast(cotangent, variable), variable)
            self.sums.setdefault(variable, []).append(cotangent)

    def write(self, variable: Variable, write: Write) -> None:
        """Contribute by a function that adds to the sum of the others."""
        if variable in self.linear:
            self.writes.setdefault(variable, []).append(write)

    def has(self, variable: Variable) -> bool:
        """Whether anything was contributed so far."""
        return variable in self.sums or variable in self.writes

    def total(self, variable: Variable) -> Tangent:
        """The cotangent of a variable, all contributions in it; None for zero."""
        parts, writes = self.sums.pop(variable, []), self.writes.pop(variable, [])
        result = added(parts)
        if not writes:
            return result
        if result is None:
            result = self.zero(variable)
        for write in writes:
            result = self.shapes.tell(write(result), variable)
        return result

    def zero(self, variable: Variable) -> Variable:
        """A zero cotangent."""
        if isinstance(variable.type, ListType):
            return zero_list(variable)
        if not variable.ndim:
            return constant(variable.dtype.type(0))
        made: Variable = creation.zeros(*dim_inputs(shape_of(variable)), dtype=variable.dtype)
        return made

    def total_or_zero(self, variable: Variable) -> Variable:
        """The cotangent as an array."""
        found = self.total(variable)
        return (
            self.zero(variable)
            if found is None
            else number(found, variable.dtype)
            if not isinstance(variable.type, ListType)
            else found
        )

    def run(self, nodes: Iterable[Node]) -> None:
        """Transpose nodes, given in order; what is known is left out."""
        order = [n for n in nodes if any(v in self.linear for v in n.outputs)]
        self.shapes.fill(order, self.linear)
        for node in reversed(order):
            cotangents = [self.total(v) for v in node.outputs]
            if all(c is None for c in cotangents):
                continue
            rule = TRANSPOSE.get(node.op.name, transpose_by_parts)
            rule(self, node, cotangents)


def transpose_by_parts(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    """The transpose of an op that has a rule of forward mode only: that of the linear ops that the rule makes.

    The op is linear in what it is given here, so its derivative is the op itself, in other words.
    """
    from tracetensor.rewrite.derivatives.forward import Forward

    forward = Forward(split=True, shapes=back.shapes)
    seeds = {v: back.shapes.tell(input_variable(v.type), v) for v in node.inputs if back.is_linear(v)}
    for v, seed in seeds.items():
        forward.seed(v, seed)
    forward.run([node])
    tangents = [forward.tangent.get(v) for v in node.outputs]
    wanted = [t for t in tangents if t is not None]
    order = topological(wanted, list(seeds.values()))
    if any(n.op is node.op and n.params == node.params for n in order):
        msg = f"internal: {node.op.name} has no transpose"
        raise NotDifferentiable(msg)
    inner = Backward(depends_on(wanted, set(seeds.values())), back.shapes)
    for tangent, c in zip(tangents, cotangents, strict=True):
        if tangent is not None and c is not None:
            inner.add(tangent, c)
    inner.run(order)
    for v, seed in seeds.items():
        back.add(v, inner.total(seed))
