"""numpy.roll of arrays in C order: NumPy's own takes ten times as long to find the blocks of small ones."""

cimport numpy as cnp
import numpy as np
from cpython.object cimport PyObject
from libc.string cimport memcpy

from tracetensor.vm.array cimport (
    NPY_ARRAY_C_CONTIGUOUS, array_check, array_data, array_dims, array_flags, array_item_size, array_native,
    array_new, array_number, array_rank, descr_from_type,
)
from tracetensor.vm.registers cimport decref

cnp.import_array()

cdef enum:
    MOST_DIMS = 8

ctypedef Py_ssize_t npy_intp


cdef void copy(
    char *source, char *target, const npy_intp *dims, const npy_intp *shifts, npy_intp item, int rank
) noexcept:
    """Copy a block of this shape, moved along each axis; item: bytes of an element."""
    cdef npy_intp k, place, inner = item
    for k in range(1, rank):
        inner *= dims[k]
    if rank == 1 or is_whole(shifts + 1, rank - 1):
        memcpy(target + shifts[0] * inner, source, (dims[0] - shifts[0]) * inner)
        memcpy(target, source + (dims[0] - shifts[0]) * inner, shifts[0] * inner)
        return
    for k in range(dims[0]):
        place = k + shifts[0]
        if place >= dims[0]:
            place -= dims[0]
        copy(source + k * inner, target + place * inner, dims + 1, shifts + 1, item, rank - 1)


cdef bint is_whole(const npy_intp *shifts, int rank) noexcept:
    cdef int k
    for k in range(rank):
        if shifts[k]:
            return False
    return True


def roll(array, shift, axis=None):
    """numpy.roll(array, shift, axis=axis)."""
    cdef PyObject *a = <PyObject *>array
    cdef PyObject *descr
    cdef PyObject *out
    cdef npy_intp shifts[MOST_DIMS]
    cdef npy_intp n
    cdef int k, rank
    if not array_check(a) or not (array_flags(a) & NPY_ARRAY_C_CONTIGUOUS) or not array_native(a):
        return np.roll(array, shift, axis)
    rank = array_rank(a)
    if not 0 < rank <= MOST_DIMS or (axis is None and rank > 1) or cnp.PyArray_SIZE(array) == 0:
        return np.roll(array, shift, axis)
    for k in range(rank):
        shifts[k] = 0
    if axis is None:
        axis = 0
    axes = axis if type(axis) is tuple else (axis,)
    given = shift if isinstance(shift, np.ndarray) and shift.ndim == 1 else (shift,)
    if len(axes) != len(given) or len(axes) != len(set(axes)):
        return np.roll(array, shift, axis)
    for where, by in zip(axes, given):
        if type(where) is not int or not 0 <= where < rank or not isinstance(by, (int, np.integer)):
            return np.roll(array, shift, axis)
        n = array_dims(a)[<int>where]
        shifts[<int>where] = int(by) % n
        if shifts[<int>where] < 0:  # the remainder is C's
            shifts[<int>where] += n
    descr = descr_from_type(array_number(a))
    out = array_new(descr, rank, array_dims(a), NULL, NULL, 0)
    decref(descr)
    result = <object>out
    decref(out)
    copy(array_data(a), array_data(out), array_dims(a), shifts, array_item_size(a), rank)
    return result
