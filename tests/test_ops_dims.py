"""What is known of dims without running: the dims of results in terms of those of the inputs."""

import numpy as np
import pytest

from tracetensor.graph.answers import METHODS, NUMPY
from tracetensor.graph.node import constant, input_variable
from tracetensor.graph.ops.dims import dim, int_larger, is_natural, lift_dim, shape_of
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.ops.shape import slice_axis, take_index
from tracetensor.graph.types import INT, array_type

X = input_variable(array_type("f8", (None, None)), "x")
Y = input_variable(array_type("f8", (None, None)), "y")
V = input_variable(array_type("f8", (None,)), "v")
N = input_variable(INT, "n")
ROWS, COLUMNS = dim(X, axis=0), dim(X, axis=1)
sub, mul, add = PYTHON["sub"], PYTHON["mul"], PYTHON["add"]
f = NUMPY

KNOWN = {
    "elementwise": (UFUNCS["exp"](UFUNCS["add"](X, constant(2.0))), (ROWS, COLUMNS)),
    "of one array": (UFUNCS["add"](X, UFUNCS["multiply"](X, X)), (ROWS, COLUMNS)),
    "a row vector": (UFUNCS["add"](X, constant(np.ones((1, 1)))), (ROWS, COLUMNS)),
    "transpose": (f[np.transpose](X), (COLUMNS, ROWS)),
    "sum": (f[np.sum](X, 0), (COLUMNS,)),
    "sum kept": (f[np.sum](X, 0, keepdims=True), (1, COLUMNS)),
    "copy": (METHODS["copy"](X), (ROWS, COLUMNS)),
    "cast": (METHODS["astype"](X, int), (ROWS, COLUMNS)),
    "row": (take_index(X, 0), (COLUMNS,)),
    "column": (take_index(X, slice(None), 0), (ROWS,)),
    "new axis": (take_index(X, slice(None), None), (ROWS, 1, COLUMNS)),
    "reversed": (f[np.flip](X), (ROWS, COLUMNS)),
    "inner part": (slice_axis(X, 0, 1, -1), (int_larger(sub(ROWS, 2), 0), COLUMNS)),
    "zeros": (f[np.zeros]((COLUMNS, 3)), (COLUMNS, 3)),
    "zeros like": (f[np.zeros_like](X), (ROWS, COLUMNS)),
    "arange": (f[np.arange](ROWS), (ROWS,)),
    "ravel": (f[np.ravel](X), (mul(ROWS, COLUMNS),)),
    "reshape": (f[np.reshape](X, (-1, 1)), (mul(ROWS, COLUMNS), 1)),
    "matmul": (f[np.matmul](X, Y), (ROWS, dim(Y, axis=1))),
    "concatenate": (f[np.concatenate]([X, Y]), (add(ROWS, dim(Y, axis=0)), COLUMNS)),
    "outer": (f[np.outer](V, V), (dim(V, axis=0), dim(V, axis=0))),
    "index array": (take_index(X, f[np.argsort](V)), (dim(V, axis=0), COLUMNS)),
    "cumsum": (f[np.cumsum](X, 1), (ROWS, COLUMNS)),
    "sort": (f[np.sort](X), (ROWS, COLUMNS)),
}


@pytest.mark.parametrize("name", KNOWN)
def test_dims_that_need_not_be_computed(name):
    x, expected = KNOWN[name]
    assert all(a is b or a == b for a, b in zip(shape_of(x), expected, strict=True)), (shape_of(x), expected)


UNKNOWN = {
    "two arrays may broadcast": UFUNCS["add"](X, Y),
    "a traced size may be negative": f[np.reshape](X, (N, -1)),
    "boolean index": take_index(X, UFUNCS["greater"](V, constant(0.0))),
    "a traced slice": slice_axis(X, 0, N, None),
    "unique values": f[np.unique](V),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_dims_that_are_known_at_run_time_only(name):
    x = UNKNOWN[name]
    assert lift_dim(x, 0) is dim(x, axis=0)


def test_ints_that_are_not_negative():
    assert is_natural(ROWS)
    assert is_natural(mul(ROWS, add(COLUMNS, constant(1))))
    assert is_natural(int_larger(N, 0))
    assert not is_natural(N)
    assert not is_natural(sub(ROWS, constant(1)))
