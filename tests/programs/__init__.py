"""Ordinary NumPy programs, one a module, that know nothing of tracetensor.

Each module holds a program and, below the line `# --- how the test-suite calls it`:

    PROGRAM            the function to trace
    SIZES              (tiny, small, medium): arguments of make_inputs
    BENCH              the size at which plain Python with NumPy takes about 10 to 30 ms
    make_inputs(size)  -> (args, kwargs), the same at each call
    SCAN               whether its loops must stay loops in the graph
    EXACT, RTOL        optional: results are bitwise those of NumPy unless EXACT is False, then to RTOL
    RAISES             optional: for each of SIZES the exception that the program ends with, or None
    EDGES              optional: part of the reason for which a program of size 0 or 1 is not traced
    check(result, before, after)
                       optional: asserts that the program computes the right thing, where before and after are
                       the positional arguments as they were before the call and as the call left them
"""

import importlib
import pathlib

FOLDER = pathlib.Path(__file__).parent


def names():
    """The names of all programs."""
    return sorted(p.stem for p in FOLDER.glob("*.py") if p.stem != "__init__")


def load(name):
    """The module of a program."""
    return importlib.import_module(f"{__name__}.{name}")


def rtol(module):
    """The relative tolerance that a program's results are compared with: 0 is bitwise."""
    return 0.0 if getattr(module, "EXACT", True) else getattr(module, "RTOL", 1e-9)
