"""Runs one gateway in a process of its own, so a hang or crash harms no other run."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ... import __version__
from ...process import children
from ...report import files
from ...untrusted.text import printable
from .entries import Entry

JUDGED = (0, 1, 10)
"""Exit statuses of a run that came to its end."""
GRACE = 20.0
"""Seconds for a run to write its report after it was told to end."""
INTERVAL = 0.1
LARGEST = 256 * 1024 * 1024
"""Bytes of the largest packed report that is returned."""
LONGEST = 300
SCRIPT = re.compile(rf"{files.SCRIPTS}/{files.SCRIPT.pattern}")


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker needs to know about a run. All of it can be sent to another machine."""

    name: str
    command: tuple[str, ...]
    """Arguments of Python, without the files to read and write."""
    config: Mapping[str, Any]
    limit: float
    kit: str = __version__

    @classmethod
    def of(cls, entry: Entry) -> Job:
        """The run of a gateway of a fleet."""
        run = (*children.arguments("beckn_conformance"), "run", "--until-stdin-ends", entry.url, *entry.arguments)
        return cls(entry.name, run, entry.config, entry.limit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """Result of a run."""

    name: str
    status: int | None = None
    """Exit status; None if there was no run, or it was killed."""
    reason: str = ""
    """Why it did not end by itself."""
    seconds: float = 0.0
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The files of the report by name, each packed by zlib."""

    def unpack(self, folder: Path) -> None:
        """Writes the files of the report to a folder that has none yet."""
        for name, packed in self.files.items():
            # Only files of a report are written, whatever a worker sends.
            if name not in files.NAMES and not SCRIPT.fullmatch(name):
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            unpacker = zlib.decompressobj()
            with path.open("wb") as file:
                rest = packed
                while rest:
                    file.write(unpacker.decompress(rest, 1 << 20))
                    rest = unpacker.unconsumed_tail


def make(job: Job, within: str | None = None, wanted: Callable[[], bool] = lambda: True) -> Outcome:
    """Runs the kit against one gateway in a temporary folder ``within`` another one.

    The run is ended after its limit, and once ``wanted`` returns False.
    """
    if job.kit != __version__:
        return Outcome(job.name, reason=f"its worker has version {__version__} of the kit, not {job.kit}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="job-", dir=within) as temporary:
        folder = Path(temporary)
        config, report, printed = folder / "gateway.yaml", folder / "report", folder / "printed"
        config.write_text(yaml.safe_dump(dict(job.config), allow_unicode=True), encoding="utf-8")
        command = [sys.executable, *job.command]
        command += ["--gateway-config", str(config), "--conformance-report", str(report)]
        with printed.open("wb") as output:
            # The run ends with its standard input, and so with the worker, however that ends.
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                # Files that a killed run leaves are removed with the folder.
                env={**os.environ, **dict.fromkeys(("TMPDIR", "TEMP", "TMP"), temporary)},
            )
        in_time = _wait(process, job.limit, wanted)
        seconds = time.monotonic() - began
        reason = ""
        if not in_time:
            reason = f"ended after {job.limit:g} s, its limit"
        elif process.returncode not in JUDGED:
            reason = _last_words(printed, process.returncode).replace(f"{folder}{os.sep}", "")
        kept, too_large = _packed(report)
        if too_large:
            reason = ". ".join(filter(None, (reason, f"its report is larger than {LARGEST >> 20} MB, packed")))
        return Outcome(job.name, process.returncode if in_time else None, reason, seconds, kept)


def _wait(process: subprocess.Popen[bytes], limit: float, wanted: Callable[[], bool]) -> bool:
    """Waits for a process, and kills what is left of its group; False if its limit was over first."""
    end = time.monotonic() + limit
    in_time = True
    try:
        while process.poll() is None:
            if not wanted():
                break
            now = time.monotonic()
            if now >= end and in_time:
                in_time, end = False, now + GRACE
                # It still writes a report.
                _signal(process, signal.SIGINT)
            elif now >= end:
                break
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(INTERVAL)
    finally:
        _signal(process, signal.SIGKILL)
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
    return in_time


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)


def _last_words(printed: Path, status: int) -> str:
    """The last line that a run printed, to explain its exit status."""
    with printed.open("rb") as file:
        file.seek(max(os.fstat(file.fileno()).st_size - 8192, 0))
        text = file.read().decode("utf-8", "replace")
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    said = printable(lines[-1])[:LONGEST] if lines else "it said nothing"
    how = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
    return f"{how}: {said}"


def _packed(report: Path) -> tuple[dict[str, bytes], bool]:
    """Packs the files of a report. If they are too large, only report.json is kept, and the second value is True."""
    packed: dict[str, bytes] = {}
    room = LARGEST
    for name in _names(report):
        packer = zlib.compressobj()
        content = bytearray()
        with (report / name).open("rb") as file:
            while (chunk := file.read(1 << 20)) and len(content) <= room:
                content += packer.compress(chunk)
        content += packer.flush()
        room -= len(content)
        if room < 0:
            return {key: value for key, value in packed.items() if key == "report.json"}, True
        packed[name] = bytes(content)
    return packed, False


def _names(report: Path) -> Iterator[str]:
    """Names of the existing files of a report, with report.json first."""
    for name in files.NAMES:
        if (report / name).is_file():
            yield name
    for path in sorted((report / files.SCRIPTS).glob("*.sh")):
        yield f"{files.SCRIPTS}/{path.name}"
