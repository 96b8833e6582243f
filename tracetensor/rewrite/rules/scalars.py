"""Python scalars: identities, logic, comparisons and sums of ints. Exact in Python's own meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tracetensor.graph.node import Constant, constant
from tracetensor.graph.ops.scalars import CONVERSIONS, PYTHON, index, item
from tracetensor.graph.types import BOOL, FLOAT, INT
from tracetensor.rewrite.rule import RuleList, anything, given

if TYPE_CHECKING:
    from tracetensor.graph.node import Node, Variable

rules = RuleList("Python scalars")

p = PYTHON
I = anything("x", "int", where=lambda v: v.type is INT)
J = anything("y", "int", where=lambda v: v.type is INT)
B = anything("x", "bool", where=lambda v: v.type is BOOL)
REAL = anything("x", "float", where=lambda v: v.type in {INT, FLOAT})
ANY = anything("x", "float")
OTHER = anything("y", "float")
FITS = range(-(2**62), 2**62)


@rules.add(p["add"](I, 0), p["add"](0, I))
def int_plus_zero(x: Variable) -> Variable:
    """x + 0 -> x for ints (not for floats: -0.0 + 0 is 0.0)."""
    return x


@rules.add(p["sub"](REAL, 0))
def number_minus_zero(x: Variable) -> Variable:
    """x - 0 -> x."""
    return x


@rules.add(p["mul"](REAL, 1), p["mul"](1, REAL))
def number_times_one(x: Variable) -> Variable:
    """x * 1 -> x."""
    return x


@rules.add(p["mul"](I, 0), p["mul"](0, I))
def int_times_zero(x: Variable) -> Variable:
    """x * 0 -> 0 for ints."""
    return constant(0)


@rules.add(p["floordiv"](I, 1), p["pow"](I, 1))
def int_over_one(x: Variable) -> Variable:
    """x // 1, x ** 1 -> x for ints."""
    return x


@rules.add(p["neg"](p["neg"](REAL)))
def twice_minus(x: Variable) -> Variable:
    """-(-x) -> x."""
    return x


@rules.add(p["pos"](REAL))
def plus(x: Variable) -> Variable:
    """+x -> x."""
    return x


@rules.add(p["sub"](I, I))
def int_minus_itself(x: Variable) -> Variable:
    """x - x -> 0 for ints."""
    return constant(0)


@rules.add(p["sub"](p["add"](I, J), J), p["sub"](p["add"](J, I), J), p["add"](p["sub"](I, J), J))
def int_added_and_taken(x: Variable, y: Variable) -> Variable:
    """(x + y) - y, (x - y) + y -> x for ints."""
    return x


@rules.on("py.sub", example=given("int", lambda x: p["sub"](x, 3)))
def minus_constant(node: Node) -> Variable | None:
    """x - 3 -> x + -3 for ints, so that constants gather in sums."""
    x, y = node.inputs
    if x.type is INT and isinstance(y, Constant) and y.type is INT and y.value in FITS:
        return p["add"](x, -y.value)  # type: ignore[no-any-return]
    return None


@rules.on(
    "py.add",
    example=(given("int", lambda x: p["add"](3, x)), given("int", lambda x: p["add"](p["add"](x, 3), 4))),
)
def gather_constants(node: Node) -> Variable | None:
    """3 + x -> x + 3, and (x + 3) + 4 -> x + 7, for ints."""
    x, y = node.inputs
    if node.out.type is not INT or isinstance(x, Constant) is isinstance(y, Constant):
        return None
    if isinstance(x, Constant):
        return p["add"](y, x)  # type: ignore[no-any-return]
    if x.node is not None and x.node.op is node.op and isinstance(x.node.inputs[1], Constant):
        total = int(x.node.inputs[1].value) + int(y.value)  # type: ignore[attr-defined]
        return p["add"](x.node.inputs[0], total) if total in FITS else None
    return None


@rules.add(p["not"](p["not"](B)))
def twice_not_bool(x: Variable) -> Variable:
    """not not x -> x for bools."""
    return x


@rules.add(p["not"](p["eq"](ANY, OTHER)))
def not_equal(x: Variable, y: Variable) -> Variable:
    """not (x == y) -> x != y, NaN included."""
    return p["ne"](x, y)  # type: ignore[no-any-return]


@rules.add(p["not"](p["ne"](ANY, OTHER)))
def not_unequal(x: Variable, y: Variable) -> Variable:
    """not (x != y) -> x == y, NaN included."""
    return p["eq"](x, y)  # type: ignore[no-any-return]


OPPOSITE = {"py.lt": "ge", "py.ge": "lt", "py.gt": "le", "py.le": "gt"}


@rules.on("py.not", example=given("int", "int", lambda x, y: p["not"](p["lt"](x, y))))
def not_less(node: Node) -> Variable | None:
    """not (x < y) -> x >= y for ints and bools, where no NaN can be."""
    made = node.inputs[0].node
    if made is None or made.op.name not in OPPOSITE or not all(v.type in {INT, BOOL} for v in made.inputs):
        return None
    return p[OPPOSITE[made.op.name]](*made.inputs)  # type: ignore[no-any-return]


@rules.add(
    p["and"](B, B),
    p["or"](B, B),
    p["and"](B, True),
    p["and"](True, B),
    p["or"](B, False),
    p["or"](False, B),
    p["xor"](B, False),
)
def logic_with_neutral(x: Variable) -> Variable:
    """x & x, x & True, x | False, x ^ False -> x for bools."""
    return x


@rules.add(p["and"](B, False), p["and"](False, B))
def and_false(x: Variable) -> Variable:
    """x & False -> False."""
    return constant(False)


@rules.add(p["or"](B, True), p["or"](True, B))
def or_true(x: Variable) -> Variable:
    """x | True -> True."""
    return constant(True)


@rules.add(p["eq"](I, I), p["le"](I, I), p["ge"](I, I))
def int_equals_itself(x: Variable) -> Variable:
    """x == x, x <= x, x >= x -> True for ints."""
    return constant(True)


@rules.add(p["ne"](I, I), p["lt"](I, I), p["gt"](I, I))
def int_differs_from_itself(x: Variable) -> Variable:
    """x != x, x < x, x > x -> False for ints."""
    return constant(False)


@rules.add(p["eq"](B, True), p["ne"](B, False))
def bool_is_true(x: Variable) -> Variable:
    """x == True, x != False -> x for bools."""
    return x


@rules.on(
    *CONVERSIONS.values(), index, item,
    example=(
        given("bool", CONVERSIONS["bool"]),
        given("int", CONVERSIONS["int"]),
        given("float", CONVERSIONS["float"]),
        given("int", index),
    ),
)  # fmt: skip
def converted_to_same(node: Node) -> Variable | None:
    """bool(x), int(x), float(x), complex(x), operator.index(x) -> x where x is of that class."""
    x = node.inputs[0]
    return x if x.type is node.out.type else None


@rules.on(
    "py.bool", example=given("int", lambda x: CONVERSIONS["bool"](CONVERSIONS["int"](CONVERSIONS["bool"](x))))
)
def bool_of_int_of_bool(node: Node) -> Variable | None:
    """bool(int(x)), bool(float(x)) -> x for a bool x."""
    made = node.inputs[0].node
    if (
        made is not None
        and made.op in {CONVERSIONS["int"], CONVERSIONS["float"]}
        and made.inputs[0].type is BOOL
    ):
        return made.inputs[0]
    return None
