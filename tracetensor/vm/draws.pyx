"""Draws of single numbers from NumPy's generators, by the functions that NumPy's own methods come to.

A method of a generator costs many times what the number itself costs: arguments are parsed, a size and a lock are
looked at. Here the C functions of the NumPy that is there are called (numpy.random._generator exports them for
that), so the numbers are the same, to the bit, and the generator is left as its method would leave it. Everything
else, wrong arguments among it, is left to the method.
"""

import ctypes

from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport isfinite, signbit
from libc.stdint cimport int64_t, uint64_t

cimport numpy as cnp

from tracetensor.vm.registers cimport (
    NUMPY, PY_INT, FloatType, IntType, Reg, box, class_of, decref, float_value, long_value,
)

import numpy as np

cnp.import_array()

cdef extern from "numpy/random/bitgen.h":
    ctypedef struct bitgen_t:
        void *state
        double (*next_double)(void *state) noexcept

cdef extern from "Python.h":
    object call_method "PyObject_VectorcallMethod"(
        object name, PyObject **args, size_t nargs, PyObject *names)

ctypedef double (*Draw0)(bitgen_t *bits) noexcept
ctypedef double (*Draw1)(bitgen_t *bits, double scale) noexcept
ctypedef double (*Draw2)(bitgen_t *bits, double a, double b) noexcept
ctypedef void (*Bounded)(
    bitgen_t *bits, uint64_t offset, uint64_t extent, Py_ssize_t count, int masked, uint64_t *out) noexcept

cdef enum Kind:
    UNIT, STANDARD, SCALED, UNIFORM, NORMAL, INTEGERS

cdef dict METHODS = {
    "random": (UNIT, None), "standard_normal": (STANDARD, "random_standard_normal"),
    "standard_exponential": (STANDARD, "random_standard_exponential"),
    "exponential": (SCALED, "random_exponential"), "uniform": (UNIFORM, "random_uniform"),
    "normal": (NORMAL, "random_normal"), "integers": (INTEGERS, "random_bounded_uint64_fill"),
}
cdef dict LEGACY = {
    "random": (UNIT, None), "random_sample": (UNIT, None), "rand": (UNIT, None),
    "uniform": (UNIFORM, "random_uniform"),
}
"""Of numpy.random.RandomState, and so of the functions of numpy.random: the others draw in ways of their own."""

cdef object library = None


cdef void *address_of(str name) except? NULL:
    """Where a function of NumPy's is; NULL if this NumPy has none of that name."""
    global library
    from numpy.random import _generator

    try:
        if library is None:
            library = ctypes.CDLL(_generator.__file__)
        return <void *><size_t>ctypes.cast(getattr(library, name), ctypes.c_void_p).value
    except (AttributeError, OSError):
        return NULL


def drawing(name, count):
    """What draws by a method of this name, called with `count` arguments besides the generator; None if nothing does."""
    if name not in METHODS and name not in LEGACY or count > 2:
        return None
    return Drawing(name)


cdef int as_double(PyObject *o, double *value) noexcept:
    """1 if the object is a float, or an int that is one exactly."""
    cdef int overflow = 0
    cdef long long number
    if class_of(o) == &FloatType:
        value[0] = float_value(o)
        return 1
    if class_of(o) == &IntType:
        number = long_value(o, &overflow)
        value[0] = <double>number
        return not overflow and -(1LL << 53) <= number <= 1LL << 53
    return 0


cdef class Drawing:
    """A method of a generator, by its name."""

    def __init__(self, name):
        self.name = name
        self.owner = None

    cdef bint look(self, object owner) except -1:
        """Look at a generator that is not the last one; false if its method is to be called."""
        cdef dict methods
        self.owner, self.kept = None, None
        if type(owner) is np.random.Generator:
            methods, bits = METHODS, owner.bit_generator
        elif type(owner) is np.random.RandomState:
            methods, bits = LEGACY, owner._bit_generator
        else:
            return False
        found = methods.get(self.name)
        if found is None or not isinstance(bits, np.random.BitGenerator):
            return False
        self.kind, function = found
        self.function = NULL
        if function is not None:
            self.function = address_of(function)
            if self.function == NULL:
                return False
        self.bits = PyCapsule_GetPointer(bits.capsule, "BitGenerator")
        self.acquire, self.release = bits.lock.acquire, bits.lock.release
        self.owner, self.kept = owner, bits
        return True

    cdef object draw(self, PyObject **args, Py_ssize_t n):
        """The number; args: the generator, and the arguments of its method."""
        cdef double a = 0.0, b = 1.0, value = 0.0
        cdef int64_t low = 0, high = 0
        cdef int overflow = 0
        cdef bint plain = True
        cdef bitgen_t *bits
        cdef Reg made
        cdef PyObject *number
        if <object>args[0] is not self.owner and not self.look(<object>args[0]):
            return call_method(self.name, args, n, NULL)
        if self.kind == UNIT or self.kind == STANDARD:
            plain = n == 1
        elif self.kind == SCALED:
            a = 1.0
            plain = n == 1 or n == 2 and as_double(args[1], &a)
            plain = plain and isfinite(a) and not signbit(a)
        elif self.kind == INTEGERS:
            plain = 1 < n <= 3 and class_of(args[1]) == &IntType and class_of(args[n - 1]) == &IntType
            if plain:
                high = long_value(args[n - 1], &overflow)
                plain = not overflow
                if n == 3:
                    low = long_value(args[1], &overflow)
                    plain = plain and not overflow
                plain = plain and low < high
        else:
            plain = (n < 2 or as_double(args[1], &a)) and (n < 3 or as_double(args[2], &b)) and n <= 3
            if plain and self.kind == UNIFORM:
                b -= a
            plain = plain and isfinite(a) and isfinite(b) and not signbit(b)
        if not plain or not self.acquire(False):
            return call_method(self.name, args, n, NULL)
        bits = <bitgen_t *>self.bits
        if self.kind == UNIT:
            value = bits.next_double(bits.state)
        elif self.kind == STANDARD:
            value = (<Draw0>self.function)(bits)
        elif self.kind == SCALED:
            value = (<Draw1>self.function)(bits, a)
        elif self.kind == INTEGERS:
            (<Bounded>self.function)(
                bits, <uint64_t>low, <uint64_t>high - 1 - <uint64_t>low, 1, 0, <uint64_t *>&made.v.i
            )
        else:
            value = (<Draw2>self.function)(bits, a, b)
        self.release()
        if self.kind == INTEGERS:
            made.obj = NULL
            number = box(&made, NUMPY + cnp.NPY_INT64)
            result = <object>number
            decref(number)
            return result
        return value
