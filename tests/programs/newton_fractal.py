import numpy as np


def newton(width, height, max_iter=32, eps=1e-6):
    """Which root of z^3 - 1 Newton's iteration reaches from each point, and after how many steps."""
    roots = np.exp(2j * np.pi * np.arange(3) / 3)
    x = np.linspace(-1.5, 1.5, width)
    y = np.linspace(-1.5, 1.5, height)
    z = x[None, :] + 1j * y[:, None]
    z[z == 0] = 1e-3
    root = np.full(z.shape, -1, dtype=np.int8)
    steps = np.zeros(z.shape, dtype=np.uint16)
    todo = np.ones(z.shape, dtype=bool)
    for it in range(1, max_iter + 1):
        zt = z[todo]
        zt -= (zt ** 3 - 1) / (3 * zt ** 2)
        z[todo] = zt
        for k, r in enumerate(roots):
            hit = todo & (np.abs(z - r) < eps)
            root[hit] = k
            steps[hit] = it
            todo &= ~hit
        if not todo.any():
            break
    return root, steps, z


# --- how the test-suite calls it
PROGRAM = newton
SIZES = ((1, 1), (5, 4), (40, 30))
BENCH = (160, 140)
SCAN = True


def make_inputs(size):
    return size, {"eps": 1e-5}


def check(result, before, after):
    root, steps, z = result
    assert ((root >= 0) == (steps > 0)).all() and (root >= 0).mean() > 0.9
    assert np.allclose(z[root >= 0] ** 3, 1, atol=1e-3)
