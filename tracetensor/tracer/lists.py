"""Lists whose length is known at run time only: one list variable for each number or array in an element."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.node import Variable
from tracetensor.graph.ops import control
from tracetensor.graph.types import ListType, TensorType, Type, array_type, conforms, join
from tracetensor.tracer.values import TracedArray, TracedList, TracedUnion

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.tracer.arrays import Arrays
    from tracetensor.tracer.state import State

LEAF = ("leaf",)


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
    """The form that elements of both forms have; Fallback if there is none."""
    if a is None:
        return b
    types = [join(x, y) for x, y in zip(a.types, b.types, strict=False)]
    if a.skeleton != b.skeleton or None in types:
        msg = f"a list whose length is known at run time only holds both {_text(a)} and {_text(b)}"
        raise Fallback(msg)
    return Form(a.skeleton, tuple([t for t in types if t is not None]))


def _text(form: Form) -> str:
    return "(" + ", ".join(map(repr, form.types)) + ")" if form.skeleton != LEAF else repr(form.types[0])


class Lists:
    """Operations on lists of traced length."""

    def __init__(self, state: State, arrays: Arrays) -> None:
        self.state = state
        self.arrays = arrays

    # Elements --------------------------------------------------------------------------------------------------

    def take_apart(self, value: Any) -> tuple[Form, list[Variable]]:
        """An element's form and the variables in it. Its arrays and lists must not be written from now on."""
        if type(value) is TracedUnion:
            value = self.arrays.unify(value)
        if isinstance(value, tuple) or (type(value) is TracedList and value.dynamic is None):
            items = list(list.__iter__(value)) if isinstance(value, list) else list(value)
            if isinstance(value, list):
                value.frozen = True
            parts = [self.take_apart(v) for v in items]
            skeleton = (type(value), tuple([form.skeleton for form, _ in parts]))
            types = tuple([t for form, _ in parts for t in form.types])
            return Form(skeleton, types), [v for _, variables in parts for v in variables]
        if type(value) is TracedList:
            single = value.dynamic.single
            if single is None:
                msg = "a list of lists of tuples, of traced lengths"
                raise Fallback(msg)
            value.frozen = True
            return Form(LEAF, (single.type,)), [self.state.region.lift(single)]
        if type(value) is TracedArray:
            self.arrays.freeze(value.storage, "an array that is an element of a growing list is written")
        try:
            variable = self.arrays.variable(value)
        except TypeError as error:
            raise Fallback(str(error)) from None
        return Form(LEAF, (_weak(variable.type),)), [variable]

    def put_together(self, skeleton: Any, variables: list[Variable]) -> Any:
        """An element of the variables, which are consumed."""
        if skeleton == LEAF:
            value = self.arrays.wrap(variables.pop(0))
            if type(value) is TracedArray:
                self.arrays.freeze(value.storage, "an array taken from a growing list is written")
            elif type(value) is TracedList:
                value.frozen = True
            return value
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
            return Dynamic(known.skeleton, tuple([self.state.region.lift(v) for v in known.variables]))
        form = self.form_of(items, form)
        if form is None:
            msg = "an empty list grows in one branch or loop, and nothing tells the type of its elements"
            raise Fallback(msg)
        if not form.types:
            msg = "a list of empty tuples grows"
            raise Fallback(msg)
        columns: list[list[Variable]] = [[] for _ in form.types]
        for item in items:
            for column, variable in zip(columns, self.take_apart(item)[1], strict=True):
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
        form, variables = self.take_apart(value)
        types = [v.type.element for v in dynamic.variables]  # type: ignore[attr-defined]
        fits = form.skeleton == dynamic.skeleton and all(map(conforms, form.types, types))
        if not fits and form.skeleton == dynamic.skeleton:
            joined = [join(a, b) for a, b in zip(form.types, types, strict=True)]
            fits = None not in joined
        if not fits:
            msg = f"{_text(form)} is put into a list of {_text(dynamic.form)}"
            raise Fallback(msg)
        return Dynamic(
            dynamic.skeleton,
            tuple(
                [
                    self.state.emit(op, order(old, new)).out
                    for old, new in zip(dynamic.variables, variables, strict=True)
                ]
            ),
        )

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
