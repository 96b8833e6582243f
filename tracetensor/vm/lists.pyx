"""The list instructions: Python lists, changed in place where nobody else holds them.

Operands are those of the ops in graph/ops/control.py; what is not plain is left to the op's own function.
"""

cimport numpy as cnp
from cpython.list cimport PyList_Append, PyList_SetSlice
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from tracetensor.vm.calls cimport invoke, store
from tracetensor.vm.registers cimport (
    PY_INT, Reg, box, clear, decref, list_check, list_item, list_size, put_object, refcnt,
)

cnp.import_array()  # boxing makes NumPy scalars

cdef extern from "Python.h":
    int set_item "PyList_SetItem"(PyObject *o, Py_ssize_t k, PyObject *value) except -1


cdef inline bint sole(PyObject *o, uint64_t takes):
    return takes & 1 and list_check(o) and refcnt(o) == 1


cdef int drop(Run *run, Call *s, uint64_t takes) except -1:
    """Clear the operands, other than the list, that are read for the last time."""
    cdef int k
    for k in range(1, s.nargs):
        if takes >> k & 1:
            clear(&run.regs[s.args[k]])
    return 0


cdef int64_t position(Run *run, Call *s, int k, PyObject *o) noexcept:
    """Operand k as a position in the list; -1 if it is out of bounds or not plain."""
    cdef Reg *r = &run.regs[s.args[k]]
    cdef int64_t i
    if run.classes[s.args[k]] != PY_INT or r.obj != NULL or not list_check(o):
        return -1
    i = r.v.i
    if i < 0:
        i += list_size(o)
    return i if 0 <= i < list_size(o) else -1


cdef int move_list(Run *run, Call *s) except -1:
    """The list, changed, goes from its register to that of the first result."""
    cdef Reg *source = &run.regs[s.args[0]]
    cdef PyObject *o = source.obj
    source.obj = NULL
    put_object(&run.regs[s.dst[0]], o)
    return 0


cdef int list_append(Run *run, Call *s, uint64_t takes) except -1:
    cdef PyObject *o = run.regs[s.args[0]].obj
    cdef PyObject *value
    if not sole(o, takes):
        return invoke(run, s, takes)
    value = box(&run.regs[s.args[1]], run.classes[s.args[1]])
    try:
        PyList_Append(<object>o, <object>value)
    finally:
        decref(value)
    drop(run, s, takes)
    return move_list(run, s)


cdef int list_get(Run *run, Call *s, uint64_t takes) except -1:
    cdef PyObject *o = run.regs[s.args[0]].obj
    cdef int64_t i = position(run, s, 1, o)
    if i < 0:
        return invoke(run, s, takes)
    store(run, s, 0, list_item(o, i))
    if takes & 1:
        clear(&run.regs[s.args[0]])
    return drop(run, s, takes)


cdef int list_set(Run *run, Call *s, uint64_t takes) except -1:
    cdef PyObject *o = run.regs[s.args[0]].obj
    cdef int64_t i = position(run, s, 2, o)
    if i < 0 or not sole(o, takes):
        return invoke(run, s, takes)
    set_item(o, i, box(&run.regs[s.args[1]], run.classes[s.args[1]]))
    drop(run, s, takes)
    return move_list(run, s)


cdef int list_pop(Run *run, Call *s, uint64_t takes) except -1:
    cdef PyObject *o = run.regs[s.args[0]].obj
    cdef int64_t i = position(run, s, 1, o)
    if i < 0 or not sole(o, takes):
        return invoke(run, s, takes)
    store(run, s, 1, list_item(o, i))
    PyList_SetSlice(<object>o, i, i + 1, [])
    drop(run, s, takes)
    return move_list(run, s)
