import cmath

import numpy as np


def bit_reverse(n):
    """The permutation that puts an array of length n = 2**k in bit-reversed order."""
    order = np.zeros(n, dtype=np.intp)
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        order[i] = j
    return order


def fft(x, inverse=False):
    n = x.shape[0]
    if n & (n - 1):
        raise ValueError("length must be a power of two")
    y = x[bit_reverse(n)].astype(np.complex128)
    sign = 2j if inverse else -2j
    size = 2
    while size <= n:
        half = size // 2
        root = cmath.exp(sign * cmath.pi / size)
        w = 1.0 + 0.0j
        for k in range(half):
            even = y[k::size]
            odd = w * y[k + half::size]
            y[k::size], y[k + half::size] = even + odd, even - odd
            w *= root
        size *= 2
    if inverse:
        y /= n
    return y


# --- how the test-suite calls it
PROGRAM = fft
SIZES = (1, 8, 256)
BENCH = 4096
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(32)
    return (rng.standard_normal(size) + 1j * rng.standard_normal(size),), {"inverse": size == 8}


def check(result, before, after):
    expected = np.fft.ifft(before[0]) if len(result) == 8 else np.fft.fft(before[0])
    assert np.allclose(result, expected)
