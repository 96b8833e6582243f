import numpy as np


def largest_rectangle(heights):
    """The largest rectangle under a histogram, with a monotonic stack in an array."""
    n = len(heights)
    stack = np.empty(n + 1, dtype=np.intp)
    top = -1
    best = 0
    best_span = (0, 0)
    i = 0
    while i <= n:
        h = heights[i] if i < n else 0
        if top < 0 or (i < n and heights[stack[top]] <= h):
            stack[top + 1] = i
            top += 1
            i += 1
        else:
            height = heights[stack[top]] if stack[top] < n else 0
            top -= 1
            left = stack[top] + 1 if top >= 0 else 0
            area = height * (i - left)
            if area > best:
                best, best_span = area, (left, i)
            if top < 0 and i == n:
                break
    return best, best_span


def largest_in_mask(mask):
    """The largest all-true rectangle of a mask: rows, columns and area."""
    heights = np.zeros(mask.shape[1], dtype=np.int64)
    best, where = 0, None
    for r, row in enumerate(mask):
        heights += 1
        heights[~row] = 0
        area, (left, right) = largest_rectangle(heights)
        if area > best:
            best = area
            height = best // (right - left)
            where = (r + 1 - height, r + 1, left, right)
    return best, where


# --- how the test-suite calls it
PROGRAM = largest_in_mask
SIZES = ((1, 1), (5, 6), (25, 30))
BENCH = (100, 120)
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(81).random(size) < 0.7,), {}


def check(result, before, after):
    area, where = result
    mask, = before
    if where is None:
        assert not mask.any()
    else:
        a, b, c, d = where
        assert mask[a:b, c:d].all() and (b - a) * (d - c) == area
    if mask.size <= 30:
        h, w = mask.shape
        assert area == max((b - a) * (d - c) for a in range(h) for b in range(a + 1, h + 1) for c in range(w)
                           for d in range(c + 1, w + 1) if mask[a:b, c:d].all())
