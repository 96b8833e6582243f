"""Series, samples, transforms and counts, as loops for Numba."""

import math

import numpy as np
from numba import njit


@njit
def _binomial(S, K, T, r, sigma, N):
    dt = T / N
    u = np.exp(sigma * np.sqrt(dt))
    d = 1 / u
    q = (np.exp(r * dt) - d) / (u - d)
    disc = np.exp(-r * dt)
    prices, values, boundary = np.empty(N + 1), np.empty(N + 1), np.full(N, np.nan)
    for k in range(N + 1):
        prices[k] = S * d ** (N - k) * u**k
        values[k] = max(K - prices[k], 0.0)
    for i in range(N - 1, -1, -1):
        top = -np.inf
        for k in range(i + 1):
            held = disc * (q * values[k + 1] + (1 - q) * values[k])
            prices[k] = prices[k + 1] * d
            exercise = K - prices[k]
            if exercise > held:
                top = max(top, prices[k])
                held = exercise
            values[k] = held
        if top > -np.inf:
            boundary[i] = top
    return values[0], boundary


def binomial_option(S, K, T, r, sigma, N):
    return _binomial(S, K, T, r, sigma, N)


@njit
def _normal_cdf(x):
    t = 1.0 / (1.0 + 0.2316419 * abs(x))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = 0.3989422804014327 * math.exp(-0.5 * x * x) * poly
    return 1.0 - tail if x > 0 else tail


@njit
def _implied(quotes, S, K, T, r, tol):
    m = len(quotes)
    vol, put, diff, vega = np.full(m, 0.3), np.empty(m), np.empty(m), np.empty(m)
    n = 0
    while n < 30:
        worst = 0.0
        for i in range(m):
            root = math.sqrt(T[i])
            sq = vol[i] * root
            d1 = (math.log(S / K[i]) + (r + 0.5 * vol[i] ** 2) * T[i]) / sq
            value = S * _normal_cdf(d1) - K[i] * math.exp(-r * T[i]) * _normal_cdf(d1 - sq)
            vega[i] = S * root * 0.3989422804014327 * math.exp(-(d1**2) / 2)
            diff[i] = value - quotes[i]
            worst = max(worst, abs(diff[i]))
        if worst < tol:
            break
        for i in range(m):
            vol[i] = min(max(vol[i] - diff[i] / max(vega[i], 1e-6), 0.01), 2.0)
        n += 1
    for i in range(m):
        sq = vol[i] * math.sqrt(T[i])
        d1 = (math.log(S / K[i]) + (r + 0.5 * vol[i] ** 2) * T[i]) / sq
        put[i] = K[i] * math.exp(-r * T[i]) * _normal_cdf(sq - d1) - S * _normal_cdf(-d1)
    return vol, put, n


def black_scholes(quotes, S, K, T, r, tol=1e-7):
    return _implied(quotes, S, K, T, r, tol)


@njit
def _fft_in_place(y, sign):
    n = y.shape[0]
    j = 0
    for i in range(1, n):
        bit = n >> 1
        while j & bit:
            j ^= bit
            bit >>= 1
        j |= bit
        if i < j:
            y[i], y[j] = y[j], y[i]
    size = 2
    while size <= n:
        half = size // 2
        angle = sign * 2 * math.pi / size
        root = complex(math.cos(angle), math.sin(angle))
        w = 1.0 + 0.0j
        for k in range(half):
            for i in range(k, n, size):
                odd = w * y[i + half]
                even = y[i]
                y[i] = even + odd
                y[i + half] = even - odd
            w *= root
        size *= 2


def fft_radix2(x, inverse=False):
    n = x.shape[0]
    if n & (n - 1):
        raise ValueError("length must be a power of two")
    y = x.astype(np.complex128)
    _fft_in_place(y, 1.0 if inverse else -1.0)
    return y / n if inverse else y


@njit
def _spectrum(x):
    n = x.shape[0]
    y = x.astype(np.complex128)
    _fft_in_place(y, -1.0)
    out = np.empty(n)
    for i in range(n):
        out[i] = (y[i].real ** 2 + y[i].imag ** 2) / n
    return out


def fft_recursive(x):
    return _spectrum(x)


@njit
def _decode(samples, gains, taps, bad):
    t, channels = samples.shape
    m = len(taps)
    result = np.zeros((channels, (t - m) // 2 + 1), np.float32)
    x = np.empty(t)
    patched = 0
    for c in range(channels):
        for i in range(t):
            x[i] = samples[i, c] * gains[c]
        for i in range(t):
            if samples[i, c] == bad:
                x[i] = (x[i - 1] + x[i + 1]) / 2 if i > 0 and i + 1 < t else 0.0
                patched += 1
        mean = x.mean()
        for k in range(result.shape[1]):
            total = 0.0
            for j in range(m):
                total += (x[2 * k + j] - mean) * taps[m - 1 - j]
            result[c, k] = total
    return result, patched


def fir_decode(samples, gains, taps, bad=-32768):
    return _decode(samples.astype(np.int16), gains, taps, bad)  # Numba has the machine's byte order only


@njit
def _ising(spins, beta, sites, uniforms):
    table = np.exp(-beta * np.arange(9))
    L = spins.shape[0]
    sweeps, count = sites.shape
    magnetisation, energy = np.zeros(sweeps), np.zeros(sweeps, np.int64)
    rate = 0
    for s in range(sweeps):
        for k in range(count):
            i, j = sites[s, k] // L, sites[s, k] % L
            nb = spins[(i + 1) % L, j] + spins[i - 1, j] + spins[i, (j + 1) % L] + spins[i, j - 1]
            de = 2 * spins[i, j] * nb
            if de <= 0 or uniforms[s, k] < table[de]:
                spins[i, j] = -spins[i, j]
                rate += 1
        total = bonds = 0
        for i in range(L):
            for j in range(L):
                total += spins[i, j]
                bonds += spins[i, j] * (spins[i - 1, j] + spins[i, j - 1])
        magnetisation[s] = total / (L * L)
        energy[s] = -bonds
    return magnetisation, energy, rate / sites.size


def ising(spins, beta, sites, uniforms):
    return _ising(spins, beta, sites, uniforms)


@njit
def _escape(c, maxiter):
    h, w = c.shape
    counts = np.empty((h, w), np.int64)
    for y in range(h):
        for x in range(w):
            c0 = c[y, x]
            z = c0
            n = 0
            while n < maxiter and z.real**2 + z.imag**2 < 4.0:
                z = z * z + c0
                n += 1
            counts[y, x] = n
    return counts


def mandelbrot_masks(c, maxiter):
    return _escape(c, maxiter)


@njit
def _newton_fractal(width, height, max_iter, eps):
    roots = np.exp(2j * np.pi * np.arange(3) / 3)
    x, y = np.linspace(-1.5, 1.5, width), np.linspace(-1.5, 1.5, height)
    root, steps = np.full((height, width), -1, np.int8), np.zeros((height, width), np.uint16)
    z = np.empty((height, width), np.complex128)
    for i in range(height):
        for j in range(width):
            v = complex(x[j], y[i])
            if v == 0:
                v = 1e-3 + 0j
            for it in range(1, max_iter + 1):
                square = v * v
                v -= (square * v - 1) / (3 * square)
                for k in range(3):
                    if abs(v - roots[k]) < eps:
                        root[i, j] = k
                        break
                if root[i, j] >= 0:
                    steps[i, j] = it
                    break
            z[i, j] = v
    return root, steps, z


def newton_fractal(width, height, max_iter=32, eps=1e-6):
    return _newton_fractal(width, height, max_iter, eps)


@njit
def _particles(observations, particles, noise, offsets, sigma):
    n = particles.size
    particles, spare = particles.copy(), np.empty(n)
    weights, means = np.full(n, 1.0 / n), np.empty(len(observations))
    resampled = 0
    for t in range(len(observations)):
        total = 0.0
        for i in range(n):
            particles[i] = 0.9 * particles[i] + noise[t, i]
            weights[i] *= np.exp(-0.5 * ((observations[t] - particles[i]) / sigma) ** 2)
            total += weights[i]
        mean = square = check = 0.0
        for i in range(n):
            weights[i] = 1.0 / n if total <= 1e-300 else weights[i] / total
            mean += particles[i] * weights[i]
            check += weights[i]
            square += weights[i] ** 2
        means[t] = mean / check
        if 1.0 / square < n / 2:
            j = 0
            cumulative = weights[0]
            for i in range(n):
                position = (i + offsets[t]) / n
                while j < n - 1 and position >= cumulative:
                    j += 1
                    cumulative += weights[j]
                spare[i] = particles[j]
            particles, spare = spare, particles
            weights[:] = 1.0 / n
            resampled += 1
    return means, particles, resampled


def particle_filter(observations, particles, noise, offsets, sigma=0.5):
    return _particles(observations, particles, noise, offsets, sigma)


@njit
def _bits(x):
    x = x - ((x >> np.uint64(1)) & np.uint64(0x5555555555555555))
    x = (x & np.uint64(0x3333333333333333)) + ((x >> np.uint64(2)) & np.uint64(0x3333333333333333))
    x = (x + (x >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return (x * np.uint64(0x0101010101010101)) >> np.uint64(56)


@njit
def _nearest(codes, queries):
    index, distance = np.zeros(len(queries), np.int64), np.full(len(queries), 255, np.uint8)
    for i in range(len(queries)):
        best, at = np.uint64(255), 0
        for j in range(len(codes)):
            d = _bits(codes[j] ^ queries[i])
            if d < best:
                best, at = d, j
        index[i], distance[i] = at, best
    parity, total = np.uint64(0), np.uint64(0)
    for code in codes:
        parity ^= code
        total += _bits(code)
    return index, distance, parity, total


def popcount(codes, queries):
    return _nearest(codes, queries)


@njit
def _welford(n, mean, m2, low, high, xs):
    for x in xs:
        n += 1
        delta = x - mean
        mean += delta / n
        m2 += delta * (x - mean)
        low, high = min(low, x), max(high, x)
    return n, mean, m2, low, high


def running_statistics(stats, xs):
    fields = "n", "mean", "m2", "low", "high"
    batch, both = type(stats)(), None
    for target in (stats, batch):
        for field, value in zip(fields, _welford(*(getattr(target, f) for f in fields), xs), strict=True):
            setattr(target, field, value)
    both = batch + batch
    return batch, both, stats.variance, stats.n


@njit
def _clip(x, sigma):
    kept = x[np.isfinite(x)]
    while kept.size > 0:
        centre, limit = np.median(kept), sigma * kept.std()
        inside = np.abs(kept - centre) <= limit
        if inside.all():
            break
        kept = kept[inside]
    return kept


@njit
def _robust(table, sigma):
    columns = table.shape[1]
    means, counts = np.full(columns, np.nan), np.zeros(columns, np.int32)
    everything = np.empty(table.size)
    size = 0
    for c in range(columns):
        kept = _clip(table[:, c], sigma)
        counts[c] = kept.size
        if kept.size > 0:
            means[c] = kept.mean()
        everything[size : size + kept.size] = kept
        size += kept.size
    return means, counts, everything[:size]


def sigma_clip(table, sigma=2.5):
    return _robust(table, sigma)


@njit
def _calm_windows(x, size, step, limit):
    starts, totals = [], []
    total, last, gap = 0.0, 0, 0
    for start in range(0, len(x) - size + 1, step):
        mean, low, high = 0.0, np.inf, -np.inf
        for k in range(start, start + size):
            mean += x[k]
            low, high = min(low, x[k]), max(high, x[k])
        if high - low < limit:
            total += mean / size
            starts.append(start)
            totals.append(total)
            gap = max(gap, start - last)
            last = start
    first = -1
    for k in range(len(x)):
        if x[k] > limit:
            first = k
            break
    return np.array(starts), np.array(totals), gap, first


def stream_windows(x, size, step, limit):
    return _calm_windows(x, size, step, limit)


@njit
def _xorshift(state, n, low, high):
    m = len(state)
    out = np.empty((n, m))
    for i in range(n):
        for j in range(m):
            s = state[j]
            s ^= np.uint32(s << np.uint32(13))
            s ^= np.uint32(s >> np.uint32(17))
            s ^= np.uint32(s << np.uint32(5))
            state[j] = s
            out[i, j] = low + (high - low) * (s / 4294967296.0)
    return out


def xorshift(seed, n, low=0.0, high=1.0):
    state = np.array(seed, dtype=np.uint32, ndmin=1)
    return _xorshift(state, n, low, high), state


@njit
def _bilateral(img, radius, sigma_s, sigma_r):
    h, w = img.shape
    out = np.zeros_like(img)
    for y in range(h):
        for x in range(w):
            total = mass = 0.0
            for yy in range(max(y - radius, 0), min(y + radius + 1, h)):
                for xx in range(max(x - radius, 0), min(x + radius + 1, w)):
                    weight = math.exp(
                        -((yy - y) ** 2 + (xx - x) ** 2) / (2 * sigma_s**2)
                        - (img[yy, xx] - img[y, x]) ** 2 / (2 * sigma_r**2)
                    )
                    total += weight * img[yy, xx]
                    mass += weight
            out[y, x] = total / mass
    return out


def bilateral_filter(img, radius=1, sigma_s=1.5, sigma_r=0.2):
    return _bilateral(img, radius, sigma_s, sigma_r)
