"""A picture brought back into focus by gradient descent: what tt.value_and_grad makes of blurring.misfit, and SciPy of that."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import tracetensor as tt
from tracetensor.demo import blurring

if TYPE_CHECKING:
    Image = np.ndarray[Any, Any]

BLUR_STEPS, BLUR_RATE = 100, 0.01
SENSOR_NOISE = 1.0
GRAIN = 0.1
ITERATIONS, QUICK_ITERATIONS = 40, 30
PROBE = 1e-3
AGREEMENT = 1e-6

TEXT = """\
Derivatives

The photograph is put out of focus by {steps} steps of heat flow, each an in-place write, and noise is added. It is restored by
SciPy's minimize (L-BFGS-B), which is given tt.value_and_grad(misfit): misfit blurs a guess in the same {steps} steps,
and is differentiated as it stands, through all of them, by the {pixels} numbers of the guess.

  gradient    {agreement:.0e} from the difference of two values, along a random direction
  one call    misfit {plain}, misfit and its gradient {gradient}
  misfit      {first:.4g} -> {last:.4g} in {calls} calls, {seconds:.1f} s
  PSNR        {before:.2f} dB blurred -> {after:.2f} dB restored
"""


@dataclass(frozen=True)
class Restoration:
    """What came of it: the pictures, the loss at each call, how well the gradient agrees with a difference, times in seconds."""

    photo: Image
    seen: Image
    restored: Image
    losses: tuple[float, ...]
    agreement: float
    plain_seconds: float
    gradient_seconds: float
    seconds: float

    @property
    def works(self) -> bool:
        """Whether the gradient is one, and the picture nearer to the photograph than it was."""
        return self.agreement < AGREEMENT and psnr(self.restored, self.photo) > psnr(self.seen, self.photo)

    def __str__(self) -> str:
        return TEXT.format(
            steps=BLUR_STEPS,
            pixels=self.photo.size,
            agreement=self.agreement,
            plain=f"{self.plain_seconds * 1e3:.1f} ms",
            gradient=f"{self.gradient_seconds * 1e3:.1f} ms",
            first=self.losses[0],
            last=self.losses[-1],
            calls=len(self.losses),
            seconds=self.seconds,
            before=psnr(self.seen, self.photo),
            after=psnr(self.restored, self.photo),
        )


def psnr(image: Image, photo: Image) -> float:
    """The peak signal-to-noise ratio of a picture with values from 0 to 255, in decibels."""
    error = np.mean((np.clip(image, 0.0, 255.0) - photo) ** 2)
    return float(10.0 * np.log10(255.0**2 / error))


def restore(photo: Image, *, quick: bool) -> Restoration:
    """Blur the photograph, and restore it."""
    from scipy.optimize import minimize

    photo = photo.astype(np.float64)
    rng = np.random.default_rng(2025)
    seen = blurring.blurred(photo, BLUR_STEPS, BLUR_RATE) + rng.normal(0.0, SENSOR_NOISE, photo.shape)
    model = (seen, BLUR_STEPS, BLUR_RATE, GRAIN)
    value_and_gradient = tt.value_and_grad(blurring.misfit)
    losses: list[float] = []

    def loss(pixels: Image) -> tuple[float, Image]:
        value, gradient = value_and_gradient(pixels.reshape(photo.shape), *model)
        losses.append(float(value))
        return value, gradient.ravel()

    agreement = disagreement(seen, model, rng)
    start = time.perf_counter()
    iterations = QUICK_ITERATIONS if quick else ITERATIONS
    found = minimize(loss, seen.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": iterations})
    seconds = time.perf_counter() - start
    return Restoration(
        photo,
        seen,
        found.x.reshape(photo.shape),
        tuple(losses),
        agreement,
        best_of_three(blurring.misfit, seen, *model),
        best_of_three(value_and_gradient, seen, *model),
        seconds,
    )


def disagreement(guess: Image, model: tuple[Any, ...], rng: np.random.Generator) -> float:
    """How far the slope that the gradient tells is from a difference of values, relative to the slope."""
    direction = rng.normal(size=guess.shape)
    slope = float((tt.grad(blurring.misfit)(guess, *model) * direction).sum())
    ahead = blurring.misfit(guess + PROBE * direction, *model)
    behind = blurring.misfit(guess - PROBE * direction, *model)
    return abs((ahead - behind) / (2.0 * PROBE) - slope) / abs(slope)


def best_of_three(function: Any, *arguments: Any) -> float:
    """The shortest of three calls, in seconds."""
    times = []
    for _ in range(3):
        start = time.perf_counter()
        function(*arguments)
        times.append(time.perf_counter() - start)
    return min(times)
