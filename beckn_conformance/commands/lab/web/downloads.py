"""Hands out the files of a report folder: those that a report has, and nothing else that may lie there."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import IO

from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from ....errors import UsageError
from ....report import files
from ....untrusted import reading
from ..refusals import NotFound
from .shield import REPORT_POLICY

WHAT = {
    "report.json": "the report for programs",
    "exchanges.jsonl": "every exchange, tokens masked",
    "course.jsonl": "the steps of the run",
    "exchanges.har": "the exchanges that the report shows, for browsers' tools",
    "earl.jsonld": "the outcomes as EARL",
    "summary.md": "a summary in Markdown",
    "badge.svg": "the verdict as a badge",
    "report.html": "one page with everything",
    files.CERTIFICATE: "the certificate",
}
CHUNK = 256 * 1024


def listed(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Yields the files of a folder other than scripts: name, what it is, and bytes."""
    for name in (*files.NAMES, files.CERTIFICATE):
        with contextlib.suppress(OSError):
            yield name, WHAT.get(name, ""), os.lstat(folder / name).st_size


def report(folder: Path) -> Response:
    """report.html, in an origin of its own: it shows what a gateway has sent. Raises NotFound."""
    headers = {"Content-Security-Policy": REPORT_POLICY}
    return _Sent(_opened(folder, "report.html"), "text/html; charset=utf-8", headers)


def file(folder: Path, name: str) -> Response:
    """A file of a report to download. Raises NotFound."""
    if not (files.is_name(name) or name == files.CERTIFICATE):
        raise NotFound("a report has no such file")
    return _Sent(_opened(folder, name), "application/octet-stream", _attached(name.rpartition("/")[2]))


def packed(folder: Path, name: str) -> Response:
    """All files of a report as a ZIP. Raises NotFound."""
    names = [*files.present(folder)]
    if not names:
        raise NotFound("there is no report")
    names += [files.CERTIFICATE] if (folder / files.CERTIFICATE).is_file() else []
    return _Sent(_archive(folder, names), "application/zip", _attached(name))


def _archive(folder: Path, names: Iterable[str]) -> IO[bytes]:
    """A ZIP of some files, in a temporary file, which is closed when it has been sent."""
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(tempfile.TemporaryFile())
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in names:
                with _opened(folder, name) as source, archive.open(name, "w", force_zip64=True) as target:
                    shutil.copyfileobj(source, target, CHUNK)
        made.seek(0)
        stack.pop_all()
        return made


def _opened(folder: Path, name: str) -> IO[bytes]:
    try:
        return reading.opened(folder / name, below=folder)
    except UsageError as error:
        raise NotFound("a report has no such file") from error


class _Sent(StreamingResponse):
    """Sends a file, and closes it even if nobody takes it."""

    def __init__(self, file: IO[bytes], kind: str, headers: Mapping[str, str]) -> None:
        length = {"Content-Length": str(os.fstat(file.fileno()).st_size)}
        super().__init__(iter(partial(file.read, CHUNK), b""), media_type=kind, headers={**length, **headers})
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _attached(name: str) -> Mapping[str, str]:
    """Has it saved and not shown. Names of reports need no quoting."""
    return {"Content-Disposition": f'attachment; filename="{name}"'}
