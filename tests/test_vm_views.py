"""Chains of views, written to and read through, on the machine against the reference evaluator; and whole arrays."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import run_both
from tests.vm_graphs import MATRIX, VECTOR, agree, loop, new, same
from tracetensor.errors import TypeInferenceError
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import constant
from tracetensor.graph.op import may_raise
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.elementwise import copy as copy_op
from tracetensor.graph.ops.indexing import getitem, setitem, update_at
from tracetensor.graph.ops.shape import transpose
from tracetensor.graph.types import INT
from tracetensor.vm.compiler import compile_graph

SETTINGS = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
SPECS = {
    1: ["s000", "s001", "s110", "s111", "s100", "n", "e", "i"],
    2: ["s000 s110", "s001 s001", "i", "s000 i", "e s001", "n", "s110", "e i", "i i", "s101 s001"],
    3: ["i", "s001 i", "e i", "i i", "s000 s110", "i i i", "n", "e"],
}
NUMBERS = st.sampled_from([0, 1, 2, -1, 2, 1, -2, 1, 0, 5, -7])


class Writer:
    """Builds a graph that reads and writes arrays through views, the way that the tracer does."""

    def __init__(self, draw, arrays):
        self.draw = draw
        self.values = list(arrays)  # the current value of each array
        self.numbers = [new(INT) for _ in range(3)]
        self.outputs, self.roots = [], []

    def add(self, variable):
        if variable.node is not None and may_raise(variable.node):
            self.roots.append(variable)
        return variable

    def index(self, rank):
        spec = tuple(self.draw(st.sampled_from(SPECS[rank])).split())
        count = sum(e.count("1") if e[0] == "s" else e == "i" for e in spec)
        fixed = [constant(self.draw(NUMBERS)) for _ in range(count)]
        leaves = [self.draw(st.sampled_from([*self.numbers, leaf])) for leaf in fixed]
        return spec, leaves

    def path(self):
        """An array and steps to a view of it: (spec, leaves), or axes."""
        k = self.draw(st.integers(0, len(self.values) - 1))
        rank, steps = self.values[k].ndim, []
        for _ in range(self.draw(st.integers(0, 5))):
            if rank > 1 and self.draw(st.integers(0, 2)) == 0:
                steps.append(tuple(self.draw(st.permutations(range(rank)))))
                continue
            if not 1 <= rank <= 3:
                break
            spec, leaves = self.index(rank)
            after = rank + spec.count("n") - spec.count("i")
            if not 0 < after <= 3:
                break
            steps.append((spec, leaves))
            rank = after
        return k, steps

    def follow(self, x, steps):
        """The views on the way, the array first."""
        found = [x]
        for step in steps:
            if isinstance(step[0], int):
                x = transpose(x, axes=step)
            else:
                x = getitem(x, *step[1], spec=step[0])
            found.append(self.add(x))
        return found

    def write(self):
        k, steps = self.path()
        found = self.follow(self.values[k], steps)
        view = found[-1]
        spec, leaves = self.index(view.ndim) if self.draw(st.booleans()) else (("e",), [])
        how = self.draw(st.sampled_from(["number", "array", "update", "update", "twice", "at"]))
        augmented = False
        if how == "at":
            value = self.add(update_at(view, 1.5, *leaves, spec=spec, ufunc="add"))
        else:
            if how == "number":
                part = constant(self.draw(st.sampled_from([1.5, -2, True])))
            elif how == "array":
                part = self.read()
            else:
                read = view if spec == ("e",) else self.add(getitem(view, *leaves, spec=spec))
                other = read if how == "twice" else self.read()
                name = self.draw(st.sampled_from(["add", "multiply", "subtract"]))
                part = self.add(UFUNCS[name](read, other))
                augmented = other is read and self.draw(st.booleans())  # else errors name one shape more
            params = {"augmented": True} if augmented else {}
            value = self.add(setitem(view, part, *leaves, spec=spec, **params))
        for step, x in zip(reversed(steps), reversed(found[:-1]), strict=True):
            if isinstance(step[0], int):
                value = transpose(value, axes=tuple(np.argsort(step).tolist()))
            else:
                value = self.add(setitem(x, value, *step[1], spec=step[0]))
        self.values[k] = value

    def read(self):
        """A view, or an element."""
        k, steps = self.path()
        x = self.follow(self.values[k], steps)[-1]
        if self.draw(st.booleans()):
            spec, leaves = self.index(x.ndim)
            x = self.add(getitem(x, *leaves, spec=spec))
        return x


def build(draw, arrays):
    writer = Writer(draw, arrays)
    for _ in range(draw(st.integers(1, 5))):
        if draw(st.integers(0, 2)):
            writer.write()
        else:
            x = writer.add(UFUNCS["negative"](writer.read()))
            writer.outputs.append(x)
    return writer


@SETTINGS
@given(st.data())
def test_chains_of_views(data):
    a, b = new(MATRIX, "a"), new(VECTOR, "b")
    fresh = data.draw(st.booleans())
    try:
        writer = build(data.draw, [copy_op(a), copy_op(b)] if fresh else [a, b])
        graph = Graph([a, b, *writer.numbers], [*writer.values, *writer.outputs], writer.roots)
    except (TypeInferenceError, ValueError):  # ValueError: a step of 0
        return
    x = np.arange(20.0).reshape(4, 5)
    if data.draw(st.booleans()):
        x = np.asfortranarray(x)
    numbers = [data.draw(NUMBERS) for _ in range(3)]
    agree(graph, x, np.arange(6.0), *numbers, strides=False)


@SETTINGS
@given(st.data())
def test_chains_of_views_in_loops(data):
    a, b = new(MATRIX, "a"), new(VECTOR, "b")
    numbers = [new(INT) for _ in range(3)]
    roots = []

    def body(step, x, y, *rest):
        writer = Writer(data.draw, [x, y])
        writer.numbers = [step, *rest]
        for _ in range(data.draw(st.integers(1, 3))):
            writer.write()
        roots.extend(writer.roots)
        return writer.values

    try:
        outputs = loop(body, [a, b], numbers, steps=constant(3), roots=lambda: roots)
    except (TypeInferenceError, ValueError):
        return
    graph = Graph([a, b, *numbers], outputs, [outputs[0]])
    agree(
        graph,
        np.arange(20.0).reshape(4, 5),
        np.arange(6.0),
        *[data.draw(NUMBERS) for _ in numbers],
        strides=False,
    )


def instructions(graph):
    return str(compile_graph(graph))


def test_writes_through_views_are_one_instruction():
    a, j, step = new(VECTOR, "a"), new(INT), new(INT)
    view = getitem(a, step, spec=("s001",))
    out = setitem(a, setitem(view, 1.5, j, spec=("i",)), step, spec=("s001",))
    text = instructions(Graph([a, j, step], [out]))
    assert "store" in text and "view" not in text and "write" not in text
    agree(Graph([a, j, step], [out]), np.arange(7.0), 2, 2)
    agree(Graph([a, j, step], [out]), np.arange(7.0), 4, 2)  # j is out of bounds
    agree(Graph([a, j, step], [out]), np.arange(7.0), 2, 0)  # a step of 0


def test_reads_through_views_are_one_instruction():
    a, i, j = new(MATRIX, "a"), new(INT), new(INT)
    row = getitem(transpose(a, axes=(1, 0)), i, spec=("i",))
    out = getitem(row, j, spec=("i",))
    text = instructions(Graph([a, i, j], [out]))
    assert "load" in text and "view" not in text
    for i_value, j_value in ((1, 2), (9, 9), (1, 9), (-1, -1)):
        agree(Graph([a, i, j], [out]), np.arange(12.0).reshape(3, 4), i_value, j_value)


def test_an_error_of_a_view_comes_before_what_follows_it():
    a, i, j = new(MATRIX, "a"), new(INT), new(INT)
    first = getitem(a, i, spec=("i",))
    second = getitem(a, j, spec=("i",))
    x = getitem(first, 9, spec=("i",))
    y = getitem(second, 0, spec=("i",))
    graph = Graph([a, i, j], [x, y], [first, second, x, y])
    assert agree(graph, np.zeros((3, 4)), 0, 7)[1].startswith("index 7")


def test_errors_have_the_lines_of_their_views():
    def f(a, i, j):
        row = a.T[i]
        row[1:][j] = 2.0
        return a

    for i, j in ((0, 0), (5, 0), (0, 9)):
        run_both(f, tt.trace(f), (np.ones((3, 4)), i, j), {})


def test_a_view_that_outlives_a_write_does_not_make_it_copy():
    a, n = new(VECTOR, "a"), new(INT)

    def body(step, x):
        left = getitem(x, 2, spec=("s010",))
        x = setitem(x, getitem(x, 2, 4, spec=("s110",)), 2, spec=("s010",))
        return [setitem(x, left, 2, 4, spec=("s110",))]

    graph = Graph([a, n], loop(body, [a], steps=n))
    agree(graph, np.arange(6.0), 3)
    assert pointer_stays(graph, np.arange(6.0), 3)


def pointer_stays(graph, x, *rest):
    """Whether a donated argument is written to in place, all along."""
    program = compile_graph(graph, donated={0})
    (out, *_) = program(x, *rest)
    return out is x


@pytest.mark.parametrize("augmented", [False, True])
def test_whole_arrays_are_updated_in_place(augmented):
    a, b, n = new(VECTOR, "a"), new(VECTOR, "b"), new(INT)

    def body(step, x, y):
        for other in (y, None, 2.0):
            x = setitem(x, UFUNCS["add"](x, x if other is None else other), spec=("e",), augmented=augmented)
        return [x]

    graph = Graph([a, b, n], loop(body, [a], [b], steps=n))
    agree(graph, np.arange(6.0), np.ones(6), 3)
    agree(graph, np.arange(6.0), np.ones(1), 3)
    agree(graph, np.arange(6.0)[::2], np.ones(3), 3, strides=False)
    agree(graph, np.arange(1.0), np.ones(1), 3)
    assert pointer_stays(graph, np.arange(6.0), np.ones(6), 3)


def test_whole_writes_take_the_value():
    a, b = new(VECTOR, "a"), new(VECTOR, "b")
    value = UFUNCS["add"](a, b)
    out = setitem(a, value, spec=("e",))
    agree(Graph([a, b], [out]), np.arange(4.0), np.ones(4))
    agree(Graph([a, b], [out, value]), np.arange(4.0), np.ones(4))
    agree(Graph([a, b], [setitem(a, b, spec=("e",))]), np.arange(4.0), np.ones(4))
    agree(Graph([a, b], [setitem(a, b, spec=("e",))]), np.arange(4.0), np.ones(1))
    agree(Graph([a, b], [setitem(a, b, spec=("e",))]), np.arange(4.0), np.ones(3))
    agree(Graph([a, b], [setitem(a, b, spec=("e",))]), np.arange(8.0)[::2], np.ones(4))
    x = np.arange(4.0)
    (out,) = compile_graph(Graph([a, b], [setitem(a, b, spec=("e",))]))(x, y := np.ones(4))
    assert out is not y and not np.shares_memory(out, y)


def in_place_sum(x, y):
    z = x * 1
    z += y
    return z


def in_place_part(x, y):
    x[1:] += y
    return x


def in_place_view(x, y):
    v = x[::2]
    v *= y
    return x


@pytest.mark.parametrize("f", [in_place_sum, in_place_part, in_place_view])
def test_updates_in_place_need_the_very_shape(f):
    for y in (np.ones((1, 3)), np.ones((2, 3)), np.ones(1), np.ones(3), np.ones(2), np.ones((1, 2)), 2.0):
        for n in (3, 4):
            run_both(f, tt.trace(f), (np.arange(float(n)), y), {})


def overlapping(x):
    x[1:] += x[:-1]
    x[:-1] *= x[1:]
    x[::2] -= x[0]
    x += x[::-1]
    x -= x
    return x


def test_updates_that_overlap():
    for n in (2, 3, 8, 100_000):
        run_both(overlapping, tt.trace(overlapping), (np.arange(float(n)),), {})
    result = tt.trace(overlapping)(np.arange(5.0))
    same(result, overlapping(np.arange(5.0)))


def into_given(x, y, z):
    np.add(x, y, out=z)
    u = z[::-1]
    np.multiply(u, x, out=u)
    return z


def test_outputs_of_ufuncs():
    for x, y in (
        (np.arange(3.0), np.ones(3)),
        (2.0, np.ones(1)),
        (np.ones((2, 3)), 1.0),
        (np.ones(2), 3),
        (1, 0.5),
    ):
        for z in (np.zeros(3), np.zeros((2, 3)), np.zeros(4)[::2]):
            run_both(into_given, tt.trace(into_given), (x, y, z), {})


def test_transposition_back_is_no_view_of_what_was_written():
    def f(a):
        a.T[...] = 1.5
        b = a.T
        b += 2
        b.T[0] *= 3
        return a.sum()

    run_both(f, tt.trace(f, strict=True), [np.arange(6.0).reshape(2, 3)])
