"""Variables, constants and nodes; the interning table that merges equal nodes as they are built."""

from __future__ import annotations

import collections
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
    dims is one for what ops/dims.py has found out about the shape.
    """

    __slots__ = ("__weakref__", "dims", "index", "name", "node", "scope", "serial", "type")

    def __init__(
        self, type_: Type, name: str | None = None, node: Node | None = None, index: int = 0
    ) -> None:
        self.type = type_
        self.name = name
        self.node = node
        self.index = index
        self.scope: Any = None
        self.dims: dict[int, Any] | None = None
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
    """An op applied to variables, with static parameters. Immutable; made by `apply` only.

    raises is what op.may_raise found, None before it was asked.
    """

    __slots__ = ("__weakref__", "inputs", "op", "outputs", "params", "raises")

    def __init__(
        self, op: Op, inputs: tuple[Variable, ...], params: dict[str, Any], types: tuple[Type, ...]
    ) -> None:
        self.op = op
        self.inputs = inputs
        self.params = params
        self.raises: bool | None = None
        self.outputs: tuple[Variable, ...]
        if len(types) == 1:
            self.outputs = (Variable(types[0], None, self, 0),)
        else:
            self.outputs = tuple([Variable(t, None, self, i) for i, t in enumerate(types)])

    @property
    def out(self) -> Variable:
        """The only output."""
        (out,) = self.outputs
        return out

    def __repr__(self) -> str:
        return f"<node {self.op.name}({', '.join(map(repr, self.inputs))})>"

    def __deepcopy__(self, memo: dict[int, Any]) -> Node:
        return self


class _Entry(weakref.ref[Any]):
    """What the tables below hold of a node or constant: a reference, taken out of them some time after that is gone."""

    __slots__ = ("key", "table")
    key: tuple[Any, ...]
    table: dict[tuple[Any, ...], _Entry]


_nodes: dict[tuple[Any, ...], _Entry] = {}
_constants: dict[tuple[Any, ...], _Entry] = {}
_lock = threading.RLock()
_types: dict[tuple[Any, ...], tuple[Type, ...]] = {}
"""The types of the results of ops without parameters, by op and types of the inputs."""
MOST_TYPES = 1 << 14


_gone: collections.deque[_Entry] = collections.deque()
"""Entries whose node or constant is gone. Adding to it runs no Python code, which might fail wherever that happens."""


def _sweep() -> None:
    """Take out of the tables what is gone."""
    while _gone:
        entry = _gone.popleft()
        try:
            if entry.table.get(entry.key) is entry:
                del entry.table[entry.key]
        except RecursionError:  # comparing keys; another time, then
            _gone.append(entry)
            return


def _enter(table: dict[tuple[Any, ...], _Entry], key: tuple[Any, ...], made: Any) -> Any:
    """What stands in the table under this key: what was made, unless there is something before it."""
    with _lock:
        if _gone:
            _sweep()
        entry = table.get(key)
        found = None if entry is None else entry()
        if found is not None:
            return found
        entry = table[key] = _Entry(made, _gone.append)
        entry.key = key
        entry.table = table
    return made


def freeze(value: Any) -> Any:
    """A hashable stand-in of a parameter under which 1, True and 1.0, or 0.0 and -0.0, differ."""
    kind = type(value)
    if kind is str or kind is int:
        return value
    if isinstance(value, tuple):
        return tuple([freeze(v) for v in value])
    if isinstance(value, (bool, float, complex, np.generic)):
        return (kind, repr(value))
    if isinstance(value, slice):
        return (slice, freeze(value.start), freeze(value.stop), freeze(value.step))
    return value


def _infer(op: Op, given: tuple[Type, ...], params: dict[str, Any], inputs: tuple[Variable, ...]) -> Any:
    try:
        return op.infer_types(given, params, inputs)
    except TypeInferenceError as error:
        error.failed = error.failed or (op, inputs, params)
        raise


def apply(op: Op, inputs: Sequence[Variable], params: dict[str, Any] | None = None) -> Node:
    """The node `op(*inputs, **params)`: the existing one if there is one, else a new one, its types inferred.

    Raises TypeInferenceError where the op has no meaning on these types.
    """
    key: tuple[Any, ...] = (op, *map(id, inputs))
    if params:
        names = params if len(params) == 1 else sorted(params)
        key = (
            *key,
            tuple([(k, getattr(params[k], "interned_by", None) or freeze(params[k])) for k in names]),
        )
    entry = _nodes.get(key)
    node: Node | None = None if entry is None else entry()
    if node is not None:
        return node
    inputs = tuple(inputs)
    given = tuple([v.type for v in inputs])
    if params or op.by_value:
        params = params or {}
        types = _infer(op, given, params, inputs)
    else:
        params = {}
        signature = (op, *given)
        found = _types.get(signature)
        if found is None:
            found = _infer(op, given, params, inputs)
            if len(_types) >= MOST_TYPES:
                _types.clear()
            _types[signature] = found
        types = found
    made: Node = _enter(_nodes, key, Node(op, inputs, params, types))
    return made


def input_variable(type_: Type, name: str | None = None) -> Variable:
    """A fresh variable, to be an input of a graph."""
    return Variable(type_, name)


def constant(value: Any, type_: Type | None = None) -> Constant:
    """The constant of this value (copied). Merged by dtype, kind and bytes: 0.0 and -0.0 differ, as 1 and True do."""
    if type_ is None and (type(value) is int or type(value) is bool) and -SMALL <= value <= SMALL:
        found = _small.get((type(value), value))
        if found is None:
            found = _small[type(value), value] = _constant(value, type_of(value))
        return found
    if isinstance(value, Constant):
        return value
    if isinstance(value, Variable):
        msg = f"{value!r} is a variable, not a constant value"
        raise GraphError(msg)
    return _constant(value, type_ or type_of(value))


SMALL = 256
_small: dict[tuple[type, int], Constant] = {}
"""The constants that are met all the time: small ints, and bools."""


def _constant(value: Any, type_: Type) -> Constant:
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
    made: Constant = _enter(_constants, key, Constant(value, type_))
    return made


def as_variable(value: Any) -> Variable:
    """A variable as it is; any other value as a constant. Raises TypeError for what cannot be one."""
    return value if isinstance(value, Variable) else constant(value)
