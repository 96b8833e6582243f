"""Gradients of random programs against differences of their values, away from kinks."""

import copy
import warnings

import numpy as np

import tracetensor as tt

from .oracle import load, module_file

STEPS = (1e-4, 1e-5, 1e-6, 1e-7)
TOLERANCE = 1e-4
AGREEMENT = 1e-9
KINK = 1e-3
LARGEST = 1e6
SKIPPED = "skipped"
CHECKED = "checked"


def arguments(text: str) -> list:
    """The inputs of a program, moved off the lattice that they are on, where they are floats."""
    names: dict = {"np": np}
    exec(text, names)
    moved = []
    for k, name in enumerate("abns"):
        value = names[name]
        if isinstance(value, np.ndarray) and value.dtype == np.float64:
            value = value + 0.037 * np.sin(1.3 * np.arange(value.size) + k).reshape(value.shape)
        elif type(value) in (float, np.float64):
            value = type(value)(value + 0.0213)
        moved.append(value)
    return moved


def leaf(value, k):
    if isinstance(value, np.ndarray):
        if value.dtype == np.float64:
            return (np.cos(np.arange(value.size) * 0.7 + k).reshape(value.shape) * value).sum()
        return 0.0
    if isinstance(value, (float, np.float64)):
        return value * 0.9
    return 0.0


def items(value, k):
    total = 0.0
    if isinstance(value, (list, tuple)):
        for item in value:
            total = total + leaf(item, k + 1.3)
        return total
    return leaf(value, k)


def structure(value, k):
    total = 0.0
    if isinstance(value, (list, tuple)):
        for item in value:
            total = total + items(item, k + 1.3)
        return total
    return leaf(value, k)


def objective_of(f):
    """A float made of all floats that a program returns, and of its arrays as it leaves them."""

    def objective(a, b, n, s):
        result = f(a, b, n, s)
        return structure(result, 0.2) + leaf(a, 0.5) + leaf(b, 0.8)

    return objective


def value_of(objective, args) -> float | None:
    """The value where there is one that is finite and no giant."""
    try:
        with np.errstate(all="ignore"):
            value = float(objective(*copy.deepcopy(args)))
    except Exception:
        return None
    return value if np.isfinite(value) and abs(value) < LARGEST else None


def check_gradient(source: str, text: str) -> str:
    """Check the gradient of one program by each of its float64 arguments; what came of it: checked, skipped, or why not.

    Raises AssertionError for a gradient that differs from differences of values.
    """
    args = arguments(text)
    with warnings.catch_warnings(), module_file(source) as file:
        warnings.simplefilter("ignore")
        objective = objective_of(load(source, file))
        here = value_of(objective, args)
        if here is None:
            return SKIPPED
        done = SKIPPED
        for k, value in enumerate(args):
            floats = isinstance(value, (np.ndarray, float)) and np.asarray(value).dtype == np.float64
            if floats and np.asarray(value).size:
                found = _check_one(objective, args, k, here)
                if found not in {SKIPPED, CHECKED}:
                    return found
                done = CHECKED if CHECKED in {done, found} else done
        return done


def _check_one(objective, args, k, here) -> str:
    direction = np.random.default_rng(k).standard_normal(np.shape(args[k]))
    slopes, kink = [], False
    for step in STEPS:
        moved = []
        for sign in (1, -1):
            there = args[k] + sign * step * direction
            there = there if isinstance(args[k], np.ndarray) else type(args[k])(there)
            moved.append(value_of(objective, [*args[:k], there, *args[k + 1 :]]))
        if None in moved:
            return SKIPPED
        ahead, behind = (moved[0] - here) / step, (here - moved[1]) / step
        kink = abs(ahead - behind) > max(abs(ahead), abs(behind), 1.0) * max(KINK, 1e3 * step)
        if kink:
            return SKIPPED
        slopes.append((moved[0] - moved[1]) / (2 * step))
    if max(slopes) - min(slopes) > 1e-2 * max(1.0, *map(abs, slopes)):
        return SKIPPED
    try:
        found = tt.grad(objective, argnums=k)(*copy.deepcopy(args))
        tangents = [direction if j == k else None for j in range(len(args))]
        _, tangent = tt.jvp(objective, copy.deepcopy(args), tangents)
    except tt.TraceError as error:
        return str(error)
    slope = float(np.sum(found * direction))
    errors = [abs(s - slope) / max(abs(s), abs(slope), 1.0) for s in slopes]
    assert min(errors) < TOLERANCE, f"argument {k}: slope {slope}, differences {slopes}"
    assert np.shape(found) == np.shape(args[k])
    assert abs(tangent - slope) <= AGREEMENT * max(abs(slope), np.abs(found).sum(), 1.0), (
        f"argument {k}: {slope} in reverse mode, {tangent} in forward mode"
    )
    return CHECKED
