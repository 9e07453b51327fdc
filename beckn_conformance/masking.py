"""Keeps secrets out of everything that is written: the same secret always gets the same mask."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from typing import Any

SHORTEST = 6
"""Shorter texts are masked only where they are known to be secret; elsewhere they could be anything."""


class Masker:
    """Replaces secrets by masks of a run's own key, so that a mask says nothing of its secret."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._key = secrets.token_bytes(16)
        self._secrets: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*known)

    def add(self, *values: str) -> None:
        for value in values:
            if len(value) >= SHORTEST and value not in self._secrets:
                self._secrets.add(value)
                self._pattern = None

    def mask(self, value: str) -> str:
        """The mask of one secret."""
        return f"<secret {hmac.new(self._key, value.encode('utf-8', 'replace'), hashlib.sha256).hexdigest()[:10]}>"

    def text(self, text: str) -> str:
        """The text with every secret masked."""
        if not self._secrets:
            return text
        if self._pattern is None:
            ordered = sorted(self._secrets, key=len, reverse=True)
            self._pattern = re.compile("|".join(map(re.escape, ordered)))
        return self._pattern.sub(lambda found: self.mask(found[0]), text)

    def value(self, value: Any) -> Any:
        """A JSON value with every secret masked, in keys as well."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {self.text(key): self.value(child) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child) for child in value]
        return value
