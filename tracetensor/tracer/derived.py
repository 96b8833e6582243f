"""Calls of transformed functions (tt.grad(f) and its like) inside a traced function.

The function is interpreted where it is called, on variables of its own; then its derivative is built, next to
it, by what the public face handed over: the tracer knows nothing of derivatives. So transforms nest, and close over
whatever a function does. What the function would write to its arguments stays within the call.
"""

from __future__ import annotations

import dataclasses
import functools
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.node import Variable
from tracetensor.graph.ops.calculus import mark_independent
from tracetensor.graph.types import TensorType
from tracetensor.tracer.values import (
    UNBOUND,
    Storage,
    TracedArray,
    TracedList,
    TracedScalar,
    TracedUnion,
    Tree,
    is_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tracetensor.tracer.interpreter import Interpreter


MAKERS: set[Any] = set()
"""The functions that make transformed functions: called while tracing, as they are."""


def makes_functions(function: Any) -> Any:
    """Say that a function takes functions and constants, and makes a Derived of them."""
    MAKERS.add(function)
    return function


class Derived:
    """A function made of another one by a transform, for the tracer: `build(call, args, kwargs)` gives its result."""

    def __init__(self, function: Any, build: Callable[[Call, list[Any], dict[str, Any]], Any]) -> None:
        self.function = function
        self.build = build
        functools.update_wrapper(self, function, updated=())

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        msg = "a transformed function is called through the public face"
        raise TypeError(msg)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else types.MethodType(self, instance)


@dataclasses.dataclass(frozen=True)
class Scheduled:
    """What a loop runs over, with the schedule by which reverse mode computes its steps again."""

    over: Any
    schedule: Any

    def __iter__(self) -> Iterator[Any]:
        return iter(self.over)

    def __len__(self) -> int:
        return len(self.over)


def call_derived(interpreter: Interpreter, derived: Derived, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The result of a call of a transformed function."""
    return derived.build(Call(interpreter, derived.function), list(args), dict(kwargs))


class Call:
    """One call of the function behind a transform: what transforms are written with.

    marks: the variables that it is differentiated by, in the order of the leaves that were marked.
    """

    def __init__(self, interpreter: Interpreter, function: Any) -> None:
        self.interpreter = interpreter
        self.function = function
        self.state = interpreter.state
        self.marks: list[Variable] = []
        self.depth_roots = len(self.state.region.roots)

    # Arguments -------------------------------------------------------------------------------------------------

    def variable(self, value: Any) -> Variable:
        """A leaf as a variable of the current region."""
        return self.interpreter.arrays.variable(value)

    def mark(self, value: Any) -> Any:
        """The leaf as a variable of its own, by which the function is differentiated."""
        mark = self.adopted(mark_independent(self.variable(value)))
        self.marks.append(mark)
        return self._wrapped(mark, value)

    def _wrapped(self, variable: Variable, like: Any) -> Any:
        if type(like) is TracedArray:
            contiguous = variable.ndim <= 1 or self.interpreter.arrays.is_contiguous(like)
            return TracedArray(Storage(variable, self.state.region, contiguous=contiguous))
        if isinstance(variable.type, TensorType) and not variable.type.is_array:
            return TracedScalar(variable)
        return self.interpreter.arrays.wrap(variable)

    def fresh(self, value: Any) -> Any:
        """An argument whose arrays and containers are the call's own: writes to them are not seen outside."""
        return self.mapped(
            value, lambda v: self._wrapped(self.variable(v), v) if type(v) is TracedArray else v
        )

    def mapped(self, value: Any, leaf: Callable[[Any], Any], done: dict[int, Any] | None = None) -> Any:
        """A value of the same structure, its arrays and numbers replaced; what is one thing stays one."""
        done = {} if done is None else done
        found = done.get(id(value))
        if found is not None:
            return found[0]
        made = self._mapped(value, leaf, done)
        done[id(value)] = (made, value)
        return made

    def _mapped(self, value: Any, leaf: Callable[[Any], Any], done: dict[int, Any]) -> Any:
        kind = type(value)
        if issubclass(kind, Tree):
            own = self.state.own(value)
            tree = self.interpreter.objects.make(kind)
            done[id(value)] = (tree, value)
            self.state.own(tree).update(
                {"aux": own["aux"], "children": self.mapped(own["children"], leaf, done)}
            )
            return tree
        if is_leaf(value):
            return leaf(value)
        if kind is TracedList and value.dynamic is None:
            made = self.state.made(TracedList())
            done[id(value)] = (made, value)
            list.extend(made, [self.mapped(v, leaf, done) for v in list.__iter__(value)])
            return made
        if kind is list:
            return self.mapped(self.interpreter.calls.lift(value), leaf, done)
        if kind is dict:
            entries = self.state.made({})
            done[id(value)] = (entries, value)
            entries.update({k: self.mapped(v, leaf, done) for k, v in value.items()})
            return entries
        if isinstance(value, tuple):
            items = [self.mapped(v, leaf, done) for v in value]
            return kind(*items) if hasattr(kind, "_fields") else tuple(items)
        if is_object(value):
            return self._object(value, leaf, done)
        return value

    def _object(self, value: Any, leaf: Callable[[Any], Any], done: dict[int, Any]) -> Any:
        objects = self.interpreter.objects
        held = dict(objects.variables(value)) if hasattr(value, "__dict__") else {}
        made = objects.make(type(value))
        done[id(value)] = (made, value)
        self.state.own(made).update(
            {name: self.mapped(v, leaf, done) for name, v in held.items() if v is not UNBOUND}
        )
        return made

    def leaves(self, value: Any) -> list[Any]:
        """The arrays and numbers of a structure, in order."""
        found: list[Any] = []
        self.mapped(value, lambda v: found.append(v) or v)  # type: ignore[func-returns-value]
        return found

    # The function ----------------------------------------------------------------------------------------------

    def run(self, args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
        """What the function returns."""
        return self.interpreter.call(self.function, list(args), kwargs)

    def number(self, value: Any) -> Any:
        """A result, which may be of one kind or another, as a leaf."""
        if type(value) is TracedUnion:
            return self.interpreter.control.resolve(value, self._as_numpy)
        return value

    def _as_numpy(self, value: Any) -> Any:
        variable = self.variable(value)
        return value if variable.tensor.is_array else self.interpreter.call(np.float64, [value], {})

    # The derivative --------------------------------------------------------------------------------------------

    def adopted(self, variable: Variable) -> Variable:
        """A variable just built, as part of the program."""
        return self.state.adopt_built(variable)

    @property
    def roots(self) -> list[Variable]:
        """What must run, so far, of the region's own."""
        return list(self.state.region.roots)

    @property
    def locations(self) -> Any:
        """The lines of nodes."""
        return self.state.region.locations

    def take(self, made: Any) -> None:
        """Put what a transform gave in the place of what it stands for: roots, and the lines of nodes."""
        region = self.state.region
        for new in made.roots.values():
            self.adopted(new)
        for value in made.values:
            self.adopted(value)
        replaced = dict.fromkeys([made.roots.get(v, v) for v in region.roots])
        region.roots.clear()
        region.roots.update(replaced)
        for value in made.found:
            if value is not None:
                self.adopted(value)
        region.locations.update(made.locations)

    def wrap(self, variable: Variable, like: Any = None) -> Any:
        """A variable as a value of the program."""
        return self.interpreter.arrays.wrap(self.adopted(variable))


def is_leaf(value: Any) -> bool:
    """Whether a value is an array or a number."""
    kind = type(value)
    return (
        kind in (TracedArray, TracedScalar, float, int, bool, complex, TracedUnion)
        or kind is np.ndarray
        or isinstance(value, np.generic)
        or (kind is TracedList and value.dynamic is not None)
    )
