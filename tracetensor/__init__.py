"""tracetensor: ordinary NumPy functions as graphs that are optimised, inspected and run by a compiled machine."""

from collections.abc import Callable as _Callable
from typing import Any as _Any

from tracetensor import cache as cache
from tracetensor import testing as testing
from tracetensor.api import compile as compile
from tracetensor.api import make_graph as make_graph
from tracetensor.api import optimize as optimize
from tracetensor.api import trace as trace
from tracetensor.batching import vmap as vmap
from tracetensor.checkpoint import checkpoint as checkpoint
from tracetensor.config import config as config
from tracetensor.custom import clip_gradient as clip_gradient
from tracetensor.custom import custom_jvp as custom_jvp
from tracetensor.custom import custom_vjp as custom_vjp
from tracetensor.errors import FallbackWarning as FallbackWarning
from tracetensor.errors import GraphError as GraphError
from tracetensor.errors import TraceError as TraceError
from tracetensor.errors import TypeInferenceError as TypeInferenceError
from tracetensor.function import Traced as Traced
from tracetensor.gradient import DisconnectedInputError as DisconnectedInputError
from tracetensor.gradient import Lop as Lop
from tracetensor.gradient import Rop as Rop
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
from tracetensor.implicit import fixed_point as fixed_point
from tracetensor.implicit import implicit_root as implicit_root
from tracetensor.pullbacks import vjp as vjp
from tracetensor.symbolic import Function as Function
from tracetensor.symbolic import function as function
from tracetensor.tracer.declared import callback as callback
from tracetensor.tracer.declared import pure as pure
from tracetensor.tracer.registered import register_pytree as register_pytree
from tracetensor.transforms import elementwise_grad as elementwise_grad
from tracetensor.transforms import grad as grad
from tracetensor.transforms import hessian as hessian
from tracetensor.transforms import hvp as hvp
from tracetensor.transforms import jacfwd as jacfwd
from tracetensor.transforms import jacobian as jacobian
from tracetensor.transforms import jacrev as jacrev
from tracetensor.transforms import jvp as jvp
from tracetensor.transforms import linearize as linearize
from tracetensor.transforms import stop_gradient as stop_gradient
from tracetensor.transforms import value_and_grad as value_and_grad

__version__ = "0.1.0"

__all__ = [
    "DisconnectedInputError",
    "FallbackWarning",
    "Function",
    "Graph",
    "GraphError",
    "Lop",
    "Rop",
    "TensorType",
    "TraceError",
    "Traced",
    "TypeInferenceError",
    "Variable",
    "callback",
    "checkpoint",
    "clip_gradient",
    "compile",
    "config",
    "constant",
    "custom_jvp",
    "custom_vjp",
    "elementwise_grad",
    "fixed_point",
    "function",
    "function_graph",
    "grad",
    "hessian",
    "hvp",
    "ifelse",
    "implicit_root",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "make_graph",
    "optimize",
    "parse_graph",
    "print_graph",
    "pure",
    "register_pytree",
    "scan",
    "stop_gradient",
    "tensor",
    "trace",
    "until",
    "value_and_grad",
    "vjp",
    "vmap",
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
