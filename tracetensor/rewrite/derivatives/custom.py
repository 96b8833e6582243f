"""Derivatives that a user gave: graphs kept with the node, put in where it is differentiated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.graph import Graph, clone_nodes
from tracetensor.graph.ops.calculus import pulled_back
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import def_jvp
from tracetensor.rewrite.derivatives.tangents import as_tangent, number, tangent_type, zeros_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent


def put_in(rule: Graph, values: Sequence[Variable]) -> list[Variable]:
    """The outputs of a graph on these values."""
    outputs, _ = clone_nodes(rule, dict(zip(rule.inputs, values, strict=True)))
    return outputs


@def_jvp("with_derivative")
def _with_derivative(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    count, rule = node.params["count"], node.params["rule"]
    xs, captured = node.inputs[1 : 1 + count], node.inputs[1 + count :]
    given = tangents[1 : 1 + count]
    if all(t is None for t in given):
        return None
    full = [zeros_like(x) if t is None else t for x, t in zip(xs, given, strict=True)]
    full = [as_tangent(t, x) for t, x in zip(full, xs, strict=True)]
    if node.params["mode"] == "implicit":
        return put_in(rule, [*full, *xs, node.outputs[0], *captured])[0]
    if node.params["mode"] == "gate" and not forward.split:
        return full[0]
    if node.params["mode"] == "jvp":
        return put_in(rule, [*full, *captured])[node.params["place"]]
    if not forward.split:
        raise forward.refused(node, "a function with a custom_vjp has no derivative in forward mode")
    out = node.outputs[0]
    return pulled_back(*full, *captured, count=count, rule=rule, type=tangent_type(out.type))


@def_transpose("pulled_back")
def _pulled_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    count, rule = node.params["count"], node.params["rule"]
    (c,) = cotangents
    assert c is not None
    found = put_in(rule, [number(c, node.outputs[0].dtype), *node.inputs[count:]])
    for t, g in zip(node.inputs[:count], found, strict=True):
        back.add(t, g)
