"""The checks of a version as one Python function, made of source text: each path is followed once.

def guard(parameters):
v0 = parameters['self']
if type(v0) is not c0: return None
v1 = v0.count
if type(v1) is not c1: return None
return [v1]
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor import stages

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.layouts import ArrayCheck
    from tracetensor.tracer.trace import Trace
    from tracetensor.tracer.world import Check, Path

MISSES = (AttributeError, LookupError, TypeError)
"""What following a path may raise where the version does not apply."""


class _Writer:
    """Collects the lines of a guard, and the constants that they name."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.constants: dict[str, Any] = {}
        self.names: dict[Path, str] = {}

    def constant(self, value: Any) -> str:
        name = f"c{len(self.constants)}"
        self.constants[name] = value
        return name

    def value(self, path: Path) -> str:
        """The name that holds what is at a path."""
        found = self.names.get(path)
        if found is None:
            step, key = path[-1]
            if len(path) > 1:
                base = self.value(path[:-1])
                plain = step == "attribute" and key.isidentifier()
                source = f"{base}.{key}" if plain else f"getattr({base}, {key!r})"
                if step == "flat":
                    source = f"{self.constant(key)}.flat({base})"
                if step == "item":
                    source = f"{base}[{self.constant(key)}]"
            elif step == "parameter":
                source = f"parameters[{key!r}]"
            else:
                source = f"{self.constant(key)}.get()"
            found = self.names[path] = f"v{len(self.names)}"
            self.lines.append(f"{found} = {source}")
        return found

    def unless(self, condition: str) -> None:
        self.lines.append(f"if {condition}: return None")

    def check(self, check: Check) -> None:
        value = self.value(check.path)
        if check.kind == "type":
            self.unless(f"type({value}) is not {self.constant(check.value)}")
        elif check.kind == "is" or (check.kind == "equal" and check.value is None):
            self.unless(f"{value} is not {self.constant(check.value)}")
        elif check.kind == "same":
            self.unless(f"{value} is not {self.value(check.value)}")
        elif check.kind == "array":
            self.array(value, check.value)
        elif check.kind == "equal" and type(check.value) in (int, str, bool):
            expected = self.constant(check.value)
            self.unless(f"type({value}) is not {type(check.value).__name__} or {value} != {expected}")
        else:
            self.unless(f"not {self.constant(check)}.holds({value})")

    def array(self, value: str, check: ArrayCheck) -> None:
        dtype, ndarray = self.constant(check.dtype), self.constant(np.ndarray)
        same = self.constant(stages.same_dtype)
        self.unless(
            f"type({value}) is not {ndarray} or {value}.ndim != {len(check.dims)} "
            f"or ({value}.dtype is not {dtype} and not {same}({value}.dtype, {dtype}))"
        )
        if check.dims:
            shape = f"s{value}"
            self.lines.append(f"{shape} = {value}.shape")
            wrong = [
                f"{shape}[{k}] == 1" if d < 0 else f"{shape}[{k}] != {d}" for k, d in enumerate(check.dims)
            ]
            self.unless(" or ".join(wrong))
        if check.asks_of_memory:
            self.unless(f"not {self.constant(check)}.matches({value})")


def make_guard(trace: Trace) -> Callable[[dict[str, Any]], list[Any] | None]:
    """A function of the arguments by name: the values of the program's inputs if every check holds, else None."""
    writer = _Writer()
    for check in trace.checks:
        writer.check(check)
    arrays = [c.path for c in trace.checks if c.kind == "array"]
    for paths in (arrays, *trace.distinct):
        if len(paths) > 1:
            ids = ", ".join(f"id({writer.value(p)})" for p in paths)
            writer.unless(f"len({{{ids}}}) < {len(paths)}")
    inputs = ", ".join(writer.value(p) for p in trace.inputs)
    body = "\n    ".join([*writer.lines, f"return [{inputs}]"])
    namespace = writer.constants
    exec(f"def guard(parameters):\n    {body}\n", namespace)
    guard: Callable[[dict[str, Any]], list[Any] | None] = namespace["guard"]
    return guard


__all__ = ["MISSES", "make_guard"]
