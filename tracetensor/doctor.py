"""`python -m tracetensor doctor`: what is installed, built and set, and what is wrong with it."""

from __future__ import annotations

import argparse
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

import tracetensor
from tracetensor.config import OPTIONS, options
from tracetensor.kernels import cache

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Finding = tuple[str, str, bool]

PREFIX = "TRACETENSOR_"
OLDEST_PYTHON, OLDEST_NUMPY = (3, 11), 2
COMPILERS = ("cc", "gcc", "clang")
THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def main(argv: Sequence[str] | None = None) -> int:
    """Print what was found. Returns 0 if tracetensor can work, else 1."""
    argparse.ArgumentParser(
        prog="python -m tracetensor doctor",
        description="What tracetensor finds on this machine; the exit status is 1 if something is wrong.",
    ).parse_args(argv)
    findings = list(examine())
    width = max(len(label) for label, _, _ in findings)
    for label, text, good in findings:
        sys.stdout.write(f"{'   ' if good else '!! '}{label.ljust(width)}  {text}\n")
    bad = sum(not good for _, _, good in findings)
    sys.stdout.write(f"\n{bad} of these (marked !!) need attention\n" if bad else "\nall is well\n")
    return int(bad > 0)


def examine() -> Iterator[Finding]:
    """(what, what was found, whether it is as it should be)."""
    yield "tracetensor", f"{tracetensor.__version__} at {Path(tracetensor.__file__).parent}", True
    machine = f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}"
    yield "Python", machine, sys.version_info >= OLDEST_PYTHON
    yield "NumPy", np.__version__, int(np.__version__.split(".")[0]) >= OLDEST_NUMPY
    yield "BLAS of NumPy", _blas(), True
    yield _version("SciPy", "scipy")
    yield from _extensions()
    yield from _options()
    found = os.environ.get("CC") or next(filter(shutil.which, COMPILERS), None)
    yield (
        "C compiler",
        f"{shutil.which(found) or found} " if found else "none: loops stay interpreted",
        True,
    )
    place = cache.folder()
    bad = cache.trouble(place)
    yield (
        "cache",
        (bad and f"{bad}: each process compiles anew") or f"{place}, {len(cache.entries())} entries",
        not bad,
    )
    yield "GPU", "not used yet", True
    yield _self_test()


def _version(label: str, package: str) -> Finding:
    try:
        return label, importlib.metadata.version(package), True
    except importlib.metadata.PackageNotFoundError:
        return label, "not installed", False


def _blas() -> str:
    build: Any = np.show_config(mode="dicts")
    blas = build.get("Build Dependencies", {}).get("blas", {})
    threads = [f"{name}={os.environ[name]}" for name in THREAD_VARIABLES if name in os.environ]
    return ", ".join([f"{blas.get('name', 'unknown')} {blas.get('version', '')}".strip(), *threads])


def _extensions() -> Iterator[Finding]:
    """Whether every Cython module is built, and not older than its source."""
    folder = Path(tracetensor.__file__).parent
    missing, stale, built = [], [], 0
    for source in sorted(folder.rglob("*.pyx")):
        name = ".".join(["tracetensor", *source.relative_to(folder).with_suffix("").parts])
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            missing.append(name)
        elif Path(spec.origin).stat().st_mtime < source.stat().st_mtime:
            stale.append(name)
        else:
            built += 1
    if missing or stale:
        parts = [
            f"{len(missing)} not built" * bool(missing),
            f"{len(stale)} older than their source" * bool(stale),
        ]
        names = ", ".join(name.rpartition(".")[2] for name in [*missing, *stale])
        yield "extension modules", f"{', '.join(filter(None, parts))} ({names}): run `make build`", False
    else:
        yield "extension modules", f"{built} built", True


def _options() -> Iterator[Finding]:
    for name, value, meaning in options():
        variable = PREFIX + name.upper()
        source = f" (from {variable})" if variable in os.environ else ""
        yield f"option {name}", f"{value!r}{source}: {meaning}", True
    for variable in sorted(os.environ):
        known = variable == cache.VARIABLE or variable.removeprefix(PREFIX).lower() in OPTIONS
        if variable.startswith(PREFIX) and not known:
            yield variable, f"is set, but there is no option {variable.removeprefix(PREFIX).lower()!r}", False


def _sample(x: Any, n: int) -> Any:
    for k in range(n):
        x[k:] += k
    return x.sum()


def _self_test() -> Finding:
    label = "self-test"
    try:
        traced = tracetensor.trace(_sample, strict=True)
        same = bool(traced(np.arange(5.0), 3) == _sample(np.arange(5.0), 3))
    except Exception as error:
        return label, f"{type(error).__name__}: {error}", False
    return (
        label,
        "a small function runs traced as it runs plain" if same else "a traced function gave another result",
        same,
    )
