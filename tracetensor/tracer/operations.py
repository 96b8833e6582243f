"""Operators and ufuncs on values of which some are traced."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback, TypeInferenceError
from tracetensor.graph.answers import NUMPY, Unsupported
from tracetensor.graph.node import Variable, constant
from tracetensor.graph.ops import elementwise
from tracetensor.graph.ops.scalars import BINARY, PYTHON, UNARY
from tracetensor.graph.types import BOOL, INT, ListType, TensorType
from tracetensor.tracer.learnt import is_learnt, learnt_call
from tracetensor.tracer.strings import string_operator
from tracetensor.tracer.texts import TracedText
from tracetensor.tracer.values import (
    Traced,
    TracedArray,
    TracedList,
    TracedScalar,
    TracedStore,
    TracedUnion,
    is_object,
    is_traced,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.tracer.interpreter import Interpreter

UFUNC_OF = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide,
    "floordiv": np.floor_divide, "mod": np.remainder, "pow": np.power, "and": np.bitwise_and,
    "or": np.bitwise_or, "xor": np.bitwise_xor, "lshift": np.left_shift, "rshift": np.right_shift,
    "matmul": np.matmul, "lt": np.less, "le": np.less_equal, "eq": np.equal, "ne": np.not_equal,
    "gt": np.greater, "ge": np.greater_equal,
    "neg": np.negative, "pos": np.positive, "invert": np.invert, "abs": np.absolute,
}  # fmt: skip
CONCRETE: dict[str, Callable[..., Any]] = {**BINARY, **UNARY, "matmul": operator.matmul}
COMPARISONS = frozenset({"lt", "le", "eq", "ne", "gt", "ge"})


SYMBOLS = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}


def _is_python(value: Any) -> bool:
    """Whether a value is one of Python's own numbers."""
    return type(value) in (bool, int, float) or (type(value) is TracedScalar and value.type.is_python)


class Operations:
    """Operators as Python's and NumPy's scalars and arrays have them."""

    def __init__(self, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.state = interpreter.state
        self.arrays = interpreter.arrays

    def logical_not(self, truth: Variable) -> Variable:
        return self.state.emit(PYTHON["not"], [truth]).out

    def binary(self, name: str, a: Any, b: Any) -> Any:
        """a op b."""
        if type(a) is TracedUnion or type(b) is TracedUnion:
            return self._union(name, a, b)
        if type(a) is TracedStore or type(b) is TracedStore:
            return self.interpreter.stores.binary(name, a, b)
        if is_learnt(a) or is_learnt(b):
            function = CONCRETE[name]
            return learnt_call(self.interpreter.calls, function, [a, b], {}, f"operator {name}")
        if is_object(a) or is_object(b):
            return self.interpreter.special.binary(name, a, b)
        if not is_traced(a) and not is_traced(b):
            return self._concrete(name, a, b)
        if type(a) is dict and type(b) is dict and name == "or":
            return self.state.made({**a, **b})
        if isinstance(a, (list, tuple, str, TracedText)) or isinstance(b, (list, tuple, str, TracedText)):
            result = self._sequence(name, a, b)
            if result is not NotImplemented:
                return result
        if name in COMPARISONS and not (self._is_number(a) and self._is_number(b)):
            return self._odd_comparison(name, a, b)
        for value in (a, b):
            if not self._is_number(value):
                kinds = [
                    type(v).__name__ if not isinstance(v, Traced) else v.__class__.__name__ for v in (a, b)
                ]
                if value is None or isinstance(value, str):
                    msg = f"unsupported operand type(s) for {name}: '{kinds[0]}' and '{kinds[1]}'"
                    raise TypeError(msg)
                msg = f"operator {name} between {kinds[0]} and {kinds[1]}"
                raise Fallback(msg)
        variables = [self.arrays.variable(v) for v in (a, b)]
        if all(v.tensor.is_python for v in variables):
            return self._python(name, variables, (a, b))
        if name == "pow":
            return self._power(variables)
        return self.ufunc(UFUNC_OF[name], variables)

    def _concrete(self, name: str, a: Any, b: Any) -> Any:
        result = CONCRETE[name](a, b)
        if type(result) is list:
            return self.state.made(TracedList(result))
        if isinstance(result, np.ndarray):
            return self.arrays.wrap(self.arrays.variable(result))
        return result

    def _is_number(self, value: Any) -> bool:
        return type(value) in (TracedArray, TracedScalar, bool, int, float, complex) or isinstance(
            value, (np.generic, np.ndarray, list, tuple)
        )

    def _union(self, name: str, a: Any, b: Any) -> Any:
        control_ = self.interpreter.control
        if type(a) is TracedUnion:
            return control_.resolve(a, lambda x: self.binary(name, x, b))
        return control_.resolve(b, lambda y: self.binary(name, a, y))

    def _python(self, name: str, variables: list[Variable], values: tuple[Any, Any]) -> Any:
        if name == "matmul":
            msg = "unsupported operand type(s) for @"
            raise TypeError(msg)
        if name == "pow" and all(v.type is INT for v in variables):
            exponent = values[1]
            if type(exponent) is not int:
                negative = self.state.emit(PYTHON["lt"], [variables[1], constant(0)]).out
                return self.interpreter.control.choose(
                    negative, lambda: self._int_power(values, fraction=True), lambda: self._int_power(values)
                )
            elif exponent < 0:
                variables[0] = self.state.emit(PYTHON["add"], [variables[0], constant(0.0)]).out
        return self.arrays.wrap(self._op(PYTHON[name], variables))

    def _int_power(self, values: tuple[Any, Any], *, fraction: bool = False) -> Any:
        """int ** int for an exponent whose sign is known: a negative one gives a float."""
        base, exponent = [self.arrays.variable(v) for v in values]
        if fraction:
            base = self.state.emit(PYTHON["add"], [base, constant(0.0)]).out
        return self.arrays.wrap(self._op(PYTHON["pow"], [base, exponent]))

    def _op(self, op: Any, variables: list[Variable]) -> Variable:
        try:
            return self.state.emit(op, variables).out
        except TypeInferenceError as error:
            raise TypeError(*error.args) from None

    def _power(self, variables: list[Variable]) -> Any:
        """ndarray ** n, which NumPy does by square, sqrt and reciprocal for a few Python numbers n."""
        base, exponent = variables
        if not any(v.tensor.is_array for v in variables) and any(v.dtype.kind in "fc" for v in variables):
            return self.arrays.wrap(self._op(elementwise.scalar_power, variables))
        if not hasattr(exponent, "value") or not exponent.tensor.is_python or not base.tensor.is_array:
            return self.ufunc(np.power, variables)
        value = exponent.value
        kind = base.dtype.kind
        if kind in "fc":
            fast = {1.0: np.positive, -1.0: np.reciprocal, 0.5: np.sqrt, 2.0: np.square}.get(value)
            if fast is not None and exponent.tensor.kind in {"int", "float"}:
                return self.ufunc(fast, [base])
        elif kind in "iu" and value == 2 and exponent.tensor.kind == "int":
            return self.ufunc(np.square, [base])
        return self.ufunc(np.power, variables)

    def _sequence(self, name: str, a: Any, b: Any) -> Any:
        """Lists and tuples: concatenation and repetition; NotImplemented where an array takes part."""
        if isinstance(a, (str, TracedText)) or isinstance(b, (str, TracedText)):
            if name == "add" and isinstance(a, (str, TracedText)) and isinstance(b, (str, TracedText)):
                return self.interpreter.calls.text([a, b])
            return string_operator(self.interpreter.stores, name, a, b)
        if type(a) is TracedArray or type(b) is TracedArray:
            return NotImplemented
        for value, other in ((a, b), (b, a)):
            if not isinstance(value, (list, tuple)):
                continue
            if isinstance(other, TracedScalar) and not other.type.is_python:
                if name != "mul" or other.type.dtype.kind not in "iu":
                    return NotImplemented
                other = self.interpreter.call(operator.index, [other], {})
            if name == "mul":
                return self.interpreter.sequences.repeated(value, other)
            if name == "add" and isinstance(other, list) and isinstance(value, list):
                return self.interpreter.sequences.concatenated(a, b)
            if name == "add" and isinstance(other, tuple) and isinstance(value, tuple):
                return tuple(a) + tuple(b)
            if name in COMPARISONS and isinstance(other, (list, tuple)):
                return self._compare_sequences(name, a, b)
        msg = f"operator {name} on a list or tuple"
        raise Fallback(msg)

    def _compare_sequences(self, name: str, a: Any, b: Any) -> Any:
        if isinstance(a, list) is not isinstance(b, list):
            msg = "an order of lists or tuples of traced values"
            raise Fallback(msg)
        if any(getattr(v, "dynamic", None) is not None for v in (a, b)):
            return self.interpreter.stores.emit(getattr(operator, name), [a, b], BOOL)
        if name not in {"eq", "ne"}:
            return self._order(name, list(list.__iter__(a) if isinstance(a, list) else a), list(b))
        if len(a) != len(b):
            return name == "ne"
        interpreter = self.interpreter

        def equal(position: int) -> Any:
            if position == len(a):
                return True
            if interpreter._is_object_itself(a[position], b[position]):
                return equal(position + 1)
            truth = interpreter.truth_of(self.binary("eq", a[position], b[position]))
            if type(truth) is bool:
                return equal(position + 1) if truth else False
            return interpreter.control.choose(truth, lambda: equal(position + 1), lambda: False)

        result = equal(0)
        return result if name == "eq" else interpreter._not(interpreter.truth_of(result))

    def _order(self, name: str, a: list[Any], b: list[Any]) -> Any:
        """a op b of sequences: decided by the first items that differ, else by the lengths."""
        interpreter = self.interpreter

        def decide(k: int) -> Any:
            if k == min(len(a), len(b)):
                return CONCRETE[name](len(a), len(b))
            if is_object(a[k]) and a[k] is b[k]:
                return decide(k + 1)
            same = interpreter.truth_of(self.binary("eq", a[k], b[k]))
            if type(same) is bool:
                return decide(k + 1) if same else self.binary(name, a[k], b[k])
            return interpreter.control.choose(
                same, lambda: decide(k + 1), lambda: self.binary(name, a[k], b[k])
            )

        return decide(0)

    def _odd_comparison(self, name: str, a: Any, b: Any) -> Any:
        if name in {"eq", "ne"} and (a is None or b is None) and TracedArray not in (type(a), type(b)):
            return name == "ne"
        if any(v is None for v in (a, b)) and all(v is None or _is_python(v) for v in (a, b)):
            kinds = [type(None) if v is None else v.__class__ for v in (a, b)]
            msg = f"'{SYMBOLS[name]}' not supported between instances of '{kinds[0].__name__}' and '{kinds[1].__name__}'"
            raise TypeError(msg)
        msg = f"a comparison of a traced value with a {type(b if isinstance(a, Traced) else a).__name__}"
        raise Fallback(msg)

    def unary(self, name: str, a: Any) -> Any:
        """op a."""
        if type(a) is TracedUnion:
            return self.interpreter.control.resolve(a, lambda x: self.unary(name, x))
        if is_learnt(a):
            return learnt_call(self.interpreter.calls, CONCRETE[name], [a], {}, f"operator {name}")
        if is_object(a):
            return self.interpreter.special.unary(name, a)
        if not is_traced(a):
            return CONCRETE[name](a)
        if not self._is_number(a) or isinstance(a, (list, tuple)):
            msg = f"bad operand type for unary {name}: '{type(a).__name__}'"
            raise TypeError(msg)
        variable = self.arrays.variable(a)
        if variable.tensor.is_python:
            return self.arrays.wrap(self._op(PYTHON[name], [variable]))
        if name == "abs" and variable.dtype.kind == "c" and not variable.tensor.is_array:
            parts = [self.state.adopt_built(NUMPY[part](variable)) for part in (np.real, np.imag)]
            return self.ufunc(np.hypot, parts)  # what NumPy's scalars do; the ufunc absolute rounds otherwise
        return self.ufunc(UFUNC_OF[name], [variable])

    def ufunc(self, ufunc: np.ufunc, variables: list[Any], **options: Any) -> Any:
        """A call of a ufunc on variables; new arrays or scalars."""
        lifted = [self.state.region.lift(v) if isinstance(v, Variable) else v for v in variables]
        if ufunc in NUMPY:
            result = NUMPY[ufunc](*lifted, **options)
        else:
            if any(isinstance(v.type, (ListType,)) or not isinstance(v.type, TensorType) for v in lifted):
                msg = f"{ufunc.__name__} of a value that is no array"
                raise Fallback(msg)
            try:
                op = elementwise.UFUNCS.get(ufunc.__name__)
                if options or op is None or op.evaluate is not ufunc:  # SciPy has ufuncs of the same names
                    result = elementwise.ufunc_call(ufunc, *lifted, **options)
                else:
                    result = op(*lifted)
            except TypeInferenceError as error:
                raise TypeError(*error.args) from None
            except Unsupported:
                msg = f"numpy.{ufunc.__name__} with these arguments"
                raise Fallback(msg) from None
        self.state.adopt_built_all(result)
        if isinstance(result, tuple):
            return tuple([self.arrays.wrap(r) for r in result])
        return self.arrays.wrap(result)

    def augmented(self, name: str, old: TracedArray, value: Any) -> Any:
        """What old op= value leaves in old: the ufunc's result, of a dtype that may be cast to old's."""
        if type(value) is TracedUnion:
            return self.interpreter.control.resolve(value, lambda v: self.augmented(name, old, v))
        result = self.binary(name, old, value)
        variable = self.arrays.variable(result)
        target = self.arrays.type(old).dtype
        if not np.can_cast(variable.dtype, target, "same_kind"):
            self.cannot_cast(UFUNC_OF[name].__name__, variable.dtype, target)
        return result

    def cannot_cast(self, name: str, source: Any, target: Any) -> None:
        """Raise for a result that does not fit the array it goes to.

        NumPy's own class of error cannot be made by hand: where the program need not get here, it runs plain.
        """
        msg = f"Cannot cast ufunc '{name}' output from {source!r} to {target!r} with casting rule 'same_kind'"
        if self.state.region.kind != "root":
            raise Fallback(msg)
        raise TypeError(msg)
