import numpy as np


def hillis_steele(x, op=np.add):
    y = x.copy()
    shift = 1
    while shift < len(y):
        y[shift:] = op(y[shift:], y[:-shift])
        shift *= 2
    return y


def blelloch(x):
    """Exclusive scan with an up-sweep and a down-sweep; the length is a power of two."""
    n = x.size
    t = x.copy()
    d = 1
    while d < n:
        t[2 * d - 1::2 * d] += t[d - 1::2 * d]
        d <<= 1
    t[n - 1] = 0
    while d > 1:
        d >>= 1
        left = t[d - 1::2 * d].copy()
        t[d - 1::2 * d] = t[2 * d - 1::2 * d]
        t[2 * d - 1::2 * d] += left
    return t


def segments(values, flags):
    """Sums of segments: inclusive and exclusive scans agree, maxima run on, and each segment's total is given."""
    inclusive = hillis_steele(values)
    exclusive = blelloch(values)
    agree = np.array_equal(inclusive - values, exclusive)
    highest = hillis_steele(values, np.maximum)
    starts = np.nonzero(flags)[0]
    ends = np.append(starts[1:], len(values)) - 1
    totals = inclusive[ends] - exclusive[starts]
    return agree, highest, totals


# --- how the test-suite calls it
PROGRAM = segments
SIZES = (1, 8, 1024)
BENCH = 262144
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(65)
    flags = rng.random(size) < 0.2
    flags[0] = True
    return (rng.integers(-50, 50, size), flags), {}


def check(result, before, after):
    agree, highest, totals = result
    v, f = before
    assert agree is True and (highest == np.maximum.accumulate(v)).all()
    assert (totals == np.add.reduceat(v, np.flatnonzero(f))).all()
