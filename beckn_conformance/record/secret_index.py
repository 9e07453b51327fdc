"""Finds secrets in texts in any form, however many secrets there are."""

from __future__ import annotations

import base64
import re
import string
import threading
from collections.abc import Iterable, Iterator, Mapping

from ..messages.exchange import LONGEST_TOKEN
from .escapes import undone

SHORTEST = 6
"""Characters of the shortest text that is looked for. Shorter ones could be anything."""

LONGEST_REMNANT = 12
"""Characters of the shortest beginning of a secret that is masked, too."""

LONGEST_CODED = 2 * LONGEST_TOKEN
"""Characters of the longest secret that is also looked for in Base64."""

MOST_CERTAIN = 256
"""Tokens whose forms are cached, more than are in use at a time."""

FEW = 64
"""Up to so many beginnings of secrets are searched for one by one."""

MOST_COMPARED = 200_000
MOST_SEARCHED = 50_000_000
"""Comparisons, and characters searched, for one text. After that, the text is masked from the first beginning of a
secret to its end."""

RUN = re.compile(r"[A-Za-z0-9._~+/=-]{6,}")
"""What tokens look like. Such secrets are found by look-up, however many there are."""

LETTERS = frozenset(string.ascii_letters + string.digits)

BEGINNING = re.compile(r"(?=([A-Za-z0-9._~+/=-]{6}))(?:[A-Za-z0-9]++|[._~+/=-])")
"""The first characters of anything that could be a secret."""
STRETCH = 1 << 20
"""Characters that are scanned at a time, so that a long text takes no more memory than a short one."""

CUT = re.compile(r"(?:\\\w{0,5}|%\w?|&[#\w]{0,8})?\s?\Z")
"""The end of a cut text, perhaps in the middle of an escape."""

Span = tuple[int, int, str]
"""Start, end and text of a secret within a text."""


class SecretIndex:
    """The secrets that are known, kept so that a text is searched for all of them at once.

    The thread that records exchanges adds tokens while another masks texts.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self.known: set[str] = set()
        self._runs: dict[str, str | dict[int, set[str]]] = {}
        """Secrets that look like tokens, by their first characters, and by length if several share those."""
        self._anchored: dict[str, dict[tuple[int, int], set[str]]] = {}
        """Secrets of which a part looks like a token: by its first characters, its place, and the secret's length."""
        self._odd: dict[str, set[str]] = {}
        """All other secrets, by their first characters."""
        self._meant: dict[str, str] = {}
        """Other forms of secrets, each with its secret."""
        self._certain: dict[str, tuple[str, ...]] = {}
        """Forms of the secrets that were in use last."""

    def secret_of(self, form: str) -> str:
        """The secret that a text is, or is a form of; the text itself if it is none."""
        with self._lock:
            if form in self.known or form in self._meant:
                return self._meant.get(form, form)
            # Parts of the Base64 of those in use are not kept, for there are too many.
            return next((secret for secret, forms in self._certain.items() if form in forms), form)

    def forms(self, secret: str) -> tuple[str, ...]:
        """A secret as it is, with plus signs for spaces, with its own escapes undone, and in Base64."""
        with self._lock:
            found = self._certain.pop(secret, None)
            if found is None:
                forms = _rewritten(secret)
                if len(secret) <= LONGEST_CODED:
                    forms += _coded(secret)
                found = (secret, *dict.fromkeys(forms)) if len(secret) >= SHORTEST else ()
                if len(self._certain) >= MOST_CERTAIN:
                    del self._certain[next(iter(self._certain))]
            # Those used last stand last.
            self._certain[secret] = found
            return found

    def lasting_forms(self, secret: str) -> tuple[str, ...]:
        """The forms of a secret that is in use for all of the run, also in one case and in hexadecimal digits."""
        code = secret.encode("utf-8", "surrogatepass").hex()
        others = (secret.upper(), secret.lower(), code, code.upper()) if len(secret) >= SHORTEST else ()
        forms = tuple(dict.fromkeys((*self.forms(secret), *others)))
        self._meant.update((form, secret) for form in forms if form not in self.known)
        return forms

    def add(self, *values: str) -> None:
        """Declares texts secret."""
        for value in values:
            if len(value) >= SHORTEST:
                with self._lock:
                    self._add(value)

    def _add(self, value: str) -> None:
        if value in self.known:
            return
        self.known.add(value)
        self._keep(value)
        forms = _rewritten(value)
        if len(value) <= LONGEST_CODED:
            code = base64.b64encode(value.encode("utf-8", "surrogatepass")).decode().rstrip("=")
            forms += _in_both_alphabets([code])
        for form in forms:
            self._meant[form] = value
            self._keep(form)

    def _keep(self, form: str) -> None:
        """Adds a form of a secret to the index."""
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

    def find(self, text: str) -> list[Span]:
        """Returns where secrets stand in a text, as it is."""
        with self._lock:
            return [*self._find(text)]

    def _find(self, text: str) -> Iterator[Span]:
        if self._odd:
            yield from self._find_odd(text)
        # Most texts hold no secret. The beginnings of their words show that fastest.
        for start in range(0, len(text), STRETCH):
            beginnings = BEGINNING.findall(text, start, start + STRETCH + SHORTEST)
            if not self._runs.keys().isdisjoint(beginnings) or not self._anchored.keys().isdisjoint(beginnings):
                yield from self._find_in_runs(text)
                return

    def _find_odd(self, text: str) -> Iterator[Span]:
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
                yield from places(secret, text)

    def _find_in_runs(self, text: str) -> Iterator[Span]:
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
                if run[0] in self.known or run[0] in self._meant:
                    yield place, end_of_run, run[0]
                    last = end_of_run
                    continue
            by_length = {len(runs): {runs}} if isinstance(runs, str) else runs or {}
            compared += len(by_length) + len(anchored or ())
            spans = _runs(text, place, end_of_run, by_length)
            if anchored:
                spans += _anchored(text, place, anchored)
            if not spans and LONGEST_REMNANT <= end_of_run - place <= LONGEST_TOKEN and _begins_word(text, place):
                # A cut secret, since long texts are cut.
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


def _rewritten(secret: str) -> list[str]:
    """A secret with plus signs for spaces, and with its own escapes undone."""
    forms = [secret.replace(" ", "+")] if " " in secret else []
    forms += [decoded.text for decoded in undone(secret)]
    return [form for form in forms if len(form) >= SHORTEST]


def _coded(secret: str) -> tuple[str, ...]:
    """The parts of Base64 that any text with the secret has, at each offset and in both alphabets."""
    octets = secret.encode("utf-8", "surrogatepass")
    codes = []
    for shift in range(3):
        # Characters that mix in bits of neighbours are left out.
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
    """True if a part of a text is not part of a longer word or number."""
    return _begins_word(text, start) and (end >= len(text) or _begins_word(text, end))


def _runs(text: str, place: int, end_of_run: int, by_length: Mapping[int, set[str]]) -> list[Span]:
    """Secrets at a place that look like tokens and stand alone."""
    return [
        (place, place + length, part)
        for length, secrets in by_length.items()
        if place + length <= end_of_run
        and (part := text[place : place + length]) in secrets
        and _stands_alone(text, place, place + length)
    ]


def _anchored(text: str, place: int, anchored: Mapping[tuple[int, int], set[str]]) -> list[Span]:
    """Secrets around a place of which a part looks like a token; also the beginning of a cut one."""
    spans = []
    # A cut that matters is near, and a text may have none.
    cut = text.find("…", place, place + max(length for _, length in anchored) + LONGEST_REMNANT)
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


def places(secret: str, text: str) -> Iterator[Span]:
    """Yields every place of a secret in a text."""
    place = text.find(secret)
    while place >= 0:
        yield place, place + len(secret), secret
        place = text.find(secret, place + len(secret))
