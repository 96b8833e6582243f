"""Programs of linear algebra for JAX."""

import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.jax_base import host, jit


@jit(static=("maxiter",))
def _poisson(f, sigma, rtol, maxiter):
    def apply(u):
        out = (4.0 + sigma) * u
        out = out.at[1:].add(-u[:-1]).at[:-1].add(-u[1:])
        return out.at[:, 1:].add(-u[:, :-1]).at[:, :-1].add(-u[:, 1:])

    def body(carry):
        x, r, p, rs, k = carry
        Ap = apply(p)
        alpha = rs / jnp.vdot(p, Ap)
        r = r - alpha * Ap
        new = jnp.vdot(r, r)
        return x + alpha * p, r, r + new / rs * p, new, k + 1

    rs = jnp.vdot(f, f)
    stop = rtol * jnp.sqrt(rs)
    start = jnp.zeros_like(f), f, f, rs, 0
    x, *_, k = lax.while_loop(lambda c: (jnp.sqrt(c[3]) > stop) & (c[4] < maxiter), body, start)
    return x, k


def conjugate_gradient(f, sigma):
    u, iterations = host(_poisson(f, sigma, 1e-9, 10 * f.size))
    return {"u": u, "iterations": int(iterations)}


@jit()
def _gauss_jordan(a):
    n = a.shape[0]
    rows = jnp.arange(n)

    def step(col, carry):
        aug, singular = carry
        size = jnp.where(rows >= col, jnp.abs(aug[:, col]), -1)
        pivot = size.argmax()
        top = aug[pivot]
        aug = aug.at[pivot].set(aug[col])
        top = top / top[col]
        factor = jnp.where(rows == col, 0, aug[:, col])
        aug = (aug - factor[:, None] * top).at[col].set(top)
        return aug, singular | (size.max() == 0)

    start = jnp.hstack([a.astype(jnp.float64), jnp.eye(n)])
    aug, singular = lax.fori_loop(0, n, step, (start, False))
    return aug[:, n:], singular


def gauss_jordan(a):
    out, singular = host(_gauss_jordan(a))
    if singular:
        raise np.linalg.LinAlgError("singular matrix")
    return out


@jit()
def _gram_schmidt(vectors, eps):
    def step(carry, v):
        basis, rank = carry

        def remove(k, w):
            return w - jnp.dot(basis[k], w) * basis[k]

        w = lax.fori_loop(0, rank, remove, v)
        norm = jnp.sqrt(jnp.dot(w, w))
        good = norm >= eps
        basis = basis.at[rank].set(jnp.where(good, w / norm, basis[rank]))
        return (basis, rank + good), None

    return lax.scan(step, (jnp.zeros_like(vectors), 0), vectors)[0]


def gram_schmidt(vectors, eps=1e-10):
    basis, rank = host(_gram_schmidt(vectors, eps))
    return basis[:rank], int(rank)


@jit()
def _jacobi(A, b, tol):
    D = jnp.diag(A)
    R = A - jnp.diag(D)

    def body(carry):
        x, _, it = carry
        new = (b - R @ x) / D
        return new, jnp.linalg.norm(new - x), it + 1

    x, _, it = lax.while_loop(lambda c: c[1] > tol, body, (jnp.zeros_like(b), jnp.inf, 0))
    return x, it


def jacobi(A, b, tol=1e-8):
    return host(_jacobi(A, b, tol))


@jit(static=("max_sweeps",))
def _jacobi_eigen(S, eps, max_sweeps):
    n = len(S)
    ps, qs = (jnp.array(index) for index in np.triu_indices(n, 1))

    def rotate(carry, pq):
        A, V = carry
        p, q = pq
        theta = (A[q, q] - A[p, p]) / (2 * A[p, q])
        t = jnp.copysign(1.0, theta) / (jnp.abs(theta) + jnp.sqrt(theta * theta + 1))
        t = jnp.where(jnp.abs(A[p, q]) < 1e-300, 0.0, t)
        c = 1 / jnp.sqrt(t * t + 1)
        s = t * c
        x, y = A[:, p], A[:, q]
        A = A.at[:, p].set(c * x - s * y).at[:, q].set(s * x + c * y)
        x, y = A[p], A[q]
        A = A.at[p].set(c * x - s * y).at[q].set(s * x + c * y)
        x, y = V[:, p], V[:, q]
        return (A, V.at[:, p].set(c * x - s * y).at[:, q].set(s * x + c * y)), None

    def off(A):
        return jnp.sqrt((jnp.triu(A, 1) ** 2).sum())

    def sweep(carry):
        A, V, k = carry
        (A, V), _ = lax.scan(rotate, (A, V), (ps, qs))
        return A, V, k + 1

    A, V, k = lax.while_loop(lambda c: (off(c[0]) > eps) & (c[2] < max_sweeps), sweep, (S, jnp.eye(n), 0))
    w = jnp.diagonal(A)
    order = jnp.argsort(w)
    return w[order], V[:, order], jnp.minimum(k, max_sweeps - 1)


def jacobi_eigen(S, eps=1e-12, max_sweeps=30):
    return host(_jacobi_eigen(S, eps, max_sweeps))


@jit()
def _lu(A, b):
    n = len(b)
    rows = jnp.arange(n)

    def step(k, carry):
        LU, perm, sign = carry
        p = jnp.where(rows >= k, jnp.abs(LU[:, k]), -1).argmax()
        swap = jnp.array([k, p])
        LU, perm = LU.at[swap].set(LU[swap[::-1]]), perm.at[swap].set(perm[swap[::-1]])
        below = rows > k
        column = jnp.where(below & (LU[k, k] != 0), LU[:, k] / LU[k, k], 0.0)
        LU = LU - jnp.outer(column, jnp.where(below, LU[k], 0.0))
        return LU.at[:, k].set(jnp.where(below, column, LU[:, k])), perm, jnp.where(p == k, sign, -sign)

    LU, perm, sign = lax.fori_loop(0, n - 1, step, (A.astype(float), rows, 1))
    y = lax.linalg.triangular_solve(
        LU, b[perm].astype(float)[:, None], left_side=True, lower=True, unit_diagonal=True
    )
    x = lax.linalg.triangular_solve(LU, y, left_side=True)
    return x[:, 0], sign * jnp.prod(jnp.diag(LU)), perm


def lu_pivot(A, b):
    return host(_lu(A, b))


@jit()
def _qr(A):
    m, n = A.shape
    rows = jnp.arange(m)

    def step(k, carry):
        Q, R = carry
        x = jnp.where(rows >= k, R[:, k], 0.0)
        norm = jnp.sqrt(x @ x)
        v = x.at[k].add(jnp.where(x[k] >= 0, norm, -norm))
        size = jnp.sqrt(v @ v)
        v = jnp.where(size > 0, v / size, v)
        R = R - 2.0 * jnp.outer(v, v @ R)
        Q = Q - 2.0 * jnp.outer(Q @ v, v)
        return Q, R.at[:, k].set(jnp.where(rows > k, 0.0, R[:, k]))

    return lax.fori_loop(0, min(m - 1, n), step, (jnp.eye(m), A))


def qr_householder(A):
    return host(_qr(A))


@jit()
def _cholesky(a):
    n = a.shape[0]
    rows = jnp.arange(n)

    def column(j, l):
        c = a[:, j] - l @ l[j]
        return l.at[:, j].set(jnp.where(rows >= j, c / jnp.sqrt(c[j]), 0.0))

    return lax.fori_loop(0, n, column, jnp.zeros((n, n)))


def cholesky(a):
    out = host(_cholesky(a))
    if np.isnan(out).any():
        raise ValueError("matrix is not positive definite")
    return out


@jit(static=("modulus",))
def _matrix_power(coeffs, start, ns, modulus):
    d = len(coeffs)
    companion = (
        jnp.zeros((d, d), jnp.int64).at[0].set(coeffs).at[1:, :-1].set(jnp.eye(d - 1, dtype=jnp.int64))
    )
    eye = jnp.broadcast_to(jnp.eye(d, dtype=jnp.int64), (len(ns), d, d))

    def body(carry):
        result, base, exponent = carry
        odd = (exponent % 2 == 1)[:, None, None]
        return jnp.where(odd, result @ base % modulus, result), base @ base % modulus, exponent // 2

    carry = eye, companion % modulus, jnp.maximum(ns - d + 1, 0)
    result = lax.while_loop(lambda c: (c[2] > 0).any(), body, carry)[0]
    value = (result @ start[::-1])[:, 0]
    return jnp.where(ns < d, start[jnp.clip(ns, 0, d - 1)], value) % modulus


def matrix_power(coeffs, start, ns):
    return host(_matrix_power(coeffs, start, ns, 10**6 + 7))


@jit(static=("max_iter",))
def _power(A, tol, max_iter):
    n = A.shape[0]

    def body(carry):
        v, lam, i, history, _ = carry
        w = A @ v
        v = w / jnp.linalg.norm(w)
        new = v @ A @ v
        return v, new, i + 1, history.at[i].set(new), jnp.abs(new - lam) <= tol * jnp.abs(new)

    start = jnp.ones(n) / jnp.sqrt(n), 0.0, 0, jnp.zeros(max_iter), False
    return lax.while_loop(lambda c: (c[2] < max_iter) & ~c[4], body, start)


def power_iteration(A, v=None, tol=1e-10, max_iter=500):
    vector, value, i, history, converged = host(_power(A, tol, max_iter))
    return {
        "value": float(value),
        "vector": vector,
        "converged": bool(converged),
        "iterations": int(i),
        "history": history[:i],
    }


def _csr_product(rows, indices, data, x, n):
    return jnp.zeros(n).at[rows].add(data * x[indices], indices_are_sorted=True)


@jit()
def _csr_smooth(indptr, indices, data, x, sweeps):
    n = len(indptr) - 1
    rows = jnp.repeat(jnp.arange(n), jnp.diff(indptr), total_repeat_length=len(data))

    def sweep(_, a):
        b = _csr_product(rows, indices, data, a, n)
        top = jnp.abs(b).max()
        return jnp.where(top > 1.0, b / top, b)

    a = lax.fori_loop(0, sweeps, sweep, x)
    return a, _csr_product(rows, indices, data, a, n)


def csr_spmv(indptr, indices, data, x, sweeps):
    return host(_csr_smooth(indptr, indices, data, x, sweeps))


@jit(static=("rows", "cols"))
def _csr_transpose(indptr, indices, data, rows, cols):
    row = jnp.repeat(jnp.arange(rows, dtype=indices.dtype), jnp.diff(indptr), total_repeat_length=len(data))
    order = jnp.argsort(indices, stable=True)
    counts = jnp.zeros(cols + 1, indptr.dtype).at[indices + 1].add(1)
    return jnp.cumsum(counts, dtype=indptr.dtype), row[order], data[order]


def csr_transpose(indptr, indices, data, shape):
    return (*host(_csr_transpose(indptr, indices, data, *shape)), shape[::-1])


@jit(static=("most",))
def _iterate(A, b, weight, most, tol):
    d = jnp.diag(A)

    def body(carry):
        x, k, _ = carry
        new = weight * ((b - (A @ x - d * x)) / d) + (1 - weight) * x
        return new, k + 1, jnp.abs(new - x).max()

    return lax.while_loop(lambda c: (c[1] < most) & (c[2] >= tol), body, (jnp.zeros_like(b), 0, jnp.inf))


def solver_choice(A, b):
    tried = []
    for name, weight in (("jacobi", 1.0), ("damped", 0.6), ("slow", 0.3)):
        x, steps, change = host(_iterate(A, b, weight, 60, 1e-10))
        if change < 1e-10:
            return x, name, int(steps), tried
        tried.append(f"{name}: 60 steps, residual {change:.2e}")
    return host(jnp.linalg.solve(A, b)), "direct", 0, tried


@jit(static=("max_iter",))
def _simplex(c, A, b, max_iter):
    m, n = A.shape
    T = jnp.zeros((m + 1, n + m + 1)).at[:m, :n].set(A).at[:m, n : n + m].set(jnp.eye(m))
    T = T.at[:m, -1].set(b).at[m, :n].set(-c)

    def entering(T):
        negative = T[-1, :-1] < -1e-9
        return negative.any(), negative.argmax()

    def body(carry):
        T, basis, it, _, _ = carry
        _, col = entering(T)
        ratio = jnp.where(T[:m, col] > 1e-9, T[:m, -1] / T[:m, col], jnp.inf)
        row = ratio.argmin()
        top = T[row] / T[row, col]
        new = (T - T[:, col, None] * top).at[row].set(top)
        bounded = jnp.isfinite(ratio[row])
        return jnp.where(bounded, new, T), basis.at[row].set(col), it + bounded, ~bounded, entering(new)[0]

    start = T, jnp.arange(n, n + m), 0, False, entering(T)[0]
    T, basis, it, unbounded, _ = lax.while_loop(lambda s: (s[2] < max_iter) & ~s[3] & s[4], body, start)
    return jnp.zeros(n + m).at[basis].set(T[:m, -1])[:n], T[-1, -1], it, unbounded


def simplex_lp(c, A, b, max_iter=500):
    x, value, iteration, unbounded = host(_simplex(c, A, b, max_iter))
    return (None, np.inf, int(iteration)) if unbounded else (x, value, min(int(iteration), max_iter - 1))


@jit(static=("lower", "unit"))
def _substitute(L, B, lower, unit):
    return lax.linalg.triangular_solve(L, B, left_side=True, lower=lower, unit_diagonal=unit)


def triangular_checked(L, B, lower=True, unit=False, overwrite=False):
    if not unit and (np.diag(L) == 0).any():
        raise np.linalg.LinAlgError("zero on the diagonal")
    X = host(_substitute(L, B, lower, unit))
    if overwrite:
        B[:] = X
    return B if overwrite else X


@jit()
def _thomas(a, b, c, d):
    def down(carry, row):
        b0, d0 = carry
        a1, b1, c0, d1 = row
        w = a1 / b0
        b1, d1 = b1 - w * c0, d1 - w * d0
        return (b1, d1), (b1, d1)

    _, (tail_b, tail_d) = lax.scan(down, (b[0], d[0]), (a, b[1:], c, d[1:]))
    b, d = jnp.append(b[0], tail_b), jnp.append(d[0], tail_d)

    def up(x, row):
        d0, c0, b0 = row
        x = (d0 - c0 * x) / b0
        return x, x

    last = d[-1] / b[-1]
    _, x = lax.scan(up, last, (d[:-1], c, b[:-1]), reverse=True)
    return b, jnp.append(x, last)


def thomas(a, b, c, d):
    b[:], d[:] = host(_thomas(a, b, c, d))


@jit(static=("max_iter",))
def _durand_kerner(coeffs, tol, max_iter):
    n = len(coeffs) - 1
    a = (coeffs / coeffs[0]).astype(complex)
    eye = jnp.eye(n)

    def horner(z):
        def step(carry, c):
            p, dp = carry
            return (p * z + c, dp * z + p), None

        return lax.scan(step, (jnp.zeros_like(z) + a[0], jnp.zeros_like(z)), a[1:])[0]

    def body(carry):
        z, it, _ = carry
        others = jnp.where(eye == 1, 1.0, z[:, None] - z)
        delta = horner(z)[0] / others.prod(axis=1)
        return z - delta, it + 1, jnp.abs(delta).max()

    start = (0.4 + 0.9j) ** jnp.arange(n), 0, jnp.inf
    z, *_ = lax.while_loop(lambda c: (c[1] < max_iter) & (c[2] >= tol), body, start)
    return z, horner(z)[1]


def poly_horner(coeffs, tol=1e-12, max_iter=200):
    z, slope = host(_durand_kerner(coeffs, tol, max_iter))
    return np.sort_complex(z), np.sort(z.real[np.abs(z.imag) < 1e-8]), slope
