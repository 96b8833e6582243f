import numpy as np

A, C, M = 1103515245, 12345, 2 ** 31


def random(state):
    state = (A * state + C) % M
    return state, state / M


def estimate(seed, batch, tol, max_batches=1000):
    """Pi by darts from a hand-written generator, until the standard error is below tol."""
    hits = n = 0
    state = seed
    estimates = []
    pi = stderr = float("nan")
    for _ in range(max_batches):
        for _ in range(batch):
            state, x = random(state)
            state, y = random(state)
            if x * x + y * y <= 1.0:
                hits += 1
            n += 1
        p = hits / n
        pi = 4 * p
        estimates.append(pi)
        stderr = 4 * np.sqrt(p * (1 - p) / n)
        if 0 < stderr < tol:
            break
    return pi, stderr, n, np.array(estimates)


# --- how the test-suite calls it
PROGRAM = estimate
SIZES = ((1, 0.9), (20, 0.2), (100, 0.03))
BENCH = (500, 0.012)
SCAN = True


def make_inputs(size):
    batch, tol = size
    return (42, batch, tol), {"max_batches": 200}


def check(result, before, after):
    pi, stderr, n, estimates = result
    assert abs(pi - np.pi) < 5 * max(stderr, 0.2) and type(pi) is float and isinstance(stderr, np.float64)
    assert len(estimates) * before[1] == n
