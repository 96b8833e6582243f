"""Compiled code on disk: one file an entry, named by what it was made from, safe under many processes.

An entry is the shared object followed by the digest of its bytes, so that one that was cut short is seen to be. It
is written under another name and renamed: readers see all of it or nothing, and no lock is needed. The folder is
used only if it is the user's own and nobody else can write to it, since code is loaded from it.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import os
import shutil
import stat
import sys
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

VARIABLE = "TRACETENSOR_CACHE"
MOST_ENTRIES = 4000  # beyond them, the oldest go
SUFFIX = ".so"
_DIGEST = 32

_lock = threading.Lock()
_private: list[Path] = []


def folder() -> Path:
    """Where entries are kept: $TRACETENSOR_CACHE, else tracetensor in $XDG_CACHE_HOME or ~/.cache."""
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "tracetensor"


def trouble(place: Path) -> str:
    """Why a folder cannot be used, "" if it can; it is made where it is missing."""
    try:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = place.stat()
    except OSError as error:
        return f"{place}: {error.strerror or error}"
    if not stat.S_ISDIR(found.st_mode):
        return f"{place} is not a folder"
    if sys.platform != "win32":
        if found.st_uid != os.geteuid():
            return f"{place} belongs to another user"
        if found.st_mode & 0o022:
            return f"{place} can be written to by other users"
    if not os.access(place, os.W_OK | os.X_OK):
        return f"{place} cannot be written to"
    return ""


def usable_folder() -> Path:
    """The folder of entries, or, where that cannot be used, one of this process alone."""
    place = folder()
    if not trouble(place):
        return place
    with _lock:
        if not _private or not _private[0].is_dir():
            _private[:] = [Path(tempfile.mkdtemp(prefix="tracetensor-"))]
            atexit.register(shutil.rmtree, _private[0], ignore_errors=True)
        return _private[0]


def key(*parts: str) -> str:
    """The name of what is made from these texts."""
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode()
        digest.update(f"{len(data)} ".encode() + data)
    return digest.hexdigest()


def find(name: str) -> Path | None:
    """The file of an entry; None if there is none that is whole (one that is not is removed)."""
    path = usable_folder() / (name + SUFFIX)
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) > _DIGEST and hashlib.sha256(data[:-_DIGEST]).digest() == data[-_DIGEST:]:
        return path
    with contextlib.suppress(OSError):
        path.unlink()
    return None


def store(name: str, code: bytes) -> Path:
    """Keep an entry; its file. Raises OSError where even a folder of this process's own cannot take it."""
    data = code + hashlib.sha256(code).digest()
    place = usable_folder()
    try:
        return _write(place, name, data)
    except OSError:  # a full disk, say: this process can do without the cache
        with _lock:
            if place not in _private:
                _private[:] = [Path(tempfile.mkdtemp(prefix="tracetensor-"))]
                atexit.register(shutil.rmtree, _private[0], ignore_errors=True)
        return _write(_private[0], name, data)


def _write(place: Path, name: str, data: bytes) -> Path:
    handle, other = tempfile.mkstemp(prefix=f"{name[:16]}-", suffix=".tmp", dir=place)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        path = place / (name + SUFFIX)
        Path(other).replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(other).unlink()
        raise
    return path


def entries() -> list[tuple[Path, int, float]]:
    """(file, bytes, when it was made), oldest first."""
    return sorted(_entries(folder()), key=lambda entry: entry[2])


def _entries(place: Path) -> Iterator[tuple[Path, int, float]]:
    for path in place.glob("*" + SUFFIX) if place.is_dir() else ():
        with contextlib.suppress(OSError):
            found = path.stat()
            yield path, found.st_size, found.st_mtime


def clear() -> int:
    """Remove all entries, and what writers that were killed left behind; how many entries there were."""
    count = 0
    for path, _, _ in entries():
        with contextlib.suppress(OSError):
            path.unlink()
            count += 1
    for path in folder().glob("*.tmp"):
        with contextlib.suppress(OSError):
            path.unlink()
    return count


def prune() -> None:
    """Remove the oldest entries beyond the limit."""
    found = entries()
    for path, _, _ in found[: max(len(found) - MOST_ENTRIES, 0)]:
        with contextlib.suppress(OSError):
            path.unlink()
