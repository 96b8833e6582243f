"""Compile every Cython module of the package; all else is in pyproject.toml."""

import os
import sys
from pathlib import Path

import numpy as np
from Cython.Build import cythonize
from setuptools import Extension, setup

HERE = Path(__file__).parent
os.chdir(HERE)

DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "embedsignature": True,
}
FLAGS = [] if sys.platform == "win32" else ["-O3", "-g0", "-fno-math-errno", "-ffp-contract=off"]


def extension(source: Path) -> Extension:
    return Extension(
        ".".join(source.with_suffix("").parts),
        [source.as_posix()],
        include_dirs=[np.get_include(), source.parent.as_posix()],
        define_macros=[("NPY_NO_DEPRECATED_API", "NPY_2_0_API_VERSION")],
        extra_compile_args=FLAGS,
        depends=["setup.py", *(header.as_posix() for header in source.parent.glob("*.h"))],
    )


def flags_changed() -> bool:
    """Whether this file is newer than any C text made from it: Cython itself only compares with the sources."""
    made = [c.stat().st_mtime for c in Path("build/cython").rglob("*.c")]
    return bool(made) and Path("setup.py").stat().st_mtime > min(made)


sources = sorted(Path("tracetensor").rglob("*.pyx"))
setup(
    ext_modules=cythonize(
        [extension(source) for source in sources],
        build_dir="build/cython",
        compiler_directives=DIRECTIVES,
        force=flags_changed(),
    )
    if sources
    else [],
)
