"""numpy.linalg of arrays of doubles, past its wrappers: a small system costs a fifth.

NumPy's own gufuncs do the work, with the same LAPACK. Where one meets a matrix that it cannot deal with it
fills its result with NaN: then numpy.linalg's function is called, which raises, or returns, whatever it does.
"""

cimport numpy as cnp
import numpy as np
from cpython.object cimport PyObject
from libc.math cimport sqrt

from tracetensor.vm.array cimport (
    NPY_ARRAY_C_CONTIGUOUS, array_check, array_data, array_dims, array_flags, array_rank, array_size,
)

cnp.import_array()

try:
    from numpy.linalg import _umath_linalg as lapack
except ImportError:  # a private name, of NumPy 1 and 2
    lapack = None

cdef object DOUBLE = np.dtype(np.float64)


cdef bint plain(x, int least, int most):
    """Whether a value is an array of doubles, not empty, of a rank within these bounds."""
    return (
        array_check(<PyObject *>x) and x.dtype is DOUBLE and least <= x.ndim <= most
        and array_size(<PyObject *>x) > 0
    )


cdef bint square(x) noexcept:
    """Whether an array has matrices with as many rows as columns."""
    cdef PyObject *o = <PyObject *>x
    return array_dims(o)[array_rank(o) - 2] == array_dims(o)[array_rank(o) - 1]


cdef bint sound(PyObject *x) noexcept:
    """Whether an array of doubles in C order has no NaN."""
    cdef const double *items
    cdef Py_ssize_t k
    if not array_check(x) or not array_flags(x) & NPY_ARRAY_C_CONTIGUOUS:
        return False
    items = <const double *>array_data(x)
    for k in range(array_size(x)):
        if items[k] != items[k]:
            return False
    return True


def solve(a, b):
    """numpy.linalg.solve(a, b)."""
    if lapack is not None and plain(a, 2, 2) and plain(b, 1, 2) and square(a) and len(a) == len(b):
        x = (lapack.solve1 if b.ndim == 1 else lapack.solve)(a, b)
        if sound(<PyObject *>x):
            return x
    return np.linalg.solve(a, b)


def inv(a):
    """numpy.linalg.inv(a)."""
    if lapack is not None and plain(a, 2, 3) and square(a):
        x = lapack.inv(a)
        if sound(<PyObject *>x):
            return x
    return np.linalg.inv(a)


def cholesky(a, upper=False):
    """numpy.linalg.cholesky(a)."""
    if lapack is not None and not upper and plain(a, 2, 3) and square(a):
        x = lapack.cholesky_lo(a)
        if sound(<PyObject *>x):
            return x
    return np.linalg.cholesky(a, upper=True) if upper else np.linalg.cholesky(a)


def det(a):
    """numpy.linalg.det(a)."""
    if lapack is not None and plain(a, 2, 3) and square(a):
        return lapack.det(a)
    return np.linalg.det(a)


def norm(x, ord=None, axis=None, keepdims=False):
    """numpy.linalg.norm(x), of all items."""
    if ord is None and axis is None and not keepdims and plain(x, 1, 32):
        flat = x if x.ndim == 1 else x.ravel(order="K")
        return np.float64(sqrt(np.dot(flat, flat)))
    return np.linalg.norm(x, ord=ord, axis=axis, keepdims=keepdims)
