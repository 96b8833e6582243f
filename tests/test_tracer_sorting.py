"""sorted, list.sort and list.remove, traced against plain."""

import operator

import numpy as np

from tests.tracer_table import Table

case = Table()
W = np.array([3.0, -1.0, 2.0, 0.5, 7.0])
Z = np.array([0.0, -0.0, np.nan, -0.0, 0.0])


@case([3.0, 1.0, 2.0], [0.0, -0.0, 0.0], [float("nan"), 1.0, 0.0])
def numbers(a, b, c):
    return sorted([a, b, c]), sorted((a, b, c), reverse=True), sorted([a]), sorted([])


@case([3, 1, 2], [1, 1, 0])
def by_key(a, b, c):
    pairs = [(a, "a"), (b, "b"), (c, "c")]
    return [p[0] for p in sorted(pairs, key=lambda p: -p[0])], sorted([a, b, c], key=abs)


@case([3, 1.5, 2], [1, 1.0, True])
def of_several_kinds(a, b, c):
    return sorted([a, b, c])


@case([3, 1, 2], [2, 2, 2])
def tuples(a, b, c):
    pairs = sorted([(a, 1.0), (b, 2.0), (c, 0.5)], key=operator.itemgetter(0))
    return [p[1] for p in pairs]


@case([W, 0.0], [W, 9.0], [Z, 0.0])
def of_unknown_length(x, t):
    kept = [v for v in x if not v > t]
    return sorted(kept), sorted(kept, reverse=True), kept


@case([W, 0.0], [W, -9.0])
def in_place(x, t):
    kept = [v for v in x if v > t]
    kept.sort()
    known = [x[0], x[1], x[2]]
    known.sort(key=lambda v: -v)
    return kept, known


@case([W], [W[:0]])
def generators(x):
    return sorted(v * 2 for v in x), sorted({"b": x, "a": x})


@case([3.0, 1.0, 3.0], [1.0, 1.0, 2.0])
def order_of_equals(a, b, c):
    return [k for _, k in sorted([(a, 0), (b, 1), (c, 2)], key=lambda p: p[0], reverse=True)]


@case([2, 3], [3, 2], [5, 6])
def removed(a, b):
    items = [2, b, 9]
    items.remove(a)
    return items


@case([W, 1], [W, -1], [W, 9], [W, -6])
def deleted(x, k):
    kept = [v for v in x]
    del kept[k]
    return kept


test_same = case.test()
