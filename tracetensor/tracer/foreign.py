"""What of the outside may be computed with while tracing, and what may not: its content may be another at the next call."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import enum
import fractions
import functools
import pathlib
import re
import types
import uuid
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.types import NUMERIC_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BY_VALUE = (
    frozenset, decimal.Decimal, fractions.Fraction, dt.date, dt.time, dt.timedelta,
    pathlib.PurePath, uuid.UUID, np.datetime64, np.timedelta64, np.character,
)  # fmt: skip
"""Classes of immutable values, which are the same constant wherever they are equal."""
UNCHANGING = (
    int, float, complex, str, bytes, range, slice, enum.Enum, type, np.dtype, types.EllipsisType,
    types.NotImplementedType, types.GenericAlias, types.UnionType, types.CodeType, types.ModuleType, types.FunctionType,
    types.BuiltinFunctionType, types.MethodType, functools.partial, re.Pattern, re.Match, np.ufunc, np.vectorize,
)  # fmt: skip
"""Other classes whose objects stay what they are."""
CONTENT = (
    "__next__ __iter__ __getitem__ __len__ __contains__ __array__ __array_interface__ __array_struct__ __buffer__ "
    "__index__ __int__ __float__ __add__ __mul__"
).split()
"""Methods of objects that have a content: elements, bytes, a value."""
RUN_TIME = frozenset(
    "io _io csv _csv logging typing random weakref threading _thread queue contextvars".split()
)
"""Modules whose objects are used at run time, or are no data."""


@functools.lru_cache(maxsize=4096)
def _has_content(cls: type) -> bool:
    return (
        not issubclass(cls, (*BY_VALUE, *UNCHANGING))
        and (cls.__module__ or "").partition(".")[0] not in RUN_TIME
        and any(hasattr(cls, name) for name in CONTENT)
    )


def has_content(value: Any) -> bool:
    """Whether an object that is not looked into has a content that may change from call to call, or be used up."""
    return _has_content(type(value)) or type(value) is np.void  # type: ignore[arg-type]


def is_array_like(value: Any) -> bool:
    """Whether an object takes part in NumPy's operations in a way of its own, as those of pandas do."""
    cls = type(value)
    return hasattr(cls, "__array__") and any(
        hasattr(cls, name) for name in ("__array_ufunc__", "__array_function__", "__array_namespace__")
    )


def content_reason(where: str, value: Any) -> str:
    """Why a call with such an object runs as plain Python, and the way out."""
    kind = type(value).__name__
    if hasattr(type(value), "__next__"):
        return f"{where} is a {kind}, an iterator, which a call uses up (fix: hand over a list)"
    if (type(value).__module__ or "").startswith("scipy.sparse"):
        return f"{where} is a {kind}, a sparse array, which is not traced (fix: hand over its arrays)"
    if any(
        hasattr(type(value), name) for name in ("__array__", "__array_interface__", "__buffer__")
    ) or isinstance(value, memoryview):
        return f"{where} is a {kind}, whose content is not traced (fix: hand over np.asarray({where}))"
    return f"{where} is a {kind}, whose content is not traced (fix: hand over the arrays and numbers in it)"


def array_reason(where: str, value: np.ndarray[Any, Any]) -> str:
    """Why a call with an array of this kind runs as plain Python, and the way out; empty for one that is traced."""
    if type(value) is not np.ndarray:
        way = f"np.asarray({where})"
        if isinstance(value, np.ma.MaskedArray):
            way = f"{where}.data and {where}.mask"
        return f"{where} is a {type(value).__name__}, a subclass of numpy.ndarray (fix: hand over {way})"
    dtype = value.dtype
    if dtype.names is not None:
        return f"{where} has dtype {dtype} (fix: hand over its fields, {where}[{dtype.names[0]!r}] …)"
    if dtype.kind in "mM":
        return f"{where} has dtype {dtype} (fix: hand over {where}.astype('int64'))"
    if dtype.kind not in NUMERIC_KINDS:
        return f"{where} has dtype {dtype} (fix: hand over an array of numbers)"
    canonical = np.dtype(dtype.str)
    if dtype.metadata is not None:
        return f"{where} has dtype {dtype} with metadata (fix: hand over {where}.astype({canonical.name!r}))"
    if dtype.num != canonical.num:
        name = dtype.type.__name__
        return f"{where} has dtype {name}, another type than {canonical.name} (fix: {where}.astype({canonical.name!r}))"
    return ""


def same_dtype(a: np.dtype[Any], b: np.dtype[Any]) -> bool:
    """Whether two dtypes of numbers are the same; C's long and long long are equal, but not the same."""
    return a is b or (a.num == b.num and a == b and a.metadata is None)


def reaches(array: np.ndarray[Any, Any], other: np.ndarray[Any, Any]) -> bool:
    """Whether an array is another one or may share memory with it; without elements, whether it is made of it."""
    return array is other or array.base is other or np.may_share_memory(array, other)


def arrays_in(value: Any) -> Iterator[np.ndarray[Any, Any]]:
    """The arrays in what a program made: an array, or a container of Python's."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, (list, tuple, collections.deque)):
        for item in value:
            yield from arrays_in(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from arrays_in(item)


def with_arrays(value: Any, new: Mapping[int, np.ndarray[Any, Any]]) -> Any:
    """The value with other arrays in the place of these; lists, dicts and deques are changed, and stay themselves."""
    if isinstance(value, np.ndarray):
        return new.get(id(value), value)
    if isinstance(value, tuple):
        items = [with_arrays(item, new) for item in value]
        if all(a is b for a, b in zip(items, value, strict=True)):
            return value
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if isinstance(value, (list, collections.deque)):
        for k, item in enumerate(value):
            value[k] = with_arrays(item, new)
    elif isinstance(value, dict):
        for key, item in value.items():
            value[key] = with_arrays(item, new)
    return value


def copied(arrays: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
    """Copies of arrays; those that show parts of another one, which has no gaps, show the same parts of its copy."""
    new: dict[int, np.ndarray[Any, Any]] = {}
    wholes: list[tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]] = []
    for k in sorted(range(len(arrays)), key=lambda k: -arrays[k].size):
        array = arrays[k]
        for whole, copy in wholes:
            start = array.ctypes.data - whole.ctypes.data
            if start == 0 and (array.dtype, array.shape, array.strides) == (
                whole.dtype,
                whole.shape,
                whole.strides,
            ):
                new[k] = copy  # one array, which the program shows in several places
                break
            if array.dtype == whole.dtype and 0 <= start < whole.nbytes and array.base is not None:
                flat = copy.reshape(-1, order="A")[start // whole.itemsize :]
                new[k] = np.lib.stride_tricks.as_strided(flat, array.shape, array.strides)
                break
        else:
            new[k] = array.copy(order="K")
            if array.flags.c_contiguous or array.flags.f_contiguous:
                wholes.append((array, new[k]))
    return [new[k] for k in range(len(arrays))]


def overlaps_itself(array: np.ndarray[Any, Any]) -> bool:
    """Whether two elements of an array may lie in the same memory, as in what broadcasting makes."""
    if array.flags.forc:
        return False
    reach = array.itemsize
    for step, count in sorted((abs(s), n) for s, n in zip(array.strides, array.shape, strict=True) if n > 1):
        if step < reach:
            return True
        reach += step * (count - 1)
    return False


__all__ = [
    "BY_VALUE",
    "array_reason",
    "content_reason",
    "has_content",
    "is_array_like",
    "overlaps_itself",
    "same_dtype",
]
