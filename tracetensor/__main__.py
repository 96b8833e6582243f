"""The command line: `python -m tracetensor demo`, `python -m tracetensor doctor`."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

import tracetensor

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": "run three filters on a photograph, plainly and traced; compare, time and show them",
    "doctor": "say what tracetensor finds on this machine, and what is wrong",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; its exit status. What follows the command's name is the command's own."""
    given = list(sys.argv[1:] if argv is None else argv)
    position = next((k for k, text in enumerate(given) if not text.startswith("-")), len(given))
    parser = argparse.ArgumentParser(
        prog="python -m tracetensor",
        description="NumPy functions as graphs.",
        epilog="\n".join(f"  {name:8} {text}" for name, text in COMMANDS.items())
        + "\n\n`python -m tracetensor COMMAND --help` says more about a command.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tracetensor {tracetensor.__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help=" or ".join(COMMANDS))
    command = parser.parse_args(given[: position + 1]).command
    rest = given[position + 1 :]
    if command == "demo":
        from tracetensor.demo.run import main as run_demo

        return run_demo(rest)
    from tracetensor.doctor import main as examine

    return examine(rest)


if __name__ == "__main__":
    sys.exit(main())
