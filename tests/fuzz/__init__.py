"""Random NumPy programs, each run plainly and under `tt.trace`, which must do the same. `python -m tests.fuzz --help`."""

from .oracle import Verdict as Verdict
from .oracle import check_program as check_program
from .oracle import examine as examine
from .programs import programs as programs
from .reduce import reduce as reduce
from .statements import FAMILIES as FAMILIES
from .statements import Program as Program
from .statements import write_program as write_program

__all__ = [
    "FAMILIES",
    "Program",
    "Verdict",
    "check_program",
    "examine",
    "programs",
    "reduce",
    "write_program",
]
