"""How blocks end, what a loop to be traced is, and the signals by which tracing a body starts over."""

from __future__ import annotations

import dataclasses
import opcode
import os
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback, GraphError, TracerSignal, TypeInferenceError
from tracetensor.tracer.state import Box

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from tracetensor.tracer.frames import Frame
    from tracetensor.tracer.state import Place

NORMAL, BREAK, CONTINUE, RETURN = range(4)
LEFT = 16
"""Added to the completion of a generator's consumer that leaves it: so the generator's own statements are left."""
RAISE = opcode.opmap["RAISE_VARARGS"]
PACKAGE = os.path.dirname(os.path.dirname(__file__))  # noqa: PTH120 - loads faster than pathlib


@dataclasses.dataclass(frozen=True)
class Completion:
    """How a block ended: NORMAL, BREAK, CONTINUE, RETURN, LEFT + one of these, or one of several known by `code`."""

    kinds: frozenset[int]
    code: Any = None

    @property
    def only(self) -> int | None:
        return next(iter(self.kinds)) if len(self.kinds) == 1 else None


COMPLETIONS = [Completion(frozenset({k}), k) for k in range(4)]


def completion_of(kind: int) -> Completion:
    """The completion of one kind."""
    return COMPLETIONS[kind] if kind < len(COMPLETIONS) else Completion(frozenset({kind}), kind)


class Mismatch(TracerSignal):
    """A step of a loop leaves something in a form other than the one it found: peel a step off."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Again(TracerSignal):
    """The body of a loop is to be traced again, with what was learnt."""


DELIBERATE = frozenset(
    {
        "_array_attribute",
        "_delete",
        "_described",
        "_missing",
        "_without_own",
        "bound",
        "delete_attribute",
        "other_attribute",
        "plain_attribute",
        "plain_delete",
        "plain_set",
        "set_attribute",
        "scalar_attribute",
        "attribute",
        "load_name",
        "load_global",
        "of_leaves",
        "read",
        "get_item",
        "_choose_item",
    }
)


def not_internal(error: Exception) -> None:
    """Fallback for an error that is the tracer's own fault rather than the user's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not isinstance(
        error, (AttributeError, NameError, KeyError, AssertionError, GraphError)
    ):
        return
    code = trace.tb_frame.f_code
    if PACKAGE in code.co_filename and code.co_name not in DELIBERATE:
        msg = f"internal fault of tracetensor ({code.co_filename}:{trace.tb_lineno}): {error!r}"
        raise Fallback(msg) from error


def genuine(error: Exception) -> None:
    """Fallback for an error, met inside a `try`, that might be the tracer's rather than the user's."""
    if isinstance(error, TypeInferenceError):
        suspect = error.failed is None  # else it is the op that raises when it is run
    elif isinstance(error, (GraphError, RecursionError)):
        suspect = True
    elif isinstance(error, (TypeError, AttributeError, AssertionError, RuntimeError)):
        trace = error.__traceback__
        while trace is not None and trace.tb_next is not None:
            trace = trace.tb_next
        suspect = trace is None or (
            PACKAGE in trace.tb_frame.f_code.co_filename
            and trace.tb_frame.f_code.co_code[trace.tb_lasti] != RAISE
        )
    else:
        suspect = False
    if suspect:
        msg = f"{error!r} inside a `try`, while it is traced"
        raise Fallback(msg) from error


class RaisedInBranch(TracerSignal):
    """The branch being traced always raises: it never completes."""


@dataclasses.dataclass
class Hints:
    """What was learnt of a loop, for when it is traced again because what is around it is.

    names: locals that the body changes. containers: lists, dicts and objects that it changes, by the names of
    locals. peeled, wide: what a local, held in a certain form at the head, led to.
    """

    names: set[str] = dataclasses.field(default_factory=set)
    containers: dict[tuple[Any, ...], None] = dataclasses.field(default_factory=dict)
    peeled: dict[tuple[str, Any], str] = dataclasses.field(default_factory=dict)
    wide: dict[tuple[str, Any], Any] = dataclasses.field(default_factory=dict)

    def note(self, frame: Frame, places: Iterable[Place]) -> None:
        """Remember places by the names of the frame's locals."""
        for kind, owner, *rest in places:
            if kind == "local" and owner is frame:
                self.names.add(rest[0])
            elif kind in {"items", "entries", "attribute"}:
                target = owner.target
                names = [name for name, value in frame.locals.items() if value is target]
                self.containers.update(((name, kind, type(target), *rest), None) for name in names)

    def containers_of(self, frame: Frame) -> list[Place]:
        """The places of the containers that now have the names."""
        found: list[Place] = []
        for name, kind, cls, *rest in self.containers:
            value = frame.locals.get(name)
            if type(value) is cls:
                found.append((kind, Box(value), *rest))
        return found


@dataclasses.dataclass
class Loop:
    """A loop to be traced. length: steps, an int or an INT variable, None for `while`. bind: set the target for a
    step number. body: trace one step. test: the truth of the `while` condition. assigned, head, after: names
    assigned in the body, and live at the head and after the loop. over: what it runs over, of which steps may
    change the length. schedule: what its derivative computes again.
    """

    frame: Frame
    key: Any
    length: Any
    bind: Callable[[Any], None] | None
    body: Callable[[], Completion]
    test: Callable[[], Any] | None
    assigned: frozenset[str]
    head: frozenset[str]
    after: frozenset[str]
    line: int = 0
    peels: int = 0
    must_unroll: bool = False
    places: dict[Place, None] = dataclasses.field(default_factory=dict)
    weak: dict[Any, Any] = dataclasses.field(default_factory=dict)
    frozen: dict[int, str] = dataclasses.field(default_factory=dict)
    wide: dict[Place, Any] = dataclasses.field(default_factory=dict)
    fresh: bool = False
    detached: dict[Place, None] = dataclasses.field(default_factory=dict)
    sliced: dict[Place, None] = dataclasses.field(default_factory=dict)
    loose: set[Place] = dataclasses.field(default_factory=set)
    texts: set[Place] = dataclasses.field(default_factory=set)
    hints: Hints = dataclasses.field(default_factory=Hints)
    over: Any = None
    schedule: Any = None
    check: Callable[[], None] | None = None
