"""Sparse arrays as graph values: their types, ops, rules and kernels live here when they come to exist."""
