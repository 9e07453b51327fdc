"""The chain of a file's lines: each is hashed together with the hash of all lines before it."""

from __future__ import annotations

import hashlib
from pathlib import Path


class Chain:
    """Follows a file line by line."""

    def __init__(self) -> None:
        self._link = b""

    def add(self, line: bytes) -> None:
        self._link = hashlib.sha256(self._link + line).digest()

    @property
    def end(self) -> str:
        """The hash of the last line, in hexadecimal digits; empty where there was none."""
        return self._link.hex()


def end_of(path: Path) -> str:
    """The end of the chain of a file; raises OSError where it cannot be read."""
    chain = Chain()
    with path.open("rb") as lines:
        for line in lines:
            chain.add(line)
    return chain.end
