"""Runs Python in a process of its own within bounds, and leaves nothing of it behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO, Literal

from ..untrusted.text import printable

try:
    import resource
except ImportError:  # Windows has no such limits.
    resource = None  # type: ignore[assignment]

INTERVAL = 0.05
LONGEST = 500
"""Characters of a last line."""
Instruction = Literal["play", "end", "kill"]
"""What is to be done with a process: play it, end it with what it has, or kill it."""
Stop = Literal["", "end", "kill", "late"]
"""Why a process did not end by itself; empty if it did."""


def run(
    arguments: Sequence[str],
    private: Path,
    output: BinaryIO,
    errors: BinaryIO | None = None,
    *,
    limit: float,
    grace: float = 0.0,
    instruction: Callable[[], Instruction] = lambda: "play",
    environment: Mapping[str, str] = {},
    memory: int | None = None,
    cwd: Path | None = None,
) -> tuple[int, Stop]:
    """Runs Python with its temporary files in the folder ``private``; returns the exit status, and why it was stopped.

    What is printed goes to ``output``, standard error too if there are no ``errors``. After ``limit`` seconds, and as
    ``instruction`` says, it is interrupted, and killed after ``grace`` seconds more. ``memory`` limits its address
    space in bytes, where the system can do that. Its standard input ends with this process.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=subprocess.STDOUT if errors is None else errors,
        start_new_session=True,
        cwd=cwd,
        env={**os.environ, **environment, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(private))},
    )
    try:
        if memory is not None and hasattr(resource, "prlimit"):
            with contextlib.suppress(ProcessLookupError):
                resource.prlimit(process.pid, resource.RLIMIT_AS, (memory, memory))
        stop = _wait(process, limit, grace, instruction)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
    return process.returncode, stop


def _wait(process: subprocess.Popen[bytes], limit: float, grace: float, instruction: Callable[[], Instruction]) -> Stop:
    end = time.monotonic() + limit
    stop: Stop = ""
    while process.poll() is None:
        now, asked = time.monotonic(), instruction()
        if asked == "kill":
            return stop or "kill"
        if not stop and (asked == "end" or now >= end):
            stop, end = "end" if asked == "end" else "late", now + grace
            # It may still write what it has.
            _signal(process, signal.SIGINT)
        elif stop and now >= end:
            break
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(INTERVAL)
    return stop


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Sends a signal to a process and its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def last_line(path: Path) -> str:
    """Returns the last line of a file that is not empty."""
    with path.open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - 8192, 0))
        lines = file.read().decode("utf-8", "replace").strip().splitlines()
    return printable(lines[-1].strip())[:LONGEST] if lines else ""
