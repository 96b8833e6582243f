"""Functions whose derivative the user gives: custom_jvp and custom_vjp."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import NotDifferentiable
from tracetensor.graph.node import Variable, input_variable
from tracetensor.graph.ops.calculus import mark_independent, with_derivative
from tracetensor.graph.types import TensorType
from tracetensor.tracer.derived import Call, Derived

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ["clip_gradient", "custom_jvp", "custom_vjp"]


def _is_float(call: Call, value: Any) -> bool:
    type_ = call.variable(value).type
    return isinstance(type_, TensorType) and type_.dtype.kind in "fc"


class _Custom(Derived):
    """A function with a derivative of its own; called from Python, it is the function."""

    def __init__(self, function: Callable[..., Any]) -> None:
        super().__init__(function, self._build)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def _build(self, call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        raise NotImplementedError

    def _floats(self, call: Call, value: Any) -> list[Variable]:
        return [call.variable(v) for v in call.leaves(value) if _is_float(call, v)]


def _stand_in(call: Call, variable: Variable) -> Variable:
    """A variable of the type of a tangent of another one, to write a rule down with."""
    from tracetensor.rewrite.derivatives.tangents import number

    return call.adopted(mark_independent(number(variable)))


def _graph(
    call: Call, stand_ins: Sequence[Variable], outputs: Sequence[Variable]
) -> tuple[Any, list[Variable]]:
    """What was written down of the stand-ins, as a graph; and the variables that it captures."""
    from tracetensor.rewrite.derivatives.residuals import Split, closed
    from tracetensor.rewrite.derivatives.tangents import Shapes

    captured: dict[Variable, Variable] = {}

    def keep(v: Variable) -> Variable:
        return captured.setdefault(v, input_variable(v.type, v.name))

    inputs = [input_variable(v.type) for v in stand_ins]
    split = Split(stand_ins, dict(zip(stand_ins, inputs, strict=True)), outputs, Shapes(), keep)
    return closed([*inputs, *captured.values()], split.outputs, "rule"), list(captured)


class custom_jvp(_Custom):  # noqa: N801 - a decorator
    """A function with a derivative of its own in both modes: @tt.custom_jvp, then @f.defjvp.

    The rule takes (primals, tangents), as tuples, and returns (result, tangent of the result), linear in the tangents.
    """

    rule: Any = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Say what the derivative is."""
        self.rule = rule
        return rule

    def _build(self, call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.rule is None or kwargs:
            msg = f"{self.function.__qualname__}: no rule was given by defjvp, or it is called with keywords"
            raise NotDifferentiable(msg)
        xs = self._floats(call, args)
        primals = tuple([call.fresh(v) for v in args])
        stand_ins = [_stand_in(call, x) for x in xs]
        rest = iter(stand_ins)
        tangents = tuple(call.mapped(args, lambda v: call.wrap(next(rest)) if _is_float(call, v) else v))
        result, tangent = call.interpreter.call(self.rule, [primals, tangents], {})
        found = self._floats(call, tangent)
        graph, captured = _graph(call, stand_ins, found)
        places = iter(range(len(found)))
        return call.mapped(
            result,
            lambda v: (
                call._wrapped(
                    call.adopted(
                        with_derivative(
                            call.variable(v),
                            *xs,
                            *captured,
                            count=len(xs),
                            rule=graph,
                            mode="jvp",
                            place=next(places),
                        )
                    ),
                    v,
                )
                if _is_float(call, v)
                else v
            ),
        )


class custom_vjp(_Custom):  # noqa: N801 - a decorator
    """A function with a derivative of its own in reverse mode: @tt.custom_vjp, then f.defvjp(forward, backward).

    forward(*args) returns (result, what backward needs); backward(that, cotangent) returns the cotangents of all
    arguments, as a tuple. The result is one array or number.
    """

    rules: Any = None

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Say what the derivative is."""
        self.rules = forward, backward

    def _build(self, call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if self.rules is None or kwargs:
            msg = (
                f"{self.function.__qualname__}: no rules were given by defvjp, or it is called with keywords"
            )
            raise NotDifferentiable(msg)
        xs = self._floats(call, args)
        result, needed = call.interpreter.call(self.rules[0], [call.fresh(v) for v in args], {})
        leaves = call.leaves(result)
        if len(leaves) != 1 or leaves[0] is not result:
            msg = f"{self.function.__qualname__}: a function with a custom_vjp returns one array or number"
            raise NotDifferentiable(msg)
        y = call.variable(result)
        stand_in = _stand_in(call, y)
        found = call.interpreter.call(self.rules[1], [needed, call.wrap(stand_in)], {})
        if not isinstance(found, tuple) or len(found) != len(args):
            msg = (
                f"{self.function.__qualname__}: backward returns a tuple of cotangents, one for each argument"
            )
            raise NotDifferentiable(msg)
        cotangents = []
        for given, c in zip(args, found, strict=True):
            own = self._floats(call, given)
            cotangents += self._floats(call, c)[: len(own)] if own else []
        graph, captured = _graph(call, [stand_in], cotangents)
        made = with_derivative(y, *xs, *captured, count=len(xs), rule=graph, mode="vjp", place=0)
        return call._wrapped(call.adopted(made), result)


class _ClipGradient(Derived):
    def __call__(self, x: Any, low: Any, high: Any) -> Any:
        return self.function(x, low, high)


def _unclipped(x: Any, low: Any, high: Any) -> Any:
    """x, through which no cotangent below low or above high passes: these are clipped. Tangents of forward mode pass as they are.

    x: a number, an array, or a structure of them; low and high are taken for constants.
    """
    return x


def _clipping(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
    x, low, high = [*args, *[kwargs[k] for k in ("x", "low", "high")[len(args) :]]]

    def leaf(v: Any) -> Any:
        if not _is_float(call, v):
            return v
        y = call.variable(v)
        stand_in = _stand_in(call, y)
        clipped = call.interpreter.call(np.clip, [call.wrap(stand_in), low, high], {})
        graph, captured = _graph(call, [stand_in], [call.variable(clipped)])
        made = with_derivative(y, y, *captured, count=1, rule=graph, mode="gate", place=0)
        return call._wrapped(call.adopted(made), v)

    return call.mapped(x, leaf)


clip_gradient: Any = _ClipGradient(_unclipped, _clipping)
