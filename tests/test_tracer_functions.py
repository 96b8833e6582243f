"""Calls of the user's own functions, closures, methods and globals, traced against plain."""

import collections
import dataclasses
import functools

import numpy as np

import tracetensor as tt
from tests.compare import run_both
from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1.0, 2.0, 0.5, 7.0])
I = np.arange(5)


def double(x):
    return x * 2


def clamp(x, low=0.0, high=1.0):
    if x < low:
        return low
    if x > high:
        return high
    return x


def first_above(x, t):
    for k in range(len(x)):
        if x[k] > t:
            return k
    return -1


def scale_in_place(x, c):
    x *= c


def star(*args, **kwargs):
    total = 0
    for a in args:
        total = total + a
    for name, v in kwargs.items():
        total = total + v * len(name)
    return total, len(args), list(kwargs)


def keyword_only(x, *, scale=2, shift):
    return x * scale + shift


def positional_only(x, /, y=3):
    return x - y


def default_mutable(x, acc=None):
    if acc is None:
        acc = []
    acc.append(x)
    return acc


def factorial(n):
    return 1 if n <= 1 else n * factorial(n - 1)


def divide(a, b):
    return a // b


def generator(n):
    for k in range(n):
        yield k * 2


@case([V], [3], [2.5])
def helper(x):
    return double(double(x)) + double(1)


@case([0.5], [-1.0], [3.0], [2])
def helper_early_return(x):
    return clamp(x), clamp(x, high=2), clamp(high=0.25, x=x)


@case([W, 1.0], [W, 100.0])
def helper_with_loop(x, t):
    return first_above(x, t), first_above(x[::-1], t + 1)


@case([W])
def helper_in_loop(x):
    s = 0.0
    for v in x:
        s += clamp(v, -0.5, 2.0)
    return s


@case([W, 3])
def helper_loop_in_loop(x, n):
    s = 0
    for k in range(n):
        s += first_above(x, k)
    return s


@case([W])
def helper_writes(x):
    scale_in_place(x, 2)
    scale_in_place(x[1:3], -1)
    return x


@case([1, 2.5], [V, 1])
def star_arguments(x, y):
    args = (x, y)
    return star(*args), star(x, *[y, y], a=x, bb=y), star(**{"c": x})


@case([1, 2.5])
def sorted_keywords(x, y):
    def names(**kwargs):
        return sorted(kwargs)

    return names(b=x, a=y)


@case([1.5], [V])
def keyword_only_call(x):
    return (
        keyword_only(x, shift=1),
        keyword_only(x, scale=x, shift=0),
        positional_only(x),
        positional_only(x, y=1),
    )


@case([1.5])
def missing_keyword(x):
    return keyword_only(x)


@case([1.5])
def too_many_arguments(x):
    return double(x, 1)


@case([1.5])
def default_list(x):
    return default_mutable(x), default_mutable(x, [1])


@case([5, 2], [5, 0])
def raises_in_helper(a, b):
    return divide(a, b)


@case([5])
def recursion(n):
    return factorial(n)


@case([5, 1.0])
def static_recursion(n, x):
    def power(k):
        return x if k == 0 else power(k - 1) * 2

    return power(3)


@case([2.0], [V])
def lambdas(x):
    f = lambda v, k=3: v * k
    g = lambda *a: a[0] + a[-1]
    return f(x), f(x, 2), g(x, x, 1), (lambda: x)()  # noqa: PLC3002


@case([2.0], [V])
def closure(x):
    y = x + 1

    def inner(z):
        return y * z

    y = y * 2
    return inner(3)


@case([2.0], [V])
def closure_nonlocal(x):
    total = 0

    def add(v):
        nonlocal total
        total = total + v
        return total

    add(x)
    add(x)
    return total, add(1)


@case([V])
def closure_writes_array(x):
    def put(k, v):
        x[k] = v

    put(0, 9)
    put(1, x[0] + 1)
    return x


@case([3])
def late_binding(n):
    fs = [lambda: k for k in range(3)]
    gs = [lambda k=k: k * n for k in range(3)]
    return [f() for f in fs], [g() for g in gs]


@case([3, 2.0])
def make_adder(n, x):
    def adder(k):
        def add(v):
            return v + k + n

        return add

    f, g = adder(1), adder(x)
    return f(10), g(10)


@case([2.0], [V])
def partial(x):
    f = functools.partial(clamp if type(x) is float else keyword_only, x)
    return f(high=1.5) if type(x) is float else f(shift=1)


@case([W])
def map_filter_reduce(x):
    a = list(map(double, x))
    b = [v for v in filter(lambda v: v > 1, x)]
    c = functools.reduce(lambda p, q: p * 2 + q, x)
    return a, b, c


@case([W])
def sort_by_key(x):
    items = [(v, k) for k, v in enumerate(x)]
    return max(items, key=lambda t: t[0]), min(x, key=abs), max(x)


@case([1.0], [V])
def function_as_argument(x):
    def apply(f, v, times):
        for _ in range(times):
            v = f(v)
        return v

    return apply(double, x, 3), apply(lambda v: v - 1, x, 2), apply(np.negative, x, 1)


@case([3])
def over_own_generator(n):
    s = 0
    for v in generator(3):
        s += v * n
    return s, list(generator(2))


@case([1.0], [V])
def nested_functions_share(x):
    state = [x]

    def push(v):
        state.append(state[-1] + v)

    for k in range(3):
        push(k)
    return state


# Objects ------------------------------------------------------------------------------------------------------------


class Model:
    rate = 0.5
    counts = [1, 2]

    def __init__(self, w, b=0.0):
        self.w = w
        self.b = b
        self.steps = 0
        self.log = []

    def __call__(self, x):
        return self.predict(x)

    def predict(self, x):
        return x * self.w + self.b

    def step(self, x):
        self.w = self.w + self.rate * x
        self.steps += 1
        return self

    def step_in_place(self, x):
        self.w += self.rate * x

    def record(self, v):
        self.log.append(v)

    @property
    def norm(self):
        return (self.w * self.w).sum()

    @norm.setter
    def norm(self, v):
        self.w = self.w * v

    @staticmethod
    def helper(x):
        return x + 1

    @classmethod
    def make(cls, x):
        return cls(x, cls.rate)

    def __add__(self, other):
        return Model(self.w + other.w, self.b + other.b)

    def __getitem__(self, k):
        return self.w[k]

    def __len__(self):
        return len(self.w)

    def __eq__(self, other):
        return isinstance(other, Model) and bool(np.all(self.w == other.w))

    __hash__ = None


class Child(Model):
    rate = 2.0

    def predict(self, x):
        return super().predict(x) * 2


@dataclasses.dataclass
class Point:
    x: float
    y: float = 1.0

    def length(self):
        return (self.x**2 + self.y**2) ** 0.5


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: np.ndarray
    k: int = 2


class Slotted:
    __slots__ = ("a", "n")

    def __init__(self, a, n):
        self.a, self.n = a, n

    def __eq__(self, other):  # for the comparison of arguments: there is no __dict__
        return np.array_equal(self.a, other.a) and type(self.n) is type(other.n) and self.n == other.n

    __hash__ = None


Pair = collections.namedtuple("Pair", "left right")  # noqa: PYI024


def model(w=V):
    return Model(w.copy())


@case([Child(W.copy(), 1), V])
@case([model(), V], [Model(2.0, 1), 3.0])
def method_call(m, x):
    return m.predict(x), m(x), m.helper(x)


@case([model(), V])
def attribute_written(m, x):
    m.b = x.sum()
    m.steps += 1
    return m.predict(x)


@case([model(), V])
def attribute_rebound(m, x):
    m.step(x).step(x)
    return m.w, m.steps


@case([model(), V])
def attribute_array_written(m, x):
    m.step_in_place(x)
    m.w[0] = 100
    return m.w


@case([model(), V])
def attribute_in_loop(m, x):
    for _ in range(3):
        m.step(x)
    return m


@case([model(), V])
def attribute_list(m, x):
    m.record(x[0])
    m.record(2)
    m.log[0] += 1
    return len(m.log), m.log


@case([model(), V], [Child(V.copy()), V])
def attribute_in_branch(m, x):
    if x[1] > 0:
        m.b = 5
    else:
        m.w = x
    return m.b


@case([model()])
def properties(m):
    a = m.norm
    m.norm = 2.0
    return a, m.norm, m.w


@case([V])
def object_made(x):
    m = Model(x, 1)
    m.step(x)
    return m.predict(2), m.w


@case([V])
def object_returned(x):
    m = Model(x)
    m.b = 3
    return m


@case([V])
def class_method(x):
    return Model.make(x).b, Child.make(x).b, Model.rate, Child.counts


@case([model(), model(W)], [model(), model()])
def operators_on_objects(a, b):
    c = a + b
    return c.w, a[1], len(a), a == b


@case([Point(3.0, 4.0)], [Point(1, 2)])
def dataclass_argument(p):
    p.x += 1
    return p.length()


@case([3.0])
def dataclass_made(x):
    p = Point(x)
    q = Point(x, y=p.length())
    return q, p.length()


@case([3.0])
def dataclasses_compared(x):
    return Point(x) == Point(x, y=x)


@case([Frozen(V)], [Frozen(V, 3)])
def frozen_dataclass(p):
    p.a[0] = p.k
    return p.a * p.k


@case([V])
def dataclass_replace(x):
    p = Frozen(x)
    return dataclasses.replace(p, k=5)


@case([Slotted(V.copy(), 2)])
def slots(s):
    s.n += 1
    s.a[0] = s.n
    return s.a


@case([Pair(V, 2)], [Pair(1, 2.0)])
def namedtuple_argument(p):
    return p.left * p.right, p, p._replace(left=0), Pair(right=1, left=p.left)


@case([V])
def getattr_setattr(x):
    p = Point(1.0, 2.0)
    setattr(p, "x", x.sum())
    return getattr(p, "x"), getattr(p, "z", -1), hasattr(p, "y")


@case([[Point(1.0), Point(2.0)]])
def list_of_objects(ps):
    total = 0.0
    for p in ps:
        p.y = total
        total += p.x
    return total


@case([{"m": model(), "k": 2}, V])
def dict_of_objects(d, x):
    d["m"].b = d["k"]
    return d["m"].predict(x)


test_same = case.test()


# Globals ------------------------------------------------------------------------------------------------------------

SCALE = 2
ARRAY = np.arange(3.0)
TABLE = [1, 2, 3]
SETTINGS = {"rate": 0.5, "mode": "a"}
COUNTER = 0


def test_global_scalar_changes(monkeypatch):
    f = tt.trace(lambda x: x * SCALE, strict=True)
    for value in (2, 3, 2.5, np.float32(4), V, -1):
        monkeypatch.setitem(globals(), "SCALE", value)
        run_both(lambda x: x * SCALE, f, [V])


def test_global_array_changes(monkeypatch):
    def plain(x):
        return x + ARRAY

    f = tt.trace(plain, strict=True)
    run_both(plain, f, [np.ones(3)])
    ARRAY[0] += 5
    run_both(plain, f, [np.ones(3)])
    monkeypatch.setitem(globals(), "ARRAY", np.ones(1, dtype=int))
    run_both(plain, f, [np.ones(3)])
    monkeypatch.setitem(globals(), "ARRAY", np.float64(2))
    run_both(plain, f, [np.ones(3)])


def test_global_array_written(monkeypatch):
    def plain(x):
        ARRAY[0] += x
        return ARRAY.sum()

    f = tt.trace(plain, strict=True)
    for call in range(3):
        results = []
        for g in (plain, f):
            mine = np.arange(3.0)
            monkeypatch.setitem(globals(), "ARRAY", mine)
            results.append((g(call + 0.5), mine))
        assert results[0][0] == results[1][0]
        assert np.array_equal(results[0][1], results[1][1])


def test_global_array_returned():
    f = tt.trace(lambda x: (ARRAY, ARRAY[1:]), strict=True)
    whole, part = f(1)
    assert whole is ARRAY
    assert part.base is ARRAY


def test_global_is_argument():
    def plain(x):
        x[0] = 7
        return ARRAY[0] + 0, x is ARRAY

    f = tt.trace(plain, strict=True)
    for g in (plain, f):
        ARRAY[0] = 0
        assert g(ARRAY) == (7, True)
        ARRAY[0] = 0
        assert g(ARRAY.copy()) == (0, False)


def test_global_list_changes(monkeypatch):
    def plain(x):
        return x + sum(TABLE) + len(TABLE)

    f = tt.trace(plain, strict=True)
    for value in ([1, 2, 3], [1, 2, 4], [1, 2], [1.5], []):
        monkeypatch.setitem(globals(), "TABLE", value)
        run_both(plain, f, [V])
    TABLE.append(9)
    run_both(plain, f, [V])


def test_global_list_written():
    def plain(x):
        TABLE.append(x)
        return len(TABLE)

    f = tt.trace(plain, strict=True)
    before = len(TABLE)
    assert f(5) == before + 1
    assert f(6) == before + 2
    assert TABLE[-2:] == [5, 6]


def test_global_dict_changes(monkeypatch):
    def plain(x):
        return x * SETTINGS["rate"] if SETTINGS["mode"] == "a" else -x

    f = tt.trace(plain, strict=True)
    for key, value in (("rate", 0.5), ("rate", 0.25), ("mode", "b"), ("rate", 3), ("mode", "a")):
        monkeypatch.setitem(SETTINGS, key, value)
        run_both(plain, f, [V])


def test_global_function_changes(monkeypatch):
    def plain(x):
        return double(x)

    f = tt.trace(plain, strict=True)
    run_both(plain, f, [V])
    monkeypatch.setitem(globals(), "double", lambda x: x * 20)
    run_both(plain, f, [V])


def test_helper_global_changes(monkeypatch):
    def plain(x):
        return uses_scale(x)

    f = tt.trace(plain, strict=True)
    for value in (2, 3):
        monkeypatch.setitem(globals(), "SCALE", value)
        run_both(plain, f, [V])


def uses_scale(x):
    return x * SCALE


def test_global_statement(monkeypatch):
    def plain(x):
        global COUNTER
        COUNTER += 1
        return x + COUNTER

    f = tt.trace(plain, strict=True)
    results = []
    for g in (plain, f):
        monkeypatch.setitem(globals(), "COUNTER", 0)
        results.append(([g(1), g(1), g(1)], COUNTER))
    assert results[0] == results[1] == ([2, 3, 4], 3)
    assert len(f.graphs) == 1


def test_closure_cell_changes():
    k = 2
    a = np.arange(3.0)

    def plain(x):
        return x * k + a

    f = tt.trace(plain, strict=True)
    run_both(plain, f, [1.0])
    k = 3
    run_both(plain, f, [1.0])
    a = np.arange(4)
    run_both(plain, f, [1.0])
    k = np.ones(4)
    run_both(plain, f, [1.0])


def test_closure_cell_written():
    results = []
    for wrap in (lambda g: g, lambda g: tt.trace(g, strict=True)):
        count = 0

        def plain(x):
            nonlocal count
            count += 1
            return x + count

        f = wrap(plain)
        results.append(([f(1), f(1), f(2.5)], count))
    assert results[0] == results[1] == ([2, 3, 5.5], 3)


def test_bound_method():
    m = Model(V.copy())
    f = tt.trace(m.predict, strict=True)
    run_both(m.predict, f, [2.0])
    m.b = 7
    run_both(m.predict, f, [2.0])
    m.w = 3
    run_both(m.predict, f, [2.0])


def test_callable_object():
    m = Model(V.copy())
    f = tt.trace(m, strict=True)
    run_both(m, f, [2.0])
    m.b = 7
    run_both(m, f, [2.0])


def test_class_attribute_changes(monkeypatch):
    def plain(m, x):
        return m.rate * x

    f = tt.trace(plain, strict=True)
    m = Model(1.0)
    run_both(plain, f, [m, 2.0])
    monkeypatch.setattr(Model, "rate", 5)
    run_both(plain, f, [m, 2.0])
    m.rate = 6.5
    run_both(plain, f, [m, 2.0])


def test_method_decorated():
    class Thing:
        def __init__(self, k):
            self.k = k

        @tt.trace
        def f(self, x):
            return x * self.k

    assert Thing(2).f(3) == 6
    assert Thing(4.0).f(3) == 12.0


def test_traced_calls_traced():
    inner = tt.trace(lambda x: x + 1, strict=True)

    def plain(x):
        return inner(x) * 2

    run_both(plain, tt.trace(plain, strict=True), [V])


def test_arguments_by_keyword():
    def plain(x, /, y=2, *rest, z, **others):
        return x * y + sum(rest) + z - others.get("w", 0)

    f = tt.trace(plain, strict=True)
    run_both(plain, f, [V], {"z": 1})
    run_both(plain, f, [V, 3, 4, 5], {"z": 1.5})
    run_both(plain, f, [V, 3], {"z": 1, "w": 2})
    run_both(plain, f, [V], {})
    run_both(plain, f, [], {"z": 1})
    run_both(plain, f, [V], {"z": 1, "x": 3})


def test_default_changes():
    def plain(x, k=2, a=np.ones(2)):
        a[0] += 1
        return x * k + a

    f = tt.trace(plain, strict=True)
    assert f(1.0).tolist() == [4.0, 3.0]
    assert f(1.0).tolist() == [5.0, 3.0]
    plain.__defaults__ = (5, np.zeros(2))
    assert f(1.0).tolist() == [6.0, 5.0]
