"""Graphs: closed functions of variables, with nested graphs as bodies of control-flow ops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from tracetensor.errors import GraphError
from tracetensor.graph.node import Constant, Node, Variable, apply, constant, freeze, input_variable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from tracetensor.graph.types import Type


class SourceLine(NamedTuple):
    """One line of a user's program: file name, line number, name of the function."""

    filename: str
    line: int
    function: str


Location = tuple[SourceLine, ...]
"""Where a node comes from: the user's frames, outermost first."""

PRINTERS: dict[str, Callable[[Graph], str]] = {"str": repr}
"""What files above this one do for a graph: graph/text.py enters its text under "str"."""


class Graph:
    """inputs -> outputs, with everything reachable from them.

    roots: variables that must be evaluated whether or not an output needs them, in this order: ops that may
    raise, print or draw. locations: the user's lines that a node stands for. Graphs are immutable; equal ones
    (up to the identity of variables) compare and hash equal.
    """

    __slots__ = ("__weakref__", "_digest", "_order", "inputs", "locations", "name", "outputs", "roots")

    def __init__(
        self,
        inputs: Sequence[Variable],
        outputs: Sequence[Variable],
        roots: Iterable[Variable] = (),
        *,
        name: str = "graph",
        locations: Mapping[Node, Location] | None = None,
    ) -> None:
        self.inputs = tuple(inputs)
        self.outputs = tuple(outputs)
        self.roots = tuple(dict.fromkeys(roots))
        self.name = name
        self._order: tuple[Node, ...] | None = None
        self._digest: bytes | None = None
        self.locations: dict[Node, Location] = dict(locations) if locations else {}
        self._check_closed()

    def _check_closed(self) -> None:
        known = set(self.inputs)
        if len(known) != len(self.inputs):
            msg = f"{self.name}: an input stands twice among the inputs"
            raise GraphError(msg)
        for variable in self.free_variables():
            msg = f"{self.name}: {variable!r} is used but is not an input"
            raise GraphError(msg)

    def free_variables(self) -> list[Variable]:
        """Variables used that are neither inputs, constants, nor made by a node: empty in a sound graph."""
        known = set(self.inputs)
        free: dict[Variable, None] = {}
        uses = [v for node in self.nodes() for v in node.inputs]
        for variable in (*uses, *self.outputs, *self.roots):
            if variable.is_input and variable not in known:
                free[variable] = None
        return list(free)

    def nodes(self) -> tuple[Node, ...]:
        """All nodes, each after those it needs; roots first, in their order, then outputs."""
        if self._order is None:
            self._order = tuple(topological((*self.roots, *self.outputs), self.inputs))
        return self._order

    def all_nodes(self) -> Iterator[Node]:
        """All nodes, those of nested bodies included."""
        for node in self.nodes():
            yield node
            for body in bodies(node):
                yield from body.all_nodes()

    def location(self, node: Node) -> Location:
        """The user's frames that the node stands for, outermost first; empty if not known."""
        return self.locations.get(node, ())

    @property
    def input_types(self) -> tuple[Type, ...]:
        return tuple(v.type for v in self.inputs)

    @property
    def output_types(self) -> tuple[Type, ...]:
        return tuple(v.type for v in self.outputs)

    def digest(self) -> bytes:
        """A hash of the structure: equal for graphs that differ only in the identity of their variables."""
        if self._digest is None:
            import hashlib  # loads OpenSSL: not at import

            self._digest = hashlib.blake2b(repr(self._canonical()).encode(), digest_size=20).digest()
        return self._digest

    def _canonical(self) -> list[Any]:
        number: dict[Variable, Any] = {v: i for i, v in enumerate(self.inputs)}
        lines: list[Any] = [[repr(v.type) for v in self.inputs]]

        def reference(v: Variable) -> Any:
            if isinstance(v, Constant):
                return constant_key(v)
            return number[v]

        for node in self.nodes():
            entry = [node.op.name, [reference(v) for v in node.inputs], _params_key(node.params)]
            entry.append([repr(o.type) for o in node.outputs])
            for out in node.outputs:
                number[out] = len(number)
            lines.append(entry)
        lines.append([reference(v) for v in self.outputs])
        lines.append([reference(v) for v in self.roots])
        return lines

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return self is other or self.digest() == other.digest()

    def __hash__(self) -> int:
        return hash(self.digest())

    def __repr__(self) -> str:
        return f"<graph {self.name}: {len(self.inputs)} inputs, {len(self.nodes())} nodes>"

    def __str__(self) -> str:
        return PRINTERS["str"](self)

    def __copy__(self) -> Graph:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Graph:
        return self

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (_flatten(self),)

    def __call__(self, *args: Any) -> Any:
        """Evaluate with the reference evaluator; the outputs, as a list."""
        from tracetensor.graph.reference import evaluate

        return evaluate(self, args)

    def replace(
        self,
        *,
        outputs: Sequence[Variable] | None = None,
        roots: Iterable[Variable] | None = None,
        name: str | None = None,
    ) -> Graph:
        """The same graph with some parts changed."""
        return Graph(
            self.inputs,
            self.outputs if outputs is None else outputs,
            self.roots if roots is None else roots,
            name=name or self.name,
            locations=self.locations,
        )


def constant_key(constant: Constant) -> tuple[Any, ...]:
    """What tells constants apart: type, and the bytes or the representation of the value."""
    value = constant.value
    raw = value.tobytes() if hasattr(value, "tobytes") else repr(value)
    return ("constant", repr(constant.type), raw)


def _params_key(params: Mapping[str, Any]) -> list[Any]:
    def one(value: Any) -> Any:
        if isinstance(value, Graph):
            return value.digest()
        if isinstance(value, tuple):
            return tuple(map(one, value))
        return freeze(value)

    return [(k, one(v)) for k, v in sorted(params.items())]


def bodies(node: Node) -> list[Graph]:
    """The nested graphs of a control-flow node."""
    return [value for value in node.params.values() if isinstance(value, Graph)]


def topological(targets: Iterable[Variable], stop: Iterable[Variable] = ()) -> list[Node]:
    """The nodes that the targets need, each after those it needs; nothing behind `stop` is visited."""
    order: list[Node] = []
    done: set[Node] = {v.node for v in stop if v.node is not None}
    for target in targets:
        if target.node is None or target.node in done:
            continue
        stack: list[tuple[Node, int]] = [(target.node, 0)]
        active: set[Node] = set()
        while stack:
            node, position = stack.pop()
            if node in done:
                continue
            active.add(node)
            for k in range(position, len(node.inputs)):
                source = node.inputs[k].node
                if source is not None and source not in done:
                    stack.append((node, k + 1))
                    stack.append((source, 0))
                    break
            else:
                done.add(node)
                order.append(node)
    return order


def clone_nodes(
    graph: Graph, mapping: dict[Variable, Variable], locations: dict[Node, Location] | None = None
) -> tuple[list[Variable], list[Variable]]:
    """Rebuild a graph's nodes on other inputs; the new outputs and roots. `mapping` is extended by every variable."""
    for node in graph.nodes():
        if all(out in mapping for out in node.outputs):
            continue
        new = apply(node.op, [mapping.get(v, v) for v in node.inputs], node.params)
        if locations is not None and node in graph.locations:
            locations.setdefault(new, graph.locations[node])
        mapping.update(zip(node.outputs, new.outputs, strict=True))
    return [mapping.get(v, v) for v in graph.outputs], [mapping.get(v, v) for v in graph.roots]


def _flatten(graph: Graph) -> tuple[Any, ...]:
    number: dict[Variable, int] = {v: i for i, v in enumerate(graph.inputs)}

    def reference(v: Variable) -> Any:
        return (v.type, v.value) if isinstance(v, Constant) else number[v]

    nodes = []
    for node in graph.nodes():
        nodes.append((node.op, [reference(v) for v in node.inputs], node.params, graph.locations.get(node)))
        for out in node.outputs:
            number[out] = len(number)
    inputs = [(v.type, v.name) for v in graph.inputs]
    return (
        graph.name,
        inputs,
        nodes,
        [reference(v) for v in graph.outputs],
        [reference(v) for v in graph.roots],
    )


def _rebuild(state: tuple[Any, ...]) -> Graph:
    name, inputs, nodes, outputs, roots = state
    variables = [input_variable(type_, label) for type_, label in inputs]
    arguments = tuple(variables)
    locations: dict[Node, Location] = {}

    def resolve(reference: Any) -> Variable:
        return constant(reference[1], reference[0]) if isinstance(reference, tuple) else variables[reference]

    for op, references, params, location in nodes:
        node = apply(op, [resolve(r) for r in references], params)
        if location is not None:
            locations[node] = location
        variables.extend(node.outputs)
    return Graph(
        arguments, [resolve(r) for r in outputs], [resolve(r) for r in roots], name=name, locations=locations
    )
