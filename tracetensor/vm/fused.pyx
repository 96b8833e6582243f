"""The fused instruction: a run of elementwise operations whose intermediate results nothing else reads.

It holds the instructions that it stands for, its *rows*, and once compiled a kernel (region_code.py) which
does them all in one pass, without temporaries. The kernel computes what NumPy's loops would, bit for bit.
Where shapes do not match, an operand is not plain, or NumPy would order the axes of the results in another
way than C's or Fortran's, and while there is no kernel, the rows are run: nothing has been written then.

The rows count the work that they do; where that was enough, a kernel is asked for, as for loops (native.pyx).
"""

import weakref

cimport numpy as cnp
from cpython.mem cimport PyMem_Calloc, PyMem_Free
import numpy as np

from tracetensor.vm.array cimport (
    NPY_ARRAY_ALIGNED, NPY_ARRAY_C_CONTIGUOUS, NPY_ARRAY_F_CONTIGUOUS, array_data, array_dims, array_flags,
    array_rank, array_size, array_strides, try_array_new,
)
from tracetensor.vm.instructions cimport Opcode
from tracetensor.vm.interpreter cimport Instr
from tracetensor.vm.ownership cimport owned
from tracetensor.vm.registers cimport OBJECT, PY_INT, Payload, Reg, clear, decref, put_object
from tracetensor.vm.ufuncs cimport source_number

from tracetensor.vm import native as tiers

cnp.import_array()

cdef extern from "Python.h":
    ctypedef struct PyThreadState
    PyThreadState *save_thread "PyEval_SaveThread"() nogil
    void restore_thread "PyEval_RestoreThread"(PyThreadState *state) nogil

cdef extern from "convert.h":
    int convert(int source, const void *a, int target, void *b, bint strict, bint weak) nogil

cdef enum:
    WITHOUT_LOCK = 50_000  # items from which a kernel runs without the interpreter's lock
    CALL = 1000  # what running the rows once costs, in operations on one item

LIMITS = {
    "inputs": <int>MOST_INPUTS,
    "outputs": <int>MOST_OUTPUTS,
    "axes": <int>MOST_AXES,
    "complete": <int>MOST_COMPLETE,
}


cdef class FusedSite:
    """What a fused instruction needs. rows: (row of the assembler, pointer of its site) each.

    inputs: arrays first. The others: see fused.pxd.
    """

    def __init__(
        self, operations, inputs, outputs, complete, updated, rows, locations, int rank, bint ordered
    ):
        cdef int k
        cdef Instr *ins
        self.operations, self.inputs, self.outputs = tuple(operations), tuple(inputs), tuple(outputs)
        self.stages = [getattr(row[6], "locations", ()) for row, _ in rows]
        self.locations = (*locations, *[location for stages in self.stages for location in stages])
        self.state = "interpreted"
        dtypes = [np.dtype(char) for _, char in self.outputs]
        self.keep = (tuple(rows), tuple(dtypes))
        self.s.site = <PyObject *>self
        self.s.n_rows, self.s.rank, self.s.ordered = len(rows), rank, ordered
        self.s.n_in, self.s.n_out = len(self.inputs), len(self.outputs)
        operands = [*self.inputs, *((register, OBJECT, char) for register, char in self.outputs)]
        for k, (register, cls, char) in enumerate(operands):
            dtype = np.dtype(char)
            self.s.regs[k], self.s.classes[k] = register, cls
            self.s.numbers[k], self.s.sizes[k] = dtype.num, dtype.itemsize
            if cls == OBJECT and k < self.s.n_in:
                self.s.n_arrays += 1
        for k in range(self.s.n_out):
            self.s.updated[k] = updated[k]
            self.s.descrs[k] = <PyObject *>dtypes[k]
        self.s.n_complete = len(complete)
        for k in range(self.s.n_complete):
            self.s.complete[k] = complete[k]
        ins = <Instr *>PyMem_Calloc(len(rows) + 1, sizeof(Instr))
        if ins == NULL:
            raise MemoryError
        self.s.rows = ins
        for k, (row, pointer) in enumerate(rows):
            ins[k].op, ins[k].takes, ins[k].site = row[0], row[5], <void *><size_t>pointer
            ins[k].dst, ins[k].a, ins[k].b = max(row[1], 0), max(row[2], 0), max(row[3], 0)
            ins[k].c = row[4]
        ins[len(rows)].op = Opcode.HALT

    def __dealloc__(self):
        PyMem_Free(self.s.rows)

    def __str__(self):
        names = " ".join([form.name for form, _ in self.operations])
        results = ", ".join([f"r{r}" for r, _ in self.outputs])
        operands = ", ".join([f"r{r}" for r in dict.fromkeys(r for r, _, _ in self.inputs)])
        return f"{results} = [{names}]({operands})"

    def stage(self, int row, int stage):
        """The number, from 1, of the location of a row, or of a stage of it."""
        for k in range(row if stage else 0):
            stage += len(self.stages[k])
        return len(self.stages) + stage if stage else row + 1

    def place(self, program):
        """Say in which program the instruction is."""
        self.program = weakref.ref(program)

    def owner(self):
        """The program, None if it is gone."""
        return None if self.program is None else self.program()

    def begin(self, source):
        """Note that the kernel is being made from this text."""
        self.source, self.state = source, "asked"

    def refuse(self, reason):
        """Note that there will be no kernel."""
        self.state = reason

    def install(self, library, size_t address):
        """Use a kernel from now on; library: what keeps the code loaded."""
        self.library = library
        self.state = "native"
        self.s.kernel = <Kernel>address


cdef int count(Run *run, Fused *s) except -1:
    """Add what running the rows will cost; ask for the kernel, once, where that has become much."""
    cdef int k
    cdef npy_intp size = 0
    cdef double wanted
    for k in range(s.n_arrays):
        size = max(size, array_size(run.regs[s.regs[k]].obj))
    s.work += <double>size * s.n_rows + CALL
    if s.work < s.hot:
        return 0
    wanted = tiers.thresholds["work"]
    if s.work < wanted or tiers.request is None:
        s.hot = min(wanted, s.work * 1.5)
        return 0
    s.hot = float("inf")
    site = <FusedSite>s.site
    program = site.owner()
    if program is not None and not tiers.request(program, site, "work", s.work):
        s.hot = s.work * 1.5
    return 0


cdef inline bint same_dims(npy_intp *a, npy_intp *b, int rank) noexcept nogil:
    cdef int k
    for k in range(rank):
        if a[k] != b[k]:
            return False
    return True


cdef int run_fused(Run *run, Fused *s, uint64_t takes) except -1:
    """Run the kernel: 1. Where the rows are to be run: 0, and nothing has been done."""
    cdef Payload buffers[MOST_INPUTS]
    cdef PyObject *arrays[MOST_INPUTS]
    cdef Nest nest
    cdef PyObject *lead = NULL
    cdef PyObject *o
    cdef Reg *r
    cdef int k, j, order = NPY_ARRAY_C_CONTIGUOUS | NPY_ARRAY_F_CONTIGUOUS
    cdef uint64_t varying = 0
    cdef bint flat = True
    if s.kernel == NULL:
        count(run, s)
        if s.kernel == NULL:
            return 0
    for k in range(s.n_arrays):
        o = arrays[k] = run.regs[s.regs[k]].obj
        if not array_flags(o) & NPY_ARRAY_ALIGNED or array_rank(o) > s.rank:
            return 0
        nest.places[k] = array_data(o)
        if array_rank(o) == s.rank and (lead == NULL or array_size(lead) == 1):
            lead = o
    if lead == NULL:
        return 0
    for k in range(s.n_arrays, s.n_in):
        r = &run.regs[s.regs[k]]
        if s.classes[k] == PY_INT and r.obj != NULL:
            return 0
        nest.places[k] = <char *>&buffers[k]
        nest.strides[k][0] = 0
        j = source_number(s.classes[k])
        if convert(j, &r.v, s.numbers[k], &buffers[k], True, s.classes[k] == PY_INT) < 0:
            return 0
    for k in range(s.n_arrays):
        o = arrays[k]
        if array_rank(o) == s.rank and (o == lead or same_dims(array_dims(o), array_dims(lead), s.rank)):
            nest.strides[k][0] = s.sizes[k]
            order &= array_flags(o)
            varying |= <uint64_t>1 << k
        elif array_size(o) == 1:
            nest.strides[k][0] = 0
        else:
            flat = False
            break
    if flat and order:
        for j in range(s.n_complete):
            if not s.complete[j] & varying:
                return 0
        for j in range(s.n_out):
            nest.strides[s.n_in + j][0] = s.sizes[s.n_in + j]
        order = NPY_ARRAY_F_CONTIGUOUS if not order & NPY_ARRAY_C_CONTIGUOUS else NPY_ARRAY_C_CONTIGUOUS
        make_outputs(run, s, takes, arrays, array_dims(lead), order, &nest)
        nest.dims[0] = array_size(lead)
        nest.rank = 1
    else:
        if not spread(s, arrays, &nest):
            return 0
        make_outputs(run, s, takes, arrays, nest.dims, NPY_ARRAY_C_CONTIGUOUS, &nest)
        finish_nest(s, &nest)
    walk(s, &nest)
    for k in range(s.n_arrays):
        if takes >> k & 1 and run.regs[s.regs[k]].obj != NULL:
            clear(&run.regs[s.regs[k]])
    return 1


cdef bint spread(Fused *s, PyObject **arrays, Nest *nest) noexcept:
    """Dims and strides of operands that are strided or broadcast; false if a result is not in C order."""
    cdef int k, j, axis, rank = s.rank
    cdef npy_intp n, outer, inner
    cdef uint64_t varying[MOST_AXES]
    for j in range(rank):
        nest.dims[j] = 1
        varying[j] = 0
    for k in range(s.n_in):
        for j in range(rank):
            nest.strides[k][j] = 0
    for k in range(s.n_arrays):
        axis = rank - array_rank(arrays[k])
        for j in range(axis, rank):
            n = array_dims(arrays[k])[j - axis]
            if n == 1:
                continue
            if nest.dims[j] == 1:
                nest.dims[j] = n
            elif nest.dims[j] != n:
                return False
            nest.strides[k][j] = array_strides(arrays[k])[j - axis]
            varying[j] |= <uint64_t>1 << k
            if s.ordered and nest.strides[k][j] == 0:
                return False
    for j in range(rank):
        for k in range(s.n_complete):
            if nest.dims[j] != 1 and not s.complete[k] & varying[j]:
                return False
    for k in range(s.n_arrays):
        for j in range(rank):
            for axis in range(j):
                outer, inner = nest.strides[k][axis], nest.strides[k][j]
                outer, inner = (-outer if outer < 0 else outer), (-inner if inner < 0 else inner)
                if outer != 0 and inner > outer:
                    return False
    return True


cdef int make_outputs(
    Run *run, Fused *s, uint64_t takes, PyObject **arrays, npy_intp *dims, int order, Nest *nest
) except -1:
    """Put arrays for the results in their registers: operands that nobody reads any more, or fresh ones."""
    cdef int k, j
    cdef PyObject *o
    cdef PyObject *outs[MOST_OUTPUTS]
    cdef int source[MOST_OUTPUTS]
    for j in range(s.n_out):
        outs[j], source[j] = NULL, -1
        for k in range(-1, s.n_arrays):
            if k < 0:
                k = s.updated[j]
            o = arrays[k] if k >= 0 else NULL
            if (
                o != NULL and takes >> k & 1 and s.numbers[k] == s.numbers[s.n_in + j]
                and array_flags(o) & order and array_rank(o) == s.rank
                and same_dims(array_dims(o), dims, s.rank) and owned(o)
            ):
                outs[j], source[j] = o, k
                takes &= ~(<uint64_t>1 << k)
                break
        if outs[j] == NULL:
            outs[j] = try_array_new(
                s.descrs[j], s.rank, dims, NULL, NULL, order == NPY_ARRAY_F_CONTIGUOUS
            )
        if outs[j] == NULL:
            while j:
                j -= 1
                if source[j] < 0:
                    decref(outs[j])
            return -1
    for j in range(s.n_out):
        if source[j] >= 0:
            run.regs[s.regs[source[j]]].obj = NULL
        nest.places[s.n_in + j] = array_data(outs[j])
    for j in range(s.n_out):
        put_object(&run.regs[s.regs[s.n_in + j]], outs[j])
    return 0


cdef void finish_nest(Fused *s, Nest *nest) noexcept nogil:
    """Add the strides of the results; merge the axes that can be."""
    cdef int j, k, rank = 0, operands = s.n_in + s.n_out
    cdef npy_intp n
    cdef bint merge
    for k in range(s.n_in, operands):
        n = s.sizes[k]
        for j in range(s.rank - 1, -1, -1):
            nest.strides[k][j] = n
            n *= nest.dims[j]
    for j in range(s.rank):
        if nest.dims[j] == 1:
            continue
        merge = rank > 0
        for k in range(operands):
            if merge and nest.strides[k][rank - 1] != nest.strides[k][j] * nest.dims[j]:
                merge = False
        if merge:
            rank -= 1
            nest.dims[rank] *= nest.dims[j]
        else:
            nest.dims[rank] = nest.dims[j]
        for k in range(operands):
            nest.strides[k][rank] = nest.strides[k][j]
        rank += 1
    if rank == 0:
        nest.dims[0] = 1
        for k in range(operands):
            nest.strides[k][0] = 0
        rank = 1
    nest.rank = rank


cdef void walk(Fused *s, Nest *nest) noexcept:
    """Run the kernel along the last axis, for all places on the others."""
    cdef PyThreadState *state
    cdef int j
    cdef npy_intp total = 1
    for j in range(nest.rank):
        total *= nest.dims[j]
    if total >= WITHOUT_LOCK:
        state = save_thread()
        walk_axes(s, nest)
        restore_thread(state)
    elif total:
        walk_axes(s, nest)


cdef void walk_axes(Fused *s, Nest *nest) noexcept nogil:
    cdef int k, j, inner = nest.rank - 1, operands = s.n_in + s.n_out
    cdef npy_intp strides[MOST_OPERANDS]
    cdef npy_intp index[MOST_AXES]
    for k in range(operands):
        strides[k] = nest.strides[k][inner]
    for j in range(nest.rank):
        index[j] = 0
    while True:
        s.kernel(nest.dims[inner], nest.places, strides)
        j = inner - 1
        while j >= 0:
            index[j] += 1
            if index[j] < nest.dims[j]:
                for k in range(operands):
                    nest.places[k] += nest.strides[k][j]
                break
            for k in range(operands):
                nest.places[k] -= nest.strides[k][j] * (nest.dims[j] - 1)
            index[j] = 0
            j -= 1
        if j < 0:
            return
