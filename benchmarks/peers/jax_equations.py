"""Differential equations, roots and bodies for JAX."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from benchmarks.peers.jax_base import host, jit


@jit(static=("n",))
def _lorenz(y, t_end, n, sigma, rho, beta):
    h = t_end / n

    def f(y):
        return jnp.array([sigma * (y[1] - y[0]), y[0] * (rho - y[2]) - y[1], y[0] * y[1] - beta * y[2]])

    def step(carry, _):
        y, crossings = carry
        k1 = f(y)
        k2 = f(y + h / 2 * k1)
        k3 = f(y + h / 2 * k2)
        k4 = f(y + h * k3)
        new = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return (new, crossings + ((y[2] < 27.0) & (new[2] >= 27.0))), new

    (_, crossings), ys = lax.scan(step, (y, 0), None, n)
    return jnp.linspace(0, t_end, n + 1), jnp.concatenate([y[None], ys]), crossings


def lorenz_rk4(y0, t_end, n, sigma=10.0, rho=28.0, beta=8.0 / 3.0):
    return host(_lorenz(np.asarray(y0), t_end, n, sigma, rho, beta))


@jit(static=("room",))
def _van_der_pol(mu, y0, t_end, tol, h, max_steps, room):
    def rhs(y):
        return jnp.array([y[1], mu * (1.0 - y[0] ** 2) * y[1] - y[0]])

    def body(carry):
        t, y, k1, h, accepted, rejected, ts, trace = carry
        h = jnp.minimum(h, t_end - t)
        k2 = rhs(y + 0.5 * h * k1)
        k3 = rhs(y + 0.75 * h * k2)
        new = y + h * (2 / 9 * k1 + 1 / 3 * k2 + 4 / 9 * k3)
        k4 = rhs(new)
        e = h * (-5 / 72 * k1 + 1 / 12 * k2 + 1 / 9 * k3 - 1 / 8 * k4)
        err = jnp.sqrt(jnp.mean((e / (tol + tol * jnp.abs(new))) ** 2))
        good = err <= 1.0
        t = jnp.where(good, t + h, t)
        y, k1 = jnp.where(good, new, y), jnp.where(good, k4, k1)
        accepted, rejected = accepted + good, rejected + ~good
        factor = jnp.where(err == 0.0, 5.0, 0.9 * err ** (-1 / 3))
        h = h * jnp.maximum(0.2, jnp.minimum(5.0, factor))
        return t, y, k1, h, accepted, rejected, ts.at[accepted].set(t), trace.at[accepted].set(y)

    ts, trace = jnp.zeros(room), jnp.zeros((room, 2)).at[0].set(y0)
    start = 0.0, y0, rhs(y0), h, 0, 0, ts, trace
    return lax.while_loop(lambda c: (c[0] < t_end) & (c[4] + c[5] < max_steps), body, start)


def rk45_adaptive(mu, y0, t_end, tol=1e-6, h=0.1, max_steps=10000):
    *_, accepted, rejected, ts, trace = host(_van_der_pol(mu, y0, t_end, tol, h, max_steps, max_steps + 1))
    if accepted + rejected >= max_steps:
        return None
    return ts[: accepted + 1], trace[: accepted + 1], (int(accepted), int(rejected))


@jit()
def _step_halving(y, end, stiffness, tol):
    def body(carry):
        y, t, h, accepted, rejected, smallest = carry
        h = jnp.minimum(h, end - t)
        slope = -stiffness * (y - jnp.cos(t))
        euler = y + h * slope
        heun = y + 0.5 * h * (slope - stiffness * (euler - jnp.cos(t + h)))
        good = jnp.abs(heun - euler).max() / tol <= 1.0
        smallest = jnp.minimum(smallest, jnp.where(good, h, h * 0.5))
        return (
            jnp.where(good, heun, y),
            jnp.where(good, t + h, t),
            jnp.where(good, h * 2.0, h * 0.5),
            accepted + good,
            rejected + ~good,
            smallest,
        )

    y, _, _, accepted, rejected, smallest = lax.while_loop(
        lambda c: c[1] < end - 1e-12, body, (y, 0.0, 0.5, 0, 0, 0.5)
    )
    return y, accepted, rejected, smallest


def step_halving(y, end, stiffness, tol):
    return host(_step_halving(y, end, stiffness, tol))


@jit(static=("steps", "flips"))
def _pendulum(a, dt, steps, flips, friction):
    l1, l2, m1, m2, g = 1.0, 0.8, 1.0, 0.7, 9.81
    M = m1 + m2

    def forces(a, w):
        delta = a[0] - a[1]
        c, s = jnp.cos(delta), jnp.sin(delta)
        den = M - m2 * c * c
        f1 = -m2 * l2 * w[1] ** 2 * s - M * g * jnp.sin(a[0])
        f2 = l1 * w[0] ** 2 * s - g * jnp.sin(a[1])
        return jnp.array([(f1 - m2 * c * f2) / (l1 * den), (M * f2 - c * f1) / (l2 * den)]) - friction * w

    def step(carry, _):
        a, w, over = carry
        w = w + dt * forces(a, w)
        a = a + dt * w
        if flips:
            high, low = a > jnp.pi, a <= -jnp.pi
            a = jnp.where(high, a - 2 * jnp.pi, jnp.where(low, a + 2 * jnp.pi, a))
            over = over + (high | low)
        return (a, w, over), a

    (_, _, over), out = lax.scan(step, (a, jnp.zeros(2), jnp.zeros(2, int)), None, steps)
    return out, over


def pendulum_method(angles, dt, steps, flips=True):
    out, over = host(_pendulum(np.array(angles), dt, steps, flips, 0.05))
    return out, tuple(over.tolist())


@jit()
def _biquad(b, a, x, s1, s2):
    def step(carry, v):
        s1, s2 = carry
        out = b[0] * v + s1
        return (b[1] * v - a[1] * out + s2, b[2] * v - a[2] * out), out

    carry, y = lax.scan(step, (s1, s2), x)
    return y, carry


def biquad_instance(x, zi=(0.0, 0.0)):
    return host(_biquad(np.array([0.2, 0.4, 0.2]), np.array([1.0, -0.6, 0.3]), x, *zi))


@jit()
def _kepler(M, e):
    def f(E):
        return E - e * jnp.sin(E) - M

    def body(carry):
        lo, hi, flo = carry
        mid = 0.5 * (lo + hi)
        fmid = f(mid)
        going = hi - lo > 1e-10
        left = (flo < 0) != (fmid < 0)
        exact = fmid == 0
        new_lo = jnp.where(exact | ~left, mid, lo)
        new_hi = jnp.where(exact | left, mid, hi)
        return (
            jnp.where(going, new_lo, lo),
            jnp.where(going, new_hi, hi),
            jnp.where(going & ~left & ~exact, fmid, flo),
        )

    start = M - 1.0, M + 1.0, f(M - 1.0)
    lo, hi, _ = lax.while_loop(lambda c: (c[1] - c[0] > 1e-10).any(), body, start)
    E = 0.5 * (lo + hi)
    true = 2 * jnp.arctan2(jnp.sqrt(1 + e) * jnp.sin(E / 2), jnp.sqrt(1 - e) * jnp.cos(E / 2))
    return E, true


def bisection(mean_anomaly, eccentricity):
    return host(_kepler(mean_anomaly, eccentricity))


@jit(static=("depth",))
def _fresnel(ts, tol, depth):
    def simpson(fa, fm, fb, width):
        return width / 6.0 * (fa + 4.0 * fm + fb)

    def integrate(f, b):
        first = jnp.array([0.0, 0.0, 0.0, 0.0])
        whole = simpson(f(0.0), f(0.5 * b), f(b), b)
        stack = jnp.zeros((depth + 2, 4)).at[0].set(first.at[1].set(b).at[2].set(whole).at[3].set(tol))

        def body(carry):
            stack, sp, total, calls = carry
            sp = sp - 1
            left, right, whole, eps = stack[sp]
            mid = 0.5 * (left + right)
            fl, fm, fr = f(left), f(mid), f(right)
            l = simpson(fl, f(0.5 * (left + mid)), fm, mid - left)
            r = simpson(fm, f(0.5 * (mid + right)), fr, right - mid)
            delta = l + r - whole
            done = (jnp.abs(delta) <= 15 * eps) | (sp + 2 > depth)
            halves = jnp.array([[left, mid, l, eps / 2], [mid, right, r, eps / 2]])
            stack = lax.dynamic_update_slice(stack, halves, (sp, 0))
            total = jnp.where(done, total + (l + r + delta / 15), total)
            return stack, jnp.where(done, sp, sp + 2), total, calls + 5

        _, _, total, calls = lax.while_loop(lambda c: c[1] > 0, body, (stack, 1, 0.0, 3))
        return total, calls

    def both(t):
        s, n1 = integrate(lambda x: jnp.sin(0.5 * jnp.pi * x * x), t)
        c, n2 = integrate(lambda x: jnp.cos(0.5 * jnp.pi * x * x), t)
        return jnp.stack([s, c]), n1 + n2

    out, work = lax.map(both, ts)
    return out, work.sum()


def adaptive_simpson(ts, tol=1e-8):
    return host(_fresnel(ts, tol, 50))


def _euler_parts(G):
    def primitive(U):
        u = U[1] / U[0]
        return jnp.stack([U[0], u, (G - 1) * (U[2] - 0.5 * U[1] * u)])

    def conserved(W):
        return jnp.stack([W[0], W[0] * W[1], W[2] / (G - 1) + 0.5 * W[0] * W[1] ** 2])

    def flux(W):
        r, u, p = W
        return jnp.stack([r * u, r * u * u + p, u * (p / (G - 1) + 0.5 * r * u * u + p)])

    return primitive, conserved, flux


@jit(static=("van_leer", "wall", "max_steps"))
def _euler(W0, dx, t_end, cfl, van_leer, wall, max_steps):
    G = 1.4
    primitive, conserved, flux = _euler_parts(G)

    def hllc(WL, WR):
        (rL, uL, pL), (rR, uR, pR) = WL, WR
        aL, aR = jnp.sqrt(G * pL / rL), jnp.sqrt(G * pR / rR)
        SL, SR = jnp.minimum(uL - aL, uR - aR), jnp.maximum(uL + aL, uR + aR)
        SM = (pR - pL + rL * uL * (SL - uL) - rR * uR * (SR - uR)) / (rL * (SL - uL) - rR * (SR - uR))

        def star(W, S):
            r, u, p = W
            E = p / (G - 1) + 0.5 * r * u**2
            factor = r * (S - u) / (S - SM)
            state = jnp.stack([factor, factor * SM, factor * (E / r + (SM - u) * (SM + p / (r * (S - u))))])
            return flux(W) + S * (state - conserved(W))

        right = jnp.where(SR > 0, star(WR, SR), flux(WR))
        return jnp.where(SL >= 0, flux(WL), jnp.where(SM >= 0, star(WL, SL), right))

    def rate(U):
        W = primitive(U)
        if wall:
            sign = jnp.array([1.0, -1.0, 1.0])[:, None]
            W = jnp.concatenate([sign * W[:, 1::-1], W, sign * W[:, :-3:-1]], axis=1)
        else:
            W = jnp.pad(W, ((0, 0), (2, 2)), mode="edge")
        d = jnp.diff(W, axis=1)
        a, b = d[:, :-1], d[:, 1:]
        if van_leer:
            slope = jnp.where(a * b > 0, 2 * a * b / jnp.where(a * b > 0, a + b, 1.0), 0.0)
        else:
            slope = 0.5 * (jnp.sign(a) + jnp.sign(b)) * jnp.minimum(jnp.abs(a), jnp.abs(b))
        F = hllc(W[:, 1:-2] + 0.5 * slope[:, :-1], W[:, 2:-1] - 0.5 * slope[:, 1:])
        return -(F[:, 1:] - F[:, :-1]) / dx

    def body(carry):
        U, t, n = carry
        r, u, p = primitive(U)
        dt = cfl * dx / (jnp.abs(u) + jnp.sqrt(G * p / r)).max()
        dt = jnp.minimum(dt, t_end - t)
        k1 = rate(U)
        k2 = rate(U + dt * k1)
        return U + 0.5 * dt * (k1 + k2), t + dt, n + 1

    start = conserved(W0), 0.0, 0
    U, _, n = lax.while_loop(lambda c: (c[1] < t_end) & (c[2] < max_steps), body, start)
    return primitive(U), n, U.sum(axis=1) * dx


def euler_muscl(W0, dx, t_end, cfl=0.5, limiter="minmod", wall=False, max_steps=10000):
    return host(_euler(W0, dx, t_end, cfl, limiter == "vanleer", wall, max_steps))


@jit()
def _newton2(starts, radius, most, tol):
    def f(p):
        return jnp.array([p[0] ** 2 + p[1] ** 2 - radius**2, p[0] * p[1] - 1.0])

    def solve(p):
        def body(carry):
            p, k, rescued, _ = carry
            r = f(p)
            J = jnp.array([[2 * p[0], 2 * p[1]], [p[1], p[0]]])
            det = J[0, 0] * J[1, 1] - J[0, 1] * J[1, 0]
            singular = jnp.abs(det) <= 1e-15 * (J**2).sum()  # det may be rounded once less than in NumPy
            plain = jnp.linalg.solve(jnp.where(singular, jnp.eye(2), J), r)
            step = jnp.where(singular, J.T @ r / (J**2).sum(), plain)  # of rank one: the step of least norm
            new = p - step
            return new, k + 1, rescued + singular, jnp.abs(f(new)).max()

        start = p, 0, 0, jnp.abs(f(p)).max()
        return lax.while_loop(lambda c: (c[1] < most) & (c[3] >= tol), body, start)

    p, k, rescued, _ = jax.vmap(solve)(starts)
    return p, k, rescued


def safe_newton(starts, radius):
    found, k, rescued = host(_newton2(starts, radius, 40, 1e-12))
    failed = k >= 40
    found = np.where(failed[:, None], np.nan, found)
    return found, np.where(failed, 0, k + 100 * rescued), np.flatnonzero(failed).tolist()


@jit()
def _nbody(pos, vel, mass, dt, steps, soft):
    def accelerations(pos):
        d = pos[None] - pos[:, None]
        r2 = (d**2).sum(-1) + soft**2
        return ((mass / (r2 * jnp.sqrt(r2)))[..., None] * d).sum(1)

    def step(_, carry):
        pos, vel, acc = carry
        vel = vel + 0.5 * dt * acc
        pos = pos + dt * vel
        acc = accelerations(pos)
        return pos, vel + 0.5 * dt * acc, acc

    pos, vel, _ = lax.fori_loop(0, steps, step, (pos, vel, accelerations(pos)))
    return pos, vel, 0.5 * (mass[:, None] * vel**2).sum()


def nbody_loops(pos, vel, mass, dt=0.01, steps=10, soft=0.1):
    pos[:], vel[:], kinetic = host(_nbody(pos, vel, mass, dt, steps, soft))
    return kinetic


@jit(static=("steps",))
def _gravity(G, eps, x, v, m, dt, steps):
    off = 1 - jnp.eye(len(m))

    def pairs(x):
        d = x[None] - x[:, None]
        return d, (d * d).sum(-1) + eps**2

    def acceleration(x):
        d, r2 = pairs(x)
        return G * jnp.einsum("ij,ijk,j->ik", r2**-1.5 * off, d, m)

    def energy(x, v):
        _, r2 = pairs(x)
        return 0.5 * (m * (v**2).sum(1)).sum() - 0.5 * G * (m[:, None] * m * off / jnp.sqrt(r2)).sum()

    def step(_, carry):
        x, v, a = carry
        x = x + v * dt + 0.5 * a * dt**2
        new = acceleration(x)
        return x, v + 0.5 * (a + new) * dt, new

    def ten(carry, _):
        carry = lax.fori_loop(0, 10, step, carry)
        return carry, energy(*carry[:2])

    start = x, v, acceleration(x)
    carry, energies = lax.scan(ten, start, None, steps // 10)
    x_end, v_end, _ = lax.fori_loop(0, steps % 10, step, carry)
    return x_end, v_end, jnp.append(energy(x, v), energies)


def nbody_class(law, x, v, m, dt, steps):
    return host(_gravity(law.G, law.eps, x, v, m, dt, steps))


@jit(static=("ncell", "steps", "every"))
def _molecules(pos, vel, box, dt, rc, ncell, steps, every, target):
    n = len(pos)
    rc2 = rc * rc
    upper = jnp.triu(jnp.ones((n, n), bool), 1)

    def forces(pos):
        d = pos[:, None] - pos[None]
        d = d - box * jnp.round(d / box)
        r2 = (d**2).sum(-1)
        near = (r2 < rc2) & (r2 > 0)
        inv2 = 1.0 / jnp.where(near, r2, 1.0)
        inv6 = inv2**3
        shift = 1.0 / rc2**3
        e = jnp.where(near, 4.0 * (inv6 * (inv6 - 1.0) - shift * (shift - 1.0)), 0.0)
        f = jnp.where(near, 24.0 * inv6 * (2.0 * inv6 - 1.0) * inv2, 0.0)
        counted = upper & (e != 0)
        return (f[..., None] * d).sum(1), jnp.where(upper, e, 0.0).sum(), counted.sum()

    def step(carry, s):
        pos, vel, f, _ = carry
        vel = vel + 0.5 * dt * f
        pos = (pos + dt * vel) % box
        f, potential, pairs = forces(pos)
        vel = vel + 0.5 * dt * f
        kinetic = 0.5 * jnp.sum(vel * vel)
        scale = jnp.where(((s + 1) % every == 0) & (kinetic > 0), jnp.sqrt(target * n / kinetic), 1.0)
        vel = jnp.where(target >= 0, vel * scale, vel)
        return (pos, vel, f, pairs), kinetic + potential

    f, _, pairs = forces(pos)
    (pos, vel, _, pairs), energies = lax.scan(step, (pos, vel, f, pairs), jnp.arange(steps))
    return pos, vel, energies, pairs


def md_cells(pos, vel, box, dt=0.002, steps=10, rc=2.5, thermostat=None, every=5):
    target = -1.0 if thermostat is None else thermostat
    pos[:], vel[:], energies, pairs = host(
        _molecules(pos, vel, box, dt, rc, max(int(box / rc), 1), steps, every, target)
    )
    return energies, int(pairs)


@jit()
def _implied(quotes, S, K, T, r, tol):
    def cdf(x):
        t = 1.0 / (1.0 + 0.2316419 * jnp.abs(x))
        poly = t * (
            0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429)))
        )
        tail = 0.3989422804014327 * jnp.exp(-0.5 * x * x) * poly
        return jnp.where(x > 0, 1.0 - tail, tail)

    def parts(vol):
        sq = vol * jnp.sqrt(T)
        d1 = (jnp.log(S / K) + (r + 0.5 * vol**2) * T) / sq
        return d1, d1 - sq, K * jnp.exp(-r * T)

    def diff(vol):
        d1, d2, disc = parts(vol)
        return S * cdf(d1) - disc * cdf(d2) - quotes, S * jnp.sqrt(T) * 0.3989422804014327 * jnp.exp(
            -(d1**2) / 2
        )

    def body(carry):
        vol, n, d, vega = carry
        vol = jnp.clip(vol - d / jnp.maximum(vega, 1e-6), 0.01, 2.0)
        return vol, n + 1, *diff(vol)

    vol = jnp.full_like(quotes, 0.3)
    start = vol, 0, *diff(vol)
    vol, n, *_ = lax.while_loop(lambda c: (c[1] < 30) & (jnp.abs(c[2]).max() >= tol), body, start)
    d1, d2, disc = parts(vol)
    return vol, disc * cdf(-d2) - S * cdf(-d1), n


def black_scholes(quotes, S, K, T, r, tol=1e-7):
    return host(_implied(quotes, S, K, T, r, tol))


@jit(static=("N",))
def _binomial(S, K, T, r, sigma, N):
    dt = T / N
    u = jnp.exp(sigma * jnp.sqrt(dt))
    d = 1 / u
    q = (jnp.exp(r * dt) - d) / (u - d)
    disc = jnp.exp(-r * dt)
    up = jnp.arange(0, N + 1)
    prices = S * d ** (N - up) * u**up

    def back(carry, i):
        values, prices = carry
        held = disc * (q * jnp.roll(values, -1) + (1 - q) * values)
        prices = jnp.roll(prices, -1) * d
        exercise = K - prices
        early = (exercise > held) & (up <= i)
        boundary = jnp.where(early, prices, -jnp.inf).max()
        return (jnp.where(early, exercise, held), prices), jnp.where(early.any(), boundary, jnp.nan)

    (values, _), boundary = lax.scan(back, (jnp.maximum(K - prices, 0), prices), jnp.arange(N), reverse=True)
    return values[0], boundary


def binomial_option(S, K, T, r, sigma, N):
    return host(_binomial(S, K, T, r, sigma, N))
