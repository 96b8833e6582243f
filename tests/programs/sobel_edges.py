import numpy as np


def convolve3(img, kernel):
    h, w = img.shape
    padded = np.pad(img, 1, mode="edge")
    out = np.zeros((h, w), dtype=np.float32)
    for i in range(3):
        for j in range(3):
            if kernel[i][j] != 0:
                out += kernel[i][j] * padded[i:i + h, j:j + w]
    return out


def edges(image, low=0.1, high=0.3):
    """Edges of an RGB image of bytes: grey, Sobel, thin, threshold with hysteresis."""
    sobel = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
    grey = (image @ np.array([0.299, 0.587, 0.114], dtype=np.float32)) / np.float32(255)
    gx = convolve3(grey, sobel)
    gy = convolve3(grey, [list(row) for row in zip(*sobel)])
    mag = np.hypot(gx, gy)
    top = mag.max()
    if top > 0:
        mag /= top
    # keep what is a maximum along the main direction of its gradient
    across = np.abs(gx) >= np.abs(gy)
    p = np.pad(mag, 1)
    keep_x = (mag >= p[1:-1, :-2]) & (mag >= p[1:-1, 2:])
    keep_y = (mag >= p[:-2, 1:-1]) & (mag >= p[2:, 1:-1])
    thin = np.where(np.where(across, keep_x, keep_y), mag, 0)
    strong = thin > high
    weak = thin > low
    while True:
        q = np.pad(strong, 1)
        grown = strong.copy()
        for dy in range(3):
            for dx in range(3):
                grown |= q[dy:dy + strong.shape[0], dx:dx + strong.shape[1]]
        grown &= weak
        if (grown == strong).all():
            return strong.astype(np.uint8) * 255
        strong = grown


# --- how the test-suite calls it
PROGRAM = edges
SIZES = ((1, 2), (7, 6), (40, 50))
BENCH = (500, 450)
SCAN = True
EXACT = True


def make_inputs(size):
    h, w = size
    y, x = np.mgrid[:h, :w]
    rng = np.random.default_rng(34)
    disc = ((y - h / 2) ** 2 + (x - w / 2) ** 2 < (h / 3) ** 2) * 120
    return ((disc[..., None] + rng.integers(0, 60, (h, w, 3))).astype(np.uint8),), {}


def check(result, before, after):
    assert result.dtype == np.uint8 and set(np.unique(result)) <= {0, 255} and result.shape == before[0].shape[:2]
    if result.size > 100:
        assert 0 < (result > 0).mean() < 0.5
