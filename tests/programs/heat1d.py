import numpy as np


def heat(u, steps, k):
    """Explicit heat equation on a rod, ends held."""
    for t in range(steps):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u.sum()


# --- how the test-suite calls it
PROGRAM = heat
SIZES = ((3, 1), (20, 7), (200, 300))
BENCH = (1000, 1500)
SCAN = True


def make_inputs(size):
    n, steps = size
    u = np.random.default_rng(1).uniform(0.0, 1.0, n)
    return (u, steps, 0.25), {}


def check(result, before, after):
    u, steps, k = before
    n = len(u)
    a = np.eye(n) + k * (np.eye(n, k=1) - 2 * np.eye(n) + np.eye(n, k=-1))
    a[0], a[-1] = np.eye(n)[0], np.eye(n)[-1]
    expected = np.linalg.matrix_power(a, steps) @ u
    assert np.allclose(after[0], expected)
    assert np.isclose(result, expected.sum())
