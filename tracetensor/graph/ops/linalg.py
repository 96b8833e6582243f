"""Linear algebra: numpy.linalg as it is, with shapes; results that are named tuples stay so."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.answers import NUMPY, Unsupported, answers
from tracetensor.graph.infer import broadcast_shapes
from tracetensor.graph.node import Variable
from tracetensor.graph.ops.conversion import real
from tracetensor.graph.ops.dims import Int, lifts, same_axis
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.library import (
    declare,
    drop_axes,
    first_shape,
    library_op,
    no_out,
    one_axis,
    plain,
    static_bool,
    tensor,
)
from tracetensor.graph.ops.products import dot

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node


def _batch(rank: int) -> Callable[..., Any]:
    """The result keeps the leading dims and has `rank` dims of its own, as the last of the input."""

    def rule(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
        shape = types[0].shape
        return (*shape[:-2], *shape[len(shape) - rank :])

    return rule


def _solve_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    a, b = types[0].shape, types[1].shape
    if len(b) == 1:
        return (*a[:-2], b[0] if b[0] is not None else a[-1])
    return (*broadcast_shapes(a[:-2], b[:-2]), *b[-2:])


def _transposed(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    shape = types[0].shape
    return (*shape[:-2], shape[-1], shape[-2])


solve = declare(np.linalg.solve, "a b", family="linalg", shape=_solve_shape)
inv = declare(np.linalg.inv, "a", family="linalg", shape=first_shape)
det = declare(np.linalg.det, "a", family="linalg", shape=_batch(0))
cholesky = declare(np.linalg.cholesky, "a", "upper", family="linalg", shape=first_shape)
pinv = declare(np.linalg.pinv, "a rcond rtol", "hermitian", family="linalg", shape=_transposed)
declare(np.linalg.eigvalsh, "a", "UPLO", family="linalg", shape=_batch(1))
declare("linalg.svdvals", "x", family="linalg")
declare(np.linalg.matrix_rank, "A tol rtol", "hermitian", family="linalg", shape=_batch(0))
declare(np.linalg.cond, "x", "p", family="linalg", shape=_batch(0))
declare(np.linalg.matrix_norm, "x", "ord keepdims", family="linalg")
declare(np.linalg.vector_norm, "x", "axis ord keepdims", family="linalg")
declare(np.linalg.lstsq, "a b rcond", family="linalg", sizes=(1, 2))
declare(np.linalg.tensorsolve, "a b", "axes", family="linalg", sizes=(1,))
declare(np.linalg.tensorinv, "a", "ind", family="linalg", sizes=(1,))
lifts("inv", "cholesky")(same_axis)


@lifts("solve")
def _lift_solve(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    a, b = node.inputs
    return lift(b, axis) if a.ndim == 2 else None


# Results with names ----------------------------------------------------------------------------------------------


@functools.cache
def _result_class(function: Callable[..., Any]) -> Any:
    """The named tuple that a function returns, learnt by calling it."""
    return type(function(np.eye(1)))


def _named(name: str, options: str = "", shape: Any = None) -> None:
    function = getattr(np.linalg, name)
    declare(function, "a", options, family="linalg", shape=shape)
    build = NUMPY[function]

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        result = build(*args, **kwargs)
        return _result_class(function)(*result) if isinstance(result, tuple) else result

    wrapped.__name__, wrapped.__doc__ = name, f"numpy.linalg.{name}."
    answers(function)(wrapped)


def _slogdet_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    return [types[0].shape[:-2]] * 2


def _eigh_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    return [types[0].shape[:-1], types[0].shape]


_named("slogdet", shape=_slogdet_shape)
_named("eigh", "UPLO", shape=_eigh_shape)
_named("qr", "mode")
_named("svd", "full_matrices compute_uv hermitian")


def _eigen(name: str) -> None:
    """Eigenvalues of a real matrix are real or complex as they happen to be: then not an op."""
    function = getattr(np.linalg, name)
    op = library_op(name, function, family="linalg", shape=_eigh_shape if name == "eig" else _batch(1))

    @answers(function)
    def build(a: Any) -> Any:
        x = tensor(a)
        if x.dtype.kind != "c":
            raise Unsupported("eigenvalues whose dtype depends on the values")
        result = op(x)
        return _result_class(function)(*result) if isinstance(result, tuple) else result

    build.__name__, build.__doc__ = name, f"numpy.linalg.{name} of complex matrices."


_eigen("eig")
_eigen("eigvals")


# Norms and powers ------------------------------------------------------------------------------------------------


def _norm_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    axis = params["axis"]
    axes = (axis,) if isinstance(axis, int) else axis
    shape = types[0].shape
    normal = None if axes is None else [k % len(shape) for k in axes]
    return drop_axes(shape, normal, keepdims=params["keepdims"])


norm_ = library_op("norm", np.linalg.norm, family="linalg", shape=_norm_shape)
"""numpy.linalg.norm(x; ord, axis, keepdims)."""


@answers(np.linalg.norm)
def norm(x: Any, ord: Any = None, axis: Any = None, keepdims: Any = False) -> Any:
    """A norm of vectors or matrices; the Euclidean one along an axis is composed as NumPy does it."""
    x, order, axis = tensor(x), plain(ord), plain(axis)
    keep = static_bool(keepdims)
    if isinstance(axis, int) and order in {None, 2} and x.dtype.kind in "fc" and x.ndim:
        along = one_axis(axis, x.ndim)
        squares = UFUNCS["multiply"](x, x)
        if x.dtype.kind == "c":
            squares = real(UFUNCS["multiply"](UFUNCS["conjugate"](x), x))
        return UFUNCS["sqrt"](NUMPY[np.sum](squares, axis=along, keepdims=keep))
    return norm_(x, ord=order, axis=axis, keepdims=keep)


matrix_power_ = library_op("matrix_power", np.linalg.matrix_power, family="linalg", shape=first_shape)


@answers(np.linalg.matrix_power)
def matrix_power(a: Any, n: Any) -> Any:
    """A square matrix to an integer power."""
    return matrix_power_(tensor(a), tensor(n))


multi_dot_ = library_op("multi_dot", lambda *arrays: np.linalg.multi_dot(arrays), family="linalg")


@answers(np.linalg.multi_dot)
def multi_dot(arrays: Any, *, out: Any = None) -> Any:
    """A chain of products in the cheapest order."""
    no_out(out)
    if isinstance(arrays, Variable):
        raise Unsupported("multi_dot of one array")
    factors = [tensor(a) for a in arrays]
    if len(factors) < 2:
        msg = "Expecting at least two arrays."
        raise ValueError(msg)
    return dot(*factors) if len(factors) == 2 else multi_dot_(*factors)
