"""Which loops and regions become machine code, and when: what the option `tier` says, told to the machine."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from tracetensor.config import on_tier, option
from tracetensor.kernels.background import worker
from tracetensor.vm import native

if TYPE_CHECKING:
    from tracetensor.vm.machine import Program

HOT = 50_000
"""Work after which a loop is compiled, in instructions on numbers, of about 10 ns each. Compiling takes 0.1 s of one core."""

WORK = 2_000_000
"""Operations on one item each, 1000 for a call, after which an elementwise region is compiled: about 2 ms of NumPy's."""


def request(program: Program, site: Any, kind: str, done: float) -> bool:
    """What the machine calls for a loop or region that has done so much work; whether that was enough.

    The machine goes by the least that any thread wants.
    """
    tier = option("tier")
    if tier == "native":
        _compile(program, site)
    elif tier == "auto" and done >= {"hot": HOT, "work": WORK}[kind]:
        worker.submit(functools.partial(_compile_later, program, site))
    else:
        return False
    return True


def _compile(program: Program, site: Any) -> None:
    from tracetensor.vm.loop_compiler import compile_loop  # which those who compile nothing need not load

    compile_loop(program, site)


def _compile_later(program: Program, site: Any) -> None:
    try:
        _compile(program, site)
    except Exception as error:  # the program goes on without
        site.refuse(f"{type(error).__name__}: {error}")


def choose(tier: str) -> None:
    """Set from how much work on loops, and from how much work on regions, are asked for."""
    steps, work = {"auto": (HOT, WORK), "native": (1, 1), "interpreted": (1 << 62, 1 << 62)}[tier]
    native.set_threshold(steps, work)


native.request = request
on_tier.append(choose)
choose(option("tier"))
