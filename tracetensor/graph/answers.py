"""The tables by which the tracer turns calls of NumPy functions and array methods into graph.

A builder takes what the NumPy function takes, with variables in the place of traced values, and returns
variables (or tuples or lists of them). It stands in its family's file, marked with `answers`.
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any, TypeVar

from tracetensor.errors import TracerSignal
from tracetensor.graph.node import Constant, Variable

if TYPE_CHECKING:
    from collections.abc import Callable

    Builder = TypeVar("Builder", bound=Callable[..., Any])

NUMPY: dict[Any, Callable[..., Any]] = {}
"""The builder of every NumPy (or math) function that is an op or a composition of ops."""
MUTATING: dict[Any, Callable[..., Any]] = {}
"""For every NumPy function that writes to its first argument, the builder of what it leaves there."""
METHODS: dict[str, Callable[..., Any]] = {}
"""The builder of every ndarray method, by name; the array is the first argument."""


class NeedsConstant(TracerSignal):
    """A builder needs the value of this variable while tracing (an axis, a rank): the tracer guards on it."""

    def __init__(self, variable: Variable) -> None:
        super().__init__(variable)
        self.variable = variable


class Unsupported(TracerSignal):
    """A builder does not cover these arguments; the call becomes a call-back of the NumPy function."""


def answers(*functions: Any, method: str | None = None) -> Callable[[Builder], Builder]:
    """Enter a builder for NumPy functions and, with `method`, for the ndarray method of that name."""

    def enter(builder: Builder) -> Builder:
        for function in functions:
            NUMPY[function] = builder
        if method is not None:
            METHODS[method] = builder
        return builder

    return enter


def static(value: Any) -> Any:
    """The value of an argument that must be known while tracing, in nested tuples and lists too.

    Raises NeedsConstant, which the tracer answers by guarding on the value and calling again.
    """
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, Variable):
        raise NeedsConstant(value)
    if isinstance(value, (tuple, list)):
        return type(value)(map(static, value))
    return value


def static_int(value: Any) -> int:
    """A static argument as an int; raises TypeError for what is no integer, as NumPy does."""
    return operator.index(static(value))


def static_axes(axis: Any, ndim: int, name: str | None = None) -> tuple[int, ...] | None:
    """An axis argument as a tuple of non-negative ints, None for None. Raises numpy.exceptions.AxisError.

    name: of the argument, where NumPy's error tells it.
    """
    import numpy as np

    axis = static(axis)
    if axis is None:
        return None
    axes = axis if isinstance(axis, (tuple, list)) else (axis,)
    normal = tuple(np.lib.array_utils.normalize_axis_index(operator.index(a), ndim, name) for a in axes)
    if len(set(normal)) != len(normal):
        msg = "duplicate value in 'axis'"
        raise ValueError(msg)
    return normal
