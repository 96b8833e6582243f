"""The stacked outputs of a loop: a buffer that is filled step by step."""

cimport numpy as cnp
import numpy as np
from cpython.object cimport PyObject
from libc.string cimport memcpy

from tracetensor.vm.registers cimport OBJECT, PY_INT, Reg, clear, incref, put_object

from tracetensor.errors import Deoptimise

cnp.import_array()


cdef class StackSite:
    """What the stack of one loop output holds: values of this type."""

    def __init__(self, type_):
        self.type = type_

    def __str__(self):
        return repr(self.type)


cdef class Stack:
    """The values of one output over the steps of a loop, in a buffer that grows as needed."""

    def __init__(self, StackSite site, steps):
        self.dtype = np.dtype(site.type.dtype.str)
        self.shape = site.type.shape
        self.capacity = max(min(steps, 1 << 20), 0) if steps else 16
        self.count = 0

    cdef int grow(self, tuple shape) except -1:
        if self.buffer is None:
            self.capacity = max(self.capacity, 1)
            self.buffer = np.empty((self.capacity, *shape), self.dtype)
            self.size = self.buffer.nbytes // self.capacity
        else:
            self.capacity *= 2
            bigger = np.empty((self.capacity, *shape), self.dtype)
            memcpy(cnp.PyArray_DATA(bigger), cnp.PyArray_DATA(self.buffer), self.size * self.count)
            self.buffer = bigger
        self.place = <char *>cnp.PyArray_DATA(self.buffer)
        return 0

    cdef int push(self, const void *payload, PyObject *value) except -1:
        """Add one value: a scalar's bytes, or an object if payload is NULL."""
        cdef object item
        if payload != NULL:
            if self.count == self.capacity or self.buffer is None:
                self.grow(())
            memcpy(self.place + self.count * self.size, payload, self.size)
        else:
            item = <object>value
            if isinstance(item, int):
                raise Deoptimise("a Python int of more than 64 bits in a value stacked by a loop")
            shape = np.shape(item)
            if self.buffer is None or self.count == self.capacity:
                self.grow(shape)
            if shape != self.buffer.shape[1:]:
                raise ValueError("all input arrays must have the same shape")
            self.buffer[self.count] = item
        self.count += 1
        return 0

    cdef object finish(self):
        """All values, stacked along a new first axis."""
        if self.buffer is None:
            return np.empty((0, *[d or 0 for d in self.shape]), self.dtype)
        if self.count < self.capacity:
            return self.buffer[:self.count].copy()
        return self.buffer


cdef int start_stack(Reg *d, Reg *steps, void *site) except -1:
    cdef object stack = Stack(<object>site, steps.v.i if steps.obj == NULL else None)
    incref(<PyObject *>stack)
    put_object(d, <PyObject *>stack)
    return 0


cdef int push_stack(Reg *stack, Reg *value, int cls) except -1:
    if cls == OBJECT:
        return (<Stack>stack.obj).push(NULL, value.obj)
    if cls == PY_INT and value.obj != NULL:
        return (<Stack>stack.obj).push(NULL, value.obj)
    return (<Stack>stack.obj).push(&value.v, NULL)


cdef int finish_stack(Reg *d, Reg *a) except -1:
    cdef object result = (<Stack>a.obj).finish()
    incref(<PyObject *>result)
    put_object(d, <PyObject *>result)
    clear(a)
    return 0
