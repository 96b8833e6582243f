import numpy as np


def substitute(L, B, lower=True, unit=False, overwrite=False):
    """Solve a triangular system with several right-hand sides; complains about what it can't solve."""
    if L.ndim != 2 or L.shape[0] != L.shape[1]:
        raise ValueError("L must be square")
    n = L.shape[0]
    if B.shape[0] != n:
        raise ValueError("L and B must have as many rows")
    X = B if overwrite else B.copy()
    rows = range(n) if lower else reversed(range(n))
    for i in rows:
        others = slice(0, i) if lower else slice(i + 1, n)
        for k in range(X.shape[1]):
            X[i, k] -= (L[i, others] * X[others, k]).sum()
        if unit:
            continue
        if L[i, i] == 0:
            raise np.linalg.LinAlgError("zero on the diagonal")
        X[i] /= L[i, i]
    return X


# --- how the test-suite calls it
PROGRAM = substitute
SIZES = ((1, 1, False), (6, 3, False), (20, 2, True))
BENCH = (100, 20, False)
SCAN = True
RAISES = (None, None, np.linalg.LinAlgError)


def make_inputs(size):
    n, m, singular = size
    rng = np.random.default_rng(78)
    L = np.tril(rng.standard_normal((n, n)), -1) / n + np.eye(n)
    if singular:
        L[n // 2, n // 2] = 0
    return (L, rng.random((n, m))), {"overwrite": n == 6}


def check(result, before, after):
    assert np.allclose(before[0] @ result, before[1])
    assert (result is after[1]) == (len(result) == 6)
