"""Lists of numbers: kept as numbers by the machine and by compiled loops, seen as Python's lists by everybody else."""

import re
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import run_both
from tests.sampling import check_golden
from tests.test_native_arrays import interpreted
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, apply, input_variable
from tracetensor.graph.ops import control
from tracetensor.graph.types import FLOAT, INT, ListType
from tracetensor.kernels import toolchain
from tracetensor.vm.compiler import compile_graph
from tracetensor.vm.loop_code import PRELUDE
from tracetensor.vm.loop_compiler import make_code

TIERS = ["interpreted", *(["native"] if toolchain.toolchain() else [])]


@pytest.fixture(params=TIERS)
def check(request):
    """Compare a function on this tier with plain Python; calls with the same kinds of arguments run one version."""

    def run(function, *calls, strict=True):
        with tt.config(tier=request.param):
            traced = tt.trace(function, strict=strict)
            for args in calls:
                run_both(function, traced, args)
        return traced

    return run


def operate(xs, ops, values, places, kind):
    """Does to a list what the numbers of operations say."""
    total = kind(values[0] - values[0])
    for k in range(len(ops)):
        op, v, p = ops[k], kind(values[k]), int(places[k])
        if op <= 2:
            xs.append(v)
        elif op == 3:
            total += xs.pop()
        elif op == 4:
            total += xs.pop(p)
        elif op == 5:
            xs[p] = v
        elif op == 6:
            total += xs[p]
        elif op == 7:
            total += len(xs)
        elif op == 8:
            for x in xs:
                total += x
        elif op == 9:
            xs.insert(p, v)
        else:
            ys = list(xs)
            ys.append(v)
            total += ys[0]
    return total, np.array(xs), xs, len(xs)


def floats(ops, values, places):
    xs = []
    return operate(xs, ops, values, places, float)


def ints(ops, values, places):
    xs = [3]
    return operate(xs, ops, values, places, int)


TRACED = {f: tt.trace(f) for f in (floats, ints)}


operations = st.lists(st.tuples(st.integers(0, 10), st.integers(-3, 5)), min_size=1, max_size=40)


@given(operations, st.data())
@settings(max_examples=60, deadline=None)
def test_random_operations(steps, data):
    ops = np.array([op for op, _ in steps])
    places = np.array([p for _, p in steps])
    values = np.arange(len(steps)) * 3 - 7
    with tt.config(tier=data.draw(st.sampled_from(TIERS))):
        for f, traced in TRACED.items():
            run_both(f, traced, (ops, values, places))


@pytest.mark.parametrize(
    "one", [1.5, 3, True, 2 + 1j, np.float32(2.5), np.int8(3), np.bool_(True), np.complex128(1j)]
)
def test_every_class_of_numbers(check, one):
    def f(x, n):
        out = []
        for _ in range(n):
            out.append(x)
            out.append(out[-1])
            out[0] = out[len(out) // 2]
            out.pop()
        return out, np.array(out), out[0]

    check(f, (one, 1), (one, 5), (one, 40))


def test_ints_beyond_64_bits(check):
    def powers(n):
        out = []
        x = 1
        for _ in range(n):
            x = x * 7
            out.append(x)
        for k in range(n):
            x += out[k] + out.pop()
            out.append(x)
        return out, len(out)

    check(powers, (3,), (22,), (23,), (60,), (5,))


def test_errors_of_lists(check):
    def read(xs, k, n):
        s = 0.0
        for _ in range(n):
            s += xs[k]
        return s

    def taken(n):
        xs = [1.0, 2.0]
        s = 0.0
        for _ in range(n):
            s += xs.pop()
        return s

    def written(xs, n):
        xs = xs[:]
        for k in range(n):
            xs[k] = 2.0 * k
        return xs

    check(read, ([1.0, 2.0], 1, 30), ([1.0, 2.0], -2, 30), ([1.0, 2.0], 2, 30), ([1.0, 2.0], -3, 30))
    check(taken, (2,), (3,))
    check(written, ([1.0] * 9, 9), ([1.0] * 9, 10))


def test_what_a_list_was_before_it_grew_is_kept(check):
    """A list that is needed later is copied when it changes, however it is kept."""

    def f(n):
        xs = []
        for k in range(n):
            xs.append(0.5 * k)
        ys = list(xs)
        for k in range(n):
            xs[k] = -xs[k]
            ys.append(xs[k])
        zs = xs + ys
        zs.append(1.0)
        return xs, ys, zs, sum(xs), max(ys), sorted(zs)

    check(f, (1,), (3,), (50,))


def test_lists_that_are_only_read_stay_the_objects_that_they_are(check):
    def f(xs, n):
        s = 0.0
        for k in range(n):
            s += xs[k % len(xs)]
        return xs, s

    xs = [1.0, 2.0, 4.0]
    traced = check(f, (xs, 1), (xs, 50))
    assert traced(xs, 50)[0] is xs


def test_branches_and_loops_hand_lists_on(check):
    def f(x, n):
        small, large = [], [x[0]]
        for k in range(n):
            v = x[k % len(x)]
            if v > 0:
                small, large = large, small
            if v > 1 or k % 5 == 0:
                small.append(v)
                while len(small) > 4:
                    large.append(small.pop())
            else:
                large.append(v * 2)
        return small, large, np.array(small), np.array(large)

    x = np.array([0.5, 2.0, -1.0, 3.0, 0.0])
    check(f, (x, 0), (x, 1), (x, 7), (x, 60))


def test_exceptions_leave_lists_as_they_were(check):
    def f(x, n):
        out = []
        try:
            for k in range(n):
                out.append(x[k])
                if x[k] < 0:
                    raise ValueError("negative")
        except (ValueError, IndexError) as error:
            out.append(-1.0)
            return out, str(error)
        return out, ""

    check(f, (np.arange(4.0), 4), (np.arange(4.0) - 2, 4), (np.arange(4.0), 6))


def test_lists_of_lists_and_of_arrays_are_pythons(check):
    def f(n):
        rows = []
        for k in range(n):
            row = []
            for j in range(k):
                row.append(j * 0.5)
            rows.append(row)
            row.append(1.0)
        return rows, [len(r) for r in rows]

    check(f, (0,), (1,), (6,), strict=False)


def test_a_constant_list_is_left_as_it_is():
    """Its register is the program's, not the run's."""
    values = [1.5, 2.5, 3.5]
    k = input_variable(INT)
    node = apply(control.list_get, [Constant(values, ListType(FLOAT)), k])
    program = compile_graph(Graph([k], [node.out]))
    references = sys.getrefcount(values)
    for n in range(1000):
        assert program(n % 3) == [values[n % 3]]
    assert sys.getrefcount(values) == references


@pytest.mark.skipif("native" not in TIERS, reason="there is no C compiler")
def test_loops_over_lists_have_golden_text(request):
    def f(x, n):
        out, stack = [], [0]
        s = 0.0
        for k in range(n):
            out.append(x[k])
            stack.append(k)
            s += out[k // 2] + stack.pop() + len(stack)
            out[0] = s
        return out, s

    with tt.config(tier="native"):
        traced = tt.trace(f, strict=True)
        run_both(f, traced, (np.arange(5.0), 5))
    assert interpreted(traced) == []
    program = traced.versions[-1].program
    (site,) = program.loops()
    text = make_code(program, site).text()
    assert PRELUDE in text
    text = re.sub(re.escape(__file__) + r":\d+", "program.py", text.replace(PRELUDE, ""))
    check_golden(request, "loops/lists.c", text)
