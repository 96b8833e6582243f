"""Graph -> Program, and the Cython machine that runs it."""
