"""What happened to a traced function, for its user."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor import stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tracetensor.function import Traced, Version
    from tracetensor.tracer.world import Check, Path


LOOP_STATES = {
    "interpreted": "interpreted so far",
    "asked": "being compiled",
    "native": "machine code",
}
REGION_STATES = {
    "interpreted": "one by one so far",
    "asked": "one by one, a kernel is being compiled",
    "native": "one kernel",
}


def explain(traced: Traced) -> str:
    """What was compiled, on what conditions, and what runs as plain Python and why."""
    code = traced.function.__code__
    lines = [f"{traced.function.__qualname__} ({code.co_filename}:{code.co_firstlineno})"]
    if not traced.versions and not traced.plain_calls:
        lines.append("  not called yet")
    for number, version in enumerate(traced.versions, 1):
        lines += [f"  version {number}, {_calls(version.calls)}", *_version(version)]
    for reason, count in sorted(traced.plain_calls.items(), key=lambda item: item[0].startswith(GIVEN_UP)):
        lines.append(f"  plain Python: {reason} ({_calls(count)})")
    return "\n".join(lines)


GIVEN_UP = "given up in the run: "
"""Before the reason of a call that was repeated as plain Python."""
OVERLAPS = "an array that is written overlaps another argument, or itself"


def _calls(count: int) -> str:
    return "1 call" if count == 1 else f"{count} calls"


def why_new(versions: Sequence[Version], parameters: dict[str, Any]) -> str:
    """Which conditions of the nearest version do not hold for these arguments; a text, empty for a first version."""
    nearest: tuple[int, list[str]] | None = None
    for number, version in enumerate(versions, 1):
        failed = [text for path, check in version.checks if (text := _failure(path, check, parameters))]
        failed += [text for text in [version.surroundings.failed()] if text]
        if nearest is None or len(failed) < len(nearest[1]):
            nearest = number, failed
    if nearest is None:
        return ""
    return f"version {nearest[0]} is for {', '.join(nearest[1]) or 'arrays that are distinct'}"


def _failure(path: Path, check: Check, parameters: dict[str, Any]) -> str:
    """A condition that does not hold, with what is there now."""
    try:
        value = stages.fetch(path, parameters)
        good = value is stages.fetch(check.value, parameters) if check.kind == "same" else check.holds(value)
    except (AttributeError, LookupError, TypeError):
        return f"{check} (there is nothing now)"
    if good:
        return ""
    text = describe_check(check)
    if isinstance(value, np.ndarray):
        return f"{text} (now {value.dtype}[{', '.join(map(str, value.shape))}])"
    return f"{text} (now {value!r:.40})" if check.kind != "type" else f"{text} (now {type(value).__name__})"


def _version(version: Version) -> list[str]:
    lines = [f"    for {text}" for text in describe_checks(version)]
    if version.reason:
        lines.append(f"    made because {version.reason}")
    before = sum(1 for _ in version.trace.graph.all_nodes())
    counts = Counter(node.op.name for node in version.graph.all_nodes())
    lines.append(f"    graph: {sum(counts.values())} nodes after rewriting, {before} as traced")
    loops = [node for node in version.graph.all_nodes() if node.op.name in {"scan", "ifelse"}]
    if loops:
        lines.append(f"    control flow: {counts['scan']} scan, {counts['ifelse']} ifelse")
    for location, state in version.program.loop_states():
        where = f"{location[-1].filename}:{location[-1].line}" if location else "?"
        lines.append(f"    loop at {where}: {LOOP_STATES.get(state, f'interpreted: {state}')}")
    for site in version.program.regions():
        where = f"{site.locations[0][-1].filename}:{site.locations[0][-1].line}" if site.locations[0] else "?"
        state = REGION_STATES.get(site.state, f"one by one: {site.state}")
        lines.append(f"    {len(site.operations)} elementwise operations from {where} on: {state}")
    lines.extend(f"    writes to {stages.path_text(path)}" for path, _, _ in version.trace.writes)
    for name, location in dict.fromkeys(version.trace.callbacks):
        where = f"{location[-1].filename}:{location[-1].line}" if location else "?"
        lines.append(f"    call-back of {name} at {where}")
    return lines


def describe_checks(version: Version) -> list[str]:
    """The conditions of a version, as text, each with why it is one."""
    return [
        describe_check(check) + (f", {why}" if (why := _why(version, check)) else "")
        for check in version.trace.checks
    ]


def _why(version: Version, check: Check) -> str:
    """Why something is a condition: what needed it, or else the line that read it; empty for an argument's own kind."""
    needed = [version.trace.constants.get(key) for key in (check.path, ("input", check.path))]
    if check.kind == "array":
        needed = [version.trace.constants.get((check.path, k)) for k in range(len(check.value.dims))]
    reasons = [text for text in dict.fromkeys(needed) if isinstance(text, str)]
    if reasons:
        return f"since {'; '.join(reasons)}"
    if len(check.path) == 1 and True in needed and check.kind == "equal":
        return "a static argument"
    location = version.trace.places.get(check)
    return f"read at {location[-1].filename}:{location[-1].line}" if location else ""


def describe_check(check: Check) -> str:
    """A condition, as text."""
    if isinstance(check.value, stages.ArrayCheck) or check.kind != "type":
        return str(check)
    return f"{stages.path_text(check.path)}: {check.value.__name__}"
