import numpy as np


def viterbi(obs, start, trans, emit):
    """The likeliest path of hidden states, in logs."""
    T = len(obs)
    S = start.size
    logt = np.log(trans)
    loge = np.log(emit)
    delta = np.empty((T, S))
    psi = np.zeros((T, S), dtype=int)
    delta[0] = np.log(start) + loge[:, obs[0]]
    for t in range(1, T):
        scores = delta[t - 1][:, None] + logt
        psi[t] = np.argmax(scores, axis=0)
        delta[t] = np.max(scores, axis=0) + loge[:, obs[t]]
    path = [np.argmax(delta[-1])]
    for t in range(T - 1, 0, -1):
        path.append(psi[t, path[-1]])
    path.reverse()
    return np.array(path), delta[-1].max()


# --- how the test-suite calls it
PROGRAM = viterbi
SIZES = ((1, 2), (8, 3), (200, 5))
BENCH = (1400, 6)
SCAN = True


def make_inputs(size):
    T, S = size
    rng = np.random.default_rng(21)
    start, trans, emit = rng.random(S), rng.random((S, S)), rng.random((S, 4))
    return (rng.integers(0, 4, T), start / start.sum(), trans / trans.sum(1, keepdims=True), emit / emit.sum(1, keepdims=True)), {}


def check(result, before, after):
    path, best = result
    obs, start, trans, emit = before
    p = np.log(start[path[0]]) + np.log(emit[path, obs]).sum() + np.log(trans[path[:-1], path[1:]]).sum()
    assert np.isclose(p, best)
