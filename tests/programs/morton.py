import numpy as np


def spread(x):
    """Put a zero between the bits of 16-bit integers."""
    x = x.astype(np.uint32)
    x = (x | (x << 8)) & 0x00FF00FF
    x = (x | (x << 4)) & 0x0F0F0F0F
    x = (x | (x << 2)) & 0x33333333
    x = (x | (x << 1)) & 0x55555555
    return x


def gather(x):
    x = x & 0x55555555
    for shift, mask in [(1, 0x33333333), (2, 0x0F0F0F0F), (4, 0x00FF00FF), (8, 0x0000FFFF)]:
        x = (x | (x >> shift)) & mask
    return x.astype(np.uint16)


def z_order(points):
    """Sort points of a grid along the Z-order curve."""
    code = spread(points[:, 0]) | (spread(points[:, 1]) << 1)
    order = np.argsort(code, kind="stable")
    code = code[order]
    back = np.column_stack((gather(code), gather(code >> 1)))
    jumps = (np.diff(code) > 1).sum()
    return order, back, jumps


# --- how the test-suite calls it
PROGRAM = z_order
SIZES = (1, 8, 3000)
BENCH = 100000
SCAN = False


def make_inputs(size):
    return (np.random.default_rng(46).integers(0, 2 ** 16, (size, 2)).astype(np.uint16),), {}


def check(result, before, after):
    order, back, jumps = result
    assert (before[0][order] == back).all() and back.dtype == np.uint16
