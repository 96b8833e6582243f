"""Reads and writes of elements: indices that take everything, reads of what was just written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.ops.dims import lift_dim
from tracetensor.graph.ops.elementwise import as_kind, cast
from tracetensor.graph.ops.indexing import FULL_SLICE, getitem, is_basic, leaf_count, setitem
from tracetensor.graph.types import TensorType
from tracetensor.rewrite.rule import RuleList, given

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tracetensor.graph.node import Node

rules = RuleList("indexing")


@rules.on("getitem", example=given("float64[?, 3]", lambda x: x[:, ...]))
def read_everything(node: Node) -> Variable | None:
    """x[:], x[...] -> x for an array."""
    x = node.inputs[0]
    if (
        len(node.inputs) == 1
        and isinstance(x.type, TensorType)
        and x.type.is_array
        and x.type is node.out.type
    ):
        return x if all(e in {FULL_SLICE, "e"} for e in node.params["spec"]) else None
    return None


def entries(
    spec: tuple[str, ...], leaves: tuple[Variable, ...]
) -> Iterator[tuple[str, tuple[Variable, ...]]]:
    """The entries of a spec, each with its leaves."""
    position = 0
    for entry in spec:
        count = leaf_count(entry)
        yield entry, leaves[position : position + count]
        position += count


def is_int(variable: Variable, value: int) -> bool:
    """Whether a variable is an integer constant of this value."""
    return isinstance(variable, Constant) and variable.tensor.ndim == 0 and bool(variable.value == value)


def _plain_slice(entry: str, bounds: tuple[Variable, ...], dim: Any) -> tuple[str, tuple[Variable, ...]]:
    """A slice without the bounds that go without saying."""
    rest = iter(bounds)
    start, stop, step = [next(rest) if given == "1" else None for given in entry[1:]]
    if step is not None and is_int(step, 1):
        step = None
    if step is None and start is not None and is_int(start, 0):
        start = None
    if step is None and stop is not None and (stop is dim or (isinstance(dim, int) and is_int(stop, dim))):
        stop = None
    parts = [start, stop, step]
    return "s" + "".join("0" if b is None else "1" for b in parts), tuple(b for b in parts if b is not None)


@rules.on(
    "getitem",
    example=(
        given("float64[?, 4]", "int", lambda x, n: x[0:n:1, 0:]),
        given("float64[?, 4]", lambda x: x[:4, 0 : x.shape[0]]),
    ),
)
def plain_slices(node: Node) -> Variable | None:
    """x[0:n:1] -> x[:n], and x[:x.shape[0]] -> x[:]."""
    x, *leaves = node.inputs
    spec = node.params["spec"]
    if not isinstance(x.type, TensorType) or not leaves or all(e[0] != "s" or e == FULL_SLICE for e in spec):
        return None
    new_spec: list[str] = []
    new_leaves: list[Variable] = []
    axis: int | None = 0
    for entry, bounds in entries(spec, tuple(leaves)):
        kept = entry, bounds
        if entry[0] == "s" and bounds:
            kept = _plain_slice(entry, bounds, None if axis is None else lift_dim(x, axis))
        axis = None if axis is None or entry in {"e", "a"} else axis + (entry != "n")
        new_spec.append(kept[0])
        new_leaves += kept[1]
    if len(new_leaves) == len(leaves):
        return None
    new: Variable = getitem(x, *new_leaves, spec=tuple(new_spec))
    return new if new.type is node.out.type else None


def _same_index(write: Node, read: Node, first: int) -> bool:
    """Whether a write and a read (whose leaves begin at `first`) have the same index, without index arrays."""
    return (
        write.params["spec"] == read.params["spec"]
        and is_basic(read.params["spec"])
        and write.inputs[2:] == read.inputs[first:]
    )


def _written_by(x: Variable) -> Node | None:
    return x.node if x.node is not None and x.node.op is setitem else None


@rules.on(
    "getitem",
    example=(
        given("float64[5]", "float64", "int", lambda x, v, k: x.set(k, v)[k]),
        given("float64[?]", "float", "int", lambda x, v, k: x.set(k, v)[k]),
        given("float64[5, 4]", "float64[3, 4]", lambda x, v: x.set(slice(1, 4), v)[1:4]),
    ),
)
def read_what_was_written(node: Node) -> Variable | None:
    """x.set(i, v)[i] -> v, if v is what x[i] becomes: of its shape, and of x's dtype."""
    write = _written_by(node.inputs[0])
    if write is None or not _same_index(write, node, 1):
        return None
    value, wanted = write.inputs[1], node.out.tensor
    if value.type is wanted and None not in wanted.shape:
        return value
    type_ = value.type
    if (
        not isinstance(type_, TensorType)
        or wanted.is_array
        or type_.ndim
        or type_.dtype.kind != wanted.dtype.kind
    ):
        return None
    if type_.dtype == wanted.dtype and not type_.is_python:
        return as_kind(value, kind=wanted.kind)  # type: ignore[no-any-return]
    if type_.is_python and type_.dtype.kind in "fc":
        return cast(value, dtype=wanted.dtype, kind=wanted.kind)  # type: ignore[no-any-return]
    return None


def _apart(a: Node, b: Node, first: int) -> bool:
    """Whether two indices of integers differ in a place where both are constants counted from the same end."""
    if a.params["spec"] != b.params["spec"] or set(a.params["spec"]) != {"i"}:
        return False
    for x, y in zip(a.inputs[2:], b.inputs[first:], strict=True):
        if isinstance(x, Constant) and isinstance(y, Constant) and (x.value < 0) == (y.value < 0):
            if x.value != y.value:
                return True
    return False


@rules.on("getitem", example=given("float64[5]", "float64", lambda x, v: x.set(1, v)[2]))
def read_what_was_not_written(node: Node) -> Variable | None:
    """x.set(1, v)[2] -> x[2]."""
    write = _written_by(node.inputs[0])
    if write is None or not _apart(write, node, 1):
        return None
    return getitem(write.inputs[0], *node.inputs[1:], **node.params)  # type: ignore[no-any-return]


@rules.on("setitem", example=given("float64[5]", "int", lambda x, k: x.set(k, x[k])))
def write_what_was_read(node: Node) -> Variable | None:
    """x.set(i, x[i]) -> x."""
    x, value = node.inputs[:2]
    read = value.node
    if read is None or read.op is not getitem or read.inputs[0] is not x or read.params != node.params:
        return None
    same = is_basic(node.params["spec"]) and read.inputs[1:] == node.inputs[2:]
    return x if same and x.type is node.out.type else None
