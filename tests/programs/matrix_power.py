import numpy as np


def power_mod(M, exponent, modulus):
    result = np.eye(M.shape[0], dtype=M.dtype)
    base = M % modulus
    while exponent > 0:
        if exponent % 2 == 1:
            result = result @ base % modulus
        base = base.dot(base) % modulus
        exponent //= 2
    return result


def linear_recurrence(coeffs, start, n, modulus=10 ** 6 + 7):
    """The n-th term of x[k] = coeffs . x[k-1:k-1-d:-1], mod a prime."""
    d = len(coeffs)
    if n < d:
        return int(start[n]) % modulus
    companion = np.zeros((d, d), dtype=np.int64)
    companion[0] = coeffs
    companion[1:, :-1] = np.eye(d - 1, dtype=np.int64)
    top = power_mod(companion, n - d + 1, modulus)
    return int((top @ start[::-1])[0] % modulus)


def terms(coeffs, start, ns):
    return np.array([linear_recurrence(coeffs, start, int(n)) for n in ns])


# --- how the test-suite calls it
PROGRAM = terms
SIZES = (1, 4, 30)
BENCH = 120
SCAN = True


def make_inputs(size):
    return (np.array([1, 2, 1]), np.array([1, 1, 2]), np.arange(size) ** 4), {}


def check(result, before, after):
    coeffs, start, ns = before
    x = start.tolist()
    while len(x) <= min(ns.max(), 3000):
        x.append((x[-1] + 2 * x[-2] + x[-3]) % (10 ** 6 + 7))
    for n, r in zip(ns, result):
        if n <= 3000:
            assert r == x[n]
