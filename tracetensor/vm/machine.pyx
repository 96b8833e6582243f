"""Programs: compiled graphs, ready to run. The instructions are run by interpreter.pyx."""

cimport numpy as cnp
from cpython.mem cimport PyMem_Calloc, PyMem_Free, PyMem_Malloc
from cpython.object cimport PyObject
from libc.stdint cimport uint8_t, uint64_t
from libc.string cimport memcpy

from tracetensor.vm.array cimport (
    array_check, array_data, array_descr, array_dims, array_flags, array_native, array_new, array_number,
    array_rank, array_strides, equivalent,
)
from tracetensor.vm.calls cimport NEVER, CallSite, Run, unsilence
from tracetensor.vm.fused cimport FusedSite
from tracetensor.vm.indexing cimport IndexSite
from tracetensor.vm.instructions cimport Opcode
from tracetensor.vm.interpreter cimport Instr, interpret
from tracetensor.vm.native cimport LoopSite
from tracetensor.vm.ownership cimport Holder
from tracetensor.vm.registers cimport (
    OBJECT, PY_INT, Reg, box, clear, decref, incref, is_numbers, put_int, put_object, unbox,
    xdecref,
)
from tracetensor.vm.ufuncs cimport UfuncSite

from tracetensor.errors import Deoptimise, TracerSignal
from tracetensor.graph.catching import matching, set_context
from tracetensor.graph.types import TensorType
from tracetensor.vm.instructions import check, disassemble
from tracetensor.vm.traceback import add_user_frames

cdef extern from "Python.h":
    void error_fetch "PyErr_Fetch"(PyObject **kind, PyObject **value, PyObject **trace)
    void error_normalise "PyErr_NormalizeException"(PyObject **kind, PyObject **value, PyObject **trace)
    void error_restore "PyErr_Restore"(PyObject *kind, PyObject *value, PyObject *trace)
    int set_traceback "PyException_SetTraceback"(PyObject *value, PyObject *trace)

cnp.import_array()


SITE_WORK = 5.0
"""What an instruction with a site costs, on numbers or arrays, about; one without costs 1."""


cdef class Program:
    """A compiled graph: program(*args) -> list of output values. Immutable; runs in many threads at once."""

    def __init__(self, graph, donated, instructions, classes, types, constants, outputs, handlers, spared):
        """instructions: assembler.Row; types: of registers, or None; constants: {register: value};
        outputs: (register, whether this is its last use); handlers: assembler.Handler, inner ones first;
        spared: assembler.Spared.
        """
        cdef int k, r
        cdef Instr *ins
        self.graph = graph
        self.donated = frozenset(donated)
        self.instructions = instructions
        self.kept = [constants, types]
        self.handlers = handlers
        self.spared = spared
        self.n_code = len(instructions)
        self.n_registers = max(len(classes), 1)
        self.n_inputs = len(graph.inputs)
        self.n_outputs = len(outputs)
        self.code = <Instr *>allocate(self.n_code * sizeof(Instr))
        self.classes = <uint8_t *>allocate(self.n_registers)
        self.template = <Reg *>allocate(self.n_registers * sizeof(Reg))
        self.cleanup = <int *>allocate(self.n_registers * sizeof(int))
        self.inputs = <Input *>allocate(self.n_inputs * sizeof(Input))
        self.outputs = <int *>allocate(self.n_outputs * sizeof(int))
        self.takes = <uint8_t *>allocate(self.n_outputs)
        for k, row in enumerate(instructions):
            opcode, dst, a, b, c, takes, site = row[:7]
            check(opcode, dst, a, b, c, site)
            ins = &self.code[k]
            ins.op, ins.c, ins.takes, ins.site = opcode, c, takes, site_pointer(site)
            ins.dst, ins.a, ins.b = max(dst, 0), max(a, 0), max(b, 0)
            if opcode == Opcode.LOOP_HEAD:
                inside = instructions[k:row[8][0]]
                (<LoopSite>site).place(
                    self, k, row[8][0], sum([1.0 if line[6] is None else SITE_WORK for line in inside])
                )
            elif opcode == Opcode.FUSED:
                (<FusedSite>site).place(self)
            elif isinstance(site, CallSite) and (<CallSite>site).s.nargs:
                if (<CallSite>site).s.args[0] in constants:  # whose registers must keep what they hold
                    (<CallSite>site).s.touches = NEVER
        for k, cls in enumerate(classes):
            self.classes[k] = cls
            if k not in constants and cls in (OBJECT, PY_INT):
                self.cleanup[self.n_cleanup] = k
                self.n_cleanup += 1
        for r, value in constants.items():
            if unbox(&self.template[r], self.classes[r], <PyObject *>value) < 0:
                raise TypeError(f"the constant {value!r} is not of its type")
        for k, variable in enumerate(graph.inputs):
            self._describe_input(k, variable.type)
        for k, (r, last) in enumerate(outputs):
            self.outputs[k], self.takes[k] = r, last

    def _describe_input(self, int k, type_):
        self.inputs[k].cls = self.classes[k]
        self.inputs[k].number = -1
        self.inputs[k].donated = False
        if isinstance(type_, TensorType) and type_.is_array and type_.dtype.isnative:
            self.inputs[k].number = type_.dtype.num
            self.inputs[k].rank = type_.ndim
            self.inputs[k].donated = k in self.donated
            self.any_donated |= self.inputs[k].donated

    def __dealloc__(self):
        cdef int k
        for k in range(self.n_free):
            PyMem_Free(self.free_frames[k])
        if self.template != NULL:
            for k in range(self.n_registers):
                clear(&self.template[k])
        PyMem_Free(self.code)
        PyMem_Free(self.classes)
        PyMem_Free(self.template)
        PyMem_Free(self.cleanup)
        PyMem_Free(self.inputs)
        PyMem_Free(self.outputs)
        PyMem_Free(self.takes)

    def __call__(self, *args):
        cdef PyObject *small[16]
        cdef PyObject **values = small
        cdef Py_ssize_t k, n = len(args)
        if n > 16:
            values = <PyObject **>allocate(n * sizeof(PyObject *))
        for k in range(n):
            values[k] = <PyObject *>args[k]
        try:
            return self.execute(values, n, False, 0, False)
        finally:
            if values != small:
                PyMem_Free(values)

    def __str__(self):
        lines = [f"program of {self.graph.name}: {self.n_inputs} inputs, {self.n_registers} registers"]
        for k, row in enumerate(self.instructions):
            lines.append(disassemble(k, *row[:7]))
        lines.append("returns " + ", ".join(f"r{self.outputs[k]}" for k in range(self.n_outputs)))
        return "\n".join(lines)

    def __repr__(self):
        return f"<program of {self.graph.name}: {self.n_code} instructions>"

    def describe(self):
        """What loop_code.Contents has."""
        classes = [self.classes[k] for k in range(self.n_registers)]
        outputs = [self.outputs[k] for k in range(self.n_outputs)]
        return self.instructions, classes, self.kept[1], self.kept[0], outputs, self.handlers, self.spared

    def loop_states(self):
        """(location, state) of each outermost loop; see native.pyx."""
        return [(row[7], row[6].state) for row in self.instructions if row[0] == Opcode.LOOP_HEAD]

    def regions(self):
        """The sites of the fused elementwise regions."""
        return [row[6] for row in self.instructions if row[0] == Opcode.FUSED]

    def loops(self):
        """The sites of the outermost loops."""
        return [row[6] for row in self.instructions if row[0] == Opcode.LOOP_HEAD]

    def __reduce__(self):
        from tracetensor.vm.compiler import recompile

        return recompile, (self.graph, self.donated)

    def __copy__(self):
        return self

    def __deepcopy__(self, memo):
        return self

    cdef Reg *acquire(self) except NULL:
        """A register file with the constants in place."""
        cdef Reg *regs
        if self.n_free:
            self.n_free -= 1
            return self.free_frames[self.n_free]
        regs = <Reg *>PyMem_Malloc(self.n_registers * sizeof(Reg))
        if regs == NULL:
            raise MemoryError
        memcpy(regs, self.template, self.n_registers * sizeof(Reg))  # constants stay the template's
        return regs

    cdef void release(self, Reg *regs):
        """Take a register file back: it holds constants only."""
        cdef int k
        for k in range(self.n_cleanup):
            if regs[self.cleanup[k]].obj != NULL:
                clear(&regs[self.cleanup[k]])
        if self.n_free < 32:
            self.free_frames[self.n_free] = regs
            self.n_free += 1
        else:
            PyMem_Free(regs)

    cdef int load(self, Reg *regs, PyObject **args, uint64_t gives) except -1:
        """Put the arguments in their registers; raises Deoptimise for one that is not of its type."""
        cdef int k
        cdef PyObject *o
        cdef Input *wanted
        for k in range(self.n_inputs):
            o = args[k]
            wanted = &self.inputs[k]
            if wanted.number >= 0:
                if not array_check(o) or not array_native(o) or array_rank(o) != wanted.rank or not (
                    array_number(o) == wanted.number or equivalent(array_number(o), wanted.number)
                ):
                    raise Deoptimise(f"argument {k} is not a {self.graph.inputs[k].type!r}")
                if wanted.donated:
                    wrapper = wrap_donated(<object>o)
                    incref(<PyObject *>wrapper)
                    regs[k].obj = <PyObject *>wrapper
                elif gives >> k & 1:
                    regs[k].obj, args[k] = o, NULL
                else:
                    incref(o)
                    regs[k].obj = o
            elif unbox(&regs[k], wanted.cls, o) < 0:
                raise Deoptimise(f"argument {k} is not a {self.graph.inputs[k].type!r}")
        return 0

    cdef object result(self, Reg *regs, int k):
        """The value of output k."""
        cdef int r = self.outputs[k], cls = self.classes[r]
        cdef PyObject *o
        cdef object value
        if cls == OBJECT and self.takes[k] and not is_numbers(regs[r].obj):
            o = regs[r].obj
            regs[r].obj = NULL
        else:
            o = box(&regs[r], cls)
        value = <object>o
        decref(o)
        if cls == OBJECT:
            if array_check(o):
                return self.outward(value)
            if isinstance(value, list):
                if r in <dict>self.kept[0]:
                    value = list(value)
                if self.any_donated:
                    for j, item in enumerate(value):
                        if cnp.PyArray_CheckExact(item):
                            value[j] = self.outward(item)
        return value

    cdef object outward(self, cnp.ndarray array):
        """An output as the caller may see it: no constant of ours, and a donated array as the array given."""
        cdef object root
        if not self.any_donated and cnp.PyArray_ISWRITEABLE(array):
            return array
        root = array
        while cnp.PyArray_CheckExact(root) and cnp.get_array_base(root) is not None:
            root = cnp.get_array_base(root)
        if type(root) is Holder:
            if cnp.get_array_base(array) is root:
                return (<Holder>root).array
            return with_base(array, (<Holder>root).array)
        for value in (<dict>self.kept[0]).values():
            if value is root:
                return array.copy(order="K")
        return array

    cdef object execute(self, PyObject **args, Py_ssize_t n, bint single, uint64_t gives, bint silent):
        """Run on n arguments; the list of outputs, or the first output.

        gives: bits of the arguments whose references are the program's; they are NULL afterwards. silent:
        NumPy ignores floating-point errors already.
        """
        cdef Run run
        cdef Reg *regs
        cdef int k, start = 0
        cdef dict pending = None  # exceptions caught whose tracebacks are not made yet
        if n != self.n_inputs:
            raise TypeError(f"{self.graph.name} takes {self.n_inputs} arguments, not {n}")
        regs = self.acquire()
        run.regs, run.classes, run.token, run.pc, run.stage = regs, self.classes, NULL, -1, 0
        run.code, run.silent = self.code, silent
        run.program, run.recover, run.pending = <PyObject *>self, recover_within, NULL
        if self.handlers:
            pending = {}
            run.pending = <PyObject *>pending
        try:
            self.load(regs, args, gives)
            while start >= 0:
                try:
                    interpret(self.code, &run, start)
                    break
                except BaseException as exception:
                    if self.handlers:
                        start = self.recover(&run, exception, pending, 0, self.n_code)
                    else:
                        start = -1
                    if start < 0:
                        raise exception  # alone, `raise` would put the old traceback back
            if single:
                return self.result(regs, 0)
            return [self.result(regs, k) for k in range(self.n_outputs)]
        except BaseException as exception:
            if run.pc >= 0 and not isinstance(exception, TracerSignal):
                self.explain(&run, exception)
            raise exception
        finally:
            if run.token != NULL:
                unsilence(&run)
            self.release(regs)

    cdef object location(self, Run *run):
        """The user's line that the instruction stands for."""
        site, location = self.instructions[run.pc][6:8]
        if run.stage:
            location = site.locations[run.stage - 1] or location
        return location

    cdef int recover(self, Run *run, object exception, dict pending, int first, int stop) except -2:
        """The instruction at which to go on after an exception that the program catches; -1 if it does not,
        or if that is not between first and stop: then nothing has changed.

        The traceback of what is caught is made when it can be seen: if the exception is raised again, or is
        the context of another that is; at once where the handler does more with it. `pending` has the others.
        """
        cdef int pc = run.pc, code = 0, number = -1
        raised, place = exception, self.spared.get(pc, (0, ()))
        if place is None:
            return -1
        for found in self.handlers:
            if found.first <= pc < found.stop and found.classes is not None:
                code = matching(exception, found.classes)
                if code:
                    break
        if (code or first > 0) and not (code and first <= found.target < stop):
            return -1
        finish_traceback(pending, exception)
        source, empty = place
        for r in empty:
            incref(run.regs[<int>source].obj)
            put_object(&run.regs[<int>r], run.regs[<int>source].obj)
        for handler in self.handlers:
            number += 1
            if not handler.first <= pc < handler.stop:
                continue
            if handler.classes is None:
                handled = <object>run.regs[handler.exception].obj
                finish_traceback(pending, handled)
                set_context(raised, handled)
                raised = handled
            elif code and handler is found:
                location = self.location(run)[max(handler.depth - 1, 0):]
                if handler.wanted:
                    add_user_frames(exception, location)
                else:
                    pending[number] = (exception, location)
                put_int(&run.regs[<int>handler.code], code)
                unbox(&run.regs[<int>handler.exception], OBJECT, <PyObject *>exception)
                run.stage = 0
                return handler.target
        return -1

    cdef object explain(self, Run *run, object exception):
        """Let the traceback end at the user's line that the instruction stands for."""
        location = self.location(run)
        if location or self.handlers:
            add_user_frames(exception, location)


cdef int recover_within(Run *run, int first, int stop) noexcept:
    """As Program.recover, for the exception that is set; it stays so where that says -1."""
    cdef PyObject *kind
    cdef PyObject *value
    cdef PyObject *trace
    cdef int target = -1
    error_fetch(&kind, &value, &trace)
    error_normalise(&kind, &value, &trace)
    if trace != NULL:
        set_traceback(value, trace)
    try:
        target = (<Program>run.program).recover(run, <object>value, <dict>run.pending, first, stop)
    except BaseException:  # such as an interrupt: what was raised stands
        target = -1
    if target < 0:
        error_restore(kind, value, trace)
        return -1
    decref(kind)
    decref(value)
    xdecref(trace)
    return target


cdef int finish_traceback(dict pending, object exception) except -1:
    """Make the traceback of an exception that was caught, if that was put off."""
    cdef object number, found, location
    for number, (found, location) in list(pending.items()):
        if found is exception:
            del pending[number]
            add_user_frames(found, location)
    return 0


cdef void *allocate(size_t size) except NULL:
    cdef void *memory = PyMem_Calloc(size + 1, 1)
    if memory == NULL:
        raise MemoryError
    return memory


cdef void *site_pointer(object site):
    """What an instruction points at: the C structure in its site, if it has one."""
    if site is None:
        return NULL
    if isinstance(site, CallSite):
        return &(<CallSite>site).s
    if isinstance(site, UfuncSite):
        return &(<UfuncSite>site).s
    if isinstance(site, IndexSite):
        return &(<IndexSite>site).s
    if isinstance(site, FusedSite):
        return &(<FusedSite>site).s
    if isinstance(site, LoopSite):
        return &(<LoopSite>site).s
    return <void *>site


def address_of_site(site):
    """What an instruction with this site points at, as a number."""
    return <size_t>site_pointer(site)


cdef object wrap_donated(cnp.ndarray array):
    """Another array object over the same memory, that looks as if it owned it."""
    if not cnp.PyArray_ISWRITEABLE(array):
        return array
    return with_base(array, Holder(array))


cdef object with_base(cnp.ndarray array, object base):
    """Another array object over the same memory, with this base."""
    cdef PyObject *o = <PyObject *>array
    cdef PyObject *new = array_new(
        array_descr(o), array_rank(o), array_dims(o), array_strides(o), array_data(o), array_flags(o)
    )
    result = <object>new
    decref(new)
    cnp.set_array_base(result, base)
    return result
