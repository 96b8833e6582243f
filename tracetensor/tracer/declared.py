"""What a user says of a function that is not to be traced: that it is pure, or what its result is."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from tracetensor.graph.types import ListType, TensorType, Type, type_of

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING: Any = object()
"""Stands for `result` not given."""


class Declared:
    """A function that traced functions call at run time, as plain functions do; called elsewhere it is itself."""

    def __init__(self, function: Callable[..., Any], *, pure: bool, result: Any = NOTHING) -> None:
        self.function = function
        self.pure = pure
        self.result = result
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def __get__(self, owner: Any, cls: Any = None) -> Any:
        return self if owner is None else types.MethodType(self, owner)

    def __repr__(self) -> str:
        return f"<{'pure' if self.pure else 'call-back'} {self.function!r}>"

    def __deepcopy__(self, memo: Any) -> Self:
        return self


def pure(function: Callable[..., Any]) -> Declared:
    """Say that a function does nothing but return a value, which its arguments determine: `tt.pure(f)`, `@tt.pure`.

    A traced function calls it at run time, instead of tracing it or falling back. Its result is learnt from a call on
    the first arguments; equal calls may be made once, calls whose results are not used not at all.
    Raises TypeError for what is not callable.
    """
    if not callable(function):
        msg = f"pure() takes a function, not {function!r}"
        raise TypeError(msg)
    return Declared(function, pure=True)


def callback(function: Any = None, /, *, result: Any = NOTHING) -> Any:
    """Say that a function is to be called at run time, once for each time that plain Python would: `@tt.callback`.

    result: an example of what it returns (None, a number, an array: its dtype and rank count), or a tt.TensorType; left
    out, the result can be handed on, printed and returned, and its attributes read, but takes no part in arithmetic.
    Arrays are handed to it as values: it must not write to them. Raises TypeError for what is not callable, and
    for a `result` of another kind.
    """
    if function is None:
        return lambda f: callback(f, result=result)
    if not callable(function):
        msg = f"callback() takes a function, not {function!r}"
        raise TypeError(msg)
    if result is not NOTHING and result is not None and not isinstance(result, TensorType):
        result = declared_type(result)
    return Declared(function, pure=False, result=result)


def declared_type(example: Any) -> Type | tuple[Type, ...]:
    """The type of which a value is an example."""
    if isinstance(example, TensorType):
        return example
    if type(example) is tuple:
        return tuple([declared_type(v) for v in example])  # type: ignore[misc]
    type_ = type_of(example)
    if isinstance(type_, TensorType) and type_.is_array:
        return TensorType(type_.dtype, (None,) * np.ndim(example))
    if isinstance(type_, ListType):
        msg = "result: a list is no type of a call-back's result"
        raise TypeError(msg)
    return type_
