"""Classes whose values the user says how to take apart and put together."""

from __future__ import annotations

import dataclasses
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.types import same_constant

if TYPE_CHECKING:
    from collections.abc import Callable

KNOWN = (
    list,
    tuple,
    dict,
    set,
    frozenset,
    str,
    bytes,
    bool,
    int,
    float,
    complex,
    np.ndarray,
    type(None),
    type,
    object,
)
"""Classes that tracing takes apart in its own way, or that have no parts."""


@dataclasses.dataclass(frozen=True, eq=False)
class Aux:
    """What a value has besides its children: a condition of the version, compared by value."""

    value: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Aux) or type(self.value) is not type(other.value):
            return False
        try:
            return same_constant(self.value, other.value)
        except ValueError:  # of arrays
            return False

    def __hash__(self) -> int:
        return hash(type(self.value))

    def own(self) -> Aux:
        """The same, with containers of its own."""
        return Aux(_copied(self.value))

    def has_array(self) -> bool:
        """Whether there is an array in it, whose content a comparison cannot be a condition on."""
        return _has_array(self.value)

    def __repr__(self) -> str:
        return repr(self.value)


def _copied(value: Any) -> Any:
    """A copy of nested containers."""
    if type(value) in (list, tuple, set):
        return type(value)(map(_copied, value))
    if type(value) is dict:
        return {k: _copied(v) for k, v in value.items()}
    return value


def _has_array(value: Any) -> bool:
    if type(value) in (list, tuple, dict):
        return any(map(_has_array, value.values() if type(value) is dict else value))
    return isinstance(value, np.ndarray)


@dataclasses.dataclass(frozen=True)
class Flat:
    """A value, taken apart."""

    children: tuple[Any, ...]
    aux: Aux


class FlattenError(TypeError):
    """What `flatten` gave, or that it failed."""


@dataclasses.dataclass(eq=False)
class Registered:
    """A class, how its values are taken apart, and its stand-in while tracing, which is made when it is needed."""

    cls: type
    flatten: Callable[[Any], Any]
    unflatten: Callable[[Any, Any], Any]
    stand_in: Any = None

    def flat(self, value: Any) -> Flat:
        """The parts of a value. Raises FlattenError."""
        what = f"flatten, registered for {self.cls.__name__}"
        try:
            found = self.flatten(value)
        except Exception as error:
            msg = f"{what}, raises {type(error).__name__}: {error}"
            raise FlattenError(msg) from error
        if not (type(found) is tuple and len(found) == 2 and type(found[0]) in (list, tuple)):
            msg = f"{what}, returned {found!r:.80}; it returns (children, aux), where children is a tuple or list"
            raise FlattenError(msg)
        return Flat(tuple(found[0]), Aux(found[1]))

    def built(self, aux: Aux, children: tuple[Any, ...]) -> Any:
        return self.unflatten(_copied(aux.value), children)


REGISTRY: dict[type, Registered] = {}


def register_pytree(cls: type, flatten: Callable[[Any], Any], unflatten: Callable[[Any, Any], Any]) -> None:
    """Say how values of a class are taken apart and put together, so that traced functions can work with them.

    flatten(value) returns (children, aux): a tuple or list of arrays, numbers and other values that are traced, and what
    else there is, which is compared with == and is a condition of a compiled version. unflatten(aux, children) makes a value of them.
    Values are told by their exact class. Objects of ordinary classes written in Python need no registration:
    they are traced attribute by attribute, and stay so. Register before the first call that is handed such a value.
    Raises TypeError for what is no class, is no function, or is taken apart already; ValueError for a class that is registered
    with other functions.
    """
    if not isinstance(cls, type):
        msg = f"register_pytree() takes a class, not {cls!r}"
        raise TypeError(msg)
    for name, function in (("flatten", flatten), ("unflatten", unflatten)):
        if not callable(function):
            msg = f"register_pytree(): {name} is a function, not {function!r}"
            raise TypeError(msg)
    if cls in KNOWN or issubclass(cls, (np.generic, type, types.FunctionType, types.ModuleType)):
        msg = f"register_pytree(): {cls.__name__} is known to tracing already (fix: register a class of your own)"
        raise TypeError(msg)
    known = REGISTRY.get(cls)
    if known is not None and (known.flatten is not flatten or known.unflatten is not unflatten):
        msg = f"register_pytree(): {cls.__name__} is registered already, with other functions"
        raise ValueError(msg)
    if known is None:
        REGISTRY[cls] = Registered(cls, flatten, unflatten)


__all__ = ["REGISTRY", "Aux", "Flat", "FlattenError", "Registered", "register_pytree"]
