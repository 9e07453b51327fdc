"""Runs another command of the kit in a process of its own, so that no file can hang or crash the laboratory."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import KitError
from ...process import children
from ...untrusted.text import printable

LIMIT = 120.0
"""Seconds that a command may take."""
MOST_OUTPUT = 16 * 1024 * 1024
"""Bytes of output that are read."""
LONGEST = 500


@dataclass(frozen=True, slots=True)
class Finished:
    """A command that has ended."""

    status: int
    output: bytes
    """What it printed, up to MOST_OUTPUT bytes."""
    complaint: str
    """The last line that it printed to standard error."""


def run(
    arguments: Sequence[str], private: Path, *, environment: Mapping[str, str] | None = None, limit: float = LIMIT
) -> Finished:
    """Runs a command of ``beckn-conformance``; ``private`` is an empty folder for its temporary files.

    Raises KitError if it takes longer than the limit, in seconds.
    """
    printed, complained = private / "printed", private / "complained"
    with printed.open("wb") as output, complained.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *children.arguments("beckn_conformance"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            cwd=private,
            start_new_session=True,
            env={**os.environ, **(environment or {}), **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(private))},
        )
        try:
            status = process.wait(limit)
        except subprocess.TimeoutExpired:
            raise KitError(f"it took longer than {limit:g} s") from None
        finally:
            _end(process)
    with printed.open("rb") as file:
        text = file.read(MOST_OUTPUT)
    return Finished(status, text, _last_line(complained))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills what is left of a command."""
    process.kill()
    process.wait()


def _last_line(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - 8192, 0))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1].removeprefix("beckn-conformance: "))[:LONGEST] if lines else ""
