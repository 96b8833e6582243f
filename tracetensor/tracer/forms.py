"""Forms: what two values have in common that differ only in the variables in them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import Constant
from tracetensor.graph.types import TensorType, Type, array_type
from tracetensor.tracer.state import Box

if TYPE_CHECKING:
    from tracetensor.graph.node import Variable
    from tracetensor.tracer.state import Place


@dataclasses.dataclass
class Packed:
    """A value taken apart: a skeleton that two values of the same form share, and the variables in it.

    reads: of each array, the leaf that holds it, and the places where it stands (see Control.read_within).
    """

    skeleton: Any
    leaves: list[Variable]
    labels: list[str]
    frozen: dict[int, str] = dataclasses.field(default_factory=dict)
    reads: dict[int, tuple[int, set[Any]]] = dataclasses.field(default_factory=dict)


def skeleton_key(skeleton: Any) -> Any:
    """The key of an alternative that a value of another form may stand beside; None for what has none."""
    if skeleton[0] == "tuple":
        keys = tuple([skeleton_key(s) for s in skeleton[2]])
        return None if None in keys else ("tuple", skeleton[1], keys)
    if skeleton[0] in {"scalar", "object"}:
        return skeleton[:2]
    if skeleton[0] == "array":
        return ("array", skeleton[2], skeleton[3])
    if skeleton[0] == "constant":
        return ("constant", skeleton[1], skeleton[2])
    if skeleton[0] == "reference":
        return loosened(skeleton)
    return None


def loosened(skeleton: Any) -> Any:
    """The skeleton of a view in which what its steps are given stands by its type."""
    if skeleton[0] != "reference":
        return skeleton
    steps = [
        (op, tuple([v.type if isinstance(v, Constant) else v for v in given]), params)
        for op, given, params in skeleton[2]
    ]
    return ("reference", skeleton[1], tuple(steps))


def unknown_dims(type_: Type) -> Type:
    """The type with no dim known, of an array."""
    if isinstance(type_, TensorType) and type_.is_array:
        return array_type(type_.dtype, (None,) * type_.ndim)
    return type_


def unboxed(value: Any) -> Any:
    """The object in a Box; anything else itself."""
    return value.target if isinstance(value, Box) else value


def hashable(value: Any) -> bool:
    """Whether a value can be part of a key."""
    try:
        hash(value)
    except TypeError:
        return False
    return True


def same_form(a: Any, b: Any) -> bool:
    """Whether two skeletons are the same."""
    if a[0] != b[0]:
        return False
    return bool(a == b)


def place_label(place: Place) -> str:
    """What a place is called in reasons."""
    return (
        str(place[2])
        if place[0] == "local"
        else str({"items": "a list", "entries": "a dict"}.get(place[0], place[0]))
    )


def form_text(skeleton: Any) -> str:
    """What a form is called in reasons."""
    kind = skeleton[0]
    if kind == "scalar":
        return repr(skeleton[1])
    if kind == "array":
        return f"array of {skeleton[2]} with {skeleton[3]} axes"
    if kind == "reference":
        return "an array that is in use elsewhere"
    if kind == "constant":
        return repr(skeleton[2])
    return str(kind)
