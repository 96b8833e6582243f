"""Moving nodes across the borders of bodies: out of loops, into branches."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Node, Variable, apply, input_variable
from tracetensor.rewrite.engine import located, must_run
from tracetensor.rewrite.passes.edit import Edit, body_captured_from, captured_from, map_bodies

if TYPE_CHECKING:
    from collections.abc import Sequence

    Home = tuple[Node, str]

LEFT_INSIDE = frozenset({"creation"})
"""Families whose results cost no less to carry than to make: they are left in the loops that use them."""


def hoist(graph: Graph) -> Graph:
    """Take out of every loop the nodes that are the same at every step.

    Promise: the same outputs, whatever the number of steps, none included: only what cannot raise is moved.
    """
    graph = map_bodies(graph, hoist)
    if not any(node.op.name == "scan" for node in graph.nodes()):
        return graph
    edit = Edit(graph)
    for node in graph.nodes():
        if node.op.name == "scan":
            _hoist(edit, node)
        else:
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
    rest = _clone_rest(body, mapping, moved)
    slim = Graph([*body.inputs, *places.values()], rest[0], rest[1], name=body.name)
    slim = located(slim, rest[0], rest[1], rest[2])
    arguments = [*map(edit.resolve, node.inputs), *[moved[v] for v in used]]
    edit.put(node, arguments, {**node.params, "body": slim}, range(len(node.outputs)))


def _read_by_rest(body: Graph, moved: dict[Variable, Variable]) -> set[Variable]:
    rest = {v for node in body.nodes() if node.outputs[0] not in moved for v in node.inputs}
    return {*rest, *body.outputs, *body.roots}


def _clone_rest(
    body: Graph, mapping: dict[Variable, Variable], moved: dict[Variable, Variable]
) -> tuple[list[Variable], list[Variable], dict[Node, Any]]:
    """The nodes of a body that stay, on the inputs that stand for those that don't."""
    locations = dict(body.locations)
    for node in body.nodes():
        if node.outputs[0] in moved or mapping.keys().isdisjoint(node.inputs):
            continue
        new = apply(node.op, [mapping.get(v, v) for v in node.inputs], node.params)
        mapping.update(zip(node.outputs, new.outputs, strict=True))
        if node in body.locations:
            locations.setdefault(new, body.locations[node])
    roots = [mapping.get(v, v) for v in body.roots]
    return [mapping.get(v, v) for v in body.outputs], [v for v in roots if v.node is not None], locations


def sink(graph: Graph) -> Graph:
    """Move into a branch the nodes whose results nothing but that branch reads.

    Promise: the same outputs; what may raise stays where it is.
    """
    homes = _homes(graph)
    if homes:
        with contextlib.suppress(TypeInferenceError):  # better known types show that a branch raises when it is run
            graph = _move(graph, homes)
    return map_bodies(graph, sink)


def _move(graph: Graph, homes: dict[Node, Home]) -> Graph:
    groups: dict[Home, list[Node]] = {}
    for node in graph.nodes():
        if node in homes:
            groups.setdefault(homes[node], []).append(node)
    edit = Edit(graph)
    for node in graph.nodes():
        if node in homes:
            continue
        if (node, "then") in groups or (node, "orelse") in groups:
            _sink(edit, node, groups)
        else:
            edit.keep(node)
    return edit.finish()


def _homes(graph: Graph) -> dict[Node, Home]:
    """The branch that each node can move into: the only one whose ifelse, or whose nodes, read its results."""
    if not any(node.op.name == "ifelse" for node in graph.nodes()):
        return {}
    fixed = {v.node for v in (*graph.outputs, *graph.roots)}
    wanted: dict[Node, set[Home | None]] = {}
    homes: dict[Node, Home] = {}
    for node in reversed(graph.nodes()):
        places = wanted.get(node, {None})
        if len(places) == 1 and node not in fixed and not must_run(node):
            (place,) = places
            if place is not None:
                homes[node] = place
        for k, variable in enumerate(node.inputs):
            if variable.node is not None:
                use = homes[node] if node in homes else _branch_that_reads(node, k)
                wanted.setdefault(variable.node, set()).add(use)
    return homes


def _branch_that_reads(node: Node, place: int) -> Home | None:
    """The branch of an ifelse that alone reads its input at this place."""
    if node.op.name != "ifelse" or place == 0:
        return None
    readers = []
    for name in ("then", "orelse"):
        body: Graph = node.params[name]
        variable = body.inputs[place - 1]
        if variable in body.outputs or any(variable in n.inputs for n in body.nodes()):
            readers.append((node, name))
    return readers[0] if len(readers) == 1 else None


def _sink(edit: Edit, node: Node, groups: dict[Home, list[Node]]) -> None:
    gone = {v for name in ("then", "orelse") for n in groups.get((node, name), ()) for v in n.outputs}
    needed = [v for name in ("then", "orelse") for n in groups.get((node, name), ()) for v in n.inputs]
    captured = [v for v in node.inputs[1:] if v not in gone]
    extra = [v for v in dict.fromkeys(needed) if v not in gone and v not in captured and not isinstance(v, Constant)]
    captured = [*dict.fromkeys(captured), *extra]
    params = {
        name: _with_nodes(edit, node, node.params[name], captured, groups.get((node, name), []))
        for name in ("then", "orelse")
    }
    edit.put(node, [node.inputs[0], *captured], params, range(len(node.outputs)))


def _with_nodes(edit: Edit, node: Node, body: Graph, captured: Sequence[Variable], nodes: Sequence[Node]) -> Graph:
    """A branch that makes by `nodes` what it was given, from the values now captured."""
    inputs = {v: input_variable(v.type, v.name) for v in captured}
    made: dict[Variable, Variable] = dict(inputs)
    locations = dict(body.locations)
    for moved in nodes:
        new = apply(moved.op, [made.get(v, v) for v in moved.inputs], moved.params)
        made.update(zip(moved.outputs, new.outputs, strict=True))
        if moved in edit.graph.locations:
            locations.setdefault(new, edit.graph.locations[moved])
    mapping = {
        place: made[given] for place, given in zip(body.inputs, node.inputs[1:], strict=True) if given in made
    }
    outputs, roots, found = _clone_rest(located(body, body.outputs, body.roots, locations), mapping, {})
    shell = Graph(list(inputs.values()), (), name=body.name)
    return located(shell, outputs, roots, {**found, **locations})
