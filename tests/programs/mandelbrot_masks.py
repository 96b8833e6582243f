import numpy as np


def mandelbrot(c, maxiter):
    """Escape times, keeping only the points that are still inside."""
    counts = np.zeros(c.shape, dtype=np.int64)
    flat = counts.ravel()
    index = np.arange(c.size)
    z = c.ravel().copy()
    c0 = c.ravel()
    for i in range(maxiter):
        alive = (z.real ** 2 + z.imag ** 2) < 4.0
        flat[index] = i
        index = index[alive]
        z = z[alive]
        c0 = c0[alive]
        if not len(z):
            break
        np.multiply(z, z, out=z)
        z += c0
    flat[index] = maxiter
    return counts


# --- how the test-suite calls it
PROGRAM = mandelbrot
SIZES = ((1, 1, 3), (6, 5, 20), (40, 30, 60))
BENCH = (180, 160, 80)
SCAN = True


def make_inputs(size):
    w, h, maxiter = size
    return (np.linspace(-2, 0.6, w) + 1j * np.linspace(-1.2, 1.2, h)[:, None], maxiter), {}


def check(result, before, after):
    c, maxiter = before
    z, n = c.copy(), np.full(c.shape, maxiter)
    for i in range(maxiter):
        n[(abs(z) >= 2) & (n == maxiter)] = i
        z = np.where(abs(z) >= 2, 2, z * z + c)
    assert (result != n).mean() < 0.01
