"""Forms: what two values have in common that differ only in the variables in them."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.types import TensorType, Type, array_type
from tracetensor.tracer.state import Box, FunctionBox
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedArray,
    TracedList,
    TracedScalar,
    TracedUnion,
    is_object,
)

if TYPE_CHECKING:
    import types

    from tracetensor.tracer.state import Place, Region
    from tracetensor.tracer.values import Storage


@dataclasses.dataclass
class Packed:
    """A value taken apart: a skeleton that two values of the same form share, and the variables in it.

    frozen: why arrays must not be written. storages: the number of each array. reads: of each array, the leaf that holds it, and the places where it stands (see Control.read_within).
    """

    skeleton: Any
    leaves: list[Variable]
    labels: list[str]
    frozen: dict[int, str] = dataclasses.field(default_factory=dict)
    storages: dict[Storage, int] = dataclasses.field(default_factory=dict)
    reads: dict[int, tuple[int, set[Any]]] = dataclasses.field(default_factory=dict)


class Blends:
    """Arrays that were made one, of which a loop carries which it is: what else is one of them must not be written.

    `b = s` in a branch: after the step, `b` is what it was or `s`, and a write to either may be one to both.
    """

    REASON = "an array is written that may or may not be another one, of two that a loop carries"

    def __init__(self) -> None:
        self.became: dict[Storage, set[Storage]] = {}

    def note(self, before: Any, after: Any) -> None:
        """What a union was made: its arrays that are none of the alternatives are several of these."""
        kept = after.alternatives if type(after) is TracedUnion else (after,)
        old = {v.storage for v in before.alternatives if type(v) is TracedArray}
        new = {v.storage for v in kept if type(v) is TracedArray}
        for storage in old - new if new - old else ():
            self.became.setdefault(storage, set()).update(new - old)

    def freeze(self, packs: list[Packed]) -> list[Packed]:
        """Freeze what may be one array in several places; those where there is any."""
        found: dict[int, Packed] = {}
        for source, new in self.became.items():
            slots = [(p, p.storages[s]) for p in packs for s in (source, *new) if s in p.storages]
            for packed, slot in slots if len(slots) > 1 else ():
                packed.frozen.setdefault(slot, self.REASON)
                found[id(packed)] = packed
        return list(found.values())


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


def living(wide: Any, region: Region) -> Any:
    """The union of forms without views of arrays that an attempt made which was given up."""
    return (wide[0], tuple([form for form in wide[1] if _lives(form, region)]))


def _lives(form: Any, region: Region) -> bool:
    if form[0] == "tuple":
        return all(_lives(part, region) for part in form[2])
    return form[0] != "reference" or region.within(form[1].region)


def unknown_dims(type_: Type) -> Type:
    """The type with no dim known, of an array."""
    if isinstance(type_, TensorType) and type_.is_array:
        return array_type(type_.dtype, (None,) * type_.ndim)
    return type_


def unboxed(value: Any) -> Any:
    """The object in a Box; anything else itself."""
    return value.target if isinstance(value, Box) else value


def boxed(value: Any) -> Box | None:
    """What stands for a value that is itself and no other, or a function, in a key; None for other values."""
    if is_object(value) or type(value) is TracedList:
        return Box(value)
    return FunctionBox(value) if type(value) is InterpretedFunction and value.plain else None


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


def cell_contents(function: types.FunctionType) -> list[Any]:
    """What the cells of a function hold."""
    found = []
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # not bound yet
            continue
    return found


def as_scalar(truth: Any) -> Any:
    """A variable as the program sees it; other values as they are."""
    return TracedScalar(truth) if isinstance(truth, Variable) else truth
