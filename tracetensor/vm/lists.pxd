"""The list instructions: Python lists, changed in place where nobody else holds them."""

from libc.stdint cimport uint64_t

from tracetensor.vm.calls cimport Call, Run

cdef int list_append(Run *run, Call *s, uint64_t takes) except -1
cdef int list_pop(Run *run, Call *s, uint64_t takes) except -1
cdef int list_get(Run *run, Call *s, uint64_t takes) except -1
cdef int list_set(Run *run, Call *s, uint64_t takes) except -1
