"""Draws of a number, or of few, from NumPy's generators, by the functions that NumPy's own methods come to.

A method of a generator costs many times what a number itself costs: arguments are parsed, a size and a lock
are looked at. Here the C functions of the NumPy that is there are called (numpy.random._generator exports
them for that), so the numbers are the same, to the bit, and the generator is left as its method leaves it.
Everything else, wrong arguments among it, is left to the method.
"""

import ctypes

from cpython.object cimport PyObject
from cpython.pycapsule cimport PyCapsule_GetPointer
from libc.math cimport isfinite, signbit
from libc.stdint cimport int64_t, uint64_t

cimport numpy as cnp

from tracetensor.vm.array cimport array_data, descr_from_type, npy_intp, try_array_new
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
# Of numpy.random.RandomState, and so of the functions of numpy.random; the others draw in ways of their own.
cdef dict LEGACY = {
    "random": (UNIT, None), "random_sample": (UNIT, None), "rand": (UNIT, None),
    "uniform": (UNIFORM, "random_uniform"), "randint": (INTEGERS, "random_bounded_uint64_fill"),
}
cdef int[6] MOST_ARGUMENTS = [0, 0, 1, 2, 2, 2]  # by kind, before a size
cdef enum:
    FEW = 4096  # numbers; more are drawn by the method, while other threads run

cdef object library = None
cdef tuple SIZE = ("size",)


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


def drawing(name, count, names):
    """What draws by a method of this name, called with `count` arguments besides the generator, the last ones
    with these names; None if nothing does.
    """
    if (name not in METHODS and name not in LEGACY) or count > 3 or names not in (None, ("size",)):
        return None
    return Drawing(name, names is not None)


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
    """A method of a generator, by its name; sized: its last argument is the size."""

    def __init__(self, name, sized):
        self.name, self.sized = name, sized
        self.owner = None

    cdef bint look(self, object owner) except -1:
        """Look at a generator that is not the last one; false if its method is to be called."""
        cdef dict methods
        self.owner, self.kept = None, None
        if type(owner) is np.random.Generator:
            methods, bits, self.legacy = METHODS, owner.bit_generator, False
        elif type(owner) is np.random.RandomState:
            methods, bits, self.legacy = LEGACY, owner._bit_generator, True
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

    cdef object by_method(self, PyObject **args, Py_ssize_t n):
        if self.sized:
            return call_method(self.name, args, n - 1, <PyObject *>SIZE)
        return call_method(self.name, args, n, NULL)

    cdef object draw(self, PyObject **args, Py_ssize_t n):
        """The number, or the array; args: the generator, and the arguments of its method."""
        cdef double a = 0.0, b = 1.0
        cdef int64_t low = 0, high = 0, size = -1, k
        cdef int overflow = 0
        cdef bint plain = True
        cdef Py_ssize_t m = n
        cdef double one
        cdef double *numbers = &one
        cdef bitgen_t *bits
        cdef PyObject *made
        if <object>args[0] is not self.owner and not self.look(<object>args[0]):
            return self.by_method(args, n)
        if self.sized or n == MOST_ARGUMENTS[self.kind] + 2:
            m = n - 1
            if class_of(args[m]) != &IntType:
                return self.by_method(args, n)
            size = long_value(args[m], &overflow)
            plain = not overflow and 0 <= size <= FEW
        if m > MOST_ARGUMENTS[self.kind] + 1:
            plain = False
        elif self.kind == SCALED:
            a = 1.0
            plain = plain and (m == 1 or as_double(args[1], &a)) and isfinite(a) and not signbit(a)
        elif self.kind == INTEGERS:
            plain = plain and m > 1 and class_of(args[1]) == &IntType and class_of(args[m - 1]) == &IntType
            if plain:
                high = long_value(args[m - 1], &overflow)
                plain = not overflow
                if m == 3:
                    low = long_value(args[1], &overflow)
                    plain = plain and not overflow
                plain = plain and low < high
        elif self.kind == UNIFORM or self.kind == NORMAL:
            plain = plain and (m < 2 or as_double(args[1], &a)) and (m < 3 or as_double(args[2], &b))
            if plain and self.kind == UNIFORM:
                b -= a
            plain = plain and isfinite(a) and isfinite(b) and not signbit(b)
        if not plain or not self.acquire(False):
            return self.by_method(args, n)
        bits = <bitgen_t *>self.bits
        made = NULL
        try:
            if size >= 0:
                number = cnp.NPY_INT64 if self.kind == INTEGERS else cnp.NPY_DOUBLE
                made = new_array(number, size)
                numbers = <double *>array_data(made)
            if self.kind == UNIT:
                for k in range(1 if size < 0 else size):
                    numbers[k] = bits.next_double(bits.state)
            elif self.kind == STANDARD:
                for k in range(1 if size < 0 else size):
                    numbers[k] = (<Draw0>self.function)(bits)
            elif self.kind == SCALED:
                for k in range(1 if size < 0 else size):
                    numbers[k] = (<Draw1>self.function)(bits, a)
            elif self.kind == INTEGERS:
                (<Bounded>self.function)(
                    bits, <uint64_t>low, <uint64_t>high - 1 - <uint64_t>low,
                    1 if size < 0 else size, self.legacy, <uint64_t *>numbers,
                )
            else:
                for k in range(1 if size < 0 else size):
                    numbers[k] = (<Draw2>self.function)(bits, a, b)
        finally:
            self.release()
        if made == NULL:
            if self.kind != INTEGERS:
                return one
            made = integer(<int64_t *>numbers, self.legacy)
        result = <object>made
        decref(made)
        return result


cdef PyObject *new_array(int number, npy_intp n) except NULL:
    cdef PyObject *descr = descr_from_type(number)
    cdef PyObject *made = try_array_new(descr, 1, &n, NULL, NULL, 0)
    decref(descr)
    if made == NULL:
        raise MemoryError
    return made


cdef PyObject *integer(int64_t *value, bint python) except NULL:
    cdef Reg made
    made.v.i, made.obj = value[0], NULL
    return box(&made, PY_INT if python else NUMPY + cnp.NPY_INT64)
