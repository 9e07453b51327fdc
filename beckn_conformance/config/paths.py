"""Paths as users type them."""

from __future__ import annotations

import os
from pathlib import Path


def path_of(text: str) -> Path:
    """The path that is meant: a shell leaves the ``~`` of ``--option=~/file`` to the program, and so does YAML."""
    return Path(os.path.expanduser(text))
