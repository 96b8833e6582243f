import numpy as np


def kalman_filter(zs, F, H, Q, R, x0, P0):
    """Linear Kalman filter and Rauch-Tung-Striebel smoother; NaN measurements are skipped."""
    T = zs.shape[0]
    n = x0.size
    I = np.eye(n)
    xs = np.zeros((T, n))
    Ps = np.zeros((T, n, n))
    xp = np.zeros((T, n))
    Pp = np.zeros((T, n, n))
    loglik = 0.0
    x, P = x0, P0
    for t in range(T):
        x = F @ x
        P = F @ P @ F.T + Q
        xp[t], Pp[t] = x, P
        if not np.isnan(zs[t]).any():
            y = zs[t] - H @ x
            S = H @ P @ H.T + R
            Sinv = np.linalg.inv(S)
            K = P @ H.T @ Sinv
            x = x + K @ y
            P = (I - K @ H) @ P
            loglik -= 0.5 * (y @ Sinv @ y + np.log(np.linalg.det(2 * np.pi * S)))
        xs[t], Ps[t] = x, P
    smooth = xs.copy()
    for t in range(T - 2, -1, -1):
        G = Ps[t] @ F.T @ np.linalg.inv(Pp[t + 1])
        smooth[t] += G @ (smooth[t + 1] - xp[t + 1])
    return {"filtered": xs, "smoothed": smooth, "loglik": loglik}


# --- how the test-suite calls it
PROGRAM = kalman_filter
SIZES = (1, 6, 80)
BENCH = 300
SCAN = True
EXACT = False
RTOL = 1e-9


def make_inputs(size):
    rng = np.random.default_rng(49)
    F = np.array([[1.0, 0.1], [0.0, 1.0]])
    zs = np.cumsum(rng.standard_normal((size, 1)) * 0.3, axis=0)
    zs[3::10] = np.nan
    return (zs, F, np.array([[1.0, 0.0]]), 0.01 * np.eye(2), np.array([[0.2]]), np.zeros(2), np.eye(2)), {}


def check(result, before, after):
    zs = before[0]
    good = ~np.isnan(zs[:, 0])
    assert np.abs(result["filtered"][good, 0] - zs[good, 0]).mean() < 0.5 and np.isfinite(result["loglik"])
    assert (result["smoothed"][-1] == result["filtered"][-1]).all()
