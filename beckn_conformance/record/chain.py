"""The hash chain of a file: each line is hashed together with the hash of all lines before it."""

from __future__ import annotations

import hashlib


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
