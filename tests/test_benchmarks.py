"""The benchmarks run, and their figures are there. What the figures are is not tested."""

import json

import pytest

from benchmarks import common, elementwise, memory, overhead, programs


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
