"""Derivatives of expressions of symbolic variables: what tt.grad and its relatives do where they are given some.

Names and arguments are those of Theano and its successors; the machinery is that of functions.
"""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import NotDifferentiable, TraceError, message
from tracetensor.graph.graph import topological
from tracetensor.graph.node import Variable, as_variable, constant, input_variable
from tracetensor.graph.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["DisconnectedInputError", "Lop", "Rop"]

POLICIES = ("raise", "warn", "ignore")


class DisconnectedInputError(ValueError):
    """A derivative by a variable was asked for of an expression that does not depend on it."""


def is_symbolic(value: Any) -> bool:
    """Whether a value is a symbolic variable, or a list or tuple of them."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(isinstance(v, Variable) for v in value)
    return isinstance(value, Variable)


def _label(variable: Variable) -> str:
    return variable.name or repr(variable)


def _differentiated(function: Any) -> Any:
    """Let what has no derivative be an error that names the op."""

    @functools.wraps(function)
    def wrapper(*args: Any, **kwargs: Any) -> Any:
        try:
            return function(*args, **kwargs)
        except NotDifferentiable as error:
            raise TraceError(error.reason) from None

    return wrapper


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _structured(like: Any, values: Sequence[Any]) -> Any:
    """Values as one, a list or a tuple, as `like` is."""
    return type(like)(values) if isinstance(like, (list, tuple)) else values[0]


def _checked(wrt: Any, name: str) -> list[Variable]:
    """The variables that a derivative is by."""
    found = _listed(wrt)
    for v in found:
        if not isinstance(v, Variable):
            msg = f"{name}: derivatives are by variables, not by {v!r}"
            raise TypeError(msg)
        if not isinstance(v.type, TensorType) or v.dtype.kind not in "fc":
            text = f"{name}: {_label(v)} is {v.type!r}: derivatives are by floats and complex numbers"
            raise TypeError(message(text, fix="make it a float, as by tt.dscalar or tt.dvector"))
    return found


def _reached(outputs: Sequence[Variable], stop: Sequence[Variable]) -> set[Variable]:
    """The variables behind outputs, these included, as far as the stops."""
    found = set(outputs)
    for node in topological(outputs, stop):
        found.update(node.inputs)
    return found


def _connected(
    outputs: Sequence[Variable], wrt: Sequence[Variable], policy: str, stop: Sequence[Variable] = ()
) -> list[bool]:
    """Whether the outputs depend on each variable; where not, what the policy says happens."""
    if policy not in POLICIES:
        msg = f"disconnected_inputs is one of {', '.join(map(repr, POLICIES))}, not {policy!r}"
        raise ValueError(msg)
    reached = _reached(outputs, stop)
    for v in wrt:
        if v in reached or policy == "ignore":
            continue
        text = message(
            f"what is differentiated does not depend on {_label(v)}",
            fix="disconnected_inputs='ignore', for a derivative of zero",
        )
        if policy == "raise":
            raise DisconnectedInputError(text)
        warnings.warn(text, UserWarning, stacklevel=5)
    return [v in reached for v in wrt]


def _apart(wrt: Sequence[Variable]) -> bool:
    """Whether no variable of these is made of another one."""
    behind = _reached([n for v in wrt if v.node is not None for n in v.node.inputs], ())
    return behind.isdisjoint(wrt)


def _pulled(
    outputs: Sequence[Variable],
    cotangents: Sequence[Any],
    wrt: Sequence[Variable],
    constants: Sequence[Variable],
) -> tuple[list[Any], list[Variable]]:
    """The cotangents of variables, None for zero; and what stands for the outputs now."""
    from tracetensor.rewrite.derivatives.modes import pullback
    from tracetensor.rewrite.derivatives.tangents import as_tangent

    def given(values: Sequence[Variable]) -> list[Any]:
        return [as_tangent(as_variable(c), v) for c, v in zip(cotangents, values, strict=True)]

    if not _apart(wrt):
        parts = [_pulled(outputs, cotangents, [v], constants) for v in wrt]
        return [found[0] for found, _ in parts], parts[0][1]
    made = pullback(outputs, wrt, given, constants=[v for v in constants if v not in wrt])
    return list(made.found), made.values


def _result(found: Any, like: Variable, *, connected: bool, missing: str) -> Any:
    """A derivative as its user gets it."""
    from tracetensor.rewrite.derivatives.tangents import as_value

    if missing not in {"zero", "None"}:
        msg = f"return_disconnected is 'zero' or 'None', not {missing!r}"
        raise ValueError(msg)
    return None if not connected and missing == "None" else as_value(found, like)


@_differentiated
def gradient(
    cost: Any,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
    known_grads: Mapping[Variable, Any] | None = None,
    return_disconnected: str = "zero",
) -> Any:
    """The gradient of a scalar by a variable, or by a list or tuple of them, as expressions; see tt.grad."""
    return _gradient(cost, wrt, consider_constant, disconnected_inputs, known_grads, return_disconnected)[1]


@_differentiated
def value_and_gradient(cost: Variable, wrt: Any, **options: Any) -> Any:
    """(the cost, its gradient), of one computation: loops that the gradient needs are the value's own."""
    values: dict[str, Any] = {
        "consider_constant": None, "disconnected_inputs": "raise", "known_grads": None, "return_disconnected": "zero",
    }  # fmt: skip
    unknown = options.keys() - values.keys()
    if unknown:
        msg = f"value_and_grad() got an unexpected keyword argument {min(unknown)!r}"
        raise TypeError(msg)
    return _gradient(cost, wrt, *{**values, **options}.values())


def _gradient(
    cost: Any, wrt: Any, consider_constant: Any, disconnected_inputs: str, known_grads: Any, return_disconnected: str
) -> tuple[Any, Any]:  # fmt: skip
    variables = _checked(wrt, "grad")
    known = dict(known_grads or {})
    if cost is None and not known:
        msg = "grad: neither a cost nor known_grads is given"
        raise ValueError(msg)
    if cost is not None:
        _check_cost(cost)
    constants = list(_listed(consider_constant or []))
    starts = [*([] if cost is None else [cost]), *known]
    connected = _connected(starts, variables, disconnected_inputs, constants)
    totals: list[Any] = [known.get(v) for v in variables]
    value = cost
    # A gradient that is known is all that there is: what is behind such a variable gets it, and nothing through it.
    runs = [(v, g, [k for k in known if k is not v]) for v, g in known.items()]
    if cost is not None and cost not in known:
        runs.insert(0, (cost, constant(cost.dtype.type(1)), list(known)))
    for start, cotangent, others in runs:
        places = [k for k, v in enumerate(variables) if v not in known]
        if not places:
            continue
        found, values = _pulled([start], [cotangent], [variables[k] for k in places], [*constants, *others])
        value = values[0] if start is cost else value
        for k, c in zip(places, found, strict=True):
            if c is not None:
                totals[k] = c if totals[k] is None else np.add(totals[k], c)
    results = [
        _result(None if c is None else as_variable(c), v, connected=on, missing=return_disconnected)
        for c, v, on in zip(totals, variables, connected, strict=True)
    ]
    return value, _structured(wrt, results)


def _check_cost(cost: Any) -> None:
    if (
        not isinstance(cost, Variable)
        or not isinstance(cost.type, TensorType)
        or cost.ndim
        or cost.dtype.kind != "f"
    ):
        what = repr(cost.type) if isinstance(cost, Variable) else repr(cost)
        text = f"grad: the cost is a scalar, a float, not {what}"
        raise TypeError(
            message(
                text, fix="its sum or mean; tt.jacobian for derivatives of arrays, tt.Lop for one combination"
            )
        )


@_differentiated
def Lop(
    f: Any,
    wrt: Any,
    eval_points: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """The product of a row vector, eval_points in the shape of f, with the Jacobian of f: in the structure of wrt.

    f: a variable, or several; eval_points: as many, or arrays. Reverse mode.
    """
    outputs, points, variables = _listed(f), _listed(eval_points), _checked(wrt, "Lop")
    constants = _listed(consider_constant or [])
    connected = _connected(outputs, variables, disconnected_inputs, constants)
    if len(points) != len(outputs):
        msg = f"Lop: {len(points)} eval_points for {len(outputs)} expressions"
        raise ValueError(msg)
    found, _ = _pulled(outputs, points, variables, constants)
    results = [
        _result(c, v, connected=on, missing="zero")
        for c, v, on in zip(found, variables, connected, strict=True)
    ]
    return _structured(wrt, results)


@_differentiated
def Rop(
    f: Any,
    wrt: Any,
    eval_points: Any,
    disconnected_outputs: str = "raise",
    return_disconnected: str = "zero",
) -> Any:
    """The product of the Jacobian of f with a vector, eval_points in the shape of wrt: in the structure of f.

    Forward mode. disconnected_outputs: what happens where an f does not depend on any of wrt.
    """
    from tracetensor.rewrite.derivatives.modes import pushforward
    from tracetensor.rewrite.derivatives.tangents import as_tangent

    outputs, points, variables = _listed(f), _listed(eval_points), _checked(wrt, "Rop")
    if len(points) != len(variables):
        msg = f"Rop: {len(points)} eval_points for {len(variables)} variables"
        raise ValueError(msg)
    if not _apart(variables):
        msg = "Rop: one of the variables that the derivative is by is made of another one"
        raise ValueError(msg)
    connected = []
    for out in outputs:
        on = bool(_reached([out], ()) & set(variables))
        if not on:
            _connected([out], variables[:1], disconnected_outputs)
        connected.append(on)
    given = [
        None if p is None else as_tangent(as_variable(p), v) for p, v in zip(points, variables, strict=True)
    ]
    made = pushforward(outputs, variables, given)
    results = [
        _result(t, v, connected=on, missing=return_disconnected)
        for t, v, on in zip(made.found, made.values, connected, strict=True)
    ]
    return _structured(f, results)


@_differentiated
def jacobian_of(
    expression: Variable,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
    *,
    mode: str = "",
) -> Any:
    """The Jacobian of an expression by a variable, or by several: (*shape of the expression, *shape of the variable)."""
    from tracetensor.graph.ops.dims import shape_of
    from tracetensor.rewrite.derivatives.modes import pullback, pushforward
    from tracetensor.rewrite.derivatives.rows import rows_of
    from tracetensor.rewrite.derivatives.tangents import tangent_type

    variables = _checked(wrt, "jacobian")
    if not isinstance(expression, Variable) or expression.tensor.dtype.kind not in "fc":
        msg = f"jacobian: the expression is a variable of floats, not {expression!r}"
        raise TypeError(msg)
    constants = _listed(consider_constant or [])
    _connected([expression], variables, disconnected_inputs, constants)
    results = []
    for v in variables:
        forward = mode == "fwd" or (not mode and expression.ndim > v.ndim)
        like, other = (v, expression) if forward else (expression, v)
        unit = input_variable(tangent_type(like.type), "unit")
        if forward:
            made = pushforward([expression], [v], [unit], constants=constants)
        else:
            made = pullback([expression], [v], _only(unit), constants=constants)
        (rows,) = rows_of(unit, like, made.found, [other])
        turned: Any = np.transpose(rows, [*range(1, rows.ndim), 0]) if forward else rows
        results.append(np.reshape(turned, [*shape_of(expression), *shape_of(v)]))
    return _structured(wrt, results)


def _only(unit: Variable) -> Callable[[Sequence[Variable]], list[Any]]:
    return lambda values: [unit]


@_differentiated
def hessian_of(
    cost: Variable,
    wrt: Any,
    consider_constant: Sequence[Variable] | None = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """The matrix of second derivatives of a scalar by a variable, or one for each of several."""
    results = []
    for v in _checked(wrt, "hessian"):
        slope = gradient(cost, v, consider_constant, disconnected_inputs)
        results.append(jacobian_of(slope, v, consider_constant, "ignore", mode="fwd"))
    return _structured(wrt, results)
