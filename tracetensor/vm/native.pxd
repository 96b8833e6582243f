"""Loops of programs that may become machine code."""

from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from tracetensor.vm.registers cimport Reg

ctypedef int (*NativeLoop)(Reg *regs, void *run, const void *environment) except -1


ctypedef struct Loop:
    NativeLoop function  # NULL while there is none
    int64_t steps  # interpreted so far
    int64_t hot  # steps from which the loop is asked for
    double work  # of a step
    PyObject *site
    int n_ints
    int *ints  # registers of Python ints that the function takes to be of 64 bits


cdef class LoopSite:
    cdef Loop s
    cdef readonly object source  # its C text, once it is made
    cdef readonly str state  # "interpreted", "asked", "native", or why it cannot be
    cdef object library
    cdef object program
    cdef readonly int first
    cdef readonly int stop
    cdef int place(self, object program, int first, int stop, double work) except -1


cdef int ask(Loop *loop) except -1
cdef int object_of_view(
    PyObject **base, int rank, Py_ssize_t *dims, Py_ssize_t *strides, char *place) noexcept
cdef PyObject *fresh_array(PyObject **spare, int number, int rank, Py_ssize_t *dims) noexcept
