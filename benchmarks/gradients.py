"""Gradients of plain NumPy functions beside JAX, HIPS autograd and PyTorch: time, first call, memory.

Each task runs in a process of its own, on one thread. There every system differentiates its own version of the function
(tracetensor the NumPy one), the gradients are compared with each other, and then the systems are called in turn, with NumPy
arrays in and out. Memory is measured in a process for each task and system. Run it as
`python benchmarks/gradients.py --json gradients.json --markdown docs/performance.md`.
"""

import argparse
import functools
import importlib
import importlib.util
import json
import statistics
import sys
import time
import warnings
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import peer_runs, peers
from benchmarks.common import (
    ROOT,
    alternate,
    child_options,
    describe,
    digits,
    from_child,
    geometric_mean,
    one_line,
    parser,
    publish,
    report_of,
    stopwatch,
    table,
)
from benchmarks.gradient_tasks import TASKS

AIM = 5.0  # a gradient's time over the function's, at most
SYSTEMS = ("tracetensor", "jax", "autograd", "torch")
TITLES = {"tracetensor": "tracetensor", "jax": "JAX", "autograd": "Autograd", "torch": "PyTorch"}
SECONDS, QUICK_SECONDS = 3.0, 0.5  # of measuring, per task
LIMIT = 300.0  # seconds for a process

# In the process of a task ------------------------------------------------------------------------------------------


def installed():
    """The systems that can be imported here."""
    return [system for system in SYSTEMS if importlib.util.find_spec(system)]


def made(system, name):
    """A system's function of the task's arguments that gives (value, gradients), or a Hessian times a vector."""
    task = TASKS[name]
    if system != "tracetensor":
        return importlib.import_module(f"benchmarks.peers.gradients_{system}").make(
            name, task.argnums, task.direction
        )
    import tracetensor as tt

    return tt.hvp(task.function) if task.direction else tt.value_and_grad(task.function, task.argnums)


def compile_all(traced, args):
    """Make the loops of a traced function machine code; what is no traced function is left to be compiled as it runs."""
    import tracetensor as tt

    try:
        if traced is not None:
            traced.compile(*args)
    except tt.TraceError:
        pass  # it runs plain, or there is no compiler


def settled(call):
    """Call a few times, until what is compiled in the background is in place."""
    from tracetensor.kernels.background import worker

    end = time.perf_counter() + 2.0
    for done in range(5):
        if done >= 2 and time.perf_counter() > end:
            break
        call()
        worker.wait()


def measure(name, *, seconds, small=False):
    """The row of one task."""
    import tracetensor as tt

    task = TASKS[name]
    args = task.inputs(*(task.small if small else task.size))
    row = {"name": name, "title": task.title, "systems": {}}
    calls, results = {}, {}
    plain_args = args[:-1] if task.direction else args
    calls["plain"] = functools.partial(task.function, *plain_args)
    traced = tt.trace(task.function)
    calls["traced"] = functools.partial(traced, *plain_args)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for system in installed():
            entry = row["systems"][system] = {}
            if system != "tracetensor":
                peer_runs.on_one_core()
            try:
                function = made(system, name)
                call = functools.partial(function, *args)
                entry["first"], results[system] = stopwatch(call)
                call()
            except Exception as error:
                entry["failure"] = failure_of(error)
                continue
            calls[system] = call
            if system == "tracetensor":
                compile_all(traced, plain_args)
                compile_all(getattr(function, "traced", None), args)
                settled(call)
                settled(calls["traced"])
                if hasattr(function, "traced"):
                    row["interpreted"] = peer_runs.reasons(function.traced, ROOT)
        compare_all(results, row["systems"], task.rtol)
        for system, entry in row["systems"].items():
            if "failure" in entry:
                calls.pop(system, None)
        systems = {system: lambda call=call: call for system, call in calls.items()}
        times = alternate(systems, seconds=seconds, least=3, most=101)
    row["plain"], row["traced"] = (statistics.median(times.pop(key)) for key in ("plain", "traced"))
    for system, measured in times.items():
        row["systems"][system]["time"] = statistics.median(measured)
    return row


def compare_all(results, entries, rtol):
    """Mark the systems whose gradients differ from those of the first other system that they could be compared with."""
    if len(results) < 2:
        return
    wrong = {system: [] for system in results}
    for a in results:
        for b in results:
            if a != b:
                try:
                    agree(results[a], results[b], rtol)
                except AssertionError as error:
                    wrong[a].append(f"{TITLES[b]}: {failure_of(error)}")
    for system, others in wrong.items():
        # with three systems or more, one that nobody agrees with; with two, neither is known to be right
        if others and len(others) == len(results) - 1:
            entries[system]["failure"] = f"differs from {others[0]}"


def agree(a, b, rtol):
    """Assert that two results have the same numbers, in whatever containers."""
    left, right = leaves(a), leaves(b)
    assert len(left) == len(right), f"{len(left)} gradients against {len(right)}"
    peers.assert_agree(left, right, rtol)


def leaves(value):
    """The numbers of a result as arrays, those of dicts by key."""
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value)]
    if isinstance(value, (list, tuple)):
        return [leaf for v in value for leaf in leaves(v)]
    return [np.asarray(value)]


def failure_of(error):
    """An exception, for a page."""
    return one_line(f"{type(error).__name__}: {error}", 200)


def memory(name, system, *, small=False):
    """Bytes that a system's gradient takes at its peak, above what there was after imports and with the arguments."""
    task = TASKS[name]
    args = task.inputs(*(task.small if small else task.size))
    if system == "function":
        function, args = task.function, (args[:-1] if task.direction else args)
    else:
        function = made(system, name)
    before = high_water(reset=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(3):
            function(*args)
    return max(high_water() - before, 0)


def high_water(*, reset=False):
    """The most memory that this process has held, in bytes, since it was last reset where the system can do that."""
    status = Path("/proc/self/status")
    if not status.exists():
        import resource

        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    if reset:
        try:
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        except OSError:
            pass
    (line,) = (line for line in status.read_text(encoding="ascii").splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


# In the process that starts them -----------------------------------------------------------------------------------


def run_task(name, *, seconds, limit, small=False, with_memory=True):
    """The row of a task, from processes of their own."""
    size = ["--small"] if small else []
    row = from_child(__file__, ["--child", name, "--seconds", str(seconds), *size], limit)
    row.setdefault("name", name)
    row.setdefault("title", TASKS[name].title)
    row.setdefault("systems", {})
    if with_memory and "failure" not in row:
        systems = ["function", *[s for s, entry in row["systems"].items() if "failure" not in entry]]
        row["memory"] = {}
        for system in systems:
            peak = from_child(__file__, ["--child", name, "--memory", system, *size], limit)
            if isinstance(peak, int):
                row["memory"][system] = peak
    return row


def summarise(rows):
    good = [row for row in rows if "time" in row["systems"].get("tracetensor", {})]
    own = {row["name"]: row["systems"]["tracetensor"]["time"] for row in good}
    summary = {
        "tasks": len(rows),
        "gradients": len(good),
        "cost": geometric_mean([own[row["name"]] / row["traced"] for row in good]),
        "dear": [row["name"] for row in good if own[row["name"]] > AIM * row["traced"]],
        "peers": {},
        "behind": {},
    }
    for system in SYSTEMS[1:]:
        ratios = {
            row["name"]: row["systems"][system]["time"] / own[row["name"]]
            for row in good
            if "time" in row["systems"].get(system, {})
        }
        if ratios:
            summary["peers"][system] = {
                "tasks": len(ratios),
                "mean": geometric_mean(list(ratios.values())),
                "least": min(ratios.values()),
                "most": max(ratios.values()),
            }
            for name, ratio in ratios.items():
                if ratio < 1:
                    summary["behind"].setdefault(name, {})[system] = ratio
    return summary


def report_markdown(report):
    rows, summary = report["rows"], report["summary"]
    systems = [s for s in SYSTEMS if any(s in row["systems"] for row in rows)]
    parts = [f"Measured {report['date']} on {describe(report['machine'])}."]
    if report["quick"]:
        parts.append("This was a quick run (`--quick`): few repeats, orders of magnitude only.")
    parts.append(
        "Milliseconds: the function by NumPy and traced, then value and gradient by each system, with the gradient's time over "
        f"the traced function's (aim: at most {AIM:g}):"
    )
    parts.append(_times(rows, systems))
    if summary["peers"]:
        parts.append("The peers' times over tracetensor's:")
        header = ["", *[TITLES[s] for s in summary["peers"]]]
        lines = [
            [what, *[show(figures) for figures in summary["peers"].values()]]
            for what, show in (
                ("tasks", lambda f: f["tasks"]),
                ("geometric mean", lambda f: f"{f['mean']:.2f}"),
                ("least", lambda f: f"{f['least']:.2f}"),
                ("most", lambda f: digits(f["most"])),
            )
        ]
        parts.append(table(header, lines))
    said = [_missing(row, summary) for row in rows]
    if any(said):
        parts.append(f"Dearer than {AIM:g} functions, behind a peer, or failed:")
        parts.append("\n".join(text for text in said if text))
    if any("memory" in row for row in rows):
        parts.append("Peak memory above the arguments in MB, of three calls with the first among them:")
        parts.append(_memories(rows, systems))
    parts.append("First calls, ms:")
    parts.append(_firsts(rows, systems))
    return "\n\n".join(parts)


def _times(rows, systems):
    lines = []
    for row in rows:
        if "plain" not in row:
            lines.append([row["title"], *[""] * (3 + len(systems))])
            continue
        own = row["systems"]["tracetensor"].get("time")
        line = [row["title"], digits(row["plain"] * 1e3), digits(row["traced"] * 1e3)]
        for system in systems:
            measured = row["systems"].get(system, {}).get("time")
            line.append("" if measured is None else digits(measured * 1e3))
            if system == "tracetensor":
                line.append("" if own is None else f"{own / row['traced']:.2f}")
        lines.append(line)
    titles = [TITLES[s] for s in systems]
    return table(["task", "NumPy", "traced", titles[0], "over traced", *titles[1:]], lines)


def _memories(rows, systems):
    lines = [
        [
            row["title"],
            *[digits(row["memory"][s] / 1e6) if s in row["memory"] else "" for s in ("function", *systems)],
        ]
        for row in rows
        if "memory" in row
    ]
    return table(["task", "the function, NumPy", *[TITLES[s] for s in systems]], lines)


def _firsts(rows, systems):
    lines = [
        [
            row["title"],
            *[
                digits(row["systems"][s]["first"] * 1e3) if "first" in row["systems"].get(s, {}) else ""
                for s in systems
            ],
        ]
        for row in rows
    ]
    return table(["task", *[TITLES[s] for s in systems]], lines)


def _missing(row, summary):
    """What is to be said of a task that isn't as it should be."""
    if "failure" in row:
        return f"- {row['title']}: {row['failure']}"
    said = [
        f"{TITLES[system]} failed ({entry['failure']})"
        for system, entry in row["systems"].items()
        if "failure" in entry
    ]
    if row["name"] in summary["dear"]:
        said.append(f"{row['systems']['tracetensor']['time'] / row['traced']:.1f} functions")
    for system, ratio in summary["behind"].get(row["name"], {}).items():
        said.append(f"{digits(ratio)} of {TITLES[system]}'s speed")
    if said and "time" in row["systems"].get("tracetensor", {}):
        said += row.get("interpreted", [])[-2:] or ["nothing in loops is left to the interpreter"]
    return f"- {row['title']}: {'; '.join(said)}" if said else ""


def line(row):
    """A row as it comes in."""
    if "failure" in row:
        return f"{row['name']:16s} FAILED: {row['failure']}"
    text = f"{row['name']:16s} plain {row['plain'] * 1e3:9.2f} ms  traced {row['traced'] * 1e3:9.2f} ms "
    for system, entry in row["systems"].items():
        time_ = f"{entry['time'] * 1e3:9.2f} ms" if "time" in entry else entry.get("failure", "")[:60]
        text += f" {system} {time_}"
    return text


def main(arguments=None):
    made = parser(__doc__, "gradients")
    child_options(made, seconds=SECONDS, limit=LIMIT)
    made.add_argument("--only", nargs="+", metavar="NAME", choices=sorted(TASKS), help="these tasks only")
    made.add_argument("--small", action="store_true", help="sizes of a few items; for trying out")
    made.add_argument("--no-memory", action="store_true", help="without the processes that measure memory")
    made.add_argument("--memory", metavar="SYSTEM", help=argparse.SUPPRESS)
    options = made.parse_args(arguments)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    if options.child:
        try:
            if options.memory:
                found = memory(options.child, options.memory, small=options.small)
            else:
                found = measure(options.child, seconds=seconds, small=options.small)
        except Exception as error:
            found = {"failure": failure_of(error)}
        print(json.dumps(found))
        return None
    report = report_of("gradients", quick=options.quick, seconds=seconds, rows=[])
    for name in options.only or TASKS:
        row = run_task(
            name,
            seconds=seconds,
            limit=options.limit,
            small=options.small,
            with_memory=not options.no_memory,
        )
        report["rows"].append(row)
        print(line(row), flush=True)
    report["summary"] = summarise(report["rows"])
    return publish(report, report_markdown(report), options)


if __name__ == "__main__":
    main()
