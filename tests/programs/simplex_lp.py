import numpy as np


def pivot(T, row, col):
    T[row] /= T[row, col]
    for r in range(T.shape[0]):
        if r != row:
            T[r] -= T[r, col] * T[row]


def simplex(c, A, b, max_iter=500):
    """max c.x with A x <= b and x >= 0, where b >= 0; by the tableau, with Bland's rule."""
    m, n = A.shape
    T = np.zeros((m + 1, n + m + 1))
    T[:m, :n] = A
    T[:m, n:n + m] = np.eye(m)
    T[:m, -1] = b
    T[m, :n] = -c
    basis = list(range(n, n + m))
    for iteration in range(max_iter):
        candidates = np.where(T[-1, :-1] < -1e-9)[0]
        if candidates.size == 0:
            break
        col = candidates[0]
        best = np.inf
        row = None
        for i in range(m):
            if T[i, col] > 1e-9:
                ratio = T[i, -1] / T[i, col]
                if ratio < best:
                    best, row = ratio, i
        if row is None:
            return None, np.inf, iteration
        pivot(T, row, col)
        basis[row] = int(col)
    x = np.zeros(n + m)
    for i, j in enumerate(basis):
        x[j] = T[i, -1]
    return x[:n], T[-1, -1], iteration


# --- how the test-suite calls it
PROGRAM = simplex
SIZES = ((1, 1), (3, 2), (12, 10))
BENCH = (80, 60)
SCAN = True


def make_inputs(size):
    m, n = size
    rng = np.random.default_rng(68)
    return (rng.random(n), rng.random((m, n)) + 0.05, rng.random(m) * 5 + 1), {}


def check(result, before, after):
    from scipy.optimize import linprog
    x, value, it = result
    c, A, b = before
    assert np.isclose(value, -linprog(-c, A, b).fun) and np.isclose(c @ x, value)
