"""Reversal, real and imaginary parts, copies and conversions: numpy.array, asarray, astype and their relatives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.answers import METHODS, Unsupported, answers, static, static_axes, static_int
from tracetensor.graph.node import Variable
from tracetensor.graph.ops.elementwise import UFUNCS, as_kind, cast, to_array
from tracetensor.graph.ops.library import (
    dtype_of,
    given,
    has_variable,
    no_out,
    pack_nested,
    static_bool,
    tensor,
)
from tracetensor.graph.ops.scalars import PYTHON, item
from tracetensor.graph.ops.shape import (
    ATTRIBUTES,
    ascontiguous,
    duplicate,
    imag_,
    real_,
    swapaxes,
    take_index,
    to_shape,
)
from tracetensor.graph.types import SCALAR

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Reversal --------------------------------------------------------------------------------------------------------


def reverse(x: Variable, axes: Sequence[int]) -> Variable:
    """x with some axes reversed, as a view."""
    return take_index(x, *[slice(None, None, -1) if k in axes else slice(None) for k in range(x.ndim)])


@answers(np.flip)
def flip(m: Any, axis: Any = None) -> Variable:
    """Some axes (all by default) reversed."""
    x = to_array(tensor(m))
    axes = static_axes(axis, x.ndim)
    if not x.ndim:
        result: Variable = as_kind(x, kind=SCALAR)
        return result
    return reverse(x, tuple(range(x.ndim)) if axes is None else axes)


def _flip_axis(axis: int, name: str) -> Callable[[Any], Variable]:
    def build(m: Any) -> Variable:
        x = to_array(tensor(m))
        if x.ndim <= axis:
            msg = f"Input must be >= {axis + 1}-d."
            raise ValueError(msg)
        return take_index(x, *[slice(None)] * axis, slice(None, None, -1))

    build.__doc__ = f"numpy.{name}: axis {axis} reversed."
    return build


flipud = answers(np.flipud)(_flip_axis(0, "flipud"))
fliplr = answers(np.fliplr)(_flip_axis(1, "fliplr"))


@answers(np.rot90)
def rot90(m: Any, k: Any = 1, axes: Any = (0, 1)) -> Variable:
    """Rotated by quarter turns in the plane of two axes."""
    x = to_array(tensor(m))
    plane = static_axes(tuple(static(axes)), x.ndim) or ()
    if len(plane) != 2:
        msg = "len(axes) must be 2."
        raise ValueError(msg)
    turns = static_int(k) % 4
    first, second = plane
    if turns == 0:
        return take_index(x, *[slice(None)] * x.ndim)
    if turns == 2:
        return reverse(reverse(x, (first,)), (second,))
    if turns == 1:
        return swapaxes(reverse(x, (second,)), first, second)
    return reverse(swapaxes(x, first, second), (second,))


# Parts, copies and conversions -----------------------------------------------------------------------------------


@answers(np.real)
def real(val: Any) -> Variable:
    """The real part: a view of a complex array, a real array itself."""
    x = tensor(val)
    if x.tensor.is_python:
        result: Variable = PYTHON["real"](x)
        return result
    return real_(x) if x.dtype.kind == "c" else x


@answers(np.imag)
def imag(val: Any) -> Variable:
    """The imaginary part: a view of a complex array, else zeros."""
    x = tensor(val)
    if x.tensor.is_python:
        result: Variable = PYTHON["imag"](x)
        return result
    return imag_(x)  # type: ignore[no-any-return]


ATTRIBUTES["real"], ATTRIBUTES["imag"] = real, imag


def convert(x: Variable, dtype: np.dtype[Any] | None) -> Variable:
    """numpy.asarray(x, dtype): x itself where nothing changes."""
    if dtype is None or dtype == x.dtype:
        return to_array(x)
    result: Variable = cast(x, dtype=dtype)
    return result


@answers(np.asarray, np.asanyarray)
def asarray(
    a: Any, dtype: Any = None, order: Any = None, *, device: Any = None, copy: Any = None, like: Any = None
) -> Variable:
    """The argument as an array, converted if need be."""
    no_out(like)
    if static(order) not in {None, "K", "A"} or static(copy) is False:
        raise Unsupported("asarray with a memory order")
    if static(copy):
        return array(a, dtype)
    target = dtype_of(dtype)
    if isinstance(a, (list, tuple)):
        return array(a, dtype)
    return convert(tensor(a), target)


@answers(np.array)
def array(  # noqa: PLR0913 - NumPy's signature
    object: Any,
    dtype: Any = None,
    *,
    copy: Any = True,
    order: Any = "K",
    subok: Any = False,
    ndmin: Any = 0,
    like: Any = None,
) -> Variable:
    """numpy.array: nested lists are packed, arrays copied."""
    no_out(like)
    order, copy, target = static(order), static(copy), dtype_of(dtype)
    if order not in {None, "K", "A", "C"} or copy is False:
        raise Unsupported("numpy.array with a memory order")
    if isinstance(object, (list, tuple)) and has_variable(object):
        x = pack_nested(object, target)
    else:
        if order in {"A", "C"} and tensor(object).ndim > 1 and (target is not None or not copy):
            raise Unsupported("numpy.array with a memory order and a dtype")
        x = tensor(object)
        if copy and (target is None or target == x.dtype):
            x = duplicate(x, order or "K")
        else:
            x = convert(x, target)
    missing = static_int(ndmin) - x.ndim
    return take_index(x, *[None] * missing, Ellipsis) if missing > 0 else x


@answers(np.ascontiguousarray)
def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Variable:
    """In C order and of rank 1 at least: the array itself where it is so already."""
    no_out(like)
    x = convert(tensor(a), dtype_of(dtype))
    result: Variable = ascontiguous(x)
    return result


@answers(np.copy)
def copy_function(a: Any, order: Any = "K", subok: Any = False) -> Variable:
    """numpy.copy: layout kept."""
    return duplicate(tensor(a), _order(order))


@answers(method="copy")
def copy_method(a: Any, order: Any = "C") -> Variable:
    """x.copy(): in C order; a NumPy scalar stays one."""
    x = tensor(a)
    return duplicate(x, _order(order)) if x.tensor.is_array else x


def _order(order: Any) -> str:
    order = static(order)
    if order not in {"C", "F", "A", "K", None}:
        msg = f"order must be one of 'C', 'F', 'A', or 'K' (got {order!r})"
        raise ValueError(msg)
    return order or "K"


@answers(method="astype")
def astype(
    a: Any, dtype: Any, order: Any = "K", casting: Any = "unsafe", subok: Any = True, copy: Any = True
) -> Variable:
    """x.astype: a copy of another dtype; x itself with copy=False and the same dtype."""
    x, target = tensor(a), dtype_of(dtype)
    target = np.dtype(np.float64) if target is None else target
    if static(order) != "K" and x.ndim > 1:
        raise Unsupported("astype with a memory order")
    if not np.can_cast(x.dtype, target, static(casting)):
        msg = (
            f"Cannot cast array data from {x.dtype!r} to {target!r} according to the rule {static(casting)!r}"
        )
        raise TypeError(msg)
    if x.dtype == target and x.tensor.is_array and not static_bool(copy):
        return x
    if not x.tensor.is_array:
        result: Variable = cast(x, dtype=target, kind=SCALAR)
        return result
    return cast(x, dtype=target)  # type: ignore[no-any-return]


if hasattr(np, "astype"):

    @answers(np.astype)
    def astype_function(x: Any, dtype: Any, /, *, copy: Any = True, device: Any = None) -> Variable:
        """numpy.astype of an array."""
        if not isinstance(x, Variable) or not x.tensor.is_array:
            raise Unsupported("astype of what is no array")
        return astype(x, dtype, copy=copy)


@answers(method="view")
def view(a: Any, dtype: Any = None, type: Any = None) -> Variable:
    """x.view(): another array on the same memory; with another dtype not covered."""
    if given(dtype) and dtype_of(dtype) != a.dtype:
        raise Unsupported("a view of another dtype")
    no_out(type)
    return take_index(a, Ellipsis)


@answers(method="conj")
def conj_method(a: Any) -> Variable:
    """x.conj(): x itself where it is real."""
    x = tensor(a)
    if x.tensor.is_python:
        result: Variable = PYTHON["conjugate"](x)
        return result
    return UFUNCS["conjugate"](x) if x.dtype.kind == "c" else x


METHODS["conjugate"] = conj_method


@answers(method="item")
def item_method(a: Any, *args: Any) -> Variable:
    """x.item(), x.item(k), x.item(i, j): an element as a Python scalar."""
    x = tensor(a)
    if not args:
        found: Variable = item(x)
        return found
    if len(args) == 1 and isinstance(args[0], tuple):
        args = args[0]
    if len(args) == 1 and x.ndim != 1:
        x = to_shape(x, [-1])
    if len(args) != x.ndim:
        msg = "incorrect number of indices for array"
        raise ValueError(msg)
    return item(take_index(x, *args))  # type: ignore[no-any-return]
