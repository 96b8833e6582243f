"""Registers of the machine: a payload of 16 bytes, or an owned reference; boxing and unboxing.

The class of a register is fixed when a graph is compiled. OBJECT registers hold a reference. All others hold
the value itself, in NumPy's own representation; a PY_INT register whose value leaves 64 bits holds a
reference to a Python int instead, and its payload means nothing. The class of a NumPy scalar is NUMPY + its
type number.
"""

from cpython.object cimport PyObject, PyTypeObject
from libc.stdint cimport int64_t, uint8_t

from tracetensor.vm.array cimport box_scalar, unbox_scalar
from tracetensor.vm.numbers cimport NumberList, list_of


ctypedef union Payload:
    int64_t i
    double f
    double c[2]
    uint8_t b
    char raw[16]


ctypedef struct Reg:
    Payload v
    PyObject *obj


cdef enum:
    OBJECT = 0
    PY_BOOL = 1
    PY_INT = 2
    PY_FLOAT = 3
    PY_COMPLEX = 4
    NUMPY = 16


cdef extern from "Python.h":
    void incref "Py_INCREF"(PyObject *o) nogil
    void xincref "Py_XINCREF"(PyObject *o) nogil
    void decref "Py_DECREF"(PyObject *o)
    void xdecref "Py_XDECREF"(PyObject *o)
    Py_ssize_t refcnt "Py_REFCNT"(PyObject *o) nogil
    PyTypeObject *class_of "Py_TYPE"(PyObject *o) nogil
    PyTypeObject BoolType "PyBool_Type"
    PyTypeObject IntType "PyLong_Type"
    PyTypeObject FloatType "PyFloat_Type"
    PyTypeObject ComplexType "PyComplex_Type"
    PyTypeObject ListType "PyList_Type"
    PyObject *PY_TRUE "Py_True"
    PyObject *PY_FALSE "Py_False"
    PyObject *PY_NONE "Py_None"
    PyObject *long_new "PyLong_FromLongLong"(long long v) except NULL
    long long long_value "PyLong_AsLongLongAndOverflow"(PyObject *o, int *overflow)
    PyObject *float_new "PyFloat_FromDouble"(double v) except NULL
    double float_value "PyFloat_AS_DOUBLE"(PyObject *o) nogil
    PyObject *complex_new "PyComplex_FromDoubles"(double re, double im) except NULL
    double complex_real "PyComplex_RealAsDouble"(PyObject *o)
    double complex_imag "PyComplex_ImagAsDouble"(PyObject *o)
    bint list_check "PyList_CheckExact"(PyObject *o) nogil
    Py_ssize_t list_size "PyList_GET_SIZE"(PyObject *o) nogil
    PyObject *list_item "PyList_GET_ITEM"(PyObject *o, Py_ssize_t k) nogil
    bint tuple_check "PyTuple_Check"(PyObject *o) nogil
    Py_ssize_t tuple_size "PyTuple_GET_SIZE"(PyObject *o) nogil
    PyObject *tuple_item "PyTuple_GET_ITEM"(PyObject *o, Py_ssize_t k) nogil


cdef inline void clear(Reg *r):
    """Drop the reference that a register holds, if any."""
    cdef PyObject *old = r.obj
    if old != NULL:
        r.obj = NULL
        decref(old)


cdef inline void put_object(Reg *r, PyObject *o):
    """Store a reference, which the register takes over."""
    cdef PyObject *old = r.obj
    r.obj = o
    xdecref(old)


cdef inline void put_int(Reg *r, int64_t v):
    r.v.i = v
    if r.obj != NULL:
        clear(r)


cdef inline bint is_numbers(PyObject *o):
    """Whether an object is a list of numbers as the machine has them."""
    return class_of(o) == <PyTypeObject *>NumberList


cdef inline PyObject *box(Reg *r, int cls) except NULL:
    """A new reference to the Python object that a register stands for."""
    if cls == OBJECT:
        if r.obj == NULL:  # the result of an op that is there for its effect
            incref(PY_NONE)
            return PY_NONE
        if is_numbers(r.obj):
            return list_of(r.obj)
        incref(r.obj)
        return r.obj
    if cls == PY_FLOAT:
        return float_new(r.v.f)
    if cls == PY_INT:
        if r.obj != NULL:
            incref(r.obj)
            return r.obj
        return long_new(r.v.i)
    if cls == PY_BOOL:
        if r.v.b:
            incref(PY_TRUE)
            return PY_TRUE
        incref(PY_FALSE)
        return PY_FALSE
    if cls == PY_COMPLEX:
        return complex_new(r.v.c[0], r.v.c[1])
    return box_scalar(cls - NUMPY, &r.v)


cdef inline int unbox(Reg *r, int cls, PyObject *o):
    """Store the value of a Python object (a borrowed reference) if it is of the register's class; else -1."""
    cdef int overflow = 0
    cdef int64_t small
    if cls == OBJECT:
        incref(o)
        put_object(r, o)
        return 0
    if cls == PY_FLOAT:
        if class_of(o) != &FloatType:
            return -1
        r.v.f = float_value(o)
        return 0
    if cls == PY_INT:
        if class_of(o) != &IntType:
            return -1
        small = long_value(o, &overflow)
        if overflow:
            incref(o)
            put_object(r, o)
        else:
            put_int(r, small)
        return 0
    if cls == PY_BOOL:
        if class_of(o) != &BoolType:
            return -1
        r.v.b = o == PY_TRUE
        return 0
    if cls == PY_COMPLEX:
        if class_of(o) != &ComplexType:
            return -1
        r.v.c[0] = complex_real(o)
        r.v.c[1] = complex_imag(o)
        return 0
    return unbox_scalar(cls - NUMPY, o, &r.v)
