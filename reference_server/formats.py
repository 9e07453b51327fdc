"""The formats that the page names, as the gateway checks them by itself."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from urllib.parse import urlsplit

_PHONE = re.compile(r"\+[0-9]{1,3}-[0-9]+(-[0-9]+)?")
_EMAIL = re.compile(r"""[^@\s"<>]+@[^@\s"<>]+""")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}")


def phone(text: str) -> str | None:
    """Return what is wrong with a phone number (§1 Table of Definitions, reading Q6)."""
    if _PHONE.fullmatch(text):
        return None
    return "must have the form +{country code}-{phone number}-{extension}, the extension optional"


def email(text: str) -> str | None:
    """Return what is wrong with an e-mail address (reading Q7)."""
    return None if _EMAIL.fullmatch(text) else "must be an e-mail address"


def url(text: str) -> str | None:
    """Return what is wrong with the URL of an API (reading Q12)."""
    message = "must be an http or https URL"
    try:
        parts = urlsplit(text)
        sound = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        return message
    return None if sound and not re.search(r"\s", text) else message


def timestamp(text: str) -> str | None:
    """Return what is wrong with the time of a request (reading H1)."""
    message = "must be a time in the form 2019-09-13T14:31:54"
    if not _TIME.fullmatch(text):
        return message
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return message
    return None


BY_PLACE: Mapping[tuple[str, ...], Callable[[str], str | None]] = {
    ("info", "phone"): phone,
    ("info", "email"): email,
    ("api", "endpoint_url"): url,
}
"""The check of a text by its place in a body."""
