"""Shapes of stores: what tracing knows of the lists, dicts, sets, deques and strings of the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.types import ObjectType

if TYPE_CHECKING:
    from tracetensor.graph.types import Type


class Slot:
    """The forms of the values at one kind of place in a store: its keys, or its items."""

    __slots__ = ("alternatives", "read")

    def __init__(self) -> None:
        self.alternatives: dict[Any, Any] = {}
        self.read: Any = None


class Shape:
    """What is known of a store: its class, the forms of its keys and items, and the graph type of its variables."""

    def __init__(self, cls: type, name: str, items: Slot, keys: Slot | None = None) -> None:
        self.cls = cls
        self.type = ObjectType(name)
        self.items = items
        self.keys = Slot() if keys is None else keys

    @property
    def iterated(self) -> Slot:
        """The forms of what a loop over the store gives."""
        return self.keys if issubclass(self.cls, dict) else self.items


class Table:
    """The shapes of one traced function; it outlasts the attempts at tracing it."""

    def __init__(self) -> None:
        self.at: dict[Any, Shape] = {}
        self.of_type: dict[Type, Shape] = {}
        self.derived: dict[Any, Shape] = {}
        self.same: dict[Shape, Shape] = {}
        self.text = Shape(str, "str", Slot())
        self.text.items.alternatives[("text",)] = self.text
        self.of_type[self.text.type] = self.text

    def shape(self, key: Any, cls: type, items: Slot | None = None, keys: Slot | None = None) -> Shape:
        """The shape of the stores of a class that are made at a place."""
        found = self.at.get((key, cls))
        if found is None:
            found = Shape(cls, f"{cls.__name__}#{len(self.of_type)}", items or Slot(), keys)
            self.at[(key, cls)] = found
            self.of_type[found.type] = found
        while found in self.same:
            found = self.same[found]
        return found
