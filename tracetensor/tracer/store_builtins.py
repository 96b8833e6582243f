"""Functions of the standard library that change or read stores: heapq, bisect, and what sorts them."""

from __future__ import annotations

import bisect
import heapq
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.types import INT, UNIT
from tracetensor.tracer import prelude
from tracetensor.tracer.builtin import BUILTINS, handles
from tracetensor.tracer.values import TracedStore, is_traced

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.interpreter import Interpreter


@handles(prelude.new_list)
def _new_list(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.stores.make(list, (interpreter.stores.here(), *args))


@handles(prelude.arrange)
def _arrange(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> None:
    interpreter.stores._node(prelude.arrange, args, UNIT)


def store(interpreter: Interpreter, value: Any, name: str) -> TracedStore:
    """A list that a library function changes: it has to be a store."""
    if type(value) is not TracedStore:
        interpreter.stores.demand(value)
        msg = f"a {type(value).__name__.removeprefix('Traced').lower()} is handed to {name}, which changes it"
        raise Fallback(msg)
    return value


def _on_heap(function: Callable[..., Any], *, puts: bool, gives: bool) -> None:
    @handles(function)
    def heap(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        stores = interpreter.stores
        owner = store(interpreter, args[0], f"heapq.{function.__name__}")
        given = [owner, *([stores.enter_value(owner.shape.items, args[1])] if puts else [])]
        if gives:
            return stores.read(function, given, owner.shape.items)
        return stores.emit(function, given, UNIT)


_on_heap(heapq.heappush, puts=True, gives=False)
_on_heap(heapq.heappop, puts=False, gives=True)
_on_heap(heapq.heapify, puts=False, gives=False)
_on_heap(heapq.heapreplace, puts=True, gives=True)
_on_heap(heapq.heappushpop, puts=True, gives=True)


def _of_all(function: Callable[..., Any], *, largest: bool) -> None:
    @handles(function)
    def chosen(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        count, iterable = args[:2]
        key = args[2] if len(args) > 2 else kwargs.get("key")
        name = "nlargest_" if largest else "nsmallest_"
        return interpreter.outside.prelude(interpreter, name, [count, iterable, key])


_of_all(heapq.nlargest, largest=True)
_of_all(heapq.nsmallest, largest=False)


def _search(function: Callable[..., Any]) -> None:
    @handles(function)
    def search(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if "key" in kwargs:
            msg = f"bisect.{function.__name__} with a key"
            raise Fallback(msg)
        if not is_traced((args, kwargs)):
            return function(*args, **kwargs)
        return interpreter.stores.emit(function, args, INT, kwargs)


def _insort(function: Callable[..., Any]) -> None:
    @handles(function)
    def insort(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> None:
        if "key" in kwargs:
            msg = f"bisect.{function.__name__} with a key"
            raise Fallback(msg)
        owner = store(interpreter, args[0], f"bisect.{function.__name__}")
        value = interpreter.stores.enter_value(owner.shape.items, args[1])
        interpreter.stores.emit(function, [owner, value, *args[2:]], UNIT, kwargs)


_search(bisect.bisect_left)
_search(bisect.bisect_right)
_insort(bisect.insort_left)
_insort(bisect.insort_right)


def _textual(function: Any) -> None:
    """A built-in function of a number that gives a string."""
    known = BUILTINS.get(function)

    @handles(function)
    def textual(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not is_traced(args):
            return function(*args) if known is None else known(interpreter, args, kwargs)
        return interpreter.stores.emit(function, args, interpreter.stores.table.text.type)


for _function in (bin, hex, oct, chr, ascii):
    _textual(_function)


@handles(ord)
def _ord(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.stores.emit(ord, args, INT) if is_traced(args) else ord(*args)


__all__ = ["store"]
