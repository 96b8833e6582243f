import numpy as np


def newton(f, jacobian, x, most, tol):
    """Newton's method; where the Jacobian is singular, the step of least norm."""
    rescued = 0
    for k in range(most):
        r = f(x)
        if np.abs(r).max() < tol:
            break
        J = jacobian(x)
        try:
            step = np.linalg.solve(J, r)
        except np.linalg.LinAlgError:
            step = np.linalg.lstsq(J, r, rcond=None)[0]
            rescued += 1
        x = x - step
    else:
        raise RuntimeError(f"no convergence in {most} steps")
    return x, k, rescued


def intersections(starts, radius):
    """Where a circle meets a hyperbola, from each start."""
    found = np.full(starts.shape, np.nan)
    steps = np.zeros(len(starts), dtype=int)
    failures = []
    for i in range(len(starts)):
        try:
            x, steps[i], rescued = newton(
                lambda p: np.array([p[0] ** 2 + p[1] ** 2 - radius**2, p[0] * p[1] - 1.0]),
                lambda p: np.array([[2 * p[0], 2 * p[1]], [p[1], p[0]]]),
                starts[i], 40, 1e-12,
            )  # fmt: skip
        except RuntimeError:
            failures.append(i)
            continue
        found[i] = x
        steps[i] += 100 * rescued
    return found, steps, failures


# --- how the test-suite calls it
PROGRAM = intersections
SIZES = (1, 6, 30)
BENCH = 200
SCAN = True
RTOL = 1e-9


def make_inputs(size):
    starts = np.linspace(-3, 3, 2 * size).reshape(size, 2) + 0.25
    starts[0] = 1.0  # the Jacobian is singular there
    return (starts, 2.0), {}


def check(result, before, after):
    found, steps, failures = result
    good = ~np.isnan(found[:, 0])
    assert steps[0] >= 100 or failures
    assert np.allclose(found[good].prod(axis=1), 1.0)
