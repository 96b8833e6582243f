"""The command line: `python -m tracetensor demo`, `python -m tracetensor cache`, `python -m tracetensor doctor`."""

from __future__ import annotations

import argparse
import datetime as dt
import sys
from typing import TYPE_CHECKING

import tracetensor

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMANDS = {
    "demo": "run three filters on a photograph, plainly and traced; compare, time and show them",
    "cache": "list, clear or locate the compiled loops that are kept on disk",
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
    if command == "cache":
        return cache_command(rest)
    from tracetensor.doctor import main as examine

    return examine(rest)


def cache_command(argv: Sequence[str]) -> int:
    """`python -m tracetensor cache ls|clear|path`."""
    from tracetensor import cache

    parser = argparse.ArgumentParser(prog="python -m tracetensor cache", description=COMMANDS["cache"])
    parser.add_argument("action", choices=("ls", "clear", "path"))
    action = parser.parse_args(argv).action
    if action == "path":
        sys.stdout.write(f"{cache.path()}\n")
        return 0
    if action == "clear":
        sys.stdout.write(f"{cache.clear()} entries removed from {cache.path()}\n")
        return 0
    found = cache.entries()
    for path, size, made in found:
        when = dt.datetime.fromtimestamp(made).astimezone().strftime("%Y-%m-%d %H:%M")
        sys.stdout.write(f"{size:9,}  {when}  {path.name}\n")
    sys.stdout.write(
        f"{len(found)} entries, {sum(size for _, size, _ in found):,} bytes, in {cache.path()}\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
