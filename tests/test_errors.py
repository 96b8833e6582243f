"""Errors of the user's program are NumPy's and Python's own, at the user's own line, in whatever version they occur."""

import traceback

import numpy as np
import pytest

import tracetensor as tt
from tests import compare, error_programs
from tests.error_programs import CASES, REGULAR, SINGULAR, X, raise_with_values, read_in_loop, solve


@pytest.fixture(params=CASES, ids=lambda c: c[0].__name__)
def program(request):
    return request.param


def raised(function, args):
    """The exception of a call, and the frames of its traceback in the programs' file, outermost first."""
    try:
        function(*compare.clone(args))
    except Exception as error:
        return error, [
            f for f in traceback.extract_tb(error.__traceback__) if f.filename == error_programs.__file__
        ]
    raise AssertionError("nothing is raised")


def calls(frames):
    """(function, line) of frames; a comprehension is a frame of its own up to Python 3.11."""
    found = [(f.name.rpartition(".")[2], f.lineno) for f in frames]
    return [(name, line) for name, line in found if name != "<listcomp>"]


def assert_same_error(traced, plain, args):
    expected, expected_frames = raised(plain, args)
    error, frames = raised(traced, args)
    assert type(error) is type(expected)
    assert str(error) == str(expected)
    assert error.args == expected.args
    assert frames[-1].lineno == expected_frames[-1].lineno, "the line of the error"
    assert calls(frames) == calls(expected_frames), "the calls that led to the error"


def test_there_are_enough_cases():
    assert len(CASES) >= 20
    assert len({c[0].__name__ for c in CASES}) == len(CASES)


def test_error_at_the_first_call(program):
    function, _, bad, _ = program
    assert_same_error(tt.trace(function), function, bad)


def test_error_in_a_compiled_version(program):
    function, good, bad, kinds = program
    traced = tt.trace(function, strict=True)
    compare.run_both(function, traced, good)
    assert len(traced.graphs) == 1
    for _ in range(2):
        assert_same_error(traced, function, bad)
        if not kinds:
            assert len(traced.graphs) == 1, "the error did not come from the compiled version"
    compare.run_both(function, traced, good)


def test_error_at_the_first_call_leaves_a_function_that_works(program):
    function, good, bad, _ = program
    traced = tt.trace(function, strict=True)
    raised(traced, bad)
    compare.run_both(function, traced, good)
    assert_same_error(traced, function, bad)
    assert traced.graphs


@pytest.mark.parametrize("function", [read_in_loop, raise_with_values])
def test_exception_carries_no_signal_of_the_library(function):
    """Neither cause nor context: the user sees one exception, as plain Python gives it."""
    ((good, bad),) = [case[1:3] for case in CASES if case[0] is function]
    traced = tt.trace(function, strict=True)
    error = raised(traced, bad)[0]  # at the first call
    traced(*compare.clone(good))
    for found in (error, raised(traced, bad)[0]):
        assert found.__cause__ is None
        assert found.__context__ is None


def test_exceptions_can_be_caught_by_the_caller():
    traced = tt.trace(solve, strict=True)
    with pytest.raises(np.linalg.LinAlgError):
        traced(SINGULAR, X[:2])
    assert traced(REGULAR, X[:2]) == solve(REGULAR, X[:2])
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        traced(SINGULAR, X[:2])
