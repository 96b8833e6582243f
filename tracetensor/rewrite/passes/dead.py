"""Dead code: what nothing reads and nothing must run, in graphs, loops and branches."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tracetensor.graph.edit import Edit, captured_from, must_run, reads, with_inputs
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Node, Variable, constant

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def drop_dead(graph: Graph) -> Graph:
    """Drop roots that cannot raise, and results, carries and captured values of loops and branches that nothing reads.

    Promise: the outputs are as before, and everything that may raise or has an effect still runs.
    """
    while (slim := _with_outputs(graph, graph.outputs)) is not graph:  # what is dropped may leave more unread
        graph = slim
    return graph


def _with_outputs(graph: Graph, outputs: Sequence[Variable]) -> Graph:
    """The graph with these outputs, and nothing dead in it."""
    same = tuple(outputs) == graph.outputs
    if same and drop_dead in graph.settled:
        return graph
    roots = [v for v in graph.roots if v.node is not None and must_run(v.node)]
    if not same or len(roots) != len(graph.roots):
        graph = graph.replace(outputs=outputs, roots=roots)
    plans = _plans(graph) if graph.branching() else {}
    if not plans:
        graph.settled.add(drop_dead)
        return graph
    edit = Edit(graph)
    for node in graph.nodes():
        plan = plans.get(node)
        if plan is not None:
            edit.put(node, plan.inputs, plan.params, plan.outputs)
        elif edit.mapping:
            edit.keep(node)
    return edit.finish()


class _Plan(NamedTuple):
    """What becomes of a loop or a branch: its inputs and parameters, and which of its outputs are left."""

    inputs: Sequence[Variable]
    params: dict[str, Any]
    outputs: Sequence[int]


def _plans(graph: Graph) -> dict[Node, _Plan]:
    """The loops and branches that can do with less. Users come before what they use, to see what they leave unread."""
    live = set(graph.outputs)
    roots = {v.node for v in graph.roots}
    plans: dict[Node, _Plan] = {}
    for node in reversed(graph.nodes()):
        if node not in roots and live.isdisjoint(node.outputs):
            continue
        plan = None
        if node.op.name == "ifelse":
            plan = _slim_ifelse(node, live)
        elif node.op.name == "scan":
            plan = _slim_scan(node, live)
        elif node.op.name in {"attempt", "handling"}:
            plan = _slim_body(node, live)
        if plan is not None:
            plans[node] = plan
        live.update(node.inputs if plan is None else plan.inputs)
    return plans


def _slim_ifelse(node: Node, live: set[Variable]) -> _Plan | None:
    wanted = [k for k, out in enumerate(node.outputs) if out in live]
    names = ("then", "orelse")
    bodies = []
    for name in names:
        body: Graph = node.params[name]
        # a node needs some output to be referred to as a root
        outputs = [body.outputs[k] for k in wanted] if wanted else [constant(True)]
        bodies.append(_with_outputs(body, outputs))
    read = [reads(body) for body in bodies]
    count = len(node.inputs) - 1
    kept = [k for k in range(count) if any(b.inputs[k] in r for b, r in zip(bodies, read, strict=True))]
    if len(kept) == count and all(b is node.params[n] for n, b in zip(names, bodies, strict=True)):
        return None
    params = {n: with_inputs(b, [b.inputs[k] for k in kept]) for n, b in zip(names, bodies, strict=True)}
    return _Plan([node.inputs[0], *[node.inputs[1 + k] for k in kept]], params, wanted)


def _slim_body(node: Node, live: set[Variable]) -> _Plan | None:
    """An attempt, or what runs while an exception is handled: results and captured values that nothing reads."""
    body: Graph = node.params["body"]
    head = len(node.outputs) - len(body.outputs)  # the code, the exception and the slots stay
    first = captured_from(node)
    wanted = [k for k in range(len(body.outputs)) if node.outputs[head + k] in live]
    if not wanted and not head:
        wanted = [0]  # some output, to be referred to as a root
    slim = _with_outputs(body, [body.outputs[k] for k in wanted])
    read = reads(slim)
    kept = [k for k, v in enumerate(body.inputs) if v in read]
    if slim is body and len(kept) == len(body.inputs):
        return None
    params = {**node.params, "body": with_inputs(slim, [body.inputs[k] for k in kept])}
    inputs = [*node.inputs[:first], *[node.inputs[first + k] for k in kept]]
    return _Plan(inputs, params, [*range(head), *[head + k for k in wanted]])


def _slim_scan(node: Node, live: set[Variable]) -> _Plan | None:
    body: Graph = node.params["body"]
    n_carry, counted, conditional = (node.params[k] for k in ("n_carry", "counted", "conditional"))
    carries = _needed_carries(node, live)
    histories = [k for k in range(n_carry, len(node.outputs)) if node.outputs[k] in live]
    if not carries and not histories:  # some output, to be referred to as a root
        carries, histories = (_needed_carries(node, {node.outputs[0]}), []) if n_carry else ([], [0])
    wanted = [*carries, *histories]
    slim = _with_outputs(
        body, [*body.outputs[:conditional], *[body.outputs[conditional + k] for k in wanted]]
    )
    read = reads(slim)
    captured = [k for k in range(counted + n_carry, len(body.inputs)) if body.inputs[k] in read]
    places = [*range(counted), *[counted + k for k in carries], *captured]
    if slim is body and len(places) == len(body.inputs):
        return None
    params = {
        **node.params,
        "body": with_inputs(slim, [body.inputs[k] for k in places]),
        "n_carry": len(carries),
    }
    inputs = [
        *node.inputs[: counted + conditional],
        *[node.inputs[conditional + k] for k in places if k >= counted],
    ]
    return _Plan(inputs, params, wanted)


def _needed_carries(node: Node, live: set[Variable]) -> list[int]:
    """The carries that are read after the loop, or that a step reads to make something needed."""
    body: Graph = node.params["body"]
    n_carry, counted, conditional = (node.params[k] for k in ("n_carry", "counted", "conditional"))
    roots = [v for v in body.roots if v.node is not None and must_run(v.node)]
    wanted = {k for k, out in enumerate(node.outputs) if out in live}
    while True:
        targets = [*body.outputs[:conditional], *[body.outputs[conditional + k] for k in sorted(wanted)]]
        read = _behind([*targets, *roots])
        found = wanted | {k for k in range(n_carry) if body.inputs[counted + k] in read}
        if found == wanted:
            return sorted(k for k in wanted if k < n_carry)
        wanted = found


def _behind(targets: Iterable[Variable]) -> set[Variable]:
    """The variables that the targets are, or are made from."""
    seen: set[Variable] = set()
    stack = list(targets)
    while stack:
        variable = stack.pop()
        if variable not in seen:
            seen.add(variable)
            if variable.node is not None:
                stack.extend(variable.node.inputs)
    return seen
