"""Derivatives of functions: grad, value_and_grad and their relatives."""

from __future__ import annotations

import copy
import functools
import operator
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback, NotDifferentiable, TraceError, message
from tracetensor.function import Traced, unwrap
from tracetensor.gradient import is_symbolic
from tracetensor.graph.node import constant
from tracetensor.graph.types import TensorType
from tracetensor.tracer.derived import Call, Derived, makes_functions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.graph.node import Variable

Argnums = int | tuple[int, ...]
_made: weakref.WeakKeyDictionary[Any, dict[Any, Transformed]] = weakref.WeakKeyDictionary()
"""What transforms made of a function: a transform written where the function is called is traced once."""


class _TracedTransform(Traced):
    """What a transform made, traced. There is no plain Python to fall back to, but for the function's own exceptions."""

    def __init__(self, derivative: Any, function: Any, *, paired: bool) -> None:
        super().__init__(derivative, strict=True)
        self.behind = function
        self.paired = paired
        self.reason: Fallback | None = None

    def specialise(self, parameters: dict[str, Any]) -> Any:
        try:
            return super().specialise(parameters)
        except Fallback as reason:
            self.reason = reason
            raise

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.behind is None:
            raise self._untraceable()
        function = unwrap(self.behind)
        while isinstance(function, Derived):
            function = unwrap(function.function)
        if self.paired:
            args = args[0]
        function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        raise self._untraceable()

    def _untraceable(self) -> TraceError:
        reason, self.reason = self.reason, None
        text = "it cannot be traced" if reason is None else reason.reason
        error = TraceError(f"{self.__qualname__}: {text}")
        error.__cause__ = reason and reason.__cause__
        return error


class Transformed(Derived):
    """A function made by a transform. Called, it is traced and compiled for each kind of arguments, as by tt.trace.

    `traced`: the traced function behind it, with its graphs and explain().
    """

    def __init__(
        self, function: Any, name: str, build: Callable[[Call, list[Any], dict[str, Any]], Any]
    ) -> None:
        super().__init__(function, build)
        self.name = name
        self.label = f"{name}({getattr(function, '__qualname__', repr(function))})"

    @cached_property
    def traced(self) -> Traced:
        """The traced function that computes it."""
        inner = Derived(self.function, self.build)

        def derivative(*args: Any, **kwargs: Any) -> Any:
            return inner(*args, **kwargs)

        derivative.__name__ = self.name
        derivative.__qualname__ = self.label
        return self.compiled(derivative)

    def compiled(self, derivative: Any) -> Traced:
        """What traces it."""
        return _TracedTransform(derivative, self.function, paired=self.name in {"jvp", "vjp"})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.traced(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self.label}>"

    def explain(self) -> str:
        """What was compiled, on what conditions, and why."""
        return self.traced.explain()

    @property
    def graphs(self) -> Any:
        """The optimised graphs of all compiled versions."""
        return self.traced.graphs


def _transformed(
    function: Any, key: tuple[Any, ...], build: Callable[[Call, list[Any], dict[str, Any]], Any]
) -> Any:
    if not callable(function):
        msg = f"{key[0]}() takes a function, not {function!r}"
        raise TypeError(msg)
    try:
        known = _made.setdefault(function, {})
    except TypeError:
        known = {}
    if key not in known:
        known[key] = Transformed(function, key[0], build)
    return known[key]


def _numbers(argnums: Any, count: int, name: str) -> list[int]:
    """The positions of arguments; raises TypeError or ValueError for what are none."""
    several = argnums if isinstance(argnums, (tuple, list)) else (argnums,)
    found = []
    for n in several:
        k = operator.index(n)
        if not -count <= k < count:
            msg = f"{name}: there are {count} positional arguments, no number {k}"
            raise TypeError(msg)
        found.append(k % count)
    return found


def _type_text(variable: Variable) -> str:
    return repr(variable.type)


def _marked(call: Call, args: list[Any], argnums: Any, name: str) -> tuple[list[Any], list[int]]:
    """The arguments, those at argnums made of variables of their own."""
    chosen = _numbers(argnums, len(args), name)
    done: dict[int, Any] = {}

    def leaf(value: Any) -> Any:
        variable = call.variable(value)
        type_ = variable.type
        if isinstance(type_, TensorType) and type_.dtype.kind in "fc":
            return call.mark(value)
        return call.fresh(value)

    new = []
    for k, value in enumerate(args):
        if k not in chosen:
            new.append(call.fresh(value))
            continue
        before = len(call.marks)
        new.append(call.mapped(value, leaf, done))
        if len(call.marks) == before and id(value) not in done:
            raise _not_a_float(call, value, k, name)
        if len(call.marks) == before and call.leaves(value) and not _shared(call, value):
            raise _not_a_float(call, value, k, name)
    return new, chosen


def _shared(call: Call, value: Any) -> bool:
    return any(call.variable(v).tensor.dtype.kind in "fc" for v in call.leaves(value))


def _not_a_float(call: Call, value: Any, position: int, name: str) -> NotDifferentiable:
    leaves = call.leaves(value)
    text = _type_text(call.variable(leaves[0])) if leaves else f"a {type(value).__name__}"
    return NotDifferentiable(
        message(
            f"{name}: argument {position} is {text}: derivatives are by floats and complex numbers",
            fix="hand over a float, or an array of floats; argnums says by which arguments",
        )
    )


def _as_given(call: Call, values: Sequence[Any], found: Sequence[Any]) -> list[Any]:
    """Derivatives in the structure of the arguments that they are by; those by ints are zero."""
    rest = iter(found)
    done: dict[int, Any] = {}

    def leaf(v: Any) -> Any:
        type_ = call.variable(v).type
        if not (isinstance(type_, TensorType) and type_.dtype.kind in "fc"):
            return call.interpreter.call(np.zeros_like, [v], {})
        return next(rest)

    return [call.mapped(value, leaf, done) for value in values]


def _like(call: Call, cotangent: Variable | None, mark: Variable) -> Any:
    """A derivative as a value of the kind of the variable: a Python float by a Python float."""
    from tracetensor.rewrite.derivatives.tangents import as_value

    return call.wrap(as_value(cotangent, mark))


def _gradient(
    call: Call, args: list[Any], kwargs: dict[str, Any], *, argnums: Any, has_aux: bool, name: str
) -> tuple[Any, Any, Any]:
    """The value, what came with it, and the gradients, in the structure of the arguments."""
    from tracetensor.rewrite.derivatives.modes import pullback

    new, chosen = _marked(call, args, argnums, name)
    result = call.run(new, {k: call.fresh(v) for k, v in kwargs.items()})
    aux: Any = None
    if has_aux:
        if not isinstance(result, tuple) or len(result) != 2:
            msg = f"{name} with has_aux: the function returns a pair (value, what else there is)"
            raise NotDifferentiable(msg)
        result, aux = result
    result = call.number(result)
    leaves = call.leaves(result)
    value = call.variable(result) if len(leaves) == 1 and leaves[0] is result else None
    if value is None or not isinstance(value.type, TensorType) or value.ndim or value.dtype.kind not in "fc":
        what = f"a {type(result).__name__}" if value is None else _type_text(value)
        fix = "tt.jacobian(f) for derivatives of arrays, tt.vjp(f, ...) for one combination of them"
        raise NotDifferentiable(message(f"{name}: the function returns {what}, not a float", fix=fix))
    if value.dtype.kind == "c":
        fix = "return the real part, or the absolute value"
        raise NotDifferentiable(message(f"{name}: the function returns a complex number", fix=fix))
    also = call.leaves(aux) if has_aux else []
    others = [call.variable(v) for v in also]
    one = constant(value.dtype.type(1))
    made = pullback(
        [value, *others],
        call.marks,
        lambda values: [one, *[None] * len(others)],
        roots=call.roots,
        locations=call.locations,
    )
    call.take(made)
    gradients = [_like(call, c, m) for c, m in zip(made.found, call.marks, strict=True)]
    results = _as_given(call, [args[k] for k in chosen], gradients)
    if has_aux:
        replaced = iter(made.values[1:])
        aux = call.mapped(aux, lambda v: call._wrapped(next(replaced), v))
    found = tuple(results) if isinstance(argnums, (tuple, list)) else results[0]
    return call.wrap(made.values[0]), aux, found


@makes_functions
def grad(function: Any = None, argnums: Any = 0, *, has_aux: bool = False, **symbolic: Any) -> Any:
    """The gradient of a function whose result is a float: a function of the same arguments.

    argnums: by which positional arguments; a tuple gives a tuple of gradients. An argument may be an array, a number,
    or lists, tuples, dicts and objects of these: its gradient has its structure, dtypes and shapes. has_aux: the
    function returns (value, something else), and its gradient function (gradient, something else). No argument is
    written to, whatever the function does. Works on plain and traced functions, and inside of them.
    Raises TraceError where the function cannot be traced, or has no derivative, naming the line.

    grad(cost, wrt, consider_constant=None, disconnected_inputs="raise", known_grads=None, return_disconnected="zero"):
    the gradient of an expression of symbolic variables, as an expression. wrt: a variable, or a list or tuple of them,
    inputs or made ones. consider_constant: variables taken for constants. known_grads: the gradients at some variables,
    in the place of what would come there; then cost may be None. disconnected_inputs ("raise", "warn", "ignore"): what happens
    where the cost does not depend on a variable, whose gradient is zero then, or None if return_disconnected is "None".
    """
    if symbolic or is_symbolic(function):
        from tracetensor.gradient import gradient

        return gradient(*_symbolic("grad", function, argnums, symbolic, "cost"), **symbolic)

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        _, aux, found = _gradient(call, args, kwargs, argnums=argnums, has_aux=has_aux, name="grad")
        return (found, aux) if has_aux else found

    return _transformed(function, ("grad", _key(argnums), has_aux), build)


@makes_functions
def value_and_grad(function: Any = None, argnums: Any = 0, *, has_aux: bool = False, **symbolic: Any) -> Any:
    """The value of a function together with its gradient: (value, gradient), or ((value, aux), gradient).

    Of a symbolic cost, both as expressions, which share the loops that both need.
    """
    if symbolic or is_symbolic(function):
        from tracetensor.gradient import value_and_gradient

        return value_and_gradient(
            *_symbolic("value_and_grad", function, argnums, symbolic, "cost"), **symbolic
        )

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        value, aux, found = _gradient(
            call, args, kwargs, argnums=argnums, has_aux=has_aux, name="value_and_grad"
        )
        return ((value, aux), found) if has_aux else (value, found)

    return _transformed(function, ("value_and_grad", _key(argnums), has_aux), build)


def _symbolic(name: str, function: Any, argnums: Any, options: dict[str, Any], first: str) -> tuple[Any, Any]:
    """What is differentiated and what by, however they were given; they are taken out of the options."""
    expression, wrt = options.pop(first, function), options.pop("wrt", argnums)
    if callable(expression):
        msg = f"{name}() of a function got an unexpected keyword argument {next(iter(options), 'wrt')!r}"
        raise TypeError(msg)
    return expression, wrt


def _key(argnums: Any) -> Any:
    return tuple(argnums) if isinstance(argnums, list) else argnums


# Pushforward and pullback ----------------------------------------------------------------------------------------


def _float_leaf(call: Call, value: Any) -> bool:
    type_ = call.variable(value).type
    return isinstance(type_, TensorType) and type_.dtype.kind in "fc"


def _paired(call: Call, value: Any, other: Any, what: str) -> list[tuple[Any, Any]]:
    """The float leaves of a structure, each with the leaf of another one at its place; None stands for zeros."""
    if other is None:
        return [(v, None) for v in call.leaves(value) if _float_leaf(call, v)]
    if isinstance(value, (tuple, list)) and isinstance(other, (tuple, list)):
        ours, theirs = list(value), list(other)
        if len(ours) != len(theirs):
            msg = f"{what}: {len(theirs)} given for {len(ours)}"
            raise NotDifferentiable(msg)
        return [pair for a, b in zip(ours, theirs, strict=True) for pair in _paired(call, a, b, what)]
    ours, theirs = call.leaves(value), call.leaves(other)
    if len(ours) != len(theirs):
        msg = f"{what}: the structure differs: {len(theirs)} arrays and numbers for {len(ours)}"
        raise NotDifferentiable(msg)
    return [(a, b) for a, b in zip(ours, theirs, strict=True) if _float_leaf(call, a)]


def _all_marked(call: Call, primals: Any) -> list[Any]:
    done: dict[int, Any] = {}
    return [
        call.mapped(v, lambda leaf: call.mark(leaf) if _float_leaf(call, leaf) else call.fresh(leaf), done)
        for v in primals
    ]


def _results(call: Call, result: Any) -> tuple[Any, list[Any], list[Variable]]:
    """A result with unions of numbers resolved, its leaves, and their variables."""
    result = call.mapped(result, call.number)
    leaves = call.leaves(result)
    return result, leaves, [call.variable(v) for v in leaves]


def _rebuilt(call: Call, result: Any, variables: Sequence[Any]) -> Any:
    rest = iter(variables)
    return call.mapped(result, lambda v: call._wrapped(call.adopted(next(rest)), v))


def _tangents_of(call: Call, result: Any, variables: Sequence[Variable], found: Sequence[Any]) -> Any:
    """The tangents of a result, in its structure; of ints, zeros."""
    rest = iter(zip(variables, found, strict=True))

    def leaf(value: Any) -> Any:
        variable, tangent = next(rest)
        if not _float_leaf(call, value):
            return call.interpreter.call(np.zeros_like, [value], {})
        return _like(call, tangent, variable)

    return call.mapped(result, leaf)


@makes_functions
def _push(function: Callable[..., Any]) -> Any:
    """(primals, tangents) -> (result, its tangent)."""

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        from tracetensor.rewrite.derivatives.modes import pushforward
        from tracetensor.rewrite.derivatives.tangents import as_tangent

        primals, tangents = args
        pairs = _paired(call, tuple(primals), tangents, "jvp: tangents")
        result = call.run(_all_marked(call, primals), {})
        result, _, variables = _results(call, result)
        given = [
            None if t is None else as_tangent(call.variable(t), m)
            for (_, t), m in zip(pairs, call.marks, strict=True)
        ]
        made = pushforward(variables, call.marks, given, roots=call.roots, locations=call.locations)
        call.take(made)
        return _rebuilt(call, result, made.values), _tangents_of(call, result, made.values, made.found)

    return _transformed(function, ("jvp",), build)


@makes_functions
def _pull(function: Callable[..., Any], *, has_aux: bool = False, ones: bool = False) -> Any:
    """(primals, cotangent) -> the cotangents of the primals. ones: of all results, for elementwise_grad."""

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        from tracetensor.rewrite.derivatives.modes import pullback
        from tracetensor.rewrite.derivatives.tangents import as_tangent

        primals, cotangent = args
        result = call.run(_all_marked(call, primals), {})
        if has_aux:
            result = result[0]
        result, leaves, variables = _results(call, result)
        if ones:
            pairs = [(v, 1.0) for v in leaves if _float_leaf(call, v)]
        else:
            pairs = _paired(call, result, cotangent, "vjp: cotangents")
        given = iter([c for _, c in pairs])

        def cotangents(values: Sequence[Variable]) -> list[Any]:
            active = [_float_leaf(call, v) for v in leaves]
            chosen = [next(given) if on else None for on in active]
            return [
                None if c is None else as_tangent(call.variable(c), v)
                for c, v in zip(chosen, values, strict=True)
            ]

        made = pullback(variables, call.marks, cotangents, roots=call.roots, locations=call.locations)
        call.take(made)
        found = [_like(call, c, m) for c, m in zip(made.found, call.marks, strict=True)]
        return tuple(_as_given(call, primals, found))

    return _transformed(function, ("vjp", has_aux, ones), build)


@makes_functions
def _unwritten(function: Callable[..., Any]) -> Any:
    """The function, writing to none of its arguments."""

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return call.run([call.fresh(v) for v in args], {k: call.fresh(v) for k, v in kwargs.items()})

    return _transformed(function, ("value",), build)


def jvp(function: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """The pair (f(*primals), the derivative of f along the tangents): forward mode.

    tangents: for each argument a value of its structure, or None for zeros. Cost: some three times that of f.
    """
    return _push(function)(tuple(primals), tuple(tangents))


def linearize(function: Callable[..., Any], *primals: Any) -> Any:
    """The pair (f(*primals), the linear function of tangents that f is near there)."""
    result = _unwritten(function)(*primals)

    def linear(*tangents: Any) -> Any:
        return _push(function)(primals, tangents)[1]

    return result, linear


def hvp(function: Callable[..., Any]) -> Any:
    """The product of the Hessian of f with a vector: called with (x, v, *rest); by the first argument, forward over reverse."""

    def product(x: Any, v: Any, *rest: Any) -> Any:
        return _push(grad(function))((x, *rest), (v, *[None for _ in rest]))[1]

    return product


def elementwise_grad(function: Callable[..., Any], argnums: int = 0) -> Any:
    """The derivative of an elementwise function: of the sum of its results by each element of an argument."""

    def derivative(*args: Any) -> Any:
        return _pull(function, ones=True)(args, None)[argnums]

    return derivative


# Jacobians -------------------------------------------------------------------------------------------------------


def _given(cotangents: Sequence[Any], values: Sequence[Variable]) -> Sequence[Any]:
    return cotangents


def _jacobian(call: Call, args: list[Any], *, argnums: Any, mode: str) -> Any:
    from tracetensor.graph.node import input_variable
    from tracetensor.graph.ops.dims import shape_of
    from tracetensor.rewrite.derivatives.modes import pullback, pushforward
    from tracetensor.rewrite.derivatives.rows import rows_of
    from tracetensor.rewrite.derivatives.tangents import tangent_type

    new, chosen = _marked(call, args, argnums, f"jac{mode}" if mode else "jacobian")
    result, leaves, variables = _results(call, call.run(new, {}))
    floats = [v for v, leaf in zip(variables, leaves, strict=True) if _float_leaf(call, leaf)]
    if not mode:
        ranks = max((v.ndim for v in floats), default=0), max((m.ndim for m in call.marks), default=0)
        mode = "fwd" if ranks[0] > ranks[1] else "rev"
    table: dict[tuple[int, int], Any] = {}
    for number in range(len(floats) if mode == "rev" else len(call.marks)):
        like = floats[number] if mode == "rev" else call.marks[number]
        unit = input_variable(tangent_type(like.type), "unit")
        units = [unit if k == number else None for k in range(len(floats if mode == "rev" else call.marks))]
        if mode == "rev":
            made = pullback(floats, call.marks, functools.partial(_given, units), locations=call.locations)
            others = call.marks
        else:
            made = pushforward(floats, call.marks, units, locations=call.locations)
            others = floats
        for other, rows in enumerate(rows_of(unit, like, made.found, others)):
            place = (number, other) if mode == "rev" else (other, number)
            first = list(range(1, rows.ndim)) if mode == "fwd" else []
            whole = rows if mode == "rev" else np.transpose(rows, [*first, 0])
            out, by = floats[place[0]], call.marks[place[1]]
            dims = [*shape_of(out), *shape_of(by)]
            table[place] = np.reshape(whole, dims)
    places = iter(range(len(floats)))

    def leaf(value: Any) -> Any:
        if not _float_leaf(call, value):
            return call.interpreter.call(np.zeros_like, [value], {})
        number = next(places)
        found = [call.wrap(table[number, k]) for k in range(len(call.marks))]
        given = _as_given(call, [args[k] for k in chosen], found)
        return tuple(given) if isinstance(argnums, (tuple, list)) else given[0]

    return call.mapped(result, leaf)


def _jacobian_of(function: Any, argnums: Any, mode: str) -> Any:
    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return _jacobian(call, args, argnums=argnums, mode=mode)

    return _transformed(function, (f"jac{mode}" if mode else "jacobian", _key(argnums)), build)


@makes_functions
def jacrev(function: Callable[..., Any], argnums: Any = 0) -> Any:
    """The Jacobian, row by row in reverse mode: an array of shape (*shape of the result, *shape of the argument)."""
    return _jacobian_of(function, argnums, "rev")


@makes_functions
def jacfwd(function: Callable[..., Any], argnums: Any = 0) -> Any:
    """The Jacobian, column by column in forward mode."""
    return _jacobian_of(function, argnums, "fwd")


@makes_functions
def jacobian(function: Any = None, argnums: Any = 0, **symbolic: Any) -> Any:
    """The Jacobian: forward where the result has more axes than the arguments, reverse elsewhere.

    jacobian(expression, wrt, consider_constant=None, disconnected_inputs="raise"): that of a symbolic expression.
    """
    if symbolic or is_symbolic(function):
        from tracetensor.gradient import jacobian_of

        return jacobian_of(*_symbolic("jacobian", function, argnums, symbolic, "expression"), **symbolic)
    return _jacobian_of(function, argnums, "")


@makes_functions
def hessian(function: Any = None, argnums: Any = 0, **symbolic: Any) -> Any:
    """The matrix of second derivatives: forward mode over reverse mode.

    hessian(cost, wrt, consider_constant=None, disconnected_inputs="raise"): that of a symbolic cost.
    """
    if symbolic or is_symbolic(function):
        from tracetensor.gradient import hessian_of

        return hessian_of(*_symbolic("hessian", function, argnums, symbolic, "cost"), **symbolic)
    return _jacobian_of(grad(function, argnums), argnums, "fwd")


# What a user says of derivatives ---------------------------------------------------------------------------------


class _StopGradient(Derived):
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def _identity(x: Any) -> Any:
    """x, taken for a constant by derivatives: all arrays and numbers of a structure."""
    return x


def _held(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
    from tracetensor.graph.ops.calculus import held

    (x,) = args
    return call.mapped(
        x, lambda v: call._wrapped(call.adopted(held(call.variable(v))), v) if _float_leaf(call, v) else v
    )


stop_gradient: Any = _StopGradient(_identity, _held)
"""stop_gradient(x): x, taken for a constant by derivatives."""
