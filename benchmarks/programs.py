"""Every program of tests/programs, unmodified, against itself under tt.trace and against Numba's and JAX's versions of it.

Each program runs in a process of its own, with an empty cache of kernels. There the traced function is called for the
first time (traced, rewritten, compiled and run), its loops are made machine code, its result and what it did to its
arguments are checked against plain Python's, and so are the versions of benchmarks/peers, as far as Numba and JAX are
installed; then all are called in turn on one thread, each on a fresh copy of the arguments that is made outside the timed
region. The ratio is the median time of the plain function over that of the traced one: above 1, tracing pays. Run it as
`python benchmarks/programs.py --json programs.json --markdown docs/performance.md`.
"""

import contextlib
import functools
import json
import statistics
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import peer_runs
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

AIM_MEAN = 1.0  # the geometric mean of the ratios, at least
AIM_LEAST = 0.5  # the least ratio: none slower than twice
AIM_FIRST = (1.5, 0.03)  # a first call: plain runs, seconds
LOSER = 1.0

SECONDS, QUICK_SECONDS = 2.0, 0.3  # of measuring, per program
LIMIT = 180.0  # seconds for all that is done with a program


# In the process of a program --------------------------------------------------------------------------------------


def measure(name, *, seconds, size=None, peers=True):
    """The row of one program. size: what make_inputs takes, in the place of the module's BENCH."""
    import tracetensor as tt
    from tests import compare, programs

    module = programs.load(name)
    plain, rtol = module.PROGRAM, programs.rtol(module)
    args, kwargs = module.make_inputs(module.BENCH if size is None else size)

    def prepare(function):
        a, k = compare.clone((args, kwargs))
        return lambda: function(*a, **k)

    first_plain = compare.Outcome(plain, *compare.clone((args, kwargs)))
    if first_plain.error is not None:
        raise first_plain.error
    row = {"name": name, "remark": ""}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("ignore")
        warnings.simplefilter("always", tt.FallbackWarning)
        traced = tt.trace(plain)
        a, k = compare.clone((args, kwargs))
        row["stages"] = {}
        with timed_stages(row["stages"]):
            row["first"], result = stopwatch(lambda: traced(*a, **k))
        row["native"] = native_after(traced, args, kwargs, row["first"])
        compare.assert_same(result, first_plain.result, rtol=rtol)
        compare.assert_same(a, first_plain.args, rtol=rtol, path="arguments after the call")
        compare.run_both(plain, traced, args, kwargs, rtol=rtol)
        settle(functools.partial(prepare, traced))
        peer_runs.on_one_core()
        versions, row["peers"] = (
            peer_runs.versions(name, first_plain, args, kwargs, rtol) if peers else ({}, {})
        )
        functions = {"plain": plain, "traced": traced, **versions}
        systems = {system: functools.partial(prepare, function) for system, function in functions.items()}
        times = alternate(systems, seconds=seconds, least=3, most=101)
    if caught:
        row["remark"] = one_line(str(caught[0].message).split(") ", 1)[-1])
    row["versions"] = len(traced.graphs)
    row["nodes"] = sum(1 for graph in traced.graphs for _ in graph.all_nodes())
    row["runs"] = len(times["plain"])
    row["plain"], row["traced"] = (statistics.median(times[s]) for s in ("plain", "traced"))
    row["spread"] = {s: [min(t), max(t)] for s, t in times.items()}
    row["ratio"] = row["plain"] / row["traced"]
    for system in versions:
        row["peers"][system]["time"] = statistics.median(times[system])
    best = min([row["plain"], *(row["peers"][system]["time"] for system in versions)])
    row["interpreted"] = peer_runs.reasons(traced, ROOT)
    if row["traced"] > best and traced.graphs:
        row["where"] = whereabouts(plain, args, kwargs)
    return row


def native_after(traced, args, kwargs, first):
    """Seconds from the beginning of the first call until its loops are machine code; None where nothing is compiled."""
    import tracetensor as tt
    from tests import compare

    a, k = compare.clone((args, kwargs))
    try:
        return first + stopwatch(lambda: traced.compile(*a, **k))[0]
    except tt.TraceError:
        return None


def settle(prepare):
    """Make and run calls until what is compiled in the background is in place, for about a second."""
    from tracetensor.kernels.background import worker

    end = time.perf_counter() + 1.0
    for done in range(5):
        if done >= 2 and time.perf_counter() > end:
            break
        prepare()()
        worker.wait()


def timed_stages(seconds):
    """stages(), or nothing if the library's insides are no longer what it knows."""
    try:
        from benchmarks.where import stages

        return stages(seconds)
    except ImportError:
        return contextlib.nullcontext()


def whereabouts(function, args, kwargs):
    """Where the time goes, in words; measured with the compiler's insides, so a failure is no failure of the row."""
    try:
        from benchmarks.where import in_words, where

        return in_words(*where(function, args, kwargs, runs=1))
    except Exception as error:
        return f"not known ({type(error).__name__})"


def child(name, *, seconds, size, peers):
    """Measure one program; its row is the last line of the standard output."""
    out = sys.stdout
    sys.stdout = sys.stderr  # a program may print
    try:
        row = measure(name, seconds=seconds, size=size, peers=peers)
    except BaseException as error:
        row = {"name": name, "failure": one_line(f"{type(error).__name__}: {error}")}
    print(json.dumps(row), file=out)


# In the process that starts them ----------------------------------------------------------------------------------


def run_child(name, *, seconds, limit, size=None, peers=True):
    """The row of one program, measured in a process of its own; a crash or a hang is a row that says so."""
    arguments = ["--child", name, "--seconds", str(seconds)]
    if size is not None:
        arguments += ["--size", repr(size)]
    if not peers:
        arguments += ["--no-peers"]
    row = from_child(__file__, arguments, limit)
    return {"name": name, **row}


def summarise(rows):
    """The figures of a set of rows."""
    good = [row for row in rows if "ratio" in row]
    ratios = [row["ratio"] for row in good]
    runs, seconds = AIM_FIRST
    firsts = [row["first"] / row["plain"] for row in good]
    return {
        "programs": len(rows),
        "failed": [row["name"] for row in rows if "failure" in row],
        "plain": [row["name"] for row in good if row["remark"]],
        "mean": geometric_mean(ratios),
        "least": min(ratios, default=None),
        "most": max(ratios, default=None),
        "median": statistics.median(ratios) if ratios else None,
        "losers": [row["name"] for row in good if row["ratio"] < LOSER],
        "twice_slower": [row["name"] for row in good if row["ratio"] < AIM_LEAST],
        "first_median": statistics.median(row["first"] for row in good) if good else None,
        "first_most": max((row["first"] for row in good), default=None),
        "first_mean_ratio": geometric_mean(firsts),
        "first_within_aim": sum(row["first"] <= runs * row["plain"] + seconds for row in good),
        "first_over_aim": statistics.median(row["first"] / (runs * row["plain"] + seconds) for row in good)
        if good
        else None,
        "peers": peer_runs.summarise(good),
    }


def report_markdown(report):
    """The section of docs/performance.md."""
    rows, summary = report["rows"], report["summary"]
    good = sorted((row for row in rows if "ratio" in row), key=lambda row: row["ratio"])
    parts = [f"Measured {report['date']} on {describe(report['machine'])}."]
    if report["quick"]:
        parts.append("This was a quick run (`--quick`): few repeats, orders of magnitude only.")
    if report["only"]:
        parts.append("This was a run of chosen programs (`--only`): its means stand for nothing.")
    parts.append(table(["figure", "measured", "aim"], summary_rows(summary)))
    bad = [row for row in rows if "failure" in row]
    if bad:
        parts.append("No ratio, and so no part in the means:")
        parts.append("\n".join(f"- `{row['name']}`: {row['failure']}" for row in bad))
    remarks = [row for row in good if row["remark"]]
    if remarks:
        parts.append(
            "Run by plain Python, wholly or in some calls, for the reason given (they count in the means):"
        )
        parts.append("\n".join(f"- `{row['name']}`: {row['remark']}" for row in remarks))
    losers = [row for row in good if row["ratio"] < LOSER]
    if losers:
        parts.append("Slower than plain NumPy, and where the time of the compiled program goes:")
        parts.append(
            "\n".join(
                f"- `{row['name']}`, {digits(row['ratio'])}: {row.get('where') or 'plain Python, see above'}"
                for row in losers
            )
        )
    parts += peer_runs.markdown(good, summary["peers"])
    parts.append("All programs, the slowest first:")
    parts.append(
        table(
            [
                "program",
                "NumPy, ms",
                "traced, ms",
                "ratio",
                "first call, ms",
                "trace + rewrite + compile, ms",
                "nodes",
            ],
            [
                [
                    row["name"],
                    digits(row["plain"] * 1e3),
                    digits(row["traced"] * 1e3),
                    f"{row['ratio']:.2f}",
                    digits(row["first"] * 1e3),
                    " + ".join(digits(seconds * 1e3) for seconds in row["stages"].values()),
                    row["nodes"],
                ]
                for row in good
            ],
        )
    )
    return "\n\n".join(parts)


def summary_rows(summary):
    measured = summary["programs"] - len(summary["failed"])
    rows = [["programs measured", f"{measured} of {summary['programs']}", "all"]]
    rows += [["of these, run by plain Python", len(summary["plain"]), "0"]]
    if not measured:
        return rows
    return [
        *rows,
        ["ratio, geometric mean", f"{summary['mean']:.2f}", f"at least {AIM_MEAN:g}"],
        ["ratio, least", f"{summary['least']:.2f}", f"at least {AIM_LEAST:g}"],
        ["ratio, median", f"{summary['median']:.2f}", ""],
        ["ratio, most", f"{summary['most']:.2f}", ""],
        ["slower than NumPy", len(summary["losers"]), ""],
        ["more than twice slower", len(summary["twice_slower"]), "0"],
        ["first call, median", f"{digits(summary['first_median'] * 1e3)} ms", ""],
        ["first call, most", f"{digits(summary['first_most'] * 1e3)} ms", ""],
        ["first call over a plain run, geometric mean", f"{summary['first_mean_ratio']:.2f}", ""],
        [
            f"first call over {AIM_FIRST[0]:g} plain runs + {AIM_FIRST[1] * 1e3:g} ms, median",
            f"{summary['first_over_aim']:.2f}",
            "at most 1",
        ],
        [
            f"first calls within {AIM_FIRST[0]:g} plain runs + {AIM_FIRST[1] * 1e3:g} ms",
            f"{summary['first_within_aim']} of {measured}",
            "all",
        ],
    ]


def line(row):
    """A row as it comes in."""
    if "failure" in row:
        return f"{row['name']:22s} FAILED: {row['failure']}"
    figures = f"{row['plain'] * 1e3:9.2f} ms {row['traced'] * 1e3:9.2f} ms {row['ratio']:6.2f}x  first {row['first'] * 1e3:8.1f} ms"
    for system, peer in row["peers"].items():
        ratio = f"{peer['time'] / row['traced']:6.2f}x" if "time" in peer else "     - "
        figures += f"  {system} {ratio}"
        if "failure" in peer:
            figures += f" ({peer['failure']})"
    return f"{row['name']:22s} {figures}{'  plain: ' + row['remark'] if row['remark'] else ''}"


def main(arguments=None):
    made = parser(__doc__, "programs")
    child_options(made, seconds=SECONDS, limit=LIMIT)
    made.add_argument("--only", nargs="+", metavar="NAME", help="these programs only")
    made.add_argument(
        "--no-peers", action="store_true", help="without Numba and JAX, even if they are installed"
    )
    made.add_argument("--size", type=eval_size, help="what make_inputs takes, as a literal; for trying out")
    options = made.parse_args(arguments)
    seconds = options.seconds or (QUICK_SECONDS if options.quick else SECONDS)
    if options.child:
        child(options.child, seconds=seconds, size=options.size, peers=not options.no_peers)
        return None
    from tests import programs

    names = programs.names()
    unknown = sorted(set(options.only or ()) - set(names))
    if unknown:
        made.error(f"no programs: {', '.join(unknown)}")
    names = options.only or names
    report = report_of("programs", quick=options.quick, only=bool(options.only), seconds=seconds, rows=[])
    for name in names:
        row = run_child(
            name, seconds=seconds, limit=options.limit, size=options.size, peers=not options.no_peers
        )
        report["rows"].append(row)
        print(line(row), flush=True)
    report["summary"] = summarise(report["rows"])
    return publish(report, report_markdown(report), options)


def eval_size(text):
    import ast

    return ast.literal_eval(text)


if __name__ == "__main__":
    main()
