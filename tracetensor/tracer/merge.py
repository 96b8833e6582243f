"""One value out of two: what two branches left at the same place, told apart at run time where they differ."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback, TracerSignal
from tracetensor.graph.node import Constant, Variable, constant
from tracetensor.graph.ops import control
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import type_of
from tracetensor.tracer.lists import Dynamic, Form, join_forms
from tracetensor.tracer.objects import new_object
from tracetensor.tracer.texts import TracedText, is_run_time_text
from tracetensor.tracer.values import (
    UNBOUND,
    InterpretedFunction,
    Step,
    Storage,
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedStore,
    TracedUnion,
    Tree,
    Within,
    arrays_within,
    is_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.control import Control
    from tracetensor.tracer.state import Place, Region

    Rebuild = Callable[[tuple[Variable, ...]], Any]

ABSENT = object()
"""Stands for the value of a side that never gets there, or that has another alternative."""


class SharesMemory(TracerSignal):
    """Arrays made in the branches share memory in different ways, or one list has two names where there are two lists.

    Merge again, keeping these storages apart, and these lists, dicts and objects (by `id`).
    """

    def __init__(self, kept: set[Any]) -> None:
        super().__init__(kept)
        self.kept = kept


@dataclasses.dataclass
class Branch:
    """A traced branch: its region, how it completed, and what it left at the places it changed."""

    region: Region
    raised: bool
    result: Any
    final: dict[Place, Any]


def is_number(value: Any) -> bool:
    """Whether a concrete value is a Python or NumPy number."""
    return type(value) in (bool, int, float, complex) or (
        issubclass(type(value), np.generic) and value.dtype.kind in "biufc"
    )


def same_number(a: Any, b: Any) -> bool:
    """Whether two concrete numbers are the same to the last bit and of one class."""
    return type(a) is type(b) and (repr(a) == repr(b))


def _form(value: Any) -> Any:
    """How many parts the tuples in a value have."""
    return tuple(map(_form, value)) if isinstance(value, tuple) else None


def rebuild_tuple(model: type, items: Any) -> Any:
    """A tuple or named tuple of the items."""
    return model(*items) if hasattr(model, "_fields") else tuple(items)


class Merger:
    """Merges the values of two branches; collects the outputs that the ifelse needs, then rebuilds."""

    def __init__(self, control_: Control, a: Branch, b: Branch, own_memory: set[Any]) -> None:
        self.own_memory = own_memory
        self.exports: dict[Storage, int] = {}
        self.control = control_
        self.state = control_.state
        self.arrays = control_.arrays
        self.sides = (a, b)
        self.slots: list[tuple[Variable, Variable]] = []
        self.storages: dict[tuple[Any, Any], int] = {}
        self.partners: tuple[dict[Any, Any], dict[Any, Any]] = ({}, {})
        self.made: dict[int, Storage] = {}
        self.paired: dict[tuple[int, int], tuple[Any, ...]] = {}
        self.instances: dict[tuple[Any, ...], Any] = {}
        self.objects: dict[tuple[Any, ...], Any] = {}
        self.keep: list[Any] = []
        self.merged: dict[
            tuple[int, int], tuple[Any, set[Any]]
        ] = {}  # what rebuilds the one object that two become
        self.alternatives: dict[Any, tuple[Rebuild, set[Any]]] = {}
        self.within: tuple[list[Within], list[Within]] = ([], [])  # the alternatives that are being merged
        self.reads: dict[
            int, tuple[Any, tuple[set[Any], set[Any]]]
        ] = {}  # where the arrays of slots are read
        self.shared = tuple(map(self._shared, (a, b)))

    def _shared(self, branch: Branch) -> set[Storage]:
        """Storages made in a branch that several of the values it leaves refer to."""
        counts: dict[Storage, int] = {}
        for array in arrays_within([*branch.final.values(), branch.result]):
            counts[array.storage] = counts.get(array.storage, 0) + 1
        return {s for s, n in counts.items() if n > 1 and s.region.within(branch.region)}

    def slot(self, a: Variable, b: Variable) -> int:
        self.slots.append((a, b))
        return len(self.slots) - 1

    def read(self) -> None:
        """Fill the slots of arrays, now that it is known where each is read."""
        for slot, (values, places) in self.reads.items():
            pair = [
                None
                if value is ABSENT
                else self.in_side(side, lambda v=value, w=where: self.control.read_within(v, w))  # type: ignore[misc]
                for side, (value, where) in enumerate(zip(values, places, strict=True))
            ]
            self.slots[slot] = self._filled(*pair)

    def in_side(self, side: int, action: Callable[[], Any]) -> Any:
        """Do something in the region of one branch."""
        saved = self.state.region
        self.state.region = self.sides[side].region
        try:
            return action()
        finally:
            self.state.region = saved

    def variable(self, side: int, value: Any) -> Variable:
        def read() -> Variable:
            if type(value) is TracedStore:
                return self.state.region.lift(value.variable)
            return self.arrays.variable(value)

        variable: Variable = self.in_side(side, read)
        return variable

    def where(self) -> tuple[Any, Any]:
        """What stands here only where unions are these alternatives, on each side."""
        return tuple(self.within[0]), tuple(self.within[1])

    def key(self, side: int, value: Any) -> tuple[Any, ...]:
        """What must agree for two values to be one alternative."""
        region = self.sides[side].region
        kind = type(value)
        if kind is TracedScalar or is_number(value):
            type_ = value.type if kind is TracedScalar else type_of(value)
            return ("scalar", type_)
        if kind is TracedArray:
            if value.storage in self.own_memory:
                return ("exported", value.storage, value.steps)
            if value.storage.region.within(region):
                type_ = self.in_side(side, lambda: self.arrays.type(value))
                return ("array", type_.dtype, type_.ndim)
            return ("reference", value.storage, value.steps)
        if kind is TracedText:
            return ("text", tuple([p if isinstance(p, str) else p[1:] for p in value.parts]))
        if kind is TracedObject or kind is TracedStore:
            return ("object", value.variable.type)
        if isinstance(value, tuple):
            return ("tuple", kind, len(value))
        if kind is TracedList:
            if self._made_inside(side, value):
                if value.dynamic is not None:
                    form = value.dynamic.form
                    return ("dynamic", form.skeleton, tuple(map(repr, form.types)), *self._itself(value))
                return ("list", len(value), *self._itself(value))
            return ("same", id(value))
        if kind is dict and self._made_inside(side, value):
            if id(value) in self.state.dicts:
                msg = "the __dict__ of an object leaves a branch"
                raise Fallback(msg)
            return ("dict", tuple(value), *self._itself(value))
        if is_object(value):
            return self._object_key(side, value)
        if kind is InterpretedFunction:
            return ("function", id(value.source.node), id(value.frame))
        if kind is TracedRange:
            return ("range",)
        try:
            hash(value)
        except TypeError:
            return ("same", id(value))
        return ("constant", kind, value)

    def _made_inside(self, side: int, value: Any) -> bool:
        return value is not None and self.sides[side].region.objects.get(id(value)) is value

    def _object_key(self, side: int, value: Any) -> tuple[Any, ...]:
        if not self._made_inside(side, value):
            return ("same", id(value))
        own = self.in_side(side, lambda: self.state.own(value))
        form = (own["aux"], _form(own["children"])) if isinstance(value, Tree) else ()
        return ("instance", type(value), tuple(own), form, *self._itself(value))

    def _itself(self, value: Any) -> tuple[int, ...]:
        """What makes something of one side an alternative of its own."""
        return (id(value),) if id(value) in self.own_memory else ()

    def _pair(self, a: Any, b: Any) -> tuple[int | None, int | None]:
        """Two things that become one, by `id`; what is one thing on its side stays one."""
        ids = [None if v is ABSENT else id(v) for v in (a, b)]
        pair = ids[0], ids[1]
        for side, own in enumerate(pair):
            if own is not None and self.paired.setdefault((side, own), pair) != pair:
                raise SharesMemory({own})
        self.keep += [a, b]
        return pair

    def _instance(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        """An object of one class made in both branches, or in one: its attributes are merged one by one."""
        pair = self._pair(a, b)
        if pair not in self.instances:
            self.instances[pair] = None
            model = b if a is ABSENT else a
            tables = [ABSENT if v is ABSENT else self.in_side(k, lambda v=v: self.state.own(v))  # type: ignore[misc]
                      for k, v in enumerate((a, b))]  # fmt: skip
            names = list(tables[1] if a is ABSENT else tables[0])
            parts = {n: self.merge(_entry(tables[0], n), _entry(tables[1], n)) for n in names}
            self.instances[pair] = (type(model), parts)
        if self.instances[pair] is None:
            msg = "an object that refers to itself leaves a branch"
            raise Fallback(msg)
        return lambda outs: self._rebuilt(pair, outs)

    def _rebuilt(self, pair: tuple[Any, ...], outs: tuple[Variable, ...]) -> Any:
        if pair not in self.objects:
            cls, parts = self.instances[pair]
            made = self.objects[pair] = self.state.made(new_object(cls))
            self.state.own(made).update({n: part(outs) for n, part in parts.items()})
        return self.objects[pair]

    def merge(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        """A function that makes the merged value of the outputs of the ifelse."""
        if a is ABSENT and b is ABSENT:
            return lambda outs: UNBOUND
        if a is b:
            return lambda outs: a
        return self._known(self.merged, a, b, lambda: self._merge(a, b))

    def _known(
        self, memo: dict[Any, tuple[Rebuild, set[Any]]], a: Any, b: Any, merged: Callable[[], Rebuild]
    ) -> Rebuild:
        """One object left in several places stays one; what it is made of is read wherever one of them is."""
        here = self.where()
        if (id(a), id(b)) not in memo:
            self.keep.append((a, b))
            memo[id(a), id(b)] = _once(merged()), {here}
        rebuild, places = memo[id(a), id(b)]
        if here not in places:
            places.add(here)
            merged()
        return rebuild

    def _merge(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        self.state.spend()
        a, b = [self._distinct(side, v) for side, v in enumerate((a, b))]
        if any(map(is_run_time_text, (a, b))) and all(type(v) is str or is_run_time_text(v) for v in (a, b)):
            if type(a) is not type(b) or self.key(0, a) != self.key(1, b):
                text = self.control.stores.text
                a, b = self.in_side(0, lambda: text(a)), self.in_side(1, lambda: text(b))
        lists = [self._alternatives(side, v) for side, v in enumerate((a, b))]
        keys = list(dict.fromkeys([k for alternatives in lists for k in alternatives]))
        parts = []
        for key in keys:
            for side, value in enumerate((a, b)):
                if type(value) is TracedUnion and key in lists[side]:
                    self.within[side].append(Within(value.tag, list(lists[side]).index(key)))
            parts.append(self._same(key, lists[0].get(key, ABSENT), lists[1].get(key, ABSENT)))
            for side, value in enumerate((a, b)):
                if type(value) is TracedUnion and key in lists[side]:
                    self.within[side].pop()
        if len(keys) == 1:
            return parts[0]
        tags = [self._tag(side, v, list(lists[side]), keys) for side, v in enumerate((a, b))]
        place = self.slot(*tags)
        return lambda outs: TracedUnion(outs[place], tuple([part(outs) for part in parts]))

    def _distinct(self, side: int, value: Any) -> Any:
        """A union in which no two alternatives have one key: those that had are made one value."""
        if type(value) is not TracedUnion:
            return value
        arrays = [v for v in value.alternatives if type(v) is TracedArray]
        shared = {v.storage for v in arrays if v.storage in self.shared[side]} - self.own_memory
        if shared and len(arrays) > 1:
            raise SharesMemory(shared)
        keys = {id(v): k for k, v in self._keys(side, value)}
        return self.in_side(side, lambda: self.control.normalised(value, lambda v: keys[id(v)]))

    def _keys(self, side: int, union: TracedUnion) -> list[tuple[Any, Any]]:
        """The alternatives with their keys. Lists, dicts and objects that the side made stay the several things they are."""
        found: list[tuple[Any, Any]] = []
        owners: dict[Any, Any] = {}
        several: set[int] = set()
        for value in union.alternatives:
            key = self.key(side, value)
            if key[0] in {"list", "dynamic", "dict", "instance"}:
                if owners.setdefault(key, value) is not value:
                    several.add(id(value))
            found.append((key, value))
        if several:
            raise SharesMemory(several)
        return found

    def _alternatives(self, side: int, value: Any) -> dict[Any, Any]:
        if value is ABSENT:
            return {}
        if type(value) is TracedUnion:
            return dict(self._keys(side, value))
        return {self.key(side, value): value}

    def _tag(self, side: int, value: Any, own: list[Any], keys: list[Any]) -> Variable:
        if value is ABSENT:
            return constant(0)
        if type(value) is not TracedUnion:
            return constant(keys.index(own[0]))
        order = [keys.index(k) for k in own]
        if order == list(range(len(order))):
            return self.in_side(side, lambda: self.state.region.lift(value.tag))  # type: ignore[no-any-return]

        def renumber() -> Variable:
            total: Variable = constant(0)
            for k, number in enumerate(order):
                is_k = self.state.emit(PYTHON["eq"], [value.tag, constant(k)]).out
                part = self.state.emit(PYTHON["mul"], [is_k, constant(number)]).out
                total = self.state.emit(PYTHON["add"], [total, part]).out
            return total

        return self.in_side(side, renumber)  # type: ignore[no-any-return]

    def _same(self, key: tuple[Any, ...], a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        return self._known(self.alternatives, a, b, lambda: self._joined(key, a, b))

    def _joined(self, key: tuple[Any, ...], a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        kind = key[0]
        if kind == "array":
            return self._array(a, b)
        if kind in {"scalar", "object"}:
            return self._scalar(a, b)
        model = b if a is ABSENT else a
        if kind == "tuple":
            parts = [self.merge(*pair) for pair in self._pairs(a, b, len(model))]
            return lambda outs: rebuild_tuple(type(model), [part(outs) for part in parts])
        if kind == "text":
            return self._text(a, b)
        if kind == "range":
            bounds = [self.merge(_part(a, n), _part(b, n)) for n in ("start", "stop", "step")]
            return lambda outs: TracedRange(*[part(outs) for part in bounds])
        if kind in {"list", "dynamic"}:
            return self._list(kind, a, b)
        if kind == "dict":
            self._pair(a, b)
            entries = {k: self.merge(_entry(a, k), _entry(b, k)) for k in model}
            return lambda outs: self.state.made({k: part(outs) for k, part in entries.items()})
        if kind == "instance":
            return self._instance(a, b)
        if kind == "reference":
            return self._reference(a, b)
        if kind == "exported":
            return self._exported(a, b)
        return lambda outs: model

    def _list(self, kind: str, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        """A list made on both sides, or on one."""
        self._pair(a, b)
        present = [v for v in (a, b) if v is not ABSENT]
        if kind == "dynamic":
            content = self._dynamics([None if v is ABSENT else v.dynamic for v in (a, b)])
        else:
            parts = [self.merge(*pair) for pair in self._pairs(a, b, len(present[0]))]

        def rebuild(outs: tuple[Variable, ...]) -> Any:
            if kind == "dynamic":
                made = TracedList((), content(outs))
            else:
                made = TracedList([part(outs) for part in parts])
            made.frozen = any(v.frozen for v in present)
            return self.state.made(made)

        return rebuild

    def _text(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        """Text that differs in its values only."""
        model = b if a is ABSENT else a
        values = [
            None
            if isinstance(part, str)
            else self.merge(*[ABSENT if v is ABSENT else v.parts[k][0] for v in (a, b)])
            for k, part in enumerate(model.parts)
        ]
        return lambda outs: TracedText(
            tuple(
                [
                    part if value is None else (value(outs), *part[1:])
                    for part, value in zip(model.parts, values, strict=True)
                ]
            )
        )

    def _reference(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        """A view of an array from outside; what its steps compute inside the branch leaves through outputs."""
        side, model = (1, b) if a is ABSENT else (0, a)
        rebuild = self._steps(side, model.steps)
        if rebuild is not None:
            return lambda outs: TracedArray(model.storage, rebuild(outs), rebuilt=True)
        if a is ABSENT or b is ABSENT or not model.steps:
            return lambda outs: model
        return lambda outs: TracedArray(model.storage, model.steps, rebuilt=True)  # one of two objects

    def _steps(self, side: int, steps: tuple[Step, ...]) -> Any:
        region = self.sides[side].region
        inner = [v for s in steps for v in s.inputs if v.scope is not None and v.scope.within(region)]
        if not inner:
            return None
        places = {}
        for v in inner:
            pair: list[Any] = [None, None]
            pair[side] = self.in_side(side, lambda v=v: self.state.region.lift(v))  # type: ignore[misc]
            places[v] = self._filled_slot(*pair)
        return lambda outs: tuple(
            [
                Step(s.op, tuple([outs[places[v]] if v in places else v for v in s.inputs]), s.params)
                for s in steps
            ]
        )

    def _exported(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        """An array made in one branch which shares memory in a way of its own: it stays a thing of that branch."""
        side, model = (1, b) if a is ABSENT else (0, a)
        storage: Storage = model.storage
        if storage not in self.exports:
            pair: list[Any] = [None, None]
            pair[side] = self.in_side(side, lambda: self.state.region.lift(storage.value))
            self.exports[storage] = self._filled_slot(*pair)
        slot = self.exports[storage]
        rebuild = self._steps(side, model.steps)

        def made(outs: tuple[Variable, ...]) -> TracedArray:
            if slot not in self.made:
                self.made[slot] = Storage(outs[slot], self.state.region, contiguous=storage.contiguous)
                if storage in self.arrays.uncertain:
                    self.arrays.freeze(self.made[slot], self.arrays.uncertain[storage])
            return TracedArray(self.made[slot], model.steps if rebuild is None else rebuild(outs))

        return made

    def _pairs(self, a: Any, b: Any, n: int) -> list[tuple[Any, Any]]:
        absent = [ABSENT] * n
        left = absent if a is ABSENT else list.__iter__(a) if isinstance(a, list) else a
        right = absent if b is ABSENT else list.__iter__(b) if isinstance(b, list) else b
        return list(zip(left, right, strict=True))

    def _dynamics(self, sides: list[Dynamic | None]) -> Callable[[tuple[Variable, ...]], Dynamic]:
        """The content of a list of traced length on both sides, or on one."""
        model = sides[0] or sides[1]
        assert model is not None
        places = []
        for k in range(len(model.variables)):
            pair = [
                None
                if content is None
                else self.in_side(
                    side,
                    lambda content=content, k=k: self.state.region.lift(content.variables[k]),  # type: ignore[misc]
                )
                for side, content in enumerate(sides)
            ]
            places.append(self._filled_slot(pair[0], pair[1]))
        return lambda outs: Dynamic(model.skeleton, tuple([outs[p] for p in places]))

    def _filled_slot(self, a: Variable | None, b: Variable | None) -> int:
        return self.slot(*self._filled(a, b))

    def _filled(self, a: Variable | None, b: Variable | None) -> tuple[Variable, Variable]:
        model = b if a is None else a
        assert model is not None
        absent = control.undefined(type=model.type)
        return absent if a is None else a, absent if b is None else b

    def _scalar(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        if is_number(a) and (b is ABSENT or (is_number(b) and same_number(a, b))):
            return lambda outs: a
        if is_number(b) and a is ABSENT:
            return lambda outs: b
        pair = [None if v is ABSENT else self.variable(side, v) for side, v in enumerate((a, b))]
        outer = self._common_outer(pair)
        if outer is not None:
            return lambda outs: self.arrays.wrap(outer)
        place = self._filled_slot(*pair)
        return lambda outs: self.arrays.wrap(outs[place])

    def _common_outer(self, pair: list[Variable | None]) -> Variable | None:
        """The variable of the enclosing graph that both sides are, if they are captures of one."""
        found = [
            v if isinstance(v, Constant) else self.sides[side].region.initial.get(v)
            for side, v in enumerate(pair)
            if v is not None
        ]
        if len(found) == len(pair) and found[0] is not None and found[0] is found[1]:
            return found[0]
        return None

    def _array(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        ids = [None if v is ABSENT else (v.storage, v.steps) for v in (a, b)]
        place = self.storages.get((ids[0], ids[1]))
        if place is None:
            for side, value in enumerate((a, b)):
                if value is ABSENT:
                    continue
                other = self.partners[side].setdefault(value.storage, (ids[side], ids[1 - side]))
                if other != (ids[side], ids[1 - side]):
                    raise SharesMemory({v.storage for v in (a, b) if v is not ABSENT})
            place = self.slot(constant(0), constant(0))
            self.reads[place] = (a, b), (set(), set())
            self.storages[(ids[0], ids[1])] = place
        slot = place
        for seen, here in zip(self.reads[slot][1], self.where(), strict=True):
            seen.add(here)
        reasons = [self.arrays.uncertain.get(v.storage) for v in (a, b) if v is not ABSENT]
        contiguous = all(v is ABSENT or (v.storage.contiguous and not v.steps) for v in (a, b))

        def rebuild(outs: tuple[Variable, ...]) -> TracedArray:
            if slot not in self.made:
                self.made[slot] = Storage(outs[slot], self.state.region, contiguous=contiguous)
                for reason in reasons:
                    if reason is not None:
                        self.arrays.freeze(self.made[slot], reason)
            return TracedArray(self.made[slot])

        return rebuild

    # Places ----------------------------------------------------------------------------------------------------

    def merge_place(self, place: Place, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        """As merge, for what `State.get_place` gives of a place."""
        kind = place[0]
        if kind == "storage":
            return self._storage(a, b)
        if kind == "items":
            with self.control.stores.instead(place[1].target):
                return self._items(a, b)
        if kind == "entries":
            model = b if a is ABSENT else a
            if a is not ABSENT and b is not ABSENT and list(a) != list(b):
                msg = "a dict gets other keys in one branch than in the other"
                raise Fallback(msg)
            entries = {k: self.merge(_entry(a, k), _entry(b, k)) for k in model}
            return lambda outs: {k: part(outs) for k, part in entries.items()}
        if kind == "view":
            if a is not ABSENT and b is not ABSENT and a != b:
                msg = "an array gets another shape in one branch than in the other"
                raise Fallback(msg)
            return lambda outs: b if a is ABSENT else a
        return self.merge(a, b)

    def _storage(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        pair = [
            None if v is ABSENT else self.in_side(side, lambda v=v: self.state.region.lift(v))  # type: ignore[misc]
            for side, v in enumerate((a, b))
        ]
        outer = self._common_outer(pair)
        if outer is not None:
            return lambda outs: outer
        place = self._filled_slot(*pair)
        return lambda outs: outs[place]

    def _items(self, a: Any, b: Any) -> Callable[[tuple[Variable, ...]], Any]:
        sides = [None if v is ABSENT else v for v in (a, b)]
        concrete = [v for v in sides if v is not None and v[1] is None]
        if len({len(v[0]) for v in concrete}) == 1 and all(v is None or v[1] is None for v in sides):
            n = len(concrete[0][0])
            rows = [[ABSENT] * n if v is None else v[0] for v in sides]
            parts = [self.merge(*pair) for pair in zip(*rows, strict=True)]
            return lambda outs: ([part(outs) for part in parts], None)
        lists = self.control.lists
        form: Form | None = None
        for side, v in enumerate(sides):
            if v is not None:
                own = v[1].form if v[1] is not None else self.in_side(side, lambda v=v: lists.form_of(v[0]))  # type: ignore[misc]
                form = form if own is None else join_forms(form, own)
        found = [
            None if v is None else self.in_side(side, lambda v=v: lists.dynamic(v, form))  # type: ignore[misc]
            for side, v in enumerate(sides)
        ]
        rebuild = self._dynamics(found)
        return lambda outs: ([], rebuild(outs))


def _once(rebuild: Callable[[tuple[Variable, ...]], Any]) -> Callable[[tuple[Variable, ...]], Any]:
    made: list[Any] = []

    def once(outs: tuple[Variable, ...]) -> Any:
        if not made:
            made.append(rebuild(outs))
        return made[0]

    return once


def _part(value: Any, name: str) -> Any:
    return ABSENT if value is ABSENT else getattr(value, name)


def _entry(value: Any, key: Any) -> Any:
    return ABSENT if value is ABSENT else value[key]
