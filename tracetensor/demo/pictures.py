"""The photograph and the PNG; the one file that needs Pillow, and scikit-learn for its sample photograph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

PHOTO = "china.jpg"
CREDIT = "Photograph: danielbuechele on Flickr, CC BY 2.0, a sample image of scikit-learn."
PHOTO_WIDTH = 640
INSTALL = 'pip install "tracetensor[demo]"    (or: pip install scikit-learn pillow)'

COLUMNS = 3
GAP = 16
CAPTION_HEIGHT = 30
BACKGROUND = (250, 250, 248)
INK = (40, 40, 48)
LINE = (200, 60, 40)
MARGIN = 12


class MissingPackageError(Exception):
    """A package that only the demo needs is not installed; the message says how to get it."""


@dataclass(frozen=True)
class Curve:
    """A panel that shows numbers in their order, on a logarithmic scale; all are above zero."""

    values: tuple[float, ...]


def load_photo(width: int) -> NDArray[np.uint8]:
    """The sample photograph as uint8 (height, width or a little less, 3), each pixel the mean of a block."""
    try:
        import PIL  # noqa: F401  (load_sample_image needs it, and names another way to get it)
        from sklearn.datasets import load_sample_image
    except ImportError as error:
        msg = f"the demo needs {error.name}, which is not installed here\n  fix: {INSTALL}"
        raise MissingPackageError(msg) from error
    photo = load_sample_image(PHOTO)
    block = -(-photo.shape[1] // width)
    height, width = photo.shape[0] // block, photo.shape[1] // block
    blocks = photo[: height * block, : width * block].reshape(height, block, width, block, 3)
    return as_bytes(blocks.mean(axis=(1, 3)))


def as_bytes(image: NDArray[Any]) -> NDArray[np.uint8]:
    """Any image with values around 0 to 255, rounded and clipped to uint8."""
    return np.clip(np.round(image), 0, 255).astype(np.uint8)


def save_grid(path: Path, panels: Sequence[tuple[str, NDArray[Any] | Curve]], panel_width: int = 426) -> None:
    """Write one PNG: every panel (caption, image) in a grid, row by row, all enlarged by the same factor.

    The first panel is an image, whose size curves have too.
    """
    from PIL import Image, ImageDraw, ImageFont

    first = panels[0][1]
    assert not isinstance(first, Curve)
    height, width = first.shape[:2]
    zoom = panel_width / width
    cell_width, cell_height = panel_width + GAP, round(height * zoom) + CAPTION_HEIGHT + GAP
    rows = -(-len(panels) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * cell_width + GAP, rows * cell_height + GAP), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=16)
    for place, (caption, image) in enumerate(panels):
        x = GAP + place % COLUMNS * cell_width
        y = GAP + place // COLUMNS * cell_height
        if isinstance(image, Curve):
            picture = draw_curve(image, (panel_width, round(height * zoom)))
        else:
            size = (round(image.shape[1] * zoom), round(image.shape[0] * zoom))
            picture = Image.fromarray(as_bytes(image)).resize(size, Image.Resampling.NEAREST)
        draw.text((x, y + 2), caption, fill=INK, font=font)
        sheet.paste(picture, (x, y + CAPTION_HEIGHT - 4))
    sheet.save(path, format="PNG")


def draw_curve(curve: Curve, size: tuple[int, int]) -> Any:
    """A curve as a picture of (width, height), with its first and last value beside it."""
    from PIL import Image, ImageDraw, ImageFont

    picture = Image.new("RGB", size, (255, 255, 255))
    draw = ImageDraw.Draw(picture)
    font = ImageFont.load_default(size=14)
    width, height = size[0] - 2 * MARGIN, size[1] - 2 * MARGIN
    heights = np.log(np.array(curve.values))
    heights = (heights - heights.min()) / max(float(np.ptp(heights)), 1e-12)
    across = np.linspace(0.0, 1.0, len(heights))
    points = [
        (MARGIN + float(x) * width, MARGIN + (1.0 - float(y)) * height)
        for x, y in zip(across, heights, strict=True)
    ]
    axes = [(MARGIN, MARGIN), (MARGIN, MARGIN + height), (MARGIN + width, MARGIN + height)]
    draw.line(axes, fill=INK, width=1)
    draw.line(points, fill=LINE, width=3)
    draw.text((MARGIN + width // 5, MARGIN), f"{curve.values[0]:.4g}", fill=INK, font=font)
    last = f"{curve.values[-1]:.4g}"
    draw.text((MARGIN + width, MARGIN + height - 6), last, fill=INK, font=font, anchor="rs")
    return picture
