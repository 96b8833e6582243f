"""New arrays of one value: numpy.zeros and its like, of dims and a dtype, without a call of Python's."""

cimport numpy as cnp
import numpy as np

cnp.import_array()

cdef enum:
    MOST_DIMS = 8


cdef object made(object function, tuple dims, object dtype, str order):
    """function(dims, dtype, order), one of numpy.zeros, numpy.ones and numpy.empty."""
    cdef cnp.npy_intp lengths[MOST_DIMS]
    cdef Py_ssize_t k
    cdef int fortran = order == "F"
    if len(dims) > MOST_DIMS or not dtype.isnative or order not in ("C", "F"):
        return function(dims, dtype, order)
    for k in range(len(dims)):
        dim = dims[k]
        if type(dim) is not int or not 0 <= dim < 2**40:  # whatever that is, NumPy says it
            return function(dims, dtype, order)
        lengths[k] = dim
    if function is np.zeros:
        return cnp.PyArray_ZEROS(<int>len(dims), lengths, dtype.num, fortran)
    result = cnp.PyArray_EMPTY(<int>len(dims), lengths, dtype.num, fortran)
    if function is np.ones:
        cnp.PyArray_FillWithScalar(result, 1)
    return result


def zeros(*dims, dtype, order="C"):
    """numpy.zeros(dims, dtype, order)."""
    return made(np.zeros, dims, dtype, order)


def ones(*dims, dtype, order="C"):
    """numpy.ones(dims, dtype, order)."""
    return made(np.ones, dims, dtype, order)


def empty(*dims, dtype, order="C"):
    """numpy.empty(dims, dtype, order)."""
    return made(np.empty, dims, dtype, order)
