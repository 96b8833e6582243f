"""The interpreter: runs instructions over a file of registers."""

from libc.stdint cimport uint64_t

from tracetensor.vm.calls cimport Run


ctypedef struct Instr:
    int op
    int dst
    int a
    int b
    int c
    uint64_t takes
    void *site


cdef int interpret(Instr *code, Run *run, int start) except -1
