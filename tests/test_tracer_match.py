"""match statements, traced against plain."""

import collections
import dataclasses

import numpy as np

from tests.tracer_table import Table

case = Table()
V = np.arange(5.0)
Point = collections.namedtuple("Point", "x y")  # noqa: PYI024


@dataclasses.dataclass
class Leaf:
    value: float


@dataclasses.dataclass
class Node:
    op: str
    left: object
    right: object


class Plain:
    def __init__(self, a):
        self.a = a


@case([0], [1], [2], [7], [1.0], [2.5])
def values(n):
    match n:
        case 0:
            r = "zero"
        case 1 | 2:
            r = "few"
        case _:
            r = "many"
    return r


@case([3], [-1], [0])
def capture_with_guard(n):
    match n:
        case k if k > 0:
            return k * 2
        case k if k < 0:
            return -k
        case other:
            return other


@case([V], [np.zeros(0)], [np.ones(1)])
def in_a_loop(x):
    s = 0.0
    for i in range(len(x)):
        match i % 3:
            case 0:
                s += x[i]
            case 1:
                s -= x[i]
            case _:
                continue
    return s


@case([V], [np.zeros(0)])
def states(x):
    state, count = 0, 0
    for v in x:
        match state:
            case 0 if v > 1:
                state = 1
            case 1 if v > 3:
                state = 2
                count += 1
            case 2:
                state = 0
    return state, count


@case([(1, 2.0)], [(3,)], [()], [(1, 2, 3, 4)])
def sequences(t):
    match t:
        case []:
            return "empty"
        case [a]:
            return a
        case (a, b):
            return a + b
        case [first, *rest]:
            return first, rest, sum(rest)


@case([[1, 2, 3]], [[0, 5]], [[1]])
def lists(t):
    match t:
        case [0, x]:
            return x
        case [x, *_, y]:
            return x * y
        case [*all_]:
            return all_


@case([V], [(1, 2)], ["ab"])
def array_is_no_sequence(x):
    match x:
        case [a, b]:
            return a, b
        case _:
            return len(x)


@case([V, 2.0], [V, 9.0])
def growing_list(x, t):
    kept = [v for v in x if v > t]
    match kept:
        case []:
            return -1.0
        case [a, b]:
            return a * b
        case [a, *rest]:
            return a + len(rest)


@case([(0, 1)], [(1, 0)], [(2, 3)])
def nested(t):
    match (t, t[0]):
        case ((0, y), _):
            return y
        case ((x, 0), z):
            return x + z
        case ((x, y), 2):
            return x * y


@case([{"kind": "a", "v": 2.0}], [{"kind": "b", "v": 3.0, "w": V}], [{}])
def mappings(d):
    match d:
        case {"kind": "a", "v": v}:
            return v * 2
        case {"v": v, **rest}:
            return v, len(rest)
        case {}:
            return None


@case([2], [2.5], [True], [np.float64(3)], [V], ["text"], [None])
def classes(x):
    match x:
        case bool():
            return "bool"
        case int(n):
            return n + 1
        case float(f):
            return f * 2
        case np.ndarray():
            return x.sum()
        case str() as s:
            return s
        case None:
            return 0


@case([Point(1.0, 2.0)], [Point(0.0, 2.0)], [Point(3.0, 0.0)])
def named_tuples(p):
    match p:
        case Point(x=0.0, y=y):
            return y
        case Point(x, 0.0):
            return x * 10
        case Point(x, y):
            return x + y


def evaluate(e):
    match e:
        case Leaf(v):
            return v
        case Node("+", a, b):
            return evaluate(a) + evaluate(b)
        case Node("*", a, b):
            return evaluate(a) * evaluate(b)
        case Node(op=op):
            raise ValueError(op)


@case([2.0], [3.0])
def expressions(x):
    return evaluate(Node("+", Node("*", Leaf(x), Leaf(3.0)), Leaf(1.0)))


@case([2.0])
def unknown_operator(x):
    return evaluate(Node("/", Leaf(x), Leaf(x)))


@case([1.0])
def objects(x):
    match Plain(x):
        case Plain(b=_):
            return "b"
        case Plain(a=v):
            return v


@case([1.0])
def too_many_parts(x):
    match Plain(x):
        case Plain(_, _):
            return 1


@case([V, 1], [V, 3])
def optional(x, n):
    found = None
    for v in x:
        if v > n:
            found = v
    match found:
        case None:
            return -1.0
        case v:
            return v * 2


@case([V, 9.0], [V, 1.0])
def none_or_number(x, t):
    best = None
    for v in x:
        if v > t:
            best = v
            break
    match best:
        case None:
            return 0.0
        case found:
            return found + 1


@case([3, 4], [0, 4], [3, 0], [0, 0])
def pairs(a, b):
    match (a, b):
        case (0, 0):
            return "origin"
        case (0, y):
            return y
        case (x, 0):
            return -x
        case (x, y) if x > y:
            return x
    return "none"


@case([5], [2])
def or_with_names(n):
    match (n, n + 1):
        case (5, k) | (k, 3):
            return k
    return None


@case([1], [2], [3])
def returns_and_falls_through(n):
    r = 0
    match n:
        case 1:
            return 10
        case 2:
            r = 20
    return r + n


@case([1], [2])
def name_left_unbound(n):
    match n:
        case 1:
            y = 5
    return y


@case([0], [1], [4])
def loop_in_case(n):
    total = 0
    match n:
        case 0:
            pass
        case k:
            for i in range(k):
                total += i
            else:
                total += 100
    return total


@case([V], [np.zeros(0)])
def subject_of_a_call(x):
    match x.shape:
        case (0,):
            return 0.0
        case (n,):
            return n * 1.0


@case([True], [False])
def singletons(b):
    match b:
        case True:
            return 1
        case False:
            return 2


@case([V, 1.0], [V, 9.0])
def traced_singletons(x, t):
    match bool(x.max() > t):
        case True:
            return 1
        case False:
            return 2


@case([3])
def known_subject(n):
    total = 0
    for op, k in (("add", 1), ("mul", 5), ("neg", None)):
        match op, k:
            case "add", k:
                total += n + k
            case "mul", k:
                total *= k
            case "neg", None:
                total = -total
    return total


test_same = case.test()
