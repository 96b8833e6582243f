import numpy as np


def knapsack(weights, values, capacity):
    """0/1 knapsack. Returns the best value and which items to take."""
    n = len(weights)
    best = np.zeros(capacity + 1, dtype=np.int64)
    take = np.zeros((n, capacity + 1), dtype=bool)
    for i, (w, v) in enumerate(zip(weights, values)):
        if w > capacity:
            continue
        candidate = best[:capacity + 1 - w] + v
        improved = candidate > best[w:]
        take[i, w:] = improved
        best[w:] = np.where(improved, candidate, best[w:])
    chosen = []
    c = capacity
    for i in range(n - 1, -1, -1):
        if take[i, c]:
            chosen.append(i)
            c -= weights[i]
    return best[capacity], chosen[::-1]


# --- how the test-suite calls it
PROGRAM = knapsack
SIZES = ((1, 3), (6, 20), (60, 500))
BENCH = (700, 3000)
SCAN = True


def make_inputs(size):
    n, capacity = size
    rng = np.random.default_rng(19)
    return (rng.integers(1, max(2, capacity // 3) + 1, n), rng.integers(1, 50, n), capacity), {}


def check(result, before, after):
    best, chosen = result
    w, v, capacity = before
    assert sum(w[chosen]) <= capacity and v[chosen].sum() == best
    table = [0] * (capacity + 1)
    for a, b in zip(w.tolist(), v.tolist()):
        for c in range(capacity, a - 1, -1):
            table[c] = max(table[c], table[c - a] + b)
    assert best == table[capacity]
