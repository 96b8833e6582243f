"""The tasks of benchmarks/gradients.py for PyTorch, run eagerly: make(name, argnums, direction), as in gradients_jax."""

import numpy as np
import torch
from torch.nn import functional

torch.set_num_threads(1)
torch.set_default_dtype(torch.float64)


def logistic(w, X, y, lam):
    return functional.softplus(-y * (X @ w)).mean() + 0.5 * lam * (w @ w)


def mlp(params, X, y):
    logits = torch.tanh(X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]
    return functional.cross_entropy(logits, y)


def rnn(W, U, V, xs, ys):
    h = torch.zeros(W.shape[0])
    hs = []
    for x in (xs @ U.T).unbind():
        h = torch.tanh(torch.addmv(x, W, h))
        hs.append(h)
    return ((torch.stack(hs) @ V.T - ys) ** 2).sum() / len(xs)


def heat(u, k, steps):
    for _ in range(steps):
        lap = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        u = u + functional.pad(k * lap, (1, 1, 1, 1))
    return (u * u).sum()


def kalman(F, H, Q, R, zs):
    n = F.shape[0]
    x, P = torch.zeros(n), torch.eye(n)
    loglik = 0.0
    for z in zs.unbind():
        x = F @ x
        P = F @ P @ F.T + Q
        y = z - H @ x
        S = H @ P @ H.T + R
        K = torch.linalg.solve(S, H @ P).T
        loglik = loglik - 0.5 * (y @ torch.linalg.solve(S, y) + torch.linalg.slogdet(S)[1])
        x = x + K @ y
        P = P - K @ H @ P
    return loglik


def mixture(logits, mu, logvar, x):
    d = x[:, None, :] - mu
    logp = torch.log_softmax(logits, 0) - 0.5 * ((d * d / logvar.exp()).sum(-1) + logvar.sum(-1))
    return torch.logsumexp(logp, 1).mean()


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def kepler(M, e):
    """All at once, until the slowest converges."""
    E = M
    going = True
    while going:
        step = (E - e * torch.sin(E) - M) / (1.0 - e * torch.cos(E))
        E = E - step
        going = step.detach().abs().max() > 1e-12
    return torch.cos(E).sum()


def lorenz(params, y, dt, steps):
    sigma, rho, beta = params.unbind()

    def f(y):
        a, b, c = y.unbind()
        return torch.stack([sigma * (b - a), a * (rho - c) - b, a * b - beta * c])

    ys = []
    for _ in range(steps):
        k1 = f(y)
        k2 = f(y + 0.5 * dt * k1)
        k3 = f(y + 0.5 * dt * k2)
        k4 = f(y + dt * k3)
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        ys.append(y)
    ys = torch.stack(ys)
    return (ys * ys).sum() / steps


def hmm(start, trans, emit, obs):
    A, B = torch.softmax(trans, 1), torch.softmax(emit, 1)
    rows = B.T[obs].unbind()
    alpha = torch.softmax(start, 0) * rows[0]
    scales = []
    for row in rows[1:]:
        scale = alpha.sum()
        scales.append(scale)
        alpha = (alpha / scale) @ A * row
    return torch.log(torch.stack(scales)).sum() + torch.log(alpha.sum())


def _tensor(value, track):
    if isinstance(value, dict):
        return {key: _tensor(v, track) for key, v in value.items()}
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value)
    elif track:
        value = torch.tensor(value)
    return value.detach().requires_grad_() if track else value


def _leaves(value):
    return [leaf for v in value.values() for leaf in _leaves(v)] if isinstance(value, dict) else [value]


def _numpy(value, gradients):
    if isinstance(value, dict):
        return {key: _numpy(v, gradients) for key, v in value.items()}
    return next(gradients).numpy()


def make(name, argnums, direction):
    function = globals()[name.removesuffix("_hvp")]

    def product(x, v):
        x = _tensor(x, True)
        (gradient,) = torch.autograd.grad(function(x), x, create_graph=True)
        return torch.autograd.grad(gradient, x, torch.from_numpy(v))[0].numpy()

    def gradient(*args):
        tensors = [_tensor(value, k in argnums) for k, value in enumerate(args)]
        value = function(*tensors)
        leaves = [leaf for k in argnums for leaf in _leaves(tensors[k])]
        gradients = iter(torch.autograd.grad(value, leaves))
        return value.item(), tuple(_numpy(tensors[k], gradients) for k in argnums)

    return product if direction else gradient
