import numpy as np


def lu_decompose(A):
    n = A.shape[0]
    LU = A.astype(float)
    perm = np.arange(n)
    sign = 1
    for k in range(n - 1):
        p = k + np.argmax(np.abs(LU[k:, k]))
        if p != k:
            LU[[k, p]] = LU[[p, k]]
            perm[k], perm[p] = perm[p], perm[k]
            sign = -sign
        if LU[k, k] == 0.0:
            continue
        LU[k + 1:, k] /= LU[k, k]
        LU[k + 1:, k + 1:] -= np.outer(LU[k + 1:, k], LU[k, k + 1:])
    return LU, perm, sign


def solve(A, b):
    """Solve A x = b; also gives the determinant."""
    LU, perm, sign = lu_decompose(A)
    n = len(b)
    y = b[perm].astype(float)
    for i in range(1, n):
        y[i] -= LU[i, :i] @ y[:i]
    x = np.empty(n)
    for i in range(n - 1, -1, -1):
        x[i] = (y[i] - LU[i, i + 1:] @ x[i + 1:]) / LU[i, i]
    det = sign * np.prod(np.diag(LU))
    return x, det, perm


# --- how the test-suite calls it
PROGRAM = solve
SIZES = (1, 5, 60)
BENCH = 200
SCAN = True
EXACT = False
RTOL = 1e-8


def make_inputs(size):
    rng = np.random.default_rng(7)
    return (rng.integers(-9, 10, (size, size)) / 8 + 0.5 * np.eye(size), rng.integers(-5, 5, size)), {}


def check(result, before, after):
    x, det, perm = result
    A, b = before
    assert np.allclose(A @ x, b, atol=1e-6)
    if len(b) < 20:
        assert np.isclose(det, np.linalg.det(A))
    assert sorted(perm) == list(range(len(b)))
