"""Objects of the user's classes: attributes looked up, set and deleted as Python does, what they hold kept as places.

What an object holds itself (its `__dict__`, its slots) is in a table of the state: for an object that the program
made, all of it; for one from outside, what was read or written so far. Descriptors, properties and special methods
that are written in Python are interpreted.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.tracer.declared import Declared
from tracetensor.tracer.derived import Derived
from tracetensor.tracer.state import Box
from tracetensor.tracer.surroundings import MISSING, static
from tracetensor.tracer.values import UNBOUND, TracedUnion, Tree, is_class, is_object

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tracetensor.tracer.interpreter import Interpreter

SLOT = types.MemberDescriptorType


def has_dict(cls: type) -> bool:
    """Whether instances of a class take attributes of any name."""
    return any("__dict__" in part.__dict__ for part in cls.__mro__)


def own_now(owner: Any, name: str) -> Any:
    """What an object itself holds under a name, MISSING if nothing."""
    found = static(type(owner), name)
    if type(found) is SLOT:
        try:
            return found.__get__(owner)
        except AttributeError:
            return MISSING
    return getattr(owner, "__dict__", {}).get(name, MISSING)


def own_names(owner: Any) -> Iterator[str]:
    """The names under which an object itself holds something: slots that are filled, then its `__dict__`."""
    for part in type(owner).__mro__:
        for name, found in part.__dict__.items():
            if type(found) is SLOT and own_now(owner, name) is not MISSING:
                yield name
    yield from getattr(owner, "__dict__", {})


def no_attribute(owner: Any, name: str) -> AttributeError:
    return AttributeError(f"'{type(owner).__name__}' object has no attribute '{name}'")


def made_by_dataclass(cls: type, name: str) -> bool:
    """Whether a method of a class was written by the dataclasses module."""
    method = static(cls, name)
    method = getattr(method, "__wrapped__", method)
    return (
        isinstance(method, types.FunctionType)
        and method.__code__.co_filename.startswith("<")
        and dataclasses.is_dataclass(cls)
    )


def new_object(cls: type) -> Any:
    """An object of a user's class, on which nothing has been done yet."""
    return cls() if cls is types.SimpleNamespace else object.__new__(cls)


class Objects:
    """Reads, sets and deletes attributes of the user's objects."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.outside = interpreter.outside
        self.found = interpreter.outside.surroundings.of_class

    # Reading ---------------------------------------------------------------------------------------------------

    def attribute(self, owner: Any, name: str) -> Any:
        """owner.name."""
        cls = type(owner)
        if issubclass(cls, Tree):
            return self.interpreter.tree_attribute(owner, name)
        getter = self.found(cls, "__getattribute__")
        if isinstance(getter, types.FunctionType):
            try:
                return self.interpreter.call(getter, [owner, name], {})
            except AttributeError:
                return self._missing(owner, name)
        return self.plain_attribute(owner, name)

    def plain_attribute(self, owner: Any, name: str, *, last: bool = False) -> Any:
        """object.__getattribute__(owner, name); with `last`, `__getattr__` is not asked."""
        cls = type(owner)
        found = self.found(cls, name)
        if name == "__dict__" and has_dict(cls):
            return self.variables(owner)
        if name == "__class__":
            return cls
        if found is not MISSING and _is_data(found) and type(found) is not SLOT:
            return self._described(found, owner, name)
        value = self.own(owner, name)
        if type(value) is TracedUnion and any(v is UNBOUND for v in value.alternatives):
            return self.interpreter.control.resolve(
                value, lambda v: self._without_own(owner, name, found, last) if v is UNBOUND else v
            )
        if value is not UNBOUND:
            return value
        return self._without_own(owner, name, found, last)

    def _without_own(self, owner: Any, name: str, found: Any, last: bool) -> Any:
        """An attribute that the object itself does not hold: the class's."""
        if found is MISSING or type(found) is SLOT:
            if last:
                raise no_attribute(owner, name)
            return self._missing(owner, name)
        if isinstance(found, types.FunctionType):
            return types.MethodType(found, owner)
        if hasattr(type(found), "__get__"):
            return self._described(found, owner, name)
        return self.of_class(type(owner), name, found)

    def _missing(self, owner: Any, name: str) -> Any:
        getter = self.found(type(owner), "__getattr__")
        if isinstance(getter, types.FunctionType):
            return self.interpreter.call(getter, [owner, name], {})
        raise no_attribute(owner, name)

    def own(self, owner: Any, name: str) -> Any:
        """What an object itself holds under a name, UNBOUND if nothing."""
        table = self.state.own(owner)
        if name in table:
            return table[name]
        if self.state.made_in(owner) is not None:
            return UNBOUND
        path = self.outside.path_of(owner)
        value = own_now(owner, name)
        if path is None:
            if value is MISSING:
                return UNBOUND
            msg = f"the attribute {name} of an object that tracing did not see come in"
            raise Fallback(msg)
        if value is MISSING:
            self.outside.expect_absent(path, name)
            table[name] = UNBOUND
        else:
            if (
                self.found(type(owner), name) is not MISSING
                and type(self.found(type(owner), name)) is not SLOT
            ):
                self.outside.expect_own(path, name)
            table[name] = self.outside.adopt(value, (*path, ("attribute", name)))
        return table[name]

    def _described(self, found: Any, owner: Any, name: str) -> Any:
        """What a descriptor gives."""
        call = self.interpreter.call
        if type(found) is Declared or isinstance(found, Derived):
            return types.MethodType(found, owner)
        if isinstance(found, property):
            if found.fget is None:
                msg = f"property '{name}' of '{type(owner).__name__}' object has no getter"
                raise AttributeError(msg)
            return call(found.fget, [owner], {})
        if isinstance(found, classmethod):
            return types.MethodType(found.__func__, type(owner))
        if isinstance(found, staticmethod):
            return found.__func__
        if isinstance(found, functools.cached_property):
            value = call(found.func, [owner], {})
            self.store(owner, found.attrname or name, value)
            return value
        getter = self.found(type(found), "__get__")
        if isinstance(getter, types.FunctionType):
            return call(getter, [self.of_class(type(owner), name, found), owner, type(owner)], {})
        if type(found) in (
            types.WrapperDescriptorType,
            types.MethodDescriptorType,
            types.BuiltinFunctionType,
        ):
            return getattr(owner, name)
        if self.outside.unwrap(found) is not found:
            return types.MethodType(found, owner)
        if name in {"__doc__", "__module__"}:
            return getattr(owner, name)
        msg = f"the attribute `{name}` is a {type(found).__name__}"
        raise Fallback(msg)

    def of_class(self, cls: type, name: str, found: Any) -> Any:
        """An attribute of a class, as it is there."""
        return self.outside.adopt_of_class(cls, name, found)

    def variables(self, owner: Any) -> dict[str, Any]:
        """owner.__dict__: a dict that shows what the object holds, writes to which are writes to the object."""
        self._not_tree(owner, "is asked for by __dict__, or copied")
        known = self.state.dicts.get(id(owner))
        if known is not None and known[0] is owner and self.state.made_in(known[1]) is not None:
            return known[1]  # type: ignore[no-any-return]
        names = self._names(owner)
        table = self.state.own(owner)
        if any(type(table[n]) is TracedUnion and UNBOUND in table[n].alternatives for n in names):
            msg = "the __dict__ of an object whose attributes are known at run time only"
            raise Fallback(msg)
        slots = {n for n in names if type(self.found(type(owner), n)) is SLOT}
        made = self.state.made({n: table[n] for n in names if table[n] is not UNBOUND and n not in slots})
        self.state.dicts[id(owner)] = self.state.dicts[id(made)] = (owner, made)
        return made  # type: ignore[no-any-return]

    def _names(self, owner: Any) -> list[str]:
        table = self.state.own(owner)
        if self.state.made_in(owner) is not None:
            return list(table)
        path = self.outside.path_of(owner)
        if path is None:
            msg = "the __dict__ of an object that tracing did not see come in"
            raise Fallback(msg)
        self.outside.expect_names(path, owner)
        for name in vars(owner):
            self.own(owner, name)
        names = list(vars(owner))
        return [*names, *[n for n in table if n not in names]]

    def through(self, entries: dict[str, Any], action: Callable[[], Any]) -> Any:
        """Change a dict; if it is the `__dict__` of an object, that too."""
        known = self.state.dicts.get(id(entries))
        self.state.log(("entries", Box(entries)))
        if known is None or known[1] is not entries:
            return action()
        before = dict(entries)
        result = action()
        for name in dict.fromkeys([*before, *entries]):
            value = entries.get(name, UNBOUND)
            if value is not before.get(name, UNBOUND):
                self.store(known[0], name, value)
        return result

    # Writing ---------------------------------------------------------------------------------------------------

    def set_attribute(self, owner: Any, name: str, value: Any) -> None:
        """owner.name = value."""
        self._not_tree(owner, "is set")
        setter = self.found(type(owner), "__setattr__")
        if isinstance(setter, types.FunctionType):
            if self._frozen(owner, name, setter):
                raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
            if not _generated(setter):
                self.interpreter.call(setter, [owner, name, value], {})
                return
        self.plain_set(owner, name, value)

    def _not_tree(self, owner: Any, what: str) -> None:
        if isinstance(owner, Tree):
            msg = f"what a {owner.registered.cls.__name__}, a registered class, has as attributes {what}"
            raise Fallback(msg)

    def _frozen(self, owner: Any, name: str, method: types.FunctionType) -> bool:
        """Whether a method that dataclasses made refuses to set or delete an attribute."""
        if not _generated(method):
            return False
        cls = next(c for c in type(owner).__mro__ if method in c.__dict__.values())
        return type(owner) is cls or name in {f.name for f in dataclasses.fields(cls)}

    def plain_set(self, owner: Any, name: str, value: Any) -> None:
        """object.__setattr__(owner, name, value)."""
        found = self.found(type(owner), name)
        if found is not MISSING and type(found) is not SLOT and _is_data(found):
            if isinstance(found, property):
                if found.fset is None:
                    msg = f"property '{name}' of '{type(owner).__name__}' object has no setter"
                    raise AttributeError(msg)
                self.interpreter.call(found.fset, [owner, value], {})
                return
            setter = self.found(type(found), "__set__")
            if not isinstance(setter, types.FunctionType):
                msg = f"the attribute `{name}`, a {type(found).__name__}, is assigned"
                raise Fallback(msg)
            self.interpreter.call(setter, [self.of_class(type(owner), name, found), owner, value], {})
            return
        if type(found) is not SLOT and not has_dict(type(owner)):
            if found is not MISSING:
                msg = f"'{type(owner).__name__}' object attribute '{name}' is read-only"
                raise AttributeError(msg)
            raise no_attribute(owner, name)
        self.store(owner, name, value)

    def store(self, owner: Any, name: str, value: Any) -> None:
        """Put a value into what an object holds itself."""
        if self.state.made_in(owner) is None:
            if self.outside.path_of(owner) is None:
                msg = f"the attribute `{name}` of an object that tracing did not see come in is assigned"
                raise Fallback(msg)
            if self.state.region.kind != "root":
                self.own(owner, name)
        self.state.write(("attribute", Box(owner), name), value)
        shown = self.state.dicts.get(id(owner))
        if shown is not None and shown[0] is owner and shown[1].get(name, UNBOUND) is not value:
            self.state.log(("entries", Box(shown[1])))
            shown[1][name] = value
            if value is UNBOUND:
                del shown[1][name]

    def delete_attribute(self, owner: Any, name: str) -> None:
        """del owner.name."""
        self._not_tree(owner, "is deleted")
        deleter = self.found(type(owner), "__delattr__")
        if isinstance(deleter, types.FunctionType):
            if self._frozen(owner, name, deleter):
                raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
            if not _generated(deleter):
                self.interpreter.call(deleter, [owner, name], {})
                return
        self.plain_delete(owner, name)

    def plain_delete(self, owner: Any, name: str) -> None:
        """object.__delattr__(owner, name)."""
        found = self.found(type(owner), name)
        if found is not MISSING and type(found) is not SLOT and _is_data(found):
            if isinstance(found, property):
                if found.fdel is None:
                    msg = f"property '{name}' of '{type(owner).__name__}' object has no deleter"
                    raise AttributeError(msg)
                self.interpreter.call(found.fdel, [owner], {})
                return
            deleter = self.found(type(found), "__delete__")
            if not isinstance(deleter, types.FunctionType):
                msg = f"the attribute `{name}`, a {type(found).__name__}, is deleted"
                raise Fallback(msg)
            self.interpreter.call(deleter, [self.of_class(type(owner), name, found), owner], {})
            return
        value = self.own(owner, name)
        if type(value) is TracedUnion:
            self.interpreter.control.resolve(value, lambda v: self._delete(owner, name, v))
            return
        self._delete(owner, name, value)

    def _delete(self, owner: Any, name: str, value: Any) -> None:
        if value is UNBOUND:
            raise (
                no_attribute(owner, name)
                if type(self.found(type(owner), name)) is not SLOT
                else AttributeError(name)
            )
        self.store(owner, name, UNBOUND)

    # Making ----------------------------------------------------------------------------------------------------

    def make(self, cls: type) -> Any:
        """object.__new__(cls): an object that the program made."""
        return self.state.made(new_object(cls))


def _is_data(found: Any) -> bool:
    return hasattr(type(found), "__set__") or hasattr(type(found), "__delete__")


def _generated(method: types.FunctionType) -> bool:
    """Whether a method was made by the dataclasses module."""
    return method.__code__.co_filename.startswith("<") and method.__code__.co_name.startswith("__")


__all__ = [
    "MISSING",
    "Objects",
    "has_dict",
    "is_class",
    "is_object",
    "made_by_dataclass",
    "new_object",
    "own_names",
    "own_now",
    "static",
]
