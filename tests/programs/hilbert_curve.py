import numpy as np


def d2xy(n, d):
    x = y = 0
    t = d
    s = 1
    while s < n:
        rx = 1 & (t // 2)
        ry = 1 & (t ^ rx)
        if ry == 0:
            if rx == 1:
                x, y = s - 1 - x, s - 1 - y
            x, y = y, x
        x += s * rx
        y += s * ry
        t //= 4
        s *= 2
    return x, y


def xy2d(n, x, y):
    d = 0
    s = n // 2
    while s > 0:
        rx = int((x & s) > 0)
        ry = int((y & s) > 0)
        d += s * s * ((3 * rx) ^ ry)
        if not ry:
            if rx:
                x = n - 1 - x
                y = n - 1 - y
            x, y = y, x
        s //= 2
    return d


def curve(order):
    """The path of the Hilbert curve, and a picture with each cell's place along it."""
    n = 1 << order
    path = np.empty((n * n, 2), dtype=np.int32)
    picture = np.zeros((n, n), dtype=np.int32)
    for d in range(n * n):
        path[d] = d2xy(n, d)
    for x in range(n):
        for y in range(n):
            picture[x, y] = xy2d(n, x, y)
    return path, picture


# --- how the test-suite calls it
PROGRAM = curve
SIZES = (0, 2, 4)
BENCH = 6
SCAN = True


def make_inputs(size):
    return (size,), {}


def check(result, before, after):
    path, picture = result
    assert (np.abs(np.diff(path, axis=0)).sum(axis=1) == 1).all()
    assert (picture[path[:, 0], path[:, 1]] == np.arange(len(path))).all()
