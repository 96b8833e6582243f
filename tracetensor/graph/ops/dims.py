"""Dims as graph values: the op `dim`, what is known of dims without running, and arithmetic of Python ints.

A dim is a Python int where it is known while the graph is built, else a variable of kind "int".
"""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.answers import Unsupported, answers
from tracetensor.graph.infer import tensors
from tracetensor.graph.node import Constant, Variable, constant
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.indexing import expand, getitem, leaf_count
from tracetensor.graph.ops.scalars import BINARY, CONVERSIONS, PYTHON, index
from tracetensor.graph.types import ARRAY, INT, ListType, Shape, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tracetensor.graph.node import Node

Int = Any
"""A Python int, or a variable of kind "int"."""

dim = register(
    Op("dim", evaluate=lambda x, *, axis: x.shape[axis], infer=lambda types, params: INT, family="dim")
)
"""x.shape[axis], axis not negative."""

int_max = register(Op("int_max", evaluate=max, infer=lambda types, params: INT, family="python"))
"""max(a, b) of Python ints."""

int_min = register(Op("int_min", evaluate=min, infer=lambda types, params: INT, family="python"))
"""min(a, b) of Python ints."""


def _broadcast_dim(*dims: int) -> int:
    size = 1
    for n in dims:
        if n != 1:
            if size not in {1, n}:
                msg = f"shape mismatch: objects cannot be broadcast to a single shape: dims {dims}"
                raise ValueError(msg)
            size = n
    return size


broadcast_dim = register(
    Op(
        "broadcast_dim",
        evaluate=_broadcast_dim,
        infer=lambda types, params: INT,
        family="python",
        raises=True,
    )
)
"""The dim that dims (Python ints) broadcast to; raises ValueError if they don't."""


class DimsOp(Op):
    """An op whose result type looks at constant inputs too: infer(types, params, inputs)."""

    __slots__ = ()

    def __init__(self, name: str, *, infer: Callable[..., Any], **record: Any) -> None:
        super().__init__(name, infer=infer, **record)

    def infer_types(
        self, types: tuple[Type, ...], params: Mapping[str, Any], inputs: Sequence[Variable] = ()
    ) -> tuple[Type, ...]:
        """The types of all outputs."""
        result: Any = self.infer(types, params, inputs)  # type: ignore[call-arg]
        return result if isinstance(result, tuple) else (result,)


def known(value: Any) -> int | None:
    """The int that an int, or a constant, is; None for what is not known while the graph is built."""
    if isinstance(value, Constant):
        return operator.index(value.value)
    return None if isinstance(value, Variable) else operator.index(value)


def static_dims(inputs: Iterable[Any]) -> Shape:
    """Dims given as variables, as a shape of ints and None."""
    return tuple([None if (n := known(v)) is None else n for v in inputs])


def is_natural(value: Any) -> bool:
    """Whether an int is known not to be negative."""
    n = known(value)
    if n is not None:
        return n >= 0
    node = value.node
    if node is None:
        return False
    name = node.op.name
    if name in {"dim", "list_len", "broadcast_dim", "py.abs", "split_size"}:
        return name != "broadcast_dim" or all(map(is_natural, node.inputs))
    if name == "int_max":
        return any(map(is_natural, node.inputs))
    return name in {"py.add", "py.mul", "py.floordiv", "py.mod", "int_min"} and all(
        map(is_natural, node.inputs)
    )


# Arithmetic ------------------------------------------------------------------------------------------------------


def _plain(value: Int) -> Int:
    return value.value if isinstance(value, Constant) else value


def _int_op(name: str, a: Int, b: Int) -> Int:
    a, b = _plain(a), _plain(b)
    if not isinstance(a, Variable) and not isinstance(b, Variable):
        return BINARY[name](a, b)
    return PYTHON[name](a, b)


def int_add(a: Int, b: Int) -> Int:
    """a + b."""
    a, b = _plain(a), _plain(b)
    if isinstance(a, int) and a == 0:
        return b
    return a if isinstance(b, int) and b == 0 else _int_op("add", a, b)


def int_sub(a: Int, b: Int) -> Int:
    """a - b."""
    a, b = _plain(a), _plain(b)
    if a is b:
        return 0
    return a if isinstance(b, int) and b == 0 else _int_op("sub", a, b)


def int_mul(a: Int, b: Int) -> Int:
    """a * b."""
    a, b = _plain(a), _plain(b)
    if isinstance(a, int) and a == 1:
        return b
    return a if isinstance(b, int) and b == 1 else _int_op("mul", a, b)


def int_floordiv(a: Int, b: Int) -> Int:
    """a // b."""
    return a if isinstance(b, int) and b == 1 else _int_op("floordiv", a, b)


def int_mod(a: Int, b: Int) -> Int:
    """a % b."""
    return 0 if isinstance(b, int) and b == 1 else _int_op("mod", a, b)


def int_larger(a: Int, b: Int) -> Int:
    """max(a, b)."""
    a, b = _plain(a), _plain(b)
    if not isinstance(a, Variable) and not isinstance(b, Variable):
        return max(a, b)
    if a is b or (isinstance(b, int) and b <= 0 and is_natural(a)):
        return a
    return b if isinstance(a, int) and a <= 0 and is_natural(b) else int_max(a, b)


def int_smaller(a: Int, b: Int) -> Int:
    """min(a, b)."""
    a, b = _plain(a), _plain(b)
    if not isinstance(a, Variable) and not isinstance(b, Variable):
        return min(a, b)
    return a if a is b else int_min(a, b)


def product(dims: Iterable[Int]) -> Int:
    """The product of dims."""
    result: Int = 1
    for n in dims:
        result = int_mul(result, n)
    return result


def as_int(value: Any) -> Int:
    """An argument that is an integer, of any integer kind, as a dim. Raises TypeError for what is none."""
    if not isinstance(value, Variable):
        return operator.index(value)
    if isinstance(value, Constant):
        return operator.index(value.value)
    if value.type is INT:
        return value
    type_ = value.type
    if not isinstance(type_, TensorType) or type_.ndim or type_.dtype.kind not in "iub":
        msg = f"{type_!r} cannot be interpreted as an integer"
        raise TypeError(msg)
    if type_.kind == "bool":
        return CONVERSIONS["int"](value)
    if type_.dtype.kind == "b":
        msg = "only integer scalar arrays can be converted to a scalar index"
        raise TypeError(msg)
    return index(value)


def dims_of(shape: Any) -> list[Int]:
    """A shape argument (an integer, or a sequence of integers) as a list of dims."""
    if isinstance(shape, Variable):
        if shape.ndim == 0:
            return [as_int(shape)]
        length = shape.tensor.shape[0]
        if shape.ndim != 1 or length is None:
            raise Unsupported("a shape given by an array of unknown length")
        return [as_int(getitem(shape, k, spec=("i",))) for k in range(length)]
    if isinstance(shape, (tuple, list, np.ndarray)):
        return [as_int(n) for n in shape]
    return [as_int(shape)]


# What is known of dims -------------------------------------------------------------------------------------------

_ITSELF = object()
_DEPTH = 100


def lift_dim(x: Variable, axis: int) -> Int:
    """x.shape[axis] as an int, or as a variable that doesn't need x where that is certain without running."""
    return _lift(x, axis, _DEPTH)


def _lift(x: Variable, axis: int, depth: int) -> Int:
    n = x.tensor.shape[axis]
    if n is not None:
        return n
    if isinstance(x, Constant):
        return int(x.value.shape[axis])
    memo = x.dims
    if memo is None:
        memo = x.dims = {}
    found = memo.get(axis)
    if found is None:
        rule = None if x.node is None or depth <= 0 else _rule(x.node)
        found = (
            None
            if rule is None or x.node is None
            else rule(x, axis, x.node, lambda v, k: _lift(v, k, depth - 1))
        )
        found = _ITSELF if found is None else _plain(found)
        memo[axis] = found
    return dim(x, axis=axis) if found is _ITSELF else found


def shape_of(x: Any) -> tuple[Int, ...]:
    """x.shape, each dim an int or a variable; (,) for scalars."""
    if isinstance(x, Variable):
        return tuple([lift_dim(x, k) for k in range(x.tensor.ndim)])
    return tuple(np.shape(x))


LIFT: dict[str, Callable[..., Any]] = {}
"""By op: rule(x, axis, node, lift) -> the dim of the result in terms of the inputs' dims, or None for unknown."""


def lifts(*names: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a rule for ops."""

    def enter(rule: Callable[..., Any]) -> Callable[..., Any]:
        for name in names:
            LIFT[name] = rule
        return rule

    return enter


def _rule(node: Node) -> Callable[..., Any] | None:
    found = LIFT.get(node.op.name)
    return _lift_broadcast if found is None and node.op.family in {"ufunc", "where"} else found


def same_axis(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int:
    """The result has the shape of the first input."""
    return lift(node.inputs[0], axis)


lifts("cast", "copy", "as_kind", "setitem", "update_at")(same_axis)


def _lift_broadcast(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    from_end = x.tensor.ndim - axis
    owners = [
        lift(v, v.ndim - from_end)
        for v in dict.fromkeys(node.inputs)
        if isinstance(v.type, TensorType) and v.ndim >= from_end and v.type.shape[-from_end] != 1
    ]
    return owners[0] if owners and all(o is owners[0] for o in owners) else None


@lifts("getitem")
def _lift_getitem(x: Variable, axis: int, node: Node, lift: Callable[..., Int]) -> Int | None:
    """Full slices (also reversed) keep the dim; x[idx] with one index array has that array's."""
    source, *leaves = node.inputs
    spec = node.params["spec"]
    if isinstance(source.type, ListType):
        return None
    if "a" in spec:
        if spec == ("a",) and leaves[0].dtype.kind != "b":
            rank = leaves[0].ndim
            return lift(leaves[0], axis) if axis < rank else lift(source, axis - rank + 1)
        return None
    position = out = place = 0
    for entry in expand(spec, source.ndim):
        count = leaf_count(entry)
        if entry[0] == "s":
            if out == axis:
                whole = entry == "s000" or (entry == "s001" and known(leaves[position]) in {1, -1})
                return (
                    lift(source, place)
                    if whole
                    else _lift_slice(entry, leaves[position:], lift(source, place))
                )
            out += 1
        elif entry == "n":
            out += 1
        place += entry != "n"
        position += count
    return None


def _lift_slice(entry: str, leaves: Sequence[Variable], n: Int) -> Int | None:
    """The length of x[a:], x[:-b] and x[a:-b] with constant a and b: max(n - a - b, 0)."""
    if entry[3] == "1":
        return None
    bounds = [
        known(leaves[k]) if given == "1" else 0
        for k, given in zip((0, entry[1] == "1"), entry[1:3], strict=True)
    ]
    start, stop = bounds
    if start is None or stop is None or start < 0 or (entry[2] == "1" and stop >= 0):
        return None
    return int_larger(int_sub(n, start - stop), 0)


@answers(np.shape)
def shape(a: Any) -> tuple[Int, ...]:
    """The dims, as a tuple of ints and int variables."""
    from tracetensor.graph.ops.library import tensor

    return shape_of(tensor(a))


@answers(np.ndim)
def ndim(a: Any) -> int:
    """The rank, always known."""
    from tracetensor.graph.ops.library import tensor

    rank: int = tensor(a).ndim
    return rank


@answers(np.size)
def size(a: Any, axis: Any = None) -> Int:
    """The number of elements, or the product of the dims of some axes."""
    from tracetensor.graph.answers import static_axes
    from tracetensor.graph.ops.library import tensor

    dims = shape_of(tensor(a))
    axes = static_axes(axis, len(dims))
    return product(dims if axes is None else [dims[k] for k in axes])


@answers(len)
def length(x: Any) -> Int:
    """len(x) of an array; raises TypeError for rank 0."""
    dims = shape_of(x)
    if not dims:
        msg = "len() of unsized object"
        raise TypeError(msg)
    return dims[0]


def broadcast_dims(*shapes: Sequence[Int]) -> list[Int]:
    """The shape that shapes broadcast to. What can only be known by running is checked by an op that raises."""
    rank = max(map(len, shapes), default=0)
    result: list[Int] = []
    for k in range(rank, 0, -1):
        dims = list(dict.fromkeys(_plain(s[-k]) for s in shapes if len(s) >= k))
        dims = [n for n in dims if isinstance(n, Variable) or n != 1]
        if len({n for n in dims if not isinstance(n, Variable)}) > 1:
            msg = f"shape mismatch: objects cannot be broadcast to a single shape: dims {dims}"
            raise ValueError(msg)
        result.append(1 if not dims else dims[0] if len(dims) == 1 else broadcast_dim(*dims))
    return result


@answers(np.broadcast_shapes)
def broadcast_shapes(*shapes: Any) -> tuple[Int, ...]:
    """The shape that shapes broadcast to."""
    given = [dims_of(s) for s in shapes]
    if all(isinstance(n, int) for dims in given for n in dims):
        return np.broadcast_shapes(*map(tuple, given))
    ranks = tuple([len(dims) for dims in given])
    found = broadcast_shapes_(*dim_inputs([n for dims in given for n in dims]), ranks=ranks)
    return found if isinstance(found, tuple) else (found,)


def _broadcast_shapes(*dims: int, ranks: tuple[int, ...]) -> Any:
    rest = iter(dims)
    shape = np.broadcast_shapes(*[tuple([next(rest) for _ in range(rank)]) for rank in ranks])
    return shape if len(shape) != 1 else shape[0]


broadcast_shapes_ = register(
    Op(
        "broadcast_shapes",
        evaluate=_broadcast_shapes,
        infer=lambda types, params: (INT,) * max(params["ranks"]),
        family="python",
        raises=True,
    )
)
"""numpy.broadcast_shapes of shapes of these ranks, their dims as int inputs; a result for each dim."""


def total(shape: Shape) -> int | None:
    """The number of elements of a shape, None if it is not known."""
    return 0 if 0 in shape else None if None in shape else math.prod(n for n in shape if n is not None)


def array_of(dtype: Any, shape: Sequence[Any]) -> TensorType:
    """The type of an array with these dims; ints and constants are known."""
    dims = static_dims(shape)
    if any(n is not None and n < 0 for n in dims):
        msg = "negative dimensions are not allowed"
        raise ValueError(msg)
    return TensorType(dtype, dims, ARRAY)


def dim_inputs(dims: Iterable[Int]) -> list[Variable]:
    """Dims as variables."""
    return [n if isinstance(n, Variable) else constant(int(n)) for n in dims]


def check_dims(types: Sequence[Type], what: str) -> None:
    """Dims are Python ints; raises TypeInferenceError otherwise."""
    for type_ in tensors(types, what):
        if type_ is not INT:
            msg = f"{what}: a dim is a Python int, not {type_!r}"
            raise TypeInferenceError(msg)


def dims_may_raise(inputs: Iterable[Variable]) -> bool:
    """Whether dims may be negative."""
    return not all(map(is_natural, inputs))
