"""The demo: its filters are the same traced as plain, are traced as loops and branches, and it runs end to end."""

from __future__ import annotations

import sys

import numpy as np
import pytest

import tracetensor as tt
from tracetensor.demo import blurring, filters, pictures, progress, restoration, run

SIZES = ((7, 11), (9, 6))


def picture(height, width):
    """A small picture with smooth parts, an edge and noise: uint8 (height, width, 3)."""
    rows, columns = np.mgrid[:height, :width]
    base = np.where(columns > width // 2, 180.0, 40.0) + 3.0 * rows
    noise = np.random.default_rng(height).normal(0.0, 8.0, (height, width, 3))
    return np.clip(base[:, :, np.newaxis] + noise, 0, 255).astype(np.uint8)


def arguments(name, height, width):
    image = picture(height, width)
    unused = [255.0, 0.0, 255.0]  # a colour that no pixel is near to: its cluster stays empty
    return {
        "denoise": (image.astype(np.float64), 12, 11.0, 0.06),
        "carve": (image, width - 4),
        "quantise": (
            image,
            np.array([[40.0, 60.0, 50.0], unused, [190.0, 180.0, 200.0], [90.0, 90.0, 99.0]]),
            0,
        ),
    }[name]


def op_names(traced):
    return {node.op.name.lower() for graph in traced.graphs for node in graph.all_nodes()}


@pytest.mark.parametrize("name", run.NAMES)
def test_traced_filter_equals_plain_at_both_sizes(name):
    plain = getattr(filters, name)
    traced = tt.trace(plain, strict=True)
    for height, width in SIZES:
        given, kept = arguments(name, height, width), arguments(name, height, width)
        expected, actual = plain(*arguments(name, height, width)), traced(*given)
        assert (actual.dtype, actual.shape) == (expected.dtype, expected.shape)
        np.testing.assert_array_equal(actual, expected)
        for after, before in zip(given, kept, strict=True):
            np.testing.assert_array_equal(after, before)  # no filter writes to its arguments


@pytest.mark.parametrize(
    ("name", "expected"),
    [("denoise", {"scan"}), ("carve", {"scan", "ifelse"}), ("quantise", {"scan", "ifelse"})],
)
def test_loops_and_branches_are_nodes_of_the_graph(name, expected):
    traced = tt.trace(getattr(filters, name), strict=True)
    traced(*arguments(name, *SIZES[0]))
    assert expected <= op_names(traced)


def test_denoise_removes_noise_and_keeps_the_edge():
    clean = np.where(np.arange(20) < 9, 50.0, 150.0) * np.ones((13, 1))
    noisy = clean + np.random.default_rng(0).normal(0.0, 5.0, clean.shape)
    smooth = filters.denoise(noisy, 30, 11.0, 0.1)
    assert np.std(smooth - clean) < 0.5 * np.std(noisy - clean)
    assert np.all(smooth[:, 9] - smooth[:, 8] > 90.0)


def test_carve_takes_out_the_seam_that_matters_least():
    image = np.zeros((5, 6, 3))
    image[:, ::2] = 200.0
    image[:, 3] = image[:, 4] = 200.0  # columns 2, 3, 4 are alike: the middle one has no detail
    np.testing.assert_array_equal(filters.carve(image, 5), np.delete(image, 3, axis=1))


def test_quantise_uses_only_the_colours_that_it_finds():
    image = picture(7, 11)
    result = filters.quantise(*arguments("quantise", 7, 11))
    assert len(np.unique(result.reshape(-1, 3), axis=0)) <= 3  # of four, one stays without a pixel
    assert np.abs(result.astype(float) - image).mean() < 20.0


def test_demo_writes_its_pictures_and_reports_identical_results(tmp_path, capsys):
    pytest.importorskip("sklearn")
    image_module = pytest.importorskip("PIL.Image")
    target = tmp_path / "demo.png"
    assert run.main(["--quick", "--output", str(target)]) == 0
    printed = capsys.readouterr()
    assert printed.out.count("identical to plain NumPy") == 3
    assert "plain / later" in printed.out
    assert "DIFFERENT" not in printed.out
    assert "dB restored" in printed.out
    assert printed.err == ""
    with image_module.open(target) as sheet:
        assert sheet.format == "PNG"
        assert sheet.width > 3 * 400
        assert sheet.height > 3 * sheet.width // 6  # three rows of panels


def test_gradient_through_a_hundred_in_place_steps_restores_a_picture():
    found = restoration.restore(picture(24, 31), quick=True)
    assert found.works and found.agreement < 1e-6
    assert restoration.psnr(found.restored, found.photo) > restoration.psnr(found.seen, found.photo) + 1
    assert found.losses[-1] < 0.5 * found.losses[0]
    assert "dB restored" in str(found)


def test_blurring_moves_light_and_loses_none():
    image = picture(9, 12).astype(np.float64)
    soft = blurring.blurred(image, 50, 0.1)
    np.testing.assert_allclose(soft.sum(), image.sum())
    assert np.abs(np.diff(soft, axis=1)).max() < 0.5 * np.abs(np.diff(image, axis=1)).max()
    np.testing.assert_array_equal(tt.trace(blurring.blurred, strict=True)(image, 50, 0.1), soft)


def test_a_curve_is_drawn_in_the_size_of_its_panel():
    pytest.importorskip("PIL")
    drawn = np.asarray(pictures.draw_curve(pictures.Curve((100.0, 10.0, 3.0, 1.0)), (120, 80)))
    assert drawn.shape == (80, 120, 3)
    assert (drawn == np.array(pictures.LINE)).all(axis=2).sum() > 100


def test_demo_says_what_to_install_when_the_photograph_is_missing(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    monkeypatch.setitem(sys.modules, "PIL", None)
    assert run.main(["--quick"]) == 1
    assert "pip install" in capsys.readouterr().err


@pytest.mark.parametrize("argv", [["--size", "5"], ["--size", "9000"], ["--output", "no/such/folder/x.png"]])
def test_bad_options_are_refused_before_anything_runs(argv, capsys):
    with pytest.raises(SystemExit):
        run.main(argv)
    assert argv[0] in capsys.readouterr().err


def test_results_that_differ_are_reported_and_never_called_identical():
    plain = np.array([[1, 2, 3], [4, 5, 6]], np.uint8)
    for other in (plain + np.uint8(1), plain.astype(np.int64), plain[:, :2]):
        job = run.Job("carve", "", ())
        for first, later in ((other, plain), (plain, other)):
            outcome = run.Outcome(job, plain, first, later, 1.0, 1.0, 1.0, None)
            assert not outcome.identical
            assert "DIFFERENT" in run.results([outcome])


def test_long_graphs_are_shortened_around_loops_and_branches():
    lines = [f"line {i}" for i in range(200)]
    lines[100] = "x = IfElse(c)"
    short = run.shorten(lines)
    assert len(short) < 70
    assert "x = IfElse(c)" in short
    assert short[:3] == lines[:3]
    assert short[-3:] == lines[-3:]
    assert run.shorten(lines[:40]) == lines[:40]


def test_progress_is_silent_off_a_terminal_and_wiped_on_one(monkeypatch):
    class Terminal:
        def __init__(self):
            self.text = ""

        def isatty(self):
            return True

        def write(self, text):
            self.text += text

        def flush(self):
            pass

    monkeypatch.setattr(progress, "PATIENCE", 0.01)
    monkeypatch.setattr(progress, "REDRAW_EVERY", 0.02)
    terminal = Terminal()
    bar = progress.Progress(2, terminal)
    with bar.step("slow"):
        progress.time.sleep(0.1)
    assert "slow" in terminal.text
    assert terminal.text.endswith("\r\x1b[K")
    assert bar.done == 1

    terminal.isatty = lambda: False
    terminal.text = ""
    with bar.step("slow"):
        progress.time.sleep(0.05)
    assert terminal.text == ""


def test_pictures_are_the_size_that_was_asked_for_or_a_little_less():
    pytest.importorskip("sklearn")
    pytest.importorskip("PIL")
    for width in (64, 214, 640):
        photo = pictures.load_photo(width)
        assert photo.dtype == np.uint8
        assert 0.8 * width <= photo.shape[1] <= width
