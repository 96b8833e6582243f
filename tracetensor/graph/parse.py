"""Reading graphs back from the text that graph/text.py prints."""

from __future__ import annotations

import ast
import base64
import functools
import importlib
import re
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import numpy as np

from tracetensor.errors import GraphError, message
from tracetensor.graph.graph import Graph
from tracetensor.graph.node import Variable, apply, constant, input_variable
from tracetensor.graph.op import OPS, find_op
from tracetensor.graph.types import (
    ARRAY,
    PYTHON_TYPES,
    SCALAR,
    UNIT,
    ListType,
    ObjectType,
    Shape,
    TensorType,
    Type,
)

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBER_DTYPES = {np.dtype(c).name: np.dtype(c) for c in "?bBhHiIlLqQefdgFDG"}
PYTHON_NAMES = {cls.__name__: type_ for cls, type_ in PYTHON_TYPES.items()}
WORDS = {"True": True, "False": False, "None": None, "nan": float("nan"), "inf": float("inf")}
RESERVED = frozenset(
    {
        *NUMBER_DTYPES,
        *PYTHON_NAMES,
        *WORDS,
        "bool_",
        "dtype",
        "list",
        "object",
        "unit",
        "slice",
        "roots",
        "by",
        "F",
    }
)
"""Names that no variable gets in print."""

TOKEN = re.compile(
    r"""\s*(?:
    (?P<string>b?"(?:[^"\\]|\\.)*"|b?'(?:[^'\\]|\\.)*')
  | (?P<path>@[A-Za-z_][\w.]*:[\w.<>]+)
  | (?P<number>\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)
  | (?P<name>[A-Za-z_]\w*(?:\.(?=[A-Za-z_])\w+)*)
  | (?P<sign>\.\.\.|<-|->|[-+=()\[\]{},:;<>?!@])
    )""",
    re.VERBOSE,
)


class Token(NamedTuple):
    """A token's class (string, path, number, name, sign) and its text."""

    kind: str
    text: str


class Line(NamedTuple):
    """One line of the text: its number, indentation and tokens."""

    number: int
    indent: int
    tokens: list[Token]


def parse_graph(text: str) -> Graph:
    """The graph that `print_graph` printed as this text. Raises GraphError, naming the line, for any other text."""
    lines = [line for number, raw in enumerate(text.splitlines(), 1) if (line := _split(number, raw)).tokens]
    if not lines:
        msg = "an empty text is no graph"
        raise GraphError(msg)
    head = _Reader(lines[0])
    head.expect("graph")
    name = head.next().text
    graph, rest = _block(head, lines[1:], name)
    if rest:
        _Reader(rest[0]).fail("this line belongs to no graph")
    return graph


def parse_type(text: str) -> Type:
    """The type that prints as this text."""
    reader = _Reader(_split(1, text))
    type_ = reader.type()
    if not reader.done:
        reader.fail("more stands here than one type")
    return type_


def spec_of_leaf(leaf: Variable) -> str:
    """The entry of an index spec that a leaf stands for unless said otherwise."""
    type_ = leaf.type
    return "i" if isinstance(type_, TensorType) and type_.ndim == 0 and type_.dtype.kind in "iu" else "a"


def _split(number: int, raw: str) -> Line:
    tokens: list[Token] = []
    position = 0
    while raw[position:].strip() and not raw[position:].lstrip().startswith("#"):
        match = TOKEN.match(raw, position)
        if match is None:
            msg = message(f"line {number}: cannot read {raw[position:].strip()!r}", raw.strip())
            raise GraphError(msg)
        tokens.append(Token(str(match.lastgroup), match[match.lastgroup or 0]))
        position = match.end()
    return Line(number, len(raw) - len(raw.lstrip()), tokens)


def _block(head: _Reader, lines: list[Line], name: str) -> tuple[Graph, list[Line]]:
    """Read the inputs that stand in a head line, and the lines below it that are indented deeper."""
    scope: dict[str, Variable] = {}
    inputs: list[Variable] = []
    for label, type_ in head.inputs():
        inputs.append(input_variable(type_, label))
        scope[label] = inputs[-1]
    roots: list[Variable] = []
    outputs: list[Variable] | None = None
    while lines and lines[0].indent > head.line.indent and outputs is None:
        reader = _Reader(lines[0], scope)
        lines = lines[1:]
        if reader.accept("->"):
            outputs = reader.variables()
        elif reader.peek() == "roots" and reader.peek(1) != "=":
            reader.next()
            roots = reader.variables()
        else:
            lines = _statement(reader, lines, roots)
    if outputs is None:
        head.fail("this graph has no line that starts with -> and gives its outputs")
    return Graph(inputs, outputs, roots, name=name), lines


def _statement(reader: _Reader, lines: list[Line], roots: list[Variable]) -> list[Line]:
    """Read one node, and its bodies from the lines that follow; the lines left."""
    mark = reader.accept("!")
    names = reader.targets()
    call = reader.expression()
    bodies: dict[str, Any] = {}
    while lines and lines[0].indent > reader.line.indent:
        head = _Reader(lines[0])
        label = head.next().text
        bodies[label], lines = _block(head, lines[1:], label)
    op = find_op(call.op)
    params = {**call.params, **bodies}
    if op.name == "scan":
        params = {"counted": False, "conditional": False, **params}
    node = apply(op, call.inputs, params)
    if names:
        if len(names) != len(node.outputs):
            reader.fail(f"{op.name} has {len(node.outputs)} results, not {len(names)}")
        for label, out in zip(names, node.outputs, strict=True):
            reader.scope[label] = out
            if not reader.done:
                reader.accept(",")
                if (type_ := reader.type()) is not out.type:
                    reader.fail(f"{label} is of type {out.type!r}, not {type_!r}")
    if not reader.done:
        reader.fail("more stands here than one node")
    if mark:
        roots.append(node.outputs[0])
    return lines


class Call(NamedTuple):
    """An op by name, with its operands and parameters."""

    op: str
    inputs: list[Variable]
    params: dict[str, Any]


class _Reader:
    """The tokens of one line, read from left to right."""

    def __init__(self, line: Line, scope: dict[str, Variable] | None = None) -> None:
        self.line = line
        self.tokens = line.tokens
        self.position = 0
        self.scope: dict[str, Variable] = {} if scope is None else scope

    @property
    def done(self) -> bool:
        return self.position >= len(self.tokens)

    @property
    def kind(self) -> str:
        return "" if self.done else self.tokens[self.position].kind

    def peek(self, ahead: int = 0) -> str:
        place = self.position + ahead
        return self.tokens[place].text if place < len(self.tokens) else ""

    def next(self) -> Token:
        if self.done:
            self.fail("the line ends too early")
        self.position += 1
        return self.tokens[self.position - 1]

    def accept(self, text: str) -> bool:
        if self.peek() != text or self.kind == "string":
            return False
        self.position += 1
        return True

    def expect(self, text: str) -> None:
        if not self.accept(text):
            self.fail(f"expected {text!r}, not {self.peek()!r}")

    def fail(self, what: str) -> NoReturn:
        before = " ".join(t.text for t in self.tokens[: self.position])
        after = " ".join(t.text for t in self.tokens[self.position :])
        raise GraphError(message(f"line {self.line.number}: {what}", f"{before} <here> {after}"))

    def sequence(self, close: str, item: Callable[[], Any]) -> list[Any]:
        """Items between commas, up to the closing sign."""
        items = []
        while not self.accept(close):
            items.append(item())
            if self.peek() != close:
                self.expect(",")
        return items

    def inputs(self) -> list[tuple[str, Type]]:
        self.expect("(")

        def one() -> tuple[str, Type]:
            label = self.next().text
            self.expect(":")
            return label, self.type()

        return self.sequence(")", one)

    def variables(self) -> list[Variable]:
        found = []
        while not self.done:
            found.append(self.variable())
            self.accept(",")
        return found

    def targets(self) -> list[str]:
        """Names before an equals sign; none if the line has no such sign in front."""
        end = self.position
        while (
            end + 1 < len(self.tokens)
            and self.tokens[end].kind == "name"
            and self.tokens[end + 1].text == ","
        ):
            end += 2
        if end + 1 >= len(self.tokens) or self.tokens[end + 1].text != "=":
            return []
        names = [t.text for t in self.tokens[self.position : end + 1 : 2]]
        self.position = end + 2
        return names

    def expression(self) -> Call:
        if self.kind == "name" and self.peek(1) == "(" and self.peek() in OPS:
            return self.call()
        x = self.variable()
        self.expect("[")
        spec, leaves = self.index()
        if not self.accept("<-"):
            return Call("getitem", [x, *leaves], {"spec": spec})
        operands = [x, self.variable(), *leaves]
        if self.accept("by"):
            return Call("update_at", operands, {"spec": spec, "ufunc": self.next().text})
        params: dict[str, Any] = {"spec": spec}
        if self.accept("exactly"):
            params["augmented"] = True
        if self.accept("through"):
            view = [int(self.next().text)]
            while self.accept(","):
                view.append(int(self.next().text))
            params["view"] = tuple(view)
        return Call("setitem", operands, params)

    def call(self) -> Call:
        op = self.next().text
        self.expect("(")
        inputs: list[Variable] = []
        while self.peek() not in {")", ";"}:
            inputs.append(self.variable())
            if self.peek() not in {")", ";"}:
                self.expect(",")
        params: dict[str, Any] = {}
        if self.accept(";"):
            while self.peek() != ")":
                label = self.next().text
                params[label] = self.value() if self.accept("=") else True
                self.accept(",")
        self.expect(")")
        return Call(op, inputs, params)

    def index(self) -> tuple[tuple[str, ...], list[Variable]]:
        spec: list[str] = []
        leaves: list[Variable] = []
        while not self.accept("]"):
            if self.peek() == "(" and self.peek(1) == ")":
                self.position += 2
            elif self.accept("None"):
                spec.append("n")
            elif self.accept("..."):
                spec.append("e")
            else:
                spec.append(self.index_entry(leaves))
            if self.peek() != "]":
                self.expect(",")
        return tuple(spec), leaves

    def index_entry(self, leaves: list[Variable]) -> str:
        parts: list[Variable | None] = [None]
        while self.peek() not in {",", "]"}:
            if self.accept(":"):
                parts.append(None)
            else:
                parts[-1] = self.variable()
        given = [p for p in parts if p is not None]
        leaves += given
        if len(parts) == 1:
            return spec_of_leaf(given[0])
        return "s" + "".join(str(int(k < len(parts) and parts[k] is not None)) for k in range(3))

    def variable(self) -> Variable:
        """A name in scope, or a constant."""
        token = Token(self.kind, self.peek())
        if token.kind == "name" and token.text in self.scope:
            return self.scope[self.next().text]
        if token.kind == "number" or token.text in {"-", "complex", *WORDS}:
            return constant(self.number())
        if token.kind != "name" or token.text not in RESERVED:
            self.fail(f"{token.text!r} is not defined here")
        type_ = self.type()
        return constant(self.content(type_), type_)

    def content(self, type_: Type) -> Any:
        """The value of a constant, after its type."""
        if isinstance(type_, ListType):
            self.expect("{")
            return self.sequence("}", lambda: self.variable().value)  # type: ignore[attr-defined]
        if not isinstance(type_, TensorType):
            return self.value()
        if not type_.is_array:
            if self.kind == "string":
                return self.raw(type_.dtype, ())[()]
            self.expect("(")
            value = self.number(type_.dtype)
            self.expect(")")
            return type_.dtype.type(value)
        shape = type_.shape
        if self.accept("@"):
            shape = self.value()
        order: Any = "F" if self.accept("F") else "C"
        if self.kind == "string":
            array = self.raw(type_.dtype, shape)
        else:
            self.expect("{")
            numbers = self.sequence("}", lambda: self.number(type_.dtype))
            array = np.array(numbers, type_.dtype).reshape(shape)
        return np.asarray(array, order=order)

    def raw(self, dtype: np.dtype[Any], shape: Shape) -> np.ndarray[Any, Any]:
        data = base64.b64decode(ast.literal_eval(self.next().text))
        return np.frombuffer(data, dtype).reshape(shape)

    def number(self, dtype: np.dtype[Any] | None = None) -> Any:
        """A number as Python writes it; with a dtype, read to that dtype's precision."""
        sign = "-" if self.accept("-") else ""
        token = self.next()
        if token.text == "complex":
            self.expect("(")
            part = None if dtype is None else np.empty(0, dtype).real.dtype
            real, imag = self.sequence(")", lambda: self.number(part))
            return _join_complex(real, imag, dtype)
        if token.kind == "number" or token.text in {"nan", "inf"}:
            text = sign + token.text
            if dtype is not None and dtype.kind == "f":
                return dtype.type(text)
            return int(text) if text.lstrip("-").isdigit() else float(text)
        if token.text in {"True", "False"}:
            return WORDS[token.text]
        self.position -= 1
        return self.fail("expected a number")

    def type(self) -> Type:
        token = self.next()
        if token.text == "list":
            self.expect("(")
            element = self.type()
            self.expect(")")
            return ListType(element)
        if token.text == "object":
            self.expect("(")
            name = self.next()
            self.expect(")")
            return ObjectType(ast.literal_eval(name.text) if name.kind == "string" else name.text)
        if token.text == "unit":
            return UNIT
        if token.text in PYTHON_NAMES and self.peek() != "[":
            return PYTHON_NAMES[token.text]
        if token.text == "dtype":
            dtype = self.described()
        elif token.text == "bool_":
            dtype = np.dtype(np.bool_)
        elif token.text in NUMBER_DTYPES:
            dtype = NUMBER_DTYPES[token.text]
        else:
            self.position -= 1
            return self.fail("expected a type")
        if not self.accept("["):
            return TensorType(dtype, (), SCALAR)
        dims = self.sequence("]", lambda: None if self.accept("?") else int(self.next().text))
        return TensorType(dtype, tuple(dims), ARRAY)

    def described(self) -> np.dtype[Any]:
        self.expect("(")
        description = self.value()
        self.expect(")")
        found: np.dtype[Any] = np.lib.format.descr_to_dtype(description)
        return found

    def value(self) -> Any:
        """A parameter."""
        token = Token(self.kind, self.peek())
        if token.kind == "string":
            return ast.literal_eval(self.next().text)
        if token.kind == "path":
            return self.imported(self.next().text)
        if token.text in {"True", "False", "None"}:
            return WORDS[self.next().text]
        if token.kind == "number" or token.text in {"-", "nan", "inf", "complex"}:
            return self.number()
        if self.accept("..."):
            return ...
        if self.accept("("):
            return tuple(self.sequence(")", self.value))
        if self.accept("["):
            return self.sequence("]", self.value)
        if self.accept("slice"):
            self.expect("(")
            return slice(*self.sequence(")", self.value))
        if self.accept("<"):
            type_ = self.type()
            self.expect(">")
            return type_
        return self.dtype_or_scalar()

    def dtype_or_scalar(self) -> Any:
        if self.peek() == "bool":
            self.next()
            return np.dtype(np.bool_)
        type_ = self.type()
        if not isinstance(type_, TensorType):
            self.fail("expected a value")
        if self.peek() == "(" or self.kind == "string":
            return self.content(type_)
        return type_.dtype

    def imported(self, path: str) -> Any:
        module, _, name = path[1:].partition(":")
        if "<" in name:
            self.fail(f"{path[1:]} cannot be read back: it has no name from which it can be imported")
        if name.startswith("OPS."):
            return find_op(name[4:])
        try:
            return functools.reduce(getattr, name.split("."), importlib.import_module(module))
        except (ImportError, AttributeError) as error:
            self.fail(f"{path[1:]} cannot be imported: {error}")


def _join_complex(real: Any, imag: Any, dtype: np.dtype[Any] | None) -> Any:
    if dtype is None:
        return complex(real, imag)
    result = np.empty((), dtype)
    result.real, result.imag = real, imag
    return result[()]
