"""Defects that refuse a valid request."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from reference_server.defects.defect import Defect
from reference_server.edits import matches, parts, slug
from reference_server.gateway import Gateway
from reference_server.message import ADD, GET, SIGNUP, UPDATE, Faults, Json, Place, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import UPDATE_PENDING, Registration

Test: TypeAlias = Callable[[Json], bool]
"""Says whether a valid value is refused."""


def _has(pattern: str) -> Test:
    return lambda text: re.search(pattern, text) is not None


_VALUES: tuple[tuple[str, str, str, Test, str], ...] = (
    ("NAME", "/info/name", "not-ascii", lambda name: not name.isascii(), "names that are not ASCII"),
    ("NAME", "/info/name", "astral", _has("[\U00010000-\U0010ffff]"), "names with characters beyond the BMP"),
    ("NAME", "/info/name", "digits", _has("[0-9]"), "names with digits"),
    ("NAME", "/info/name", "apostrophe", _has("'"), "names with an apostrophe"),
    ("NAME", "/info/name", "long", lambda name: len(name) == 64, "names of 64 characters"),
    ("NAME-SYMBOLS", "/info/name", "angle-brackets", _has("[<>]"), "names with angle brackets"),
    ("NAME-SYMBOLS", "/info/name", "backslash", _has(r"\\"), "names with a backslash"),
    ("NAME-SYMBOLS", "/info/name", "emoji", _has("[\U0001f300-\U0001faff]"), "names with emoji"),
    ("COMPANY-ID", "/info/company_id", "listed", _has("^L"), "company ids of listed companies"),
    ("COMPANY-ID", "/info/company_id", "old", _has("^.{8}19"), "company ids of the last century"),
    (
        "COMPANY-ID",
        "/info/company_id",
        "short-form",
        lambda identity: len(identity) > 11,
        "company ids longer than the example",
    ),
    ("PHONE", "/info/phone", "extension", _has("-.*-"), "phones with an extension"),
    ("PHONE", "/info/phone", "without-extension", _has("^[^-]*-[^-]*$"), "phones without an extension"),
    ("PHONE", "/info/phone", "long-country-code", _has(r"^\+[0-9]{3}-"), "country codes of three digits"),
    (
        "PHONE",
        "/info/phone",
        "not-ten-digits",
        lambda phone: len(phone.split("-")[1]) != 10,
        "numbers that have not ten digits",
    ),
    ("EMAIL", "/info/email", "tag", _has(r"\+"), "e-mail addresses with a tag"),
    ("EMAIL", "/info/email", "subdomain", _has(r"@[^.]+\.example\."), "e-mail addresses under a subdomain"),
    ("EMAIL", "/info/email", "not-com", lambda email: not email.endswith(".com"), "addresses not under .com"),
    ("DOCUMENTS", "/documents/*/data", "jpeg", _has("^/9j/"), "JPEG documents"),
    ("DOCUMENTS", "/documents/*/data", "padding", _has("=$"), "data with padding"),
    ("DOCUMENTS", "/documents/*/name", "jpeg-extension", _has(r"\.jpeg$"), "names that end in .jpeg"),
    ("DOCUMENTS", "/documents/*/data", "above-16-kb", lambda data: len(data) > 16_384, "documents above 16 KB"),
    (
        "DOCUMENTS",
        "/documents",
        "second",
        lambda documents: len(documents) > 1,
        "more than one document a call",
    ),
    (
        "ENDPOINT-URL",
        "/api/endpoint_url",
        "several-segments",
        _has("^https://[^/]+/.+/"),
        "URLs of several segments",
    ),
    (
        "ENDPOINT-URL",
        "/api/endpoint_url",
        "one-segment",
        _has("^https://[^/]+/[^/]+$"),
        "URLs of one segment",
    ),
    ("ENDPOINT-URL", "/api/endpoint_url", "hyphen", _has("-"), "URLs with a hyphen"),
)
"""Requirement without its operation, pointer, name, test, and what is refused."""

_OPERATIONS = {SIGNUP: "SIGNUP", UPDATE: "UPDATE", ADD: "DOCUMENTS"}
_HAS = {
    SIGNUP: ("/info", "/documents", "/api"),
    UPDATE: ("/info",),
    ADD: ("/documents",),
}


def defects() -> Iterator[Defect]:
    """Make the defects of this family."""
    for action, prefix in _OPERATIONS.items():
        for requirement, pointer, name, test, what in _VALUES:
            if pointer.startswith(_HAS[action]):
                yield Defect(
                    name=f"{slug(action)}-{requirement.lower()}-{name}-refused",
                    requirement=f"{prefix}-ACK-{requirement}",
                    operation=action,
                    pointer=pointer,
                    summary=f"{action} refuses {what}",
                    # What is wrong with the registration is not told where a sound member is blamed before it.
                    consequences=frozenset({"UPDATE-NACK-UNKNOWN", "NACK-SOUND"} if action == UPDATE else ()),
                    install=refusing(action, pointer, test),
                )
    yield from _requests()


def refusing(action: str, pointer: str, test: Test) -> Install:
    """Find a fault with values that pass a test, in a request that has none."""

    def install(gateway: Gateway) -> None:
        def check_body(inner: Any, request: Request) -> Faults:
            faults: Faults = inner(request)
            if faults or request.action != action:
                return faults
            return dict.fromkeys(_refused(request, pointer, test), "is not supported")

        wrap(gateway, "check_body", check_body)

    return install


def _refused(request: Request, pointer: str, test: Test) -> Iterator[Place]:
    documents = request.body.get("documents") or []
    candidates: list[Place] = [parts(pointer)]
    if "*" in pointer:
        candidates = [("documents", index, parts(pointer)[-1]) for index in range(len(documents))]
    for place in candidates:
        value = request.at(place)
        if matches(place, pointer) and value is not None and test(value):
            yield place


def _requests() -> Iterator[Defect]:
    """Valid requests that are refused for no field of their own."""
    yield Defect(
        name="signup-several-documents-blamed-on-info",
        requirement="SIGNUP-ACK",
        operation=SIGNUP,
        pointer="/info",
        summary="a signup with several documents is refused, with a message at info",
        install=_refusing_signup(lambda request: len(request.body.get("documents") or ()) > 1, "info"),
    )
    yield Defect(
        name="signup-extension-blamed-on-api",
        requirement="SIGNUP-ACK",
        operation=SIGNUP,
        pointer="/api",
        summary="a signup whose phone has an extension is refused, with a message at api",
        install=_refusing_signup(lambda request: request.body["info"]["phone"].count("-") > 1, "api"),
    )
    for name, requirement, action, summary in (
        ("get-locked-while-pending", "GET-ACK", GET, "a registration whose change waits cannot be read"),
        (
            "update-locked-while-pending",
            "UPDATE-ACK",
            UPDATE,
            "a second change is refused while the first waits",
        ),
        (
            "documents-add-locked-while-pending",
            "DOCUMENTS-ACK",
            ADD,
            "documents are refused while a change waits",
        ),
    ):
        yield Defect(name, requirement, action, "/registration/id" if action != ADD else "", summary, _locking(action))


def _refusing_signup(test: Callable[[Request], bool], section: str) -> Install:
    def install(gateway: Gateway) -> None:
        def check_body(inner: Any, request: Request) -> Faults:
            faults: Faults = inner(request)
            if faults or request.action != SIGNUP or not test(request):
                return faults
            return {(section,): "is not supported"}

        wrap(gateway, "check_body", check_body)

    return install


def _locking(action: str) -> Install:
    def install(gateway: Gateway) -> None:
        def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
            refusal: Reply | None = inner(request, registration)
            pending = registration is not None and registration.status == UPDATE_PENDING
            if refusal is None and request.action == action and pending:
                locked: Faults = {("registration", "id"): "is locked"}
                return gateway.refuse(request, "locked", "the registration is locked", locked)
            return refusal

        wrap(gateway, "authorise", authorise)

    return install
