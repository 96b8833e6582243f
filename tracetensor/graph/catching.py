"""Catching exceptions: which one is whose, what context it gets, and the slots of the attempts being evaluated."""

from __future__ import annotations

import threading
from typing import Any

from tracetensor.errors import TracerSignal

UNCAUGHT = (TracerSignal, KeyboardInterrupt)
"""What no attempt ever catches: the tracer's own signals, and Ctrl-C."""

_open = threading.local()


def matching(exception: BaseException, classes: tuple[tuple[type, ...], ...]) -> int:
    """The code of an attempt that meets this exception; 0 if it is not caught."""
    if isinstance(exception, UNCAUGHT):
        return 0
    for k, group in enumerate(classes):
        if isinstance(exception, group):
            return k + 1
    return 0


def set_context(exception: BaseException, handled: BaseException) -> None:
    """Note that an exception was raised while another was handled, as Python does by itself."""
    if exception is handled or isinstance(exception, TracerSignal):
        return
    last: BaseException | None = handled
    while last is not None:  # no ring: where the new exception is an old one's context, that ends
        if last.__context__ is exception:
            last.__context__ = None
        last = last.__context__
    last = exception
    while last.__context__ is not None and last.__context__ is not handled:
        last = last.__context__
    last.__context__ = handled


def open_slots() -> dict[int, list[Any]]:
    """The slots of the attempts that the reference evaluator is in, by label."""
    if not hasattr(_open, "slots"):
        _open.slots = {}
    result: dict[int, list[Any]] = _open.slots
    return result
