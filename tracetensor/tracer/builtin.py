"""Python's built-in functions on values of which some are traced."""

from __future__ import annotations

import functools
import math
import operator
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.node import Variable
from tracetensor.graph.op import find_op
from tracetensor.graph.ops import control, exceptions
from tracetensor.graph.ops.scalars import CONVERSIONS, MATH, make_complex
from tracetensor.graph.ops.scalars import round_ as round_op
from tracetensor.graph.types import PYTHON_TYPES, TensorType, type_of
from tracetensor.tracer.flow import RaisedInBranch
from tracetensor.tracer.generators import is_lazy, same_lengths
from tracetensor.tracer.learnt import is_learnt, learnt_call
from tracetensor.tracer.merge import is_number
from tracetensor.tracer.prelude import same_or_equal
from tracetensor.tracer.sorting import sorted_list
from tracetensor.tracer.texts import TracedText, is_run_time_text
from tracetensor.tracer.values import (
    InterpretedFunction,
    Traced,
    TracedArray,
    TracedGenerator,
    TracedList,
    TracedObject,
    TracedRange,
    TracedScalar,
    TracedStore,
    TracedUnion,
    Tree,
    is_object,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.interpreter import Interpreter

    Handler = Callable[[Interpreter, list[Any], dict[str, Any]], Any]

BUILTINS: dict[Any, Handler] = {}
EMPTY = "{}() iterable argument is empty" if sys.version_info >= (3, 12) else "{}() arg is an empty sequence"
"""Python's text where `min` or `max` has nothing to choose from."""


def handles(*functions: Any, unions: bool = True) -> Callable[[Handler], Handler]:
    """Enter a handler; with `unions`, it is called once for each alternative of a first argument that is a union."""

    def enter(handler: Handler) -> Handler:
        def called(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
            for position, value in enumerate(args):
                if unions and type(value) is TracedUnion:
                    return interpreter.control.resolve(
                        value,
                        lambda v, p=position: called(interpreter, [*args[:p], v, *args[p + 1 :]], kwargs),  # type: ignore[misc]
                    )
            return handler(interpreter, args, kwargs)

        for function in functions:
            BUILTINS[function] = called
        return handler

    return enter


def untraced(function: Any, interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """The function itself, on arguments none of which is traced."""
    return interpreter.calls.lift(function(*args, **kwargs))


@handles(len)
def _len(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    (value,) = args
    return interpreter.sequences.length(value)


@handles(range)
def _range(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not is_traced(args):
        return range(*args)
    bounds = [_integer(interpreter, a) for a in args]
    start, stop, step = (0, bounds[0], 1) if len(bounds) == 1 else (*bounds, 1)[:3]
    if type(step) is int and step == 0:
        msg = "range() arg 3 must not be zero"
        raise ValueError(msg)
    return TracedRange(start, stop, step)


def _integer(interpreter: Interpreter, value: Any) -> Any:
    """operator.index(value)."""
    if is_object(value):
        return interpreter.special.converted("index", value)
    if not isinstance(value, (TracedScalar, TracedArray)):
        return operator.index(value)
    variable = interpreter.arrays.variable(value)
    if variable.tensor.kind == "int":
        return value
    if variable.dtype.kind not in "iub" or variable.ndim:
        msg = f"'{value.__class__.__name__}' object cannot be interpreted as an integer"
        raise TypeError(msg)
    return interpreter.arrays.wrap(interpreter.state.emit(find_op("py.index"), [variable]).out)


@handles(operator.index)
def _index(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _integer(interpreter, args[0])


def _is_real(value: Any) -> bool:
    """Whether a value is a real number, and no array."""
    type_: Any = value.type if type(value) is TracedScalar else type_of(value) if is_number(value) else None
    return type_ is not None and type_.dtype.kind in "biuf"


def _conversion(kind: str, cls: type) -> None:
    @handles(cls)
    def convert(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if any(map(is_learnt, args)):
            return learnt_call(interpreter.calls, cls, args, kwargs, cls.__name__)
        if any(type(a) is TracedObject for a in args):
            return interpreter.calls.unknown(cls, args, kwargs)
        if kind == "bool" and len(args) == 1:
            truth = interpreter.truth_of(args[0])
            return TracedScalar(truth) if isinstance(truth, Variable) else truth
        if len(args) == 1 and is_object(args[0]):
            return interpreter.special.converted(kind, args[0])
        if not is_traced((args, kwargs)):
            return cls(*args, **kwargs)
        if any(map(is_run_time_text, args)):
            return interpreter.stores.emit(cls, args, PYTHON_TYPES[cls], kwargs)
        if kind == "complex" and len(args) == 2 and not kwargs and all(map(_is_real, args)):
            parts = [interpreter.arrays.variable(interpreter.call(float, [a], {})) for a in args]
            return interpreter.arrays.wrap(interpreter.state.emit(make_complex, parts).out)
        if len(args) != 1 or kwargs:
            return interpreter.calls.callback(cls, args, kwargs)
        if isinstance(args[0], (list, tuple, dict)) or type(args[0]) is TracedRange:
            cls({TracedList: [], TracedRange: range(0)}.get(type(args[0]), args[0]))  # raises
        variable = interpreter.arrays.variable(args[0])
        if variable.tensor.kind == kind:
            return args[0]
        if variable.dtype.kind == "c" and kind in {"int", "float"}:
            if variable.tensor.is_python:
                msg = f"{kind}() argument must be a string or a real number, not 'complex'"
                raise TypeError(msg)
            return interpreter.calls.callback(cls, args, kwargs)
        return interpreter.arrays.wrap(interpreter.state.emit(CONVERSIONS[kind], [variable]).out)


for _kind, _cls in (("bool", bool), ("int", int), ("float", float), ("complex", complex)):
    _conversion(_kind, _cls)


@handles(abs)
def _abs(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.operations.unary("abs", args[0])


@handles(round)
def _round(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value = args[0]
    digits = args[1] if len(args) > 1 else kwargs.get("ndigits")
    if not is_traced(args):
        return round(value, digits)
    if digits is not None:
        digits = interpreter.calls.force(digits, "the number of digits")
    variable = interpreter.arrays.variable(value)
    if variable.tensor.is_python:
        if digits is not None and digits < 0 and variable.tensor.kind == "int":
            return interpreter.calls.callback(round, [value, digits], {})
        return interpreter.arrays.wrap(interpreter.state.emit(round_op, [variable], {"digits": digits}).out)
    if variable.dtype.kind in "bc" or variable.tensor.is_array:
        name = "ndarray" if variable.tensor.is_array else variable.dtype.type.__name__
        msg = f"type numpy.{name} doesn't define __round__ method"
        raise TypeError(msg)
    if digits is None:
        rounded = interpreter.call(np.rint, [value], {})
        return interpreter.call(int, [rounded], {})
    return interpreter.call(np.round, [value, digits], {})


@handles(divmod)
def _divmod(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    ops = interpreter.operations
    if not is_traced(args):
        return divmod(*args)  # type: ignore[misc]
    if all(interpreter.arrays.variable(a).tensor.is_python for a in args):
        return ops.binary("floordiv", *args), ops.binary("mod", *args)
    return interpreter.call(np.divmod, args, {})


@handles(pow)
def _pow(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not is_traced(args):
        return pow(*args)
    if len(args) == 2:
        return interpreter.operations.binary("pow", *args)
    return interpreter.calls.callback(pow, args, kwargs)


def _extreme(function: Any, comparison: str, name: str) -> None:
    @handles(function)
    def extreme(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(args) == 1:
            args = [interpreter.generators.settled(args[0])]
            if type(args[0]) is TracedStore:
                args = [interpreter.stores.list_of(args[0])]
        if not is_traced((args, kwargs)):
            return function(*args, **kwargs)
        options = dict(kwargs)
        key, default = options.pop("key", None), options.pop("default", None)
        if options:
            msg = f"{name}() got an unexpected keyword argument"
            raise TypeError(msg)
        if len(args) > 1 or (len(args) == 1 and _short(args[0]) and key is None):
            items = list(args) if len(args) > 1 else interpreter.sequences.unpack(args[0], None)
            if items and key is None:
                return _extreme_of(interpreter, comparison, items)
            args = [tuple(items)]
        prelude = interpreter.outside.prelude

        def extreme_of_some() -> Any:
            if key is None:
                return prelude(interpreter, f"{name}_", [args[0]])
            return prelude(interpreter, f"{name}_by", [args[0], key])

        if "default" not in kwargs:
            _need_items(interpreter, args[0], name)
            return extreme_of_some()
        some = interpreter.truth_of(
            interpreter.operations.binary("gt", interpreter.sequences.length(args[0]), 0)
        )
        if type(some) is bool:
            return extreme_of_some() if some else default
        return interpreter.control.choose(some, extreme_of_some, lambda: default)


def _short(value: Any) -> bool:
    return isinstance(value, (tuple, list)) and getattr(value, "dynamic", None) is None


def _need_items(interpreter: Interpreter, value: Any, name: str) -> None:
    length = interpreter.sequences.length(value)
    if type(length) is int:
        if length == 0:
            raise ValueError(EMPTY.format(name))
        return
    empty = interpreter.truth_of(interpreter.operations.binary("eq", length, 0))
    interpreter.state.emit(
        control.raise_if,
        [empty],
        {"exception": ValueError, "arguments": (("constant", EMPTY.format(name)),)},
    )


def _extreme_of(interpreter: Interpreter, comparison: str, items: list[Any]) -> Any:
    best = items[0]
    for item in items[1:]:
        better = interpreter.truth_of(interpreter.operations.binary(comparison, item, best))
        if type(better) is bool:
            best = item if better else best
        else:
            best = interpreter.control.choose(better, lambda item=item: item, lambda best=best: best)  # type: ignore[misc]
    return best


_extreme(max, "gt", "max")
_extreme(min, "lt", "min")


def _folding(function: Any, name: str) -> None:
    @handles(function)
    def fold(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not is_traced((args, kwargs)):
            return function(*args, **kwargs)
        return interpreter.outside.prelude(interpreter, name, [*args, *kwargs.values()])


for _function, _name in (
    (sum, "sum_"),
    (any, "any_"),
    (all, "all_"),
    (math.prod, "prod_"),
):
    _folding(_function, _name)


@handles(functools.reduce)
def _reduce(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    args = [
        args[0],
        interpreter.stores.list_of(args[1]) if type(args[1]) is TracedStore else args[1],
        *args[2:],
    ]
    name = "reduce_" if len(args) == 2 else "reduce_from"
    if name == "reduce_" and is_lazy(args[1]):
        name = "reduce_lazy"
    return interpreter.outside.prelude(interpreter, name, args)


@handles(enumerate, unions=False)
def _enumerate(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    args = [interpreter.iterated(args[0]), *args[1:]]
    if type(args[0]) is TracedGenerator:
        return interpreter.outside.prelude(interpreter, "enumerate_", [*args, *kwargs.values()])
    return interpreter.sequences.enumerate(args[0], *args[1:], **kwargs)


@handles(zip, unions=False)
def _zip(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if kwargs.get("strict", False) is not False:
        return _zip_strict(interpreter, args)
    return interpreter.generators.zip([interpreter.iterated(a) for a in args])


def _zip_strict(interpreter: Interpreter, args: list[Any]) -> Any:
    """zip(*args, strict=True): of lengths that are the same for sure."""
    zipped = interpreter.generators.zip(args)
    lengths = [interpreter.sequences.length(a) for a in args if not is_lazy(a)]
    if len(lengths) < len(args) or not same_lengths(lengths):
        if len(lengths) < len(args):
            msg = "zip(strict=True) of iterators that are not known to have one length"
            raise Fallback(msg)
        return interpreter.outside.prelude(interpreter, "zip_strict", [zipped, tuple(lengths)])
    return zipped


@handles(map)
def _map(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    function, *values = args
    return interpreter.generators.map(function, [interpreter.iterated(v) for v in values])


@handles(filter)
def _filter(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    function, value = args
    name = "filter_" if function is not None else "filter_true"
    return interpreter.outside.prelude(interpreter, name, [function, interpreter.generators.iterator(value)])


@handles(iter)
def _iter(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if len(args) == 2:
        return interpreter.outside.prelude(interpreter, "iter_until", args)
    return interpreter.generators.iterator(args[0])


@handles(next)
def _next(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.generators.next(args[0], args[1:])


@handles(reversed, unions=False)
def _reversed(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value = args[0]
    method = getattr(type(value), "__reversed__", None)
    if is_lazy(value) or isinstance(value, (set, frozenset)):
        msg = f"'{_class_name(value)}' object is not reversible"
        raise TypeError(msg)
    if hasattr(method, "__code__"):
        return interpreter.call(method, [value], {})
    return interpreter.sequences.reversed(tuple(reversed(value)) if isinstance(value, dict) else value)


def _class_name(value: Any) -> str:
    if is_lazy(value):
        msg = "the class of an iterator is looked at"
        raise Fallback(msg)
    return type(value).__name__


@handles(list)
def _list(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if args and type(args[0]) in (TracedStore, TracedText):
        return interpreter.stores.list_of(interpreter.stores.text(args[0]))
    return interpreter.sequences.whole_list(*args) if args else interpreter.state.made(TracedList())


@handles(tuple)
def _tuple(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not args:
        return ()
    if type(args[0]) is TracedGenerator:
        args = [interpreter.generators.collected(args[0])]
    if type(args[0]) is TracedStore or (type(args[0]) is TracedList and args[0].dynamic is not None):
        return interpreter.stores.made_from(tuple, args[0], interpreter.stores.here())
    return tuple(interpreter.sequences.unpack(args[0], None)) if is_traced(args) else tuple(args[0])


@handles(dict)
def _dict(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    content = getattr(args[0], "dynamic", None) if args else None
    if args and (type(args[0]) is TracedArray or (content is not None and content.single is not None)):
        msg = "dict() of an array, or of a list of numbers whose length is known at run time only"
        raise Fallback(msg)
    if args and is_object(args[0]) and hasattr(type(args[0]), "keys"):
        args = [interpreter.mapping(args[0])]
    made = interpreter.stores.dict_of(args, kwargs) if args else None
    if made is not None:
        return made
    pairs = (
        interpreter.sequences.unpack(args[0], None)
        if args and type(args[0]) is not dict
        else args[0]
        if args
        else ()
    )
    return interpreter.state.made(dict(pairs, **kwargs))


@handles(set)
def _set(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _made_set(interpreter, set, args)


@handles(frozenset)
def _frozenset(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return _made_set(interpreter, frozenset, args)


def _made_set(interpreter: Interpreter, cls: Any, args: list[Any]) -> Any:
    args = [interpreter.generators.settled(a) for a in args]
    if is_traced(args):
        return interpreter.stores.made_from(cls, args[0], interpreter.stores.here())
    return cls(*args)


def _python_sorted(x: Any, *, reverse: bool = False) -> Any:
    """sorted(x) of an array of one axis, as an array: Python's order of NaNs and signed zeros, not numpy.sort's."""
    return np.array(sorted(x, reverse=reverse), x.dtype)


@handles(sorted)
def _sorted(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    args = [interpreter.generators.settled(args[0]), *args[1:]]
    if not is_traced((args, kwargs)):
        return interpreter.state.made(TracedList(sorted(*args, **kwargs)))
    if type(args[0]) in (TracedStore, TracedText):
        args = [interpreter.stores.text(args[0])]
        return interpreter.stores.sorted(args[0], kwargs.get("key"), kwargs.get("reverse", False))
    if type(args[0]) is dict:
        args = [interpreter.state.made(TracedList(args[0])), *args[1:]]
        return interpreter.call(sorted, args, kwargs)
    value = args[0]
    one_axis = type(value) is TracedArray and interpreter.arrays.type(value).ndim == 1
    if not one_axis or set(kwargs) - {"reverse"} or is_traced(kwargs):
        return sorted_list(interpreter, value, kwargs.get("key"), kwargs.get("reverse", False))
    return interpreter.sequences.whole_list(interpreter.calls.callback(_python_sorted, [value], kwargs))


@handles(same_or_equal)
def _same_or_equal(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    truth = interpreter.operations.same_or_equal(*args)
    return truth if type(truth) is bool else TracedScalar(truth)


@handles(isinstance, unions=True)
def _isinstance(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    value, classes = args
    if type(value) in (TracedStore, TracedText):
        return issubclass(str if type(value) is TracedText else value.shape.cls, classes)
    if type(value) is InterpretedFunction:
        return isinstance(lambda: None, classes)
    if interpreter.calls.is_opened(value):
        params = {"classes": classes}
        return TracedScalar(
            interpreter.state.emit(exceptions.object_isinstance, [value.variable], params).out
        )
    if type(value) is TracedObject:
        if value.cls is not None:
            return issubclass(value.cls, classes)
        msg = "isinstance of an object that is known at run time only"
        raise Fallback(msg)
    if isinstance(value, Tree):
        return issubclass(value.registered.cls, classes)
    return isinstance(value, classes)


@handles(issubclass)
def _issubclass(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    cls, classes = args
    if interpreter.calls.is_opened(cls):
        params = {"classes": classes}
        return TracedScalar(interpreter.state.emit(exceptions.object_issubclass, [cls.variable], params).out)
    return issubclass(cls, classes)


@handles(type)
def _type(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if len(args) != 1:
        msg = "a class is made while tracing"
        raise Fallback(msg)
    (value,) = args
    if type(value) in (TracedList, TracedRange):
        return list if type(value) is TracedList else range
    if type(value) in (TracedStore, TracedText):
        return str if type(value) is TracedText else value.shape.cls
    if interpreter.calls.is_opened(value):
        return interpreter.calls.about(value, "__class__")
    if type(value) is TracedObject:
        if value.cls is not None:
            return value.cls
        msg = "the class of an object that is known at run time only"
        raise Fallback(msg)
    if isinstance(value, Tree):
        return value.registered.cls
    _class_name(value)
    return (
        value.__class__
        if isinstance(value, Traced) or type(value) in (TracedArray, TracedScalar)
        else type(value)
    )


@handles(callable)
def _callable(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return not isinstance(args[0], (TracedArray, TracedScalar)) and callable(args[0])


def _looked_up(interpreter: Interpreter, owner: Any, name: str, *, caught: bool) -> Any:
    """owner.name, where an AttributeError is `caught`: one that the user's own method raises cannot be."""
    try:
        return interpreter.calls.attribute(owner, name)
    except RaisedInBranch:
        if not caught:
            raise
        msg = f"an AttributeError that is raised by a method of {type(owner).__name__} itself is caught"
        raise Fallback(msg) from None


@handles(getattr)
def _getattr(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if len(args) > 2 and interpreter.calls.is_opened(args[0]):
        msg = "getattr with a default, of an exception"
        raise Fallback(msg)
    try:
        return _looked_up(interpreter, *args[:2], caught=len(args) > 2)
    except AttributeError:
        if len(args) > 2:
            return args[2]
        raise


@handles(hasattr)
def _hasattr(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if interpreter.calls.is_opened(args[0]):
        msg = "hasattr of an exception"
        raise Fallback(msg)
    try:
        _looked_up(interpreter, *args, caught=True)
    except AttributeError:
        return False
    return True


@handles(setattr)
def _setattr(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    interpreter.calls.set_attribute(*args)


@handles(print, unions=True)
def _print(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    values: list[Variable] = []
    templates = tuple([interpreter.calls.template(a, values) for a in args])
    options = tuple([(k, interpreter.calls.template(v, values)) for k, v in kwargs.items()])
    interpreter.state.emit(
        control.print_,
        values,
        {"arguments": templates, "options": options, "serial": control.next_effect()},
    )


@handles(str, repr, format)
def _text(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    if not is_traced(args):
        return str(*args)
    return interpreter.calls.text([interpreter.calls.text_part(args[0], "s", "")])


BUILTINS[repr] = lambda interpreter, args, kwargs: (
    repr(*args)
    if not is_traced(args)
    else interpreter.calls.text([interpreter.calls.text_part(args[0], "r", "")])
)
BUILTINS[format] = lambda interpreter, args, kwargs: interpreter.calls.text(
    [interpreter.calls.text_part(args[0], "", args[1] if len(args) > 1 else "")]
)


def _operator(function: Any, name: str) -> None:
    @handles(function)
    def operated(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if len(args) == 1:
            return interpreter.operations.unary(name, *args)
        return interpreter.operations.binary(name, *args)


for _name in "add sub mul truediv floordiv mod pow and_ or_ xor lshift rshift matmul lt le eq ne gt ge neg pos invert abs".split():
    _operator(getattr(operator, _name), _name.rstrip("_"))


def _in_place(function: Any, name: str) -> None:
    @handles(function)
    def operated(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        return interpreter.augment(name, *args)


for _name in "add sub mul truediv floordiv mod pow and or xor lshift rshift".split():
    _in_place(getattr(operator, "i" + _name), _name)


@handles(operator.getitem)
def _getitem(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.control.resolve_all(list(args), lambda pair: interpreter.sequences.get_item(*pair))


@handles(operator.contains)
def _contains(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.sequences.contains(*args)


@handles(breakpoint)
def _breakpoint(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    msg = "breakpoint() is called"
    raise Fallback(msg)


@handles(id, hash, dir, eval, exec, globals, locals)
def _refused(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    msg = "a built-in function that looks at the object itself (id, hash, vars, eval, …) is called"
    raise Fallback(msg)


def _rounding(function: Any, name: str) -> None:
    @handles(function)
    def rounding(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if not is_traced(args):
            return function(*args)
        return interpreter.calls._op(MATH[name], function, args)


for _function, _name in ((math.floor, "floor"), (math.ceil, "ceil"), (math.trunc, "trunc")):  # type: ignore[assignment]
    _rounding(_function, _name)


def _array_of(function: Any) -> None:
    @handles(function, unions=False)
    def array(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        calls, value = interpreter.calls, args[0] if args else None
        stored = type(value) is TracedStore
        if type(value) is TracedStore:
            args = [interpreter.stores.plain(value), *args[1:]]
            value = args[0]
        if (
            type(value) is TracedList
            and value.dynamic is not None
            and not isinstance(value.dynamic.form.types[0], TensorType)
        ):
            args = [interpreter.stores.array_of_list(value), *args[1:]]
            value = args[0]
        if type(value) is not TracedList or value.dynamic is None:
            spread = calls._spread(function, args, kwargs)
            return calls.library(function, args, kwargs) if spread is None else spread[0]
        arrays = interpreter.arrays
        if len(args) > 1 or kwargs.get("dtype") is not None:
            asked = args[1] if len(args) > 1 else kwargs["dtype"]
            dtype = None if asked is None or is_traced(asked) else np.dtype(asked)
            whole = dtype is not None and dtype.kind in "iu"
            made = arrays.wrap(arrays.list_as_array(value, given=True, dtype=dtype if whole else None))
            return calls.library(function, [made, *args[1:]], kwargs)
        elements = value.dynamic.form.types
        if len(elements) == 1 and elements[0].dtype == np.float64 and elements[0].ndim == 0:
            return arrays.wrap(arrays.list_as_array(value, given=True))
        # The array of an empty list is float64 and has one axis, whatever the list would have held.
        empty = interpreter.truth_of(
            interpreter.operations.binary("eq", interpreter.sequences.length(value), 0)
        )
        condition = (
            arrays.variable(TracedScalar(empty)) if isinstance(empty, Variable) else arrays.variable(empty)
        )
        if (len(elements) > 1 or elements[0].ndim) and not arrays.may_be_empty(condition, known=not stored):
            return arrays.wrap(arrays.list_as_array(value, given=True))
        return interpreter.control.choose(
            condition,
            lambda: calls.library(function, [[]], {}),
            lambda: arrays.wrap(arrays.list_as_array(value, given=True)),
        )


for _function in (np.array, np.asarray, np.asanyarray):  # type: ignore[assignment]
    _array_of(_function)


@handles(np.iterable)
def _iterable(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return not isinstance(args[0], TracedScalar) and np.iterable(args[0])


@handles(np.ndenumerate)
def _ndenumerate(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    array = args[0]
    return interpreter.outside.prelude_indices(interpreter, interpreter.sequences.dims(array), array)


@handles(np.ndindex)
def _ndindex(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    dims = tuple(args[0]) if len(args) == 1 and isinstance(args[0], tuple) else tuple(args)
    return interpreter.outside.prelude_indices(interpreter, dims, None)
