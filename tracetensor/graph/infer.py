"""Type inference shared by op families: NumPy itself is asked, on samples, so that dtypes and kinds are its own."""

from __future__ import annotations

import functools
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.node import freeze
from tracetensor.graph.types import (
    ListType,
    Shape,
    TensorType,
    Type,
    array_type,
    result_type_for,
    type_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

PYTHON_CLASSES = {"bool": bool, "int": int, "float": float, "complex": complex}


def tensors(types: Sequence[Type], what: str = "this op") -> Sequence[TensorType]:
    """The types, known to be tensors'; raises TypeInferenceError otherwise."""
    for type_ in types:
        if not isinstance(type_, TensorType):
            msg = f"{what} needs arrays or scalars, not {type_!r}"
            raise TypeInferenceError(msg)
    return types  # type: ignore[return-value]


def broadcast_dim(a: int | None, b: int | None) -> int | None:
    """The dim that two dims broadcast to; raises TypeInferenceError if they never do."""
    if a == b or b == 1:
        return a
    if a == 1:
        return b
    if a is None:
        return b
    if b is None:
        return a
    msg = f"dims {a} and {b} do not broadcast"
    raise TypeInferenceError(msg)


def broadcast_shapes(*shapes: Shape) -> Shape:
    """The shape that shapes broadcast to, unknown dims included."""
    ndim = max(map(len, shapes), default=0)
    result: list[int | None] = [1] * ndim
    for shape in shapes:
        for k in range(1, len(shape) + 1):
            try:
                result[-k] = broadcast_dim(result[-k], shape[-k])
            except TypeInferenceError:
                text = " ".join(str(s).replace("None", "?") for s in shapes)
                msg = f"operands could not be broadcast together with shapes {text}"
                raise TypeInferenceError(msg) from None
    return tuple(result)


@functools.cache
def ufunc_dtypes(ufunc: np.ufunc, operands: tuple[Any, ...]) -> tuple[np.dtype[Any], ...]:
    """The dtypes of the loop that a ufunc runs: inputs, then outputs. A Python class stands for a weak scalar."""
    try:
        dtypes: tuple[np.dtype[Any], ...] = ufunc.resolve_dtypes((*operands, *[None] * ufunc.nout))
    except TypeError as error:
        raise TypeInferenceError(str(error)) from None
    return dtypes


def operand_dtype(type_: TensorType) -> Any:
    """How NumPy's promotion sees an operand: int, float, complex for weak Python scalars, else the dtype."""
    if type_.is_python and type_.kind != "bool":
        return PYTHON_CLASSES[type_.kind]
    return type_.dtype


def infer_ufunc(ufunc: np.ufunc, types: Sequence[Type]) -> tuple[Type, ...]:
    """The types of a ufunc's results: NumPy's dtypes, broadcast shape, NumPy scalars for rank 0."""
    operands = tensors(types, ufunc.__name__)
    dtypes = ufunc_dtypes(ufunc, tuple([operand_dtype(t) for t in operands]))
    shape = broadcast_shapes(*[t.shape for t in operands])
    return tuple([result_type_for(dtype, shape) for dtype in dtypes[ufunc.nin :]])


def sample(type_: Type, unknown: int = 1) -> Any:
    """A harmless value of the type, its unknown dims set to `unknown`."""
    if isinstance(type_, ListType):
        return [sample(type_.element, unknown)]
    if not isinstance(type_, TensorType):
        msg = f"no sample can be made of {type_!r}"
        raise TypeInferenceError(msg)
    if type_.is_python:
        return PYTHON_CLASSES[type_.kind](1)
    if not type_.is_array:
        return type_.dtype.type(1)
    return np.ones(tuple(unknown if d is None else d for d in type_.shape), type_.dtype)


@functools.lru_cache(maxsize=16384)
def _probe(
    evaluate: Callable[..., Any],
    types: tuple[Type, ...],
    params: tuple[tuple[str, Any], ...],
    n: int,
    frozen: Any,
) -> Any:
    """frozen tells params apart in the cache that compare equal (1 and True)."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        result = evaluate(*[sample(t, n) for t in types], **dict(params))
    results = result if isinstance(result, tuple) else (result,)
    return tuple([type_of(r) for r in results])


def shrink(type_: Type) -> Type:
    """The type with all dims unknown, so that probing is cached over shapes."""
    if isinstance(type_, TensorType) and type_.is_array:
        return array_type(type_.dtype, tuple([1 if d == 1 else None for d in type_.shape]))
    return type_


def probe(
    evaluate: Callable[..., Any], types: Sequence[Type], params: dict[str, Any] | None = None, n: int = 1
) -> tuple[Any, ...]:
    """The types of the results of `evaluate` on samples whose unknown dims are n (cached). Dims are the sample's.

    Raises TypeInferenceError with NumPy's message if the function raises.
    """
    try:
        named = tuple(sorted((params or {}).items()))
        found: tuple[Any, ...] = _probe(evaluate, tuple(types), named, n, freeze(named))
    except (
        TypeError,
        ValueError,
        IndexError,
        ZeroDivisionError,
        OverflowError,
        np.linalg.LinAlgError,
    ) as error:
        raise TypeInferenceError(str(error)) from None
    return found


def probed(shape_rule: Callable[..., Any], evaluate: Callable[..., Any]) -> Callable[..., Any]:
    """An inference function: dtype and kind by probing `evaluate`, shapes by `shape_rule(types, params)`.

    The rule returns the shape of the only result, or a list with the shape of each.
    """

    def infer(types: Sequence[Type], params: dict[str, Any]) -> tuple[Type, ...]:
        shapes = shape_rule(types, params)
        if not isinstance(shapes, list):
            shapes = [shapes]
        found = probe(evaluate, [shrink(t) for t in types], params)
        return tuple(
            [
                TensorType(f.dtype, s, f.kind) if isinstance(f, TensorType) else f
                for f, s in zip(found, shapes, strict=True)
            ]
        )

    return infer
