"""The fast way from a call to a program."""

from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from tracetensor.vm.array cimport npy_intp
from tracetensor.vm.finish cimport Finisher
from tracetensor.vm.machine cimport Program
from tracetensor.vm.surroundings cimport Surroundings

cdef enum:
    MOST_ARGUMENTS = 16
    MOST_VALUES = 64  # arguments, and what is fetched
    MOST_DIMS = 8

cdef enum Kind:
    CLASS
    ARRAY
    SAME
    CONSTANT
    IDENTITY
    ANY
    LENGTH
    KEYS
    HOLDS

ctypedef struct Check:
    Kind kind
    PyObject *what  # the class; the dtype; the constant
    int number
    int rank
    int flags  # that must be set
    int no_flags  # that must not be
    npy_intp dims[MOST_DIMS]


cdef class Entry:
    cdef readonly object program, finish, inputs, checks
    cdef readonly unsigned long long calls  # that it served
    cdef Program machine
    cdef Check rows[MOST_VALUES]
    cdef int numbers[MOST_VALUES]
    cdef int n
    cdef int n_inputs
    cdef bint plain  # the program takes the arguments as they are
    cdef int arrays[MOST_VALUES]
    cdef int n_arrays
    cdef list keep
    cdef list fetches
    cdef int n_fetches
    cdef uint64_t written
    cdef Surroundings surroundings
    cdef Finisher finisher
    cdef list apart
    cdef bint matches(self, PyObject **args, int first, int last) except -1
    cdef bint distinct(self, PyObject **values) except -1
    cdef bint fits(self, PyObject **values) except -1
    cdef void drop(self, PyObject **values) noexcept
    cdef object attempt(self, tuple args)
    cdef object within(self, PyObject **args, uint64_t given)


cdef class Dispatcher:
    cdef dict __dict__
    cdef object __weakref__
    cdef tuple _entries
    cdef public object slow
    cdef public object deoptimised
    cdef object function  # None: arguments are not bound to parameters
    cdef object code
    cdef tuple names, first
    cdef Py_ssize_t n_positional, n_unnamed
    cdef tuple bound(self, tuple args, dict kwargs)
    cdef bint takes(self, Py_ssize_t n) except -1


cdef bint is_fast()
