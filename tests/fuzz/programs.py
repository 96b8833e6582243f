"""Hypothesis strategies for random programs."""

import functools

from hypothesis import strategies as st

from .statements import Program, write_program


@functools.lru_cache(maxsize=None)
def _below(n: int) -> st.SearchStrategy[int]:
    return st.integers(0, n - 1)


@st.composite
def programs(draw, family: str) -> Program:
    """Programs of a family ("expressions", "writes" or "control") with inputs for two calls."""
    return write_program(lambda n: draw(_below(n)) if n > 1 else 0, family)
