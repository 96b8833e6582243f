"""The photograph and the PNG; the one file that needs Pillow, and scikit-learn for its sample photograph."""

from __future__ import annotations

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


class MissingPackageError(Exception):
    """A package that only the demo needs is not installed; the message says how to get it."""


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


def save_grid(path: Path, panels: Sequence[tuple[str, NDArray[Any]]], panel_width: int = 426) -> None:
    """Write one PNG: every panel (caption, image) in a grid, row by row, all enlarged by the same factor."""
    from PIL import Image, ImageDraw, ImageFont

    height, width = panels[0][1].shape[:2]
    zoom = panel_width / width
    cell_width, cell_height = panel_width + GAP, round(height * zoom) + CAPTION_HEIGHT + GAP
    rows = -(-len(panels) // COLUMNS)
    sheet = Image.new("RGB", (COLUMNS * cell_width + GAP, rows * cell_height + GAP), BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(size=16)
    for place, (caption, image) in enumerate(panels):
        x = GAP + place % COLUMNS * cell_width
        y = GAP + place // COLUMNS * cell_height
        size = (round(image.shape[1] * zoom), round(image.shape[0] * zoom))
        picture = Image.fromarray(as_bytes(image)).resize(size, Image.Resampling.NEAREST)
        draw.text((x, y + 2), caption, fill=INK, font=font)
        sheet.paste(picture, (x, y + CAPTION_HEIGHT - 4))
    sheet.save(path, format="PNG")
