"""Every function of NumPy that is an op or has a builder, and many that are call-backs: traced as NumPy has them.

Values, dtypes, kinds, strides, memory shared, writes and errors, on a fixed sample of dtypes and layouts;
`pytest --thorough tests/test_numpy_api.py` takes all of them.
"""

import ast
import inspect
import math

import numpy as np
import pytest

from tests.numpy_callbacks import CALLBACKS
from tests.numpy_calls import CALLS, ELSEWHERE
from tests.numpy_harness import SPACE, Call, check
from tracetensor.graph.answers import METHODS, MUTATING, NUMPY
from tracetensor.graph.op import OPS

BATCH = 40
EVERY = [*CALLS, *CALLBACKS]
BATCHES = [EVERY[k : k + BATCH] for k in range(0, len(EVERY), BATCH)]


@pytest.mark.parametrize("batch", BATCHES, ids=lambda batch: str(batch[0]))
def test_calls(batch, request):
    """One traced function for each call and dtype, run over layouts and on inputs of two sizes."""
    thorough = request.config.getoption("--thorough")
    faults = [fault for call in batch for fault in check(call, thorough=thorough)[0]]
    assert not faults, f"{len(faults)} faults:\n" + "\n".join(faults[:20])


def test_a_wrong_result_is_found():
    """The check itself: a function that is not what it says."""
    call = Call("shifted(v)", ("float64",))
    turn = iter(range(1000))
    SPACE["shifted"] = lambda v: v + next(turn)
    try:
        faults, compared = check(call)
    finally:
        del SPACE["shifted"]
    assert compared
    assert faults


def named(table):
    """The functions that calls name, and the names of the methods and attributes that they use."""
    functions, methods = set(), set()
    for call in table:
        for node in ast.walk(ast.parse(call.text)):
            if isinstance(node, ast.Attribute):
                found = resolve(node)
                if found is None:
                    methods.add(node.attr)
                elif callable(found):
                    functions.add(found)
    return functions, methods


def resolve(node):
    """What an expression like `np.linalg.inv` is; None if it starts from no module."""
    if isinstance(node, ast.Name):
        return SPACE.get(node.id)
    if not isinstance(node, ast.Attribute):
        return None
    owner = resolve(node.value)
    return getattr(owner, node.attr, None) if owner is not None and not isinstance(owner, type) else None


FUNCTIONS, USED = named(EVERY)


def test_every_function_has_a_call():
    answering = {
        *NUMPY, *MUTATING, *[f for op in OPS.values() for f in op.answers if inspect.getmodule(f) is not math],
    }  # fmt: skip
    missing = [
        f
        for f in answering
        if f not in FUNCTIONS and f not in ELSEWHERE and f is not len and inspect.getmodule(f) is not math
    ]
    assert not missing, missing


def test_every_method_has_a_call():
    assert not set(METHODS) - USED


def test_every_ufunc_is_called_with_its_options():
    ufuncs = [f for op in OPS.values() for f in op.answers if isinstance(f, np.ufunc) and f not in ELSEWHERE]
    texts = "\n".join(map(str, CALLS))
    missing = [u.__name__ for u in ufuncs if u.nout == 1 and f"np.{u.__name__}(" in texts and not all(
        f"np.{u.__name__}({args}, {option}" in texts
        for args in [", ".join("ac"[: u.nin])] for option in ("out=", "dtype=", "casting=", "order=")
    )]  # fmt: skip
    assert not missing


def test_there_are_many_callbacks():
    functions = {f for f in named(CALLBACKS)[0] if f not in NUMPY}
    assert len(functions) >= 60
