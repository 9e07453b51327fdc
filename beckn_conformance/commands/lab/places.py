"""Lays out the data folder of a laboratory."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from ...untrusted.writing import locked, written

LEAST_ROOM = 256 * 1024 * 1024
"""Bytes that are free before a run begins."""


@dataclass(frozen=True, slots=True)
class Places:
    """The data folder. Ids name files in it, so only those of rows of the store may be passed."""

    data: Path

    @property
    def database(self) -> Path:
        return self.data / "lab.sqlite3"

    @property
    def private(self) -> Path:
        """The folder of temporary files, some of which hold secrets. It is emptied at each start."""
        return self.data / "tmp"

    def report(self, run: str) -> Path:
        """Returns the report folder of a run."""
        return self.data / "runs" / run

    def progress(self, run: str) -> Path:
        """Returns the file of lines that a run writes about its progress."""
        return self.data / "progress" / f"{run}.jsonl"

    @property
    def full(self) -> bool:
        """True if there is too little room for the record of a run, as in a folder that is not there."""
        try:
            return shutil.disk_usage(self.data).free < LEAST_ROOM
        except OSError:
            return True

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """Makes the folders, and keeps other laboratories out of them. Raises UsageError."""
        with contextlib.ExitStack() as stack:
            with written(f"--data {self.data}"):
                self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
                stack.enter_context(locked(self.data, why="is in use by another laboratory"))
                shutil.rmtree(self.private, ignore_errors=True)
                for name in ("tmp", "runs", "progress"):
                    (self.data / name).mkdir(mode=0o700, exist_ok=True)
                tempfile.TemporaryFile(dir=self.data).close()
            yield

    def taken(self, runs: Iterable[str]) -> int:
        """Returns the bytes that the reports of runs take."""
        sizes = 0
        for folder, _, names in (step for run in runs for step in os.walk(self.report(run))):
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    sizes += os.lstat(Path(folder, name)).st_size
        return sizes

    @contextlib.contextmanager
    def temporary(self) -> Iterator[Path]:
        """Makes a private folder that is removed afterwards, or at the next start."""
        with tempfile.TemporaryDirectory(dir=self.private, ignore_cleanup_errors=True) as folder:
            yield Path(folder)

    def remove(self, run: str) -> None:
        """Removes the files of a run. They are out of the way in one step."""
        self.progress(run).unlink(missing_ok=True)
        with self.temporary() as folder, contextlib.suppress(FileNotFoundError):
            self.report(run).rename(folder / run)
