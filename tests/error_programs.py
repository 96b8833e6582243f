"""Programs that raise: for tests/test_errors.py, and apart from it so that pytest leaves their asserts alone."""

import math

import numpy as np

CASES = []


def case(good, bad, *, kinds=False):
    """Enter a program, with arguments on which it works and on which it raises; kinds: these differ in type."""

    def enter(function):
        CASES.append((function, good, bad, kinds))
        return function

    return enter


X = np.array([3.0, 1.0, 2.0, 5.0, 4.0])
N = np.array([3, 1, 2, 5, 4])
M = np.arange(12.0).reshape(3, 4)


# Indices -----------------------------------------------------------------------------------------------------


@case((X, 4), (X, 5))
def read_in_loop(x, n):
    total = 0.0
    for i in range(n):
        total += (
            x[i]
            * x[i + 1]
        )  # fmt: skip
    return total


@case((X, 5), (X, 6))
def write_in_loop(x, n):
    for i in range(n):
        y = i * 2.0
        x[i] = y
    return x


@case((X, 3), (X, 7))
def read_from_the_end(x, k):
    a = x[0]
    return a + x[-k]


@case((M, 3), (M, 5))
def read_a_matrix(m, n):
    s = 0.0
    for i in range(3):
        for j in range(n):
            s = s + m[i, j]
    return s


@case((X, np.array([0, 4, -5])), (X, np.array([0, 5, 1])))
def read_by_an_array(x, k):
    return x.sum() + x[k]


@case((X, X > 2), (X, np.array([True, False])))
def read_by_a_mask(x, mask):
    y = x * 2
    return y[mask]


@case((X, np.array([0, 4]), 1.0), (X, np.array([0, 9]), 1.0))
def write_by_an_array(x, k, v):
    x[k] = v
    return x


@case((N, 3), (N, 9))
def augmented_write(x, k):
    x[k] += 1
    return x


@case((M, 1), (M, 3))
def row_of_a_matrix(m, k):
    row = m[k]
    return row.sum()


@case((X, 2.0), (X, -1.0))
def while_loop_past_the_end(x, target):
    i = 0
    while x[i] != target:
        i += 1
    return i


@case((5,), (0,))
def pop_of_an_empty_list(n):
    stack = []
    for i in range(n):
        stack.append(i * i)
    last = stack.pop()
    return last


@case((X, 3), (X, 8))
def read_a_list(x, k):
    items = []
    for v in x:
        items.append(v + 1)
    return items[k]


# Shapes ------------------------------------------------------------------------------------------------------


@case((X, X + 1), (X, X[:3]))
def sum_of_two(x, y):
    z = x * 2
    return z + y


@case((M, X[:4]), (M, X[:3]))
def matrix_times_vector(m, x):
    return (m @ x).sum()


@case((M, M.T.copy()), (M, M.copy()))
def dot_product(m, n):
    p = np.dot(m, n)
    return p


@case((X, X[:4]), (X, X[:3]))
def write_of_a_slice(x, y):
    x[1:] = y
    return x


@case((X, X + 1), (X, X[:2]))
def augmented_sum(x, y):
    for _ in range(3):
        x += y
    return x


@case((M, 6), (M, 5))
def reshape(m, n):
    return m.reshape(2, n)


@case((M, M[:2]), (M, M[:, :3]))
def concatenate(a, b):
    return np.concatenate([a, b], axis=0)


@case((X, X * 2), (X, X[:4]))
def stack(a, b):
    c = np.stack((a, b))
    return c


@case((X,), (X[:0],))
def maximum_of_nothing(x):
    y = x + 1
    return y.max()


@case((X,), (X[:0],))
def argmin_of_nothing(x):
    return np.argmin(x)


@case((X[:2],), (X[:3],))
def unpack_two(x):
    a, b = x
    return a - b


@case((X, X + 1), (X, X[:3]))
def where(x, y):
    return np.where(x > 2, x, y)


# Numbers -----------------------------------------------------------------------------------------------------


@case((7, 2), (7, 0))
def floor_division(a, b):
    c = a + 1
    return c // b


@case((7, 2), (7, 0))
def remainder(a, b):
    return a % b


@case((1.0, 2.0), (1.0, 0.0))
def float_division(a, b):
    return (a + 1.0) / b


@case((np.array([4, 2, 5]),), (np.array([4, 0, 5]),))
def division_in_a_loop(x):
    s = 0
    for v in x.tolist():
        s += 100 // v
    return s


@case((4.0,), (-4.0,))
def square_root(x):
    return math.sqrt(x)


@case((2.0,), (1e4,))
def exponential(x):
    y = x * 2
    return math.exp(y)


@case((4.5,), (math.nan,))
def int_of_nan(x):
    return int(x)


@case((4.5,), (math.inf,))
def int_of_infinity(x):
    return int(x)


@case((np.array([2, 3]), np.array([2, 1])), (np.array([2, 3]), np.array([2, -1])))
def integer_power(x, n):
    return x**n


@case((np.array([1, 2], np.uint8), 250), (np.array([1, 2], np.uint8), 256))
def small_integers(x, n):
    y = x + n
    return y


@case((np.array([1, 2], np.int8), 100), (np.array([1, 2], np.int8), 200))
def write_of_a_large_integer(x, n):
    x[1] = n
    return x


@case((3, 2), (3, -2))
def negative_shift(a, b):
    return a << b


# Types -------------------------------------------------------------------------------------------------------


@case((N,), (X,), kinds=True)
def bitwise_and_of_floats(x):
    y = x + x
    return y & 3


@case((X, 0.5), (N.copy(), 0.5), kinds=True)
def augmented_cast(x, h):
    x += h
    return x


@case((X, X + 1), (X, None), kinds=True)
def sum_with_none(x, y):
    return x + y


@case((X, 2), (X, 2.0), kinds=True)
def index_by_a_float(x, k):
    y = x * 2
    return y[k]


@case((X, 3), (X, 3.5), kinds=True)
def range_of_a_float(x, n):
    for i in range(n):
        x[i] = 0
    return x


@case((X,), (3.0,), kinds=True)
def length_of_a_float(x):
    return len(x)


@case((X,), (3,), kinds=True)
def attribute_of_an_int(x):
    y = x * 2
    return y.sum()


# Errors raised by hand ---------------------------------------------------------------------------------------


@case((X,), (np.array([1.0, -2.5, 3.0]),))
def raise_with_values(x):
    total = 0.0
    for i in range(len(x)):
        if x[i] < 0:
            raise ValueError(f"negative value {x[i]} at {i}")
        total += np.sqrt(x[i])
    return total


@case((5, 1.5), (-3, 1.5))
def raise_with_formats(n, v):
    if n < 0:
        raise ValueError(f"n = {n:+d} of {v:.3f}, {n!r} and {v * 2}")
    return n * v


class OutOfRange(Exception):
    def __init__(self, value, limit):
        super().__init__(value, limit)
        self.value = value


@case((3, 10), (30, 10))
def raise_an_own_class(n, limit):
    if n > limit:
        raise OutOfRange(n, limit)
    return n


@case((X, 5.5), (X, 4.5))
def raise_without_arguments(x, limit):
    if x.max() > limit:
        raise NotImplementedError
    return x.sum()


@case((X,), (X - 2.0,))
def raise_in_both_branches(x):
    if x[1] >= 0:
        y = x[1]
    elif x[0] > 0:
        raise ValueError("one")
    else:
        raise KeyError("two")
    return y


@case((X, 10), (X, 3))
def raise_when_the_loop_runs_out(x, n):
    for i in range(n):
        if i >= 5:
            break
    else:
        raise RuntimeError("not found in %d steps" % n)
    return i


@case((X, 3), (X, -1))
def assertion(x, n):
    assert n >= 0
    return x[n]


@case((X, 5), (X, 4))
def assertion_with_a_message(x, n):
    assert x.size == n, f"{x.size} elements, not {n}"
    return x.mean()


@case((X,), (X * np.nan,))
def assertion_over_all(x):
    y = x + 1
    assert np.isfinite(y).all(), "not finite"
    return y


@case((2,), (4,))
def key_error(n):
    table = {0: 1.0, 1: 2.0}
    if n > 3:
        return table[3]
    return table[1] * n


# Names -------------------------------------------------------------------------------------------------------


@case((X, 2.0), (X, 9.0))
def unbound_after_a_branch(x, limit):
    if x[0] > limit:
        y = x * 2
    return y.sum()


@case((X, 3), (X, 0))
def unbound_after_a_loop(x, n):
    for i in range(n):
        last = x[i]
    return last


@case((X, 3), (X, 0))
def unbound_loop_variable(x, n):
    for i in range(n):
        x[i] = 0
    return i


@case((3,), (-3,))
def global_that_is_missing(n):
    if n < 0:
        return no_such_name + n
    return n


# Linear algebra ----------------------------------------------------------------------------------------------

REGULAR = np.array([[2.0, 1.0], [1.0, 3.0]])
SINGULAR = np.array([[2.0, 1.0], [4.0, 2.0]])


@case((REGULAR, X[:2]), (SINGULAR, X[:2]))
def solve(a, b):
    x = np.linalg.solve(a, b)
    return x.sum()


@case((REGULAR,), (SINGULAR,))
def invert(a):
    return np.linalg.inv(a)


@case((REGULAR,), (-REGULAR,))
def cholesky(a):
    b = a * 2
    c = np.linalg.cholesky(b)
    return c.sum()


@case((REGULAR,), (M,))
def inverse_of_a_rectangle(a):
    return np.linalg.inv(a)


# Helpers, methods, closures ----------------------------------------------------------------------------------


def element(x, i):
    y = x * 2
    return y[i]


def middle(x, i):
    value = element(x, i)
    return value + 1


@case((X, 4), (X, 5))
def in_a_helper(x, n):
    a = 1.0
    return a + middle(x, n)


@case((X, 5), (X, 6))
def in_a_helper_in_a_loop(x, n):
    s = 0.0
    for i in range(n):
        s += middle(x, i)
    return s


def checked(value):
    if value < 0:
        raise ValueError(f"{value} is negative")
    return value


@case((X,), (-X,))
def raise_in_a_helper(x):
    for k in range(x.shape[0]):
        x[k] = checked(x[k])
    return x


class Model:
    def __init__(self, weights):
        self.weights = weights

    def apply(self, x):
        h = x + 1
        return self.weights @ h


@case((Model(M), X[:4]), (Model(M), X[:3]))
def in_a_method(model, x):
    y = model.apply(x)
    return y


@case((X, 4), (X, 5))
def in_an_inner_function(x, k):
    def pick(i):
        return x[i]

    return pick(0) + pick(k)


@case((X, 4), (X, 5))
def in_a_lambda(x, k):
    pick = lambda i: x[i] * 2
    return pick(k)


@case((X, 5), (X, 6))
def in_a_comprehension(x, n):
    values = [x[i] ** 2 for i in range(n)]
    return values


@case((X, 4, True), (X, 5, True))
def in_a_conditional_expression(x, k, c):
    y = x + 1
    return y[k] if x[0] > 1 else y[0]


READ_ONLY = X.copy()
READ_ONLY.flags.writeable = False


@case((X, 3), (READ_ONLY, 3), kinds=True)
def write_to_a_read_only_array(x, k):
    s = x.sum()
    x[k] = s
    return s


@case((X, 2), (READ_ONLY, 2), kinds=True)
def update_of_a_read_only_array_by_indices(x, n):
    for _ in range(n):
        x[[0, -1]] -= 1
    return x


@case((X, 2), (READ_ONLY, 2), kinds=True)
def update_of_a_read_only_array_by_a_slice(x, n):
    for _ in range(n):
        x[1:] -= 1
    return x


@case((M, [0, 2], X[:4]), (M, [0, 2], X[:3]))
def update_by_indices_with_another_shape(m, k, x):
    m[k] += x
    return m


@case((M, 3.0, X[:1]), (M, 3.0, X[:3]), kinds=True)
def update_by_a_mask_with_another_shape(m, level, x):
    m[m > level] *= x
    return m


@case((M, X[:4]), (M, X[:3]))
def update_of_a_row_with_another_shape(m, x):
    m[1] -= x
    return m


@case((M > 3, np.array([True, False, True, True])), (M > 3, np.array([True, False, True])))
def bitwise_update_of_a_row_with_another_shape(m, x):
    m[1] &= x
    return m


@case((1, 2.0), (1, None), kinds=True)
def order_of_a_number_and_none(a, b):
    return (a, 1) < (b, 2)


@case(([1.0, 2.0], 2), ([], 2), kinds=True)
def builtin_extremum_of_nothing(a, n):
    return max(a) * n


def tail_of(u, k):
    r = u[:, 0]
    r += k
    return r[0]


@case((M, 1), (M[:0], 1))
def element_of_an_empty_view(u, k):
    return tail_of(u, k)
