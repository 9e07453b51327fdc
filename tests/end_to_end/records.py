"""Changes what a run has left on disk, as somebody would who wants another verdict."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from beckn_conformance.record.chain import Chain


def rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    """Changes the JSON of a file, or the rows of a record."""
    if path.suffix == ".jsonl":
        rows = change([json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()])
        path.write_text("".join(map(line_of, rows)), encoding="utf-8")
    else:
        path.write_text(json.dumps(change(json.loads(path.read_text())), indent=1) + "\n")


def seal(folder: Path) -> None:
    """Ends the chains of a record as they would end had a run left it so."""
    course = folder / "course.jsonl"
    *rows, last = (json.loads(line) for line in course.read_text(encoding="utf-8").splitlines())
    exchanges = (folder / "exchanges.jsonl").read_bytes().splitlines(keepends=True)
    last["chains"] = {"exchanges": _end(exchanges), "course": _end(line_of(row).encode() for row in rows)}
    course.write_text("".join(map(line_of, [*rows, last])), encoding="utf-8")


def _end(lines: Iterable[bytes]) -> str:
    chain = Chain()
    for line in lines:
        chain.add(line)
    return chain.end


def line_of(row: Any) -> str:
    return json.dumps(row, separators=(",", ":")) + "\n"
