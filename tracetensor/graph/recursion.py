"""Calls that compiled programs make of functions that they are part of: what such a call returns and writes."""

from __future__ import annotations

import dataclasses
import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Deoptimise
from tracetensor.graph.ops.control import format_value, placeholder
from tracetensor.graph.types import value_conforms

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass(frozen=True)
class Form:
    """What a recursive call returns and writes.

    result: ("leaf", type), ("constant", value), ("tuple", class, parts) or ("list", parts). written: the names of the
    parameters whose arrays it may write. shares: whether an array returned may be memory of an argument. outside:
    the arrays it reads that are no parameters.
    """

    result: Any
    written: frozenset[str]
    shares: bool
    outside: tuple[Any, ...] = ()


NEVER = Form(None, frozenset(), shares=False)
"""Of a call that does not return."""


@dataclasses.dataclass(frozen=True, eq=False)
class RecursiveCall:
    """The function of a node: calls compiled versions; gives the leaves of the result, then the arrays written."""

    function: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]
    form: Form
    written: tuple[int, ...]

    @functools.cached_property
    def straight(self) -> bool:
        """Whether the arguments are the values as they come."""
        return not self.kwargs and self.args == tuple([("value", k) for k in range(len(self.args))])

    def __call__(self, *values: Any) -> Any:
        given = list(values)
        for k in self.written:
            given[k] = given[k].copy(order="K")
        try:
            if self.straight:
                result = self.function(*given)
            else:
                kwargs = {k: format_value(v, given) for k, v in self.kwargs}
                result = self.function(*[format_value(a, given) for a in self.args], **kwargs)
        except RecursionError:
            msg = "recursion is too deep for compiled programs"
            raise Deoptimise(msg) from None
        leaves: list[Any] = []
        leaves_of(self.form.result, result, leaves)
        if not self.form.shares and any(isinstance(leaf, np.ndarray) for leaf in leaves):
            arrays = [v for v in given if isinstance(v, np.ndarray)]
            for leaf in leaves:
                if isinstance(leaf, np.ndarray) and any(np.may_share_memory(leaf, a) for a in arrays):
                    another("memory of an argument")
        found = (*leaves, *[given[k] for k in self.written])
        return found if len(found) > 1 else found[0] if found else 0

    def __repr__(self) -> str:
        return f"recursive call of {getattr(self.function, '__name__', 'a function')}"


def another(what: str) -> None:
    """Raise Deoptimise: a call returned something of another form."""
    msg = f"a recursive call returned {what}, not what it did when it was traced"
    raise Deoptimise(msg)


def leaves_of(form: Any, value: Any, leaves: list[Any]) -> None:
    """The parts of a result that are known at run time only."""
    kind = form[0]
    if kind == "leaf":
        leaves.append(value)
    elif kind == "constant":
        if type(value) is not type(form[1]) or value != form[1]:
            another(repr(value)[:60])
    elif kind == "union":
        place = next((k for k, part in enumerate(form[1]) if _is(part, value)), None)
        if place is None:
            another(repr(value)[:60])
        leaves.append(place)
        for k, part in enumerate(form[1]):
            if part[0] == "leaf":
                leaves.append(value if k == place else placeholder(part[1]))
    else:
        cls, parts = (form[1], form[2]) if kind == "tuple" else (list, form[1])
        if type(value) is not cls or len(value) != len(parts):
            another(f"a {type(value).__name__}")
        for part, item in zip(parts, value, strict=True):
            leaves_of(part, item, leaves)


def _is(form: Any, value: Any) -> bool:
    """Whether a value has a form that is no structure."""
    if form[0] == "leaf":
        return bool(value_conforms(value, form[1]))
    return type(value) is type(form[1]) and bool(value == form[1])
