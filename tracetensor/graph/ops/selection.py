"""Selecting elements by index, condition or choice; clipping; and the functions that write to their first argument.

The builders of the latter, in the table MUTATING, return what the function leaves in its first argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.answers import MUTATING, NUMPY, Unsupported, answers, static
from tracetensor.graph.infer import broadcast_shapes
from tracetensor.graph.node import Constant, Variable, constant
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.dims import Int, lifts, same_axis
from tracetensor.graph.ops.elementwise import UFUNCS, to_array
from tracetensor.graph.ops.indexing import setitem
from tracetensor.graph.ops.joining import items
from tracetensor.graph.ops.library import (
    broadcast_rule,
    declare,
    given,
    has_variable,
    library_op,
    no_out,
    one_axis,
    pack_nested,
    plain,
    static_bool,
    tensor,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node


def _take_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    axis = params["axis"]
    x, index = types[0].shape, types[1].shape
    return index if axis is None else (*x[:axis], *index, *x[axis + 1 :])


take_ = library_op("take", np.take, family="take", shape=_take_shape)
"""numpy.take(x, indices; axis[, mode])."""


@lifts("take")
def _lift_take(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    source, index = node.inputs
    along = node.params["axis"]
    if along is None or along <= axis < along + index.ndim:
        return lift(index, axis - (along or 0))
    return lift(source, axis if axis < along else axis - index.ndim + 1)


@answers(np.take, method="take")
def take(a: Any, indices: Any, axis: Any = None, out: Any = None, mode: Any = "raise") -> Any:
    """Elements at indices, along an axis or of the flattened array."""
    no_out(out)
    x = to_array(tensor(a))
    options = {} if plain(mode) == "raise" else {"mode": plain(mode)}
    return take_(x, tensor(indices), axis=None if static(axis) is None else one_axis(axis, x.ndim), **options)


def _along_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    axis = params["axis"]
    x, index = types[0].shape, types[1].shape
    if axis is None:
        return index
    rest = broadcast_shapes((*x[:axis], *x[axis + 1 :]), (*index[:axis], *index[axis + 1 :]))
    return (*rest[:axis], index[axis], *rest[axis:])


take_along_axis_ = library_op("take_along_axis", np.take_along_axis, family="take", shape=_along_shape)
"""numpy.take_along_axis(x, indices; axis)."""


@answers(np.take_along_axis)
def take_along_axis(arr: Any, indices: Any, axis: Any = -1) -> Any:
    """Elements at indices that differ from line to line."""
    x = to_array(tensor(arr))
    return take_along_axis_(
        x, to_array(tensor(indices)), axis=None if static(axis) is None else one_axis(axis, x.ndim)
    )


compress_ = library_op("compress", np.compress, family="library")


@answers(np.compress)
def compress(condition: Any, a: Any, axis: Any = None, out: Any = None) -> Any:
    """The slices of an axis where the condition holds."""
    no_out(out)
    x = to_array(tensor(a))
    return compress_(
        to_array(tensor(condition)), x, axis=None if static(axis) is None else one_axis(axis, x.ndim)
    )


@answers(method="compress")
def compress_method(a: Any, condition: Any, axis: Any = None, out: Any = None) -> Any:
    """x.compress(condition)."""
    return compress(condition, a, axis, out)


declare(np.extract, "condition arr")

choose_ = library_op(
    "choose", lambda x, *choices, **options: np.choose(x, choices, **options), shape=broadcast_rule
)
"""numpy.choose(x, choices[, mode=mode])."""


@answers(np.choose, method="choose")
def choose(a: Any, choices: Any, out: Any = None, mode: Any = "raise") -> Any:
    """For each element the one of the choices that it names."""
    no_out(out)
    options = {} if plain(mode) == "raise" else {"mode": plain(mode)}
    return choose_(tensor(a), *items(choices), **options)


def _select_value(*values: Any) -> Any:
    count = len(values) // 2
    return np.select(values[:count], values[count:-1], values[-1])


select_ = library_op("select", _select_value, shape=broadcast_rule)
"""numpy.select: select(*conditions, *choices, default)."""


@answers(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    """For each element the first choice whose condition holds."""
    conditions, choices = items(condlist), items(choicelist)
    if len(conditions) != len(choices) or not conditions:
        msg = "list of cases must be same length as list of conditions"
        raise ValueError(msg)
    return select_(*conditions, *choices, tensor(default))


numpy_clip = library_op("numpy_clip", np.clip, shape=broadcast_rule)
"""numpy.clip(x, low, high) of integers with traced Python ints as bounds, which may lie outside of the dtype."""


@answers(np.clip)
def clip(
    a: Any,
    a_min: Any = None,
    a_max: Any = None,
    out: Any = None,
    *,
    min: Any = None,
    max: Any = None,
    **kwargs: Any,
) -> Any:
    """numpy.clip: a bound that is None is no bound."""
    no_out(out, *kwargs.values())
    low = a_min if given(a_min) else min
    high = a_max if given(a_max) else max
    x = tensor(a)
    bounds = [tensor(b) if given(b) else None for b in (low, high)]
    kinds = x.dtype.kind, {b.tensor.kind for b in bounds if b is not None and not isinstance(b, Constant)}
    if kinds[0] in "iu" and x.dtype != np.int64 and "int" in kinds[1]:
        if None in bounds:
            raise Unsupported("a clip with one bound that may lie outside of the dtype")
        return numpy_clip(x, *bounds)
    x = to_array(x) if x.tensor.is_python else x
    if x.dtype.kind in "iu":
        bounds = _bounds_within(x.dtype, bounds)
    first, second = bounds
    if first is None:
        return UFUNCS["positive"](x) if second is None else UFUNCS["minimum"](x, second)
    return UFUNCS["maximum"](x, first) if second is None else UFUNCS["clip"](x, first, second)


def _bounds_within(dtype: np.dtype[Any], bounds: Sequence[Variable | None]) -> list[Variable | None]:
    """Constant Python ints that bound nothing count as no bounds, as in NumPy."""
    info = np.iinfo(dtype)
    low, high = bounds
    if isinstance(low, Constant) and type(low.value) is int and low.value <= info.min:
        low = None
    if isinstance(high, Constant) and type(high.value) is int and high.value >= info.max:
        high = None
    return [low, high]


@answers(method="clip")
def clip_method(a: Any, min: Any = None, max: Any = None, out: Any = None, **kwargs: Any) -> Any:
    """x.clip(low, high)."""
    return clip(a, min, max, out, **kwargs)


# Functions that write to their first argument --------------------------------------------------------------------


def _writer(name: str, function: Callable[..., Any], *, raises: bool | Callable[[Node], bool] = True) -> Op:
    def evaluate(x: Any, *values: Any, names: tuple[str, ...] = (), **options: Any) -> Any:
        result = np.array(x, copy=True, order="K")
        count = len(values) - len(names)
        function(result, *values[:count], **dict(zip(names, values[count:], strict=True)), **options)
        return result

    def infer(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
        return types[0]

    op = register(Op(name, evaluate=evaluate, infer=infer, family="write", raises=raises))
    lifts(name)(same_axis)
    return op


put_ = _writer("put", np.put)
put_along_axis_ = _writer("put_along_axis", np.put_along_axis)
place_ = _writer("place", np.place)
putmask_ = _writer("putmask", np.putmask)
fill_diagonal_ = _writer("fill_diagonal", np.fill_diagonal)
copyto_ = _writer("copyto", np.copyto)
"""What numpy.put, put_along_axis, place, putmask, fill_diagonal, copyto leave in their first argument."""


def mutates(function: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a builder in MUTATING."""

    def enter(builder: Callable[..., Any]) -> Callable[..., Any]:
        MUTATING[function] = builder
        return builder

    return enter


@mutates(np.put)
def put_value(a: Any, ind: Any, v: Any, mode: Any = "raise") -> Any:
    """a after numpy.put(a, ind, v)."""
    options = {} if plain(mode) == "raise" else {"mode": plain(mode)}
    return put_(a, tensor(ind), tensor(v), **options)


@mutates(np.put_along_axis)
def put_along_axis_value(arr: Any, indices: Any, values: Any, axis: Any) -> Any:
    """arr after numpy.put_along_axis(arr, indices, values, axis)."""
    return put_along_axis_(arr, tensor(indices), tensor(values), axis=plain(axis))


def _values_for(x: Variable, values: Any) -> Variable:
    """Values that are no array are converted to the dtype of what they are written to."""
    if isinstance(values, (list, tuple)):
        return pack_nested(values, x.dtype) if has_variable(values) else constant(np.array(values, x.dtype))
    return tensor(values)


@mutates(np.place)
def place_value(arr: Any, mask: Any, vals: Any) -> Any:
    """arr after numpy.place(arr, mask, vals)."""
    return place_(arr, tensor(mask), _values_for(arr, vals))


@mutates(np.putmask)
def putmask_value(a: Any, mask: Any, values: Any) -> Any:
    """a after numpy.putmask(a, mask, values)."""
    return putmask_(a, tensor(mask), _values_for(a, values))


@mutates(np.fill_diagonal)
def fill_diagonal_value(a: Any, val: Any, wrap: Any = False) -> Any:
    """a after numpy.fill_diagonal(a, val)."""
    if a.ndim < 2:
        msg = "array must be at least 2-d"
        raise ValueError(msg)
    return fill_diagonal_(a, tensor(val), wrap=static_bool(wrap))


@mutates(np.copyto)
def copyto_value(dst: Any, src: Any, casting: Any = "same_kind", where: Any = True) -> Any:
    """dst after numpy.copyto(dst, src, where=where)."""
    source, rule = tensor(src), plain(casting)
    if source.tensor.is_python or rule != "same_kind" or where is not True:
        return copyto_(dst, source, tensor(where), casting=rule, names=("where",))
    if not np.can_cast(source.dtype, dst.dtype, rule):
        msg = f"Cannot cast array data from {source.dtype!r} to {dst.dtype!r} according to the rule '{rule}'"
        raise TypeError(msg)
    return setitem(dst, source, spec=("e",))


def sorted_value(x: Any, axis: Any = -1, kind: Any = None) -> Any:
    """x after x.sort(axis, kind)."""
    return NUMPY[np.sort](x, axis, kind)


def partitioned_value(x: Any, kth: Any, axis: Any = -1) -> Any:
    """x after x.partition(kth, axis)."""
    return NUMPY[np.partition](x, kth, axis)
