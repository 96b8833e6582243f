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
    ("class", class)       exactly of that class
    ("is", object)         that very object
    ("any",)               anything
    ("length", n)          of this length
    ("keys", tuple)        exactly a dict, with these keys in this order
    ("holds", function, is_array, writeable)
                           what the function says True of; is_array: it does so only of instances of
                           numpy.ndarray itself; writeable: the array must be so

Arrays must be distinct objects, but where "same" says otherwise. What is fetched from elsewhere at each call,
globals and attributes, stands after the arguments: a Fetch says from where, and has checks of its own.
"""

import builtins
from types import MethodType

cimport numpy as cnp
import numpy as np
from cpython.object cimport PyObject
from cpython.tuple cimport PyTuple_GET_SIZE
from libc.stdint cimport uint64_t
from libc.string cimport memcpy

from tracetensor.vm.array cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, NPY_ARRAY_WRITEABLE, array_check,
    array_descr, array_dims, array_flags, array_has_metadata, array_item_size, array_native, array_number,
    array_rank, array_strides, may_overlap, npy_intp,
)
from tracetensor.vm.finish cimport OTHERWISE
from tracetensor.vm.registers cimport class_of, incref, xdecref

from tracetensor.errors import Deoptimise
from tracetensor.graph.types import same_constant
from tracetensor.vm.surroundings import class_value
from tracetensor.vm.traceback import users_frames

cnp.import_array()

cdef extern from "Python.h":
    PyObject **tuple_items "&PyTuple_GET_ITEM"(PyObject *o, Py_ssize_t k)
    PyObject *dict_item "PyDict_GetItemWithError"(object d, object key) except? NULL
    ctypedef PyObject *(*ternaryfunc)(PyObject *, PyObject *, PyObject *) noexcept
    ctypedef struct TypeSlots "PyTypeObject":
        ternaryfunc tp_call
    void PyErr_Fetch(PyObject **cls, PyObject **error, PyObject **trace)
    void PyErr_NormalizeException(PyObject **cls, PyObject **error, PyObject **trace)
    void PyErr_Restore(PyObject *cls, PyObject *error, PyObject *trace)
    void Py_XINCREF(PyObject *)
    void Py_XDECREF(PyObject *)
    bint dict_check "PyDict_CheckExact"(PyObject *o)
    bint dict_next "PyDict_Next"(PyObject *d, Py_ssize_t *place, PyObject **key, PyObject **value)
    Py_ssize_t length "PyObject_Size"(PyObject *o) except -1
    ctypedef struct _Function "PyFunctionObject":
        PyObject *func_code
    int PyException_SetTraceback(PyObject *error, PyObject *trace)

cdef bint overlaps_itself(PyObject *o) noexcept:
    """Whether two elements of an array of at most MOST_DIMS dims may lie in the same memory."""
    cdef npy_intp steps[MOST_DIMS]
    cdef npy_intp counts[MOST_DIMS]
    cdef npy_intp step, count, reach = array_item_size(o)
    cdef int k, j, n = 0
    if array_flags(o) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS):
        return False
    for k in range(array_rank(o)):
        step, count = array_strides(o)[k], array_dims(o)[k]
        if count < 2:
            continue
        step = -step if step < 0 else step
        j = n
        while j > 0 and steps[j - 1] > step:
            steps[j], counts[j] = steps[j - 1], counts[j - 1]
            j -= 1
        steps[j], counts[j] = step, count
        n += 1
    for k in range(n):
        if steps[k] < reach:
            return True
        reach += steps[k] * (counts[k] - 1)
    return False


cdef bint has_keys(PyObject *o, tuple keys) except -1:
    """Whether an object is a dict with these keys, in this order."""
    cdef Py_ssize_t place = 0, k = 0
    cdef PyObject *key
    cdef PyObject *value
    if not dict_check(o) or length(o) != len(keys):
        return False
    while dict_next(o, &place, &key, &value):
        if key != <PyObject *>keys[k] and not same_constant(<object>key, keys[k]):
            return False
        k += 1
    return True


cdef bint fast = True


def set_fast(bint on):
    """Whether calls look at entries at all: off while some option sends every call the slow way."""
    global fast
    fast = on


cdef bint is_fast():
    return fast


cdef class Fetch:
    """A value that a call depends on besides its arguments.

    start: ("argument", k), where k may be an earlier value fetched; ("global", dict, name); ("cell", cell);
    ("class", class, name), what it or a base has under a name; or ("object", object).
    steps: ("attribute", name) or ("item", key) each.
    """

    cdef object namespace, name
    cdef int number
    cdef tuple steps
    cdef bint is_cell, of_class

    def __init__(self, start, steps=()):
        kind, *rest = start
        self.number, self.namespace, self.name = -1, None, None
        self.is_cell, self.of_class = kind == "cell", kind == "class"
        if kind == "argument":
            self.number = rest[0]
        elif kind in ("global", "class"):
            self.namespace, self.name = rest
        else:
            (self.name,) = rest
        self.steps = tuple([(step == "attribute", key) for step, key in steps])

    cdef object get(self, PyObject **values):
        cdef PyObject *found
        if self.number >= 0:
            value = <object>values[self.number]
        elif self.of_class:
            value = class_value(self.namespace, self.name)
        elif self.namespace is not None:
            found = dict_item(self.namespace, self.name)
            value = <object>found if found != NULL else getattr(builtins, self.name)
        elif self.is_cell:
            value = self.name.cell_contents
        else:
            value = self.name
        for attribute, key in self.steps:
            value = getattr(value, key) if attribute else value[key]
        return value


cdef class Entry:
    """One way to run a call: the checks, the program, and what to do with its outputs.

    checks: of the arguments, then of what is fetched. finish(outputs, values), or None where the result is
    the only output; finisher: what does the same in most calls. inputs: which of these values the program
    takes, in its order; by default those that are neither "constant" nor "same". written: the numbers of the
    arrays that the program writes to: no other may overlap them. surroundings: names outside, and what they
    must be bound to. apart: numbers of values no two of which may be one object, for each group of them.
    Raises ValueError if the fast path does not do such checks.
    """

    def __init__(
        self,
        checks,
        program,
        finish=None,
        inputs=None,
        fetches=(),
        written=(),
        surroundings=None,
        finisher=None,
        apart=(),
    ):
        cdef int k
        if len(checks) > MOST_VALUES or len(checks) - len(fetches) > MOST_ARGUMENTS:
            raise ValueError("too many arguments for the fast path")
        if inputs is None:
            inputs = [k for k, check in enumerate(checks) if check[0] not in ("constant", "same")]
        self.checks, self.program, self.machine, self.finish = checks, program, program, finish
        self.inputs = tuple(inputs)
        self.keep = []
        self.surroundings, self.finisher = surroundings, finisher
        self.apart = [tuple(group) for group in apart]
        self.fetches, self.n_fetches = list(fetches), len(fetches)
        self.n, self.n_inputs = len(checks) - len(fetches), len(inputs)
        for k in written:
            self.written |= <uint64_t>1 << k
        if self.n_inputs > MOST_VALUES:
            raise ValueError("too many inputs for the fast path")
        self.plain = self.inputs == tuple(range(self.n))
        for k, number in enumerate(inputs):
            self.numbers[k] = number
        for k in range(len(checks)):
            self._row(k, *checks[k])

    def _row(self, int k, kind, *details):
        cdef Check *row = &self.rows[k]
        cdef int j
        if kind == "python":
            what = {"bool": bool, "int": int, "float": float, "complex": complex}[details[0]]
            row.kind = CLASS
        elif kind == "class":
            what, row.kind = details[0], CLASS
        elif kind == "is":
            what, row.kind = details[0], IDENTITY
        elif kind == "any":
            what, row.kind = None, ANY
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
        elif kind == "length":
            what, row.kind, row.number = None, LENGTH, details[0]
        elif kind == "keys":
            what, row.kind = tuple(details[0]), KEYS
        elif kind == "holds":
            what, is_array, writeable = details
            row.kind, row.flags = HOLDS, NPY_ARRAY_WRITEABLE if writeable else 0
            if is_array:
                row.rank = 1
                self.arrays[self.n_arrays] = k
                self.n_arrays += 1
        else:
            raise ValueError(f"the fast path does not know the check {kind!r}")
        self.keep.append(what)
        row.what = <PyObject *>what

    cdef bint matches(self, PyObject **args, int first, int last) except -1:
        """Whether the values from number `first` on, before `last`, pass their checks."""
        cdef int k, j
        cdef Check *row
        cdef PyObject *o
        cdef npy_intp *dims
        for k in range(first, last):
            row = &self.rows[k]
            o = args[k]
            if row.kind == ANY:
                continue
            elif row.kind == IDENTITY:
                if o != row.what:
                    return False
            elif row.kind == CLASS:
                if <PyObject *>class_of(o) != row.what:
                    return False
            elif row.kind == ARRAY:
                if not array_check(o) or array_rank(o) != row.rank:
                    return False
                if array_descr(o) != row.what and (
                    not array_native(o) or array_number(o) != row.number or array_has_metadata(o)
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
            elif row.kind == LENGTH:
                if length(o) != row.number:
                    return False
            elif row.kind == KEYS:
                if not has_keys(o, <tuple>row.what):
                    return False
            elif row.kind == HOLDS:
                if row.rank and (
                    not array_check(o) or array_flags(o) & row.flags != row.flags or array_rank(o) > MOST_DIMS
                ):
                    return False
                if not (<object>row.what)(<object>o):
                    return False
            elif o != row.what and not same_constant(<object>o, <object>row.what):
                return False
        return True

    cdef bint distinct(self, PyObject **values) except -1:
        """Whether no array is given twice, and none that is written to overlaps another, or itself."""
        cdef int k, j, a, b
        for group in self.apart:
            for k in range(1, len(group)):
                for j in range(k):
                    if values[<int>group[k]] == values[<int>group[j]]:
                        return False
        if self.written:
            for k in range(self.n_arrays):
                if (self.written >> self.arrays[k]) & 1 and overlaps_itself(values[self.arrays[k]]):
                    return False
        for k in range(1, self.n_arrays):
            for j in range(k):
                a, b = self.arrays[k], self.arrays[j]
                if values[a] == values[b]:
                    return False
                if (self.written >> a | self.written >> b) & 1 and may_overlap(values[a], values[b]):
                    return False
        return True

    cdef bint fits(self, PyObject **values) except -1:
        """Whether this entry is for the call; what is fetched is put after the arguments, as new references.

        `drop` gives them up, whatever this returned.
        """
        cdef int k, n = self.n
        for k in range(n, n + self.n_fetches):
            values[k] = NULL
        if not self.matches(values, 0, n):
            return False
        if self.surroundings is not None and not self.surroundings.hold():
            return False
        for k in range(n, n + self.n_fetches):
            try:
                value = (<Fetch>self.fetches[k - n]).get(values)
                incref(<PyObject *>value)
                values[k] = <PyObject *>value
                if not self.matches(values, k, k + 1):
                    return False
            except (AttributeError, LookupError, TypeError, ValueError):
                return False
        return not (self.n_arrays > 1 or self.written or self.apart) or self.distinct(values)

    cdef void drop(self, PyObject **values) noexcept:
        """Give up the references to what was fetched."""
        cdef int k
        for k in range(self.n, self.n + self.n_fetches):
            xdecref(values[k])

    cdef object attempt(self, tuple args):
        """The result of the call; OTHERWISE if this entry is not for it."""
        cdef PyObject *values[MOST_VALUES]
        cdef PyObject *chosen[MOST_VALUES]
        cdef PyObject **inputs = values
        cdef int k
        memcpy(values, tuple_items(<PyObject *>args, 0), self.n * sizeof(PyObject *))
        try:
            if not self.fits(values):
                return OTHERWISE
            if not self.plain:
                inputs = chosen
                for k in range(self.n_inputs):
                    chosen[k] = values[self.numbers[k]]
            outputs = self.machine.execute(inputs, self.n_inputs, self.finish is None, 0, False)
            if self.finish is None:
                return outputs
            if self.finisher is not None:
                result = self.finisher.finish(outputs, values)
                if result is not OTHERWISE:
                    return result
            found = [<object>values[k] for k in range(self.n, self.n + self.n_fetches)]
            return self.finish(outputs, (*args, *found))
        finally:
            self.drop(values)

    cdef object within(self, PyObject **args, uint64_t given):
        """What the program makes of arguments that fit, as another run of a program calls it.

        given: bits of the arguments whose references are given up; those that it kept are NULL afterwards.
        """
        cdef PyObject *values[MOST_VALUES]
        cdef PyObject *chosen[MOST_VALUES]
        cdef uint64_t gives = 0
        cdef int k
        memcpy(values, args, self.n * sizeof(PyObject *))
        try:
            if not self.fits(values):
                return OTHERWISE
            for k in range(self.n_inputs):
                chosen[k] = values[self.numbers[k]]
                if self.numbers[k] < self.n and given >> self.numbers[k] & 1:
                    gives |= <uint64_t>1 << k
            return self.machine.execute(chosen, self.n_inputs, self.finish is None, gives, True)
        finally:
            self.drop(values)
            for k in range(self.n_inputs if gives else 0):
                if gives >> k & 1 and chosen[k] == NULL:
                    args[self.numbers[k]] = NULL


cdef class Dispatcher:
    """A callable that runs the first entry whose checks hold, else calls slow(args, kwargs).

    entries: a tuple of Entry; assigning another tuple is safe while calls run. slow: given at construction.
    deoptimised(args, kwargs, exception) takes over where a run raises Deoptimise. An entry's checks are of
    the arguments as they are given; after bind_as(function), of the values of all its parameters.
    """

    def __init__(self, slow, deoptimised=None):
        self._entries = ()
        self.function = None
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

    def bind_as(self, function, first=()):
        """Bind arguments as a function without *args and **kwargs does; first: those that come before."""
        code = function.__code__
        named = code.co_argcount + code.co_kwonlyargcount
        self.function, self.code, self.first = function, code, tuple(first)
        self.names = tuple(code.co_varnames[:named])
        self.n_positional, self.n_unnamed = code.co_argcount, code.co_posonlyargcount

    cdef tuple bound(self, tuple args, dict kwargs):
        """The values of the function's parameters; None where they do not fit, which the slow way says."""
        cdef Py_ssize_t k, n, taken = 0, total = PyTuple_GET_SIZE(self.names)
        cdef PyObject *found
        if self.function.__code__ is not self.code:
            return None
        if self.first:
            args = self.first + args
        n = PyTuple_GET_SIZE(args)
        if n == total and n == self.n_positional and not kwargs:
            return args
        if n > self.n_positional:
            return None
        values = list(args)
        defaults, others = self.function.__defaults__, self.function.__kwdefaults__
        for k in range(n, total):
            name = self.names[k]
            found = NULL if k < self.n_unnamed or not kwargs else dict_item(kwargs, name)
            if found != NULL:
                taken += 1
            elif k >= self.n_positional:
                found = NULL if others is None else dict_item(others, name)
            elif defaults is not None and k >= self.n_positional - len(defaults):
                found = <PyObject *>defaults[k - self.n_positional + len(defaults)]
            if found == NULL:
                return None
            values.append(<object>found)
        return tuple(values) if taken == len(kwargs) else None

    cdef bint takes(self, Py_ssize_t n) except -1:
        """Whether n positional arguments are those of the entries."""
        if self.function is None or self.first:
            return False
        if (<_Function *>self.function).func_code != <PyObject *>self.code:
            return False
        return n == PyTuple_GET_SIZE(self.names) and n == self.n_positional

    def __call__(self, *args, **kwargs):
        cdef tuple entries = self._entries
        cdef tuple values = args
        cdef Entry entry
        cdef Py_ssize_t n
        if fast and entries:
            if self.function is not None:
                values = self.bound(args, kwargs)
            elif kwargs:
                values = None
            n = -1 if values is None else PyTuple_GET_SIZE(values)
            for item in entries:
                entry = <Entry>item
                if entry.n != n:
                    continue
                try:
                    result = entry.attempt(values)
                except Deoptimise as error:
                    if self.deoptimised is None:
                        raise
                    if entry.machine.any_donated:
                        raise RuntimeError(
                            f"a run was given up after it may have written to its arguments: {error.reason}"
                        ) from error
                    exception = error
                else:
                    if result is OTHERWISE:
                        continue
                    entry.calls += 1
                    return result
                return self.deoptimised(args, kwargs, exception)
        return self.slow(args, kwargs)

    def __get__(self, instance, owner):
        return self if instance is None else MethodType(self, instance)


def without_frames(cls):
    """A subclass of Dispatcher whose calls leave the package's frames out of tracebacks."""
    if not issubclass(cls, Dispatcher):
        raise TypeError(f"a subclass of Dispatcher is needed, not {cls!r}")
    (<TypeSlots *>cls).tp_call = call_without_frames
    return cls


cdef ternaryfunc call_with_frames = (<TypeSlots *>Dispatcher).tp_call


cdef PyObject *call_without_frames(PyObject *self, PyObject *args, PyObject *kwargs) noexcept:
    """Dispatcher.__call__, but: a traceback goes from the caller's frame to those of the user's program.

    A slot of its own, since Cython enters the frame of `__call__` itself after its last statement.
    """
    cdef PyObject *result = call_with_frames(self, args, kwargs)
    if result == NULL:
        leave_frames_out()
    return result


cdef void leave_frames_out() noexcept:
    cdef PyObject *cls
    cdef PyObject *error
    cdef PyObject *trace
    cdef PyObject *kept
    PyErr_Fetch(&cls, &error, &trace)
    PyErr_NormalizeException(&cls, &error, &trace)
    if trace != NULL:
        try:
            found = users_frames(<object>trace)
            kept = NULL if found is None else <PyObject *>found
            Py_XINCREF(kept)
            Py_XDECREF(trace)
            trace = kept
            if kept == NULL:
                (<object>error).__traceback__ = None
            else:
                PyException_SetTraceback(error, kept)
        except Exception:
            pass  # the exception stays as it is
    PyErr_Restore(cls, error, trace)
