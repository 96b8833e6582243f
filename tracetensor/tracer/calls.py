"""What a call, an attribute and a formatted text become: graph, an interpreted function, or a call-back."""

from __future__ import annotations

import dataclasses
import functools
import sysconfig
import types
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback, TypeInferenceError
from tracetensor.graph.answers import MUTATING, NUMPY, NeedsConstant, Unsupported
from tracetensor.graph.node import Variable
from tracetensor.graph.op import OPS
from tracetensor.graph.ops import control, elementwise, indexing
from tracetensor.graph.ops.scalars import MATH_TWO
from tracetensor.graph.types import ARRAY, NUMERIC_KINDS, SCALAR, TensorType, Type, type_of
from tracetensor.tracer.builtin import BUILTINS
from tracetensor.tracer.methods import Method, call_method, scalar_attribute
from tracetensor.tracer.state import Box
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    InterpretedFunction,
    Step,
    Traced,
    TracedArray,
    TracedFlat,
    TracedList,
    TracedObject,
    TracedScalar,
    TracedUnion,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.tracer.interpreter import Interpreter

PURE_MODULES = frozenset(
    {"builtins", "math", "cmath", "operator", "functools", "itertools", "collections", "numpy"}
)
OP_OF: dict[Any, Any] = {}
KNOWN: dict[str, Any] = {}
"""The ops that OP_OF was made of."""


@dataclasses.dataclass(frozen=True, eq=False)
class CallbackFunction:
    """A call of a library function with some arguments traced: called with their values in order."""

    function: Any
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]

    def __call__(self, *values: Any) -> Any:
        kwargs = {k: control.format_value(v, values) for k, v in self.kwargs}
        return self.function(*[control.format_value(a, values) for a in self.args], **kwargs)

    def __repr__(self) -> str:
        return (
            f"{getattr(self.function, '__module__', '')}.{getattr(self.function, '__name__', self.function)}"
        )


def op_of(function: Any) -> Any:
    """The op whose meaning is this very function, None if there is none."""
    if len(KNOWN) != len(OPS):
        KNOWN.update(OPS)
        for op in OPS.values():
            for answer in op.answers:
                OP_OF.setdefault(answer, op)
    try:
        return OP_OF.get(function)
    except TypeError:
        return None


def in_table(function: Any, table: dict[Any, Any]) -> bool:
    """Whether a function, which need not be hashable, is a key of the table."""
    try:
        return function in table
    except TypeError:
        return False


@functools.lru_cache(maxsize=4096)
def is_users(filename: str) -> bool:
    """Whether a file is the user's own: not of the standard library, NumPy, SciPy or tracetensor itself."""
    library = [sysconfig.get_path(name) for name in ("stdlib", "platstdlib")]
    if any(part in filename for part in ("/numpy/", "/scipy/", "\\numpy\\", "\\scipy\\")):
        return False
    if "site-packages" in filename or "dist-packages" in filename:
        return True
    return not any(path and filename.startswith(path) for path in library) and not filename.startswith(
        "<frozen"
    )


class Calls:
    """Dispatch of calls and attributes."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.arrays = interpreter.arrays
        self.outside = interpreter.outside

    # Calls -----------------------------------------------------------------------------------------------------

    def call(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """function(*args, **kwargs)."""
        kind = type(function)
        if kind is InterpretedFunction:
            return self.interpreter.call_interpreted(function, args, kwargs)
        if kind is Method:
            return call_method(self, function, args, kwargs)
        if in_table(function, BUILTINS):
            return BUILTINS[function](self.interpreter, args, kwargs)
        spread = self._spread(function, args, kwargs)
        if spread is not None:
            return spread[0]
        if isinstance(function, np.ufunc):
            return self.ufunc(function, args, kwargs)
        if in_table(function, MUTATING):
            return self.mutating(MUTATING[function], args, kwargs)
        if in_table(function, NUMPY):
            return self.library(function, args, kwargs)
        op = op_of(function)
        if op is not None and is_traced(args) and not kwargs:
            if op.family == "math" and len(args) != (2 if op.name.removeprefix("math.") in OF_TWO else 1):
                return self.callback(function, args, kwargs)
            return self._op(op, function, args)
        if isinstance(function, type):
            return self._class(function, args, kwargs)
        if isinstance(function, functools.partial):
            return self.interpreter.call(
                function.func, [*function.args, *args], {**function.keywords, **kwargs}
            )
        if isinstance(function, types.MethodType) and not isinstance(function.__self__, tuple):
            return self.interpreter.call(function.__func__, [function.__self__, *args], kwargs)
        unwrapped = self.outside.plain_function(function)
        if isinstance(unwrapped, types.FunctionType) and is_users(unwrapped.__code__.co_filename):
            return self.outside.call_function(unwrapped, args, kwargs)
        if isinstance(getattr(function, "__self__", None), tuple):
            return self._other(function, args, kwargs)
        if isinstance(unwrapped, types.FunctionType) and self._is_library(unwrapped):
            return self.callback(unwrapped, args, kwargs)
        return self._other(function, args, kwargs)

    def _spread(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> tuple[Any] | None:
        """A call of a library function with a union among its arguments: one call per alternative."""
        if not self._is_library(function) and not isinstance(function, np.ufunc):
            return None
        for position, value in enumerate(args):
            if type(value) is TracedUnion:
                return (
                    self.interpreter.control.resolve(
                        value,
                        lambda v, p=position: self.call(function, [*args[:p], v, *args[p + 1 :]], kwargs),  # type: ignore[misc]
                    ),
                )
        for name, value in kwargs.items():
            if type(value) is TracedUnion:
                return (
                    self.interpreter.control.resolve(
                        value,
                        lambda v, n=name: self.call(function, args, {**kwargs, n: v}),  # type: ignore[misc]
                    ),
                )
        return None

    def _is_library(self, function: Any) -> bool:
        module = getattr(function, "__module__", None) or ""
        return (
            module.split(".")[0] in {"numpy", "scipy", "math", "operator", "cmath"}
            and ".random" not in module
        )

    def _op(self, op: Any, function: Any, args: list[Any]) -> Any:
        variables = [self.arrays.variable(a) for a in args]
        try:
            node = self.state.emit(op, variables)
        except TypeInferenceError:
            return self.callback(function, args, {})
        return self.arrays.wrap(node.out)

    def _class(self, cls: type, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if issubclass(cls, np.generic) and is_traced(args) and len(args) == 1 and not kwargs:
            return self.numpy_scalar(cls, args[0])
        if cls is functools.partial:
            return functools.partial(*args, **kwargs)  # type: ignore[misc, operator]
        if cls is slice:
            return slice(*args)
        if cls is np.ndarray:
            msg = "numpy.ndarray called directly"
            raise Fallback(msg)
        init = cls.__dict__.get("__init__") or getattr(cls, "__init__", None)
        written = isinstance(init, types.FunctionType) and not init.__code__.co_filename.startswith("<")
        if issubclass(cls, BaseException) and not written:
            return cls(*args, **kwargs)
        if written and is_users(init.__code__.co_filename):  # type: ignore[union-attr]
            made = self.state.made(cls.__new__(cls))  # type: ignore[call-overload]
            self.interpreter.call(init, [made, *args], kwargs)
            return made
        if cls.__module__ in {"builtins", "numpy", "collections", "functools"} and is_traced((args, kwargs)):
            msg = f"{cls.__name__} made of traced values"
            raise Fallback(msg)
        made = cls(*args, **kwargs)
        return self.state.made(made) if hasattr(made, "__dict__") else made

    def numpy_scalar(self, cls: type[np.generic], value: Any) -> Any:
        """numpy.float64(x) and the like."""
        if type(value) is TracedUnion:
            return self.interpreter.control.resolve(value, lambda v: self.numpy_scalar(cls, v))
        dtype = np.dtype(cls)
        variable = self.arrays.variable(value)
        if variable.type is type_of(0) and dtype.kind in "iu" and dtype != np.int64:
            return self.callback(cls, [value], {})
        if variable.dtype.kind == "c" and dtype.kind != "c":
            msg = "a complex value is cast to a real NumPy scalar"
            raise Fallback(msg)
        kind = ARRAY if variable.tensor.is_array and variable.ndim else SCALAR
        return self.arrays.wrap(
            self.state.emit(elementwise.cast, [variable], {"dtype": dtype, "kind": kind}).out
        )

    def _other(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        module = getattr(function, "__module__", None) or getattr(type(function), "__module__", "")
        owner = getattr(function, "__self__", None)
        if isinstance(owner, tuple) and is_traced((owner, args, kwargs)):
            name = function.__name__
            if name in {"index", "count"}:
                return self.outside.prelude(self.interpreter, f"list_{name}", [owner, *args])
            if name in {"_replace", "_asdict"}:
                return self.lift(function(*args, **kwargs))
        name = getattr(function, "__qualname__", None) or repr(function)
        library = self._is_library(function)
        if (
            callable(function)
            and not isinstance(function, (types.BuiltinFunctionType, types.FunctionType))
            and not library
        ):
            method = getattr(type(function), "__call__", None)  # noqa: B004 - the class's own, to be interpreted
            if isinstance(method, types.FunctionType):
                return self.interpreter.call(method, [function, *args], kwargs)
        if is_traced((args, kwargs)):
            if library:
                return self.callback(function, args, kwargs)
            msg = f"a call of {module}.{name} with traced arguments"
            raise Fallback(msg)
        if ".random" in module or type(owner).__module__.startswith("numpy.random"):  # type: ignore[operator]
            msg = f"random numbers are drawn by {name}"
            raise Fallback(msg)
        if module.split(".")[0] in PURE_MODULES or isinstance(  # type: ignore[union-attr]
            owner, (str, bytes, int, float, tuple, frozenset, np.dtype)
        ):
            return self.lift(function(*args, **kwargs))
        msg = f"a call of {module}.{name}, which is not traced and may do more than return a value"
        raise Fallback(msg)

    def lift(self, value: Any) -> Any:
        """A concrete result as the program sees it: arrays and lists become traced."""
        if type(value) is np.ndarray:
            return self.arrays.wrap(self.arrays.variable(value))
        if type(value) is list:
            return self.state.made(TracedList([self.lift(v) for v in value]))
        if type(value) is tuple:
            return tuple([self.lift(v) for v in value])
        if type(value) is dict:
            return self.state.made(value)
        return value

    # NumPy -----------------------------------------------------------------------------------------------------

    def library(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a NumPy function that has a builder."""
        return self.build(NUMPY[function], function, args, kwargs)

    def build(
        self, builder: Callable[..., Any], function: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Call a builder; a call-back of `function` where the builder does not cover the arguments."""
        out = kwargs.get("out")
        if out is not None:
            rest = {k: v for k, v in kwargs.items() if k != "out"}
            return self.into(
                out, self.build(builder, function, args, rest), getattr(function, "__name__", "the call")
            )
        if any(_list_of_arrays(a) for a in args):
            return self.callback(function, args, kwargs)
        sources = [v for v in _flat([args, list(kwargs.values())]) if type(v) is TracedArray]
        given = [self.arrays.argument(a) for a in args]
        named = {k: self.arrays.argument(v) for k, v in kwargs.items()}
        try:
            result = builder(*given, **named)
        except NeedsConstant as needed:
            self.force(
                TracedScalar(needed.variable), f"an argument of {getattr(function, '__name__', 'a function')}"
            )
            raise
        except (Unsupported, TypeInferenceError):
            return self.callback(function, args, kwargs)
        self.state.adopt_built_all(result)
        wrapped = self.wrapped(result, sources)
        name = getattr(function, "__name__", "")
        if (name == "einsum" and len(sources) == 1) or name in {"trim_zeros", "meshgrid"}:
            self._may_share(wrapped if isinstance(wrapped, (list, tuple)) else [wrapped], sources, name)
        elif type(wrapped) is TracedArray and any(wrapped is s for s in sources) and function not in AS_IS:
            return TracedArray(
                wrapped.storage, (*wrapped.steps, Step(indexing.getitem, (), (("spec", ("e",)),)))
            )
        return wrapped

    def wrapped(self, result: Any, sources: list[TracedArray]) -> Any:
        """What a builder returned, as traced values; views of the sources where it made views."""
        if isinstance(result, Variable):
            return self.arrays.view_or_new(result, sources)
        if isinstance(result, tuple):
            items = [self.wrapped(r, sources) for r in result]
            return type(result)(*items) if hasattr(result, "_fields") else tuple(items)
        if isinstance(result, list):
            return self.state.made(TracedList([self.wrapped(r, sources) for r in result]))
        return self.lift(result)

    def into(self, out: Any, result: Any, name: str) -> Any:
        """The effect of out=: the result is written into an array, which is returned."""
        if isinstance(out, tuple):
            results = result if isinstance(result, tuple) else (result,)
            done = [r if o is None else self.into(o, r, name) for o, r in zip(out, results, strict=False)]
            return done[0] if len(done) == 1 else tuple(done)
        if type(out) is not TracedArray:
            msg = "return arrays must be of ArrayType"
            raise TypeError(msg)
        value = self.arrays.variable(result)
        target = self.arrays.type(out).dtype
        if not np.can_cast(value.dtype, target, "same_kind"):
            self.interpreter.operations.cannot_cast(name, value.dtype, target)
        self.arrays.overwrite(out, value, augmented=True)
        return out

    def ufunc(self, ufunc: np.ufunc, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a ufunc, with out= and where=."""
        options = dict(kwargs)
        out = options.pop("out", None)
        where = options.pop("where", True)
        args = list(args)
        if len(args) > ufunc.nin:
            out = tuple(args[ufunc.nin :])
            args = args[: ufunc.nin]
        if not is_traced((args, options, where, out)):
            return self.lift(ufunc(*args, **kwargs))
        if set(options) - {"dtype", "casting"} or (where is not True and out is None):
            return self.callback(ufunc, args, {**kwargs})
        if any(not self.interpreter.operations._is_number(a) for a in args):
            msg = f"numpy.{ufunc.__name__} of a {type(args[0]).__name__}"
            raise Fallback(msg)
        try:
            result = self.interpreter.operations.ufunc(
                ufunc, [self.arrays.variable(a) for a in args], **options
            )
        except Fallback:
            return self.callback(ufunc, args, kwargs) if out is None else _reraise()
        if out is None:
            return result
        if isinstance(out, tuple) and len(out) == 1:
            out = out[0]
        if where is not True:
            chosen = [self.arrays.variable(v) for v in (where, result, out)]
            result = self.arrays.wrap(self.state.emit(elementwise.where, chosen).out)
        return self.into(out, result, ufunc.__name__)

    def mutating(self, builder: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]) -> None:
        """A NumPy function that writes to its first argument."""
        target, *rest = args
        if type(target) is not TracedArray:
            msg = "a NumPy function that writes to what is no traced array"
            raise Fallback(msg)
        try:
            new = builder(
                self.arrays.read(target),
                *[self.arrays.argument(a) for a in rest],
                **{k: self.arrays.argument(v) for k, v in kwargs.items()},
            )
        except NeedsConstant as needed:
            self.force(TracedScalar(needed.variable), "an argument")
            raise
        except Unsupported:
            msg = "a NumPy function that writes to its argument, called in this way"
            raise Fallback(msg) from None
        self.arrays.overwrite(target, self.state.adopt_built(new))

    def update_at(self, ufunc: np.ufunc, args: list[Any]) -> None:
        """ufunc.at(array, index, values)."""
        target, index, *rest = args
        if type(target) is not TracedArray or target.steps:
            msg = f"{ufunc.__name__}.at on a view, or on what is no traced array"
            raise Fallback(msg)
        spec, leaves = self.arrays.index(index)
        if not rest:
            msg = f"{ufunc.__name__}.at without values"
            raise Fallback(msg)
        self.arrays.check_writable(target)
        inputs = [self.arrays.read(target), self.arrays.variable(rest[0]), *leaves]
        new = self.state.emit(indexing.update_at, inputs, {"spec": spec, "ufunc": ufunc.__name__}).out
        self.state.write_storage(target.storage, new)

    def callback(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a pure library function at run time."""
        values: list[Variable] = []
        name = getattr(function, "__name__", repr(function))
        if "out" in kwargs:
            out = kwargs["out"]
            return self.into(
                out, self.callback(function, args, {k: v for k, v in kwargs.items() if k != "out"}), name
            )
        templates = tuple([self.template(a, values) for a in args])
        named = tuple([(k, self.template(v, values)) for k, v in kwargs.items()])
        call = CallbackFunction(function, templates, named)
        if not values:
            return self.lift(function(*args, **kwargs))
        type_, shares = self._callback_type(call, values, name)
        self.outside.callbacks.append((name, self.state.location()))
        result = self.state.emit(control.callback, values, {"function": call, "type": type_})
        sources = [v for v in _flat([args, list(kwargs.values())]) if type(v) is TracedArray]
        wrapped = [self.arrays.wrap(o) for o in result.outputs]
        if shares or name in MAYBE_VIEWS:
            self._may_share(wrapped, sources, name)
        return tuple(wrapped) if isinstance(type_, tuple) else wrapped[0]

    def _may_share(self, results: Sequence[Any], sources: list[TracedArray], name: str) -> None:
        """Results that may or may not be memory of the sources: writes to either end the trace."""
        for array in [*results, *sources]:
            if type(array) is TracedArray:
                reason = f"whether {name} gave a view or a copy is known at run time only, and one of both is written"
                self.arrays.freeze(array.storage, reason)

    def _callback_type(self, call: CallbackFunction, values: list[Variable], name: str) -> Any:
        found, shares = self.outside.callback_result(call, values)

        def one(value: Any) -> Type:
            type_ = type_of(value)
            if isinstance(type_, TensorType):
                if type_.dtype.kind not in NUMERIC_KINDS:
                    msg = f"{name} returns values of dtype {type_.dtype}"
                    raise Fallback(msg)
                if type_.is_array:
                    return TensorType(type_.dtype, (None,) * type_.ndim, ARRAY)
            return type_

        try:
            if type(found) in (tuple, list):
                return tuple([one(v) for v in found]), shares
            return one(found), shares
        except TypeError:
            msg = f"{name} returns a {type(found).__name__}, which is not traced"
            raise Fallback(msg) from None

    # Attributes ------------------------------------------------------------------------------------------------

    def attribute(self, owner: Any, name: str) -> Any:
        """owner.name."""
        kind = type(owner)
        if kind is TracedArray:
            return self._array_attribute(owner, name)
        if kind is TracedScalar:
            return scalar_attribute(self, owner, name)
        if kind in (TracedList, dict):
            if not hasattr(list if kind is TracedList else dict, name):
                msg = f"'{'list' if kind is TracedList else 'dict'}' object has no attribute '{name}'"
                raise AttributeError(msg)
            return Method(owner, name)
        if isinstance(owner, np.ufunc):
            return Method(owner, name) if name in UFUNC_METHODS else getattr(owner, name)
        if isinstance(owner, (TracedObject, InterpretedFunction)):
            msg = f"the attribute {name} of a {kind.__name__}"
            raise Fallback(msg)
        if isinstance(
            owner, (types.ModuleType, type, str, bytes, int, float, complex, tuple, np.generic, np.dtype)
        ):
            value = getattr(owner, name)
            return self.outside.module_value(owner, name, value)
        return self.outside.attribute(owner, name)

    def _array_attribute(self, owner: TracedArray, name: str) -> Any:
        type_ = self.arrays.type(owner)
        if name == "shape":
            return self.interpreter.sequences.dims(owner)
        if name == "ndim":
            return type_.ndim
        if name == "dtype":
            return type_.dtype
        if name == "itemsize":
            return type_.dtype.itemsize
        if name in {"size", "nbytes"}:
            size = self.library(np.size, [owner], {})
            return (
                size
                if name == "size"
                else self.interpreter.operations.binary("mul", size, type_.dtype.itemsize)
            )
        if name == "T":
            return self.library(np.transpose, [owner], {})
        if name == "mT":
            return self.library(np.matrix_transpose, [owner], {})
        if name in {"real", "imag"}:
            return self.library(getattr(np, name), [owner], {})
        if name == "flat":
            return TracedFlat(owner)
        if not hasattr(np.ndarray, name):
            msg = f"'numpy.ndarray' object has no attribute '{name}'"
            raise AttributeError(msg)
        if not callable(getattr(np.ndarray, name)):
            msg = f"the array attribute .{name}"
            raise Fallback(msg)
        return Method(owner, name)

    def set_attribute(self, owner: Any, name: str, value: Any) -> None:
        """owner.name = value."""
        if type(owner) is TracedUnion:
            self.interpreter.control.resolve(owner, lambda v: self.set_attribute(v, name, value))
            return
        if type(owner) is TracedArray and name == "shape":
            if owner.storage.origin is not None:
                msg = "the .shape of an array from outside is assigned"
                raise Fallback(msg)
            view = self.library(np.reshape, [owner, value], {})
            if view.storage is not owner.storage:
                msg = "assigning to .shape of an array that is not known to be contiguous"
                raise Fallback(msg)
            self.state.log(("view", Box(owner)))
            owner.steps = view.steps
            return
        if type(owner) is TracedArray and name == "flat":
            self.interpreter.sequences.set_flat(owner, slice(None), value)
            return
        if type(owner) is TracedArray and name in {"real", "imag"}:
            part = self.library(getattr(np, name), [owner], {})
            self.arrays.set_index(part, Ellipsis, value)
            return
        if isinstance(owner, Traced) or self.state.made_in(owner) is None:
            msg = f"the attribute `{name}` of an object from outside is assigned"
            raise Fallback(msg)
        if isinstance(getattr(type(owner), name, None), property) or hasattr(type(owner), "__slots__"):
            msg = f"the attribute `{name}` is assigned through a property or slot"
            raise Fallback(msg)
        self.state.write(("attribute", Box(owner), name), value)

    def outside_item(self, container: Any, index: Any) -> Any:
        """container[index] of a container that is no array, list, tuple, dict or string."""
        if container in (np.r_, np.c_, np.s_, np.index_exp, np.mgrid, np.ogrid):
            if container in (np.s_, np.index_exp):
                return container[index]
            if not is_traced(index):
                return self.lift(container[index])
            getitem = self.outside.grid_builder(container)
            if getitem is not None:
                result = getitem(self.arrays.argument(index))
                self.state.adopt_built_all(result)
                return self.wrapped(result, [])
        method = getattr(type(container), "__getitem__", None)
        if isinstance(method, types.FunctionType):
            return self.interpreter.call(method, [container, index], {})
        if not is_traced(index):
            return self.lift(container[index])
        msg = f"a traced index into a {type(container).__name__}"
        raise Fallback(msg)

    def set_outside_item(self, container: Any, index: Any, value: Any) -> None:
        """container[index] = value of a container of the user's class."""
        method = getattr(type(container), "__setitem__", None)
        if isinstance(method, types.FunctionType):
            self.interpreter.call(method, [container, index, value], {})
            return
        msg = f"an item of a {type(container).__name__} is assigned"
        raise Fallback(msg)

    # Forced values ---------------------------------------------------------------------------------------------

    def force(self, value: Any, what: str, expected: int | None = None) -> Any:
        """The value of a traced scalar, found by guarding on the inputs it is computed from."""
        if not isinstance(value, TracedScalar):
            return value
        return self.outside.force(self.interpreter, value.variable, what)

    def least(self, values: list[Any]) -> Any:
        """min of scalars."""
        return BUILTINS[min](self.interpreter, values, {})

    # Text ------------------------------------------------------------------------------------------------------

    def template(self, value: Any, values: list[Variable]) -> Any:
        """A template (see control.format_value) of a value, its traced parts added to `values`."""
        kind = type(value)
        if kind is TracedText:
            parts: list[Any] = []
            for part in value.parts:
                if isinstance(part, str):
                    parts.append(part)
                else:
                    values.append(self.arrays.variable(part[0]))
                    parts.append((len(values) - 1, part[1], part[2]))
            return ("text", tuple(parts))
        if kind is TracedList and value.dynamic is not None:
            if value.dynamic.single is None:
                msg = "a list of tuples of traced length is formatted or handed to a function that is not traced"
                raise Fallback(msg)
            values.append(self.state.region.lift(value.dynamic.single))
            return ("value", len(values) - 1)
        if kind in (TracedArray, TracedScalar, TracedObject):
            values.append(self.arrays.variable(value))
            return ("value", len(values) - 1)
        if kind is tuple and is_traced(value):
            return ("tuple", tuple([self.template(v, values) for v in value]))
        if kind is TracedList and is_traced(value):
            return ("list", tuple([self.template(v, values) for v in list.__iter__(value)]))
        if is_traced(value):
            msg = f"a {kind.__name__} is formatted or handed to a function that is not traced"
            raise Fallback(msg)
        if kind is TracedList:
            return ("constant", list(list.__iter__(value)))
        return ("constant", value)

    def text_part(self, value: Any, conversion: str, spec: Any) -> Any:
        """One formatted value of an f-string."""
        if type(spec) is not str:
            msg = "a format specification that is traced"
            raise Fallback(msg)
        if is_traced(value):
            if type(value) is TracedText and not spec:
                return value
            return (value, conversion, spec)
        convert: dict[str, Any] = {"r": repr, "s": str, "a": ascii, "": lambda v: v}
        return format(convert[conversion](value), spec)

    def text(self, parts: list[Any]) -> Any:
        """A string made of parts, some of them traced."""
        flat: list[Any] = []
        for part in parts:
            flat.extend(part.parts if type(part) is TracedText else [part])
        if all(isinstance(p, str) for p in flat):
            return "".join(flat)
        return TracedText(tuple(flat))

    def percent(self, template: str, values: Any) -> Any:
        """template % values."""
        values = values if isinstance(values, tuple) else (values,)
        parts: list[Any] = []
        rest = template
        for value in values:
            start = rest.find("%")
            while start >= 0 and rest[start : start + 2] == "%%":
                rest = rest[:start] + rest[start + 1 :]
                start = rest.find("%", start + 1)
            end = start + 1
            while end < len(rest) and rest[end] not in "diouxXeEfFgGcrsa":
                end += 1
            parts.append(rest[:start])
            code, spec = rest[end], rest[start + 1 : end]
            if spec or code not in "dsr":
                msg = "a % format with widths or precisions of a traced value"
                raise Fallback(msg)
            parts.append(self.text_part(value, {"d": "", "s": "s", "r": "r"}[code], ""))
            rest = rest[end + 1 :]
        return self.text([*parts, rest.replace("%%", "%")])


MAYBE_VIEWS = frozenset(
    "ravel reshape require asfortranarray asarray_chkfinite real_if_close nan_to_num squeeze array asarray asanyarray "
    "view __array__ broadcast_arrays diagonal swapaxes trim_zeros einsum ix_ split as_strided sliding_window_view".split()
)
"""Library functions that return a view for some memory layouts or arguments, and a copy for others."""
AS_IS = frozenset(
    {
        np.asarray,
        np.asanyarray,
        np.ascontiguousarray,
        np.atleast_1d,
        np.atleast_2d,
        np.atleast_3d,
        np.real,
        np.array,
        np.squeeze,
        np.ndarray.squeeze,
        np.ndarray.astype,
        np.ndarray.conj,
        np.ndarray.conjugate,
        getattr(np, "astype", np.asarray),
    }
)
"""Functions that may return their very argument; others return a view of it at least."""
OF_TWO = frozenset({*MATH_TWO, "gcd"})
UFUNC_METHODS = frozenset({"reduce", "accumulate", "outer", "at", "reduceat"})


def _reraise() -> Any:
    raise  # noqa: PLE0704 - within the handler that called


def _list_of_arrays(value: Any) -> bool:
    """Whether a value is a list of traced length whose elements are arrays, perhaps of different shapes."""
    if type(value) is not TracedList or value.dynamic is None or value.dynamic.single is None:
        return False
    element = value.dynamic.form.types[0]
    return isinstance(element, TensorType) and element.ndim > 0


def _flat(items: Any) -> list[Any]:
    result = []
    for item in items:
        if isinstance(item, (list, tuple)):
            if getattr(item, "dynamic", None) is None:
                result.extend(_flat(list.__iter__(item) if isinstance(item, list) else item))
        else:
            result.append(item)
    return result
