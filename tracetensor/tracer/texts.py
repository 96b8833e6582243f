"""Strings made of traced values."""

from __future__ import annotations

from typing import Any

from tracetensor.tracer.values import Traced, TracedStore


class TracedText(Traced):
    """A string with traced values in it: legal where it is printed, raised, returned or put into another."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts


def is_run_time_text(value: Any) -> bool:
    """Whether a value is a string that is known at run time only."""
    return type(value) is TracedText or (type(value) is TracedStore and value.shape.cls is str)
