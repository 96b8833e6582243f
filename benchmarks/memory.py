"""Peak memory of gradients through a long loop that writes one row of an array in each step, with and without checkpoints.

Run it as `python benchmarks/memory.py --json memory.json --markdown docs/derivatives.md`.
"""

import functools
import sys
import tracemalloc
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

import tracetensor as tt
from benchmarks.common import describe, digits, parser, publish, report_of, stopwatch, table

ROWS, COLUMNS = 20, 100
STEPS = (1_000, 10_000, 100_000)
SCHEDULES = (None, "sqrt", "binomial")


def relax(a, x, steps):
    """Each step replaces one row, in place."""
    for t in range(steps):
        i = t % a.shape[0]
        a[i] = 0.9 * np.tanh(a[i] + x * a[i - 1])
    return (a * a).sum()


@functools.cache
def gradient(schedule):
    return tt.grad(relax if schedule is None else tt.checkpoint(relax, loops=schedule), argnums=(0, 1))


def measure(steps, schedule, *, repeats):
    rng = np.random.default_rng(0)
    a, x = rng.random((ROWS, COLUMNS)), rng.random(COLUMNS)
    call = functools.partial(gradient(schedule), a, x, steps)
    by_a, by_x = call()
    seconds = min(stopwatch(call)[0] for _ in range(repeats))
    peak = min(peak_of(call) for _ in range(2))  # a loop may be compiled meanwhile
    row = {"steps": steps, "schedule": schedule or "none", "peak": peak, "seconds": seconds}
    return row, (by_a, by_x)


def peak_of(call):
    """The most memory in bytes that Python and NumPy hold during a call, beyond what they held before."""
    tracemalloc.start()
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def measure_all(*, steps=STEPS, repeats=3):
    """Figures for each number of steps and schedule. All schedules must give one gradient."""
    rows = []
    for n in steps:
        wanted = None
        for schedule in SCHEDULES:
            row, found = measure(n, schedule, repeats=repeats)
            wanted = found if wanted is None else wanted
            for one, other in zip(found, wanted, strict=True):
                np.testing.assert_allclose(one, other, rtol=1e-9)
            rows.append(row)
    return rows


TITLE = (
    f"Gradients through a loop that replaces one row of an array of {ROWS} x {COLUMNS} float64 in each step "
    "(`benchmarks/memory.py`): peak memory of a call, and its time. A copy of the array in each of 100 000 steps would take "
    f"{ROWS * COLUMNS * 8 * 100_000 / 1e9:.1f} GB."
)


def report_markdown(report):
    header = ["steps", "no checkpoints", '"sqrt"', '"binomial"']
    found = {(row["steps"], row["schedule"]): row for row in report["rows"]}
    rows = []
    for n in dict.fromkeys(row["steps"] for row in report["rows"]):
        cells = [found[n, s or "none"] for s in SCHEDULES]
        rows.append(
            [
                f"{n:,}".replace(",", " "),
                *[f"{digits(c['peak'] / 1e6)} MB, {digits(c['seconds'])} s" for c in cells],
            ]
        )
    return f"{TITLE}\n\n{table(header, rows)}\n\n{report['date']}; {describe(report['machine'])}."


def main(arguments=None):
    given = parser(__doc__, "memory").parse_args(arguments)
    rows = measure_all(repeats=1 if given.quick else 3, steps=(100, 1000) if given.quick else STEPS)
    report = report_of("memory", rows=rows)
    return publish(report, report_markdown(report), given)


if __name__ == "__main__":
    main()
