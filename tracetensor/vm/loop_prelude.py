"""What the C text of every loop begins with: the structures it knows, and what Python's operators are in C."""

import os

TYPES = """typedef signed char i8;
typedef unsigned char u8;
typedef short i16;
typedef unsigned short u16;
typedef int i32;
typedef unsigned int u32;
typedef long long i64;
typedef unsigned long long u64;
typedef float f32;
typedef double f64;
"""
"""The numbers that all generated text knows."""

INDEPENDENT = r"""
/* No item that one step of a loop writes is read by another step. */
#ifdef __clang__
#define INDEPENDENT _Pragma("clang loop vectorize(assume_safety)")
#else
#define INDEPENDENT _Pragma("GCC ivdep")
#endif
"""
"""What says that a loop may be made vector code."""


def glibc() -> tuple[int, ...]:
    """The version of the C library, if it is GNU's."""
    try:
        _, version = str(os.confstr("CS_GNU_LIBC_VERSION")).split()
        return tuple(map(int, version.split(".")))
    except (AttributeError, OSError, ValueError):
        return ()


PRELUDE = (
    f"#define POW_OF_GLIBC {int(glibc() >= (2, 28))}\n"
    + TYPES
    + INDEPENDENT
    + r"""
typedef struct { f64 re, im; } c128;

/* Elements of arrays: anywhere, and of any type that other pointers see there. */
#define AT(T) typedef T __attribute__((aligned(1), may_alias)) T##_at
AT(i8); AT(u8); AT(i16); AT(u16); AT(i32); AT(u32); AT(i64); AT(u64); AT(f32); AT(f64); AT(c128);

struct reg {
    union {
        i8 as_i8; u8 as_u8; i16 as_i16; u16 as_u16; i32 as_i32; u32 as_u32; i64 as_i64; u64 as_u64;
        f32 as_f32; f64 as_f64; c128 as_c128;
    } v;
    void *obj;
};

struct array { /* NumPy's, as far as it is looked at */
    char head[HEAD];
    char *data;
    int rank;
    long *dims, *strides;
};

struct list { /* of numbers, as the interpreter has them while they grow */
    i64 references;
    void *type;
    i64 n, capacity;
    char *data;
    int cls, size;
    void *origin;
};

struct environment {
    int (*step)(void *run, int pc);
    int (*turns)(void *run, int pc);
    int (*recover)(void *run, int first, int stop);
    void (*incref)(void *);
    void (*decref)(void *);
    int (*own)(void *);
    int (*view)(void **base, int rank, i64 *dims, i64 *strides, char *place);
    void *(*fresh)(void **spare, int number, int rank, i64 *dims);
    void (*inner)(void *run, int pc, char **at, i64 n, i64 *steps);
    f64 (*const *functions1)(f64);
    f64 (*const *functions2)(f64, f64);
    f64 (*hypot)(f64, f64);
    void *numbers;
};
typedef const struct environment *Env;

/* What hardly ever happens: variables are to be in registers where it does not. */
#define UNLIKELY(x) __builtin_expect(!!(x), 0)

/* The numbers of steps: what the compiler cannot see. */
#define NOT_NEGATIVE(x) if ((x) < 0) __builtin_unreachable();

/* Lists: of numbers of a class; nobody else's, and equal to no Python list that is known. */
static inline int numbers(Env E, struct list *l, int cls) { return l && l->type == E->numbers && l->cls == cls; }
static inline int mine(struct list *l) { return l->references == 1 && !l->origin; }

/* References: dropped; moved from one place to another; shared by two. */
static inline void drop(Env E, void **r)
{
    void *old = *r;
    *r = 0;
    if (UNLIKELY(old)) E->decref(old);
}

static inline void take(Env E, void **d, void **a)
{
    void *old = *d;
    *d = *a;
    *a = 0;
    if (UNLIKELY(old)) E->decref(old);
}

static inline void share(Env E, void **d, void **a)
{
    void *old = *d;
    if (*a) E->incref(*a);
    *d = *a;
    if (old) E->decref(old);
}

/* A reference that is no longer needed: kept, as memory for the next array of its kind. */
static inline void retire(Env E, void **spare, void **r)
{
    void *old = *r;
    *r = 0;
    if (!old) return;
    if (*spare) E->decref(old);
    else *spare = old;
}

/* Moved; what the target held is kept. */
static inline void pass(Env E, void **d, void **a, void **spare)
{
    retire(E, spare, d);
    *d = *a;
    *a = 0;
}

#define SIZE(x) ((x) < 0 ? -(x) : (x))

static inline int finite(f64 x) { return x - x == 0; }

/* Python's operators: 1 and the result where it is beyond doubt, else 0. */

static inline int floor_divide(i64 a, i64 b, i64 *d)
{
    if (b == 0 || b == -1) return b && !__builtin_sub_overflow((i64)0, a, d);
    i64 q = a / b;
    *d = q - (a % b != 0 && (a < 0) != (b < 0));
    return 1;
}

static inline int modulo(i64 a, i64 b, i64 *d)
{
    if (b == 0) return 0;
    i64 r = b == -1 ? 0 : a % b;
    *d = r + (r != 0 && (r < 0) != (b < 0) ? b : 0);
    return 1;
}

#define EXACT (1LL << 53)

static inline int true_divide(i64 a, i64 b, f64 *d)
{
    if (b == 0 || a < -EXACT || a > EXACT || b < -EXACT || b > EXACT) return 0;
    *d = (f64)a / (f64)b;
    return 1;
}

static inline int power(i64 base, i64 exponent, i64 *d)
{
    i64 result = 1;
    if (exponent < 0) return 0;
    while (exponent) {
        if (exponent & 1 && __builtin_mul_overflow(result, base, &result)) return 0;
        exponent >>= 1;
        if (exponent && __builtin_mul_overflow(base, base, &base)) return 0;
    }
    *d = result;
    return 1;
}

static inline int shift_left(i64 a, i64 b, i64 *d)
{
    if (b < 0 || b >= 63 || (i64)((u64)a << b) >> b != a) return 0;
    *d = (i64)((u64)a << b);
    return 1;
}

static inline int shift_right(i64 a, i64 b, i64 *d)
{
    if (b < 0) return 0;
    *d = a >> (b < 63 ? b : 63);
    return 1;
}

static inline int absolute(i64 a, i64 *d)
{
    if (a >= 0) { *d = a; return 1; }
    return !__builtin_sub_overflow((i64)0, a, d);
}

static inline int divide(f64 a, f64 b, f64 *d)
{
    if (b == 0) return 0;
    *d = a / b;
    return 1;
}

static inline f64 floored(f64 x) /* where |x| < 2**62 */
{
    i64 i = (i64)x;
    f64 f = (f64)i;
    return __builtin_copysign(f > x ? f - 1 : f, x);
}

static inline void float_divmod(Env E, f64 x, f64 y, f64 *quotient, f64 *rest)
{
    f64 r = E->functions2[2](x, y), q = (x - r) / y;
    if (r != 0) {
        if ((y < 0) != (r < 0)) { r += y; q -= 1; }
    }
    else
        r = __builtin_copysign(0.0, y);
    if (q != 0) {
        f64 f = __builtin_fabs(q) < 4503599627370496.0 ? floored(q) : q;
        *quotient = q - f > 0.5 ? f + 1 : f;
    }
    else
        *quotient = __builtin_copysign(0.0, x / y);
    *rest = r;
}

static inline int float_floor_divide(Env E, f64 a, f64 b, f64 *d)
{
    f64 rest;
    if (b == 0) return 0;
    float_divmod(E, a, b, d, &rest);
    return 1;
}

static inline int float_modulo(Env E, f64 a, f64 b, f64 *d)
{
    f64 quotient;
    if (b == 0) return 0;
    float_divmod(E, a, b, &quotient, d);
    return 1;
}

/* Whether pow(a, 2) is a * a, which is f: where f is off by less than 0.45 units in the last place, since pow then cannot
   give another number if it is off by less than 0.55, as the one of glibc is (0.54). The error of f is exact. */
static inline int square_is_pow(f64 a, f64 f)
{
    union { f64 f; u64 bits; } unit = { f };
    f64 c = 134217729.0 * a, high = c - (c - a), low = a - high;
    f64 error = ((high * high - f) + 2 * high * low) + low * low;
    if (!(POW_OF_GLIBC && 1e-280 < f && f < 1e280)) return 0;
    unit.bits &= 0x7ff0000000000000ULL;
    return __builtin_fabs(error) < 0.45 * 0x1p-52 * unit.f;
}

static inline int float_power(Env E, f64 a, f64 b, f64 *d)
{
    f64 f;
    if (b == 2) {
        if (square_is_pow(a, a * a)) { *d = a * a; return 1; }
        a = __builtin_fabs(a);
    }
    if (!(a > 0 && finite(a) && finite(b))) return 0;
    f = E->functions2[3](a, b);
    if (!(1e-300 < f && f < 1e300)) return 0;
    *d = f;
    return 1;
}

#define FITS 4611686018427387904.0

static inline int truncate(f64 a, i64 *d)
{
    if (!(__builtin_fabs(a) < FITS)) return 0;
    *d = (i64)a;
    return 1;
}

static inline int floor_to_int(f64 a, i64 *d)
{
    if (!(__builtin_fabs(a) < FITS)) return 0;
    i64 i = (i64)a;
    *d = i - ((f64)i > a);
    return 1;
}

static inline int ceil_to_int(f64 a, i64 *d)
{
    if (!(__builtin_fabs(a) < FITS)) return 0;
    i64 i = (i64)a;
    *d = i + ((f64)i < a);
    return 1;
}

static inline f64 round_to_even(f64 x)
{
    const f64 big = 4503599627370496.0; /* 2**52: there is nothing behind the point from here on */
    f64 size = __builtin_fabs(x);
    return size < big ? __builtin_copysign(size + big - big, x) : x;
}

static inline int math1(Env E, int which, f64 a, f64 *d)
{
    f64 f = which == 0 ? __builtin_sqrt(a) : E->functions1[which](a);
    if (!finite(f)) return 0;
    *d = f;
    return 1;
}

enum { COPYSIGN = 1, POW = 3 }; /* in the interpreter's functions of two numbers */

static inline int math2(Env E, int which, f64 a, f64 b, f64 *d)
{
    f64 f;
    if (which == POW && b == 2 && square_is_pow(a, a * a)) { *d = a * a; return 1; }
    f = which == COPYSIGN ? __builtin_copysign(a, b) : E->functions2[which](a, b);
    if (!(finite(a) && finite(b) && finite(f) && f != 0)) return 0;
    *d = f;
    return 1;
}

static inline int compare_int(i64 i, f64 b, int how, u8 *d)
{
    f64 a = (f64)i;
    if (i < -EXACT || i > EXACT) return 0;
    *d = how == 0 ? a < b : how == 1 ? a <= b : how == 2 ? a == b : how == 3 ? a != b : how == 4 ? a > b : a >= b;
    return 1;
}

static inline int complex_multiply(c128 a, c128 b, c128 *d)
{
    c128 c = {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
    if (!(finite(c.re) && finite(c.im))) return 0;
    *d = c;
    return 1;
}

static inline int complex_absolute(Env E, c128 a, f64 *d)
{
    f64 f = E->hypot(a.re, a.im);
    if (!finite(f)) return 0;
    *d = f;
    return 1;
}

/* A slice of an axis, as slice.indices resolves it; `step` is 1 where it has none. */
static inline int clip(i64 dim, int has_start, i64 start, int has_stop, i64 stop, i64 *step, i64 *first, i64 *length)
{
    i64 lower, upper;
    if (*step == 0 || *step < -9223372036854775807LL) return 0;
    lower = *step > 0 ? 0 : -1;
    upper = *step > 0 ? dim : dim - 1;
    if (!has_start)
        start = *step > 0 ? lower : upper;
    else if (start < 0) {
        start += dim;
        if (start < lower) start = lower;
    }
    else if (start > upper)
        start = upper;
    if (!has_stop)
        stop = *step > 0 ? upper : lower;
    else if (stop < 0) {
        stop += dim;
        if (stop < lower) stop = lower;
    }
    else if (stop > upper)
        stop = upper;
    *length = 0;
    if (*step > 0 && start < stop)
        *length = (stop - start - 1) / *step + 1;
    else if (*step < 0 && stop < start)
        *length = (start - stop - 1) / -*step + 1;
    if (*length == 0) { start = 0; *step = 1; }
    *first = start;
    return 1;
}
"""
)
