"""Adds a member, an operation or a reading to a folder of schemas, and says what is left to decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Added:
    """What was written, and what somebody has to decide."""

    written: Sequence[str]
    """Files, each with what is new in it."""
    left: Sequence[str]
