"""Checking derivatives against differences of values."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import numpy as np

from tracetensor.pullbacks import vjp
from tracetensor.transforms import jvp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["check_grads"]


def _leaves(value: Any) -> Iterator[Any]:
    """The arrays and numbers of a structure that are floats or complex."""
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, dict):
        for item in value.values():
            yield from _leaves(item)
    elif hasattr(value, "__dict__") and not isinstance(value, np.ndarray):
        yield from _leaves(list(vars(value).values()))
    elif isinstance(value, (float, complex, np.ndarray, np.generic)) and np.asarray(value).dtype.kind in "fc":
        yield np.asarray(value)


def _mapped(value: Any, leaf: Callable[[Any], Any]) -> Any:
    """A structure with its floats replaced."""
    if isinstance(value, (list, tuple)):
        items = [_mapped(v, leaf) for v in value]
        return type(value)(*items) if hasattr(value, "_fields") else type(value)(items)
    if isinstance(value, dict):
        return {k: _mapped(v, leaf) for k, v in value.items()}
    if hasattr(value, "__dict__") and not isinstance(value, np.ndarray):
        made = copy.copy(value)
        for name, held in vars(value).items():
            object.__setattr__(made, name, _mapped(held, leaf))
        return made
    if isinstance(value, (float, complex, np.ndarray, np.generic)) and np.asarray(value).dtype.kind in "fc":
        return leaf(value)
    return value


def _random_like(value: Any, rng: np.random.Generator) -> Any:
    """A direction of the structure, dtypes and shapes of a value."""

    def leaf(x: Any) -> Any:
        found = rng.standard_normal(np.shape(x))
        if np.asarray(x).dtype.kind == "c":
            found = found + 1j * rng.standard_normal(np.shape(x))
        if isinstance(x, np.ndarray):
            return np.asarray(found).astype(x.dtype)
        return type(x)(found)

    return _mapped(value, leaf)


def _moved(primals: Any, tangents: Any, step: float) -> Any:
    rest = iter(list(_leaves(tangents)))

    def leaf(x: Any) -> Any:
        found = x + step * next(rest)
        return found.astype(x.dtype) if isinstance(x, np.ndarray) else type(x)(found)

    return _mapped(copy.deepcopy(primals), leaf)


def _dot(a: Any, b: Any) -> float:
    """The real part of the sum of products, without a conjugate."""
    return float(sum(np.real(np.sum(x * y)) for x, y in zip(_leaves(a), _leaves(b), strict=True)))


def _step(primals: Any) -> float:
    eps = max((np.finfo(x.dtype).eps for x in _leaves(primals)), default=np.finfo(np.float64).eps)
    return float(eps ** (1 / 3))


def _close(found: Any, wanted: Any, tolerance: float, what: str) -> None:
    for a, b in zip(_leaves(found), _leaves(wanted), strict=True):
        size = float(max(np.max(np.abs(b), initial=0.0), 1.0))
        if not np.allclose(a, b, rtol=tolerance, atol=tolerance * size, equal_nan=True):
            msg = f"{what}: the derivative is\n{a}\nbut differences of values give\n{b}"
            raise AssertionError(msg)


def check_grads(
    function: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    modes: Iterable[str] = ("fwd", "rev"),
    *,
    tolerance: float | None = None,
    seed: int = 0,
) -> None:
    """Compare derivatives of a function with central differences, along random directions; AssertionError where they differ.

    args: positional arguments of any structure; floats in them are what it is differentiated by. order: up to which
    derivatives of derivatives are checked. modes: "fwd" (jvp), "rev" (vjp). tolerance: relative, by default what
    differences in the coarsest dtype among the arguments allow.
    """
    primals = tuple(args)
    rng = np.random.default_rng(seed)
    modes = tuple(modes)
    step = _step(primals)
    tolerance = 30 * step**2 * 10 if tolerance is None else tolerance
    tolerance = max(tolerance, 1e-6)
    tangents = tuple([_random_like(v, rng) for v in primals])
    ahead, behind = (function(*_moved(primals, tangents, s)) for s in (step, -step))
    slopes = [(a - b) / (2 * step) for a, b in zip(_leaves(ahead), _leaves(behind), strict=True)]
    if "fwd" in modes:
        _, found = jvp(function, copy.deepcopy(primals), tangents)
        _close(list(_leaves(found)), slopes, tolerance, f"forward mode, {order} orders to go")
    if "rev" in modes:
        result, pullback = vjp(function, *copy.deepcopy(primals))
        cotangent = _random_like(result, rng)
        pulled = _dot(pullback(cotangent), tangents)
        wanted = _dot(list(_leaves(cotangent)), slopes)
        _close(
            [np.asarray(pulled)], [np.asarray(wanted)], tolerance * 10, f"reverse mode, {order} orders to go"
        )
    if order > 1:
        for mode in modes:
            derivative = _derivative(function, primals, rng, mode)
            check_grads(derivative, primals, order - 1, modes, tolerance=tolerance * 10, seed=seed + 1)


def _derivative(function: Any, primals: Any, rng: np.random.Generator, mode: str) -> Any:
    """A first derivative as a function of the primals, the direction fixed."""
    if mode == "fwd":
        tangents = tuple([_random_like(v, rng) for v in primals])
        return lambda *args: jvp(function, args, tangents)[1]
    cotangent = _random_like(function(*copy.deepcopy(primals)), rng)
    return lambda *args: [v for v in vjp(function, *args)[1](cotangent) if v is not None]
