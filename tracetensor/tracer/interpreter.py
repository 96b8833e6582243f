"""Statements and expressions: the syntax tree is walked, over concrete values as Python would, over traced ones as graph."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.tracer import closures, store_builtins, trees  # noqa: F401 - enter their handlers
from tracetensor.tracer.arrays import KEPT_APART, Arrays
from tracetensor.tracer.attempts import Attempts
from tracetensor.tracer.calls import Calls
from tracetensor.tracer.changing import Watched
from tracetensor.tracer.control import Control
from tracetensor.tracer.flow import (
    RETURN,
)
from tracetensor.tracer.frames import RETURN_NAME, Frame
from tracetensor.tracer.generators import Generators
from tracetensor.tracer.handlers import Handlers
from tracetensor.tracer.matching import Matching
from tracetensor.tracer.objects import Objects
from tracetensor.tracer.operations import Operations
from tracetensor.tracer.recursion import Recursion
from tracetensor.tracer.sequences import Sequences
from tracetensor.tracer.special import Special
from tracetensor.tracer.state import NESTED
from tracetensor.tracer.stores import Stores
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedGenerator,
)

if TYPE_CHECKING:
    from tracetensor.tracer.source import FunctionSource
    from tracetensor.tracer.state import State


WORK_OF_CALL = 4
"""What interpreting a call counts, in nodes built: where its arguments are known, it may build none."""


class Interpreter(Handlers):
    """Interprets functions within the state of one trace. `outside` answers for globals and attributes."""

    def __init__(self, state: State, outside: Any) -> None:
        self.state = state
        self.outside = outside
        self.arrays = Arrays(state)
        self.control = Control(state, self.arrays)
        self.operations = Operations(self)
        self.sequences = Sequences(self)
        self.calls = Calls(self)
        self.generators = Generators(self)
        self.matching = Matching(self)
        self.recursion = Recursion(self)
        self.objects = Objects(self)
        self.special = Special(self)
        self.attempts = Attempts(self)
        self.stores = Stores(self)
        self.arrays.stores = self.control.stores = self.stores
        if NESTED in outside.constants:
            self.control.lists.demand = self.stores.demand
        self.arrays.decide_layouts = "layouts" in outside.constants
        self.arrays.kept_apart = KEPT_APART in outside.constants
        self.arrays.example = outside.example
        self.arrays.origins = outside.origins
        self.arrays.answers = outside.constants
        self.control.force = lambda variable, what: outside.force(self, variable, what)
        self.control.watch = lambda over: Watched(self, over)

    # Functions -------------------------------------------------------------------------------------------------

    def tree_attribute(self, owner: Any, name: str) -> Any:
        """An attribute of a value of a registered class."""
        return trees.tree_attribute(self, owner, name)

    def run(self, frame: Frame) -> Any:
        """Execute a function whose parameters are bound; its result."""
        if frame.source.generator:
            return self.state.made(TracedGenerator(frame))
        if len(self.state.frames) > 60:
            msg = f"recursion in {frame.source.qualname}"
            raise Fallback(msg)
        self.state.spend(WORK_OF_CALL)
        self.state.frames.append(frame)
        try:
            completion = self.block(frame, frame.source.body)
            if RETURN not in completion.kinds:
                return None
            value = self.without_unbound(frame.locals[RETURN_NAME])
            if completion.only == RETURN:
                return value
            returned = self.control.is_kind(completion, {RETURN})
            return self.control.choose(returned, lambda: value, lambda: None)
        except Fallback:
            self.state.failed = self.state.failed or self.state.location()
            raise
        except Exception as error:
            if self.state.raised is None or self.state.raised[0] is not error:
                self.state.raised = error, self.state.location()
            raise
        finally:
            self.state.frames.pop()

    def call_interpreted(self, function: InterpretedFunction, args: Any, kwargs: Any) -> Any:
        """Call a function that was defined inside a traced function."""
        frame = Frame(function.source, self.state.region, function.frame.globals, function, function.frame)
        self.bind_parameters(frame, function.source, args, kwargs, function.defaults, function.kw_defaults)
        self._check_recursion(function.source, frame)
        return self.run(frame)

    def _check_recursion(self, source: FunctionSource, frame: Frame) -> None:
        """Fallback where an inner function calls itself with nothing known that tells one call from the other."""
        frame.known = [v if _is_known(v) else type(v) for v in frame.locals.values()]
        for other in self.state.frames:
            if (
                other.source is source
                and other.region is not self.state.region
                and other.known == frame.known
            ):
                msg = f"recursion in {source.qualname}, an inner function"
                raise Fallback(msg)

    def missing_text(self, name: str, missing: list[str]) -> str:
        """Python's message where positional arguments are missing."""
        return missing_text(name, "positional", missing)

    def bind_parameters(
        self, frame: Frame, source: FunctionSource, args: Any, kwargs: Any, defaults: Any, kw_defaults: Any
    ) -> None:
        """Bind arguments as Python does; TypeError with Python's text if they do not fit."""
        parameters = source.node.args
        names = [a.arg for a in [*parameters.posonlyargs, *parameters.args]]
        name = source.qualname
        values = dict(zip(names, args, strict=False))
        extra = tuple(args[len(names) :])
        if extra and parameters.vararg is None:
            raise TypeError(_too_many(name, len(names), len(defaults), len(args)))
        keyword_only = [a.arg for a in parameters.kwonlyargs]
        positional_only = {a.arg for a in parameters.posonlyargs}
        rest = {}
        for key, value in kwargs.items():
            if key in values and key not in positional_only:
                msg = f"{name}() got multiple values for argument {key!r}"
                raise TypeError(msg)
            if (key in names and key not in positional_only) or key in keyword_only:
                values[key] = value
            elif parameters.kwarg is not None:
                rest[key] = value
            else:
                msg = f"{name}() got an unexpected keyword argument {key!r}"
                raise TypeError(msg)
        for key, value in zip(names[len(names) - len(defaults) :], defaults, strict=True):
            values.setdefault(key, value)
        for key, value in (kw_defaults or {}).items():
            values.setdefault(key, value)
        missing = [n for n in [*names, *keyword_only] if n not in values]
        if missing:
            positional = [n for n in missing if n in names]
            kind = "positional" if positional else "keyword-only"
            raise TypeError(missing_text(name, kind, positional or missing))
        if parameters.vararg is not None:
            values[parameters.vararg.arg] = extra
        if parameters.kwarg is not None:
            values[parameters.kwarg.arg] = self.state.made(rest)
        frame.locals.update(values)


def _is_known(value: Any) -> bool:
    return value is None or type(value) in (bool, int, float, str)


def missing_text(name: str, kind: str, missing: list[str]) -> str:
    """Python's message where arguments are missing."""
    quoted = [repr(n) for n in missing]
    text = quoted[0]
    if len(quoted) == 2:
        text = " and ".join(quoted)
    elif len(quoted) > 2:
        text = ", ".join(quoted[:-1]) + f", and {quoted[-1]}"
    return (
        f"{name}() missing {len(missing)} required {kind} argument{'s' if len(missing) > 1 else ''}: {text}"
    )


def _too_many(name: str, most: int, optional: int, given: int) -> str:
    """Python's message where there are too many positional arguments."""
    count = f"from {most - optional} to {most}" if optional else str(most)
    plural = "" if most == 1 and not optional else "s"
    return f"{name}() takes {count} positional argument{plural} but {given} {'was' if given == 1 else 'were'} given"
