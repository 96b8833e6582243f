"""Calls that never leave C: how arguments are bound, what is checked, what is returned and written."""

import collections
import dataclasses
from typing import NamedTuple

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both


def served(traced):
    """How many calls went past Python."""
    return sum(v.entry.calls for v in traced.versions if v.entry is not None)


def check(f, *calls, fast=None):
    """Each (args, kwargs) gives what plain Python gives, twice; so many calls of the second round are fast."""
    traced = tt.trace(f, strict=True)
    for args, kwargs in calls:
        run_both(f, traced, args, kwargs, rtol=0)
    before = served(traced)
    for args, kwargs in calls:
        run_both(f, traced, args, kwargs, rtol=0)
    assert served(traced) - before == (len(calls) if fast is None else fast)
    return traced


def defaults(x, n=3, *, scale=2.0):
    for _ in range(n):
        x = x * scale
    return x


def unnamed(x, n=1, /, m=2):
    return x * n + m


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [
        ((1.5,), {}),
        ((1.5, 2), {}),
        ((1.5,), {"scale": 3.0}),
        ((1.5,), {"scale": 3.0, "n": 1}),
        ((), {"x": 1.5}),
        ((), {"scale": 1.0, "n": 2, "x": 1.5}),
    ],
)
def test_binding(args, kwargs):
    check(defaults, (args, kwargs))


@pytest.mark.parametrize(("args", "kwargs"), [((1.5,), {}), ((1.5, 2), {"m": 3}), ((1.5, 2, 3), {})])
def test_positional_only(args, kwargs):
    check(unnamed, (args, kwargs))


@pytest.mark.parametrize(
    ("args", "kwargs"),
    [((), {}), ((1.0, 2, 3), {}), ((1.0,), {"y": 1}), ((1.0,), {"x": 2.0}), ((1.0,), {"n": 1, "y": 2})],
)
def test_arguments_that_do_not_fit(args, kwargs):
    traced = tt.trace(defaults, strict=True)
    traced(1.0)
    traced(1.0)
    run_both(defaults, traced, args, kwargs)
    with pytest.raises(TypeError):
        tt.trace(unnamed)(1.0, n=2)


def test_defaults_are_those_of_the_call():
    def f(x, n=2):
        return x * n

    traced = tt.trace(f, strict=True)
    assert (traced(1.5), traced(1.5)) == (3.0, 3.0)
    f.__defaults__ = (5,)
    assert (traced(1.5), traced(1.5)) == (7.5, 7.5)
    f.__defaults__ = None
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'n'"):
        traced(1.5)
    assert traced(1.5, 4) == 6.0


def test_other_code():
    def f(x, n=2):
        return x * n

    def g(x, k=3):
        return x + k

    traced = tt.trace(f, strict=True)
    assert (traced(1.5), traced(1.5)) == (3.0, 3.0)
    f.__code__, f.__defaults__ = g.__code__, g.__defaults__
    assert traced(1.5) == 4.5


class Scaled:
    def __init__(self, by):
        self.by, self.count = by, 0

    def apply(self, x, twice=False):
        self.count += 1
        return x * self.by * (2 if twice else 1)


def test_methods_that_are_traced_for_an_object():
    plain, other = Scaled(2.0), Scaled(2.0)
    traced = tt.trace(plain.apply, strict=True)
    for k in range(3):
        assert traced(1.5) == other.apply(1.5)
        assert traced(1.5, twice=True) == other.apply(1.5, twice=True)
        assert plain.count == other.count == 2 * (k + 1)
    assert served(traced) >= 4


def test_not_implemented_is_a_result():
    def f(x):
        return NotImplemented if x > 0 else x

    traced = tt.trace(f)
    assert [traced(1.0) for _ in range(3)] == [NotImplemented] * 3


# What is checked --------------------------------------------------------------------------------------------------


def test_lengths_and_keys():
    def f(pair, table):
        a, b = pair
        return a + b * table["k"]

    traced = check(f, (((1.0, 2.0), {"k": 3.0}), {}), (([1.0, 2.0], {"k": 3.0}), {}))
    for wrong in ((1.0,), (1.0, 2.0, 3.0)):
        run_both(f, traced, (wrong, {"k": 3.0}))
    run_both(f, traced, ((1.0, 2.0), {"j": 1.0}))
    run_both(f, traced, ((1.0, 2.0), {"k": 3.0, "j": 1.0}))
    with pytest.raises(tt.TraceError, match="OrderedDict"):
        traced((1.0, 2.0), collections.OrderedDict(k=3.0))


def test_attributes_that_objects_have_themselves():
    def f(thing, x):
        return thing.apply(x)

    check(f, ((Scaled(2.0), 1.5), {}))
    thing = Scaled(2.0)
    traced = tt.trace(f)
    traced(thing, 1.5)
    traced(thing, 1.5)
    thing.apply = lambda x: -x
    assert traced(thing, 1.5) == -1.5


def test_many_values():
    def f(layers, x):
        for w, b in layers:
            x = np.tanh(x @ w + b)
        return x

    rng = np.random.default_rng(0)
    layers = [(rng.random((3, 3)), rng.random(3)) for _ in range(8)]
    check(f, ((layers, rng.random(3)), {}))


def test_things_that_must_be_apart():
    def f(a, b, x):
        a["n"] = a["n"] + x
        return a["n"] * b["n"]

    traced = check(f, (({"n": 1.0}, {"n": 2.0}, 3.0), {}))
    one, other = {"n": 1.0}, {"n": 1.0}
    assert traced(one, one, 3.0) == f(other, other, 3.0)
    assert one == other


def test_arrays_of_the_other_byte_order():
    check(lambda x: x + 1, ((np.arange(3.0).astype(">f8"),), {}))


# What is returned and written ----------------------------------------------------------------------------------------


class Pair(NamedTuple):
    a: object
    b: object


def tuples(x, n=2):
    s = 0
    for k in range(n):
        s += k * x
    return s, (x, [s, n])


def named(x):
    for _ in range(3):
        x = x + 1
    return Pair(x, Pair(1, x * 2))


def tables(x):
    for _ in range(3):
        x = x + 1
    return {"x": x, "y": [x], "constant": None}


def either(x, n):
    for _ in range(n):
        x = x * 2.0
    return x  # the argument itself, or a new number


def part(x):
    out = np.zeros(len(x))
    for k in range(len(x)):
        out[k] = x[k] ** 2
    return out[1:], out.reshape(1, -1)


def growing(x):
    found = []
    for v in x:
        if v > 0:
            found.append(v)
    return found, len(found)


def rows(x):
    found = []
    for k in range(len(x)):
        found.append((k, x[k] if k else 0))
    return found


def in_place(x, y):
    for k in range(len(x)):
        x[k] += y[k]
    return x


def into_lists(values, x):
    values.append(x)
    for k in range(3):
        values.append(k * x)
    return values[0]


def into_dicts(table, x):
    for _ in range(2):
        x = x + 1
    table["x"] = x
    return table


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (tuples, (1.5,)),
        (tuples, (np.arange(3.0),)),
        (named, (1.5,)),
        (named, (np.arange(3.0),)),
        (tables, (np.arange(3.0),)),
        (either, (1.5, 2)),
        (either, (np.arange(3.0), 2)),
        (growing, (np.arange(-2.0, 3.0),)),
        (rows, (np.arange(4.0),)),
        (in_place, (np.arange(4.0), np.ones(4))),
        (in_place, (np.arange(8.0)[::2], np.ones(4))),
        (into_lists, ([1.0], 2.5)),
        (into_dicts, ({"x": 1.0}, 2.5)),
        (part, (np.arange(4.0),)),
    ],
)
def test_results(f, args):
    check(f, (args, {}))


def test_what_may_be_an_argument():
    traced = tt.trace(either, strict=True)
    x = np.arange(3.0)
    traced(x, 2)
    assert traced(x, 0) is x
    assert traced(x, 0) is x
    assert traced(x, 2) is not x


def test_arrays_that_overlap():
    traced = tt.trace(in_place, strict=True)
    for _ in range(3):
        mine, own = np.arange(6.0), np.arange(6.0)
        traced(mine[:-1], mine[1:])
        in_place(own[:-1], own[1:])
        assert mine.tolist() == own.tolist()


def test_swapped_arguments():
    def f(x, y, n):
        for _ in range(n):
            x, y = y, x + y
        return x, y

    traced = check(f, ((np.arange(3.0), np.ones(3), 4), {}))
    x, y = np.arange(3.0), np.ones(3)
    a, b = traced(x, y, 1)
    assert a is y and b is not x and b.tolist() == [1, 2, 3]


def one_computation_twice(x, i, n):
    a = b = x
    for k in range(n):
        a, b = x[:, i] + k, (x[:, i] + k)[0]
    return a, b, a[1:]


@pytest.mark.parametrize("tier", ["interpreted", "native"])
def test_memory_that_is_one_or_not(tier):
    with tt.config(tier=tier):
        traced = tt.trace(one_computation_twice, strict=True)
        for n in (3, 3, 0, 1):
            run_both(one_computation_twice, traced, (np.arange(30.0).reshape(5, 6), np.array([0, -1, 2]), n))


@dataclasses.dataclass
class Account:
    total: float
    history: list


def test_attributes():
    def f(account, x):
        for _ in range(3):
            account.total = account.total + x
            account.history.append(account.total)
        return account.total

    traced = check(f, ((Account(1.0, []), 2.5), {}))
    mine = Account(1.0, [])
    own = mine.history
    traced(mine, 2.0)
    assert mine.total == 7.0 and mine.history is own and own == [3.0, 5.0, 7.0]


def test_an_error_changes_no_list():
    def f(values, x, n):
        values.append(x)
        return 1 // n

    traced = tt.trace(f, strict=True)
    values = [0.0]
    traced(values, 2.5, 1)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            traced(values, 2.5, 0)
        assert values == [0.0, 2.5]
