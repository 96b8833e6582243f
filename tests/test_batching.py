"""tt.vmap against a loop over the examples that is written out."""

import functools
import warnings
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import assert_same, clone

RNG = np.random.default_rng(0)
X, Y = RNG.random((5, 3)), RNG.random((5, 3))


class Pair(NamedTuple):
    mean: float
    rest: dict


CLOSE = 1e-14  # products: the order of their sums is BLAS's outside of loops


def each(f, n, *rows):
    """f of each example, stacked."""
    found = [f(*[row[k] for row in rows]) for k in range(n)]
    return np.stack(found)


def dot(a, b):
    return a @ b


def halvings(v):
    k = 0
    while v > 1:
        v = v / 2
        k += 1
    return v, k


def normalised(a):
    a -= a.mean()
    if a[0] > 0:
        a[1:] *= 2
    return a


def moments(a):
    return Pair(a.mean(), {"squares": a * a, "n": len(a), "name": "moments", "none": None})


CASES = [
    (dot, (X, Y)),
    (np.outer, (X, Y)),
    (lambda a: np.sort(a)[::-1], (X,)),
    (lambda a: a[np.argsort(a)], (X,)),
    (lambda a, k: a[k % 3], (X, np.arange(5))),
    (lambda a: np.linalg.solve(np.outer(a, a) + np.eye(3), a), (X,)),
    (lambda a: np.cumsum(a).astype(np.float32), (X,)),
    (lambda a: 3, (X,)),
    (lambda a: a.sum() > 1.5, (X,)),
    (np.fft.fft, (X,)),
    (normalised, (X,)),
    (functools.partial(np.sum, axis=0), (RNG.random((5, 2, 3)),)),
]


@pytest.mark.parametrize(("f", "args"), CASES, ids=range(len(CASES)))
def test_values_are_those_of_a_loop(f, args):
    before = clone(args)
    expected = each(f, 5, *clone(args))
    with warnings.catch_warnings():
        warnings.simplefilter("error", tt.FallbackWarning)
        found = tt.vmap(f)(*args)
        again = tt.vmap(f)(*args)
    assert_same(found, expected, rtol=CLOSE)
    assert_same(again, expected, rtol=CLOSE)
    assert_same(args, before)
    assert_same(tt.trace(lambda *a: tt.vmap(f)(*a), strict=True)(*args), expected, rtol=CLOSE)


def test_loops_of_other_lengths_and_structures():
    v = np.array([1.0, 3.0, 200.0])
    found = tt.vmap(halvings)(v)
    assert_same(found, (np.array([halvings(x)[0] for x in v]), np.array([0, 2, 8])))
    result = tt.vmap(moments)(X)
    assert isinstance(result, Pair) and result.rest["name"] == "moments" and result.rest["none"] is None
    assert_same(result.mean, np.array([x.mean() for x in X]))
    assert_same(result.rest["squares"], X * X)
    assert_same(result.rest["n"], np.full(5, 3))


def test_axes():
    assert_same(tt.vmap(dot, in_axes=(0, None))(X, Y[0]), each(lambda a: dot(a, Y[0]), 5, X), rtol=CLOSE)
    assert_same(tt.vmap(dot, in_axes=1)(X, Y), each(dot, 3, X.T, Y.T), rtol=CLOSE)
    assert_same(tt.vmap(dot, in_axes=(-1, 0))(X.T, Y), each(dot, 5, X, Y), rtol=CLOSE)
    assert_same(tt.vmap(np.outer, out_axes=-1)(X, Y), np.moveaxis(each(np.outer, 5, X, Y), 0, -1))
    found = tt.vmap(
        lambda p, q: (p["a"] + q[0], q[1]), in_axes=({"a": 0, "b": None}, (1, None)), out_axes=(1, 0)
    )({"a": X, "b": 2.0}, (Y.T, 3.0))
    assert_same(found, ((X + Y).T.copy(), np.full(5, 3.0)))
    assert_same(tt.vmap(lambda a, *, k: a * k)(X, k=np.arange(5)), X * np.arange(5)[:, None])
    assert_same(tt.vmap(lambda a: a, in_axes=None, axis_size=2)(X[0]), X[[0, 0]])
    assert_same(
        tt.vmap(lambda s: np.ones(2) * s, in_axes=0)([np.arange(3)][0]),
        np.ones((3, 2)) * np.arange(3)[:, None],
    )


def test_transforms_go_through_it_in_any_order():
    def loss(w, a, b):
        return ((w @ a - b) ** 2).sum()

    w, b = RNG.random((2, 3)), RNG.random((5, 2))
    each_gradient = np.array([2 * np.outer(w @ x - c, x) for x, c in zip(X, b, strict=True)])
    by_example = tt.vmap(tt.grad(loss), in_axes=(None, 0, 0))
    np.testing.assert_allclose(by_example(w, X, b), each_gradient)
    whole = tt.grad(lambda w: tt.vmap(loss, in_axes=(None, 0, 0))(w, X, b).sum())
    np.testing.assert_allclose(whole(w), each_gradient.sum(0))
    table = tt.vmap(tt.vmap(np.multiply, in_axes=(None, 0)), in_axes=(0, None))
    assert_same(table(X[0], Y[0]), np.multiply.outer(X[0], Y[0]))
    np.testing.assert_allclose(tt.vmap(tt.hessian(lambda a: (a**3).sum()))(X), [np.diag(6 * x) for x in X])
    value, tangent = tt.jvp(tt.vmap(lambda a: np.sin(a).sum()), (X,), (Y,))
    np.testing.assert_allclose(tangent, (np.cos(X) * Y).sum(1))
    np.testing.assert_allclose(value, np.sin(X).sum(1))
    rows = tt.jacobian(tt.vmap(lambda a: a * a.sum()))(X)
    assert rows.shape == (5, 3, 5, 3) and not rows[0, :, 1].any()
    tt.testing.check_grads(tt.vmap(normalised), (X,), order=2)


@given(st.integers(1, 4), st.integers(0, 3), st.data())
def test_batches_of_all_shapes(n, m, data):
    x = RNG.random((n, m)) - 0.5
    x = data.draw(st.sampled_from([x, np.asfortranarray(x), x[::-1], x.astype(np.float32)]))
    f = data.draw(st.sampled_from([np.sum, np.cumsum, np.sign, np.prod]))
    assert_same(BATCHED[f](x), each(f, n, x))


BATCHED = {f: tt.vmap(f) for f in (np.sum, np.cumsum, np.sign, np.prod)}


def test_sizes_that_change_need_no_new_version():
    f = tt.vmap(lambda a: a.max() - a.min())
    for n in (1, 2, 7, 30):
        x = RNG.random((n, 4))
        assert_same(f(x), x.max(1) - x.min(1))
    assert len(f.traced.versions) <= 2


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda: tt.vmap(dot)(X, Y[:3]), ValueError, "arguments have 5 and 3 examples"),
        (lambda: tt.vmap(dot)(X, 2.0), ValueError, "axis 0 of an argument of 0 dimensions"),
        (lambda: tt.vmap(dot, in_axes=2)(X, Y), ValueError, "axis 2 of an argument of 2 dimensions"),
        (lambda: tt.vmap(lambda a: a[a > 0.6])(X), ValueError, "results of two examples have shapes"),
        (lambda: tt.vmap(dot, in_axes=(0,))(X, Y), ValueError, "in_axes has 1 entries for 2 positional"),
        (lambda: tt.vmap(dot, in_axes=((0, 0), 0))(X, Y), TypeError, "in_axes has (0, 0)"),
        (lambda: tt.vmap(dot)(X[:0], Y[:0]), ValueError, "no example to learn the form"),
        (lambda: tt.vmap(dot, in_axes=None)(X[0], Y[0]), ValueError, "axis_size says how many"),
        (lambda: tt.vmap(3), TypeError, "takes a function, not 3"),
        (lambda: tt.vmap(lambda a: a[7])(X), IndexError, "index 7 is out of bounds"),
    ],
)
def test_errors(call, error, text):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", tt.FallbackWarning)
        with pytest.raises(error) as caught:
            call()
    assert text in str(caught.value)


def test_what_cannot_be_traced_runs_example_by_example():
    def odd(a):
        return eval("a + 1")

    with pytest.warns(tt.FallbackWarning):
        found = tt.vmap(odd)(X)
    assert_same(found, X + 1)
    with pytest.warns(tt.FallbackWarning):
        found = tt.vmap(lambda p: (eval("p['a'] * 2"), {"k": 1.0}), in_axes=({"a": 1},), out_axes=(1, 0))(
            {"a": X}
        )
    assert_same(found, (X * 2, {"k": np.ones(3)}))
