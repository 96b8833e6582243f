"""Classes of the user's: special methods, descriptors, dataclasses, enums, objects made, merged and carried."""

import dataclasses
import enum
import functools
import itertools
import types
from typing import NamedTuple

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(4.0)


@dataclasses.dataclass
class Point:
    x: float
    y: float = 1.0

    def __add__(self, other):
        if not isinstance(other, Point):
            return NotImplemented
        return Point(self.x + other.x, self.y + other.y)

    def __mul__(self, k):
        return Point(self.x * k, self.y * k)

    __rmul__ = __mul__

    def __neg__(self):
        return Point(-self.x, -self.y)

    def __abs__(self):
        return (self.x**2 + self.y**2) ** 0.5

    def moved(self, h):
        return Point(self.x + h * self.y, self.y)


class Interval:
    def __init__(self, low, high):
        self.low, self.high = low, high

    def __contains__(self, v):
        return self.low <= v <= self.high

    def __bool__(self):
        return self.low < self.high

    def __len__(self):
        return 2

    def __getitem__(self, k):
        return (self.low, self.high)[k]

    def __setitem__(self, k, v):
        if k == 0:
            self.low = v
        else:
            self.high = v

    def __lt__(self, other):
        return self.high < other.low

    def __iadd__(self, v):
        self.low += v
        self.high += v
        return self

    def __float__(self):
        return float(self.high - self.low)

    def __index__(self):
        return 2

    def __call__(self, t):
        return self.low + t * (self.high - self.low)

    def __repr__(self):
        return f"[{self.low}, {self.high}]"


class Base:
    kind = "base"

    def __init__(self, w):
        self.w = w
        self.calls = 0

    def forward(self, x):
        self.calls += 1
        return x * self.w

    @classmethod
    def unit(cls):
        return cls(1.0)

    @staticmethod
    def twice(x):
        return x * 2


class Mixin:
    def forward(self, x):
        return super().forward(x) + self.offset


class Shifted(Mixin, Base):
    kind = "shifted"

    def __init__(self, w, offset):
        super().__init__(w)
        self.offset = offset

    @property
    def scale(self):
        return self.w / 2

    @scale.setter
    def scale(self, v):
        self.w = v * 2

    @functools.cached_property
    def square(self):
        return self.w * self.w


class Positive:
    def __set_name__(self, owner, name):
        self.name = "_" + name

    def __get__(self, owner, cls):
        return getattr(owner, self.name)

    def __set__(self, owner, value):
        if value < 0:
            raise ValueError("negative")
        setattr(owner, self.name, value)


class Checked:
    size = Positive()

    def __init__(self, size):
        self.size = size

    def __getattr__(self, name):
        if name == "double":
            return self.size * 2
        raise AttributeError(name)


class Logged:
    def __init__(self):
        object.__setattr__(self, "writes", 0)
        self.value = 0.0

    def __setattr__(self, name, v):
        object.__setattr__(self, "writes", self.writes + 1)
        super().__setattr__(name, v)


class Slots:
    __slots__ = ("a", "b")

    def __init__(self, a):
        self.a = a

    def __eq__(self, other):
        return self.a == other.a

    __hash__ = None


@dataclasses.dataclass(frozen=True)
class Fixed:
    x: float
    tags: list = dataclasses.field(default_factory=list)
    total: float = dataclasses.field(init=False)

    def __post_init__(self):
        object.__setattr__(self, "total", self.x * 2)


class Mode(enum.Enum):
    FAST = 1
    EXACT = 2

    def factor(self):
        return self.value * 10


class Pair(NamedTuple):
    a: float
    b: float = 2.0

    def total(self):
        return self.a + self.b

    @property
    def half(self):
        return self.a / 2


@case([Point(1.0, 2.0), 3.0], [Point(1, 2), 3])
def arithmetic(p, k):
    return p + p * k, k * p, -p, abs(p), p == Point(1.0, 2.0), p != p + p


@case([Point(1.0), 2])
def no_operator(p, k):
    return p + k


@case([Point(1.0), 2], [Point(1.0), 0])
def no_operator_in_branch(p, k):
    return p - p if k > 1 else k


@case([1.0, 3.0, 2.0], [1.0, 3.0, 5.0], [3.0, 1.0, 2.0])
def protocols(low, high, v):
    i = Interval(low, high)
    j = Interval(high + 1, high + 2)
    return v in i, bool(i), len(i), i[0], i < j, i > j, float(i), i(0.5), not i


@case([Interval(1.0, 2.0), 0.5], [Interval(1, 2), 3])
def protocols_that_write(i, v):
    before = i
    i += v
    i[0] = v
    i[1] += 1
    return before is i, i.low, i.high, list(range(4))[i]


@case([Interval(1.0, 2.0), 0.5])
def text(i, v):
    i.low = v
    return str(i), f"{i} and {i!r}", repr(Point(v))


@case([Shifted(2.0, 1), V], [Shifted(2, 0.5), 3.0])
def inheritance(m, x):
    y = m.forward(x)
    return y, m.calls, m.kind, type(m).__name__, isinstance(m, Base), m.twice(2), type(m).__mro__[1] is Mixin


@case([2.0], [3])
def properties_of_made(x):
    m = Shifted(x, 1)
    m.scale = x + 1
    first = m.square
    m.w = 0
    return m.scale, first, m.square, m


@case([Shifted(2.0, 1), 2.0])
def property_of_argument(m, x):
    m.scale = x
    return m.scale, m.w, m.square


@case([3.0])
def class_and_static_methods(x):
    b = Base.unit()
    return b.forward(x), Base.twice(x), Shifted(x, 1).twice(1)


@case([Checked(2.0), 3.0], [Checked(1), 2], [Checked(1), -2])
def descriptors(c, v):
    c.size = v
    return c.size, c.double, getattr(c, "double", None)


@case([Checked(2.0), 3.0], refused="is caught")
def own_getattr_raises(c, v):
    return getattr(c, "other", None), hasattr(c, "third")


@case([Logged(), 2.0])
def own_setattr(c, v):
    c.value = v
    c.value += 1
    return c.value, c.writes


@case([Slots(1.0), 2.0], [Slots(1), 2])
def slots(s, v):
    s.a += v
    s.b = s.a
    had = hasattr(s, "b")
    del s.b
    return s.a, had, hasattr(s, "b")


@case([Slots(1.0), 2.0])
def slots_refuse(s, v):
    s.c = v


@case([2.0])
def slots_made(v):
    s = Slots(v)
    s.b = v
    return [s, s]


@case([2.0])
def frozen(v):
    f = Fixed(v)
    f.tags.append(v)
    g = dataclasses.replace(f, x=v + 1)
    return f.total, g.total, g.tags is f.tags, dataclasses.asdict(g), dataclasses.astuple(f)


@case([2.0], [-2.0])
def frozen_written(v):
    f = Fixed(v)
    if v > 0:
        f.x = 3
    return f.x


@case([Fixed(1.0), 2.0])
def frozen_argument_written(f, v):
    f.x = v


@case([Mode.FAST, 2.0], [Mode.EXACT, 2.0])
def enum_member(m, x):
    return m is Mode.FAST, m == Mode.EXACT, x * m.value, m.factor(), m.name, m


@case([1.5], [2])
def named_tuple(x):
    p = Pair(x)
    return p.total(), p.half, p._replace(b=x), p, p.a


@case([1.5], [2])
def namespace(x):
    n = types.SimpleNamespace(a=x)
    n.b = n.a * 2
    return n


@case([types.SimpleNamespace(a=1.0), 2.0], [types.SimpleNamespace(a=1), 2.0])
def namespace_argument(n, x):
    n.a += x
    n.c = n.a
    return n.a


@case([1.0], [-1.0], [0.0])
def made_in_branches(x):
    if x > 0:
        p = Point(x)
    else:
        p = Point(x * 2, x)
    return p, p.x


@case([1.0], [-1.0])
def made_in_one_branch(x):
    p = None
    if x > 0:
        p = Point(x)
    return p


@case([1.0], [-1.0])
def of_other_classes(x):
    s = Point(x) if x > 0 else Interval(x, 0.0)
    return s


@case([1.0], [-1.0])
def shared_in_branches(x):
    if x > 0:
        p = Point(x)
        both = (p, p)
    else:
        q = Point(x, x)
        both = (q, q)
    both[0].x += 1
    return both


@case([9, 0.5], [0, 0.5], [1, 0.5], [3, 1])
def carried(n, h):
    p = Point(0.0)
    for _ in range(n):
        p = p.moved(h)
    return p


@case([9, 0.5], [0, 0.5], [2, 0.5])
def carried_and_kept(n, h):
    p = Point(0.0)
    first = p
    for _ in range(n):
        p = p.moved(h)
        p.x += 1
    return p, first, p is first


@case([9, 0.5], [0, 0.5])
def mutated_in_loop(n, h):
    p = Point(0.0)
    same = p
    for k in range(n):
        p.x += h
        same.y += k
    return p, same


@case([Point(1.0), Point(3.0), 7], [Point(1.0), Point(3.0), 2])
def swapped_in_loop(p, q, n):
    for k in range(n):
        p, q = q, p
        p.x = p.x + k
    return p.x, q.x


@case([9, 1.0])
def list_of_objects(n, h):
    ps = [Point(float(k)) for k in range(3)]
    for k in range(n):
        for p in ps:
            p.x += k * h
    return ps


@case([V, 2.0])
def methods_as_values(x, k):
    m = Shifted(k, 1)
    f = m.forward
    return f(x) + f(x), m.calls, list(map(m.twice, [1, k]))


@case([Point(1.0), 2.0], [Point(1.0, 2.0), 2.0])
def dict_of_attributes(p, v):
    d = vars(p)
    d["x"] = v
    p.y = v * 2
    return p.x, d["y"], sorted(d), "x" in p.__dict__


@case([Point(1.0), Point(1.0)], [Point(1.0), Point(2.0)])
def membership(p, q):
    return p in [q], p in (q, p), [p] == [q], p is q


@case([3.0])
def constructor_refuses(x):
    return Point()


@case([3.0, 1], [3.0, -1])
def constructor_refuses_in_branch(x, k):
    if k > 0:
        return Interval(x)
    return x


test_same = case.test()


class Mover:
    def __init__(self, x, v):
        self.x, self.v = x, v

    def step(self, dt):
        self.v += -self.x * dt
        self.x += self.v * dt
        return self


@dataclasses.dataclass
class Layer:
    w: np.ndarray
    b: float = 0.0

    def __call__(self, x):
        return np.tanh(x @ self.w + self.b)


@case([V, 30], [V, 0])
def list_of_movers(v, steps):
    movers = [Mover(float(v[k]), 0.0) for k in range(4)]
    for _ in range(steps):
        for mover in movers:
            mover.step(0.01)
    return np.array([mover.x for mover in movers]), sum([mover.v for mover in movers])


@case([V, 3], [V, 1], [V, 0])
def list_of_so_many_movers(v, n):
    movers = [Mover(v[k], 1.0) for k in range(n)]
    for _ in range(20):
        for k, mover in enumerate(movers):
            for other in movers[:k]:
                mover.v += 0.01 * (other.x - mover.x)
                other.v -= 0.01 * (other.x - mover.x)
            mover.step(0.1)
    return [(mover.x, mover.v) for mover in movers]


@case([np.linspace(-1.0, 1.0, 300)])
def objects_of_all_elements(v):
    movers = []
    for x in v:
        movers.append(Mover(x, 0.0))
    return max(mover.x for mover in movers), len(movers)


@case([[4, 5, 3], np.ones((2, 4))])
def list_of_layers(sizes, x):
    layers = [Layer(np.full((m, n), 0.1 * n), 0.5) for m, n in itertools.pairwise(sizes)]
    for layer in layers:
        x = layer(x)
    return x
