"""Defects in the shape of an ACK: a member that is missing, of another type, or no value of those allowed."""

from __future__ import annotations

from collections.abc import Iterator

from reference_server.defects.defect import Defect
from reference_server.defects.rows import Row, of_items, of_members
from reference_server.edits import GONE, member, nth, on_items, to
from reference_server.message import ADD, GET, SIGNUP, UPDATE
from reference_server.registration import PENDING, VERIFIED

_gone = to(GONE)


def _data_by_name(documents: list[dict[str, str]]) -> dict[str, str]:
    return {document["name"]: document["data"] for document in documents}


_SHAPES: tuple[Row, ...] = (
    (
        "signup-ack-without-info",
        "SIGNUP-BODY",
        SIGNUP,
        "/info",
        _gone,
        "the reply to a signup leaves info out",
    ),
    (
        "signup-ack-without-company-id",
        "SIGNUP-BODY",
        SIGNUP,
        "/info/company_id",
        _gone,
        "company_id is treated as confidential and not shown after a signup",
    ),
    (
        "signup-ack-documents-as-object",
        "SIGNUP-BODY",
        SIGNUP,
        "/documents",
        _data_by_name,
        "documents are given back as an object keyed by name",
    ),
    (
        "signup-ack-endpoint-url-null",
        "SIGNUP-BODY",
        SIGNUP,
        "/api/endpoint_url",
        to(None),
        "endpoint_url is null until it was probed",
    ),
    (
        "signup-ack-api-as-text",
        "SIGNUP-BODY",
        SIGNUP,
        "/api",
        lambda api: api["endpoint_url"],
        "api is given back as the bare URL",
    ),
    ("get-ack-without-api", "GET-BODY", GET, "/api", _gone, "Provider/get leaves api out"),
    ("get-ack-without-documents", "GET-BODY", GET, "/documents", _gone, "Provider/get leaves documents out"),
    ("get-ack-email-null", "GET-BODY", GET, "/info/email", to(None), "Provider/get hides the e-mail address"),
    (
        "get-ack-without-status",
        "GET-BODY",
        GET,
        "/registration/status",
        _gone,
        "Provider/get gives no status of the registration",
    ),
    (
        "get-ack-documents-as-count",
        "GET-BODY",
        GET,
        "/documents",
        len,
        "Provider/get gives the number of documents in place of them",
    ),
    (
        "update-ack-without-documents",
        "UPDATE-BODY",
        UPDATE,
        "/documents",
        _gone,
        "an update's reply has no documents",
    ),
    ("update-ack-api-null", "UPDATE-BODY", UPDATE, "/api", to(None), "an update's reply has null for api"),
    (
        "update-ack-without-info-name",
        "UPDATE-BODY",
        UPDATE,
        "/info/name",
        _gone,
        "an update's reply leaves the name out",
    ),
    (
        "documents-ack-without-info",
        "DOCUMENTS-BODY",
        ADD,
        "/info",
        _gone,
        "an addition's reply leaves info out",
    ),
    ("documents-ack-without-api", "DOCUMENTS-BODY", ADD, "/api", _gone, "an addition's reply leaves api out"),
    (
        "documents-ack-phone-as-number",
        "DOCUMENTS-BODY",
        ADD,
        "/info/phone",
        lambda phone: int("".join(filter(str.isdigit, phone))),
        "an addition's reply has the phone as a number",
    ),
)

_IDENTITIES: tuple[Row, ...] = (
    ("signup-id-blank", "SIGNUP-ID", SIGNUP, "/registration/id", to(" "), "the id of a signup comes later"),
    ("signup-id-missing", "SIGNUP-ID", SIGNUP, "/registration/id", _gone, "a signup gives no id"),
    (
        "signup-id-null",
        "SIGNUP-ID",
        SIGNUP,
        "/registration/id",
        to(None),
        "the id of a signup is null at first",
    ),
    (
        "signup-status-blank",
        "SIGNUP-STATUS",
        SIGNUP,
        "/registration/status",
        to(""),
        "the first status is blank",
    ),
    (
        "signup-status-missing",
        "SIGNUP-STATUS",
        SIGNUP,
        "/registration/status",
        _gone,
        "a signup gives no status",
    ),
    (
        "signup-status-boolean",
        "SIGNUP-STATUS",
        SIGNUP,
        "/registration/status",
        to(True),
        "the first status is true",
    ),
    ("signup-token-missing", "SIGNUP-TOKEN", SIGNUP, "/auth/token", _gone, "a signup gives no token"),
    ("signup-token-blank", "SIGNUP-TOKEN", SIGNUP, "/auth/token", to(""), "the token of a signup is blank"),
    ("signup-exp-missing", "SIGNUP-EXP", SIGNUP, "/auth/exp", _gone, "a token comes without its expiry"),
    ("signup-exp-number", "SIGNUP-EXP", SIGNUP, "/auth/exp", to(4102444800), "the expiry is a JSON number"),
    ("signup-exp-blank", "SIGNUP-EXP", SIGNUP, "/auth/exp", to(" "), "the expiry is blank"),
    ("signup-exp-null", "SIGNUP-EXP", SIGNUP, "/auth/exp", to(None), "the expiry is null for never"),
    (
        "signup-exp-past",
        "SIGNUP-EXP-AHEAD",
        SIGNUP,
        "/auth/exp",
        to("2019-09-13T14:31:54Z"),
        "the expiry is the one of the example",
    ),
    (
        "signup-exp-past-epoch",
        "SIGNUP-EXP-AHEAD",
        SIGNUP,
        "/auth/exp",
        to("1568385114"),
        "the expiry is a second of 2019",
    ),
    (
        "signup-exp-past-epoch-milliseconds",
        "SIGNUP-EXP-AHEAD",
        SIGNUP,
        "/auth/exp",
        to("1568385114000"),
        "the expiry is a millisecond of 2019",
    ),
    (
        "get-id-upper-case",
        "GET-ID",
        GET,
        "/registration/id",
        str.upper,
        "Provider/get gives ids in upper case",
    ),
    ("get-id-missing", "GET-ID", GET, "/registration/id", _gone, "Provider/get does not repeat the id"),
    (
        "get-id-prefixed",
        "GET-ID",
        GET,
        "/registration/id",
        "BP/{}".format,
        "Provider/get gives the id with a prefix",
    ),
    ("update-id-null", "UPDATE-ID", UPDATE, "/registration/id", to(None), "an update's reply has a null id"),
    (
        "update-id-cut",
        "UPDATE-ID",
        UPDATE,
        "/registration/id",
        lambda i: i[:-1],
        "an update's reply cuts the id",
    ),
    (
        "documents-id-missing",
        "DOCUMENTS-ID",
        ADD,
        "/registration/id",
        _gone,
        "an addition's reply does not repeat the id",
    ),
    (
        "documents-id-reversed",
        "DOCUMENTS-ID",
        ADD,
        "/registration/id",
        lambda identity: identity[::-1],
        "an addition's reply has an id of its own",
    ),
)

_STATUSES: tuple[Row, ...] = (
    (
        "signup-document-status-pending",
        "SIGNUP-DOCUMENT-STATUS",
        SIGNUP,
        "/documents/*/status",
        to("PENDING"),
        "documents are PENDING after a signup",
    ),
    (
        "signup-document-status-missing",
        "SIGNUP-DOCUMENT-STATUS",
        SIGNUP,
        "/documents/*/status",
        _gone,
        "documents have no status after a signup",
    ),
    (
        "signup-document-status-verified",
        "SIGNUP-DOCUMENT-STATUS",
        SIGNUP,
        "/documents/*/status",
        to(VERIFIED),
        "documents count as verified at once, undeclared",
    ),
    (
        "signup-api-status-missing",
        "SIGNUP-API-STATUS",
        SIGNUP,
        "/api/status",
        _gone,
        "api has no status after a signup",
    ),
    (
        "signup-api-status-underscore",
        "SIGNUP-API-STATUS",
        SIGNUP,
        "/api/status",
        to("PENDING_VERIFICATION"),
        "the status of api is written with an underscore",
    ),
    (
        "signup-api-status-verified",
        "SIGNUP-API-STATUS",
        SIGNUP,
        "/api/status",
        to(VERIFIED),
        "api counts as verified at once, undeclared",
    ),
    (
        "update-status-lower-case",
        "UPDATE-STATUS",
        UPDATE,
        "/registration/status",
        str.lower,
        "an update's reply says update-pending",
    ),
    (
        "update-status-updated",
        "UPDATE-STATUS",
        UPDATE,
        "/registration/status",
        to("UPDATED"),
        "an update's reply says UPDATED",
    ),
    (
        "update-status-missing",
        "UPDATE-STATUS",
        UPDATE,
        "/registration/status",
        _gone,
        "an update's reply gives no status",
    ),
    (
        "update-document-status-registration",
        "UPDATE-DOCUMENT-STATUS",
        UPDATE,
        "/documents/*/status",
        to("UPDATE-PENDING"),
        "an update's reply gives documents the status of the registration",
    ),
    (
        "documents-status-pending-verification",
        "DOCUMENTS-STATUS",
        ADD,
        "/registration/status",
        to(PENDING),
        "an addition's reply says PENDING-VERIFICATION of the registration",
    ),
    (
        "documents-status-missing",
        "DOCUMENTS-STATUS",
        ADD,
        "/registration/status",
        _gone,
        "an addition's reply gives no status",
    ),
)


_DOCUMENT_IDS: tuple[Row, ...] = (
    (
        "documents-document-id-missing",
        "DOCUMENTS-DOCUMENT-ID",
        ADD,
        "/documents/*/id",
        _gone,
        "documents have no ids",
    ),
    (
        "documents-document-id-same",
        "DOCUMENTS-DOCUMENT-ID",
        ADD,
        "/documents/*/id",
        to("1"),
        "all documents have the id 1",
    ),
    (
        "documents-document-id-number",
        "DOCUMENTS-DOCUMENT-ID",
        ADD,
        "/documents/*/id",
        lambda identity: int(identity.removeprefix("doc-"), 16),
        "ids of documents are numbers",
    ),
)

_LISTS: tuple[Row, ...] = (
    (
        "signup-ack-second-document-without-data",
        "SIGNUP-BODY",
        SIGNUP,
        "/documents/*/data",
        nth(1, member("data", _gone)),
        "only the first document of a signup is given back with its data",
    ),
    (
        "documents-ack-second-document-without-name",
        "DOCUMENTS-BODY",
        ADD,
        "/documents/*/name",
        nth(1, member("name", _gone)),
        "an addition's reply gives only the first document its name",
    ),
    (
        "signup-second-document-status-lower-case",
        "SIGNUP-DOCUMENT-STATUS",
        SIGNUP,
        "/documents/*/status",
        nth(1, member("status", str.lower)),
        "the status of the second document is in lower case",
    ),
    (
        "update-second-document-status-missing",
        "UPDATE-DOCUMENT-STATUS",
        UPDATE,
        "/documents/*/status",
        nth(1, member("status", _gone)),
        "an update's reply gives only the first document a status",
    ),
    (
        "documents-document-id-blank-in-second",
        "DOCUMENTS-DOCUMENT-ID",
        ADD,
        "/documents/*/id",
        nth(1, member("id", to(""))),
        "the id of the second document is blank",
    ),
    (
        "documents-document-id-positional",
        "DOCUMENTS-DOCUMENT-ID-STABLE",
        ADD,
        "/documents/*/id",
        on_items(lambda items: [{**item, "id": str(len(items) - number)} for number, item in enumerate(items)]),
        "documents are numbered from the newest",
    ),
)
"""Changes of a whole list, each of one member of its items."""


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    yield from of_members(_SHAPES + _IDENTITIES + _STATUSES + _DOCUMENT_IDS)
    yield from of_items(_LISTS)
