"""Memory of a measurement."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime

import psutil

_EVERY = 0.1  # seconds
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)


class Memory:
    """Samples the resident memory of this process and all its children (JVMs, Python workers)."""

    def __enter__(self) -> Memory:
        self._seen: list[tuple[datetime, int]] = []
        self._is_over = threading.Event()
        self._watcher = threading.Thread(target=self._watch)
        self._watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over.set()
        self._watcher.join()

    def peak(self, begin: datetime = _FIRST, end: datetime = _LAST) -> int:
        """Peak in megabytes, in all or between two moments; 0 without a sample in between."""
        return max((megabytes for at, megabytes in self._seen if begin <= at <= end), default=0)

    def _watch(self) -> None:
        this = psutil.Process()
        while not self._is_over.wait(_EVERY):
            total = 0
            for process in (this, *this.children(recursive=True)):
                with suppress(psutil.Error):
                    total += process.memory_info().rss
            self._seen.append((datetime.now(UTC), total >> 20))
