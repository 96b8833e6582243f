"""Gradients of programs that catch exceptions: through what completed, and through what handlers found."""

import numpy as np
import pytest

import tracetensor as tt
from tests.test_transforms import numerical
from tracetensor.testing import check_grads


def solved(x):
    a = np.array([[x[0], x[1]], [x[1], x[0] * x[1] ** 2 / x[0]]])
    try:
        y = np.linalg.solve(a, x[:2])
    except np.linalg.LinAlgError:
        y = x[:2] ** 2
    return (y * x[2]).sum()


def each(x):
    total = 0.0
    for v in x:
        try:
            if v < 0.5:
                raise ValueError("small")
            total = total + np.sqrt(v)
        except ValueError:
            total = total * 0.5 + v**2
    return total


def before_the_raise(x):
    y = x[0]
    try:
        y = np.sin(y) * x[1]
        if x[2] > 0.5:
            raise KeyError("late")
        y = y * x[2]
    except KeyError:
        y = y**2 + x[1]
    else:
        y = y * 3
    return y


def array_written_before(x):
    z = x * 1.0
    try:
        z[0] = z[1] ** 2
        z[1:] *= 2
        if z[2] > 1.0:
            raise ArithmeticError
        z[0] *= z[1]
    except ArithmeticError:
        z[1] = z[0] * z[2]
    return (z * z).sum()


def nested(x):
    y = x * 2
    try:
        try:
            y = y * x[0]
            k = int(y[0] * 100)
            value = y[k]
        except IndexError:
            value = y[1] ** 2
            if x[0] > 5.0:
                raise RuntimeError from None
        y = y * value
    except RuntimeError:
        y = x - 1.0
    return (y**2).sum()


def retried(x):
    step = 1.0
    for _ in range(5):
        try:
            trial = x - step * np.cos(x)
            if trial.min() < 0:
                raise ValueError
            break
        except ValueError:
            step = step * 0.5 * x[0]
    else:
        trial = x
    return (trial**2).sum() + step


def helper(x, low):
    for v in x:
        if v < low:
            raise ValueError("low")
    return x**2


def in_a_function(x):
    try:
        y = helper(x, 0.4)
    except ValueError:
        y = np.cos(x)
    return y.sum()


PROGRAMS = (solved, each, before_the_raise, array_written_before, nested, retried, in_a_function)
POINTS = (
    np.array([0.3, 0.45, 0.35]),
    np.array([0.9, 0.2, 0.8]),
    np.array([0.62, 0.71, 0.58]),
    np.array([1.4, 1.2, 0.55]),
)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_gradient_of_a_try(f):
    gradient = tt.grad(f)
    for x in POINTS:
        wanted = numerical(f, x)
        found = gradient(x)
        np.testing.assert_allclose(found, wanted, atol=1e-6 * max(1, np.abs(wanted).max()))
        _, slope = tt.jvp(f, (x,), (np.arange(3.0),))
        np.testing.assert_allclose(slope, found @ np.arange(3.0), rtol=1e-9)
    check_grads(f, (POINTS[2],), order=2)


def test_which_way_is_taken_is_told_at_run_time():
    gradient = tt.grad(each)
    for x in POINTS:
        gradient(x)
    assert len(gradient.graphs) == 1


def test_exceptions_that_leave_are_the_functions_own():
    def f(x):
        try:
            return 1 / x if x > 0 else np.linalg.inv(np.zeros((2, 2))).sum() * x
        except ZeroDivisionError:
            return x

    with pytest.raises(np.linalg.LinAlgError):
        tt.grad(f)(-1.0)
    assert tt.grad(f)(2.0) == -0.25


def test_what_was_left_half_way_is_refused():
    def in_a_branch(x):
        y = x[0]
        try:
            if x[1] > 0.1:
                y = y * x[1]
                if y < 5:
                    raise ValueError
        except ValueError:
            y = y + 1
        return y

    with pytest.raises(tt.TraceError, match="a loop or branch that was left"):
        tt.grad(in_a_branch)(POINTS[0])

    def f(x):
        y = x[0]
        try:
            for v in x:
                y = y * v
                if y < 0.1:
                    raise ValueError
        except ValueError:
            y = y + 1
        return y

    with pytest.raises(tt.TraceError, match="a loop or branch that was left"):
        tt.grad(f)(POINTS[0])
