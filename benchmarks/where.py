"""Where the time of a compiled program goes: in which ops that it calls as Python functions, and what is left.

`python benchmarks/where.py NAME... [--program]` prints it for programs of tests/programs.
"""

import argparse
import collections
import contextlib
import functools
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import tracetensor as tt
from benchmarks.common import digits, duration, no_collection, stopwatch
from tests import compare, programs
from tracetensor import stages as stage_owner  # whose names the stages are called by
from tracetensor.vm import calls, compiler, lowering, lowering_library

OWNERS = (compiler, lowering, lowering_library)  # the modules that make call sites


class Clock:
    """Counts and times the calls of functions."""

    def __init__(self):
        self.entries = collections.defaultdict(lambda: [0, 0])  # function -> calls, nanoseconds

    def timed(self, function):
        """The function, with its time added to its entry."""
        entries, now = self.entries, time.perf_counter_ns

        @functools.wraps(function, updated=())
        def call(*args, **kwargs):
            start = now()
            try:
                return function(*args, **kwargs)
            finally:
                entry = entries[function]
                entry[0] += 1
                entry[1] += now() - start

        return call

    def overhead(self):
        """Seconds that timing adds to a call, and seconds that it wrongly counts as the function's."""

        def nothing():
            pass

        plain = (
            statistics.median(stopwatch(lambda: [nothing() for _ in range(1000)])[0] for _ in range(9)) / 1000
        )
        call = self.timed(nothing)
        timed = (
            statistics.median(stopwatch(lambda: [call() for _ in range(1000)])[0] for _ in range(9)) / 1000
        )
        number, nanoseconds = self.entries.pop(nothing)
        return timed - plain, max(nanoseconds * 1e-9 / number - plain, 0.0)


@contextlib.contextmanager
def clocked(clock):
    """Within, programs are compiled so that every function that they call is timed."""

    def site(function, *args, **kwargs):
        return calls.CallSite(clock.timed(function), *args, **kwargs)

    for owner in OWNERS:
        owner.CallSite = site
    try:
        yield
    finally:
        for owner in OWNERS:
            owner.CallSite = calls.CallSite


@contextlib.contextmanager
def stages(seconds):
    """Within, the times that calls of traced functions spend tracing, rewriting and compiling are added up."""
    parts = {"trace": "trace_function", "rewrite": "optimize", "compile": "compile_graph"}
    plain = {a: getattr(stage_owner, a) for a in parts.values() if hasattr(stage_owner, a)}

    def timed(stage, run):
        def call(*args, **kwargs):
            start = time.perf_counter()
            try:
                return run(*args, **kwargs)
            finally:
                seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - start

        return call

    for stage, attribute in parts.items():
        if attribute in plain:
            setattr(stage_owner, attribute, timed(stage, plain[attribute]))
    try:
        yield
    finally:
        for attribute, run in plain.items():
            setattr(stage_owner, attribute, run)


def where(function, args, kwargs, *, runs=3):
    """(seconds of a call, [(name, calls, seconds)] of the ops called as Python functions, the longest first)."""
    clock = Clock()
    extra, counted = clock.overhead()
    f = tt.trace(function, strict=True)
    with clocked(clock):
        f(*compare.clone(args), **compare.clone(kwargs))
    clock.entries.clear()
    total = 0.0
    for _ in range(runs):
        fresh_args, fresh_kwargs = compare.clone((args, kwargs))
        with no_collection():
            total += stopwatch(lambda a=fresh_args, k=fresh_kwargs: f(*a, **k))[0]
    names = {node.op.evaluate: node.op.name for graph in f.graphs for node in graph.all_nodes()}
    entries = []
    for called, (number, nanoseconds) in clock.entries.items():
        name = names.get(called) or getattr(called, "__qualname__", None) or repr(called)
        if name == "ufunc.reduce":
            name = f"{called.__self__.__name__}.reduce"
        entries.append((name, number // runs, max(nanoseconds * 1e-9 - number * counted, 0.0) / runs))
        total -= number * extra
    return max(total / runs, 1e-9), sorted(entries, key=lambda entry: -entry[2])


def in_words(total, entries, *, most=3, least=0.08):
    """One line: the shares of the ops called, and of the machine's own instructions."""
    parts = [
        f"{name} {seconds / total:.0%} ({number} calls, {duration(seconds / max(number, 1))} each)"
        for name, number, seconds in entries[:most]
        if seconds / total >= least
    ]
    rest = max(1 - sum(seconds for _, _, seconds in entries) / total, 0.0)
    return ", ".join([*parts, f"the machine's own instructions {rest:.0%}"])


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="+", metavar="NAME")
    parser.add_argument("--program", action="store_true", help="print the instructions too")
    options = parser.parse_args(arguments)
    for name in options.names:
        module = programs.load(name)
        args, kwargs = module.make_inputs(module.BENCH)
        total, entries = where(module.PROGRAM, args, kwargs)
        print(f"{name}: {duration(total)}")
        for op, number, seconds in entries:
            print(
                f"  {seconds / total:6.1%}  {op}: {number} calls, {duration(seconds / max(number, 1))} each"
            )
        rest = total - sum(seconds for _, _, seconds in entries)
        print(f"  {rest / total:6.1%}  the machine's own instructions ({digits(rest * 1e3)} ms)")
        if options.program:
            f = tt.trace(module.PROGRAM, strict=True)
            f(*compare.clone(args), **compare.clone(kwargs))
            for graph in f.graphs:
                print(tt.compile(graph))


if __name__ == "__main__":
    main()
