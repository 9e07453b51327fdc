"""The processes that share a run (pytest-xdist): how what each has shown comes together, through the disk."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .journal import COURSE, EXCHANGES, file_of


def _handover(folder: Path, worker: str) -> Path:
    return folder / f".worker-{worker}.json"


def clear(folder: Path) -> None:
    """Removes what workers of an earlier run have left, where that one was killed."""
    for pattern in (".worker-*.json", file_of(EXCHANGES, "*"), file_of(COURSE, "*")):
        for file in folder.glob(pattern):
            file.unlink(missing_ok=True)


def left(folder: Path) -> list[str]:
    """Names of the workers of which something lies in the folder that was not taken over."""
    prefix, suffix = file_of(COURSE, "\0").split("\0")
    names = [path.name.removeprefix(prefix).removesuffix(suffix) for path in folder.glob(file_of(COURSE, "*"))]
    names += [path.name.removeprefix(".worker-").removesuffix(".json") for path in folder.glob(".worker-*.json")]
    return sorted(set(names))


def hand_over(folder: Path, worker: str, shown: Mapping[str, Any]) -> None:
    """Writes what a worker has shown so far, in one step; should the process die, this much is kept."""
    path = _handover(folder, worker)
    partial = path.with_suffix(f".{os.getpid()}")
    partial.write_text(json.dumps(shown), encoding="utf-8")
    partial.replace(path)


def take_over(folder: Path, worker: str) -> Mapping[str, Any] | None:
    """Reads what a worker has shown, and joins its record with that of the run; None for nothing."""
    for kind in (EXCHANGES, COURSE):
        own = folder / file_of(kind, worker)
        if own.is_file():
            with (folder / file_of(kind)).open("ab") as whole, own.open("rb") as part:
                shutil.copyfileobj(part, whole)
            own.unlink()
    path = _handover(folder, worker)
    try:
        shown: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    path.unlink()
    return shown
