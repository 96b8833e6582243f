from cpython.object cimport PyObject


cdef class Drawing:
    cdef int kind
    cdef void *function
    cdef object name, owner, kept, acquire, release
    cdef void *bits
    cdef bint sized, legacy
    cdef object by_method(self, PyObject **args, Py_ssize_t n)
    cdef object draw(self, PyObject **args, Py_ssize_t n)
    cdef bint look(self, object owner) except -1
