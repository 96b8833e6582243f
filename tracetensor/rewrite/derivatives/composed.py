"""Derivatives of functions that are written down here as others are: those of the composition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.answers import NUMPY
from tracetensor.graph.graph import topological
from tracetensor.graph.ops import creation
from tracetensor.graph.ops.dims import dim_inputs, int_add, int_larger, int_mul, int_sub, shape_of
from tracetensor.graph.ops.elementwise import to_array, where
from tracetensor.graph.ops.shape import slice_axis
from tracetensor.rewrite.derivatives.forward import Forward, def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.tangents import Tangent


def def_composition(*names: str) -> Callable[[Any], Any]:
    """Enter ops by what they are in other words: a function of the node that gives its results, or None if it does not know."""

    def enter(compose: Any) -> Any:
        @def_jvp(*names)
        def rule(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
            results = compose(node)
            if results is None:
                raise forward.refused(node)
            inner = Forward(split=forward.split, shapes=forward.shapes, locations=forward.locations)
            for v, t in zip(node.inputs, tangents, strict=True):
                inner.seed(v, t)
            inner.run(topological(results, node.inputs))
            return [inner.tangent.get(v) for v in results]

        return compose

    return enter


def _arange(n: Any, dtype: Any = None) -> Any:
    found: Any = NUMPY[np.arange](n)
    return found if dtype is None else number(found, dtype)


def _named(node: Node, first: int) -> dict[str, Variable]:
    """The inputs of a node that are given by name."""
    return dict(zip(node.params.get("names", ()), node.inputs[first:], strict=True))


@def_composition("tile")
def _tile(node: Node) -> list[Any]:
    x, *reps = node.inputs
    rank = node.outputs[0].ndim
    counts = [*[1] * (rank - len(reps)), *reps]
    found: Any = np.reshape(x, [*[1] * (rank - x.ndim), *shape_of(x)])
    for axis, count in enumerate(counts):
        length = shape_of(found)[axis]
        places = np.remainder(_arange(int_mul(length, count)), int_larger(length, 1))
        found = found[(*[slice(None)] * axis, places)]
    return [found]


@def_composition("ediff1d")
def _ediff1d(node: Node) -> list[Any]:
    extra = _named(node, 1)
    flat = np.reshape(node.inputs[0], [-1])
    parts = [np.subtract(flat[1:], flat[:-1])]
    if "to_begin" in extra:
        parts.insert(0, np.reshape(extra["to_begin"], [-1]))
    if "to_end" in extra:
        parts.append(np.reshape(extra["to_end"], [-1]))
    dtype = node.outputs[0].dtype
    return [np.concatenate([number(p, dtype) for p in parts]) if len(parts) > 1 else parts[0]]


def _shares(node: Node, rank: int) -> Any:
    """Where each sample of linspace and its like stands between start, 0, and stop, 1; the samples come first."""
    dtype = node.outputs[0].dtype
    extra = _named(node, 2)
    num = extra["num"]
    last = int_larger(int_sub(num, 1) if node.params.get("endpoint", True) else num, 1)
    share = np.divide(_arange(num, dtype), last)
    return np.reshape(share, [num, *[1] * rank])


def _line(node: Node) -> Any:
    dtype = node.outputs[0].dtype
    start, stop = (number(v, dtype) for v in node.inputs[:2])
    share = _shares(node, max(start.ndim, stop.ndim))
    return np.add(start, np.multiply(share, np.subtract(stop, start)))


def _at_axis(node: Node, found: Any) -> list[Any]:
    axis = node.params.get("axis") or 0
    order = list(range(1, found.ndim))
    order.insert(axis % found.ndim, 0)
    return [np.transpose(found, order)]


@def_composition("linspace")
def _linspace(node: Node) -> list[Any]:
    return _at_axis(node, _line(node))


@def_composition("logspace")
def _logspace(node: Node) -> list[Any]:
    base = _named(node, 2).get("base", node.params.get("base", 10.0))
    return _at_axis(node, np.power(base, _line(node)))


@def_composition("geomspace")
def _geomspace(node: Node) -> list[Any] | None:
    dtype = node.outputs[0].dtype
    if dtype.kind == "c":
        return None
    start, stop = (number(v, dtype) for v in node.inputs[:2])
    share = _shares(node, max(start.ndim, stop.ndim))
    return _at_axis(node, np.multiply(start, np.power(np.divide(stop, start), share)))


@def_composition("ufunc_reduceat")
def _reduceat(node: Node) -> list[Any] | None:
    """Sums between positions, as differences of running sums; where they do not ascend, single items."""
    if node.params["ufunc"] != "add" or len(node.inputs) != 2:
        return None
    x, places = node.inputs
    axis = node.params["axis"] % x.ndim
    order = [axis, *[k for k in range(x.ndim) if k != axis]]
    items = np.transpose(number(x, node.outputs[0].dtype), order)
    n, *rest = shape_of(items)
    blank = creation.zeros(*dim_inputs([1, *rest]), dtype=items.dtype)
    sums = np.concatenate([blank, np.cumsum(items, axis=0)], axis=0)
    low = to_array(places)
    count = shape_of(low)[0]
    end = np.add(np.multiply(creation.ones(1, dtype=low.dtype), n), 0)
    high = np.concatenate([slice_axis(low, 0, 1, count), end], axis=0)
    wide = np.reshape(np.greater(high, low), [count, *[1] * (x.ndim - 1)])
    found = where(wide, np.subtract(sums[high], sums[low]), items[low])
    back = [order.index(k) for k in range(x.ndim)]
    return [np.transpose(found, back)]


# Differences on a grid -------------------------------------------------------------------------------------------


@def_composition("gradient")
def _gradient(node: Node) -> list[Any]:
    """numpy.gradient: central differences, and one-sided ones of the first or second order at the ends."""
    x, *spacings = node.inputs
    axes = node.params.get("axis")
    axes = range(x.ndim) if axes is None else [axes] if isinstance(axes, int) else axes
    axes = [k % x.ndim for k in axes]
    given: list[Any] = list(spacings) if len(spacings) == len(axes) else [*spacings, 1.0][:1] * len(axes)
    f = number(x, node.outputs[0].dtype)
    return [_along(f, k, h, node.params.get("edge_order", 1)) for k, h in zip(axes, given, strict=True)]


def _along(f: Any, axis: int, spacing: Any, edge_order: int) -> Any:
    n = shape_of(f)[axis]

    def part(start: Any, stop: Any) -> Any:
        return slice_axis(f, axis, start, stop)

    def from_end(k: int) -> Any:
        return int_sub(n, k)

    before, after = _widths(spacing, f, axis)
    rows = [part(0, from_end(2)), part(1, from_end(1)), part(2, n)]
    middle = _weighted(_central(before, after), rows)
    if edge_order == 1:
        first = np.divide(np.subtract(part(1, 2), part(0, 1)), _first(before))
        last = np.divide(np.subtract(part(from_end(1), n), part(from_end(2), from_end(1))), _last(after))
    else:
        start = _first(before), _first(after)
        stop = _last(before), _last(after)
        first = _weighted(_forward(*start), [part(k, int_add(k, 1)) for k in range(3)])
        ends = [part(from_end(k), int_sub(n, k - 1)) for k in (3, 2, 1)]
        last = _weighted([np.negative(c) for c in reversed(_forward(*reversed(stop)))], ends)
    return np.concatenate([first, middle, last], axis=axis)


def _widths(spacing: Any, f: Any, axis: int) -> tuple[Any, Any]:
    """The distances to the point before and to that after, for all inner points: along the axis, or numbers."""
    if not getattr(spacing, "ndim", 0):
        return spacing, spacing
    steps = np.subtract(spacing[1:], spacing[:-1])
    steps = np.reshape(steps, [-1 if k == axis else 1 for k in range(f.ndim)])
    count = shape_of(steps)[axis]
    return slice_axis(steps, axis, 0, int_sub(count, 1)), slice_axis(steps, axis, 1, count)


def _first(widths: Any) -> Any:
    return widths if not getattr(widths, "ndim", 0) else _end(widths, last=False)


def _last(widths: Any) -> Any:
    return widths if not getattr(widths, "ndim", 0) else _end(widths, last=True)


def _end(widths: Any, *, last: bool) -> Any:
    """One of the widths, along the only axis that has more than one."""
    axis = next(k for k, n in enumerate(widths.tensor.shape) if n != 1)
    n = shape_of(widths)[axis]
    return slice_axis(widths, axis, int_sub(n, 1), n) if last else slice_axis(widths, axis, 0, 1)


def _central(a: Any, b: Any) -> list[Any]:
    """The weights of three neighbouring values, a and b apart, in the derivative at the middle one."""
    both = np.add(a, b)
    return [
        np.negative(np.divide(b, np.multiply(a, both))),
        np.divide(np.subtract(b, a), np.multiply(a, b)),
        np.divide(a, np.multiply(b, both)),
    ]


def _forward(a: Any, b: Any) -> list[Any]:
    """The weights of three neighbouring values, a and b apart, in the derivative at the first one."""
    both = np.add(a, b)
    return [
        np.negative(np.divide(np.add(np.multiply(2.0, a), b), np.multiply(a, both))),
        np.divide(both, np.multiply(a, b)),
        np.negative(np.divide(a, np.multiply(b, both))),
    ]


def _weighted(weights: Sequence[Any], values: Sequence[Any]) -> Any:
    total = np.multiply(weights[0], values[0])
    for w, v in zip(weights[1:], values[1:], strict=True):
        total = np.add(total, np.multiply(w, v))
    return total
