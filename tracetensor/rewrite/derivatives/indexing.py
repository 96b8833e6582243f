"""Derivatives of reading and writing elements. Repeated indices accumulate; what is overwritten has no effect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.answers import NUMPY
from tracetensor.graph.node import Constant, constant
from tracetensor.graph.ops import control
from tracetensor.graph.ops.elementwise import to_array
from tracetensor.graph.ops.indexing import getitem, setitem, update_at
from tracetensor.graph.types import ListType
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import number, zeros_like

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.graph.ops.indexing import Spec
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent

arange: Any = NUMPY[np.arange]


def is_zero(x: Variable) -> bool:
    """Whether a variable is known to be zero."""
    return isinstance(x, Constant) and not np.any(x.value)


def add_at(x: Variable, value: Variable, leaves: Sequence[Variable], spec: Spec) -> Any:
    """x with a value added to x[index], for each time that an element is named."""
    x = to_array(x)
    made = x.node
    if made is not None and made.op is setitem and "a" not in spec and made.params["spec"] == spec:
        base, old, *at = made.inputs
        if is_zero(old) and at == list(leaves):  # what was set to zero just now
            return setitem(base, value, *leaves, spec=spec)
    if "a" in spec:
        result: Any = update_at(x, value, *leaves, spec=spec, ufunc="add")
    else:
        part = getitem(x, *leaves, spec=spec)
        result = setitem(x, np.add(part, value), *leaves, spec=spec)
    return result


@def_jvp("getitem")
def _getitem(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t = tangents[0]
    assert t is not None
    if isinstance(t.type, ListType):
        return control.list_get(t, *node.inputs[1:])
    return getitem(t, *node.inputs[1:], **node.params)


@def_transpose("getitem")
def _getitem_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x, *leaves = node.inputs
    spec: Spec = node.params["spec"]
    if not x.ndim or all(e == "n" for e in spec) or spec == ("e",):
        back.add(x, np.reshape(c, shape_list(x)))
        return
    back.write(x, lambda total: add_at(total, c, leaves, spec))


def shape_list(x: Variable) -> list[Any]:
    """The dims of a variable."""
    from tracetensor.graph.ops.dims import shape_of

    return list(shape_of(x))


@def_jvp("setitem")
def _setitem(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, _, *leaves = node.inputs
    t, u, *_ = tangents
    if t is None:
        t = zeros_like(x)
    if u is None:
        u = constant(x.dtype.type(0))
    params = {"spec": node.params["spec"]}
    if "view" in node.params:
        params["view"] = node.params["view"]
    u = number(u, x.dtype)
    return setitem(to_array(t), u, *leaves, **params)


@def_transpose("setitem")
def _setitem_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x, value, *leaves = node.inputs
    spec: Spec = node.params["spec"]
    c = to_array(c)
    if back.is_linear(value):
        # Of several writes to one element the last one counts: the others find zero.
        part = getitem(c, *leaves, spec=spec)
        if "a" in spec and _may_repeat(leaves):
            part = _last_of_each(c, part, leaves, spec)
        back.add(value, part)
    if back.is_linear(x):
        back.add(x, number(setitem(c, constant(c.dtype.type(0)), *leaves, spec=spec), x.dtype))


def _may_repeat(leaves: Sequence[Variable]) -> bool:
    return any(v.dtype.kind in "iu" and v.ndim for v in leaves)


def _last_of_each(c: Variable, part: Variable, leaves: Sequence[Variable], spec: Spec) -> Any:
    """The cotangent of each value written: that of the element if the value stayed there, else 0."""
    from tracetensor.graph.ops import creation
    from tracetensor.graph.ops.dims import dim_inputs, product, shape_of

    part = to_array(part)
    dims = shape_of(part)
    count = product(dims)
    numbers = np.reshape(arange(count), list(dims))
    blank = creation.zeros(*dim_inputs(shape_of(c)), dtype=np.dtype(np.int64))
    written = getitem(setitem(blank, numbers, *leaves, spec=spec), *leaves, spec=spec)
    return np.where(np.equal(written, numbers), part, constant(part.dtype.type(0)))


@def_jvp("update_at")
def _update_at(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    ufunc, spec = node.params["ufunc"], node.params["spec"]
    if ufunc not in {"add", "subtract"} or node.params.get("unary"):
        raise forward.refused(node, f"numpy.{ufunc}.at has no derivative")
    x, _, *leaves = node.inputs
    t, u, *_ = tangents
    t = zeros_like(x) if t is None else t
    if u is None:
        return t
    return update_at(to_array(t), number(u, x.dtype), *leaves, spec=spec, ufunc=ufunc)


@def_transpose("update_at")
def _update_at_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x, value, *leaves = node.inputs
    c = to_array(c)
    if back.is_linear(value):
        part = getitem(c, *leaves, spec=node.params["spec"])
        back.add(value, np.negative(part) if node.params["ufunc"] == "subtract" else part)
    back.add(x, number(c, x.dtype))


# Lists whose length is known at run time only --------------------------------------------------------------------


@def_jvp("list_append")
def _append(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, value = node.inputs
    t, u = tangents
    t = zeros_like(x) if t is None else t
    u = zeros_like(value) if u is None else u
    return control.list_append(t, u)


@def_transpose("list_append")
def _append_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x, value = node.inputs
    rest, last = control.list_pop(cotangents[0], -1)
    back.add(x, rest)
    if back.is_linear(value):
        back.add(value, whole(last, value))


def whole(c: Variable, like: Variable) -> Any:
    """A cotangent out of a list: zero may stand there as an array of length 1."""
    from tracetensor.graph.ops.dims import dim_inputs
    from tracetensor.graph.ops.shape import broadcast_to

    if not like.ndim or None not in like.tensor.shape:
        return c
    return broadcast_to(c, *dim_inputs(shape_list(like)))


@def_jvp("list_make")
def _make(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    from tracetensor.rewrite.derivatives.tangents import tangent_type

    items = [zeros_like(v) if t is None else t for v, t in zip(node.inputs, tangents, strict=True)]
    return control.list_make(*items, type=tangent_type(node.params["type"]))


@def_transpose("list_make")
def _make_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    for k, v in enumerate(node.inputs):
        if back.is_linear(v):
            back.add(v, whole(control.list_get(cotangents[0], k), v))


@def_jvp("list_get")
def _get(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return control.list_get(tangents[0], node.inputs[1])


@def_transpose("list_get")
def _get_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x, k = node.inputs
    c = cotangents[0]
    back.write(x, lambda total: control.list_set(total, np.add(control.list_get(total, k), c), k))


@def_jvp("list_set")
def _set(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, value, k = node.inputs
    t = zeros_like(x) if tangents[0] is None else tangents[0]
    u = zeros_like(value) if tangents[1] is None else tangents[1]
    return control.list_set(t, u, k)


@def_transpose("list_set")
def _set_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x, value, k = node.inputs
    c = cotangents[0]
    assert c is not None
    found = control.list_get(c, k)
    if back.is_linear(value):
        back.add(value, whole(found, value))
    if back.is_linear(x):
        back.add(x, control.list_set(c, np.multiply(found, 0), k))


@def_jvp("list_pop")
def _pop(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return control.list_pop(tangents[0], node.inputs[1])


@def_transpose("list_pop")
def _pop_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    x, k = node.inputs
    rest, item = cotangents
    rest = back.zero(node.outputs[0]) if rest is None else rest
    item = back.zero(node.outputs[1]) if item is None else item
    length = control.list_len(rest)
    from tracetensor.graph.ops.scalars import PYTHON

    # insert at a negative position counts from the end of the shorter list
    place = PYTHON["add"](
        PYTHON["add"](k, PYTHON["mul"](PYTHON["lt"](k, 0), length)), PYTHON["mul"](PYTHON["lt"](k, 0), 1)
    )
    back.add(x, control.list_insert(rest, place, item))


@def_jvp("list_array")
def _array(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    from tracetensor.graph.types import TensorType

    type_ = node.params["type"]
    return control.list_array(tangents[0], type=TensorType(type_.dtype, type_.shape), given=True)


@def_transpose("list_array")
def _array_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (x,), (c,) = node.inputs, cotangents
    assert c is not None
    type_ = x.type
    assert isinstance(type_, ListType)
    from tracetensor.graph.types import TensorType

    element = type_.element
    assert isinstance(element, TensorType)
    back.add(x, array_to_list(number(c, element.dtype), type_))


def array_to_list(x: Variable, type_: ListType) -> Any:
    """The elements of an array along its first axis, as a list: a loop that appends them."""
    from tracetensor.graph.node import as_variable, input_variable
    from tracetensor.graph.ops.dims import shape_of
    from tracetensor.graph.types import INT
    from tracetensor.rewrite.derivatives.control import to_type
    from tracetensor.rewrite.derivatives.residuals import closed

    step, grown, array = input_variable(INT, "step"), input_variable(type_, "items"), input_variable(x.type)
    element = to_type(getitem(array, step, spec=("i",)), type_.element)
    body = closed([step, grown, array], [control.list_append(grown, element)], "items")
    made = control.scan.node(
        as_variable(shape_of(x)[0]), control.list_make(type=type_), x,
        body=body, n_carry=1, counted=True, conditional=False,
    )  # fmt: skip
    return made.outputs[0]


@def_jvp("list_reverse", "list_slice", "list_repeat")
def _reverse(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return node.op(tangents[0], *node.inputs[1:], **node.params)


@def_transpose("list_reverse")
def _reverse_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], control.list_reverse(cotangents[0]))
