import numpy as np


def rgb_to_hsv(rgb):
    rgb = rgb.astype(np.float32) / 255
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    v = rgb.max(axis=-1)
    delta = v - rgb.min(axis=-1)
    s = np.zeros_like(v)
    lit = v > 0
    s[lit] = delta[lit] / v[lit]
    h = np.zeros_like(v)
    grey = delta == 0
    idx = (r == v) & ~grey
    h[idx] = (g[idx] - b[idx]) / delta[idx]
    idx = (g == v) & (r != v) & ~grey
    h[idx] = 2 + (b[idx] - r[idx]) / delta[idx]
    idx = (b == v) & (r != v) & (g != v) & ~grey
    h[idx] = 4 + (r[idx] - g[idx]) / delta[idx]
    return np.dstack(((h / 6) % 1, s, v))


def skin(rgb, hue=0.1, pad=1):
    """A mask of skin-like pixels, the share of them, and their bounding box or None."""
    hsv = rgb_to_hsv(rgb)
    mask = (hsv[:, :, 0] < hue) & (0.2 < hsv[:, :, 1]) & (hsv[:, :, 1] < 0.7)
    if not mask.any():
        return mask, 0.0, None
    rows = np.where(mask.any(axis=1))[0]
    cols = np.where(mask.any(axis=0))[0]
    box = (max(int(rows[0]) - pad, 0), int(rows[-1]) + pad, max(int(cols[0]) - pad, 0), int(cols[-1]) + pad)
    return mask, mask.mean(), box


# --- how the test-suite calls it
PROGRAM = skin
SIZES = ((1, 1), (6, 5), (50, 60))
BENCH = (300, 400)
SCAN = False


def make_inputs(size):
    return (np.random.default_rng(71).integers(0, 256, size + (3,), dtype=np.uint8),), {}


def check(result, before, after):
    import colorsys
    hsv = rgb_to_hsv(before[0])
    for y in range(min(6, len(hsv))):
        for x in range(min(5, hsv.shape[1])):
            assert np.allclose(hsv[y, x], colorsys.rgb_to_hsv(*(before[0][y, x] / 255.0)), atol=1e-5)
