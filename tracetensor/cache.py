"""The compiled code that is kept on disk for other processes: `tt.cache.path()`, `tt.cache.entries()`, `tt.cache.clear()`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pathlib import Path


class Entry(NamedTuple):
    """One compiled loop: its file, its size in bytes, and when it was made, in seconds since 1970."""

    file: Path
    size: int
    made: float


def path() -> Path:
    """The folder: $TRACETENSOR_CACHE, else tracetensor in $XDG_CACHE_HOME or ~/.cache. It need not exist yet."""
    from tracetensor.kernels import cache

    return cache.folder()


def entries() -> list[Entry]:
    """What is kept, oldest first."""
    from tracetensor.kernels import cache

    return [Entry(*entry) for entry in cache.entries()]


def clear() -> int:
    """Remove all of it; how many entries there were. Loops that are loaded already go on running."""
    from tracetensor.kernels import cache

    return cache.clear()
