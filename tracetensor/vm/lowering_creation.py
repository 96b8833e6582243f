"""Lowering of ops that make arrays of ints in a row, or of other arrays, without a call of Python's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.vm.creation import arange, concatenate
from tracetensor.vm.lowering import is_plain, lowers
from tracetensor.vm.lowering_library import direct

if TYPE_CHECKING:
    from tracetensor.graph.node import Node
    from tracetensor.vm.compiler import Compiler
    from tracetensor.vm.lowering_library import Values


@lowers("arange")
def lower_arange(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.arange(start, stop, step), where its items are 64-bit ints."""
    made = arange(node.params["dtype"]) if len(node.inputs) == 3 else None
    return made is not None and direct(compiler, node, values, made)


@lowers("concatenate")
def lower_concatenate(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.concatenate along the first axis."""
    if node.params != {"axis": 0} or not all(is_plain(v.type) for v in node.inputs):
        return False
    return direct(compiler, node, values, concatenate)
