"""Lowering of indexing: element loads and stores, views, writes in place, and updates x[index] op= value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracetensor.graph.op import may_raise
from tracetensor.graph.types import TensorType
from tracetensor.vm.assembler import NUMPY, OBJECT, PY_BOOL, canonical, register_class
from tracetensor.vm.indexing import IndexSite
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.lowering import is_plain, loop_dtypes, lowers
from tracetensor.vm.ufuncs import UfuncSite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.graph import Graph
    from tracetensor.graph.node import Node, Variable
    from tracetensor.vm.compiler import Compiler

    Values = dict[Variable, int]

BOOLS = frozenset({PY_BOOL, NUMPY + np.dtype(np.bool_).num})


def is_basic(spec: Sequence[str], leaves: Sequence[Variable]) -> bool:
    """Whether an index is made of slices, new axes and integers in registers."""
    if "a" in spec:
        return False
    for v in leaves:
        cls = register_class(v.type)
        if cls == OBJECT or cls in BOOLS or v.dtype.kind not in "iu":
            return False
    return True


def index_site(
    compiler: Compiler, node: Node, values: Values, leaves: Sequence[Variable], **rest: Any
) -> IndexSite | None:
    """The site of an indexing node; None if the index has too many entries."""
    x = node.inputs[0]
    spec = node.params["spec"]
    basic = is_plain(x.type) and is_basic(spec, leaves) and sum(e[0] in "is" for e in spec) <= x.ndim
    registers = [compiler.read(values, v) for v in leaves]
    try:
        return IndexSite(
            spec,
            [(r, compiler.classes[r]) for r in registers],
            (compiler.read(values, x), OBJECT),
            (values[node.out], compiler.classes[values[node.out]]),
            canonical(x.dtype),
            basic=basic,
            rank=x.ndim,
            **rest,
        )
    except ValueError:
        return None


def is_indexed_array(node: Node) -> bool:
    """Whether the node indexes an array whose dtype registers and copies can deal with, within the limits."""
    return is_plain(node.inputs[0].type) and len(node.params["spec"]) + node.inputs[0].ndim <= 10


def names_element(node: Node, leaves: Sequence[Variable]) -> bool:
    """Whether the index is one integer for each axis."""
    spec = node.params["spec"]
    return set(spec) <= {"i"} and len(spec) == node.inputs[0].ndim and is_basic(spec, leaves)


@lowers("getitem")
def lower_getitem(compiler: Compiler, node: Node, values: Values) -> bool:
    """x[index]."""
    if not is_indexed_array(node):
        return False
    leaves = node.inputs[1:]
    reads = [compiler.read(values, v) for v in node.inputs]
    target = compiler.result(values, node.out)
    site = index_site(compiler, node, values, leaves)
    code = Opcode.GETITEM
    if names_element(node, leaves) and register_class(node.out.type) != OBJECT:
        code = Opcode.LOAD
    elif is_basic(node.params["spec"], leaves) and is_plain(node.out.type):
        code = Opcode.VIEW
    compiler.emit_site(code, site, reads, [target])
    return True


@lowers("setitem")
def lower_setitem(compiler: Compiler, node: Node, values: Values) -> bool:
    """x after x[index] = value."""
    if not is_indexed_array(node):
        return False
    _, value, *leaves = node.inputs
    if isinstance(value.type, TensorType) and value.type.is_array and not is_plain(value.type):
        return False
    reads = [compiler.read(values, v) for v in node.inputs]
    target = compiler.result(values, node.out)
    site = index_site(compiler, node, values, leaves, value=(reads[1], compiler.classes[reads[1]]))
    scalar = compiler.classes[reads[1]] != OBJECT
    code = Opcode.STORE if scalar and names_element(node, leaves) else Opcode.WRITE
    compiler.emit_site(code, site, reads, [target])
    return True


@lowers("update_at")
def lower_update_at(compiler: Compiler, node: Node, values: Values) -> bool:
    """x after ufunc.at(x, index, value)."""
    if not is_indexed_array(node) or not isinstance(node.inputs[1].type, TensorType):
        return False
    leaves = node.inputs[2:]
    reads = [compiler.read(values, v) for v in node.inputs]
    target = compiler.result(values, node.out)
    function = getattr(np, node.params["ufunc"]).at
    site = index_site(
        compiler, node, values, leaves, value=(reads[1], compiler.classes[reads[1]]), function=function
    )
    compiler.emit_site(Opcode.ACCUMULATE, site, reads, [target])
    return True


class Update(NamedTuple):
    """setitem(x, ufunc(..., getitem(x, index), ...), index): three nodes that become one instruction."""

    write: Node
    compute: Node
    read: Node
    place: int


def find_updates(graph: Graph, order: Sequence[Node]) -> dict[Node, Update]:
    """The updates of a block, by each of their nodes."""
    uses: dict[Variable, int] = {}
    for node in order:
        for v in node.inputs:
            uses[v] = uses.get(v, 0) + 1
    for v in graph.outputs:
        uses[v] = uses.get(v, 0) + 1
    number = {node: k for k, node in enumerate(order)}
    found: dict[Node, Update] = {}
    for node in order:
        update = _match(node, uses) if node.op.name == "setitem" else None
        if update is not None and _stays_in_order(update, order, number):
            found.update(dict.fromkeys((update.write, update.compute, update.read), update))
    return found


def _match(write: Node, uses: dict[Variable, int]) -> Update | None:
    x, value, *leaves = write.inputs
    compute = value.node
    if compute is None or compute.op.family != "ufunc" or len(compute.outputs) != 1 or uses[value] != 1:
        return None
    if not is_indexed_array(write) or not is_basic(write.params["spec"], leaves):
        return None
    dtypes = loop_dtypes(compute)
    for place, v in enumerate(compute.inputs):
        read = v.node
        if read is None or read.op.name != "getitem" or uses[v] != 1 or not is_plain(v.type) or not v.ndim:
            continue
        if (
            read.inputs[0] is not x
            or list(read.inputs[1:]) != leaves
            or read.params["spec"] != write.params["spec"]
        ):
            continue
        if not x.dtype == dtypes[place] == dtypes[-1]:
            continue
        others = [(o, d) for k, (o, d) in enumerate(zip(compute.inputs, dtypes, strict=False)) if k != place]
        if all(_fits(o, d, v.ndim) for o, d in others):
            return Update(write, compute, read, place)
    return None


def _fits(v: Variable, dtype: np.dtype[Any], ndim: int) -> bool:
    if register_class(v.type) != OBJECT:
        return True
    return is_plain(v.type) and v.dtype == dtype and v.ndim <= ndim


def _stays_in_order(update: Update, order: Sequence[Node], number: dict[Node, int]) -> bool:
    """Whether nothing that may raise stands between the parts that may, which become one."""
    first = update.read if may_raise(update.read) else update.compute
    between = order[number[first] + 1 : number[update.write]]
    return not any(
        node.op.effect or may_raise(node) for node in between if node not in {update.read, update.compute}
    )


def lower_update(compiler: Compiler, update: Update, values: Values) -> bool:
    """x[index] = ufunc(..., x[index], ...) in place; False, having done nothing, if there is no such loop."""
    x, _, *leaves = update.write.inputs
    others = [v for k, v in enumerate(update.compute.inputs) if k != update.place]
    target = compiler.result(values, update.write.out)
    array = compiler.read(values, x)
    registers = [
        array if k == update.place else compiler.read(values, v) for k, v in enumerate(update.compute.inputs)
    ]
    classes = [register_class(v.type) for v in update.compute.inputs]
    ufunc = update.compute.op.evaluate
    ndim = update.read.out.ndim
    try:
        computation = UfuncSite(
            ufunc,
            [*registers, target],
            [*classes, OBJECT],
            loop_dtypes(update.compute),
            [v.dtype for v in update.compute.inputs],
            ndim,
        )
    except ValueError:
        return False
    site = index_site(compiler, update.write, values, leaves, ufunc=computation, place=update.place)
    reads = [array, *[compiler.read(values, v) for v in others], *[compiler.read(values, v) for v in leaves]]
    compiler.emit_site(Opcode.UPDATE, site, reads, [target])
    return True
