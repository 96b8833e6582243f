"""The machine: control flow, copy on write, donated arguments, errors, threads, interruption; always against the
reference evaluator."""

import _thread
import copy
import gc
import itertools
import math
import pickle
import sys
import threading
import time
import traceback
import weakref

import numpy as np
import pytest

from tests.test_vm_ufuncs import agree, outcome, same
from tracetensor.errors import Deoptimise, GraphError, TypeInferenceError
from tracetensor.graph.graph import Graph, SourceLine
from tracetensor.graph.node import apply, constant, input_variable
from tracetensor.graph.ops.control import (
    callback,
    deoptimise_if,
    ifelse,
    list_append,
    list_get,
    list_len,
    list_make,
    list_pop,
    list_set,
    raise_if,
    scan,
)
from tracetensor.graph.ops.elementwise import UFUNCS, as_kind, cast
from tracetensor.graph.ops.elementwise import copy as copy_op
from tracetensor.graph.ops.indexing import getitem, setitem
from tracetensor.graph.ops.scalars import BINARY, CONVERSIONS, MATH, PYTHON, UNARY, index, item
from tracetensor.graph.types import (
    BOOL,
    COMPLEX,
    FLOAT,
    INT,
    ListType,
    array_type,
    scalar_type,
    type_of,
)
from tracetensor.vm import instructions
from tracetensor.vm.compiler import compile_graph
from tracetensor.vm.traceback import add_user_frames

VECTOR = array_type(np.float64, (None,))
MATRIX = array_type(np.float64, (None, None))
add, multiply, subtract = UFUNCS["add"], UFUNCS["multiply"], UFUNCS["subtract"]
py = PYTHON


def new(type_=VECTOR, name=None):
    return input_variable(type_, name)


def loop(build, initial, captured=(), steps=None, conditional=False):
    """A scan of a body given as a function of (index if counted, *carry, *captured); initial, captured: variables."""
    counted = steps is not None
    carry, inner = [new(v.type) for v in initial], [new(v.type) for v in captured]
    head = [new(INT)] if counted else []
    body = Graph([*head, *carry, *inner], build(*head, *carry, *inner))
    leading = [*([steps] if counted else []), *([constant(True)] if conditional else [])]
    node = apply(
        scan,
        [*leading, *initial, *captured],
        {"body": body, "n_carry": len(initial), "counted": counted, "conditional": conditional},
    )
    return node.outputs


def branch(condition, captured, then, orelse):
    graphs = []
    for build in (then, orelse):
        inputs = [new(v.type) for v in captured]
        graphs.append(Graph(inputs, build(*inputs)))
    return apply(ifelse, [condition, *captured], {"then": graphs[0], "orelse": graphs[1]}).outputs


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


# ------------------------------------------------------------------------------------------------------------ scalars

INTS = [0, 1, -1, 2, 3, -7, 62, 63, 64, 2**31, 2**53 + 1, 2**62, 2**63 - 1, -(2**63)]
FLOATS = [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e300, 1e-300, 5e-324, math.inf, -math.inf, math.nan, 2.0**63]


@pytest.mark.parametrize("name", list(BINARY))
def test_python_operators(name):
    pools = {BOOL: [False, True], INT: INTS, FLOAT: FLOATS, COMPLEX: [0j, 1 + 2j, complex(math.inf, 1)]}
    for s, t in itertools.product(pools, repeat=2):
        a, b = new(s), new(t)
        try:
            graph = Graph([a, b], [py[name](a, b)])
        except TypeInferenceError:
            continue
        program = compile_graph(graph)
        for x, y in itertools.product(pools[s], pools[t]):
            if name in {"pow", "lshift"} and (abs(x) > 100 or abs(y) > 100):
                continue
            expected = outcome(lambda: graph(x, y))
            got = outcome(lambda: program(x, y))
            assert repr(got) == repr(expected), (x, y)
        for x, y in zip(pools[s], pools[t][:4] if name in {"pow", "lshift"} else pools[t]):
            fixed = Graph([a], [py[name](a, constant(y))])
            assert repr(outcome(lambda: compile_graph(fixed)(x))) == repr(outcome(lambda: fixed(x)))


@pytest.mark.parametrize("name", list(UNARY))
def test_python_unary_operators(name):
    for values in ([False, True], INTS, FLOATS, [1 + 2j]):
        a = new(type_of(values[0]))
        try:
            graph = Graph([a], [py[name](a)])
        except TypeInferenceError:
            continue
        for x in values:
            assert repr(outcome(lambda: compile_graph(graph)(x))) == repr(outcome(lambda: graph(x)))


def test_big_ints():
    a, b = new(INT), new(INT)
    c = py["mul"](py["mul"](a, a), b)
    d = py["sub"](c, py["mul"](a, a))
    e = py["floordiv"](d, a)
    graph = Graph(
        [a, b], [c, d, e, py["lt"](d, c), CONVERSIONS["float"](e), CONVERSIONS["bool"](d), py["neg"](d)]
    )
    agree(graph, 2**62, 3)
    agree(graph, 5, 3)
    agree(graph, 2**600, 3)


def test_big_ints_in_loops():
    n, x, y = new(INT), new(INT), new(INT)
    graph = Graph([n, x, y], loop(lambda i, x, y: [y, py["mul"](x, 3)], [x, y], steps=n))
    program = compile_graph(graph)
    assert program(150, 1, 2) == graph(150, 1, 2)
    assert program(3, 1, 2) == graph(3, 1, 2)  # a register file that held big ints is used again


@pytest.mark.parametrize("name", sorted(MATH))
def test_math(name):
    pools = {
        INT: INTS,
        FLOAT: FLOATS,
        scalar_type(np.float64): list(map(np.float64, FLOATS)),
        scalar_type(np.float32): [np.float32(0.3)],
    }
    two = name in {"atan2", "hypot", "copysign", "fmod", "pow", "remainder"}
    for type_, values in pools.items():
        if (name == "isqrt" and type_ is not INT) or name == "gamma":
            continue
        a, b = new(type_), new(type_)
        graph = Graph([a, b], [MATH[name](a, b)]) if two else Graph([a], [MATH[name](a)])
        program = compile_graph(graph)
        for args in itertools.product(values, repeat=1 + two):
            assert repr(outcome(lambda: program(*args))) == repr(outcome(lambda: graph(*args))), args


SCALARS = [True, 3, -2, 2.75, math.nan, math.inf, 1e30, 1 + 2j] + [
    np.dtype(c).type(v) for c in "?bBhHiIlLefdgFDG" for v in (0, 1, 2.75, 200) if not (c in "bh" and v == 200)
]


@pytest.mark.parametrize("op", [*CONVERSIONS.values(), item, index], ids=lambda op: op.name)
def test_conversions(op):
    for value in [
        *SCALARS,
        np.array(2.5),
        np.array([3]),
        np.arange(2),
        np.array([[True]]),
        np.array(2, np.float16),
    ]:
        a = new(type_of(value, static_shape=False))
        try:
            graph = Graph([a], [op(a)])
        except (TypeInferenceError, KeyError):
            continue
        expected = outcome(lambda: graph(value))
        got = outcome(lambda: compile_graph(graph)(value))
        if not isinstance(expected, tuple) and isinstance(expected[0], np.generic):
            continue  # np.longdouble.item() is a np.longdouble
        assert repr(got) == repr(expected), value


@pytest.mark.parametrize("char", list("?bBhHiIlLefdgFDG"))
@pytest.mark.parametrize("kind", ["scalar", "array"])
def test_casts(char, kind):
    for value in [v for v in SCALARS if not isinstance(v, complex) or char in "FDG"]:
        if isinstance(value, np.generic) and value.dtype.kind == "c" and char not in "FDG":
            continue
        a = new(type_of(value))
        agree(Graph([a], [cast(a, dtype=np.dtype(char), kind=kind)]), value)


def test_kinds():
    for value in SCALARS:
        a = new(type_of(value))
        agree(Graph([a], [as_kind(a, kind="array")]), value)
        agree(Graph([a], [as_kind(a, kind="scalar")]), value)
        if isinstance(value, np.generic):
            b = new(array_type(value.dtype, ()))
            agree(Graph([b], [as_kind(b, kind="scalar")]), np.array(value))
            agree(Graph([b], [as_kind(b, kind="array"), b]), np.array(value))


def test_copies():
    x = new(MATRIX)
    y = add(x, 1.0)
    agree(Graph([x], [copy_op(y), y]), np.arange(6.0).reshape(2, 3))
    agree(Graph([x], [copy_op(y)]), np.arange(6.0).reshape(2, 3))
    agree(Graph([x], [copy_op(x)]), np.asfortranarray(np.arange(6.0).reshape(2, 3)))
    assert compile_graph(Graph([x], [copy_op(x)]))(np.ones((2, 2)))[0].flags.writeable


def test_arguments_of_another_type():
    x = new(VECTOR)
    program = compile_graph(Graph([x], [add(x, 1.0)]))
    for wrong in (
        np.arange(3),
        np.ones((2, 2)),
        1.0,
        [1.0],
        np.ones(3, ">f8"),
        np.ones(3).view(np.ma.MaskedArray),
    ):
        with pytest.raises(Deoptimise):
            program(wrong)
    with pytest.raises(TypeError):
        program()
    b = new(BOOL)
    for wrong in (1, np.True_):
        with pytest.raises(Deoptimise):
            compile_graph(Graph([b], [b]))(wrong)


# -------------------------------------------------------------------------------------------------------------- lists


def test_lists():
    n, x = new(INT), new(FLOAT)
    empty = list_make(x, type=ListType(FLOAT))
    grown = loop(lambda i, s: [list_append(s, CONVERSIONS["float"](i))], [empty], steps=n)[0]
    rest, last = list_pop(grown, -1)
    changed = list_set(rest, 9.0, 0)
    graph = Graph([n, x], [grown, rest, last, changed, list_get(changed, 1), list_len(changed)])
    agree(graph, 5, 1.5)
    agree(Graph([n, x], [changed]), 5, 1.5)
    assert agree(graph, 0, 1.5)[0] is IndexError


def test_lists_of_the_caller_are_left_alone():
    s = new(ListType(INT))
    graph = Graph([s], [list_append(s, 3), list_set(s, 7, 0), list_pop(s, 0)[0]])
    values = [1, 2]
    same(compile_graph(graph)(values), graph(values))
    assert values == [1, 2]
    fixed = constant([1, 2], ListType(INT))
    program = compile_graph(Graph([s], [fixed]))
    program([1])[0].append(5)
    assert program([1])[0] == [1, 2]


# ------------------------------------------------------------------------------------------------------------- errors


def located(graph, op_name, *lines):
    for node in graph.nodes():
        if node.op.name == op_name:
            graph.locations[node] = lines
    return graph


def test_errors_show_the_users_lines():
    x, i = new(), new(INT)
    lines = (SourceLine("model.py", 12, "train"), SourceLine("/a/b.py", 3, "step.<locals>.inner"))
    graph = located(Graph([x, i], [add(getitem(x, i, spec=("i",)), 1.0)]), "getitem", *lines)
    with pytest.raises(IndexError, match="index 7 is out of bounds") as caught:
        compile_graph(graph)(np.arange(3.0), 7)
    frames = [(f.filename, f.lineno, f.name) for f in traceback.extract_tb(caught.value.__traceback__)]
    assert frames[-2:] == [("model.py", 12, "train"), ("/a/b.py", 3, "step.<locals>.inner")]
    assert "line 3, in " in "".join(traceback.format_exception(caught.value))


def test_errors_inside_bodies_and_callbacks():
    n, x = new(INT), new()
    outs = loop(lambda i, s: [setitem(s, 1.0, i, spec=("i",))], [x], steps=n)
    graph = Graph([n, x], outs)
    located(outs[0].node.params["body"], "setitem", SourceLine("loop.py", 4, "f"))
    with pytest.raises(IndexError) as caught:
        compile_graph(graph)(5, np.zeros(3))
    assert traceback.extract_tb(caught.value.__traceback__)[-1][:3] == ("loop.py", 4, "f")

    def fail(v):
        raise KeyError(v)

    graph = located(
        Graph([n], [callback(n, function=fail, type=INT)]), "callback", SourceLine("user.py", 9, "g")
    )
    with pytest.raises(KeyError) as caught:
        compile_graph(graph)(5)
    names = [f.name for f in traceback.extract_tb(caught.value.__traceback__)]
    assert names[-2:] == ["g", "fail"]


def test_errors_leave_no_trace():
    x, i = new(), new(INT)
    program = compile_graph(Graph([x, i], [getitem(add(x, 1.0), i, spec=("i",))]))
    a = np.arange(3.0)
    count = sys.getrefcount(a)
    for _ in range(20):
        with pytest.raises(IndexError):
            program(a, 5)
        assert program(a, 1)[0] == 2
    gc.collect()
    assert sys.getrefcount(a) == count


def test_guards():
    c, k = new(BOOL), new(INT)
    check = raise_if(c, k, exception=ValueError, arguments=(("text", ("bad ", (0, "", ""))),))
    graph = Graph([c, k], [k], [check])
    agree(graph, False, 3)
    assert agree(graph, True, 3) == (ValueError, "bad 3")
    leave = deoptimise_if(c, reason="why")
    with pytest.raises(Deoptimise, match="why"):
        compile_graph(located(Graph([c], [c], [leave]), "deoptimise_if", SourceLine("a.py", 1, "f")))(True)


def test_errors_keep_their_order():
    x, y, i = new(), new(), new(INT)
    first = getitem(x, i, spec=("i",))
    second = raise_if(py["ge"](i, 0), exception=KeyError, arguments=("no",))
    third = setitem(x, 1.0, py["add"](i, 100), spec=("i",))
    graph = Graph([x, y, i], [third, first], [first, second, third])
    assert agree(graph, np.ones(2), np.ones(2), 0)[0] is KeyError
    assert agree(graph, np.ones(2), np.ones(2), 9)[0] is IndexError


def test_wrong_results_deoptimise():
    x = new(INT)
    y = callback(x, function=lambda v: [v], type=INT)
    with pytest.raises(Deoptimise):
        compile_graph(Graph([x], [y]))(3)


def test_floating_point_errors_are_silent_and_state_is_put_back():
    x = new()
    division = UFUNCS["divide"](x, 0.0)
    casted = cast(UFUNCS["log"](x), dtype=np.dtype(np.int32))
    program = compile_graph(Graph([x], [division, casted]))
    with np.errstate(all="raise"):
        program(np.array([-1.0, 0.0]))
        assert np.geterr()["divide"] == "raise"
        with pytest.raises(FloatingPointError):
            np.array([1.0]) / 0.0


# -------------------------------------------------------------------------------------------- threads and interruption


def test_threads():
    n, x = new(INT), new()
    graph = Graph([n, x], loop(lambda i, s: [setitem(add(s, 1.0), 0.0, 0, spec=("i",))], [x], steps=n))
    program = compile_graph(graph)
    expected = graph(50, np.arange(5.0))[0]
    wrong = []

    def work():
        for _ in range(100):
            if not np.array_equal(program(50, np.arange(5.0))[0], expected):
                wrong.append(1)

    threads = [threading.Thread(target=work) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_programs_call_themselves():
    x = new(INT)
    program = None

    def again(v):
        return program(v - 1)[0] if v else 0

    y = callback(x, function=again, type=INT)
    program = compile_graph(Graph([x], [py["add"](py["add"](y, 1), x)]))
    assert program(20) == [20 * 21 // 2 + 21]


def test_ctrl_c_stops_a_loop():
    n, x = new(INT), new(FLOAT)
    program = compile_graph(Graph([n, x], loop(lambda i, s: [py["add"](s, 1.0)], [x], steps=n)))
    timer = threading.Timer(0.1, _thread.interrupt_main)
    timer.start()
    start = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        program(10**12, 0.0)
    assert time.perf_counter() - start < 10
    timer.join()


def test_other_threads_run_during_a_loop():
    n, x = new(INT), new(FLOAT)
    program = compile_graph(Graph([n, x], loop(lambda i, s: [py["add"](s, 1.0)], [x], steps=n)))
    ticks = []
    done = threading.Event()

    def tick():
        while not done.wait(0.001):
            ticks.append(1)

    thread = threading.Thread(target=tick)
    thread.start()
    program(20_000_000, 0.0)
    done.set()
    thread.join()
    assert len(ticks) > 3


# ----------------------------------------------------------------------------------------------- programs as objects


def test_pickle_and_copies():
    n, x = new(INT), new()
    program = compile_graph(Graph([n, x], loop(lambda i, s: [multiply(s, 2.0)], [x], steps=n)), donated={1})
    other = pickle.loads(pickle.dumps(program))
    assert other.donated == {1} and other(3, np.ones(2))[0].tolist() == [8, 8]
    assert copy.deepcopy(program) is program
    assert program.graph == other.graph
    assert weakref.ref(program)() is program


def test_disassembly():
    n, x = new(INT), new()
    text = str(
        compile_graph(Graph([n, x], loop(lambda i, s: [setitem(s, 1.0, i, spec=("i",))], [x], steps=n)))
    )
    assert text == (
        "program of graph: 2 inputs, 7 registers\n"
        "   0  loop_start       r3, r4, r0\n"
        "   1  move             r2, r1  takes 1\n"
        "   2  loop_test        -> 6, r3, r4\n"
        "   3  store            r6 = r2[r3] <- r5  takes 1\n"
        "   4  move             r2, r6  takes 1\n"
        "   5  loop_next        -> 2, r3\n"
        "   6  halt             \n"
        "returns r2"
    )


def test_instructions_are_checked():
    assert set(instructions.TABLE) == set(instructions.Opcode)
    code = instructions.Opcode
    instructions.check(code.F_ADD, 0, 1, 2, -1, None)
    for fields in (
        (code.F_ADD, 0, 1, -1, -1, None),
        (code.F_NEG, 0, 1, 2, -1, None),
        (code.I_ADD, 0, 1, 2, -1, None),
    ):
        with pytest.raises(GraphError):
            instructions.check(*fields)


def test_user_frames_are_innermost():
    try:
        raise ValueError("x")
    except ValueError as error:
        add_user_frames(error, (SourceLine("a.py", 1, "f"), SourceLine("b.py", 2, "g")))
        frames = traceback.extract_tb(error.__traceback__)
        assert [f.name for f in frames] == ["f", "g", "test_user_frames_are_innermost"]
