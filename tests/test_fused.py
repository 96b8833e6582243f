"""Elementwise regions: what their kernels compute is what NumPy computes, bit for bit, in NumPy's layout."""

import itertools
import pathlib
import runpy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import run_both
from tests.sampling import check_golden
from tracetensor.kernels import toolchain
from tracetensor.vm import region_code
from tracetensor.vm.loop_compiler import source

pytestmark = pytest.mark.skipif(toolchain.toolchain() is None, reason="there is no C compiler")

DTYPES = "?bBhHiIlLfd"
MADE_FROM = [ufunc for ufunc in vars(np).values() if isinstance(ufunc, np.ufunc) and ufunc.nout == 1]
OPERATIONS = {ufunc.__name__: ufunc for ufunc in MADE_FROM if ufunc.__name__ in region_code.TEXTS}


def regions(traced):
    return [site for version in traced.versions for site in version.program.regions()]


def native(function, *calls):
    """The traced function, its regions compiled, after calls that are compared with plain ones."""
    with tt.config(tier="native"), np.errstate(all="ignore"):
        traced = tt.trace(function, strict=True)
        for args in calls:
            run_both(function, traced, args, rtol=0)
            again(function, traced, args)
    assert regions(traced), "nothing was fused"
    assert {site.state for site in regions(traced)} == {"native"}, [s.state for s in regions(traced)]
    return traced


def again(function, traced, args):
    """A second call: results have the same bits and the same strides as those of plain NumPy."""
    got, wanted = traced(*args), function(*args)
    for g, w in zip(*[r if isinstance(r, tuple) else (r,) for r in (got, wanted)], strict=True):
        same_bits(g, w)


def same_bits(got, wanted):
    assert (got.dtype, got.shape, got.strides) == (wanted.dtype, wanted.shape, wanted.strides)
    number = ~np.isnan(wanted)
    assert np.array_equal(np.isnan(got), ~number)
    different = np.signbit(got) != np.signbit(wanted) if wanted.dtype.kind == "f" else np.array(False)
    assert np.array_equal(got[number], wanted[number])
    assert not (different & number).any()


def values(char):
    """Values of a type that are apt to be treated wrongly."""
    if char == "?":
        return np.array([False, True])
    if char in "fd":
        tiny, most = np.finfo(char).smallest_subnormal, np.finfo(char).max
        numbers = [0.0, -0.0, 1, -1, 0.5, -0.5, 1.5, 2.5, -2.5, 1e9, -1e9, tiny, -tiny, most, -most]
        return np.array([*numbers, np.inf, -np.inf, np.nan, 1 / 3, 1e-30, 2.0**52 + 1, 3 - 1e-7], char)
    info = np.iinfo(char)
    inside = [n for n in (0, 1, -1, 2, -2, 3, -3, 7, -7, 8, 31, 63, 64, 65, 100) if info.min <= n <= info.max]
    return np.array([*inside, info.max, info.max - 1, info.min, info.min + 1], char)


def all_operations(char):
    """The operations that take two operands, or one, of a type, by the type of the result."""
    found = {}
    for name, ufunc in OPERATIONS.items():
        try:
            dtypes = ufunc.resolve_dtypes((*[np.dtype(char)] * ufunc.nin, None))
        except TypeError:
            continue
        loop = "".join([d.char for d in dtypes])
        if region_code.text_of(name, char * ufunc.nin, loop, [0] * ufunc.nin) is not None:
            found.setdefault(loop[-1], []).append(ufunc)
    return [(char, out, tuple(ufuncs)) for out, ufuncs in sorted(found.items())]


def choosing(ufuncs, out, path):
    """A function of x, y and number: the numbered one of the ufuncs of x and y, all written out."""
    lines = ["import numpy as np", "", "def choose(x, y, number):"]
    lines.append(f"    result = np.where(number < 0, x, np.{np.dtype(out).type.__name__}(0)).astype({out!r})")
    for k, ufunc in enumerate(ufuncs):
        operands = ", ".join("xy"[: ufunc.nin])
        lines.append(f"    result = np.where(number == {k}, np.{ufunc.__name__}({operands}), result)")
    path.write_text("\n".join([*lines, "    return result", ""]))
    return runpy.run_path(str(path))["choose"]


@pytest.mark.parametrize(
    ("char", "out", "ufuncs"),
    [entry for char in DTYPES for entry in all_operations(char)],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_every_operation(char, out, ufuncs, tmp_path):
    pairs = list(itertools.product(values(char), repeat=2))
    x, y = (np.array([pair[k] for pair in pairs] * len(ufuncs), char) for k in range(2))
    number = np.repeat(np.arange(len(ufuncs)), len(pairs))
    traced = native(choosing(ufuncs, out, tmp_path / "choosing.py"), (x, y, number))
    done = [form.name for site in regions(traced) for form, _ in site.operations]
    missing = {ufunc.__name__ for ufunc in ufuncs} - set(done)
    assert all("{a}" in region_code.TEXTS[name].values() for name in missing), missing
