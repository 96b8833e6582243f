"""Statistics and learning, as one writes them for Numba: BLAS for products, loops for the rest."""

import numpy as np
from numba import njit


@njit
def _adam_gradients(u, v, c, A, y):
    h = np.tanh(A @ u)
    residual = h @ v + c[0] - y
    loss = np.mean(residual**2)
    r = 2 * residual / len(y)
    dh = np.empty_like(h)
    for i in range(h.shape[0]):
        for j in range(h.shape[1]):
            dh[i, j] = r[i] * v[j] * (1 - h[i, j] * h[i, j])
    return loss, A.T @ dh, h.T @ r, np.array([r.sum()])


@njit
def _adam_update(p, g, m, v, t, b1, b2, rate, eps):
    p, g, m, v = p.ravel(), g.ravel(), m.ravel(), v.ravel()
    c1, c2 = 1 - b1**t, 1 - b2**t
    for i in range(p.size):
        m[i] = b1 * m[i] + (1 - b1) * g[i]
        v[i] = b2 * v[i] + (1 - b2) * g[i] ** 2
        p[i] -= rate * (m[i] / c1) / (np.sqrt(v[i] / c2) + eps)


@njit
def _adam(u, v, c, A, y, steps, lr, b1, b2, eps, clip, every):
    mu, mv, mc = np.zeros_like(u), np.zeros_like(v), np.zeros_like(c)
    vu, vv, vc = np.zeros_like(u), np.zeros_like(v), np.zeros_like(c)
    best = np.inf
    losses = []
    for t in range(1, steps + 1):
        loss, gu, gv, gc = _adam_gradients(u, v, c, A, y)
        losses.append(loss)
        norm = np.sqrt(np.sum(gu**2) + np.sum(gv**2) + np.sum(gc**2))
        if norm > clip:
            gu, gv, gc = gu * (clip / norm), gv * (clip / norm), gc * (clip / norm)
        rate = lr * 0.5 ** (t // every) if every else lr
        _adam_update(u, gu, mu, vu, t, b1, b2, rate, eps)
        _adam_update(v, gv, mv, vv, t, b1, b2, rate, eps)
        _adam_update(c, gc, mc, vc, t, b1, b2, rate, eps)
        best = min(best, loss)
    return losses, best


def adam(params, A, y, steps, opt):
    clip = np.inf if opt.clip is None else opt.clip
    return _adam(*params, A, y, steps, opt.lr, *opt.betas, opt.eps, clip, opt.decay.get("every", 0))


@njit
def _layer_norm(x, gain, bias):
    t, d = x.shape
    out = np.empty_like(x)
    for i in range(t):
        mu = x[i].mean()
        var = 0.0
        for j in range(d):
            var += (x[i, j] - mu) ** 2
        root = np.sqrt(var / d + 1e-5)
        for j in range(d):
            out[i, j] = gain[j] * (x[i, j] - mu) / root + bias[j]
    return out


@njit
def _attention(x, qkv_w, out_w, up, down, g1, b1, g2, b2, heads, causal):
    t, d = x.shape
    size = d // heads
    qkv = _layer_norm(x, g1, b1) @ qkv_w
    w = np.zeros((heads, t, t))
    mixed = np.empty((t, d))
    for h in range(heads):
        q = np.ascontiguousarray(qkv[:, h * size : (h + 1) * size])
        k = np.ascontiguousarray(qkv[:, d + h * size : d + (h + 1) * size])
        v = np.ascontiguousarray(qkv[:, 2 * d + h * size : 2 * d + (h + 1) * size])
        scores = q @ k.T
        for i in range(t):
            end = i + 1 if causal else t
            top = -np.inf
            for j in range(end):
                scores[i, j] /= np.sqrt(size)
                top = max(top, scores[i, j])
            total = 0.0
            for j in range(end):
                w[h, i, j] = np.exp(scores[i, j] - top)
                total += w[h, i, j]
            for j in range(end):
                w[h, i, j] /= total
        mixed[:, h * size : (h + 1) * size] = w[h] @ v
    x = x + mixed @ out_w
    hidden = _layer_norm(x, g2, b2) @ up
    scale = np.sqrt(2 / np.pi)
    for i in range(t):
        for j in range(hidden.shape[1]):
            z = hidden[i, j]
            hidden[i, j] = 0.5 * z * (1 + np.tanh(scale * (z + 0.044715 * z * z * z)))
    return x + hidden @ down, w


def attention(x, p, heads=2, causal=True):
    return _attention(
        x, p["qkv"], p["out"], p["up"], p["down"], p["g1"], p["b1"], p["g2"], p["b2"], heads, causal
    )


@njit
def _gmm(x, mu, k, tol, max_iter):
    n = len(x)
    var = np.full(k, x.var() + 1e-3)
    pi = np.ones(k) / k
    resp, logp = np.empty((n, k)), np.empty(k)
    previous, loglik = -np.inf, 0.0
    done, converged = 0, False
    for iteration in range(max_iter):
        done = iteration
        loglik = 0.0
        weight, mean = np.full(k, 1e-10), np.zeros(k)
        for i in range(n):
            top = -np.inf
            for j in range(k):
                logp[j] = np.log(pi[j]) - 0.5 * (np.log(2 * np.pi * var[j]) + (x[i] - mu[j]) ** 2 / var[j])
                top = max(top, logp[j])
            total = 0.0
            for j in range(k):
                total += np.exp(logp[j] - top)
            norm = top + np.log(total)
            loglik += norm
            for j in range(k):
                resp[i, j] = np.exp(logp[j] - norm)
                weight[j] += resp[i, j]
                mean[j] += resp[i, j] * x[i]
        pi = weight / weight.sum()
        mu = mean / weight
        var = np.zeros(k)
        for i in range(n):
            for j in range(k):
                var[j] += resp[i, j] * (x[i] - mu[j]) ** 2
        var = var / weight + 1e-3
        if loglik - previous < tol * abs(loglik):
            converged = True
            break
        previous = loglik
    return (pi, mu, var), loglik, done, converged


def gmm_em(x, k=2, tol=1e-6, max_iter=200):
    return _gmm(x, np.quantile(x, (np.arange(k) + 0.5) / k), k, tol, max_iter)


@njit
def _kalman(zs, F, H, Q, R, x0, P0):
    T, n = zs.shape[0], x0.size
    eye = np.eye(n)
    xs, xp = np.zeros((T, n)), np.zeros((T, n))
    Ps, Pp = np.zeros((T, n, n)), np.zeros((T, n, n))
    loglik = 0.0
    x, P = x0, P0
    FT, HT = np.ascontiguousarray(F.T), np.ascontiguousarray(H.T)
    for t in range(T):
        x = F @ x
        P = F @ P @ FT + Q
        xp[t], Pp[t] = x, P
        if not np.isnan(zs[t]).any():
            y = zs[t] - H @ x
            S = H @ P @ HT + R
            Sinv = np.linalg.inv(S)
            K = P @ HT @ Sinv
            x = x + K @ y
            P = (eye - K @ H) @ P
            loglik -= 0.5 * (y @ Sinv @ y + np.log(np.linalg.det(2 * np.pi * S)))
        xs[t], Ps[t] = x, P
    smooth = xs.copy()
    for t in range(T - 2, -1, -1):
        G = Ps[t] @ FT @ np.linalg.inv(Pp[t + 1])
        smooth[t] += G @ (smooth[t + 1] - xp[t + 1])
    return xs, smooth, loglik


def kalman(zs, F, H, Q, R, x0, P0):
    filtered, smoothed, loglik = _kalman(zs, F, H, Q, R, x0, P0)
    return {"filtered": filtered, "smoothed": smoothed, "loglik": loglik}


@njit
def _track(measurements, dt, noise):
    x0, x1 = measurements[0], 0.0
    p00, p01, p10, p11 = 1.0, 0.0, 0.0, 1.0
    path = np.empty((len(measurements), 2))
    refused = []
    for t in range(len(measurements)):
        x0 = x0 + dt * x1
        p00, p01 = p00 + dt * p10, p01 + dt * p11
        p00, p10 = p00 + dt * p01 + 0.01, p10 + dt * p11
        p11 += 0.01
        S = p00 + noise
        residual = measurements[t] - x0
        if residual**2 > 25 * S:
            refused.append((measurements[t], residual))
        else:
            k0, k1 = p00 / S, p10 / S
            x0 += k0 * residual
            x1 += k1 * residual
            p00, p01, p10, p11 = p00 - k0 * p00, p01 - k0 * p01, p10 - k1 * p00, p11 - k1 * p01
        path[t, 0], path[t, 1] = x0, x1
    return path, refused


def kalman_class(measurements, dt):
    path, refused = _track(measurements, dt, 0.5)
    return path, len(refused), [f"measurement {z:.1f} is {r:.1f} off" for z, r in refused]


@njit
def _kmeans(X, k, max_iter):
    n, d = X.shape
    centres, labels, least = X[:k].copy(), np.full(n, -1), np.empty(n)
    sums, counts = np.empty((k, d)), np.empty(k, np.int64)
    changed, it = True, 0
    while changed and it < max_iter:
        changed = False
        sums[:] = 0.0
        counts[:] = 0
        for i in range(n):
            best, label = np.inf, 0
            for j in range(k):
                total = 0.0
                for c in range(d):
                    total += (X[i, c] - centres[j, c]) ** 2
                if total < best:
                    best, label = total, j
            least[i] = best
            changed = changed or label != labels[i]
            labels[i] = label
            counts[label] += 1
            for c in range(d):
                sums[label, c] += X[i, c]
        for j in range(k):
            if counts[j]:
                centres[j] = sums[j] / counts[j]
            else:
                centres[j] = X[np.argmax(least)]
        it += 1
    inertia = 0.0
    for i in range(n):
        for c in range(d):
            inertia += (X[i, c] - centres[labels[i], c]) ** 2
    return centres, labels, inertia, it


def kmeans(X, k, max_iter=100):
    return _kmeans(X, k, max_iter)


@njit
def _net_step(x, y, w1, b1, w2, b2, w3, b3, rate):
    h1 = np.tanh(x @ w1 + b1)
    h2 = np.tanh(h1 @ w2 + b2)
    error = h2 @ w3 + b3 - y
    g3 = 2 * error / len(x)
    g2 = (g3 @ w3.T) * (1 - h2 * h2)
    g1 = (g2 @ w2.T) * (1 - h1 * h1)
    w3 -= rate * (h2.T @ g3)
    w2 -= rate * (h1.T @ g2)
    w1 -= rate * (x.T @ g1)
    b3 -= rate * g3.sum(axis=0)
    b2 -= rate * g2.sum(axis=0)
    b1 -= rate * g1.sum(axis=0)
    return (error * error).mean()


def layered_net(net, x, y, epochs):
    first, _, second, _, third = net.layers
    for layer in (first, second, third):
        layer.b = layer.b.copy()
    for _ in range(epochs):
        loss = _net_step(x, y, first.w, first.b, second.w, second.b, third.w, third.b, net.rate)
        net.epochs += 1
    return loss


@njit
def _logistic(w, X, y, lam):
    n, _d = X.shape
    z = X @ w
    loss = 0.5 * lam * np.dot(w, w)
    s = np.empty(n)
    r = np.empty(n)
    block = 0.0  # sums of blocks: the line search compares losses in their last digits
    for i in range(n):
        m = y[i] * z[i]
        block += np.log1p(np.exp(-abs(m))) + max(-m, 0.0)
        if i % 128 == 127 or i == n - 1:
            loss += block
            block = 0.0
        s[i] = 1.0 / (1.0 + np.exp(min(max(m, -500.0), 500.0)))
        r[i] = -y[i] * s[i]
    return loss, X.T @ r + lam * w, s


@njit
def _logistic_newton(X, y, lam, tol, max_iter):
    n, d = X.shape
    w = np.zeros(d)
    history = []
    done = 0
    for it in range(max_iter):
        done = it
        loss, grad, s = _logistic(w, X, y, lam)
        history.append(loss)
        if np.max(np.abs(grad)) < tol:
            break
        scaled = np.empty_like(X)
        for i in range(n):
            c = s[i] * (1 - s[i])
            for j in range(d):
                scaled[i, j] = X[i, j] * c
        H = scaled.T @ X
        for j in range(d):
            H[j, j] += lam
        step = np.linalg.solve(H, -grad)
        slope = grad @ step
        t = 1.0
        while True:
            new_loss, _, _ = _logistic(w + t * step, X, y, lam)
            if new_loss <= loss + 1e-4 * t * slope or t < 1e-8:
                break
            t *= 0.5
        w += t * step
    return w, np.array(history), done


def logistic_newton(X, y, lam=1.0, tol=1e-8, max_iter=50):
    return _logistic_newton(X, y, lam, tol, max_iter)


@njit
def _lstm(xs, W, U, b, h, c, reverse):
    T, B, _d = xs.shape
    n = U.shape[0]
    one = np.float32(1)
    out = np.empty((T, B, n), xs.dtype)
    for step in range(T):
        t = T - 1 - step if reverse else step
        z = xs[t] @ W + h @ U
        for k in range(B):
            for j in range(n):
                i = one / (one + np.exp(-(z[k, j] + b[j])))
                f = one / (one + np.exp(-(z[k, n + j] + b[n + j])))
                g = np.tanh(z[k, 2 * n + j] + b[2 * n + j])
                o = one / (one + np.exp(-(z[k, 3 * n + j] + b[3 * n + j])))
                c[k, j] = f * c[k, j] + i * g
                out[t, k, j] = o * np.tanh(c[k, j])
        h = out[t]
    return out, h.copy(), c


def lstm(xs, weights, state=None, reverse=False):
    shape = xs.shape[1], weights[1].shape[0]
    h, c = state or (np.zeros(shape, xs.dtype), np.zeros(shape, xs.dtype))
    out, h, c = _lstm(xs, *weights, h, c.copy(), reverse)
    return out, (h, c)


@njit
def _metropolis(rng, start, steps, width):
    n = len(start)
    x, trial, best = start.copy(), np.empty(n), start.copy()
    energy = 0.0
    for i in range(n):
        energy += (x[i] * x[i] - 1) ** 2
    best_energy = energy
    trail = np.empty(steps)
    for k in range(steps):
        new = 0.0
        for i in range(n):
            trial[i] = x[i] + rng.normal(0.0, width)
            new += (trial[i] * trial[i] - 1) ** 2
        if rng.uniform() < np.exp(energy - new):
            x, trial = trial, x
            energy = new
        if energy < best_energy:
            best[:] = x
            best_energy = energy
        trail[k] = energy
    return best, best_energy, trail


def metropolis_pairs(seed, start, steps, width):
    best, energy, trail = _metropolis(np.random.default_rng(seed), start, steps, width)
    return (best, energy), trail, 2


@njit
def _mlp_batch(xb, yb, W1, b1, W2, b2):
    h_in = xb @ W1 + b1
    h = np.maximum(h_in, 0.0)
    p = h @ W2 + b2
    total = 0.0
    n, classes = p.shape
    for i in range(n):
        top = p[i].max()
        mass = 0.0
        for j in range(classes):
            p[i, j] = np.exp(p[i, j] - top)
            mass += p[i, j]
        right = 0.0
        for j in range(classes):
            p[i, j] /= mass
            right += p[i, j] * yb[i, j]
            p[i, j] = (p[i, j] - yb[i, j]) / n
        total -= np.log(right + 1e-12)
    d1 = (p @ W2.T) * (h_in > 0)
    return total, xb.T @ d1, d1.sum(axis=0), h.T @ p, p.sum(axis=0)


@njit
def _mlp(W1, b1, W2, b2, X, y, lr, epochs, batch, momentum):
    n = X.shape[0]
    Y = np.eye(W2.shape[1])[y]
    losses = np.empty(epochs)
    v1, u1, v2, u2 = np.zeros_like(W1), np.zeros_like(b1), np.zeros_like(W2), np.zeros_like(b2)
    for epoch in range(epochs):
        total = 0.0
        for start in range(0, n, batch):
            end = min(start + batch, n)
            loss, g1, h1, g2, h2 = _mlp_batch(X[start:end], Y[start:end], W1, b1, W2, b2)
            total += loss
            v1 *= momentum
            v1 -= lr * g1
            W1 += v1
            u1 *= momentum
            u1 -= lr * h1
            b1 += u1
            v2 *= momentum
            v2 -= lr * g2
            W2 += v2
            u2 *= momentum
            u2 -= lr * h2
            b2 += u2
        losses[epoch] = total / n
    return losses


def mlp_sgd(params, X, y, lr=0.1, epochs=5, batch=8, momentum=None):
    weights = (params[name] for name in ("W1", "b1", "W2", "b2"))
    return _mlp(*weights, X, y, lr, epochs, batch, momentum or 0.0)


@njit
def _line(w, b, vw, vb, X, y, epochs, rate, momentum):
    best = np.inf
    for _ in range(epochs):
        r = X @ w + b[0] - y
        loss = np.mean(r * r)
        gw, gb = 2 * (X.T @ r) / len(y), 2 * np.mean(r)
        for j in range(len(w)):
            vw[j] = momentum * vw[j] - rate * gw[j]
            w[j] += momentum * vw[j] - rate * gw[j]
        vb[0] = momentum * vb[0] - rate * gb
        b[0] += momentum * vb[0] - rate * gb
        best = min(best, loss)
    return best


def momentum_optimiser(model, optimiser, X, y, epochs):
    if optimiser.velocity is None:
        optimiser.velocity = [np.zeros_like(p) for p in model.params]
    w, b = model.params
    best = _line(w, b, *optimiser.velocity, X, y, epochs, optimiser.rate, optimiser.momentum)
    optimiser.steps += epochs
    optimiser.best = min(optimiser.best, best)
    return optimiser.best


@njit
def _pagerank(indptr, indices, damping, tol):
    n = len(indptr) - 1
    rank, new = np.full(n, 1.0 / n), np.empty(n)
    iterations = 0
    while True:
        new[:] = 0.0
        dangling = 0.0
        for i in range(n):
            degree = indptr[i + 1] - indptr[i]
            if degree == 0:
                dangling += rank[i]
            else:
                share = rank[i] / degree
                for k in range(indptr[i], indptr[i + 1]):
                    new[indices[k]] += share
        change = 0.0
        for i in range(n):
            value = damping * (new[i] + dangling / n) + (1.0 - damping) / n
            change += abs(value - rank[i])
            rank[i] = value
        iterations += 1
        if change < tol:
            return rank, iterations


def pagerank(indptr, indices, damping=0.85, tol=1e-9):
    rank, iterations = _pagerank(indptr, indices, damping, tol)
    return rank, np.argsort(-rank, kind="stable")[:10], iterations


@njit
def _viterbi(obs, start, trans, emit):
    T, S = len(obs), start.size
    logt, loge = np.log(trans), np.log(emit)
    delta, new, psi = np.empty(S), np.empty(S), np.zeros((T, S), np.int64)
    for s in range(S):
        delta[s] = np.log(start[s]) + loge[s, obs[0]]
    for t in range(1, T):
        for s in range(S):
            best, at = delta[0] + logt[0, s], 0
            for r in range(1, S):
                score = delta[r] + logt[r, s]
                if score > best:
                    best, at = score, r
            psi[t, s] = at
            new[s] = best + loge[s, obs[t]]
        delta, new = new, delta
    path = np.empty(T, np.int64)
    path[T - 1] = np.argmax(delta)
    for t in range(T - 1, 0, -1):
        path[t - 1] = psi[t, path[t]]
    return path, delta.max()


def viterbi(obs, start, trans, emit):
    return _viterbi(obs, start, trans, emit)


@njit
def _jpeg(padded, q, D, zy, zx, sizes):
    H, W = padded.shape
    previous_dc = 0
    a, b = np.empty((8, 8)), np.empty((8, 8))
    for by in range(0, H, 8):
        for bx in range(0, W, 8):
            for i in range(8):
                for j in range(8):
                    total = 0.0
                    for k in range(8):
                        total += D[i, k] * padded[by + k, bx + j]
                    a[i, j] = total
            for i in range(8):
                for j in range(8):
                    total = 0.0
                    for k in range(8):
                        total += a[i, k] * D[j, k]
                    b[i, j] = np.rint(total / q[i, j])
            last = 0
            for k in range(1, 64):
                if b[zy[k], zx[k]] != 0:
                    last = k
            dc = int(b[0, 0])
            if dc != previous_dc:
                last += 1
            previous_dc = dc
            sizes[by // 8, bx // 8] = last
            for i in range(8):
                for j in range(8):
                    total = 0.0
                    for k in range(8):
                        total += D[k, i] * (b[k, j] * q[k, j])
                    a[i, j] = total
            for i in range(8):
                for j in range(8):
                    total = 0.0
                    for k in range(8):
                        total += a[i, k] * D[k, j]
                    padded[by + i, bx + j] = total


def jpeg_blocks(image, quality=50):
    from tests.programs import jpeg_blocks as module

    h, w = image.shape
    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    q = np.clip(np.floor((module.QUANT * scale + 50) / 100), 1, 255)
    H, W = -(-h // 8) * 8, -(-w // 8) * 8
    padded = np.pad(image.astype(np.float64) - 128, ((0, H - h), (0, W - w)), "edge")
    sizes = np.zeros((H // 8, W // 8), dtype=np.uint8)
    _jpeg(padded, q, module.dct_matrix(), *module.zigzag(), sizes)
    return np.clip(np.rint(padded[:h, :w] + 128), 0, 255).astype(np.uint8), sizes
