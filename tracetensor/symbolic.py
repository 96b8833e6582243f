"""Functions of symbolic variables: `tt.function([x], outputs)` compiles the graph between them."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor import stages
from tracetensor.config import option
from tracetensor.errors import Deoptimise, message
from tracetensor.graph.builder import function_graph
from tracetensor.graph.text import print_type
from tracetensor.graph.types import PYTHON_KINDS, TensorType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.graph import Graph
    from tracetensor.graph.node import Variable


def function(inputs: Sequence[Variable], outputs: Any, *, name: str = "function") -> Function:
    """Compile the outputs as a function of the inputs.

    inputs: variables; those with a name can also be given by keyword. outputs: a variable, or a list, a tuple or
    a dict of them; calls return the same structure of values. Raises GraphError if an output needs a variable
    that is not among the inputs. Cost: rewriting and compiling, about 0.1 ms per node.
    """
    if not isinstance(inputs, (list, tuple)):
        msg = f"function() takes a list of inputs, not {inputs!r}"
        raise TypeError(msg)
    if isinstance(outputs, dict):
        keys, values = list(outputs), list(outputs.values())
    else:
        keys, values = None, list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    graph = function_graph(inputs, values, name=name)
    if option("optimize"):
        graph = stages.optimize(graph, check=option("check"), algebra=False)
    graph = stages.separate_outputs(graph, list(range(len(values))))
    structure = keys if keys is not None else type(outputs) if isinstance(outputs, (list, tuple)) else None
    return Function(graph, structure)


class Function:
    """A compiled graph that is called with values of its inputs, by position or by name.

    graph: what runs. structure: the keys of the dict that is returned, the class list or tuple, or None for a
    single value. Arguments are converted to the inputs' dtypes where no value can change by it. Results are
    the caller's own: they share memory with nothing.
    """

    def __init__(self, graph: Graph, structure: Any = None) -> None:
        self.graph = graph
        self.structure = structure
        self.__name__ = graph.name
        self._program = stages.compile_graph(graph)
        self._names = [v.name for v in graph.inputs]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs or len(args) != len(self._names):
            args = self._bind(args, kwargs)
        values = [_convert(a, v) for a, v in zip(args, self.graph.inputs, strict=True)]
        try:
            outputs = self._program(*values)
        except Deoptimise as error:
            msg = f"{self.__name__}: {error.reason}"
            raise OverflowError(msg) from None
        for k in self._uncertain:
            outputs[k] = _own(outputs[k], values)
        if self.structure is None:
            return outputs[0]
        if self.structure in (list, tuple):
            return self.structure(outputs)
        return dict(zip(self.structure, outputs, strict=True))

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        """The arguments by position. Raises TypeError, worded as Python's, if they do not fit."""
        if len(args) > len(self._names):
            msg = f"{self.__name__}() takes {len(self._names)} arguments but {len(args)} were given"
            raise TypeError(msg)
        rest = self._names[len(args) :]
        for name in kwargs:
            if name not in rest:
                word = "multiple values for" if name in self._names else "an unexpected keyword"
                msg = f"{self.__name__}() got {word} argument {name!r}"
                raise TypeError(msg)
        missing = [name or "(no name)" for name in rest if name not in kwargs]
        if missing:
            msg = f"{self.__name__}() is missing {len(missing)} arguments: {', '.join(missing)}"
            raise TypeError(msg)
        return (*args, *[kwargs[str(name)] for name in rest])

    @functools.cached_property
    def _uncertain(self) -> list[int]:
        """Outputs of branches and loops: they may turn out to be an argument, a constant or one another."""
        return [
            k
            for k, v in enumerate(self.graph.outputs)
            if v.node is not None
            and v.node.op.family == "control"
            and isinstance(v.type, TensorType)
            and v.type.is_array
        ]

    def __repr__(self) -> str:
        inputs = ", ".join(
            f"{n or '?'}: {print_type(v.type)}" for n, v in zip(self._names, self.graph.inputs, strict=True)
        )
        return f"<function {self.__name__}({inputs})>"

    def __reduce__(self) -> tuple[Any, ...]:
        return Function, (self.graph, self.structure)


def _convert(value: Any, variable: Variable) -> Any:
    """A value as the input wants it. Raises TypeError where its dtype, rank or a fixed dim does not fit."""
    wanted = variable.type
    if not isinstance(wanted, TensorType):
        return value
    if wanted.is_python:
        if type(value) is PYTHON_KINDS[wanted.kind]:
            return value
        raise _misfit(value, variable, "")
    if isinstance(value, (bool, int, float, complex)) and not isinstance(value, np.generic):
        weak = np.result_type(value, wanted.dtype) == wanted.dtype
        array = np.asarray(value, wanted.dtype) if weak else np.asarray(value)
    else:
        array = np.asarray(value)
    if not np.can_cast(array.dtype, wanted.dtype, "safe"):
        rounds = np.can_cast(array.dtype, wanted.dtype, "same_kind")
        fix = f"value.astype({wanted.dtype.name!r}), if rounding is meant" if rounds else ""
        raise _misfit(value, variable, fix)
    if array.ndim != wanted.ndim or any(
        d is not None and d != n for n, d in zip(array.shape, wanted.shape, strict=True)
    ):
        raise _misfit(value, variable, "")
    if wanted.is_array:
        return array.astype(wanted.dtype, copy=False)
    return array.astype(wanted.dtype, copy=False)[()]


def _misfit(value: Any, variable: Variable, fix: str) -> TypeError:
    label = variable.name or "an input"
    if isinstance(value, (np.ndarray, np.generic)):
        given = f"{value.dtype.name}[{', '.join(map(str, value.shape))}]"
    else:
        given = f"a {type(value).__name__}"
    return TypeError(message(f"{label} is {print_type(variable.type)}: {given} does not fit", fix=fix))


def _own(output: Any, values: list[Any]) -> Any:
    shared = any(isinstance(v, np.ndarray) and stages.reaches(output, v) for v in values)
    return output.copy() if shared or not output.flags.writeable else output
