"""Loops of programs that may become machine code: when that is asked for, and what it becomes.

The interpreter counts the steps of each outermost loop. From some number of steps on it asks, once, for a C
function that does the same to the same registers (loop_code.py). While that is made, and where it cannot be,
the loop is interpreted; once it is there, the loop goes on in it from the next step. See `enter` in
interpreter.pyx.
"""

import weakref

cimport numpy as cnp
from cpython.mem cimport PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from libc.stdint cimport int64_t

from tracetensor.vm.array cimport (
    NPY_ARRAY_C_CONTIGUOUS, array_base, array_check, array_dims, array_flags, array_number, array_rank,
    descr_from_type, try_array_new, try_array_view,
)
from tracetensor.vm.ownership cimport owned
from tracetensor.vm.registers cimport decref, refcnt, xdecref

cdef extern from "Python.h":
    void error_fetch "PyErr_Fetch"(PyObject **kind, PyObject **value, PyObject **trace)
    void error_restore "PyErr_Restore"(PyObject *kind, PyObject *value, PyObject *trace)
    void error_clear "PyErr_Clear"()

cnp.import_array()

request = None
"""What is called as request(program, site, kind, done) for a loop ("hot") or region ("work") that has done so
much work; False if it is to be asked again later. tiers.py sets it."""

cdef extern from *:
    """
    #include <stddef.h>
    #include <numpy/arrayobject.h>
    #define TT_DATA_OFFSET (long)offsetof(PyArrayObject_fields, data)
    """
    long TT_DATA_OFFSET

DATA_OFFSET = TT_DATA_OFFSET
"""Where in NumPy's structure of an array the address of its data is."""

thresholds = {"hot": 1 << 62, "work": 1 << 62}


def set_threshold(instructions, work=None):
    """From how much work (instructions on numbers) on a loop, and from how much on a region, is asked for."""
    thresholds["hot"] = instructions
    if work is not None:
        thresholds["work"] = work


cdef class LoopSite:
    """An outermost loop of a program: rows `first` up to `stop`."""

    def __init__(self):
        self.s.site = <PyObject *>self
        self.s.hot = 0
        self.state = "interpreted"

    def __dealloc__(self):
        PyMem_Free(self.s.ints)

    def __str__(self):
        return f"{self.state}, to {self.stop}"

    cdef int place(self, object program, int first, int stop, double work) except -1:
        """Say where in which program the loop is; work: of a step, about, in instructions on numbers."""
        self.program, self.first, self.stop = weakref.ref(program), first, stop
        self.s.work = max(work, 1)
        return 0

    def owner(self):
        """The program, None if it is gone."""
        return None if self.program is None else self.program()

    def begin(self, source):
        """Note that the function is being made from this text."""
        self.source, self.state = source, "asked"

    def refuse(self, reason):
        """Note that the loop stays interpreted."""
        self.state = reason

    def install(self, library, size_t address, ints):
        """Let the loop go on as machine code; library: what keeps the code loaded."""
        cdef int k
        cdef int *numbers = <int *>PyMem_Malloc((len(ints) + 1) * sizeof(int))
        if numbers == NULL:
            raise MemoryError
        for k, number in enumerate(ints):
            numbers[k] = number
        if self.s.function != NULL:  # another thread was faster
            PyMem_Free(numbers)
            return
        self.library = library
        self.s.ints, self.s.n_ints = numbers, len(ints)
        self.state = "native"
        self.s.function = <NativeLoop>address


cdef int ask(Loop *loop) except -1:
    """Ask for the function of a loop, once, if it is hot enough; its threshold is that of now."""
    cdef int64_t wanted = max(1, <int64_t>(thresholds["hot"] / loop.work))
    if loop.steps < wanted or request is None:
        loop.hot = min(max(wanted, loop.steps + 1), loop.steps + 10_000)
        return 0
    loop.hot = 1 << 62
    site = <LoopSite>loop.site
    program = site.owner()
    if program is not None and not request(program, site, "hot", loop.steps * loop.work):
        loop.hot = loop.steps + min(loop.steps, 10_000)
    return 0


# What the machine code calls ------------------------------------------------------------------------------


cdef int object_of_view(
    PyObject **base, int rank, Py_ssize_t *dims, Py_ssize_t *strides, char *place
) noexcept:
    """Put a view of an array in the place of the reference to it; an exception that is set stays so.

    -1: there is no memory.
    """
    cdef PyObject *kind
    cdef PyObject *value
    cdef PyObject *trace
    cdef PyObject *view = NULL
    error_fetch(&kind, &value, &trace)
    view = try_array_view(base[0], rank, dims, strides, place)
    if view == NULL:
        xdecref(kind)
        xdecref(value)
        xdecref(trace)
        return -1
    error_restore(kind, value, trace)
    decref(base[0])
    base[0] = view
    return 0


cdef PyObject *fresh_array(PyObject **spare, int number, int rank, Py_ssize_t *dims) noexcept:
    """An array in C order with undefined items: the spare one if it is like that and nobody else's.

    NULL: there is no memory.
    """
    cdef PyObject *o = spare[0]
    cdef PyObject *descr
    cdef int k
    spare[0] = NULL
    if o != NULL:
        if (
            array_check(o) and array_number(o) == number and array_rank(o) == rank
            and array_flags(o) & NPY_ARRAY_C_CONTIGUOUS and refcnt(o) == 1 and array_base(o) == NULL
            and owned(o)
        ):
            k = 0
            while k < rank and array_dims(o)[k] == dims[k]:
                k += 1
            if k == rank:
                return o
        decref(o)
    descr = descr_from_type(number)
    o = try_array_new(descr, rank, dims, NULL, NULL, 0)
    decref(descr)
    if o == NULL:
        error_clear()
    return o
