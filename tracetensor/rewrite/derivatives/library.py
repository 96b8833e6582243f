"""Derivatives of functions that are compositions of others: averages, convolutions, interpolation, polynomials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.answers import NUMPY
from tracetensor.graph.node import as_variable, constant
from tracetensor.graph.op import find_op
from tracetensor.graph.ops import creation
from tracetensor.graph.ops.dims import (
    dim_inputs,
    int_add,
    int_floordiv,
    int_larger,
    int_smaller,
    int_sub,
    shape_of,
)
from tracetensor.graph.ops.elementwise import to_array, where
from tracetensor.graph.ops.indexing import update_at
from tracetensor.graph.ops.shape import slice_axis
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import CONSTANT, def_jvp
from tracetensor.rewrite.derivatives.reductions import axes_of, over, spread
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import added, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent

CONSTANT.update("histogram histogram2d histogram_bin_edges".split())


@def_jvp("average")
def _average(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, out = node.inputs[0], number(node.outputs[0])
    dtype = out.dtype
    axes = axes_of(node, x)
    keep = bool(node.params.get("keepdims"))
    several = len(node.outputs) > 1
    t = None if tangents[0] is None else number(tangents[0], dtype)
    if "names" not in node.params:
        found = None if t is None else np.mean(t, axis=axes, keepdims=keep)
        return (found, None) if several else found
    w = number(node.inputs[1], dtype)
    u = None if tangents[1] is None else number(tangents[1], dtype)
    if w.ndim != x.ndim:
        (axis,) = axes
        shape = [shape_of(w)[0] if k == axis else 1 for k in range(x.ndim)]
        w, u = np.reshape(w, shape), None if u is None else np.reshape(u, shape)
    from tracetensor.graph.ops.shape import broadcast_to

    w = broadcast_to(w, *dim_inputs(shape_of(x)))
    total = over(w, axes, node)
    parts = []
    if t is not None:
        parts.append(np.divide(over(np.multiply(t, w), axes, node), total))
    dw = None
    if u is not None:
        rest = np.subtract(number(x, dtype), spread(out, x, axes))
        parts.append(np.divide(over(np.multiply(rest, u), axes, node), total))
        dw = over(broadcast_to(u, *dim_inputs(shape_of(x))), axes, node)
    return (added(parts), dw) if several else added(parts)


# Convolutions ----------------------------------------------------------------------------------------------------


def _full(a: Any, v: Any) -> Any:
    return find_op("convolve")(a, v)


def _cut(full: Any, a: Any, v: Any, mode: str) -> Any:
    """What numpy.convolve gives in a mode, of the full convolution."""
    if mode == "full":
        return full
    m, n = shape_of(a)[0], shape_of(v)[0]
    short, long = int_smaller(m, n), int_larger(m, n)
    if mode == "valid":
        return slice_axis(full, 0, int_sub(short, 1), long)
    start = int_floordiv(int_sub(short, 1), 2)
    return slice_axis(full, 0, start, int_add(start, long))


@def_jvp("convolve", "correlate")
def _convolve(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    operands: list[Any] = [number(x, dtype) for x in node.inputs]
    a, v = operands
    mode = node.params.get("mode", "full" if node.op.name == "convolve" else "valid")
    t, u = (None if x is None else number(x, dtype) for x in tangents)
    if node.op.name == "correlate":
        v, u = (
            None if x is None else np.conjugate(np.flip(x, 0)) if dtype.kind == "c" else np.flip(x, 0)
            for x in (v, u)
        )
    parts = []
    if t is not None:
        parts.append(_cut(_full(t, v), a, v, mode))
    if u is not None:
        parts.append(_cut(_full(a, u), a, v, mode))
    return added(parts)


@def_transpose("convolve")
def _convolve_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    a, v = node.inputs
    known, linear = (v, a) if back.is_linear(a) else (a, v)
    other = np.conjugate(known) if known.dtype.kind == "c" else known
    found = find_op("correlate")(cotangents[0], other)
    back.add(linear, found)


# Tables and polynomials ------------------------------------------------------------------------------------------


@def_jvp("interp")
def _interp(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    names = node.params.get("names", ())
    if "period" in names or node.params.get("period") is not None:
        raise forward.refused(node, "numpy.interp with a period has no derivative")
    dtype = node.outputs[0].dtype
    operands: list[Any] = [number(v) for v in node.inputs[:3]]
    x, xp, fp = operands
    t, txp, tfp = tangents[:3]
    last = int_sub(shape_of(xp)[0], 1)
    place = np.subtract(NUMPY[np.searchsorted](xp, x, "right"), 1)
    place = np.minimum(np.maximum(place, 0), np.maximum(np.subtract(last, 1), 0))
    after = np.minimum(np.add(place, 1), last)
    x0, x1, f0, f1 = xp[place], xp[after], fp[place], fp[after]
    width = np.subtract(x1, x0)
    width = where(np.equal(width, 0), constant(width.dtype.type(1)), width)
    share = np.divide(np.subtract(x, x0), width)
    slope = np.divide(np.subtract(f1, f0), width)
    below, above = np.less(x, xp[0]), np.greater(x, xp[last])
    share = where(below, constant(share.dtype.type(0)), where(above, constant(share.dtype.type(1)), share))
    inside = number(np.logical_not(np.logical_or(below, above)), dtype)
    parts = []
    if t is not None:
        parts.append(np.multiply(t, np.multiply(slope, inside)))
    if tfp is not None:
        low, high = _outside(node, names, below, above, dtype)
        g = np.add(np.multiply(tfp[place], np.subtract(1, share)), np.multiply(tfp[after], share))  # type: ignore[index]
        parts.append(np.multiply(g, number(np.logical_not(np.logical_or(low, high)), dtype)))
    if txp is not None:
        g = np.add(np.multiply(txp[place], np.subtract(1, share)), np.multiply(txp[after], share))  # type: ignore[index]
        parts.append(np.negative(np.multiply(g, np.multiply(slope, inside))))
    for name, mask in (("left", below), ("right", above)):
        if name in names:
            u = tangents[len(node.inputs) - len(names) + names.index(name)]
            if u is not None:
                parts.append(where(mask, u, constant(dtype.type(0))))
    return added(parts)


def _outside(node: Node, names: Sequence[str], below: Any, above: Any, dtype: Any) -> tuple[Any, Any]:
    never = constant(np.False_)
    return (below if "left" in names else never), (above if "right" in names else never)


@def_jvp("polyval")
def _polyval(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    p, x = node.inputs
    dtype = node.outputs[0].dtype
    n = shape_of(p)[0]
    arange = NUMPY[np.arange]
    exponents = np.reshape(number(arange(int_sub(n, 1), -1, -1), dtype), [n, *[1] * x.ndim])
    base = number(x, dtype)
    parts = []
    if tangents[0] is not None:
        t = np.reshape(number(tangents[0], dtype), [n, *[1] * x.ndim])
        parts.append(np.sum(np.multiply(t, np.power(base, exponents)), axis=0))
    if tangents[1] is not None:
        lowered = (
            np.maximum(np.subtract(exponents, 1), 0)
            if dtype.kind != "c"
            else where(np.equal(exponents, 0), exponents, np.subtract(exponents, 1))
        )
        rows = np.multiply(
            np.multiply(np.reshape(number(p, dtype), [n, *[1] * x.ndim]), exponents), np.power(base, lowered)
        )
        parts.append(np.multiply(number(tangents[1], dtype), np.sum(rows, axis=0)))
    return added(parts)


@def_jvp("bincount")
def _bincount(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    names = node.params.get("names", ())
    t = tangents[1 + names.index("weights")] if "weights" in names else None
    if t is None:
        return None
    out = node.outputs[0]
    blank = creation.zeros(*dim_inputs(shape_of(out)), dtype=out.dtype)
    return update_at(to_array(blank), number(t, out.dtype), node.inputs[0], spec=("a",), ufunc="add")


@def_jvp("unwrap")
def _unwrap(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return tangents[0]


@def_jvp("cumulative_sum", "cumulative_prod")
def _cumulative(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    from tracetensor.rewrite.derivatives.loops import running_product

    x, out = node.inputs[0], node.outputs[0]
    axis = node.params.get("axis")
    axis = 0 if axis is None else axis
    t = number(tangents[0], out.dtype)  # type: ignore[arg-type]
    if node.op.name == "cumulative_sum":
        found = np.cumsum(t, axis=axis)
    else:
        z = number(x, out.dtype)
        found = running_product(z, t, np.cumprod(z, axis=axis), axis)
    if node.params.get("include_initial"):
        dims = list(shape_of(found))
        dims[axis] = 1
        found = np.concatenate([creation.zeros(*dim_inputs(dims), dtype=out.dtype), found], axis=axis)
    return found


@def_jvp("cov")
def _cov(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    """The covariance is bilinear in what is left of x after its mean: half of the change of cov(x + t) - cov(x - t)."""
    if len(node.inputs) != 1:
        raise forward.refused(node, "numpy.cov of two arrays, or with weights, has no derivative")
    x, t, out = node.inputs[0], tangents[0], node.outputs[0]
    assert t is not None
    rows, u = (
        np.reshape(number(v, out.dtype), [1, *shape_of(v)]) if v.ndim == 1 else number(v, out.dtype)
        for v in (x, t)
    )
    if not node.params.get("rowvar", True) and x.ndim > 1:
        rows, u = np.swapaxes(rows, 0, 1), np.swapaxes(u, 0, 1)
    ddof = node.params.get("ddof")
    ddof = (0 if node.params.get("bias") else 1) if ddof is None else ddof
    rest = np.subtract(rows, np.mean(rows, axis=1, keepdims=True))
    change = np.subtract(u, np.mean(u, axis=1, keepdims=True))
    first = np.matmul(change, np.conjugate(np.swapaxes(rest, 0, 1)))
    second = np.matmul(rest, np.conjugate(np.swapaxes(change, 0, 1)))
    count = number(as_variable(int_sub(shape_of(rows)[1], ddof)), out.dtype)
    return np.reshape(np.divide(np.add(first, second), count), list(shape_of(out)))
