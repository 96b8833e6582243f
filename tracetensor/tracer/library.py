"""Calls of NumPy and other libraries: builders, ufuncs, call-backs."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import AlwaysRaises, Fallback, TypeInferenceError
from tracetensor.graph.answers import NUMPY, NeedsConstant, Unsupported
from tracetensor.graph.callbacks import CallbackFunction
from tracetensor.graph.node import Variable
from tracetensor.graph.op import OPS
from tracetensor.graph.ops import control, elementwise, indexing
from tracetensor.graph.ops.scalars import MATH_TWO
from tracetensor.graph.types import ARRAY, NUMERIC_KINDS, SCALAR, TensorType, Type, type_of
from tracetensor.tracer.formatting import Formatting
from tracetensor.tracer.learnt import (
    check_functions,
    flat,
    is_learnt_class,
    learnt_call,
    own_functions,
)
from tracetensor.tracer.values import (
    Step,
    TracedArray,
    TracedList,
    TracedScalar,
    TracedUnion,
    is_traced,
    object_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Sequence


OP_OF: dict[Any, Any] = {}
KNOWN: dict[str, Any] = {}
"""The ops that OP_OF was made of."""


@functools.lru_cache(maxsize=4096)
def positional_names(function: Any) -> tuple[str, ...]:
    """The names of a function's parameters that can be given by position; none where they are not known."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    if any(p.kind is inspect.Parameter.VAR_POSITIONAL for p in parameters):
        return ()
    return tuple([p.name for p in parameters if p.kind in kinds])


def with_named_out(
    function: Any, args: list[Any], kwargs: dict[str, Any]
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments with `out`, and what comes after it, given by name."""
    try:
        names = positional_names(function)
    except TypeError:
        names = ()
    if "out" not in names or "out" in kwargs or not names.index("out") < len(args) <= len(names):
        return args, kwargs
    place = names.index("out")
    return args[:place], {**dict(zip(names[place:], args[place:], strict=False)), **kwargs}


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


def in_table(function: Any, table: Container[Any]) -> bool:
    """Whether a function, which need not be hashable, is a key of the table."""
    try:
        return function in table
    except TypeError:
        return False


GRIDS = (np.r_, np.c_, np.s_, np.index_exp, np.mgrid, np.ogrid)


def is_grid(container: Any) -> bool:
    """Whether a container is one of NumPy's objects that build arrays and indices from slices."""
    return any(container is c for c in GRIDS)


class Library(Formatting):
    """Dispatch of library functions."""

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

    def check_hashable(self, value: Any) -> None:
        """TypeError for what has no hash, in the words of this Python."""
        unhashable = _unhashable(value)
        if unhashable is not None:
            _ = {unhashable: None}

    def copied(self, value: Any) -> Any:
        """copy.deepcopy(value) of a number or an array."""
        if type(value) is TracedArray:
            return self.arrays.wrap(self.state.emit(elementwise.copy, [self.arrays.read(value)]).out)
        if type(value) is TracedScalar or not is_traced(value):
            return value
        msg = f"a copy of a {type(value).__name__}"
        raise Fallback(msg)

    def _op(self, op: Any, function: Any, args: list[Any]) -> Any:
        variables = [self.arrays.variable(a) for a in args]
        try:
            node = self.state.emit(op, variables)
        except TypeInferenceError:
            return self.callback(function, args, {})
        return self.arrays.wrap(node.out)

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

    def library(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a NumPy function that has a builder."""
        if function is np.broadcast_arrays and len(set(map(id, args))) > 1:
            return self.callback(function, args, kwargs)  # views that may be written to, and warn
        if function is np.meshgrid and kwargs.get("copy") is False:
            return self.callback(function, args, kwargs)  # views that may be written to, and warn
        if function is np.nan_to_num and kwargs.get("copy") is False and type(args[0]) is TracedArray:
            if self.arrays.type(args[0]).dtype.kind not in "fc":
                return args[0]
            rest = {k: v for k, v in kwargs.items() if k != "copy"}
            result = self.build(NUMPY[function], function, args, rest)
            self.arrays.overwrite(args[0], self.arrays.variable(result))
            return args[0]
        return self.build(NUMPY[function], function, args, kwargs)

    def build(
        self, builder: Callable[..., Any], function: Any, args: list[Any], kwargs: dict[str, Any]
    ) -> Any:
        """Call a builder; a call-back of `function` where the builder does not cover the arguments."""
        args, kwargs = with_named_out(function, args, kwargs)
        out = kwargs.get("out")
        if out is not None:
            rest = {k: v for k, v in kwargs.items() if k != "out"}
            if function in NEEDS_CONTIGUOUS_OUT and not self.arrays.is_contiguous(out):
                msg = f"whether out= of {function.__name__} is in C order is not known while tracing"
                raise AlwaysRaises(msg)
            result = self.build(builder, function, args, rest)
            if not self._fits(function, out, result):
                return self.callback(function, args, kwargs)
            return self.into(out, result, getattr(function, "__name__", "the call"))
        if any(_list_of_arrays(a) for a in args):
            return self.callback(function, args, kwargs)
        for k, arg in enumerate(args):
            for j, value in enumerate(_known_items(arg)):
                if type(value) is TracedUnion and not self._is_one(value):
                    items = list(_known_items(arg))
                    return self.interpreter.control.resolve(
                        value,
                        lambda v, k=k, j=j, items=items: self.build(  # type: ignore[misc]
                            builder,
                            function,
                            [*args[:k], [*items[:j], v, *items[j + 1 :]], *args[k + 1 :]],
                            kwargs,
                        ),
                    )
        sources = [v for v in flat([args, list(kwargs.values())]) if type(v) is TracedArray]
        given = [self.arrays.argument(a) for a in args]
        named = {k: self.arrays.argument(v) for k, v in kwargs.items()}
        try:
            result = builder(*given, **named)
        except NeedsConstant as needed:
            name = getattr(function, "__name__", "a function")
            try:
                self.force(TracedScalar(needed.variable), f"an argument of {name}")
            except Fallback:
                return self.callback(function, args, kwargs)
            raise
        except (Unsupported, TypeInferenceError):
            return self.callback(function, args, kwargs)
        self.state.adopt_built_all(result)
        wrapped = self.wrapped(result, sources)
        name = getattr(function, "__name__", "")
        if (name == "einsum" and len(sources) == 1) or name == "trim_zeros":
            self._may_share(wrapped if isinstance(wrapped, (list, tuple)) else [wrapped], sources, name)
        elif type(wrapped) is TracedArray and any(wrapped is s for s in sources) and function not in AS_IS:
            return TracedArray(
                wrapped.storage, (*wrapped.steps, Step(indexing.getitem, (), (("spec", ("e",)),)))
            )
        return wrapped

    def _is_one(self, union: TracedUnion) -> bool:
        """Whether the alternatives are of one kind, as far as an array is made of them."""
        try:
            self.arrays.unify(union, loose=True)
        except Fallback:
            return False
        return True

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

    def _fits(self, function: Any, out: Any, result: Any) -> bool:
        """Whether what a builder returned can be written to `out`, as NumPy would do: checked at run time too.

        Else the function is called as it is, since the dtype of `out` may decide how it computes.
        """
        if type(out) is not TracedArray or not isinstance(result, (TracedArray, TracedScalar)):
            return False
        value, target = self.arrays.variable(result), self.arrays.type(out)
        if value.dtype != target.dtype or value.ndim != target.ndim:
            return False
        interpreter = self.interpreter
        wanted = interpreter.sequences.dims(result) if type(result) is TracedArray else ()
        for n, m in zip(interpreter.sequences.dims(out), wanted, strict=True):
            differs = n is not m and interpreter.operations.binary("ne", n, m)
            if differs is True:
                return False
            if differs is not False:
                reason = (
                    f"out= of {getattr(function, '__name__', 'a call')} has another shape than the result"
                )
                self.state.emit(control.deoptimise_if, [self.arrays.variable(differs)], {"reason": reason})
        return True

    def into(self, out: Any, result: Any, name: str, call: tuple[np.ufunc, list[Any]] | None = None) -> Any:
        """The effect of out=: the result is written into an array, which is returned."""
        if isinstance(out, tuple):
            results = result if isinstance(result, tuple) else (result,)
            done = [r if o is None else self.into(o, r, name) for o, r in zip(out, results, strict=False)]
            return done[0] if len(done) == 1 else tuple(done)
        if type(out) is not TracedArray:
            msg = "return arrays must be of ArrayType"
            raise TypeError(msg)
        self.arrays.check_writable(out, augmented=True)
        value = self.arrays.variable(result)
        target = self.arrays.type(out).dtype
        if not np.can_cast(value.dtype, target, "same_kind"):
            if call is not None and call[0].nout == 1:
                self.interpreter.operations.cannot_cast(*call, out)
            msg = f"out= of numpy.{name}: {value.dtype!r} is not written into {target!r}"
            raise Fallback(msg)
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
        given = kwargs if out is None else {**kwargs, "out": out}
        if (
            set(options) - {"dtype", "casting"}
            or (where is not True and out is None)
            or ("casting" in options and out is not None)
        ):
            return self.callback(ufunc, args, given)
        if any(not self.interpreter.operations._is_number(a) for a in args):
            msg = f"numpy.{ufunc.__name__} of a {type(args[0]).__name__}"
            raise Fallback(msg)
        try:
            result = self.interpreter.operations.ufunc(
                ufunc, [self.arrays.variable(a) for a in args], **options
            )
        except (Fallback, Unsupported):
            return self.callback(ufunc, args, given)
        if out is None:
            return result
        if isinstance(out, tuple) and len(out) == 1:
            out = out[0]
        if where is not True:
            chosen = [self.arrays.variable(v) for v in (where, result, out)]
            result = self.arrays.wrap(self.state.emit(elementwise.where, chosen).out)
        return self.into(out, result, ufunc.__name__, (ufunc, args))

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
        if type(target) is not TracedArray:
            msg = f"{ufunc.__name__}.at on what is no traced array"
            raise Fallback(msg)
        spec, leaves = self.arrays.index(index)
        if len(rest) != ufunc.nin - 1 or getattr(np, ufunc.__name__, None) is not ufunc:
            msg = f"{ufunc.__name__}.at with {len(rest)} operands"
            raise Fallback(msg)
        try:
            self.arrays.check_writable(target)
        except ValueError:
            msg = f"{ufunc.__name__}.at on a read-only array, which NumPy writes to"
            raise AlwaysRaises(msg) from None
        inputs = [self.arrays.read(target), *map(self.arrays.variable, rest), *leaves]
        params: dict[str, Any] = {"spec": spec, "ufunc": ufunc.__name__}
        if not rest:
            params["unary"] = True
        new = self.state.emit(indexing.update_at, inputs, params).out
        if target.steps:
            self.arrays.overwrite(target, new)
        else:
            self.state.write_storage(target.storage, new)

    def callback(self, function: Any, args: list[Any], kwargs: dict[str, Any]) -> Any:
        """A call of a pure library function at run time."""
        values: list[Variable] = []
        name = getattr(function, "__name__", repr(function))
        args, kwargs = with_named_out(function, args, kwargs)
        self._check_callback(function, name, args, kwargs)
        templates = tuple([self.template(a, values, as_object=True) for a in args])
        named = tuple([(k, self.template(v, values, as_object=True)) for k, v in kwargs.items()])
        call = CallbackFunction(function, templates, named)
        if not values and not own_functions([*args, *kwargs.values()]):
            return self.lift(function(*args, **kwargs))
        if self.returns_object(call, values, name):
            return learnt_call(self, function, args, kwargs, name)  # type: ignore[arg-type]
        type_, shares, cls = self._callback_type(call, values, name)
        shares = shares or name in MAYBE_VIEWS
        call = dataclasses.replace(call, fresh=not shares)
        self.outside.note_callback(name, self.state.location())
        result = self.state.emit(control.callback, values, {"function": call, "type": type_})
        sources = [v for v in flat([args, list(kwargs.values())]) if type(v) is TracedArray]
        wrapped = [self.arrays.wrap(o) for o in result.outputs]
        if shares:
            self._may_share(wrapped, sources, name)
        results = wrapped[0]
        if cls is list:
            results = self.state.made(TracedList(wrapped))
        elif cls is not None:
            results = cls(*wrapped) if hasattr(cls, "_fields") else tuple(wrapped)
        return results if kwargs.get("out") is None else self.into(kwargs["out"], results, name)

    def _check_callback(self, function: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> None:
        """Fallback where a library function would call the user's own, or overwrite its arguments."""
        named = {**dict(zip(positional_names(function), args, strict=False)), **kwargs}
        if any(k.startswith("overwrite") and v is not False for k, v in named.items()):
            msg = f"{name} may overwrite its arguments"
            raise Fallback(msg)
        check_functions(self, [*args, *kwargs.values()], name)  # type: ignore[arg-type]

    def returns_object(self, call: CallbackFunction, values: list[Variable], name: str) -> bool:
        """Whether a library function returns an object of its own, to be learnt."""
        found, _ = self.outside.callback_result(call, values)
        parts = found if isinstance(found, (tuple, list)) else [found]
        return any(is_learnt_class(type(p)) and not isinstance(p, (np.generic, np.ndarray)) for p in parts)

    def _may_share(self, results: Sequence[Any], sources: list[TracedArray], name: str) -> None:
        """Results that may or may not be memory of the sources: writes to either end the trace."""
        for array in [*results, *sources]:
            if type(array) is TracedArray:
                reason = f"whether {name} gave a view or a copy is known at run time only, and one of both is written"
                self.arrays.freeze(array.storage, reason)

    def _callback_type(self, call: CallbackFunction, values: list[Variable], name: str) -> Any:
        found, shares = self.outside.callback_result(call, values)

        def one(value: Any) -> Type:
            if type(value) in (str, bytes):
                return object_type(bytes) if type(value) is bytes else self.interpreter.stores.text_type
            type_ = type_of(value)
            if isinstance(type_, TensorType):
                if type_.dtype.kind not in NUMERIC_KINDS:
                    msg = f"{name} returns values of dtype {type_.dtype}"
                    raise Fallback(msg)
                if type_.is_array:
                    return TensorType(type_.dtype, (None,) * type_.ndim, ARRAY)
            return type_

        try:
            if isinstance(found, tuple) or type(found) is list:
                return tuple([one(v) for v in found]), shares, type(found)
            return one(found), shares, None
        except TypeError:
            msg = f"{name} returns a {type(found).__name__}, which is not traced"
            raise Fallback(msg) from None


def _unhashable(value: Any) -> Any:
    """Something of the same classes, if a value has no hash; else None."""
    if type(value) is TracedArray:
        return np.zeros(0)
    if type(value) is TracedList or isinstance(value, dict):
        return [] if type(value) is TracedList else {}
    if isinstance(value, tuple):
        parts = [part for v in value if (part := _unhashable(v)) is not None]
        return (parts[0],) if parts else None
    return None


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
        np.diff,
        np.squeeze,
        np.ndarray.squeeze,
        np.ndarray.astype,
        np.ndarray.conj,
        np.ndarray.conjugate,
        getattr(np, "astype", np.asarray),
    }
)
"""Functions that may return their very argument; others return a view of it at least."""
NEEDS_CONTIGUOUS_OUT = frozenset({np.dot, np.ndarray.dot, np.linalg.multi_dot})
OF_TWO = frozenset({*MATH_TWO, "gcd"})
UFUNC_METHODS = frozenset({"reduce", "accumulate", "outer", "at", "reduceat"})


def _list_of_arrays(value: Any) -> bool:
    """Whether a value is a list of traced length whose elements are arrays, perhaps of different shapes."""
    if type(value) is not TracedList or value.dynamic is None or value.dynamic.single is None:
        return False
    element = value.dynamic.form.types[0]
    return isinstance(element, TensorType) and element.ndim > 0


def _known_items(value: Any) -> tuple[Any, ...]:
    """The items of a list or tuple whose length is known."""
    if isinstance(value, list):
        return () if getattr(value, "dynamic", None) is not None else tuple(list.__iter__(value))
    return tuple(value) if type(value) is tuple else ()
