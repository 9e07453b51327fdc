"""Writes into folders that strangers may have filled or that are shared: no link is followed, no foreign file lost."""

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
from .reading import open_below

try:
    import fcntl
except ImportError:  # Windows has no such locks, and two runs at once are not kept apart.
    fcntl = None  # type: ignore[assignment]

_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL
_NONBLOCK: Final = getattr(os, "O_NONBLOCK", 0)
_MODE: Final = 0o666
"""Rights of a new file, as far as the umask leaves them."""
_HELD: Final = (errno.EWOULDBLOCK, errno.EAGAIN, errno.EACCES)


def made(folder: Path) -> None:
    """Makes a folder where there is none; raises UsageError where that cannot be."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"--conformance-report {folder} cannot be written: {error.strerror}") from error


def refuse_links(folder: Path, *inner: str) -> None:
    """Raises UsageError where a folder, or one that it holds under an ``inner`` name, has a link in it.

    The folder itself may be reached through links, for its user has named it.
    """
    for name in ("", *inner):
        try:
            with os.scandir(folder / name) as entries:
                link = next((entry.name for entry in sorted(entries, key=_name) if entry.is_symlink()), None)
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            raise UsageError(f"{folder / name} cannot be read: {error.strerror}") from error
        if link is not None:
            raise UsageError(f"{folder / name / link} is a link; a report folder has none, so nothing is done with it")


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name


@contextlib.contextmanager
def locked(folder: Path, *, shared: bool = False) -> Iterator[None]:
    """Holds a folder for one process; ``shared`` holds it for all that only read. Raises UsageError where another
    process holds it.

    The lock lies on the folder itself: it leaves no file, and ends with the process however that ends.
    """
    if fcntl is None:
        yield
        return
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except FileNotFoundError:
        # The reader reports what is missing.
        yield
        return
    except OSError as error:
        raise UsageError(f"{folder} cannot be read: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError as error:
            # Some file systems have no locks.
            if error.errno in _HELD:
                raise UsageError(
                    f"{folder} is in use by another run; wait for its end, or choose another --conformance-report"
                ) from None
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def held(folder: Path, *inner: str, shared: bool = False) -> Iterator[None]:
    """The same for a folder without links, which is refused otherwise."""
    refuse_links(folder, *inner)
    with locked(folder, shared=shared):
        yield


def fresh(path: Path) -> TextIO:
    """A new, empty file in the place of any earlier one, opened to be appended to. Raises OSError."""
    path.unlink(missing_ok=True)
    return _text(os.open(path, _NEW | os.O_APPEND, _MODE))


def appended(path: Path) -> TextIO:
    """A regular file, or a new one, opened to be appended to; raises OSError for anything else, as for a link."""
    descriptor = open_below(path.parent, (path.name,), os.O_WRONLY | os.O_APPEND | os.O_CREAT | _NONBLOCK)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "it is no regular file", str(path))
    return _text(descriptor)


@contextlib.contextmanager
def replaced(path: Path) -> Iterator[TextIO]:
    """A file that takes the place of an earlier one once it is whole, so that no reader sees half of it."""
    partial = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with _text(os.open(partial, _NEW, _MODE)) as file:
            yield file
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class Inner:
    """A folder within the one that the user named, made where it is missing and held open, so that nobody can put a
    link in its place. Raises OSError where there is something else than a folder."""

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
        """Names of the regular files in it."""
        with os.scandir(self._path if self._held is None else self._held) as entries:
            return sorted(entry.name for entry in entries if entry.is_file(follow_symlinks=False))

    def remove(self, name: str) -> None:
        """Removes a file."""
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._of(name), **self._at)

    def write(self, name: str, text: str) -> None:
        """Writes a file anew, in the place of any earlier one."""
        self.remove(name)
        with _text(os.open(self._of(name), _NEW, _MODE, **self._at)) as file:
            file.write(text)


def _text(descriptor: int) -> TextIO:
    file: IO[str] = os.fdopen(descriptor, "w", encoding="utf-8", newline="\n")
    return file  # type: ignore[return-value]
