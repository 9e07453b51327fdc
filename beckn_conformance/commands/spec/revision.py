"""Versions of schemas/: a folder, or a revision of the git repository around."""

from __future__ import annotations

import contextlib
import io
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ...errors import KitError, UsageError
from ...specification.loading import load
from ...specification.specification import Specification

NAME = "schemas"


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
        with tarfile.open(fileobj=io.BytesIO(_archive(name))) as archive:
            archive.extractall(temporary, filter="data")
        if not (Path(temporary) / NAME / "requirements.yaml").is_file():
            raise UsageError(f"revision {name} has no {NAME}/requirements.yaml")
        yield Path(temporary) / NAME


def _archive(name: str) -> bytes:
    """schemas/ of a revision as a tar archive."""
    neither = f"{name} is neither a folder nor a revision of a git repository here"
    root = _git("rev-parse", "--show-toplevel")
    commit = _git("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    if root is None or commit is None:
        raise UsageError(neither)
    archive = _git("-C", root.decode().strip(), "archive", "--format=tar", commit.decode().strip(), NAME)
    if archive is None:
        raise UsageError(f"revision {name} has no {NAME}/")
    return archive


def _git(*arguments: str) -> bytes | None:
    """Output of git; None if it fails or is missing."""
    try:
        return subprocess.run(["git", *arguments], capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
