"""copy.copy and copy.deepcopy inside traced functions, against plain Python."""

import collections
import copy
import dataclasses
import types
import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both
from tests.tracer_table import Table

cases = Table()
X = np.array([3.0, 1.0, 2.0])
M = np.arange(6.0).reshape(2, 3)
Pair = collections.namedtuple("Pair", "x y")  # noqa: PYI024


class Net:
    def __init__(self, w, inner=None):
        self.w = w
        self.inner = inner
        self.steps = 0


@dataclasses.dataclass
class State:
    x: object
    history: list


class Guarded:
    def __init__(self, x):
        self.x = x

    def __copy__(self):
        return Guarded(self.x + 1)

    def __deepcopy__(self, memo):
        return Guarded(self.x * 2)


class Slotted:
    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x


@cases((X,), (M,), (M.T,), (np.array(2.0),))
def arrays(x):
    y, z = copy.copy(x), copy.deepcopy(x)
    y += 1
    z -= 1
    return x, y, z, copy.copy(y) is y


@cases((M,), (M[:, ::-1],))
def views(x):
    v = copy.deepcopy(x[0])
    v[0] = 9
    return v, x


@cases((2,), (2.5,), (np.float32(2),), (None,), ("a",), ((1, 2.0),))
def values(x):
    return copy.copy(x), copy.deepcopy(x), copy.deepcopy((x, x))


@cases(([X, X, 1.0],), ([X, M, 2.0],))
def lists(items):
    a, b = copy.copy(items), copy.deepcopy(items)
    a[2] = 5.0
    b[0][0] = 7.0
    b.append(b[1])
    return items, a, b, b[0] is b[1], a[0] is items[0]


@cases(({"p": X, "q": [X, {"r": M}]},))
def dicts(d):
    a, b = copy.copy(d), copy.deepcopy(d)
    a["s"] = 1
    b["q"][0] += 1
    b["q"][1]["r"][0, 0] = 9
    return d, a, b, b["q"][0] is b["p"]


@cases((X,))
def tuples(x):
    t = (x, (1, 2), Pair(x, [x]))
    a, b = copy.copy(t), copy.deepcopy(t)
    return a is t, b is t, b[1] is t[1], b[0] is b[2].x, b[2].y[0] is b[0], b, copy.copy(t[2])


@cases((X, 3), (M, 4))
def objects(x, n):
    net = Net(x, Net(x * 2))
    best = copy.deepcopy(net)
    shallow = copy.copy(net)
    for k in range(n):
        net.w = net.w * 0.5
        net.inner.w -= k
        net.steps += 1
    return best.w, best.inner.w, best.steps, shallow.w, shallow.inner is net.inner, best.inner is net.inner


@cases((X, 3), (M, 4), refused="has another form after a step")
def best_object_of_a_loop(x, n):
    net = Net(x)
    best = copy.deepcopy(net)
    for k in range(n):
        net.w = net.w * 0.5 + k
        net.steps += 1
        if net.w.sum() > best.w.sum():
            best = copy.deepcopy(net)
    return best.w, best.steps, best is net


@cases((Net(X, Net(M)),), (Net(M),))
def given_objects(net):
    other = copy.deepcopy(net)
    other.w += 1
    other.steps = 7
    net.w -= 1
    return other, copy.copy(net)


@cases((State(X, [X]),), (types.SimpleNamespace(x=X, history=[X]),))
def dataclass_and_namespace(s):
    other = copy.deepcopy(s)
    other.x[0] = 9
    other.history.append(1.0)
    return other, s, other.history[0] is other.x


@cases((X,))
def ways_of_their_own(x):
    g = Guarded(x)
    return copy.copy(g).x, copy.deepcopy(g).x, copy.deepcopy([g])[0].x


@cases((X,))
def in_a_cycle(x):
    a, b = Net(x), Net(x * 2)
    a.inner, b.inner = b, a
    c = copy.deepcopy(a)
    return c.inner.inner is c, c.inner is b, c.inner.w


@cases(([float(k) for k in range(40)],))
def long_list(items):
    other = copy.deepcopy(items)
    other.append(1.0)
    return other, items, copy.copy(items)


@cases((X, 5))
def best_of_a_loop(x, n):
    best, score = x, 0.0
    for k in range(n):
        x = x * 0.9 + k
        if x.sum() > score:
            best, score = copy.deepcopy(x), x.sum()
        x[0] = -1
    return best, score


@cases((X,))
def slots(x):
    s = Slotted(x)
    other = copy.deepcopy(s)
    other.x[0] = 9
    return s.x, other.x, copy.copy(s).x is x


class Reduced:
    def __reduce__(self):
        return Reduced, ()


@cases((X,), refused="a copy of a Reduced, whose class has __reduce__ of its own")
def reduced(x):
    return copy.deepcopy(Reduced()), x


test_copies = cases.test()


@pytest.mark.parametrize(
    "make", [lambda: np.arange(6.0).reshape(3, 2), lambda: np.asfortranarray(np.ones((3, 2)))]
)
@pytest.mark.parametrize(
    "view", [lambda u: u.reshape(-1), lambda u: u[::-1], lambda u: u[1:, :1], lambda u: u.T]
)
def test_views_of_what_was_computed_in_the_memory_of_an_argument(make, view):
    def f(b):
        u = b * b
        b[:] *= 3
        return view(u), u

    run_both(f, tt.trace(f, strict=True), [make()])


@pytest.mark.parametrize("hold", [lambda u: [u], lambda u: [[u, u]], lambda u: (u, [u])])
def test_lists_of_what_was_computed_in_the_memory_of_an_argument(hold):
    def f(a, b, n):
        u = b.reshape(-1, 1) * n
        for _ in range(n):
            b[a <= 1] = 7
        z = []
        for k in range(n):
            z.append(u if k == 0 else u * k)
        return u, z, hold(u)

    def g(b, n):
        u = b * 2
        b[...] = n
        z = [u]
        for _ in range(n):
            z.append(z[-1] + 1)
        return z

    a, b = np.arange(5), np.arange(5) * 3
    run_both(f, tt.trace(f, strict=True), [a, b, 3])
    run_both(g, tt.trace(g, strict=True), [b, 3])


@pytest.mark.parametrize("b", [np.ones((6, 4)), np.repeat(np.ones((6, 4)), 2, axis=0)[::2]])
def test_views_or_copies_taken_again_and_again(b):
    def twice(b):
        return b.reshape(-1), b.ravel(), b.reshape(-1)[1:]

    def by_number(b):
        u = {}
        for i in range(3):
            u[i] = b.reshape(-1)[i:]
        return u

    def one_of_the_other(b):
        x = b.reshape(-1)
        return x, x.reshape(2, -1), x[1:]

    for f in (twice, by_number, one_of_the_other):
        run_both(f, tt.trace(f, strict=True), [b])


def _one_grows(a, n):
    u = a + 1
    v = u * 1
    for _ in range(n):
        u += 1
    return u, v


def _equal_ones(a, n):
    u = a * 2
    v = a * 2
    if n:
        u[0] = 7
    return v, u[1:], u


def _argument_grows(a, n):
    v, w = a * 1, a.copy()
    for _ in range(n):
        a += 1
    return v, w


def _cast_of_what_is_written(a, n):
    a[1] = 2
    v = a.astype(a.dtype)
    for _ in range(n):
        a[...] = 1
    return v


def _in_lists(a, n):
    u = a + 1
    v = u | 0
    w = [v]
    for i in range(n):
        w.append(u * i)
    for _ in range(n):
        u = u * 1
    return u, v, w


@pytest.mark.parametrize("f", [_one_grows, _equal_ones, _argument_grows, _cast_of_what_is_written, _in_lists])
def test_equal_arrays_stay_apart_where_a_loop_or_branch_changes_nothing(f):
    traced = tt.trace(f, strict=True)
    for a in (np.arange(4), np.arange(8)[::2], np.arange(2)):
        for n in (0, 1, 3):
            run_both(f, traced, [a, n])


@pytest.mark.parametrize(
    "make",
    [
        lambda a, x: np.array(x), lambda a, x: np.arange(x, x), lambda a, x: np.array([x, 1]),
        lambda a, x: np.append(a, x), lambda a, x: np.where(a > 0, x, 0), lambda a, x: np.abs(x), lambda a, x: a + x,
        lambda a, x: np.dot(a, x), lambda a, x: np.repeat(x, 2), lambda a, x: np.cumsum([x, 1]),
    ],
)  # fmt: skip
def test_large_ints_that_become_arrays_after_a_write(make):
    def f(a, x):
        a[1] = 7
        for _ in range(3):
            x = x * x
        return make(a, x)

    traced = tt.trace(f)
    for x in (2, 10**9):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", tt.FallbackWarning)
            run_both(f, traced, [np.arange(4), x])
