import numpy as np


def sigma_clip(x, sigma=3.0, max_iter=None):
    """Throw out what is more than sigma deviations from the median, until nothing changes."""
    kept = x[np.isfinite(x)]
    n = 0
    while True:
        if kept.size == 0:
            break
        centre, spread = np.median(kept), kept.std()
        inside = np.abs(kept - centre) <= sigma * spread
        if inside.all() or (max_iter is not None and n >= max_iter):
            break
        kept = kept[inside]
        n += 1
    return kept, n


def robust_mean(table, sigma=2.5):
    """Clip each column of its own; gives means, counts, and the values that were kept."""
    columns = table.shape[1]
    means = np.full(columns, np.nan)
    counts = np.zeros(columns, dtype=np.int32)
    kept_all = []
    for c in range(columns):
        kept, _ = sigma_clip(table[:, c], sigma)
        counts[c] = kept.size
        if kept.size > 0:
            means[c] = kept.mean()
        kept_all.append(kept)
    return means, counts, np.concatenate(kept_all)


# --- how the test-suite calls it
PROGRAM = robust_mean
SIZES = ((2, 1), (9, 2), (300, 4))
BENCH = (4000, 12)
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(51)
    t = rng.standard_t(2, size)
    t[0, -1] = np.nan
    return (t,), {}


def check(result, before, after):
    means, counts, kept = result
    assert counts.sum() == len(kept)
    for c, m in enumerate(means):
        x = before[0][:, c]
        x = x[~np.isnan(x)]
        while True:
            y = x[abs(x - np.median(x)) <= 2.5 * x.std()]
            if len(x) == len(y):
                break
            x = y
        assert counts[c] == len(x) and np.isclose(m, x.mean())
