"""Elementwise ops: one table for all of NumPy's ufuncs, and the few elementwise functions that are none."""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.answers import Unsupported
from tracetensor.graph.infer import (
    broadcast_shapes,
    infer_ufunc,
    operand_dtype,
    probed,
    tensors,
    ufunc_dtypes,
)
from tracetensor.graph.node import Constant, Variable, as_variable
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.dims import lift_dim
from tracetensor.graph.types import ARRAY, NUMERIC_KINDS, SCALAR, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracetensor.graph.node import Node

GENERALISED = frozenset({"matmul", "vecdot", "matvec", "vecmat"})
COMMUTATIVE = frozenset(
    "add multiply maximum minimum fmax fmin logical_and logical_or logical_xor bitwise_and bitwise_or "
    "bitwise_xor equal not_equal hypot logaddexp logaddexp2 gcd lcm".split()
)


def _may_raise(node: Node) -> bool:
    """Shapes that may not broadcast, negative integer powers, Python ints that may not fit the array's dtype."""
    known: dict[int, set[int | None]] = {}
    weak = False
    literals: list[int] = []
    narrow: list[np.dtype[Any]] = []
    for variable in node.inputs:
        type_ = variable.type
        if not isinstance(type_, TensorType):
            return True
        if type_.kind == "int":
            weak = weak or not isinstance(variable, Constant)
            literals += [variable.value] if isinstance(variable, Constant) else []
        elif not type_.is_python and type_.dtype.kind in "iu" and type_.dtype != np.int64:
            narrow.append(type_.dtype)
        for k, dim in enumerate(reversed(type_.shape)):
            if dim != 1:
                known.setdefault(k, set()).add(dim)
    if narrow and (
        weak or any(not np.iinfo(d).min <= n <= np.iinfo(d).max for d in narrow for n in literals)
    ):
        return True
    if weak and all(
        v.tensor.is_python for v in node.inputs
    ):  # beyond 64 bits they are objects, which few loops take
        return True
    for k, dims in known.items():
        if len(dims) > 1 or (None in dims and not _same_dim(node, k)):
            return True
    name = node.op.name
    return name in {"power", "float_power"} and all(t.tensor.dtype.kind in "iu" for t in node.inputs)


def _same_dim(node: Node, axis_from_end: int) -> bool:
    """Whether all operands that have this axis with a size other than 1 are known to have it equally long."""
    dims = {
        lift_dim(v, v.ndim - 1 - axis_from_end)
        for v in dict.fromkeys(node.inputs)
        if isinstance(v.type, TensorType)
        and v.type.ndim > axis_from_end
        and v.type.shape[-1 - axis_from_end] != 1
    }
    return len(dims) <= 1


def ufunc_op(ufunc: np.ufunc) -> Op:
    """The record of a ufunc."""

    def infer(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
        return infer_ufunc(ufunc, types)

    return register(
        Op(
            ufunc.__name__,
            evaluate=ufunc,
            infer=infer,
            family="ufunc",
            raises=_may_raise,
            commutative=ufunc.__name__ in COMMUTATIVE,
            answers=(ufunc,),
        )
    )


def numeric_ufuncs() -> list[np.ufunc]:
    """NumPy's elementwise ufuncs that have a loop over numbers."""
    found: dict[str, np.ufunc] = {}
    for _, value in sorted(vars(np).items()):
        if isinstance(value, np.ufunc) and value.signature is None and value.__name__ not in GENERALISED:
            numeric = any(set(t.replace("->", "")) <= set("?bBhHiIlLqQefdgFDG") for t in value.types)
            if numeric:
                found[value.__name__] = value
    return [found[name] for name in sorted(found)]


UFUNCS: dict[str, Op] = {u.__name__: ufunc_op(u) for u in numeric_ufuncs()}
"""Every elementwise ufunc by its own name (`absolute`, not `abs`)."""


UFUNCS["clip"] = ufunc_op(np._core.umath.clip)  # type: ignore[attr-defined]
"""The ufunc behind numpy.clip, with both bounds given."""


def _ufunc_into(*args: Any, ufunc: np.ufunc) -> Any:
    return ufunc(*args[:-1], out=args[-1].copy())


ufunc_into = Op("ufunc_into", evaluate=_ufunc_into, infer=lambda types, params: types[-1], family="cast")
"""What a ufunc leaves in its last argument, given as out=: called for the exception that it raises."""


def ufunc_call(
    ufunc: np.ufunc,
    *args: Any,
    dtype: Any = None,
    casting: str = "same_kind",
    out: Any = None,
    where: Any = True,
) -> Any:
    """A call of an elementwise ufunc on variables or values; `dtype` forces the loop by casting the operands.

    Raises TypeError where a cast breaks the rule; Unsupported with out= or where=, which are not for a builder.
    """
    op = UFUNCS.get(ufunc.__name__)
    if op is None or op.evaluate is not ufunc:
        raise Unsupported(f"the ufunc {ufunc.__name__}")
    if out is not None or where is not True or len(args) != ufunc.nin:
        raise Unsupported("a ufunc with out= or where=")
    operands = [as_variable(a) for a in args]
    if dtype is None and casting == "same_kind":
        return op(*operands)
    return _forced(ufunc, op, operands, None if dtype is None else np.dtype(dtype), casting)


def _forced(
    ufunc: np.ufunc, op: Op, operands: Sequence[Variable], dtype: np.dtype[Any] | None, casting: str
) -> Any:
    types = tensors([v.type for v in operands], ufunc.__name__)
    given = tuple([operand_dtype(t) for t in types])
    signature: Any = (*[None] * ufunc.nin, *[dtype] * ufunc.nout)
    loop = ufunc.resolve_dtypes((*given, *[None] * ufunc.nout), signature=signature, casting=casting)  # type: ignore[arg-type]
    cast_operands = []
    for variable, type_, wanted in zip(operands, types, loop, strict=False):
        if type_.is_python and wanted.kind in "iu":
            if type_.kind != "bool" and not (
                isinstance(variable, Constant) and wanted.type(variable.value) == variable.value
            ):
                raise Unsupported("a traced Python int that may not fit the dtype")
        elif not type_.is_python and not np.can_cast(type_.dtype, wanted, casting):  # type: ignore[arg-type]
            msg = f"Cannot cast ufunc '{ufunc.__name__}' input from {type_.dtype!r} to {wanted!r} with casting rule '{casting}'"
            raise TypeError(msg)
        if type_.is_python or type_.dtype != wanted:
            variable = cast(variable, dtype=wanted, **({} if type_.is_array else {"kind": SCALAR}))
        cast_operands.append(variable)
    if ufunc_dtypes(ufunc, tuple([operand_dtype(v.tensor) for v in cast_operands])) != tuple(loop):
        raise Unsupported(f"the loop of {ufunc.__name__} for {dtype}")
    return op(*cast_operands)


def _cast(x: Any, *, dtype: np.dtype[Any], kind: str = ARRAY) -> Any:
    result = np.asarray(x).astype(dtype)
    return result if kind == ARRAY else result[()]


def _infer_cast(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "cast")
    if params["dtype"].kind not in NUMERIC_KINDS:
        from tracetensor.errors import TypeInferenceError

        msg = f"a cast to {params['dtype']} is not an op"
        raise TypeInferenceError(msg)
    return TensorType(params["dtype"], x.shape, params.get("kind", ARRAY))


cast = register(Op("cast", evaluate=_cast, infer=_infer_cast, family="cast"))
"""x.astype(dtype) as an array (kind "array") or as a NumPy scalar (kind "scalar"; x of rank 0)."""


def _as_kind(x: Any, *, kind: str) -> Any:
    if kind == ARRAY:
        return np.asarray(x)
    return x[()] if isinstance(x, np.ndarray) else np.asarray(x)[()]


def _infer_as_kind(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "as_kind")
    return TensorType(x.dtype, x.shape, params["kind"])


as_kind = register(Op("as_kind", evaluate=_as_kind, infer=_infer_as_kind, family="cast", views=True))
"""The same value of the same dtype as an array or as a NumPy scalar (numpy.asarray(x), x[()])."""


def to_array(x: Variable) -> Variable:
    """x as an array variable: itself if it is one."""
    return x if x.tensor.is_array else as_kind(x, kind=ARRAY)


def _where(condition: Any, x: Any, y: Any) -> Any:
    return np.where(condition, x, y)


def _shape_all(types: Sequence[Type], params: Mapping[str, Any]) -> Any:
    return broadcast_shapes(*[t.shape for t in tensors(types)])


where = register(
    Op(
        "where",
        evaluate=_where,
        infer=probed(_shape_all, _where),
        family="where",
        raises=_may_raise,
        answers=(np.where,),
    )
)
"""numpy.where(condition, x, y) with three arguments; always an array."""


def _copy(x: Any, *, order: str = "K") -> Any:
    return np.array(x, order=order, copy=True)  # type: ignore[call-overload]


def _infer_copy(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "copy")
    return TensorType(x.dtype, x.shape, ARRAY)


copy = register(Op("copy", evaluate=_copy, infer=_infer_copy, family="copy"))
"""A copy that shares no memory, as an array."""


def _infer_scalar_power(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
    return infer_ufunc(np.power, types)


scalar_power = register(Op("scalar_power", evaluate=operator.pow, infer=_infer_scalar_power, family="scalar"))
"""x ** y of NumPy scalars that are not integers: C's pow, where the ufunc squares for an exponent of 2."""

array_power = register(Op("array_power", evaluate=operator.pow, infer=_infer_scalar_power, family="scalar"))
"""x ** y of an array that is not of integers and a Python number: square, sqrt or reciprocal for some values of it."""


class _Asked(np.ndarray[Any, Any]):
    """An array that tells by which ufunc an operator computes."""

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **options: Any) -> Any:
        return ufunc


@functools.lru_cache(maxsize=1024, typed=True)
def ufunc_of_power(dtype: np.dtype[Any], exponent: Any) -> np.ufunc:
    """The ufunc by which NumPy raises arrays of this dtype to this power: one of x only for a few exponents."""
    return np.ones(1, dtype).view(_Asked) ** exponent  # type: ignore[no-any-return]
