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
from tracetensor.vm.regions import Elementwise
from tracetensor.vm.ufuncs import UfuncSite

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.graph import Graph
    from tracetensor.graph.node import Node, Variable
    from tracetensor.vm.compiler import Compiler

    Values = dict[Variable, int]

MOST_AXES = 8
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
    compiler: Compiler,
    node: Node,
    values: Values,
    leaves: Sequence[Variable],
    array: Variable | None,
    out: Variable | None = None,
    **rest: Any,
) -> IndexSite | None:
    """The site of an indexing node; None if the index has too many entries.

    array: what is indexed, if not what `rest["stages"]` make of it; out: the result, if not the node's.
    """
    x = node.inputs[0]
    spec = node.params["spec"]
    basic = is_plain(x.type) and is_basic(spec, leaves) and sum(e[0] in "is" for e in spec) <= x.ndim
    registers = [compiler.read(values, v) for v in leaves]
    target = values.get(node.out if out is None else out, -1)
    try:
        return IndexSite(
            spec,
            [(r, compiler.classes[r]) for r in registers],
            (compiler.read(values, array), OBJECT) if array is not None else (-1, OBJECT),
            (target, compiler.classes[target] if target >= 0 else OBJECT),
            canonical(x.dtype),
            basic=basic,
            rank=x.ndim,
            **{"view": node.params.get("view", ()), **rest},
        )
    except ValueError:
        return None


def stage_sites(compiler: Compiler, values: Values, stages: Sequence[Node]) -> list[tuple[IndexSite, Any]]:
    """The sites of views that are taken on the way to an index, with their locations."""
    sites = []
    for node in stages:
        if node.op.name == "transpose":
            site: IndexSite | None = transpose_site(node)
        else:
            site = index_site(compiler, node, values, node.inputs[1:], None)
        sites.append((site, compiler.locate(node)))
    return sites


def stage_reads(compiler: Compiler, values: Values, stages: Sequence[Node]) -> list[int]:
    """The registers that the indices of views name."""
    return [compiler.read(values, v) for node in stages for v in node.inputs[1:]]


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
    array, stages = compiler.views.source(node.inputs[0])
    reads = [compiler.read(values, v) for v in (array, *leaves)] + stage_reads(compiler, values, stages)
    target = compiler.result(values, node.out)
    site = index_site(
        compiler,
        node,
        values,
        leaves,
        array,
        stages=stage_sites(compiler, values, stages),
        copies=node in compiler.views.copied,
    )
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
    return can_write(node) and lower_write(compiler, Write(node.out, node.inputs[0], (), node), values)


@lowers("update_at")
def lower_update_at(compiler: Compiler, node: Node, values: Values) -> bool:
    """x after ufunc.at(x, index, value)."""
    return can_write(node) and lower_write(compiler, Write(node.out, node.inputs[0], (), node), values)


class Write(NamedTuple):
    """A write through views: `out` is `array` after `node`, a write to the view that `stages` make of it."""

    out: Variable
    array: Variable
    stages: tuple[Node, ...]
    node: Node


def can_write(node: Node) -> bool:
    """Whether a setitem or an update_at has an instruction."""
    value = node.inputs[1].type
    if node.op.name == "update_at":
        return not node.params.get("unary") and is_indexed_array(node) and isinstance(value, TensorType)
    return is_indexed_array(node) and (
        not isinstance(value, TensorType) or not value.is_array or is_plain(value)
    )


@lowers("transpose")
def lower_transpose(compiler: Compiler, node: Node, values: Values) -> bool:
    """x.transpose(axes)."""
    if not is_plain(node.inputs[0].type) or not node.out.ndim:
        return False
    array, stages = compiler.views.source(node.inputs[0])
    reads = [compiler.read(values, array), *stage_reads(compiler, values, stages)]
    target = compiler.result(values, node.out)
    try:
        site = transpose_site(
            node, (reads[0], OBJECT), (target, OBJECT), stage_sites(compiler, values, stages)
        )
    except ValueError:
        return False
    compiler.emit_site(Opcode.VIEW, site, reads, [target])
    return True


def transpose_site(node: Node, array: Any = (-1, 0), dst: Any = (-1, 0), stages: Any = ()) -> IndexSite:
    """The site of a permutation of axes."""
    x, axes = node.inputs[0], node.params["axes"]
    fields: Any = (("s000",) * x.ndim, [], array, dst, canonical(x.dtype))
    return IndexSite(*fields, basic=True, rank=x.ndim, axes=axes, stages=stages)


def lower_write(compiler: Compiler, write: Write, values: Values) -> bool:
    """A write, in place where nobody else holds the array."""
    node = write.node
    _, value, *leaves = node.inputs
    reads = [compiler.read(values, v) for v in (write.array, value, *leaves)]
    reads += stage_reads(compiler, values, write.stages)
    target = compiler.result(values, write.out)
    rest: dict[str, Any] = {"exact": bool(node.params.get("augmented"))}
    code = Opcode.WRITE
    if node.op.name == "update_at":
        code, rest = Opcode.ACCUMULATE, {"function": getattr(np, node.params["ufunc"]).at}
    elif compiler.classes[reads[1]] != OBJECT and names_element(node, leaves):
        code = Opcode.STORE
    site = index_site(
        compiler,
        node,
        values,
        leaves,
        write.array,
        write.out,
        value=(reads[1], compiler.classes[reads[1]]),
        stages=stage_sites(compiler, values, write.stages),
        **rest,
    )
    compiler.emit_site(code, site, reads, [target])
    return True


class Update(NamedTuple):
    """setitem(x, ufunc(..., getitem(x, index), ...), index): nodes that become one instruction.

    array: what is updated: x, or what x has become by writes of the whole of it. read: None where the index is
    the whole array, of which `array` itself is the value, or where nothing is read. places: which operands of the
    ufunc, as bits.
    """

    write: Node
    compute: Node
    read: Node | None
    array: Variable
    places: int

    @property
    def parts(self) -> tuple[Node, ...]:
        """The nodes, in order."""
        return (self.compute, self.write) if self.read is None else (self.read, self.compute, self.write)


def find_updates(graph: Graph, order: Sequence[Node]) -> dict[Node, Update]:
    """The updates of a block, by each of their nodes."""
    if not any(node.op.name == "setitem" for node in order):
        return {}
    uses = count_uses(graph, order)
    number = {node: k for k, node in enumerate(order)}
    found: dict[Node, Update] = {}
    for node in order:
        update = _match(node, uses) if node.op.name == "setitem" else None
        if update is not None and _stays_in_order(update, order, number):
            found.update(dict.fromkeys(update.parts, update))
    return found


def count_uses(graph: Graph, order: Sequence[Node]) -> dict[Variable, int]:
    """How often each variable is read in a block."""
    uses: dict[Variable, int] = {}
    for node in order:
        for v in node.inputs:
            uses[v] = uses.get(v, 0) + 1
    for v in graph.outputs:
        uses[v] = uses.get(v, 0) + 1
    return uses


def _match(write: Node, uses: dict[Variable, int]) -> Update | None:
    x, value, *leaves = write.inputs
    compute = value.node
    if compute is None or compute.op.family != "ufunc" or len(compute.outputs) != 1 or uses[value] != 1:
        return None
    if compute.op.name == "negative":  # NumPy's loop, in place on items far apart, gives wrong results (2.4)
        return None
    if not is_indexed_array(write) or not is_basic(write.params["spec"], leaves):
        return None
    dtypes = loop_dtypes(compute)
    if x.dtype != dtypes[-1]:
        return None
    whole = is_whole(write)
    for place, v in enumerate(compute.inputs):
        if not is_plain(v.type) or not v.ndim or dtypes[place] != x.dtype:
            continue
        if whole and v.ndim == x.ndim and _root(v) is _root(x):
            read, array = None, v
        elif _reads(v.node, write) and uses[v] == compute.inputs.count(v):
            read, array = v.node, x
        else:
            continue
        others = [(o, d) for o, d in zip(compute.inputs, dtypes, strict=False) if o is not v]
        rank = MOST_AXES if write.params.get("augmented") else v.ndim  # a higher rank is an error, NumPy's
        if all(_fits(o, d, rank) for o, d in others):
            places = sum(1 << k for k, o in enumerate(compute.inputs) if o is v)
            return Update(write, compute, read, array, places)
    if write.params.get("augmented") and x.ndim:  # ufunc(..., out=x[index])
        if all(_fits(o, d, MOST_AXES) for o, d in zip(compute.inputs, dtypes, strict=False)):
            return Update(write, compute, None, x, 0)
    return None


def is_whole(node: Node) -> bool:
    """Whether the index of a node is that of all of its array."""
    return all(entry in {"e", "s000"} for entry in node.params["spec"])


def _reads(read: Node | None, write: Node) -> bool:
    """Whether a node reads what another one writes."""
    return (
        read is not None
        and read.op.name == "getitem"
        and read.inputs[0] is write.inputs[0]
        and read.inputs[1:] == write.inputs[2:]
        and read.params["spec"] == write.params["spec"]
    )


def _root(v: Variable) -> Variable:
    """The array that a value took the memory of, by writes of the whole of it."""
    while v.node is not None and v.node.op.name == "setitem" and is_whole(v.node):
        v = v.node.inputs[0]
    return v


def _fits(v: Variable, dtype: np.dtype[Any], ndim: int) -> bool:
    if register_class(v.type) != OBJECT:
        return True
    return is_plain(v.type) and v.dtype == dtype and v.ndim <= ndim


def _stays_in_order(update: Update, order: Sequence[Node], number: dict[Node, int]) -> bool:
    """Whether nothing that may raise stands between the parts that may, which become one."""
    first = update.read if update.read is not None and may_raise(update.read) else update.compute
    between = order[number[first] + 1 : number[update.write]]
    return not any(node.op.effect or may_raise(node) for node in between if node not in update.parts)


def lower_update(compiler: Compiler, update: Update, values: Values, write: Write | None = None) -> bool:
    """x[index] = ufunc(..., x[index], ...) in place; False, having done nothing, if there is no such loop.

    write: the views through which it is done, if any.
    """
    leaves = update.write.inputs[2:]
    write = write or Write(update.write.out, update.array, (), update.write)
    inputs = update.compute.inputs
    inside = [update.places >> k & 1 for k in range(len(inputs))]
    others = [v for v, within in zip(inputs, inside, strict=True) if not within]
    array = compiler.read(values, write.array)
    registers = [
        array if within else compiler.read(values, v) for v, within in zip(inputs, inside, strict=True)
    ]
    classes = [register_class(v.type) for v in inputs]
    ndim = update.write.inputs[0].ndim
    target = compiler.result(values, write.out)
    try:
        computation = UfuncSite(
            update.compute.op.evaluate,
            [*registers, target],
            [*classes, OBJECT],
            loop_dtypes(update.compute),
            [v.dtype for v in inputs],
            ndim,
        )
    except ValueError:
        del values[write.out]
        return False
    site = index_site(
        compiler,
        update.write,
        values,
        leaves,
        write.array,
        write.out,
        ufunc=computation,
        places=update.places,
        exact=bool(update.write.params.get("augmented")),
        stages=stage_sites(compiler, values, write.stages),
        locations=[compiler.locate(node) for node in (update.read or update.write, update.write)],
    )
    reads = [array, *[compiler.read(values, v) for v in (*others, *leaves)]]
    reads += stage_reads(compiler, values, write.stages)
    chars = [d.char for d in (*[canonical(v.dtype) for v in inputs], *loop_dtypes(update.compute))]
    form = Elementwise(
        update.compute.op.name,
        tuple(registers),
        tuple(classes),
        "".join(chars[: len(inputs)]),
        "".join(chars[len(inputs) :]),
        ndim,
        may_raise(update.compute) or may_raise(update.write),
    )
    whole = is_whole(update.write) and update.places and not write.stages
    compiler.emit_site(Opcode.UPDATE, site, reads, [target], form if whole else None, form)
    return True
