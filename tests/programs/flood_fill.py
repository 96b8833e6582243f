import numpy as np


def flood_fill(image, seed, colour):
    """Four-connected fill, in place, with an explicit stack. Returns how many pixels were painted."""
    h, w = image.shape
    target = image[seed]
    if target == colour:
        return 0
    stack = np.zeros((4 * h * w + 1, 2), dtype=np.int64)
    top = 0
    stack[top] = seed
    painted = 0
    while top >= 0:
        y, x = stack[top]
        top -= 1
        if y < 0 or y >= h or x < 0 or x >= w or image[y, x] != target:
            continue
        image[y, x] = colour
        painted += 1
        for dy, dx in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            top += 1
            stack[top, 0] = y + dy
            stack[top, 1] = x + dx
    return painted


# --- how the test-suite calls it
PROGRAM = flood_fill
SIZES = ((1, 1), (5, 4), (20, 20))
BENCH = (48, 48)
SCAN = True


def make_inputs(size):
    image = (np.random.default_rng(36).random(size) < 0.3).astype(np.uint8)
    image[size[0] // 2, size[1] // 2] = 0
    return (image, (size[0] // 2, size[1] // 2), 7), {}


def check(result, before, after):
    from scipy.ndimage import label
    image, seed, _ = before
    labels, _n = label(image == 0)
    mine = labels == labels[seed]
    assert (after[0] == np.where(mine, 7, image)).all() and result == mine.sum()
