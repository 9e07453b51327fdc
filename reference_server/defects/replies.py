"""Defects in the values of an ACK that its schema does not tell."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import TypeAlias

from reference_server.message import ADD, GET, SIGNUP, UPDATE
from reference_server.planting import Defect, defect
from reference_server.planting.edits import Change, ascii_only, decomposed, on_items, to
from reference_server.planting.steps import always, fresh, in_ack
from reference_server.registration import PENDING, VERIFIED

Row: TypeAlias = tuple[str, str, Change, str]
"""Name without its operation, pointer, change, and what the operation does."""


def _longer(url: str) -> str:
    return f"{url}/"


def _without_extension(phone: str) -> str:
    return "-".join(phone.split("-")[:2])


def _swapped_data(documents: list[dict[str, str]]) -> list[dict[str, str]]:
    data = [document["data"] for document in reversed(documents)]
    return [{**document, "data": other} for document, other in zip(documents, data, strict=True)]


def _data_by_name(documents: list[dict[str, str]]) -> dict[str, str]:
    return {document["name"]: document["data"] for document in documents}


def _cut(limit: int) -> Change:
    return lambda text: text[:limit]


def _in_bytes(limit: int) -> Change:
    return lambda text: text.encode()[:limit].decode(errors="ignore")


def _without_zeros(phone: str) -> str:
    return re.sub(r"^(\+\d+-\d+-)0+(?=\d)", r"\1", phone)


def _url_safe(data: str) -> str:
    return data.translate(str.maketrans("+/", "-_"))


def _without_tag(email: str) -> str:
    return email.split("+")[0] + email[email.index("@") :] if "+" in email else email


def _but_for_0(text: str) -> str:
    return "" if text == "0" else text


def _without_0(phone: str) -> str:
    return phone.removesuffix("-0")


def _elided(name: str) -> str:
    return name if len(name) <= 64 else f"{name[:60]} ..."


def _mojibake(name: str) -> str:
    return name.encode().decode("latin-1")


def _named_by_id(info: dict[str, str]) -> dict[str, str]:
    return {**info, "name": info["company_id"]}


_ECHOES: dict[str, tuple[Row, ...]] = {
    "ECHO": (
        ("phone-extension-lost", "/info/phone", _without_extension, "drops the extension of the phone"),
        ("name-ascii", "/info/name", ascii_only, "has question marks for letters that are not ASCII"),
        ("name-cut-at-128-bytes", "/info/name", _in_bytes(128), "cuts names at 128 bytes"),
        ("phone-extension-0-lost", "/info/phone", _without_0, "takes the extension 0 for none"),
        ("phone-extension-zeros-lost", "/info/phone", _without_zeros, "reads the extension of a phone as a number"),
        ("name-escaped", "/info/name", html.escape, "has the name escaped for HTML"),
        ("company-id-cut", "/info/company_id", _cut(11), "cuts company ids to eleven characters, like the example"),
        ("email-tag-lost", "/info/email", _without_tag, "drops the tag of an e-mail address"),
        ("email-cut-at-50", "/info/email", _cut(50), "cuts e-mail addresses at 50 characters"),
        ("email-is-company-id", "/info", lambda info: {**info, "email": info["company_id"]}, "mixes two members up"),
    ),
    "ECHO-EXACT": (
        ("name-upper-case", "/info/name", str.upper, "has the name in capitals"),
        ("name-decomposed", "/info/name", decomposed, "has the name in normal form D"),
        ("email-upper-case", "/info/email", str.upper, "has the e-mail address in capitals"),
        ("company-id-lower-case", "/info/company_id", str.lower, "has the company id in lower case"),
    ),
}
"""What each operation that shows info may do to it; of a registration that was never changed, for Provider/get."""

_SIGNUP_ECHOES: dict[str, tuple[Row, ...]] = {
    "ECHO": (
        ("endpoint-url-slash", "/api/endpoint_url", _longer, "has the URL with a slash at its end"),
        ("endpoint-url-origin", "/api/endpoint_url", lambda url: "/".join(url.split("/")[:3]), "cuts the URL's path"),
        ("endpoint-url-cut-at-100", "/api/endpoint_url", _cut(100), "cuts the URL at 100 characters"),
        ("document-name-cut-at-60", "/documents/*/name", _cut(60), "cuts names of documents at 60 characters"),
        ("document-name-cut", "/documents/*/name", lambda name: name.rsplit(".", 1)[0], "cuts extensions of documents"),
        ("data-swapped", "/documents", _swapped_data, "gives two documents each other's data"),
    ),
    "ECHO-EXACT": (
        ("document-data-url-safe", "/documents/*/data", _url_safe, "gives data in the alphabet of base64url"),
        ("document-data-unpadded", "/documents/*/data", lambda data: data.rstrip("="), "gives data without padding"),
        ("document-name-lower-case", "/documents/*/name", str.lower, "has document names in lower case"),
    ),
}
"""The same for what a signup alone sends."""

_VALUES: dict[str, tuple[Row, ...]] = {
    "SIGNUP-LONG-KEPT": (
        ("signup-long-name-cut", "/info/name", _cut(64), "cuts names at 64 characters"),
        ("signup-long-name-elided", "/info/name", _elided, "elides long names"),
        ("signup-long-document-name-cut", "/documents/*/name", _cut(64), "cuts names of documents at 64 characters"),
        ("signup-document-name-mojibake", "/documents/*/name", _mojibake, "takes UTF-8 for Latin-1"),
        ("signup-document-name-escaped", "/documents/*/name", html.escape, "escapes names of documents for HTML"),
        ("signup-name-0-lost", "/info/name", _but_for_0, "takes the name 0 for an empty one"),
        ("signup-long-email-cut", "/info/email", _cut(64), "cuts addresses at 64 characters"),
        ("signup-long-url-cut", "/api/endpoint_url", _cut(64), "cuts URLs at 64 characters"),
    ),
    "DOCUMENTS-KEEPS-REST": (
        ("documents-ack-endpoint-url-slash", "/api/endpoint_url", _longer, "has another URL"),
        ("documents-ack-name-escaped", "/info/name", html.escape, "has the name escaped for HTML"),
        ("documents-ack-phone-extension-lost", "/info/phone", _without_extension, "drops the extension of the phone"),
        ("documents-ack-name-of-company", "/info", _named_by_id, "has the company id in the place of the name"),
    ),
    "UPDATE-KEEPS-REST": (("update-ack-endpoint-url-slash", "/api/endpoint_url", _longer, "has another URL"),),
    "SIGNUP-BODY": (
        ("signup-ack-documents-as-object", "/documents", _data_by_name, "keys documents by name"),
        ("signup-ack-api-as-text", "/api", lambda api: api["endpoint_url"], "has a bare URL as api"),
    ),
    "GET-BODY": (("get-ack-documents-as-count", "/documents", len, "gives the number of documents"),),
    "SIGNUP-EXP-AHEAD": (
        ("signup-exp-past", "/auth/exp", to("2019-09-13T14:31:54Z"), "gives the expiry of the example"),
        ("signup-exp-past-epoch", "/auth/exp", to("1568385114"), "gives a second of 2019"),
        ("signup-exp-past-epoch-milliseconds", "/auth/exp", to("1568385114000"), "gives a millisecond of 2019"),
    ),
    "GET-ID": (
        ("get-id-upper-case", "/registration/id", str.upper, "gives ids in upper case"),
        ("get-id-prefixed", "/registration/id", "BP/{}".format, "gives the id with a prefix"),
    ),
    "UPDATE-ID": (("update-id-cut", "/registration/id", lambda i: i[:-1], "cuts the id"),),
    "DOCUMENTS-ID": (("documents-id-reversed", "/registration/id", lambda i: i[::-1], "has an id of its own"),),
    "SIGNUP-DOCUMENT-STATUS": (
        ("signup-document-status-verified", "/documents/*/status", to(VERIFIED), "verifies documents at once"),
    ),
    "SIGNUP-API-STATUS": (("signup-api-status-verified", "/api/status", to(VERIFIED), "verifies api at once"),),
    "UPDATE-DOCUMENT-STATUS": (
        ("update-document-status-registration", "/documents/*/status", to("UPDATE-PENDING"), "gives documents its own"),
    ),
    "DOCUMENTS-STATUS": (
        ("documents-status-pending-verification", "/registration/status", to(PENDING), f"says {PENDING} of it"),
    ),
    "DOCUMENTS-DOCUMENT-ID": (("documents-document-id-same", "/documents/*/id", to("1"), "numbers all documents 1"),),
}
"""By requirement, what the operation that it begins with may do to one member."""

_ACTIONS = {"SIGNUP": SIGNUP, "GET": GET, "UPDATE": UPDATE, "DOCUMENTS": ADD}


def defects() -> Iterator[Defect]:
    for action, name in ((SIGNUP, "signup"), (UPDATE, "update"), (GET, "get")):
        for ending, rows in _ECHOES.items():
            yield from _echoes(action, name, ending, rows)
        if action != UPDATE:
            for ending, rows in _SIGNUP_ECHOES.items():
                yield from _echoes(action, name, ending, rows)
    for requirement, rows in _VALUES.items():
        action = _ACTIONS[requirement.partition("-")[0]]
        for name, pointer, change, words in rows:
            yield defect(name, requirement, action, pointer, f"{action} {words}", in_ack(action, pointer, change))
    name, requirement = "documents-document-id-positional", "DOCUMENTS-DOCUMENT-ID-STABLE"
    words, install = (
        "documents are numbered from the newest",
        in_ack(ADD, "/documents", on_items(_numbered_backwards)),
    )
    yield defect(name, requirement, ADD, "/documents/*/id", words, install)


def _echoes(action: str, name: str, ending: str, rows: tuple[Row, ...]) -> Iterator[Defect]:
    start, when = ("GET-ROUND-TRIP", fresh) if action == GET else (f"{name.upper()}-ECHO", always)
    for row, pointer, change, words in rows:
        place = "/documents/*/data" if change is _swapped_data else pointer
        requirement, install = f"{start}{ending.removeprefix('ECHO')}", in_ack(action, pointer, change, when)
        yield defect(f"{name}-{row}", requirement, action, place, f"{action} {words}", install, "SIGNUP-DOCUMENTS-KEPT")


def _numbered_backwards(items: list[dict[str, str]]) -> list[dict[str, str]]:
    return [{**item, "id": str(len(items) - number)} for number, item in enumerate(items)]
