"""From a loop or a region of a program to its machine code: the text, the compiler, the function put in place."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tracetensor.kernels.background import worker
from tracetensor.kernels.native import load
from tracetensor.kernels.toolchain import FLAGS, LOOP_FLAGS, QUICK_FLAGS, VECTOR_FLAGS, CompilerError
from tracetensor.vm.fused import FusedSite
from tracetensor.vm.loop_arrays import ARRAYS, CALLS
from tracetensor.vm.loop_calls import INDEXED, MAKERS
from tracetensor.vm.loop_code import MOST_ROWS, Contents, Emitters, LoopCode
from tracetensor.vm.loop_lists import LISTS
from tracetensor.vm.loop_reductions import REDUCTIONS
from tracetensor.vm.loop_scalars import SCALARS
from tracetensor.vm.region_code import kernel_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tracetensor.vm.machine import Program
    from tracetensor.vm.native import LoopSite

EMITTERS = Emitters({**SCALARS, **ARRAYS, **INDEXED, **LISTS}, {**CALLS, **REDUCTIONS, **MAKERS})

FEWER_EMITTERS = Emitters({**SCALARS, **LISTS}, {})
"""Those that keep a text short: operations on whole arrays are the interpreter's."""
LONGEST, LONGEST_OF_ONE = 6000, 8
"""Lines of a text, at most, and of one instruction, in the mean, where there are more: a C compiler needs more than
proportional time and memory for one long function, and most for one with many loops over items."""
LONG = 2500
"""Lines from which on the compiler is to look less hard: it takes some seconds even so."""
LEAST_NATIVE = 0.5
"""The share of a loop's instructions that must have C text, for compiling it to be worth the time."""


def make_code(program: Program, site: LoopSite) -> LoopCode:
    """What the C text of a loop is made with."""
    return LoopCode(Contents(*program.describe()), site.first, site.stop, EMITTERS)


def written(program: Program, site: LoopSite) -> tuple[LoopCode, str]:
    """The C text of a loop, and what it was made with: of a loop that would become too long, without whole arrays."""
    code = make_code(program, site)
    text = code.text()
    if text.count("\n") > max(LONGEST, LONGEST_OF_ONE * (site.stop - site.first)):
        code = LoopCode(Contents(*program.describe()), site.first, site.stop, FEWER_EMITTERS)
        text = code.text()
    return code, text


def prepare(program: Program, site: Any) -> Callable[[], None] | None:
    """Make the text of a loop or region; what then compiles it. None if it is not worth it."""
    return prepare_region(site) if isinstance(site, FusedSite) else prepare_loop(program, site)


def region_text(site: FusedSite) -> str:
    """The C text of a region's kernel."""
    return kernel_text(site.operations, site.inputs, site.outputs, site.locations)


def prepare_region(site: FusedSite) -> Callable[[], None]:
    """Make the text of a region's kernel; what then compiles it and puts it in place."""
    text = region_text(site)
    site.begin(text)
    return lambda: _install(site, lambda: _loaded(text, "kernel", VECTOR_FLAGS))


def _loaded(text: str, name: str, flags: Sequence[str]) -> tuple[Any, int]:
    """The library and the address of its function."""
    try:
        return load(text, name, flags)
    except CompilerError:  # a compiler that does not know all of these flags
        if flags is QUICK_FLAGS:
            raise
        return load(text, name, FLAGS)


def prepare_loop(program: Program, site: LoopSite) -> Callable[[], None] | None:
    """Make the text of a loop; what then compiles it and puts the function in place. None if it is not worth it."""
    if site.stop - site.first > MOST_ROWS:
        site.refuse(f"more than {MOST_ROWS} instructions")
        return None
    code, text = written(program, site)
    if code.native < LEAST_NATIVE * (code.native + code.interpreted):
        site.refuse(f"{code.interpreted} of {code.native + code.interpreted} instructions are calls")
        return None
    site.begin(text)
    ints = code.ints()
    flags = QUICK_FLAGS if text.count("\n") > LONG else LOOP_FLAGS
    return lambda: _install(site, lambda: _loaded(text, "loop", flags), ints)


def _install(site: Any, loaded: Callable[[], tuple[Any, int]], *numbers: Any) -> None:
    """Put in place what the compiler makes; whatever happens to the compiler, the program goes on."""
    try:
        library, address = loaded()
    except CompilerError as error:
        site.refuse(str(error))
    except Exception as error:
        site.refuse(f"{type(error).__name__}: {error}")
    else:
        site.install(library, address, *numbers)


def compile_loop(program: Program, site: Any) -> None:
    """Compile a loop now."""
    finish = prepare(program, site)
    if finish is not None:
        finish()


def compile_loops(program: Program) -> None:
    """Compile all loops and regions of a program that are worth it, and wait."""
    worker.wait()
    for site in [*program.regions(), *program.loops()]:
        if site.state != "native":
            compile_loop(program, site)


def source(program: Program) -> str:
    """The C text of a program's loops and regions, whether or not they are compiled."""
    loops = [written(program, site)[1] for site in program.loops()]
    return "\n".join([*loops, *[region_text(site) for site in program.regions()]])
