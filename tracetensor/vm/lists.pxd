"""The list instructions: Python lists, changed in place where nobody else holds them."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t, uint64_t

from tracetensor.vm.calls cimport Call, Run

cdef int list_append(Run *run, Call *s, uint64_t takes) except -1
cdef int list_pop(Run *run, Call *s, uint64_t takes) except -1
cdef int list_get(Run *run, Call *s, uint64_t takes) except -1
cdef int list_set(Run *run, Call *s, uint64_t takes) except -1
cdef int list_array(Run *run, Call *s, uint64_t takes) except -1
cdef int64_t list_length(PyObject *o) except -1
