"""Derivatives of what a solver finds, by the equation that it solves: not through its steps."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.custom import _is_float, _stand_in
from tracetensor.errors import NotDifferentiable
from tracetensor.graph.node import Variable, input_variable
from tracetensor.graph.ops.calculus import held, mark_independent, with_derivative
from tracetensor.tracer.derived import Call, Derived, makes_functions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

symbolic: Any = np  # NumPy's functions on variables of a graph
__all__ = ["fixed_point", "implicit_root"]


class _Implicit(Derived):
    """A solver whose derivative is the equation's; called from Python, it is the solver."""

    def __call__(self, *args: Any) -> Any:
        return self.function(*args)


@makes_functions
def implicit_root(optimality: Callable[..., Any], solver: Callable[..., Any]) -> Any:
    """The solver as a function of the same arguments, differentiated by the equation that its result solves.

    solver(x0, *args) returns x of the structure of x0, such that optimality(x, *args), as many numbers as x has, is zero. The derivative
    by args follows from that alone: dx = -solve(d optimality/dx, d optimality/dargs), in both modes and to any order, and
    is exact as far as x solves the equation. That by x0 is zero. The solver may be anything that can be called:
    a loop, or a call of SciPy's. optimality = tt.grad(f) makes it the derivative of a minimum. Raises LinAlgError where
    the equation's Jacobian is singular. Cost: a dense Jacobian and a solution of n linear equations.
    """

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        def residual(x: Any, rest: Sequence[Any]) -> list[Any]:
            return call.leaves(call.mapped(call.interpreter.call(optimality, [x, *rest], {}), call.number))

        return _solved(call, args, kwargs, lambda held_: call.run(held_, {}), residual)

    return _Implicit(solver, build)


def iterated(step: Any, apart: Any, x: Any, tolerance: Any, steps: Any) -> Any:
    """The step taken again and again, until nothing moves by more than the tolerance. Interpreted by the tracer, too."""
    moved, count = np.inf, 0
    while count < steps and moved > tolerance:
        before = x
        x = step(before)
        moved = apart(x, before)
        count += 1
    return x


def _apart(a: Any, b: Any) -> float:
    """The largest difference between the numbers of two values of one structure."""
    if isinstance(a, dict):
        return max(_apart(v, b[k]) for k, v in a.items())
    if isinstance(a, (list, tuple)):
        return max(_apart(v, w) for v, w in zip(a, b, strict=True))
    if hasattr(a, "__dict__"):
        return _apart(vars(a), vars(b))
    return float(np.max(np.abs(a - b)))


class _FixedPoint(Derived):
    def __call__(self, f: Any, x0: Any, *args: Any, tolerance: float = 1e-10, steps: int = 10_000) -> Any:
        return iterated(lambda x: f(copy.deepcopy(x), *args), _apart, x0, tolerance, steps)


def _iterated(f: Any, x0: Any, *args: Any, tolerance: float = 1e-10, steps: int = 10_000) -> Any:
    """The x with x = f(x, *args), found by applying f to x0 again and again, and differentiated by that equation.

    It ends where no number moves by more than `tolerance`, after so many steps at most. x0: a number, an array, or a
    structure of them, which f returns again. Derivatives are as those of tt.implicit_root: by args, the arrays among which are
    not kept from step to step; what f closes over is taken for a constant.
    """


def _fixed(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
    f, *rest = args
    limits = [kwargs.pop("tolerance", 1e-10), kwargs.pop("steps", 10_000)]

    def solve(given: list[Any]) -> Any:
        x0, *others = given
        step = Derived(f, lambda _, args, kwargs: tuple(moved(call.fresh(filled(x0, *args)), others)))
        start = tuple(call.leaves(x0))
        found = call.interpreter.outside.call_function(
            iterated,
            [step, Derived(f, lambda _, pair, kwargs: _apart_traced(call, *pair)), start, *limits],
            {},
        )
        return filled(x0, found)

    def filled(like: Any, leaves: Sequence[Any]) -> Any:
        rest = iter(leaves)
        return call.mapped(like, lambda _: next(rest))

    def moved(x: Any, others: Sequence[Any]) -> list[Any]:
        return call.leaves(call.mapped(call.interpreter.call(f, [x, *others], {}), call.number))

    def residual(x: Any, others: Sequence[Any]) -> list[Any]:
        new = moved(call.fresh(x), others)
        return [
            call.interpreter.operations.binary("sub", a, b) for a, b in zip(new, call.leaves(x), strict=True)
        ]

    return _solved(call, rest, kwargs, solve, residual)


def _apart_traced(call: Call, a: Sequence[Any], b: Sequence[Any]) -> Any:
    """The largest difference between numbers, as a float."""
    interpreter = call.interpreter
    largest: Any = 0.0
    for v, w in zip(a, b, strict=True):
        difference = interpreter.call(np.abs, [interpreter.operations.binary("sub", v, w)], {})
        largest = interpreter.call(np.maximum, [largest, interpreter.call(np.max, [difference], {})], {})
    return interpreter.call(float, [largest], {})


fixed_point: Any = _FixedPoint(_iterated, _fixed)


# The derivative --------------------------------------------------------------------------------------------------


def _solved(
    call: Call,
    args: list[Any],
    kwargs: dict[str, Any],
    solve: Callable[[list[Any]], Any],
    residual: Callable[[Any, Sequence[Any]], list[Any]],
) -> Any:
    """What the solver finds, as one vector that has the derivative of the equation, in the structure of the result."""
    if kwargs:
        msg = f"{call.function.__name__}: a function with an implicit derivative takes positional arguments"
        raise NotDifferentiable(msg)
    params = args[1:]

    def hold(v: Any) -> Any:
        return call._wrapped(call.adopted(held(call.variable(v))), v) if _is_float(call, v) else call.fresh(v)

    found = solve([call.mapped(a, hold) for a in args])
    found = call.mapped(found, call.number)
    leaves = [v for v in call.leaves(found) if _is_float(call, v)]
    if not leaves or len(leaves) != len(call.leaves(found)):
        msg = "a solution is made of floats"
        raise NotDifferentiable(msg)
    xs = [call.variable(v) for a in params for v in call.leaves(a) if _is_float(call, v)]
    vector = call.adopted(_flat([call.variable(v) for v in leaves]))
    if xs:
        rule, captured = _rule(call, found, vector, params, residual)
        made = with_derivative(vector, *xs, *captured, count=len(xs), rule=rule, mode="implicit", place=0)
        vector = call.adopted(made)
    return _unflat(call, found, vector)


def _flat(variables: Sequence[Variable]) -> Variable:
    """All numbers of some variables as one vector."""
    from tracetensor.rewrite.derivatives.tangents import number

    parts = [symbolic.reshape(number(v), (-1,)) for v in variables]
    result: Variable = parts[0] if len(parts) == 1 else symbolic.concatenate(parts)
    return result


def _unflat(call: Call, like: Any, vector: Any) -> Any:
    """The numbers of a vector in the structure of a value."""
    from tracetensor.graph.ops.dims import product, shape_of
    from tracetensor.graph.ops.scalars import CONVERSIONS
    from tracetensor.rewrite.derivatives.tangents import number

    at: Any = 0

    def leaf(value: Any) -> Any:
        nonlocal at
        variable = call.variable(value)
        size = product(shape_of(variable))
        piece = number(symbolic.reshape(vector[at : at + size], shape_of(variable)), variable.dtype)
        at = at + size
        if variable.tensor.is_python:
            piece = CONVERSIONS[variable.tensor.kind](piece)
        return call._wrapped(call.adopted(piece), value)

    return call.mapped(like, leaf)


def _rule(
    call: Call,
    found: Any,
    vector: Variable,
    params: list[Any],
    residual: Callable[[Any, Sequence[Any]], list[Any]],
) -> tuple[Any, list[Variable]]:
    """The derivative as a graph of (tangents of params, params, the solution, *captured), and what it captures."""
    from tracetensor.rewrite.derivatives.modes import pushforward
    from tracetensor.rewrite.derivatives.residuals import Split, closed
    from tracetensor.rewrite.derivatives.rows import rows_of
    from tracetensor.rewrite.derivatives.tangents import Shapes, tangent_type, zeros_like

    region = call.state.region
    roots = dict(region.roots)
    first = len(call.marks)
    solution = call.adopted(mark_independent(vector))
    given = [call.mapped(a, lambda v: call.mark(v) if _is_float(call, v) else call.fresh(v)) for a in params]
    marks = call.marks[first:]
    del call.marks[first:]
    equations = [call.variable(v) for v in residual(_unflat(call, found, solution), given)]
    stand_ins = [_stand_in(call, m) for m in marks]
    moved = pushforward(equations, marks, stand_ins, locations=call.locations).found
    changes = [zeros_like(v) if t is None else t for t, v in zip(moved, equations, strict=True)]
    unit = input_variable(tangent_type(solution.type), "unit")
    columns = pushforward(equations, [solution], [unit], locations=call.locations).found
    rows = [symbolic.reshape(r, (r.shape[0], -1)) for r in rows_of(unit, solution, columns, equations)]
    jacobian = symbolic.transpose(rows[0] if len(rows) == 1 else symbolic.concatenate(rows, axis=1))
    change = symbolic.negative(symbolic.linalg.solve(jacobian, _flat(changes)))
    region.roots.clear()
    region.roots.update(roots)  # what the equation does is the rule's own

    captured: dict[Variable, Variable] = {}

    def keep(v: Variable) -> Variable:
        return captured.setdefault(v, input_variable(v.type, v.name))

    sources = [*stand_ins, *marks, solution]
    inputs = [input_variable(v.type) for v in sources]
    split = Split(sources, dict(zip(sources, inputs, strict=True)), [change], Shapes(), keep)
    kept = [call.adopted(v) for v in captured]
    return closed([*inputs, *captured.values()], split.outputs, "implicit"), kept
