"""Blocks and loops that reverse mode computes again rather than keep what they computed.

A block (an ifelse on `recomputing`) keeps its inputs. Its linear part is a block again, which computes what it reads,
and so is the transpose of that: nothing of it exists before the cotangents do.

A loop with a schedule keeps nothing. Its linear part is the loop itself, with tangents: a scan whose carry is in part linear and
in part known. Its transpose goes back over the steps with a stack of states: from the topmost it advances, keeping states where
the schedule says so, until what is left is a segment; that is split like any loop, and transposed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.graph import Graph, bodies, topological
from tracetensor.graph.node import Node, Variable, apply, constant, input_variable
from tracetensor.graph.ops import checkpoints, control
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT, ListType, TensorType, Type
from tracetensor.rewrite.derivatives.backward import Backward
from tracetensor.rewrite.derivatives.control import (
    AGAIN,
    _inner,
    _Invariant,
    _Loop,
    _run,
    _split_scan,
    _tangent_of,
    to_type,
)
from tracetensor.rewrite.derivatives.residuals import Split, closed, fresh
from tracetensor.rewrite.derivatives.tangents import depends_on, is_active, tangent_type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent


def _has_effects(graph: Graph) -> bool:
    return any(n.op.effect or any(_has_effects(b) for b in bodies(n)) for n in graph.nodes())


def _repeatable(node: Node) -> bool:
    """Whether a node may be computed again: not what draws, prints or calls."""
    return not node.op.effect and not any(_has_effects(b) for b in bodies(node))


# Blocks ----------------------------------------------------------------------------------------------------------


def undefined_like(graph: Graph) -> Graph:
    """The branch that is never taken, beside this one."""
    outputs = [control.undefined(type=v.type) for v in graph.outputs]
    return Graph([fresh(v) for v in graph.inputs], outputs, name="never")


def block(node: Node, tangents: Sequence[Tangent], forward: Forward) -> None:
    """Reverse mode of a block: it keeps its inputs, and what cannot be computed again."""
    condition, *captured = [forward.value(v) for v in node.inputs]
    body: Graph = node.params["then"]
    inner = _inner(forward, body)
    seeds = []
    for v, t in zip(body.inputs, tangents[1:], strict=True):
        if t is not None:
            seeds.append(fresh(v, tangent_type(v.type)))
            inner.seed(v, seeds[-1])
    outputs, roots = _run(inner, body)
    active = [k for k, v in enumerate(body.outputs) if is_active(v.type) and inner.tangent.get(v) is not None]
    residuals: dict[Variable, Variable] = {}

    def keep(v: Variable) -> Variable:
        residuals[v] = fresh(v)
        return residuals[v]

    free = {v: fresh(v) for v in body.inputs}
    wanted = [_tangent_of(inner, body.outputs[k], outputs[k], None) for k in active]
    split = Split(seeds, free, wanted, forward.shapes, keep, again=_repeatable)
    made = forward.again(node)
    if residuals:
        then = closed(body.inputs, [*outputs, *residuals], body.name, roots=roots, locations=inner.where)
        made = control.ifelse.node(condition, *captured, then=then, orelse=undefined_like(then))
    if made is not node:
        forward.primal.update(zip(node.outputs, made.outputs, strict=False))
        if node in forward.locations:
            forward.where.setdefault(made, forward.locations[node])
    if not active:
        return
    given = [t for t in tangents[1:] if t is not None]
    linear = closed([*free.values(), *residuals.values(), *seeds], split.outputs, f"linear_{body.name}")
    second = control.ifelse.node(
        checkpoints.recomputing(linear=True), *captured, *made.outputs[len(node.outputs) :], *given,
        then=linear, orelse=undefined_like(linear),
    )  # fmt: skip
    for k, t in zip(active, second.outputs, strict=True):
        forward.tangent[node.outputs[k]] = forward.shapes.tell(t, made.outputs[k])


# Loops, forward --------------------------------------------------------------------------------------------------


def can_be_scheduled(loop: _Loop, stacked: Sequence[int]) -> bool:
    """Whether parts of a loop can be computed again: it has no effects, and its states are arrays and numbers.

    A list that grows would be kept again and again.
    """
    kinds = all(isinstance(v.type, TensorType) for v in loop.carry)
    return kinds and not stacked and not _has_effects(loop.body)


def scheduled_scan(  # noqa: PLR0913, PLR0917 - the pieces of a loop
    schedule: checkpoints.Schedule, loop: _Loop, outputs: Any, carried: Any, seeds: Any, wanted: Any, initial: Any, captured: Any,
) -> tuple[Sequence[Variable], Sequence[Variable]]:  # fmt: skip
    """The loop as it was, and itself with tangents, in the place of its linear part."""
    old = loop.body
    own = old.outputs[loop.conditional :]
    counter = [input_variable(INT, "steps")] if loop.conditional else []
    body = closed(
        [*loop.step, *loop.carry, *counter, *loop.inner_captured],
        [
            *old.outputs[: loop.conditional + loop.n_carry],
            *[PYTHON["add"](v, 1) for v in counter],
            *own[loop.n_carry :],
        ],
        old.name,
        roots=old.roots,
        locations=old.locations,
    )
    made = control.scan.node(
        *loop.head, *loop.initial, *[constant(0) for _ in counter], *loop.captured,
        body=body, n_carry=loop.n_carry + len(counter), counted=True, conditional=bool(loop.conditional),
    )  # fmt: skip
    n = loop.n_carry
    primal = [*made.outputs[:n], *made.outputs[n + len(counter) :]]
    if not wanted:
        return primal, ()
    steps = made.outputs[n] if counter else loop.head[0]
    joint = closed(
        [*loop.step, *carried, *loop.carry, *loop.inner_captured, *seeds],
        [*wanted, *outputs[loop.conditional : loop.conditional + n]],
        f"joint_{old.name}",
    )
    second = control.scan.node(
        checkpoints.scheduled(steps, schedule=schedule, linear=len(carried)),
        *initial, *loop.initial, *loop.captured, *captured,
        body=joint, n_carry=len(carried) + n, counted=True, conditional=False,
    )  # fmt: skip
    return primal, second.outputs[: len(carried)]


AGAIN.update({"block": block, "can be scheduled": can_be_scheduled, "loop": scheduled_scan})


# Loops, backward -------------------------------------------------------------------------------------------------


class _Identity:
    """What a segment is split with in the place of a run of forward mode: its variables stand for themselves."""

    where: Mapping[Node, Any] = {}

    @staticmethod
    def value(variable: Variable) -> Variable:
        return variable


class _Segment(_Loop):
    """The known part of a loop as a loop of its own, from some step on: the step is carried, in front."""

    def __init__(self, back: ScheduledBack, count: Variable, state: Sequence[Variable], captured: Sequence[Variable]) -> None:  # fmt: skip
        self.body = back.known_body
        self.counted, self.conditional = 1, 0
        self.n_carry = len(state)
        self.head = [count]
        self.initial, self.captured = list(state), list(captured)
        self.step = self.body.inputs[:1]
        self.carry = self.body.inputs[1 : 1 + self.n_carry]
        self.inner_captured = self.body.inputs[1 + self.n_carry :]

    def run(self) -> Sequence[Variable]:
        """The state after these steps."""
        outputs: Sequence[Variable] = control.scan.node(
            *self.head, *self.initial, *self.captured,
            body=self.body, n_carry=self.n_carry, counted=True, conditional=False,
        ).outputs  # fmt: skip
        return outputs


class ScheduledBack:
    """A scheduled loop whose carry is in part linear, transposed."""

    def __init__(self, back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
        self.back, self.node, self.cotangents = back, node, cotangents
        found = checkpoints.schedule_of(node)
        assert found is not None
        self.schedule, n = found
        self.body: Graph = node.params["body"]
        n_carry = node.params["n_carry"]
        steps = node.inputs[0].node
        assert steps is not None
        self.total = steps.inputs[0]
        rest = node.inputs[1:]
        self.initial, self.known_initial = rest[:n], rest[n:n_carry]
        self.step = self.body.inputs[0]
        self.linear_carry = self.body.inputs[1 : 1 + n]
        self.known_carry = self.body.inputs[1 + n : 1 + n_carry]
        inner = self.body.inputs[1 + n_carry :]
        outer = rest[n_carry:]
        active = [back.is_linear(v) for v in outer]
        self.seeds = [v for v, on in zip(inner, active, strict=True) if on]
        self.seeded = [v for v, on in zip(outer, active, strict=True) if on]
        self.inner_captured = [v for v, on in zip(inner, active, strict=True) if not on]
        self.captured = [v for v, on in zip(outer, active, strict=True) if not on]
        self.next_linear, self.next_known = self.body.outputs[:n], self.body.outputs[n:n_carry]
        self.needed = self._needed()
        self.known_body = self._known_body()

    def _needed(self) -> list[int]:
        """The known values of the carry that the linear part reads, and those that these are made of."""
        needed: set[int] = set()
        targets = [*self.next_linear, *self._told_dims()]
        while True:
            reads = {v for node in topological(targets, ()) for v in node.inputs} | set(targets)
            found = {k for k, v in enumerate(self.known_carry) if v in reads}
            if found <= needed:
                return sorted(needed)
            needed |= found
            targets = [*targets, *[self.next_known[k] for k in sorted(needed)]]

    def _told_dims(self) -> list[Variable]:
        told = [
            n for v in (*self.linear_carry, *self.seeds) for n in self.back.shapes.told.get(v, {}).values()
        ]
        return [n for n in told if isinstance(n, Variable)]

    def _known_body(self) -> Graph:
        return closed(
            [
                input_variable(INT, "place"),
                self.step,
                *[self.known_carry[k] for k in self.needed],
                *self.inner_captured,
            ],
            [PYTHON["add"](self.step, 1), *[self.next_known[k] for k in self.needed]],
            "known",
        )

    def run(self) -> None:
        """Build the loop over segments, from the last to the first; contribute its results."""
        back = self.back
        linear_types = [tangent_type(v.type) for v in self.linear_carry]
        seed_types = [tangent_type(v.type) for v in self.seeds]
        first = [
            to_type(c if (c := self.cotangents[k]) is not None else back.zero(self.node.outputs[k]), type_)
            for k, type_ in enumerate(linear_types)
        ]
        sums = [
            to_type(back.total_or_zero(v), type_) for v, type_ in zip(self.seeded, seed_types, strict=True)
        ]
        state_types = [INT, *[self.known_carry[k].type for k in self.needed]]
        state = [constant(0), *[self.known_initial[k] for k in self.needed]]
        stacks = [control.list_make(v, type=ListType(t)) for v, t in zip(state, state_types, strict=True)]
        body = self._body(state_types, linear_types, seed_types)
        made = control.scan.node(
            PYTHON["gt"](self.total, 0), self.total, *stacks, *first, *sums, self.total, *self.captured,
            body=body, n_carry=len(body.outputs) - 1, counted=False, conditional=True,
        )  # fmt: skip
        found = made.outputs[1 + len(stacks) :]
        for v, out in zip((*self.initial, *self.seeded), found, strict=True):
            back.add(v, out)

    def _body(
        self, state_types: Sequence[Type], linear_types: Sequence[Type], seed_types: Sequence[Type]
    ) -> Graph:
        """One segment: advance from the last kept state, keeping others; then go back over what is left."""
        end, total = input_variable(INT, "end"), input_variable(INT, "total")
        stacks = [input_variable(ListType(t), "kept") for t in state_types]
        cotangents = [input_variable(t, "cotangent") for t in linear_types]
        sums = [input_variable(t, "sum") for t in seed_types]
        captured = [fresh(v) for v in self.inner_captured]
        kept = self._advanced(end, total, stacks, captured)
        popped = [control.list_pop.node(s, constant(-1)).outputs for s in kept]
        stacks_left, state = [p[0] for p in popped], [p[1] for p in popped]
        found = self._back_over(PYTHON["sub"](end, state[0]), state, captured, cotangents, sums)
        found = [to_type(v, t) for v, t in zip(found, (*linear_types, *seed_types), strict=True)]
        return closed(
            [end, *stacks, *cotangents, *sums, total, *captured],
            [PYTHON["gt"](state[0], 0), state[0], *stacks_left, *found],
            f"back_{self.body.name}",
        )

    def _advanced(
        self, end: Variable, total: Variable, stacks: Sequence[Variable], captured: Sequence[Variable]
    ) -> Sequence[Variable]:
        """The stacks, with states kept up to the last segment before `end`."""

        def far(last: Variable, end: Variable, total: Variable, used: Variable) -> Variable:
            result: Variable = checkpoints.advance(
                PYTHON["sub"](end, last), total, used, schedule=self.schedule
            )
            return result

        inner = [fresh(s) for s in stacks]
        inner_end, inner_total = fresh(end), fresh(total)
        inner_captured = [fresh(v) for v in captured]
        state = [control.list_get(s, constant(-1)) for s in inner]
        used = control.list_len(inner[0])
        steps = far(state[0], inner_end, inner_total, used)
        new = _Segment(self, steps, state, inner_captured).run()
        grown = [control.list_append(s, v) for s, v in zip(inner, new, strict=True)]
        more = far(new[0], inner_end, inner_total, PYTHON["add"](used, 1))
        body = closed(
            [*inner, inner_end, inner_total, *inner_captured], [PYTHON["gt"](more, 0), *grown], "advance"
        )
        first = far(control.list_get(stacks[0], constant(-1)), end, total, control.list_len(stacks[0]))
        outputs: Sequence[Variable] = control.scan.node(
            PYTHON["gt"](first, 0), *stacks, end, total, *captured,
            body=body, n_carry=len(stacks), counted=False, conditional=True,
        ).outputs  # fmt: skip
        return outputs

    def _back_over(
        self, count: Variable, state: Sequence[Variable], captured: Sequence[Variable],
        cotangents: Sequence[Variable], sums: Sequence[Variable],
    ) -> list[Variable]:  # fmt: skip
        """The cotangents before `count` steps from a state, and the sums with what these steps contribute."""
        shapes = self.back.shapes
        segment = _Segment(self, count, state, captured)
        invariant = _Invariant(segment, _Identity())  # type: ignore[arg-type]
        outside = dict(zip((*segment.carry, *segment.inner_captured), (*state, *captured), strict=True))
        starts = []
        for inside, c in zip((*self.linear_carry, *self.seeds), (*cotangents, *sums), strict=True):
            start = fresh(inside, tangent_type(inside.type))
            self._tell(start, inside, c, invariant, outside)
            starts.append(start)
        n = len(self.linear_carry)
        known = [PYTHON["add"](self.step, 1), *[self.next_known[k] for k in self.needed]]
        _, found = _split_scan(
            segment, _Identity(), known, [], list(self.linear_carry), list(self.seeds), list(self.next_linear),  # type: ignore[arg-type]
            starts[:n], starts[n:], _Shaped(shapes),  # type: ignore[arg-type]
        )  # fmt: skip
        back = Backward(depends_on(found, set(starts)), shapes)
        for out, c in zip(found, cotangents, strict=True):
            shapes.default(out, c)
            back.add(out, shapes.tell(c, out))
        for start, total in zip(starts[n:], sums, strict=True):
            back.sums.setdefault(start, []).insert(0, shapes.tell(total, start))
        back.run(topological(found, starts))
        return [back.total_or_zero(v) for v in starts]

    def _tell(
        self, start: Variable, inside: Variable, cotangent: Variable, invariant: _Invariant, outside: dict[Variable, Variable]
    ) -> None:  # fmt: skip
        """What is known of the dims of a tangent at the start of a segment: those of the state there, or of its cotangent."""
        told = self.back.shapes.told.get(inside, {})
        changing = {k: n for k, n in told.items() if isinstance(n, Variable) and not invariant._dim(n)}
        if changing:
            mapping = dict(outside)
            self.back.shapes.put(start, {k: _elsewhere(n, mapping) for k, n in changing.items()})
        self.back.shapes.default(start, cotangent)


class _Shaped:
    """What `_split_scan` asks of a run of forward mode."""

    def __init__(self, shapes: Any) -> None:
        self.shapes = shapes
        self.where: dict[Node, Any] = {}


def _elsewhere(dim: Variable, mapping: dict[Variable, Variable]) -> Variable:
    """A dim made of other variables in the place of some."""
    for node in topological([dim], ()):
        if not mapping.keys().isdisjoint(node.inputs) and node.outputs[0] not in mapping:
            new = apply(node.op, [mapping.get(v, v) for v in node.inputs], node.params)
            mapping.update(zip(node.outputs, new.outputs, strict=True))
    return mapping.get(dim, dim)
