"""Recursion, traced against plain."""

import sys
import threading
import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests.tracer_table import Table
from tracetensor.function import NESTING

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1.0, 2.0, 0.5, 7.0, 2.0, -4.0])
ONE = np.ones(1)
NONE = np.zeros(0)


def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)


@case([0], [1], [10])
def fibonacci(n):
    return fib(n), fib(3)


def factorial(n):
    if n <= 1:
        return 1
    return n * factorial(n - 1)


@case([0], [5], [25])
def factorials(n):
    return factorial(n)


def gcd(a, b):
    return a if b == 0 else gcd(b, a % b)


@case([12, 18], [7, 0], [0, 7])
def divisor(a, b):
    return gcd(a, b)


def ackermann(m, n):
    if m == 0:
        return n + 1
    if n == 0:
        return ackermann(m - 1, 1)
    return ackermann(m - 1, ackermann(m, n - 1))


@case([0, 3], [2, 2])
def doubly_recursive(m, n):
    return ackermann(m, n)


def power(x, n):
    if n == 0:
        return 1.0
    half = power(x, n // 2)
    return half * half * x if n % 2 else half * half


@case([1.5, 0], [1.5, 1], [1.5, 13])
def powers(x, n):
    return power(x, n)


def is_even(n):
    return True if n == 0 else is_odd(n - 1)


def is_odd(n):
    return False if n == 0 else is_even(n - 1)


@case([0], [1], [7], [10])
def mutual(n):
    return is_even(n), is_odd(n)


def search(x, t, lo, hi):
    if lo >= hi:
        return -1
    mid = (lo + hi) // 2
    if x[mid] == t:
        return mid
    if x[mid] < t:
        return search(x, t, mid + 1, hi)
    return search(x, t, lo, mid)


@case([V, 3.0], [V, 9.0], [NONE, 1.0], [ONE, 1.0])
def binary_search(x, t):
    return search(x, t, 0, len(x))


def pairwise(x):
    n = len(x)
    if n == 0:
        return 0.0
    if n == 1:
        return x[0] * 1.0
    return pairwise(x[: n // 2]) + pairwise(x[n // 2 :])


@case([V], [W], [ONE], [NONE])
def sum_of_halves(x):
    return pairwise(x)


def sort(x):
    n = len(x)
    if n <= 1:
        return x.copy()
    left, right = sort(x[: n // 2]), sort(x[n // 2 :])
    out = np.empty(n)
    i = j = 0
    for k in range(n):
        if j >= len(right) or (i < len(left) and left[i] <= right[j]):
            out[k] = left[i]
            i += 1
        else:
            out[k] = right[j]
            j += 1
    return out


@case([V], [W], [ONE], [NONE])
def merge_sort(x):
    return sort(x)


def transform(x):
    n = x.shape[0]
    if n == 1:
        return x.astype(complex)
    even, odd = transform(x[::2]), transform(x[1::2])
    turned = np.exp(-2j * np.pi * np.arange(n // 2) / n) * odd
    return np.concatenate([even + turned, even - turned])


@case([np.arange(8.0)], [np.arange(2.0)], [ONE])
def fft(x):
    return transform(x)


def quick(a, lo, hi):
    if lo >= hi:
        return
    pivot = a[hi]
    i = lo
    for j in range(lo, hi):
        if a[j] < pivot:
            a[i], a[j] = a[j], a[i]
            i += 1
    a[i], a[hi] = a[hi], a[i]
    quick(a, lo, i - 1)
    quick(a, i + 1, hi)


@case([W], [V[::-1].copy()], [ONE], [NONE])
def quick_sort(x):
    quick(x, 0, len(x) - 1)
    return x


def quick_views(a):
    n = len(a)
    if n < 2:
        return 0
    pivot, i = a[n - 1], 0
    for j in range(n - 1):
        if a[j] < pivot:
            a[i], a[j] = a[j], a[i]
            i += 1
    a[i], a[n - 1] = a[n - 1], a[i]
    return 1 + quick_views(a[:i]) + quick_views(a[i + 1 :])


@case([W], [ONE], [NONE])
def quick_sort_of_views(x):
    return quick_views(x), x


def fill(grid, i, j, old, new):
    if i < 0 or i >= grid.shape[0] or j < 0 or j >= grid.shape[1] or grid[i, j] != old:
        return
    grid[i, j] = new
    for di, dj in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        fill(grid, i + di, j + dj, old, new)


GRID = np.array([[0, 0, 1, 0], [1, 0, 1, 0], [0, 0, 0, 1]])


@case([GRID, 0, 0], [GRID, 0, 2])
def flood_fill(grid, i, j):
    fill(grid, i, j, grid[i, j], 7)
    return grid.sum()


def simpson(a, b, tolerance):
    mid = (a + b) / 2
    h = b - a
    coarse = h / 6 * (f(a) + 4 * f(mid) + f(b))
    fine = h / 12 * (f(a) + 4 * f((a + mid) / 2) + 2 * f(mid) + 4 * f((mid + b) / 2) + f(b))
    if abs(fine - coarse) < tolerance:
        return fine
    return simpson(a, mid, tolerance / 2) + simpson(mid, b, tolerance / 2)


def f(x):
    return 1.0 / (1e-2 + x * x)


@case([-1.0, 1.0, 1e-3], [0.0, 1.0, 1.0])
def adaptive(a, b, tolerance):
    return simpson(a, b, tolerance)


def minmax(x):
    if len(x) == 1:
        return x[0], x[0]
    low, high = minmax(x[1:])
    return min(low, x[0]), max(high, x[0])


@case([W], [ONE])
def returns_tuple(x):
    return minmax(x)


def hanoi(n, a, b, c):
    if n == 0:
        return 0
    return hanoi(n - 1, a, c, b) + 1 + hanoi(n - 1, c, b, a)


@case([0], [4])
def with_texts(n):
    return hanoi(n, "a", "b", "c")


def countdown(n):
    if n < 0:
        raise ValueError("below zero")
    if n == 0:
        return 0.5
    return countdown(n - 2) + 1.0


@case([4], [5])
def raises_inside(n):
    return countdown(n)


def collatz(n, steps=0):
    if n == 1:
        return steps
    return collatz(n // 2 if n % 2 == 0 else 3 * n + 1, steps + 1)


@case([1], [6], [7])
def defaults(n):
    return collatz(n)


def total(x, k):
    if k >= len(x):
        return 0.0
    if x[k] < 0:
        return total(x, k + 1)
    return x[k] + total(x, k + 1)


@case([W], [NONE])
def called_in_a_loop(x):
    out = np.zeros(3)
    for k in range(3):
        out[k] = total(x, k)
    return out


@case([W, 5], [W, 0])
def called_in_a_long_loop(x, n):
    s = 0.0
    for k in range(n):
        s += total(x, k)
    return s


def known(depth, x):
    if depth == 0:
        return x
    return known(depth - 1, x + 1 if x.sum() > 3 else x - 1)


@case([V], [ONE])
def known_depth(x):
    return known(5, x)


def identity(x, n):
    return x if n == 0 else identity(x, n - 1)


@case([V, 3], [V, 0])
def returns_argument(x, n):
    return identity(x, n) * 2


SCALE = np.array([2.0, 3.0])


def scaled(n):
    return 0.0 if n == 0 else SCALE[n % 2] + scaled(n - 1)


@case([0], [5])
def reads_global(n):
    return scaled(n)


def noisy(k):
    if k > 0:
        print(k)
        noisy(k - 1)


@case([3], refused="which does more than return a value")
def prints(n):
    noisy(n)


def collect(x, k, out):
    if k < len(x):
        out.append(x[k])
        collect(x, k + 1, out)


@case([W], refused="recursion in collect")
def grows_list_argument(x):
    out = []
    collect(x, 0, out)
    return out


@case([100], [20])
def deep(n):
    return total(np.ones(n), 0)


def mixed(n):
    return 1.5 if n == 0 else (n if n < 3 else mixed(n - 3))


@case([7], [9])
def two_kinds(n):
    return mixed(n)


def accumulate(a, k):
    if k == 0:
        return a.copy()
    a[k % len(a)] += k
    return accumulate(a, k - 1) + a


@case([W, 5], [W, 0], [W[::2], 3], [W[::-1], 4])
def writes_and_returns_an_array(a, k):
    b = a
    r = accumulate(a, k)
    return r, a, b is a


def exchange(a, b, k):
    if k > 0:
        a[0], b[-1] = b[0], a[-1]
        exchange(b, a, k - 1)


@case([V, W, 5], [ONE, V, 3], [V, W, 0])
def writes_two_arrays(a, b, k):
    exchange(a, b, k)
    return a + b[: len(a)]


def shade(grid, k):
    if k < len(grid):
        grid[k] *= 2
        grid[:, k % grid.shape[1]] += 1
        shade(grid, k + 1)


@case([np.ones((3, 4))], [np.ones((4, 3)).T], [np.ones((6, 4))[::2]], [np.ones((3, 8))[:, ::2]])
def writes_arrays_of_every_layout(grid):
    shade(grid, 0)
    return grid.sum(axis=0), np.arange(12.0).reshape(3, 4) @ grid.T


def unwritten(a, k):
    if k > 100:
        a[0] = 0.0
    return 0 if k == 0 else unwritten(a, k - 1) + 1


@case([V, 3], [V, 0])
def writes_where_it_never_comes(a, k):
    return unwritten(a, k), a


def kept(a, k):
    before = a
    if k > 0:
        kept(a, k - 1)
        a[0] += before[0] + a[1]


@case([V, 4], [V, 0])
def written_under_another_name(a, k):
    old = a.copy()
    kept(a, k)
    return old, a


def fails(a, k):
    a[k] -= 1.0
    if a[0] < 0:
        raise ValueError("below zero")
    if k > 0:
        fails(a, k - 1)


@case([V, 3], [ONE, 0], [V + 1, 2])
def raises_after_writes(a, k):
    fails(a, k)
    return a


@case([V, 3], [ONE, 0], [V + 1, 2])
def caught_after_writes(a, k):
    b = a * 1
    try:
        fails(b, k)
    except ValueError:
        return 1.0
    return b.sum()


def grade(x, k):
    if k == 0:
        return None
    if x[k % len(x)] > 2:
        return 1
    if x[k % len(x)] < 0:
        return x[0]
    return grade(x, k - 1)


@case([W, 6], [W, 0], [V, 1], [V * 0, 5])
def several_kinds_of_results(x, k):
    return grade(x, k)


def ratio(x, k):
    return x[0] * 0.0 if k == 0 else ratio(x, k - 1) / x[0]


@case([V, 3], [W, 2])
def floating_point_errors_inside(x, k):
    return ratio(x, k), ratio(x * 0, k)


test_same = case.test()


@pytest.fixture
def any_depth():
    """No limit of Python's to recursion."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(1_000_000)
    yield
    sys.setrecursionlimit(before)


def on_stack(size, function, *args):
    """The result of a call in a thread with so many bytes of stack."""
    results = []
    before = threading.stack_size(size)
    try:
        thread = threading.Thread(target=lambda: results.append(function(*args)))
        thread.start()
    finally:
        threading.stack_size(before)
    thread.join()
    return results[0]


@pytest.mark.usefixtures("any_depth")
def test_depth_beyond_compiled_programs_runs_plain():
    function = tt.trace(deep)
    with pytest.warns(tt.FallbackWarning, match="recursion is too deep for compiled programs"):
        assert on_stack(1 << 20, function, 1500) == 1500
    assert function.graphs


@pytest.mark.usefixtures("any_depth")
def test_depth_is_bounded_by_the_stack():
    function = tt.trace(deep, strict=True)
    function(3)
    with warnings.catch_warnings():
        warnings.simplefilter("error", tt.FallbackWarning)
        assert on_stack(16 << 20, function, 2000) == 2000


def test_too_deep_for_python():
    function = tt.trace(deep)
    with pytest.warns(tt.FallbackWarning), pytest.raises(RecursionError):
        function(sys.getrecursionlimit() + 100)


def test_calls_are_counted():
    function = tt.trace(fibonacci)
    assert function(10) == function(10)
    (nested,) = NESTING.functions[fib].values()
    before = sum(v.calls for v in nested.versions)
    function(5)
    assert sum(v.calls for v in nested.versions) > before + 10
    assert sum(v.slow_calls for v in nested.versions) <= len(nested.versions)


def test_one_version_serves_every_depth():
    function = tt.trace(fibonacci, strict=True)
    assert [function(n)[0] for n in range(12)] == [fib(n) for n in range(12)]
    assert len(function.graphs) == 1


def at_level(inner):
    def total(x, k):
        if k > 0:
            return inner(x * 2, k - 1)
        return inner(x, k)

    return total


def doubled_twice(x, k):
    return x + 1


doubled_twice_at_most = at_level(at_level(doubled_twice))


@case([1.5, 2], [1.5, 1], [1.5, 0])
def functions_of_one_code_are_several(x, k):
    return doubled_twice_at_most(x, k)
