"""The symbolic face: variables by name, graphs of expressions, and control flow over them.

    x = dmatrix("x")
    graph = function_graph([x], [log(1 + exp(x)).sum()])

Loops and branches take Python functions or variables. What these use from outside becomes a captured value of
the body, taken at the outermost place where it can be computed.
"""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from tracetensor.errors import TypeInferenceError, message
from tracetensor.graph import operators
from tracetensor.graph.edit import must_run
from tracetensor.graph.graph import Graph, topological
from tracetensor.graph.lazy import demand
from tracetensor.graph.node import Constant, Node, Variable, apply, as_variable, constant, input_variable
from tracetensor.graph.ops import control
from tracetensor.graph.ops.dims import shape_of
from tracetensor.graph.ops.elementwise import cast
from tracetensor.graph.ops.scalars import CONVERSIONS, PYTHON
from tracetensor.graph.types import BOOL, INT, TensorType, Type, conforms, join, result_type_for

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tracetensor.graph.graph import Location
    from tracetensor.graph.types import Shape

PREFIXES = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64",
    "f": "float32", "d": "float64", "c": "complex64", "z": "complex128",
}  # fmt: skip
SHAPES: dict[str, tuple[str, Shape]] = {
    "scalar": ("scalars", ()),
    "vector": ("vectors", (None,)),
    "row": ("rows", (1, None)),
    "col": ("cols", (None, 1)),
    "matrix": ("matrices", (None, None)),
    "tensor3": ("tensor3s", (None,) * 3),
    "tensor4": ("tensor4s", (None,) * 4),
}


def tensor(dtype: Any, shape: Shape, name: str | None = None) -> Variable:
    """An input of this dtype and shape (None: a dim of any size); of rank 0, a NumPy scalar."""
    return input_variable(result_type_for(np.dtype(dtype), shape), name)


def _one(shape: Shape, default: str, name: str | None = None, dtype: Any = None) -> Variable:
    return tensor(dtype or default, shape, name)


def _several(shape: Shape, default: str, *names: str | int, dtype: Any = None) -> list[Variable]:
    labels: Sequence[Any] = [None] * names[0] if len(names) == 1 and isinstance(names[0], int) else names
    return [tensor(dtype or default, shape, label) for label in labels]


CONSTRUCTORS: dict[str, Callable[..., Any]] = {
    prefix + label: functools.partial(make, shape, dtype)
    for prefix, dtype in {"": "float64", **PREFIXES}.items()
    for one, (many, shape) in SHAPES.items()
    for label, make in ((one, _one), (many, _several))
}
"""Inputs by rank: matrix("x", dtype=...), dmatrix("x"), dmatrices("x", "y") and so on, names being optional."""


def __getattr__(name: str) -> Callable[..., Any]:
    try:
        return CONSTRUCTORS[name]
    except KeyError:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg) from None


def function_graph(
    inputs: Sequence[Variable],
    outputs: Sequence[Any],
    *,
    roots: Iterable[Variable] = (),
    name: str = "graph",
    locations: dict[Node, Location] | None = None,
) -> Graph:
    """The graph from inputs to outputs; what may raise on the way is among its roots, in the order of its making.

    roots: further variables that must be evaluated. Raises GraphError if an output needs an input not given.
    """
    results = [as_variable(v) for v in outputs]
    return demand(Graph(inputs, results, roots, name=name, locations=locations))


def close_over(
    inputs: Sequence[Variable],
    outputs: Sequence[Any],
    roots: Iterable[Variable] = (),
    *,
    since: int | None = 0,
    name: str = "body",
) -> tuple[Graph, list[Variable]]:
    """A graph of inputs and captured values to outputs, and the outer variables that it captures.

    Inside stays what depends on the inputs, and what may raise and was made at or after the serial number
    `since` (None: nothing), so that it raises only when the body is run. All else is captured, at its outermost value.
    """
    results = [as_variable(v) for v in outputs]
    roots = list(roots)
    inside = set(inputs)
    nodes = []
    for node in topological((*roots, *results), inputs):
        bound = not inside.isdisjoint(node.inputs)
        if bound or (since is not None and node.outputs[0].serial >= since and must_run(node)):
            inside.update(node.outputs)
            nodes.append(node)
    captured: dict[Variable, Variable] = {}

    def resolve(variable: Variable) -> Variable:
        if isinstance(variable, Constant) or variable in inside:
            return mapping.get(variable, variable)
        if variable not in captured:
            captured[variable] = input_variable(variable.type, variable.name)
        return captured[variable]

    mapping: dict[Variable, Variable] = {}
    for node in nodes:
        new = apply(node.op, [resolve(v) for v in node.inputs], node.params)
        mapping.update(zip(node.outputs, new.outputs, strict=True))
    new_outputs = [resolve(v) for v in results]
    new_roots = [resolve(v) for v in roots if v in inside]
    return demand(Graph([*inputs, *captured.values()], new_outputs, new_roots, name=name)), list(captured)


def _next_serial() -> int:
    return Variable(BOOL).serial


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _as_bool(value: Any) -> Variable:
    variable = as_variable(value)
    return variable if variable.type is BOOL else CONVERSIONS["bool"](variable)


def ifelse(condition: Any, then: Any, orelse: Any) -> Any:
    """`then` if the condition holds, else `orelse`; only the one taken is evaluated.

    Each is a value, a tuple of values, or a function without arguments that returns these. What nothing but one
    branch needs is moved into it when a graph is made of the result (`demand`), wherever it was written. Returns a
    variable, or a list of them for tuples. Raises TypeInferenceError where the branches differ in number or type.
    """
    values = [b() if callable(b) and not isinstance(b, Variable) else b for b in (then, orelse)]
    single = not isinstance(values[0], (list, tuple))
    closed = [close_over([], _listed(value), since=None) for value in values]
    captured = list(dict.fromkeys(v for _, free in closed for v in free))
    bodies = [_with_inputs(body, free, captured) for body, free in closed]
    flag = as_variable(condition)
    if not (isinstance(flag.type, TensorType) and flag.type.ndim == 0 and flag.type.dtype.kind == "b"):
        flag = _as_bool(flag)
    node = control.ifelse.node(flag, *captured, then=bodies[0], orelse=bodies[1])
    return node.outputs[0] if single else list(node.outputs)


def _with_inputs(body: Graph, free: Sequence[Variable], captured: Sequence[Variable]) -> Graph:
    """A closed body with an input for every captured value, those that it doesn't use included."""
    own = dict(zip(free, body.inputs, strict=True))
    inputs = [own[v] if v in own else input_variable(v.type, v.name) for v in captured]
    return Graph(inputs, body.outputs, body.roots, name=body.name)


class until:  # noqa: N801 - reads like a word in `return y, until(y > 3)`
    """The condition under which a scan stops, after the step that returned it."""

    def __init__(self, condition: Any) -> None:
        self.condition = condition


def scan(  # noqa: PLR0913 - Theano's arguments
    fn: Callable[..., Any],
    sequences: Any = (),
    outputs_info: Any = None,
    non_sequences: Any = (),
    n_steps: Any = None,
    *,
    go_backwards: bool = False,
    name: str = "scan",
) -> Any:
    """Run fn once per step; its results stacked over the steps: a variable, or a list of them if fn returns several.

    fn takes an element of every sequence, then the last value of every result that has an initial value, then
    the non-sequences; it returns a result, or several, or (results, until(condition)). A sequence is an array, read
    along its first axis, or dict(input=array, taps=[-1, 0]) for elements relative to the step. outputs_info has an
    entry for every result: an initial value, None for a result that is not fed back, or dict(initial=array,
    taps=[-2, -1]), whose initial array holds as many values as the furthest tap reaches back. The number of steps
    is n_steps, or else what the shortest sequence allows; go_backwards reads the sequences from their ends.
    """
    return _ScanBuilder(fn, sequences, outputs_info, non_sequences, go_backwards=go_backwards).build(
        n_steps, name
    )


class _ScanBuilder:
    """The parts of a scan: sequences with taps, results with taps, and what is handed on unchanged."""

    def __init__(
        self, fn: Callable[..., Any], sequences: Any, outputs_info: Any, others: Any, *, go_backwards: bool
    ) -> None:
        self.fn = fn
        self.sequences = []
        for entry in _listed(sequences):
            described = entry if isinstance(entry, dict) else {"input": entry}
            array = as_variable(described["input"])
            taps = list(described.get("taps") or [0])
            self.sequences.append((array[::-1] if go_backwards else array, taps))  # type: ignore[index]
        self.infos = [self.info(e) for e in ([] if outputs_info is None else _listed(outputs_info))]
        self.others = [as_variable(v) for v in _listed(others)]

    @staticmethod
    def info(entry: Any) -> tuple[list[Variable], list[int]]:
        """The values before the first step, oldest first, and the taps that fn takes."""
        if entry is None:
            return [], []
        if not isinstance(entry, dict):
            return [as_variable(entry)], [-1]
        taps = list(entry.get("taps") or [-1])
        initial = as_variable(entry["initial"])
        depth = -min(taps)
        if max(taps) >= 0:
            msg = "the taps of a result are negative: they reach back"
            raise ValueError(msg)
        values = [initial] if taps == [-1] else [operators.index(initial, k) for k in range(depth)]
        return values, taps

    def build(self, n_steps: Any, name: str) -> Any:
        steps = self.steps(n_steps)
        initial = [v for values, _ in self.infos for v in values]
        since = _next_serial()
        trial, initial = _stable(self.body, lambda trial: trial.new, initial, "scan")
        body, captured = close_over(
            [trial.step, *trial.old], [*trial.go, *trial.new, *trial.results], since=since, name=name
        )
        head = [steps, *[constant(True)] * len(trial.go)]
        node = control.scan.node(
            *head,
            *initial,
            *captured,
            body=body,
            n_carry=len(initial),
            counted=True,
            conditional=bool(trial.go),
        )
        stacked = list(node.outputs[len(initial) :])
        return stacked[0] if trial.single else stacked

    def steps(self, n_steps: Any) -> Variable:
        if n_steps is not None:
            return _as_int(n_steps)
        if not self.sequences:
            msg = "scan needs sequences, or n_steps"
            raise ValueError(msg)
        lengths = []
        for array, taps in self.sequences:
            length = shape_of(array)[0]
            reach = max(*taps, 0) - min(*taps, 0) if len(taps) > 1 else max(taps[0], 0) - min(taps[0], 0)
            lengths.append(as_variable(length - reach if reach else length))
        shortest = lengths[0]
        for length in lengths[1:]:
            if length is not shortest:
                shortest = ifelse(PYTHON["lt"](length, shortest), length, shortest)
        return shortest

    def body(self, types: Sequence[Type]) -> _Body:
        index = input_variable(INT, "step")
        old = [input_variable(t) for t in types]
        arguments: list[Any] = []
        for array, taps in self.sequences:
            first = min(*taps, 0) if len(taps) > 1 else min(taps[0], 0)
            for tap in taps:
                place = operators.binary("add", index, tap - first) if tap != first else index
                arguments.append(operators.index(array, place))
        position = 0
        for values, taps in self.infos:
            arguments += [old[position + len(values) + tap] for tap in taps]
            position += len(values)
        returned = self.fn(*arguments, *self.others)
        go: list[Variable] = []
        if isinstance(returned, tuple) and returned and isinstance(returned[-1], until):
            go = [PYTHON["not"](_as_bool(returned[-1].condition))]
            returned = returned[0] if len(returned) == 2 else returned[:-1]
        results = [as_variable(v) for v in _listed(returned)]
        infos = self.infos or [([], [])] * len(results)
        if len(results) != len(infos):
            msg = f"scan: fn returned {len(results)} results, outputs_info has {len(infos)} entries"
            raise ValueError(msg)
        new: list[Variable] = []
        position = 0
        for result, (values, _) in zip(results, infos, strict=True):
            if values:
                new += [*old[position + 1 : position + len(values)], result]
            position += len(values)
        return _Body(index, old, go, new, results, single=not isinstance(returned, (list, tuple)))


class _Body(NamedTuple):
    """One trial of a scan's body: its inputs and its outputs."""

    step: Variable
    old: list[Variable]
    go: list[Variable]
    new: list[Variable]
    results: list[Variable]
    single: bool


def _as_int(value: Any) -> Variable:
    variable = as_variable(value)
    return variable if variable.type is INT else CONVERSIONS["int"](variable)


def _stable(
    trace: Callable[[Sequence[Type]], Any],
    carried: Callable[[Any], Sequence[Variable]],
    initial: list[Variable],
    what: str,
) -> tuple[Any, list[Variable]]:
    """Trace a body until its carry leaves a step in the types in which it entered: the trace, the initial values.

    Dims that change from step to step become unknown; an initial scalar takes the kind and dtype of the result.
    """
    types = [v.type for v in initial]
    for _ in range(4):
        trial = trace(types)
        changed = False
        for k, new in enumerate(carried(trial)):
            if conforms(new.type, types[k]):
                continue
            changed = True
            joined = join(types[k], new.type)
            if joined is None:
                initial[k] = _convert(initial[k], new.type, f"{what}: value {k} of the carry")
            types[k] = new.type if joined is None else joined
        if not changed:
            return trial, initial
    raise TypeInferenceError(message(f"{what}: the types of the carry change from step to step: {types}"))


def _convert(value: Variable, wanted: Type, what: str) -> Variable:
    """An initial scalar in the kind and dtype that a step gives."""
    a, b = value.type, wanted
    if isinstance(a, TensorType) and isinstance(b, TensorType) and a.ndim == b.ndim == 0:
        if b.is_python:
            return CONVERSIONS[b.kind](value)  # type: ignore[no-any-return]
        if a.is_python or np.can_cast(a.dtype, b.dtype, "same_kind"):
            return cast(value, dtype=b.dtype, kind=b.kind)  # type: ignore[no-any-return]
    raise TypeInferenceError(message(f"{what} enters as {a!r} and leaves a step as {b!r}"))


def while_loop(condition: Callable[..., Any], body: Callable[..., Any], init: Any) -> Any:
    """values = init; while condition(*values): values = body(*values). Returns the last values, structured as init."""
    single = not isinstance(init, (list, tuple))
    initial = [as_variable(v) for v in _listed(init)]

    since = _next_serial()

    def trace(types: Sequence[Type]) -> tuple[list[Variable], list[Variable]]:
        old = [input_variable(t) for t in types]
        new = [as_variable(v) for v in _listed(body(*old))]
        if len(new) != len(old):
            msg = f"while_loop: body returned {len(new)} values for {len(old)}"
            raise ValueError(msg)
        return old, new

    (old, new), initial = _stable(trace, lambda trial: trial[1], initial, "while_loop")
    graph, captured = close_over(old, [_as_bool(condition(*new)), *new], since=since, name="while")
    node = control.scan.node(
        _as_bool(condition(*initial)), *initial, *captured,
        body=graph, n_carry=len(initial), counted=False, conditional=True,
    )  # fmt: skip
    return node.outputs[0] if single else list(node.outputs)
