"""Gradients of programs with loops, branches and writes, against finite differences; how transforms compose."""

import numpy as np
import pytest

import tracetensor as tt


def heat(u, steps, k):
    for _ in range(steps):
        u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
    return (u * u).sum()


def branchy(x):
    s = 0.0
    for v in x:
        if v > 0.5:
            s = s + v * v
        else:
            s = s - v
    while s > 1:
        s = s / 2
    return s


def grown(x):
    y = np.zeros_like(x)
    found = []
    for i in range(len(x)):
        y[i] = y[i - 1] * 0.5 + x[i]
        found.append(y[i] ** 2)
    return np.array(found).sum()


def root(x, tol):
    y = np.ones_like(x)
    while np.abs(y * y - x).max() > tol:
        y = 0.5 * (y + x / y)
    return y.sum()


def numerical(f, x, *rest):
    found = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = 1e-6
        ahead, behind = x.copy(), x.copy()
        ahead[i] += step
        behind[i] -= step
        found[i] = (f(ahead, *rest) - f(behind, *rest)) / (2 * step)
    return found


PROGRAMS = ((heat, (5, 0.1)), (branchy, ()), (grown, ()), (root, (1e-9,)))


@pytest.mark.parametrize(("f", "rest"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_gradient_of_a_loop(f, rest):
    x = np.random.default_rng(0).uniform(0.3, 1.0, 6)
    before = x.copy()
    found = tt.grad(f)(x, *rest)
    np.testing.assert_array_equal(x, before)
    np.testing.assert_allclose(found, numerical(f, x, *rest), atol=1e-6)
    np.testing.assert_allclose(tt.grad(tt.trace(f))(x, *rest), found)


@pytest.mark.parametrize(("f", "rest"), PROGRAMS, ids=lambda v: getattr(v, "__name__", ""))
def test_gradient_of_a_gradient(f, rest):
    x = np.random.default_rng(1).uniform(0.3, 1.0, 5)

    def squared(x):
        return (tt.grad(f)(x, *rest) ** 2).sum()

    found = tt.grad(squared)(x)
    np.testing.assert_allclose(found, numerical(squared, x), atol=1e-6)
    np.testing.assert_allclose(tt.trace(squared, strict=True)(x), squared(x))


def test_orders_of_a_number():
    def cube(x):
        return x * x * x

    first = tt.grad(cube)
    assert first(2.0) == 12.0 and type(first(2.0)) is float
    assert tt.grad(first)(2.0) == 12.0
    assert tt.grad(tt.grad(first))(2.0) == 6.0


def test_structure_of_arguments():
    def loss(p, y):
        return ((p["w"] * y).sum() + p["b"]) ** 2

    value, (by_p, by_y) = tt.value_and_grad(loss, argnums=(0, 1))({"w": np.arange(3.0), "b": 2.0}, np.ones(3))
    assert value == 25.0
    assert list(by_p) == ["w", "b"] and by_p["b"] == 10.0 and type(by_p["b"]) is float
    np.testing.assert_array_equal(by_p["w"], [10.0, 10.0, 10.0])
    np.testing.assert_array_equal(by_y, [0.0, 10.0, 20.0])


def test_what_cannot_be_differentiated():
    with pytest.raises(tt.TraceError, match=r"returns float64\[\?\], not a float"):
        tt.grad(lambda x: x * 2)(np.ones(3))
    with pytest.raises(tt.TraceError, match="argument 0 is int"):
        tt.grad(lambda x: x * 1.0)(3)


def test_exceptions_are_the_functions_own():
    def f(x):
        if x.sum() > 0:
            raise ValueError("positive")
        return x.sum()

    with pytest.raises(ValueError, match="positive"):
        tt.grad(f)(np.ones(2))
    np.testing.assert_array_equal(tt.grad(f)(-np.ones(2)), [1.0, 1.0])
