"""Statistics and learning for JAX."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.jax_base import host, jit, scan_last


def _adam_loss(params, A, y):
    u, v, c = params
    return jnp.mean((jnp.tanh(A @ u) @ v + c - y) ** 2)


@jit(static=("steps", "every"), donate=("params",))
def _adam(params, A, y, steps, lr, betas, eps, clip, every):
    b1, b2 = betas

    def step(carry, t):
        params, m, v = carry
        loss, grads = jax.value_and_grad(_adam_loss)(params, A, y)
        norm = jnp.sqrt(sum(jnp.sum(g**2) for g in grads))
        scale = jnp.where(norm > clip, clip / norm, 1.0)
        grads = [g * scale for g in grads]
        m = [b1 * a + (1 - b1) * g for a, g in zip(m, grads, strict=True)]
        v = [b2 * a + (1 - b2) * g**2 for a, g in zip(v, grads, strict=True)]
        rate = lr * 0.5 ** (t // every) if every else lr
        params = [
            p - rate * (a / (1 - b1**t)) / (jnp.sqrt(b / (1 - b2**t)) + eps)
            for p, a, b in zip(params, m, v, strict=True)
        ]
        return (params, m, v), loss

    zero = [jnp.zeros_like(p) for p in params]
    (params, _, _), losses = lax.scan(step, (params, zero, zero), jnp.arange(1.0, steps + 1))
    return params, losses, losses.min()


def adam(params, A, y, steps, opt):
    clip = np.inf if opt.clip is None else opt.clip
    new, losses, best = host(
        _adam(list(params), A, y, steps, opt.lr, opt.betas, opt.eps, clip, opt.decay.get("every", 0))
    )
    for p, n in zip(params, new, strict=True):
        p[:] = n
    return losses.tolist(), best


@jit(static=("heads", "causal"))
def _attention(x, p, heads, causal):
    t, d = x.shape

    def norm(x, gain, bias):
        mu = x.mean(-1, keepdims=True)
        return gain * (x - mu) / jnp.sqrt(((x - mu) ** 2).mean(-1, keepdims=True) + 1e-5) + bias

    qkv = (norm(x, p["g1"], p["b1"]) @ p["qkv"]).reshape(t, 3, heads, d // heads)
    q, k, v = qkv.transpose(1, 2, 0, 3)
    scores = q @ k.transpose(0, 2, 1) / jnp.sqrt(d / heads)
    if causal:
        scores = jnp.where(jnp.tril(jnp.ones((t, t), bool)), scores, -jnp.inf)
    w = jax.nn.softmax(scores, axis=-1)
    x = x + (w @ v).transpose(1, 0, 2).reshape(t, d) @ p["out"]
    return x + jax.nn.gelu(norm(x, p["g2"], p["b2"]) @ p["up"]) @ p["down"], w


def attention(x, p, heads=2, causal=True):
    return host(_attention(x, p, heads, causal))


@jit(static=("k", "max_iter"))
def _gmm(x, k, tol, max_iter):
    mu = jnp.quantile(x, (jnp.arange(k) + 0.5) / k)
    column = x[:, None]

    def body(carry):
        (pi, mu, var), loglik, previous, it, _ = carry
        logp = jnp.log(pi) - 0.5 * (jnp.log(2 * jnp.pi * var) + (column - mu) ** 2 / var)
        norm = jax.nn.logsumexp(logp, axis=1)
        loglik = norm.sum()
        resp = jnp.exp(logp - norm[:, None])
        weight = resp.sum(0) + 1e-10
        mu = (resp * column).sum(0) / weight
        var = (resp * (column - mu) ** 2).sum(0) / weight + 1e-3
        done = loglik - previous < tol * jnp.abs(loglik)
        return (weight / weight.sum(), mu, var), loglik, loglik, it + 1, done

    start = (jnp.ones(k) / k, mu, jnp.full(k, x.var() + 1e-3)), 0.0, -jnp.inf, 0, False
    params, loglik, _, it, done = lax.while_loop(lambda c: (c[3] < max_iter) & ~c[4], body, start)
    return params, loglik, it - 1, done


def gmm_em(x, k=2, tol=1e-6, max_iter=200):
    return host(_gmm(x, k, tol, max_iter))


@jit()
def _kalman(zs, F, H, Q, R, x0, P0):
    eye = jnp.eye(x0.size)

    def step(carry, z):
        x, P, loglik = carry
        xp, Pp = F @ x, F @ P @ F.T + Q
        seen = ~jnp.isnan(z).any()
        y = jnp.where(seen, z, 0.0) - H @ xp
        S = H @ Pp @ H.T + R
        Sinv = jnp.linalg.inv(S)
        K = Pp @ H.T @ Sinv
        x = jnp.where(seen, xp + K @ y, xp)
        P = jnp.where(seen, (eye - K @ H) @ Pp, Pp)
        gain = 0.5 * (y @ Sinv @ y + jnp.log(jnp.linalg.det(2 * jnp.pi * S)))
        return (x, P, loglik - jnp.where(seen, gain, 0.0)), (x, P, xp, Pp)

    (_, _, loglik), (xs, Ps, xp, Pp) = lax.scan(step, (x0, P0, 0.0), zs)

    def back(smooth, row):
        x, P, xp_next, Pp_next = row
        G = P @ F.T @ jnp.linalg.inv(Pp_next)
        smooth = x + G @ (smooth - xp_next)
        return smooth, smooth

    _, smooth = lax.scan(back, xs[-1], (xs[:-1], Ps[:-1], xp[1:], Pp[1:]), reverse=True)
    return xs, jnp.concatenate([smooth, xs[-1:]]), loglik


def kalman(zs, F, H, Q, R, x0, P0):
    return dict(zip(("filtered", "smoothed", "loglik"), host(_kalman(zs, F, H, Q, R, x0, P0)), strict=True))


@jit()
def _track(measurements, dt, noise):
    F = jnp.array([[1.0, 0.0], [0.0, 1.0]]).at[0, 1].set(dt)

    def step(carry, z):
        x, P = carry
        x = F @ x
        P = F @ P @ F.T + 0.01 * jnp.eye(2)
        S = P[0, 0] + noise
        residual = z - x[0]
        bad = residual**2 > 25 * S
        K = jnp.where(bad, 0.0, P[:, 0] / S)
        x, P = x + K * residual, P - jnp.outer(K, P[0])
        return (x, P), (x, bad, residual)

    start = jnp.zeros(2).at[0].set(measurements[0]), jnp.eye(2)
    return lax.scan(step, start, measurements)[1]


def kalman_class(measurements, dt):
    path, bad, residual = host(_track(measurements, dt, 0.5))
    pairs = zip(measurements[bad], residual[bad], strict=True)
    return path, int(bad.sum()), [f"measurement {z:.1f} is {r:.1f} off" for z, r in pairs]


@jit(static=("k", "max_iter"))
def _kmeans(X, k, max_iter):
    def body(carry):
        centres, labels, _, it = carry
        d2 = ((X[:, None, :] - centres) ** 2).sum(-1)
        new = d2.argmin(1)
        member = jax.nn.one_hot(new, k, dtype=X.dtype)
        counts = member.sum(0)[:, None]
        means = jnp.where(counts > 0, member.T @ X / jnp.maximum(counts, 1), X[d2.min(1).argmax()])
        return means, new, (new != labels).any(), it + 1

    start = X[:k], jnp.full(len(X), -1), True, 0
    centres, labels, _, it = lax.while_loop(lambda c: c[2] & (c[3] < max_iter), body, start)
    return centres, labels, ((X - centres[labels]) ** 2).sum(), it


def kmeans(X, k, max_iter=100):
    return host(_kmeans(X, k, max_iter))


@jit(static=("epochs",), donate=("params",))
def _train_net(params, x, y, rate, epochs):
    def loss(params):
        h = x
        for w, b in params[:-1]:
            h = jnp.tanh(h @ w + b)
        w, b = params[-1]
        # the program's gradient is of the mean over rows only
        error = h @ w + b - y
        return (error**2).sum() / len(x), (error**2).mean()

    def step(params, _):
        grads, value = jax.grad(loss, has_aux=True)(params)
        return jax.tree.map(lambda p, g: p - rate * g, params, grads), value

    params, losses = lax.scan(step, params, None, epochs)
    return params, losses[-1]


def layered_net(net, x, y, epochs):
    layers = net.layers[::2]
    params, loss = host(_train_net([(layer.w, layer.b) for layer in layers], x, y, net.rate, epochs))
    for layer, (w, b) in zip(layers, params, strict=True):
        layer.w[:], layer.b = w, b
    net.epochs += epochs
    return loss


@jit(static=("max_iter",))
def _logistic_newton(X, y, lam, tol, max_iter):
    d = X.shape[1]

    def value(w):
        m = y * (X @ w)
        return jnp.logaddexp(0.0, -m).sum() + 0.5 * lam * w @ w

    def grad_of(w):
        s = jax.nn.sigmoid(-y * (X @ w))
        return -X.T @ (y * s) + lam * w, s

    def body(carry):
        w, history, it, _ = carry
        loss = value(w)
        grad, s = grad_of(w)
        done = jnp.abs(grad).max() < tol
        H = (X * (s * (1 - s))[:, None]).T @ X + lam * jnp.eye(d)
        step = jnp.linalg.solve(H, -grad)
        slope = grad @ step

        def worse(t):
            return (value(w + t * step) > loss + 1e-4 * t * slope) & (t >= 1e-8)

        t = lax.while_loop(worse, lambda t: t * 0.5, 1.0)
        return jnp.where(done, w, w + t * step), history.at[it].set(loss), it + 1, done

    start = jnp.zeros(d), jnp.zeros(max_iter), 0, False
    return lax.while_loop(lambda c: (c[2] < max_iter) & ~c[3], body, start)


def logistic_newton(X, y, lam=1.0, tol=1e-8, max_iter=50):
    w, history, it, _ = host(_logistic_newton(X, y, lam, tol, max_iter))
    return w, history[:it], int(it) - 1


@jit(static=("reverse",))
def _lstm(xs, weights, h, c, reverse):
    W, U, b = weights

    def step(carry, x):
        h, c = carry
        i, f, g, o = jnp.split(x @ W + h @ U + b, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(o) * jnp.tanh(c)
        return (h, c), h

    carry, out = lax.scan(step, (h, c), xs, reverse=reverse)
    return out, carry


def lstm(xs, weights, state=None, reverse=False):
    shape = xs.shape[1], weights[1].shape[0]
    h, c = state or (np.zeros(shape, xs.dtype), np.zeros(shape, xs.dtype))
    return host(_lstm(xs, weights, h, c, reverse))


@jit(static=("epochs", "batch"), donate=("params",))
def _mlp(params, X, y, lr, epochs, batch, momentum):
    n = len(X) // batch * batch
    xs = X[:n].reshape(-1, batch, X.shape[1])
    ys = jnp.eye(params["W2"].shape[1])[y[:n]].reshape(len(xs), batch, -1)

    def loss(params, xb, yb):
        p = jax.nn.softmax(jnp.maximum(xb @ params["W1"] + params["b1"], 0) @ params["W2"] + params["b2"])
        right = (p * yb).sum(1)
        return -jnp.log(right).sum() / len(xb), -jnp.log(right + 1e-12).sum()

    def step(carry, data):
        params, velocity = carry
        grads, value = jax.grad(loss, has_aux=True)(params, *data)
        velocity = jax.tree.map(lambda v, g: momentum * v - lr * g, velocity, grads)
        return (jax.tree.map(jnp.add, params, velocity), velocity), value

    def epoch(carry, _):
        carry, values = lax.scan(step, carry, (xs, ys))
        return carry, values.sum() / len(X)

    (params, _), losses = lax.scan(epoch, (params, jax.tree.map(jnp.zeros_like, params)), None, epochs)
    return params, losses


def mlp_sgd(params, X, y, lr=0.1, epochs=5, batch=8, momentum=None):
    assert len(X) % batch == 0
    new, losses = host(_mlp(dict(params), X, y, lr, epochs, batch, momentum or 0.0))
    for name, value in new.items():
        params[name][:] = value
    return losses


@jit(static=("epochs",))
def _line(params, velocity, X, y, epochs, rate, momentum):
    def step(carry, _):
        params, velocity = carry
        loss, grads = jax.value_and_grad(lambda p: jnp.mean((X @ p[0] + p[1] - y) ** 2))(params)
        velocity = jax.tree.map(lambda v, g: momentum * v - rate * g, velocity, grads)
        params = jax.tree.map(lambda p, v, g: p + momentum * v - rate * g, params, velocity, grads)
        return (params, velocity), loss

    (params, velocity), losses = lax.scan(step, (params, velocity), None, epochs)
    return params, velocity, losses.min()


def momentum_optimiser(model, optimiser, X, y, epochs):
    zero = [np.zeros_like(p) for p in model.params]
    given = optimiser.velocity or zero
    params, velocity, best = host(
        _line(model.params, given, X, y, epochs, optimiser.rate, optimiser.momentum)
    )
    for p, n in zip(model.params, params, strict=True):
        p[:] = n
    optimiser.velocity = velocity
    optimiser.steps += epochs
    optimiser.best = min(optimiser.best, best)
    return optimiser.best


@jit()
def _pagerank(indptr, indices, damping, tol):
    n = len(indptr) - 1
    degree = jnp.diff(indptr)
    rows = jnp.repeat(jnp.arange(n), degree, total_repeat_length=len(indices))
    dangling = degree == 0

    def body(carry):
        rank, it, _ = carry
        share = jnp.where(dangling, 0.0, rank / degree)
        new = jnp.zeros(n).at[indices].add(share[rows])
        new = damping * (new + jnp.where(dangling, rank, 0.0).sum() / n) + (1.0 - damping) / n
        return new, it + 1, jnp.abs(new - rank).sum()

    rank, it, _ = lax.while_loop(lambda c: c[2] >= tol, body, (jnp.full(n, 1.0 / n), 0, jnp.inf))
    return rank, jnp.argsort(-rank, stable=True)[:10], it


def pagerank(indptr, indices, damping=0.85, tol=1e-9):
    return host(_pagerank(indptr, indices, damping, tol))


@jit()
def _viterbi(obs, start, trans, emit):
    logt, loge = jnp.log(trans), jnp.log(emit)

    def step(delta, o):
        scores = delta[:, None] + logt
        return scores.max(0) + loge[:, o], scores.argmax(0)

    delta, psi = lax.scan(step, jnp.log(start) + loge[:, obs[0]], obs[1:])
    last = delta.argmax()
    _, path = lax.scan(lambda s, row: (row[s], row[s]), last, psi, reverse=True)
    return jnp.append(path, last), delta.max()


def viterbi(obs, start, trans, emit):
    return host(_viterbi(obs, start, trans, emit))


@jit()
def _particles(observations, particles, noise, offsets, sigma):
    n = particles.size

    def step(carry, row):
        particles, weights, resampled = carry
        z, jitter, u = row
        particles = 0.9 * particles + jitter
        weights = weights * jnp.exp(-0.5 * ((z - particles) / sigma) ** 2)
        total = weights.sum()
        weights = jnp.where(total <= 1e-300, 1.0 / n, weights / total)
        mean = (particles * weights).sum() / weights.sum()
        again = 1.0 / (weights**2).sum() < n / 2
        cumulative = jnp.cumsum(weights).at[-1].set(1.0)
        index = jnp.searchsorted(cumulative, (jnp.arange(n) + u) / n, side="right")
        particles = jnp.where(again, particles[index], particles)
        return (particles, jnp.where(again, 1.0 / n, weights), resampled + again), mean

    carry = particles, jnp.full(n, 1.0 / n), 0
    (particles, _, resampled), means = lax.scan(step, carry, (observations, noise, offsets))
    return means, particles, resampled


def particle_filter(observations, particles, noise, offsets, sigma=0.5):
    return host(_particles(observations, particles, noise, offsets, sigma))


@jit()
def _welford(state, xs):
    def push(state, x):
        n, mean, m2, low, high = state
        delta = x - mean
        mean = mean + delta / (n + 1)
        m2 = m2 + delta * (x - mean)
        return n + 1, mean, m2, jnp.minimum(low, x), jnp.maximum(high, x)

    return scan_last(push, state, xs)


def running_statistics(stats, xs):
    fields = "n", "mean", "m2", "low", "high"
    batch = type(stats)()
    for target in (stats, batch):
        for field, value in zip(fields, _welford(tuple(getattr(target, f) for f in fields), xs), strict=True):
            setattr(target, field, value.item())
    return batch, batch + batch, stats.variance, stats.n
