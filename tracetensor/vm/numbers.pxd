"""Lists of numbers of one class: the numbers themselves, one behind the other."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t


cdef class NumberList:
    cdef int64_t n, capacity
    cdef char *data
    cdef int cls, size
    cdef PyObject *origin  # the Python list that is equal to it, if there is one: a reference


cdef NumberList numbers_of(PyObject *items, int cls)
cdef NumberList copied(NumberList numbers)
cdef PyObject *list_of(PyObject *numbers) except NULL
cdef int push(NumberList numbers, const void *payload) except -1
cdef int changed(NumberList numbers) except -1
