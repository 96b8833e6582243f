"""The options, in one table; each may be set for a while (`with tt.config(run="plain"):`) or by the environment."""

from __future__ import annotations

import contextlib
import contextvars
import os
import threading
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

OPTIONS: dict[str, tuple[Any, tuple[Any, ...], str]] = {
    "run": ("traced", ("traced", "plain"), "plain: run every traced function as plain Python, for debugging"),
    "strict": (False, (False, True), "raise TraceError instead of falling back to plain Python"),
    "callbacks": ("allow", ("allow", "error"), "error: raise TraceError instead of calling functions back"),
    "check": (False, (False, True), "verify graphs after every stage of rewriting"),
    "optimize": (True, (True, False), "rewrite graphs before compiling them"),
    "tier": (
        "auto",
        ("auto", "interpreted", "native"),
        "auto: loops and elementwise operations go on as machine code once that is there; native: they wait for it; interpreted: none is made",
    ),
    "versions": (8, (), "how many compiled versions of a function are kept"),
}
"""name: (default, allowed values, meaning). The environment variable of `run` is TRACETENSOR_RUN, and so on."""


def _from_environment() -> dict[str, Any]:
    values = {}
    for name, (default, allowed, _) in OPTIONS.items():
        text = os.environ.get(f"TRACETENSOR_{name.upper()}")
        values[name] = default if text is None else _parse(name, text, default, allowed)
    return values


def _parse(name: str, text: str, default: Any, allowed: tuple[Any, ...]) -> Any:
    if isinstance(default, bool):
        choices = {"1": True, "true": True, "yes": True, "0": False, "false": False, "no": False}
        if text.lower() in choices:
            return choices[text.lower()]
    elif isinstance(default, int) and text.isdigit():
        return int(text)
    elif text in allowed:
        return text
    msg = f"TRACETENSOR_{name.upper()}={text!r}: not a value of the option `{name}` (default {default!r})"
    raise ValueError(msg)


_defaults = _from_environment()
_current: contextvars.ContextVar[dict[str, Any] | None] = contextvars.ContextVar(
    "tracetensor_options", default=None
)


def option(name: str) -> Any:
    """The value of an option here and now."""
    values = _current.get()
    return (_defaults if values is None else values)[name]


_plain_contexts = 0
_native_contexts = 0
_lock = threading.Lock()
on_plain: list[Callable[[bool], None]] = []
"""Called with whether any thread runs functions as plain Python, whenever that changes."""


on_tier: list[Callable[[str], None]] = []
"""Called with "native" while any thread wants loops compiled at once, else with the tier of the environment."""


def _count_native(change: int) -> None:
    global _native_contexts
    with _lock:
        _native_contexts += change
        for listener in on_tier:
            listener("native" if _native_contexts else _defaults["tier"])


def _count_plain(change: int) -> None:
    global _plain_contexts
    with _lock:
        _plain_contexts += change
        for listener in on_plain:
            listener(_plain_contexts > 0 or _defaults["run"] == "plain")


class config(contextlib.AbstractContextManager["config"]):  # noqa: N801 - used as a function
    """Set options within a `with` block: tt.config(run="plain"). Raises TypeError, ValueError for what is no option.

    run: "traced" or "plain" (every traced function runs as plain Python). strict: raise TraceError instead of
    falling back. callbacks: "allow" or "error" (raise TraceError instead of calling functions back). check: verify graphs after each stage. optimize: rewrite graphs. tier: "auto" (loops
    become machine code in the background), "native" (at once) or "interpreted". versions: how many compiled
    versions of a function are kept.
    """

    def __init__(self, **options: Any) -> None:
        for name, value in options.items():
            if name not in OPTIONS:
                msg = f"there is no option {name!r}; the options are {', '.join(OPTIONS)}"
                raise TypeError(msg)
            allowed = OPTIONS[name][1]
            if (allowed and value not in allowed) or type(value) is not type(OPTIONS[name][0]):
                choice = ", ".join(map(repr, allowed)) or "an int"
                msg = f"option {name}: {value!r} is none of {choice}"
                raise ValueError(msg)
        self.options = options
        self.tokens: list[contextvars.Token[Any]] = []

    def __enter__(self) -> Self:
        if self.options.get("run") == "plain":
            _count_plain(1)
        if self.options.get("tier") == "native":
            _count_native(1)
        current = _current.get()
        self.tokens.append(_current.set({**(_defaults if current is None else current), **self.options}))
        return self

    def __exit__(self, *exception: object) -> None:
        _current.reset(self.tokens.pop())
        if self.options.get("run") == "plain":
            _count_plain(-1)
        if self.options.get("tier") == "native":
            _count_native(-1)


def options() -> Iterator[tuple[str, Any, str]]:
    """Each option's name, value and meaning."""
    for name, (_, _, meaning) in OPTIONS.items():
        yield name, option(name), meaning
