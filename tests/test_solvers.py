"""numpy.linalg of doubles, which compiled programs call past its wrappers: the same numbers, types and errors."""

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import run_both

FUNCTIONS = {
    "solve": np.linalg.solve,
    "inv": lambda a, b: np.linalg.inv(a),
    "det": lambda a, b: np.linalg.det(a),
    "cholesky": lambda a, b: np.linalg.cholesky(a),
    "upper cholesky": lambda a, b: np.linalg.cholesky(a, upper=True),
    "norm": lambda a, b: (np.linalg.norm(a), np.linalg.norm(b)),
}
RNG = np.random.default_rng(0)
MATRIX = RNG.random((3, 3))
S = MATRIX @ MATRIX.T
CASES = {
    "vector": (S, RNG.random(3)),
    "matrix": (S, RNG.random((3, 2))),
    "one": (S[:1, :1], RNG.random(1)),
    "singular": (np.zeros((3, 3)), RNG.random(3)),
    "not a number": (S * np.nan, RNG.random(3)),
    "infinite": (S * np.inf, RNG.random(3)),
    "empty": (np.zeros((0, 0)), np.zeros(0)),
    "negative": (-S, RNG.random(3)),
    "other length": (S, RNG.random(2)),
    "not square": (RNG.random((2, 3)), RNG.random(3)),
    "singles": (S.astype(np.float32), RNG.random(3)),
    "ints": (S.astype(int), RNG.random(3)),
    "complex": (S + 1j, RNG.random(3)),
    "other byte order": (S.astype(">f8"), RNG.random(3)),
    "not in order": (MATRIX.T, RNG.random((2, 3)).T),
    "backwards": (S[::-1, ::-1], S[0, ::-1]),
    "many": (np.stack([S, S + 1]), RNG.random((2, 3))),
    "many, one singular": (np.stack([S, 0 * S]), RNG.random((2, 3, 1))),
    "none of many": (np.zeros((0, 3, 3)), np.zeros((0, 3, 1))),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_as_numpy(name, case):
    function = FUNCTIONS[name]

    def f(a, b):
        return function(a, b)

    traced = tt.trace(f, strict=True)
    with np.errstate(all="ignore"):
        for _ in range(2):
            run_both(f, traced, CASES[case], rtol=0)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_in_loops(name):
    function = FUNCTIONS[name]

    def f(a, b):
        failed, last = 0, None
        for k in range(6):
            try:
                last = function(a * (k - 2.0), b)
            except np.linalg.LinAlgError:
                failed += 1
        return failed, last

    with tt.config(tier="native"):
        traced = tt.trace(f, strict=True)
        for _ in range(2):
            run_both(f, traced, (S, RNG.random(3)), rtol=0)
