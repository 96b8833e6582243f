"""Declarations of array.h: NumPy's C interface on plain PyObject pointers."""

from cpython.object cimport PyObject


cdef extern from "array.h":
    ctypedef Py_ssize_t npy_intp
    enum:
        NPY_ARRAY_C_CONTIGUOUS
        NPY_ARRAY_F_CONTIGUOUS
        NPY_ARRAY_OWNDATA
        NPY_ARRAY_ALIGNED
        NPY_ARRAY_WRITEABLE
    bint array_check(PyObject *o) nogil
    int array_number(PyObject *o) nogil
    int array_rank(PyObject *o) nogil
    npy_intp *array_dims(PyObject *o) nogil
    npy_intp *array_strides(PyObject *o) nogil
    char *array_data(PyObject *o) nogil
    int array_flags(PyObject *o) nogil
    npy_intp array_item_size(PyObject *o) nogil
    npy_intp array_item_size_of(int number)
    npy_intp array_size(PyObject *o) nogil
    bint may_overlap "array_may_overlap"(PyObject *a, PyObject *b) nogil
    PyObject *array_base(PyObject *o) nogil
    bint array_native(PyObject *o) nogil
    bint array_has_metadata(PyObject *o) nogil
    PyObject *array_descr(PyObject *o) nogil
    PyObject *array_new(
        PyObject *descr, int rank, npy_intp *dims, npy_intp *strides, void *data, int flags) except NULL
    PyObject *try_array_new "array_new"(
        PyObject *descr, int rank, npy_intp *dims, npy_intp *strides, void *data, int flags)  # may be NULL
    PyObject *array_view(PyObject *base, int rank, npy_intp *dims, npy_intp *strides, char *data) except NULL
    PyObject *try_array_view "array_view"(
        PyObject *base, int rank, npy_intp *dims, npy_intp *strides, char *data)  # may be NULL
    PyObject *descr_from_type "array_descr_from_type"(int number)
    PyObject *array_copy(PyObject *o) except NULL
    PyObject *array_like(PyObject *o) except NULL
    bint equivalent "PyArray_EquivTypenums"(int a, int b)
    PyObject *array_of_number(int number, const void *item) except NULL
    PyObject *box_scalar(int number, const void *payload) except NULL
    int unbox_scalar(int number, PyObject *scalar, void *payload)
