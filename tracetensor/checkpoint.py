"""Time for memory: what reverse mode computes again, instead of keeping it."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from tracetensor.graph.ops.checkpoints import SCHEDULES, Schedule
from tracetensor.tracer.derived import Call, Derived, Scheduled, makes_functions

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["checkpoint"]

_made: weakref.WeakKeyDictionary[Any, dict[Any, _Checkpointed]] = weakref.WeakKeyDictionary()
"""What was made of a function: a transform of it is traced once, wherever it is written."""


class _Checkpointed(Derived):
    """A function that derivatives compute again; called from Python, it is the function."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)


def _block(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
    return call.interpreter.attempts.recomputed(lambda: call.run(args, kwargs))


@makes_functions
def checkpoint(target: Any, schedule: Schedule | None = None, *, loops: Schedule | None = None) -> Any:
    """Let derivatives compute something again instead of keeping what it computed.

    checkpoint(f): the function f, of whose calls reverse mode keeps the arguments only, and which it calls again on its way
    back. What f draws at random, prints or calls happens once: its results are kept. Also as a decorator.

    checkpoint(f, loops=schedule): f, of whose outermost loops, `for` and `while`, reverse mode keeps the state at some steps
    only, and runs from there again. checkpoint(iterable, schedule): the same for one loop, `for t in tt.checkpoint(range(n), "sqrt")`.

    schedule: "sqrt" keeps the states at every sqrt(n)-th of n steps, and computes each step twice; "binomial" keeps log2(n)
    states, and computes each step a few times (Griewank and Walther, 2000); an int k keeps the state at every k-th step. Loops
    that draw, print or call something, or whose lists grow, are left as they are. Values and derivatives are the same, with and without it.
    """
    plan = schedule if loops is None else loops
    if plan is not None and plan not in SCHEDULES and not (type(plan) is int and plan > 0):
        msg = f"a schedule is one of {', '.join(map(repr, SCHEDULES))}, or a number of steps, not {plan!r}"
        raise ValueError(msg)
    if not callable(target):
        if loops is not None:
            msg = "checkpoint() of what a loop runs over takes a schedule; loops= is said of a function"
            raise TypeError(msg)
        return Scheduled(target, schedule or "sqrt")
    if schedule is not None:
        msg = "checkpoint() of a function: loops= says how its loops are computed again"
        raise TypeError(msg)
    try:
        known = _made.setdefault(target, {})
    except TypeError:  # no weak references: made once for each call
        known = {}
    if loops not in known:
        known[loops] = _Checkpointed(target, _block if loops is None else _scheduling(loops))
    return known[loops]


def _scheduling(loops: Schedule) -> Callable[[Call, list[Any], dict[str, Any]], Any]:
    def build(call: Call, args: list[Any], kwargs: dict[str, Any]) -> Any:
        with call.interpreter.control.scheduling(loops):
            return call.run(args, kwargs)

    return build
