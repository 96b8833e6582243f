"""Frames with the user's file names, lines and names of functions, made where no such frame runs."""

from __future__ import annotations

import dataclasses
import functools
import os
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

PACKAGE = os.path.dirname(os.path.dirname(__file__)) + os.sep  # noqa: PTH120 - loads faster

TEMPLATE = compile("result = call()", "<user>", "exec")


@functools.lru_cache(maxsize=4096)
def user_frame_code(filename: str, line: int, function: str) -> types.CodeType:
    """Code that runs `result = call()` in a frame which says that it is at this line."""
    name = function.rpartition(".")[2]
    return TEMPLATE.replace(co_filename=filename, co_name=name, co_qualname=function, co_firstlineno=line)


@dataclasses.dataclass(frozen=True, eq=False)
class FramedCall:
    """A function called from frames that have the user's file names, lines and globals, for those who look at them.

    frames: (file name, line, name of the function, globals), the outermost first.
    """

    function: Any
    frames: tuple[tuple[str, int, str, dict[str, Any]], ...]

    @property
    def __name__(self) -> str:
        return getattr(self.function, "__name__", repr(self.function))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        call: Callable[..., Any] = functools.partial(self.function, *args, **kwargs)
        innermost: dict[str, Any] = {}
        for filename, line, name, globals_ in reversed(self.frames):
            names = {"call": call}
            innermost = innermost or names
            call = functools.partial(exec, user_frame_code(filename, line, name), globals_, names)
        try:
            call()
        except BaseException as error:
            trace = error.__traceback__
            for _ in range(1 + len(self.frames)):  # this frame, and those that were made
                trace = trace.tb_next if trace is not None else None
            raise error.with_traceback(trace)  # noqa: B904 - the very exception
        finally:
            call = None  # type: ignore[assignment]
        return innermost.get("result")


@dataclasses.dataclass(frozen=True, eq=False)
class Warn:
    """warnings.warn with a stack level that may reach the callers of the traced function."""

    depth: int

    __name__ = "warn"

    def __call__(self, message: Any, category: Any = None, stacklevel: int = 1, source: Any = None) -> None:
        """Called from the frames of a FramedCall, of which there are `depth`."""
        if stacklevel > self.depth:
            frame: types.FrameType | None = sys._getframe(1)
            while frame is not None:
                if not frame.f_code.co_filename.startswith(PACKAGE):
                    stacklevel -= 1
                    if not stacklevel:
                        break
                frame = frame.f_back
            self._explicit(message, category, frame, source)
        else:
            warnings.warn(message, category, stacklevel + 1, source)

    def _explicit(self, message: Any, category: Any, frame: types.FrameType | None, source: Any) -> None:
        if isinstance(message, Warning):
            category = type(message)
        category = UserWarning if category is None else category
        if not (isinstance(category, type) and issubclass(category, Warning)):
            warnings.warn(message, category)  # noqa: B028 - raises TypeError
        globals_ = sys.__dict__ if frame is None else frame.f_globals
        line, filename = (1, "sys") if frame is None else (frame.f_lineno, frame.f_code.co_filename)
        registry = globals_.setdefault("__warningregistry__", {})
        module = globals_.get("__name__", "<string>")
        warnings.warn_explicit(message, category, filename, line, module, registry, globals_, source)
