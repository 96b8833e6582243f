"""Exceptions, warnings and signals of tracetensor, and the template their messages follow."""

from __future__ import annotations

from typing import Any


class TraceError(Exception):
    """A function cannot be traced; raised under `strict=True`, where plain Python would otherwise be used."""


class FallbackWarning(UserWarning):
    """A traced function, or one call of it, ran as plain Python; the message names the line and the reason."""


class GraphError(Exception):
    """A graph breaks one of the rules that the checker states (types, arity, closedness)."""


class TypeInferenceError(TypeError):
    """No type can be given to the result of an op applied to these types.

    failed: the op, its inputs and parameters, where they are known.
    """

    failed: tuple[Any, Any, Any] | None = None


INFERENCE_ERRORS = (TypeInferenceError, ValueError, IndexError, OverflowError, ZeroDivisionError)
"""What types cannot be inferred with: the op has none for these types, or raises on these constants when it is run."""


class TracerSignal(BaseException):
    """Base of the signals that steer tracing; not an Exception, so that user code cannot swallow them."""


class Fallback(TracerSignal):
    """Tracing cannot go on: the call runs as plain Python. `reason` says why, in the user's terms."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotDifferentiable(Fallback):
    """A derivative is asked for of something that has none, or whose rule is not known."""


class CallbackRefused(Fallback):
    """A call-back would be needed, and the user asked for an error instead."""


class AlwaysRaises(Fallback):
    """The function raises on these arguments: the plain call is made, and shows the exception."""


class Deoptimise(TracerSignal):
    """A run of a compiled program met a case its types exclude: the call is repeated as plain Python."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Misjudged(Deoptimise):
    """A run met another answer to a question than tracing took for granted: a version that has this answer may serve the call."""

    def __init__(self, reason: str, question: Any, answer: bool) -> None:
        super().__init__(reason)
        self.question = question
        self.answer = answer


def message(what: str, *details: str, fix: str = "") -> str:
    """Join the parts of an error message: what went wrong, where things come from, and the way out."""
    lines = [what, *("  " + detail for detail in details)]
    if fix:
        lines.append("  fix: " + fix)
    return "\n".join(lines)
