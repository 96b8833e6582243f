"""Sequences, tables and graphs for JAX."""

import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.jax_base import host, jit


@jit()
def _edit_distance(a, b):
    m = len(b)
    first = jnp.arange(m + 1)

    def row(up, xs):
        i, letter = xs
        best = jnp.minimum(up[1:] + 1, up[:-1] + (b != letter))
        # the least of best[j] + (k - j) along a row is a running minimum of best[j] - j
        best = jnp.append(i, best) - first
        return lax.cummin(best) + first, None

    return lax.scan(row, first, (jnp.arange(1, len(a) + 1), a))[0][m]


def edit_distance(a, b):
    return int(_edit_distance(a, b))


@jit()
def _lcs(x, y):
    m, n = len(x), len(y)

    def row(up, letter):
        here = lax.cummax(jnp.where(y == letter, up[:-1] + 1, up[1:]))
        here = jnp.append(0, here)
        return here, here

    first = jnp.zeros(n + 1, int)
    table = jnp.concatenate([first[None], lax.scan(row, first, x)[1]])

    def body(carry):
        i, j, at, out = carry
        same = x[i - 1] == y[j - 1]
        up = table[i - 1, j] >= table[i, j - 1]
        out = jnp.where(same, out.at[at - 1].set(x[i - 1]), out)
        return jnp.where(same | up, i - 1, i), jnp.where(same | ~up, j - 1, j), at - same, out

    start = m, n, min(m, n), jnp.zeros(min(m, n), x.dtype)
    _, _, at, out = lax.while_loop(lambda c: (c[0] > 0) & (c[1] > 0), body, start)
    return out, at


def lcs(x, y):
    out, at = host(_lcs(x, y))
    return out[at:]


@jit()
def _dtw(x, y, w):
    n, m = len(x), len(y)
    js = jnp.arange(1, m + 1)

    def row(up, xs):
        i, value = xs
        inside = (js >= i - w) & (js <= i + w)
        cost = jnp.abs(value - y)
        over = jnp.minimum(up[1:], up[:-1])

        def cell(left, column):
            over, cost, inside = column
            here = jnp.where(inside, cost + jnp.minimum(over, left), jnp.inf)
            return here, here

        _, here = lax.scan(cell, jnp.inf, (over, cost, inside))
        here = jnp.append(jnp.inf, here)
        return here, here

    first = jnp.full(m + 1, jnp.inf).at[0].set(0.0)
    D = jnp.concatenate([first[None], lax.scan(row, first, (jnp.arange(1, n + 1), x))[1]])

    def body(carry):
        i, j, at, path = carry
        step = jnp.argmin(jnp.stack([D[i - 1, j - 1], D[i - 1, j], D[i, j - 1]]))
        i, j = jnp.where(step < 2, i - 1, i), jnp.where(step != 1, j - 1, j)
        return i, j, at - 1, path.at[at - 1].set(jnp.stack([i - 1, j - 1]))

    path = jnp.zeros((n + m, 2), int).at[-1].set(jnp.array([n - 1, m - 1]))
    _, _, at, path = lax.while_loop(lambda c: (c[0] > 1) | (c[1] > 1), body, (n, m, n + m - 1, path))
    return D[n, m], path, at


def dtw(x, y, window=None):
    n, m = len(x), len(y)
    distance, path, at = host(_dtw(x, y, max(window or max(n, m), abs(n - m))))
    return distance, path[at:]


@jit()
def _align(a, b, match, mismatch, gap):
    n, m = len(a), len(b)
    js = jnp.arange(m + 1)

    def row(up, xs):
        i, letter = xs
        best = jnp.maximum(up[:-1] + jnp.where(b == letter, match, mismatch), up[1:] + gap)
        here = lax.cummax(jnp.append(gap * i, best) - gap * js) + gap * js
        return here, here

    first = gap * js
    F = jnp.concatenate([first[None], lax.scan(row, first, (jnp.arange(1, n + 1), a))[1]])

    def body(carry):
        i, j, k, out_a, out_b = carry
        both = (i > 0) & (j > 0)
        s = jnp.where(a[i - 1] == b[j - 1], match, mismatch)
        diagonal = both & (F[i, j] == F[i - 1, j - 1] + s)
        up = ~diagonal & (i > 0) & (F[i, j] == F[i - 1, j] + gap)
        left = ~diagonal & ~up
        out_a = out_a.at[k - 1].set(jnp.where(left, -1, a[i - 1]))
        out_b = out_b.at[k - 1].set(jnp.where(up, -1, b[j - 1]))
        return i - ~left, j - ~up, k - 1, out_a, out_b

    empty = jnp.full(n + m, -1)
    start = n, m, n + m, empty, empty
    _, _, k, out_a, out_b = lax.while_loop(lambda c: (c[0] > 0) | (c[1] > 0), body, start)
    return F[n, m], out_a, out_b, k


def needleman_wunsch(a, b, match=2, mismatch=-1, gap=-2):
    score, out_a, out_b, k = host(_align(a, b, match, mismatch, gap))
    return score, out_a[k:], out_b[k:]


@jit(static=("capacity",))
def _knapsack(weights, values, capacity):
    room = jnp.arange(capacity + 1)

    def item(best, wv):
        w, v = wv
        candidate = jnp.where(room >= w, best[jnp.maximum(room - w, 0)] + v, -1)
        improved = candidate > best
        return jnp.where(improved, candidate, best), improved

    best, take = lax.scan(item, jnp.zeros(capacity + 1, jnp.int64), (weights, values))

    def back(c, row):
        w, taken = row
        return jnp.where(taken[c], c - w, c), taken[c]

    _, chosen = lax.scan(back, capacity, (weights, take), reverse=True)
    return best[capacity], chosen


def knapsack(weights, values, capacity):
    best, chosen = host(_knapsack(weights, values, capacity))
    return best, np.flatnonzero(chosen).tolist()


@jit()
def _matrix_chain(dims):
    n = len(dims) - 1
    rows = jnp.arange(n)

    def diagonal(length, carry):
        cost, split = carry
        j = jnp.minimum(rows + length - 1, n - 1)
        valid = rows + length <= n
        inside = (rows[None] >= rows[:, None]) & (rows[None] < j[:, None])
        # cost[k + 1, j] for each i and k
        rest = cost[jnp.minimum(rows + 1, n - 1)][:, j].T
        q = cost + rest + (dims[:-1, None] * dims[1:][None]) * dims[j + 1][:, None]
        q = jnp.where(inside, q, jnp.inf)
        cost = cost.at[rows, j].set(jnp.where(valid, q.min(1), cost[rows, j]))
        return cost, split.at[rows, j].set(jnp.where(valid, q.argmin(1), split[rows, j]))

    start = jnp.zeros((n, n)), jnp.zeros((n, n), int)
    cost, split = lax.fori_loop(2, n + 1, diagonal, start)
    return cost[0, n - 1], split


def matrix_chain(dims):
    return host(_matrix_chain(dims))


@jit(static=("limit",))
def _collatz(limit):
    n = jnp.arange(limit)

    def body(carry):
        n, lengths = carry
        going = n > 1
        new = jnp.where(n % 2 == 0, n // 2, 3 * n + 1)
        return jnp.where(going, new, n), lengths + going

    _, lengths = lax.while_loop(lambda c: (c[0] > 1).any(), body, (n, (n > 0).astype(jnp.int16)))
    return lengths.argmax(), lengths.max(), lengths


def collatz(limit):
    return host(_collatz(limit))


@jit()
def _crc(data, value):
    table = jnp.arange(256, dtype=jnp.uint32)
    for _ in range(8):
        table = jnp.where(table & 1, (table >> 1) ^ jnp.uint32(0xEDB88320), table >> 1)

    def step(crc, byte):
        return table[(crc ^ byte) & 0xFF] ^ (crc >> 8), None

    return lax.scan(step, value ^ jnp.uint32(0xFFFFFFFF), data)[0] ^ jnp.uint32(0xFFFFFFFF)


def crc32(data, value=0):
    return int(_crc(data, np.uint32(value)))


@jit(static=("taps", "width", "count"))
def _lfsr(taps, register, width, count):
    def shift(register, _):
        feedback = 0
        for t in taps:
            feedback = feedback ^ (register >> t & 1)
        return register >> 1 | feedback << (width - 1), (register & 1).astype(jnp.uint8)

    _, s = lax.scan(shift, register, None, count)
    n = count
    at = jnp.arange(n + 1)

    def massey(carry, i):
        c, b, length, m = carry
        back = jnp.where((at <= length) & (at <= i), s[jnp.maximum(i - at, 0)], 0)
        d = (c & back).sum() % 2 == 1
        moved = jnp.where(at >= i - m, b[jnp.maximum(at - (i - m), 0)], 0).astype(jnp.uint8)
        longer = d & (2 * length <= i)
        new = jnp.where(d, c ^ moved, c)
        b = jnp.where(longer, c, b)
        return (new, b, jnp.where(longer, i + 1 - length, length), jnp.where(longer, i, m)), None

    one = jnp.zeros(n + 1, jnp.uint8).at[0].set(1)
    (c, _, length, _), _ = lax.scan(massey, (one, one, 0, -1), jnp.arange(n))
    return s, length, c, (s[1:] != s[:-1]).sum()


def lfsr(taps, register, count):
    s, length, c, runs = host(_lfsr(taps, register, register.bit_length(), count))
    return s, int(length), c[: length + 1], int(runs)


@jit(static=("batch", "most"))
def _darts(seed, batch, tol, most):
    A, C, M = 1103515245, 12345, 2**31

    def dart(carry, _):
        state, hits = carry
        state = (A * state + C) % M
        x = state / M
        state = (A * state + C) % M
        y = state / M
        return (state, hits + (x * x + y * y <= 1.0)), None

    def body(carry):
        state, hits, k, estimates, _ = carry
        (state, hits), _ = lax.scan(dart, (state, hits), None, batch)
        n = (k + 1) * batch
        p = hits / n
        return state, hits, k + 1, estimates.at[k].set(4 * p), 4 * jnp.sqrt(p * (1 - p) / n)

    def going(carry):
        return (carry[2] < most) & ~((carry[4] > 0) & (carry[4] < tol))

    return lax.while_loop(going, body, (seed, 0, 0, jnp.zeros(most), jnp.nan))


def lcg_monte_carlo(seed, batch, tol, max_batches=1000):
    _, _, k, estimates, stderr = host(_darts(seed, batch, tol, max_batches))
    return estimates[k - 1], stderr, int(k) * batch, estimates[:k]


@jit(static=("steps",))
def _walk(state, position, turns, visits, size, steps):
    def step(carry, _):
        state, position, turns, visits = carry
        state = (1664525 * state + 1013904223) % 2**32
        move = jnp.where(state / 2**32 < 0.5, 1, -1)
        out = jnp.abs(position + move) > size
        position = position + jnp.where(out, -move, move)
        return (state, position, turns + out, visits.at[position + size].add(1)), None

    return lax.scan(step, (state, position, turns, visits), None, steps)[0]


def lcg_walk(walker, steps):
    start = walker.position
    state, position, turns, walker.visits[:] = host(
        _walk(walker.generator.state, start, walker.turns, walker.visits, walker.size, steps)
    )
    walker.generator.state, walker.position, walker.turns = int(state), int(position), int(turns)
    return walker.position - start, walker.turns


@jit(static=("inverse",))
def _fft(x, inverse):
    n = x.shape[0]
    y = x.astype(complex)
    order = np.zeros(n, int)
    for bit in range(n.bit_length() - 1):
        order |= ((np.arange(n) >> bit) & 1) << (n.bit_length() - 2 - bit)
    y = y[order]
    size = 2
    while size <= n:
        half = size // 2
        w = np.exp((2j if inverse else -2j) * np.pi / size * np.arange(half))
        pairs = y.reshape(-1, 2, half)
        odd = w * pairs[:, 1]
        y = jnp.stack([pairs[:, 0] + odd, pairs[:, 0] - odd], axis=1).reshape(n)
        size *= 2
    return y / n if inverse else y


def fft_radix2(x, inverse=False):
    return host(_fft(x, inverse))


def fft_recursive(x):
    return host(_spectrum(x))


@jit()
def _spectrum(x):
    return jnp.abs(_fft(x, False)) ** 2 / x.shape[0]


@jit()
def _decode(samples, gains, taps, bad):
    t = samples.shape[0]
    x = samples.astype(float) * gains
    missing = samples == bad

    def patch(before, row):
        here, after, missing, first = row
        here = jnp.where(missing, jnp.where(first, 0.0, (before + after) / 2), here)
        return here, here

    edge = (jnp.arange(t) == 0) | (jnp.arange(t) == t - 1)
    rows = x, jnp.roll(x, -1, 0), missing, edge
    x = lax.scan(patch, x[0], rows)[1]
    x = x - x.mean(axis=0)
    m = len(taps)
    out = sum(x[k : t - m + 1 + k] * taps[m - 1 - k] for k in range(m))
    return out[::2].T.astype(jnp.float32), missing.sum()


def fir_decode(samples, gains, taps, bad=-32768):
    out, patched = host(_decode(samples.astype(np.int16), gains, taps, bad))
    return out, int(patched)


@jit()
def _spread(points):
    def spread(x):
        x = x.astype(jnp.uint32)
        for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            x = (x | (x << shift)) & jnp.uint32(mask)
        return x

    def gather(x):
        x = x & jnp.uint32(0x55555555)
        for shift, mask in ((1, 0x33333333), (2, 0x0F0F0F0F), (4, 0x00FF00FF), (8, 0x0000FFFF)):
            x = (x | (x >> shift)) & jnp.uint32(mask)
        return x.astype(jnp.uint16)

    code = spread(points[:, 0]) | (spread(points[:, 1]) << 1)
    order = jnp.argsort(code, stable=True)
    code = code[order]
    return order, jnp.stack([gather(code), gather(code >> 1)], axis=1), (jnp.diff(code) > 1).sum()


def morton(points):
    return host(_spread(points))


@jit()
def _nearest(codes, queries):
    def one(q):
        d = lax.population_count(codes ^ q).astype(jnp.uint8)
        at = d.argmin()
        return at, d[at]

    index, distance = lax.map(one, queries)
    parity = lax.reduce(codes, jnp.uint64(0), lax.bitwise_xor, (0,))
    return index, distance, parity, lax.population_count(codes).sum()


def popcount(codes, queries):
    return host(_nearest(codes, queries))


@jit(static=("n",))
def _xorshift(state, n, low, high):
    def step(state, _):
        state = state ^ (state << 13)
        state = state ^ (state >> 17)
        state = state ^ (state << 5)
        return state, low + (high - low) * (state / 4294967296.0)

    return lax.scan(step, state, None, n)


def xorshift(seed, n, low=0.0, high=1.0):
    state, u = host(_xorshift(np.array(seed, dtype=np.uint32, ndmin=1), n, low, high))
    return u, state


@jit()
def _segments(values):
    inclusive = jnp.cumsum(values)
    return inclusive, inclusive - values, lax.cummax(values)


def prefix_scan(values, flags):
    inclusive, exclusive, highest = host(_segments(values))
    starts = np.nonzero(flags)[0]
    ends = np.append(starts[1:], len(values)) - 1
    return True, highest, inclusive[ends] - exclusive[starts]


@jit(static=("fast", "slow"))
def _backtest(prices, fast, slow, cash, fee):
    def ema(x, span):
        alpha = 2.0 / (span + 1)

        def step(y, v):
            y = alpha * v + (1 - alpha) * y
            return y, y

        return jnp.append(x[0], lax.scan(step, x[0], x[1:])[1])

    macd = ema(prices, fast) - ema(prices, slow)
    above = macd > ema(macd, 9)

    def trade(carry, row):
        cash, shares, peak, drawdown = carry
        price, above = row
        buy, sell = above & (shares == 0), ~above & (shares > 0)
        new_cash = jnp.where(sell, shares * price * (1 - fee), jnp.where(buy, 0.0, cash))
        shares = jnp.where(buy, cash * (1 - fee) / price, jnp.where(sell, 0.0, shares))
        worth = new_cash + shares * price
        peak = jnp.maximum(peak, worth)
        drawdown = jnp.maximum(drawdown, 1 - worth / peak)
        return (new_cash, shares, peak, drawdown), (worth, buy.astype(int) - sell)

    (_, _, _, drawdown), (worth, moves) = lax.scan(trade, (cash, 0.0, cash, 0.0), (prices, above))
    window = min(fast, len(prices))
    c = jnp.cumsum(jnp.append(0.0, worth))
    return worth, (c[window:] - c[:-window]) / window, moves, drawdown


def moving_averages(prices, fast=5, slow=12, cash=1000.0, fee=0.001):
    worth, smooth, moves, drawdown = host(_backtest(prices, fast, slow, cash, fee))
    at = np.flatnonzero(moves)
    return worth, smooth, np.stack([at, moves[at]], axis=1), drawdown


@jit()
def _spline(x, y, xq):
    n = len(x)

    def down(carry, row):
        y2, u = carry
        x0, x1, x2, ya, yb, yc = row
        sig = (x1 - x0) / (x2 - x0)
        p = sig * y2 + 2.0
        slope = (yc - yb) / (x2 - x1) - (yb - ya) / (x1 - x0)
        u = (6.0 * slope / (x2 - x0) - sig * u) / p
        y2 = (sig - 1.0) / p
        return (y2, u), (y2, u)

    _, (y2, u) = lax.scan(down, (0.0, 0.0), (x[:-2], x[1:-1], x[2:], y[:-2], y[1:-1], y[2:]))

    def up(after, row):
        y2, u = row
        here = y2 * after + u
        return here, here

    _, inner = lax.scan(up, 0.0, (y2, u), reverse=True)
    y2 = jnp.concatenate([jnp.zeros(1), inner, jnp.zeros(1)])
    hi = jnp.clip(jnp.searchsorted(x, xq, side="right"), 1, n - 1)
    lo = hi - 1
    h = x[hi] - x[lo]
    a = (x[hi] - xq) / h
    b = 1 - a
    out = a * y[lo] + b * y[hi] + ((a**3 - a) * y2[lo] + (b**3 - b) * y2[hi]) * h**2 / 6
    return jnp.where((xq >= x[0]) & (xq <= x[-1]), out, jnp.nan)


def cubic_spline(x, y, xq):
    return host(_spline(x, y, xq))


@jit()
def _turnstile(events, coins):
    def step(carry, event):
        state, fed, passed, refused = carry
        coin, refuse = (state == 0) & (event == 0), (state == 0) & (event == 1)
        full = coin & (fed + 1 >= coins)
        through = (state == 1) & (event == 1)
        kicked = state == 2
        kick = (event == 2) & (passed > 0) & ~kicked
        refuse = refuse | ~(coin | refuse | through | kicked | kick)
        fed = jnp.where(full, 0, fed + coin)
        passed = passed + through
        state = jnp.where(full, 1, jnp.where(through | (kicked & (event == 3)), 0, jnp.where(kick, 2, state)))
        return (state, fed, passed, refused + refuse), state

    (_, _, passed, refused), trace = lax.scan(step, (0, 0, 0, 0), events)
    return trace, passed, refused


def turnstile(events, coins):
    return host(_turnstile(events, coins))


@jit()
def _shape_areas(records):
    kind, a, b = records.T
    circle, square = kind == 0, (kind != 0) & (a == b)
    areas = jnp.where(circle, jnp.pi * a * a, a * b)
    return areas, jnp.maximum(areas.max(), 0.0), square.sum()


def shape_areas(records):
    return host(_shape_areas(records))


@jit(static=("stations",))
def _bad_records(records, stations):
    station, hour, minute, raw, checksum = records.T
    fine = ((station + hour + minute + raw) % 256 == checksum) & (hour >= 0) & (hour < 24)
    fine = fine & (minute >= 0) & (minute < 60)
    dead, unknown = fine & (raw == 0), fine & (raw != 0) & (station >= stations)
    good = fine & ~dead & ~unknown
    at = jnp.where(good, station, stations)
    sums = jnp.zeros(stations).at[at].add(100 / jnp.where(raw == 0, 1, raw), mode="drop")
    counts = jnp.zeros(stations, int).at[at].add(1, mode="drop")
    time = 60 * hour + minute
    return sums, counts, ((~fine).sum(), unknown.sum(), dead.sum()), good & (time > 1200), time


def bad_records(records, stations):
    sums, counts, kinds, late, time = host(_bad_records(records, stations))
    return sums, counts, kinds, time[late].tolist()


@jit(static=("size", "step"))
def _calm(x, size, step, limit):
    starts = jnp.arange(0, len(x) - size + 1, step)
    near = x[starts[:, None] + jnp.arange(size)]
    calm = near.max(1) - near.min(1) < limit
    totals = jnp.cumsum(jnp.where(calm, near.mean(1), 0.0))
    over = x > limit
    return starts, calm, totals, jnp.where(over.any(), over.argmax(), -1)


def stream_windows(x, size, step, limit):
    starts, calm, totals, first = host(_calm(x, size, step, limit))
    starts = starts[calm]
    gap = int(np.diff(starts, prepend=0).max(initial=0))
    return starts, totals[calm], gap, first


@jit()
def _path_counts(grid):
    size = min(grid.shape)

    def count(k):
        blocked = grid.at[k, k].set(jnp.where(k > 0, 0, grid[k, k]))

        def row(up, xs):
            values, first = xs

            def cell(left, column):
                value, above = column
                here = value * (above + left)
                return here, here

            _, here = lax.scan(cell, first, (values, up))
            return here, None

        start = jnp.zeros(grid.shape[1], int)
        firsts = jnp.zeros(grid.shape[0], int).at[0].set(1)
        return lax.scan(row, start, (blocked, firsts))[0][-1]

    return jax.vmap(count)(jnp.arange(size - 1))


def memo_paths(grid):
    total, *others = (int(c) for c in host(_path_counts(grid)))
    losses = [round((total - c) / max(total, 1), 3) for c in others]
    return total, losses, sorted(losses, key=lambda v: -v)[:2]


@jit()
def _dijkstra(adj, source):
    n = adj.shape[0]

    def body(carry):
        dist, done, prev, k, _ = carry
        open_ = jnp.where(done, jnp.inf, dist)
        u = open_.argmin()
        reached = open_[u] < jnp.inf
        alt = dist[u] + adj[u]
        better = (adj[u] != 0) & (alt < dist) & reached
        dist, prev = jnp.where(better, alt, dist), jnp.where(better, u, prev)
        return dist, done.at[u].set(True), prev, k + 1, reached

    dist = jnp.full(n, jnp.inf, adj.dtype).at[source].set(0)
    start = dist, jnp.zeros(n, bool), jnp.full(n, -1), 0, True
    return lax.while_loop(lambda c: (c[3] < n) & c[4], body, start)[:3:2]


def dijkstra(adj, source):
    return host(_dijkstra(adj, source))


@jit(static=("n",))
def _bellman_ford(src, dst, weight, n, start):
    def relax(carry, edge):
        dist, parent, changed = carry
        u, v, w = edge
        via = dist[u] + w
        better = via < dist[v]
        dist = dist.at[v].min(via)
        parent = parent.at[v].set(jnp.where(better, u, parent[v]).astype(jnp.int32))
        return (dist, parent, changed | better), None

    def body(carry):
        dist, parent, rounds, _ = carry
        (dist, parent, changed), _ = lax.scan(relax, (dist, parent, False), (src, dst, weight))
        return dist, parent, rounds + 1, changed

    dist = jnp.full(n, jnp.inf).at[start].set(0.0)
    carry = dist, jnp.full(n, -1, jnp.int32), 0, True
    return lax.while_loop(lambda c: (c[2] < n - 1) & c[3], body, carry)


def bellman_ford(src, dst, weight, n, start=0):
    dist, parent, rounds, changed = host(_bellman_ford(src, dst, weight, n, start))
    if changed and (dist[src] + weight < dist[dst]).any():
        return None
    return dist, parent, int(rounds)


@jit()
def _prim(points):
    n = len(points)

    def grow(carry, _):
        in_tree, best, nearest, total = carry
        j = best.argmin()
        edge, total = jnp.stack([nearest[j], j]), total + best[j]
        in_tree = in_tree.at[j].set(True)
        d = jnp.sqrt(((points - points[j]) ** 2).sum(1))
        best = best.at[j].set(jnp.inf)
        closer = (d < best) & ~in_tree
        return (in_tree, jnp.where(closer, d, best), jnp.where(closer, j, nearest), total), edge

    best = jnp.hypot(*(points - points[0]).T).at[0].set(jnp.inf)
    start = jnp.zeros(n, bool).at[0].set(True), best, jnp.zeros(n, int), 0.0
    (_, _, _, total), edges = lax.scan(grow, start, None, n - 1)
    return edges, total


def prim_mst(points):
    return host(_prim(points))


@jit(static=("top",))
def _nms(boxes, scores, threshold, top):
    order = jnp.argsort(scores)[::-1]
    boxes = boxes[order]
    areas = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    n = len(boxes)

    def body(carry):
        alive, keep, count = carry
        best = alive.argmax()
        box = boxes[best]
        wh = jnp.clip(jnp.minimum(box[2:], boxes[:, 2:]) - jnp.maximum(box[:2], boxes[:, :2]), 0)
        inter = wh[:, 0] * wh[:, 1]
        overlap = inter / (areas[best] + areas - inter)
        alive = alive & (overlap <= jnp.float32(threshold))
        return alive.at[best].set(False), keep.at[count].set(order[best]), count + 1

    start = jnp.ones(n, bool), jnp.zeros(n, int), 0
    _, keep, count = lax.while_loop(lambda c: c[0].any() & (c[2] < top), body, start)
    return keep, count


def nms_boxes(boxes, scores, threshold=0.5, top=None):
    keep, count = host(_nms(boxes, scores, threshold, len(boxes) if top is None else top))
    return keep[:count]


@jit(static=("n",))
def _hilbert(n):
    bits = n.bit_length() - 1
    d = jnp.arange(n * n)
    x = y = jnp.zeros(n * n, d.dtype)
    t = d
    for k in range(bits):
        s = 1 << k
        rx = 1 & (t // 2)
        ry = 1 & (t ^ rx)
        flip = (ry == 0) & (rx == 1)
        x, y = jnp.where(flip, s - 1 - x, x), jnp.where(flip, s - 1 - y, y)
        x, y = jnp.where(ry == 0, y, x), jnp.where(ry == 0, x, y)
        x, y, t = x + s * rx, y + s * ry, t // 4
    path = jnp.stack([x, y], axis=1).astype(jnp.int32)
    x, y = jnp.arange(n)[:, None] + jnp.zeros((n, n), int), jnp.arange(n) + jnp.zeros((n, n), int)
    total = jnp.zeros((n, n), int)
    for k in reversed(range(bits)):
        s = 1 << k
        rx, ry = ((x & s) > 0).astype(int), ((y & s) > 0).astype(int)
        total = total + s * s * ((3 * rx) ^ ry)
        flip = (ry == 0) & (rx == 1)
        x, y = jnp.where(flip, n - 1 - x, x), jnp.where(flip, n - 1 - y, y)
        x, y = jnp.where(ry == 0, y, x), jnp.where(ry == 0, x, y)
    return path, total.astype(jnp.int32)


def hilbert_curve(order):
    return host(_hilbert(1 << order))


@jit(static=("n",))
def _totients(n):
    k, m = jnp.arange(n)[None], jnp.arange(n)[:, None]

    def euclid(carry):
        a, b = carry
        return jnp.where(b > 0, b, a), jnp.where(b > 0, a % jnp.maximum(b, 1), b)

    a, _ = lax.while_loop(lambda c: (c[1] > 0).any(), euclid, (k + 0 * m, m + 0 * k))
    phi = ((a == 1) & (k >= 1) & (k <= m)).sum(1).at[1].set(1).at[0].set(0)
    modulus = jnp.arange(1, n, 2)

    def power(carry):
        result, base, exponent = carry
        odd = exponent & 1 == 1
        return jnp.where(odd, result * base % modulus, result), base * base % modulus, exponent >> 1

    start = jnp.ones_like(modulus), 2 % modulus, phi[1::2]
    result, _, _ = lax.while_loop(lambda c: (c[2] > 0).any(), power, start)
    return phi, ((result == 1 % modulus) | (modulus == 1)).all()


def totients(n):
    phi, holds = host(_totients(n))
    lcm = last = 1
    for m in range(2, n):
        bigger = math.lcm(lcm, m)
        if bigger >= 2**50:
            break
        lcm, last = bigger, m
    return phi, holds, lcm, last


@jit(static=("n",))
def _queens(n):
    full = (1 << n) - 1

    def body(carry):
        free, cols, ld, rd, place, row, solutions, first = carry
        found = row == n
        new_first = found & (solutions == 0)
        first = jnp.where(new_first, place, first)
        stuck = found | (free[row] == 0)
        bit = free[row] & -free[row]

        def at(a, value):
            return jnp.where(stuck, a, a.at[row + 1].set(value))

        new = cols[row] | bit, (ld[row] | bit) << 1, (rd[row] | bit) >> 1
        free_next = full & ~(new[0] | new[1] | new[2])
        place = jnp.where(stuck, place, place.at[row].set(bit))
        free = jnp.where(stuck, free, free.at[row].set(free[row] ^ bit).at[row + 1].set(free_next))
        after = jnp.where(stuck, row - 1, row + 1)
        return free, at(cols, new[0]), at(ld, new[1]), at(rd, new[2]), place, after, solutions + found, first

    zero = jnp.zeros(n + 2, jnp.int64)
    start = zero.at[0].set(full), zero, zero, zero, zero, 0, 0, zero
    *_, solutions, first = lax.while_loop(lambda c: c[5] >= 0, body, start)
    return solutions, first


def n_queens(n):
    solutions, first = host(_queens(n))
    return int(solutions), np.log2(first[:n]).astype(np.int8) if solutions else None


@jit()
def _merge_count(a):
    # inversions: for each item the number of greater ones before it
    order = jnp.argsort(a, stable=True)
    rank = jnp.zeros(len(a), int).at[order].set(jnp.arange(len(a)))
    bits = (len(a) - 1).bit_length()

    def level(bit, total):
        block, one = rank >> (bit + 1), (rank >> bit) & 1
        place = jnp.argsort(block, stable=True)
        ones, blocks = one[place], block[place]
        before = jnp.cumsum(ones) - ones
        start = jnp.searchsorted(blocks, blocks)
        return total + jnp.where(ones == 0, before - before[start], 0).sum()

    return a[order], lax.fori_loop(0, bits, level, 0)


def merge_sort(a):
    a[:], total = host(_merge_count(a))
    return int(total)


@jit()
def _argsort(values):
    order = jnp.argsort(values)
    return order, values[order]


def heap_sort(values):
    return host(_argsort(values))


def shell_sort(a):
    if (a[:-1] <= a[1:]).all():
        return False
    a[:] = host(_argsort(a)[1])
    return True


@jit()
def _median(a):
    a = jnp.sort(a)
    n = len(a)
    return a, a[n // 2] if n % 2 else (a[n // 2 - 1] + a[n // 2]) / 2


def quicksort_recursive(a):
    a[:], middle = host(_median(a))
    return middle
