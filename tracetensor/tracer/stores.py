"""Methods and operators of stores, and what they are to functions that want arrays."""

from __future__ import annotations

import collections
import operator
from typing import Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.stores import Named
from tracetensor.graph.types import (
    BOOL,
    INT,
    UNIT,
    ListType,
    TensorType,
    Type,
    array_type,
)
from tracetensor.tracer.holding import MADE_AT_RUN_TIME, Holding
from tracetensor.tracer.shapes import Slot
from tracetensor.tracer.values import (
    TracedArray,
    TracedList,
    TracedScalar,
    TracedStore,
)

DICTS = (dict, collections.OrderedDict, collections.defaultdict, collections.Counter)
VIEWS = {"keys": type({}.keys()), "values": type({}.values()), "items": type({}.items())}
ORDERED = {"keys": type(collections.OrderedDict().keys()), "values": type(collections.OrderedDict().values()),
           "items": type(collections.OrderedDict().items())}  # fmt: skip
_OF_LIST = {
    "append": ("i", "none"), "insert": (".i", "none"), "remove": (".", "none"), "clear": ("", "none"),
    "reverse": ("", "none"), "pop": (".", "item"), "index": ("...", "int"), "count": (".", "int"), "copy": ("", "same"),
}  # fmt: skip
_OF_SETS = {
    "isdisjoint": (".", "bool"), "issubset": (".", "bool"), "issuperset": (".", "bool"), "copy": ("", "same"),
}  # fmt: skip
METHODS: dict[type, dict[str, tuple[str, str]]] = {
    list: _OF_LIST,
    tuple: {"index": ("...", "int"), "count": (".", "int")},
    collections.deque: {
        **_OF_LIST, "appendleft": ("i", "none"), "popleft": ("", "item"), "rotate": (".", "none"), "pop": ("", "item"),
    },
    set: {
        **_OF_SETS, "add": ("i", "none"), "discard": (".", "none"), "remove": (".", "none"), "pop": ("", "item"),
        "clear": ("", "none"),
    },
    frozenset: _OF_SETS,
    dict: {
        "clear": ("", "none"), "copy": ("", "same"), "popitem": ("", "pair"), "move_to_end": ("..", "none"),
        "total": ("", "int"),
    },
}  # fmt: skip
"""What becomes of the arguments of a method (i: an item put in), and what it returns."""
GROWING = {
    "extend": "append", "extendleft": "appendleft", "update": "add",
}  # fmt: skip
SET_METHODS = {
    "union": "or", "intersection": "and", "difference": "sub", "symmetric_difference": "xor",
}  # fmt: skip


class Stores(Holding):
    """Calls methods of stores, and computes with them."""

    # Methods -------------------------------------------------------------------------------------------------------

    def method(self, store: TracedStore, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """store.name(*args, **kwargs)."""
        return self.interpreter.control.resolve_all(
            args, lambda a: self._method(store, name, list(a), kwargs)
        )

    def _method(self, store: TracedStore, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
        shape = store.shape
        if shape.cls is str:
            from tracetensor.tracer.strings import string_method

            return string_method(self, store, name, args, kwargs)
        base = dict if issubclass(shape.cls, dict) else shape.cls
        special = getattr(self, f"_{base.__name__}_{name}", None)
        if special is not None:
            return special(store, *args, **kwargs)
        if name in SET_METHODS and base in (set, frozenset) and len(args) == 1:
            return self._set_operation(name, store, args[0])
        spec = METHODS.get(base, {}).get(name)
        if spec is None and name in GROWING and GROWING[name] in METHODS.get(base, {}):
            return self._grow(store, name, *args)
        if spec is None:
            msg = f"{shape.cls.__name__}.{name} of a container that is known at run time only"
            raise Fallback(msg)
        puts, result = spec
        given = [
            self.enter_value(shape.items, a) if puts[k : k + 1] == "i" else a for k, a in enumerate(args)
        ]
        slot = {"item": shape.items, "pair": self.pair(shape) if result == "pair" else None}.get(result)
        if slot is not None:
            return self.read(Named(name), [store, *given], slot, kwargs)
        types: dict[str, Type] = {"none": UNIT, "int": INT, "bool": BOOL, "same": shape.type}
        return self.emit(Named(name), [store, *given], types[result], kwargs)

    def _grow(self, store: TracedStore, name: str, *iterables: Any) -> None:
        for iterable in iterables:
            given = self.as_iterable(iterable, store.shape.items)
            if given is None:
                one = (
                    "append_all" if name == "extend" else "add_all" if name == "update" else "append_left_all"
                )
                self.prelude(one, [store, iterable])
            else:
                self._node(Named(name), [store, *given], UNIT)

    def _list_sort(self, store: TracedStore, *, key: Any = None, reverse: Any = False) -> None:
        if key is None:
            self._node(Named("sort"), [store], UNIT, {"reverse": reverse})
        else:
            self.prelude("sort_store", [store, key, reverse])

    def _dict_get(self, store: TracedStore, key: Any, default: Any = None) -> Any:
        return self.prelude("dict_get", [store, key, default])

    def _dict_setdefault(self, store: TracedStore, key: Any, default: Any = None) -> Any:
        return self.prelude("dict_setdefault", [store, key, default])

    def _dict_pop(self, store: TracedStore, key: Any, *default: Any) -> Any:
        if default:
            return self.prelude("dict_pop", [store, key, *default])
        return self.read(Named("pop"), [store, key], store.shape.items)

    def _dict_update(self, store: TracedStore, *others: Any, **items: Any) -> None:
        if store.shape.cls is collections.Counter:
            self._count(store, "update", *others, **items)
            return
        for other in others:
            if type(other) is TracedStore and issubclass(other.shape.cls, dict):
                self.absorb(store.shape.keys, other.shape.keys)
                self.absorb(store.shape.items, other.shape.items)
                self._node(Named("update"), [store, other], UNIT)
            elif type(other) is dict:
                for key, value in other.items():
                    self.set_item(store, key, value)
            else:
                self.prelude("set_all", [store, other])
        for key, value in items.items():
            self.set_item(store, key, value)

    def _dict_subtract(self, store: TracedStore, *others: Any, **items: Any) -> None:
        self._count(store, "subtract", *others, **items)

    def _count(self, store: TracedStore, name: str, *others: Any, **items: Any) -> None:
        """Counter.update and Counter.subtract."""
        self.enter(store.shape.items, ("number", INT), None)
        for other in others:
            if type(other) is dict:
                for key, value in other.items():
                    self.enter_value(store.shape.keys, key)
                    self.enter_value(store.shape.items, value)
                self._node(Named(name), [store, other], UNIT)
                continue
            if type(other) is TracedStore and issubclass(other.shape.cls, dict):
                self.absorb(store.shape.keys, other.shape.keys)
                self.absorb(store.shape.items, other.shape.items)
                self._node(Named(name), [store, other], UNIT)
                continue
            given = self.as_iterable(other, store.shape.keys)
            if given is None:
                given = (self.made_from(list, other, (self.here(), "counted")),)
                self.absorb(store.shape.keys, given[0].shape.items)
            self._node(Named(name), [store, *given], UNIT)
        if items:
            self._count(store, name, items)

    def _dict_keys(self, store: TracedStore) -> Any:
        return self._view(store, "keys", store.shape.keys)

    def _dict_values(self, store: TracedStore) -> Any:
        return self._view(store, "values", store.shape.items)

    def _dict_items(self, store: TracedStore) -> Any:
        return self._view(store, "items", self.pair(store.shape))

    def _view(self, store: TracedStore, name: str, slot: Slot) -> Any:
        table = ORDERED if store.shape.cls is collections.OrderedDict else VIEWS
        return self.emit(Named(name), [store], self.derived(table[name], slot).type)

    def _dict_most_common(self, store: TracedStore, n: Any = None) -> Any:
        shape = self.derived(list, self.pair(store.shape))
        return self.emit(Named("most_common"), [store, *([] if n is None else [n])], shape.type)

    def _dict_elements(self, store: TracedStore) -> Any:
        return self.emit(_elements, [store], self.derived(list, store.shape.keys).type)

    # Operators -----------------------------------------------------------------------------------------------------

    def binary(self, name: str, a: Any, b: Any) -> Any:
        """a op b, one of which is a store."""
        if any(type(v) is TracedStore and v.shape.cls is str for v in (a, b)):
            from tracetensor.tracer.strings import string_operator

            return string_operator(self, name, a, b)
        if name in {"eq", "ne", "lt", "le", "gt", "ge"}:
            if any(type(v) is TracedArray for v in (a, b)):
                msg = "a container that is known at run time only is compared with an array"
                raise Fallback(msg)
            return self.emit(getattr(operator, name), [a, b], BOOL)
        store = a if type(a) is TracedStore else b
        cls = store.shape.cls
        if name == "mul" and cls in (list, tuple, collections.deque):
            return self.emit(operator.mul, [a, b], store.shape.type)
        if name == "add" and cls in (list, tuple, collections.deque):
            return self._concatenated(a, b, cls)
        if cls in (set, frozenset, VIEWS["keys"]) and name in {"or", "and", "sub", "xor"}:
            return self._set_operation(name, a, b)
        if cls is collections.Counter and all(type(v) is TracedStore for v in (a, b)):
            self.absorb(a.shape.keys, b.shape.keys)
            self.absorb(a.shape.items, b.shape.items)
            return self.emit(OPERATORS[name], [a, b], a.shape.type)
        if issubclass(cls, dict) and name == "or":
            made = (
                self.method(a, "copy", [], {})
                if type(a) is TracedStore
                else self.made_of(dict, a, self.here())
            )
            self.method(made, "update", [b], {})
            return made
        if cls is list and isinstance(a if store is b else b, (TracedArray, TracedScalar)):
            return self.interpreter.operations.binary(
                name, *[self.plain(v) if v is store else v for v in (a, b)]
            )
        msg = f"operator {name} on a {cls.__name__} that is known at run time only"
        raise Fallback(msg)

    def _concatenated(self, a: Any, b: Any, cls: type) -> Any:
        shape = self.table.shape((self.here(), "sum"), cls)
        parts = []
        for value in (a, b):
            given = None
            if isinstance(value, list) or type(value) in (TracedStore, tuple):
                given = self.as_iterable(value, shape.items)
            if given is None:
                given = (self.made_from(cls, value, (self.here(), "part")),)
                self.absorb(shape.items, given[0].shape.items)
            fresh = type(given[0]) is tuple and cls is list
            parts.append(self.state.made(TracedList(given[0])) if fresh else given[0])
        return self.emit(operator.add, parts, shape.type)

    def _set_operation(self, name: str, a: Any, b: Any) -> Any:
        name = SET_METHODS.get(name, name)
        cls = a.shape.cls if type(a) is TracedStore else type(a)
        cls = set if cls is VIEWS["keys"] else cls
        shape = self.table.shape((self.here(), "set"), cls)
        parts = []
        for value in (a, b):
            given = self.as_iterable(value, shape.items)
            if given is None or not (
                type(given[0]) is TracedStore and given[0].shape.cls in (set, frozenset)
            ):
                value = (
                    self.made_from(set, value, (self.here(), "part")) if given is None else set_of(given[0])
                )
            parts.append(value)
        return self.emit(_set_op(name), parts, shape.type)

    def augment(self, name: str, store: TracedStore, value: Any) -> Any:
        """store op= value."""
        cls = store.shape.cls
        if name == "add" and cls in (list, collections.deque):
            self.method(store, "extend", [value], {})
            return store
        if name == "mul" and cls is list:
            self._node(operator.imul, [store, value], UNIT)
            return store
        if name == "or" and cls is set:
            self.method(store, "update", [value], {})
            return store
        if name == "or" and cls in (dict, collections.OrderedDict, collections.defaultdict):
            self.method(store, "update", [value], {})
            return store
        if cls is set and name in {"and", "sub", "xor"}:
            if name == "xor" and type(value) is TracedStore:
                self.absorb(store.shape.items, value.shape.items)
            self._node(
                getattr(operator, "i" + {"and": "and", "sub": "sub", "xor": "xor"}[name]),
                [store, value],
                UNIT,
            )
            return store
        return self.binary(name, store, value)

    # As other things -------------------------------------------------------------------------------------------------

    def plain(self, store: TracedStore) -> Any:
        """A list that tracing knows, with what a store holds."""
        layout = self.layout(store.shape.iterated)
        if not layout.alternatives:
            return self.state.made(TracedList())
        types = layout.types()
        if len(layout.alternatives) == 1 and layout.alternatives[0].kind in {"number", "array"}:
            return self.emit(list, [store], ListType(types[0]))
        return self.as_array(store)

    def array_of_list(self, value: TracedList) -> Any:
        """numpy.array(value) of a list, whose length tracing does not know, of stores."""
        return self.as_array(self.made_from(list, value, (self.here(), "array")))

    def as_array(self, store: TracedStore) -> Any:
        """numpy.array(store)."""
        dtype, ndim = self._array_form(store.shape.iterated)
        listed = store if store.shape.cls in (list, tuple) else self.list_of(store)
        if dtype is None:
            return self.emit(np.array, [listed], array_type(np.float64, (None,) * ndim))
        return self.emit(np.array, [listed], array_type(dtype, (None,) * ndim))

    def _array_form(self, slot: Slot) -> tuple[Any, int]:
        """The dtype and rank of the array that a list of such items makes, if it makes a regular one."""
        found: list[tuple[Any, int]] = []
        slot.read = self.attempt
        for key, content in slot.alternatives.items():
            if key[0] == "number" and isinstance(key[1], TensorType):
                found.append((key[1].dtype, 1))
            elif key[0] == "array":
                found.append((key[1], key[2] + 1))
            elif key[0] == "tuple":
                found += [(d, n + 1) for d, n in map(self._array_form, content)]
            elif key[0] == "store":
                dtype, ndim = self._array_form(content.iterated)
                found.append((dtype, ndim + 1))
            else:
                msg = "an array is made of a container of other things than numbers"
                raise Fallback(msg)
        ranks = {n for _, n in found} or {1}
        if len(ranks) > 1:
            msg = "an array is made of a container of numbers and sequences"
            raise Fallback(msg)
        dtypes = [d for d, _ in found if d is not None]
        return (np.result_type(*dtypes) if dtypes else None), ranks.pop()


OPERATORS = {
    "add": operator.add,
    "sub": operator.sub,
    "or": operator.or_,
    "and": operator.and_,
    "xor": operator.xor,
}


def _elements(counter: Any) -> list[Any]:
    return list(counter.elements())


def set_of(value: Any) -> Any:
    """The value, as it is given to an operator of sets."""
    return value


class _set_op:  # noqa: N801 - used as a function
    """An operator of sets, on what need not be one."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.__name__ = name

    def __call__(self, a: Any, b: Any) -> Any:
        b = b if isinstance(b, (set, frozenset, VIEWS["keys"])) else set(b)
        a = a if isinstance(a, (set, frozenset, VIEWS["keys"])) else set(a)
        return OPERATORS[self.name](a, b)


__all__ = ["MADE_AT_RUN_TIME", "Stores"]
