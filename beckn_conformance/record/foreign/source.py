"""Reads a recording from disk: a file, a ZIP, or a folder; everything is bounded."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from ...client.content_coding import MAGIC, Decoding, Undecodable
from ...errors import UsageError
from ...untrusted import reading
from ...untrusted.archive import MOST_FILES, Archive, is_zip
from . import payload

LARGEST: Final = 256 * reading.MB
"""Bytes of a recording with all that belongs to it, unpacked."""
PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""A file name that leads to no other folder."""


class Source:
    """A recording and the files that belong to it; raises UsageError for what cannot be read, or is too large."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = LARGEST
        self._zip: Archive | None = None
        self.text = ""
        """The recording, if it is one file."""
        self.files: Mapping[str, bytes] = {}
        """Files of a payload log, if it has one for each message."""
        if path.is_dir():
            self.files = {name: self._beside(path, name) for name in _names(path)}
            return
        content = reading.content(path, most=LARGEST)
        if is_zip(content):
            self._zip = Archive(path, content)
            names = self._zip.names
            self.files = {name: self._packed(self._zip, name) for name in names if payload.FILE.fullmatch(name)}
            content = b"" if self.files else self._packed(self._zip, _recording(path, names))
        content = _unpacked(path, content)
        self._left -= len(content)
        try:
            self.text = content.decode(json.detect_encoding(content))
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is not a recording: it is not text in UTF-8, UTF-16 or UTF-32") from error

    def attached(self, name: object) -> bytes | None:
        """Returns the bytes of a file in the same ZIP or folder; None if there is none, or its name is not plain.

        Beside the recording may lie files of the user's own, so one there has to be named after its SHA-1, as
        Playwright does: whoever knows that has the file already.
        """
        if not isinstance(name, str) or PLAIN_NAME.fullmatch(name) is None:
            return None
        try:
            if self._zip is not None:
                return self._packed(self._zip, name)
            content = self._beside(self._path.parent, name)
        except UsageError:
            return None
        digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
        return content if name.partition(".")[0] == digest else None

    def _packed(self, file: Archive, name: str) -> bytes:
        content = file.read(name, self._left)
        self._left -= len(content)
        return content

    def _beside(self, folder: Path, name: str) -> bytes:
        content = reading.content(folder / name, most=self._left, below=folder)
        self._left -= len(content)
        return content


def messages(folder: Path) -> list[str]:
    """Lists the messages of a payload log in a folder; raises UsageError for a folder that cannot be read."""
    return [name for name in _listed(folder) if payload.FILE.fullmatch(name)]


def alone(folder: Path) -> Path | None:
    """Returns the only HAR of a folder, or the only file; None for any other folder."""
    names = _listed(folder)
    hars = [name for name in names if name.casefold().endswith(".har")]
    endings = (".har", ".jsonl", ".json", ".yaml", ".yml", ".zip", ".gz")
    only = hars if len(hars) == 1 and not any(name.endswith(".jsonl") for name in names) else names
    return folder / only[0] if len(only) == 1 and only[0].casefold().endswith(endings) else None


def _listed(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)
    except OSError as error:
        raise reading.unreadable(folder, error) from error


def _unpacked(path: Path, content: bytes) -> bytes:
    """Unpacks a recording that is compressed with gzip."""
    if not content.startswith(MAGIC):
        return content
    decoding = Decoding("gzip")
    try:
        plain = decoding(content, LARGEST + 1)
        if len(plain) <= LARGEST:
            decoding.end()
    except Undecodable as error:
        raise UsageError(f"{path} cannot be unpacked: {error}") from error
    if len(plain) > LARGEST:
        raise UsageError(f"{path} cannot be read: it is larger than {LARGEST // reading.MB} MB, unpacked")
    return plain


def _names(folder: Path) -> list[str]:
    names = messages(folder)
    if not names or len(names) > MOST_FILES:
        raise UsageError(
            f"{folder} is not a recording: it holds {len(names) or 'no'} files NAME.request.json and NAME.reply.json, "
            "and no record of a run"
        )
    return names


def _recording(path: Path, names: Sequence[str]) -> str:
    """Returns the name of the one recording at the top of a ZIP: a HAR, or else a file of another known form."""
    plain = [name for name in names if PLAIN_NAME.fullmatch(name)]
    for endings in ((".har",), (".jsonl", ".json", ".yaml", ".yml")):
        found = [name for name in plain if name.casefold().endswith(endings)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(f"{path} is not a recording: it holds {len(found)} {endings[0]} files, not one")
    raise UsageError(f"{path} is not a recording: it holds no .har, .jsonl, .json or .yaml file at its top")
