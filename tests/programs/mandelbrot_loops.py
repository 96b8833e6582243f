import numpy as np


def mandelbrot(width, height, maxiter=50, xmin=-2.0, xmax=0.6, ymin=-1.2, ymax=1.2):
    image = np.zeros((height, width), dtype=np.int32)
    for py in range(height):
        y0 = ymin + (ymax - ymin) * py / height
        for px in range(width):
            c = complex(xmin + (xmax - xmin) * px / width, y0)
            z = 0j
            n = 0
            while n < maxiter and z.real * z.real + z.imag * z.imag <= 4.0:
                z = z * z + c
                n += 1
            image[py, px] = n
    return image


# --- how the test-suite calls it
PROGRAM = mandelbrot
SIZES = ((1, 1), (7, 5), (30, 24))
BENCH = (48, 36)
SCAN = True


def make_inputs(size):
    return size, {"maxiter": 40}


def check(result, before, after):
    w, h = before
    c = (-2.0 + 2.6 * np.arange(w) / w) + 1j * (-1.2 + 2.4 * np.arange(h) / h)[:, None]
    z, n = np.zeros_like(c), np.zeros(c.shape, int)
    for _ in range(40):
        alive = abs(z) <= 2
        n += alive
        z = np.where(alive, z * z + c, z)
    assert result.dtype == np.int32 and (result != n).mean() < 0.01
