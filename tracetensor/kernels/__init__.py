"""Loops as compiled code: loop IR, its emitters and the cache of compiled kernels live here when they come to exist."""
