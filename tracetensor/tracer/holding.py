"""Stores: lists, dicts, sets, deques and strings that are Python's own objects at run time.

A container whose keys, length or form is known at run time only is made, changed and asked by effects, in the order of
the program. What tracing knows of it is its Shape: the class, and the forms of all that is ever put into it. Shapes
belong to the place in the source where the container is made. Where something of another form is put into a container
that was read before, tracing starts again, with what was learnt.
"""

from __future__ import annotations

import collections
import contextlib
import itertools
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph import stores as run
from tracetensor.graph.callbacks import CallbackFunction
from tracetensor.graph.ops import control
from tracetensor.graph.stores import Alternative, Layout
from tracetensor.graph.types import (
    BOOL,
    INT,
    PYTHON_TYPES,
    UNIT,
    ListType,
    ObjectType,
    TensorType,
    Type,
    scalar_type,
)
from tracetensor.tracer.flow import COMPLETIONS, NORMAL, Loop, RaisedInBranch
from tracetensor.tracer.generators import is_lazy
from tracetensor.tracer.lists import NoForm
from tracetensor.tracer.merge import is_number
from tracetensor.tracer.shapes import Shape, Slot, Table
from tracetensor.tracer.state import Box, NeedsUnrolling, Restart
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    TracedArray,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedStore,
    TracedUnion,
    is_object,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tracetensor.tracer.flow import Completion
    from tracetensor.tracer.generators import Consumer
    from tracetensor.tracer.interpreter import Interpreter

MADE_AT_RUN_TIME = (
    collections.deque,
    collections.OrderedDict,
    collections.defaultdict,
    collections.Counter,
)
"""Classes of containers that are stores wherever a traced function makes one."""

CONVERT: dict[str, Any] = {"r": repr, "s": str, "a": ascii, "": lambda value: value}
SHORT = 32
"""Loops of more steps are not unrolled for the sake of the keys of a dict."""
_widenings = itertools.count()


class Holding:
    """Makes, reads, writes and runs over stores."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.constants = interpreter.outside.constants
        self.table: Table = self.constants.setdefault(("stores",), Table())
        self.text_type = self.table.text.type
        self.attempt = object()
        self.sites: dict[int, tuple[Any, Any]] = {}

    def method(self, store: TracedStore, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a method of a store."""
        raise NotImplementedError

    # Which containers are stores -----------------------------------------------------------------------------------

    def placed(self, value: Any, frame: Any, node: Any) -> Any:
        """A value that an expression gave: a container that it made is known by the expression from now on."""
        kind = type(value)
        if not (kind is TracedList or kind is dict or kind is set):
            return value
        if kind is not set and self.state.made_in(value) is None:
            return value
        known = self.sites.get(id(value))
        if known is not None and known[0] is value:
            return value
        site = (frame.source.filename, node.lineno, node.col_offset)
        if ("store", site) in self.constants:
            return self.made_of(kind, value, site)
        self.sites[id(value)] = (value, site)
        return value

    def is_store(self, frame: Any, node: Any) -> Any:
        """The place of an expression, if what it makes is to be a store; else None."""
        site = (frame.source.filename, node.lineno, node.col_offset)
        return site if ("store", site) in self.constants else None

    def demand(self, value: Any) -> None:
        """Trace again with a container, that the program made, as a store; nothing where that is not possible."""
        known = self.sites.get(id(value))
        if known is not None and known[0] is value and ("store", known[1]) not in self.constants:
            raise Restart({("store", known[1]): True})

    @contextlib.contextmanager
    def instead(self, target: Any) -> Iterator[None]:
        """Make a list whose elements turn out to have no form in common a store."""
        try:
            yield
        except NoForm:
            self.demand(target)
            raise

    def forced_key(self, container: Any, key: Any) -> Any:
        """The value of a key of a dict that tracing knows; if that cannot be had, the dict becomes a store."""
        if type(key) is tuple and is_traced(key):
            return tuple([self.forced_key(container, k) for k in key])
        if type(key) is TracedText:
            parts = [
                p if isinstance(p, str) else format(CONVERT[p[1]](self.forced_key(container, p[0])), p[2])
                for p in key.parts
            ]
            return "".join(parts)
        if type(key) is TracedStore:
            self.demand(container)
            msg = "a key that is known at run time only"
            raise Fallback(msg)
        try:
            return self.interpreter.calls.force(key, "a dict's key")
        except Fallback:
            self.demand(container)
            raise
        except NeedsUnrolling as needed:
            if not self._unrolled(needed):
                self.demand(container)
            raise

    def _unrolled(self, needed: NeedsUnrolling) -> bool:
        """Whether the loop is a short one, whose steps can be traced one by one."""
        for loop in self.interpreter.control.active:
            if getattr(loop, "_region", None) is needed.region:
                return type(loop.length) is int and loop.length <= SHORT
        return False

    def text(self, value: Any) -> Any:
        """A string as one that is known at run time only; other values as they are."""
        if type(value) is TracedText:
            return self.emit(str, [value], self.text_type)
        return self.emit(str, [value], self.text_type) if type(value) is str else value

    def made_of(self, kind: Any, value: Any, site: Any) -> TracedStore:
        """A store with what a container holds."""
        if kind is dict:
            made = self.make(dict, site)
            for key, item in value.items():
                self.set_item(made, key, item)
            return made
        return self.made_from(list if kind is TracedList else kind, value, site)

    def here(self) -> Any:
        """The place of the user's statement."""
        line = self.state.location()[-1:]
        return tuple([(at.filename, at.line) for at in line])

    # Making ------------------------------------------------------------------------------------------------------

    def make(
        self, cls: type, site: Any, args: Sequence[Any] = (), kwargs: dict[str, Any] | None = None
    ) -> TracedStore:
        """cls(*args, **kwargs), of arguments that bring nothing in."""
        shape = self.table.shape(site, cls)
        return self.emit(cls, list(args), shape.type, kwargs)  # type: ignore[no-any-return]

    def made_from(self, cls: type, iterable: Any, site: Any) -> TracedStore:
        """cls(iterable) of list, tuple, set, frozenset or deque."""
        shape = self.table.shape(site, cls)
        given = self.as_iterable(iterable, shape.items)
        if given is None and cls in (tuple, frozenset):
            collected = self.made_from(list, iterable, (site, "collected"))
            return self.made_from(cls, collected, site)
        if given is None:
            made = self.make(cls, site)
            self.prelude("append_all" if cls is not set else "add_all", [made, iterable])
            return made
        return self.emit(cls, [given[0]], shape.type)  # type: ignore[no-any-return]

    def as_iterable(self, value: Any, into: Slot) -> tuple[Any] | None:
        """What a store can be made of, its items being entered in a slot; None where each has to be put in by itself."""
        kind = type(value)
        if kind is TracedStore:
            self.absorb(into, value.shape.iterated)
            return (value,)
        if kind is TracedArray:
            type_ = self.interpreter.arrays.type(value)
            if type_.ndim == 1:
                self.enter(into, ("number", scalar_type(type_.dtype)), None)
                return (value,)
            return None
        if kind is TracedList and value.dynamic is not None:
            single = value.dynamic.single
            element = None if single is None else single.type.element
            if element in self.table.of_type:
                shape = self.table.of_type[element]
                self.enter(into, ("text",) if shape is self.table.text else ("store", shape.cls), shape)
                return (value,)
            if (
                isinstance(element, ListType)
                and isinstance(element.element, TensorType)
                and not element.element.is_array
            ):
                shape = self.table.shape(("a list of", element), list)
                self.enter(shape.items, ("number", element.element), None)
                self.enter(into, ("store", list), shape)
                return (value,)
            if not isinstance(element, TensorType) or element.is_array:
                return None
            self.enter(into, ("number", element), None)
            return (value,)
        if kind in (range, TracedRange):
            self.enter(into, ("number", INT), None)
            return (value,)
        if kind is str or kind is TracedText:
            self.enter(into, ("text",), self.table.text)
            return (value,)
        if isinstance(value, (list, tuple, dict, set, frozenset)):
            items = list(list.__iter__(value) if isinstance(value, list) else value)
            if any(type(v) is TracedUnion for v in items):
                return None
            return (tuple([self.enter_value(into, v) for v in items]),)
        return None

    def prelude(self, name: str, args: list[Any]) -> Any:
        return self.interpreter.outside.prelude(self.interpreter, name, args)

    def call_class(self, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """deque(…), Counter(…), defaultdict(…), OrderedDict(…)."""
        site = self.here()
        if cls is collections.deque:
            maxlen = args[1] if len(args) > 1 else kwargs.get("maxlen")
            made = self.make(cls, site, [()], {} if maxlen is None else {"maxlen": maxlen})
            iterable = args[0] if args else kwargs.get("iterable", ())
            self.method(made, "extend", [iterable], {})
            return made
        if cls is collections.defaultdict:
            return self._defaultdict(site, args, kwargs)
        made = self.make(cls, site)
        if args or kwargs:
            self.method(made, "update", args, kwargs)
        return made

    def _defaultdict(self, site: Any, args: list[Any], kwargs: dict[str, Any]) -> TracedStore:
        factory = args[0] if args else None
        if factory is not None and factory not in FACTORIES:
            msg = "a defaultdict with a function of the user's to make what is missing"
            raise Fallback(msg)
        made = self.make(collections.defaultdict, site, [factory])
        if factory is not None:
            self._enter_made(made.shape.items, factory, (site, "missing"))
        if len(args) > 1 or kwargs:
            self.method(made, "update", args[1:], kwargs)
        return made

    def _enter_made(self, slot: Slot, factory: Any, site: Any) -> None:
        if factory in PYTHON_TYPES:
            self.enter(slot, ("number", PYTHON_TYPES[factory]), None)
        elif factory is str:
            self.enter(slot, ("text",), self.table.text)
        else:
            self.enter(slot, ("store", factory), self.table.shape(site, factory))

    # What is put in ------------------------------------------------------------------------------------------------

    def enter(self, slot: Slot, key: Any, content: Any) -> None:
        """Note that something of a form is put in; tracing starts again where that is news to what was read."""
        known = slot.alternatives.get(key, slot)
        if known is content or (known is not slot and key[0] != "store"):
            return
        if known is not slot:
            self.unify(known, content)
            return
        slot.alternatives[key] = content
        if slot.read is self.attempt:
            raise Restart({("widened", next(_widenings)): True})

    def unify(self, a: Shape, b: Shape) -> None:
        """Make stores that are made at two places stores of one shape."""
        if a is b:
            return
        if a.cls is not b.cls:
            msg = f"a {a.cls.__name__} and a {b.cls.__name__} at one place"
            raise Fallback(msg)
        self.table.same[b] = a
        for mine, other in ((a.keys, b.keys), (a.items, b.items)):
            for key, content in other.alternatives.items():
                if key[0] == "tuple" and key in mine.alternatives:
                    for x, y in zip(mine.alternatives[key], content, strict=True):
                        self._join(x, y)
                elif key not in mine.alternatives:
                    mine.alternatives[key] = content
        raise Restart({("widened", next(_widenings)): True})

    def one_form(self, head: Any, end: Any, *, last: bool) -> None:
        """What a loop finds and what a step leaves: two stores are made ones of one shape, a list beside one a store.

        last: nothing else helps, so that two lists or dicts are made stores too.
        """
        if last and head[0] == end[0] == "same" and type(head[1].target) is type(end[1].target):
            self.demand(end[1].target)
            self.demand(head[1].target)
        if head[0] == end[0] == "object":
            self.one_shape(head[1], end[1])
        for a, b in ((head, end), (end, head)):
            if a[0] == "same" and b[0] == "object" and b[1] in self.table.of_type:
                self.demand(a[1].target)

    def one_shape(self, a: Type, b: Type) -> None:
        """Make stores of two types stores of one shape, if both are of one class."""
        first, second = self.table.of_type.get(a), self.table.of_type.get(b)
        if first is not None and second is not None and first.cls is second.cls:
            self.unify(first, second)

    def _join(self, a: Slot, b: Slot) -> None:
        for key, content in b.alternatives.items():
            if key[0] == "tuple" and key in a.alternatives:
                for x, y in zip(a.alternatives[key], content, strict=True):
                    self._join(x, y)
            else:
                a.alternatives.setdefault(key, content)

    def absorb(self, slot: Slot, other: Slot) -> None:
        """Note that what is at one place may come to be at another."""
        if slot is other:
            return
        other.read = self.attempt
        for key, content in list(other.alternatives.items()):
            if key[0] != "tuple":
                self.enter(slot, key, content)
                continue
            self.enter(slot, key, slot.alternatives.get(key) or [Slot() for _ in content])
            for mine, part in zip(slot.alternatives[key], content, strict=True):
                self.absorb(mine, part)

    def enter_value(self, slot: Slot, value: Any) -> Any:
        """Note that a value is put in; the value as it is handed to the run."""
        kind = type(value)
        if kind is TracedScalar or is_number(value):
            self.enter(slot, ("number", self.interpreter.arrays.variable(value).type), None)
        elif kind is np.ndarray or kind is TracedArray:
            if kind is np.ndarray:
                value = self.interpreter.calls.lift(value)
            type_ = self.interpreter.arrays.type(value)
            self._check_own(value)
            self.interpreter.arrays.freeze(value.storage, "an array that is kept in a container is written")
            self.enter(slot, ("array", type_.dtype, type_.ndim), None)
        elif kind is str or kind is TracedText or (kind is TracedStore and value.shape.cls is str):
            self.enter(slot, ("text",), self.table.text)
        elif kind is TracedStore:
            self.enter(slot, ("store", value.shape.cls), value.shape)
        elif isinstance(value, tuple):
            key = ("tuple", kind, len(value))
            self.enter(slot, key, slot.alternatives.get(key) or [Slot() for _ in value])
            parts = [self.enter_value(s, v) for s, v in zip(slot.alternatives[key], value, strict=True)]
            value = kind(*parts) if hasattr(kind, "_fields") else tuple(parts)
        else:
            self._enter_other(slot, value)
        return value

    def _check_own(self, array: TracedArray) -> None:
        """Fallback for an array from outside that was written: the caller's is written at the end of the run only."""
        origin, variable = array.storage.origin, array.storage.value
        while variable.scope is not None and variable in variable.scope.initial:
            variable = variable.scope.initial[variable]
        if origin is not None and variable is not origin.variable:
            msg = "an array from outside is written, then kept in a container"
            raise Fallback(msg)

    def _enter_other(self, slot: Slot, value: Any) -> None:
        if type(value) in (TracedList, dict, set):
            self.demand(value)
            if type(value) is set:
                name = "set"
            else:
                name = "list" if type(value) is TracedList else "dict"
            msg = f"a {name} that is known to tracing is put into a container that is known at run time only"
            raise Fallback(msg)
        if type(value) is TracedObject:
            self.enter(slot, ("object", value.variable.type), None)
            return
        if is_object(value) or is_traced(value):
            msg = f"a {type(value).__name__} is put into a container that is known at run time only"
            raise Fallback(msg)
        try:
            hash(value)
            key = ("constant", type(value), value)
        except TypeError:
            key = ("constant", type(value), Box(value))
        self.enter(slot, key, Box(value))

    # Effects -------------------------------------------------------------------------------------------------------

    def emit(
        self, function: Callable[..., Any], args: list[Any], type_: Any, kwargs: dict[str, Any] | None = None
    ) -> Any:
        """A call at run time, whose result is of a type."""
        node = self._node(function, args, type_, kwargs)
        return None if type_ is UNIT else self.interpreter.arrays.wrap(node.out)

    def _node(
        self, function: Callable[..., Any], args: list[Any], type_: Any, kwargs: dict[str, Any] | None = None
    ) -> Any:
        values: list[Any] = []
        template = self.interpreter.calls.template
        templates = tuple([template(a, values) for a in args])
        named = tuple([(k, template(v, values)) for k, v in (kwargs or {}).items()])
        params = {
            "function": CallbackFunction(function, templates, named),
            "type": type_,
            "serial": control.next_effect(),
            "certain": True,
        }
        return self.state.emit(control.effect, values, params)

    def layout(self, slot: Slot) -> Layout:
        """The forms at a place, which must not become more from now on."""
        slot.read = self.attempt
        return Layout(tuple([self._alternative(k, content) for k, content in slot.alternatives.items()]))

    def _alternative(self, key: Any, content: Any) -> Alternative:
        kind = key[0]
        if kind == "number":
            return Alternative("number", key[1])
        if kind == "array":
            return Alternative("array", key[1:])
        if kind == "constant":
            return Alternative("constant", content)
        if kind == "tuple":
            return Alternative("tuple", (key[1], tuple([self.layout(s) for s in content])))
        if kind == "object":
            return Alternative("number", key[1])
        while content in self.table.same:
            content = self.table.same[content]
        return Alternative("object", (content.type, content.cls))

    def read(
        self, function: Callable[..., Any], args: list[Any], slot: Slot, kwargs: dict[str, Any] | None = None
    ) -> Any:
        """What a call at run time gives, which is something of a slot."""
        layout = self.layout(slot)
        if not self._possible(layout):  # nothing is ever put in, as far as tracing has come: the call raises
            self._node(function, args, UNIT, kwargs)
            raise RaisedInBranch
        node = self._node(run.Reading(function, layout), args, run.result_types(layout), kwargs)
        return self.build(layout, list(node.outputs))

    def _possible(self, layout: Layout) -> bool:
        """Whether there is a value of this layout."""
        return any(
            a.kind != "tuple" or all(self._possible(part) for part in a.content[1])
            for a in layout.alternatives
        )

    def build(self, layout: Layout, leaves: list[Any]) -> Any:
        """A value of its leaves, which are consumed."""
        if len(layout.alternatives) == 1:
            return self._build(layout.alternatives[0], leaves)
        tag = leaves.pop(0)
        return TracedUnion(tag, tuple([self._build(a, leaves) for a in layout.alternatives]))

    def _build(self, alternative: Alternative, leaves: list[Any]) -> Any:
        if alternative.kind == "constant":
            return alternative.content.target
        if alternative.kind == "tuple":
            cls, layouts = alternative.content
            parts = [self.build(layout, leaves) if layout.alternatives else None for layout in layouts]
            return cls(*parts) if hasattr(cls, "_fields") else tuple(parts)
        value = self.interpreter.arrays.wrap(leaves.pop(0))
        if type(value) is TracedArray:
            self.interpreter.arrays.freeze(value.storage, "an array taken from a container is written")
        return value

    # Operations ----------------------------------------------------------------------------------------------------

    def length(self, store: TracedStore) -> Any:
        return self.emit(len, [store], INT)

    def truth(self, store: TracedStore) -> Any:
        return self.interpreter.arrays.variable(self.emit(run.truth, [store], BOOL))

    def contains(self, store: TracedStore, value: Any) -> Any:
        return self.emit(run.contains, [store, value], BOOL)

    def get_item(self, store: TracedStore, index: Any) -> Any:
        """store[index]."""
        shape = store.shape
        if type(index) is slice:
            return self.emit(operator.getitem, [store, index], shape.type)
        if shape.cls is collections.Counter:
            self.enter(shape.items, ("number", INT), None)
        if shape.cls is collections.defaultdict:
            self.enter_value(shape.keys, index)
        return self.read(operator.getitem, [store, index], shape.items)

    def set_item(self, store: TracedStore, index: Any, value: Any) -> None:
        """store[index] = value."""
        self.interpreter.control.resolve_all([index, value], lambda pair: self._set_item(store, *pair))

    def _set_item(self, store: TracedStore, index: Any, value: Any) -> None:
        if type(index) is slice:
            given = self.as_iterable(value, store.shape.items)
            if given is None:
                given = (self.made_from(list, value, (self.here(), "slice")),)
                self.absorb(store.shape.items, given[0].shape.items)
            self._node(run.put, [store, index, *given], UNIT)
            return
        if issubclass(store.shape.cls, dict):
            index = self.enter_value(store.shape.keys, index)
        value = self.enter_value(store.shape.items, value)
        self._node(run.put, [store, index, value], UNIT)

    def delete_item(self, store: TracedStore, index: Any) -> None:
        self._node(run.remove, [store, index], UNIT)

    def list_of(self, store: TracedStore) -> TracedStore:
        """list(store)."""
        return self.emit(list, [store], self.derived(list, store.shape.iterated).type)  # type: ignore[no-any-return]

    def sorted(self, store: TracedStore, key: Any, reverse: Any) -> TracedStore:
        """A new list with what a store holds in order."""
        if key is None:
            shape = self.derived(list, store.shape.iterated)
            return self.emit(sorted, [store], shape.type, {"reverse": reverse})  # type: ignore[no-any-return]
        listed = self.list_of(store)
        self.method(listed, "sort", [], {"key": key, "reverse": reverse})
        return listed

    def dict_of(self, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A dict of what is known at run time only; None for others."""
        (value,) = args
        if type(value) is dict or not is_traced(value):
            return None
        if not is_lazy(value) and type(value) is not TracedStore:
            length = self.interpreter.sequences.length(value)
            if type(length) is int:
                return None
        made = self.make(dict, self.here())
        self.method(made, "update", [value], kwargs)
        return made

    def transposed(self, rows: Any) -> Any:
        """zip(*rows) of rows whose number is known at run time only."""
        site = self.here()
        outer = Slot()
        if self.as_iterable(rows, outer) is None:
            rows = self.made_from(list, rows, (site, "rows"))
            outer = rows.shape.items
        column = self.table.shape((site, "column"), tuple)
        columns = self.table.shape((site, "columns"), list)
        outer.read = self.attempt
        for key, content in outer.alternatives.items():
            if key[0] == "store":
                self.absorb(column.items, content.iterated)
            elif key[0] == "tuple":
                for part in content:
                    self.absorb(column.items, part)
            elif key[0] == "array" and key[2] == 1:
                self.enter(column.items, ("number", scalar_type(key[1])), None)
            else:
                msg = "zip(*rows) of rows whose number is known at run time only"
                raise Fallback(msg)
        self.enter(columns.items, ("store", tuple), column)
        return self.emit(_transposed, [rows], columns.type)

    def derived(self, cls: type, items: Slot, keys: Slot | None = None) -> Shape:
        """The shape of stores of a class that hold what others do."""
        for shape in self.table.of_type.values():
            if shape.cls is cls and shape.items is items and (keys is None or shape.keys is keys):
                return shape
        return self.table.shape((id(items), id(keys)), cls, items, keys)

    def pair(self, shape: Shape) -> Slot:
        """The slot of the pairs of keys and items."""
        found: Slot | None = self.table.derived.get(shape)  # type: ignore[assignment]
        if found is None:
            found = self.table.derived[shape] = Slot()  # type: ignore[assignment]
            found.alternatives[("tuple", tuple, 2)] = [shape.keys, shape.items]
        return found

    def attribute(self, store: TracedStore, name: str) -> Any:
        """store.name of what is no method."""
        if name == "maxlen" and store.shape.cls is collections.deque:
            slot = Slot()
            slot.alternatives = {("number", INT): None, ("constant", type(None), None): Box(None)}
            return self.read(operator.attrgetter(name), [store], slot)
        msg = f"the attribute {name} of a {store.shape.cls.__name__} that is known at run time only"
        raise Fallback(msg)

    # Running over ----------------------------------------------------------------------------------------------------

    def cursor(self, iterable: Any) -> Any:
        """iter(iterable), which can be asked whether there is more."""
        return self.emit(run.Cursor, [iterable], ObjectType("cursor"))

    def run_over(self, store: TracedStore, consumer: Consumer, key: Any) -> Completion:
        """for value in store: consumer.body(value)."""
        cursor, slot, frame = self.cursor(store), store.shape.iterated, consumer.frame
        if not self._possible(self.layout(slot)):
            self.emit(run.more, [cursor], BOOL)
            return COMPLETIONS[NORMAL]

        line = frame.line

        def test() -> Any:
            frame.line = line
            return self.interpreter.arrays.variable(self.emit(run.more, [cursor], BOOL))

        def body() -> Completion:
            return consumer.body(self.read(run.take, [cursor], slot))

        loop = Loop(
            frame, (key, len(self.state.frames)), None, None, body, test,
            consumer.assigned, consumer.head, consumer.after, frame.line,
        )  # fmt: skip
        return self.interpreter.control.loop(loop)

    def unpacked(self, store: TracedStore, count: int) -> list[Any]:
        """The items of a store, of which there must be just so many."""
        listed = store if store.shape.cls in (list, tuple) else self.list_of(store)
        self.interpreter.sequences._check_count(self.length(listed), count)
        return [self.get_item(listed, k) for k in range(count)]


FACTORIES = frozenset({*PYTHON_TYPES, str, list, dict, set, collections.deque, collections.Counter})


def _transposed(rows: Any) -> list[Any]:
    return list(zip(*rows))  # noqa: B905 - it is the user's
