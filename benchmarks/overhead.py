"""What tracetensor costs where there is little to compute: calls, steps of loops, tracing, rewriting, import.

Run it as `python benchmarks/overhead.py --json overhead.json --markdown docs/performance.md`.
"""

import gc
import statistics
import subprocess
import sys
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

import tracetensor as tt
from benchmarks.common import (
    ROOT,
    describe,
    digits,
    duration,
    no_collection,
    parser,
    per_call,
    publish,
    report_of,
    stopwatch,
    table,
)
from tests import compare, programs

AIM_CALL = 1.5e-6  # seconds of a call of a + b, all told
AIM_NODE = 100e-6  # seconds of tracing, rewriting and compiling, per node traced
AIM_IMPORT = 0.1  # seconds on top of NumPy's import

# Calls ------------------------------------------------------------------------------------------------------------


def add(a, b):
    return a + b


def operands():
    """{what: two arguments of `add`}."""
    rng = np.random.default_rng(0)
    arrays = {f"arrays of {n}": (rng.random(n), rng.random(n)) for n in (3, 300, 30_000)}
    numpy_floats = np.float64(1.25), np.float64(2.5)
    return {
        "Python floats": (1.25, 2.5),
        "NumPy floats": numpy_floats,
        "0-d arrays": (np.array(1.25), np.array(2.5)),
        **arrays,
    }


def measure_calls(*, repeats):
    """Seconds of `a + b`: plain, through the compiled program alone, and through the traced function."""
    rows = []
    for what, (a, b) in operands().items():
        traced = tt.trace(add, strict=True)
        compare.assert_same(traced(a, b), add(a, b))
        program = tt.compile(traced.graphs[0])
        systems = {
            "plain": lambda a=a, b=b: add(a, b),
            "program": lambda a=a, b=b, run=program: run(a, b),
            "traced": lambda a=a, b=b, run=traced: run(a, b),
        }
        rows.append({"what": what, **per_call(systems, repeats=repeats)})
    return rows


# Steps of a loop --------------------------------------------------------------------------------------------------


def logistic_map(r, x, steps):
    """Three small operations a step."""
    for _ in range(steps):
        x = r * x * (1.0 - x)
    return x


def measure_steps(*, repeats, steps=10_000):
    """Seconds of a step of the loop, on scalars and on small arrays; the call's own cost is spread over the steps."""
    starts = {
        "Python floats": (3.7, 0.3, steps),
        "NumPy floats": (3.7, np.float64(0.3), steps),
        **{f"arrays of {n}": (3.7, np.linspace(0.1, 0.9, n), steps) for n in (3, 300)},
        "arrays of 30000": (3.7, np.linspace(0.1, 0.9, 30_000), max(steps // 100, 1)),
    }
    rows = []
    for what, args in starts.items():
        traced = tt.trace(logistic_map, strict=True)
        compare.assert_same(traced(*args), logistic_map(*args))
        systems = {
            "plain": lambda args=args: logistic_map(*args),
            "traced": lambda args=args, run=traced: run(*args),
        }
        times = per_call(systems, repeats=repeats)
        rows.append({"what": what, **{name: seconds / args[-1] for name, seconds in times.items()}})
    return rows


# Stages -----------------------------------------------------------------------------------------------------------


def measure_stages(names, *, repeats):
    """Seconds of tracing, rewriting and compiling each of these programs; those that cannot be traced say why."""
    rows = []
    for name in names:
        gc.freeze()  # or each collection would walk all that the programs before left behind
        module = programs.load(name)
        args, kwargs = compare.clone(module.make_inputs(module.SIZES[1]))
        row = {"what": name, "trace": [], "rewrite": [], "compile": []}
        try:
            with no_collection():
                for _ in range(repeats + 1):
                    row["nodes"], row["kept"] = _stages(module.PROGRAM, args, kwargs, row)
        except Exception as error:
            rows.append({"what": name, "failure": f"{type(error).__name__}: {error}"[:200]})
            continue
        row["first"] = row["trace"][0]  # with reading and parsing the source
        for stage in ("trace", "rewrite", "compile"):
            row[stage] = statistics.median(row[stage][1:])
        rows.append(row)
    return rows


def _stages(function, args, kwargs, row):
    """Run the three stages once. Every round makes its nodes anew, since its inputs are new variables."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        seconds, graph = stopwatch(lambda: tt.make_graph(function, *args, **kwargs))
        row["trace"].append(seconds)
        seconds, better = stopwatch(lambda: tt.optimize(graph))
        row["rewrite"].append(seconds)
        seconds, program = stopwatch(lambda: tt.compile(better))
        row["compile"].append(seconds)
        del program
        return sum(1 for _ in graph.all_nodes()), sum(1 for _ in better.all_nodes())


def summarise_stages(rows):
    """Seconds per node traced: over the whole set, and the median and the worst of the programs."""
    good = [row for row in rows if "failure" not in row]
    if not good:
        return {}
    nodes = sum(row["nodes"] for row in good)
    figures = {}
    for stage in ("trace", "rewrite", "compile"):
        each = [row[stage] / row["nodes"] for row in good]
        figures[stage] = [sum(row[stage] for row in good) / nodes, statistics.median(each), max(each)]
    each = {row["what"]: (row["trace"] + row["rewrite"] + row["compile"]) / row["nodes"] for row in good}
    whole = sum(figures[stage][0] for stage in ("trace", "rewrite", "compile"))
    figures["together"] = [whole, statistics.median(each.values()), max(each.values())]
    firsts = [row["first"] / row["nodes"] for row in good]
    whole = sum(row["first"] for row in good) / nodes
    figures["trace, the first time: the source is read and parsed"] = [
        whole,
        statistics.median(firsts),
        max(firsts),
    ]
    return {"figures": figures, "programs": len(good), "nodes": nodes, "worst": max(each, key=each.get)}


# Import -----------------------------------------------------------------------------------------------------------

IMPORT = """
from time import perf_counter
start = perf_counter()
import numpy
middle = perf_counter()
import tracetensor
print(middle - start, perf_counter() - middle)
"""


def measure_import(*, repeats):
    """Seconds of importing NumPy, and of importing tracetensor after it: medians of fresh processes."""
    times = []
    for _ in range(repeats + 1):  # the first may write bytecode
        done = subprocess.run(
            [sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True, cwd=ROOT
        )
        times.append([float(word) for word in done.stdout.split()])
    numpy, package = zip(*times[1:], strict=True)
    return {"numpy": statistics.median(numpy), "tracetensor": statistics.median(package)}


# Report -----------------------------------------------------------------------------------------------------------


def report_markdown(report):
    """The section of docs/performance.md."""
    parts = [f"Measured {report['date']} on {describe(report['machine'])}."]
    if report["quick"]:
        parts.append("This was a quick run (`--quick`): few repeats, orders of magnitude only.")
    parts.append(f"A call of `a + b`; the aim is {duration(AIM_CALL)} for the traced function, all told:")
    parts.append(
        table(
            ["operands", "plain", "program alone", "traced function"],
            [
                [row["what"], *(duration(row[s]) for s in ("plain", "program", "traced"))]
                for row in report["calls"]
            ],
        )
    )
    parts.append("A step of a loop of three operations, `x = r * x * (1.0 - x)`:")
    parts.append(
        table(
            ["x", "plain", "traced", "ratio"],
            [
                [
                    row["what"],
                    duration(row["plain"]),
                    duration(row["traced"]),
                    f"{row['plain'] / row['traced']:.2f}",
                ]
                for row in report["steps"]
            ],
        )
    )
    summary = report["stages_summary"]
    if summary:
        parts.append(
            f"Microseconds per node of the graph as traced, over {summary['programs']} programs of tests/programs "
            f"with {summary['nodes']} nodes in all; the aim is {AIM_NODE * 1e6:g} together. What is traced twice, "
            "because the first attempt showed that more must be constant or more general, counts in the time:"
        )
        parts.append(
            table(
                ["stage", "whole set", "median program", "worst program"],
                [
                    [stage, *(digits(s * 1e6) for s in figures)]
                    for stage, figures in summary["figures"].items()
                ],
            )
        )
        parts.append(f"The worst program together is `{summary['worst']}`.")
    failed = [f"`{row['what']}`" for row in report["stages"] if "failure" in row]
    if failed:
        parts.append(f"Not traced, and so not counted: {', '.join(failed)}.")
    times = report["import"]
    parts.append(
        f"Import, in a fresh process: tracetensor {duration(times['tracetensor'])} on top of NumPy's "
        f"{duration(times['numpy'])}; the aim is {duration(AIM_IMPORT)}."
    )
    return "\n\n".join(parts)


def measure(*, quick, names=None):
    """Everything."""
    repeats = 5 if quick else 41
    names = programs.names() if names is None else names
    report = report_of(
        "overhead",
        quick=quick,
        calls=measure_calls(repeats=repeats),
        steps=measure_steps(repeats=3 if quick else 15, steps=1000 if quick else 10_000),
        stages=measure_stages(names, repeats=1 if quick else 5),
    )
    report["import"] = measure_import(repeats=3 if quick else 15)
    report["stages_summary"] = summarise_stages(report["stages"])
    return report


def main(arguments=None):
    made = parser(__doc__, "overhead")
    made.add_argument("--only", nargs="+", metavar="NAME", help="trace these programs only")
    options = made.parse_args(arguments)
    report = measure(quick=options.quick, names=options.only)
    return publish(report, report_markdown(report), options)


if __name__ == "__main__":
    main()
