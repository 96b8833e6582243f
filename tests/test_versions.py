"""How many versions of a function are compiled: by what the arguments are, hardly by how large they are."""

import numpy as np
import pytest

import tracetensor as tt
from tests import compare

SIZES = range(50)
MOST = 3
PROGRAMS = []


def program(make):
    """Enter a program, with a function that makes its arguments for size n."""

    def enter(function):
        PROGRAMS.append((function, make))
        return function

    return enter


def vector(n):
    return np.linspace(-1.0, 2.0, n)


def matrix(n):
    return np.cos(np.arange(n * (n + 3.0))).reshape(n, n + 3)


@program(lambda n: (vector(n),))
def elementwise(x):
    return np.exp(-x) * x + 1


@program(lambda n: (vector(n), 3, 0.1))
def heat(u, steps, k):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    return u.sum()


@program(lambda n: (n,))
def harmonic(n):
    total = 0.0
    for k in range(1, n + 1):
        total += 1 / k
    return total


@program(lambda n: (n,))
def collatz(n):
    steps = 0
    while n > 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@program(lambda n: (vector(n) * 3 % 1,))
def insertion_sort(x):
    y = x.copy()
    for i in range(1, len(y)):
        v = y[i]
        j = i - 1
        while j >= 0 and y[j] > v:
            y[j + 1] = y[j]
            j -= 1
        y[j + 1] = v
    return y


@program(lambda n: (matrix(n), vector(n + 3)))
def softmax_of_product(m, x):
    z = m @ x
    e = np.exp(z - z.max(initial=-np.inf))
    return e / e.sum()


@program(lambda n: (matrix(n),))
def standardise(m):
    return (m - m.mean(axis=1, keepdims=True)) / (m.std(axis=1, keepdims=True) + 1e-9)


@program(lambda n: (vector(n),))
def positive_part(x):
    y = x[x > 0.25]
    x[x < 0] = 0
    return y.sum(), x


@program(lambda n: (vector(n), n // 2))
def halves(x, k):
    a, b = x[:k], x[k:]
    return np.concatenate([b, a]), a.size - b.size


@program(lambda n: (n,))
def primes(n):
    sieve = np.ones(n + 1, dtype=bool)
    sieve[:2] = False
    i = 2
    while i * i <= n:
        if sieve[i]:
            sieve[i * i :: i] = False
        i += 1
    return np.flatnonzero(sieve)


@program(lambda n: (vector(n),))
def squares_in_a_list(x):
    squares = []
    for v in x:
        if v > 0:
            squares.append(v * v)
    return squares


@program(lambda n: ([float(k) for k in range(n + 20)],))
def sum_of_a_long_list(values):
    total = 0.0
    for v in values:
        total += v
    return total


@program(lambda n: (np.arange(n + 2, dtype=np.uint8), 7 + n))
def checksum(data, seed):
    s = seed
    for byte in data:
        s = (s * 31 + int(byte)) & 0xFFFFFFFF
    return s


@program(lambda n: (vector(n + 2), np.linspace(0.0, 1.0, n + 5)))
def trapezoids(y, x):
    x = x[: y.size]
    return ((y[1:] + y[:-1]) * (x[1:] - x[:-1])).sum() / 2


@pytest.mark.parametrize(("function", "make"), PROGRAMS, ids=[f.__name__ for f, _ in PROGRAMS])
def test_versions_over_sizes(function, make):
    traced = tt.trace(function, strict=True)
    for n in SIZES:
        compare.run_both(function, traced, make(n))
    assert 1 <= len(traced.graphs) <= MOST


@pytest.mark.parametrize(("function", "make"), PROGRAMS, ids=[f.__name__ for f, _ in PROGRAMS])
def test_no_version_is_compiled_twice(function, make):
    traced = tt.trace(function, strict=True)
    for _ in range(2):
        for n in (7, 11, 30):
            traced(*make(n))
    assert len(traced.graphs) == 1


def test_a_version_for_every_kind_of_argument():
    traced = tt.trace(lambda x: x + 1, strict=True)
    kinds = [np.ones(3), np.ones(3, "f4"), np.ones((2, 3)), 1, 1.0, np.float32(1), np.array(1.0)]
    for value in kinds:
        for _ in range(2):
            compare.assert_same(traced(value), value + 1)
    assert len(traced.graphs) == len(kinds)


def test_dims_of_one_have_versions_of_their_own():
    """They broadcast: at most one more version for each axis."""
    traced = tt.trace(lambda x, y: x * y, strict=True)
    for m, n in [(2, 3), (1, 3), (4, 5), (4, 1), (1, 1), (6, 7)]:
        compare.run_both(traced.__wrapped__, traced, (np.ones((m, n)), np.full((6 if m == 1 else m, n), 2.0)))
    assert len(traced.graphs) == 4


def test_a_new_version_says_why(caplog):
    def f(x, mode):
        return x * 2 if mode == "double" else x

    traced = tt.trace(f, strict=True)
    with caplog.at_level("INFO", logger="tracetensor"):
        traced(np.ones(3), "double")
        traced(np.ones(3), "same")
        traced(np.ones(3, "f4"), "same")
    texts = [record.getMessage() for record in caplog.records]
    assert [t.split(".<locals>.")[1] for t in texts] == [
        "f: version 1 compiled",
        "f: version 2 compiled: version 1 is for mode == 'double' (now 'same')",
        "f: version 3 compiled: version 2 is for x: float64[?] (now float32[3])",
    ]
    assert "made because version 2 is for x: float64[?] (now float32[3])" in traced.explain()


RATE = 1.0


def with_rate(x):
    return x * RATE


def test_number_in_a_global_that_keeps_changing():
    """After two versions it is an input: no version more, whatever it is."""
    global RATE
    before = RATE
    f = tt.trace(with_rate, strict=True)
    try:
        for k in range(12):
            RATE = float(k)
            assert (f(np.arange(3.0)) == with_rate(np.arange(3.0))).all()
    finally:
        RATE = before
    assert len(f.graphs) == 3
