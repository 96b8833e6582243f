import numpy as np
from scipy import integrate, interpolate, optimize, special


def decay(curve, times, level):
    """When a measured decay falls to a level, by a fit, a spline and a quadrature."""

    def model(t, a, rate):
        return a * np.exp(-rate * t)

    (a, rate), _ = optimize.curve_fit(model, times, curve, p0=(1.0, 1.0))
    spline = interpolate.CubicSpline(times, curve)
    try:
        root = optimize.brentq(lambda t: spline(t) - level, times[0], times[-1])
    except ValueError:
        root = np.nan
    area, _ = integrate.quad(lambda t: model(t, a, rate), 0.0, float(times[-1]))
    return round(float(rate), 6), round(float(root), 6), round(area, 6), special.erf(a) > 0.5


# --- how the test-suite calls it
PROGRAM = decay
SIZES = (6, 12, 40)
BENCH = 400
SCAN = False


def make_inputs(size):
    times = np.linspace(0, 4, size)
    return (2.0 * np.exp(-0.7 * times), times, 1.0), {}


def check(result, before, after):
    assert abs(result[0] - 0.7) < 1e-4
