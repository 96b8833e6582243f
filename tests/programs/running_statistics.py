import numpy as np


class Welford:
    """Running mean and variance (Welford 1962) with extremes, updated value by value or merged."""

    def __init__(self):
        self.n = 0
        self.mean = 0.0
        self.m2 = 0.0
        self.low = np.inf
        self.high = -np.inf

    def push(self, x):
        self.n += 1
        delta = x - self.mean
        self.mean += delta / self.n
        self.m2 += delta * (x - self.mean)
        if x < self.low:
            self.low = x
        if x > self.high:
            self.high = x

    def __add__(self, other):
        both = Welford()
        both.n = self.n + other.n
        delta = other.mean - self.mean
        both.mean = self.mean + delta * other.n / both.n
        both.m2 = self.m2 + other.m2 + delta * delta * self.n * other.n / both.n
        both.low = min(self.low, other.low)
        both.high = max(self.high, other.high)
        return both

    @property
    def variance(self):
        return self.m2 / (self.n - 1) if self.n > 1 else 0.0


def summarise(stats, xs):
    """Push all values; return the merged statistics of everything and of this batch."""
    batch = Welford()
    for x in xs:
        value = float(x)
        stats.push(value)
        batch.push(value)
    return batch, batch + batch, stats.variance, stats.n


# --- how the test-suite calls it
PROGRAM = summarise
SIZES = (1, 10, 500)
BENCH = 20000
SCAN = True
EXACT = True


def make_inputs(size):
    return (Welford(), np.random.default_rng(4).normal(2.0, 3.0, size)), {}


def check(result, args, after):
    if len(args[1]) > 1:
        assert np.isclose(result[2], args[1].var(ddof=1))
    assert after[0].n == len(args[1])
