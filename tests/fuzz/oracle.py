"""The judge: does a traced program do exactly what the plain one does?"""

import contextlib
import itertools
import linecache
import signal
import sys
import threading
import traceback
import types
import warnings
from typing import NamedTuple

import numpy as np

from tests.compare import Outcome, assert_same, children

SECONDS = 20  # for all calls of one program
_numbers = itertools.count()


class Verdict(NamedTuple):
    kind: str  # "ok", "refused" (fell back to plain Python), "both raised", or "endless" (plain Python does not end)
    reasons: tuple[str, ...]  # of the fall-backs


class Hang(BaseException):
    """A program took too long."""


@contextlib.contextmanager
def time_limit(seconds: float):
    """Raise Hang in the main thread after so many seconds of computing; no limit elsewhere."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(number, frame):
        raise Hang(f"no result after {seconds} s")

    before = signal.signal(signal.SIGPROF, interrupt)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


@contextlib.contextmanager
def module_file(source: str):
    """A file name under which `inspect` and tracebacks find the source, while the context lasts."""
    name = f"<fuzz-{next(_numbers)}>"
    linecache.cache[name] = (len(source), None, source.splitlines(keepends=True), name)
    try:
        yield name
    finally:
        linecache.cache.pop(name, None)


def load(source: str, file: str):
    """The function `program` of the source, in a module namespace of its own."""
    namespace = {"np": np, "__name__": "fuzzed", "__file__": file}
    exec(compile(source, file, "exec"), namespace)
    return namespace["program"]


def twin(function: types.FunctionType) -> types.FunctionType:
    """The function once more, with bytecode of its own: lines of exceptions depend on how often it ran (CPython 3.11)."""
    return types.FunctionType(function.__code__.replace(), function.__globals__, function.__name__)


def arguments(text: str) -> tuple:
    namespace = {"np": np}
    exec(text, namespace)
    return tuple(namespace[name] for name in "abns")


def _line(outcome: Outcome, file: str) -> int | None:
    """The last line of the program in the traceback of its exception."""
    lines = [
        line
        for frame, line in traceback.walk_tb(outcome.error.__traceback__)
        if frame.f_code.co_filename == file
    ]
    return lines[-1] if lines else None


def tolerance(source: str, inputs: list[str], smooth: bool) -> float:
    """How far inexact values may differ, relative to the largest in their array and to one."""
    text = source + "".join(inputs)
    if smooth:
        return 2e-3 if "float32" in text else 1e-7
    return 1e-12 if "complex" in text else 0.0  # NumPy's own complex products depend on the alignment


def same(actual, expected, slack: float, path: str = "result") -> None:
    """`assert_same`, with an absolute tolerance too: sums that cancel are near zero."""
    if slack and type(actual) is type(expected):
        if isinstance(expected, tuple | list) and len(actual) == len(expected):
            for i, (x, y) in enumerate(zip(actual, expected, strict=True)):
                same(x, y, slack, f"{path}[{i}]")
            return
        x, y = np.asarray(actual), np.asarray(expected)
        if x.dtype == y.dtype and x.shape == y.shape and y.dtype.kind in "fc":
            finite = np.isfinite(y)
            scale = 1 + np.abs(y[finite]).max(initial=0)
            close = np.where(finite, np.abs(x - y) <= slack * scale, (x == y) | (np.isnan(x) & np.isnan(y)))
            assert close.all(), f"{path}: {actual!r}, expected {expected!r}"
            return
    assert_same(actual, expected, path=path)


def agree(traced: Outcome, plain: Outcome, slack: float, file: str) -> None:
    """Assert that two calls did the same: result or exception, what they wrote, what aliases what."""
    if plain.error is not None or traced.error is not None:
        expected = "returned " + repr(plain.result) if plain.error is None else f"raised {plain.error!r}"
        actual = "returned " + repr(traced.result) if traced.error is None else f"raised {traced.error!r}"
        alike = type(plain.error) is type(traced.error) and (
            str(plain.error) == str(traced.error) or all(map(does_not_fit, (plain.error, traced.error)))
        )
        if not alike:
            raise AssertionError(f"traced {actual}; plain {expected}") from traced.error
        if isinstance(plain.error, UnboundLocalError) and sys.version_info < (3, 12):
            return  # where code ran often, CPython 3.11 tells the line before, at times
        lines = _line(traced, file), _line(plain, file)
        assert lines[0] == lines[1], f"traced {actual} from line {lines[0]}; plain from line {lines[1]}"
        return  # what an interrupted call has written is not promised
    same(traced.result, plain.result, slack)
    same(traced.args, plain.args, slack, "arguments after the call")
    again = views_made_again(traced.result, plain.result)
    missing, extra = [
        sorted(fact for fact in facts if fact.split(" ")[0] not in again)
        for facts in (plain.aliases - traced.aliases, traced.aliases - plain.aliases)
    ]
    assert not missing and not extra, f"aliasing: missing {missing}, unexpected {extra}"


def does_not_fit(error) -> bool:
    """Whether a result does not fit an output: see docs/differences.md, "Shapes in the error of ..."."""
    return isinstance(error, ValueError) and any(
        text in str(error)
        for text in ("operands could not be broadcast together", "non-broadcastable output operand")
    )


def views_made_again(traced, plain) -> set[str]:
    """Paths of views that are one object with an earlier one in the plain result, and equal views in the traced one:
    see docs/differences.md, "Identity of views".
    """
    first, found = {}, set()
    for (path, ours), (_, theirs) in zip(arrays(traced), arrays(plain), strict=True):
        earlier = first.setdefault(id(theirs), ours)
        alike = [(x.__array_interface__["data"], x.shape, x.strides) for x in (ours, earlier)]
        if earlier is not ours and theirs.base is not None and alike[0] == alike[1]:
            found.add(path)
    return found


def arrays(x, path="result"):
    """All arrays in a result with their paths, in order."""
    if isinstance(x, np.ndarray):
        yield path, x
    for name, child in children(x):
        yield from arrays(child, path + name)


def chaotic(source: str, text: str, slack: float, file: str) -> bool:
    """Do rounding errors in the arguments grow to what would be taken for a fault?"""

    def nudged(args):
        for x in args[:2]:
            if x.dtype.kind in "fc" and x.flags.writeable:
                x *= 1 + 8 * float(np.finfo(x.dtype).eps)
        return args[:3] + (args[3] * type(args[3])(1 + 1e-15) if args[3] else args[3],)

    plain, other = (
        Outcome(load(source, file), arguments(text), {}),
        Outcome(load(source, file), nudged(arguments(text)), {}),
    )
    try:
        agree(other, plain, slack / 100, file)
    except AssertionError:
        return True
    return False


def examine(source: str, inputs: list[str], smooth: bool = False, trace=None) -> Verdict:
    """Call plain and traced program on each input, and the first once more; AssertionError where they differ.

    inputs: per call, statements that bind a, b, n, s. smooth: rounding may differ. trace: what stands in for `tt.trace`.
    """
    import tracetensor as tt

    trace = trace or tt.trace
    fallback = getattr(tt, "FallbackWarning", ())
    slack = tolerance(source, inputs, smooth)
    raised, reasons = False, []
    with (
        module_file(source) as file,
        warnings.catch_warnings(record=True) as caught,
        np.errstate(all="ignore"),
    ):
        warnings.simplefilter("always")
        plain_function = load(source, file)
        traced_function = None
        for call, text in enumerate([*inputs, *inputs[:1]]):
            try:
                with time_limit(SECONDS):
                    plain = Outcome(twin(plain_function), arguments(text), {})
            except Hang:
                return Verdict("endless", ())
            try:
                with time_limit(SECONDS):
                    traced_function = traced_function or trace(twin(plain_function))
                    traced = Outcome(traced_function, arguments(text), {})
                agree(traced, plain, slack, file)
            except AssertionError as e:
                if smooth and chaotic(source, text, slack, file):
                    continue
                raise AssertionError(report(str(e), source, inputs, call)) from e
            except KeyboardInterrupt:
                raise
            except BaseException as e:
                raise AssertionError(report(f"{type(e).__name__} got out: {e}", source, inputs, call)) from e
            raised |= plain.error is not None
        reasons = [str(w.message) for w in caught if fallback and issubclass(w.category, fallback)]
    return Verdict("refused" if reasons else "both raised" if raised else "ok", tuple(reasons))


def report(what: str, source: str, inputs: list[str], call: int) -> str:
    """The fault, and a script that shows it."""
    tail = "".join(f"{text}print(program(a, b, n, s), a, b)\n" for text in [*inputs, *inputs[:1]][: call + 1])
    decorated = source.replace("def program(", "@tt.trace\ndef program(", 1)
    return (
        f"call {call + 1}: {what}\n\nimport numpy as np\nimport tracetensor as tt\n\n\n{decorated}\n\n{tail}"
    )


def check_program(source: str, inputs: list[str], smooth: bool = False, trace=None) -> str:
    """ "ok", "refused" or "both raised"; AssertionError, with source and inputs, where plain and traced differ."""
    return examine(source, inputs, smooth, trace).kind
