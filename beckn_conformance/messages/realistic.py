"""Realistic names, numbers, addresses and documents, unique in a run, that satisfy every reading at once."""

from __future__ import annotations

import base64
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence

from ..specification.validators import known_phone

JPEG = base64.b64decode(
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAFA3PEY8MlBGQUZaVVBfeMiCeG5uePWvuZHI//////////////////////////////////////"
    "//////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAAAAAABP/EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8Aa//Z"
)
"""A real JPEG of one pixel."""

STATES = ("KA", "DL", "MH", "TN", "WB", "GJ", "RJ", "UP", "AP", "KL", "PB", "HR", "MP", "OR", "AS", "BR")

SHORTEST, LONGEST = 7, 12
"""Digits of a phone number without country code and extension (Q6)."""
PHONES: Mapping[str, Callable[[str, str], bool]] = {
    "country code of one digit": lambda country, number: len(country) == 1,
    "country code of two digits": lambda country, number: len(country) == 2,
    "country code of three digits": lambda country, number: len(country) == 3,
    "number of ten digits": lambda country, number: len(number) == 10,
    "shorter number": lambda country, number: len(number) == SHORTEST,
    "longer number": lambda country, number: len(number) == LONGEST,
}
"""Predicates for the variants of ``info.phone``."""

EXTENSIONS: Mapping[str, tuple[str, int, int]] = {
    "with extension": ("", 10, 9999),
    "extension of one digit": ("", 1, 9),
    "extension of four digits": ("", 1000, 9999),
    "extension 0": ("", 0, 0),
    "extension that begins with 0": ("0", 1, 999),
}
"""By variant of ``info.phone``, how its extension begins, and the bounds of the number that follows."""
STEP = 15_485_863
"""Distance between two phone numbers; a prime."""
DRAWN_DIGITS = 7
"""Trailing digits of a phone number that are drawn."""
REGIONS = ("IN", "US", "GB", "DE", "FR", "BR", "JP", "ZA", "AU", "MX", "NL", "KE", "SG", "ES", "AE", "IS")
LONG = ("43", "66412")
"""A country code and the beginning of a number that may be of full length."""

NAMES: Mapping[str, Sequence[str]] = {
    "letters": ("{} Metro Rail Corporation", "{} City Bus Service", "Rapid Transit of {}"),
    "digits": ("{} 24 Hour Cabs", "Route 9 {} Shuttle"),
    "full stop": ("St. {} Trams", "{} Ferries Ltd."),
    "ampersand": ("{} & Sons", "Cabs & {}"),
    "apostrophe": ("O'Hara {} Ferries", "{}'s Cabs"),
    "parentheses": ("{} (Transport) Services", "{} Trams (Northern)"),
    "hyphen": ("{}-Nord Tram", "Inter-City {}"),
    "comma": ("{}, Rail and Road", "Boats, Buses and {}"),
    "Latin with accents": ("Société {} de transport à Orléans", "{} Straßenbahn Göttingen", "{} tåg på Öland"),
    "Greek": ("{} Μετρό Αθήνας",),
    "Cyrillic": ("{} метро Київ", "{} трамвай Москва"),
    "Hebrew": ("{} רכבת קלה",),
    "Arabic": ("{} مترو القاهرة", "{} نقل الركاب"),
    "Devanagari": ("{} दिल्ली मेट्रो रेल ९", "{} ठाणे परिवहन सेवा २४"),
    "Bengali": ("{} কলকাতা ট্রাম",),
    "Tamil": ("{} சென்னை பேருந்து",),
    "Thai": ("{} รถไฟฟ้า",),
    "Hangul": ("{} 서울교통공사",),
    "Han": ("{} 東京地下鉄", "{} 北京公交"),
    "beyond the BMP": ("{} 𠮷野鉄道", "{} 𑄌𑄋𑄴𑄟𑄳𑄦"),
    "64 characters": ("{} Interurban Transport Cooperative Society of Operators and Owners of the Region",),
    "long in Devanagari": ("{}" + " दिल्ली मेट्रो रेल परिवहन सेवा" * 3,),
    "two characters": ("{pair}",),
    "angle brackets": ("{} <Metro>",),
    "quotation marks": ('{} "Blue" Line', "{} `Red` Line"),
    "backslash": ("{} North\\South",),
    "symbols": ("{} #1 @ 50%20 + more; really!", "{} Cabs/Vans = 25%41: yes?"),
    "emoji": ("{} Buses 🚌", "{} Metro 🚇🚕"),
}
"""Templates by variant of ``info.name``; ``{}`` takes a word unique in the run, ``{pair}`` two such ideographs."""

FIRST_HAN, HAN = 0x4E00, 20_902
"""The first of so many ideographs, of which two may be a name."""

EMAILS: Mapping[str, str] = {
    "plain": "{word}@example.{top}",
    "with a tag": "office.{word}+gateway@example.{top}",
    "with a dot": "front.office.{word}@example.{top}",
    "with a hyphen": "front-office-{word}@example.{top}",
    "with digits": "{word}24@example.{top}",
    "under a subdomain": "registrar@{word}-transit.example.{top}",
    "under .com": "{word}@example.com",
    "under .org": "{word}@example.org",
    "under .net": "{word}@example.net",
    "64 characters": "registrationsandcorrespondence.{word}@transit-operators.example.{top}",
}
"""Templates by variant of ``info.email``; the last 64 characters are taken."""
URLS: Mapping[str, str] = {
    "one segment": "https://api.{word}.example.{top}/beckn",
    "several segments": "https://api.{word}.example.{top}/mobility/beckn/v1",
    "hyphen in the host": "https://api-{word}.example.{top}/beckn",
    "digits in the host": "https://api2.{word}.example.{top}/beckn",
    "hyphen in the path": "https://api.{word}.example.{top}/beckn-api",
    "capital in the path": "https://api.{word}.example.{top}/Beckn/V1",
    "120 characters": "https://api.{word}.example.{top}/beckn/" + "mobility" * 12,
}
"""Templates by variant of ``api.endpoint_url``; the first 120 characters are taken, fewer than columns often hold."""


class Realistic:
    """Makes realistic values by the kinds that the schemas name. A seed repeats them except for its nonce."""

    def __init__(self, rng: random.Random, seed: int, nonce: int) -> None:
        self._random = rng
        self._nonce = nonce
        self._count = itertools.count()
        self._phones = _phones(random.Random(f"{seed}/{nonce}"))

    def word(self) -> str:
        """Returns a pronounceable word, a new one each time."""
        return syllables((self._nonce ^ 0x5DEECE) % 10**6, 2) + syllables(next(self._count), 3).lower()

    def name(self, variant: str = "letters", word: str | None = None) -> str:
        known = NAMES.get(variant) or self._random.choice([*NAMES.values()])
        return self._random.choice(known).format(word or self.word(), pair=self._pair())[:64].strip()

    def _pair(self) -> str:
        """Returns two ideographs, others each time."""
        one, other = divmod((self._nonce + next(self._count)) % HAN**2, HAN)
        return chr(FIRST_HAN + other) + chr(FIRST_HAN + one)

    def phone(self, variant: str = "without extension") -> str:
        """Returns a number that is valid in its country, of a variant of ``info.phone``."""
        suits = PHONES.get(variant, _any_phone)
        country, number = next(pair for pair in self._phones if suits(*pair))
        if variant not in EXTENSIONS:
            return f"+{country}-{number}"
        start, least, most = EXTENSIONS[variant]
        return f"+{country}-{number}-{start}{self._random.randint(least, most)}"

    def email(self, variant: str = "plain") -> str:
        return self._filled(EMAILS.get(variant, EMAILS["plain"]))[-64:]

    def company_id(self, variant: str = "well-formed") -> str:
        """Returns a Corporate Identification Number of 21 characters."""
        number, nonce = next(self._count), self._nonce
        kind = {"of a listed company": "L", "of an unlisted company": "U"}.get(variant, "LU"[number & 1])
        year = 1956 + number * 7 % 68
        if variant.endswith("century"):
            year = (1956 if "last" in variant else 2001) + number % 20
        nonce, state = divmod(nonce, len(STATES))
        nonce, owner = divmod(nonce, 4)
        nonce, industry = divmod(nonce, 100000)
        serial = (number + nonce) % 1000000
        return f"{kind}{industry:05d}{STATES[state]}{year}{('PTC', 'PLC', 'GOI', 'SGC')[owner]}{serial:06d}"

    def endpoint_url(self, variant: str = "one segment") -> str:
        return self._filled(URLS.get(variant, URLS["one segment"]))[:120]

    def _filled(self, template: str) -> str:
        return template.format(word=self.word().lower(), top=self._random.choice(("com", "org", "net")))

    def document(self, variant: str = "no padding", size: int = 0) -> tuple[str, str]:
        """Returns the name and the base64 of a document, of a variant of its name or data.

        ``size`` is the length of the data in characters, a multiple of four; 0 means as small as possible.
        """
        word = self.word()
        if variant in ("jpg", "jpeg", "JPEG"):
            # It begins at a group of three, so the base64 has both characters that base64url replaces.
            comment = b"\xfb\xef\xbe" + word.encode()
            content = JPEG[:2] + b"\xff\xfe" + (len(comment) + 2).to_bytes(2, "big") + comment + JPEG[2:]
            ending = "jpeg" if variant == "jpeg" else "jpg"
        else:
            content, ending = pdf(word, padded=variant == "padding", size=size // 4 * 3), "pdf"
        title = self._random.choice(("Compliance Certificate", "Operating Permit", "Tax Clearance", "Fleet Insurance"))
        stem = f"{title} {word}"
        if variant == "name of 64 characters":
            stem = f"{stem} {'Annex' * 12}"[:60]
        return f"{stem}.{ending}", base64.b64encode(content).decode()


def _any_phone(country: str, number: str) -> bool:
    return True


def syllables(number: int, least: int) -> str:
    """Returns a capitalised word of open syllables; different numbers give different words."""
    word = ""
    while number or least > 0:
        number, digit = divmod(number, 85)
        word += "bdfghjklmnprstvwz"[digit // 5] + "aeiou"[digit % 5]
        least -= 1
    return word.capitalize()


def pdf(title: str, *, padded: bool = False, size: int = 0) -> bytes:
    """Returns a one-page PDF whose base64 is the same in every alphabet, padded only on request (Q9).

    A comment fills it up to ``size`` bytes, a multiple of three. Of the ASCII in a PDF, only ``>`` as the last of three
    bytes is encoded as ``+``, so each ``>>`` starts a group of three.
    """
    content = _pdf(title, padded=padded)
    filler = 0
    for _ in range(2 if size else 0):
        # The offsets of a longer file take more digits.
        filler = max(filler + size - len(content), 0)
        content = _pdf(title + "x" * filler, padded=padded)
    return content


def _pdf(title: str, *, padded: bool) -> bytes:
    parts = (
        b"<</Type/Catalog/Pages 2 0 R",
        b"<</Type/Pages/Kids[3 0 R]/Count 1",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 72 72]",
    )

    def closed(text: bytes) -> bytes:
        return text + b" " * (-len(text) % 3) + b">>"

    out = b"%PDF-1.4\n%" + title.encode() + b"\n"
    offsets = []
    for number, part in enumerate(parts, 1):
        offsets.append(len(out))
        out = closed(out + b"%d 0 obj" % number + part) + b"endobj\n"
    start = len(out)
    out += b"xref\n0 4\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out = closed(out + b"trailer<</Size 4/Root 1 0 R") + b"\nstartxref\n%d\n%%%%EOF" % start
    return out + b"\n" * ((1 if padded else 0) - len(out) % 3 + 3)


def _phones(rng: random.Random) -> Iterator[tuple[str, str]]:
    """Yields different numbers, valid in their country's numbering plan, as country code and number (Q6)."""
    import phonenumbers

    plans = [LONG]
    for region in REGIONS:
        for kind in (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE):
            example = phonenumbers.example_number_for_type(region, kind)
            if example is not None:
                number = phonenumbers.national_significant_number(example)
                if SHORTEST <= len(number) <= LONGEST and len(f"{example.country_code}{number}") <= 15:
                    plans.append((str(example.country_code), number[:-DRAWN_DIGITS]))
    # A prime step visits every number of a cycle once, so none has to be remembered, and the numbers of two runs, which
    # a gateway may have to keep apart too, hardly ever meet.
    count = len(plans) * 10**DRAWN_DIGITS
    place = rng.randrange(count)
    for _ in range(count):
        place = (place + STEP) % count
        last, plan = divmod(place, len(plans))
        country, stem = plans[plan]
        number = f"{stem}{last:0{DRAWN_DIGITS}d}"
        if known_phone(f"+{country}-{number}"):
            yield country, number
