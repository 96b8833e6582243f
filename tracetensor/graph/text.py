"""Graphs as text: a printer, and a parser that reads back what it prints (graph/parse.py).

    graph heat(u: float64[?], steps: int, k: float) -> (float64[?])
      v0 = scan(steps, u, k; counted, n_carry=1)  float64[?]
        body(i: int, u1: float64[?], k1: float)
          v1 = u1[2:]                             float64[?]
          ! v2 = u1[1:-1] <- v1                   float64[?]
          -> v2
      -> v0

One line is one node: the names of its results, what makes them, their types. A `!` marks a root: it is
evaluated whether or not its value is needed. Bodies of control flow stand indented below their node.
"""

from __future__ import annotations

import base64
import functools
import re
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.graph import PRINTERS, Graph
from tracetensor.graph.node import Constant, Node, Variable
from tracetensor.graph.op import Op
from tracetensor.graph.parse import RESERVED, parse_graph, spec_of_leaf
from tracetensor.graph.types import ListType, ObjectType, TensorType, Type, UnitType, dtype_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tracetensor.graph.graph import Location

__all__ = ["parse_graph", "print_constant", "print_graph", "print_node", "print_type"]

INLINE_SIZE = 16
TYPE_COLUMN = 44


def print_graph(graph: Graph, *, elide: bool = False, locations: bool = False) -> str:
    """The text of a graph, one line a node.

    elide leaves out the content of large constants (the text can then not be parsed); locations adds the
    user's line to every node that has one, as a comment.
    """
    return _Printer(elide=elide, locations=locations).graph(graph)


PRINTERS["str"] = functools.partial(print_graph, elide=True)


def print_node(node: Node, names: Mapping[Variable, str] | None = None, location: Location = ()) -> str:
    """One node as one line, its bodies left out; variables without a name are shown by their serial number."""
    printer = _Printer(elide=True, locations=bool(location))
    for variable in (*node.inputs, *node.outputs):
        fallback = variable.name or f"%{variable.serial}"
        printer.names[variable] = (names or {}).get(variable, fallback)
    return printer.statement(node, "") + printer.comment(location)


class _Printer:
    """The state of one print: names given so far (unique over all bodies) and options."""

    def __init__(self, *, elide: bool, locations: bool) -> None:
        self.elide = elide
        self.locations = locations
        self.names: dict[Variable, str] = {}
        self.used: set[str] = set(RESERVED)
        self.count = 0

    def graph(self, graph: Graph) -> str:
        types = ", ".join(print_type(t) for t in graph.output_types)
        head = f"graph {_identifier(graph.name)}{self.inputs(graph)} -> ({types})"
        return "\n".join([head, *self.content(graph, "  ")]) + "\n"

    def inputs(self, graph: Graph) -> str:
        for k, variable in enumerate(graph.inputs):
            self.names[variable] = self.fresh(_identifier(variable.name or f"x{k}"))
        return "(" + ", ".join(f"{self.names[v]}: {print_type(v.type)}" for v in graph.inputs) + ")"

    def fresh(self, wanted: str) -> str:
        name, number = wanted, 0
        while name in self.used:
            number += 1
            name = f"{wanted}_{number}" if wanted[-1].isdigit() else f"{wanted}{number}"
        self.used.add(name)
        return name

    def content(self, graph: Graph, indent: str) -> list[str]:
        order = graph.nodes()
        roots = set(graph.roots)
        marked = [node.outputs[0] for node in order if node.outputs[0] in roots]
        explicit = marked != list(graph.roots)
        anonymous = _unused(graph)
        lines: list[str] = []
        for node in order:
            named = [v for v in node.outputs if v not in anonymous or len(node.outputs) > 1 or explicit]
            for variable in named:
                self.names[variable] = self.fresh(f"v{self.count}")
                self.count += 1
            mark = "! " if node.outputs[0] in roots and not explicit else ""
            location = graph.location(node) if self.locations else ()
            lines.append(self.statement(node, indent + mark, named=bool(named)) + self.comment(location))
            for name, body in sorted(node.params.items(), key=lambda p: (p[0] != "then", p[0])):
                if isinstance(body, Graph):
                    lines.append(f"{indent}  {name}{self.inputs(body)}")
                    lines += self.content(body, indent + "    ")
        if explicit:
            lines.append(f"{indent}roots {self.references(graph.roots)}")
        lines.append(f"{indent}-> {self.references(graph.outputs)}".rstrip())
        return lines

    def statement(self, node: Node, indent: str, *, named: bool = True) -> str:
        left = ", ".join(self.names[v] for v in node.outputs) + " = " if named else ""
        text = f"{indent}{left}{self.expression(node)}"
        types = ", ".join(print_type(v.type) for v in node.outputs) if named else ""
        return f"{text.ljust(TYPE_COLUMN)}  {types}" if types else text

    def comment(self, location: Location) -> str:
        return f"  # {location[-1].filename.rpartition('/')[2]}:{location[-1].line}" if location else ""

    def expression(self, node: Node) -> str:
        index = self.index_notation(node)
        if index is not None:
            return index
        params = [
            self.param(node, name, value)
            for name, value in sorted(node.params.items())
            if not isinstance(value, Graph) and not (node.op.name == "scan" and value is False)
        ]
        tail = "; " + ", ".join(params) if params else ""
        return f"{node.op.name}({self.references(node.inputs)}{tail})"

    def param(self, node: Node, name: str, value: Any) -> str:
        if node.op.name == "scan" and value is True:
            return name
        return f"{name}={print_value(value)}"

    def index_notation(self, node: Node) -> str | None:
        """x[i, 1:n] for a read, x[i] <- v for a write; None where the notation would not tell the spec.

        x[i] <- v exactly: a value that must have the very shape of x[i], from x[i] += ….
        x[i, j] <- v through 0: a write to entry j of the view x[i].
        """
        name = node.op.name
        if name not in {"getitem", "setitem", "update_at"} or node.params.get("unary"):
            return None
        x, *rest = node.inputs
        leaves = rest if name == "getitem" else rest[1:]
        spec = node.params["spec"]
        text = self.index(spec, leaves)
        if text is None or (isinstance(x, Constant) and not isinstance(x.type, TensorType)):
            return None
        read = f"{self.reference(x)}[{text}]"
        if name == "getitem":
            return read
        by = f" by {node.params['ufunc']}" if name == "update_at" else ""
        by = " exactly" if node.params.get("augmented") else by
        through = f" through {', '.join(map(str, view))}" if (view := node.params.get("view")) else ""
        return f"{read} <- {self.reference(rest[0])}{by}{through}"

    def index(self, spec: tuple[str, ...], leaves: Iterable[Variable]) -> str | None:
        rest = iter(leaves)
        parts = []
        for entry in spec:
            if entry[0] == "s":
                bounds = [self.reference(next(rest)) if given == "1" else "" for given in entry[1:]]
                parts.append(":".join(bounds[:2]) + (f":{bounds[2]}" if bounds[2] else ""))
            elif entry in "ne":
                parts.append("None" if entry == "n" else "...")
            else:
                leaf = next(rest)
                if spec_of_leaf(leaf) != entry:
                    return None
                parts.append(self.reference(leaf))
        return ", ".join(parts) if parts else "()"

    def references(self, variables: Iterable[Variable]) -> str:
        return ", ".join(map(self.reference, variables))

    def reference(self, variable: Variable) -> str:
        if isinstance(variable, Constant):
            return print_constant(variable, elide=self.elide)
        return self.names.get(variable) or f"?{variable.name or variable.serial}"


def _unused(graph: Graph) -> set[Variable]:
    """Results that nothing reads, other than as a root: they need no name."""
    read = {v for node in graph.nodes() for v in node.inputs} | set(graph.outputs)
    return {
        v for node in graph.nodes() for v in node.outputs if v not in read and isinstance(v.type, UnitType)
    }


def _identifier(name: str) -> str:
    name = re.sub(r"\W+", "_", name)
    return name if name and not name[0].isdigit() else f"_{name}"


def print_type(type_: Type) -> str:
    """The text of a type: repr, but telling NumPy's bool from Python's, and any dtype from any other."""
    if isinstance(type_, ListType):
        return f"list({print_type(type_.element)})"
    if isinstance(type_, ObjectType):
        plain = re.fullmatch(r"[A-Za-z_][\w.]*", type_.name)
        return f"object({type_.name if plain else repr(type_.name)})"
    if not isinstance(type_, TensorType) or type_.is_python:
        return repr(type_)
    if not type_.is_array:
        return print_dtype(type_.dtype, scalar=True)
    return f"{print_dtype(type_.dtype)}[{', '.join('?' if d is None else str(d) for d in type_.shape)}]"


def print_dtype(dtype: np.dtype[Any], *, scalar: bool = False) -> str:
    """A dtype: NumPy's name for a plain number, else its description."""
    if dtype.kind in "biufc" and dtype.isnative:
        return "bool_" if scalar and dtype.kind == "b" else dtype_name(dtype)
    return f"dtype({np.lib.format.dtype_to_descr(dtype)!r})"


def print_constant(constant: Constant, *, elide: bool = False) -> str:
    """A constant: Python scalars as Python writes them, others headed by their type."""
    return _typed(constant.value, constant.type, elide=elide)


def _typed(value: Any, type_: Type, *, elide: bool) -> str:
    if isinstance(type_, ListType):
        return f"{print_type(type_)}{{{', '.join(_typed(v, type_.element, elide=elide) for v in value)}}}"
    if not isinstance(type_, TensorType):
        return f"{print_type(type_)}{_by_name(value)}"
    if type_.is_python:
        return _number(value)
    array = np.asarray(value)
    head = print_type(type_)
    if type_.is_array and array.shape != type_.shape:
        head += f"@{print_value(array.shape)}"
    if array.ndim > 1 and array.flags.f_contiguous and not array.flags.c_contiguous:
        head += "F"
    if array.dtype.kind in "biufc" and array.size <= INLINE_SIZE:
        numbers = ", ".join(_number(v) for v in array.ravel())
        if _same_bytes(array):
            return f"{head}{{{numbers}}}" if type_.is_array else f"{head}({numbers})"
    if (elide and array.size > INLINE_SIZE) or array.dtype.hasobject:
        return f"{head}{{...}}"
    return f'{head}"{base64.b64encode(array.tobytes()).decode()}"'


def _same_bytes(array: np.ndarray[Any, Any]) -> bool:
    """Whether the numbers as text give the bytes back: not so for a NaN with a sign or a payload."""
    if array.dtype.kind in "fc":
        parts = array.reshape(-1).view(array.real.dtype)
        nan = parts[np.isnan(parts)]
        return bool(nan.tobytes() == np.full(nan.shape, np.nan, nan.dtype).tobytes())
    return True


def _number(value: Any) -> str:
    if isinstance(value, (complex, np.complexfloating)):
        return f"complex({_number(value.real)}, {_number(value.imag)})"
    return str(value)


def print_value(value: Any) -> str:
    """A parameter of a node."""
    if value is None or isinstance(value, (bool, str, bytes)):
        return repr(value)
    if isinstance(value, (int, float, complex)) and not isinstance(value, np.generic):
        return _number(value)
    if isinstance(value, np.generic):
        return _typed(value, TensorType(value.dtype, (), "scalar"), elide=False)
    if isinstance(value, tuple):
        return f"({', '.join(map(print_value, value))}{',' * (len(value) == 1)})"
    if isinstance(value, slice):
        return f"slice({print_value(value.start)}, {print_value(value.stop)}, {print_value(value.step)})"
    if isinstance(value, np.dtype):
        return print_dtype(value)
    if isinstance(value, Type):
        return f"<{print_type(value)}>"
    if value is Ellipsis:
        return "..."
    return _by_name(value)


def _by_name(value: Any) -> str:
    """A function or class by the place from which it can be imported."""
    if value is None:
        return "@builtins:None"
    if isinstance(value, Op):
        return f"@tracetensor.graph.op:OPS.{value.name}"
    module = getattr(value, "__module__", None) or getattr(type(value), "__module__", "")
    name = getattr(value, "__qualname__", None) or getattr(value, "__name__", None)
    if isinstance(value, np.ufunc):
        module, name = "numpy", value.__name__
    if module is None or name is None:
        return f"@{type(value).__module__}:{type(value).__qualname__}.<object>"
    return f"@{module}:{name}"
