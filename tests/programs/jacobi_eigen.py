import math

import numpy as np


def eigh(S, eps=1e-12, max_sweeps=30):
    """Eigenvalues and vectors of a symmetric matrix by cyclic Jacobi rotations."""
    A = S.copy()
    n = len(A)
    V = np.identity(n)
    for sweep in range(max_sweeps):
        off = math.sqrt(sum([A[p, q] ** 2 for p in range(n) for q in range(p + 1, n)]))
        if off <= eps:
            break
        for p in range(n - 1):
            for q in range(p + 1, n):
                if abs(A[p, q]) < 1e-300:
                    continue
                theta = (A[q, q] - A[p, p]) / (2 * A[p, q])
                t = math.copysign(1.0, theta) / (abs(theta) + math.sqrt(theta * theta + 1))
                c = 1 / math.sqrt(t * t + 1)
                s = t * c
                Ap, Aq = A[:, p].copy(), A[:, q].copy()
                A[:, p] = c * Ap - s * Aq
                A[:, q] = s * Ap + c * Aq
                Ap, Aq = A[p].copy(), A[q].copy()
                A[p], A[q] = c * Ap - s * Aq, s * Ap + c * Aq
                V[:, [p, q]] = V[:, [p, q]] @ np.array([[c, s], [-s, c]])
    w = np.diagonal(A)
    order = np.argsort(w)
    return w[order], V[:, order], sweep


# --- how the test-suite calls it
PROGRAM = eigh
SIZES = (1, 3, 10)
BENCH = 16
SCAN = True
EXACT = False
RTOL = 1e-9


def make_inputs(size):
    m = np.random.default_rng(69).standard_normal((size, size))
    return (m + m.T,), {}


def check(result, before, after):
    w, V, _ = result
    assert np.allclose(w, np.linalg.eigvalsh(before[0])) and np.allclose(V * w @ V.T, before[0])
