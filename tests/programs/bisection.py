import numpy as np


def bisect(f, lo, hi, xtol=1e-10):
    flo = f(lo)
    while hi - lo > xtol:
        mid = 0.5 * (lo + hi)
        fmid = f(mid)
        if fmid == 0:
            return mid
        if (flo < 0) != (fmid < 0):
            hi = mid
        else:
            lo, flo = mid, fmid
    return 0.5 * (lo + hi)


def kepler(mean_anomaly, eccentricity):
    """The eccentric anomaly E with E - e sin E = M, for each M."""
    result = np.empty_like(mean_anomaly)
    for i, M in enumerate(mean_anomaly):
        result[i] = bisect(lambda E: E - eccentricity * np.sin(E) - M, M - 1.0, M + 1.0)
    true = 2 * np.arctan2(np.sqrt(1 + eccentricity) * np.sin(result / 2), np.sqrt(1 - eccentricity) * np.cos(result / 2))
    return result, true


# --- how the test-suite calls it
PROGRAM = kepler
SIZES = (1, 4, 60)
BENCH = 200
SCAN = True


def make_inputs(size):
    return (np.linspace(0.0, 6.0, size), 0.6), {}


def check(result, before, after):
    E, _ = result
    assert np.allclose(E - 0.6 * np.sin(E), before[0], atol=1e-9)
