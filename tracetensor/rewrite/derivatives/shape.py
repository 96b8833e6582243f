"""Derivatives of changes of shape, joins and the like: each is linear, and its own tangent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.answers import NUMPY
from tracetensor.graph.ops import creation
from tracetensor.graph.ops.dims import dim_inputs, int_add, shape_of
from tracetensor.graph.ops.elementwise import to_array
from tracetensor.graph.ops.indexing import setitem
from tracetensor.graph.ops.shape import reshape, slice_axis, take_index
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import number, zeros_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent

arange: Any = NUMPY[np.arange]


def _one(values: Sequence[Tangent]) -> Any:
    """The only one of tangents, which is not zero."""
    return values[0]


@def_jvp("reshape", "transpose", "squeeze", "diagonal")
def _linear(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t = tangents[0]
    if not node.inputs[0].ndim:
        t = to_array(_one(tangents))
    params = {k: v for k, v in node.params.items() if k not in {"call", "ravel"}}
    if node.op is reshape and node.params.get("ravel"):
        order = node.params["order"]
        return reshape(t, *node.inputs[1:], order="C" if order in "KA" else order)
    return node.op(t, *node.inputs[1:], **params)


@def_transpose("reshape")
def _reshape_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x = node.inputs[0]
    c = to_array(_one(cotangents))
    back.add(x, number(reshape(c, *dim_inputs(shape_of(x)), order=node.params["order"]), x.dtype))


@def_transpose("squeeze")
def _squeeze_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x = node.inputs[0]
    c = to_array(_one(cotangents))
    back.add(x, number(reshape(c, *dim_inputs(shape_of(x)), order="C"), x.dtype))


@def_transpose("transpose")
def _transpose_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    axes = tuple([int(k) for k in np.argsort(node.params["axes"])])
    back.add(node.inputs[0], node.op(cotangents[0], axes=axes))


@def_transpose("diagonal")
def _diagonal_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x, (c,) = node.inputs[0], cotangents
    assert c is not None
    offset, first, second = (node.params[k] for k in ("offset", "axis1", "axis2"))
    length = shape_of(c)[-1]
    rows = arange(length)
    entries: list[Any] = [slice(None)] * x.ndim
    entries[first] = rows + max(-offset, 0)
    entries[second] = rows + max(offset, 0)
    axes = sorted((first, second))
    # NumPy puts the axis of two index arrays where they stand together, else in front.
    moved = np.moveaxis(c, -1, axes[0] if axes[1] == axes[0] + 1 else 0)

    def write(total: Variable) -> Any:
        part = take_index(total, *entries)
        from tracetensor.graph.operators import index_spec

        spec, leaves = index_spec(tuple(entries))
        return setitem(to_array(total), np.add(part, moved), *leaves, spec=spec)

    back.write(x, write)


@def_jvp("concatenate")
def _concatenate(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    parts = [
        number(zeros_like(v), dtype) if t is None else number(t, dtype)
        for v, t in zip(node.inputs, tangents, strict=True)
    ]
    parts = [to_array(p) for p in parts]
    params = {k: v for k, v in node.params.items() if k == "axis"}
    return node.op(*parts, **params)


@def_transpose("concatenate")
def _concatenate_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    axis = node.params.get("axis", 0)
    at: Any = 0
    if axis is None:
        for v in node.inputs:
            from tracetensor.graph.ops.dims import product

            stop = int_add(at, product(shape_of(v)))
            back.add(v, np.reshape(slice_axis(c, 0, at, stop), list(shape_of(v))))
            at = stop
        return
    for v in node.inputs:
        stop = int_add(at, shape_of(v)[axis])
        back.add(v, slice_axis(c, axis, at, stop))
        at = stop


@def_jvp("pack")
def _pack(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    parts = [
        number(zeros_like(v), dtype) if t is None else number(t, dtype)
        for v, t in zip(node.inputs, tangents, strict=True)
    ]
    return node.op(*parts, shape=node.params["shape"], dtype=dtype)


@def_transpose("pack")
def _pack_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    for v, place in zip(node.inputs, np.ndindex(*node.params["shape"]), strict=True):
        back.add(v, take_index(c, *[int(k) for k in place]))


@def_jvp("full", "full_like")
def _full(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    out = node.outputs[0]
    t = tangents[0 if node.op.name == "full" else 1]
    if t is None:
        return None
    return np.multiply(number(t, out.dtype), creation.ones(*dim_inputs(shape_of(out)), dtype=out.dtype))


@def_jvp("diag")
def _diag(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return node.op(tangents[0], *node.inputs[1:], **node.params)


@def_transpose("diag")
def _diag_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x, (c,) = node.inputs[0], cotangents
    k = node.params.get("k", 0)
    if x.ndim == 1:
        back.add(x, np.diagonal(c, k))
        return

    def write(total: Variable) -> Any:
        rows = arange(shape_of(c)[0])
        entries = (rows + max(-k, 0), rows + max(k, 0))
        from tracetensor.graph.operators import index_spec

        spec, leaves = index_spec(entries)
        return setitem(to_array(total), np.add(take_index(total, *entries), c), *leaves, spec=spec)

    back.write(x, write)
