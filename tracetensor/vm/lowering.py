"""How nodes become instructions, op by op; an op that is not here becomes a call of its own function.

A lowering is a function (compiler, node, values) -> bool: it emits instructions and gives the node's outputs
registers, or returns False, having done nothing, where the plain call is to be used.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.graph.infer import operand_dtype, ufunc_dtypes
from tracetensor.graph.node import Constant, Variable
from tracetensor.graph.op import may_raise
from tracetensor.graph.ops.control import placeholder
from tracetensor.graph.ops.elementwise import UFUNCS
from tracetensor.graph.ops.scalars import BINARY, MATH, PYTHON, UNARY
from tracetensor.graph.types import BOOL, COMPLEX, FLOAT, ListType, TensorType
from tracetensor.vm.assembler import (
    NUMPY,
    OBJECT,
    PY_BOOL,
    PY_COMPLEX,
    PY_FLOAT,
    PY_INT,
    UNBOXED,
    CallForm,
    canonical,
    register_class,
)
from tracetensor.vm.calls import CallSite
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.interpreter import MATH_FUNCTIONS, MATH_FUNCTIONS_OF_TWO
from tracetensor.vm.regions import Elementwise
from tracetensor.vm.ufuncs import UfuncSite

if TYPE_CHECKING:
    from collections.abc import Callable

    from tracetensor.graph.node import Node
    from tracetensor.vm.compiler import Compiler

    Values = dict[Variable, int]
    Lowering = Callable[[Compiler, Node, Values], bool]

LOWERINGS: dict[str, Lowering] = {}
"""The lowering of each op that has one, by name."""

NP_BOOL = NUMPY + np.dtype(np.bool_).num
NP_INT = NUMPY + np.dtype(np.int64).num
NP_FLOAT = NUMPY + np.dtype(np.float64).num
BOOLS = frozenset({PY_BOOL, NP_BOOL})
FLOATS = frozenset({PY_FLOAT, NP_FLOAT})
LARGEST_EXACT = 2**53
COMPARISONS = {"lt": "LT", "le": "LE", "eq": "EQ", "ne": "NE", "gt": "GT", "ge": "GE"}
MIRRORED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
UFUNC_COMPARISONS = {
    "less": "LT", "less_equal": "LE", "equal": "EQ", "not_equal": "NE", "greater": "GT", "greater_equal": "GE",
}  # fmt: skip

HOT: dict[tuple[str, str], int] = {
    **{(name, "d"): Opcode[f"F_{code}"] for name, code in UFUNC_COMPARISONS.items()},
    **{(name, "l"): Opcode[f"I_{code}"] for name, code in UFUNC_COMPARISONS.items()},
    ("add", "d"): Opcode.F_ADD,
    ("subtract", "d"): Opcode.F_SUB,
    ("multiply", "d"): Opcode.F_MUL,
    ("divide", "d"): Opcode.F_QUOTIENT,
    ("negative", "d"): Opcode.F_NEG,
    ("absolute", "d"): Opcode.F_ABS,
    ("fabs", "d"): Opcode.F_ABS,
    ("sqrt", "d"): Opcode.F_SQRT,
    ("add", "l"): Opcode.L_ADD,
    ("subtract", "l"): Opcode.L_SUB,
    ("multiply", "l"): Opcode.L_MUL,
    ("negative", "l"): Opcode.L_NEG,
    ("logical_not", "?"): Opcode.B_NOT,
    ("invert", "?"): Opcode.B_NOT,
    ("logical_and", "?"): Opcode.B_AND,
    ("bitwise_and", "?"): Opcode.B_AND,
    ("logical_or", "?"): Opcode.B_OR,
    ("bitwise_or", "?"): Opcode.B_OR,
    ("bitwise_xor", "?"): Opcode.B_XOR,
    ("logical_xor", "?"): Opcode.B_XOR,
    ("not_equal", "?"): Opcode.B_XOR,
}
"""Ufuncs on scalars that have an instruction of their own, by name and type of the loop's inputs."""


def lowers(*names: str) -> Callable[[Lowering], Lowering]:
    """Enter a lowering under the names of ops."""

    def enter(function: Lowering) -> Lowering:
        for name in names:
            LOWERINGS[name] = function
        return function

    return enter


# -------------------------------------------------------------------------------------------------------------- ufuncs


def is_plain(type_: Any) -> bool:
    """Whether instructions on arrays take values of this type: an array of numbers in the machine's byte order."""
    return (
        isinstance(type_, TensorType)
        and type_.is_array
        and type_.dtype.isnative
        and type_.dtype.kind in "biufc"
    )


def loop_dtypes(node: Node) -> list[np.dtype[Any]]:
    """The dtypes of the loop that a ufunc node runs: inputs, then outputs."""
    operands = tuple([operand_dtype(v.tensor) for v in node.inputs])
    return [canonical(dtype) for dtype in ufunc_dtypes(node.op.evaluate, operands)]


def ufunc_site(node: Node, registers: list[int]) -> UfuncSite | None:
    """The site of a ufunc node; None if it cannot run on NumPy's loops directly."""
    ufunc = node.op.evaluate
    classes = []
    for v in node.inputs:
        cls = register_class(v.type)
        if cls == OBJECT and not is_plain(v.type):
            return None
        classes.append(cls)
    dtypes = loop_dtypes(node)
    for v, cls, dtype in zip(node.inputs, classes, dtypes, strict=False):
        if not dtype.isnative or (cls != OBJECT and v.dtype != dtype and dtype.char not in UNBOXED):
            return None
    rank = node.outputs[0].ndim
    outs = [register_class(v.type) for v in node.outputs]
    if (rank == 0 and OBJECT in outs) or any(d.kind not in "biufc" for d in dtypes):
        return None
    try:
        return UfuncSite(ufunc, registers, classes + outs, dtypes, [v.dtype for v in node.inputs], rank)
    except ValueError:
        return None


@lowers(*UFUNCS)
def lower_ufunc(compiler: Compiler, node: Node, values: Values) -> bool:
    """A ufunc: on registers if the result is a scalar, else on arrays."""
    rank = node.outputs[0].ndim
    if rank == 0 and lower_hot(compiler, node, values):
        return True
    reads = [compiler.read(values, v) for v in node.inputs]
    targets = [compiler.result(values, v) for v in node.outputs]
    site = ufunc_site(node, reads + targets)
    if site is None:
        return False
    if rank == 0:
        compiler.emit_site(Opcode.UFUNC_SCALAR, site, reads, targets)
        return True
    form = (
        elementwise(node, reads, "".join([d.char for d in loop_dtypes(node)])) if len(targets) == 1 else None
    )
    compiler.emit_site(Opcode.UFUNC, site, reads, targets, form)
    return True


def elementwise(node: Node, operands: list[int], loop: str) -> Elementwise | None:
    """What a region is to know of a node that does the same to each item; None if its operands are not numbers.

    loop: characters of the types that the operands are taken as, and of the result's.
    """
    classes, given = [], ""
    for v in node.inputs[: len(operands)]:
        cls = register_class(v.type)
        if cls == OBJECT and not is_plain(v.type):
            return None
        classes.append(cls)
        given += canonical(v.dtype).char
    return Elementwise(
        node.op.name, tuple(operands), tuple(classes), given, loop, node.out.ndim, may_raise(node)
    )


def lower_hot(compiler: Compiler, node: Node, values: Values) -> bool:
    """A ufunc on scalars that has an instruction of its own."""
    if len(node.outputs) != 1 or any(register_class(v.type) == OBJECT for v in node.inputs):
        return False
    dtypes = loop_dtypes(node)
    opcode = HOT.get((node.op.name, dtypes[0].char))
    if opcode is None or any(d != dtypes[0] for d in dtypes[: len(node.inputs)]):
        return False
    operands = [as_loop_scalar(compiler, v, values, dtypes[0]) for v in node.inputs]
    if any(r is None for r in operands):
        return False
    target = compiler.result(values, node.out)
    site = compiler.call_site(node, values) if Opcode(opcode).name.startswith("I_") else None
    compiler.emit(opcode, target, *operands, site=site)  # type: ignore[arg-type]
    return True


def as_loop_scalar(compiler: Compiler, v: Variable, values: Values, dtype: np.dtype[Any]) -> int | None:
    """A register with the scalar as a float64, int64 or bool of the loop; None if that takes more than a move."""
    cls = register_class(v.type)
    char = dtype.char
    if isinstance(v, Constant) and cls in {PY_INT, PY_FLOAT, PY_BOOL}:
        if char == "d" and (cls != PY_INT or abs(v.value) <= LARGEST_EXACT):
            return compiler.constant(float(v.value), PY_FLOAT)
        if char == "l" and cls == PY_INT and abs(v.value) < 2**63:
            return compiler.constant(np.int64(v.value), NP_INT)
    if (char == "d" and cls in FLOATS) or (char == "l" and cls == NP_INT) or (char == "?" and cls in BOOLS):
        return compiler.read(values, v)
    if char == "d" and cls == PY_INT:
        return as_float(compiler, compiler.read(values, v))
    return None


# ------------------------------------------------------------------------------------------------------ Python scalars


def as_float(compiler: Compiler, register: int) -> int:
    """A register with a Python number (not complex) as a float."""
    cls = compiler.classes[register]
    if cls in FLOATS:
        return register
    if register in compiler.constants and abs(compiler.constants[register]) <= LARGEST_EXACT:
        return compiler.constant(float(compiler.constants[register]), PY_FLOAT)
    target = compiler.register(PY_FLOAT)
    if cls in BOOLS:
        compiler.emit(Opcode.B_TO_F, target, register)
    else:
        site = CallSite(float, [register], [target], [FLOAT], {}, quiet=True)
        compiler.emit(Opcode.I_TO_F, target, register, site=site)
    return target


def as_int(compiler: Compiler, register: int) -> int:
    """A register with a Python bool or int as an int."""
    if compiler.classes[register] == PY_INT:
        return register
    target = compiler.register(PY_INT)
    compiler.emit(Opcode.B_TO_I, target, register)
    return target


def finish(compiler: Compiler, node: Node, values: Values, opcode: int, *operands: int) -> bool:
    """Emit an instruction whose slow path is the node's own function."""
    target = compiler.result(values, node.out)
    compiler.emit(opcode, target, *operands, site=compiler.call_site(node, values))
    return True


def plain(compiler: Compiler, node: Node, values: Values, opcode: int, *operands: int) -> bool:
    """Emit an instruction that has no slow path."""
    compiler.emit(opcode, compiler.result(values, node.out), *operands)
    return True


def moved(compiler: Compiler, node: Node, values: Values, register: int) -> bool:
    """The node's value is that of a register."""
    target = compiler.result(values, node.out)
    compiler.move(target, register)
    return True


@lowers(*[PYTHON[name].name for name in BINARY])
def lower_binary(compiler: Compiler, node: Node, values: Values) -> bool:
    """An operator on two Python numbers."""
    name = node.op.name.removeprefix("py.")
    types = [v.type for v in node.inputs]
    a, b = (compiler.read(values, v) for v in node.inputs)
    if COMPLEX in types:
        return lower_complex(compiler, node, values, name, a, b)
    if name in COMPARISONS:
        return lower_comparison(compiler, node, values, name, a, b)
    if node.out.type is BOOL:
        return plain(compiler, node, values, Opcode[f"B_{name.upper()}"], a, b)
    if FLOAT not in types:
        return finish(
            compiler, node, values, Opcode[f"I_{name.upper()}"], as_int(compiler, a), as_int(compiler, b)
        )
    a, b = as_float(compiler, a), as_float(compiler, b)
    code = Opcode[f"F_{name.upper()}"]
    if name in {"add", "sub", "mul"}:
        return plain(compiler, node, values, code, a, b)
    return finish(compiler, node, values, code, a, b)


def lower_complex(compiler: Compiler, node: Node, values: Values, name: str, a: int, b: int) -> bool:
    """Sums and products of complex numbers; where one is real, Python before 3.14 takes it as complex."""
    if name not in {"add", "sub", "mul"}:
        return False
    operands = []
    for r in (a, b):
        if compiler.classes[r] == PY_COMPLEX:
            operands.append(r)
            continue
        if sys.version_info >= (3, 14):
            return False
        operands.append(compiler.register(PY_COMPLEX))
        site = CallSite(complex, [r], [operands[-1]], [COMPLEX], {}, quiet=True)
        compiler.emit(Opcode.CAST, operands[-1], r, site=site)
    return finish(compiler, node, values, Opcode[f"C_{name.upper()}"], *operands)


def lower_comparison(compiler: Compiler, node: Node, values: Values, name: str, a: int, b: int) -> bool:
    """A comparison of Python numbers; an int is compared with a float exactly."""
    classes = [compiler.classes[a], compiler.classes[b]]
    if PY_FLOAT not in classes:
        code = Opcode[f"I_{COMPARISONS[name]}"]
        return finish(compiler, node, values, code, as_int(compiler, a), as_int(compiler, b))
    if PY_INT in classes:
        number, other = (a, b) if classes[0] == PY_INT else (b, a)
        if abs(compiler.constants.get(number, LARGEST_EXACT + 1)) > LARGEST_EXACT:
            how = name if classes[0] == PY_INT else MIRRORED.get(name, name)
            return finish(compiler, node, values, Opcode.COMPARE, number, other, list(COMPARISONS).index(how))
    code = Opcode[f"F_{COMPARISONS[name]}"]
    return plain(compiler, node, values, code, as_float(compiler, a), as_float(compiler, b))


@lowers("py.make_complex")
def lower_make_complex(compiler: Compiler, node: Node, values: Values) -> bool:
    """complex(real, imag) of Python floats."""
    parts = [compiler.read(values, v) for v in node.inputs]
    if any(compiler.classes[r] != PY_FLOAT for r in parts):
        return False
    return plain(compiler, node, values, Opcode.C_MAKE, *parts)


@lowers(*[PYTHON[name].name for name in UNARY])
def lower_unary(compiler: Compiler, node: Node, values: Values) -> bool:
    """An operator on one Python number."""
    name = node.op.name.removeprefix("py.")
    type_ = node.inputs[0].type
    a = compiler.read(values, node.inputs[0])
    if type_ is COMPLEX and name in {"real", "imag"}:
        return plain(compiler, node, values, Opcode[f"C_{name.upper()}"], a)
    if type_ is COMPLEX:
        return name == "abs" and finish(compiler, node, values, Opcode.C_ABS, a)
    if name == "not":
        if type_ is not BOOL:
            truth = compiler.register(PY_BOOL)
            compiler.emit(Opcode.F_TO_B if type_ is FLOAT else Opcode.I_TO_B, truth, a)
            a = truth
        return plain(compiler, node, values, Opcode.B_NOT, a)
    if type_ is FLOAT:
        if name in {"neg", "abs"}:
            return plain(compiler, node, values, Opcode[f"F_{name.upper()}"], a)
        if name == "trunc":
            return finish(compiler, node, values, Opcode.F_TO_I, a)
        return name in {"pos", "real", "conjugate"} and moved(compiler, node, values, a)
    a = as_int(compiler, a)
    if name in {"neg", "abs", "invert"}:
        return finish(compiler, node, values, Opcode[f"I_{name.upper()}"], a)
    return name in {"pos", "trunc", "real", "conjugate"} and moved(compiler, node, values, a)


@lowers("py.bool", "py.int", "py.float", "py.complex", "py.index", "item")
def lower_conversion(compiler: Compiler, node: Node, values: Values) -> bool:
    """bool(x), int(x), float(x), operator.index(x), x.item() of a scalar or of an array of one element."""
    (x,) = node.inputs
    name = node.op.name
    if name == "py.index" and (x.tensor.dtype.kind not in "iu" or x.ndim):
        return False
    if name == "item" and x.tensor.is_python:
        return False
    if is_plain(x.type):
        if x.dtype.char not in UNBOXED or (x.ndim and name not in {"item", "py.bool"}):
            return False
        a = compiler.register(NUMPY + canonical(x.dtype).num)
        target = compiler.result(values, node.out)
        source = compiler.read(values, x)
        compiler.emit(Opcode.ARRAY_TO_SCALAR, a, source, site=compiler.call_site(node, values))
        site = CallSite(node.op.evaluate, [a], [target], [node.out.type], {}, quiet=True)
        compiler.emit(Opcode.CAST, target, a, site=site)
        return True
    a = compiler.read(values, x)
    if compiler.classes[a] == OBJECT:
        return False
    return convert_scalar(compiler, node, values, a)


def convert_scalar(compiler: Compiler, node: Node, values: Values, a: int) -> bool:
    """From an unboxed scalar to another class of them."""
    source, target = compiler.classes[a], register_class(node.out.type)
    if source == target or (source in FLOATS and target in FLOATS) or (source in BOOLS and target in BOOLS):
        result = compiler.result(values, node.out)
        if source == target:
            compiler.move(result, a)
        else:
            compiler.emit(Opcode.MOVE_VALUE, result, a)
        return True
    if source == PY_INT and target in FLOATS:
        return finish(compiler, node, values, Opcode.I_TO_F, a)
    if source in FLOATS and target == PY_INT:
        return finish(compiler, node, values, Opcode.F_TO_I, a)
    return finish(compiler, node, values, Opcode.CAST, a)


@lowers("cast", "as_kind")
def lower_cast(compiler: Compiler, node: Node, values: Values) -> bool:
    """x.astype(dtype) of scalars, numpy.asarray(scalar), x[()] of an array of rank 0."""
    x, out = node.inputs[0], node.out
    a = compiler.read(values, x)
    if compiler.classes[a] != OBJECT:
        if register_class(out.type) != OBJECT:
            return convert_scalar(compiler, node, values, a)
        if node.op.name == "as_kind" and is_plain(out.type):
            return finish(compiler, node, values, Opcode.SCALAR_TO_ARRAY, a)
        return False
    if not is_plain(x.type) or x.ndim or x.dtype.char not in UNBOXED:
        return False
    if node.op.name == "as_kind" and register_class(out.type) != OBJECT:
        return finish(compiler, node, values, Opcode.ARRAY_TO_SCALAR, a)
    return False


@lowers(*[op.name for op in MATH.values()])
def lower_math(compiler: Compiler, node: Node, values: Values) -> bool:
    """A function of the math module, of numbers that are, or are turned into, floats of 64 bits."""
    name = node.op.name.removeprefix("math.")
    registers = [compiler.read(values, v) for v in node.inputs]
    classes = [compiler.classes[r] for r in registers]
    if any(cls not in FLOATS and cls != PY_INT for cls in classes):
        return False
    if name in {"floor", "ceil", "trunc"}:
        if classes[0] == PY_INT:
            return moved(compiler, node, values, registers[0])
        code = {"floor": Opcode.F_FLOOR, "ceil": Opcode.F_CEIL, "trunc": Opcode.F_TO_I}[name]
        return finish(compiler, node, values, code, registers[0])
    if name in {*MATH_FUNCTIONS, *MATH_FUNCTIONS_OF_TWO, "fabs", "isnan", "isinf", "isfinite"}:
        registers = [as_float(compiler, r) for r in registers]
    if name == "fabs":
        return plain(compiler, node, values, Opcode.F_ABS, *registers)
    if name == "isnan":
        return plain(compiler, node, values, Opcode.F_NE, registers[0], registers[0])
    if name in {"isinf", "isfinite"}:
        size = compiler.register(PY_FLOAT)
        compiler.emit(Opcode.F_ABS, size, registers[0])
        code = Opcode.F_EQ if name == "isinf" else Opcode.F_LT
        return plain(compiler, node, values, code, size, compiler.constant(math.inf, PY_FLOAT))
    if name in MATH_FUNCTIONS:
        return finish(compiler, node, values, Opcode.MATH, registers[0], MATH_FUNCTIONS.index(name))
    if name in MATH_FUNCTIONS_OF_TWO:
        return finish(compiler, node, values, Opcode.MATH2, *registers, MATH_FUNCTIONS_OF_TWO.index(name))
    return False


@lowers("scalar_power")
def lower_scalar_power(compiler: Compiler, node: Node, values: Values) -> bool:
    """x ** y of float64: C's pow, as NumPy's scalars have it."""
    if node.out.dtype != np.float64 or any(v.tensor.kind == "complex" for v in node.inputs):
        return False
    if any(not v.tensor.is_python and v.dtype != np.float64 for v in node.inputs):
        return False
    registers = [as_float(compiler, compiler.read(values, v)) for v in node.inputs]
    return finish(compiler, node, values, Opcode.MATH2, *registers, MATH_FUNCTIONS_OF_TWO.index("pow"))


@lowers("undefined")
def lower_undefined(compiler: Compiler, node: Node, values: Values) -> bool:
    """A value that is never read: a constant."""
    type_ = node.out.type
    values[node.out] = compiler.constant(placeholder(type_), register_class(type_))
    return True


@lowers("int_max", "int_min")
def lower_extreme(compiler: Compiler, node: Node, values: Values) -> bool:
    """max(a, b), min(a, b) of Python ints."""
    code = Opcode.I_MAX if node.op.name == "int_max" else Opcode.I_MIN
    return finish(compiler, node, values, code, *[compiler.read(values, v) for v in node.inputs])


@lowers("raise_if", "deoptimise_if")
def lower_guard(compiler: Compiler, node: Node, values: Values) -> bool:
    """A check that hardly ever fires."""
    condition = compiler.read(values, node.inputs[0])
    if compiler.classes[condition] not in BOOLS:
        return False
    compiler.result(values, node.out)
    reads = [compiler.read(values, v) for v in node.inputs]
    site = CallSite(node.op.evaluate, reads, [], [], node.params, quiet=True)
    compiler.emit(Opcode.GUARD, condition, site=site)
    instruction: Any = compiler.items[-1]
    instruction.reads = tuple(reads)
    instruction.form = CallForm(node.op.name, instruction.reads, node.params)
    return True


# --------------------------------------------------------------------------------------------------- arrays and lists


@lowers("dim")
def lower_dim(compiler: Compiler, node: Node, values: Values) -> bool:
    """x.shape[axis]."""
    (x,) = node.inputs
    if not isinstance(x.type, TensorType) or not x.type.is_array or not 0 <= node.params["axis"] < x.ndim:
        return False
    source = compiler.read(values, x)
    compiler.emit(Opcode.DIM, compiler.result(values, node.out), source, node.params["axis"])
    return True


@lowers("copy")
def lower_copy(compiler: Compiler, node: Node, values: Values) -> bool:
    """A copy in the same memory order."""
    (x,) = node.inputs
    if node.params.get("order", "K") != "K" or not isinstance(x.type, TensorType) or not x.type.is_array:
        return False
    return plain(compiler, node, values, Opcode.COPY, compiler.read(values, x))


@lowers("list_append", "list_pop", "list_get", "list_set", "list_array")
def lower_list(compiler: Compiler, node: Node, values: Values) -> bool:
    """Lists, changed in place where possible."""
    if not isinstance(node.inputs[0].type, ListType):
        return False
    reads = [compiler.read(values, v) for v in node.inputs]
    writes = [compiler.result(values, v) for v in node.outputs]
    code = Opcode[node.op.name.upper()]
    compiler.emit_site(code, compiler.call_site(node, values), reads, writes)
    return True


@lowers("list_len")
def lower_list_len(compiler: Compiler, node: Node, values: Values) -> bool:
    """len(x) of a list."""
    if not isinstance(node.inputs[0].type, ListType):
        return False
    return plain(compiler, node, values, Opcode.LIST_LEN, compiler.read(values, node.inputs[0]))
