"""tt.vjp: the value of a function, and a function that takes cotangents back, by what the first run kept."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from tracetensor.errors import NotDifferentiable
from tracetensor.graph.node import Variable, input_variable
from tracetensor.graph.types import TensorType
from tracetensor.tracer.derived import Call, Derived
from tracetensor.transforms import (
    Transformed,
    _all_marked,
    _as_given,
    _float_leaf,
    _like,
    _paired,
    _pull,
    _rebuilt,
    _results,
    _TracedTransform,
    _unwritten,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.graph.graph import Graph

__all__ = ["vjp"]

AGAIN = -1
"""The number of a way back that computes the function again: what it needs cannot be handed over."""
_known: weakref.WeakKeyDictionary[Any, dict[bool, _Forth]] = weakref.WeakKeyDictionary()


class _Forth:
    """A function that gives its value and what the way back needs; and the ways back of its versions, by number."""

    def __init__(self, function: Any, *, has_aux: bool) -> None:
        self.has_aux = has_aux
        self.back: list[_TracedTransform] = []
        self.run = Transformed(function, "vjp", self._build)
        self.run.traced.paired = False

    def _build(self, call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """(result, aux, the number of the way back, what that needs)."""
        from tracetensor.rewrite.derivatives.modes import pullback
        from tracetensor.rewrite.derivatives.tangents import tangent_type

        result = call.run(_all_marked(call, args), {})
        aux = None
        if self.has_aux:
            if not isinstance(result, tuple) or len(result) != 2:
                msg = "vjp with has_aux: the function returns a pair (value, what else there is)"
                raise NotDifferentiable(msg)
            result, aux = result
        result, leaves, variables = _results(call, result)
        also = call.leaves(aux)
        others = [call.variable(v) for v in also]
        active = [_float_leaf(call, v) for v in leaves]
        seeds: list[Variable] = []

        def cotangents(values: Sequence[Variable]) -> list[Any]:
            seeds.extend(
                [input_variable(tangent_type(v.type)) for v, on in zip(values, active, strict=False) if on]
            )
            rest = iter(seeds)
            return [next(rest) if on else None for on in (*active, *[False] * len(others))]

        made = pullback(
            [*variables, *others], call.marks, cotangents, roots=call.roots, locations=call.locations
        )
        call.take(made._replace(found=[]))
        graph, needed = _way_back(seeds, made.found)
        number, handed = AGAIN, ()
        if all(isinstance(v.type, TensorType) for v in needed):
            number = len(self.back)
            handed = tuple([_handed_over(call, v) for v in needed])
            self.back.append(_backward(graph, needed, [c is not None for c in made.found]))
        replaced = iter(made.values[len(variables) :])
        aux = call.mapped(aux, lambda v: call._wrapped(next(replaced), v))
        return _rebuilt(call, result, made.values[: len(variables)]), aux, number, handed


def _way_back(seeds: Sequence[Variable], found: Sequence[Any]) -> tuple[Graph, list[Variable]]:
    """The cotangents of arguments as a graph of those of results and of what it needs besides."""
    from tracetensor.rewrite.derivatives.residuals import Split, closed
    from tracetensor.rewrite.derivatives.tangents import Shapes

    needed: dict[Variable, Variable] = {}

    def keep(v: Variable) -> Variable:
        return needed.setdefault(v, input_variable(v.type, v.name))

    inputs = [input_variable(s.type) for s in seeds]
    wanted = [c for c in found if c is not None]
    split = Split(seeds, dict(zip(seeds, inputs, strict=True)), wanted, Shapes(), keep)
    return closed([*inputs, *needed.values()], split.outputs, "pullback"), list(needed)


def _handed_over(call: Call, variable: Variable) -> Any:
    """A value that the way back needs, as a result: in memory of its own; a bool as NumPy's, which makes no version."""
    from tracetensor.graph.ops.elementwise import copy
    from tracetensor.rewrite.derivatives.tangents import number

    type_ = variable.tensor
    if type_.is_python and type_.dtype.kind == "b":
        return call.wrap(number(variable))
    if type_.is_array and (variable.node is None or variable.node.op.views):
        return call.wrap(copy(variable))
    return call.wrap(variable)


def _backward(graph: Graph, needed: Sequence[Variable], given: Sequence[bool]) -> _TracedTransform:
    """The compiled way back of one version: (needed, primals, result, cotangent) -> cotangents."""
    kinds = [v.tensor for v in needed]

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        from tracetensor.graph.ops.scalars import CONVERSIONS
        from tracetensor.rewrite.derivatives.control import to_type
        from tracetensor.rewrite.derivatives.custom import put_in
        from tracetensor.rewrite.derivatives.tangents import as_tangent, zeros_like

        handed, primals, result, cotangent = args
        pairs = _paired(call, result, cotangent, "vjp: cotangents")
        given_cotangents = [
            zeros_like(call.variable(v)) if c is None else as_tangent(call.variable(c), call.variable(v))
            for v, c in pairs
        ]
        values = [call.variable(v) for v in handed]
        values = [
            CONVERSIONS["bool"](v) if kind.is_python and kind.dtype.kind == "b" else v
            for v, kind in zip(values, kinds, strict=True)
        ]
        fitting = [
            to_type(v, inside.type)
            for v, inside in zip((*given_cotangents, *values), graph.inputs, strict=True)
        ]
        found = iter([call.adopted(v) for v in put_in(graph, fitting)])
        marks: list[Variable] = []
        done: dict[int, Any] = {}

        def note(v: Any) -> Any:
            if _float_leaf(call, v):
                marks.append(call.variable(v))
            return v

        for primal in primals:
            call.mapped(primal, note, done)
        results = [_like(call, next(found) if on else None, m) for on, m in zip(given, marks, strict=True)]
        return tuple(_as_given(call, primals, results))

    inner = Derived(_never, build)

    def pullback(handed: Any, primals: Any, result: Any, cotangent: Any) -> Any:
        return inner(handed, primals, result, cotangent)

    return _TracedTransform(pullback, None, paired=False)


def _never() -> None:
    """What stands for the function on the way back, where it is not called."""


def _vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """The pair (f(*primals), pullback): pullback(cotangent of the result) gives the cotangents of all arguments, as a tuple.

    has_aux: f returns (result, aux), and vjp (result, pullback, aux). The pullback has what it needs from the first run. Within
    traced functions it computes that again.
    """
    result = _unwritten(function)(*primals)

    def pullback(cotangent: Any) -> Any:
        return _pull(function, has_aux=has_aux)(primals, cotangent)

    if has_aux:
        return result[0], pullback, result[1]
    return result, pullback


class _Vjp(Derived):
    """tt.vjp; the tracer interprets what it is there."""

    def __call__(self, function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
        try:
            known = _known.setdefault(function, {})
        except TypeError:
            known = {}
        if has_aux not in known:
            known[has_aux] = _Forth(function, has_aux=has_aux)
        forth = known[has_aux]
        result, aux, number, needed = forth.run(*primals)

        def pullback(cotangent: Any) -> Any:
            if number == AGAIN:
                return _pull(function, has_aux=has_aux)(primals, cotangent)
            return forth.back[number](needed, primals, result, cotangent)

        return (result, pullback, aux) if has_aux else (result, pullback)


vjp: Any = _Vjp(_vjp, lambda call, args, kwargs: call.run(args, kwargs))
