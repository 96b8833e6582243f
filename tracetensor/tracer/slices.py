"""Slices of slices as one index with bounds computed at run time: what a loop carries of a view that changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.ops import dims, indexing
from tracetensor.tracer.values import Step, TracedArray, TracedUnion

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.arrays import Arrays

BOUNDED = "s111"


def slices_from(steps: tuple[Any, ...]) -> int:
    """From which step on, each (op, inputs, params), the steps of a view are indices made of integers and slices only."""
    first = len(steps)
    while first and steps[first - 1][0] is indexing.getitem and not _odd(dict(steps[first - 1][2])["spec"]):
        first -= 1
    return first


def are_slices(head: Any, end: Any) -> bool:
    """Whether what a place holds is slices, of one kind, of one array."""
    views = [f for s in (head, end) for f in (s[1] if s[0] == "union" else (s,))]
    if any(f[0] != "reference" or f[1] is not views[0][1] for f in views):
        return False
    firsts = [slices_from(f[2]) for f in views]
    return all(
        n < len(f[2]) and f[2][:n] == views[0][2][: firsts[0]] for n, f in zip(firsts, views, strict=True)
    )


def taken_apart(array: TracedArray) -> tuple[Any, ...]:
    """The steps of an array as the skeleton of a reference has them."""
    return tuple([(s.op, s.inputs, s.params) for s in array.steps])


def _odd(spec: indexing.Spec) -> bool:
    return any(e in {"n", "a"} for e in spec)


def as_one_slice(arrays: Arrays, array: TracedArray) -> TracedArray:
    """The same view with its last steps made one, an index of integers and of slices whose bounds are variables."""
    first = slices_from(taken_apart(array))
    before, steps = array.steps[:first], array.steps[first:]
    if not steps:
        return array
    state = arrays.state
    base = arrays.read(TracedArray(array.storage, before))
    if len(steps) == 1 and _is_canonical(steps[0], base.ndim):
        return array
    lengths = [state.emit(dims.dim, [base], {"axis": k}).out for k in range(base.ndim)]
    entries: list[tuple[Variable, ...]] = [_part(state, n, (), (), "s000") for n in lengths]
    for step in steps:
        spec = dict(step.params)["spec"]
        free = [k for k, e in enumerate(entries) if len(e) > 1]
        leaves = [state.region.lift(v) for v in step.inputs]
        for k, entry in zip(free, _expanded(spec, len(free)), strict=False):
            own = [leaves.pop(0) for _ in range(indexing.leaf_count(entry))]
            if entry != indexing.FULL_SLICE:
                entries[k] = _part(state, lengths[k], entries[k], own, entry)
    spec = tuple([BOUNDED if len(e) > 1 else "i" for e in entries])
    if BOUNDED not in spec:
        spec = (*spec, "e")  # a view of rank 0, not a scalar
    inputs = tuple([state.outermost(v) for e in entries for v in e])
    return TracedArray(array.storage, (*before, Step(indexing.getitem, inputs, (("spec", spec),))))


def merged_slices(arrays: Arrays, union: TracedUnion, one_view: Callable[..., Any]) -> Any:
    """The one view that a union is whose alternatives are slices of one array, with bounds chosen at run time."""
    if any(type(v) is not TracedArray or not v.steps for v in union.alternatives):
        return union
    firsts = [v.steps[: slices_from(taken_apart(v))] for v in union.alternatives]
    if any(
        step.inputs for steps in firsts for step in steps
    ):  # taken where it is not the one, it might raise
        return union
    views = tuple([as_one_slice(arrays, v) for v in union.alternatives])
    if any(view_key(v) != view_key(views[0]) for v in views):
        return union
    return one_view(TracedUnion(union.tag, views), list(range(len(views))))


def view_key(array: TracedArray) -> Any:
    """What two views must agree in to differ only in what their steps are given."""
    return array.storage, tuple([(s.op, tuple([v.type for v in s.inputs]), s.params) for s in array.steps])


def _is_canonical(step: Step, axes: int) -> bool:
    spec = dict(step.params)["spec"]
    bounded = spec[axes:] == (() if BOUNDED in spec else ("e",)) and set(spec[:axes]) <= {BOUNDED, "i"}
    return bounded and not any(isinstance(v, Constant) for v in step.inputs)


def _expanded(spec: indexing.Spec, free: int) -> list[str]:
    """The entries of an index, one for each axis."""
    fill = [indexing.FULL_SLICE] * (free - sum(e != "e" for e in spec))
    if "e" not in spec:
        return [*spec, *fill]
    place = spec.index("e")
    return [*spec[:place], *fill, *spec[place + 1 :]]


def _part(state: Any, length: Variable, outer: Any, inner: Any, spec: str) -> tuple[Variable, ...]:
    """The integer, or the bounds and the step, that an entry comes to within a slice of an axis."""
    names = ("index",) if spec == "i" else ("start", "stop", "step")
    return tuple(
        [
            state.emit(indexing.subslice, [length, *outer, *inner], {"spec": spec, "part": name}).out
            for name in names
        ]
    )
