"""Blocks whose exceptions are caught: traced as a body; what handlers can see of it is kept in slots of an attempt.

A handler finds every place as it stood when the exception was raised. So in front of everything that may raise, the
places that changed since the last time, and that a handler may read, are put into slots of the attempt by a
`checkpoint`; this works the same inside branches, loops and called functions, whose bodies know the enclosing attempts.
A slot belongs to one form of the value at a place. Where a place has had several forms, a slot more tells which it is.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.graph import Graph, clone_nodes
from tracetensor.graph.node import Constant, Variable, constant, input_variable
from tracetensor.graph.ops import control, exceptions
from tracetensor.graph.ops.checkpoints import recomputing
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT, Type, join
from tracetensor.tracer.flow import RaisedInBranch
from tracetensor.tracer.lists import Dynamic, Form, join_forms
from tracetensor.tracer.merge import Branch, is_number, rebuild_tuple
from tracetensor.tracer.state import Box, Region
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    UNBOUND,
    Step,
    Storage,
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedStore,
    TracedUnion,
    Within,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.frames import Frame
    from tracetensor.tracer.interpreter import Interpreter
    from tracetensor.tracer.state import Place, State

MOST_TRIES = 8
VALUE = ("value",)
ANY = ((BaseException,),)
"""The classes of an attempt that catches everything that a program can catch."""


@dataclasses.dataclass
class Kept:
    """What an attempt keeps of a place: the slot of the number of its form, and the slots of each form's leaves."""

    tag: int
    forms: dict[Any, list[int]] = dataclasses.field(default_factory=dict)


class Scope:
    """A block being traced whose exceptions are caught. live: the names of its frame that handlers may read."""

    def __init__(self, label: int, frame: Frame, live: frozenset[str]) -> None:
        self.label = label
        self.frame = frame
        self.live = live
        self.region: Region | None = None
        self.types: list[Type] = []
        self.kept: dict[Place, Kept] = {}
        self.dirty: dict[Place, None] = {}
        self.touched: dict[Place, None] = {}
        self.scattered: set[int] = set()
        self.uncertain: dict[int, str] = {}

    def slot(self, type_: Type) -> int:
        """A new slot."""
        self.types.append(type_)
        return len(self.types) - 1

    def touch(self, state: State, place: Place) -> None:
        """Note that a place is about to change."""
        assert self.region is not None
        if place[0] == "local":
            frame, name = place[1], place[2]
            if frame.region.within(self.region) or name[0] == "<":
                return
            if frame is self.frame and name not in self.live:
                return
        elif (home := state._home(place)) is not None and home.within(self.region):
            # Part of something made in the block: whatever holds it has changed.
            for other in self.touched:
                if other not in self.dirty and not _is_plain(state.get_place(other)):
                    self.dirty[other] = None
            return
        self.touched[place] = None
        self.dirty[place] = None

    def mark(self) -> tuple[Any, ...]:
        """What `reset` goes back to."""
        kept = {place: Kept(k.tag, dict(k.forms)) for place, k in self.kept.items()}
        return len(self.types), list(self.types), kept, dict(self.dirty), dict(self.touched)

    def reset(self, mark: tuple[Any, ...], *, settled: bool) -> None:
        """Forget what was noted in a region that has ended; if it is not `settled`, its checkpoints too."""
        _, types, kept, self.dirty, touched = mark
        if not settled:
            self.types, self.kept, self.touched = types, kept, touched


def _is_plain(value: Any) -> bool:
    """Whether a value holds nothing that can change."""
    return type(value) in (TracedScalar, TracedObject, TracedStore, str, type(None), Variable) or is_number(
        value
    )


@dataclasses.dataclass
class Outcome:
    """A block that was traced. code: which exception it ended with (0: none), None if none can be raised.

    completed, failed: put things as they are after the block, or as they were at the raise; completed returns the result.
    """

    code: Variable | None
    exception: Any
    raised: bool
    completed: Callable[[], Any]
    failed: Callable[[], None]


class Attempts:
    """Traces blocks whose exceptions are caught."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.control = interpreter.control
        self.arrays = interpreter.arrays
        self.keeping = False
        self.quiet = 0  # blocks being traced in which warnings are filtered
        self.handled: list[Any] = []
        self.within: list[Within] = []  # the alternatives that are being packed
        self.names: list[tuple[Frame, str, int]] = []  # bound by handlers, and in how many attempts these are
        self.weak: dict[
            Place, Form | None
        ] = {}  # lists whose length is known at run time only, and their form
        self.state.before_raise = self._before
        self.control.keep = self.keep

    def next_serial(self) -> int:
        """A number that keeps two equal effects from being merged, and those of two traces from being one node."""
        return control.next_effect()

    # Blocks ------------------------------------------------------------------------------------------------------

    def attempt(self, frame: Frame, live: frozenset[str], classes: Any, action: Callable[[], Any]) -> Outcome:
        """Trace a block whose exceptions of these classes are caught."""
        for _ in range(MOST_TRIES):
            scope = Scope(self.next_serial(), frame, live)
            branch = self._traced(scope, action)
            if not branch.region.roots:
                return self._unfailing(branch)
            initial = self._initial(scope)
            if not self._growing(scope):
                return self._failing(scope, branch, initial, classes)
        msg = "a list changes its form again and again inside a `try`"
        raise Fallback(msg)

    def _traced(self, scope: Scope, action: Callable[[], Any]) -> Branch:
        depth = len(self.state.attempts)

        def body() -> Any:
            scope.region = self.state.region
            self.state.attempts.append(scope)
            return action()

        try:
            return self.control.branch(body)
        finally:
            del self.state.attempts[depth:]

    def _unfailing(self, branch: Branch) -> Outcome:
        graph, rebuilds, captured = self._closed(branch)
        outs = tuple(self._inlined(graph, captured))
        return Outcome(None, None, False, lambda: self.control.rebuilt(rebuilds, outs), lambda: None)

    def _growing(self, scope: Scope) -> bool:
        """Whether lists were met whose length is not the same wherever an exception may be raised.

        The block is then traced again, with these as lists whose length is known at run time.
        """
        found = False
        for place, kept in scope.kept.items():
            if place[0] == "items" and len(kept.forms) > 1:
                self.weak.setdefault(place, None)
                found = True
        return found

    def _failing(self, scope: Scope, branch: Branch, initial: list[Variable], classes: Any) -> Outcome:
        graph, rebuilds, captured = self._closed(branch)
        node = self.state.emit(
            exceptions.attempt,
            [*initial, *captured],
            {"body": graph, "classes": classes, "label": scope.label, "types": tuple(scope.types)},
        )
        code, exception, *rest = node.outputs
        slots, results = rest[: len(scope.types)], tuple(rest[len(scope.types) :])
        return Outcome(
            code,
            TracedObject(exception),
            branch.raised,
            lambda: self.control.rebuilt(rebuilds, results),
            lambda: self._restore(scope, slots),
        )

    def handling(self, exception: Any, action: Callable[[], Any]) -> Any:
        """Do something while an exception is handled: those that it raises get it as their context."""
        depth = len(self.handled)

        def body() -> Any:
            self.handled.append(exception)
            return action()

        try:
            branch = self.control.branch(body)
        finally:
            del self.handled[depth:]
        graph, rebuilds, captured = self._closed(branch)
        if branch.region.roots:
            outs = self.state.emit(
                exceptions.handling, [exception.variable, *captured], {"body": graph}
            ).outputs
        else:
            outs = tuple(self._inlined(graph, captured))
        result = self.control.rebuilt(rebuilds, outs)
        if branch.raised:
            raise RaisedInBranch
        return result

    def recomputed(self, action: Callable[[], Any]) -> Any:
        """Do something as a block that derivatives compute again: its result."""
        branch = self.control.branch(action)
        graph, rebuilds, captured = self._closed(branch)
        never = Graph(
            [input_variable(v.type) for v in graph.inputs],
            [control.undefined(type=v.type) for v in graph.outputs],
            name="never",
        )
        condition = self.state.emit(recomputing, [], {"linear": False}).out
        outs = self.state.emit(
            control.ifelse, [condition, *captured], {"then": graph, "orelse": never}
        ).outputs
        result = self.control.rebuilt(rebuilds, outs)
        if branch.raised:
            raise RaisedInBranch
        return result

    def _closed(self, branch: Branch) -> tuple[Graph, list[tuple[Any, Any]], list[Variable]]:
        """The graph of a branch that stands for itself, what to rebuild of its outputs, and what it captures."""
        nothing = Branch(Region("branch", self.state.region), True, None, {})
        merger, rebuilds = self.control.merged(branch, nothing)
        pairs = merger.slots or [(constant(0), constant(0))]
        outputs = [branch.region.lift(pair[0]) for pair in pairs]
        captured = branch.region.captured()
        graph = Graph(
            [branch.region.captures[v] for v in captured],
            outputs,
            branch.region.roots,
            name="body",
            locations=branch.region.locations,
        )
        return graph, rebuilds, captured

    def _inlined(self, graph: Graph, captured: list[Variable]) -> list[Variable]:
        """The outputs of a graph, its nodes being put into the current region."""
        region = self.state.region
        mapping = {v: region.lift(c) for v, c in zip(graph.inputs, captured, strict=True)}
        outputs, _ = clone_nodes(graph, mapping)
        for node in graph.nodes():
            new = mapping[node.outputs[0]].node
            if new is not None:
                region.locations.setdefault(new, graph.location(node))
                self.state.adopt(new)
        return outputs

    # What handlers see --------------------------------------------------------------------------------------------

    def _before(self, node: Any) -> None:
        if not self.keeping and not any(isinstance(v, Graph) for v in node.params.values()):
            self.keep()

    def keep(self) -> None:
        """Put the places that have changed into the slots of the enclosing attempts, before something may raise."""
        self.keeping = True
        try:
            for scope in self.state.attempts:
                if scope.dirty:
                    places = list(scope.dirty)
                    scope.dirty.clear()
                    self._checkpoint(scope, places)
        finally:
            self.keeping = False

    def _checkpoint(self, scope: Scope, places: list[Place]) -> None:
        values: list[Variable] = []
        slots: list[int] = []
        for place, found in self._packed(scope, places):
            for slot, value in found.items():
                slots.append(slot)
                values.append(value)
            del place
        self.state.emit(
            exceptions.checkpoint,
            values,
            {"label": scope.label, "slots": tuple(slots), "serial": self.next_serial()},
        )

    def _packed(self, scope: Scope, places: list[Place]) -> list[tuple[Place, dict[int, Variable]]]:
        """What goes into which slots for each of the places."""
        seen: set[Any] = set()
        result = []
        for place in places:
            kept = scope.kept.get(place)
            if kept is None:
                kept = scope.kept[place] = Kept(scope.slot(INT))
            stored = place[0] == "storage"  # read so that loops know of it
            value = self.state.read_storage(place[1]) if stored else self.state.get_place(place)
            if place[0] == "local" and self._unbound_by_handler(scope, place):
                value = UNBOUND
            slots: dict[int, Variable] = {}
            if type(value) is TracedUnion:
                slots[kept.tag] = self._union(scope, kept, value, slots, seen)
            else:
                slots[kept.tag] = constant(self._form(scope, kept, place, value, slots, seen))
            result.append((place, slots))
        return result

    def _unbound_by_handler(self, scope: Scope, place: Place) -> bool:
        """Whether an exception that leaves a handler on its way to the scope's unbinds the name, as `except … as` does."""
        return any(
            frame is place[1] and name == place[2] and scope in self.state.attempts[:depth]
            for frame, name, depth in self.names
        )

    def naming(self, frame: Frame, name: str, action: Callable[[], Any]) -> Any:
        """Do something while a handler has bound a name."""
        self.names.append((frame, name, len(self.state.attempts)))
        try:
            return action()
        finally:
            self.names.pop()

    def _union(
        self, scope: Scope, kept: Kept, value: TracedUnion, slots: dict[int, Variable], seen: set[Any]
    ) -> Variable:
        value = self.control.normalised(value, lambda v: self._key(scope, v))
        if type(value) is not TracedUnion:
            return constant(self._form(scope, kept, VALUE, value, slots, seen))
        tag: Variable = constant(0)
        own = self.state.region.lift(value.tag)
        for k, alternative in enumerate(value.alternatives):
            number = self._form(scope, kept, VALUE, alternative, slots, seen)
            is_k = self.state.emit(PYTHON["eq"], [own, constant(k)]).out
            part = self.state.emit(PYTHON["mul"], [is_k, constant(number)]).out
            tag = self.state.emit(PYTHON["add"], [tag, part]).out
        return tag

    def _key(self, scope: Scope, value: Any) -> Any:
        """What alternatives of one form agree in: they are made one value."""
        if type(value) is TracedScalar or is_number(value):
            return ("scalar", self.arrays.variable(value).type)
        if type(value) is TracedArray and scope.region and value.storage.region.within(scope.region):
            type_ = self.arrays.type(value)
            return ("array", type_.dtype, type_.ndim)
        return ("other", id(value))

    def _form(
        self, scope: Scope, kept: Kept, place: Place, value: Any, slots: dict[int, Variable], seen: set[Any]
    ) -> int:
        """The number of the form that a value has; its leaves are entered in the slots of that form."""
        leaves: list[Variable] = []
        flags: list[Any] = []
        form = self._skeleton(scope, place, value, leaves, flags, seen)
        numbers = kept.forms.get(form)
        if numbers is None:
            numbers = kept.forms[form] = [scope.slot(v.type) for v in leaves]
        for number, leaf, flag in zip(numbers, leaves, flags, strict=True):
            joined = join(scope.types[number], leaf.type)
            if joined is None or number in slots:
                msg = "a value that a `try` statement changes has too many forms for its handlers"
                raise Fallback(msg)
            scope.types[number] = joined
            slots[number] = leaf
            if flag is not None:
                if not flag[0]:
                    scope.scattered.add(number)
                if flag[1] is not None:
                    scope.uncertain[number] = flag[1]
        return list(kept.forms).index(form)

    def _skeleton(
        self, scope: Scope, place: Place, value: Any, leaves: list[Variable], flags: list[Any], seen: set[Any]
    ) -> Any:
        """The form of what stands at a place; its variables are added to the leaves."""

        def leaf(variable: Variable, flag: Any = None) -> None:
            leaves.append(self.state.region.lift(variable))
            flags.append(flag)

        kind = place[0]
        if kind == "storage":
            leaf(value)
            return ("variable",)
        if kind == "view":
            msg = "an array gets another shape in place inside a `try`"
            raise Fallback(msg)
        if kind == "items":
            dynamic = value[1]
            if place in self.weak:
                dynamic = self._grown(place, value)
                if dynamic is None:
                    return ("items", ())
            elif dynamic is None:
                items = value[0]
                return ("items", tuple([self.pack(scope, v, leaf, seen) for v in items]))
            for variable in dynamic.variables:
                leaf(variable)
            return ("dynamic items", dynamic.skeleton, len(dynamic.variables))
        if kind == "entries":
            return ("entries", tuple(value), tuple([self.pack(scope, v, leaf, seen) for v in value.values()]))
        return self.pack(scope, value, leaf, seen)

    def _grown(self, place: Place, value: Any) -> Dynamic | None:
        """The content of a list as one whose length is known at run time; None if it is empty and its form not known."""
        items, dynamic = value
        lists, form = self.control.lists, self.weak[place]
        form = lists.form_of(items, form) if dynamic is None else join_forms(form, dynamic.form)
        if form is None:
            return None
        self.weak[place] = form
        return lists.dynamic(value, form)

    def pack(self, scope: Scope, value: Any, leaf: Callable[..., None], seen: set[Any]) -> Any:
        """The form of a value; its variables are handed to `leaf`."""
        kind = type(value)
        if kind is TracedText:
            value = self.control.stores.text(value)
            kind = TracedStore
        if kind is TracedStore:
            leaf(value.variable)
            return ("variable", value.variable.type)
        if kind in (TracedScalar, TracedObject) or is_number(value):
            variable = self.arrays.variable(value)
            leaf(variable)
            return ("variable", variable.type)
        if kind is TracedArray:
            return self._pack_array(scope, value, leaf, seen)
        if isinstance(value, tuple):
            return ("tuple", kind, tuple([self.pack(scope, v, leaf, seen) for v in value]))
        if kind in (TracedList, dict) and self._is_made(scope, value):
            self._once(seen, id(value))
            if kind is dict:
                return (
                    "dict",
                    tuple(value),
                    tuple([self.pack(scope, v, leaf, seen) for v in value.values()]),
                )
            if value.dynamic is None:
                return ("list", tuple([self.pack(scope, v, leaf, seen) for v in list.__iter__(value)]))
            for variable in value.dynamic.variables:
                leaf(variable)
            return ("dynamic", value.dynamic.skeleton, len(value.dynamic.variables))
        if kind is TracedUnion:
            leaf(value.tag)
            alternatives = []
            for k, alternative in enumerate(value.alternatives):
                self.within.append(Within(value.tag, k))
                alternatives.append(self.pack(scope, alternative, leaf, seen))
                self.within.pop()
            return ("union", tuple(alternatives))
        if kind is TracedRange:
            bounds = (value.start, value.stop, value.step)
            return ("range", tuple([self.pack(scope, v, leaf, seen) for v in bounds]))
        if self._is_made(scope, value):
            msg = f"a {kind.__name__} made inside a `try` may be read by what handles its exceptions"
            raise Fallback(msg)
        try:
            hash(value)
        except TypeError:
            return ("same", Box(value))
        return ("constant", kind, value)

    def _is_made(self, scope: Scope, value: Any) -> bool:
        home = self.state.made_in(value)
        assert scope.region is not None
        return home is not None and home.within(scope.region)

    def _once(self, seen: set[Any], key: Any) -> None:
        if key in seen:
            msg = "two names share memory that was made inside a `try`, where an exception may be raised"
            raise Fallback(msg)
        seen.add(key)

    def _pack_array(self, scope: Scope, value: TracedArray, leaf: Callable[..., None], seen: set[Any]) -> Any:
        storage = value.storage
        assert scope.region is not None
        if storage.region.within(scope.region):
            self._once(seen, storage)
            variable = self.control.read_within(value, [tuple(self.within)])
            leaf(variable, (storage.contiguous and not value.steps, self.arrays.uncertain.get(storage)))
            return ("array", variable.dtype, variable.ndim)
        steps = []
        for step in value.steps:
            for v in step.inputs:
                if not isinstance(v, Constant):
                    leaf(v)
            constants = tuple([v if isinstance(v, Constant) else None for v in step.inputs])
            steps.append((step.op, constants, step.params))
        return ("reference", storage, tuple(steps))

    # Slots before and after ------------------------------------------------------------------------------------------

    def _initial(self, scope: Scope) -> list[Variable]:
        """What the slots hold before the block: the places as they are again, now that it is undone."""
        values: dict[int, Variable] = {}
        for _, slots in self._packed(scope, list(scope.kept)):
            values.update(slots)
        return [
            values[k] if k in values else control.undefined(type=type_) for k, type_ in enumerate(scope.types)
        ]

    def _restore(self, scope: Scope, slots: list[Variable]) -> None:
        """Put every place that the block changes as it was when the exception was raised."""
        for place, kept in scope.kept.items():
            made = [self._unpacked(scope, form, list(numbers), slots) for form, numbers in kept.forms.items()]
            value = made[0]
            if len(made) > 1:
                if place[0] not in {"local", "attribute"}:
                    msg = "a container changes its form inside a `try`, where an exception may be raised"
                    raise Fallback(msg)
                value = TracedUnion(self.state.region.lift(slots[kept.tag]), tuple(made))
            if place[0] == "storage":
                self.state.write_storage(place[1], value)
            else:
                self.state.write(place, value)

    def _unpacked(self, scope: Scope, form: Any, numbers: list[int], slots: list[Variable]) -> Any:
        """A value of this form; the numbers of its slots are consumed."""
        kind = form[0]

        def each(forms: Any) -> list[Any]:
            return [self._unpacked(scope, f, numbers, slots) for f in forms]

        if kind == "variable":
            variable = self.state.region.lift(slots[numbers.pop(0)])
            return variable if len(form) == 1 else self.arrays.wrap(variable)
        if kind == "array":
            number = numbers.pop(0)
            variable = self.state.region.lift(slots[number])
            storage = Storage(variable, self.state.region, contiguous=number not in scope.scattered)
            if number in scope.uncertain:
                self.arrays.freeze(storage, scope.uncertain[number])
            return TracedArray(storage)
        if kind == "reference":
            steps = []
            for op, constants, params in form[2]:
                inputs = [slots[numbers.pop(0)] if v is None else v for v in constants]
                steps.append(Step(op, tuple(inputs), params))
            return TracedArray(form[1], tuple(steps), rebuilt=True)
        if kind == "tuple":
            return rebuild_tuple(form[1], each(form[2]))
        if kind == "items":
            return (each(form[1]), None)
        if kind == "list":
            return self.state.made(TracedList(each(form[1])))
        if kind == "entries":
            return dict(zip(form[1], each(form[2]), strict=True))
        if kind == "dict":
            return self.state.made(dict(zip(form[1], each(form[2]), strict=True)))
        if kind in {"dynamic", "dynamic items"}:
            content = Dynamic(form[1], tuple([slots[numbers.pop(0)] for _ in range(form[2])]))
            return ([], content) if kind == "dynamic items" else self.state.made(TracedList((), content))
        if kind == "union":
            tag = self.state.region.lift(slots[numbers.pop(0)])
            return TracedUnion(tag, tuple(each(form[1])))
        if kind == "range":
            return TracedRange(*each(form[1]))
        return form[1].target if kind == "same" else form[2]


__all__ = ["ANY", "UNBOUND", "Attempts", "Outcome"]
