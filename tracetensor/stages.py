"""The stages, loaded when they are first used: importing the package, and decorating a function, needs none of them."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from tracetensor.rewrite.pipeline import optimize
    from tracetensor.tracer.effects import get_state, put_state
    from tracetensor.tracer.foreign import (
        arrays_in,
        copied,
        overlaps_itself,
        reaches,
        same_dtype,
        with_arrays,
    )
    from tracetensor.tracer.layouts import ArrayCheck
    from tracetensor.tracer.objects import MISSING, own_now
    from tracetensor.tracer.trace import AlwaysRaises, rows_of, separate_outputs, trace_function
    from tracetensor.tracer.values import UNBOUND
    from tracetensor.tracer.world import fetch, path_text
    from tracetensor.vm.compiler import compile_graph
    from tracetensor.vm.loop_compiler import compile_loops, source

__all__ = [
    "MISSING", "UNBOUND", "AlwaysRaises", "ArrayCheck", "arrays_in", "compile_graph", "compile_loops", "copied", "fetch", "get_state",
    "optimize", "overlaps_itself", "own_now", "path_text", "put_state", "reaches", "rows_of", "same_dtype",
    "separate_outputs", "source", "trace_function", "with_arrays",
]  # fmt: skip

HOMES: Final = {
    "rewrite.pipeline": ("optimize",),
    "tracer.effects": ("get_state", "put_state"),
    "tracer.foreign": ("arrays_in", "copied", "overlaps_itself", "reaches", "same_dtype", "with_arrays"),
    "tracer.objects": ("MISSING", "own_now"),
    "tracer.trace": ("AlwaysRaises", "rows_of", "separate_outputs", "trace_function"),
    "tracer.values": ("UNBOUND",),
    "tracer.layouts": ("ArrayCheck",),
    "tracer.world": ("fetch", "path_text"),
    "vm.compiler": ("compile_graph",),
    "vm.loop_compiler": ("compile_loops", "source"),
}
"""Where each name is found, as imported above for the type checker."""


def __getattr__(name: str) -> Any:
    for home, names in HOMES.items():
        if name in names:
            found = getattr(importlib.import_module(f"{__package__}.{home}"), name)
            globals()[name] = found
            return found
    msg = f"module {__name__!r} has no attribute {name!r}"
    raise AttributeError(msg)
