"""The op record: everything that is peculiar to an op stands in one such record, in one file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.errors import GraphError
from tracetensor.graph.node import Variable, apply, as_variable
from tracetensor.graph.types import Type

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tracetensor.graph.node import Node

    Infer = Callable[[Sequence[Type], Mapping[str, Any]], Type | tuple[Type, ...]]

OPS: dict[str, Op] = {}
"""Every op by name: what the text parser, the tables in the docs and the tests run over."""


class Op:
    """One op.

    name: unique; what graphs print. evaluate: its meaning, a function of run-time values and parameters,
    `evaluate(*values, **params)`; the oracle of every test and the kernel of last resort. infer: the type (or
    the tuple of types) of the result, `infer(types, params)`; raises TypeInferenceError. raises: whether
    evaluation may raise (or a function of the node). effect: whether it does something besides returning a
    value (it is then never merged, dropped or moved). family: the file's subject, by which kernels are chosen.
    answers: the NumPy functions that the tracer turns into this op, each called with the same arguments.
    views: whether the result may share memory with the first input. domain: where tests draw samples from.
    by_value: whether the types of the results depend on more than the types of the inputs: on constants.
    """

    __slots__ = (
        "answers", "by_value", "commutative", "domain", "effect", "evaluate", "family", "infer", "name", "raises", "views",
    )  # fmt: skip

    def __init__(  # noqa: PLR0913 - a record: all but the name by keyword
        self,
        name: str,
        *,
        evaluate: Callable[..., Any],
        infer: Infer,
        family: str,
        raises: bool | Callable[[Node], bool] = False,
        effect: bool = False,
        commutative: bool = False,
        views: bool = False,
        answers: tuple[Any, ...] = (),
        domain: Any = None,
    ) -> None:
        self.name = name
        self.evaluate = evaluate
        self.infer = infer
        self.family = family
        self.raises = raises
        self.effect = effect
        self.commutative = commutative
        self.views = views
        self.answers = answers
        self.domain = domain
        self.by_value = type(self).infer_types is not Op.infer_types

    def infer_types(
        self, types: tuple[Type, ...], params: Mapping[str, Any], inputs: Sequence[Variable] = ()
    ) -> tuple[Type, ...]:
        """The types of all outputs."""
        result = self.infer(types, params)
        return result if isinstance(result, tuple) else (result,)

    def __call__(self, *inputs: Any, **params: Any) -> Any:
        """Build the node; return its variable, or the tuple of them if the op has several results."""
        node = apply(self, [as_variable(v) for v in inputs], params)
        return node.outputs[0] if len(node.outputs) == 1 else node.outputs

    def node(self, *inputs: Any, **params: Any) -> Node:
        """Build the node, and return it."""
        return apply(self, [as_variable(v) for v in inputs], params)

    def __repr__(self) -> str:
        return f"<op {self.name}>"

    def __reduce__(self) -> tuple[Any, ...]:
        return find_op, (self.name,)

    def __deepcopy__(self, memo: dict[int, Any]) -> Op:
        return self


def register(op: Op) -> Op:
    """Enter an op in the table; raises GraphError if the name is taken."""
    if op.name in OPS:
        msg = f"there is an op named {op.name!r} already"
        raise GraphError(msg)
    OPS[op.name] = op
    return op


def find_op(name: str) -> Op:
    """The op of that name; raises GraphError if there is none."""
    try:
        return OPS[name]
    except KeyError:
        msg = f"there is no op named {name!r}"
        raise GraphError(msg) from None


def may_raise(node: Node) -> bool:
    """Whether evaluating the node may raise: it then stands among its graph's roots."""
    found = node.raises
    if found is None:
        raises = node.op.raises
        found = node.raises = raises if isinstance(raises, bool) else raises(node)
    return found
