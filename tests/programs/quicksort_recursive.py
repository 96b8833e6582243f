import numpy as np


def partition(a, lo, hi):
    mid = (lo + hi) // 2
    a[mid], a[hi] = a[hi], a[mid]
    pivot = a[hi]
    i = lo
    for j in range(lo, hi):
        if a[j] < pivot:
            a[i], a[j] = a[j], a[i]
            i += 1
    a[i], a[hi] = a[hi], a[i]
    return i


def quicksort(a, lo, hi):
    if lo < hi:
        p = partition(a, lo, hi)
        quicksort(a, lo, p - 1)
        quicksort(a, p + 1, hi)


def median(a):
    """The median of a, which is left sorted."""
    n = len(a)
    quicksort(a, 0, n - 1)
    return a[n // 2] if n % 2 else (a[n // 2 - 1] + a[n // 2]) / 2


# --- how the test-suite calls it
PROGRAM = median
SIZES = (1, 8, 60)
BENCH = 1500
SCAN = False


def make_inputs(size):
    return (np.random.default_rng(5).random(size),), {}


def check(result, before, after):
    assert (after[0] == np.sort(before[0])).all()
    assert result == np.median(before[0])
