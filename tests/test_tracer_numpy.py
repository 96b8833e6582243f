"""Calls of NumPy of all families, outside of and inside of loops, traced against plain."""

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both
from tests.tracer_table import Table, check_refused

V = np.array([3.0, -1.0, 2.0, 0.5, 7.0])
I = np.array([3, -1, 2, 5, 0])
B = I > 0
C = V + 1j * I
M = np.arange(12.0).reshape(3, 4) - 3
S = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, 0.0], [0.5, 0.0, 2.0]])

CALLS = """
np.add(V, I); np.subtract(V, 1); np.divide(I, 2); np.floor_divide(I, 2); np.mod(I, 3); np.remainder(V, -2); np.power(V, 2)
np.sin(V); np.arctan2(V, I); np.hypot(V, 1); np.exp(V); np.expm1(V); np.log(abs(V)); np.log1p(B); np.sqrt(I * I); np.cbrt(V)
np.abs(C); np.angle(C); np.conj(C); np.real(C); np.imag(V); np.sign(V); np.heaviside(V, 0.5); np.copysign(1, V); np.fabs(I)
np.maximum(V, I); np.minimum(V, 0); np.fmax(V, np.nan); np.clip(V, 0, 2); np.clip(I, None, 2); V.clip(1); np.where(B, V, I)
np.rint(V); np.floor(V); np.ceil(I); np.trunc(V); np.round(V, 1); np.around(V); V.round(); np.fix(V); np.modf(V); np.frexp(V)
np.isnan(V); np.isfinite(I); np.isclose(V, I); np.allclose(V, V); np.array_equal(V, V); np.logical_and(V, I); np.logical_not(B)
np.greater(V, I); np.equal(V, 3); V == I; V > 1; ~B; B & (V > 1); B | True; B ^ B; I & 1; I << 2; np.invert(I); -V; +V; abs(V)
np.sum(V); np.sum(M, axis=0); np.sum(M, axis=-1, keepdims=True); M.sum(axis=(0, 1)); np.sum(B); np.sum(I, dtype=float)
np.prod(V); np.mean(M, axis=1); M.mean(); np.std(M); np.std(M, axis=0, ddof=1); np.var(V); np.median(M); np.average(V)
np.average(M, axis=0, weights=[1, 2, 3]); np.min(M); np.max(M, axis=1); M.min(0); np.ptp(M); np.argmin(V); np.argmax(M, axis=0)
np.any(B); np.all(M, axis=0); np.count_nonzero(I); np.cumsum(M); np.cumsum(M, axis=1); np.cumprod(V); np.diff(V); np.diff(M, 2)
np.nansum(V); np.nanmean(M); np.nanmax(V); np.percentile(V, 30); np.quantile(M, [0.1, 0.5], axis=0); np.ediff1d(I)
np.gradient(V); np.trapezoid(V); np.cross([1, 2, 3], [3, 4, 5]); np.convolve(V, [1, 2]); np.correlate(V, [1, 2, 1]); np.interp(1.5, I.cumsum(), V)
np.dot(V, I); V @ I; M @ M.T; np.matmul(S, S); np.inner(V, V); np.outer(V, I); np.vdot(C, C); np.tensordot(M, M.T, 1); np.kron(S, [1, 2])
np.einsum("ij,kj->ik", M, M); np.einsum("ii", S); np.einsum("i,i", V, I); np.trace(S); np.linalg.norm(V); np.linalg.norm(M, axis=1)
np.linalg.inv(S); np.linalg.det(S); np.linalg.solve(S, V[:3]); np.linalg.cholesky(S); np.linalg.eigh(S); np.linalg.qr(S); np.linalg.svd(M)
np.linalg.eigvalsh(S); np.linalg.lstsq(M, V[:3]); np.linalg.pinv(M); np.linalg.matrix_rank(M); np.linalg.matrix_power(S, 3); np.linalg.slogdet(S)
np.sort(V); np.sort(M, axis=0); np.argsort(V); np.argsort(-I, kind="stable"); np.partition(V, 2); np.argpartition(V, 2); np.lexsort((I, V))
np.searchsorted(np.sort(V), 2); np.searchsorted([1, 2, 3], V); np.unique(I % 3); np.unique(I % 3, return_counts=True); np.nonzero(I)
np.where(B); np.argwhere(M > 2); np.flatnonzero(I); np.bincount(I % 4); np.bincount([0, 1, 1], weights=[1.0, 2.0, 3.0]); np.histogram(V, 3)
np.digitize(V, [0, 1, 2]); np.extract(B, V); np.in1d(I, [3, 5]) if hasattr(np, "in1d") else 0; np.isin(I, [3, 5]); np.intersect1d(I, [3, 5])
np.concatenate([V, I]); np.concatenate((M, M), axis=1); np.stack([V, I]); np.stack([V, I], axis=-1); np.vstack([V, I]); np.hstack([V, I])
np.dstack([V, I]); np.column_stack([V, I]); np.append(V, 3); np.insert(V, 1, 9); np.delete(V, 0); np.delete(M, [0, 2], axis=0)
np.split(V, [1, 3]); np.array_split(V, 2); np.hsplit(M, 2); np.tile(V, 2); np.tile(M, (2, 1)); np.repeat(V, 2); np.repeat(M, [1, 0, 2], axis=0)
np.reshape(M, (4, 3)); M.reshape(2, -1); np.ravel(M.T); M.flatten("F"); np.transpose(M); M.T; np.swapaxes(M, 0, 1); np.moveaxis(M, 0, 1)
np.expand_dims(V, 1); np.squeeze(M[:1]); np.broadcast_to(V, (2, 5)); np.atleast_2d(V); np.atleast_1d(3); np.flip(M); np.flip(V); np.fliplr(M)
np.flipud(M); np.rot90(M); np.roll(V, 2); np.roll(M, -1, axis=1); np.pad(V, 1); np.pad(M, ((1, 0), (0, 2)), mode="edge"); np.diag(V); np.diag(S)
np.triu(S); np.tril(S, -1); np.tri(3); np.eye(3); np.eye(2, 4, 1); np.identity(2); np.vander(V, 3); np.diagflat([1, 2]); np.diagonal(M, 1)
np.zeros(3); np.zeros((2, 2), int); np.ones(2, dtype=bool); np.full((2,), 7); np.full(2, 1.5, dtype=int); np.empty(0); np.arange(5)
np.arange(1, 2, 0.3); np.arange(5, dtype=np.float32); np.linspace(0, 1, 5); np.linspace(0, 1, 4, endpoint=False); np.logspace(0, 2, 3)
np.geomspace(1, 8, 4); np.zeros_like(V); np.ones_like(M, dtype=int); np.full_like(I, 2.7); np.empty_like(V).shape; np.meshgrid([1, 2], [3, 4, 5])
np.indices((2, 3)); np.mgrid[0:2, 0:3]; np.ogrid[0:2, 0:3]; np.r_[1:4, 0, V]; np.c_[V, I]; np.ix_([0, 1], [1, 2]); np.tril_indices(3); np.diag_indices(2)
np.unravel_index(7, (3, 4)); np.ravel_multi_index((1, 2), (3, 4)); np.take(V, [0, -1]); np.take(M, 1, axis=1); V.take(2); np.choose([0, 1, 0], [[1, 2, 3], [4, 5, 6]])
np.take_along_axis(M, np.argsort(M, axis=1), axis=1); np.select([V > 2, V > 0], [V, -V], 9); np.compress(B, V); np.piecewise(V, [V < 0, V >= 0], [-1, 1])
np.fft.fft(V); np.fft.rfft(V); np.fft.ifft(C); np.fft.fft2(M); np.fft.fftfreq(5); np.fft.fftshift(V); np.fft.irfft(np.fft.rfft(V), 5)
np.polyval([1, 2, 3], V); np.polyfit(np.arange(5), V, 1); np.poly([1, 2]); np.roots([1, -3, 2]); np.cov(M); np.corrcoef(M); np.apply_along_axis(np.sum, 0, M)
V.astype(int); I.astype(np.uint8); V.astype("f4"); C.real; C.imag.sum(); M.shape; M.size; M.ndim; V.dtype; V.itemsize; V.nbytes; M.strides
V.tolist(); V.item(2); M.item(1, 2); V.copy(); V.max(); V.argmax(); V.any(); M.cumsum(0); V.dot(I); M.diagonal(); V.searchsorted(1); M.ravel()
V[1:3]; V[::-1]; V[-1]; M[1]; M[:, 1]; M[1, 2]; M[..., 0]; M[None, 1]; V[[0, 2]]; V[B]; M[[0, 1], [1, 2]]; M[M > 2]; M[:, [0, 2]]; M[1:, ::2]
np.add.reduce(V); np.add.accumulate(V); np.multiply.outer(V, I); np.maximum.reduce(M, axis=1); np.logical_or.reduce(B); np.add.reduceat(V, [0, 2])
np.float32(V[0]); np.int64(I[0]); np.array(V[0]); np.array([V[0], I[0]]); np.array([[1, 2], [3, V[0]]]); np.asarray(I, dtype=float); np.isscalar(V[0])
np.result_type(V, I); np.promote_types("i4", "f4"); np.can_cast("i4", "f4"); np.issubdtype(V.dtype, np.floating); np.finfo(V.dtype).eps; np.iinfo(int).max
np.shape(V); np.ndim(M); np.size(M); np.size(M, 0); len(M); np.iscomplexobj(C); np.nan_to_num(V / 0.0); np.nan; np.pi * V; np.inf > V; np.newaxis
np.vectorize(lambda v: v + 1)(V); np.fromfunction(lambda i, j: i + j, (2, 3)); np.sinc(V); np.i0(V); np.bitwise_count(I); np.gcd(I, 6); np.lcm(4, 6)
np.unwrap(V); np.deg2rad(V); np.rad2deg(V); np.nextafter(V, 0); np.spacing(V); np.ldexp(V, I); np.float_power(V, 2); np.square(V); np.reciprocal(V)
np.logaddexp(V, I); np.positive(V); np.signbit(V); np.isposinf(V); np.nanargmax(V); np.argwhere(B); np.block([[M, M], [M, M]]); np.resize(V, 7); np.trim_zeros(I)
np.array(V, ndmin=2); np.array(V, copy=False) if 0 else 1; np.frombuffer(b"abcd", dtype=np.uint8); np.fromiter(range(3), int); np.require(V); np.lib.stride_tricks.sliding_window_view(V, 2)
""".replace("\n", ";").split(";")
REFUSED = {
    "M.strides": "the array attribute .strides",
}
CALLS = [c.strip() for c in CALLS if c.strip()]
NAMES = "V, I, B, C, M, S"


def make(text, template):
    """A function whose source the tracer can find: made from text in a file of its own."""
    import linecache

    source = template.format(names=NAMES, call=text)
    name = f"/tests/numpy/{abs(hash((text, template)))}.py"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    space = {"np": np}
    exec(compile(source, name, "exec"), space)
    return space["f"]


PLAIN = "def f({names}):\n    return {call}\n"
LOOPED = "def f({names}):\n    for _ in range(12):\n        r = {call}\n        V = V + 0\n    return r\n"
RTOL = 1e-12


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_call(call):
    f = make(call, PLAIN)
    if call in REFUSED:
        return check_refused(f, [V, I, B, C, M, S], REFUSED[call], rtol=RTOL)
    run_both(f, tt.trace(f, strict=True), [V, I, B, C, M, S], rtol=RTOL)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.filterwarnings("ignore")
def test_call_in_loop(call):
    f = make(call, LOOPED)
    if call in REFUSED:
        return check_refused(f, [V, I, B, C, M, S], REFUSED[call], rtol=RTOL)
    run_both(f, tt.trace(f, strict=True), [V, I, B, C, M, S], rtol=RTOL)


case = Table()


@case([M], [np.zeros((0, 4))], [np.ones((1, 1))])
def traced_sizes(x):
    n, m = x.shape
    return np.zeros((n, m)), np.ones(n + 1), np.eye(n), np.arange(m), np.full((m,), n), np.linspace(0, 1, m)


@case([V, 2], [V, -1], [V, 0])
def traced_shift(x, k):
    return np.roll(x, k), x[: k % 5], np.take(x, k), np.repeat(x, k % 3), np.diff(x, 1)


@case([M, 0], [M, 1], [M, -1], [M, None], [M, 2])
def traced_axis(x, axis):
    return x.sum(axis=axis), np.max(x, axis), np.argmin(x, axis=axis)


@case([V, 3], [V, 0])
def ufuncs_in_loop(x, n):
    for k in range(n):
        x = np.sin(x) + np.maximum(x, k) * np.where(x > 1, 2, x)
    return x


@case([M, 3])
def reductions_in_loop(x, n):
    out = np.zeros(3)
    for k in range(n):
        out[k] = x[k].mean() + x[:, k].max() - np.linalg.norm(x[k])
    return out


@case([S, 5], rtol=1e-13)
def linear_algebra_in_loop(a, n):
    v = np.ones(3)
    for _ in range(n):
        v = np.linalg.solve(a, v)
        v /= np.linalg.norm(v)
    return v @ a @ v, v


@case([V, 4])
def sorting_in_loop(x, n):
    r = []
    for k in range(n):
        x = np.roll(x, k)
        r.append(np.argsort(x)[0])
    return r, np.sort(x)


@case([I, 3])
def counting_in_loop(x, n):
    total = np.zeros(10, dtype=int)
    for k in range(n):
        total += np.bincount(np.abs(x) + k, minlength=10)
    return total


@case([V, 3])
def growing_by_concatenate(x, n):
    for k in range(n):
        x = np.append(x, x[-1] + k)
        x = np.insert(x, 0, k)
    return x


@case([V, 3])
def data_dependent_shapes(x, n):
    sizes = []
    for k in range(n):
        big = x[x > k]
        sizes.append(len(big))
        x = x - 0.5
    return sizes, np.nonzero(x)[0]


@case([M])
def apply_by_rows(x):
    out = np.empty_like(x)
    for i, row in enumerate(x):
        out[i] = np.sort(row)[::-1] / row.sum()
    return out


@case([V])
def dtype_kept(x):
    y = x.astype(np.float32)
    for k in range(3):
        y = y * 2 + k
        y = np.sqrt(np.abs(y))
    return y


@case([V], [I], [B], [C], [V.astype(np.float32)], [I.astype(np.uint8)])
def polymorphic(x):
    return x + x, x * 2, x.sum(), x.mean(), np.abs(x), -x if x.dtype != bool else ~x, x.astype(bool)


@case([M])
def keyword_arguments(x):
    return (
        np.sum(a=x, axis=1),
        np.add(x, 1, dtype=np.float32),
        x.sum(axis=0, dtype=int),
        np.mean(x, keepdims=True),
    )


@case([V])
def errors_of_numpy(x):
    return np.reshape(x, (2, 3))


@case([V])
def errors_of_axis(x):
    return x.sum(axis=1)


@case([M, V])
def errors_of_shapes(x, y):
    return x + y


@case([M, V])
def errors_of_matmul(x, y):
    return x @ y


@case([np.ones((2, 2))])
def errors_of_linalg(x):
    return np.linalg.inv(x)


@case([np.zeros(0)])
def errors_of_empty(x):
    return x.max()


test_same = case.test()
