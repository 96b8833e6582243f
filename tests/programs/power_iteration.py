import numpy as np


def power_iteration(A, v=None, tol=1e-10, max_iter=500):
    """Dominant eigenpair. Returns a named set of results, as the caller likes it."""
    n = A.shape[0]
    if v is None:
        v = np.ones(n) / np.sqrt(n)
    lam = 0.0
    status = False
    history = []
    for i in range(max_iter):
        w = A.dot(v)
        v = w / np.linalg.norm(w)
        new = float(v.dot(A).dot(v))
        history.append(new)
        if abs(new - lam) <= tol * abs(new):
            status = True
            lam = new
            break
        lam = new
    return dict(value=lam, vector=v, converged=status, iterations=i + 1, history=np.array(history))


# --- how the test-suite calls it
PROGRAM = power_iteration
SIZES = (1, 4, 40)
BENCH = 300
SCAN = True
EXACT = False
RTOL = 1e-9


def make_inputs(size):
    rng = np.random.default_rng(16)
    q, _ = np.linalg.qr(rng.standard_normal((size, size)))
    return ((q * np.r_[10.0, np.linspace(9.6, 1.0, size - 1)]) @ q.T,), {}


def check(result, before, after):
    assert result["converged"] is True and np.isclose(result["value"], 10.0)
    assert len(result["history"]) == result["iterations"]
