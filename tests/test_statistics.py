"""numpy.mean, var, std, ptp, array_equal and argwhere, which compiled programs do without NumPy's Python."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import assert_same, run_both

RNG = np.random.default_rng(0)
SHAPES = [(5,), (4, 7), (1,), (300,), (2, 3, 4), (0,), (3, 0)]


def arrays(char):
    return [(RNG.random(shape) * 50).astype(char) for shape in SHAPES]


def compare(f, *calls):
    traced = tt.trace(f, strict=True)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for args in calls:
            run_both(f, traced, args, rtol=0)


@pytest.mark.parametrize("char", ["d", "f", "e", "i", "H", "?", "D", ">f8"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0,)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_statistics(char, axis, keepdims):
    def f(x):
        options = {"axis": axis, "keepdims": keepdims}
        found = x.mean(**options), np.var(x, **options), x.std(ddof=1, **options), x.std(ddof=2, **options)
        return found if char == "?" else (*found, np.ptp(x + 0, **options)) if x.size else found

    compare(f, *[(x,) for x in arrays(char)])
    compare(lambda x: (x[0].mean(), x[::-1].std(axis=0), x.T.mean(axis=0)), *[(x,) for x in arrays(char)[:5]])


def test_a_mean_of_another_dtype():
    compare(lambda x: (x.mean(dtype=np.float32), x.var(dtype=np.float64)), (np.arange(9.0),))


@pytest.mark.parametrize("char", ["d", "f", "l", "B", "?", "D", ">i4"])
def test_equal(char):
    def f(x, y):
        return np.array_equal(x, y), np.array_equal(x, x + 0), np.array_equal(x.T, y.T)

    for x in arrays(char):
        other = x.copy()
        calls = [(x, x.copy()), (x, other), (x, x[..., :1]), (x, x.real.astype("f4")), (x, x[None])]
        if other.size:
            other.flat[-1] += 1
        compare(f, *calls)


def test_equal_zeros_and_nans():
    x = np.array([0.0, np.nan, 1.0])
    compare(lambda x, y: np.array_equal(x, y), (x[::2], -x[::2]), (x[:1], -x[:1]), (x, x), (x[1:], x[1:]))


@pytest.mark.parametrize("char", ["d", "?", "l", "D"])
def test_argwhere(char):
    compare(lambda x: np.argwhere(x > 20), *[(x,) for x in arrays(char)])
    compare(lambda x: np.argwhere(x), *[(x,) for x in arrays(char)])


ROWS = {
    "plain": lambda shape: RNG.random(shape) - 0.5,
    "zeros": lambda shape: np.where(RNG.random(shape) < 0.6, 0.0, RNG.random(shape)),
    "both zeros": lambda shape: np.where(RNG.random(shape) < 0.5, 0.0, -0.0),
    "minus zeros": lambda shape: np.where(RNG.random(shape) < 0.4, -0.0, RNG.random(shape) - 0.5),
    "not numbers": lambda shape: np.where(RNG.random(shape) < 0.1, np.nan, RNG.random(shape)),
    "large": lambda shape: RNG.random(shape) * 3e38,
}


@pytest.mark.parametrize("char", ["d", "f", "l", "B"])
@pytest.mark.parametrize("kind", ROWS)
def test_short_rows(char, kind):
    """Reductions along a short last axis; bit for bit, zeros and NaN included."""

    def f(x):
        last = x.ndim - 1
        found = x.sum(axis=-1), x.max(axis=-1, keepdims=True), x.min(axis=last), x.mean(axis=(-1,))
        return *found, x.sum(axis=0), x[::2].max(axis=-1), x.T.min(axis=-1), np.signbit(found[1])

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        calls = [
            (ROWS[kind](shape).astype(char),)
            for shape in [(9, 3), (4, 5, 2), (100, 1), (20, 7), (30, 8), (2, 3)]
        ]
    compare(f, *calls)


@pytest.mark.parametrize("char", ["d", "f", "e", "l", "B", "?", ">f8"])
@pytest.mark.parametrize("axis", [None, 0, -1, (0, -1)])
def test_median(char, axis):
    def f(x):
        return np.median(x, axis=axis), np.median(x[..., ::-1], axis=axis, keepdims=True), np.median(x.T)

    shapes = [(5,), (6,), (1,), (511,), (512,), (700,), (4, 7), (3, 2, 6), (5, 80)]
    for shape in shapes:
        if axis != (0, -1) or len(shape) > 1:
            compare(f, (((RNG.random(shape) - 0.3) * 50).astype(char),))


ITEMS = st.one_of(st.floats(), st.sampled_from([0.0, -0.0, 1.0, -1.0, np.inf, -np.inf]), st.floats(width=32))


@given(items=st.lists(ITEMS, min_size=1, max_size=80), single=st.booleans())
@settings(max_examples=200)
def test_median_of_anything(items, single):
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        x = np.array(items).astype(np.float32 if single else np.float64)
        assert_same(MEDIAN(x), np.median(x))


MEDIAN = tt.trace(lambda x: np.median(x))


def test_median_of_nothing():
    compare(lambda x: np.median(x), (np.zeros(0),))
