import numpy as np


def edit_distance(a, b):
    n, m = len(a), len(b)
    d = np.zeros((n + 1, m + 1), dtype=np.int64)
    d[:, 0] = np.arange(n + 1)
    d[0, :] = np.arange(m + 1)
    for i in range(1, n + 1):
        for j in range(1, m + 1):
            cost = 0 if a[i - 1] == b[j - 1] else 1
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
    return int(d[n, m])


# --- how the test-suite calls it
PROGRAM = edit_distance
SIZES = ((0, 2), (5, 4), (50, 60))
BENCH = (100, 120)
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(12)
    return (rng.integers(0, 4, size[0]).astype(np.uint8), rng.integers(0, 4, size[1]).astype(np.uint8)), {}


def check(result, before, after):
    a, b = (list(map(int, s)) for s in before)
    row = list(range(len(b) + 1))
    for i, x in enumerate(a):
        new = [i + 1]
        for j, y in enumerate(b):
            new.append(min(row[j + 1] + 1, new[j] + 1, row[j] + (x != y)))
        row = new
    assert result == row[-1] and type(result) is int
