"""The frames of a traceback through compiled code are plain Python's: file, line and name, the innermost last."""

import linecache
import os
import traceback

import numpy as np
import pytest

import tracetensor as tt

HERE = os.fspath(__file__)
X = np.arange(4.0)


def frames(function, *args):
    """The user's frames of the exception that a call raises."""
    try:
        function(*args)
    except Exception as error:
        return [
            (f.filename, f.lineno, f.name, linecache.getline(f.filename, f.lineno).strip())
            for f in traceback.extract_tb(error.__traceback__)[1:]
        ], repr(error)
    raise AssertionError


def helper(x, k):
    return x[k]


class Holder:
    def method(self, x, k):
        return helper(x, k)

    @property
    def broken(self):
        raise AttributeError("no")

    @staticmethod
    def fixed(x):
        return x[99]


def in_loop(x):
    for k in range(10):
        x[k] += 1


def in_helper(x):
    return 1 + helper(x, 7)


def in_method(x):
    return Holder().method(x, 7)


def in_static_method(x):
    return Holder.fixed(x)


def in_lambda(x):
    take = lambda k: x[k]
    return take(1) + take(9)


def in_nested(x):
    def inner(k):
        return helper(x, k)

    return inner(8)


def raised(x):
    if x[0] < 1:
        raise ValueError(f"first is {x[0]}")
    return x


def in_callback(x):
    y = x + 1
    return np.linalg.cholesky(y.reshape(2, 2) - 10)


def in_declared(x):
    return measure(x[1])


@tt.callback(result=0.0)
def measure(v):
    return helper(X, int(v) + 20)


@pytest.mark.parametrize(
    "function",
    [in_loop, in_helper, in_method, in_static_method, in_lambda, in_nested, raised, in_callback, in_declared],
    ids=lambda f: f.__name__,
)
def test_frames(function):
    own = (os.path.dirname(tt.__file__) + os.sep, "tracetensor" + os.sep)
    expected, text = frames(function, X.copy())
    expected = [f for f in expected if not f[0].startswith(own)]
    traced = tt.trace(function)
    for _ in range(2):
        found, same_text = frames(traced, X.copy())
        assert same_text == text
        shown = [f for f in found if not f[0].startswith(own)]
        assert shown == expected
        assert shown[0][0] == HERE
