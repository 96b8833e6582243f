import functools

import numpy as np


class NoConvergence(RuntimeError):
    def __init__(self, steps, residual):
        super().__init__(f"{steps} steps, residual {residual:.2e}")
        self.steps = steps


def iterate(step, x, most, tol):
    """Repeat a step until it changes nothing; NoConvergence if that takes too long."""
    for k in range(most):
        new = step(x)
        change = np.abs(new - x).max(initial=0.0)
        x = new
        if change < tol:
            return x, k + 1
    raise NoConvergence(most, change)


def jacobi(A, b, x):
    d = np.diag(A)
    return (b - (A @ x - d * x)) / d


def damped(step, weight):
    def inner(x):
        return weight * step(x) + (1 - weight) * x

    return inner


def solve(A, b):
    """The first of several iterations that converges, else a direct solution."""
    plain = functools.partial(jacobi, A, b)
    methods = [("jacobi", plain), ("damped", damped(plain, 0.6)), ("slow", damped(plain, 0.3))]
    tried = []
    for name, step in methods:
        try:
            x, steps = iterate(step, np.zeros(len(b)), 60, 1e-10)
        except NoConvergence as error:
            tried.append(f"{name}: {error}")
        else:
            return x, name, steps, tried
    return np.linalg.solve(A, b), "direct", 0, tried


# --- how the test-suite calls it
PROGRAM = solve
SIZES = (1, 5, 20)
BENCH = 200
EXACT = False
RTOL = 1e-10
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(2)
    A = rng.random((size, size)) + (size / 2 if size % 2 else size) * np.eye(size)
    return (A, rng.random(size)), {}


def check(result, before, after):
    assert np.allclose(before[0] @ result[0], before[1], atol=1e-6)
