"""Sorting, searching, sets, selection and functions that write: the graph does what NumPy does."""

import numpy as np
import pytest

from tests.ops_harness import ALL, REAL, A, P, bad, case, check, check_call, expand
from tracetensor.graph.answers import MUTATING, NUMPY
from tracetensor.graph.ops.selection import partitioned_value, sorted_value

LAYOUTS = ("F", "reversed", "strided")
B = A(3, 4, dtype="?")
I8 = np.uint8

CASES = [
    *[case(f, A(4, 5), dtypes=ALL, layouts=LAYOUTS) for f in (np.sort, np.argsort)],
    *[case(f, A(4, 5), *a, layouts=LAYOUTS) for f in (np.sort, np.argsort, "argsort") for a in ((0,), (None,), (P(1), "stable"))],
    *[case(f, A(9), kind=k) for f in (np.sort, np.argsort) for k in ("quicksort", "mergesort", "heapsort")],
    *[case(f, A(9), stable=True) for f in (np.sort, np.argsort)],
    *[bad(f, A(4), axis=1) for f in (np.sort, np.argsort)],
    *[case(f, A(0)) for f in (np.sort, np.argsort)],
    *[case(f, A(7), P(3), dtypes=REAL) for f in (np.partition,)],
    *[case(f, A(4, 5), *a, layouts=LAYOUTS) for f in (np.partition, np.argpartition, "argpartition") for a in ((2,), (1, 0), ([1, P(2)], None))],
    bad(np.partition, A(4), P(9)),
    case(np.lexsort, (A(5), A(5))),
    case(np.lexsort, [A(2, 5), A(2, 5)], 0),
    case(np.nonzero, A(4, 5), dtypes=ALL, layouts=LAYOUTS),
    case(np.nonzero, A(7)),
    case("nonzero", A(4, 5)),
    bad(np.nonzero, A()),
    bad(np.nonzero, P(2)),
    case(np.flatnonzero, A(4, 5), layouts=LAYOUTS),
    case(np.argwhere, A(4, 5), dtypes=ALL, layouts=LAYOUTS),
    case(np.argwhere, A()),
    case(np.where, A(4, 5)),
    case(np.where, B, A(3, 4), A(3, 4), dtypes=ALL, layouts=LAYOUTS),
    *[case(np.where, B, x, y) for x, y in ((P(1), A(4)), (A(3, 1), 2.5), (P(1), P(2.5)), ([P(1), 2, 3, 4], 0), (np.float32(1), P(2)))],
    case(np.where, P(True), A(3), P(0)),
    bad(np.where, B, A(3), A(4)),
    bad(np.where, B, A(3, 4)),
    *[case(f, A(9, sort=True), A(3, 4), dtypes=REAL, layouts=("strided",)) for f in (np.searchsorted, "searchsorted")],
    case(np.searchsorted, A(9, sort=True), P(2)),
    case(np.searchsorted, A(9, sort=True), P(2.5), "right"),
    case(np.searchsorted, A(9, sort=True), np.float32(2.5), side="right"),
    case(np.searchsorted, A(9), A(2), sorter=np.arange(9)),
    bad(np.searchsorted, A(3, 4), A(2)),
    *[case(np.digitize, A(3, 4), A(5, sort=True), *r) for r in ((), (True,))],
    case(np.digitize, P(2.5), A(5, sort=True)),
    bad(np.digitize, A(3), np.array([1.0, 3.0, 2.0])),
    case(np.bincount, A(9, low=0), dtypes="?ilB"),
    case(np.bincount, A(9, low=0), A(9), dtypes="l"),
    case(np.bincount, A(9, low=0), minlength=P(12), dtypes="l"),
    case(np.bincount, A(9, low=0), weights=A(9, dtype="d"), minlength=7, dtypes="l"),
    bad(np.bincount, np.array([-1])),
    *[case(np.histogram, A(20), *a, dtypes="lfd") for a in ((), (5,), (P(7),), (A(4, sort=True, dtype="d"),), (5, (0.0, 3.0)), (5, (P(0.0), P(3.0))), ("sturges",))],
    case(np.histogram, A(20), 4, density=True),
    case(np.histogram, A(20), 4, weights=A(20)),
    bad(np.histogram, A(20), P(0)),
    case(np.histogram_bin_edges, A(20), P(4)),
    case(np.histogram2d, A(20), A(20), 4),
    case(np.histogram2d, A(20), A(20), [3, 5]),
    *[case(np.unique, A(9), dtypes=ALL, layouts=("strided",), **k) for k in ({}, {"return_counts": True}, {"return_inverse": True, "return_index": True})],
    case(np.unique, A(3, 4), layouts=LAYOUTS),
    case(np.unique, A(3, 4), return_inverse=True, return_counts=True),
    case(np.unique, A(5, 2), axis=0, return_inverse=True),
    case(np.unique, np.array([1.0, np.nan, np.nan]), equal_nan=False),
    case(np.unique, A()),
    case(np.unique, A(0)),
    *[case(f, A(9)) for f in (np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all)],
    case(np.isin, A(3, 4), A(5), dtypes=REAL, layouts=LAYOUTS),
    case(np.isin, A(3, 4), [P(1), 2], invert=True),
    case(np.isin, P(2), A(4)),
    *([case(np.in1d, A(4), A(5))] if hasattr(np, "in1d") else []),
    *[case(f, A(6), A(5), dtypes=REAL) for f in (np.intersect1d, np.union1d, np.setdiff1d, np.setxor1d)],
    case(np.intersect1d, A(6), A(5), return_indices=True),
    *[case(np.take, A(3, 4), k, *a, layouts=LAYOUTS) for k in (P(1), np.int32(2), [0, P(-1)], A(2, 2, low=0, high=3, dtype="l")) for a in ((), (0,), (P(1),))],
    case("take", A(3, 4), [P(9), -7], mode="wrap"),
    case("take", A(3, 4), P(1), 0, dtypes=ALL),
    case(np.take, A(3), P(1), mode="clip"),
    bad(np.take, A(3), P(7)),
    *[case(np.take_along_axis, A(3, 4), A(3, n, low=0, high=3, dtype="l"), 1, layouts=LAYOUTS) for n in (2, 4, 1)],
    case(np.take_along_axis, A(3, 4), A(1, 4, low=0, high=3, dtype="l"), 0),
    case(np.take_along_axis, A(3, 4), A(5, low=0, high=3, dtype="l"), None),
    case(np.compress, [True, P(False), True], A(3, 4), 0),
    case(np.compress, A(4, dtype="?"), A(3, 4), axis=1, layouts=LAYOUTS),
    case("compress", A(3, 4), A(12, dtype="?")),
    case(np.extract, B, A(3, 4), layouts=LAYOUTS),
    case(np.choose, A(4, low=0, high=2, dtype="l"), [A(4), A(4)]),
    case(np.choose, A(4, low=0, high=2, dtype="l"), (A(4), P(7))),
    case("choose", A(4, dtype="l"), (A(4), A(4)), mode="wrap"),
    bad(np.choose, np.array([3]), [A(1), A(1)]),
    case(np.select, [A(4, dtype="?"), A(4, dtype="?")], [A(4), A(4)], dtypes=ALL),
    case(np.select, [A(4, dtype="?"), A(4, dtype="?")], [A(4), P(2)], P(7.5)),
    bad(np.select, [A(4, dtype="?")], [A(4), A(4)]),
    *[case(f, A(3, 4), *a, dtypes=REAL, layouts=LAYOUTS) for f in (np.clip, "clip") for a in ((0, 2), (P(0), P(2)), (None, 2), (1, None), (A(4), 3.5))],
    case(np.clip, A(3, 4), -1000, 1000, dtypes="B"),
    case(np.clip, A(3, 4), P(-1000), P(1000), dtypes="B"),
    case(np.clip, A(3, 4), None, None),
    case(np.clip, A(3, 4), min=1, max=P(2)),
    case(np.clip, A(3, 4), max=1),
    case(np.clip, A(3, 4), I8(1), I8(2)),
    case(np.clip, P(2.5), 0, P(1)),
    case(np.clip, P(5), 0, P(3)),
    case(np.clip, np.float32(2.5), P(0.5), 1),
    case(np.clip, A(), 0, 1),
]  # fmt: skip


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_as_numpy(c):
    check(c)


WRITES = [
    case(np.put, A(3, 4), [0, P(5)], [1, P(2)]),
    case(np.put, A(3, 4), P(2), P(2.5)),
    case(np.put, A(3, 4), [20, -30], A(2), mode="clip"),
    bad(np.put, A(3, 4), P(20), 1),
    case(np.put_along_axis, A(3, 4), A(3, 1, low=0, high=3, dtype="l"), P(9), 1),
    case(np.place, A(3, 4), B, [P(1), 2]),
    case(np.putmask, A(3, 4), B, A(3, 4)),
    case(np.putmask, A(3, 4), B, P(7)),
    case(np.fill_diagonal, A(3, 4), P(2)),
    case(np.fill_diagonal, A(7, 3), A(3), wrap=True),
    bad(np.fill_diagonal, A(3), 1),
    case(np.copyto, A(3, 4), A(4)),
    case(np.copyto, A(3, 4), P(2), where=B),
    case(np.copyto, A(3, 4), A(3, 4, dtype="d"), "unsafe"),
    bad(np.copyto, A(3, 4), A(3, 4, dtype="d"), dtypes="l"),
    bad(np.copyto, A(3, 4), A(3)),
]


def written(function):
    """The function on a copy of its first argument, returning it."""

    def call(x, *args, **kwargs):
        x = x.copy(order="K")
        function(x, *args, **kwargs)
        return x

    return call


@pytest.mark.parametrize("c", WRITES, ids=repr)
@pytest.mark.parametrize("layout", ["C", "F", "reversed"])
def test_writes(c, layout, monkeypatch):
    call = written(c.function)
    monkeypatch.setitem(NUMPY, call, MUTATING[c.function])
    for dtype in c.dtypes:
        rng = np.random.default_rng(1)
        args, kwargs = expand(c.args, dtype, layout, rng), expand(tuple(c.kwargs.values()), dtype, "C", rng)
        compared = check_call(call, args, dict(zip(c.kwargs, kwargs)), what=repr(c))
        assert bool(compared) != c.rejected


def test_every_function_that_writes_is_tested():
    assert {c.function for c in WRITES} == set(MUTATING)


@pytest.mark.parametrize(
    ("method", "builder", "extra"),
    [
        ("sort", sorted_value, ()),
        ("sort", sorted_value, (0, "stable")),
        ("partition", partitioned_value, (2, 0)),
    ],
)
def test_methods_that_write(method, builder, extra, monkeypatch):
    call = written(lambda x, *args: getattr(x, method)(*args))
    monkeypatch.setitem(NUMPY, call, builder)
    check(case(call, A(4, 5), *extra, dtypes=REAL))
