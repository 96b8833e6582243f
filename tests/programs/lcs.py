import numpy as np


def longest_common_subsequence(x, y):
    m, n = len(x), len(y)
    table = np.zeros((m + 1, n + 1), int)
    for i in range(m):
        for j in range(n):
            if x[i] == y[j]:
                table[i + 1][j + 1] = table[i][j] + 1
            else:
                table[i + 1][j + 1] = max(table[i][j + 1], table[i + 1][j])
    result = []
    i, j = m, n
    while i and j:
        if x[i - 1] == y[j - 1]:
            result.append(x[i - 1])
            i, j = i - 1, j - 1
        elif table[i - 1][j] >= table[i][j - 1]:
            i -= 1
        else:
            j -= 1
    return np.array(result[::-1], dtype=x.dtype)


# --- how the test-suite calls it
PROGRAM = longest_common_subsequence
SIZES = ((2, 1), (7, 6), (40, 50))
BENCH = (110, 130)
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(24)
    return (rng.integers(97, 101, size[0]).astype(np.int16), rng.integers(97, 101, size[1]).astype(np.int16)), {}


def check(result, before, after):
    assert result.dtype == np.int16
    for s in before:
        rest = iter(s.tolist())
        assert all(v in rest for v in result.tolist())
