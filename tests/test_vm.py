"""The machine: control flow, copy on write and donated arguments, against the reference evaluator."""

import gc
import time
import weakref

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vm_graphs import MATRIX, VECTOR, add, agree, branch, loop, multiply, new, py, same, subtract
from tracetensor.errors import Deoptimise
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import apply, constant
from tracetensor.graph.ops.control import (
    callback,
    ifelse,
    list_make,
)
from tracetensor.graph.ops.elementwise import cast
from tracetensor.graph.ops.indexing import getitem, setitem
from tracetensor.graph.types import (
    BOOL,
    FLOAT,
    INT,
    ListType,
    array_type,
    scalar_type,
    type_of,
)
from tracetensor.vm.compiler import compile_graph
from tracetensor.vm.rolls import roll

# ------------------------------------------------------------------------------------------------------- control flow


def test_branches():
    c, x, y = new(BOOL), new(), new()
    outs = branch(c, [x, y], lambda x, y: [add(x, y), x], lambda x, y: [subtract(x, y), y])
    graph = Graph([c, x, y], outs)
    agree(graph, True, np.arange(3.0), np.ones(3))
    agree(graph, False, np.arange(3.0), np.ones(3))


def test_branch_on_numpy_bools():
    for type_, values in (
        (scalar_type(bool), (np.True_, np.False_)),
        (array_type(bool, ()), (np.array(True), np.array(False))),
    ):
        c, x = new(type_), new(FLOAT)
        graph = Graph([c, x], branch(c, [x], lambda x: [py["neg"](x)], lambda x: [x]))
        for value in values:
            agree(graph, value, 2.0)


def test_branches_are_lazy():
    c, x = new(BOOL), new(INT)
    graph = Graph([c, x], branch(c, [x], lambda x: [py["floordiv"](1, x)], lambda x: [x]))
    assert agree(graph, False, 0) == [0]
    assert agree(graph, True, 0)[0] is ZeroDivisionError


def test_counted_loop():
    n, x = new(INT), new()
    outs = loop(lambda i, s: [add(s, i)], [x], steps=n)
    for steps in (0, 1, 5, -3):
        agree(Graph([n, x], outs), steps, np.arange(3.0))


def test_while_loop():
    x = new(INT)
    outs = loop(lambda x: [py["gt"](py["floordiv"](x, 2), 0), py["floordiv"](x, 2), x], [x], conditional=True)
    graph = Graph([x], outs)
    agree(graph, 100)
    (out,) = loop(lambda x: [py["gt"](py["floordiv"](x, 2), 0), py["floordiv"](x, 2)], [x], conditional=True)
    agree(Graph([x], [out]), 2**80)
    with pytest.raises(Deoptimise):
        compile_graph(graph)(2**80)


def test_counted_and_conditional():
    n, x = new(INT), new(INT)
    outs = loop(
        lambda i, x: [py["lt"](x, 50), py["add"](x, py["mul"](i, 7)), i], [x], steps=n, conditional=True
    )
    for steps in (0, 3, 100):
        agree(Graph([n, x], outs), steps, 1)


@pytest.mark.parametrize(
    "value", [1.5, np.float32(2), np.arange(3.0), np.arange(6).reshape(2, 3)[:, ::2], np.array(3), True, 2]
)
def test_stacked_outputs(value):
    n, x = new(INT), new(type_of(value, static_shape=False))
    outs = loop(lambda i, s: [s, s], [x], steps=n)
    for steps in (0, 1, 3, 40):
        agree(Graph([n, x], outs[1:]), steps, value, strides=False)


def test_stacks_grow():
    n = new(INT)
    outs = loop(
        lambda x: [
            py["lt"](x, n_limit),
            py["add"](x, 1),
            x,
            cast(x, dtype=np.dtype(np.float32), kind="scalar"),
        ],
        [n],
        conditional=True,
    )
    agree(Graph([n], outs), 0)


n_limit = constant(200)


def test_stacked_shapes_must_agree():
    n, x = new(INT), new()
    outs = loop(lambda i, s: [s, getitem(s, i, spec=("s010",))], [x], steps=n)
    kind, text = agree(Graph([n, x], outs), 2, np.arange(5.0))
    assert kind is ValueError and text == "all input arrays must have the same shape"


def test_nested_loops_and_branches():
    n, x = new(INT), new()

    def outer(i, s, n):
        (inner,) = loop(
            lambda j, t, i: branch(
                py["lt"](j, i),
                [t, j],
                lambda t, j: [setitem(t, 1.0, j, spec=("i",))],
                lambda t, j: [multiply(t, 0.5)],
            ),
            [s],
            [i],
            steps=n,
        )
        return [add(inner, s)]

    agree(Graph([n, x], loop(outer, [x], [n], steps=n)), 4, np.arange(5.0))


def test_carries_are_moved_all_at_once():
    n = new(INT)
    values = [new(INT), new(), new(FLOAT)]
    a, b, c, d = new(), new(), new(), new()
    graph = Graph([n, a, b, c, d], loop(lambda i, a, b, c, d: [b, c, a, a], [a, b, c, d], steps=n))
    arrays = [np.full(2, float(k)) for k in range(4)]
    for steps in range(6):
        agree(graph, steps, *arrays)
    x, y = new(INT), new(INT)
    agree(Graph([n, x, y], loop(lambda i, x, y: [y, py["add"](x, y)], [x, y], steps=n)), 200, 0, 1)


def test_index_as_carry_and_output():
    n, k = new(INT), new(INT)
    agree(Graph([n, k], loop(lambda i, k: [i, py["add"](i, k)], [k], steps=n)), 5, 7)


def test_unused_and_repeated_values():
    n, x, y = new(INT), new(), new()
    outs = loop(lambda i, a, b: [multiply(b, 2.0), b], [x, y], steps=n)
    agree(Graph([n, x, y], [outs[0], outs[0], x]), 3, np.arange(3.0), np.ones(3))
    agree(Graph([n, x, y], [x, x, constant(1.5), constant(np.arange(3))]), 3, np.arange(3.0), np.ones(3))
    agree(Graph([x], []), np.arange(3.0))


def test_same_body_for_both_branches():
    c, x = new(BOOL), new()
    inner = new()
    body = Graph([inner], [add(inner, 1.0)])
    outs = apply(ifelse, [c, x], {"then": body, "orelse": body}).outputs
    agree(Graph([c, x], [*outs, x]), True, np.arange(3.0))


# ------------------------------------------------------------------------------------------------------ copy on write


def test_views_read_before_and_after_a_write():
    x = new()
    y = add(x, 0.0)
    view = getitem(y, 1, spec=("s100",))
    written = setitem(y, -1.0, 2, spec=("i",))
    late = add(getitem(written, 1, spec=("s100",)), view)
    agree(Graph([x], [late, view, written, y]), np.arange(5.0))
    agree(Graph([x], [late, written]), np.arange(5.0))


def test_captured_arrays_are_not_written():
    n, x = new(INT), new()
    y = add(x, 1.0)
    outs = loop(lambda i, s, y: [setitem(s, getitem(y, i, spec=("i",)), i, spec=("i",))], [y], [y], steps=n)
    agree(Graph([n, x], [*outs, y]), 3, np.arange(4.0))
    agree(Graph([n, x], outs), 3, np.arange(4.0))


def test_same_array_twice():
    x, y = new(), new()
    graph = Graph([x, y], [setitem(x, getitem(y, 0, spec=("i",)), 1, spec=("i",)), y])
    a = np.arange(3.0)
    agree(graph, a, a)
    program = compile_graph(graph, donated={0})
    first, second = program(a.copy(), a)
    assert first.tolist() == [0, 0, 2] and second is a


def test_overlapping_parts():
    x = new()
    y = add(x, 0.0)
    for one, other in (("s100", "s010"), ("s010", "s100")):
        k = {"s100": 1, "s010": -1}
        shifted = setitem(y, getitem(y, k[other], spec=(other,)), k[one], spec=(one,))
        agree(Graph([x], [shifted]), np.arange(9.0))
        updated = setitem(
            y, add(getitem(y, k[one], spec=(one,)), getitem(y, k[other], spec=(other,))), k[one], spec=(one,)
        )
        agree(Graph([x], [updated]), np.arange(9.0))
        agree(Graph([x], [updated, y]), np.arange(9.0))


def test_updates_are_one_instruction_and_in_place():
    n, x, e = new(INT), new(MATRIX), new()

    def step(i, s, e):
        part = getitem(s, 1, -1, i, spec=("s110", "i"))
        return [setitem(s, multiply(e, part), 1, -1, i, spec=("s110", "i"))]

    outs = loop(step, [x], [e], steps=n)
    graph = Graph([n, x, e], outs)
    program = compile_graph(graph)
    assert "update" in str(program) and "view" not in str(program)
    agree(graph, 3, np.arange(12.0).reshape(4, 3), np.array([2.0, 3.0]))
    assert agree(graph, 3, np.arange(12.0).reshape(4, 3), np.ones(3))[0] is ValueError
    assert agree(graph, 4, np.arange(12.0).reshape(4, 3), np.ones(2))[0] is IndexError


def test_update_with_casts_and_scalars():
    for dtype, value in (
        ("f4", 0.5),
        ("f4", np.float64(0.5)),
        ("u1", 3),
        ("u1", 300),
        ("c16", 1j),
        ("i8", np.int8(3)),
    ):
        x = new(array_type(np.dtype(dtype), (None,)))
        e = new(type_of(value))
        out = setitem(x, add(getitem(x, 1, spec=("s100",)), e), 1, spec=("s100",))
        agree(Graph([x, e], [out]), np.arange(4).astype(dtype), value)


def test_writes_are_in_place_in_loops():
    n, x = new(INT), new()
    graph = Graph([n, x], loop(lambda i, s: [setitem(s, 1.0, 0, spec=("i",))], [x], steps=n))
    big = np.zeros(2_000_000)
    program = compile_graph(graph)
    start = time.perf_counter()
    program(2000, big)
    assert time.perf_counter() - start < 2  # a copy of 16 MB at each step would take far longer
    assert not big.any()


def test_temporaries_are_recycled():
    x = new()
    y = x
    for _ in range(3):
        y = add(multiply(y, 2.0), x)
    program = compile_graph(Graph([x], [y]))
    a = np.arange(5.0)
    same(program(a), Graph([x], [y])(a))
    out = program(a)[0]
    assert out.base is None and out.flags.owndata and not np.shares_memory(out, a)


def test_results_survive_later_calls():
    x = new()
    program = compile_graph(
        Graph(
            [x], [add(x, 1.0), constant(np.arange(3.0)), getitem(constant(np.arange(3.0)), 1, spec=("s100",))]
        )
    )
    first = program(np.arange(3.0))
    kept = [a.copy() for a in first]
    for a in first:
        assert a.flags.writeable
    program(np.arange(3.0) * 7)
    for a, b in zip(first, kept, strict=True):
        same(a, b)
    first[1][:] = 9
    assert program(np.arange(3.0))[1].tolist() == [0, 1, 2]


def test_memory_is_freed_at_last_use():
    x = new()
    seen = []

    def spy(value):
        seen.append(weakref.ref(value))
        return value.sum()

    def look(_):
        gc.collect()
        return float(seen[0]() is None)

    y = add(x, 1.0)
    z = callback(y, function=spy, type=scalar_type(float))
    w = callback(z, function=look, type=FLOAT)
    assert compile_graph(Graph([x], [w]))(np.arange(3.0)) == [1.0]


# ---------------------------------------------------------------------------------------------------------- donations


def test_donated_arrays_are_written_in_place():
    n, x = new(INT), new()
    graph = Graph([n, x], loop(lambda i, s: [setitem(s, 1.0, i, spec=("i",))], [x], steps=n))
    program = compile_graph(graph, donated={1})
    a = np.zeros(4)
    (out,) = program(2, a)
    assert out is a and a.tolist() == [1, 1, 0, 0]


def test_donated_array_in_views_and_lists():
    x = new()
    written = setitem(x, 5.0, 0, spec=("i",))
    tail = getitem(written, 1, spec=("s100",))
    program = compile_graph(
        Graph([x], [tail, written, list_make(written, type=ListType(VECTOR))]), donated={0}
    )
    a = np.arange(4.0)
    view, out, values = program(a)
    assert out is a and view.base is a and view.tolist() == [1, 2, 3] and values[0] is a
    assert a[0] == 5


def test_donated_but_still_read():
    x = new()
    y = multiply(x, 2.0)
    written = setitem(x, 5.0, 0, spec=("i",))
    graph = Graph([x], [written, add(written, x), y])
    a = np.arange(3.0)
    expected = graph(a)
    for got, wanted in zip(compile_graph(graph, donated={0})(a), expected, strict=True):
        same(got, wanted)


def test_donated_readonly_and_strided():
    x = new()
    program = compile_graph(Graph([x], [setitem(x, 5.0, 0, spec=("i",))]), donated={0})
    fixed = np.zeros(3)
    fixed.flags.writeable = False
    assert program(fixed)[0].tolist() == [5, 0, 0] and not fixed.any()
    base = np.zeros(6)
    part = base[::2]
    assert program(part)[0] is part and base.tolist() == [5, 0, 0, 0, 0, 0]


def test_donated_kept_by_a_callback():
    x = new()
    kept = []
    seen = callback(x, function=lambda v: kept.append(v) or 1.0, type=FLOAT)
    graph = Graph([x], [setitem(x, 5.0, 0, spec=("i",)), seen], [seen])
    a = np.arange(3.0)
    out, _ = compile_graph(graph, donated={0})(a)
    assert out.tolist() == [5, 1, 2] and kept[0].tolist() == [0, 1, 2]


@given(st.data())
def test_rolled_arrays(data):
    """What runs in the place of numpy.roll gives its values and its memory order."""
    shape = data.draw(st.lists(st.integers(0, 4), min_size=1, max_size=3))
    dtype = data.draw(st.sampled_from(["f8", "i2", "?", "c16"]))
    x = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    x = data.draw(st.sampled_from([x, x.T, x[::-1], np.asfortranarray(x)]))
    axes = data.draw(st.permutations(range(x.ndim)))[: data.draw(st.integers(1, x.ndim))]
    shifts = np.array(data.draw(st.lists(st.integers(-9, 9), min_size=len(axes), max_size=len(axes))))
    pairs = [
        (shifts, tuple(axes)),
        (int(shifts[0]), axes[0]),
        (shifts[:1], tuple(axes)),
        (int(shifts[0]), None),
    ]
    for shift, axis in pairs:
        expected, found = np.roll(x, shift, axis), roll(x, shift, axis)
        assert found.dtype == expected.dtype and found.strides == expected.strides
        assert found.shape == expected.shape and (found == expected).all()
