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
    raise, print or draw. locations: the user's lines that a node stands for. settled: what the passes that have
    nothing to do here are known by. Graphs are immutable; equal ones (up to the identity of variables) compare
    and hash equal.
    """

    __slots__ = (
        "__weakref__", "_branching", "_hash", "_order", "inputs", "locations", "name", "outputs", "roots",
        "settled",
    )  # fmt: skip

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
        self._branching: tuple[Node, ...] | None = None
        self.settled: set[Any] = set()
        self._hash: int | None = None
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
        free: dict[Variable, None] = {}
        known = set(self.inputs)
        for variables in (*[node.inputs for node in self.nodes()], self.outputs, self.roots):
            for variable in variables:
                if variable.node is None and variable not in known and variable.is_input:
                    free[variable] = None
        return list(free)

    def nodes(self) -> tuple[Node, ...]:
        """All nodes, each after those it needs; roots first, in their order, then outputs."""
        if self._order is None:
            self._order = tuple(topological((*self.roots, *self.outputs), self.inputs))
        return self._order

    def branching(self) -> tuple[Node, ...]:
        """The nodes that have bodies, in order."""
        if self._branching is None:
            self._branching = tuple([node for node in self.nodes() if bodies(node)])
        return self._branching

    def all_nodes(self) -> Iterator[Node]:
        """All nodes, those of nested bodies included."""
        if not self.branching():
            yield from self.nodes()
            return
        for node in self.nodes():
            yield node
            for body in bodies(node):
                yield from body.all_nodes()

    def location(self, node: Node) -> Location:
        """The user's frames that the node stands for, outermost first; empty if not known."""
        return self.locations.get(node, ())

    @property
    def input_types(self) -> tuple[Type, ...]:
        return tuple([v.type for v in self.inputs])

    @property
    def output_types(self) -> tuple[Type, ...]:
        return tuple([v.type for v in self.outputs])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Graph):
            return NotImplemented
        return self is other or (hash(self) == hash(other) and _same(self, other))

    def __hash__(self) -> int:
        # By what is had without a look into bodies: graphs are hashed with every node that has them, seldom compared.
        if self._hash is None:
            ops = tuple([node.op.name for node in self.nodes()])
            self._hash = hash((ops, self.input_types, self.output_types, len(self.roots)))
        return self._hash

    @property
    def interned_by(self) -> Interned:
        """What stands for the graph in the key of a node that holds it."""
        return Interned(self)

    def lines(self) -> tuple[Any, ...]:
        """Where the user's program may raise, here and in the bodies within."""
        own = tuple([self.locations.get(v.node) for v in self.roots if v.node is not None])
        return (own, *[body.lines() for node in self.branching() for body in bodies(node)])

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


class Interned:
    """A graph that equals only graphs of the same lines: an error in one of two equal loops must name its own."""

    __slots__ = ("graph",)

    def __init__(self, graph: Graph) -> None:
        self.graph = graph

    def __hash__(self) -> int:
        return hash(self.graph)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Interned):
            return NotImplemented
        a, b = self.graph, other.graph
        return a is b or (a == b and a.lines() == b.lines())


def constant_key(constant: Constant) -> tuple[Any, ...]:
    """What tells constants apart: type, and the bytes or the representation of the value."""
    value = constant.value
    raw = value.tobytes() if hasattr(value, "tobytes") else repr(value)
    return (constant.type, raw)


def _same(a: Graph, b: Graph) -> bool:
    """Whether two graphs differ in nothing but the identity of their variables."""
    partner = dict(zip(a.inputs, b.inputs, strict=False))

    def alike(ours: Sequence[Variable], theirs: Sequence[Variable]) -> bool:
        if len(ours) != len(theirs):
            return False
        for v, w in zip(ours, theirs, strict=True):
            if partner.get(v, v) is not w and not (
                isinstance(v, Constant) and isinstance(w, Constant) and constant_key(v) == constant_key(w)
            ):
                return False
        return True

    if a.input_types != b.input_types or len(a.nodes()) != len(b.nodes()):
        return False
    for node, other in zip(a.nodes(), b.nodes(), strict=True):
        if node.op is not other.op or not alike(node.inputs, other.inputs):
            return False
        if node.params is not other.params and _frozen(node.params) != _frozen(other.params):
            return False
        partner.update(zip(node.outputs, other.outputs, strict=True))
    return alike(a.outputs, b.outputs) and alike(a.roots, b.roots)


def _frozen(params: Mapping[str, Any]) -> dict[str, Any]:
    return {k: freeze(v) for k, v in params.items()}


def bodies(node: Node) -> list[Graph]:
    """The nested graphs of a control-flow node."""
    if node.op.family != "control":
        return []
    return [value for value in node.params.values() if isinstance(value, Graph)]


def topological(targets: Iterable[Variable], stop: Iterable[Variable] = ()) -> list[Node]:
    """The nodes that the targets need, each after those it needs; nothing behind `stop` is visited."""
    order: list[Node] = []
    done: set[Node] = {v.node for v in stop if v.node is not None}
    for target in targets:
        if target.node is None or target.node in done:
            continue
        stack = [(target.node, iter(target.node.inputs))]
        while stack:
            node, rest = stack[-1]
            for variable in rest:
                source = variable.node
                if source is not None and source not in done:
                    stack.append((source, iter(source.inputs)))
                    break
            else:
                stack.pop()
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
