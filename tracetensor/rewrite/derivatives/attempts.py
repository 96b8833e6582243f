"""Derivatives of blocks whose exceptions are caught.

The attempt is run as it is, and keeps besides: what the linear part of its results reads, if it completes; which checkpoint was
the last to fill each slot; and what the linear parts of the values in the slots read, put into slots of their own just before
anything can be raised. What is linear stands outside, in branches on the code of the attempt, and on those numbers.

A value in a slot is followed to the body of the attempt. One that was computed within a loop or a branch, and was not finished
there when the exception was raised, has no derivative.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Node, Variable, apply, constant
from tracetensor.graph.ops import control, exceptions
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT
from tracetensor.rewrite.derivatives.control import _run, chosen
from tracetensor.rewrite.derivatives.custom import put_in
from tracetensor.rewrite.derivatives.forward import Forward, def_control
from tracetensor.rewrite.derivatives.residuals import Split, closed, fresh
from tracetensor.rewrite.derivatives.tangents import added, as_tangent, is_active, tangent_type, zeros_like

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tracetensor.rewrite.derivatives.tangents import Tangent

    Resolve = Callable[[Variable], Variable | None]


class Filling(NamedTuple):
    """A checkpoint that fills a slot: its number, the value as a variable of the attempt's body, and the node there."""

    number: int
    slot: int
    value: Variable | None
    top: Variable


class _Body:
    """The body of an attempt, in which each checkpoint says by its number that it was the last to fill a slot."""

    def __init__(self, node: Node) -> None:
        self.label = node.params["label"]
        types = node.params["types"]
        self.active = [k for k, t in enumerate(types) if is_active(t)]
        self.last = {k: len(types) + j for j, k in enumerate(self.active)}
        self.fillings: list[Filling] = []
        self.numbers: Iterator[int] = itertools.count()
        self.top: Variable | None = None
        body: Graph = node.params["body"]
        self.graph = self._rebuilt(body, lambda v: v)

    def _rebuilt(self, graph: Graph, resolve: Resolve) -> Graph:
        if not _fills(graph, self.label):
            return graph
        outermost = self.top is None
        mapping: dict[Variable, Variable] = {}
        locations = {}
        for node in graph.nodes():
            inputs = [mapping.get(v, v) for v in node.inputs]
            if outermost:
                self.top = node.outputs[0]
            before = len(self.fillings)
            new = self._node(node, inputs, resolve, set(graph.inputs) if not outermost else None)
            if outermost:
                self.fillings[before:] = [f._replace(top=new.outputs[0]) for f in self.fillings[before:]]
            mapping.update(zip(node.outputs, new.outputs, strict=True))
            if node in graph.locations:
                locations[new] = graph.locations[node]
        if outermost:
            self.fillings = [
                f._replace(value=None if f.value is None else mapping.get(f.value, f.value))
                for f in self.fillings
            ]
        return Graph(
            graph.inputs,
            [mapping.get(v, v) for v in graph.outputs],
            [mapping.get(v, v) for v in graph.roots],
            name=graph.name,
            locations=locations,
        )

    def _node(self, node: Node, inputs: list[Variable], resolve: Resolve, own: set[Variable] | None) -> Node:
        """A node of the body, or of one inside it, whose inputs are `own` (None: it is the attempt's)."""

        def known(v: Variable) -> Variable | None:
            if isinstance(v, Constant) or own is None:
                return v
            return resolve(v) if v in own else None

        if node.op is exceptions.checkpoint and node.params["label"] == self.label:
            return self._checkpoint(node, inputs, known)
        params = dict(node.params)
        for name, value in node.params.items():
            if isinstance(value, Graph):
                outside = _outside(node, value)
                params[name] = self._rebuilt(
                    value,
                    lambda v, outside=outside: None if (o := outside.get(v)) is None else known(o),  # type: ignore[misc]
                )
        return apply(node.op, inputs, params)

    def _checkpoint(self, node: Node, inputs: list[Variable], known: Resolve) -> Node:
        number = next(self.numbers)
        slots = list(node.params["slots"])
        assert self.top is not None
        for slot, value in zip(node.params["slots"], node.inputs, strict=True):
            if slot in self.last:
                self.fillings.append(Filling(number, slot, known(value), self.top))
                slots.append(self.last[slot])
                inputs = [*inputs, constant(number)]
        return apply(node.op, inputs, {**node.params, "slots": tuple(slots)})


def _fills(graph: Graph, label: int) -> bool:
    return any(
        (n.op is exceptions.checkpoint and n.params["label"] == label)
        or any(isinstance(v, Graph) and _fills(v, label) for v in n.params.values())
        for n in graph.nodes()
    )


def _outside(node: Node, body: Graph) -> Mapping[Variable, Variable]:
    """The inputs of a body that are captured values, and what these are outside: the last inputs of the node."""
    count = len(body.inputs)
    if node.op is control.scan:
        count -= int(node.params["counted"]) + node.params["n_carry"]
    elif node.op.name not in {"ifelse", "attempt", "handling"}:
        return {}
    return dict(
        zip(body.inputs[len(body.inputs) - count :], node.inputs[len(node.inputs) - count :], strict=True)
    )


class Piece(NamedTuple):
    """A linear part of the body: its outputs, of known inputs (captured values, then residuals) and tangents of captured values."""

    known: list[Variable]
    seeds: list[Variable]
    outputs: list[Variable]
    residuals: list[Variable]


class _Linear:
    """What is linear in the tangents of captured values: pieces of it, as branches outside of the attempt."""

    def __init__(
        self, body: Graph, captured: Sequence[Variable], tangents: Sequence[Tangent], forward: Forward
    ) -> None:
        self.body, self.captured, self.forward = body, list(captured), forward
        self.given = [t for t in tangents if t is not None]
        self.inner = Forward(split=True, shapes=forward.shapes, locations=body.locations)
        self.seeds, self.sources = [], []
        for v, t in zip(body.inputs, tangents, strict=True):
            if t is not None:
                self.sources.append(v)
                self.seeds.append(fresh(v, tangent_type(v.type)))
                self.inner.seed(v, self.seeds[-1])
        self.outputs, self.roots = _run(self.inner, body)

    def split(self, wanted: Sequence[Variable]) -> Piece:
        """A linear part of the body: some tangents."""
        residuals: dict[Variable, Variable] = {}

        def keep(v: Variable) -> Variable:
            residuals[v] = fresh(v)
            return residuals[v]

        shapes = self.forward.shapes
        told = {v: dict(shapes.told.get(v, {})) for v in self.seeds}
        free = {v: fresh(v) for v in self.body.inputs}
        seeds = {v: fresh(v) for v in self.seeds}
        split = Split(self.seeds, {**free, **seeds}, wanted, shapes, keep)
        for old, new in seeds.items():  # what is known of the old ones is for this piece
            shapes.put(new, shapes.told.get(old, {}))
            shapes.put(old, told[old])
        return Piece(
            [*free.values(), *residuals.values()], list(seeds.values()), split.outputs, list(residuals)
        )

    def branch(
        self, condition: Variable, piece: Piece, kept: Sequence[Variable], slot: Variable | None
    ) -> Sequence[Variable]:
        """The tangents where the condition holds; where not, zeros like the slot, or what nobody reads."""
        extra = [] if slot is None else [slot]
        shell = [fresh(v) for v in extra]
        then = closed([*piece.known, *shell, *piece.seeds], piece.outputs, "completed")
        other = {v: fresh(v) for v in self.body.inputs}
        seeds = [fresh(v) for v in self.seeds]
        for v, new in zip(self.sources, seeds, strict=True):
            self.forward.shapes.tell(new, other[v])
        unused = [fresh(v) for v in piece.residuals]
        rest = [fresh(v) for v in shell]
        outputs = [
            control.undefined(type=v.type) if slot is None else zeros_like(rest[0]) for v in piece.outputs
        ]
        orelse = closed([*other.values(), *unused, *rest, *seeds], outputs, "failed")
        given = [*self.captured, *kept, *extra, *self.given]
        return chosen(condition, given, then, orelse).outputs


@def_control("attempt")
def attempt(node: Node, tangents: Sequence[Tangent], forward: Forward) -> None:
    """Tangents of what the block gives if it completes, and of what handlers find if it does not."""
    inputs = [forward.value(v) for v in node.inputs]
    n = len(node.params["types"])
    initial, captured = inputs[:n], inputs[n:]
    own = _Body(node)
    linear = _Linear(own.graph, captured, tangents[n:], forward)
    inner = linear.inner
    done = [k for k, v in enumerate(own.graph.outputs) if is_active(v.type) and v in inner.tangent]
    wanted = [as_tangent(inner.tangent[own.graph.outputs[k]], linear.outputs[k]) for k in done]
    success = linear.split(wanted)
    parts = []
    saved: dict[Variable, int] = {}
    first = n + len(own.last)
    saves: dict[Variable, list[Variable]] = {}
    for filling in own.fillings:
        if filling.value is None or filling.value not in inner.tangent:
            continue
        value = inner.value(filling.value)
        piece = linear.split([as_tangent(inner.tangent[filling.value], value)])
        for v in piece.residuals:
            saved.setdefault(v, first + len(saved))
            saves.setdefault(inner.value(filling.top), []).append(v)
        parts.append((filling, piece))
    roots = _with_saves(linear.roots, saves, saved, own.label)
    body = closed(
        own.graph.inputs,
        [*linear.outputs, *success.residuals],
        own.graph.name,
        roots=roots,
        locations=inner.where,
    )
    types = (*node.params["types"], *[INT] * len(own.last), *[v.type for v in saved])
    extra = [*[constant(-1)] * len(own.last), *[control.undefined(type=v.type) for v in saved]]
    made = apply(
        exceptions.attempt, [*initial, *extra, *captured], {**node.params, "body": body, "types": types}
    )
    if node in forward.locations:
        forward.where.setdefault(made, forward.locations[node])
    slots, rest = made.outputs[2 : 2 + len(types)], made.outputs[2 + len(types) :]
    new = [*made.outputs[:2], *slots[:n], *rest[: len(linear.outputs)]]
    forward.primal.update(zip(node.outputs, new, strict=True))
    if done:
        ended = PYTHON["eq"](made.outputs[0], 0)
        found = linear.branch(ended, success, rest[len(linear.outputs) :], None)
        for k, t in zip(done, found, strict=True):
            out = rest[k]
            forward.tangent[node.outputs[2 + n + k]] = forward.shapes.tell(t, out)
    _slots(node, tangents, forward, own, parts, linear, slots, saved)


def _slots(  # noqa: PLR0913, PLR0917 - the parts of an attempt
    node: Node, tangents: Sequence[Tangent], forward: Forward, own: _Body, parts: Any, linear: _Linear,
    slots: Sequence[Variable], saved: dict[Variable, int],
) -> None:  # fmt: skip
    """The tangents of what handlers find: that of the last value that was put there, or of the first."""
    for k in own.active:
        if any(f.slot == k and f.value is None for f in own.fillings):
            error = forward.refused(
                node,
                "what a handler finds, computed within a loop or branch that was left, has no derivative",
            )
            forward.lost[node.outputs[2 + k]] = error
            continue
        last = slots[own.last[k]]
        found: list[Variable] = []
        for filling, piece in parts:
            if filling.slot == k:
                kept = [slots[saved[v]] for v in piece.residuals]
                is_last = PYTHON["eq"](last, filling.number)
                found += linear.branch(is_last, piece, kept, slots[k])
        t = tangents[k]
        if t is not None:
            found.append(_untouched(PYTHON["eq"](last, -1), t, slots[k], forward))
        total = added(found)
        if total is not None:
            forward.tangent[node.outputs[2 + k]] = forward.shapes.tell(total, slots[k])


def _untouched(condition: Variable, tangent: Variable, slot: Variable, forward: Forward) -> Variable:
    """The tangent of a slot that nothing was put into."""
    graphs = []
    for holds in (True, False):
        t, like = fresh(tangent), fresh(slot)
        forward.shapes.tell(t, like)
        graphs.append(closed([t, like], [t if holds else zeros_like(like)], "then" if holds else "else"))
    made: Variable = control.ifelse.node(condition, tangent, slot, then=graphs[0], orelse=graphs[1]).outputs[
        0
    ]
    return made


def _with_saves(
    roots: Sequence[Variable],
    saves: Mapping[Variable, Sequence[Variable]],
    saved: Mapping[Variable, int],
    label: int,
) -> list[Variable]:
    """The roots, with what linear parts read put into slots before each node in which a checkpoint fills others."""
    tops = {v.node: values for v, values in saves.items()}
    result: list[Variable] = []
    for root in roots:
        values = list(dict.fromkeys(tops.get(root.node, ())))
        if values:
            params = {
                "label": label,
                "slots": tuple([saved[v] for v in values]),
                "serial": control.next_effect(),
            }
            result.append(apply(exceptions.checkpoint, values, params).outputs[0])
        result.append(root)
    return result


@def_control("handling")
def handling(node: Node, tangents: Sequence[Tangent], forward: Forward) -> None:
    """The body of a handler: it keeps what its linear part reads, which stands beside it."""
    exception, *captured = [forward.value(v) for v in node.inputs]
    body: Graph = node.params["body"]
    linear = _Linear(body, captured, tangents[1:], forward)
    active = [k for k, v in enumerate(body.outputs) if is_active(v.type) and v in linear.inner.tangent]
    wanted = [as_tangent(linear.inner.tangent[body.outputs[k]], linear.outputs[k]) for k in active]
    piece = linear.split(wanted)
    new_body = closed(
        body.inputs,
        [*linear.outputs, *piece.residuals],
        body.name,
        roots=linear.roots,
        locations=linear.inner.where,
    )
    made = apply(node.op, [exception, *captured], {**node.params, "body": new_body})
    if node in forward.locations:
        forward.where.setdefault(made, forward.locations[node])
    forward.primal.update(zip(node.outputs, made.outputs, strict=False))
    rule = closed([*piece.known, *piece.seeds], piece.outputs, "linear")
    kept = made.outputs[len(node.outputs) :]
    for k, t in zip(active, put_in(rule, [*captured, *kept, *linear.given]), strict=True):
        forward.tangent[node.outputs[k]] = forward.shapes.tell(t, made.outputs[k])
