import numpy as np


def horner(coeffs, x):
    """Value and derivative of a polynomial, highest power first."""
    p = np.zeros_like(x) + coeffs[0]
    dp = np.zeros_like(x)
    for c in coeffs[1:]:
        dp = dp * x + p
        p = p * x + c
    return p, dp


def durand_kerner(coeffs, tol=1e-12, max_iter=200):
    """All roots of a polynomial at once."""
    a = coeffs / coeffs[0]
    n = len(a) - 1
    z = (0.4 + 0.9j) ** np.arange(n)
    for it in range(max_iter):
        p, _ = horner(a.astype(complex), z)
        delta = np.empty(n, complex)
        for i in range(n):
            others = np.delete(z, i)
            delta[i] = p[i] / (z[i] - others).prod()
        z = z - delta
        if abs(delta).max(initial=0) < tol:
            break
    _, slope = horner(a.astype(complex), z)
    real = z.real[np.abs(z.imag) < 1e-8]
    return np.sort_complex(z), np.sort(real), slope


# --- how the test-suite calls it
PROGRAM = durand_kerner
SIZES = (1, 3, 10)
BENCH = 24
SCAN = True


def make_inputs(size):
    return (np.random.default_rng(57).uniform(1, 2, size + 1),), {}


def check(result, before, after):
    expected = np.sort_complex(np.roots(before[0]))
    assert np.allclose(sorted(abs(result[0])), sorted(abs(expected)), atol=1e-6)
