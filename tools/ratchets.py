"""Figures of the code base that may only improve, and the cost of importing it.

`python -m tools.ratchets` compares with ratchets.toml and fails where a figure got worse; `--record` writes better ones down.
A figure is one function here and one line there.
"""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

PACKAGE = Path("tracetensor")
RECORD = Path(__file__).with_name("ratchets.toml")

# What the tracer interprets like a user's own code, which has no annotations either.
UNTYPED_BY_DESIGN = {PACKAGE / "tracer" / name for name in ("prelude.py", "numpy_prelude.py")}

IMPORT_LIMIT_MS = 160  # on top of NumPy's; the aim is 100, on a machine that does nothing else
IMPORT_TRIES = 12  # on a machine that others load, most tries are slow
NOT_AT_IMPORT = ("scipy", "cupy", "sympy", "dask", "PIL", "sklearn", "subprocess")


def largest_file() -> tuple[int, str]:
    """Lines of the longest source file."""
    files = [path for kind in ("*.py", "*.pyx", "*.pxd", "*.h") for path in PACKAGE.rglob(kind)]
    return max((len(path.read_text().splitlines()), str(path)) for path in files)


def untyped_files() -> tuple[int, str]:
    """Python files with a function whose parameters or result are not all annotated."""
    untyped = sorted(
        str(path)
        for path in set(PACKAGE.rglob("*.py")) - UNTYPED_BY_DESIGN
        if not annotated(ast.parse(path.read_text(), str(path)))
    )
    return len(untyped), ", ".join(untyped)


FIGURES = {"largest_file": largest_file, "untyped_files": untyped_files}


def annotated(tree: ast.Module) -> bool:
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    return all(signature_annotated(function) for function in functions)


def signature_annotated(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    args = function.args
    parameters = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    missing = [
        p for p in parameters if p is not None and p.annotation is None and p.arg not in {"self", "cls"}
    ]
    return not missing and (function.returns is not None or function.name == "__init__")


def import_ms() -> float:
    """Milliseconds to import the package once NumPy is there: the least of several tries, the first of which compiles."""
    best = import_ms_once()
    for _ in range(IMPORT_TRIES):
        if best <= IMPORT_LIMIT_MS / 2:
            break
        best = min(best, import_ms_once())
    return best


def import_ms_once() -> float:
    command = [sys.executable, "-X", "importtime", "-c", f"import numpy, {PACKAGE}"]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    report = subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stderr
    found = re.search(rf"(\d+) \| {PACKAGE}$", report, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"no line for {PACKAGE} in:\n{report}")
    return int(found[1]) / 1000


def loaded_at_import() -> list[str]:
    """Which of the packages that should wait until they are used are loaded by the import, beyond NumPy's own."""
    program = (
        f"import sys, numpy; before = set(sys.modules); import {PACKAGE}; print(*set(sys.modules) - before)"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return sorted(set(NOT_AT_IMPORT) & set(loaded.stdout.split()))


def main() -> int:
    limits = tomllib.loads(RECORD.read_text())
    failures = []
    better = False
    for name, figure in FIGURES.items():
        value, where = figure()
        print(f"{name}: {value} (limit {limits[name]})")
        better = better or value < limits[name]
        if value > limits[name]:
            failures.append(f"{name} is {value}, may be at most {limits[name]}: {where}")
        elif "--record" in sys.argv[1:]:
            line = f"{name} = {value}"
            RECORD.write_text(re.sub(rf"^{name} = .*$", line, RECORD.read_text(), flags=re.MULTILINE))
    cost = import_ms()
    print(f"import: {cost:.1f} ms on top of NumPy (limit {IMPORT_LIMIT_MS})")
    if cost > IMPORT_LIMIT_MS:
        failures.append(f"import takes {cost:.1f} ms on top of NumPy, may take {IMPORT_LIMIT_MS}")
    if heavy := loaded_at_import():
        failures.append(f"import loads {', '.join(heavy)}: import them where they are used")
    if better and "--record" not in sys.argv[1:]:
        print("better than recorded: python -m tools.ratchets --record")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return bool(failures)


if __name__ == "__main__":
    sys.exit(main())
