import numpy as np


def ant(n, steps):
    """Langton's ant on a torus. Stops when it has seen each cell."""
    grid = np.zeros((n, n), dtype=bool)
    visited = grid.copy()
    moves = ((-1, 0), (0, 1), (1, 0), (0, -1))
    y = x = n // 2
    heading = 0
    count = 0
    while count < steps and not visited.all():
        visited[y, x] = True
        if grid[y, x]:
            heading = (heading - 1) % 4
        else:
            heading = (heading + 1) % 4
        grid[y, x] ^= True
        dy, dx = moves[heading]
        y, x = (y + dy) % n, (x + dx) % n
        count += 1
    return grid, (y, x), count, np.count_nonzero(visited)


# --- how the test-suite calls it
PROGRAM = ant
SIZES = ((1, 5), (4, 30), (16, 800))
BENCH = (24, 5000)
SCAN = True


def make_inputs(size):
    return size, {}


def check(result, before, after):
    grid, (y, x), count, seen = result
    n, steps = before
    assert count == steps or seen == n * n
    assert grid.sum() % 2 == count % 2
