"""Try random programs for some minutes: python -m tests.fuzz --minutes 10 [--seed S] [--family F] [--program I]."""

import argparse
import collections
import faulthandler
import os
import pathlib
import random
import re
import sys
import tempfile
import time
import warnings

from .oracle import examine, report
from .reduce import reduce
from .statements import FAMILIES, Program, write_program


def program(seed: int, index: int, family: str | None) -> tuple[str, Program]:
    """The index-th program of a seed, and its family."""
    choices = random.Random(f"{seed}-{index}")
    name = family or FAMILIES[index % len(FAMILIES)]
    return name, write_program(choices.randrange, name)


def group(reason: str) -> str:
    """A reason for running plain without names and lines, so that equal ones count together."""
    reason = reason.partition("runs as plain Python: ")[2] or reason
    return re.sub(r"\(?<fuzz-\d+>:\d+\)?|`\w+` ?|line \d+|0x[0-9a-f]+", "", reason).strip()


class Counts:
    def __init__(self):
        self.kinds = collections.Counter()
        self.reasons = collections.Counter()
        self.start = time.monotonic()

    def line(self) -> str:
        seconds = time.monotonic() - self.start
        tried = sum(self.kinds.values()) - self.kinds["endless"]
        parts = ", ".join(f"{self.kinds[k]} {k}" for k in ("ok", "both raised", "refused", "wrong"))
        return f"{seconds:6.0f} s: {tried} programs tried: {parts} ({tried / max(seconds, 1e-9):.0f}/s)"


def show_wrong(made: Program, error: AssertionError, label: str, trace, seconds: float) -> None:
    """Print the shrunk program, then the one it came from."""
    print(f"\n==== wrong: {label}\n{error}", flush=True)
    source, inputs = reduce(made.source, made.inputs, made.smooth, trace, seconds)
    try:
        examine(source, inputs, made.smooth, trace)
        print("---- does not fail when repeated", flush=True)
    except AssertionError as smallest:
        print(f"---- shrunk\n{smallest}\n====", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(
        prog="python -m tests.fuzz", description="Random programs, traced against plain NumPy."
    )
    parser.add_argument(
        "--minutes",
        type=float,
        default=float(os.environ.get("MINUTES") or 1),
        help="how long (default: $MINUTES, or 1)",
    )
    parser.add_argument("--seed", type=int, default=None, help="default: a new one, printed")
    parser.add_argument("--family", choices=FAMILIES, default=None, help="default: all in turn")
    parser.add_argument(
        "--program",
        type=int,
        default=None,
        help="print and run only this program of the seed (give --family as in the run)",
    )
    parser.add_argument("--stop", type=int, default=10, help="stop after so many wrong programs")
    parser.add_argument("--shrink-seconds", type=float, default=60, help="at most, for each wrong program")
    parser.add_argument(
        "--plain", action="store_true", help="compare plain with plain: a check of the fuzzer itself"
    )
    options = parser.parse_args()
    faulthandler.enable()
    warnings.simplefilter("ignore")

    trace = (lambda f: f) if options.plain else None
    seed = random.SystemRandom().randrange(10**6) if options.seed is None else options.seed
    running = pathlib.Path(tempfile.gettempdir()) / f"tracetensor-fuzz-{os.getpid()}.py"
    print(f"seed {seed}; a crash leaves its program in {running}", flush=True)
    counts = Counts()
    end, next_line = time.monotonic() + 60 * options.minutes, time.monotonic() + 5
    index = options.program or 0
    while time.monotonic() < end and counts.kinds["wrong"] < options.stop:
        name, made = program(seed, index, options.family)
        running.write_text(
            report(f"family {name}, --seed {seed} --program {index}", made.source, made.inputs, 1).replace(
                "call", "# call", 1
            )
        )
        if options.program is not None:
            print(running.read_text())
        try:
            verdict = examine(made.source, made.inputs, made.smooth, trace)
            counts.kinds[verdict.kind] += 1
            counts.reasons.update(map(group, verdict.reasons[:1]))
        except AssertionError as e:
            counts.kinds["wrong"] += 1
            show_wrong(
                made, e, f"family {name}, --seed {seed} --program {index}", trace, options.shrink_seconds
            )
        except KeyboardInterrupt:
            break
        if options.program is not None:
            break
        index += 1
        if time.monotonic() > next_line:
            print(counts.line(), flush=True)
            next_line = time.monotonic() + 5
    running.unlink(missing_ok=True)
    if counts.reasons:
        print("\nmost frequent fall-backs:")
        for reason, count in counts.reasons.most_common(25):
            print(f"{count:6d}  {reason}")
    print(f"seed {seed}: {counts.line().strip()}", flush=True)
    return 1 if counts.kinds["wrong"] else 0


if __name__ == "__main__":
    sys.exit(main())
