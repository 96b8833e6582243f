import numpy as np


def fft(x):
    """The discrete Fourier transform of x, whose length is a power of two, by halves."""
    n = x.shape[0]
    if n == 1:
        return x.astype(complex)
    even = fft(x[::2])
    odd = fft(x[1::2])
    turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + turned, even - turned])


def spectrum(x):
    power = np.abs(fft(x)) ** 2
    return power / x.shape[0]


# --- how the test-suite calls it
PROGRAM = spectrum
SIZES = (1, 8, 64)
BENCH = 512
SCAN = False


def make_inputs(size):
    return (np.random.default_rng(3).standard_normal(size),), {}


def check(result, before, after):
    x, = before
    assert np.allclose(result, np.abs(np.fft.fft(x)) ** 2 / len(x))
