"""Values of registered classes, traced against plain Python."""

import collections

import numpy as np
import pytest

import tracetensor as tt
from tracetensor.tracer.registered import REGISTRY


class Params(dict):
    """A dict with names, as libraries for learning have them."""

    def norm(self):
        total = 0.0
        for v in self.values():
            total = total + (v * v).sum()
        return np.sqrt(total)

    @property
    def size(self):
        return sum(v.size for v in self.values())


class Pair(tuple):
    __slots__ = ()


class Row(list):
    pass


tt.register_pytree(
    Params,
    lambda p: (tuple(p.values()), tuple(p)),
    lambda keys, values: Params(zip(keys, values, strict=True)),
)
tt.register_pytree(Pair, lambda p: (tuple(p), None), lambda _, values: Pair(values))
tt.register_pytree(Row, lambda r: (tuple(r), None), lambda _, values: Row(values))


@pytest.fixture(autouse=True, scope="module")
def _registered_containers():
    """Containers that other tests want as they are."""
    tt.register_pytree(
        collections.deque, lambda d: (tuple(d), d.maxlen), lambda n, values: collections.deque(values, n)
    )
    tt.register_pytree(
        collections.UserDict,
        lambda d: (tuple(d.data.values()), tuple(d.data)),
        lambda keys, values: collections.UserDict(zip(keys, values, strict=True)),
    )
    yield
    del REGISTRY[collections.deque], REGISTRY[collections.UserDict]


def params():
    return Params(w=np.arange(6.0).reshape(2, 3), b=np.array([1.0, -2.0]), rate=0.5)


def item(p, x):
    return p["w"] @ x + p["b"], p["rate"] * 2


def same(p, x):
    return p


def within(p, x):
    return [p, {"p": p, "w": p["w"]}], p["w"]


def method(p, x):
    return Params(a=x, b=p["w"]).norm()


def property_(p, x):
    return Params(a=x, b=p["w"]).size


def keys(p, x):
    return [k + "!" for k in p], len(p), "w" in p, "q" in p, list(p.keys()), bool(p)


def items(p, x):
    out = []
    for k, v in p.items():
        out.append((k, v * 2))
    return out


def get(p, x):
    return p.get("zz"), p.get("zz", x), p.get("b")


def missing(p, x):
    return p["zz"]


def caught(p, x):
    try:
        return p["zz"]
    except KeyError as error:
        return x, str(error)


def written(p, x):
    p["w"][0] = x
    p["b"] *= 2
    return p["w"].sum()


def made(p, x):
    q = Params(a=x * 2, n=3)
    q["c"] = x.sum()
    q["a"] = q["a"] + 1
    del q["n"]
    return q, q["a"]


def copied(p, x):
    q = p.copy()
    q2 = Params(p)
    q2["w"] = q2["w"] * 2
    return q, q2, q2["w"]


def descent(p, x):
    q = Params(w=p["w"] * 1.0, b=p["b"] * 1.0)
    for _ in range(10):
        r = q["w"] @ x + q["b"]
        q = Params(w=q["w"] - 0.1 * np.outer(r, x), b=q["b"] - 0.1 * r)
    return q


def set_in_loop(p, x):
    q = Params(s=0.0, t=x * 1.0)
    for v in x:
        q["s"] = q["s"] + v
        q["t"] = q["t"] * 2
    return q


def branch(p, x):
    if x.sum() > 100:
        q = Params(w=x)
    elif x.sum() > 1:
        q = Params(w=x * 2)
    else:
        q = Params(b=x, c=1)
    return q


def given_or_made(p, x):
    q = Params(w=x, b=x, rate=1.0) if x.sum() > 1 else p
    return q["w"].sum(), q is p


def attempt(p, x):
    q = Params(n=0.0)
    try:
        for v in x:
            q["n"] = q["n"] + v
            if v > 2:
                raise ValueError("large")
    except ValueError:
        return q
    return None


def classes(p, x):
    return type(p) is Params, isinstance(p, dict), isinstance(p, (list, Row)), p.__class__ is Params


def matched(p, x):
    match p:
        case Pair():
            return 1
        case Params():
            return 2


def nested(p, x):
    q = Params(p=p, ps=[p, Params(w=x)])
    return q["p"]["w"] + 1, q["ps"][1]["w"] * 2, q


def carried(p, x):
    for k in range(20):
        p = Params(w=p["w"] * 0.5 + k)
    return p


def spread(p, x):
    def total(w, b, rate):
        return w.sum() + b.sum() + rate

    return total(**p), dict(p), {**p, "ab": x}, list(p), tuple(p.items()), sorted(p), dict(Params(ab=x))


def changed(p, x):
    q = Params(a=x, b=x * 2)
    y = q.pop("a")
    q.update(c=3, d=x)
    q.setdefault("e", y)
    q |= {"z": x}
    return q, y, q | {"y": 1}, Params(g=1) is q


def two_names(p, x):
    q = r = Params(a=x)
    r["a"] = x * 2
    return q, r, q is r


def global_(p, x):
    return GLOBAL["w"] * x


GLOBAL = Params(w=3.0)
FUNCTIONS = [
    item, same, within, method, property_, keys, items, get, missing, caught, written, made, copied, descent, set_in_loop,
    branch, given_or_made, attempt, classes, matched, nested, carried, spread, changed, two_names, global_,
]  # fmt: skip


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("x", [[0.5, 1.0, 3.0], [0.25, -1.0, 0.0], [50.0, 60.0, 1.0]], ids=str)
def test_dict(f, x):
    a, b = (params(), np.array(x)), (params(), np.array(x))
    expected, got = outcome(f, a), outcome(tt.trace(f, strict=True), b)
    equal(got, expected)
    equal(list(b), list(a))


def outcome(f, args):
    """What a call returns, or the class and text of what it raises."""
    try:
        return f(*args)
    except Exception as error:
        return type(error), str(error)


def equal(got, expected):
    """Of one class, and equal throughout."""
    assert type(got) is type(expected)
    if isinstance(got, (dict, collections.UserDict)):
        assert list(got) == list(expected)
        got, expected = list(got.values()), list(expected.values())
    if isinstance(got, (list, tuple, collections.deque)):
        assert len(got) == len(expected)
        for a, b in zip(got, expected, strict=True):
            equal(a, b)
    elif isinstance(got, (type, str)):
        assert got == expected
    elif np.asarray(got).dtype.kind == "f":  # products in loops are rounded in their own way
        np.testing.assert_allclose(got, expected, rtol=1e-13)
    else:
        np.testing.assert_array_equal(got, expected)


def test_it_is_the_callers_own():
    p = params()
    assert tt.trace(same, strict=True)(p, 0) is p
    (inner, outer), w = tt.trace(within, strict=True)(p, 0)
    assert inner is p and outer["p"] is p and outer["w"] is w is p["w"]


def test_one_version_for_other_numbers():
    f = tt.trace(item, strict=True)
    for n in (2, 5, 7):
        p = Params(w=np.ones((4, n)), b=np.ones(4), rate=n / 2)
        equal(f(p, np.arange(float(n))), item(p, np.arange(float(n))))
    assert len(f.graphs) == 1
    equal(f(Params(rate=1, b=np.ones(4), w=np.ones((4, 2))), np.ones(2)), ((np.full(4, 3.0)), 2))
    assert len(f.graphs) == 2
    assert "p.aux" in f.explain()


@tt.trace(strict=True)
def one_of_two(p, q):
    p["w"][0] = 7.0
    return q["w"].sum(), p is q


def test_two_paths_to_one():
    p = Params(w=np.zeros(3))
    assert one_of_two(p, Params(w=np.zeros(3))) == (0.0, False)
    p = Params(w=np.zeros(3))
    assert one_of_two(p, p) == (7.0, True)


def swap(p):
    return Pair((p[1], p[0])), len(p), [v for v in p]


def flip(p):
    return p[::-1]


def grow(r, x):
    q = Row([x])
    q.append(x + 1)
    q.extend([1, 2])
    return q, q[1], q[-1], r[0] + q[2]


def rotate(d, x):
    e = collections.deque(d, d.maxlen)
    e.append(x)
    return e, e[0], len(e)


def user_dict(d):
    return d["a"] * 2, len(d), "a" in d


def test_other_classes():
    for f, args in [
        (swap, (Pair((np.ones(2), 3)),)),
        (flip, (Pair((1.5, 2)),)),
        (grow, (Row([1.0, 2]), np.ones(2))),
        (rotate, (collections.deque([1.0, 2.0], 2), 3.0)),
        (user_dict, (collections.UserDict(a=np.ones(2)),)),
    ]:
        equal(tt.trace(f, strict=True)(*args), f(*args))


class Body:
    """An ordinary class: registering it changes nothing."""

    def __init__(self, x, v):
        self.x, self.v = x, v

    def step(self, dt):
        self.x = self.x + dt * self.v


tt.register_pytree(Body, lambda b: ((b.x, b.v), None), lambda _, xv: Body(*xv))


def fly(b):
    for _ in range(5):
        b.step(0.1)
    other = Body(b.x * 2, b.v)
    return other, other.x


def test_ordinary_class():
    a, b = Body(np.zeros(2), np.ones(2)), Body(np.zeros(2), np.ones(2))
    other, x = tt.trace(fly, strict=True)(a)
    fly(b)
    assert other.x is x and type(other) is Body
    np.testing.assert_array_equal(a.x, b.x)


def refused(cls, flatten, unflatten, value, f, reason):
    tt.register_pytree(cls, flatten, unflatten)
    with pytest.raises(tt.TraceError, match=reason):
        tt.trace(f, strict=True)(value)
    with pytest.warns(tt.FallbackWarning, match=reason):
        tt.trace(f)(value)


def first(p):
    return p["a"]


def new(name):
    return type(name, (dict,), {})


def test_reasons():
    def set_item(p):
        p["a"] = 1

    def build(keys, values):
        return cls(zip(keys, values, strict=True))

    def fail(*args):
        raise LookupError("nothing here")

    cls = new("Odd")
    refused(
        cls,
        lambda p: 3,
        build,
        cls(a=1),
        first,
        r"flatten, registered for Odd, returned 3; it returns \(children, aux\)",
    )
    cls = new("Failing")
    refused(
        cls, fail, build, cls(a=1), first, "flatten, registered for Failing, raises LookupError: nothing here"
    )
    cls = new("Unmade")
    refused(cls, lambda p: (tuple(p.values()), tuple(p)), fail, cls(a=1), first,
            "unflatten, registered for Unmade, raises LookupError: nothing here")  # fmt: skip
    cls = new("Fresh")
    refused(
        cls,
        lambda p: ((np.array(p["a"]),), None),
        build,
        cls(a=1),
        first,
        "returns other arrays or containers each time",
    )
    cls = new("Held")
    refused(cls, lambda p: ((), p["a"]), build, cls(a=np.ones(3)), first, "returns as aux holds an array")
    cls = new("Changed")
    refused(cls, lambda p: (tuple(p.values()), tuple(p)), build, cls(a=1), set_item,
            r"__setitem__ changes a Changed, a registered class, that comes from outside \(.*test_pytrees.py:\d+\)")  # fmt: skip


def test_registering():
    with pytest.raises(TypeError, match=r"register_pytree\(\) takes a class, not 3"):
        tt.register_pytree(3, len, len)
    with pytest.raises(TypeError, match="unflatten is a function, not None"):
        tt.register_pytree(new("N"), len, None)
    with pytest.raises(TypeError, match="dict is known to tracing already"):
        tt.register_pytree(dict, len, len)
    cls = new("Twice")
    tt.register_pytree(cls, len, repr)
    tt.register_pytree(cls, len, repr)
    with pytest.raises(ValueError, match="Twice is registered already, with other functions"):
        tt.register_pytree(cls, len, str)


class Loose(tuple):
    __slots__ = ()


def test_tuples_of_classes_that_are_not_registered():
    for f, args in [(lambda p: p, (Loose((1, 2)),)), (lambda x: Loose((x, x)), (1.5,))]:
        with pytest.warns(tt.FallbackWarning, match="Loose"):
            got = tt.trace(f)(*args)
        assert type(got) is Loose
