"""A picture out of focus, and how badly another one explains it: ordinary NumPy. Nothing here knows of tracetensor."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def blurred(image: Array, steps: int, rate: float) -> Array:
    """Put a picture out of focus, by heat flow in many small steps, each made in place.

    image: float (height, width, channels), left as it is. rate: at most 0.25, for stability. What flows out of a pixel flows
    into its neighbours, and nothing over the rim; the blur has a standard deviation of sqrt(2 * rate * steps) pixels.
    Returns a new array like image.
    """
    soft = image.copy()
    for _ in range(steps):
        down = rate * (soft[1:] - soft[:-1])
        right = rate * (soft[:, 1:] - soft[:, :-1])
        soft[:-1] += down
        soft[1:] -= down
        soft[:, :-1] += right
        soft[:, 1:] -= right
    return soft


def misfit(guess: Array, seen: Array, steps: int, rate: float, grain: float) -> float:
    """How badly a picture explains what was seen of it: small for one that, blurred, is what was seen, and that has few edges.

    guess, seen: float (height, width, channels). grain: how much of an edge costs as much as how much of a difference.
    Source: Rudin, Osher and Fatemi, "Nonlinear total variation based noise removal algorithms" (1992).
    """
    missing = blurred(guess, steps, rate) - seen
    down = guess[1:, :-1] - guess[:-1, :-1]
    right = guess[:-1, 1:] - guess[:-1, :-1]
    edges = np.sqrt(down**2 + right**2 + 1.0)
    return 0.5 * (missing**2).sum() + grain * edges.sum()
