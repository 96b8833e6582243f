"""Variables, constants and nodes; the interning table that merges equal nodes as they are built."""

from __future__ import annotations

import itertools
import threading
import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import GraphError, TypeInferenceError
from tracetensor.graph.types import ListType, TensorType, Type, type_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.op import Op

_serial = itertools.count()


class Variable:
    """One value of a graph: an input (node is None), a constant, or one output of a node.

    scope is a slot for whoever is building graphs: the graph under construction that the variable belongs to.
    """

    __slots__ = ("__weakref__", "index", "name", "node", "scope", "serial", "type")

    def __init__(
        self, type_: Type, name: str | None = None, node: Node | None = None, index: int = 0
    ) -> None:
        self.type = type_
        self.name = name
        self.node = node
        self.index = index
        self.scope: Any = None
        self.serial = next(_serial)

    @property
    def is_input(self) -> bool:
        return self.node is None and not isinstance(self, Constant)

    @property
    def ndim(self) -> int:
        return self.tensor.ndim

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.tensor.dtype

    @property
    def tensor(self) -> TensorType:
        """The type, known to be a tensor's; raises TypeInferenceError otherwise."""
        if not isinstance(self.type, TensorType):
            msg = f"a tensor is needed here, not {self.type!r}"
            raise TypeInferenceError(msg)
        return self.type

    def __repr__(self) -> str:
        if self.node is None:
            return f"<{self.name or 'input'}: {self.type!r}>"
        return f"<{self.node.op.name}#{self.serial}: {self.type!r}>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Variable:
        return self

    def __copy__(self) -> Variable:
        return self


class Constant(Variable):
    """A value known when the graph is built. The value is copied and must not be written to."""

    __slots__ = ("value",)

    def __init__(self, value: Any, type_: Type) -> None:
        super().__init__(type_)
        self.value = value

    def __repr__(self) -> str:
        return f"<constant {self.value!r}: {self.type!r}>"


class Node:
    """An op applied to variables, with static parameters. Immutable; made by `apply` only."""

    __slots__ = ("__weakref__", "inputs", "op", "outputs", "params")

    def __init__(
        self, op: Op, inputs: tuple[Variable, ...], params: dict[str, Any], types: tuple[Type, ...]
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.params = params
        self.outputs = tuple(Variable(t, None, self, i) for i, t in enumerate(types))

    @property
    def out(self) -> Variable:
        """The only output."""
        (out,) = self.outputs
        return out

    def __repr__(self) -> str:
        return f"<node {self.op.name}({', '.join(map(repr, self.inputs))})>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        return self


_nodes: weakref.WeakValueDictionary[tuple[Any, ...], Node] = weakref.WeakValueDictionary()
_constants: weakref.WeakValueDictionary[tuple[Any, ...], Constant] = weakref.WeakValueDictionary()
_lock = threading.RLock()


def freeze(value: Any) -> Any:
    """A hashable stand-in of a parameter under which 1, True and 1.0, or 0.0 and -0.0, differ."""
    if isinstance(value, tuple):
        return tuple(map(freeze, value))
    if isinstance(value, (bool, float, complex, np.generic)):
        return (type(value), repr(value))
    if isinstance(value, slice):
        return (slice, freeze(value.start), freeze(value.stop), freeze(value.step))
    return value


def apply(op: Op, inputs: Sequence[Variable], params: dict[str, Any] | None = None) -> Node:
    """The node `op(*inputs, **params)`: the existing one if there is one, else a new one, its types inferred.

    Raises TypeInferenceError where the op has no meaning on these types.
    """
    params = params or {}
    inputs = tuple(inputs)
    key = (op, tuple(map(id, inputs)), tuple([(k, freeze(v)) for k, v in sorted(params.items())]))
    with _lock:
        node = _nodes.get(key)
    if node is not None:
        return node
    types = op.infer_types(tuple([v.type for v in inputs]), params, inputs)
    node = Node(op, inputs, params, types)
    with _lock:
        return _nodes.setdefault(key, node)


def input_variable(type_: Type, name: str | None = None) -> Variable:
    """A fresh variable, to be an input of a graph."""
    return Variable(type_, name)


def constant(value: Any, type_: Type | None = None) -> Constant:
    """The constant of this value (copied). Merged by dtype, kind and bytes: 0.0 and -0.0 differ, as 1 and True do."""
    if isinstance(value, Constant):
        return value
    if isinstance(value, Variable):
        msg = f"{value!r} is a variable, not a constant value"
        raise GraphError(msg)
    type_ = type_ or type_of(value)
    key: tuple[Any, ...]
    if isinstance(type_, TensorType):
        content = np.asarray(value, type_.dtype)
        raw = content.tobytes()
        if len(raw) > 64:
            import hashlib  # loads OpenSSL: not at import

            raw = hashlib.blake2b(raw, digest_size=20).digest()
        key = (type_, content.shape, content.flags.f_contiguous, raw)
        if isinstance(value, np.ndarray):
            value = value.copy(order="K")
            value.flags.writeable = False
    else:
        key = (type_, freeze(tuple(value)) if isinstance(type_, ListType) else id(value))
    with _lock:
        found = _constants.get(key)
        if found is None:
            found = Constant(value, type_)
            _constants[key] = found
        return found


def as_variable(value: Any) -> Variable:
    """A variable as it is; any other value as a constant. Raises TypeError for what cannot be one."""
    return value if isinstance(value, Variable) else constant(value)
