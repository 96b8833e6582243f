"""What op families share: arguments as variables, and ops that are a NumPy function as it is, one line each."""

from __future__ import annotations

import functools
import inspect
import operator
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import TypeInferenceError
from tracetensor.graph.answers import Unsupported, answers, static, static_axes
from tracetensor.graph.infer import broadcast_shapes, probe, shrink, tensors
from tracetensor.graph.node import Constant, Variable, constant
from tracetensor.graph.op import Op, register
from tracetensor.graph.ops.control import list_array
from tracetensor.graph.types import ARRAY, NUMERIC_KINDS, ListType, TensorType, Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node

NO_VALUE = np._NoValue
PROBE_SIZES = (1, 2, 3, 5)


# Arguments -------------------------------------------------------------------------------------------------------


def _nest(items: Sequence[Any], shape: tuple[int, ...]) -> Any:
    """Items in row-major order as nested lists."""
    if len(shape) <= 1:
        return list(items) if shape else items[0]
    step = len(items) // shape[0]
    return [_nest(items[k * step : (k + 1) * step], shape[1:]) for k in range(shape[0])]


def _pack(*items: Any, shape: tuple[int, ...], dtype: Any) -> Any:
    return np.array(_nest(items, shape), dtype=dtype)


def _infer_pack(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    operands = tensors(types, "numpy.array")
    (found,) = probe(_pack, [shrink(t) for t in operands], dict(params))
    if found.dtype.kind not in NUMERIC_KINDS:
        msg = f"an array of {found.dtype} is not an op"
        raise TypeInferenceError(msg)
    shapes = {t.shape for t in operands}
    if len({t.ndim for t in operands}) > 1:
        msg = "setting an array element with a sequence. The requested array has an inhomogeneous shape"
        raise TypeInferenceError(msg)
    inner = shapes.pop() if len(shapes) == 1 else _meet(shapes)
    return TensorType(found.dtype, (*params["shape"], *inner), ARRAY)


def _meet(shapes: set[tuple[int | None, ...]]) -> tuple[int | None, ...]:
    """What is known of the one shape that all of these are."""
    result: list[int | None] = []
    for dims in zip(*shapes, strict=True):
        sizes = {n for n in dims if n is not None}
        if len(sizes) > 1:
            msg = "the requested array has an inhomogeneous shape"
            raise TypeInferenceError(msg)
        result.append(sizes.pop() if sizes else None)
    return tuple(result)


pack = register(
    Op(
        "pack",
        evaluate=_pack,
        infer=_infer_pack,
        family="pack",
        raises=lambda node: any(v.tensor.ndim and None in v.tensor.shape for v in node.inputs),
    )
)
"""numpy.array of nested lists: the items in row-major order, `shape` how they are nested; scalars or equal arrays."""


def nested_shape(value: Any) -> tuple[int, ...] | None:
    """How lists are nested, None if that is irregular; anything else is a leaf."""
    if not isinstance(value, (list, tuple)):
        return ()
    shapes = {nested_shape(v) for v in value}
    if len(shapes) != 1 or None in shapes:
        return (0,) if not value else None
    inner = shapes.pop()
    assert inner is not None
    return (len(value), *inner)


def _leaves(value: Any) -> list[Any]:
    return [leaf for v in value for leaf in _leaves(v)] if isinstance(value, (list, tuple)) else [value]


def has_variable(value: Any) -> bool:
    """Whether an argument, or an item of nested tuples and lists, is a variable."""
    if isinstance(value, (list, tuple)):
        return any(map(has_variable, value))
    if isinstance(value, slice):
        return any(map(has_variable, (value.start, value.stop, value.step)))
    return isinstance(value, Variable)


def pack_nested(value: Any, dtype: Any = None) -> Variable:
    """numpy.array(value, dtype) of nested lists that contain variables."""
    if not isinstance(value, (list, tuple)):
        return tensor(value)
    shape = nested_shape(value)
    if shape is None:
        value = [pack_nested(v) if isinstance(v, (list, tuple)) else v for v in value]
        shape = (len(value),)
    leaves = [tensor(v) for v in _leaves(value)]
    ranks = {leaf.ndim for leaf in leaves}
    if len(ranks) > 1:
        raise Unsupported("arrays of several ranks in a list")
    result: Variable = pack(*leaves, shape=shape, dtype=dtype)
    return result


def tensor(value: Any) -> Variable:
    """An argument as a variable, scalars staying scalars. Raises Unsupported for what is not numeric."""
    if isinstance(value, Variable):
        if isinstance(value.type, ListType):
            element = value.type.element
            if not isinstance(element, TensorType):
                raise Unsupported(f"a list of {element!r} as an array")
            found: Variable = list_array(value, type=TensorType(element.dtype, (None, *element.shape), ARRAY))
            return found
        if not isinstance(value.type, TensorType) or value.type.dtype.kind not in NUMERIC_KINDS:
            raise Unsupported(f"a value of type {value.type!r}")
        return value
    if isinstance(value, (list, tuple)):
        if has_variable(value):
            return pack_nested(value)
        value = np.array(value)
    if isinstance(value, range):
        value = np.array(value)
    if not isinstance(value, (bool, int, float, complex, np.generic)) and type(value) is not np.ndarray:
        raise Unsupported(f"an argument of class {type(value).__name__}")
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind not in NUMERIC_KINDS:
        raise Unsupported(f"an array of {value.dtype}")
    try:
        return constant(value)
    except TypeError as error:
        raise Unsupported(str(error)) from None


def given(value: Any) -> bool:
    """Whether an optional argument was given a value."""
    return value is not None and value is not NO_VALUE


def no_out(*options: Any) -> None:
    """Raise Unsupported if an argument that builders do not cover was given."""
    if any(given(o) for o in options):
        raise Unsupported("an option that is not covered")


def dtype_of(dtype: Any) -> np.dtype[Any] | None:
    """A dtype argument; None for None. Raises Unsupported for a dtype that is not a number's."""
    dtype = static(dtype)
    if not given(dtype):
        return None
    found: np.dtype[Any] = np.dtype(dtype)
    if found.kind not in NUMERIC_KINDS:
        raise Unsupported(f"dtype {found}")
    return found


def static_bool(value: Any) -> bool:
    """A flag; absent means False."""
    value = static(value)
    return value is not NO_VALUE and bool(value)


def one_axis(axis: Any, ndim: int, name: str | None = None) -> int:
    """An axis argument that is one integer, not negative."""
    axes = static_axes(operator.index(static(axis)), ndim, name)
    assert axes is not None
    return axes[0]


def plain(value: Any) -> Any:
    """A static argument as a parameter of a node: hashable, without NumPy's scalars."""
    value = static(value)
    if isinstance(value, (list, tuple)):
        return tuple(map(plain, value))
    if isinstance(value, np.ndarray):
        return tuple(map(plain, value.tolist())) if value.ndim else plain(value[()])
    if isinstance(value, np.bool_):
        return bool(value)
    if isinstance(value, np.integer):
        return int(value)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise Unsupported(f"an option of class {type(value).__name__}")


# Ops that are a NumPy function -----------------------------------------------------------------------------------


def call(
    function: Callable[..., Any], values: Sequence[Any], names: tuple[str, ...], params: Mapping[str, Any]
) -> Any:
    """function(*values, **params), the last values being keyword arguments of these names."""
    count = len(values) - len(names)
    result = function(*values[:count], **dict(zip(names, values[count:], strict=True)), **params)
    if type(result) is list or isinstance(result, tuple):
        result = tuple(result)
        return result[0] if len(result) == 1 else result
    return result


def probe_types(
    evaluate: Callable[..., Any],
    types: Sequence[Type],
    params: Mapping[str, Any],
    sizes: Sequence[int] = PROBE_SIZES,
) -> tuple[TensorType, ...]:
    """The types of a function's results with all dims unknown, from the first size of sample that it takes."""
    operands = [shrink(t) for t in tensors(types)]
    for n in sizes:
        try:
            found = probe(evaluate, operands, dict(params), n)
        except TypeInferenceError:
            if n == sizes[-1]:
                raise
            continue
        break
    for f in found:
        if not isinstance(f, TensorType) or f.dtype.kind not in NUMERIC_KINDS:
            msg = f"a result of type {f!r} is not numeric"
            raise TypeInferenceError(msg)
    return tuple([TensorType(f.dtype, (None,) * f.ndim, f.kind) for f in found])


ShapeRule = Any
"""rule(types, params) -> the shape of the result, or a list with one for each, or None for all unknown."""


def library_op(
    name: str,
    function: Callable[..., Any],
    *,
    family: str = "library",
    shape: ShapeRule = None,
    raises: bool | Callable[[Node], bool] = True,
    sizes: Sequence[int] = PROBE_SIZES,
) -> Op:
    """An op whose meaning is a NumPy function, its arrays being inputs and its options parameters.

    The parameter `names`, where present, says that the last inputs are keyword arguments of these names.
    """

    def evaluate(*values: Any, names: tuple[str, ...] = (), **params: Any) -> Any:
        return call(function, values, names, params)

    def infer(types: Sequence[Type], params: Mapping[str, Any]) -> tuple[Type, ...]:
        found = probe_types(evaluate, types, params, sizes)
        shapes = None if shape is None else shape(types, params)
        if shapes is None:
            return found
        shapes = shapes if isinstance(shapes, list) else [shapes]
        return tuple(
            [
                TensorType(f.dtype, s if s is not None and len(s) == f.ndim else f.shape, f.kind)
                for f, s in zip(found, shapes, strict=True)
            ]
        )

    return register(Op(name, evaluate=evaluate, infer=infer, family=family, raises=raises))


@functools.cache
def parameters_of(function: Callable[..., Any], signature: str | None) -> inspect.Signature:
    """The signature of a function; of C functions, as given."""
    if signature is not None:
        names = [part.strip() for part in signature.split(",")]
        kinds = inspect.Parameter.POSITIONAL_OR_KEYWORD
        return inspect.Signature(
            [
                inspect.Parameter(
                    n.rstrip("?"), kinds, default=None if n[-1] == "?" else inspect.Parameter.empty
                )
                for n in names
            ]
        )
    return inspect.signature(function)


def declare(
    function: Any,
    arrays: str,
    options: str = "",
    *,
    name: str | None = None,
    method: str | None = None,
    signature: str | None = None,
    **record: Any,
) -> Op | None:
    """An op and its builder for a NumPy function that is called as it is; None if this NumPy has no such function.

    arrays: the parameters that are inputs, in order. options: those that must be known while tracing; a name
    that ends in "?" may be either (an input where it is an array or traced). Any other must keep its default.
    record: what library_op takes.
    """
    function = find(function)
    if function is None:
        return None
    op = library_op(name or function.__name__, function, **record)
    required = arrays.split()
    flexible = {o.rstrip("?") for o in options.split() if o.endswith("?")}
    allowed = {o.rstrip("?") for o in options.split()}

    def build(*args: Any, **kwargs: Any) -> Any:
        accepted = parameters_of(function, signature)
        bound = accepted.bind(*args, **kwargs).arguments
        inputs, names, params = [], [], {}
        for key in required:
            if key in bound and given(bound[key]):
                inputs.append(tensor(bound.pop(key)))
                if (
                    len(inputs) <= len(required)
                    and accepted.parameters[key].default is not inspect.Parameter.empty
                ):
                    names.append(key)
            else:
                bound.pop(key, None)
        for key, value in bound.items():
            if is_default(value, accepted.parameters[key].default):
                continue
            if key not in allowed:
                raise Unsupported(f"{op.name}: {key}")
            if key in flexible and (has_variable(value) or isinstance(value, np.ndarray)):
                inputs.append(tensor(value))
                names.append(key)
            else:
                params[key] = dtype_of(value) if key == "dtype" else plain(value)
        if names:
            params["names"] = tuple(names)
        return op(*inputs, **params)

    build.__name__, build.__doc__ = op.name, f"numpy.{op.name} as it is: see graph/ops/library.py."
    answers(function, method=method)(build)
    return op


def is_default(value: Any, default: Any) -> bool:
    """Whether an option was given its own default."""
    if value is None or value is NO_VALUE:
        return default is None or default is NO_VALUE
    return isinstance(value, (bool, int, str, float)) and type(value) is type(default) and value == default


def find(function: Any) -> Any:
    """A NumPy function by its dotted name ("linalg.inv"), None if this NumPy lacks it; any other value as it is."""
    if not isinstance(function, str):
        return function
    found: Any = np
    for part in function.split("."):
        found = getattr(found, part, None)
        if found is None:
            return None
    return found


# Shape rules -----------------------------------------------------------------------------------------------------


def first_shape(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The result has the shape of the first input."""
    return types[0].shape


def broadcast_rule(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    """The result has the shape that all inputs broadcast to."""
    return broadcast_shapes(*[t.shape for t in types])


def drop_axes(shape: Sequence[Any], axes: Sequence[int] | None, *, keepdims: bool) -> tuple[Any, ...]:
    """A shape after a reduction along axes."""
    gone = range(len(shape)) if axes is None else axes
    return tuple([1 if k in gone else n for k, n in enumerate(shape) if keepdims or k not in gone])


def known_size(value: Any) -> int | None:
    """The value of an integer constant, None for anything else."""
    if isinstance(value, Constant) and isinstance(value.value, (int, np.integer)):
        return int(value.value)
    return None
