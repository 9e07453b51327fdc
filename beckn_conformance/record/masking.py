"""Keeps secrets out of everything that is written: the same secret always gets the same mask."""

from __future__ import annotations

import base64
import contextlib
import hmac
import json
import re
import secrets
import string
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import Any

from ..messages.exchange import LONGEST_TOKEN
from ..messages.shell import Command
from ..process import censor
from ..specification.loading import load, paths
from ..untrusted import reading
from .escapes import Decoded, is_escaped, undone

SHORTEST = 6
"""Shorter texts are masked only where they are known to be secret; elsewhere they could be anything."""

LONGEST_WORD = 64
"""Characters of the longest text that may be a word of the specification rather than a secret."""

LONGEST_REMNANT = 12
"""Characters of the beginning of a secret from which on it is masked as well."""

LONGEST_CODED = 2 * LONGEST_TOKEN
"""Characters of the longest secret that is looked for in Base64 too."""

MOST_CERTAIN = 256
"""Tokens whose forms are remembered, as many as are under way at a time and more."""

MOST_DECLARED = 32
"""Declared secrets that are looked for within longer words too, which takes time for each."""

FEW = 64
"""Beginnings of secrets that are looked for one by one."""

MOST_COMPARED = 200_000
MOST_SEARCHED = 50_000_000
"""Comparisons, and characters searched, for one text that is made of the beginnings of secrets; after them whatever
begins like a secret is masked to its end."""

RUN = re.compile(r"[A-Za-z0-9._~+/=-]{6,}")
"""What tokens look like: by it secrets are found by look-up, however many there are."""

LETTERS = frozenset(string.ascii_letters + string.digits)

BEGINNING = re.compile(r"(?=([A-Za-z0-9._~+/=-]{6}))(?:[A-Za-z0-9]++|[._~+/=-])")
"""The first characters of everything that could be a secret."""
STRETCH = 1 << 20
"""Characters whose beginnings are looked at in one go, so that a long text takes no more memory than a short one."""

CUT = re.compile(r"(?:\\\w{0,5}|%\w?|&[#\w]{0,8})?\s?\Z")
"""The end of a text that was cut, perhaps in the midst of an escape."""

JSON_PART = re.compile(r'"((?:[^"\\]|\\.)*+)"|-?[0-9][0-9.eE+-]{5,}+', re.DOTALL)
"""A string, or a number that is long enough to be a secret."""

HTTP_WORDS = (
    *("Content-Type", "Content-Length", "Content-Encoding", "Transfer-Encoding", "Retry-After", "Connection"),
    *("Location", "Server", "Cache-Control", "no-cache", "no-store", "keep-alive", "chunked", "close", "identity"),
    *("text/plain", "text/html", "utf-8", "charset=utf-8", "UTF-8", "charset=UTF-8", "http://", "https://", "HTTP/1.1"),
)

Span = tuple[int, int, str]
"""Where a secret begins and ends in a text, and which."""


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    """The words of the specification and of HTTP, of which none can be a secret."""
    text = "\n".join(reading.text(file) for file in sorted(paths(load().folder)))
    runs = {*RUN.findall(text), *HTTP_WORDS, *map(str.lower, HTTP_WORDS)}
    pieces = {piece for run in runs for piece in (run.strip("._~+/=-"), *re.split("[._~+/=-]", run))}
    return frozenset(runs | pieces)


def is_word(text: str) -> bool:
    """Whether a text is a word of the specification or of HTTP: masked everywhere, it would make reports unreadable."""
    return len(text) <= LONGEST_WORD and text in _words()


def _rewritten(secret: str) -> list[str]:
    """A secret as it is where spaces are plus signs, and with all escapes undone that it holds itself."""
    forms = [secret.replace(" ", "+")] if " " in secret else []
    forms += [decoded.text for decoded in undone(secret)]
    return [form for form in forms if len(form) >= SHORTEST]


def _coded(secret: str) -> tuple[str, ...]:
    """What of a secret stands in Base64 of a text that holds it, wherever that begins, in both alphabets."""
    octets = secret.encode("utf-8", "surrogatepass")
    codes = []
    for shift in range(3):
        # What the neighbours' bits are mixed into is left out.
        code = base64.b64encode(bytes(shift) + octets).decode().rstrip("=")
        whole = (shift + len(octets)) // 3 * 4
        codes.append(code[4 if shift else 0 : whole])
    return _in_both_alphabets(codes)


def _in_both_alphabets(codes: Iterable[str]) -> tuple[str, ...]:
    codes = [code for code in codes if len(code) >= 2 * SHORTEST]
    return tuple(dict.fromkeys([*codes, *(code.translate({43: "-", 47: "_"}) for code in codes)]))


def _begins_word(text: str, place: int) -> bool:
    return not (place and text[place - 1] in LETTERS and text[place] in LETTERS)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a part of a text is not one of a longer word or number."""
    return _begins_word(text, start) and (end >= len(text) or _begins_word(text, end))


def _digest(key: bytes, secret: str) -> str:
    return hmac.digest(key, secret.encode("utf-8", "replace"), "sha256").hex()


class Masker:
    """Replaces secrets by masks of a run's own key, so that a mask says nothing of its secret.

    Secrets are found however they are written: as they are, escaped (see ``escapes``), and in Base64. ``declared`` are
    those of a configuration, which are found within longer words too.
    """

    def __init__(self, declared: Iterable[str] = (), *, key: bytes | None = None) -> None:
        self._digest = lru_cache(maxsize=1024)(partial(_digest, key or secrets.token_bytes(16)))
        self._words = _words()
        self._known: set[str] = set()
        self._runs: dict[str, str | dict[int, set[str]]] = {}
        """Secrets that look like tokens, by their first characters, which mostly are those of one alone, and length."""
        self._anchored: dict[str, dict[tuple[int, int], set[str]]] = {}
        """Those of which a part looks like one, by the first characters of that, its place, and their length."""
        self._odd: dict[str, set[str]] = {}
        """The rest, by their first characters."""
        self._stand_ins: dict[str, str] = {}
        self._meant: dict[str, str] = {}
        """Other forms of secrets that are looked for, and what they are forms of."""
        self._certain: dict[str, tuple[str, ...]] = {}
        known = [secret for secret in declared if not is_word(secret)]
        self.add(*known)
        self._declared = [
            form
            for secret in known[:MOST_DECLARED]
            for form in self._forms(secret)
            if form != secret or any(letter.isdecimal() for letter in secret)
        ]
        """What is looked for within longer words; a secret without digits could be a part of any."""
        censor.obey(self)

    def _forms(self, secret: str) -> tuple[str, ...]:
        """A secret, as it is written where spaces are plus signs, what is left of it once escapes are undone that it
        holds itself, and in Base64."""
        known = self._certain.get(secret)
        if known is not None:
            return known
        if len(self._certain) >= MOST_CERTAIN:
            self._certain.clear()
        forms = _rewritten(secret)
        if len(secret) <= LONGEST_CODED:
            forms += _coded(secret)
        self._meant.update((form, secret) for form in forms if form not in self._known)
        found = (secret, *dict.fromkeys(forms)) if len(secret) >= SHORTEST else ()
        self._certain[secret] = found
        return found

    def add(self, *values: str) -> None:
        """Declares texts secret."""
        for value in values:
            if len(value) < SHORTEST or value in self._known:
                continue
            self._known.add(value)
            self._keep(value)
            forms = _rewritten(value)
            if len(value) <= LONGEST_CODED:
                code = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode().rstrip("=")
                forms += _in_both_alphabets([code])
            for form in forms:
                self._meant[form] = value
                self._keep(form)

    def _keep(self, form: str) -> None:
        """Makes a form of a secret be looked for."""
        found = max(RUN.finditer(form), key=lambda run: run.end() - run.start(), default=None)
        if found is None:
            self._odd.setdefault(form[:SHORTEST], set()).add(form)
            return
        key = found[0][:SHORTEST]
        if found[0] != form:
            self._anchored.setdefault(key, {}).setdefault((found.start(), len(form)), set()).add(form)
            return
        known = self._runs.setdefault(key, form)
        if known == form:
            return
        if isinstance(known, str):
            known = self._runs[key] = {len(known): {known}}
        known.setdefault(len(form), set()).add(form)

    def learn(self, token: str) -> bool:
        """Declares secret what a gateway gave out as a token; False where it is to be masked nowhere but in its place.

        A gateway that gives out words of the specification would have reports masked beyond reading.
        """
        if not SHORTEST <= len(token) <= LONGEST_TOKEN or is_word(token):
            return False
        self.add(token)
        return True

    def add_private(self, value: str, stand_in: str | None) -> None:
        """Declares private data secret; where something is to stand in its place, that is its mask."""
        if not self.learn(value):
            if len(value) <= LONGEST_TOKEN:
                return
            self.add(value)
        if stand_in is not None:
            self._stand_ins.setdefault(value, stand_in)

    def knows(self, value: str) -> bool:
        """Whether a text was declared secret."""
        return value in self._known

    @property
    def secrets(self) -> list[str]:
        """Everything that was declared secret."""
        return [*self._known]

    def mask(self, value: str) -> str:
        """The mask of one secret, however it is written."""
        secret = value if value in self._known else self._meant.get(value, value)
        if secret in self._stand_ins:
            return self._stand_ins[secret]
        return f"<secret {self._digest(secret)[:10]}>"

    def text(self, text: str, *certain: str) -> str:
        """The text with every secret masked; ``certain`` ones also where they are part of a longer word.

        JSON stays JSON, and but for the masks the same: only strings are masked, each by itself, and a number by one.
        """
        if len(text) < SHORTEST or text in self._words or isinstance(text, Command):
            return text
        spans = self._spans(text, certain)
        if not spans:
            return text
        if text.lstrip("\ufeff \t\r\n")[:1] in ("{", "[", '"') and _is_json(text):
            return "".join(self._masked_json(text, spans, certain))
        return self._masked(text, spans)

    def _masked_json(self, text: str, spans: Iterable[Span], certain: tuple[str, ...]) -> Iterator[str]:
        """The strings and numbers of JSON in which anything was found, each masked by itself, and what lies between."""
        last = 0
        parts = iter(JSON_PART.finditer(text))
        part = next(parts, None)
        for start, end, _ in sorted(spans):
            while part is not None and part.end() <= start:
                part = next(parts, None)
            while part is not None and part.start() < end:
                yield text[last : part.start()]
                yield self._masked_part(part, certain)
                last = part.end()
                part = next(parts, None)
        yield text[last:]

    def _masked_part(self, part: re.Match[str], certain: tuple[str, ...]) -> str:
        if part[1] is not None:
            # What stands for private data may hold what a string of JSON has to escape.
            plain = part[1].isascii()
            spans = self._spans(part[1], certain)
            return f'"{self._masked(part[1], spans, lambda mask: json.dumps(mask, ensure_ascii=plain)[1:-1])}"'
        number = part[0]
        return str(int(self._digest(number)[:9], 16)) if number in self._known or number in certain else number

    def name(self, name: str, *certain: str) -> str:
        """The name of a header field, masked; secrets are found in it whatever has become of their upper case."""
        masked = self.text(name, *certain)
        if masked != name:
            return masked
        for form in (*certain, *self._declared):
            if SHORTEST <= len(form) <= len(name) and (place := name.lower().find(form.lower())) >= 0:
                return name[:place] + self.mask(form) + name[place + len(form) :]
        return name

    def value(self, value: Any, *certain: str) -> Any:
        """A JSON value with every secret masked; its keys are the kit's own."""
        if isinstance(value, str):
            return self.text(value, *certain)
        if isinstance(value, dict):
            return {key: self.value(child, *certain) for key, child in value.items()}
        if isinstance(value, list | tuple):
            return [self.value(child, *certain) for child in value]
        return value

    def _masked(self, text: str, spans: list[Span], write: Callable[[str], str] = str) -> str:
        out: list[str] = []
        last = 0
        for start, end, secret in sorted(spans, key=lambda span: (span[0], -span[1])):
            if end <= last:
                continue
            out += (text[last:start], write(self.mask(secret)))
            last = end
        return "".join(out) + text[last:]

    def _spans(self, text: str, certain: tuple[str, ...]) -> list[Span]:
        """Where secrets stand in a text, in whatever writing."""
        found = self._found(text, certain)
        if not is_escaped(text):
            return found
        spans: list[Span] = []
        levels: list[Decoded] = []
        for decoded in undone(text):
            # What was found stands for what it is found in, so no escape is left in halves.
            spans += (_through(levels, *decoded.widened(start, end), secret) for start, end, secret in found)
            levels.append(decoded)
            found = self._found(decoded.text, certain)
        spans += (_through(levels, *span) for span in found)
        return spans

    def _found(self, text: str, certain: tuple[str, ...]) -> list[Span]:
        """Where secrets stand in a text as it is."""
        spans: list[Span] = []
        for form in self._declared:
            if form in text:
                spans += _all(form, text)
        for secret in certain:
            for form in self._forms(secret):
                if form in text:
                    spans += _all(form, text)
        if self._odd:
            spans += self._found_odd(text)
        # Most texts hold no secret, which their beginnings of words tell fastest.
        for start in range(0, len(text), STRETCH):
            beginnings = BEGINNING.findall(text, start, start + STRETCH + SHORTEST)
            if not self._runs.keys().isdisjoint(beginnings) or not self._anchored.keys().isdisjoint(beginnings):
                spans += self._found_by_index(text)
                break
        return spans

    def _found_odd(self, text: str) -> Iterator[Span]:
        odd = self._odd
        begun = {*odd}
        if len(odd) > FEW:
            begun = {start for place in range(len(text)) if (start := text[place : place + SHORTEST]) in odd}
        found = [secret for start in begun for secret in odd[start]]
        if len(found) * len(text) > MOST_SEARCHED:
            first = min((place for start in begun if (place := text.find(start)) >= 0), default=len(text))
            if first < len(text):
                yield first, len(text), text[first:]
            return
        for secret in found:
            if secret in text:
                yield from _all(secret, text)

    def _found_by_index(self, text: str) -> Iterator[Span]:
        compared = end_of_run = last = 0
        for found in BEGINNING.finditer(text):
            key, place = found[1], found.start()
            runs, anchored = self._runs.get(key), self._anchored.get(key)
            if place < last or not (runs or anchored):
                continue
            if place >= end_of_run:
                run = RUN.match(text, place)
                assert run is not None
                end_of_run = run.end()
                if run[0] in self._known or run[0] in self._meant:
                    yield place, end_of_run, run[0]
                    last = end_of_run
                    continue
            by_length = {len(runs): {runs}} if isinstance(runs, str) else runs or {}
            compared += len(by_length) + len(anchored or ())
            spans = _runs(text, place, end_of_run, by_length)
            if anchored:
                spans += _anchored(text, place, anchored)
            if not spans and LONGEST_REMNANT <= end_of_run - place <= LONGEST_TOKEN and _begins_word(text, place):
                # A secret that was cut, as long texts are.
                part = text[place:end_of_run]
                compared += (few := sum(map(len, by_length.values())))
                if few and any(secret.startswith(part) for same in by_length.values() for secret in same):
                    spans.append((place, end_of_run, part))
            if compared > MOST_COMPARED:
                yield place, len(text), text[place:]
                return
            if spans:
                best = max(spans, key=lambda span: span[1])
                yield best
                last = best[1]


def _runs(text: str, place: int, end_of_run: int, by_length: Mapping[int, set[str]]) -> list[Span]:
    """Secrets at a place that look like tokens, and stand alone."""
    return [
        (place, place + length, part)
        for length, secrets in by_length.items()
        if place + length <= end_of_run
        and (part := text[place : place + length]) in secrets
        and _stands_alone(text, place, place + length)
    ]


def _anchored(text: str, place: int, anchored: Mapping[tuple[int, int], set[str]]) -> list[Span]:
    """Secrets about a place that hold more than a token does; also the beginning of one that was cut."""
    spans = []
    cut = text.find("…", place)
    for (offset, length), known in anchored.items():
        start = place - offset
        if start < 0:
            continue
        if (part := text[start : start + length]) in known:
            spans.append((start, start + length, part))
        elif LONGEST_REMNANT <= cut - start < length + LONGEST_REMNANT:
            part = CUT.sub("", text[start:cut])
            if len(part) >= LONGEST_REMNANT and any(secret.startswith(part) for secret in known):
                spans.append((start, cut, part))
    return spans


def _all(secret: str, text: str) -> Iterator[Span]:
    """Every place of a secret in a text."""
    place = text.find(secret)
    while place >= 0:
        yield place, place + len(secret), secret
        place = text.find(secret, place + len(secret))


def _through(levels: list[Decoded], start: int, end: int, secret: str) -> Span:
    """Where what stands in the last of texts, each decoded from the one before, stands in the first."""
    for decoded in reversed(levels):
        start, end = decoded.written(start, end)
    return start, end, secret


def _is_json(text: str) -> bool:
    with contextlib.suppress(ValueError, RecursionError):
        json.loads(text.removeprefix("\ufeff"), parse_int=str, parse_float=str)
        return True
    return False
