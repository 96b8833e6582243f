"""Lists whose length is known at run time only: one list variable for each number or array in an element."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.node import Variable, constant
from tracetensor.graph.ops import control
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.types import INT, PYTHON_TYPES, ListType, TensorType, Type, array_type, join
from tracetensor.tracer.state import NeedsUnrolling
from tracetensor.tracer.values import (
    InterpretedFunction,
    TracedArray,
    TracedList,
    TracedScalar,
    TracedStore,
    TracedUnion,
    is_object,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tracetensor.tracer.arrays import Arrays
    from tracetensor.tracer.state import Region, State

LEAF = ("leaf",)


class NoForm(Fallback):
    """The elements of a list have no form in common, or one that is not known: it may still be a store."""


@dataclasses.dataclass(frozen=True)
class Form:
    """What the elements of a list look like: nested tuples and lists of leaves, and the type of each leaf."""

    skeleton: Any
    types: tuple[Type, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Dynamic:
    """The content of a list of traced length: a list variable for each leaf of its elements."""

    skeleton: Any
    variables: tuple[Variable, ...]

    @property
    def form(self) -> Form:
        return Form(self.skeleton, tuple([v.type.element for v in self.variables]))  # type: ignore[attr-defined]

    @property
    def single(self) -> Variable | None:
        """The one variable of a list of plain numbers or arrays."""
        return self.variables[0] if self.skeleton == LEAF else None


def join_forms(a: Form | None, b: Form) -> Form:
    """The form that elements of both forms have, a number being one of several kinds where need be.

    Raises Fallback if there is none.
    """
    if a is None:
        return b
    skeleton, types = _join(a.skeleton, iter(a.types), b.skeleton, iter(b.types))
    if skeleton is None:
        msg = f"a list whose length is known at run time only holds both {_text(a)} and {_text(b)}"
        raise NoForm(msg)
    return Form(skeleton, tuple(types))


def _join(a: Any, a_types: Iterator[Type], b: Any, b_types: Iterator[Type]) -> tuple[Any, list[Type]]:
    if a[0] in {"leaf", "union"} and b[0] in {"leaf", "union"}:
        return _join_leaves(_kinds(a, a_types), _kinds(b, b_types))
    if a[0] is not b[0] or len(a) != 2 or len(b) != 2 or len(a[1]) != len(b[1]):
        return None, []
    parts = [_join(x, a_types, y, b_types) for x, y in zip(a[1], b[1], strict=True)]
    if any(skeleton is None for skeleton, _ in parts):
        return None, []
    return (a[0], tuple([skeleton for skeleton, _ in parts])), [t for _, types in parts for t in types]


def _join_leaves(a: list[Type], b: list[Type]) -> tuple[Any, list[Type]]:
    if len(a) == len(b) == 1 and (joined := join(a[0], b[0])) is not None:
        return LEAF, [joined]
    kinds = sorted({*a, *b}, key=_order)
    if not all(isinstance(t, TensorType) and not t.is_array for t in kinds):
        return None, []
    return ("union", tuple(kinds)), [INT, *kinds]


def _kinds(skeleton: Any, types: Iterator[Type]) -> list[Type]:
    """The types that a leaf may have."""
    if skeleton == LEAF:
        return [next(types)]
    next(types)  # the tag's
    return [next(types) for _ in skeleton[1]]


def _order(type_: Any) -> str:
    return repr(repr(type_))


def _text(form: Form) -> str:
    return "(" + ", ".join(map(repr, form.types)) + ")" if form.skeleton != LEAF else repr(form.types[0])


class Lists:
    """Operations on lists of traced length."""

    def __init__(self, state: State, arrays: Arrays) -> None:
        self.state = state
        self.arrays = arrays
        self.normalised: Callable[..., Any] = _as_it_is
        self.demand: Callable[[Any], None] = _nothing

    # Elements --------------------------------------------------------------------------------------------------

    def take_apart(self, value: Any) -> tuple[Form, list[Variable]]:
        """An element's form and the variables in it. Its arrays and lists must not be written from now on."""
        if type(value) is TracedUnion:
            value = self.normalised(value, self._kind)
        if type(value) is TracedUnion:
            return self._take_union(value)
        if isinstance(value, tuple) or (type(value) is TracedList and value.dynamic is None):
            items = list(list.__iter__(value)) if isinstance(value, list) else list(value)
            if isinstance(value, list):
                self.demand(value)
                value.frozen = True
            parts = [self.take_apart(v) for v in items]
            skeleton = (type(value), tuple([form.skeleton for form, _ in parts]))
            types = tuple([t for form, _ in parts for t in form.types])
            return Form(skeleton, types), [v for _, variables in parts for v in variables]
        if type(value) is TracedList:
            self.demand(value)
            single = value.dynamic.single
            if single is None:
                msg = "a list of lists of tuples, of traced lengths"
                raise NoForm(msg)
            value.frozen = True
            return Form(LEAF, (single.type,)), [self.state.region.lift(single)]
        if type(value) is InterpretedFunction or is_object(value):
            self.unroll()
        if type(value) is TracedStore:
            return Form(LEAF, (value.variable.type,)), [self.state.region.lift(value.variable)]
        if type(value) is TracedArray:
            self.arrays.freeze(value.storage, "an array that is an element of a growing list is written")
        try:
            variable = self.arrays.variable(value)
        except TypeError as error:
            raise NoForm(str(error)) from None
        except Fallback as error:
            raise NoForm(error.reason) from None
        return Form(LEAF, (_weak(variable.type),)), [variable]

    def unroll(self) -> None:
        """The steps of the loop being traced are to be traced one by one, for what cannot be in a list otherwise."""
        region: Region | None = self.state.region
        while region is not None and region.kind != "loop":
            region = region.parent
        if region is not None:
            raise NeedsUnrolling(region, "functions or objects in a list")

    def _kind(self, value: Any) -> Any:
        """What tells alternatives of a union apart in a list: the types of numbers."""
        if type(value) is TracedScalar or type(value) in PYTHON_TYPES or issubclass(type(value), np.generic):
            return repr(self.arrays.variable(value).type)
        msg = "a value that is of one kind or another at run time becomes an element of a growing list"
        raise NoForm(msg)

    def _take_union(self, union: TracedUnion) -> tuple[Form, list[Variable]]:
        variables = [self.arrays.variable(v) for v in union.alternatives]
        kinds = tuple([v.type for v in variables])
        return Form(("union", kinds), (INT, *kinds)), [self.state.region.lift(union.tag), *variables]

    def fitted(self, value: Any, form: Form) -> list[Variable]:
        """The variables of an element, as one of this form, which is at least as wide as its own."""
        own, variables = self.take_apart(value)
        return self._fit(own.skeleton, iter(variables), form.skeleton)

    def _fit(self, own: Any, variables: Iterator[Variable], wide: Any) -> list[Variable]:
        if wide == LEAF:
            return [next(variables)]
        if wide[0] != "union":
            return [v for a, b in zip(own[1], wide[1], strict=True) for v in self._fit(a, variables, b)]
        result: list[Variable] = [control.undefined(type=t) for t in wide[1]]
        if own == LEAF:
            variable = next(variables)
            place = wide[1].index(variable.type)
            result[place] = variable
            return [constant(place), *result]
        tag, places = next(variables), [wide[1].index(t) for t in own[1]]
        number: Variable = constant(0)
        for k, place in enumerate(places):
            result[place] = next(variables)
            is_k = self.state.emit(PYTHON["eq"], [tag, constant(k)]).out
            part = self.state.emit(PYTHON["mul"], [is_k, constant(place)]).out
            number = self.state.emit(PYTHON["add"], [number, part]).out
        return [number, *result]

    def widened(self, dynamic: Dynamic, form: Form) -> Dynamic:
        """A list, as one whose elements have a wider form."""
        if dynamic.skeleton == form.skeleton:
            return dynamic
        length = self.state.emit(control.list_len, [dynamic.variables[0]]).out
        columns = self._widen(dynamic.skeleton, iter(dynamic.variables), form.skeleton, length)
        return Dynamic(form.skeleton, tuple(columns))

    def _widen(self, own: Any, columns: Iterator[Variable], wide: Any, length: Variable) -> list[Variable]:
        if wide == LEAF:
            return [next(columns)]
        if wide[0] != "union":
            parts = zip(own[1], wide[1], strict=True)
            return [v for a, b in parts for v in self._widen(a, columns, b, length)]
        if own[0] == "union":
            if own[1] != wide[1][: len(own[1])]:
                msg = "the elements of a growing list get ever more kinds"
                raise NoForm(msg)
            kept = [next(columns) for _ in range(1 + len(own[1]))]
            return [
                *kept,
                *[self._filled(control.undefined(type=t), t, length) for t in wide[1][len(own[1]) :]],
            ]
        column = next(columns)
        place = wide[1].index(column.type.element)  # type: ignore[attr-defined]
        result = [
            column if k == place else self._filled(control.undefined(type=t), t, length)
            for k, t in enumerate(wide[1])
        ]
        return [self._filled(constant(place), INT, length), *result]

    def _filled(self, value: Variable, type_: Type, length: Variable) -> Variable:
        one = self.state.emit(control.list_make, [value], {"type": ListType(type_)}).out
        return self.state.emit(control.list_repeat, [one, length]).out

    def put_together(self, skeleton: Any, variables: list[Variable]) -> Any:
        """An element of the variables, which are consumed."""
        if skeleton == LEAF:
            value = self.arrays.wrap(variables.pop(0))
            if type(value) is TracedArray:
                self.arrays.freeze(value.storage, "an array taken from a growing list is written")
            elif type(value) is TracedList:
                value.frozen = True
            return value
        if skeleton[0] == "union":
            tag = variables.pop(0)
            return TracedUnion(tag, tuple([self.arrays.wrap(variables.pop(0)) for _ in skeleton[1]]))
        items = [self.put_together(s, variables) for s in skeleton[1]]
        if skeleton[0] is TracedList:
            made = self.state.made(TracedList(items))
            made.frozen = True
            return made
        return skeleton[0](*items) if hasattr(skeleton[0], "_fields") else tuple(items)

    def form_of(self, items: Sequence[Any], start: Form | None = None) -> Form | None:
        """The form that all items have."""
        form = start
        for item in items:
            form = join_forms(form, self.take_apart(item)[0])
        return form

    # Whole lists -----------------------------------------------------------------------------------------------

    def dynamic(self, content: tuple[Any, Any], form: Form | None = None) -> Dynamic:
        """The content of a list (its items, its `dynamic`) as variables; `form` helps where it is empty."""
        items, known = content
        if known is not None:
            lifted = Dynamic(known.skeleton, tuple([self.state.region.lift(v) for v in known.variables]))
            return lifted if form is None else self.widened(lifted, join_forms(form, lifted.form))
        form = self.form_of(items, form)
        if form is None:
            msg = "an empty list grows in one branch or loop, and nothing tells the type of its elements"
            raise NoForm(msg)
        if not form.types:
            msg = "a list of empty tuples grows"
            raise NoForm(msg)
        columns: list[list[Variable]] = [[] for _ in form.types]
        for item in items:
            for column, variable in zip(columns, self.fitted(item, form), strict=True):
                column.append(variable)
        made = [
            self.state.emit(control.list_make, column, {"type": ListType(type_)}).out
            for column, type_ in zip(columns, form.types, strict=True)
        ]
        return Dynamic(form.skeleton, tuple(made))

    def content(self, target: TracedList) -> Dynamic:
        """A list as variables."""
        return self.dynamic((list(list.__iter__(target)) if target.dynamic is None else [], target.dynamic))

    def each(self, dynamic: Dynamic, action: Callable[[Variable], Variable]) -> Dynamic:
        """The same operation on every variable."""
        return Dynamic(dynamic.skeleton, tuple([action(v) for v in dynamic.variables]))

    def emit_each(self, op: Any, dynamic: Dynamic, *rest: Variable, **params: Any) -> Dynamic:
        return self.each(dynamic, lambda v: self.state.emit(op, [v, *rest], params).out)

    def length(self, dynamic: Dynamic) -> Any:
        return self.arrays.wrap(self.state.emit(control.list_len, [dynamic.variables[0]]).out)

    def get(self, dynamic: Dynamic, position: Variable) -> Any:
        """The element at a position."""
        found = [self.state.emit(control.list_get, [v, position]).out for v in dynamic.variables]
        return self.put_together(dynamic.skeleton, found)

    def with_element(
        self, op: Any, dynamic: Dynamic, value: Any, order: Callable[[Variable, Variable], list[Variable]]
    ) -> Dynamic:
        """The list after an op that takes an element: append, insert, assignment to an item."""
        form = join_forms(dynamic.form, self.take_apart(value)[0])
        dynamic = self.widened(dynamic, form)
        pairs = zip(dynamic.variables, self.fitted(value, form), strict=True)
        return Dynamic(form.skeleton, tuple([self.state.emit(op, order(old, new)).out for old, new in pairs]))

    def pop(self, dynamic: Dynamic, position: Variable) -> tuple[Dynamic, Any]:
        """The rest of the list, and the element taken out."""
        pairs = [self.state.emit(control.list_pop, [v, position]).outputs for v in dynamic.variables]
        rest = Dynamic(dynamic.skeleton, tuple([p[0] for p in pairs]))
        return rest, self.put_together(dynamic.skeleton, [p[1] for p in pairs])


def _weak(type_: Type) -> Type:
    """Arrays in a list may differ in shape."""
    if isinstance(type_, TensorType) and type_.is_array:
        return array_type(type_.dtype, (None,) * type_.ndim)
    return type_


def _nothing(value: Any) -> None:
    pass


def _as_it_is(union: TracedUnion, key: Any) -> Any:
    return union
