"""Numerical functions: the graph does what NumPy does."""

import numpy as np
import pytest

from tests.ops_harness import ALL, INEXACT, NUMBERS, REAL, A, P, bad, build, case, check
from tracetensor.graph.answers import NUMPY
from tracetensor.graph.node import input_variable
from tracetensor.graph.types import INT, array_type

LAYOUTS = ("F", "reversed", "strided")
SPECIAL = np.array([0.0, -0.0, np.inf, -np.inf, np.nan, 1.5])
NANS = np.array([[1.0, np.nan], [np.inf, -np.inf]], "f4")

CASES = [
    case(np.diff, A(3, 5), dtypes=ALL, layouts=LAYOUTS),
    *[case(np.diff, A(3, 5), *a) for a in ((0,), (2,), (P(3),), (1, 0), (9,))],
    case(np.diff, A(5), prepend=P(0)),
    case(np.diff, A(3, 5), prepend=0, append=A(3, 2)),
    case(np.diff, A(3, 5), append=P(0.5), axis=0),
    bad(np.diff, A()),
    bad(np.diff, A(3), P(-1)),
    *[case(np.ediff1d, A(3, 2), **k) for k in ({}, {"to_end": 9}, {"to_begin": [P(1), 2]})],
    case(np.gradient, A(6), dtypes="lfd"),
    case(np.gradient, A(4, 5)),
    case(np.gradient, A(4, 5), P(2.0)),
    case(np.gradient, A(4, 5), 0.5, A(5, sort=True, dtype="d"), edge_order=2),
    case(np.gradient, A(4, 5), axis=1),
    bad(np.gradient, A(1)),
    *[case(np.trapezoid, A(3, 5), *a, dtypes=NUMBERS, layouts=LAYOUTS) for a in ((), (A(5),), (None, P(0.5)), (A(3), 1.0, 0), (A(3, 5),))],
    case(np.trapezoid, A(5), dx=2),
    *[case(np.polyval, A(n), x, dtypes=NUMBERS) for n in (1, 4) for x in (A(3, 2), P(2), P(2.5), A())],
    case(np.polyval, [1, P(2), 3.5], A(4)),
    case(np.polyval, A(0), A(3)),
    *[case(np.polyfit, np.arange(8.0), A(8), d, dtypes="ld") for d in (1, P(2))],
    case(np.polyder, A(5)),
    case(np.polyint, A(5)),
    *[case(f, A(3, low=1), A(4, low=1)) for f in (np.polyadd, np.polysub, np.polymul)],
    case(np.poly, A(3)),
    *[case(f, A(3, 4), dtypes=REAL, layouts=LAYOUTS) for f in (np.sinc, np.fix)],
    *[case(f, A(3, 4), dtypes="?lfd", layouts=LAYOUTS) for f in (np.i0, np.isneginf, np.isposinf)],
    *[case(f, A(3, 4), dtypes=ALL, layouts=LAYOUTS) for f in (np.iscomplex, np.isreal, np.nan_to_num, np.round, np.angle)],
    *[case(f, x) for f in (np.sinc, np.fix, np.isneginf, np.isposinf, np.nan_to_num, np.round, np.angle, np.isreal, np.iscomplex)
      for x in (SPECIAL, P(2.5), np.float32(2.5), A(0, 3), A())],
    case(np.nan_to_num, NANS),
    case(np.nan_to_num, SPECIAL, nan=P(7.0), posinf=1.0, neginf=P(-2.0)),
    case(np.nan_to_num, SPECIAL, copy=False, covered=False),
    *[case(f, A(3, 4), k, dtypes=ALL) for f in (np.round, np.around, "round") for k in (1, -1, P(2))],
    case(np.angle, A(3, 4), True, dtypes=ALL),
    case(np.angle, P(1 + 2j)),
    case(np.isclose, A(3, 4), A(4), dtypes=ALL, layouts=LAYOUTS),
    case(np.isclose, SPECIAL, SPECIAL, equal_nan=True),
    case(np.isclose, P(1.0), A(3), P(0.5), atol=P(1.0)),
    case(np.isclose, P(1.0), P(1.0)),
    *[case(np.allclose, x, x) for x in (A(3, 4), P(2.0))],
    case(np.allclose, A(3), A(3), rtol=P(9.0)),
    *[case(f, A(3), y) for f in (np.array_equal, np.array_equiv) for y in (A(3), A(2), P(3))],
    case(np.array_equal, SPECIAL, SPECIAL, equal_nan=True),
    case(np.array_equiv, A(3), A(2, 3)),
    case(np.interp, A(3, 4), np.arange(5.0), A(5), dtypes="ld"),
    case(np.interp, P(2.5), np.arange(5.0), A(5), P(-1.0), 9.0),
    case(np.interp, A(4), np.arange(5.0), A(5), period=4.0),
    case(np.unwrap, A(9), dtypes="ld"),
    case(np.unwrap, A(3, 5), axis=0),
    *[case(f, A(7), A(3), *m, dtypes=NUMBERS) for f in (np.convolve, np.correlate) for m in ((), ("same",), ("full",), ("valid",))],
    case(np.convolve, P(2), A(3)),
    bad(np.convolve, A(0), A(3)),
    *[case(f, A(3, 9), dtypes="ldD") for f in (np.cov, np.corrcoef)],
    *[case(f, A(9), A(9)) for f in (np.cov, np.corrcoef)],
    case(np.cov, A(3, 9), rowvar=False, ddof=0),
    *[case(f, x) for f in (np.cov, np.corrcoef) for x in (A(9), A(1, 9))],
    case(np.cov, A(3, 9), dtype=np.float32),
    case(np.packbits, A(10, low=0, high=2), dtypes="?B"),
    case(np.packbits, A(3, 10, dtype="?"), axis=1, bitorder="little"),
    case(np.unpackbits, A(3, 2, dtype="B")),
    case(np.unpackbits, A(3, 2, dtype="B"), axis=0),
    case(np.unravel_index, P(7), (3, 4)),
    case(np.unravel_index, A(4, low=0, dtype="l"), (3, 4)),
    case(np.trim_zeros, np.array([0, 1, 2, 0])),
    case(np.ravel_multi_index, (A(4, low=0, high=3, dtype="l"), P(2)), (3, 4)),
    bad(np.ravel_multi_index, (P(5), P(2)), (3, 4)),
    case(np.result_type, A(3), P(2.5), dtypes=ALL),
    case(np.result_type, A(3), np.int8, dtypes=ALL),
    case(np.result_type, P(2), P(3)),
    case(np.common_type, A(3), A(2, dtype="f")),
    case(np.can_cast, np.float32(2), "i4"),
    *[case(f, x) for f in (np.isscalar,) for x in (P(2), np.float32(2), A(), A(3), "text")],
    *[case(f, x, dtypes=INEXACT) for f in (np.iscomplexobj, np.isrealobj) for x in (A(3), P(2.5), np.complex64(1))],
]  # fmt: skip


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_as_numpy(c):
    check(c)


def test_result_type_of_weak_scalars():
    x, n = input_variable(array_type("f4", (None,))), input_variable(INT)
    assert NUMPY[np.result_type](x, n) == np.float32
    assert build(NUMPY[np.isscalar], (P(2),), {})[0] is True
