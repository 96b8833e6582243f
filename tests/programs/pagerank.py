import numpy as np


def pagerank(indptr, indices, damping=0.85, tol=1e-9):
    """PageRank on raw CSR arrays of out-links."""
    n = len(indptr) - 1
    rank = np.full(n, 1.0 / n)
    degree = np.diff(indptr)
    dangling = degree == 0
    iterations = 0
    while True:
        share = np.divide(rank, degree, out=np.zeros_like(rank), where=~dangling)
        new = np.zeros(n)
        np.add.at(new, indices, np.repeat(share, degree))
        new = damping * (new + rank[dangling].sum() / n) + (1.0 - damping) / n
        change = np.abs(new - rank).sum()
        rank[...] = new
        iterations += 1
        if change < tol:
            break
    order = np.argsort(-rank, kind="stable")
    return rank, order[:10], iterations


# --- how the test-suite calls it
PROGRAM = pagerank
SIZES = ((1, 0), (6, 11), (100, 500))
BENCH = (10000, 100000)
SCAN = True


def make_inputs(size):
    n, links = size
    rng = np.random.default_rng(27)
    counts = np.bincount(rng.integers(0, n, links), minlength=n)
    return (np.r_[0, np.cumsum(counts)], rng.integers(0, n, links)), {}


def check(result, before, after):
    rank, order, _ = result
    assert np.isclose(rank.sum(), 1.0) and rank[order[0]] == rank.max()
