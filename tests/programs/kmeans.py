import numpy as np


def kmeans(X, k, max_iter=100):
    """Lloyd's algorithm, from the first k points; an empty cluster is moved to the farthest point."""
    n, d = X.shape
    centres = X[:k].copy()
    labels = np.full(n, -1)
    changed = True
    it = 0
    while changed and it < max_iter:
        d2 = ((X[:, None, :] - centres[None, :, :]) ** 2).sum(-1)
        new_labels = d2.argmin(axis=1)
        changed = bool((new_labels != labels).any())
        labels = new_labels
        for j in range(k):
            members = labels == j
            if members.any():
                centres[j] = X[members].mean(axis=0)
            else:
                centres[j] = X[d2.min(axis=1).argmax()]
        it += 1
    inertia = float(((X - centres[labels]) ** 2).sum())
    return centres, labels, inertia, it


# --- how the test-suite calls it
PROGRAM = kmeans
SIZES = ((2, 1, 1), (9, 2, 3), (150, 2, 4))
BENCH = (1200, 4, 8)
SCAN = True


def make_inputs(size):
    n, d, k = size
    rng = np.random.default_rng(53)
    return (rng.standard_normal((n, d)) + 4 * rng.integers(0, k, (n, 1)), k), {}


def check(result, before, after):
    centres, labels, inertia, it = result
    X, k = before
    d2 = ((X[:, None] - centres) ** 2).sum(-1)
    assert (labels == d2.argmin(1)).all() and np.isclose(inertia, d2.min(1).sum()) and it <= 100
