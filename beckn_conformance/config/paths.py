"""Reads paths as users type them."""

from __future__ import annotations

import os
from pathlib import Path


def path_of(text: str) -> Path:
    """Expands ``~``, which neither a shell does in ``--option=~/file`` nor YAML."""
    return Path(os.path.expanduser(text))
