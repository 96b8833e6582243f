import numpy as np


def run(data, repeats, seed):
    """The bootstrap of a mean with NumPy's legacy generator: a confidence interval, and the spread of all means."""
    np.random.seed(seed)
    means = np.empty(repeats)
    for k in range(repeats):
        sample = data[np.random.randint(0, len(data), size=len(data))]
        means[k] = sample.mean()
    means.sort()
    low, high = means[int(0.05 * repeats)], means[int(0.95 * repeats)]
    return low, high, means.std(), np.random.random()


# --- how the test-suite calls it
PROGRAM = run
SIZES = ((1, 2), (5, 20), (40, 200))
BENCH = (100, 1500)
SCAN = True


def make_inputs(size):
    n, repeats = size
    return (np.linspace(-1.0, 2.0, n) ** 3, repeats, 17), {}


def check(result, before, after):
    low, high, spread, _ = result
    assert before[0].min() <= low <= high <= before[0].max()
    assert spread >= 0
