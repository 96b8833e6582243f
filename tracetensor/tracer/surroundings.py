"""The names outside that a trace took for granted: globals, built-ins, what classes have, the code of functions.

They are not values that a program takes in, but what it was made of: modules, functions, methods, and that there is
nothing of a name. The rows are those of `vm.surroundings`, which checks them at each call.
"""

from __future__ import annotations

import builtins
import types
from typing import Any

MISSING = object()


def static(cls: type, name: str) -> Any:
    """What a class has under a name, no descriptor asked; MISSING if it has nothing."""
    for part in cls.__mro__:
        if name in part.__dict__:
            return part.__dict__[name]
    return MISSING


class Surroundings:
    """Collects rows, each once."""

    def __init__(self) -> None:
        self._rows: dict[Any, tuple[Any, ...]] = {}

    def rows(self) -> list[tuple[Any, ...]]:
        return list(self._rows.values())

    def _row(self, kind: str, owner: Any, name: Any, *values: Any) -> None:
        self._rows[kind, id(owner), name] = (kind, owner, name, *values)

    def name(self, names: dict[str, Any], name: str) -> None:
        """A global name, or the built-in behind it, stays what it is, or unbound."""
        if names.get("__name__", "").startswith("tracetensor."):  # the library's own
            return
        if name in names:
            self._row("name", names, name, names[name])
            return
        self._row("name", names, name)
        behind = vars(builtins)
        self._row("name", behind, name, *([behind[name]] if name in behind else []))

    def of_class(self, cls: type, name: str) -> Any:
        """What a class has under a name, MISSING if nothing: that stays so, unless it is a value, read at each call."""
        found = static(cls, name)
        if not cls.__flags__ & IMMUTABLE and (found is MISSING or found is None or is_part(found)):
            self._row("class", cls, name, *([] if found is MISSING else [found]))
            self._rows["bases", id(cls), None] = ("bases", cls, cls.__mro__)
        return found

    def member(self, cls: type, name: str) -> None:
        """What a class has under a name stays that very thing."""
        found = static(cls, name)
        if found is not MISSING and not cls.__flags__ & IMMUTABLE:
            self._row("class", cls, name, found)

    def function(self, function: types.FunctionType) -> None:
        """A function that is interpreted keeps its code, and the number of its defaults."""
        if not function.__module__ or not function.__module__.startswith("tracetensor."):
            self._row("function", function, function.__code__, len(function.__defaults__ or ()))


IMMUTABLE = 1 << 8  # Py_TPFLAGS_IMMUTABLETYPE


def is_part(found: Any) -> bool:
    """Whether what a class has under a name is a method, property or other descriptor, and no plain value."""
    return hasattr(type(found), "__get__") or isinstance(found, type)


__all__ = ["MISSING", "Surroundings", "static"]
