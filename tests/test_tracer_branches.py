"""Branches, traced against plain (PYTEST_DONT_REWRITE: plain asserts)."""

import numpy as np
import pytest

from tests.tracer_table import Table, check_refused

case = Table()
V = np.arange(5.0)
I = np.arange(5)
Z = np.zeros(3)
SIGNS = ([1.5], [-1.5], [0.0])
INTS = ([3], [-3], [0])


@case(*SIGNS, *INTS, [np.float32(2)], [np.int8(-2)], [True], [False])
def simple(x):
    if x > 0:
        y = x + 1
    else:
        y = x - 1
    return y


@case([V], [-V], [Z])
def on_array(x):
    if x.sum() > 0:
        y = x * 2
    else:
        y = x - 1
    return y


@case(*SIGNS, *INTS)
def early_return(x):
    if x > 1:
        return x
    if x < -1:
        return -x * 2
    return 0


@case(*SIGNS, *INTS)
def different_kinds(x):
    if x > 0:
        return x > 1
    elif x < 0:
        return x + 0.5
    return "zero"


@case(*SIGNS)
def none_or_number(x):
    r = None
    if x > 0:
        r = x * 2
    return r


@case(*SIGNS)
def none_or_array_result(x):
    r = None
    if x > 0:
        r = np.full(3, x)
    if r is None:
        return -1
    return r.sum()


@case(*SIGNS)
def array_or_none(x):
    if x > 0:
        return np.full(3, x)


@case(*SIGNS)
def unbound(x):
    if x > 0:
        y = 1
    return y


@case(*SIGNS)
def unbound_used_where_bound(x):
    if x > 0:
        y = x + 1
    z = 0.0
    if x > 0:
        z = y
    return z


@case(*SIGNS)
def array_of_other_shape(x):
    if x > 0:
        y = np.zeros(3)
    else:
        y = np.ones((2, 2))
    return y


@case(*SIGNS)
def array_of_other_shape_used(x):
    if x > 0:
        y = np.zeros(3)
    else:
        y = np.ones((2, 2))
    y += 1
    return y.sum(), y.ndim, y * 2


@case(*SIGNS)
def other_dtype(x):
    if x > 0:
        y = np.arange(3)
    else:
        y = np.arange(3) / 2
    return y + 1, y.dtype == float


@case(*SIGNS)
def tuple_of_other_length(x):
    t = (1, x) if x > 0 else (x,)
    return t, len(t), t[0]


@case(*SIGNS)
def tuple_or_number(x):
    if x > 0:
        return x, 1
    return x


@case(*SIGNS)
def nested(x):
    if x >= 0:
        if x > 1:
            a = 1
        else:
            a = 2.5
        b = a * 2
    else:
        if x < -1:
            a = -x
        b = 3
        if b == 3:
            return a, "early"
    return a, b


@case([V, 1], [V, -1], [I, 1])
def write_in_branch(x, k):
    if k > 0:
        x[0] = 100
    else:
        x[1:] *= 2
    return x.sum()


@case([V, 1], [V, -1])
def write_through_view_in_branch(x, k):
    y = x[1:3]
    if k > 0:
        y += 1
    z = x[2:]
    if k < 0:
        z[:] = y[0]
    return y, z


@case([V, 1], [V, -1])
def rebind_in_branch(x, k):
    y = x
    if k > 0:
        y = x.copy()
    y[0] = 77
    return y, x


@case([V, 1], [V, -1])
def rebind_or_augment(x, k):
    y = x
    if k > 0:
        y = y + 1
    else:
        y += 1
    return y


@case([V, V + 1, 1], [V, V + 1, -1])
def swap_in_branch(a, b, k):
    if k > 0:
        a, b = b, a
    a[0] = 50
    return a, b


@case([V, 1], [V, -1])
def view_or_copy(x, k):
    y = x[1:] if k > 0 else x[1:].copy()
    y[0] = 9
    return y


@case([V, 1], [V, -1])
def two_views_of_one(x, k):
    y = x[:2] if k > 0 else x[2:]
    y *= 10
    return y


@case([V, 1], [V, -1])
def list_in_branch(x, k):
    parts = [x]
    if k > 0:
        parts.append(x + 1)
    return parts, len(parts)


@case([V, 1], [V, -1], refused="a dict gets other keys in one branch")
def dict_in_branch(x, k):
    d = {"a": 1}
    if k > 0:
        d["b"] = x
    else:
        d["a"] = 2
    return d


@case(*SIGNS, *INTS)
def and_or_values(x):
    return x and 5, x or "zero", x > 1 and x < 2, not x, (x and x > 0) or None


@case([V], [Z], [np.zeros(0)], [np.ones(1)])
def truth_of_array(x):
    if x.any():
        return 1
    if x.size and not x.all():
        return 2
    return 3


@case([V], [np.ones(1)], [np.zeros(1)], [np.array(2.0)])
def truth_of_array_itself(x):
    if x:
        return 1
    return 0


@case([[]], [[1]], [()], [(0,)], [{}], [{"a": 1}], [""], ["x"], [None])
def truth_of_containers(x):
    if x:
        return 1
    return 0


@case(*SIGNS, *INTS)
def chained_comparison(x):
    return -2 < x < 2, 0 <= x == x, x < 1 < 2 < 3


@case(*SIGNS)
def chain_in_if(x):
    if -1 < x <= 1:
        return "inside"
    elif not -1.5 <= x:
        return "left"
    return "right"


@case(*SIGNS, *INTS)
def conditional_expression(x):
    y = x if x > 0 else -x if x < 0 else 7
    return y + (1 if y else 2.5)


@case(*SIGNS, *INTS)
def conditional_kinds(x):
    return (1 if x > 0 else 2.0) + (True if x < 0 else None if x > 5 else 1)


@case(*SIGNS)
def raises_in_branch(x):
    if x < 0:
        raise ValueError("negative", 3)
    return x**0.5


@case(*SIGNS)
def raises_with_value(x):
    if x < 0:
        raise ValueError(f"got {x}, which is {x:.2f}")
    return x


@case(*SIGNS)
def asserts(x):
    assert x >= 0, f"negative: {x}"
    assert x != 0
    return x


@case(*SIGNS)
def raise_after_write(x):
    a = np.zeros(2)
    if x > 0:
        a[0] = x
        return a
    raise RuntimeError


@case(*SIGNS)
def division_in_branch(x):
    if x != 0:
        return 1 / x
    return 0


@case(*INTS)
def division_raises_in_branch(x):
    if x >= 0:
        y = 10 // x
    else:
        y = 10 % x
    return y


@case(*SIGNS)
def branch_result_unused(x):
    if x > 0:
        y = 1 / 0.5
    else:
        y = [1]
    return x


@case(*SIGNS)
def other_kinds_then_used(x):
    if x > 0:
        y = 3
    else:
        y = np.float32(3)
    return y * np.float32(1.5), y / 2, y


@case(*SIGNS)
def bool_or_int(x):
    y = True if x > 0 else 2
    return y + y, -y, y


@case(*SIGNS)
def numpy_bool_condition(x):
    c = np.float64(x) > 0
    if c and x < 10:
        return ~c
    return c, np.logical_not(c)


@case(*SIGNS)
def function_in_branch(x):
    if x > 0:
        f = np.sin
    else:
        f = np.cos
    return f(x)


@case(*SIGNS)
def lambda_in_branch(x):
    if x > 0:
        f = lambda v: v + 1
    else:
        f = lambda v: v * x
    return f(3)


@case(*SIGNS)
def string_in_branch(x):
    mode = "up" if x > 0 else "down"
    if mode == "up":
        return 1
    return mode


@case(*SIGNS)
def dtype_in_branch(x):
    dt = np.float32 if x > 0 else np.int16
    return np.zeros(2, dtype=dt)


@case(*SIGNS)
def axis_in_branch(x):
    m = np.arange(6).reshape(2, 3)
    axis = 0 if x > 0 else 1
    return m.sum(axis=axis)


@case(*SIGNS)
def shape_in_branch(x):
    n = 3 if x > 0 else 4
    return np.zeros(n), np.ones((n, 2)), np.arange(n)


@case([V, 1], [V, -1], [V, 0])
def many_returns(x, k):
    if k > 0:
        x[0] = 1
        return x[1:]
    x[1] = 2
    if k < 0:
        return x
    return x, x[0]


@case(["a", 1.0], ["b", 1.0], [None, 2.0])
def static_condition(mode, x):
    if mode == "a":
        return x + 1
    elif mode is None:
        return x
    return x - 1


@case([None], [V])
def none_default(x=None):
    if x is None:
        x = np.zeros(2)
    x[0] += 1
    return x


@case([V], [np.arange(10.0)], [np.zeros(0)], [np.zeros((2, 2))])
def on_shape(x):
    if x.ndim == 2:
        return "matrix"
    if len(x) > 5:
        return x[:5]
    if x.shape[0] == 0:
        return 0
    return x[0]


@case([V], [I], [V.astype(np.float32)], [3], [2.0], [True], [1j])
def on_type(x):
    if isinstance(x, np.ndarray):
        return x.dtype.kind
    if isinstance(x, bool):
        return "bool"
    if isinstance(x, int):
        return x + 1
    if isinstance(x, (float, complex)):
        return x * 2
    return None


@case([V, 2], [V, 7], [V, -6])
def short_circuit_guards(x, k):
    if 0 <= k < len(x) and x[k] > 1:
        return x[k]
    return -1


@case([0, 1], [2, 0], [0, 0])
def short_circuit_raises(a, b):
    if (a and 10 // a > 3) or (b and 10 // b):
        return 1
    return 0


@case(*SIGNS)
def walrus(x):
    if (y := x * 2) > 1:
        return y
    return y, (z := y + 1), z


@case([1], [2], ["a"], [(1, 2)], [(3, 4)], [None])
def match_statement(x):
    match x:
        case 1:
            return "one"
        case (a, 2):
            return a
        case (a, b) if b > a:
            return a + b
        case "a" | "b":
            return "letter"
        case None:
            return 0
        case int():
            return x + 1
    return -1


@case(*SIGNS)
def try_finally(x):
    try:
        if x > 0:
            return x
        y = 2
    finally:
        z = 3
    return y + z


@case(*SIGNS)
def try_except(x):
    try:
        y = 1 / x
    except ZeroDivisionError:
        y = -1
    return y


@case(*SIGNS)
def with_errstate(x):
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.float64(x) / 0


@case([V, 1], [V, -1])
def alias_made_in_branch(x, k):
    y = np.zeros(5)
    z = y
    if k > 0:
        z = x
    z[0] = 5
    return y, z, x


@case([V, 1], [V, -1])
def alias_of_view_kept(x, k):
    v = x[1:]
    if k > 0:
        x = x + 1
    v[0] = 100
    return x


@case([V, 1], [V, -1])
def list_element_rebound(x, k):
    a = [x, x + 1]
    if k > 0:
        a[0] = a[1]
    a[0][0] = -1
    return a, a[0] is a[1]


@case([1, 2.0], [-1, 2.0])
def nested_conditional_calls(k, x):
    def helper(v):
        if v > 1:
            return v
        return None

    r = helper(x) if k > 0 else helper(-x)
    return 0 if r is None else r


@case(*SIGNS)
def in_operator(x):
    return x in (1.5, 2), x not in [0, 1], 3 in (1, 2)


@case([V, 2.0], [V, 9.0])
def in_array(x, k):
    return k in x


@case(*SIGNS)
def is_none_of_branch(x):
    a = None if x > 0 else x
    b = a if a is not None else 5
    return b, a is None, a == None


@case(*SIGNS)
def optional_array_written(x):
    buf = None
    if x > 0:
        buf = np.zeros(3)
    if buf is not None:
        buf[1] = x
    return buf


@case(*SIGNS)
def pass_branches(x):
    if x > 0:
        pass
    else:
        pass
    if x:
        ...
    return x


@case(*SIGNS)
def optional_chain(x):
    best = None
    for v in (x, x + 1, x - 2):
        if best is None or v > best:
            best = v
    return best


@case([V, 2], [V, 5])
def one_object_twice_or_an_argument(a, n):
    if n > 3:
        return a
    v = (a / 1)[1:]
    return v, v, [v], {"v": v}


@case([np.ones((3, 4)), 1], [np.ones((3, 4)), 0])
def one_of_two_and_itself(b, n):
    u = np.maximum(b, b.sum())
    x = u[1]
    z = x if n else b
    return z, x


@case([V, 1], [V, 0])
def one_object_twice_or_two_others(a, n):
    if n:
        return a[1:], a[:-1]
    u = v = (a + 1)[::2]
    return v, u


@case([V, 1], [V, 0])
def one_list_in_two_places(a, n):
    if n:
        rows = [a + 1, a]
        both = rows, rows
    else:
        both = None
    return both


@case([np.ones((3, 1)), np.array(0.0), 3], [np.ones((3, 1)), np.array(1.0), 3])
def view_in_a_tuple_returned_from_a_loop(a, b, n):
    i = 0
    while i < n:
        i += 1
        if b[()] > 0:
            a = a[::-1] / a[:, ::2] - b
            return a[:, 0], b
    return None


@case([V, 2], [V, 0])
def view_in_a_tuple_and_by_itself(a, n):
    u, w = 0, (0, 1)
    for i in range(n):
        v = (a * i)[1:]
        u, w = v, (v, i)
    return u, w


@case([V, 2], [V[:0], 2], [V, 0])
def view_in_a_tuple_of_one_branch(a, n):
    if n:
        b = a + 1
        w = b[:1], n
    else:
        w = None
    return w if n > 1 else 0


@case([np.arange(3.0), 1], [np.arange(0.0), 1], [np.arange(0.0), 0])
def written_back_where_a_list_ends_it(a, n):
    u = a + 1
    if n:
        u[-1] = u[-1]
    else:
        u = u[:]
    u += a + a[0]
    return u


@case([np.arange(3.0), 3], [np.arange(0.0), 3], [np.arange(0.0), 0])
def result_that_took_the_place_of_an_empty_argument(a, n):
    u = a + 1
    if n > 2:
        a[:] = 1
    return u


@case([np.ones((2, 4), np.uint8), np.ones(4, np.uint8), 0], [np.ones((2, 2)), np.ones(4), 1])
def matrix_product_of_one_of_two(a, b, n):
    for u in b:
        pass
    if n:
        u = a
    return u @ u


@case([np.ones((2, 3, 4)), 1], [np.ones((2, 3, 4)), 0])
def axes_that_one_of_two_has(a, n):
    if not n:
        a = np.ones(1)
    return a.swapaxes(0, 1)


@case([np.ones((2, 3, 4)), 1], [np.ones((2, 3, 4)), 0])
def axes_moved_that_one_of_two_has(a, n):
    if not n:
        a = np.ones(1)
    return np.moveaxis(a, 0, 1)


class Cell:
    def __init__(self, v):
        self.v = v


@case([3, 1], [0, 2])
def list_with_two_names_or_two_lists(n, m):
    if n > 0:
        u = x = [k for k in range(n)]
    else:
        u = [k for k in range(m)]
        x = [k for k in range(m)]
    u.append(1)
    return u, x, u is x


@case([3, 1], [3, 3], [0, 2])
def list_made_before_a_branch_or_in_it(n, m):
    u = [k for k in range(n)]
    if n > 2:
        v = [k for k in range(m)]
        w = v
        if m > 2:
            w = [k + 1 for k in range(m)]
        u = w
        v.append(100)
    else:
        v = u
    return u, v


@case([3, 1], [3, 3], [0, 2])
def dict_made_before_a_branch_or_in_it(n, m):
    u = {"a": n}
    if n > 2:
        v = {"a": m}
        w = v
        if m > 2:
            w = {"a": m + 2}
        u = w
        v["a"] = 100
    else:
        v = u
    return u, v


@case([3, 1], [3, 3], [0, 2])
def short_lists_with_one_name_or_two(n, m):
    if n > 1:
        u = x = [n]
        w = [n + 1]
        if m > 2:
            x = w
    else:
        u, x = [m], [n]
        w = [1]
    u[0] += 1
    x[0] += 5
    return u, x, w


@case([3, 1], [0, 2])
def object_with_two_names_or_two_objects(n, m):
    if n > 1:
        u = x = Cell(n)
    else:
        u, x = Cell(m), Cell(n)
    u.v += 1
    return u.v, x.v, u is x


@case([3, 1], [0, 2])
def list_that_is_two_items_or_one(n, m):
    if n > 1:
        u = [1]
        x = [u, u]
    else:
        x = [[m], [n]]
    x[0][0] += 1
    return x


@case([np.arange(4.0), 5], [np.arange(4.0), 0])
def list_of_a_step_that_ends_an_unrolled_loop(a, n):
    u = [k for k in range(n)]
    i = 0
    while i < 2 and n > 0:
        i += 1
        u = [q * 2 for q in a]
        if n:
            break
    return u


test_same = case.test()


@pytest.mark.parametrize("new", [False, True])
@pytest.mark.parametrize("n", [1, 3])
def test_a_view_that_may_be_another_object_over_the_same_elements(new, n):
    def f(b, n):
        if new:
            b = b + 1
        w = b[:, -1]
        x = w if n == 1 else b[:, -1]
        return x, w

    check_refused(f, [np.ones((3, 1, 2)), n], "whether two views that are returned are one object")


@case([V, 1.0], [V, -1.0], [V, 0.0])
def union_told_by_its_class(x, k):
    if k > 0:
        found = x * 2
    elif k < 0:
        found = None
    else:
        found = (x, 3)
    total = 0.0
    if isinstance(found, np.ndarray) and found.dtype.kind == "f":
        total = total + found.sum()
    if not isinstance(found, (np.ndarray, type(None))):
        total = total + len(found) + found[1]
    elif isinstance(found, np.ndarray):
        total = total + found.shape[0]
    return total, found.ndim if isinstance(found, np.ndarray) else -1


@case([V, 1.0], [V, -1.0])
def attribute_that_one_alternative_lacks(x, k):
    found = x if k > 0 else None
    size = found.shape[0]
    return size + 1
