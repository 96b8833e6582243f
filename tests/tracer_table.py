"""Tables of small functions, each with arguments, that must do under tt.trace just what they do in plain Python."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

import tracetensor as tt
from tests.compare import run_both


@dataclasses.dataclass
class Case:
    """A function and the argument lists it is called with, in turn and each twice, by one traced function."""

    function: Callable[..., Any]
    calls: tuple[Any, ...]
    rtol: float = 0.0
    may_refuse: bool = False

    def __str__(self):
        return self.function.__name__

    def check(self):
        traced = tt.trace(self.function, strict=True)
        for k, args in enumerate(self.calls):
            for time in ("first", "second"):
                try:
                    run_both(self.function, traced, args, rtol=self.rtol)
                except AssertionError as error:
                    if self.may_refuse and isinstance(error.__cause__, tt.TraceError):
                        continue
                    error.add_note(f"arguments {k}, {time} call: {args!r}")
                    raise


class Table(list):
    """`@table(args, args, …)` enters a function; `table.test()` is the test of all of them."""

    def __call__(self, *calls, rtol=0.0, may_refuse=False):
        def enter(function):
            self.append(Case(function, calls or ((),), rtol, may_refuse))
            return function

        return enter

    def test(self):
        @pytest.mark.parametrize("case", self, ids=str)
        def test_same(case):
            case.check()

        return test_same
