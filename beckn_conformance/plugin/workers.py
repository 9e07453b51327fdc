"""The processes that share a run (pytest-xdist): how what each has shown comes together, through the disk."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..record.journal import COURSE, EXCHANGES, WORKER, file_of
from ..untrusted.reading import opened
from ..untrusted.writing import appended, replaced


def _handover(folder: Path, worker: str) -> Path:
    return folder / f".worker-{worker}.json"


def clear(folder: Path) -> None:
    """Removes what workers of an earlier run have left, where that one was killed."""
    for name, _ in _theirs(folder):
        (folder / name).unlink(missing_ok=True)


def left(folder: Path) -> list[str]:
    """Names of the workers of which something lies in the folder that was not taken over."""
    return sorted({worker for _, worker in _theirs(folder)})


def _theirs(folder: Path) -> list[tuple[str, str]]:
    """The files of workers in a folder by name, each with its worker."""
    names = "|".join((file_of(EXCHANGES, WORKER), file_of(COURSE, WORKER), _handover(Path(), WORKER).name))
    theirs = [name for name in os.listdir(folder) if re.fullmatch(names, name)]
    return [(name, found[0]) for name in theirs if (found := re.search(WORKER, name)) is not None]


def hand_over(folder: Path, worker: str, shown: Mapping[str, Any]) -> None:
    """Writes what a worker has shown so far, in one step; should the process die, this much is kept."""
    with replaced(_handover(folder, worker)) as file:
        file.write(json.dumps(shown))


def take_over(folder: Path, worker: str) -> Mapping[str, Any] | None:
    """Reads what a worker has shown, and joins its record with that of the run; None for nothing."""
    for kind in (EXCHANGES, COURSE):
        own = folder / file_of(kind, worker)
        if own.is_file():
            with appended(folder / file_of(kind)) as whole, opened(own, below=folder) as part:
                shutil.copyfileobj(part, whole.buffer)
            own.unlink()
    path = _handover(folder, worker)
    try:
        shown: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    path.unlink()
    return shown
