import numpy as np

INV_SQRT_2PI = 0.3989422804014327


def cdf(x):
    """Abramowitz and Stegun 26.2.17."""
    t = 1.0 / (1.0 + 0.2316419 * np.abs(x))
    poly = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    tail = INV_SQRT_2PI * np.exp(-0.5 * x * x) * poly
    return np.where(x > 0, 1.0 - tail, tail)


def price(S, K, T, r, vol, call=True):
    sq = vol * np.sqrt(T)
    d1 = (np.log(S / K) + (r + 0.5 * vol ** 2) * T) / sq
    d2 = d1 - sq
    disc = K * np.exp(-r * T)
    if call:
        value = S * cdf(d1) - disc * cdf(d2)
    else:
        value = disc * cdf(-d2) - S * cdf(-d1)
    vega = S * np.sqrt(T) * INV_SQRT_2PI * np.exp(-d1 ** 2 / 2)
    return value, vega


def implied_vol(quotes, S, K, T, r, tol=1e-7):
    """Newton's method on all quotes at once."""
    vol = np.full_like(quotes, 0.3)
    n = 0
    while n < 30:
        value, vega = price(S, K, T, r, vol)
        diff = value - quotes
        if np.max(np.abs(diff)) < tol:
            break
        vol = np.clip(vol - diff / np.maximum(vega, 1e-6), 0.01, 2.0)
        n += 1
    put, _ = price(S, K, T, r, vol, call=False)
    return vol, put, n


# --- how the test-suite calls it
PROGRAM = implied_vol
SIZES = (1, 5, 500)
BENCH = 20000
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(55)
    K, T = rng.uniform(80, 120, size), rng.uniform(0.2, 2, size)
    quotes, _ = price(100.0, K, T, 0.02, rng.uniform(0.15, 0.5, size))
    return (quotes, 100.0, K, T, 0.02), {}


def check(result, before, after):
    vol, put, n = result
    quotes, S, K, T, r = before
    assert np.allclose(price(S, K, T, r, vol)[0], quotes, atol=1e-6) and n < 30
    assert np.allclose(quotes - put, S - K * np.exp(-r * T), atol=1e-6)
