"""numpy.mean and the like of real numbers: the ufuncs that they come to, without Python around them."""

cimport numpy as cnp
import numpy as np
from cpython.object cimport PyObject
from libc.math cimport signbit
from libc.string cimport memcmp

from tracetensor.vm.array cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, array_check, array_data, array_dims, array_flags,
    array_item_size, array_number, array_rank, array_size,
)

cnp.import_array()

cdef enum:
    SOUND = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_ALIGNED

cdef object divide = np.true_divide, FLOAT = np.dtype(np.float64)
cdef object SINGLE = np.dtype(np.float32)


ctypedef fused real:
    double
    float


cdef enum Fold:
    SUM
    MOST
    LEAST

cdef enum:
    FEW = 8  # items: fewer are added one after the other, and not in pairs


cdef bint fold_rows(const real *x, real *out, Py_ssize_t rows, Py_ssize_t n, Fold fold) noexcept:
    """Reduce n items at a time; False where it depends on the processor what NumPy makes of zeros or NaN."""
    cdef Py_ssize_t i, k
    cdef real item, best
    for i in range(rows):
        if fold == SUM:
            best = -0.0
            for k in range(n):
                best += x[k]
            best += 0
        else:
            best = x[0]
            for k in range(1, n):
                item = x[k]
                best = (item if item > best else best) if fold == MOST else (item if item < best else best)
            for k in range(n):
                if x[k] != x[k] or (x[k] == 0 and best == 0 and signbit(x[k])):
                    return False
        out[i] = best
        x += n
    return True


cdef object folded(object reduce, Fold fold, x, axis, dtype, keepdims):
    """reduce(x, axis, dtype, None, keepdims); along a short last axis, for which NumPy needs a call each."""
    cdef PyObject *o = <PyObject *>x
    cdef Py_ssize_t n, rank
    cdef bint done = False
    last = axis[0] if isinstance(axis, tuple) and len(axis) == 1 else axis
    if not array_check(o) or not isinstance(last, int) or dtype is not None or array_rank(o) < 2:
        return reduce(x, axis, dtype, None, keepdims)
    rank = array_rank(o)
    n = array_dims(o)[rank - 1]
    if (
        (last != rank - 1 and last != -1) or not 0 < n < FEW or array_size(o) < 8 * n
        or array_flags(o) & SOUND != SOUND or (x.dtype is not FLOAT and x.dtype is not SINGLE)
    ):
        return reduce(x, axis, dtype, None, keepdims)
    result = np.empty(x.shape[:rank - 1] + ((1,) if keepdims else ()), x.dtype)
    if x.dtype is FLOAT:
        done = fold_rows(
            <const double *>array_data(o), <double *>array_data(<PyObject *>result), array_size(o) // n, n,
            fold,
        )
    else:
        done = fold_rows(
            <const float *>array_data(o), <float *>array_data(<PyObject *>result), array_size(o) // n, n, fold
        )
    return result if done else reduce(x, axis, dtype, None, keepdims)


def total(x, axis=None, dtype=None, keepdims=False):
    """numpy.add.reduce(x, axis, dtype, keepdims=keepdims)."""
    return folded(np.add.reduce, SUM, x, axis, dtype, keepdims)


def greatest(x, axis=None, dtype=None, keepdims=False):
    """numpy.maximum.reduce(x, axis, keepdims=keepdims)."""
    return folded(np.maximum.reduce, MOST, x, axis, dtype, keepdims)


def least(x, axis=None, dtype=None, keepdims=False):
    """numpy.minimum.reduce(x, axis, keepdims=keepdims)."""
    return folded(np.minimum.reduce, LEAST, x, axis, dtype, keepdims)


cdef Py_ssize_t counted(x, axis) except -1:
    """How many items each result is of; 0 where NumPy is to say what is wrong, or has a way of its own."""
    cdef PyObject *o = <PyObject *>x
    cdef Py_ssize_t n = 1, rank, k
    if not array_check(o) or x.dtype.kind not in "biuf" or x.dtype.char == "e" or not x.dtype.isnative:
        return 0
    if axis is None:
        return array_size(o)
    rank = array_rank(o)
    for item in axis if isinstance(axis, tuple) else (axis,):
        k = item
        k = k + rank if k < 0 else k
        if not 0 <= k < rank:
            return 0
        n *= array_dims(o)[k]
    return n


cdef object divided(result, Py_ssize_t n):
    """The result, an array of floating-point numbers or one number, over n."""
    if array_check(<PyObject *>result):
        return divide(result, n, out=result, casting="unsafe")
    return type(result)(result / n)


def mean(x, axis=None, dtype=None, keepdims=False):
    """numpy.mean(x, axis, dtype, keepdims=keepdims)."""
    cdef Py_ssize_t n = 0 if dtype is not None else counted(x, axis)
    if n == 0:
        return x.mean(axis, dtype, keepdims=keepdims)
    return divided(total(x, axis, None if x.dtype.kind == "f" else FLOAT, keepdims), n)


def var(x, axis=None, dtype=None, ddof=0, keepdims=False):
    """numpy.var(x, axis, dtype, ddof=ddof, keepdims=keepdims)."""
    cdef Py_ssize_t n = 0 if dtype is not None or type(ddof) is not int else counted(x, axis)
    if n == 0 or not 0 <= ddof < n:
        return x.var(axis, dtype, ddof=ddof, keepdims=keepdims)
    kind = None if x.dtype.kind == "f" else FLOAT
    middle = total(x, axis, kind, True)
    middle = divided(middle, n)
    apart = np.asarray(np.subtract(x, middle))
    np.multiply(apart, apart, out=apart)
    return divided(total(apart, axis, None, keepdims), n - ddof)


def std(x, axis=None, dtype=None, ddof=0, keepdims=False):
    """numpy.std(x, axis, dtype, ddof=ddof, keepdims=keepdims)."""
    result = var(x, axis, dtype, ddof, keepdims)
    return np.sqrt(result, out=result) if array_check(<PyObject *>result) else np.sqrt(result)


def ptp(x, axis=None, keepdims=False):
    """numpy.ptp(x, axis, keepdims=keepdims)."""
    if not array_check(<PyObject *>x):
        return np.ptp(x, axis, keepdims=keepdims)
    return np.subtract(greatest(x, axis, None, keepdims), least(x, axis, None, keepdims))


cdef bint same_items(const double *x, const double *y, Py_ssize_t n) noexcept:
    cdef Py_ssize_t k
    for k in range(n):
        if x[k] != y[k]:
            return False
    return True


def array_equal(a, b):
    """numpy.array_equal(a, b)."""
    cdef PyObject *x = <PyObject *>a
    cdef PyObject *y = <PyObject *>b
    cdef int k
    if not (array_check(x) and array_check(y)):
        return np.array_equal(a, b)
    if array_rank(x) != array_rank(y):
        return False
    for k in range(array_rank(x)):
        if array_dims(x)[k] != array_dims(y)[k]:
            return False
    if (
        array_number(x) == array_number(y) and a.dtype.kind in "iu" and a.dtype.isnative and b.dtype.isnative
        and array_flags(x) & array_flags(y) & NPY_ARRAY_C_CONTIGUOUS
    ):
        return memcmp(array_data(x), array_data(y), array_size(x) * array_item_size(x)) == 0
    if (
        a.dtype is FLOAT and b.dtype is FLOAT
        and array_flags(x) & array_flags(y) & SOUND == SOUND
    ):
        return same_items(<double *>array_data(x), <double *>array_data(y), array_size(x))
    return bool(np.equal(a, b).all())


def argwhere(x):
    """numpy.argwhere(x)."""
    cdef Py_ssize_t k
    if not array_check(<PyObject *>x) or x.ndim == 0:
        return np.argwhere(x)
    places = x.nonzero()
    result = np.empty((len(places), len(places[0])), np.intp)
    for k in range(len(places)):
        result[k] = places[k]
    return result.T


cdef enum:
    MANY = 512  # items: NumPy is faster at partitioning more


cdef void select(double *x, Py_ssize_t n, Py_ssize_t k) noexcept nogil:
    """Let item k, in ascending order, stand in its place, with no greater ones in front of it."""
    cdef Py_ssize_t low = 0, high = n - 1, i, j
    cdef double pivot, item
    while high - low > 16:
        pivot = x[(low + high) // 2]
        i, j = low, high
        while i <= j:
            while x[i] < pivot:
                i += 1
            while x[j] > pivot:
                j -= 1
            if i <= j:
                x[i], x[j] = x[j], x[i]
                i += 1
                j -= 1
        if k <= j:
            high = j
        elif k >= i:
            low = i
        else:
            return
    for i in range(low + 1, high + 1):
        item = x[i]
        j = i - 1
        while j >= low and x[j] > item:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = item


cdef bint middle_of(double *x, Py_ssize_t n, bint single, double *result) noexcept nogil:
    """The median of n items, which are moved about; False where it depends on their order, or is NaN."""
    cdef Py_ssize_t k
    cdef double below
    cdef bint negative = False
    for k in range(n):
        if x[k] != x[k]:
            return False
        negative |= x[k] == 0 and signbit(x[k])
    select(x, n, n // 2)
    result[0] = x[n // 2]
    if n % 2 == 0:
        below = x[0]
        for k in range(1, n // 2):
            below = x[k] if x[k] > below else below
        if single:
            result[0] = (<float>below + <float>result[0]) / <float>2
        else:
            result[0] = (below + result[0]) / 2
    return not (negative and result[0] == 0) and result[0] == result[0]


def median(x, axis=None, keepdims=False):
    """numpy.median(x, axis, keepdims=keepdims)."""
    cdef PyObject *o = <PyObject *>x
    cdef double buffer[MANY]
    cdef double value
    cdef double *out = &value
    cdef Py_ssize_t n, rows, row, k
    cdef int rank
    cdef bint single
    if not array_check(o) or keepdims:
        return np.median(x, axis, keepdims=keepdims)
    rank, kind = array_rank(o), x.dtype.kind
    single = array_number(o) == cnp.NPY_FLOAT
    if kind not in "biu" and not single and array_number(o) != cnp.NPY_DOUBLE or not x.dtype.isnative:
        return np.median(x, axis)
    if axis is None or (rank == 1 and axis in (0, -1)):
        n, rows, axis = array_size(o), 1, None
    elif type(axis) is int and rank > 1 and axis in (-1, rank - 1):
        n = array_dims(o)[rank - 1]
        rows = array_size(o) // n if n else 0
    else:
        return np.median(x, axis)
    if not 0 < n <= MANY or rows == 0 or rank == 0 or (rows > 1 and n > 64):
        return np.median(x, axis)
    given = x
    if array_number(o) != cnp.NPY_DOUBLE or array_flags(o) & SOUND != SOUND:
        given = np.ascontiguousarray(x, FLOAT)
    result = None
    if axis is not None:
        result = np.empty(x.shape[:rank - 1], FLOAT)
        out = <double *>array_data(<PyObject *>result)
    for row in range(rows):
        for k in range(n):
            buffer[k] = (<double *>array_data(<PyObject *>given))[row * n + k]
        if not middle_of(buffer, n, single, &out[row]):
            return np.median(x, axis)
    if result is None:
        return (SINGLE if single else FLOAT).type(value)
    return result.astype(SINGLE) if single else result
