"""The fused instruction: elementwise operations done in one pass over their operands."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from tracetensor.vm.array cimport npy_intp
from tracetensor.vm.calls cimport Run
from tracetensor.vm.ufuncs cimport MOST_AXES

cdef enum:
    MOST_INPUTS = 16
    MOST_OUTPUTS = 4
    MOST_OPERANDS = 20
    MOST_COMPLETE = 12

ctypedef void (*Kernel)(npy_intp n, char **places, const npy_intp *strides) noexcept nogil


cdef struct Fused:
    Kernel kernel  # NULL while there is none: then the rows are run
    PyObject *site
    void *rows  # the instructions that this one stands for, and HALT
    double work  # what has been done without the kernel, in operations on one item each
    double hot  # at how much of that a kernel is asked for
    int n_rows
    int n_arrays  # the first inputs; the others are unboxed scalars
    int n_in
    int n_out
    int rank  # of all results
    bint ordered  # by astype, or by an array that is updated, axes are ordered in another way than by ufuncs
    int regs[MOST_OPERANDS]  # inputs, then outputs
    int classes[MOST_OPERANDS]
    int numbers[MOST_OPERANDS]  # type numbers that the kernel takes and gives
    int sizes[MOST_OPERANDS]
    int n_complete
    # What has as many items as all operands together, or else the rows are run: the outputs first, then the
    # arrays that are updated; each as the inputs that it depends on, as bits.
    uint64_t complete[MOST_COMPLETE]
    int updated[MOST_OUTPUTS]  # the input that an output is an update of; -1: none
    PyObject *descrs[MOST_OUTPUTS]


cdef struct Nest:
    char *places[MOST_OPERANDS]
    npy_intp strides[MOST_OPERANDS][MOST_AXES]
    npy_intp dims[MOST_AXES]
    int rank


cdef class FusedSite:
    cdef Fused s
    cdef tuple keep
    cdef object program
    cdef object library
    cdef readonly tuple operations  # (regions.Elementwise, register of its result) each
    cdef readonly tuple inputs  # (register, class, character of the type in the kernel) each
    cdef readonly tuple outputs  # (register, character) each
    cdef readonly list stages  # of each row, the locations of its own
    cdef readonly tuple locations  # of the rows, then of their stages, in the user's source
    cdef public object state
    cdef public object source


cdef int run_fused(Run *run, Fused *s, uint64_t takes) except -1
