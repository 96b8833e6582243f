"""The list instructions: lists, changed in place where nobody else holds them.

Operands are those of the ops in graph/ops/control.py; what is not plain is left to the op's own function.
A Python list of numbers becomes a list of numbers proper (numbers.pyx) when an instruction has met Python
lists as often as the list is long: so that is never dearer than what was done with it, even where it becomes
a Python list again and again.
"""

cimport numpy as cnp
from cpython.list cimport PyList_Append, PyList_SetSlice
from cpython.object cimport PyObject
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memmove

from tracetensor.vm.array cimport array_data, array_new, descr_from_type, equivalent, npy_intp
from tracetensor.vm.calls cimport NEVER, invoke, store
from tracetensor.vm.numbers cimport NumberList, changed, copied, list_of, numbers_of, push
from tracetensor.vm.registers cimport (
    NUMPY, OBJECT, PY_BOOL, PY_COMPLEX, PY_FLOAT, PY_INT, Reg, box, clear, decref, incref, is_numbers,
    list_check, list_item, list_size, put_int, put_object, refcnt,
)

cnp.import_array()  # boxing makes NumPy scalars

cdef extern from "Python.h":
    int set_item "PyList_SetItem"(PyObject *o, Py_ssize_t k, PyObject *value) except -1

cdef inline bint sole(PyObject *o, uint64_t takes):
    return takes & 1 and list_check(o) and refcnt(o) == 1


cdef int64_t list_length(PyObject *o) except -1:
    return (<NumberList>o).n if is_numbers(o) else list_size(o)


cdef bint as_numbers(Run *run, Call *s, int cls, bint unshared) except -1:
    """Whether the list is one of numbers of this class, perhaps from now on."""
    cdef Reg *r = &run.regs[s.args[0]]
    cdef NumberList made
    if is_numbers(r.obj):
        return (<NumberList>r.obj).cls == cls
    if cls == OBJECT or not list_check(r.obj) or (unshared and refcnt(r.obj) != 1):
        return False
    if s.touches == NEVER:
        return False
    s.touches += 1
    if s.touches < list_size(r.obj):
        return False
    made = numbers_of(r.obj, cls)
    if made is None:
        s.touches = NEVER
        return False
    s.touches = 0
    incref(<PyObject *>made)
    put_object(r, <PyObject *>made)
    return True


cdef bint small(Run *run, int r):
    """Whether a register holds a number that a list of numbers can have."""
    return run.classes[r] != PY_INT or run.regs[r].obj == NULL


cdef int as_list(Run *run, Call *s) except -1:
    """Let a Python list stand in the register again."""
    cdef Reg *r = &run.regs[s.args[0]]
    if is_numbers(r.obj):
        put_object(r, list_of(r.obj))
    return 0


cdef NumberList changing(Run *run, Call *s, uint64_t takes):
    """The list of numbers, moved to the register of the first result; a copy, if it is needed elsewhere."""
    cdef Reg *r = &run.regs[s.args[0]]
    cdef NumberList numbers = <NumberList>r.obj
    if takes & 1 and refcnt(r.obj) == 2:  # one of them is `numbers`
        changed(numbers)
        move_list(run, s)
        return numbers
    numbers = copied(numbers)
    if takes & 1:
        clear(r)
    incref(<PyObject *>numbers)
    put_object(&run.regs[s.dst[0]], <PyObject *>numbers)
    return numbers


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
    cdef int64_t n
    if run.classes[s.args[k]] != PY_INT or r.obj != NULL or not (is_numbers(o) or list_check(o)):
        return -1
    n = (<NumberList>o).n if is_numbers(o) else list_size(o)
    i = r.v.i
    if i < 0:
        i += n
    return i if 0 <= i < n else -1


cdef int move_list(Run *run, Call *s) except -1:
    """The list, changed, goes from its register to that of the first result."""
    cdef Reg *source = &run.regs[s.args[0]]
    cdef PyObject *o = source.obj
    source.obj = NULL
    put_object(&run.regs[s.dst[0]], o)
    return 0


cdef int by_function(Run *run, Call *s, uint64_t takes) except -1:
    """What the op's own function does; where that raises, the list is in its register yet."""
    invoke(run, s, takes & ~<uint64_t>1)
    if takes & 1 and s.dst[0] != s.args[0]:
        clear(&run.regs[s.args[0]])
    return 0


cdef int list_append(Run *run, Call *s, uint64_t takes) except -1:
    cdef PyObject *o
    cdef PyObject *value
    if as_numbers(run, s, run.classes[s.args[1]], takes & 1) and small(run, s.args[1]):
        push(changing(run, s, takes), &run.regs[s.args[1]].v)
        return drop(run, s, takes)
    as_list(run, s)
    o = run.regs[s.args[0]].obj
    if not sole(o, takes):
        return by_function(run, s, takes)
    value = box(&run.regs[s.args[1]], run.classes[s.args[1]])
    try:
        PyList_Append(<object>o, <object>value)
    finally:
        decref(value)
    drop(run, s, takes)
    return move_list(run, s)


cdef int load(Reg *r, int cls, NumberList numbers, int64_t i) except -1:
    """A number of the list into a register of its class."""
    if cls == PY_INT:
        put_int(r, (<int64_t *>numbers.data)[i])
    else:
        memcpy(&r.v, numbers.data + i * numbers.size, numbers.size)
    return 0


cdef int list_get(Run *run, Call *s, uint64_t takes) except -1:
    cdef int64_t i = position(run, s, 1, run.regs[s.args[0]].obj)
    cdef int cls = run.classes[s.dst[0]]
    cdef PyObject *o
    if i < 0:
        return invoke(run, s, takes)
    if as_numbers(run, s, cls, False):
        load(&run.regs[s.dst[0]], cls, <NumberList>run.regs[s.args[0]].obj, i)
    else:
        as_list(run, s)
        o = run.regs[s.args[0]].obj
        store(run, s, 0, list_item(o, i))
    if takes & 1:
        clear(&run.regs[s.args[0]])
    return drop(run, s, takes)


cdef int list_set(Run *run, Call *s, uint64_t takes) except -1:
    cdef int64_t i = position(run, s, 2, run.regs[s.args[0]].obj)
    cdef NumberList numbers
    cdef PyObject *o
    if i < 0:
        return by_function(run, s, takes)
    if as_numbers(run, s, run.classes[s.args[1]], takes & 1) and small(run, s.args[1]):
        numbers = changing(run, s, takes)
        memcpy(numbers.data + i * numbers.size, &run.regs[s.args[1]].v, numbers.size)
        return drop(run, s, takes)
    as_list(run, s)
    o = run.regs[s.args[0]].obj
    if not sole(o, takes):
        return by_function(run, s, takes)
    set_item(o, i, box(&run.regs[s.args[1]], run.classes[s.args[1]]))
    drop(run, s, takes)
    return move_list(run, s)


cdef int list_pop(Run *run, Call *s, uint64_t takes) except -1:
    cdef int64_t i = position(run, s, 1, run.regs[s.args[0]].obj)
    cdef int cls = run.classes[s.dst[1]]
    cdef char *place
    cdef NumberList numbers
    cdef PyObject *o
    if i < 0:
        return by_function(run, s, takes)
    if as_numbers(run, s, cls, takes & 1):
        numbers = changing(run, s, takes)
        load(&run.regs[s.dst[1]], cls, numbers, i)
        numbers.n -= 1
        place = numbers.data + i * numbers.size
        memmove(place, place + numbers.size, (numbers.n - i) * numbers.size)
        return drop(run, s, takes)
    as_list(run, s)
    o = run.regs[s.args[0]].obj
    if not sole(o, takes):
        return by_function(run, s, takes)
    store(run, s, 1, list_item(o, i))
    PyList_SetSlice(<object>o, i, i + 1, [])
    drop(run, s, takes)
    return move_list(run, s)


cdef int number_of(int cls):
    """The type number of an array of such numbers."""
    if cls == PY_FLOAT:
        return cnp.NPY_DOUBLE
    if cls == PY_INT:
        return cnp.NPY_INT64
    if cls == PY_BOOL:
        return cnp.NPY_BOOL
    return cnp.NPY_CDOUBLE if cls == PY_COMPLEX else cls - NUMPY


cdef int list_array(Run *run, Call *s, uint64_t takes) except -1:
    """numpy.array of a list of numbers, where that has the dtype of the numbers."""
    cdef Reg *r = &run.regs[s.args[0]]
    cdef NumberList numbers
    cdef PyObject *descr
    cdef PyObject *made
    cdef npy_intp n
    if not is_numbers(r.obj):
        return invoke(run, s, takes)
    numbers = <NumberList>r.obj
    if numbers.n == 0 or s.ranks[0] != 1 or not equivalent(number_of(numbers.cls), s.numbers[0]):
        return invoke(run, s, takes)
    n = numbers.n
    descr = descr_from_type(s.numbers[0])
    made = array_new(descr, 1, &n, NULL, NULL, 0)
    decref(descr)
    memcpy(array_data(made), numbers.data, n * numbers.size)
    if takes & 1:
        clear(r)
    put_object(&run.regs[s.dst[0]], made)
    return 0
