"""Keeps the results of a fleet, of this and earlier runs: fleet.json, history.jsonl and the reports."""

from __future__ import annotations

import contextlib
import datetime
import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ... import __version__
from ...errors import UsageError
from ...report import files
from ...report.comparison import compare
from ...specification.loading import misfit
from ...untrusted import reading
from ...untrusted.writing import appended, replaced, written
from .entries import Entry
from .job import JUDGED, Outcome

FORMAT = "beckn-conformance-fleet/1"
NAME, HISTORY = "fleet.json", "history.jsonl"
LARGEST = 16 * reading.MB
"""Bytes of a history."""
MOST_VALUES = 100
"""JSON values in one line of a history."""
VERDICTS = ("non-conformant", "inconclusive", "unfinished", "incomplete", "conformant", "pending")
"""Verdicts, worst first; ``pending`` comes last."""

Row = dict[str, Any]
Certify = Callable[[Path], object]


class FleetResults:
    """The folder of a fleet: a row for each gateway, earlier runs, and a folder for each report."""

    def __init__(self, folder: Path, entries: Sequence[Entry]) -> None:
        """Begins a run. The last one in the folder becomes the previous one.

        Raises UsageError for a folder that cannot be written or belongs to something else.
        """
        self.folder = folder
        self._before = _read(folder / NAME)
        self.started = datetime.datetime.now(datetime.UTC)
        self.ended = False
        self.rows = {entry.name: _pending(entry, self._before) for entry in entries}
        with written(f"--conformance-report {folder}"):
            folder.mkdir(parents=True, exist_ok=True)
            if self._before is not None:
                with appended(folder / HISTORY) as file:
                    file.write(json.dumps(_summary(self._before)) + "\n")
            self.write()

    @property
    def history(self) -> list[dict[str, Any]]:
        """The verdicts of every run in order, this one included."""
        rows = []
        path = self.folder / HISTORY
        for line in reading.content(path, most=LARGEST, below=self.folder).splitlines() if path.exists() else ():
            # The last line may be incomplete.
            with contextlib.suppress(ValueError):
                row = reading.json_value(line, values=MOST_VALUES)
                if not misfit(row, "fleet-report.json#/$defs/summary"):
                    rows.append(row)
        return [*rows, _summary(self.document)]

    @property
    def document(self) -> dict[str, Any]:
        """The content of fleet.json, as ``schemas/fleet-report.json`` describes it."""
        return {
            "format": FORMAT,
            "kit": __version__,
            "started": self.started.isoformat(timespec="seconds"),
            "seconds": round((datetime.datetime.now(datetime.UTC) - self.started).total_seconds(), 1),
            "ended": self.ended,
            "gateways": list(self.rows.values()),
        }

    @property
    def exit_status(self) -> int:
        """1 if a finding fails the class of a gateway, else 10 if one was not judged or lacks a certificate, else 0."""
        if any(row["failed"] for row in self.rows.values()):
            return 1
        return 0 if all(row["status"] == 0 and not row["reason"] for row in self.rows.values()) else 10

    def began(self, name: str) -> int:
        """Notes that a run has begun; returns how often it has."""
        row = self.rows[name]
        row["attempts"] += 1
        row["started"] = datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")
        return int(row["attempts"])

    def take(self, outcome: Outcome, certify: Certify | None = None) -> Row:
        """Takes the outcome of a run, and puts its report in the place of an earlier one.

        A report of a whole run is certified where a way to do it is given.
        """
        row = self.rows[outcome.name]
        row |= {
            "verdict": "unfinished",
            "status": outcome.status,
            "reason": outcome.reason,
            "seconds": round(outcome.seconds, 1),
        }
        place = self.folder / outcome.name
        with _fresh(self.folder, outcome.name) as fresh:
            outcome.unpack(fresh)
            try:
                report = files.read(fresh)
            except UsageError:
                row["reason"] = row["reason"] or "it left no report"
                return row
            row |= _columns_of(report, place)
            if outcome.status not in JUDGED:
                row |= {"verdict": "unfinished", "waived": {}}
            _replace(place, fresh)
        if certify is not None and row["verdict"] not in ("unfinished", "incomplete") and not row["reason"]:
            try:
                certify(place)
                row["certificate"] = True
            except UsageError as error:
                row["reason"] = f"no certificate: {error}"
        return row

    def write(self) -> None:
        with replaced(self.folder / NAME) as file:
            file.write(json.dumps(self.document, indent=1) + "\n")


def _pending(entry: Entry, before: Mapping[str, Any] | None) -> Row:
    """The row of a gateway that has not run yet."""
    old = next((row for row in before["gateways"] if row["name"] == entry.name), None) if before else None
    # A gateway that did not run the last time is compared with the time before.
    verdict = None if old is None else old["before"] if old["verdict"] == "pending" else old["verdict"]
    return {
        "name": entry.name,
        "url": entry.url,
        "verdict": "pending",
        "waived": {},
        "status": None,
        "reason": "",
        "class": "strict" if entry.strict else "core",
        "started": "",
        "seconds": 0.0,
        "attempts": 0,
        "exchanges": 0,
        "failed": [],
        "warned": [],
        "new": None,
        "fixed": None,
        "before": verdict,
        "report": False,
        "certificate": False,
    }


def _columns_of(report: Mapping[str, Any], before: Path) -> Row:
    """The fields of a row that come from the report of its run, and from the one in the folder of the run before."""
    statuses = [(row["id"], row["status"]) for row in report["requirements"]]
    changes = _changes(before, report)
    return {
        "verdict": report["verdict"],
        "waived": report["waived"],
        "exchanges": report["run"]["exchanges"],
        "failed": [id_ for id_, status in statuses if status == "failed"],
        "warned": [id_ for id_, status in statuses if status == "warned"],
        "new": changes["new"] if changes is not None else None,
        "fixed": changes["fixed"] if changes is not None else None,
        "report": True,
    }


def _changes(before: Path, report: Mapping[str, Any]) -> Counter[str] | None:
    """Counts of changed findings by kind; None without an older report to compare with."""
    try:
        return Counter(change.kind for change in compare(files.read(before), report).changes if change.finding)
    except (UsageError, KeyError, TypeError, ValueError):
        # There is none, or another version of the kit wrote it.
        return None


def with_waivers(rows: Iterable[Mapping[str, Any]]) -> int:
    """The number of gateways that are conformant only because findings are waived."""
    return sum(row["verdict"] == "conformant" and bool(row["waived"]) for row in rows)


def _summary(document: Mapping[str, Any]) -> dict[str, Any]:
    """One line of the history."""
    counts = Counter(row["verdict"] for row in document["gateways"])
    return {
        **{key: document[key] for key in ("started", "seconds", "kit", "ended")},
        "verdicts": {verdict: counts[verdict] for verdict in VERDICTS if counts[verdict]},
    }


def _read(path: Path) -> dict[str, Any] | None:
    """Reads what an earlier run left; None if there was none."""
    if not path.exists() and not path.is_symlink():
        return None
    document = reading.json_file(path, below=path.parent)
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise UsageError(f"{path} is no fleet report of this kit; choose another --conformance-report")
    if amiss := misfit(document, "fleet-report.json"):
        raise UsageError(f"{path} is not a valid report of a fleet: {amiss}")
    return document


@contextlib.contextmanager
def _fresh(folder: Path, name: str) -> Iterator[Path]:
    """An empty folder beside that of a gateway. Leftovers in its place are removed."""
    fresh = folder / f".{name}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    try:
        yield fresh
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


def _replace(place: Path, fresh: Path) -> None:
    """Replaces a folder by another one."""
    old = place.with_name(f".{place.name}.old")
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.rename(old)
    fresh.rename(place)
    shutil.rmtree(old, ignore_errors=True)
