"""Moving nodes across the borders of bodies: out of loops, into branches."""

from __future__ import annotations

import contextlib

from tracetensor.errors import INFERENCE_ERRORS
from tracetensor.graph.edit import (
    Edit,
    body_captured_from,
    captured_from,
    clone_rest,
    located,
    map_bodies,
    must_run,
)
from tracetensor.graph.graph import Graph
from tracetensor.graph.lazy import branch_homes, move_into_branches
from tracetensor.graph.node import Constant, Node, Variable, apply, input_variable

LEFT_INSIDE = frozenset({"creation"})
"""Families whose results cost no less to carry than to make: they are left in the loops that use them."""


def hoist(graph: Graph) -> Graph:
    """Take out of every loop the nodes that are the same at every step.

    Promise: the same outputs, whatever the number of steps, none included: only what cannot raise is moved.
    """
    graph = map_bodies(graph, hoist)
    if not any(node.op.name == "scan" for node in graph.branching()):
        return graph
    edit = Edit(graph)
    for node in graph.nodes():
        if node.op.name == "scan":
            _hoist(edit, node)
        elif edit.mapping:
            edit.keep(node)
    return edit.finish()


def _hoist(edit: Edit, node: Node) -> None:
    body: Graph = node.params["body"]
    inner = body_captured_from(node)
    outside = dict(zip(body.inputs[inner:], node.inputs[captured_from(node) :], strict=True))
    moved: dict[Variable, Variable] = {}

    def outer(variable: Variable) -> Variable:
        return moved[variable] if variable in moved else edit.resolve(outside.get(variable, variable))

    for made in body.nodes():
        free = all(isinstance(v, Constant) or v in outside or v in moved for v in made.inputs)
        if free and made.inputs and made.op.family not in LEFT_INSIDE and not must_run(made):
            new = apply(made.op, [outer(v) for v in made.inputs], made.params)
            moved.update(zip(made.outputs, new.outputs, strict=True))
            if made in body.locations:
                edit.locations.setdefault(new, body.locations[made])
    if not moved:
        edit.keep(node)
        return
    used = [v for v in moved if v in _read_by_rest(body, moved)]
    places = {v: input_variable(moved[v].type, v.name) for v in used}
    mapping: dict[Variable, Variable] = dict(places)
    rest = clone_rest(body, mapping, moved)
    slim = Graph([*body.inputs, *places.values()], rest[0], rest[1], name=body.name)
    slim = located(slim, rest[0], rest[1], rest[2])
    arguments = [*map(edit.resolve, node.inputs), *[moved[v] for v in used]]
    edit.put(node, arguments, {**node.params, "body": slim}, range(len(node.outputs)))


def _read_by_rest(body: Graph, moved: dict[Variable, Variable]) -> set[Variable]:
    rest = {v for node in body.nodes() if node.outputs[0] not in moved for v in node.inputs}
    return {*rest, *body.outputs, *body.roots}


def sink(graph: Graph) -> Graph:
    """Move into a branch the nodes whose results nothing but that branch reads.

    Promise: the same outputs; what may raise stays where it is.
    """
    homes = branch_homes(graph)
    if homes:
        with contextlib.suppress(
            *INFERENCE_ERRORS
        ):  # better known types show that a branch raises when it is run
            graph = move_into_branches(graph, homes)
    return map_bodies(graph, sink)
