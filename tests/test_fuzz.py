"""Random programs do under tt.trace just what they do in plain Python; and the judge of that sees what it should."""

import random

import numpy as np
import pytest
from hypothesis import given, settings

from tests.fuzz import FAMILIES, check_program, programs, reduce, write_program


@pytest.mark.parametrize("family", FAMILIES)
def test_random_programs(family):
    @settings(derandomize=family not in {"expressions", "writes", "control"})  # `make fuzz` tries others
    @given(programs(family))
    def check(program):
        check_program(program.source, program.inputs, program.smooth)

    check()


# ---------------------------------------------------------------------------------------------- the fuzzer itself


def plain(f):
    return f


def copying(f):
    """Writes to arguments are lost."""
    return lambda *args: f(*(x.copy() if isinstance(x, np.ndarray) else x for x in args))


def in_double(f):
    """float32 arguments are computed with as float64."""
    return lambda *args: f(
        *(x.astype(np.float64) if getattr(x, "dtype", None) == np.float32 else x for x in args)
    )


def as_scalars(f):
    """NumPy scalars come back as Python's."""

    def traced(*args):
        result = f(*args)
        return (
            tuple(x.item() if isinstance(x, np.generic) else x for x in result)
            if isinstance(result, tuple)
            else result
        )

    return traced


def frozen_loop(f):
    """The trip count of the first call is used for ever."""
    first = []

    def traced(a, b, n, s):
        first.append(n)
        return f(a, b, first[0], s)

    return traced


def one_ulp(f):
    """Results are off by one unit in the last place."""

    def off(x):
        return np.nextafter(x, np.inf) if isinstance(x, np.ndarray) and x.dtype == np.float64 else x

    def traced(*args):
        result = f(*args)
        return tuple(map(off, result)) if isinstance(result, tuple) else off(result)

    return traced


def silent(f):
    """Exceptions are swallowed."""

    def traced(*args):
        try:
            return f(*args)
        except Exception:
            return None

    return traced


def other_message(f):
    """Exceptions keep their type and lose their text."""

    def traced(*args):
        try:
            return f(*args)
        except Exception as e:
            raise type(e)("something") from None

    return traced


def detached(f):
    """Results are copies, where NumPy returns the argument or a view of it."""

    def traced(*args):
        result = f(*args)
        return (
            tuple(x.copy() if isinstance(x, np.ndarray) else x for x in result)
            if isinstance(result, tuple)
            else result
        )

    return traced


def caught(trace, family, tries=400):
    """The first program of the family for which this stand-in for `tt.trace` is found out."""
    for seed in range(tries):
        program = write_program(random.Random(seed).randrange, family)
        try:
            check_program(program.source, program.inputs, program.smooth, trace)
        except AssertionError as e:
            return program, str(e)
    return None


WRONG = (copying, in_double, as_scalars, frozen_loop, one_ulp, silent, other_message, detached)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("trace", WRONG, ids=lambda f: f.__name__)
def test_wrong_tracers_are_caught(trace, family):
    found = caught(trace, family)
    assert found is not None
    program, message = found
    assert program.source in message.replace("@tt.trace\n", "")
    assert program.inputs[0] in message


@pytest.mark.parametrize("family", FAMILIES)
def test_plain_is_accepted(family):
    """NumPy agrees with itself: programs are deterministic, and mostly do not raise."""
    kinds = []
    for seed in range(300):
        program = write_program(random.Random(seed).randrange, family)
        kinds.append(check_program(program.source, program.inputs, program.smooth, plain))
    assert set(kinds) == {"ok", "both raised"}
    assert kinds.count("ok") > 120


def test_loops_for_ever_are_caught(monkeypatch):
    monkeypatch.setattr("tests.fuzz.oracle.SECONDS", 0.2)

    def stuck(f):
        def traced(*args):
            while True:
                pass

        return traced

    program = write_program(random.Random(0).randrange, "expressions")
    with pytest.raises(AssertionError, match="Hang got out"):
        check_program(program.source, program.inputs, program.smooth, stuck)


def test_reduced_programs_are_small():
    program, _ = caught(copying, "control")
    source, inputs = reduce(program.source, program.inputs, program.smooth, copying, seconds=20)
    assert len(source.splitlines()) <= 6
    with pytest.raises(AssertionError, match="call 1"):
        check_program(source, inputs, program.smooth, copying)
