"""From C text to the address of a function."""

from __future__ import annotations

import ctypes
import re
import threading
from typing import TYPE_CHECKING, Any

from tracetensor.kernels import cache
from tracetensor.kernels.toolchain import FLAGS, CompilerError, build, processor, toolchain

if TYPE_CHECKING:
    from collections.abc import Sequence

COMMENT = re.compile(r"^ */\*.*\*/$", re.MULTILINE)
"""A line that is a comment: code does not change where the user's lines move."""

_loaded: dict[str, tuple[Any, int]] = {}
_lock = threading.Lock()


def load(text: str, name: str, flags: Sequence[str] = FLAGS) -> tuple[Any, int]:
    """(what keeps the code loaded, the address of the function of this name). Raises CompilerError.

    The code comes from the cache on disk if it is there, else from the compiler. Code stays loaded while the
    process lives: a thread may be in it.
    """
    found = toolchain()
    if found is None:
        msg = "there is no C compiler (cc, gcc or clang on PATH, or the one that CC names)"
        raise CompilerError(msg)
    key = cache.key(
        COMMENT.sub("", text),
        found.identity,
        " ".join(flags),
        processor() if "-march=native" in flags else "",
    )
    with _lock:
        if key in _loaded:
            return _loaded[key]
    path = cache.find(key)
    try:
        if path is None:
            path = cache.store(key, build(text, flags))
            cache.prune()
        library = ctypes.CDLL(str(path))
    except OSError as error:
        msg = f"compiled code could not be loaded: {error}"
        raise CompilerError(msg) from error
    address = ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
    with _lock:
        return _loaded.setdefault(key, (library, address))
