"""Arrays made of sizes and numbers: the graph does what NumPy does."""

import numpy as np
import pytest

from tests.ops_harness import ALL, A, P, bad, build, case, check, run
from tracetensor.graph.answers import NUMPY, Unsupported
from tracetensor.graph.ops.creation import mgrid_getitem, ogrid_getitem

N, M = P(3), np.int32(4)
LAYOUTS = ("F", "reversed", "strided")
FILLED = [np.zeros, np.ones]
LIKE = [np.zeros_like, np.ones_like]

CASES = [
    *[case(f, shape) for f in FILLED for shape in (N, (N,), (N, M), (), [N, 2], P(0), (P(0), 3))],
    *[case(f, (N, M), d) for f in FILLED for d in (int, "f4", bool, np.complex64)],
    *[case(f, (N, M), float, "F") for f in FILLED],
    *[bad(f, (P(-1), 3)) for f in FILLED],
    *[bad(f, P(2.5)) for f in FILLED],
    case(np.full, (N, M), P(2.5)),
    case(np.full, (N, M), P(2)),
    case(np.full, N, np.float32(2)),
    case(np.full, (N, 2), A(2)),
    case(np.full, (3, 2), A()),
    case(np.full, (N, 2), P(3), np.uint8),
    case(np.full, (N, 2), True),
    case(np.full, (N, 2), P(1), order="F"),
    bad(np.full, (N, 2), A(3)),
    *[case(f, A(3, 4), dtypes=ALL, layouts=LAYOUTS) for f in LIKE],
    *[case(f, A(3, 4), np.float32, layouts=LAYOUTS) for f in LIKE],
    *[case(f, x) for f in LIKE for x in (A(), np.float32(2), P(3), A(0, 2), [P(2), 3])],
    *[case(f, A(3), shape=(N, 2)) for f in LIKE],
    *[case(f, A(3, 4), order="C", covered=False) for f in LIKE],
    case(np.full_like, A(3, 4), P(3.5), dtypes=ALL, layouts=LAYOUTS),
    case(np.full_like, A(3, 4), A(4), dtypes="d"),
    case(np.full_like, A(3, 4), 2, np.uint8),
    case(np.full_like, A(3), 2, shape=N),
    case(np.arange, N),
    case(np.arange, P(-3)),
    case(np.arange, P(3.5)),
    case(np.arange, M),
    case(np.arange, np.float32(3.5)),
    case(np.arange, P(1), P(7)),
    case(np.arange, P(7), 1, P(-2)),
    case(np.arange, 0, P(1.0), 0.25),
    case(np.arange, P(1), np.uint8(5)),
    case(np.arange, start=P(2), stop=5),
    case(np.arange, P(2), 9, step=P(2)),
    case(np.arange, N, dtype=np.float32),
    case(np.arange, 0, N, 1, np.int32),
    case(np.arange, A(dtype="l", low=2)),
    bad(np.arange, 0, 3, P(0)),
    *[case(np.linspace, *a) for a in ((0.0, P(1.0)), (P(0), P(1), N), (0, 1, N, False), (A(2), A(2)), (A(2), 1.0, 5), (np.float32(0), np.float32(1), P(0)))],
    case(np.linspace, P(0.0), 1.0, 5, retstep=True, covered=False),
    case(np.linspace, P(0), 10, N, dtype=int),
    case(np.linspace, A(2), A(2), 4, axis=-1),
    bad(np.linspace, 0, 1, P(-1)),
    bad(np.linspace, 0, 1, P(2.5)),
    case(np.logspace, P(0.0), 2.0, N),
    case(np.logspace, P(0), 2, 5, base=P(2.0)),
    case(np.geomspace, P(1.0), 8.0, N),
    *[case(np.eye, *a) for a in ((N,), (N, M), (3, N, 1), (N, None, P(-1)), (P(0),))],
    case(np.eye, N, dtype=np.float32),
    case(np.eye, N, order="F", covered=False),
    case(np.identity, N),
    case(np.identity, N, int),
    bad(np.identity, P(-1)),
    *[case(np.tri, *a) for a in ((N,), (N, M), (3, N, 1), (N, None, P(-1), bool))],
    *[case(f, A(3, 4), *k, dtypes=ALL, layouts=LAYOUTS) for f in (np.tril, np.triu) for k in ((), (1,), (P(-1),))],
    *[case(f, x) for f in (np.tril, np.triu) for x in (A(3), A(2, 3, 4), A(0, 3))],
    *[case(f, *a) for f in (np.tril_indices, np.triu_indices) for a in ((N,), (N, 1), (N, P(-1), M))],
    *[case(f, A(3, 4), *a) for f in (np.tril_indices_from, np.triu_indices_from) for a in ((), (P(1),))],
    case(np.diag_indices, N),
    case(np.diag_indices, N, 3),
    case(np.diag_indices_from, A(3, 3)),
    *[case(np.diag, A(3), *k, dtypes=ALL, layouts=LAYOUTS) for k in ((), (2,), (P(-1),))],
    *[case(np.diag, A(3, 4), *k, layouts=LAYOUTS) for k in ((), (2,), (P(-1),))],
    bad(np.diag, A(2, 3, 4)),
    case(np.diagflat, A(2, 2)),
    case(np.diagflat, A(2), P(1)),
    *[case(np.vander, A(3), *a, dtypes="lfdD") for a in ((), (N,), (4, True))],
    *[case(np.meshgrid, A(3), A(4), dtypes="ld", layouts=("strided",), **k) for k in ({}, {"indexing": "ij"}, {"sparse": True}, {"copy": False})],
    case(np.meshgrid, A(3), A(4), A(2)),
    case(np.meshgrid, A(3)),
    case(np.meshgrid, A(2, 3), P(2.0)),
    case(np.indices, (N, M)),
    case(np.indices, (N, 2), np.float32),
    case(np.indices, (N, M), sparse=True),
]  # fmt: skip


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_as_numpy(c):
    check(c)


@pytest.mark.parametrize("function", [np.empty, np.empty_like])
def test_empty(function):
    argument = (N, 4) if function is np.empty else np.asfortranarray(np.ones((3, 4), "f4"))
    result, values = build(NUMPY[function], (argument,), {})
    value, _ = run(result, values)
    expected = function((3, 4)) if function is np.empty else function(argument)
    assert (value.shape, value.dtype, value.flags.f_contiguous) == (
        expected.shape,
        expected.dtype,
        expected.flags.f_contiguous,
    )


KEYS = [
    slice(0, N),
    slice(P(1), 7, P(2)),
    (slice(0, N), slice(0, 2)),
    (slice(0, N), slice(P(0.5), 2)),
    (slice(0, N, 3j), slice(0, 2)),
    (slice(None, N), slice(0, 2)),
    (slice(0, N),),
]


@pytest.mark.parametrize("key", KEYS, ids=str)
@pytest.mark.parametrize("grid", [np.mgrid, np.ogrid])
def test_grids(key, grid, monkeypatch):
    builder = mgrid_getitem if grid is np.mgrid else ogrid_getitem
    monkeypatch.setitem(NUMPY, grid.__getitem__, builder)
    check(case(grid.__getitem__, key))


def test_a_grid_without_an_end_is_not_covered():
    with pytest.raises(Unsupported):
        mgrid_getitem(slice(None))
