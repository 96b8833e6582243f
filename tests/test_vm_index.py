"""Indexing on the machine against the reference evaluator: every form of index, reads and writes, by hypothesis."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.test_vm_ufuncs import samples
from tests.vm_graphs import agree
from tracetensor.errors import TypeInferenceError
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import apply, constant, input_variable
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.elementwise import copy as copy_op
from tracetensor.graph.ops.indexing import getitem, setitem, update_at
from tracetensor.graph.types import INT, type_of

SETTINGS = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BOUNDS = st.one_of(st.none(), st.integers(-6, 6), st.sampled_from([2**40, -(2**40), 2**70]))
STEPS = st.sampled_from([None, None, None, 1, 2, 3, -1, -2, 0, 2**62])
LAYOUTS = st.sampled_from(["C", "F", "strided", "reversed", "broadcast"])


@st.composite
def indices(draw, rank, *, basic=False):
    """(spec, leaves) of an index of an array of that rank, mostly within bounds."""
    spec, leaves = [], []
    for _ in range(draw(st.integers(0, rank))):
        kind = draw(st.sampled_from("iiissss" if basic else "iiissssaab"))
        if kind == "i":
            spec.append("i")
            number = draw(st.integers(-4, 3))
            leaves.append(draw(st.sampled_from([number, np.int64(number), np.int8(number), np.intp(number)])))
        elif kind == "s":
            parts = [draw(BOUNDS), draw(BOUNDS), draw(STEPS)]
            spec.append("s" + "".join("0" if p is None else "1" for p in parts))
            leaves += [p for p in parts if p is not None]
        elif kind == "a":
            spec.append("a")
            leaves.append(np.array(draw(st.lists(st.integers(-3, 2), min_size=0, max_size=4)), np.int64))
        else:
            spec.append("a")
            leaves.append(np.array([True, False, True, True]))
    for _ in range(draw(st.integers(0 if rank else 1, 2))):
        place = draw(st.integers(0, len(spec)))
        if "e" in spec or draw(st.booleans()):
            spec.insert(place, "n")
        else:
            spec.insert(place, "e")
    return tuple(spec), leaves


@st.composite
def arrays(draw):
    shape = tuple(draw(st.lists(st.integers(0, 5), min_size=0, max_size=3)))
    layout = draw(LAYOUTS)
    array = samples(draw(st.sampled_from("d?bfiDe")), shape)
    if layout == "F":
        return np.asfortranarray(array)
    if layout == "strided" and shape:
        return np.repeat(array, 2, axis=-1)[..., ::2]
    if layout == "reversed" and shape:
        return array[::-1]
    if layout == "broadcast" and shape:
        return np.broadcast_to(array[..., :1], shape) if shape[-1] else array
    return array


def index_graph(op, values, spec, leaves, fixed, params=None):
    """The graph of an indexing op; leaves are inputs or, where `fixed`, constants. None if the op refuses."""
    variables = [input_variable(type_of(v, static_shape=False)) for v in values]
    entries, given = [], []
    for leaf in leaves:
        big = isinstance(leaf, int) and abs(leaf) >= 2**63
        if fixed and not big:
            entries.append(constant(leaf))
        else:
            entries.append(input_variable(INT if big else type_of(leaf, static_shape=False)))
            given.append((entries[-1], leaf))
    try:
        node = apply(op, [*variables, *entries], {"spec": spec, **(params or {})})
    except (TypeInferenceError, ValueError):  # ValueError: a step of 0
        return None
    return Graph([*variables, *[v for v, _ in given]], [node.out]), [*values, *[leaf for _, leaf in given]]


@SETTINGS
@given(st.data())
def test_reads(data):
    x = data.draw(arrays())
    spec, leaves = data.draw(indices(x.ndim))
    built = index_graph(getitem, [x], spec, leaves, data.draw(st.booleans()))
    if built is not None:
        agree(built[0], *built[1])


@SETTINGS
@given(st.data())
def test_writes(data):
    x = data.draw(arrays())
    spec, leaves = data.draw(indices(x.ndim, basic=data.draw(st.booleans())))
    try:
        part = x[tuple(assembled(spec, leaves))]
        shape = part.shape
    except (IndexError, ValueError):
        shape = ()
    kind = data.draw(st.sampled_from(["scalar", "python", "same", "other", "row", "misfit"]))
    char = x.dtype.char
    value = {
        "scalar": lambda: samples(data.draw(st.sampled_from("dfibB?")), (1,))[0],
        "python": lambda: data.draw(st.sampled_from([True, 3, -1, 300, 0.5, 2**70])),
        "same": lambda: samples(char, shape),
        "other": lambda: samples("i", shape),
        "row": lambda: samples(char, shape[-1:]),
        "misfit": lambda: samples(char, (7,)),
    }[kind]()
    if isinstance(value, int) and abs(value) > 2**63:
        value = 5
    built = index_graph(setitem, [x, value], spec, leaves, data.draw(st.booleans()))
    if built is not None:
        agree(built[0], *built[1])


def assembled(spec, leaves):
    from tracetensor.graph.ops.indexing import assemble

    return assemble(spec, leaves)


@SETTINGS
@given(st.data())
def test_updates(data):
    x = data.draw(arrays())
    spec, leaves = data.draw(indices(x.ndim, basic=True))
    leaves = [0 if isinstance(v, int) and abs(v) >= 2**62 else v for v in leaves]
    name = data.draw(st.sampled_from(["add", "multiply", "maximum", "subtract"]))
    y = input_variable(type_of(x, static_shape=False))
    entries = [input_variable(type_of(v)) for v in leaves]
    other = data.draw(
        st.sampled_from([2, 0.5, np.float32(2), x, samples(x.dtype.char, (1,)), samples(x.dtype.char, (3,))])
    )
    e = input_variable(type_of(other, static_shape=False))
    try:
        part = getitem(y, *entries, spec=spec)
        operands = (part, e) if data.draw(st.booleans()) else (e, part)
        out = setitem(y, UFUNCS[name](*operands), *entries, spec=spec)
    except TypeInferenceError:
        return
    outputs = [out, y] if data.draw(st.booleans()) else [out]
    agree(Graph([y, e, *entries], outputs), x, other, *leaves)
    fresh = copy_op(y)
    out = setitem(fresh, UFUNCS[name](getitem(fresh, *entries, spec=spec), e), *entries, spec=spec)
    agree(Graph([y, e, *entries], [out]), x, other, *leaves, strides=False)


@pytest.mark.parametrize("ufunc", ["add", "maximum", "multiply"])
def test_accumulation(ufunc):
    for x, leaves, spec, value in (
        (np.zeros(4), [np.array([0, 1, 0, -1])], ("a",), 2.0),
        (np.zeros((4, 3)), [np.array([0, 1, 0]), np.array([1, 1, 1])], ("a", "a"), np.arange(3.0)),
        (np.zeros(4, np.uint8), [np.array([0, 1, 0, 3])], ("a",), np.uint8(2)),
        (np.zeros(4), [2], ("i",), np.float64(3)),
        (np.zeros(4), [np.array([9])], ("a",), 1.0),
    ):
        graph, args = index_graph(update_at, [x, value], spec, leaves, False, {"ufunc": ufunc})
        agree(graph, *args)


def test_elements_of_every_type():
    for char in "?bBhHiIlLefdgFDG":
        x = samples(char, (4, 3))
        for array in (x, x.T, np.asfortranarray(x), x[::-1, ::2]):
            graph, args = index_graph(getitem, [array], ("i", "i"), [-1, np.uint8(1)], False)
            agree(graph, *args)
            for value in (x[0, 0], 1, True, 0.5, np.int8(3), -1, 300):
                built = index_graph(setitem, [array, value], ("i", "i"), [-1, 1], False)
                agree(built[0], *built[1])


def test_unaligned_arrays():
    raw = np.zeros(8 * 6 + 1, np.uint8)[1:].view(np.float64).reshape(2, 3)
    raw[...] = np.arange(6).reshape(2, 3)
    x = input_variable(type_of(raw, static_shape=False))
    agree(Graph([x], [UFUNCS["add"](x, x)]), raw)
    graph, args = index_graph(getitem, [raw], ("i", "i"), [1, 1], False)
    agree(graph, *args)
    graph, args = index_graph(setitem, [raw, 2.5], ("s100",), [1], False)
    agree(graph, *args)
