"""Programs on grids and images, as loops for Numba."""

import numpy as np
from numba import njit


@njit
def _heat1d(u, steps, k):
    n = u.shape[0]
    old = np.empty_like(u)
    for _ in range(steps):
        old[:] = u
        for i in range(1, n - 1):
            u[i] = old[i] + k * (old[i + 1] - 2 * old[i] + old[i - 1])
    return u.sum()


def heat1d(u, steps, k):
    return _heat1d(u, steps, k)


@njit
def _heat2d(u0, dx, dt, alpha, steps, periodic, source, with_source):
    u = u0.copy()
    n, m = u.shape
    lap = np.zeros_like(u)
    heat_in = 0.0
    total = source.sum()
    for step in range(steps):
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                lap[i, j] = (u[i + 1, j] + u[i - 1, j] + u[i, j + 1] + u[i, j - 1] - 4.0 * u[i, j]) / dx**2
        for i in range(n):
            for j in range(m):
                u[i, j] += alpha * dt * lap[i, j]
        if with_source and step % 2 == 0:
            for i in range(n):
                for j in range(m):
                    u[i, j] += dt * source[i, j]
            heat_in += dt * total
        if periodic:
            u[0, :] = u[n - 2, :]
            u[n - 1, :] = u[1, :]
            u[:, 0] = u[:, m - 2]
            u[:, m - 1] = u[:, 1]
        else:
            u[0, :] = u[1, :]
            u[n - 1, :] = u[n - 2, :]
            u[:, 0] = u[:, 1]
            u[:, m - 1] = u[:, m - 2]
    return u, heat_in


def heat2d(u0, cfg, source=None):
    assert cfg.courant() <= 0.25, "unstable"
    given = u0 if source is None else source
    return _heat2d(u0, cfg.dx, cfg.dt, cfg.alpha, cfg.steps, cfg.periodic, given, source is not None)


@njit
def _wave1d(u0, c, dt, dx, nsteps):
    r2 = (c * dt / dx) ** 2
    n = u0.shape[0]
    u_prev, u, u_next = u0.copy(), u0.copy(), np.empty_like(u0)
    for i in range(1, n - 1):
        u[i] = u0[i] + 0.5 * r2 * (u0[i + 1] - 2 * u0[i] + u0[i - 1])
    energy = np.zeros(nsteps)
    for step in range(nsteps):
        u_next[0] = 0.0
        u_next[n - 1] = 0.0
        for i in range(1, n - 1):
            u_next[i] = 2 * u[i] - u_prev[i] + r2 * (u[i + 1] - 2 * u[i] + u[i - 1])
        kinetic = strain = 0.0
        for i in range(n):
            v = (u_next[i] - u_prev[i]) / (2 * dt)
            kinetic += v * v
        for i in range(n - 1):
            strain += (u[i + 1] - u[i]) ** 2
        energy[step] = 0.5 * kinetic * dx + 0.5 * c**2 * strain / dx
        u_prev, u, u_next = u, u_next, u_prev
    return u, energy


def wave1d(u0, c, dt, dx, nsteps):
    return _wave1d(u0, c, dt, dx, nsteps)


@njit
def _cavity(nt, u, v, dt, dx, dy, p, rho, nu, nit):
    n, m = p.shape
    un, vn, pn, b = np.empty_like(u), np.empty_like(v), np.empty_like(p), np.zeros_like(p)
    residuals = []
    for _ in range(nt):
        un[:] = u
        vn[:] = v
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                ux = (u[i, j + 1] - u[i, j - 1]) / (2 * dx)
                vy = (v[i + 1, j] - v[i - 1, j]) / (2 * dy)
                uy = (u[i + 1, j] - u[i - 1, j]) / (2 * dy)
                vx = (v[i, j + 1] - v[i, j - 1]) / (2 * dx)
                b[i, j] = rho * (1 / dt * (ux + vy) - ux**2 - 2 * (uy * vx) - vy**2)
        for _ in range(nit):
            pn[:] = p
            for i in range(1, n - 1):
                for j in range(1, m - 1):
                    p[i, j] = (
                        (pn[i, j + 1] + pn[i, j - 1]) * dy**2 + (pn[i + 1, j] + pn[i - 1, j]) * dx**2
                    ) / (2 * (dx**2 + dy**2)) - dx**2 * dy**2 / (2 * (dx**2 + dy**2)) * b[i, j]
            p[:, m - 1] = p[:, m - 2]
            p[0, :] = p[1, :]
            p[:, 0] = p[:, 1]
            p[n - 1, :] = 0
        for i in range(1, n - 1):
            for j in range(1, m - 1):
                u[i, j] = (
                    un[i, j]
                    - un[i, j] * dt / dx * (un[i, j] - un[i, j - 1])
                    - vn[i, j] * dt / dy * (un[i, j] - un[i - 1, j])
                    - dt / (2 * rho * dx) * (p[i, j + 1] - p[i, j - 1])
                    + nu
                    * (
                        dt / dx**2 * (un[i, j + 1] - 2 * un[i, j] + un[i, j - 1])
                        + dt / dy**2 * (un[i + 1, j] - 2 * un[i, j] + un[i - 1, j])
                    )
                )
                v[i, j] = (
                    vn[i, j]
                    - un[i, j] * dt / dx * (vn[i, j] - vn[i, j - 1])
                    - vn[i, j] * dt / dy * (vn[i, j] - vn[i - 1, j])
                    - dt / (2 * rho * dy) * (p[i + 1, j] - p[i - 1, j])
                    + nu
                    * (
                        dt / dx**2 * (vn[i, j + 1] - 2 * vn[i, j] + vn[i, j - 1])
                        + dt / dy**2 * (vn[i + 1, j] - 2 * vn[i, j] + vn[i - 1, j])
                    )
                )
        u[0, :] = 0
        u[:, 0] = 0
        u[:, m - 1] = 0
        u[n - 1, :] = 1
        v[0, :] = 0
        v[n - 1, :] = 0
        v[:, 0] = 0
        v[:, m - 1] = 0
        change = 0.0
        for i in range(n):
            for j in range(m):
                change += (u[i, j] - un[i, j]) ** 2
        change = np.sqrt(change / (n * m))
        residuals.append(change)
        if change < 1e-6:
            break
    return residuals


def cavity_flow(nt, u, v, dt, dx, dy, p, rho, nu, nit=20):
    residuals = _cavity(nt, u, v, dt, dx, dy, p, rho, nu, nit)
    return u, v, p, list(residuals)


@njit
def _reflect(h, hu, hv):
    n, m = h.shape
    for f in (h, hu, hv):
        f[0, :] = f[1, :]
        f[n - 1, :] = f[n - 2, :]
        f[:, 0] = f[:, 1]
        f[:, m - 1] = f[:, m - 2]
    hu[0, :] *= -1
    hu[n - 1, :] *= -1
    hv[:, 0] *= -1
    hv[:, m - 1] *= -1


@njit
def _shallow(h, hu, hv, t_end, dx, cfl):
    g = 9.81
    n, m = h.shape
    q = np.empty((3, n, m))
    fx, fy = np.empty((3, n, m)), np.empty((3, n, m))
    t, steps = 0.0, 0
    _reflect(h, hu, hv)
    while t < t_end:
        top = 0.0
        for i in range(n):
            for j in range(m):
                speed = max(abs(hu[i, j]), abs(hv[i, j])) / h[i, j] + np.sqrt(g * h[i, j])
                top = max(top, speed)
        dt = min(cfl * dx / top, t_end - t)
        for i in range(n):
            for j in range(m):
                a, b, c = h[i, j], hu[i, j], hv[i, j]
                u, v = b / a, c / a
                q[0, i, j], q[1, i, j], q[2, i, j] = a, b, c
                fx[0, i, j], fx[1, i, j], fx[2, i, j] = b, b * u + 0.5 * g * a * a, c * u
                fy[0, i, j], fy[1, i, j], fy[2, i, j] = c, b * v, c * v + 0.5 * g * a * a
        for k, w in enumerate((h, hu, hv)):
            for i in range(1, n - 1):
                for j in range(1, m - 1):
                    mean = 0.25 * (q[k, i + 1, j] + q[k, i - 1, j] + q[k, i, j + 1] + q[k, i, j - 1])
                    w[i, j] = mean - dt / (2 * dx) * (
                        (fx[k, i + 1, j] - fx[k, i - 1, j]) + (fy[k, i, j + 1] - fy[k, i, j - 1])
                    )
        _reflect(h, hu, hv)
        t += dt
        steps += 1
    return steps


def shallow_water(state, t_end, dx=1.0, cfl=0.4):
    state["steps"] = _shallow(state["h"], state["hu"], state["hv"], t_end, dx, cfl)
    return state


@njit
def _perona(img, niter, kappa, gamma, option):
    h, w = img.shape
    out = img.astype(np.float32)
    kappa, gamma, one = np.float32(kappa), np.float32(gamma), np.float32(1)
    south, east = np.zeros((h, w), np.float32), np.zeros((h, w), np.float32)
    for _ in range(niter):
        for y in range(h):
            for x in range(w):
                ds = out[y + 1, x] - out[y, x] if y + 1 < h else np.float32(0)
                de = out[y, x + 1] - out[y, x] if x + 1 < w else np.float32(0)
                qs, qe = ds / kappa, de / kappa
                if option == 1:
                    south[y, x] = np.exp(-(qs * qs)) * ds
                    east[y, x] = np.exp(-(qe * qe)) * de
                else:
                    south[y, x] = one / (one + qs * qs) * ds
                    east[y, x] = one / (one + qe * qe) * de
        for y in range(h):
            for x in range(w):
                ns, ew = south[y, x], east[y, x]
                if y > 0:
                    ns -= south[y - 1, x]
                if x > 0:
                    ew -= east[y, x - 1]
                out[y, x] += gamma * (ns + ew)
    return out


def perona_malik(img, niter=10, kappa=0.1, gamma=0.2, option=1):
    return _perona(img, niter, kappa, gamma, option)


@njit
def _sobel_grey(image):
    h, w, _ = image.shape
    weights = (np.float32(0.299), np.float32(0.587), np.float32(0.114))
    grey = np.empty((h, w), np.float32)
    for y in range(h):
        for x in range(w):
            total = np.float32(0)
            for c in range(3):
                total += np.float32(image[y, x, c]) * weights[c]
            grey[y, x] = total / np.float32(255)
    return grey


@njit
def _sobel(image, low, high):
    h, w, _ = image.shape
    grey = _sobel_grey(image)
    gx, gy, mag = np.empty_like(grey), np.empty_like(grey), np.empty_like(grey)
    two = np.float32(2)
    top = np.float32(0)
    for y in range(h):
        a, b = max(y - 1, 0), min(y + 1, h - 1)
        for x in range(w):
            left, right = max(x - 1, 0), min(x + 1, w - 1)
            gx[y, x] = (
                -grey[a, left] + grey[a, right] - two * grey[y, left] + two * grey[y, right] - grey[b, left]
            ) + grey[b, right]
            gy[y, x] = (
                -grey[a, left] - two * grey[a, x] - grey[a, right] + grey[b, left] + two * grey[b, x]
            ) + grey[b, right]
            mag[y, x] = np.hypot(gx[y, x], gy[y, x])
            top = max(top, mag[y, x])
    strong, weak = np.zeros((h, w), np.bool_), np.zeros((h, w), np.bool_)
    stack = np.empty((h * w, 2), np.int64)
    size = 0
    if top > 0:
        for y in range(h):
            for x in range(w):
                mag[y, x] /= top
    zero = np.float32(0)
    for y in range(h):
        for x in range(w):
            here = mag[y, x]
            if abs(gx[y, x]) >= abs(gy[y, x]):
                before = mag[y, x - 1] if x > 0 else zero
                after = mag[y, x + 1] if x + 1 < w else zero
            else:
                before = mag[y - 1, x] if y > 0 else zero
                after = mag[y + 1, x] if y + 1 < h else zero
            thin = here if here >= before and here >= after else zero
            weak[y, x] = thin > np.float32(low)
            if thin > np.float32(high):
                strong[y, x] = True
                stack[size] = y, x
                size += 1
    while size > 0:
        size -= 1
        y, x = stack[size]
        for yy in range(max(y - 1, 0), min(y + 2, h)):
            for xx in range(max(x - 1, 0), min(x + 2, w)):
                if weak[yy, xx] and not strong[yy, xx]:
                    strong[yy, xx] = True
                    stack[size] = yy, xx
                    size += 1
    return strong.astype(np.uint8) * np.uint8(255)


def sobel_edges(image, low=0.1, high=0.3):
    return _sobel(image, low, high)


@njit
def _resize(img, nh, nw):
    h, w, channels = img.shape
    out = np.empty((nh, nw, channels), np.uint8)
    for i in range(nh):
        y = (i + 0.5) * h / nh - 0.5
        y0 = int(np.floor(y))
        fy = y - y0
        ya, yb = min(max(y0, 0), h - 1), min(max(y0 + 1, 0), h - 1)
        for j in range(nw):
            x = (j + 0.5) * w / nw - 0.5
            x0 = int(np.floor(x))
            fx = x - x0
            xa, xb = min(max(x0, 0), w - 1), min(max(x0 + 1, 0), w - 1)
            for c in range(channels):
                top = img[ya, xa, c] * (1 - fx) + img[ya, xb, c] * fx
                bottom = img[yb, xa, c] * (1 - fx) + img[yb, xb, c] * fx
                value = np.rint(top * (1 - fy) + bottom * fy)
                out[i, j, c] = np.uint8(min(max(value, 0.0), 255.0))
    return out


def resize_bilinear(img, levels=3):
    out = [img]
    for _ in range(levels):
        h, w = out[-1].shape[:2]
        out.append(_resize(out[-1], max(h // 2, 1), max(w // 2, 1)))
    return out


@njit
def _skin(rgb, hue):
    n, m, _ = rgb.shape
    mask = np.zeros((n, m), np.bool_)
    count = 0
    top, bottom, left, right = n, -1, m, -1
    scale, one, six = np.float32(255), np.float32(1), np.float32(6)
    for y in range(n):
        for x in range(m):
            r = np.float32(rgb[y, x, 0]) / scale
            g = np.float32(rgb[y, x, 1]) / scale
            b = np.float32(rgb[y, x, 2]) / scale
            v = max(r, g, b)
            delta = v - min(r, g, b)
            s = delta / v if v > 0 else np.float32(0)
            h = np.float32(0)
            if delta != 0:
                if r == v:
                    h = (g - b) / delta
                elif g == v:
                    h = np.float32(2) + (b - r) / delta
                else:
                    h = np.float32(4) + (r - g) / delta
            h = (h / six) % one
            if h < np.float32(hue) and np.float32(0.2) < s and s < np.float32(0.7):
                mask[y, x] = True
                count += 1
                top, bottom = min(top, y), max(bottom, y)
                left, right = min(left, x), max(right, x)
    return mask, count, top, bottom, left, right


def rgb_to_hsv(rgb, hue=0.1, pad=1):
    mask, count, top, bottom, left, right = _skin(rgb, hue)
    if not count:
        return mask, 0.0, None
    return mask, count / mask.size, (max(top - pad, 0), bottom + pad, max(left - pad, 0), right + pad)


@njit
def _life(board, generations):
    n, m = board.shape
    board, new = board.copy(), np.empty_like(board)
    population = []
    for g in range(generations):
        same = True
        count = 0
        for y in range(n):
            up, down = (y - 1) % n, (y + 1) % n
            for x in range(m):
                left, right = (x - 1) % m, (x + 1) % m
                near = (
                    int(board[up, left])
                    + board[up, x]
                    + board[up, right]
                    + board[y, left]
                    + board[y, right]
                    + board[down, left]
                    + board[down, x]
                    + board[down, right]
                )
                alive = near == 3 or (board[y, x] and near == 2)
                new[y, x] = alive
                count += alive
                same = same and alive == board[y, x]
        if same:
            return board, g, population
        board, new = new, board
        population.append(count)
    return board, generations, population


def life(board, generations):
    return _life(board, generations)


@njit
def _conv_layer(x, w, b, stride, slope):
    c_out, c_in, kh, kw = w.shape
    _, h, wd = x.shape
    pad = 1
    oh, ow = (h + 2 * pad - kh) // stride + 1, (wd + 2 * pad - kw) // stride + 1
    y = np.empty((c_out, oh, ow), x.dtype)
    for o in range(c_out):
        for i in range(oh):
            for j in range(ow):
                total = b[o]
                for c in range(c_in):
                    for k in range(kh):
                        row = i * stride + k - pad
                        if row < 0 or row >= h:
                            continue
                        for m in range(kw):
                            col = j * stride + m - pad
                            if 0 <= col < wd:
                                total += x[c, row, col] * w[o, c, k, m]
                y[o, i, j] = total * slope if total < 0 else total
    return y


@njit
def _max_pool(x, k):
    c, h, w = x.shape
    out = np.empty((c, h // k, w // k), x.dtype)
    for o in range(c):
        for i in range(h // k):
            for j in range(w // k):
                best = x[o, i * k, j * k]
                for a in range(k):
                    for b in range(k):
                        best = max(best, x[o, i * k + a, j * k + b])
                out[o, i, j] = best
    return out


@njit
def _softmax_head(x, classes):
    features = np.empty(x.shape[0], x.dtype)
    for c in range(x.shape[0]):
        features[c] = x[c].mean()
    logits = classes @ features
    p = np.exp(logits - logits.max())
    return p / p.sum()


def conv_net(image, layers, classes):
    x = image
    for layer in layers:
        x = _conv_layer(x, layer["w"], layer["b"], layer["stride"], np.float32(0.01))
        if layer["pool"]:
            x = _max_pool(x, 2)
    return _softmax_head(x, classes)
