"""Frames: the state of a call, and the names that are read and bound in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.tracer.values import (
    UNBOUND,
    TracedUnion,
)

if TYPE_CHECKING:
    from tracetensor.graph.graph import Location
    from tracetensor.tracer.arrays import Arrays
    from tracetensor.tracer.attempts import Attempts
    from tracetensor.tracer.calls import Calls
    from tracetensor.tracer.control import Control
    from tracetensor.tracer.generators import Generators
    from tracetensor.tracer.matching import Matching
    from tracetensor.tracer.operations import Operations
    from tracetensor.tracer.recursion import Recursion
    from tracetensor.tracer.sequences import Sequences
    from tracetensor.tracer.source import FunctionSource
    from tracetensor.tracer.special import Special
    from tracetensor.tracer.state import Region, State
    from tracetensor.tracer.stores import Stores


RETURN_NAME = "<return>"


class Frame:
    """The state of one call of an interpreted function."""

    __slots__ = (
        "consumer",
        "enclosing",
        "function",
        "globals",
        "known",
        "line",
        "locals",
        "located",
        "manager",
        "region",
        "source",
    )

    def __init__(
        self,
        source: FunctionSource,
        region: Region,
        globals_: Any,
        function: Any = None,
        enclosing: Frame | None = None,
    ) -> None:
        self.source = source
        self.region = region
        self.globals = globals_
        self.function = function
        self.enclosing = enclosing
        self.consumer: Any = None  # of a generator that is run over: generators.Consumer
        self.locals: dict[str, Any] = {}
        self.known: Any = None
        self.manager = False  # a generator around a `with` block: the block's exceptions are raised in it
        self.line = getattr(source.node, "lineno", 0)
        self.located: tuple[Any, int, Location] = (
            None,
            0,
            (),
        )  # state.State.location: of what, and what it was


class Names:
    """The parts of an interpreter, and how it reads and binds names."""

    state: State
    outside: Any
    arrays: Arrays
    control: Control
    operations: Operations
    sequences: Sequences
    calls: Calls
    generators: Generators
    matching: Matching
    recursion: Recursion
    special: Special
    attempts: Attempts
    stores: Stores

    def set_local(self, frame: Frame, name: str, value: Any) -> None:
        self.state.write(("local", frame, name), value)

    def _owner(self, frame: Frame, name: str) -> Frame | None:
        """The frame whose local a name is, None for a global or a variable of a real closure."""
        owner: Frame | None = frame
        if name in frame.source.globals:
            return None
        while owner is not None:
            if name in owner.source.assigned or name in owner.locals:
                return owner
            owner = owner.enclosing
        return None

    def load_name(self, frame: Frame, name: str) -> Any:
        owner = self._owner(frame, name)
        if owner is not None:
            value = owner.locals.get(name, UNBOUND)
            if value is UNBOUND:
                if owner is frame:
                    msg = f"cannot access local variable '{name}' where it is not associated with a value"
                    raise UnboundLocalError(msg)
                msg = f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
                raise NameError(msg)
            if type(value) is TracedUnion and any(v is UNBOUND for v in value.alternatives):
                value = self._bound(frame, owner, name, value)
            return value
        return self._load_outside(frame, name)

    def _load_outside(self, frame: Frame, name: str) -> Any:
        outermost, declared = self._outermost(frame), name in frame.source.globals
        value = self.outside.load_global(outermost, name, declared=declared)

        def bound(one: Any) -> Any:
            if one is not UNBOUND:
                return one
            if self.outside.holder_of(outermost, name, declared=declared).kind == "cell":
                msg = f"cannot access free variable '{name}' where it is not associated with a value in enclosing scope"
            else:
                msg = f"name '{name}' is not defined"
            raise NameError(msg)

        if type(value) is TracedUnion and any(v is UNBOUND for v in value.alternatives):
            return self.control.resolve(value, bound)
        return bound(value)

    def _outermost(self, frame: Frame) -> Frame:
        while frame.enclosing is not None:
            frame = frame.enclosing
        return frame

    def _bound(self, frame: Frame, owner: Frame, name: str, union: TracedUnion) -> Any:
        """The value of a name that may be unbound at run time: checked there."""
        msg = f"cannot access local variable '{name}' where it is not associated with a value"

        def read(value: Any) -> Any:
            if value is UNBOUND:
                raise UnboundLocalError(msg)
            return value

        value = self.control.resolve(union, read)
        self.set_local(owner, name, value)
        return value

    def store_name(self, frame: Frame, name: str, value: Any) -> None:
        owner = self._owner(frame, name)
        if owner is None:
            declared = name in frame.source.globals
            self.outside.store_global(self._outermost(frame), name, value, declared=declared)
            return
        self.set_local(owner, name, value)
