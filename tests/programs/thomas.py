import numpy as np


def thomas(a, b, c, d):
    """Tridiagonal solve. a: below, b: on, c: above the diagonal. b and d are overwritten, d holds the answer."""
    n = len(d)
    for i in range(1, n):
        w = a[i - 1] / b[i - 1]
        b[i] -= w * c[i - 1]
        d[i] -= w * d[i - 1]
    d[n - 1] /= b[n - 1]
    for i in reversed(range(n - 1)):
        d[i] = (d[i] - c[i] * d[i + 1]) / b[i]


# --- how the test-suite calls it
PROGRAM = thomas
SIZES = (1, 6, 1000)
BENCH = 9000
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(10)
    return (rng.random(size - 1), 2.5 + rng.random(size), rng.random(size - 1), rng.random(size)), {}


def check(result, before, after):
    a, b, c, d = before
    x = after[3]
    y = b * x
    y[1:] += a * x[:-1]
    y[:-1] += c * x[1:]
    assert result is None and np.allclose(y, d)
