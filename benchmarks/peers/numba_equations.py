"""Differential equations, roots and searches, as loops for Numba."""

import math

import numpy as np
from numba import njit


@njit
def _biquad(b, a, x, s1, s2):
    b0, b1, b2 = b
    _, a1, a2 = a
    y = np.empty_like(x)
    for n in range(len(x)):
        v = x[n]
        out = b0 * v + s1
        y[n] = out
        s1 = b1 * v - a1 * out + s2
        s2 = b2 * v - a2 * out
    return y, (s1, s2)


B, A = np.array([0.2, 0.4, 0.2]), np.array([1.0, -0.6, 0.3])


def biquad_instance(x, zi=(0.0, 0.0)):
    return _biquad(B, A, x, *zi)


@njit
def _kepler(mean_anomaly, e):
    n = len(mean_anomaly)
    result, true = np.empty(n), np.empty(n)
    for i in range(n):
        M = mean_anomaly[i]
        lo, hi = M - 1.0, M + 1.0
        flo = lo - e * np.sin(lo) - M
        found = False
        while hi - lo > 1e-10:
            mid = 0.5 * (lo + hi)
            fmid = mid - e * np.sin(mid) - M
            if fmid == 0:
                found = True
                result[i] = mid
                break
            if (flo < 0) != (fmid < 0):
                hi = mid
            else:
                lo, flo = mid, fmid
        if not found:
            result[i] = 0.5 * (lo + hi)
        half = result[i] / 2
        true[i] = 2 * np.arctan2(np.sqrt(1 + e) * np.sin(half), np.sqrt(1 - e) * np.cos(half))
    return result, true


def bisection(mean_anomaly, eccentricity):
    return _kepler(mean_anomaly, eccentricity)


@njit
def _minmod_or_van_leer(a, b, van_leer):
    if van_leer:
        return 2 * (a * b) / (a + b) if a * b > 0 else 0.0
    return 0.5 * (np.sign(a) + np.sign(b)) * min(abs(a), abs(b))


@njit
def _hllc(rL, uL, pL, rR, uR, pR):
    G = 1.4
    aL, aR = np.sqrt(G * pL / rL), np.sqrt(G * pR / rR)
    SL, SR = min(uL - aL, uR - aR), max(uL + aL, uR + aR)
    SM = (pR - pL + rL * uL * (SL - uL) - rR * uR * (SR - uR)) / (rL * (SL - uL) - rR * (SR - uR))
    if SL >= 0 or SM >= 0:
        r, u, p, S, star = rL, uL, pL, SL, SL < 0
    else:
        r, u, p, S, star = rR, uR, pR, SR, SR > 0
    E = p / (G - 1) + 0.5 * r * u * u
    f0, f1, f2 = r * u, r * u * u + p, u * (E + p)
    if star:
        factor = r * (S - u) / (S - SM)
        f0 += S * (factor - r)
        f1 += S * (factor * SM - r * u)
        f2 += S * (factor * (E / r + (SM - u) * (SM + p / (r * (S - u)))) - E)
    return f0, f1, f2


@njit
def _euler_rate(U, dx, van_leer, wall, W, slope, F, out):
    G = 1.4
    n = U.shape[1]
    for i in range(n):
        u = U[1, i] / U[0, i]
        W[0, i + 2], W[1, i + 2], W[2, i + 2] = U[0, i], u, (G - 1) * (U[2, i] - 0.5 * U[1, i] * u)
    for k in range(3):
        for g in range(2):
            W[k, g] = W[k, 3 - g] if wall else W[k, 2]
            W[k, n + 2 + g] = W[k, n + 1 - g] if wall else W[k, n + 1]
            if wall and k == 1:
                W[k, g] *= -1
                W[k, n + 2 + g] *= -1
        for i in range(n + 2):
            slope[k, i] = _minmod_or_van_leer(W[k, i + 1] - W[k, i], W[k, i + 2] - W[k, i + 1], van_leer)
    for i in range(n + 1):
        F[0, i], F[1, i], F[2, i] = _hllc(
            W[0, i + 1] + 0.5 * slope[0, i],
            W[1, i + 1] + 0.5 * slope[1, i],
            W[2, i + 1] + 0.5 * slope[2, i],
            W[0, i + 2] - 0.5 * slope[0, i + 1],
            W[1, i + 2] - 0.5 * slope[1, i + 1],
            W[2, i + 2] - 0.5 * slope[2, i + 1],
        )
    for k in range(3):
        for i in range(n):
            out[k, i] = -(F[k, i + 1] - F[k, i]) / dx


@njit
def _euler(W0, dx, t_end, cfl, van_leer, wall, max_steps):
    G = 1.4
    n = W0.shape[1]
    U = np.empty((3, n))
    U[0], U[1] = W0[0], W0[0] * W0[1]
    U[2] = W0[2] / (G - 1) + 0.5 * W0[0] * W0[1] ** 2
    W, slope, F = np.empty((3, n + 4)), np.empty((3, n + 2)), np.empty((3, n + 1))
    k1, k2, trial = np.empty((3, n)), np.empty((3, n)), np.empty((3, n))
    t, steps = 0.0, 0
    while t < t_end and steps < max_steps:
        fastest = 0.0
        for i in range(n):
            u = U[1, i] / U[0, i]
            p = (G - 1) * (U[2, i] - 0.5 * U[1, i] * u)
            fastest = max(fastest, abs(u) + np.sqrt(G * p / U[0, i]))
        dt = cfl * dx / fastest
        if t + dt > t_end:
            dt = t_end - t
        _euler_rate(U, dx, van_leer, wall, W, slope, F, k1)
        for k in range(3):
            for i in range(n):
                trial[k, i] = U[k, i] + dt * k1[k, i]
        _euler_rate(trial, dx, van_leer, wall, W, slope, F, k2)
        for k in range(3):
            for i in range(n):
                U[k, i] += 0.5 * dt * (k1[k, i] + k2[k, i])
        t += dt
        steps += 1
    out, sums = np.empty((3, n)), np.zeros(3)
    for i in range(n):
        u = U[1, i] / U[0, i]
        out[0, i], out[1, i], out[2, i] = U[0, i], u, (G - 1) * (U[2, i] - 0.5 * U[1, i] * u)
    for k in range(3):
        sums[k] = U[k].sum() * dx
    return out, steps, sums


def euler_muscl(W0, dx, t_end, cfl=0.5, limiter="minmod", wall=False, max_steps=10000):
    return _euler(W0, dx, t_end, cfl, limiter == "vanleer", wall, max_steps)


@njit
def _lorenz_rate(x, y, z, sigma, rho, beta):
    return sigma * (y - x), x * (rho - z) - y, x * y - beta * z


@njit
def _lorenz(x, y, z, t_end, n, sigma, rho, beta):
    h = t_end / n
    ys = np.empty((n + 1, 3))
    ys[0, 0], ys[0, 1], ys[0, 2] = x, y, z
    crossings = 0
    for i in range(n):
        a0, a1, a2 = _lorenz_rate(x, y, z, sigma, rho, beta)
        b0, b1, b2 = _lorenz_rate(x + h / 2 * a0, y + h / 2 * a1, z + h / 2 * a2, sigma, rho, beta)
        c0, c1, c2 = _lorenz_rate(x + h / 2 * b0, y + h / 2 * b1, z + h / 2 * b2, sigma, rho, beta)
        d0, d1, d2 = _lorenz_rate(x + h * c0, y + h * c1, z + h * c2, sigma, rho, beta)
        before = z
        x += h / 6 * (a0 + 2 * b0 + 2 * c0 + d0)
        y += h / 6 * (a1 + 2 * b1 + 2 * c1 + d1)
        z += h / 6 * (a2 + 2 * b2 + 2 * c2 + d2)
        if before < 27.0 <= z:
            crossings += 1
        ys[i + 1, 0], ys[i + 1, 1], ys[i + 1, 2] = x, y, z
    return ys, crossings


def lorenz_rk4(y0, t_end, n, sigma=10.0, rho=28.0, beta=8.0 / 3.0):
    ys, crossings = _lorenz(*map(float, y0), t_end, n, sigma, rho, beta)
    return np.linspace(0, t_end, n + 1), ys, crossings


@njit
def _rosenbrock(x):
    total = 0.0
    for i in range(len(x) - 1):
        total += 100.0 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
    return total


@njit
def _sphere(x):
    total = 0.0
    for v in x:
        total += (v - 0.5) ** 2
    return total


@njit
def _nelder_mead(bowl, x0):
    f = _sphere if bowl else _rosenbrock
    n = x0.size
    simplex, values = np.empty((n + 1, n)), np.empty(n + 1)
    simplex[:] = x0
    for i in range(n):
        simplex[i + 1, i] += 0.5 if x0[i] == 0 else 0.25 * x0[i] + 0.1
    for i in range(n + 1):
        values[i] = f(simplex[i])
    calls, shrinks = n + 1, 0
    while calls < 1000:
        order = np.argsort(values, kind="mergesort")
        simplex, values = simplex[order], values[order]
        if values.max() - values.min() <= 1e-8 and np.max(np.abs(simplex[1:] - simplex[0])) <= 1e-6:
            break
        centre = np.zeros(n)
        for i in range(n):
            centre += simplex[i]
        centre /= n
        worst = simplex[n].copy()
        reflected = centre + (centre - worst)
        fr = f(reflected)
        calls += 1
        if values[0] <= fr < values[n - 1]:
            simplex[n], values[n] = reflected, fr
            continue
        if fr < values[0]:
            expanded = centre + 2 * (centre - worst)
            fe = f(expanded)
            calls += 1
            if fe < fr:
                simplex[n], values[n] = expanded, fe
            else:
                simplex[n], values[n] = reflected, fr
            continue
        if fr < values[n]:
            contracted, bound = centre + 0.5 * (reflected - centre), fr
        else:
            contracted, bound = centre + 0.5 * (worst - centre), values[n]
        fc = f(contracted)
        calls += 1
        if fc < bound:
            simplex[n], values[n] = contracted, fc
        else:
            for i in range(1, n + 1):
                simplex[i] = simplex[0] + 0.5 * (simplex[i] - simplex[0])
                values[i] = f(simplex[i])
            calls += n
            shrinks += 1
    best = np.argmin(values)
    return simplex[best], values[best], calls


def nelder_mead(starts, bowl=False):
    best_x, best_f, total = None, np.inf, 0
    for x0 in starts:
        x, fx, calls = _nelder_mead(bowl, x0)
        total += calls
        if fx < best_f:
            best_x, best_f = x, fx
        if best_f < 1e-10:
            break
    return best_x, best_f, total


@njit
def _pendulum(a0, a1, dt, steps, flips, friction):
    l1, l2, m1, m2, g = 1.0, 0.8, 1.0, 0.7, 9.81
    w0 = w1 = 0.0
    out = np.zeros((steps, 2))
    over0 = over1 = 0
    M = m1 + m2
    for i in range(steps):
        delta = a0 - a1
        c, s = math.cos(delta), math.sin(delta)
        den = M - m2 * c * c
        f1 = -m2 * l2 * w1**2 * s - M * g * math.sin(a0)
        f2 = l1 * w0**2 * s - g * math.sin(a1)
        r0, r1 = (
            (f1 - m2 * c * f2) / (l1 * den) - friction * w0,
            (M * f2 - c * f1) / (l2 * den) - friction * w1,
        )
        w0 += dt * r0
        w1 += dt * r1
        a0 += dt * w0
        a1 += dt * w1
        if flips:
            if a0 > math.pi:
                a0 -= 2 * math.pi
                over0 += 1
            elif a0 <= -math.pi:
                a0 += 2 * math.pi
                over0 += 1
            if a1 > math.pi:
                a1 -= 2 * math.pi
                over1 += 1
            elif a1 <= -math.pi:
                a1 += 2 * math.pi
                over1 += 1
        out[i, 0], out[i, 1] = a0, a1
    return out, (over0, over1)


def pendulum_method(angles, dt, steps, flips=True):
    return _pendulum(*angles, dt, steps, flips, 0.05)


@njit
def _horner(a, z, p, slope):
    for i in range(len(z)):
        p[i], slope[i] = a[0], 0
        for k in range(1, len(a)):
            slope[i] = slope[i] * z[i] + p[i]
            p[i] = p[i] * z[i] + a[k]


@njit
def _durand_kerner(coeffs, tol, max_iter):
    n = len(coeffs) - 1
    a = coeffs / coeffs[0]
    work = np.empty((4, n), np.complex128)
    z, p, slope, delta = work[0], work[1], work[2], work[3]
    for i in range(n):
        z[i] = (0.4 + 0.9j) ** i
    for _ in range(max_iter):
        _horner(a, z, p, slope)
        change = 0.0
        for i in range(n):
            product = 1.0 + 0.0j
            for j in range(n):
                if j != i:
                    product *= z[i] - z[j]
            delta[i] = p[i] / product
            change = max(change, abs(delta[i]))
        for i in range(n):
            z[i] -= delta[i]
        if change < tol:
            break
    _horner(a, z, p, slope)
    return z, slope


def poly_horner(coeffs, tol=1e-12, max_iter=200):
    z, slope = _durand_kerner(coeffs, tol, max_iter)
    return np.sort_complex(z), np.sort(z.real[np.abs(z.imag) < 1e-8]), slope


@njit
def _van_der_pol(mu, y0, y1, t_end, tol, h, max_steps):
    t = 0.0
    k10, k11 = y1, mu * (1.0 - y0**2) * y1 - y0
    accepted = rejected = 0
    ts, trace = [t], [(y0, y1)]
    while t < t_end and accepted + rejected < max_steps:
        h = min(h, t_end - t)
        p, q = y0 + 0.5 * h * k10, y1 + 0.5 * h * k11
        k20, k21 = q, mu * (1.0 - p**2) * q - p
        p, q = y0 + 0.75 * h * k20, y1 + 0.75 * h * k21
        k30, k31 = q, mu * (1.0 - p**2) * q - p
        n0 = y0 + h * (2 / 9 * k10 + 1 / 3 * k20 + 4 / 9 * k30)
        n1 = y1 + h * (2 / 9 * k11 + 1 / 3 * k21 + 4 / 9 * k31)
        k40, k41 = n1, mu * (1.0 - n0**2) * n1 - n0
        e0 = h * (-5 / 72 * k10 + 1 / 12 * k20 + 1 / 9 * k30 - 1 / 8 * k40)
        e1 = h * (-5 / 72 * k11 + 1 / 12 * k21 + 1 / 9 * k31 - 1 / 8 * k41)
        err = math.sqrt(((e0 / (tol + tol * abs(n0))) ** 2 + (e1 / (tol + tol * abs(n1))) ** 2) / 2)
        if err <= 1.0:
            t += h
            y0, y1, k10, k11 = n0, n1, k40, k41
            accepted += 1
            ts.append(t)
            trace.append((y0, y1))
        else:
            rejected += 1
        factor = 5.0 if err == 0.0 else 0.9 * err ** (-1 / 3)
        h *= max(0.2, min(5.0, factor))
    path = np.empty((len(trace), 2))
    for i in range(len(trace)):
        path[i, 0], path[i, 1] = trace[i]
    return np.array(ts), path, (accepted, rejected)


def rk45_adaptive(mu, y0, t_end, tol=1e-6, h=0.1, max_steps=10000):
    ts, path, counts = _van_der_pol(mu, y0[0], y0[1], t_end, tol, h, max_steps)
    return None if sum(counts) >= max_steps else (ts, path, counts)


@njit
def _circle_hyperbola(starts, radius, most, tol):
    n = len(starts)
    found, steps = np.full((n, 2), np.nan), np.zeros(n, np.int64)
    failures = []
    for i in range(n):
        p, q = starts[i]
        done = False
        rescued = 0
        for k in range(most):
            r0, r1 = p**2 + q**2 - radius**2, p * q - 1.0
            steps[i] = k + 100 * rescued
            if max(abs(r0), abs(r1)) < tol:
                done = True
                break
            det = 2 * p * p - 2 * q * q
            if det == 0:  # the step of least norm
                J = np.array([[2 * p, 2 * q], [q, p]])
                step = np.linalg.lstsq(J, np.array([r0, r1]))[0]
                p, q = p - step[0], q - step[1]
                rescued += 1
            else:
                p, q = p - (p * r0 - 2 * q * r1) / det, q - (2 * p * r1 - q * r0) / det
        if done:
            found[i, 0], found[i, 1] = p, q
        else:
            steps[i] = 0
            failures.append(i)
    return found, steps, failures


def safe_newton(starts, radius):
    found, steps, failures = _circle_hyperbola(starts, radius, 40, 1e-12)
    return found, steps, list(failures)


@njit
def _step_halving(y, end, stiffness, tol):
    n = len(y)
    t, h = 0.0, 0.5
    accepted = rejected = 0
    smallest = h
    y, heun = y.copy(), np.empty(n)
    while t < end - 1e-12:
        h = min(h, end - t)
        fine = False
        for _ in range(30):
            ct, cn = np.cos(t), np.cos(t + h)
            error = 0.0
            for i in range(n):
                slope = -stiffness * (y[i] - ct)
                euler = y[i] + h * slope
                heun[i] = y[i] + 0.5 * h * (slope - stiffness * (euler - cn))
                error = max(error, abs(heun[i] - euler))
            if error / tol > 1.0:
                h *= 0.5
                rejected += 1
                smallest = min(smallest, h)
            else:
                y, heun = heun, y
                smallest = min(smallest, h)
                fine = True
                break
        if not fine:
            raise RuntimeError("the step became too small")
        t += h
        h *= 2.0
        accepted += 1
    return y, accepted, rejected, smallest


def step_halving(y, end, stiffness, tol):
    return _step_halving(y, end, stiffness, tol)


@njit
def _nbody_loops(pos, vel, mass, dt, steps, soft):
    n = len(mass)
    acc = np.zeros((n, 3))
    for step in range(steps + 1):
        if step > 0:
            for i in range(n):
                for k in range(3):
                    vel[i, k] += 0.5 * dt * acc[i, k]
                    pos[i, k] += dt * vel[i, k]
        for i in range(n):
            a0 = a1 = a2 = 0.0
            for j in range(n):
                if i == j:
                    continue
                d0, d1, d2 = pos[j, 0] - pos[i, 0], pos[j, 1] - pos[i, 1], pos[j, 2] - pos[i, 2]
                r2 = d0**2 + d1**2 + d2**2 + soft**2
                r3 = r2 * np.sqrt(r2)
                a0 += mass[j] * d0 / r3
                a1 += mass[j] * d1 / r3
                a2 += mass[j] * d2 / r3
            acc[i, 0], acc[i, 1], acc[i, 2] = a0, a1, a2
        if step > 0:
            for i in range(n):
                for k in range(3):
                    vel[i, k] += 0.5 * dt * acc[i, k]
    kinetic = 0.0
    for i in range(n):
        for k in range(3):
            kinetic += mass[i] * vel[i, k] ** 2
    return 0.5 * kinetic


def nbody_loops(pos, vel, mass, dt=0.01, steps=10, soft=0.1):
    return _nbody_loops(pos, vel, mass, dt, steps, soft)


@njit
def _acceleration(x, m, G, eps, out):
    n = len(m)
    out[:] = 0.0
    for i in range(n):
        for j in range(n):
            if i != j:
                d0, d1 = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1]
                r2 = d0 * d0 + d1 * d1 + eps**2
                inv = m[j] / (r2 * np.sqrt(r2))
                out[i, 0] += G * inv * d0
                out[i, 1] += G * inv * d1


@njit
def _energy(x, v, m, G, eps):
    n = len(m)
    potential = kinetic = 0.0
    for i in range(n):
        kinetic += m[i] * (v[i, 0] ** 2 + v[i, 1] ** 2)
        for j in range(n):
            if i != j:
                d0, d1 = x[j, 0] - x[i, 0], x[j, 1] - x[i, 1]
                potential += m[i] * m[j] / np.sqrt(d0 * d0 + d1 * d1 + eps**2)
    return 0.5 * kinetic - 0.5 * G * potential


@njit
def _gravity(G, eps, x, v, m, dt, steps):
    x, v = x.copy(), v.copy()
    n = len(m)
    energies = [_energy(x, v, m, G, eps)]
    a, a_new = np.empty((n, 2)), np.empty((n, 2))
    _acceleration(x, m, G, eps, a)
    for step in range(steps):
        for i in range(n):
            for k in range(2):
                x[i, k] += v[i, k] * dt + 0.5 * a[i, k] * dt**2
        _acceleration(x, m, G, eps, a_new)
        for i in range(n):
            for k in range(2):
                v[i, k] += 0.5 * (a[i, k] + a_new[i, k]) * dt
        a, a_new = a_new, a
        if (step + 1) % 10 == 0:
            energies.append(_energy(x, v, m, G, eps))
    return x, v, np.array(energies)


def nbody_class(law, x, v, m, dt, steps):
    return _gravity(law.G, law.eps, x, v, m, dt, steps)
