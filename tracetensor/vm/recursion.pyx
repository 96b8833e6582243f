"""Calls that programs make of functions that they are part of, from program to program in C.

What such a call means is said by graph.recursion. A version of the function whose result is made of the
outputs of its program is run right away: the arrays that it writes are outputs too, and are handed over, not
copied, where nobody else reads them. All other calls are made by the function itself.
"""

cimport numpy as cnp
from cpython.object cimport PyObject
from libc.stdint cimport uint64_t

from tracetensor.vm.array cimport (
    NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, NPY_ARRAY_WRITEABLE, array_check, array_copy, array_flags,
)
from tracetensor.vm.calls cimport Direct, Run, silence
from tracetensor.vm.dispatch cimport MOST_ARGUMENTS, Dispatcher, Entry, is_fast
from tracetensor.vm.finish cimport OTHERWISE, reaches
from tracetensor.vm.ownership cimport owned
from tracetensor.vm.registers cimport decref, incref, xdecref

from tracetensor.errors import Deoptimise
from tracetensor.graph.ops.control import placeholder
from tracetensor.graph.recursion import another
from tracetensor.graph.types import PYTHON_KINDS, TensorType, same_constant, value_conforms

cnp.import_array()

cdef extern from "Python.h":
    int Py_EnterRecursiveCall(const char *where) except -1
    void Py_LeaveRecursiveCall()
    PyObject **tuple_items "&PyTuple_GET_ITEM"(PyObject *o, Py_ssize_t k)

cdef extern from "stack.h":
    size_t stack_left "tt_stack_left"()

cdef enum:
    SPARE = 256 * 1024  # bytes of stack for what a call does besides calling; each level takes 3 kB

cdef str TOO_DEEP = "recursion is too deep for compiled programs"


cdef class Plan:
    """How a call's leaves, and the arrays that it writes, are made of the outputs of an entry's program.

    leaves: ("output", k), ("constant", value) or ("union", (Forms, recipe)) each. written: the output of each
    array, None where the version does not write to it. array: the number of the leaf that is an array; -1:
    none. single: the only output is the result.
    """

    cdef Entry entry
    cdef tuple leaves, written
    cdef Py_ssize_t array
    cdef bint single


cdef Plan plan_of(Entry entry, object form, tuple parameters):
    """The plan of an entry for a form of results, or None; parameters: the numbers of those written to."""
    cdef Plan plan = Plan()
    cdef list leaves = []
    if entry.finish is None:
        recipe, writes = ("output", 0), {}
    elif entry.finisher is None or entry.finisher.changes:
        return None
    else:
        recipe, writes = entry.finisher.recipe, {number: k for k, number in entry.finisher.writes}
    if not writes.keys() <= set(parameters) or not planned(recipe, form.result, leaves):
        return None
    arrays = [k for k, (_, _, is_array) in enumerate(leaves) if is_array]
    if arrays and any([what == "union" for what, _, _ in leaves]):  # the numbers of leaves are not theirs
        return None
    if len(arrays) > 1 or (arrays and form.shares and parameters):
        return None
    plan.entry = entry
    plan.array = arrays[0] if arrays else -1
    plan.single = entry.finish is None and not parameters and len(leaves) == 1 and leaves[0][0] == "output"
    plan.leaves = tuple([leaf[:2] for leaf in leaves])
    plan.written = tuple([writes.get(number) for number in parameters])
    return plan


cdef bint planned(object recipe, object form, list leaves) except -1:
    """Whether a result that this recipe makes has this form for certain; its leaves are added to the list."""
    kind = form[0]
    if kind == "leaf":
        if recipe[0] not in ("output", "constant"):
            return False
        is_array = isinstance(form[1], TensorType) and form[1].is_array
        if not isinstance(form[1], TensorType) or (recipe[0] == "constant" and is_array):
            return False
        leaves.append((recipe[0], recipe[1], is_array))
        return True
    if kind == "constant":
        return recipe[0] == "constant" and same_constant(recipe[1], form[1])
    if kind == "union":
        forms = Forms(form[1])
        if not forms.plain or not is_choice(recipe):
            return False
        leaves.append(("union", (forms, recipe), False))
        return True
    if kind == "tuple" and form[1] is tuple and recipe[0] == "tuple":
        parts = form[2]
    elif kind == "list" and recipe[0] == "list":
        parts = form[1]
    else:
        return False
    if len(parts) != len(recipe[2]):
        return False
    for part, item in zip(parts, recipe[2]):
        if not planned(item, part, leaves):
            return False
    return True


cdef bint is_choice(object recipe) except -1:
    """Whether a recipe chooses among outputs and constants."""
    if recipe[0] == "union":
        return recipe[1][0] == "output" and all([is_choice(item) for item in recipe[2]])
    return recipe[0] in ("output", "constant")


cdef object chosen(object recipe, list outputs):
    """What such a recipe makes."""
    while recipe[0] == "union":
        recipe = recipe[2][outputs[recipe[1][1]]]
    return outputs[recipe[1]] if recipe[0] == "output" else recipe[1]


cdef class Forms:
    """The alternatives of a union of numbers and constants."""

    cdef list classes  # of the numbers; None of a constant
    cdef list constants
    cdef list absent  # what stands for a number that is not the value
    cdef bint plain  # whether there is nothing else

    def __init__(self, parts):
        self.classes, self.constants, self.absent, self.plain = [], [], [], True
        for kind, content in parts:
            if kind == "constant":
                self.classes.append(None)
                self.constants.append(content)
                self.absent.append(None)
                continue
            cls = class_of_number(content)
            self.plain = self.plain and cls is not None
            self.classes.append(cls)
            self.constants.append(None)
            self.absent.append(placeholder(content))

    cdef int add(self, object value, list found) except -1:
        """Add the leaves of a value, as graph.recursion.leaves_of does."""
        cdef Py_ssize_t k, place = -1
        for k in range(len(self.classes)):
            if self.classes[k] is None:
                if type(value) is type(self.constants[k]) and value == self.constants[k]:
                    place = k
                    break
            elif type(value) is self.classes[k]:
                place = k
                break
        if place < 0:
            another(repr(value)[:60])
        found.append(place)
        for k in range(len(self.classes)):
            if self.classes[k] is not None:
                found.append(value if k == place else self.absent[k])
        return 0


cdef object class_of_number(object type_):
    """The class of which alone are the values of a type; None if there is none."""
    if not isinstance(type_, TensorType) or type_.is_array:
        return None
    return PYTHON_KINDS[type_.kind] if type_.is_python else type_.dtype.type


cdef class Recursion(Direct):
    """What a node does that is a RecursiveCall, with a type of its results."""

    cdef object original, expected, form
    cdef Dispatcher function
    cdef tuple places  # of the arrays that the call writes, among the arguments
    cdef uint64_t writes  # their bits
    cdef int n
    cdef bint straight
    cdef tuple types
    cdef dict plans
    cdef Plan latest

    def __init__(self, original, expected):
        self.original, self.expected, self.form = original, expected, original.form
        self.function = original.function
        self.places = tuple(original.written)
        self.straight = original.straight and len(original.args) <= MOST_ARGUMENTS
        self.n = len(original.args)
        self.plans = {}
        for k in self.places:
            self.writes |= <uint64_t>1 << <int>k
        types = expected if isinstance(expected, tuple) else (expected,)
        self.types = tuple([None if is_stored(t) else t for t in types])

    def __repr__(self):
        return repr(self.original)

    def __call__(self, *values):
        return self.slow(tuple_items(<PyObject *>values, 0), len(values))

    cdef object slow(self, PyObject **args, Py_ssize_t n):
        cdef Py_ssize_t k
        return self.original(*[<object>args[k] for k in range(n)])

    cdef PyObject *run(self, Run *run, PyObject **args, Py_ssize_t n) except NULL:
        cdef object found = OTHERWISE
        if stack_left() < SPARE:
            raise Deoptimise(TOO_DEEP)
        try:
            if self.straight and n == self.n and run != NULL and is_fast() and self.function.takes(n):
                silence(run)
                Py_EnterRecursiveCall(" in a recursive call of a compiled program")
                try:
                    found = self.attempted(args)
                finally:
                    Py_LeaveRecursiveCall()
            if found is OTHERWISE:
                found = self.slow(args, n)
        except RecursionError:
            raise Deoptimise(TOO_DEEP) from None
        self.check(found)
        incref(<PyObject *>found)
        return <PyObject *>found

    cdef int check(self, object found) except -1:
        """Raise Deoptimise where a result is not of its type, and the machine would not find out."""
        if len(self.types) == 1:
            if self.types[0] is None or value_conforms(found, self.types[0]):
                return 0
        elif all([t is None or value_conforms(value, t) for value, t in zip(found, self.types)]):
            return 0
        raise Deoptimise(f"{self.original} returned another type than when it was traced")

    cdef object attempted(self, PyObject **args):
        cdef Entry entry
        cdef object found
        for item in self.function._entries:
            entry = <Entry>item
            if entry.n != self.n:
                continue
            plan = self.latest
            if plan is None or (<Plan>plan).entry is not entry:
                plan = self.plans.get(entry, OTHERWISE)
                if plan is OTHERWISE:
                    plan = self.plans[entry] = plan_of(entry, self.form, self.places)
                if plan is None:
                    continue
                self.latest = plan
            found = self.by(entry, <Plan>plan, args)
            if found is not OTHERWISE:
                entry.calls += 1
                return found
        return OTHERWISE

    cdef object by(self, Entry entry, Plan plan, PyObject **args):
        """The leaves of the result, then the arrays written, as an entry's program makes them."""
        cdef PyObject *given[MOST_ARGUMENTS]
        cdef int flags[MOST_ARGUMENTS]
        cdef PyObject *kept[MOST_ARGUMENTS]
        cdef uint64_t gives = 0
        cdef int k
        cdef Py_ssize_t j
        cdef list found
        if plan.single:
            result = entry.within(args, 0)
            if plan.array >= 0 and result is not OTHERWISE:
                return self.apart(result, [result], plan, entry, args)
            return result
        for k in range(self.n):
            given[k], kept[k] = args[k], NULL
        try:
            for j in range(len(self.places)):
                k = self.places[j]
                if plan.written[j] is None:
                    continue
                if not array_check(given[k]):
                    return OTHERWISE
                flags[k] = array_flags(given[k]) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
                if entry.machine.any_donated or not flags[k]:  # written in place; laid out in some other way
                    kept[k] = given[k] = array_copy(given[k])
                    flags[k] = array_flags(given[k]) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
                    if not flags[k]:
                        return OTHERWISE
                elif plan.array < 0 and owned(given[k]):
                    gives |= <uint64_t>1 << k
            outputs = entry.within(given, gives)
            if outputs is OTHERWISE:
                return OTHERWISE
            if entry.finish is None:
                outputs = [outputs]
            found = []
            for what, content in plan.leaves:
                if what == "union":
                    (<Forms>content[0]).add(chosen(content[1], outputs), found)
                else:
                    found.append(outputs[content] if what == "output" else content)
            if plan.array >= 0:
                found[plan.array] = self.apart(found[plan.array], outputs, plan, entry, given)
            for j in range(len(self.places)):
                k = self.places[j]
                if plan.written[j] is None:
                    found.append(<object>args[k])
                else:
                    found.append(laid_out(outputs[plan.written[j]], flags[k]))
            return found if len(found) > 1 else found[0] if found else 0
        finally:
            for k in range(self.n):
                if gives >> k & 1 and given[k] == NULL:
                    args[k] = NULL
                xdecref(kept[k])

    cdef object apart(self, object leaf, list outputs, Plan plan, Entry entry, PyObject **given):
        """An array of the result; a copy where it has turned out to be memory that it must not be."""
        cdef PyObject *o = <PyObject *>leaf
        cdef PyObject *copy = NULL
        cdef int k
        if not array_check(o):
            another("another thing than an array")
        if entry.finisher is not None:
            number = plan.leaves[plan.array][1]
            if number in entry.finisher.suspicious:
                shared = not array_flags(o) & NPY_ARRAY_WRITEABLE
                for k in range(self.n):
                    shared = shared or (array_check(given[k]) and reaches(o, given[k]))
            else:
                shared = False
            for written in plan.written:
                shared = shared or (written is not None and reaches(o, <PyObject *>outputs[written]))
            if shared:
                copy = array_copy(o)
                leaf = <object>copy
                decref(copy)
                o = copy
        if not self.form.shares:
            for k in range(self.n):
                if array_check(given[k]) and reaches(o, given[k]):
                    another("memory of an argument")
        return leaf


cdef object laid_out(object array, int flags):
    """An array that was written to, laid out as the argument was: in C's order, Fortran's, or both."""
    if array_flags(<PyObject *>array) & flags == flags:
        return array
    return array.copy(order="C" if flags & NPY_ARRAY_C_CONTIGUOUS else "F")


cdef bint is_stored(object type_) except -1:
    """Whether the machine itself finds out that a value is not of a type, when it stores it."""
    if not isinstance(type_, TensorType):
        return False
    return type_.is_python or (type_.is_array and type_.dtype.isnative and set(type_.shape) <= {None})
