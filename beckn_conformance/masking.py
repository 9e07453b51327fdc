"""Keeps secrets out of everything that is written: the same secret always gets the same mask."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import re
import secrets
from collections.abc import Iterable
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from . import reading
from .exchange import LONGEST_TOKEN
from .shell import Command
from .specification import load, paths

SHORTEST = 6
"""Shorter texts are masked only where they are known to be secret; elsewhere they could be anything."""

LONGEST_WORD = 64
"""Characters of the longest text that may be a word of the kit rather than a secret."""

LONGEST_REMNANT = 12
"""Characters of the beginning of a secret from which on it is masked as well."""

MOST_COMPARED = 200_000
MOST_SEARCHED = 50_000_000
"""Comparisons, and characters searched, for one text that is made of the beginnings of secrets; after them whatever
begins like a secret is masked to its end."""

RUN = re.compile(r"[A-Za-z0-9._~+/=-]{6,}")
"""What tokens look like: in a run of it secrets are found by look-up, however many there are."""


WORD = re.compile(r"(?<![A-Za-z0-9])[A-Za-z0-9]|[^A-Za-z0-9]")
"""Where a secret can begin that stands alone."""

BEGINNING = re.compile(r"(?=([A-Za-z0-9._~+/=-]{6}))(?:[A-Za-z0-9]++|[._~+/=-])")
"""The first characters of everything that could be a secret."""


@lru_cache(maxsize=1)
def _published() -> str:
    """What the kit and the specification say by themselves: no word of it can be a secret."""
    package = Path(__file__).resolve().parent
    files = [*package.rglob("*.py"), *paths(load().folder)]
    return "\n".join(reading.text(file) for file in sorted(files))


@lru_cache(maxsize=1)
def _published_words() -> str:
    """Everything in it that looks like a token, once: much shorter to search."""
    return "\n".join({*RUN.findall(_published())})


def _is_published(text: str) -> bool:
    return all(word in _published_words() for word in RUN.findall(text)) and text in _published()


@lru_cache(maxsize=256)
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


def _digest(key: bytes, secret: str) -> str:
    return hmac.digest(key, secret.encode("utf-8", "replace"), "sha256").hex()[:10]


class Masker:
    """Replaces secrets by masks of a run's own key, so that a mask says nothing of its secret."""

    def __init__(self, known: Iterable[str] = (), *, key: bytes | None = None) -> None:
        self._digest = lru_cache(maxsize=1024)(partial(_digest, key or secrets.token_bytes(16)))
        self._runs: dict[str, str | set[str]] = {}
        """Secrets that look like tokens, by their first characters, which mostly are those of one alone."""
        self._whole: set[str] = set()
        self._others: dict[str, set[str]] = {}
        """The rest, by their first characters."""
        self._stand_ins: dict[str, str] = {}
        self._compared = 0
        self.add(*known)

    def add(self, *values: str) -> None:
        """Declares texts secret."""
        for value in (form for text in values for form in _forms(text)):
            if len(value) < SHORTEST:
                continue
            if RUN.fullmatch(value):
                self._whole.add(value)
                known = self._runs.setdefault(value[:SHORTEST], value)
                if isinstance(known, set):
                    known.add(value)
                elif known != value:
                    self._runs[value[:SHORTEST]] = {known, value}
            else:
                self._others.setdefault(value[:SHORTEST], set()).add(value)

    def learn(self, token: str) -> bool:
        """Declares secret what a gateway gave out as a token; False where it is to be masked nowhere but in its place.

        A gateway that gives out words of the page, or of the kit, would have reports masked beyond reading.
        """
        if not SHORTEST <= len(token) <= LONGEST_TOKEN:
            return False
        if len(token) <= LONGEST_WORD and _is_published(token):
            return False
        self.add(token)
        return True

    def add_document(self, data: str) -> None:
        """Declares the content of a document secret; where it is one of the page's types, its mask is one as well."""
        if not self.learn(data) and len(data) <= LONGEST_TOKEN:
            return
        self.add(data)
        with contextlib.suppress(ValueError):
            if base64.b64decode(data, validate=True).startswith((b"%PDF", b"\xff\xd8\xff")):
                plain = self.mask(data).encode()
                self._stand_ins.setdefault(data, base64.b64encode(b"%PDF-1.4 " + plain[:-1].ljust(30)).decode())

    def knows(self, value: str) -> bool:
        """Whether a text was declared secret."""
        return value in self._whole or value in self._others.get(value[:SHORTEST], ())

    @property
    def secrets(self) -> list[str]:
        """Everything that was declared secret."""
        return [*self._whole, *(secret for secrets in self._others.values() for secret in secrets)]

    def mask(self, value: str) -> str:
        """The mask of one secret."""
        if value in self._stand_ins:
            return self._stand_ins[value]
        return f"<secret {self._digest(value)}>"

    def text(self, text: str, *certain: str) -> str:
        """The text with every secret masked; ``certain`` ones also where they are part of a longer run."""
        if len(text) < SHORTEST or isinstance(text, Command):
            return text
        for secret in certain:
            for value in _forms(secret):
                if len(value) >= SHORTEST and value in text:
                    text = text.replace(value, self.mask(value))
        if self._others:
            text = self._without_others(text)
        # Most texts hold no secret, which their beginnings of words tell fastest.
        if self._runs.keys().isdisjoint(BEGINNING.findall(text)):
            return text
        self._compared = 0
        return RUN.sub(self._run, text)

    def _without_others(self, text: str) -> str:
        places = range(len(text) - SHORTEST + 1)
        begun = self._others.keys() & {text[place : place + SHORTEST] for place in places}
        found = sorted({secret for beginning in begun for secret in tuple(self._others[beginning])}, key=len)
        if len(found) * len(text) > MOST_SEARCHED:
            first = min(text.index(beginning) for beginning in begun)
            return text[:first] + self.mask(text[first:])
        for secret in reversed(found):
            if secret in text:
                text = text.replace(secret, self.mask(secret))
        return text

    def _run(self, found: re.Match[str]) -> str:
        run = found[0]
        if run in self._whole:
            return self.mask(run)
        out: list[str] = []
        start = 0
        for word in WORD.finditer(run):
            place = word.start()
            known = self._runs.get(run[place : place + SHORTEST])
            if place < start or not known:
                continue
            self._compared += 1 if isinstance(known, str) else len(known)
            if self._compared > MOST_COMPARED:
                return "".join(out) + run[start:place] + self.mask(run[place:])
            candidates = (known,) if isinstance(known, str) else tuple(known)
            longest = max((s for s in candidates if _stands_alone(s, run, place)), key=len, default="")
            if longest:
                out += [run[start:place], self.mask(longest)]
                start = place + len(longest)
            elif len(run) - place >= LONGEST_REMNANT and any(s.startswith(run[place:]) for s in candidates):
                # A secret that was cut, as long texts are.
                return "".join(out) + run[start:place] + self.mask(run[place:])
        return "".join(out) + run[start:]

    def value(self, value: Any, *certain: str) -> Any:
        """A JSON value with every secret masked; its keys are the kit's own."""
        if isinstance(value, str):
            return self.text(value, *certain)
        if isinstance(value, dict):
            return {key: self.value(child, *certain) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child, *certain) for child in value]
        return value
