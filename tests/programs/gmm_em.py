import numpy as np


def log_gauss(x, mu, var):
    return -0.5 * (np.log(2 * np.pi * var) + (x - mu) ** 2 / var)


def logsumexp(a, axis):
    top = np.amax(a, axis=axis, keepdims=True)
    return np.squeeze(top, axis=axis) + np.log(np.exp(a - top).sum(axis=axis))


def fit(x, k=2, tol=1e-6, max_iter=200):
    """A one-dimensional mixture of Gaussians by expectation and maximisation."""
    mu = np.quantile(x, (np.arange(k) + 0.5) / k)
    var = np.full(k, x.var() + 1e-3)
    pi = np.ones(k) / k
    previous = -np.inf
    for iteration in range(max_iter):
        logp = np.log(pi) + log_gauss(x[:, np.newaxis], mu, var)
        norm = logsumexp(logp, axis=1)
        loglik = norm.sum()
        resp = np.exp(logp - norm[:, None])
        weight = resp.sum(axis=0) + 1e-10
        pi = weight / weight.sum()
        mu = (resp * x[:, None]).sum(0) / weight
        var = (resp * (x[:, None] - mu) ** 2).sum(0) / weight + 1e-3
        if loglik - previous < tol * abs(loglik):
            converged = True
            break
        previous = loglik
    else:
        converged = False
    return (pi, mu, var), loglik, iteration, converged


# --- how the test-suite calls it
PROGRAM = fit
SIZES = (1, 8, 300)
BENCH = 10000
SCAN = True


def make_inputs(size):
    rng = np.random.default_rng(54)
    return (np.r_[rng.normal(-2, 0.5, size // 2), rng.normal(1.5, 0.8, size - size // 2)],), {}


def check(result, before, after):
    (pi, mu, var), loglik, it, converged = result
    assert np.isclose(pi.sum(), 1.0) and converged
    if len(before[0]) >= 300:
        assert np.allclose(mu, [-2, 1.5], atol=0.3)
