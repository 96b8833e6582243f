"""Traps of arrays: what is a view, what is a copy, what writes in place, and what an index is."""

import numpy as np

from tests.traps import Traps

trap = Traps()
X, Y = np.arange(4.0), np.arange(6.0) * 2
M, N = np.arange(6.0).reshape(2, 3), np.arange(12.0).reshape(4, 3)
F = np.asfortranarray(N)
EMPTY, NAN = np.zeros(0), float("nan")


# Names carry references --------------------------------------------------------------------------------------


@trap(
    "u, v = v, u in a loop exchanges the arrays, not the values",
    (X, X + 1, 3),
    (Y, Y + 1, 4),
    (X, X + 1, 0),
    (X, X + 1, 1),
)
def exchanged(u, v, n):
    for i in range(n):
        u[0] += 1 + i
        v[1] -= u[0]
        u, v = v, u
    u[2] = 100
    return u, v


@trap("three names that are rotated", (X, X + 1, X + 2, 4), (Y, Y + 1, Y + 2, 5), (X, X + 1, X + 2, 0))
def rotated(u, v, w, n):
    for i in range(n):
        u += i
        u, v, w = v, w, u
    return u, v, w


@trap("r = a if c else b; r[0] = 1 writes to the one that was taken", (X, X + 1, 2), (Y, Y + 1, -2))
def written_to_the_one_taken(a, b, n):
    r = a if n > 0 else b
    r[0] = 100
    return a.sum() - b.sum(), r


@trap("`return x` returns the caller's own x", (X, 1), (M, 5), (X, -5))
def argument_returned(x, n):
    if n > 3:
        x = x * 2
    return x


@trap("`return x[1:]` returns a view of it, x[:] is another object", (X,), (M,), (EMPTY,))
def views_returned(x):
    return x[1:], x[:], x.T, x[...], x


@trap("one array twice in a result is one array", (X, 1), (M, 0))
def twice_in_a_result(x, n):
    y = x + n
    return y, y, [y, y[:1]], {"y": y}


@trap("one array as two arguments", (X,), (Y,))
def inner_of_same(x):
    def add(a, b):
        a[0] = 10
        b[1] = a[0] + b[0]
        return a is b

    return add(x, x), add(x, x.copy()), x


@trap("x = x + 1 is another array, x += 1 is the same", (X, 2), (M, 3), (X, 0))
def rebound_or_augmented(x, n):
    y = x
    for _ in range(n):
        x += 1
    x = x + 1
    return x is y, y, x


@trap("and for numbers both are another number", (1, 2), (1.5, 3), (np.float64(2), 1))
def augmented_number(a, n):
    b = a
    for _ in range(n):
        a += 1
    return a, b


@trap("and for an element of an array", (X, 3), (Y, 1), (M, 2))
def augmented_element(x, n):
    e = x[0]
    for _ in range(n):
        e += 1
    return e, x


@trap("+= extends a list in place, and makes another tuple", ([1], (2,), 3), ([], (), 1), ([X], (X,), 2))
def augmented_containers(a, t, n):
    b, s = a, t
    a += [n]
    t += (n,)
    return a is b, t is s, b, s, a, t


@trap("a + b of lists is another list", ([1, 2], [3]), ([], [X]))
def list_sum(a, b):
    c = a + b
    c.append(1)
    return a, c, a * 2


@trap("t[0] += x of a tuple writes, and then raises", ((X, 1), 1.0), ((Y, 2), 3))
def augmented_item_of_a_tuple(t, n):
    try:
        t[0] += n
    except TypeError as error:
        return t[0], str(error)


@trap("[[0]] * 3 holds one list three times", (3, 5), (1, 2), (2, -1))
def repeated_list(n, v):
    rows = [[0]] * 3
    rows[n - 1].append(v)
    return rows


@trap("a copy of a list is shallow", ([X, 1], 2), ([M, 2], 3))
def shallow_copy(a, n):
    b, c, d = a[:], list(a), a.copy()
    b[0] += n
    c[1] = n
    d.append(n)
    return a, b, c, d


@trap("a slice of a list is a copy, of an array a view", ([1, 2, 3], X), ([4, 5], Y))
def slices(a, x):
    b, y = a[:2], x[:2]
    b[0] = y[0] = 9
    return a, b, x, y


@trap("the row that a loop binds is a view", (M, 2.0), (N, 3.0), (np.zeros((0, 3)), 1.0))
def rows_are_views(m, c):
    for row in m:
        row *= c
        row[0] = 1
    return m


@trap("and the number is not", (X, 2.0), (EMPTY, 1.0))
def numbers_are_not(x, c):
    for v in x:
        v *= c
    return x


@trap("an array that is written while a loop goes over it shows what was written", (X,), (Y,))
def written_ahead(x):
    seen = []
    for i, v in enumerate(x):
        seen.append(v)
        if i + 1 < len(x):
            x[i + 1] += v
    return seen, x


@trap("a name that is bound again leaves what the loop goes over", (X, 2), (Y, 3))
def iterable_rebound(x, n):
    s = 0.0
    for v in x:
        x = x * n
        s += v + x[0]
    return s, x


# Views and copies --------------------------------------------------------------------------------------------


@trap("a slice is a view, a fancy index and a mask are copies", (X, 1.0), (Y, 3.0))
def view_or_copy(x, v):
    a, b, c = x[1:3], x[[1, 2]], x[x >= v]
    a[0], b[0], c[0] = 50, 60, 70
    return x, a, b, c


@trap("but they write to what they index", (X, 1.0), (Y, 3.0))
def written_by_index(x, v):
    x[[0, 1]] = v
    x[x > v] += 10
    x[[0, 0]] += 1
    np.add.at(x, [0, 0], 100)
    return x


@trap("a mask of a mask writes nothing", (X, 1.0), (Y, -1.0))
def mask_of_mask(x, v):
    x[x > v][0:1] = 100
    x[1:][x[1:] > v] = 50
    return x


@trap("ravel is a view where memory allows, flatten never", (M,), (N,), (F,), (N[:, :2],))
def ravel_and_flatten(m):
    r, f = m.ravel(), m.flatten()
    r[0], f[1] = 50, 60
    return m, r, f, np.shares_memory(m, r) if m is None else r.sum()


@trap("reshape is a view where memory allows", (M,), (N,), (F,), (N[::2],), leaves=True)
def reshaped(m):
    r = m.reshape(-1)
    r[0] = 50
    t = m.T.reshape(-1)
    t[1] = 60
    return m, r, t


@trap("ravel in another order", (M,), (F,), refused="whether ravel gave")
def ravel_orders(m):
    a, b, c = m.ravel("F"), m.ravel("K"), m.T.ravel()
    a[0], b[1], c[2] = 50, 60, 70
    return m, a, b, c


@trap("asarray of an array is the array, np.array a copy", (X,), (M,), (np.ones(2, int),))
def array_of_array(x):
    a, b = np.asarray(x), np.array(x)
    a.flat[0], b.flat[0] = 50, 60
    return a is x, b is x, np.asarray(x, dtype=x.dtype) is x, np.asarray(x, float), x


@trap("astype copies, also to the same dtype", (X,), (np.arange(3),))
def astype(x):
    a, b, c = x.astype(float), x.astype(float, copy=False), x.astype(x.dtype)
    a[0], b[1], c[0] = 50, 60, 70
    return x, a, b, c


@trap("the real part of real numbers is a view, of complex ones as well", (X,), (X + 1j,))
def real_part(x):
    x.real[0] = 50
    r = x.real
    r += 1
    return x, r


@trap("a broadcast array cannot be written", (X, 3), (X[:0], 2))
def broadcast_is_read_only(x, n):
    b = np.broadcast_to(x, (n, x.shape[0]))
    x[0] = 50
    s = b.sum()
    b[0, 0] = 1
    return s


@trap("swapping by names of slices copies nothing", (X,), (Y,))
def swapped_slices(x):
    x[:2], x[2:4] = x[2:4], x[:2]
    return x


@trap("swapping elements works", (X, 0, 2), (Y, 1, -1))
def swapped_elements(x, i, j):
    x[i], x[j] = x[j], x[i]
    return x


@trap("swapping rows of a matrix does not, but by a list of indices it does", (M.copy(),), (N,))
def swapped_rows(m):
    a = m.copy()
    a[0], a[1] = a[1], a[0]
    m[[0, 1]] = m[[1, 0]]
    return m, a


@trap("x[1:] = x[:-1] reads before it writes", (X,), (Y,), (np.zeros(1),))
def shifted(x):
    x[1:] = x[:-1]
    x[1:] += x[:-1]
    x[::-1] += x
    return x


@trap("m += m.T reads before it writes", (np.arange(4.0).reshape(2, 2),), (np.arange(9.0).reshape(3, 3),))
def plus_transposed(m):
    m += m.T
    m -= m[0]
    return m


@trap(
    "sort() sorts in place and returns nothing, np.sort copies",
    (np.array([3.0, 1, 2]),),
    (np.array([2, 2, 1, NAN, 0]),),
)
def sorts(x):
    y = np.sort(x)
    z = x[::-1].sort()
    return x, y, z


@trap(
    "a stable sort keeps the order of equals",
    (np.array([1, 0, 1, 0, 1]),),
    (np.array([2.0, 2, 1, 1, 2, 1, 0]),),
    callback="_python_order",
)
def stable(x):
    pairs = [(1, "a"), (x.size, "b"), (1, "c"), (x.size, "d")]
    pairs.sort(key=lambda p: -p[0])
    return np.argsort(x, kind="stable"), pairs, sorted(pairs, key=lambda p: p[0], reverse=True), x.argmax()


@trap("out= is what is returned", (X, 2), (Y, 3))
def out_is_returned(x, n):
    r = np.multiply(x, n, out=x)
    return r is x, r


@trap("an array that shares memory with out", (X,), (Y,))
def out_overlaps(x):
    np.add(x[:-1], x[1:], out=x[1:])
    np.cumsum(x, out=x)
    return x


# Kinds of results --------------------------------------------------------------------------------------------


@trap("a 0-d array is mutable, what it computes to is a scalar", (np.array(2.0), 1), (np.array(3), 2))
def zero_d(x, n):
    y = x
    x += n
    z = x + n
    z += 1
    return y is x, x, z, x[()], x[...]


@trap("x[0, ...] is a 0-d view, x[0] a scalar", (X,), (np.arange(3),))
def ellipsis_of_an_element(x):
    v, s = x[0, ...], x[0]
    v[...] = 50
    s += 1
    return x, v, s, type(v) is type(s)


@trap("reductions are scalars, with keepdims arrays", (X,), (M,), (np.ones((1, 1)),))
def reduced(x):
    return x.sum(), x.sum(keepdims=True), x.sum(axis=0), x.max(axis=-1, keepdims=True), np.sum(x[:0])


@trap(
    "a dim of 1 broadcasts, another does not",
    (np.ones(3), X[:3]),
    (np.ones(1), X),
    (np.ones((2, 1)), X),
    (np.ones(2), X),
)
def broadcast(x, y):
    return x + y


@trap(
    "in place it broadcasts one way only",
    (np.ones(3), np.ones(1)),
    (np.ones(1), np.ones(3)),
    (np.ones((2, 3)), np.ones(3)),
)
def broadcast_in_place(x, y):
    x += y
    return x


@trap("no steps, no elements", (EMPTY,), (X,), (np.zeros((0, 3)),))
def empty_reductions(x):
    return x.sum(), x.prod(), x.any(), x.all(), x.size, np.mean(x[x > 0]), x.cumsum()


@trap("the extrema of nothing raise", (X,), (EMPTY,))
def empty_extrema(x):
    return x.max()


@trap("the builtin's too, unless there is a default", (X,), (EMPTY,))
def empty_builtin_extrema(x):
    a = max(x, default=-1)
    return a, min(x)


@trap("a division in place of integers is refused", (X, 2), (np.arange(3), 2), (np.arange(3), 2.5))
def divided_in_place(x, n):
    y = x / n
    x /= n
    return x, y


@trap("floor division in place by a float is refused too", (X, 2.0), (np.arange(3), 2), (np.arange(3), 2.0))
def floor_divided_in_place(x, n):
    x //= n
    return x


@trap(
    "an array written in place keeps its dtype",
    (np.ones(2, np.float32), 1e-3),
    (np.ones(2), 2),
    (np.ones(2, np.int8), 100),
)
def keeps_its_dtype(x, c):
    x += c
    x *= 2
    x[0] += c
    return x


@trap(
    "the truth of an array of several elements raises",
    (np.array([1.0]),),
    (np.array([0]),),
    (X,),
    (np.array(3),),
)
def truth(x):
    if x:
        return "yes"
    return "no"


@trap("== of arrays is by elements, `is` is not", (X, X + 0), (Y, X), (X, np.array([2.0])))
def equality(x, y):
    return x is y, x is x, (x[:1] == y[:1]).all(), x is None, x == None, x != 3


@trap("x in a list of arrays asks for the truth of ==", (np.array([1.0]),), (X,))
def array_in_list(x):
    return x in [x], x in [x + 1, x]


# Indices -----------------------------------------------------------------------------------------------------


@trap("a negative index counts from the end, and has an end itself", (X, -1), (X, -4), (X, -5), (Y, 4))
def negative_index(x, k):
    return x[k], x[k:], x[: k + 1], x.tolist()[k]


@trap("a slice never raises for its bounds", (X, -10, 10), (Y, 3, 1), (EMPTY, 0, 5), (X, 2, -1))
def slice_bounds(x, a, b):
    return x[a:b], x[b:a:-1], list(range(10))[a:b], x[a:][:b]


@trap("a slice kept in a variable", (X, 1, 3), (Y, 0, -1), (EMPTY, 2, 4))
def slice_kept(x, a, b):
    s = slice(a, b)
    t = slice(None, None, -1)
    x[s] += 1
    return x[s], x[t], s.start, (s.stop, s.step)


@trap("a slice that is returned is one of Python's, with its numbers", (X, 1), (Y, 2))
def slice_returned(x, n):
    s = slice(n)
    return x[s], s


@trap("x[-0:] is all of it", (X, 0), (X, 1), (Y, 2))
def last_elements(x, k):
    return x[-k:], x[:-k]


@trap("a step of -1 with a bound", (X, 2), (Y, 0), (X, -1))
def backwards(x, k):
    return x[k::-1], x[:k:-1], x[::-2], x[-1:k:-1]


@trap("None and ... in an index", (M,), (N,), (np.ones((1, 2, 2)),))
def index_objects(m):
    i = (..., 0)
    return m[i], m[None, ..., None].shape, m[..., :1], m[:, np.newaxis].shape


@trap("an index that is a bool is a mask", (X, True), (X, False), (M, True))
def bool_index(x, b):
    return x[b], x[1]


@trap("an index that is an empty list", (X,), (M,))
def empty_index(x):
    x[[]] = 5
    return x[[]], x[:0]


@trap("two lists of indices go together, slices and lists apart", (N,), (np.arange(20.0).reshape(4, 5),))
def fancy_pairs(m):
    m[[0, 1], [1, 2]] = -1
    return m[[0, 1], [2, 0]], m[:2, [2, 0]], m[[[0], [1]], [1, 2]], m[[0, 1]][:, [1, 2]]


@trap("an element out of bounds raises, in a write as well", (X, 3), (X, 4), (X, -5))
def written_out_of_bounds(x, k):
    x[k] = 1
    return x


@trap("the length is that of the first dim", (M,), (N,), (np.zeros((0, 4)),), (np.array(1),))
def length(m):
    return len(m), m.size, m.ndim, m.shape


@trap("np.where computes both", (X,), (Y - 3,), (EMPTY,))
def where_computes_both(x):
    return np.where(x > 0, np.log(x), -1), np.where(x > 0)[0]


@trap("an exception leaves the array with what was written", (X, 2), (X, 9), (Y, 5))
def written_before_the_exception(x, k):
    try:
        x[0] = 100
        x[k] = 200
        x[1] = 300
    except IndexError:
        x[2] += 0.5
    return x


@trap("an array that grows by concatenation is another array", (X, 2), (Y, 0), (EMPTY, 3))
def grown(x, n):
    y = x
    for i in range(n):
        y = np.append(y, i)
    y[:1] = 50
    return x, y


@trap("the flat iterator writes to the array", (M, 1), (F, 5), (N, 4))
def flat(m, k):
    m.flat[k] = 50
    m.flat[::2] = 7
    return m, m.flat[k]


@trap("a view outlives the name of the array", (3, 1.5), (5, 2.0))
def view_outlives(n, c):
    a = np.zeros(n)
    v = a[1:]
    a = a + c
    v += 5
    return v, a
