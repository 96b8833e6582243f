"""The stacked outputs of a loop."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t


cdef class Stack:
    cdef object dtype
    cdef object shape
    cdef object buffer
    cdef int64_t count
    cdef int64_t capacity
    cdef char *place
    cdef Py_ssize_t size

    cdef int push(self, const void *payload, PyObject *value) except -1
    cdef int grow(self, tuple shape) except -1
    cdef object finish(self)


cdef class StackSite:
    cdef object type
