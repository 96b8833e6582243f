"""One small program for each thing that docs/language.md says is traced, becomes a call-back or runs plain."""

import collections
import dataclasses
import functools
import itertools
import math

import numpy as np
import scipy.linalg
import scipy.special

PROGRAMS = []


def _enter(fate):
    def with_arguments(*args):
        def enter(function):
            PROGRAMS.append((function, args, fate))
            return function

        return enter

    return with_arguments


traced, callback, plain = _enter("traced"), _enter("callback"), _enter("plain")

X = np.array([3.0, 1.0, 2.0])
M = np.arange(6.0).reshape(2, 3)


@traced(X, 2)
def if_(x, n):
    if n > 1:
        y = x * 2
    else:
        y = x
    return y


@traced(5)
def while_break(n):
    i = 0
    while True:
        i += 1
        if i > n:
            break
        if i == 2:
            continue
    else:
        i = 7
    return i


@traced(X)
def for_array(x):
    s = 0.0
    for v in x:
        s += v
    return s


@traced(X)
def for_enum_zip(x):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, x[::-1])):
        s += i * a * b
    return s


@traced(X)
def for_reversed(x):
    s = 0.0
    for a in reversed(x):
        s = s * 2 + a
    return s


@traced(X, 3)
def list_comp(x, n):
    return [x[i] * 2 for i in range(n) if x[i] > 1]


@traced(X, 3)
def gen_exp(x, n):
    return sum(x[i] * 2 for i in range(n))


@traced(X)
def dict_comp(x):
    return {k: x * k for k in (1, 2)}


@traced(3)
def set_lit(n):
    s = {1, 2}
    return n in s


@traced(X, 2)
def dict_traced_key(x, n):
    d = {}
    d[n] = x
    return d


@traced(X)
def dict_const(x):
    d = {"a": x}
    d["b"] = x + 1
    return d


@plain(X)
def try_except(x):
    try:
        y = x[5]
    except IndexError:
        y = x[0]
    return y


@plain(X)
def try_finally(x):
    try:
        y = x + 1
    finally:
        x[0] = 3
    return y


@plain(X)
def with_errstate(x):
    with np.errstate(divide="ignore"):
        return x / 0


@plain(X)
def with_errstate_raise(x):
    with np.errstate(divide="raise"):
        return x / 2


@traced(X, 2)
def match_(x, n):
    match n:
        case 1:
            return x
        case 2:
            return x * 2
        case _:
            return -x


@traced(X)
def walrus(x):
    if (y := x.sum()) > 1:
        return y
    return y * 2


@traced(X)
def inner_def(x):
    k = 2.0

    def g(v):
        nonlocal k
        k += 1
        return v * k

    return g(x) + g(x)


@traced(X)
def lam(x):
    return (lambda v: v + 1)(x)  # noqa: PLC3002


@traced(X)
def star(x):
    a, *b = x
    return a, b


@traced(X)
def fstr(x):
    return f"{x[0]}"


@traced(X)
def print_(x):
    print("value", x[0])
    return x + 1


@traced(X)
def assert_(x):
    assert x[0] > 0, f"bad {x[0]}"
    return x


@traced(X)
def del_(x):
    y = x + 1
    del y
    return x


G = 1.0


@plain(X)
def global_write(x):
    global G
    G = 2.0
    return x * G


@traced(X)
def import_inside(x):
    import numpy as np2

    return np2.exp(x)


@plain(X)
def class_inside(x):
    class A:
        pass

    return x


@traced(X)
def gen_fn(x):
    def g():
        for v in x:
            yield v

    return list(g())


@traced(4)
def recursion(n):
    return 1 if n <= 1 else n * recursion(n - 1)


@traced(X)
def map_(x):
    return list(map(lambda v: v + 1, x))


@traced(X)
def filter_(x):
    return list(filter(lambda v: v > 1, x))


@callback(X)
def sorted_(x):
    return sorted(x)


@plain(X)
def sorted_key(x):
    return sorted([1, 2, 3], key=lambda k: -k)


@plain([3.0, 1.0, 2.0])
def list_sort(l):
    l.sort()
    return l


@traced(X)
def minmax(x):
    return (
        min(x),
        max(x),
        sum(x),
        abs(x),
        round(x[0]),
        any(x > 1),
        all(x > 1),
        len(x),
        int(x[0]),
        float(x[1]),
        bool(x[0]),
    )


@traced(X)
def isinst(x):
    return x * 2 if isinstance(x, np.ndarray) else x


@traced(X)
def typ(x):
    return type(x).__name__


@traced(X)
def hasattr_(x):
    return hasattr(x, "shape")


@traced(X)
def getattr_(x):
    return getattr(x, "T")


@traced(X)
def reduce_(x):
    return functools.reduce(lambda a, b: a + b, x)


@traced(X)
def partial_(x):
    return functools.partial(np.add, 1)(x)


@traced(X)
def product_(x):
    s = 0.0
    for i, j in itertools.product(range(3), range(3)):
        s += x[i] * x[j]
    return s


@traced(X)
def accumulate_(x):
    return list(itertools.accumulate([1, 2, 3]))


@plain(X)
def deque_(x):
    d = collections.deque()
    d.append(x[0])
    return d.pop()


@plain(X)
def counter_(x):
    return collections.Counter([1, 1])


@dataclasses.dataclass
class P:
    a: float
    b: object


@traced(X)
def dataclass_made(x):
    return P(x[0], x * 2)


@traced(P(1.0, X))
def dataclass_read(p):
    return p.b * p.a


@plain(P(1.0, X))
def dataclass_write(p):
    p.a = 2.0
    return p.b


NT = collections.namedtuple("NT", "u v")  # noqa: PYI024


@plain(NT(1.0, X))
def namedtuple_(p):
    return p._replace(u=3.0)


@traced(X)
def namedtuple_made(x):
    return NT(x, v=1)


@callback(X)
def rng_default(x):
    return x + np.random.default_rng(0).normal(size=3)


@callback(X)
def special(x):
    return scipy.special.erf(x)


@callback(np.eye(3))
def sp_lin(m):
    return scipy.linalg.expm(m)


@traced(X)
def np_fft(x):
    return np.fft.fft(x)


@traced(X)
def np_unique(x):
    return np.unique(x)


@traced(X)
def np_hist(x):
    return np.histogram(x, 3)


@traced(X)
def np_interp(x):
    return np.interp(x, X, X)


@traced(X)
def np_poly(x):
    return np.polyfit(X, x, 1)


@plain(X)
def np_vectorize(x):
    return np.vectorize(lambda v: v + 1)(x)


@callback(X)
def np_apply(x):
    return np.apply_along_axis(np.sort, 0, x)


@traced(X)
def np_einsum(x):
    return np.einsum("i,j->ij", x, x)


@traced(M)
def np_pad(m):
    return np.pad(m, 1)


@traced(X)
def np_out(x):
    y = np.empty(3)
    np.add(x, 1, out=y)
    return y


@traced(X)
def np_where_out(x):
    return np.add(x, 1, where=x > 1, out=np.zeros(3))


@traced(X)
def ufunc_at(x):
    np.add.at(x, [0, 0], 1.0)
    return x


@traced(X)
def ufunc_reduce(x):
    return np.add.reduce(x), np.multiply.accumulate(x), np.add.outer(x, x)


@traced(X)
def setops(x):
    x[x > 1] = 0
    x[[0, 1]] += 2
    x[...] = x * 2
    x[None][0, 1] = 5
    return x


@plain(M)
def views(m):
    v = m.T.reshape(-1)
    w = m.ravel()
    w[0] = 9
    return v, m


@plain(M)
def attr_shape(m):
    a, b = m.shape
    return m.reshape(b, a), m.dtype, m.ndim, m.size, m.nbytes, m.strides


@plain(M)
def flags(m):
    return m.flags.c_contiguous


@traced(X)
def flat(x):
    x.flat[0] = 3
    return x.flat[1]


@traced(X)
def item(x):
    return x.item(0), x.tolist()


@plain(M)
def setshape(m):
    m.shape = (3, 2)
    return m


@plain(X.astype(object))
def objarr(x):
    return x + 1


@plain(np.array(["a", "b"]))
def strarr(x):
    return x == "a"


@plain(np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]))
def structarr(x):
    return x["a"]


@plain(np.array(["2020-01-01"], dtype="M8[D]"))
def datearr(x):
    return x + 1


@plain(np.ma.masked_array(X))
def masked(x):
    return x + 1


@plain(M.view(np.matrix))
def matrix(x):
    return x * 1


@traced(X.astype("f2"))
def half(x):
    return x + 1


@traced(X.astype("g"))
def longd(x):
    return x + 1


@traced("text", X)
def string_arg(s, x):
    return x * 2 if s == "text" else x


@traced(X)
def string_ops(x):
    name = "a" + "b"
    return x, name.upper(), "%d" % 3


@traced([X, X * 2])
def list_arg(l):
    l.append(X)
    l[0] = l[1] + 1
    return len(l)


@traced({"a": X})
def dict_arg(d):
    d["b"] = d["a"] * 2
    for k in d:
        d[k] += 1
    return d


@traced({1, 2})
def set_arg(s):
    return len(s)


@callback(X, 4)
def growing(x, n):
    out = []
    for i in range(n):
        out.append(x * i)
    return np.array(out), np.stack(out), out[-1]


@traced(X, 4)
def grow_tuples(x, n):
    out = []
    while n > 0:
        out.append((n, x[0]))
        n -= 1
    a = out.pop()
    return out, a


@plain(X, 4)
def insert_(x, n):
    out = [1, 2, 3]
    out.insert(0, n)
    out.extend([4])
    out.remove(2)
    out.reverse()
    return out


@traced(X, 4)
def grow_insert(x, n):
    out = []
    for i in range(n):
        out.insert(0, i)
    return out


@plain(X, 4)
def lists_of_lists(x, n):
    g = [[0] * 3 for _ in range(n)]
    g[1][2] = 5
    return g


@traced(4)
def bigint(n):
    return n**50


@plain(4)
def rank_change(n):
    x = np.ones(3)
    for i in range(n):
        x = x[None]
    return x


@traced(X, 5)
def type_change(x, n):
    s = 0
    for i in range(n):
        s = s + x
    return s


@traced(X, 3)
def return_diff(x, n):
    if n > 2:
        return x
    if n > 1:
        return 1
    return None


@traced(X, 3)
def early_ret(x, n):
    for i in range(n):
        if x[i] > 2:
            return i
    return -1


@traced(X)
def nested_loops(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            if x[j] > 2:
                break
            s += x[j]
    return s


@traced(X)
def is_none(x, y=None):
    return x if y is None else y


@traced(X, 2)
def string_key(x, n):
    table = {0: "a", 2: "b"}
    return table[n]


@traced(X, 2)
def chained(x, n):
    return x if (0 < n <= 2 and not n == 1) or n > 7 else -x


@traced(X)
def copy_(x):
    import copy

    return copy.deepcopy(x), copy.copy([x])


@plain(X)
def id_(x):
    return id(x) > 0


@plain(X, 3)
def repeat_str(x, n):
    return "ab" * n


@traced(X, 0)
def unbound(x, n):
    if n:
        y = 1
    return x


@traced(X)
def iter_next(x):
    it = iter(x)
    return next(it)


@traced(X)
def ndenum(x):
    s = 0.0
    for i, v in np.ndenumerate(x):
        s += i[0] * v
    for i in np.ndindex(3):
        s += x[i]
    return s


@plain(X)
def nditer(x):
    for v in np.nditer(x):
        pass
    return x


@traced(M)
def bool_arr(m):
    return 1 if (m > 2).any() else 0


@traced(X, 2)
def pow_(x, n):
    return 2**n


@callback(X, 2)
def math_(x, n):
    return math.gcd(n, 4), math.floor(x[0]), math.hypot(x[0], 1.0), math.comb(n, 1)


@callback(X, 2)
def complex_(x, n):
    return complex(x[0], n), x.astype(complex).imag


@callback(X, 2)
def bit(x, n):
    return n.bit_length(), n & 3, ~n


@traced(X, 2)
def slice_obj(x, n):
    s = slice(0, n)
    return x[s]


@traced(X, 1)
def axis_traced(x, n):
    return np.stack([x, x]).sum(axis=n)


@traced(X, 2)
def zeros_traced(x, n):
    return np.zeros((n, n)), np.arange(n), np.eye(n), np.linspace(0, 1, n)
