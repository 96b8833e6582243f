import numpy as np


def histogram(img):
    hist = np.zeros(256, dtype=np.uint32)
    for value in img.flat:
        hist[value] += 1
    return hist


def equalise(img):
    """Histogram equalisation of a grey image of bytes, by a look-up table."""
    hist = histogram(img)
    cdf = hist.cumsum()
    first = cdf[hist.nonzero()[0][0]]
    n = img.size
    if first == n:                                         # one grey only
        return img.copy(), hist
    lut = np.zeros(256, dtype=np.uint8)
    for level in range(256):
        if cdf[level] > first:
            lut[level] = round(float(cdf[level] - first) / float(n - first) * 255)
    return lut[img], hist


# --- how the test-suite calls it
PROGRAM = equalise
SIZES = ((1, 1), (4, 5), (60, 50))
BENCH = (120, 150)
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(35).normal(100, 20, size).clip(0, 255).astype(np.uint8),), {}


def check(result, before, after):
    out, hist = result
    assert (hist == np.bincount(before[0].ravel(), minlength=256)).all()
    assert out.dtype == np.uint8 and (out.size == 1 or (out.min() == 0 and out.max() == 255))
