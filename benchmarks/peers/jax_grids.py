"""Programs on grids and images for JAX."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.jax_base import host, jit


@jit()
def _heat1d(u, steps, k):
    def step(_, u):
        return u.at[1:-1].add(k * (u[2:] - 2 * u[1:-1] + u[:-2]))

    u = lax.fori_loop(0, steps, step, u)
    return u, u.sum()


def heat1d(u, steps, k):
    out, total = _heat1d(u, steps, k)
    u[:] = out
    return float(total)


@jit(static=("periodic",))
def _heat2d(u, source, dx, dt, alpha, steps, periodic):
    warmth = source.sum()

    def step(t, carry):
        u, heat_in = carry
        lap = (u[2:, 1:-1] + u[:-2, 1:-1] + u[1:-1, 2:] + u[1:-1, :-2] - 4.0 * u[1:-1, 1:-1]) / dx**2
        u = u.at[1:-1, 1:-1].add(alpha * dt * lap)
        on = t % 2 == 0
        u = u + jnp.where(on, dt, 0.0) * source
        heat_in = heat_in + jnp.where(on, dt * warmth, 0.0)
        if periodic:
            u = u.at[0, :].set(u[-2, :]).at[-1, :].set(u[1, :])
            u = u.at[:, 0].set(u[:, -2]).at[:, -1].set(u[:, 1])
        else:
            u = u.at[0, :].set(u[1, :]).at[-1, :].set(u[-2, :])
            u = u.at[:, 0].set(u[:, 1]).at[:, -1].set(u[:, -2])
        return u, heat_in

    return lax.fori_loop(0, steps, step, (u, 0.0))


def heat2d(u0, cfg, source=None):
    assert cfg.courant() <= 0.25, "unstable"
    given = np.zeros_like(u0) if source is None else source
    return host(_heat2d(u0, given, cfg.dx, cfg.dt, cfg.alpha, cfg.steps, cfg.periodic))


@jit(static=("nsteps",))
def _wave1d(u0, c, dt, dx, nsteps):
    r2 = (c * dt / dx) ** 2

    def inside(u):
        return u[2:] - 2 * u[1:-1] + u[:-2]

    def step(carry, _):
        u_prev, u = carry
        u_next = jnp.zeros_like(u).at[1:-1].set(2 * u[1:-1] - u_prev[1:-1] + r2 * inside(u))
        v = (u_next - u_prev) / (2 * dt)
        energy = 0.5 * jnp.sum(v * v) * dx + 0.5 * c**2 * jnp.sum((u[1:] - u[:-1]) ** 2) / dx
        return (u, u_next), energy

    first = u0.at[1:-1].set(u0[1:-1] + 0.5 * r2 * inside(u0))
    (_, u), energy = lax.scan(step, (u0, first), None, nsteps)
    return u, energy


def wave1d(u0, c, dt, dx, nsteps):
    return host(_wave1d(u0, c, dt, dx, nsteps))


@jit(static=("nt", "nit"))
def _cavity(u, v, p, dt, dx, dy, rho, nu, nt, nit):
    def poisson(_, p, b):
        inside = ((p[1:-1, 2:] + p[1:-1, :-2]) * dy**2 + (p[2:, 1:-1] + p[:-2, 1:-1]) * dx**2) / (
            2 * (dx**2 + dy**2)
        ) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b
        p = p.at[1:-1, 1:-1].set(inside)
        p = p.at[:, -1].set(p[:, -2])
        p = p.at[0, :].set(p[1, :])
        p = p.at[:, 0].set(p[:, 1])
        return p.at[-1, :].set(0)

    def advance(w, u, v, p_diff, h):
        c = w[1:-1, 1:-1]
        return (
            c
            - u[1:-1, 1:-1] * dt / dx * (c - w[1:-1, :-2])
            - v[1:-1, 1:-1] * dt / dy * (c - w[:-2, 1:-1])
            - dt / (2 * rho * h) * p_diff
            + nu
            * (
                dt / dx**2 * (w[1:-1, 2:] - 2 * c + w[1:-1, :-2])
                + dt / dy**2 * (w[2:, 1:-1] - 2 * c + w[:-2, 1:-1])
            )
        )

    def body(carry):
        u, v, p, n, residuals, _ = carry
        ux, vy = (u[1:-1, 2:] - u[1:-1, :-2]) / (2 * dx), (v[2:, 1:-1] - v[:-2, 1:-1]) / (2 * dy)
        uy, vx = (u[2:, 1:-1] - u[:-2, 1:-1]) / (2 * dy), (v[1:-1, 2:] - v[1:-1, :-2]) / (2 * dx)
        b = rho * (1 / dt * (ux + vy) - ux**2 - 2 * (uy * vx) - vy**2)
        p = lax.fori_loop(0, nit, functools.partial(poisson, b=b), p)
        un = u
        u = un.at[1:-1, 1:-1].set(advance(un, un, v, p[1:-1, 2:] - p[1:-1, :-2], dx))
        v = v.at[1:-1, 1:-1].set(advance(v, un, v, p[2:, 1:-1] - p[:-2, 1:-1], dy))
        u = u.at[0, :].set(0).at[:, 0].set(0).at[:, -1].set(0).at[-1, :].set(1)
        v = v.at[0, :].set(0).at[-1, :].set(0).at[:, 0].set(0).at[:, -1].set(0)
        change = jnp.sqrt(jnp.mean((u - un) ** 2))
        return u, v, p, n + 1, residuals.at[n].set(change), change

    def going(carry):
        return (carry[3] < nt) & (carry[5] >= 1e-6)

    return lax.while_loop(going, body, (u, v, p, 0, jnp.zeros(nt), jnp.inf))


def cavity_flow(nt, u, v, dt, dx, dy, p, rho, nu, nit=20):
    *fields, n, residuals, _ = host(_cavity(u, v, p, dt, dx, dy, rho, nu, nt, nit))
    u[:], v[:], p[:] = fields
    return u, v, p, list(residuals[:n])


def _reflect(h, hu, hv):
    def edges(f):
        f = f.at[0, :].set(f[1, :]).at[-1, :].set(f[-2, :])
        return f.at[:, 0].set(f[:, 1]).at[:, -1].set(f[:, -2])

    h, hu, hv = edges(h), edges(hu), edges(hv)
    return h, hu.at[0, :].multiply(-1).at[-1, :].multiply(-1), hv.at[:, 0].multiply(-1).at[:, -1].multiply(-1)


@jit()
def _shallow(h, hu, hv, t_end, dx, cfl):
    g = 9.81

    def body(carry):
        q, t, steps = carry
        h, hu, hv = q
        speed = jnp.maximum(jnp.abs(hu), jnp.abs(hv)) / h + jnp.sqrt(g * h)
        dt = jnp.minimum(cfl * dx / speed.max(), t_end - t)
        u, v = hu / h, hv / h
        fx = hu, hu * u + 0.5 * g * h * h, hv * u
        fy = hv, hu * v, hv * v + 0.5 * g * h * h
        new = []
        for w, a, b in zip(q, fx, fy, strict=True):
            mean = 0.25 * (w[2:, 1:-1] + w[:-2, 1:-1] + w[1:-1, 2:] + w[1:-1, :-2])
            flow = (a[2:, 1:-1] - a[:-2, 1:-1]) + (b[1:-1, 2:] - b[1:-1, :-2])
            new.append(w.at[1:-1, 1:-1].set(mean - dt / (2 * dx) * flow))
        return _reflect(*new), t + dt, steps + 1

    return lax.while_loop(lambda c: c[1] < t_end, body, (_reflect(h, hu, hv), 0.0, 0))


def shallow_water(state, t_end, dx=1.0, cfl=0.4):
    fields, _, steps = host(_shallow(state["h"], state["hu"], state["hv"], t_end, dx, cfl))
    for name, field in zip(("h", "hu", "hv"), fields, strict=True):
        state[name][:] = field
    state["steps"] = int(steps)
    return state


@jit(static=("option",))
def _perona(img, niter, kappa, gamma, option):
    kappa, gamma = jnp.float32(kappa), jnp.float32(gamma)

    def step(_, out):
        ds = jnp.zeros_like(out).at[:-1].set(out[1:] - out[:-1])
        de = jnp.zeros_like(out).at[:, :-1].set(out[:, 1:] - out[:, :-1])
        if option == 1:
            s, e = jnp.exp(-((ds / kappa) ** 2)) * ds, jnp.exp(-((de / kappa) ** 2)) * de
        else:
            s, e = ds / (1 + (ds / kappa) ** 2), de / (1 + (de / kappa) ** 2)
        return out + gamma * (s.at[1:].add(-s[:-1]) + e.at[:, 1:].add(-e[:, :-1]))

    return lax.fori_loop(0, niter, step, img.astype(jnp.float32))


def perona_malik(img, niter=10, kappa=0.1, gamma=0.2, option=1):
    return host(_perona(img, niter, kappa, gamma, option))


@jit()
def _sobel(image, low, high):
    weights = jnp.array([0.299, 0.587, 0.114], jnp.float32)
    grey = (image.astype(jnp.float32) * weights).sum(-1) / jnp.float32(255)
    h, w = grey.shape
    q = jnp.pad(grey, 1, mode="edge")

    def at(a, i, j):
        return a[i : i + h, j : j + w]

    gx = -at(q, 0, 0) + at(q, 0, 2) - 2 * at(q, 1, 0) + 2 * at(q, 1, 2) - at(q, 2, 0) + at(q, 2, 2)
    gy = -at(q, 0, 0) - 2 * at(q, 0, 1) - at(q, 0, 2) + at(q, 2, 0) + 2 * at(q, 2, 1) + at(q, 2, 2)
    mag = jnp.hypot(gx, gy)
    top = mag.max()
    mag = jnp.where(top > 0, mag / top, mag)
    p = jnp.pad(mag, 1)
    keep_x = (mag >= at(p, 1, 0)) & (mag >= at(p, 1, 2))
    keep_y = (mag >= at(p, 0, 1)) & (mag >= at(p, 2, 1))
    thin = jnp.where(jnp.where(jnp.abs(gx) >= jnp.abs(gy), keep_x, keep_y), mag, 0)
    strong, weak = thin > jnp.float32(high), thin > jnp.float32(low)

    def grow(carry):
        strong, _ = carry
        grown = lax.reduce_window(strong, False, lax.bitwise_or, (3, 3), (1, 1), "SAME") & weak
        grown = grown | (strong & weak)
        return grown, (grown != strong).any()

    strong, _ = lax.while_loop(lambda c: c[1], grow, (strong, True))
    return strong.astype(jnp.uint8) * jnp.uint8(255)


def sobel_edges(image, low=0.1, high=0.3):
    return host(_sobel(image, low, high))


@jit(static=("nh", "nw"))
def _resize(img, nh, nw):
    h, w = img.shape[:2]
    y = (jnp.arange(nh) + 0.5) * h / nh - 0.5
    x = (jnp.arange(nw) + 0.5) * w / nw - 0.5
    y0, x0 = jnp.floor(y).astype(int), jnp.floor(x).astype(int)
    fy, fx = (y - y0)[:, None, None], (x - x0)[None, :, None]
    ya, yb = jnp.clip(y0, 0, h - 1), jnp.clip(y0 + 1, 0, h - 1)
    xa, xb = jnp.clip(x0, 0, w - 1), jnp.clip(x0 + 1, 0, w - 1)
    upper, lower = img[ya], img[yb]
    top = upper[:, xa] * (1 - fx) + upper[:, xb] * fx
    bottom = lower[:, xa] * (1 - fx) + lower[:, xb] * fx
    return jnp.rint(top * (1 - fy) + bottom * fy).clip(0, 255).astype(img.dtype)


def resize_bilinear(img, levels=3):
    out = [img]
    for _ in range(levels):
        h, w = out[-1].shape[:2]
        out.append(_resize(out[-1], max(h // 2, 1), max(w // 2, 1)))
    return host(out)


@jit()
def _skin(rgb, hue):
    rgb = rgb.astype(jnp.float32) / 255
    r, g, b = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    v = rgb.max(axis=-1)
    delta = v - rgb.min(axis=-1)
    s = jnp.where(v > 0, delta / v, 0)
    h = jnp.where(r == v, (g - b) / delta, jnp.where(g == v, 2 + (b - r) / delta, 4 + (r - g) / delta))
    h = (jnp.where(delta == 0, 0, h) / 6) % 1
    mask = (h < jnp.float32(hue)) & (jnp.float32(0.2) < s) & (s < jnp.float32(0.7))
    rows, cols = mask.any(axis=1), mask.any(axis=0)
    n, m = mask.shape
    box = jnp.argmax(rows), n - 1 - jnp.argmax(rows[::-1]), jnp.argmax(cols), m - 1 - jnp.argmax(cols[::-1])
    return mask, mask.sum() / mask.size, box


def rgb_to_hsv(rgb, hue=0.1, pad=1):
    mask, share, (top, bottom, left, right) = host(_skin(rgb, hue))
    if not share:
        return mask, 0.0, None
    return mask, share, (max(top - pad, 0), bottom + pad, max(left - pad, 0), right + pad)


@jit(static=("generations",))
def _life(board, generations):
    def body(carry):
        board, g, population, _ = carry
        rows = sum(jnp.roll(board.astype(jnp.int8), d, 0) for d in (-1, 0, 1))
        near = sum(jnp.roll(rows, d, 1) for d in (-1, 0, 1)) - board
        new = (near == 3) | (board & (near == 2))
        same = (new == board).all()
        population = population.at[g].set(jnp.where(same, 0, new.sum()))
        return new, jnp.where(same, g, g + 1), population, same

    start = board, 0, jnp.zeros(generations, int), False
    return lax.while_loop(lambda c: (c[1] < generations) & ~c[3], body, start)


def life(board, generations):
    board, g, population, _ = host(_life(board, generations))
    return board, int(g), population[:g].tolist()


@jit(static=("strides", "pools"))
def _conv_net(x, weights, classes, strides, pools):
    for (w, b), stride, pool in zip(weights, strides, pools, strict=True):
        x = lax.conv_general_dilated(x[None], w, (stride, stride), [(1, 1), (1, 1)])[0] + b[:, None, None]
        x = jnp.where(x < 0, x * jnp.float32(0.01), x)
        if pool:
            c, h, w = x.shape
            x = x[:, : h // 2 * 2, : w // 2 * 2].reshape(c, h // 2, 2, w // 2, 2).max((2, 4))
    logits = classes @ x.mean(axis=(1, 2))
    return jax.nn.softmax(logits)


def conv_net(image, layers, classes):
    weights = [(layer["w"], layer["b"]) for layer in layers]
    strides, pools = (tuple(layer[key] for layer in layers) for key in ("stride", "pool"))
    return host(_conv_net(image, weights, classes, strides, pools))


@jit()
def _floyd_warshall(w):
    n = w.shape[0]

    def step(k, carry):
        dist, nxt = carry
        via = dist[:, k, None] + dist[k]
        better = via < dist
        return jnp.where(better, via, dist), jnp.where(better, nxt[:, k, None], nxt)

    return lax.fori_loop(0, n, step, (w, jnp.where(jnp.isfinite(w), jnp.arange(n), -1)))


def floyd_warshall(w):
    return host(_floyd_warshall(w))


@jit()
def _escape(c, z, maxiter):
    def body(carry):
        z, counts, n, _ = carry
        alive = (counts == n) & ((z.real**2 + z.imag**2) <= 4.0)
        return jnp.where(alive, z * z + c, z), counts + alive, n + 1, alive.any()

    start = z, jnp.zeros(c.shape, int), 0, True
    return lax.while_loop(lambda carry: (carry[2] < maxiter) & carry[3], body, start)[1]


def mandelbrot_masks(c, maxiter):
    return host(_escape(c, c, maxiter))


def mandelbrot_loops(width, height, maxiter=50, xmin=-2.0, xmax=0.6, ymin=-1.2, ymax=1.2):
    c = xmin + (xmax - xmin) * np.arange(width) / width
    c = c + 1j * (ymin + (ymax - ymin) * np.arange(height) / height)[:, None]
    return host(_escape(c, np.zeros_like(c), maxiter))


@jit(static=("width", "height", "max_iter"))
def _newton_fractal(width, height, max_iter, eps):
    roots = jnp.exp(2j * jnp.pi * jnp.arange(3) / 3)
    z = jnp.linspace(-1.5, 1.5, width)[None, :] + 1j * jnp.linspace(-1.5, 1.5, height)[:, None]
    z = jnp.where(z == 0, 1e-3, z)

    def body(carry):
        it, z, root, steps = carry
        todo = root < 0
        square = z * z
        z = jnp.where(todo, z - (square * z - 1) / (3 * square), z)
        for k in range(3):
            hit = (root < 0) & (jnp.abs(z - roots[k]) < eps)
            root = jnp.where(hit, k, root).astype(jnp.int8)
            steps = jnp.where(hit, it, steps).astype(jnp.uint16)
        return it + 1, z, root, steps

    start = 1, z, jnp.full(z.shape, -1, jnp.int8), jnp.zeros(z.shape, jnp.uint16)
    _, z, root, steps = lax.while_loop(lambda c: (c[0] <= max_iter) & (c[2] < 0).any(), body, start)
    return root, steps, z


def newton_fractal(width, height, max_iter=32, eps=1e-6):
    return host(_newton_fractal(width, height, max_iter, eps))


@jit(static=("radius",))
def _bilateral(img, radius, sigma_s, sigma_r):
    h, w = img.shape
    padded = jnp.pad(img, radius, constant_values=jnp.nan)
    total, mass = jnp.zeros_like(img), jnp.zeros_like(img)
    for dy in range(-radius, radius + 1):
        for dx in range(-radius, radius + 1):
            near = padded[radius + dy : radius + dy + h, radius + dx : radius + dx + w]
            weight = jnp.exp(-(dy**2 + dx**2) / (2 * sigma_s**2) - (near - img) ** 2 / (2 * sigma_r**2))
            inside = jnp.isfinite(near)
            total += jnp.where(inside, weight * near, 0)
            mass += jnp.where(inside, weight, 0)
    return total / mass


def bilateral_filter(img, radius=1, sigma_s=1.5, sigma_r=0.2):
    return host(_bilateral(img, radius, sigma_s, sigma_r))


@jit(static=("size",))
def _median_filter(image, size):
    h, w = image.shape
    r = size // 2
    padded = jnp.pad(image.astype(jnp.int32), r, constant_values=1000)
    near = jnp.stack([padded[i : i + h, j : j + w] for i in range(size) for j in range(size)])
    count = (near < 1000).sum(0)
    return jnp.take_along_axis(jnp.sort(near, axis=0), (count // 2)[None], axis=0)[0].astype(image.dtype)


def median_filter(image, size=3):
    return host(_median_filter(image, size))


@jit()
def _sor(u, f, h, omega, tol, max_sweeps):
    n, m = u.shape

    def point(k, carry):
        u, biggest = carry
        i, j = 1 + k // (m - 2), 1 + k % (m - 2)
        gs = 0.25 * (u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1] - h * h * f[i, j])
        delta = omega * (gs - u[i, j])
        return u.at[i, j].add(delta), jnp.maximum(biggest, jnp.abs(delta))

    def sweep(carry):
        u, _, k = carry
        u, biggest = lax.fori_loop(0, (n - 2) * (m - 2), point, (u, 0.0))
        return u, biggest, k + 1

    return lax.while_loop(lambda c: (c[1] >= tol) & (c[2] < max_sweeps), sweep, (u, jnp.inf, 0))


def sor(u, f, h, omega=1.5, tol=1e-6, max_sweeps=1000):
    out, biggest, sweeps = host(_sor(u, f, h, omega, tol, max_sweeps))
    u[:] = out
    return u, int(sweeps), bool(biggest < tol)


@jit()
def _dither(img, step):
    h, w = img.shape
    parts = [jnp.float32(k / 16) for k in (7, 3, 5, 1)]
    rows = jnp.pad(img.astype(jnp.float32), ((0, 1), (1, 1)))

    def row(carry, y):
        buf = carry
        forward = y % 2 == 0
        d = jnp.where(forward, 1, -1)

        def pixel(k, carry):
            buf, out = carry
            x = jnp.where(forward, k, w - 1 - k)
            old = buf[y, x + 1]
            new = jnp.clip(jnp.round(old / step) * step, 0, 255)
            err = old - new
            buf = buf.at[y, x + 1 + d].add(err * parts[0]).at[y + 1, x + 1 - d].add(err * parts[1])
            buf = buf.at[y + 1, x + 1].add(err * parts[2]).at[y + 1, x + 1 + d].add(err * parts[3])
            return buf, out.at[x].set(new.astype(jnp.int32).astype(jnp.uint8))

        return lax.fori_loop(0, w, pixel, (buf, jnp.zeros(w, jnp.uint8)))

    return lax.scan(row, rows, jnp.arange(h))[1]


def dither(img, levels=2):
    return host(_dither(img, np.float32(255.0 / (levels - 1))))


@jit()
def _flood(image, seed, colour):
    target = image[seed]
    open_ = image == target

    def body(carry):
        filled, _ = carry
        p = jnp.pad(filled, 1)
        grown = (filled | p[:-2, 1:-1] | p[2:, 1:-1] | p[1:-1, :-2] | p[1:-1, 2:]) & open_
        return grown, (grown != filled).any()

    filled, _ = lax.while_loop(
        lambda c: c[1], body, (jnp.zeros_like(open_).at[seed].set(True), target != colour)
    )
    filled = filled & (target != colour)
    return jnp.where(filled, colour, image), filled.sum()


def flood_fill(image, seed, colour):
    out, painted = host(_flood(image, seed, image.dtype.type(colour)))
    image[:] = out
    return int(painted)


@jit()
def _equalise(img):
    hist = jnp.zeros(256, jnp.uint32).at[img.ravel()].add(jnp.uint32(1))
    cdf = hist.cumsum().astype(jnp.int64)
    first = cdf[jnp.argmax(hist > 0)]
    n = img.size
    lut = jnp.round((cdf - first) / (n - first) * 255).astype(jnp.uint8)
    lut = jnp.where((cdf > first), lut, 0).astype(jnp.uint8)
    return jnp.where(first == n, img, lut[img]), hist


def hist_equalise(img):
    return host(_equalise(img))


@jit(static=("count",))
def _carve(img, count):
    h, w = img.shape
    cols = jnp.arange(w)
    big = jnp.iinfo(jnp.int64).max // 2

    def seam(k, carry):
        img, total = carry
        valid = cols < w - k
        e = jnp.zeros((h, w), jnp.int64)
        e = e.at[:, 1:].add(jnp.abs(img[:, 1:] - img[:, :-1]))
        e = e.at[1:].add(jnp.abs(img[1:] - img[:-1]))
        e = jnp.where(valid, e, big)

        def row(up, here):
            stacked = jnp.stack([jnp.append(big, up[:-1]), up, jnp.append(up[1:], big)])
            step = stacked.argmin(axis=0)
            return jnp.where(valid, here + jnp.take_along_axis(stacked, step[None], 0)[0], big), step - 1

        last, back = lax.scan(row, e[0], e[1:])
        at = last.argmin()
        _, above = lax.scan(lambda x, b: (x + b[x], x + b[x]), at, back, reverse=True)
        path = jnp.append(above, at)
        source = jnp.where(cols[None, :] >= path[:, None], cols + 1, cols).clip(0, w - 1)
        return jnp.take_along_axis(img, source, axis=1), total + last.min()

    return lax.fori_loop(0, count, seam, (img.astype(jnp.int64), jnp.int64(0)))


def seam_carving(img, count):
    out, total = host(_carve(img, count))
    return out[:, : img.shape[1] - count].astype(img.dtype), total


@jit(static=("h", "w"))
def _jpeg(image, quant, D, zy, zx, h, w):
    H, W = -(-h // 8) * 8, -(-w // 8) * 8
    padded = jnp.pad(image.astype(jnp.float64) - 128, ((0, H - h), (0, W - w)), "edge")
    blocks = padded.reshape(H // 8, 8, W // 8, 8).transpose(0, 2, 1, 3)
    c = jnp.round(jnp.einsum("ik,abkl,jl->abij", D, blocks, D) / quant)
    tail = c[:, :, zy, zx][:, :, 1:] != 0
    last = jnp.where(tail.any(-1), 63 - jnp.argmax(tail[..., ::-1], -1), 0)
    dc = c[:, :, 0, 0].ravel()
    last = last + (jnp.diff(dc, prepend=0) != 0).reshape(last.shape)
    out = jnp.einsum("ki,abkl,lj->abij", D, c * quant, D).transpose(0, 2, 1, 3).reshape(H, W)[:h, :w]
    return jnp.clip(jnp.rint(out + 128), 0, 255).astype(jnp.uint8), last.astype(jnp.uint8)


def jpeg_blocks(image, quality=50):
    from tests.programs import jpeg_blocks as module

    scale = 5000 / quality if quality < 50 else 200 - 2 * quality
    quant = np.clip(np.floor((module.QUANT * scale + 50) / 100), 1, 255)
    return host(_jpeg(image, quant, module.dct_matrix(), *module.zigzag(), *image.shape))


@jit(static=("n", "steps"))
def _ant(n, steps):
    dys, dxs = jnp.array([-1, 0, 1, 0]), jnp.array([0, 1, 0, -1])

    def body(carry):
        grid, visited, y, x, heading, count, seen = carry
        seen = seen + ~visited[y, x]
        visited = visited.at[y, x].set(True)
        heading = jnp.where(grid[y, x], heading - 1, heading + 1) % 4
        grid = grid.at[y, x].set(~grid[y, x])
        return grid, visited, (y + dys[heading]) % n, (x + dxs[heading]) % n, heading, count + 1, seen

    empty = jnp.zeros((n, n), bool)
    start = empty, empty, n // 2, n // 2, 0, 0, 0
    return lax.while_loop(lambda c: (c[5] < steps) & (c[6] < n * n), body, start)


def langton_ant(n, steps):
    grid, _, y, x, _, count, seen = host(_ant(n, steps))
    return grid, (int(y), int(x)), int(count), int(seen)


@jit()
def _ising(spins, beta, sites, uniforms):
    L = spins.shape[0]
    table = jnp.exp(-beta * jnp.arange(9))

    def flip(carry, site):
        spins, rate = carry
        at, uniform = site
        i, j = at // L, at % L
        nb = spins[(i + 1) % L, j] + spins[i - 1, j] + spins[i, (j + 1) % L] + spins[i, j - 1]
        de = 2 * spins[i, j] * nb
        go = (de <= 0) | (uniform < table[de])
        return (spins.at[i, j].multiply(jnp.where(go, -1, 1)), rate + go), None

    def sweep(carry, xs):
        (spins, rate), _ = lax.scan(flip, carry, xs)
        energy = -(spins * jnp.roll(spins, 1, 0)).sum() - (spins * jnp.roll(spins, 1, 1)).sum()
        return (spins, rate), (spins.mean(), energy)

    (spins, rate), (magnetisation, energy) = lax.scan(sweep, (spins, 0), (sites, uniforms))
    return spins, magnetisation, energy, rate / sites.size


def ising(spins, beta, sites, uniforms):
    out, *results = host(_ising(spins, beta, sites, uniforms))
    spins[:] = out
    return tuple(results)
