import numpy as np


def accelerations(pos, mass, soft):
    n = len(mass)
    acc = np.zeros((n, 3))
    for i in range(n):
        for j in range(n):
            if i == j:
                continue
            d = pos[j] - pos[i]
            r2 = d[0] ** 2 + d[1] ** 2 + d[2] ** 2 + soft ** 2
            acc[i] += mass[j] * d / (r2 * np.sqrt(r2))
    return acc


def leapfrog(pos, vel, mass, dt=0.01, steps=10, soft=0.1):
    """Moves the bodies in place."""
    acc = accelerations(pos, mass, soft)
    for _ in range(steps):
        vel += 0.5 * dt * acc
        pos += dt * vel
        acc = accelerations(pos, mass, soft)
        vel += 0.5 * dt * acc
    kinetic = 0.5 * (mass[:, None] * vel ** 2).sum()
    return kinetic


# --- how the test-suite calls it
PROGRAM = leapfrog
SIZES = ((1, 1), (3, 4), (6, 20))
BENCH = (8, 40)
SCAN = True


def make_inputs(size):
    n, steps = size
    rng = np.random.default_rng(30)
    return (rng.standard_normal((n, 3)), rng.standard_normal((n, 3)) * 0.1, rng.random(n) + 0.5), {"steps": steps}


def check(result, before, after):
    _, v0, m = before
    assert np.allclose(m @ v0, m @ after[1]) and result > 0
