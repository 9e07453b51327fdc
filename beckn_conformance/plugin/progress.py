"""Shows the progress of a long property, on a terminal only, after what pytest has written."""

from __future__ import annotations

import os
import shutil
import sys
import time
from typing import TYPE_CHECKING, Self

from ..record.events import Event, ScenarioEnd

if TYPE_CHECKING:
    import pytest

    from ..run.session import Session

QUIET = 2.0
"""Seconds before the progress of a property is shown."""
INTERVAL = 0.25
SAVE, RESTORE, ERASE = "\x1b7", "\x1b8", "\x1b[K"


class Screen:
    """The terminal behind standard output, which pytest captures while a test runs.

    To be made while pytest is configured, when it captures nothing yet.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._descriptor: int | None = None
        if sys.stdout is not None and sys.stdout.isatty():
            self._descriptor = os.dup(sys.stdout.fileno())

    @property
    def room(self) -> int:
        """Free columns after what pytest has written; 0 if nothing can be shown."""
        if self._descriptor is None or not self._config.pluginmanager.has_plugin("terminalreporter"):
            return 0
        writer = self._config.get_terminal_writer()
        if not writer.hasmarkup:
            return 0
        return max(shutil.get_terminal_size().columns - writer.width_of_current_line - 1, 0)

    def put(self, text: str) -> None:
        """Writes at once."""
        if self._descriptor is not None:
            os.write(self._descriptor, text.encode("utf-8", "replace"))

    def close(self) -> None:
        """Closes the terminal. It may be called more than once."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


class Progress:
    """Shows how many examples of one property have been judged, while it is used as a context."""

    def __init__(self, screen: Screen, session: Session, name: str, of: int) -> None:
        self._screen = screen
        self._session = session
        self._name = name
        self._of = of
        self._since = self._written = time.monotonic()
        self._before = session.player.sent
        self._done = 0
        self._shown = False

    def __enter__(self) -> Self:
        self._session.subscribers.append(self.follow)
        return self

    def follow(self, event: Event) -> None:
        """Counts the scenarios that end, without those that only make an example smaller."""
        if isinstance(event, ScenarioEnd) and event.weight.exact is None:
            self._done += 1
            self._show()

    def _show(self) -> None:
        now = time.monotonic()
        if now - self._since < QUIET or now - self._written < INTERVAL or not (room := self._screen.room):
            return
        self._written = now
        rate = (self._session.player.sent - self._before) / (now - self._since)
        found = len(self._session.tally.ids())
        text = f"  {self._name}: {self._done} of {self._of} examples, {rate:.0f} exchanges/s, {found} findings so far"
        self._screen.put(f"{SAVE}{text[:room]}{ERASE}{RESTORE}")
        self._shown = True

    def __exit__(self, *_: object) -> None:
        self._session.subscribers.remove(self.follow)
        if self._shown:
            self._screen.put(ERASE)
