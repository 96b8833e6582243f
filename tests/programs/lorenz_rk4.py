import numpy as np


def integrate(y0, t_end, n, sigma=10.0, rho=28.0, beta=8.0 / 3.0):
    """The Lorenz system by classical Runge-Kutta; the right-hand side is a closure."""

    def f(y):
        x, y_, z = y
        return np.array([sigma * (y_ - x), x * (rho - z) - y_, x * y_ - beta * z])

    def rk4(y, h):
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        return y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)

    h = t_end / n
    ys = np.empty((n + 1, 3))
    ys[0] = y = np.asarray(y0, dtype=float)
    crossings = 0
    for i in range(n):
        y_new = rk4(y, h)
        if y[2] < 27.0 <= y_new[2]:
            crossings += 1
        y = y_new
        ys[i + 1] = y
    return np.linspace(0, t_end, n + 1), ys, crossings


# --- how the test-suite calls it
PROGRAM = integrate
SIZES = (1, 5, 300)
BENCH = 1000
SCAN = True


def make_inputs(size):
    return ([1.0, 1.0, 1.0], 0.01 * size, size), {}


def check(result, before, after):
    from scipy.integrate import solve_ivp
    t, ys, crossings = result
    if t[-1] < 4:
        s = solve_ivp(lambda t, y: [10 * (y[1] - y[0]), y[0] * (28 - y[2]) - y[1], y[0] * y[1] - 8 / 3 * y[2]],
                      (0, t[-1]), [1, 1, 1], rtol=1e-9, atol=1e-9)
        assert np.allclose(ys[-1], s.y[:, -1], rtol=1e-2)
    assert type(crossings) is int
