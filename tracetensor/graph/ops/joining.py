"""Joining, splitting, repeating and rolling arrays."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.answers import Unsupported, answers, static, static_axes, static_int
from tracetensor.graph.infer import tensors
from tracetensor.graph.node import Variable
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.dims import (
    DimsOp,
    Int,
    as_int,
    dim_inputs,
    dims_of,
    int_add,
    int_floordiv,
    int_mod,
    int_mul,
    int_smaller,
    is_natural,
    lifts,
    same_axis,
    shape_of,
    static_dims,
)
from tracetensor.graph.ops.elementwise import to_array
from tracetensor.graph.ops.library import (
    dtype_of,
    first_shape,
    given,
    has_variable,
    library_op,
    no_out,
    one_axis,
    plain,
    probe_types,
    tensor,
)
from tracetensor.graph.ops.shape import (
    atleast_1d,
    atleast_2d,
    atleast_3d,
    expand_dims,
    ravel,
    slice_axis,
    take_index,
)
from tracetensor.graph.types import ARRAY, INT, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node

# Joining ---------------------------------------------------------------------------------------------------------


def _concatenate_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    ranks = {t.ndim for t in types}
    if len(ranks) > 1 or 0 in ranks:
        msg = "zero-dimensional arrays cannot be concatenated; all must have the same number of dimensions"
        raise TypeInferenceError(msg)
    axis = params["axis"]
    result: list[int | None] = []
    for k, dims in enumerate(zip(*[t.shape for t in types], strict=True)):
        sizes = {n for n in dims if n is not None}
        if k == axis:
            result.append(None if None in dims else sum(dims))
        elif len(sizes) > 1:
            msg = "all the input array dimensions except for the concatenation axis must match exactly"
            raise TypeInferenceError(msg)
        else:
            result.append(sizes.pop() if sizes else None)
    return tuple(result)


def _concatenate_raises(node: Node) -> bool:
    """Whether the dims beside the axis may differ."""
    axis = node.params["axis"]
    columns = zip(*[shape_of(v) for v in node.inputs], strict=True)
    return any(
        k != axis and any(n is not dims[0] and n != dims[0] for n in dims) for k, dims in enumerate(columns)
    )


def _concatenate(*arrays: Any, axis: int, stacked: bool = False, **options: Any) -> Any:
    if stacked and len({x.shape for x in arrays}) > 1:
        msg = "all input arrays must have the same shape"
        raise ValueError(msg)
    return np.concatenate(arrays, axis=axis, **options)


concatenate = library_op(
    "concatenate",
    _concatenate,
    family="join",
    shape=_concatenate_shape,
    raises=_concatenate_raises,
)
"""numpy.concatenate(arrays, axis=axis[, dtype=dtype])."""


@lifts("concatenate")
def _lift_concatenate(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    if axis != node.params["axis"]:
        return lift(node.inputs[0], axis)
    total: Int = 0
    for v in node.inputs:
        total = int_add(total, lift(v, axis))
    return total


def items(arrays: Any) -> list[Variable]:
    """The arrays of a sequence; those of one array are its rows. Raises Unsupported if their number is not known."""
    if isinstance(arrays, Variable):
        x = tensor(arrays)
        length = x.tensor.shape[0] if x.ndim else None
        if length is None:
            raise Unsupported("an array of unknown length in the place of a list of arrays")
        return [take_index(x, k) for k in range(length)]
    if not isinstance(arrays, (list, tuple, np.ndarray)):
        raise Unsupported("a sequence that is no list or tuple")
    return [tensor(a) for a in arrays]


def join(
    arrays: Sequence[Variable],
    axis: int,
    dtype: Any = None,
    casting: Any = "same_kind",
    *,
    stacked: bool = False,
) -> Variable:
    """numpy.concatenate of variables; `stacked`: errors are numpy.stack's."""
    options = {} if dtype is None else {"dtype": dtype}
    if stacked:
        options["stacked"] = True
    if static(casting) != "same_kind":
        options["casting"] = plain(casting)
    result: Variable = concatenate(*arrays, axis=axis, **options)
    return result


@answers(np.concatenate, getattr(np, "concat", np.concatenate))
def concatenate_function(
    arrays: Any, /, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """numpy.concatenate."""
    no_out(out)
    parts = items(arrays)
    if not parts:
        msg = "need at least one array to concatenate"
        raise ValueError(msg)
    if static(axis) is None:
        return join([ravel(to_array(x)) for x in parts], 0, dtype_of(dtype), casting)
    if parts[0].ndim == 0:
        msg = "zero-dimensional arrays cannot be concatenated"
        raise ValueError(msg)
    return join(parts, one_axis(axis, parts[0].ndim), dtype_of(dtype), casting)


@answers(np.stack)
def stack(
    arrays: Any, axis: Any = 0, out: Any = None, *, dtype: Any = None, casting: Any = "same_kind"
) -> Any:
    """Arrays of one shape along a new axis."""
    no_out(out)
    parts = [to_array(x) for x in items(arrays)]
    if not parts or len({x.ndim for x in parts}) > 1:
        msg = "all input arrays must have the same shape"
        raise ValueError(msg)
    place = one_axis(axis, parts[0].ndim + 1)
    return join([expand_dims(x, place) for x in parts], place, dtype_of(dtype), casting, stacked=True)


@answers(np.vstack)
def vstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Rows below each other."""
    return join([atleast_2d(x) for x in items(tup)], 0, dtype_of(dtype), casting)


@answers(np.hstack)
def hstack(tup: Any, *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Arrays beside each other."""
    parts = [atleast_1d(x) for x in items(tup)]
    return join(parts, 0 if parts[0].ndim == 1 else 1, dtype_of(dtype), casting)


@answers(np.dstack)
def dstack(tup: Any) -> Any:
    """Arrays behind each other."""
    return join([atleast_3d(x) for x in items(tup)], 2)


@answers(np.column_stack)
def column_stack(tup: Any) -> Any:
    """Vectors as columns."""
    parts = [to_array(x) for x in items(tup)]
    columns = [
        x if x.ndim > 1 else take_index(x, slice(None), None) if x.ndim else take_index(x, None, None)
        for x in parts
    ]
    return join(columns, 1)


@answers(np.append)
def append(arr: Any, values: Any, axis: Any = None) -> Any:
    """Values at the end, of the flattened array by default."""
    x, y = to_array(tensor(arr)), to_array(tensor(values))
    if static(axis) is None:
        return join([x if x.ndim == 1 else ravel(x), ravel(y)], 0)
    return join([x, y], one_axis(axis, x.ndim))


insert_ = library_op("insert", np.insert, family="library")
delete_ = library_op("delete", np.delete, family="library")


@answers(np.insert)
def insert(arr: Any, obj: Any, values: Any, axis: Any = None) -> Any:
    """numpy.insert; positions as integers or arrays."""
    if isinstance(obj, slice):
        raise Unsupported("insert at a slice")
    x = tensor(arr)
    return insert_(
        x, tensor(obj), tensor(values), axis=None if static(axis) is None else one_axis(axis, x.ndim)
    )


@answers(np.delete)
def delete(arr: Any, obj: Any, axis: Any = None) -> Any:
    """numpy.delete; positions as integers or arrays."""
    if isinstance(obj, slice):
        raise Unsupported("delete of a slice")
    x = tensor(arr)
    return delete_(x, tensor(obj), axis=None if static(axis) is None else one_axis(axis, x.ndim))


# Splitting -------------------------------------------------------------------------------------------------------


def _split_size(n: int, *, sections: int) -> int:
    if n % sections:
        msg = "array split does not result in an equal division"
        raise ValueError(msg)
    return n // sections


split_size = register(
    Op("split_size", evaluate=_split_size, infer=lambda types, params: INT, family="python", raises=True)
)
"""n // sections of an int; raises ValueError if that leaves a rest."""


@answers(np.array_split)
def array_split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Variable]:
    """Parts of an axis as views, of sizes that differ by one at most."""
    x = to_array(tensor(ary))
    along = one_axis(axis, x.ndim)
    n = shape_of(x)[along]
    points = _points(indices_or_sections)
    if isinstance(points, int):
        if points <= 0:
            msg = "number sections must be larger than 0."
            raise ValueError(msg)
        size, extra = int_floordiv(n, points), int_mod(n, points)
        cuts = [int_add(int_mul(size, k), int_smaller(extra, k)) for k in range(points)] + [n]
    else:
        cuts = [0, *points, n]
    return [slice_axis(x, along, a, b) for a, b in itertools.pairwise(cuts)]


def _points(value: Any) -> Any:
    """Sections as a static int, or the list of points to cut at."""
    if isinstance(value, Variable) and value.ndim == 0:
        return static_int(value)
    if isinstance(value, (int, np.integer)):
        return int(value)
    return dims_of(value)


@answers(np.split)
def split(ary: Any, indices_or_sections: Any, axis: Any = 0) -> list[Variable]:
    """Parts of an axis as views, of equal sizes."""
    x = to_array(tensor(ary))
    points = _points(indices_or_sections)
    if not isinstance(points, int) or points <= 0:
        return array_split(x, points, axis)
    along = one_axis(axis, x.ndim)
    n = shape_of(x)[along]
    size = split_size(n, sections=points) if isinstance(n, Variable) else _split_size(n, sections=points)
    cuts = [int_mul(size, k) for k in range(points)] + [n]
    return [slice_axis(x, along, a, b) for a, b in itertools.pairwise(cuts)]


def _split_along(name: str, least: int, axis: int) -> None:
    @answers(getattr(np, name))
    def build(ary: Any, indices_or_sections: Any) -> list[Variable]:
        x = to_array(tensor(ary))
        if x.ndim < least:
            msg = f"{name} only works on arrays of {least} or more dimensions"
            raise ValueError(msg)
        return split(x, indices_or_sections, 0 if name == "hsplit" and x.ndim == 1 else axis)

    build.__doc__ = f"numpy.{name}: numpy.split along axis {axis}."


_split_along("hsplit", 1, 1)
_split_along("vsplit", 2, 0)
_split_along("dsplit", 3, 2)

if hasattr(np, "unstack"):

    @answers(np.unstack)
    def unstack(x: Any, /, *, axis: Any = 0) -> tuple[Variable, ...]:
        """The items of an axis whose length is known."""
        x = to_array(tensor(x))
        along = one_axis(axis, x.ndim)
        n = static(shape_of(x)[along])
        return tuple([take_index(x, *[slice(None)] * along, k) for k in range(n)])


# Repeating and moving --------------------------------------------------------------------------------------------


def _infer_tile(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    x, *_ = tensors(types, "tile")
    reps = static_dims(inputs[1:])
    rank = max(x.ndim, len(reps))
    shape = (*[1] * (rank - x.ndim), *x.shape)
    counts = (*[1] * (rank - len(reps)), *reps)
    dims = [None if n is None or r is None else n * max(r, 0) for n, r in zip(shape, counts, strict=True)]
    return TensorType(x.dtype, tuple(dims), ARRAY)


tile_ = register(
    DimsOp(
        "tile",
        evaluate=lambda x, *reps: np.tile(x, reps),
        infer=_infer_tile,
        family="library",
        raises=lambda node: not all(map(is_natural, node.inputs[1:])),
    )
)
"""numpy.tile(x, reps), the reps as int inputs."""


@lifts("tile")
def _lift_tile(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    source, *reps = node.inputs
    own, rep = axis - (x.ndim - source.ndim), axis - (x.ndim - len(reps))
    count = reps[rep] if rep >= 0 else 1
    return int_mul(lift(source, own) if own >= 0 else 1, count) if is_natural(count) else None


@answers(np.tile)
def tile(A: Any, reps: Any) -> Any:
    """The array repeated as a whole."""
    return tile_(to_array(tensor(A)), *dim_inputs(dims_of(reps)))


def _repeat_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    axis = params["axis"]
    return (
        (None,) if axis is None else tuple([None if k == axis else n for k, n in enumerate(types[0].shape)])
    )


repeat_ = library_op("repeat", np.repeat, family="library", shape=_repeat_shape)
"""numpy.repeat(x, repeats, axis=axis)."""


@lifts("repeat")
def _lift_repeat(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    source, count = node.inputs
    if node.params["axis"] is None and source.ndim != 1:
        return None
    if node.params["axis"] not in {None, axis}:
        return lift(source, axis)
    return int_mul(lift(source, axis), count) if count.type is INT and is_natural(count) else None


@answers(np.repeat, method="repeat")
def repeat(a: Any, repeats: Any, axis: Any = None) -> Any:
    """Elements repeated, each as often as `repeats` says."""
    x = to_array(tensor(a))
    counts = tensor(repeats)
    counts = counts if counts.tensor.is_array or counts.tensor.kind != "int" else as_int(counts)
    return repeat_(x, counts, axis=None if static(axis) is None else one_axis(axis, x.ndim))


roll_ = library_op(
    "roll", np.roll, family="library", shape=first_shape, raises=lambda node: node.inputs[1].ndim > 0
)
"""numpy.roll(x, shift, axis=axis)."""
lifts("roll")(same_axis)


@answers(np.roll)
def roll(a: Any, shift: Any, axis: Any = None) -> Any:
    """Elements moved along axes, those that fall off returning at the other end."""
    x = to_array(tensor(a))
    axis = static(axis)
    axes = None if axis is None else static_axes(axis, x.ndim)
    return roll_(
        x, tensor(shift), axis=axes[0] if axes is not None and not isinstance(axis, (tuple, list)) else axes
    )


def _pad_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    width = params.get("pad_width")
    if width is None:
        return None
    pairs = np.broadcast_to(np.array(width), (types[0].ndim, 2)).tolist()
    return tuple([None if n is None else n + a + b for n, (a, b) in zip(types[0].shape, pairs, strict=True)])


def _pad_value(
    x: Any, *values: Any, names: tuple[str, ...] = (), pad_width: Any = None, mode: str, **options: Any
) -> Any:
    named = dict(zip(names, values, strict=True))
    width = named.pop("pad_width", pad_width)
    return np.pad(x, width, mode, **named, **options)  # type: ignore[call-overload]


def _infer_pad(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    x = tensors(types, "pad")[0]
    return TensorType(x.dtype, _pad_shape(types, params) or (None,) * x.ndim, ARRAY)


pad_ = register(Op("pad", evaluate=_pad_value, infer=_infer_pad, family="library", raises=True))
"""numpy.pad(x; pad_width, mode, …); a traced width or value is a further input, named in `names`."""


@lifts("pad")
def _lift_pad(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    width = node.params.get("pad_width")
    if width is None:
        return None
    pair = np.broadcast_to(np.array(width), (x.ndim, 2))[axis]
    return int_add(lift(node.inputs[0], axis), int(pair.sum()))


@answers(np.pad)
def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """numpy.pad, in every mode that is given by name."""
    x, mode = to_array(tensor(array)), static(mode)
    if not isinstance(mode, str) or isinstance(pad_width, dict):
        raise Unsupported("a mode given by a function, or widths by a dict")
    inputs, names, params = [x], [], {"mode": mode}
    for key, value in {"pad_width": pad_width, **kwargs}.items():
        if has_variable(value) or isinstance(value, np.ndarray):
            inputs.append(tensor(value))
            names.append(key)
        elif given(value):
            params[key] = plain(value)
    if names:
        params["names"] = tuple(names)  # type: ignore[assignment]
    return pad_(*inputs, **params)


def _resize_value(x: Any, *dims: int) -> Any:
    return np.resize(x, dims)


def _infer_resize(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    (found,) = probe_types(_resize_value, types, {})
    return TensorType(found.dtype, static_dims(inputs[1:]), ARRAY)


resize_ = register(
    DimsOp("resize", evaluate=_resize_value, infer=_infer_resize, family="library", raises=True)
)
"""numpy.resize(x, dims): elements repeated as often as need be."""
lifts("resize")(
    lambda x, axis, node, lift: node.inputs[1 + axis] if is_natural(node.inputs[1 + axis]) else None
)


@answers(np.resize)
def resize(a: Any, new_shape: Any) -> Any:
    """numpy.resize."""
    return resize_(to_array(tensor(a)), *dim_inputs(dims_of(new_shape)))
