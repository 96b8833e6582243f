import numpy as np


def systematic_resample(weights, u):
    n = len(weights)
    positions = (np.arange(n) + u) / n
    cumulative = np.cumsum(weights)
    cumulative[-1] = 1.0
    indexes = np.zeros(n, dtype=int)
    i, j = 0, 0
    while i < n:
        if positions[i] < cumulative[j]:
            indexes[i] = j
            i += 1
        else:
            j += 1
    return indexes


def track(observations, particles, noise, offsets, sigma=0.5):
    """A bootstrap filter; the noise is given, so all is deterministic."""
    n = particles.size
    weights = np.full(n, 1.0 / n)
    means = []
    resampled = 0
    for z, jitter, u in zip(observations, noise, offsets):
        particles = 0.9 * particles + jitter
        weights = weights * np.exp(-0.5 * ((z - particles) / sigma) ** 2)
        total = weights.sum()
        if total <= 1e-300:
            weights[:] = 1.0 / n
        else:
            weights /= total
        means.append(np.average(particles, weights=weights))
        n_eff = 1.0 / np.sum(np.square(weights))
        if n_eff < n / 2:
            particles = particles[systematic_resample(weights, u)]
            weights.fill(1.0 / n)
            resampled += 1
    return np.asarray(means), particles, resampled


# --- how the test-suite calls it
PROGRAM = track
SIZES = ((1, 1), (4, 8), (20, 100))
BENCH = (60, 400)
SCAN = True


def make_inputs(size):
    T, n = size
    rng = np.random.default_rng(50)
    return (rng.standard_normal(T), rng.standard_normal(n), rng.standard_normal((T, n)) * 0.4, rng.random(T)), {}


def check(result, before, after):
    means, particles, resampled = result
    assert len(means) == len(before[0]) and 0 <= resampled <= len(means)
    if len(before[1]) > 50:
        assert np.corrcoef(means, before[0])[0, 1] > 0.8
