"""The body of a loop as a Scan: traced on fresh inputs until what a step finds and what it leaves agree."""

from __future__ import annotations

import functools
import types
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback, TracerSignal
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Variable, constant, input_variable
from tracetensor.graph.ops import control, shape
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT, Type, array_type, join
from tracetensor.tracer.forms import (
    Blends,
    Packed,
    as_scalar,
    boxed,
    cell_contents,
    form_text,
    hashable,
    living,
    loosened,
    place_label,
    same_form,
    skeleton_key,
    unboxed,
    unknown_dims,
)  # fmt: skip
from tracetensor.tracer.lists import Dynamic
from tracetensor.tracer.merge import is_number, rebuild_tuple
from tracetensor.tracer.objects import new_object
from tracetensor.tracer.slices import are_slices, as_one_slice, merged_slices, slices_from, view_key
from tracetensor.tracer.state import Box, Region
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    ORIGINAL,
    InterpretedFunction,
    Step,
    Storage,
    TracedArray,
    TracedGenerator,
    TracedIterator,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedSequence,
    TracedStore,
    TracedUnion,
    Within,
    is_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.state import Place
from tracetensor.tracer.flow import (
    COMPLETIONS,
    CONTINUE,
    LEFT,
    NORMAL,
    RETURN,
    Again,
    Completion,
    Loop,
    Mismatch,
    RaisedInBranch,
    not_internal,
)

if TYPE_CHECKING:
    from tracetensor.tracer.control import Control
    from tracetensor.tracer.frames import Frame


MOST_LENGTHS = 2
"""Of tuples that a name may hold from step to step."""
LASTING = frozenset({"scalar", "constant"})
"""Forms that do not speak of the storages of one attempt."""


class ScanTracer:
    """One attempt at tracing the body of a loop as a Scan."""

    def __init__(
        self, control_: Control, loop: Loop, offset: int, go: Any, places: list[Place], weak: dict[Any, Any]
    ) -> None:
        self.control, self.loop, self.offset, self.go = control_, loop, offset, go
        self.state, self.arrays = control_.state, control_.arrays
        self.places = places
        self.weak = weak
        self.parent = self.state.region
        self.region = Region("loop", self.parent)
        loop._region = self.region  # type: ignore[attr-defined]
        self.roles: dict[Storage, int] = {}
        self.endless = False
        self.scopes = self._scopes()
        self.shared_objects: set[int] = set()
        self.within: list[Within] = []  # the alternatives that are being packed, and the last of them itself
        self.alternative: Any = None
        self.blends = Blends()
        self.place: Place | None = None
        self.shared = self._shared_storages()

    # Taking values apart -----------------------------------------------------------------------------------------

    def _scopes(self) -> dict[Frame, tuple[frozenset[str], frozenset[str], frozenset[str]]]:
        """The names that steps may bind, and that are live at the head and after the loop, of each frame involved.

        A generator's loop has its consumers' bodies in its own: any of their live names may be kept by a step.
        """
        loop = self.loop
        scopes = {loop.frame: (loop.assigned, loop.head, loop.after)}
        consumer = loop.frame.consumer
        while consumer is not None and consumer.frame not in scopes:
            live = consumer.head | consumer.after
            scopes[consumer.frame] = (consumer.assigned, live, live)
            consumer = consumer.frame.consumer
        return scopes

    def _carried(self, frame: Frame) -> set[str]:
        return {p[2] for p in self.places if p[0] == "local" and p[1] is frame}

    def _shared_storages(self) -> set[Storage]:
        """Storages that something besides the carried places refers to."""
        boxes = {id(p[1].target) for p in self.places if p[0] in {"items", "entries"}}
        found: set[Storage] = set()
        seen: set[int] = set()
        pending: list[Any] = []
        for frame in dict.fromkeys([*self.state.frames, *self.state.suspended]):
            names = set(frame.locals)
            if frame in self.scopes:
                _, head, after = self.scopes[frame]
                live, carried = head | after, self._carried(frame)
                names = {n for n in names if n not in carried and (n in live or n[0] in "<.")}
            pending.extend(frame.locals[n] for n in names)
        carried_attributes = {(id(p[1].target), p[2]) for p in self.places if p[0] == "attribute"}
        for thing, table in list(self.state.owned.values()):
            if self.state.made_in(thing) is None:
                pending.extend(v for n, v in table.items() if (id(thing), n) not in carried_attributes)
        pending.extend(loop.bind for loop in self.control.active)  # what they iterate over
        while pending:
            value = pending.pop()
            if id(value) in seen or id(value) in boxes:
                continue
            seen.add(id(value))
            if type(value) is TracedArray:
                found.add(value.storage)
            elif type(value) is TracedUnion:
                pending.extend(value.alternatives)
            elif isinstance(value, list):
                pending.extend(list.__iter__(value))
            elif isinstance(value, tuple):
                pending.extend(value)
            elif is_object(value):
                self.shared_objects.add(id(value))
                table = self.state.own(value)
                pending.extend(v for n, v in table.items() if (id(value), n) not in carried_attributes)
            elif type(value) is types.MethodType:
                pending.append(value.__self__)
            elif type(value) is types.FunctionType:
                pending.extend(cell_contents(value))
            elif type(value) is TracedSequence:
                pending.append(value.item)
            elif type(value) is dict:
                pending.extend(value.values())
            elif isinstance(value, (InterpretedFunction, TracedGenerator)) and value.frame is not None:
                carried = self._carried(value.frame) if value.frame in self.scopes else set()
                pending.extend(v for n, v in value.frame.locals.items() if n not in carried)
            elif type(value) is TracedIterator:
                pending.extend(value.sources)
        return found

    def movable(self, storage: Storage) -> bool:
        if self.state.region is self.region or self.state.region.within(self.region):
            return storage.region.within(self.region)
        return storage.origin is None and storage not in self.shared and not self.arrays.kept_apart

    def pack(self, value: Any, packed: Packed, slots: dict[Any, int], label: str) -> Any:
        """The skeleton of a value; its variables are added to `packed`."""
        self.state.spend()
        kind = type(value)
        if kind is TracedScalar or is_number(value):
            variable = self.arrays.variable(value)
            self._leaf(packed, variable, label)
            return ("scalar", variable.type)
        if kind is TracedArray:
            return self._pack_array(value, packed, slots, label)
        if kind is TracedText:
            value = self.control.stores.text(value)
            kind = TracedStore
        if kind is TracedObject or kind is TracedStore:
            self._leaf(packed, self.state.region.lift(value.variable), label)
            return ("object", value.variable.type)
        if isinstance(value, tuple):
            return ("tuple", kind, tuple([self.pack(v, packed, slots, label) for v in value]))
        if kind is TracedList and self.state.made_in(value) is not None and not self._identity_matters(value):
            if value.dynamic is not None:
                return ("dynamic", *self._pack_dynamic(value.dynamic, packed, label))
            return ("list", tuple([self.pack(v, packed, slots, label) for v in list.__iter__(value)]))
        if is_object(value) and self._by_content(value):
            key = ("object", id(value))
            if key in slots:
                return ("known", slots[key])
            slots[key] = len(slots)
            own = self.state.own(value)
            return ("instance", slots[key], kind, tuple(own), tuple([self.pack(v, packed, slots, label) for v in own.values()]))  # fmt: skip
        if kind is TracedUnion:
            value = self.normalised(value)
            if type(value) is not TracedUnion:
                return self.pack(value, packed, slots, label)
            self._leaf(packed, self.state.region.lift(value.tag), label)
            return ("union", self._pack_alternatives(value, packed, slots, label))
        if kind is TracedRange:
            return (
                "range",
                tuple([self.pack(v, packed, slots, label) for v in (value.start, value.stop, value.step)]),
            )
        fixed = boxed(value) or value
        return ("constant", kind, fixed) if hashable(fixed) else ("same", Box(value))

    def normalised(self, union: TracedUnion) -> Any:
        """The union with alternatives of one form made one."""
        value = self.control.normalised(union, self.form_key)
        self.blends.note(union, value)
        return value

    def _pack_alternatives(self, union: TracedUnion, packed: Packed, slots: Any, label: str) -> Any:
        skeletons = []
        for k, value in enumerate(union.alternatives):
            self.within.append(Within(union.tag, k))
            self.alternative = value
            skeletons.append(self.pack(value, packed, slots, label))
            self.within.pop()
            self.alternative = None
        return tuple(skeletons)

    def form_key(self, value: Any) -> Any:
        """What alternatives of a union must agree in to be carried as one."""
        kind = type(value)
        if kind is TracedScalar or is_number(value):
            return ("scalar", self.arrays.variable(value).type)
        if kind is TracedText:
            return ("object", self.control.stores.text_type)
        if kind is TracedObject or kind is TracedStore:
            return ("object", value.variable.type)
        if kind is TracedArray:
            if self.movable(value.storage):
                type_ = self.arrays.type(value)
                return ("array", type_.dtype, type_.ndim)
            return ("reference", *view_key(value))
        if isinstance(value, tuple):
            return ("tuple", kind, tuple([self.form_key(v) for v in value]))
        fixed = boxed(value) or value
        return ("constant", kind, fixed) if hashable(fixed) else ("same", id(value))

    def embedded(self, value: Any, skeleton: Any) -> Any:
        """The value as a union of the alternatives that the skeleton has, if it is one of them; else itself."""
        keys = [skeleton_key(s) for s in skeleton[1]]
        if None in keys or len(keys) < 2:
            return value
        if type(value) is TracedUnion:
            value = self.normalised(value)
        own = value.alternatives if type(value) is TracedUnion else (value,)
        places = []
        for alternative in own:
            key = self.form_key(alternative)
            if key not in keys:
                return value
            places.append(keys.index(key))
        alternatives = [self._stand_in(s) for s in skeleton[1]]
        for place, alternative in zip(places, own, strict=True):
            alternatives[place] = alternative
        tag: Variable = constant(places[0])
        if type(value) is TracedUnion:
            tag = constant(0)
            for k, place in enumerate(places):
                is_k = self.state.emit(PYTHON["eq"], [self.state.region.lift(value.tag), constant(k)]).out
                part = self.state.emit(PYTHON["mul"], [is_k, constant(place)]).out
                tag = self.state.emit(PYTHON["add"], [tag, part]).out
        return TracedUnion(tag, tuple(alternatives))

    def _stand_in(self, skeleton: Any) -> Any:
        if skeleton[0] in {"scalar", "object"}:
            return self.arrays.wrap(control.undefined(type=skeleton[1]))
        if skeleton[0] == "reference":
            steps = []
            for op, given, params in skeleton[2]:
                inputs = [v if isinstance(v, Constant) else control.undefined(type=v) for v in given]
                steps.append(Step(op, tuple(inputs), params))
            return TracedArray(skeleton[1], tuple(steps))
        if skeleton[0] == "array":
            type_ = array_type(skeleton[2], (None,) * skeleton[3])
            return TracedArray(Storage(control.undefined(type=type_), self.region))
        if skeleton[0] == "tuple":
            return rebuild_tuple(skeleton[1], [self._stand_in(s) for s in skeleton[2]])
        return unboxed(skeleton[2])

    def _by_content(self, value: Any) -> bool:
        """Whether an object that the loop carries is told by its attributes, since each step makes another one."""
        made = self.state.made_in(value)
        if self.state.region.within(self.region):
            return made is not None and made.within(self.region)
        return made is not None and self.loop.fresh and id(value) not in self.shared_objects

    def _identity_matters(self, value: TracedList) -> bool:
        return not self.state.region.within(self.region) or self.state.made_in(value) is not self.region

    def _leaf(self, packed: Packed, variable: Variable, label: str) -> None:
        packed.leaves.append(variable)
        packed.labels.append(label)

    def _pack_array(self, value: TracedArray, packed: Packed, slots: dict[Any, int], label: str) -> Any:
        storage = value.storage
        if self.movable(storage):
            key = (storage, value.steps)
            where = tuple(self.within)
            if key in slots:
                place, places = packed.reads[slots[key]]
                if where not in places:
                    places.add(where)
                    packed.leaves[place] = self.control.read_within(value, places)
                return ("alias", slots[key])
            if any(k[0] is storage for k in slots if k[0] != "object"):
                raise Mismatch(f"`{label}` shares memory with another array that the loop carries")
            slots[key] = len(slots)
            if storage in self.arrays.uncertain:
                packed.frozen[slots[key]] = self.arrays.uncertain[storage]
            packed.storages[storage] = slots[key]
            packed.reads[slots[key]] = len(packed.leaves), {where}
            variable = self.control.read_within(value, [where])
            self._leaf(packed, variable, label)
            return ("array", slots[key], variable.dtype, variable.ndim)
        # Of one of several views all that its steps are given is carried, constants too, to have few forms.
        kept: Any = () if self.alternative is value or self.place in self.loop.loose else Constant
        steps = []
        for step in value.steps:
            for leaf in step.inputs:
                if not isinstance(leaf, kept):
                    self._leaf(packed, self.state.region.lift(leaf), label)
            given = tuple([v if isinstance(v, kept) else v.type for v in step.inputs])
            steps.append((step.op, given, step.params))
        return ("reference", storage, tuple(steps))

    def unpack(self, skeleton: Any, leaves: list[Variable], made: dict[int, Storage]) -> Any:
        """A value of this form, made of these variables (consumed from the front)."""
        kind = skeleton[0]
        if kind in {"scalar", "object"}:
            return self.arrays.wrap(leaves.pop(0))
        if kind == "dynamic":
            return self.state.made(TracedList((), self._unpack_dynamic(skeleton, leaves)))
        if kind == "array":
            storage = Storage(leaves.pop(0), self.state.region, contiguous=skeleton[3] <= 1)
            made[skeleton[1]] = storage
            if skeleton[1] in self.loop.frozen:
                self.arrays.freeze(storage, self.loop.frozen[skeleton[1]])
            return TracedArray(storage)
        if kind == "alias":
            return TracedArray(made[skeleton[1]])
        if kind == "known":
            return made[skeleton[1]]
        if kind == "instance":
            thing = self.state.made(new_object(skeleton[2]))
            made[skeleton[1]] = thing
            self.state.own(thing).update(
                {n: self.unpack(s, leaves, made) for n, s in zip(skeleton[3], skeleton[4], strict=True)}
            )
            return thing
        if kind == "tuple":
            items = [self.unpack(s, leaves, made) for s in skeleton[2]]
            return skeleton[1](*items) if hasattr(skeleton[1], "_fields") else tuple(items)
        if kind == "list":
            return self.state.made(TracedList([self.unpack(s, leaves, made) for s in skeleton[1]]))
        if kind == "union":
            tag = leaves.pop(0)
            return TracedUnion(tag, tuple([self.unpack(s, leaves, made) for s in skeleton[1]]))
        if kind == "range":
            return TracedRange(*[self.unpack(s, leaves, made) for s in skeleton[1]])
        if kind == "reference":
            steps = []
            for op, constants, params in skeleton[2]:
                inputs = tuple([v if isinstance(v, Constant) else leaves.pop(0) for v in constants])
                steps.append(Step(op, inputs, params))
            return TracedArray(skeleton[1], tuple(steps), rebuilt=True)
        return skeleton[1].target if kind == "same" else unboxed(skeleton[2])

    def pack_places(self, places: list[Place]) -> tuple[dict[Place, Any], Packed]:
        """The skeleton of each place, and all their variables."""
        packed = Packed(None, [], [])
        slots: dict[Any, int] = {}
        skeletons: dict[Place, Any] = {}
        for place in places:
            self.place = place
            value = self.state.get_place(place)
            label = place_label(place)
            if place[0] == "items":
                with self.control.stores.instead(place[1].target):
                    skeletons[place] = self._pack_items(place, value, packed, slots, label)
            elif place[0] == "entries":
                skeletons[place] = (
                    "entries", tuple(value), tuple([self.pack(v, packed, slots, label) for v in value.values()])
                )  # fmt: skip
            elif place[0] == "view":
                raise Mismatch("an array gets another shape in place at each step")
            else:
                skeletons[place] = self.pack(value, packed, slots, label)
        self.blends.freeze([packed])
        return skeletons, packed

    def _pack_items(self, place: Place, value: Any, packed: Packed, slots: dict[Any, int], label: str) -> Any:
        items, dynamic = value
        if dynamic is None and place not in self.weak:
            return ("items", tuple([self.pack(v, packed, slots, label) for v in items]))
        content = self.control.lists.dynamic(value, self.weak.get(place))
        return ("dynamic items", *self._pack_dynamic(content, packed, label))

    def _pack_dynamic(self, content: Dynamic, packed: Packed, label: str) -> tuple[Any, int]:
        for variable in content.variables:
            self._leaf(packed, self.state.region.lift(variable), label)
        return content.skeleton, len(content.variables)

    def _unpack_dynamic(self, skeleton: Any, leaves: list[Variable]) -> Dynamic:
        return Dynamic(skeleton[1], tuple([leaves.pop(0) for _ in range(skeleton[2])]))

    def unpack_place(self, skeleton: Any, leaves: list[Variable], made: dict[int, Storage]) -> Any:
        if skeleton[0] == "items":
            return ([self.unpack(s, leaves, made) for s in skeleton[1]], None)
        if skeleton[0] == "dynamic items":
            return ([], self._unpack_dynamic(skeleton, leaves))
        if skeleton[0] == "entries":
            return {k: self.unpack(s, leaves, made) for k, s in zip(skeleton[1], skeleton[2], strict=True)}
        return self.unpack(skeleton, leaves, made)

    # One attempt -------------------------------------------------------------------------------------------------

    def run(self) -> Completion:
        """Trace the body, compare what a step finds with what it leaves, and build the Scan."""
        for place in self.places:
            self._prepare(place)
        skeletons, entry = self.pack_places(self.places)
        self._recall(skeletons)
        self.loop.frozen.update(entry.frozen)
        types = [self._weak_type(k, v.type) for k, v in enumerate(entry.leaves)]
        heads = [self._input(t, label) for t, label in zip(types, entry.labels, strict=True)]
        frames = list(self.state.frames)
        lines = [f.line for f in frames]
        self.state.region = self.region
        marks = [scope.mark() for scope in self.state.attempts]
        settled = False
        try:
            leaves: list[Variable] = list(heads)
            made: dict[int, Storage] = {}
            for place in self.places:
                self.state.replace(place, self.unpack_place(skeletons[place], leaves, made))
            step = self._input(INT, "step") if self.loop.length is not None else None
            done, go = self._trace_step(step)
            if self.state.attempts and self.region.roots:
                self.control.keep()  # the next step's exceptions find what this one left
            end = self._compare(skeletons, types)
            lasts = self._lasts(done, end)
            graph_outputs = self._outputs(go, end, done, lasts)
            settled = True
        except RaisedInBranch:
            # The body raises at every step: what it would carry does not matter.
            self.state.undo(self.region)
            raise Mismatch("the body always raises") from None
        except Exception as error:
            # The body raises: if the loop takes no step, nothing does.
            self.state.undo(self.region)
            not_internal(error)
            raise Mismatch(f"the body raises {error!r}") from None
        except TracerSignal:
            self.state.undo(self.region)
            raise
        finally:
            self.state.region = self.parent
            self.state.frames[:] = frames
            for frame, line in zip(frames, lines, strict=True):
                frame.line = line
            for scope, mark in zip(self.state.attempts, marks, strict=False):
                scope.reset(mark, settled=settled)
        self.state.undo(self.region)
        return self._build(step, skeletons, entry, heads, graph_outputs, done, lasts)

    def _recall(self, skeletons: dict[Place, Any]) -> None:
        """Come to what an earlier trace of the loop came to from the same forms, without tracing the body."""
        loop, hints = self.loop, self.loop.hints
        if not (hints.peeled or hints.wide):
            return
        again = False
        for place, skeleton in skeletons.items():
            key = self._hint_key(place, skeleton)
            if key in hints.peeled:
                raise Mismatch(hints.peeled[key])
            if key in hints.wide and place not in loop.wide:
                loop.wide[place] = hints.wide[key]
                again = True
        if again:
            raise Again

    def _hint_key(self, place: Place, skeleton: Any) -> Any:
        """What a local in this form is known by when the loop is traced again; None for forms that do not last."""
        if place[0] == "local" and place[1] is self.loop.frame and skeleton[0] in LASTING:
            return (place[2], skeleton_key(skeleton))
        return None

    def _prepare(self, place: Place) -> None:
        """Give a place the form in which earlier attempts found that it must be carried."""
        value = self.state.get_place(place)
        if place in self.loop.texts:
            self.state.write(place, self.control.stores.text(value))
            return
        settled = self._settled(place, value)
        if settled is not value:
            self.state.write(place, settled)
        if place in self.loop.wide:
            self.loop.wide[place] = living(self.loop.wide[place], self.parent)
            self.state.write(place, self.embedded(settled, self.loop.wide[place]))

    def _settled(self, place: Place, value: Any) -> Any:
        """A value whose views are told in the way that is known to last from step to step."""
        if type(value) is TracedUnion and place in self.loop.sliced:
            if any(type(v) is TracedArray and self.movable(v.storage) for v in value.alternatives):
                return value
            return merged_slices(self.arrays, value, self.control.one_view)
        if type(value) is not TracedArray or not value.steps or self.movable(value.storage):
            return value
        if place in self.loop.detached:
            return self._detached(value)
        return as_one_slice(self.arrays, value) if place in self.loop.sliced else value

    def _detached(self, value: TracedArray) -> TracedArray:
        """What a view shows, as an array of its own that must not be written, nor what it was a view of."""
        reason = "an array of which a loop carries a view that changes is written"
        self.arrays.freeze(value.storage, reason)
        array = self.arrays.wrap(self.state.emit(shape.fresh_view, [self.arrays.read(value)]).out)
        self.arrays.freeze(array.storage, reason)
        return array  # type: ignore[no-any-return]

    def _input(self, type_: Type, label: str) -> Variable:
        variable = input_variable(type_, label)
        self.region.own(variable)
        self.region.carried.add(variable)
        return variable

    def _weak_type(self, k: int, type_: Type) -> Type:
        weak = self.weak.get((self.loop.peels, k))
        joined = type_ if weak is None else join(type_, weak)
        return type_ if joined is None else joined

    def _trace_step(self, step: Variable | None) -> tuple[Completion, Any]:
        loop, state = self.loop, self.state
        if loop.bind is not None and step is not None:
            index = step if not self.offset else state.emit(PYTHON["add"], [step, constant(self.offset)]).out
            loop.bind(TracedScalar(index))
        done = loop.body()
        kept = self.control.is_kind(done, {NORMAL, CONTINUE})
        if kept is False:
            return done, False
        if loop.test is None:
            return done, kept
        if kept is True:
            return done, self._test()
        test = self._test
        return done, self.control.choose(kept, lambda: as_scalar(test()), lambda: False)

    def _test(self) -> Any:
        """The truth of the loop's condition; noting whether it always holds, so that the loop ends by leaving only."""
        assert self.loop.test is not None
        truth = self.loop.test()
        self.endless = truth is True
        return truth

    def _compare(self, skeletons: dict[Place, Any], types: list[Type]) -> Packed:
        """What the step leaves, if it has the form of what it found; else Again or Mismatch."""
        self._find_places()
        for place in (*self.loop.sliced, *self.loop.detached):
            value = self.state.get_place(place)
            settled = self._settled(place, value)
            if settled is not value:
                self.state.replace(place, settled)
        for place in self.places:
            if place in self.loop.texts:
                self.state.replace(place, self.control.stores.text(self.state.get_place(place)))
            if skeletons[place][0] == "union":
                value = self.state.get_place(place)
                self.state.replace(place, self.embedded(value, skeletons[place]))
        ends, end = self.pack_places(self.places)
        differing = [place for place in self.places if not same_form(skeletons[place], ends[place])]
        # All are looked at before one is heeded: if a step has to be peeled off, the rest may need no lesson.
        found = [(place, self._lesson(place, skeletons[place], ends[place])) for place in differing]
        lessons = [lesson for place, lesson in found if place[0] == "local"]
        if not lessons:  # what a container holds may follow from the names, or from another container
            lessons = [lesson for _, lesson in found[:1]]
        if not lessons:
            lessons = self._wider_types(types, end)
        if set(end.frozen) - set(self.loop.frozen):
            lessons.append(functools.partial(self.loop.frozen.update, end.frozen))
        for learn in lessons:
            learn()
        if lessons:
            raise Again
        return end

    def _wider_types(self, types: list[Type], end: Packed) -> list[Callable[[], Any]]:
        """What to learn where a step leaves a value of a wider type than it found; Mismatch where of another."""
        lessons: list[Callable[[], Any]] = []
        for k, (head, variable, label) in enumerate(zip(types, end.leaves, end.labels, strict=True)):
            joined = join(head, variable.type)
            if joined is None:
                raise Mismatch(f"`{label}` is {head!r} before a step and {variable.type!r} after it")
            if joined is not head:
                lessons.append(functools.partial(self.weak.__setitem__, (self.loop.peels, k), joined))
        return lessons

    def _lesson(self, place: Place, head: Any, end: Any) -> Callable[[], Any]:
        """What to learn from a place that a step leaves in another form than it found; Mismatch if nothing helps."""
        label = place_label(place)
        if place not in self.loop.texts and self._is_text(head) and self._is_text(end):
            return functools.partial(self.loop.texts.add, place)
        self.control.stores.one_form(
            head, end, last=self.loop.peels > 2 and type(self.loop.length) is not int
        )
        grows = end[0] == "dynamic items" or (end[0] == "items" and len(end[1]) != len(head[1]))
        if head[0] in {"items", "dynamic items"} and grows:
            items, dynamic = self.state.get_place(place)
            with self.control.stores.instead(place[1].target):
                form = self.control.lists.form_of(items) if dynamic is None else dynamic.form
            return functools.partial(self.weak.__setitem__, place, form)
        if loosened(head) == loosened(end) and place not in self.loop.loose:
            return functools.partial(self.loop.loose.add, place)
        if are_slices(head, end) and place not in self.loop.sliced:
            return functools.partial(self.loop.sliced.setdefault, place)
        if head[0] == end[0] == "reference" and head[1] is end[1] and head[2]:
            if self.loop.peels < 1 and slices_from(end[2]) < len(end[2]):
                raise Mismatch(f"`{label}` is a slice after a step")
            return functools.partial(self.loop.detached.setdefault, place)
        if "instance" in {head[0], end[0]} and not self.loop.fresh:
            return functools.partial(setattr, self.loop, "fresh", True)
        wide = self._wide(place, head, end)
        hint = self._hint_key(place, head)
        if wide is not None and self.loop.wide.get(place) != wide:
            return functools.partial(self._widen, place, wide, hint)
        reason = (
            f"`{label}` has another form after a step ({form_text(end)}) than before it ({form_text(head)})"
        )
        if hint is not None:
            self.loop.hints.peeled[hint] = reason
        raise Mismatch(reason)

    def _is_text(self, skeleton: Any) -> bool:
        if skeleton[0] == "constant":
            return skeleton[1] is str
        return bool(skeleton == ("object", self.control.stores.text_type))

    def _wide(self, place: Place, head: Any, end: Any) -> Any:
        """Where peeling does not help, the union of the forms, to be carried with a tag that tells them apart."""
        forms = [f for s in (head, end) for f in (s[1] if s[0] == "union" else (s,))]
        keys = [skeleton_key(f) for f in forms]
        # The first step may leave a name as it was, or not: peeling it off leaves a union all the same.
        stays = place[0] == "local" and end[0] == "union" and keys[0] in keys[1:]
        if None in keys or (self.loop.peels < 1 and not stays):
            return None
        if any(form[0] == "constant" and form[2] is ORIGINAL for form in forms):
            return None  # nothing can be done with it; after a step or two the attribute is known
        distinct = dict(zip(keys, map(loosened, forms), strict=True))
        wide = ("union", tuple([distinct[k] for k in sorted(distinct, key=repr)]))
        if len({len(f[2]) for f in distinct.values() if f[0] == "tuple"}) > MOST_LENGTHS:
            return None  # a tuple that grows
        return wide if len(distinct) > 1 else None

    def _widen(self, place: Place, wide: Any, hint: Any) -> None:
        self.loop.wide[place] = wide
        if hint is not None and self.loop.peels < 1 and all(form[0] in LASTING for form in wide[1]):
            self.loop.hints.wide[hint] = wide

    def _find_places(self) -> None:
        """Places that the step changed and that are not carried yet: the loop is traced again, carrying them."""
        loop = self.loop
        known = set(self.places)
        new = False
        grown: dict[Place, Any] = {}
        for place in self.region.log:
            if place in known or place[0] == "storage":
                continue
            if place[0] == "local" and place[1] in self.scopes:
                name = place[2]
                if name.startswith("<") or name in self.scopes[place[1]][0]:
                    continue
            loop.places[place] = None
            new = True
            if place[0] == "items":
                grown[place] = self._grown(place)
        if new:
            self.weak.update((place, form) for place, form in grown.items() if form is not None)
            raise Again

    def _grown(self, place: Place) -> Any:
        """The form of a list that became longer or shorter in the step; None for others, and what has no form."""
        before, known = self.region.log[place]
        items, dynamic = self.state.get_place(place)
        if known is not None or (dynamic is None and len(items) == len(before)):
            return None
        try:
            with self.control.stores.instead(place[1].target):
                return self.control.lists.form_of(items) if dynamic is None else dynamic.form
        except Fallback:
            return None

    def _lasts(self, done: Completion, end: Packed) -> list[tuple[Place, Any, Packed]]:
        """Names that only what comes after the loop reads: their value after the last step."""
        known = set(self.places)
        result = []
        for frame, (assigned, _, after) in self.scopes.items():
            returns = any(k % LEFT == RETURN for k in done.kinds)
            for name in sorted((assigned & after) | ({"<return>"} if returns else set())):
                place = ("local", frame, name)
                if place in known or place not in self.region.log or name not in frame.locals:
                    continue
                packed = Packed(None, [], [])
                skeleton = self.pack(frame.locals[name], packed, {}, name)
                result.append((place, skeleton, packed))
        again = self.blends.freeze([end, *[packed for _, _, packed in result]])
        linked = [place for place, _, packed in result if any(packed is p for p in again)]
        if linked:  # with what is carried, or with each other: all of it is carried then
            self.loop.places.update(dict.fromkeys(linked))
            raise Again
        return result

    def _outputs(self, go: Any, end: Packed, done: Completion, lasts: list[Any]) -> dict[str, Any]:
        """Everything that leaves the body, lifted into it."""
        region, state = self.region, self.state
        if isinstance(go, TracedScalar):
            go = region.lift(go.variable)
        written, read = {}, {}
        for storage, head in region.storages.items():
            final = region.lift(storage.value)
            if final is head:
                read[storage] = head
            else:
                joined = join(head.type, final.type)
                if storage in self.arrays.uncertain:
                    self.arrays.refuse_write(self.arrays.uncertain[storage])
                if joined is not head.type:
                    raise Mismatch(f"an array is {head.type!r} before a step and {final.type!r} after it")
                written[storage] = (head, final)
        exits = set(done.kinds - {NORMAL, CONTINUE})
        code = None
        if exits:
            leave = self.control.is_kind(done, exits)
            left = (
                done.code if leave is True else self.control.choose(leave, lambda: done.code, lambda: NORMAL)
            )
            code = self.arrays.variable(left)
        return {
            "go": go,
            "carry": [region.lift(v) for v in end.leaves],
            "written": written,
            "read": read,
            "code": code,
            "exits": exits,
            "lasts": [[region.lift(v) for v in packed.leaves] for _, _, packed in lasts],
            "state": state,
        }

    def _build(  # noqa: PLR0913, PLR0917 - the parts of one loop
        self,
        step: Variable | None,
        skeletons: dict[Place, Any],
        entry: Packed,
        heads: list[Variable],
        out: dict[str, Any],
        done: Completion,
        lasts: list[tuple[Place, Any, Packed]],
    ) -> Completion:
        state, region, parent = self.state, self.region, self.parent
        go = out["go"]
        conditional = go is not True or self.go is not True
        carry_in, carry_out, initial = list(heads), list(out["carry"]), list(entry.leaves)
        for storage, (head, final) in out["written"].items():
            carry_in.append(head)
            carry_out.append(final)
            initial.append(region.initial[head])
            del storage
        if out["code"] is not None:
            carry_in.append(self._input(INT, "exit"))
            carry_out.append(out["code"])
            initial.append(constant(NORMAL))
        for leaves in out["lasts"]:
            for leaf in leaves:
                type_ = unknown_dims(leaf.type)
                carry_in.append(self._input(type_, "last"))
                carry_out.append(leaf)
                initial.append(control.undefined(type=type_))
        if not carry_in:
            carry_in, carry_out, initial = [self._input(INT, "none")], [constant(0)], [constant(0)]
        captured_in, captured = [], []
        for head in out["read"].values():
            captured_in.append(head)
            captured.append(region.initial[head])
        for outer in region.captured():
            captured_in.append(region.captures[outer])
            captured.append(outer)
        if step is None and self.loop.schedule is not None:
            step = self._input(INT, "step")
        counted = step is not None
        body = Graph(
            [*([step] if step is not None else []), *carry_in, *captured_in],
            [*([self._truth(go)] if conditional else []), *carry_out],
            region.roots,
            name="body",
            locations=region.locations,
        )
        inputs: list[Any] = []
        if counted:
            inputs.append(self.control.steps(self.loop, self.offset))
        if conditional:
            inputs.append(constant(True) if self.go is True else self.arrays.variable(self.go))
        inputs += [parent.lift(v) for v in (*initial, *captured)]
        params = {"body": body, "n_carry": len(carry_in), "counted": counted, "conditional": conditional}
        outs = list(state.emit(control.scan, inputs, params).outputs)
        return self._rebuild(skeletons, entry, out, outs, lasts, inputs)

    def _truth(self, go: Any) -> Variable:
        return constant(go) if type(go) is bool else go

    def _rebuild(
        self,
        skeletons: dict[Place, Any],
        entry: Packed,
        out: dict[str, Any],
        outs: list[Variable],
        lasts: list[tuple[Place, Any, Packed]],
        inputs: list[Any],
    ) -> Completion:
        state = self.state
        leaves, rest = outs[: len(entry.leaves)], outs[len(entry.leaves) :]
        made: dict[int, Storage] = {}
        for place in self.places:
            state.write(place, self.unpack_place(skeletons[place], leaves, made))
        for storage in out["written"]:
            state.write_storage(storage, rest.pop(0))
        completion = COMPLETIONS[NORMAL]
        if out["code"] is not None:
            code = TracedScalar(rest.pop(0))
            ends = set() if self.endless and self.go is True else {NORMAL}
            completion = Completion(frozenset({*ends, *out["exits"]}), code)
        if lasts:
            self._write_lasts(lasts, rest, inputs)
        return completion

    def _write_lasts(
        self, lasts: list[tuple[Place, Any, Packed]], rest: list[Variable], inputs: list[Any]
    ) -> None:
        state = self.state
        values = []
        for place, skeleton, packed in lasts:
            made: dict[int, Storage] = {}
            values.append((place, self.unpack(skeleton, rest, made)))
            for slot, reason in packed.frozen.items():
                self.arrays.freeze(made[slot], reason)
        condition: Variable | None = None
        if self.loop.length is not None and not isinstance(inputs[0], Constant):
            condition = state.emit(PYTHON["gt"], [inputs[0], constant(0)]).out
        if self.go is not True:
            go = self.arrays.variable(self.go)
            condition = go if condition is None else state.emit(PYTHON["and"], [condition, go]).out
        for place, value in values:
            if condition is None or place[2] == "<return>":
                state.write(place, value)
                continue
            if type(value) is TracedArray and value.storage.region is self.parent:
                chosen = self._maybe(condition, value, state.get_place(place))
                state.write(place, chosen)
                continue
            state.write(place, self._maybe(condition, value, state.get_place(place)))

    def _maybe(self, condition: Variable, value: Any, before: Any) -> Any:
        if type(value) in (TracedScalar, TracedArray, TracedUnion) or isinstance(value, tuple):
            return self.control.choose(condition, lambda: value, lambda: before)
        return value
