"""Lists of rows, made in loops, that become arrays: by numpy.array, by joining, by whatever takes a list."""

import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import assert_same, run_both

X = np.random.default_rng(0).normal(size=(50, 3))
LABELS = np.arange(50) % 4
CENTRES = X[:6] + 1


def rows(x, labels, centres, k):
    return [x[j] for j in range(k)]


def new_rows(x, labels, centres, k):
    out = []
    for j in range(k):
        out.append(x[j] * 2)
    return out


def either_row(x, labels, centres, k):
    return [x[j] if labels[j] > 1 else centres[j] for j in range(k)]


def means(x, labels, centres, k):
    return [x[labels == j].mean(0) if (labels == j).any() else centres[j] for j in range(k)]


def blocks(x, labels, centres, k):
    out = []
    for j in range(k):
        out.append(x[j : j + 2])
    return out


def tuples(x, labels, centres, k):
    return [(x[j, 0], labels[j] * 1.0) for j in range(k)]


def lists(x, labels, centres, k):
    return [[x[j, 0], 2.0] for j in range(k)]


MAKERS = [rows, new_rows, either_row, means, blocks]
JOINS = [np.array, np.asarray, np.stack, np.vstack, np.concatenate, np.hstack, np.column_stack, np.dstack]
TAKERS = [np.sum, np.mean, np.max, np.argmax, np.median, np.linalg.norm, np.std, np.sort, np.transpose]


CASES = [(maker, function) for maker in MAKERS for function in [*JOINS, *TAKERS]]
CASES += [(maker, function) for maker in (tuples, lists) for function in [*JOINS[:2], *TAKERS]]


@pytest.mark.parametrize(("maker", "function"), CASES, ids=lambda f: f.__name__)
def test_what_is_made_of_rows(maker, function):
    def f(x, labels, centres, k):
        return function(maker(x, labels, centres, k))

    traced = tt.trace(f, strict=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", tt.FallbackWarning)
        for k in (4, 3, 5):
            run_both(f, traced, (X, LABELS, CENTRES, k), rtol=1e-14)


@pytest.mark.parametrize("maker", MAKERS[:4], ids=lambda f: f.__name__)
def test_an_array_of_rows_is_carried_by_a_loop(maker):
    def f(x, labels, centres, k):
        for _ in range(3):
            centres = np.array(maker(x * 0.5, labels, centres, k))
        return centres, centres.ndim

    traced = tt.trace(f, strict=True)
    for k in (4, 2):
        run_both(f, traced, (X, LABELS, CENTRES, k), rtol=1e-14)
    assert not traced.plain_calls


def chosen(x):
    out = []
    for k in range(len(x)):
        if x[k] > 0:
            out.append(x[k] * np.ones(3))
    found = np.array(out)
    return found, found.ndim


@pytest.mark.parametrize("first", [np.array([1.0, 2.0]), np.array([-1.0, -2.0])])
def test_a_list_of_rows_that_is_empty_at_times(first):
    traced = tt.trace(chosen, strict=True)
    for x in (
        first,
        np.array([1.0, -1.0]),
        np.array([-1.0, -2.0]),
        np.array([3.0, 4.0]),
        np.array([-3.0, -1.0]),
    ):
        for _ in range(2):
            assert_same(traced(x), chosen(x))
    assert not traced.plain_calls
    assert len(traced.versions) <= 2
