"""Dims and changes of shape: dims without the arrays that they are dims of, views that undo each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.graph.edit import may_have_gaps
from tracetensor.graph.node import Constant, Variable, as_variable
from tracetensor.graph.ops.dims import dim, int_max, int_min, is_natural, lift_dim, shape_of
from tracetensor.graph.ops.elementwise import UFUNCS, copy
from tracetensor.graph.ops.shape import ascontiguous, broadcast_to, imag_, real_, reshape, squeeze, transpose
from tracetensor.graph.types import INT
from tracetensor.rewrite.rule import ROUNDING, RuleList, anything, given

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node

rules = RuleList("shapes")

I = anything("x", "int", where=lambda v: v.type is INT)
NATURAL = anything("x", "int", where=lambda v: v.type is INT and is_natural(v))


@rules.on(
    "dim",
    example=(
        given("float64[?]", lambda x: dim(UFUNCS["exp"](x), axis=0)),
        given("float64[?, ?]", lambda x: dim(x[1:, ::-1], axis=0)),
        given("float64[?, 3]", lambda x: dim(x, axis=1)),
    ),
)
def dim_without_array(node: Node) -> Variable | None:
    """x.shape[k] -> the dims that it is made of, so that x need not be computed for it."""
    found = as_variable(lift_dim(node.inputs[0], node.params["axis"]))
    return None if found is node.out else found


@rules.add(int_max(I, I), int_min(I, I))
def extreme_of_same_int(x: Variable) -> Variable:
    """max(n, n), min(n, n) -> n."""
    return x


@rules.on("int_max", example=given("float64[?]", lambda x: int_max(dim(x, axis=0), 0)))
def max_with_natural(node: Node) -> Variable | None:
    """max(n, 0) -> n for a dim n."""
    x, bound = node.inputs
    return x if isinstance(bound, Constant) and bound.value <= 0 and is_natural(x) else None


@rules.on(
    "transpose",
    example=(
        given("float64[?, ?, 2]", lambda x: transpose(transpose(x, axes=(2, 0, 1)), axes=(2, 0, 1))),
        given("float64[?, ?, 2]", lambda x: transpose(transpose(x, axes=(2, 0, 1)), axes=(1, 2, 0))),
    ),
)
def transpose_of_transpose(node: Node) -> Variable | None:
    """Two permutations of axes -> one; one that permutes nothing -> the array."""
    x, axes = node.inputs[0], node.params["axes"]
    if x.node is not None and x.node.op is transpose:
        axes = tuple(x.node.params["axes"][k] for k in axes)
        x = x.node.inputs[0]
    if axes == tuple(range(len(axes))):
        return x if x.type is node.out.type else None
    return None if x is node.inputs[0] else transpose(x, axes=axes)


@rules.on(
    "reshape",
    example=(
        given("float64[6]", lambda x: reshape(reshape(x, 2, 3, order="C"), 3, 2, order="C")),
        given("float64[?, 3]", lambda x: reshape(x, dim(x, axis=0), 3, order="C")),
    ),
)
def reshape_of_reshape(node: Node) -> Variable | None:
    """Two reshapes -> one; one to the shape that the array has -> the array."""
    x, *dims = node.inputs
    if "ravel" in node.params:
        return None
    if x.tensor.is_array and len(dims) == x.ndim:
        own = [as_variable(n) for n in shape_of(x)]
        if all(a is b for a, b in zip(own, dims, strict=True)) and x.type is node.out.type:
            return x
    made = x.node
    if made is None or made.op is not reshape or made.params != node.params:
        return None
    new: Variable = reshape(made.inputs[0], *dims, **node.params)
    return new if new.type is node.out.type else None


@rules.on("broadcast_to", example=given("float64[?, 3]", lambda x: broadcast_to(x, dim(x, axis=0), 3)))
def broadcast_to_same(node: Node) -> Variable | None:
    """An array broadcast to the shape that it has -> the array."""
    x, *dims = node.inputs
    if x.type is not node.out.type:
        return None
    own = [as_variable(n) for n in shape_of(x)]
    return x if all(a is b for a, b in zip(own, dims, strict=True)) else None


@rules.on(
    "squeeze", "real", "copy",
    example=(
        given("float64[?, 3]", lambda x: squeeze(x, axes=())),
        given("float64[?]", real_),
        given("float64[?]", lambda x: copy(copy(x, order="K"), order="K")),
    ),
)  # fmt: skip
def view_of_everything(node: Node) -> Variable | None:
    """x.squeeze() without axes, x.real of a real x -> x; a copy of a copy -> the copy."""
    x = node.inputs[0]
    if x.type is not node.out.type or "rest" in node.params:
        return None
    made = x.node
    if node.op is copy and (made is None or made.op is not copy or made.params != node.params):
        return None
    return x


MAY_ALIAS = frozenset({"control", "list", "callback", "effect", "copy", "pack"})
"""Families whose results may be their inputs, beside the ops that are marked as views."""


@rules.on(
    "*",
    exactness=ROUNDING,  # a sum over a reversed view is taken in another order than over its copy
    example=(
        given("float64[?]", lambda x: UFUNCS["exp"](copy(x, order="K"))),
        given("float64[?]", lambda x: copy(UFUNCS["exp"](x), order="C").set(0, 1.0)),
    ),
)
def read_through_copy(node: Node) -> Sequence[Variable] | None:
    """f(x.copy()) -> f(x), where the result of f shares no memory with x."""
    for variable in node.inputs:
        if variable.node is not None and variable.node.op is copy:
            break
    else:
        return None
    if node.op.views or node.op.family in MAY_ALIAS:
        return None
    inputs = [_source(v) for v in node.inputs]
    if node.op.name in LAID_OUT_ALIKE and may_have_gaps(inputs[0]):
        inputs[0] = node.inputs[0]
    if all(a is b for a, b in zip(inputs, node.inputs, strict=True)):
        return None
    return node.op.node(*inputs, **node.params).outputs


LAID_OUT_ALIKE = frozenset(
    {"setitem", "update_at", "put", "put_along_axis", "place", "putmask", "fill_diagonal", "copyto"}
)
"""Ops whose result lies in memory as their first input does."""


def _source(variable: Variable) -> Variable:
    """What a variable is a copy of, in the same order of elements in memory."""
    node = variable.node
    if node is None or node.op is not copy or (variable.ndim > 1 and node.params.get("order", "K") != "K"):
        return variable
    return node.inputs[0] if node.inputs[0].type is variable.type else variable


@rules.add(ascontiguous(ascontiguous(anything("x"))))
def twice_contiguous(x: Variable) -> Variable:
    """ascontiguousarray(ascontiguousarray(x)) -> ascontiguousarray(x)."""
    return ascontiguous(x)  # type: ignore[no-any-return]


@rules.add(real_(UFUNCS["conjugate"](anything("x", "complex128[?]", dtypes="c"))))
def real_of_conjugate(x: Variable) -> Variable:
    """conj(x).real -> x.real."""
    return real_(x)  # type: ignore[no-any-return]


@rules.add(imag_(UFUNCS["conjugate"](anything("x", "complex128[?]", dtypes="c"))))
def imag_of_conjugate(x: Variable) -> Variable:
    """conj(x).imag -> -x.imag."""
    return UFUNCS["negative"](imag_(x))  # type: ignore[no-any-return]
