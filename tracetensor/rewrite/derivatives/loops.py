"""Loops that rules of derivatives are written with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import as_variable, input_variable
from tracetensor.graph.ops import control, creation
from tracetensor.graph.ops.dims import dim_inputs, shape_of
from tracetensor.graph.ops.indexing import getitem
from tracetensor.graph.types import INT
from tracetensor.rewrite.derivatives.control import to_type
from tracetensor.rewrite.derivatives.residuals import closed
from tracetensor.rewrite.derivatives.symbolic import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Variable


def running(
    arrays: Sequence[Variable], initial: Sequence[Variable], step: Any, length: Any
) -> list[Variable]:
    """step(elements, carry) -> (carry, result), over the first axis of all arrays; the results stacked.

    The node is differentiated like any loop: arrays that depend on tangents make it a linear one.
    """
    place = input_variable(INT, "step")
    inner = [input_variable(v.type) for v in arrays]
    old = [input_variable(v.type) for v in initial]
    new, results = step([getitem(v, place, spec=("i",)) for v in inner], old)
    new = [to_type(v, o.type) for v, o in zip(new, old, strict=True)]
    body = closed([place, *old, *inner], [*new, *results], "running")
    made = control.scan.node(
        as_variable(length), *initial, *arrays,
        body=body, n_carry=len(initial), counted=True, conditional=False,
    )  # fmt: skip
    return list(made.outputs[len(initial) :])


def running_product(x: Variable, t: Variable, y: Variable, axis: int) -> Any:
    """The tangent of y = cumprod(x) along an axis: d[k] = d[k-1] x[k] + y[k-1] t[k], linear in t."""
    front = [axis, *[k for k in range(x.ndim) if k != axis]]
    xs, ts, ys = (np.transpose(v, front) for v in (x, t, y))
    dims = shape_of(xs)
    ones = creation.ones(*dim_inputs([1, *dims[1:]]), dtype=x.dtype)
    before = np.concatenate([ones, ys], axis=0)[:-1]
    before = before[tuple([slice(None)] * x.ndim)]
    zero = (
        creation.zeros(*dim_inputs(dims[1:]), dtype=x.dtype) if x.ndim > 1 else as_variable(x.dtype.type(0))
    )

    def step(elements: list[Variable], carry: list[Variable]) -> Any:
        a, b, c = elements
        new = np.add(np.multiply(carry[0], a), np.multiply(b, c))
        return [new], [new]

    (found,) = running([xs, ts, before], [zero], step, dims[0])
    return np.transpose(found, [int(k) for k in np.argsort(front)])
