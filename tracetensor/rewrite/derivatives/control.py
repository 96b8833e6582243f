"""Forward mode through branches and loops: one node with tangents, or a node that keeps residuals and a linear one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import NotDifferentiable
from tracetensor.graph.graph import Graph, topological
from tracetensor.graph.node import Constant, Node, Variable, as_variable, constant, input_variable
from tracetensor.graph.ops import control
from tracetensor.graph.ops.checkpoints import is_recomputed, schedule_of
from tracetensor.graph.ops.dims import shape_of
from tracetensor.graph.ops.elementwise import as_kind, copy
from tracetensor.graph.ops.indexing import getitem
from tracetensor.graph.ops.scalars import CONVERSIONS, PYTHON, index
from tracetensor.graph.types import INT, ListType, TensorType
from tracetensor.rewrite.derivatives.forward import Forward, def_control
from tracetensor.rewrite.derivatives.residuals import Split, closed, fresh
from tracetensor.rewrite.derivatives.tangents import as_tangent, is_active, tangent_type, zeros_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.rewrite.derivatives.tangents import Tangent

AGAIN: dict[str, Any] = {}
"""What checkpoints.py enters: reverse mode of what is computed again rather than kept."""


def _inner(forward: Forward, body: Graph) -> Forward:
    return Forward(split=forward.split, shapes=forward.shapes, locations=body.locations)


def _run(inner: Forward, body: Graph) -> tuple[list[Variable], list[Variable]]:
    """Forward mode over a body: its outputs and its roots, as they are now."""
    inner.run(body.nodes())
    inner.where.update(body.locations)
    roots = [inner.value(v) for v in body.roots]
    return [inner.value(v) for v in body.outputs], roots


def _tangent_of(inner: Forward, old: Variable, new: Variable, type_: Any) -> Variable:
    """The tangent that leaves a body for one of its outputs, whose type outside is given."""
    found = inner.tangent.get(old)
    if found is None:
        return zeros_like(new)
    return as_tangent(found, new)


# Branches --------------------------------------------------------------------------------------------------------


@def_control("ifelse")
def ifelse(node: Node, tangents: Sequence[Tangent], forward: Forward) -> None:
    """Only the branch taken has its tangents computed."""
    if forward.split and is_recomputed(node.inputs[0]):
        AGAIN["block"](node, tangents, forward)
        return
    condition, *captured = [forward.value(v) for v in node.inputs]
    runs = []
    for name in ("then", "orelse"):
        body: Graph = node.params[name]
        inner = _inner(forward, body)
        seeds = []
        for v, t in zip(body.inputs, tangents[1:], strict=True):
            if t is not None:
                seeds.append(fresh(v, tangent_type(v.type)))
                inner.seed(v, seeds[-1])
        outputs, roots = _run(inner, body)
        runs.append((body, inner, seeds, outputs, roots))
    active = [
        k
        for k, out in enumerate(node.outputs)
        if is_active(out.type) and any(r[1].tangent.get(r[0].outputs[k]) is not None for r in runs)
    ]
    seeded = [t for t in tangents[1:] if t is not None]
    if forward.split:
        made, found = _split_ifelse(condition, captured, seeded, runs, active, forward)
    else:
        made, found = _joint_ifelse(condition, captured, seeded, runs, active)
    if node in forward.locations:
        forward.where.setdefault(made[0].node, forward.locations[node])  # type: ignore[arg-type]
    for old, new in zip(node.outputs, made, strict=True):
        if old is not new:
            forward.primal[old] = new
    for k, t in zip(active, found, strict=True):
        forward.tangent[node.outputs[k]] = forward.shapes.tell(t, made[k])


def _joint_ifelse(
    condition: Variable, captured: list[Variable], seeded: list[Variable], runs: Any, active: list[int]
) -> tuple[Sequence[Variable], Sequence[Variable]]:
    graphs = []
    for body, inner, seeds, outputs, roots in runs:
        extra = [_tangent_of(inner, body.outputs[k], outputs[k], None) for k in active]
        graphs.append(
            closed([*body.inputs, *seeds], [*outputs, *extra], body.name, roots=roots, locations=inner.where)
        )
    made = control.ifelse.node(condition, *captured, *seeded, then=graphs[0], orelse=graphs[1])
    count = len(made.outputs) - len(active)
    return made.outputs[:count], made.outputs[count:]


def _split_ifelse(
    condition: Variable,
    captured: list[Variable],
    seeded: list[Variable],
    runs: Any,
    active: list[int],
    forward: Forward,
) -> tuple[Sequence[Variable], Sequence[Variable]]:
    kept: list[list[Variable]] = []
    parts = []
    for body, inner, seeds, outputs, _ in runs:
        residuals: dict[Variable, Variable] = {}

        def keep(v: Variable, residuals: dict[Variable, Variable] = residuals) -> Variable:
            residuals[v] = fresh(v)
            return residuals[v]

        free = {v: fresh(v) for v in body.inputs}
        wanted = [_tangent_of(inner, body.outputs[k], outputs[k], None) for k in active]
        split = Split(seeds, free, wanted, forward.shapes, keep)
        kept.append(list(residuals))
        parts.append((seeds, free, residuals, split.outputs))
    graphs, linear = [], []
    all_residuals = [v for residuals in kept for v in residuals]
    for number, (body, inner, _, outputs, roots) in enumerate(runs):
        extra = [
            v if side == number else control.undefined(type=v.type)
            for side, residuals in enumerate(kept)
            for v in residuals
        ]
        graphs.append(closed(body.inputs, [*outputs, *extra], body.name, roots=roots, locations=inner.where))
    made = control.ifelse.node(condition, *captured, then=graphs[0], orelse=graphs[1])
    count = len(made.outputs) - len(all_residuals)
    for number, (seeds, free, residuals, outputs) in enumerate(parts):
        own = iter(residuals.values())
        slots = [next(own) if side == number else fresh(v) for side, found in enumerate(kept) for v in found]
        graph = closed([*free.values(), *slots, *seeds], outputs, f"linear_{runs[number][0].name}")
        linear.append(graph)
    if not active:
        return made.outputs[:count], ()
    second = chosen(condition, [*captured, *made.outputs[count:], *seeded], *linear)
    return made.outputs[:count], second.outputs


def chosen(condition: Variable, inputs: Sequence[Variable], then: Graph, orelse: Graph) -> Node:
    """An ifelse, whose branches are not given objects that neither reads: a loop could not keep them for each step."""
    read = {v for body in (then, orelse) for v in (*body.outputs, *body.roots)}
    read.update(v for body in (then, orelse) for n in body.nodes() for v in n.inputs)
    kept = [
        k
        for k, v in enumerate(inputs)
        if isinstance(v.type, (TensorType, ListType)) or then.inputs[k] in read or orelse.inputs[k] in read
    ]
    graphs = [
        closed(
            [body.inputs[k] for k in kept],
            body.outputs,
            body.name,
            roots=body.roots,
            locations=body.locations,
        )
        for body in (then, orelse)
    ]
    made: Node = control.ifelse.node(condition, *[inputs[k] for k in kept], then=graphs[0], orelse=graphs[1])
    return made


# Loops -----------------------------------------------------------------------------------------------------------


class _Loop:
    """The parts of a scan."""

    def __init__(self, node: Node, inputs: Sequence[Variable]) -> None:
        params = node.params
        self.body: Graph = params["body"]
        self.counted, self.conditional = int(params["counted"]), int(params["conditional"])
        self.n_carry: int = params["n_carry"]
        head = self.counted + self.conditional
        self.head = list(inputs[:head])
        self.initial = list(inputs[head : head + self.n_carry])
        self.captured = list(inputs[head + self.n_carry :])
        self.step = self.body.inputs[: self.counted]
        self.carry = self.body.inputs[self.counted : self.counted + self.n_carry]
        self.inner_captured = self.body.inputs[self.counted + self.n_carry :]


@def_control("scan")
def scan(node: Node, tangents: Sequence[Tangent], forward: Forward) -> None:
    """A loop that carries tangents, or one that keeps residuals and one that carries tangents."""
    loop = _Loop(node, [forward.value(v) for v in node.inputs])
    head = loop.counted + loop.conditional
    first = tangents[head : head + loop.n_carry]
    rest = tangents[head + loop.n_carry :]
    active = {k for k, t in enumerate(first) if t is not None}
    while True:
        inner, carried, seeds = _seed_loop(loop, forward, active, rest)
        outputs, roots = _run(inner, loop.body)
        own = loop.body.outputs[loop.conditional :]
        leaving = {k for k in range(loop.n_carry) if inner.tangent.get(own[k]) is not None}
        if leaving <= active:
            break
        active |= leaving
    order = sorted(active)
    stacked = [k for k in range(loop.n_carry, len(own)) if inner.tangent.get(own[k]) is not None]
    new_own = outputs[loop.conditional :]
    wanted = [_tangent_of(inner, own[k], new_own[k], None) for k in (*order, *stacked)]
    wanted = [_settled(t, loop.carry[k]) for t, k in zip(wanted, order, strict=False)] + wanted[len(order) :]
    initial = [t if (t := first[k]) is not None else zeros_like(loop.initial[k]) for k in order]
    initial = [_loosened(t, c) for t, c in zip(initial, carried, strict=True)]
    captured = [t for t in rest if t is not None]
    pieces = (loop, inner, outputs, roots, carried, seeds, wanted, initial, captured)
    plan = schedule_of(node) if forward.split else None
    if plan is not None and AGAIN["can be scheduled"](loop, stacked):
        made, found = AGAIN["loop"](plan[0], loop, outputs, carried, seeds, wanted, initial, captured)
    else:
        made, found = (_split_scan if forward.split else _joint_scan)(*pieces, forward)
    for old, new in zip(node.outputs, made, strict=True):
        if old is not new:
            forward.primal[old] = new
    new_node = made[0].node if made else None
    if node in forward.locations and new_node is not None:
        forward.where.setdefault(new_node, forward.locations[node])
    for k, t in zip((*order, *stacked), found, strict=True):
        forward.tangent[node.outputs[k]] = forward.shapes.tell(t, made[k])


def _settled(tangent: Variable, carry: Variable) -> Variable:
    """A tangent that leaves a step, in the type in which the carry's enters it."""
    return to_type(tangent, tangent_type(carry.type))


def to_type(x: Variable, type_: Any) -> Variable:
    """x with the dims that a type says it has."""
    from tracetensor.graph.types import conforms

    if conforms(x.type, type_):
        return x
    if isinstance(type_, TensorType) and x.ndim == type_.ndim and x.ndim:
        from tracetensor.graph.ops.dims import dim_inputs
        from tracetensor.graph.ops.shape import reshape

        dims = [n if n is not None else d for n, d in zip(type_.shape, shape_of(x), strict=True)]
        return reshape(x, *dim_inputs(dims), order="C")  # type: ignore[no-any-return]
    return x


def _loosened(tangent: Variable, carried: Variable) -> Variable:
    return to_type(tangent, carried.type)


def _seed_loop(
    loop: _Loop, forward: Forward, active: set[int], rest: Sequence[Tangent]
) -> tuple[Forward, list[Variable], list[Variable]]:
    inner = _inner(forward, loop.body)
    carried, seeds = [], []
    for k in sorted(active):
        carried.append(fresh(loop.carry[k], tangent_type(loop.carry[k].type)))
        inner.seed(loop.carry[k], carried[-1])
    for v, t in zip(loop.inner_captured, rest, strict=True):
        if t is not None:
            seeds.append(fresh(v, tangent_type(v.type)))
            inner.seed(v, seeds[-1])
    return inner, carried, seeds


def _joint_scan(  # noqa: PLR0913, PLR0917 - the pieces of a loop
    loop: _Loop, inner: Forward, outputs: Any, roots: Any, carried: Any, seeds: Any, wanted: Any,
    initial: Any, captured: Any, forward: Forward,
) -> tuple[Sequence[Variable], Sequence[Variable]]:  # fmt: skip
    n = len(carried)
    split_at = loop.conditional + loop.n_carry
    body = closed(
        [*loop.step, *loop.carry, *carried, *loop.inner_captured, *seeds],
        [*outputs[:split_at], *wanted[:n], *outputs[split_at:], *wanted[n:]],
        loop.body.name,
        roots=roots,
        locations=inner.where,
    )
    made = control.scan.node(
        *loop.head, *loop.initial, *initial, *loop.captured, *captured,
        body=body, n_carry=loop.n_carry + n, counted=bool(loop.counted), conditional=bool(loop.conditional),
    )  # fmt: skip
    out = made.outputs
    n_stacked = len(outputs) - split_at
    at = loop.n_carry + n
    primal = [*out[: loop.n_carry], *out[at : at + n_stacked]]
    return primal, [*out[loop.n_carry : at], *out[at + n_stacked :]]


class _Kept:
    """The residuals of a loop: how each is stored over the steps, and read again."""

    def __init__(self, loop: _Loop, step: Variable, invariant: _Invariant) -> None:
        self.loop = loop
        self.step = step
        self.invariant = invariant
        self.stacked: list[tuple[Variable, Variable]] = []
        self.lists: list[tuple[Variable, Variable, Variable]] = []

    def __call__(self, variable: Variable) -> Variable:
        type_ = variable.type
        if isinstance(type_, ListType) or (
            isinstance(type_, TensorType) and None in type_.shape and not self.invariant.shape(variable)
        ):
            stack = input_variable(ListType(type_), "kept")
            self.lists.append((variable, stack, input_variable(ListType(type_), "kept")))
            found = control.list_get(stack, self.step)
            return found if isinstance(type_, ListType) else restored(found, type_)
        if not isinstance(type_, TensorType):
            msg = f"a loop whose derivative reads a value of type {type_!r} of every step"
            raise NotDifferentiable(msg)
        stack = input_variable(TensorType(type_.dtype, (None, *type_.shape)), "kept")
        self.stacked.append((variable, stack))
        return restored(getitem(stack, self.step, spec=("i",)), type_)


def restored(x: Variable, type_: TensorType) -> Variable:
    """An element of a stack, of the kind that it was."""
    if x.type is type_:
        return x
    if type_ is INT:
        return index(x)  # type: ignore[no-any-return]
    if type_.is_python:
        return CONVERSIONS[type_.kind](x)  # type: ignore[no-any-return]
    if not type_.shape:
        return as_kind(x, kind=type_.kind)  # type: ignore[no-any-return]
    return x


class _Invariant:
    """Which arrays of a loop's body have the same shape in every step."""

    def __init__(self, loop: _Loop, inner: Forward) -> None:
        self.loop = loop
        self.fixed: set[Variable] = set(loop.inner_captured)
        candidates = {k for k, v in enumerate(loop.carry) if isinstance(v.type, TensorType) and v.type.shape}
        outputs = [inner.value(v) for v in loop.body.outputs[loop.conditional :]]
        while True:
            self.keeping = {loop.carry[k] for k in candidates}
            bad = {
                k
                for k in candidates
                if not all(
                    a == b or (isinstance(a, Variable) and a is b)
                    for a, b in zip(shape_of(outputs[k]), shape_of(loop.carry[k]), strict=True)
                )
            }
            if not bad:
                break
            candidates -= bad

    def shape(self, variable: Variable) -> bool:
        """Whether all dims are made of what does not change from step to step."""
        return all(not isinstance(n, Variable) or self._dim(n) for n in shape_of(variable))

    def _dim(self, n: Variable) -> bool:
        for node in topological([n], ()):
            for v in node.inputs:
                if v.node is not None or isinstance(v, Constant) or v in self.fixed:
                    continue
                if not (node.op.name == "dim" and v in self.keeping):
                    return False
            if node.op.family not in {"dim", "python"}:
                return False
            if node.op.name == "dim" and node.inputs[0].node is not None:
                return False
        return n.node is not None or n in self.fixed


def _lengths(loop: _Loop, invariant: _Invariant) -> dict[Variable, Variable]:
    """The dims, in the body, of carried arrays that keep their shape, and what they are outside of the loop."""
    found: dict[Variable, Variable] = {}
    for inside, outside in zip(loop.carry, loop.initial, strict=True):
        if inside in invariant.keeping:
            pairs = zip(shape_of(inside), shape_of(outside), strict=True)
            found.update({a: as_variable(b) for a, b in pairs if isinstance(a, Variable)})
    return found


def _split_scan(  # noqa: PLR0913, PLR0917 - the pieces of a loop
    loop: _Loop, inner: Forward, outputs: Any, roots: Any, carried: Any, seeds: Any, wanted: Any,
    initial: Any, captured: Any, forward: Forward,
) -> tuple[Sequence[Variable], Sequence[Variable]]:  # fmt: skip
    step = input_variable(INT, "step")
    invariant = _Invariant(loop, inner)
    kept = _Kept(loop, step, invariant)
    free = {v: fresh(v) for v in loop.inner_captured}
    lengths = _lengths(loop, invariant)
    free.update({inside: fresh(inside) for inside in lengths})
    if loop.counted:
        free[loop.step[0]] = step
    split = Split([*carried, *seeds], free, wanted, forward.shapes, kept)
    counter = [] if not loop.conditional else [input_variable(INT, "steps")]
    counting = [PYTHON["add"](v, 1) for v in counter]
    lists = [old for _, _, old in kept.lists]
    grown = [control.list_append(old, _own(v)) for v, _, old in kept.lists]
    split_at = loop.conditional + loop.n_carry
    body = closed(
        [*loop.step, *loop.carry, *counter, *lists, *loop.inner_captured],
        [
            *outputs[:split_at], *counting, *grown, *outputs[split_at:], *[v for v, _ in kept.stacked],
        ],
        loop.body.name,
        roots=roots,
        locations=inner.where,
    )  # fmt: skip
    extra = len(counter) + len(lists)
    made = control.scan.node(
        *loop.head, *loop.initial, *[constant(0) for _ in counter],
        *[control.list_make(type=v.type) for v in lists], *loop.captured,
        body=body, n_carry=loop.n_carry + extra, counted=bool(loop.counted), conditional=bool(loop.conditional),
    )  # fmt: skip
    out = made.outputs
    n_stacked = len(outputs) - split_at
    at = loop.n_carry + extra
    primal = [*out[: loop.n_carry], *out[at : at + n_stacked]]
    steps = out[loop.n_carry] if counter else loop.head[0]
    free.pop(loop.step[0] if loop.counted else step, None)
    linear = closed(
        [
            step, *carried, *[free[v] for v in loop.inner_captured], *[free[v] for v in lengths], *[s for _, s, _ in kept.lists],
            *[s for _, s in kept.stacked], *seeds,
        ],
        split.outputs,
        f"linear_{loop.body.name}",
    )  # fmt: skip
    if not wanted:
        return primal, ()
    second = control.scan.node(
        steps, *initial, *loop.captured, *lengths.values(), *out[loop.n_carry + len(counter) : at], *out[at + n_stacked :],
        *captured, body=linear, n_carry=len(carried), counted=True, conditional=False,
    )  # fmt: skip
    return primal, second.outputs


def _own(variable: Variable) -> Variable:
    """A residual that is no view: a list would keep all of what it is a view of."""
    node = variable.node
    if node is not None and node.op.views and isinstance(variable.type, TensorType) and variable.ndim:
        return copy(variable)  # type: ignore[no-any-return]
    return variable
