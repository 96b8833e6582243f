"""`python -m tracetensor demo`: run the filters plainly and traced, compare, time, differentiate, and show what was built."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import tracetensor as tt
from tracetensor.demo import filters, pictures
from tracetensor.demo import restoration as restoring
from tracetensor.demo.progress import Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Image = np.ndarray[Any, Any]

NAMES = ("denoise", "carve", "quantise")
SIZE, QUICK_SIZE = 214, 64
SMALLEST = 32
NOISE = 18.0
GRAPH_HEAD, GRAPH_TAIL = 36, 16
EXPLAIN_TAIL = 14

INTRODUCTION = """\
tracetensor demo

Three ordinary NumPy functions are run on a photograph of {width} x {height} pixels, each twice: as it is, and
with @tt.trace put on it. Nothing else changes: its loops, branches and in-place writes stay as they are.

  denoise   {denoise}: a loop of in-place writes to slices
  carve     {carve}: loops and branches over single pixels; the picture shrinks at each step
  quantise  {quantise}: a while loop that decides by itself when to stop; boolean masks
"""

ABOUT_TIMES = """\
  plain       the function as it is, run by Python and NumPy (best time)
  first call  traced: the function is read and made into a graph, then run; this happens once
  later       traced: the graph is there already (best time)
"""


@dataclass(frozen=True)
class Job:
    """One filter, its arguments, and what it is to do in a few words."""

    name: str
    purpose: str
    arguments: tuple[Any, ...]

    @property
    def filter(self) -> Callable[..., Image]:
        chosen: Callable[..., Image] = getattr(filters, self.name)
        return chosen


@dataclass(frozen=True)
class Outcome:
    """What came of one job: the plain result, the traced ones, three times in seconds, the traced function."""

    job: Job
    plain: Image
    first: Image
    later: Image
    plain_seconds: float
    first_seconds: float
    later_seconds: float
    function: Any

    @property
    def identical(self) -> bool:
        """Whether the first traced call and a later one (which may run other code) both gave the plain result."""
        return same(self.plain, self.first) and same(self.plain, self.later)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the demo. Returns 0; 1 if a package is missing, a traced result differs from the plain one, or a gradient is none."""
    options = parse(argv)
    try:
        photo = pictures.load_photo(options.size)
    except pictures.MissingPackageError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    noisy = pictures.as_bytes(photo + np.random.default_rng(2024).normal(0.0, NOISE, photo.shape))
    jobs = plan(photo, noisy, quick=options.quick)
    height, width = photo.shape[:2]
    say(INTRODUCTION.format(width=width, height=height, **{job.name: job.purpose for job in jobs}))

    progress = Progress(3 * len(jobs) + 1)
    outcomes = [run(job, progress) for job in jobs]
    say(results(outcomes))
    say(times(outcomes))
    with progress.step("restoring a blurred picture by gradient"):
        restoration = restoring.restore(photo, quick=options.quick)
    say(str(restoration))

    panels: list[tuple[str, Any]] = [("original", photo), ("with noise added", noisy)]
    panels += [(f"{o.job.name}: {o.job.purpose}", o.later) for o in outcomes]
    panels += [
        ("out of focus, with noise", restoration.seen),
        (f"restored by gradient, {len(restoration.losses)} calls", restoration.restored),
        ("the loss, call by call (logarithmic)", pictures.Curve(restoration.losses)),
    ]
    pictures.save_grid(options.output, panels)
    say(f"Before and after: {options.output}\n  {pictures.CREDIT}\n")

    shown = options.graph or "quantise"
    (function,) = (o.function for o in outcomes if o.job.name == shown)
    say(graph_text(shown, function, whole=options.graph is not None))
    say(explain_text(shown, function))
    return 0 if restoration.works and all(outcome.identical for outcome in outcomes) else 1


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """The command line, checked before anything slow happens."""
    parser = argparse.ArgumentParser(
        prog="python -m tracetensor demo",
        description="Run NumPy functions on a photograph, plainly and traced; compare, time, differentiate, show.",
    )
    parser.add_argument("--output", type=Path, default=Path("tracetensor-demo.png"), metavar="PATH",
                        help="where to write the pictures (default: %(default)s)")  # fmt: skip
    parser.add_argument("--size", type=int, default=None, metavar="PIXELS",
                        help=f"width of the photograph, {SMALLEST} to {pictures.PHOTO_WIDTH} (default: {SIZE})")  # fmt: skip
    parser.add_argument("--quick", action="store_true",
                        help=f"a thumbnail ({QUICK_SIZE} pixels) and fewer steps: a few seconds")  # fmt: skip
    parser.add_argument("--graph", choices=NAMES, default=None,
                        help="print the whole graph of this function (default: quantise, shortened)")  # fmt: skip
    options = parser.parse_args(argv)
    if options.size is None:
        options.size = QUICK_SIZE if options.quick else SIZE
    if not SMALLEST <= options.size <= pictures.PHOTO_WIDTH:
        parser.error(f"--size must be from {SMALLEST} to {pictures.PHOTO_WIDTH}, not {options.size}")
    if options.output.is_dir() or not options.output.absolute().parent.is_dir():
        parser.error(f"--output must be a file in a folder that exists, not {options.output}")
    return options


def plan(photo: Image, noisy: Image, *, quick: bool) -> tuple[Job, ...]:
    """The three jobs, with what they need to know about this photograph."""
    height, width = photo.shape[:2]
    steps, colours, seams = (10, 6, 6) if quick else (40, 12, width // 4)
    pixels = photo.reshape(-1, 3)
    palette = pixels[:: len(pixels) // colours][:colours].astype(np.float64)
    return (
        Job(
            "denoise",
            f"noise smoothed, edges kept ({steps} steps)",
            (noisy.astype(np.float64), steps, 11.0, 0.06),
        ),
        Job("carve", f"{seams} columns narrower, by seams", (photo, width - seams)),
        Job("quantise", f"{colours} colours, found by k-means", (photo, palette, height * width // 1000)),
    )


def run(job: Job, progress: Progress) -> Outcome:
    """Run a job plainly and traced, and time both."""
    traced = tt.trace(job.filter, strict=True)
    with progress.step(f"{job.name}, plain NumPy"):
        plain_result, plain_seconds = best_time(job.filter, job.arguments)
    with progress.step(f"{job.name}, traced, first call"):
        start = time.perf_counter()
        first_result = traced(*job.arguments)
        first_seconds = time.perf_counter() - start
    with progress.step(f"{job.name}, traced, later calls"):
        later_result, later_seconds = best_time(traced, job.arguments)
    arrays = (plain_result, first_result, later_result)
    return Outcome(job, *arrays, plain_seconds, first_seconds, later_seconds, traced)


def best_time(
    function: Callable[..., Image], arguments: tuple[Any, ...], enough: float = 0.5
) -> tuple[Image, float]:
    """The result, and the best time in seconds of as many calls as fit into `enough` seconds, at least one."""
    best, total = float("inf"), 0.0
    while total < enough:
        start = time.perf_counter()
        result = function(*arguments)
        seconds = time.perf_counter() - start
        best, total = min(best, seconds), total + seconds
    return result, best


def same(a: Image, b: Image) -> bool:
    """Whether two arrays have the same dtype, shape and values."""
    return a.dtype == b.dtype and a.shape == b.shape and np.array_equal(a, b)


def results(outcomes: Sequence[Outcome]) -> str:
    """One line per job: is the traced result the plain one, bit for bit?"""
    lines = ["Same results?"]
    for outcome in outcomes:
        what = f"{outcome.plain.dtype} {outcome.plain.shape}"
        identical = f"identical to plain NumPy in every element ({what})"
        verdict = identical if outcome.identical else difference(outcome)
        lines.append(f"  {outcome.job.name:<10}{verdict}")
    return "\n".join(lines) + "\n"


def difference(outcome: Outcome) -> str:
    """How the traced result of a job differs from the plain one."""
    plain = outcome.plain
    traced = outcome.later if same(plain, outcome.first) else outcome.first
    if plain.shape != traced.shape or plain.dtype != traced.dtype:
        return f"DIFFERENT: {traced.dtype} {traced.shape} instead of {plain.dtype} {plain.shape}"
    largest = np.max(np.abs(plain.astype(np.float64) - traced.astype(np.float64)))
    return f"DIFFERENT: in {np.count_nonzero(plain != traced)} elements, by up to {largest:.3g}"


def times(outcomes: Sequence[Outcome]) -> str:
    """The table of times, and what its columns mean."""
    lines = ["Times", f"  {'':<10}{'plain':>12}{'first call':>13}{'later':>12}{'plain / later':>16}"]
    for o in outcomes:
        ratio = f"{o.plain_seconds / o.later_seconds:.2f} x"
        row = (
            f"{clock(o.plain_seconds):>12}{clock(o.first_seconds):>13}{clock(o.later_seconds):>12}{ratio:>16}"
        )
        lines.append(f"  {o.job.name:<10}{row}")
    return "\n".join(lines) + "\n\n" + ABOUT_TIMES


def clock(seconds: float) -> str:
    """Seconds, in the unit that reads best."""
    return f"{seconds:.2f} s" if seconds >= 1.0 else f"{seconds * 1e3:.1f} ms"


def graph_text(name: str, function: Any, *, whole: bool) -> str:
    """The optimised graph of a traced function; the middle of a long one left out, save for loops and branches."""
    title = f"The graph of {name}, optimised. Scan is a loop, IfElse a branch; each holds its body.\n\n"
    lines = str(function.graphs[0]).splitlines()
    if not whole:
        lines = shorten(lines)
    text = title + "\n".join("  " + line for line in lines) + "\n"
    if not whole:
        text += f"\nAll of it: python -m tracetensor demo --graph {name}"
        text += "\n(of a function of your own, once called: print(f.graphs[0]))\n"
    return text


def shorten(lines: list[str]) -> list[str]:
    """The first and last lines, and between them those that mention scan or ifelse; gaps are counted."""
    if len(lines) <= GRAPH_HEAD + GRAPH_TAIL + 8:
        return lines
    short: list[str] = []
    hidden = 0
    for number, line in enumerate(lines):
        at_edge = number < GRAPH_HEAD or number >= len(lines) - GRAPH_TAIL
        if not at_edge and not any(word in line.lower() for word in ("scan", "ifelse")):
            hidden += 1
            continue
        if hidden:
            short.append(f"... {hidden} more lines ...")
            hidden = 0
        short.append(line)
    return short


def explain_text(name: str, function: Any) -> str:
    """The end of what the traced function says about itself."""
    lines = function.explain().splitlines()
    tail = lines[-EXPLAIN_TAIL:]
    if len(tail) < len(lines):
        tail.insert(0, "...")
    return f"What {name}.explain() says, at its end:\n\n" + "\n".join("  " + line for line in tail) + "\n"


def say(text: str) -> None:
    """Print, at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
