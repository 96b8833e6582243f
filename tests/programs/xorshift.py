import numpy as np


def xorshift32(state, n):
    """Marsaglia's generator on a vector of states, in place; n outputs of each."""
    out = np.empty((n,) + state.shape, dtype=np.uint32)
    for i in range(n):
        state ^= state << 13
        state ^= state >> 17
        state ^= state << np.uint32(5)
        out[i] = state
    return out


def uniform(seed, n, low=0.0, high=1.0):
    state = np.array(seed, dtype=np.uint32, ndmin=1)
    bits = xorshift32(state, n)
    u = bits.astype(np.float64) / 4294967296.0
    return low + (high - low) * u, state


# --- how the test-suite calls it
PROGRAM = uniform
SIZES = ((1, 1), (3, 5), (10, 500))
BENCH = (100, 2000)
SCAN = True


def make_inputs(size):
    m, n = size
    return (np.arange(1, m + 1) * 2463534242 % 2 ** 32, n), {"low": -1.0}


def check(result, before, after):
    u, state = result
    for k, s in enumerate(before[0].tolist()):
        for i in range(before[1]):
            s ^= s << 13 & 0xFFFFFFFF
            s ^= s >> 17
            s ^= s << 5 & 0xFFFFFFFF
            assert u[i, k] == -1.0 + 2.0 * (s / 2 ** 32)
        assert state[k] == s
