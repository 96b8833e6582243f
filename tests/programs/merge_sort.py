import numpy as np


def merge(src, dst, lo, mid, hi):
    i, j = lo, mid
    inversions = 0
    for k in range(lo, hi):
        if i < mid and (j >= hi or src[i] <= src[j]):
            dst[k] = src[i]
            i += 1
        else:
            dst[k] = src[j]
            j += 1
            inversions += mid - i
    return inversions


def count_inversions(a):
    """Bottom-up merge sort of a; a is left sorted, and the number of inversions is returned."""
    n = a.shape[0]
    src, dst = a, np.empty_like(a)
    total = 0
    width = 1
    while width < n:
        for lo in range(0, n, 2 * width):
            mid = min(lo + width, n)
            hi = min(lo + 2 * width, n)
            total += merge(src, dst, lo, mid, hi)
        src, dst = dst, src
        width *= 2
    if src is not a:
        a[:] = src
    return total


# --- how the test-suite calls it
PROGRAM = count_inversions
SIZES = (1, 7, 300)
BENCH = 3000
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(63).random(size),), {}


def check(result, before, after):
    a, = before
    assert (after[0] == np.sort(a)).all()
    assert result == np.triu(a[:, None] > a[None, :], 1).sum()
