"""Reductions and cumulations: each evaluated by the NumPy function itself, so that sums are the same to the bit.

The record of a reduction: op(x; axis, keepdims[, dtype][, ddof]), axis None (all) or a tuple of non-negative
ints. Where `initial`, `where` or a traced option is given, it is a further input named in `names`.
Cumulations and arg-reductions: axis None (of the flattened array) or one non-negative int.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.answers import NUMPY, Unsupported, answers, static, static_axes
from tracetensor.graph.infer import broadcast_shapes
from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.ops.dims import Int, lifts, product, same_axis
from tracetensor.graph.ops.elementwise import UFUNCS, to_array
from tracetensor.graph.ops.library import (
    NO_VALUE,
    drop_axes,
    dtype_of,
    find,
    given,
    library_op,
    no_out,
    one_axis,
    plain,
    static_bool,
    tensor,
)
from tracetensor.graph.ops.shape import take_index

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node
    from tracetensor.graph.op import Op


def _shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The input's shape (broadcast with `where`) without the reduced axes."""
    names = params.get("names", ())
    x = types[0].shape
    if "where" in names:
        mask = types[1 + names.index("where")]
        x = broadcast_shapes(x, mask.shape) if mask.ndim <= len(x) else x
    axis = params.get("axis")
    axes = (axis,) if isinstance(axis, int) else axis
    return drop_axes(x, axes, keepdims=params.get("keepdims", False))


def _empty_raises(node: Node) -> bool:
    """Whether the reduced axes may be empty, of a reduction that has no value then."""
    names = node.params.get("names", ())
    shape = node.inputs[0].tensor.shape
    axis = node.params.get("axis")
    axes = range(len(shape)) if axis is None else (axis,) if isinstance(axis, int) else axis
    return bool(names) or any(shape[k] in {None, 0} for k in axes)


def _extras_raise(node: Node) -> bool:
    return len(node.inputs) > 1


def _lift(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    if "where" in node.params.get("names", ()):
        return None
    reduced = node.params.get("axis")
    axes = (reduced,) if isinstance(reduced, int) else reduced
    if axes is None or node.params.get("keepdims"):
        return lift(node.inputs[0], axis)
    return lift(node.inputs[0], [k for k in range(node.inputs[0].ndim) if k not in axes][axis])


def _axes(axis: Any, x: Variable) -> tuple[int, ...] | None:
    """The axes of a reduction; None for all."""
    axis = static(axis)
    if x.ndim == 0 and axis is not None and axis != ():
        raise Unsupported("a reduction of rank 0 along an axis")
    axes = static_axes(axis, x.ndim)
    return None if axes is None or (x.ndim and len(axes) == x.ndim) else tuple(sorted(axes))


OPTIONS = frozenset({"axis", "dtype", "out", "keepdims", "initial", "where", "ddof", "mean", "correction"})


class Reduction:
    """The builder of one reduction: takes what the NumPy function of that name takes."""

    def __init__(self, op: Op, order: str) -> None:
        self.op = op
        self.order = order.split()
        self.__name__ = op.name
        self.__doc__ = f"numpy.{op.name}."

    def __call__(self, a: Any, *args: Any, **kwargs: Any) -> Any:
        if len(args) > len(self.order):
            msg = f"{self.op.name}() takes at most {len(self.order) + 1} positional arguments"
            raise TypeError(msg)
        options = {**dict(zip(self.order, args, strict=False)), **kwargs}
        x = tensor(a)
        no_out(options.pop("out", None))
        if not options.keys() <= {*OPTIONS, *self.order}:
            msg = f"{self.op.name}() got an unexpected keyword argument"
            raise TypeError(msg)
        params: dict[str, Any] = {
            "axis": _axes(options.pop("axis", None), x),
            "keepdims": static_bool(options.pop("keepdims", False)),
        }
        extras: dict[str, Variable] = {}
        for name, value in options.items():
            if name == "dtype":
                if (dtype := dtype_of(value)) is not None:
                    params["dtype"] = dtype
            elif name in {"ddof", "correction"} and not (
                isinstance(value, Variable) and not isinstance(value, Constant)
            ):
                if value is not NO_VALUE and not (name == "ddof" and value == 0):
                    params[name] = plain(value)
            elif value is not NO_VALUE and value is not None and not (name == "where" and value is True):
                extras[name] = tensor(value)
        if extras:
            params["names"] = tuple(extras)
        return self.op(x, *extras.values(), **params)


def _reduction(
    name: str, order: str, *, raises: Any = _extras_raise, method: bool = False, also: str = ""
) -> Op:
    op = library_op(name, getattr(np, name), family="reduction", shape=_shape, raises=raises)
    lifts(name)(_lift)
    functions = [f for f in map(find, [name, *also.split()]) if f is not None]
    answers(*functions, method=name if method else None)(Reduction(op, order))
    return op


_SUM = "axis dtype out keepdims initial where"
_MIN = "axis out keepdims initial where"
_VAR = "axis dtype out ddof keepdims where"
REDUCTIONS: dict[str, Op] = {
    op.name: op
    for op in (
        _reduction("sum", _SUM, method=True),
        _reduction("prod", _SUM, method=True),
        _reduction("min", _MIN, raises=_empty_raises, method=True, also="amin"),
        _reduction("max", _MIN, raises=_empty_raises, method=True, also="amax"),
        _reduction("any", "axis out keepdims", method=True),
        _reduction("all", "axis out keepdims", method=True),
        _reduction("mean", "axis dtype out keepdims", method=True),
        _reduction("var", _VAR, method=True),
        _reduction("std", _VAR, method=True),
        _reduction("ptp", "axis out keepdims", raises=_empty_raises),
        _reduction("nansum", _SUM),
        _reduction("nanprod", _SUM),
        _reduction("nanmin", _MIN, raises=_empty_raises),
        _reduction("nanmax", _MIN, raises=_empty_raises),
        _reduction("nanmean", "axis dtype out keepdims"),
        _reduction("nanvar", _VAR),
        _reduction("nanstd", _VAR),
    )
}
"""The reductions that take a tuple of axes."""


def _median(name: str) -> None:
    op = library_op(name, getattr(np, name), family="reduction", shape=_shape, raises=False)
    lifts(name)(_lift)

    @answers(getattr(np, name))
    def build(
        a: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, keepdims: Any = False
    ) -> Any:
        no_out(out)
        if static_bool(overwrite_input):
            raise Unsupported("overwrite_input")
        x = tensor(a)
        return op(x, axis=_axes(axis, x), keepdims=static_bool(keepdims))

    build.__doc__ = f"numpy.{name}."


_median("median")
_median("nanmedian")


def _quantile_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    return (*types[1].shape, *drop_axes(types[0].shape, params["axis"], keepdims=params["keepdims"]))


def _quantile(name: str) -> None:
    op = library_op(name, getattr(np, name), family="reduction", shape=_quantile_shape)

    @answers(getattr(np, name))
    def build(  # noqa: PLR0913, PLR0917 - NumPy's signature
        a: Any, q: Any, axis: Any = None, out: Any = None, overwrite_input: Any = False, method: Any = "linear",
        keepdims: Any = False, *, weights: Any = None,
    ) -> Any:  # fmt: skip
        no_out(out)
        if static_bool(overwrite_input):
            raise Unsupported("overwrite_input")
        x = tensor(a)
        params = {"axis": _axes(axis, x), "keepdims": static_bool(keepdims), "method": plain(method)}
        if given(weights):
            return op(x, tensor(q), tensor(weights), names=("weights",), **params)
        return op(x, tensor(q), **params)

    build.__doc__ = f"numpy.{name}."


for _name in ("percentile", "quantile", "nanpercentile", "nanquantile"):
    _quantile(_name)


# Along one axis, or of the flattened array -----------------------------------------------------------------------


def _single(axis: Any, x: Variable) -> int | None:
    axis = static(axis)
    if not given(axis):
        return None
    if x.ndim == 0:
        raise Unsupported("rank 0 along an axis")
    return one_axis(axis, x.ndim)


def _arg(name: str, *, method: bool = False) -> None:
    op = library_op(name, getattr(np, name), family="arg_reduction", shape=_shape, raises=_empty_raises)
    lifts(name)(_lift)

    @answers(getattr(np, name), method=name if method else None)
    def build(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
        no_out(out)
        x = tensor(a)
        return op(x, axis=_single(axis, x), keepdims=static_bool(keepdims))

    build.__doc__ = f"numpy.{name}."


_arg("argmin", method=True)
_arg("argmax", method=True)


def _nan_arg(name: str) -> None:
    op = library_op(name, getattr(np, name), family="arg_reduction", shape=_shape)

    @answers(getattr(np, name))
    def build(a: Any, axis: Any = None, out: Any = None, *, keepdims: Any = NO_VALUE) -> Any:
        no_out(out)
        x = tensor(a)
        return op(x, axis=_single(axis, x), keepdims=static_bool(keepdims))

    build.__doc__ = f"numpy.{name}."


_nan_arg("nanargmin")
_nan_arg("nanargmax")

count_nonzero_ = library_op("count_nonzero", np.count_nonzero, family="reduction", shape=_shape, raises=False)
lifts("count_nonzero")(_lift)


@answers(np.count_nonzero)
def count_nonzero(a: Any, axis: Any = None, *, keepdims: Any = False) -> Any:
    """numpy.count_nonzero."""
    x = tensor(a)
    axes = static_axes(axis, x.ndim)
    return count_nonzero_(x, axis=axes, keepdims=static_bool(keepdims))


def _running_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    x = types[0].shape
    if params["axis"] is not None or len(x) == 1:
        return x
    return (None if None in x else int(np.prod(x)),)


@lifts("cumsum", "cumprod", "nancumsum", "nancumprod")
def _lift_running(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    source = node.inputs[0]
    if node.params["axis"] is None:
        return product([lift(source, k) for k in range(source.ndim)])
    return lift(source, axis)


def _running(name: str, *, method: bool = False) -> None:
    op = library_op(name, getattr(np, name), family="cumulative", shape=_running_shape, raises=False)

    @answers(getattr(np, name), method=name if method else None)
    def build(a: Any, axis: Any = None, dtype: Any = None, out: Any = None) -> Any:
        no_out(out)
        x = tensor(a)
        target = dtype_of(dtype)
        options = {} if target is None else {"dtype": target}
        return op(x, axis=_single(axis, x), **options)

    build.__doc__ = f"numpy.{name}."


_running("cumsum", method=True)
_running("cumprod", method=True)
_running("nancumsum")
_running("nancumprod")


def _inclusive(name: str) -> None:
    function = getattr(np, name, None)
    if function is None:
        return
    op = library_op(name, function, family="library")

    @answers(function)
    def build(
        x: Any, /, *, axis: Any = None, dtype: Any = None, out: Any = None, include_initial: Any = False
    ) -> Any:
        no_out(out)
        x = tensor(x)
        target = dtype_of(dtype)
        options: dict[str, Any] = {} if target is None else {"dtype": target}
        return op(x, axis=_single(axis, x), include_initial=static_bool(include_initial), **options)

    build.__doc__ = f"numpy.{name}."


_inclusive("cumulative_sum")
_inclusive("cumulative_prod")

average_ = library_op("average", np.average, family="reduction")


@answers(np.average)
def average(
    a: Any, axis: Any = None, weights: Any = None, returned: Any = False, *, keepdims: Any = NO_VALUE
) -> Any:
    """numpy.average: with `returned`, the sum of weights too."""
    x = tensor(a)
    params: dict[str, Any] = {"axis": _axes(axis, x), "keepdims": static_bool(keepdims)}
    if static_bool(returned):
        params["returned"] = True
    if not given(weights):
        return average_(x, **params)
    if params["axis"] is not None and len(params["axis"]) == 1:
        (params["axis"],) = params["axis"]
    return average_(x, tensor(weights), names=("weights",), **params)


# Methods of ufuncs -----------------------------------------------------------------------------------------------


def find_ufunc(name: str) -> Any:
    """An elementwise ufunc by its own name."""
    return UFUNCS[name].evaluate


def _method_value(method: str) -> Callable[..., Any]:
    def evaluate(*values: Any, ufunc: str, **options: Any) -> Any:
        return getattr(find_ufunc(ufunc), method)(*values, **options)

    return evaluate


ufunc_reduce = library_op("ufunc_reduce", _method_value("reduce"), family="reduction", shape=_shape)
"""ufunc.reduce(x, axis, dtype, keepdims=, initial=, where=) of a ufunc that has no reduction of its own."""
lifts("ufunc_reduce")(_lift)
ufunc_accumulate = library_op(
    "ufunc_accumulate", _method_value("accumulate"), family="cumulative", shape=_running_shape, raises=False
)
"""ufunc.accumulate(x, axis, dtype)."""
lifts("ufunc_accumulate")(same_axis)
ufunc_reduceat = library_op("ufunc_reduceat", _method_value("reduceat"), family="library")
"""ufunc.reduceat(x, indices, axis, dtype)."""
NAMED = {"add": "sum", "multiply": "prod", "minimum": "min", "maximum": "max"}


def _reduce(ufunc: str) -> Callable[..., Any]:
    named = NUMPY[getattr(np, NAMED[ufunc])] if ufunc in NAMED else None

    def build(  # noqa: PLR0913, PLR0917 - NumPy's signature
        array: Any, axis: Any = 0, dtype: Any = None, out: Any = None, keepdims: Any = False, initial: Any = NO_VALUE,
        where: Any = True,
    ) -> Any:  # fmt: skip
        no_out(out)
        x, target = tensor(array), dtype_of(dtype)
        options: dict[str, Any] = {} if target is None else {"dtype": target}
        if initial is None:
            raise Unsupported("a reduction without an initial value")
        extras = {} if initial is NO_VALUE else {"initial": tensor(initial)}
        if where is not True:
            extras["where"] = tensor(where)
        if named is not None and not (target is not None and ufunc in {"minimum", "maximum"}):
            return named(x, axis=axis, keepdims=keepdims, **options, **extras)
        if extras:
            options["names"] = tuple(extras)
        axes = _axes(axis, x)
        return ufunc_reduce(
            x, *extras.values(), ufunc=ufunc, axis=axes, keepdims=static_bool(keepdims), **options
        )

    build.__doc__ = f"numpy.{ufunc}.reduce."
    return build


def _accumulate(ufunc: str) -> Callable[..., Any]:
    def build(array: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        no_out(out)
        x, target = tensor(array), dtype_of(dtype)
        if x.ndim == 0:
            msg = "cannot accumulate on a scalar"
            raise TypeError(msg)
        options = {} if target is None else {"dtype": target}
        if ufunc in {"add", "multiply"}:
            return NUMPY[np.cumsum if ufunc == "add" else np.cumprod](x, one_axis(axis, x.ndim), dtype)
        return ufunc_accumulate(x, ufunc=ufunc, axis=one_axis(axis, x.ndim), **options)

    build.__doc__ = f"numpy.{ufunc}.accumulate."
    return build


def _reduceat(ufunc: str) -> Callable[..., Any]:
    def build(array: Any, indices: Any, axis: Any = 0, dtype: Any = None, out: Any = None) -> Any:
        no_out(out)
        x, target = tensor(array), dtype_of(dtype)
        options = {} if target is None else {"dtype": target}
        return ufunc_reduceat(x, tensor(indices), ufunc=ufunc, axis=one_axis(axis, x.ndim), **options)

    build.__doc__ = f"numpy.{ufunc}.reduceat."
    return build


def _outer(ufunc: str) -> Callable[..., Any]:
    op = UFUNCS[ufunc]

    def build(A: Any, B: Any, /, **kwargs: Any) -> Any:
        if kwargs:
            raise Unsupported("outer with options")
        a, b = tensor(A), tensor(B)
        if a.tensor.is_python or b.tensor.is_python or (a.ndim == 0 and b.ndim == 0):
            raise Unsupported("outer of scalars")
        if b.ndim and a.tensor.is_array:
            a = take_index(to_array(a), Ellipsis, *[None] * b.ndim)
        return op(a, b)

    build.__doc__ = f"numpy.{ufunc}.outer."
    return build


for _op in UFUNCS.values():
    _function = _op.evaluate
    if isinstance(_function, np.ufunc) and _function.nin == 2 and _function.nout == 1:
        NUMPY[_function.reduce] = _reduce(_op.name)
        NUMPY[_function.accumulate] = _accumulate(_op.name)
        NUMPY[_function.reduceat] = _reduceat(_op.name)
        NUMPY[_function.outer] = _outer(_op.name)


@answers(np.trace, method="trace")
def trace(a: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1, dtype: Any = None, out: Any = None) -> Any:
    """The sum along a diagonal."""
    no_out(out)
    return NUMPY[np.sum](NUMPY[np.diagonal](a, offset, axis1, axis2), axis=-1, dtype=dtype)


@answers(np.linalg.trace)
def linalg_trace(x: Any, /, *, offset: Any = 0, dtype: Any = None) -> Any:
    """The sum along the diagonal of the last two axes."""
    return trace(x, offset, -2, -1, dtype)


def _method_call(method: str) -> Callable[..., Any]:
    def call_method(ufunc: np.ufunc, *args: Any, **kwargs: Any) -> Any:
        builder = NUMPY.get(getattr(ufunc, method))
        if builder is None:
            raise Unsupported(f"{ufunc.__name__}.{method}")
        return builder(*args, **kwargs)

    call_method.__doc__ = f"ufunc.{method}(*args, **kwargs)."
    return call_method


ufunc_reduce_call = _method_call("reduce")
ufunc_accumulate_call = _method_call("accumulate")
ufunc_reduceat_call = _method_call("reduceat")
ufunc_outer_call = _method_call("outer")
