"""Derivatives of functions: grad, value_and_grad and their relatives."""

from __future__ import annotations

import copy
import operator
import weakref
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback, NotDifferentiable, TraceError, message
from tracetensor.function import Traced, unwrap
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

    def __init__(self, derivative: Any, function: Any) -> None:
        super().__init__(derivative, strict=True)
        self.behind = function
        self.reason: Fallback | None = None

    def specialise(self, parameters: dict[str, Any]) -> Any:
        try:
            return super().specialise(parameters)
        except Fallback as reason:
            self.reason = reason
            raise

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        function = unwrap(self.behind)
        while isinstance(function, Derived):
            function = unwrap(function.function)
        function(*copy.deepcopy(args), **copy.deepcopy(kwargs))
        reason, self.reason = self.reason, None
        text = "it cannot be traced" if reason is None else reason.reason
        raise TraceError(f"{self.__qualname__}: {text}") from (reason and reason.__cause__)


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
    def traced(self) -> _TracedTransform:
        """The traced function that computes it."""
        inner = Derived(self.function, self.build)

        def derivative(*args: Any, **kwargs: Any) -> Any:
            return inner(*args, **kwargs)

        derivative.__name__ = self.name
        derivative.__qualname__ = self.label
        return _TracedTransform(derivative, self.function)

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
    from tracetensor.graph.ops.elementwise import copy as copy_
    from tracetensor.graph.ops.elementwise import to_array
    from tracetensor.graph.ops.scalars import CONVERSIONS
    from tracetensor.rewrite.derivatives.tangents import number, zeros_like

    found = zeros_like(mark) if cotangent is None else number(cotangent, mark.dtype)
    type_ = mark.tensor
    if type_.is_python:
        found = CONVERSIONS[type_.kind](found)
    elif type_.is_array:
        if cotangent is not None and found.node is not None and found.node.op.views:
            found = copy_(found)
        found = to_array(found)
    return call.wrap(found)


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
def grad(function: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False) -> Any:
    """The gradient of a function whose result is a float: a function of the same arguments.

    argnums: by which positional arguments; a tuple gives a tuple of gradients. An argument may be an array, a number,
    or lists, tuples, dicts and objects of these: its gradient has its structure, dtypes and shapes. has_aux: the
    function returns (value, something else), and its gradient function (gradient, something else). No argument is
    written to, whatever the function does. Works on plain and traced functions, and inside of them.
    Raises TraceError where the function cannot be traced, or has no derivative, naming the line.
    """

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        _, aux, found = _gradient(call, args, kwargs, argnums=argnums, has_aux=has_aux, name="grad")
        return (found, aux) if has_aux else found

    return _transformed(function, ("grad", _key(argnums), has_aux), build)


@makes_functions
def value_and_grad(function: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False) -> Any:
    """The value of a function together with its gradient: (value, gradient), or ((value, aux), gradient)."""

    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        value, aux, found = _gradient(
            call, args, kwargs, argnums=argnums, has_aux=has_aux, name="value_and_grad"
        )
        return ((value, aux), found) if has_aux else (value, found)

    return _transformed(function, ("value_and_grad", _key(argnums), has_aux), build)


def _key(argnums: Any) -> Any:
    return tuple(argnums) if isinstance(argnums, list) else argnums
