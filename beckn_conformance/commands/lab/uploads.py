"""Takes in files that somebody uploads, within bounds. They are read by child processes only."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Final

from ...untrusted.reading import MB
from .refusals import Invalid

LARGEST: Final = 64 * MB
"""Bytes of an uploaded file."""
CHUNK: Final = MB
PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""Names that are kept, so that the report says which file was judged."""
FORMS: Final = (".har", ".json", ".jsonl", ".yaml", ".yml", ".zip")
"""Endings that matter to those who read the file."""


def save(file: BinaryIO, name: str, folder: Path) -> Path:
    """Writes an uploaded file to an empty private folder and returns its path; ``name`` is what the browser says.

    Raises Invalid for the field ``file``.
    """
    path = folder / _plain(name)
    left = LARGEST
    with path.open("xb") as kept:
        while chunk := file.read(CHUNK):
            left -= len(chunk)
            if left < 0:
                raise Invalid({"file": f"the file is larger than {LARGEST // MB} MB"})
            kept.write(chunk)
    if left == LARGEST:
        raise Invalid({"file": "choose a file that is not empty"})
    return path


def _plain(name: str) -> str:
    """The name itself, or one with its ending if it could be more than a name."""
    last = re.split(r"[/\\]", name)[-1]
    if PLAIN.fullmatch(last):
        return last
    return f"upload{next((ending for ending in FORMS if last.casefold().endswith(ending)), '')}"
