"""Elementwise regions: what their kernels compute is what NumPy computes, bit for bit, in NumPy's layout."""

import copy
import itertools
import runpy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import run_both
from tests.sampling import check_golden
from tracetensor.kernels import toolchain
from tracetensor.kernels.background import worker
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
    states = {site.state for site in regions(traced)}
    assert "native" in states and states <= {"native", "interpreted"}, states  # handlers may not have run
    return traced


def again(function, traced, args):
    """A second call: results have the same bits and the same strides as those of plain NumPy."""
    got, wanted = traced(*copy.deepcopy(args)), function(*copy.deepcopy(args))
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


# Layouts --------------------------------------------------------------------------------------------------------------


def blend(x, y, m):
    t = np.where(m > 0.5, x * 2 - y, y)
    return np.minimum(t + x, 4.0) / 3


def grid(*shape):
    return np.arange(float(np.prod(shape))).reshape(shape) / 3 - 5


LAYOUTS = {
    "contiguous": (grid(3, 5), grid(3, 5), grid(3, 5)),
    "more than a block": (grid(1300), grid(1300), grid(1300)),
    "a row each": (grid(3, 5), grid(5), grid(3, 5)),
    "a column": (grid(3, 5), grid(3, 1), grid(1, 5)),
    "outer": (grid(700, 1), grid(3), grid(3)),
    "one item": (grid(3, 5), grid(1, 1), grid(1)),
    "only one item": (grid(1, 1), grid(1), grid(1, 1)),
    "rank 0": (grid(4), np.array(2.0), np.array(0.25)),
    "Fortran": tuple(np.asfortranarray(grid(3, 5)) for _ in range(3)),
    "Fortran and C": (np.asfortranarray(grid(3, 5)), grid(3, 5), grid(3, 5)),
    "Fortran and a row": (np.asfortranarray(grid(3, 5)), grid(5), np.asfortranarray(grid(3, 5))),
    "transposed": tuple(grid(2, 3, 4).transpose(1, 0, 2) for _ in range(3)),
    "backwards": (grid(7)[::-1], grid(7), grid(7)[::-1]),
    "both backwards": (grid(4, 6)[::-1, ::-1], grid(4, 6)[::-1, ::-1], grid(4, 6)[::-1, ::-1]),
    "every other": (grid(8, 6)[::2, ::3], grid(4, 2), grid(4, 4)[:, ::2]),
    "repeated": (np.broadcast_to(grid(5), (3, 5)), grid(3, 5), np.broadcast_to(grid(3, 1), (3, 5))),
    "only repeated": (np.broadcast_to(grid(5), (3, 5)),) * 3,
    "no items": (grid(0, 5), grid(5), grid(1, 1)),
    "no columns": (grid(3, 0), grid(3, 1), grid(1, 0)),
    "other types": (grid(3, 5).astype("i2"), grid(3, 5).astype("f4"), grid(3, 5) > 0),
}


@pytest.mark.parametrize("name", LAYOUTS)
def test_layouts(name):
    native(blend, LAYOUTS[name])


@pytest.mark.parametrize(
    "name", ["only repeated", "repeated", "Fortran", "backwards", "a column", "transposed"]
)
def test_layouts_of_casts(name):
    x, y, _ = LAYOUTS[name]
    native(lambda x, y: (x.astype(np.float32) * 3).astype(np.float64) + y, (x, y))


def test_operands_that_are_not_aligned():
    buffer = np.zeros(8 * 9 + 1, np.uint8)
    x = buffer[1:].view(np.float64)
    x[:] = np.arange(9)
    native(blend, (np.arange(9.0), np.arange(9.0), np.arange(9.0)), (x, x, x))


def test_bools_of_other_bytes():
    odd = np.array([0, 1, 2, 255], np.uint8).view(bool)
    native(lambda a, b: np.where(a & b, 1.0, b) + a, (odd, odd[::-1]), (odd, np.ones(4, bool)))


def test_numbers_among_the_operands():
    def f(x, i, g, s):
        return (x * i + g - s) // 2 + (x > i)

    for char in "bBhlfd":
        x = np.arange(5).astype(char)
        native(f, (x, 3, 2.5 if char in "fd" else 2, x[1]), (x, 2, 0.5 if char in "fd" else 1, x[0]))


def test_an_int_that_does_not_fit_raises_on_its_line():
    def f(x, n):
        y = x * 2
        return y + n

    traced = native(f, (np.arange(4, dtype=np.int8), 3))
    run_both(f, traced, (np.arange(4, dtype=np.int8), 300))
    run_both(f, traced, (np.arange(4, dtype=np.int8), 2**70))


def test_shapes_that_do_not_match_raise_on_their_line():
    def f(x, y, z):
        a = x * 2
        b = (
            a
            + y
        )  # fmt: skip
        return b - z

    traced = native(f, (grid(3), grid(3), grid(3)))
    for shapes in [(3, 4, 3), (3, 3, 4), (3, 1, 2), (3, 3, 1)]:
        run_both(f, traced, tuple(grid(n) for n in shapes))


# Memory ---------------------------------------------------------------------------------------------------------------


def test_arguments_stay_and_results_are_fresh():
    def f(x, y):
        a = x + 1
        b = a * y
        return b, b - a

    x, y = grid(6), grid(6)
    traced = native(f, (x, y))
    first, second = traced(x, y)
    assert not any(np.shares_memory(a, b) for a, b in itertools.combinations([x, y, first, second], 2))


def test_what_nobody_reads_any_more_is_overwritten():
    def f(x):
        a = np.exp(x)  # a region ends where NumPy has to be called
        b = a * 2 + 1
        return np.exp(b) - 1 + b

    native(f, (grid(600),), (grid(3),), (grid(1),))
    native(f, (np.asfortranarray(grid(3, 4)),))


def test_two_results_of_different_shapes():
    def f(x, y):
        a = x * 2
        return a, a + y

    native(
        f,
        (grid(3, 1), grid(3, 1)),
        (grid(3, 1), grid(1, 4)),
        (grid(1, 1), grid(5, 1)),
        (grid(2, 3), grid(1, 1)),
    )


def test_many_operands_and_many_results():
    def f(*xs):
        total = xs[0] * 1.5
        parts = []
        for x in xs:
            total = total + x * 2
            parts.append(total)
        return (total, *parts)

    xs = tuple(grid(5) + k for k in range(30))
    with tt.config(tier="native"):
        traced = tt.trace(f, strict=True)
        for _ in range(2):
            run_both(f, traced, xs, rtol=0)

    def chain(*xs):
        total = xs[0] * 1.5
        for x in xs:
            total = total + x * 2
        return total

    assert len(regions(native(chain, xs))) > 1


def test_what_kernels_cannot_do_goes_first():
    def f(x, y):
        a = x * y
        b = np.exp(x)
        c = a + 2 * b
        d = np.sin(y)
        return c - d * a

    traced = native(
        f, (grid(5), grid(5)), (grid(2, 3), grid(2, 3)), (np.asfortranarray(grid(2, 3)), grid(2, 3))
    )
    assert len(regions(traced)[0].operations) == 5
    for args in [(grid(5), grid(4)), (grid(5), grid(1))]:
        run_both(f, traced, args, rtol=0)


def test_updates_in_place():
    def f(x, g, m):
        v = x * 0.9
        v += 0.1 * g
        x -= 0.01 * v / (np.sqrt(m) + 1e-8)
        x *= 2
        return v

    traced = native(f, *[(grid(n), grid(n) * 2, abs(grid(n))) for n in (5, 1300, 0, 1)])
    for shapes in [
        ((2, 3), (3,), (2, 3)),
        ((1, 3), (2, 3), (3, 1)),
        ((2, 3), (2, 1), (1, 1)),
        ((2, 3), (2, 2), (3,)),
    ]:
        args = tuple(abs(grid(*shape)) for shape in shapes)
        run_both(f, tt.trace(f, strict=True), args, rtol=0)
    for args in [(grid(4), grid(3), grid(4)), (grid(4), grid(4), grid(2)), (grid(1), grid(4), grid(1))]:
        run_both(f, traced, tuple(abs(a) for a in args), rtol=0)


def test_updates_of_arrays_in_other_orders():
    def f(x, y):
        x += y * 2
        x *= y - 1
        return x * 3

    f_ordered = np.asfortranarray(grid(3, 4))
    for x, y in [
        (f_ordered, f_ordered), (f_ordered, grid(3, 4)), (grid(3, 4), f_ordered), (f_ordered, grid(4)),
        (grid(6, 4)[::2], grid(3, 4)), (grid(3, 4)[::-1], grid(4)), (grid(2, 3, 4).transpose(2, 0, 1), grid(3)),
    ]:  # fmt: skip
        with tt.config(tier="native"):
            traced = tt.trace(f, strict=True)
            for _ in range(2):
                run_both(f, traced, (x.copy(order="K"), y), rtol=0)
            a, b = x.copy(order="K"), x.copy(order="K")
            same_bits(traced(a, y), f(b, y))
            same_bits(a, b)


def test_updates_that_others_see():
    def f(x):
        y = x[1:]
        z = x * 2
        x += z * x
        return y + z[1:] * 2

    def g(n, x):
        rows = x * 1
        for k in range(n):
            old = rows
            rows = rows * 2
            rows += old - k
            old = old * 3 - rows
        return rows, old

    native(f, (grid(6),))
    native(g, (4, grid(6)))


def test_errors_of_updates_name_their_line():
    def f(x, y, n):
        x += y * 2
        x += (
            n * x
            - y
        )  # fmt: skip
        return x

    i = np.arange(3, dtype=np.int8)
    traced = native(f, (i.copy(), i, 2))
    for args in [
        (i.copy(), i, 300),
        (i.copy(), i[:2], 2),
        (i[:1].copy(), i, 2),
        (i.copy(), i.reshape(1, 3), 2),
    ]:
        run_both(f, traced, args)


# Flow -----------------------------------------------------------------------------------------------------------------


def test_regions_in_loops_and_branches():
    def f(u, n, c):
        for k in range(n):
            v = u[1:-1] + c * (u[2:] - 2 * u[1:-1] + u[:-2])
            if k % 2:
                v = abs(v) * 0.5 - k
            u[1:-1] = v
        return u

    native(f, (grid(9), 5, 0.25), (grid(2000), 3, 0.25), (grid(2), 2, 0.25))


def test_regions_in_attempts():
    def f(x, y):
        done = x * 0
        try:
            done = x * 2 + 1
            z = done * 3 - y
            done = z * 2 + done
        except ValueError:
            return done - 1
        return done

    native(f, (grid(4), grid(4)), (grid(4), grid(3)), (grid(4), grid(1)))


def test_the_interpreted_tier_makes_no_kernels():
    def f(x):
        return x * 2 + 1 - x

    with tt.config(tier="interpreted"):
        traced = tt.trace(f, strict=True)
        for _ in range(3):
            run_both(f, traced, (grid(1_000_000),), rtol=0)
    assert [site.state for site in regions(traced)] == ["interpreted"]


def test_explain_says_what_became_of_a_region():
    def f(x):
        return x * 2 + 1 - x

    with tt.config(tier="interpreted"):
        traced = tt.trace(f, strict=True)
        traced(grid(3))
    assert "    3 elementwise operations from " in traced.explain()
    assert "on: one by one so far" in traced.explain()
    assert "on: one kernel" in native(f, (grid(3),)).explain()


def test_without_a_compiler_the_rows_are_run(monkeypatch):
    def f(x):
        return x * 2 + 1 - x

    monkeypatch.setattr("tracetensor.kernels.native.toolchain", lambda: None)
    with tt.config(tier="native"):
        traced = tt.trace(f, strict=True)
        for _ in range(3):
            run_both(f, traced, (grid(3),), rtol=0)
    assert "one by one: there is no C compiler" in traced.explain()


def test_large_regions_are_compiled_in_the_background():
    def f(x):
        return x * 2 + 1 - x * x

    with tt.config(tier="auto"):
        traced = tt.trace(f, strict=True)
        traced(grid(3))
        assert regions(traced)[0].state == "interpreted"
        traced(grid(600_000))
        worker.wait()
        traced(grid(600_000))
        run_both(f, traced, (grid(60_000),), rtol=0)
    assert regions(traced)[0].state == "native"


def test_one_operation_is_no_region():
    traced = tt.trace(lambda x: np.exp(x * 2) + 1, strict=True)
    traced(grid(3))
    assert not regions(traced)


def test_source(request):
    def f(x, y, m):
        return np.where(m, x * y + 1, x) > 2

    traced = native(f, (grid(3), grid(3).astype("f4"), grid(3) > 0))
    text = region_code.COMMENT.sub("", source(traced.versions[0].program)[len(region_code.PRELUDE) :])
    check_golden(request, "region.c", text)


# Expressions ----------------------------------------------------------------------------------------------------------

BINARY = [
    np.add,
    np.subtract,
    np.multiply,
    np.divide,
    np.maximum,
    np.minimum,
    np.less,
    np.equal,
    np.logical_and,
]
INTEGER = [np.floor_divide, np.remainder, np.bitwise_and, np.left_shift, np.right_shift]
UNARY = [np.negative, np.absolute, np.square, np.sign, np.floor, np.sqrt, np.isnan, np.logical_not]


@st.composite
def expressions(draw):
    """A function of three arrays, as lines of three-address code, and arrays."""
    lines, names = [], ["x", "y", "z"]
    for k in range(draw(st.integers(2, 8))):
        kind = draw(st.sampled_from(["binary", "binary", "unary", "where", "cast", "clip"]))
        a, b, c = (draw(st.sampled_from([*names, "2", "-1.5", "True"])) for _ in range(3))
        a = draw(st.sampled_from(names))
        text = {
            "binary": f"np.{draw(st.sampled_from([*BINARY, *INTEGER])).__name__}({a}, {b})",
            "unary": f"np.{draw(st.sampled_from(UNARY)).__name__}({a})",
            "where": f"np.where({a}, {b}, {c})",
            "cast": f"{a}.astype({draw(st.sampled_from('fd?'))!r})",
            "clip": f"np.clip({a}, -1, 3)",
        }[kind]
        lines.append(f"    v{k} = {text}")
        names.append(f"v{k}")
    shape = draw(st.sampled_from([(4,), (2, 3), (0, 2), (600,)]))
    arrays = []
    for _ in range(3):
        char = draw(st.sampled_from("?bBhilLfd"))
        dims = [n if draw(st.integers(0, 3)) else 1 for n in shape][
            draw(st.integers(0, 1)) * (len(shape) - 1) :
        ]
        array = np.resize(values(char)[draw(st.permutations(range(len(values(char)))))], dims)
        layout = draw(st.sampled_from(["C", "C", "F", "backwards"]))
        arrays.append({"C": array, "F": np.asfortranarray(array), "backwards": array[::-1]}[layout])
    text = "\n".join(
        ["import numpy as np", "def f(x, y, z):", *lines, f"    return {', '.join(names[-2:])}", ""]
    )
    return text, tuple(arrays)


@settings(max_examples=25, deadline=None)
@given(expressions())
def test_expressions(tmp_path_factory, drawn):
    text, arrays = drawn
    path = tmp_path_factory.mktemp("expressions") / "expression.py"
    path.write_text(text)
    f = runpy.run_path(str(path))["f"]
    with tt.config(tier="native"), np.errstate(all="ignore"):
        traced = tt.trace(f)
        run_both(f, traced, arrays, rtol=0)
        try:
            wanted = f(*arrays)
        except (TypeError, ValueError, OverflowError):
            return
        for got, want in zip(traced(*arrays), wanted, strict=True):
            same_bits(np.asarray(got), np.asarray(want))
