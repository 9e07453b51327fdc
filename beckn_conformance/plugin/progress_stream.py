"""Writes how far a run is to a file of JSON lines, for dashboards that show it live (``--conformance-progress``)."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TextIO

from ..judging.finding import Finding
from ..record.events import Event, RunEnd, ScenarioEnd, TestEnd
from ..run.session import Session
from ..untrusted.writing import fresh, written

INTERVAL = 0.4
"""Seconds between two lines."""


@contextlib.contextmanager
def streamed(path: Path | None, session: Session, tests: Callable[[], int]) -> Iterator[None]:
    """Writes the progress of a run to a file, if one is named, while it is used as a context; ``tests`` returns how
    many tests there are. Raises UsageError."""
    if path is None:
        yield
        return
    with written(f"--conformance-progress {path}"):
        file = fresh(path)
    with contextlib.closing(ProgressStream(file, session, tests)) as stream:
        session.subscribers.append(stream.follow)
        yield


class ProgressStream:
    """Follows the events of a run.

    Each line has the numbers so far, findings that are new or have changed since the line before, and the ids of those
    that turned out to follow from others.
    """

    def __init__(self, file: TextIO, session: Session, tests: Callable[[], int]) -> None:
        """``tests`` returns how many tests the run has."""
        self._session = session
        self._tests = tests
        self._ended = 0
        self._shown: dict[str, Finding] = {}
        self._began = time.monotonic()
        self._due = self._began
        self._lock = threading.RLock()
        self._file = file

    def follow(self, event: Event) -> None:
        """Writes a line if one is due. Exchanges come from another thread, and say nothing of findings."""
        if isinstance(event, TestEnd):
            self._ended += 1
        late = time.monotonic() - self._due
        if isinstance(event, RunEnd) or (late >= 0 and isinstance(event, ScenarioEnd | TestEnd)):
            self._write(self._findings())
        elif late >= INTERVAL:
            self._write({})

    def _findings(self) -> dict[str, Any]:
        """The findings that are new or have changed, and those that are gone."""
        tally = self._session.tally
        found: dict[str, Finding] = {}
        for records in tally.found.values():
            for record in records.values():
                finding = record.finding
                other = found.get(finding.id)
                if not tally.follows(record) and (other is None or finding.weight < other.weight):
                    found[finding.id] = finding
        changed = [finding for id_, finding in found.items() if self._shown.get(id_) is not finding]
        gone = [*(self._shown.keys() - found.keys())]
        self._shown = found
        return {
            **({"findings": [self._row(finding) for finding in changed]} if changed else {}),
            **({"gone": gone} if gone else {}),
        }

    def _row(self, finding: Finding) -> dict[str, Any]:
        requirement = self._session.specification.requirements[finding.requirement]
        row = {
            **finding.to_json(),
            "requirement": requirement.id,
            "level": requirement.level,
            "fails": self._session.run.strict or requirement.level == "MUST",
            "section": requirement.section,
            "title": requirement.title,
        }
        masked = self._session.masker.value(row)
        assert isinstance(masked, dict)
        return masked

    def _write(self, findings: dict[str, Any]) -> None:
        with self._lock:
            if self._file.closed:
                return
            now = time.monotonic()
            self._due = now + INTERVAL
            line = {
                "tests": self._ended,
                "of": self._tests(),
                "exchanges": self._session.player.sent,
                "seconds": round(now - self._began, 1),
                **findings,
            }
            try:
                self._file.write(json.dumps(line) + "\n")
                self._file.flush()
            except OSError:
                # A run that can still write its record is worth more than what is said about it meanwhile.
                self.close()

    def close(self) -> None:
        """Closes the file. It may be called more than once."""
        with self._lock, contextlib.suppress(OSError):
            self._file.close()
