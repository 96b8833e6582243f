import numpy as np


def failure(pattern):
    m = len(pattern)
    fail = np.zeros(m, dtype=np.int32)
    k = 0
    for q in range(1, m):
        while k > 0 and pattern[k] != pattern[q]:
            k = fail[k - 1]
        if pattern[k] == pattern[q]:
            k += 1
        fail[q] = k
    return fail


def find_all(text, pattern, limit=None):
    """Where pattern starts in text, overlapping; at most `limit` of them."""
    fail = failure(pattern)
    hits = []
    k = 0
    for i, c in enumerate(text):
        while k > 0 and pattern[k] != c:
            k = fail[k - 1]
        if pattern[k] == c:
            k += 1
        if k == len(pattern):
            hits.append(i - k + 1)
            if limit is not None and len(hits) >= limit:
                return hits
            k = fail[k - 1]
    return hits


# --- how the test-suite calls it
PROGRAM = find_all
SIZES = ((1, 2), (12, 2), (800, 3))
BENCH = (40000, 6)
SCAN = True


def make_inputs(size):
    n, m = size
    rng = np.random.default_rng(66)
    return (rng.integers(0, 2, n).astype(np.uint8), rng.integers(0, 2, m).astype(np.uint8)), {"limit": 500}


def check(result, before, after):
    t, p = (a.tobytes() for a in before)
    assert result == [i for i in range(len(t) - len(p) + 1) if t[i:i + len(p)] == p][:500]
