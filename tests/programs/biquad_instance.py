import numpy as np


class Biquad:
    """A second-order filter section, in direct form II transposed; calling it filters a signal."""

    def __init__(self, b, a):
        self.b = np.asarray(b, dtype=float) / a[0]
        self.a = np.asarray(a, dtype=float) / a[0]

    def stable(self):
        return abs(self.a[2]) < 1 and abs(self.a[1]) < 1 + self.a[2]

    def __call__(self, x, zi=(0.0, 0.0)):
        if not self.stable():
            return None
        b0, b1, b2 = self.b
        _, a1, a2 = self.a
        s1, s2 = zi
        y = np.empty_like(x)
        for n, v in enumerate(x):
            y[n] = out = b0 * v + s1
            s1 = b1 * v - a1 * out + s2
            s2 = b2 * v - a2 * out
        return y, (s1, s2)


# --- how the test-suite calls it
PROGRAM = Biquad([0.2, 0.4, 0.2], [1.0, -0.6, 0.3])
SIZES = (0, 5, 400)
BENCH = 12000
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(80).standard_normal(size),), {}


def check(result, before, after):
    from scipy.signal import lfilter
    y, zi = result
    assert np.allclose(y, lfilter(PROGRAM.b, PROGRAM.a, before[0]))
