"""Derivatives of elementwise functions: for each operand the partial derivative, in terms of operands and result."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tracetensor.graph.node import constant
from tracetensor.graph.ops.elementwise import where
from tracetensor.graph.ops.shape import imag_, real_
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import CONSTANT, JVP, def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import added, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent

    Partial = Callable[..., Any] | int

LN2 = math.log(2.0)
LN10 = math.log(10.0)


def _elementwise(partials: Sequence[Partial]) -> Any:
    """The rule of a function with these partial derivatives: 1, -1, or a function of operands and result."""

    def rule(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
        out = node.outputs[0]
        dtype = out.dtype
        operands = None
        found: list[Tangent] = []
        for partial, tangent in zip(partials, tangents, strict=True):
            if tangent is None:
                continue
            t = number(tangent, dtype)
            if partial == -1:
                t = np.negative(t)
            elif callable(partial):
                if operands is None:
                    operands = [number(v, dtype) for v in node.inputs]
                # A partial derivative involves the other operands: the product has the shape of the result.
                t = forward.shapes.tell(np.multiply(t, number(partial(*operands, number(out)), dtype)), out)
            found.append(t)
        total = added(found)
        if total is not None and len(found) == len(node.inputs) > 1:
            forward.shapes.tell(total, out)
        return total

    return rule


def partials(names: str, *given: Partial) -> None:
    """Enter the partial derivatives of ops."""
    for name in names.split():
        JVP[name] = _elementwise(given)


def _quarter(x: Any) -> Any:
    """1 - x * x."""
    return np.multiply(1 - x, 1 + x)


def _reciprocal(x: Any) -> Any:
    return np.reciprocal(x)


def _half_where_equal(x: Any, y: Any, z: Any) -> Any:
    """1 where x is the one chosen, a half where both are equal."""
    chosen: Any = number(np.equal(x, z), z.dtype)
    both: Any = number(np.equal(x, y), z.dtype)
    return chosen / (1 + both)


def _power_base(x: Any, y: Any, z: Any) -> Any:
    return where(np.equal(y, 0), constant(z.dtype.type(0)), y * np.power(x, y - 1))


def _power_exponent(x: Any, y: Any, z: Any) -> Any:
    zero = constant(z.dtype.type(0))
    one = constant(z.dtype.type(1))
    return z * np.log(where(np.equal(x, zero), one, x))


partials("add py.add", 1, 1)
partials("subtract py.sub", 1, -1)
partials("multiply py.mul", lambda x, y, z: y, lambda x, y, z: x)
partials("divide py.truediv", lambda x, y, z: 1 / y, lambda x, y, z: -z / y)
partials("negative py.neg", -1)
partials("positive py.pos", 1)
partials("square", lambda x, y: 2 * x)
partials("sqrt math.sqrt", lambda x, y: 0.5 / y)
partials("cbrt math.cbrt", lambda x, y: 1 / (3 * y * y))
partials("reciprocal", lambda x, y: -y * y)
partials("exp math.exp", lambda x, y: y)
partials("exp2 math.exp2", lambda x, y: y * LN2)
partials("expm1 math.expm1", lambda x, y: y + 1)
partials("log", lambda x, y: 1 / x)
partials("math.log", lambda x, y: 1 / x)
partials("log2 math.log2", lambda x, y: 1 / (x * LN2))
partials("log10 math.log10", lambda x, y: 1 / (x * LN10))
partials("log1p math.log1p", lambda x, y: 1 / (1 + x))
partials("sin math.sin", lambda x, y: np.cos(x))
partials("cos math.cos", lambda x, y: -np.sin(x))
partials("tan math.tan", lambda x, y: 1 + y * y)
partials("arcsin math.asin", lambda x, y: 1 / np.sqrt(_quarter(x)))
partials("arccos math.acos", lambda x, y: -1 / np.sqrt(_quarter(x)))
partials("arctan math.atan", lambda x, y: 1 / (1 + x * x))
partials("sinh math.sinh", lambda x, y: np.cosh(x))
partials("cosh math.cosh", lambda x, y: np.sinh(x))
partials("tanh math.tanh", lambda x, y: 1 - y * y)
partials("arcsinh math.asinh", lambda x, y: 1 / np.sqrt(1 + x * x))
partials("arccosh math.acosh", lambda x, y: 1 / (np.sqrt(x - 1) * np.sqrt(x + 1)))
partials("arctanh math.atanh", lambda x, y: 1 / _quarter(x))
partials("deg2rad radians math.radians", lambda x, y: constant(y.dtype.type(math.pi / 180)))
partials("rad2deg degrees math.degrees", lambda x, y: constant(y.dtype.type(180 / math.pi)))
partials("math.erf", lambda x, y: (2 / math.sqrt(math.pi)) * np.exp(-x * x))
partials("math.erfc", lambda x, y: (-2 / math.sqrt(math.pi)) * np.exp(-x * x))
partials(
    "arctan2 math.atan2",
    lambda y, x, z: x / (x * x + y * y),
    lambda y, x, z: -y / (x * x + y * y),
)
partials(
    "hypot math.hypot",
    lambda x, y, z: _over(x, z),
    lambda x, y, z: _over(y, z),
)
partials("power float_power py.pow math.pow scalar_power array_power", _power_base, _power_exponent)
partials(
    "maximum fmax minimum fmin int_max int_min",
    _half_where_equal,
    lambda x, y, z: _half_where_equal(y, x, z),
)
partials("logaddexp", lambda x, y, z: np.exp(x - z), lambda x, y, z: np.exp(y - z))
partials("logaddexp2", lambda x, y, z: np.exp2(x - z), lambda x, y, z: np.exp2(y - z))
partials("remainder py.mod", 1, lambda x, y, z: -np.floor_divide(x, y))
partials("fmod math.fmod", 1, lambda x, y, z: -np.trunc(x / y))
partials("copysign math.copysign", lambda x, y, z: np.sign(x) * np.sign(z), lambda x, y, z: 0 * z)
partials(
    "sinc",
    lambda x, y: where(np.equal(x, 0), 0 * x, (np.cos(math.pi * x) - y) / where(np.equal(x, 0), 1 + x, x)),
)
partials("math.remainder", 1, lambda x, y, z: -np.rint(x / y))
partials("nan_to_num", lambda x, *rest: number(np.isfinite(x), x.dtype))


def _over(x: Any, norm: Any) -> Any:
    """x / norm, 0 where the norm is 0."""
    zero = constant(norm.dtype.type(0))
    one = constant(norm.dtype.type(1))
    return x / where(np.equal(norm, zero), one, norm)


@def_jvp("absolute", "fabs", "math.fabs", "py.abs")
def _absolute(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    (x,), (t,), out = node.inputs, tangents, node.outputs[0]
    assert t is not None
    if x.dtype.kind != "c":
        return np.multiply(t, np.sign(number(x)))
    unit = _over(number(x), number(number(out), x.dtype))
    return real_(number(np.multiply(np.conjugate(unit), t)))


@def_jvp("conjugate", "py.conjugate")
def _conjugate(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t = tangents[0]
    assert t is not None
    return np.conjugate(t) if t.dtype.kind == "c" else t


@def_jvp("real", "py.real")
def _real(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t = tangents[0]
    assert t is not None
    return real_(t) if t.dtype.kind == "c" else t


@def_jvp("imag", "py.imag")
def _imag(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t = tangents[0]
    assert t is not None
    return imag_(t) if t.dtype.kind == "c" else None


@def_jvp("py.complex", "py.make_complex")
def _complex(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    units = (1.0, 1j)
    return added(
        [
            None if t is None else np.multiply(number(t, dtype), constant(dtype.type(u)))
            for t, u in zip(tangents, units, strict=False)
        ]
    )


@def_jvp("angle")
def _angle(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    x, t = number(node.inputs[0]), tangents[0]
    if x.dtype.kind != "c" or t is None:
        return None
    size = np.absolute(x)
    squared = number(_over(number(np.multiply(0, size) + 1), size * size), x.dtype)
    found = imag_(number(np.multiply(np.multiply(np.conjugate(x), squared), t)))
    return np.rad2deg(found) if node.params.get("deg") else found


@def_jvp("clip")
def _clip(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    out = number(node.outputs[0])
    x, low, high = [number(v, out.dtype) for v in node.inputs]
    inside = np.logical_and(np.greater_equal(x, low), np.less_equal(x, high))
    above = np.logical_and(np.greater(x, high), np.equal(out, high))
    below = np.logical_and(np.less(x, low), np.logical_not(above))
    zero = constant(out.dtype.type(0))
    return added(
        [
            None if t is None else forward.shapes.tell(where(mask, t, zero), node.outputs[0])
            for t, mask in zip(tangents, (inside, below, above), strict=True)
        ]
    )


@def_jvp("where")
def _where(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    zero = constant(dtype.type(0))
    condition = node.inputs[0]
    x, y = [zero if t is None else number(t, dtype) for t in tangents[1:]]
    result: Any = where(condition, x, y)
    return result


@def_jvp("cast", "as_kind", "py.float", "item", "copy", "fresh_view", "independent", "ascontiguous")
def _same(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t, out = tangents[0], node.outputs[0]
    assert t is not None
    if t.ndim != out.ndim:
        t = np.reshape(t, [1] * out.ndim) if not t.ndim else np.reshape(t, ())
    return t


@def_jvp("divmod")
def _divmod(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    quotient: Any = number(node.outputs[0])
    t = tangents[0]
    u = None if tangents[1] is None else np.negative(np.multiply(tangents[1], quotient))
    total = added([t, u])
    if total is not None and u is not None:
        forward.shapes.tell(total, node.outputs[1])
    return None, total


@def_jvp("modf")
def _modf(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return tangents[0], None


@def_jvp("frexp")
def _frexp(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    t = tangents[0]
    assert t is not None
    return np.ldexp(t, np.negative(node.outputs[1])), None


@def_jvp("ldexp")
def _ldexp(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    return np.ldexp(tangents[0], node.inputs[1])


CONSTANT.update(
    "floor ceil rint trunc sign floor_divide py.floordiv fix round py.round spacing nextafter heaviside signbit "
    "zeros_like ones_like empty_like zeros ones empty eye tri math.floor math.ceil math.trunc held undefined "
    "fftfreq rfftfreq isclose".split()
)


# Transposes ------------------------------------------------------------------------------------------------------


@def_transpose("add", "subtract")
def _add_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x, y = node.inputs
    back.add(x, c)
    if back.is_linear(y):
        back.add(y, np.negative(c) if node.op.name == "subtract" else c)


@def_transpose("negative")
def _negative_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], np.negative(cotangents[0]))


def scaled(cotangent: Variable, factor: Variable) -> Any:
    """cotangent * factor; zero, whatever the factor, where `where` made the cotangent zero.

    So where(x > 0, sqrt(x), 0) has derivative 0 at 0, and not 0 * inf.
    """
    node = cotangent.node
    if node is not None and node.op is where:
        condition, a, b = node.inputs
        if _is_zero(b):
            return where(condition, np.multiply(a, factor), b)
        if _is_zero(a):
            return where(condition, a, np.multiply(b, factor))
    result: Any = np.multiply(cotangent, factor)
    return result


def _is_zero(x: Variable) -> bool:
    value = getattr(x, "value", None)
    return value is not None and not np.any(value)


@def_transpose("multiply")
def _multiply_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x, y = node.inputs
    if back.is_linear(x):
        back.add(x, scaled(c, y))
    else:
        back.add(y, scaled(c, x))


@def_transpose("divide")
def _divide_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], np.divide(cotangents[0], node.inputs[1]))


@def_transpose("conjugate")
def _conjugate_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], np.conjugate(cotangents[0]))


@def_transpose("real")
def _real_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    back.add(node.inputs[0], number(c, node.inputs[0].dtype))


@def_transpose("imag")
def _imag_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    dtype = node.inputs[0].dtype
    back.add(node.inputs[0], np.multiply(number(c, dtype), constant(dtype.type(-1j))))


@def_transpose("cast", "as_kind", "copy", "fresh_view", "independent", "ascontiguous")
def _same_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    x = node.inputs[0]
    back.add(x, number(c, x.dtype))


@def_transpose("rad2deg", "deg2rad", "degrees", "radians")
def _angle_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], node.op(cotangents[0]))


@def_transpose("where")
def _where_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    condition, x, y = node.inputs
    zero = constant(c.dtype.type(0))
    if back.is_linear(x):
        back.add(x, where(condition, c, zero))
    if back.is_linear(y):
        back.add(y, where(condition, zero, c))


@def_transpose("ldexp")
def _ldexp_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    back.add(node.inputs[0], np.ldexp(cotangents[0], node.inputs[1]))
