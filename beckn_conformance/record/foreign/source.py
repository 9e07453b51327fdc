"""A recording as it lies on disk: a HAR alone, in a ZIP, or with bodies in files beside it; everything is bounded."""

from __future__ import annotations

import io
import json
import re
import zipfile
import zlib
from pathlib import Path
from typing import Final

from ...errors import UsageError
from ...untrusted import reading

LARGEST: Final = 256 * reading.MB
"""Bytes of a recording with all that belongs to it, unpacked."""
MOST_FILES: Final = 10_000
"""Files in a ZIP."""
PLAIN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")
"""A name of a file that leads to no other folder."""
ZIP: Final = b"PK\x03\x04"


class Source:
    """A HAR and the files that it names; raises UsageError for what cannot be read, or is too large."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._left = LARGEST
        content = reading.content(path, most=LARGEST)
        self._zip = _Zip(path, content) if content.startswith(ZIP) else None
        if self._zip is not None:
            content = self._zip.read(self._zip.har(), self._left)
        self._left -= len(content)
        try:
            self.text = content.decode(json.detect_encoding(content))
        except UnicodeDecodeError as error:
            raise UsageError(f"{path} is no HAR: it is no text in UTF-8, UTF-16 or UTF-32") from error

    def attached(self, name: object) -> bytes | None:
        """The bytes of a file in the same ZIP or folder; None where it is not there, or has no plain name."""
        if not isinstance(name, str) or PLAIN_NAME.fullmatch(name) is None:
            return None
        try:
            if self._zip is not None:
                content = self._zip.read(name, self._left)
            else:
                folder = self._path.parent
                content = reading.content(folder / name, most=self._left, below=folder)
        except UsageError:
            return None
        self._left -= len(content)
        return content


class _Zip:
    """The files at the top of a ZIP."""

    def __init__(self, path: Path, content: bytes) -> None:
        self._path = path
        try:
            self._file = zipfile.ZipFile(io.BytesIO(content))
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise UsageError(f"{path} is no ZIP that can be read: {error}") from error
        files = self._file.infolist()
        if len(files) > MOST_FILES:
            raise UsageError(f"{path}: it holds more than {MOST_FILES} files")
        self._files = {file.filename: file for file in files if PLAIN_NAME.fullmatch(file.filename)}

    def har(self) -> str:
        """Name of the one HAR in it."""
        names = [name for name in self._files if name.casefold().endswith(".har")]
        if len(names) != 1:
            raise UsageError(f"{self._path} is no recording: it holds {len(names) or 'no'} .har files, not one")
        return names[0]

    def read(self, name: str, most: int) -> bytes:
        """The content of a file, unpacked; its size is not what the ZIP says, but what comes."""
        if name not in self._files:
            raise UsageError(f"{self._path} holds no {name}")
        try:
            with self._file.open(self._files[name]) as file:
                content = file.read(most + 1)
        except (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError) as error:
            raise UsageError(f"{self._path}: {name} cannot be read: {error}") from error
        if len(content) > most:
            raise UsageError(f"{self._path}: it is larger than {LARGEST // reading.MB} MB, unpacked")
        return content
