"""What a version asks of the arrays that it is given: dtype, dims, and how they lie in memory where that matters."""

from __future__ import annotations

import dataclasses
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.tracer.foreign import same_dtype

if TYPE_CHECKING:
    from tracetensor.graph.node import Variable
    from tracetensor.tracer.world import Path, World


def layout_of(x: np.ndarray[Any, Any]) -> tuple[Any, ...]:
    """What decides which reshapes of an array, of copies and of results made of it are views: no sizes, no distances.

    Axes of one element have none. For the others: their order in memory, their directions, which neighbours follow each other
    without a gap, as rows and as columns, and whether elements are next to each other.
    """
    if not x.size:
        return ("empty",)
    axes = [(n, step) for n, step in zip(x.shape, x.strides, strict=True) if n != 1]
    steps = [step for _, step in axes]
    neighbours = list(itertools.pairwise(axes))
    return (
        tuple(sorted(range(len(steps)), key=lambda k: -abs(steps[k]))),
        tuple([step < 0 for step in steps]),
        tuple([left[1] == right[0] * right[1] for left, right in neighbours]),
        tuple([right[1] == left[0] * left[1] for left, right in neighbours]),
        x.itemsize in steps,
    )


@dataclasses.dataclass
class ArrayCheck:
    """What a version asks of an array: dtype, dims (-1: any but 1), and, where tracing asked, more of its memory."""

    dtype: np.dtype[Any]
    dims: tuple[int, ...]
    contiguous: bool | None = None
    writeable: bool | None = None
    layout: tuple[Any, ...] | None = None

    @property
    def asks_of_memory(self) -> bool:
        return self.contiguous is not None or self.writeable is not None or self.layout is not None

    def matches(self, value: Any) -> bool:
        return (
            type(value) is np.ndarray
            and same_dtype(value.dtype, self.dtype)
            and value.ndim == len(self.dims)
            and all(n != 1 if d < 0 else n == d for n, d in zip(value.shape, self.dims, strict=True))
            and (self.contiguous is None or value.flags.c_contiguous == self.contiguous)
            and (self.writeable is None or value.flags.writeable == self.writeable)
            and (self.layout is None or layout_of(value) == self.layout)
        )

    def __str__(self) -> str:
        dims = ", ".join("?" if d < 0 else str(d) for d in self.dims)
        order = {None: "", True: ", C order", False: ", not in C order"}[self.contiguous]
        return f"{self.dtype}[{dims}]{order}{', laid out as when it was traced' if self.layout else ''}"


@dataclasses.dataclass
class Origin:
    """How an array from outside is reached, and what tracing asked about it."""

    world: World
    path: Path
    array: Any
    check: ArrayCheck
    variable: Variable

    def require_contiguous(self) -> bool:
        self.check.contiguous = bool(self.array.flags.c_contiguous)
        return self.check.contiguous

    def require_layout(self) -> None:
        """Make the array's layout a condition of the version."""
        if not self.require_contiguous() or not self.array.size:
            self.check.layout = layout_of(self.array)
