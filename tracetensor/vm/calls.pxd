"""The call instruction: any op through its own evaluate function, on boxed values."""

from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t

from tracetensor.vm.registers cimport Reg


ctypedef struct Run:
    PyObject *program
    PyObject *pending  # a dict, or NULL; see machine.Program.recover
    int (*recover)(Run *run, int first, int stop) noexcept
    Reg *regs
    void *code  # the instructions
    const uint8_t *classes
    PyObject *token  # of the context variable that holds NumPy's error state; NULL while it is not set
    bint silent  # the run that this one is part of has set it
    int pc
    int stage  # number, from 1, of the view that an indexing instruction is taking; 0: none


cdef enum:
    NEVER = -1  # touches of an instruction whose list stays a Python list


ctypedef struct Call:
    PyObject *function
    PyObject *names  # tuple of keyword names, or NULL
    PyObject **values  # of the keywords
    int nargs
    int nkeywords
    int ndst
    bint quiet  # the function warns of no floating-point error
    bint direct  # the function is a Direct
    int *args
    int *dst
    int *numbers  # type number that result k must have as an array; -1: no such check
    int *ranks
    long touches  # of an instruction on lists: how often it has found a Python list of numbers


cdef class Direct:
    cdef PyObject *run(self, Run *run, PyObject **args, Py_ssize_t n) except NULL


cdef class CallSite:
    cdef Call s
    cdef tuple keep


cdef int silence(Run *run) except -1
cdef int unsilence(Run *run) except -1
cdef int invoke(Run *run, Call *s, uint64_t takes) except -1
cdef int store(Run *run, Call *s, int k, PyObject *o) except -1
cdef int mismatch(PyObject *o) except -1
