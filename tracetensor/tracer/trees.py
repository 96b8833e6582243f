"""Values of registered classes: what the user's `flatten` takes apart is traced, `unflatten` puts results together.

Inside a trace such a value is an object of a stand-in class (`Tree`), which holds the children and what else there is
(`Aux`), so that branches, loops and attempts treat it as any other object. What a method written in C does with it, such as
`dict.__getitem__`, is found by having it done to an object whose children are `Leaf`s, which can be moved but not looked at.
"""

from __future__ import annotations

import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.tracer import prelude
from tracetensor.tracer.builtin import handles
from tracetensor.tracer.methods import Method
from tracetensor.tracer.registered import REGISTRY, Aux, FlattenError
from tracetensor.tracer.state import Box
from tracetensor.tracer.surroundings import MISSING, static
from tracetensor.tracer.values import (
    NOT_THE_USERS,
    Traced,
    TracedArray,
    TracedList,
    TracedScalar,
    Tree,
    is_traced,
    of_objects,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.interpreter import Interpreter
    from tracetensor.tracer.registered import Registered
    from tracetensor.tracer.world import World

SPECIAL = (
    "__getitem__ __setitem__ __delitem__ __len__ __iter__ __contains__ __add__ __radd__ __iadd__ __mul__ __rmul__ "
    "__or__ __ror__ __ior__ __bool__"
).split()
CONSTANTS = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(None),
    slice,
    range,
    type(NotImplemented),
    type(...),
    type,
)


def registered(cls: type) -> Registered | None:
    """How values of a class are taken apart, None where they are not."""
    entry = REGISTRY.get(cls)
    if entry is None or of_objects(cls):
        return None  # objects of ordinary classes are traced attribute by attribute
    if entry.stand_in is None:
        entry.stand_in = _stand_in(entry)
    return entry


def _stand_in(entry: Registered) -> type[Tree]:
    """A class with the special methods of a registered one: the user's, and for others what finds out what they do."""
    names: dict[str, Any] = {"__module__": "registered", "registered": entry}
    for name in dict.fromkeys([*SPECIAL, *[n for n in dir(entry.cls) if n[:2] == "__" == n[-2:]]]):
        found = static(entry.cls, name)
        if _is_users(found):
            names[name] = found
        elif name in SPECIAL and found is not MISSING and found is not None:
            names[name] = getattr(prelude, f"tree{name.rstrip('_')[1:]}")
    if hasattr(entry.cls, "keys"):
        names["keys"] = prelude.tree_keys  # tells a mapping from other iterables
    if static(entry.cls, "__eq__") is not object.__eq__ and "__eq__" not in names:
        names["__eq__"] = prelude.tree_equal
        names["__hash__"] = object.__hash__
    return type(entry.cls.__name__, (Tree,), names)


def _is_users(found: Any) -> bool:
    return (
        isinstance(found, types.FunctionType)
        and (found.__module__ or "").partition(".")[0] not in NOT_THE_USERS
    )


class Leaf(Traced):
    """A child while a method moves it around: whoever looks at it ends the trace."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def _looked_at(self, *args: Any, **kwargs: Any) -> Any:
        raise Fallback(LOOKED_AT)

    __hash__ = __getattr__ = _looked_at  # type: ignore[assignment]
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = _looked_at
    __getitem__ = __setitem__ = __contains__ = __call__ = __neg__ = __abs__ = __repr__ = __str__ = _looked_at


LOOKED_AT = "code that is not traced looks at what is in a value of a registered class"


def adopt_tree(world: World, entry: Registered, value: Any, path: Any) -> Tree:
    """A value from outside as its stand-in."""
    known = world.trees.get(id(value))
    if known is not None:
        world.expect_same(path, world.paths[id(known[1])][0])
        return known[1]  # type: ignore[no-any-return]
    try:
        flat, again = entry.flat(value), entry.flat(value)
    except FlattenError as error:
        raise Fallback(str(error)) from error.__cause__
    name = entry.cls.__name__
    aux = flat.aux.own()
    if aux.has_array():
        msg = f"what flatten, registered for {name}, returns as aux holds an array (fix: make it one of the children)"
        raise Fallback(msg)
    if aux != again.aux:
        msg = f"what flatten, registered for {name}, returns as aux is not equal to what it returns again"
        raise Fallback(msg)
    mutable = (np.ndarray, list, dict)
    if len(flat.children) != len(again.children) or any(
        a is not b and (isinstance(a, mutable) or isinstance(b, mutable) or registered(type(a)))
        for a, b in zip(flat.children, again.children, strict=True)
    ):
        msg = f"flatten, registered for {name}, returns other arrays or containers each time, not those that the value has"
        raise Fallback(msg)
    made: Tree = object.__new__(entry.stand_in)
    world.trees[id(value)] = world.trees[id(made)] = (value, made)
    world.paths[id(made)] = (path, made)
    inside = (*path, ("flat", entry))
    world.expect_tree(path, entry.cls, (*inside, ("attribute", "aux")), aux)
    children = world.adopt(flat.children, (*inside, ("attribute", "children")))
    world.state.own(made).update(children=children, aux=aux)
    return made


# What methods do ----------------------------------------------------------------------------------------------------


class _Moved:
    """Values handed to code that is not traced, as leaves, and what comes back."""

    def __init__(self, interpreter: Interpreter, tree: Tree | None, entry: Registered) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.tree = tree
        self.entry = entry
        self.object: Any = None

    def given(self, value: Any) -> Any:
        """A value as code that is not traced gets it."""
        if value is self.tree and self.tree is not None:
            return self.object
        if isinstance(value, Tree):
            return rebuilt(self.interpreter, value)
        if type(value) is tuple:
            return tuple([self.given(v) for v in value])
        if type(value) is TracedList and value.dynamic is None:
            return [self.given(v) for v in list.__iter__(value)]
        if type(value) is dict:
            return {k: self.given(v) for k, v in value.items()}
        return value if isinstance(value, CONSTANTS) and not is_traced(value) else Leaf(value)

    def back(self, value: Any) -> Any:
        """What such code returned, as a value of the traced program."""
        kind, made = type(value), self.state.made
        if kind is Leaf:
            return value.value
        if value is self.object and self.tree is not None:
            return self.tree
        if kind is tuple:
            return tuple([self.back(v) for v in value])
        if kind is list:
            return made(TracedList([self.back(v) for v in value]))
        if kind is dict:
            return made({k: self.back(v) for k, v in value.items()})
        if kind in VIEWS and self.tree is not None:
            return self.interpreter.call(
                Method(
                    self.back(dict(zip(_keys(self.object), dict.values(self.object), strict=True))),
                    VIEWS[kind],
                ),
                [],
                {},
            )
        entry = registered(kind)
        if entry is not None:
            return new_tree(self.interpreter, entry, value, self.back)
        if hasattr(kind, "__next__"):
            return self.interpreter.generators.iterator(made(TracedList([self.back(v) for v in value])))
        if isinstance(value, CONSTANTS):
            return value
        msg = f"a {kind.__name__} made of a {self.entry.cls.__name__}, a registered class"
        raise Fallback(msg)


VIEWS = {type({}.keys()): "keys", type({}.values()): "values", type({}.items()): "items"}


def _keys(value: Any) -> list[Any]:
    return list(dict.keys(value))


def rebuilt(interpreter: Interpreter, tree: Tree) -> Any:
    """An object of the registered class whose children are leaves."""
    own, entry = interpreter.state.own(tree), tree.registered
    children, aux = own["children"], own["aux"]
    if type(aux) is not Aux or type(children) is not tuple:
        msg = f"the form of a {entry.cls.__name__}, a registered class, is known at run time only"
        raise Fallback(msg)
    try:
        return entry.built(aux, tuple([Leaf(v) for v in children]))
    except Exception as error:
        msg = f"unflatten, registered for {entry.cls.__name__}, raises {type(error).__name__}: {error}"
        raise Fallback(msg) from error


def new_tree(interpreter: Interpreter, entry: Registered, value: Any, back: Callable[[Any], Any]) -> Tree:
    """The stand-in of a value that the traced program makes."""
    try:
        flat = entry.flat(value)
    except FlattenError as error:
        raise Fallback(str(error)) from error.__cause__
    made: Tree = interpreter.state.made(object.__new__(entry.stand_in))
    interpreter.state.own(made).update(children=tuple([back(v) for v in flat.children]), aux=flat.aux)
    return made


def _same_child(a: Any, b: Any) -> bool:
    """Whether a child is still what it was."""
    if type(a) is not Leaf or type(b) is not Leaf:
        return a is b
    a, b = a.value, b.value
    return a is b or (
        type(a) is type(b) is TracedArray and a.storage is b.storage and a.steps == b.steps and not a.rebuilt
    )


def of_leaves(
    interpreter: Interpreter,
    what: str,
    given: list[Any],
    action: Callable[[], Any],
    expected: Any = LookupError,
) -> Any:
    """Do something to an object made of leaves. An error that comes of the leaves ends the trace, others are the user's."""
    try:
        return action()
    except expected as error:
        raise error.with_traceback(None) from None
    except Exception as error:
        for value in given:
            if type(value) is TracedScalar and value.type.is_python:
                interpreter.calls.force(value, f"an argument of {what}, a registered class,")
        msg = f"{what}, a registered class, raises {type(error).__name__}: {error}"
        raise Fallback(msg) from error


@handles(prelude.structure)
def structure(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """tree.name(*args) of a method that is not the user's."""
    tree, name, *rest = args
    entry, state = tree.registered, interpreter.state
    moved = _Moved(interpreter, tree, entry)
    moved.object = rebuilt(interpreter, tree)
    before = entry.flat(moved.object)
    given = [moved.given(a) for a in rest]
    named = {k: moved.given(v) for k, v in kwargs.items()}
    result = of_leaves(
        interpreter, f"{name} of a {entry.cls.__name__}", [*rest, *kwargs.values()],
        lambda: getattr(moved.object, name)(*given, **named),
    )  # fmt: skip
    after = entry.flat(moved.object)
    same = len(before.children) == len(after.children) and all(
        map(_same_child, before.children, after.children)
    )
    if before.aux != after.aux or not same:
        if state.made_in(tree) is None:
            msg = f"{name} changes a {entry.cls.__name__}, a registered class, that comes from outside"
            raise Fallback(msg)
        state.write(("attribute", Box(tree), "children"), tuple([moved.back(v) for v in after.children]))
        if before.aux != after.aux:
            state.write(("attribute", Box(tree), "aux"), after.aux)
    return moved.back(result)


def tree_attribute(interpreter: Interpreter, tree: Tree, name: str) -> Any:
    """tree.name, as on the value itself."""
    cls = tree.registered.cls
    found = interpreter.outside.surroundings.of_class(cls, name)
    if name == "__class__":
        return cls
    if _is_users(found):
        return types.MethodType(found, tree)
    if isinstance(found, property) and _is_users(found.fget):
        return interpreter.call(found.fget, [tree], {})
    if isinstance(found, classmethod) and _is_users(found.__func__):
        return types.MethodType(found.__func__, cls)
    if isinstance(found, staticmethod):
        return found.__func__
    if found is not MISSING and callable(found):
        return Method(tree, name)
    if found is not MISSING and not hasattr(type(found), "__get__"):
        return interpreter.outside.adopt_of_class(cls, name, found)
    if name[:2] == "__" == name[-2:]:
        msg = f"the attribute {name} of a {cls.__name__}, a registered class"
        raise Fallback(msg)
    known = interpreter.outside.trees.get(id(tree))
    if known is not None:
        value = of_leaves(interpreter, "", [], lambda: getattr(known[0], name), AttributeError)
        path = interpreter.outside.paths[id(tree)][0]
        return interpreter.outside.adopt(value, (*path, ("attribute", name)))
    moved = _Moved(interpreter, tree, tree.registered)
    moved.object = rebuilt(interpreter, tree)
    read = of_leaves(
        interpreter, f"{name} of a {cls.__name__}", [], lambda: getattr(moved.object, name), AttributeError
    )
    return moved.back(read)


def make_tree(interpreter: Interpreter, entry: Registered, args: list[Any], kwargs: dict[str, Any]) -> Tree:
    """cls(*args, **kwargs) of a registered class."""
    cls = entry.cls
    for name in ("__init__", "__new__"):
        found = interpreter.outside.surroundings.of_class(cls, name)
        if _is_users(getattr(found, "__func__", found)):
            msg = f"{cls.__name__}, a registered class with {name} of its own"
            raise Fallback(msg)
    moved = _Moved(interpreter, None, entry)
    args = [interpreter.sequences.current(a) for a in args]
    given = [moved.given(a) for a in args]
    named = {k: moved.given(v) for k, v in kwargs.items()}
    made = of_leaves(
        interpreter, f"making a {cls.__name__}", [*args, *kwargs.values()], lambda: cls(*given, **named), ()
    )
    return new_tree(interpreter, entry, made, moved.back)


@handles(prelude.tree_compared)
def _compared(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    msg = f"a comparison of a {args[0].registered.cls.__name__}, a registered class"
    raise Fallback(msg)


__all__ = ["adopt_tree", "make_tree", "registered", "structure", "tree_attribute"]
