"""Small programs, each for one sentence on what Python or NumPy does that is easily got wrong; tests/test_traps.py runs them.

The sentences are those of the project's decisions on semantics, and the like of them. A trap is called in turn with all its
arguments, which have other values, kinds and shapes; a scenario is a module that changes between calls.
"""

import dataclasses
from collections.abc import Callable
from typing import Any


@dataclasses.dataclass(frozen=True)
class Trap:
    """A function, the sentence that it is about, the arguments it is called with, and what becomes of it.

    refused: part of the reason for which it runs plain, by design. callback: part of what `explain()` says is called back.
    leaves: a call leaves its types, and is repeated as plain Python.
    """

    function: Callable[..., Any]
    sentence: str
    calls: tuple[tuple[Any, ...], ...]
    refused: str = ""
    callback: str = ""
    leaves: bool = False

    def __str__(self) -> str:
        return self.function.__name__


class Traps(list[Trap]):
    """`@trap("sentence", args, args, …)` enters a function."""

    def __call__(self, sentence: str, *calls: tuple[Any, ...], **fate: Any) -> Callable[..., Any]:
        def enter(function: Callable[..., Any]) -> Callable[..., Any]:
            self.append(Trap(function, sentence, calls, **fate))
            return function

        return enter


@dataclasses.dataclass(frozen=True)
class Scenario:
    """A module with a function `f`, called with `args` at first and after each of the changes to the module.

    versions: how many compiled versions there may be at the end, where that is what the sentence is about.
    """

    name: str
    sentence: str
    source: str
    args: tuple[Any, ...]
    changes: tuple[str, ...]
    versions: int | None = None
    refused: str = ""

    def __str__(self) -> str:
        return self.name
