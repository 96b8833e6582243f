import dataclasses

import numpy as np


@dataclasses.dataclass
class State:
    order: np.ndarray
    length: float
    accepted: int = 0


def tour_length(points, order):
    path = points[order]
    return np.sqrt(((path - np.roll(path, 1, axis=0)) ** 2).sum(axis=1)).sum()


def run(points, steps, seed):
    """Simulated annealing of a round trip, by a seeded RandomState; the state is a dataclass."""
    random = np.random.RandomState(seed)
    n = len(points)
    order = np.arange(n)
    state = State(order, tour_length(points, order))
    temperature = 1.0
    for _ in range(steps):
        i = random.randint(n)
        j = random.randint(n)
        order = state.order.copy()
        order[i], order[j] = order[j], order[i]
        length = tour_length(points, order)
        if length < state.length or random.rand() < np.exp((state.length - length) / temperature):
            state.order, state.length = order, length
            state.accepted += 1
        temperature *= 0.99
    return state.order, state.length, state.accepted


# --- how the test-suite calls it
PROGRAM = run
SIZES = ((2, 3), (6, 20), (15, 200))
BENCH = (20, 700)
SCAN = True


def make_inputs(size):
    n, steps = size
    return (np.random.default_rng(8).random((n, 2)), steps, 5), {}


def check(result, before, after):
    order, length, accepted = result
    assert sorted(order) == list(range(len(before[0])))
    assert np.isclose(length, tour_length(before[0], order))
    assert 0 <= accepted <= before[1]
