"""Calls with effects: made at run time, in order, once each; what is printed, logged, warned and written."""

import contextlib
import functools
import io
import logging
import operator
import os
import pathlib
import sys
import time
import warnings

import numpy as np
import pytest

import tracetensor as tt
from tests.compare import assert_same, run_both

X = np.arange(4.0)
LOG = logging.getLogger("tests.effects")


class Records(logging.Handler):
    def __init__(self):
        super().__init__()
        self.found = []

    def emit(self, record):
        self.found.append(
            (record.levelname, record.getMessage(), record.filename, record.lineno, record.funcName)
        )


@contextlib.contextmanager
def recorded():
    """All that is printed, logged and warned."""
    handler, out, err = Records(), io.StringIO(), io.StringIO()
    LOG.addHandler(handler)
    LOG.setLevel(logging.INFO)
    found = {}
    try:
        with (
            warnings.catch_warnings(record=True) as caught,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            warnings.simplefilter("always")
            yield found
    finally:
        LOG.removeHandler(handler)
    found["warnings"] = [(str(w.message), w.category, w.filename, w.lineno) for w in caught]
    found.update(logs=handler.found, out=out.getvalue(), err=err.getvalue())


def same(function, *args, traced=None):
    """Assert that traced calls do and say what plain ones do; the traced function."""
    traced = traced or tt.trace(function, strict=True)
    texts = []
    for called in (function, traced):
        with recorded() as found:
            for _ in range(2):
                result = (
                    run_both(function, called, args)
                    if called is function
                    else called(*[_copy(a) for a in args])
                )
        texts.append(found)
        texts[-1]["result"] = result.result if called is function else result
    # the plain function ran twice as often
    for name in ("warnings", "logs"):
        texts[0][name] = texts[0][name][: len(texts[0][name]) // 2]
    for name in ("out", "err"):
        texts[0][name] = texts[0][name][: len(texts[0][name]) // 2]
    assert_same(texts[1], texts[0])
    return traced


def _copy(value):
    return value.copy() if isinstance(value, np.ndarray) else value


def test_logging():
    def helper(v):
        LOG.warning("small: %s", v)

    def f(x, n):
        LOG.info("starts with %d", n)
        for k in range(n):
            if x[k] < 2:
                helper(x[k])
            x[k] += 1
        LOG.info(f"sum {x.sum():.2f}")
        LOG.debug("not %s", x)
        return x.sum()

    assert len(same(f, X, 4).graphs) == 1


def test_logger_as_argument():
    def f(log, x):
        log.info("x is %s", x)
        return x * 2

    traced = tt.trace(f, strict=True)
    for name in ("a", "b"):
        log, handler = logging.getLogger(f"tests.effects.{name}"), Records()
        log.setLevel(logging.INFO)
        log.addHandler(handler)
        traced(log, 3.0)
        assert [r[:2] for r in handler.found] == [("INFO", "x is 3.0")]
        log.removeHandler(handler)


def test_warnings_point_at_the_users_lines():
    def inner(v):
        warnings.warn(f"value {v}", RuntimeWarning, stacklevel=1)
        warnings.warn("the caller's line", stacklevel=2)
        warnings.warn(DeprecationWarning("the callers' caller"), stacklevel=3)

    def f(x):
        if x.sum() > 1:
            inner(x[1])
        warnings.warn("at the end")
        return x + 1

    def call(function):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            function(X)
            function(X)
        return [(str(w.message), w.category, w.filename, w.lineno) for w in caught]

    assert call(tt.trace(f, strict=True)) == call(f)


def test_a_warning_that_is_an_error():
    def f(x):
        warnings.warn("bad", UserWarning, stacklevel=1)
        return x

    traced = tt.trace(f, strict=True)
    for called in (traced, traced):
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(UserWarning, match="bad") as caught:
                called(X)
        assert caught.traceback[-1].lineno == f.__code__.co_firstlineno
        assert caught.traceback[-1].path.name == "test_effects.py"


def test_print_options():
    def f(x, end):
        print("a", x, sep="|", end=end, file=sys.stderr, flush=True)
        for v in x:
            print(v, end=" ")
        sys.stdout.write(f"sum {x.sum()}\n")
        sys.stdout.flush()
        return x

    same(f, X, "!\n")


def test_time():
    def f(x, n):
        start = time.perf_counter()
        for _ in range(n):
            x = x + 1
        time.sleep(0.01)
        took = time.perf_counter() - start
        return x, took, time.time() > 0, time.perf_counter_ns()

    traced = tt.trace(f, strict=True)
    for _ in range(2):
        x, took, positive, count = traced(X, 3)
        assert_same(x, X + 3)
        assert 0.01 <= took < 10
        assert positive is True
        assert type(count) is int
    assert len(traced.graphs) == 1


def test_files(tmp_path):
    path = os.fspath(tmp_path / "values")

    def f(x, path):
        file = open(path, "w")
        for v in x:
            count = file.write(f"{v}\n")
        file.close()
        return count, os.path.exists(path), os.path.join("a", "b")

    traced = tt.trace(f, strict=True)
    for _ in range(2):
        plain, text = f(X, path), pathlib.Path(path).read_text()
        os.remove(path)
        assert traced(X, path) == plain
        assert pathlib.Path(path).read_text() == text


def test_an_open_file_is_an_argument():
    def f(file, x):
        file.write("sum ")
        print(x.sum(), file=file)
        return x

    traced = tt.trace(f, strict=True)
    for _ in range(3):
        one, two = io.StringIO(), io.StringIO()
        f(one, X)
        traced(two, X)
        assert one.getvalue() == two.getvalue()


COUNT = []


@functools.lru_cache
def cached(n):
    COUNT.append(n)
    return n * 10


def test_functions_that_are_not_looked_into():
    def f(x, n):
        value = cached(n)
        if value is None:
            print("none")
        print(f"{value} and", value)
        return x + 1, value

    COUNT.clear()
    traced = tt.trace(f, strict=True)
    with contextlib.redirect_stdout(io.StringIO()) as text:
        for n in (3, 3, 5):
            assert traced(X, n)[1] == n * 10
    assert COUNT == [3, 5]
    assert text.getvalue() == "30 and 30\n" * 2 + "50 and 50\n"
    assert len(traced.graphs) == 1


def test_results_that_are_not_known_take_no_part_in_arithmetic():
    def f(n):
        return cached(n) + 1

    with pytest.raises(tt.TraceError, match=r"operator add .*|cached"):
        tt.trace(f, strict=True)(2)
    with pytest.warns(tt.FallbackWarning):
        assert tt.trace(f)(2) == 21


def test_arrays_are_not_handed_to_the_unknown():
    calls = []
    namespace = {"calls": calls}
    exec("def unknown(x):\n    calls.append(1)\n    x += 1\n", namespace)
    unknown = namespace["unknown"]

    def f(x):
        unknown(x)
        return x.sum()

    with pytest.raises(tt.TraceError, match=r"an array is handed to .*unknown"):
        tt.trace(f, strict=True)(X.copy())
    assert not calls
    x = X.copy()
    with pytest.warns(tt.FallbackWarning):
        assert tt.trace(f)(x) == X.sum() + 4
    assert calls == [1]


# Declared functions ------------------------------------------------------------------------------------------


def test_pure():
    calls = []

    @tt.pure
    def norm(x, k):
        calls.append(k)
        return float(np.abs(x).sum() ** k)

    def f(x):
        return norm(x, 2) + norm(x, 3)

    traced = tt.trace(f, strict=True)
    assert traced(X) == f(X)
    calls.clear()
    assert traced(X) == f(X)
    assert sorted(calls) == [2, 2, 3, 3]
    assert "norm" in traced.explain()
    assert tt.pure(operator.itemgetter(1))([3, 4]) == 4


def test_callback_with_a_declared_result():
    seen = []

    @tt.callback(result=np.zeros(1))
    def measure(x):
        seen.append(x.copy())
        return np.array([x.max(), len(seen)])

    @tt.callback(result=0.0)
    def number(k):
        return float(k)

    @tt.callback(result=None)
    def tell(k):
        seen.append(k)

    @tt.callback(result=(1.0, np.zeros(2, dtype=int)))
    def two(x):
        return 2.0, np.arange(3)

    def f(x, n):
        total = np.zeros(2)
        for k in range(n):
            total += measure(x) * number(k)
            x[0] += 1
            tell(k)
        a, b = two(x)
        return total, a * b

    traced = tt.trace(f, strict=True)
    for _ in range(2):
        seen.clear()
        expected = f(X.copy(), 5)
        plain = list(seen)
        seen.clear()
        assert_same(traced(X.copy(), 5), expected)
        assert_same(seen, plain)
    assert len(traced.graphs) == 1


def test_a_declaration_that_is_wrong():
    @tt.callback(result=0.0)
    def number(k):
        return "text" if k > 3 else 1.0

    @tt.trace(strict=True)
    def f(k):
        return number(k) + 1

    assert f(1) == 2.0
    with pytest.raises(TypeError, match=r"number: its result is declared to be a float, and is 'text'"):
        f(5)


def test_methods_and_bad_declarations():
    class Meter:
        def __init__(self):
            self.seen = []

        @tt.callback(result=1)
        def read(self, v):
            self.seen.append(v)
            return len(self.seen)

    def f(meter, x):
        return meter.read(x[0]) + meter.read(x[1])

    traced = tt.trace(f, strict=True)
    for _ in range(2):
        a, b = Meter(), Meter()
        assert traced(a, X) == f(b, X) == 3
        assert a.seen == b.seen
    for wrong in (lambda: tt.pure(3), lambda: tt.callback(3), lambda: tt.callback(result=[1])(len)):
        with pytest.raises(TypeError):
            wrong()


# Callbacks refused -------------------------------------------------------------------------------------------


def test_callbacks_error():
    def f(g, x):
        y = x + 1
        return y + g.random()

    line = f.__code__.co_firstlineno + 2
    wanted = rf"f: a call-back of random random \({__file__}:{line}\)"
    for refusing in (tt.trace(f, callbacks="error"), tt.trace(callbacks="error")(f)):
        with pytest.raises(tt.TraceError, match=wanted):
            refusing(np.random.default_rng(0), X)
    with tt.config(callbacks="error"), pytest.raises(tt.TraceError, match=wanted):
        tt.trace(f)(np.random.default_rng(0), X)
    with tt.config(callbacks="error"):
        tt.trace(f, callbacks="allow", strict=True)(np.random.default_rng(0), X)
        assert_same(tt.trace(lambda x: x * 2)(X), X * 2)
    with pytest.raises(ValueError, match="callbacks: 'no'"):
        tt.trace(f, callbacks="no")


# breakpoint() ------------------------------------------------------------------------------------------------


def test_breakpoint_runs_plain(monkeypatch):
    stops = []
    monkeypatch.setattr(sys, "breakpointhook", lambda: stops.append(sys._getframe(1).f_code.co_name))

    def f(x):
        y = x + 1
        breakpoint()  # noqa: T100
        return y

    traced = tt.trace(f)
    with pytest.warns(tt.FallbackWarning, match=r"breakpoint\(\) is called"):
        assert_same(traced(X), X + 1)
    assert_same(traced(X), X + 1)
    assert stops == ["f", "f"]
    assert "breakpoint() is called" in traced.explain()
    with tt.config(run="plain"):
        traced(X)
    assert stops == ["f"] * 3


# Effects and calls that are repeated -------------------------------------------------------------------------


def test_what_cannot_be_repeated_is_not():
    """a ** 0.5 may turn out to be complex: the call would be repeated, and the file written to twice."""

    def f(file, a):
        file.write("x")
        return a**0.5

    with pytest.raises(tt.TraceError, match=r"write.* is called .*cannot be repeated"):
        tt.trace(f, strict=True)(io.StringIO(), 4.0)
    file = io.StringIO()
    with pytest.warns(tt.FallbackWarning):
        assert type(tt.trace(f)(file, -4.0)) is complex
    assert file.getvalue() == "x"
