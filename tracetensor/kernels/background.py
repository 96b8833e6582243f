"""The one thread of a process that compiles while the program goes on."""

from __future__ import annotations

import os
import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_lock = threading.Lock()


class Worker:
    """Jobs, done one after the other by a thread that begins with the first of them."""

    def __init__(self) -> None:
        self.jobs: queue.Queue[Callable[[], None]] = queue.Queue()
        self.thread: threading.Thread | None = None

    def submit(self, job: Callable[[], None]) -> None:
        """Have a job done; it must not raise."""
        self.jobs.put(job)
        with _lock:
            if self.thread is None:
                self.thread = threading.Thread(target=self._run, name="tracetensor-compiler", daemon=True)
                self.thread.start()

    def wait(self) -> None:
        """Return when all jobs submitted so far are done."""
        self.jobs.join()

    def _run(self) -> None:
        while True:
            job = self.jobs.get()
            try:
                job()
            finally:
                self.jobs.task_done()


worker = Worker()


def _forget() -> None:
    global _lock
    _lock = threading.Lock()
    worker.__init__()  # type: ignore[misc]  # the thread did not come along into the forked process


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)
