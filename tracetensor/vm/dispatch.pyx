"""The fast way from a call to a program: a few checks of the arguments, then the machine.

A Dispatcher holds entries, tried in order. An entry says what each positional argument must be:

    ("python", name)       exactly a Python bool, int, float or complex; name is the class's
    ("scalar", number)     exactly a NumPy scalar of the type with that number
    ("array", dtype, ndim, dims, writeable, c_contiguous)
                           exactly a numpy.ndarray: aligned, of the machine's byte order, this dtype and rank;
                           dims: -1 for any size but 1, else that size; writeable: it must be; c_contiguous:
                           True or False if that is known, None if it may be either
    ("same", j)            the very object that is argument j
    ("constant", value)    the same object, or one of the same class that is equal

Arrays must be distinct objects, but where "same" says otherwise.
"""

cimport numpy as cnp
import numpy as np
from types import MethodType
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_SIZE

from tracetensor.vm.array cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_WRITEABLE, array_check, array_descr, array_dims,
    array_flags, array_native, array_number, array_rank, equivalent, npy_intp,
)
from tracetensor.vm.machine cimport Program
from tracetensor.vm.registers cimport class_of

from tracetensor.errors import Deoptimise

cnp.import_array()

cdef extern from "Python.h":
    PyObject **tuple_items "&PyTuple_GET_ITEM"(PyObject *o, Py_ssize_t k)

cdef enum:
    MOST_ARGUMENTS = 16
    MOST_DIMS = 8

cdef enum Kind:
    CLASS
    ARRAY
    SAME
    CONSTANT

ctypedef struct Check:
    Kind kind
    PyObject *what  # the class; the dtype; the constant
    int number
    int rank
    int flags  # that must be set
    int no_flags  # that must not be
    npy_intp dims[MOST_DIMS]


cdef bint fast = True


def set_fast(bint on):
    """Whether calls look at entries at all: off while some option sends every call the slow way."""
    global fast
    fast = on


def is_constant(value, expected):
    """Whether a value is the constant expected: equal, and of the same classes throughout."""
    if value is expected:
        return True
    if type(value) is not type(expected):
        return False
    if isinstance(value, tuple):
        if len(value) != len(expected):
            return False
        return all(is_constant(v, e) for v, e in zip(value, expected, strict=True))
    if isinstance(value, (float, complex)):
        return repr(value) == repr(expected)
    return isinstance(value, (int, str, bytes, np.dtype)) and value == expected


cdef class Entry:
    """One way to run a call: the checks, the program, and what to do with its outputs.

    finish(outputs, args), or None where the result is the only output. inputs: which arguments the program
    takes, in its order; by default those that are neither "constant" nor "same". Raises ValueError if the
    fast path does not do such checks.
    """

    cdef readonly object program, finish, inputs, checks
    cdef Program machine
    cdef Check rows[MOST_ARGUMENTS]
    cdef int numbers[MOST_ARGUMENTS]
    cdef int n
    cdef int n_inputs
    cdef bint plain  # the program takes the arguments as they are
    cdef int arrays[MOST_ARGUMENTS]
    cdef int n_arrays
    cdef list keep

    def __init__(self, checks, program, finish=None, inputs=None):
        cdef int k
        if len(checks) > MOST_ARGUMENTS:
            raise ValueError("too many arguments for the fast path")
        if inputs is None:
            inputs = [k for k, check in enumerate(checks) if check[0] not in ("constant", "same")]
        self.checks, self.program, self.machine, self.finish = checks, program, program, finish
        self.inputs = tuple(inputs)
        self.keep = []
        self.n, self.n_inputs = len(checks), len(inputs)
        if self.n_inputs > MOST_ARGUMENTS:
            raise ValueError("too many inputs for the fast path")
        self.plain = self.inputs == tuple(range(self.n))
        for k, number in enumerate(inputs):
            self.numbers[k] = number
        for k in range(self.n):
            self._row(k, *checks[k])

    def _row(self, int k, kind, *details):
        cdef Check *row = &self.rows[k]
        cdef int j
        if kind == "python":
            what = {"bool": bool, "int": int, "float": float, "complex": complex}[details[0]]
            row.kind = CLASS
        elif kind == "scalar":
            what = np.dtype(cnp.PyArray_DescrFromType(details[0])).type
            row.kind = CLASS
        elif kind == "array":
            what, row.rank, dims, writeable, contiguous = details
            if row.rank > MOST_DIMS or not what.isnative:
                raise ValueError("the fast path does not check such arrays")
            row.kind, row.number = ARRAY, what.num
            row.flags = NPY_ARRAY_ALIGNED | (NPY_ARRAY_WRITEABLE if writeable else 0)
            row.flags |= NPY_ARRAY_C_CONTIGUOUS if contiguous is True else 0
            row.no_flags = NPY_ARRAY_C_CONTIGUOUS if contiguous is False else 0
            for j in range(row.rank):
                row.dims[j] = dims[j]
            self.arrays[self.n_arrays] = k
            self.n_arrays += 1
        elif kind == "same":
            what, row.kind, row.number = None, SAME, details[0]
        elif kind == "constant":
            what, row.kind = details[0], CONSTANT
        else:
            raise ValueError(f"the fast path does not know the check {kind!r}")
        self.keep.append(what)
        row.what = <PyObject *>what

    cdef bint matches(self, PyObject **args) except -1:
        """Whether the arguments pass all checks."""
        cdef int k, j
        cdef Check *row
        cdef PyObject *o
        cdef npy_intp *dims
        for k in range(self.n):
            row = &self.rows[k]
            o = args[k]
            if row.kind == CLASS:
                if <PyObject *>class_of(o) != row.what:
                    return False
            elif row.kind == ARRAY:
                if not array_check(o) or array_rank(o) != row.rank:
                    return False
                if array_descr(o) != row.what and not (
                    array_native(o)
                    and (array_number(o) == row.number or equivalent(array_number(o), row.number))
                ):
                    return False
                if array_flags(o) & row.flags != row.flags or array_flags(o) & row.no_flags:
                    return False
                dims = array_dims(o)
                for j in range(row.rank):
                    if dims[j] != row.dims[j] and (row.dims[j] != -1 or dims[j] == 1):
                        return False
            elif row.kind == SAME:
                if o != args[row.number]:
                    return False
            elif o != row.what and not is_constant(<object>o, <object>row.what):
                return False
        for k in range(1, self.n_arrays):
            for j in range(k):
                if args[self.arrays[k]] == args[self.arrays[j]]:
                    return False
        return True

    cdef object run(self, object args):
        cdef PyObject *chosen[MOST_ARGUMENTS]
        cdef PyObject **values = tuple_items(<PyObject *>args, 0)
        cdef int k
        if not self.plain:
            for k in range(self.n_inputs):
                chosen[k] = values[self.numbers[k]]
            values = chosen
        if self.finish is None:
            return self.machine.execute(values, self.n_inputs, True)
        return self.finish(self.machine.execute(values, self.n_inputs, False), args)


cdef class Dispatcher:
    """A callable that runs the first entry whose checks hold, else calls slow(args, kwargs).

    entries: a tuple of Entry; assigning another tuple is safe while calls run. slow: given at construction.
    deoptimised(args, kwargs, exception) takes over where a run raises Deoptimise.
    """

    cdef dict __dict__
    cdef object __weakref__
    cdef tuple _entries
    cdef public object slow
    cdef public object deoptimised

    def __init__(self, slow, deoptimised=None):
        self._entries = ()
        self.slow = slow
        self.deoptimised = deoptimised

    @property
    def entries(self):
        return self._entries

    @entries.setter
    def entries(self, entries):
        for entry in entries:
            if not isinstance(entry, Entry):
                raise TypeError(f"an entry is needed, not {entry!r}")
        self._entries = tuple(entries)

    def __call__(self, *args, **kwargs):
        cdef tuple entries = self._entries
        cdef Entry entry
        cdef Py_ssize_t n
        if fast and not kwargs:
            n = PyTuple_GET_SIZE(args)
            for item in entries:
                entry = <Entry>item
                if entry.n == n and entry.matches(tuple_items(<PyObject *>args, 0)):
                    try:
                        return entry.run(args)
                    except Deoptimise as error:
                        if self.deoptimised is None:
                            raise
                        exception = error
                    return self.deoptimised(args, kwargs, exception)
        return self.slow(args, kwargs)

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self, instance)
