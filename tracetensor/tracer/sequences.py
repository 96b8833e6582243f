"""What can be run over, indexed and unpacked: arrays, lists, tuples, ranges, enumerate, zip and reversed."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.node import constant
from tracetensor.graph.op import find_op
from tracetensor.graph.ops import control, elementwise, exceptions
from tracetensor.graph.ops.dims import shape_of
from tracetensor.graph.types import ARRAY
from tracetensor.tracer.flow import COMPLETIONS, NORMAL, Loop
from tracetensor.tracer.generators import INFINITE, Consumer, is_lazy
from tracetensor.tracer.library import is_grid
from tracetensor.tracer.lists import Dynamic
from tracetensor.tracer.merge import is_number
from tracetensor.tracer.state import NESTED, Box, Restart
from tracetensor.tracer.strings import string_item
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    TracedArray,
    TracedFlat,
    TracedGenerator,
    TracedIterator,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedSequence,
    TracedStore,
    TracedUnion,
    is_object,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.frames import Frame
    from tracetensor.tracer.interpreter import Interpreter


RANGE_LENGTH = find_op("py.range_length")


def flat_items(array: Any, index: Any) -> Any:
    """array.flat[index] of an array of indices."""
    return array.flat[index]


class Sequences:
    """Iteration, indexing and unpacking."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.arrays = interpreter.arrays

    # Length and items ------------------------------------------------------------------------------------------

    def dims(self, array: TracedArray) -> tuple[Any, ...]:
        """The shape of an array: ints where known, else traced ints."""
        dims = shape_of(self.arrays.read(array))
        self.state.adopt_built_all(dims)
        return tuple([d if type(d) is int else self.arrays.wrap(d) for d in dims])

    def length(self, value: Any) -> Any:
        """len(value): an int or a traced int."""
        if type(value) in (TracedStore, TracedText):
            return self.interpreter.stores.length(value)
        if type(value) is TracedArray:
            dims = self.dims(value)
            if not dims:
                msg = "len() of unsized object"
                raise TypeError(msg)
            return dims[0]
        if type(value) is TracedList and value.dynamic is not None:
            return self.interpreter.control.lists.length(value.dynamic)
        if type(value) is TracedRange:
            return self._range_length(value)
        if type(value) is TracedSequence:
            return value.length
        if type(value) is TracedScalar:
            kind: Any = value.__class__
            prefix = "numpy." if issubclass(kind, np.generic) else ""
            msg = f"object of type '{prefix}{kind.__name__}' has no len()"
            raise TypeError(msg)
        if isinstance(value, list):
            return list.__len__(value)
        if is_object(value):
            return self.interpreter.special.length(value)
        return len(value)

    def _range_length(self, value: TracedRange) -> Any:
        ops = self.interpreter.operations
        step = value.step
        if type(step) is not int:
            bounds = [self.arrays.variable(v) for v in (value.start, value.stop, step)]
            return self.arrays.wrap(self.state.emit(RANGE_LENGTH, bounds).out)
        distance = ops.binary("sub", value.stop, value.start)
        if step > 0:
            count = (
                ops.binary("floordiv", ops.binary("add", distance, step - 1), step) if step != 1 else distance
            )
        else:
            count = ops.binary("floordiv", ops.binary("add", distance, step + 1), step)
        if type(count) is int:
            return max(count, 0)
        return count

    def indexable(self, value: Any) -> bool:
        """Whether items can be had by a traced position, so that a loop over the value can stay a loop."""
        kind = type(value)
        if kind in (TracedSequence, TracedIterator):
            return bool(value.whole)
        if kind in (range, TracedRange, TracedArray, TracedFlat, TracedStore):
            return True
        return kind is TracedList and value.dynamic is not None

    def steps(self, value: Any) -> tuple[Any, Callable[[Any], Any]]:
        """How many steps a loop over the value takes (an int or an INT variable), and its item at a position."""
        length, item = self._steps(value)
        if isinstance(length, TracedScalar):
            length = self.state.region.lift(length.variable)
        return length, item

    def _steps(self, value: Any) -> tuple[Any, Callable[[Any], Any]]:
        ops = self.interpreter.operations
        kind = type(value)
        if kind is range:
            return len(
                value
            ), lambda k: value[k] if type(k) is int else _affine(ops, value.start, value.step, k)
        if kind is TracedRange:
            return self._range_length(value), lambda k: _affine(ops, value.start, value.step, k)
        if kind is TracedArray:
            dims = self.dims(value)
            if not dims:
                msg = "iteration over a 0-d array"
                raise TypeError(msg)
            return dims[0], lambda k: self.arrays.get_index(value, k)
        if kind is TracedSequence:
            return value.length, value.item
        if kind is TracedText:
            return self._steps(self.interpreter.stores.text(value))
        if kind is TracedStore:
            stores = self.interpreter.stores
            listed = stores.list_of(value)
            return stores.length(listed), lambda k: stores.get_item(listed, k)
        if kind is TracedIterator:
            return self.interpreter.generators.rest(value)
        if kind is TracedGenerator:
            return self._steps(self.interpreter.generators.collected(value))
        if kind is TracedFlat:
            return self._steps(self.arrays.wrap(self.arrays.flat(value.array)))
        if kind is TracedList and value.dynamic is not None:
            return self.length(value), lambda k: self.get_item(value, k)
        if kind is TracedScalar:
            msg = f"'{value.__class__.__name__}' object is not iterable"
            raise TypeError(msg)
        if kind is TracedUnion:
            return self._steps(self.unified(value))
        if is_object(value):
            iterator = self.interpreter.special.iterated(value)
            if hasattr(type(iterator), "__next__"):
                msg = f"an iterator of class {type(iterator).__name__} is run over"
                raise Fallback(msg)
            return self._steps(iterator)
        if not isinstance(value, (list, tuple, dict, str)) and (
            hasattr(value, "__next__") or hasattr(getattr(kind, "__iter__", None), "__code__")
        ):
            msg = f"a {kind.__name__}, an iterator or iterable from outside, is run over"
            raise Fallback(msg)
        if isinstance(value, (dict, str, set, frozenset)) or hasattr(value, "__iter__"):
            items = list(list.__iter__(value) if isinstance(value, list) else value)
            return len(items), lambda k: items[k]
        msg = f"'{type(value).__name__}' object is not iterable"
        raise TypeError(msg)

    def unified(self, union: Any) -> Any:
        """One sequence for a union of arrays, or of lists and tuples of one length; other values as they are."""
        if type(union) is not TracedUnion:
            return union
        sizes = {len(v) if isinstance(v, tuple) or (type(v) is TracedList and v.dynamic is None) else -1
                 for v in union.alternatives}  # fmt: skip
        if len(sizes) == 1 and -1 not in sizes:
            (size,) = sizes
            return tuple(
                [self.interpreter.control.resolve(union, lambda v, k=k: list(v)[k]) for k in range(size)]  # type: ignore[misc]
            )
        control = self.interpreter.control
        if (
            all(type(v) is TracedArray for v in union.alternatives)
            and len({self.arrays.type(v).ndim for v in union.alternatives}) == 1
        ):
            # Each step looks into the very array: it may be written meanwhile, and through its rows.
            return TracedSequence(
                control.resolve(union, self.length),
                lambda k: control.resolve(union, lambda v: self.get_item(v, k)),
            )
        return control.unify(union)

    def enumerate(self, value: Any, start: Any = 0) -> TracedIterator:
        value = self.unified(value)
        lazy = type(value) is TracedIterator and value.lazy
        whole = self.indexable(value)
        length, item = self.interpreter.generators.taken_over(value)
        ops = self.interpreter.operations
        return self.interpreter.generators.made(
            length, lambda k: (ops.binary("add", k, start), item(k)), whole=whole, lazy=lazy, sources=(value,)
        )

    def shortest(self, lengths: list[Any]) -> Any:
        """The least of several lengths."""
        lengths = [n for n in lengths if type(n) is not int or n != INFINITE] or lengths[:1]
        if not lengths:
            return 0
        if all(type(n) is int for n in lengths):
            return min(lengths)
        result = lengths[0]
        for n in lengths[1:]:
            same = (
                isinstance(n, TracedScalar)
                and isinstance(result, TracedScalar)
                and n.variable is result.variable
            )
            if not same:
                result = self.interpreter.calls.least([result, n])
        return result

    def reversed(self, value: Any) -> Any:
        if type(value) is range:
            return value[::-1]
        value = self.unified(value)
        length, item = self._steps(value)
        ops = self.interpreter.operations

        def at(k: Any) -> Any:
            return item(ops.binary("sub", ops.binary("sub", length, 1), k))

        return self.interpreter.generators.made(length, at, whole=self.indexable(value), sources=(value,))

    def unpack(self, value: Any, count: int | None) -> list[Any]:
        """The items of a value, one by one; ValueError unless there are `count`."""
        if type(value) is TracedStore and count is not None:
            return self.interpreter.stores.unpacked(value, count)
        if type(value) is TracedGenerator and count is not None:
            value = self.interpreter.generators.collected(value, count + 1)
        length, item = self._steps(value)
        if type(value) is TracedList and value.dynamic is not None and count is not None:
            self._check_count(length, count)
            return [item(k) for k in range(count)]
        if type(length) is not int:
            length = self.interpreter.calls.force(length, "the length of what is unpacked", expected=count)
        if count is None:
            self.interpreter.generators.finite(length)
        if count is not None and length < count:
            msg = f"not enough values to unpack (expected {count}, got {length})"
            raise ValueError(msg)
        if count is not None and length > count:
            msg = f"too many values to unpack (expected {count})"
            raise ValueError(msg)
        return [item(k) for k in range(length)]

    def _check_count(self, length: Any, count: int) -> None:
        """Raise at run time unless a length is what the targets of an assignment want."""
        interpreter = self.interpreter
        few = interpreter.truth_of(interpreter.operations.binary("lt", length, count))
        many = interpreter.truth_of(interpreter.operations.binary("gt", length, count))
        text = interpreter.calls.text(
            [f"not enough values to unpack (expected {count}, got ", (length, "", ""), ")"]
        )
        interpreter.control.choose(few, lambda: interpreter._raise(ValueError, [text]), lambda: None)
        too_many = f"too many values to unpack (expected {count})"
        interpreter.control.choose(many, lambda: interpreter._raise(ValueError, [too_many]), lambda: None)

    def whole_list(self, value: Any) -> TracedList:
        """list(value)."""
        if type(value) is TracedGenerator:
            return self.interpreter.generators.collected(value)
        if type(value) is TracedList and value.dynamic is not None:
            return self._list(value.dynamic)
        if not is_traced(value):
            return self.state.made(TracedList(value))  # type: ignore[no-any-return]
        length, item = self._steps(value)
        self.interpreter.generators.finite(length)
        if type(length) is int:
            return self.state.made(TracedList([item(k) for k in range(length)]))  # type: ignore[no-any-return]
        return self.collect(length, item)

    # Items -----------------------------------------------------------------------------------------------------

    def get_item(self, container: Any, index: Any) -> Any:
        """container[index]."""
        if type(container) is TracedText or (type(container) is str and is_traced(index)):
            return string_item(self.interpreter.stores, container, index)
        if type(container) is TracedStore:
            return self.interpreter.stores.get_item(container, index)
        if type(container) is TracedArray:
            return self._array_item(container, index)
        if type(container) is TracedFlat:
            if isinstance(index, (list, TracedArray)):
                return self.interpreter.calls.callback(flat_items, [container.array, index], {})
            self.check_flat(container.array, index)
            item = self._array_item(self.arrays.wrap(self.arrays.flat(container.array)), index)
            if type(item) is not TracedArray:
                return item
            return self.arrays.wrap(self.state.emit(elementwise.copy, [self.arrays.read(item)]).out)
        if type(container) is TracedList and container.dynamic is not None:
            return self._dynamic_item(container, index)
        if type(container) is TracedSequence:
            return container.item(index)
        if self.interpreter.calls.is_opened(container) and not is_traced(index):
            item = self.state.emit(exceptions.object_item, [container.variable], {"index": index})
            return TracedObject(item.out)
        if isinstance(index, TracedArray) and isinstance(container, np.ndarray):
            return self._array_item(self.arrays.wrap(self.arrays.variable(container)), index)
        if type(index) is slice and is_traced(index) and not is_grid(container):
            return self._traced_slice(container, index)
        if isinstance(index, TracedScalar):
            return self._choose_item(container, index)
        if type(container) is TracedScalar:
            return self._scalar_item(container, index)
        if type(container) is TracedRange and type(index) is slice:
            msg = "a slice of a range whose bounds are known at run time only"
            raise Fallback(msg)
        if type(container) is TracedRange:
            if not hasattr(index, "__index__"):
                range(0)[index]  # raises
            _, item = self._steps(container)
            return item(index)
        if not isinstance(container, (list, tuple, dict, str, range, np.ndarray)) and not isinstance(
            container, np.generic
        ):
            return self.interpreter.calls.outside_item(container, index)
        result = container[index]  # type: ignore[index]
        if type(container) is TracedList and type(index) is slice:
            return self.state.made(TracedList(result))
        return result

    def _scalar_item(self, container: TracedScalar, index: Any) -> Any:
        if container.type.is_python:
            msg = f"'{container.__class__.__name__}' object is not subscriptable"
            raise TypeError(msg)
        if index == ():
            return container
        entries = index if isinstance(index, tuple) else (index,)
        if all(e is None or e is Ellipsis for e in entries):
            variable = self.state.emit(elementwise.as_kind, [container.variable], {"kind": ARRAY}).out
            return self.get_item(self.arrays.wrap(variable), index)
        msg = "invalid index to scalar variable."
        raise IndexError(msg)

    def _array_item(self, array: TracedArray, index: Any) -> Any:
        entries = index if type(index) is tuple else (index,)
        for position, entry in enumerate(entries):
            if type(entry) is TracedUnion:
                return self.interpreter.control.resolve(
                    entry,
                    lambda e, p=position: self._array_item(  # type: ignore[misc]
                        array, (*entries[:p], e, *entries[p + 1 :]) if type(index) is tuple else e
                    ),
                )
        return self.arrays.get_index(array, index)

    def _dynamic_item(self, container: TracedList, index: Any) -> Any:
        lists = self.interpreter.control.lists
        if isinstance(index, (tuple, list, dict, str)) or index is None:
            [][index]  # type: ignore[call-overload] # raises
        if type(index) is slice:
            parts = [p for p in (index.start, index.stop, index.step) if p is not None]
            given = "".join("01"[p is not None] for p in (index.start, index.stop, index.step))
            variables = [self.arrays.variable(p) for p in parts]
            return self._list(lists.emit_each(control.list_slice, container.dynamic, *variables, given=given))
        return lists.get(container.dynamic, self.arrays.variable(index))

    def _list(self, dynamic: Dynamic) -> TracedList:
        made: TracedList = self.state.made(TracedList((), dynamic))
        return made

    def check_list(self, target: TracedList, what: str) -> None:
        """Fallback if a list must not be written."""
        if target.frozen and what not in {"copy", "index", "count"}:
            if NESTED not in self.interpreter.outside.constants:
                raise Restart({NESTED: True})
            msg = "a list that is an element of a growing list is written"
            raise Fallback(msg)

    def _traced_slice(self, container: Any, index: slice) -> Any:
        if type(container) is tuple or isinstance(container, list):
            calls = self.interpreter.calls
            parts = [p if p is None or type(p) is int else calls.force(p, "a slice of a list") for p in
                     (index.start, index.stop, index.step)]  # fmt: skip
            return self.get_item(container, slice(*parts))
        msg = f"a traced slice of a {type(container).__name__}"
        raise Fallback(msg)

    def _choose_item(self, container: Any, index: TracedScalar) -> Any:
        """container[index] for an index known at run time: of a homogeneous list, an element of it made dynamic."""
        if isinstance(container, (list, tuple, range)):
            lists = self.interpreter.control.lists
            items = list(list.__iter__(container)) if isinstance(container, list) else list(container)
            numbers = all(type(v) is TracedScalar or is_number(v) for v in items)
            if items and numbers and len({self.arrays.variable(v).type for v in items}) == 1:
                return lists.get(lists.dynamic((items, None)), self.arrays.variable(index))
            return self._branch_item(items, index)
        if isinstance(container, (dict, str)):
            return container[self.interpreter.stores.forced_key(container, index)]
        if isinstance(container, np.ndarray):
            return self._array_item(self.arrays.wrap(self.arrays.variable(container)), index)
        return container[self.interpreter.calls.force(index, "the value of an index")]

    def _branch_item(self, items: list[Any], index: TracedScalar) -> Any:
        """items[index] of a few items of any kind: a chain of branches, which ends in IndexError."""
        interpreter = self.interpreter
        if len(items) > 16:
            return items[interpreter.calls.force(index, "the value of an index")]

        def chain(k: int) -> Any:
            if k == len(items):
                msg = "list index out of range"
                raise IndexError(msg)
            hit = interpreter.truth_of(interpreter.operations.binary("eq", index, k))
            hit_back = interpreter.truth_of(interpreter.operations.binary("eq", index, k - len(items)))
            return interpreter.control.choose(
                self.arrays.variable(TracedScalar(hit)),
                lambda: items[k],
                lambda: interpreter.control.choose(hit_back, lambda: items[k], lambda: chain(k + 1)),
            )

        return chain(0)

    def set_item(self, container: Any, index: Any, value: Any) -> None:
        """container[index] = value."""
        resolve_all = self.interpreter.control.resolve_all
        resolve_all([container, index], lambda pair: self._set_item(pair[0], pair[1], value))

    def _set_item(self, container: Any, index: Any, value: Any) -> None:
        if type(container) is TracedStore:
            self.interpreter.stores.set_item(container, index, value)
            return
        if type(container) is TracedArray:
            # An array takes whichever of several values it is; a list may hold one of several.
            self.interpreter.control.resolve_all(
                [value] if type(value) is not tuple else [],
                lambda values: self.arrays.set_index(container, index, *(values or [value])),
            )
            return
        if type(container) is TracedFlat:
            self.check_flat(container.array, index)
            self.set_flat(container.array, index, value)
            return
        if type(container) is TracedList:
            self._set_list_item(container, index, value)
            return
        if type(container) is dict:
            self.interpreter.calls.check_hashable(index)
            if is_traced(index):
                self.interpreter.stores.demand(container)
                index = self.interpreter.calls.force(index, "a dict's key")
            self.interpreter.objects.through(container, lambda: dict.__setitem__(container, index, value))
            return
        if isinstance(container, (tuple, str, range)):
            msg = f"'{type(container).__name__}' object does not support item assignment"
            raise TypeError(msg)
        self.interpreter.calls.set_outside_item(container, index, value)

    def check_flat(self, array: TracedArray, index: Any) -> None:
        """Raise what NumPy does for an integer that is no index of the flattened array."""
        if is_number(index) or type(index) is TracedScalar:
            size = self.interpreter.call(np.size, [array], {})
            self.interpreter.outside.prelude(self.interpreter, "check_flat", [index, size])

    def set_flat(self, array: TracedArray, index: Any, value: Any) -> None:
        """array.flat[index] = value; values are repeated as often as needed, as NumPy does."""
        flat = self.arrays.wrap(self.arrays.flat(array))
        new = self.arrays.variable(value)
        if new.ndim > 0:
            taken = self.interpreter.call(np.size, [self._array_item(flat, index)], {})
            new = self.arrays.variable(self.interpreter.call(np.resize, [value, taken], {}))
        self.arrays.set_index(flat, index, self.arrays.wrap(new))
        shape = self.interpreter.call(np.shape, [array], {})
        whole = self.interpreter.call(np.reshape, [flat, shape], {})
        self.arrays.overwrite(array, self.arrays.variable(whole))

    def _set_list_item(self, container: TracedList, index: Any, value: Any) -> None:
        place = ("items", Box(container))
        self.check_list(container, "assignment")
        if container.dynamic is None and not is_traced(index):
            self.state.log(place)
            list.__setitem__(container, index, value)
            return
        if type(index) is slice:
            self.interpreter.stores.demand(container)
            msg = "assignment to a slice of a list of traced length"
            raise Fallback(msg)
        lists = self.interpreter.control.lists
        content = (list(list.__iter__(container)) if container.dynamic is None else [], container.dynamic)
        position = self.arrays.variable(index)
        with self.interpreter.stores.instead(container):
            new = lists.with_element(
                control.list_set, lists.dynamic(content), value, lambda old, item: [old, item, position]
            )
        self.state.write(place, ([], new))

    def delete_item(self, container: Any, index: Any) -> None:
        """del container[index]."""
        if type(container) is TracedStore:
            self.interpreter.stores.delete_item(container, index)
            return
        if type(container) is TracedList and container.dynamic is None and not is_traced(index):
            self.state.log(("items", Box(container)))
            list.__delitem__(container, index)
            return
        if type(container) is dict and not is_traced(index):
            self.interpreter.objects.through(container, lambda: dict.__delitem__(container, index))
            return
        if is_object(container):
            method = self.interpreter.special.method(container, "__delitem__")
            if method is not None:
                self.interpreter.call(method, [container, index], {})
                return
        if type(container) is TracedList and (type(index) in (int, TracedScalar)):
            self.check_list(container, "deletion")
            self.interpreter.outside.prelude(self.interpreter, "list_delete", [container, index])
            return
        msg = "this deletion is not traced"
        raise Fallback(msg)

    def contains(self, container: Any, value: Any) -> Any:
        """value in container."""
        if type(container) in (TracedStore, TracedText) or (
            type(value) in (TracedStore, TracedText) and isinstance(container, (set, frozenset, str))
        ):
            return self.interpreter.stores.contains(container, value)
        if is_lazy(container):
            return self.interpreter.outside.prelude(self.interpreter, "contains_", [container, value])
        if is_object(container):
            found = self.interpreter.special.contains(container, value)
            if found is not None:
                return found
        if type(container) is TracedArray:
            found = self.interpreter.operations.binary("eq", container, value)
            return self.interpreter.call(bool, [self.interpreter.call(np.any, [found], {})], {})
        if not is_traced(container) and not is_traced(value):
            return value in container
        if isinstance(container, dict):
            self.interpreter.calls.check_hashable(value)
            return self.interpreter.stores.forced_key(container, value) in container
        if type(container) in (range, TracedRange):
            return self._in_range(container, value)
        items = self.unpack(container, None)
        interpreter = self.interpreter

        def search(k: int) -> Any:
            if k == len(items):
                return False
            if interpreter._is_object_itself(items[k], value):
                return True
            hit = interpreter.truth_of(interpreter.operations.binary("eq", items[k], value))
            if type(hit) is bool:
                return True if hit else search(k + 1)
            return interpreter.control.choose(hit, lambda: True, lambda: search(k + 1))

        return search(0)

    def _in_range(self, container: Any, value: Any) -> Any:
        ops, interpreter = self.interpreter.operations, self.interpreter
        if container.step != 1:
            msg = "`in` on a range with a step"
            raise Fallback(msg)
        low = interpreter.truth_of(ops.binary("ge", value, container.start))
        return interpreter.control.choose(
            self.arrays.variable(TracedScalar(low)) if type(low) is not bool else constant(low),
            lambda: ops.binary("lt", value, container.stop),
            lambda: False,
        )

    # Lists -----------------------------------------------------------------------------------------------------

    def append(self, target: TracedList, value: Any) -> None:
        place = ("items", Box(target))
        if target.dynamic is None:
            self.state.log(place)
            list.append(target, value)
            return
        lists = self.interpreter.control.lists
        with self.interpreter.stores.instead(target):
            new = lists.with_element(
                control.list_append, lists.content(target), value, lambda old, item: [old, item]
            )
        self.state.write(place, ([], new))

    def pop(self, target: TracedList, position: Any = -1) -> Any:
        place = ("items", Box(target))
        if target.dynamic is None and not is_traced(position):
            self.state.log(place)
            return list.pop(target, position)
        lists = self.interpreter.control.lists
        content = (list(list.__iter__(target)) if target.dynamic is None else [], target.dynamic)
        with self.interpreter.stores.instead(target):
            rest, item = lists.pop(lists.dynamic(content), self.arrays.variable(position))
        self.state.write(place, ([], rest))
        return item

    def extend(self, target: TracedList, values: Any) -> None:
        if target.dynamic is None:
            length, item = self._steps(values)
            if type(length) is int:
                self.state.log(("items", Box(target)))
                list.extend(target, [item(k) for k in range(length)])
                return
        length, item = self._steps(values)
        self._append_all(target, length, item)

    def collect(self, length: Any, item: Callable[[Any], Any]) -> TracedList:
        """A list of what `item` gives at every position."""
        result: TracedList = self.state.made(TracedList())
        self._append_all(result, length, item)
        return result

    def _append_all(self, target: TracedList, length: Any, item: Callable[[Any], Any]) -> None:
        frame = self.state.frames[-1]

        def bind(k: Any) -> None:
            self.append(target, item(k))

        loop = Loop(
            frame, (id(item.__code__), len(self.state.frames)), length if type(length) is int else self.state.region.lift(length.variable),
            bind, lambda: COMPLETIONS[NORMAL], None, frozenset(), frozenset(frame.locals), frozenset(), frame.line,
        )  # fmt: skip
        self.interpreter.control.loop(loop)

    def repeated(self, value: Any, count: Any) -> Any:
        """value * count of a list or tuple."""
        if type(count) is int and getattr(value, "dynamic", None) is None:
            items = [*(list.__iter__(value) if isinstance(value, list) else value)] * count
            return self.state.made(TracedList(items)) if isinstance(value, list) else tuple(items)
        if not isinstance(count, (TracedScalar, int)):
            msg = f"a list or tuple times a {type(count).__name__}"
            raise Fallback(msg)
        if not isinstance(value, list):
            try:
                return value * self.interpreter.calls.force(count, "how often a tuple is repeated")
            except Fallback:
                stores = self.interpreter.stores
                return stores.binary("mul", stores.made_from(tuple, value, stores.here()), count)
        lists = self.interpreter.control.lists
        dynamic = getattr(value, "dynamic", None)
        content = lists.dynamic((list(list.__iter__(value)) if dynamic is None else [], dynamic))
        return self._list(lists.emit_each(control.list_repeat, content, self.arrays.variable(count)))

    def concatenated(self, a: list[Any], b: list[Any]) -> Any:
        """a + b of lists."""
        if all(getattr(v, "dynamic", None) is None for v in (a, b)):
            return self.state.made(TracedList([*list.__iter__(a), *list.__iter__(b)]))
        result = self.whole_list(a)
        self.extend(result, b)
        return result

    def comprehension(self, frame: Frame, node: Any, add: Callable[[Frame], None] | None = None) -> Any:
        """[element for target in iterable if condition …]; with `add`, that is done instead of appending."""
        result: TracedList = self.state.made(TracedList())
        self.interpreter.stores.placed(result, frame, node)
        if add is None:

            def put(inner: Frame) -> None:
                self.append(result, self.interpreter.expression(inner, node.elt))

            add = put

        own = set().union(*[_stored(g.target) for g in node.generators])
        outer = frame
        if _makes_functions(node):  # which see the comprehension's own variables, when they are called
            frame = self.interpreter.generators.scope(outer, node)
        saved = {name: frame.locals.get(name) for name in own if name in frame.locals}

        def level(depth: int) -> None:
            if depth == len(node.generators):
                add(frame)
                return
            generator: ast.comprehension = node.generators[depth]
            iterable = self.interpreter.iterated(
                self.interpreter.expression(frame if depth else outer, generator.iter)
            )
            inner_own = frozenset(own)

            def body() -> Any:
                self._filtered(frame, generator.ifs, lambda: level(depth + 1))
                return COMPLETIONS[NORMAL]

            if is_lazy(iterable) or type(iterable) is TracedStore:

                def each(value: Any) -> Any:
                    self._bind_own(frame, generator.target, value)
                    return body()

                names = frozenset(set(frame.locals) - own)
                self.interpreter.generators.run_over(
                    iterable, Consumer(frame, each, inner_own, names, frozenset()), id(generator),
                    temporary=isinstance(generator.iter, ast.Call),
                )  # fmt: skip
                return
            length, item = self.steps(iterable)
            loop = Loop(
                frame, (id(generator), len(self.state.frames)), length,
                lambda k: self._bind_own(frame, generator.target, item(k)), body, None,
                inner_own, frozenset(set(frame.locals) - own), frozenset(), frame.line,
            )  # fmt: skip
            loop.must_unroll = not self.indexable(iterable)
            self.interpreter.control.loop(loop)

        if frame is not outer:
            self.state.frames.append(frame)
        try:
            level(0)
        finally:
            if frame is not outer:
                self.state.frames.remove(frame)
                own = set()
            for name in own:
                if name in saved:
                    frame.locals[name] = saved[name]
                else:
                    frame.locals.pop(name, None)
        return result

    def _bind_own(self, frame: Frame, target: ast.expr, value: Any) -> None:
        """Bind a comprehension's own variable (not a name of the function, whatever its scope says)."""
        if isinstance(target, ast.Name):
            self.state.write(("local", frame, target.id), value)
            return
        targets = target.elts  # type: ignore[attr-defined]
        self.interpreter.unpack_into(lambda part, item: self._bind_own(frame, part, item), targets, value)

    def _filtered(self, frame: Frame, conditions: list[ast.expr], action: Callable[[], None]) -> None:
        if not conditions:
            action()
            return
        test = self.interpreter.truth(frame, conditions[0])
        if type(test) is bool:
            if test:
                self._filtered(frame, conditions[1:], action)
            return
        self.interpreter.control.choose(
            test, lambda: self._filtered(frame, conditions[1:], action), lambda: None
        )


def _makes_functions(node: ast.AST) -> bool:
    return any(isinstance(n, ast.Lambda) for n in ast.walk(node))


def _stored(target: Any) -> set[str]:
    return {n.id for n in ast.walk(target) if isinstance(n, ast.Name)}


def _affine(ops: Any, start: Any, step: Any, k: Any) -> Any:
    scaled = k if type(step) is int and step == 1 else ops.binary("mul", k, step)
    if type(start) is int and start == 0:
        return scaled
    return ops.binary("add", scaled, start)
