"""Debugging: tracebacks are plain Python's, pdb steps through functions that run plain, breakpoint() stops in them."""

import collections
import contextlib
import io
import pdb  # noqa: T100
import sys
import traceback
import warnings

import numpy as np
import pytest

import tracetensor as tt


def outer(x, k):
    total = 0.0
    for v in x:
        total += v
    return inner(x, k) + total


def inner(x, k):
    return x[k]


def always(x, k):
    raise ValueError("always")


def called_back(x, k):
    return np.apply_along_axis(lambda row: inner(row, k), 0, x)


def caught_and_raised(x, k):
    try:
        return x[k]
    except IndexError as error:
        raise ValueError("no such element") from error


def untraced(x, k):
    async def never():
        pass

    return x[k]


class Model:
    def __init__(self, x):
        self.x = x

    def element(self, k):
        return inner(self.x, k)

    traced = tt.trace(element)


def shown(function, *args, **kwargs):
    """The traceback as it is printed, from the caller on, without the lines of the call."""
    try:
        function(*args, **kwargs)
    except Exception:
        text = traceback.format_exc().splitlines()
        call = next(k for k, line in enumerate(text) if "in shown" in line)
        numpy = [k for k, line in enumerate(text) if "numpy" in line and line.startswith("  File")]
        return [
            line
            for k, line in enumerate(text)
            if k not in (call, call + 1)
            and not {k, k - 1} & set(numpy)  # NumPy's own frames, where its function is interpreted
            and line.strip(" ~^")  # marks below lines
        ]
    raise AssertionError


CALLS = [
    (outer, (np.ones(4), 9), {}), (outer, (np.ones(4),), {"k": 9}), (outer, (np.ones(4, "m8[s]"), 9), {}),
    (always, (np.ones(4), 0), {}), (called_back, (np.ones((2, 3)), 7), {}), (untraced, (np.ones(4), 9), {}),
    (outer, (1, 2, 3), {}), (outer, (), {"z": 1}), (caught_and_raised, (np.ones(4), 9), {}),
]  # fmt: skip


@pytest.mark.filterwarnings("ignore::tracetensor.FallbackWarning")
@pytest.mark.parametrize(("f", "args", "kwargs"), CALLS)
def test_traceback_is_plain_pythons(f, args, kwargs):
    traced = tt.trace(f)
    expected = shown(f, *args, **kwargs)
    for _ in range(3):
        assert shown(traced, *args, **kwargs) == expected


def test_traceback_of_a_compiled_version():
    traced = tt.trace(outer, strict=True)
    traced(np.ones(12), 9)
    assert shown(traced, np.ones(4), 9) == shown(outer, np.ones(4), 9)
    model = Model(np.ones(4))
    assert shown(model.traced, 9) == shown(model.element, 9)
    with tt.config(run="plain"):
        assert shown(traced, np.ones(4), 9) == shown(outer, np.ones(4), 9)


def test_exceptions_have_no_context_of_ours():
    for f, args, kwargs in CALLS[:-1]:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with pytest.raises((ValueError, IndexError, TypeError)) as info:
                tt.trace(f)(*args, **kwargs)
        assert info.value.__context__ is None
        assert info.value.__cause__ is None


def test_frames_of_faults_of_ours_stay():
    with pytest.raises(tt.TraceError) as info:
        tt.trace(untraced, strict=True)(np.ones(2), 0)
    assert any("tracetensor" in f.filename for f in traceback.extract_tb(info.value.__traceback__)[1:])


def debugged(function, *args, commands):
    """What pdb prints for these commands while a function is called."""
    out = io.StringIO()
    debugger = pdb.Pdb(
        stdin=io.StringIO("\n".join([*commands, "continue", ""])), stdout=out, nosigint=True, readrc=False
    )
    debugger.use_rawinput = False
    result = debugger.runcall(function, *args)
    return out.getvalue(), result


def test_pdb_steps_through_plain_functions():
    old = sys.gettrace()
    traced = tt.trace(outer, strict=True)
    try:
        with tt.config(run="plain"):
            text, result = debugged(
                traced.__wrapped__, np.ones(2), 1, commands=["next", "next", "p total", "step", "where"]
            )
            assert result == 3.0
            assert "for v in x:" in text
            text, result = debugged(lambda: traced(np.ones(2), 1), commands=["step"] * 30)
    finally:
        sys.settrace(old)
    assert result == 3.0
    for line in ("total = 0.0", "for v in x:", "total += v", "return inner(x, k) + total", "return x[k]"):
        assert f"-> {line}" in text


def stops(x):
    y = x * 2
    breakpoint()  # noqa: T100
    return y + 1


def test_breakpoint(monkeypatch):
    seen = []

    def hook(*args, **kwargs):
        frame = sys._getframe(1)
        seen.append((frame.f_code.co_name, frame.f_locals["y"].tolist(), frame.f_back.f_code.co_name))

    monkeypatch.setattr(sys, "breakpointhook", hook)
    traced = tt.trace(stops)
    with pytest.warns(tt.FallbackWarning, match=r"breakpoint.*test_debugging.py"):
        np.testing.assert_array_equal(traced(np.ones(2)), [3.0, 3.0])
    traced(np.zeros(2))
    assert [s[:2] for s in seen] == [("stops", [2.0, 2.0]), ("stops", [0.0, 0.0])]


def test_printing(capsys):
    @tt.trace(strict=True)
    def show(x):
        for k in range(len(x)):
            print("step", k, x[k])
        return x

    show(np.array([1.5, 2.5]))
    assert capsys.readouterr().out == "step 0 1.5\nstep 1 2.5\n"


def class_inside(x):
    class Local:
        pass

    return Local, x


def sends(x):
    def running():
        total = 0.0
        while True:
            value = yield total
            total += value

    sums = running()
    next(sums)
    return [sums.send(v) for v in x]


def zipped(x):
    def each(k):
        for v in x:
            yield v * k

    return [a * b for a, b in zip(each(1), each(2), strict=True)]


class Door:
    def __init__(self):
        self.open = True

    def close(self):
        self.open = False


def exit_stack(x):
    door = Door()
    with contextlib.ExitStack() as stack:
        stack.callback(door.close)
        y = x.sum()
    return y, door.open


def nditer(x):
    total = 0.0
    for v in np.nditer(x):
        total += v
    return total


def factory(x):
    d = collections.defaultdict(lambda: 5.0)
    for v in x:
        d[int(v)] += v
    return dict(d)


REASONS = [
    (class_inside, "`class` statements are not traced"), (sends, "`send` of a generator"),
    (zipped, r"zip\(\) of more than one generator"), (exit_stack, "ExitStack|with"), (nditer, "nditer"),
    (factory, "a defaultdict with a function of the user's"),
]  # fmt: skip


@pytest.mark.parametrize(("f", "reason"), REASONS)
def test_reasons_name_the_construct(f, reason):
    x = np.arange(3.0)
    with pytest.warns(tt.FallbackWarning, match=reason):
        got = tt.trace(f)(x)
    if f is not class_inside:
        assert repr(got) == repr(f(x))


def test_closing():
    def f(x, k):
        door = Door()
        try:
            with contextlib.closing(door) as same:
                y = x[k]
        except IndexError:
            return door.open, same is door
        return y, door.open

    traced = tt.trace(f, strict=True)
    for k in (0, 7):
        assert traced(np.arange(3.0), k) == f(np.arange(3.0), k)
