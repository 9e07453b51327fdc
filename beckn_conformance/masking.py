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

RUN = re.compile(r"[A-Za-z0-9._~+/=-]{6,}|[A-Za-z0-9_-]{6,}")
"""What tokens look like: a run of it that is a secret of the run is found by look-up, however many there are."""


class Masker:
    """Replaces secrets by masks of a run's own key, so that a mask says nothing of its secret."""

    def __init__(self, known: Iterable[str] = ()) -> None:
        self._key = secrets.token_bytes(16)
        self._runs: set[str] = set()
        self._others: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*known)

    def add(self, *values: str) -> None:
        """Declares texts secret."""
        for value in values:
            if len(value) < SHORTEST or value in self._runs or value in self._others:
                continue
            if RUN.fullmatch(value):
                self._runs.add(value)
            else:
                self._others.add(value)
                self._pattern = None

    def mask(self, value: str) -> str:
        """The mask of one secret."""
        return f"<secret {hmac.new(self._key, value.encode('utf-8', 'replace'), hashlib.sha256).hexdigest()[:10]}>"

    def text(self, text: str, *certain: str) -> str:
        """The text with every secret masked; ``certain`` ones also where they are part of a longer run."""
        for value in certain:
            if len(value) >= SHORTEST and value in text:
                text = text.replace(value, self.mask(value))
        if self._others:
            if self._pattern is None:
                self._pattern = re.compile("|".join(map(re.escape, sorted(self._others, key=len, reverse=True))))
            text = self._pattern.sub(lambda found: self.mask(found[0]), text)
        return RUN.sub(self._run, text) if self._runs else text

    def _run(self, found: re.Match[str]) -> str:
        run = found[0]
        if run in self._runs:
            return self.mask(run)
        for part in re.split(r"([./=+~]+)", run):
            if part in self._runs:
                run = run.replace(part, self.mask(part))
        return run

    def value(self, value: Any, *certain: str) -> Any:
        """A JSON value with every secret masked, in keys as well."""
        if isinstance(value, str):
            return self.text(value, *certain)
        if isinstance(value, dict):
            return {self.text(key, *certain): self.value(child, *certain) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child, *certain) for child in value]
        return value
