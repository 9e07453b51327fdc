"""Keeps secrets out of everything that is written: the same secret always gets the same mask."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

SHORTEST = 6
"""Shorter texts are masked only where they are known to be secret; elsewhere they could be anything."""

RUN = re.compile(r"[A-Za-z0-9._~+/=-]{6,}")
"""What tokens look like: in a run of it secrets are found by look-up, however many there are."""


WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]|[^A-Za-z0-9]")
"""Where a secret can begin that stands alone."""

BEGINNING = re.compile(r"(?=([A-Za-z0-9._~+/=-]{6}))(?:[A-Za-z0-9]++|[._~+/=-])")
"""The first characters of everything that could be a secret."""


@lru_cache(maxsize=1024)
def _forms(text: str) -> tuple[str, ...]:
    """A text as it is, and as it stands within JSON, with and without letters beyond ASCII."""
    return tuple(dict.fromkeys((text, *(json.dumps(text, ensure_ascii=plain)[1:-1] for plain in (True, False)))))


def _stands_alone(secret: str, run: str, place: int) -> bool:
    """Whether a secret is at a place, and not as a part of a longer word or number."""
    end = place + len(secret)
    return (
        run.startswith(secret, place)
        and not (place and run[place - 1].isalnum() and secret[0].isalnum())
        and not (end < len(run) and run[end].isalnum() and secret[-1].isalnum())
    )


class Masker:
    """Replaces secrets by masks of a run's own key, so that a mask says nothing of its secret."""

    def __init__(self, known: Iterable[str] = (), *, key: bytes | None = None) -> None:
        self._key = key or secrets.token_bytes(16)
        self._runs: dict[str, set[str]] = {}
        """Secrets that look like tokens, by their first characters."""
        self._whole: set[str] = set()
        self._others: set[str] = set()
        self._pattern: re.Pattern[str] | None = None
        self.add(*known)

    def add(self, *values: str) -> None:
        """Declares texts secret."""
        for value in (form for text in values for form in _forms(text)):
            if len(value) < SHORTEST or value in self._whole or value in self._others:
                continue
            if RUN.fullmatch(value):
                self._whole.add(value)
                self._runs.setdefault(value[:SHORTEST], set()).add(value)
            else:
                self._others.add(value)
                self._pattern = None

    def knows(self, value: str) -> bool:
        """Whether a text was declared secret."""
        return value in self._whole or value in self._others

    def mask(self, value: str) -> str:
        """The mask of one secret."""
        return f"<secret {hmac.digest(self._key, value.encode('utf-8', 'replace'), 'sha256').hex()[:10]}>"

    def text(self, text: str, *certain: str) -> str:
        """The text with every secret masked; ``certain`` ones also where they are part of a longer run."""
        if len(text) < SHORTEST:
            return text
        for secret in certain:
            for value in _forms(secret):
                if len(value) >= SHORTEST and value in text:
                    text = text.replace(value, self.mask(value))
        if self._others:
            if self._pattern is None:
                self._pattern = re.compile("|".join(map(re.escape, sorted(self._others, key=len, reverse=True))))
            text = self._pattern.sub(lambda found: self.mask(found[0]), text)
        # Most texts hold no secret, which their beginnings of words tell fastest.
        if self._runs.keys().isdisjoint(BEGINNING.findall(text)):
            return text
        return RUN.sub(self._run, text)

    def _run(self, found: re.Match[str]) -> str:
        run = found[0]
        if run in self._whole:
            return self.mask(run)
        out, start = [], 0
        for word in WORD.finditer(run):
            place = word.start()
            candidates = self._runs.get(run[place : place + SHORTEST])
            if place < start or not candidates:
                continue
            longest = max((s for s in candidates if _stands_alone(s, run, place)), key=len, default="")
            if longest:
                out += [run[start:place], self.mask(longest)]
                start = place + len(longest)
        return "".join(out) + run[start:]

    def value(self, value: Any, *certain: str) -> Any:
        """A JSON value with every secret masked, in keys as well."""
        if isinstance(value, str):
            return self.text(value, *certain)
        if isinstance(value, dict):
            return {self.text(key, *certain): self.value(child, *certain) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child, *certain) for child in value]
        return value
