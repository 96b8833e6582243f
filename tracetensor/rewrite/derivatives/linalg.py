"""Derivatives of linear algebra, on stacks of matrices.

Source: Giles, "An extended collection of matrix derivative results" (2008); for decompositions the forward formulas
that other array libraries use. A function that reads one triangle of its argument has no derivative by the other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import Constant, constant
from tracetensor.graph.ops.dims import shape_of
from tracetensor.graph.ops.elementwise import where
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import CONSTANT, def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import added, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent

CONSTANT.add("matrix_rank")


def swapped(x: Any) -> Any:
    """The last two axes exchanged."""
    return np.swapaxes(x, -1, -2)


def adjoint(x: Any) -> Any:
    """The conjugate transpose."""
    return np.conjugate(swapped(x)) if x.dtype.kind == "c" else swapped(x)


def _numbers(node: Node) -> list[Any]:
    return [number(x) for x in node.outputs]


def eye_like(x: Any) -> Any:
    """The identity of the size of square matrices."""
    from tracetensor.graph.answers import NUMPY

    return NUMPY[np.eye](shape_of(x)[-1], dtype=x.dtype)


def lower(x: Any, k: int = 0) -> Any:
    """The lower triangle."""
    return np.tril(x, k)


def trace(x: Any) -> Any:
    """The sum of the diagonal of the last two axes."""
    return np.sum(np.diagonal(x, 0, -2, -1), axis=-1)


def hermitian(t: Any, uplo: str = "L") -> Any:
    """The Hermitian matrix that one triangle stands for."""
    half = lower(t, -1) if uplo == "L" else np.triu(t, 1)
    diagonal = np.multiply(t, eye_like(t))
    if t.dtype.kind == "c":
        diagonal = np.multiply(np.add(diagonal, np.conjugate(diagonal)), 0.5)
    return np.add(np.add(half, adjoint(half)), diagonal)


@def_jvp("solve")
def _solve(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    a, y = number(node.inputs[0], dtype), number(node.outputs[0], dtype)
    t, u = tangents
    parts = []
    if t is not None:
        parts.append(np.negative(np.matmul(number(t, dtype), y)))
    if u is not None:
        parts.append(number(u, dtype))
    return np.linalg.solve(a, added(parts))


@def_transpose("solve")
def _solve_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    a, b = node.inputs
    back.add(b, np.linalg.solve(swapped(a), cotangents[0]))


@def_jvp("inv")
def _inv(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    y: Any = node.outputs[0]
    return np.negative(np.matmul(np.matmul(y, number(tangents[0], y.dtype)), y))  # type: ignore[arg-type]


@def_jvp("det")
def _det(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    a, y = node.inputs[0], node.outputs[0]
    inverse = np.linalg.inv(a)
    return np.multiply(_inner(inverse, tangents[0]), number(y))


def _inner(a: Any, t: Any) -> Any:
    """trace(a @ t), of stacks."""
    return np.sum(np.multiply(swapped(a), t), axis=(-2, -1))


@def_jvp("slogdet")
def _slogdet(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    a, sign, log = node.inputs[0], *node.outputs
    found = _inner(np.linalg.inv(a), tangents[0])
    if a.dtype.kind != "c":
        return None, number(found, log.dtype)
    angle = np.subtract(found, number(np.real(found), a.dtype))
    return np.multiply(angle, number(sign)), np.real(found)


@def_jvp("cholesky")
def _cholesky(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    out: Any = node.outputs[0]
    upper = bool(node.params.get("upper"))
    factor = adjoint(out) if upper else out
    t = hermitian(number(tangents[0], out.dtype), "U" if upper else "L")  # type: ignore[arg-type]
    forward.shapes.tell(t, node.inputs[0])  # what follows asks for its dims
    left = np.linalg.solve(factor, t)
    both = adjoint(np.linalg.solve(factor, adjoint(left)))
    half = np.subtract(lower(both), np.multiply(np.multiply(both, eye_like(both)), 0.5))
    found = np.matmul(factor, half)
    return adjoint(found) if upper else found


@def_jvp("qr")
def _qr(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    if node.params.get("mode", "reduced") != "reduced" or len(node.outputs) != 2:
        raise forward.refused(node, "numpy.linalg.qr in this mode has no derivative")
    q, r = (number(v) for v in node.outputs)
    t = number(tangents[0], q.dtype)  # type: ignore[arg-type]
    over = swapped(np.linalg.solve(swapped(r), swapped(t)))
    inner = np.matmul(adjoint(q), over)
    below = lower(inner, -1)
    turn = np.subtract(below, adjoint(below))
    if q.dtype.kind == "c":
        diagonal = np.multiply(inner, eye_like(inner))
        turn = np.add(turn, np.multiply(np.subtract(diagonal, np.conjugate(diagonal)), 0.5))
    dq = np.add(np.matmul(q, np.subtract(turn, inner)), over)
    return dq, np.matmul(np.subtract(inner, turn), r)


def _gaps(w: Any, like: Any) -> Any:
    """1 / (w_j - w_i), 0 on the diagonal and for equal values."""
    difference = np.subtract(w[..., None, :], w[..., :, None])
    zero = np.equal(difference, 0)
    one = constant(w.dtype.type(1))
    return number(where(zero, constant(w.dtype.type(0)), np.divide(1, where(zero, one, difference))), like)


@def_jvp("eigh")
def _eigh(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    w, v = (number(x) for x in node.outputs)
    t = hermitian(number(tangents[0], v.dtype), str(node.params.get("UPLO", "L")).upper())  # type: ignore[arg-type]
    inner = np.matmul(np.matmul(adjoint(v), t), v)
    dw = np.real(np.diagonal(inner, 0, -2, -1))
    return dw, np.matmul(v, np.multiply(inner, _gaps(w, v.dtype)))


@def_jvp("eigvalsh")
def _eigvalsh(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    uplo = str(node.params.get("UPLO", "L")).upper()
    a: Any = node.inputs[0]
    v = np.linalg.eigh(a, uplo)[1]
    t = hermitian(number(tangents[0], v.dtype), uplo)  # type: ignore[arg-type]
    return np.real(np.diagonal(np.matmul(np.matmul(adjoint(v), t), v), 0, -2, -1))


@def_jvp("eig")
def _eig(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    w, v = (number(x) for x in node.outputs)
    inner = np.linalg.solve(v, np.matmul(number(tangents[0], v.dtype), v))  # type: ignore[arg-type]
    dw = np.diagonal(inner, 0, -2, -1)
    dv = np.matmul(v, np.multiply(inner, _gaps(w, v.dtype)))
    # The vectors have length 1.
    along = np.real(np.sum(np.multiply(np.conjugate(v), dv), axis=-2, keepdims=True))
    return dw, np.subtract(dv, np.multiply(v, number(along, v.dtype)))


@def_jvp("eigvals")
def _eigvals(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    v = np.linalg.eig(node.inputs[0])[1]
    inner = np.linalg.solve(v, np.matmul(number(tangents[0], v.dtype), v))  # type: ignore[arg-type]
    return np.diagonal(inner, 0, -2, -1)


@def_jvp("svd")
def _svd(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    a, params = node.inputs[0], node.params
    t: Any = tangents[0]
    if len(node.outputs) == 1:
        u, _, vh = np.linalg.svd(a, full_matrices=False)
        return np.real(np.diagonal(np.matmul(np.matmul(adjoint(u), t), adjoint(vh)), 0, -2, -1))
    m, n = a.tensor.shape[-2:]
    if params.get("full_matrices", True) and (m is None or m != n):
        raise forward.refused(
            node, "numpy.linalg.svd with full_matrices has no derivative by a matrix that is not square"
        )
    u, s, vh = _numbers(node)
    v, kind = adjoint(vh), u.dtype
    inner = np.matmul(np.matmul(adjoint(u), t), v)
    ds = np.real(np.diagonal(inner, 0, -2, -1))
    wide, tall = number(s[..., None, :], kind), number(s[..., :, None], kind)
    gaps = _gaps(np.multiply(s, s), kind)
    flow = np.add(np.multiply(inner, wide), np.multiply(tall, adjoint(inner)))
    back = np.add(np.multiply(tall, inner), np.multiply(adjoint(inner), wide))
    du = np.matmul(u, np.multiply(gaps, flow))
    dv = np.matmul(v, np.multiply(gaps, back))
    inverse = np.divide(1, number(s, kind))[..., None, :]
    if kind.kind == "c":
        diagonal = np.multiply(inner, eye_like(inner))
        phase = np.multiply(np.multiply(np.subtract(diagonal, np.conjugate(diagonal)), 0.5), inverse)
        du = np.add(du, np.matmul(u, phase))
    rest = np.subtract(np.matmul(t, v), np.matmul(u, np.matmul(np.matmul(adjoint(u), t), v)))
    du = np.add(du, np.multiply(rest, inverse))
    other = np.matmul(adjoint(t), u)
    rest = np.subtract(other, np.matmul(v, np.matmul(vh, other)))
    dv = np.add(dv, np.multiply(rest, inverse))
    return du, ds, adjoint(dv)


@def_jvp("svdvals")
def _svdvals(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    u, _, vh = np.linalg.svd(node.inputs[0], full_matrices=False)
    return np.real(np.diagonal(np.matmul(np.matmul(adjoint(u), tangents[0]), adjoint(vh)), 0, -2, -1))


@def_jvp("pinv")
def _pinv(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    a, y = node.inputs[0], node.outputs[0]
    p: Any = number(y)
    t: Any = number(tangents[0], p.dtype)  # type: ignore[arg-type]
    first = np.negative(np.matmul(np.matmul(p, t), p))
    th = adjoint(t)
    left = np.subtract(
        np.matmul(np.matmul(p, adjoint(p)), th),
        np.matmul(np.matmul(np.matmul(np.matmul(p, adjoint(p)), th), number(a, p.dtype)), p),
    )
    inner = np.matmul(th, np.matmul(adjoint(p), p))
    right = np.subtract(inner, np.matmul(p, np.matmul(number(a, p.dtype), inner)))
    return np.add(np.add(first, left), right)


@def_jvp("matrix_power")
def _matrix_power(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    a, n = node.inputs
    if not isinstance(n, Constant) or abs(int(n.value)) > 256:
        raise forward.refused(
            node, "numpy.linalg.matrix_power by an exponent known at run time has no derivative"
        )
    base, t, count = number(a, node.outputs[0].dtype), tangents[0], int(n.value)
    t = number(t, node.outputs[0].dtype)  # type: ignore[arg-type]
    if count < 0:
        base, count = np.linalg.inv(base), -count
        t = np.negative(np.matmul(np.matmul(base, t), base))
    power: Any = None
    total: Any = None
    for _ in range(count):
        total = t if power is None else np.add(np.matmul(total, base), np.matmul(power, t))
        power = base if power is None else np.matmul(power, base)
    return total


@def_jvp("multi_dot")
def _multi_dot(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    factors = [number(v, dtype) for v in node.inputs]
    found = []
    for k, t in enumerate(tangents):
        if t is not None:
            total: Any = None
            for j, f in enumerate(factors):
                factor = number(t, dtype) if j == k else f
                total = factor if total is None else np.dot(total, factor)
            found.append(total)
    return added(found)


@def_jvp("lstsq")
def _lstsq(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    """Of the solution, and of the residuals; singular values have none here."""
    a, b = (number(v, node.outputs[0].dtype) for v in node.inputs[:2])
    x, residuals = node.outputs[:2]
    dtype = x.dtype
    t, u = (None if v is None else number(v, dtype) for v in tangents[:2])
    p = np.linalg.pinv(a)
    rest = np.subtract(b, np.matmul(a, x))
    change = added([u, None if t is None else np.negative(np.matmul(t, x))])
    found = np.matmul(p, change)
    if t is not None:
        normal = np.matmul(p, adjoint(p))
        found = np.add(found, np.matmul(normal, np.matmul(adjoint(t), rest)))
    dr = np.real(np.multiply(np.multiply(np.conjugate(rest), change), 2.0))
    total = np.sum(dr, axis=0)
    if residuals.ndim != total.ndim:
        total = np.reshape(total, [1])
    return [found, number(total, residuals.dtype), *[None] * (len(node.outputs) - 2)]


@def_jvp("cond")
def _cond(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    if node.params.get("p") not in {None, 2}:
        raise forward.refused(node, "numpy.linalg.cond of this norm has no derivative")
    u, s, vh = np.linalg.svd(node.inputs[0], full_matrices=False)
    ds = np.real(np.diagonal(np.matmul(np.matmul(adjoint(u), tangents[0]), adjoint(vh)), 0, -2, -1))
    first, last = s[..., 0], s[..., -1]
    return np.subtract(
        np.divide(ds[..., 0], last), np.multiply(ds[..., -1], np.divide(first, np.multiply(last, last)))
    )


# Norms -----------------------------------------------------------------------------------------------------------


def _safe(x: Any) -> Any:
    """1 / x, 0 where x is 0."""
    zero = np.equal(x, 0)
    return where(zero, constant(x.dtype.type(0)), np.divide(1, where(zero, constant(x.dtype.type(1)), x)))


@def_jvp("norm", "vector_norm", "matrix_norm")
def _norm(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, out, params = node.inputs[0], node.outputs[0], node.params
    t = number(tangents[0])  # type: ignore[arg-type]
    x = number(x, t.dtype)
    order = params.get("ord", "fro" if node.op.name == "matrix_norm" else None)
    axis = params.get("axis")
    if node.op.name == "matrix_norm":
        axis = (-2, -1)
    if axis is None:
        axes = tuple(range(x.ndim))
        flat = node.op.name == "vector_norm" or order is None
    else:
        axes = tuple([k % x.ndim for k in ((axis,) if isinstance(axis, int) else axis)])
        flat = node.op.name == "vector_norm"
    y = number(out, out.dtype)
    if out.ndim != x.ndim:
        y = np.reshape(y, [1 if k in axes else n for k, n in enumerate(shape_of(x))])
    if flat or len(axes) == 1 or order in {None, "fro"}:
        found = _vector_norm(x, t, y, 2 if order in {None, "fro"} else order, axes)
    else:
        found = _matrix_norm(x, t, order, axes, forward, node)
    return found if params.get("keepdims") else np.reshape(found, list(shape_of(out)))


def _vector_norm(x: Any, t: Any, y: Any, order: Any, axes: tuple[int, ...]) -> Any:
    kind = y.dtype
    size = np.absolute(x)
    # The change of the absolute values.
    unit = np.multiply(x, number(_safe(size), x.dtype))
    d = np.real(np.multiply(np.conjugate(unit), t)) if x.dtype.kind == "c" else np.multiply(unit, t)
    if order == 0:
        return np.sum(np.multiply(d, 0.0), axis=axes, keepdims=True)
    if order in {float("inf"), float("-inf")}:
        same = number(np.equal(size, y), kind)
        share = np.divide(same, np.sum(same, axis=axes, keepdims=True))
        return np.sum(np.multiply(d, share), axis=axes, keepdims=True)
    if order == 1:
        return np.sum(d, axis=axes, keepdims=True)
    if order == 2:
        return np.sum(np.multiply(d, np.multiply(size, _safe(y))), axis=axes, keepdims=True)
    ratio = np.multiply(size, _safe(y))
    return np.sum(np.multiply(d, np.power(ratio, order - 1)), axis=axes, keepdims=True)


def _matrix_norm(x: Any, t: Any, order: Any, axes: tuple[int, ...], forward: Forward, node: Node) -> Any:
    rest = [k for k in range(x.ndim) if k not in axes]
    m, v = (np.transpose(z, [*rest, *axes]) for z in (x, t))
    if order in {2, -2, "nuc"}:
        u, _, vh = np.linalg.svd(m, full_matrices=False)
        ds = np.real(np.diagonal(np.matmul(np.matmul(adjoint(u), v), adjoint(vh)), 0, -2, -1))
        return np.sum(ds, axis=-1) if order == "nuc" else ds[..., 0 if order == 2 else -1]
    if order in {1, -1, float("inf"), float("-inf")}:
        size = np.absolute(m)
        unit = np.multiply(m, number(_safe(size), m.dtype))
        d = np.real(np.multiply(np.conjugate(unit), v)) if m.dtype.kind == "c" else np.multiply(unit, v)
        along = -2 if order in {1, -1} else -1
        sums, changes = np.sum(size, axis=along), np.sum(d, axis=along)
        extreme = (np.max if order > 0 else np.min)(sums, axis=-1, keepdims=True)
        same = number(np.equal(sums, extreme), sums.dtype)
        return np.sum(np.multiply(changes, np.divide(same, np.sum(same, axis=-1, keepdims=True))), axis=-1)
    raise forward.refused(node, f"a matrix norm of order {order!r} has no derivative")


@def_jvp("tensorsolve")
def _tensorsolve(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    a, b = node.inputs
    y = node.outputs[0]
    dtype = y.dtype
    axes = node.params.get("axes")
    order = [*[k for k in range(a.ndim) if not axes or k not in axes], *(axes or ())]
    from tracetensor.graph.ops.dims import product

    n = product(shape_of(b))
    t, u = (None if v is None else number(v, dtype) for v in tangents)
    square = np.reshape(np.transpose(number(a, dtype), order), [n, n])
    parts = []
    if t is not None:
        flat = np.reshape(np.transpose(t, order), [n, n])
        parts.append(np.negative(np.matmul(flat, np.reshape(y, [n]))))
    if u is not None:
        parts.append(np.reshape(u, [n]))
    return np.reshape(np.linalg.solve(square, added(parts)), list(shape_of(y)))


@def_jvp("tensorinv")
def _tensorinv(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    from tracetensor.graph.ops.dims import product

    y: Any = node.outputs[0]
    a = node.inputs[0]
    ind = int(node.params.get("ind", 2))
    n = product(shape_of(a)[:ind])
    inverse = np.reshape(y, [n, n])
    t = np.reshape(number(tangents[0], y.dtype), [n, n])  # type: ignore[arg-type]
    return np.reshape(np.negative(np.matmul(np.matmul(inverse, t), inverse)), list(shape_of(y)))
