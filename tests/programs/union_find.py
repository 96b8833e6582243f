import numpy as np


def find(parent, i):
    root = i
    while parent[root] != root:
        root = parent[root]
    while parent[i] != root:                               # path compression
        parent[i], i = root, parent[i]
    return root


def components(n, edges):
    """Connected components: a label for each vertex (numbered by first appearance), and how many."""
    parent = np.arange(n)
    size = np.ones(n, dtype=np.int64)
    count = n
    for a, b in edges:
        ra = find(parent, a)
        rb = find(parent, b)
        if ra == rb:
            continue
        if size[ra] < size[rb]:
            ra, rb = rb, ra
        parent[rb] = ra
        size[ra] += size[rb]
        count -= 1
    label = np.full(n, -1)
    next_label = 0
    out = np.zeros(n, dtype=int)
    for i in range(n):
        r = find(parent, i)
        if label[r] < 0:
            label[r] = next_label
            next_label += 1
        out[i] = label[r]
    return out, count, int(size.max())


# --- how the test-suite calls it
PROGRAM = components
SIZES = ((1, 0), (7, 4), (300, 200))
BENCH = (6000, 4000)
SCAN = True


def make_inputs(size):
    n, m = size
    return (n, np.random.default_rng(29).integers(0, n, (m, 2))), {}


def check(result, before, after):
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components
    out, count, biggest = result
    n, e = before
    k, labels = connected_components(coo_array((np.ones(len(e)), (e[:, 0], e[:, 1])), shape=(n, n)), directed=False)
    assert k == count == out.max() + 1 and (labels == out).all()
