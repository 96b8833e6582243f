"""Arithmetic of Python's own bool, int, float and complex, and of the math module: exactly Python's meaning.

A result type that depends on the values (2 ** -1 is a float, (-8.) ** (1/3) is complex) is ruled out by the
type given here; a run that meets such a value raises Deoptimise and is repeated as plain Python.
"""

from __future__ import annotations

import functools
import math
import operator
from typing import TYPE_CHECKING, Any

from tracetensor.errors import Deoptimise, TypeInferenceError
from tracetensor.graph.infer import sample, tensors
from tracetensor.graph.op import Op, register
from tracetensor.graph.types import BOOL, COMPLEX, FLOAT, INT, PYTHON_KINDS, PYTHON_TYPES, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

BINARY: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add,
    "sub": operator.sub,
    "mul": operator.mul,
    "truediv": operator.truediv,
    "floordiv": operator.floordiv,
    "mod": operator.mod,
    "pow": operator.pow,
    "and": operator.and_,
    "or": operator.or_,
    "xor": operator.xor,
    "lshift": operator.lshift,
    "rshift": operator.rshift,
    "lt": operator.lt,
    "le": operator.le,
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
}
UNARY: dict[str, Callable[[Any], Any]] = {
    "neg": operator.neg,
    "pos": operator.pos,
    "invert": operator.invert,
    "abs": abs,
    "not": operator.not_,
    "trunc": math.trunc,
    "real": lambda x: x.real,
    "imag": lambda x: x.imag,
    "conjugate": lambda x: x.conjugate(),
}
RAISING = frozenset({"truediv", "floordiv", "mod", "pow", "lshift", "rshift", "trunc"})


def python_operator(name: str, function: Callable[..., Any]) -> Op:
    """The record of an operator on Python scalars; its result type is that of a sample."""

    def evaluate(*values: Any) -> Any:
        result = function(*values)
        expected = PYTHON_KINDS[_result(function, tuple(PYTHON_TYPES[type(v)] for v in values)).kind]
        if type(result) is not expected:
            msg = f"{name} of {values} is {result!r}, whose class depends on the values"
            raise Deoptimise(msg)
        return result

    def infer(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
        for type_ in tensors(types, f"py.{name}"):
            if not type_.is_python:
                msg = f"py.{name} is defined on Python scalars, not on {type_!r}"
                raise TypeInferenceError(msg)
        return _result(function, tuple(types))

    return register(Op(f"py.{name}", evaluate=evaluate, infer=infer, family="python", raises=name in RAISING))


@functools.cache
def _result(function: Callable[..., Any], types: tuple[Type, ...]) -> TensorType:
    try:
        return PYTHON_TYPES[type(function(*[sample(t) for t in types]))]
    except TypeError as error:
        raise TypeInferenceError(str(error)) from None


OPERATORS: dict[str, Callable[..., Any]] = {**BINARY, **UNARY}
PYTHON: dict[str, Op] = {name: python_operator(name, function) for name, function in OPERATORS.items()}
"""Operators on Python scalars by short name: PYTHON["add"] is the op named "py.add"."""


def _conversion(kind: str) -> Op:
    target = PYTHON_KINDS[kind]
    result = {"bool": BOOL, "int": INT, "float": FLOAT, "complex": COMPLEX}[kind]

    def infer(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
        tensors(types, kind)
        return result

    def raises(node: Any) -> bool:
        type_ = node.inputs[0].type
        return not (
            type_.kind != "array" and (kind == "bool" or (type_.dtype.kind in "biuf" and kind != "int"))
        )

    return register(Op(f"py.{kind}", evaluate=target, infer=infer, family="python", raises=raises))


CONVERSIONS: dict[str, Op] = {kind: _conversion(kind) for kind in PYTHON_KINDS}
"""bool(x), int(x), float(x), complex(x) of any scalar or of an array of one element."""


make_complex = register(
    Op(
        "py.make_complex",
        evaluate=complex,
        infer=lambda types, params: COMPLEX,
        family="python",
        raises=False,
    )
)
"""complex(real, imag) of two Python floats."""


def _index(x: Any) -> Any:
    return operator.index(x)


index = register(
    Op("py.index", evaluate=_index, infer=lambda types, params: INT, family="python", raises=False)
)
"""operator.index(x) of an integer scalar: a Python int."""


def _item(x: Any) -> Any:
    return x.item()


def _infer_item(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    (x,) = tensors(types, "item")
    return {"b": BOOL, "i": INT, "u": INT, "f": FLOAT, "c": COMPLEX}[x.dtype.kind]


item = register(
    Op(
        "item",
        evaluate=_item,
        infer=_infer_item,
        family="python",
        raises=lambda node: node.inputs[0].tensor.is_array,
    )
)
"""x.item() of a NumPy scalar or of an array of one element: the Python scalar nearest to it."""

MATH_FLOAT = (
    "sqrt exp log log2 log10 log1p expm1 sin cos tan asin acos atan sinh cosh tanh asinh acosh atanh erf erfc "
    "gamma lgamma fabs degrees radians cbrt exp2"
).split()
MATH_TWO = "atan2 hypot copysign fmod pow remainder".split()
MATH_INT = "floor ceil trunc isqrt".split()
MATH_BOOL = "isnan isinf isfinite".split()


def _math(name: str, result: Type) -> Op | None:
    function = getattr(math, name, None)
    if function is None:
        return None

    def infer(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
        for type_ in tensors(types, f"math.{name}"):
            if type_.dtype.kind == "c" or (type_.is_array and type_.ndim):
                msg = f"math.{name} takes real scalars, not {type_!r}"
                raise TypeInferenceError(msg)
        return result

    raises = name not in MATH_BOOL and name not in {
        "fabs",
        "atan",
        "copysign",
        "degrees",
        "radians",
        "erf",
        "erfc",
    }
    return register(
        Op(f"math.{name}", evaluate=function, infer=infer, family="math", raises=raises, answers=(function,))
    )


MATH: dict[str, Op] = {
    name: op
    for names, result in ((MATH_FLOAT, FLOAT), (MATH_TWO, FLOAT), (MATH_INT, INT), (MATH_BOOL, BOOL))
    for name in names
    if (op := _math(name, result)) is not None
}
"""Functions of the math module on any real scalar."""


def _gcd(a: int, b: int) -> int:
    return math.gcd(a, b)


gcd = register(
    Op("math.gcd", evaluate=_gcd, infer=lambda types, params: INT, family="math", answers=(math.gcd,))
)


range_length = register(
    Op(
        "py.range_length",
        evaluate=lambda start, stop, step: len(range(start, stop, step)),
        infer=lambda types, params: INT,
        family="python",
        raises=True,
    )
)
"""len(range(start, stop, step)) of Python ints."""


def _round(x: Any, *, digits: int | None) -> Any:
    return round(x) if digits is None else round(x, digits)


def _infer_round(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    return PYTHON_TYPES[type(_round(sample(types[0]), **params))]


round_ = register(Op("py.round", evaluate=_round, infer=_infer_round, family="python", raises=True))
"""round(x) or round(x, digits) of a Python scalar."""
