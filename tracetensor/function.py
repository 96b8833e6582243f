"""Traced functions: compiled versions, chosen by what the arguments are, with plain Python behind them."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import gc
import inspect
import sys
import threading
import types
import warnings
import weakref
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

import tracetensor.tiers  # noqa: F401 - tells the machine which loops to compile
from tracetensor import stages
from tracetensor.config import on_plain, option
from tracetensor.errors import (
    CallbackRefused,
    Deoptimise,
    Fallback,
    FallbackWarning,
    Misjudged,
    TraceError,
)
from tracetensor.explain import GIVEN_UP, OVERLAPS, explain, why_new
from tracetensor.graph.types import PYTHON_TYPES, TensorType
from tracetensor.guard import MISSES, make_guard
from tracetensor.tracer.derived import Derived
from tracetensor.vm.dispatch import Dispatcher, Entry, Fetch, set_fast, without_frames
from tracetensor.vm.finish import Finisher
from tracetensor.vm.surroundings import Surroundings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tracetensor.graph.graph import Graph
    from tracetensor.tracer.trace import Recipe, Trace
    from tracetensor.tracer.world import Check, Path


@dataclasses.dataclass
class Version:
    """One compiled version: a trace, its optimised graph and program, and when it applies."""

    trace: Trace
    graph: Graph
    program: Any
    reason: str = ""
    entry: Entry | None = None
    slow_calls: int = 0

    @property
    def calls(self) -> int:
        """How many calls it served, about so if many threads call at once."""
        return self.slow_calls + (self.entry.calls if self.entry is not None else 0)

    @functools.cached_property
    def checks(self) -> list[tuple[Path, Check]]:
        return [(c.path, c) for c in self.trace.checks]

    @functools.cached_property
    def from_control(self) -> list[int]:
        """Outputs made by branches and loops, which may turn out to be memory of an argument, a constant or an output."""
        found = []
        for k, (out, group) in enumerate(zip(self.graph.outputs, self.trace.groups, strict=True)):
            base = out
            while base.node is not None and base.node.op.views:
                base = base.node.inputs[0]
            control = base.node is not None and base.node.op.family == "control"
            if group is not None and control and isinstance(out.type, TensorType) and out.type.is_array:
                found.append(k)
        return found

    @functools.cached_property
    def suspicious(self) -> list[int]:
        """Outputs that may turn out to be an argument's or a constant's memory, and must not."""
        written = self.written_outputs
        return [k for k in self.from_control if k not in written]

    @functools.cached_property
    def written_outputs(self) -> set[int]:
        return {w[2].content for w in self.trace.writes if w[1] == "array" and w[2].kind == "output"}

    @functools.cached_property
    def pairs(self) -> list[tuple[int, int, int]]:
        """Two outputs that may turn out to be one memory, and must not, and the one that is to be copied then."""
        groups, written = self.trace.groups, self.written_outputs
        return [
            (k, other, other if k in written else k)
            for k in self.from_control
            for other, (out, group) in enumerate(zip(self.graph.outputs, groups, strict=True))
            if group not in {None, groups[k]} and isinstance(out.type, TensorType) and out.type.is_array
        ]

    @functools.cached_property
    def written(self) -> list[Path]:
        return [path for path, how, _ in self.trace.writes if how == "array"]

    @functools.cached_property
    def arrays(self) -> list[Path]:
        return [c.path for c in self.trace.checks if c.kind == "array"]

    @functools.cached_property
    def surroundings(self) -> Surroundings:
        return Surroundings(self.trace.surroundings)

    @functools.cached_property
    def guard(self) -> Callable[[dict[str, Any]], list[Any] | None]:
        return make_guard(self.trace)

    def values(self, parameters: dict[str, Any]) -> list[Any] | None:
        """The values of the program's inputs if everything that tracing relied on holds, else None."""
        if not self.surroundings.hold():
            return None
        try:
            return self.guard(parameters)
        except MISSES:
            return None

    def fetched(self, parameters: dict[str, Any]) -> list[Any]:
        """The values of the program's inputs, nothing checked: what was traced a moment ago."""
        return [stages.fetch(p, parameters) for p in self.trace.inputs]

    def overlaps(self, parameters: dict[str, Any]) -> bool:
        """Whether an array that is written shares memory with another argument, or one element with another."""
        if not self.written:
            return False
        if any(stages.overlaps_itself(stages.fetch(p, parameters)) for p in self.written):
            return True
        if len(self.arrays) < 2:
            return False
        values = [(p, stages.fetch(p, parameters)) for p in self.arrays]
        return any(
            np.may_share_memory(a, b) for p, a in values if p in self.written for q, b in values if q != p
        )

    def run(self, values: list[Any], parameters: dict[str, Any]) -> Any:
        """The result, with the arguments written to as the function would."""
        states = self._states(parameters) if self.trace.may_deoptimise or self.trace.may_overflow else []
        try:
            outputs = self.program(*values)
        except Deoptimise as error:
            for source, state in states:
                stages.put_state(source, state)
            if self.program.donated or self.trace.unrepeatable:
                msg = f"a run was given up after it may have done what cannot be repeated: {error.reason}"
                raise RuntimeError(msg) from error
            raise
        return self.finish(outputs, values, parameters)

    def _states(self, parameters: dict[str, Any]) -> list[tuple[Any, Any]]:
        """The generators that are drawn from, with their states."""
        found = []
        for kind, where in self.trace.sources:
            source = stages.fetch(where, parameters) if kind == "path" else where
            found.append((source, stages.get_state(source)))
        return found

    def finish(self, outputs: list[Any], values: Sequence[Any], parameters: dict[str, Any]) -> Any:
        """The result, made of a program's outputs for these values of its inputs; arguments are written to."""
        own: dict[Any, Any] = {}  # what is one object in one memory stays one
        for k in self.suspicious:
            out = outputs[k]
            if not out.flags.writeable or any(
                isinstance(v, np.ndarray) and stages.reaches(out, v) for v in values
            ):
                outputs[k] = own.setdefault((self.trace.groups[k], id(out)), (out, out.copy()))[1]
        groups = self.trace.groups
        shared = {copied for k, other, copied in self.pairs if stages.reaches(outputs[k], outputs[other])}
        for group in {groups[k] for k in shared}:  # what is one memory stays one
            parts = [k for k, g in enumerate(groups) if g == group and isinstance(outputs[k], np.ndarray)]
            for k, new in zip(parts, stages.copied([outputs[k] for k in parts]), strict=True):
                outputs[k] = new
        if not self.trace.writes:
            return self.trace.result.build(outputs, parameters)
        for path, how, recipe in self.trace.writes:
            if how == "array" and outputs[recipe.content] is not (target := stages.fetch(path, parameters)):
                # Something else may have been computed in the argument's memory.
                others = [out for k, out in enumerate(outputs) if k != recipe.content]
                arrays = {id(x): x for x in stages.arrays_in(others) if stages.reaches(x, target)}
                if arrays:
                    copies = dict(zip(arrays, stages.copied(list(arrays.values())), strict=True))
                    copies.pop(id(outputs[recipe.content]), None)
                    outputs = [stages.with_arrays(out, copies) for out in outputs]
        # All is found and built before the first write, which may change what a path leads to.
        made: dict[int, Any] = {}
        result = self.trace.result.build(outputs, parameters, made)
        writes = [
            (self._target(p, how, parameters), how, p[-1][1], r.build(outputs, parameters, made))
            for p, how, r in self.trace.writes
        ]
        for target, how, name, value in writes:
            self._write(target, how, name, value)
        return result

    def _target(self, path: Path, how: str, parameters: dict[str, Any]) -> Any:
        """What is written: the thing at a path, the object whose attribute it is, or the holder of a name."""
        if how == "name":
            return path[0][1]
        return stages.fetch(path[:-1] if how == "attribute" else path, parameters)

    def _write(self, target: Any, how: str, name: str, value: Any) -> None:
        if how == "array":
            if value is not target:
                target[...] = value
        elif how == "attribute":
            if value is not stages.UNBOUND:
                object.__setattr__(target, name, value)
            elif stages.own_now(target, name) is not stages.MISSING:
                object.__delattr__(target, name)
        elif how == "name":
            target.set(value)
        elif how == "list":
            target[:] = value
        else:
            target.clear()
            target.update(value)


on_plain.append(lambda plain: set_fast(not plain))
if option("run") == "plain":
    set_fast(False)

CHANGES = 2
"""A number in a global of which versions had so many values becomes an input of the next version."""
_traced: weakref.WeakSet[Any] = weakref.WeakSet()


def unwrap(function: Any) -> Any:
    """The plain function behind a traced one."""
    return function.__wrapped__ if isinstance(function, Traced) else function


def _calling(function: Any) -> Any:
    """A plain function that calls what a transform made: the tracer knows what to do with that."""

    def derivative(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    derivative.__name__ = getattr(function, "__name__", "derivative")
    derivative.__qualname__ = getattr(function, "__qualname__", "derivative")
    return derivative


def _defaults(function: Any) -> tuple[Any, dict[str, Any]]:
    return function.__defaults__, dict(function.__kwdefaults__ or {})


def _same_defaults(a: tuple[Any, dict[str, Any]], b: tuple[Any, dict[str, Any]]) -> bool:
    """Whether defaults are the very objects that they were."""
    return a[0] is b[0] and list(a[1]) == list(b[1]) and all(v is b[1][k] for k, v in a[1].items())


@without_frames
class Traced(Dispatcher):  # type: ignore[misc]  # an extension class
    """A function that is traced, optimised and compiled at its first call with each kind of arguments.

    Calling it gives what the plain function gives: values, dtypes, shapes, mutation of arguments, exceptions.
    `graphs`: the optimised graph of every compiled version. `explain()`: what was compiled, what was not, and
    why. `clear()`: forget all versions. `__wrapped__`: the plain function.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        *,
        strict: bool | None = None,
        static: frozenset[str] = frozenset(),
        callbacks: str | None = None,
    ) -> None:
        self._bound_self: tuple[Any, ...] = ()
        if isinstance(function, Derived):
            function = _calling(function)
        plain = function
        if isinstance(function, types.MethodType):
            self._bound_self, plain = (function.__self__,), function.__func__
        elif not isinstance(function, types.FunctionType) and hasattr(type(function), "__call__"):  # noqa: B004
            method = getattr(type(function), "__call__")  # noqa: B004, B009
            if isinstance(method, types.FunctionType):
                self._bound_self, plain = (function,), method
        if not isinstance(plain, types.FunctionType):
            msg = f"trace() takes a Python function, not {function!r}"
            raise TypeError(msg)
        self.function = plain
        self.strict = strict
        self.static = static
        self.callbacks = callbacks
        self.versions: list[Version] = []
        self.plain_reasons: dict[Any, str] = {}
        self.plain_calls: Counter[str] = Counter()
        self._read_signature()
        unknown = static - set(self.names)
        if unknown:
            msg = f"static_argnames: {plain.__qualname__} has no parameter {', '.join(sorted(unknown))}"
            raise TypeError(msg)
        self._lock = threading.RLock()
        self._warned: set[str] = set()
        self._unanswered: set[Any] = set()
        super().__init__(self._call, self._deoptimised)
        if self.bindable:
            self.bind_as(plain, self._bound_self)
        functools.update_wrapper(self, function)
        self.__wrapped__ = function
        self.__signature__ = inspect.signature(function)
        _traced.add(self)

    def _read_signature(self) -> None:
        self._defaults = _defaults(self.function)
        self.signature = inspect.signature(self.function, follow_wrapped=False)
        self.names = list(self.signature.parameters)
        kinds = {p.kind for p in self.signature.parameters.values()}
        self.simple = kinds <= {inspect.Parameter.POSITIONAL_OR_KEYWORD}
        self.bindable = not kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}

    def __repr__(self) -> str:
        return f"<traced {self.function.__qualname__}, {len(self.versions)} compiled versions>"

    def __reduce__(self) -> Any:
        # A decorated function of a module is found by its name there, as functions are.
        found: Any = sys.modules.get(self.function.__module__)
        for part in self.function.__qualname__.split("."):
            found = getattr(found, part, None)
        if found is self:
            return self.function.__qualname__
        return _rebuild, (self.__wrapped__, self.strict, self.static, self.callbacks)

    @property
    def graphs(self) -> list[Graph]:
        """The optimised graph of every compiled version, the oldest first."""
        return [v.graph for v in self.versions]

    def clear(self) -> None:
        """Forget all compiled versions and all reasons for running plain."""
        with self._lock:
            self.versions = []
            self.entries = ()
            self.plain_reasons = {}
            self.plain_calls = Counter()
            self._warned = set()
            self._unanswered = set()

    def explain(self) -> str:
        """What was compiled, on what conditions, and what runs as plain Python and why."""
        return explain(self)

    def compile(self, *args: Any, **kwargs: Any) -> None:
        """Compile the version for such arguments, its loops as machine code too, without running it; wait for that.

        Raises TraceError where it cannot be traced, or where there is no C compiler.
        """
        parameters = self.parameters(args, kwargs)
        version, _ = self._find(parameters)
        if version is None:
            try:
                version = self.specialise(parameters)
            except Fallback as error:
                raise TraceError(f"{self.function.__qualname__}: {error.reason}") from error.__cause__
        stages.compile_loops(version.program)

    def source(self) -> str:
        """The C text of the loops of all versions."""
        return "\n".join([stages.source(version.program) for version in self.versions])

    # Calls -----------------------------------------------------------------------------------------------------

    def parameters(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """The arguments by parameter name; TypeError, as Python's, if they do not fit."""
        args = (*self._bound_self, *args)
        if self.simple and not kwargs and len(args) == len(self.names):
            return dict(zip(self.names, args, strict=True))
        if not _same_defaults(_defaults(self.function), self._defaults):
            self._read_signature()
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return self.function(*self._bound_self, *args, **kwargs)

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call that no entry of the fast path takes."""
        if option("run") == "plain":
            return self._plain(args, kwargs)
        try:
            parameters = self.parameters(args, kwargs)
        except TypeError:
            parameters = None
        if parameters is None:
            return self._plain(args, kwargs)
        version, values = self._find(parameters)
        if version is None:
            kind = self._kind(parameters)
            if kind in self.plain_reasons and not self._is_strict():
                self.plain_calls[self.plain_reasons[kind]] += 1
                return self._plain(args, kwargs)
            reason: Fallback | None = None
            try:
                version = self.specialise(parameters)
            except Fallback as error:
                reason = error
            # Plain Python runs where no exception is being handled: it would be the context of the user's.
            if isinstance(reason, stages.AlwaysRaises):
                result = self._plain(args, kwargs)
                return self._fall_back(kind, reason, lambda: result)
            if reason is not None or version is None:
                assert reason is not None
                return self._fall_back(kind, reason, lambda: self._plain(args, kwargs))
        if version.overlaps(parameters):
            self.plain_calls[OVERLAPS] += 1
            return self._plain(args, kwargs)
        try:
            result = version.run(version.fetched(parameters) if values is None else values, parameters)
            version.slow_calls += 1
            return result
        except Deoptimise as error:
            given_up = error
        return self._deoptimised(args, kwargs, given_up)

    def _deoptimised(self, args: tuple[Any, ...], kwargs: dict[str, Any], error: Deoptimise) -> Any:
        """The call again, after a run was given up: by a version that knows better, or else as plain Python."""
        answers: dict[Any, bool] = {}
        while isinstance(error, Misjudged) and error.question not in answers:
            answers[error.question] = error.answer
            parameters = self.parameters(args, kwargs)
            version = self._knowing(parameters, answers, error.reason)
            values = None if version is None else version.values(parameters)
            if version is None or values is None or version.overlaps(parameters):
                break
            try:
                result = version.run(values, parameters)
                version.slow_calls += 1
                return result
            except Deoptimise as again:
                error = again
        self.plain_calls[f"{GIVEN_UP}{error.reason}"] += 1
        self._warn(f"a call ran as plain Python: {error.reason}")
        return self._plain(args, kwargs)

    def _knowing(self, parameters: dict[str, Any], answers: dict[Any, bool], reason: str) -> Version | None:
        """A version that has these answers to questions of the run; made if there is none, None if that cannot be."""
        with self._lock:
            for version in self.versions:
                judged = version.trace.judged
                if all(judged.get(q, a) == a for q, a in answers.items()) and version.values(parameters):
                    return version
            known = frozenset(answers.items())
            if known in self._unanswered or len(self.versions) >= option("versions"):
                return None
            try:
                return self._build(parameters, f"a run of another version was given up: {reason}", answers)
            except Fallback:
                self._unanswered.add(known)
                return None

    def _log(self, number: int, reason: str) -> None:
        """Tell those who listen to the logger "tracetensor" of a new version."""
        logging = sys.modules.get("logging")
        if logging is not None:
            name = self.function.__qualname__
            logging.getLogger("tracetensor").info(
                "%s: version %d compiled%s", name, number, reason and f": {reason}"
            )

    def _find(self, parameters: dict[str, Any]) -> tuple[Version | None, list[Any] | None]:
        """The version that applies, and the values of its inputs."""
        for version in self.versions:
            values = version.values(parameters)
            if values is not None:
                return version, values
        return None, None

    def _is_strict(self) -> bool:
        return bool(option("strict") if self.strict is None else self.strict)

    def _refuses_callbacks(self) -> bool:
        return bool((option("callbacks") if self.callbacks is None else self.callbacks) == "error")

    def _kind(self, parameters: dict[str, Any]) -> Any:
        """Roughly what the arguments are: what a reason for running plain is remembered under."""
        return tuple(
            (type(v), getattr(v, "dtype", None), getattr(v, "ndim", None)) for v in parameters.values()
        )

    def _fall_back(self, kind: Any, error: Fallback, plain: Callable[[], Any]) -> Any:
        if self._is_strict() or isinstance(error, CallbackRefused):
            raise TraceError(f"{self.function.__qualname__}: {error.reason}") from error.__cause__
        self.plain_reasons[kind] = error.reason
        self.plain_calls[error.reason] += 1
        self._warn(f"runs as plain Python: {error.reason}")
        return plain()

    def _warn(self, reason: str) -> None:
        if reason not in self._warned:
            self._warned.add(reason)
            code = self.function.__code__
            text = f"{self.function.__qualname__} ({code.co_filename}:{code.co_firstlineno}) {reason}"
            warnings.warn(text, FallbackWarning, stacklevel=4)

    def _changing(self) -> list[Path]:
        """Where numbers outside are that several versions had as constants: they are made inputs of the next one."""
        values: dict[Path, set[Any]] = {}
        for version in self.versions:
            for path, check in version.checks:
                if check.kind == "equal" and type(check.value) in (int, float) and path[0][0] != "parameter":
                    values.setdefault(path, set()).add(check.value)
        return [path for path, found in values.items() if len(found) >= CHANGES]

    def specialise(self, parameters: dict[str, Any]) -> Version:
        """Trace and compile a version for these arguments. Raises Fallback where that cannot be done."""
        with self._lock:
            found, _ = self._find(parameters)
            if found is not None:
                return found
            if len(self.versions) >= option("versions"):
                if not self._is_strict():
                    msg = f"there are {len(self.versions)} compiled versions already"
                    raise Fallback(msg)
                self.versions, self.entries = self.versions[1:], ()
            reason = why_new(self.versions, parameters)
            return self._build(parameters, reason)

    def _build(
        self, parameters: dict[str, Any], reason: str, answers: dict[Any, bool] | None = None
    ) -> Version:
        """A further version."""
        with uncollected():
            version = build_version(
                self.function,
                parameters,
                self.static,
                refuse_callbacks=self._refuses_callbacks(),
                changing=self._changing(),
                answers=answers,
            )
        version.reason = reason
        self.versions = [*self.versions, version]
        self._log(len(self.versions), reason)
        entry = fast_entry(version, self.names) if self.bindable else None
        version.entry = entry
        if entry is not None:
            self.entries = (entry, *self.entries)  # type: ignore[assignment]
        return version


class Nested(Traced):
    """A function called by compiled programs of its own: what it cannot compile gives the whole run up."""

    def __init__(self, function: Callable[..., Any], written: frozenset[str]) -> None:
        super().__init__(function, strict=False)
        self.allowed = {(("parameter", name),) for name in written}

    def specialise(self, parameters: dict[str, Any]) -> Version:
        version = super().specialise(parameters)
        if not {path for path, _, _ in version.trace.writes} <= self.allowed:
            self.clear()
            msg = f"a recursive call of {self.function.__qualname__} writes to what it did not when it was traced"
            raise Deoptimise(msg)
        return version

    def _plain(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        msg = f"a recursive call of {self.function.__qualname__} cannot be compiled"
        raise Deoptimise(msg)

    def _deoptimised(self, args: tuple[Any, ...], kwargs: dict[str, Any], error: Deoptimise) -> Any:
        raise error


class Nesting:
    """How a compiled program calls a function that it is part of: `Nested` of every such function, made when needed."""

    def __init__(self) -> None:
        self.functions: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()
        self.forms: weakref.WeakKeyDictionary[Any, Any] = weakref.WeakKeyDictionary()

    def __call__(self, function: Any, written: frozenset[str]) -> Nested:
        """What runs compiled versions of a function that write to no other parameters' arrays."""
        kinds: dict[frozenset[str], Nested] = self.functions.setdefault(function, {})
        if written not in kinds:
            kinds[written] = Nested(function, written)
        return kinds[written]

    def trace(self, function: Any, args: list[Any], kwargs: dict[str, Any], assumed: dict[Any, Any]) -> Trace:
        """Trace a function on its own, with something assumed of the calls of itself."""
        bound = inspect.signature(function, follow_wrapped=False).bind(*args, **kwargs)
        bound.apply_defaults()
        return stages.trace_function(
            function, dict(bound.arguments), unwrap=unwrap, recursion=(self, assumed)
        )


NESTING = Nesting()


def fast_entry(version: Version, names: list[str]) -> Entry | None:
    """The way past Python from a call to the version's program; None where the checks need Python."""
    try:
        return _fast_entry(version, names)
    except (ValueError, KeyError):
        return None


def _fast_entry(version: Version, names: list[str]) -> Entry:
    """Raises ValueError or KeyError where a check, or what an input is, is not one of an entry's."""
    if (version.trace.may_deoptimise or version.trace.may_overflow) and (
        version.trace.sources or version.trace.unrepeatable
    ):
        raise ValueError("what a run did before it is given up must be undone")
    values: dict[Path, int] = {(("parameter", name),): k for k, name in enumerate(names)}
    rows: list[tuple[Any, ...]] = [("any",) for _ in names]
    fetches: list[Fetch] = []
    written = set(version.written)
    for path, check in version.checks:
        row = _fast_check(check, values, written=path in written)
        k = values.get(path, len(rows))
        if k == len(rows) or rows[k] != ("any",):  # another check of the same value fetches it again
            k = len(rows)
            fetches.append(_fetch(path, values))
            rows.append(row)
            values.setdefault(path, k)
        else:
            rows[k] = row
    inputs = [values[path] for path in version.trace.inputs]
    recipe = version.trace.result
    direct = (
        recipe.kind == "output" and len(version.graph.outputs) == 1 and not written and not version.suspicious
    )
    numbers = [values[path] for path in written]
    apart = [[values[path] for path in paths] for paths in version.trace.distinct if len(paths) > 1]
    if direct and not version.trace.writes:
        return Entry(rows, version.program, None, inputs, fetches, numbers, version.surroundings, apart=apart)

    def finish(outputs: list[Any], found: tuple[Any, ...]) -> Any:
        return version.finish(outputs, [found[k] for k in inputs], dict(zip(names, found, strict=False)))

    finisher = _finisher(version, values, inputs)
    return Entry(
        rows, version.program, finish, inputs, fetches, numbers, version.surroundings, finisher, apart
    )


def _fetch(path: Path, values: dict[Path, int]) -> Fetch:
    """How an entry finds a value: from the nearest one that it has already."""
    if any(step == "flat" for step, _ in path):
        raise ValueError("values of registered classes are taken apart in Python")
    for length in range(len(path), 0, -1):
        if path[:length] in values:
            return Fetch(("argument", values[path[:length]]), path[length:])
    kind, holder = path[0]
    if kind == "parameter":
        raise KeyError(holder)
    if holder.kind in {"global", "class"}:
        return Fetch((holder.kind, holder.target, holder.name), path[1:])
    return Fetch(("cell" if holder.kind == "cell" else "object", holder.target), path[1:])


def _finisher(version: Version, values: dict[Path, int], inputs: list[int]) -> Finisher | None:
    """What does in C what Version.finish does, but where outputs lie in each other's memory, or in an argument's."""
    writes: list[tuple[int, int]] = []
    changes: list[tuple[str, int, str, Any]] = []
    seen: set[int] = set()
    arrays = [(path, recipe) for path, how, recipe in version.trace.writes if how == "array"]
    written = {recipe.content for _, recipe in arrays}
    for path, how, recipe in version.trace.writes:
        target = path[:-1] if how == "attribute" else path
        if how == "name" or target not in values:
            return None
        if how == "array":
            writes.append((recipe.content, values[target]))
            continue
        made = _flat_recipe(recipe, values, written, seen)
        if made is None:
            return None
        changes.append((how, values[target], path[-1][1] if how == "attribute" else "", made))
    made = _flat_recipe(version.trace.result, values, written, seen)
    if made is None:
        return None
    pairs = [pair[:2] for pair in version.pairs]
    return Finisher(made, writes, changes, version.suspicious, pairs, inputs, stages.UNBOUND)


def _flat_recipe(
    recipe: Recipe, values: dict[Path, int], written: set[int], seen: set[int]
) -> tuple[Any, ...] | None:
    """A recipe as a Finisher has it, None if it has none for that; seen: recipes of what must be one object."""
    kind, content = recipe.kind, recipe.content
    if kind == "output":
        return None if content in written else ("output", content)
    if kind == "constant":
        return "constant", content
    if kind == "same":
        return ("value", values[content]) if content in values else None
    if id(recipe) in seen:
        return None
    seen.add(id(recipe))

    def each(recipes: Sequence[Recipe]) -> tuple[Any, ...]:
        found = [_flat_recipe(item, values, written, seen) for item in recipes]
        if any(item is None for item in found):
            raise KeyError(kind)
        return tuple(found)

    try:
        if kind == "tuple":
            named = hasattr(content[0], "_fields")
            return "call" if named else "tuple", content[0], each(content[1])
        if kind == "columns":
            return "call", functools.partial(stages.rows_of, content[0]), each(content[1])
        if kind == "list":
            return "list", None, each(content)
        if kind == "dict":
            return "dict", content[0], each(content[1])
        if kind == "union":
            return "union", *each([content[0]]), each(content[1])
        if kind == "new list":
            return "new list", tuple([values[path] for path in content[1]]), *each([content[0]])
        if kind in {"view of", "view"}:
            base = each([content[0]])[0] if kind == "view of" else ("value", values[content[0]])
            steps = tuple([(op.evaluate, each(leaves), params) for op, leaves, params in content[1]])
            return "view", steps, base
    except KeyError:
        pass  # some part has no such form
    return None


def _fast_check(check: Check, values: dict[Path, int], *, written: bool) -> tuple[Any, ...]:
    """A check as an entry has it."""
    kind, value = check.kind, check.value
    if kind == "type" and value in PYTHON_TYPES:
        return ("python", PYTHON_TYPES[value].kind)
    if kind == "type" and issubclass(value, np.generic):
        return ("scalar", np.dtype(value).num)
    if kind == "type":
        return ("class", value)
    plain = kind == "array" and value.dtype.isnative and len(value.dims) <= 8
    if plain and value.writeable is not False and value.layout is None:
        writeable = value.writeable is True or written
        return ("array", value.dtype, len(value.dims), value.dims, writeable, value.contiguous)
    if kind == "same":
        return ("same", values[value])
    if kind == "is":
        return ("is", value)
    if kind == "equal":
        return ("constant", value)
    if kind == "length":
        return ("length", value)
    if kind == "keys":
        return ("keys", value)
    return ("holds", check.holds, kind == "array", written)


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """No garbage collection for a while: what is built is kept, and collections would look at all of it again and again."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def build_version(
    function: Any,
    parameters: dict[str, Any],
    static: frozenset[str],
    *,
    refuse_callbacks: bool = False,
    changing: Sequence[Path] = (),
    answers: dict[Any, bool] | None = None,
) -> Version:
    """Trace, optimise and compile a function for these arguments."""
    trace = stages.trace_function(
        function,
        parameters,
        unwrap=unwrap,
        static=static,
        refuse_callbacks=refuse_callbacks,
        changing=changing,
        recursion=(None if refuse_callbacks else NESTING, {}),
        answers=answers,
    )
    graph = trace.graph
    if option("optimize"):
        graph = stages.optimize(graph, check=option("check"))
    graph = stages.separate_outputs(graph, trace.groups, trace.graph)
    written = {path for path, how, _ in trace.writes if how == "array"}
    donated = (
        frozenset()
        if trace.may_deoptimise or trace.may_overflow
        else frozenset(k for k, path in enumerate(trace.inputs) if path in written)
    )
    return Version(trace, graph, stages.compile_graph(graph, donated=donated))


def _rebuild(
    function: Any, strict: bool | None, static: frozenset[str], callbacks: str | None = None
) -> Traced:
    return Traced(function, strict=strict, static=static, callbacks=callbacks)
