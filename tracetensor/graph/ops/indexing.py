"""Reading and functional writing of array elements: every form of NumPy index, by one spec.

An index is a spec, static, and leaves, which are variables. Each entry of the spec is a string: "i" an integer
scalar (one leaf), "s" and three digits for the parts of a slice that are given (a leaf each: "s110" is a:b),
"n" numpy.newaxis, "e" Ellipsis, "a" an array of integers or of bools (one leaf).
"""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.infer import broadcast_shapes, probe, tensors
from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.op import Op, register
from tracetensor.graph.types import ARRAY, INT, ListType, Shape, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from tracetensor.graph.node import Node

Spec = tuple[str, ...]
FULL_SLICE = "s000"


def assemble(spec: Spec, leaves: Iterable[Any]) -> tuple[Any, ...]:
    """The index that a spec and the values of its leaves stand for."""
    rest = iter(leaves)
    return tuple([_entry(entry, rest) for entry in spec])


def _entry(entry: str, leaves: Iterator[Any]) -> Any:
    if entry[0] == "s":
        return slice(*[next(leaves) if given == "1" else None for given in entry[1:]])
    if entry == "n":
        return None
    return Ellipsis if entry == "e" else next(leaves)


def leaf_count(entry: str) -> int:
    """How many leaves an entry of a spec consumes."""
    return entry.count("1") if entry[0] == "s" else int(entry in {"i", "a"})


def is_basic(spec: Spec) -> bool:
    """Whether the index yields a view (or an element): no index arrays."""
    return "a" not in spec


def getitem_value(x: Any, *leaves: Any, spec: Spec) -> Any:
    """x[index]."""
    return x[assemble(spec, leaves)]


def setitem_value(
    x: Any, value: Any, *leaves: Any, spec: Spec, augmented: bool = False, view: tuple[int, ...] = ()
) -> Any:
    """A copy of x in which x[index] = value has been done.

    augmented: it is a ufunc's output (x[index] += …, out=x), which must have the broadcast shape of the inputs.
    view: entries, all integers, that make a view first; errors of the others speak of that.
    """
    result = np.array(x, copy=True, order="K")
    index = assemble(spec, leaves)
    part = result
    if view:
        first, index = split_index(index, view)
        part = result[first]
    if augmented:
        check_shape(part[index], value)
    part[index] = value
    return result


def split_index(index: Any, view: tuple[int, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The index that takes these entries only, and the one that takes the others of what is left then."""
    entries = index if type(index) is tuple else (index,)
    first = tuple([e if k in view else slice(None) for k, e in enumerate(entries[: max(view) + 1])])
    return first, tuple([e for k, e in enumerate(entries) if k not in view])


def check_shape(part: Any, value: Any) -> None:
    """Raise ValueError, as an operation in place does, unless the value broadcasts to the shape of the part."""
    own, given = np.shape(part), np.shape(value)
    if len(given) > len(own) or any(n not in {1, m} for n, m in zip(given[::-1], own[::-1], strict=False)):
        msg = (
            f"non-broadcastable output operand with shape {_shape_text(own)} "
            f"doesn't match the broadcast shape {_shape_text(given)}"
        )
        raise ValueError(msg)


def _shape_text(shape: tuple[int, ...]) -> str:
    return "(" + ",".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"


def expand(spec: Spec, ndim: int, leaf_ndims: Sequence[int] = ()) -> list[str]:
    """The spec with Ellipsis spelled out as full slices, and completed with full slices at the end.

    leaf_ndims: for every "a" entry, the number of axes that it consumes (1, or the rank of a bool array).
    """
    consumed = iter(leaf_ndims)
    used = sum(next(consumed) if e == "a" else e[0] in "is" for e in spec)
    fill = [FULL_SLICE] * max(ndim - used, 0)
    if "e" in spec:
        k = spec.index("e")
        return [*spec[:k], *fill, *spec[k + 1 :]]
    return [*spec, *fill]


def _axes_consumed(spec: Spec, leaf_types: Sequence[TensorType]) -> list[int]:
    position = 0
    result = []
    for entry in spec:
        if entry == "a":
            type_ = leaf_types[position]
            result.append(type_.ndim if type_.dtype.kind == "b" else 1)
        position += leaf_count(entry)
    return result


def slice_dim(dim: int | None, start: Any, stop: Any, step: Any) -> int | None:
    """The length of a slice of an axis; each bound is an int, None for absent, or ... for not known here."""
    if start is None and stop is None and (step is None or step in {1, -1}):
        return dim
    if dim is None or ... in {start, stop, step}:
        return None
    return len(range(*slice(start, stop, step).indices(dim)))


def _known(variable: Variable) -> Any:
    return int(variable.value) if isinstance(variable, Constant) else ...


def _infer_getitem(
    types: Sequence[Type], params: Mapping[str, Any], inputs: Sequence[Variable] = ()
) -> tuple[Type, ...]:
    if isinstance(types[0], ListType):
        return (types[0].element,)
    x, *leaf_types = tensors(types, "indexing")
    spec: Spec = params["spec"]
    probed = _probe_index(x, leaf_types, spec)
    shape = _index_shape(x, leaf_types, spec, list(inputs[1:]), probed.ndim)
    return (TensorType(x.dtype, shape, probed.kind),)


def _probe_index(x: TensorType, leaf_types: Sequence[TensorType], spec: Spec) -> TensorType:
    """Rank and kind of x[index], by asking NumPy with zeros as indices."""

    def evaluate(array: Any, *leaves: Any) -> Any:
        plain = [0 if e == "i" else None for e in spec for _ in range(leaf_count(e))]
        safe = [_zero(v) if p is None else p for v, p in zip(leaves, plain, strict=True)]
        return getitem_value(array, *safe, spec=spec)

    if all(e[0] in "is" for e in spec):  # the common case, without a probe
        integers = spec.count("i")
        if len(spec) <= x.ndim:
            rank = x.ndim - integers
            return TensorType(x.dtype, (None,) * rank, ARRAY if rank else "scalar")
        msg = f"too many indices for array: array is {x.ndim}-dimensional, but {len(spec)} were indexed"
        raise TypeInferenceError(msg)
    sample_types = [TensorType(x.dtype, (None,) * x.ndim, ARRAY)]
    sample_types += [TensorType(t.dtype, (None,) * t.ndim, t.kind) for t in leaf_types]
    key = _PROBES.setdefault((spec,), evaluate)
    (found,) = probe(key, sample_types)
    assert isinstance(found, TensorType)
    return found


_PROBES: dict[tuple[Any, ...], Any] = {}


def _zero(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return np.zeros_like(value) if value.dtype.kind in "iu" else value
    return 1 if value is not None else None


def _index_shape(
    x: TensorType, leaf_types: Sequence[TensorType], spec: Spec, leaves: Sequence[Variable], ndim: int
) -> Shape:
    consumed = _axes_consumed(spec, leaf_types)
    full = expand(spec, x.ndim, consumed)
    dims: list[int | None] = []
    arrays: list[Shape] = []
    places: list[int] = []
    axis = position = array_number = 0
    for entry in full:
        count = leaf_count(entry)
        if entry[0] == "s":
            given = iter(
                [_known(v) for v in leaves[position : position + count]] if leaves else [...] * count
            )
            parts = [next(given) if digit == "1" else None for digit in entry[1:]]
            dims.append(slice_dim(x.shape[axis], *parts))
            axis += 1
        elif entry == "n":
            dims.append(1)
        elif entry == "i":
            axis += 1
            if consumed:
                places.append(len(dims))
        else:
            type_ = leaf_types[position]
            arrays.append((None,) * 1 if type_.dtype.kind == "b" and type_.ndim else type_.shape)
            places.append(len(dims))
            axis += consumed[array_number]
            array_number += 1
        position += count
    if arrays:
        advanced = broadcast_shapes(*arrays)
        together = all(place == places[0] for place in places)
        at = places[0] if together else 0
        dims[at:at] = advanced
    if len(dims) != ndim:
        return (None,) * ndim
    return tuple(dims)


def _getitem_raises(node: Node) -> bool:
    if isinstance(node.inputs[0].type, ListType):
        return True
    position = 1
    for entry in node.params["spec"]:
        if entry in {"i", "a"}:
            return True
        if entry.endswith("1") and entry[0] == "s":
            step = node.inputs[position + leaf_count(entry) - 1]
            if _known(step) in {0, ...}:
                return True
        position += leaf_count(entry)
    return False


class IndexOp(Op):
    """An op whose result type looks at constant leaves too."""

    __slots__ = ()

    def infer_types(
        self, types: tuple[Type, ...], params: Mapping[str, Any], inputs: Sequence[Variable] = ()
    ) -> tuple[Type, ...]:
        return _infer_getitem(types, params, inputs)


getitem = register(
    IndexOp(
        "getitem",
        evaluate=getitem_value,
        infer=_infer_getitem,
        family="index",
        raises=_getitem_raises,
        views=True,
    )
)
"""x[index]: an element as a NumPy scalar, a view for a basic index, a copy for an advanced one."""


def _infer_write(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    return types[0]


setitem = register(Op("setitem", evaluate=setitem_value, infer=_infer_write, family="index", raises=True))
"""x after x[index] = value, as a new array: setitem(x, value, *leaves; spec, augmented=False, view=())."""


def _update_at(x: Any, *operands: Any, spec: Spec, ufunc: str, unary: bool = False) -> Any:
    result = np.array(x, copy=True, order="K")
    values = () if unary else operands[:1]
    getattr(np, ufunc).at(result, assemble(spec, operands[len(values) :]), *values)
    return result


update_at = register(Op("update_at", evaluate=_update_at, infer=_infer_write, family="index", raises=True))
"""x after numpy.<ufunc>.at(x, index, value), or (x, index) if `unary`: repeated indices accumulate."""


def _subslice(length: int, *bounds: int, spec: str, part: str) -> int:
    positions, leaves = range(length), [operator.index(b) for b in bounds]
    if leaves:
        positions = positions[slice(leaves.pop(0), leaves.pop(0), leaves.pop(0) or 1)]
    if spec == "i":
        return positions[leaves[0]] if -len(positions) <= leaves[0] < len(positions) else 0
    start, stop, step = [leaves.pop(0) if d == "1" else None for d in spec[1:]]
    taken = positions[start : stop : step or None]
    if not taken:
        return int(part == "step")
    below = length if part == "stop" and taken.stop < 0 else 0  # -1 would be the last one
    return int(getattr(taken, part)) - below


subslice = register(Op("subslice", evaluate=_subslice, infer=lambda types, params: INT, family="dim"))
"""A part ("start", "stop", "step"; "index" for an integer) of what the entry `spec` of an index comes to, along an axis of this
length, within the slice start:stop:step of it; without these, of the whole axis. Never raises: what the index raises is raised elsewhere."""
