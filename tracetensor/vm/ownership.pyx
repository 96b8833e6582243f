"""Who may write to an array: copy on write, decided by reference counts.

An array may be written to in place if a register holds the only reference to it and it is the only owner of
its memory: nobody else can then see the write. Views hold references to their base, arguments are held by the
caller, constants by their variable, so that each of these counts.
"""

cimport numpy as cnp
from cpython.object cimport PyTypeObject

from tracetensor.vm.array cimport (
    NPY_ARRAY_OWNDATA, NPY_ARRAY_WRITEABLE, array_base, array_check, array_copy, array_flags, array_like,
)
from tracetensor.vm.registers cimport class_of, clear, refcnt

cnp.import_array()


cdef class Holder:
    """The owner, in NumPy's sense, of the memory of a donated argument: keeps the caller's array."""

    def __init__(self, array):
        self.array = array


cdef bint owned(PyObject *o):
    """Whether the holder of the reference o is the only one who can reach the array's memory."""
    cdef PyObject *base
    if not array_check(o) or not array_flags(o) & NPY_ARRAY_WRITEABLE:
        return False
    while True:
        if refcnt(o) != 1:
            return False
        base = array_base(o)
        if base == NULL:
            return array_flags(o) & NPY_ARRAY_OWNDATA
        if not array_check(base):
            return class_of(base) == <PyTypeObject *>Holder and refcnt(base) == 1
        o = base


cdef PyObject *take_for_writing(Reg *r, bint last) except NULL:
    """The array in a register if it may be written to in place, else a copy; a new reference.

    last: the register is read for the last time, and is left empty.
    """
    cdef PyObject *o = r.obj
    cdef PyObject *copy
    if last and owned(o):
        r.obj = NULL
        return o
    copy = array_copy(o)
    if last:
        clear(r)
    return copy


cdef PyObject *take_for_overwriting(Reg *r, bint last) except NULL:
    """The array in a register if it may be written to in place, else one like it, empty; a new reference.

    In that case the register keeps what it has.
    """
    cdef PyObject *o = r.obj
    if last and owned(o):
        r.obj = NULL
        return o
    return array_like(o)
