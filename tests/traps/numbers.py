"""Traps of numbers: kinds, overflow, division, rounding, NaN and signed zeros."""

import math

import numpy as np

from tests.traps import Traps

trap = Traps()
NAN, INF = float("nan"), float("inf")


# Kinds -------------------------------------------------------------------------------------------------------


@trap(
    "True + True is 2, but np.True_ + np.True_ is True", (True, True), (np.True_, np.True_), (True, np.True_)
)
def bool_plus_bool(a, b):
    return a + b, a * b, a | b, a & b


@trap("the negative of a bool is an int; NumPy has none", (True,), (False,), (np.True_,))
def minus_bool(a):
    return -a


@trap("~ of a bool is an int, of NumPy's bool a bool", (4 > 3, np.True_), (3 > 4, np.False_))
def inverted_bool(a, b):
    return ~(not a), ~b


@trap(
    "the difference of boolean arrays is refused",
    (np.array([True]), np.array([1])),
    (np.ones(2, bool), np.ones(2, bool)),
)
def boolean_difference(a, b):
    return a - b


@trap(
    "the sum of booleans is an int64",
    (np.array([True, False, True]),),
    (np.zeros(0, bool),),
    (np.ones((2, 2), bool),),
)
def sum_of_booleans(a):
    return a.sum(), sum(a.ravel()), np.cumsum(a), a.mean()


@trap("`and` and `or` give one of the operands", (0, 2.5), (3, 0.0), (0.0, 0), (-0.0, NAN))
def one_of_the_operands(a, b):
    return a or b, a and b, not a


@trap("`and` and `or` do not evaluate what they don't need", (0, 5), (2, 5), (5, 0))
def short_circuit(a, b):
    return a and b // a, a or b // a


@trap("a comparison in a chain evaluates its middle once", (1, 5), (7, 5), (1, 0))
def middle_once(a, b):
    calls = []

    def middle():
        calls.append(len(calls))
        return 3

    return a < middle() < b, a < middle() == b, len(calls)


@trap("a comparison of numbers is a bool, of NumPy's numbers NumPy's", (1, np.float64(2)), (2.0, np.int8(2)))
def comparison_kinds(a, b):
    return a < 2, a < b, b == b, a < b < 9, (a == b) + (a == b)


@trap(
    "`0 < x < n` of arrays asks for the truth of the first",
    (np.array([1]),),
    (np.array([1, 2]),),
    (np.array(3.0),),
)
def chain_of_arrays(x):
    return 0 < x < 2


@trap(
    "an element is a NumPy scalar, item() and tolist() give Python's",
    (np.array([1.5, 2]),),
    (np.array([3], np.int8),),
    (np.array([True]),),
)
def kinds_of_elements(x):
    return x[0], x[0] + 1, x.item(0), x.tolist(), list(x), float(x[0]), x[0] * True


@trap(
    "the builtin sum starts from the int 0",
    (np.array([1.5, 2]),),
    (np.zeros(0),),
    (np.array([3, 4], np.int8),),
)
def builtin_sum(x):
    return sum(x), sum(x, 0.5), sum(v for v in x)


@trap("a float from math, a NumPy float from NumPy", (4.0,), (np.float64(4),), (4,), (np.float32(4),))
def root_kinds(x):
    return math.sqrt(x), np.sqrt(x), abs(x), x**2, round(float(x)), math.floor(x)


@trap("x // 1 of a float is a float, round(x) an int, round(x, 0) a float", (2.5,), (-3.5,), (7.0,))
def float_to_int_kinds(x):
    return x // 1, round(x), round(x, 0), int(x), math.trunc(x), divmod(x, 2)


@trap(
    "a conditional expression of an int and a float has the kind of the one taken", (1, 2.5, 0), (1, 2.5, 3)
)
def kind_of_the_one_taken(a, b, n):
    c = a if n > 1 else b
    return c


@trap("max gives the operand itself, with its kind", (1, 1.0), (1.0, 1), (2, 1.5), (1, np.float64(7)))
def kind_of_max(a, b):
    return max(a, b), min(a, b), max(a, b) + 1


@trap(
    "a loop that adds to an int is an int for no steps, and NumPy's dtype after one",
    (np.zeros(0),),
    (np.ones(3, np.float32),),
    (np.ones(1),),
)
def zero_trips(x):
    s = 0
    for v in x:
        s += v
    return s


@trap("a kind that alternates", (0,), (1,), (4,), (7,))
def alternating_kind(n):
    s = 1
    for i in range(n):
        s = s + 1 if i % 2 else s * 0.5
    return s


# Overflow ----------------------------------------------------------------------------------------------------


@trap("Python's ints are unbounded", (5, 3), (2**62, 2**62), (-(2**63), 2), (3**30, 3**30))
def unbounded(a, b):
    return a + b, a - b, a * b, -a, abs(a), a * b // 7, (a * b) % 1000


@trap("factorials go on beyond 64 bits within a loop", (5,), (30,), (0,))
def factorial(n):
    p = 1
    for i in range(1, n + 1):
        p *= i
    return p


@trap("a shift makes a long int; NumPy's wraps", (1, 3), (1, 80), (-5, 62))
def shifts(a, n):
    return a << n, a >> n, (a << n) >> n


@trap(
    "a power of ints is an int, or a float where the exponent is negative",
    (2, 3),
    (2, -1),
    (2, 100),
    leaves=True,
)
def power_of_ints(a, n):
    return a**n


@trap("a fractional power of a negative float is complex", (8.0,), (-8.0,), leaves=True)
def cube_root(a):
    return a ** (1 / 3)


@trap(
    "an integer array to a negative power is refused, to a float power it is not",
    (np.array([2, 3]), 2),
    (np.array([2]), -1),
)
def integer_array_power(x, n):
    return x**2.0, x**n


@trap(
    "NumPy's integers wrap",
    (np.array([100, -128], np.int8),),
    (np.array([200, 0], np.uint8),),
    (np.array([2**31 - 1], np.int32),),
)
def integers_wrap(x):
    return x + x, -x, abs(x), x * x, x - 1


@trap(
    "an int that doesn't fit an array's dtype raises",
    (np.array([1], np.uint8), 200),
    (np.array([1], np.uint8), 300),
    (np.array([1], np.int8), -129),
)
def weak_int_that_does_not_fit(x, n):
    return x + n


@trap(
    "and so it does in a comparison: there it is exact",
    (np.array([1], np.uint8), 200),
    (np.array([1], np.uint8), -1),
    (np.array([1], np.int8), 128),
)
def weak_int_compared(x, n):
    return x < n, x == n


@trap(
    "an argument beyond 64 bits makes the call plain",
    (np.array([1], np.int8), 2**70),
    (np.array([1]), -(2**64)),
    refused="does not fit 64 bits",
)
def long_argument(x, n):
    return x < n, n + 1


@trap(
    "an int that doesn't fit an array cannot be written to it",
    (np.zeros(2, np.uint8), 255),
    (np.zeros(2, np.uint8), 256),
    (np.zeros(2, np.int8), -1),
)
def weak_int_written(x, n):
    x[0] = n
    return x


@trap(
    "an int beyond 64 bits with a float array is a float",
    (np.array([1.5]), 3),
    (np.array([1.5]), 2**70),
    leaves=True,
)
def long_int_with_floats(x, n):
    return x * n


@trap(
    "the kind, not the value, of a number decides the dtype (NEP 50)",
    (np.ones(2, np.float32), 1e300),
    (np.ones(2, np.int8), 1.0),
    (np.ones(2, np.float16), 7),
)
def weak_promotion(x, c):
    return x * c, c - x, x[0] + c, x + np.float64(c), np.add(x, c)


@trap(
    "a NumPy scalar is not weak",
    (np.ones(2, np.float32), np.float64(1)),
    (np.ones(2, np.int8), np.int64(1)),
    (np.ones(2, np.uint64), np.int64(1)),
)
def strong_scalars(x, c):
    return x * c, x[0] * c, c // x


@trap("a 0-d array is not weak either", (np.ones(2, np.float32),), (np.ones(2, np.int8),))
def strong_zero_d(x):
    return x * np.array(2.0), x * 2.0, x + np.array(1)


@trap(
    "a bool is weak against anything",
    (np.ones(2, np.int8), True),
    (np.ones(2, np.float32), False),
    (np.ones(2, bool), True),
)
def weak_bool(x, b):
    return x + b, x * b, x[0] + b


@trap(
    "reductions of small integers are wide, cumulations too, extrema are not",
    (np.ones(3, np.int8) * 100,),
    (np.ones(3, np.uint16),),
    (np.ones((2, 2), np.float16),),
)
def accumulator_dtypes(x):
    return x.sum(), x.prod(), x.cumsum(), x.max(), x.mean(), x.dot(x), x.std()


@trap("comparisons of an int and a float are exact", (2**53 + 1, 2.0**53), (3, 3.0), (10**30, 1e30))
def int_against_float(a, b):
    return a == b, a < b, a > b, float(a) == b


# Division ----------------------------------------------------------------------------------------------------


@trap("// rounds down and % has the sign of the divisor", (7, 2), (-7, 2), (7, -2), (-7, -2), (0, -3))
def floor_division(a, b):
    return a // b, a % b, divmod(a, b), int(a / b), math.fmod(a, b)


@trap(
    "the same of floats, with the sign of zero",
    (7.5, 2.0),
    (-7.5, 2.0),
    (0.0, -2.0),
    (-0.0, 2.0),
    (1.0, -INF),
    (-1.0, INF),
)
def floor_division_of_floats(a, b):
    return a // b, a % b, divmod(a, b), np.fmod(a, b), np.mod(a, b)


@trap(
    "the same of arrays",
    (np.array([7, -7, 0]), -2),
    (np.array([7.0, -7, -0.0]), 2.0),
    (np.array([5, -5], np.int8), 0),
)
def floor_division_of_arrays(x, b):
    return x // b, x % b, np.fmod(x, b), np.remainder(x, b)


@trap(
    "Python's division by zero raises, NumPy's does not",
    (1, np.int64(1)),
    (0, np.int64(0)),
    (1.0, np.float64(-1)),
)
def numpy_division_by_zero(a, b):
    return b / np.float64(0), b // (b - b), b % (b - b), a


@trap("1 // 0 raises", (1, 1), (1, 0), (1.5, 0.0), (1.5, 0))
def floor_division_by_zero(a, b):
    return a // b


@trap("1 % 0 raises, with another text", (1, 1), (1, 0), (1.5, 0.0))
def modulo_zero(a, b):
    return a % b


@trap(
    "the least integer divided by -1 wraps in NumPy, and does not in Python",
    (np.array([-(2**63), 5]), -(2**63)),
    (np.array([-(2**31)], np.int32), -8),
)
def least_by_minus_one(x, a):
    return x // -1, a // -1


@trap("a / b of ints is the nearest float, however long they are", (10**17 + 1, 3), (1, 3), (2**70, 2**69))
def true_division(a, b):
    return a / b


# Rounding ----------------------------------------------------------------------------------------------------


@trap("halves are rounded to even", (0.5,), (1.5,), (2.5,), (-0.5,), (2.675,))
def rounding(x):
    return round(x), round(x, 2), np.round(x), np.rint(x), np.round(np.array([x, -x]))


@trap("an int is rounded to tens, to even as well", (25,), (35,), (-15,), (149,), callback="round")
def rounding_of_ints(n):
    return round(n), round(n, -1), round(n, 1), round(n, -2)


@trap("int() cuts off, and raises for what is no number", (2.9,), (-2.9,), (INF,), (NAN,))
def int_of_float(x):
    return int(x)


@trap("floor and ceil of math are ints, of NumPy floats", (2.5,), (-2.5,), (-0.5,), (1e20,), leaves=True)
def floors(x):
    return math.floor(x), math.ceil(x), np.floor(x), np.ceil(x), np.trunc(x)


@trap(
    "a float written to an integer array is cut off",
    (np.zeros(2, int), 2.9),
    (np.zeros(2, int), -2.9),
    (np.zeros(2, int), NAN),
)
def float_written_to_integers(x, v):
    x[0] = v
    return x


# NaN and signed zero ------------------------------------------------------------------------------------------


@trap("NaN is not equal to itself", (NAN,), (1.0,), (INF,))
def equal_to_itself(v):
    return v == v, v != v, v < v, not v < v, v >= v


@trap("but it is in a list that holds it, since `in` asks for identity first", (NAN,), (1.0,))
def nan_in_list(v):
    return v in [v], [v] == [v], (v,) == (v,), [v].index(v), [v].count(v)


@trap("another NaN is not", (NAN,), (1.0,), leaves=True)
def other_nan_in_list(v):
    w = v + 0.0
    return w in [v], [w] == [v], [w].count(v)


@trap(
    "the builtin max keeps the first where a comparison fails",
    (NAN, 1.0),
    (1.0, NAN),
    (2.0, 1.0),
    (0.0, -0.0),
    (-0.0, 0.0),
)
def builtin_extrema(a, b):
    return max(a, b), min(a, b), max([a, b]), min(a, b, 0.5)


@trap("NumPy's maximum is NaN where one is, fmax is not", (NAN, 1.0), (1.0, NAN), (2.0, 1.0), (NAN, NAN))
def numpy_extrema(a, b):
    return np.maximum(a, b), np.fmax(a, b), np.minimum(a, b), np.fmin(a, b)


@trap(
    "reductions of NaN, and where the first is",
    (np.array([1, NAN, 3, NAN]),),
    (np.array([2.0, 5, 5, 1]),),
    (np.array([NAN]),),
)
def reductions_of_nan(x):
    return x.max(), x.argmax(), x.argmin(), np.nanmax(x), np.sort(x), x.sum(), np.nansum(x), (x == x).all()


@trap(
    "the builtin max over an array with NaN depends on the order",
    (np.array([1, NAN, 3]),),
    (np.array([NAN, 1, 3]),),
    (np.array([3.0, 1]),),
    callback="_python_sorted",
)
def builtin_max_of_nan(x):
    return max(x), min(x), sorted(x)[0]


@trap("the zeros are equal and not the same", (0.0,), (-0.0,), (1.0,))
def signed_zero(v):
    return v == 0, v + 0, v - 0, 0 - v, v * 1, -v, abs(v), 0.0 if v == 0.0 else v, math.copysign(1, v)


@trap(
    "the sum of no numbers is 0.0, of -0.0 is -0.0 in NumPy and 0.0 in Python",
    (np.array([-0.0, -0.0]),),
    (np.zeros(0),),
    (np.array([-0.0]),),
)
def sums_of_zeros(x):
    return x.sum(), sum(x), sum(x.tolist()), x.prod(), np.add.reduce(x, axis=0)


@trap("the sign of zero in arrays", (np.array([0.0, -0.0]),), (np.array([-0.0, 2]),), (np.zeros((1, 1)),))
def zeros_in_arrays(x):
    return (
        x + 0,
        x * -1,
        0 - x,
        x + 0.0,
        np.abs(x),
        np.sqrt(x),
        np.maximum(x, 0.0),
        np.where(x == 0, x, 1),
        x**1,
    )


@trap("-0.0 as a condition is false", (0.0, 1), (-0.0, 1), (NAN, 1))
def truth_of_zeros(v, a):
    if v:
        return a
    return v


@trap("x == 0 of complex numbers, and no order of them", (0j, 1), (complex(-0.0, 0), 0), (1 + 2j, 5))
def complex_order(z, n):
    if n > 3:
        return z < n
    return z == n, abs(z), z.conjugate(), z * z, -z


@trap("text of numbers shows their kind", (1, 2.0), (True, np.float64(2)), (np.int8(3), -0.0))
def text_of_numbers(a, b):
    return f"{a} {b!r} {a:.1f}", str(b), repr(a)


@trap("True and 1 and 1.0 are one key of a dict, which keeps the first", (2,), (3,))
def equal_keys(n):
    d = {True: n}
    d[1] = n + 1
    d[1.0] = n + 2
    d[False] = 0
    d[0] = n
    return d, list(d)


@trap("isinstance(True, int) holds, type(True) is not int", (True, 1), (1, 1.5), (np.float64(1), np.int64(1)))
def bools_are_ints(a, b):
    return isinstance(a, int), type(a) is int, isinstance(b, float), type(b).__name__
