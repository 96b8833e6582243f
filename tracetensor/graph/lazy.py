"""Moving nodes into the branches that alone read their results: what makes ifelse lazy.

The symbolic builder writes a branch as the values that it gives, made outside; `demand` puts inside what only
that branch needs, so that it is evaluated, and raises, only if the branch is taken.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.graph.edit import Edit, clone_rest, located, must_run
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Node, Variable, apply, input_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Home = tuple[Node, str]
    Finish = Callable[[Graph], Graph]

BRANCHES = ("then", "orelse")


def demand(graph: Graph) -> Graph:
    """The graph, whose only roots are those asked for, with what one branch alone needs inside that branch.

    What may raise and is left is put among the roots, in the order of its making; in the branches too.
    """
    homes = branch_homes(graph, raising=True)
    held = {v.node for v in graph.roots}
    filled = {
        home[0] for node, home in homes.items() if must_run(node)
    }  # these may raise when what moves is inside
    left = [n for n in graph.nodes() if n not in held and n not in homes]
    made = [n.outputs[0] for n in left if n in filled or must_run(n)]
    roots = sorted([*graph.roots, *made], key=lambda v: v.serial)
    if len(roots) != len(graph.roots):
        graph = graph.replace(roots=roots)
    return move_into_branches(graph, homes, demand) if homes else graph


def branch_homes(graph: Graph, *, raising: bool = False) -> Mapping[Node, Home]:
    """The branch that each node can move into: the only one whose ifelse, or whose nodes, read its results.

    raising: nodes that may raise can move too, if they are no roots.
    """
    if not any(node.op.name == "ifelse" for node in graph.branching()):
        return {}
    fixed = {v.node for v in (*graph.outputs, *graph.roots)}
    wanted: dict[Node, set[Home | None]] = {}
    homes: dict[Node, Home] = {}
    for node in reversed(graph.nodes()):
        places = wanted.get(node, {None})
        if len(places) == 1 and node not in fixed and not node.op.effect and (raising or not must_run(node)):
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
    for name in BRANCHES:
        body: Graph = node.params[name]
        variable = body.inputs[place - 1]
        if variable in body.outputs or any(variable in n.inputs for n in body.nodes()):
            readers.append((node, name))
    return readers[0] if len(readers) == 1 else None


def move_into_branches(graph: Graph, homes: Mapping[Node, Home], finish: Finish | None = None) -> Graph:
    """The graph with nodes moved into their homes; `finish` is applied to every branch that gets some."""
    groups: dict[Home, list[Node]] = {}
    for node in graph.nodes():
        if node in homes:
            groups.setdefault(homes[node], []).append(node)
    edit = Edit(graph)
    for node in graph.nodes():
        if node in homes:
            continue
        if any((node, name) in groups for name in BRANCHES):
            _fill_branches(edit, node, groups, finish or (lambda body: body))
        else:
            edit.keep(node)
    return edit.finish()


def _fill_branches(edit: Edit, node: Node, groups: Mapping[Home, list[Node]], finish: Finish) -> None:
    gone = {v for name in BRANCHES for n in groups.get((node, name), ()) for v in n.outputs}
    needed = [v for name in BRANCHES for n in groups.get((node, name), ()) for v in n.inputs]
    captured = [v for v in node.inputs[1:] if v not in gone]
    extra = [
        v
        for v in dict.fromkeys(needed)
        if v not in gone and v not in captured and not isinstance(v, Constant)
    ]
    captured = [*dict.fromkeys(captured), *extra]
    params = {
        name: finish(_with_nodes(edit, node, node.params[name], captured, groups.get((node, name), [])))
        for name in BRANCHES
    }
    edit.put(node, [node.inputs[0], *captured], params, range(len(node.outputs)))


def _with_nodes(
    edit: Edit, node: Node, body: Graph, captured: Sequence[Variable], nodes: Sequence[Node]
) -> Graph:
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
    outputs, roots, found = clone_rest(located(body, body.outputs, body.roots, locations), mapping)
    shell = Graph(list(inputs.values()), (), name=body.name)
    return located(shell, outputs, roots, {**found, **locations})
