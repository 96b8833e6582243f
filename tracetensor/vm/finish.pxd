from cpython.object cimport PyObject

cdef object OTHERWISE

cdef bint reaches(PyObject *array, PyObject *other) noexcept


cdef class Finisher:
    cdef readonly object recipe
    cdef list writes, changes, pairs
    cdef object unbound
    cdef tuple suspicious, inputs
    cdef object finish(self, list outputs, PyObject **values)
    cdef bint alone(self, int written, PyObject *target, list outputs) except -1
