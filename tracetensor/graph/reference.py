"""The reference evaluator: runs any graph with the ops' own NumPy meaning. The statement of the semantics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.catching import matching, open_slots, set_context
from tracetensor.graph.node import Constant, Node, Variable
from tracetensor.graph.op import find_op

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.graph import Graph


def evaluate(graph: Graph, args: Sequence[Any]) -> list[Any]:
    """The values of the outputs. No argument is written to; results may share memory with arguments."""
    values: dict[Variable, Any] = dict(zip(graph.inputs, args, strict=True))
    with np.errstate(all="ignore"):
        for node in graph.nodes():
            results = evaluate_node(node, [read(values, v) for v in node.inputs])
            values.update(zip(node.outputs, results, strict=True))
    return [read(values, v) for v in graph.outputs]


def read(values: dict[Variable, Any], variable: Variable) -> Any:
    """The value of a variable: a constant's own, or the one computed."""
    return variable.value if isinstance(variable, Constant) else values[variable]


def evaluate_node(node: Node, arguments: Sequence[Any]) -> Sequence[Any]:
    """The values of a node's outputs."""
    if node.op.name == "ifelse":
        branch = node.params["then"] if arguments[0] else node.params["orelse"]
        return evaluate(branch, arguments[1:])
    if node.op.name == "scan":
        return evaluate_scan(node.params, arguments)
    if node.op.name == "attempt":
        return evaluate_attempt(node, arguments)
    if node.op.name == "handling":
        return evaluate_handling(node, arguments)
    result = node.op.evaluate(*arguments, **node.params)
    return result if len(node.outputs) > 1 else [result]


def evaluate_scan(params: dict[str, Any], arguments: Sequence[Any]) -> list[Any]:
    """Run a loop: see graph/ops/control.py for the layout of its inputs and outputs."""
    body, n_carry = params["body"], params["n_carry"]
    rest = list(arguments)
    steps = rest.pop(0) if params["counted"] else None
    go = rest.pop(0) if params["conditional"] else True
    carry, captured = rest[:n_carry], rest[n_carry:]
    stacked: list[list[Any]] = [[] for _ in range(len(body.outputs) - n_carry - params["conditional"])]
    step = 0
    while go and (steps is None or step < steps):
        index = [step] if params["counted"] else []
        results = evaluate(body, [*index, *carry, *captured])
        if params["conditional"]:
            go = results.pop(0)
        carry = results[:n_carry]
        for history, value in zip(stacked, results[n_carry:], strict=True):
            history.append(value)
        step += 1
    types = [v.type for v in body.outputs[len(body.outputs) - len(stacked) :]]
    empty = [np.empty((0, *(d or 0 for d in t.shape)), t.dtype) for t in types]
    return [*carry, *(np.stack(h) if h else e for h, e in zip(stacked, empty, strict=True))]


def evaluate_attempt(node: Node, arguments: Sequence[Any]) -> list[Any]:
    """Run a body whose exceptions are caught: see graph/ops/exceptions.py."""
    params = node.params
    n_slots, label, body = len(params["types"]), params["label"], params["body"]
    slots, open_ = list(arguments[:n_slots]), open_slots()
    outer = open_.get(label)
    open_[label] = slots
    try:
        results = evaluate(body, arguments[n_slots:])
        return [0, None, *slots, *results]
    except BaseException as exception:
        code = matching(exception, params["classes"])
        if not code:
            raise
        undefined = find_op("undefined").evaluate
        return [code, exception, *slots, *[undefined(type=v.type) for v in body.outputs]]
    finally:
        if outer is None:
            del open_[label]
        else:
            open_[label] = outer


def evaluate_handling(node: Node, arguments: Sequence[Any]) -> list[Any]:
    """Run a body while an exception is handled."""
    try:
        return evaluate(node.params["body"], arguments[1:])
    except BaseException as exception:
        set_context(exception, arguments[0])
        raise
