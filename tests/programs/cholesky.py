import math

import numpy as np


def cholesky(a):
    n = a.shape[0]
    l = np.zeros((n, n))
    for i in range(n):
        for j in range(i + 1):
            s = a[i, j]
            for k in range(j):
                s -= l[i, k] * l[j, k]
            if i == j:
                if s <= 0.0:
                    raise ValueError("matrix is not positive definite")
                l[i, i] = math.sqrt(s)
            else:
                l[i, j] = s / l[j, j]
    return l


# --- how the test-suite calls it
PROGRAM = cholesky
SIZES = (1, 4, 30)
BENCH = 44
SCAN = True


def make_inputs(size):
    m = np.random.default_rng(8).standard_normal((size, size))
    return (m @ m.T + size * np.eye(size),), {}


def check(result, before, after):
    assert np.allclose(result, np.linalg.cholesky(before[0]))
