"""Derivatives of sums, means, extremes, products and what runs along an axis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import constant
from tracetensor.graph.ops import creation
from tracetensor.graph.ops.calculus import sum_to_shape
from tracetensor.graph.ops.dims import dim_inputs, product, shape_of
from tracetensor.graph.ops.elementwise import where
from tracetensor.graph.ops.shape import broadcast_to
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import added, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent


def axes_of(node: Node, x: Variable) -> tuple[int, ...]:
    """The axes that a reduction reduces."""
    axis = node.params.get("axis")
    if axis is None:
        return tuple(range(x.ndim))
    return (axis,) if isinstance(axis, int) else tuple(axis)


def kept_dims(x: Variable, axes: Sequence[int]) -> list[Any]:
    """x's dims with 1 in the place of those reduced."""
    return [1 if k in axes else n for k, n in enumerate(shape_of(x))]


def spread(y: Variable, x: Variable, axes: Sequence[int]) -> Any:
    """A result of a reduction of x, with the reduced axes put back as axes of length 1."""
    if not x.ndim or y.ndim == x.ndim:
        return y
    return np.reshape(y, kept_dims(x, axes))


def over(t: Variable, axes: Sequence[int], node: Node) -> Any:
    """The sum of a tangent along axes, as the node has them."""
    return np.sum(t, axis=tuple(axes), keepdims=bool(node.params.get("keepdims")))


def _extras(node: Node) -> dict[str, Any]:
    names = node.params.get("names", ())
    return dict(zip(names, node.inputs[len(node.inputs) - len(names) :], strict=True))


def _count(x: Variable, axes: Sequence[int], dtype: Any) -> Any:
    n = product([shape_of(x)[k] for k in axes])
    return number(n if hasattr(n, "type") else constant(n), dtype)


@def_jvp("sum", "nansum")
def _sum(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t, dtype = node.inputs[0], tangents[0], node.outputs[0].dtype
    extras = _extras(node)
    found = []
    if t is not None:
        t = number(t, dtype)
        if node.op.name == "nansum":
            t = where(np.isnan(x), constant(dtype.type(0)), t)
        if "where" in extras:
            t = where(extras["where"], t, constant(dtype.type(0)))
        found.append(over(t, axes_of(node, x), node) if x.ndim else t)
    if "initial" in extras:
        found.append(tangents[len(node.inputs) - len(extras) + list(extras).index("initial")])
    return added(found)


@def_transpose("sum")
def _sum_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x = node.inputs[0]
    c = number(c, x.dtype)
    if not x.ndim:
        back.add(x, c)
        return
    c = spread(c, x, axes_of(node, x))
    back.add(x, broadcast_to(c, *dim_inputs(shape_of(x))))


@def_transpose("broadcast_to")
def _broadcast_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], cotangents[0])


@def_jvp("broadcast_to")
def _broadcast(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return broadcast_to(tangents[0], *node.inputs[1:])


@def_jvp("sum_to_shape")
def _sum_to_shape(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return sum_to_shape(tangents[0], *node.inputs[1:])


@def_transpose("sum_to_shape")
def _sum_to_shape_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x = node.inputs[0]
    back.add(x, broadcast_to(cotangents[0], *dim_inputs(shape_of(x))))


@def_jvp("mean", "nanmean")
def _mean(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t, dtype = node.inputs[0], tangents[0], node.outputs[0].dtype
    assert t is not None
    axes = axes_of(node, x)
    t = number(t, dtype)
    extras = _extras(node)
    if node.op.name == "nanmean" or "where" in extras:
        mask = extras.get("where", constant(np.True_))
        if node.op.name == "nanmean":
            mask = np.logical_and(mask, np.logical_not(np.isnan(x)))
        t = where(mask, t, constant(dtype.type(0)))
        ones = broadcast_to(number(mask, dtype), *dim_inputs(shape_of(x))) if x.ndim else number(mask, dtype)
        return np.divide(over(t, axes, node), over(ones, axes, node))
    if not x.ndim:
        return t
    return np.divide(over(t, axes, node), _count(x, axes, dtype))


@def_jvp("var", "nanvar", "std", "nanstd")
def _var(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t, out = node.inputs[0], tangents[0], node.outputs[0]
    if t is None:
        return None
    dtype = out.dtype
    axes = axes_of(node, x)
    extras = _extras(node)
    inner = x.dtype if x.dtype.kind == "c" else dtype
    z = number(x, inner)
    mask: Any = extras.get("where")
    if node.op.name.startswith("nan"):
        finite = np.logical_not(np.isnan(z))
        mask = finite if mask is None else np.logical_and(mask, finite)
    if mask is None:
        count = _count(x, axes, dtype)
        mean = np.mean(z, axis=axes, keepdims=True) if x.ndim else z
        deviation = np.subtract(z, mean)
    else:
        ones = broadcast_to(number(mask, dtype), *dim_inputs(shape_of(x)))
        count = np.sum(ones, axis=axes, keepdims=True)
        zero = constant(inner.type(0))
        mean = np.divide(np.sum(where(mask, z, zero), axis=axes, keepdims=True), count)
        deviation = where(mask, np.subtract(z, mean), zero)
        count = np.sum(ones, axis=axes, keepdims=bool(node.params.get("keepdims")))
    ddof = node.params.get(
        "ddof", node.params.get("correction", extras.get("ddof", extras.get("correction", 0)))
    )
    ddof = number(ddof, dtype) if hasattr(ddof, "type") else ddof
    product_ = np.multiply(np.conjugate(deviation), number(t, inner))
    product_ = number(product_, dtype)
    total = over(product_, axes, node) if x.ndim else product_
    scale = 2 / np.subtract(count, ddof)
    if node.op.name.endswith("std"):
        y = number(out)
        zero = constant(dtype.type(0))
        flat = np.equal(y, zero)
        half = where(flat, zero, 0.5 / where(flat, constant(dtype.type(1)), y))
        scale = np.multiply(scale, half)
    return np.multiply(total, number(scale, dtype))


@def_jvp("max", "min", "nanmax", "nanmin", "ptp")
def _extreme(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t, out = node.inputs[0], tangents[0], node.outputs[0]
    if not x.ndim:
        return added(tangents)
    axes = axes_of(node, x)
    dtype = out.dtype
    if node.op.name == "ptp":
        parts = [_chosen(x, f(x, axis=tuple(axes), keepdims=True), t, axes, node) for f in (np.max, np.min)]
        return np.subtract(*parts)
    extras = _extras(node)
    kept = number(spread(number(out), x, axes), dtype)
    mask = extras.get("where")
    initial = extras.get("initial")
    if initial is None:
        return None if t is None else _chosen(x, kept, t, axes, node, mask)
    at = len(node.inputs) - len(extras) + list(extras).index("initial")
    found = [None if t is None else _chosen(x, kept, t, axes, node, mask, initial)]
    if tangents[at] is not None:
        count = _equal_count(x, kept, axes, dtype, mask)
        same = number(np.equal(number(initial, dtype), kept), dtype)
        share = np.divide(same, np.maximum(np.add(count, same), 1))
        share = share if node.params.get("keepdims") else np.reshape(share, list(shape_of(out)))
        found.append(np.multiply(tangents[at], share))
    return added(found)


def _equal(x: Variable, kept: Variable, dtype: Any, mask: Any) -> Any:
    same = np.equal(x, kept)
    if mask is not None:
        same = np.logical_and(same, mask)
    return number(same, dtype)


def _equal_count(x: Variable, kept: Variable, axes: Sequence[int], dtype: Any, mask: Any) -> Any:
    return np.sum(_equal(x, kept, dtype, mask), axis=tuple(axes), keepdims=True)


def _chosen(  # noqa: PLR0913, PLR0917 - a reduction's parts
    x: Variable, kept: Any, t: Any, axes: Sequence[int], node: Node, mask: Any = None, initial: Any = None
) -> Any:
    """The mean of the tangents of those that are the extreme."""
    dtype = kept.dtype
    same = _equal(x, kept, dtype, mask)
    count = np.sum(same, axis=tuple(axes), keepdims=True)
    if initial is not None:
        count = np.maximum(np.add(count, number(np.equal(number(initial, dtype), kept), dtype)), 1)
    return over(np.multiply(t, np.divide(same, count)), axes, node)


@def_jvp("prod", "nanprod")
def _prod(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t, out = node.inputs[0], tangents[0], node.outputs[0]
    dtype = out.dtype
    z = number(x, dtype)
    extras = _extras(node)
    found: list[Tangent] = []
    one, zero = constant(dtype.type(1)), constant(dtype.type(0))
    if "where" in extras:
        z = where(extras["where"], z, one)
        t = None if t is None else where(extras["where"], number(t, dtype), zero)
    if node.op.name == "nanprod":
        nan = np.isnan(z)
        z = where(nan, one, z)
        t = None if t is None else where(nan, zero, number(t, dtype))
    axes = axes_of(node, x)
    rest = _product_of_others(z, axes) if x.ndim else one
    if "initial" in extras:
        initial = number(extras["initial"], dtype)
        rest = np.multiply(rest, initial)
        at = len(node.inputs) - len(extras) + list(extras).index("initial")
        if tangents[at] is not None:
            whole = np.prod(z, axis=tuple(axes), keepdims=bool(node.params.get("keepdims"))) if x.ndim else z
            found.append(np.multiply(tangents[at], whole))
    if t is not None:
        part = np.multiply(number(t, dtype), rest)
        found.append(over(part, axes, node) if x.ndim else part)
    return added(found)


def _product_of_others(x: Variable, axes: Sequence[int]) -> Any:
    """For each element the product of all others along the axes, zeros or not: what comes before it times what comes after."""
    order = [*[k for k in range(x.ndim) if k not in axes], *axes]
    dims = shape_of(x)
    outer = [dims[k] for k in order[: x.ndim - len(axes)]]
    length = product([dims[k] for k in axes])
    flat = np.reshape(np.transpose(x, order), [*outer, length])
    ones = creation.ones(*dim_inputs([*outer, 1]), dtype=x.dtype)
    last = (slice(None),) * len(outer)
    ahead = np.concatenate([ones, np.cumprod(flat, axis=len(outer))], axis=-1)[(*last, slice(None, -1))]
    behind = np.concatenate(
        [ones, np.cumprod(flat[(*last, slice(None, None, -1))], axis=len(outer))], axis=-1
    )
    behind = behind[(*last, slice(None, -1))][(*last, slice(None, None, -1))]
    found = np.reshape(np.multiply(ahead, behind), [dims[k] for k in order])
    return np.transpose(found, [int(k) for k in np.argsort(order)])


@def_jvp("cumsum", "nancumsum")
def _cumsum(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t, dtype = node.inputs[0], tangents[0], node.outputs[0].dtype
    assert t is not None
    t = number(t, dtype)
    if node.op.name == "nancumsum":
        t = where(np.isnan(x), constant(dtype.type(0)), t)
    return np.cumsum(t, axis=node.params["axis"])


@def_transpose("cumsum")
def _cumsum_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x = node.inputs[0]
    axis = node.params["axis"]
    flat = axis is None
    axis = 0 if flat else axis
    total = np.flip(np.cumsum(np.flip(c, axis), axis=axis), axis)
    back.add(x, np.reshape(total, list(shape_of(x))) if flat else total)


@def_jvp("cumprod", "nancumprod")
def _cumprod(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    """A product of matrices [[x, t], [0, x]] in effect: exact with zeros, at the cost of a loop."""
    from tracetensor.rewrite.derivatives.loops import running_product

    x, t, out = node.inputs[0], tangents[0], node.outputs[0]
    assert t is not None
    z, t = number(x, out.dtype), number(t, out.dtype)
    if node.op.name == "nancumprod":
        nan = np.isnan(z)
        z = where(nan, constant(out.dtype.type(1)), z)
        t = where(nan, constant(out.dtype.type(0)), t)
    axis = node.params["axis"]
    if axis is None:
        z, t, axis = np.reshape(z, [-1]), np.reshape(t, [-1]), 0
    return running_product(z, t, number(out), axis)
