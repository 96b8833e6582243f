"""From a program's outputs to a function's result, for what most functions return.

A recipe is a nested tuple:

    ("output", k)                   output k
    ("value", k)                    the value number k of the call: an argument, or what was fetched
    ("constant", object)            that object
    ("tuple", None, recipes)        a tuple of new values
    ("list", None, recipes)         a list of them
    ("dict", keys, recipes)         a dict with these keys
    ("call", function, recipes)     what the function makes of them
    ("new list", numbers, recipe)   the list that the recipe makes; a copy if it is one of these values, or
                                    was made for another recipe
    ("union", recipe, recipes)      the one whose number the first makes
    ("view", steps, recipe)         what is made, after each function(value, *leaves, **parameters) of the
                                    steps; leaves are recipes
"""

cimport numpy as cnp
from cpython.object cimport PyObject

from tracetensor.vm.array cimport (
    NPY_ARRAY_WRITEABLE, array_base, array_check, array_flags, may_overlap,
)

cnp.import_array()

cdef object OTHERWISE = object()  # what stands for "not done": no program can return it


cdef bint reaches(PyObject *array, PyObject *other) noexcept:
    """Whether an array is another one, is made of it, or may share memory with it."""
    return array == other or array_base(array) == other or may_overlap(array, other)


cdef object build(tuple recipe, list outputs, PyObject **values, list lists):
    """What a recipe makes; lists: those that were made so far for "new list"."""
    cdef str kind = recipe[0]
    cdef int k
    if kind == "output":
        return outputs[recipe[1]]
    if kind == "constant":
        return recipe[1]
    if kind == "value":
        return <object>values[<int>recipe[1]]
    if kind == "union":
        return build(recipe[2][build(recipe[1], outputs, values, lists)], outputs, values, lists)
    if kind == "new list":
        found = build(recipe[2], outputs, values, lists)
        copied = any([found is other for other in lists])
        for k in recipe[1]:
            copied = copied or <PyObject *>found == values[k]
        found = list(found) if copied else found
        lists.append(found)
        return found
    if kind == "view":
        value = build(recipe[2], outputs, values, lists)
        for function, leaves, parameters in recipe[1]:
            given = [build(leaf, outputs, values, lists) for leaf in leaves]
            value = function(value, *given, **parameters)
        return value
    made = [build(item, outputs, values, lists) for item in recipe[2]]
    if kind == "list":
        return made
    if kind == "dict":
        return dict(zip(recipe[1], made, strict=True))
    return recipe[1](*made) if kind == "call" else tuple(made)


cdef class Finisher:
    """Builds the result and writes to arrays that were handed over, where nothing is in another's memory.

    recipe: of the result. writes: (output, number of the value) of each array that is written to. changes:
    what else is, ("attribute", number of the value, name, recipe) each, or ("list" or "dict", number, "",
    recipe). suspicious: outputs that must not be the memory of an input. pairs: of outputs that must not be
    one memory. inputs: the numbers of the values that the program was given. unbound: what stands for an
    attribute that is not there. Nothing was written where it says OTHERWISE.
    """

    def __init__(
        self, recipe, writes=(), changes=(), suspicious=(), pairs=(), inputs=(), unbound=OTHERWISE
    ):
        self.recipe, self.writes, self.pairs, self.changes = recipe, list(writes), list(pairs), list(changes)
        self.suspicious, self.inputs, self.unbound = tuple(suspicious), tuple(inputs), unbound

    cdef object finish(self, list outputs, PyObject **values):
        cdef PyObject *out
        cdef PyObject *other
        cdef int k, j
        for k in self.suspicious:
            out = <PyObject *>outputs[k]
            if not array_check(out) or not array_flags(out) & NPY_ARRAY_WRITEABLE:
                return OTHERWISE
            for j in self.inputs:
                if array_check(values[j]) and reaches(out, values[j]):
                    return OTHERWISE
        for k, j in self.pairs:
            out, other = <PyObject *>outputs[k], <PyObject *>outputs[j]
            if not array_check(out) or not array_check(other) or reaches(out, other):
                return OTHERWISE
        for k, j in self.writes:
            if <PyObject *>outputs[k] != values[j] and not self.alone(k, values[j], outputs):
                return OTHERWISE
        # All is built before the first write.
        lists = []
        result = build(self.recipe, outputs, values, lists)
        made = [build(change[3], outputs, values, lists) for change in self.changes]
        for value in made:
            if value is self.unbound:
                return OTHERWISE
        for k, j in self.writes:
            if <PyObject *>outputs[k] != values[j]:
                (<object>values[j])[...] = outputs[k]
        for (how, j, name, _), value in zip(self.changes, made):
            target = <object>values[j]
            if how == "attribute":
                object.__setattr__(target, name, value)
            elif how == "list":
                target[:] = value
            else:
                target.clear()
                target.update(value)
        return result

    cdef bint alone(self, int written, PyObject *target, list outputs) except -1:
        """Whether no other output may be in the memory that is to be written to."""
        cdef int k
        cdef PyObject *out
        for k in range(len(outputs)):
            if k == written:
                continue
            out = <PyObject *>outputs[k]
            if array_check(out):
                if reaches(out, target):
                    return False
            elif hasattr(<object>out, "__len__"):
                return False  # a container, which may hold arrays
        return True
