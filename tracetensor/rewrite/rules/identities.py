"""Identities of arithmetic on arrays and NumPy scalars: all exact, signed zeros and NaN included.

A pattern is built on a sample type; `dtypes` says where the identity holds. x + 0 is not x where x is -0.0, and
a complex product with 1 is not x where a part of x is infinite: neither is here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from tracetensor.graph.node import constant
from tracetensor.graph.ops.calculus import held, mark_independent
from tracetensor.graph.ops.checkpoints import recomputing, scheduled
from tracetensor.graph.ops.elementwise import UFUNCS, as_kind, cast, where
from tracetensor.graph.types import TensorType
from tracetensor.rewrite.rule import REAL_ALGEBRA, RuleList, anything, given

if TYPE_CHECKING:
    from tracetensor.graph.node import Node, Variable

rules = RuleList("identities")

u = UFUNCS
X = anything("x", "float64[?]")
Y = anything("y", "float64[?]")
REAL = anything("x", "float64[?]", dtypes="fiu")
SIGNED = anything("x", "float64[?]", dtypes="fi")
FLOAT = anything("x", "float64[?]", dtypes="f")
NUMBER = anything("x", "float64[?]", dtypes="fciu")
INTEGER = anything("x", "int64[?]", dtypes="iu")
BITS = anything("x", "int64[?]", dtypes="iub")
SCALAR = anything("y", "float64", dtypes="f", where=lambda v: v.ndim == 0)
FLAG = anything("x", "bool[?]", dtypes="b")


@rules.add(u["multiply"](REAL, 1))
def times_one(x: Variable) -> Variable:
    """x * 1 -> x."""
    return x


@rules.add(u["divide"](FLOAT, 1))
def over_one(x: Variable) -> Variable:
    """x / 1 -> x."""
    return x


@rules.add(u["subtract"](NUMBER, 0))
def minus_zero(x: Variable) -> Variable:
    """x - 0 -> x, which keeps -0.0, as x + 0 would not."""
    return x


@rules.add(u["add"](INTEGER, 0), u["add"](FLOAT, -0.0))
def plus_nothing(x: Variable) -> Variable:
    """x + 0 -> x for integers; x + -0.0 -> x for floats."""
    return x


@rules.add(u["power"](REAL, 1))
def to_the_first(x: Variable) -> Variable:
    """x ** 1 -> x."""
    return x


@rules.add(u["negative"](u["negative"](NUMBER)))
def twice_negative(x: Variable) -> Variable:
    """-(-x) -> x."""
    return x


@rules.add(u["positive"](X))
def plus_sign(x: Variable) -> Variable:
    """+x -> x."""
    return x


@rules.add(u["absolute"](u["absolute"](REAL)), u["absolute"](u["negative"](SIGNED)))
def absolute_of_sign(x: Variable) -> Variable:
    """abs(abs(x)), abs(-x) -> abs(x)."""
    return u["absolute"](x)  # type: ignore[no-any-return]


@rules.add(u["square"](u["negative"](REAL)), u["square"](u["absolute"](REAL)))
def square_of_sign(x: Variable) -> Variable:
    """square(-x), square(abs(x)) -> square(x)."""
    return u["square"](x)  # type: ignore[no-any-return]


@rules.add(u["conjugate"](u["conjugate"](X)))
def twice_conjugate(x: Variable) -> Variable:
    """conj(conj(x)) -> x."""
    return x


@rules.add(u["conjugate"](REAL))
def conjugate_of_real(x: Variable) -> Variable:
    """conj(x) -> x for real x."""
    return x


@rules.add(u["invert"](u["invert"](BITS)))
def twice_invert(x: Variable) -> Variable:
    """~~x -> x."""
    return x


@rules.add(u["logical_not"](u["logical_not"](FLAG)))
def twice_not(x: Variable) -> Variable:
    """not not x -> x for bools."""
    return x


@rules.add(u["logical_not"](u["equal"](X, Y)))
def not_equal_to(x: Variable, y: Variable) -> Variable:
    """not (x == y) -> x != y, NaN included."""
    return u["not_equal"](x, y)  # type: ignore[no-any-return]


@rules.add(u["logical_not"](u["not_equal"](X, Y)))
def not_unequal_to(x: Variable, y: Variable) -> Variable:
    """not (x != y) -> x == y, NaN included."""
    return u["equal"](x, y)  # type: ignore[no-any-return]


@rules.add(u["maximum"](X, X), u["minimum"](X, X), u["fmax"](X, X), u["fmin"](X, X))
def extreme_of_same(x: Variable) -> Variable:
    """maximum(x, x), minimum(x, x) -> x."""
    return x


@rules.add(u["bitwise_and"](BITS, BITS), u["bitwise_or"](BITS, BITS))
def bits_with_same(x: Variable) -> Variable:
    """x & x, x | x -> x."""
    return x


@rules.add(u["bitwise_or"](INTEGER, 0), u["bitwise_xor"](INTEGER, 0))
def bits_with_zero(x: Variable) -> Variable:
    """x | 0, x ^ 0 -> x."""
    return x


@rules.add(u["left_shift"](INTEGER, 0), u["right_shift"](INTEGER, 0))
def shift_by_zero(x: Variable) -> Variable:
    """x << 0, x >> 0 -> x."""
    return x


@rules.add(u["floor"](INTEGER), u["ceil"](INTEGER), u["trunc"](INTEGER))
def rounded_integer(x: Variable) -> Variable:
    """floor(x), ceil(x), trunc(x) -> x for integers."""
    return x


def _converted(x: Variable) -> Variable:
    return cast(cast(x, dtype=np.dtype(np.float64), kind="array"), dtype=x.dtype, kind="array")  # type: ignore[no-any-return]


@rules.on(
    "cast",
    example=(
        given("float32[?, 3]", lambda x: cast(x, dtype=x.dtype, kind="array")),
        given("float32[?]", _converted),
        given("float32", lambda x: cast(x, dtype=x.dtype, kind="array")),
    ),
)
def cast_to_same(node: Node) -> Variable | None:
    """A cast to the dtype that the value has, or had before it was widened -> the value, of the kind wanted."""
    wanted = node.out.tensor
    x = node.inputs[0]
    while x.node is not None and x.node.op is cast and _widens(x.node.inputs[0].tensor, x.tensor):
        x = x.node.inputs[0]
    if x.type is wanted:
        return x
    if x.tensor.dtype == wanted.dtype and not wanted.is_python:
        return as_kind(x, kind=wanted.kind)  # type: ignore[no-any-return]
    return None


def _widens(narrow: TensorType, wide: TensorType) -> bool:
    """Whether every value of the one dtype is a value of the other, and no rounding is between them."""
    a, b = narrow.dtype, wide.dtype
    return a.kind == b.kind and a.kind in "iufc" and a.itemsize <= b.itemsize


@rules.on(
    "as_kind",
    example=(
        given("float64[]", lambda x: as_kind(x, kind="array")),
        given("float64", lambda x: as_kind(as_kind(x, kind="array"), kind="scalar")),
    ),
)
def kind_of_kind(node: Node) -> Variable | None:
    """A value made of the kind that it has, or had before -> the value."""
    x = node.inputs[0]
    while x.node is not None and x.node.op is as_kind:
        x = x.node.inputs[0]
    if x.type is node.out.type:
        return x
    return None if x is node.inputs[0] else as_kind(x, **node.params)


@rules.on("where", example=given("bool", "float64[?]", lambda c, x: where(c, x, x)))
def where_of_same(node: Node) -> Variable | None:
    """where(c, x, x) -> x for a condition of rank 0, which cannot widen x."""
    condition, x, y = node.inputs
    return x if x is y and condition.tensor.ndim == 0 and x.type is node.out.type else None


@rules.add(
    u["subtract"](u["add"](FLOAT, SCALAR), SCALAR),
    u["add"](u["subtract"](FLOAT, SCALAR), SCALAR),
    exactness=REAL_ALGEBRA,
)
def added_and_taken(x: Variable, y: Variable) -> Variable:
    """(x + y) - y, (x - y) + y -> x for a scalar y."""
    return x


@rules.add(
    u["divide"](u["multiply"](FLOAT, SCALAR), SCALAR),
    u["multiply"](u["divide"](FLOAT, SCALAR), SCALAR),
    exactness=REAL_ALGEBRA,
)
def multiplied_and_divided(x: Variable, y: Variable) -> Variable:
    """(x * y) / y, (x / y) * y -> x for a scalar y."""
    return x


@rules.add(u["log"](u["exp"](FLOAT)), u["exp"](u["log"](FLOAT)), exactness=REAL_ALGEBRA)
def inverse_functions(x: Variable) -> Variable:
    """log(exp(x)), exp(log(x)) -> x."""
    return x


@rules.on("independent", "held", example=(given("float64[?]", mark_independent), given("float64[?]", held)))
def mark_of_derivative(node: Node) -> Variable:
    """What a derivative was taken by, or took for a constant, is an ordinary variable once it is made."""
    return node.inputs[0]


@rules.on("scheduled", example=given("int", lambda n: scheduled(n, schedule="sqrt", linear=0)))
def mark_of_schedule(node: Node) -> Variable:
    """The schedule of a loop matters to its derivative only."""
    return node.inputs[0]


@rules.on("recomputing", example=given("int", lambda n: (n, recomputing(linear=False))))
def mark_of_block(node: Node) -> Variable | None:
    """A block that derivatives compute again is an ordinary one where it is not that computation itself."""
    return None if node.params["linear"] else constant(True)
