import numpy as np


def compress(data, window=255, longest=15):
    """LZ77 into rows (distance, length, next byte)."""
    n = len(data)
    out = np.zeros((n, 3), dtype=np.uint8)
    count = 0
    pos = 0
    while pos < n:
        best_len, best_dist = 0, 0
        limit = min(longest, n - pos - 1)
        start = max(0, pos - window)
        for cand in range(pos - 1, start - 1, -1):
            k = 0
            while k < limit and data[cand + k] == data[pos + k]:
                k += 1
            if k > best_len:
                best_len, best_dist = k, pos - cand
                if k == limit:
                    break
        out[count] = best_dist, best_len, data[pos + best_len]
        count += 1
        pos += best_len + 1
    return out[:count]


def expand(tokens):
    size = int(tokens[:, 1].sum()) + len(tokens)
    out = np.zeros(size, dtype=np.uint8)
    pos = 0
    for dist, length, byte in tokens:
        for k in range(length):
            out[pos + k] = out[pos + k - int(dist)]
        pos += int(length)
        out[pos] = byte
        pos += 1
    return out


def round_trip(data):
    tokens = compress(data)
    again = expand(tokens)
    return tokens, np.array_equal(again, data), tokens.size / max(data.size, 1)


# --- how the test-suite calls it
PROGRAM = round_trip
SIZES = (1, 12, 120)
BENCH = 900
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(82).integers(97, 100, size).astype(np.uint8),), {}


def check(result, before, after):
    tokens, same, ratio = result
    assert same is True and type(ratio) is float
