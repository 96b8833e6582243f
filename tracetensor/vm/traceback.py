"""Tracebacks that point at the user's lines: an exception raised by a program gets the frames of its source."""

from __future__ import annotations

import functools
import os
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tracetensor.graph.graph import Location, SourceLine

PACKAGE = (
    str(Path(__file__).resolve().parents[1]) + os.sep,
    "tracetensor" + os.sep,
    "<__array_function__",
    "<frozen ",
    "<user>",
)  # beginnings of file names; other names in <> may be of the user's own code, in a notebook or an `exec`
TEMPLATE = compile("frame = getframe()", "<user>", "exec")


def add_user_frames(exception: BaseException, location: Location) -> BaseException:
    """Make the traceback of the exception end in the frames of `location`, outermost first.

    Frames of this package that the exception has passed are dropped; others (a call-back's) stay, innermost.
    """
    trace = _foreign(exception.__traceback__)
    for line in reversed(location):
        trace = types.TracebackType(trace, _frame(line), -1, line.line)
    return exception.with_traceback(trace)


def users_frames(trace: types.TracebackType) -> types.TracebackType | None:
    """The traceback of a call from the first frame of the user's program on; all of it, if there is none.

    None where the call did not get into the user's function, as with arguments that it does not take.
    """
    start: types.TracebackType | None = trace
    last = trace
    while start is not None and start.tb_frame.f_code.co_filename.startswith(PACKAGE[:2]):
        last = start
        start = start.tb_next
    if start is None and last.tb_frame.f_code.co_name != "_plain":
        return trace
    return start


@functools.lru_cache(1024)
def _frame(line: SourceLine) -> types.FrameType:
    code = TEMPLATE.replace(
        co_filename=line.filename,
        co_name=line.function.rpartition(".")[2],
        co_qualname=line.function,
        co_firstlineno=line.line,
    )
    names: dict[str, object] = {"getframe": sys._getframe}
    exec(code, names)
    frame = names.pop("frame")
    names.clear()
    assert isinstance(frame, types.FrameType)
    return frame


def _foreign(trace: types.TracebackType | None) -> types.TracebackType | None:
    """The traceback without the frames of this package."""
    kept = []
    while trace is not None:
        filename = trace.tb_frame.f_code.co_filename
        if not filename.startswith(PACKAGE):
            kept.append(trace)
        trace = trace.tb_next
    result = None
    for trace in reversed(kept):
        result = types.TracebackType(result, trace.tb_frame, trace.tb_lasti, trace.tb_lineno)
    return result
