import numpy as np


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


def sphere(x, centre=0.5):
    return ((x - centre) ** 2).sum()


def minimise(f, x0, scale=0.5, xtol=1e-6, ftol=1e-8, max_calls=1000):
    """Nelder and Mead's downhill simplex."""
    n = x0.size
    simplex = np.empty((n + 1, n))
    simplex[0] = x0
    for i in range(n):
        point = x0.copy()
        point[i] += scale if point[i] == 0 else 0.5 * scale * point[i] + 0.1
        simplex[i + 1] = point
    values = np.array([f(p) for p in simplex])
    calls = n + 1
    shrinks = 0
    while calls < max_calls:
        order = values.argsort(kind="stable")
        simplex, values = simplex[order], values[order]
        if np.ptp(values) <= ftol and np.max(np.abs(simplex[1:] - simplex[0])) <= xtol:
            break
        centre = simplex[:-1].mean(axis=0)
        worst = simplex[-1]
        reflected = centre + (centre - worst)
        fr = f(reflected)
        calls += 1
        if values[0] <= fr < values[-2]:
            simplex[-1], values[-1] = reflected, fr
            continue
        if fr < values[0]:
            expanded = centre + 2 * (centre - worst)
            fe = f(expanded)
            calls += 1
            if fe < fr:
                simplex[-1], values[-1] = expanded, fe
            else:
                simplex[-1], values[-1] = reflected, fr
            continue
        if fr < values[-1]:
            contracted = centre + 0.5 * (reflected - centre)
            bound = fr
        else:
            contracted = centre + 0.5 * (worst - centre)
            bound = values[-1]
        fc = f(contracted)
        calls += 1
        if fc < bound:
            simplex[-1] = contracted
            values[-1] = fc
        else:
            simplex[1:] = simplex[0] + 0.5 * (simplex[1:] - simplex[0])
            for i in range(1, n + 1):
                values[i] = f(simplex[i])
            calls += n
            shrinks += 1
    best = np.argmin(values)
    return simplex[best], values[best], calls, shrinks


def search(starts, bowl=False):
    """The best of several starts; with bowl=True for a function with its least value known."""
    f = sphere if bowl else rosenbrock
    best_x, best_f = None, np.inf
    total = 0
    for x0 in starts:
        x, fx, calls, _ = minimise(f, x0)
        total += calls
        if fx < best_f:
            best_x, best_f = x, fx
        if best_f < 1e-10:
            break
    return best_x, best_f, total


# --- how the test-suite calls it
PROGRAM = search
SIZES = ((1, 1), (1, 2), (2, 3))
BENCH = (5, 4)
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(85).uniform(-1, 1, size),), {"bowl": size == (1, 1)}


def check(result, before, after):
    x, fx, total = result
    assert np.allclose(x, 0.5 if len(x) == 1 else 1.0, atol=1e-2) and fx < 1e-5
