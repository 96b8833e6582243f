"""Containers as arguments, locals and results, traced against plain."""

import collections

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
W = np.array([3.0, -1.0, 2.0, 0.5, 7.0])
M = np.arange(6.0).reshape(2, 3)
Point = collections.namedtuple("Point", "x y")  # noqa: PYI024


@case([(1, 2.0)], [(V, W)], [(V, 1)])
def tuple_argument(t):
    a, b = t
    return a + b, t[0], t[-1], len(t), t


@case([[1, 2.0]], [[V, W]])
def list_argument(t):
    a, b = t
    return [a + b, t[0]], t


@case([[V, [W, 2]]], [[1, [2, 3]]])
def nested_argument(t):
    a, (b, c) = t
    return a + b * c, t[1][1]


@case([{"a": V, "b": 2}], [{"a": 1, "b": 2.0}])
def dict_argument(d):
    return d["a"] * d["b"], d, list(d), "a" in d, d.get("c"), d.get("a", 0), len(d)


@case([{"a": V, "b": {"c": W}}])
def nested_dict(d):
    d["b"]["c"][0] = 5
    d["b"]["d"] = d["a"].sum()
    return d["b"]["c"]


@case([Point(1.0, V)], [Point(1, 2)])
def namedtuple(p):
    x, y = p
    return p.x + p.y, p[0], Point(y, x), p._replace(x=2), p._fields


@case([[1, 2, 3]], [[]], [[V]])
def list_mutated(t):
    t.append(4)
    t.insert(0, 0)
    t[1:2] = [7, 8]
    return len(t)


@case([[1, 2, 3]], [[V, W, 2]])
def list_item_rebound(t):
    t[0] = t[1]
    t[2] = 5.5
    return t


@case([[1, 2, 3]], [[V, W, 2]])
def list_popped(t):
    a = t.pop()
    b = t.pop(0)
    return a, b, t


@case([[3, 1, 2]])
def list_cleared(t):
    s = t.copy()
    t.clear()
    t.extend(s[::-1])
    t += [9]
    t *= 2
    return s


@case([[3, 1, 2]])
def list_removed(t):
    t.remove(1)
    del t[0]
    return t


@case([{"a": 1, "b": V}])
def dict_mutated(d):
    d["c"] = d["a"] + 1
    d["a"] = 10
    del d["b"]
    d.update(e=5, f=d["c"])
    d.setdefault("g", []).append(1)
    return d.pop("e"), list(d.items())


@case([{"a": 1, "b": V}])
def dict_array_written(d):
    d["b"] += d["a"]
    d["b"][0] = 100
    return sum(d["b"])


@case([{"a": 1}], [{"b": 1}], [{}])
def dict_missing_key(d):
    return d["a"]


@case([(1, 2)], [[1, 2, 3]], [V[:2]], [V])
def unpack_wrong_length(t):
    a, b = t
    return a, b


@case([(1, 2, 3)], [[1.5, 2]], [V])
def star_unpack(t):
    a, *b = t
    *c, d = t
    return a, b, c, d


@case([1, V])
def build_results(x, y):
    return {"a": [x, (y, {"b": x + y})], "n": None, "s": "text", "t": (), "l": [], "d": {}, 3: x}


@case([V])
def same_object_twice(x):
    a = [x]
    return a, a, (a, x), {"a": a}


@case([V])
def aliased_lists(x):
    a = [x, 1]
    b = a
    b.append(2)
    c = list(a)
    c.append(3)
    return a, b is a, c, a == c


@case([[1, 2]])
def same_argument_returned(t):
    t.append(3)
    return t, [t, t]


@case([[1], [2]])
def lists_of_lists(a, b):
    a.append(b)
    b.append(5)
    return a


@case([V, W])
def list_of_arrays_ops(x, y):
    parts = [x, y]
    return np.array(parts), np.stack(parts), np.concatenate(parts), sum(parts), np.sum(parts, axis=0)


@case([V, W])
def tuple_comparisons(x, y):
    t = (x[0], y[0])
    return t == (0.0, 3.0), t + (1,), t * 2, (1,) in [(1,)], t[::-1]


@case([V, W])
def tuple_order(x, y):
    t = (x[0], y[0])
    return t < (1, 2)


@case([1, 2.0])
def tuple_methods(x, y):
    t = (x, y, x)
    return t.index(y), t.count(x), max(t), min(t), sum(t), tuple(reversed(t)), list(zip(t, t[1:]))  # noqa: RUF007


@case([1, 2.0])
def tuple_sorted(x, y):
    return sorted((x, y, x))


@case([3])
def list_repeat(n):
    return [0] * n, [1, 2] * 2, (1,) * n


@case([3], refused="a value of class NoneType")
def list_of_none_repeat(n):
    return [None] * n


@case([V])
def array_to_list(x):
    return x.tolist(), list(x), tuple(x), [*x], (*x, 1)


@case([M])
def nested_array_to_list(x):
    return list(x), [list(r) for r in x], list(map(sum, x))


@case([M])
def unpacked_map(x):
    return [*map(sum, x)]


@case([M])
def nested_tolist(x):
    return x.tolist()


@case([[1, 2, 3]], [[[1, 2], [3, 4]]], [[1.5, 2]], [(1, 2)], [[]], [[V, W]])
def array_from_list(t):
    return np.array(t), np.asarray(t).shape, np.array(t, dtype=float)


@case([V, 2])
def array_from_mixed(x, k):
    return np.array([x[0], k, 1.5]), np.array([[k, 0], [0, x[1]]]), np.array([x, x + k]), np.array([k, k + 1])


@case([[V, W]])
def arrays_in_list_written(t):
    t[0][0] = 50
    t[1] += t[0]
    return t[0] is t[1]


@case([(V, W)])
def arrays_in_tuple_written(t):
    t[0][0] = 50
    a, b = t
    b += a
    return b


@case([(V, W)])
def tuple_item_assignment_raises(t):
    t[0] = 1
    return t


@case([(V, W)])
def tuple_item_augmented_raises(t):
    t[0] += 1
    return t


@case([[V, V]])
def list_of_same(t):
    t[0][0] = 9
    return t[1][0], t[0] is t[1]


@case([[1.0, 2.0, 3.0], 1], [[1.0, 2.0, 3.0], -1], [[1, 2.5], 0], [[1, 2], 5], [list(range(40)), 33])
def list_at_traced_index(t, k):
    return t[k]


@case([[V, W], 0], [[V, W], 1], [[V, M], 1], [[V, W], 2])
def arrays_at_traced_index(t, k):
    return t[k] * 2


@case([[V, W], 0], [[V, W], 1])
def array_written_at_traced_index(t, k):
    t[k][0] = 100
    return t[0] + t[1]


@case([[1, 2, 3], 0], [[1, 2, 3], -1], [list(range(40)), 33])
def list_written_at_traced_index(t, k):
    t[k] = 50
    t[k] += 1
    return t


@case([[1, 2, 3, 4, 5], 1, 3], [[1, 2], 0, 9], [list(range(40)), 33, -2])
def list_slice_traced(t, a, b):
    return t[a:b], len(t[a:]), t[::-1][a]


@case([{"x": 1, "y": 2}, "x"], [{"x": 1, "y": 2}, "y"], [{"x": 1}, "z"])
def dict_by_string(d, k):
    return d[k] if k in d else -1


@case([{0: 10, 1: 20}, 1], [{0: 10, 1: 20}, 0])
def dict_by_int(d, k):
    return d[k]


@case([V])
def dict_made(x):
    d = dict(a=x, b=1)
    d |= {"c": 2}
    e = {**d, "z": x.sum()}
    return d, e, dict(zip("ab", (1, 2))), {k: v for k, v in e.items() if k != "a"}


@case([2])
def sets(x):
    s = {1, 2}
    return x in s, len(s), 1 in s, s | {3}


@case([V])
def defaultdict(x):
    d = collections.defaultdict(list)
    d["a"].append(x.sum())
    d["a"].append(1)
    return d["a"], len(d)


@case([3])
def deque(n):
    q = collections.deque([1, 2])
    q.append(n)
    return q.popleft(), list(q)


@case([V, 1], [V, -1])
def result_of_branches(x, k):
    if k > 0:
        return {"a": x}
    return [x, (1, x + 1)]


@case([V, 1], [V, -1])
def list_result_of_branches(x, k):
    r = []
    if k > 0:
        r.append(x)
        r = [r, 1]
    return r


@case([[1, 2], 1], [[1, 2], -1], [[], 1])
def argument_list_in_branch(t, k):
    if k > 0:
        t.append(k)
    return len(t)


@case([[1, 2], 1], [[1, 2], -1])
def argument_list_rebound_in_branch(t, k):
    s = t
    if k > 0:
        s = [5]
    s.append(7)
    return s, t


@case([[V, W], 3], refused="has another form after a step")
def list_rotated_in_loop(t, n):
    for _ in range(n):
        t.append(t.pop(0))
        t[0][0] += 1
    return t


@case([[5, 1, 4], 2])
def list_of_numbers_in_loop(t, n):
    for k in range(n):
        t[k], t[k + 1] = t[k + 1], t[k]
        t.append(t[k] * 2)
    return t


@case([None], [(None, 1)], [[None]])
def none_in_containers(x):
    if x is None:
        return [None], (None,)
    return x[0] is None, x


@case(["a,b"], ["x"])
def strings(s):
    return s.split(","), s.upper(), s + "!", len(s), s[0], s * 2, "a" in s, [c for c in s]


@case([slice(1, 3), V], [slice(None, None, 2), V])
def slice_argument(s, x):
    return x[s]


@case([range(3)], [range(5, 0, -2)])
def range_argument(r):
    return sum(r), len(r), list(r)


@case([np.dtype("f4")], [np.int8])
def dtype_argument(dt):
    return np.zeros(2, dt)


@case([Ellipsis, V])
def ellipsis_argument(e, x):
    return x[e]


@case([V, (1, 2)], [V, (3,)])
def index_tuple_argument(x, i):
    return x[i[0]], x[i[0] :]


@case([(2, 3)], [(4, 1)], [(0, 2)])
def shape_argument(shape):
    a = np.zeros(shape)
    a[...] = 2
    return a, a.shape == shape, a.size


@case([V])
def deep_structures_alias(x):
    a = [x, [x]]
    a[1][0][0] = 99
    b = (a[1], a)
    b[0].append(1)
    return b


@case([{"a": V}], [{"a": [V]}], [{"a": 1}])
def dict_value_returned_after_rebinding(d):
    x = d["a"]
    d["a"] = 3
    return x


@case([{"a": V}], [{"a": [1]}])
def dict_value_returned_after_clear(d):
    x = d["a"]
    d.clear()
    return x


@case([[V, W, 2]], [[[1], W, 2]])
def list_item_returned_after_pop(t):
    return t.pop(0)


@case([[[1], [2, 3]]])
def nested_lists_swapped_and_written(t):
    t[0].append(9)
    t[0], t[1] = t[1], t[0]
    return t[0]


@case([[V, W]])
def arrays_swapped_and_written(t):
    t[0][0] = 5
    t[0], t[1] = t[1], t[0]
    t[0][1] = 7
    return t[0]


test_same = case.test()
