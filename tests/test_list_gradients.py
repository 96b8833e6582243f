"""Gradients through lists that are used more than once: the cotangents of all uses are added, element by element."""

import numpy as np
import pytest

import tracetensor as tt


def numbers_used_thrice(x):
    out = []
    for k in range(len(x)):
        out.append(x[k] * 2)
    total = 0.0
    for item in out:
        total += item * item
    for item in out:
        total += np.sin(item)
    return total + np.array(out).prod() + len(out) * out[0]


def two_lists(x):
    out, other = [], []
    for k in range(len(x)):
        out.append(x[k : k + 2].sum())
        other.append(x[k:].mean())
    total = 0.0
    for p, q in zip(out, other, strict=True):
        total += p * q
    return total + sum(out) * max(other) + np.std(out)


def rows_of_rows(x):
    rows = [x]
    for k in range(4):
        rows.append(rows[-1] * rows[0] + rows[k])
    return np.array(rows).sum() + sum([(r**2).sum() for r in rows]) + np.stack(rows)[2].prod()


def rows_of_branches(x):
    out = []
    for k in range(len(x) - 1):
        if x[k] > 0:
            out.append(x[:4] * x[k + 1])
        else:
            out.append(np.sin(x[:4]))
    return np.array(out).sum() + sum([row[0] ** 2 for row in out])


@pytest.mark.parametrize("traced", [False, True])
@pytest.mark.parametrize("f", [numbers_used_thrice, two_lists, rows_of_rows], ids=lambda f: f.__name__)
def test_orders_one_and_two(f, traced):
    x = np.random.default_rng(0).normal(size=5)
    tt.testing.check_grads(tt.trace(f, strict=True) if traced else f, (x,), order=2)


@pytest.mark.parametrize("traced", [False, True])
def test_rows_that_branches_made(traced):
    x = np.random.default_rng(1).normal(size=9)
    f = tt.trace(rows_of_branches, strict=True) if traced else rows_of_branches
    tt.testing.check_grads(f, (x,), order=1, modes=("rev",))
