"""Views and other changes of shape. `transpose`, `reshape`, `broadcast_to`, `squeeze`, `diagonal`, `real`, `imag`,
`ascontiguous` (and `getitem`, `as_kind`) are the only ops whose result may share memory with their first input.

Whether `reshape` and `ascontiguous` share it depends on the memory layout. A reshape with the parameter `ravel`
is numpy.ravel: it shares memory only where the input is contiguous.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Deoptimise, TypeInferenceError
from tracetensor.graph.answers import Unsupported, answers, static, static_axes, static_int
from tracetensor.graph.infer import broadcast_dim as join_dims
from tracetensor.graph.infer import tensors
from tracetensor.graph.node import Variable, constant
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.dims import (
    DimsOp,
    Int,
    array_of,
    broadcast_dims,
    check_dims,
    dim_inputs,
    dims_of,
    int_floordiv,
    is_natural,
    known,
    lifts,
    product,
    same_axis,
    shape_of,
    static_dims,
    total,
)
from tracetensor.graph.ops.elementwise import copy, to_array
from tracetensor.graph.ops.indexing import getitem
from tracetensor.graph.ops.library import one_axis, tensor
from tracetensor.graph.types import ARRAY, SCALAR, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node

MAYBE_VIEWS = frozenset({"reshape", "ascontiguous"})
"""View ops whose result is a copy where the memory layout asks for it."""


ATTRIBUTES: dict[str, Callable[[Any], Any]] = {}
"""The builders of ndarray's attributes: T, mT, real, imag, shape, size, ndim."""


def take_index(x: Variable, *entries: Any) -> Variable:
    """x[entries]: ints, int variables, slices of them, None, Ellipsis, integer or bool array variables."""
    spec: list[str] = []
    leaves: list[Any] = []
    for entry in entries:
        if isinstance(entry, slice):
            parts = (entry.start, entry.stop, entry.step)
            spec.append("s" + "".join("0" if p is None else "1" for p in parts))
            leaves += [p for p in parts if p is not None]
        elif entry is None:
            spec.append("n")
        elif entry is Ellipsis:
            spec.append("e")
        else:
            spec.append("a" if isinstance(entry, Variable) and entry.tensor.is_array else "i")
            leaves.append(entry)
    result: Variable = getitem(x, *leaves, spec=tuple(spec))
    return result


def slice_axis(x: Variable, axis: int, start: Any, stop: Any, step: Any = None) -> Variable:
    """x[..., start:stop:step, ...] along one axis."""
    return take_index(x, *[slice(None)] * axis, slice(start, stop, step))


# The view ops ----------------------------------------------------------------------------------------------------


def _infer_transpose(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "transpose")
    if sorted(params["axes"]) != list(range(x.ndim)):
        msg = f"axes {params['axes']} don't match array {x!r}"
        raise TypeInferenceError(msg)
    kind = ARRAY if x.is_python else x.kind
    return TensorType(x.dtype, tuple([x.shape[k] for k in params["axes"]]), kind)


transpose = register(
    Op(
        "transpose",
        evaluate=lambda x, *, axes: np.transpose(x, axes),
        infer=_infer_transpose,
        family="view",
        views=True,
    )
)
"""numpy.transpose(x, axes), axes being a permutation of non-negative ints."""


@lifts("transpose")
def _lift_transpose(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    return lift(node.inputs[0], node.params["axes"][axis])


def _reshape(x: Any, *dims: int, order: str, ravel: bool = False, call: int = 0) -> Any:
    return np.ravel(x, order) if ravel else np.reshape(x, dims, order=order)  # type: ignore[call-overload]


def _infer_reshape(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    x, *dim_types = tensors(types, "reshape")
    check_dims(dim_types, "reshape")
    dims = [None if n == -1 else n for n in static_dims(inputs[1:])]
    minus = [k for k, v in enumerate(inputs[1:]) if known(v) == -1]
    if len(minus) > 1:
        msg = "can only specify one unknown dimension"
        raise TypeInferenceError(msg)
    size = total(x.shape)
    if size is not None:
        rest = [k for k in range(len(dims)) if dims[k] is None]
        others = total(tuple([n for n in dims if n is not None])) or 0
        if not rest and others != size:
            msg = f"cannot reshape array of size {size} into shape {tuple(dims)}"
            raise TypeInferenceError(msg)
        if len(rest) == 1 and others:
            dims[rest[0]] = size // others
    kind = SCALAR if not dims and x.kind == SCALAR else ARRAY
    return TensorType(x.dtype, tuple(dims), kind)


def _reshape_raises(node: Node) -> bool:
    dims = node.inputs[1:]
    if len(dims) == 1 and known(dims[0]) == -1:
        return False
    size, dims_known = total(node.inputs[0].tensor.shape), static_dims(dims)
    if size is None or None in dims_known:
        return True
    others = total(tuple([n for n in dims_known if n != -1]))
    return -1 in dims_known and (not others or total(node.outputs[0].tensor.shape) != size)


reshape = register(
    DimsOp(
        "reshape", evaluate=_reshape, infer=_infer_reshape, family="view", raises=_reshape_raises, views=True
    )
)
"""numpy.reshape(x, dims, order=order), dims as int inputs, one of them may be -1.

call: tells calls apart whose results, where they are copies, are arrays of their own.
"""


@lifts("reshape")
def _lift_reshape(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    source, *dims = node.inputs
    if known(dims[axis]) != -1:
        return dims[axis] if is_natural(dims[axis]) else None
    others = [n for k, n in enumerate(dims) if k != axis]
    size = known(product(others)) if all(known(n) is not None for n in others) else None
    if size is None or size <= 0:
        return None
    return int_floordiv(product([lift(source, k) for k in range(source.ndim)]), size)


def _infer_broadcast_to(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    x, *dim_types = tensors(types, "broadcast_to")
    check_dims(dim_types, "broadcast_to")
    dims = list(array_of(x.dtype, inputs[1:]).shape)
    if x.ndim > len(dims):
        msg = "input operand has more dimensions than allowed by the axis remapping"
        raise TypeInferenceError(msg)
    for k in range(1, x.ndim + 1):
        own = x.shape[-k]
        if own not in {None, 1}:
            if dims[-k] is not None and join_dims(own, dims[-k]) != dims[-k]:
                msg = f"cannot broadcast {x!r} to {tuple(dims)}"
                raise TypeInferenceError(msg)
            dims[-k] = own
    return TensorType(x.dtype, tuple(dims), ARRAY)


def _broadcast_raises(node: Node) -> bool:
    x, *dims = node.inputs
    own = x.tensor.shape
    for k, n in enumerate(reversed(dims), 1):
        if not is_natural(n):
            return True
        if k <= len(own) and own[-k] != 1 and (own[-k] is None or own[-k] != known(n)):
            if n is not shape_of(x)[-k]:
                return True
    return False


broadcast_to = register(
    DimsOp(
        "broadcast_to",
        evaluate=lambda x, *dims: np.broadcast_to(x, dims),
        infer=_infer_broadcast_to,
        family="view",
        raises=_broadcast_raises,
        views=True,
    )
)
"""numpy.broadcast_to(x, dims), dims as int inputs; read-only."""


@lifts("broadcast_to")
def _lift_dims(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    return node.inputs[1 + axis]


def _squeeze(x: Any, *, axes: tuple[int, ...], rest: bool = False) -> Any:
    result = np.squeeze(x, axis=axes)
    if rest and 1 in np.shape(result):
        msg = "numpy.squeeze met an axis of length 1 that was not known when the function was traced"
        raise Deoptimise(msg)
    return result


def _infer_squeeze(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "squeeze")
    if any(x.shape[k] not in {None, 1} for k in params["axes"]):
        msg = "cannot select an axis to squeeze out which has size not equal to one"
        raise TypeInferenceError(msg)
    shape = tuple([n for k, n in enumerate(x.shape) if k not in params["axes"]])
    return TensorType(x.dtype, shape, ARRAY if x.is_python else x.kind)


squeeze = register(
    Op(
        "squeeze",
        evaluate=_squeeze,
        infer=_infer_squeeze,
        family="view",
        raises=lambda node: (
            "rest" in node.params or any(node.inputs[0].tensor.shape[k] != 1 for k in node.params["axes"])
        ),
        views=True,
    )
)
"""numpy.squeeze(x, axes); with `rest`, all other axes are checked not to have length 1 (else Deoptimise)."""


@lifts("squeeze")
def _lift_squeeze(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    source = node.inputs[0]
    return lift(source, [k for k in range(source.ndim) if k not in node.params["axes"]][axis])


def _diagonal(x: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    return np.diagonal(x, offset, axis1, axis2)


def _infer_diagonal(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "diagonal")
    offset, axis1, axis2 = params["offset"], params["axis1"], params["axis2"]
    rest = [n for k, n in enumerate(x.shape) if k not in {axis1, axis2}]
    m, n = x.shape[axis1], x.shape[axis2]
    size = (
        None if m is None or n is None else max(min(m, n - offset) if offset > 0 else min(m + offset, n), 0)
    )
    return TensorType(x.dtype, (*rest, size), ARRAY)


diagonal_ = register(Op("diagonal", evaluate=_diagonal, infer=_infer_diagonal, family="view", views=True))
"""numpy.diagonal(x, offset, axis1, axis2): a read-only view."""


def _infer_part(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "real and imag")
    return TensorType(x.dtype.type(0).real.dtype, x.shape, x.kind)


real_ = register(Op("real", evaluate=lambda x: x.real, infer=_infer_part, family="view", views=True))
"""x.real of a NumPy array or scalar; shares memory."""
imag_ = register(Op("imag", evaluate=lambda x: x.imag, infer=_infer_part, family="view", views=True))
"""x.imag of a NumPy array or scalar; shares memory if x is complex, else read-only zeros."""


def _infer_ascontiguous(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "ascontiguousarray")
    return TensorType(x.dtype, x.shape or (1,), ARRAY)


ascontiguous = register(
    Op(
        "ascontiguous",
        evaluate=lambda x: np.ascontiguousarray(x),  # noqa: PLW0108 - printed by name otherwise
        infer=_infer_ascontiguous,
        family="view",
        views=True,
    )
)
"""numpy.ascontiguousarray(x): x itself if it is in C order, else a copy."""

fresh_view = register(
    Op(
        "fresh_view",
        evaluate=lambda x: x[...],
        infer=lambda types, params: types[0],
        family="view",
        views=True,
    )
)
"""x[...], where it matters that the result is another object than x: no rule takes it for x."""
lifts("real", "imag", "ascontiguous", "fresh_view")(same_axis)


# Permutations of axes --------------------------------------------------------------------------------------------


@answers(np.transpose, getattr(np, "permute_dims", np.transpose))
def permute(a: Any, axes: Any = None) -> Variable:
    """Axes in another order; reversed by default."""
    x = tensor(a)
    order = static(axes)
    if order is None:
        normal: tuple[int, ...] = tuple(reversed(range(x.ndim)))
    else:
        order = order if isinstance(order, (tuple, list)) else (order,)
        if len(order) != x.ndim:
            msg = "axes don't match array"
            raise ValueError(msg)
        normal = static_axes(tuple(order), x.ndim) or ()
    result: Variable = transpose(x, axes=normal)
    return result


@answers(method="transpose")
def transpose_method(a: Any, *axes: Any) -> Variable:
    """x.transpose(), x.transpose(axes), x.transpose(*axes)."""
    return permute(a, axes[0] if len(axes) == 1 and not _is_index(axes[0]) else axes or None)


def _is_index(value: Any) -> bool:
    return isinstance(value, (int, np.integer, Variable))


ATTRIBUTES["T"] = permute


@answers(np.swapaxes, method="swapaxes")
def swapaxes(a: Any, axis1: Any, axis2: Any) -> Variable:
    """Two axes exchanged."""
    x = tensor(a)
    order = list(range(x.ndim))
    first, second = one_axis(axis1, x.ndim, "axis1"), one_axis(axis2, x.ndim, "axis2")
    order[first], order[second] = order[second], order[first]
    return permute(x, order)


@answers(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(x: Any, /) -> Variable:
    """The last two axes exchanged; raises ValueError below rank 2."""
    x = tensor(x)
    if x.ndim < 2:
        msg = "Input array must be at least 2-dimensional"
        raise ValueError(msg)
    return swapaxes(x, -1, -2)


ATTRIBUTES["mT"] = matrix_transpose


@answers(np.moveaxis)
def moveaxis(a: Any, source: Any, destination: Any) -> Variable:
    """Axes moved to new places, the others keeping their order."""
    x = tensor(a)
    origin = static_axes(source, x.ndim, "source") or ()
    target = static_axes(destination, x.ndim, "destination") or ()
    if len(origin) != len(target):
        msg = "`source` and `destination` arguments must have the same number of elements"
        raise ValueError(msg)
    order = [k for k in range(x.ndim) if k not in origin]
    for place, axis in sorted(zip(target, origin, strict=True)):
        order.insert(place, axis)
    return permute(x, order)


@answers(np.rollaxis)
def rollaxis(a: Any, axis: Any, start: Any = 0) -> Variable:
    """One axis moved before another."""
    x = tensor(a)
    moved = one_axis(axis, x.ndim)
    place = static_int(start)
    place = place + x.ndim if place < 0 else place
    if not 0 <= place <= x.ndim:
        msg = f"'start' arg requires {-x.ndim} <= start < {x.ndim + 1}, but {start} was passed in"
        raise np.exceptions.AxisError(msg)
    place -= moved < place
    if place == moved:
        return take_index(x, Ellipsis)
    order = [k for k in range(x.ndim) if k != moved]
    order.insert(place, moved)
    return permute(x, order)


# Shapes ----------------------------------------------------------------------------------------------------------


def to_shape(x: Variable, dims: Sequence[Int], order: str = "C") -> Variable:
    """x with other dims, in the given order of elements."""
    result: Variable = reshape(x, *dim_inputs(dims), order=order)
    return result


@answers(np.reshape)
def reshape_function(a: Any, shape: Any, order: Any = "C", *, copy: Any = None) -> Variable:
    """numpy.reshape; orders "C" and "F"."""
    order = static(order)
    if order not in {"C", "F"} or static(copy) is False:
        raise Unsupported("reshape with an order that depends on the layout, or that must not copy")
    x = tensor(a)
    result = to_shape(to_array(x) if x.tensor.is_python else x, dims_of(shape), order)
    return duplicate(result, order) if static(copy) else result


@answers(method="reshape")
def reshape_method(a: Any, *shape: Any, order: Any = "C", copy: Any = None) -> Variable:
    """x.reshape(n, m) or x.reshape((n, m))."""
    return reshape_function(a, shape[0] if len(shape) == 1 else shape, order, copy=copy)


@answers(np.ravel, method="ravel")
def ravel(a: Any, order: Any = "C") -> Variable:
    """One axis; a view if the array is contiguous."""
    x, order = tensor(a), static(order)
    if x.ndim <= 1:
        order = "C"
    if order not in {"C", "F"}:
        raise Unsupported("ravel in an order that depends on the layout")
    result: Variable = reshape(x, constant(-1), order=order, ravel=True)
    return result


@answers(method="flatten")
def flatten(a: Any, order: Any = "C") -> Variable:
    """A copy with one axis."""
    x, order = tensor(a), static(order)
    if x.ndim <= 1:
        order = "C"
    if order not in {"C", "F"}:
        raise Unsupported("flatten in an order that depends on the layout")
    return duplicate(to_shape(x, [-1], order), "C")


def duplicate(x: Variable, order: str = "K") -> Variable:
    """A copy as an array."""
    result: Variable = copy(x, order=order)
    return result


@answers(np.squeeze, method="squeeze")
def squeeze_function(a: Any, axis: Any = None) -> Variable:
    """Axes of length 1 removed: the given ones, else all."""
    x = tensor(a)
    axes = static_axes(axis, x.ndim)
    shape = x.tensor.shape
    if axes is not None:
        if any(shape[k] not in {None, 1} for k in axes):
            msg = "cannot select an axis to squeeze out which has size not equal to one"
            raise ValueError(msg)
        result: Variable = squeeze(x, axes=axes)
        return result
    ones = tuple([k for k, n in enumerate(shape) if n == 1])
    if None in shape:
        return squeeze(x, axes=ones, rest=True)  # type: ignore[no-any-return]
    return squeeze(x, axes=ones) if ones or x.tensor.is_python else x


@answers(np.expand_dims)
def expand_dims(a: Any, axis: Any) -> Variable:
    """New axes of length 1, at these places of the result."""
    x = to_array(tensor(a))
    axis = static(axis)
    count = len(axis) if isinstance(axis, (tuple, list)) else 1
    axes = static_axes(axis, x.ndim + count) or ()
    return take_index(x, *[None if k in axes else slice(None) for k in range(x.ndim + count)])


@answers(np.broadcast_to)
def broadcast_function(array: Any, shape: Any, subok: Any = False) -> Variable:
    """A read-only view of another shape."""
    return expand_to(tensor(array), dims_of(shape))


def expand_to(x: Variable, dims: Sequence[Int]) -> Variable:
    """numpy.broadcast_to(x, dims)."""
    result: Variable = broadcast_to(x, *dim_inputs(dims))
    return result


@answers(np.broadcast_arrays)
def broadcast_arrays(*args: Any, subok: Any = False) -> tuple[Variable, ...]:
    """All arrays with the shape that they broadcast to."""
    arrays = [to_array(tensor(a)) for a in args]
    shapes = [shape_of(x) for x in arrays]
    dims = broadcast_dims(*shapes)

    def has_them(shape: Sequence[Int]) -> bool:
        return len(shape) == len(dims) and all(m is n or m == n for m, n in zip(shape, dims, strict=True))

    return tuple([x if has_them(s) else expand_to(x, dims) for x, s in zip(arrays, shapes, strict=True)])


def _at_least(rank: int) -> Callable[..., Any]:
    def one(value: Any) -> Variable:
        x = to_array(tensor(value))
        if x.ndim >= rank:
            return x
        if x.ndim == 0:
            return take_index(x, *[None] * rank)
        if rank == 2:
            return take_index(x, None, slice(None))
        return take_index(x, *((None,) if x.ndim == 1 else ()), *[slice(None)] * x.ndim, None)

    def build(*arys: Any) -> Any:
        return one(arys[0]) if len(arys) == 1 else tuple(map(one, arys))

    build.__doc__ = f"Arrays of at least rank {rank}."
    return build


atleast_1d = answers(np.atleast_1d)(_at_least(1))
atleast_2d = answers(np.atleast_2d)(_at_least(2))
atleast_3d = answers(np.atleast_3d)(_at_least(3))


@answers(np.diagonal, method="diagonal")
def diagonal(a: Any, offset: Any = 0, axis1: Any = None, axis2: Any = None) -> Variable:
    """numpy.diagonal of the first two axes."""
    x = tensor(a)
    if x.ndim < 2:
        msg = "diag requires an array of at least two dimensions"
        raise ValueError(msg)
    first, second = (
        one_axis(0 if axis1 is None else axis1, x.ndim),
        one_axis(1 if axis2 is None else axis2, x.ndim),
    )
    if first == second:
        msg = "axis1 and axis2 cannot be the same"
        raise ValueError(msg)
    result: Variable = diagonal_(x, offset=static_int(offset), axis1=first, axis2=second)
    return result


@answers(np.linalg.diagonal)
def linalg_diagonal(x: Any, /, *, offset: Any = 0) -> Variable:
    """The diagonal of the last two axes."""
    return diagonal(x, offset, -2, -1)


ATTRIBUTES["shape"] = shape_of
ATTRIBUTES["size"] = lambda a: product(shape_of(a))
ATTRIBUTES["ndim"] = lambda a: a.ndim
