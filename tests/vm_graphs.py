"""Small graphs built by hand, and the comparison of the machine with the reference evaluator."""

import warnings

import numpy as np

from tracetensor.errors import Deoptimise
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import apply, constant, input_variable
from tracetensor.graph.ops.control import (
    ifelse,
    scan,
)
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import (
    INT,
    array_type,
)
from tracetensor.vm.compiler import compile_graph

VECTOR = array_type(np.float64, (None,))
MATRIX = array_type(np.float64, (None, None))
add, multiply, subtract = UFUNCS["add"], UFUNCS["multiply"], UFUNCS["subtract"]
py = PYTHON


def new(type_=VECTOR, name=None):
    return input_variable(type_, name)


def loop(build, initial, captured=(), steps=None, conditional=False, roots=list):
    """A scan of a body given as a function of (index if counted, *carry, *captured); initial, captured: variables.

    roots: a function that gives the body's roots once it is built.
    """
    counted = steps is not None
    carry, inner = [new(v.type) for v in initial], [new(v.type) for v in captured]
    head = [new(INT)] if counted else []
    outputs = build(*head, *carry, *inner)
    body = Graph([*head, *carry, *inner], outputs, roots())
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


def same(a, b, strides=True):
    """Equal class, dtype, shape, strides and bits (any NaN is as good as another)."""
    assert type(a) is type(b), (type(a), type(b))
    if isinstance(a, list):
        assert len(a) == len(b)
        for x, y in zip(a, b):
            same(x, y, strides)
        return
    if not isinstance(a, (np.ndarray, np.generic)):
        assert repr(a) == repr(b)
        return
    assert a.dtype == b.dtype, (a.dtype, b.dtype)
    assert a.shape == b.shape
    if strides and isinstance(a, np.ndarray) and a.size:
        assert a.strides == b.strides
    assert np.array_equal(a, b, equal_nan=a.dtype.kind in "fc")
    if a.dtype.kind == "f":
        nans = np.isnan(a)
        assert np.array_equal(np.signbit(a)[~nans], np.signbit(b)[~nans])


def outcome(function):
    """What a function returns, or the class and the text of what it raises."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return function()
    except (Exception, Deoptimise) as error:
        return type(error), str(error)


def agree(graph, *args, strides=True, donated=()):
    """Run on both and compare results or errors; no argument is written to."""
    before = [a.copy() if isinstance(a, np.ndarray) else a for a in args]
    program = compile_graph(graph)
    expected = outcome(lambda: graph(*args))
    for _ in range(2):
        got = outcome(lambda: program(*args))
        if isinstance(expected, tuple):
            assert got == expected
        else:
            assert isinstance(got, list), got
            for a, b in zip(got, expected, strict=True):
                same(a, b, strides)
        for a, b in zip(args, before, strict=True):
            same(a, b, strides=False)
    return expected
