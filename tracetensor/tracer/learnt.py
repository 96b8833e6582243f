"""Objects that libraries return (a spline, a distribution, the result of an optimisation), and functions given to libraries.

What a method or an attribute of such an object gives is learnt from an example, made while tracing. At run time the
calls are made in the order of the program, once each. A function of the user's that a library is to call is made of its
code; it must be one that only returns a value, as far as its source tells.
"""

from __future__ import annotations

import ast
import builtins
import dataclasses
import functools
import operator
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import AlwaysRaises, Deoptimise, Fallback
from tracetensor.graph.ops import control
from tracetensor.graph.stores import Named
from tracetensor.tracer.methods import Method
from tracetensor.tracer.source import names_assigned, source_of
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedArray,
    TracedObject,
    TracedScalar,
    TracedStore,
    is_object,
    is_traced,
)

if TYPE_CHECKING:
    from tracetensor.tracer.calls import Calls

HARMLESS = frozenset(
    "abs all any bool complex dict divmod enumerate filter float hasattr int isinstance len list map max min pow range "
    "reversed round set slice sorted str sum tuple type zip".split()
)
"""Built-in functions that a function may call which a library calls."""
CHANGING = frozenset(
    "append extend insert pop remove clear sort reverse add discard update setdefault popitem appendleft popleft fill put "
    "partition resize setfield setflags itemset byteswap send throw close write writelines".split()
)
VALUES = frozenset({"scipy", "numpy", "fractions", "decimal", "statistics"})
"""Libraries whose objects are learnt from an example."""
NOT_VALUES = (
    "scipy.io",
    "scipy.datasets",
    "numpy.random",
    "numpy.lib.npyio",
    "numpy.lib._npyio",
    "numpy.ctypeslib",
)


@dataclasses.dataclass(frozen=True)
class Learnt:
    """What tracing knows of a call's result: an example, or else its type; leading dims of an array.

    certain: its type depends on the types of the arguments alone.
    """

    example: Any
    certain: bool = True
    sizes: tuple[int, ...] = ()
    type: Any = None


def is_own(function: Any) -> bool:
    """Whether a value is a function of the user's, which may do more than return a value."""
    if isinstance(function, functools.partial):
        return is_own(function.func)
    if isinstance(function, InterpretedFunction):
        return True
    if not isinstance(function, (types.FunctionType, types.MethodType)):
        return False
    return function.__module__ is None or function.__module__.split(".")[0] not in LIBRARIES


LIBRARIES = frozenset({"numpy", "scipy", "math", "cmath", "operator", "builtins"})


def flat(items: Any) -> list[Any]:
    """The values in nested lists and tuples."""
    result = []
    for item in items:
        if isinstance(item, (list, tuple)):
            if getattr(item, "dynamic", None) is None:
                result.extend(flat(list.__iter__(item) if isinstance(item, list) else item))
        else:
            result.append(item)
    return result


def is_learnt_class(cls: Any) -> bool:
    """Whether objects of a class are known by what a library's functions give of them."""
    module = getattr(cls, "__module__", None) or ""
    named = getattr(cls, "__name__", "")
    if named in {"nditer", "memmap", "matrix", "chararray", "recarray", "flatiter", "MaskedArray", "ndarray"}:
        return False
    return module.split(".")[0] in VALUES and not module.startswith(NOT_VALUES)


def is_learnt(value: Any) -> bool:
    """Whether a run-time object came from a library, with an example to learn from."""
    return type(value) is TracedObject and value.cls is not None and is_learnt_class(value.cls)


def learnt_call(calls: Calls, function: Any, args: list[Any], kwargs: dict[str, Any], name: str) -> Any:
    """function(*args, **kwargs), which only returns a value, called at run time; its type is learnt from an example."""
    values: list[Any] = []
    templates = [calls.template(a, values, as_object=True) for a in args]
    named = {k: calls.template(v, values, as_object=True) for k, v in kwargs.items()}
    error: Exception | None = None
    for example in (calls.outside.example, calls.outside.sample):
        given = [example(v) for v in values]
        given = [v.copy(order="K") if isinstance(v, np.ndarray) else v for v in given]
        before = [v.tobytes() if isinstance(v, np.ndarray) else None for v in given]
        try:
            with np.errstate(all="ignore"):
                found = function(
                    *[control.format_value(t, given) for t in templates],
                    **{k: control.format_value(t, given) for k, t in named.items()},
                )
        except Exception as caught:
            error = caught
            continue
        if any(b is not None and v.tobytes() != b for v, b in zip(given, before, strict=True)):
            msg = f"{name} writes to its arguments"
            raise Fallback(msg)
        _check_kept(calls, [*args, *kwargs.values()], found, name)
        if found is None:
            function = _Nothing(function)
        return calls.effect(function, args, kwargs, Learnt(found, certain=False), name)
    msg = f"what {name} returns could not be learnt: {error}"
    raise AlwaysRaises(msg)


def _check_kept(calls: Calls, given: list[Any], found: Any, name: str) -> None:
    """An object may keep the arrays that it is made of: these must not be written any more."""
    if not is_learnt_class(type(found)) or isinstance(found, np.generic):
        return
    for value in given:
        if type(value) is TracedArray:
            calls.arrays.freeze(
                value.storage, f"an array that was handed to {name}, which may keep it, is written"
            )


class _Nothing:
    """A function that returned None when it was traced, and must do so again."""

    def __init__(self, function: Any) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", "a call")

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        result = self.function(*args, **kwargs)
        if result is not None:
            msg = f"{self.__name__} returned a {type(result).__name__}, where it returned None when it was traced"
            raise Deoptimise(msg)
        return None


def learnt_attribute(calls: Calls, owner: TracedObject, name: str) -> Any:
    """owner.name of an object that is learnt."""
    example = calls.outside.example(owner.variable)
    if example is None:
        msg = f"the attribute {name} of a {owner.class_name}, of which there is no example"
        raise Fallback(msg)
    if callable(getattr(example, name)) and not is_learnt_class(type(getattr(example, name))):
        return Method(owner, name)
    result = learnt_call(calls, operator.attrgetter(name), [owner], {}, f"the attribute {name}")
    if type(result) is TracedArray:
        calls.arrays.freeze(result.storage, f"an array that is the attribute {name} of an object is written")
    return result


def learnt_method(
    calls: Calls, owner: TracedObject, name: str, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """owner.name(*args, **kwargs) of an object that is learnt."""
    check_functions(calls, [*args, *kwargs.values()], name)
    return learnt_call(calls, Named(name), [owner, *args], kwargs, f"{owner.class_name}.{name}")


# Functions that libraries call --------------------------------------------------------------------------------------


def own_functions(values: list[Any]) -> list[Any]:
    """The functions of the user's among values."""
    inside = [v for d in values if isinstance(d, dict) for v in d.values()]
    return [v for v in [*flat(values), *flat(inside)] if is_own(v)]


def check_functions(calls: Calls, values: list[Any], name: str) -> None:
    """Fallback where a function that a library is to call may do more than return a value."""
    found = own_functions(values)
    calls.hands_functions = bool(found)
    for function in found:
        reason = _doubt(calls, function, set())
        if reason:
            msg = f"{name} is given a function of the user's to call, which {reason}"
            raise Fallback(msg)


def _doubt(calls: Calls, function: Any, seen: set[Any]) -> str:
    """What a function may do besides returning a value, or what it reads that tracing keeps elsewhere; empty if nothing."""
    if isinstance(function, functools.partial):
        held = [*function.args, *function.keywords.values()]
        return _doubt(calls, function.func, seen) or (
            "holds what may change" if any(map(_changes, held)) else ""
        )
    if isinstance(function, types.MethodType):
        return "is a method"
    if isinstance(function, InterpretedFunction):
        source, frame = function.source, function.frame
    elif isinstance(function, types.FunctionType):
        source, frame = source_of(function), None
    else:
        return "is not known"
    if source in seen:
        return ""
    seen.add(source)
    if source.generator or source.nonlocals or source.globals:
        return "is a generator, or sets names outside of it"
    own = set(source.assigned)
    for node in [n for statement in source.body for n in ast.walk(statement)]:
        if isinstance(
            node,
            (
                ast.Lambda,
                ast.FunctionDef,
                ast.ClassDef,
                ast.Yield,
                ast.With,
                ast.Delete,
                ast.Import,
                ast.ImportFrom,
            ),
        ):
            return f"has a {type(node).__name__} in it"
        if isinstance(node, (ast.ListComp, ast.GeneratorExp, ast.SetComp, ast.DictComp)):
            own |= {n.id for g in node.generators for n in ast.walk(g.target) if isinstance(n, ast.Name)}
    own |= names_assigned(list(source.body))
    aliases = _aliases(source.body, own)
    for node in [n for statement in source.body for n in ast.walk(statement)]:
        if isinstance(node, (ast.Subscript, ast.Attribute)) and not isinstance(node.ctx, ast.Load):
            root = _root(node)
            if root not in own or root in aliases:
                return "may write to what is outside of it"
        if isinstance(node, ast.Call):
            reason = _doubtful_call(calls, (function, frame), node, own, aliases, seen)
            if reason:
                return reason
        if isinstance(node, ast.Name) and node.id not in own and frame is not None:
            reason = _doubtful_name(calls, frame, node.id)
            if reason:
                return reason
    return ""


def _root(node: Any) -> str:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Starred)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _aliases(body: list[ast.stmt], own: set[str]) -> set[str]:
    """Own names that may be other names for something outside."""
    found: set[str] = set()
    for node in [n for statement in body for n in ast.walk(statement)]:
        targets: list[Any] = []
        if isinstance(node, ast.Assign):
            targets, value = node.targets, node.value
        elif isinstance(node, (ast.For, ast.NamedExpr)):
            targets, value = [node.target], node.iter if isinstance(node, ast.For) else node.value
        if not targets:
            continue
        roots = [
            _root(n) for n in ast.walk(value)
            if isinstance(n, (ast.Name, ast.Attribute, ast.Subscript)) and _root(n)
        ]  # fmt: skip
        plain = isinstance(value, (ast.Name, ast.Attribute, ast.Subscript, ast.Tuple, ast.List, ast.IfExp))
        if (plain or isinstance(node, ast.For)) and any(r not in own or r in found for r in roots):
            found |= {n.id for t in targets for n in ast.walk(t) if isinstance(n, ast.Name)}
    return found


def _doubtful_call(
    calls: Calls, where: tuple[Any, Any], node: ast.Call, own: set[str], aliases: set[str], seen: set[Any]
) -> str:
    """Why a call in a function may do more than return a value."""
    function, frame = where
    called = node.func
    if isinstance(called, ast.Attribute):
        root = _root(called)
        if root in own:
            changed = called.attr in CHANGING and (root in aliases or not isinstance(called.value, ast.Name))
            return f"calls {ast.unparse(called)}" if changed else ""
        if not root:
            return f"calls {ast.unparse(called)}" if called.attr in CHANGING else ""
        thing = _value_of(calls, function, frame, root)
        if isinstance(thing, types.ModuleType):
            names = ast.unparse(called).split(".")
            good = (
                thing.__name__.split(".")[0] in {"numpy", "scipy", "math", "cmath"} and "random" not in names
            )
            return (
                ""
                if good
                and called.attr not in {"put", "place", "copyto", "putmask", "fill_diagonal", "seterr"}
                else "calls " + ast.unparse(called)
            )
        if called.attr in CHANGING or "random" in ast.unparse(called):
            return f"calls {ast.unparse(called)}"
        good = (
            type(thing) in (TracedArray, TracedScalar)
            or is_learnt(thing)
            or isinstance(thing, (np.ndarray, str, int, float, np.generic))
        )
        return "" if good else f"calls {ast.unparse(called)}"
    if not isinstance(called, ast.Name):
        return "calls what is not known"
    if called.id in own:
        return "calls what it is given"
    thing = _value_of(calls, function, frame, called.id)
    if is_learnt(thing):
        return ""
    if thing is getattr(builtins, called.id, None) and called.id in HARMLESS:
        return ""
    module = (getattr(thing, "__module__", None) or "").split(".")[0]
    if module in {"numpy", "scipy", "math"} or isinstance(thing, np.ufunc):
        return ""
    if isinstance(thing, (InterpretedFunction, types.FunctionType)):
        return _doubt(calls, thing, seen)
    return f"calls {called.id}"


def _value_of(calls: Calls, function: Any, frame: Any, name: str) -> Any:
    """What a name outside of a function stands for now."""
    if frame is not None:
        owner = calls.interpreter._owner(frame, name)
        if owner is not None:
            return owner.locals.get(name)
        while frame.enclosing is not None:
            frame = frame.enclosing
        function = frame.function
    cells = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    try:
        if name in cells:
            return cells[name].cell_contents
    except ValueError:
        return None
    return function.__globals__.get(name, getattr(builtins, name, None))


def _changes(value: Any) -> bool:
    """Whether a value that a function holds is one whose content tracing keeps."""
    if isinstance(value, (list, dict, set)) or type(value) in (TracedStore, TracedObject) or is_object(value):
        return True
    return isinstance(value, tuple) and any(map(_changes, value))


def _doubtful_name(calls: Calls, frame: Any, name: str) -> str:
    owner = calls.interpreter._owner(frame, name)
    if owner is None:
        outermost = calls.interpreter._outermost(frame)
        holder = calls.outside.holder_of(outermost, name)
        return f"reads {name}, which the function assigns" if name in calls.state.own(holder) else ""
    value = owner.locals.get(name)
    if type(value) is TracedObject and not is_learnt(value):
        return f"uses {name}"
    if is_object(value) or (isinstance(value, (set, dict)) and is_traced(value)):
        return f"uses {name}, a {type(value).__name__}"
    return ""


__all__ = ["check_functions", "is_learnt", "learnt_attribute", "learnt_call", "learnt_method"]
