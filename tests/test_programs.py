"""Every program of tests/programs does under tt.trace just what it does in plain Python."""

import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests import compare, programs

_traced = {}  # one traced function per program, for all its sizes


def traced(name):
    if name not in _traced:
        _traced[name] = tt.trace(programs.load(name).PROGRAM, strict=True)
    return _traced[name]


@pytest.mark.parametrize("size", [0, 1, 2], ids=["tiny", "small", "medium"])
@pytest.mark.parametrize("name", programs.names())
def test_plain(name, size):
    """The corpus itself: inputs are deterministic, and the plain program computes the right thing."""
    module = programs.load(name)
    args, kwargs = module.make_inputs(module.SIZES[size])
    compare.assert_same(module.make_inputs(module.SIZES[size]), (args, kwargs), path="inputs")
    plain = compare.run_both(module.PROGRAM, module.PROGRAM, args, kwargs)
    expected = getattr(module, "RAISES", (None, None, None))[size]
    assert type(plain.error) is (expected or type(None)), plain.error
    if hasattr(module, "check") and expected is None:
        module.check(plain.result, args, plain.args)


@pytest.mark.parametrize("size", [0, 1, 2], ids=["tiny", "small", "medium"])
@pytest.mark.parametrize("name", programs.names())
def test_same(name, size):
    module = programs.load(name)
    f = traced(name)
    for _ in range(2):  # the second call meets the compiled version
        args, kwargs = module.make_inputs(module.SIZES[size])
        compare.run_both(module.PROGRAM, f, args, kwargs, rtol=programs.rtol(module))


def edges(size):
    """Sizes of nothing and of one thing, in each part of a size in turn."""
    if isinstance(size, (int, float)):
        return [type(size)(0), type(size)(1)]
    parts = [k for k, n in enumerate(size) if type(n) is int]
    return [(*size[:k], n, *size[k + 1 :]) for k in parts for n in (0, 1)]


@pytest.mark.parametrize("name", programs.names())
def test_edges(name):
    """Sizes 0 and 1: the same result, or the same exception. Where there are no such inputs, nothing is asked."""
    module = programs.load(name)
    f = tt.trace(module.PROGRAM, strict=True)
    for size in edges(module.SIZES[0]):
        try:
            args, kwargs = module.make_inputs(size)
        except Exception:
            continue
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the plain program may warn of means of nothing
            try:
                compare.run_both(module.PROGRAM, f, args, kwargs, rtol=programs.rtol(module))
            except AssertionError as error:
                refused = isinstance(error.__cause__, tt.TraceError)
                if not (refused and getattr(module, "EDGES", "?") in str(error.__cause__)):
                    raise


@pytest.mark.parametrize("name", programs.names())
def test_graphs(name):
    """At most one compiled version per size, and loops that have to stay loops did."""
    module = programs.load(name)
    f = tt.trace(module.PROGRAM, strict=True)
    for size in module.SIZES:
        compare.Outcome(f, *compare.clone(module.make_inputs(size)))
    assert 1 <= len(f.graphs) <= len(module.SIZES), (
        f"{len(f.graphs)} compiled versions for {len(module.SIZES)} sizes"
    )
    if module.SCAN:
        assert any(node.op.name == "scan" for graph in f.graphs for node in graph.all_nodes()), (
            "no Scan in any graph"
        )
