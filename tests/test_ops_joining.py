"""Joining, splitting, repeating: the graph does what NumPy does, memory layout included."""

import numpy as np
import pytest

from tests.ops_harness import ALL, A, P, bad, case, check

LAYOUTS = ("F", "reversed", "strided")
I = np.int32

CASES = [
    case(np.concatenate, (A(2, 3), A(4, 3)), dtypes=ALL, layouts=LAYOUTS),
    case(np.concatenate, [A(2, 3), A(2, 4)], 1, layouts=LAYOUTS),
    case(np.concatenate, [A(2, 3), A(2, 4)], axis=P(-1)),
    case(np.concatenate, [A(2, 3), A(4)], axis=None, layouts=LAYOUTS),
    case(np.concatenate, [A(2), A(3, dtype="f")]),
    case(np.concatenate, [A(2), [P(1), 2], (3.5,)]),
    case(np.concatenate, [A(2), A(3)], dtype=np.float32),
    case(np.concatenate, [A(2), A(3)], dtype="i4", casting="unsafe"),
    case(np.concatenate, [A(0, 3), A(2, 3)]),
    case(np.concatenate, A(1, 3)),
    bad(np.concatenate, [A(2, 3), A(2, 4)]),
    bad(np.concatenate, [A(2, 3), A(3)]),
    bad(np.concatenate, [A(), A()]),
    bad(np.concatenate, [P(1), P(2)]),
    bad(np.concatenate, [A(2)], axis=1),
    *[case(np.stack, [A(2, 3), A(2, 3)], k, layouts=LAYOUTS) for k in (0, 1, 2, -1)],
    case(np.stack, [A(3), A(3), [P(1), 2, 3]], axis=1),
    case(np.stack, [P(1), 2.5, np.float32(2)]),
    bad(np.stack, [A(2), A(3)]),
    bad(np.stack, [A(2), A(3)], 1),
    *[case(f, [A(*s), A(*t)], layouts=LAYOUTS) for f in (np.vstack, np.hstack, np.dstack, np.column_stack)
      for s, t in (((3,), (3,)), ((3, 2), (3, 2)), ((1, 3), (1, 3)), ((3, 4, 2), (3, 4, 2)))],
    *[case(f, [A(), P(2), 3.5]) for f in (np.vstack, np.hstack, np.dstack, np.column_stack)],
    *[case(f, [A(3), A(3)], dtype=np.float32) for f in (np.vstack, np.hstack)],
    case(np.column_stack, [A(3), A(3, 2)], layouts=LAYOUTS),
    bad(np.vstack, [A(2), A(3)]),
    case(np.append, A(2, 3), A(4), layouts=LAYOUTS),
    case(np.append, A(3), P(2.5)),
    case(np.append, A(2, 3), A(1, 3), axis=0),
    bad(np.append, A(2, 3), A(3), axis=0),
    case(np.insert, A(4), P(1), P(9)),
    case(np.insert, A(4), [0, P(2)], A(2)),
    case(np.insert, A(3, 4), 1, 5, axis=1),
    bad(np.insert, A(4), P(7), 1),
    case(np.insert, A(4), slice(0, 2), 1, covered=False),
    case(np.delete, A(4), P(1)),
    case(np.delete, A(3, 4), [0, 1], axis=1),
    case(np.delete, A(4), A(4, dtype="?")),
    case(np.delete, A(4), slice(0, 2), covered=False),
    *[case(np.array_split, A(7, 3), k, layouts=LAYOUTS) for k in (1, 3, 9, P(2), [2, 5], [2, P(9)], A(2, dtype="l", low=1, layout="C"))[:6]],
    case(np.array_split, A(2, 7), 3, axis=1),
    case(np.array_split, A(2, 7), (P(3),), P(1)),
    bad(np.array_split, A(7), 0),
    case(np.split, A(6, 3), 3, layouts=LAYOUTS),
    case(np.split, A(2, 6), I(2), 1),
    case(np.split, A(7), [2, 5]),
    bad(np.split, A(7), 2),
    case(np.hsplit, A(4), 2),
    case(np.hsplit, A(3, 4), 2),
    case(np.vsplit, A(4, 3), [P(1)]),
    bad(np.vsplit, A(4), 2),
    case(np.dsplit, A(2, 3, 4), 2),
    bad(np.dsplit, A(3, 4), 2),
    *[case(np.tile, A(2, 3), r, layouts=LAYOUTS) for r in (2, P(2), (2, P(1)), (2, 1, 3), P(0), (1, 1), I(2))],
    case(np.tile, A(), P(3)),
    case(np.tile, 2.5, (2, P(2))),
    bad(np.tile, A(3), P(-1)),
    *[case(f, A(2, 3), *a, layouts=LAYOUTS) for f in (np.repeat, "repeat") for a in ((2,), (P(2), 0), (I(2), 1), ([1, P(2)], 0), (P(0),), (True,))],
    case(np.repeat, A(3), A(3, dtype="l", low=0)),
    case(np.repeat, A(), 3),
    bad(np.repeat, A(3), P(-1)),
    bad(np.repeat, A(3), A(2, dtype="l", low=0)),
    *[case(np.roll, A(2, 3), *a, layouts=LAYOUTS) for a in ((1,), (P(-4),), (P(1), 0), (I(5), 1), ((1, P(2)), (0, 1)))],
    case(np.roll, A(0), 1),
    *[case(np.pad, A(3, 4), w, layouts=LAYOUTS) for w in (1, P(1), (1, 2), ((1, 2), (0, P(3))), [[1, 1], [2, 2]])],
    *[case(np.pad, A(3, 4), 2, m, dtypes="ld") for m in ("edge", "reflect", "symmetric", "wrap", "mean", "maximum", "linear_ramp", "empty")[:7]],
    case(np.pad, A(4), 2, constant_values=P(7)),
    case(np.pad, A(4), 2, constant_values=(1, 2)),
    case(np.pad, A(4), 2, "linear_ramp", end_values=P(5.0)),
    bad(np.pad, A(4), P(-1)),
    bad(np.pad, A(4), 1, "nonsense"),
    *[case(np.resize, A(2, 3), s) for s in (4, (P(3), 4), (P(0), 2), P(7))],
    bad(np.resize, A(3), P(-1)),
    *([case(np.unstack, A(1, 3)), case(np.unstack, A(3, 1), axis=1)] if hasattr(np, "unstack") else []),
]  # fmt: skip


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_as_numpy(c):
    check(c)
