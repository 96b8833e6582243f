"""Functions that traced functions make: kept in containers, selected, decorated and returned."""

import functools

import numpy as np

import tracetensor as tt
from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1, 2, 0.5, 7])
I = np.array([3, 1, 3, 2, 1, 3])
E = np.array([], dtype=int)
G = np.array([[0, 1], [1, 2], [2, 0], [3, 1], [0, 3]])


@case([3.0])
def late_bound(a):
    fs = [lambda x: x * i + a for i in range(3)]
    return [f(2.0) for f in fs]


@case([3.0])
def late_bound_long(a):
    fs = [lambda x: x * i + a for i in range(20)]
    return [f(2.0) for f in fs]


@case([3.0])
def early_bound(a):
    fs = [lambda x, i=i: x * i + a for i in range(6)]
    return [f(2.0) for f in fs]


@case([3.0, 4], [3.0, 0], [2.0, 7])
def late_bound_loop(a, n):
    fs = []
    for i in range(n):
        fs.append(lambda x, i=i: x * i + a)
    return sum(f(2.0) for f in fs)


@case([3.0])
def dict_lams(a):
    d = {k: (lambda x: x * k + a) for k in (1, 2, 3)}
    return d[1](2.0), d[3](1.0)


@case([W])
def nested_comp_lambda(x):
    fs = [(lambda: (i, j)) for i in range(2) for j in range(2)]
    return [f() for f in fs], [g(1.0) for g in [lambda v: v + x[0]]]


@case([W])
def gen_lams(x):
    return sum(f(2.0) for f in (lambda v, c=c: v * c for c in x))


@case([W])
def decorated(x):
    def twice(f):
        @functools.wraps(f)
        def g(*a):
            return f(f(*a))

        return g

    @twice
    def h(v):
        "doc"
        return v * 2

    return h(x), h.__name__, h.__doc__


@case([W, 2.0])
def partial_methods(x, k):
    fs = [functools.partial(np.multiply, k), x.dot, np.add.reduce, lambda v: v + k]
    return [f(x) for f in fs]


test_same = case.test()


@case([W])
def defined_in_a_loop(p):
    u, total = np.array([1.0, 0.0]), 0.0
    for _ in range(30):

        def slope(u):
            return np.array([u[1], -p[0] * u[0] - p[1] * u[1]])

        u = u + 0.1 * slope(u)
        total += u[0] ** 2
    return total


@case([W])
def defined_in_a_loop_and_called_behind_it(p):
    total = 0.0
    for k in range(20):

        def scaled(u):
            return u * p[0] + k

        total = scaled(total) * 0.1
    return total, scaled(1.0)


@case([W])
def defined_in_a_while(p):
    total = 0.0
    while total < 10:

        def more(u):
            return u * p[0] + 1

        total = total + more(total)
    return total


@case([W], [E])
def defined_in_a_loop_that_may_not_run(v):
    result = abs
    for x in v:

        def result(y):  # noqa: F811 - one or the other
            return y + x

    return result(2.0)


def test_returned():
    def make(x, k):
        n = 0

        def f(y):
            nonlocal n
            n += 1
            return y * k + x.sum() + n

        def get():
            return n

        return f, get

    t = tt.trace(make, strict=True)
    for _ in range(2):
        f, g = t(W, 2.0)
        f0, g0 = make(W, 2.0)
        assert f(1.0) == f0(1.0) and f(1.0) == f0(1.0) and g() == g0() == 2, (f(1.0), g())
        assert f.__name__ == "f" and f.__qualname__ == f0.__qualname__ and f.__code__ is f0.__code__

    def rec(k):
        def fact(n, *, m=1):
            return k * m if n <= 0 else n * fact(n - 1)

        return fact

    assert tt.trace(rec, strict=True)(3)(4) == rec(3)(4)

    def branch(x):
        if x > 0:
            f = lambda v: v + x
        else:
            f = lambda v: v - x
        return f

    b = tt.trace(branch, strict=True)
    assert b(2.0)(1.0) == branch(2.0)(1.0) and b(-2.0)(1.0) == branch(-2.0)(1.0)

    def poly(c):
        return (
            lambda t: sum(a * t**i for i, a in enumerate(c)),
            [lambda: i for i in range(2)],
            {"f": np.sin, "g": lambda: c},
        )

    p = tt.trace(poly, strict=True)(W)
    q = poly(W)
    assert p[0](2.0) == q[0](2.0) and p[1][0]() == 1 and p[2]["g"]() is W

    def local(x):
        y = x * 2
        return lambda: y

    l = tt.trace(local, strict=True)
    a = l(W)()
    assert (a == W * 2).all()

    def part(x):
        return functools.partial(np.add, x.sum())

    assert tt.trace(part, strict=True)(W)(1) == part(W)(1)

    def meth(x):
        return x.sum

    assert tt.trace(meth, strict=True)(W)() == W.sum()
