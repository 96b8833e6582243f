import math

import numpy as np


def solve(mu, y0, t_end, tol=1e-6, h=0.1, max_steps=10000):
    """Van der Pol's oscillator with Bogacki-Shampine steps: rejected and shortened when the error is too large."""
    def rhs(t, y):
        return np.array([y[1], mu * (1.0 - y[0] ** 2) * y[1] - y[0]])

    t = 0.0
    y = y0.copy()
    k1 = rhs(t, y)
    accepted = rejected = 0
    ts = [t]
    trace = [y]
    while t < t_end:
        if accepted + rejected >= max_steps:
            return None
        h = min(h, t_end - t)
        k2 = rhs(t + 0.5 * h, y + 0.5 * h * k1)
        k3 = rhs(t + 0.75 * h, y + 0.75 * h * k2)
        y_new = y + h * (2 / 9 * k1 + 1 / 3 * k2 + 4 / 9 * k3)
        k4 = rhs(t + h, y_new)
        e = h * (-5 / 72 * k1 + 1 / 12 * k2 + 1 / 9 * k3 - 1 / 8 * k4)
        err = math.sqrt(float(np.mean((e / (tol + tol * np.abs(y_new))) ** 2)))
        if err <= 1.0:
            t += h
            y = y_new
            k1 = k4
            accepted += 1
            ts.append(t)
            trace.append(y)
        else:
            rejected += 1
        factor = 5.0 if err == 0.0 else 0.9 * err ** (-1 / 3)
        h *= max(0.2, min(5.0, factor))
    return np.array(ts), np.array(trace), (accepted, rejected)


# --- how the test-suite calls it
PROGRAM = solve
SIZES = (0.05, 1.0, 4.0)
BENCH = 12.0
SCAN = True


def make_inputs(size):
    return (2.0, np.array([2.0, 0.0]), size), {"tol": 1e-5}


def check(result, before, after):
    from scipy.integrate import solve_ivp
    ts, ys, (accepted, rejected) = result
    mu, y0, t_end = before
    s = solve_ivp(lambda t, y: [y[1], mu * (1 - y[0] ** 2) * y[1] - y[0]], (0, t_end), y0, rtol=1e-9, atol=1e-9)
    assert np.allclose(ys[-1], s.y[:, -1], atol=1e-2) and len(ts) == accepted + 1 and np.isclose(ts[-1], t_end)
