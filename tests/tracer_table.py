"""Tables of small functions, each with arguments, that must do under tt.trace just what they do in plain Python."""

import dataclasses
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import clone, run_both


def check_refused(function, args, reason, kwargs=None, *, rtol=0.0):
    """Assert that tracing refuses a call for this reason, and that without strict it runs as plain, with a warning."""
    args, kwargs = tuple(args), dict(kwargs or {})
    words = (
        f"{function.__name__} is traced now: move it to what is traced (it was refused: {reason!r}); {args!r}"
    )
    strict_args, strict_kwargs = clone((args, kwargs))
    with np.errstate(all="ignore"):
        try:
            tt.trace(function, strict=True)(*strict_args, **strict_kwargs)
        except tt.TraceError as error:
            assert reason in str(error), f"refused for another reason than {reason!r}: {error}"  # noqa: PT017
        except Exception as error:
            raise AssertionError(words) from error
        else:
            raise AssertionError(words)
        loose = tt.trace(function, strict=False)
        for time in ("first", "second"):
            with warnings.catch_warnings(record=True) as caught:
                warnings.simplefilter("always")
                run_both(function, loose, args, kwargs, rtol=rtol)
            told = [str(w.message) for w in caught if issubclass(w.category, tt.FallbackWarning)]
            if time == "first":
                assert any(reason in text for text in told), f"no FallbackWarning with {reason!r}: {told}"


@dataclasses.dataclass
class Case:
    """A function and the argument lists it is called with, in turn and each twice, by one traced function.

    Where `refused` is part of a reason, each of the calls is one that tracing refuses for it, for now.
    """

    function: Callable[..., Any]
    calls: tuple[Any, ...]
    rtol: float = 0.0
    refused: str = ""

    def __str__(self):
        return self.function.__name__ + ("-refused" if self.refused else "")

    def check(self):
        if self.refused:
            for args in self.calls:
                check_refused(self.function, args, self.refused, rtol=self.rtol)
            return
        traced = tt.trace(self.function, strict=True)
        for k, args in enumerate(self.calls):
            for time in ("first", "second"):
                try:
                    with np.errstate(
                        all="ignore"
                    ):  # no floating-point warnings, by design: docs/differences.md
                        run_both(self.function, traced, args, rtol=self.rtol)
                except AssertionError as error:
                    error.add_note(f"arguments {k}, {time} call: {args!r}")
                    raise


class Table(list):
    """`@table(args, args, …)` enters a function; `table.test()` is the test of all of them."""

    def __call__(self, *calls, rtol=0.0, refused=""):
        def enter(function):
            self.append(Case(function, calls or ((),), rtol, refused))
            return function

        return enter

    def test(self):
        @pytest.mark.parametrize("case", self, ids=str)
        def test_same(case):
            case.check()

        return test_same
