"""Reads ZIPs of strangers: plain files with plain names, and everything within bounds.

All functions raise UsageError for a ZIP that could be more than that.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import stat
import struct
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from ..errors import UsageError
from . import reading
from .reading import MB
from .text import brief

LARGEST: Final = 256 * MB
"""Bytes of a ZIP, and of what is read of it into memory."""
MOST_FILES: Final = 10_000
LARGEST_FOLDER: Final = 1024 * MB
"""Bytes of all files that are unpacked to a folder."""
DEEPEST: Final = 20
"""Parts of a name."""
CHUNK: Final = MB

_START: Final = b"PK\x03\x04"
_ENTRY: Final = b"PK\x01\x02"
"""Begins each entry of the list of files."""
_METHODS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Others are unpacked without bounds."""
_PART: Final = re.compile(r"(?!\.{1,2}$)[^/\\\0]{1,255}")
"""A part of a name; it is neither ``.`` nor ``..``."""
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_ERRORS: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, OSError, EOFError, OverflowError),
    *(RuntimeError, ValueError, NotImplementedError),
)
"""What Python raises for ZIPs that are damaged on purpose."""


def is_zip(content: bytes) -> bool:
    """Recognises a ZIP by how it begins."""
    return content.startswith(_START)


class Archive:
    """The files of a ZIP by their names, whose parts are separated by ``/``."""

    def __init__(self, path: Path, content: bytes) -> None:
        """``path`` is the name of the ZIP in messages."""
        self.path = path
        # The list is read as a whole before it can be counted.
        if content.count(_ENTRY) > MOST_FILES:
            raise UsageError(f"{path}: it holds more than {MOST_FILES} files")
        try:
            self._zip = zipfile.ZipFile(io.BytesIO(content))
        except _ERRORS as error:
            raise UsageError(f"{path} is not a ZIP that can be read: {error}") from error
        self._files: dict[str, zipfile.ZipInfo] = {}
        alike: dict[str, str] = {}
        for info in self._zip.infolist():
            name = self._name(info)
            if name.endswith("/"):
                continue
            other = alike.setdefault(unicodedata.normalize("NFC", name).casefold(), name)
            if name in self._files or other != name:
                raise UsageError(f"{path}: {brief(name)} and {brief(other)} are the same file on some systems")
            self._files[name] = info

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the files, without folders."""
        return tuple(self._files)

    def read(self, name: str, most: int) -> bytes:
        """Unpacks a file of at most ``most`` bytes; its size is what comes out, not what the ZIP says."""
        try:
            with self._opened(name) as file:
                content = file.read(most + 1)
        except _ERRORS as error:
            raise self._unreadable(name, error) from error
        if len(content) > most:
            raise UsageError(f"{self.path}: it is larger than {LARGEST // MB} MB, unpacked")
        return content

    def unpack(self, folder: Path, inner: str) -> None:
        """Writes the files under the folder ``inner`` of the ZIP to an empty folder; "" stands for all files."""
        left = LARGEST_FOLDER
        for name in self._files:
            if not name.startswith(inner):
                continue
            try:
                with self._opened(name) as packed, _new(folder / name.removeprefix(inner)) as file:
                    while chunk := packed.read(CHUNK):
                        left -= len(chunk)
                        if left < 0:
                            raise UsageError(f"{self.path}: it is larger than {LARGEST_FOLDER // MB} MB, unpacked")
                        file.write(chunk)
            except _ERRORS as error:
                raise self._unreadable(name, error) from error

    def _opened(self, name: str) -> IO[bytes]:
        if name not in self._files:
            raise UsageError(f"{self.path} holds no {brief(name)}")
        return self._zip.open(self._files[name])

    def _unreadable(self, name: str, error: Exception) -> UsageError:
        return UsageError(f"{self.path}: {brief(name)} cannot be read: {error}")

    def _name(self, info: zipfile.ZipInfo) -> str:
        """Returns the name of an entry, or raises UsageError for one that is no plain file or folder."""
        name = info.orig_filename.replace("\\", "/")
        parts = name.removesuffix("/").split("/")
        amiss = ""
        if info.flag_bits & 1:
            amiss = "is encrypted"
        elif stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
            amiss = "is a link or a device"
        elif info.compress_type not in _METHODS:
            amiss = "is packed by a method other than deflate, which is not read"
        elif _DRIVE.match(name) or len(parts) > DEEPEST or not all(map(_PART.fullmatch, parts)):
            amiss = "is not a plain name of a file in a folder"
        if amiss:
            raise UsageError(f"{self.path}: {brief(ascii(name))} {amiss}")
        return name


@contextlib.contextmanager
def folder_of(path: Path, mark: str) -> Iterator[Path]:
    """Yields a folder that the user named, or a temporary one with the files of a ZIP.

    Of a ZIP, it is the one folder that has a file named ``mark``; anything else is yielded as it is.
    """
    inner = archive = None
    if path.is_file():
        with reading.opened(path) as file:
            packed = is_zip(file.read(len(_START)))
        archive = Archive(path, reading.content(path, most=LARGEST)) if packed else None
        inner = _inner(archive, mark) if archive is not None else None
    if archive is None or inner is None:
        yield path
        return
    with tempfile.TemporaryDirectory() as temporary:
        archive.unpack(Path(temporary), inner)
        try:
            yield Path(temporary)
        except UsageError as error:
            raise UsageError(str(error).replace(temporary, str(path))) from error


def _inner(archive: Archive, mark: str) -> str | None:
    """Returns the beginning of the names in the one folder that has a file ``mark``; None if no folder has one."""
    found = [name.removesuffix(mark) for name in archive.names if name.rpartition("/")[2] == mark]
    if len(found) > 1:
        raise UsageError(f"{archive.path}: it holds {len(found)} files named {mark}, not one")
    return found[0] if found else None


def _new(path: Path) -> IO[bytes]:
    """Opens a file that is not there yet, with the folders around it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
    return os.fdopen(os.open(path, flags, 0o600), "wb")
