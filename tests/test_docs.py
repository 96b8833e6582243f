"""What the documents say is so: their Python blocks run, their links lead somewhere, the table of ops is up to date."""

import importlib.util
import pathlib
import re
import warnings

import pytest

import tracetensor as tt
from tools import op_table
from tracetensor.config import OPTIONS

ROOT = pathlib.Path(__file__).resolve().parent.parent
DOCUMENTS = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "CHANGELOG.md",
    *sorted((ROOT / "docs").glob("*.md")),
]
NAMES = [str(path.relative_to(ROOT)) for path in DOCUMENTS]
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def program_of(text):
    """The blocks of a document as one program, each on the lines on which it stands."""
    lines = [""] * text.count("\n")
    for block in BLOCK.finditer(text):
        first = text.count("\n", 0, block.start(1))
        content = block[1].splitlines()
        lines[first : first + len(content)] = content
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_blocks_run(path, tmp_path, monkeypatch, capsys):
    """All blocks of a document, in one namespace, in a file of their own: functions in them have source."""
    text = path.read_text(encoding="utf-8")
    assert text.count("```") % 2 == 0
    if not BLOCK.search(text):
        pytest.skip("no Python in it")
    monkeypatch.chdir(tmp_path)
    file = tmp_path / (path.stem.lower() + "_blocks.py")
    file.write_text(program_of(text), encoding="utf-8")
    spec = importlib.util.spec_from_file_location(file.stem, file)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


def test_blocks_keep_their_lines():
    text = "a\n\n```python\nx = 1\n```\nb\n```python\ny = 2\n```\n"
    assert program_of(text).splitlines()[3] == "x = 1"
    assert program_of(text).splitlines()[7] == "y = 2"


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_links_lead_somewhere(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), target


@pytest.mark.parametrize("path", DOCUMENTS, ids=NAMES)
def test_paths_and_names_that_are_mentioned_exist(path):
    text = path.read_text(encoding="utf-8")
    for folder, file in re.findall(
        r"`((?:tests|tools|docs|tracetensor|vm|rewrite|graph|tracer)/)([\w/]+\.\w+)`", text
    ):
        home = (
            ROOT
            if folder.partition("/")[0] in {"tests", "tools", "docs", "tracetensor"}
            else ROOT / "tracetensor"
        )
        assert (home / folder / file).exists(), folder + file
    for name in re.findall(r"\btt\.([a-z]\w*)", text):
        assert hasattr(tt, name), f"tt.{name}"


def test_readme_begins_with_how_to_run_it():
    first = (ROOT / "README.md").read_text(encoding="utf-8").partition("## ")[0]
    assert "make demo" in first
    assert "make test" in first


def test_readme_has_every_option():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, (_, _, meaning) in OPTIONS.items():
        assert f"| `{name}` |" in text
        assert meaning in text


def test_readme_shows_the_graph_as_it_is():
    """The lines of the graph in README are those of the graph that the function above them has."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = [line.strip() for line in text.partition("    graph heat(")[2].partition("\n\n")[0].splitlines()]

    def heat(u, steps, k):
        for t in range(steps):
            u[1:-1] += k * (u[2:] - 2 * u[1:-1] + u[:-2])
        return u.sum()

    number, size = tt.TensorType("f8", (), "float"), tt.TensorType("i8", (), "int")
    graph = str(tt.optimize(tt.make_graph(heat, tt.TensorType("f8", (None,)), size, number)))
    lines = {line.strip() for line in graph.replace("graph heat(", "").splitlines()}
    assert len(shown) > 8
    assert [line for line in shown if line not in lines] == ["..."]


def test_table_of_ops_is_up_to_date():
    assert op_table.TARGET.read_text(encoding="utf-8") == op_table.table(), "run python -m tools.op_table"
