"""What happened to a traced function, for its user."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tracetensor.tracer.world import ArrayCheck, path_text

if TYPE_CHECKING:
    from tracetensor.function import Traced, Version


def explain(traced: Traced) -> str:
    """What was compiled, on what conditions, and what runs as plain Python and why."""
    code = traced.function.__code__
    lines = [f"{traced.function.__qualname__} ({code.co_filename}:{code.co_firstlineno})"]
    if not traced.versions and not traced.plain_reasons:
        lines.append("  not called yet")
    for number, version in enumerate(traced.versions, 1):
        lines += [f"  version {number}", *_version(version)]
    for reason in dict.fromkeys(traced.plain_reasons.values()):
        lines.append(f"  plain Python: {reason}")
    return "\n".join(lines)


def _version(version: Version) -> list[str]:
    lines = [f"    for {text}" for text in describe_checks(version)]
    before = sum(1 for _ in version.trace.graph.all_nodes())
    counts = Counter(node.op.name for node in version.graph.all_nodes())
    lines.append(f"    graph: {sum(counts.values())} nodes after rewriting, {before} as traced")
    loops = [node for node in version.graph.all_nodes() if node.op.name in {"scan", "ifelse"}]
    if loops:
        lines.append(f"    control flow: {counts['scan']} scan, {counts['ifelse']} ifelse")
    lines.extend(f"    writes to {path_text(path)}" for path, _, _ in version.trace.writes)
    for name, location in dict.fromkeys(version.trace.callbacks):
        where = f"{location[-1].filename}:{location[-1].line}" if location else "?"
        lines.append(f"    call-back of {name} at {where}")
    return lines


def describe_checks(version: Version) -> list[str]:
    """The conditions of a version, as text."""
    lines = []
    for check in version.trace.checks:
        if isinstance(check.value, ArrayCheck) or check.kind != "type":
            lines.append(str(check))
        else:
            lines.append(f"{path_text(check.path)}: {check.value.__name__}")
    return lines
