"""Strings that are known at run time only: their methods and operators are calls at run time, in the order of the program."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Fallback
from tracetensor.graph.stores import Named
from tracetensor.graph.types import BOOL, INT, ObjectType
from tracetensor.tracer.shapes import Slot
from tracetensor.tracer.texts import is_run_time_text
from tracetensor.tracer.values import TracedUnion

if TYPE_CHECKING:
    from tracetensor.tracer.stores import Stores

TEXT = frozenset(
    "capitalize casefold center expandtabs format ljust lower lstrip replace rjust rstrip strip swapcase title upper zfill "
    "removeprefix removesuffix translate".split()
)
COUNTS = frozenset("count find index rfind rindex".split())
ASKS = frozenset(
    "endswith startswith isalnum isalpha isascii isdecimal isdigit isidentifier islower isnumeric isprintable isspace "
    "istitle isupper".split()
)
LISTS = frozenset("split rsplit splitlines".split())
BYTES = ObjectType("builtins.bytes")
SYMBOLS = {
    "add": operator.add, "mul": operator.mul, "mod": operator.mod, "eq": operator.eq, "ne": operator.ne,
    "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


def is_text(value: Any) -> bool:
    """Whether a value is a string, or will be one."""
    return type(value) is str or is_run_time_text(value)


def string_method(stores: Stores, owner: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """owner.name(*args, **kwargs) of a string, something of it being known at run time only."""
    for k, value in enumerate(args):
        if type(value) is TracedUnion:
            return stores.interpreter.control.resolve(
                value,
                lambda v, k=k: string_method(stores, owner, name, [*args[:k], v, *args[k + 1 :]], kwargs),  # type: ignore[misc]
            )
    text = stores.table.text
    if name == "join":
        return _joined(stores, owner, *args)
    if name in {"partition", "rpartition"}:
        node = stores._node(Named(name), [owner, *args], (text.type,) * 3)
        return tuple([stores.interpreter.arrays.wrap(v) for v in node.outputs])
    if name in TEXT:
        type_: Any = text.type
    elif name in LISTS:
        type_ = stores.derived(list, text.items).type
    elif name in COUNTS or name in ASKS:
        type_ = INT if name in COUNTS else BOOL
    elif name == "encode":
        type_ = BYTES
    else:
        msg = f"str.{name} of a string that is known at run time only"
        raise Fallback(msg)
    return stores.emit(Named(name), [owner, *args], type_, kwargs)


def _joined(stores: Stores, owner: Any, iterable: Any) -> Any:
    slot = Slot()
    given = stores.as_iterable(iterable, slot)
    if given is None:
        given = (stores.made_from(list, iterable, (stores.here(), "joined")),)
    return stores.emit(Named("join"), [owner, *given], stores.table.text.type)


def string_operator(stores: Stores, name: str, a: Any, b: Any) -> Any:
    """a op b, one of which is a string."""
    if name in {"eq", "ne"} and not (is_text(a) and is_text(b)):
        return name == "ne"
    if name not in SYMBOLS:
        msg = f"operator {name} on a string that is known at run time only"
        raise Fallback(msg)
    comparison = name in {"eq", "ne", "lt", "le", "gt", "ge"}
    return stores.emit(SYMBOLS[name], [a, b], BOOL if comparison else stores.table.text.type)


def string_item(stores: Stores, owner: Any, index: Any) -> Any:
    """owner[index] of a string."""
    return stores.emit(operator.getitem, [owner, index], stores.table.text.type)


def formatted(stores: Stores, value: Any, conversion: str, spec: Any) -> Any:
    """A value formatted by a specification that is known at run time only."""
    convert: dict[str, Any] = {"r": repr, "s": str, "a": ascii}
    if conversion:
        value = stores.emit(convert[conversion], [value], stores.table.text.type)
    return stores.emit(format, [value, spec], stores.table.text.type)


__all__ = ["is_text", "string_item", "string_method", "string_operator"]
