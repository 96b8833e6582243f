"""What loops take out of arrays, put into them, and join, as machine code: index arrays, several of them, columns."""

import numpy as np
import pytest

from tests.test_native_arrays import compare, interpreted
from tracetensor.kernels import toolchain

pytestmark = pytest.mark.skipif(toolchain.toolchain() is None, reason="there is no C compiler")

RNG = np.random.default_rng(0)
I, J = np.array([0, -1, 2, 1]), np.array([1, 1, -3, 0])
CHARS = "dfliB?D"


def matrix(char, *shape):
    return (RNG.random(shape) * 9).astype(char)


def points(x, i, j, n):
    a = b = c = d = e = x[i, j]
    for k in range(n):
        a, b, c, d, e = x[i, j], x[k, i], x[i, k], x[i, np.arange(len(i))], x.T[i, j]
    return a, b, c, d, e


def written_points(x, i, j, v, n):
    for k in range(n):
        x[i, j] = v
        x[k, i] = v + 1
        x[i, k] = 2
        x[i, np.arange(len(i))] = k
        x[::-1][i, j] = v * 2
    return x


def points_of_three(x, i, j, n):
    y = 0
    for k in range(n):
        y = y + x[i, j, k] + x[k, i, j] + x[i, j, j]
    return y


def columns(x, i, n):
    a = b = c = d = e = f = x[:, i]
    for k in range(n):
        a, b, c = x[:, i], x.T[:, i], x[1:, k:][:, i[:2]] * 2
        d, e, f = x[:, i].copy() + x[:, i[::-1]], x[:, i][0], x[:, [0, k]]
    return a, b, c, d, e, f


def written_columns(x, i, v, n):
    for k in range(n):
        x[:, i] = v
        x[:, i] = x[:, i[::-1]]
        x[:, i] = k + 1
        x[:, [0, k]] = x[:, [k, 0]] @ np.array([[1, 2], [3, 4]]).astype(x.dtype)
        y = x[:, i]
        y[0] = 3
        x[:, i] = y * 2
    return x


def joined(x, y, n):
    out = []
    for k in range(n):
        out.append(np.concatenate((x[k], y[k:], x[k][:2])))
        out.append(np.append(x[k], y))
        out.append(np.hstack((x[k], y)))
    a = b = c = d = e = x
    for k in range(n):
        a, b = np.stack((x[k], x[k] * 2, y), axis=0), np.stack((x[k], x[k] * 2, y), axis=1)
        c, d = np.concatenate((x, x[k][None], x[:k]), axis=0), np.concatenate((x, x[:, k:]), axis=1)
        e = np.vstack((x[k], y))
    return out, a, b, c, d, e


@pytest.mark.parametrize("char", CHARS)
def test_points(char):
    x = matrix(char, 5, 4)
    calls = (x, I, J, 3), (x, I[:1], J, 3), (x, I.astype("i4"), J, 3), (np.asfortranarray(x), I, J, 2)
    assert interpreted(compare(points, *calls)) == []
    ones = np.ones(4, char)
    traced = compare(written_points, (x, I, J, ones, 3), (x, I, J, ones[:1], 3), (x, I[:1], J, ones, 2))
    assert interpreted(traced) == (["write", "write"] if char == "?" else [])
    y = matrix("d", 4, 4, 4)
    assert interpreted(compare(points_of_three, (y, I, J, 3))) == []


@pytest.mark.parametrize("char", CHARS)
def test_columns(char):
    x = matrix(char, 5, 6)
    calls = [
        (x, I, 3),
        (x, I[:1], 3),
        (x, I.astype("i4"), 3),
        (np.asfortranarray(x), I, 2),
        (x[::2, ::-1], I, 2),
    ]
    left = set(interpreted(compare(columns, *calls)))
    assert left <= {"add", "multiply"}, left  # of complex numbers
    if char != "?":
        ones = [np.ones(shape, char) for shape in ((5, 4), (1, 4), (5, 1))]
        left = set(interpreted(compare(written_columns, *[(x, I, v, 3) for v in ones])))
        assert left <= {"matmul", "multiply"}, left


BAD = {
    "above": np.array([0, 6, 0, 0]),
    "below": np.array([0, -7, 0, 0]),
    "of another length": np.array([0, 1]),
}


@pytest.mark.parametrize("bad", BAD)
def test_bad_indices(bad):
    x, bad = matrix("d", 5, 6), BAD[bad]
    for i, j in ((bad, J), (J, bad)):
        compare(points, (x, i, j, 2))
        compare(written_points, (x, i, j, np.ones(4), 2))
    compare(points_of_three, (matrix("d", 4, 4, 4), bad, J, 2))
    compare(columns, (x, bad, 2))
    compare(written_columns, (x, bad, np.ones((5, 4)), 2))


@pytest.mark.parametrize("char", CHARS)
def test_joined(char):
    calls = [(matrix(char, 4, m), matrix(char, m), 3) for m in (4, 17, 40)]
    calls.append((np.asfortranarray(matrix(char, 4, 5)), matrix(char, 10)[::2], 3))
    calls.append((np.asfortranarray(matrix(char, 4, 20))[:, ::-1], matrix(char, 20)[::-1], 3))
    left = set(interpreted(compare(joined, *calls)))
    assert left <= ({"list_append", "concatenate", "multiply"} if char in "?D" else {"list_append"}), left


def test_joined_arrays_that_do_not_fit():
    compare(joined, (matrix("d", 4, 5), matrix("d", 6), 3))
