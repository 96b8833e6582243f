"""New arrays, without a call of Python's: of one value, as numpy.zeros, of ints in a row, joined ones."""

cimport numpy as cnp
import numpy as np
from cpython.object cimport PyObject
from libc.stdint cimport int64_t
from libc.string cimport memcpy

from tracetensor.vm.array cimport (
    NPY_ARRAY_C_CONTIGUOUS, array_check, array_data, array_descr, array_dims, array_flags, array_has_metadata,
    array_item_size, array_native, array_new, array_number, array_rank, array_size,
    npy_intp,
)
from tracetensor.vm.calls cimport Direct, Run
from tracetensor.vm.registers cimport IntType, class_of, incref, long_value

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


cdef class Arange(Direct):
    """numpy.arange(start, stop, step) of Python's ints, as 64-bit ints; anything else is left to NumPy."""

    cdef dict options

    def __init__(self, dtype):
        self.options = {"dtype": dtype}

    cdef PyObject *run(self, Run *run, PyObject **args, Py_ssize_t n) except NULL:
        cdef int64_t numbers[3]
        cdef int64_t first, step, count, k
        cdef int64_t *items
        cdef int overflow = 0
        cdef cnp.npy_intp length
        if n == 3:
            for k in range(3):
                if class_of(args[k]) != &IntType:
                    break
                numbers[k] = long_value(args[k], &overflow)
                if overflow or not -(1 << 40) < numbers[k] < 1 << 40:
                    break
            else:
                first, step = numbers[0], numbers[2]
                count = numbers[1] - first
                if step != 0:
                    # as many steps as it takes to get there, rounded up
                    count = (count + step - 1) // step if step > 0 else (-count - step - 1) // -step
                    length = count if count > 0 and (numbers[1] > first) == (step > 0) else 0
                    result = cnp.PyArray_EMPTY(1, &length, cnp.NPY_INT64, 0)
                    items = <int64_t *>array_data(<PyObject *>result)
                    for k in range(length):
                        items[k] = first + k * step
                    incref(<PyObject *>result)
                    return <PyObject *>result
        result = np.arange(*[<object>args[k] for k in range(n)], **self.options)
        incref(<PyObject *>result)
        return <PyObject *>result

    def __repr__(self):
        return "numpy.arange"


def arange(dtype):
    """What numpy.arange(start, stop, step, dtype=dtype) does; None where that is no array of 64-bit ints."""
    whole = np.arange(0, 1, 1, dtype=dtype).dtype
    return Arange(dtype) if whole.num == np.dtype(np.int64).num and whole.isnative else None


cdef class Concatenate(Direct):
    """numpy.concatenate(arrays, axis=0) of contiguous arrays of one type; anything else is left to NumPy."""

    cdef PyObject *run(self, Run *run, PyObject **args, Py_ssize_t n) except NULL:
        cdef npy_intp dims[MOST_DIMS]
        cdef Py_ssize_t k
        cdef PyObject *made
        cdef char *target
        cdef npy_intp size
        if not joins(args, n, dims):
            result = np.concatenate([<object>args[k] for k in range(n)])
            incref(<PyObject *>result)
            return <PyObject *>result
        made = array_new(array_descr(args[0]), array_rank(args[0]), dims, NULL, NULL, 0)
        target = array_data(made)
        for k in range(n):
            size = array_size(args[k]) * array_item_size(args[k])
            memcpy(target, array_data(args[k]), size)
            target += size
        return made

    def __repr__(self):
        return "numpy.concatenate"


concatenate = Concatenate()


cdef bint joins(PyObject **args, Py_ssize_t n, npy_intp *dims) noexcept:
    """Whether the items of arrays can be copied one array after the other; dims: of what they make."""
    cdef Py_ssize_t k
    cdef int j, rank, number
    if n < 1 or not array_check(args[0]):
        return False
    rank, number = array_rank(args[0]), array_number(args[0])
    if not 1 <= rank <= MOST_DIMS or number > cnp.NPY_CLONGDOUBLE:
        return False
    for k in range(n):
        if not array_check(args[k]) or array_rank(args[k]) != rank or array_number(args[k]) != number:
            return False
        if not array_flags(args[k]) & NPY_ARRAY_C_CONTIGUOUS or not array_native(args[k]):
            return False
        if array_has_metadata(args[k]):
            return False
        for j in range(rank):
            if j and array_dims(args[k])[j] != array_dims(args[0])[j]:
                return False
            if rank > 1 and array_dims(args[k])[j] < 2:  # its order in memory is not certain
                return False
    for j in range(rank):
        dims[j] = array_dims(args[0])[j]
    for k in range(1, n):
        dims[0] += array_dims(args[k])[0]
    return True
