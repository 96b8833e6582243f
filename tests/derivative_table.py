"""Calls of every op that has a derivative, for tests/test_derivatives.py: rows of (ops, function, arguments).

Points are chosen away from ties and kinks. `order`: how many derivatives; 2 unless a row says 1.
"""

import math

import numpy as np

ROWS = []


def row(ops, function, *args, order=2, modes=("fwd", "rev"), tolerance=None):
    """Enter a call that shows the derivative of some ops."""
    ROWS.append((tuple(ops.split()), function, args, order, modes, tolerance))


R = np.random.default_rng(42)


def real(*shape, low=-1.0, high=1.0):
    return R.uniform(low, high, shape)


def positive(*shape):
    return real(*shape, low=0.4, high=2.0)


def cplx(*shape):
    return real(*shape) + 1j * real(*shape)


A, B, V = real(3, 4), real(4, 3), real(5)

# Elementwise, with broadcasting ------------------------------------------------------------------------------------

for name in "add subtract multiply".split():
    row(name, getattr(np, name), real(3, 4), real(4))
    row(name, getattr(np, name), cplx(2, 3), real(3))
row("divide", np.divide, real(3, 4), positive(3, 1))
row("divide", np.divide, cplx(3), cplx(3) + 2)
row("power", np.power, positive(3, 4), real(4))
row("power", lambda x: x**3, real(4))
row("float_power", np.float_power, positive(3), real(3))
row("scalar_power array_power", lambda x: x[0] ** 3.0 + (x**2.5).sum(), positive(3))
row("remainder", lambda x, y: x % y, real(3), positive(3) + 1)
row("fmod", np.fmod, positive(3), positive(3) + 2)
row("divmod", lambda x, y: np.divmod(x, y)[1], positive(3), positive(3) + 2)
row("modf", lambda x: np.modf(x)[0], positive(3) + 0.1)
row("frexp ldexp", lambda x: np.ldexp(np.frexp(x)[0], 3), positive(3))
row("arctan2 hypot", lambda x, y: np.arctan2(x, y) + np.hypot(x, y), positive(3), positive(3))
row("logaddexp logaddexp2", lambda x, y: np.logaddexp(x, y) + np.logaddexp2(x, y), real(3), real(3))
row(
    "maximum minimum fmax fmin",
    lambda x, y: np.maximum(x, y) * np.fmax(x, y) + np.minimum(x, y) * np.fmin(x, y),
    real(3, 4),
    real(4),
)
row("copysign", np.copysign, positive(3), real(3))
for name in "negative positive square exp exp2 expm1 sin cos tan sinh cosh tanh arctan arcsinh arcsin arccos arctanh fabs absolute cbrt deg2rad rad2deg degrees radians sinc".split():
    row(name, getattr(np, name), real(2, 3, low=0.1, high=0.9))
for name in "sqrt log log2 log10 log1p reciprocal".split():
    row(name, getattr(np, name), positive(2, 3))
row("arccosh", np.arccosh, positive(3) + 1)
for name in "exp sin cos tan sinh cosh tanh log sqrt square reciprocal arctan arcsinh negative conjugate log1p expm1".split():
    row(name, getattr(np, name), cplx(3) * 0.5 + 1.5)
row("absolute angle real imag", lambda z: np.abs(z) * np.angle(z) + z.real * z.imag, cplx(3) + 2)
row("clip", lambda x, a, b: np.clip(x, a, b), np.array([-1.0, 0.1, 2.0]), -0.5, 0.7)
row("where", lambda x, y: np.where(x > 0, x * y, y), real(3, 4), real(4))
row("nan_to_num", np.nan_to_num, real(3))
row(
    "floor ceil rint trunc sign",
    lambda x: x * (np.floor(x) + np.ceil(x) + np.rint(x) + np.trunc(x) + np.sign(x)),
    real(3),
)
for name in "sqrt exp log log2 log10 log1p expm1 sin cos tan asin acos atan sinh cosh tanh asinh atanh erf erfc fabs degrees radians cbrt exp2".split():
    if hasattr(math, name):
        row(f"math.{name}", getattr(math, name), 0.6)
row("math.acosh", math.acosh, 1.6)
for name in "atan2 hypot copysign pow fmod".split():
    row(f"math.{name}", getattr(math, name), 0.6, 1.3)
row(
    "py.add py.sub py.mul py.truediv py.neg py.pos py.pow py.mod py.abs",
    lambda x, y: (x + y) * (x - y) / y + (-x) ** 2 + (+y) ** 3 + 5.3 % y + abs(-x),
    0.6,
    1.3,
)
row("py.make_complex", lambda x: np.abs(complex(x[0], x[1]) * (2 - 1j)) + complex(x[1], 3.0).real, real(2))
row("py.float item", lambda x: float(x[0]) * x[1].item(), real(2))

# Reductions --------------------------------------------------------------------------------------------------------

for name in "sum mean prod max min var std ptp nansum nanmean nanprod nanmax nanmin nanvar nanstd median nanmedian".split():
    row(name, lambda x, f=getattr(np, name): f(x), real(3, 4))
    row(name, lambda x, f=getattr(np, name): f(x, axis=0), real(3, 4))
    if name != "ptp":
        row(name, lambda x, f=getattr(np, name): f(x, axis=1, keepdims=True), real(3, 4))
row("prod", np.prod, np.array([0.0, 2.0, 3.0]))
row("prod", np.prod, np.array([0.0, 2.0, 0.0]), order=1)
row("sum", lambda x: np.sum(x, axis=(0, 2)), real(2, 3, 4))
row("var std", lambda x: np.var(x, axis=1, ddof=1) * np.std(x, axis=1, ddof=1), real(3, 4))
row("var std", lambda z: np.var(z) + np.std(z), cplx(4))
row(
    "sum max",
    lambda x: np.sum(x, where=np.array([True, False, True]), initial=2.0) * np.max(x, initial=-3.0),
    real(3),
)
row("quantile percentile", lambda x: np.quantile(x, 0.3) * np.percentile(x, [20.0, 70.0]), real(7))
row("quantile", lambda x, q: np.quantile(x, q, axis=0), real(5, 3), 0.37)
row("average", lambda x, w: np.average(x, axis=0, weights=w), real(3, 4), positive(3))
row("cumsum", lambda x: np.cumsum(x, axis=1), real(3, 4))
row("cumsum nancumsum", lambda x: np.cumsum(x) * np.nancumsum(x), real(5))
row("cumprod", lambda x: np.cumprod(x, axis=0), real(4, 3))
row("cumprod nancumprod", lambda x: np.cumprod(x) * np.nancumprod(x), np.array([2.0, 0.0, 3.0, 1.5]))
row("sort", lambda x: np.sort(x, axis=0) * np.arange(3.0)[:, None], real(3, 4))
row("partition", lambda x: np.partition(x, 2)[2:3] ** 2, real(5))

# Shapes, indices, writes -------------------------------------------------------------------------------------------

row("reshape transpose", lambda x: (x.reshape(6, 2).T * np.arange(6.0)) ** 2, real(3, 4))
row("squeeze broadcast_to", lambda x: np.broadcast_to(np.squeeze(x, 1), (2, 3)) ** 2, real(3, 1))
row(
    "diagonal diag",
    lambda x, v: np.diagonal(x, 1) ** 2 + np.diag(v)[0, :1] + np.diag(x, -1)[:1],
    real(3, 3),
    real(2),
)
row("ascontiguous copy as_kind cast", lambda x: np.ascontiguousarray(x.T).copy() ** 2, real(2, 3))
row(
    "concatenate pack",
    lambda x, y: np.array([np.concatenate([x, y]).sum(), x[0], y[1] ** 2]),
    real(3),
    real(2),
)
row("concatenate", lambda x, y: np.concatenate([x, y], axis=1) ** 2, real(2, 3), real(2, 1))
row("full full_like", lambda x: np.full((2, 2), x[0]) * np.full_like(np.ones(2), x[1]), real(2))
row("getitem", lambda x: x[1:, ::2] * x[:-1, 1::2], real(3, 4))
row("getitem", lambda x: x[np.array([0, 1, 0])] ** 2, real(3, 2))
row("getitem", lambda x: x[x > -2.0] ** 2 + x[0, 0] * x[-1, -1], real(2, 2))


def writes(x, y):
    z = x * 1.0
    z[1:] *= y
    z[np.array([0, 1, 0])] = y
    z[0] += z[1] * z[2]
    return z


row("setitem", writes, real(4), real(3))


def accumulates(x, y):
    z = x * 1.0
    np.add.at(z, np.array([0, 1, 0]), y)
    np.subtract.at(z, np.array([2, 2, 0]), y * y)
    return z * z


row("update_at", accumulates, real(4), real(3))


def moves(x, y):
    z = x * 1.0
    np.put(z, [0, 2], y)
    np.fill_diagonal(z, y[0] ** 2)
    np.putmask(z, np.array([[False, True, False]] * 3), y[1])
    np.copyto(z, y[1] * x, where=np.array([True, False, False]))
    np.place(z, np.array([[False, False, True]] * 3), y)
    np.put_along_axis(z, np.array([[0, 1, 2]]), 3 * x[:1], 0)
    return z * z


row("put fill_diagonal putmask copyto place put_along_axis", moves, real(3, 3), real(2))
row(
    "roll delete insert repeat",
    lambda x: np.roll(x, 2) * np.repeat(np.delete(x, 1)[:2], 2)[1] + np.insert(x, 1, x[0] ** 2)[:-1],
    real(5),
)
row(
    "take take_along_axis compress extract",
    lambda x: (
        np.take(x, [0, 2, 0])
        * np.compress([True, True, True, False], x)
        * np.extract(np.array([True, True, False, True]), x)
        * np.take_along_axis(x, np.array([2, 0, 1]), 0)
    ),
    real(4),
)
row(
    "choose select pad",
    lambda x: (
        np.choose(np.array([0, 1, 0]), [x, x**2])
        * np.select([x > 0, x < -5], [x, 2 * x], x * x)
        * np.pad(x, 1, mode="edge")[1:-1]
        + np.pad(x, 1)[:3]
    ),
    real(3),
)
row(
    "resize diagflat fftshift ifftshift",
    lambda x: (
        np.resize(x, (2, 4)) * np.diagflat(x)[:2, :4]
        + np.fft.fftshift(x)[:2, None] * np.fft.ifftshift(x)[None, :4]
    ),
    real(4),
)

# Products ----------------------------------------------------------------------------------------------------------

row("matmul", np.matmul, A, B)
row("matmul", np.matmul, real(2, 3, 4), real(4, 2))
row("matmul", np.matmul, real(4), real(2, 4, 3))
row("matmul", np.matmul, real(2, 3, 4), real(4))
row("matmul", np.matmul, cplx(2, 3), cplx(3, 2))
row("dot", np.dot, A, B)
row("dot", np.dot, V, V[::-1].copy())
row("dot", np.dot, real(2, 3, 4), real(4))
row("dot", np.dot, real(2, 3), real(4, 3, 2))
row("inner", np.inner, real(2, 3), real(4, 3))
row("vdot", np.vdot, cplx(3), cplx(3))
row("tensordot", lambda a, b: np.tensordot(a, b, ([0, 2], [1, 0])), real(2, 3, 4), real(4, 2, 3))
row(
    "kron cross linalg_cross",
    lambda a, b: np.kron(a, b)[:3] * np.cross(a, b) * np.linalg.cross(a, b),
    real(3),
    real(3),
)
row("einsum", lambda a, b: np.einsum("ij,jk->ik", a, b), A, B)
row("einsum", lambda a: np.einsum("ii,ij->i", a, a) * np.einsum("ii", a), real(3, 3))
row("einsum", lambda a, b, c: np.einsum("bi,ij,bj->b", a, b, c), real(2, 3), real(3, 4), real(2, 4))
row("einsum", lambda a, b: np.einsum("...i,i->...", a, b), real(2, 2, 3), real(3))
row(
    "convolve correlate",
    lambda a, v: (
        np.convolve(a, v)[:4] * np.correlate(a, v, "same")[:4] * np.convolve(a, v, "same")[:4]
        + np.convolve(a, v, "valid").sum()
    ),
    real(6),
    real(3),
)
for name, a, b in (("vecdot", (2, 3), (2, 3)), ("matvec", (2, 3), (3,)), ("vecmat", (2,), (2, 3))):
    if hasattr(np, name):
        row(name, getattr(np, name), real(*a), real(*b))

# Linear algebra ----------------------------------------------------------------------------------------------------

S = real(3, 3) + 3 * np.eye(3)
P = S @ S.T
row("solve", np.linalg.solve, S, real(3))
row("solve", np.linalg.solve, np.stack([S, S + 0.5 * np.eye(3)]), real(2, 3, 2))
row("inv", np.linalg.inv, S)
row("det", np.linalg.det, np.stack([S, 2 * S]))
row("slogdet", lambda a: np.linalg.slogdet(a)[1], S)
row("cholesky", lambda a: np.linalg.cholesky(a @ a.T + np.eye(3)), S)
row("cholesky", lambda a: np.linalg.cholesky(a @ a.T + a.shape[0] * np.eye(a.shape[0])), S)
row("qr", lambda a: np.linalg.qr(a)[0] @ np.diag([1.0, 2.0, 3.0]) + np.linalg.qr(a)[1], S)
row("eigh", lambda a: np.linalg.eigh(a)[0], P)
row("eigh", lambda a: np.linalg.eigh(a)[1] ** 2, P)
row("eigvalsh svdvals", lambda a: np.linalg.eigvalsh(a) * np.linalg.svd(a, compute_uv=False), P)
row(
    "eig eigvals",
    lambda a: np.abs(np.linalg.eigvals(a)) + np.linalg.eig(a)[0].real,
    S + 1j * real(3, 3),
    order=1,
)
row("svd", lambda a: np.linalg.svd(a, full_matrices=False)[0] ** 2, real(4, 3))
row("svd", lambda a: np.linalg.svd(a, full_matrices=False)[2] ** 2, real(3, 4))
row("pinv", np.linalg.pinv, real(4, 3))
row("matrix_power", lambda a: np.linalg.matrix_power(a, 3) + np.linalg.matrix_power(a, -2), S)
row("multi_dot", lambda a, b, c: np.linalg.multi_dot([a, b, c]), A, B, real(3, 2))
row("lstsq", lambda a, b: np.linalg.lstsq(a, b, rcond=None)[0], real(5, 3), real(5))
row("cond", np.linalg.cond, S)
row("norm", np.linalg.norm, real(3, 4))
row(
    "norm",
    lambda a: (
        np.linalg.norm(a, 1) * np.linalg.norm(a, np.inf) * np.linalg.norm(a, "nuc") * np.linalg.norm(a, 2)
    ),
    real(3, 4),
)
row(
    "norm vector_norm matrix_norm",
    lambda a: np.linalg.norm(a, 3, axis=0) + np.linalg.vector_norm(a, axis=0) * np.linalg.matrix_norm(a),
    real(3, 4),
)
row(
    "tensorsolve tensorinv",
    lambda a, b: np.linalg.tensorsolve(a, b) + np.linalg.tensorinv(a, ind=1)[:, 0],
    S,
    real(3),
)

# Fourier transforms, tables, polynomials ---------------------------------------------------------------------------

row("fft ifft", lambda z: np.fft.fft(z) * np.fft.ifft(z), cplx(5))
row("fft ifft", lambda x: np.abs(np.fft.fft(x, 8)) ** 2 + np.abs(np.fft.ifft(x, 8, norm="ortho")), real(5))
row("rfft irfft", lambda x: np.fft.irfft(np.fft.rfft(x) ** 2, 6), real(6))
row("hfft ihfft", lambda z: np.fft.hfft(z, 6)[:3] + np.abs(np.fft.ihfft(z.real)[:1]), cplx(4) + 2)
row(
    "fft2 ifft2 fftn ifftn",
    lambda z: np.fft.fft2(z) * np.fft.ifft2(z) + np.fft.fftn(z) * np.fft.ifftn(z),
    cplx(2, 3),
)
row(
    "rfft2 irfft2 rfftn irfftn",
    lambda x: (
        np.fft.irfft2(np.fft.rfft2(x) ** 2, (3, 4)) + np.fft.irfftn(np.fft.rfftn(x) ** 2, (3, 4), (0, 1))
    ),
    real(3, 4),
)
row(
    "interp",
    lambda x, xp, fp: np.interp(x, xp, fp),
    np.array([0.3, 1.4, 2.2]),
    np.array([0.0, 1.0, 2.0, 3.0]),
    real(4),
)
row("polyval", np.polyval, real(4), real(3))
row("bincount", lambda w: np.bincount(np.array([0, 2, 0]), weights=w) ** 2, real(3))
row("unwrap cov", lambda x: np.unwrap(x) * np.cov(np.stack([x, x**2]))[0, 1], real(4))
row(
    "cumulative_sum cumulative_prod", lambda x: np.cumulative_sum(x) * np.cumulative_prod(x), real(4)
) if hasattr(np, "cumulative_sum") else None

row("tile", lambda x: np.tile(x, 3) ** 2, real(4))
row("tile", lambda x: np.tile(x, (2, 1, 3)) ** 2, real(2, 3))
row("tile", lambda x: np.tile(x, 2) ** 2, real(2, 1))
row("ediff1d", lambda x, y: np.ediff1d(x, y, to_begin=x[0, 0] ** 2) ** 2, real(2, 3), real(2))
row("ediff1d", lambda x: np.ediff1d(x) ** 2, real(4))
row("gradient", lambda x: np.gradient(x) ** 2, real(5))
row(
    "gradient",
    lambda x, h: np.gradient(x, h, 2 * h)[0] * np.gradient(x, axis=1, edge_order=2),
    real(4, 5),
    0.7,
)
row("gradient", lambda x, y: np.gradient(x, y, axis=0) ** 2, real(4, 2), np.array([0.0, 0.4, 1.3, 1.9]))
row("gradient", lambda x, y: np.gradient(x, y, edge_order=2) ** 2, real(4), np.array([0.0, 0.4, 1.3, 1.9]))
row("linspace", lambda a, b: np.linspace(a, b, 5) ** 2, 0.3, 1.7)
row("linspace", lambda a, b: np.linspace(a, b, 4, endpoint=False, axis=1) ** 2, real(3), real(3))
row("logspace geomspace", lambda a, b: np.logspace(a, b, 4) * np.geomspace(a, b, 4), 0.3, 1.2)
row("ufunc_reduceat", lambda x: np.add.reduceat(x, [0, 2, 1, 4]) ** 2, real(6))
row("ufunc_reduceat", lambda x: np.add.reduceat(x, np.array([0, 2]), axis=1) ** 2, real(2, 5))

# Control -----------------------------------------------------------------------------------------------------------


def loops(x):
    y = np.zeros_like(x)
    found = []
    for i in range(len(x)):
        if x[i] > 0:
            y[i] = y[i - 1] * x[i] + x[0]
        else:
            y[i] = np.sin(x[i])
        found.append(y[i] ** 2)
    s = 0.0
    k = 0
    while s < 1.0 and k < 5:
        s = s + np.abs(y).sum() * 0.3
        k += 1
    return s + np.array(found).sum() + found[1] * y


row("scan ifelse list_append list_array list_get list_make", loops, np.array([0.4, -0.3, 0.8, 0.2]))


def caught(x):
    total = 0.0
    for v in x:
        try:
            if v < 0.25:
                raise ValueError("small")
            total = total + np.sqrt(v)
        except ValueError:
            total = total * 0.5 + v**2
    return total


row("attempt handling", caught, np.array([0.4, 0.1, 0.8, 0.2]))
