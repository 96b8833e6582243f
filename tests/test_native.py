"""Loops as machine code: the same as interpreted and as plain, whatever happens in them (PYTEST_DONT_REWRITE: plain asserts)."""

import os
import pathlib
import signal
import stat
import subprocess
import sys
import textwrap
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import run_both
from tracetensor.kernels import cache, toolchain
from tracetensor.kernels.background import worker
from tracetensor.vm import native
from tracetensor.vm.loop_code import PRELUDE

GOLDEN = pathlib.Path(__file__).parent / "golden" / "loop.c"

needs_compiler = pytest.mark.skipif(toolchain.toolchain() is None, reason="there is no C compiler")
pytestmark = needs_compiler


def states(traced):
    return [state for version in traced.versions for _, state in version.program.loop_states()]


def check(function, *calls, rtol=0.0, compiled=True):
    """The function natively compiled against plain, in turn; its loops must have become machine code."""
    with tt.config(tier="native"), np.errstate(all="ignore"):
        traced = tt.trace(function, strict=True)
        for args in calls:
            run_both(function, traced, args, rtol=rtol)
    assert "native" in states(traced) or not compiled, traced.explain()
    return traced


# What loops do --------------------------------------------------------------------------------------------------------


def insertion_sort(a):
    for i in range(1, len(a)):
        x, j = a[i], i - 1
        while j >= 0 and a[j] > x:
            a[j + 1] = a[j]
            j -= 1
        a[j + 1] = x
    return a


def edit_distance(s, t):
    d = np.zeros((len(s) + 1, len(t) + 1), np.int64)
    d[:, 0] = np.arange(len(s) + 1)
    d[0] = np.arange(len(t) + 1)
    for i in range(1, len(s) + 1):
        for j in range(1, len(t) + 1):
            cost = 0 if s[i - 1] == t[j - 1] else 1
            d[i, j] = min(d[i - 1, j] + 1, d[i, j - 1] + 1, d[i - 1, j - 1] + cost)
    return d[-1, -1]


def mandelbrot(cs, most):
    counts = np.zeros(len(cs), np.int32)
    for k in range(len(cs)):
        z = 0j
        c = complex(cs[k])
        for i in range(most):
            if abs(z) > 2:
                break
            z = z * z + c
            counts[k] += 1
    return counts


def through_views(m, k):
    rows = m[::2].T
    for i in range(rows.shape[0]):
        for j in range(rows.shape[1]):
            rows[i, j] += m[-1, i] * k
    return rows.sum()


def swapped(u, steps, c):
    v = u.copy()
    for _ in range(steps):
        for i in range(1, len(u) - 1):
            v[i] = u[i] + c * (u[i - 1] - 2 * u[i] + u[i + 1])
        u, v = v, u
    return u


def float_arithmetic(x, y, n):
    s = 0.0
    for k in range(1, n):
        s += x // (y + k) + x % (y - k - 0.5) + abs(x - k) ** 0.5 - -y / k
        s = max(s, x) if k % 3 else min(s, y * 100)
    return s


def narrow(a, b):
    total = a[0]
    for k in range(len(a)):
        a[k] += b[k]
        total = total * a[k] - b[k]
    return total


def masks(bits, n):
    x = 1
    for k in range(n):
        x ^= (x << 13) & 0xFFFFFFFF
        x ^= x >> 17
        x ^= (x << 5) & 0xFFFFFFFF
        bits[k] = x & 1
    return x


def empty_steps(a):
    for i in range(len(a), 3):
        a = a + 1
    return a


LOOPS = [
    (insertion_sort, [(np.array([3.0, 1, 2, -1, 5, 4])[:n],) for n in (6, 0, 1, 2)]),
    (edit_distance, [(np.array([1, 2, 3, 4]), np.array([2, 3, 5])), (np.array([1]), np.array([], int))]),
    (mandelbrot, [(np.linspace(-2, 0.5, 7) + 0.3j, 60), (np.zeros(0, complex), 5)]),
    (through_views, [(np.arange(12.0).reshape(3, 4), 2), (np.asfortranarray(np.ones((4, 1))), 0.5)]),
    (swapped, [(np.arange(6.0) ** 2, n, 0.25) for n in (2, 1, 0, 7)]),
    (float_arithmetic, [(7.5, -2.25, 9), (-1e300, 3.0, 4), (float("inf"), 1.0, 3), (-0.0, 0.0, 5)]),
    (narrow, [(np.array([100, 27, -5], t), np.array([50, 3, 7], t)) for t in (np.int8, np.int16, np.int32)]),
    (
        narrow,
        [(np.array([100, 27, 5], t), np.array([50, 3, 7], t)) for t in (np.uint8, np.float32, np.uint64)],
    ),
    (masks, [(np.zeros(40, np.uint8), 40), (np.zeros(40, bool), 7), (np.zeros(40), 7)]),
]


@pytest.mark.parametrize(("function", "calls"), LOOPS, ids=lambda v: getattr(v, "__name__", ""))
def test_loops(function, calls):
    for k, args in enumerate(calls):  # a traced function for each: other dtypes are other versions
        check(function, args, compiled=k == 0)  # edge sizes may need no loop


def integer_operators(a, b, n):
    r = (0, 0, 0, 0, 0, 0, 0, 0, 0)
    t = (False, False, False, False, False, False)
    u = (0, 0, 0, 0, 0, 0.0, False)
    for _ in range(n):
        r = (a + b, a - b, a * b, a & b, a | b, a ^ b, -a, abs(b), ~a)
        t = (a < b, a <= b, a == b, a != b, a > b, a >= b)
        u = (max(a, b), min(a, b), a << (b & 7), a >> (b & 63), (a & 31) ** (b & 15), float(b), bool(a))
    return r, t, u


def integer_divisions(a, b, n):
    r = (0, 0, 0.0)
    for _ in range(n):
        r = (a // b, a % b, a / b)
    return r


def float_operators(x, y, n):
    r = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    t = (False, False, False, False, False, False, False)
    for _ in range(n):
        r = (x + y, x - y, x * y, -x, abs(y), x // 1.5, x % 1.5)
        t = (x < y, x <= y, x == y, x != y, x > y, x >= y, bool(x))
    return r, t


def float_divisions(x, y, n):
    r = (0.0, 0.0, 0.0, 0, 0.0)
    for _ in range(n):
        r = (x / y, x // y, x % y, int(y), abs(x) ** 2.0)
    return r


WORDS = st.one_of(
    st.integers(-20, 20),
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([2**63 - 1, -(2**63), 2**62, 2**53 + 1, -(2**31), 2**70]),
)
FLOATS = st.one_of(
    st.floats(-10, 10), st.floats(allow_nan=False), st.sampled_from([-0.0, 1e308, 5e-324, 2.0**53])
)


@pytest.mark.parametrize(
    ("function", "operands"),
    [
        (integer_operators, WORDS),
        (integer_divisions, WORDS),
        (float_operators, FLOATS),
        (float_divisions, FLOATS),
    ],
    ids=lambda v: getattr(v, "__name__", ""),
)
def test_operators(function, operands):
    with tt.config(tier="native"):
        traced = tt.trace(function, strict=True)
        traced(*([3, 2] if operands is WORDS else [3.0, 2.0]), 2)

    @given(operands, operands)
    def compare(a, b):
        run_both(function, traced, (a, b, 2))

    compare()
    assert states(traced)[0] == "native"


def factorials(n):
    product = 1
    for k in range(1, n):
        product *= k
        if k % 40 == 0:
            product = k
    return product


def test_python_ints_outgrow_registers_and_come_back():
    check(factorials, (5,), (25,), (60,), (200,))


# What goes wrong in them -----------------------------------------------------------------------------------------


def reads_behind(a, n):
    s = 0.0
    for i in range(n):
        s += a[i]
    return s


def writes_behind(a, n):
    for i in range(n):
        a[i + 1] = a[i] * 2
    return a


def divides(a, n):
    r = 0
    for i in range(n):
        r += 100 // (i - 5)
    return r


def raises_by_hand(a, n):
    for i in range(n):
        if a[i] > 3:
            raise ValueError(f"element {i} is {a[i]}")
    return n


def catches(a, n):
    caught = 0
    for i in range(n):
        try:
            a[i % 7] += 10 // (i % 4)
        except (ZeroDivisionError, IndexError) as error:
            caught += len(str(error))
    return caught


def negative_shift(a, n):
    r = 1
    for i in range(n):
        r = r << (3 - i)
    return r


@pytest.mark.parametrize(
    "function", [reads_behind, writes_behind, divides, raises_by_hand, catches, negative_shift]
)
def test_exceptions(function):
    check(function, (np.arange(5.0), 2), (np.arange(5.0), 20), (np.arange(9.0), 8))


def test_read_only_array_is_not_written():
    a = np.arange(5.0)
    a.flags.writeable = False
    with tt.config(tier="native"):
        traced = tt.trace(writes_behind)
        run_both(writes_behind, traced, (a, 3))


def test_an_array_that_others_see_is_not_written():
    def history(a, n):
        kept = a
        b = a + 0
        before = b
        for i in range(n):
            b = b.copy() if i == 2 else b
            b[i] = -1.0
        return kept, before, b

    check(history, (np.arange(6.0), 4), (np.arange(6.0), 1))


def endless(n):
    k = 0
    while k < n:
        k += 1 if k < n - 1 else 0
    return k


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers")
def test_signals_end_a_loop():
    class Alarm(Exception):
        pass

    def ring(number, frame):
        raise Alarm

    with tt.config(tier="native"):
        traced = tt.trace(endless, strict=True)
        traced.compile(5)
        assert states(traced) == ["native"]
        before = signal.signal(signal.SIGALRM, ring)
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        try:
            with pytest.raises(Alarm):
                traced(10**9)
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)


# When --------------------------------------------------------------------------------------------------------------


def test_a_running_loop_goes_on_as_machine_code(monkeypatch):
    def collatz(n):
        longest = 0
        for k in range(1, n):
            steps, x = 0, k
            while x != 1:
                x = x // 2 if x % 2 == 0 else 3 * x + 1
                steps += 1
            longest = max(longest, steps)
        return longest

    traced = tt.trace(collatz, strict=True)
    monkeypatch.setattr("tracetensor.tiers.HOT", 10)
    native.set_threshold(10)
    try:
        with tt.config(tier="auto"):
            assert traced(300) == collatz(300)
            for _ in range(100):
                if states(traced) == ["native"]:
                    break
                time.sleep(0.1)
            worker.wait()
            assert states(traced) == ["native"]
            assert traced(400) == collatz(400)
    finally:
        native.set_threshold(5000)


def test_interpreted_where_that_is_asked_for():
    with tt.config(tier="interpreted"):
        traced = tt.trace(reads_behind, strict=True)
        for _ in range(3):
            traced(np.ones(9000), 9000)
        assert states(traced) == ["interpreted"]


def test_compile_waits_and_runs_nothing():
    traced = tt.trace(insertion_sort, strict=True)
    a = np.array([2.0, 1.0])
    traced.compile(a)
    assert a.tolist() == [2, 1]
    assert states(traced) == ["native"]
    assert "machine code" in traced.explain()
    assert traced(a).tolist() == [1, 2]
    assert len(traced.versions) == 1


def test_compile_of_what_is_not_traced():
    def mixed(x):
        yield x

    with pytest.raises(tt.TraceError):
        tt.trace(lambda x: eval("x")).compile(1)


def doubled(a, n):
    for i in range(n):
        a[i] = a[i] * 2.0
    return a


def test_golden_text(request):
    traced = tt.trace(doubled, strict=True)
    traced.compile(np.ones(3), 3)
    text = traced.source().replace(__file__, "FILE")
    text = text[text.index(PRELUDE) + len(PRELUDE) :]
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(text)
    assert text == GOLDEN.read_text()


# Faults of the compiler and of the cache ---------------------------------------------------------------------------


@pytest.fixture
def fresh(tmp_path, monkeypatch):
    """An empty cache, and a compiler that has not been looked for; loops traced here have constants of their own."""
    monkeypatch.setenv("TRACETENSOR_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("tracetensor.kernels.native._loaded", {})
    toolchain.toolchain.cache_clear()
    yield tmp_path
    toolchain.toolchain.cache_clear()


def compiled_sum():
    """Trace and run a loop; the result is right whatever happens. What became of the loop."""
    with tt.config(tier="native"):
        traced = tt.trace(reads_behind, strict=True)
        assert traced(np.arange(10.0), 10) == 45
        assert traced(np.arange(10.0), 5) == 10
    return states(traced)[0]


def compiler_script(folder, text):
    path = folder / "fakecc"
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_no_compiler(fresh, monkeypatch):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert "there is no C compiler" in compiled_sum()


def test_compiler_that_fails(fresh, monkeypatch):
    monkeypatch.setenv(
        "CC", compiler_script(fresh, '[ "$1" = --version ] && echo 1 && exit 0\necho bad luck >&2; exit 3')
    )
    assert "failed (exit status 3): bad luck" in compiled_sum()


def test_compiler_that_is_killed(fresh, monkeypatch):
    monkeypatch.setenv("CC", compiler_script(fresh, '[ "$1" = --version ] && echo 1 && exit 0\nkill -9 $$'))
    assert "failed" in compiled_sum()


def test_compiler_that_hangs(fresh, monkeypatch):
    monkeypatch.setenv("CC", compiler_script(fresh, '[ "$1" = --version ] && echo 1 && exit 0\nsleep 100'))
    monkeypatch.setattr(toolchain, "SECONDS", 0.3)
    start = time.perf_counter()
    assert "took more than" in compiled_sum()
    assert time.perf_counter() - start < 50


def test_cache_is_used(fresh, monkeypatch):
    assert compiled_sum() == "native"
    assert len(cache.entries()) == 1
    monkeypatch.setattr("tracetensor.kernels.native._loaded", {})
    monkeypatch.setattr("tracetensor.kernels.native.build", lambda text: pytest.fail("compiled again"))
    assert compiled_sum() == "native"
    assert cache.clear() == 1
    assert cache.entries() == []


@pytest.mark.parametrize("spoil", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:-1] + b"x"])
def test_entry_that_was_cut_short(fresh, monkeypatch, spoil):
    assert compiled_sum() == "native"
    ((path, _, _),) = cache.entries()
    whole = path.read_bytes()
    path.unlink()  # the old file stays mapped
    path.write_bytes(spoil(whole))
    assert cache.find(path.stem) is None
    monkeypatch.setattr("tracetensor.kernels.native._loaded", {})
    assert compiled_sum() == "native"
    assert cache.find(path.stem) is not None


def test_cache_that_cannot_be_made(fresh, monkeypatch):
    (fresh / "file").write_text("")
    monkeypatch.setenv("TRACETENSOR_CACHE", str(fresh / "file" / "cache"))
    assert cache.trouble(cache.folder())
    assert compiled_sum() == "native"
    assert cache.usable_folder() != cache.folder()


def test_cache_of_another_user(fresh, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert "another user" in cache.trouble(cache.folder())
    assert compiled_sum() == "native"
    assert cache.entries() == []


def test_cache_that_others_can_write_to(fresh):
    cache.folder().mkdir(mode=0o700)
    cache.folder().chmod(0o777)
    assert "other users" in cache.trouble(cache.folder())
    assert compiled_sum() == "native"
    assert cache.entries() == []


def test_full_disk(fresh, monkeypatch):
    real = cache._write

    def write(place, name, data):
        if place == cache.folder():
            raise OSError(28, "No space left on device")
        return real(place, name, data)

    monkeypatch.setattr(cache, "_write", write)
    assert compiled_sum() == "native"
    assert cache.entries() == []


def test_many_processes_on_an_empty_cache(fresh):
    script = textwrap.dedent("""
        import numpy as np, tracetensor as tt
        def f(a):
            s = 0.0
            for i in range(len(a)):
                s += a[i] * a[i]
            return s
        with tt.config(tier="native"):
            g = tt.trace(f, strict=True)
            print(g(np.arange(4.0)), g.versions[0].program.loop_states()[0][1])
    """)
    path = fresh / "program.py"
    path.write_text(script)
    root = str(pathlib.Path(tt.__file__).parent.parent)
    environment = {**os.environ, "PYTHONPATH": root}
    children = [
        subprocess.Popen([sys.executable, str(path)], stdout=subprocess.PIPE, text=True, env=environment)
        for _ in range(6)
    ]
    assert [child.communicate()[0] for child in children] == ["14.0 native\n"] * 6
    assert len(cache.entries()) == 1


def test_command_line(fresh, capsys):
    from tracetensor.__main__ import main

    assert compiled_sum() == "native"
    for action, expected in (
        ("path", str(cache.folder())),
        ("ls", "1 entries"),
        ("clear", "1 entries removed"),
    ):
        assert main(["cache", action]) == 0
        assert expected in capsys.readouterr().out


def test_cache_from_python(fresh):
    assert tt.cache.entries() == [] and tt.cache.path() == cache.folder()
    assert compiled_sum() == "native"
    (entry,) = tt.cache.entries()
    assert entry.file.parent == tt.cache.path() and entry.size == entry.file.stat().st_size
    assert abs(entry.made - time.time()) < 3600
    assert tt.cache.clear() == 1 and tt.cache.entries() == [] and not entry.file.exists()


def test_squares_of_floats_are_those_of_pow():
    """Python's x ** 2 is the C library's pow, which is not always x * x; machine code calls it only where they may differ."""

    def squares(x, n):
        out = np.zeros(n)
        for k in range(n):
            out[k] = float(x[k]) ** 2
        return out

    rng = np.random.default_rng(0)
    x = rng.standard_normal(200_000) * 10.0 ** rng.integers(-20, 20, 200_000)
    special = np.array(
        [0.0, -0.0, 1e-170, 1e170, -1e-150, np.inf, -np.inf, np.nan, 5e-324, 1.3407807929942596e154]
    )
    assert (np.array([v**2 for v in x.tolist()]) != x * x).any() or sys.platform != "linux"
    check(squares, (x[:5], 5), (x, len(x)), (special[:-1], 8), (special, len(special)))
