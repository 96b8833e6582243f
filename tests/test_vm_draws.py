"""Draws of single numbers: the numbers of NumPy, and the generator is left as NumPy leaves it."""

import sys
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import assert_same
from tests.test_native_lists import TIERS


def uniform(rng, n, a, b):
    return [
        (rng.random(), rng.uniform(a, b), rng.uniform(), rng.uniform(b - 1 if b < 1 else 0.5))
        for _ in range(n)
    ]


def normal(rng, n, a, b):
    return [(rng.standard_normal(), rng.normal(a, b), rng.normal(), rng.normal(a)) for _ in range(n)]


def exponential(rng, n, a, b):
    return [(rng.standard_exponential(), rng.exponential(b), rng.exponential()) for _ in range(n)]


def integers(rng, n, a, b):
    low, high = int(a), int(b) + 1 + int(a)
    return [(rng.integers(low, high), rng.integers(high - low), rng.integers(1)) for _ in range(n)]


def mixed(rng, n, a, b):
    total, rows = 0.0, []
    for k in range(n):
        if rng.random() < 0.5:
            total += rng.normal(a, b)
        elif k % 3:
            total += rng.standard_normal(4).sum() + rng.integers(0, k + 2)
        else:
            rows.append(rng.exponential(b) + rng.choice(5))
    return total, rows, rng.random(3)


def arrays(rng, n, a, b):
    size = n % 50
    low, high = int(a), int(a) + 1 + int(b)
    found = [(rng.random(size), rng.random(size=4), rng.standard_normal(size), rng.standard_exponential(3))]
    for _ in range(3):
        found.append(
            (rng.normal(a, b, size), rng.normal(size=3), rng.normal(a, size=2), rng.normal(a, b, size=0))
        )
        found.append(
            (rng.uniform(a, a + b, size), rng.uniform(size=3), rng.exponential(b, 3), rng.random((2, 3)))
        )
        found.append(
            (rng.integers(low, high, size), rng.integers(high - low, size=3), rng.integers(2, 5, size=1))
        )
    return found, rng.random(5000)


DRAWS = [uniform, normal, exponential, integers, arrays, mixed]
SOURCES = {
    "PCG64": np.random.default_rng,
    "MT19937": lambda seed: np.random.Generator(np.random.MT19937(seed)),
    "Philox": lambda seed: np.random.Generator(np.random.Philox(seed)),
}
TRACED = {(tier, f): tt.trace(f, strict=True) for tier in TIERS for f in DRAWS}


def check(f, tier, one, other, *args):
    with tt.config(tier=tier):
        assert_same(TRACED[tier, f](one, *args), f(other, *args))
    assert_same(one.bit_generator.state, other.bit_generator.state)


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("f", DRAWS, ids=lambda f: f.__name__)
def test_draws_are_those_of_numpy(f, source, tier):
    for n in (5, 300):
        check(f, tier, SOURCES[source](n), SOURCES[source](n), n, 0.25, 3.0)


@pytest.mark.parametrize("f", DRAWS, ids=lambda f: f.__name__)
@given(
    seed=st.integers(0, 100),
    a=st.one_of(st.integers(-(2**52), 2**52), st.floats(-1e9, 1e9)),
    b=st.one_of(st.floats(0, 2**60), st.sampled_from([0.0, 1, 255, 2**32 - 2, 2**32 - 1, 2**32, 2**53])),
)
@settings(max_examples=60)
def test_any_arguments(f, seed, a, b):
    if f is uniform and b < a:
        a, b = b, a
    one, other = np.random.default_rng(seed), np.random.default_rng(seed)
    check(f, TIERS[-1], one, other, 7, a, b)


@pytest.mark.parametrize(
    ("f", "args"),
    [
        (normal, (0.0, -1.0)),
        (normal, (0.0, -0.0)),
        (exponential, (0.0, -1.0)),
        (uniform, (3.0, 2.0)),
        (uniform, (-1e308, 1e308)),
        (integers, (0.0, -3.0)),
    ],
)
def test_wrong_arguments_raise_as_in_numpy(f, args):
    rng = np.random.default_rng(0)
    TRACED["interpreted", f](rng, 3, 1.0, 2.0)
    with pytest.raises((ValueError, OverflowError)) as plain:
        f(rng, 3, *args)
    with pytest.raises(type(plain.value)) as met:
        TRACED["interpreted", f](rng, 3, *args)
    assert str(met.value) == str(plain.value)


@pytest.mark.parametrize("tier", TIERS)
def test_functions_of_numpy_random(tier):
    def f(n):
        np.random.seed(n)
        found = [(np.random.rand(), np.random.random(), np.random.uniform(2.0, 3.0)) for _ in range(n)]
        more = [
            (np.random.randint(0, 2**40, size=n), np.random.rand(3), np.random.randint(-4, 4))
            for _ in range(n)
        ]
        return (
            found,
            more,
            [(np.random.randn(), np.random.randint(7), np.random.normal(1.0)) for _ in range(n)],
        )

    before = np.random.get_state()
    try:
        with tt.config(tier=tier):
            traced = tt.trace(f, strict=True)
            for n in (3, 40):
                assert_same(traced(n), f(n))
    finally:
        np.random.set_state(before)


def test_generators_of_others_draw_by_their_methods():
    class Loud(np.random.Generator):
        def random(self):
            return 2.0

    def f(rng, n):
        total = 0.0
        for _ in range(n):
            total += rng.random()
        return total

    traced = tt.trace(f)
    assert traced(np.random.default_rng(0), 5) == f(np.random.default_rng(0), 5)
    assert traced(Loud(np.random.PCG64(1)), 5) == 10.0


def test_references_are_kept_in_order():
    def f(rng, n):
        total = 0
        for _ in range(n):
            total += rng.integers(1000, 2000)
        return total

    traced = tt.trace(f, strict=True)
    rng = np.random.default_rng(0)
    traced(rng, 10)
    before = sys.getrefcount(rng)
    for _ in range(50):
        traced(rng, 10)
    assert sys.getrefcount(rng) <= before + 1


def test_a_generator_that_another_thread_uses():
    def f(rng, n):
        total = 0.0
        for _ in range(n):
            total += rng.random()
        return total

    traced = tt.trace(f, strict=True)
    rng = np.random.default_rng(0)
    traced(rng, 3)
    other = threading.Thread(target=lambda: [rng.random(200_000) for _ in range(20)])
    other.start()
    totals = [traced(rng, 500) for _ in range(40)]
    other.join()
    assert all(150 < total < 350 for total in totals)
