"""Types and shapes of tangents, and the variables that rules compute with.

The tangent of a float or complex variable has its dtype and shape; of rank 0 it is a NumPy scalar, whatever the
variable is. None stands for a tangent that is zero, so ints, bools and what does not depend on the variables cost nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.graph import Graph, bodies, topological
from tracetensor.graph.node import Constant, Node, Variable, apply, constant, input_variable
from tracetensor.graph.ops import control, creation
from tracetensor.graph.ops.calculus import sum_to_shape
from tracetensor.graph.ops.checkpoints import schedule_of
from tracetensor.graph.ops.dims import LIFT, broadcast_dims, dim, dim_inputs, lift_dim, shape_of
from tracetensor.graph.ops.elementwise import as_kind, cast, copy, to_array
from tracetensor.graph.ops.scalars import CONVERSIONS
from tracetensor.graph.ops.shape import broadcast_to, imag_, real_
from tracetensor.graph.types import ARRAY, INT, SCALAR, ListType, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Tangent = Variable | None


def is_active(type_: Type) -> bool:
    """Whether values of the type have tangents: floats, complex numbers, and lists of them."""
    if isinstance(type_, ListType):
        return is_active(type_.element)
    return isinstance(type_, TensorType) and type_.dtype.kind in "fc"


def tangent_type(type_: Type) -> Type:
    """The type of the tangent of a variable of this type."""
    if isinstance(type_, ListType):
        return ListType(tangent_type(type_.element))
    assert isinstance(type_, TensorType)
    return TensorType(type_.dtype, type_.shape, ARRAY if type_.shape else SCALAR)


def number(x: Variable, dtype: np.dtype[Any] | None = None) -> Variable:
    """x in this dtype, as an array or a NumPy scalar: Python's numbers are NumPy's in derivatives."""
    type_ = x.tensor
    dtype = dtype or type_.dtype
    if isinstance(x, Constant) and not type_.shape:
        with np.errstate(all="ignore"):
            return constant(np.asarray(x.value).astype(dtype)[()])
    if dtype.kind != "c" and type_.dtype.kind == "c":
        x = real_(number(x))
        type_ = x.tensor
    if type_.dtype != dtype or type_.is_python:
        result: Variable = cast(x, dtype=dtype, kind=ARRAY if type_.shape else SCALAR)
        return result
    if not type_.shape and type_.is_array:
        return as_kind(x, kind=SCALAR)  # type: ignore[no-any-return]
    return x


def zeros_like(x: Variable) -> Variable:
    """The zero tangent of a variable."""
    if isinstance(x.type, ListType):
        return zero_list(x)
    if not x.ndim:
        return constant(x.dtype.type(0))
    result: Variable = creation.zeros(*dim_inputs(shape_of(x)), dtype=x.dtype)
    return result


def length_of(x: Variable) -> Variable:
    """The length of a list, told where the list is a tangent."""
    told = None if x.dims is None else x.dims.get(0)
    length: Variable = control.list_len(x) if told is None else told
    return length


def zero_list(x: Variable) -> Variable:
    """The zero tangent of a list: zeros for numbers; for arrays, ones of length 1 that broadcast to any."""
    type_ = tangent_type(x.type)
    assert isinstance(type_, ListType)
    element = type_.element
    if not isinstance(element, TensorType):
        from tracetensor.errors import NotDifferentiable

        msg = "a list of lists that grows cannot be differentiated"
        raise NotDifferentiable(msg)
    if element.shape:
        zero = constant(np.zeros([n or 1 for n in element.shape], element.dtype))
    else:
        zero = constant(element.dtype.type(0))
    single = control.list_make(zero, type=type_)
    result: Variable = control.list_repeat(single, length_of(x))
    return result


def same_shape(x: Variable, y: Variable) -> bool:
    """Whether two variables are known to have one shape."""
    a, b = x.tensor.shape, y.tensor.shape
    if len(a) != len(b):
        return False
    return all(
        (m is not None and m == n) or lift_dim(x, k) is lift_dim(y, k)
        for k, (m, n) in enumerate(zip(a, b, strict=True))
    )


def as_tangent(x: Variable, like: Variable, *, exact: bool = False) -> Variable:
    """x made the tangent of a variable: of its dtype and shape. exact: it has that shape already."""
    if isinstance(like.type, ListType):
        return x
    x = number(x, like.dtype)
    if like.ndim and not exact and not same_shape(x, like):
        x = broadcast_to(x, *dim_inputs(shape_of(like)))
    return x


def unbroadcast(x: Variable, like: Variable) -> Variable:
    """The cotangent of what was broadcast to x's shape, in the dtype and shape of `like`."""
    x = number(x, like.dtype)
    if same_shape(x, like):
        return x
    return sum_to_shape(x, *dim_inputs(shape_of(like)))  # type: ignore[no-any-return]


def as_value(cotangent: Tangent, like: Variable) -> Variable:
    """A derivative as a value of the kind of the variable that it is by: a Python float by a Python float."""
    found = zeros_like(like) if cotangent is None else number(cotangent, like.dtype)
    type_ = like.tensor
    if type_.is_python:
        found = CONVERSIONS[type_.kind](found)
    elif type_.is_array:
        if cotangent is not None and found.node is not None and found.node.op.views:
            found = copy(found)
        found = to_array(found)
    return found


def parts_of(x: Variable) -> tuple[Variable, Variable]:
    """Real and imaginary part of a complex variable."""
    return real_(x), imag_(x)


def added_lists(x: Variable, y: Variable) -> Variable:
    """The list of the sums of the elements of two lists of one length: a loop that appends them."""
    type_ = x.type
    assert isinstance(type_, ListType)
    step, grown = input_variable(INT, "step"), input_variable(type_, "items")
    one, other = input_variable(type_), input_variable(y.type)
    element = np.add(control.list_get(one, step), control.list_get(other, step))
    body = Graph([step, grown, one, other], [control.list_append(grown, element)], name="items")
    made = control.scan.node(
        length_of(x), control.list_make(type=type_), x, y,
        body=body, n_carry=1, counted=True, conditional=False,
    )  # fmt: skip
    return made.outputs[0]


def added(values: Iterable[Tangent]) -> Tangent:
    """The sum of tangents, None if all are zero."""
    total: Tangent = None
    for value in values:
        if value is None:
            continue
        if total is None:
            total = value
        elif isinstance(value.type, ListType):
            total = added_lists(total, value)
        else:
            total = np.add(total, value)  # type: ignore[call-overload]
    return total


class Shapes:
    """Dims of tangents, told in terms of what they are tangents of; forgotten at the end.

    A tangent does not exist where it is transposed: its dims have to be known without it.
    """

    def __init__(self) -> None:
        self.told: dict[Variable, dict[int, Any]] = {}
        self.since = constant_serial()

    def tell(self, tangent: Variable, like: Variable) -> Variable:
        """Let the dims of a tangent be those of the variable."""
        if isinstance(like.type, ListType):
            self.put(tangent, {0: length_of(like)})
        elif isinstance(tangent.type, TensorType) and isinstance(like.type, TensorType):
            dims = {k: lift_dim(like, k) for k, n in enumerate(tangent.type.shape) if n is None}
            self.put(tangent, dims)
        return tangent

    def put(self, tangent: Variable, dims: dict[int, Any]) -> None:
        """Let some dims be these."""
        if dims and not isinstance(tangent, Constant):
            known = self.told[tangent] = {**self.told.get(tangent, {}), **dims}
            tangent.dims = {**(tangent.dims or {}), **known}

    def default(self, tangent: Variable, cotangent: Variable) -> None:
        """Where nothing was told of a tangent, as in loops that rules make, its dims are those of its cotangent."""
        if isinstance(tangent.type, TensorType):
            told = self.told.get(tangent, {})
            self.put(
                tangent,
                {
                    k: dim(cotangent, axis=k)
                    for k, n in enumerate(tangent.type.shape)
                    if n is None and k not in told
                },
            )

    def fill(self, nodes: Iterable[Node], linear: set[Variable]) -> None:
        """Find the dims of all linear results of nodes, which are given in order, from what was told of others."""
        for node in nodes:
            for out in node.outputs:
                if out not in linear or not isinstance(out.type, TensorType):
                    continue
                told = self.told.get(out, {})
                missing = [k for k, n in enumerate(out.type.shape) if n is None and k not in told]
                if missing:
                    dims = {k: _dim_of(out, k, node, linear) for k in missing}
                    self.put(out, dims)

    def forget(self, made: Iterable[Tangent] = ()) -> None:
        """Forget the dims of what was made: graphs outlive what was told, which may be of what they have not."""
        for tangent in self.told:
            tangent.dims = None
        self.told.clear()
        pending = [[v for v in made if v is not None]]
        seen: set[Node] = set()
        while pending:
            for node in topological(pending.pop()):
                if node in seen:
                    continue
                seen.add(node)
                for out in node.outputs:
                    if out.serial >= self.since:
                        out.dims = None
                for body in bodies(node):
                    for v in body.inputs:
                        v.dims = None
                    pending.append([*body.roots, *body.outputs])


def constant_serial() -> int:
    """A number that all variables made from now on exceed."""
    return Variable(TensorType(np.dtype(np.bool_))).serial


def _dim_of(x: Variable, axis: int, node: Node, linear: set[Variable]) -> Any:
    """A dim of the result of a node in terms of its inputs' dims."""

    def lift(v: Variable, k: int) -> Any:
        n = v.tensor.shape[k]
        if n is not None:
            return n
        return lift_dim(v, k) if v not in linear else (v.dims or {})[k]

    def shape(v: Variable) -> list[Any]:
        return [lift(v, k) for k in range(v.ndim)]

    rule = LIFT.get(node.op.name)
    found = None if rule is None else rule(x, axis, node, lift)
    if found is not None:
        return found
    if rule is None and node.op.family in {"ufunc", "where"}:
        return broadcast_dims(*[shape(v) for v in node.inputs])[axis]
    # By what the op makes of an array of that shape: one zero, in no memory.
    inputs = [
        broadcast_to(constant(v.dtype.type(0)), *dim_inputs(shape(v)))
        if v in linear and v.ndim
        else constant(v.dtype.type(0))
        if v in linear
        else v
        for v in node.inputs
    ]
    return dim(apply(node.op, inputs, node.params).outputs[x.index], axis=axis)


def depends_on(targets: Sequence[Variable], sources: set[Variable]) -> set[Variable]:
    """All variables behind the targets that depend on the sources, these included."""
    found = set(sources)
    for node in topological(targets, sources):
        if any(v in found for v in node.inputs):
            found.update(_dependent(node))
    return found


def _dependent(node: Node) -> Sequence[Variable]:
    """The results of a node that depend on tangents where its inputs do: all, but for what scheduled loops carry along."""
    plan = schedule_of(node) if node.op is control.scan else None
    return node.outputs if plan is None or not plan[1] else node.outputs[: plan[1]]
