import numpy as np


class StepRejected(Exception):
    """A step whose error is too great; `ratio` says by how much."""

    def __init__(self, t, ratio):
        super().__init__(f"step rejected at t = {t:.6f}")
        self.ratio = ratio


def attempt(y, t, h, stiffness, tol):
    """One step of Heun's method on y' = -k (y - cos t)."""
    slope = -stiffness * (y - np.cos(t))
    euler = y + h * slope
    heun = y + 0.5 * h * (slope - stiffness * (euler - np.cos(t + h)))
    error = np.abs(heun - euler).max() / tol
    if error > 1.0:
        raise StepRejected(t, error)
    return heun


def integrate(y, end, stiffness, tol):
    """Integrate with steps that are halved until they are accepted, and doubled afterwards."""
    t, h = 0.0, 0.5
    accepted = rejected = 0
    smallest = h
    while t < end - 1e-12:
        h = min(h, end - t)
        for _ in range(30):
            try:
                y = attempt(y, t, h, stiffness, tol)
            except StepRejected:
                h *= 0.5
                rejected += 1
            else:
                break
            finally:
                smallest = min(smallest, h)
        else:
            raise RuntimeError("the step became too small")
        t += h
        h *= 2.0
        accepted += 1
    return y, accepted, rejected, smallest


# --- how the test-suite calls it
PROGRAM = integrate
SIZES = (1, 3, 20)
BENCH = 100
SCAN = True


def make_inputs(size):
    return (np.linspace(0.0, 2.0, size), 2.0, 5.0, 1e-3), {}


def check(result, before, after):
    y, accepted, rejected, smallest = result
    assert rejected > 0 and accepted > 10 and smallest < 0.5
    assert np.all(np.abs(y - np.cos(2.0)) < 0.3)
