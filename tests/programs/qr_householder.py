import numpy as np


def house(x):
    """The Householder vector that sends x to a multiple of e1."""
    v = x.copy()
    norm = np.sqrt((x * x).sum())
    v[0] += norm if x[0] >= 0 else -norm
    vnorm = np.sqrt((v * v).sum())
    return v / vnorm if vnorm > 0 else v


def qr(A):
    m, n = A.shape
    R = A.copy()
    Q = np.eye(m)
    for k in range(min(m - 1, n)):
        v = house(R[k:, k])
        R[k:, k:] -= 2.0 * np.outer(v, v.dot(R[k:, k:]))
        Q[:, k:] -= 2.0 * np.outer(Q[:, k:].dot(v), v)
        R[k + 1:, k] = 0.0
    return Q, R


# --- how the test-suite calls it
PROGRAM = qr
SIZES = ((1, 1), (5, 3), (60, 40))
BENCH = (120, 100)
SCAN = True
EXACT = False
RTOL = 1e-9


def make_inputs(size):
    return (np.random.default_rng(9).standard_normal(size),), {}


def check(result, before, after):
    Q, R = result
    assert np.allclose(Q @ R, before[0]) and np.allclose(Q.T @ Q, np.eye(len(Q)))
    assert (np.tril(R, -1) == 0).all()
