# cython: freelist=16
"""Lists of numbers of one class, as the machine has them while they grow: no object for each number.

A register of a list holds a Python list or one of these. It is made of a Python list whose elements are all
of the class that the instructions on it deal in, and becomes a Python list again wherever it leaves the
instructions on lists (see `box` in registers.pxd). What it was made of, or became, is kept until it changes:
a list that is only read stays the object that it was.
"""

cimport cython
cimport numpy as cnp
from cpython.list cimport PyList_New
from cpython.mem cimport PyMem_Free, PyMem_Realloc
from libc.stdint cimport uint8_t
from libc.string cimport memcpy

from tracetensor.vm.array cimport array_item_size_of, box_scalar, unbox_scalar

cnp.import_array()

cdef extern from "Python.h":
    void incref "Py_INCREF"(PyObject *o)
    void decref "Py_DECREF"(PyObject *o)
    void xdecref "Py_XDECREF"(PyObject *o)
    object bool_new "PyBool_FromLong"(long v)
    object long_new "PyLong_FromLongLong"(long long v)
    object float_new "PyFloat_FromDouble"(double v)
    object complex_new "PyComplex_FromDoubles"(double re, double im)
    void set_new "PyList_SET_ITEM"(object o, Py_ssize_t k, PyObject *value)
    Py_ssize_t list_size "PyList_GET_SIZE"(PyObject *o)
    PyObject *list_item "PyList_GET_ITEM"(PyObject *o, Py_ssize_t k)
    long long long_value "PyLong_AsLongLongAndOverflow"(PyObject *o, int *overflow)
    PyObject *type_of "Py_TYPE"(PyObject *o)
    PyObject *PY_TRUE "Py_True"
    Py_ssize_t refcnt "Py_REFCNT"(PyObject *o)

# as in registers.pxd, which needs this module
cdef enum:
    PY_BOOL = 1
    PY_INT = 2
    PY_FLOAT = 3
    PY_COMPLEX = 4
    NUMPY = 16


@cython.final
cdef class NumberList:
    """n numbers of a register's class."""

    def __dealloc__(self):
        PyMem_Free(self.data)
        xdecref(self.origin)

    def __len__(self):
        return self.n


cdef int size_of(int cls):
    if cls == PY_BOOL:
        return 1
    if cls == PY_COMPLEX:
        return 16
    return 8 if cls < NUMPY else array_item_size_of(cls - NUMPY)


cdef NumberList new(int cls, int64_t capacity):
    cdef NumberList made = NumberList.__new__(NumberList)
    made.cls, made.size = cls, size_of(cls)
    made.data = <char *>PyMem_Realloc(NULL, max(capacity, 8) * made.size)
    if made.data == NULL:
        raise MemoryError
    made.capacity = max(capacity, 8)
    return made


cdef bint fits(int cls, PyObject *o, char *place):
    """Put the number in its place, if it is of the class."""
    cdef int overflow = 0
    if cls == PY_FLOAT:
        if type_of(o) != <PyObject *>float:
            return False
        (<double *>place)[0] = <double><object>o
        return True
    if cls == PY_INT:
        if type_of(o) != <PyObject *>int:
            return False
        (<long long *>place)[0] = long_value(o, &overflow)
        return not overflow
    if cls == PY_BOOL:
        (<uint8_t *>place)[0] = o == PY_TRUE
        return type_of(o) == <PyObject *>bool
    if cls == PY_COMPLEX:
        if type_of(o) != <PyObject *>complex:
            return False
        (<double *>place)[0], (<double *>place)[1] = (<object>o).real, (<object>o).imag
        return True
    return unbox_scalar(cls - NUMPY, o, place) == 0


cdef object boxed(int cls, char *place):
    if cls == PY_FLOAT:
        return float_new((<double *>place)[0])
    if cls == PY_INT:
        return long_new((<long long *>place)[0])
    if cls == PY_BOOL:
        return bool_new((<uint8_t *>place)[0])
    if cls == PY_COMPLEX:
        return complex_new((<double *>place)[0], (<double *>place)[1])
    cdef PyObject *o = box_scalar(cls - NUMPY, place)
    result = <object>o
    decref(o)
    return result


cdef NumberList numbers_of(PyObject *items, int cls):
    """The numbers of a Python list; None if one is of another class."""
    cdef Py_ssize_t k, n = list_size(items)
    cdef NumberList made = new(cls, n + (n >> 1))
    for k in range(n):
        if not fits(cls, list_item(items, k), made.data + k * made.size):
            return None
    made.n = n
    made.origin = items
    incref(items)
    return made


cdef NumberList copied(NumberList numbers):
    """A list of its own."""
    cdef NumberList made = new(numbers.cls, numbers.n + (numbers.n >> 3))
    memcpy(made.data, numbers.data, numbers.n * numbers.size)
    made.n = numbers.n
    return made


cdef PyObject *list_of(PyObject *o) except NULL:
    """A new reference to the Python list that a list of numbers stands for."""
    cdef NumberList numbers = <NumberList>o
    cdef Py_ssize_t k
    cdef list made
    if numbers.origin == NULL:
        made = PyList_New(numbers.n)
        for k in range(numbers.n):
            value = boxed(numbers.cls, numbers.data + k * numbers.size)
            incref(<PyObject *>value)
            set_new(made, k, <PyObject *>value)
        numbers.origin = <PyObject *>made
        incref(numbers.origin)
    incref(numbers.origin)
    return numbers.origin


cdef int changed(NumberList numbers) except -1:
    """No Python list is equal to it any more."""
    cdef PyObject *origin = numbers.origin
    if origin != NULL:
        numbers.origin = NULL
        decref(origin)
    return 0


cdef int push(NumberList numbers, const void *payload) except -1:
    """Append a number of the class."""
    cdef int64_t capacity
    cdef char *data
    if numbers.n == numbers.capacity:
        capacity = numbers.capacity * 2
        data = <char *>PyMem_Realloc(numbers.data, capacity * numbers.size)
        if data == NULL:
            raise MemoryError
        numbers.data, numbers.capacity = data, capacity
    memcpy(numbers.data + numbers.n * numbers.size, payload, numbers.size)
    numbers.n += 1
    return 0


cdef NumberList probe = NumberList.__new__(NumberList)
cdef bint like_generated_text():
    """Whether the parts of an object are where generated text has them: `struct list` of loop_prelude.py."""
    cdef char *start = <char *><PyObject *>probe
    places = (
        <char *>&probe.n - start, <char *>&probe.capacity - start, <char *>&probe.data - start,
        <char *>&probe.cls - start, <char *>&probe.size - start, <char *>&probe.origin - start,
    )
    return places == (16, 24, 32, 40, 44, 48) and (<int64_t *>start)[0] == refcnt(<PyObject *>probe)


KNOWN_TO_TEXT = like_generated_text()
