import numpy as np

MOVES = np.array([[0, 1], [1, 0], [0, -1], [-1, 0]])


def shortest_path(maze, start, goal):
    """Steps from start to goal in a maze (True is wall), with the queue in an array; -1 if there is no way."""
    h, w = maze.shape
    dist = np.full(maze.shape, -1, dtype=np.int32)
    queue = np.empty((h * w, 2), dtype=np.int32)
    queue[0] = start
    head, tail = 0, 1
    dist[start] = 0
    while head < tail:
        y, x = queue[head]
        head += 1
        if (y, x) == goal:
            return int(dist[y, x]), head
        for dy, dx in MOVES:
            ny, nx = y + dy, x + dx
            if not (0 <= ny < h and 0 <= nx < w):
                continue
            if maze[ny, nx] or dist[ny, nx] >= 0:
                continue
            dist[ny, nx] = dist[y, x] + 1
            queue[tail] = ny, nx
            tail += 1
    return -1, head


# --- how the test-suite calls it
PROGRAM = shortest_path
SIZES = ((2, 2), (5, 6), (20, 24))
BENCH = (36, 40)
SCAN = True


def make_inputs(size):
    maze = np.random.default_rng(26).random(size) < 0.2
    maze[0, 0] = maze[-1, -1] = False
    return (maze, (0, 0), (size[0] - 1, size[1] - 1)), {}


def check(result, before, after):
    steps, seen = result
    maze, start, goal = before
    reach = np.zeros(maze.shape, bool)
    reach[start] = True
    for n in range(maze.size + 1):
        if reach[goal]:
            break
        pad = np.pad(reach, 1)
        reach = (reach | pad[2:, 1:-1] | pad[:-2, 1:-1] | pad[1:-1, 2:] | pad[1:-1, :-2]) & ~maze
    assert steps == (n if reach[goal] else -1)
