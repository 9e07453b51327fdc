"""Masks secrets in everything that is written. The same secret always gets the same mask."""

from __future__ import annotations

import contextlib
import hmac
import json
import re
import secrets
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache, partial
from typing import Any

from ..messages.exchange import LONGEST_TOKEN
from ..messages.shell import Command
from ..process import censor
from ..specification.loading import paths, shipped
from ..untrusted import reading
from .escapes import Decoded, is_escaped, undone
from .secret_index import RUN, SHORTEST, SecretIndex, Span, places

LONGEST_WORD = 64
"""Characters of the longest text that may be a word of the specification."""

MOST_DECLARED = 32
"""Declared secrets that are looked for within longer words too. Each takes time."""

JSON_PART = re.compile(r'"((?:[^"\\]|\\.)*+)"|-?[0-9][0-9.eE+-]{5,}+', re.DOTALL)
"""A string of JSON, or a number that is long enough to be a secret."""

HTTP_WORDS = (
    *("Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Retry-After", "Connection"),
    *("Location", "Server", "Cache-Control", "no-cache", "no-store", "keep-alive", "chunked", "close", "identity"),
    *("text/plain", "text/html", "utf-8", "charset=utf-8", "UTF-8", "charset=UTF-8", "http://", "https://", "HTTP/1.1"),
)


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    """The words of the specification and of HTTP. None of them can be a secret."""
    text = "\n".join(reading.text(file) for file in sorted(paths(shipped().folder)))
    runs = {*RUN.findall(text), *HTTP_WORDS, *map(str.lower, HTTP_WORDS)}
    pieces = {piece for run in runs for piece in (run.strip("._~+/=-"), *re.split("[._~+/=-]", run))}
    return frozenset(runs | pieces)


def is_word(text: str) -> bool:
    """Returns True if a text is a word of the specification or of HTTP. To mask those would make reports unreadable."""
    return len(text) <= LONGEST_WORD and text in _words()


def _digest(key: bytes, secret: str) -> str:
    return hmac.digest(key, secret.encode("utf-8", "replace"), "sha256").hex()


class Masker:
    """Replaces secrets by masks that are made with a key of the run, so that a mask reveals nothing.

    Secrets are found as they are, escaped (see ``escapes``) and in Base64. ``declared`` are those of a configuration;
    they are found within longer words, in one case and in hexadecimal digits, too.
    """

    def __init__(self, declared: Iterable[str] = (), *, key: bytes | None = None) -> None:
        self._digest = lru_cache(maxsize=1024)(partial(_digest, key or secrets.token_bytes(16)))
        self._words = _words()
        self._index = SecretIndex()
        self.stand_ins: dict[str, str] = {}
        """Masks of private data."""
        known = [secret for secret in declared if not is_word(secret)]
        self.add(*known)
        self._declared = [
            form
            for secret in known[:MOST_DECLARED]
            for form in self._index.lasting_forms(secret)
            if form.casefold() != secret.casefold() or any(letter.isdecimal() for letter in secret)
        ]
        """Looked for within longer words. A secret without digits is not: it could be part of any word."""
        censor.obey(self)

    def add(self, *values: str) -> None:
        """Declares texts secret."""
        self._index.add(*values)

    def learn(self, token: str) -> bool:
        """Declares a token of the gateway secret; False for one that is masked only where tokens stand.

        Such is a word of the specification: to mask it everywhere would make reports unreadable.
        """
        if not SHORTEST <= len(token) <= LONGEST_TOKEN or is_word(token):
            return False
        self.add(token)
        return True

    def add_private(self, value: str, stand_in: str | None) -> None:
        """Declares private data secret. ``stand_in`` is its mask, if it has one."""
        if not self.learn(value):
            if len(value) <= LONGEST_TOKEN:
                return
            self.add(value)
        if stand_in is not None:
            self.stand_ins.setdefault(value, stand_in)

    def knows(self, value: str) -> bool:
        """Returns True if a text was declared secret."""
        return value in self._index.known

    @property
    def secrets(self) -> list[str]:
        """Everything that was declared secret."""
        return [*self._index.known]

    def mask(self, value: str) -> str:
        """The mask of a secret, in whatever form it is given."""
        secret = self._index.secret_of(value)
        if secret in self.stand_ins:
            return self.stand_ins[secret]
        return f"<secret {self._digest(secret)[:10]}>"

    def text(self, text: str, *certain: str) -> str:
        """Masks every secret in a text. ``certain`` ones are also found within longer words.

        JSON stays JSON: strings are masked one by one, and a number is masked by a number.
        """
        if len(text) < SHORTEST or text in self._words or isinstance(text, Command):
            return text
        spans = _spans(text, partial(self._found, certain=certain))
        if not spans:
            return text
        if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", '"') and _is_json(text):
            return "".join(_masked_json(text, spans, partial(self._masked_part, certain=certain)))
        return _replaced(text, spans, self.mask)

    def _masked_part(self, part: re.Match[str], certain: tuple[str, ...]) -> str:
        if part[1] is not None:
            # A stand-in may hold characters that JSON escapes.
            plain = part[1].isascii()
            spans = _spans(part[1], partial(self._found, certain=certain))
            return f'"{_replaced(part[1], spans, lambda s: json.dumps(self.mask(s), ensure_ascii=plain)[1:-1])}"'
        number = part[0]
        return str(int(self._digest(number)[:9], 16)) if number in self._index.known or number in certain else number

    def name(self, name: str, *certain: str) -> str:
        """Masks the name of a header field. Secrets are found in it in upper or lower case."""
        masked = self.text(name, *certain)
        if masked != name or name in self._words:
            return masked
        for form in (*certain, *self._declared):
            if SHORTEST <= len(form) <= len(name) and (place := name.lower().find(form.lower())) >= 0:
                return name[:place] + self.mask(form) + name[place + len(form) :]
        return name

    def value(self, value: Any, *certain: str) -> Any:
        """Masks every secret in a JSON value. Its keys are the kit's own, and stay."""
        if isinstance(value, str):
            return self.text(value, *certain)
        if isinstance(value, dict):
            return {key: self.value(child, *certain) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child, *certain) for child in value]
        return value

    def _found(self, text: str, certain: tuple[str, ...]) -> list[Span]:
        """Finds the secrets in a text as it is."""
        found = self._index.find(text)
        for forms in (self._declared, *map(self._index.forms, certain)):
            for form in forms:
                if form in text:
                    found += places(form, text)
        return found


def _masked_json(text: str, spans: Iterable[Span], mask: Callable[[re.Match[str]], str]) -> Iterator[str]:
    """Yields JSON with every string and number masked in which a secret was found."""
    last = 0
    parts = iter(JSON_PART.finditer(text))
    part = next(parts, None)
    for start, end, _ in sorted(spans):
        while part is not None and part.end() <= start:
            part = next(parts, None)
        while part is not None and part.start() < end:
            yield text[last : part.start()]
            yield mask(part)
            last = part.end()
            part = next(parts, None)
    yield text[last:]


def _replaced(text: str, spans: Iterable[Span], mask: Callable[[str], str]) -> str:
    """Masks what stands at the spans of a text."""
    out: list[str] = []
    last = 0
    for start, end, secret in sorted(spans, key=lambda span: (span[0], -span[1])):
        if end <= last:
            continue
        out += (text[last:start], mask(secret))
        last = end
    return "".join(out) + text[last:]


def _spans(text: str, find: Callable[[str], list[Span]]) -> list[Span]:
    """Finds where secrets stand in a text, escaped or not."""
    found = find(text)
    if not is_escaped(text):
        return found
    spans: list[Span] = []
    levels: list[Decoded] = []
    for decoded in undone(text):
        # A span is widened to whole escapes, so that none is cut in half.
        spans += (_through(levels, *decoded.widened(start, end), secret) for start, end, secret in found)
        levels.append(decoded)
        found = find(decoded.text)
    spans += (_through(levels, *span) for span in found)
    return spans


def _through(levels: list[Decoded], start: int, end: int, secret: str) -> Span:
    """Maps a span of the last of several texts, each decoded from the one before, to the first."""
    for decoded in reversed(levels):
        start, end = decoded.written(start, end)
    return start, end, secret


def _is_json(text: str) -> bool:
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(text.removeprefix("\ufeff"), parse_int=str, parse_float=str)
        return True
    return False
