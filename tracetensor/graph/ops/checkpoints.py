"""What `tt.checkpoint` leaves in a graph: marks of what reverse mode computes again instead of keeping, and its schedules.

A block that is computed again is an ifelse on `recomputing()`, of which the first branch is always taken; a loop of
which parts are is a scan whose number of steps went through `scheduled`. Rewriting removes both in the end.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from tracetensor.graph.op import Op, register
from tracetensor.graph.types import BOOL, INT, Type

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tracetensor.graph.node import Node, Variable

Schedule = str | int
SCHEDULES = ("sqrt", "binomial")


def _bool(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    return BOOL


def _int(types: Sequence[Type], params: Mapping[str, Any]) -> Type:
    return INT


recomputing = register(Op("recomputing", evaluate=lambda *, linear: True, infer=_bool, family="checkpoint"))
"""True, as the condition of a block that derivatives compute again. linear: the block is that computation itself."""

scheduled = register(
    Op("scheduled", evaluate=lambda n, *, schedule, linear: n, infer=_int, family="checkpoint")
)
"""n, as the number of steps of a loop of which reverse mode keeps some states only: which ones, the schedule says.

linear: so many of the values that the loop carries are linear in tangents, the first ones; the others are known.
"""


def segment(total: int, schedule: Schedule) -> int:
    """How many steps at most are computed again at once, their residuals being kept.

    "sqrt": the root of the number of steps. "binomial": its logarithm. An int: that many.
    """
    if schedule == "sqrt":
        return max(math.isqrt(max(total - 1, 0)) + 1, 1)
    if schedule == "binomial":
        return max(total.bit_length(), 2)
    return max(int(schedule), 1)


def _advance(left: int, total: int, used: int, *, schedule: Schedule) -> int:
    size = segment(total, schedule)
    if left <= size:
        return 0
    if schedule != "binomial":
        return size
    free = size + 1 - used  # as many states are kept as a segment has steps, the one to start from among them
    if free <= 1:
        return left - size
    return size * revolve(-(-left // size), free)


def revolve(units: int, snapshots: int) -> int:
    """How far to advance from a kept state before the next one is kept, so that `units` are reversed with fewest steps.

    snapshots: how many states may be kept, that state among them. Both are at least 2.
    Source: Griewank and Walther, "Algorithm 799: revolve" (2000).
    """
    times = 1
    while math.comb(snapshots + times, times) < units:
        times += 1
    most = math.comb(snapshots + times - 1, times - 1)
    rest = math.comb(snapshots - 1 + times - 1, times - 1)
    return min(max(min(most, units - rest), 1), units - 1)


advance = register(Op("checkpoint_advance", evaluate=_advance, infer=_int, family="checkpoint"))
"""How many steps to take before the next state is kept; 0 where what is left of the loop is reversed at once.

advance(left, total, used; schedule): left: steps from the last kept state; used: how many states are kept.
"""


def is_recomputed(condition: Variable) -> bool:
    """Whether an ifelse on this condition is a block that is computed again."""
    return condition.node is not None and condition.node.op is recomputing


def schedule_of(node: Node) -> tuple[Schedule, int] | None:
    """The schedule of a loop, and how many values of its carry are linear; None for an ordinary one."""
    if not node.params["counted"]:
        return None
    made = node.inputs[0].node
    if made is None or made.op is not scheduled:
        return None
    return made.params["schedule"], made.params["linear"]
