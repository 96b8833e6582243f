"""Every deliberate difference of docs/differences.md has a test here that shows it, and every test here an entry there."""

import pathlib
import re
import sys

import numpy as np
import pytest

import tracetensor as tt
from tests import compare

DOCUMENT = pathlib.Path(__file__).resolve().parent.parent / "docs" / "differences.md"
ENTRY = re.compile(r"^\*\*(.+?)\.\*\* ", re.MULTILINE)
X = np.array([3.0, 1.0, 2.0])

SHOWN = {}


def shows(entry):
    """Enter a test under the title of what it shows."""

    def enter(test):
        SHOWN.setdefault(entry, []).append(test)
        return test

    return enter


def test_every_difference_has_a_test():
    entries = ENTRY.findall(DOCUMENT.read_text(encoding="utf-8"))
    assert len(set(entries)) == len(entries)
    assert [e for e in entries if e not in SHOWN] == [], "differences without a test"
    assert [e for e in SHOWN if e not in entries] == [], "tests of what is no entry"


@shows("No floating-point warnings")
def test_no_floating_point_warnings():
    def f(x):
        return np.log(x) / x

    with pytest.warns(RuntimeWarning):
        expected = f(np.zeros(2))
    traced = tt.trace(f, strict=True)
    compare.assert_same(traced(np.zeros(2)), expected)  # warnings are errors here: none is given


@shows("Results that nothing reads, of ints beyond 64 bits")
def test_unread_results_of_large_ints():
    def unread(a, n):
        u = 1
        for _ in range(n):
            u = u * 31
        a % u
        return n

    def read(a, n):
        u = 1
        for _ in range(n):
            u = u * 31
        return a % u

    with pytest.raises(OverflowError):
        unread(np.arange(3), 20)
    assert tt.trace(unread, strict=True)(np.arange(3), 20) == 20
    compare.run_both(read, tt.trace(read, strict=True), [np.arange(3), 20])
    compare.run_both(read, tt.trace(read, strict=True), [np.arange(3), 5])


@shows("Writes before an exception")
def test_writes_before_an_exception():
    """Which writes to arguments have happened is not promised; that the exception is the same is."""

    def f(x, n):
        for i in range(n):
            x[i] = 7.0
        return x

    traced = tt.trace(f, strict=True)
    traced(X.copy(), 2)
    x = X.copy()
    with pytest.raises(IndexError, match="index 3 is out of bounds"):
        traced(x, 4)
    assert set(x) <= {7.0, *X}


class Counter:
    def __init__(self):
        self.n = 0
        self.seen = []


def count(counter, x, k):
    counter.n += 1
    counter.seen.append(k)
    return x[k]


@shows("Writes before an exception")
def test_attributes_and_lists_are_as_they_were_where_a_call_raises():
    plain, counter = Counter(), Counter()
    traced = tt.trace(count, strict=True)
    for k in (1, 5, 2):
        for function, target in ((count, plain), (traced, counter)):
            if k == 5:
                with pytest.raises(IndexError):
                    function(target, X, k)
            else:
                assert function(target, X, k) == X[k]
    assert (plain.n, plain.seen) == (3, [1, 5, 2])
    assert (counter.n, counter.seen) == (2, [1, 2])


@shows("A call that leaves its types is repeated")
def test_a_call_that_leaves_its_types_is_repeated_plain():
    """a ** 0.5 is a float or complex, as a has it: a compiled version holds to one, and other calls run plain."""

    def f(x, a):
        x += 1
        return a**0.5

    traced = tt.trace(f)
    compare.run_both(f, traced, (X, 5.0))
    x = X.copy()
    with pytest.warns(tt.FallbackWarning, match="a call ran as plain Python"):
        compare.assert_same(traced(x, -2.0), (-2.0) ** 0.5)
    compare.assert_same(x, X + 1)  # the arguments were written once
    compare.run_both(f, traced, (X, 6.0))
    assert len(traced.graphs) == 1


@shows("A call that leaves its types is repeated")
def test_a_container_that_is_searched_for_nan_is_searched_by_plain_python():
    """Whether two NaNs are one object is not known to a compiled program."""

    def f(a, b):
        return a in [b, 1.0], [b].count(a)

    traced = tt.trace(f)
    compare.run_both(f, traced, (2.0, 2.0))
    nan = float("nan")
    with pytest.warns(tt.FallbackWarning, match="a container is searched for NaN"):
        assert traced(nan, nan) == (True, 1)
    assert traced(nan, float("nan")) == (False, 0)
    assert traced(nan, 1.0) == (False, 0)
    assert len(traced.graphs) == 1


@shows("Functions that are not looked into")
def test_functions_that_are_not_looked_into():
    """What such a function sees of what the traced one writes is what was there before the call, or after."""
    memory = np.zeros(2)
    peek = eval("lambda: float(memory[0])", {"memory": memory, "float": float})

    def f(x):
        memory[0] = x
        return peek()

    assert f(3.0) == 3.0
    traced = tt.trace(f, strict=True)
    before = memory[0]
    assert traced(7.0) in {before, 7.0}
    assert traced(8.0) in {7.0, 8.0}
    assert memory[0] == 8.0


@shows("Deep recursion")
def test_deep_recursion():
    def total(n, *, step=1):
        return 0 if n == 0 else n + total(n - step, step=step)

    traced = tt.trace(total)
    assert traced(20) == 210
    limit = sys.getrecursionlimit()

    def go_deeper():
        for deep in range(limit - 150, limit):
            try:
                found = traced(deep)
            except RecursionError:  # as plain Python would
                return deep
            assert found == deep * (deep + 1) // 2
        return limit

    with pytest.warns(tt.FallbackWarning, match="a call ran as plain Python") as met:
        assert go_deeper() > limit - 150
    assert len(met) == 1


@tt.callback(result=None)
def interrupt():
    raise KeyboardInterrupt


@shows("Ctrl-C is never caught")
def test_ctrl_c_is_never_caught():
    def f(x, n):
        try:
            if n > 1:
                interrupt()
            return x[n]
        except:
            return -1.0
        finally:
            x[0] = 5

    traced = tt.trace(f, strict=True)
    assert traced(X.copy(), 1) == 1.0
    assert f(X.copy(), 2) == -1.0
    x = X.copy()
    with pytest.raises(KeyboardInterrupt):
        traced(x, 2)
    assert x[0] == 3.0  # `finally` was not run

    def named(x):
        try:
            return x[0]
        except KeyboardInterrupt:
            return -1.0

    with pytest.warns(tt.FallbackWarning, match="`except KeyboardInterrupt`"):
        assert tt.trace(named)(X) == 3.0


@shows("Arguments that share memory")
def test_arguments_that_overlap_run_plain():
    def f(a, b):
        a[:] = b[::-1] + a
        return a.sum()

    traced = tt.trace(f, strict=True)
    compare.run_both(f, traced, (np.arange(4.0), np.ones(4)))
    memory, same = np.arange(6.0), np.arange(6.0)
    assert traced(memory[:4], memory[2:]) == f(same[:4], same[2:])
    compare.assert_same(memory, same)


@shows("Identity of views")
def test_a_view_that_a_loop_slices_is_another_object():
    def f(a):
        b = a[1:-1]
        u = b
        while len(u) > 2:
            u = u[::2]
        return u, b

    a = np.arange(4.0)
    u, b = tt.trace(f, strict=True)(a)
    one, other = f(a)
    assert one is other
    assert u is not b
    assert np.shares_memory(u, b)
    assert np.shares_memory(u, a)
    assert np.array_equal(u, b)


@shows("Shapes in the error of an output that does not fit")
def test_an_output_that_does_not_fit_raises_in_one_of_two_ways():
    def f(x, y):
        np.subtract(x, 0, out=y)

    x, y = np.ones((2, 3)), np.ones((4, 3))
    with pytest.raises(ValueError, match="could not be broadcast together") as plain:
        f(x, y)
    with pytest.raises(ValueError, match=r"non-broadcastable output|could not be broadcast") as traced:
        tt.trace(f, strict=True)(x, y)
    assert [compare.user_frame(e.value) for e in (plain, traced)] == [compare.user_frame(plain.value)] * 2


@shows("Masks that are views of the array they write")
def test_a_mask_that_is_a_view_of_what_it_writes_is_read_first():
    def f(a):
        a[a[::-1]] = False
        return a

    a = np.array([True, False, False, True, True])
    expected = a.copy()
    expected[a[::-1].copy()] = False
    compare.assert_same(tt.trace(f, strict=True)(a.copy()), expected)


@shows("Which NaN")
def test_nans_of_two_signs():
    def f(x, y):
        return np.maximum(x + y, x * y) - y

    x, y = np.array([np.nan, -np.nan, 1.0]), np.array([-np.nan, np.nan, np.nan])
    with tt.config(tier="native"):
        traced = tt.trace(f, strict=True)
        for _ in range(2):
            assert np.array_equal(traced(x, y), f(x, y), equal_nan=True)  # the bits may differ


@shows("Rounding of small products in loops")
def test_small_products_in_loops_do_not_depend_on_the_tier():
    def powers(a, x, n):
        for _ in range(n):
            x = a @ x
        return x

    rng = np.random.default_rng(5)
    for size in (1, 2, 3, 8, 16):
        a, x = rng.normal(size=(size, size)), rng.normal(size=size)
        results = []
        for tier in ("interpreted", "native"):
            with tt.config(tier=tier):
                results.append(tt.trace(powers)(a, x, 3))
        assert results[0].tobytes() == results[1].tobytes()
        np.testing.assert_allclose(results[0], powers(a, x, 3), rtol=1e-12)
    np.testing.assert_array_equal(tt.trace(lambda a, x: a @ x)(a, x), a @ x)


@shows("Rounding of complex products")
def test_complex_products_are_those_of_one_of_numpys_loops():
    """Products that no strides and no `out=` tell apart are NumPy's; the others are so but for the last bit."""
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=(2, 500, 2)) @ np.array([1, 1j])

    def f(a, b):
        s = np.zeros_like(a)
        for i in range(len(a)):
            s[i] = np.multiply(a[i], b[i])
        return a * b, a[::-2] * b[::-2], np.square(a[::3]), s

    found = tt.trace(f, strict=True)(a, b)
    compare.assert_same(found[0], a * b)
    for product, expected in zip(found, f(a, b), strict=True):
        assert (abs(product - expected) <= 2 * np.finfo(float).eps * abs(expected)).all()


@shows("The order of calls in `np.vectorize`")
def test_the_order_of_calls_in_vectorize():
    def f(m):
        seen = []

        def g(v):
            seen.append(v)
            return v + 1

        return np.vectorize(g, otypes=[float])(m), seen

    traced = tt.trace(f, strict=True)
    m = np.arange(6.0).reshape(2, 3)
    compare.run_both(f, traced, (m,))
    turned = np.asfortranarray(m)
    result, seen = traced(turned)
    compare.assert_same(result, f(turned)[0])
    assert seen == m.ravel().tolist()
    assert sorted(f(turned)[1]) == seen


@shows("What tracing sees and a call does not")
def test_statements_are_not_run_one_by_one():
    def f(x):
        y = x * 2
        return y.sum()

    traced = tt.trace(f, strict=True)
    traced(X)
    lines = []

    def watch(frame, event, _):
        if frame.f_code is f.__code__ and event == "line":
            lines.append(frame.f_lineno - f.__code__.co_firstlineno)
        return watch

    def watched():
        lines.clear()
        before = sys.gettrace()
        sys.settrace(watch)
        try:
            traced(X)
        finally:
            sys.settrace(before)
        return list(lines)

    assert watched() == []
    with tt.config(run="plain"):
        assert watched() == [1, 2]
