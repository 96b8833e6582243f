"""Functions that a program makes, made anew of their code with values in their cells."""

from __future__ import annotations

import dataclasses
import types
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass(frozen=True, eq=False)
class FunctionParts:
    """What a function consists of. cells: for each free variable what tells its cell from others, or the very cell.

    `values` are recipes or templates of what the cells hold, None for a cell that is given; so are the defaults.
    """

    code: types.CodeType
    globals: dict[str, Any]
    names: tuple[str, str]
    cells: tuple[Any, ...]
    values: tuple[Any, ...]
    defaults: tuple[Any, ...]
    kwdefaults: tuple[tuple[str, Any], ...]
    attributes: tuple[tuple[str, Any], ...] = ()

    def make(self, cells: dict[Any, Any]) -> Any:
        """The function, with cells that are still empty where they are not among `cells`; these are added."""
        closure = []
        for key in self.cells:
            if isinstance(key, types.CellType):
                closure.append(key)
                continue
            if key not in cells:
                cells[key] = types.CellType()
            closure.append(cells[key])
        made = types.FunctionType(self.code, self.globals, self.names[0], None, tuple(closure))
        made.__qualname__ = self.names[1]
        return made

    def fill(
        self, made: Any, cells: dict[Any, Any], filled: set[Any], build: Callable[[Any], Any], unbound: Any
    ) -> None:
        """Put in what the cells hold, and the defaults."""
        for key, value in zip(self.cells, self.values, strict=True):
            if isinstance(key, types.CellType) or key in filled:
                continue
            filled.add(key)
            content = build(value)
            if content is not unbound:
                cells[key].cell_contents = content
        if self.defaults:
            made.__defaults__ = tuple([build(v) for v in self.defaults])
        if self.kwdefaults:
            made.__kwdefaults__ = {k: build(v) for k, v in self.kwdefaults}
        for name, value in self.attributes:
            setattr(made, name, build(value))


__all__ = ["FunctionParts"]
