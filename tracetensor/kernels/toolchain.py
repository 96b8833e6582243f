"""The machine's C compiler: found once, run as a child process of low priority, with a time limit."""

from __future__ import annotations

import functools
import os
import platform
import shlex
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

CANDIDATES = ("cc", "gcc", "clang")
FLAGS = (
    "-O2",
    "-shared",
    "-fPIC",
    "-fwrapv",
    "-ffp-contract=off",
    "-fno-math-errno",
    "-fvisibility=default",
    "-w",
)
"""-fwrapv: integer arithmetic is total. -ffp-contract=off: no fused multiply-add, whose bits are not NumPy's."""
QUICK_FLAGS = ("-O1", *FLAGS[1:])
LOOP_FLAGS = (
    "-O2",
    "-ftree-vectorize",
    "-fvect-cost-model=dynamic",
    "-march=native",
    "-fno-trapping-math",
    *FLAGS[1:],
)
"""For loops of programs, in which there may be loops over the items of arrays."""
VECTOR_FLAGS = (
    "-O3",
    "-march=native",
    "-fno-trapping-math",
    "-fno-strict-aliasing",
    *FLAGS[1:],
)
"""For loops over many items: vector instructions of this very processor."""
SECONDS = 60.0  # after which a compiler is given up


class CompilerError(Exception):
    """There is no C compiler, or it failed; the text says why."""


class Toolchain(NamedTuple):
    """A compiler: its command, and what tells its code from that of others."""

    command: tuple[str, ...]
    identity: str


@functools.cache
def toolchain() -> Toolchain | None:
    """The compiler that the environment variable CC names, else the first of cc, gcc and clang; None without one."""
    wanted = os.environ.get("CC")
    for command in [tuple(shlex.split(wanted))] if wanted else [(name,) for name in CANDIDATES]:
        path = shutil.which(command[0])
        if path is None:
            continue
        full = (path, *command[1:])
        try:
            done = subprocess.run(
                [*full, "--version"], capture_output=True, text=True, timeout=20, check=True
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return Toolchain(full, f"{' '.join(full)}\n{done.stdout}\n{platform.machine()} {platform.system()}")
    return None


@functools.cache
def processor() -> str:
    """What tells this processor from others for which -march=native means something else."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return f"{platform.machine()} {platform.processor()}"
    wanted = ("vendor_id", "cpu family", "model", "stepping", "flags", "Features", "CPU part")
    return "\n".join(dict.fromkeys(line for line in lines if line.startswith(wanted)))


def build(text: str, flags: Sequence[str] = FLAGS) -> bytes:
    """The shared object that a C text becomes. Raises CompilerError."""
    found = toolchain()
    if found is None:
        msg = "there is no C compiler (cc, gcc or clang on PATH, or the one that CC names)"
        raise CompilerError(msg)
    with tempfile.TemporaryDirectory(prefix="tracetensor-") as folder:
        source, result = Path(folder, "loop.c"), Path(folder, "loop.so")
        source.write_text(text)
        command = [*found.command, *flags, "-o", str(result), str(source)]
        nice = shutil.which("nice")
        try:
            child = subprocess.Popen(
                [nice, "-n", "10", *command] if nice else command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                cwd=folder,
                start_new_session=True,  # Ctrl-C in the terminal is not the compiler's
            )
        except OSError as error:
            msg = f"the C compiler {found.command[0]} could not be run: {error}"
            raise CompilerError(msg) from error
        with child:
            try:
                _, told = child.communicate(timeout=SECONDS)
            except BaseException as error:
                _kill(child)
                if not isinstance(error, subprocess.TimeoutExpired):
                    raise
                msg = f"the C compiler {found.command[0]} took more than {SECONDS:g} s"
                raise CompilerError(msg) from None
        if child.returncode or not result.exists():
            last = (told.strip().splitlines() or [""])[-1]
            msg = f"the C compiler {found.command[0]} failed (exit status {child.returncode}): {last}"
            raise CompilerError(msg)
        return result.read_bytes()


def _kill(child: subprocess.Popen[str]) -> None:
    """End a compiler and what it started."""
    try:
        os.killpg(child.pid, signal.SIGKILL)
    except (AttributeError, OSError):  # no process groups on this system, or it has just ended
        child.kill()
