"""JSON Schema validators with the specification's formats."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, NoReturn

import jsonschema_rs

from ..errors import SpecificationError
from ..untrusted import patterns

BASE = "json-schema:///gateway-registration/"
"""Base of file names, the same as in each ``$id``, so that references resolve anywhere."""


def _plain_name(value: str) -> bool:
    """Accepts letters, marks and digits of any script, single inner spaces and common punctuation, in NFC (Q4)."""
    if not value or value != unicodedata.normalize("NFC", value) or value != value.strip(" ") or "  " in value:
        return False
    return all(c in " .&'()-," or (kind := unicodedata.category(c))[0] in "LM" or kind == "Nd" for c in value)


def _printable_name(value: str) -> bool:
    """Accepts the wider set of names, with other punctuation, symbols and emoji (Q4)."""
    if not value or value != unicodedata.normalize("NFC", value) or value != value.strip() or "  " in value:
        return False
    return all(c == " " or unicodedata.category(c)[0] in "LMNPS" for c in value)


@lru_cache(maxsize=4096)
def known_phone(value: str) -> bool:
    """Accepts numbers that libphonenumber calls valid, with at most fifteen digits before the extension (Q6)."""
    import phonenumbers

    country, _, rest = value.partition("-")
    number = rest.partition("-")[0]
    if len(country) - 1 + len(number) > 15:
        return False
    try:
        parsed = phonenumbers.parse(country + number)
    except phonenumbers.NumberParseException:
        return False
    return str(parsed.country_code) == country[1:] and phonenumbers.is_valid_number(parsed)


def _pdf_or_jpeg(value: str) -> bool:
    """Accepts a PDF or a JPEG in standard base64 (Q9)."""
    import base64
    import binascii

    try:
        content = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        return False
    return content.startswith((b"%PDF-", b"\xff\xd8\xff")) and base64.b64encode(content).decode() == value


FORMATS: dict[str, Callable[..., bool]] = {
    "plain-name": _plain_name,
    "printable-name": _printable_name,
    "known-phone": known_phone,
    "pdf-or-jpeg": _pdf_or_jpeg,
}


def compile_schema(schema: Mapping[str, Any], resources: Mapping[str, Any] | None = None) -> Any:
    """Compiles a schema with jsonschema-rs; references resolve among ``resources`` only.

    Raises SpecificationError for an invalid schema, a reference elsewhere, or a pattern that could take forever.
    """
    registry = None
    try:
        if resources is not None:
            texts = [(BASE + name, content) for name, content in resources.items()]
            registry = jsonschema_rs.Registry(texts, retriever=_elsewhere)
        return jsonschema_rs.Draft202012Validator(
            dict(schema),
            formats=FORMATS,
            validate_formats=True,
            registry=registry,
            retriever=_elsewhere,
            pattern_options=patterns.ENGINE,
        )
    except ValueError as error:
        raise SpecificationError(f"a schema cannot be used: {str(error).splitlines()[0][:300]}") from error


def _elsewhere(uri: str) -> NoReturn:
    """Neither reads nor fetches a reference that leads outside schemas/."""
    raise ValueError(f"{uri} is not among the files of schemas/")
