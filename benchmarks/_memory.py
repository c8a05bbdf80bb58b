"""Memory of a measurement."""

from __future__ import annotations

import threading
from contextlib import suppress

import psutil


class PeakMemory:
    """Resident memory of this process and all its children (JVMs, Python workers) at its highest, looked at all the time."""

    def __enter__(self) -> PeakMemory:
        self.megabytes = 0
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watcher.join()

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._is_over.wait(0.2):
            total = 0
            for process in (this, *this.children(recursive=True)):
                with suppress(psutil.Error):
                    total += process.memory_info().rss
            self.megabytes = max(self.megabytes, total >> 20)
