"""sorted() and list.sort(): the order is found at run time, by Python's own sort of the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.ops import control
from tracetensor.tracer.state import Box
from tracetensor.tracer.values import TracedArray, TracedList, is_traced

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter


def _python_order(keys: Any, reverse: bool) -> tuple[int, ...]:
    """The positions of keys in the order in which sorted() puts them."""
    return tuple(sorted(range(len(keys)), key=keys.__getitem__, reverse=reverse))


def sorted_list(interpreter: Interpreter, value: Any, key: Any, reverse: Any) -> TracedList:
    """sorted(value, key=key, reverse=reverse), of what is no iterator."""
    reverse = interpreter.truth_of(reverse)
    if type(reverse) is not bool:
        msg = "sorted() in an order that is known at run time only"
        raise Fallback(msg)
    value = interpreter.sequences.whole_list(tuple(value) if isinstance(value, dict) else value)
    if value.dynamic is not None:
        return _sorted_dynamic(interpreter, value, key, reverse)
    items = list(list.__iter__(value))
    keys = items if key is None else [interpreter.call(key, [v], {}) for v in items]
    if len(items) < 2:
        return value  # type: ignore[no-any-return]
    if not is_traced(keys):
        return interpreter.state.made(TracedList([items[k] for k in _python_order(keys, reverse)]))  # type: ignore[no-any-return]
    if any(type(k) is TracedArray and interpreter.arrays.type(k).ndim for k in keys):
        msg = "sorted() of arrays"
        raise Fallback(msg)
    order = interpreter.calls.callback(_python_order, [tuple(keys), reverse], {})
    fixed = tuple(items)
    return interpreter.state.made(  # type: ignore[no-any-return]
        TracedList([interpreter.sequences.get_item(fixed, k) for k in order])
    )


def _sorted_dynamic(interpreter: Interpreter, value: TracedList, key: Any, reverse: bool) -> TracedList:
    lists, content = interpreter.control.lists, value.dynamic
    if key is not None or content.single is None:
        return interpreter.outside.prelude(interpreter, "sorted_store", [value, key, reverse])  # type: ignore[no-any-return]
    # Of equal items the first stays the first: Python turns the list around before and after.
    ops = [control.list_reverse, control.list_sort, control.list_reverse] if reverse else [control.list_sort]
    for op in ops:
        content = lists.emit_each(op, content)
    return interpreter.state.made(TracedList((), content))  # type: ignore[no-any-return]


def sort_in_place(interpreter: Interpreter, target: TracedList, key: Any, reverse: Any) -> None:
    """list.sort."""
    if target.dynamic is not None and (key is not None or target.dynamic.single is None):
        interpreter.stores.demand(target)
    new = sorted_list(interpreter, target, key, reverse)
    if type(new) is not TracedList:
        msg = "list.sort by a key, or of tuples, of a list whose length is known at run time only"
        raise Fallback(msg)
    items = list(list.__iter__(new)) if new.dynamic is None else []
    interpreter.state.write(("items", Box(target)), (items, new.dynamic))
