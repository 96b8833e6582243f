"""Traps of the language: order, scopes, closures, loops and what is left after them, exceptions, generators."""

import itertools

import numpy as np

from tests.traps import Traps

trap = Traps()
X, Y, EMPTY = np.array([3.0, 1, 2]), np.arange(6.0), np.zeros(0)


# Order of effects --------------------------------------------------------------------------------------------


@trap("operands are evaluated from left to right", (1, 2), (2.5, -1))
def operands_in_order(a, b):
    order = []

    def note(v):
        order.append(v)
        return v

    r = note(a) + note(b) * note(3) - (note(4) if note(a > b) else note(5))
    return r, order


@trap("the value before the target, the object before the index", (X, 1), (Y, 4))
def assignment_in_order(x, k):
    order = []

    def note(what, v):
        order.append(what)
        return v

    note("object", x)[note("index", k)] = note("value", 5)
    note("object", x)[note("index", k)] += note("value", 1)
    return x, order


@trap("targets are assigned from left to right", (X, 1), (Y, 4))
def targets_in_order(x, k):
    i, x[i] = k, 50
    i = x[i - 1] = i - 1
    j = 0
    (j, x[j]), i = (2, 60), j
    return x, i, j


@trap("all of the right side is evaluated before the left is bound", (1, 2), (X, 3.0))
def right_side_first(a, b):
    a, b = b, a
    a, b = a + b, a
    c = [a, b]
    c[0], c[1] = c[1], c[0]
    return a, b, c


@trap("arguments in order, keywords too, before the call", (1, 2), (0.5, X))
def arguments_in_order(a, b):
    order = []

    def note(v):
        order.append(v)
        return v

    def f(*args, **kwargs):
        return args, list(kwargs), len(order)

    return f(note(a), *[note(b)], z=note(1), **{"y": note(2)}), order


@trap("keys before values, entry by entry", (1, 2), (3, 4))
def displays_in_order(a, b):
    order = []

    def note(v):
        order.append(v)
        return v

    return {note("a"): note(a), note("b"): note(b)}, [note(b), note(a)], order


@trap("a default is evaluated when the function is defined", (1, 3), (2.5, 4))
def default_at_definition(a, n):
    fs = []
    for i in range(3):

        def f(x, k=i * a):
            return x + k

        fs.append(f)
    a = 100
    return [f(n) for f in fs]


@trap("a mutable default is one object for all calls", (1, 3), (X, 2))
def mutable_default(v, n):
    def push(w, kept=[]):
        kept.append(w)
        return kept

    for _ in range(3):
        last = push(v)
    return last is push(n), push(0, []), last


# Scopes and closures -----------------------------------------------------------------------------------------


@trap("a closure sees what its variable is when it is called", (1, 5), (X, 2.0))
def late_binding(a, b):
    def f(x):
        return x * a

    first = f(2)
    a = b
    return first, f(2)


@trap("lambdas made in a loop see its last value", (2,), (X,))
def lambdas_in_a_loop(x):
    fs = []
    for i in range(3):
        fs.append(lambda: x * i)
    return [f() for f in fs]


@trap("in a comprehension as well", (2,), (X,))
def lambdas_in_a_comprehension(x):
    fs = [lambda: x * i for i in range(3)]
    return [f() for f in fs], [f(5) for f in [lambda y, i=i: y + i for i in range(3)]]


@trap("two lambdas on one line are two", (2, 3), (X, 1.5))
def lambdas_on_one_line(a, b):
    f, g = (lambda x: x + a), (lambda x: x * b)
    return f(g(2)), g(f(2)), [h(a) for h in (lambda x: -x, lambda x: x + b)]


@trap("nonlocal binds the variable of the function around", (2, 3), (0, 1), (1.5, 4))
def counter(step, n):
    count = 0

    def bump():
        nonlocal count
        count += step
        return count

    seen = []
    for _ in range(n):
        seen.append(bump())
    return count, seen


@trap("two closures share a variable", (2, 3), (X, 1.0))
def shared_cell(a, b):
    def put(v):
        nonlocal a
        a = v

    def get():
        return a

    before = get()
    put(b)
    return before, get(), a


@trap("the variable of a comprehension is its own", (3, 2), (0, 5))
def comprehension_scope(n, i):
    squares = [i * i for i in range(n)]
    table = {i: j for i, j in zip("ab", (n, i))}
    return i, squares, table


@trap("but := in one binds the variable around", (X, 2.0), (Y, 100.0), (Y, 2.0))
def walrus_in_a_comprehension(x, c):
    last = None
    kept = [w for v in x if (w := v * 2) > c and (last := w)]
    return kept, last


@trap("a name that is deleted is unbound", (1, 2), (1, 0))
def deleted_name(a, n):
    b = a
    if n:
        del b
    return b


@trap("a local name that is not bound yet does not stand for the global", (1,), (0,))
def unbound_local(n):
    if n:
        np = n
    return np


@trap("a parameter may hide a builtin", (X, 3), (Y, 2.0))
def hidden_builtin(sum, max):
    len = lambda v: v * 2
    return len(max), sum + max, abs(max)


@trap("a function that is defined again is another", (2,), (X,))
def defined_again(x):
    def f(v):
        return v + 1

    g = f

    def f(v):
        return v * 10

    return f(x), g(x)


@trap("the name of an exception is unbound after its handler, whatever it was before", (X, 9), (X, 1))
def exception_name_unbound(x, k):
    e = 5
    try:
        x[k] = 1
    except IndexError as e:
        str(e)
    return e


@trap("also where the handler raises", (X, 9), (X, 1))
def exception_name_unbound_by_a_raise(x, k):
    try:
        try:
            v = x[k]
        except IndexError as e:
            raise ValueError(str(e)) from None
    except ValueError as error:
        v = str(error)
        e = e
    return v


@trap("and where the handler is one in a handler of the same name", (X, 9, 5), (X, 9, 0), (X, 1, 0))
def exception_names_nested(x, k, i):
    try:
        x[k] = 1
    except IndexError as e:
        try:
            try:
                raise ValueError(k)
            except ValueError as e:
                x[i] = 2
        except IndexError:
            pass
        return e
    return x


@trap("a class body is no scope for its methods; refused for now", (2,), (X,), refused="class")
def class_inside(x):
    class Inner:
        k = 2

        def f(self, v):
            return v * self.k

    return Inner().f(x)


# Loops -------------------------------------------------------------------------------------------------------


@trap("the loop variable keeps its last value", (3,), (1,), (6,))
def loop_variable(n):
    s = 0
    for i in range(n):
        s += i
        i = i * 10
    return i, s


@trap("and is unbound after no steps", (2,), (0,), (-1,))
def loop_variable_unbound(n):
    for i in range(n):
        pass
    return i


@trap("or keeps what it was", (X, 7), (EMPTY, 7))
def loop_variable_kept(x, v):
    for v in x:
        pass
    return v


@trap("else follows unless there was a break, without steps too", (X, 1.0), (X, 8.0), (EMPTY, 1.0))
def for_else(x, c):
    for i, v in enumerate(x):
        if v == c:
            break
    else:
        i = -1
    return i


@trap("else of a while", (5, 3), (5, 9), (0, 3))
def while_else(n, k):
    i = 0
    while i < n:
        if i == k:
            break
        i += 1
    else:
        i = -i
    return i


@trap("break leaves the inner loop only", (3, 4), (1, 2), (0, 0), (7, 7))
def inner_break(n, k):
    seen = []
    for i in range(n):
        for j in range(k):
            if j > i:
                break
            if (i + j) % 2:
                continue
            seen.append(i * 10 + j)
        else:
            seen.append(-i)
    return seen


@trap("a range's bounds are evaluated once", (3,), (0,), (6,))
def bounds_once(n):
    s = 0
    for i in range(n):
        n += 1
        s += i * n
    return s, n


@trap("a while's condition each time", (3,), (0,), (9,))
def condition_each_time(n):
    i = 0
    while i < n:
        n -= 1
        i += 2
    return i, n


@trap(
    "ranges go down, and are empty the wrong way round",
    (5, 0, -2),
    (0, 5, -1),
    (0, 5, 2),
    (3, -4, -3),
    (-1, -1, 1),
)
def ranges(a, b, step):
    seen = [i for i in range(a, b, step)]
    return seen, len(range(a, b, step)), list(reversed(range(a, b, step)))


@trap("a range with a step of 0 raises", (1,), (0,))
def range_without_step(step):
    return [i for i in range(0, 3, step)]


@trap(
    "a list that grows while a loop goes over it is gone over to its end", ([1, 2, 3], 6), ([5], 4), ([], 3)
)
def growing_list(a, n):
    seen = []
    for v in a:
        seen.append(v)
        if len(a) < n:
            a.append(v * 10)
    return seen, a


@trap("a list of known values too", (6,), (3,), (4,))
def growing_known_list(n):
    a, seen = [1, 2, 3], []
    for v in a:
        seen.append(v)
        if len(a) < n:
            a.append(v * 10)
    return seen, a


@trap(
    "a list that shrinks skips",
    ([1, 2, 3, 4, 5], 2),
    ([4, 4, 4], 3),
    refused="list.remove of a list whose length",
)
def shrinking_list(a, n):
    seen = []
    for v in a:
        seen.append(v)
        if v > n:
            a.remove(v)
    return seen, a


@trap(
    "a list that loses its last items ends early", ([1, 2, 3, 4, 5], 2), ([4, 4, 4], 3), ([], 0), ([1, 2], 5)
)
def shortened_list(a, n):
    seen = []
    for i, v in enumerate(a):
        seen.append(v)
        if v * (i + 1) > n:
            a.pop()
    return seen, a


@trap("one of known values that loses an item skips the next", (2,), (5,))
def shrinking_known_list(n):
    a, seen = [n, 2, 3, 4], []
    for v in a:
        seen.append(v)
        if len(a) == 4:
            del a[0]
    return seen, a


@trap("a loop that leaves at once after a change", ([1, 2, 3], 2), ([4], 1), ([7, 8], 8))
def changed_and_left(a, n):
    for i, v in enumerate(a):
        if v == n:
            a.append(i)
            break
    else:
        a.append(-1)
    return a


@trap("a comprehension over a list that grows", (3,), (5,))
def grown_in_a_comprehension(n):
    a = [1, 2]
    return [len(a) + (a.append(n) is None) for v in a if len(a) < n], a


@trap(
    "zip over a list that changes in the loop makes the call plain",
    ([1, 2, 3], 4),
    ([5, 6], 1),
    refused="a list changes its length",
)
def zipped_and_changed(a, n):
    seen = []
    for v, w in zip(a, (1, 2, 3, 4)):
        seen.append(v * w)
        if len(seen) == 1:
            a.append(n)
    return seen, a


@trap("an item of a list that is exchanged ahead is seen", ([1, 2, 3],), ([4, 5],), ([X, X],))
def exchanged_ahead(a):
    seen = []
    for i, v in enumerate(a):
        seen.append(v)
        if i + 1 < len(a):
            a[i + 1] = v * 2
    return seen, a


@trap("a list that is bound again is not what the loop goes over", ([1, 2, 3], 4), ([5.0], 2))
def list_rebound(a, n):
    seen = []
    for v in a:
        a = a + [v * n]
        seen.append(v)
    return seen, a


@trap("a dict that changes its size in a loop raises", ({"a": 1, "b": 2}, 0), ({"b": 1, "c": 2}, 3))
def dict_changed_in_a_loop(d, n):
    s = 0
    for k in d:
        s += d[k]
        if k == "a":
            d["z"] = n
    return s, d


@trap("keys(), values() and items() show the dict as it is when they are asked", (2, "b"), (X, "a"))
def dict_views(x, k):
    d = {"a": x}
    keys, values, items = d.keys(), d.values(), d.items()
    before = len(keys)
    d[k] = 5
    return before, len(keys), list(values), k in keys, [i for i, _ in items], keys, d


@trap("a dict goes by the order of insertion, an entry that is set again keeps its place", (1, 2), (X, 0))
def dict_order(a, b):
    d = {"x": a, "y": b, "z": 0}
    d["x"] = b
    del d["y"]
    d["y"] = a
    d.update(w=1, z=2)
    return list(d), d, list(d.items())


@trap("the order of an argument's keys", ({"a": 2, "b": 3},), ({"b": 3, "a": 2},), ({"a": 5, "b": 1},))
def order_of_keys(d):
    s = 0
    for k, v in d.items():
        s = s * 10 + v
    return s, list(d), dict(d, c=1)


@trap("membership in a set, and what is in it", (3,), (0,), (7,))
def membership(n):
    odd = {1, 3, 5, 7}
    return n in odd, len({1, 1.0, True}), 3 in odd - {3}, [n in odd for n in (1, 2)]


@trap(
    "zip takes from its first iterator before it knows of the second's end",
    ([1, 2, 3, 4], [5, 6]),
    ([1], []),
    ([1, 2], [3, 4, 5]),
    refused="an iterator that another iterator runs over",
)
def zip_consumes(a, b):
    it, other = iter(a), iter(b)
    pairs = list(zip(it, other))
    return pairs, list(it), list(other)


@trap("zip of one iterator with itself makes pairs", (X,), (Y,), (EMPTY,))
def pairs_by_zip(x):
    it = iter(x)
    return [a * b for a, b in zip(it, it)]


@trap("an iterator goes on where it was left", (X, 2.0), (Y, 2.0), (EMPTY, 0.0))
def iterator_left(x, c):
    it = iter(x)
    before = []
    for v in it:
        if v >= c:
            break
        before.append(v)
    return before, list(it), next(it, None)


@trap("next of nothing raises StopIteration", (X, 1), (EMPTY, 1), (EMPTY, 0))
def next_of_nothing(x, n):
    it = iter(x)
    return next(it) if n else next(it, "none")


@trap("enumerate counts from where it is told", (X, 1), (Y, -2))
def enumerated(x, start):
    s = 0.0
    for i, v in enumerate(x, start):
        s += i * v
    return s, i


@trap("starred targets take what is left, a list", ([1, 2, 3, 4],), ([1, 2],), ([X, Y, X],))
def starred(a):
    first, *rest = a
    *most, last = a
    (b, *c), d = (a, last)
    return first, rest, most, last, b, c, d


@trap("unpacking counts", ([1, 2],), ([1, 2, 3],), ([1],))
def unpacked(a):
    b, c = a
    return c, b


# Exceptions --------------------------------------------------------------------------------------------------


@trap("a return in finally overrides", (X, 1), (X, 9), (X, 0))
def finally_overrides(x, k):
    try:
        v = x[k]
        if k:
            return v
    finally:
        if k > 5:
            return "none"
    return "end"


@trap("a value is computed before finally changes what it is made of", (X, 3), (Y, 1))
def return_before_finally(x, n):
    y = n
    try:
        return y, x
    finally:
        y += 1
        x[0] = y


@trap("else of try runs outside it", (X, 1, 0), (X, 9, 0), (X, 1, 9))
def else_of_try(x, k, j):
    try:
        v = x[k]
    except IndexError:
        v = -1.0
    else:
        v += x[j]
    return v


@trap("continue and break run finally", (5,), (0,), (9,))
def finally_in_loop(n):
    seen = []
    for i in range(n):
        try:
            if i % 3 == 1:
                continue
            if i == 6:
                break
            seen.append(i)
        finally:
            seen.append(-i)
    return seen


@trap("the first handler that fits is taken", (X, 9), (X, 1))
def first_handler(x, k):
    try:
        return x[k]
    except LookupError as error:
        return type(error).__name__
    except IndexError:
        return "no"


@trap("raise without arguments raises what is handled", (X, 1), (X, 9))
def raised_again(x, k):
    try:
        return x[k]
    except IndexError:
        x[0] = 9
        raise


@trap("what comes before an exception in a loop has happened", (X, 2), (X, 5), (Y, 9))
def left_in_a_loop(x, n):
    done = []
    try:
        for i in range(n):
            x[i] += 10
            done.append(i)
    except IndexError as error:
        return done, x, str(error)
    return x


@trap("an assertion's message is evaluated where it fails", (1, 1), (-1, 1), (-1, 0))
def assertion(a, b):
    assert a > 0, 1 // b
    return a


@trap("a check that fires comes before a later one", (X, 9, 9), (X, 1, 9), (X, 9, 0), (X, 1, 0))
def first_check_fires(x, k, j):
    a = x[k]
    b = [1, 2][j]
    return a + b


@trap("a result that nobody reads still raises", (X, 1), (X, 9))
def unread_result_raises(x, k):
    x[k]
    x / 2
    return 1


# Generators --------------------------------------------------------------------------------------------------


@trap("a generator does nothing before it is asked", (2, 5), (0, 3))
def lazy_generator(n, k):
    order = []

    def g():
        order.append("start")
        for i in range(n):
            yield i * k
        order.append("end")

    it = g()
    order.append("made")
    values = [v for v in it]
    return values, order


@trap("the first iterable of a generator expression is evaluated at once, the rest later", (X, 2), (Y, 3))
def generator_expression(x, c):
    gen = (v * c for v in x)
    x = x + 100
    c = c + 1
    return list(gen), x


@trap("any and all stop at the first that decides", (X, 1.0), (X, 9.0), (EMPTY, 0.0))
def any_stops(x, c):
    seen = []

    def note(v):
        seen.append(v)
        return v > c

    return any(note(v) for v in x), len(seen), all(note(v) for v in x), len(seen)


@trap("a generator is used up", (X,), (EMPTY,), (Y,))
def used_up(x):
    it = (v + 1 for v in x)
    return sum(it), sum(it), list(it)


@trap("map is lazy", (X, 2.0), (EMPTY, 1.0), (Y, 3.0))
def lazy_map(x, c):
    seen = []

    def f(v):
        seen.append(v)
        return v * c

    m = map(f, x)
    before = len(seen)
    return before, list(m), len(seen)


@trap("accumulate and islice of numbers", (X, 2), (Y, 4), (EMPTY, 1))
def iterated_tools(x, n):
    return (
        list(itertools.accumulate(x)),
        list(itertools.islice(x, n)),
        list(itertools.islice(itertools.count(n), 3)),
    )


@trap("what a generator returns is the value of yield from", (3,), (0,))
def yield_from(n):
    def inner():
        for i in range(n):
            yield i
        return n * 10

    def outer():
        r = yield from inner()
        yield r

    return list(outer())


# Values and their forms ---------------------------------------------------------------------------------------


@trap("branches that return different structures", (X, 2), (X, -1), (X, 0), (Y, 5))
def different_structures(x, n):
    if n > 3:
        return x, n
    if n > 0:
        return {"x": x}
    if n < 0:
        return [n]


@trap("a value that is None at first", (X, 2.0), (X, 9.0), (EMPTY, 0.0))
def optional(x, c):
    best = None
    for v in x:
        if v < c and (best is None or v > best):
            best = v
    return best, best is None


@trap("a rank that changes", (X, 3), (X, 0), (Y, 2))
def changing_rank(x, n):
    y = x
    for _ in range(n):
        y = y.sum() if y.ndim else y + x
    return y


@trap("a text has no order with a number, None has none with anything", (1, 2), (1, 0))
def no_order(a, n):
    if n:
        return a == "1", a != None
    return a < None


@trap("tuples are compared item by item", (1, 2.0), (2, 1.0), (2, 2.0), (2, 0.5), callback="_python_order")
def tuple_order(a, b):
    return (a, b) < (2, 1), (a, b) == (2, 1), max((a, b), (2, 1)), sorted([(a, b), (2, 1), (1, 3)])


@trap("min and max give the first of equals", (X, 1), (Y, 0), callback="_python_order")
def first_of_equals(x, k):
    pairs = [(v % 2, i) for i, v in enumerate([x[0], x[1], x[2]])]
    return min(pairs, key=lambda p: p[0]), max(pairs, key=lambda p: p[0]), sorted(pairs, key=lambda p: p[0])


@trap(
    "a call with the wrong arguments raises before anything of the function happens", (X, 1), (X, 0), (X, 2)
)
def wrong_arguments(x, n):
    def f(a, b):
        x[0] = 50
        return a + b

    args = [1] * (n + 1)
    return f(*args), x


@trap("text that is made of values is made when the line is reached", (X, 2), (Y, 3))
def text_at_its_time(x, n):
    t = f"{x[0]:.2f} {n}"
    x[0] = 9
    n += 1
    return t, "%d" % n, x, str(x[1])


@trap("lists of lists are compared and searched by value", ([1, 2], 2), ([1], 1), ([], 0))
def lists_by_value(a, n):
    return [a, [n]] == [a[:], [n]], [n] in [a, [n]], a < [n], a.count(n)


@trap("insert, pop, and slices that are assigned", ([1, 2, 3, 4], 1), ([5, 6, 7, 8], -2))
def list_edits(a, k):
    a.insert(1, 10)
    b = a.pop(-2)
    a[1] = k
    del a[-1]
    a[:2] = [0, 5]
    return a, b


@trap("a dict's get, setdefault and pop", ({"a": 1}, 5), ({"b": X}, 2), ({}, 1))
def dict_edits(d, v):
    a = d.get("a")
    b = d.setdefault("a", v)
    c = d.pop("b", None)
    return a, b, c, d, "a" in d


@trap("an empty container is false, one that holds 0 is not", ([],), ([0],), ([EMPTY],))
def truth_of_containers(a):
    return bool(a), not a, "yes" if (a,) else "no", a or 1, len(a) and a[0]


@trap("recursion: each call has its own variables", (5,), (1,), (12,))
def recursion(n):
    if n < 2:
        return n
    a = recursion(n - 1)
    b = recursion(n - 2)
    return a + b
