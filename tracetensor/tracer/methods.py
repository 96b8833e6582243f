"""Bound methods of traced arrays, scalars, lists and dicts."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.answers import METHODS, MUTATING
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.tracer.prelude import structure
from tracetensor.tracer.sorting import sort_in_place
from tracetensor.tracer.state import Box
from tracetensor.tracer.values import (
    OfTraced,
    TracedArray,
    TracedList,
    TracedObject,
    TracedScalar,
    TracedStore,
    TracedUnion,
    Tree,
    is_traced,
)

if TYPE_CHECKING:
    from tracetensor.tracer.calls import Calls
    from tracetensor.tracer.library import Library


@dataclasses.dataclass(frozen=True, eq=False)
class Method(OfTraced):
    """A method taken from a traced value, not called yet."""

    owner: Any
    name: str


BY_NAME = {
    "__getitem__": ("get_item", 1), "__len__": ("length", 0), "__contains__": ("contains", 1), "__setitem__": ("set_item", 2),
    "__delitem__": ("delete_item", 1),
}  # fmt: skip
"""Special methods that are called by name, as in `sorted(range(n), key=x.__getitem__)`."""


def call_method(calls: Calls, method: Method, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """owner.name(*args, **kwargs)."""
    owner, name = method.owner, method.name
    if name in BY_NAME and not kwargs and len(args) == BY_NAME[name][1]:
        return getattr(calls.interpreter.sequences, BY_NAME[name][0])(owner, *args)
    if isinstance(owner, Tree):
        return calls.interpreter.call(structure, [owner, name, *args], kwargs)
    if type(owner) is TracedStore:
        return calls.interpreter.stores.method(owner, name, args, kwargs)
    for position, value in enumerate(args):
        if type(value) is TracedUnion and type(owner) is not TracedList:
            return calls.interpreter.control.resolve(
                value,
                lambda v, p=position: call_method(calls, method, [*args[:p], v, *args[p + 1 :]], kwargs),  # type: ignore[misc]
            )
    if type(owner) is TracedArray:
        return _array_method(calls, owner, name, args, kwargs)
    if type(owner) is TracedScalar:
        return _scalar_method(calls, owner, name, args, kwargs)
    if type(owner) is TracedList:
        return _list_method(calls, owner, name, args, kwargs)
    if type(owner) is dict:
        return _dict_method(calls, owner, name, args, kwargs)
    if type(owner) is TracedObject:
        return calls.object_method(owner, name, args, kwargs)
    return _ufunc_method(calls, owner, name, args, kwargs)


def _array_method(
    calls: Calls, owner: TracedArray, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    arrays = calls.arrays
    if name == "fill":
        arrays.set_index(owner, Ellipsis, *args)
        return None
    if name == "sort" and owner.storage.read_only:
        msg = "sort array is read-only"
        raise ValueError(msg)
    if name == "sort":
        new = calls.library(np.sort, [owner, *args], kwargs)
        arrays.overwrite(owner, arrays.variable(new))
        return None
    if name in {"partition", "put"}:
        function = getattr(np, name)
        if name == "put":
            calls.mutating(MUTATING[np.put], *calls.converted("v", [owner, *args], kwargs))
        else:
            arrays.overwrite(owner, arrays.variable(calls.library(function, [owner, *args], kwargs)))
        return None
    if name == "tolist":
        return _tolist(calls, owner)
    if name == "item" and len(args) == 1 and not isinstance(args[0], tuple) and arrays.type(owner).ndim != 1:
        calls.interpreter.sequences.check_flat(owner, args[0])
    if name in METHODS:
        return calls.build(METHODS[name], getattr(np.ndarray, name), [owner, *args], kwargs)
    if name == "__abs__":
        return calls.interpreter.operations.unary("abs", owner)
    if name in {"dump", "dumps", "tofile", "setflags", "resize", "byteswap", "view", "setfield", "getfield"}:
        msg = f"the array method .{name}() is not traced"
        raise Fallback(msg)
    return calls.callback(getattr(np.ndarray, name), [owner, *args], kwargs)


def _tolist(calls: Calls, owner: TracedArray) -> Any:
    sequences = calls.interpreter.sequences
    ndim = calls.arrays.type(owner).ndim
    if ndim == 0:
        return calls.build(METHODS["item"], np.ndarray.item, [owner], {})
    if ndim > 1:
        return calls.outside.prelude(calls.interpreter, "nested_list", [owner])
    length, item = sequences._steps(owner)

    def element(k: Any) -> Any:
        return calls.build(METHODS["item"], np.ndarray.item, [item(k)], {})

    if type(length) is int:
        return calls.state.made(TracedList([element(k) for k in range(length)]))
    return sequences.collect(length, element)


def scalar_attribute(calls: Library, owner: TracedScalar, name: str) -> Any:
    """An attribute of a scalar."""
    type_ = owner.type
    if type_.is_python:
        if name in {"real", "imag"} and type_.kind != "bool":
            return calls.arrays.wrap(calls.state.emit(PYTHON[name], [owner.variable]).out)
        if name in {"numerator", "denominator"} and type_.kind == "int":
            return owner if name == "numerator" else 1
        if not hasattr(owner.__class__, name):
            msg = f"'{type_.kind}' object has no attribute '{name}'"
            raise AttributeError(msg)
        return Method(owner, name)
    simple: dict[str, Any] = {
        "dtype": type_.dtype, "shape": (), "ndim": 0, "size": 1, "itemsize": type_.dtype.itemsize,
        "nbytes": type_.dtype.itemsize, "T": owner,
    }  # fmt: skip
    if name in simple:
        return simple[name]
    if name in {"real", "imag"}:
        return calls.library(getattr(np, name), [owner], {})
    if not hasattr(type_.dtype.type, name):
        msg = f"'numpy.{type_.dtype.type.__name__}' object has no attribute '{name}'"
        raise AttributeError(msg)
    return Method(owner, name)


def _scalar_method(
    calls: Calls, owner: TracedScalar, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    cls = owner.__class__
    if owner.type.is_python:
        if name == "conjugate":
            return calls.arrays.wrap(calls.state.emit(PYTHON[name], [owner.variable]).out)
        return calls.callback(getattr(cls, name), [owner, *args], kwargs)
    if name == "view" and not args and not kwargs:
        return owner
    if name in METHODS and name != "view":
        return calls.build(METHODS[name], getattr(cls, name), [owner, *args], kwargs)
    return calls.callback(getattr(cls, name), [owner, *args], kwargs)


def _list_method(calls: Calls, owner: TracedList, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    sequences = calls.interpreter.sequences
    sequences.check_list(owner, name)
    if name == "append":
        sequences.append(owner, *args)
        return None
    if name == "pop":
        return sequences.pop(owner, *args)
    if name == "extend":
        sequences.extend(owner, *args)
        return None
    if name == "copy":
        return sequences.whole_list(owner)
    if name == "sort" and (owner.dynamic is not None or is_traced((owner, kwargs))):
        return sort_in_place(calls.interpreter, owner, kwargs.get("key"), kwargs.get("reverse", False))
    if name in {"index", "count"}:
        return calls.outside.prelude(calls.interpreter, f"list_{name}", [owner, *args])
    if owner.dynamic is None and name in {"insert", "clear", "reverse", "remove", "sort"}:
        if name == "remove" and is_traced((owner, args)):
            return calls.outside.prelude(calls.interpreter, "list_remove", [owner, *args])
        if name == "insert" and is_traced(args[:1]):
            calls.interpreter.stores.demand(owner)
            msg = "list.insert at a traced position"
            raise Fallback(msg)
        calls.state.log(("items", Box(owner)))
        getattr(list, name)(owner, *args, **kwargs)
        return None
    return _dynamic_list_method(calls, owner, name, args)


def _dynamic_list_method(calls: Calls, owner: TracedList, name: str, args: list[Any]) -> Any:
    from tracetensor.graph.ops import control

    functions = {"reverse": control.list_reverse, "clear": control.list_clear, "insert": control.list_insert}
    if name not in functions or owner.dynamic is None:
        msg = f"list.{name} of a list whose length is known at run time only"
        raise Fallback(msg)
    lists = calls.interpreter.control.lists
    if name == "insert":
        position = calls.arrays.variable(args[0])
        with calls.interpreter.stores.instead(owner):
            new = lists.with_element(
                control.list_insert, owner.dynamic, args[1], lambda old, value: [old, position, value]
            )
    else:
        new = lists.emit_each(functions[name], owner.dynamic)
    calls.state.write(("items", Box(owner)), ([], new))
    return None


def _dict_method(
    calls: Calls, owner: dict[Any, Any], name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    if args and name in {"get", "pop", "setdefault"}:
        calls.check_hashable(args[0])
        if name != "get" and is_traced(args[:1]):
            calls.interpreter.stores.demand(owner)
        args = [calls.interpreter.stores.forced_key(owner, args[0]), *args[1:]]
    if name in {"update", "pop", "setdefault", "clear", "popitem"}:
        return calls.interpreter.objects.through(owner, lambda: getattr(owner, name)(*args, **kwargs))
    result = getattr(owner, name)(*args, **kwargs)
    if name in {"keys", "values", "items"}:
        view = tuple(result)
        calls.state.views[id(view)] = (view, owner, name)
        return view
    return calls.state.made(result) if name == "copy" else result


def _ufunc_method(calls: Calls, owner: np.ufunc, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    bound = getattr(owner, name)
    if name == "at":
        return calls.interpreter.calls.update_at(owner, args)
    from tracetensor.graph.ops import reduction

    builder = getattr(reduction, f"ufunc_{name}_call", None)
    if builder is None or not is_traced((args, kwargs)):
        return calls.callback(bound, args, kwargs)
    return calls.build(lambda *a, **k: builder(owner, *a, **k), bound, args, kwargs)
