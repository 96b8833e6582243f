"""Rules: a pattern, a replacement, how exact it is, and an example that the tests run; lists of rules.

A rule by pattern is a function of the pattern's variables; a rule by op is a function of the node.

    rules = RuleList("examples")
    X = anything("x", "float64[?]", dtypes="f")

    @rules.add(log(1 + exp(X)), exactness=MORE_ACCURATE, example=dict(x=(3,)))
    def log_one_plus_exp(x):
        '''log(1 + exp(x)) -> softplus(x): finite where exp overflows.'''
        return softplus(x)

    @rules.on("cast", example=given("float64[3]", lambda x: cast(x, dtype=x.dtype, kind="array")))
    def cast_to_same(node):
        '''A cast to the dtype and kind that the value has -> the value.'''
        return node.inputs[0] if node.inputs[0].type is node.out.type else None
"""

from __future__ import annotations

import dataclasses
import functools
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeAlias

import numpy as np

from tracetensor.errors import GraphError
from tracetensor.graph.builder import function_graph
from tracetensor.graph.node import Constant, Node, Variable, freeze, input_variable
from tracetensor.graph.parse import parse_type
from tracetensor.graph.types import TensorType, Type, conforms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from tracetensor.graph.graph import Graph, Location
    from tracetensor.graph.op import Op

    Result: TypeAlias = "Variable | Sequence[Variable] | Replacement | None"
    Bindings = dict["Anything", Variable]
    Matcher = Callable[[Variable, Bindings], bool]

EXACT: Final = 0
"""The same value, bit for bit (a NaN may be another NaN)."""
ROUNDING: Final = 1
"""The same value up to the rounding of its last digits."""
MORE_ACCURATE: Final = 2
"""Closer to the value in real numbers; finite where the original overflows."""
REAL_ALGEBRA: Final = 3
"""Equal in real algebra only: x * y / x -> y. Applied where asked for."""


@dataclasses.dataclass(frozen=True, slots=True)
class Example:
    """A graph that a rule rewrites: the types of its inputs as text, and what is computed from them.

    certain: whether the rule must apply; else it may, and must then be right.
    """

    types: tuple[str, ...]
    build: Callable[..., Any]
    certain: bool = True

    def graph(self) -> Graph:
        inputs = [input_variable(parse_type(text), f"x{k}") for k, text in enumerate(self.types)]
        outputs = self.build(*inputs)
        return function_graph(inputs, outputs if isinstance(outputs, (list, tuple)) else [outputs])


def given(*parts: Any) -> Example:
    """An example: types as text, then a function of variables of these types."""
    return Example(tuple(parts[:-1]), parts[-1])


class Replacement(NamedTuple):
    """What a rule gives where effects are concerned: outputs, and the roots that take the place of the node.

    locations: the user's lines of nodes that stood in a body, and keep their own.
    """

    outputs: tuple[Variable, ...]
    roots: tuple[Variable, ...]
    locations: Mapping[Node, Location] = MappingProxyType({})


@dataclasses.dataclass(frozen=True, slots=True)
class Rule:
    """A named local rewrite.

    function takes a node whose op is one of `ops` ("*": any op) and returns the variables that replace its outputs (one
    variable, or a sequence that may name outputs to keep), or None where the rule doesn't apply. declines:
    whether a result of another type means that the rule doesn't apply; else it is an error of the rule.
    make_examples: gives the examples; called by tests only.
    """

    name: str
    ops: tuple[str, ...]
    function: Callable[[Node], Result]
    exactness: int
    make_examples: Callable[[], Sequence[Example]]
    declines: bool
    doc: str

    @property
    def examples(self) -> Sequence[Example]:
        return self.make_examples()


class Anything(Variable):
    """A variable of a pattern: stands for any variable that it accepts."""

    __slots__ = ("accepts", "dtypes", "sample")

    def __init__(
        self, name: str, sample: str, dtypes: str, accepts: Callable[[Variable], bool] | None
    ) -> None:
        super().__init__(parse_type(sample), name)
        self.accepts = accepts
        self.dtypes = dtypes
        self.sample = sample


def anything(
    name: str,
    sample: str = "float64[?]",
    *,
    dtypes: str = "",
    kind: str = "",
    where: Callable[[Variable], bool] | None = None,
) -> Anything:
    """A pattern variable. sample: the type with which the pattern is built, and examples are run.

    It matches variables whose dtype's kind is one of `dtypes` (NumPy's letters), whose scalar kind is `kind`
    and for which `where` holds; each condition only if given.
    """

    def accepts(variable: Variable) -> bool:
        type_ = variable.type
        return (
            isinstance(type_, TensorType)
            and (not dtypes or type_.dtype.kind in dtypes)
            and (not kind or type_.kind == kind)
            and (where is None or where(variable))
        )

    return Anything(name, sample, dtypes, accepts if dtypes or kind or where is not None else None)


class RuleList:
    """The rules of one file, in the order in which they are tried."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.rules: list[Rule] = []

    def __iter__(self) -> Iterator[Rule]:
        return iter(self.rules)

    def __len__(self) -> int:
        return len(self.rules)

    def on(
        self, *ops: str | Op, exactness: int = EXACT, example: Example | Sequence[Example] = ()
    ) -> Callable[[Callable[[Node], Result]], Callable[[Node], Result]]:
        """Enter a function of a node as a rule for these ops."""

        def enter(function: Callable[[Node], Result]) -> Callable[[Node], Result]:
            names = tuple(op if isinstance(op, str) else op.name for op in ops)
            examples = (example,) if isinstance(example, Example) else tuple(example)
            self._enter(
                function, names, function, exactness=exactness, make_examples=lambda: examples, declines=False
            )
            return function

        return enter

    def add(
        self,
        *patterns: Variable,
        exactness: int = EXACT,
        condition: Callable[..., bool] | None = None,
        example: Mapping[str, Sequence[int]] | None = None,
    ) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
        """Enter a function of a pattern's variables, by name, as a rule. Several patterns: a rule for each, of one name.

        A match applies if condition(**bindings) holds and if the result has the type of what it replaces.
        """

        def enter(function: Callable[..., Any]) -> Callable[..., Any]:
            for pattern in patterns:
                if pattern.node is None:
                    msg = f"rule {function.__name__}: a pattern is an op applied to something"
                    raise GraphError(msg)
                apply_rule = _pattern_function(pattern, function, condition)
                self._enter(
                    function,
                    (pattern.node.op.name,),
                    apply_rule,
                    exactness=exactness,
                    make_examples=functools.partial(_pattern_examples, pattern, example or {}),
                    declines=True,
                )
            return function

        return enter

    def _enter(
        self, named: Callable[..., Any], ops: tuple[str, ...], function: Callable[[Node], Result], **rest: Any
    ) -> None:
        doc = (named.__doc__ or "").strip()
        name = named.__name__
        if not doc:
            msg = f"rule {name} has no docstring to say what it does and why"
            raise GraphError(msg)
        self.rules.append(Rule(name=name, ops=ops, function=function, doc=doc, **rest))


def _pattern_function(
    pattern: Variable, function: Callable[..., Any], condition: Callable[..., bool] | None
) -> Callable[[Node], Result]:
    match = compile_pattern(pattern)

    def apply_rule(node: Node) -> Result:
        bindings: Bindings = {}
        if not match(node.outputs[0], bindings):
            return None
        named = {str(variable.name): value for variable, value in bindings.items()}
        if condition is not None and not condition(**named):
            return None
        result: Result = function(**named)
        return result

    return apply_rule


VARIANTS: Final = {"f": "float32", "c": "complex64", "i": "int8", "u": "uint8", "b": "bool"}
"""A dtype of every kind: pattern rules are tested on those that their variables accept."""


def _pattern_examples(pattern: Variable, shapes: Mapping[str, Sequence[int]]) -> list[Example]:
    """The pattern itself as an example, on the sample types and on arrays of other dtypes."""
    variables = pattern_variables(pattern)

    def build(*values: Variable) -> Variable:
        return substitute(pattern, dict(zip(variables, values, strict=True)))

    def types(dtype: str | None, kind: str) -> tuple[str, ...]:
        return tuple(
            [
                _variant(v, shapes.get(str(v.name)), dtype if kind in (v.dtypes or kind) else None)
                for v in variables
            ]
        )

    found = {types(None, ""): Example(types(None, ""), build)}
    for kind, dtype in VARIANTS.items():
        found.setdefault(types(dtype, kind), Example(types(dtype, kind), build, certain=False))
    return list(found.values())


def _variant(variable: Anything, shape: Sequence[int] | None, dtype: str | None) -> str:
    type_ = variable.tensor
    if not type_.is_array or (shape is None and dtype is None):
        return variable.sample
    return repr(TensorType(dtype or type_.dtype, type_.shape if shape is None else tuple(shape)))


def pattern_variables(pattern: Variable) -> list[Anything]:
    """The pattern's variables, in the order of their appearance."""
    if isinstance(pattern, Anything):
        return [pattern]
    inputs = pattern.node.inputs if pattern.node is not None else ()
    return list(dict.fromkeys(v for source in inputs for v in pattern_variables(source)))


def substitute(pattern: Variable, values: Mapping[Any, Variable]) -> Variable:
    """The pattern with its variables replaced."""
    if pattern.node is None:
        return values.get(pattern, pattern)
    node = pattern.node
    new = node.op.node(*[substitute(v, values) for v in node.inputs], **node.params)
    return new.outputs[pattern.index]


def compile_pattern(pattern: Variable) -> Matcher:
    """A function that tells whether a variable matches, and enters what the pattern's variables stand for."""
    if isinstance(pattern, Constant):
        return _match_constant(pattern)
    if isinstance(pattern, Anything):
        return _match_variable(pattern)
    if pattern.node is None:
        msg = f"{pattern!r} cannot stand in a pattern: it is an input, not made by `anything`"
        raise GraphError(msg)
    return _match_node(pattern.node, pattern.index)


def _match_constant(pattern: Constant) -> Matcher:
    wanted = pattern.value
    negative = bool(np.signbit(wanted)) if isinstance(wanted, (int, float)) else False

    def match(variable: Variable, bindings: Bindings) -> bool:
        if (
            not isinstance(variable, Constant)
            or not isinstance(variable.type, TensorType)
            or variable.type.ndim
        ):
            return False
        value = variable.value
        return bool(value == wanted) and (bool(wanted) or bool(np.signbit(np.real(value))) == negative)

    return match


def _match_variable(pattern: Anything) -> Matcher:
    accepts = pattern.accepts

    def match(variable: Variable, bindings: Bindings) -> bool:
        bound = bindings.get(pattern)
        if bound is not None:
            return bound is variable
        if accepts is not None and not accepts(variable):
            return False
        bindings[pattern] = variable
        return True

    return match


def _match_node(node: Node, index: int) -> Matcher:
    op, params = node.op, {k: freeze(v) for k, v in node.params.items()}
    parts = [compile_pattern(v) for v in node.inputs]
    swapped = parts[::-1] if op.commutative and len(parts) == 2 else None

    def match_all(matchers: list[Matcher], inputs: tuple[Variable, ...], bindings: Bindings) -> bool:
        for matcher, variable in zip(matchers, inputs, strict=True):  # noqa: SIM110 - faster than all()
            if not matcher(variable, bindings):
                return False
        return True

    def match(variable: Variable, bindings: Bindings) -> bool:
        made = variable.node
        if made is None or made.op is not op or variable.index != index or len(made.inputs) != len(parts):
            return False
        if params and {k: freeze(v) for k, v in made.params.items()} != params:
            return False
        before = dict(bindings) if swapped is not None and bindings else None
        if match_all(parts, made.inputs, bindings):
            return True
        if swapped is None:
            return False
        bindings.clear()
        if before is not None:
            bindings.update(before)
        return match_all(swapped, made.inputs, bindings)

    return match


def fits(new: Type, old: Type) -> bool:
    """Whether a value of type `new` may stand where one of type `old` stood: dims may be better known."""
    return conforms(new, old)
