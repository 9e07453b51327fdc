"""Maps hashes to hashes, so that what a long run has to remember takes little memory."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field


@dataclass(slots=True)
class Hashes:
    """A dictionary of hashes that takes 48 bytes for a pair at most. A key that is not there has the value 0."""

    _slots: array[int] = field(default_factory=lambda: array("q", bytes(1024)))
    """Keys and values in turn. Each pair lies in the first free place from that of its key."""
    _used: int = 0

    def __len__(self) -> int:
        return self._used

    def __getitem__(self, key: int) -> int:
        return self._slots[self._place(key) + 1]

    def __setitem__(self, key: int, value: int) -> None:
        if 3 * self._used >= len(self._slots):
            self._grow()
        place = self._place(key)
        self._used += not self._slots[place + 1]
        self._slots[place], self._slots[place + 1] = key, value or 1

    def _place(self, key: int) -> int:
        slots = self._slots
        place = 2 * key % len(slots)
        while slots[place + 1] and slots[place] != key:
            place = (place + 2) % len(slots)
        return place

    def _grow(self) -> None:
        old, self._slots, self._used = self._slots, array("q", bytes(16 * len(self._slots))), 0
        for place in range(0, len(old), 2):
            if old[place + 1]:
                self[old[place]] = old[place + 1]
