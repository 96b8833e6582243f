"""Generators, iterators and itertools, traced against plain."""

import functools
import itertools

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1.0, 2.0, 0.5, 7.0])
M = np.arange(6.0).reshape(2, 3)
NONE = np.zeros(0)
ONE = np.ones(1)
SIZES = ([V], [NONE], [ONE])


def doubled(x):
    for v in x:
        yield v * 2


def positive(x):
    for v in x:
        if v > 1:
            yield v


def fibonacci():
    a, b = 0, 1
    while True:
        yield a
        a, b = b, a + b


@case(*SIZES)
def summed(x):
    s = 0.0
    for v in doubled(x):
        s += v
    return s


@case(*SIZES)
def listed(x):
    return list(positive(x)), sum(positive(x)), [v + 1 for v in positive(x)]


@case([10], [0], [1], [1000])
def endless(n):
    out = []
    for v in fibonacci():
        if v > n:
            break
        out.append(v)
    return out


@case([V, 2.0], [V, 100.0], [NONE, 1.0])
def returns_from_loop(x, t):
    def numbered():
        for i in range(len(x)):
            yield i, x[i]

    for i, v in numbered():
        if v > t:
            return i, v
    return None


@case([V, 2.0], [V, 100.0], [NONE, 1.0])
def for_else(x, t):
    for v in doubled(x):
        if v > t:
            found = v
            break
    else:
        found = -1.0
    return found


@case([V, 2.0], [W, 3.0], [NONE, 1.0])
def continue_in_consumer(x, t):
    s, n = 0.0, 0
    for v in doubled(x):
        if v > t:
            continue
        s += v
        n += 1
    return s, n


@case(*SIZES)
def generator_returns(x):
    def until_large(x):
        for v in x:
            if v > 2:
                return
            yield v
        yield -1.0

    return list(until_large(x))


@case(*SIZES)
def yield_from_result(x):
    def inner(n):
        for i in range(n):
            yield i
        return n

    def outer(x):
        for v in x:
            n = yield from inner(2)
            yield v + n

    s = 0.0
    for v in outer(x):
        s = s + v
    return s


@case(*SIZES)
def pipeline(x):
    def scaled(values, k):
        for v in values:
            yield v * k

    def clipped(values, top):
        for v in values:
            yield top if v > top else v

    total = 0.0
    for v in clipped(scaled(doubled(x), 3.0), 9.0):
        total += v
    return total


@case([5], [0], [1])
def nested(n):
    def triangle(k):
        for i in range(k):
            yield i

    return [a * b for a in triangle(n) for b in triangle(a)]


@case([V, 3], [W, 2], [ONE, 2], [NONE, 2])
def batches(x, size):
    def batched(x, size):
        for start in range(0, len(x), size):
            yield x[start : start + size]

    return [b.sum() for b in batched(x, size)]


@case([V, 3], [ONE, 2])
def windows(x, size):
    def sliding():
        for i in range(len(x) - size + 1):
            yield i, x[i : i + size]

    best, where = -1.0, -1
    for i, w in sliding():
        m = w.mean()
        if m > best:
            best, where = m, i
    return best, where


@case(*SIZES)
def writes_in_generator(x):
    def moving(x):
        for i in range(len(x)):
            x[i] += 1
            yield x[i]

    s = 0.0
    for v in moving(x):
        s += v
    return s


@case(*SIZES)
def writes_in_consumer(x):
    out = np.zeros(len(x))
    k = 0
    for v in doubled(x):
        out[k] = v
        k += 1
    return out


@case(*SIZES)
def generator_sees_consumers_writes(x):
    def items():
        for i in range(len(x)):
            yield i
            x[i] = x[i] * 2

    for i in items():
        x[i] += 1
    return x


@case([V], [W])
def order_of_effects(x):
    log = []

    def g():
        for v in x:
            log.append(v)
            yield v

    for v in g():
        log.append(-v)
    return log


@case([V])
def late_start(x):
    seen = []

    def g():
        seen.append(1)
        yield 1

    it = g()
    before = len(seen)
    got = list(it)
    return before, got, len(seen), list(it)


@case([V], [NONE])
def expression_is_late(x):
    k = 1.0
    g = (v * k for v in x)
    k = 3.0
    return list(g), list(g)


@case(*SIZES)
def expressions(x):
    return (
        sum(v * v for v in x),
        any(v > 3 for v in x),
        all(v >= 0 for v in x),
        max((v for v in x), default=-1.0),
        min((abs(v) for v in x if v > 0), default=None),
    )


@case([V, 2.0], [V, 100.0], [NONE, 1.0])
def search(x, t):
    return next((v for v in x if v > t), -1.0), next((i for i, v in enumerate(x) if v > t), None)


@case([V, 2.0])
def search_that_must_find(x, t):
    return next(i for i, v in enumerate(x) if v > t)


@case([V, 2.0], [V, 100.0])
def search_in_loop(x, t):
    hits = 0
    for k in range(len(x)):
        j = next((i for i in range(len(x)) if x[i] * k > t), -1)
        hits += j
    return hits


@case([V])
def one_shot(x):
    z = zip(x, x[::-1])
    m = map(lambda v: v + 1, x)
    e = enumerate(x)
    return list(z), list(z), list(m), list(m), list(e), list(e)


@case([V], [ONE])
def iterator_goes_on(x):
    it = iter(x)
    first = next(it)
    s = 0.0
    for v in it:
        s += v * first
    return first, s, next(it, None)


@case([V], [np.ones(4)], [NONE])
def two_at_a_time(x):
    it = iter(x)
    out = []
    for a in it:
        b = next(it, -1.0)
        out.append(a * b)
    return out


@case([V], [NONE], [ONE])
def grouped(x):
    it = iter(x)
    return [a - b for a, b in zip(it, it)]


@case([W], [ONE])
def break_and_go_on(x):
    it = iter(x)
    for v in it:
        if v < 0:
            break
    return [v for v in it]


@case([V], [NONE])
def next_raises(x):
    return next(iter(x))


@case([V, W], [V, NONE], [NONE, V], [ONE, V])
def zips_generator(x, y):
    return (
        [a * b for a, b in zip(doubled(x), y)],
        [a * b for a, b in zip(y, doubled(x))],
        [a + b + c for a, b, c in zip(y, doubled(x), x)],
        list(enumerate(doubled(x), 1)),
    )


@case([V, W], [ONE, V], [V, ONE])
def lazy_map_in_zip(x, y):
    calls = []

    def note(v):
        calls.append(v)
        return v

    pairs = [(a, b) for a, b in zip(map(note, x), y)]
    return pairs, len(calls)


@case(*SIZES)
def filtered(x):
    return list(filter(lambda v: v > 1, x)), list(map(lambda a, b: a * b, x, x)), sum(filter(None, x))


@case([V, W])
def unpacks_generator(x, y):
    a, b = (v.sum() for v in (x, y))
    return a, b


@case([V])
def unpack_of_endless_raises(x):
    a, b = fibonacci()
    return a


@case(*SIZES)
def reduces(x):
    return functools.reduce(lambda a, b: a + b, doubled(x), 0.0)


@case([V], [NONE])
def dict_of_pairs(x):
    return dict((k, x.sum() * k) for k in range(3)), {k: v for k, v in zip("abc", (1, 2, 3))}


class Tree:
    def __init__(self, n):
        self.n = n

    def leaves(self):
        for i in range(self.n):
            yield i * 2

    def __iter__(self):
        yield self.n
        yield self.n + 1


@case([3], [0])
def methods(n):
    t = Tree(n)
    s = 0
    for v in t.leaves():
        s += v
    return s, list(t.leaves()), [v for v in t]


@case([V], [NONE])
def sent_value_is_none(x):
    def g():
        for v in x:
            got = yield v
            if got is not None:
                yield got

    return list(g())


@case([3], [0])
def recursive_generator(n):
    def walk(depth):
        if depth == 0:
            yield 1
            return
        yield from walk(depth - 1)
        yield depth

    return list(walk(3)), n


@case([V, 2.5], [W, 0.0])
def nested_early_exit(x, t):
    def pairs():
        for i in range(len(x)):
            for j in range(i):
                yield i, j

    def large():
        for i, j in pairs():
            if x[i] + x[j] > t:
                yield i * 10 + j

    for v in large():
        return v
    return -1


@case([M])
def rows(m):
    def scaled():
        for row in m:
            yield row * 2

    return np.array(list(scaled())), [r.sum() for r in scaled()]


@case([V, 3.0])
def raises_in_consumer(x, t):
    for v in doubled(x):
        if v > t:
            raise ValueError("too large")
    return 0


@case([V, 3.0])
def raises_in_generator(x, t):
    def g():
        for v in x:
            if v > t:
                raise ValueError("too large")
            yield v

    return sum(g())


@case([V], [NONE], refused="that may have been left before its end is continued")
def left_and_continued(x):
    g = doubled(x)
    for v in g:
        if v > 2:
            break
    return sum(g)


@case([V, W], refused="zip() of more than one generator")
def two_generators(x, y):
    return [a + b for a, b in zip(doubled(x), doubled(y))]


@case([V])
def tuple_of_unknown_length(x):
    return tuple(positive(x))


class Countdown:
    def __init__(self, n):
        self.n = n

    def __iter__(self):
        return self

    def __next__(self):
        if self.n == 0:
            raise StopIteration
        self.n -= 1
        return self.n


@case([3], refused="an iterator of class Countdown is run over")
def iterator_class(n):
    return [v for v in Countdown(n)]


# itertools ---------------------------------------------------------------------------------------------------------


@case([V, W], [NONE, ONE])
def chains(x, y):
    return list(itertools.chain(x, y)), sum(itertools.chain.from_iterable([x, y]))


@case([3], [2])
def products(n):
    return [a * b for a, b in itertools.product(range(n), range(n + 1))], list(
        itertools.product((1, 2), repeat=2)
    )


@case([V], [ONE], [NONE])
def combined(x):
    return (
        sum(a * b for a, b in itertools.combinations(x, 2)),
        sum(a - b for a, b in itertools.permutations(x, 2)),
        sum(a * b for a, b in itertools.combinations_with_replacement(x, 2)),
    )


@case([(1, 2, 3)])
def combined_known(t):
    return list(itertools.combinations(t, 2)), list(itertools.permutations(t))


@case([V], [NONE])
def counted(x):
    return (
        [k * v for k, v in zip(itertools.count(2), x)],
        list(zip(x, itertools.repeat(1))),
        next(itertools.count()),
    )


@case([V, 7], [ONE, 3])
def cycled(x, n):
    it = itertools.cycle(x)
    return [next(it) for _ in range(n)], [a for a, _ in zip(itertools.cycle((1, 2)), range(n))]


@case(*SIZES)
def accumulated(x):
    return (
        list(itertools.accumulate(x)),
        list(itertools.accumulate(x, max)),
        list(itertools.accumulate(x, lambda a, b: a * b, initial=1.0)),
    )


@case([V, 2], [V, 0], [NONE, 2], [V, 9])
def sliced(x, n):
    return (
        list(itertools.islice(x, n)),
        list(itertools.islice(fibonacci(), 6)),
        list(itertools.islice(x, 1, None, 2)),
        list(itertools.islice(itertools.count(3), n)),
    )


@case([V, 2], [W, 3])
def slice_then_rest(x, n):
    it = iter(x)
    head = list(itertools.islice(it, n))
    return head, list(it)


@case(*SIZES)
def neighbours(x):
    return [b - a for a, b in itertools.pairwise(x)]


@case([W, 2.0], [NONE, 1.0])
def taken_and_dropped(x, t):
    return (
        list(itertools.takewhile(lambda v: v < t, x)),
        list(itertools.dropwhile(lambda v: v > t, x)),
        list(itertools.filterfalse(lambda v: v > t, x)),
        list(itertools.compress(x, x > t)),
        list(map(lambda a, b: a * b, x, x)),
    )


@case([V, W], [ONE, V], [V, NONE])
def longest(x, y):
    return [a + b for a, b in itertools.zip_longest(x, y[:3], fillvalue=0.5)]


@case([np.array([1, 1, 2, 2, 2, 1])], [np.array([7])])
def runs(x):
    return [(k, len(list(g))) for k, g in itertools.groupby(x)]


@case([V], [NONE])
def teed(x):
    a, b = itertools.tee(x)
    return list(a), sum(b)


def adjacent(x):
    for i in range(len(x) - 1):
        yield x[i], x[i + 1]


@case([np.arange(4) > 1], [np.arange(4.0)], [np.arange(1) > 1])
def consumer_raises_on_its_own_line(x):
    return [p - q for p, q in adjacent(x)]


test_same = case.test()
