from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Options:
    lr: float = 0.05
    betas: tuple = (0.9, 0.999)
    eps: float = 1e-8
    clip: float | None = None
    decay: dict = field(default_factory=dict)

    def rate(self, t):
        every = self.decay.get("every", 0)
        return self.lr * 0.5 ** (t // every) if every else self.lr


def gradients(params, A, y):
    """Loss and gradients of y ~ tanh(A u) v + c, by hand."""
    u, v, c = params
    h = np.tanh(A @ u)
    residual = h @ v + c - y
    loss = np.mean(residual ** 2)
    r = 2 * residual / len(y)
    dh = np.outer(r, v) * (1 - h * h)
    return loss, [A.T @ dh, h.T @ r, r.sum(keepdims=True)]


def adam(params, A, y, steps, opt):
    """Adam with bias correction, weight clipping and step decay. Updates the list of arrays in place."""
    m = [np.zeros_like(p) for p in params]
    v = [np.zeros_like(p) for p in params]
    b1, b2 = opt.betas
    best = None
    losses = []
    for t in range(1, steps + 1):
        loss, grads = gradients(params, A, y)
        losses.append(float(loss))
        if opt.clip is not None:
            norm = np.sqrt(sum([np.sum(g ** 2) for g in grads]))
            if norm > opt.clip:
                grads = [g * (opt.clip / norm) for g in grads]
        for k, g in enumerate(grads):
            m[k] = b1 * m[k] + (1 - b1) * g
            v[k] = b2 * v[k] + (1 - b2) * g ** 2
            mhat = m[k] / (1 - b1 ** t)
            vhat = v[k] / (1 - b2 ** t)
            params[k] -= opt.rate(t) * mhat / (np.sqrt(vhat) + opt.eps)
        if best is None or loss < best:
            best = loss
    return losses, best


# --- how the test-suite calls it
PROGRAM = adam
SIZES = ((2, 2, 1, 1), (8, 3, 4, 10), (60, 5, 8, 100))
BENCH = (100, 8, 12, 200)
SCAN = True
EXACT = False
RTOL = 1e-7


def make_inputs(size):
    n, d, hidden, steps = size
    rng = np.random.default_rng(75)
    A = rng.standard_normal((n, d))
    params = [0.5 * rng.standard_normal((d, hidden)), 0.5 * rng.standard_normal(hidden), np.zeros(1)]
    return (params, A, np.sin(A[:, 0]) + A[:, 1], steps), {"opt": Options(clip=1.0, decay={"every": 60})}


def check(result, before, after):
    losses, best = result
    assert len(losses) == before[3] and best == min(losses) and (len(losses) < 50 or losses[-1] < 0.3 * losses[0])
    p = [a.astype(float) for a in before[0]]
    loss, g = gradients(p, *before[1:3])
    p[1][0] += 1e-6
    assert np.isclose((gradients(p, *before[1:3])[0] - loss) / 1e-6, g[1][0], rtol=1e-3, atol=1e-5)
