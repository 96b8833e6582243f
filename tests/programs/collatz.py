import numpy as np


def collatz_length(n):
    steps = 1
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


def longest(limit):
    """The start below limit with the longest chain, its length, and all lengths."""
    lengths = np.zeros(limit, dtype=np.int16)
    best, best_n = 0, None
    for n in range(1, limit):
        lengths[n] = collatz_length(n)
        if lengths[n] > best:
            best = lengths[n]
            best_n = n
    return best_n, best, lengths


# --- how the test-suite calls it
PROGRAM = longest
SIZES = (1, 10, 500)
BENCH = 3000
SCAN = True


def make_inputs(size):
    return (size,), {}


def check(result, before, after):
    best_n, best, lengths = result
    if before[0] == 1:
        assert best_n is None and best == 0
    else:
        assert type(best_n) is int and isinstance(best, np.int16) and lengths.argmax() == best_n
    if before[0] == 10:
        assert best_n == 9 and best == 20
