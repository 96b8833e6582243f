"""tracetensor: ordinary NumPy functions as graphs that are optimised, inspected and run by a compiled machine."""

from tracetensor.api import compile as compile
from tracetensor.api import make_graph as make_graph
from tracetensor.api import optimize as optimize
from tracetensor.api import trace as trace
from tracetensor.config import config as config
from tracetensor.errors import FallbackWarning as FallbackWarning
from tracetensor.errors import GraphError as GraphError
from tracetensor.errors import TraceError as TraceError
from tracetensor.function import Traced as Traced
from tracetensor.graph.graph import Graph as Graph
from tracetensor.graph.types import TensorType as TensorType

__version__ = "0.1.0"
