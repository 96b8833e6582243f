import numpy as np

INFINITY = np.inf


def matrix_chain_order(dims):
    n = len(dims) - 1
    cost = np.zeros((n, n))
    split = np.zeros((n, n), dtype=int)
    for length in range(2, n + 1):
        for i in range(n - length + 1):
            j = i + length - 1
            cost[i, j] = INFINITY
            for k in range(i, j):
                q = cost[i, k] + cost[k + 1, j] + dims[i] * dims[k + 1] * dims[j + 1]
                if q < cost[i, j]:
                    cost[i, j] = q
                    split[i, j] = k
    return cost[0, n - 1], split


# --- how the test-suite calls it
PROGRAM = matrix_chain_order
SIZES = (1, 4, 20)
BENCH = 40
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(22).integers(2, 40, size + 1),), {}


def check(result, before, after):
    p = before[0].tolist()
    memo = {}

    def best(i, j):
        if i == j:
            return 0
        if (i, j) not in memo:
            memo[i, j] = min(best(i, k) + best(k + 1, j) + p[i] * p[k + 1] * p[j + 1] for k in range(i, j))
        return memo[i, j]

    assert result[0] == best(0, len(p) - 2)
