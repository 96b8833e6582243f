"""What the derivatives of this folder come to: pushforward and pullback of variables of one graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from tracetensor.graph.graph import topological
from tracetensor.graph.node import Node, Variable, input_variable
from tracetensor.rewrite.derivatives import (  # noqa: F401 - enter their rules
    attempts,
    composed,
    control,
    control_back,
    custom,
    elementwise,
    fourier,
    indexing,
    library,
    linalg,
    products,
    reductions,
    selection,
    shape,
)
from tracetensor.rewrite.derivatives.backward import Backward
from tracetensor.rewrite.derivatives.forward import Forward
from tracetensor.rewrite.derivatives.tangents import Shapes, depends_on, tangent_type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.graph import Location
    from tracetensor.rewrite.derivatives.tangents import Tangent


class Made(NamedTuple):
    """What a transform gives. values: what stands for the outputs and roots now. found: tangents or cotangents.

    locations: the lines of nodes that stand for others.
    """

    values: list[Variable]
    roots: dict[Variable, Variable]
    found: list[Tangent]
    locations: Mapping[Node, Location]


def pushforward(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable],
    tangents: Sequence[Tangent],
    *,
    roots: Sequence[Variable] = (),
    constants: Sequence[Variable] = (),
    locations: Mapping[Node, Location] | None = None,
) -> Made:
    """The tangents of outputs for tangents of inputs; None for zero.

    inputs: variables behind the outputs. roots: others that are to be what they were, once. constants: variables that
    have no tangents, whatever they are made of. Raises NotDifferentiable.
    """
    shapes = Shapes()
    kept: list[Tangent] = []
    try:
        forward = Forward(split=False, shapes=shapes, locations=locations)
        forward.lazy, forward.constants = True, frozenset(constants)
        for v, t in zip(inputs, tangents, strict=True):
            forward.seed(v, t)
        forward.run(topological([*roots, *outputs], [*inputs, *constants]))
        forward.check(outputs)
        found = [forward.tangent.get(v) for v in outputs]
        made = Made(
            [forward.value(v) for v in outputs], {v: forward.value(v) for v in roots}, found, forward.where
        )
        kept += [*made.values, *made.roots.values(), *made.found]
        return made
    finally:
        shapes.forget(kept)


def pullback(
    outputs: Sequence[Variable],
    inputs: Sequence[Variable],
    cotangents: Callable[[Sequence[Variable]], Sequence[Tangent]],
    *,
    roots: Sequence[Variable] = (),
    constants: Sequence[Variable] = (),
    locations: Mapping[Node, Location] | None = None,
) -> Made:
    """The cotangents of inputs for cotangents of outputs, which are made of the outputs' values; None for zero."""
    shapes = Shapes()
    kept: list[Tangent] = []
    try:
        forward = Forward(split=True, shapes=shapes, locations=locations)
        forward.lazy, forward.constants = True, frozenset(constants)
        seeds = [input_variable(tangent_type(v.type), v.name) for v in inputs]
        for v, t in zip(inputs, seeds, strict=True):
            forward.seed(v, t)
        forward.run(topological([*roots, *outputs], [*inputs, *constants]))
        forward.check(outputs)
        values = [forward.value(v) for v in outputs]
        tangents = [forward.tangent.get(v) for v in outputs]
        wanted = [t for t in tangents if t is not None]
        back = Backward(depends_on(wanted, set(seeds)), shapes)
        for tangent, c in zip(tangents, cotangents(values), strict=True):
            if tangent is not None and c is not None:
                back.add(tangent, c)
        back.run(topological(wanted, seeds))
        found = [back.total(v) for v in seeds]
        made = Made(values, {v: forward.value(v) for v in roots}, found, forward.where)
        kept += [*made.values, *made.roots.values(), *made.found]
        return made
    finally:
        shapes.forget(kept)
