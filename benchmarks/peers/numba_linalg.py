"""Programs of linear algebra, as one writes them for Numba: loops, and BLAS for larger products."""

import math

import numpy as np
from numba import njit


@njit
def _poisson(f, sigma, rtol, maxiter):
    n, m = f.shape
    x, out = np.zeros((n, m)), np.empty((n, m))
    r, p = f.copy(), f.copy()
    rs = 0.0
    for i in range(n):
        for j in range(m):
            rs += f[i, j] * f[i, j]
    stop = rtol * np.sqrt(rs)
    k = 0
    while np.sqrt(rs) > stop and k < maxiter:
        curvature = 0.0
        for i in range(n):
            for j in range(m):
                total = (4.0 + sigma) * p[i, j]
                if i > 0:
                    total -= p[i - 1, j]
                if i + 1 < n:
                    total -= p[i + 1, j]
                if j > 0:
                    total -= p[i, j - 1]
                if j + 1 < m:
                    total -= p[i, j + 1]
                out[i, j] = total
                curvature += p[i, j] * total
        alpha = rs / curvature
        rs_new = 0.0
        for i in range(n):
            for j in range(m):
                x[i, j] += alpha * p[i, j]
                r[i, j] -= alpha * out[i, j]
                rs_new += r[i, j] * r[i, j]
        for i in range(n):
            for j in range(m):
                p[i, j] = r[i, j] + (rs_new / rs) * p[i, j]
        rs = rs_new
        k += 1
    return x, k


def conjugate_gradient(f, sigma):
    u, iterations = _poisson(f, sigma, 1e-9, 10 * f.size)
    return {"u": u, "iterations": iterations}


@njit
def _gauss_jordan(a):
    n = a.shape[0]
    aug = np.zeros((n, 2 * n))
    aug[:, :n] = a
    for i in range(n):
        aug[i, n + i] = 1.0
    for col in range(n):
        pivot = col
        for row in range(col + 1, n):
            if abs(aug[row, col]) > abs(aug[pivot, col]):
                pivot = row
        if aug[pivot, col] == 0:
            raise ValueError("singular matrix")
        if pivot != col:
            for k in range(2 * n):
                aug[col, k], aug[pivot, k] = aug[pivot, k], aug[col, k]
        scale = aug[col, col]
        for k in range(2 * n):
            aug[col, k] /= scale
        for row in range(n):
            factor = aug[row, col]
            if row != col and factor != 0:
                for k in range(2 * n):
                    aug[row, k] -= factor * aug[col, k]
    return aug[:, n:]


def gauss_jordan(a):
    return _gauss_jordan(a)


@njit
def _gram_schmidt(vectors, eps):
    m, n = vectors.shape
    basis = np.zeros((m, n))
    w = np.empty(n)
    rank = 0
    for i in range(m):
        w[:] = vectors[i]
        for k in range(rank):
            along = np.dot(basis[k], w)
            for j in range(n):
                w[j] -= along * basis[k, j]
        norm = np.sqrt(np.dot(w, w))
        if norm < eps:
            continue
        for j in range(n):
            basis[rank, j] = w[j] / norm
        rank += 1
    return basis[:rank], rank


def gram_schmidt(vectors, eps=1e-10):
    return _gram_schmidt(vectors, eps)


@njit
def _jacobi_eigen(S, eps, max_sweeps):
    A = S.copy()
    n = len(A)
    V = np.eye(n)
    done = 0
    for sweep in range(max_sweeps):
        done = sweep
        off = 0.0
        for p in range(n):
            for q in range(p + 1, n):
                off += A[p, q] ** 2
        if math.sqrt(off) <= eps:
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(A[p, q]) < 1e-300:
                    continue
                theta = (A[q, q] - A[p, p]) / (2 * A[p, q])
                t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1))
                c = 1 / math.sqrt(t * t + 1)
                s = t * c
                for k in range(n):
                    x, y = A[k, p], A[k, q]
                    A[k, p], A[k, q] = c * x - s * y, s * x + c * y
                for k in range(n):
                    x, y = A[p, k], A[q, k]
                    A[p, k], A[q, k] = c * x - s * y, s * x + c * y
                for k in range(n):
                    x, y = V[k, p], V[k, q]
                    V[k, p], V[k, q] = c * x - s * y, s * x + c * y
    w = np.empty(n)
    for i in range(n):
        w[i] = A[i, i]
    order = np.argsort(w)
    return w[order], V[:, order], done


def jacobi_eigen(S, eps=1e-12, max_sweeps=30):
    return _jacobi_eigen(S, eps, max_sweeps)


@njit
def _lu(A, b):
    n = A.shape[0]
    LU = A.astype(np.float64)
    perm = np.arange(n)
    sign = 1.0
    for k in range(n - 1):
        p = k
        for i in range(k + 1, n):
            if abs(LU[i, k]) > abs(LU[p, k]):
                p = i
        if p != k:
            for j in range(n):
                LU[k, j], LU[p, j] = LU[p, j], LU[k, j]
            perm[k], perm[p] = perm[p], perm[k]
            sign = -sign
        if LU[k, k] == 0.0:
            continue
        for i in range(k + 1, n):
            LU[i, k] /= LU[k, k]
            for j in range(k + 1, n):
                LU[i, j] -= LU[i, k] * LU[k, j]
    y, x = np.empty(n), np.empty(n)
    for i in range(n):
        y[i] = b[perm[i]]
        for j in range(i):
            y[i] -= LU[i, j] * y[j]
    det = sign
    for i in range(n - 1, -1, -1):
        total = y[i]
        for j in range(i + 1, n):
            total -= LU[i, j] * x[j]
        x[i] = total / LU[i, i]
        det *= LU[i, i]
    return x, det, perm


def lu_pivot(A, b):
    return _lu(A, b)


@njit
def _qr(A):
    m, n = A.shape
    R = A.copy()
    Q = np.eye(m)
    v, along = np.empty(m), np.empty(n)
    for k in range(min(m - 1, n)):
        norm = 0.0
        for i in range(k, m):
            v[i] = R[i, k]
            norm += v[i] * v[i]
        norm = np.sqrt(norm)
        v[k] += norm if v[k] >= 0 else -norm
        size = 0.0
        for i in range(k, m):
            size += v[i] * v[i]
        size = np.sqrt(size)
        if size > 0:
            for i in range(k, m):
                v[i] /= size
        along[k:] = 0.0
        for i in range(k, m):
            for j in range(k, n):
                along[j] += v[i] * R[i, j]
        for i in range(k, m):
            for j in range(k, n):
                R[i, j] -= 2.0 * (v[i] * along[j])
        for i in range(m):
            total = 0.0
            for j in range(k, m):
                total += Q[i, j] * v[j]
            for j in range(k, m):
                Q[i, j] -= 2.0 * (total * v[j])
        R[k + 1 :, k] = 0.0
    return Q, R


def qr_householder(A):
    return _qr(A)


@njit
def _matrix_power(coeffs, start, ns, modulus):
    d = len(coeffs)
    out = np.empty(len(ns), np.int64)
    for index in range(len(ns)):
        n = ns[index]
        if n < d:
            out[index] = start[n] % modulus
            continue
        result, base, scratch = (
            np.eye(d).astype(np.int64),
            np.zeros((d, d), np.int64),
            np.empty((d, d), np.int64),
        )
        base[0] = coeffs
        for i in range(1, d):
            base[i, i - 1] = 1
        base %= modulus
        exponent = n - d + 1
        while exponent > 0:
            if exponent % 2 == 1:
                _product_mod(result, base, modulus, scratch)
                result, scratch = scratch, result
            _product_mod(base, base, modulus, scratch)
            base, scratch = scratch, base
            exponent //= 2
        total = 0
        for j in range(d):
            total += result[0, j] * start[d - 1 - j]
        out[index] = total % modulus
    return out


@njit
def _product_mod(a, b, modulus, out):
    d = a.shape[0]
    for i in range(d):
        for j in range(d):
            total = 0
            for k in range(d):
                total += a[i, k] * b[k, j]
            out[i, j] = total % modulus


def matrix_power(coeffs, start, ns):
    return _matrix_power(coeffs, start, ns, 10**6 + 7)


@njit
def _power(A, tol, max_iter):
    n = A.shape[0]
    v = np.ones(n) / np.sqrt(n)
    lam, status, done = 0.0, False, 0
    history = np.empty(max_iter)
    for i in range(max_iter):
        done = i + 1
        w = A.dot(v)
        v = w / np.linalg.norm(w)
        new = v.dot(A).dot(v)
        history[i] = new
        status = abs(new - lam) <= tol * abs(new)
        lam = new
        if status:
            break
    return lam, v, status, done, history[:done]


def power_iteration(A, v=None, tol=1e-10, max_iter=500):
    value, vector, converged, iterations, history = _power(A, tol, max_iter)
    return {
        "value": value,
        "vector": vector,
        "converged": converged,
        "iterations": iterations,
        "history": history,
    }


@njit
def _precondition(indptr, indices, lu, diag, x):
    n = x.size
    for i in range(n):
        for k in range(indptr[i], diag[i]):
            x[i] -= lu[k] * x[indices[k]]
    for i in range(n - 1, -1, -1):
        for k in range(diag[i] + 1, indptr[i + 1]):
            x[i] -= lu[k] * x[indices[k]]
        x[i] /= lu[diag[i]]


@njit
def _ilu0(indptr, indices, data):
    lu = data.copy()
    n = len(indptr) - 1
    diag, where = np.zeros(n, np.int64), np.full(n, -1)
    for i in range(n):
        start, stop = indptr[i], indptr[i + 1]
        for k in range(start, stop):
            where[indices[k]] = k
        for kk in range(start, stop):
            k = indices[kk]
            if k >= i:
                break
            lu[kk] /= lu[diag[k]]
            for jj in range(diag[k] + 1, indptr[k + 1]):
                at = where[indices[jj]]
                if at >= 0:
                    lu[at] -= lu[kk] * lu[jj]
        diag[i] = where[i]
        for k in range(start, stop):
            where[indices[k]] = -1
    return lu, diag


@njit
def _csr_product(indptr, indices, data, x, out):
    for i in range(len(indptr) - 1):
        total = 0.0
        for k in range(indptr[i], indptr[i + 1]):
            total += data[k] * x[indices[k]]
        out[i] = total


@njit
def _gmres(indptr, indices, data, b, restart, tol, max_outer):
    n = b.shape[0]
    m = min(restart, n)
    lu, diag = _ilu0(indptr, indices, data)
    x, r, w = np.zeros(n), np.empty(n), np.empty(n)
    V, H = np.empty((m + 1, n)), np.empty((m + 1, m))
    cs, sn, g, y = np.zeros(m), np.zeros(m), np.zeros(m + 1), np.zeros(m)
    norms = []
    target = -1.0
    for _ in range(max_outer):
        _csr_product(indptr, indices, data, x, r)
        for i in range(n):
            r[i] = b[i] - r[i]
        _precondition(indptr, indices, lu, diag, r)
        beta = np.sqrt(np.dot(r, r))
        if target < 0:
            target = tol * beta
        norms.append(beta)
        if beta <= target:
            break
        V[:] = 0.0
        H[:] = 0.0
        g[:] = 0.0
        g[0] = beta
        for i in range(n):
            V[0, i] = r[i] / beta
        size = 0
        for j in range(m):
            _csr_product(indptr, indices, data, V[j], w)
            _precondition(indptr, indices, lu, diag, w)
            for i in range(j + 1):
                H[i, j] = np.dot(w, V[i])
                for k in range(n):
                    w[k] -= H[i, j] * V[i, k]
            H[j + 1, j] = np.sqrt(np.dot(w, w))
            if H[j + 1, j] > 1e-14:
                for k in range(n):
                    V[j + 1, k] = w[k] / H[j + 1, j]
            for i in range(j):
                H[i, j], H[i + 1, j] = (
                    cs[i] * H[i, j] + sn[i] * H[i + 1, j],
                    cs[i] * H[i + 1, j] - sn[i] * H[i, j],
                )
            rho = np.hypot(H[j, j], H[j + 1, j])
            cs[j], sn[j] = H[j, j] / rho, H[j + 1, j] / rho
            H[j, j], H[j + 1, j] = rho, 0.0
            g[j + 1] = -sn[j] * g[j]
            g[j] *= cs[j]
            size = j + 1
            norms.append(abs(g[j + 1]))
            if norms[-1] <= target:
                break
        for i in range(size - 1, -1, -1):
            total = g[i]
            for k in range(i + 1, size):
                total -= H[i, k] * y[k]
            y[i] = total / H[i, i]
        for i in range(size):
            for k in range(n):
                x[k] += V[i, k] * y[i]
        if norms[-1] <= target:
            break
    return x, norms


def gmres(indptr, indices, data, b, restart=8, tol=1e-8, max_outer=20):
    return _gmres(indptr, indices, data, b, restart, tol, max_outer)


@njit
def _spmv_smooth(indptr, indices, data, x, sweeps):
    a, b = x.copy(), np.empty_like(x)
    for _ in range(sweeps):
        _csr_product(indptr, indices, data, a, b)
        top = np.abs(b).max()
        if top > 1.0:
            b /= top
        a, b = b, a
    out = np.zeros_like(x)
    _csr_product(indptr, indices, data, a, out)
    return a, out


def csr_spmv(indptr, indices, data, x, sweeps):
    return _spmv_smooth(indptr, indices, data, x, sweeps)


@njit
def _iterate(A, b, weight, most, tol):
    n = len(b)
    d = np.diag(A).copy()
    x = np.zeros(n)
    change = 0.0
    for k in range(most):
        Ax = A @ x
        change = 0.0
        for i in range(n):
            new = (b[i] - (Ax[i] - d[i] * x[i])) / d[i]
            new = weight * new + (1 - weight) * x[i]
            change = max(change, abs(new - x[i]))
            x[i] = new
        if change < tol:
            return x, k + 1, change
    return x, -1, change


def solver_choice(A, b):
    tried = []
    for name, weight in (("jacobi", 1.0), ("damped", 0.6), ("slow", 0.3)):
        x, steps, change = _iterate(A, b, weight, 60, 1e-10)
        if steps >= 0:
            return x, name, steps, tried
        tried.append(f"{name}: 60 steps, residual {change:.2e}")
    return np.linalg.solve(A, b), "direct", 0, tried


@njit
def _pivot_inverse(T, row, col):
    rows, columns = T.shape
    scale = T[row, col]
    for k in range(columns):
        T[row, k] /= scale
    for r in range(rows):
        if r != row:
            factor = T[r, col]
            for k in range(columns):
                T[r, k] -= factor * T[row, k]


@njit
def _simplex(c, A, b, max_iter):
    m, n = A.shape
    T = np.zeros((m + 1, n + m + 1))
    T[:m, :n] = A
    for i in range(m):
        T[i, n + i] = 1.0
    T[:m, n + m] = b
    T[m, :n] = -c
    basis = np.arange(n, n + m)
    done = 0
    for iteration in range(max_iter):
        done = iteration
        col = -1
        for k in range(n + m):
            if T[m, k] < -1e-9:
                col = k
                break
        if col < 0:
            break
        best, row = np.inf, -1
        for i in range(m):
            if T[i, col] > 1e-9:
                ratio = T[i, n + m] / T[i, col]
                if ratio < best:
                    best, row = ratio, i
        if row < 0:
            return np.zeros(0), np.inf, iteration
        _pivot_inverse(T, row, col)
        basis[row] = col
    x = np.zeros(n + m)
    for i in range(m):
        x[basis[i]] = T[i, n + m]
    return x[:n], T[m, n + m], done


def simplex_lp(c, A, b, max_iter=500):
    x, value, iteration = _simplex(c, A, b, max_iter)
    return (x if x.size else None), value, iteration


@njit
def _substitute(L, X, lower, unit):
    n, m = X.shape
    for step in range(n):
        i = step if lower else n - 1 - step
        start, stop = (0, i) if lower else (i + 1, n)
        for j in range(start, stop):
            for k in range(m):
                X[i, k] -= L[i, j] * X[j, k]
        if unit:
            continue
        if L[i, i] == 0:
            raise ValueError("zero on the diagonal")
        for k in range(m):
            X[i, k] /= L[i, i]


def triangular_checked(L, B, lower=True, unit=False, overwrite=False):
    X = B if overwrite else B.copy()
    _substitute(L, X, lower, unit)
    return X
