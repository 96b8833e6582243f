"""What a call, an attribute and a formatted text become: graph, an interpreted function, or a call-back."""

from __future__ import annotations

import collections
import contextlib
import enum
import functools
import operator
import sysconfig
import types
from typing import Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.answers import MUTATING, NUMPY
from tracetensor.tracer import copying, iteration  # noqa: F401 - they enter handlers
from tracetensor.tracer.applied import call_vectorized, make_vectorized
from tracetensor.tracer.builtin import BUILTINS
from tracetensor.tracer.declared import Declared
from tracetensor.tracer.derived import MAKERS, Derived, call_derived
from tracetensor.tracer.effects import bound_source, is_maker
from tracetensor.tracer.learnt import check_functions, is_learnt_class, learnt_call
from tracetensor.tracer.library import OF_TWO, in_table, op_of
from tracetensor.tracer.methods import Method, call_method
from tracetensor.tracer.object_builtins import initialise, made_by_dataclass
from tracetensor.tracer.objects import is_class, static
from tracetensor.tracer.source import source_of
from tracetensor.tracer.stores import MADE_AT_RUN_TIME
from tracetensor.tracer.strings import string_method
from tracetensor.tracer.trees import make_tree, registered
from tracetensor.tracer.unknown import READING_MODULES, Unknown
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedArray,
    TracedList,
    TracedManager,
    TracedObject,
    TracedStore,
    TracedUnion,
    is_traced,
)

PURE_MODULES = frozenset(
    {
        "posixpath",
        "ntpath",
        "re",
        "textwrap",
        "string",
        "statistics",
        "fractions",
        "decimal",
        "enum",
        "builtins",
        "math",
        "cmath",
        "operator",
        "functools",
        "itertools",
        "collections",
        "numpy",
    }
)

IMMUTABLE = (str, bytes, int, float, complex, tuple, frozenset, range, type, np.dtype, np.generic)
MANAGER = contextlib.contextmanager(lambda: iter(())).__code__
"""The code of all functions that contextlib.contextmanager makes."""
HEAP_TYPE = 1 << 9
"""The flag of classes that are made at run time: of all that are written in Python."""


MUTABLE = (
    set,
    bytearray,
    collections.deque,
    collections.OrderedDict,
    collections.defaultdict,
    collections.Counter,
)
PUTTING: dict[Any, str] = {np.put: "v", np.put_along_axis: "values", np.insert: "values"}
"""Functions that put their third argument, of this name, into an array like the first."""
READING = frozenset(
    "copy count index get keys values items union intersection difference symmetric_difference issubset issuperset "
    "isdisjoint most_common total decode".split()
)
"""Methods of containers that change nothing."""


@functools.cache
def _library_folders() -> list[str | None]:
    return [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]


@functools.lru_cache(maxsize=4096)
def is_users(filename: str) -> bool:
    """Whether a file is the user's own: not of the standard library, NumPy, SciPy or tracetensor itself."""
    if any(part in filename for part in ("/numpy/", "/scipy/", "\\numpy\\", "\\scipy\\")):
        return False
    if "site-packages" in filename or "dist-packages" in filename:
        return True
    return not any(
        path and filename.startswith(path) for path in _library_folders()
    ) and not filename.startswith("<frozen")


def _builtin_base(cls: type) -> str:
    return next((c.__name__ for c in cls.__mro__ if c is not object and not is_class(c)), cls.__name__)


def _is_written(method: types.MethodType) -> bool:
    """Whether a method is one to interpret: any, but those that a named tuple is given."""
    code = getattr(method.__func__, "__code__", None)
    return not isinstance(method.__self__, tuple) or (code is not None and is_users(code.co_filename))


class Calls(Unknown):
    """Dispatch of calls."""

    # Calls -----------------------------------------------------------------------------------------------------

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """function(*args, **kwargs)."""
        kind = type(function)
        if kind is InterpretedFunction:
            return self.interpreter.call_interpreted(function, args, kwargs)
        if kind is Method:
            return call_method(self, function, args, kwargs)
        if kind is TracedObject:
            return self.call_object(function, args, kwargs)
        if kind is Declared:
            return self.declared(function, args, kwargs)
        if kind is types.FunctionType and function in MAKERS:
            return function(*args, **kwargs)
        if isinstance(function, Derived):
            return call_derived(self.interpreter, function, args, kwargs)
        source = bound_source(function)
        if source is not None:
            return self.draw(source, function.__name__, args, kwargs)
        if is_maker(function):
            return self.make_source(function, args, kwargs)
        if getattr(function, "__name__", "") == "seed" and function is np.random.seed:
            return self.seed_legacy(function, args, kwargs)
        if self.state.views and (in_table(function, BUILTINS) or isinstance(function, type)):
            args = [self.interpreter.sequences.current(a) for a in args]
        if in_table(function, BUILTINS):
            return BUILTINS[function](self.interpreter, args, kwargs)
        spread = self._spread(function, args, kwargs)
        if spread is not None:
            return spread[0]
        if any(type(a) is TracedStore for a in args) and self._takes_arrays(function):
            args = [self.interpreter.stores.plain(a) if type(a) is TracedStore else a for a in args]
        if isinstance(function, np.ufunc):
            return self.ufunc(function, args, kwargs)
        if in_table(function, PUTTING) and args and type(args[0]) is TracedArray:
            args, kwargs = self.converted(PUTTING[function], args, kwargs)
        if in_table(function, MUTATING):
            return self.mutating(MUTATING[function], args, kwargs)
        if in_table(function, NUMPY):
            return self.library(function, args, kwargs)
        op = op_of(function)
        if op is not None and is_traced(args) and not kwargs:
            if op.family == "math" and len(args) != (2 if op.name.removeprefix("math.") in OF_TWO else 1):
                return self.callback(function, args, kwargs)
            return self._op(op, function, args)
        if isinstance(function, type):
            return self._class(function, args, kwargs)
        if isinstance(function, (operator.itemgetter, operator.attrgetter)):
            return self._getter(function, *args)
        if isinstance(function, functools.partial):
            return self.interpreter.call(
                function.func, [*function.args, *args], {**function.keywords, **kwargs}
            )
        if isinstance(function, types.MethodType) and _is_written(function):
            return self.interpreter.call(function.__func__, [function.__self__, *args], kwargs)
        if isinstance(function, np.vectorize):
            return call_vectorized(self.interpreter, function, args, kwargs)
        if isinstance(function, types.FunctionType) and function.__code__ is MANAGER:
            return TracedManager(self.interpreter.call(function.__wrapped__, args, kwargs))  # type: ignore[attr-defined]
        unwrapped = self.outside.plain_function(function)
        if isinstance(unwrapped, types.FunctionType) and is_users(unwrapped.__code__.co_filename):
            return self._users_function(unwrapped, args, kwargs)
        if isinstance(getattr(function, "__self__", None), tuple):
            return self._other(function, args, kwargs)
        if isinstance(unwrapped, types.FunctionType) and self._is_library(unwrapped):
            return self.callback(unwrapped, args, kwargs)
        return self._other(function, args, kwargs)

    def _takes_arrays(self, function: Any) -> bool:
        return isinstance(function, np.ufunc) or (
            (getattr(function, "__module__", None) or "").split(".")[0] in {"numpy", "scipy"}
        )

    def _getter(self, function: Any, value: Any) -> Any:
        """What operator.itemgetter(…) or operator.attrgetter(…) gives."""
        names = function.__reduce__()[1]
        if isinstance(function, operator.itemgetter):
            found = [self.interpreter.call(operator.getitem, [value, k], {}) for k in names]
        else:
            found = []
            for name in names:
                part = value
                for step in name.split("."):
                    part = self.interpreter.distribute(part, lambda v, step=step: self.attribute(v, step))  # type: ignore[misc]
                found.append(part)
        return found[0] if len(found) == 1 else tuple(found)

    def converted(self, name: str, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The arguments of a function that puts its third one, of this name, into the first: lists as arrays."""
        dtype = self.arrays.type(args[0]).dtype

        def array(value: Any) -> Any:
            listed = type(value) in (list, tuple, TracedList, range)
            return self.arrays.wrap(self.arrays.converted(value, dtype)) if listed else value

        if name in kwargs:
            return args, {**kwargs, name: array(kwargs[name])}
        return [*args[:2], *map(array, args[2:3]), *args[3:]], kwargs

    def _spread(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any] | None:
        """A call of a library function with a union among its arguments: one call per alternative."""
        if not self._is_library(function) and not isinstance(function, np.ufunc):
            return None
        for position, value in enumerate(args):
            if type(value) is TracedUnion:
                return (
                    self.interpreter.control.resolve(
                        value,
                        lambda v, p=position: self.call(function, [*args[:p], v, *args[p + 1 :]], kwargs),  # type: ignore[misc]
                    ),
                )
        for name, value in kwargs.items():
            if type(value) is TracedUnion:
                return (
                    self.interpreter.control.resolve(
                        value,
                        lambda v, n=name: self.call(function, args, {**kwargs, n: v}),  # type: ignore[misc]
                    ),
                )
        return None

    def _is_library(self, function: Any) -> bool:
        module = getattr(function, "__module__", None) or ""
        return (
            module.split(".")[0] in {"numpy", "scipy", "math", "operator", "cmath"}
            and ".random" not in module
        )

    def _class(self, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if issubclass(cls, np.generic) and is_traced(args) and len(args) == 1 and not kwargs:
            return self.numpy_scalar(cls, args[0])
        if cls is functools.partial:
            return functools.partial(*args, **kwargs)  # type: ignore[misc, operator]
        if cls is slice:
            return slice(*args)
        if cls is np.vectorize:
            return make_vectorized(args, kwargs)
        entry = registered(cls)
        if entry is not None:
            return make_tree(self.interpreter, entry, args, kwargs)
        if cls in MADE_AT_RUN_TIME:
            return self.interpreter.stores.call_class(cls, args, kwargs)
        if cls is np.ndarray:
            msg = "numpy.ndarray called directly"
            raise Fallback(msg)
        if issubclass(cls, BaseException):
            return self.interpreter.make_exception(cls, args, kwargs)
        if cls.__module__.split(".")[0] in READING_MODULES:
            return self.unknown(cls, args, kwargs)
        if is_class(cls) and not issubclass(cls, (enum.Enum, tuple)):  # type: ignore[arg-type]
            return self._instance(cls, args, kwargs)
        if cls is np.poly1d and is_traced((args, kwargs)):
            return learnt_call(self, cls, args, kwargs, cls.__name__)
        if cls.__module__ in {"builtins", "numpy", "collections", "functools"} and is_traced((args, kwargs)):
            msg = f"{cls.__name__} made of traced values"
            raise Fallback(msg)
        if is_learnt_class(cls) and not issubclass(cls, (tuple, np.generic)) and is_traced((args, kwargs)):
            check_functions(self, [*args, *kwargs.values()], cls.__name__)
            args = [self.interpreter.stores.plain(a) if type(a) is TracedStore else a for a in args]
            return learnt_call(self, cls, args, kwargs, cls.__name__)
        if issubclass(cls, tuple) and not hasattr(cls, "_fields") and is_traced((args, kwargs)):
            msg = f"{cls.__name__}, a class derived from tuple (fix: register it by tt.register_pytree)"
            raise Fallback(msg)
        written = isinstance(getattr(cls, "__init__", None), types.FunctionType)
        if self._has_state(cls, written=written):
            return self.unknown(cls, args, kwargs)
        made = cls(*args, **kwargs)
        return self.state.made(made) if hasattr(made, "__dict__") else made

    def _instance(self, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """An object of a user's class."""
        metaclass_call = static(type(cls), "__call__")
        if metaclass_call is not type.__call__ and type(cls).__module__ != "abc":
            if isinstance(metaclass_call, types.FunctionType):
                return self.interpreter.call(metaclass_call, [cls, *args], kwargs)
            msg = f"{cls.__name__}, whose metaclass makes its objects in a way of its own"
            raise Fallback(msg)
        if getattr(cls, "__abstractmethods__", None):
            return cls(*args, **kwargs)  # raises
        found = self.outside.surroundings.of_class
        new, init = found(cls, "__new__"), found(cls, "__init__")
        if cls is types.SimpleNamespace and not args:
            made = self.interpreter.objects.make(cls)
            for name, value in kwargs.items():
                self.interpreter.objects.store(made, name, value)
            return made
        if isinstance(new, staticmethod):
            made = self.interpreter.call(new.__func__, [cls, *args], kwargs)
        elif new is object.__dict__["__new__"]:
            if init is object.__init__ and (args or kwargs):
                msg = f"{cls.__name__}() takes no arguments"
                raise TypeError(msg)
            made = self.interpreter.objects.make(cls)
        else:
            msg = f"{cls.__name__}, a class derived from {_builtin_base(cls)}"
            raise Fallback(msg)
        if not isinstance(made, cls) or init is object.__init__:
            return made
        if made_by_dataclass(cls, "__init__"):
            initialise(self.interpreter, made, args, kwargs)
        else:
            self.interpreter.call(init, [made, *args], kwargs)
        return made

    def _has_state(self, cls: type, *, written: bool) -> bool:
        """Whether objects of a library's class are more than values: files, locks, loggers, clocks."""
        root = cls.__module__.split(".")[0]
        if root in PURE_MODULES:
            return False
        static = not cls.__flags__ & HEAP_TYPE
        return root in READING_MODULES or static or written

    def _other(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        module = getattr(function, "__module__", None) or getattr(type(function), "__module__", None) or ""
        owner = getattr(function, "__self__", None)
        if isinstance(owner, types.ModuleType) and getattr(function, "__module__", None) is None:
            module = owner.__name__
        if isinstance(owner, tuple) and is_traced((owner, args, kwargs)):
            name = function.__name__
            if name in {"index", "count"}:
                return self.outside.prelude(self.interpreter, f"list_{name}", [owner, *args])
            if name in {"_replace", "_asdict"}:
                return self.lift(function(*args, **kwargs))
        name = getattr(function, "__qualname__", None) or repr(function)
        if type(owner) is str and is_traced((args, kwargs)):
            return string_method(self.interpreter.stores, owner, function.__name__, args, kwargs)
        if isinstance(owner, MUTABLE) and function.__name__ not in READING:
            kept = self.outside.path_of(owner) is not None or self.state.region.kind != "root"
            if kept or is_traced((args, kwargs)):
                self.interpreter.stores.demand(owner)
            if kept or type(owner) is collections.deque:
                msg = f"a call of builtins.{name}, which changes a container that is not traced"
                raise Fallback(msg)
        library = self._is_library(function)
        if (
            callable(function)
            and not isinstance(function, (types.BuiltinFunctionType, types.FunctionType))
            and not library
        ):
            method = getattr(type(function), "__call__", None)  # noqa: B004 - the class's own, to be interpreted
            if isinstance(method, types.FunctionType):
                return self.interpreter.call(method, [function, *args], kwargs)
        if is_traced((args, kwargs)):
            if library or (module.split(".")[0] == "statistics" and owner is None):
                return self.callback(function, args, kwargs)
            return self.unknown(function, args, kwargs)
        if self._only_returns(module, owner):
            return self.lift(function(*args, **kwargs))
        return self.unknown(function, args, kwargs)

    def _only_returns(self, module: str, owner: Any) -> bool:
        """Whether a function of this module, or a method of this object, does nothing but return a value."""
        if owner is None or isinstance(owner, types.ModuleType):
            return module.split(".", maxsplit=1)[0] in PURE_MODULES
        if isinstance(owner, IMMUTABLE):
            return True
        known = self.outside.paths.get(id(owner))
        if known is not None and known[1] is owner:
            return False
        return type(owner).__module__.split(".")[0] in PURE_MODULES

    def _users_function(self, function: types.FunctionType, args: list[Any], kwargs: dict[str, Any]) -> Any:
        try:
            source_of(function)
        except Fallback as error:
            if "source of" not in error.reason:
                raise
            return self.unknown(function, args, kwargs)
        return self.outside.call_function(function, args, kwargs)
