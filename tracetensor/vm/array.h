/* NumPy's array accessors on plain PyObject pointers, and the scalars that live in registers. */

#ifndef TRACETENSOR_ARRAY_H
#define TRACETENSOR_ARRAY_H

#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <numpy/ufuncobject.h>

#define TT_ARRAY(o) ((PyArrayObject *)(o))

static inline int array_check(PyObject *o) { return PyArray_CheckExact(o); }
static inline int array_number(PyObject *o) { return PyArray_TYPE(TT_ARRAY(o)); }
static inline int array_rank(PyObject *o) { return PyArray_NDIM(TT_ARRAY(o)); }
static inline npy_intp *array_dims(PyObject *o) { return PyArray_DIMS(TT_ARRAY(o)); }
static inline npy_intp *array_strides(PyObject *o) { return PyArray_STRIDES(TT_ARRAY(o)); }
static inline char *array_data(PyObject *o) { return (char *)PyArray_DATA(TT_ARRAY(o)); }
static inline int array_flags(PyObject *o) { return PyArray_FLAGS(TT_ARRAY(o)); }
static inline npy_intp array_item_size(PyObject *o) { return PyArray_ITEMSIZE(TT_ARRAY(o)); }
static inline npy_intp array_item_size_of(int number)
{
    PyArray_Descr *descr = PyArray_DescrFromType(number);
    npy_intp size = PyDataType_ELSIZE(descr);
    Py_DECREF(descr);
    return size;
}
static inline npy_intp array_size(PyObject *o) { return PyArray_SIZE(TT_ARRAY(o)); }
static inline PyObject *array_base(PyObject *o) { return PyArray_BASE(TT_ARRAY(o)); }
static inline int array_native(PyObject *o) { return PyArray_ISNOTSWAPPED(TT_ARRAY(o)); }
static inline int array_has_metadata(PyObject *o) { return PyDataType_METADATA(PyArray_DESCR(TT_ARRAY(o))) != NULL; }
static inline PyObject *array_descr(PyObject *o) { return (PyObject *)PyArray_DESCR(TT_ARRAY(o)); }

/* Whether the stretches of memory that two arrays lie in meet, as numpy.may_share_memory tells. */
static inline int array_may_overlap(PyObject *a, PyObject *b)
{
    PyObject *arrays[2] = {a, b};
    char *low[2], *high[2];
    for (int k = 0; k < 2; k++) {
        low[k] = array_data(arrays[k]);
        high[k] = low[k] + array_item_size(arrays[k]);
        for (int j = 0; j < array_rank(arrays[k]); j++) {
            npy_intp dim = array_dims(arrays[k])[j], reach = (dim - 1) * array_strides(arrays[k])[j];
            if (dim == 0)
                return 0;
            *(reach < 0 ? &low[k] : &high[k]) += reach;
        }
    }
    return low[0] < high[1] && low[1] < high[0];
}

static inline PyObject *array_descr_from_type(int number) { return (PyObject *)PyArray_DescrFromType(number); }

/* A new array; descr is borrowed. strides NULL: C order, or Fortran's if flags say so. data NULL: its own. */
static inline PyObject *array_new(PyObject *descr, int rank, npy_intp *dims, npy_intp *strides, void *data, int flags)
{
    Py_INCREF(descr);
    return PyArray_NewFromDescr(&PyArray_Type, (PyArray_Descr *)descr, rank, dims, strides, data, flags, NULL);
}

/* A new array over part of another one's memory. */
static inline PyObject *array_view(PyObject *base, int rank, npy_intp *dims, npy_intp *strides, char *data)
{
    PyObject *view;
    Py_INCREF(array_descr(base));
    view = PyArray_NewFromDescr(&PyArray_Type, PyArray_DESCR(TT_ARRAY(base)), rank, dims, strides, data,
                                array_flags(base) & (NPY_ARRAY_WRITEABLE | NPY_ARRAY_ALIGNED), NULL);
    if (view == NULL)
        return NULL;
    Py_INCREF(base);
    if (PyArray_SetBaseObject(TT_ARRAY(view), base) < 0) {
        Py_DECREF(view);
        return NULL;
    }
    return view;
}

static inline PyObject *array_copy(PyObject *o) { return PyArray_NewCopy(TT_ARRAY(o), NPY_KEEPORDER); }
static inline PyObject *array_like(PyObject *o) { return PyArray_NewLikeArray(TT_ARRAY(o), NPY_KEEPORDER, NULL, 0); }

/* An array of rank 0 with this item. */
static inline PyObject *array_of_number(int number, const void *item)
{
    PyArray_Descr *descr = PyArray_DescrFromType(number);
    npy_intp size = PyDataType_ELSIZE(descr);
    PyObject *result = PyArray_NewFromDescr(&PyArray_Type, descr, 0, NULL, NULL, NULL, 0, NULL);
    if (result != NULL)
        memcpy(array_data(result), item, size);
    return result;
}

/* A new NumPy scalar of a numeric type from its bytes. Every such scalar is a PyObject followed by its value. */
static inline PyObject *box_scalar(int number, const void *payload)
{
    PyObject *result;
    PyArray_Descr *descr;
    if (number == NPY_DOUBLE) {
        result = PyArrayScalar_New(Double);
        if (result != NULL)
            PyArrayScalar_ASSIGN(result, Double, *(const double *)payload);
        return result;
    }
    if (number == NPY_LONG) {
        result = PyArrayScalar_New(Long);
        if (result != NULL)
            PyArrayScalar_ASSIGN(result, Long, *(const npy_long *)payload);
        return result;
    }
    descr = PyArray_DescrFromType(number);
    result = PyArray_Scalar((void *)payload, descr, NULL);
    Py_DECREF(descr);
    return result;
}

/* The bytes of a NumPy scalar whose class is exactly that of the type number, or of an equal one; else -1. */
static inline int unbox_scalar(int number, PyObject *scalar, void *payload)
{
    PyArray_Descr *descr = PyArray_DescrFromType(number), *own;
    npy_intp size = PyDataType_ELSIZE(descr);
    int same = Py_TYPE(scalar) == descr->typeobj;
    if (!same && PyArray_IsScalar(scalar, Number)) {
        own = PyArray_DescrFromScalar(scalar);
        same = own != NULL && PyArray_EquivTypes(own, descr);
        Py_XDECREF(own);
    }
    Py_DECREF(descr);
    if (!same)
        return -1;
    memcpy(payload, (char *)scalar + sizeof(PyObject), size);
    return 0;
}

#endif
