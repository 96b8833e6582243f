"""A photograph, ordinary NumPy functions, and what tracing and derivatives make of them: `python -m tracetensor demo`."""
