"""Loops, traced against plain (PYTEST_DONT_REWRITE: plain asserts)."""

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both
from tests.tracer_table import Table, check_refused

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1.0, 2.0, 0.5, 7.0])
I = np.arange(5)
E = np.zeros(0)
M = np.arange(12.0).reshape(3, 4)
COUNTS = ([3], [0], [1], [20])


# What is iterated over ----------------------------------------------------------------------------------------------


@case([V], [I], [E], [np.ones(1)], [np.arange(20.0)], [np.arange(3, dtype=np.int8)])
def sum_items(x):
    s = 0
    for v in x:
        s += v
    return s


@case(*COUNTS, [-2])
def over_range(n):
    s = 0
    for k in range(n):
        s += k * k
    return s


@case([0, 5, 1], [5, 0, -1], [0, 5, 2], [5, 0, 1], [-3, 10, 4], [10, -10, -7], [0, 5, 0])
def over_range_step(a, b, c):
    r = []
    for k in range(a, b, c):
        r.append(k)
    return r


@case(*COUNTS)
def range_variable_after(n):
    k = -1
    for k in range(n):
        pass
    return k


@case(*COUNTS)
def range_variable_unbound(n):
    for k in range(n):
        y = k * 2
    return k, y


@case([V], [E])
def item_unbound_after(x):
    for v in x:
        pass
    return v


@case([V, W], [V, W[:3]], [E, V])
def over_zip(x, y):
    s = 0.0
    for a, b in zip(x, y):
        s += a * b
    return s


@case([V], [M], [E])
def over_enumerate(x):
    s = 0
    for i, v in enumerate(x, 1):
        s = s + i * v
    return s


@case([V], [M], [E])
def over_reversed(x):
    s = 0
    for v in reversed(x):
        s = s * 2 + v
    return s


@case(*COUNTS)
def over_reversed_range(n):
    s = 0
    for k in reversed(range(n)):
        s = s * 3 + k
    return s


@case([[1, 2.5, 3]], [[]], [[1, 2, 3]], [[V, W]], [list(range(40))])
def over_list(x):
    s = 0
    for v in x:
        s = s + v
    return s


@case([(1, 2.5, 3)], [()], [(V, 1, 2.0)])
def over_tuple(x):
    s = 0
    for v in x:
        s = s + v
    return s


@case([{"a": 1, "b": 2.5}], [{}], [{"x": V, "y": 2}])
def over_dict(d):
    s = 0
    for k in d:
        s = s + d[k]
    for k, v in d.items():
        s = s + v * len(k)
    for v in d.values():
        s = s - v
    return s


@case([M], [M.T], [np.zeros((0, 3))])
def over_rows(x):
    best = -1.0
    for row in x:
        if row.sum() > best:
            best = row.sum()
    return best


@case([M])
def over_rows_unpacked(x):
    s = 0
    for a, b, *rest in x:
        s += a * b + len(rest) + rest[0]
    return s


@case([M], [M.T])
def over_flat(x):
    s = 0
    for v in x.flat:
        s = s * 2 + v
    return s


@case([M])
def over_ravel_ndenumerate(x):
    s = 0
    for (i, j), v in np.ndenumerate(x):
        s += i * v - j
    return s


@case([M])
def over_ndindex(x):
    s = 0
    for i, j in np.ndindex(*x.shape):
        s += x[i, j] * i
    return s


@case([V], [I])
def over_arange(x):
    s = 0
    for k in np.arange(len(x)):
        s += x[k] * k
    return s, k


@case([V])
def over_tolist(x):
    s = 0
    for v in x.tolist():
        s += v
    return s


@case(["abc"], [""])
def over_string(t):
    n = 0
    for c in t:
        n = n * 10 + (c == "b")
    return n


@case([V], [E])
def over_generator(x):
    return sum(v * 2 for v in x)


@case([V], [E])
def over_generator_with_default(x):
    return max((v for v in x), default=-1)


@case([V], [E], [I])
def comprehensions(x):
    return [v + 1 for v in x], [k for k in range(len(x)) if k % 2]


@case([V], [E], [I], refused="the number of steps of the loop")
def dict_comprehension(x):
    return {k: v for k, v in zip("ab", x)}


@case([M])
def nested_comprehension(x):
    return [[v * 2 for v in row] for row in x], [v for row in x for v in row if v > 3]


@case([0.0])
def over_iter_next(x):
    it = iter([x, x + 1, x + 2])
    a = next(it)
    s = a
    for v in it:
        s += v
    return s, next(it, "end")


# Control ------------------------------------------------------------------------------------------------------------


@case([10.0], [0.5], [1e6])
def while_halve(x):
    n = 0
    while x > 1:
        x /= 2
        n += 1
    return n, x


@case([10], [7], [1], [27])
def collatz(n):
    steps = 0
    while n != 1:
        n = n // 2 if n % 2 == 0 else 3 * n + 1
        steps += 1
    return steps


@case([W, 0.5], [W, 99.0], [E, 1.0])
def find(x, t):
    for k, v in enumerate(x):
        if v == t:
            break
    else:
        k = -1
    return k


@case([W, 0.5], [W, 99.0], [E, 1.0])
def find_return(x, t):
    for k in range(len(x)):
        if x[k] == t:
            return k
    return None


@case([W], [E], [-W])
def continues(x):
    s = 0.0
    for v in x:
        if v < 0:
            continue
        s += v
        if s > 4:
            s -= 1
            continue
        s *= 2
    return s


@case([1.0], [3.0], [100.0])
def while_true_break(x):
    n = 0
    while True:
        x = x * 1.5 + 1
        if x > 50:
            break
        n += 1
    return n, x


@case([1.0], [3.0], [100.0])
def while_true_return(x):
    n = 0
    while True:
        if x > 50:
            return n
        x *= 2
        n += 1


@case([5], [0], [-1])
def while_else(n):
    while n > 0:
        n -= 2
        if n == 1:
            break
    else:
        return "exhausted", n
    return "broke", n


@case([5], [2], [0])
def nested_breaks(n):
    count = 0
    for i in range(n):
        for j in range(n):
            if j > i:
                break
            if (i + j) % 3 == 2:
                continue
            count += 1
        else:
            count += 100
        if count > 210:
            break
    return count, i if n else None


@case([M, 6.0], [M, 60.0])
def nested_return(x, t):
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] == t:
                return i, j
    return None


@case([M, 6.0], [M, 60.0])
def nested_while(x, t):
    i = 0
    found = False
    while i < x.shape[0] and not found:
        j = 0
        while j < x.shape[1]:
            if x[i, j] >= t:
                found = True
                break
            j += 1
        i += 1
    return i, j, found


@case([3], [0])
def return_different_kinds(n):
    for k in range(10):
        if k == n:
            if k:
                return k * 1.0
            return "zero"
        if k > 5:
            return None
    return np.zeros(2)


@case([W], [E])
def raises_inside(x):
    s = 0.0
    for k, v in enumerate(x):
        if v > 6:
            raise ValueError(f"item {k} is {v}")
        s += v
    return s


@case([I], [I + 1])
def division_raises_inside(x):
    s = 0
    for v in x.tolist():
        s += 10 // v
    return s


@case([W], [V])
def asserts_inside(x):
    n = 0
    for v in x:
        assert v >= 0, v
        n += 1
    return n


@case([5], [0], [12])
def break_flag_names(n):
    done = False
    k = 0
    while not done:
        k += 1
        done = k >= n or k > 7
    return k


@case([3, 4], [0, 4], [4, 0])
def loop_in_branch(n, m):
    s = 0
    if n > 2:
        for k in range(m):
            s += k
    else:
        while m > 0:
            m -= 1
            s -= m
    return s, m


@case([4])
def branch_binds_in_loop(n):
    last = None
    for k in range(n):
        if k % 2:
            last = k
    return last


@case([4], [1], [0])
def branch_binds_unbound(n):
    for k in range(n):
        if k == 2:
            found = k * 10
    return found


@case([4], [1], [0])
def bound_in_first_step_only(n):
    for k in range(n):
        if k == 0:
            base = k + 5
        else:
            base = base * 2
    return base if n else None


@case([7], [2], [1])
def bound_in_some_steps(n):
    k = 0
    while k < n:
        k += 1
        if k % 3 == 0:
            last = k
            continue
        other = k
    return last, other


@case([5, V], [0, V], [1, V])
def array_bound_in_some_step(n, x):
    r = None
    for k in range(n):
        if k == 1:
            r = x + k
        if k == 3:
            r[0] = 5
    return r


# What is carried ----------------------------------------------------------------------------------------------------


@case(*COUNTS)
def int_then_float(n):
    s = 0
    for k in range(n):
        s += 0.5
    return s


@case(*COUNTS)
def int_then_array(n):
    s = 0
    for k in range(n):
        s = s + np.arange(3)
    return s


@case(*COUNTS)
def float_then_complex(n):
    z = 0.0
    for k in range(n):
        z = z * z + 0.1j
    return z


@case(*COUNTS)
def kind_alternates(n):
    s = 0
    for k in range(n):
        if k % 2:
            s = float(s)
        else:
            s = int(s) + 1
    return s


@case(*COUNTS)
def bool_then_int(n):
    s = True
    for k in range(n):
        s = s + s
    return s


@case([V, 4], [V, 0], [V.astype(np.float32), 3])
def dtype_grows(x, n):
    y = np.zeros(5, dtype=np.int8)
    for k in range(n):
        y = y + x
    return y


@case(*COUNTS)
def carried_none(n):
    last = None
    for k in range(n):
        if last is not None:
            last = last + k
        else:
            last = k
    return last


@case([W], [E], [-W])
def carried_none_best(x):
    best = None
    where = None
    for k, v in enumerate(x):
        if best is None or v > best:
            best, where = v, k
    return best, where


@case([M])
def carried_none_array(x):
    total = None
    for row in x:
        total = row.copy() if total is None else total + row
    return total


@case(*COUNTS)
def fibonacci(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@case([70], [95], [200])
def int_overflows(n):
    a, b = 0, 1
    for _ in range(n):
        a, b = b, a + b
    return a


@case([V, W, 3], [V, W, 0], [V, W, 4])
def swap_buffers(u, v, n):
    for _ in range(n):
        v[1:-1] = u[1:-1] + u[2:]
        u, v = v, u
    return u


@case([V, 3], [V, 0], [V, 4])
def swap_buffers_one_copy(u, n):
    v = u.copy()
    for _ in range(n):
        v[1:] = u[:-1] * 2
        u, v = v, u
    u[0] = -1
    return u, v


@case([V, 3], [V, 0], [V, 1])
def rotate_three(a, n):
    b = a + 1
    c = a + 2
    for _ in range(n):
        a, b, c = b, c, a
        a[0] += 1
    return a, b, c


@case([V, 3], [V, 0])
def rebinds_array(x, n):
    for _ in range(n):
        x = x + 1
    x[0] = 100
    return x


@case([V, 3], [V, 0], [V, 1])
def augments_array(x, n):
    y = x
    for _ in range(n):
        y += 1
    return y is x, y


@case([V, 3], [V, 0], [V, 1])
def rebind_then_augment(x, n):
    y = x
    for _ in range(n):
        y = y * 2
        y += 1
    return y


@case([V, 3], [V, 0], [V, 1], [V, 2])
def augment_then_rebind(x, n):
    y = x
    for _ in range(n):
        y += 1
        y = y * 2
    return y


@case([V, 3], [V, 0], [V, 1], [V, 2])
def old_kept(x, n):
    old = x
    for _ in range(n):
        old = x
        x = x + old
    old[0] = 100
    return old, x


@case([V, 3], [V, 0], [V, 2], [V, 9])
def view_carried(x, n):
    y = x
    for _ in range(n):
        y = y[1:]
        y[0] += 10
    x[-1] = 50
    return y


@case([V, 3], [V[::-1], 3], [V[::2], 0], [V[:1], 2], [V, 7])
def reversed_views_carried(x, n):
    y = x
    for i in range(n):
        y = y[::-1][:-1]
        y[:1] += i
    x += 1
    return y


@case([V], [V[::-1]], [V[::2]], [V[:1]], [V[:0]])
def halves_written(x):
    y = x
    while len(y) > 1:
        y = y[::2]
        y += 1
    return y, x


@case([V, 3], [V[::-1], 0], [V, 1])
def one_half_or_the_other(x, n):
    y = x
    for _ in range(n):
        middle = len(y) // 2
        y = y[: middle + 1] if y[middle] > 2 else y[middle:]
    y[:1] = -1
    return y


@case([M], [M[:1]], [M[:2]])
def last_rows(x):
    row = 3
    for row, other in zip(x, x):
        both = row + other
    row += 1
    return both, row, other.sum()


@case([M, 3], [M, 0], [M[:0], 0])
def written_last_row(x, n):
    row = x[:1]
    for row in x:
        for _ in range(n):
            row += 1
    row[0] = -1


@case([M, 0], [M, 1], [M, 2])
def columns_cut_off(x, n):
    y = x.reshape(1, -1)
    for _ in range(n):
        y = y[:, 1:]
        y[0, 0] += 3
    return y, x


@case([M, 2], [M, 0], [M, 3])
def rows_chosen_in_some_steps(x, n):
    row, other = x[0], 0
    for i in range(n):
        for j in range(n):
            if j > i:
                row = x[j]
        other = row.sum()
    row += 1
    return row, other


@case([M, 2], refused="whether two views that are returned are one object")
def one_view_or_two(x, n):
    row, other = x[0], 0
    for i in range(n):
        for j in range(n):
            if j > i:
                row = x[j]
        other = row
    return row, other


@case([V], [V[:0]], [-V], [V[:1]])
def carried_for_nothing(x):
    low = high = 0
    for v in x:
        if high:
            high = v


@case([V, 1], [V[:0], 1], [V, 9])
def text_of_some_step(x, n):
    text = f"n is {n}"
    for v in x:
        if v > n:
            text = f"{v} is more than {n}"
    return text


@case([V, 2], [V, 0], [V, 4])
def shape_shrinks(x, n):
    for _ in range(n):
        x = x[:-1] + x[1:]
    return x


@case([V, 3], [V, 0])
def shape_grows(x, n):
    for k in range(n):
        x = np.concatenate([x, [k]])
    return x


@case([V])
def while_shrinks(x):
    while len(x) > 1:
        half = len(x) // 2
        x = x[:half] + x[half : 2 * half]
    return x[0]


@case([2.0, 3], [2.0, 0], refused="does not settle")
def rank_grows(x, n):
    for _ in range(n):
        x = np.stack([x, x])
    return x


@case([V, 3], [V, 0])
def carried_tuple(x, n):
    t = (0, x)
    for k in range(n):
        t = (t[0] + k, t[1] * 2)
    return t


@case([3], [0], refused="has another form after a step")
def tuple_grows(n):
    t = ()
    for k in range(n):
        t = t + (k,)
    return t


@case([V, 3], [V, 0])
def carried_list_of_arrays(x, n):
    a = [x, x + 1]
    for k in range(n):
        a[k % 2] = a[0] + a[1]
    return a


@case([V, 3], [V, 0])
def carried_dict(x, n):
    d = {"n": 0, "x": x}
    for k in range(n):
        d["n"] += k
        d["x"] = d["x"] + d["n"]
    return d


@case([5], [0])
def closure_counter(n):
    count = 0

    def bump(k):
        nonlocal count
        count += k

    for k in range(n):
        bump(k)
    return count


@case([V])
def writes_to_argument(x):
    for k in range(1, len(x)):
        x[k] += x[k - 1]
    return x


@case([V, 3], [V, 0])
def writes_to_new(x, n):
    y = np.zeros_like(x)
    for k in range(n):
        y[k] = x[k] * 2
        x[k] = y[k] + 1
    return y


@case([M])
def writes_in_nested(x):
    for i in range(x.shape[0]):
        for j in range(1, x.shape[1]):
            x[i, j] += x[i, j - 1]
        x[i] /= x[i, -1]
    return x


@case([M])
def writes_rows_of_view(x):
    y = x.T
    for i in range(y.shape[0]):
        y[i] += i
        y[i, 0] = 0
    return y


@case([W])
def bubble_sort(x):
    n = len(x)
    for i in range(n):
        for j in range(n - 1 - i):
            if x[j] > x[j + 1]:
                x[j], x[j + 1] = x[j + 1], x[j]
    return x


@case([W])
def insertion_sort(x):
    for i in range(1, len(x)):
        key = x[i]
        j = i - 1
        while j >= 0 and x[j] > key:
            x[j + 1] = x[j]
            j -= 1
        x[j + 1] = key
    return x


@case([I + 2, 4], [I, 9])
def while_index(x, t):
    lo, hi = 0, len(x)
    while lo < hi:
        mid = (lo + hi) // 2
        if x[mid] < t:
            lo = mid + 1
        else:
            hi = mid
    return lo


@case([V, 3], [V, 7])
def out_of_bounds_inside(x, n):
    s = 0
    for k in range(n):
        s += x[k]
    return s


@case([V, 3], [V, 7])
def out_of_bounds_write_inside(x, n):
    for k in range(n):
        x[k] = k
    return x


@case([4], [0])
def loop_variable_rebound(n):
    r = 0
    for k in range(n):
        k = k * 2
        k += 1
        r += k
    return r


@case([4])
def modified_bound(n):
    r = 0
    for k in range(n):
        n -= 1
        r += n
    return r, n


@case([V])
def modified_iterable(x):
    for k, v in enumerate(x):
        x = x + v
        if k < 4:
            x[k + 1] = 0
    return x


@case([V])
def write_ahead_of_iteration(x):
    s = 0
    for k, v in enumerate(x):
        if k + 1 < len(x):
            x[k + 1] += v
        s += v
    return s


@case([3], [0])
def new_array_each_step(n):
    parts = []
    for k in range(n):
        a = np.zeros(2)
        a[0] = k
        parts.append(a)
    return parts


@case([3], [0], refused="an element of a growing list is written")
def same_array_each_step(n):
    parts = []
    a = np.zeros(2)
    for k in range(n):
        a[0] = k
        parts.append(a)
    return parts


@case([1.0], [0.3])
def newton(a):
    x = a
    for _ in range(50):
        new = 0.5 * (x + a / x)
        if abs(new - x) < 1e-12:
            break
        x = new
    return x


@case([0.3, 20], [2.0, 20])
def mandelbrot(c, n):
    z = 0j
    for k in range(n):
        z = z * z + c
        if abs(z) > 2:
            return k
    return n


@case([0xDEADBEEF, 5], [1, 0])
def xorshift(x, n):
    for _ in range(n):
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
    return x


@case([V, 2])
def zero_trip_then_raise(x, n):
    for k in range(n - 2):
        x = x / 0
        raise ValueError
    return x


@case([2], [0])
def nested_zero_trip(n):
    s = 0
    for i in range(n):
        for j in range(i):
            s += 0.5
    return s


@case([3], [1])
def inner_carry_kind(n):
    s = 0
    for i in range(n):
        t = 0
        for j in range(i):
            t += 1.5
        s += t
    return s, t


@case([3])
def uses_outer_after_inner(n):
    for i in range(n):
        for i in range(2):
            pass
    return i


@case([5])
def del_in_loop(n):
    s = 0
    for k in range(n):
        t = k * 2
        s += t
        del t
    return s


@case([V, 3])
def global_function_calls(x, n):
    for k in range(n):
        x = np.where(x > k, x - 1, x + 1)
        x = np.clip(x, 0, 3)
    return x


@case([3, 1.0], [0, 1.0])
def polymorphic_none(n, x):
    prev = None
    out = []
    for k in range(n):
        if prev is not None:
            out.append(prev + k)
        prev = x * k
    return out


@case([[3, 1, 2]], [[]])
def list_while(stack):
    s = 0
    while stack:
        s = s * 10 + stack.pop()
    return s


# Lists --------------------------------------------------------------------------------------------------------------


@case(*COUNTS)
def append_ints(n):
    r = []
    for k in range(n):
        r.append(k * k)
    return r, len(r)


@case(*COUNTS)
def append_mixed(n):
    r = []
    for k in range(n):
        r.append(k if k % 2 else k / 2)
    return r


@case(*COUNTS)
def append_arrays(n):
    r = []
    for k in range(n):
        r.append(np.full(2, k))
    return r


@case(*COUNTS)
def append_growing_arrays(n):
    r = []
    for k in range(n):
        r.append(np.arange(k))
    return r


@case(*COUNTS)
def append_tuples(n):
    r = []
    for k in range(n):
        r.append((k, k / 2))
    return r, [a + b for a, b in r]


@case(*COUNTS)
def append_then_array(n):
    r = []
    for k in range(n):
        r.append(k / 3)
    return np.array(r)


@case(*COUNTS)
def append_conditionally(n):
    r = [0]
    for k in range(n):
        if k % 3 == 0:
            r.append(r[-1] + k)
    return r


@case([W], [E])
def append_items_sum(x):
    r = []
    for v in x:
        r.append(v)
    return sum(r), len(r), r


@case([6], [0])
def pop_and_index(n):
    stack = [n]
    total = 0
    while stack:
        k = stack.pop()
        total += k
        if k > 1:
            stack.append(k - 1)
            stack.append(k // 2)
    return total


@case([4])
def pop_front(n):
    queue = [0]
    order = []
    while queue:
        k = queue.pop(0)
        order.append(k)
        if k < n:
            queue.append(k * 2 + 1)
            queue.append(k * 2 + 2)
    return order


@case([4], [1])
def list_index_write(n):
    r = [0] * n
    for k in range(n):
        r[k] = k * 1
        r[k - 1] += 1
    return r


@case([4], [1])
def list_index_write_float(n):
    r = [0] * n
    for k in range(n):
        r[k] = k / 2
    return r


@case([4])
def list_swap(n):
    r = [3, 1, 2, 0]
    for i in range(n):
        for j in range(n - 1):
            if r[j] > r[j + 1]:
                r[j], r[j + 1] = r[j + 1], r[j]
    return r


@case([5], [0])
def list_extend_insert(n):
    r = [1]
    for k in range(n):
        r.extend([k, k + 1])
        r.insert(0, -k)
    return r


@case([5], [0])
def list_augmented(n):
    r = []
    s = r
    for k in range(n):
        r += [k]
    return s, r is s


@case([5], [0], refused="has another form after a step")
def list_rebuilt(n):
    r = [1]
    for k in range(n):
        r = [0] + [r[i] + (r[i + 1] if i + 1 < len(r) else 0) for i in range(len(r))]
    return r


@case([4])
def list_of_lists(n):
    table = [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            table[i][j] = i * j
    return table


@case([4])
def list_of_lists_append(n):
    groups = [[], [], []]
    for k in range(n):
        groups[k % 3].append(k)
    return groups


@case([5])
def list_in_operator(n):
    seen = []
    for k in range(n):
        v = (k * k) % 5
        if v not in seen:
            seen.append(v)
    return seen


@case([[5, 3, 4]], [list(range(30, 0, -1))], [[]])
def list_argument_mutated(r):
    for k in range(len(r)):
        r[k] += k
    r.append(-1)
    return sum(r)


@case([[5, 3, 4]], [list(range(30, 0, -1))], [[1.5, 2]])
def list_methods(r):
    r.reverse()
    s = r[:]
    s.append(0)
    return r, s, r.index(max(r)), r.count(3), min(r)


@case([[5, 3, 4]], [list(range(30, 0, -1))], [[1.5, 2]])
def list_sort(r):
    r.sort()
    return r


@case([[5, 3, 4]], [[1.5, 2]])
@case([list(range(30, 0, -1))])
def list_sorted(r):
    return sorted(r)


@case([list(range(20))], refused="assignment to a slice of a list of traced length")
@case([[1, 2, 3]])
def list_slices(r):
    r[1:2] = [7, 8]
    del r[0]
    return r[::-1], r[-2:], r * 2, r + [1]


@case([5])
def dict_counts(n):
    d = {}
    for k in range(n):
        d[k % 2] = d.get(k % 2, 0) + k
    return d


@case([5])
def set_of_seen(n):
    seen = set()
    while n not in seen:
        seen.add(n)
        n = (n * n + 1) % 11
    return n


@case([5])
def strings_in_loop(n):
    s = "a"
    for k in range(n):
        s = s + "b"
    return s, len(s)


@case([np.ones((5, 4), bool), 3], [np.ones((5, 4), bool), 0])
def view_of_what_a_loop_may_have_made(a, n):
    for _ in range(n):
        a = a != 0
    return a[0]


@case([3], [1], [0])
def same_loop_of_constants_in_two_steps(n):
    def half(z):
        return z / 2

    def other(y):
        z = half(y)
        return z

    for _ in range(n):
        y = 1.0
        for _ in range(8):
            z = y
            y = 2.0 / y
    return y + z + other(3.0) if n else None


@case([3], [-1])
def same_loop_of_constants_on_two_ways(n):
    if n > 0:
        w = 9.0
        for _ in range(8):
            w = 2.0 / w
        u = w + n
    else:
        w = 9.0
        for _ in range(8):
            w = 2.0 / w
        u = w - n
    return u, w


@case([np.ones((2, 3)), 0, 2], [np.ones((2, 3)), 1, 0])
def arrays_that_loops_exchange_are_not_the_argument(a, n, v):
    u = np.conj(a)
    i = 0
    while not v:
        i += 1
        for _ in range(n):
            a, u = u, a
        if i:
            return v
        a, u = u, a
    return u


@case([np.ones(3), 0], [np.ones(3), 3], [np.ones(3), 6])
def arrays_exchanged_at_times_and_written(x, n):
    s, b = x + 1, x + 2
    for k in range(n):
        if k % 3 == 1:
            s, b = b, s
        else:
            b = s
        s[1] *= 2
    b[0] = 7
    return s, b, x


@case([np.ones(3), 0], [np.ones(3), 3], [np.ones(3), 6])
def array_that_is_the_other_one_at_times_written(x, n):
    a, b = x + 1, x + 2
    u = a
    for k in range(n):
        if k % 2:
            u = b
        b[0] += 1
        if k > 3:
            continue
        a, b = b, a
    u[1] = 5
    return a, b, u


@case([3], [0])
def names_of_comprehensions_are_their_own(n):
    total = 0
    for k in range(n):
        v = {v: v + k for v in (1, 2)}
        total += sum(v.values())
        v = [v * 2 for v in (k, n)]
        total += v[0]
    return total


test_same = case.test()


@case([np.arange(2.0), np.arange(6.0).reshape(3, 2)], [np.arange(3.0), np.arange(8.0).reshape(4, 2)])
def swaps_what_it_iterates_over(a, b):
    u = b * 1
    b = b * 2
    sums = []
    for w in u:
        for _y, z in zip(a, u):
            b, u = (u, b)
            z[-2] -= 1
        b = np.add(b, 1)
        sums.append(w.sum())
    return u, b, sums


MAY_BE_TWO = "an array is written that may or may not be another one"


def _one_of_two_written(x, n):
    s = x.copy()
    b = s
    for k in range(n):
        if k % 2:
            s = s * 2
        if k % 3 == 1:
            b = s
    s[0] = 99.0
    return b


def _one_of_two_asked_for(x, n):
    s = x.copy()
    b = s
    for k in range(n):
        s = s * 2
        if k % 3 == 1:
            b = s
    return s is b


def _last_ones_written(x, n):
    s, b = x + 1, x + 2
    for k in range(n):
        s = x * k
        if k % 2:
            b = s
    s[0] = 99
    return b


@pytest.mark.parametrize(
    ("f", "reason"),
    [
        (_one_of_two_written, MAY_BE_TWO),
        (_one_of_two_asked_for, "whether two arrays are one object"),
        (_last_ones_written, MAY_BE_TWO),
    ],
)
@pytest.mark.parametrize("n", [2, 5])
def test_what_may_be_one_array_or_two_is_refused(f, reason, n):
    check_refused(f, [np.ones(3), n], reason)


def test_the_best_so_far_is_the_very_array_that_it_was():
    def f(x, n):
        best, least = x, 1e9
        for k in range(n):
            new = x * k
            new[0] += 1
            if abs(new.sum() - 7) < least:
                best, least = new, abs(new.sum() - 7)
        return best, new, least

    traced = tt.trace(f, strict=True)
    for n in (1, 2, 5, 9):
        run_both(f, traced, [np.ones(2), n])


@pytest.mark.parametrize("write", [False, True])
@pytest.mark.parametrize("a", [np.ones((2, 3)), np.asfortranarray(np.ones((2, 3)))], ids=["C", "F"])
def test_what_may_be_a_view_is_so_after_the_loop_too(a, write):
    def last(a, n):
        for _ in range(n):
            u = a.T.reshape(-1)
        if write:
            u[0] = 9
        return u

    def returned(a, n):
        for k in range(n):
            if k >= 1:
                return a.T.reshape(-1)
        return None

    for f in (last, returned):
        run_both(f, tt.trace(f), [a, 3])


@case([np.arange(3.0), 5], refused="takes more than 40,000 nodes and merges")
def a_form_of_its_own_at_each_step(a, n):
    v, k = a, 0
    while True:
        v = (v, a * k)
        if a[k % 3] > 5:
            v = [v, a]
        k += 1
        if k > n:
            break
    return v


@case([np.arange(3.0), 40], refused="takes more than 40,000 nodes and merges")
def a_tuple_with_more_leaves_than_memory(a, n):
    v = (a, a)
    for _ in range(40):
        v = (v, v)
    for _ in range(n):
        v = v[0]
    return v[0]
