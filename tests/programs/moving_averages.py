import numpy as np


def ema(x, span):
    alpha = 2.0 / (span + 1)
    out = np.empty(len(x), dtype=np.float64)
    out[0] = x[0]
    for i in range(1, len(x)):
        out[i] = alpha * x[i] + (1 - alpha) * out[i - 1]
    return out


def sma(x, window):
    c = np.cumsum(np.insert(x, 0, 0.0))
    return (c[window:] - c[:-window]) / window


def backtest(prices, fast=5, slow=12, cash=1000.0, fee=0.001):
    """Buy when the fast average crosses over the slow one, sell when it crosses back."""
    macd = ema(prices, fast) - ema(prices, slow)
    signal = ema(macd, 9)
    shares = 0.0
    trades = []
    peak, drawdown = cash, 0.0
    worth = np.zeros_like(prices)
    for t, price in enumerate(prices):
        above = macd[t] > signal[t]
        if above and shares == 0:
            shares = cash * (1 - fee) / price
            cash = 0.0
            trades.append((t, 1))
        elif not above and shares > 0:
            cash = shares * price * (1 - fee)
            shares = 0.0
            trades.append((t, -1))
        worth[t] = cash + shares * price
        peak = max(peak, worth[t])
        drawdown = max(drawdown, 1 - worth[t] / peak)
    smooth = sma(worth, min(fast, len(worth)))
    return worth, smooth, np.array(trades, dtype=np.int64).reshape(-1, 2), drawdown


# --- how the test-suite calls it
PROGRAM = backtest
SIZES = (1, 8, 400)
BENCH = 8000
SCAN = True


def make_inputs(size):
    return (100 * np.exp(np.cumsum(0.02 * np.random.default_rng(59).standard_normal(size))),), {}


def check(result, before, after):
    worth, smooth, trades, drawdown = result
    assert (worth > 0).all() and 0 <= drawdown < 1
    assert (trades[::2, 1] == 1).all() and (trades[1::2, 1] == -1).all()
