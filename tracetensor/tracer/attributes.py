"""Attributes and items of what is not a list or a tuple: read, and written."""

from __future__ import annotations

import ast
import sys
import types
from typing import Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.answers import Unsupported
from tracetensor.graph.ops import exceptions
from tracetensor.tracer.learnt import is_learnt, learnt_attribute
from tracetensor.tracer.library import UFUNC_METHODS, Library, is_grid
from tracetensor.tracer.methods import Method, scalar_attribute
from tracetensor.tracer.object_builtins import Super, super_attribute
from tracetensor.tracer.objects import is_object
from tracetensor.tracer.state import Box
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedArray,
    TracedFlat,
    TracedGenerator,
    TracedList,
    TracedObject,
    TracedScalar,
    TracedStore,
    TracedUnion,
    is_traced,
)


def function_attribute(function: InterpretedFunction, name: str) -> Any:
    """What a function defined inside is called, or says of itself."""
    if name == "__doc__":
        node = function.source.node
        return None if isinstance(node, ast.Lambda) else ast.get_docstring(node, clean=False)
    return function.frame.globals.get("__name__") if name == "__module__" else getattr(function, name)


class Attributes(Library):
    """Reads and writes attributes."""

    def object_attribute(self, owner: Any, name: str) -> Any:
        """An attribute of a run-time object."""
        raise NotImplementedError

    # Attributes ------------------------------------------------------------------------------------------------

    def attribute(self, owner: Any, name: str) -> Any:
        """owner.name."""
        kind = type(owner)
        if kind is TracedArray:
            return self._array_attribute(owner, name)
        if kind is TracedScalar:
            return scalar_attribute(self, owner, name)
        if kind in (TracedList, dict):
            if not hasattr(list if kind is TracedList else dict, name):
                msg = f"'{'list' if kind is TracedList else 'dict'}' object has no attribute '{name}'"
                raise AttributeError(msg)
            return Method(owner, name)
        if kind is TracedText:
            return self.attribute(self.interpreter.stores.text(owner), name)
        if kind is TracedStore:
            cls = owner.shape.cls
            if not hasattr(cls, name):
                msg = f"'{cls.__name__}' object has no attribute '{name}'"
                raise AttributeError(msg)
            return (
                Method(owner, name)
                if callable(getattr(cls, name))
                else self.interpreter.stores.attribute(owner, name)
            )
        if isinstance(owner, np.ufunc):
            return Method(owner, name) if name in UFUNC_METHODS else getattr(owner, name)
        if kind is TracedObject and self.is_opened(owner):
            return self.about(owner, name)
        if kind is TracedObject and is_learnt(owner) and not self.is_source_object(owner):  # type: ignore[attr-defined]
            return learnt_attribute(self, owner, name)  # type: ignore[arg-type]
        if kind is TracedObject:
            return self.object_attribute(owner, name)
        if kind is InterpretedFunction:
            if name in owner.attributes:
                return owner.attributes[name]
            if name in {"__name__", "__qualname__", "__doc__", "__module__"}:
                return function_attribute(owner, name)
            msg = f"the attribute {name} of a {kind.__name__}"
            raise Fallback(msg)
        if isinstance(owner, tuple):
            found = self.outside.surroundings.of_class(kind, name)
            if isinstance(found, property) and isinstance(found.fget, types.FunctionType):
                return self.interpreter.call(found.fget, [owner], {})
        if isinstance(
            owner, (types.ModuleType, type, str, bytes, int, float, complex, tuple, np.generic, np.dtype)
        ):
            if owner is sys and name in {"stdout", "stderr", "stdin"}:
                return self.object_attribute(owner, name)
            value = getattr(owner, name)
            return self.outside.module_value(owner, name, value)
        if kind is TracedGenerator:
            msg = f"`{name}` of a generator"
            raise Fallback(msg)
        if kind is Super:
            return super_attribute(self.interpreter, owner, name)
        if is_object(owner):
            return self.interpreter.objects.attribute(owner, name)
        return self.outside.other_attribute(owner, name)

    def is_opened(self, value: Any) -> bool:
        """Whether this is an exception caught at run time, or what was read from one."""
        return type(value) is TracedObject and value.variable.type in (
            exceptions.EXCEPTION,
            exceptions.OBJECT,
        )

    def about(self, owner: TracedObject, name: str) -> TracedObject:
        """An attribute of an object that is known at run time only."""
        return TracedObject(
            self.state.emit(exceptions.object_attribute, [owner.variable], {"name": name}).out
        )

    def _array_attribute(self, owner: TracedArray, name: str) -> Any:
        type_ = self.arrays.type(owner)
        if name == "shape":
            return self.interpreter.sequences.dims(owner)
        if name == "ndim":
            return type_.ndim
        if name == "dtype":
            return type_.dtype
        if name == "itemsize":
            return type_.dtype.itemsize
        if name in {"size", "nbytes"}:
            size = self.library(np.size, [owner], {})
            return (
                size
                if name == "size"
                else self.interpreter.operations.binary("mul", size, type_.dtype.itemsize)
            )
        if name == "T":
            return self.library(np.transpose, [owner], {})
        if name == "mT":
            return self.library(np.matrix_transpose, [owner], {})
        if name in {"real", "imag"}:
            return self.library(getattr(np, name), [owner], {})
        if name == "flat":
            return TracedFlat(owner)
        if not hasattr(np.ndarray, name):
            msg = f"'numpy.ndarray' object has no attribute '{name}'"
            raise AttributeError(msg)
        if not callable(getattr(np.ndarray, name)):
            msg = f"the array attribute .{name}"
            raise Fallback(msg)
        return Method(owner, name)

    def set_attribute(self, owner: Any, name: str, value: Any) -> None:
        """owner.name = value."""
        if type(owner) is TracedUnion:
            self.interpreter.control.resolve(owner, lambda v: self.set_attribute(v, name, value))
            return
        if type(owner) is TracedArray and name == "shape":
            if owner.storage.origin is not None:
                msg = "the .shape of an array from outside is assigned"
                raise Fallback(msg)
            view = self.library(np.reshape, [owner, value], {})
            if view.storage is not owner.storage:
                msg = "assigning to .shape of an array that is not known to be contiguous"
                raise Fallback(msg)
            self.state.log(("view", Box(owner)))
            owner.steps = view.steps
            return
        if type(owner) is TracedArray and name == "flat":
            self.interpreter.sequences.set_flat(owner, slice(None), value)
            return
        if type(owner) is TracedArray and name in {"real", "imag"}:
            if name == "imag" and self.arrays.type(owner).dtype.kind != "c":
                msg = "array does not have imaginary part to set"
                raise TypeError(msg)
            part = self.library(getattr(np, name), [owner], {})
            self.arrays.set_index(part, Ellipsis, value)
            return
        if not is_object(owner):
            msg = f"the attribute `{name}` of a {type(owner).__name__} is assigned"
            raise Fallback(msg)
        self.interpreter.objects.set_attribute(owner, name, value)

    def delete_attribute(self, owner: Any, name: str) -> None:
        """del owner.name."""
        if type(owner) is TracedUnion:
            self.interpreter.control.resolve(owner, lambda v: self.delete_attribute(v, name))
            return
        if not is_object(owner):
            msg = f"the attribute `{name}` of a {type(owner).__name__} is deleted"
            raise Fallback(msg)
        self.interpreter.objects.delete_attribute(owner, name)

    def outside_item(self, container: Any, index: Any) -> Any:
        """container[index] of a container that is no array, list, tuple, dict or string."""
        if is_grid(container):
            if container in (np.s_, np.index_exp):
                return container[index]
            if not is_traced(index):
                return self.lift(container[index])
            getitem = self.outside.grid_builder(container)
            if getitem is None:
                return self.callback(type(container).__getitem__, [container, index], {})
            try:
                result = getitem(self.arrays.argument(index))
            except Unsupported:
                return self.callback(type(container).__getitem__, [container, index], {})
            self.state.adopt_built_all(result)
            return self.wrapped(result, [])
        method = getattr(type(container), "__getitem__", None)
        if isinstance(method, types.FunctionType):
            return self.interpreter.call(method, [container, index], {})
        if not is_traced(index):
            return self.lift(container[index])
        msg = f"a traced index into a {type(container).__name__}"
        raise Fallback(msg)

    def set_outside_item(self, container: Any, index: Any, value: Any) -> None:
        """container[index] = value of a container of the user's class."""
        method = getattr(type(container), "__setitem__", None)
        if isinstance(method, types.FunctionType):
            self.interpreter.call(method, [container, index, value], {})
            return
        if type(container) is TracedScalar or type(container) in {int, float, bool, complex, type(None)}:
            msg = f"'{container.__class__.__name__ if type(container) is not TracedScalar or container.type.is_python else 'numpy.' + container.__class__.__name__}' object does not support item assignment"
            raise TypeError(msg)
        msg = f"an item of a {type(container).__name__} is assigned"
        raise Fallback(msg)
