"""Derivatives along all unit vectors, one after the other: the rows or columns of a Jacobian."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import as_variable, constant, input_variable
from tracetensor.graph.ops import control, creation
from tracetensor.graph.ops.dims import dim_inputs, product, shape_of
from tracetensor.graph.ops.indexing import setitem
from tracetensor.graph.ops.shape import reshape
from tracetensor.graph.types import INT
from tracetensor.rewrite.derivatives.control import to_type
from tracetensor.rewrite.derivatives.residuals import Split, closed
from tracetensor.rewrite.derivatives.tangents import Shapes, zeros_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Variable


def rows_of(unit: Variable, like: Variable, found: Sequence[Any], others: Sequence[Variable]) -> list[Any]:
    """What was found for `unit`, stacked over all unit vectors in the shape of `like`: (size, *shape of each)."""
    found = [zeros_like(v) if f is None else f for f, v in zip(found, others, strict=True)]
    size, step = as_variable(product(shape_of(like))), input_variable(INT, "step")
    captured: dict[Variable, Variable] = {}

    def keep(v: Variable) -> Variable:
        return captured.setdefault(v, input_variable(v.type, v.name))

    if like.ndim:
        inner_dims = [keep(n) if n.node is not None or n.is_input else n for n in dim_inputs(shape_of(like))]
        count = size if size.node is None and not size.is_input else keep(size)
        line = setitem(
            creation.zeros(count, dtype=unit.dtype), constant(unit.dtype.type(1)), step, spec=("i",)
        )
        vector = to_type(reshape(line, *inner_dims, order="C"), unit.type)
    else:
        vector = constant(unit.dtype.type(1))
    shapes = Shapes()
    split = Split([unit], {unit: vector}, found, shapes, keep)
    shapes.forget()
    body = closed([step, *captured.values()], split.outputs, "rows")
    made = control.scan.node(size, *captured, body=body, n_carry=0, counted=True, conditional=False)
    return list(made.outputs)
