"""Hands out the files of a report folder: those that a report has, and nothing else that may lie there."""

from __future__ import annotations

import contextlib
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

from starlette.responses import Response, StreamingResponse

from ....errors import UsageError
from ....report import files
from ....untrusted import reading
from ...certificate.statement import NAME as CERTIFICATE
from ..refusals import NotFound
from . import presentation
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
    CERTIFICATE: "the certificate",
}
TYPES = {".json": "application/json", ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml"}
CHUNK = 256 * 1024


def listed(folder: Path) -> list[tuple[str, str, str]]:
    """The files of a folder other than scripts: name, what it is, and size."""
    found = []
    for name in (*files.NAMES, CERTIFICATE):
        try:
            size = os.lstat(folder / name).st_size
        except OSError:
            continue
        found.append((name, WHAT.get(name, ""), presentation.size(size)))
    return found


def report(folder: Path) -> Response:
    """report.html, in an origin of its own: it shows what a gateway has sent."""
    response = _sent(_opened(folder, "report.html"), "text/html; charset=utf-8")
    response.headers["Content-Security-Policy"] = REPORT_POLICY
    return response


def file(folder: Path, name: str) -> Response:
    """A file of a report to download. Raises NotFound."""
    if not (files.is_name(name) or name == CERTIFICATE):
        raise NotFound("a report has no such file")
    response = _sent(_opened(folder, name), "application/octet-stream")
    _attach(response, name.rpartition("/")[2])
    return response


def packed(folder: Path, name: str) -> Response:
    """All files of a report as a ZIP. Raises NotFound."""
    names = [*files.present(folder)]
    if not names:
        raise NotFound("there is no report")
    names += [CERTIFICATE] if (folder / CERTIFICATE).is_file() else []
    response = _sent(_archive(folder, names), "application/zip")
    _attach(response, name)
    return response


def _archive(folder: Path, names: Iterable[str]) -> IO[bytes]:
    """A ZIP of some files, in a temporary file."""
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(tempfile.TemporaryFile())
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for name in names:
                with _opened(folder, name) as source, archive.open(name, "w", force_zip64=True) as target:
                    while chunk := source.read(CHUNK):
                        target.write(chunk)
        made.seek(0)
        # It is closed when it has been sent.
        stack.pop_all()
        return made


def _opened(folder: Path, name: str) -> IO[bytes]:
    try:
        return reading.opened(folder / name, below=folder)
    except UsageError as error:
        raise NotFound("a report has no such file") from error


def _sent(file: IO[bytes], kind: str) -> Response:
    length = os.fstat(file.fileno()).st_size
    return StreamingResponse(_chunks(file), media_type=kind, headers={"Content-Length": str(length)})


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        while chunk := file.read(CHUNK):
            yield chunk


def _attach(response: Response, name: str) -> None:
    """Has it saved and not shown. Names of reports need no quoting."""
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
