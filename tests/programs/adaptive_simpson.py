import math

import numpy as np


def simpson(fa, fm, fb, width):
    return width / 6.0 * (fa + 4.0 * fm + fb)


def integrate(f, a, b, tol=1e-8, depth=50):
    """Adaptive Simpson quadrature with an explicit stack of intervals in the rows of an array."""
    stack = np.zeros((depth + 2, 4))
    m = 0.5 * (a + b)
    stack[0] = a, b, simpson(f(a), f(m), f(b), b - a), tol
    sp = 1
    total, calls = 0.0, 3
    while sp > 0:
        sp -= 1
        left, right, whole, eps = stack[sp]
        mid = 0.5 * (left + right)
        fl, fm, fr = f(left), f(mid), f(right)
        l = simpson(fl, f(0.5 * (left + mid)), fm, mid - left)
        r = simpson(fm, f(0.5 * (mid + right)), fr, right - mid)
        calls += 5
        delta = l + r - whole
        if abs(delta) <= 15 * eps or sp + 2 > depth:
            total += l + r + delta / 15
        else:
            stack[sp] = left, mid, l, eps / 2
            stack[sp + 1] = mid, right, r, eps / 2
            sp += 2
    return total, calls


def fresnel(ts, tol=1e-8):
    out = np.zeros((len(ts), 2))
    work = 0
    for k, t in enumerate(ts):
        s, n1 = integrate(lambda x: math.sin(0.5 * math.pi * x * x), 0.0, t, tol)
        c, n2 = integrate(lambda x: math.cos(0.5 * math.pi * x * x), 0.0, t, tol)
        out[k] = s, c
        work += n1 + n2
    return out, work


# --- how the test-suite calls it
PROGRAM = fresnel
SIZES = (1, 2, 6)
BENCH = 16
SCAN = True


def make_inputs(size):
    return (np.linspace(0.5, 3.0, size),), {"tol": 1e-7}


def check(result, before, after):
    from scipy.special import fresnel as oracle
    out, work = result
    assert np.allclose(out.T, oracle(before[0]), atol=1e-6) and work > 0
