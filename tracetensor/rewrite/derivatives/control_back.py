"""Reverse mode through linear branches and loops: the branch taken, and the loop from its last step to its first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.graph.graph import Graph, topological
from tracetensor.graph.node import Node, Variable, apply, input_variable
from tracetensor.graph.ops import control
from tracetensor.graph.ops.checkpoints import is_recomputed, schedule_of
from tracetensor.graph.ops.indexing import getitem
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT, ListType
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.checkpoints import ScheduledBack, undefined_like
from tracetensor.rewrite.derivatives.control import to_type
from tracetensor.rewrite.derivatives.residuals import closed
from tracetensor.rewrite.derivatives.tangents import depends_on, number, tangent_type

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.rewrite.derivatives.tangents import Shapes, Tangent


@def_transpose("ifelse")
def _ifelse_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    condition, *captured = node.inputs
    known = [k for k, v in enumerate(captured) if not back.is_linear(v)]
    linear = [k for k, v in enumerate(captured) if back.is_linear(v)]
    given = [k for k, c in enumerate(cotangents) if c is not None]
    # A sum that exists already goes through the branches: what is read there is added in place.
    through = [k for k in linear if back.has(captured[k])]
    sums = {k: back.total_or_zero(captured[k]) for k in through}
    reached = set(through)
    for name in ("then", "orelse"):
        body: Graph = node.params[name]
        found = depends_on([body.outputs[k] for k in given], {body.inputs[k] for k in linear})
        reads = _behind(body, given)
        reached |= {k for k in linear if body.inputs[k] in reads and body.inputs[k] in found}
    wanted = sorted(reached)
    if not wanted:
        return
    graphs: list[Graph] = []
    for name in ("then", "orelse"):
        body = node.params[name]
        if graphs and is_recomputed(condition):
            graphs.append(undefined_like(graphs[0]))
            break
        seeds = [input_variable(cotangents[k].type) for k in given]  # type: ignore[union-attr]
        starts = [input_variable(sums[k].type) for k in through]
        inner = Backward(depends_on(body.outputs, {body.inputs[k] for k in linear}), back.shapes)
        for k, seed in zip(given, seeds, strict=True):
            back.shapes.tell(seed, body.outputs[k])
            inner.add(body.outputs[k], _fitting(seed, body.outputs[k]))
        for k, start in zip(through, starts, strict=True):
            inner.sums.setdefault(body.inputs[k], []).append(back.shapes.tell(start, body.inputs[k]))
        inner.run(body.nodes())
        outputs = []
        for k in wanted:
            v = body.inputs[k]
            outputs.append(to_type(inner.total_or_zero(v), tangent_type(v.type)))
        inputs = [*[body.inputs[k] for k in known], *seeds, *starts]
        graphs.append(closed(inputs, outputs, f"back_{body.name}", locations=body.locations))
    made = control.ifelse.node(
        condition, *[captured[k] for k in known], *[cotangents[k] for k in given], *sums.values(),
        then=graphs[0], orelse=graphs[1],
    )  # fmt: skip
    for k, out in zip(wanted, made.outputs, strict=True):
        back.add(captured[k], out)


def _fitting(seed: Variable, like: Variable) -> Variable:
    return seed if isinstance(like.type, ListType) else number(seed, like.dtype)


def _behind(body: Graph, given: Sequence[int]) -> set[Variable]:
    outputs = [body.outputs[k] for k in given]
    return {*outputs, *(v for n in topological(outputs, body.inputs) for v in n.inputs)}


@def_transpose("scan")
def _scan_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    found = schedule_of(node)
    if found is not None and found[1]:
        ScheduledBack(back, node, cotangents).run()
    else:
        _LoopBack(back, node, cotangents).run()


class _LoopBack:
    """A linear loop (counted, unconditional), transposed."""

    def __init__(self, back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
        self.back = back
        self.node = node
        self.cotangents = cotangents
        self.body: Graph = node.params["body"]
        self.n_carry: int = node.params["n_carry"]
        if node.params["conditional"] or not node.params["counted"]:
            msg = "internal: a linear loop is counted"
            raise TypeError(msg)
        self.steps, rest = node.inputs[0], node.inputs[1:]
        self.initial, self.captured = rest[: self.n_carry], rest[self.n_carry :]
        self.step = self.body.inputs[0]
        self.carry = self.body.inputs[1 : 1 + self.n_carry]
        self.inner = self.body.inputs[1 + self.n_carry :]
        self.linear = [k for k, v in enumerate(self.captured) if back.is_linear(v)]
        self.sources = {*self.carry, *[self.inner[k] for k in self.linear]}

    def active(self) -> tuple[list[int], list[int], list[int]]:
        """The carries with a cotangent, the captured values that get one, the stacked results that have one."""
        body, n = self.body, self.n_carry
        stacked = [k for k in range(n, len(body.outputs)) if self.cotangents[k] is not None]
        live = {k for k in range(n) if self.cotangents[k] is not None}
        while True:
            given = [*sorted(live), *stacked]
            reads = _behind(body, given)
            found = live | {k for k, v in enumerate(self.carry) if v in reads}
            if found == live:
                break
            live = found
        wanted = [k for k in self.linear if self.inner[k] in reads]
        return sorted(live), wanted, stacked

    def run(self) -> None:
        """Build the loop; contribute its results."""
        back, body = self.back, self.body
        carries, wanted, stacked = self.active()
        if not carries and not stacked:
            return
        known = [k for k in range(len(self.captured)) if k not in self.linear]
        step, steps = input_variable(INT, "step"), input_variable(INT, "steps")
        place = PYTHON["sub"](PYTHON["sub"](steps, 1), step)
        linear = depends_on(body.outputs, self.sources)
        mapping: dict[Variable, Variable] = {self.step: place}
        linear = _reversed(body, mapping, linear, back.shapes)
        seeds = [input_variable(tangent_type(self.carry[k].type), "cotangent") for k in carries]
        sums = [input_variable(tangent_type(self.inner[k].type), "sum") for k in wanted]
        histories = [self.cotangents[k] for k in stacked]
        stacks = [input_variable(h.type) for h in histories]  # type: ignore[union-attr]
        inner = Backward(linear, back.shapes)
        for k, seed in zip(carries, seeds, strict=True):
            back.shapes.default(self.carry[k], seed)
        for k, start in zip(wanted, sums, strict=True):
            back.shapes.default(self.inner[k], start)
        for k, seed in zip(carries, seeds, strict=True):
            out = mapping.get(body.outputs[k], body.outputs[k])
            inner.add(out, back.shapes.tell(seed, out))
        for k, stack in zip(stacked, stacks, strict=True):
            out = mapping.get(body.outputs[k], body.outputs[k])
            inner.add(out, back.shapes.tell(getitem(stack, place, spec=("i",)), out))
        for k, start in zip(wanted, sums, strict=True):
            inner.sums.setdefault(self.inner[k], []).insert(0, back.shapes.tell(start, self.inner[k]))
        inner.run(_mapped_nodes(body, mapping))
        outputs = [
            to_type(inner.total_or_zero(v), tangent_type(v.type))
            for v in (*[self.carry[k] for k in carries], *[self.inner[k] for k in wanted])
        ]
        graph = closed(
            [step, *seeds, *sums, *[self.inner[k] for k in known], *stacks, steps],
            outputs,
            f"back_{body.name}",
            locations=body.locations,
        )
        first = [
            to_type(c if (c := self.cotangents[k]) is not None else back.zero(self.node.outputs[k]), s.type)
            for k, s in zip(carries, seeds, strict=True)
        ]
        starts = [
            to_type(back.total_or_zero(self.captured[k]), s.type) for k, s in zip(wanted, sums, strict=True)
        ]
        made = control.scan.node(
            self.steps, *first, *starts, *[self.captured[k] for k in known], *histories, self.steps,
            body=graph, n_carry=len(carries) + len(wanted), counted=True, conditional=False,
        )  # fmt: skip
        for k, out in zip(carries, made.outputs, strict=False):
            back.add(self.initial[k], out)
        for k, out in zip(wanted, made.outputs[len(carries) :], strict=True):
            back.add(self.captured[k], out)


def _reversed(
    body: Graph, mapping: dict[Variable, Variable], linear: set[Variable], shapes: Shapes
) -> set[Variable]:
    """The nodes of a body at another place than its step: the mapping is extended; what of it is linear."""
    found = set(linear)
    told = {v: dict(shapes.told[v]) for v in linear if v in shapes.told}
    for node in body.nodes():
        if mapping.keys().isdisjoint(node.inputs):
            continue
        new = apply(node.op, [mapping.get(v, v) for v in node.inputs], node.params)
        for old, out in zip(node.outputs, new.outputs, strict=True):
            mapping[old] = out
            if old in linear:
                found.add(out)
    for v, dims in told.items():
        known = {k: _substituted(n, mapping) for k, n in dims.items()}
        shapes.put(mapping.get(v, v), known)
    return found


def _substituted(dim: Variable | int, mapping: dict[Variable, Variable]) -> Variable | int:
    """A dim at another place than the step of the loop."""
    if not isinstance(dim, Variable):
        return dim
    for node in topological([dim], ()):
        if node.outputs[0] not in mapping and not mapping.keys().isdisjoint(node.inputs):
            new = apply(node.op, [mapping.get(v, v) for v in node.inputs], node.params)
            mapping.update(zip(node.outputs, new.outputs, strict=True))
    return mapping.get(dim, dim)


def _mapped_nodes(body: Graph, mapping: dict[Variable, Variable]) -> list[Node]:
    nodes = []
    for node in body.nodes():
        out = mapping.get(node.outputs[0], node.outputs[0]) if node.outputs else None
        nodes.append(node if out is None or out.node is None else out.node)
    return list(dict.fromkeys(nodes))
