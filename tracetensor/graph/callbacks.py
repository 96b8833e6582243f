"""Calls of Python functions at run time: their arguments are templates, filled with the values of the run."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.errors import Deoptimise
from tracetensor.graph.ops.control import format_value

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclasses.dataclass(frozen=True, eq=False)
class CallbackFunction:
    """A call of a library function with some arguments traced: called with their values in order.

    What is given as `out` is copied, so that a call-back writes to none of its arguments. fresh: the result is
    taken to share no memory with the arguments.
    """

    function: Any
    args: tuple[Any, ...]
    kwargs: tuple[tuple[str, Any], ...]
    fresh: bool = False

    def __call__(self, *values: Any) -> Any:
        kwargs = {k: format_value(v, values) for k, v in self.kwargs}
        if "out" in kwargs:
            kwargs["out"] = _copied(kwargs["out"])
        result = self.function(*[format_value(a, values) for a in self.args], **kwargs)
        if self.fresh and shares_memory(result, values):
            msg = f"call-back {self} returned memory of its arguments, which it did not when it was traced"
            raise Deoptimise(msg)
        return result

    def __repr__(self) -> str:
        owner = getattr(self.function, "__self__", None)
        if isinstance(owner, np.ufunc):
            return f"numpy.{owner.__name__}.{self.function.__name__}"
        return (
            f"{getattr(self.function, '__module__', '')}.{getattr(self.function, '__name__', self.function)}"
        )


def _copied(out: Any) -> Any:
    if isinstance(out, tuple):
        return tuple(map(_copied, out))
    return out.copy(order="K") if isinstance(out, np.ndarray) else out


def shares_memory(result: Any, values: Sequence[Any]) -> bool:
    """Whether an array, or one of a tuple or list of them, may share memory with one of the values."""
    results = result if isinstance(result, (tuple, list)) else (result,)
    arrays = [v for v in values if isinstance(v, np.ndarray)]
    return any(isinstance(r, np.ndarray) and np.may_share_memory(r, a) for r in results for a in arrays)
