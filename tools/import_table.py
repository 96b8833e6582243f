"""An import-linter contract: a literal table of who may import whom.

Layers would let every folder import all folders below it; the table says exactly which. It counts imports inside functions,
those for annotations only, and those of Cython files.
"""

import ast
import re
import sys
from collections.abc import Container, Iterator
from pathlib import Path

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

CYTHON_IMPORT = re.compile(r"^\s*(?:from\s+([\w.]+)\s+c?import\b|c?import\s+([\w., ]+))")
ALWAYS_ALLOWED = {"cython", "cpython", "libc", *sys.stdlib_module_names}


class ImportTable(Contract):
    """Rows "part: what it may import"; a part without a row is public face, which imports all and is imported by none.

    What may be imported is named by its row, `face`, or the name of a third-party package; the standard library is free.
    """

    type_name = "import_table"

    rows = fields.ListField(subfield=fields.StringField())

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        (root,) = self.session_options["root_packages"]
        table = dict(parse_row(row) for row in self.rows)
        faults = list(violations(root, table))
        return ContractCheck(kept=not faults, metadata={"faults": faults})

    def render_broken_contract(self, check: ContractCheck) -> None:
        for fault in check.metadata["faults"]:
            output.print_error(f"- {fault}")
        output.new_line()


def violations(root: str, table: dict[str, frozenset[str]]) -> Iterator[str]:
    files = sorted(path for kind in ("*.py", "*.pyx", "*.pxd") for path in Path(root).rglob(kind))
    for folder in sorted({path.parent for path in files}):
        if not (folder / "__init__.py").exists():
            yield f"{folder}: has no __init__.py, so that no tool takes it for a package"
    for path in files:
        source = part(".".join(path.with_suffix("").parts), root, table)
        if source not in table:
            continue
        for line, module in python_imports(path) if path.suffix == ".py" else cython_imports(path):
            target = part(module, root, table)
            if target not in {source, *table[source], *ALWAYS_ALLOWED}:
                yield f"{path}:{line}: {source} may not import {target} ({module})"


def parse_row(row: str) -> tuple[str, frozenset[str]]:
    name, _, allowed = row.partition(":")
    return name.strip(), frozenset(word.strip() for word in allowed.split(",") if word.strip())


def part(module: str, root: str, table: Container[str]) -> str:
    """The row that a module belongs to: root.graph.ops.shape -> graph, scipy.linalg -> scipy, root.options -> face."""
    inside = module.partition(".")[0] == root
    name = module.removeprefix(root + ".").partition(".")[0]
    return "face" if inside and name not in table else name


def python_imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text(), str(path))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = absolute("." * node.level + (node.module or ""), path)
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def cython_imports(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text().splitlines(), start=1):
        if found := CYTHON_IMPORT.match(line):
            for name in (found[1] or found[2]).split(","):
                yield number, absolute(name.split()[0], path)


def absolute(name: str, path: Path) -> str:
    """The full name of the module that file `path` calls `name`, as `.types` or `..graph`."""
    bare = name.lstrip(".")
    dots = len(name) - len(bare)
    package = path.parent.parts
    return ".".join([*package[: len(package) + 1 - dots], bare]).rstrip(".") if dots else name
