"""The interpreter: runs instructions over a file of registers."""

cimport numpy as cnp
from cpython.object cimport PyObject
from libc.math cimport (
    acos, acosh, asin, asinh, atan, atan2, atanh, cbrt, ceil, copysign, cos, cosh, erf, erfc, exp, exp2,
    expm1, fabs, floor, fmod, hypot, isfinite, log, log1p, log2, log10, pow, sin, sinh, sqrt, tan, tanh,
)
from libc.stdint cimport INT64_MAX, INT64_MIN, int64_t
from libc.string cimport memcpy

from tracetensor.vm.array cimport (
    NPY_ARRAY_C_CONTIGUOUS, array_copy, array_data, array_dims, array_flags, array_item_size, array_of_number,
    array_size,
)
from tracetensor.vm.calls cimport Call, invoke
from tracetensor.vm.fused cimport Fused, FusedSite, run_fused
from tracetensor.vm.indexing cimport (
    Index, accumulate, get_item, load_element, make_view, store_element, update, write,
)
from tracetensor.vm.instructions cimport Opcode
from tracetensor.vm.native cimport Loop, ask, fresh_array, object_of_view
from tracetensor.vm.lists cimport list_append, list_array, list_get, list_length, list_pop, list_set
from tracetensor.vm.loops cimport finish_stack, push_stack, start_stack
from tracetensor.vm.numbers cimport NumberList
from tracetensor.vm.ownership cimport owned
from tracetensor.vm.registers cimport (
    PY_INT, Reg, clear, decref, incref, put_int, put_object, xincref,
)
from tracetensor.vm.ufuncs cimport Ufunc, run_arrays, run_scalar, source_number

cnp.import_array()

cdef extern from "Python.h":
    int check_signals "PyErr_CheckSignals"() except -1
    ctypedef struct PyThreadState
    PyThreadState *save_thread "PyEval_SaveThread"()
    void restore_thread "PyEval_RestoreThread"(PyThreadState *state)

cdef extern from "convert.h":
    int convert(int source, const void *a, int target, void *b, bint strict, bint weak) nogil

cdef extern from *:
    bint add_overflows "__builtin_add_overflow"(int64_t a, int64_t b, int64_t *r) nogil
    bint sub_overflows "__builtin_sub_overflow"(int64_t a, int64_t b, int64_t *r) nogil
    bint mul_overflows "__builtin_mul_overflow"(int64_t a, int64_t b, int64_t *r) nogil

ctypedef double (*Function1)(double) noexcept nogil
ctypedef double (*Function2)(double, double) noexcept nogil

cdef enum:
    CHECK_EVERY = 1024  # steps of a loop between two looks for signals and waiting threads

cdef extern from *:
    """
    #define EXACT (1LL << 53)  /* ints up to here are doubles */
    #define FITS 4611686018427387904.0  /* floats up to here are int64s */
    """
    const int64_t EXACT
    const double FITS

cdef double degree_of_radian(double x) noexcept nogil:
    return x * (180.0 / 3.141592653589793238462643383279502884)

cdef double radian_of_degree(double x) noexcept nogil:
    return x * (3.141592653589793238462643383279502884 / 180.0)

# The functions of the math module that are the C library's, where the result is finite.
cdef Function1[25] functions1
cdef Function2[4] functions2

cdef void fill_functions() noexcept:
    functions1[0], functions1[1], functions1[2], functions1[3] = sqrt, exp, log, log2
    functions1[4], functions1[5], functions1[6], functions1[7] = log10, log1p, expm1, sin
    functions1[8], functions1[9], functions1[10], functions1[11] = cos, tan, asin, acos
    functions1[12], functions1[13], functions1[14], functions1[15] = atan, sinh, cosh, tanh
    functions1[16], functions1[17], functions1[18], functions1[19] = asinh, acosh, atanh, erf
    functions1[20], functions1[21], functions1[22] = erfc, cbrt, exp2
    functions1[23], functions1[24] = degree_of_radian, radian_of_degree
    functions2[0], functions2[1], functions2[2], functions2[3] = atan2, copysign, fmod, pow

fill_functions()
MATH_FUNCTIONS = (
    "sqrt exp log log2 log10 log1p expm1 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf "
    "erfc cbrt exp2 degrees radians"
).split()
MATH_FUNCTIONS_OF_TWO = "atan2 copysign fmod pow".split()


cdef inline int slow(Run *run, Instr *ins) except -1:
    """Run an instruction through its op's own function: what the fast path leaves, and all errors."""
    return invoke(run, <Call *>ins.site, 0)


cdef double int_as_float(PyObject *big) except? -1:
    return float(<object>big)


cdef int take_turns() except -1:
    """Let signals and other threads have their turn, in a long loop."""
    check_signals()
    restore_thread(save_thread())
    return 0


cdef int start_loop(Reg *index, Reg *limit, Reg *steps) except -1:
    put_int(index, 0)
    if steps.obj != NULL:
        limit.v.i = INT64_MAX if <object>steps.obj > 0 else 0
    else:
        limit.v.i = steps.v.i
    return 0


cdef int int_power(int64_t base, int64_t exponent, int64_t *result) noexcept nogil:
    """base ** exponent; 1 if it does not fit."""
    result[0] = 1
    if exponent < 0:
        return 1
    while exponent:
        if exponent & 1 and mul_overflows(result[0], base, result):
            return 1
        exponent >>= 1
        if exponent and mul_overflows(base, base, &base):
            return 1
    return 0


cdef inline void float_divmod(double x, double y, double *quotient, double *rest) noexcept nogil:
    """Python's x // y and x % y; y is not 0."""
    cdef double r = fmod(x, y), q
    q = (x - r) / y
    if r != 0:
        if (y < 0) != (r < 0):
            r += y
            q -= 1
    else:
        r = copysign(0.0, y)
    if q != 0:
        quotient[0] = floor(q)
        if q - quotient[0] > 0.5:
            quotient[0] += 1
    else:
        quotient[0] = copysign(0.0, x / y)
    rest[0] = r


cdef inline bint compare(double a, double b, int how) noexcept nogil:
    """a < b, a <= b, a == b, a != b, a > b, a >= b, by number."""
    if how == 0:
        return a < b
    if how == 1:
        return a <= b
    if how == 2:
        return a == b
    if how == 3:
        return a != b
    if how == 4:
        return a > b
    return a >= b


# Loops as machine code --------------------------------------------------------------------------------------


cdef struct Environment:
    int (*step)(Run *run, int pc) except -1
    int (*turns)(Run *run, int pc) except -1
    int (*recover)(Run *run, int first, int stop) noexcept
    void (*incref)(PyObject *o) noexcept
    void (*decref)(PyObject *o) noexcept
    int (*own)(PyObject *o) noexcept
    int (*view)(PyObject **base, int rank, Py_ssize_t *dims, Py_ssize_t *strides, char *place) noexcept
    PyObject *(*fresh)(PyObject **spare, int number, int rank, Py_ssize_t *dims) noexcept
    void (*inner)(Run *run, int pc, char **at, Py_ssize_t n, Py_ssize_t *steps) noexcept
    Function1 *functions1
    Function2 *functions2
    double (*hypot)(double x, double y) noexcept nogil
    void *numbers


cdef int step(Run *run, int pc) except -1:
    """Run one instruction, which is not a jump."""
    cdef Instr alone[2]
    alone[0] = (<Instr *>run.code)[pc]
    alone[1].op, alone[1].dst, alone[1].a, alone[1].b = Opcode.HALT, 0, 0, 0
    try:
        interpret(alone, run, 0)
    finally:
        run.pc = pc
    return 0


cdef int turns(Run *run, int pc) except -1:
    """Let signals and other threads have their turn."""
    run.pc = pc
    return take_turns()


cdef int recover(Run *run, int first, int stop) noexcept:
    """Where in the loop to go on after the exception that is set (Program.recover); -1 if not in there."""
    return run.recover(run, first, stop)


cdef void add_reference(PyObject *o) noexcept:
    incref(o)


cdef void drop_reference(PyObject *o) noexcept:
    decref(o)


cdef int is_owned(PyObject *o) noexcept:
    return owned(o)


cdef void inner_loop(Run *run, int pc, char **at, Py_ssize_t n, Py_ssize_t *steps) noexcept:
    """Run the loop of a ufunc instruction."""
    cdef Instr *ins = &(<Instr *>run.code)[pc]
    cdef Ufunc *ufunc = (<Index *>ins.site).ufunc if ins.op == Opcode.UPDATE else <Ufunc *>ins.site
    ufunc.loop(at, &n, steps, ufunc.data)


cdef Environment environment
environment.step, environment.turns, environment.recover = step, turns, recover
environment.incref, environment.decref, environment.own = add_reference, drop_reference, is_owned
environment.view, environment.fresh, environment.inner = object_of_view, fresh_array, inner_loop
environment.functions1, environment.functions2, environment.hypot = functions1, functions2, hypot
environment.numbers = <void *>NumberList


cdef int enter(Run *run, Loop *loop, int pc) except -1:
    """Go on in a loop's machine code; the instruction to go on with after it.

    It leaves the loop where that ends, or in the middle where a Python int has outgrown 64 bits. Then, as
    after exceptions, the registers hold what they would if all had been interpreted.
    """
    cdef int k
    for k in range(loop.n_ints):
        if run.regs[loop.ints[k]].obj != NULL:
            return pc
    return loop.function(run.regs, run, &environment)


cdef int interpret(Instr *code, Run *run, int start) except -1:
    """Run the instructions from `start` to HALT. run.pc tells where an exception came from."""
    cdef Reg *regs = run.regs
    cdef Instr *ins
    cdef Reg *d
    cdef Reg *a
    cdef Reg *b
    cdef int pc = start, op
    cdef int64_t i
    cdef double f, g
    cdef Loop *loop
    while True:
        ins = &code[pc]
        run.pc = pc
        pc += 1
        op = ins.op
        d = &regs[ins.dst]
        a = &regs[ins.a]
        b = &regs[ins.b]
        # ---------------------------------------------------------------------------------------- control
        if op == Opcode.HALT:
            return 0
        elif op == Opcode.JUMP:
            pc = ins.dst
        elif op == Opcode.JUMP_UNLESS:
            if not a.v.b:
                pc = ins.dst
        elif op == Opcode.MOVE:
            if ins.takes:
                put_object(d, a.obj)
                a.obj = NULL
            else:
                xincref(a.obj)
                put_object(d, a.obj)
        elif op == Opcode.MOVE_VALUE:
            d.v = a.v
        elif op == Opcode.MOVE_INT:
            d.v = a.v
            if d.obj != a.obj:
                xincref(a.obj)
                put_object(d, a.obj)
        elif op == Opcode.DROP:
            clear(a)
        elif op == Opcode.LOOP_START:
            start_loop(d, a, b)
        elif op == Opcode.LOOP_HEAD:
            loop = <Loop *>ins.site
            if loop.function != NULL:
                pc = enter(run, loop, pc)
            else:
                loop.steps += 1
                if loop.steps >= loop.hot:
                    ask(loop)
        elif op == Opcode.LOOP_TEST:
            if a.v.i >= b.v.i:
                pc = ins.dst
        elif op == Opcode.LOOP_NEXT:
            a.v.i += 1
            pc = ins.dst
            if a.v.i % CHECK_EVERY == 0:
                take_turns()
        elif op == Opcode.STACK_START:
            start_stack(d, a, ins.site)
        elif op == Opcode.STACK_PUSH:
            push_stack(a, b, run.classes[ins.b])
            if ins.takes & 2:
                clear(b)
        elif op == Opcode.STACK_FINISH:
            finish_stack(d, a)
        elif op == Opcode.CALL:
            invoke(run, <Call *>ins.site, ins.takes)
        elif op == Opcode.GUARD:
            if a.v.b:
                invoke(run, <Call *>ins.site, 0)
            if ins.takes:
                drop_arguments(run, <Call *>ins.site, ins.takes)
        # ---------------------------------------------------------------------------------- Python's ints
        elif op == Opcode.I_ADD:
            if a.obj != NULL or b.obj != NULL or add_overflows(a.v.i, b.v.i, &i):
                slow(run, ins)
            else:
                put_int(d, i)
        elif op == Opcode.I_SUB:
            if a.obj != NULL or b.obj != NULL or sub_overflows(a.v.i, b.v.i, &i):
                slow(run, ins)
            else:
                put_int(d, i)
        elif op == Opcode.I_MUL:
            if a.obj != NULL or b.obj != NULL or mul_overflows(a.v.i, b.v.i, &i):
                slow(run, ins)
            else:
                put_int(d, i)
        elif op == Opcode.I_FLOORDIV:
            if a.obj != NULL or b.obj != NULL or b.v.i == 0 or (b.v.i == -1 and a.v.i == INT64_MIN):
                slow(run, ins)
            else:
                i = a.v.i / b.v.i
                if (a.v.i % b.v.i != 0) and ((a.v.i < 0) != (b.v.i < 0)):
                    i -= 1
                put_int(d, i)
        elif op == Opcode.I_MOD:
            if a.obj != NULL or b.obj != NULL or b.v.i == 0 or b.v.i == -1:
                slow(run, ins)
            else:
                i = a.v.i % b.v.i
                if i != 0 and ((i < 0) != (b.v.i < 0)):
                    i += b.v.i
                put_int(d, i)
        elif op == Opcode.I_TRUEDIV:
            if (
                a.obj != NULL or b.obj != NULL or b.v.i == 0
                or not -EXACT <= a.v.i <= EXACT or not -EXACT <= b.v.i <= EXACT
            ):
                slow(run, ins)
            else:
                d.v.f = <double>a.v.i / <double>b.v.i
        elif op == Opcode.I_POW:
            if a.obj != NULL or b.obj != NULL or int_power(a.v.i, b.v.i, &i):
                slow(run, ins)
            else:
                put_int(d, i)
        elif op == Opcode.I_AND:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                put_int(d, a.v.i & b.v.i)
        elif op == Opcode.I_OR:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                put_int(d, a.v.i | b.v.i)
        elif op == Opcode.I_XOR:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                put_int(d, a.v.i ^ b.v.i)
        elif op == Opcode.I_LSHIFT:
            if a.obj != NULL or b.obj != NULL or not 0 <= b.v.i < 63 or (
                (a.v.i << b.v.i) >> b.v.i != a.v.i
            ):
                slow(run, ins)
            else:
                put_int(d, a.v.i << b.v.i)
        elif op == Opcode.I_RSHIFT:
            if a.obj != NULL or b.obj != NULL or b.v.i < 0:
                slow(run, ins)
            else:
                put_int(d, a.v.i >> (b.v.i if b.v.i < 63 else 63))
        elif op == Opcode.I_NEG:
            if a.obj != NULL or a.v.i == INT64_MIN:
                slow(run, ins)
            else:
                put_int(d, -a.v.i)
        elif op == Opcode.I_ABS:
            if a.obj != NULL or a.v.i == INT64_MIN:
                slow(run, ins)
            else:
                put_int(d, -a.v.i if a.v.i < 0 else a.v.i)
        elif op == Opcode.I_INVERT:
            if a.obj != NULL:
                slow(run, ins)
            else:
                put_int(d, ~a.v.i)
        elif op == Opcode.I_LT:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                d.v.b = a.v.i < b.v.i
        elif op == Opcode.I_LE:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                d.v.b = a.v.i <= b.v.i
        elif op == Opcode.I_EQ:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                d.v.b = a.v.i == b.v.i
        elif op == Opcode.I_NE:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                d.v.b = a.v.i != b.v.i
        elif op == Opcode.I_GT:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                d.v.b = a.v.i > b.v.i
        elif op == Opcode.I_GE:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                d.v.b = a.v.i >= b.v.i
        elif op == Opcode.I_MAX:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                put_int(d, b.v.i if b.v.i > a.v.i else a.v.i)
        elif op == Opcode.I_MIN:
            if a.obj != NULL or b.obj != NULL:
                slow(run, ins)
            else:
                put_int(d, b.v.i if b.v.i < a.v.i else a.v.i)
        elif op == Opcode.I_TO_F:
            d.v.f = <double>a.v.i if a.obj == NULL else int_as_float(a.obj)
        elif op == Opcode.I_TO_B:
            d.v.b = a.obj != NULL or a.v.i != 0
        # ----------------------------------------------------------------------------------------- floats
        elif op == Opcode.F_ADD:
            d.v.f = a.v.f + b.v.f
        elif op == Opcode.F_SUB:
            d.v.f = a.v.f - b.v.f
        elif op == Opcode.F_MUL:
            d.v.f = a.v.f * b.v.f
        elif op == Opcode.F_QUOTIENT:
            d.v.f = a.v.f / b.v.f
        elif op == Opcode.F_NEG:
            d.v.f = -a.v.f
        elif op == Opcode.F_ABS:
            d.v.f = fabs(a.v.f)
        elif op == Opcode.F_SQRT:
            d.v.f = sqrt(a.v.f)
        elif op == Opcode.F_LT:
            d.v.b = a.v.f < b.v.f
        elif op == Opcode.F_LE:
            d.v.b = a.v.f <= b.v.f
        elif op == Opcode.F_EQ:
            d.v.b = a.v.f == b.v.f
        elif op == Opcode.F_NE:
            d.v.b = a.v.f != b.v.f
        elif op == Opcode.F_GT:
            d.v.b = a.v.f > b.v.f
        elif op == Opcode.F_GE:
            d.v.b = a.v.f >= b.v.f
        elif op == Opcode.F_TO_B:
            d.v.b = a.v.f != 0
        elif op == Opcode.F_TRUEDIV:
            if b.v.f == 0:
                slow(run, ins)
            else:
                d.v.f = a.v.f / b.v.f
        elif op == Opcode.F_FLOORDIV:
            if b.v.f == 0:
                slow(run, ins)
            else:
                float_divmod(a.v.f, b.v.f, &d.v.f, &g)
        elif op == Opcode.F_MOD:
            if b.v.f == 0:
                slow(run, ins)
            else:
                float_divmod(a.v.f, b.v.f, &g, &d.v.f)
        elif op == Opcode.F_POW:
            f = pow(a.v.f, b.v.f) if a.v.f > 0 and isfinite(a.v.f) and isfinite(b.v.f) else 0
            if 1e-300 < f < 1e300:
                d.v.f = f
            else:
                slow(run, ins)
        elif op == Opcode.F_TO_I:
            if fabs(a.v.f) < FITS:
                put_int(d, <int64_t>a.v.f)
            else:
                slow(run, ins)
        elif op == Opcode.F_FLOOR:
            if fabs(a.v.f) < FITS:
                put_int(d, <int64_t>floor(a.v.f))
            else:
                slow(run, ins)
        elif op == Opcode.F_CEIL:
            if fabs(a.v.f) < FITS:
                put_int(d, <int64_t>ceil(a.v.f))
            else:
                slow(run, ins)
        elif op == Opcode.MATH:
            f = functions1[ins.c](a.v.f)
            if isfinite(f):
                d.v.f = f
            else:
                slow(run, ins)
        elif op == Opcode.MATH2:
            f = functions2[ins.c](a.v.f, b.v.f)
            if isfinite(a.v.f) and isfinite(b.v.f) and isfinite(f) and f != 0:
                d.v.f = f
            else:
                slow(run, ins)
        elif op == Opcode.COMPARE:
            if a.obj != NULL or not -EXACT <= a.v.i <= EXACT:
                slow(run, ins)
            else:
                d.v.b = compare(<double>a.v.i, b.v.f, ins.c)
        elif op == Opcode.C_ADD:
            f, g = a.v.c[0] + b.v.c[0], a.v.c[1] + b.v.c[1]
            d.v.c[0], d.v.c[1] = f, g
        elif op == Opcode.C_SUB:
            f, g = a.v.c[0] - b.v.c[0], a.v.c[1] - b.v.c[1]
            d.v.c[0], d.v.c[1] = f, g
        elif op == Opcode.C_MUL:
            f = a.v.c[0] * b.v.c[0] - a.v.c[1] * b.v.c[1]
            g = a.v.c[0] * b.v.c[1] + a.v.c[1] * b.v.c[0]
            if isfinite(f) and isfinite(g):
                d.v.c[0], d.v.c[1] = f, g
            else:
                slow(run, ins)
        elif op == Opcode.C_MAKE:
            f, g = a.v.f, b.v.f
            d.v.c[0], d.v.c[1] = f, g
        elif op == Opcode.C_REAL:
            d.v.f = a.v.c[0]
        elif op == Opcode.C_IMAG:
            d.v.f = a.v.c[1]
        elif op == Opcode.C_ABS:
            f = hypot(a.v.c[0], a.v.c[1])
            if isfinite(f):
                d.v.f = f
            else:
                slow(run, ins)
        # -------------------------------------------------------------------------------- int64 and bools
        elif op == Opcode.L_ADD:
            add_overflows(a.v.i, b.v.i, &d.v.i)
        elif op == Opcode.L_SUB:
            sub_overflows(a.v.i, b.v.i, &d.v.i)
        elif op == Opcode.L_MUL:
            mul_overflows(a.v.i, b.v.i, &d.v.i)
        elif op == Opcode.L_NEG:
            sub_overflows(0, a.v.i, &d.v.i)
        elif op == Opcode.B_NOT:
            d.v.b = not a.v.b
        elif op == Opcode.B_AND:
            d.v.b = a.v.b & b.v.b
        elif op == Opcode.B_OR:
            d.v.b = a.v.b | b.v.b
        elif op == Opcode.B_XOR:
            d.v.b = a.v.b ^ b.v.b
        elif op == Opcode.B_TO_I:
            put_int(d, a.v.b)
        elif op == Opcode.B_TO_F:
            d.v.f = a.v.b
        elif op == Opcode.CAST:
            cast(run, ins, d, a)
        elif op == Opcode.ARRAY_TO_SCALAR:
            array_to_scalar(run, ins, d, a)
        elif op == Opcode.SCALAR_TO_ARRAY:
            scalar_to_array(run, ins, d, a)
        elif op == Opcode.UFUNC_SCALAR:
            run_scalar(run, <Ufunc *>ins.site)
            if ins.takes:
                drop_operands(run, <Ufunc *>ins.site, ins.takes)
        # ----------------------------------------------------------------------------------------- arrays
        elif op == Opcode.UFUNC:
            run_arrays(run, <Ufunc *>ins.site, ins.takes)
        elif op == Opcode.FUSED:
            if not run_fused(run, <Fused *>ins.site, ins.takes):
                run_rows(run, <Fused *>ins.site)
        elif op == Opcode.UPDATE:
            update(run, <Index *>ins.site, ins.takes)
        elif op == Opcode.LOAD:
            load_element(run, <Index *>ins.site, ins.takes)
        elif op == Opcode.STORE:
            store_element(run, <Index *>ins.site, ins.takes)
        elif op == Opcode.VIEW:
            make_view(run, <Index *>ins.site, ins.takes)
        elif op == Opcode.GETITEM:
            get_item(run, <Index *>ins.site, ins.takes)
        elif op == Opcode.WRITE:
            write(run, <Index *>ins.site, ins.takes)
        elif op == Opcode.ACCUMULATE:
            accumulate(run, <Index *>ins.site, ins.takes)
        elif op == Opcode.COPY:
            copy_array(d, a, ins.takes)
        elif op == Opcode.DIM:
            put_int(d, array_dims(a.obj)[ins.c])
            if ins.takes:
                clear(a)
        # ------------------------------------------------------------------------------------------ lists
        elif op == Opcode.LIST_APPEND:
            list_append(run, <Call *>ins.site, ins.takes)
        elif op == Opcode.LIST_POP:
            list_pop(run, <Call *>ins.site, ins.takes)
        elif op == Opcode.LIST_GET:
            list_get(run, <Call *>ins.site, ins.takes)
        elif op == Opcode.LIST_SET:
            list_set(run, <Call *>ins.site, ins.takes)
        elif op == Opcode.LIST_ARRAY:
            list_array(run, <Call *>ins.site, ins.takes)
        elif op == Opcode.LIST_LEN:
            put_int(d, list_length(a.obj))
            if ins.takes:
                clear(a)
        else:
            raise SystemError(f"instruction {op} is not one")


cdef int run_rows(Run *run, Fused *s) except -1:
    """Run the instructions that a fused one stands for; run.stage tells which of them has raised."""
    cdef int pc = run.pc
    try:
        interpret(<Instr *>s.rows, run, 0)
    except BaseException:
        run.stage = (<FusedSite>s.site).stage(run.pc, run.stage)
        raise
    finally:
        run.pc = pc
    return 0


cdef int cast(Run *run, Instr *ins, Reg *d, Reg *a) except -1:
    """Convert an unboxed scalar to the class of another register."""
    cdef int source = run.classes[ins.a], target = run.classes[ins.dst]
    if source == PY_INT and a.obj != NULL:
        return slow(run, ins)
    if convert(source_number(source), &a.v, source_number(target), &d.v, False, False) < 0:
        return slow(run, ins)
    if target == PY_INT and d.obj != NULL:
        clear(d)
    return 0


cdef int array_to_scalar(Run *run, Instr *ins, Reg *d, Reg *a) except -1:
    """The only element of an array, as it is."""
    if array_size(a.obj) != 1:
        return invoke(run, <Call *>ins.site, ins.takes)
    memcpy(&d.v, array_data(a.obj), array_item_size(a.obj))
    if ins.takes:
        clear(a)
    return 0


cdef int scalar_to_array(Run *run, Instr *ins, Reg *d, Reg *a) except -1:
    """An array of rank 0 that holds an unboxed scalar."""
    cdef int cls = run.classes[ins.a]
    cdef PyObject *new
    if cls == PY_INT and a.obj != NULL:
        return slow(run, ins)
    new = array_of_number(source_number(cls), &a.v)
    put_object(d, new)
    return 0


cdef int copy_array(Reg *d, Reg *a, uint64_t takes) except -1:
    """A copy; the array itself if nobody else can see it."""
    cdef PyObject *o = a.obj
    if takes and array_flags(o) & NPY_ARRAY_C_CONTIGUOUS and owned(o):
        a.obj = NULL
        put_object(d, o)
        return 0
    put_object(d, array_copy(o))
    if takes:
        clear(a)
    return 0


cdef int drop_arguments(Run *run, Call *s, uint64_t takes) except -1:
    cdef int k
    for k in range(s.nargs):
        if takes >> k & 1:
            clear(&run.regs[s.args[k]])
    return 0


cdef int drop_operands(Run *run, Ufunc *s, uint64_t takes) except -1:
    cdef int k
    for k in range(s.nin):
        if takes >> k & 1:
            clear(&run.regs[s.regs[k]])
    return 0
