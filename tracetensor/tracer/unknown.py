"""Calls of functions that are neither traced nor known to be pure: made at run time, in order, once each."""

from __future__ import annotations

import dataclasses
import sys
import types
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.frames import FramedCall, Warn
from tracetensor.graph.ops import control
from tracetensor.graph.stores import Named
from tracetensor.graph.types import BOOL, FLOAT, INT, ObjectType, TensorType, value_conforms
from tracetensor.tracer.declared import NOTHING
from tracetensor.tracer.effects import Effects
from tracetensor.tracer.learnt import Learnt, is_learnt, learnt_method
from tracetensor.tracer.state import PRELUDES
from tracetensor.tracer.values import TracedArray, TracedList, TracedObject

if TYPE_CHECKING:
    from tracetensor.tracer.declared import Declared

OPAQUE = ObjectType("object")
"""The type of results of which nothing is known."""
READING_MODULES = frozenset(
    "time logging warnings os posix nt posixpath genericpath sys io _io gc tracemalloc atexit locale platform shutil pathlib "
    "tempfile json pickle _pickle pprint datetime uuid hashlib _hashlib zlib base64 binascii secrets csv _csv traceback "
    "socket subprocess threading _thread signal contextvars getpass glob fnmatch resource _io tqdm".split()
)
"""Modules whose functions neither write to arrays, lists and dicts that they are given, nor keep them to write later."""
WRITING = frozenset(
    "readinto readinto1 recv_into readv recvfrom_into preadv insort insort_left insort_right".split()
)
RESULTS: dict[str, Any] = {
    "time.time": FLOAT, "time.perf_counter": FLOAT, "time.monotonic": FLOAT, "time.process_time": FLOAT,
    "time.thread_time": FLOAT, "time.time_ns": INT, "time.perf_counter_ns": INT, "time.monotonic_ns": INT,
    "time.process_time_ns": INT, "time.sleep": None, "posix.getpid": INT, "nt.getpid": INT, "_thread.get_ident": INT,
    "genericpath.exists": BOOL, "genericpath.isfile": BOOL, "genericpath.isdir": BOOL, "warnings.warn": None,
    "_warnings.warn": None, "logging.debug": None, "logging.info": None, "logging.warning": None, "logging.error": None,
    "logging.critical": None, "logging.exception": None, "logging.log": None, "logging.Logger.debug": None,
    "logging.Logger.info": None, "logging.Logger.warning": None, "logging.Logger.error": None,
    "logging.Logger.critical": None, "logging.Logger.log": None, "logging.Logger.exception": None,
    "logging.Logger.isEnabledFor": BOOL, "bool": BOOL,
}  # fmt: skip
"""What well-known functions return; of others nothing is known."""


class Unknown(Effects):
    """Builds the calls of functions that tracing does not look into."""

    def unknown(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a function of which nothing is known, or little."""
        name = self._name(function)
        if name == "pdb.set_trace":
            msg = "pdb.set_trace() is called"
            raise Fallback(msg)
        if not callable(function):
            msg = f"'{type(function).__name__}' object is not callable"
            raise TypeError(msg)
        self.hands_functions = False
        self._check_arguments(function, name, args, kwargs)
        if function is warnings.warn and "skip_file_prefixes" in kwargs:
            msg = "warnings.warn with skip_file_prefixes"
            raise Fallback(msg)
        frames = tuple(
            [
                (f.source.filename, f.line, f.source.name, f.globals)
                for f in self.state.frames
                if f.source.filename not in PRELUDES
            ]
        )
        called = Warn(len(frames)) if function is warnings.warn else function
        owner = getattr(function, "__self__", None)
        if isinstance(function, types.BuiltinMethodType) and not isinstance(owner, (types.ModuleType, type)):
            known = self.outside.paths.get(id(owner))
            if (known is None or known[1] is not owner) and type(owner).__module__.split(".")[
                0
            ] not in READING_MODULES:
                msg = f"a call of {name} of an object that the function made"
                raise Fallback(msg)
            called, args = Named(function.__name__), [owner, *args]  # the owner may be another next time
        type_ = RESULTS.get(name, OPAQUE)
        return self._at_run_time(FramedCall(called, frames), args, kwargs, type_, name)

    def _at_run_time(
        self, function: Any, args: list[Any], kwargs: dict[str, Any], type_: Any, name: str
    ) -> Any:
        self.outside.unrepeatable.append((name, self.state.location()))
        learnt = Learnt(None if type_ is None else NOTHING, certain=True, type=type_)
        return self.effect(function, args, kwargs, learnt, name)

    def declared(self, function: Declared, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a function of which the user said what it does."""
        name = self._name(function.function)
        self.hands_functions = False
        if function.pure:
            return self.callback(function.function, args, kwargs)
        self._check_containers(name, args, kwargs)
        type_ = OPAQUE if function.result is NOTHING else function.result
        if type_ is not None and type_ is not OPAQUE:
            self.outside.unrepeatable.append((name, self.state.location()))
            found = (NOTHING,) * len(type_) if isinstance(type_, tuple) else NOTHING
            function_ = _Owned(function.function, name, type_)
            return self.effect(function_, args, kwargs, Learnt(found, type=type_), name)
        return self._at_run_time(function.function, args, kwargs, type_, name)

    def _name(self, function: Any) -> str:
        module = getattr(function, "__module__", None)
        name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None)
        name = name or type(function).__qualname__
        return name if module in (None, "builtins") else f"{module}.{name}"

    def _check_arguments(self, function: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Fallback where a function may write to what it is given, or keep it."""
        owner = getattr(function, "__self__", None)
        modules = {getattr(function, "__module__", None) or "", type(owner).__module__}
        if isinstance(owner, types.ModuleType):
            modules.add(owner.__name__)
        reads = any(m.split(".")[0] in READING_MODULES for m in modules) or function in {open, input}
        if reads and getattr(function, "__name__", "") not in WRITING:
            return
        for value in [*args, *kwargs.values()]:
            if type(value) is TracedArray or isinstance(value, np.ndarray):
                msg = (
                    f"an array is handed to {name}, which is not traced and may write to it "
                    f"(tt.pure and tt.callback tell what a function does)"
                )
                raise Fallback(msg)
        self._check_containers(name, args, kwargs)

    def _check_containers(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> None:
        for value in [*args, *kwargs.values()]:
            known = self.outside.paths.get(id(value))
            if isinstance(value, (TracedList, dict)) or self.state.made_in(value) is not None:
                msg = f"a {type(value).__name__.removeprefix('Traced').lower()} is handed to {name}, which may change it"
                raise Fallback(msg)
            if known is not None and self.outside.looked_into(known[0]):
                msg = f"a {type(value).__name__} is handed to {name}, which may change its attributes"
                raise Fallback(msg)

    # Objects known at run time only ----------------------------------------------------------------------------

    def object_method(self, owner: TracedObject, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A method of an object that is known at run time only."""
        if self.is_source_object(owner):
            return self.draw(owner, name, args, kwargs)
        if is_learnt(owner):
            return learnt_method(self, owner, name, args, kwargs)  # type: ignore[arg-type]
        return self.call_object(self.object_attribute(owner, name), args, kwargs)

    def object_attribute(self, owner: Any, name: str) -> Any:
        """An attribute of an object that is known at run time only."""
        if type(owner) is TracedObject and self.is_source_object(owner):
            return super().object_attribute(owner, name)
        if owner is sys:  # standard streams may be replaced at any time; to look at them can be repeated
            learnt = Learnt(NOTHING, type=OPAQUE)
            return self.effect(getattr, [owner, name], {}, learnt, f"sys.{name}")
        return self._at_run_time(getattr, [owner, name], {}, OPAQUE, f"the attribute {name}")

    def call_object(self, function: TracedObject, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a function that is known at run time only."""
        if is_learnt(function):
            return learnt_method(self, function, "__call__", args, kwargs)  # type: ignore[arg-type]
        for value in [*args, *kwargs.values()]:
            if type(value) is TracedArray:
                msg = "an array is handed to a function that is known at run time only, and may write to it"
                raise Fallback(msg)
        self._check_containers("a function that is known at run time only", args, kwargs)
        return self._at_run_time(Named("__call__"), [function, *args], kwargs, OPAQUE, "a run-time object")

    def is_none(self, value: TracedObject) -> Any:
        """value is None."""
        return self.arrays.wrap(self.state.emit(control.is_none, [value.variable]).out)


@dataclasses.dataclass(frozen=True, eq=False)
class _Owned:
    """A function whose result is checked against its declaration, arrays being copied: they may be anybody's."""

    function: Any
    name: str
    type: Any

    @property
    def __name__(self) -> str:
        return self.name

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self.function(*args, **kwargs)
        types_ = self.type if isinstance(self.type, tuple) else (self.type,)
        results = result if isinstance(self.type, tuple) else (result,)
        if isinstance(self.type, tuple) and (type(result) is not tuple or len(result) != len(types_)):
            msg = f"{self.name}: its result is declared to be a tuple of {len(types_)} values, and is {result!r:.60}"
            raise TypeError(msg)
        checked = []
        for value, type_ in zip(results, types_, strict=True):
            if not value_conforms(value, type_):
                msg = f"{self.name}: its result is declared to be a {type_!r}, and is {value!r:.60}"
                raise TypeError(msg)
            own = isinstance(type_, TensorType) and type_.is_array
            checked.append(value.copy(order="K") if own else value)
        return tuple(checked) if isinstance(self.type, tuple) else checked[0]
