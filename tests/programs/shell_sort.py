import numpy as np


def insertion_sort(a):
    for i in range(1, len(a)):
        key = a[i]
        j = i - 1
        while j >= 0 and a[j] > key:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = key


def sort(a):
    """Shell sort, down to an insertion sort; in place. Returns whether there was anything to do."""
    if (a[:-1] <= a[1:]).all():
        return False
    gap = 1
    while gap < len(a) // 3:
        gap = 3 * gap + 1
    while gap > 1:
        for start in range(gap):
            insertion_sort(a[start::gap])
        gap //= 3
    insertion_sort(a)
    return True


# --- how the test-suite calls it
PROGRAM = sort
SIZES = (1, 9, 300)
BENCH = 4000
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(61).standard_normal(size).round(2),), {}


def check(result, before, after):
    assert (after[0] == np.sort(before[0])).all() and result is (len(before[0]) > 1)
