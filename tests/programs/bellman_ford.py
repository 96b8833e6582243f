import numpy as np


def bellman_ford(src, dst, weight, n, start=0):
    """Shortest paths over an edge list; None if there is a negative cycle."""
    dist = np.full(n, np.inf)
    dist[start] = 0.0
    parent = -np.ones(n, dtype=np.int32)
    rounds = 0
    for _ in range(n - 1):
        changed = False
        for u, v, w in zip(src, dst, weight):
            if dist[u] + w < dist[v]:
                dist[v] = dist[u] + w
                parent[v] = u
                changed = True
        rounds += 1
        if not changed:
            break
    else:
        if np.any(dist[src] + weight < dist[dst]):
            return None
    return dist, parent, rounds


# --- how the test-suite calls it
PROGRAM = bellman_ford
SIZES = ((2, 1), (6, 12), (40, 200))
BENCH = (200, 6000)
SCAN = True


def make_inputs(size):
    n, m = size
    rng = np.random.default_rng(25)
    src, dst = rng.integers(0, n, m), rng.integers(0, n, m)
    h = rng.integers(0, 10, n)                             # potentials: negative edges but no negative cycle
    return (src, dst, (rng.integers(1, 12, m) + h[src] - h[dst]).astype(float), n), {}


def check(result, before, after):
    dist, parent, rounds = result
    src, dst, w, n = before
    assert (dist[src] + w >= dist[dst]).all() and dist[0] == 0 and 1 <= rounds <= n
