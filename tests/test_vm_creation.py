"""What the machine does in the place of numpy.arange and numpy.concatenate: their values, dtypes and orders in memory."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.vm_graphs import agree
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import input_variable
from tracetensor.graph.ops.creation import arange
from tracetensor.graph.ops.joining import concatenate
from tracetensor.graph.types import INT, type_of

ints = st.integers(-12, 12) | st.sampled_from([2**39, 2**62, -(2**61)])


@given(ints, st.integers(-30, 30), st.integers(-4, 4))
def test_ranges(start, count, step):
    inputs = [input_variable(INT) for _ in range(3)]
    graph = Graph(inputs, [arange(*inputs, dtype=None)])
    agree(graph, start, start + count, step)


@pytest.mark.parametrize("dtype", [np.int64, np.int32, float, ">i8", None])
def test_ranges_of_a_dtype(dtype):
    inputs = [input_variable(INT) for _ in range(3)]
    graph = Graph(inputs, [arange(*inputs, dtype=None if dtype is None else np.dtype(dtype))])
    agree(graph, 3, 17, 2)
    agree(graph, 3, -8, -3)
    agree(graph, 3, 3, -3)


SHAPES = [
    [(3,), (0,), (5,)],
    [(2, 3), (4, 3)],
    [(2, 1), (1, 1)],
    [(1, 3), (1, 3)],
    [(0, 2), (3, 2)],
    [(2, 3), (2, 4)],
]


@pytest.mark.parametrize("shapes", SHAPES, ids=str)
@pytest.mark.parametrize("chars", ["ddd", "lll", "???", "FFF", "dfd"])
def test_joined(shapes, chars):
    for order in (np.ascontiguousarray, np.asfortranarray, lambda x: x[::-1]):
        arrays = [
            order(np.arange(np.prod(s)).reshape(s).astype(c)) for s, c in zip(shapes, chars, strict=False)
        ]
        variables = [input_variable(type_of(a, static_shape=False)) for a in arrays]
        agree(Graph(variables, [concatenate(*variables, axis=0)]), *arrays)
    same = [variables[0]] * 2
    agree(Graph(variables, [concatenate(*same, axis=0)]), *arrays)
