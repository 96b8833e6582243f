import numpy as np


def sift_down(keys, ids, i, n):
    while 2 * i + 1 < n:
        child = 2 * i + 1
        if child + 1 < n and keys[child + 1] > keys[child]:
            child += 1
        if keys[i] >= keys[child]:
            break
        keys[i], keys[child] = keys[child], keys[i]
        ids[i], ids[child] = ids[child], ids[i]
        i = child


def argsort(values):
    keys = np.array(values)
    n = len(keys)
    ids = np.arange(n)
    for i in reversed(range(n // 2)):
        sift_down(keys, ids, i, n)
    for end in range(n - 1, 0, -1):
        keys[[0, end]] = keys[[end, 0]]
        ids[[0, end]] = ids[[end, 0]]
        sift_down(keys, ids, 0, end)
    return ids, keys


# --- how the test-suite calls it
PROGRAM = argsort
SIZES = (1, 6, 200)
BENCH = 1000
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(64).permutation(size).astype(np.float32) - 3,), {}


def check(result, before, after):
    assert (result[0] == np.argsort(before[0])).all() and (result[1] == np.sort(before[0])).all()
