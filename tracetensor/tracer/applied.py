"""NumPy's functions that call a function of the user's: interpreted, and that function with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.tracer import numpy_prelude
from tracetensor.tracer.builtin import handles
from tracetensor.tracer.generators import is_lazy
from tracetensor.tracer.learnt import is_own
from tracetensor.tracer.values import TracedArray, TracedGenerator, TracedScalar

if TYPE_CHECKING:
    from tracetensor.tracer.interpreter import Interpreter


def _interpreted(interpreter: Interpreter, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return interpreter.outside.call_function(getattr(numpy_prelude, name), args, kwargs)


def _calls_first(name: str, function: Any) -> None:
    """A function whose first argument is called."""

    @handles(function)
    def handler(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
        if args and is_own(args[0]):
            return _interpreted(interpreter, name, args, kwargs)
        return interpreter.calls.callback(function, args, kwargs)


_calls_first("apply_along_axis", np.apply_along_axis)
_calls_first("fromfunction", np.fromfunction)


@handles(np.piecewise)
def _piecewise(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    functions = args[2] if len(args) > 2 else kwargs.get("funclist", ())
    if isinstance(functions, (list, tuple)) and any(map(is_own, functions)):
        return _interpreted(interpreter, "piecewise", args, kwargs)
    return interpreter.calls.callback(np.piecewise, args, kwargs)


@handles(np.fromiter)
def _fromiter(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """What an iterator gives is collected first; a `count` that leaves some of it is not seen by what comes after."""
    named = dict(kwargs)
    iterable = args[0] if args else named.pop("iter")
    if is_lazy(iterable) and (len(args) > 2 or "count" in named) and type(iterable) is not TracedGenerator:
        msg = "numpy.fromiter with a count, of an iterator that may be continued"
        raise Fallback(msg)
    settled = interpreter.generators.settled(iterable)
    return interpreter.calls.callback(np.fromiter, [settled, *args[1:]], named)


@handles(np.iterable)
def _iterable(interpreter: Interpreter, args: list[Any], kwargs: dict[str, Any]) -> bool:
    (value,) = args
    if type(value) is TracedArray:
        return interpreter.arrays.type(value).ndim > 0
    return type(value) is not TracedScalar and hasattr(type(value), "__iter__")


def make_vectorized(args: list[Any], kwargs: dict[str, Any]) -> Any:
    """numpy.vectorize(function, otypes=…)."""
    function = args[0] if args else kwargs.get("pyfunc")
    if not callable(function) or set(kwargs) - {"pyfunc", "otypes"} or len(args) > 2:
        msg = "numpy.vectorize with excluded arguments, a cache or a signature"
        raise Fallback(msg)
    return np.vectorize(*args, **kwargs)


def call_vectorized(
    interpreter: Interpreter, vectorized: Any, args: list[Any], kwargs: dict[str, Any]
) -> Any:
    """A call of a numpy.vectorize object: a loop over the elements."""
    plain = not (vectorized.excluded or vectorized.signature or vectorized.cache or kwargs)
    otypes = vectorized.otypes
    if not plain or not args or (otypes is not None and len(otypes) != 1):
        msg = "a call of a numpy.vectorize object with keywords, exclusions, a cache, a signature or several results"
        raise Fallback(msg)
    if otypes is None:
        return _interpreted(interpreter, "vectorize", [vectorized.pyfunc, *args], {})
    return _interpreted(interpreter, "vectorize_typed", [vectorized.pyfunc, np.dtype(otypes[0]), *args], {})
