"""Programs: compiled graphs, ready to run."""

cimport numpy as cnp
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t

from tracetensor.vm.calls cimport Run
from tracetensor.vm.interpreter cimport Instr
from tracetensor.vm.registers cimport Reg


ctypedef struct Input:
    int cls
    int number  # type number of an array; -1: any object
    int rank
    bint donated


cdef class Program:
    cdef readonly object graph
    cdef readonly object donated
    cdef object __weakref__
    cdef Instr *code
    cdef int n_code
    cdef uint8_t *classes
    cdef Reg *template
    cdef int n_registers
    cdef int *cleanup
    cdef int n_cleanup
    cdef Input *inputs
    cdef int n_inputs
    cdef int *outputs
    cdef uint8_t *takes
    cdef int n_outputs
    cdef Reg *free_frames[32]
    cdef int n_free
    cdef bint any_donated
    cdef object instructions
    cdef list kept
    cdef list handlers
    cdef dict spared

    cdef object execute(self, PyObject **args, Py_ssize_t n, bint single, uint64_t gives, bint silent)
    cdef Reg *acquire(self) except NULL
    cdef void release(self, Reg *regs)
    cdef int load(self, Reg *regs, PyObject **args, uint64_t gives) except -1
    cdef object result(self, Reg *regs, int k)
    cdef object outward(self, cnp.ndarray array)
    cdef object explain(self, Run *run, object exception)
    cdef object location(self, Run *run)
    cdef int recover(self, Run *run, object exception, dict pending, int first, int stop) except -2
