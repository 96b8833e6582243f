"""Ufuncs: every loop that NumPy has, weak scalars, broadcasting, and calls with dtype=."""

import functools

import numpy as np
import pytest

from tests.ops_harness import ALL, A, P, bad, case, check
from tracetensor.graph.answers import NUMPY, Unsupported
from tracetensor.graph.node import constant, input_variable
from tracetensor.graph.op import may_raise
from tracetensor.graph.ops.elementwise import UFUNCS, ufunc_call
from tracetensor.graph.types import INT, array_type


@pytest.fixture(autouse=True)
def ufuncs_as_builders(monkeypatch):
    for op in UFUNCS.values():
        monkeypatch.setitem(NUMPY, op.evaluate, functools.partial(ufunc_call, op.evaluate))


@pytest.mark.parametrize("ufunc", [op.evaluate for op in UFUNCS.values()], ids=lambda u: u.__name__)
def test_every_ufunc(ufunc):
    compared = 0
    samples = [[A(3, 4)] * ufunc.nin]
    if ufunc.nin == 2:
        samples += [
            [A(3, 4), A(4)],
            [A(3, 1), P(2)],
            [P(3), A(2)],
            [A(3), P(2.5)],
            [A(), A()],
            [np.float32(2), P(3)],
            [A(0, 2), A(1, 2)],
            [A(3), True],
        ]
    elif ufunc.nin == 1:
        samples += [[P(2)], [P(2.5)], [np.float32(2.5)], [A()], [np.int8(3)]]
    else:
        samples += [[A(3), P(0), A(3)], [np.float32(2), P(0), 1]]
    for sample in samples:
        for dtype in ALL if sample is samples[0] else "?lBfD":
            try:
                check(
                    case(
                        ufunc,
                        *sample,
                        dtypes=dtype,
                        layouts=("F", "strided") if sample is samples[0] and dtype == "d" else (),
                    )
                )
                compared += 1
            except AssertionError as error:
                if "compared" not in str(error):
                    raise
    assert compared


CASES = [
    case(np.add, A(3), A(3, dtype="l"), dtype=np.float32, dtypes="ilfd", casting="unsafe"),
    case(np.add, A(3), 2, dtype=float, dtypes=ALL[:-2]),
    case(np.add, A(3), P(2.5), dtype=complex),
    case(np.sqrt, A(3, low=1), dtype=np.float32),
    case(np.equal, A(3), A(3), dtype=bool, dtypes=ALL),
    case(np.multiply, A(3), True, dtype=int, dtypes="?iB"),
    bad(np.add, A(3), 1, dtype=np.int32, dtypes="d"),
    bad(np.add, A(3), A(4)),
    bad(np.bitwise_and, A(3), 1, dtypes="d"),
    case(np.add, A(3), P(2), dtype=np.int32, dtypes="i", covered=False),
    case(np.add, A(3), A(3), where=A(3, dtype="?"), covered=False),
]


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_calls_with_options(c):
    check(c)


@pytest.mark.parametrize(("operands", "expected"), [
    ((array_type("f8", (None,)), INT), False),
    ((array_type("u1", (None,)), INT), True),
    ((array_type("u1", (None,)), 300), True),
    ((array_type("u1", (None,)), 200), False),
    ((array_type("f8", (None,)), array_type("f8", (None,))), True),
    ((array_type("f8", (3,)), array_type("f8", (1,))), False),
])  # fmt: skip
def test_which_calls_may_raise(operands, expected):
    variables = [constant(t) if isinstance(t, int) else input_variable(t) for t in operands]
    node = ufunc_call(np.add, *variables).node
    assert node is not None
    assert may_raise(node) == expected


def test_operands_of_one_length_do_not_raise():
    x = input_variable(array_type("f8", (None,)))
    total = ufunc_call(np.add, x, ufunc_call(np.multiply, x, NUMPY[np.cumsum](x)))
    assert not may_raise(total.node)


def test_generalised_ufuncs_are_not_elementwise():
    with pytest.raises(Unsupported):
        ufunc_call(np.matmul, constant(np.eye(2)), constant(np.eye(2)))
