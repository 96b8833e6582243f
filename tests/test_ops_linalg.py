"""Linear algebra and Fourier transforms: the graph does what NumPy does, to the bit."""

import numpy as np
import pytest

from tests.ops_harness import FLOATS, INEXACT, A, P, bad, case, check

LAYOUTS = ("F", "strided")
DTYPES = "l" + FLOATS + "D"
S = A(3, 3, spd=True)
SS = A(2, 3, 3, spd=True)
L = np.linalg

CASES = [
    *[case(f, x, dtypes=DTYPES, layouts=LAYOUTS) for f in (L.inv, L.det, L.slogdet, L.eigh, L.eigvalsh, L.pinv, L.cond) for x in (S, SS)],
    *[case(f, x, dtypes=INEXACT, layouts=LAYOUTS) for f in (L.cholesky, L.matrix_rank, L.svd, L.qr) for x in (S, SS)],
    *[case(f, A(0, 0, dtype="d")) for f in (L.inv, L.det, L.cholesky)],
    *[case(f, A(1, 1, low=1)) for f in (L.inv, L.det, L.cholesky, L.eigh, L.qr)],
    *[bad(f, np.zeros((2, 2))) for f in (L.inv, L.cholesky)],
    *[bad(f, A(3, 4)) for f in (L.inv, L.det, L.cholesky, L.eigh)],
    bad(L.inv, A(3)),
    *[case(L.solve, S, A(3, *k), dtypes=DTYPES, layouts=LAYOUTS) for k in ((), (2,))],
    case(L.solve, SS, A(2, 3, 2)),
    case(L.solve, SS, A(3, 2)),
    bad(L.solve, S, A(4)),
    bad(L.solve, np.zeros((3, 3)), A(3)),
    *[case(L.qr, A(4, 3), mode=m, dtypes="dD") for m in ("reduced", "complete", "r")],
    case(L.qr, A(3, 4)),
    *[case(L.svd, A(4, 3), dtypes="dD", **k) for k in ({}, {"full_matrices": False}, {"compute_uv": False})],
    case(L.svd, S, hermitian=True),
    case(L.pinv, A(4, 3), dtypes="dD"),
    case(L.pinv, A(4, 3), P(0.5)),
    case(L.cholesky, S, upper=True),
    case(L.eigh, S, "U"),
    case(L.eigvalsh, S, UPLO="U"),
    case(L.eig, S, dtypes="D"),
    case(L.eigvals, S, dtypes="DF"),
    case(L.eig, S, dtypes="d", covered=False),
    case(L.eigvals, S, dtypes="d", covered=False),
    *[case(L.lstsq, A(4, 3), A(4, *k), dtypes="dD") for k in ((), (2,))],
    case(L.lstsq, A(4, 3), A(4), P(0.1)),
    case(L.matrix_rank, A(4, 3), P(0.5), dtypes="d"),
    *[case(L.cond, S, p) for p in (1, np.inf, "fro", -2)],
    *[case(L.norm, A(4), dtypes=DTYPES, layouts=("reversed", "strided"), **k) for k in ({}, {"ord": 1}, {"ord": np.inf}, {"ord": 3}, {"ord": 0}, {"keepdims": True}, {"axis": 0})],
    *[case(L.norm, A(3, 4), dtypes=DTYPES, layouts=("F", "reversed"), **k) for k in
      ({}, {"ord": 1}, {"ord": "fro"}, {"ord": 2}, {"ord": "nuc"}, {"axis": 1}, {"axis": 0, "keepdims": True}, {"ord": 1, "axis": P(1)}, {"ord": 2, "axis": -1}, {"axis": (0, 1)})],
    case(L.norm, A(2, 3, 4), axis=(0, 2)),
    case(L.norm, P(-3.0)),
    bad(L.norm, A(3, 4), axis=2),
    bad(L.norm, A(3, 4), ord="nonsense"),
    *[case(L.matrix_power, S, n, dtypes="ldD") for n in (0, 1, 2, P(3), 5)],
    case(L.matrix_power, S, P(-1), dtypes="d"),
    case(L.multi_dot, [A(3, 4), A(4, 2), A(2, 5)], dtypes="ld"),
    case(L.multi_dot, [A(3), A(3, 2)]),
    case(L.multi_dot, [A(3), A(3, 2), A(2)]),
    bad(L.multi_dot, [A(3)]),
    case(L.matrix_norm, A(3, 4)),
    case(L.vector_norm, A(3, 4), axis=1),
    *([case(L.svdvals, A(3, 4))] if hasattr(L, "svdvals") else []),
    case(L.tensorsolve, np.eye(6).reshape(2, 3, 2, 3), A(2, 3)),
    case(L.tensorinv, np.eye(6).reshape(2, 3, 2, 3)),
]  # fmt: skip

F = np.fft
CASES += [
    *[case(f, A(6), dtypes="lfdD", layouts=("reversed", "strided")) for f in (F.fft, F.ifft, F.hfft, F.irfft)],
    *[case(f, A(6), dtypes="lfd") for f in (F.rfft, F.ihfft)],
    *[case(f, A(4, 6), axis=0, dtypes="lfd") for f in (F.fft, F.ifft, F.rfft, F.irfft)],
    *[case(f, A(6), 4) for f in (F.fft, F.ifft, F.rfft, F.irfft)],
    *[case(f, A(6), P(8), norm="ortho") for f in (F.fft, F.rfft)],
    *[case(f, A(4, 6), dtypes="lfdD") for f in (F.fft2, F.ifft2, F.fftn, F.ifftn, F.irfft2, F.irfftn)],
    *[case(f, A(4, 6), dtypes="lfd") for f in (F.rfft2, F.rfftn)],
    case(F.fftn, A(2, 4, 6), axes=(0, 2)),
    case(F.fft2, A(4, 6), s=(2, 3)),
    *[case(f, A(5, 4), layouts=("F",)) for f in (F.fftshift, F.ifftshift)],
    *[case(f, A(5, 4), axes=1) for f in (F.fftshift, F.ifftshift)],
    *[case(f, P(6)) for f in (F.fftfreq, F.rfftfreq)],
    *[case(f, P(5), d=P(0.5)) for f in (F.fftfreq, F.rfftfreq)],
]  # fmt: skip


@pytest.mark.parametrize("c", CASES, ids=repr)
def test_as_numpy(c):
    check(c)
