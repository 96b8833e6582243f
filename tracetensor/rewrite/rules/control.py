"""Branches, loops, checks and lists whose course is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.builder import ifelse as build_ifelse
from tracetensor.graph.builder import scan as build_scan
from tracetensor.graph.edit import must_run
from tracetensor.graph.graph import Graph, clone_nodes
from tracetensor.graph.node import Constant, Variable, constant
from tracetensor.graph.ops import control
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT, UNIT, ListType, TensorType, conforms
from tracetensor.rewrite.rule import Replacement, RuleList, given

if TYPE_CHECKING:
    from tracetensor.graph.graph import Location
    from tracetensor.graph.node import Node

rules = RuleList("control flow")


@rules.on("ifelse", example=given("float64[?]", lambda x: build_ifelse(True, lambda: x[1] * 2, lambda: x[2])))
def branch_taken(node: Node) -> Replacement | None:
    """An ifelse on a constant -> the branch taken."""
    condition = node.inputs[0]
    if not isinstance(condition, Constant):
        return None
    body: Graph = node.params["then" if condition.value else "orelse"]
    locations: dict[Node, Location] = {}
    outputs, roots = clone_nodes(body, dict(zip(body.inputs, node.inputs[1:], strict=True)), locations)
    if not all(conforms(new.type, old.type) for new, old in zip(outputs, node.outputs, strict=True)):
        return None
    return Replacement(tuple(outputs), tuple(roots), locations)


@rules.on(
    "ifelse",
    example=given("bool", "float64", "float64", lambda c, x, y: build_ifelse(PYTHON["not"](c), x, y)),
)
def branch_on_not(node: Node) -> tuple[Variable, ...] | None:
    """ifelse(not c, a, b) -> ifelse(c, b, a)."""
    made = node.inputs[0].node
    if made is None or made.op is not PYTHON["not"]:
        return None
    flag = made.inputs[0].type
    if not isinstance(flag, TensorType) or flag.dtype.kind != "b":
        return None
    swapped = {"then": node.params["orelse"], "orelse": node.params["then"]}
    new = control.ifelse.node(made.inputs[0], *node.inputs[1:], **swapped)
    return new.outputs


@rules.on(
    "ifelse",
    example=given("bool", "float64", "float64[?]", lambda c, x, y: build_ifelse(c, (x, y[0]), (x, y[1]))),
)
def same_in_both_branches(node: Node) -> tuple[Variable, ...] | None:
    """A result that both branches give unchanged, or as the same constant -> that value."""
    then, orelse = node.params["then"], node.params["orelse"]
    outputs = list(node.outputs)
    for k, (a, b) in enumerate(zip(then.outputs, orelse.outputs, strict=True)):
        if isinstance(a, Constant) and a is b:
            outputs[k] = a
        elif a.is_input and b.is_input:
            given_a, given_b = (node.inputs[1 + body.inputs.index(v)] for body, v in ((then, a), (orelse, b)))
            if given_a is given_b and conforms(given_a.type, outputs[k].type):
                outputs[k] = given_a
    if must_run(node) and not any(out.node is node for out in outputs):
        outputs[0] = node.outputs[0]  # some output is left, by which the node is a root
    return tuple(outputs) if tuple(outputs) != node.outputs else None


def _no_steps(x: Any) -> Any:
    return build_scan(lambda v, s: s + v, x, x[0], n_steps=0)


@rules.on("scan", example=given("float64[3]", _no_steps))
def loop_without_steps(node: Node) -> tuple[Variable, ...] | None:
    """A loop that takes no step -> its initial carry, and empty histories."""
    counted, conditional, n_carry = (node.params[k] for k in ("counted", "conditional", "n_carry"))
    head = node.inputs[: counted + conditional]
    stops = (counted and isinstance(head[0], Constant) and head[0].value <= 0) or (
        conditional and isinstance(head[-1], Constant) and not head[-1].value
    )
    if not stops:
        return None
    histories = [v.tensor for v in node.outputs[n_carry:]]
    if any(None in t.shape[1:] for t in histories):
        return None
    empty = [constant(np.empty((0, *[d or 0 for d in t.shape[1:]]), t.dtype)) for t in histories]
    carry = node.inputs[counted + conditional : counted + conditional + n_carry]
    return (*carry, *empty)


@rules.on(
    "raise_if", "deoptimise_if",
    example=given("float64", lambda x: (x, control.raise_if(False, exception=ValueError, arguments=("no",)))),
)  # fmt: skip
def check_that_holds(node: Node) -> Variable | None:
    """A check whose condition is the constant False -> nothing."""
    condition = node.inputs[0]
    return constant(None, UNIT) if isinstance(condition, Constant) and not condition.value else None


def _pair(x: Variable, y: Variable) -> Variable:
    return control.list_make(x, y, type=ListType(x.type))  # type: ignore[no-any-return]


@rules.on(
    "list_len",
    example=(
        given("float64", "float64", lambda x, y: control.list_len(_pair(x, y))),
        given("list(float64)", "float64", lambda x, y: control.list_len(control.list_append(x, y))),
    ),
)
def length_of_list(node: Node) -> Variable | None:
    """len([a, b]) -> 2; len(x after x.append(v)) -> len(x) + 1; len(x after x[k] = v) -> len(x)."""
    made = node.inputs[0].node
    if made is None:
        return None
    if made.op is control.list_make:
        return constant(len(made.inputs))
    if made.op is control.list_append:
        return PYTHON["add"](control.list_len(made.inputs[0]), 1)  # type: ignore[no-any-return]
    return control.list_len(made.inputs[0]) if made.op is control.list_set else None


@rules.on(
    "list_get",
    example=(
        given("float64", "float64", lambda x, y: control.list_get(_pair(x, y), -1)),
        given("list(float64)", "float64", lambda x, y: control.list_get(control.list_append(x, y), -1)),
    ),
)
def element_of_list(node: Node) -> Variable | None:
    """[a, b][1] -> b; x[-1] after x.append(v) -> v."""
    made, position = node.inputs[0].node, node.inputs[1]
    if made is None or not isinstance(position, Constant) or position.type is not INT:
        return None
    k = position.value
    if made.op is control.list_make and -len(made.inputs) <= k < len(made.inputs):
        return made.inputs[k] if conforms(made.inputs[k].type, node.out.type) else None
    if made.op is control.list_append and k == -1 and conforms(made.inputs[1].type, node.out.type):
        return made.inputs[1]
    return None
