"""The files of a report folder: all that is made from report.json and the record beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..journal import COURSE, EXCHANGES, file_of
from ..specification import Specification

SCRIPTS = "findings"
"""Folder beside the report with a shell script for each finding that takes a history to be seen."""
NAMES = ("report.json", file_of(EXCHANGES), file_of(COURSE))
"""Files that a report folder can have, other than scripts."""


def write(report: Mapping[str, Any], folder: Path, specification: Specification) -> Path:
    """Writes report.json, then everything that is made from it; each in one step, so that no reader sees half."""
    _write_scripts(report, folder / SCRIPTS)
    path = folder / "report.json"
    put(path, json.dumps(report, ensure_ascii=True, indent=1) + "\n")
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


def put(path: Path, text: str) -> None:
    """Writes a file in one step."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


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
