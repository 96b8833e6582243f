"""Which loops and regions become machine code, and when: what the option `tier` says, told to the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.config import on_tier, option
from tracetensor.vm import native

if TYPE_CHECKING:
    from tracetensor.vm.machine import Program

HOT = 50_000
"""Work after which a loop is compiled, in instructions on numbers, of about 10 ns each. Compiling takes 0.1 s of one core."""

WORK = 2_000_000
"""Operations on one item each, 1000 for a call, after which an elementwise region is compiled: about 2 ms of NumPy's."""


def request(program: Program, site: Any) -> None:
    """What the machine calls for a loop or region that has run for so long."""
    from tracetensor.vm.loop_compiler import compile_later, compile_loop

    tier = option("tier")
    if tier == "native":
        compile_loop(program, site)
    elif tier == "auto" and native.thresholds["hot"] >= HOT:
        compile_later(program, site)


def choose(tier: str) -> None:
    """Set from how much work on loops, and from how much work on regions, are asked for."""
    steps, work = {"auto": (HOT, WORK), "native": (1, 1), "interpreted": (1 << 62, 1 << 62)}[tier]
    native.set_threshold(steps, work)


native.request = request
on_tier.append(choose)
choose(option("tier"))
