"""How far a long property is, shown on a terminal behind what pytest has written there, and never in a file."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from ..session import Session

QUIET = 2.0
"""Seconds that a property may take before anything is shown of it."""
INTERVAL = 0.25
SAVE, RESTORE, ERASE = "\x1b7", "\x1b8", "\x1b[K"


class Progress:
    """Tells of the examples of one property as they are judged."""

    def __init__(self, config: pytest.Config, session: Session, name: str, of: int) -> None:
        self._writer = config.get_terminal_writer()
        self._session = session
        self._name = name
        self._of = of
        self._since = self._told = time.monotonic()
        self._before = session.exchanges
        self._shown = False

    def __call__(self, done: int) -> None:
        now = time.monotonic()
        if not self._writer.hasmarkup or now - self._since < QUIET or now - self._told < INTERVAL:
            return
        self._told = now
        rate = (self._session.exchanges - self._before) / (now - self._since)
        found = len(self._session.tally.ids())
        text = f"  {self._name}: {done} of {self._of} examples, {rate:.0f} exchanges/s, {found} findings so far"
        room = max(self._writer.fullwidth - self._writer.width_of_current_line - 1, 0)
        self._put(f"{SAVE}{text[:room]}{ERASE}{RESTORE}")
        self._shown = True

    def close(self) -> None:
        """Takes away what was shown."""
        if self._shown:
            self._put(ERASE)

    def _put(self, text: str) -> None:
        file = self._writer._file
        file.write(text)
        file.flush()
