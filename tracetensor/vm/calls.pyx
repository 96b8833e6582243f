"""The call instruction: any op through its own evaluate function, on boxed values; NumPy's error state."""

cimport numpy as cnp
import numpy as np
from cpython.contextvars cimport PyContextVar_Reset, PyContextVar_Set
from cpython.mem cimport PyMem_Calloc, PyMem_Free

from tracetensor.vm.array cimport array_check, array_native, array_number, array_rank, equivalent
from tracetensor.vm.registers cimport (
    box, clear, decref, list_check, list_item, list_size, tuple_check, tuple_item, tuple_size, unbox,
    xdecref,
)

from tracetensor.errors import Deoptimise
from tracetensor.graph.types import TensorType

cnp.import_array()

cdef extern from "Python.h":
    PyObject *vectorcall "PyObject_Vectorcall"(
        PyObject *function, PyObject **args, size_t nargs, PyObject *names) except NULL
    PyObject **tuple_items "&PyTuple_GET_ITEM"(PyObject *o, Py_ssize_t k)
    size_t OFFSET "PY_VECTORCALL_ARGUMENTS_OFFSET"

cdef object error_state_variable, ignore_all
try:
    from numpy._core.umath import _extobj_contextvar as error_state_variable, _make_extobj
    ignore_all = _make_extobj(all="ignore")
except ImportError:  # the private names are NumPy 2's; np.errstate is slower and does the same
    error_state_variable = None

cdef enum:
    STACK = 24


cdef class Direct:
    """A function that takes its arguments as the machine has them: no tuple of them is made, nor a frame."""

    def __call__(self, *values):
        cdef PyObject *found = self.run(NULL, tuple_items(<PyObject *>values, 0), len(values))
        result = <object>found
        decref(found)
        return result

    cdef PyObject *run(self, Run *run, PyObject **args, Py_ssize_t n) except NULL:
        """The result, a new reference; an argument whose reference it keeps is NULL afterwards."""
        raise NotImplementedError


cdef class CallSite:
    """What a call instruction needs besides its opcode; made once, never changed."""

    def __init__(self, function, args, dst, types, keywords, *, quiet=False):
        cdef int k
        self.keep = (function, tuple(keywords), tuple(keywords.values()), types)
        self.s.function = <PyObject *>function
        self.s.names = <PyObject *>self.keep[1] if keywords else NULL
        self.s.nargs = len(args)
        self.s.nkeywords = len(keywords)
        self.s.ndst = len(dst)
        self.s.quiet = quiet
        self.s.direct = isinstance(function, Direct) and not keywords
        self.s.values = <PyObject **>PyMem_Calloc(len(keywords) + 1, sizeof(PyObject *))
        self.s.args = <int *>PyMem_Calloc(len(args) + 3 * len(dst) + 1, sizeof(int))
        if self.s.values == NULL or self.s.args == NULL:
            raise MemoryError
        self.s.dst = self.s.args + len(args)
        self.s.numbers = self.s.dst + len(dst)
        self.s.ranks = self.s.numbers + len(dst)
        for k in range(self.s.nkeywords):
            self.s.values[k] = <PyObject *>(<tuple>self.keep[2])[k]
        for k in range(self.s.nargs):
            self.s.args[k] = args[k]
        for k in range(self.s.ndst):
            self.s.dst[k] = dst[k]
            self.s.numbers[k] = -1
            if isinstance(types[k], TensorType) and types[k].is_array and types[k].dtype.isnative:
                self.s.numbers[k] = types[k].dtype.num
                self.s.ranks[k] = types[k].ndim

    def __dealloc__(self):
        PyMem_Free(self.s.values)
        PyMem_Free(self.s.args)

    def __str__(self):
        function = self.keep[0]
        parts = [f"r{self.s.args[k]}" for k in range(self.s.nargs)]
        parts += [f"{name}={value!r:.40}" for name, value in zip(self.keep[1], self.keep[2], strict=True)]
        targets = ", ".join(f"r{self.s.dst[k]}" for k in range(self.s.ndst))
        return f"{targets} = {getattr(function, '__qualname__', function)}({', '.join(parts)})"


cdef int silence(Run *run) except -1:
    """Make NumPy ignore floating-point errors until the end of the run; cheaper than np.errstate by far."""
    cdef object token
    if run.token != NULL or run.silent:
        return 0
    if error_state_variable is None:
        token = np.errstate(all="ignore")
        token.__enter__()
    else:
        token = PyContextVar_Set(error_state_variable, ignore_all)
    run.token = <PyObject *>token
    cnp.Py_INCREF(token)
    return 0


cdef int unsilence(Run *run) except -1:
    """Put NumPy's error state back, at the end of a run."""
    cdef object token
    if run.token == NULL:
        return 0
    token = <object>run.token
    decref(run.token)
    run.token = NULL
    if error_state_variable is None:
        token.__exit__(None, None, None)
    else:
        PyContextVar_Reset(error_state_variable, token)
    return 0


cdef int mismatch(PyObject *o) except -1:
    raise Deoptimise(f"an op returned {<object>o!r:.60}, whose type is not the one inferred")


cdef int store(Run *run, Call *s, int k, PyObject *o) except -1:
    """Put result k (a borrowed reference) in its register, after checking that it has the type inferred."""
    cdef int dst = s.dst[k]
    if s.numbers[k] >= 0 and not (
        array_check(o)
        and array_native(o)
        and (array_number(o) == s.numbers[k] or equivalent(array_number(o), s.numbers[k]))
        and array_rank(o) == s.ranks[k]
    ):
        mismatch(o)
    if unbox(&run.regs[dst], run.classes[dst], o) < 0:
        mismatch(o)
    return 0


cdef int invoke(Run *run, Call *s, uint64_t takes) except -1:
    """Call the function on the registers' values; put the results in theirs; drop the operands taken."""
    cdef PyObject *small[STACK]
    cdef PyObject **args = small
    cdef PyObject *result = NULL
    cdef int k, done = 0, r
    if not s.quiet:
        silence(run)
    if s.nargs + s.nkeywords + 1 > STACK:
        args = <PyObject **>PyMem_Calloc(s.nargs + s.nkeywords + 1, sizeof(PyObject *))
        if args == NULL:
            raise MemoryError
    try:
        for k in range(s.nargs):
            r = s.args[k]
            args[k + 1] = box(&run.regs[r], run.classes[r])
            done += 1
            if takes >> k & 1:
                clear(&run.regs[r])
        for k in range(s.nkeywords):
            args[s.nargs + 1 + k] = s.values[k]
        if s.direct:
            result = (<Direct>s.function).run(run, args + 1, s.nargs)
        else:
            result = vectorcall(s.function, args + 1, s.nargs | OFFSET, s.names)
    finally:
        for k in range(done):
            xdecref(args[k + 1])
        if args != small:
            PyMem_Free(args)
    try:
        if s.ndst == 1:
            store(run, s, 0, result)
        elif tuple_check(result) and tuple_size(result) == s.ndst:
            for k in range(s.ndst):
                store(run, s, k, tuple_item(result, k))
        elif list_check(result) and list_size(result) == s.ndst:
            for k in range(s.ndst):
                store(run, s, k, list_item(result, k))
        elif s.ndst:
            mismatch(result)
    finally:
        decref(result)
    return 0
