"""Objects of libraries, and functions of the user's that libraries call."""

import fractions
import itertools
import operator
import statistics

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1, 2, 0.5, 7])
I = np.array([3, 1, 3, 2, 1, 3])
E = np.array([], dtype=int)
G = np.array([[0, 1], [1, 2], [2, 0], [3, 1], [0, 3]])

M = np.arange(6.0).reshape(2, 3)

CALLS = []


def noisy(t):
    CALLS.append(t)
    return t * t - 2


@case([2.0], refused="CALLS.append")
def impure(a):
    from scipy import optimize

    return optimize.brentq(noisy, 0, a)


@case([2.0], refused="hist.append")
def impure_inner(a):
    from scipy import optimize

    hist = []

    def f(t):
        hist.append(t)
        return t * t - a

    return optimize.brentq(f, 0, a), len(hist)


@case([W])
def sk(x):
    return (
        sorted(x, key=abs),
        sorted(x, key=lambda v: (-v, 1)),
        sorted(enumerate(x), key=lambda p: p[1], reverse=True),
    )


@case([W])
def sk2(x):
    l = [(v, i) for i, v in enumerate(x)]
    l.sort()
    m = [v for v in x]
    m.sort(key=abs, reverse=True)
    return l, m


@case([W])
def it2(x):
    return (
        list(itertools.accumulate(x)),
        list(itertools.accumulate(x, operator.mul)),
        list(itertools.accumulate(x, max, initial=0.0)),
    )


@case([W])
def it3(x):
    return (
        list(itertools.chain(x, x)),
        list(itertools.combinations(range(3), 2)),
        list(itertools.product(x[:2], x[:2])),
    )


@case([W])
def iadd(x):
    operator.iadd(x, 1)
    y = operator.imul(x.sum(), 2)
    return x, y


@case([2.0], [0.0])
def brent(a):
    from scipy import optimize

    return optimize.brentq(lambda t: t**3 - a, -10, 10), optimize.fsolve(lambda t: t * t - a - 1, 1.0)


@case([W])
def mini(x):
    from scipy import optimize

    def cost(p):
        return ((p - x) ** 2).sum()

    r = optimize.minimize(cost, np.zeros(5))
    return r.x.round(4), r.fun < 1, r.success, r.message[:4]


@case([V, W])
def fit(x, y):
    from scipy.optimize import curve_fit

    p, c = curve_fit(lambda t, a, b: a * t + b, x, y)
    return p, c


@case([W])
def ode(x):
    from scipy.integrate import solve_ivp

    s = solve_ivp(lambda t, y: -y * x[0], (0, 1), x, t_eval=np.linspace(0, 1, 4))
    return s.y, s.t, s.success


@case([V, W])
def spline(x, y):
    from scipy.interpolate import CubicSpline, interp1d

    c = CubicSpline(x, y)
    f = interp1d(x, y)
    return c(0.5), c(np.array([0.1, 0.2])), f(1.5), c.derivative()(1.0)


@case([np.random.default_rng(0).normal(size=(6, 2))])
def kd(p):
    from scipy.spatial import KDTree

    t = KDTree(p)
    d, i = t.query(p[0] + 0.1, k=2)
    return d, i


@case([1.0, 2.0])
def dist(m, s):
    from scipy import stats

    n = stats.norm(m, s)
    return n.pdf(0.5), n.cdf(np.array([0.0, 1.0])), n.mean()


@case([[1.0, -3, 2]])
def polyobj(c):
    p = np.poly1d(c)
    return p(2.0), p.roots, p.deriv()(1.0), (p * p).order


@case([3, 4])
def frac(a, b):
    f = fractions.Fraction(a, b)
    return float(f + 1), f.numerator, f * 2 == fractions.Fraction(3, 2)


@case([W])
def stat(x):
    return statistics.mean(x.tolist()), statistics.median(x), statistics.pstdev(x.tolist())


@case([W])
def quadc(x):
    from scipy import integrate

    tot = 0.0
    for k in range(len(x)):
        v, e = integrate.quad(lambda t: t * x[k], 0, 1)
        tot += v
    return tot


@case([np.array([2.0, 0.5])])
def constrained(x):
    from scipy import optimize

    limits = [{"type": "ineq", "fun": lambda p: 1.0 - p[0]}]
    found = optimize.minimize(lambda p: ((p - x) ** 2).sum(), np.zeros(2), constraints=limits, method="SLSQP")
    return found.x.round(5)


@case([2.0], refused="seen.append")
def impure_constraint(a):
    from scipy import optimize

    seen = []
    limits = {"type": "ineq", "fun": lambda p: seen.append(p[0]) or 1.0 - p[0]}
    found = optimize.minimize(lambda p: (p[0] - a) ** 2, 0.0, constraints=limits, method="SLSQP")
    return found.x.round(5), len(seen)


@case([2.0], refused="InterpretedFunction")
def handed_to_what_keeps_it(a):
    import atexit

    return atexit.unregister(lambda: a)


test_same = case.test()
