"""Derivatives of what moves elements about: selections, rearrangements, sorts, writes by NumPy's functions.

Each element of the result is an element of an operand, or a constant. Which one is found by the op itself, applied to the
elements' numbers; the tangent is then read by these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.answers import NUMPY
from tracetensor.graph.node import as_variable, constant
from tracetensor.graph.ops.dims import int_add, int_sub, product, shape_of
from tracetensor.graph.ops.elementwise import cast, to_array
from tracetensor.graph.ops.indexing import getitem
from tracetensor.graph.ops.selection import take_along_axis_
from tracetensor.graph.ops.shape import reshape
from tracetensor.rewrite.derivatives.forward import def_jvp
from tracetensor.rewrite.derivatives.reductions import axes_of
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import number, zeros_like

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent

arange: Any = NUMPY[np.arange]


def numbers(x: Variable, start: Any) -> Any:
    """The numbers of x's elements, from `start` on, in x's shape."""
    dims = list(shape_of(x))
    if not dims:
        return cast(as_variable(start), dtype=np.dtype(np.int64), kind="scalar")
    found = arange(start, int_add(start, product(dims)))
    return np.reshape(found, dims)


def moved(
    data: Sequence[Variable], tangents: Sequence[Tangent], dtype: Any, move: Callable[[list[Any]], Any]
) -> Any:
    """The tangent of move(data), given those of the data. Number 0 stands for what is no element: a constant."""
    start: Any = 1
    places, parts = [], [constant(np.zeros(1, dtype))]
    for v, t in zip(data, tangents, strict=True):
        places.append(numbers(v, start))
        start = int_add(start, product(shape_of(v)))
        parts.append(reshape(to_array(number(zeros_like(v) if t is None else t, dtype)), -1, order="C"))
    index = move(places)
    flat = np.concatenate(parts)
    return getitem(flat, index, spec=("a",) if index.tensor.is_array else ("i",))


DATA: dict[str, tuple[int, ...] | None] = {
    "roll": (0,), "delete": (0,), "insert": (0, 2), "repeat": (0,), "compress": (1,), "extract": (1,), "take": (0,),
    "take_along_axis": (0,), "put": (0, 2), "put_along_axis": (0, 2), "place": (0, 2), "putmask": (0, 2),
    "fill_diagonal": (0, 1), "copyto": (0, 1), "diagflat": (0,), "fftshift": (0,), "ifftshift": (0,), "pad": (0,),
    "resize": (0,), "choose": None, "select": None,
}  # fmt: skip
"""Which inputs of an op are data; None: all but the first (of choose), the choices (of select)."""


def _data_of(node: Node) -> tuple[int, ...]:
    given = DATA[node.op.name]
    if given is not None:
        return tuple([k for k in given if k < len(node.inputs)])
    count = len(node.inputs)
    return tuple(range(count // 2 if node.op.name == "select" else 1, count))


@def_jvp(*DATA)
def _move(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    params = dict(node.params)
    if node.op.name == "pad":
        if params.get("mode", "constant") not in {
            "constant",
            "edge",
            "reflect",
            "symmetric",
            "wrap",
            "empty",
        }:
            raise forward.refused(node, f"numpy.pad with mode {params['mode']!r} has no derivative")
        params.pop("constant_values", None)
    places = _data_of(node)
    kept = [k for k in range(len(node.inputs)) if k not in places]
    if node.op.name == "pad" and len(kept) > 1:
        kept = kept[:1]

    def move(found: list[Any]) -> Any:
        given = dict(zip(places, found, strict=True))
        return node.op(*[given.get(k, v) for k, v in enumerate(node.inputs)], **params)

    data = [node.inputs[k] for k in places]
    return moved(data, [tangents[k] for k in places], node.outputs[0].dtype, move)


# Sorts -----------------------------------------------------------------------------------------------------------


def sorted_tangent(x: Variable, t: Any, axis: int) -> tuple[Any, Any]:
    """x sorted along an axis, and its tangent."""
    order = NUMPY[np.argsort](x, axis, "stable")
    found = take_along_axis_(x, order, axis=axis)
    return found, moved([x], [t], t.dtype, lambda p: take_along_axis_(p[0], order, axis=axis))


@def_jvp("sort")
def _sort(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t = node.inputs[0], tangents[0]
    assert t is not None
    return sorted_tangent(x, t, node.params["axis"])[1]


@def_jvp("partition")
def _partition(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t = node.inputs[0], tangents[0]
    assert t is not None
    axis = node.params["axis"]
    order = NUMPY[np.argpartition](x, node.inputs[1], axis)
    return moved([x], [t], t.dtype, lambda p: take_along_axis_(p[0], order, axis=axis))


def _gathered(node: Node, t: Any) -> tuple[Any, Any, Any, Any, list[Any]]:
    """x and t with the reduced axes as one, at the end; the result's dims."""
    x = node.inputs[0]
    axes = axes_of(node, x)
    order = [*[k for k in range(x.ndim) if k not in axes], *axes]
    dims = shape_of(x)
    outer = [dims[k] for k in order[: x.ndim - len(axes)]]
    length = product([dims[k] for k in axes])
    if not x.ndim:
        return np.reshape(x, [1]), np.reshape(t, [1]), 1, node.outputs[0], []
    flat = [np.reshape(np.transpose(v, order), [*outer, length]) for v in (number(x, t.dtype), t)]
    return flat[0], flat[1], length, node.outputs[0], outer


@def_jvp("median", "nanmedian")
def _median(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t = tangents[0]
    assert t is not None
    t = number(t, node.outputs[0].dtype)
    x, t, length, out, _ = _gathered(node, t)
    _, s = sorted_tangent(x, t, x.ndim - 1)
    if node.op.name == "nanmedian":
        count = np.sum(np.logical_not(np.isnan(x)), axis=-1, keepdims=True)
        low, high = np.floor_divide(np.subtract(count, 1), 2), np.floor_divide(count, 2)
        low = np.maximum(low, 0)
        high = np.minimum(high, int_sub(length, 1))

        def at(k: Any) -> Any:
            return moved([s], [s], s.dtype, lambda p: take_along_axis_(p[0], k, axis=s.ndim - 1))

        parts = [at(low), at(high)]
        found = np.multiply(np.add(*parts), 0.5)
    else:
        from tracetensor.graph.ops.dims import int_floordiv
        from tracetensor.graph.ops.shape import take_index

        low, high = int_floordiv(int_sub(length, 1), 2), int_floordiv(length, 2)
        found = np.multiply(np.add(take_index(s, Ellipsis, low), take_index(s, Ellipsis, high)), 0.5)
    return np.reshape(found, list(shape_of(out))) if out.ndim else np.reshape(found, ())


@def_jvp("quantile", "percentile")
def _quantile(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    method = node.params["method"]
    if method not in {"linear", "lower", "higher", "nearest", "midpoint"} or "names" in node.params:
        raise forward.refused(node, f"numpy.{node.op.name} by this method has no derivative")
    dtype = node.outputs[0].dtype
    t = zeros_like(node.inputs[0]) if tangents[0] is None else tangents[0]
    t = number(t, dtype)
    x, t, length, out, outer = _gathered(node, t)
    scale = 1.0 if node.op.name == "quantile" else 0.01
    q = number(node.inputs[1], dtype)
    virtual = np.multiply(np.multiply(q, scale), number(as_variable(int_sub(length, 1)), dtype))
    low = np.floor(virtual)
    high = np.minimum(np.add(low, 1), number(as_variable(int_sub(length, 1)), dtype))
    share = np.subtract(virtual, low)
    if method == "lower":
        share = np.multiply(share, 0.0)
    elif method == "higher":
        share = number(np.greater(share, 0), dtype)
    elif method == "nearest":
        share = np.subtract(np.rint(virtual), low)
    elif method == "midpoint":
        share = np.multiply(number(np.greater(share, 0), dtype), 0.5)
    y, s = sorted_tangent(x, t, x.ndim - 1)
    rank = q.ndim

    def read(v: Any, k: Any) -> Any:
        index = cast(k, dtype=np.dtype(np.int64), **({} if k.ndim else {"kind": "scalar"}))
        return getitem(np.moveaxis(v, -1, 0), index, spec=("a" if k.ndim else "i",))

    def wide(v: Any) -> Any:
        return np.reshape(v, [*shape_of(v), *[1] * len(outer)]) if rank and outer else v

    found = np.add(
        np.multiply(read(s, low), wide(np.subtract(1, share))), np.multiply(read(s, high), wide(share))
    )
    if tangents[1] is not None and method == "linear":
        slope = np.subtract(read(y, high), read(y, low))
        along = np.multiply(
            np.multiply(number(tangents[1], dtype), scale), number(as_variable(int_sub(length, 1)), dtype)
        )
        found = np.add(found, np.multiply(slope, wide(along)))
    return np.reshape(found, list(shape_of(out))) if out.ndim else np.reshape(found, ())
