"""Types of graph values: tensors with a scalar kind, lists, opaque objects; joins and conformance."""

from __future__ import annotations

import threading
from typing import Any, ClassVar, Final, Self

import numpy as np

Shape = tuple[int | None, ...]

ARRAY: Final = "array"  # numpy.ndarray, of any rank including 0
SCALAR: Final = "scalar"  # a NumPy scalar such as numpy.float64
PYTHON_KINDS: Final = {"bool": bool, "int": int, "float": float, "complex": complex}
PYTHON_DTYPES: Final = {
    "bool": np.dtype(np.bool_),
    "int": np.dtype(np.int64),
    "float": np.dtype(np.float64),
    "complex": np.dtype(np.complex128),
}
NUMERIC_KINDS: Final = "biufc"


def same_constant(a: Any, b: Any) -> bool:
    """Whether two constants are the same to any program: equal, of the same classes throughout, zeros of one sign.

    All NaNs of a class are the same.
    """
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, (tuple, list, set, frozenset)):  # sets: in the same order, too
        return len(a) == len(b) and all(map(same_constant, a, b))
    if isinstance(a, dict):
        return same_constant(list(a.items()), list(b.items()))
    if isinstance(a, (float, complex, np.generic)) or type(a).__name__ in TOLD_APART_BY_TEXT:
        return repr(a) == repr(b)
    return bool(a == b)


TOLD_APART_BY_TEXT = frozenset({"Decimal", "date", "datetime", "time"})
"""Classes whose equal values may differ: Decimal("1.0") and Decimal("1.00"), times of two zones."""


class Type:
    """Base of all types. Types are interned: equal types are the same object."""

    __slots__ = ("__weakref__", "_key", "_text")
    _interned: ClassVar[dict[tuple[Any, ...], Any]] = {}
    _lock: ClassVar = threading.Lock()
    _key: tuple[Any, ...]
    _text: str

    def __repr__(self) -> str:
        return self._text

    def __reduce__(self) -> tuple[Any, ...]:
        return _restore, (type(self), self._key)

    def __copy__(self) -> Type:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Type:
        return self


def _restore(cls: type[Any], key: tuple[Any, ...]) -> Any:
    return cls(*key[1:])


def _intern(cls: type[Any], key: tuple[Any, ...]) -> Any:
    found = Type._interned.get(key)
    if found is None:
        with Type._lock:
            found = Type._interned.get(key)
            if found is None:
                found = object.__new__(cls)
                found._key = key
                cls._fill(found, *key[1:])
                found._text = cls._describe(found)
                Type._interned[key] = found
    return found


_known: dict[Any, Any] = {}
"""Tensor types by what they are asked for with, where that is a dtype and a tuple."""


class TensorType(Type):
    """An array or scalar: dtype, shape (None: unknown until run time) and scalar kind.

    kind is "array", "scalar" (a NumPy scalar) or one of the Python kinds "bool", "int", "float", "complex".
    """

    __slots__ = ("dtype", "is_array", "is_python", "kind", "ndim", "shape")
    dtype: np.dtype[Any]
    shape: Shape
    kind: str
    ndim: int
    is_python: bool
    is_array: bool

    def __new__(cls, dtype: Any, shape: Shape = (), kind: str = ARRAY) -> Self:
        given = (dtype, shape, kind)
        if isinstance(dtype, np.dtype) and isinstance(shape, tuple):
            known: Self | None = _known.get(given)
            if known is not None:
                return known
        dtype = np.dtype(dtype)
        if dtype.kind in NUMERIC_KINDS:
            dtype = np.dtype(dtype.str)  # one object for types that are equal, such as C's long and long long
        found: Self = _intern(cls, (cls, dtype, tuple(shape), kind))
        if isinstance(given[0], np.dtype) and isinstance(shape, tuple):
            _known[given] = found
        return found

    def _fill(self, dtype: np.dtype[Any], shape: Shape, kind: str) -> None:
        self.dtype, self.shape, self.kind = dtype, shape, kind
        self.ndim = len(shape)
        self.is_python = kind in PYTHON_KINDS
        self.is_array = kind == ARRAY

    def _describe(self) -> str:
        if self.is_python:
            return self.kind
        if self.kind == SCALAR:
            return f"{dtype_name(self.dtype)}"
        dims = ", ".join("?" if d is None else str(d) for d in self.shape)
        return f"{dtype_name(self.dtype)}[{dims}]"


class ListType(Type):
    """A Python list whose elements all have one type and whose length is known at run time only."""

    __slots__ = ("element",)
    element: Type

    def __new__(cls, element: Type) -> Self:
        found: Self = _intern(cls, (cls, element))
        return found

    def _fill(self, element: Type) -> None:
        self.element = element

    def _describe(self) -> str:
        return f"list({self.element!r})"


class ObjectType(Type):
    """An opaque Python object of a named class (a random generator, the result of a call-back)."""

    __slots__ = ("name",)
    name: str

    def __new__(cls, name: str = "object") -> Self:
        found: Self = _intern(cls, (cls, name))
        return found

    def _fill(self, name: str) -> None:
        self.name = name

    def _describe(self) -> str:
        return f"object({self.name})"


class UnitType(Type):
    """The result of an op that is there for its effect only (print, raise)."""

    __slots__ = ()

    def __new__(cls) -> Self:
        found: Self = _intern(cls, (cls,))
        return found

    def _fill(self) -> None:
        pass

    def _describe(self) -> str:
        return "unit"


UNIT: Final = UnitType()
BOOL: Final = TensorType(np.bool_, (), "bool")
INT: Final = TensorType(np.int64, (), "int")
FLOAT: Final = TensorType(np.float64, (), "float")
COMPLEX: Final = TensorType(np.complex128, (), "complex")
PYTHON_TYPES: Final = {bool: BOOL, int: INT, float: FLOAT, complex: COMPLEX}


def dtype_name(dtype: np.dtype[Any]) -> str:
    """The name by which NumPy knows a dtype; with the byte order where that is not the machine's."""
    return ("bool_" if dtype.kind == "b" else dtype.name) if dtype.isnative else dtype.str


def array_type(dtype: Any, shape: Shape) -> TensorType:
    """An ndarray of this dtype and shape."""
    return TensorType(dtype, shape, ARRAY)


def scalar_type(dtype: Any) -> TensorType:
    """A NumPy scalar of this dtype."""
    return TensorType(dtype, (), SCALAR)


def result_type_for(dtype: Any, shape: Shape) -> TensorType:
    """What NumPy's ufuncs return: a NumPy scalar for rank 0, an array otherwise."""
    return TensorType(dtype, shape, ARRAY if shape else SCALAR)


def type_of(value: Any, *, static_shape: bool = True) -> Type:
    """The type of a Python or NumPy value; with `static_shape` false, dims other than 1 are unknown.

    Raises TypeError for a value that no tensor type describes.
    """
    python = PYTHON_TYPES.get(type(value))
    if python is not None:
        if python is INT and not -(2**63) <= value < 2**63:
            msg = f"the Python int {value} does not fit 64 bits"
            raise TypeError(msg)
        return python
    if isinstance(value, np.ndarray):
        shape: Shape = value.shape
        if not static_shape:
            shape = tuple(1 if n == 1 else None for n in shape)
        return TensorType(value.dtype, shape, ARRAY)
    if isinstance(value, np.generic):
        return TensorType(value.dtype, (), SCALAR)
    if isinstance(value, list):
        if not value:
            msg = "an empty list has no element type"
            raise TypeError(msg)
        element = type_of(value[0], static_shape=static_shape)
        for item in value[1:]:
            joined = join(element, type_of(item, static_shape=static_shape))
            if joined is None:
                msg = "the elements of the list differ in type"
                raise TypeError(msg)
            element = joined
        return ListType(element)
    msg = f"no graph type describes a value of class {type(value).__name__}"
    raise TypeError(msg)


def conforms(specific: Type, general: Type) -> bool:
    """Whether every value of type `specific` is a value of type `general`."""
    if specific is general:
        return True
    if isinstance(specific, TensorType) and isinstance(general, TensorType):
        return (
            specific.dtype == general.dtype
            and specific.kind == general.kind
            and specific.ndim == general.ndim
            and all(g is None or g == s for s, g in zip(specific.shape, general.shape, strict=True))
        )
    if isinstance(specific, ListType) and isinstance(general, ListType):
        return conforms(specific.element, general.element)
    return False


def join(a: Type, b: Type) -> Type | None:
    """The least type that both conform to: dims that differ become unknown; None if there is no such type."""
    if a is b:
        return a
    if isinstance(a, TensorType) and isinstance(b, TensorType):
        if a.dtype != b.dtype or a.kind != b.kind or a.ndim != b.ndim:
            return None
        shape = tuple(m if m == n else None for m, n in zip(a.shape, b.shape, strict=True))
        return TensorType(a.dtype, shape, a.kind)
    if isinstance(a, ListType) and isinstance(b, ListType):
        element = join(a.element, b.element)
        return None if element is None else ListType(element)
    return None


def value_conforms(value: Any, type_: Type) -> bool:
    """Whether a run-time value is of the type; the last word of every run-time type check."""
    if isinstance(type_, TensorType):
        if type_.is_python:
            return type(value) is PYTHON_KINDS[type_.kind]
        if type_.kind == SCALAR:
            return isinstance(value, np.generic) and value.dtype == type_.dtype
        return (
            isinstance(value, np.ndarray)
            and value.dtype == type_.dtype
            and value.ndim == type_.ndim
            and all(t is None or t == n for n, t in zip(value.shape, type_.shape, strict=True))
        )
    if isinstance(type_, ListType):
        return isinstance(value, list) and all(value_conforms(item, type_.element) for item in value)
    return True
