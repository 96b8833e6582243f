import numpy as np

QUANT = np.array([
    [16, 11, 10, 16, 24, 40, 51, 61], [12, 12, 14, 19, 26, 58, 60, 55],
    [14, 13, 16, 24, 40, 57, 69, 56], [14, 17, 22, 29, 51, 87, 80, 62],
    [18, 22, 37, 56, 68, 109, 103, 77], [24, 35, 55, 64, 81, 104, 113, 92],
    [49, 64, 78, 87, 103, 121, 120, 101], [72, 92, 95, 98, 112, 100, 103, 99]])


def dct_matrix(n=8):
    k = np.arange(n)[:, None]
    m = np.cos(np.pi * (2 * np.arange(n) + 1) * k / (2 * n)) * np.sqrt(2 / n)
    m[0] /= np.sqrt(2)
    return m


def zigzag(n=8):
    order = np.empty((n * n, 2), dtype=int)
    y = x = 0
    up = True
    for k in range(n * n):
        order[k] = y, x
        if up:
            if x == n - 1:
                y, up = y + 1, False
            elif y == 0:
                x, up = x + 1, False
            else:
                y, x = y - 1, x + 1
        else:
            if y == n - 1:
                x, up = x + 1, True
            elif x == 0:
                y, up = y + 1, True
            else:
                y, x = y + 1, x - 1
    return order[:, 0], order[:, 1]


def transcode(image, quality=50):
    """Through JPEG's lossy steps and back: the image, and the number of values before each block's last non-zero."""
    h, w = image.shape
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    q = np.clip(np.floor((QUANT * scale + 50) / 100), 1, 255)
    D = dct_matrix()
    zy, zx = zigzag()
    H, W = -(-h // 8) * 8, -(-w // 8) * 8
    padded = np.pad(image.astype(np.float64) - 128, ((0, H - h), (0, W - w)), "edge")
    sizes = np.zeros((H // 8, W // 8), dtype=np.uint8)
    previous_dc = 0
    for by in range(0, H, 8):
        for bx in range(0, W, 8):
            block = padded[by:by + 8, bx:bx + 8]
            coefficients = np.round(D.dot(block).dot(D.T) / q).astype(np.int16)
            sequence = coefficients[zy, zx]
            nonzero = np.nonzero(sequence[1:])[0]
            last = nonzero[-1] + 1 if len(nonzero) else 0
            if abs(int(sequence[0]) - previous_dc) > 0:
                last += 1
            previous_dc = int(sequence[0])
            sizes[by // 8, bx // 8] = last
            block[...] = np.einsum("ki,kl,lj->ij", D, coefficients * q, D)
    return np.clip(np.rint(padded[:h, :w] + 128), 0, 255).astype(np.uint8), sizes


# --- how the test-suite calls it
PROGRAM = transcode
SIZES = ((1, 1), (9, 16), (40, 33))
BENCH = (160, 160)
SCAN = True
EXACT = False
RTOL = 1e-9


def make_inputs(size):
    h, w = size
    y, x = np.mgrid[:h, :w]
    return ((127 + 90 * np.sin(x / 5.0) * np.cos(y / 7.0)).astype(np.uint8),), {"quality": 75}


def check(result, before, after):
    out, sizes = result
    assert np.abs(out.astype(int) - before[0]).mean() < 4 and sizes.max() <= 64
