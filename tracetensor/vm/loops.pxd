"""The stacked outputs of a loop."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from tracetensor.vm.registers cimport Reg


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


cdef int start_stack(Reg *d, Reg *steps, void *site) except -1
cdef int push_stack(Reg *stack, Reg *value, int cls) except -1
cdef int finish_stack(Reg *d, Reg *a) except -1
