"""explain(): what it tells of versions, their conditions, call-backs and what ran plain, as golden texts."""

import copy
import warnings

import numpy as np
import pytest
import scipy.special

import tracetensor as tt
from tests.sampling import check_golden
from tests.tracer_table import check_refused

LIMIT = 3.0
X = np.ones((2, 3))


class Model:
    def __init__(self):
        self.bias = 2.0
        self.mode = "sum"


model = Model()


def smoothed(x, axis, n, names=()):
    if model.mode == "sum":
        x = x.sum(axis=axis)
    for _ in range(n):
        x = x * LIMIT + model.bias
    x[0] = len(names)
    return scipy.special.erf(x)


def updated(x, y):
    x += y
    return x


def power(x, a):
    return x * a**0.5


def scaled(x, k, mode):
    return x * k if mode == "times" else x + k


def text(traced):
    """explain(), with file names without folders, and without what the compiler has done so far."""
    lines = traced.explain().replace(__file__, "test_explain.py").splitlines(keepends=True)
    compiled = ("    loop at ", " elementwise operations from ")
    return "".join(line for line in lines if not any(part in line for part in compiled)).rstrip("\n") + "\n"


@pytest.fixture
def golden(request):
    return lambda name, content: check_golden(request, name, content)


def test_versions_and_what_runs_plain(golden):
    traced = tt.trace(smoothed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tt.FallbackWarning)
        for _ in range(5):
            traced(X, 0, 4)
        traced(X, 1, 4)
        traced(X[:, :1], 1, 4, ("p", "q"))
        for _ in range(2):
            with pytest.raises(TypeError):
                traced(X.astype("M8[s]"), 1, 4)
    golden("explained_versions.txt", text(traced))


def test_calls_that_ran_plain(golden):
    traced, root = tt.trace(updated), tt.trace(power)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tt.FallbackWarning)
        memory = np.arange(8.0)
        traced(X.copy(), X)
        traced(memory[:4], np.ones(4))
        traced(memory[:4], memory[2:6])
        traced(memory[:4], memory[3:7])
        root(X, 4.0)
        root(X, -4.0)
    golden("explained_plain_calls.txt", text(traced) + text(root))


def test_static_arguments(golden):
    traced = tt.trace(scaled, static_argnames=("k", "mode"))
    for k in (2.0, 3.0, 2.0):
        traced(X, k, "times")
    golden("explained_static.txt", text(traced))


def test_calls_are_counted_and_forgotten():
    traced = tt.trace(scaled, strict=True)
    for n in range(1, 5):
        traced(X, 2.0, "times")
        assert f"version 1, {n} call{'s' * (n > 1)}\n" in traced.explain()
    traced.clear()
    assert "not called yet" in traced.explain()


# Static arguments --------------------------------------------------------------------------------------------


def test_static_arguments_of_every_kind():
    def f(x, option):
        return x * 2 if option else x

    values = [
        0.0,
        -0.0,
        float("nan"),
        None,
        "a",
        (1, 2),
        frozenset({1}),
        slice(0, 2),
        np.float64(2),
        Model,
        abs,
        ...,
    ]
    traced = tt.trace(f, strict=True, static_argnames="option")
    with tt.config(versions=len(values)):
        for _ in range(2):
            for value in values:
                np.testing.assert_array_equal(traced(X, value), f(X, value))
    assert len(traced.graphs) == len(values)


def test_static_lists_and_dicts_are_compared_by_their_content():
    def f(x, sizes, named):
        for n in sizes:
            x = x * n
        return x + named["k"]

    traced = tt.trace(f, strict=True, static_argnums=(1, 2))
    for _ in range(2):
        for sizes, named in (([2, 3], {"k": 1}), ([2, 4], {"k": 1}), ([2, 3], {"k": 2})):
            np.testing.assert_array_equal(traced(X, sizes, named), f(X, sizes, named))
    assert len(traced.graphs) == 3
    assert not any(v.name != "x" for graph in traced.graphs for v in graph.inputs)


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"static_argnames": "q"}, TypeError, "static_argnames: scaled has no parameter q"),
        ({"static_argnames": ["k", "q", "r"]}, TypeError, "static_argnames: scaled has no parameter q, r"),
        ({"static_argnames": 3}, TypeError, "static_argnames: a name or several are needed, not 3"),
        ({"static_argnames": ["k", 2]}, TypeError, "static_argnames: a name or several are needed, not 2"),
        ({"static_argnums": 3}, TypeError, r"static_argnums: scaled has 3 parameters, no number 3"),
        ({"static_argnums": -4}, TypeError, r"static_argnums: scaled has 3 parameters, no number -4"),
        ({"static_argnums": "k"}, TypeError, "static_argnums: an int or several are needed, not 'k'"),
        ({"static_argnums": [1.0]}, TypeError, "static_argnums: an int or several are needed, not 1.0"),
    ],
)
def test_static_arguments_that_make_no_sense(options, error, words):
    with pytest.raises(error, match=words):
        tt.trace(scaled, **options)


def test_static_arrays_are_refused():
    def f(x, table):
        return x + table.sum()

    def static(*args):
        return tt.trace(f, strict=True, static_argnames="table")(*args)

    with pytest.raises(
        tt.TraceError, match=r"table is a static argument, and an array, which is no constant"
    ):
        static(X, np.ones(3))
    with pytest.raises(tt.TraceError, match=r"table is a static argument, and an array"):
        static(X, [np.ones(3)])


def test_static_arguments_by_number_from_the_end():
    traced = tt.trace(scaled, strict=True, static_argnums=-2)
    for k in (2.0, 3.0):
        np.testing.assert_array_equal(traced(X, k, "times"), X * k)
    assert len(traced.graphs) == 2


def test_a_copy_with_a_memo_is_refused():
    check_refused(lambda x: copy.deepcopy(x, {}), (X,), "a copy with a memo of the caller's")
