"""Collects the result of a run that has ended. Without a report, one is made from its record."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ...errors import KitError, UsageError
from ...report import files
from ...untrusted.writing import locked
from ..fleet.job import CANCELLED, Ending
from . import child
from .places import Places
from .store import now

LIMIT = 600.0
"""Seconds to make a report from a record."""
INTERVAL = 0.1
LEAVING = 10.0
"""Seconds until a run whose laboratory was killed has gone, too."""


def collected(ending: Ending, run: str, places: Places, wanted: Callable[[], bool]) -> dict[str, Any]:
    """Returns the columns of a run that has ended. The report is made as long as it is ``wanted``."""
    folder = places.report(run)
    reasons = [ending.reason] if ending.reason != CANCELLED else []
    facts: dict[str, Any] = {}
    try:
        if has_record(folder) and not is_whole(folder):
            _make_report(folder, places, wanted)
        facts = told(files.read(folder))
    except (KitError, OSError) as error:
        # A run that could not begin has said why.
        if has_record(folder) or not reasons:
            reasons.append(f"it left no report: {error}".replace(f"{folder}", "its folder"))
    return {"ended": now(), "status": ending.status, "reason": "; ".join(reasons), **facts}


def has_record(folder: Path) -> bool:
    """Returns True if a run has written down exchanges."""
    return (folder / files.RECORD[0]).exists() and (folder / files.RECORD[1]).exists()


def is_whole(folder: Path) -> bool:
    """Returns True if a report was written to its end."""
    return (folder / "report.html").exists()


def told(report: dict[str, Any]) -> dict[str, Any]:
    """Returns the columns of a run that come from its report."""
    statuses = [row["status"] for row in report["requirements"]]
    return {
        "verdict": report["verdict"],
        "waived": sum(map(len, report["waived"].values())),
        "exchanges": report["run"]["exchanges"],
        "failed": statuses.count("failed"),
        "warned": statuses.count("warned"),
    }


def _make_report(folder: Path, places: Places, wanted: Callable[[], bool]) -> None:
    while places.full and wanted():
        time.sleep(INTERVAL)
    _await_end(folder, wanted)
    with places.temporary() as private:
        finished = child.run(("report", str(folder)), private, limit=LIMIT, wanted=wanted)
    if not is_whole(folder):
        raise KitError(finished.complaint)


def _await_end(folder: Path, wanted: Callable[[], bool]) -> None:
    """Waits until no process writes to a report folder any more."""
    end = time.monotonic() + LEAVING
    while wanted():
        try:
            with locked(folder):
                return
        except UsageError:
            if time.monotonic() >= end:
                raise
            time.sleep(INTERVAL)
