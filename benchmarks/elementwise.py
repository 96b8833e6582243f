"""Elementwise expressions at several sizes, plain NumPy against the traced function with its kernels compiled.

Run it as `python benchmarks/elementwise.py --json elementwise.json --markdown docs/performance.md`.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

import tracetensor as tt
from benchmarks.common import (
    describe,
    duration,
    geometric_mean,
    parser,
    per_call,
    publish,
    report_of,
    table,
)
from tests import compare

SIZES = (1_000, 10_000, 100_000, 1_000_000, 10_000_000)


def polynomial(x, y):
    return ((0.25 * x - 1.5) * x + 2.0) * x - y


def stencil(x, _):
    return x[1:-1] + 0.1 * (x[2:] - 2.0 * x[1:-1] + x[:-2])


def clipped(x, y):
    return np.where(x > y, np.clip(x, 0.0, 1.0), y * 0.5) + np.sqrt(abs(y))


def inside(x, y):
    return (x * x + y * y < 1.0) & (x > -0.5)


def momentum(x, y):
    v = y * 0.9
    v += 0.1 * x
    v -= 0.01 * v / (np.sqrt(x * x) + 1e-8)
    return v


def columns(x, y):
    rows = x.reshape(-1, 10)
    return (rows - y[:10]) / (1.0 + rows[:, :1] * rows[:, :1])


TITLE = (
    "Expressions of `benchmarks/elementwise.py` on float64 arrays, one thread: time of a call of the traced "
    "function, and in brackets NumPy's time over it:"
)
EXPRESSIONS = (polynomial, stencil, clipped, inside, momentum, columns)


def measure_expressions(*, repeats, sizes=SIZES):
    """A row for each expression and size: seconds per call, plain and traced."""
    rng = np.random.default_rng(0)
    rows = []
    for function in EXPRESSIONS:
        for size in sizes:
            x, y = rng.normal(size=size), rng.normal(size=size)
            with tt.config(tier="native"):
                traced = tt.trace(function, strict=True)
                compare.run_both(function, traced, (x, y), rtol=0)
                times = per_call(
                    {
                        "plain": lambda f=function, x=x, y=y: f(x, y),
                        "traced": lambda f=traced, x=x, y=y: f(x, y),
                    },
                    repeats=repeats,
                )
            rows.append({"what": function.__name__, "size": size, **times})
    return rows


def report_markdown(report):
    """The section of docs/performance.md."""
    sizes = sorted({row["size"] for row in report["rows"]})
    found = {(row["what"], row["size"]): row for row in report["rows"]}
    names = list(dict.fromkeys(row["what"] for row in report["rows"]))
    lines = []
    for name in names:
        each = [found[name, size] for size in sizes]
        lines.append(
            [f"`{name}`", *(f"{duration(r['traced'])} ({r['plain'] / r['traced']:.2f})" for r in each)]
        )
    means = [geometric_mean([found[n, s]["plain"] / found[n, s]["traced"] for n in names]) for s in sizes]
    lines.append(["geometric mean of the ratios", *(f"{mean:.2f}" for mean in means)])
    return "\n\n".join(
        [
            f"Measured {report['date']} on {describe(report['machine'])}.",
            TITLE,
            table(["expression", *(f"{size:,} items" for size in sizes)], lines),
        ]
    )


def main(arguments=None):
    given = parser(__doc__, "elementwise").parse_args(arguments)
    rows = measure_expressions(repeats=3 if given.quick else 21, sizes=SIZES[:2] if given.quick else SIZES)
    report = report_of("elementwise", rows=rows)
    return publish(report, report_markdown(report), given)


if __name__ == "__main__":
    main()
