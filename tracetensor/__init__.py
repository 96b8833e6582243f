"""tracetensor: ordinary NumPy functions as graphs that are optimised, inspected and run by a compiled machine."""

from collections.abc import Callable as _Callable
from typing import Any as _Any

from tracetensor.api import compile as compile
from tracetensor.api import make_graph as make_graph
from tracetensor.api import optimize as optimize
from tracetensor.api import trace as trace
from tracetensor.config import config as config
from tracetensor.errors import FallbackWarning as FallbackWarning
from tracetensor.errors import GraphError as GraphError
from tracetensor.errors import TraceError as TraceError
from tracetensor.errors import TypeInferenceError as TypeInferenceError
from tracetensor.function import Traced as Traced
from tracetensor.graph import builder as _builder
from tracetensor.graph.builder import function_graph as function_graph
from tracetensor.graph.builder import ifelse as ifelse
from tracetensor.graph.builder import scan as scan
from tracetensor.graph.builder import tensor as tensor
from tracetensor.graph.builder import until as until
from tracetensor.graph.builder import while_loop as while_loop
from tracetensor.graph.graph import Graph as Graph
from tracetensor.graph.node import Variable as Variable
from tracetensor.graph.node import constant as constant
from tracetensor.graph.text import parse_graph as parse_graph
from tracetensor.graph.text import print_graph as print_graph
from tracetensor.graph.types import TensorType as TensorType
from tracetensor.symbolic import Function as Function
from tracetensor.symbolic import function as function
from tracetensor.tracer.declared import callback as callback
from tracetensor.tracer.declared import pure as pure
from tracetensor.tracer.registered import register_pytree as register_pytree
from tracetensor.transforms import grad as grad
from tracetensor.transforms import value_and_grad as value_and_grad

__version__ = "0.1.0"

__all__ = [
    "FallbackWarning",
    "Function",
    "Graph",
    "GraphError",
    "TensorType",
    "TraceError",
    "Traced",
    "TypeInferenceError",
    "Variable",
    "callback",
    "compile",
    "config",
    "constant",
    "function",
    "function_graph",
    "grad",
    "ifelse",
    "make_graph",
    "optimize",
    "parse_graph",
    "print_graph",
    "pure",
    "register_pytree",
    "scan",
    "tensor",
    "trace",
    "until",
    "value_and_grad",
    "while_loop",
]


def __getattr__(name: str) -> _Callable[..., _Any]:
    """The inputs by rank and dtype (scalar, vector, dmatrix, ftensor3, dmatrices …), which the builder makes."""
    try:
        return _builder.CONSTRUCTORS[name]
    except KeyError:
        msg = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(msg) from None


def __dir__() -> list[str]:
    return sorted([*globals(), *_builder.CONSTRUCTORS])
