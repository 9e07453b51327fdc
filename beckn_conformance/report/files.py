"""Writes and reads the report folder. Each file is replaced in one step."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..record import har
from ..record.journal import COURSE, EXCHANGES, file_of
from ..record.journal import SCRIPTS as SCRIPTS
from ..record.reader import in_order
from ..specification.loading import misfit
from ..specification.specification import Specification
from ..untrusted import reading
from ..untrusted.writing import Inner, replaced
from . import badge, earl, evidence, html, markdown

SCRIPT = re.compile(r"[A-Z0-9]+(-[A-Z0-9]+)*-[0-9a-f]{8}\.sh")
"""Names of the scripts of findings."""
RECORD = (file_of(EXCHANGES), file_of(COURSE))
NAMES = ("report.json", *RECORD, "exchanges.har", "earl.jsonld", "summary.md", "badge.svg", "report.html")
"""Files that a report folder can have, other than scripts."""
CERTIFICATE = "certificate.json"
"""A certificate about the files above."""


def write(
    report: Mapping[str, Any],
    folder: Path,
    specification: Specification,
    *,
    record: Path | None = None,
    whole_har: bool = False,
) -> None:
    """Writes a masked report as report.json and in every other format.

    ``record`` is the folder of the exchanges, if it is another one. ``whole_har`` writes all of them to exchanges.har.
    Without it that file has only those that report.html shows, since all take many times the space of the record.
    """
    record = record or folder
    shown = evidence.read(record, evidence.wanted(report))
    _write_scripts(report, folder)
    with replaced(folder / "report.json") as file:
        file.write(json.dumps(report, ensure_ascii=True, indent=1) + "\n")
    with replaced(folder / "exchanges.har") as file:
        har.write(in_order(record) if whole_har else shown.values(), report, file, excerpt=not whole_har)
    with replaced(folder / "earl.jsonld") as file:
        file.write(json.dumps(earl.document(report, specification), indent=1) + "\n")
    with replaced(folder / "summary.md") as file:
        file.write(markdown.summary(report))
    with replaced(folder / "badge.svg") as file:
        file.write(badge.svg(report))
    with replaced(folder / "report.html") as file:
        file.write(html.page(report, specification, shown))


def read(folder: Path) -> dict[str, Any]:
    """Reads the report.json of a folder, or such a file. Raises UsageError if it is no report."""
    path = folder / "report.json" if folder.is_dir() else folder
    report = reading.json_file(path, below=folder if folder.is_dir() else None)
    if not isinstance(report, dict) or not str(report.get("format", "")).startswith("beckn-conformance-report/"):
        raise UsageError(f"{path} is not a report of this kit")
    if amiss := misfit(report, "report.json"):
        raise UsageError(f"{path} is not a valid report: {amiss}")
    return report


def is_name(name: str) -> bool:
    """Returns True for the name of a file that a report folder can have."""
    folder, _, script = name.rpartition("/")
    return name in NAMES or (folder == SCRIPTS and SCRIPT.fullmatch(script) is not None)


def present(folder: Path) -> Iterator[str]:
    """Yields the names of the files of a report folder that exist, with report.json first."""
    for name in NAMES:
        if (folder / name).is_file():
            yield name
    yield from filter(is_name, sorted(f"{SCRIPTS}/{path.name}" for path in (folder / SCRIPTS).glob("*.sh")))


def _write_scripts(report: Mapping[str, Any], folder: Path) -> None:
    scripts = {
        f"{finding['id']}.sh": finding["script"]
        for requirement in report["requirements"]
        for finding in requirement["findings"]
        if finding["script"]
    }
    if not scripts and not (folder / SCRIPTS).is_dir():
        return
    with Inner(folder, SCRIPTS) as inner:
        # Other files are not the kit's, and stay.
        for old in filter(SCRIPT.fullmatch, inner.names()):
            inner.remove(old)
        for name, script in scripts.items():
            if not SCRIPT.fullmatch(name):
                raise UsageError(f"{name[:80]!a} is not the name of a script of this kit")
            inner.write(name, script)
