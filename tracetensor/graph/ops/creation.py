"""New arrays: filled, counting, sampled; their sizes are int inputs, so that one graph serves all sizes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.answers import NUMPY, Unsupported, answers, static, static_int
from tracetensor.graph.infer import probe, shrink, tensors
from tracetensor.graph.node import Constant, Variable, constant
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.dims import (
    DimsOp,
    Int,
    array_of,
    as_int,
    dim_inputs,
    dims_may_raise,
    dims_of,
    int_larger,
    int_sub,
    is_natural,
    known,
    lifts,
    same_axis,
    shape_of,
    static_dims,
)
from tracetensor.graph.ops.elementwise import as_kind, to_array, where
from tracetensor.graph.ops.indexing import assemble
from tracetensor.graph.ops.library import (
    declare,
    dtype_of,
    given,
    library_op,
    no_out,
    plain,
    static_bool,
    tensor,
)
from tracetensor.graph.ops.shape import diagonal, duplicate, expand_to, take_index, to_shape
from tracetensor.graph.types import ARRAY, FLOAT, INT, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node

# Filled arrays ---------------------------------------------------------------------------------------------------


def _filled(name: str) -> Op:
    function = getattr(np, name)

    def infer(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
        return array_of(params["dtype"], inputs)

    op = register(
        DimsOp(
            name,
            evaluate=lambda *dims, dtype, order="C": function(dims, dtype, order),
            infer=infer,
            family="creation",
            raises=lambda node: dims_may_raise(node.inputs),
        )
    )

    @answers(function)
    def build(
        shape: Any, dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
    ) -> Any:
        no_out(like)
        options = {} if static(order) == "C" else {"order": static(order)}
        return op(*dim_inputs(dims_of(shape)), dtype=dtype_of(dtype) or np.dtype(np.float64), **options)

    build.__doc__ = f"numpy.{name}."
    return op


zeros = _filled("zeros")
ones = _filled("ones")
empty = _filled("empty")
"""zeros, ones, empty(*dims; dtype[, order])."""


def _natural_dims(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    return node.inputs[axis]


lifts("zeros", "ones", "empty")(_natural_dims)


def _infer_full(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    (value, *_) = tensors(types, "full")
    return array_of(params["dtype"] or _own_dtype(value), inputs[1:])


def _own_dtype(type_: TensorType) -> np.dtype[Any]:
    (found,) = probe(np.asarray, [shrink(type_)])
    dtype: np.dtype[Any] = found.dtype
    return dtype


full = register(
    DimsOp(
        "full",
        evaluate=lambda value, *dims, dtype, order="C": np.full(dims, value, dtype, order),
        infer=_infer_full,
        family="creation",
        raises=lambda node: (
            node.inputs[0].ndim > 0 or node.inputs[0].tensor.is_python or dims_may_raise(node.inputs[1:])
        ),
    )
)
"""full(value, *dims; dtype[, order])."""
lifts("full")(lambda x, axis, node, lift: node.inputs[1 + axis])


@answers(np.full)
def full_function(
    shape: Any, fill_value: Any, dtype: Any = None, order: Any = "C", *, device: Any = None, like: Any = None
) -> Any:
    """numpy.full."""
    no_out(like)
    value = tensor(fill_value)
    options = {} if static(order) == "C" else {"order": static(order)}
    return full(
        value, *dim_inputs(dims_of(shape)), dtype=dtype_of(dtype) or _own_dtype(value.tensor), **options
    )


def _filled_like(name: str, *, has_value: bool = False) -> Op:
    function = getattr(np, name)

    def infer(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
        x = tensors(types, name)[0]
        return TensorType(params["dtype"], x.shape, ARRAY)

    op = register(
        Op(
            name,
            evaluate=lambda x, *value, dtype: function(x, *value, dtype=dtype),
            infer=infer,
            family="creation",
            raises=has_value,
        )
    )
    lifts(name)(same_axis)

    def emit(a: Any, value: list[Any], dtype: Any, order: Any, shape: Any) -> Any:
        x = tensor(a)
        order = static(order)
        target = dtype_of(dtype) or _own_dtype(x.tensor)
        if given(shape):
            if order not in {"C", "K"} or len(dims_of(shape)) == x.ndim > 1:
                raise Unsupported("the layout of a like with a shape")
            base = NUMPY[getattr(np, name.removesuffix("_like"))]
            return base(shape, *value, dtype=target)
        if order != "K" and x.ndim > 1:
            raise Unsupported("a like in a memory order")
        return op(x, *map(tensor, value), dtype=target)

    def build(a: Any, *args: Any, **kwargs: Any) -> Any:
        names = [*(["fill_value"] if has_value else []), "dtype", "order", "subok", "shape"]
        options = {
            "dtype": None,
            "order": "K",
            "subok": True,
            "shape": None,
            **dict(zip(names, args, strict=False)),
            **kwargs,
        }
        value = [options.pop("fill_value")] if has_value else []
        return emit(a, value, options["dtype"], options["order"], options["shape"])

    build.__name__, build.__doc__ = name, f"numpy.{name}."
    answers(function)(build)
    return op


zeros_like = _filled_like("zeros_like")
ones_like = _filled_like("ones_like")
empty_like = _filled_like("empty_like")
full_like = _filled_like("full_like", has_value=True)
"""zeros_like, ones_like, empty_like(x; dtype), full_like(x, value; dtype): in the memory layout of x."""


# Counting and sampling -------------------------------------------------------------------------------------------


def _arange(*bounds: Any, dtype: Any) -> Any:
    return np.arange(*bounds, dtype=dtype)


def _infer_arange(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    (found,) = probe(_arange, [shrink(t) for t in types], dict(params))
    values: list[Any] = [v.value if isinstance(v, Constant) else None for v in inputs]
    length = None if None in values else len(np.arange(*values))
    return TensorType(found.dtype, (length,), ARRAY)


def _arange_raises(node: Node) -> bool:
    whole = all(v.type is INT for v in node.inputs)
    return not whole or (len(node.inputs) == 3 and known(node.inputs[2]) in {None, 0})


arange = register(
    DimsOp("arange", evaluate=_arange, infer=_infer_arange, family="creation", raises=_arange_raises)
)
"""numpy.arange(start, stop, step, dtype=dtype); one input (stop) or two where a bound is a NumPy scalar."""


@lifts("arange")
def _lift_arange(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    whole = len(node.inputs) == 3 and all(v.type is INT for v in node.inputs)
    if whole and known(node.inputs[0]) == 0 and known(node.inputs[2]) == 1:
        return int_larger(node.inputs[1], 0)
    return None


@answers(np.arange)
def arange_function(*args: Any, device: Any = None, like: Any = None, **named: Any) -> Any:
    """numpy.arange(stop), (start, stop), (start, stop, step), each with a dtype."""
    no_out(like)
    dtype = dtype_of(args[3] if len(args) > 3 else named.pop("dtype", None))
    start_name = "start" if "start" in named else "start_or_stop"
    values = [*args[:3], *[named.pop(k, None) for k in (start_name, "stop", "step")[len(args[:3]) :]]]
    if named:
        raise Unsupported("arange with options")
    first, second, step = values
    if first is None or (second is None and step is not None):
        raise Unsupported("arange without a start")
    bounds = [tensor(v) for v in (first, second, step) if v is not None]
    if all(b.type in {INT, FLOAT} for b in bounds):
        bounds = [constant(0), *bounds] if second is None else bounds
        bounds = [*bounds, constant(1)] if len(bounds) == 2 else bounds
    return arange(*bounds, dtype=dtype)


def _sampled(name: str, extra: str) -> None:
    def rule(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
        return None

    function = getattr(np, name)
    op = library_op(name, function, family="creation", shape=rule)
    names = extra.split()

    @answers(function)
    def build(start: Any, stop: Any, num: Any = 50, endpoint: Any = True, *args: Any, **kwargs: Any) -> Any:
        options = {**dict(zip(names, args, strict=False)), **kwargs}
        params: dict[str, Any] = {}
        extras: dict[str, Variable] = {}
        for key, value in {"num": num, "endpoint": endpoint, **options}.items():
            if key == "dtype":
                if (target := dtype_of(value)) is not None:
                    params[key] = target
            elif key == "num":
                extras[key] = tensor(as_int(num))
            elif key == "base" and isinstance(value, Variable):
                extras[key] = value
            elif key == "retstep" and static_bool(value):
                raise Unsupported("the step of a linspace, whose class depends on the values")
            elif key not in {*names, "endpoint"}:
                no_out(value)
            else:
                params[key] = plain(value)
        return op(tensor(start), tensor(stop), *extras.values(), names=tuple(extras), **params)

    build.__doc__ = f"numpy.{name}."

    @lifts(name)
    def lift_num(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
        return node.inputs[2] if x.ndim == 1 and is_natural(node.inputs[2]) else None


_sampled("linspace", "retstep dtype axis")
_sampled("logspace", "base dtype axis")
_sampled("geomspace", "dtype axis")


# Diagonals and triangles -----------------------------------------------------------------------------------------


def _two_dims(name: str, function: Callable[..., Any]) -> Op:
    def infer(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
        dims = static_dims(inputs[:2])
        return TensorType(params["dtype"], tuple([None if n is None else max(n, 0) for n in dims]), ARRAY)

    op = register(
        DimsOp(
            name,
            evaluate=lambda n, m, k, *, dtype: function(n, m, k, dtype=dtype),
            infer=infer,
            family="creation",
            raises=lambda node: dims_may_raise(node.inputs[:2]),
        )
    )
    lifts(name)(lambda x, axis, node, lift: node.inputs[axis] if is_natural(node.inputs[axis]) else None)
    return op


eye = _two_dims("eye", np.eye)
tri = _two_dims("tri", np.tri)
"""eye, tri(rows, columns, offset; dtype)."""


def _emit(op: Op, rows: Any, columns: Any, offset: Any, dtype: Any) -> Any:
    n = as_int(rows)
    m = as_int(columns) if given(columns) else n
    return op(*dim_inputs([n, m, as_int(offset)]), dtype=dtype_of(dtype) or np.dtype(np.float64))


@answers(np.eye)
def eye_function(  # noqa: PLR0913 - NumPy's signature
    N: Any,
    M: Any = None,
    k: Any = 0,
    dtype: Any = float,
    order: Any = "C",
    *,
    device: Any = None,
    like: Any = None,
) -> Any:
    """numpy.eye."""
    no_out(like, None if static(order) == "C" else order)
    return _emit(eye, N, M, k, dtype)


@answers(np.identity)
def identity(n: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """numpy.identity."""
    no_out(like)
    return _emit(eye, n, None, 0, dtype)


@answers(np.tri)
def tri_function(N: Any, M: Any = None, k: Any = 0, dtype: Any = float, *, like: Any = None) -> Any:
    """numpy.tri: ones at and below a diagonal."""
    no_out(like)
    return _emit(tri, N, M, k, dtype)


def _triangle(m: Any, k: Any, *, lower: bool) -> Any:
    x = to_array(tensor(m))
    if not x.ndim:
        raise Unsupported("a triangle of rank 0")
    dims = shape_of(x)
    offset = as_int(k) if lower else int_sub(as_int(k), 1)
    mask = _emit(tri, dims[-min(x.ndim, 2)], dims[-1], offset, bool)
    nothing = constant(np.zeros(1, x.dtype))
    return where(mask, x, nothing) if lower else where(mask, nothing, x)


@answers(np.tril)
def tril(m: Any, k: Any = 0) -> Any:
    """The lower triangle, zeros elsewhere."""
    return _triangle(m, k, lower=True)


@answers(np.triu)
def triu(m: Any, k: Any = 0) -> Any:
    """The upper triangle, zeros elsewhere."""
    return _triangle(m, k, lower=False)


declare(np.tril_indices, "n", "k? m?")
declare(np.triu_indices, "n", "k? m?")
declare(np.tril_indices_from, "arr", "k?")
declare(np.triu_indices_from, "arr", "k?")
declare(np.diag_indices, "n", "ndim")
declare(np.diag_indices_from, "arr", sizes=(2,))
declare(np.diagflat, "v", "k?")
declare(np.vander, "x", "N? increasing")
diag_matrix = library_op("diag", np.diag, family="creation", raises=False)
"""numpy.diag(v, k) of a vector: the matrix with it on a diagonal."""


@answers(np.diag)
def diag(v: Any, k: Any = 0) -> Any:
    """The diagonal of a matrix (a read-only view), or the matrix with a diagonal."""
    x = to_array(tensor(v))
    if x.ndim == 2:
        return diagonal(x, static_int(k))
    return diag_matrix(x, tensor(k))


# Grids -----------------------------------------------------------------------------------------------------------


@answers(np.meshgrid)
def meshgrid(*xi: Any, copy: Any = True, sparse: Any = False, indexing: Any = "xy") -> tuple[Variable, ...]:
    """Coordinate arrays of a grid."""
    indexing = static(indexing)
    if indexing not in {"xy", "ij"}:
        msg = "Valid values for `indexing` are 'xy' and 'ij'."
        raise ValueError(msg)
    rank = len(xi)
    places = list(range(rank))
    if indexing == "xy" and rank > 1:
        places[:2] = [1, 0]
    arrays = [to_array(tensor(x)) for x in xi]
    flat = [to_shape(x, [-1]) if x.ndim != 1 else x for x in arrays]
    lengths = [shape_of(x)[0] for x in flat]
    grid = [
        take_index(x, *[slice(None) if k == p else None for k in range(rank)])
        for x, p in zip(flat, places, strict=True)
    ]
    if not static_bool(sparse):
        dims = [lengths[places.index(k)] for k in range(rank)]
        grid = [expand_to(x, dims) for x in grid] if rank > 1 else grid
    return tuple([duplicate(x, "C") for x in grid] if static_bool(copy) else grid)


def _infer_indices(types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable]) -> Type:
    return array_of(params["dtype"], [len(inputs), *inputs])


indices_ = register(
    DimsOp(
        "indices",
        evaluate=lambda *dims, dtype: np.indices(dims, dtype),
        infer=_infer_indices,
        family="creation",
        raises=lambda node: dims_may_raise(node.inputs),
    )
)
"""numpy.indices(dims; dtype)."""
lifts("indices")(lambda x, axis, node, lift: node.inputs[axis - 1])


@answers(np.indices)
def indices(dimensions: Any, dtype: Any = int, sparse: Any = False) -> Any:
    """numpy.indices: one array, or an open grid."""
    dims = dims_of(dimensions)
    target = dtype_of(dtype)
    assert target is not None
    if not static_bool(sparse):
        return indices_(*dim_inputs(dims), dtype=target)
    axes = [arange(constant(0), n, constant(1), dtype=target) for n in dim_inputs(dims)]
    return tuple([to_shape(x, [1] * k + [-1] + [1] * (len(dims) - k - 1)) for k, x in enumerate(axes)])


def _grid(grid: Any) -> Callable[..., Any]:
    def evaluate(*leaves: Any, spec: tuple[str, ...], single: bool) -> Any:
        key = assemble(spec, leaves)
        return grid[key[0] if single else key]

    return evaluate


mgrid = library_op("mgrid", _grid(np.mgrid), family="creation")
ogrid = library_op("ogrid", _grid(np.ogrid), family="creation")
"""numpy.mgrid, ogrid[key], the key as a spec of slices and leaves (graph/ops/indexing.py)."""


def _grid_getitem(op: Op, key: Any) -> Any:
    entries = key if isinstance(key, tuple) else (key,)
    spec, leaves = [], []
    for entry in entries:
        if not isinstance(entry, slice) or entry.stop is None:
            raise Unsupported("a grid of what is no slice with an end")
        parts = (entry.start, entry.stop, entry.step)
        spec.append("s" + "".join("0" if p is None else "1" for p in parts))
        leaves += [tensor(p) for p in parts if p is not None]
    result = op(*leaves, spec=tuple(spec), single=not isinstance(key, tuple))
    return (result,) if op is ogrid and isinstance(key, tuple) and len(key) == 1 else result


def mgrid_getitem(key: Any) -> Any:
    """numpy.mgrid[key]."""
    return _grid_getitem(mgrid, key)


def ogrid_getitem(key: Any) -> Any:
    """numpy.ogrid[key]."""
    return _grid_getitem(ogrid, key)


def scalar_of(x: Variable) -> Variable:
    """x[()] of rank 0: a NumPy scalar."""
    result: Variable = as_kind(x, kind="scalar")
    return result
