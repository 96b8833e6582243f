"""Numerical functions: composed of other ops where that gives NumPy's bits, else the NumPy function as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Deoptimise
from tracetensor.graph.answers import NUMPY, Unsupported, answers, static, static_int
from tracetensor.graph.node import Variable, constant
from tracetensor.graph.ops.conversion import imag, real
from tracetensor.graph.ops.creation import zeros_like
from tracetensor.graph.ops.dims import lifts, same_axis, shape_of
from tracetensor.graph.ops.elementwise import UFUNCS, to_array
from tracetensor.graph.ops.joining import join
from tracetensor.graph.ops.library import (
    broadcast_rule,
    declare,
    dtype_of,
    first_shape,
    given,
    library_op,
    one_axis,
    plain,
    tensor,
)
from tracetensor.graph.ops.shape import expand_to, slice_axis, take_index
from tracetensor.graph.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


# Differences and integrals ---------------------------------------------------------------------------------------


@answers(np.diff)
def diff(a: Any, n: Any = 1, axis: Any = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences of neighbours, n times."""
    x, times = to_array(tensor(a)), static_int(n)
    if times == 0:
        return x
    if times < 0 or not x.ndim:
        msg = (
            f"order must be non-negative but got {times!r}"
            if times < 0
            else "diff requires input that is at least one dimensional"
        )
        raise ValueError(msg)
    along = one_axis(axis, x.ndim)
    parts = [_edge(v, x, along) if given(v) else None for v in (prepend, append)]
    if any(p is not None for p in parts):
        x = join([p for p in (parts[0], x, parts[1]) if p is not None], along)
    op = UFUNCS["not_equal" if x.dtype.kind == "b" else "subtract"]
    for _ in range(times):
        x = op(slice_axis(x, along, 1, None), slice_axis(x, along, None, -1))
    return x


def _edge(value: Any, x: Variable, axis: int) -> Variable:
    edge = to_array(tensor(value))
    return edge if edge.ndim else expand_to(edge, [1 if k == axis else n for k, n in enumerate(shape_of(x))])


def _ediff_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    return (None,)


declare(np.ediff1d, "ary to_end to_begin", shape=_ediff_shape)

gradient_ = library_op("gradient", np.gradient, sizes=(3, 2, 5))


@answers(np.gradient)
def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: Any = 1) -> Any:
    """numpy.gradient: one array for each axis, in a tuple if there are several."""
    x = to_array(tensor(f))
    options: dict[str, Any] = {} if static(axis) is None else {"axis": plain(axis)}
    if plain(edge_order) != 1:
        options["edge_order"] = plain(edge_order)
    result = gradient_(x, *map(tensor, varargs), **options)
    single = isinstance(options.get("axis"), tuple) and len(options["axis"]) == 1
    if single:
        raise Unsupported("the gradient along a tuple of one axis")
    return result


@answers(*[getattr(np, name) for name in ("trapezoid", "trapz") if name in dir(np)])
def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: Any = -1) -> Any:
    """The integral by the trapezoidal rule."""
    values = to_array(tensor(y))
    along = one_axis(axis, values.ndim)
    if given(x):
        points = to_array(tensor(x))
        if points.ndim == 1:
            step = diff(points)
            step = (
                take_index(step, *[slice(None) if k == along else None for k in range(values.ndim)])
                if values.ndim > 1
                else step
            )
        else:
            step = diff(points, axis=along)
    else:
        step = tensor(dx)
    both = UFUNCS["add"](slice_axis(values, along, 1, None), slice_axis(values, along, None, -1))
    areas = UFUNCS["divide"](UFUNCS["multiply"](step, both), constant(2.0))
    return NUMPY[np.sum](areas, axis=along)


# Polynomials -----------------------------------------------------------------------------------------------------

polyval_ = library_op("polyval", np.polyval)


@answers(np.polyval)
def polyval(p: Any, x: Any) -> Any:
    """A polynomial by Horner's rule: unrolled where its degree is known."""
    points, coefficients = to_array(tensor(x)), to_array(tensor(p))
    count = coefficients.tensor.shape[0] if coefficients.ndim == 1 else None
    if count is None or count > 16:
        return polyval_(coefficients, points)
    result = zeros_like(points, dtype=points.dtype)
    for k in range(count):
        result = UFUNCS["add"](UFUNCS["multiply"](result, points), take_index(coefficients, k))
    return result


declare(np.polyfit, "x y w", "deg rcond full cov", sizes=(5, 9))
declare(np.polyder, "p", "m", sizes=(5,))
declare(np.polyint, "p", "m", sizes=(5,))
declare(np.polyadd, "a1 a2")
declare(np.polysub, "a1 a2")
declare(np.polymul, "a1 a2")
declare(np.poly, "seq_of_zeros")


# Elementwise -----------------------------------------------------------------------------------------------------


for _name in ("sinc", "i0", "fix", "isneginf", "isposinf", "iscomplex", "isreal"):
    declare(_name, "x", family="elementwise", shape=first_shape, raises=False)
    lifts(_name)(same_axis)
declare(np.nan_to_num, "x nan posinf neginf", family="elementwise", shape=first_shape, raises=False)
lifts("nan_to_num")(same_axis)
round_ = library_op("round", np.round, family="elementwise", shape=first_shape, raises=False)
"""numpy.round(x; decimals)."""
lifts("round")(same_axis)


@answers(np.round, np.around, method="round")
def round_function(a: Any, decimals: Any = 0, out: Any = None) -> Any:
    """numpy.round to a number of decimals known while tracing."""
    if given(out):
        raise Unsupported("round with out=")
    x, places = tensor(a), static_int(decimals)
    if places == 0 and x.dtype.kind == "f":
        return UFUNCS["rint"](x)  # which is what NumPy does
    return round_(x, decimals=places)


@answers(np.angle)
def angle(z: Any, deg: Any = False) -> Any:
    """The argument of a complex number."""
    x = to_array(tensor(z))
    if x.dtype.kind != "c":
        return angle_(x, deg=bool(static(deg)))
    result = UFUNCS["arctan2"](imag(x), real(x))
    return UFUNCS["multiply"](result, constant(180 / np.pi)) if static(deg) else result


angle_ = library_op("angle", np.angle, family="elementwise", shape=first_shape, raises=False)
lifts("angle")(same_axis)
isclose = declare(np.isclose, "a b rtol atol", "equal_nan", family="elementwise")
allclose = declare(np.allclose, "a b rtol atol", "equal_nan", shape=lambda types, params: ())
declare(np.array_equal, "a1 a2", "equal_nan", shape=lambda types, params: (), raises=False)
declare(np.array_equiv, "a1 a2", shape=lambda types, params: (), raises=False)
declare(np.interp, "x xp fp left right", "period", shape=first_shape)
lifts("interp")(same_axis)
declare(np.unwrap, "p discont", "axis period", shape=first_shape, sizes=(2,))


# Filters and statistics ------------------------------------------------------------------------------------------

declare(np.convolve, "a v", "mode")
declare(np.correlate, "a v", "mode")


def _covariance(name: str) -> None:
    """A matrix, or a scalar for one variable; the number of variables is taken to be two or more if not known."""
    function = getattr(np, name)

    def evaluate(m: Any, *, rank: int, **options: Any) -> Any:
        result = function(m, **options)
        if np.ndim(result) != rank:
            msg = f"numpy.{name} of one variable only, which was not known when the function was traced"
            raise Deoptimise(msg)
        return result

    op = library_op(name, evaluate, sizes=(2, 3))

    @answers(function)
    def build(m: Any, y: Any = None, rowvar: Any = True, *args: Any, **kwargs: Any) -> Any:
        if args:
            raise Unsupported(f"{name} with options by position")
        x = to_array(tensor(m))
        rows = 1 if x.ndim < 2 else x.tensor.shape[0 if static(rowvar) else 1]
        params = {k: dtype_of(v) if k == "dtype" else plain(v) for k, v in kwargs.items() if given(v)}
        if not static(rowvar):
            params["rowvar"] = False
        extras = {"names": ("y",)} if given(y) else {}
        rank = 0 if rows == 1 and not extras else 2
        return op(x, *([tensor(y)] if extras else []), rank=rank, **extras, **params)

    build.__name__, build.__doc__ = name, f"numpy.{name}."


_covariance("cov")
_covariance("corrcoef")
declare(np.packbits, "a", "axis bitorder", signature="a, axis?, bitorder?")
declare(np.unpackbits, "a", "axis count bitorder", signature="a, axis?, count?, bitorder?")
declare(np.unravel_index, "indices", "shape order", signature="indices, shape, order?")
declare(np.trim_zeros, "filt", "trim")


@answers(np.ravel_multi_index)
def ravel_multi_index(multi_index: Any, dims: Any, mode: Any = "raise", order: Any = "C") -> Any:
    """Flat indices of tuples of indices."""
    if isinstance(multi_index, Variable):
        raise Unsupported("indices in one array")
    parts = [tensor(k) for k in multi_index]
    return ravel_multi_index_(*parts, dims=plain(dims), mode=plain(mode), order=plain(order))


ravel_multi_index_ = library_op(
    "ravel_multi_index",
    lambda *parts, dims, mode, order: np.ravel_multi_index(parts, dims, mode, order),
    shape=broadcast_rule,
)


# What is known while tracing -------------------------------------------------------------------------------------


def _weak(value: Any) -> Any:
    """An argument of numpy.result_type: dtypes for variables, samples for Python scalars, which are weak."""
    if not isinstance(value, Variable):
        return value
    type_ = value.type
    if not isinstance(type_, TensorType):
        raise Unsupported("a dtype of what is no array")
    return (
        {"bool": True, "int": 1, "float": 1.0, "complex": 1j}[type_.kind] if type_.is_python else type_.dtype
    )


@answers(np.result_type)
def result_type(*args: Any) -> Any:
    """The dtype that arguments promote to."""
    return np.dtype(np.result_type(*map(_weak, args)).str)  # of the C types of one size, the usual one


@answers(np.common_type)
def common_type(*arrays: Any) -> Any:
    """The inexact dtype common to arrays."""
    return np.common_type(*[np.empty(0, tensor(a).dtype) for a in arrays])


@answers(np.can_cast)
def can_cast(from_: Any, to: Any, casting: Any = "safe") -> Any:
    """Whether a cast is allowed."""
    source = _weak(from_)
    if isinstance(source, (bool, int, float, complex)):
        msg = "can_cast() does not support Python ints, floats, and complex because the result used to depend on the value."
        raise TypeError(msg)
    return np.can_cast(source, static(to), static(casting))


@answers(np.isscalar)
def isscalar(element: Any) -> bool:
    """Whether a value is a Python or NumPy scalar."""
    if not isinstance(element, Variable):
        return bool(np.isscalar(element))
    return isinstance(element.type, TensorType) and not element.type.is_array


@answers(np.iscomplexobj)
def iscomplexobj(x: Any) -> bool:
    """Whether a value is of a complex dtype."""
    return bool(tensor(x).dtype.kind == "c")


@answers(np.isrealobj)
def isrealobj(x: Any) -> bool:
    """Whether a value is not of a complex dtype."""
    return not iscomplexobj(x)
