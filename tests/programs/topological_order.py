import numpy as np


def successors(heads, tails, node):
    for k in range(len(heads)):
        if heads[k] == node:
            yield tails[k]


def topological(n, heads, tails):
    """Kahn's algorithm on edges heads[k] -> tails[k]: an order of the nodes, and the length of the longest path to each."""
    waiting = np.zeros(n, dtype=np.int64)
    for t in tails:
        waiting[t] += 1
    ready = [i for i in range(n) if waiting[i] == 0]
    order = np.full(n, -1)
    depth = np.zeros(n, dtype=np.int64)
    count = 0
    while ready:
        node = ready.pop()
        order[count] = node
        count += 1
        for t in successors(heads, tails, node):
            depth[t] = max(depth[t], depth[node] + 1)
            waiting[t] -= 1
            if waiting[t] == 0:
                ready.append(int(t))
    if count < n:
        raise ValueError("the graph has a cycle")
    return order, depth


# --- how the test-suite calls it
PROGRAM = topological
SIZES = (1, 6, 30)
BENCH = 120
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(2)
    a, b = rng.integers(0, size, (2, 2 * size))
    keep = a != b
    names = rng.permutation(size)
    return (size, names[np.minimum(a, b)[keep]], names[np.maximum(a, b)[keep]]), {}


def check(result, before, after):
    n, heads, tails = before
    order, depth = result
    place = np.argsort(order)
    assert sorted(order.tolist()) == list(range(n))
    assert (place[heads] < place[tails]).all() and (depth[heads] < depth[tails]).all()
