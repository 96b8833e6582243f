"""Three picture filters in ordinary NumPy. Nothing here knows of tracetensor.

Arithmetic is such that the order of sums cannot matter (few terms, or whole numbers), so that results can be
compared bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def denoise(image: Array, steps: int, edge: float, rate: float) -> Array:
    """Smooth the noise in a picture, and keep its edges.

    image: float (height, width, channels); differences between neighbours well below `edge` flow away, those
    well above it stay. Returns a new array like image. rate: at most 0.25, for stability.
    Source: Perona and Malik, "Scale-space and edge detection using anisotropic diffusion" (1990).
    """
    smooth = image.copy()
    for _ in range(steps):
        down = smooth[1:] - smooth[:-1]
        right = smooth[:, 1:] - smooth[:, :-1]
        down = rate * down / (1.0 + (down / edge) ** 2)
        right = rate * right / (1.0 + (right / edge) ** 2)
        smooth[:-1] += down
        smooth[1:] -= down
        smooth[:, :-1] += right
        smooth[:, 1:] -= right
    return smooth


def carve(image: Array, width: int) -> Array:
    """Make a picture narrower by taking out the seams that matter least, one pixel per row each.

    image: (height, width before, 3) of any real dtype. Returns a new array (height, width, 3) of that dtype.
    Source: Avidan and Shamir, "Seam carving for content-aware image resizing" (2007).
    """
    while image.shape[1] > width:
        image = without_seam(image, seam_costs(detail(image)))
    return image


def detail(image: Array) -> Array:
    """How much each pixel differs from its neighbours in brightness: float64 (height, width)."""
    grey = 0.299 * image[:, :, 0] + 0.587 * image[:, :, 1] + 0.114 * image[:, :, 2]
    down = np.abs(grey[1:] - grey[:-1])
    right = np.abs(grey[:, 1:] - grey[:, :-1])
    energy = np.zeros(grey.shape)
    energy[:-1] += down
    energy[1:] += down
    energy[:, :-1] += right
    energy[:, 1:] += right
    return energy


def seam_costs(energy: Array) -> Array:
    """The cost of the cheapest seam from the top row down to each pixel, by dynamic programming."""
    height, width = energy.shape
    cost = energy.copy()
    for i in range(1, height):
        for j in range(width):
            best = cost[i - 1, j]
            if j > 0 and cost[i - 1, j - 1] < best:
                best = cost[i - 1, j - 1]
            if j < width - 1 and cost[i - 1, j + 1] < best:
                best = cost[i - 1, j + 1]
            cost[i, j] += best
    return cost


def without_seam(image: Array, cost: Array) -> Array:
    """A copy of image, one column narrower: the cheapest seam, followed from the bottom row up, is left out."""
    height, width = cost.shape
    narrower = image[:, 1:].copy()
    j = np.argmin(cost[height - 1])
    narrower[height - 1, :j] = image[height - 1, :j]
    for i in range(height - 2, -1, -1):
        best = j
        if j > 0 and cost[i, j - 1] < cost[i, best]:
            best = j - 1
        if j < width - 1 and cost[i, j + 1] < cost[i, best]:
            best = j + 1
        j = best
        narrower[i, :j] = image[i, :j]
    return narrower


def quantise(image: Array, palette: Array, tolerance: int) -> Array:
    """Repaint a picture with few colours, chosen by k-means.

    image: uint8 (height, width, 3); palette: float (colours, 3), the colours to start from, left as they are.
    Stops when at most `tolerance` pixels change their colour in a step. Returns a new array like image.
    Source: Lloyd, "Least squares quantization in PCM" (1982).
    """
    pixels = image.reshape(-1, 3).astype(np.float64)
    palette = palette.copy()
    labels = nearest(pixels, palette)
    before = np.full(labels.shape, -1)
    while np.sum(labels != before) > tolerance:
        for k in range(len(palette)):
            members = pixels[labels == k]
            if len(members) > 0:
                palette[k] = members.mean(axis=0)
        before = labels
        labels = nearest(pixels, palette)
    return np.round(palette).astype(np.uint8)[labels].reshape(image.shape)


def nearest(pixels: Array, palette: Array) -> Array:
    """The number of the colour nearest to each pixel: int64 (pixels,)."""
    distance = ((pixels[:, np.newaxis, :] - palette) ** 2).sum(axis=2)
    return np.argmin(distance, axis=1)
