"""The tasks of benchmarks/gradients.py for HIPS autograd: make(name, argnums, direction), as in gradients_jax."""

import autograd
import autograd.numpy as np
from autograd.scipy.special import logsumexp


def logistic(w, X, y, lam):
    m = y * np.dot(X, w)
    return np.mean(np.logaddexp(0.0, -m)) + 0.5 * lam * np.dot(w, w)


def mlp(params, X, y):
    logits = np.dot(np.tanh(np.dot(X, params["W1"]) + params["b1"]), params["W2"]) + params["b2"]
    logp = logits - logsumexp(logits, axis=1, keepdims=True)
    return -np.mean(logp[np.arange(len(y)), y])


def rnn(W, U, V, xs, ys):
    h = np.zeros(W.shape[0])
    loss = 0.0
    inputs = np.dot(xs, U.T)
    for t in range(len(xs)):
        h = np.tanh(np.dot(W, h) + inputs[t])
        loss = loss + np.sum((np.dot(V, h) - ys[t]) ** 2)
    return loss / len(xs)


def heat(u, k, steps):
    for _ in range(steps):
        lap = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        inner = u[1:-1, 1:-1] + k * lap
        inner = np.concatenate([u[1:-1, :1], inner, u[1:-1, -1:]], axis=1)
        u = np.concatenate([u[:1], inner, u[-1:]], axis=0)
    return np.sum(u * u)


def kalman(F, H, Q, R, zs):
    n = F.shape[0]
    x, P = np.zeros(n), np.eye(n)
    loglik = 0.0
    for t in range(len(zs)):
        x = np.dot(F, x)
        P = np.dot(np.dot(F, P), F.T) + Q
        y = zs[t] - np.dot(H, x)
        S = np.dot(np.dot(H, P), H.T) + R
        K = np.linalg.solve(S, np.dot(H, P)).T
        loglik = loglik - 0.5 * (np.dot(y, np.linalg.solve(S, y)) + np.linalg.slogdet(S)[1])
        x = x + np.dot(K, y)
        P = P - np.dot(np.dot(K, H), P)
    return loglik


def mixture(logits, mu, logvar, x):
    logw = logits - logsumexp(logits)
    d = x[:, None, :] - mu
    logp = logw - 0.5 * (np.sum(d * d / np.exp(logvar), axis=-1) + np.sum(logvar, axis=-1))
    return np.mean(logsumexp(logp, axis=1))


def rosenbrock(x):
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def kepler(M, e):
    """All at once, until the slowest converges: a tape of scalars would take hundreds of times as long."""
    E = M
    going = True
    while going:
        step = (E - e * np.sin(E) - M) / (1.0 - e * np.cos(E))
        E = E - step
        going = np.max(np.abs(step)) > 1e-12
    return np.sum(np.cos(E))


def lorenz(params, y, dt, steps):
    sigma, rho, beta = params[0], params[1], params[2]

    def f(y):
        return np.array([sigma * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - beta * y[2]])

    total = 0.0
    for _ in range(steps):
        k1 = f(y)
        k2 = f(y + 0.5 * dt * k1)
        k3 = f(y + 0.5 * dt * k2)
        k4 = f(y + dt * k3)
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        total = total + np.sum(y * y)
    return total / steps


def hmm(start, trans, emit, obs):
    A = np.exp(trans - logsumexp(trans, axis=1, keepdims=True))
    B = np.exp(emit - logsumexp(emit, axis=1, keepdims=True))
    rows = B.T[obs]
    alpha = np.exp(start - logsumexp(start)) * rows[0]
    loglik = 0.0
    for t in range(1, len(obs)):
        scale = np.sum(alpha)
        loglik = loglik + np.log(scale)
        alpha = np.dot(alpha / scale, A) * rows[t]
    return loglik + np.log(np.sum(alpha))


def make(name, argnums, direction):
    function = globals()[name.removesuffix("_hvp")]
    if direction:
        return _product(function)
    return autograd.value_and_grad(function, argnums)


def _product(function):
    """Reverse mode over reverse mode: the gradient of the gradient's product with v."""
    gradient = autograd.grad(function)
    return autograd.grad(lambda x, v: np.sum(gradient(x) * v))
