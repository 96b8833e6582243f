"""The transforms and stages that users call: trace, make_graph, optimize, compile."""

from __future__ import annotations

import inspect
import types
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, overload

import numpy as np

from tracetensor import stages
from tracetensor.config import option
from tracetensor.errors import Fallback, TraceError
from tracetensor.function import Traced, unwrap
from tracetensor.graph.types import TensorType

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from tracetensor.graph.graph import Graph


@overload
def trace(function: Callable[..., Any], /) -> Traced: ...
@overload
def trace(
    function: Callable[..., Any] | None = None,
    /,
    *,
    strict: bool | None = None,
    callbacks: str | None = None,
    static_argnames: str | Iterable[str] = (),
    static_argnums: int | Iterable[int] = (),
) -> Any: ...
def trace(
    function: Any = None,
    /,
    *,
    strict: bool | None = None,
    callbacks: str | None = None,
    static_argnames: str | Iterable[str] = (),
    static_argnums: int | Iterable[int] = (),
) -> Any:
    """Make a function run as a compiled graph: `@tt.trace`, or `tt.trace(f, …)`.

    The result is called as the function is, and gives what it gives: values, dtypes, shapes, kinds, mutation of
    arguments, exceptions. strict: raise TraceError where the function would fall back to plain Python (default:
    the option `strict`). callbacks: "error" raises TraceError where a function would be called back (default: the
    option `callbacks`). static_argnames, static_argnums: parameters whose values are constants, each value with
    a compiled version of its own. Works on functions, lambdas, methods and objects with __call__. Raises
    TypeError for what is no Python function.
    Cost: at the first call with each kind of arguments, tracing and rewriting, about 0.1 ms per node.
    """
    if function is None:
        return lambda f: trace(
            f,
            strict=strict,
            callbacks=callbacks,
            static_argnames=static_argnames,
            static_argnums=static_argnums,
        )
    if isinstance(function, (staticmethod, classmethod)):
        inner = trace(
            function.__func__,
            strict=strict,
            callbacks=callbacks,
            static_argnames=static_argnames,
            static_argnums=static_argnums,
        )
        return type(function)(inner)
    if isinstance(function, Traced):
        return function
    names = set(_several("static_argnames", static_argnames, str))
    numbers = _several("static_argnums", static_argnums, int)
    if numbers:
        parameters = list(inspect.signature(function).parameters)
        for n in numbers:
            if not -len(parameters) <= n < len(parameters):
                name = getattr(function, "__qualname__", repr(function))
                msg = f"static_argnums: {name} has {len(parameters)} parameters, no number {n}"
                raise TypeError(msg)
            names.add(parameters[n])
    if callbacks not in {None, "allow", "error"}:
        msg = f"callbacks: {callbacks!r} is none of 'allow', 'error'"
        raise ValueError(msg)
    return Traced(function, strict=strict, static=frozenset(names), callbacks=callbacks)


def _several(option_name: str, value: Any, cls: type) -> list[Any]:
    """One or several values of a class as a list. Raises TypeError for others."""
    values = list(value) if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    for v in values:
        if type(v) is not cls:
            msg = f"{option_name}: {'a name' if cls is str else 'an int'} or several are needed, not {v!r}"
            raise TypeError(msg)
    return values


def make_graph(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Graph:
    """The graph of a function for these arguments, as traced, before rewriting.

    An argument may be given as a type (tt.TensorType) in the place of a value: an array of that dtype and shape.
    Raises TraceError if the function cannot be traced.
    """
    traced = Traced(unwrap(function) if not isinstance(function, types.MethodType) else function)
    parameters = traced.parameters(
        tuple(_example(a) for a in args), {name: _example(a) for name, a in kwargs.items()}
    )
    try:
        return stages.trace_function(traced.function, parameters, unwrap=unwrap).graph
    except Fallback as error:
        msg = f"{traced.function.__qualname__}: {error.reason}"
        raise TraceError(msg) from error.__cause__


def _example(value: Any) -> Any:
    if not isinstance(value, TensorType):
        return value
    if value.is_array:
        # Sizes that differ, so that no two unknown dims look alike; none is 1.
        return np.zeros(tuple([3 + k if d is None else d for k, d in enumerate(value.shape)]), value.dtype)
    number = value.dtype.type(0)
    return number.item() if value.is_python else number


def optimize(graph: Graph, *, exclude: Collection[str] = ()) -> Graph:
    """The same function, simplified; `exclude` names rules and stages to be left out."""
    return stages.optimize(graph, check=option("check"), exclude=exclude)


def compile(graph: Graph, *, donated: Iterable[int] = ()) -> Any:
    """The program of a graph: called with the values of its inputs, it returns the list of its outputs.

    donated: numbers of inputs whose arrays the program may overwrite.
    """
    return stages.compile_graph(graph, donated=frozenset(donated))
