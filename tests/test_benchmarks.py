"""The benchmarks run, and their figures are there. What the figures are is not tested."""

import ast
import json
import subprocess
import sys

import numpy as np
import pytest

import tracetensor as tt
from benchmarks import common, elementwise, gradients, memory, overhead, peer_runs, peers, programs
from tests import programs as all_programs


def test_overhead(tmp_path, capsys):
    rows = overhead.measure_calls(repeats=1)
    assert [row["what"] for row in rows[:4]] == ["Python floats", "NumPy floats", "0-d arrays", "arrays of 3"]
    assert all(row[system] >= 0 for row in rows for system in ("plain", "program", "traced"))
    steps = overhead.measure_steps(repeats=1, steps=5)
    stages = overhead.measure_stages(["heat1d"], repeats=1)
    assert "failure" not in stages[0] and stages[0]["nodes"] > 0
    report = {
        "date": "today", "machine": common.machine(), "quick": True, "calls": rows, "steps": steps,
        "stages": stages, "stages_summary": overhead.summarise_stages(stages),
        "import": overhead.measure_import(repeats=1),
    }  # fmt: skip
    text = overhead.report_markdown(report)
    for part in ("| 0-d arrays", "| rewrite", "on top of NumPy's"):
        assert part in text


def test_elementwise():
    rows = elementwise.measure_expressions(repeats=1, sizes=(10, 100))
    assert {row["size"] for row in rows} == {10, 100} and all(row["traced"] >= 0 for row in rows)
    text = elementwise.report_markdown({"date": "today", "machine": common.machine(), "rows": rows})
    assert "| `stencil`" in text and " 100 items" in text


def test_memory():
    rows = memory.measure_all(steps=(20,), repeats=1)
    assert [row["schedule"] for row in rows] == ["none", "sqrt", "binomial"]
    assert all(row["peak"] > 0 and row["seconds"] > 0 for row in rows)
    text = memory.report_markdown({"date": "today", "machine": common.machine(), "rows": rows})
    assert "| 20 " in text and '"binomial"' in text


def test_programs(tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- begin programs -->\nold\n<!-- end programs -->\nafter\n")
    figures = tmp_path / "figures.json"
    arguments = ["--quick", "--seconds", "0.01", "--size", "20", "--only", "sieve"]
    programs.main([*arguments, "--json", str(figures), "--markdown", str(page)])
    (row,) = json.loads(figures.read_text())["rows"]
    assert row["name"] == "sieve" and row["ratio"] > 0 and row["versions"] == 1
    text = page.read_text()
    assert text.startswith("before\n<!-- begin programs -->\n") and text.endswith(
        "\n<!-- end programs -->\nafter\n"
    )
    assert "| sieve" in text and "old" not in text


def test_programs_failures(tmp_path, capsys):
    """A program that fails, and one that hangs, are rows that say so."""
    failed = programs.run_child("sieve", seconds=0.01, limit=60, size="no size")
    assert failed["name"] == "sieve" and failed["failure"].split(":")[0] in {
        "TypeError",
        "ValueError",
        "UFuncTypeError",
    }
    hung = programs.run_child("sieve", seconds=60, limit=0.05)
    assert hung["failure"] == "not done after 0.05 s"
    summary = programs.summarise([failed, hung])
    assert summary["failed"] == ["sieve", "sieve"]
    report = {
        "date": "today", "machine": common.machine(), "quick": False, "only": False, "summary": summary,
        "rows": [failed, hung],
    }  # fmt: skip
    assert "- `sieve`: not done after 0.05 s" in programs.report_markdown(report)


def test_where():
    from benchmarks import where
    from tests.programs import heat1d

    args, kwargs = heat1d.make_inputs(heat1d.SIZES[1])
    total, entries = where.where(heat1d.PROGRAM, args, kwargs, runs=1)
    assert total > 0 and all(len(entry) == 3 for entry in entries)
    assert "the machine's own instructions" in where.in_words(total, entries)
    seconds = {}
    with where.stages(seconds):
        where.tt.trace(heat1d.PROGRAM)(*args, **kwargs)
    assert list(seconds) == ["trace", "rewrite", "compile"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.0123456, "12.3 ms"), (2.5e-7, "250 ns"), (3.0, "3.00 s"), (0.0, "0 ns")]
)
def test_duration(seconds, text):
    assert common.duration(seconds) == text


def test_replace_section_missing(tmp_path):
    page = tmp_path / "page.md"
    page.write_text("nothing here\n")
    with pytest.raises(SystemExit, match="no section between"):
        common.replace_section(page, "programs", "text")


def test_peers_are_listed():
    """Each program has a version for each peer, or a reason why not; and each version is where the table says."""
    every = set(all_programs.names())
    for system, modules in (("numba", peers.NUMBA), ("jax", peers.JAX)):
        listed = peers.names(system)
        assert len(listed) == len(set(listed))
        assert set(listed) | set(peers.without(system)) == every
        assert not set(listed) & set(peers.without(system))
        for module, names in modules.items():
            text = (common.ROOT / "benchmarks" / "peers" / f"{module}.py").read_text(encoding="utf-8")
            functions = {node.name for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
            assert {name for name in functions if not name.startswith("_")} == set(names.split())
    for name, edits in peers.OWN.items():
        ast.parse(peers.edited(name, edits))
    assert set(peers.TOLERANCES) | peers.RESULT_ONLY <= every


def test_peers_load_lazily():
    """Without a benchmark that asks for it, no peer is imported."""
    code = (
        "import sys; from benchmarks import programs, gradients, peers, peer_runs; "
        "print(sorted({'numba', 'jax', 'torch', 'autograd'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=common.ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_peers_agreement():
    """Results of peers may be of other kinds, and must be the same numbers."""
    peers.assert_agree((np.float64(1.0), [np.int64(2)], np.ones(2)), (1.0, [2], np.ones(2)), 1e-9)
    peers.assert_agree({"a": np.arange(3)}, {"a": [0, 1, 2]}, 1e-9)
    for wrong, right in (
        (1.001, 1.0),
        ([1, 2], [1, 3]),
        (np.ones(2), np.ones(3)),
        ("a", "b"),
        (None, 0.0),
        ({"a": 1}, {"b": 1}),
    ):
        with pytest.raises((AssertionError, TypeError, KeyError)):
            peers.assert_agree(wrong, right, 1e-9)


def test_peer_figures():
    """Peers that failed, that have no version, and that are not installed, are said to be so."""
    row = {
        "name": "heat1d",
        "plain": 4.0,
        "traced": 2.0,
        "native": 0.1,
        "first": 0.2,
        "remark": "",
        "interpreted": ["loop at x: interpreted: no"],
    }
    numba = {"numba": {"time": 1.0, "first": 3.0}, "jax": {"failure": "ValueError: no"}}
    other = {
        **row,
        "name": "word_counts",
        "native": None,
        "peers": {"numba": {"without": "strings"}, "jax": {"without": "strings"}},
    }
    rows = [{**row, "peers": numba}, other]
    summary = peer_runs.summarise(rows)
    assert summary["numba"]["mean"] == 0.5 and summary["numba"]["losers"] == ["heat1d"]
    text = "\n".join(peer_runs.markdown(rows, summary))
    for part in (
        "- `heat1d`, 0.500: loop at x: interpreted: no",
        "ValueError: no",
        "`word_counts` (strings)",
        "JAX, first call",
    ):
        assert part in text
    alone = [{**row, "peers": {}}]
    assert "Numba" not in "\n".join(peer_runs.markdown(alone, peer_runs.summarise(alone)))


def test_gradients(tmp_path, capsys):
    """Each task is differentiated, at a size of a few items, by what is installed."""
    page = tmp_path / "page.md"
    page.write_text("<!-- begin gradients -->\n<!-- end gradients -->\n")
    arguments = ["--quick", "--small", "--seconds", "0.01", "--only", "kepler", "--markdown", str(page)]
    report = gradients.main(arguments)
    (row,) = report["rows"]
    assert row["systems"]["tracetensor"]["time"] > 0 and row["memory"]["tracetensor"] >= 0
    assert "Newton" in page.read_text()


@pytest.mark.parametrize("name", sorted(gradients.TASKS))
def test_gradients_are_right(name):
    """The gradients that are timed are those that differences of values give."""
    task = gradients.TASKS[name]
    args = task.inputs(*task.small)
    found = gradients.made("tracetensor", name)(*args)
    if task.direction:
        x, v = args
        by_differences = [(tt.grad(task.function)(x + h * v), h) for h in (1e-5, -1e-5)]
        (up, h), (down, _) = by_differences
        np.testing.assert_allclose(found, (up - down) / (2 * h), rtol=1e-5, atol=1e-5)
        return
    value, _ = found
    assert np.isclose(value, task.function(*args), rtol=1e-12)
    for k in task.argnums:
        tt.testing.check_grads(
            lambda x, k=k: task.function(*args[:k], x, *args[k + 1 :]), (args[k],), order=1
        )


def test_gradients_that_differ(capsys):
    """One system of three that nobody agrees with is named; of two, both are."""
    right, wrong = (1.0, [np.ones(2)]), (1.0, [np.array([1.0, 1.1])])
    entries = {"tracetensor": {}, "jax": {}, "torch": {}}
    gradients.compare_all({"tracetensor": right, "jax": wrong, "torch": right}, entries, 1e-6)
    assert "differs from" in entries["jax"]["failure"] and not entries["tracetensor"] and not entries["torch"]
    entries = {"tracetensor": {}, "jax": {}}
    gradients.compare_all({"tracetensor": right, "jax": wrong}, entries, 1e-6)
    assert all("failure" in entry for entry in entries.values())
