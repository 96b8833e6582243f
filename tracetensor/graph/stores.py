"""What programs do to stores, which are Python's own lists, dicts, sets, deques and strings, at run time.

A store is changed in place, by effects in the order of the program. What is read from one is taken apart into values
of types that are known while tracing: a Layout says which.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Deoptimise
from tracetensor.graph.ops.control import placeholder
from tracetensor.graph.types import INT, UNIT, Type, array_type, value_conforms

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Alternative:
    """One form of a value. kind and content:

    "number" its type; "array" (dtype, ndim); "object" (type, class); "constant" the value; "tuple" (class, layouts).
    """

    kind: str
    content: Any

    def matches(self, value: Any) -> bool:
        """Whether a value has this form."""
        kind, content = self.kind, self.content
        if kind == "number":
            return value_conforms(value, content)
        if kind == "array":
            return type(value) is np.ndarray and value.dtype == content[0] and value.ndim == content[1]
        if kind == "object":
            return type(value) is content[1]
        if kind == "constant":
            return value is content.target or (
                type(value) is type(content.target) and value == content.target
            )
        return (
            type(value) is content[0]
            and len(value) == len(content[1])
            and all(layout.matches(v) for layout, v in zip(content[1], value, strict=True))
        )

    def types(self) -> tuple[Type, ...]:
        """The types of the leaves of a value of this form."""
        if self.kind == "number":
            return (self.content,)
        if self.kind == "array":
            return (array_type(self.content[0], (None,) * self.content[1]),)
        if self.kind == "object":
            return (self.content[0],)
        if self.kind == "constant":
            return ()
        return tuple([t for layout in self.content[1] for t in layout.types()])

    def leaves(self, value: Any) -> list[Any]:
        """The leaves of a value of this form."""
        if self.kind == "constant":
            return []
        if self.kind != "tuple":
            return [value]
        return [leaf for layout, v in zip(self.content[1], value, strict=True) for leaf in layout.leaves(v)]


@dataclasses.dataclass(frozen=True)
class Layout:
    """The forms that a value may have; where there are several, its leaves begin with the number of the one it has."""

    alternatives: tuple[Alternative, ...]

    def matches(self, value: Any) -> bool:
        return any(a.matches(value) for a in self.alternatives)

    def types(self) -> tuple[Type, ...]:
        own = tuple([t for a in self.alternatives for t in a.types()])
        return own if len(self.alternatives) == 1 else (INT, *own)

    def leaves(self, value: Any) -> list[Any]:
        place = next((k for k, a in enumerate(self.alternatives) if a.matches(value)), None)
        if place is None:
            msg = f"a container holds {value!r:.60}, which it did not when it was traced"
            raise Deoptimise(msg)
        if len(self.alternatives) == 1:
            return self.alternatives[0].leaves(value)
        result: list[Any] = [place]
        for k, alternative in enumerate(self.alternatives):
            result += (
                alternative.leaves(value) if k == place else [placeholder(t) for t in alternative.types()]
            )
        return result


def result_types(layout: Layout) -> Any:
    """The types of what `Reading` returns, as ops of calls have them."""
    types = layout.types()
    return UNIT if not types else types[0] if len(types) == 1 else types


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """A function whose result is taken apart."""

    function: Callable[..., Any]
    layout: Layout

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves = self.layout.leaves(self.function(*args, **kwargs))
        return None if not leaves else leaves[0] if len(leaves) == 1 else tuple(leaves)

    @property
    def __name__(self) -> str:
        return str(getattr(self.function, "__name__", "a read"))


class Cursor:
    """An iterator that can be asked whether there is one more item."""

    __slots__ = ("item", "iterator", "waiting")

    def __init__(self, iterable: Any) -> None:
        self.iterator = iter(iterable)
        self.waiting = False
        self.item: Any = None

    def more(self) -> bool:
        """Whether there is another item; it is fetched, if it is not waiting yet."""
        if not self.waiting:
            try:
                self.item = next(self.iterator)
            except StopIteration:
                return False
            self.waiting = True
        return True

    def take(self) -> Any:
        """The item that is waiting."""
        item, self.item, self.waiting = self.item, None, False
        return item


def more(cursor: Cursor) -> bool:
    """cursor.more()."""
    return cursor.more()


def take(cursor: Cursor) -> Any:
    """cursor.take()."""
    return cursor.take()


def same(value: Any) -> Any:
    """The value."""
    return value


def put(container: Any, key: Any, value: Any) -> None:
    """container[key] = value."""
    container[key] = value


def remove(container: Any, key: Any) -> None:
    """Delete container[key]."""
    del container[key]


def contains(container: Any, value: Any) -> bool:
    """Value in container."""
    return value in container


def truth(value: Any) -> bool:
    """bool(value)."""
    return bool(value)


@dataclasses.dataclass(frozen=True)
class Named:
    """A function that calls the method of this name of its first argument."""

    name: str

    def __call__(self, owner: Any, *args: Any, **kwargs: Any) -> Any:
        return getattr(owner, self.name)(*args, **kwargs)

    @property
    def __name__(self) -> str:
        return self.name


__all__ = ["Alternative", "Cursor", "Layout", "Named", "Reading", "result_types"]
