"""The order in which the nodes of a graph run: roots first, in their order; readers of an array before its writers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.graph.op import may_raise

if TYPE_CHECKING:
    from tracetensor.graph.graph import Graph
    from tracetensor.graph.node import Node, Variable

WRITERS = frozenset({"setitem", "update_at", "list_append", "list_set", "list_pop"})
LARGEST = 5000  # nodes; a graph with more keeps its order


def schedule(graph: Graph) -> list[Node]:
    """The nodes of the graph, each after those it needs.

    A functional write can happen in place if nothing reads the old value after it. So before a write, those
    pending readers of the value (and of views of it) run that do not need the write; only readers that can
    neither raise nor have effects are moved, so that the order of errors and effects stays.
    """
    order = graph.nodes()
    if len(order) > LARGEST or not any(node.op.name in WRITERS for node in order):
        return list(order)
    return _Scheduler(order).run()


class _Scheduler:
    def __init__(self, order: tuple[Node, ...]) -> None:
        self.order = order
        self.number = {node: k for k, node in enumerate(order)}
        self.ancestors = self._ancestors()
        self.readers: dict[Variable, list[Node]] = {}
        for node in order:
            for variable in dict.fromkeys(node.inputs):
                self.readers.setdefault(variable, []).append(node)
        self.fixed = sum(1 << k for k, node in enumerate(order) if node.op.effect or may_raise(node))
        self.done = 0  # sets of nodes are bits
        self.result: list[Node] = []

    def _ancestors(self) -> list[int]:
        """For each node the set, as bits, of itself and the nodes it needs."""
        result: list[int] = []
        for k, node in enumerate(self.order):
            bits = 1 << k
            for variable in node.inputs:
                if variable.node in self.number:
                    bits |= result[self.number[variable.node]]
            result.append(bits)
        return result

    def run(self) -> list[Node]:
        for k, node in enumerate(self.order):
            if not self.done >> k & 1 and node.op.name in WRITERS:
                self._hoist_readers(k)
            self._emit(k)
        return self.result

    def _emit(self, k: int) -> None:
        if self.done >> k & 1:
            return
        self.done |= 1 << k
        self.result.append(self.order[k])

    def _hoist_readers(self, writer: int) -> None:
        written = self.order[writer].inputs[0]
        while written.node in self.number and written.node.op.views:
            written = written.node.inputs[0]  # the memory of that one is written too
        pending = self._aliases(written)
        for k in sorted(pending):
            if self.done >> k & 1 or self.ancestors[k] >> writer & 1:
                continue
            missing = self.ancestors[k] & ~self.done
            if not missing & self.fixed:
                for j in _members(missing):
                    self._emit(j)

    def _aliases(self, variable: Variable) -> set[int]:
        """Numbers of the nodes that read the variable or a view of it."""
        found: set[int] = set()
        stack = [variable]
        while stack:
            for node in self.readers.get(stack.pop(), ()):
                k = self.number[node]
                if k not in found:
                    found.add(k)
                    if node.op.views:
                        stack.extend(node.outputs)
        return found


def _members(bits: int) -> list[int]:
    """The numbers in a set, in order."""
    found = []
    while bits:
        lowest = bits & -bits
        found.append(lowest.bit_length() - 1)
        bits ^= lowest
    return found
