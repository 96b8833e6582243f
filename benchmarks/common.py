"""What the benchmarks share: timing side by side, the machine in words, tables and reports."""

import argparse
import contextlib
import functools
import gc
import json
import math
import os
import pathlib
import platform
import signal
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = pathlib.Path(__file__).resolve().parent.parent


@contextlib.contextmanager
def no_collection():
    """No garbage collection while something is timed."""
    was = gc.isenabled()
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def stopwatch(run):
    """(seconds, result) of one run."""
    start = time.perf_counter()
    result = run()
    return time.perf_counter() - start, result


def alternate(systems, *, seconds, least, most):
    """Times of several systems, run in turn: {name: list of seconds}.

    systems: {name: prepare}, where prepare(), outside the timed region, gives the thunk that is timed. At least
    `least` rounds, at most `most`, and none begun after `seconds`.
    """
    times = {name: [] for name in systems}
    end = time.perf_counter() + seconds
    with no_collection():
        for done in range(most):
            if done >= least and time.perf_counter() > end:
                break
            for name, prepare in systems.items():
                run = prepare()
                elapsed, result = stopwatch(run)
                del run, result
                times[name].append(elapsed)
    return times


def per_call(systems, *, repeats, seconds=0.01):
    """Median seconds per call of several thunks, measured in turn in loops of about `seconds` each."""
    loops = {name: _loop(call) for name, call in systems.items()}
    numbers = {name: _enough(loop, seconds) for name, loop in loops.items()}
    prepared = {name: lambda name=name: lambda: loops[name](numbers[name]) for name in systems}
    times = alternate(prepared, seconds=math.inf, least=repeats, most=repeats)
    empty = _loop(_nothing)
    number = _enough(empty, seconds)
    idle = statistics.median(stopwatch(lambda: empty(number))[0] for _ in range(repeats)) / number
    return {name: max(statistics.median(t) / numbers[name] - idle, 0.0) for name, t in times.items()}


def _nothing():
    pass


def _loop(call):
    def loop(number):
        for _ in range(number):
            call()

    return loop


def _enough(loop, seconds):
    number = 1
    while (elapsed := stopwatch(functools.partial(loop, number))[0]) < seconds / 4:
        number *= 2
    return max(1, round(number * seconds / elapsed))


def geometric_mean(values):
    return math.exp(statistics.fmean(map(math.log, values))) if values else math.nan


# Reports --------------------------------------------------------------------------------------------------------


def machine():
    """What was measured on: enough to judge the figures by, nothing that tells one machine from its like."""
    features = {}
    with contextlib.suppress(ImportError):
        from numpy._core._multiarray_umath import __cpu_features__ as features
    vectors = [
        word
        for name, word in (("AVX512F", "AVX-512"), ("AVX2", "AVX2"), ("ASIMD", "ASIMD"))
        if features.get(name)
    ]
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "vectors": vectors[0] if vectors else "",
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
    }


def describe(machine):
    vectors = f" with {machine['vectors']}" if machine["vectors"] else ""
    text = (
        f"{machine['system']}, {machine['architecture']}{vectors}, {machine['cores']} cores, "
        f"Python {machine['python']}, NumPy {machine['numpy']}"
    )
    load = machine["load"]
    return text if load is None else f"{text}; load of the machine when the run began: {load}"


def duration(seconds):
    """Three digits and a unit."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if abs(seconds) >= size:
            return f"{digits(seconds / size)} {unit}"
    return f"{digits(seconds / 1e-9)} ns"


def digits(number):
    """Three significant digits, no exponent."""
    if not number or not math.isfinite(number):
        return f"{number:.0f}"
    return f"{number:.{max(0, 2 - math.floor(math.log10(abs(number))))}f}"


def table(header, rows):
    """A Markdown table, padded so that it reads well as text too; the first column is text, the others numbers."""
    cells = [[str(c).replace("|", "\\|") for c in row] for row in [header, *rows]]
    widths = [max(len(row[k]) for row in cells) for k in range(len(header))]
    lines = [
        "| "
        + " | ".join(
            c.rjust(w) if k else c.ljust(w) for k, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        + " |"
        for row in cells
    ]
    rule = "| " + " | ".join("-" * (w - 1) + ":" if k else "-" * w for k, w in enumerate(widths)) + " |"
    return "\n".join([lines[0], rule, *lines[1:]])


def replace_section(path, name, text):
    """Put text between the lines <!-- begin NAME --> and <!-- end NAME --> of a page."""
    path = pathlib.Path(path)
    begin, end = f"<!-- begin {name} -->\n", f"<!-- end {name} -->"
    page = path.read_text(encoding="utf-8")
    if page.count(begin) != 1 or page.count(end) != 1:
        raise SystemExit(f"{path}: no section between '{begin.strip()}' and '{end}'")
    before, rest = page.split(begin)
    after = rest.split(end)[1]
    path.write_text(f"{before}{begin}\n{text.strip()}\n\n{end}{after}", encoding="utf-8")


def write_json(path, report):
    pathlib.Path(path).write_text(json.dumps(report, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


# Scripts ----------------------------------------------------------------------------------------------------------

ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    "JAX_PLATFORMS": "cpu",
}
"""What keeps libraries to one thread."""


def parser(description, section):
    """The options that all benchmarks have; description: the docstring of the script."""
    made = argparse.ArgumentParser(description=description.splitlines()[0])
    made.add_argument("--json", metavar="FILE", help="write all figures there")
    made.add_argument("--markdown", metavar="FILE", help=f"replace the section `{section}` of that page")
    made.add_argument("--quick", action="store_true", help="few repeats")
    return made


def child_options(made, *, seconds, limit):
    """The options of benchmarks that measure in processes of their own."""
    made.add_argument("--seconds", type=float, help=f"of measuring, for each row (default {seconds:g})")
    made.add_argument(
        "--limit", type=float, default=limit, help="seconds that a process may take (%(default)g)"
    )
    made.add_argument("--child", metavar="NAME", help=argparse.SUPPRESS)


def report_of(name, **contents):
    """A report: of what, when, where, and what it holds."""
    return {"benchmark": name, "date": time.strftime("%Y-%m-%d"), "machine": machine(), **contents}


def publish(report, text, options):
    """Print a report's text, and write the report and the text where the options say."""
    print(text)
    if options.json:
        write_json(options.json, report)
    if options.markdown:
        replace_section(options.markdown, report["benchmark"], text)
    return report


def from_child(script, arguments, limit):
    """What a process of a script, with an empty cache, prints last, as JSON; a failure is a dict that says so."""
    command = [sys.executable, str(pathlib.Path(script).resolve()), *arguments]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, **ONE_THREAD, "TRACETENSOR_CACHE": cache}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # what is installed has bytecode
        try:
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=limit, cwd=ROOT, check=False, env=environment
            )
        except subprocess.TimeoutExpired:
            return {"failure": f"not done after {limit:g} s"}
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (IndexError, ValueError):
        code = done.returncode
        how = signal.Signals(-code).name if code < 0 else f"exit status {code}"
        return {"failure": f"the process ended with {how}"}


def one_line(message, most=300):
    """A message as it goes into a page: one line, not too long, no folder of this machine."""
    return " ".join(message.replace(f"{ROOT}{os.sep}", "").split())[:most]
