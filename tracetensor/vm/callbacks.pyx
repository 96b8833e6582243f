"""Calls of Python functions with templates of arguments, in C.

What they mean is said by graph.callbacks and graph.stores. A program that keeps things in dicts, heaps and
deques makes such a call for each of its operations: filling the template in and checking the result must cost
no more than the operation itself.
"""

import operator

from cpython.object cimport (
    PyObject, PyObject_DelItem, PyObject_GetItem, PyObject_IsTrue, PyObject_SetItem,
)
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from cpython.ref cimport Py_DECREF
from cpython.sequence cimport PySequence_Contains
from cpython.tuple cimport PyTuple_GET_SIZE

from tracetensor.vm.calls cimport Direct, Run
from tracetensor.vm.draws cimport Drawing
from tracetensor.vm.registers cimport class_of, decref, incref

from tracetensor.errors import Deoptimise
from tracetensor.graph import stores
from tracetensor.graph.callbacks import CallbackFunction, shares_memory
from tracetensor.graph.ops.control import format_value, placeholder
from tracetensor.graph.recursion import RecursiveCall
from tracetensor.graph.types import PYTHON_KINDS, TensorType, value_conforms
from tracetensor.vm.dispatch import Dispatcher
from tracetensor.vm.draws import drawing
from tracetensor.vm.recursion import Recursion

cdef extern from "Python.h":
    PyObject **tuple_items "&PyTuple_GET_ITEM"(PyObject *o, Py_ssize_t k)
    object call_method "PyObject_VectorcallMethod"(
        object name, PyObject **args, size_t nargs, PyObject *names)
    PyObject *tuple_new "PyTuple_New"(Py_ssize_t n) except NULL
    void tuple_set "PyTuple_SET_ITEM"(PyObject *o, Py_ssize_t k, PyObject *item)
    object call_vector "PyObject_Vectorcall"(
        object function, PyObject **args, size_t nargs, PyObject *names)

cdef enum:
    MOST = 16  # arguments without a tuple of them

cdef enum Filling:
    VALUE, FIXED, TUPLE, TEXT, OTHER

cdef enum How:
    CALL, CONTAINS, PUT, GET, REMOVE, METHOD, MORE, TAKE, TRUTH, SAME, DRAW

cdef enum Form:
    NUMBER, CLASS, STRUCTURE, ANY

cdef dict HOWS = {
    stores.contains: CONTAINS, stores.put: PUT, operator.getitem: GET, stores.remove: REMOVE,
    stores.more: MORE, stores.take: TAKE, stores.truth: TRUTH, stores.same: SAME,
}
TAGS = frozenset(
    {"value", "constant", "tuple", "function", "partial", "slice", "range", "list", "dict", "text"}
)


cdef class Template:
    """What an argument is made of."""

    cdef Filling filling
    cdef Py_ssize_t place
    cdef object content

    def __init__(self, template):
        tag = template[0] if isinstance(template, tuple) and template else None
        self.filling, self.content = FIXED, template
        if not isinstance(tag, str) or tag not in TAGS:
            return
        if tag == "value":
            self.filling, self.place = VALUE, template[1]
        elif tag == "constant":
            self.content = template[1]
        elif tag == "tuple":
            self.filling, self.content = TUPLE, tuple([Template(t) for t in template[1]])
        elif tag == "text":
            self.filling, self.content = TEXT, tuple(template[1])
        else:
            self.filling = OTHER


ctypedef struct Slot:
    Filling filling
    Py_ssize_t place
    PyObject *content  # FIXED: the argument; OTHER: its template
    Slot *items  # of a TUPLE
    Py_ssize_t count


cdef PyObject *fill(Slot *s, PyObject **values, Py_ssize_t n) except NULL:
    """The argument that a slot stands for, a new reference."""
    cdef PyObject *made
    if s.filling == VALUE:
        made = values[s.place]
    elif s.filling == FIXED:
        made = s.content
    elif s.filling == TUPLE:
        return filled_tuple(s.items, s.count, values, n)
    elif s.filling == TEXT:
        other = text_of(<tuple>s.content, values)
        made = <PyObject *>other
    else:
        other = format_value(<object>s.content, tuple_of(values, n))
        made = <PyObject *>other
    incref(made)
    return made


cdef PyObject *filled_tuple(Slot *slots, Py_ssize_t count, PyObject **values, Py_ssize_t n) except NULL:
    cdef Py_ssize_t k
    cdef PyObject *made = tuple_new(count)
    try:
        for k in range(count):
            tuple_set(made, k, fill(&slots[k], values, n))
    except BaseException:
        decref(made)
        raise
    return made


cdef str text_of(tuple parts, PyObject **values):
    """A text as graph.ops.control.format_value makes it."""
    cdef list pieces = []
    for part in parts:
        if type(part) is not str:
            place, conversion, spec = <tuple>part
            value = <object>values[<Py_ssize_t>place]
            if conversion == "r":
                value = repr(value)
            elif conversion == "s":
                value = str(value)
            elif conversion == "a":
                value = ascii(value)
            part = format(value, spec)
        pieces.append(part)
    return "".join(pieces)


cdef tuple tuple_of(PyObject **values, Py_ssize_t n):
    cdef Py_ssize_t k
    return tuple([<object>values[k] for k in range(n)])


cdef class Part:
    """One form of a value that is read from a container: stores.Alternative, in C."""

    cdef Form form
    cdef object cls
    cdef object alternative
    cdef tuple layouts
    cdef list absent

    def __init__(self, alternative):
        kind, content = alternative.kind, alternative.content
        self.form, self.alternative = ANY, alternative
        if kind == "number" and isinstance(content, TensorType) and content.is_python:
            self.form, self.cls = NUMBER, PYTHON_KINDS[content.kind]
        elif kind == "object":
            self.form, self.cls = CLASS, content[1]
        elif kind == "tuple":
            self.form, self.cls = STRUCTURE, content[0]
            self.layouts = tuple([Parts(layout) for layout in content[1]])
        self.absent = [placeholder(t) for t in alternative.types()]


cdef bint matches(Part part, object value) except -1:
    cdef Py_ssize_t k
    if part.form == ANY:
        return part.alternative.matches(value)
    if type(value) is not part.cls:
        return False
    if part.form == STRUCTURE:
        if not isinstance(value, tuple):
            return part.alternative.matches(value)
        if len(<tuple>value) != len(part.layouts):
            return False
        for k in range(len(part.layouts)):
            if which(<Parts>part.layouts[k], (<tuple>value)[k]) < 0:
                return False
    return True


cdef int add_leaves(Part part, object value, list found) except -1:
    cdef Py_ssize_t k
    if part.form == NUMBER or part.form == CLASS:
        found.append(value)
    elif part.form == STRUCTURE:
        for k in range(len(part.layouts)):
            add_parts(<Parts>part.layouts[k], value[k], found)
    else:
        found.extend(part.alternative.leaves(value))
    return 0


cdef class Parts:
    """The forms that a value may have: stores.Layout, in C."""

    cdef tuple parts

    def __init__(self, layout):
        self.parts = tuple([Part(a) for a in layout.alternatives])


cdef Py_ssize_t which(Parts parts, object value) except -2:
    """The number of the form that a value has; -1 for none."""
    cdef Py_ssize_t k
    for k in range(len(parts.parts)):
        if matches(<Part>parts.parts[k], value):
            return k
    return -1


cdef int add_parts(Parts parts, object value, list found) except -1:
    cdef Py_ssize_t k, place = which(parts, value)
    if place < 0:
        raise Deoptimise(f"a container holds {value!r:.60}, which it did not when it was traced")
    if len(parts.parts) == 1:
        return add_leaves(<Part>parts.parts[0], value, found)
    found.append(place)
    for k in range(len(parts.parts)):
        if k == place:
            add_leaves(<Part>parts.parts[k], value, found)
        else:
            found.extend((<Part>parts.parts[k]).absent)
    return 0


cdef class Expected:
    """The type that a result must have."""

    cdef object cls  # exactly this class; None: what the type says
    cdef object type_

    def __init__(self, type_):
        self.type_ = type_
        self.cls = None
        if isinstance(type_, TensorType) and type_.is_python:
            self.cls = PYTHON_KINDS[type_.kind]


cdef bint conforms(PyObject *value, Expected expected) except -1:
    if expected.cls is not None:
        return <PyObject *>class_of(value) == <PyObject *>expected.cls
    return value_conforms(<object>value, expected.type_)


cdef Slot *new_slots(tuple templates) except NULL:
    """Slots for templates, which must stay as long as these."""
    cdef Py_ssize_t k, n = len(templates)
    cdef Slot *slots = <Slot *>PyMem_Calloc(n + 1, sizeof(Slot))
    cdef Template t
    if slots == NULL:
        raise MemoryError
    for k in range(n):
        t = templates[k]
        slots[k].filling, slots[k].place, slots[k].content = t.filling, t.place, <PyObject *>t.content
        if t.filling == TUPLE:
            slots[k].items = new_slots(t.content)
            slots[k].count = len(t.content)
    return slots


cdef void free_slots(Slot *slots, Py_ssize_t n) noexcept:
    cdef Py_ssize_t k
    if slots == NULL:
        return
    for k in range(n):
        free_slots(slots[k].items, slots[k].count)
    PyMem_Free(slots)


cdef class Callback(Direct):
    """What the nodes `callback` and `effect` do for a CallbackFunction and a type of its result."""

    cdef How how
    cdef object function, original, expected, drawing
    cdef Parts parts
    cdef Part only  # the one form that a result may have, if that is a number or an object of one class
    cdef tuple templates, names, types
    cdef int count  # of templates
    cdef bint fresh, several, straight
    cdef PyObject *cls  # a result of this class is as it should be; NULL: none is for certain
    cdef Slot *slots

    def __cinit__(self):
        self.slots = NULL

    def __dealloc__(self):
        free_slots(self.slots, self.count)

    def __init__(self, original, expected):
        self.original, self.expected = original, expected
        if type(original) is not CallbackFunction:
            self.function, self.how, self.straight, self.names = original, CALL, True, None
        else:
            self.compile(original)
        self.several = isinstance(expected, tuple)
        types = expected if self.several else (expected,)
        self.types = tuple([None if is_certain(t) else Expected(t) for t in types])
        if self.only is not None:
            self.cls = <PyObject *>self.only.cls
        elif self.parts is None and not self.several and self.types[0] is not None:
            if (<Expected>self.types[0]).cls is not None:
                self.cls = <PyObject *>(<Expected>self.types[0]).cls

    cdef compile(self, original):
        function = original.function
        self.fresh = original.fresh
        if isinstance(function, stores.Reading):
            self.parts = Parts(function.layout)
            if len(self.parts.parts) == 1 and (<Part>self.parts.parts[0]).form in (NUMBER, CLASS):
                self.only = self.parts.parts[0]
            function = function.function
        self.names = tuple([name for name, _ in original.kwargs]) or None
        self.templates = tuple([Template(t) for t in (*original.args, *[t for _, t in original.kwargs])])
        self.count = len(self.templates)
        self.slots = new_slots(self.templates)
        places = [
            (<Template>t).place if (<Template>t).filling == VALUE else -1 for t in self.templates
        ]
        self.straight = places == list(range(len(places)))
        self.how = CALL
        if isinstance(function, stores.Named) and self.templates:
            self.drawing = drawing(function.name, self.count - 1, self.names)
        if self.drawing is not None:
            self.how = DRAW
        elif not original.kwargs:
            try:
                self.how = HOWS.get(function, CALL)
            except TypeError:  # not hashable
                pass
            if isinstance(function, stores.Named) and self.templates:
                self.how, function = METHOD, function.name
        if function is stores.Cursor:
            function = Cursor
        self.function = function

    def __call__(self, *values):
        result = <object>self.run(NULL, tuple_items(<PyObject *>values, 0), len(values))
        Py_DECREF(result)
        return result

    cdef PyObject *run(self, Run *run, PyObject **args, Py_ssize_t n) except NULL:
        cdef PyObject *filled[MOST]
        cdef object result
        cdef int k, done = 0
        if self.straight and (self.templates is None or self.count == n):
            result = self.called(args, n)
        elif self.count > MOST:
            filled[0] = filled_tuple(self.slots, self.count, args, n)
            try:
                result = self.called(tuple_items(filled[0], 0), self.count)
            finally:
                decref(filled[0])
        else:
            try:
                for k in range(self.count):
                    filled[k] = fill(&self.slots[k], args, n)
                    done += 1
                result = self.called(filled, self.count)
            finally:
                for k in range(done):
                    decref(filled[k])
        if self.fresh and shares_memory(result, tuple_of(args, n)):
            raise Deoptimise(
                f"call-back {self.original} returned memory of its arguments, "
                "which it did not when it was traced"
            )
        if self.cls == NULL or <PyObject *>class_of(<PyObject *>result) != self.cls:
            result = self.checked(result) if self.parts is None else self.read(result)
        incref(<PyObject *>result)
        return <PyObject *>result

    cdef object called(self, PyObject **args, Py_ssize_t n):
        """The result of the call of the function itself with these arguments, those with names last."""
        cdef How how = self.how
        if how == CONTAINS:
            return PySequence_Contains(<object>args[0], <object>args[1]) == 1
        if how == GET:
            return PyObject_GetItem(<object>args[0], <object>args[1])
        if how == PUT:
            PyObject_SetItem(<object>args[0], <object>args[1], <object>args[2])
            return None
        if how == METHOD:
            return call_method(self.function, args, n, NULL)
        if how == DRAW:
            return (<Drawing>self.drawing).draw(args, n)
        if how == REMOVE:
            PyObject_DelItem(<object>args[0], <object>args[1])
            return None
        if how == TRUTH:
            return PyObject_IsTrue(<object>args[0]) == 1
        if how == SAME:
            return <object>args[0]
        if how == MORE and type(<object>args[0]) is Cursor:
            return (<Cursor>args[0]).more()
        if how == TAKE and type(<object>args[0]) is Cursor:
            return (<Cursor>args[0]).take()
        if self.names is None:
            return call_vector(self.function, args, n, NULL)
        return call_vector(self.function, args, n - PyTuple_GET_SIZE(self.names), <PyObject *>self.names)

    cdef object read(self, object result):
        cdef list found
        if self.only is not None and type(result) is self.only.cls:
            return result
        found = []
        add_parts(self.parts, result, found)
        return None if not found else found[0] if len(found) == 1 else found

    cdef object checked(self, object result):
        cdef Py_ssize_t k
        if not self.several:
            expected = self.types[0]
            if expected is not None and not conforms(<PyObject *>result, <Expected>expected):
                self.refuse(result, self.expected)
            return result
        if not isinstance(result, (tuple, list)) or len(result) != len(self.types):
            raise Deoptimise(
                f"call-back {self.original} returned a result of another structure than when it was traced"
            )
        for k in range(len(self.types)):
            expected = self.types[k]
            if expected is not None:
                item = result[k]
                if not conforms(<PyObject *>item, <Expected>expected):
                    self.refuse(item, self.expected[k])
        return result if len(self.types) > 1 else result[0]

    cdef object refuse(self, object value, object expected):
        raise Deoptimise(
            f"call-back {self.original} returned a {value!r:.60} where a {expected!r} was traced"
        )

    def __repr__(self):
        return repr(self.original)


cdef class Cursor:
    """stores.Cursor."""

    cdef object iterator, item
    cdef bint waiting

    def __init__(self, iterable):
        self.iterator = iter(iterable)

    cdef bint more(self) except -1:
        if not self.waiting:
            try:
                self.item = next(self.iterator)
            except StopIteration:
                return False
            self.waiting = True
        return True

    cdef object take(self):
        item, self.item, self.waiting = self.item, None, False
        return item


cdef bint is_certain(object type_) except -1:
    """Whether every value conforms to a type."""
    return value_conforms(NOTHING, type_)


class _Nothing:
    """A value of no type that says anything about its values."""


NOTHING = _Nothing()


def specialised(function, expected):
    """What a node `callback` or `effect` of this function and type calls, if it can be made; else None."""
    if type(function) is CallbackFunction and any(name == "out" for name, _ in function.kwargs):
        return None
    if type(function) is RecursiveCall and isinstance(function.function, Dispatcher):
        return Recursion(function, expected)
    return Callback(function, expected)
