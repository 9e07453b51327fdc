"""The report folder: everything that is made from a report and the record beside it, each file in one step."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ..errors import UsageError
from ..journal import COURSE, EXCHANGES, file_of
from ..rows import exchanges
from ..specification import Specification
from . import badge, earl, evidence, har, html, markdown

SCRIPTS = "findings"
"""Folder beside the report with a shell script for each finding that takes a history to be seen."""
RECORD = (file_of(EXCHANGES), file_of(COURSE))
NAMES = ("report.json", *RECORD, "exchanges.har", "earl.jsonld", "summary.md", "badge.svg", "report.html")
"""Files that a report folder can have, other than scripts."""


def write(report: Mapping[str, Any], folder: Path, specification: Specification, *, record: Path | None = None) -> Path:
    """Writes report.json, and then the same in every other form; returns the path of report.json.

    ``report`` is masked; the exchanges are read from the record that the run has left in the folder, or in another.
    """
    record = record or folder
    path = folder / "report.json"
    _write_scripts(report, folder / SCRIPTS)
    with replaced(path) as file:
        file.write(json.dumps(report, ensure_ascii=True, indent=1) + "\n")
    with replaced(folder / "exchanges.har") as file:
        har.write(exchanges(record), report, file)
    with replaced(folder / "earl.jsonld") as file:
        file.write(json.dumps(earl.document(report, specification), indent=1) + "\n")
    with replaced(folder / "summary.md") as file:
        file.write(markdown.summary(report))
    with replaced(folder / "badge.svg") as file:
        file.write(badge.svg(report))
    with replaced(folder / "report.html") as file:
        file.write(html.page(report, specification, evidence.read(record, evidence.wanted(report))))
    return path


def read(folder: Path) -> dict[str, Any]:
    """The content of a folder's report.json, or of such a file; raises UsageError where it is none."""
    path = folder / "report.json" if folder.is_dir() else folder
    try:
        report = json.loads(path.read_bytes())
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is no report: {error}") from error
    if not isinstance(report, dict) or not str(report.get("format", "")).startswith("beckn-conformance-report/"):
        raise UsageError(f"{path} is no report of this kit")
    return report


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[IO[str]]:
    """A file that takes the place of an earlier one once it is whole, so that no reader sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _write_scripts(report: Mapping[str, Any], folder: Path) -> None:
    scripts = {
        f"{finding['id']}.sh": finding["script"]
        for requirement in report["requirements"]
        for finding in requirement["findings"]
        if finding["script"]
    }
    if folder.is_dir():
        for old in folder.glob("*.sh"):
            old.unlink()
    if scripts:
        folder.mkdir(exist_ok=True)
    for name, script in scripts.items():
        (folder / name).write_text(script, encoding="utf-8")
