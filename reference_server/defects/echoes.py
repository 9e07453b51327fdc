"""Defects in the values of an ACK: other ones than those that were sent."""

from __future__ import annotations

import html
from collections.abc import Iterator

from reference_server.defects.defect import Defect
from reference_server.defects.rows import Row, of_members
from reference_server.edits import ascii_only, decomposed, in_ack
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Reply, Request
from reference_server.registration import PENDING


def _fresh(request: Request, reply: Reply) -> bool:
    """Concern registrations that were never changed: later ones have requirements of their own."""
    status = reply.body["registration"]["status"]
    return bool(status == PENDING)


def _without_extension(phone: str) -> str:
    return "-".join(phone.split("-")[:2])


def _swapped_data(documents: list[dict[str, str]]) -> list[dict[str, str]]:
    data = [document["data"] for document in reversed(documents)]
    return [{**document, "data": other} for document, other in zip(documents, data, strict=True)]


def _longer(url: str) -> str:
    return f"{url}/"


_SIGNUP_ECHOES: tuple[Row, ...] = (
    (
        "signup-phone-extension-lost",
        "SIGNUP-ECHO",
        SIGNUP,
        "/info/phone",
        _without_extension,
        "a signup's reply drops the extension of the phone",
    ),
    (
        "signup-name-ascii",
        "SIGNUP-ECHO",
        SIGNUP,
        "/info/name",
        ascii_only,
        "a signup's reply has question marks for letters that are not ASCII",
    ),
    (
        "signup-name-escaped",
        "SIGNUP-ECHO",
        SIGNUP,
        "/info/name",
        html.escape,
        "a signup's reply has the name escaped for HTML",
    ),
    (
        "signup-company-id-cut",
        "SIGNUP-ECHO",
        SIGNUP,
        "/info/company_id",
        lambda identity: identity[:11],
        "company ids have eleven characters, like the example",
    ),
    (
        "signup-email-tag-lost",
        "SIGNUP-ECHO",
        SIGNUP,
        "/info/email",
        lambda email: email.split("+")[0] + email[email.index("@") :] if "+" in email else email,
        "a signup's reply drops the tag of an e-mail address",
    ),
    (
        "signup-endpoint-url-slash",
        "SIGNUP-ECHO",
        SIGNUP,
        "/api/endpoint_url",
        _longer,
        "a signup's reply has the URL with a slash at its end",
    ),
    (
        "signup-document-name-without-extension",
        "SIGNUP-ECHO",
        SIGNUP,
        "/documents/*/name",
        lambda name: name.rsplit(".", 1)[0],
        "a signup's reply gives documents without their extension",
    ),
    (
        "signup-document-data-unpadded",
        "SIGNUP-ECHO-EXACT",
        SIGNUP,
        "/documents/*/data",
        lambda data: data.rstrip("="),
        "a signup's reply gives data without its padding",
    ),
    (
        "signup-name-upper-case",
        "SIGNUP-ECHO-EXACT",
        SIGNUP,
        "/info/name",
        str.upper,
        "a signup's reply has the name in capitals",
    ),
    (
        "signup-name-decomposed",
        "SIGNUP-ECHO-EXACT",
        SIGNUP,
        "/info/name",
        decomposed,
        "a signup's reply has the name in normal form D",
    ),
    (
        "signup-company-id-padded",
        "SIGNUP-ECHO-EXACT",
        SIGNUP,
        "/info/company_id",
        "{} ".format,
        "a signup's reply pads the company id to its column",
    ),
    (
        "signup-document-name-lower-case",
        "SIGNUP-ECHO-EXACT",
        SIGNUP,
        "/documents/*/name",
        str.lower,
        "a signup's reply has document names in lower case",
    ),
    (
        "signup-long-name-cut",
        "SIGNUP-LONG-KEPT",
        SIGNUP,
        "/info/name",
        lambda name: name[:64],
        "a signup's reply cuts names at 64 characters",
    ),
    (
        "signup-long-name-elided",
        "SIGNUP-LONG-KEPT",
        SIGNUP,
        "/info/name",
        lambda name: name if len(name) <= 64 else f"{name[:60]} ...",
        "a signup's reply elides long names",
    ),
    (
        "signup-long-email-cut",
        "SIGNUP-LONG-KEPT",
        SIGNUP,
        "/info/email",
        lambda email: email[:64],
        "a signup's reply cuts e-mail addresses at 64 characters",
    ),
    (
        "signup-long-url-cut",
        "SIGNUP-LONG-KEPT",
        SIGNUP,
        "/api/endpoint_url",
        lambda url: url[:64],
        "a signup's reply cuts URLs at 64 characters",
    ),
)

_GET_ECHOES: tuple[Row, ...] = (
    (
        "get-phone-extension-lost",
        "GET-ROUND-TRIP",
        GET,
        "/info/phone",
        _without_extension,
        "Provider/get drops the extension of the phone",
    ),
    (
        "get-name-ascii",
        "GET-ROUND-TRIP",
        GET,
        "/info/name",
        ascii_only,
        "Provider/get has question marks for letters that are not ASCII",
    ),
    (
        "get-name-escaped",
        "GET-ROUND-TRIP",
        GET,
        "/info/name",
        html.escape,
        "Provider/get has the name escaped for HTML",
    ),
    (
        "get-endpoint-url-without-path",
        "GET-ROUND-TRIP",
        GET,
        "/api/endpoint_url",
        lambda url: "/".join(url.split("/")[:3]),
        "Provider/get gives the origin of the URL only",
    ),
    (
        "get-email-is-company-id",
        "GET-ROUND-TRIP",
        GET,
        "/info",
        lambda info: {**info, "email": info["company_id"]},
        "Provider/get gives the company id in the place of the e-mail address",
    ),
    (
        "get-email-upper-case",
        "GET-ROUND-TRIP-EXACT",
        GET,
        "/info/email",
        str.upper,
        "Provider/get has the e-mail address in capitals",
    ),
    (
        "get-company-id-lower-case",
        "GET-ROUND-TRIP-EXACT",
        GET,
        "/info/company_id",
        str.lower,
        "Provider/get has the company id in lower case",
    ),
    (
        "get-name-padded",
        "GET-ROUND-TRIP-EXACT",
        GET,
        "/info/name",
        " {}".format,
        "Provider/get pads the name",
    ),
    (
        "get-name-decomposed",
        "GET-ROUND-TRIP-EXACT",
        GET,
        "/info/name",
        decomposed,
        "Provider/get has the name in normal form D",
    ),
)

_UPDATE_ECHOES: tuple[Row, ...] = (
    (
        "update-phone-extension-lost",
        "UPDATE-ECHO",
        UPDATE,
        "/info/phone",
        _without_extension,
        "an update's reply drops the extension of the phone",
    ),
    (
        "update-name-ascii",
        "UPDATE-ECHO",
        UPDATE,
        "/info/name",
        ascii_only,
        "an update's reply has question marks for letters that are not ASCII",
    ),
    (
        "update-company-id-prefixed",
        "UPDATE-ECHO",
        UPDATE,
        "/info/company_id",
        "CIN:{}".format,
        "an update's reply has the company id with a prefix",
    ),
    (
        "update-email-upper-case",
        "UPDATE-ECHO-EXACT",
        UPDATE,
        "/info/email",
        str.upper,
        "an update's reply has the e-mail address in capitals",
    ),
    (
        "update-name-padded",
        "UPDATE-ECHO-EXACT",
        UPDATE,
        "/info/name",
        "{} ".format,
        "an update's reply pads the name",
    ),
    (
        "update-name-decomposed",
        "UPDATE-ECHO-EXACT",
        UPDATE,
        "/info/name",
        decomposed,
        "an update's reply has the name in normal form D",
    ),
)

_REST: tuple[Row, ...] = (
    (
        "documents-ack-endpoint-url-slash",
        "DOCUMENTS-KEEPS-REST",
        ADD,
        "/api/endpoint_url",
        _longer,
        "an addition's reply has another URL",
    ),
    (
        "documents-ack-name-of-company",
        "DOCUMENTS-KEEPS-REST",
        ADD,
        "/info",
        lambda info: {**info, "name": info["company_id"]},
        "an addition's reply has the company id in the place of the name",
    ),
    (
        "update-ack-endpoint-url-slash",
        "UPDATE-KEEPS-REST",
        UPDATE,
        "/api/endpoint_url",
        _longer,
        "an update's reply has another URL",
    ),
)


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from of_members(_SIGNUP_ECHOES + _UPDATE_ECHOES + _REST)
    yield from of_members(_GET_ECHOES, _fresh)
    yield Defect(
        name="signup-data-swapped",
        requirement="SIGNUP-ECHO",
        operation=SIGNUP,
        pointer="/documents/*/data",
        summary="a signup's reply gives two documents each other's data",
        install=in_ack(SIGNUP, "/documents", _swapped_data),
    )
    yield Defect(
        name="get-data-swapped",
        requirement="GET-ROUND-TRIP",
        operation=GET,
        pointer="/documents/*/data",
        summary="Provider/get gives two documents each other's data",
        install=in_ack(GET, "/documents", _swapped_data, _fresh),
        consequences=frozenset({"SIGNUP-DOCUMENTS-KEPT"}),
    )
