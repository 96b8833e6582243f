import collections
import heapq

import numpy as np


def shortest_paths(edges, weights, n, source):
    """Dijkstra over adjacency lists with a priority queue; distances, and the path to each node that is reached."""
    roads = collections.defaultdict(list)
    for (a, b), w in zip(edges, weights):
        roads[int(a)].append((int(b), float(w)))
        roads[int(b)].append((int(a), float(w)))
    dist = {source: 0.0}
    before = {}
    heap = [(0.0, source)]
    done = set()
    while heap:
        d, u = heapq.heappop(heap)
        if u in done:
            continue
        done.add(u)
        for v, w in roads[u]:
            if v not in dist or d + w < dist[v]:
                dist[v] = d + w
                before[v] = u
                heapq.heappush(heap, (d + w, v))
    out = np.full(n, np.inf)
    for k, d in dist.items():
        out[k] = d
    path = []
    node = n - 1
    while node in before:
        path.append(node)
        node = before[node]
    return out, path[::-1]


# --- how the test-suite calls it
PROGRAM = shortest_paths
SIZES = (2, 8, 60)
BENCH = 400
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(3)
    edges = rng.integers(0, max(size, 1), (3 * size, 2))
    return (edges, rng.random(3 * size), size, 0), {}


def check(result, before, after):
    edges, weights, n, source = before
    best = np.full(n, np.inf)
    best[source] = 0
    for _ in range(n):
        for (a, b), w in zip(edges, weights):
            best[a] = min(best[a], best[b] + w)
            best[b] = min(best[b], best[a] + w)
    assert np.allclose(result[0], best)
