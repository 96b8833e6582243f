"""Reductions and cumulations: the graph does what NumPy does."""

import numpy as np
import pytest

from tests.ops_harness import ALL, FLOATS, INTS, NUMBERS, A, P, bad, case, check
from tracetensor.graph.answers import NUMPY
from tracetensor.graph.ops.elementwise import UFUNCS

LAYOUTS = ("F", "reversed", "strided")
ONE = np.float32(1.5)
MASK = A(3, 4, dtype="?")

SIMPLE = [np.sum, np.prod, np.min, np.max, np.any, np.all, np.mean, np.var, np.std, np.ptp]
NANS = [np.nansum, np.nanprod, np.nanmin, np.nanmax, np.nanmean, np.nanvar, np.nanstd]
MIDDLE = [np.median, np.nanmedian]
METHOD_NAMES = ["sum", "prod", "min", "max", "any", "all", "mean", "var", "std"]
ARGS = [np.argmin, np.argmax, np.nanargmin, np.nanargmax]
RUNNING = [np.cumsum, np.cumprod, np.nancumsum, np.nancumprod]

CASES = [
    *[case(f, A(17, 9), dtypes=ALL, layouts=LAYOUTS) for f in (*SIMPLE, *NANS, *MIDDLE, *RUNNING)],
    *[case(f, A(3, 4, 5), axis=1, dtypes=ALL, layouts=LAYOUTS) for f in (*SIMPLE, *NANS, *MIDDLE, *RUNNING)],
    *[case(f, A(3, 4, 5), axis=-1, keepdims=True, dtypes="ild", layouts=LAYOUTS) for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS)],
    *[case(f, A(3, 4, 5), axis=(0, P(-1)), dtypes="ld", layouts=LAYOUTS) for f in (*SIMPLE, *NANS, *MIDDLE)],
    *[case(f, A(3, 4), axis=(), dtypes="ld", layouts=LAYOUTS) for f in (np.sum, np.min, np.any, np.nanmax)],
    *[case(f, A(3, 4), keepdims=True, dtypes="ld") for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS)],
    *[case(f, A(3, 4), axis=P(1)) for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS, *RUNNING)],
    *[case(f, A(7), axis=0, dtypes="ldB") for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS, *RUNNING)],
    *[case(f, A(1, 3), axis=0) for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS, *RUNNING)],
    *[case(f, A()) for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS, *RUNNING)],
    *[case(f, ONE) for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS, *RUNNING)],
    *[case(f, P(3)) for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS, *RUNNING)],
    *[case(f, [P(3), 2.5, A()]) for f in (*SIMPLE, *RUNNING)],
    *[case(f, A(0, 3), axis=1) for f in (np.sum, np.prod, np.any, np.all, np.mean, np.var, np.nansum, np.median, np.cumsum)],
    *[case(f, A(0, 3), axis=0) for f in (np.sum, np.prod, np.any, np.all, np.mean, np.var, np.nansum, np.cumsum)],
    *[bad(f, A(0, 3)) for f in (np.min, np.max, np.ptp, np.nanmin, *ARGS)],
    *[bad(f, A(3, 4), axis=2) for f in (*SIMPLE, *NANS, *MIDDLE, *ARGS, *RUNNING)],
    *[bad(f, A(3, 4), axis=(0, 0)) for f in (*SIMPLE, *NANS)],
    *[case(f, A(3, 4), dtype=np.float32, axis=0, dtypes="ild") for f in (np.sum, np.prod, np.mean, np.var, np.std, np.cumsum, np.nansum)],
    *[case(f, A(3, 4), None, int) for f in (np.sum, np.prod, np.mean, np.cumsum, np.cumprod)],
    *[case(f, A(3, 4), initial=P(3), dtypes="ldB") for f in (np.sum, np.prod, np.min, np.max, np.nansum, np.nanmax)],
    *[case(f, A(3, 4), axis=0, initial=2.5, dtypes="d") for f in (np.sum, np.prod, np.min, np.max)],
    *[case(f, A(3, 4), where=MASK) for f in (np.sum, np.prod, np.any, np.all, np.mean, np.var, np.std, np.nansum, np.nanmean, np.nanstd)],
    *[case(f, A(3, 4), where=MASK, initial=1, axis=1) for f in (np.sum, np.min, np.max, np.nanmin)],
    case(np.sum, A(3, 4), where=A(4, dtype="?"), axis=0),
    bad(np.sum, A(3, 1), where=A(3, 4, dtype="?"), axis=0),
    *[case(f, A(3, 4), ddof=1, axis=0, dtypes=NUMBERS) for f in (np.var, np.std, np.nanvar)],
    *[case(f, A(9), ddof=P(2)) for f in (np.var, np.std)],
    *([case(np.var, A(9), correction=1)]),
    case(np.var, A(3, 4), axis=0, mean=A(1, 4), dtypes="d"),
    *[case(name, A(3, 4), dtypes=ALL, layouts=LAYOUTS) for name in METHOD_NAMES],
    *[case(name, A(3, 4), 1, dtypes="ld") for name in (*METHOD_NAMES, "cumsum", "cumprod", "argmin", "argmax")],
    *[case(name, ONE) for name in METHOD_NAMES],
    case("sum", A(3, 4), axis=0, dtype=float, keepdims=True),
    *[case(f, A(3, 4), axis, dtypes="?ilBfd", layouts=LAYOUTS) for f in ARGS for axis in (None, 0, -1)],
    case("argmax", A(3, 4), layouts=LAYOUTS),
    *[case(f, A(3, 4), axis=1, keepdims=True) for f in (np.amin, np.amax)],
    case(np.count_nonzero, A(3, 4), dtypes=ALL, layouts=LAYOUTS),
    case(np.count_nonzero, A(3, 4), axis=0),
    case(np.count_nonzero, A(3, 4), axis=(0, 1), keepdims=True),
    case(np.count_nonzero, P(2)),
    *[case(f, A(7), q) for f in (np.percentile, np.nanpercentile) for q in (P(25.0), 50, [10, P(90)], A(2, low=0, dtype="d"))],
    *[case(f, A(3, 4), P(0.3), axis=1, dtypes="lfd", layouts=LAYOUTS) for f in (np.quantile, np.nanquantile)],
    case(np.quantile, A(3, 4), [0.2, P(0.4), 0.9], axis=0, keepdims=True),
    case(np.quantile, A(9), 0.3, method="lower"),
    case(np.quantile, A(9), 0.3, weights=A(9, low=1), method="inverted_cdf"),
    bad(np.percentile, A(7), P(101.0)),
    case(np.average, A(3, 4), dtypes=NUMBERS),
    case(np.average, A(3, 4), axis=0, weights=A(3, low=1), dtypes=NUMBERS),
    case(np.average, A(3, 4), weights=A(3, 4, low=1)),
    case(np.average, A(3, 4), axis=1, weights=A(4, low=1), returned=True),
    case(np.average, A(3, 4), axis=1, keepdims=True),
    case(np.trace, A(3, 4), dtypes=ALL, layouts=LAYOUTS),
    case(np.trace, A(2, 3, 4), 1, 1, 2),
    case("trace", A(3, 3), offset=P(-1)),
    case(np.linalg.trace, A(2, 3, 3)),
    case(np.sum, A(3, 4), 0, float, A(4), covered=False),
    *([case(np.cumulative_sum, A(3, 4), axis=1), case(np.cumulative_prod, A(4), include_initial=True)] if hasattr(np, "cumulative_sum") else []),
]  # fmt: skip


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_as_numpy(c):
    check(c)


BINARY = [op.evaluate for op in UFUNCS.values() if op.evaluate.nin == 2 and op.evaluate.nout == 1]


@pytest.mark.parametrize("ufunc", BINARY, ids=lambda u: u.__name__)
@pytest.mark.parametrize("method", ["reduce", "accumulate", "outer", "reduceat"])
def test_ufunc_methods(ufunc, method):
    function = getattr(ufunc, method)
    assert function in NUMPY
    dtypes = INTS + FLOATS + "?"
    extra = {"outer": (A(2),), "reduceat": (np.array([0, 2, 1]),)}.get(method, ())
    try:
        check(case(function, A(3, 4, low=1), *extra, dtypes=dtypes))
    except AssertionError as error:
        if "compared" not in str(error):
            raise
    if method in {"reduce", "accumulate"} and ufunc in {
        np.add,
        np.multiply,
        np.maximum,
        np.logical_or,
        np.bitwise_xor,
        np.subtract,
    }:
        check(case(function, A(3, 4, low=1), axis=1, dtypes="l"))
        if method == "reduce":
            check(case(function, A(3, 4, low=1), axis=1, keepdims=True, dtypes="l", layouts=LAYOUTS))
        if ufunc in {np.add, np.bitwise_xor}:
            check(case(function, A(3, 4, low=1), dtype=np.int32, dtypes="l"))
    if method == "reduce" and ufunc in {np.add, np.maximum, np.logical_and}:
        check(case(function, A(3, 4), axis=None, dtypes="ld"))
        check(case(function, A(3, 4), initial=2, where=A(3, 4, dtype="?"), dtypes="ld"))
