"""The tasks of benchmarks/gradients.py for JAX: make(name, argnums, direction) -> f(*args) -> (value, gradients) or a vector."""

import jax
import jax.numpy as jnp
from jax import lax

from benchmarks.peers.jax_base import host


def logistic(w, X, y, lam):
    m = y * (X @ w)
    return jnp.logaddexp(0.0, -m).mean() + 0.5 * lam * (w @ w)


def mlp(params, X, y):
    logits = jnp.tanh(X @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"]
    logp = jax.nn.log_softmax(logits)
    return -jnp.take_along_axis(logp, y[:, None], axis=1).mean()


def rnn(W, U, V, xs, ys):
    def step(h, x):
        h = jnp.tanh(W @ h + x)
        return h, h

    _, hs = lax.scan(step, jnp.zeros(W.shape[0]), xs @ U.T)
    return ((hs @ V.T - ys) ** 2).sum() / len(xs)


def heat(u, k, steps):
    def step(u, _):
        lap = u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]
        return u.at[1:-1, 1:-1].add(k * lap), None

    u, _ = lax.scan(step, u, None, steps)
    return (u * u).sum()


def kalman(F, H, Q, R, zs):
    n = F.shape[0]

    def step(carry, z):
        x, P, loglik = carry
        x = F @ x
        P = F @ P @ F.T + Q
        y = z - H @ x
        S = H @ P @ H.T + R
        K = jnp.linalg.solve(S, H @ P).T
        loglik = loglik - 0.5 * (y @ jnp.linalg.solve(S, y) + jnp.linalg.slogdet(S)[1])
        return (x + K @ y, P - K @ H @ P, loglik), None

    return lax.scan(step, (jnp.zeros(n), jnp.eye(n), 0.0), zs)[0][2]


def mixture(logits, mu, logvar, x):
    d = x[:, None, :] - mu
    logp = jax.nn.log_softmax(logits) - 0.5 * ((d * d / jnp.exp(logvar)).sum(-1) + logvar.sum(-1))
    return jax.nn.logsumexp(logp, axis=1).mean()


def rosenbrock(x):
    return (100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2).sum()


def kepler(M, e):
    """All at once, for as many steps as the slowest takes: reverse mode needs a number of steps that is known."""

    def step(E, _):
        return E - (E - e * jnp.sin(E) - M) / (1.0 - e * jnp.cos(E)), None

    E, _ = lax.scan(step, M, None, 12)
    return jnp.cos(E).sum()


def lorenz(params, y, dt, steps):
    sigma, rho, beta = params

    def f(y):
        return jnp.array([sigma * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - beta * y[2]])

    def step(carry, _):
        y, total = carry
        k1 = f(y)
        k2 = f(y + 0.5 * dt * k1)
        k3 = f(y + 0.5 * dt * k2)
        k4 = f(y + dt * k3)
        y = y + dt / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return (y, total + (y * y).sum()), None

    return lax.scan(step, (y, 0.0), None, steps)[0][1] / steps


def hmm(start, trans, emit, obs):
    A, B = jax.nn.softmax(trans, axis=1), jax.nn.softmax(emit, axis=1)

    def step(carry, row):
        alpha, loglik = carry
        scale = alpha.sum()
        return ((alpha / scale) @ A * row, loglik + jnp.log(scale)), None

    rows = B.T[obs]
    (alpha, loglik), _ = lax.scan(step, (jax.nn.softmax(start) * rows[0], 0.0), rows[1:])
    return loglik + jnp.log(alpha.sum())


def make(name, argnums, direction):
    function = globals()[name.removesuffix("_hvp")]
    static = {"heat": (2,), "lorenz": (3,)}.get(name, ())
    if direction:
        compiled = jax.jit(lambda x, v: jax.jvp(jax.grad(function), (x,), (v,))[1])
    else:
        compiled = jax.jit(jax.value_and_grad(function, argnums), static_argnums=static)
    return lambda *args: host(compiled(*args))
