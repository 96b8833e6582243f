/* Conversion of one number between NumPy's types, where the result is beyond doubt. */

#ifndef TRACETENSOR_CONVERT_H
#define TRACETENSOR_CONVERT_H

#include <numpy/arrayobject.h>

#define TT_STORE_INT(CTYPE, LOW, HIGH)                      \
    if (kind == 'f') {                                      \
        if (strict || !(f > -9.2e18 && f < 9.2e18))         \
            return -1;                                      \
        i = (npy_int64)f;                                   \
    }                                                       \
    else if (kind != 'i')                                   \
        return -1;                                          \
    if (i < (LOW) || i > (HIGH))                            \
        return -1;                                          \
    *(CTYPE *)target = (CTYPE)i;                            \
    return 0;

/*
 * Convert *source, of type number `from`, to type number `to`. Returns -1, for NumPy itself to decide, where the
 * value does not fit or parts of it would be lost: an int out of range, a complex number to a real one, and with
 * `strict` also a float to an int. `weak`: the source is a Python int, which NumPy rounds to double first.
 */
static inline int convert(int from, const void *source, int to, void *target, int strict, int weak)
{
    char kind = 'i';
    npy_int64 i = 0;
    npy_uint64 u = 0;
    double f = 0, im = 0;

    switch (from) {
    case NPY_BOOL: i = *(const npy_bool *)source != 0; break;
    case NPY_BYTE: i = *(const npy_byte *)source; break;
    case NPY_UBYTE: i = *(const npy_ubyte *)source; break;
    case NPY_SHORT: i = *(const npy_short *)source; break;
    case NPY_USHORT: i = *(const npy_ushort *)source; break;
    case NPY_INT: i = *(const npy_int *)source; break;
    case NPY_UINT: i = *(const npy_uint *)source; break;
    case NPY_LONG: i = *(const npy_long *)source; break;
    case NPY_LONGLONG: i = *(const npy_longlong *)source; break;
    case NPY_ULONG: u = *(const npy_ulong *)source; kind = 'u'; break;
    case NPY_ULONGLONG: u = *(const npy_ulonglong *)source; kind = 'u'; break;
    case NPY_FLOAT: f = *(const npy_float *)source; kind = 'f'; break;
    case NPY_DOUBLE: f = *(const npy_double *)source; kind = 'f'; break;
    case NPY_CFLOAT: f = ((const npy_float *)source)[0]; im = ((const npy_float *)source)[1]; kind = 'c'; break;
    case NPY_CDOUBLE: f = ((const npy_double *)source)[0]; im = ((const npy_double *)source)[1]; kind = 'c'; break;
    default: return -1;
    }
    if (kind == 'u' && u <= NPY_MAX_INT64) {
        i = (npy_int64)u;
        kind = 'i';
    }
    switch (to) {
    case NPY_BOOL:
        *(npy_bool *)target = kind == 'i' ? i != 0 : kind == 'u' ? 1 : kind == 'f' ? f != 0 : f != 0 || im != 0;
        return 0;
    case NPY_BYTE: TT_STORE_INT(npy_byte, NPY_MIN_INT8, NPY_MAX_INT8)
    case NPY_UBYTE: TT_STORE_INT(npy_ubyte, 0, NPY_MAX_UINT8)
    case NPY_SHORT: TT_STORE_INT(npy_short, NPY_MIN_INT16, NPY_MAX_INT16)
    case NPY_USHORT: TT_STORE_INT(npy_ushort, 0, NPY_MAX_UINT16)
    case NPY_INT: TT_STORE_INT(npy_int, NPY_MIN_INT32, NPY_MAX_INT32)
    case NPY_UINT: TT_STORE_INT(npy_uint, 0, (npy_int64)NPY_MAX_UINT32)
    case NPY_LONG:
    case NPY_LONGLONG: TT_STORE_INT(npy_int64, NPY_MIN_INT64, NPY_MAX_INT64)
    case NPY_ULONG:
    case NPY_ULONGLONG:
        if (kind == 'u') {
            *(npy_uint64 *)target = u;
            return 0;
        }
        TT_STORE_INT(npy_uint64, 0, NPY_MAX_INT64)
    case NPY_FLOAT:
        if (kind == 'c')
            return -1;
        *(npy_float *)target = kind == 'f' ? (npy_float)f : kind == 'u' ? (npy_float)u
                               : weak ? (npy_float)(double)i : (npy_float)i;
        return 0;
    case NPY_DOUBLE:
        if (kind == 'c')
            return -1;
        *(npy_double *)target = kind == 'f' ? f : kind == 'u' ? (double)u : (double)i;
        return 0;
    case NPY_CFLOAT:
        ((npy_float *)target)[0] = kind == 'u' ? (npy_float)u : kind == 'i' ? (weak ? (npy_float)(double)i : (npy_float)i)
                                   : (npy_float)f;
        ((npy_float *)target)[1] = (npy_float)im;
        return 0;
    case NPY_CDOUBLE:
        ((npy_double *)target)[0] = kind == 'u' ? (double)u : kind == 'i' ? (double)i : f;
        ((npy_double *)target)[1] = im;
        return 0;
    }
    return -1;
}

#endif
