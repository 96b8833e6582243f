"""Derivatives of products of arrays: linear in each argument."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.answers import NUMPY
from tracetensor.graph.ops.dims import shape_of
from tracetensor.graph.ops.products import einsum_
from tracetensor.rewrite.derivatives.backward import Backward, def_transpose
from tracetensor.rewrite.derivatives.forward import def_jvp
from tracetensor.rewrite.derivatives.symbolic import numpy as np
from tracetensor.rewrite.derivatives.tangents import added, number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.graph.node import Node, Variable
    from tracetensor.rewrite.derivatives.forward import Forward
    from tracetensor.rewrite.derivatives.tangents import Tangent

arange: Any = NUMPY[np.arange]


def _bilinear(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    a, b = (number(v, dtype) for v in node.inputs)
    t, u = tangents
    found = []
    if t is not None:
        found.append(node.op(number(t, dtype), b, **node.params))
    if u is not None:
        found.append(node.op(a, number(u, dtype), **node.params))
    return added(found)


def_jvp("matmul", "dot", "inner", "tensordot", "matvec")(_bilinear)


@def_jvp("kron")
def _kron(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    a, b = node.inputs
    dtype, out = node.outputs[0].dtype, node.outputs[0]
    rank = max(a.ndim, b.ndim)

    def outer(x: Any, y: Any) -> Any:
        left = [1] * (rank - x.ndim) + list(shape_of(x))
        right = [1] * (rank - y.ndim) + list(shape_of(y))
        x = np.reshape(x, [n for m in left for n in (m, 1)])
        y = np.reshape(y, [n for m in right for n in (1, m)])
        return np.reshape(np.multiply(x, y), list(shape_of(out)))

    t, u = (
        None if v is None else forward.shapes.tell(number(v, dtype), w)
        for v, w in zip(tangents, (a, b), strict=True)
    )
    return added(
        [None if t is None else outer(t, number(b, dtype)), None if u is None else outer(number(a, dtype), u)]
    )


@def_jvp("cross", "linalg_cross")
def _cross(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    """By components, along the last axis: the vectors have two or three."""
    dtype = node.outputs[0].dtype
    axis = node.params.get("axis", -1)
    places = [node.params.get(name, axis) for name in ("axisa", "axisb", "axisc")]
    lengths = [v.tensor.shape[k] or 3 for v, k in zip(node.inputs, places, strict=False)]

    def parts(x: Any, k: int) -> list[Any]:
        x = np.moveaxis(x, places[k], -1)
        return [x[..., j] if j < lengths[k] else None for j in range(3)]

    def less(x: Any, y: Any) -> Any:
        return np.negative(y) if x is None else x if y is None else np.subtract(x, y)

    def times(x: Any, y: Any) -> Any:
        return None if x is None or y is None else np.multiply(x, y)

    def product(x: Any, y: Any) -> Any:
        a, b = parts(x, 0), parts(y, 1)
        last = less(times(a[0], b[1]), times(a[1], b[0]))
        if lengths == [2, 2]:
            return last
        first = less(times(a[1], b[2]), times(a[2], b[1]))
        second = less(times(a[2], b[0]), times(a[0], b[2]))
        return np.moveaxis(np.stack([first, second, last], axis=-1), -1, places[2])

    a, b = (number(v, dtype) for v in node.inputs)
    t, u = (
        None if v is None else forward.shapes.tell(number(v, dtype), w)
        for v, w in zip(tangents, node.inputs, strict=True)
    )
    return added([None if t is None else product(t, b), None if u is None else product(a, u)])


@def_transpose("tensordot")
def _tensordot_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    c: Any = cotangents[0]
    a, b = node.inputs
    over_a, over_b = node.params["axes_a"], node.params["axes_b"]
    kept_a = [k for k in range(a.ndim) if k not in over_a]
    kept_b = [k for k in range(b.ndim) if k not in over_b]
    if back.is_linear(a):
        found = np.tensordot(c, b, (list(range(len(kept_a), c.ndim)), kept_b))
        rest = [k for k in range(b.ndim) if k in over_b]
        order = [*kept_a, *[over_a[over_b.index(k)] for k in rest]]
        back.add(a, np.transpose(found, [order.index(k) for k in range(a.ndim)]))
    else:
        found = np.tensordot(a, c, (kept_a, list(range(len(kept_a)))))
        rest = [k for k in range(a.ndim) if k in over_a]
        order = [*[over_b[over_a.index(k)] for k in rest], *kept_b]
        back.add(b, np.transpose(found, [order.index(k) for k in range(b.ndim)]))


def _swap(x: Any) -> Any:
    return np.swapaxes(x, -1, -2)


@def_transpose("matmul", "dot", "matvec", "vecmat", "vecdot_", "inner")
def _product_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    c: Any = cotangents[0]
    operands: Any = node.inputs
    a, b = operands
    name = node.op.name
    first = back.is_linear(a)
    if not a.ndim or not b.ndim:  # dot and inner of a number and an array
        back.add(a if first else b, np.multiply(c, b if first else a))
        return
    if name in {"dot", "inner"} and (a.ndim > 2 or b.ndim > 2 or name == "inner"):
        _dot_back(back, node, c, first=first)
        return
    rank_a, rank_b = (1 if name == "vecmat" else 2, 1 if name == "matvec" else 2)
    rank_a, rank_b = min(rank_a, a.ndim), min(rank_b, b.ndim)
    # With both as matrices: the row of a vector on the left, the column of one on the right.
    left = a[..., None, :] if rank_a == 1 else a
    right = b[..., :, None] if rank_b == 1 else b
    if rank_a == 1 and rank_b == 1:
        g = np.multiply(c[..., None], b if first else a) if c.ndim else np.multiply(c, b if first else a)
        back.add(a if first else b, g)
        return
    g = c[..., None, :] if rank_a == 1 else c[..., :, None] if rank_b == 1 else c
    if first:
        found = np.matmul(g, _swap(right))
        back.add(a, found[..., 0, :] if rank_a == 1 else found)
    else:
        found = np.matmul(_swap(left), g)
        back.add(b, found[..., :, 0] if rank_b == 1 else found)


def _dot_back(back: Backward, node: Node, c: Variable, *, first: bool) -> None:
    a, b = node.inputs
    over = b.ndim - 2 if node.op.name == "dot" and b.ndim > 1 else b.ndim - 1
    kept_a, kept_b = a.ndim - 1, [k for k in range(b.ndim) if k != over]
    if first:
        found = np.tensordot(c, b, (list(range(kept_a, c.ndim)), kept_b))
        back.add(a, _shaped(found, a))
        return
    found = np.tensordot(a, c, (list(range(kept_a)), list(range(kept_a))))  # contracted axis first
    order = list(range(1, b.ndim))
    order.insert(over, 0)
    back.add(b, _shaped(np.transpose(found, order), b))


def _shaped(x: Any, like: Variable) -> Any:
    return np.reshape(x, list(shape_of(like))) if None in like.tensor.shape else x


@def_jvp("vdot")
def _vdot(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    a, b = (np.reshape(number(v, dtype), [-1]) for v in node.inputs)
    t, u = (None if t is None else np.reshape(number(t, dtype), [-1]) for t in tangents)
    conjugate = np.conjugate if dtype.kind == "c" else (lambda v: v)
    return added(
        [
            None if t is None else np.dot(conjugate(t), b),
            None if u is None else np.dot(conjugate(a), u),
        ]
    )


@def_jvp("vecdot", "vecmat")
def _vecdot(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    dtype = node.outputs[0].dtype
    a, b = (number(v, dtype) for v in node.inputs)
    t, u = (None if t is None else number(t, dtype) for t in tangents)
    conjugate = np.conjugate if dtype.kind == "c" else (lambda v: v)
    if node.op.name == "vecdot":
        return added(
            [
                None if t is None else np.sum(np.multiply(conjugate(t), b), axis=-1),
                None if u is None else np.sum(np.multiply(conjugate(a), u), axis=-1),
            ]
        )

    def row(v: Any, m: Any) -> Any:
        return np.matmul(conjugate(v)[..., None, :], m)[..., 0, :]

    return added([None if t is None else row(t, b), None if u is None else row(a, u)])


# Sums by subscripts ----------------------------------------------------------------------------------------------


def _explicit(node: Node) -> tuple[list[str], str]:
    """The subscripts of operands and result, with letters in the place of an ellipsis."""
    text = node.params["subscripts"].replace(" ", "")
    terms_text, arrow, result = text.partition("->")
    terms = terms_text.split(",")
    spare = [c for c in "ZYXWVUTSRQPONMLKJIHGFEDCBA" if c not in text]
    widths = [
        v.ndim - len(t.replace("...", "")) for t, v in zip(terms, node.inputs, strict=True) if "..." in t
    ]
    wide = "".join(spare[: max(widths, default=0)])
    if not arrow:
        letters = terms_text.replace(",", "").replace(".", "")
        result = ("..." if "..." in terms_text else "") + "".join(
            sorted(c for c in set(letters) if letters.count(c) == 1)
        )
    full = []
    for term, v in zip(terms, node.inputs, strict=True):
        n = v.ndim - len(term.replace("...", ""))
        full.append(term.replace("...", wide[len(wide) - n :] if n else ""))
    return full, result.replace("...", wide)


@def_jvp("einsum")
def _einsum(node: Node, tangents: Sequence[Tangent], forward: Forward) -> Any:
    terms, result = _explicit(node)
    dtype = node.outputs[0].dtype
    operands = [number(v, dtype) for v in node.inputs]
    found = []
    for k, t in enumerate(tangents):
        if t is None:
            continue
        given = [*operands[:k], number(t, dtype), *operands[k + 1 :]]
        found.append(
            einsum_(
                *given, subscripts=f"{','.join(terms)}->{result}", optimize=node.params.get("optimize", False)
            )
        )
    return added(found)


@def_transpose("einsum")
def _einsum_back(back: Backward, node: Node, cotangents: Sequence[Tangent]) -> None:
    (c,) = cotangents
    assert c is not None
    terms, result = _explicit(node)
    (k,) = [k for k, v in enumerate(node.inputs) if back.is_linear(v)]
    x, term = node.inputs[k], terms[k]
    others = [(t, v) for j, (t, v) in enumerate(zip(terms, node.inputs, strict=True)) if j != k]
    letters = "".join(dict.fromkeys(term))
    sizes = dict(zip(term, shape_of(x), strict=True))
    at_hand = set(result).union(*[set(t) for t, _ in others])
    missing = [letter for letter in letters if letter not in at_hand]
    # An axis that only this operand has was summed over: its cotangent is the same all along it.
    from tracetensor.graph.ops import creation
    from tracetensor.graph.ops.dims import dim_inputs

    extra = [(letter, creation.ones(*dim_inputs([sizes[letter]]), dtype=c.dtype)) for letter in missing]
    given = [(result, c), *others, *extra]
    subscripts = f"{','.join(t for t, _ in given)}->{letters}"
    found: Any = einsum_(*[v for _, v in given], subscripts=subscripts, optimize=len(given) > 2)
    if len(letters) == len(term):
        back.add(x, found)
        return
    # Repeated letters read a diagonal: the cotangent is written there.
    from tracetensor.graph.operators import index_spec
    from tracetensor.graph.ops.elementwise import to_array
    from tracetensor.graph.ops.indexing import setitem
    from tracetensor.graph.ops.shape import take_index

    grid = {}
    for j, letter in enumerate(letters):
        shape = [1] * len(letters)
        grid[letter] = np.reshape(arange(sizes[letter]), [*shape[:j], sizes[letter], *shape[j + 1 :]])
    entries = tuple([grid[letter] for letter in term])

    def write(total: Variable) -> Any:
        spec, leaves = index_spec(entries)
        part = take_index(total, *entries)
        return setitem(to_array(total), np.add(part, found), *leaves, spec=spec)

    back.write(x, write)
