"""Runs one gateway in a process of its own, so a hang or crash harms no other run."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from ... import __version__
from ...process import bounded, children
from ...process.bounded import Instruction
from ...report import files
from .entries import Entry

JUDGED = (0, 1, 10)
"""Exit statuses of a run that came to its end."""
GRACE = 20.0
"""Seconds for a run to write its report after it was told to end."""
LARGEST = 256 * 1024 * 1024
"""Bytes of the largest packed report that is returned."""
MOST_AT_ONCE = 1 << 20
"""Bytes of progress that are read at once."""
CANCELLED = "cancelled"
"""The reason of a run that was told to end."""


@dataclass(frozen=True, slots=True)
class Job:
    """Everything that a worker needs to know about a run. All of it can be sent to another machine."""

    name: str
    command: tuple[str, ...]
    """Arguments of Python, without the files to read and write."""
    config: Mapping[str, Any]
    limit: float
    kit: str = __version__
    files: Mapping[str, str] = field(default_factory=dict)
    """Texts of files that the configuration names, by their names. With any, their folder is the current one."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Variables that the run finds beside those of its worker."""

    @classmethod
    def of(cls, entry: Entry) -> Job:
        """The run of a gateway of a fleet."""
        run = (*children.arguments("beckn_conformance"), "run", "--until-stdin-ends", entry.url, *entry.arguments)
        return cls(entry.name, run, entry.config, entry.limit)


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, and its report if that comes from another machine."""

    name: str
    status: int | None = None
    """Exit status; None if there was no run, or it was told to end."""
    reason: str = ""
    """Why it did not end by itself, or could not judge."""
    seconds: float = 0.0
    files: Mapping[str, bytes] = field(default_factory=dict)
    """The files of the report by name, each packed by zlib."""

    def unpack(self, folder: Path) -> None:
        """Writes the files of the report to a folder that has none yet."""
        for name, packed in self.files.items():
            # Only files of a report are written, whatever a worker sends.
            if not files.is_name(name):
                continue
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            unpacker = zlib.decompressobj()
            with path.open("wb") as file:
                rest = packed
                while rest:
                    file.write(unpacker.decompress(rest, 1 << 20))
                    rest = unpacker.unconsumed_tail


def make(
    job: Job,
    within: str | None = None,
    instruction: Callable[[], Instruction] = lambda: "play",
    tell: Callable[[str], None] | None = None,
) -> Outcome:
    """Runs the kit against one gateway in a temporary folder ``within`` another one.

    ``tell`` is called with lines of its progress, as they come.
    """
    if job.kit != __version__:
        return Outcome(job.name, reason=f"its worker has version {__version__} of the kit, not {job.kit}")
    with tempfile.TemporaryDirectory(prefix="job-", dir=within) as temporary:
        folder = Path(temporary)
        report, progress = folder / "report", folder / "progress.jsonl"
        if tell is None:
            ended = execute(job, folder, report, instruction)
        else:
            follow = _follower(progress, tell)

            def following() -> Instruction:
                follow()
                return instruction()

            ended = execute(job, folder, report, following, progress)
            follow()
        kept, too_large = _packed(report)
        reasons = (ended.reason, f"its report is larger than {LARGEST >> 20} MB, packed" if too_large else "")
        return replace(ended, reason=". ".join(filter(None, reasons)), files=kept)


def execute(
    job: Job, private: Path, report: Path, instruction: Callable[[], Instruction], progress: Path | None = None
) -> Outcome:
    """Runs the kit against one gateway, with its report in the folder ``report``.

    What it is given, and its temporary files, lie in the folder ``private``, which the caller removes. Lines about its
    progress go to a file. The run is told to end after its limit, and as ``instruction`` says.
    """
    began = time.monotonic()
    printed = private / "printed"
    config = write_config(job.config, job.files, private)
    command = [*job.command]
    command += ["--conformance-progress", str(progress)] if progress is not None else []
    command += ["--gateway-config", str(config), "--conformance-report", str(report)]
    with printed.open("wb") as output:
        status, stop = bounded.run(
            command,
            private,
            output,
            limit=job.limit,
            grace=GRACE,
            instruction=instruction,
            environment=job.environment,
            cwd=private if job.files else None,
        )
    reason = {
        "": "" if status in JUDGED else _last_words(printed, status).replace(f"{private}{os.sep}", ""),
        "end": CANCELLED,
        "kill": "it was no longer wanted",
        "late": f"ended after {job.limit:g} s, its limit",
    }[stop]
    return Outcome(job.name, None if stop else status, reason, time.monotonic() - began)


def write_config(config: Mapping[str, Any], files: Mapping[str, str], folder: Path) -> Path:
    """Writes a configuration and the files that it names, for their owner only; returns the path of the former."""
    path = folder / "gateway.yaml"
    for name, text in {**files, path.name: yaml.safe_dump(dict(config), allow_unicode=True)}.items():
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
    return path


def _follower(path: Path, tell: Callable[[str], None]) -> Callable[[], None]:
    """Returns a function that passes on the whole lines of a file that are new."""
    read = 0

    def follow() -> None:
        nonlocal read
        with contextlib.suppress(FileNotFoundError), path.open("rb") as file:
            file.seek(read)
            if lines := file.read(MOST_AT_ONCE).rpartition(b"\n")[0]:
                read += len(lines) + 1
                tell(lines.decode("utf-8", "replace") + "\n")

    return follow


def _last_words(printed: Path, status: int) -> str:
    """The last line that a run printed, to explain its exit status."""
    how = f"killed by signal {-status}" if status < 0 else f"exit status {status}"
    return ": ".join(filter(None, (how, bounded.last_line(printed))))


def _packed(report: Path) -> tuple[dict[str, bytes], bool]:
    """Packs the files of a report. If they are too large, only report.json is kept, and the second value is True."""
    packed: dict[str, bytes] = {}
    room = LARGEST
    for name in files.present(report):
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
