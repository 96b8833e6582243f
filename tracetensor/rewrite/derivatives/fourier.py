"""Derivatives of Fourier transforms: linear, and symmetric matrices, so that a transform is its own transpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.op import find_op
from tracetensor.graph.ops import creation
from tracetensor.graph.ops.dims import dim_inputs, int_smaller, shape_of
from tracetensor.graph.ops.indexing import setitem
from tracetensor.graph.ops.shape import slice_axis
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent


def resized(x: Any, n: Any, axis: int, dims: Sequence[Any]) -> Any:
    """x, of these dims, cut off, or filled up with zeros, to length n along an axis."""
    dims = list(dims)
    if dims[axis] is n or dims[axis] == n:
        return x
    new = [*dims[:axis], n, *dims[axis + 1 :]]
    blank = creation.zeros(*dim_inputs(new), dtype=x.dtype)
    common = int_smaller(n, dims[axis])
    spec = (*["s000"] * axis, "s010")
    return setitem(blank, slice_axis(x, axis, None, common), common, spec=spec)


def _plain(x: Any, name: str, axis: int, norm: Any) -> Any:
    params = {"axis": axis} if norm is None else {"axis": axis, "norm": norm}
    return find_op(name)(x, **params)


def _length(node: Node, axis: int) -> Any:
    """The length that a transform is told to have, None where it is the input's."""
    if "names" in node.params and "n" in node.params["names"]:
        return node.inputs[1]
    return node.params.get("n")


@def_jvp("fft", "ifft")
def _fft(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    axis = node.params.get("axis", -1) % node.inputs[0].ndim
    t: Any = number(tangents[0], node.outputs[0].dtype)  # type: ignore[arg-type]
    return _plain(
        resized(t, shape_of(node.outputs[0])[axis], axis, shape_of(node.inputs[0])),
        node.op.name,
        axis,
        node.params.get("norm"),
    )


@def_transpose("fft", "ifft")
def _fft_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], node.op(cotangents[0], **node.params))


def _rfft(t: Any, n: Any, m: Any, axis: int, norm: Any, dims: Sequence[Any]) -> Any:
    return slice_axis(_plain(resized(t, n, axis, dims), "fft", axis, norm), axis, None, m)


def _irfft(t: Any, n: Any, axis: int, norm: Any, dims: Sequence[Any]) -> Any:
    """The real part of the inverse transform of a spectrum of which the other half is the conjugate mirror image."""
    from tracetensor.graph.ops.dims import int_add, int_floordiv, int_sub

    m = int_add(int_floordiv(n, 2), 1)
    half = resized(t, m, axis, dims)
    rest = slice_axis(half, axis, 1, int_add(int_sub(n, m), 1))
    whole = np.concatenate([half, np.conjugate(np.flip(rest, axis))], axis=axis)
    return np.real(_plain(whole, "ifft", axis, norm))


SWAPPED = {None: "forward", "backward": "forward", "forward": "backward", "ortho": "ortho"}


@def_jvp("rfft", "ihfft", "irfft", "hfft")
def _half(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, out = node.inputs[0], node.outputs[0]
    axis = node.params.get("axis", -1) % x.ndim
    norm = node.params.get("norm")
    kind = out.dtype if out.dtype.kind == "c" else np.result_type(out.dtype, np.complex64)
    t: Any = number(tangents[0], kind)  # type: ignore[arg-type]
    dims = shape_of(x)
    if node.op.name in {"rfft", "ihfft"}:
        n = _length(node, axis)
        n = shape_of(x)[axis] if n is None else n
        if node.op.name == "rfft":
            return _rfft(t, n, shape_of(out)[axis], axis, norm, dims)
        return np.conjugate(_rfft(t, n, shape_of(out)[axis], axis, SWAPPED[norm], dims))
    n = shape_of(out)[axis]
    if node.op.name == "irfft":
        return _irfft(t, n, axis, norm, dims)
    return _irfft(np.conjugate(t), n, axis, SWAPPED[norm], dims)


@def_jvp("fft2", "ifft2", "fftn", "ifftn", "rfft2", "rfftn", "irfft2", "irfftn")
def _several(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, out = node.inputs[0], node.outputs[0]
    name, norm = node.op.name, node.params.get("norm")
    axes = node.params.get("axes")
    if axes is None:
        sizes = node.params.get("s")
        count = len(sizes) if sizes is not None else (2 if name.endswith("2") else x.ndim)
        axes = tuple(range(x.ndim - count, x.ndim))
    axes = [k % x.ndim for k in axes]
    kind = out.dtype if out.dtype.kind == "c" else np.result_type(out.dtype, np.complex64)
    t: Any = number(tangents[0], kind)  # type: ignore[arg-type]
    dims, now = shape_of(out), list(shape_of(x))
    sizes = node.params.get("s")
    if name.startswith("rfft"):
        n = now[axes[-1]] if sizes is None else sizes[-1]
        t = _rfft(t, n, dims[axes[-1]], axes[-1], norm, now)
        now[axes[-1]] = dims[axes[-1]]
        axes = axes[:-1]
    base = "ifft" if name.startswith("i") else "fft"
    for axis in axes[:-1] if name.startswith("irfft") else axes:
        t = _plain(resized(t, dims[axis], axis, now), base, axis, norm)
        now[axis] = dims[axis]
    return _irfft(t, dims[axes[-1]], axes[-1], norm, now) if name.startswith("irfft") else t
