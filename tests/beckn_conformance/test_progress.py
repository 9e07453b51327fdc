"""Progress of long properties is told on a terminal, and nowhere else."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest

from beckn_conformance.report import progress
from beckn_conformance.report.progress import ERASE, RESTORE, SAVE, Progress


class Stage:
    """A terminal, or a file, of some width, and a run that has come so far."""

    def __init__(self, *, terminal: bool = True, written: int = 10, width: int = 100) -> None:
        self.file = io.StringIO()
        writer = SimpleNamespace(hasmarkup=terminal, fullwidth=width, width_of_current_line=written, _file=self.file)
        self.config: Any = SimpleNamespace(get_terminal_writer=lambda: writer)
        self.session: Any = SimpleNamespace(
            exchanges=40, tally=SimpleNamespace(ids=lambda: {"GET-ID-1", "GET-ACK-1", "GET-ACK-2"})
        )

    def progress(self) -> Progress:
        return Progress(self.config, self.session, "test_history", 250)

    @property
    def shown(self) -> str:
        return self.file.getvalue()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The time, which goes on only where a test says so."""
    now = [100.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    return now


def test_it_tells_examples_exchanges_and_findings(clock: list[float]) -> None:
    stage = Stage()
    told = stage.progress()
    stage.session.exchanges = 640
    clock[0] += 3

    told(75)

    text = "  test_history: 75 of 250 examples, 200 exchanges/s, 3 findings so far"
    assert stage.shown == f"{SAVE}{text}{ERASE}{RESTORE}"


def test_what_is_soon_over_shows_nothing(clock: list[float]) -> None:
    stage = Stage()
    told = stage.progress()
    clock[0] += 1

    told(75)
    told.close()

    assert stage.shown == ""


def test_it_is_not_told_too_often(clock: list[float]) -> None:
    stage = Stage()
    told = stage.progress()
    clock[0] += 3
    for done in range(50):
        told(done)

    assert stage.shown.count(SAVE) == 1


def test_a_file_is_told_nothing(clock: list[float]) -> None:
    stage = Stage(terminal=False)
    told = stage.progress()
    clock[0] += 60
    told(75)
    told.close()

    assert stage.shown == ""


@pytest.mark.parametrize(("written", "width"), [(70, 80), (79, 80), (90, 80)])
def test_it_stays_on_its_line(clock: list[float], written: int, width: int) -> None:
    stage = Stage(written=written, width=width)
    told = stage.progress()
    clock[0] += 3
    told(75)

    text = stage.shown.removeprefix(SAVE).removesuffix(ERASE + RESTORE)
    assert len(text) <= max(width - written - 1, 0)


def test_it_is_taken_away_at_the_end(clock: list[float]) -> None:
    stage = Stage()
    told = stage.progress()
    clock[0] += 3
    told(75)
    told.close()

    assert stage.shown.endswith(ERASE)
