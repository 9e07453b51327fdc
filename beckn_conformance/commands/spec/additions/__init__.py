"""Adds a member, an operation or a reading to a folder of schemas, and says what is left to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ....errors import UsageError
from ....specification import loading


@dataclass(frozen=True, slots=True)
class Added:
    """What was written, and what somebody has to decide."""

    written: Sequence[str]
    """Files, each with what is new in it."""
    left: Sequence[str]


def folder_of_kit() -> Path:
    """Returns schemas/ of the checkout; raises UsageError for an installed kit, whose verdicts nobody may change."""
    folder = loading.default_folder()
    if folder.parent == Path(loading.__file__).resolve().parents[1]:
        raise UsageError(f"{folder} belongs to an installed kit and is not changed; name a copy of it with --spec DIR")
    return folder
