"""Views that are never made: reads and writes through chains of views, as one instruction each.

    v = a[start::step]          v1 = getitem(a, start::step)
    v[j] = w[k]                 v2 = setitem(v1, w[k], j)
                                v3 = setitem(a, v2, start::step)

A basic index or a transposition whose result is only read and written by further indices is a *stage* of the
instructions that do so: they apply it to the shape and strides of the array, without an object for the view.
A write to a view, up to the array that it is a view of, is one instruction, in place where the array may be written to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.graph.op import may_raise
from tracetensor.graph.types import TensorType
from tracetensor.vm.indexing import MOST_VIEWS
from tracetensor.vm.lowering import is_plain
from tracetensor.vm.lowering_index import Write, can_write, count_uses, is_basic, is_indexed_array

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracetensor.graph.graph import Graph
    from tracetensor.graph.node import Node, Variable
    from tracetensor.vm.lowering_index import Update

MOST_AXES = 8  # of an array that is transposed
WRITES = frozenset({"setitem", "update_at"})


class Views:
    """What becomes of the views of one block.

    stages: views that are never made. writes: by the last of their nodes, which has their result. absorbed: the
    other nodes of writes. copied: views that are read after a write to their array, which can then be in place.
    """

    def __init__(self) -> None:
        self.stages: set[Node] = set()
        self.writes: dict[Node, Write] = {}
        self.absorbed: set[Node] = set()
        self.copied: set[Node] = set()

    def source(self, variable: Variable) -> tuple[Variable, tuple[Node, ...]]:
        """The array that a variable is a view of, and the stages between them that nobody makes."""
        stages: list[Node] = []
        while variable.node in self.stages:
            stages.append(variable.node)
            variable = variable.node.inputs[0]
        return variable, tuple(reversed(stages))


def find_views(graph: Graph, order: Sequence[Node], updates: Mapping[Node, Update]) -> Views:
    """Decide for each view in a block whether it is made."""
    views = Views()
    candidates = {node for node in order if _is_stage(node)}
    if candidates:
        _find_writes(views, order, candidates, updates, count_uses(graph, order))
        emitted = [
            node
            for node in order
            if node not in views.absorbed and (node not in updates or node is updates[node].write)
        ]
        operands = {node: _operands(node, views, updates, candidates) for node in emitted}
        _find_stages(views, graph, order, operands)
        _find_copied(views, graph, order, operands)
    return views


def _is_stage(node: Node) -> bool:
    if node.op.name == "transpose":
        return is_plain(node.inputs[0].type) and 0 < node.out.ndim <= MOST_AXES
    if node.op.name != "getitem" or not is_indexed_array(node) or not is_plain(node.out.type):
        return False
    return node.out.ndim > 0 and is_basic(node.params["spec"], node.inputs[1:])


# Writes -----------------------------------------------------------------------------------------------------------


def _find_writes(
    views: Views,
    order: Sequence[Node],
    candidates: set[Node],
    updates: Mapping[Node, Update],
    uses: Mapping[Variable, int],
) -> None:
    number = {node: k for k, node in enumerate(order)}
    fixed = {k for k, node in enumerate(order) if node.op.effect or may_raise(node)}
    found: dict[Node, Write] = {}  # by the node whose result is the array written to
    for k, node in enumerate(order):
        write = _outer(node, candidates, found, uses)
        if write is not None:
            inside = _inside(write, node)
            between = range(number[write.node] + 1, k)
            if any(j in fixed and order[j] not in inside for j in between):
                continue
            views.writes[node] = found[node] = write
            for part in inside:
                views.absorbed.add(part)
                views.writes.pop(part, None)
        elif node.inputs and node.inputs[0].node not in found and _is_innermost(node, candidates, updates):
            found[node] = Write(node.out, node.inputs[0], (), node)


def _is_innermost(node: Node, candidates: set[Node], updates: Mapping[Node, Update]) -> bool:
    """Whether a node writes to a view: what a chain begins with."""
    if node.op.name not in WRITES or node.inputs[0].node not in candidates or not can_write(node):
        return False
    update = updates.get(node)
    return update is None or update.array is node.inputs[0]


def _outer(
    node: Node, candidates: set[Node], found: Mapping[Node, Write], uses: Mapping[Variable, int]
) -> Write | None:
    """The write that putting a written view back into its array completes."""
    if node.op.name == "setitem":
        array, value = node.inputs[0], node.inputs[1]
    elif node.op.name == "transpose":
        array, value = None, node.inputs[0]
    else:
        return None
    inner = found.get(value.node) if value.node is not None else None
    if inner is None or uses[value] != 1 or len(inner.stages) >= MOST_VIEWS:
        return None
    view = inner.array.node
    if view not in candidates or view in found:  # a transposition back may be the array, not a view of it
        return None
    if array is None:
        if view.op.name != "transpose" or not _inverse(view.params["axes"], node.params["axes"]):
            return None
    elif (
        view.op.name != "getitem"
        or view.inputs[0] is not array
        or view.inputs[1:] != node.inputs[2:]
        or view.params["spec"] != node.params["spec"]
    ):
        return None
    return Write(node.out, view.inputs[0], (view, *inner.stages), inner.node)


def _inverse(axes: Sequence[int], other: Sequence[int]) -> bool:
    return [axes[k] for k in other] == list(range(len(axes)))


def _inside(write: Write, node: Node) -> set[Node]:
    """The nodes of a write but its last: the writes to its views."""
    inside = set()
    while node is not write.node:
        value = node.inputs[1] if node.op.name == "setitem" else node.inputs[0]
        assert value.node is not None
        node = value.node
        inside.add(node)
    return inside


# Stages -----------------------------------------------------------------------------------------------------------


Operands = tuple[list["Node"], list["Variable"]]


def _find_stages(views: Views, graph: Graph, order: Sequence[Node], operands: dict[Node, Operands]) -> None:
    """Find, from the last to the first, the views that are applied by all that read them.

    Such a view is applied, and raises what it may, where it is first read. So nothing else that may raise, or has
    effects, may stand between.
    """
    number = {node: k for k, node in enumerate(order)}
    readers: dict[Node, list[int]] = {}
    needed = {v.node for v in graph.outputs}
    fixed = set()
    for node, (through, values) in operands.items():
        needed.update([v.node for v in values])
        for view in through:
            readers.setdefault(view, []).append(number[node])
        if node in views.writes or node.op.effect or may_raise(node):
            fixed.add(number[node])
    first: dict[Node, int] = {}  # where a stage is first applied
    depth: dict[Node, int] = {}  # how many stages follow a stage
    for node in reversed(list(operands)):
        if node not in readers or node in needed or node in views.writes:
            continue
        k, start = number[node], min([first.get(order[j], j) for j in readers[node]])
        later = max([depth[order[j]] + 1 if order[j] in views.stages else 0 for j in readers[node]])
        raises = may_raise(node)
        if later >= MOST_VIEWS or (raises and any(j in fixed for j in range(k + 1, start))):
            continue
        if raises:
            fixed.remove(k)
            fixed.add(start)
        views.stages.add(node)
        first[node], depth[node] = start, later


def _operands(node: Node, views: Views, updates: Mapping[Node, Update], candidates: set[Node]) -> Operands:
    """The views that a node's instruction can apply as stages, and the variables whose values it needs."""
    through: list[Node] = []
    values: list[Variable] = []
    write = views.writes.get(node)
    if write is not None:
        through += write.stages
        values.append(write.array)
        node = write.node
    update = updates.get(node)
    if update is not None:
        values += [v for k, v in enumerate(update.compute.inputs) if not update.places >> k & 1]
        values += node.inputs[2:]
        if write is None:
            values += [update.array, node.inputs[0]]
    elif write is not None:
        values += node.inputs[1:]
    elif node.op.name == "getitem" or node in candidates:
        view = node.inputs[0].node
        if view is not None and view in candidates:
            through.append(view)
        values += node.inputs[1:]
    else:
        values += node.inputs
    return through, values


def _find_copied(views: Views, graph: Graph, order: Sequence[Node], operands: dict[Node, Operands]) -> None:
    """Find the views that are read after a write to their array."""
    number = {node: k for k, node in enumerate(order)}
    written: dict[Variable, list[int]] = {}
    for node in operands:
        if node in views.writes or node.op.name in WRITES:
            array = views.writes[node].array if node in views.writes else node.inputs[0]
            written.setdefault(_array(array), []).append(number[node])
    last: dict[Node | None, int] = {}  # where a view, or a view of it, is read last
    outputs = {v.node for v in graph.outputs}
    for node in reversed(list(operands) if written else []):
        through, values = operands[node]
        end = last.get(node, 0) if _is_view(node) else number[node]
        for view in (*through, *[v.node for v in values]):
            last[view] = max(last.get(view, 0), end)
        if node.op.name == "getitem" and _is_view(node) and node not in views.stages and node not in outputs:
            places = written.get(_array(node.inputs[0]), ())
            if any(number[node] < k < last.get(node, 0) for k in places):
                views.copied.add(node)


def _is_view(node: Node) -> bool:
    return node.op.views and isinstance(node.outputs[0].type, TensorType) and node.outputs[0].type.is_array


def _array(variable: Variable) -> Variable:
    """What a variable is a view of."""
    while variable.node is not None and variable.node.op.views:
        variable = variable.node.inputs[0]
    return variable
