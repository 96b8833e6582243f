"""Context managers that are generator functions, around blocks."""

import contextlib

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1, 2, 0.5, 7])
I = np.array([3, 1, 3, 2, 1, 3])
E = np.array([], dtype=int)
G = np.array([[0, 1], [1, 2], [2, 0], [3, 1], [0, 3]])

M = np.arange(6.0).reshape(2, 3)


@contextlib.contextmanager
def scaled(a, k=2):
    a *= k
    try:
        yield a
    finally:
        a /= k


@contextlib.contextmanager
def swallow(log):
    try:
        yield
    except ZeroDivisionError as e:
        log.append(str(e))
    else:
        log.append("fine")


@contextlib.contextmanager
def plain(x):
    y = x + 1
    yield y
    x[0] = y.sum()


@contextlib.contextmanager
def reraise():
    try:
        yield 3
    except KeyError as e:
        raise ValueError("no key") from e


@case([W])
def cm(x):
    with scaled(x) as y:
        t = y.sum()
    return t, x


@case([W, 0], [W, 1], [W, 10])
def cm_err(x, k):
    log = []
    r = 0
    with swallow(log):
        r = 1
        r = 10 // k
        if k == 10:
            x[9] = 0.0
    return r, log


@case([W, 1], [W, 0])
def cm_ret(x, k):
    with plain(x) as y:
        if k:
            return y, x
        x[1] = 5.0
    return x


@case([W])
def cm_loop(x):
    out = []
    for v in x:
        with scaled(x) as y:
            if v < 0:
                continue
            if v == 2:
                break
            out.append(y[0])
    return out, x


@case([W, 7], [W, 2])
def cm_exc(x, k):
    with scaled(x), reraise() as r:
        return x[k] * r


@case([{"a": 1.0}, "b"])
def cm_conv(d, k):
    with reraise():
        return d[k]


@case([W])
def cm_inner(x):
    @contextlib.contextmanager
    def tmp(v):
        x[0] += v
        yield x
        x[0] -= v

    with tmp(2.0) as z:
        s = z.sum()
    return s, x


test_same = case.test()
