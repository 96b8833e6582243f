"""What a version takes for granted of names outside its function, checked at each call by look-ups in C.

Rows say what must be found:

    ("name", dict, name, value)            dict[name] is value; without a value in the row: is not there
    ("class", class, name, value)          the same of what the class and its bases have under a name
    ("bases", class, order)                the order of its bases
    ("function", function, code, number)   the function has this code, and this number of defaults
"""

from cpython.object cimport PyObject, PyTypeObject


cdef extern from "Python.h":
    PyObject *dict_item "PyDict_GetItemWithError"(object d, object key) except? NULL
    PyObject *class_item "_PyType_Lookup"(PyTypeObject *cls, object name)
    ctypedef struct _Class "PyTypeObject":
        PyObject *tp_mro
    ctypedef struct _Function "PyFunctionObject":
        PyObject *func_code "func_code"
        PyObject *func_defaults "func_defaults"


ABSENT = object()


def class_value(cls, name):
    """What a class or a base has under a name, no descriptor asked; AttributeError if none has it."""
    cdef PyObject *found = class_item(<PyTypeObject *>cls, name)
    if found == NULL:
        raise AttributeError(name)
    return <object>found


cdef class Surroundings:
    """Rows, and whether all of them hold."""

    def __init__(self, rows):
        self.rows = tuple(rows)
        self.dicts, self.names, self.values = self._columns("name", 3)
        self.classes, self.members, self.found = self._columns("class", 3)
        self.ordered, self.orders = self._columns("bases", 2)
        self.functions, self.codes, self.numbers = self._columns("function", 3)

    def _columns(self, kind, count):
        rows = [row[1:] for row in self.rows if row[0] == kind]
        return [[row[k] if k < len(row) else ABSENT for row in rows] for k in range(count)]

    cpdef bint hold(self) except -1:
        """Whether everything is as the rows say."""
        cdef PyObject *absent = <PyObject *>ABSENT
        cdef PyObject *found
        cdef PyObject *expected
        cdef Py_ssize_t k
        for k in range(len(self.dicts)):
            found = dict_item(self.dicts[k], self.names[k])
            expected = <PyObject *>self.values[k]
            if found != expected and (found != NULL or expected != absent):
                return False
        for k in range(len(self.classes)):
            found = class_item(<PyTypeObject *>self.classes[k], self.members[k])
            expected = <PyObject *>self.found[k]
            if found != expected and (found != NULL or expected != absent):
                return False
        for k in range(len(self.ordered)):
            if (<_Class *>self.ordered[k]).tp_mro != <PyObject *>self.orders[k]:
                return False
        for k in range(len(self.functions)):
            found = <PyObject *>self.functions[k]
            if (<_Function *>found).func_code != <PyObject *>self.codes[k]:
                return False
            found = (<_Function *>found).func_defaults
            if (0 if found == NULL else len(<object>found)) != self.numbers[k]:
                return False
        return True

    def failed(self):
        """The first row that does not hold, as text; empty if all do."""
        for row in self.rows:
            if not Surroundings([row]).hold():
                return {
                    "name": "the name {1} is bound as it was",
                    "class": "{0.__name__}.{1} is what it was",
                    "bases": "{0.__name__} has the bases that it had",
                    "function": "{0.__name__} has the code that it had",
                }[row[0]].format(*row[1:])
        return ""
