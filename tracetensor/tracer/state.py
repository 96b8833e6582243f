"""Regions: the graphs under construction, what they capture, and a log of every place they changed."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback, TracerSignal
from tracetensor.graph.graph import Graph, Location, SourceLine, bodies
from tracetensor.graph.node import Node, Variable, apply, as_variable, input_variable
from tracetensor.graph.op import Op, may_raise
from tracetensor.tracer.values import ORIGINAL, UNBOUND, Storage, TracedList

if TYPE_CHECKING:
    from collections.abc import Sequence


MOST_WORK = 40_000
"""What the attempts at one trace may cost together: nodes built, dead ones too, and values merged. Some seconds."""

PRELUDES = frozenset(
    os.path.join(os.path.dirname(__file__), name)  # noqa: PTH118, PTH120 - loads faster
    for name in ("prelude.py", "numpy_prelude.py")
)
"""The files whose functions stand for Python's built-in ones, and NumPy's; no frame of the user's is there."""

Place = tuple[Any, ...]
"""Somewhere a traced program keeps a value: ("local", frame, name), ("storage", storage), ("items", list),
("entries", dict), ("view", array), ("attribute", object, name); containers stand in a Box. An attribute is also what
a global name or a cell of a real closure holds, their object being how they are reached."""


class Restart(TracerSignal):
    """Tracing starts again with these inputs known as constants: {input variable: value}."""

    def __init__(self, constants: dict[Any, Any]) -> None:
        super().__init__(constants)
        self.constants = constants


NESTED = ("stores", "lists in lists")
"""Tracing has started again with all lists that are elements of lists of traced length as stores."""


REPEATABLE = frozenset({"raise_if", "deoptimise_if", "view_check", "failing"})
"""Ops with an effect that is the same wherever and however often they are evaluated."""


def _happens(node: Node) -> bool:
    """Whether evaluating a node twice is not the same as evaluating it once."""
    op = node.op
    if (op.effect and op.name not in REPEATABLE) or op.name == "attempt" or op.family == "callback":
        return True
    return any(_happens(n) for body in bodies(node) for n in body.nodes())


class NeedsUnrolling(TracerSignal):
    """The value of a loop's index is needed while tracing: the loop is to be unrolled."""

    def __init__(self, region: Region, what: str) -> None:
        super().__init__(what)
        self.region = region
        self.what = what


class Region:
    """One graph under construction. kind: "root", "branch" or "loop"."""

    def __init__(self, kind: str, parent: Region | None) -> None:
        self.kind = kind
        self.parent = parent
        self.depth: int = 0 if parent is None else parent.depth + 1
        self.captures: dict[Variable, Variable] = {}
        self.roots: dict[Variable, None] = {}
        self.log: dict[Place, Any] = {}
        self.objects: dict[int, Any] = {}
        self.locations: dict[Node, Location] = {}
        self.storages: dict[Storage, Variable] = {}
        self.initial: dict[Variable, Any] = {}
        self.captured_from: dict[Variable, Variable] = {}
        self.carried: set[Variable] = set()
        self.scoped: list[Variable] = [] if parent is None else parent.scoped

    def lift(self, variable: Variable) -> Variable:
        """The variable as seen from this region: itself, or an input through which it is captured."""
        scope = variable.scope
        if scope is self or scope is None:
            return variable
        found = self.captures.get(variable)
        if found is None:
            if self.parent is None:
                msg = f"internal: {variable!r} belongs to a graph that is closed"
                raise Fallback(msg)
            outer = self.parent.lift(variable)
            found = self.captures.get(outer)
            if found is None:
                found = input_variable(outer.type, outer.name)
                self.own(found)
                self.captures[outer] = found
                self.initial[found] = outer
                self.captured_from[found] = outer
            self.captures[variable] = found
        return found

    def own(self, variable: Variable) -> Variable:
        """Make a variable one of this region's."""
        variable.scope = self
        self.scoped.append(variable)
        return variable

    def release(self) -> None:
        """Forget whose the variables are: the graphs outlive the trace, which must not outlive itself."""
        for variable in self.scoped:
            variable.scope = None
        self.scoped.clear()

    def captured(self) -> list[Variable]:
        """The parent's variables that the region captures."""
        return [v for v in self.captures if v.scope is self.parent or v.scope is None]

    def within(self, other: Region) -> bool:
        """Whether this region is `other` or lies inside it."""
        region: Region | None = self
        while region is not None and region.depth > other.depth:
            region = region.parent
        return region is other


def _shown(source: Any, number: int) -> Location:
    """A line of a function, if it is the user's."""
    line = source.lines.get(number)
    if line is None:
        line = source.lines[number] = SourceLine(source.filename, number, source.qualname)
    return () if line.filename in PRELUDES else (line,)


class State:
    """The tracer's state: the stack of regions, the user's stack of lines, and places that can be undone."""

    def __init__(self, work: int = 0) -> None:
        self.region = Region("root", None)
        self.frames: list[Any] = []
        self.suspended: list[Any] = []  # frames of generators whose consumer is being interpreted
        self.work = work  # of earlier attempts at this trace too
        self.owned: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.dicts: dict[int, tuple[Any, Any]] = {}
        self.views: dict[int, tuple[Any, Any, str]] = {}  # what keys(), values() and items() of dicts gave
        self.callbacks = 0  # how many calls of library functions have been traced
        self.attempts: list[Any] = []  # the blocks being traced whose exceptions are caught: attempts.Scope
        self.before_raise: Any = None  # attempts.Attempts.keep, called in front of what may raise
        self.failed: Location = ()
        self.raised: tuple[Exception, Location] | None = (
            None  # while tracing, and where: its frames are left since
        )

    def location(self, node: Node | None = None) -> Location:
        """Where the user's program is now; where a node that deals with exceptions belongs.

        What a `with` block raises and its manager passes on is raised in the function that the block stands in.
        """
        frames = self.frames
        if node is not None and (node.op.name == "attempt" or node.params.get("again")):
            end = len(frames)
            while end and frames[end - 1].manager:
                end -= 1
            frames = frames[:end]
        found: Location = ()
        for frame in frames:
            outer, line, located = frame.located
            if outer is not found or line != frame.line:
                located = found + _shown(frame.source, frame.line)
                frame.located = found, frame.line, located
            found = located
        return found

    def spend(self, work: int = 1) -> None:
        """Count one more node built, or value merged. Fallback if that is more than tracing may take."""
        self.work += work
        if self.work > MOST_WORK:
            location = self.location()
            line = f" at line {location[-1].line}" if location else ""
            msg = f"tracing takes more than {MOST_WORK:,} nodes and merges{line} (calls, and steps of a loop that differ in kind, are traced singly)"
            raise Fallback(msg)

    def note_raised(self, error: Exception) -> None:
        """Remember where an exception of the user's was raised, before the frames that it leaves are gone."""
        if self.raised is None or self.raised[0] is not error:
            self.raised = error, self.location()

    @property
    def last_location(self) -> Location:
        """Where the user's program was when tracing gave up."""
        return self.failed

    def emit(self, op: Op, inputs: Sequence[Any], params: dict[str, Any] | None = None) -> Node:
        """Build a node in the current region."""
        region = self.region
        lifted = []
        for value in inputs:
            variable = as_variable(value)
            scope = variable.scope
            lifted.append(variable if scope is None or scope is region else region.lift(variable))
        return self.adopt(apply(op, lifted, params))

    def adopt(self, node: Node) -> Node:
        """Make a node, just built of variables of this region, part of it."""
        region = self.region
        first = node.outputs[0] if node.outputs else None
        # A node of constants only belongs to no region: interning shares it between all.
        # What has effects, or may have them in its body, is made once, by the one trace that its number tells.
        inside = node.op.effect or node.op.name == "attempt" or any(v.scope is not None for v in node.inputs)
        inside = inside or any(_happens(n) for body in bodies(node) for n in body.nodes())
        if first is not None and first.scope is None and inside:
            for out in node.outputs:
                region.own(out)
        if node not in region.locations:
            self.spend()
            self.callbacks += node.op.family == "callback"
            region.locations[node] = self.location(node)
        if first is not None and first not in region.roots and (node.op.effect or may_raise(node)):
            if self.attempts:
                self.before_raise(node)
            region.roots[first] = None
        return node

    def adopt_built(self, variable: Variable) -> Variable:
        """Adopt all nodes that a builder made on the way to a variable."""
        pending = [variable.node]
        found: list[Node] = []
        seen: set[Node] = set()
        while pending:
            node = pending.pop()
            if node is None or node in seen or node in self.region.locations:
                continue
            seen.add(node)
            found.append(node)
            pending.extend(v.node for v in node.inputs)
        for node in sorted(found, key=lambda n: n.outputs[0].serial):
            if any(v.scope is not None and v.scope is not self.region for v in node.inputs):
                msg = "internal: a builder mixed variables of two regions"
                raise Fallback(msg)
            self.adopt(node)
        return variable

    def adopt_built_all(self, values: Any) -> Any:
        """Adopt what a builder returned: variables in nested tuples and lists."""
        if isinstance(values, Variable):
            return self.adopt_built(values)
        if isinstance(values, (tuple, list)):
            for value in values:
                self.adopt_built_all(value)
        return values

    def outermost(self, variable: Variable) -> Variable:
        """The variable that was captured, perhaps through several regions."""
        while variable.scope is not None and variable in variable.scope.captured_from:
            variable = variable.scope.captured_from[variable]
        return variable

    # Places ----------------------------------------------------------------------------------------------------

    def get_place(self, place: Place) -> Any:
        """What a place holds now (a snapshot, for containers)."""
        kind = place[0]
        if kind == "local":
            return place[1].locals.get(place[2], UNBOUND)
        if kind == "storage":
            return place[1].value
        if kind == "items":
            box: TracedList = self.region_object(place)
            return (list(list.__iter__(box)), box.dynamic)
        if kind == "entries":
            return dict(self.region_object(place))
        if kind == "view":
            array = self.region_object(place)
            return (array.storage, array.steps)
        return self.own(place[1].target).get(place[2], ORIGINAL)

    def set_place(self, place: Place, value: Any) -> None:
        """Put a value at a place, without logging."""
        kind = place[0]
        if kind == "local":
            if value is UNBOUND:
                place[1].locals.pop(place[2], None)
            else:
                place[1].locals[place[2]] = value
        elif kind == "storage":
            place[1].value = value
        elif kind == "items":
            box: TracedList = self.region_object(place)
            list.__setitem__(box, slice(None), value[0])
            box.dynamic = value[1]
        elif kind == "entries":
            entries = self.region_object(place)
            entries.clear()
            entries.update(value)
        elif kind == "view":
            array = self.region_object(place)
            array.storage, array.steps = value
        else:
            table = self.own(place[1].target)
            if value is ORIGINAL or (value is UNBOUND and self.made_in(place[1].target) is not None):
                table.pop(place[2], None)
            else:
                table[place[2]] = value

    def own(self, thing: Any) -> dict[str, Any]:
        """What an object holds under each name: all of it if it was made while tracing, else what is known so far."""
        found = self.owned.get(id(thing))
        if found is None or found[0] is not thing:
            made = self.made_in(thing) is not None and hasattr(thing, "__dict__")
            found = self.owned[id(thing)] = (thing, vars(thing) if made else {})
        return found[1]

    def region_object(self, place: Place) -> Any:
        """The container that a place is in."""
        return place[1].target

    def log(self, place: Place) -> None:
        """Note that a place is about to change in the current region."""
        region = self.region
        for scope in self.attempts:
            scope.touch(self, place)
        if place not in region.log and self._home(place) is not region:
            region.log[place] = self.get_place(place)

    def _home(self, place: Place) -> Region | None:
        """The region in which the thing that a place is part of was made: nothing outside sees its changes."""
        kind = place[0]
        if kind in {"storage", "local"}:
            home: Region | None = place[1].region
            return home
        return self.made_in(place[1].target)

    def made(self, thing: Any) -> Any:
        """Note that a container or object was made in the current region."""
        self.region.objects[id(thing)] = thing
        return thing

    def made_in(self, thing: Any) -> Region | None:
        """The open region in which a container or object was made, None if it comes from outside."""
        region: Region | None = self.region
        while region is not None and region.objects.get(id(thing)) is not thing:
            region = region.parent
        return region

    def replace(self, place: Place, value: Any) -> None:
        """Change a place at the head of a loop: logged even if the current region made it."""
        self.region.log.setdefault(place, self.get_place(place))
        self.set_place(place, value)

    def write(self, place: Place, value: Any) -> None:
        """Change a place, remembering what it held before."""
        self.log(place)
        self.set_place(place, value)

    def undo(self, region: Region) -> dict[Place, Any]:
        """Take back everything that a region changed; what the places held at its end."""
        final = {place: self.get_place(place) for place in region.log}
        for place, value in region.log.items():
            self.set_place(place, value)
        return final

    # Storages --------------------------------------------------------------------------------------------------

    def read_storage(self, storage: Storage) -> Variable:
        """The current value of a storage, made known to every loop that it enters."""
        region = self.region
        if not (region.kind == "root" or storage.value.scope is region or storage.region is region):
            self._enter_loops(storage)
        return region.lift(storage.value)

    def write_storage(self, storage: Storage, value: Variable) -> None:
        """Put a new value into a storage."""
        self._enter_loops(storage)
        self.write(("storage", storage), value)

    def _enter_loops(self, storage: Storage) -> None:
        chain = []
        region: Region | None = self.region
        while region is not None:
            if region.kind == "loop":
                chain.append(region)
            region = region.parent
        for loop in reversed(chain):
            if storage in loop.storages or storage.region.within(loop):
                continue
            head = input_variable(storage.value.type, storage.value.name)
            loop.own(head)
            loop.initial[head] = storage.value
            loop.storages[storage] = head
            loop.log.setdefault(("storage", storage), storage.value)
            storage.value = head


class Box:
    """Identity of a mutable container, so that it can be part of a place."""

    __slots__ = ("target",)

    def __init__(self, target: Any) -> None:
        self.target = target

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Box) and self.target is other.target

    def __hash__(self) -> int:
        return id(self.target)

    def __repr__(self) -> str:
        return f"<{type(self.target).__name__} {id(self.target):x}>"  # one for all boxes of it: unions are in its order


class FunctionBox(Box):
    """A function made by a `def`: another one, made there for the same call of the function around it, is as good."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FunctionBox) and self._key() == other._key()

    def __hash__(self) -> int:
        return hash(self._key())

    def _key(self) -> tuple[int, int]:
        return id(self.target.source.node), id(self.target.frame)


def close(region: Region, inputs: Sequence[Variable], outputs: Sequence[Variable], name: str) -> Graph:
    """The finished graph of a region."""
    return Graph(inputs, outputs, region.roots, name=name, locations=region.locations)
