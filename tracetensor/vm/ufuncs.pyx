"""The ufunc instructions: NumPy's own inner loops, called directly, so that every bit is NumPy's.

What is not plain (operands that need casting, mixed memory orders, shapes that do not broadcast) is left to
the ufunc itself.
"""

cimport numpy as cnp
from cpython.object cimport PyObject

from tracetensor.vm.array cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, array_data, array_dims, array_flags,
    array_item_size, array_native, array_number, array_rank, array_size, array_strides, try_array_new,
)
from tracetensor.vm.calls cimport mismatch, silence
from tracetensor.vm.ownership cimport owned
from tracetensor.vm.registers cimport (
    NUMPY, OBJECT, PY_BOOL, PY_FLOAT, PY_INT, Payload, Reg, box, clear, decref, put_object, tuple_item, unbox,
)

cnp.import_array()
cnp.import_ufunc()

cdef extern from "Python.h":
    PyObject *vectorcall "PyObject_Vectorcall"(
        PyObject *function, PyObject **args, size_t nargs, PyObject *names) except NULL
    PyObject *error_occurred "PyErr_Occurred"()
    ctypedef struct PyThreadState
    PyThreadState *save_thread "PyEval_SaveThread"() nogil
    void restore_thread "PyEval_RestoreThread"(PyThreadState *state) nogil

cdef extern from "convert.h":
    int convert(int source, const void *a, int target, void *b, bint strict, bint weak) nogil

cdef extern from *:
    """
    #include <numpy/ufuncobject.h>
    typedef void (*tt_inner_loop)(char **, const npy_intp *, const npy_intp *, void *);

    /* The entry of a ufunc's table of loops for these type numbers; 0 if there is one. */
    static int tt_find_loop(PyObject *o, const int *numbers, tt_inner_loop *loop, void **data)
    {
        PyUFuncObject *ufunc = (PyUFuncObject *)o;
        int k, j, n = ufunc->nin + ufunc->nout;
        if (ufunc->core_enabled)
            return -1;
        for (k = 0; k < ufunc->ntypes; k++) {
            for (j = 0; j < n && ufunc->types[k * n + j] == numbers[j]; j++)
                ;
            if (j == n) {
                *loop = (tt_inner_loop)ufunc->functions[k];
                *data = ufunc->data == NULL ? NULL : (void *)ufunc->data[k];
                return *loop == NULL ? -1 : 0;
            }
        }
        return -1;
    }
    """
    int tt_find_loop(PyObject *ufunc, const int *numbers, InnerLoop *loop, void **data)

cdef enum:
    WITHOUT_LOCK = 50_000  # items from which a loop runs without the interpreter's lock
    FEW = 256  # items up to which the machine converts an array itself; less than NumPy's buffers hold

cdef tuple OUT = ("out",)


cdef class UfuncSite:
    """What a ufunc instruction needs: the loop, and how each operand comes to its type.

    regs and classes: of the inputs, then of the outputs. dtypes: of the loop; in_dtypes: of the inputs as
    they are. Raises ValueError if the ufunc has no such loop.
    """

    def __init__(self, ufunc, regs, classes, dtypes, in_dtypes, rank):
        cdef int k
        self.keep = (ufunc, tuple(dtypes))
        self.s.ufunc = <PyObject *>ufunc
        self.s.nin, self.s.nout, self.s.rank = ufunc.nin, ufunc.nout, rank
        if self.s.nin + self.s.nout > MOST_OPERANDS or rank > MOST_AXES:
            raise ValueError("too many operands or axes")
        for k in range(self.s.nin + self.s.nout):
            self.s.regs[k], self.s.classes[k] = regs[k], classes[k]
            self.s.numbers[k], self.s.sizes[k] = dtypes[k].num, dtypes[k].itemsize
            self.s.same[k] = k >= self.s.nin or in_dtypes[k] == dtypes[k]
            self.s.descrs[k] = <PyObject *>(<tuple>self.keep[1])[k]
        if tt_find_loop(<PyObject *>ufunc, self.s.numbers, &self.s.loop, &self.s.data) < 0:
            raise ValueError("no such loop")
        self.s.may_fail = ufunc.__name__ == "power" and dtypes[0].kind in "iu"

    def describe(self):
        """For loop_code.py: (name, characters of the loop's dtypes, registers, whether all hold numbers)."""
        cdef int k
        n = self.s.nin + self.s.nout
        plain = all(self.s.classes[k] != OBJECT for k in range(n))
        chars = "".join([d.char for d in self.keep[1]])
        return self.keep[0].__name__, chars, [self.s.regs[k] for k in range(n)], plain

    def __str__(self):
        cdef int k
        regs = [f"r{self.s.regs[k]}" for k in range(self.s.nin + self.s.nout)]
        types = "".join(d.char for d in self.keep[1])
        results, operands = ", ".join(regs[self.s.nin:]), ", ".join(regs[:self.s.nin])
        return f"{results} = {self.keep[0].__name__}.{types}({operands})"


cdef int source_number(int cls) noexcept nogil:
    """The type number of what a register of a class holds in its payload."""
    if cls >= NUMPY:
        return cls - NUMPY
    if cls == PY_BOOL:
        return cnp.NPY_BOOL
    if cls == PY_INT:
        return cnp.NPY_INT64
    if cls == PY_FLOAT:
        return cnp.NPY_DOUBLE
    return cnp.NPY_CDOUBLE


cdef int scalar_operand(Run *run, Ufunc *s, int k, void *buffer, char **ptr) noexcept:
    """Where input k, an unboxed scalar, is as the loop takes it; -1: nowhere. buffer: for conversions."""
    cdef Reg *r = &run.regs[s.regs[k]]
    cdef int cls = s.classes[k]
    if cls == PY_INT and r.obj != NULL:
        return -1
    if s.same[k]:
        ptr[0] = <char *>&r.v
        return 0
    ptr[0] = <char *>buffer
    return convert(source_number(cls), &r.v, s.numbers[k], buffer, True, cls == PY_INT)


cdef int run_scalar(Run *run, Ufunc *s) except -1:
    """A ufunc whose results have rank 0: one turn of the loop, on registers."""
    cdef char *ptrs[MOST_OPERANDS]
    cdef npy_intp strides[MOST_OPERANDS]
    cdef npy_intp one = 1
    cdef Payload buffers[MOST_OPERANDS]
    cdef PyObject *o
    cdef int k
    cdef bint arrays = False
    for k in range(s.nin):
        strides[k] = 0
        if s.classes[k] == OBJECT:
            arrays = True
            o = run.regs[s.regs[k]].obj
            if not s.same[k] or not array_flags(o) & NPY_ARRAY_ALIGNED:
                return call_ufunc(run, s, 0)
            ptrs[k] = array_data(o)
        elif scalar_operand(run, s, k, &buffers[k], &ptrs[k]) < 0:
            return call_ufunc(run, s, 0)
    for k in range(s.nin, s.nin + s.nout):
        # This decides how complex products are rounded: as for arrays of rank 0, or by operators of scalars.
        strides[k] = s.sizes[k] if arrays else 0
        ptrs[k] = <char *>&run.regs[s.regs[k]].v
    s.loop(ptrs, &one, strides, s.data)
    if s.may_fail and error_occurred() != NULL:
        return -1
    return 0


cdef int call_ufunc(Run *run, Ufunc *s, uint64_t takes) except -1:
    """Call the ufunc itself, writing into an operand that is read for the last time if that is allowed."""
    cdef PyObject *args[MOST_OPERANDS + 2]
    cdef PyObject *result = NULL
    cdef PyObject *o
    cdef PyObject *names = NULL
    cdef int k, done = 0
    silence(run)
    try:
        for k in range(s.nin):
            args[k + 1] = box(&run.regs[s.regs[k]], s.classes[k])
            done += 1
        result = vectorcall(s.ufunc, args + 1, s.nin, names)
    finally:
        for k in range(done):
            decref(args[k + 1])
    for k in range(s.nin):
        if takes >> k & 1:
            clear(&run.regs[s.regs[k]])
    try:
        for k in range(s.nout):
            o = result if s.nout == 1 else tuple_item(result, k)
            if unbox(&run.regs[s.regs[s.nin + k]], s.classes[s.nin + k], o) < 0:
                mismatch(o)
    finally:
        decref(result)
    return 0


cdef inline bint same_dims(npy_intp *a, npy_intp *b, int rank) noexcept nogil:
    cdef int k
    for k in range(rank):
        if a[k] != b[k]:
            return False
    return True


cdef inline int run_flat(Ufunc *s, char **ptrs, npy_intp *strides, npy_intp n) noexcept:
    """One call of the loop over n items; -1 with an exception set if it fails."""
    cdef PyThreadState *state
    if n >= WITHOUT_LOCK:
        state = save_thread()
        s.loop(ptrs, &n, strides, s.data)
        restore_thread(state)
    elif n:
        s.loop(ptrs, &n, strides, s.data)
    if s.may_fail and error_occurred() != NULL:
        return -1
    return 0


cdef int run_arrays(Run *run, Ufunc *s, uint64_t takes) except -1:
    """A ufunc whose results are arrays."""
    cdef PyObject *originals[MOST_OPERANDS]
    cdef PyObject *new
    cdef int k, j, done = 0
    cdef bint plain = True
    for k in range(s.nin):
        if s.classes[k] == OBJECT and not s.same[k]:
            break
    else:
        return run_alike(run, s, takes, False)
    try:
        for k in range(s.nin):
            originals[k] = NULL
        for k in range(s.nin):
            if s.classes[k] != OBJECT or s.same[k]:
                continue
            for j in range(s.nin + s.nout):
                plain = plain and (j == k or s.regs[j] != s.regs[k])
            new = converted(run.regs[s.regs[k]].obj, s.numbers[k], s.descrs[k]) if plain else NULL
            if new == NULL:
                plain = False
                break
            originals[k], run.regs[s.regs[k]].obj = run.regs[s.regs[k]].obj, new
        done = run_alike(run, s, takes, True) if plain else 0
    finally:
        for k in range(s.nin):
            if originals[k] == NULL:
                continue
            if plain and takes >> k & 1 and done:
                decref(originals[k])
            else:
                put_object(&run.regs[s.regs[k]], originals[k])
    return 0 if plain and done else call_ufunc(run, s, takes)


cdef PyObject *converted(PyObject *o, int number, PyObject *descr) except? NULL:
    """A copy of an array of few items, of another type; NULL, no exception set: NumPy is to do that."""
    cdef npy_intp k, n, source, target
    cdef int order = array_flags(o) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
    cdef PyObject *new
    n = array_size(o)
    if not order or not array_flags(o) & NPY_ARRAY_ALIGNED or n > FEW or not array_native(o):
        return NULL
    new = try_array_new(descr, array_rank(o), array_dims(o), NULL, NULL, order == NPY_ARRAY_F_CONTIGUOUS)
    if new == NULL:
        return NULL
    source, target = array_item_size(o), array_item_size(new)
    for k in range(n):
        if convert(
            array_number(o), array_data(o) + k * source, number, array_data(new) + k * target, True, False
        ) < 0:
            decref(new)
            return NULL
    return new


cdef int run_alike(Run *run, Ufunc *s, uint64_t takes, bint converted) except -1:
    """A ufunc on arrays of its loop's types. 1: done; 0, of converted ones only: NumPy is to do it."""
    cdef Payload buffers[MOST_OPERANDS]
    cdef char *ptrs[MOST_OPERANDS]
    cdef npy_intp strides[MOST_OPERANDS]
    cdef PyObject *objects[MOST_OPERANDS]
    cdef PyObject *lead = NULL
    cdef PyObject *o
    cdef int k, order = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS
    cdef bint flat = True
    for k in range(s.nin):
        objects[k] = NULL
        if s.classes[k] != OBJECT:
            if scalar_operand(run, s, k, &buffers[k], &ptrs[k]) < 0:
                return otherwise(run, s, takes, converted)
            strides[k] = 0
            continue
        o = run.regs[s.regs[k]].obj
        if not array_flags(o) & NPY_ARRAY_ALIGNED:
            return otherwise(run, s, takes, converted)
        objects[k] = o
        ptrs[k] = array_data(o)
        if array_rank(o) == s.rank and (lead == NULL or array_size(lead) == 1):
            lead = o
    for k in range(s.nin if lead != NULL else 0):
        o = objects[k]
        if o == NULL:
            continue
        if array_rank(o) == s.rank and (o == lead or same_dims(array_dims(o), array_dims(lead), s.rank)):
            strides[k] = s.sizes[k]
            order &= array_flags(o)
        elif array_size(o) == 1:
            strides[k] = 0
        else:
            flat = False
            break
    if lead == NULL:
        return otherwise(run, s, takes, converted)
    if not flat or not order:
        if converted:  # NumPy's buffers may be filled in another order
            return 0
        run_strided(run, s, takes, objects, ptrs)
        return 1
    order = NPY_ARRAY_F_CONTIGUOUS if not order & NPY_ARRAY_C_CONTIGUOUS else NPY_ARRAY_C_CONTIGUOUS
    cdef PyObject *outs[MOST_OPERANDS]
    make_outputs(run, s, takes, objects, array_dims(lead), order, outs)
    for k in range(s.nout):
        ptrs[s.nin + k] = array_data(outs[k])
        strides[s.nin + k] = s.sizes[s.nin + k]
    if run_flat(s, ptrs, strides, array_size(outs[0])) < 0:
        for k in range(s.nout):
            decref(outs[k])
        return -1
    finish(run, s, takes, outs)
    return 1


cdef inline int otherwise(Run *run, Ufunc *s, uint64_t takes, bint converted) except -1:
    """Leave it to the ufunc: at once, or when the operands are again what they were."""
    if converted:
        return 0
    call_ufunc(run, s, takes)
    return 1


cdef inline int finish(Run *run, Ufunc *s, uint64_t takes, PyObject **outs) except -1:
    """Drop the operands that were read for the last time; put the outputs in their registers."""
    cdef int k
    for k in range(s.nin):
        if takes >> k & 1:
            clear(&run.regs[s.regs[k]])
    for k in range(s.nout):
        put_object(&run.regs[s.regs[s.nin + k]], outs[k])
    return 0


cdef int make_outputs(
    Run *run, Ufunc *s, uint64_t takes, PyObject **objects, npy_intp *dims, int order, PyObject **outs
) except -1:
    """Arrays for the results: an operand that nobody reads any more where it fits, else fresh ones."""
    cdef int k
    cdef PyObject *o
    if s.nout == 1:
        for k in range(s.nin):
            o = objects[k]
            if (
                takes >> k & 1 and s.numbers[k] == s.numbers[s.nin] and array_flags(o) & order
                and array_rank(o) == s.rank and same_dims(array_dims(o), dims, s.rank) and owned(o)
            ):
                outs[0] = o
                run.regs[s.regs[k]].obj = NULL
                return 0
    for k in range(s.nout):
        outs[k] = try_array_new(
            s.descrs[s.nin + k], s.rank, dims, NULL, NULL, order == NPY_ARRAY_F_CONTIGUOUS
        )
        if outs[k] == NULL:
            while k:
                k -= 1
                decref(outs[k])
            return -1
    return 0


cdef int run_strided(Run *run, Ufunc *s, uint64_t takes, PyObject **objects, char **ptrs) except -1:
    """Operands that are strided or broadcast, in an order in which NumPy's result is in C order."""
    cdef Operands o
    cdef PyObject *outs[MOST_OPERANDS]
    cdef int j, k, axis, rank = s.rank
    cdef npy_intp n, outer, inner
    cdef npy_intp *dims
    cdef npy_intp *strides
    for j in range(rank):
        o.dims[j] = 1
    for k in range(s.nin):
        o.ptrs[k] = ptrs[k]
        for j in range(rank):
            o.strides[k][j] = 0
        if objects[k] == NULL:
            continue
        dims, strides = array_dims(objects[k]), array_strides(objects[k])
        axis = rank - array_rank(objects[k])
        for j in range(array_rank(objects[k])):
            n = dims[j]
            if n == 1:
                continue
            if o.dims[axis + j] == 1:
                o.dims[axis + j] = n
            elif o.dims[axis + j] != n:
                return call_ufunc(run, s, takes)
            o.strides[k][axis + j] = strides[j]
    for k in range(s.nin):
        for j in range(rank):
            for axis in range(j):
                outer, inner = o.strides[k][axis], o.strides[k][j]
                outer, inner = (-outer if outer < 0 else outer), (-inner if inner < 0 else inner)
                if outer != 0 and inner > outer:
                    return call_ufunc(run, s, takes)
    make_outputs(run, s, takes, objects, o.dims, NPY_ARRAY_C_CONTIGUOUS, outs)
    for k in range(s.nout):
        o.ptrs[s.nin + k] = array_data(outs[k])
        n = s.sizes[s.nin + k]
        for j in range(rank - 1, -1, -1):
            o.strides[s.nin + k][j] = n
            n *= o.dims[j]
    o.rank = rank
    if iterate(s, &o) < 0:
        for k in range(s.nout):
            decref(outs[k])
        return -1
    finish(run, s, takes, outs)
    return 0


cdef int iterate(Ufunc *s, Operands *o) noexcept:
    """Run the loop over all axes: those that can be are merged, the last one is the loop's own.

    Returns -1 with an exception set if the loop fails.
    """
    cdef int k, j, rank = 0, operands = s.nin + s.nout
    cdef npy_intp total = 1
    cdef bint merge
    cdef PyThreadState *state
    for j in range(o.rank):
        total *= o.dims[j]
        if o.dims[j] == 1:
            continue
        merge = rank > 0
        for k in range(operands):
            if merge and o.strides[k][rank - 1] != o.strides[k][j] * o.dims[j]:
                merge = False
        if merge:
            rank -= 1
            o.dims[rank] *= o.dims[j]
        else:
            o.dims[rank] = o.dims[j]
        for k in range(operands):
            o.strides[k][rank] = o.strides[k][j]
        rank += 1
    if total == 0:
        return 0
    if rank == 0:
        o.dims[0] = 1
        for k in range(operands):
            o.strides[k][0] = 0
        rank = 1
    o.rank = rank
    if total >= WITHOUT_LOCK:
        state = save_thread()
        walk(s, o)
        restore_thread(state)
    else:
        walk(s, o)
    if s.may_fail and error_occurred() != NULL:
        return -1
    return 0


cdef void walk(Ufunc *s, Operands *o) noexcept nogil:
    cdef int k, j, inner = o.rank - 1, operands = s.nin + s.nout
    cdef npy_intp strides[MOST_OPERANDS]
    cdef npy_intp index[MOST_AXES]
    cdef char *ptrs[MOST_OPERANDS]
    for k in range(operands):
        strides[k] = o.strides[k][inner]
    for j in range(o.rank):
        index[j] = 0
    while True:
        for k in range(operands):
            ptrs[k] = o.ptrs[k]
        s.loop(ptrs, &o.dims[inner], strides, s.data)
        j = inner - 1
        while j >= 0:
            index[j] += 1
            if index[j] < o.dims[j]:
                for k in range(operands):
                    o.ptrs[k] += o.strides[k][j]
                break
            for k in range(operands):
                o.ptrs[k] -= o.strides[k][j] * (o.dims[j] - 1)
            index[j] = 0
            j -= 1
        if j < 0:
            return
