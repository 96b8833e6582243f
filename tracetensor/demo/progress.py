"""A progress line that stays alive while one long call runs."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

BAR_WIDTH = 24
PATIENCE = 1.0
REDRAW_EVERY = 0.25


class Progress:
    """Counts the steps of a job; a step that takes over a second shows a bar, its name and the seconds so far.

    Drawn on stderr, only if that is a terminal, and wiped when the step ends: nothing of it reaches a log.
    """

    def __init__(self, steps: int, stream: TextIO | None = None) -> None:
        self.steps = steps
        self.done = 0
        self.stream = sys.stderr if stream is None else stream

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Run one step of the job inside the with block."""
        finished = threading.Event()
        drawer = threading.Thread(target=self._draw, args=(name, finished), daemon=True)
        if self.stream.isatty():
            drawer.start()
        try:
            yield
        finally:
            finished.set()
            if drawer.ident is not None:
                drawer.join()
            self.done += 1

    def _draw(self, name: str, finished: threading.Event) -> None:
        start = time.perf_counter()
        wait = PATIENCE
        while not finished.wait(wait):
            wait = REDRAW_EVERY
            filled = BAR_WIDTH * self.done // self.steps
            bar = "#" * filled + "." * (BAR_WIDTH - filled)
            seconds = time.perf_counter() - start
            self.stream.write(f"\r  [{bar}] {self.done}/{self.steps}  {name}: {seconds:.0f} s\x1b[K")
            self.stream.flush()
        if wait == REDRAW_EVERY:
            self.stream.write("\r\x1b[K")
            self.stream.flush()
