import numpy as np

def run(events, coins):
    """A turnstile: 0 a coin, 1 a push, 2 a kick, 3 a reset. The states passed, and what it counted."""
    state = 0
    fed = passed = refused = 0
    trace = np.empty(len(events), dtype=np.int64)
    for k, event in enumerate(events):
        match state, event:
            case (0, 0):
                fed += 1
                if fed >= coins:
                    state, fed = 1, 0
            case (0, 1):
                refused += 1
            case (1, 1):
                passed += 1
                state = 0
            case (2, 3):
                state = 0
            case (2, _):
                pass
            case (_, 2) if passed > 0:
                state = 2
            case _:
                refused += 1
        trace[k] = state
    return trace, passed, refused


# --- how the test-suite calls it
PROGRAM = run
SIZES = (1, 10, 200)
BENCH = 10000
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(11).integers(0, 4, size), 2), {}


def check(result, before, after):
    trace, passed, refused = result
    assert passed == np.sum((trace[1:] == 0) & (trace[:-1] == 1) & (before[0][1:] == 1))
    assert set(trace.tolist()) <= {0, 1, 2}
