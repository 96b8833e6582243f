import numpy as np


def queens(n):
    """All solutions by backtracking with bit masks on explicit stacks; and the first one's columns."""
    full = (1 << n) - 1
    free = np.zeros(n + 1, dtype=np.int64)
    cols = np.zeros(n + 1, dtype=np.int64)
    ld = np.zeros(n + 1, dtype=np.int64)
    rd = np.zeros(n + 1, dtype=np.int64)
    place = np.zeros(n + 1, dtype=np.int64)
    first = None
    solutions = 0
    row = 0
    free[0] = full
    while row >= 0:
        if row == n:
            solutions += 1
            if first is None:
                first = np.log2(place[:n]).astype(np.int8)
            row -= 1
            continue
        if free[row] == 0:
            row -= 1
            continue
        bit = free[row] & -free[row]
        free[row] ^= bit
        place[row] = bit
        cols[row + 1] = cols[row] | bit
        ld[row + 1] = (ld[row] | bit) << 1
        rd[row + 1] = (rd[row] | bit) >> 1
        row += 1
        free[row] = full & ~(cols[row] | ld[row] | rd[row])
    return solutions, first


# --- how the test-suite calls it
PROGRAM = queens
SIZES = (1, 3, 6)
BENCH = 9
SCAN = True


def make_inputs(size):
    return (size,), {}


def check(result, before, after):
    n, = before
    assert result[0] == {1: 1, 3: 0, 6: 4, 9: 352}[n]
    if n == 3:
        assert result[1] is None
    else:
        f = result[1].astype(int)
        assert len(set(f)) == len(set(f + np.arange(n))) == len(set(f - np.arange(n))) == n
