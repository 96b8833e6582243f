"""Discrete Fourier transforms: numpy.fft as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.graph.ops.library import declare, first_shape

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _same_unless_resized(types: Sequence[Any], params: Mapping[str, Any]) -> Any:
    return types[0].shape if not {"n", "s"} & {*params, *params.get("names", ())} else None


for _name in ("fft", "ifft"):
    declare(f"fft.{_name}", "a", "n? axis norm", family="fft", shape=_same_unless_resized)
for _name in ("rfft", "irfft", "hfft", "ihfft"):
    declare(f"fft.{_name}", "a", "n? axis norm", family="fft", sizes=(2, 3))
for _name in ("fft2", "ifft2", "fftn", "ifftn"):
    declare(f"fft.{_name}", "a", "s axes norm", family="fft", shape=_same_unless_resized)
for _name in ("rfft2", "irfft2", "rfftn", "irfftn"):
    declare(f"fft.{_name}", "a", "s axes norm", family="fft", sizes=(2, 3))
for _name in ("fftshift", "ifftshift"):
    declare(f"fft.{_name}", "x", "axes", family="fft", shape=first_shape, raises=False)
for _name in ("fftfreq", "rfftfreq"):
    declare(f"fft.{_name}", "n d", family="fft")
