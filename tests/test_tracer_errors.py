"""Exceptions (type, message and the user's line), traced against plain (PYTEST_DONT_REWRITE: plain asserts)."""

import traceback

import numpy as np
import pytest

import tracetensor as tt
from tests.tracer_table import Table

case = Table()
V = np.arange(4.0)
M = np.arange(6.0).reshape(2, 3)
R = np.arange(4.0)
R.flags.writeable = False


# In branches and loops whose results nothing needs -------------------------------------------------------------------


@case([3], [0])
def raises_in_every_step(n):
    for i in range(n):
        raise ValueError


@case([3], [0])
def raises_in_some_step(n):
    for i in range(n):
        if i == 1:
            raise ValueError(i)


@case([1], [0])
def unknown_name_in_branch(n):
    if n:
        u = unknown


@case([V, 3], [V, 6])
def item_unused(x, n):
    if n > 3:
        x[n]


@case([V, 3], [V, 6])
def item_unused_in_loop(x, n):
    for i in range(n):
        x[i]


@case([V, 3], [V, 6])
def item_bound_unused(x, n):
    y = x[n] if n > 3 else 0
    return 0


@case([V, 3], [V, 6])
def item_in_condition(x, n):
    return 0 if n > 3 and x[n] > 0 else 0  # noqa: RUF034


@case([V, 6], [V, 3], [V, 4])
def division_in_while(x, n):
    while n > 3:
        1 // (n - 4)
        n -= 1


@case([V, 1], [V, 0])
def bad_axis_in_branch(x, n):
    if n > 0:
        x.sum(axis=1)


@case([V, 1], [V, 0])
def bad_index_in_branch(x, n):
    if n > 0:
        x[0, 1] = 1


@case([V, 1], [V, 0])
def membership_in_branch(x, n):
    if n > 0:
        return 3 in x
    return 5


@case([np.zeros((2, 0, 3)), 0], [np.zeros((2, 0, 3)), 1])
def line_of_error_in_branch(a, n):
    if not n < n:
        a[1] = a


@case([1], [5])
def comparison_of_functions(n):
    if n > 2 or len > 1:
        return 1


# Writes to what cannot be written ------------------------------------------------------------------------------------


@case([R], [V])
def read_only_item(a):
    a[0] = 1


@case([R, 3], [R, 0])
def read_only_in_loop(a, n):
    for _ in range(n):
        a[0] -= 1


@case([R, 3], [R, 0])
def read_only_in_branch(a, n):
    if n > 0:
        a += 1


@case([R])
def read_only_out(a):
    np.add(a, 1, out=a)


@case([R])
def read_only_view_sorted(a):
    a[1:].sort()


@case([V])
def broadcast_written(x):
    y = np.broadcast_to(x, (2, 4))
    y[0, 0] = 1


@case([np.ones((2, 2))])
def diagonal_written(x):
    y = np.diagonal(x)
    y[0] = 1


# Wrong types and values ----------------------------------------------------------------------------------------------


@case([V], [M])
def too_many_indices(a):
    return a[0, 1]


@case([np.array(3.0)])
def index_of_zero_d(a):
    a[0] = 1


@case([M])
def two_ellipses(a):
    return a[1, :, ..., ...]


@case([M])
def too_many_indices_written(a):
    a[..., 0, 0, 0] = 1


@case([V], refused="a value of class str")
def field(a):
    return a["x"]


@case([V], [2])
def attribute_missing(a):
    return a.foo


@case([V])
def not_callable(a):
    return a(1)


@case([3], [np.array(1.0)], [None])
def not_iterable(a):
    for x in a:
        pass


@case([3], [np.array(1.0)], [2.5])
def no_length(a):
    return len(a)


@case([V], [(1, 2)], [3])
def unpacking(a):
    a, b, c = a


@case([V], [[1, 2]], [(1, 2)])
def float_index(a):
    return a[1.5]


@case([-1], [2.5], [(2, -3)])
def bad_sizes(a):
    return np.zeros(a)


@case([2.5], [2])
def bad_range(x):
    return range(x)


@case([2.5], [2], [1])
def bad_list_index(x):
    return [1, 2][x]


@case(["b"])
def missing_key(x):
    return {"a": 1}[x]


@case([V])
def bad_concatenate(x):
    return np.concatenate([x, M])


@case([V], [2])
def no_such_method(x):
    x.append(1)


@case([V], [2])
def add_none(x):
    return x + None


@case([2], refused="operator add on a list or tuple")
def tuple_plus_list(x):
    return (1, 2) + [x]


@case([2])
def text_plus_number(x):
    return "a" + x


@case([2], [2.5])
def less_than_none(x):
    return x < None


@case([V], refused="a traced value with a NoneType")
def array_less_than_none(x):
    return x < None


@case([2], [V])
def matmul_of_scalars(x):
    return x @ x


@case([2], [np.float64(2)])
def scalar_item(x):
    return x[0]


@case([2], [np.float64(2)])
def scalar_item_written(x):
    x[0] = 1


@case([np.float64(2), 0], [np.float64(2), 1], [2, 1], [2.5, 1], [True, 1])
def scalar_item_written_in_a_branch(x, n):
    if n:
        x[0] = 1
    return x


@case([V, 0], [V, 2], [V.astype(complex), 2], [V.astype(int), 2])
def cast_refused_in_a_branch(x, n):
    if n:
        x += 1j
    np.add(x, 0.5, out=x)
    return x


@case([V, V], [V, np.array([])], [V, 1.5], [V, np.float64(1)], [V, np.array(1.5)], [V, 0])
def index_of_floats(x, i):
    try:
        return x[i]
    except IndexError as error:
        return str(error)


def read_only(x):
    x.flags.writeable = False
    return x


@case([read_only(V.copy()), 0], [read_only(V.copy()), 1], [V, 0])
def update_of_what_is_read_only(x, n):
    if n:
        x[1:] *= 2
    else:
        x[[0, 1]] *= 2
    return x


@case([V], [V.astype(int)])
def cast_refused_and_caught(x):
    try:
        x *= x.sum() * 1j
    except TypeError as error:
        return str(error), type(error).__name__
    return x


@case([V.copy()], [read_only(V.copy())])
def read_only_where_no_version_gets_to_write(x):
    try:
        x += 1j
    except TypeError as error:
        return str(error)
    except ValueError as error:
        return str(error)


@case([2, 0.5], [1, 0.5], [3, 1])
def operator_in_place_that_floats_have_not(n, s):
    w = 0
    try:
        for _ in range(n):
            w ^= 3
            w = s
    except TypeError as error:
        return str(error)
    return w


BYTES = np.arange(4, dtype=np.uint8)


NUMBERS = [[BYTES, 3], [BYTES, 252], [BYTES, 256], [BYTES, -1], [BYTES, 2**40]]


@case(*NUMBERS)
def slice_of_ints_that_may_not_fit(u, n):
    u[:2] = [n, 2]
    return u


@case(*NUMBERS)
def places_of_ints_that_may_not_fit(u, n):
    u[[0, 1]] = (2, n)
    return u


@case(*NUMBERS)
def mask_of_ints_that_may_not_fit(u, n):
    u[u < 2] = [n, 1]
    return u


@case(*NUMBERS)
def list_of_some_of_ints_that_may_not_fit(u, n):
    u[:2] = [k for k in (1, n) if k != n - 1]
    return u


@case(*NUMBERS)
def grown_list_of_ints_that_may_not_fit(u, n):
    u[:] = [n + k for k in range(len(u))]
    return u


@case(*NUMBERS)
def list_of_lists_of_ints_that_may_not_fit(u, n):
    u.reshape(2, 2)[:] = [u[:2], [n, 1]]
    return u


@case(*NUMBERS)
def put_of_ints_that_may_not_fit(u, n):
    np.put(u, [0, 1], [n, 2])
    return u


@case(*NUMBERS)
def put_method_of_ints_that_may_not_fit(u, n):
    u.put([0, 1], (n, 2))
    return u


@case(*NUMBERS)
def put_along_axis_of_ints_that_may_not_fit(u, n):
    np.put_along_axis(u, np.array([0]), [n], 0)
    return u


@case(*NUMBERS)
def insert_of_ints_that_may_not_fit(u, n):
    u = np.insert(u, 1, [n])
    return u


@case(*NUMBERS)
def array_of_ints_that_may_not_fit(u, n):
    u = np.array([n for _ in u], dtype=u.dtype)
    return u


@case(*NUMBERS)
def array_of_some_of_ints_that_may_not_fit(u, n):
    u = np.array([n for v in u if v > 1], dtype=u.dtype)
    return u


@case([BYTES, 1], [BYTES, 254])
def range_put_into_an_array(u, n):
    u[:2] = range(n, n + 2)
    return u


@case([BYTES], [V])
def constants_put_into_an_array(u):
    u[:2] = [300, 2]
    return u


@case([1, 0], [1.5, 0], [np.float64(2), 0], [True, 0], [1, 1], [2.0, 1], [np.float32(2), 1], [3, 2])
def operator_with_none(x, n):
    nothing = None
    try:
        if n == 0:
            nothing + x
        elif n == 1:
            nothing += x
        else:
            nothing **= x
    except TypeError as error:
        return str(error)


class Average:
    def __init__(self, total, count):
        self.total = total
        self.count = count

    @property
    def value(self):
        return self.total / self.count


@case([0], [1])
def raises_in_a_property_after_a_return(n):
    if n:
        return 1
    return Average(0.0, 0).value


@case([V, 2], [V > 2, 2])
def raises_in_a_function_in_a_loop(x, n):
    def less(y):
        return -y

    for _ in range(n):
        x = less(x)
    return x


@case([2])
def delete_unbound(x):
    del y


@case([2])
def raise_from(x):
    raise KeyError("a") from None


@case([2])
def raise_instance(x):
    e = ValueError("x", x)
    raise e


# Lines of the parts of one instruction -------------------------------------------------------------------------------


def bump(x, v):
    x[...] = x + v


def store(x, v):
    x[
        0
    ] = v  # fmt: skip


@case([M, 1], [M[:0], 1])
def update_of_row_that_is_missing(a, v):
    bump(a[0], v)
    return a


@case([M, 1], [M[:, :0], 1])
def update_of_column_that_is_missing(a, v):
    bump(a[:, 0], v)
    return a


@case([M, V[:3]], [M, V])
def update_of_another_shape(a, v):
    bump(a[1], v)
    return a


@case([V, 0], [R, 0], [R, 3])
def read_only_in_a_helper(a, n):
    if n < 2:
        bump(a, n)
    return a


@case([V, 0], [V, 5])
def raised_while_traced_in_a_helper(a, n):
    if n > 2:
        bump(a.T, a[:, None])
    return a


@case([M, V[:3]], [M, V])
def write_of_another_shape(a, v):
    store(a, v)
    return a


@case([M, 1, 0], [M, V, 0], [M, 1, 5])
def update_of_row_through_two_lines(a, v, k):
    row = a[k]
    new = row + v
    row[:] = new
    return a


test_same = case.test()


def test_equal_loops_name_their_own_lines():
    def first(n):
        for i in range(n):
            if i > 1:
                raise ValueError("too far")

    def second(n):
        for i in range(n):
            if i > 1:
                raise ValueError("too far")

    for f in (first, second):
        traced = tt.trace(f, strict=True)
        traced(1)
        with pytest.raises(ValueError, match="too far") as caught:
            traced(5)
        frame = traceback.extract_tb(caught.value.__traceback__)[-1]
        assert (frame.name, frame.lineno) == (f.__name__, f.__code__.co_firstlineno + 3)
