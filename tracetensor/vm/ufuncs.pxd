"""The ufunc instructions: NumPy's own inner loops, called directly."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from tracetensor.vm.array cimport npy_intp
from tracetensor.vm.calls cimport Run

cdef enum:
    MOST_OPERANDS = 6
    MOST_AXES = 8

ctypedef void (*InnerLoop)(
    char **args, const npy_intp *dimensions, const npy_intp *strides, void *data
) noexcept nogil


ctypedef struct Ufunc:
    PyObject *ufunc
    InnerLoop loop
    void *data
    int nin
    int nout
    bint may_fail  # the loop sets a Python error for some values
    int rank  # of the results
    int regs[MOST_OPERANDS]  # inputs, then outputs
    int classes[MOST_OPERANDS]
    int numbers[MOST_OPERANDS]  # types of the loop
    int sizes[MOST_OPERANDS]  # bytes of an item
    bint same[MOST_OPERANDS]  # the operand has the loop's type already
    PyObject *descrs[MOST_OPERANDS]


ctypedef struct Operands:
    char *ptrs[MOST_OPERANDS]
    npy_intp strides[MOST_OPERANDS][MOST_AXES]
    npy_intp dims[MOST_AXES]
    int rank


cdef class UfuncSite:
    cdef Ufunc s
    cdef tuple keep


cdef int source_number(int cls) noexcept nogil
cdef int run_scalar(Run *run, Ufunc *s) except -1
cdef int run_arrays(Run *run, Ufunc *s, uint64_t takes) except -1
cdef int scalar_operand(Run *run, Ufunc *s, int k, void *buffer, char **ptr) noexcept
cdef int iterate(Ufunc *s, Operands *o) noexcept
cdef int call_ufunc(Run *run, Ufunc *s, uint64_t takes) except -1
