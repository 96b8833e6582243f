"""Built-in functions that look into objects: vars, delattr, super, the methods of `object`, the functions of dataclasses."""

from __future__ import annotations

import dataclasses
import types
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.tracer.builtin import handles
from tracetensor.tracer.objects import MISSING, is_class, is_object, made_by_dataclass
from tracetensor.tracer.values import TracedList, Tree

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter


@dataclasses.dataclass(frozen=True, eq=False)
class Super:
    """super(cls, owner): attributes are looked up behind `cls` in the order of the owner's classes."""

    cls: type
    owner: Any


@handles(super)
def _super(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if args:
        if len(args) != 2:
            msg = "super() of a class alone"
            raise Fallback(msg)
        return Super(*args)
    frame = interpreter.state.frames[-1]
    arguments = frame.source.node.args
    names = [a.arg for a in [*arguments.posonlyargs, *arguments.args]]
    if not names or names[0] not in frame.locals:
        msg = "super(): no arguments"
        raise RuntimeError(msg)
    return Super(interpreter.load_name(frame, "__class__"), frame.locals[names[0]])


def super_attribute(interpreter: Interpreter, of: Super, name: str) -> Any:
    """super().name."""
    owner = of.owner
    if isinstance(owner, Tree):
        msg = f"super() in a method of {owner.registered.cls.__name__}, a registered class"
        raise Fallback(msg)
    cls = owner if isinstance(owner, type) else type(owner)
    order = cls.__mro__
    for part in order[order.index(of.cls) + 1 :]:
        interpreter.outside.surroundings.of_class(part, name)
        if name not in part.__dict__:
            continue
        found = part.__dict__[name]
        if isinstance(found, classmethod):
            return types.MethodType(found.__func__, cls)
        if isinstance(found, staticmethod):
            return found.__func__
        if isinstance(found, (types.FunctionType, types.WrapperDescriptorType, types.MethodDescriptorType)):
            return found if owner is cls else types.MethodType(found, owner)
        if isinstance(found, (types.BuiltinFunctionType, types.BuiltinMethodType)):
            return found
        if isinstance(found, property) and owner is not cls:
            return interpreter.call(found.fget, [owner], {})
        if hasattr(type(found), "__get__"):
            msg = f"super().{name}, a {type(found).__name__}"
            raise Fallback(msg)
        return interpreter.outside.adopt_of_class(part, name, found)
    msg = f"'super' object has no attribute '{name}'"
    raise AttributeError(msg)


@handles(vars)
def _vars(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if len(args) != 1 or not is_object(args[0]):
        msg = "vars() of what is no object of a user's class"
        raise Fallback(msg)
    return interpreter.objects.attribute(args[0], "__dict__")


@handles(delattr)
def _delattr(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    interpreter.calls.delete_attribute(*args)


# The methods of object, as `super()` and classes call them ---------------------------------------------------------


@handles(object.__setattr__)
def _object_set(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    interpreter.objects.plain_set(*_object(args))


@handles(object.__delattr__)
def _object_delete(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    interpreter.objects.plain_delete(*_object(args))


@handles(object.__getattribute__)
def _object_get(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    owner, name = _object(args)
    return interpreter.objects.plain_attribute(owner, name, last=True)


@handles(object.__init__, object.__init_subclass__)
def _object_init(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or len(args) > 1:
        msg = "object.__init__() takes exactly one argument (the instance to initialize)"
        raise TypeError(msg)


@handles(object.__new__)
def _object_new(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not (isinstance(args[0], type) and is_class(args[0])):
        msg = "object.__new__ of what is no user's class"
        raise Fallback(msg)
    return interpreter.objects.make(args[0])


def _object(args: list[Any]) -> list[Any]:
    if not is_object(args[0]):
        msg = f"a method of `object` of a {type(args[0]).__name__}"
        raise Fallback(msg)
    return args


# Dataclasses --------------------------------------------------------------------------------------------------------


def initialise(interpreter: Interpreter, made: Any, args: list[Any], kwargs: dict[str, Any]) -> None:
    """What the `__init__` that dataclasses wrote for a class does."""
    cls = next(c for c in type(made).__mro__ if "__init__" in c.__dict__)
    fields = [
        f for f in vars(cls)["__dataclass_fields__"].values() if f._field_type.name != "_FIELD_CLASSVAR"
    ]
    taken = [f for f in fields if f.init]
    positional = [f.name for f in taken if not f.kw_only]
    if len(args) > len(positional):
        required = [f for f in taken if not f.kw_only and f.default is dataclasses.MISSING
                    and f.default_factory is dataclasses.MISSING]  # fmt: skip
        most, least = len(positional) + 1, len(required) + 1
        count = f"from {least} to {most}" if least < most else str(most)
        msg = (
            f"{cls.__qualname__}.__init__() takes {count} positional arguments but {len(args) + 1} were given"
        )
        raise TypeError(msg)
    values = dict(zip(positional, args, strict=False))
    for name, value in kwargs.items():
        if name in values:
            msg = f"{cls.__qualname__}.__init__() got multiple values for argument {name!r}"
            raise TypeError(msg)
        if name not in {f.name for f in taken}:
            msg = f"{cls.__qualname__}.__init__() got an unexpected keyword argument {name!r}"
            raise TypeError(msg)
        values[name] = value
    missing = [
        f.name for f in taken
        if f.name not in values and f.default is dataclasses.MISSING and f.default_factory is dataclasses.MISSING
    ]  # fmt: skip
    if missing:
        raise TypeError(interpreter.missing_text(f"{cls.__qualname__}.__init__", missing))
    later = []
    frozen = cls.__dataclass_params__.frozen  # type: ignore[attr-defined]
    put = interpreter.objects.plain_set if frozen else interpreter.objects.set_attribute
    for field in fields:
        value = _field_value(interpreter, cls, field, values)
        if field._field_type.name == "_FIELD_INITVAR":
            later.append(value)
        elif value is not MISSING:
            put(made, field.name, value)
    if hasattr(cls, "__post_init__"):
        interpreter.call(interpreter.calls.attribute(made, "__post_init__"), later, {})


def _field_value(interpreter: Interpreter, cls: type, field: Any, values: dict[str, Any]) -> Any:
    if field.name in values:
        return values[field.name]
    if field.default_factory is not dataclasses.MISSING:
        return interpreter.call(field.default_factory, [], {})
    if not field.init or field.default is dataclasses.MISSING:
        return MISSING  # the class's own attribute serves
    home = next((c for c in cls.__mro__ if field.name in c.__dict__), None)
    if home is None:
        return interpreter.calls.lift(field.default)
    return interpreter.objects.of_class(home, field.name, field.default)


@handles(dataclasses.replace)
def _replace(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value,) = args
    if not is_object(value) or not dataclasses.is_dataclass(value):
        msg = "replace() should be called on dataclass instances"
        raise TypeError(msg)
    changes = dict(kwargs)
    for field in dataclasses.fields(value):
        if not field.init:
            if field.name in changes:
                msg = f"field {field.name} is declared with init=False, it cannot be specified with replace()"
                raise ValueError(msg)
        elif field.name not in changes:
            changes[field.name] = interpreter.calls.attribute(value, field.name)
    return interpreter.call(type(value), [], changes)


@handles(dataclasses.asdict)
def _asdict(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or len(args) != 1:
        msg = "dataclasses.asdict with a dict_factory"
        raise Fallback(msg)
    return _taken_apart(interpreter, args[0], as_dict=True)


@handles(dataclasses.astuple)
def _astuple(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs or len(args) != 1:
        msg = "dataclasses.astuple with a tuple_factory"
        raise Fallback(msg)
    return _taken_apart(interpreter, args[0], as_dict=False)


def _taken_apart(interpreter: Interpreter, value: Any, *, as_dict: bool) -> Any:
    """Dataclasses as dicts or tuples, containers in them anew, arrays copied, as copy.deepcopy does."""
    state = interpreter.state

    def inner(part: Any) -> Any:
        return _taken_apart(interpreter, part, as_dict=as_dict)

    if is_object(value):
        if not dataclasses.is_dataclass(value):
            msg = f"a copy of a {type(value).__name__}"
            raise Fallback(msg)
        names = [f.name for f in dataclasses.fields(value)]
        parts = [inner(interpreter.calls.attribute(value, n)) for n in names]
        return state.made(dict(zip(names, parts, strict=True))) if as_dict else tuple(parts)
    if type(value) is TracedList and value.dynamic is None:
        return state.made(TracedList([inner(v) for v in list.__iter__(value)]))
    if isinstance(value, tuple):
        items = [inner(v) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else tuple(items)
    if type(value) is dict:
        return state.made({k: inner(v) for k, v in value.items()})
    return interpreter.calls.copied(value)


@handles(dataclasses.fields)
def _fields(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return dataclasses.fields(*args)


@handles(dataclasses.is_dataclass)
def _is_dataclass(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return (isinstance(args[0], type) or is_object(args[0])) and dataclasses.is_dataclass(args[0])


__all__ = ["Super", "initialise", "made_by_dataclass", "super_attribute"]
