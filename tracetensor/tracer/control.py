"""Branches and loops: each traced once on fresh inputs, its effects collected, then taken back and merged."""

from __future__ import annotations

import contextlib
import functools
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback, TracerSignal, TypeInferenceError
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Constant, Variable, constant, input_variable
from tracetensor.graph.ops import control, elementwise
from tracetensor.graph.ops.checkpoints import scheduled
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import SCALAR
from tracetensor.tracer.lists import Lists
from tracetensor.tracer.merge import ABSENT, Branch, Merger, SharesMemory, is_number
from tracetensor.tracer.slices import view_key
from tracetensor.tracer.state import NeedsUnrolling, Region
from tracetensor.tracer.values import (
    Step,
    TracedArray,
    TracedScalar,
    TracedUnion,
    Within,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from tracetensor.graph.node import Node
    from tracetensor.tracer.arrays import Arrays
    from tracetensor.tracer.changing import Watched
    from tracetensor.tracer.state import Place, State
    from tracetensor.tracer.stores import Stores
from tracetensor.tracer.flow import (
    COMPLETIONS,
    CONTINUE,
    NORMAL,
    Again,
    Completion,
    Hints,
    Loop,
    Mismatch,
    RaisedInBranch,
    completion_of,
    genuine,
    not_internal,
)
from tracetensor.tracer.loops import ScanTracer

UNROLLED_STEPS = 4
LONGEST_UNROLLED = 512
MOST_PEELS = 4
ENDLESS = 1 << 62
MOST_MERGES = 100
MOST_LESSONS = 12
MOST_ALTERNATIVES = 12
"""Of a value that is computed with: each use asks which one it is, so that the graph grows with every alternative."""


class Control:
    """Traces branches and loops."""

    stores: Stores

    def __init__(self, state: State, arrays: Arrays) -> None:
        self.state = state
        self.arrays = arrays
        self.lists = Lists(state, arrays)
        self.lists.normalised = self.normalised
        arrays.unify = self.unify
        self.active: list[Loop] = []
        self.hints: dict[Any, Hints] = {}
        self.keep: Callable[[], None] = lambda: None
        self.force: Callable[[Variable, str], Any] = _cannot_force
        self.watch: Callable[[Any], Watched]
        self.schedule: Any = None  # of loops that have none of their own

    # Branches --------------------------------------------------------------------------------------------------

    def branch(self, action: Callable[[], Any]) -> Branch:
        """Trace one branch; what it changed is taken back, and returned."""
        parent = self.state.region
        frames = list(self.state.frames)
        lines = [f.line for f in frames]
        region = Region("branch", parent)
        self.state.region = region
        dirty = [dict(scope.dirty) for scope in self.state.attempts]
        raised, result = False, None
        try:
            result = action()
        except RaisedInBranch:
            raised = True
        except Exception as error:
            raised = True
            not_internal(error)
            if self.state.attempts:
                genuine(error)
            self.raise_always(error)
        except TracerSignal:
            self.state.undo(region)
            raise
        finally:
            self.state.region = parent
            self.state.frames[:] = frames
            for frame, line in zip(frames, lines, strict=True):
                frame.line = line
            for scope, before in zip(self.state.attempts, dirty, strict=False):
                scope.dirty = before
        return Branch(region, raised, result, self.state.undo(region))

    def raise_always(self, error: Exception) -> None:
        """Make the current branch raise this error at run time."""
        if isinstance(error, TypeInferenceError):
            if error.failed is None:
                msg = f"a branch raises {error!r} while it is traced"
                raise Fallback(msg)
            op, inputs, params = error.failed
            self.state.adopt_built_all(list(inputs))
            params = {"op": op, "params": tuple(sorted(params.items()))}
            self._raise_where(error, self.state.emit(control.failing, inputs, params))
            return
        arguments = tuple(("constant", a) for a in error.args if isinstance(a, (str, int, float, type(None))))
        if len(arguments) != len(error.args):
            msg = f"a branch raises {error!r} while it is traced"
            raise Fallback(msg)
        params = {"exception": type(error), "arguments": arguments}
        self._raise_where(error, self.state.emit(control.raise_if, [constant(True)], params))

    def _raise_where(self, error: Exception, node: Node) -> None:
        """Let a node raise on the line where tracing raised, in a function that may have been left since."""
        if self.state.raised is not None and self.state.raised[0] is error:
            self.state.region.locations[node] = self.state.raised[1]
        self.state.raised = None

    def choose(self, condition: Variable, then: Callable[[], Any], orelse: Callable[[], Any]) -> Any:
        """The merged result of two branches, and of what they did; RaisedInBranch if both raise."""
        if isinstance(condition, Constant):
            return then() if condition.value else orelse()
        a, b = self.branch(then), self.branch(orelse)
        merger, rebuilds = self.merged(a, b)
        outs = self._emit_ifelse(condition, a, b, merger.slots)
        result = self.rebuilt(rebuilds, outs)
        if a.raised and b.raised:
            raise RaisedInBranch
        return result

    def merged(self, a: Branch, b: Branch) -> tuple[Merger, list[tuple[Any, Any]]]:
        """What makes the merged places and result of two branches of the outputs that the merger collects."""
        own_memory: set[Any] = set()
        for _ in range(MOST_MERGES):
            merger = Merger(self, a, b, own_memory)
            try:
                rebuilds = self._merge_all(merger, a, b)
                merger.read()
                return merger, rebuilds
            except SharesMemory as shared:
                own_memory |= shared.kept
        msg = "how lists and arrays made in branches are shared does not settle"
        raise Fallback(msg)

    def rebuilt(self, rebuilds: list[tuple[Any, Any]], outs: tuple[Variable, ...]) -> Any:
        """Put the merged values in their places; the merged result."""
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
        return result

    def _merge_all(self, merger: Merger, a: Branch, b: Branch) -> list[tuple[Any, Any]]:
        rebuilds: list[tuple[Any, Any]] = []
        if a.raised and b.raised:
            return rebuilds
        for place in dict.fromkeys([*a.final, *b.final]):
            now = self.state.get_place(place)
            values = [ABSENT if side.raised else self._sided(side, place, now) for side in (a, b)]
            rebuilds.append((place, merger.merge_place(place, *values)))
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

    def is_kind(self, completion: Completion, kinds: frozenset[int] | set[int]) -> Any:
        """Whether a completion is one of these kinds: a bool, or a BOOL variable."""
        if completion.kinds <= kinds:
            return True
        if not completion.kinds & kinds:
            return False
        code = self.arrays.variable(completion.code)
        flags = [
            self.state.emit(PYTHON["eq"], [code, constant(kind)]).out
            for kind in sorted(completion.kinds & kinds)
        ]
        return self._any(flags)

    def recoded(self, completion: Completion, kinds: dict[int, int]) -> Completion:
        """The completion with its kinds renamed."""
        changed = [k for k in sorted(completion.kinds) if kinds.get(k, k) != k]
        if not changed:
            return completion
        new = frozenset([kinds.get(k, k) for k in completion.kinds])
        if len(new) == 1:
            return completion_of(next(iter(new)))
        old = self.arrays.variable(completion.code)
        code = old
        for k in changed:
            is_k = self.state.emit(PYTHON["eq"], [old, constant(k)]).out
            part = self.state.emit(PYTHON["mul"], [is_k, constant(kinds[k] - k)]).out
            code = self.state.emit(PYTHON["add"], [code, part]).out
        return Completion(new, self.arrays.wrap(code))

    def resolve(self, union: TracedUnion, action: Callable[[Any], Any]) -> Any:
        """Do something with whichever alternative a union is."""
        if len(union.alternatives) > MOST_ALTERNATIVES:
            msg = f"a value is one of {len(union.alternatives)} kinds at run time, more than {MOST_ALTERNATIVES}"
            raise Fallback(msg)
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
        models = [union.alternatives[k] for k in members]
        if all(type(v) is TracedArray and view_key(v) == view_key(models[0]) for v in models):
            return self.one_view(union, members)

        def fresh(k: int) -> Any:
            value = union.alternatives[k]
            return self.arrays.wrap(self.arrays.read(value)) if type(value) is TracedArray else value

        return self._one_of_fresh(union, members, fresh, sure=len(members) == len(union.alternatives))

    def one_view(self, union: TracedUnion, members: list[int]) -> TracedArray:
        """The view that some alternatives are which differ only in what their steps are given."""
        model: TracedArray = union.alternatives[members[0]]
        given = {k: [v for s in union.alternatives[k].steps for v in s.inputs] for k in members}
        if all(leaves == given[members[0]] for leaves in given.values()):
            return model
        tag = self.state.region.lift(union.tag)

        def chosen(rest: list[int]) -> Any:
            values = tuple([TracedScalar(self.state.region.lift(v)) for v in given[rest[0]]])
            if len(rest) == 1:
                return values
            is_first = self.state.emit(PYTHON["eq"], [tag, constant(rest[0])]).out
            return self.choose(is_first, lambda: values, lambda: chosen(rest[1:]))

        leaves = [self.state.outermost(self.arrays.variable(v)) for v in chosen(members)]
        steps = [Step(s.op, tuple([leaves.pop(0) for _ in s.inputs]), s.params) for s in model.steps]
        return TracedArray(model.storage, tuple(steps), rebuilt=True)

    def _one_of_fresh(
        self, union: TracedUnion, members: list[int], fresh: Callable[[int], Any], *, sure: bool
    ) -> Any:
        """`sure`: the union is one of these members."""
        if len(members) == 1 and (sure or not _has_steps(union.alternatives[members[0]])):
            return fresh(members[0])
        tag = self.state.region.lift(union.tag)
        is_first = self.state.emit(PYTHON["eq"], [tag, constant(members[0])]).out

        def rest() -> Any:
            if len(members) == 1:
                raise RaisedInBranch  # never gets there
            return self._one_of_fresh(union, members[1:], fresh, sure=sure)

        return self.choose(is_first, lambda: fresh(members[0]), rest)

    def read_within(self, array: TracedArray, places: Collection[tuple[Within, ...]]) -> Variable:
        """What an array shows, undefined where it stands in none of these places, each inside alternatives of unions.

        A view is taken only there, since elsewhere it might raise.
        """
        if not array.steps or () in places:
            return self.arrays.read(array)

        def never() -> Any:
            raise RaisedInBranch

        anywhere = self._any([self._all([self._is(*within) for within in place]) for place in places])
        read = self.choose(anywhere, lambda: self.arrays.wrap(self.arrays.read(array)), never)
        return self.arrays.variable(read)

    def _is(self, tag: Variable, k: int) -> Variable:
        return self.state.emit(PYTHON["eq"], [self.state.region.lift(tag), constant(k)]).out

    def _all(self, flags: list[Variable]) -> Variable:
        return functools.reduce(lambda a, b: self.state.emit(PYTHON["and"], [a, b]).out, flags)

    def _any(self, flags: list[Variable]) -> Variable:
        return functools.reduce(lambda a, b: self.state.emit(PYTHON["or"], [a, b]).out, flags)

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
                    value,
                    lambda v, k=k: self.resolve_all([*values[:k], v, *values[k + 1 :]], action),  # type: ignore[misc]
                )
            if type(value) is tuple and any(type(v) is TracedUnion for v in value):
                return self.resolve_all(
                    list(value),
                    lambda entries, k=k: self.resolve_all(  # type: ignore[misc]
                        [*values[:k], tuple(entries), *values[k + 1 :]], action
                    ),
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

    @contextlib.contextmanager
    def scheduling(self, schedule: Any) -> Iterator[None]:
        """Let loops that are traced meanwhile have a schedule."""
        before, self.schedule = self.schedule, schedule
        try:
            yield
        finally:
            self.schedule = before

    def loop(self, loop: Loop) -> Completion:
        """Trace a loop from its first step; NORMAL if it runs to its end, else BREAK, RETURN or a mixture."""
        loop.schedule = self.schedule if loop.schedule is None else loop.schedule
        self.active.append(loop)
        watched = self.watch(loop.over)
        loop.check = watched.before_a_step
        try:
            go: Any = True if loop.test is None else loop.test()
            completion = self._from(loop, 0, go)
        finally:
            self.active.pop()
        watched.after_the_loop()
        return completion

    def steps(self, loop: Loop, offset: int) -> Variable:
        """How many steps a loop takes at most from this one on."""
        if loop.length is None or type(loop.length) is int:
            count: Variable = constant(ENDLESS if loop.length is None else loop.length - offset)
        else:
            count = self.state.region.lift(loop.length)
            if offset:
                count = self.state.emit(PYTHON["sub"], [count, constant(offset)]).out
        if loop.schedule is None:
            return count
        return self.state.emit(scheduled, [count], {"schedule": loop.schedule, "linear": 0}).out

    def _from(self, loop: Loop, offset: int, go: Any) -> Completion:
        if offset and loop.check is not None:
            loop.check()
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
                        self.arrays.refuse_loop(reason)
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
        while True:
            if loop.bind is not None:
                loop.bind(offset)
            done = loop.body()
            kept = self.is_kind(done, {NORMAL, CONTINUE})
            known = loop.must_unroll and loop.test is None and type(loop.length) is int
            if kept is not True or not known or loop.length <= offset + 1 or loop.length > LONGEST_UNROLLED:
                break
            offset += 1  # what `rest` would do, without going deeper
            if loop.check is not None:
                loop.check()
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
        hints = loop.hints = self.hints.setdefault(loop.key, loop.hints)
        places.update((("local", frame, name), None) for name in sorted(loop.assigned & loop.head))
        consumer = frame.consumer
        while consumer is not None:
            live = consumer.assigned & (consumer.head | consumer.after)
            places.update((("local", consumer.frame, name), None) for name in sorted(live))
            consumer = consumer.frame.consumer
        places.update((("local", frame, name), None) for name in sorted(hints.names))
        places.update(dict.fromkeys(hints.containers_of(frame)))
        for _ in range(MOST_LESSONS):
            try:
                with self.scheduling(None):  # of loops in loops, the outer ones
                    return ScanTracer(self, loop, offset, go, list(places), weak).run()
            except Again:
                hints.note(frame, places)
                continue
        return self.arrays.refuse_loop(f"the loop at line {loop.line}: what its steps carry does not settle")


def _cannot_force(variable: Variable, what: str) -> Any:
    msg = f"{what} is not known while tracing"
    raise Fallback(msg)


def _input_for(region: Region, outer: Variable) -> Variable:
    """The input through which a region captures a variable; an unused one if it does not."""
    found = region.captures.get(outer)
    return input_variable(outer.type, outer.name) if found is None else found


def _has_steps(value: Any) -> bool:
    return type(value) is TracedArray and bool(value.steps)


def _is_scalar(value: Any) -> bool:
    return type(value) is TracedScalar or is_number(value)
