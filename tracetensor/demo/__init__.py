"""A photograph, three ordinary NumPy functions, and what tracing makes of them: `python -m tracetensor demo`."""
