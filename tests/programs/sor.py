import numpy as np


def sor(u, f, h, omega=1.5, tol=1e-6, max_sweeps=1000):
    """Poisson's equation by successive over-relaxation, in place."""
    n, m = u.shape
    converged = False
    for sweep in range(max_sweeps):
        biggest = 0.0
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                gs = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - h * h * f[i, j])
                delta = omega * (gs - u[i, j])
                u[i, j] += delta
                if abs(delta) > biggest:
                    biggest = abs(delta)
        if biggest < tol:
            converged = True
            break
    return u, sweep + 1, converged


# --- how the test-suite calls it
PROGRAM = sor
SIZES = (3, 5, 9)
BENCH = 14
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(4)
    u = np.zeros((size, size))
    u[0] = rng.random(size)
    return (u, rng.random((size, size)), 1.0 / (size - 1)), {"omega": 1.4}


def check(result, before, after):
    u, sweeps, converged = result
    _, f, h = before
    assert u is after[0] and converged and type(sweeps) is int
    res = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:] - 4 * u[1:-1, 1:-1] - h * h * f[1:-1, 1:-1]
    assert np.abs(res).max() < 1e-4
