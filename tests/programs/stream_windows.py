import numpy as np


def windows(x, size, step):
    for start in range(0, len(x) - size + 1, step):
        yield start, x[start : start + size]


def features(stream):
    for start, window in stream:
        yield start, window.mean(), window.max() - window.min()


def calm(stream, limit):
    for start, mean, spread in stream:
        if spread < limit:
            yield start, mean


def smooth_parts(x, size, step, limit):
    """Where x is calm for a whole window: the starts, the running total of their means, and the longest gap between them."""
    starts, totals = [], []
    total, last, gap = 0.0, 0, 0
    for start, mean in calm(features(windows(x, size, step)), limit):
        total += mean
        starts.append(start)
        totals.append(total)
        gap = max(gap, start - last)
        last = start
    first = next((k for k, v in enumerate(x) if v > limit), -1)
    return np.array(starts, dtype=np.int64), np.array(totals, dtype=float), gap, first


# --- how the test-suite calls it
PROGRAM = smooth_parts
SIZES = (1, 20, 300)
BENCH = 4000
SCAN = True


def make_inputs(size):
    x = np.cumsum(np.random.default_rng(8).standard_normal(size))
    return (x, 5, 2, 2.0), {}


def check(result, before, after):
    x, size, step, limit = before
    expected = [
        k for k in range(0, len(x) - size + 1, step) if np.ptp(x[k : k + size]) < limit
    ]
    assert result[0].tolist() == expected
    assert np.allclose(result[1], np.cumsum([x[k : k + size].mean() for k in expected]))
