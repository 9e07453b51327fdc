"""Makes stand-ins for private data: values of the same kind, so that a masked record is judged as the run was.

A stand-in is as long as its value, and valid, faulty or unclear in the same way. Equal values have equal stand-ins;
values that differ only in form have stand-ins that differ only in form. A stand-in is made with the key of the run and
reveals only the shape of its value.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import operator
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from ..config.gateway import GatewayConfig
from ..judging.history.form import LONGEST_NORMALISED, decoded, form_of
from ..judging.recogniser import Recogniser
from ..specification import requests
from ..specification.members import Member
from ..specification.specification import Specification
from ..untrusted.patterns import Pattern

Members = Sequence[tuple[Member, Sequence[Pattern]]]
"""All members of requests with one name, each with the patterns of its kinds."""
PRIVATE = {"documents": ("data",), "personal": ("name", "phone", "email", "company_id")}
"""By key of ``mask``, the names of the members that are masked."""
ATTEMPTS = 9
"""Attempts to make a stand-in that no other value has."""
WINDOW = 64
"""Code points in which another letter of the same script is sought."""
MAGIC = 6
"""Characters of the Base64 of a PDF or JPEG by which it is known."""
SPACE = re.compile(r"\s")


class StandIns:
    """Makes stand-ins for one specification and configuration. Processes that share a key make the same ones."""

    def __init__(self, specification: Specification, config: GatewayConfig, key: bytes) -> None:
        self._recogniser = Recogniser(specification, config)
        self._members: dict[str, list[tuple[Member, list[Pattern]]]] = {}
        for operation in specification.operations:
            for member in specification.members(operation.action):
                if member.type == "string":
                    patterns = [
                        pattern
                        for acceptance in requests.acceptances(specification, operation.action)
                        if acceptance.pointer == member.pointer
                        for _, pattern in acceptance.variants
                    ]
                    # Most members are the same in all operations.
                    if (member, patterns) not in (known := self._members.setdefault(member.name, [])):
                        known.append((member, patterns))
        self.names = tuple(name for kind in config.mask for name in PRIVATE[kind])
        """Names of the members whose values are masked."""
        self._key = key
        self._attempts: dict[str, int] = {}
        """By the form of a value, the attempt that made its stand-in."""
        self._taken: dict[str, str] = {}
        """By the form of a stand-in, the form of its value."""

    def knows(self, name: str, value: str) -> bool:
        """True if the schemas name a value of a member, so that it is not private."""
        members = self._members.get(name.casefold(), [])
        return any(value in member.named_faults or value in member.schema.get("examples", ()) for member, _ in members)

    def of(self, name: str, value: str) -> str | None:
        """The stand-in for a value of a member of this name; None if there is none."""
        members = self._members.get(name.casefold(), [])
        is_content = name.casefold() in PRIVATE["documents"]
        made = _document(self._key, value) if is_content else self._text(value, members)
        return made if made != value else None

    def _text(self, value: str, members: Members) -> str:
        # Letters of compatibility have no others of their kind, and some gateways give back plain ones (R10).
        value = unicodedata.normalize("NFKC", value) if _has_compatible(value) else value
        form = form_of(value.strip())
        known = self._attempts.get(form)
        kind = [*self._kind(value, members)]
        made = value

        def fits(text: str) -> bool:
            # The first property already rules out most texts that do not fit.
            return all(map(operator.eq, self._kind(text, members), kind))

        for attempt in range(ATTEMPTS) if known is None else (known,):
            made = self._alike(value, _Other(self._key, form, attempt), fits)
            if self._taken.setdefault(form_of(made.strip()), form) == form:
                self._attempts[form] = attempt
                break
        return made

    def _kind(self, value: str, members: Members) -> Iterator[object]:
        # A gateway may give it back in another form, and what is kept of it has to be the same in each.
        for form in dict.fromkeys((value, value.strip().lower(), value.strip().upper())):
            for member, patterns in members:
                yield self._recogniser.kind_of(member, form)
                yield from (pattern.search(form) for pattern in patterns)

    @staticmethod
    def _alike(value: str, other: _Other, fits: Callable[[str], bool]) -> str:
        """Replaces as many letters and digits of a value as fit, all of them if possible."""
        places = other.places(value)
        if fits(made := other.of(value, places)):
            return made

        def replaced(kept: frozenset[int], places: Sequence[int]) -> frozenset[int]:
            if not places:
                return kept
            if fits(other.of(value, kept.union(places))):
                return kept.union(places)
            if len(places) == 1:
                return kept
            middle = len(places) // 2
            return replaced(replaced(kept, places[middle:]), places[:middle])

        return other.of(value, replaced(frozenset(), places))


class _Other:
    """Draws another letter or digit for each place of a text, regardless of its case and normal form."""

    def __init__(self, key: bytes, form: str, attempt: int) -> None:
        content = f"{attempt} {form}".encode("utf-8", "surrogatepass")
        # Two bytes per letter make all about equally likely.
        self._drawn = hashlib.shake_256(key + content).digest(2 * len(form) + 64)

    def places(self, value: str) -> list[int]:
        """The places of replaceable letters and digits in the composed form of a text."""
        return [place for place, letter in enumerate(_composed(value)) if len(_row(letter)) > 1]

    def of(self, value: str, places: Sequence[int] | frozenset[int]) -> str:
        """Replaces the letters at some places of a value."""
        letters = [*_composed(value)]
        start = len(value) - len(value.lstrip())
        for place in places:
            letters[place] = self._instead(letters[place], place - start)
        made = "".join(letters)
        return made if _composed(value) == value else unicodedata.normalize("NFD", made)

    def _instead(self, letter: str, place: int) -> str:
        row = _row(letter)
        drawn = int.from_bytes(self._drawn[2 * place : 2 * place + 2]) if 0 <= 2 * place < len(self._drawn) else 0
        found = row[drawn % len(row)]
        return found.upper() if letter != letter.lower() else found


def _composed(value: str) -> str:
    """Composes a text that is wholly decomposed."""
    if value.isascii() or len(value) > LONGEST_NORMALISED or unicodedata.normalize("NFD", value) != value:
        return value
    return unicodedata.normalize("NFC", value)


def _has_compatible(value: str) -> bool:
    """Tells whether a text has letters that are compatible with plainer ones."""
    if value.isascii() or len(value) > LONGEST_NORMALISED:
        return False
    return unicodedata.normalize("NFKC", value) != unicodedata.normalize("NFC", value)


@lru_cache(maxsize=4096)
def _row(letter: str) -> str:
    """The letters or digits of the same script, in lower case, that may replace one."""
    if letter.isascii():
        if letter.isdigit():
            return "0123456789"
        return "abcdefghijklmnopqrstuvwxyz" if letter.isalpha() else ""
    low = letter.lower()
    if len(low) != 1 or (low != letter and low.upper() != letter):
        return ""
    kind = unicodedata.category(low)
    if kind[0] != "L" and kind != "Nd":
        return ""
    first = ord(low) & ~(WINDOW - 1)
    near = map(chr, range(first, first + WINDOW))
    return "".join(c for c in near if unicodedata.category(c) == kind and _is_plain(c) and _is_like(c, low))


def _is_plain(letter: str) -> bool:
    return letter == unicodedata.normalize("NFC", letter) == unicodedata.normalize("NFKC", letter) == letter.casefold()


def _is_like(letter: str, other: str) -> bool:
    """True if two letters are alike in having an upper case and in being composed."""
    if (unicodedata.normalize("NFD", letter) == letter) != (unicodedata.normalize("NFD", other) == other):
        return False
    if other.upper() == other:
        return letter.upper() == letter
    return len(letter.upper()) == 1 and letter.upper() != letter and letter.upper().lower() == letter


def _document(key: bytes, value: str) -> str:
    """Base64 of another content of the same type, length and style. Only PDF and JPEG are replaced."""
    try:
        content = decoded(value)
    except (binascii.Error, ValueError):
        return value
    if not content.startswith((b"%PDF", b"\xff\xd8\xff")) or len(content) <= MAGIC:
        return value
    # Hexadecimal digits have the same Base64 in every alphabet.
    drawn = hashlib.shake_256(key + content).hexdigest(len(content) // 2 + 1).encode()
    plain = base64.b64encode(content[:MAGIC] + drawn[: len(content) - MAGIC]).decode()
    made = plain if value.rstrip().endswith("=") else plain.rstrip("=")
    for space in SPACE.finditer(value):
        made = made[: space.start()] + space[0] + made[space.start() :]
    if made == plain and value != base64.b64encode(content).decode():
        # The style differs from the usual one in a way that the stand-in cannot have.
        return plain + "\n"
    return made
