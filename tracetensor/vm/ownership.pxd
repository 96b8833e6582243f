"""Who may write to an array: copy on write, decided by reference counts."""

from cpython.object cimport PyObject, PyTypeObject

from tracetensor.vm.registers cimport Reg


cdef class Holder:
    cdef object array


cdef bint owned(PyObject *o)
cdef PyObject *take_for_writing(Reg *r, bint last) except NULL
cdef PyObject *take_for_overwriting(Reg *r, bint last) except NULL
