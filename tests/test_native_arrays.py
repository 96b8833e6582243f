"""What loops do to arrays, as machine code: each operation that has C text, and random programs made of them."""

import runpy

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.array_programs import make_program
from tests.compare import assert_same, clone, run_both
from tests.sampling import check_golden
from tracetensor.kernels import toolchain
from tracetensor.vm.instructions import Opcode
from tracetensor.vm.loop_code import PRELUDE
from tracetensor.vm.loop_compiler import make_code

pytestmark = pytest.mark.skipif(toolchain.toolchain() is None, reason="there is no C compiler")


def interpreted(traced):
    """The instructions of the loops of the latest version that machine code leaves to the interpreter."""
    program = traced.versions[-1].program
    names = []
    for site in program.loops():
        code = make_code(program, site)
        step = code.step
        code.instruction = lambda pc, code=code, wrapped=code.instruction: _noted(names, code, wrapped, pc)
        assert step is not None
        code.text()
    return names


def _noted(names, code, wrapped, pc):
    before = code.interpreted
    lines = wrapped(pc)
    if code.interpreted > before:
        row = code.rows[pc]
        names.append(getattr(row[10], "name", None) or Opcode(row[0]).name.lower())
    return lines


def made(tmp_path, text):
    """The function of a text, whose source is a file, as that of users' is."""
    path = tmp_path / "program.py"
    path.write_text(text)
    return runpy.run_path(str(path))["f"]


def loop(tmp_path, line, arguments="x, y, i, m, n", result="x, r, out"):
    """A function with a loop in which one line uses what it is given, and its results are kept."""
    lines = [
        "import numpy as np",
        f"def f({arguments}):",
        "    s = 0.0",
        "    r = None",
        "    out = []",
        "    for k in range(n):",
        *[f"        {part}" for part in line.split("; ")],
        f"    return {result}",
    ]
    return made(tmp_path, "\n".join(lines) + "\n")


def compare(function, *calls, rtol=0.0):
    """The function on both tiers against plain, in turn."""
    for tier in ("interpreted", "native"):
        with tt.config(tier=tier), np.errstate(all="ignore"):
            traced = tt.trace(function)
            for args in calls:
                run_both(function, traced, args, rtol=rtol)
    return traced


# Operations -----------------------------------------------------------------------------------------------------------

ONE = np.array([0.5, -2, 3, 0.25, 1e3, -0.0, 7])
TWO = ONE[:6].reshape(2, 3)
INDICES = np.array([0, -1, 2, 2])
MASK = np.array([1, 0, 0, 1, 1, 0, 1], bool)
OPERATIONS = {
    "view": ("v = x[1:]; y[:-1] = v[::-1]", ONE, ONE),
    "view_of_view": ("v = x[::-1][1:-1]; s += v[0] + v[-1]", ONE, ONE),
    "transpose": ("v = x.T; y[:] = v", TWO, TWO.T.copy()),
    "elementwise": ("r = x * 2 + y", ONE, ONE),
    "broadcast": ("r = x * y[:, None]", TWO, ONE[:2]),
    "write": ("x[1:] = y[:-1]", ONE, ONE),
    "write_number": ("x[::2] = k", ONE, ONE),
    "update": ("x[1:] += y[1:]", ONE, ONE),
    "copy": ("r = x.copy(); x[1] = float(k)", ONE, ONE),
    "filled": ("r = np.zeros((n, 2)); r[0] = k", ONE, ONE),
    "full": ("r = np.full(n, 1.5)", ONE, ONE),
    "filled_like": ("r = np.ones_like(x)", ONE, ONE),
    "arange": ("r = np.arange(k, n)", ONE, ONE),
    "reshape": ("v = x.reshape(-1); y[1:] = v", TWO, ONE),
    "getitem_indices": ("r = x[i]", ONE, ONE),
    "getitem_rows": ("r = x[i % 2]", TWO, ONE),
    "getitem_mask": ("r = x[m]", ONE, ONE),
    "scatter_indices": ("x[i] = y[:4]", ONE, ONE),
    "scatter_mask": ("x[m] = k", ONE, ONE),
    "nonzero": ("r = np.nonzero(x)[0]", ONE, ONE),
    "product": ("r = x @ y", TWO, TWO.T),
    "sum_float": ("s += x.sum()", ONE, ONE),
    "sum_axis": ("r = x.sum(axis=1)", TWO, ONE),
    "sum_int": ("s += x.sum()", np.arange(5), ONE),
    "max": ("s += x.max()", ONE + 0.5, ONE),
    "any": ("s += float((x > k).any())", ONE, ONE),
    "mean": ("s += x.mean()", ONE, ONE),
    "argmax": ("r = x.argmax()", ONE, ONE),
}
LEFT_OVER = {"drop", "guard", "move", "list_make"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(tmp_path, name):
    line, x, y = OPERATIONS[name]
    function = loop(tmp_path, line, result="x, y, s, r" if "r =" in line else "x, y, s")
    traced = compare(function, *[(x.copy(), y.copy(), INDICES, MASK, n) for n in (4, 3, 1)])
    assert set(interpreted(traced)) <= LEFT_OVER


@pytest.mark.parametrize("name", OPERATIONS)
def test_golden_text(request, tmp_path, name):
    line, x, y = OPERATIONS[name]
    function = loop(tmp_path, line, result="x, y, s, r" if "r =" in line else "x, y, s")
    traced = tt.trace(function, strict=True)
    traced.compile(x.copy(), y.copy(), INDICES, MASK, 4)
    text = traced.source().replace(str(tmp_path / "program.py"), "FILE")
    check_golden(request, f"loops/{name}.c", text[text.index(PRELUDE) + len(PRELUDE) :])


# Reductions -----------------------------------------------------------------------------------------------------------


def vectors():
    rng = np.random.default_rng(0)
    plain = [
        rng.normal(size=n)
        for n in [*range(19), 63, 64, 65, 127, 128, 129, 130, 200, 255, 256, 257, 300, 1000, 5000]
    ]
    specials = [
        [-0.0],
        [-0.0, 0.0],
        [0.0, -0.0],
        [np.nan, 1.0],
        [1.0, np.nan, np.inf],
        [np.inf, -np.inf],
        [1e308] * 9,
    ]
    found = [*plain, *[x[::-1] for x in plain], *[np.repeat(x, 2)[::2] for x in plain]]
    return found + [np.array(x) for x in specials]


def matrices():
    rng = np.random.default_rng(1)
    shapes = [(3, 4), (1, 5), (5, 1), (1, 1), (0, 3), (3, 0), (20, 30), (30, 20), (150, 9), (9, 150)]
    plain = [rng.normal(size=shape) for shape in shapes]
    return [y for x in plain for y in (x, x.T, x[::-1], x[:, ::-1], x[:, ::2], x.T[::2])]


def like(array, char):
    return (
        array > 0
        if char == "?"
        else (np.nan_to_num(array, posinf=0, neginf=0) * 10).clip(-99, 99).astype(char)
    )


REDUCED = {
    "d": ["sum", "prod", "max", "min", "mean", "argmax", "argmin", "any", "all"],
    "f": ["sum", "prod", "min", "mean", "argmax"],
    "?": ["sum", "argmin", "max"],
    "b": ["sum", "max"],
    "L": ["prod", "argmax"],
}


@pytest.mark.parametrize(
    ("char", "name"), [(char, name) for char, names in REDUCED.items() for name in names]
)
def test_reductions(tmp_path, char, name):
    for arrays, options in (
        (vectors(), ["", "axis=0", "keepdims=True"]),
        (matrices(), ["", "axis=0", "axis=1", "axis=-1, keepdims=True"]),
    ):
        lines = [f"out.append(x.{name}({option}))" for option in options]
        function = loop(tmp_path, "; ".join(["x = x[k * 0:]", *lines]), "x, n", "out")
        with tt.config(tier="native"), np.errstate(all="ignore"):
            traced = tt.trace(function)
            for array in arrays:
                run_both(function, traced, (array if char == "d" else like(array, char), 2))


# Calls ----------------------------------------------------------------------------------------------------------------


def products(a, b, v, n):
    s, out = 0.0, []
    for _ in range(n):
        c = a @ b
        d, e, f, g = np.dot(c, v), v @ c, v @ v, np.dot(a.T, b[::-1])
        a = a + 1
        v = v * 2
        s += f + c[0, 0]
        out.append(d)
        out.append(e)
        out.append(g)
    return s, out


@pytest.mark.parametrize("char", "ldf")
def test_products(char):
    rng = np.random.default_rng(0)
    calls = []
    for n in (3, 1, 20):
        a, b = (
            rng.integers(-3, 4, (n, n)).astype(char) for _ in "ab"
        )  # sums of small integers: exact in any order
        calls.append((a, b, rng.integers(-3, 4, n).astype(char), 3))
    compare(products, *calls)


def reshapes(x, n):
    out = []
    for k in range(n):
        y = x.reshape(2, 3)
        z = x.reshape(-1, 2).T
        w = y.reshape(-1)
        q = z.ravel()
        t = z.reshape(6)
        x = w + q * 0.1 + t
        y2 = x.reshape(3, 2)
        y2[1] = k
        out.append(x.copy())
    return x, out


def scatters(x, idx, m, vals, n):
    for k in range(n):
        x[idx] = vals
        x[idx + 0] += 1
        x[m] = k
        x[::2][m[::2]] = -1.0
        y = x[::-1][idx]
        x[m] = y[:1]
        z = np.nonzero(x)[0]
        x[z] = x[z] * 0.5
        w = x[m]
        x = x + w.sum()
    return x


def rows(x, idx, n):
    out = []
    for _ in range(n):
        y = x[idx]
        x = x + y.sum(axis=0) * 0.125
        out.append(y.T * 2)
    return out


def runs_out_of_bounds(x, idx, n):
    for k in range(n):
        x[idx] = k
        idx = idx + 1
    return x


def new_arrays(n):
    s = 0.0
    for k in range(-2, n):
        try:
            z = np.zeros((k, 2))
            a, b = np.arange(k), np.arange(10, k, -2)
            o = np.ones(k, dtype=np.int32)
            f = np.full((2, k), k)
            s += z.size + a.sum() + b.sum() + o.sum() + f.sum()
        except ValueError:
            s -= 100
    return s


MASKED = np.array([1, 0, 1, 0, 0, 1], bool)


@pytest.mark.parametrize(
    ("function", "calls"),
    [
        (reshapes, [(np.arange(6.0), 5), (np.arange(12.0)[::2], 3), (np.arange(6.0)[::-1], 1)]),
        (
            scatters,
            [
                (np.arange(6.0), np.array([0, 5, 2]), MASKED, np.array([1.0, 2, 3]), 4),
                (np.arange(6.0), np.array([-1, -6, 2]), MASKED, np.array([7.0]), 4),
                (np.arange(6.0), np.array([-1, 6, 2]), MASKED, np.array([7.0]), 4),
                (np.arange(6.0), np.array([0, 1, 2]), MASKED, np.array([7.0, 8]), 2),
                (np.arange(5.0), np.array([0, 1, 2]), MASKED, np.array([7.0]), 2),
            ],
        ),
        (
            rows,
            [
                (order(np.arange(15.0).reshape(5, 3)), np.array(i), 4)
                for order in (np.ascontiguousarray, np.asfortranarray)
                for i in ([0, 4, -1, 2], [0, 5])
            ],
        ),
        (runs_out_of_bounds, [(np.arange(6.0), np.array([0, 1]), n) for n in (5, 9)]),
        (new_arrays, [(6,), (3,), (-5,)]),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_calls(function, calls):
    compare(function, *calls)


# Random programs ----------------------------------------------------------------------------------------------------


@pytest.mark.filterwarnings("ignore")  # a program may fall back, or take the mean of nothing
@settings(
    max_examples=15, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate]
)  # each step of shrinking would be compiled
@given(st.data())
def test_programs(tmp_path_factory, data):
    text, calls = make_program(lambda choices: data.draw(st.sampled_from(choices)))
    function = made(tmp_path_factory.mktemp("programs"), text)
    rtol = 1e-5 if "@" in text or "np.dot" in text else 0.0  # NumPy's own products add in an order of theirs
    with np.errstate(all="ignore"):
        tiers = {tier: tt.trace(function) for tier in ("interpreted", "native")}
        for args in calls:
            for tier, traced in tiers.items():
                with tt.config(tier=tier):
                    _run_both(function, traced, clone(args), rtol)


def _run_both(function, traced, args, rtol):
    try:
        run_both(function, traced, args, rtol=rtol)
    except (
        AssertionError
    ) as error:  # `a /= b` of other dtypes: NumPy's text names the shape of the target too
        if str(error).count("could not be broadcast together") != 2:
            raise


# Gradients ------------------------------------------------------------------------------------------------------------


def decaying(x, y, n):
    for _ in range(n):
        x = np.tanh(x * y + 0.25)
    return (x * x).sum()


@pytest.mark.parametrize(
    ("x", "y", "calls"),
    [
        (ONE / 8, ONE[::-1] / 4, 0),
        (ONE / 8, 0.5, 0),  # a sum of all
        (ONE / 8, ONE[:1], 0),  # a sum along an axis that was broadcast: only there, at run time
        (TWO / 8, TWO[:, :1] + 1, 0),
        (TWO / 8, TWO[0], 1),  # of fewer axes: always
        (TWO.T / 8, TWO.T / 4, 0),  # in Fortran order
        (ONE.astype("f") / 8, np.float32(0.5), 0),
    ],
)
def test_unbroadcasting(x, y, calls):
    """Gradients of what may have been broadcast are the same on both tiers, and no calls where it was not."""
    results = []
    for tier in ("interpreted", "native"):
        with tt.config(tier=tier), np.errstate(all="ignore"):
            gradient = tt.grad(lambda *args: decaying(*args), argnums=(0, 1))
            results.append([gradient(x, y, n) for n in (3, 1, 0)])
    assert_same(*results)
    assert interpreted(gradient.traced).count("sum_to_shape") == calls


def solved(x, y, n):
    for _ in range(n):
        y = np.linalg.solve(x, y) + 1.0
    return (y * y).sum()


@pytest.mark.parametrize("columns", [1, 2])
def test_broadcast_dims(columns):
    """The dims that stacks of matrices broadcast to are machine code, in the gradient of solve as well."""
    x = np.eye(3) + TWO[:1] / 9
    y = np.arange(3.0 * columns).reshape(3, columns)
    results = []
    for tier in ("interpreted", "native"):
        with tt.config(tier=tier), np.errstate(all="ignore"):
            gradient = tt.grad(lambda *args: solved(*args), argnums=(0, 1))
            stacked = np.stack([x, 2 * x])
            results.append(
                [gradient(x, y, 2), gradient(stacked, np.stack([y, y]), 2), gradient(stacked, y, 2)]
            )
    assert_same(*results)
    assert "broadcast_dim" not in interpreted(gradient.traced)


# Arrays long enough for vector instructions ---------------------------------------------------------------------------


def _rows(n, dtype, order):
    values = np.random.default_rng(n).integers(-50, 50, (6, n)).astype(dtype)
    if order == "apart":
        values = np.repeat(values, 2, axis=1)[:, ::2]
    if order == "backwards":
        values = values[:, ::-1]
    return np.asfortranarray(values) if order == "columns" else values


def elementwise_rows(x, y):
    for k in range(len(x)):
        y = np.where(x[k] > y, x[k] * y + 1, y - x[k])
    return y


def mixed_rows(x, y):
    two, column = np.array(2, x.dtype), x[:, :1]
    for _ in range(3):
        x = np.where(x > two, x - two, x + y) * two
        x = (x + column) - column * y
    for _ in range(3):
        y = (y + two) * two
    return x, y, x[1:] + x[:-1]


def stacked_rows(x, y):
    z = np.stack((x, x + 1, x))
    out = z
    for k in range(3):
        z = z * y + z[:, :, ::-1]
        z = z - z[k] + z[:, :1]
        out = z[:, 1:, 1:] * z[:, :-1, 1:]
    return z, out


def written_rows(x, y):
    out = np.zeros_like(x)
    for k in range(len(x)):
        out[k] = x[k]
        out[k, 1:] = y[1:]
        out[k] += x[k]
        out[k, :-1] *= x[k, 1:]
        out[:, -1] = 7
    return out, out[:, ::2].copy()


def reduced_rows(x, y):
    found = []
    for k in range(len(x)):
        row = x[k] * y
        found.append((row.sum(), row.max(), row.min(), row.argmax(), row.argmin(), (row > y).sum()))
    return found, x.max(), x.min(axis=0), x.max(axis=1), x.sum(axis=1)


@pytest.mark.parametrize("order", ["plain", "apart", "backwards", "columns"])
@pytest.mark.parametrize("dtype", ["float64", "float32", "int64", "int32", "uint8"])
@pytest.mark.parametrize("f", [elementwise_rows, mixed_rows, stacked_rows, written_rows, reduced_rows])
def test_long_rows(f, dtype, order):
    with np.errstate(all="ignore"):
        lengths = (2, 7, 15, 16, 17, 31, 33, 100, 129, 1000)
        compare(f, *[[_rows(n, dtype, order), _rows(n, dtype, "plain")[0]] for n in lengths])


@pytest.mark.parametrize("value", [np.nan, 0.0, -0.0, np.inf, -np.inf])
@pytest.mark.parametrize("place", [0, 3, 18, 39])
def test_rows_with_special_items(value, place):
    x = -np.abs(_rows(40, "float64", "plain")) - 1
    x[:, place] = value
    with np.errstate(all="ignore"):
        compare(reduced_rows, [x, np.ones(40)], [-x, np.ones(40)])
