"""Operators, indexing and NumPy-like methods of variables: what makes the symbolic builder read like NumPy.

Importing this file gives class Variable its operators. `==` and `!=` stay identity, because variables are
dictionary keys everywhere: the comparisons are `x.eq(y)` and `x.ne(y)`. Python scalars keep Python's meaning:
an operator whose operands are all of Python kinds is one of graph/ops/scalars.py, any other NumPy's ufunc.
"""

from __future__ import annotations

import functools
import operator
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from tracetensor.errors import message
from tracetensor.graph.answers import METHODS, NUMPY
from tracetensor.graph.graph import Graph
from tracetensor.graph.lazy import demand
from tracetensor.graph.node import Constant, Variable, as_variable, constant
from tracetensor.graph.op import OPS, find_op
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.indexing import Spec, getitem, setitem
from tracetensor.graph.ops.scalars import PYTHON
from tracetensor.graph.ops.shape import ATTRIBUTES
from tracetensor.graph.types import ListType, TensorType

if TYPE_CHECKING:
    from collections.abc import Callable

BINARY = {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "floordiv": "floor_divide",
    "mod": "remainder",
    "pow": "power",
    "and": "bitwise_and",
    "or": "bitwise_or",
    "xor": "bitwise_xor",
    "lshift": "left_shift",
    "rshift": "right_shift",
    "lt": "less",
    "le": "less_equal",
    "eq": "equal",
    "ne": "not_equal",
    "gt": "greater",
    "ge": "greater_equal",
}
"""Python's binary operators, and the ufunc that each is on NumPy values."""

UNARY = {"neg": "negative", "pos": "positive", "invert": "invert", "abs": "absolute"}
NOT_REFLECTED = frozenset({"lt", "le", "gt", "ge", "eq", "ne"})
SQUARES = {2: "square", 1: "positive", -1: "reciprocal", 0.5: "sqrt"}
"""The exponents that NumPy's `**` turns into another ufunc, on arrays of floats or complex numbers."""


def binary(name: str, x: Any, y: Any) -> Variable:
    """The operator of this short name ("add", "lt") on two values, at least one of them a variable."""
    a, b = as_variable(x), as_variable(y)
    if isinstance(a.type, TensorType) and isinstance(b.type, TensorType):
        if a.type.is_python and b.type.is_python:
            result: Variable = PYTHON[name](a, b)
            return result
        if name == "pow" and isinstance(b, Constant) and (short := _short_power(a.type, b)):
            return UFUNCS[short](a)  # type: ignore[no-any-return]
    return UFUNCS[BINARY[name]](a, b)  # type: ignore[no-any-return]


def _short_power(base: TensorType, exponent: Constant) -> str | None:
    """The ufunc that NumPy runs in the place of power, for an array base and a Python exponent."""
    if not base.is_array or exponent.type not in _REAL_PYTHON:
        return None
    if base.dtype.kind in "fc":
        return SQUARES.get(exponent.value)
    return (
        "square" if base.dtype.kind in "iu" and exponent.value == 2 and type(exponent.value) is int else None
    )


_REAL_PYTHON = frozenset({as_variable(1).type, as_variable(1.0).type})


def unary(name: str, x: Variable) -> Variable:
    """The operator of this short name ("neg", "abs") on a variable."""
    if isinstance(x.type, TensorType) and x.type.is_python:
        return PYTHON[name](x)  # type: ignore[no-any-return]
    return UFUNCS[UNARY[name]](x)  # type: ignore[no-any-return]


def index_spec(index: Any) -> tuple[Spec, list[Variable]]:
    """The spec and the leaves (graph/ops/indexing.py) of an index that may contain variables.

    Raises IndexError for what NumPy doesn't take as an index.
    """
    spec: list[str] = []
    leaves: list[Variable] = []
    for entry in index if isinstance(index, tuple) else (index,):
        if entry is None:
            spec.append("n")
        elif entry is Ellipsis:
            spec.append("e")
        elif isinstance(entry, slice):
            bounds = (entry.start, entry.stop, entry.step)
            spec.append("s" + "".join("0" if b is None else "1" for b in bounds))
            leaves += [_bound(b) for b in bounds if b is not None]
        else:
            leaf = _leaf(entry)
            spec.append("i" if leaf.ndim == 0 and leaf.dtype.kind in "iu" else "a")
            leaves.append(leaf)
    return tuple(spec), leaves


def _bound(value: Any) -> Variable:
    return value if isinstance(value, Variable) else constant(operator.index(value))


def _leaf(entry: Any) -> Variable:
    if isinstance(entry, (list, np.ndarray)):
        array = np.asarray(entry)
        entry = array.astype(np.intp) if not array.size and isinstance(entry, list) else array
    leaf = as_variable(entry)
    if not isinstance(leaf.type, TensorType) or leaf.type.dtype.kind not in "iub":
        msg = f"an index is made of integers, bools, slices, None and Ellipsis, not of {leaf.type!r}"
        raise IndexError(msg)
    return leaf


def index(x: Variable, key: Any) -> Variable:
    """x[key]; for a list the element at an integer key."""
    if isinstance(x.type, ListType):
        return find_op("list_get")(x, key)  # type: ignore[no-any-return]
    spec, leaves = index_spec(key)
    return getitem(x, *leaves, spec=spec)  # type: ignore[no-any-return]


def set_index(x: Variable, key: Any, value: Any) -> Variable:
    """x after x[key] = value, as a new variable."""
    spec, leaves = index_spec(key)
    return setitem(x, value, *leaves, spec=spec)  # type: ignore[no-any-return]


def builder_of(function: Any) -> Callable[..., Any] | None:
    """What turns a call of a NumPy function into graph: its builder, else the op that answers to it."""
    found = NUMPY.get(function)
    if found is None:
        found = _answering_ops(len(OPS)).get(function)
    return found


@functools.lru_cache(maxsize=1)
def _answering_ops(count: int) -> dict[Any, Callable[..., Any]]:
    return {function: op for op in OPS.values() for function in op.answers}


def _array_ufunc(self: Variable, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
    function = ufunc if method == "__call__" else getattr(ufunc, method)
    if method == "__call__" and not kwargs and (op := UFUNCS.get(ufunc.__name__)) is not None:
        return op(*inputs)
    builder = NUMPY.get(function) or (builder_of(ufunc) if method == "__call__" else None)
    return NotImplemented if builder is None else builder(*inputs, **kwargs)


def _array_function(self: Variable, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
    builder = builder_of(function)
    return NotImplemented if builder is None else builder(*args, **kwargs)


def _attribute(self: Variable, name: str) -> Any:
    attribute = ATTRIBUTES.get(name)
    if attribute is not None:
        return attribute(self)
    builder = METHODS.get(name)
    if builder is None:
        msg = f"a variable has no attribute {name!r}"
        raise AttributeError(msg)
    return functools.partial(builder, self)


def _refuse(what: str, fix: str) -> Callable[..., NoReturn]:
    def refuse(self: Variable, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError(message(f"{self!r} is symbolic: {what}", fix=fix))

    return refuse


def evaluate(self: Variable, values: dict[Variable, Any] | None = None) -> Any:
    """The value of this variable, given the values of the inputs that it depends on."""
    values = values or {}
    return demand(Graph(list(values), [self]))(*values.values())[0]


def _binary_method(name: str, *, reflected: bool = False) -> Callable[[Variable, Any], Any]:
    def method(self: Variable, other: Any) -> Any:
        try:
            return binary(name, other, self) if reflected else binary(name, self, other)
        except TypeError as error:
            if isinstance(other, Variable) or not str(error).startswith("no graph type"):
                raise
            return NotImplemented

    return method


def _unary_method(name: str) -> Callable[[Variable], Variable]:
    return lambda self: unary(name, self)


def install() -> None:
    """Give class Variable its operators and methods."""
    methods: dict[str, Any] = {
        "__getitem__": index,
        "__getattr__": _attribute,
        "__array_ufunc__": _array_ufunc,
        "__array_function__": _array_function,
        "__array__": _refuse("it has no value to make an array of", "use it in NumPy functions as it is"),
        "__bool__": _refuse("it is neither true nor false", "tt.ifelse(condition, a, b), or numpy.where"),
        "__iter__": _refuse("it cannot be iterated over", "index it, or tt.scan over it"),
        "__len__": _refuse("it has no length as a Python int", "x.shape[0] is its length as a variable"),
        "__divmod__": lambda self, other: (binary("floordiv", self, other), binary("mod", self, other)),
        "eval": evaluate,
        "set": set_index,
        "__matmul__": lambda self, other: _array_function(self, np.matmul, (), (self, other), {}),
        "__rmatmul__": lambda self, other: _array_function(self, np.matmul, (), (other, self), {}),
    }
    for name in BINARY:
        if name in {"eq", "ne"}:
            methods[name] = _binary_method(name)
            continue
        methods[f"__{name}__"] = _binary_method(name)
        if name not in NOT_REFLECTED:
            methods[f"__r{name}__"] = _binary_method(name, reflected=True)
    for name in UNARY:
        methods[f"__{name}__"] = _unary_method(name)
    for name, method in methods.items():
        setattr(Variable, name, method)


install()
