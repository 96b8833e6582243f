"""The ops: one family a file. Importing this package enters all of them in the table."""

from tracetensor.graph.ops import calculus as calculus
from tracetensor.graph.ops import composed as composed
from tracetensor.graph.ops import control as control
from tracetensor.graph.ops import conversion as conversion
from tracetensor.graph.ops import creation as creation
from tracetensor.graph.ops import dims as dims
from tracetensor.graph.ops import elementwise as elementwise
from tracetensor.graph.ops import exceptions as exceptions
from tracetensor.graph.ops import fourier as fourier
from tracetensor.graph.ops import indexing as indexing
from tracetensor.graph.ops import joining as joining
from tracetensor.graph.ops import library as library
from tracetensor.graph.ops import linalg as linalg
from tracetensor.graph.ops import products as products
from tracetensor.graph.ops import reduction as reduction
from tracetensor.graph.ops import scalars as scalars
from tracetensor.graph.ops import selection as selection
from tracetensor.graph.ops import shape as shape
from tracetensor.graph.ops import sorting as sorting
