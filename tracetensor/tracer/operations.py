"""Operators and ufuncs on values of which some are traced."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Fallback
from tracetensor.graph.answers import NUMPY, Unsupported
from tracetensor.graph.node import Constant, Variable, constant
from tracetensor.graph.ops import control, elementwise
from tracetensor.graph.ops.scalars import BINARY, PYTHON, UNARY
from tracetensor.graph.types import BOOL, INT, PYTHON_KINDS, ListType, TensorType
from tracetensor.tracer.flow import RaisedInBranch
from tracetensor.tracer.learnt import is_learnt, learnt_call
from tracetensor.tracer.special import SYMBOLS, refusal
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
IN_PLACE: dict[str, Callable[..., Any]] = {
    name: getattr(operator, f"i{name}") for name in SYMBOLS if name not in {"lt", "le", "gt", "ge"}
}
CONCRETE: dict[str, Callable[..., Any]] = {**BINARY, **UNARY, "matmul": operator.matmul}
COMPARED: dict[str, Callable[..., Any]] = {
    "lt": operator.lt, "le": operator.le, "eq": operator.eq, "ne": operator.ne, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip
COMPARISONS = frozenset(COMPARED)


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

    def binary(self, name: str, a: Any, b: Any, *, in_place: bool = False) -> Any:
        """a op b; in_place: for a op= b, as far as texts of errors go."""
        if type(a) is TracedUnion or type(b) is TracedUnion:
            return self._union(name, a, b, in_place=in_place)
        if type(a) is TracedStore or type(b) is TracedStore:
            return self.interpreter.stores.binary(name, a, b)
        if is_learnt(a) or is_learnt(b):
            function = CONCRETE[name]
            return learnt_call(self.interpreter.calls, function, [a, b], {}, f"operator {name}")
        if is_object(a) or is_object(b):
            return self.interpreter.special.binary(name, a, b)
        if not is_traced(a) and not is_traced(b):
            return self._concrete(name, a, b, in_place=in_place)
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
                if value is None and TracedArray not in (type(a), type(b)):
                    raise TypeError(self.unsupported(name, a, b, in_place=in_place))
                if value is None and self.state.region.kind == "root":
                    raise TypeError(*kinds)
                msg = f"operator {name} between {kinds[0]} and {kinds[1]}"
                raise Fallback(msg)
        variables = [self.arrays.variable(v) for v in (a, b)]
        if _undefined_for_scalars(name, [v.tensor for v in variables]):
            classes = [v.__class__ if isinstance(v, Traced) else type(v) for v in (a, b)]
            raise TypeError(_unsupported(name, *map(_full_name, classes), in_place=in_place))
        if all(v.tensor.is_python for v in variables):
            if in_place:
                _raise_in_place(name, variables)
            return self._python(name, variables, (a, b))
        if name == "pow":
            return self._power(variables)
        return self.ufunc(UFUNC_OF[name], variables)

    def unsupported(self, name: str, a: Any, b: Any, *, in_place: bool) -> str:
        """Python's text where an operand is None; NumPy's scalars take part as Python's."""
        numbers = [v.type for v in (a, b) if type(v) is TracedScalar]
        if any(not t.is_python for t in numbers) or isinstance(a, np.generic) or isinstance(b, np.generic):
            in_place = False  # NumPy's ufunc meets the None
        kinds = [type(_item(v)).__name__ if not isinstance(v, Traced) else _class_name(v) for v in (a, b)]
        return _unsupported(name, *kinds, in_place=in_place)

    def _concrete(self, name: str, a: Any, b: Any, *, in_place: bool = False) -> Any:
        try:
            result = (IN_PLACE if in_place and not isinstance(a, list) else CONCRETE)[name](a, b)
        except Exception as error:
            raise error.with_traceback(None) from None  # the user's, not one of the tracer's own
        if type(result) is list:
            return self.state.made(TracedList(result))
        if isinstance(result, np.ndarray):
            return self.arrays.wrap(self.arrays.variable(result))
        return result

    def _is_number(self, value: Any) -> bool:
        return type(value) in (TracedArray, TracedScalar, bool, int, float, complex) or isinstance(
            value, (np.generic, np.ndarray, list, tuple)
        )

    def _union(self, name: str, a: Any, b: Any, *, in_place: bool) -> Any:
        control_ = self.interpreter.control
        if type(a) is TracedUnion:
            return control_.resolve(a, lambda x: self.binary(name, x, b, in_place=in_place))
        return control_.resolve(b, lambda y: self.binary(name, a, y, in_place=in_place))

    def _python(self, name: str, variables: list[Variable], values: tuple[Any, Any]) -> Any:
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
        return self.state.emit(op, variables).out

    def _power(self, variables: list[Variable]) -> Any:
        """ndarray ** n, which NumPy does by square, sqrt and reciprocal for a few Python numbers n."""
        base, exponent = variables
        if not any(v.tensor.is_array for v in variables) and any(v.dtype.kind in "fc" for v in variables):
            return self.arrays.wrap(self._op(elementwise.scalar_power, variables))
        if not base.tensor.is_array or not exponent.tensor.is_python:
            return self.ufunc(np.power, variables)
        kind = base.dtype.kind
        if isinstance(exponent, Constant):
            ufunc = elementwise.ufunc_of_power(base.dtype, exponent.value)
            return self.ufunc(ufunc, variables[: ufunc.nin])
        if kind == "b" and exponent.type is INT:
            squared = self.state.emit(
                PYTHON["eq"], [exponent, constant(2)]
            ).out  # the one with a dtype of its own
            return self.interpreter.control.choose(
                squared, lambda: self.ufunc(np.square, [base]), lambda: self.ufunc(np.power, variables)
            )
        if kind in "fc":
            return self.arrays.wrap(self._op(elementwise.array_power, variables))
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
        by_order = name not in {"eq", "ne"}
        if isinstance(a, list) is not isinstance(b, list):
            if by_order:
                raise TypeError(refusal(name, a, b))
            return name == "ne"
        if any(getattr(v, "dynamic", None) is not None for v in (a, b)):
            return self.interpreter.stores.emit(getattr(operator, name), [a, b], BOOL)
        a, b = (list(list.__iter__(v) if isinstance(v, list) else v) for v in (a, b))
        if not by_order and len(a) != len(b):
            return name == "ne"
        interpreter = self.interpreter

        def compared(position: int) -> Any:
            """Equality, or the order that the first items decide that differ."""
            if position == len(a) or position == len(b):
                return COMPARED[name](len(a), len(b)) if by_order else True
            pair = a[position], b[position]
            truth = self.same_or_equal(*pair)

            def differ() -> Any:
                return self.binary(name, *pair) if by_order else False

            if type(truth) is bool:
                return compared(position + 1) if truth else differ()
            return interpreter.control.choose(truth, lambda: compared(position + 1), differ)

        result = compared(0)
        return interpreter._not(interpreter.truth_of(result)) if name == "ne" else result

    def same_or_equal(self, a: Any, b: Any) -> Any:
        """a is b or a == b, as containers ask: the truth of it.

        Two numbers that are NaN may be one object or two: what the run alone could tell, so it is given up there.
        """
        interpreter = self.interpreter
        if a is b or interpreter._is_object_itself(a, b):
            return True
        if type(a) is TracedArray and type(b) is TracedArray and interpreter._is(a, b):
            return True
        truth = interpreter.truth_of(self.binary("eq", a, b))
        if type(truth) is bool:
            return truth
        undefined = [self._undefined(v) for v in (a, b)]
        if None not in undefined:
            both = self.state.emit(PYTHON["and"], undefined).out
            reason = {"reason": "a container is searched for NaN"}
            self.state.emit(control.deoptimise_if, [both], reason)
        return truth

    def _undefined(self, value: Any) -> Variable | None:
        """Whether a number is NaN, None where it cannot be."""
        if type(value) is not TracedScalar and isinstance(value, (float, complex)):
            return constant(True) if np.isnan(value) else None
        if type(value) is not TracedScalar or value.type.dtype.kind not in "fc":
            return None
        return self.arrays.variable(self.interpreter.truth_of(self.binary("ne", value, value)))

    def _odd_comparison(self, name: str, a: Any, b: Any) -> Any:
        others = [v for v in (a, b) if v is None or isinstance(v, str)]
        if others and TracedArray not in (type(a), type(b)):
            python = all(type(v) is not TracedScalar or v.type.is_python for v in (a, b))
            if name in {"eq", "ne"} and (python or others[0] is None):
                return name == "ne"
            if python:
                raise TypeError(refusal(name, a, b))
        if name in {"eq", "ne"} and None in others:
            array = a if type(a) is TracedArray else b
            make = np.zeros_like if name == "eq" else np.ones_like
            return self.interpreter.call(make, [array], {"dtype": bool})
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
        self.arrays.check_writable(old, augmented=True)  # NumPy looks at this first
        before = list(self.state.region.roots)
        result = self.binary(name, old, value)
        variable = self.arrays.variable(result)
        if not np.can_cast(variable.dtype, self.arrays.type(old).dtype, "same_kind"):
            for root in [r for r in self.state.region.roots if r not in before]:
                del self.state.region.roots[root]  # NumPy looks at the types first
            self.cannot_cast(UFUNC_OF[name], [old, value], old)
        return result

    def cannot_cast(self, ufunc: np.ufunc, args: list[Any], out: TracedArray) -> None:
        """Raise what NumPy raises for a result that does not fit the array it goes to: it is called to do so."""
        variables = [self.arrays.variable(v) for v in (*args, out)]
        self.state.emit(
            control.failing, variables, {"op": elementwise.ufunc_into, "params": (("ufunc", ufunc),)}
        )
        raise RaisedInBranch


def _undefined_for_scalars(name: str, types: list[TensorType]) -> bool:
    """Whether no scalar has the operator: arrays have, by a ufunc that raises in its own words."""
    if any(t.is_array for t in types):
        return False
    if name in {"mod", "floordiv"}:  # NumPy's real scalars hand Python's complex to the ufunc
        return any(t.dtype.kind == "c" and not t.is_python for t in types)
    return name == "matmul"


def _unsupported(name: str, a: str, b: str, *, in_place: bool) -> str:
    symbol = SYMBOLS[name] if not (in_place and name == "pow") else "**"
    return f"unsupported operand type(s) for {symbol}{'=' * in_place}: '{a}' and '{b}'"


def _raise_in_place(name: str, variables: list[Variable]) -> None:
    """Raise what Python raises where no numbers of these types have the operator: a op= b has a text of its own."""
    classes = [PYTHON_KINDS[v.tensor.kind] for v in variables]
    try:
        IN_PLACE[name](*[cls(1) for cls in classes])
    except TypeError as error:
        raise TypeError(*error.args) from None


def _full_name(cls: type) -> str:
    return f"numpy.{cls.__name__}" if issubclass(cls, np.generic) else cls.__name__


def _item(value: Any) -> Any:
    return value.item() if isinstance(value, np.generic) else value


def _class_name(value: Traced) -> str:
    cls = value.__class__
    return type(cls(0).item()).__name__ if issubclass(cls, np.generic) else cls.__name__
