"""What benchmarks/gradients.py differentiates: functions in plain NumPy, with their arguments.

TASKS: {name: Task}. The peers' versions of the same functions are in benchmarks/peers/gradients_*.py.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Task:
    title: str
    function: Callable
    inputs: Callable  # (size) -> arguments
    argnums: tuple
    size: tuple
    small: tuple  # for tests
    rtol: float = 1e-6
    direction: bool = False  # a Hessian-vector product, whose last argument is the vector
    notes: dict = field(default_factory=dict)


def logistic(w, X, y, lam):
    m = y * (X @ w)
    return np.logaddexp(0.0, -m).mean() + 0.5 * lam * (w @ w)


def logistic_inputs(n, d):
    rng = np.random.default_rng(1)
    X = rng.standard_normal((n, d))
    return 0.1 * rng.standard_normal(d), X, np.where(X[:, 0] + rng.standard_normal(n) > 0, 1.0, -1.0), 0.01


def mlp(params, X, y):
    h = np.tanh(X @ params["W1"] + params["b1"])
    logits = h @ params["W2"] + params["b2"]
    logits = logits - logits.max(axis=1, keepdims=True)
    logp = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    return -logp[np.arange(len(y)), y].mean()


def mlp_inputs(n, d, hidden, classes):
    rng = np.random.default_rng(2)
    params = {
        "W1": rng.standard_normal((d, hidden)) / np.sqrt(d),
        "b1": np.zeros(hidden),
        "W2": rng.standard_normal((hidden, classes)) / np.sqrt(hidden),
        "b2": np.zeros(classes),
    }
    return params, rng.standard_normal((n, d)), rng.integers(0, classes, n)


def rnn(W, U, V, xs, ys):
    h = np.zeros(W.shape[0])
    loss = 0.0
    for t in range(len(xs)):
        h = np.tanh(W @ h + U @ xs[t])
        loss += ((V @ h - ys[t]) ** 2).sum()
    return loss / len(xs)


def rnn_inputs(steps, n, d):
    rng = np.random.default_rng(3)
    W, U, V = rng.standard_normal((n, n)), rng.standard_normal((n, d)), rng.standard_normal((2, n))
    return (
        0.9 * W / np.sqrt(n),
        U / np.sqrt(d),
        V / np.sqrt(n),
        rng.standard_normal((steps, d)),
        rng.random((steps, 2)),
    )


def heat(u, k, steps):
    u = u.copy()
    for _ in range(steps):
        u[1:-1, 1:-1] += k * (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1])
    return (u * u).sum()


def heat_inputs(n, steps):
    return np.random.default_rng(4).random((n, n)), 0.2, steps


def kalman(F, H, Q, R, zs):
    n = F.shape[0]
    x, P = np.zeros(n), np.eye(n)
    loglik = 0.0
    for t in range(len(zs)):
        x = F @ x
        P = F @ P @ F.T + Q
        y = zs[t] - H @ x
        S = H @ P @ H.T + R
        K = np.linalg.solve(S, H @ P).T
        loglik -= 0.5 * (y @ np.linalg.solve(S, y) + np.linalg.slogdet(S)[1])
        x = x + K @ y
        P = P - K @ H @ P
    return loglik


def kalman_inputs(steps, n, m):
    rng = np.random.default_rng(5)
    F = 0.95 * np.linalg.qr(rng.standard_normal((n, n)))[0]
    return F, rng.standard_normal((m, n)), 0.1 * np.eye(n), 0.5 * np.eye(m), rng.standard_normal((steps, m))


def mixture(logits, mu, logvar, x):
    logw = logits - np.log(np.exp(logits).sum())
    d = x[:, None, :] - mu
    logp = logw - 0.5 * ((d * d / np.exp(logvar)).sum(axis=-1) + logvar.sum(axis=-1))
    top = logp.max(axis=1, keepdims=True)
    return (top[:, 0] + np.log(np.exp(logp - top).sum(axis=1))).mean()


def mixture_inputs(n, k, d):
    rng = np.random.default_rng(6)
    x = rng.standard_normal((n, d)) + 2.0 * rng.integers(-1, 2, (n, 1))
    return 0.1 * rng.standard_normal(k), rng.standard_normal((k, d)), 0.1 * rng.standard_normal((k, d)), x


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def rosenbrock_inputs(n):
    return (np.random.default_rng(7).uniform(-1, 1, n),)


def rosenbrock_hvp_inputs(n):
    rng = np.random.default_rng(8)
    return rng.uniform(-1, 1, n), rng.standard_normal(n)


def kepler(M, e):
    """Eccentric anomalies by Newton's method, each until it converges."""
    total = 0.0
    for i in range(len(M)):
        E = M[i]
        step = 1.0
        while abs(step) > 1e-12:
            step = (E - e * np.sin(E) - M[i]) / (1.0 - e * np.cos(E))
            E = E - step
        total += np.cos(E)
    return total


def kepler_inputs(n):
    return np.linspace(0.1, 6.0, n), 0.6


def lorenz(params, y, dt, steps):
    sigma, rho, beta = params

    def f(y):
        return np.array([sigma * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - beta * y[2]])

    total = 0.0
    for _ in range(steps):
        k1 = f(y)
        k2 = f(y + 0.5 * dt * k1)
        k3 = f(y + 0.5 * dt * k2)
        k4 = f(y + dt * k3)
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        total += (y * y).sum()
    return total / steps


def lorenz_inputs(steps):
    return np.array([10.0, 28.0, 8.0 / 3.0]), np.array([1.0, 1.0, 1.0]), 0.002, steps


def hmm(start, trans, emit, obs):
    A = np.exp(trans)
    A = A / A.sum(axis=1, keepdims=True)
    B = np.exp(emit)
    B = B / B.sum(axis=1, keepdims=True)
    alpha = np.exp(start)
    alpha = alpha / alpha.sum() * B[:, obs[0]]
    loglik = 0.0
    for t in range(1, len(obs)):
        scale = alpha.sum()
        loglik += np.log(scale)
        alpha = (alpha / scale) @ A * B[:, obs[t]]
    return loglik + np.log(alpha.sum())


def hmm_inputs(steps, states, symbols):
    rng = np.random.default_rng(9)
    return (
        rng.standard_normal(states),
        rng.standard_normal((states, states)),
        rng.standard_normal((states, symbols)),
        rng.integers(0, symbols, steps),
    )


TASKS = {
    "logistic": Task(
        "logistic regression, 100,000 x 50", logistic, logistic_inputs, (0,), (100_000, 50), (40, 3)
    ),
    "mlp": Task("MLP, 1797 x 64-128-10", mlp, mlp_inputs, (0,), (1797, 64, 128, 10), (12, 4, 5, 3)),
    "rnn": Task("RNN, 500 steps, 32 wide", rnn, rnn_inputs, (0, 1, 2), (500, 32, 8), (6, 4, 3)),
    "heat": Task(
        "heat stencil, 200 steps in place, 100 x 100", heat, heat_inputs, (0, 1), (100, 200), (6, 4)
    ),
    "kalman": Task(
        "Kalman filter, 500 steps, state 4", kalman, kalman_inputs, (0, 2, 3), (500, 4, 2), (5, 3, 2)
    ),
    "mixture": Task(
        "Gaussian mixture, 10,000 x 2, 8 parts", mixture, mixture_inputs, (0, 1, 2), (10_000, 8, 2), (9, 3, 2)
    ),
    "rosenbrock": Task("Rosenbrock, 1,000,000", rosenbrock, rosenbrock_inputs, (0,), (1_000_000,), (11,)),
    "rosenbrock_hvp": Task(
        "Rosenbrock's Hessian times a vector, 1,000,000",
        rosenbrock,
        rosenbrock_hvp_inputs,
        (0,),
        (1_000_000,),
        (11,),
        direction=True,
    ),
    "kepler": Task("Newton `while` loop, 200 equations", kepler, kepler_inputs, (0, 1), (200,), (5,)),
    "lorenz": Task(
        "Lorenz by RK4, 2,000 steps, by its parameters", lorenz, lorenz_inputs, (0,), (2000,), (7,), rtol=1e-5
    ),
    "hmm": Task("HMM forward, 500 steps, 16 states", hmm, hmm_inputs, (0, 1, 2), (500, 16, 8), (6, 3, 4)),
}
