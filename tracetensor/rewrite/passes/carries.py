"""What loops and branches carry and capture: constants, unchanged carries, duplicates, better known types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import INFERENCE_ERRORS
from tracetensor.graph.edit import (
    Edit,
    body_captured_from,
    captured_from,
    located,
    map_bodies,
    must_run,
    with_inputs,
)
from tracetensor.graph.graph import Graph, bodies, clone_nodes
from tracetensor.graph.node import Constant, Node, Variable, input_variable

if TYPE_CHECKING:
    from collections.abc import Sequence


def simplify_loops(graph: Graph) -> Graph:
    """Take out of loops and branches what they need not carry or capture.

    - A carry that no step changes becomes a captured value.
    - A captured constant becomes a constant inside; a value captured twice is captured once.
    - An input of a body learns what is known of the shape of the captured value.

    Promise: the same outputs; no node is added, moved or dropped, and no body is left with more inputs.
    """
    return _simplify_all_captured(_free_all_carries(graph))


def _free_all_carries(graph: Graph) -> Graph:
    """From the inside out: that an inner loop changes nothing may mean that the outer one doesn't."""
    graph = map_bodies(graph, _free_all_carries)
    if not graph.branching():
        return graph
    edit = Edit(graph)
    for node in graph.nodes():
        if node.op.name == "scan":
            _free_carries(edit, node)
        elif edit.mapping:
            edit.keep(node)
    return edit.finish()


def _simplify_all_captured(graph: Graph) -> Graph:
    """From the outside in: what is known of a value is known to what captures it."""
    if not graph.branching():
        return graph
    edit = Edit(graph)
    for node in graph.nodes():
        if bodies(node):
            _simplify_captured(edit, node)
        elif edit.mapping:
            edit.keep(node)
    return map_bodies(edit.finish(), _simplify_all_captured)


def _free_carries(edit: Edit, node: Node) -> None:
    """Turn carries that leave every step as they entered it into captured values."""
    body: Graph = node.params["body"]
    n_carry, counted, conditional = (node.params[k] for k in ("n_carry", "counted", "conditional"))
    fixed = [k for k in range(n_carry) if body.outputs[conditional + k] is body.inputs[counted + k]]
    if len(fixed) == len(node.outputs):
        fixed = fixed[1:]  # some output must be left
    if not fixed:
        edit.keep(node)
        return
    moving = [k for k in range(n_carry) if k not in fixed]
    inputs = [
        *body.inputs[:counted],
        *[body.inputs[counted + k] for k in moving],
        *[body.inputs[counted + k] for k in fixed],
        *body.inputs[counted + n_carry :],
    ]
    wanted = [*moving, *range(n_carry, len(node.outputs))]
    outputs = [*body.outputs[:conditional], *[body.outputs[conditional + k] for k in wanted]]
    slim = Graph(inputs, outputs, body.roots, name=body.name, locations=body.locations)
    first = counted + conditional
    arguments = [
        *node.inputs[:first],
        *[node.inputs[first + k] for k in moving],
        *[node.inputs[first + k] for k in fixed],
        *node.inputs[first + n_carry :],
    ]
    for k in fixed:
        edit.replace(node.outputs[k], node.inputs[first + k])
    edit.put(node, arguments, {**node.params, "body": slim, "n_carry": len(moving)}, wanted)


def _simplify_captured(edit: Edit, node: Node) -> None:
    outer, inner = captured_from(node), body_captured_from(node)
    captured = [edit.resolve(v) for v in node.inputs[outer:]]
    kept = [v for v in dict.fromkeys(captured) if not isinstance(v, Constant)]
    params: dict[str, Any] = dict(node.params)
    for name, body in node.params.items():
        if isinstance(body, Graph):
            params[name] = _with_captured(body, inner, captured, kept)
    try:
        edit.put(node, [*node.inputs[:outer], *kept], params, range(len(node.outputs)))
    except INFERENCE_ERRORS:  # what is known now shows that the loop raises when it is run
        edit.keep(node)


def _with_captured(body: Graph, first: int, captured: Sequence[Variable], kept: Sequence[Variable]) -> Graph:
    """The body with an input for each of the captured values kept, constants being put in their place."""
    own = body.inputs[first:]
    same = list(captured) == list(kept)
    if same and all(i.type is c.type for i, c in zip(own, captured, strict=True)):
        return body
    mapping: dict[Variable, Variable] = {}
    inputs: dict[Variable, Variable] = {}
    for given, place in zip(captured, own, strict=True):
        if isinstance(given, Constant):
            mapping[place] = given
        else:
            if given not in inputs:
                inputs[given] = place if place.type is given.type else input_variable(given.type, place.name)
            mapping[place] = inputs[given]
    outer = [*body.inputs[:first], *[inputs[v] for v in kept]]
    try:
        return rebuilt(body, outer, mapping)
    except INFERENCE_ERRORS:
        return body if same else with_inputs(body, outer)


def rebuilt(body: Graph, inputs: Sequence[Variable], mapping: dict[Variable, Variable]) -> Graph:
    """The body on other inputs, `mapping` saying what its own inputs become; roots that cannot raise are dropped."""
    locations = dict(body.locations)
    mapping = {old: new for old, new in mapping.items() if old is not new}
    outputs, roots = clone_nodes(body, mapping, locations)
    roots = [v for v in roots if v.node is not None and must_run(v.node)]
    return located(Graph(inputs, (), name=body.name), outputs, roots, locations)
