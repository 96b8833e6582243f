"""Products of arrays: matmul, dot and their relatives; einsum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Deoptimise, TypeInferenceError
from tracetensor.graph.answers import Unsupported, answers, static, static_axes
from tracetensor.graph.infer import broadcast_shapes
from tracetensor.graph.node import Variable
from tracetensor.graph.ops.dims import Int, lifts, product, shape_of
from tracetensor.graph.ops.elementwise import UFUNCS, to_array
from tracetensor.graph.ops.library import call, declare, given, library_op, no_out, plain, tensor
from tracetensor.graph.ops.shape import permute, ravel, take_index, to_shape

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node


def _agree(m: int | None, n: int | None, what: str) -> None:
    if m is not None and n is not None and m != n:
        msg = f"{what}: dims {m} and {n} are not aligned"
        raise TypeInferenceError(msg)


def _matmul_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    a, b = types[0].shape, types[1].shape
    if not a or not b:
        msg = "matmul: input operand does not have enough dimensions"
        raise TypeInferenceError(msg)
    _agree(a[-1], b[-2] if len(b) > 1 else b[0], "matmul")
    return (*broadcast_shapes(a[:-2], b[:-2]), *a[-2:-1], *(b[-1:] if len(b) > 1 else ()))


def _dot_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    a, b = types[0].shape, types[1].shape
    if not a or not b:
        return a or b
    _agree(a[-1], b[-2] if len(b) > 1 else b[0], "dot")
    return (*a[:-1], *b[:-2], *(b[-1:] if len(b) > 1 else ()))


def _inner_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    a, b = types[0].shape, types[1].shape
    if not a or not b:
        return a or b
    _agree(a[-1], b[-1], "inner")
    return (*a[:-1], *b[:-1])


def _product_raises(node: Node) -> bool:
    """Whether the contracted (or broadcast) dims may differ."""
    a, b = node.inputs
    if node.op.name == "dot" and not (a.ndim and b.ndim):
        return False
    if a.ndim > 2 or b.ndim > 2 or not a.ndim or not b.ndim:
        return True
    m = a.tensor.shape[-1]
    n = b.tensor.shape[0 if node.op.name != "inner" else -1]
    return m is None or m != n


matmul = library_op("matmul", np.matmul, family="product", shape=_matmul_shape, raises=_product_raises)
"""numpy.matmul(a, b)."""
dot = library_op("dot", np.dot, family="product", shape=_dot_shape, raises=_product_raises)
"""numpy.dot(a, b)."""
inner = library_op("inner", np.inner, family="product", shape=_inner_shape, raises=_product_raises)
"""numpy.inner(a, b)."""


@lifts("matmul")
def _lift_matmul(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    a, b = node.inputs
    if b.ndim > 1 and axis == x.ndim - 1:
        return lift(b, b.ndim - 1)
    if a.ndim > 1 and axis == x.ndim - min(b.ndim, 2):
        return lift(a, a.ndim - 2)
    if b.ndim <= 2:
        return lift(a, axis)
    return lift(b, axis) if a.ndim <= 2 else None


@lifts("dot")
def _lift_dot(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    a, b = node.inputs
    if not a.ndim or not b.ndim:
        return lift(a if a.ndim else b, axis)
    if axis < a.ndim - 1:
        return lift(a, axis)
    return lift(b, b.ndim - 1 if axis == x.ndim - 1 else axis - a.ndim + 1)


@answers(np.matmul, np.linalg.matmul)
def matmul_function(x1: Any, x2: Any, /, out: Any = None, **kwargs: Any) -> Any:
    """a @ b."""
    no_out(out, *kwargs.values())
    return matmul(tensor(x1), tensor(x2))


@answers(np.dot, method="dot")
def dot_function(a: Any, b: Any, out: Any = None) -> Any:
    """numpy.dot."""
    no_out(out)
    return dot(tensor(a), tensor(b))


@answers(np.inner)
def inner_function(a: Any, b: Any, /) -> Any:
    """numpy.inner."""
    return inner(tensor(a), tensor(b))


declare(np.vdot, "a b", signature="a, b", family="product", shape=lambda types, params: ())


def _generalised(name: str, shape: Any) -> None:
    function = getattr(np, name, None)
    if function is None:
        return
    op = library_op(name, function, family="product", shape=shape)
    linear = getattr(np.linalg, name, None)

    @answers(*[f for f in (function, linear) if f is not None])
    def build(x1: Any, x2: Any, /, out: Any = None, *, axis: Any = -1, **kwargs: Any) -> Any:
        no_out(out, *kwargs.values())
        if plain(axis) != -1:
            raise Unsupported("a product along another axis than the last")
        return op(tensor(x1), tensor(x2))

    build.__doc__ = f"numpy.{name}."


def _vecdot_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    return broadcast_shapes(types[0].shape[:-1], types[1].shape[:-1])


def _matvec_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    a, b = types[0].shape, types[1].shape
    return (*broadcast_shapes(a[:-2], b[:-1]), a[-2]) if len(a) > 1 else None


def _vecmat_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    a, b = types[0].shape, types[1].shape
    return (*broadcast_shapes(a[:-1], b[:-2]), b[-1]) if len(b) > 1 else None


_generalised("vecdot", _vecdot_shape)
_generalised("matvec", _matvec_shape)
_generalised("vecmat", _vecmat_shape)


@answers(np.outer)
def outer(a: Any, b: Any, out: Any = None) -> Any:
    """The products of all elements of a with all of b."""
    no_out(out)
    x, y = ravel(to_array(tensor(a))), ravel(to_array(tensor(b)))
    return UFUNCS["multiply"](take_index(x, slice(None), None), take_index(y, None, slice(None)))


@answers(np.linalg.outer)
def linalg_outer(x1: Any, x2: Any, /) -> Any:
    """The outer product of two vectors."""
    a, b = to_array(tensor(x1)), to_array(tensor(x2))
    if a.ndim != 1 or b.ndim != 1:
        msg = f"Input arrays must be one-dimensional, but they are x1.ndim={a.ndim} and x2.ndim={b.ndim}."
        raise ValueError(msg)
    return outer(a, b)


@answers(np.tensordot, np.linalg.tensordot)
def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """A sum of products over some axes of a and b: one dot of matrices, as in NumPy."""
    x, y = to_array(tensor(a)), to_array(tensor(b))
    axes = static(axes)
    if isinstance(axes, (tuple, list)):
        first, second = axes
        over_x = static_axes(first, x.ndim) or ()
        over_y = static_axes(second, y.ndim) or ()
    else:
        count = int(axes)
        over_x, over_y = tuple(range(x.ndim - count, x.ndim)), tuple(range(count))
    dims_x, dims_y = shape_of(x), shape_of(y)
    if (
        len(over_x) != len(over_y)
        or any(k < 0 or k >= x.ndim for k in over_x)
        or any(k >= y.ndim for k in over_y)
    ):
        msg = "shape-mismatch for sum"
        raise ValueError(msg)
    for i, j in zip(over_x, over_y, strict=True):
        m, n = x.tensor.shape[i], y.tensor.shape[j]
        if m is not None and n is not None and m != n:
            msg = "shape-mismatch for sum"
            raise ValueError(msg)
    if len(over_x) > 1 and any(
        dims_x[i] is not dims_y[j] and dims_x[i] != dims_y[j] for i, j in zip(over_x, over_y, strict=True)
    ):
        return _tensordot(x, y, axes_a=over_x, axes_b=over_y)
    kept_x = [k for k in range(x.ndim) if k not in over_x]
    kept_y = [k for k in range(y.ndim) if k not in over_y]
    contracted = product([dims_x[k] for k in over_x])
    rows = product([dims_x[k] for k in kept_x])
    columns = product([dims_y[k] for k in kept_y])
    left = to_shape(permute(x, (*kept_x, *over_x)), [rows, contracted])
    right = to_shape(permute(y, (*over_y, *kept_y)), [product([dims_y[k] for k in over_y]), columns])
    return to_shape(dot(left, right), [*[dims_x[k] for k in kept_x], *[dims_y[k] for k in kept_y]])


def _tensordot_value(a: Any, b: Any, *, axes_a: tuple[int, ...], axes_b: tuple[int, ...]) -> Any:
    return np.tensordot(a, b, (axes_a, axes_b))


def _tensordot_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    a = [n for k, n in enumerate(types[0].shape) if k not in params["axes_a"]]
    return (*a, *[n for k, n in enumerate(types[1].shape) if k not in params["axes_b"]])


_tensordot = library_op("tensordot", _tensordot_value, family="product", shape=_tensordot_shape)
"""numpy.tensordot over several axes whose dims are not known to agree."""

kron_ = declare(np.kron, "a b", family="product")


# Cross products --------------------------------------------------------------------------------------------------


def _cross_value(*values: Any, rank: int, **params: Any) -> Any:
    result = call(np.cross, values, (), params)
    if np.ndim(result) != rank:
        msg = "numpy.cross of vectors of another length than when the function was traced"
        raise Deoptimise(msg)
    return result


cross_ = library_op("cross", _cross_value, family="product", sizes=(3, 2))


@answers(np.cross)
def cross(a: Any, b: Any, axisa: Any = -1, axisb: Any = -1, axisc: Any = -1, axis: Any = None) -> Any:
    """numpy.cross; vectors of unknown length are taken to have three components."""
    x, y = tensor(a), tensor(b)
    options = [plain(v) for v in ((axisa, axisb, axisc) if not given(axis) else (axis, axis, axis))]
    params = dict(zip(("axisa", "axisb", "axisc"), options, strict=True))
    if x.ndim < 1 or y.ndim < 1:
        msg = "At least one array has zero dimension"
        raise ValueError(msg)
    flat = x.tensor.shape[options[0]] == 2 and y.tensor.shape[options[1]] == 2
    rank = max(x.ndim, y.ndim) - flat
    return cross_(x, y, rank=rank, **params)


declare("linalg.cross", "x1 x2", "axis", name="linalg_cross", family="product", sizes=(3,))


# Sums by subscripts ----------------------------------------------------------------------------------------------


def _einsum_value(*operands: Any, subscripts: str, optimize: Any = False, **options: Any) -> Any:
    optimize = list(optimize) if isinstance(optimize, tuple) else optimize
    return np.einsum(subscripts, *operands, optimize=optimize, **options)


def _einsum_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    text = params["subscripts"].replace(" ", "")
    if "." in text:
        return None
    terms, arrow, result = text.partition("->")
    dims: dict[str, int | None] = {}
    for term, type_ in zip(terms.split(","), types, strict=True):
        for letter, n in zip(term, type_.shape, strict=False):
            if dims.get(letter) in {None, 1}:
                dims[letter] = n if letter not in dims or n != 1 else dims[letter]
    if not arrow:
        letters = terms.replace(",", "")
        result = "".join(sorted(c for c in set(letters) if letters.count(c) == 1))
    return tuple([dims.get(letter) for letter in result])


einsum_ = library_op("einsum", _einsum_value, family="product", shape=_einsum_shape)
"""numpy.einsum(subscripts, *operands, optimize=optimize)."""


@answers(np.einsum)
def einsum(*operands: Any, out: Any = None, optimize: Any = False, **kwargs: Any) -> Any:
    """numpy.einsum with subscripts as a string."""
    subscripts, *rest = operands
    if isinstance(subscripts, Variable):
        raise Unsupported("einsum with lists of axes")
    subscripts = static(subscripts)
    if not isinstance(subscripts, str):
        raise Unsupported("einsum with lists of axes")
    no_out(out, *kwargs.values())
    arrays = [tensor(x) for x in rest]
    terms, arrow, result = subscripts.replace(" ", "").partition("->")
    if len(arrays) == 1:
        target = result if arrow else "".join(sorted(c for c in set(terms) if terms.count(c) == 1))
        if set(terms) == set(target):
            return _view_by_subscripts(arrays[0], terms, target)
    return einsum_(*arrays, subscripts=subscripts, optimize=plain(optimize))


def _view_by_subscripts(x: Variable, term: str, result: str) -> Any:
    """An einsum of one array that sums nothing gives a view: a transpose."""
    if "." in term or len(set(term)) != len(term) or sorted(term) != sorted(result) or len(term) != x.ndim:
        raise Unsupported("einsum that gives a view of a diagonal")
    return (
        permute(to_array(x), [term.index(letter) for letter in result])
        if term
        else einsum_(x, subscripts="->", optimize=False)
    )
