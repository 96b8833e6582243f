import numpy as np


def wave(u0, c, dt, dx, nsteps):
    r2 = (c * dt / dx) ** 2
    u_prev = u0.copy()
    u = u0.copy()
    u[1:-1] = u0[1:-1] + 0.5 * r2 * (u0[2:] - 2 * u0[1:-1] + u0[:-2])
    u_next = np.empty_like(u)
    energy = np.zeros(nsteps)
    for n in range(nsteps):
        u_next[0] = 0.0
        u_next[-1] = 0.0
        u_next[1:-1] = 2 * u[1:-1] - u_prev[1:-1] + r2 * (u[2:] - 2 * u[1:-1] + u[:-2])
        v = (u_next - u_prev) / (2 * dt)
        energy[n] = 0.5 * np.sum(v * v) * dx + 0.5 * c ** 2 * np.sum((u[1:] - u[:-1]) ** 2) / dx
        u_prev, u, u_next = u, u_next, u_prev
    return u, energy


# --- how the test-suite calls it
PROGRAM = wave
SIZES = ((3, 1), (17, 10), (100, 500))
BENCH = (200, 700)
SCAN = True


def make_inputs(size):
    n, steps = size
    x = np.linspace(0.0, 1.0, n)
    return (np.sin(np.pi * x) * (x > 0) * (x < 1), 1.0, 0.5 / n, x[1], steps), {}


def check(result, before, after):
    u, energy = result
    u0, c, dt, dx, steps = before
    k = np.arcsin(c * dt / dx * np.sin(np.pi * dx / 2)) * 2 / dt       # the numerical dispersion relation
    assert np.allclose(u, u0 * np.cos(k * dt * (steps + 1)), atol=1e-9)
    assert len(energy) == steps
