"""Lowering of ops that are NumPy's own functions: called directly, past the wrappers in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.vm import products
from tracetensor.vm.assembler import OBJECT, CallForm, canonical
from tracetensor.vm.calls import CallSite
from tracetensor.vm.creation import empty, ones, zeros
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.lowering import elementwise, is_plain, lowers
from tracetensor.vm.rolls import roll
from tracetensor.vm.solvers import cholesky, det, inv, norm, solve
from tracetensor.vm.statistics import (
    argwhere,
    array_equal,
    greatest,
    least,
    mean,
    median,
    ptp,
    std,
    total,
    var,
)

if TYPE_CHECKING:
    from tracetensor.graph.node import Node, Variable
    from tracetensor.vm.compiler import Compiler

    Values = dict[Variable, int]

REDUCTIONS = {
    "sum": total, "prod": np.multiply.reduce, "min": least, "max": greatest,
    "any": np.logical_or.reduce, "all": np.logical_and.reduce,
}  # fmt: skip
PRODUCTS = {"matmul": np.matmul, "dot": np.dot}
CREATION = {"zeros": zeros, "ones": ones, "empty": empty}
SOLVERS = {"solve": solve, "inv": inv, "det": det, "cholesky": cholesky, "norm": norm}
STATISTICS = {"mean": mean, "var": var, "std": std, "ptp": ptp, "median": median}
"""Functions of one array, the axes, and options."""
SEARCHES = {"array_equal": array_equal, "argwhere": argwhere}
SMALL_PRODUCTS = {"matmul": products.matmul, "dot": products.dot}


def direct(
    compiler: Compiler,
    node: Node,
    values: Values,
    function: Any,
    *extra: Any,
    reads: int | None = None,
    loop: str = "",
    **keywords: Any,
) -> bool:
    """Call a function on the node's inputs (the first `reads` of them), constants, and keywords.

    loop: where it does the same to each item, the types that it takes and gives; see lowering.elementwise.
    """
    registers = [compiler.read(values, v) for v in node.inputs[:reads]]
    registers += [compiler.constant(value, OBJECT) for value in extra]
    targets = [compiler.result(values, v) for v in node.outputs]
    site = CallSite(function, registers, targets, [v.type for v in node.outputs], keywords)
    form = elementwise(node, registers[: len(loop) - 1], loop) if loop else None
    call = CallForm(node.op.name, tuple(registers), node.params)
    compiler.emit_site(Opcode.CALL, site, registers, targets, form, None if form else call)
    return True


@lowers(*REDUCTIONS)
def lower_reduction(compiler: Compiler, node: Node, values: Values) -> bool:
    """A reduction without `initial` and `where`: ufunc.reduce is what NumPy's function comes to."""
    params = node.params
    if (
        len(node.inputs) != 1
        or not is_plain(node.inputs[0].type)
        or not params.keys() <= {"axis", "keepdims", "dtype"}
    ):
        return False
    return direct(compiler, node, values, REDUCTIONS[node.op.name], **{"axis": None, **params})


@lowers(*PRODUCTS)
def lower_product(compiler: Compiler, node: Node, values: Values) -> bool:
    """A product without options; in loops, small ones are not BLAS's."""
    functions = SMALL_PRODUCTS if compiler.loops else PRODUCTS
    return not node.params and direct(compiler, node, values, functions[node.op.name])


@lowers(*CREATION)
def lower_creation(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.zeros(dims, dtype, order) and its like."""
    return direct(compiler, node, values, CREATION[node.op.name], **node.params)


@lowers(*SOLVERS)
def lower_solver(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.linalg.solve and its like, of doubles."""
    if "names" in node.params or not all(v.dtype == np.float64 for v in node.inputs if is_plain(v.type)):
        return False
    return direct(compiler, node, values, SOLVERS[node.op.name], **node.params)


@lowers(*STATISTICS)
def lower_statistic(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.mean, var, std, ptp and median."""
    options = {"axis", "keepdims"} | {"mean": {"dtype"}, "ptp": set(), "median": set()}.get(
        node.op.name, {"dtype", "ddof"}
    )
    if len(node.inputs) != 1 or not is_plain(node.inputs[0].type) or not node.params.keys() <= options:
        return False
    return direct(compiler, node, values, STATISTICS[node.op.name], **node.params)


@lowers(*SEARCHES)
def lower_search(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.array_equal and argwhere."""
    if node.params or not all(is_plain(v.type) for v in node.inputs):
        return False
    return direct(compiler, node, values, SEARCHES[node.op.name])


@lowers("roll")
def lower_roll(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.roll(x, shift, axis=axis) of an array of numbers."""
    if not is_plain(node.inputs[0].type) or node.params.keys() - {"axis"}:
        return False
    return direct(compiler, node, values, roll, **node.params)


@lowers("where")
def lower_where(compiler: Compiler, node: Node, values: Values) -> bool:
    """numpy.where(condition, x, y)."""
    out = canonical(node.out.dtype).char if is_plain(node.out.type) else ""
    return direct(compiler, node, values, np.where, loop=out and f"?{out}{out}{out}")


@lowers("reshape")
def lower_reshape(compiler: Compiler, node: Node, values: Values) -> bool:
    """x.reshape(*dims, order=order)."""
    if not is_plain(node.inputs[0].type) or not is_plain(node.out.type) or node.params.get("ravel"):
        return False
    if len(node.inputs) == 1:  # the shape is (), which numpy.ndarray.reshape takes as a tuple only
        return False
    return direct(compiler, node, values, np.ndarray.reshape, order=node.params["order"])


def lower_array_cast(compiler: Compiler, node: Node, values: Values) -> bool:
    """x.astype(dtype) of an array."""
    if not is_plain(node.inputs[0].type) or not is_plain(node.out.type):
        return False
    loop = canonical(node.inputs[0].dtype).char + canonical(node.out.dtype).char
    return direct(compiler, node, values, np.ndarray.astype, node.params["dtype"], loop=loop)
