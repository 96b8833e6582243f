"""Write docs/ops.md: the NumPy functions and methods that are traced, and the ops that graphs are made of.

`python -m tools.op_table` writes the file; tests/test_docs.py checks that it is up to date.
"""

import math
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

import tracetensor  # enters all ops and builders in the tables
from tracetensor.graph.answers import METHODS, MUTATING, NUMPY
from tracetensor.graph.op import OPS, Op

TARGET = Path(__file__).parent.parent / "docs" / "ops.md"

HEAD = f"""\
<!-- Made by `python -m tools.op_table`; edit that, not this. -->

# Ops

What calls of NumPy become when {tracetensor.__name__} traces them, and the ops that graphs are made of. What is not listed
and belongs to NumPy, SciPy or `math` is a call-back: the library's own function is called at run time
([language.md](language.md)).
"""

FAMILIES = {
    "ufunc": "elementwise functions, NumPy's own ufuncs",
    "python": "operators on Python's scalars, which mean what they mean in Python",
    "math": "functions of the module math",
    "control": "branches, loops, and values they leave",
    "effect": "what is done for its effect",
    "list": "lists whose length is known at run time only",
    "callback": "calls of Python functions at run time",
}


def table() -> str:
    """The text of docs/ops.md."""
    return "\n".join([HEAD, *numpy_functions(), *methods(), *ops()]) + "\n"


def numpy_functions() -> list[str]:
    """The functions that have a builder or an op, by module."""
    found = {name_of(f) for f in (*NUMPY, *MUTATING, *(a for op in OPS.values() for a in op.answers))}
    modules: dict[str, set[str]] = defaultdict(set)
    for module, name in found:
        if module not in {"", "builtins"}:
            modules[module].add(name)
    lines = ["## Functions", ""]
    for module in sorted(modules):
        lines += [f"**{module}**: {', '.join(f'`{name}`' for name in sorted(modules[module]))}", ""]
    return lines


def name_of(function: Any) -> tuple[str, str]:
    """Module and name by which a user calls a function; empty for what has none."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, np.ufunc):
        return "methods of ufuncs", f"ufunc.{function.__name__}"
    name = getattr(function, "__name__", "")
    for module in (np, np.linalg, np.fft, math):
        if getattr(module, name, None) is function:
            return module.__name__, name
    shorter = (getattr(function, "__module__", "") or "").removeprefix("numpy.")
    return (shorter, name) if not shorter.startswith("_") and shorter else ("", "")


def methods() -> list[str]:
    """The methods of ndarray."""
    return ["## Methods of arrays", "", ", ".join(f"`{name}`" for name in sorted(METHODS)), ""]


def ops() -> list[str]:
    """Every op, by family."""
    families: dict[str, list[Op]] = defaultdict(list)
    for op in OPS.values():
        families[op.family].append(op)
    lines = [
        f"## The {len(OPS)} ops of graphs",
        "",
        "`!`: evaluation may raise, at least for some arguments; `~`: the result may be a view of the first input.",
        "",
        "| family | ops |",
        "| --- | --- |",
    ]
    for family in sorted(families):
        about = f": {FAMILIES[family]}" if family in FAMILIES else ""
        names = " ".join(f"`{op.name}`{marks(op)}" for op in sorted(families[family], key=lambda op: op.name))
        lines.append(f"| {family}{about} | {names} |")
    return lines


def marks(op: Op) -> str:
    """The signs behind an op's name."""
    return ("!" if op.raises is not False else "") + ("~" if op.views else "")


def main() -> int:
    TARGET.write_text(table(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
