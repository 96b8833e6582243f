"""Writes in blocks whose exceptions are caught: in place, and where they raise, the handler finds things as they were."""

import re
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import tracetensor as tt
from tests.compare import run_both
from tests.sampling import check_golden
from tests.test_native_arrays import interpreted
from tests.test_native_lists import TIERS
from tracetensor.kernels import toolchain
from tracetensor.vm.loop_code import PRELUDE
from tracetensor.vm.loop_compiler import make_code

DIVISORS = np.random.default_rng(0).integers(0, 5, 60)


def appended(v, _x):
    out, bad = [], 0
    for a in v:
        try:
            out.append(10 // int(a))
        except ZeroDivisionError:
            bad += 1
    return out, bad


def appended_before(v, _x):
    out, bad = [], []
    for a in v:
        try:
            out.append(1)
            bad.append(2)
            out.append(10 // int(a))
        except ZeroDivisionError:
            out.append(0)
    return out, bad


def set_and_popped(v, _x):
    out = [0] * 8
    for k, a in enumerate(v):
        try:
            out[k % 8] = k
            out[int(a) * 3] = 10 // int(a)
            out.append(out.pop() + 1)
        except (ZeroDivisionError, IndexError):
            out[0] += 100
    return out


def elements(v, x):
    x = x.copy()
    y = np.zeros(len(x))
    bad = 0
    for a in v:
        k = int(a) * len(x) // 4
        try:
            x[k] += 1.0
            y[k - 1] += x[k] * 2
        except IndexError:
            x[0] -= 1
            bad += 1
        finally:
            y[1] += 1
    return x, y, bad


def slices(v, x):
    x = x.copy()
    for k, a in enumerate(v):
        try:
            x[k : k + 3] += 1.0
            x[k : k + 2] = 10 // int(a)
        except ZeroDivisionError:
            x[-1] += 1
        finally:
            x[0] += 1
    return x


def repeated(v, x):
    x = x.copy()
    for a in v:
        try:
            np.add.at(x, [0, int(a) * len(x) // 4, 0], 1.0)
        except IndexError:
            x[1] -= 1
    return x


def nested(v, x):
    x = x.copy()
    for k, a in enumerate(v):
        try:
            try:
                x[k] = 10 // int(a)
                x[int(a) * len(x) // 4] = k
            except ZeroDivisionError:
                x[k] = -1
                x[len(x) + k - 3] = 7
            x[2] += 1
        except IndexError:
            x[3] -= x[k]
    return x


def loop_within(v, x):
    x = x.copy()
    try:
        for k, a in enumerate(v):
            x[k] += 1
            x[k : k + 4] *= 2
            if a == 4 and k > 40:
                raise ValueError("four")
    except ValueError:
        x[0] = -1
    return x


def branches(v, x):
    x = x.copy()
    y = x.copy()
    for k, a in enumerate(v):
        try:
            if a > 2:
                x[k] = 5
            else:
                y[k] = x[k] - 1
            x[k + 1] += 10 // int(a)
        except ZeroDivisionError:
            y[k], x[k] = x[k], y[k]
    return x, y


def written(row, k, a):
    """Writes, and perhaps raises after that."""
    row[k] += 1
    if a == 0:
        raise ValueError(k)
    row[k] *= 2


def called(v, x):
    x = x.copy()
    for k, a in enumerate(v):
        try:
            written(x, k, a)
        except ValueError:
            x[k] -= 5
    return x


def several_names(v, x):
    x = x.copy()
    kept = x
    for k, a in enumerate(v):
        y = x
        try:
            y[k] = 10 // int(a)
            y = x.copy() if k == 7 else y
            y[k + 1] = 3
        except ZeroDivisionError:
            kept[k] = y[k + 1] - 1
    return x, kept


PROGRAMS = [
    *(appended, appended_before, set_and_popped, elements, slices, repeated, nested, loop_within),
    *(branches, called, several_names),
]
IN_PLACE = [elements, slices, nested, loop_within, branches, called]


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_the_handler_finds_things_as_they_were(program, tier):
    with tt.config(tier=tier):
        traced = tt.trace(program, strict=True)
        for n in (len(DIVISORS) + 5, len(DIVISORS) + 1):
            for _ in range(2):
                run_both(program, traced, (DIVISORS, np.arange(float(n))))
        run_both(program, traced, (DIVISORS[:0], np.arange(70.0)))


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize("program", IN_PLACE, ids=lambda f: f.__name__)
def test_writes_are_done_in_place(program, tier):
    x = np.zeros(1_000_000)
    with tt.config(tier=tier):
        traced = tt.trace(program, strict=True)
        traced(DIVISORS, x)
        tracemalloc.start()
        try:
            program(DIVISORS, x)
            plain = tracemalloc.get_traced_memory()[1]
            tracemalloc.reset_peak()
            traced(DIVISORS, x)
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert peak < plain + x.nbytes / 2


STEPS = st.lists(st.tuples(st.integers(0, 6), st.integers(-8, 8), st.integers(-2, 2)), max_size=12)


def steps(program, x, y, out):
    """Does what numbers say, each step in blocks of its own."""
    for k in range(len(program)):
        what, place, value = program[k]
        try:
            try:
                x[0] += 1
                if what == 0:
                    x[place] = 6 // int(value)
                elif what == 1:
                    y[place] += x[place - 1]
                elif what == 2:
                    x[place : place + 2] -= 1
                    y[place] = 1
                elif what == 3:
                    out.append(int(value))
                    out[int(place)] = 6 // int(value)
                elif what == 4:
                    x[1] += out.pop(int(place))
                elif what == 5:
                    x, y = y, x
                    x[place] = 2
                out.append(k)
            except ZeroDivisionError:
                y[1] = x[0]
                x[place] = -1
            finally:
                y[0] += 1
        except IndexError:
            x[2] += y[0]
            out.append(-1)
    return x, y, out


TRACED = {tier: tt.trace(steps, strict=True) for tier in TIERS}


@pytest.mark.parametrize("tier", TIERS)
@given(program=STEPS, same=st.booleans())
@settings(max_examples=60)
def test_any_steps(tier, program, same):
    x = np.arange(5.0)
    rows = np.array(program, dtype=int).reshape(-1, 3)
    with tt.config(tier=tier):
        run_both(steps, TRACED[tier], (rows, x, x if same else x - 3, [7, 8]))


def raised_and_seen(v, x):
    """Exceptions that are looked at, that others have as their context, and that nobody sees."""
    found = []
    for k, a in enumerate(v):
        try:
            try:
                if a == 0:
                    raise ValueError(f"zero at {k:3d}")
                x[k] += 6 // (int(a) - 1) + x[int(a) * 100 - 300]
            except ZeroDivisionError:
                x[int(a) * 7] = 1
                raise KeyError(k) from None
            except ValueError as error:
                found.append(len(str(error)))
                x[k - 200] = 1
        except IndexError as error:
            found.append(1 if isinstance(error.__context__, ValueError) else 2)
        except LookupError:
            found.append(-k)
    return found, x


def escapes(v, x):
    for k, a in enumerate(v):
        try:
            x[k] = 6 // int(a)
        except ZeroDivisionError:
            x[k] += x[int(a) - 200 + k]
    return x


@pytest.mark.parametrize("tier", TIERS)
def test_exceptions_that_are_looked_at(tier):
    x = np.arange(100.0)
    with tt.config(tier=tier):
        traced = tt.trace(raised_and_seen, strict=True)
        for _ in range(3):
            run_both(raised_and_seen, traced, (DIVISORS, x))


@pytest.mark.parametrize("tier", TIERS)
def test_an_exception_out_of_a_handler_has_its_context(tier):
    with tt.config(tier=tier):
        traced = tt.trace(escapes, strict=True)
        traced(np.array([1, 2]), np.arange(3.0))
        for n in (1, 3):
            with pytest.raises(IndexError) as plain:
                escapes(np.array([1, 2, 0]), np.arange(float(n) + 2))
            with pytest.raises(IndexError) as met:
                traced(np.array([1, 2, 0]), np.arange(float(n) + 2))
            assert str(met.value) == str(plain.value)
            assert type(met.value.__context__) is type(plain.value.__context__) is ZeroDivisionError
            assert str(met.value.__context__) == str(plain.value.__context__)


@pytest.mark.skipif(not toolchain.toolchain(), reason="needs a C compiler")
def test_what_is_caught_in_a_loop_has_golden_text(request):
    def f(v, x):
        bad = 0
        for k, a in enumerate(v):
            try:
                if a < 0:
                    raise ValueError(f"{a} at {k}")
                x[k] = 6 // int(a)
            except (ValueError, IndexError):
                bad += 1
            except ZeroDivisionError:
                x[0] += 1
        return x, bad

    with tt.config(tier="native"):
        traced = tt.trace(f, strict=True)
        run_both(f, traced, (np.array([-1, 0, 2, 1, 3]), np.arange(4.0)))
    assert interpreted(traced) == []
    (version,) = traced.versions
    (site,) = version.program.loops()
    text = make_code(version.program, site).text().replace(PRELUDE, "")
    check_golden(request, "loops/caught.c", re.sub(re.escape(__file__) + r":\d+", "program.py", text))
