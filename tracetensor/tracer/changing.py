"""Lists and dicts that change while a loop runs over them.

A loop over a list takes its length once, and reads its items one by one. Where a step turns out to change the length,
tracing starts again with loops over lists that ask for the length at each step, as Python's iterators do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.ops import control
from tracetensor.tracer.state import Restart
from tracetensor.tracer.values import TracedIterator, TracedList

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter

LISTS_CHANGE = ("lists change",)
"""The constant of a trace in which loops over lists ask for the length at each step."""


def may_change(interpreter: Interpreter) -> bool:
    """Whether loops over lists shall ask for the length at each step."""
    return LISTS_CHANGE in interpreter.outside.constants


def item_of(interpreter: Interpreter, value: TracedList, k: Any) -> Any:
    """The item of a list that is run over, as it is now."""
    if value.dynamic is None and type(k) is int:
        if k < list.__len__(value):
            return list.__getitem__(value, k)
        refuse(interpreter)
    return interpreter.sequences.get_item(value, k)


def refuse(interpreter: Interpreter) -> None:
    """Start again with loops that ask for the length at each step; Fallback if that was done."""
    if not may_change(interpreter):
        raise Restart({LISTS_CHANGE: True})
    msg = "a list changes its length while something else than a plain loop runs over it"
    raise Fallback(msg)


class Watched:
    """What a loop runs over, as it was before the first step."""

    def __init__(self, interpreter: Interpreter, over: Any) -> None:
        self.interpreter = interpreter
        self.lists: list[tuple[TracedList, Any, Any]] = []
        self.dicts: list[tuple[dict[Any, Any], tuple[Any, ...]]] = []
        pending = [over]
        while pending:
            value = pending.pop()
            if type(value) is TracedIterator:
                if value.length is not None:
                    pending.extend(value.sources)
            elif type(value) is TracedList:
                length = interpreter.sequences.length(value) if may_change(interpreter) else None
                self.lists.append((value, self._size(value), length))
            elif type(value) is dict:
                self.dicts.append((value, tuple(value)))
            elif type(value) is tuple:
                view = interpreter.state.views.get(id(value))
                pending.extend([view[1]] if view is not None and view[0] is value else [])

    def _size(self, value: TracedList) -> Any:
        return list.__len__(value) if value.dynamic is None else value.dynamic.variables

    def before_a_step(self) -> None:
        """What Python's iterators of dicts look at before they give the next item."""
        for entries, keys in self.dicts:
            if len(entries) != len(keys):
                msg = "dictionary changed size during iteration"
                raise RuntimeError(msg)
            if tuple(entries) != keys:
                msg = "a dict gets other keys while a loop runs over it"
                raise Fallback(msg)

    def after_the_loop(self) -> None:
        """Where a list has other items now, their number must be what it was."""
        for value, before, length in self.lists:
            if self._size(value) == before:
                continue
            if not may_change(self.interpreter) or type(before) is int or value.dynamic is None:
                refuse(self.interpreter)
            state, sequences = self.interpreter.state, self.interpreter.sequences
            differs = self.interpreter.operations.binary("ne", length, sequences.length(value))
            reason = {"reason": "a list changed its length while a loop ran over it"}
            state.emit(control.deoptimise_if, [sequences.arrays.variable(differs)], reason)


__all__ = ["Watched", "item_of", "may_change"]
