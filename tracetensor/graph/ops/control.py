"""Control flow and effects: IfElse, Scan, Attempt, conditional raise, print, lists of traced length, call-backs.

ifelse(condition, *captured; then, orelse): both graphs take the captured values and have the same output
types; only the taken one is evaluated.

scan([n_steps], [go], *carry, *captured; body, n_carry, counted, conditional): a loop. The body's inputs are
[index] (an int counting from 0, present if counted), the carry, the captured values; its outputs are [go]
(a bool: whether to go on; present if conditional), the new carry, and values that are stacked over the steps.
The node's outputs are the final carry and the stacked values. A step is taken while index < n_steps (if
counted) and go (if conditional); so Python's `while` is a scan that is conditional only.

attempt(*initial, *captured; body, classes, label, types) and handling(exception, *captured; body): see
graph/ops/exceptions.py.
"""

from __future__ import annotations

import functools
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Deoptimise, Misjudged, TypeInferenceError
from tracetensor.graph.op import Op, may_raise, register
from tracetensor.graph.types import (
    ARRAY,
    BOOL,
    INT,
    UNIT,
    ListType,
    TensorType,
    Type,
    conforms,
    join,
    value_conforms,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node


def _control_value(*values: Any, **params: Any) -> Any:
    msg = "control flow is evaluated by the evaluators themselves"
    raise TypeError(msg)


def _body_raises(node: Node) -> bool:
    from tracetensor.graph.graph import bodies

    return any(body.roots or any(n.op.effect or may_raise(n) for n in body.nodes()) for body in bodies(node))


def _infer_ifelse(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
    then, orelse = params["then"], params["orelse"]
    if not (isinstance(types[0], TensorType) and types[0].ndim == 0 and types[0].dtype.kind == "b"):
        msg = f"the condition of an ifelse is a bool, not {types[0]!r}"
        raise TypeInferenceError(msg)
    for body in (then, orelse):
        _check_inputs("ifelse", types[1:], body.input_types)
    if len(then.outputs) != len(orelse.outputs):
        msg = f"the branches of an ifelse give {len(then.outputs)} and {len(orelse.outputs)} values"
        raise TypeInferenceError(msg)
    result = []
    for a, b in zip(then.output_types, orelse.output_types, strict=True):
        joined = join(a, b)
        if joined is None:
            msg = f"the branches of an ifelse differ in type: {a!r} and {b!r}"
            raise TypeInferenceError(msg)
        result.append(joined)
    return tuple(result)


def _check_inputs(what: str, given: Sequence[Type], wanted: Sequence[Type]) -> None:
    if len(given) != len(wanted):
        msg = f"{what}: {len(given)} values for {len(wanted)} inputs of its body"
        raise TypeInferenceError(msg)
    for a, b in zip(given, wanted, strict=True):
        if not conforms(a, b):
            msg = f"{what}: a value of type {a!r} does not fit a body's input of type {b!r}"
            raise TypeInferenceError(msg)


ifelse = register(
    Op("ifelse", evaluate=_control_value, infer=_infer_ifelse, family="control", raises=_body_raises)
)


def _infer_scan(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
    body, n_carry = params["body"], params["n_carry"]
    counted, conditional = params["counted"], params["conditional"]
    head = list(types[: counted + conditional])
    if head != [*[INT] * counted, *[BOOL] * conditional]:
        msg = f"scan starts with the number of steps and whether to go on, not with {head}"
        raise TypeInferenceError(msg)
    _check_inputs("scan", [*[INT] * counted, *types[counted + conditional :]], body.input_types)
    outputs = body.output_types
    if conditional and outputs[0] is not BOOL:
        msg = f"the first output of a conditional scan's body is a bool, not {outputs[0]!r}"
        raise TypeInferenceError(msg)
    carry = body.input_types[counted : counted + n_carry]
    for k, (a, b) in enumerate(zip(outputs[conditional : conditional + n_carry], carry, strict=True)):
        if not conforms(a, b):
            msg = f"scan: value {k} of the carry enters a step as {b!r} and leaves it as {a!r}"
            raise TypeInferenceError(msg)
    stacked = []
    for type_ in outputs[conditional + n_carry :]:
        if not isinstance(type_, TensorType):
            msg = f"values of type {type_!r} cannot be stacked"
            raise TypeInferenceError(msg)
        stacked.append(TensorType(type_.dtype, (None, *type_.shape), ARRAY))
    return (*carry, *stacked)


def _scan_raises(node: Node) -> bool:
    # Values of different shapes do not stack.
    stacked = [out.tensor.shape[1:] for out in node.outputs[node.params["n_carry"] :]]
    return node.params["conditional"] or any(None in shape for shape in stacked) or _body_raises(node)


scan = register(Op("scan", evaluate=_control_value, infer=_infer_scan, family="control", raises=_scan_raises))


def format_value(template: Any, values: Sequence[Any]) -> Any:
    """Fill a template: ("value", k) is the k-th run-time value, ("text", parts) an f-string; others are constants.

    A part of a text is a str or (k, conversion, format spec).
    """
    if isinstance(template, tuple) and template and template[0] == "value":
        return values[template[1]]
    if isinstance(template, tuple) and template and template[0] == "constant":
        return template[1]
    if isinstance(template, tuple) and template and template[0] == "function":
        parts, cells = template[1], dict[Any, Any]()
        made = parts.make(cells)
        parts.fill(made, cells, set(), lambda t: format_value(t, values), values)
        return made
    if isinstance(template, tuple) and template and template[0] == "partial":
        function, args, kwargs = template[1]
        given = {k: format_value(t, values) for k, t in kwargs}
        return functools.partial(
            format_value(function, values), *[format_value(t, values) for t in args], **given
        )
    if isinstance(template, tuple) and template and template[0] in {"slice", "range"}:
        make = slice if template[0] == "slice" else range
        return make(*[format_value(t, values) for t in template[1]])
    if isinstance(template, tuple) and template and template[0] == "tuple":
        return tuple(format_value(t, values) for t in template[1])
    if isinstance(template, tuple) and template and template[0] == "list":
        return [format_value(t, values) for t in template[1]]
    if isinstance(template, tuple) and template and template[0] == "dict":
        return {k: format_value(t, values) for k, t in template[1]}
    if isinstance(template, tuple) and template and template[0] == "text":
        convert: dict[str, Callable[[Any], str]] = {"r": repr, "s": str, "a": ascii, "": lambda value: value}
        return "".join(
            p if isinstance(p, str) else format(convert[p[1]](values[p[0]]), p[2]) for p in template[1]
        )
    return template


def _raise_if(
    condition: Any, *values: Any, exception: type[BaseException], arguments: tuple[Any, ...]
) -> None:
    if condition:
        raise exception(*[format_value(a, values) for a in arguments])


def _unit(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    return UNIT


raise_if = register(
    Op("raise_if", evaluate=_raise_if, infer=_unit, family="effect", raises=True, effect=True)
)
"""Raise exception(*arguments) if the condition holds; arguments are templates over the values (format_value)."""


def _deoptimise_if(condition: Any, *, reason: str, question: Any = None) -> None:
    if condition and question is not None:
        raise Misjudged(reason, question, True)
    if condition:
        raise Deoptimise(reason)


deoptimise_if = register(
    Op("deoptimise_if", evaluate=_deoptimise_if, infer=_unit, family="effect", raises=True, effect=True)
)
"""Give this run up, to be repeated as plain Python, if the condition holds.

question: what was taken not to be so, in tracing; another version may be the one for the call.
"""


def is_view(memory: Any, *leaves: Any, steps: tuple[Any, ...]) -> bool:
    """Whether the last of these steps, each (op, how many leaves it has, its parameters), gives a view of what it is given."""
    rest = list(leaves)
    before = memory
    for op, count, params in steps:
        before, memory = memory, op.evaluate(memory, *rest[:count], **dict(params))
        del rest[:count]
    return not memory.size or bool(np.may_share_memory(before, memory))


def _view_check(memory: Any, *leaves: Any, steps: tuple[Any, ...], view: bool, where: Any = ()) -> None:
    if is_view(memory, *leaves, steps=steps) is not view:
        msg = f"reshape gave a {'copy' if view else 'view'}: the memory layout is not that of the first call"
        raise Misjudged(msg, ("view", where, steps), not view)


view_check = register(
    Op("view_check", evaluate=_view_check, infer=_unit, family="effect", raises=True, effect=True)
)
"""Give this run up if the last step gives a view where `view` says a copy, or a copy where it says a view.

where: the lines of the program at which that is asked.
"""


def _failing(*inputs: Any, op: Op, params: tuple[tuple[str, Any], ...]) -> None:
    op.evaluate(*inputs, **dict(params))
    msg = f"{op.name} was expected to raise"
    raise Deoptimise(msg)


failing = register(Op("failing", evaluate=_failing, infer=_unit, family="effect", raises=True, effect=True))
"""Raise what an op raises for inputs of these types, to whose results no type can be given."""

_serials = itertools.count()


def next_effect() -> int:
    """A number that keeps two equal effects from being merged."""
    return next(_serials)


def _print(*values: Any, arguments: tuple[Any, ...], options: tuple[Any, ...], serial: int) -> None:
    print(*[format_value(a, values) for a in arguments], **{k: format_value(v, values) for k, v in options})  # noqa: T201 - the user's own print


print_ = register(Op("print", evaluate=_print, infer=_unit, family="effect", raises=True, effect=True))
"""print(*arguments, **options), the arguments being templates over the values."""


def _undefined(*, type: Type) -> Any:
    return placeholder(type)


def placeholder(type_: Type) -> Any:
    """Some value of the type, standing where none will be read."""
    if isinstance(type_, ListType):
        return []
    if not isinstance(type_, TensorType):
        return None
    if type_.is_array:
        return np.zeros(tuple(d or 0 for d in type_.shape), type_.dtype)
    value = type_.dtype.type(0)
    return value.item() if type_.is_python else value


undefined = register(
    Op("undefined", evaluate=_undefined, infer=lambda types, params: params["type"], family="control")
)
"""A value that is never read: what a branch gives for a name that it does not bind."""


def _list_append(x: list[Any], value: Any) -> list[Any]:
    return [*x, value]


def _infer_list_append(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    if not isinstance(types[0], ListType) or not conforms(types[1], types[0].element):
        msg = f"a value of type {types[1]!r} does not fit {types[0]!r}"
        raise TypeInferenceError(msg)
    return types[0]


list_append = register(Op("list_append", evaluate=_list_append, infer=_infer_list_append, family="list"))
"""The list with one more element at its end."""


def _list_pop(x: list[Any], position: int) -> tuple[list[Any], Any]:
    rest = list(x)
    value = rest.pop(position)
    return rest, value


def _infer_list_pop(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
    assert isinstance(types[0], ListType)
    return types[0], types[0].element


list_pop = register(Op("list_pop", evaluate=_list_pop, infer=_infer_list_pop, family="list", raises=True))
"""(the list without the element at a position, that element)."""

list_get = register(
    Op(
        "list_get",
        evaluate=lambda x, k: x[k],
        infer=lambda types, params: types[0].element,  # type: ignore[attr-defined]
        family="list",
        raises=True,
    )
)
"""x[k] of a list."""


def _list_set(x: list[Any], value: Any, position: int) -> list[Any]:
    result = list(x)
    result[position] = value
    return result


list_set = register(
    Op("list_set", evaluate=_list_set, infer=lambda types, params: types[0], family="list", raises=True)
)
"""The list after x[position] = value."""

list_len = register(Op("list_len", evaluate=len, infer=lambda types, params: INT, family="list"))
"""len(x) of a list."""


def _list_make(*items: Any, type: Type) -> list[Any]:
    return list(items)


list_repeat = register(
    Op("list_repeat", evaluate=lambda x, n: x * n, infer=lambda types, params: types[0], family="list")
)
"""x * n of a list."""


def _list_insert(x: list[Any], position: int, value: Any) -> list[Any]:
    result = list(x)
    result.insert(position, value)
    return result


def _same_list(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    return types[0]


list_insert = register(Op("list_insert", evaluate=_list_insert, infer=_same_list, family="list"))
"""The list after x.insert(position, value)."""
list_reverse = register(Op("list_reverse", evaluate=lambda x: x[::-1], infer=_same_list, family="list"))
"""x[::-1] of a list."""
list_clear = register(Op("list_clear", evaluate=lambda x: [], infer=_same_list, family="list"))
"""The empty list."""


def _list_slice(x: list[Any], *parts: int, given: str) -> list[Any]:
    rest = iter(parts)
    return x[slice(*[next(rest) if digit == "1" else None for digit in given])]


list_slice = register(Op("list_slice", evaluate=_list_slice, infer=_same_list, family="list", raises=True))
"""x[start:stop:step] of a list; `given` has a digit for each part, 1 if it is there."""
list_sort = register(Op("list_sort", evaluate=sorted, infer=_same_list, family="list"))
"""sorted(x) of a list."""

list_make = register(
    Op("list_make", evaluate=_list_make, infer=lambda types, params: params["type"], family="list")
)
"""A list of the given values; `type` is its type, which the elements conform to."""


def _list_array(x: list[Any], *, type: Any, given: bool = False) -> Any:
    if x:
        return np.array(x, dtype=type.dtype)
    if not given and (type.dtype != np.float64 or type.ndim > 1):
        msg = "numpy.array of an empty list is float64"
        raise Deoptimise(msg)
    return np.empty((0, *[0] * (type.ndim - 1)), type.dtype)


list_array = register(
    Op(
        "list_array",
        evaluate=_list_array,
        infer=lambda types, params: params["type"],
        family="list",
        raises=True,
    )
)
"""numpy.array(x) of a list; of an empty one only where the dtype is float64, or `given` by the caller."""


def _callback(*values: Any, function: Any, type: Type) -> Any:
    result = function(*values)
    types = type if isinstance(type, tuple) else (type,)
    results = result if isinstance(type, tuple) else (result,)
    if isinstance(type, tuple) and (not isinstance(result, (tuple, list)) or len(result) != len(types)):
        msg = f"call-back {function} returned a result of another structure than when it was traced"
        raise Deoptimise(msg)
    for value, expected in zip(results, types, strict=True):
        if not value_conforms(value, expected):
            msg = f"call-back {function} returned a {value!r:.60} where a {expected!r} was traced"
            raise Deoptimise(msg)
    return tuple(results) if len(types) > 1 else results[0]


def _infer_callback(types: Sequence[Type], params: Mapping[str, Any]) -> Any:
    return params["type"]


callback = register(Op("callback", evaluate=_callback, infer=_infer_callback, family="callback", raises=True))
"""A pure Python function called on the values; `type` is the type of its result, or the tuple of types."""


def _effect(*values: Any, function: Any, type: Any, serial: int, certain: bool) -> Any:
    return _callback(*values, function=function, type=type)


is_none = register(
    Op("is_none", evaluate=lambda x: x is None, infer=lambda types, params: BOOL, family="list")
)
"""Whether a run-time object is None."""
effect = register(
    Op("effect", evaluate=_effect, infer=_infer_callback, family="effect", raises=True, effect=True)
)
"""A Python function called for what it does, and perhaps for its result: random draws, time, logging.

certain: its result is of the type by the types of its arguments alone; `serial` keeps two calls from being one.
"""
