"""Strings made of traced values."""

from __future__ import annotations

from typing import Any

from tracetensor.tracer.values import Traced


class TracedText(Traced):
    """A string with traced values in it: legal where it is printed, raised, returned or put into another."""

    __slots__ = ("parts",)

    def __init__(self, parts: tuple[Any, ...]) -> None:
        self.parts = parts
