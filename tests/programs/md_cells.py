import numpy as np


def build_cells(pos, box, ncell):
    """Linked lists of the particles in each cell: head[c] is the first, link[i] the next, -1 the end."""
    n = len(pos)
    head = np.full(ncell * ncell, -1, dtype=np.int32)
    link = np.full(n, -1, dtype=np.int32)
    size = box / ncell
    for i in range(n):
        cx = int(pos[i, 0] / size) % ncell
        cy = int(pos[i, 1] / size) % ncell
        c = cy * ncell + cx
        link[i] = head[c]
        head[c] = i
    return head, link


def pair_force(dx, dy, rc2):
    """Lennard-Jones force over distance and (shifted) energy, nought beyond the cut-off."""
    r2 = dx * dx + dy * dy
    if r2 >= rc2 or r2 == 0.0:
        return 0.0, 0.0
    inv2 = 1.0 / r2
    inv6 = inv2 * inv2 * inv2
    shift = 1.0 / rc2 ** 3
    energy = 4.0 * (inv6 * (inv6 - 1.0) - shift * (shift - 1.0))
    return 24.0 * inv6 * (2.0 * inv6 - 1.0) * inv2, energy


def forces(pos, box, rc, out):
    n = pos.shape[0]
    out[:] = 0.0
    total = 0.0
    pairs = 0
    ncell = max(int(box / rc), 1)
    rc2 = rc * rc
    if ncell < 3:
        # too few cells: look at all pairs
        for i in range(n):
            for j in range(i + 1, n):
                dx = pos[i, 0] - pos[j, 0]
                dy = pos[i, 1] - pos[j, 1]
                dx -= box * round(dx / box)
                dy -= box * round(dy / box)
                f, e = pair_force(dx, dy, rc2)
                if e != 0.0:
                    pairs += 1
                    total += e
                    out[i, 0] += f * dx
                    out[i, 1] += f * dy
                    out[j, 0] -= f * dx
                    out[j, 1] -= f * dy
        return total, pairs
    head, link = build_cells(pos, box, ncell)
    for cy in range(ncell):
        for cx in range(ncell):
            i = head[cy * ncell + cx]
            while i >= 0:
                for oy in (-1, 0, 1):
                    for ox in (-1, 0, 1):
                        c = (cy + oy) % ncell * ncell + (cx + ox) % ncell
                        j = head[c]
                        while j >= 0:
                            if j > i:
                                dx = pos[i, 0] - pos[j, 0]
                                dy = pos[i, 1] - pos[j, 1]
                                dx -= box * round(dx / box)
                                dy -= box * round(dy / box)
                                f, e = pair_force(dx, dy, rc2)
                                if e != 0.0:
                                    pairs += 1
                                    total += e
                                    out[i, 0] += f * dx
                                    out[i, 1] += f * dy
                                    out[j, 0] -= f * dx
                                    out[j, 1] -= f * dy
                            j = link[j]
                i = link[i]
    return total, pairs


def run(pos, vel, box, dt=0.002, steps=10, rc=2.5, thermostat=None, every=5):
    """Velocity Verlet in a periodic square, optionally rescaled to a temperature now and then. In place."""
    n = pos.shape[0]
    f = np.zeros_like(pos)
    potential, pairs = forces(pos, box, rc, f)
    energies = np.empty(steps)
    for s in range(steps):
        vel += 0.5 * dt * f
        pos += dt * vel
        pos %= box
        potential, pairs = forces(pos, box, rc, f)
        vel += 0.5 * dt * f
        kinetic = 0.5 * np.sum(vel * vel)
        if thermostat is not None and (s + 1) % every == 0 and kinetic > 0:
            vel *= np.sqrt(thermostat * n / kinetic)
        energies[s] = kinetic + potential
    return energies, pairs


# --- how the test-suite calls it
PROGRAM = run
SIZES = ((1, 1, None), (3, 3, 0.5), (7, 2, None))
BENCH = (9, 1, None)
SCAN = True


def make_inputs(size):
    side, steps, temperature = size
    rng = np.random.default_rng(83)
    y, x = np.mgrid[:side, :side]
    pos = np.stack([x.ravel(), y.ravel()], axis=1) * 1.2 + 0.5 + 0.05 * rng.standard_normal((side * side, 2))
    vel = 0.3 * rng.standard_normal((side * side, 2))
    return (pos, vel - vel.mean(axis=0), side * 1.2), {"steps": steps, "rc": min(2.5, max(0.6 * side, 1.0)), "thermostat": temperature}


def check(result, before, after):
    energies, pairs = result
    pos, vel, box = after
    rc = min(2.5, max(0.6 * round(box / 1.2), 1.0))
    d = pos[:, None] - pos
    d -= box * np.round(d / box)
    r2 = (d ** 2).sum(-1)[np.triu_indices(len(pos), 1)]
    assert pairs == (r2 < rc * rc).sum() and (pos >= 0).all() and (pos <= box).all()
    if len(energies) and before[2] > 7:
        assert np.allclose(energies, energies[0], rtol=1e-2)
