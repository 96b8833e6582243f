"""Traced values: what stands for arrays, scalars, lists and functions while a function is traced."""

from __future__ import annotations

import dataclasses
import enum
import functools
import itertools
import sys
import types
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.types import PYTHON_KINDS, ObjectType, TensorType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from tracetensor.graph.node import Variable
    from tracetensor.graph.op import Op
    from tracetensor.tracer.source import FunctionSource
    from tracetensor.tracer.state import Region

_serial = itertools.count()


class Storage:
    """A box that holds the current value of an array's memory: what all views of it share.

    region: where it was made. origin: how the caller reaches it (an argument, a global), None for memory made
    while tracing. contiguous: whether the memory is known to be in C order. read_only: writes raise.
    """

    __slots__ = ("contiguous", "origin", "read_only", "region", "serial", "value")

    def __init__(
        self, value: Variable, region: Region, *, origin: Any = None, contiguous: bool = False
    ) -> None:
        self.value = value
        self.region = region
        self.origin = origin
        self.contiguous = contiguous
        self.read_only = False
        self.serial = next(_serial)

    def __repr__(self) -> str:
        return f"<storage {self.serial}: {self.value!r}>"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One step of a view: op(previous, *inputs, **params), an op whose result shares memory."""

    op: Op
    inputs: tuple[Variable, ...]
    params: tuple[tuple[str, Any], ...]


class Traced:
    """Base of traced values; Python's protocols on them reach the tracer through the interpreter in charge."""

    __slots__ = ("__weakref__",)

    def __bool__(self) -> bool:
        raise Fallback(FORCED.format("truth value"))

    def __index__(self) -> int:
        raise Fallback(FORCED.format("value as an index"))

    def __int__(self) -> int:
        raise Fallback(FORCED.format("value as an int"))

    def __float__(self) -> float:
        raise Fallback(FORCED.format("value as a float"))

    def __complex__(self) -> complex:
        raise Fallback(FORCED.format("value as a complex"))

    def __iter__(self) -> Any:
        raise Fallback(FORCED.format("elements"))

    def __len__(self) -> int:
        raise Fallback(FORCED.format("length"))

    def __array__(self, *args: Any, **kwargs: Any) -> Any:
        raise Fallback(FORCED.format("data"))

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise Fallback(FORCED.format("data"))

    def __array_ufunc__(self, *args: Any, **kwargs: Any) -> Any:
        raise Fallback(FORCED.format("data"))

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        raise Fallback(FORCED.format("value in a comparison"))

    def __lt__(self, other: object) -> bool:
        raise Fallback(FORCED.format("value in a comparison"))

    __le__ = __gt__ = __ge__ = __lt__


class OfTraced:
    """Base of what is taken from a traced value, such as a method that is not called yet."""

    __slots__ = ()


FORCED = "code that is not traced asks for the {} of a traced value"


class TracedArray(Traced):
    """An ndarray to the user: a view, given by its steps, on a storage.

    rebuilt: it stands for one of several views, which may be the same object as another one.
    """

    __slots__ = ("rebuilt", "steps", "storage")

    def __init__(self, storage: Storage, steps: tuple[Step, ...] = (), *, rebuilt: bool = False) -> None:
        self.storage = storage
        self.steps = steps
        self.rebuilt = rebuilt

    @property  # type: ignore[misc]
    def __class__(self) -> type:
        return np.ndarray

    def __repr__(self) -> str:
        return f"<traced array on {self.storage!r}>"


class TracedScalar(Traced):
    """A Python scalar or a NumPy scalar to the user."""

    __slots__ = ("variable",)

    def __init__(self, variable: Variable) -> None:
        self.variable = variable

    @property
    def type(self) -> TensorType:
        return self.variable.type  # type: ignore[return-value]

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        type_ = self.type
        return PYTHON_KINDS[type_.kind] if type_.is_python else type_.dtype.type

    def __repr__(self) -> str:
        return f"<traced scalar {self.variable!r}>"


OBJECT_CLASSES: dict[str, type] = {}
"""The classes of run-time objects, by the names of their graph types."""


def object_type(cls: type) -> ObjectType:
    """The graph type of objects of a class."""
    name = f"{cls.__module__}.{cls.__qualname__}"
    while OBJECT_CLASSES.setdefault(name, cls) is not cls:
        name += "'"
    return ObjectType(name)


PLAIN = (tuple, list, dict, str, bytes, int, float, complex, np.generic, np.ndarray)
"""Classes whose objects the tracer would take for values that it knows."""


class TracedObject(Traced):
    """A run-time object that is handed on, not looked into: a random generator, what a call-back returned."""

    __slots__ = ("variable",)

    def __init__(self, variable: Variable) -> None:
        self.variable = variable

    @property
    def class_name(self) -> str:
        name: str = self.variable.type.name  # type: ignore[attr-defined]
        return name

    @property
    def cls(self) -> type | None:
        """The object's class, None where it is known at run time only."""
        return OBJECT_CLASSES.get(self.class_name)

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        cls = self.cls
        return TracedObject if cls is None or issubclass(cls, PLAIN) else cls


class TracedStore(Traced):
    """A container or string that is a Python object at run time; `shape` (stores.Shape) tells what it holds."""

    __slots__ = ("shape", "variable")

    def __init__(self, variable: Variable, shape: Any) -> None:
        self.variable = variable
        self.shape = shape

    def __repr__(self) -> str:
        return f"<traced {self.shape.cls.__name__} {self.variable!r}>"


class Within(NamedTuple):
    """Where something stands that is there only if a union, of this tag, is its k-th alternative."""

    tag: Variable
    k: int


class TracedUnion(Traced):
    """One of several values, told apart at run time by an int: `tag` is the index of the alternative."""

    __slots__ = ("alternatives", "tag")

    def __init__(self, tag: Variable, alternatives: tuple[Any, ...]) -> None:
        self.tag = tag
        self.alternatives = alternatives

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return TracedUnion

    def __repr__(self) -> str:
        return f"<one of {self.alternatives!r}>"


class TracedList(list):  # type: ignore[type-arg]
    """A list made by, or handed to, a traced function.

    dynamic is None while the elements are known one by one (they are then this very list's); else it holds
    them in variables (lists.Dynamic). frozen: the list is an element of a list of traced length, which knows its
    content but not its identity: it must not be written any more.
    """

    __slots__ = ("dynamic", "frozen")

    def __init__(self, items: Any = (), dynamic: Any = None) -> None:
        super().__init__(items)
        self.dynamic = dynamic
        self.frozen = False

    __hash__ = object.__hash__  # type: ignore[assignment]

    def __iter__(self) -> Any:
        if self.dynamic is not None:
            raise Fallback(FORCED.format("elements"))
        return super().__iter__()

    def __len__(self) -> int:
        if self.dynamic is not None:
            raise Fallback(FORCED.format("length"))
        return super().__len__()


class TracedFlat(Traced):
    """array.flat: the elements in C order, each read and written where it stands."""

    __slots__ = ("array",)

    def __init__(self, array: TracedArray) -> None:
        self.array = array


@dataclasses.dataclass(frozen=True, slots=True)
class TracedRange:
    """range(start, stop, step) with bounds of which some are traced."""

    start: Any
    stop: Any
    step: Any


@dataclasses.dataclass(frozen=True, slots=True)
class TracedSequence:
    """enumerate, zip, reversed, … of traced sequences: a length and what stands at each position."""

    length: Any
    item: Any
    whole: bool = True


class TracedGenerator(Traced):
    """A generator that has not been started, or was run over: its frame waits to be interpreted by a consumer.

    finished: whether it is exhausted. left: whether a consumer may have left it before its end.
    """

    def __init__(self, frame: Any) -> None:
        self.frame = frame
        self.finished: Any = False
        self.left: Any = False
        self.running = False
        self.at_once = False

    @property
    def source(self) -> Any:
        return self.frame.source


class TracedIterator(Traced):
    """An iterator over what has a length and an item at each position, and where it stands.

    whole: whether items can be had by a traced position. lazy: whether getting an item runs code of the user's.
    sources: what it was made of. owned: it was handed to another iterator, which alone may advance it.
    """

    def __init__(
        self, length: Any, item: Any, *, whole: bool, lazy: bool = False, sources: tuple[Any, ...] = ()
    ) -> None:
        self.length = length
        self.item = item
        self.whole = whole
        self.lazy = lazy
        self.sources = sources
        self.position: Any = 0
        self.owned = False


class TracedManager(Traced):
    """A context manager that is a generator function's: its body is interpreted around the block."""

    def __init__(self, generator: TracedGenerator) -> None:
        self.generator = generator


class Marker:
    """A value of the tracer's own, told by identity."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<{self.name}>"


UNBOUND = Marker("unbound")
ORIGINAL = Marker("original")
"""What an attribute from outside holds that was not read before it was written."""


class InterpretedFunction:
    """A function defined inside a traced function; calling it from anywhere interprets its body."""

    def __init__(
        self,
        interpreter: Any,
        source: FunctionSource,
        frame: Any,
        defaults: list[Any],
        kw_defaults: dict[str, Any],
    ) -> None:
        self.interpreter = interpreter
        self.source = source
        self.frame = frame
        self.defaults = defaults
        self.kw_defaults = kw_defaults
        self.__name__ = source.name
        self.__qualname__ = source.qualname
        self.__doc__ = None
        self.attributes: dict[str, Any] = {}

    @property
    def plain(self) -> bool:
        """Whether it is its code in its frame, and nothing else."""
        return not (self.defaults or self.kw_defaults or self.attributes)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.interpreter.call_interpreted(self, args, kwargs)


class Tree:
    """A value of a registered class while it is traced: its parts are places, as an object's attributes are.

    `registered`, of its class: how it is taken apart and put together (registered.Registered).
    """

    registered: Any


NOT_THE_USERS = frozenset(sys.stdlib_module_names | {"numpy", "scipy", "tracetensor"}) - {"__main__"}


@functools.lru_cache(maxsize=4096)
def is_class(cls: type) -> bool:
    """Whether a class is one of the user's, written in Python."""
    if cls is types.SimpleNamespace:
        return True
    root = (getattr(cls, "__module__", None) or "").partition(".")[0]
    return root not in NOT_THE_USERS and any(
        "__dict__" in c.__dict__ or "__slots__" in c.__dict__ for c in cls.__mro__[:-1]
    )


@functools.lru_cache(maxsize=4096)
def of_objects(cls: type) -> bool:
    """Whether the objects of a class are looked into attribute by attribute."""
    return is_class(cls) and not issubclass(
        cls,
        (type, enum.Enum, BaseException, tuple, list, dict, str, bytes, set, int, float, complex, frozenset),
    )


def is_object(value: Any) -> bool:
    """Whether a value is an object of a class written in Python, whose attributes are looked up one by one."""
    return of_objects(type(value))  # type: ignore[arg-type]


def arrays_within(values: Iterable[Any]) -> Iterator[TracedArray]:
    """The arrays that values refer to, once for each reference; a container counts once."""
    seen: set[int] = set()
    pending = list(values)
    while pending:
        value = pending.pop()
        kind = type(value)
        if kind is TracedArray:
            yield value
            continue
        if kind is TracedUnion:
            pending.extend(value.alternatives)
            continue
        if id(value) in seen:
            continue
        if issubclass(kind, (tuple, list, dict)) or kind is InterpretedFunction or is_object(value):
            seen.add(id(value))
        if issubclass(kind, list):
            pending.extend(list.__iter__(value))
        elif issubclass(kind, tuple):
            pending.extend(value)
        elif issubclass(kind, dict):
            pending.extend(value.values())
        elif kind is InterpretedFunction and value.frame is not None:
            pending.extend(value.frame.locals.values())
        elif is_object(value):
            pending.extend(getattr(value, "__dict__", {}).values())


def is_traced(value: Any) -> bool:
    """Whether a value is, or holds one level or more down, something known at run time only, as objects may."""
    kind = type(value)
    if of_objects(kind):  # type: ignore[arg-type]
        return True
    if issubclass(kind, (Traced, OfTraced, TracedRange, TracedSequence, InterpretedFunction)):
        return True
    if kind is TracedList and value.dynamic is not None:
        return True
    if issubclass(kind, (tuple, list)):
        return any(map(is_traced, list.__iter__(value) if issubclass(kind, list) else value))
    if kind is dict:
        return any(map(is_traced, value.values()))
    if kind is slice:
        return is_traced((value.start, value.stop, value.step))
    return False
