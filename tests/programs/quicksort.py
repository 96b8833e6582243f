import numpy as np


def partition(a, lo, hi):
    mid = (lo + hi) // 2
    if a[mid] < a[lo]:
        a[lo], a[mid] = a[mid], a[lo]
    if a[hi] < a[lo]:
        a[lo], a[hi] = a[hi], a[lo]
    if a[hi] < a[mid]:
        a[mid], a[hi] = a[hi], a[mid]
    pivot = a[mid]
    i, j = lo, hi
    while True:
        while a[i] < pivot:
            i += 1
        while a[j] > pivot:
            j -= 1
        if i >= j:
            return j
        a[i], a[j] = a[j], a[i]
        i += 1
        j -= 1


def quicksort(x):
    """A sorted copy; the stack of ranges is a list that is appended to and popped."""
    a = x.copy()
    stack = [(0, a.size - 1)]
    deepest = 1
    while stack:
        lo, hi = stack.pop()
        if lo >= hi:
            continue
        p = partition(a, lo, hi)
        stack.append((lo, p))
        stack.append((p + 1, hi))
        deepest = max(deepest, len(stack))
    return a, deepest


# --- how the test-suite calls it
PROGRAM = quicksort
SIZES = (0, 6, 300)
BENCH = 4000
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(62).integers(0, max(1, size), size).astype(np.int32),), {}


def check(result, before, after):
    assert (result[0] == np.sort(before[0])).all() and (after[0] == before[0]).all()
