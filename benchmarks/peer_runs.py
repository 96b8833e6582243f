"""Programs beside their Numba and JAX versions: the versions checked and timed, figures, the part of the page on them."""

import collections
import importlib.util
import os
import statistics

from benchmarks import peers
from benchmarks.common import digits, geometric_mean, stopwatch, table

SYSTEMS = ("numba", "jax")
TITLES = {"numba": "Numba", "jax": "JAX"}
AIMS = {"numba": 1.0, "jax": 3.0}  # geometric mean of the peer's time over the traced program's, at least
AIM_NATIVE = 0.5  # seconds until all loops are machine code, in the median
LOSER = 0.9  # of a peer's speed


def installed():
    """The peers that can be imported here."""
    return [system for system in SYSTEMS if importlib.util.find_spec(system)]


def on_one_core():
    """Keep this thread, and all that it starts from now on, on one core."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


# In the process of a program ---------------------------------------------------------------------------------------


def versions(name, outcome, args, kwargs, rtol):
    """The peers' versions of a program that give its results, and what is to be said of each: ({system: function}, {system: row}).

    outcome: a compare.Outcome of the plain program. A version's first call is timed: it is compiled and run.
    """
    import importlib

    good, rows = {}, {}
    for system in installed():
        row = rows[system] = {}
        importlib.import_module(system)  # imports are no part of a first call
        try:
            function = peers.function(system, name)
            if function is None:
                row["without"] = peers.without(system)[name]
                continue
            row["first"] = _checked(name, function, outcome, args, kwargs, rtol)
            _checked(name, function, outcome, args, kwargs, rtol)
            good[system] = function
        except Exception as error:
            row["failure"] = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    return good, rows


def _checked(name, function, outcome, args, kwargs, rtol):
    """Seconds of a call, whose result and effects are compared."""
    from tests import compare

    a, k = compare.clone((args, kwargs))
    seconds, result = stopwatch(lambda: function(*a, **k))
    tolerance = peers.TOLERANCES.get(name) or max(rtol, 1e-9)
    peers.assert_agree(result, outcome.result, tolerance)
    if name not in peers.RESULT_ONLY:
        peers.assert_agree(a, outcome.args, tolerance, "arguments")
    return seconds


def reasons(traced, root):
    """What explain() says of loops that are not machine code, and what those that are leave to the interpreter."""
    lines = [line.strip().replace(f"{root}{os.sep}", "") for line in traced.explain().splitlines()]
    found = [line for line in lines if line.startswith("loop at") and not line.endswith(": machine code")]
    try:
        left = left_over(traced)
    except Exception as error:  # the compiler's insides are not what they were: no failure of the row
        return [*found, f"what is left to the interpreter is not known ({type(error).__name__})"]
    if left:
        counts = ", ".join(f"{n} {name}" if n > 1 else name for name, n in left.most_common(6))
        found.append(f"left to the interpreter in loops that are machine code: {counts}")
    return found


def left_over(traced):
    """The instructions that have no C text, in the loops of all versions: a Counter of their names."""
    from tracetensor.vm.instructions import Opcode
    from tracetensor.vm.loop_compiler import make_code

    names = collections.Counter()
    for version in traced.versions:
        for site in version.program.loops():
            if site.state != "native":
                continue
            code = make_code(version.program, site)

            def noted(pc, code=code, emit=code.instruction):
                before = code.interpreted
                lines = emit(pc)
                if code.interpreted > before:
                    row = code.rows[pc]
                    names[getattr(row[10], "name", None) or Opcode(row[0]).name.lower()] += 1
                return lines

            code.instruction = noted
            code.text()
    for name in ("drop", "move", "guard"):  # hardly any time
        del names[name]
    return names


# Figures -----------------------------------------------------------------------------------------------------------


def summarise(rows):
    """The figures on each peer, over the programs that it has a version of."""
    summary = {}
    for system in SYSTEMS:
        mine = [row for row in rows if system in row.get("peers", {})]
        if not mine:
            continue
        timed = [row for row in mine if "time" in row["peers"][system]]
        ratios = {row["name"]: row["peers"][system]["time"] / row["traced"] for row in timed}
        firsts = [row["peers"][system]["first"] for row in timed]
        summary[system] = {
            "timed": len(timed),
            "without": {
                row["name"]: row["peers"][system]["without"]
                for row in mine
                if "without" in row["peers"][system]
            },
            "failed": {
                row["name"]: row["peers"][system]["failure"]
                for row in mine
                if "failure" in row["peers"][system]
            },
            "mean": geometric_mean(list(ratios.values())),
            "least": min(ratios.values(), default=None),
            "most": max(ratios.values(), default=None),
            "over_plain": geometric_mean([row["plain"] / row["peers"][system]["time"] for row in timed]),
            "traced_over_plain": geometric_mean([row["plain"] / row["traced"] for row in timed]),
            "losers": sorted((name for name in ratios if ratios[name] < LOSER), key=ratios.get),
            "first": statistics.median(firsts) if firsts else None,
            "first_most": max(firsts, default=None),
        }
    native = [row["native"] for row in rows if row.get("native") is not None]
    summary["native"] = statistics.median(native) if native else None
    summary["native_most"] = max(native, default=None)
    summary["native_within"] = sum(seconds <= AIM_NATIVE for seconds in native)
    summary["native_count"] = len(native)
    return summary


def markdown(rows, summary):
    """The part of the page on peers: a list of paragraphs and tables; empty where no peer was there."""
    there = [system for system in SYSTEMS if system in summary]
    parts = []
    if summary.get("native") is not None:
        parts.append(
            f"Machine code for all loops is in place {digits(summary['native'] * 1e3)} ms after the first call began, in the "
            f"median (most: {digits(summary['native_most'] * 1e3)} ms; within {AIM_NATIVE * 1e3:g} ms: "
            f"{summary['native_within']} of {summary['native_count']}; the aim is a median of {AIM_NATIVE * 1e3:g} ms), "
            "with an empty cache on disk."
        )
    if not there:
        return parts
    parts.append("Beside the peers, over the programs that each has a version of:")
    parts.append(_figures(summary, there))
    for system in there:
        parts += _said(rows, summary[system], system)
    parts.append(
        "Milliseconds of each system, and the peer's time over the traced program's (above 1, tracing is faster):"
    )
    parts.append(_table(rows, there))
    return parts


def _figures(summary, there):
    def line(what, show):
        return [what, *[show(summary[system], system) for system in there]]

    def milliseconds(seconds):
        return "" if seconds is None else f"{digits(seconds * 1e3)} ms"

    return table(
        ["figure", *[TITLES[system] for system in there]],
        [
            line("programs", lambda s, _: s["timed"]),
            line(
                "peer's time over the traced program's, geometric mean (aim)",
                lambda s, name: f"{s['mean']:.2f} ({AIMS[name]:g})",
            ),
            line("least", lambda s, _: "" if s["least"] is None else f"{s['least']:.3f}"),
            line("most", lambda s, _: "" if s["most"] is None else f"{s['most']:.1f}"),
            line("NumPy's time over the peer's, geometric mean", lambda s, _: f"{s['over_plain']:.2f}"),
            line("NumPy's time over the traced program's", lambda s, _: f"{s['traced_over_plain']:.2f}"),
            line(f"programs below {LOSER:g} of the peer's speed", lambda s, _: len(s["losers"])),
            line("first call of the peer, median", lambda s, _: milliseconds(s["first"])),
            line("first call of the peer, most", lambda s, _: milliseconds(s["first_most"])),
        ],
    )


def _said(rows, figures, system):
    parts = []
    by_name = {row["name"]: row for row in rows}
    if figures["losers"]:
        parts.append(
            f"Below {LOSER:g} of {TITLES[system]}'s speed, with what is not machine code, and where the time goes:"
        )
        parts.append("\n".join(_loser(by_name[name], system) for name in figures["losers"]))
    if figures["failed"]:
        parts.append(f"Versions for {TITLES[system]} that failed:")
        parts.append("\n".join(f"- `{name}`: {why}" for name, why in figures["failed"].items()))
    if figures["without"]:
        text = "; ".join(f"`{name}` ({why})" for name, why in figures["without"].items())
        parts.append(f"Without a version for {TITLES[system]}: {text}.")
    return parts


def _loser(row, system):
    ratio = row["peers"][system]["time"] / row["traced"]
    why = list(row.get("interpreted", ()))[:2] or ["nothing in loops is left to the interpreter"]
    if row.get("where"):
        why.append(row["where"])
    if row["remark"]:
        why = [f"plain Python: {row['remark']}"]
    return f"- `{row['name']}`, {digits(ratio)}: {'; '.join(why)}"


def _table(rows, there):
    lines = []
    for row in rows:
        if not any("time" in row.get("peers", {}).get(system, {}) for system in there):
            continue
        cells = [row["name"], digits(row["plain"] * 1e3), digits(row["traced"] * 1e3)]
        for system in there:
            peer = row["peers"].get(system, {})
            if "time" in peer:
                cells += [
                    digits(peer["time"] * 1e3),
                    f"{peer['time'] / row['traced']:.2f}",
                    digits(peer["first"] * 1e3),
                ]
            else:
                cells += ["", "", ""]
        native = row.get("native")
        cells += [digits(row["first"] * 1e3), "" if native is None else digits(native * 1e3)]
        lines.append(cells)
    header = ["program", "NumPy", "traced"]
    for system in there:
        header += [TITLES[system], f"{TITLES[system]} / traced", f"{TITLES[system]}, first call"]
    return table([*header, "traced, first call", "machine code in place"], lines)
