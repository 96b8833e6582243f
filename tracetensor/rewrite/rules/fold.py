"""Constant folding: an op on constants is evaluated once, by its own meaning."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.node import Constant, Node, constant
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.types import TensorType, value_conforms
from tracetensor.rewrite.rule import RuleList, given

if TYPE_CHECKING:
    from tracetensor.graph.node import Variable

rules = RuleList("constant folding")

LARGEST = 1024
"""Elements of the largest result that is folded."""
NOT_FOLDED = frozenset({"control", "callback", "effect", "random"})
"""Families whose ops do more than compute a value."""


@rules.on("*", example=given("float64", lambda x: UFUNCS["add"](x, UFUNCS["exp"](constant(np.ones(3))))))
def fold_constants(node: Node) -> tuple[Variable, ...] | None:
    """An op on constants, its result small -> the constant. One that raises is left to raise when it is run."""
    for variable in node.inputs:
        if type(variable) is not Constant:
            return None
    if not node.inputs or node.op.effect or node.op.family in NOT_FOLDED:
        return None
    if not all(isinstance(v.type, TensorType) and is_small(v.type) for v in node.outputs):
        return None
    return folded(node)


def is_small(type_: TensorType) -> bool:
    """Whether the number of elements is known, and small enough for a constant."""
    return None not in type_.shape and math.prod(d or 0 for d in type_.shape) <= LARGEST


def folded(node: Node) -> tuple[Variable, ...] | None:
    """The constants that the node evaluates to; None if it raises, or gives what no constant can stand for."""
    values = [v.value for v in node.inputs if isinstance(v, Constant)]
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            result = node.op.evaluate(*values, **node.params)
        results = result if len(node.outputs) > 1 else (result,)
        if any(_keeps_layout(node, value) for value in results):
            return None
        found = tuple([constant(value) for value in results])
    except Exception:
        return None
    sound = [value_conforms(c.value, v.type) for c, v in zip(found, node.outputs, strict=True)]
    return found if all(sound) else None


def _keeps_layout(node: Node, value: Any) -> bool:
    """Whether the result is a view in an order of its own, which a copy would lose, and with it the order of sums."""
    return node.op.views and isinstance(value, np.ndarray) and not value.flags.c_contiguous
