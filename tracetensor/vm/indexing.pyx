"""The indexing instructions: elements, views and writes.

Plain cases are computed here, as NumPy does; all others, errors among them, are left to x[index] itself. A
write is done in place where the array is read for the last time and nobody else holds it (ownership.pyx);
else on a copy.
"""

cimport numpy as cnp
from cpython.object cimport PyObject
from libc.stdint cimport INT64_MAX, int64_t
from libc.string cimport memcpy

from tracetensor.vm.array cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, array_base, array_check, array_copy,
    array_data, array_dims, array_flags, array_native, array_number, array_rank, array_strides, array_view,
)
from tracetensor.vm.calls cimport mismatch, silence
from tracetensor.vm.ownership cimport owned, take_for_overwriting, take_for_writing
from tracetensor.vm.registers cimport (
    NUMPY, OBJECT, PY_INT, Payload, Reg, box, clear, decref, incref, put_object, refcnt, unbox,
)
from tracetensor.vm.ufuncs cimport MOST_OPERANDS, Operands, UfuncSite, iterate, scalar_operand, source_number

from tracetensor.graph.ops.indexing import assemble, check_shape, expand, split_index

cnp.import_array()

cdef extern from "Python.h":
    object get "PyObject_GetItem"(PyObject *o, object key)
    int set "PyObject_SetItem"(PyObject *o, object key, PyObject *value) except -1

cdef extern from "convert.h":
    int convert(int source, const void *a, int target, void *b, bint strict, bint weak) nogil


MOST_VIEWS = MOST_STAGES  # that one instruction looks through


cdef class IndexSite:
    """What an indexing instruction needs.

    spec: as in graph/ops/indexing.py; leaves: (register, class) of each leaf; array, value, dst: likewise.
    basic: slices, new axes and integers in registers only; then rank is that of the array.
    stages: sites of the views that are taken of the array first, each with its location. Such a site has no
    array; one with `axes` permutes axes. function: of an accumulation. ufunc, places: of an update.
    exact: the value must broadcast to the part as the output of a ufunc. copies: the view is to be a copy.
    locations: of an update, where its array is read, and where it is written. view: as in setitem.
    """

    def __init__(
        self, spec, leaves, array, dst, dtype, *,
        basic, rank, value=(-1, 0), function=None, ufunc=None, places=0, exact=False, stages=(), axes=None,
        copies=False, locations=(), view=(),
    ):
        cdef int k, j
        given = spec
        if len(stages) > MOST_STAGES or rank > MOST_ENTRIES:
            raise ValueError("too many views, or axes")
        self.locations = (*[location for _, location in stages], *locations)
        self.s.full = all(entry in ("e", "s000") for entry in spec)
        self.s.exact, self.s.copies = exact, copies
        self.s.n_stages = len(stages)
        for k in range(self.s.n_stages):
            self.s.stages[k] = &(<IndexSite>stages[k][0]).s
        self.s.transposes = axes is not None
        for k in range(len(axes) if axes is not None else 0):
            self.s.axes[k] = axes[k]
        if basic:
            spec = expand(spec, rank)
        if len(spec) > MOST_ENTRIES:
            raise ValueError("too many entries in an index")
        rest = iter(leaves)
        self.keep = (given, function, ufunc, leaves, [site for site, _ in stages], axes, view)
        self.s.view = <PyObject *>view if view else NULL
        self.s.spec = <PyObject *>given
        self.s.n, self.s.basic = len(spec), basic
        self.s.array = array[0]
        self.s.value, self.s.value_class = value
        self.s.dst, self.s.dst_class = dst
        self.s.number, self.s.size = dtype.num, dtype.itemsize
        self.s.function = <PyObject *>function if function is not None else NULL
        self.s.ufunc = &(<UfuncSite>ufunc).s if ufunc is not None else NULL
        self.s.places = places
        for k in range(self.s.n):
            entry = spec[k]
            self.s.kinds[k] = {"i": INTEGER, "s": SLICE, "n": NEW_AXIS, "a": LEAF, "e": ELLIPSIS}[entry[0]]
            for j in range(3):
                self.s.regs[k][j] = -1
            if entry in ("i", "a"):
                self.s.regs[k][0], self.s.classes[k][0] = next(rest)
            elif entry[0] == "s":
                for j in range(3):
                    if entry[1 + j] == "1":
                        self.s.regs[k][j], self.s.classes[k][j] = next(rest)

    def describe(self):
        """What loop_code.py goes by: an index in which every axis has its entry."""
        cdef int k, j
        entries = []
        for k in range(self.s.n):
            registers = [self.s.regs[k][j] for j in range(3)]
            entries.append(("isnae"[<int>self.s.kinds[k]], registers))
        return {
            "entries": entries,
            "basic": self.s.basic,
            "array": self.s.array,
            "value": self.s.value,
            "dst": self.s.dst,
            "number": self.s.number,
            "size": self.s.size,
            "axes": self.keep[5],
            "exact": self.s.exact,
            "copies": self.s.copies,
            "places": self.s.places,
            "stages": [site.describe() for site in self.keep[4]],
        }

    def entries(self):
        """The index as text."""
        if self.keep[5] is not None:
            return f".transpose{self.keep[5]}"
        rest = iter([f"r{r}" for r, _ in self.keep[3]])
        shown = []
        for entry in self.keep[0]:
            if entry[0] == "s":
                shown.append(":".join(next(rest) if given == "1" else "" for given in entry[1:]))
            else:
                shown.append({"n": "None", "e": "..."}[entry] if entry in "ne" else next(rest))
        return f"[{', '.join(shown)}]"

    def __str__(self):
        views = "".join([stage.entries() for stage in self.keep[4]])
        place = f"r{self.s.array}{views}{self.entries()}"
        if self.keep[2] is not None:
            return f"r{self.s.dst} = {place} <- {self.keep[2]}"
        if self.s.value < 0 and self.keep[1] is None:
            return f"r{self.s.dst} = {place}"
        how = "" if self.keep[1] is None else f"{self.keep[1].__qualname__} "
        return f"r{self.s.dst} = {place} <- {how}r{self.s.value}"


cdef inline int read_int(Run *run, int r, int cls, int64_t *result) noexcept:
    """The integer in a register; -1 if it is not one of 64 bits."""
    cdef Reg *reg = &run.regs[r]
    if cls == PY_INT:
        if reg.obj != NULL:
            return -1
        result[0] = reg.v.i
        return 0
    if cls == NUMPY + cnp.NPY_INT64:
        result[0] = reg.v.i
        return 0
    if cls == OBJECT:
        return -1
    return convert(source_number(cls), &reg.v, cnp.NPY_INT64, result, True, False)


cdef int clip(
    Run *run, Index *s, int k, npy_intp dim, int64_t *start, int64_t *step, npy_intp *length
) noexcept:
    """Resolve the slice that is entry k of an index, as slice.indices does; -1 if that is not plain."""
    cdef int64_t lower, upper, stop
    step[0] = 1
    if s.regs[k][2] >= 0:
        if read_int(run, s.regs[k][2], s.classes[k][2], step) < 0 or step[0] == 0 or step[0] < -INT64_MAX:
            return -1
    lower, upper = (0, dim) if step[0] > 0 else (-1, dim - 1)
    start[0] = lower if step[0] > 0 else upper
    stop = upper if step[0] > 0 else lower
    if s.regs[k][0] >= 0:
        if read_int(run, s.regs[k][0], s.classes[k][0], start) < 0:
            return -1
        if start[0] < 0:
            start[0] += dim
            if start[0] < lower:
                start[0] = lower
        elif start[0] > upper:
            start[0] = upper
    if s.regs[k][1] >= 0:
        if read_int(run, s.regs[k][1], s.classes[k][1], &stop) < 0:
            return -1
        if stop < 0:
            stop += dim
            if stop < lower:
                stop = lower
        elif stop > upper:
            stop = upper
    length[0] = 0
    if step[0] > 0 and start[0] < stop:
        length[0] = (stop - start[0] - 1) / step[0] + 1
    elif step[0] < 0 and stop < start[0]:
        length[0] = (start[0] - stop - 1) / (-step[0]) + 1
    if length[0] == 0:
        start[0], step[0] = 0, 1
    return 0


cdef struct View:
    char *place
    int rank
    const npy_intp *dims
    const npy_intp *strides
    npy_intp buffers[4][MOST_ENTRIES]


cdef char *narrow(
    Run *run, Index *s, char *place, const npy_intp *own_dims, const npy_intp *own_strides,
    npy_intp *dims, npy_intp *strides, int *rank,
) noexcept:
    """Where the part that a basic index names begins, and its dims and strides; NULL if it is not plain."""
    cdef int64_t i, step
    cdef int k, axis = 0
    rank[0] = 0
    if s.transposes:
        for k in range(s.n):
            dims[k], strides[k] = own_dims[s.axes[k]], own_strides[s.axes[k]]
        rank[0] = s.n
        return place
    for k in range(s.n):
        if s.kinds[k] == SLICE:
            if clip(run, s, k, own_dims[axis], &i, &step, &dims[rank[0]]) < 0:
                return NULL
            strides[rank[0]] = own_strides[axis] * step
            place += i * own_strides[axis]
            rank[0] += 1
            axis += 1
        elif s.kinds[k] == INTEGER:
            if read_int(run, s.regs[k][0], s.classes[k][0], &i) < 0:
                return NULL
            if i < 0:
                i += own_dims[axis]
            if i < 0 or i >= own_dims[axis]:
                return NULL
            place += i * own_strides[axis]
            axis += 1
        else:
            dims[rank[0]] = 1
            strides[rank[0]] = 0
            rank[0] += 1
    return place


cdef inline bint look(Run *run, Index *s, PyObject *o, View *v) noexcept:
    """Apply the stages to the array; false if one is not plain."""
    cdef int k, half
    v.place, v.rank, v.dims, v.strides = array_data(o), array_rank(o), array_dims(o), array_strides(o)
    for k in range(s.n_stages):
        half = 2 * (k & 1)
        v.place = narrow(
            run, s.stages[k], v.place, v.dims, v.strides, v.buffers[half], v.buffers[half + 1], &v.rank
        )
        if v.place == NULL:
            return False
        v.dims, v.strides = v.buffers[half], v.buffers[half + 1]
    return True


cdef char *part(Run *run, Index *s, PyObject *o, npy_intp *dims, npy_intp *strides, int *rank) noexcept:
    """Where the part that stages and a basic index name begins, its dims and strides; NULL if not plain."""
    cdef View v
    if not s.n_stages:
        return narrow(run, s, array_data(o), array_dims(o), array_strides(o), dims, strides, rank)
    if not look(run, s, o, &v):
        return NULL
    return narrow(run, s, v.place, v.dims, v.strides, dims, strides, rank)


cdef inline char *element_at(
    Run *run, Index *s, char *place, const npy_intp *dims, const npy_intp *strides
) noexcept:
    cdef int64_t i
    cdef int k
    for k in range(s.n):
        if read_int(run, s.regs[k][0], s.classes[k][0], &i) < 0:
            return NULL
        if i < 0:
            i += dims[k]
        if i < 0 or i >= dims[k]:
            return NULL
        place += i * strides[k]
    return place


cdef char *element(Run *run, Index *s, PyObject *o) noexcept:
    """The place of the element that an index of integers names; NULL if out of bounds, or not plain."""
    cdef View v
    if not s.n_stages:
        return element_at(run, s, array_data(o), array_dims(o), array_strides(o))
    if not look(run, s, o, &v):
        return NULL
    return element_at(run, s, v.place, v.dims, v.strides)


cdef object axes_of(Index *s):
    return [s.axes[k] for k in range(s.n)]


cdef object view_of(Run *run, Index *s, PyObject *array):
    """The array, or the view of it that the stages make, by NumPy."""
    cdef int k
    cdef object o = <object>array
    for k in range(s.n_stages):
        run.stage = k + 1
        if s.stages[k].transposes:
            o = o.transpose(axes_of(s.stages[k]))
        else:
            o = get(<PyObject *>o, index_object(run, s.stages[k]))
    run.stage = 0
    return o


cdef object boxed(Run *run, int r, int cls):
    cdef PyObject *o = box(&run.regs[r], cls)
    value = <object>o
    decref(o)
    return value


cdef object index_object(Run *run, Index *s):
    """The index as Python would build it."""
    cdef list entries = []
    cdef int k, j
    if s.basic:  # the axes were spelled out; errors are to speak of the index as it was
        for k in range(s.n):
            for j in range(3):
                if s.regs[k][j] >= 0:
                    entries.append(boxed(run, s.regs[k][j], s.classes[k][j]))
        return assemble(<object>s.spec, entries)
    for k in range(s.n):
        if s.kinds[k] == NEW_AXIS:
            entries.append(None)
        elif s.kinds[k] == ELLIPSIS:
            entries.append(Ellipsis)
        elif s.kinds[k] == SLICE:
            parts = [None, None, None]
            for j in range(3):
                if s.regs[k][j] >= 0:
                    parts[j] = boxed(run, s.regs[k][j], s.classes[k][j])
            entries.append(slice(parts[0], parts[1], parts[2]))
        else:
            entries.append(boxed(run, s.regs[k][0], s.classes[k][0]))
    return tuple(entries)


cdef inline int drop_leaves(Run *run, Index *s, uint64_t takes, int first) except -1:
    """Clear the registers of leaves read for the last time; the first leaf is operand `first`."""
    cdef int k, j, operand = first
    if not takes >> first:
        return 0
    for k in range(s.n):
        for j in range(3):
            if s.regs[k][j] >= 0:
                if takes >> operand & 1:
                    clear(&run.regs[s.regs[k][j]])
                operand += 1
    return 0


cdef int get_item(Run *run, Index *s, uint64_t takes) except -1:
    """x[index] by NumPy. Operands: array, leaves."""
    cdef object result
    silence(run)
    array = view_of(run, s, run.regs[s.array].obj)
    result = array.transpose(axes_of(s)) if s.transposes else get(<PyObject *>array, index_object(run, s))
    del array
    if takes & 1:
        clear(&run.regs[s.array])
    drop_leaves(run, s, takes, 1)
    if unbox(&run.regs[s.dst], s.dst_class, <PyObject *>result) < 0:
        mismatch(<PyObject *>result)
    return 0


cdef int load_element(Run *run, Index *s, uint64_t takes) except -1:
    """x[i, j, ...], an integer for each axis: the element goes to a register."""
    cdef PyObject *o = run.regs[s.array].obj
    cdef char *place = element(run, s, o)
    if place == NULL:
        return get_item(run, s, takes)
    if s.size == 8:
        run.regs[s.dst].v.i = (<int64_t *>place)[0]
    else:
        memcpy(&run.regs[s.dst].v, place, s.size)
    if takes:
        clear(&run.regs[s.array])
    return 0


cdef int make_view(Run *run, Index *s, uint64_t takes) except -1:
    """x[index] for a basic index: a view."""
    cdef npy_intp dims[MOST_ENTRIES]
    cdef npy_intp strides[MOST_ENTRIES]
    cdef int rank
    cdef PyObject *o = run.regs[s.array].obj
    cdef PyObject *view
    cdef PyObject *copy
    cdef char *place = part(run, s, o, dims, strides, &rank)
    if place == NULL:
        return get_item(run, s, takes)
    view = array_view(o, rank, dims, strides, place)
    if s.copies:
        try:
            copy = array_copy(view)
        finally:
            decref(view)
        view = copy
    put_object(&run.regs[s.dst], view)
    if takes:
        clear(&run.regs[s.array])
    return 0


cdef inline int scalar_bytes(Run *run, Index *s, void *buffer) noexcept:
    """The value to be written as an item of the array, in the buffer; -1 if that is for NumPy to do."""
    cdef Reg *r = &run.regs[s.value]
    if s.value_class == OBJECT or (s.value_class == PY_INT and r.obj != NULL):
        return -1
    return convert(source_number(s.value_class), &r.v, s.number, buffer, True, s.value_class == PY_INT)


cdef int set_item(Run *run, Index *s, PyObject *target) except -1:
    """target[index] = value by NumPy."""
    cdef PyObject *value
    silence(run)
    array = view_of(run, s, target)
    value = box(&run.regs[s.value], s.value_class)
    try:
        index = index_object(run, s)
        if s.view != NULL:
            first, index = split_index(index, <object>s.view)
            array = get(<PyObject *>array, first)
        if s.exact:
            check_shape(get(<PyObject *>array, index), <object>value)
        set(<PyObject *>array, index, value)
    finally:
        decref(value)
    return 0


cdef int finish_write(Run *run, Index *s, uint64_t takes, PyObject *target) except -1:
    """Drop the operands (array, value, leaves) read for the last time; store the array written."""
    put_object(&run.regs[s.dst], target)
    if takes & 2:
        clear(&run.regs[s.value])
    drop_leaves(run, s, takes, 2)
    return 0


cdef int store_element(Run *run, Index *s, uint64_t takes) except -1:
    """x[i, j, ...] = scalar. Operands: array, value, leaves."""
    cdef Payload item
    cdef PyObject *target
    cdef char *place
    if scalar_bytes(run, s, &item) < 0:
        return write_by_numpy(run, s, takes)
    target = take_for_writing(&run.regs[s.array], takes & 1)
    place = element(run, s, target)
    if place == NULL:
        return write_rest(run, s, takes, target)
    if s.size == 8:
        (<int64_t *>place)[0] = item.i
    else:
        memcpy(place, &item, s.size)
    put_object(&run.regs[s.dst], target)
    return 0


cdef int write_by_numpy(Run *run, Index *s, uint64_t takes) except -1:
    return write_rest(run, s, takes, take_for_writing(&run.regs[s.array], takes & 1))


cdef int put_back(Run *run, Index *s, PyObject *target) except -1:
    """Let a taken array stand in its register again, for those who catch the exception."""
    if run.regs[s.array].obj == NULL:
        run.regs[s.array].obj = target
    else:
        decref(target)
    return 0


cdef int write_rest(Run *run, Index *s, uint64_t takes, PyObject *target) except -1:
    """Write by NumPy. Where it raises, a taken array is put back as it was."""
    try:
        set_item(run, s, target)
    except BaseException:
        put_back(run, s, target)
        raise
    finish_write(run, s, takes, target)
    return 0


cdef inline int taken_view(Run *run, int r, PyObject *o) noexcept:
    """1 if a register that is read for the last time holds a view of the array that nobody else holds."""
    cdef PyObject *value = run.regs[r].obj
    return array_check(value) and array_base(value) == o and refcnt(value) == 1


cdef bint sole_reader(PyObject *o, int views):
    """Whether the only other references to the array are from that many views of it, which end here:
    x[1:] = x[:-1] can be done in place by what minds overlap.
    """
    cdef bint sole
    cdef int _
    if not views or refcnt(o) != 1 + views:
        return False
    for _ in range(views):
        decref(o)  # as it will be when the views are gone
    sole = owned(o)
    for _ in range(views):
        incref(o)
    return sole


cdef inline bint same_shape(PyObject *value, const npy_intp *dims, int rank) noexcept:
    cdef int k
    if array_rank(value) != rank:
        return False
    for k in range(rank):
        if array_dims(value)[k] != dims[k]:
            return False
    return True


cdef inline bint whole(PyObject *o) noexcept:
    """Whether an array may be written to, and is all of its memory."""
    return owned(o) and (array_base(o) == NULL or not array_check(array_base(o)))


cdef bint replace(Run *run, Index *s, uint64_t takes) except -1:
    """x[...] = value where the value, or a copy, can be the result: it is laid out in memory as x is."""
    cdef PyObject *o = run.regs[s.array].obj
    cdef PyObject *value = run.regs[s.value].obj
    cdef int order
    if not array_check(value) or array_number(value) != s.number or not array_native(value):
        return False
    order = array_flags(o) & array_flags(value) & (NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS)
    if not order or not same_shape(value, array_dims(o), array_rank(o)):
        return False
    if takes & 2 and whole(value):
        run.regs[s.value].obj = NULL
    elif takes & 1 and owned(o):
        return False
    else:
        value = array_copy(value)
        if takes & 2:
            clear(&run.regs[s.value])
    if takes & 1:
        clear(&run.regs[s.array])
    put_object(&run.regs[s.dst], value)
    return True


cdef int write(Run *run, Index *s, uint64_t takes) except -1:
    """x[index] = value. Operands: array, value, leaves."""
    cdef npy_intp dims[MOST_ENTRIES]
    cdef npy_intp strides[MOST_ENTRIES]
    cdef int rank
    cdef PyObject *target = run.regs[s.array].obj
    cdef PyObject *value
    cdef char *place
    cdef Payload item
    if s.value_class == OBJECT:
        if s.full and not s.n_stages and replace(run, s, takes):
            return 0
        if takes & 3 == 3 and sole_reader(target, taken_view(run, s.value, target)):
            run.regs[s.array].obj = NULL
            return write_rest(run, s, takes, target)
    target = take_for_writing(&run.regs[s.array], takes & 1)
    if not s.basic:
        return write_rest(run, s, takes, target)
    place = part(run, s, target, dims, strides, &rank)
    if place == NULL:
        return write_rest(run, s, takes, target)
    if s.value_class != OBJECT:
        if scalar_bytes(run, s, &item) < 0:
            return write_rest(run, s, takes, target)
        fill(place, dims, strides, rank, <char *>&item, s.size)
    else:
        value = run.regs[s.value].obj
        if not array_check(value) or array_number(value) != s.number or (
            s.exact and array_rank(value) > rank
        ) or not paste(place, dims, strides, rank, value, s.size):
            return write_rest(run, s, takes, target)
    finish_write(run, s, takes, target)
    return 0


cdef void copy_items(
    char *target, npy_intp stride, const char *source, npy_intp source_stride, npy_intp n, int size
) noexcept nogil:
    """Copy n items of one axis."""
    cdef npy_intp k
    if stride == size and source_stride == size:
        memcpy(target, source, n * size)
    elif size == 8:
        for k in range(n):
            (<int64_t *>(target + k * stride))[0] = (<int64_t *>(source + k * source_stride))[0]
    elif size == 1:
        for k in range(n):
            target[k * stride] = source[k * source_stride]
    elif size == 4:
        for k in range(n):
            (<int *>(target + k * stride))[0] = (<int *>(source + k * source_stride))[0]
    else:
        for k in range(n):
            memcpy(target + k * stride, source + k * source_stride, size)


cdef void copy_axes(
    char *target, const npy_intp *strides, const char *source, const npy_intp *source_strides,
    const npy_intp *dims, int rank, int size,
) noexcept nogil:
    cdef npy_intp k
    if rank == 0:
        memcpy(target, source, size)
    elif rank == 1:
        copy_items(target, strides[0], source, source_strides[0], dims[0], size)
    else:
        for k in range(dims[0]):
            copy_axes(
                target + k * strides[0], strides + 1, source + k * source_strides[0], source_strides + 1,
                dims + 1, rank - 1, size,
            )


cdef void fill(
    char *place, const npy_intp *dims, const npy_intp *strides, int rank, const char *item, int size
) noexcept nogil:
    """Write one item everywhere."""
    cdef npy_intp zeros[MOST_ENTRIES]
    cdef int k
    for k in range(rank):
        zeros[k] = 0
    copy_axes(place, strides, item, zeros, dims, rank, size)


cdef bint paste(
    char *place, const npy_intp *dims, const npy_intp *strides, int rank, PyObject *value, int size
) noexcept nogil:
    """Copy an array of the same item type, which shares no memory with the place; false if left to NumPy."""
    cdef npy_intp source_strides[MOST_ENTRIES]
    cdef npy_intp *own_dims = array_dims(value)
    cdef npy_intp *own_strides = array_strides(value)
    cdef int k, own_rank = array_rank(value), lead = rank - own_rank
    cdef npy_intp total = 1
    if lead < 0:
        return False
    for k in range(rank):
        total *= dims[k]
        if k < lead or own_dims[k - lead] == 1:
            source_strides[k] = 0
        elif own_dims[k - lead] == dims[k]:
            source_strides[k] = own_strides[k - lead]
        else:
            return False
    if total > 100_000 and rank > 1:
        return False  # NumPy chooses a better order of the axes, and frees the lock
    copy_axes(place, strides, array_data(value), source_strides, dims, rank, size)
    return True


cdef int accumulate(Run *run, Index *s, uint64_t takes) except -1:
    """ufunc.at(x, index, value). Operands: array, value, leaves."""
    cdef PyObject *target = take_for_writing(&run.regs[s.array], takes & 1)
    silence(run)
    try:
        array = view_of(run, s, target)
        (<object>s.function)(array, index_object(run, s), boxed(run, s.value, s.value_class))
    except BaseException:
        put_back(run, s, target)
        raise
    finish_write(run, s, takes, target)
    return 0


cdef int update(Run *run, Index *s, uint64_t takes) except -1:
    """x[index] = ufunc(..., x[index], ...), in place. Operands: array, the ufunc's other inputs, leaves."""
    cdef Ufunc *u = s.ufunc
    cdef Operands o
    cdef Payload buffers[MOST_OPERANDS]
    cdef npy_intp dims[MOST_ENTRIES]
    cdef npy_intp strides[MOST_ENTRIES]
    cdef PyObject *target = run.regs[s.array].obj
    cdef int k, j, rank
    cdef char *place
    if takes & 1 and sole_reader(target, views_taken(run, s, takes, target)):
        run.regs[s.array].obj = NULL
        return update_by_numpy(run, s, takes, target)
    if s.places or not s.full or s.n_stages:
        target = take_for_writing(&run.regs[s.array], takes & 1)
    else:
        target = take_for_overwriting(&run.regs[s.array], takes & 1)
    place = part(run, s, target, dims, strides, &rank)
    if place == NULL or rank > MOST_AXES or not array_flags(target) & NPY_ARRAY_ALIGNED:
        return update_by_numpy(run, s, takes, target)
    for k in range(u.nin):
        if s.places >> k & 1:
            o.ptrs[k] = place
            for j in range(rank):
                o.strides[k][j] = strides[j]
        elif u.classes[k] != OBJECT:
            for j in range(rank):
                o.strides[k][j] = 0
            if scalar_operand(run, u, k, &buffers[k], &o.ptrs[k]) < 0:
                return update_by_numpy(run, s, takes, target)
        elif not u.same[k] or not spread(run.regs[u.regs[k]].obj, dims, rank, &o, k):
            return update_by_numpy(run, s, takes, target)
    for j in range(rank):
        o.dims[j] = dims[j]
        o.strides[u.nin][j] = strides[j]
    o.ptrs[u.nin] = place
    o.rank = rank
    if iterate(u, &o) < 0:
        put_back(run, s, target)
        return -1
    finish_update(run, s, takes, target)
    return 0


cdef bint spread(PyObject *value, const npy_intp *dims, int rank, Operands *o, int k) noexcept:
    """Make an array operand k, broadcast to the dims; false if that is not plain."""
    cdef int j, lead = rank - array_rank(value)
    cdef npy_intp *own_dims = array_dims(value)
    if lead < 0 or not array_flags(value) & NPY_ARRAY_ALIGNED:
        return False
    o.ptrs[k] = array_data(value)
    for j in range(lead):
        o.strides[k][j] = 0
    for j in range(rank - lead):
        if own_dims[j] != 1 and own_dims[j] != dims[lead + j]:
            return False
        o.strides[k][lead + j] = array_strides(value)[j] if own_dims[j] != 1 else 0
    return True


cdef int views_taken(Run *run, Index *s, uint64_t takes, PyObject *target) noexcept:
    """How many operands of an update are views of its array that end here."""
    cdef int k, operand = 1, views = 0
    for k in range(s.ufunc.nin):
        if not s.places >> k & 1:
            if takes >> operand & 1 and s.ufunc.classes[k] == OBJECT:
                views += taken_view(run, s.ufunc.regs[k], target)
            operand += 1
    return views


cdef int finish_update(Run *run, Index *s, uint64_t takes, PyObject *target) except -1:
    cdef int k, operand = 1
    if takes & 1:
        clear(&run.regs[s.array])
    put_object(&run.regs[s.dst], target)
    for k in range(s.ufunc.nin):
        if not s.places >> k & 1:
            if takes >> operand & 1:
                clear(&run.regs[s.ufunc.regs[k]])
            operand += 1
    drop_leaves(run, s, takes, operand)
    return 0


cdef int update_by_numpy(Run *run, Index *s, uint64_t takes, PyObject *target) except -1:
    """The same by NumPy: at once if the update is one in place, else read, compute, write."""
    cdef Ufunc *u = s.ufunc
    cdef int k
    silence(run)
    try:
        array = view_of(run, s, target)
        index = index_object(run, s)
        if s.view != NULL:
            first, index = split_index(index, <object>s.view)
            array = get(<PyObject *>array, first)
        run.stage = s.n_stages + 1
        old = get(<PyObject *>array, index)
        run.stage = 0
        values = [
            old if s.places >> k & 1 else boxed(run, u.regs[k], u.classes[k]) for k in range(u.nin)
        ]
        if s.exact:
            (<object>u.ufunc)(*values, out=old)
        else:
            new = (<object>u.ufunc)(*values)
            run.stage = s.n_stages + 2
            set(<PyObject *>array, index, <PyObject *>new)
            run.stage = 0
    except BaseException:
        put_back(run, s, target)
        raise
    finish_update(run, s, takes, target)
    return 0
