import numpy as np


def ilu0(indptr, indices, data):
    """Incomplete LU without fill, on a copy of the values. Columns are sorted in each row."""
    lu = data.copy()
    n = len(indptr) - 1
    diag = np.zeros(n, dtype=np.int64)
    where = np.full(n, -1)
    for i in range(n):
        start, stop = indptr[i], indptr[i + 1]
        where[indices[start:stop]] = np.arange(start, stop)
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
        where[indices[start:stop]] = -1
    return lu, diag


def precondition(indptr, indices, lu, diag, b):
    x = b.copy()
    n = x.size
    for i in range(n):
        for k in range(indptr[i], diag[i]):
            x[i] -= lu[k] * x[indices[k]]
    for i in range(n - 1, -1, -1):
        for k in range(diag[i] + 1, indptr[i + 1]):
            x[i] -= lu[k] * x[indices[k]]
        x[i] /= lu[diag[i]]
    return x


def matvec(indptr, indices, data, x):
    return np.add.reduceat(data * x[indices], indptr[:-1])


def gmres(indptr, indices, data, b, restart=8, tol=1e-8, max_outer=20):
    """Restarted GMRES with Givens rotations and ILU(0) on the left."""
    n = b.shape[0]
    m = min(restart, n)
    lu, diag = ilu0(indptr, indices, data)
    x = np.zeros(n)
    norms = []
    target = None
    for outer in range(max_outer):
        r = precondition(indptr, indices, lu, diag, b - matvec(indptr, indices, data, x))
        beta = np.linalg.norm(r)
        if target is None:
            target = tol * beta
        norms.append(beta)
        if beta <= target:
            break
        V = np.zeros((m + 1, n))
        H = np.zeros((m + 1, m))
        cs, sn = np.zeros(m), np.zeros(m)
        g = np.zeros(m + 1)
        g[0] = beta
        V[0] = r / beta
        size = 0
        for j in range(m):
            w = precondition(indptr, indices, lu, diag, matvec(indptr, indices, data, V[j]))
            for i in range(j + 1):
                H[i, j] = np.dot(w, V[i])
                w -= H[i, j] * V[i]
            H[j + 1, j] = np.linalg.norm(w)
            if H[j + 1, j] > 1e-14:
                V[j + 1] = w / H[j + 1, j]
            for i in range(j):
                H[i, j], H[i + 1, j] = cs[i] * H[i, j] + sn[i] * H[i + 1, j], cs[i] * H[i + 1, j] - sn[i] * H[i, j]
            rho = np.hypot(H[j, j], H[j + 1, j])
            cs[j], sn[j] = H[j, j] / rho, H[j + 1, j] / rho
            H[j, j], H[j + 1, j] = rho, 0.0
            g[j + 1] = -sn[j] * g[j]
            g[j] *= cs[j]
            size = j + 1
            norms.append(abs(g[j + 1]))
            if norms[-1] <= target:
                break
        y = np.zeros(size)
        for i in range(size - 1, -1, -1):
            y[i] = (g[i] - H[i, i + 1:size] @ y[i + 1:]) / H[i, i]
        x += V[:size].T @ y
        if norms[-1] <= target:
            break
    return x, norms


# --- how the test-suite calls it
PROGRAM = gmres
SIZES = (1, 6, 60)
BENCH = 300
SCAN = True
EXACT = False
RTOL = 1e-7


def make_inputs(size):
    rng = np.random.default_rng(84)
    A = np.diag(rng.uniform(3, 4, size))
    off = rng.random((size, size)) < 3 / size
    A += off * rng.uniform(-1, 1, (size, size)) * ~np.eye(size, dtype=bool)
    rows, cols = np.nonzero(A)
    return (np.searchsorted(rows, np.arange(size + 1)), cols, A[rows, cols], rng.standard_normal(size)), {}


def check(result, before, after):
    x, norms = result
    indptr, indices, data, b = before
    assert np.allclose(matvec(indptr, indices, data, x), b, atol=1e-6)
