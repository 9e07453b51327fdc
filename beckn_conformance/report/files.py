"""The report folder: every file of a report, each written in one step."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import IO, Any

from ..specification import Specification
from . import badge, earl, har, markdown

SCRIPTS = "findings"
"""Folder beside the report with a shell script for each finding that takes a history to be seen."""


def write(report: Mapping[str, Any], folder: Path, specification: Specification) -> Path:
    """Writes report.json, and then the same in every other form; returns the path of report.json.

    ``report`` is masked; the exchanges are read from the record that the run has left in the folder.
    """
    path = folder / "report.json"
    _write_scripts(report, folder / SCRIPTS)
    with _replaced(path) as file:
        file.write(json.dumps(report, ensure_ascii=True, indent=1) + "\n")
    with _replaced(folder / "exchanges.har") as file:
        har.write(_rows(folder / "exchanges.jsonl"), report, file)
    with _replaced(folder / "earl.jsonld") as file:
        file.write(json.dumps(earl.document(report, specification), indent=1) + "\n")
    with _replaced(folder / "summary.md") as file:
        file.write(markdown.summary(report))
    with _replaced(folder / "badge.svg") as file:
        file.write(badge.svg(report))
    return path


@contextlib.contextmanager
def _replaced(path: Path) -> Iterator[IO[str]]:
    """A file that takes the place of an earlier one once it is whole, so that no reader sees half of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with partial.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _rows(record: Path) -> Iterator[dict[str, Any]]:
    """The exchanges of a record, one at a time; a last line that was not written to its end is left out."""
    with record.open(encoding="utf-8") as lines:
        for line in lines:
            if line.endswith("\n"):
                yield json.loads(line)


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
