"""Sorting, searching, counting and sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.answers import Unsupported, answers, static, static_int
from tracetensor.graph.infer import tensors
from tracetensor.graph.node import Variable
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.dims import Int, lifts, same_axis
from tracetensor.graph.ops.elementwise import to_array, where
from tracetensor.graph.ops.joining import items
from tracetensor.graph.ops.library import (
    broadcast_rule,
    declare,
    find,
    first_shape,
    given,
    library_op,
    no_out,
    one_axis,
    plain,
    static_bool,
    tensor,
)
from tracetensor.graph.ops.shape import ravel
from tracetensor.graph.types import ARRAY, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node

# Sorting ---------------------------------------------------------------------------------------------------------


def _sorted(name: str, *, method: bool = False) -> None:
    op = library_op(name, getattr(np, name), family="sort", shape=first_shape, raises=False)
    lifts(name)(same_axis)

    @answers(getattr(np, name), method=name if method else None)
    def build(a: Any, axis: Any = -1, kind: Any = None, order: Any = None, *, stable: Any = None) -> Any:
        no_out(order)
        x = to_array(tensor(a))
        if not x.ndim:
            raise Unsupported("a sort of rank 0")
        if static(axis) is None:
            x, along = ravel(x) if x.ndim > 1 else x, 0
        else:
            along = one_axis(axis, x.ndim)
        options = (
            {"kind": plain(kind)} if given(kind) else {"stable": static_bool(stable)} if given(stable) else {}
        )
        return op(x, axis=along, **options)

    build.__name__, build.__doc__ = name, f"numpy.{name}."


_sorted("sort")
_sorted("argsort", method=True)


def _partitioned(name: str, *, method: bool = False) -> None:
    op = library_op(name, getattr(np, name), family="sort", shape=first_shape)
    lifts(name)(same_axis)

    @answers(getattr(np, name), method=name if method else None)
    def build(a: Any, kth: Any, axis: Any = -1, kind: Any = "introselect", order: Any = None) -> Any:
        no_out(order, None if plain(kind) == "introselect" else kind)
        x = to_array(tensor(a))
        if not x.ndim:
            raise Unsupported("a partition of rank 0")
        if static(axis) is None:
            x, along = ravel(x) if x.ndim > 1 else x, 0
        else:
            along = one_axis(axis, x.ndim)
        return op(x, tensor(kth), axis=along)

    build.__name__, build.__doc__ = name, f"numpy.{name}."


_partitioned("partition")
_partitioned("argpartition", method=True)

lexsort_ = library_op(
    "lexsort", lambda *keys, axis: np.lexsort(keys, axis=axis), family="sort", shape=broadcast_rule
)
"""numpy.lexsort(keys, axis=axis)."""


@answers(np.lexsort)
def lexsort(keys: Any, axis: Any = -1) -> Any:
    """Indices that sort by several keys, the last one first."""
    return lexsort_(*[to_array(x) for x in items(keys)], axis=static_int(axis))


# Searching -------------------------------------------------------------------------------------------------------


def _nonzero(x: Any) -> Any:
    found = np.nonzero(x)
    return found if len(found) > 1 else found[0]


def _infer_nonzero(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
    (x,) = tensors(types, "nonzero")
    if not x.ndim:
        msg = "Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(scalar).nonzero() instead."
        raise TypeInferenceError(msg)
    return (TensorType(np.intp, (None,), ARRAY),) * x.ndim


nonzero_ = register(Op("nonzero", evaluate=_nonzero, infer=_infer_nonzero, family="search"))
"""The indices of the elements that are not zero, an array for each axis."""


@answers(np.nonzero, method="nonzero")
def nonzero(a: Any) -> tuple[Variable, ...]:
    """numpy.nonzero."""
    x = tensor(a)
    if not x.ndim:
        msg = "Calling nonzero on 0d arrays is not allowed. Use np.atleast_1d(scalar).nonzero() instead."
        raise ValueError(msg)
    return tuple(nonzero_.node(x).outputs)


@answers(np.flatnonzero)
def flatnonzero(a: Any) -> Variable:
    """The indices of the elements of the flattened array that are not zero."""
    return nonzero(ravel(tensor(a)))[0]


@answers(np.where)
def where_function(condition: Any, *args: Any) -> Any:
    """numpy.where with one or three arguments."""
    if not args:
        return nonzero(condition)
    if len(args) != 2:
        msg = "either both or neither of x and y should be given"
        raise ValueError(msg)
    return where(tensor(condition), tensor(args[0]), tensor(args[1]))


declare(np.argwhere, "a", family="search", shape=lambda types, params: (None, types[0].ndim), raises=False)


def _searched_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    return types[1].shape


searchsorted = declare(
    np.searchsorted, "a v sorter", "side", method="searchsorted", family="search", shape=_searched_shape,
    raises=lambda node: node.inputs[0].ndim != 1 or len(node.inputs) > 2,
)  # fmt: skip
digitize = declare(np.digitize, "x bins", "right", family="search", shape=first_shape)


@lifts("searchsorted")
def _lift_searched(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    return lift(node.inputs[1], axis)


lifts("digitize")(same_axis)

# Counting --------------------------------------------------------------------------------------------------------

bincount_ = library_op("bincount", np.bincount, family="count")


@answers(np.bincount)
def bincount(x: Any, /, weights: Any = None, minlength: Any = 0) -> Any:
    """How often each number occurs."""
    extras = {"weights": weights} if given(weights) else {}
    if isinstance(minlength, Variable) or minlength != 0:
        extras["minlength"] = minlength
    names = {"names": tuple(extras)} if extras else {}
    return bincount_(tensor(x), *map(tensor, extras.values()), **names)


def _histogram(name: str, allowed: str) -> None:
    """A histogram function; its range, which NumPy wants as two scalars, becomes the inputs low and high."""
    function = getattr(np, name)

    def evaluate(*, low: Any = None, high: Any = None, **options: Any) -> Any:
        return function(**options) if low is None else function(range=(low, high), **options)

    op = library_op(name, evaluate, family="count")

    @answers(function)
    def build(a: Any, bins: Any = 10, *args: Any, **kwargs: Any) -> Any:
        options = {**dict(zip(allowed.split(), args, strict=False)), **kwargs}
        inputs = {"a": tensor(a)}
        params: dict[str, Any] = {}
        if isinstance(bins, str):
            params["bins"] = bins
        else:
            inputs["bins"] = tensor(bins)
        limits = options.pop("range", None)
        if given(limits):
            inputs["low"], inputs["high"] = map(tensor, limits)
        weights = options.pop("weights", None)
        if given(weights):
            inputs["weights"] = tensor(weights)
        if static_bool(options.pop("density", False)):
            params["density"] = True
        no_out(*options.values())
        return op(*inputs.values(), names=tuple(inputs), **params)

    build.__name__, build.__doc__ = name, f"numpy.{name}."


_histogram("histogram", "range density weights")
_histogram("histogram_bin_edges", "range weights")
declare(np.histogram2d, "x y weights", "bins? density", family="count")


# Sets ------------------------------------------------------------------------------------------------------------


def _unique_value(x: Any, *, count: int, **options: Any) -> Any:
    result = np.unique(x, **options)
    return tuple(result) if count > 1 else result


unique_ = library_op("unique", _unique_value, family="set", raises=False)
"""numpy.unique(x; return_index, return_inverse, return_counts, axis, equal_nan)."""


@answers(np.unique)
def unique(  # noqa: PLR0913 - NumPy's signature
    ar: Any, return_index: Any = False, return_inverse: Any = False, return_counts: Any = False, axis: Any = None, *,
    equal_nan: Any = True, sorted: Any = True,
) -> Any:  # fmt: skip
    """numpy.unique."""
    if not static_bool(sorted):
        raise Unsupported("unique values in no order")
    options: dict[str, Any] = {
        "return_index": return_index,
        "return_inverse": return_inverse,
        "return_counts": return_counts,
    }
    chosen = {k: True for k, v in options.items() if static_bool(v)}
    x = to_array(tensor(ar))
    if static(axis) is not None:
        chosen["axis"] = one_axis(axis, x.ndim)  # type: ignore[assignment]
    if not static_bool(equal_nan):
        chosen["equal_nan"] = False
    return unique_(x, count=1 + sum(k.startswith("return") for k in chosen), **chosen)


def _unique_named(name: str) -> None:
    function = find(name)
    if function is None:
        return
    op = library_op(name, function, family="set", raises=False)

    @answers(function)
    def build(x: Any, /) -> Any:
        x = to_array(tensor(x))
        result = op(x)
        if not isinstance(result, tuple):
            return result
        return type(function(np.zeros(1)))(*result)

    build.__name__, build.__doc__ = name, f"numpy.{name}."


for _name in ("unique_values", "unique_counts", "unique_inverse", "unique_all"):
    _unique_named(_name)

isin = declare(
    np.isin,
    "element test_elements",
    "assume_unique invert kind",
    family="set",
    shape=first_shape,
    raises=False,
)
declare("in1d", "ar1 ar2", "assume_unique invert kind", family="set", raises=False)
declare(np.intersect1d, "ar1 ar2", "assume_unique return_indices", family="set")
declare(np.union1d, "ar1 ar2", family="set")
declare(np.setdiff1d, "ar1 ar2", "assume_unique", family="set")
declare(np.setxor1d, "ar1 ar2", "assume_unique", family="set")
lifts("isin")(same_axis)
