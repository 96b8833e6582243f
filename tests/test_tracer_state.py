"""State that a traced function keeps outside itself: attributes, globals, cells and items, traced against plain.

Each world is cloned once for the plain function and once for the traced one, and each of the two is called several
times in a row, so that state accumulates; after every call results, worlds and aliases must be the same.
"""

import collections

import numpy as np
import pytest

import tracetensor as tt
from tests import compare
from tests.tracer_table import check_refused

CASES = []
V = np.arange(4.0)


def case(make, *calls, graphs=8, refused=""):
    """A function of a world, which `make` makes, and more arguments; graphs: the most versions it may take."""

    def enter(function):
        CASES.append((function, make, calls, graphs, refused))
        return function

    return enter


def facts(world, args, result):
    """Who is who: every mutable thing that is reached twice, from results, arguments or the world."""
    found, seen = set(), {}
    for where, thing in (("world", world), ("arguments", args), ("result", result)):
        for path, value in paths(thing, where):
            first = seen.setdefault(id(value), path)
            if first != path:
                found.add((first, path))
    return found


def paths(thing, where, depth=0):
    """(path, thing) of everything mutable that is reached, along every path."""
    plain = isinstance(thing, (int, float, complex, str, bool, type(None), np.generic, type))
    if plain or depth > 6 or callable(thing):
        return
    yield where, thing
    for name, child in compare.children(thing):
        yield from paths(child, where + name, depth + 1)


def check(function, make, calls, graphs):
    traced = tt.trace(function, strict=True)
    worlds = compare.clone(make()), compare.clone(make())
    for k, args in enumerate(calls):
        outcomes = []
        for g, world in zip((function, traced), worlds, strict=True):
            mine = [a(world) if callable(a) else compare.clone(a) for a in args]
            error = result = None
            with np.errstate(all="ignore"):
                try:
                    result = g(world, *mine)
                except Exception as caught:
                    error = caught
            outcomes.append((result, mine, error))
        (plain, plain_args, plain_error), (result, mine, error) = outcomes
        where = f"call {k}"
        assert type(error) is type(plain_error), f"{where}: {error!r}, expected {plain_error!r}"
        if error is not None:
            assert str(error) == str(plain_error), where
            worlds = compare.clone(make()), compare.clone(make())  # which writes came before is not promised
            continue
        compare.assert_same(result, plain, path=f"{where}: result")
        compare.assert_same(mine, plain_args, path=f"{where}: arguments")
        compare.assert_same(worlds[1], worlds[0], path=f"{where}: world")
        assert facts(worlds[1], mine, result) == facts(worlds[0], plain_args, plain), f"{where}: aliases"
        assert order(worlds[1]) == order(worlds[0]), f"{where}: order of attributes"
    assert len(traced.graphs) <= graphs, f"{len(traced.graphs)} versions"


def order(world):
    """The names that each object holds, in their order."""
    return [list(getattr(thing, "__dict__", ())) for _, thing in paths(world, "world")]


class Counter:
    total = 0

    def __init__(self, count=0, **rest):
        self.count = count
        vars(self).update(rest)


def counter(**kwargs):
    return lambda: Counter(**kwargs)


@case(counter(), [1], [2], [3], [4.5], [1.5], graphs=3)
def adds(c, x):
    c.count += x
    return c.count


@case(counter(), [1], [2], [5], graphs=2)
def class_attribute(c, x):
    c.total += x
    return c.total


@case(counter(w=V), [0.1], [0.2], [0.3], graphs=1)
def array_rebound(c, rate):
    c.w = c.w - rate * c.w
    return c.w


@case(counter(w=V), [0.1], [0.2], [0.3], graphs=1)
def array_written(c, rate):
    c.w -= rate
    c.w[0] = c.count
    c.count += 1
    return c.w[1:]


@case(counter(), [V], [V], [V + 1], graphs=2)
def argument_kept(c, x):
    c.buffer = x
    x[0] = 9
    return c.buffer


@case(counter(buffer=None), [V], [V], [V], graphs=2)
def none_then_array(c, x):
    if c.buffer is None:
        c.buffer = np.zeros_like(x)
    c.buffer += x
    return c.buffer.sum()


@case(counter(best=-1.0), [V], [-V], [V * 2], graphs=1)
def in_branch(c, x):
    if x.sum() > c.best:
        c.best = float(x.sum())
        c.count += 1
    return c.count


@case(counter(), [V], [-V], [V], [V], graphs=3)
def made_in_branch(c, x):
    if x.sum() > 0:
        c.extra = x[1]
    return c.count


@case(counter(), [5], [0], [3], [7], graphs=3)
def in_loop(c, n):
    for k in range(n):
        c.count += k
        c.last = k * 2
    return c.count


@case(counter(), [10], [0], [3], graphs=1)
def in_while(c, n):
    while c.count < n:
        c.count += 3
    c.count -= n


@case(counter(x=1.0), [1], [2], [3], graphs=2)
def through_alias(c, k):
    me = c
    me.x = k * 2.0
    other = [c, me][1]
    other.x += c.x
    return me.x, c.x, me is other


@case(counter(a=V, b=V), [1.0], [2.0], graphs=1)
def two_attributes_of_one_array(c, k):
    c.a[0] = k
    c.b = c.a
    return c.a, c.b


@case(lambda: [Counter(w=V), Counter(w=V * 2)], [1.0], [2.0], graphs=1)
def swapped(cs, k):
    a, b = cs
    a.w, b.w = b.w, a.w
    a.w[0] = k
    return a.w


@case(counter(), [lambda c: c, 1], [lambda c: Counter(5), 2], [lambda c: c, 3], graphs=2)
def passed_twice(c, other, k):
    c.count += k
    other.count += 10 * k
    return c.count, other.count


@case(lambda: Counter(child=Counter(2), other=Counter(3)), [1], [2], graphs=1)
def nested(c, k):
    c.child.count += k
    c.other.count += c.child.count
    return c.other.count


@case(lambda: Counter(a=Counter(2), b=Counter(3)), [1], [2], [3], graphs=1)
def child_replaced(c, k):
    old = c.a
    c.a = c.b
    c.b = old
    old.count += k
    c.a.count -= k
    return c.a, c.b


@case(counter(tmp=1, z=2), [1], [2], graphs=2)
def deleted(c, k):
    c.z = k
    if hasattr(c, "tmp"):
        del c.tmp
    return hasattr(c, "tmp"), c.z


@case(counter(tmp=1), [1], [2])
def deleted_twice(c, k):
    del c.tmp
    return k


@case(counter(tmp=1), [1], [-1], [1], graphs=2)
def deleted_in_branch(c, k):
    c.tmp = k
    if k > 0:
        del c.tmp


@case(counter(), [1.0], [2.0], [3.0], graphs=2)
def set_by_name(c, v):
    for name in ("alpha", "beta"):
        setattr(c, name, v * getattr(c, "count"))
        v += 1
    return getattr(c, "alpha"), getattr(c, "gamma", None)


@case(counter(), [V], [V], [V], graphs=3)
def made_list_stored(c, x):
    c.parts = [x, x * 2]
    c.parts.append(c.parts[0])
    return c.parts


@case(counter(), [V], [V], graphs=2)
def made_object_stored(c, x):
    c.child = Counter(3, w=x)
    c.child.parent = c
    return c.child


@case(counter(), [3], [3], graphs=2)
def raises_after(c, n):
    c.count += 1
    if n > 2:
        raise ValueError(c.count)
    return 1


@case(counter(seen=[]), [1.0], [2.0], [3.0])
def appended(c, v):
    c.seen.append(v)
    c.count += 1
    return c.count


@case(lambda: {"n": 0, "c": Counter()}, [1], [2], [3], graphs=3)
def dict_of_state(d, k):
    d["n"] += k
    d["c"].count = d["n"]
    d["last"] = k
    return d


@case(counter(), [2, 0.5], [3, 0.25], [1, 1.5], graphs=2)
def kinds_change_in_loop(c, n, v):
    c.acc = 0
    for _ in range(n):
        c.acc = c.acc + v
    return c.acc


@case(counter(a=V), [1.0], [2.0], graphs=1)
def view_kept(c, k):
    c.head = c.a[1:]
    c.head[0] = k
    return c.a


# The table must come first: the parameters are its entries.
@pytest.mark.parametrize("entry", CASES, ids=lambda c: c[0].__name__ + ("-refused" if c[4] else ""))
def test_state(entry):
    function, make, calls, graphs, refused = entry
    if refused:
        check_refused(function, [make(), *calls[0]], refused)
    else:
        check(function, make, calls, graphs)


def growing():
    """Containers of other classes, each with what changes it between calls."""
    return [
        (collections.deque([1, 2]), lambda d: d.appendleft(7), lambda d, x: d[0] * x),
        (collections.deque([1, 2]), lambda d: None, lambda d, x: d.append(3) or x),
        ({1, 2}, lambda d: d.add(3), lambda d, x: (3 in d, x)),
        ({1, 2}, lambda d: None, lambda d, x: d.discard(1) or x),
        (collections.defaultdict(float), lambda d: d.update(a=3.0), lambda d, x: d["a"] + x),
        (collections.OrderedDict(a=1), lambda d: d.update(a=3.0), lambda d, x: d["a"] + x),
        (bytearray(b"ab"), lambda d: d.reverse(), lambda d, x: d[0] * x),
    ]


@pytest.mark.filterwarnings("ignore::tracetensor.FallbackWarning")
@pytest.mark.parametrize("k", range(len(growing())))
def test_other_containers(k):
    """What is in them is never frozen into a version, and nothing happens to them while tracing."""
    world, change, function = growing()[k]
    own, _, plain = growing()[k]
    traced = tt.trace(function)
    for _ in range(3):
        assert traced(world, 1.5) == plain(own, 1.5)
        assert world == own
        change(world)
        change(own)
