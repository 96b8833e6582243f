"""Everything outside of the function being traced: its arguments, globals, closures and the attributes of objects.

Each value taken from outside has a path by which it is fetched again at every call; numbers and arrays become
inputs of the graph, everything else is a constant that the compiled version is guarded on.
"""

from __future__ import annotations

import builtins
import collections
import dataclasses
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import AlwaysRaises, CallbackRefused, Deoptimise, Fallback
from tracetensor.graph.callbacks import shares_memory
from tracetensor.graph.graph import bodies
from tracetensor.graph.node import Constant, Node, Variable, input_variable
from tracetensor.graph.ops.control import placeholder
from tracetensor.graph.recursion import RecursiveCall
from tracetensor.graph.reference import evaluate_node
from tracetensor.graph.types import (
    NUMERIC_KINDS,
    PYTHON_TYPES,
    ListType,
    TensorType,
    Type,
    same_constant,
    type_of,
)
from tracetensor.tracer import effects, prelude, source
from tracetensor.tracer.foreign import (
    BY_VALUE,
    array_reason,
    content_reason,
    has_content,
    is_array_like,
)
from tracetensor.tracer.frames import Frame
from tracetensor.tracer.interpreter import Interpreter
from tracetensor.tracer.layouts import ArrayCheck, Origin
from tracetensor.tracer.lists import LEAF, Dynamic
from tracetensor.tracer.merge import is_number
from tracetensor.tracer.objects import is_object, own_now
from tracetensor.tracer.state import Box, NeedsUnrolling, Region, Restart
from tracetensor.tracer.surroundings import MISSING, Surroundings, static
from tracetensor.tracer.trees import adopt_tree, registered
from tracetensor.tracer.values import (
    NOT_THE_USERS,
    UNBOUND,
    Storage,
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    is_class,
    object_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.state import State

REGISTER = "register its class by tt.register_pytree"
Path = tuple[Any, ...]
"""Where a value is found: ("parameter", name) or ("holder", Holder), then ("attribute", name), ("item", key) or ("flat", Registered) …"""

LONGEST_LIST = 16
LARGEST = 2**31
"""Bounds of ranges that are inputs are smaller: their length is a number of 64 bits."""


@dataclasses.dataclass(frozen=True, eq=False)
class Holder:
    """Something a path can start from besides a parameter: a name in a dict of globals or a class, a cell, a function."""

    kind: str
    target: Any
    name: Any

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Holder)
            and (self.kind, self.name) == (other.kind, other.name)
            and (self.target is other.target)
        )

    def __hash__(self) -> int:
        return hash((self.kind, id(self.target), self.name))

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    def set(self, value: Any) -> None:
        """Bind the name, or take it away."""
        if self.kind == "cell" and value is UNBOUND:
            del self.target.cell_contents
        elif self.kind == "cell":
            self.target.cell_contents = value
        elif value is UNBOUND:
            del self.target[self.name]
        else:
            self.target[self.name] = value

    def get(self) -> Any:
        if self.kind == "global":
            try:
                return self.target[self.name]
            except KeyError:
                return getattr(builtins, self.name)
        if self.kind == "class":
            found = static(self.target, self.name)
            if found is MISSING:
                raise AttributeError(self.name)
            return found
        if self.kind == "cell":
            return self.target.cell_contents
        return self.target


def fetch(path: Path, parameters: dict[str, Any]) -> Any:
    """The value at a path now."""
    kind, start = path[0]
    value = parameters[start] if kind == "parameter" else start.get()
    for step, key in path[1:]:
        if step == "flat":
            value = key.flat(value)
        else:
            value = getattr(value, key) if step == "attribute" else value[key]
    return value


def path_text(path: Path) -> str:
    """A path as the user would write it."""
    kind, start = path[0]
    text = start if kind == "parameter" else str(start.name)
    if kind == "holder" and start.kind == "class":
        text = f"{start.target.__name__}.{text}"
    for step, key in path[1:]:
        if step != "flat":
            text += f".{key}" if step == "attribute" else f"[{key!r}]"
    return text


@dataclasses.dataclass(frozen=True, eq=False)
class Check:
    """One condition of a compiled version on what is outside.

    kind: "type", "equal", "is", "array", "length", "keys", "elements", "absent" and "own" (whether an object itself
    holds a name), "names" (all that it holds), "members" (of a set, in its order), "same" (as what is at another path), "aux"
    (what a value of a registered class has besides its children).
    """

    kind: str
    path: Path
    value: Any

    def holds(self, value: Any) -> bool:
        if self.kind == "type":
            return type(value) is self.value
        if self.kind == "equal":
            return same_constant(value, self.value)
        if self.kind == "is":
            return value is self.value
        if self.kind == "array":
            return self.value.matches(value)  # type: ignore[no-any-return]
        if self.kind == "length":
            return len(value) == self.value  # type: ignore[no-any-return]
        if self.kind == "elements":
            cls = self.value
            return all(type(v) is cls for v in value)
        if self.kind in {"absent", "own"}:
            return (own_now(value, self.value) is MISSING) is (self.kind == "absent")
        if self.kind == "names":
            return bool(tuple(vars(value)) == self.value)
        if self.kind == "aux":
            return bool(self.value == value)
        if self.kind == "members":
            return isinstance(value, set) and same_constant(tuple(value), self.value)
        return isinstance(value, dict) and same_constant(tuple(value), self.value)

    def __str__(self) -> str:
        where = path_text(self.path)
        if self.kind == "type":
            return f"{where} is a {self.value.__name__}"
        if self.kind == "array":
            return f"{where}: {self.value}"
        if self.kind == "elements":
            return f"all elements of {where} are of class {self.value.__name__}"
        if self.kind in {"absent", "own"}:
            return f"{where} itself has {'no' if self.kind == 'absent' else 'an'} attribute {self.value}"
        if self.kind == "names":
            return f"list(vars({where})) == {list(self.value)}"
        text = path_text(self.value) if self.kind == "same" else repr(self.value)
        before = {"length": "len(", "keys": "list(", "members": "list("}.get(self.kind, "")
        relation = {"equal": " == ", "aux": " == ", "is": " is ", "same": " is ", "length": ") == "}.get(
            self.kind, ") == "
        )
        return f"{before}{where}{relation}{text[:80]}"


class _Noted(dict[Path, Check]):
    """Checks, each with the place in the user's program that first asked for it."""

    def __init__(self, state: State, places: dict[Check, Any]) -> None:
        super().__init__()
        self.state, self.places = state, places

    def __setitem__(self, key: Path, check: Check) -> None:
        super().__setitem__(key, check)
        if self.state.frames:
            self.places[check] = self.state.location()


class World:
    """Adopts what comes from outside into one trace."""

    def __init__(self, state: State, constants: dict[Any, Any], unwrap: Callable[[Any], Any]) -> None:
        self.state = state
        self.constants = constants
        self.unwrap = unwrap
        self.root = state.region
        self.inputs: dict[Path, Variable] = {}
        self.examples: dict[Variable, Any] = {}
        self.origins: dict[Variable, Origin] = {}
        self.places: dict[Check, Any] = {}
        self.checks: dict[Path, Check] = _Noted(state, self.places)
        self.storages: dict[int, Storage] = {}
        self.adopted: dict[Any, Any] = {}
        self.paths: dict[int, tuple[Path, Any]] = {}
        self.trees: dict[int, tuple[Any, Any]] = {}
        self.containers: dict[int, tuple[Path, Any, Any]] = {}
        self.groups: dict[type, list[Path]] = {}
        self.identity_asked = False
        self.surroundings = Surroundings()
        self.callbacks: list[tuple[str, Any]] = []
        self.sources: dict[int, tuple[str, Any]] = {}
        self.refuse_callbacks = False
        self.unrepeatable: list[tuple[str, Any]] = []
        self._twins: dict[Any, Any] = {}
        self.holders: dict[tuple[Any, ...], Holder] = {}
        self._descriptions: dict[Any, source.FunctionSource] = {}
        self._alive: list[Any] = []
        self.nested: Any = None
        self.recursed = ""
        self.assumed: dict[Any, Any] = {}
        self._unwritten: dict[int, tuple[Any, str]] = {}

    # Values from outside ---------------------------------------------------------------------------------------

    def adopt(self, value: Any, path: Path, *, numbers: bool = True) -> Any:
        """The value as the traced program sees it. With `numbers`, ints and floats become inputs."""
        if path in self.adopted:
            return self.adopted[path]
        result = self._adopt(value, path, numbers or ("input", path) in self.constants)
        self.adopted[path] = result
        return result

    def _adopt(self, value: Any, path: Path, numbers: bool) -> Any:
        kind = type(value)
        entry = registered(kind)
        if entry is not None:
            return adopt_tree(self, entry, value, path)
        if isinstance(value, np.ndarray):
            return self._array(value, path)
        if kind in PYTHON_TYPES or (isinstance(value, np.generic) and value.dtype.kind in NUMERIC_KINDS):
            return self._number(value, path, numbers)
        if effects.is_source(value):
            return self._source(value, path)
        if kind is slice or (kind is range and all(abs(v) < LARGEST for v in (value.start, value.stop))):
            return self._bounds(value, path, numbers)
        if kind is list or kind is dict:
            return self._container(value, path, numbers)
        if isinstance(value, tuple):
            self._check("type", path, kind)
            self.checks[(*path, "length")] = Check("length", path, len(value))
            if kind is not tuple and not hasattr(kind, "_fields"):
                msg = f"{path_text(path)} is a {kind.__name__}, a tuple of a class of its own (fix: hand over a tuple, or {REGISTER})"
                raise Fallback(msg)
            items = [self.adopt(v, (*path, ("item", k)), numbers=numbers) for k, v in enumerate(value)]
            return kind(*items) if hasattr(kind, "_fields") else tuple(items)
        return self._other(value, path)

    def _bounds(self, value: Any, path: Path, numbers: bool) -> Any:
        """A slice or range: its numbers are what it is."""
        self._check("type", path, type(value))
        start, stop, step = (
            self.adopt(getattr(value, name), (*path, ("attribute", name)), numbers=numbers and name != "step")
            for name in ("start", "stop", "step")
        )
        if not any(type(part) is TracedScalar for part in (start, stop, step)):
            made = value
        else:
            made = (slice if type(value) is slice else TracedRange)(start, stop, step)
        self._alive.append(made)
        self.paths[id(made)] = (path, made)
        return made

    def _source(self, value: Any, path: Path) -> TracedObject:
        """A random generator: an input, drawn from at run time only."""
        self._check("type", path, type(value))
        self._alive.append(value)
        variable = self._input(object_type(type(value)), path, None)
        self.examples[variable] = self._twins[id(value)] = self._twins.get(id(value)) or effects.twin_of(
            value
        )
        self.sources.setdefault(id(value), ("path", path))
        return TracedObject(variable)

    def twin(self, calls: Any, owner: Any) -> Any:
        """A copy of a generator, for tracing to draw from."""
        if type(owner) is not TracedObject:
            if owner is None:
                return None
            self.sources.setdefault(id(owner), ("object", owner))
            if id(owner) not in self._twins:
                self._twins[id(owner)] = effects.twin_of(owner)
            return self._twins[id(owner)]
        found = self.example(calls.state.outermost(owner.variable))
        if found is None or not isinstance(found, owner.cls or object):
            found = effects.substitute(owner.cls)
            self.examples[owner.variable] = found
        return found

    def expect_tree(self, path: Path, cls: type, aux_path: Path, aux: Any) -> None:
        """At a path shall be a value of a registered class, with this besides its children."""
        self._check("type", path, cls)
        self._check("aux", aux_path, aux)
        self.groups.setdefault(cls, []).append(path)

    def expect_same(self, path: Path, known: Path) -> None:
        """At a path shall be what is at another one."""
        self._check("same", path, known)

    def _check(self, kind: str, path: Path, value: Any) -> None:
        self.checks[(*path, kind)] = Check(kind, path, value)

    def _array(self, value: np.ndarray[Any, Any], path: Path) -> TracedArray:
        reason = array_reason(path_text(path), value)
        if self.constants.get(path[:1]) is True:
            way = "leave it out of static_argnames"
            reason = (
                f"{path_text(path[:1])} is a static argument, and an array, which is no constant (fix: {way})"
            )
        if reason:
            raise Fallback(reason)
        known = self.storages.get(id(value))
        if known is not None:
            self.checks[(*path, "same")] = Check("same", path, known.origin.path)
            return TracedArray(known)
        dims = []
        for k, n in enumerate(value.shape):
            fixed = n == 1 or (path, k) in self.constants or ("all dims" in self.constants)
            dims.append(n if fixed else -1)
        check = ArrayCheck(value.dtype, tuple(dims))
        self._check("array", path, check)
        type_ = TensorType(value.dtype, tuple([None if d < 0 else d for d in dims]))
        variable = self._input(type_, path, value)
        storage = Storage(variable, self.root)
        storage.origin = self.origins[variable] = Origin(self, path, value, check, variable)
        storage.read_only = not value.flags.writeable
        if storage.read_only:
            check.writeable = False
        self.storages[id(value)] = storage
        if id(value) in self._unwritten:
            self._interpreter().arrays.freeze(storage, self._unwritten[id(value)][1])
        return TracedArray(storage)

    def keep_unwritten(self, array: Any, reason: str) -> None:
        """An array from outside is read by others while the program runs: writing it ends the trace."""
        self._unwritten[id(array)] = (array, reason)
        storage = self.storages.get(id(array))
        if storage is not None:
            if storage.value is not storage.origin.variable:
                raise Fallback(reason)
            self._interpreter().arrays.freeze(storage, reason)

    def _input(self, type_: Type, path: Path, example: Any) -> Variable:
        variable = input_variable(type_, path_text(path))
        self.root.own(variable)
        self.inputs[path] = variable
        self.examples[variable] = example
        return variable

    def _number(self, value: Any, path: Path, numbers: bool) -> Any:
        fixed = path in self.constants or not numbers or type(value) is bool
        if fixed:
            self._check("equal", path, value)
            return value
        try:
            type_ = type_of(value)
        except TypeError as error:
            raise Fallback(str(error)) from None
        if isinstance(value, np.generic) and value.dtype.num != np.dtype(value.dtype.str).num:
            raise Fallback(array_reason(path_text(path), np.asarray(value)))
        self._check("type", path, type(value))
        return TracedScalar(self._input(type_, path, value))

    def _container(self, value: Any, path: Path, numbers: bool) -> Any:
        if id(value) in self.containers:
            self.checks[(*path, "same")] = Check("same", path, self.containers[id(value)][0])
            return self.containers[id(value)][1]
        self._check("type", path, type(value))
        self.groups.setdefault(type(value), []).append(path)
        if type(value) is dict:
            self._check("keys", path, tuple(value))
            made: Any = {}
            self.containers[id(value)] = (path, made, value)
            made.update({k: self.adopt(v, (*path, ("item", k)), numbers=numbers) for k, v in value.items()})
            return made
        made = TracedList()
        self.containers[id(value)] = (path, made, value)
        if len(value) > LONGEST_LIST and numbers and path not in self.constants:
            dynamic = self._long_list(value, path)
            if dynamic is not None:
                made.dynamic = Dynamic(LEAF, (dynamic,))
                return made
        self._check("length", path, len(value))
        items = [self.adopt(v, (*path, ("item", k)), numbers=numbers) for k, v in enumerate(value)]
        list.extend(made, items)
        return made

    def _long_list(self, value: list[Any], path: Path) -> Variable | None:
        """A long list of numbers of one class is one input, whatever its length."""
        classes = set(map(type, value))
        if len(classes) != 1 or next(iter(classes)) not in PYTHON_TYPES:
            return None
        element = PYTHON_TYPES[next(iter(classes))]
        self.checks[(*path, "elements")] = Check("elements", path, next(iter(classes)))
        return self._input(ListType(element), path, value)

    def _other(self, value: Any, path: Path) -> Any:
        self._alive.append(value)
        if value is None or isinstance(value, (str, bytes)):
            self._check("equal", path, value)
        elif isinstance(value, BY_VALUE):
            self._check("equal", path, value)
            self.paths.setdefault(id(value), (path, value))
        elif is_array_like(value):
            raise Fallback(content_reason(path_text(path), value))
        elif is_object(value):
            self._check("type", path, type(value))
            known = self.paths.setdefault(id(value), (path, value))[0]
            if known != path:
                self.checks[(*path, "same")] = Check("same", path, known)
            else:
                self.groups.setdefault(type(value), []).append(path)
        elif type(value) is set:
            self._check("members", path, tuple(value))
            self.paths.setdefault(id(value), (path, value))
        elif isinstance(value, (list, dict, set, bytearray, collections.deque)):
            msg = f"{path_text(path)} is a {type(value).__name__}, a container that is not traced (fix: {_way(value)})"
            raise Fallback(msg)
        elif has_content(value):
            raise Fallback(content_reason(path_text(path), value))
        else:
            self._check("is", path, value)
            self.paths.setdefault(id(value), (path, value))
        return value

    # Names -----------------------------------------------------------------------------------------------------

    def _holder(self, kind: str, target: Any, name: Any) -> Holder:
        key = (kind, id(target), name)
        if key not in self.holders:
            self.holders[key] = Holder(kind, target, name)
        return self.holders[key]

    def holder_of(self, frame: Frame, name: str, *, declared: bool = False) -> Holder:
        """Where a name that is no local is kept: a closure's cell, or, if `declared` global or else, the globals."""
        function = frame.function
        closure = getattr(function, "__closure__", None)
        if not declared and closure is not None and name in function.__code__.co_freevars:
            return self._holder("cell", closure[function.__code__.co_freevars.index(name)], name)
        return self._holder("global", frame.globals, name)

    def load_global(self, frame: Frame, name: str, *, declared: bool = False) -> Any:
        """The value of a name that is no local: of a closure's cell, a global or a built-in. UNBOUND if it has none."""
        holder = self.holder_of(frame, name, declared=declared)
        table = self.state.own(holder)
        if name in table:
            return table[name]
        try:
            value = holder.get()
        except (ValueError, AttributeError):
            if holder.kind == "global":
                self.surroundings.name(frame.globals, name)
            return UNBOUND
        if holder.kind == "global" and (name not in frame.globals or self._is_part(value)):
            self.surroundings.name(frame.globals, name)
            return value
        return self.adopt(value, (("holder", holder),), numbers=False)

    def store_global(self, frame: Frame, name: str, value: Any, *, declared: bool) -> None:
        """Bind a name that is no local."""
        holder = self.holder_of(frame, name, declared=declared)
        path = (("holder", holder),)
        if path in self.adopted and is_number(self.adopted[path]) and ("input", path) not in self.constants:
            raise Restart({("input", path): True})
        table = self.state.own(holder)
        if name not in table and self.state.region.kind != "root":
            bound = holder.kind == "cell" or name in frame.globals
            table[name] = self.load_global(frame, name, declared=declared) if bound else UNBOUND
        self.state.write(("attribute", Box(holder), name), value)

    def _is_part(self, value: Any) -> bool:
        """Modules and functions of NumPy and the like: what a program is made of."""
        if isinstance(value, types.ModuleType):
            return True
        module = getattr(value, "__module__", None) or ""
        return callable(value) and module.split(".")[0] in {"numpy", "scipy", "math", "functools", "builtins"}

    def _may_change(self, owner: Any, name: str, value: Any) -> bool:
        """Whether what a module or class has under a name is worth a guard: not what a library has as its own."""
        if isinstance(value, (np.ndarray, list, dict)) or is_object(value):
            return True
        home = owner.__name__ if isinstance(owner, types.ModuleType) else owner.__module__
        if home.partition(".")[0] in NOT_THE_USERS or (name[:2] == "__" == name[-2:]):
            return False
        return value is None or isinstance(value, (int, float, complex, str, bytes, tuple, np.generic))

    def module_value(self, owner: Any, name: str, value: Any) -> Any:
        """What a module, class, tuple or other plain object has under a name."""
        if isinstance(owner, (types.ModuleType, type)) and self._may_change(owner, name, value):
            holder = self._holder("object", owner, getattr(owner, "__name__", "?"))
            return self.adopt(value, (("holder", holder), ("attribute", name)), numbers=False)
        if isinstance(owner, type):
            self.surroundings.member(owner, name)
        elif isinstance(owner, types.ModuleType) and name in vars(owner):
            self.surroundings.name(vars(owner), name)
        return value

    # Objects ---------------------------------------------------------------------------------------------------

    def other_attribute(self, owner: Any, name: str) -> Any:
        """An attribute of what is neither an object of a user's class nor traced."""
        found = self.surroundings.of_class(type(owner), name)
        if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
            return self._interpreter().call(found.fget, [owner], {})
        if isinstance(owner, types.FunctionType) and self.path_of(owner) is not None:
            return self._of_function(owner, name)
        value = getattr(owner, name)
        if isinstance(value, (np.ndarray, list, dict)):
            msg = f"the attribute {name} of a {type(owner).__name__}"
            raise Fallback(msg)
        return value

    def _of_function(self, owner: types.FunctionType, name: str) -> Any:
        """An attribute of a function: what was set on it is a value like others from outside."""
        if name[:2] == "__" == name[-2:]:
            return getattr(owner, name)
        path = self.paths[id(owner)][0]
        if own_now(owner, name) is MISSING:
            self.expect_absent(path, name)
            return getattr(owner, name)  # raises, as a rule
        return self.adopt(getattr(owner, name), (*path, ("attribute", name)), numbers=False)

    def path_of(self, owner: Any) -> Path | None:
        """Where an object from outside is found."""
        known = self.paths.get(id(owner))
        return None if known is None else known[0]

    def of_path(self, path: Path) -> type | None:
        """The class of what is at a path, if it is an object or a container."""
        return next((cls for cls, paths in self.groups.items() if path in paths), None)

    def expect_absent(self, path: Path, name: str) -> None:
        """The object at a path shall hold nothing itself under a name."""
        self.checks[(*path, "absent", name)] = Check("absent", path, name)

    def expect_own(self, path: Path, name: str) -> None:
        """The object at a path shall hold something itself under a name, whatever its class has."""
        self.checks[(*path, "own", name)] = Check("own", path, name)

    def expect_names(self, path: Path, owner: Any) -> None:
        """The object at a path shall hold just these names."""
        self._check("names", path, tuple(vars(owner)))

    def adopt_of_class(self, cls: type, name: str, found: Any) -> Any:
        """What a class or a base has under a name."""
        return self.adopt(found, (("holder", self._holder("class", cls, name)),), numbers=False)

    interpreter: Interpreter

    def _interpreter(self) -> Interpreter:
        return self.interpreter

    # Functions -------------------------------------------------------------------------------------------------

    def described(self, node: Any, filename: str, qualname: str) -> source.FunctionSource:
        found = self._descriptions.get(node)
        if found is None:
            found = self._descriptions[node] = source.describe(node, filename, qualname)
        return found

    def plain_function(self, function: Any) -> Any:
        """The plain Python function behind a traced one."""
        return self.unwrap(function)

    def call_function(self, function: types.FunctionType, args: Any, kwargs: Any) -> Any:
        """Interpret a call of a Python function."""
        described = source.source_of(function)
        frame = Frame(described, self.state.region, function.__globals__, function)
        self.surroundings.function(function)
        holder = (("holder", self._holder("object", function, function.__name__)),)
        defaults = [
            self.adopt(v, (*holder, ("attribute", "__defaults__"), ("item", k)), numbers=False)
            for k, v in enumerate(function.__defaults__ or ())
        ]
        kw_defaults = {
            k: self.adopt(v, (*holder, ("attribute", "__kwdefaults__"), ("item", k)), numbers=False)
            for k, v in (function.__kwdefaults__ or {}).items()
        }
        interpreter = self._interpreter()
        interpreter.bind_parameters(frame, described, args, kwargs, defaults, kw_defaults)
        called = interpreter.recursion.call(function, frame, args, kwargs)
        return interpreter.run(frame) if called is None else called[0]

    def prelude(
        self, interpreter: Interpreter, name: str, args: list[Any], kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Interpret a function of the prelude."""
        return self.call_function(getattr(prelude, name), args, kwargs or {})

    def nothing(self) -> source.FunctionSource:
        """A function without statements."""
        return source.source_of(prelude.nothing)  # type: ignore[arg-type]

    def prelude_indices(self, interpreter: Interpreter, dims: tuple[Any, ...], array: Any) -> Any:
        """numpy.ndindex(dims), or numpy.ndenumerate(array), as a sequence."""
        from tracetensor.tracer.values import TracedSequence

        ops = interpreter.operations
        total: Any = 1
        for n in dims:
            total = ops.binary("mul", total, n)

        def item(k: Any) -> Any:
            index = []
            for n in reversed(dims):
                index.append(ops.binary("mod", k, n))
                k = ops.binary("floordiv", k, n)
            position = tuple(reversed(index))
            return position if array is None else (position, interpreter.sequences.get_item(array, position))

        return TracedSequence(total, item)

    def grid_builder(self, container: Any) -> Any:
        """The builder of numpy.mgrid[...] and numpy.ogrid[...] with traced bounds, None if there is none."""
        from tracetensor.graph.ops import creation

        name = "mgrid_getitem" if container is np.mgrid else "ogrid_getitem" if container is np.ogrid else ""
        return getattr(creation, name, None)

    # Forced values and examples --------------------------------------------------------------------------------

    def force(self, interpreter: Interpreter, variable: Variable, what: str) -> Any:
        """The value of a variable, by making the inputs it comes from constants of a new trace."""
        found: dict[Any, Any] = {}
        data = self._leaves(variable, found, set())
        fresh = {k: v for k, v in found.items() if k not in self.constants}
        if data is not None and not fresh:
            msg = f"{what} depends on {data}"
            raise Fallback(msg)
        if not fresh:
            msg = f"{what} is not known while tracing"
            raise Fallback(msg)
        location = self.state.location()
        where = f" ({location[-1].filename}:{location[-1].line})" if location else ""
        raise Restart(dict.fromkeys(fresh, f"{what} is to be known{where}"))

    def _leaves(self, variable: Variable, found: dict[Any, Any], seen: set[Variable]) -> str | None:
        """Enter the inputs that a scalar comes from; a text if it depends on an array's data."""
        if variable in seen or isinstance(variable, Constant):
            return None
        seen.add(variable)
        node = variable.node
        if node is None:
            region: Region | None = variable.scope
            if region is not None and region is not self.root:
                if variable in region.carried:
                    raise NeedsUnrolling(region, variable.name or "a loop's index")
                return self._leaves(region.initial[variable], found, seen)
            for path, known in self.inputs.items():
                if known is variable:
                    if isinstance(variable.type, TensorType) and not variable.type.is_array:
                        found[path] = True
                        return None
                    return f"the elements of {path_text(path)}"
            return "a value of the run"
        if node.op.name == "dim":
            return self._dims(node.inputs[0], node.params["axis"], found, seen)
        result = None
        if node.op.name in {"ifelse", "scan", "attempt", "handling", "callback"}:
            return f"the result of {node.op.name}"
        for source_ in node.inputs:
            if isinstance(source_.type, TensorType) and source_.type.is_array and node.op.family != "shape":
                return f"the elements of an array ({node.op.name})"
            result = self._leaves(source_, found, seen) or result
        return result

    def _dims(self, array: Variable, axis: int, found: dict[Any, Any], seen: set[Variable]) -> str | None:
        variable = array
        while variable.node is None and variable.scope is not None and variable.scope is not self.root:
            if variable in variable.scope.carried:
                raise NeedsUnrolling(variable.scope, "the shape of an array that a loop carries")
            variable = variable.scope.initial[variable]
        for path, known in self.inputs.items():
            if known is variable:
                found[(path, axis)] = True
                return None
        found["all dims"] = True
        pending, visited = [variable], set()
        while pending:
            current = pending.pop()
            if current in visited:
                continue
            visited.add(current)
            if current.node is not None:
                pending.extend(current.node.inputs)
            elif current.scope not in (None, self.root) and current in current.scope.initial:
                pending.append(current.scope.initial[current])
            elif (
                isinstance(current.type, TensorType)
                and not current.type.is_array
                and current.dtype.kind in "iu"
            ):
                self._leaves(current, found, seen)
        return "the shape of an intermediate array"

    def example(self, variable: Variable) -> Any:
        """A value that the variable could have: computed from the arguments of the first call."""
        if isinstance(variable, Constant):
            return variable.value
        if variable in self.examples:
            return self.examples[variable]
        node = variable.node
        if node is None:
            region = variable.scope
            outer = region.initial.get(variable) if region is not None else None
            value = placeholder(variable.type) if outer is None else self.example(outer)
            self.examples[variable] = value
            return value
        self._run_example(node)
        return self.examples[variable]

    def note_callback(self, name: str, location: Any) -> None:
        """Remember a call-back, for explain(); CallbackRefused where there shall be none."""
        if self.refuse_callbacks:
            where = f" ({location[-1].filename}:{location[-1].line})" if location else ""
            msg = f'a call-back of {name}{where}, and callbacks="error"'
            raise CallbackRefused(msg)
        self.callbacks.append((name, location))

    def object_variable(self, value: Any) -> Variable | None:
        """The input that an object from outside is, of which only the class is a condition; None for others."""
        if not is_object(value):
            return None
        if self.state.made_in(value) is not None:
            msg = (
                f"a {type(value).__name__} that the function made is handed to a function that is not traced"
            )
            raise Fallback(msg)
        known = self.paths.get(id(value))
        if known is None or known[1] is not value:
            return None
        path = known[0]
        if path not in self.inputs:
            return self._input(object_type(type(value)), path, value)
        return self.inputs[path]

    def looked_into(self, path: Path) -> bool:
        """Whether tracing read what is inside of an object from outside."""
        return any(len(p) > len(path) and p[: len(path)] == path for p in self.adopted)

    def sample(self, variable: Variable) -> Any:
        """Some value of the variable's type; a generator that is drawn from stays what it is."""
        if isinstance(variable, Constant) or not isinstance(variable.type, (TensorType, ListType)):
            return self.example(variable)
        return _sample(variable.type)

    def _run_example(self, node: Node) -> None:
        try:
            if has_effect(node) or recurses(node):
                raise TypeError  # nothing happens while tracing; recursion may not end on samples
            with np.errstate(all="ignore"):
                results = evaluate_node(node, [self.example(v) for v in node.inputs])
        except (Exception, Deoptimise):
            results = [_sample(out.type) for out in node.outputs]
        for out, value in zip(node.outputs, results, strict=True):
            self.examples[out] = value

    def callback_result(self, call: Any, values: list[Variable]) -> tuple[Any, bool]:
        """What a call-back returns for the first call's values, or else for samples; whether it shares memory."""
        attempts = ([self.example(v) for v in values], [_sample(v.type) for v in values])
        error: Exception | None = None
        for given in attempts:
            copies = [_same_copy(v) for v in given]
            try:
                with np.errstate(all="ignore"):
                    found = call(*copies)
            except Exception as caught:
                error = caught
                continue
            if any(
                isinstance(v, np.ndarray) and v.tobytes() != old.tobytes()
                for v, old in zip(copies, given, strict=True)
            ):
                msg = f"{call!r} writes to its arguments"
                raise Fallback(msg)
            return found, shares_memory(found, copies)
        msg = f"the type of what {call!r} returns could not be learnt: {error}"
        raise AlwaysRaises(msg)


def _same_copy(value: Any) -> Any:
    """A copy of an array with its layout, read-only if it is."""
    if not isinstance(value, np.ndarray):
        return value
    copy = value.copy(order="K")
    copy.flags.writeable = value.flags.writeable
    return copy


def _way(value: Any) -> str:
    """What to hand over in the place of a container that is not traced."""
    base = next(c for c in (dict, set, bytearray, list) if isinstance(value, c) or c is list)
    if is_class(type(value)):  # type: ignore[arg-type]
        return f"hand over a {base.__name__}, or {REGISTER}"
    return f"hand over a {base.__name__}" if type(value) is not bytearray else "hand over np.frombuffer of it"


def has_effect(node: Node) -> bool:
    """Whether evaluating the node does more than return a value."""
    return node.op.effect or any(has_effect(n) for body in bodies(node) for n in body.nodes())


def recurses(node: Node) -> bool:
    """Whether evaluating the node calls a function of the user's that may call itself."""
    return isinstance(node.params.get("function"), RecursiveCall) or any(
        recurses(n) for body in bodies(node) for n in body.nodes()
    )


def _sample(type_: Type) -> Any:
    if isinstance(type_, TensorType) and type_.is_array:
        return np.ones(tuple([2 if d is None else d for d in type_.shape]), type_.dtype)
    if isinstance(type_, TensorType):
        value = type_.dtype.type(1)
        return value.item() if type_.is_python else value
    if isinstance(type_, ListType):
        return [_sample(type_.element), _sample(type_.element)]
    return placeholder(type_)
