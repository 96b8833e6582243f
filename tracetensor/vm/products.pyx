"""Products of small matrices and vectors, where a call of BLAS costs more than the product.

Each item of a result is one sum, from the first product to the last, without fused operations; what
loop_calls.py writes into machine code does the same, so that no bit depends on which of them runs. All
others are NumPy's.
"""

cimport numpy as cnp
import numpy as np
from cpython.object cimport PyObject

from tracetensor.vm.array cimport (
    NPY_ARRAY_ALIGNED, array_check, array_data, array_dims, array_flags, array_native, array_new,
    array_number, array_rank, array_strides, box_scalar, descr_from_type,
)
from tracetensor.vm.registers cimport decref

cnp.import_array()

SMALL = <int>MOST
"""Multiplications, at most, of what is a small product."""

cdef enum:
    MOST = 256

ctypedef Py_ssize_t npy_intp

cdef extern from *:
    """
    #define TT_PRODUCT(T, W, NAME) \\
    static void NAME(char *a, const npy_intp *sa, char *b, const npy_intp *sb, npy_intp rows, \\
                     npy_intp inner, npy_intp columns, T *out) \\
    { \\
        for (npy_intp i = 0; i < rows; i++) \\
            for (npy_intp j = 0; j < columns; j++) { \\
                W sum = 0; \\
                for (npy_intp k = 0; k < inner; k++) \\
                    sum += (W)*(T *)(a + i * sa[0] + k * sa[1]) * (W)*(T *)(b + k * sb[0] + j * sb[1]); \\
                *out++ = (T)sum; \\
            } \\
    }
    TT_PRODUCT(double, double, tt_product_d)
    TT_PRODUCT(float, float, tt_product_f)
    TT_PRODUCT(npy_int64, npy_uint64, tt_product_l)
    """
    void product_d "tt_product_d"(
        char *a, npy_intp *sa, char *b, npy_intp *sb, npy_intp rows, npy_intp inner, npy_intp columns,
        void *out)
    void product_f "tt_product_f"(
        char *a, npy_intp *sa, char *b, npy_intp *sb, npy_intp rows, npy_intp inner, npy_intp columns,
        void *out)
    void product_l "tt_product_l"(
        char *a, npy_intp *sa, char *b, npy_intp *sb, npy_intp rows, npy_intp inner, npy_intp columns,
        void *out)


cdef object small(object left, object right):
    """The product; None if it is not a small one of two plain arrays."""
    cdef PyObject *a = <PyObject *>left
    cdef PyObject *b = <PyObject *>right
    cdef PyObject *descr
    cdef PyObject *o
    cdef npy_intp sa[2]
    cdef npy_intp sb[2]
    cdef npy_intp dims[2]
    cdef npy_intp rows = 1, inner, columns = 1
    cdef int number, ra, rb, rank = 0
    cdef double item
    cdef void *out
    if not (array_check(a) and array_check(b)):
        return None
    number, ra, rb = array_number(a), array_rank(a), array_rank(b)
    if number != array_number(b) or not 1 <= ra <= 2 or not 1 <= rb <= 2:
        return None
    if number != cnp.NPY_DOUBLE and number != cnp.NPY_FLOAT and number != cnp.NPY_INT64:
        return None
    if not (array_native(a) and array_native(b) and array_flags(a) & array_flags(b) & NPY_ARRAY_ALIGNED):
        return None
    inner = array_dims(a)[ra - 1]
    sa[0], sa[1] = (array_strides(a)[0] if ra == 2 else 0), array_strides(a)[ra - 1]
    sb[0], sb[1] = array_strides(b)[0], (array_strides(b)[1] if rb == 2 else 0)
    if array_dims(b)[0] != inner:
        return None
    if ra == 2:
        rows = dims[0] = array_dims(a)[0]
        rank = 1
    if rb == 2:
        columns = dims[rank] = array_dims(b)[1]
        rank += 1
    if rows * columns * inner > MOST:
        return None
    o, out = NULL, &item
    if rank:
        descr = descr_from_type(number)
        o = array_new(descr, rank, dims, NULL, NULL, 0)
        decref(descr)
        out = array_data(o)
    if number == cnp.NPY_DOUBLE:
        product_d(array_data(a), sa, array_data(b), sb, rows, inner, columns, out)
    elif number == cnp.NPY_FLOAT:
        product_f(array_data(a), sa, array_data(b), sb, rows, inner, columns, out)
    else:
        product_l(array_data(a), sa, array_data(b), sb, rows, inner, columns, out)
    if o == NULL:
        o = box_scalar(number, &item)
    result = <object>o
    decref(o)
    return result


def matmul(a, b):
    """numpy.matmul(a, b)."""
    result = small(a, b)
    return np.matmul(a, b) if result is None else result


def dot(a, b):
    """numpy.dot(a, b)."""
    result = small(a, b)
    return np.dot(a, b) if result is None else result
