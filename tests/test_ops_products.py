"""Products: the graph does what NumPy does, to the bit."""

import numpy as np
import pytest

from tests.ops_harness import NUMBERS, A, P, bad, case, check

LAYOUTS = ("F", "reversed", "strided")
DTYPES = "?" + NUMBERS + "F"
SHAPES = [((5,), (5,)), ((3, 5), (5,)), ((5,), (5, 4)), ((3, 5), (5, 4)), ((2, 3, 5), (5, 4)), ((2, 3, 5), (2, 5, 4)), ((3, 5), (2, 5, 4)),
          ((0, 5), (5, 4)), ((3, 0), (0, 4)), ((1, 5), (5, 1))]  # fmt: skip

CASES = [
    *[case(f, A(*s), A(*t), dtypes=DTYPES, layouts=LAYOUTS) for f in (np.matmul, np.dot) for s, t in SHAPES],
    *[bad(f, A(3, 5), A(3, 5)) for f in (np.matmul, np.dot)],
    bad(np.matmul, A(3, 5), P(2.0)),
    bad(np.inner, A(3, 5), A(3, 4)),
    case(np.linalg.matmul, A(3, 5), A(5, 2)),
    case(np.matmul, [[P(1), 2], [3, 4]], A(2)),
    *[case(np.dot, A(3, 5), x) for x in (P(2), P(2.5), np.float32(2), A())],
    case(np.dot, P(2), P(3)),
    case("dot", A(3, 5), A(5), dtypes=DTYPES, layouts=LAYOUTS),
    *[case(np.inner, A(*s), A(*t), dtypes=DTYPES, layouts=LAYOUTS) for s, t in (((5,), (5,)), ((3, 5), (5,)), ((3, 5), (2, 5)), ((), (2, 3)))],
    *[case(np.vdot, A(*s), A(*s), dtypes=DTYPES, layouts=LAYOUTS) for s in ((5,), (3, 5))],
    *[case(f, A(*s), A(*t), dtypes=NUMBERS) for name in ("vecdot",) if (f := getattr(np, name, None)) for s, t in (((5,), (5,)), ((3, 5), (3, 5)), ((3, 1, 5), (2, 5)))],
    *[case(f, A(2, 3, 5), A(2, 5)) for name in ("matvec",) if (f := getattr(np, name, None))],
    *[case(f, A(2, 3), A(2, 3, 5)) for name in ("vecmat",) if (f := getattr(np, name, None))],
    case(np.linalg.vecdot, A(3, 5), A(5)),
    case(np.linalg.vecdot, A(3, 5), A(3), axis=0, covered=False),
    *[case(np.outer, A(*s), A(*t), dtypes=DTYPES, layouts=LAYOUTS) for s, t in (((3,), (4,)), ((2, 3), (4,)), ((), (4,)))],
    case(np.outer, P(2), A(3)),
    case(np.outer, [P(2), 3], A(3)),
    case(np.linalg.outer, A(3), A(4)),
    bad(np.linalg.outer, A(3, 2), A(4)),
    case(np.tensordot, A(2, 3, 4), A(3, 4, 5), dtypes=NUMBERS, layouts=LAYOUTS),
    case(np.tensordot, A(2, 3), A(3, 5), 1),
    case(np.tensordot, A(2, 3), A(4, 5), 0, layouts=LAYOUTS),
    case(np.tensordot, A(2, 3, 4), A(4, 3, 5), ([1, 2], [1, 0]), layouts=LAYOUTS),
    case(np.tensordot, A(2, 3, 4), A(5, 3), (1, 1)),
    case(np.tensordot, A(3), A(3), 1),
    bad(np.tensordot, A(2, 3), A(2, 5), 1),
    bad(np.tensordot, A(2, 3, 4), A(4, 2, 5), ([1, 2], [1, 0])),
    case(np.linalg.tensordot, A(2, 3, 4), A(3, 4, 5), axes=2),
    case(np.kron, A(2, 3), A(3, 1), dtypes=NUMBERS),
    case(np.kron, A(3), A(2, 2)),
    case(np.cross, A(3), A(3), dtypes=NUMBERS, layouts=LAYOUTS),
    case(np.cross, A(4, 3), A(3), layouts=LAYOUTS),
    case(np.cross, A(3, 4), A(3, 4), axis=0),
    case(np.cross, A(3, 4), A(4, 3), axisa=0, axisb=P(1), axisc=0),
    bad(np.cross, A(4), A(4)),
    case(np.linalg.cross, A(4, 3), A(3)),
    bad(np.linalg.cross, A(4), A(4)),
    *[case(np.einsum, s, *(A(*t) for t in shapes), dtypes="ldD", layouts=LAYOUTS) for s, shapes in (
        ("ij,jk->ik", ((3, 4), (4, 5))), ("ij,jk", ((3, 4), (4, 5))), ("ij->j", ((3, 4),)), ("ii", ((3, 3),)), ("i,i->", ((3,), (3,))),
        ("ij->ji", ((3, 4),)), ("ij", ((3, 4),)), ("ji", ((3, 4),)), ("...ij,...jk->...ik", ((2, 3, 4), (4, 5))), ("i,j->ij", ((3,), (4,))),
        ("bij,bjk->bik", ((2, 3, 4), (2, 4, 5))), ("ij,ij->i", ((3, 4), (1, 4))), ("ij,kj,l->il", ((3, 4), (2, 4), (5,))), ("ijk->", ((2, 3, 4),)))],
    case(np.einsum, "ij,jk,kl->il", A(3, 4), A(4, 5), A(5, 2), optimize=True),
    case(np.einsum, "ij,jk,kl->il", A(3, 4), A(4, 5), A(5, 2), optimize="greedy"),
    case(np.einsum, "ii->i", A(3, 3), covered=False),
    bad(np.einsum, "ij,jk->ik", A(3, 4), A(3, 4)),
]  # fmt: skip


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_as_numpy(c):
    check(c)
