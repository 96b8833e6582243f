"""What derivatives need besides ordinary ops: the mark of what is differentiated by, and the adjoint of broadcasting."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.infer import tensors
from tracetensor.graph.node import Variable
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.dims import DimsOp, Int, lifts, same_axis, static_dims
from tracetensor.graph.types import ARRAY, SCALAR, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node

_serial = itertools.count()

independent = register(
    Op(
        "independent",
        evaluate=lambda x, *, serial: x,
        infer=lambda types, params: types[0],
        family="view",
        views=True,
    )
)
"""x itself, as a variable of its own: what a derivative is taken by. Rewriting removes it."""
lifts("independent")(same_axis)

held = register(
    Op("held", evaluate=lambda x: x, infer=lambda types, params: types[0], family="view", views=True)
)
"""x itself, taken for a constant by derivatives. Rewriting removes it."""
lifts("held")(same_axis)


with_derivative = register(
    Op(
        "with_derivative",
        evaluate=lambda y, *rest, **params: y,
        infer=lambda types, params: types[0],
        family="view",
        views=True,
    )
)
"""with_derivative(y, *xs, *captured; count, rule, mode): y, whose derivative by the first `count` of the rest a user gave.

rule, a graph of what it captures: mode "jvp": tangents of xs to that of y; mode "vjp": the cotangent of y to those of xs;
"gate": the same of y = x, whose tangents are not changed; "implicit": tangents of xs, xs and y to the tangent of y.
"""
lifts("with_derivative")(same_axis)


def _not_evaluated(*values: Any, **params: Any) -> Any:
    msg = "a derivative that was given for reverse mode only is asked for in forward mode"
    raise TypeError(msg)


pulled_back = register(
    Op(
        "pulled_back",
        evaluate=_not_evaluated,
        infer=lambda types, params: params["type"],
        family="view",
        raises=True,
    )
)
"""The linear map of which only the transpose is known: pulled_back(*tangents, *captured; count, rule, type)."""


def mark_independent(x: Variable) -> Variable:
    """x as a variable that equals no other one."""
    result: Variable = independent(x, serial=next(_serial))
    return result


def _sum_to_shape(x: Any, *dims: int) -> Any:
    shape = np.shape(x)
    if shape == dims and dims:
        return np.array(x)  # memory of its own: x may be written to meanwhile
    extra = len(shape) - len(dims)
    axes = (*range(extra), *[extra + k for k, n in enumerate(dims) if n == 1 and shape[extra + k] != 1])
    if not axes:
        return np.array(x) if dims else np.asarray(x)[()]
    # One sum, over all that was broadcast.
    result = np.sum(x, axis=axes, dtype=np.asarray(x).dtype)
    return np.reshape(result, dims) if dims else result


def _infer_sum_to_shape(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    x = tensors(types[:1], "sum_to_shape")[0]
    dims = static_dims(inputs[1:])
    return TensorType(x.dtype, dims, ARRAY if dims else SCALAR)


sum_to_shape = register(
    DimsOp(
        "sum_to_shape", evaluate=_sum_to_shape, infer=_infer_sum_to_shape, family="sum_to_shape", raises=False
    )
)
"""sum_to_shape(x, *dims): x summed along the axes along which an array of these dims was broadcast to x's shape."""


@lifts("sum_to_shape")
def _lift_sum_to_shape(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    return node.inputs[1 + axis]
