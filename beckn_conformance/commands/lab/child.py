"""Runs another command of the kit in a process of its own, so that no file can hang or crash the laboratory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import KitError
from ...process import children
from ...untrusted.text import printable

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None  # type: ignore[assignment]

INTERVAL = 0.05
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
    """Its standard output, up to MOST_OUTPUT bytes."""
    complaint: str
    """The last line that it printed to standard error."""


def run(
    arguments: Sequence[str],
    private: Path,
    *,
    environment: Mapping[str, str] | None = None,
    limit: float = LIMIT,
    memory: int | None = None,
    wanted: Callable[[], bool] = lambda: True,
) -> Finished:
    """Runs a command of ``beckn-conformance``; ``private`` is an empty folder for its temporary files.

    ``memory`` limits its address space in bytes, where the system can do that. Raises KitError if it takes longer than
    the limit, in seconds, or is not wanted any more.
    """
    end = time.monotonic() + limit
    printed, complained = private / "printed", private / "complained"
    with printed.open("wb") as output, complained.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *children.arguments("beckn_conformance"), "--until-stdin-ends", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=errors,
            cwd=private,
            start_new_session=True,
            env={**os.environ, **(environment or {}), **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(private))},
        )
        if memory is not None and hasattr(resource, "prlimit"):
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (memory, memory))
        try:
            while (status := process.poll()) is None:
                if time.monotonic() >= end:
                    raise KitError(f"it took longer than {limit:g} s")
                if not wanted():
                    raise KitError("it is not wanted any more")
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(INTERVAL)
        finally:
            _end(process)
    with printed.open("rb") as file:
        text = file.read(MOST_OUTPUT)
    return Finished(status, text, _last_line(complained))


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills what is left of a command and of its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    assert process.stdin is not None
    process.stdin.close()


def _last_line(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - 8192, 0))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1].removeprefix("beckn-conformance: "))[:LONGEST] if lines else ""
