"""Writes into folders that strangers may have filled: follows no link, loses no foreign file."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, Final, TextIO

from ..errors import UsageError
from .reading import open_below, unreadable

try:
    import fcntl
except ImportError:  # Windows has no such locks, and two runs at once are not kept apart.
    fcntl = None  # type: ignore[assignment]

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)
_MODE: Final = 0o666
"""Permissions of a new file before the umask."""
_HELD: Final = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


@contextlib.contextmanager
def written(what: object) -> Iterator[None]:
    """Raises UsageError for an OSError: ``what`` cannot be written."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"{what} cannot be written: {error.strerror}") from error


def refuse_links(folder: Path, *inner: str) -> None:
    """Raises UsageError if a folder, or one of the ``inner`` folders in it, contains a link.

    The folder itself may be reached through links, since the user named it.
    """
    for name in ("", *inner):
        try:
            with os.scandir(folder / name) as entries:
                link = min((entry.name for entry in entries if entry.is_symlink()), default=None)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise unreadable(folder / name, error) from error
        if link is not None:
            raise UsageError(f"{folder / name / link} is a link; a report folder has none, so nothing is done with it")


IN_USE = "is in use by another run; wait for its end, or choose another --conformance-report"


@contextlib.contextmanager
def locked(folder: Path, *, shared: bool = False, why: str = IN_USE) -> Iterator[None]:
    """Locks a folder for one process, or for all readers if ``shared``; raises UsageError if another process has it.

    The lock is on the folder itself: it leaves no file, and ends with the process, however that ends.
    """
    if fcntl is None:
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        # The reader reports a missing folder.
        yield
        return
    except OSError as error:
        raise unreadable(folder, error) from error
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            # Some file systems have no locks.
            if error.errno in _HELD:
                raise UsageError(f"{folder} {why}") from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(folder: Path, *inner: str, shared: bool = False) -> Iterator[None]:
    """Like ``locked``, for a folder that must not contain links."""
    refuse_links(folder, *inner)
    with locked(folder, shared=shared):
        yield


def fresh(path: Path) -> TextIO:
    """Opens a new, empty file for appending, in place of any earlier one. Raises OSError."""
    path.unlink(missing_ok=True)
    return _text(os.open(path, _NEW | os.O_APPEND, _MODE))


def appended(path: Path) -> TextIO:
    """Opens a regular or new file for appending; raises OSError for anything else, links included."""
    descriptor = open_below(path.parent, (path.name,), os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is not a regular file", str(path))
    return _text(descriptor)


@contextlib.contextmanager
def replaced(path: Path, mode: int = _MODE) -> Iterator[TextIO]:
    """Opens a file that replaces an earlier one when it is complete, so that no reader sees half of it."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with _text(os.open(partial, _NEW, mode)) as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class Inner:
    """A folder inside the one that the user named, made if needed and held open, so that nobody can swap it for a link.
    Raises OSError if something other than a folder is there."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / name
        with contextlib.suppress(FileExistsError):
            self._path.mkdir()
        by_descriptor = os.open in os.supports_dir_fd
        flags = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0)
        self._held = open_below(folder, (name,), flags) if by_descriptor else None
        self._at: dict[str, Any] = {} if self._held is None else {"dir_fd": self._held}

    def __enter__(self) -> Inner:
        return self

    def __exit__(self, *_: object) -> None:
        if self._held is not None:
            os.close(self._held)

    def _of(self, name: str) -> str:
        return name if self._at else str(self._path / name)

    def names(self) -> list[str]:
        """Lists the regular files in it."""
        with os.scandir(self._path if self._held is None else self._held) as entries:
            return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))

    def remove(self, name: str) -> None:
        """Removes a file."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._of(name), **self._at)

    def write(self, name: str, text: str) -> None:
        """Writes a file, in place of any earlier one."""
        self.remove(name)
        with _text(os.open(self._of(name), _NEW, _MODE, **self._at)) as file:
            file.write(text)


def _text(descriptor: int) -> TextIO:
    file: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
    return file  # type: ignore[return-value]
