import contextlib
import functools


@contextlib.contextmanager
def blocked(grid, i, j):
    """A cell that cannot be entered for a while."""
    held = grid[i, j]
    grid[i, j] = 0
    try:
        yield grid
    finally:
        grid[i, j] = held


def count_paths(grid):
    """Ways from corner to corner, right and down, row by row, with a table of what is known."""
    known = {(0, 0): int(grid[0, 0])}
    rows, columns = grid.shape
    for i in range(rows):
        for j in range(columns):
            if (i, j) not in known:
                known[i, j] = int(grid[i, j]) * (known.get((i - 1, j), 0) + known.get((i, j - 1), 0))
    return known[rows - 1, columns - 1]


def ways(grid):
    scaled = functools.partial(round, ndigits=3)
    total = count_paths(grid)
    losses = []
    for k in range(1, min(grid.shape) - 1):
        with blocked(grid, k, k) as g:
            losses.append(scaled((total - count_paths(g)) / max(total, 1)))
    return total, losses, sorted(losses, key=lambda v: -v)[:2]


# --- how the test-suite calls it
PROGRAM = ways
SIZES = (2, 5, 9)
BENCH = 30
SCAN = True


def make_inputs(size):
    import numpy as np

    grid = np.ones((size, size + 1), dtype=int)
    grid[size // 2, size // 3] = 0
    return (grid,), {}


def check(result, before, after):
    assert (after[0] == before[0]).all() and result[0] >= 0
