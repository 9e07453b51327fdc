"""Every file of a report, each written in one step, so that no reader sees half of one."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..specification import Specification
from . import evidence, html

SCRIPTS = "findings"
"""Folder beside the report with a shell script for each finding that takes a history to be seen."""


def write(report: Mapping[str, Any], folder: Path, specification: Specification) -> Path:
    """Writes report.json, and everything that is made from it and the record of exchanges in the folder."""
    path = _write(folder / "report.json", json.dumps(report, ensure_ascii=True, indent=1) + "\n")
    _write_scripts(report, folder / SCRIPTS)
    rows = evidence.read(folder / "exchanges.jsonl", evidence.wanted(report))
    _write(folder / "report.html", html.page(report, specification, rows))
    return path


def _write(path: Path, text: str) -> Path:
    partial = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    partial.write_text(text, encoding="utf-8", newline="\n")
    partial.replace(path)
    return path


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
        _write(folder / name, script)
