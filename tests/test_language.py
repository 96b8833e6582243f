"""What docs/language.md says of each construct: traced, a call-back, or plain; and the same result in any case."""

import contextlib
import io
import warnings

import pytest

import tracetensor as tt
from tests import compare
from tests.language_programs import PROGRAMS


@pytest.fixture(params=PROGRAMS, ids=lambda p: p[0].__name__)
def program(request):
    return request.param


def test_same_as_plain(program):
    """Twice: the second call meets the compiled version, or the reason for running plain."""
    function, args, _ = program
    traced = tt.trace(function)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for _ in range(2):
            compare.run_both(function, traced, args)


def test_fate(program):
    """What is said to be traced is. What is said to run plain may have learnt better: the document lags, no more."""
    function, args, fate = program
    if fate == "plain":
        return
    traced = tt.trace(function, strict=True)
    with contextlib.redirect_stdout(io.StringIO()):
        traced(*compare.clone(args))
    assert len(traced.graphs) == 1
    if fate == "traced":
        assert "call-back" not in traced.explain()


def test_print_prints_once_for_each_call():
    def f(x):
        for v in x:
            print("value", v, f"{v:.2f}", sep="-")
        return x.sum()

    function = tt.trace(f, strict=True)
    for _ in range(2):
        texts = []
        for called in (f, function):
            with contextlib.redirect_stdout(io.StringIO()) as text:
                called(PROGRAMS[0][1][0])
            texts.append(text.getvalue())
        assert texts[0] == texts[1]
