"""Versions of schemas/: a folder, or a revision of the git repository around."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...errors import KitError, UsageError
from ...specification.loading import MOST_FILES, load
from ...specification.specification import Specification

NAME = "schemas"
FILE = re.compile(r"[\w-][\w.-]*\.(?:json|yaml)")


@contextlib.contextmanager
def version(name: str) -> Iterator[Specification]:
    """The specification in a folder or a git revision, there for as long as the context is; raises UsageError."""
    with folder(name) as path:
        if not (path / "operations.yaml").is_file():
            raise UsageError(
                f"{name} has an older layout of {NAME}/, which has no operations.yaml, and cannot be compared"
            )
        try:
            specification = load(path)
        except KitError as error:
            raise UsageError(f"{name} cannot be compared: {str(error).replace(f'{path}/', '')}") from error
        yield specification


@contextlib.contextmanager
def folder(name: str) -> Iterator[Path]:
    """The schemas of a folder or of a git revision; raises UsageError for what is neither.

    Those of a revision are there for as long as the context is.
    """
    path = Path(name)
    for candidate in (path, path / NAME):
        if (candidate / "requirements.yaml").is_file():
            yield candidate
            return
    if path.is_dir():
        raise UsageError(f"{name} holds no requirements.yaml, so it is not a copy of {NAME}/")
    with tempfile.TemporaryDirectory(prefix="beckn-conformance-") as temporary:
        for file, content in _files(name):
            (Path(temporary) / file).write_bytes(content)
        if not (Path(temporary) / "requirements.yaml").is_file():
            raise UsageError(f"revision {name} has no {NAME}/requirements.yaml")
        yield Path(temporary)


def _files(name: str) -> Iterator[tuple[str, bytes]]:
    """The files of schemas/ of a revision, as they are kept: git archive would run the filters that the settings of the
    repository name, which may be a stranger's."""
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if commit is None:
        raise UsageError(f"{name} is neither a folder nor a revision of a git repository here")
    tree = f"{commit.decode().strip()}:{NAME}"
    listed = _git("ls-tree", "--full-tree", "--name-only", "-z", tree)
    if listed is None:
        raise UsageError(f"revision {name} has no {NAME}/")
    names = filter(FILE.fullmatch, listed.decode("utf-8", "replace").split("\0"))
    # One more than may be read, so that the reader says so.
    for file in itertools.islice(names, MOST_FILES + 1):
        content = _git("cat-file", "blob", f"{tree}/{file}")
        if content is not None:
            yield file, content


def _git(*arguments: str) -> bytes | None:
    """Output of git; None if it fails or is missing."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
