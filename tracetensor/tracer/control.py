"""Branches and loops: each traced once on fresh inputs, its effects collected, then taken back and merged."""

from __future__ import annotations

import dataclasses
import pathlib
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback, GraphError, TracerSignal
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Variable, constant, input_variable
from tracetensor.graph.ops import control, elementwise
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT, SCALAR, TensorType, Type, array_type, join
from tracetensor.tracer.lists import Dynamic, Lists
from tracetensor.tracer.merge import ABSENT, Branch, Merger, SharesMemory, is_number
from tracetensor.tracer.state import Box, NeedsUnrolling, Region
from tracetensor.tracer.values import (
    InterpretedFunction,
    Step,
    Storage,
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedUnion,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.arrays import Arrays
    from tracetensor.tracer.interpreter import Frame
    from tracetensor.tracer.state import Place, State

NORMAL, BREAK, CONTINUE, RETURN = range(4)
PACKAGE = str(pathlib.Path(__file__).parents[1])
UNROLLED_STEPS = 4
LONGEST_UNROLLED = 512
MOST_PEELS = 4
MOST_NODES = 60_000


@dataclasses.dataclass(frozen=True)
class Completion:
    """How a block ended: one of NORMAL, BREAK, CONTINUE, RETURN, or one of several known at run time by `code`."""

    kinds: frozenset[int]
    code: Any = None

    @property
    def only(self) -> int | None:
        return next(iter(self.kinds)) if len(self.kinds) == 1 else None


COMPLETIONS = [Completion(frozenset({k}), k) for k in range(4)]


class Mismatch(TracerSignal):
    """A step of a loop leaves something in a form other than the one it found: peel a step off."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Again(TracerSignal):
    """The body of a loop is to be traced again, with what was learnt."""


DELIBERATE = frozenset({"_array_attribute", "scalar_attribute", "attribute", "load_name", "load_global", "read", "get_item", "_choose_item"})


def not_internal(error: Exception) -> None:
    """Fallback for an error that is the tracer's own fault rather than the user's."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None or not isinstance(error, (AttributeError, NameError, KeyError, AssertionError, GraphError)):
        return
    code = trace.tb_frame.f_code
    if PACKAGE in code.co_filename and code.co_name not in DELIBERATE:
        msg = f"internal fault of tracetensor ({code.co_filename}:{trace.tb_lineno}): {error!r}"
        raise Fallback(msg) from error


class RaisedInBranch(TracerSignal):
    """The branch being traced always raises: it never completes."""


@dataclasses.dataclass
class Loop:
    """A loop to be traced. length: steps, an int or an INT variable, None for `while`. bind: set the target for a
    step number. body: trace one step. test: the truth of the `while` condition. assigned, head, after: names
    assigned in the body, and live at the head and after the loop.
    """

    frame: Frame
    key: Any
    length: Any
    bind: Callable[[Any], None] | None
    body: Callable[[], Completion]
    test: Callable[[], Any] | None
    assigned: frozenset[str]
    head: frozenset[str]
    after: frozenset[str]
    line: int = 0
    peels: int = 0
    must_unroll: bool = False
    places: dict[Place, None] = dataclasses.field(default_factory=dict)
    weak: dict[Any, Any] = dataclasses.field(default_factory=dict)
    frozen: dict[int, str] = dataclasses.field(default_factory=dict)
    wide: dict[Place, Any] = dataclasses.field(default_factory=dict)
    detached: set[Place] = dataclasses.field(default_factory=set)


class Control:
    """Traces branches and loops."""

    def __init__(self, state: State, arrays: Arrays) -> None:
        self.state = state
        self.arrays = arrays
        self.lists = Lists(state, arrays)
        arrays.unify = self.unify
        self.hints: dict[Any, tuple[dict[Any, None], set[str]]] = {}
        self.force: Callable[[Variable, str], Any] = _cannot_force

    # Branches --------------------------------------------------------------------------------------------------

    def branch(self, action: Callable[[], Any]) -> Branch:
        """Trace one branch; what it changed is taken back, and returned."""
        parent = self.state.region
        frames = list(self.state.frames)
        lines = [f.line for f in frames]
        region = Region("branch", parent)
        self.state.region = region
        raised, result = False, None
        try:
            result = action()
        except RaisedInBranch:
            raised = True
        except Exception as error:
            raised = True
            not_internal(error)
            self.raise_always(error)
        except TracerSignal:
            self.state.undo(region)
            raise
        finally:
            self.state.region = parent
            self.state.frames[:] = frames
            for frame, line in zip(frames, lines, strict=True):
                frame.line = line
        return Branch(region, raised, result, self.state.undo(region))

    def raise_always(self, error: Exception) -> None:
        """Make the current branch raise this error at run time."""
        arguments = tuple(("constant", a) for a in error.args if isinstance(a, (str, int, float, type(None))))
        if len(arguments) != len(error.args):
            msg = f"a branch raises {error!r} while it is traced"
            raise Fallback(msg)
        self.state.emit(
            control.raise_if, [constant(True)], {"exception": type(error), "arguments": arguments}
        )

    def choose(self, condition: Variable, then: Callable[[], Any], orelse: Callable[[], Any]) -> Any:
        """The merged result of two branches, and of what they did; RaisedInBranch if both raise."""
        if isinstance(condition, Constant):
            return then() if condition.value else orelse()
        a, b = self.branch(then), self.branch(orelse)
        own_memory: set[Storage] = set()
        while True:
            merger = Merger(self, a, b, own_memory)
            try:
                rebuilds = self._merge_all(merger, a, b)
                break
            except SharesMemory as shared:
                own_memory |= shared.storages
        outs = self._emit_ifelse(condition, a, b, merger.slots)
        result = None
        for place, rebuild in rebuilds:
            value = rebuild(outs)
            if place is None:
                result = value
            elif place[0] == "storage":
                if value is not place[1].value:
                    self.state.write_storage(place[1], value)
            else:
                self.state.write(place, value)
        if a.raised and b.raised:
            raise RaisedInBranch
        return result

    def _merge_all(self, merger: Merger, a: Branch, b: Branch) -> list[tuple[Any, Any]]:
        rebuilds: list[tuple[Any, Any]] = []
        for place in dict.fromkeys([*a.final, *b.final]):
            now = self.state.get_place(place)
            values = [ABSENT if side.raised else self._sided(side, place, now) for side in (a, b)]
            rebuilds.append((place, merger.merge_place(place, *values)))
        if not (a.raised and b.raised):
            results = [ABSENT if side.raised else side.result for side in (a, b)]
            rebuilds.append((None, merger.merge(*results)))
        return rebuilds

    def _sided(self, side: Branch, place: Place, now: Any) -> Any:
        return side.final.get(place, now)

    def _emit_ifelse(
        self, condition: Variable, a: Branch, b: Branch, slots: list[tuple[Variable, Variable]]
    ) -> tuple[Variable, ...]:
        sides = (a, b)
        if not slots:
            if not a.region.roots and not b.region.roots:
                return ()
            slots = [(constant(0), constant(0))]  # what makes a node that is there for its effects a root
        outputs = [[side.region.lift(pair[k]) for pair in slots] for k, side in enumerate(sides)]
        captured = list(dict.fromkeys([*a.region.captured(), *b.region.captured()]))
        graphs = []
        for k, side in enumerate(sides):
            inputs = [_input_for(side.region, v) for v in captured]
            graphs.append(
                Graph(
                    inputs,
                    outputs[k],
                    side.region.roots,
                    name=("then", "else")[k],
                    locations=side.region.locations,
                )
            )
        node = self.state.emit(
            control.ifelse, [condition, *captured], {"then": graphs[0], "orelse": graphs[1]}
        )
        return node.outputs

    def choose_block(
        self, condition: Variable, then: Callable[[], Completion], orelse: Callable[[], Completion]
    ) -> Completion:
        """`choose` for blocks of statements: merges how they completed too."""
        kinds: set[int] = set()

        def coded(block: Callable[[], Completion]) -> Callable[[], Any]:
            def action() -> Any:
                completion = block()
                kinds.update(completion.kinds)
                return completion.code

            return action

        code = self.choose(condition, coded(then), coded(orelse))
        return Completion(frozenset(kinds), code)

    def is_kind(self, completion: Completion, kinds: set[int]) -> Any:
        """Whether a completion is one of these kinds: a bool, or a BOOL variable."""
        if completion.kinds <= kinds:
            return True
        if not completion.kinds & kinds:
            return False
        result: Any = None
        for kind in sorted(completion.kinds & kinds):
            equal = self.state.emit(PYTHON["eq"], [self.arrays.variable(completion.code), constant(kind)]).out
            result = equal if result is None else self.state.emit(PYTHON["or"], [result, equal]).out
        return result

    def resolve(self, union: TracedUnion, action: Callable[[Any], Any]) -> Any:
        """Do something with whichever alternative a union is."""
        rest = list(enumerate(union.alternatives))

        def chain(position: int) -> Any:
            k, value = rest[position]
            if position == len(rest) - 1:
                return action(value)
            tag = self.state.region.lift(union.tag)
            is_k = self.state.emit(PYTHON["eq"], [tag, constant(k)]).out
            return self.choose(is_k, lambda: action(value), lambda: chain(position + 1))

        return chain(0)

    def normalised(self, union: TracedUnion, key: Callable[[Any], Any]) -> Any:
        """The union with alternatives of one key made one value (arrays: one new memory), in the order of keys."""
        groups: dict[Any, list[int]] = {}
        for k, value in enumerate(union.alternatives):
            groups.setdefault(key(value), []).append(k)
        order = sorted(groups, key=repr)
        members = [groups[k] for k in order]
        if [m[0] for m in members] == list(range(len(union.alternatives))):
            return union if len(members) > 1 else union.alternatives[0]
        values = [self._one_of(union, m) for m in members]
        if len(values) == 1:
            return values[0]
        tag = self.state.region.lift(union.tag)
        number: Variable = constant(0)
        for place, ks in enumerate(members):
            for k in ks if place else ():
                is_k = self.state.emit(PYTHON["eq"], [tag, constant(k)]).out
                part = self.state.emit(PYTHON["mul"], [is_k, constant(place)]).out
                number = self.state.emit(PYTHON["add"], [number, part]).out
        return TracedUnion(number, tuple(values))

    def _one_of(self, union: TracedUnion, members: list[int]) -> Any:
        """The one value that alternatives of one form are at run time."""
        if len(members) == 1:
            return union.alternatives[members[0]]

        def fresh(k: int) -> Any:
            value = union.alternatives[k]
            return self.arrays.wrap(self.arrays.read(value)) if type(value) is TracedArray else value

        first, rest = members[0], members[1:]
        tag = self.state.region.lift(union.tag)
        is_first = self.state.emit(PYTHON["eq"], [tag, constant(first)]).out
        return self.choose(is_first, lambda: fresh(first), lambda: self._one_of_fresh(union, rest, fresh))

    def _one_of_fresh(self, union: TracedUnion, members: list[int], fresh: Callable[[int], Any]) -> Any:
        if len(members) == 1:
            return fresh(members[0])
        tag = self.state.region.lift(union.tag)
        is_first = self.state.emit(PYTHON["eq"], [tag, constant(members[0])]).out
        return self.choose(
            is_first, lambda: fresh(members[0]), lambda: self._one_of_fresh(union, members[1:], fresh)
        )

    def unify(self, union: TracedUnion, *, loose: bool = False) -> Any:
        """The one value that a union is where all its alternatives have one type; Fallback if they differ.

        loose: Python's float and numpy.float64, and the like, count as one, where only the value matters.
        """
        if loose:
            union = TracedUnion(union.tag, tuple([self._as_numpy(v) for v in union.alternatives]))

        def key(value: Any) -> Any:
            if type(value) is TracedArray:
                type_ = self.arrays.type(value)
                return ("array", type_.dtype, type_.ndim)
            return ("scalar", self.arrays.variable(value).type) if _is_scalar(value) else ("other", id(value))

        merged = self.normalised(union, key)
        if type(merged) is TracedUnion:
            msg = "a value that is of one kind or another at run time takes part in an operation"
            raise Fallback(msg)
        return merged

    def _as_numpy(self, value: Any) -> Any:
        if not _is_scalar(value):
            return value
        variable = self.arrays.variable(value)
        return TracedScalar(self.state.emit(elementwise.as_kind, [variable], {"kind": SCALAR}).out)

    def resolve_all(self, values: list[Any], action: Callable[[list[Any]], Any]) -> Any:
        """Do something with values of which some, or entries of tuples among them, are unions."""
        for k, value in enumerate(values):
            if type(value) is TracedUnion:
                return self.resolve(
                    value, lambda v: self.resolve_all([*values[:k], v, *values[k + 1 :]], action)
                )
            if type(value) is tuple and any(type(v) is TracedUnion for v in value):
                return self.resolve_all(
                    list(value),
                    lambda entries: self.resolve_all([*values[:k], tuple(entries), *values[k + 1 :]], action),
                )
        return action(values)

    def without(self, union: TracedUnion, dropped: Callable[[Any], bool]) -> Any:
        """The union, known not to be one of some alternatives."""
        kept = [k for k, v in enumerate(union.alternatives) if not dropped(v)]
        if not kept or len(kept) == len(union.alternatives):
            return union
        if len(kept) == 1:
            return union.alternatives[kept[0]]
        tag = self.state.region.lift(union.tag)
        number: Variable = constant(0)
        for place, k in enumerate(kept[1:], 1):
            is_k = self.state.emit(PYTHON["eq"], [tag, constant(k)]).out
            part = self.state.emit(PYTHON["mul"], [is_k, constant(place)]).out
            number = self.state.emit(PYTHON["add"], [number, part]).out
        return TracedUnion(number, tuple([union.alternatives[k] for k in kept]))

    # Loops -----------------------------------------------------------------------------------------------------

    def loop(self, loop: Loop) -> Completion:
        """Trace a loop from its first step; NORMAL if it runs to its end, else BREAK, RETURN or a mixture."""
        go: Any = True if loop.test is None else loop.test()
        return self._from(loop, 0, go)

    def _from(self, loop: Loop, offset: int, go: Any) -> Completion:
        self.check_size(loop)
        if go is False or (type(loop.length) is int and loop.length <= offset):
            return COMPLETIONS[NORMAL]
        remaining = loop.length - offset if type(loop.length) is int else None
        short = remaining is not None and remaining <= UNROLLED_STEPS
        if not (short or loop.must_unroll):
            try:
                return self._scan(loop, offset, go)
            except Mismatch as mismatch:
                loop.peels += 1
                reason = mismatch.reason
                if loop.peels > MOST_PEELS:
                    reason = f"the loop at line {loop.line}: {reason}"
                    if not self._may_unroll(loop, offset, go):
                        raise Fallback(reason) from None
                    loop.must_unroll = True
            except NeedsUnrolling as needed:
                if not self._unrollable(loop, needed):
                    raise
                loop.must_unroll = True
        if loop.must_unroll and isinstance(loop.length, Variable):
            self.force(loop.length, f"the number of steps of the loop at line {loop.line}")
        if loop.must_unroll and not self._may_unroll(loop, offset, go):
            msg = f"the loop at line {loop.line} would have to be unrolled, and its length is not known or too great"
            raise Fallback(msg)
        return self._peeled(loop, offset, go)

    def check_size(self, loop: Loop) -> None:
        if self.state.nodes_built > MOST_NODES:
            msg = f"the graph grows past {MOST_NODES} nodes at line {loop.line}"
            raise Fallback(msg)

    def _may_unroll(self, loop: Loop, offset: int, go: Any) -> bool:
        if loop.length is None:
            return go is True and offset <= LONGEST_UNROLLED
        return type(loop.length) is int and loop.length <= LONGEST_UNROLLED

    def _unrollable(self, loop: Loop, needed: NeedsUnrolling) -> bool:
        if getattr(loop, "_region", None) is not needed.region:
            return False
        if isinstance(loop.length, Variable):
            self.force(loop.length, f"the number of steps of the loop at line {loop.line}")
        return True

    def _peeled(self, loop: Loop, offset: int, go: Any) -> Completion:
        """The next step on its own, then the rest of the loop."""
        certain = go is True and not isinstance(loop.length, Variable)
        if certain:
            return self._step_then_rest(loop, offset)
        condition = None if go is True else self.arrays.variable(go)
        if isinstance(loop.length, Variable):
            length = self.state.region.lift(loop.length)
            more = self.state.emit(PYTHON["gt"], [length, constant(offset)]).out
            condition = more if condition is None else self.state.emit(PYTHON["and"], [condition, more]).out
        assert condition is not None
        return self.choose_block(
            condition, lambda: self._step_then_rest(loop, offset), lambda: COMPLETIONS[NORMAL]
        )

    def _step_then_rest(self, loop: Loop, offset: int) -> Completion:
        if loop.bind is not None:
            loop.bind(offset)
        done = loop.body()
        kept = self.is_kind(done, {NORMAL, CONTINUE})
        left = Completion(done.kinds - {NORMAL, CONTINUE}, done.code)

        def rest() -> Completion:
            go = True if loop.test is None else loop.test()
            return self._from(loop, offset + 1, go)

        if kept is True:
            return rest()
        if kept is False:
            return left
        return self.choose_block(kept, rest, lambda: left)

    def _scan(self, loop: Loop, offset: int, go: Any) -> Completion:
        places, weak = loop.places, loop.weak
        frame = loop.frame
        hinted = self.hints.setdefault(loop.key, ({}, set()))
        places.update((("local", frame, name), None) for name in sorted(loop.assigned & loop.head))
        places.update((("local", frame, name), None) for name in sorted(hinted[1]))
        for _ in range(12):
            try:
                return _ScanTracer(self, loop, offset, go, list(places), weak).run()
            except Again:
                hinted[1].update(p[2] for p in places if p[0] == "local" and p[1] is frame)
                continue
        msg = f"the loop at line {loop.line}: what its steps carry does not settle"
        raise Fallback(msg)


@dataclasses.dataclass
class Packed:
    """A value taken apart: a skeleton that two values of the same form share, and the variables in it."""

    skeleton: Any
    leaves: list[Variable]
    labels: list[str]
    frozen: dict[int, str] = dataclasses.field(default_factory=dict)


class _ScanTracer:
    """One attempt at tracing the body of a loop as a Scan."""

    def __init__(
        self, control_: Control, loop: Loop, offset: int, go: Any, places: list[Place], weak: dict[Any, Type]
    ) -> None:
        self.control, self.loop, self.offset, self.go = control_, loop, offset, go
        self.state, self.arrays = control_.state, control_.arrays
        self.places = places
        self.weak = weak
        self.parent = self.state.region
        self.region = Region("loop", self.parent)
        loop._region = self.region  # type: ignore[attr-defined]
        self.roles: dict[Storage, int] = {}
        self.shared = self._shared_storages()

    # Taking values apart -----------------------------------------------------------------------------------------

    def _shared_storages(self) -> set[Storage]:
        """Storages that something besides the carried places refers to."""
        carried = {p[2] for p in self.places if p[0] == "local" and p[1] is self.loop.frame}
        live = self.loop.head | self.loop.after
        found: set[Storage] = set()
        seen: set[int] = set()
        pending: list[Any] = []
        for frame in self.state.frames:
            names = set(frame.locals)
            if frame is self.loop.frame:
                names = {n for n in names if n not in carried and (n in live or n.startswith("<"))}
            pending.extend(frame.locals[n] for n in names)
        while pending:
            value = pending.pop()
            if id(value) in seen:
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
            elif type(value) is dict:
                pending.extend(value.values())
            elif type(value) is InterpretedFunction and value.frame is not None:
                pending.extend(
                    v
                    for n, v in value.frame.locals.items()
                    if value.frame is not self.loop.frame or n not in carried
                )
        return found

    def movable(self, storage: Storage) -> bool:
        if self.state.region is self.region or self.state.region.within(self.region):
            return storage.region.within(self.region)
        return storage.origin is None and storage not in self.shared

    def pack(self, value: Any, packed: Packed, slots: dict[Any, int], label: str) -> Any:
        """The skeleton of a value; its variables are added to `packed`."""
        kind = type(value)
        if kind is TracedScalar or is_number(value):
            variable = self.arrays.variable(value)
            self._leaf(packed, variable, label)
            return ("scalar", variable.type)
        if kind is TracedArray:
            return self._pack_array(value, packed, slots, label)
        if kind is TracedObject:
            self._leaf(packed, self.arrays.variable(value), label)
            return ("object", value.variable.type)
        if isinstance(value, tuple):
            return ("tuple", kind, tuple([self.pack(v, packed, slots, label) for v in value]))
        if kind is TracedList and self.state.made_in(value) is not None and not self._identity_matters(value):
            if value.dynamic is not None:
                return ("dynamic", *self._pack_dynamic(value.dynamic, packed, label))
            return ("list", tuple([self.pack(v, packed, slots, label) for v in list.__iter__(value)]))
        if kind is TracedUnion:
            value = self.control.normalised(value, self.form_key)
            if type(value) is not TracedUnion:
                return self.pack(value, packed, slots, label)
            self._leaf(packed, self.state.region.lift(value.tag), label)
            return ("union", tuple([self.pack(v, packed, slots, label) for v in value.alternatives]))
        if kind is TracedRange:
            return (
                "range",
                tuple([self.pack(v, packed, slots, label) for v in (value.start, value.stop, value.step)]),
            )
        return ("same", Box(value)) if not _hashable(value) else ("constant", kind, value)

    def form_key(self, value: Any) -> Any:
        """What alternatives of a union must agree in to be carried as one."""
        kind = type(value)
        if kind is TracedScalar or is_number(value):
            return ("scalar", self.arrays.variable(value).type)
        if kind is TracedArray:
            if self.movable(value.storage):
                type_ = self.arrays.type(value)
                return ("array", type_.dtype, type_.ndim)
            return ("reference", value.storage, value.steps)
        if isinstance(value, tuple):
            return ("tuple", kind, tuple([self.form_key(v) for v in value]))
        return ("same", id(value)) if not _hashable(value) else ("constant", kind, value)

    def embedded(self, value: Any, skeleton: Any) -> Any:
        """The value as a union of the alternatives that the skeleton has, if it is one of them; else itself."""
        keys = [_skeleton_key(s) for s in skeleton[1]]
        if None in keys:
            return value
        if type(value) is TracedUnion:
            value = self.control.normalised(value, self.form_key)
        own = value.alternatives if type(value) is TracedUnion else (value,)
        places = []
        for alternative in own:
            key = _value_key(self, alternative)
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
        if skeleton[0] == "scalar":
            return TracedScalar(control.undefined(type=skeleton[1]))
        if skeleton[0] == "reference":
            steps = [Step(op, constants, params) for op, constants, params in skeleton[2]]
            return TracedArray(skeleton[1], tuple(steps))
        if skeleton[0] == "array":
            type_ = array_type(skeleton[2], (None,) * skeleton[3])
            return TracedArray(Storage(control.undefined(type=type_), self.region))
        return skeleton[2]

    def _identity_matters(self, value: TracedList) -> bool:
        return not self.state.region.within(self.region) or self.state.made_in(value) is not self.region

    def _leaf(self, packed: Packed, variable: Variable, label: str) -> None:
        packed.leaves.append(variable)
        packed.labels.append(label)

    def _pack_array(self, value: TracedArray, packed: Packed, slots: dict[Any, int], label: str) -> Any:
        storage = value.storage
        if self.movable(storage):
            key = (storage, value.steps)
            if key in slots:
                return ("alias", slots[key])
            if any(k[0] is storage for k in slots):
                raise Mismatch(f"`{label}` shares memory with another array that the loop carries")
            slots[key] = len(slots)
            if storage in self.arrays.uncertain:
                packed.frozen[slots[key]] = self.arrays.uncertain[storage]
            variable = self.arrays.read(value)
            self._leaf(packed, variable, label)
            return ("array", slots[key], variable.dtype, variable.ndim)
        steps = []
        for step in value.steps:
            for leaf in step.inputs:
                if not isinstance(leaf, Constant):
                    self._leaf(packed, self.state.region.lift(leaf), label)
            constants = tuple([v if isinstance(v, Constant) else None for v in step.inputs])
            steps.append((step.op, constants, step.params))
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
                inputs = tuple([leaves.pop(0) if v is None else v for v in constants])
                steps.append(Step(op, inputs, params))
            return TracedArray(skeleton[1], tuple(steps))
        return skeleton[1].target if kind == "same" else skeleton[2]

    def pack_places(self, places: list[Place]) -> tuple[dict[Place, Any], Packed]:
        """The skeleton of each place, and all their variables."""
        packed = Packed(None, [], [])
        slots: dict[Any, int] = {}
        skeletons: dict[Place, Any] = {}
        for place in places:
            value = self.state.get_place(place)
            label = _label(place)
            if place[0] == "items":
                skeletons[place] = self._pack_items(place, value, packed, slots, label)
            elif place[0] == "entries":
                skeletons[place] = (
                    "entries", tuple(value), tuple([self.pack(v, packed, slots, label) for v in value.values()])
                )  # fmt: skip
            elif place[0] == "view":
                raise Mismatch("an array gets another shape in place at each step")
            else:
                skeletons[place] = self.pack(value, packed, slots, label)
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
        self.loop.frozen.update(entry.frozen)
        types = [self._weak_type(k, v.type) for k, v in enumerate(entry.leaves)]
        heads = [self._input(t, label) for t, label in zip(types, entry.labels, strict=True)]
        frames = list(self.state.frames)
        lines = [f.line for f in frames]
        self.state.region = self.region
        try:
            leaves, made = list(heads), {}
            for place in self.places:
                self.state.replace(place, self.unpack_place(skeletons[place], leaves, made))
            step = self._input(INT, "step") if self.loop.length is not None else None
            done, go = self._trace_step(step)
            ends, end = self._compare(skeletons, types)
            lasts = self._lasts(done)
            graph_outputs = self._outputs(go, end, done, lasts)
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
        self.state.undo(self.region)
        return self._build(step, skeletons, entry, heads, graph_outputs, done, lasts)

    def _prepare(self, place: Place) -> None:
        """Give a place the form in which earlier attempts found that it must be carried."""
        value = self.state.get_place(place)
        if place in self.loop.detached and type(value) is TracedArray:
            self.state.write(place, self._detached(value))
        elif place in self.loop.wide:
            self.state.write(place, self.embedded(value, self.loop.wide[place]))

    def _detached(self, value: TracedArray) -> TracedArray:
        """What a view shows, as an array of its own that must not be written, nor what it was a view of."""
        if not value.steps:
            return value
        reason = "an array of which a loop carries a view that changes is written"
        self.arrays.freeze(value.storage, reason)
        array = self.arrays.wrap(self.arrays.read(value))
        self.arrays.freeze(array.storage, reason)
        return array

    def _input(self, type_: Type, label: str) -> Variable:
        variable = input_variable(type_, label)
        variable.scope = self.region
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
            return done, loop.test()
        test = loop.test
        return done, self.control.choose(kept, lambda: _as_scalar(test()), lambda: False)

    def _compare(self, skeletons: dict[Place, Any], types: list[Type]) -> tuple[dict[Place, Any], Packed]:
        """What the step leaves, if it has the form of what it found; else Again or Mismatch."""
        self._find_places()
        for place in self.places:
            if skeletons[place][0] == "union":
                value = self.state.get_place(place)
                self.state.replace(place, self.embedded(value, skeletons[place]))
        ends, end = self.pack_places(self.places)
        for place in self.places:
            if not _same_form(skeletons[place], ends[place]):
                self._differs(place, skeletons[place], ends[place])
        if set(end.frozen) - set(self.loop.frozen):
            self.loop.frozen.update(end.frozen)
            raise Again
        for k, (head, variable, label) in enumerate(zip(types, end.leaves, end.labels, strict=True)):
            joined = join(head, variable.type)
            if joined is None:
                raise Mismatch(f"`{label}` is {head!r} before a step and {variable.type!r} after it")
            if joined is not head:
                self.weak[(self.loop.peels, k)] = joined
                raise Again
        return ends, end

    def _differs(self, place: Place, head: Any, end: Any) -> None:
        label = _label(place)
        grows = end[0] == "dynamic items" or (end[0] == "items" and len(end[1]) != len(head[1]))
        if head[0] == "items" and grows:
            items, dynamic = self.state.get_place(place)
            self.weak[place] = self.control.lists.form_of(items) if dynamic is None else dynamic.form
            raise Again
        if head[0] == end[0] == "reference" and head[1] is end[1] and head[2]:
            self.loop.detached.add(place)
            raise Again
        self._widen(place, head, end)
        raise Mismatch(
            f"`{label}` has another form after a step ({_form(end)}) than before it ({_form(head)})"
        )

    def _widen(self, place: Place, head: Any, end: Any) -> None:
        """Where peeling did not help, carry one of several forms, told apart by a tag: the body is traced again."""
        forms = [f for s in (head, end) for f in (s[1] if s[0] == "union" else (s,))]
        keys = [_skeleton_key(f) for f in forms]
        if self.loop.peels < 1 or None in keys:
            return
        distinct = dict(zip(keys, forms, strict=True))
        wide = ("union", tuple([distinct[k] for k in sorted(distinct, key=repr)]))
        if len(distinct) > 1 and self.loop.wide.get(place) != wide:
            self.loop.wide[place] = wide
            raise Again

    def _find_places(self) -> None:
        """Places that the step changed and that are not carried yet: the loop is traced again, carrying them."""
        loop = self.loop
        known = set(self.places)
        new = False
        for place in self.region.log:
            if place in known or place[0] == "storage":
                continue
            if place[0] == "local" and place[1] is loop.frame:
                name = place[2]
                if name.startswith("<") or name in loop.assigned:
                    continue
            loop.places[place] = None
            new = True
        if new:
            raise Again

    def _lasts(self, done: Completion) -> list[tuple[Place, Any, Packed]]:
        """Names that only what comes after the loop reads: their value after the last step."""
        loop = self.loop
        known = set(self.places)
        names = sorted((loop.assigned & loop.after) | ({"<return>"} if RETURN in done.kinds else set()))
        result = []
        for name in names:
            place = ("local", loop.frame, name)
            if place in known or place not in self.region.log or name not in loop.frame.locals:
                continue
            packed = Packed(None, [], [])
            skeleton = self.pack(loop.frame.locals[name], packed, {}, name)
            result.append((place, skeleton, packed))
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
                    raise Fallback(self.arrays.uncertain[storage])
                if joined is not head.type:
                    raise Mismatch(f"an array is {head.type!r} before a step and {final.type!r} after it")
                written[storage] = (head, final)
        exits = done.kinds & {BREAK, RETURN}
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

    def _build(
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
                type_ = _unknown_dims(leaf.type)
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
            inputs.append(self._steps())
        if conditional:
            inputs.append(constant(True) if self.go is True else self.arrays.variable(self.go))
        inputs += [parent.lift(v) for v in (*initial, *captured)]
        params = {"body": body, "n_carry": len(carry_in), "counted": counted, "conditional": conditional}
        outs = list(state.emit(control.scan, inputs, params).outputs)
        return self._rebuild(skeletons, entry, out, outs, lasts, inputs)

    def _truth(self, go: Any) -> Variable:
        return constant(go) if type(go) is bool else go

    def _steps(self) -> Variable:
        length = self.loop.length
        if type(length) is int:
            return constant(length - self.offset)
        length = self.parent.lift(length)
        return self.state.emit(PYTHON["sub"], [length, constant(self.offset)]).out if self.offset else length

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
            completion = Completion(frozenset({NORMAL, *out["exits"]}), code)
        if lasts:
            self._write_lasts(lasts, rest, inputs)
        return completion

    def _write_lasts(
        self, lasts: list[tuple[Place, Any, Packed]], rest: list[Variable], inputs: list[Any]
    ) -> None:
        state = self.state
        values = [(place, self.unpack(skeleton, rest, {})) for place, skeleton, _ in lasts]
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


def _cannot_force(variable: Variable, what: str) -> Any:
    msg = f"{what} is not known while tracing"
    raise Fallback(msg)


def _input_for(region: Region, outer: Variable) -> Variable:
    """The input through which a region captures a variable; an unused one if it does not."""
    found = region.captures.get(outer)
    return input_variable(outer.type, outer.name) if found is None else found


def _is_scalar(value: Any) -> bool:
    return type(value) is TracedScalar or is_number(value)


def _as_scalar(truth: Any) -> Any:
    return TracedScalar(truth) if isinstance(truth, Variable) else truth


def _skeleton_key(skeleton: Any) -> Any:
    """The key of an alternative that a value of another form may stand beside; None for nested forms."""
    if skeleton[0] == "scalar":
        return ("scalar", skeleton[1])
    if skeleton[0] == "array":
        return ("array", skeleton[2], skeleton[3])
    if skeleton[0] == "constant":
        return ("constant", skeleton[1], skeleton[2])
    if skeleton[0] == "reference" and not any(None in constants for _, constants, _ in skeleton[2]):
        return ("reference", skeleton[1], tuple([Step(op, constants, params) for op, constants, params in skeleton[2]]))
    return None


def _value_key(tracer: _ScanTracer, value: Any) -> Any:
    return tracer.form_key(value)


def _unknown_dims(type_: Type) -> Type:
    if isinstance(type_, TensorType) and type_.is_array:
        return array_type(type_.dtype, (None,) * type_.ndim)
    return type_


def _hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _same_form(a: Any, b: Any) -> bool:
    if a[0] != b[0]:
        return False
    return bool(a == b)


def _label(place: Place) -> str:
    return (
        str(place[2])
        if place[0] == "local"
        else {"items": "a list", "entries": "a dict"}.get(place[0], place[0])
    )


def _form(skeleton: Any) -> str:
    kind = skeleton[0]
    if kind == "scalar":
        return repr(skeleton[1])
    if kind == "array":
        return f"array of {skeleton[2]} with {skeleton[3]} axes"
    if kind == "reference":
        return "an array that is in use elsewhere"
    if kind == "constant":
        return repr(skeleton[2])
    return str(kind)
