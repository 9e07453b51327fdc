"""Fair demands of a gateway on requests."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from reference_server.binding import EnvelopeBinding
from reference_server.edits import parts
from reference_server.gateway import Gateway
from reference_server.message import ADD, SIGNUP, UPDATE, Answer, Call, Faults, Json, Place, Reply, Request
from reference_server.planting import Install, wrap
from reference_server.registration import Registration, digest
from reference_server.specification import Member
from reference_server.variations.variation import Variation

_CIN = r"[LU][0-9]{5}[A-Z]{2}[0-9]{4}[A-Z]{3}[0-9]{6}"
_OTHER_ID = r"KA-[0-9]{8}"
_FILE_NAME = r"[A-Za-z0-9][A-Za-z0-9 _-]*\.(pdf|jpe?g)"
_EMAIL = r"[a-z0-9]+([._-][a-z0-9]+)*(\+[a-z0-9]+)?@([a-z0-9-]+\.)+[a-z]{2,}"
_URL = r"https://([a-z0-9-]+\.)+[a-z]{2,}(/[A-Za-z0-9_-]+)+"


def variations() -> Iterator[Variation]:
    """Make the variations of this family."""
    yield from _values()
    yield from _lists()
    yield from _members()
    yield from _tokens()
    yield from _calls()
    yield from _order()


def _checking(check: Callable[[Gateway, Request], Faults]) -> Install:
    """Find further faults in the body of a request."""

    def install(gateway: Gateway) -> None:
        def check_body(inner: Any, request: Request) -> Faults:
            return {**check(gateway, request), **inner(request)}

        wrap(gateway, "check_body", check_body)

    return install


def _values() -> Iterator[Variation]:
    for name, reading, pointer, test, summary in (
        ("policy-cin", "Q5", "/info/company_id", _fits(_CIN), "company ids must be Indian CINs"),
        ("policy-phone", "Q6", "/info/phone", _is_phone, "phones must be valid by libphonenumber"),
        (
            "policy-email",
            "Q7",
            "/info/email",
            _fits(_EMAIL),
            "e-mail addresses must be plain and in lower case",
        ),
        (
            "policy-name-length",
            "Q4",
            "/info/name",
            lambda name: len(name) <= 64,
            "names have 64 characters at most",
        ),
        (
            "policy-file-name",
            "Q8",
            "/documents/*/name",
            _fits(_FILE_NAME),
            "documents need plain names ending in pdf, jpg, jpeg",
        ),
        (
            "policy-file-content",
            "Q9",
            "/documents/*/data",
            _is_file,
            "documents must be PDF or JPEG in strict base64",
        ),
        ("policy-url", "Q12", "/api/endpoint_url", _fits(_URL), "URLs must be https, plain, and have a path"),
    ):
        yield Variation(name, reading, summary, _checking(_demanding(pointer, test)))
    yield Variation("values-trimmed", "Q6", "white space around a text, line breaks too, is dropped", _trimming)
    yield Variation(
        "policy-file-extension",
        "Q8",
        "the extension of a document must be that of its content",
        _checking(_extensions),
    )
    yield Variation(
        "policy-own-company-id",
        "Q5",
        "company ids are those of a state's own register",
        _checking(_demanding("/info/company_id", _fits(_OTHER_ID))),
        {"values": {"company_id": f"^{_OTHER_ID}$"}},
    )


def _trimming(gateway: Gateway) -> None:
    def read(inner: Any, call: Call) -> Request:
        request: Request = inner(call)
        return replace(request, body=_trimmed(request.body))

    wrap(gateway, "read", read)


def _trimmed(value: Json) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list):
        return [_trimmed(item) for item in value]
    return {name: _trimmed(item) for name, item in value.items()} if isinstance(value, dict) else value


def _fits(pattern: str) -> Callable[[str], bool]:
    return lambda text: re.fullmatch(pattern, text) is not None


def _is_phone(text: str) -> bool:
    import phonenumbers

    code, _, rest = text.partition("-")
    try:
        number = phonenumbers.parse(f"{code}{rest.partition('-')[0]}")
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)


def _kind(data: str) -> str:
    try:
        content = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return "pdf" if content.startswith(b"%PDF-") else "jpeg" if content.startswith(b"\xff\xd8\xff") else ""


def _is_file(data: str) -> bool:
    return bool(_kind(data))


def _extensions(gateway: Gateway, request: Request) -> Faults:
    faults: dict[Place, Json] = {}
    for index, document in enumerate(_documents(request)):
        name, data = document.get("name"), document.get("data")
        if isinstance(name, str) and isinstance(data, str):
            extension = name.rsplit(".", 1)[-1].replace("jpg", "jpeg")
            if _kind(data) and extension != _kind(data):
                faults["documents", index, "name"] = "is not the name of such a file"
    return faults


def _documents(request: Request) -> list[dict[str, Json]]:
    documents = request.body.get("documents")
    if not isinstance(documents, list):
        return []
    return [document if isinstance(document, dict) else {} for document in documents]


def _demanding(pointer: str, test: Callable[[str], bool]) -> Callable[[Gateway, Request], Faults]:
    def check(gateway: Gateway, request: Request) -> Faults:
        places: list[Place] = [parts(pointer)]
        if "*" in pointer:
            places = [("documents", index, parts(pointer)[-1]) for index in range(len(_documents(request)))]
        values = ((place, request.at(place)) for place in places)
        return {
            place: "is against the policy of this city"
            for place, value in values
            if isinstance(value, str) and not test(value)
        }

    return check


def _lists() -> Iterator[Variation]:
    yield Variation("documents-required", "Q11", "a signup needs documents, an addition too", _checking(_at_least_one))
    yield Variation(
        "documents-at-most-five",
        "Q10",
        "a call has five documents at most",
        _checking(lambda _, request: {("documents",): "has too many"} if len(_documents(request)) > 5 else {}),
    )
    yield Variation(
        "documents-at-most-32-kb",
        "Q10",
        "a document has 32 KB of data at most",
        _checking(_demanding("/documents/*/data", lambda data: len(data) <= 32 * 1024)),
    )
    yield Variation("documents-at-most-forty", "Q10", "a registration has forty documents at most", _at_most_forty)
    yield Variation("company-id-once", "Q13", "a company signs up once", _unique_company_id)
    yield Variation("update-complete", "Q14", "an update needs all members of info", _checking(_complete))
    yield Variation("update-of-nothing", "Q14", "an update with an empty info is acknowledged", _taking_nothing)


def _taking_nothing(gateway: Gateway) -> None:
    def check_body(inner: Any, request: Request) -> Faults:
        faults: Faults = inner(request)
        if request.action == UPDATE and request.body.get("info") == {}:
            return {place: message for place, message in faults.items() if place != ("info",)}
        return faults

    wrap(gateway, "check_body", check_body)


def _at_least_one(gateway: Gateway, request: Request) -> Faults:
    expected = request.action in (SIGNUP, ADD) and not request.body.get("documents")
    return {("documents",): "must have one document at least"} if expected else {}


def _at_most_forty(gateway: Gateway) -> None:
    def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
        refusal: Reply | None = inner(request, registration)
        if refusal is not None or registration is None or request.action != ADD:
            return refusal
        if len(registration.documents) + len(_documents(request)) <= 40:
            return None
        faults: Faults = {("documents",): "are too many"}
        return gateway.refuse(request, "body", "the registration has forty documents", faults)

    wrap(gateway, "authorise", authorise)


def _unique_company_id(gateway: Gateway) -> None:
    owners: dict[str, str] = {}

    def check_body(inner: Any, request: Request) -> Faults:
        faults: Faults = inner(request)
        identity = request.at(("info", "company_id"))
        if faults or not isinstance(identity, str):
            return faults
        mine = digest(request.token) if request.action == UPDATE else None
        taken = owners.get(identity.casefold(), mine) != mine
        return {("info", "company_id"): "is registered already"} if taken else faults

    def kept(inner: Any, *arguments: Any) -> Registration:
        registration: Registration = inner(*arguments)
        owners[registration.info["company_id"].casefold()] = registration.token_digest
        return registration

    wrap(gateway, "check_body", check_body)
    wrap(gateway, "register", kept)
    wrap(gateway, "update", kept)


def _complete(gateway: Gateway, request: Request) -> Faults:
    info = request.body.get("info")
    if request.action != UPDATE or not isinstance(info, dict):
        return {}
    names = gateway.specification.requests[UPDATE].members["info"].members
    if all(info.get(name) is None for name in names):
        return {}
    return {("info", name): "is required" for name in names if info.get(name) is None}


def _members() -> Iterator[Variation]:
    yield Variation(
        "unknown-members-refused",
        "T11",
        "a request with members that are not on the page is refused",
        _closed,
    )
    yield Variation("unknown-members-kept", "T11", "members that are not on the page are kept and given back", _open)
    for name, pointers in (
        ("company-id", ["/info/company_id"]),
        ("document-name", ["/documents/*/name"]),
    ):
        yield Variation(
            f"optional-{name}",
            "Q1",
            f"{pointers[0]} may be missing",
            _optional(parts(pointers[0])),
            {"optional": pointers},
        )


def _closed(gateway: Gateway) -> None:
    def check_header(inner: Any, request: Request) -> Reply | None:
        refusal: Reply | None = inner(request)
        if refusal is None and _unknown_members(gateway.specification.requests[request.action], request.body):
            return gateway.refuse(request, "members", "the request has unknown members")
        return refusal

    wrap(gateway, "check_header", check_header)


def _unknown_members(shape: Member, value: Json) -> bool:
    if isinstance(value, dict) and shape.members:
        return any(
            name not in shape.members or _unknown_members(shape.members[name], child) for name, child in value.items()
        )
    if isinstance(value, list) and shape.items is not None:
        return any(_unknown_members(shape.items, item) for item in value)
    return False


def _open(gateway: Gateway) -> None:
    def content(inner: Any, request: Request) -> Json:
        kept = inner(request)
        for section in ("info", "api"):
            if section in kept:
                sent = request.body[section].items()
                kept[section] = {
                    **{name: value for name, value in sent if value is not None},
                    **kept[section],
                }
        return kept

    wrap(gateway, "content", content)


def _optional(path: tuple[str, ...]) -> Install:
    """Let a member be missing or null, and keep an empty text for it."""

    def install(gateway: Gateway) -> None:
        def check_body(inner: Any, request: Request) -> Faults:
            faults: Faults = inner(request)
            names = tuple(part for part in path if part != "*")
            return {
                place: message
                for place, message in faults.items()
                if tuple(part for part in place if isinstance(part, str)) != names or request.at(place) is not None
            }

        def content(inner: Any, request: Request) -> Json:
            kept = inner(request)
            # In an update a missing member is one that stays as it is (reading Q14).
            if request.action != UPDATE:
                section = kept.get(path[0], [])
                for item in section if isinstance(section, list) else [section]:
                    item.setdefault(path[-1], "")
            return kept

        wrap(gateway, "check_body", check_body)
        wrap(gateway, "content", content)

    return install


def _tokens() -> Iterator[Variation]:
    yield Variation(
        "signup-token",
        "H2",
        "a signup needs a token agreed beforehand",
        _agreed("agreed-beforehand"),
        {"signup_token": "agreed-beforehand"},
    )
    yield Variation(
        "api-key",
        "H2",
        "every request needs an API key in an HTTP field of its own",
        _keyed("x-api-key", "open sesame"),
        {"headers": {"X-Api-Key": "open sesame"}},
    )


def _agreed(token: str) -> Install:
    def install(gateway: Gateway) -> None:
        def check_token(inner: Any, request: Request) -> str | None:
            if request.action == SIGNUP:
                return None if request.token == token else "Token is unknown"
            message: str | None = inner(request)
            return message

        def finish(inner: Any, request: Request, reply: Reply) -> Reply:
            given: Reply = inner(request, reply)
            return replace(given, status=401) if given.reason == "token" else given

        wrap(gateway, "check_token", check_token)
        wrap(gateway, "finish", finish)

    return install


def _keyed(field: str, key: str) -> Install:
    def install(gateway: Gateway) -> None:
        async def answer(inner: Any, call: Call) -> Answer:
            if call.headers.get(field) != key:
                return Answer(401, (("content-type", "text/plain"),), b"Unauthorized")
            given: Answer = await inner(call)
            return given

        wrap(gateway, "answer", answer)

    return install


def _calls() -> Iterator[Variation]:
    for method in ("PUT", "GET", "PATCH"):
        yield Variation(
            f"method-{method.lower()}",
            "T1",
            f"operations are called with {method}",
            _with_method(method),
            {"method": method},
        )
    for name, members, declared, summary in (
        ("envelope", ("header", "body"), {"binding": "envelope"}, "header and body travel in one object"),
        ("envelope-undeclared", ("header", "body"), {"binding": "auto"}, "the same, and nobody said so"),
        (
            "envelope-capitalized-undeclared",
            ("Header", "Body"),
            {"binding": "auto"},
            "the envelope has the members Header and Body, and nobody said so",
        ),
        (
            "envelope-names",
            ("head", "payload"),
            {"binding": "envelope", "envelope": {"header": "head", "body": "payload"}},
            "the envelope has the members head and payload",
        ),
    ):
        yield Variation(name, "T4", summary, _enveloped(*members), declared)
    yield Variation(
        "timestamp-local",
        "H1",
        "a Timestamp is local time, and not older than five minutes",
        _fresh(timedelta(hours=5, minutes=30)),
        {"timestamp_zone": "Asia/Kolkata"},
    )
    yield Variation("timestamp-fresh", "H1", "a Timestamp is not older than five minutes", _fresh(timedelta()))
    yield Variation("path-any-case", "T2", "paths are served in any case", _any_case)


def _with_method(method: str) -> Install:
    return lambda gateway: setattr(gateway, "method", method)


def _enveloped(header: str, body: str) -> Install:
    return lambda gateway: setattr(gateway, "binding", EnvelopeBinding(header, body))


def _fresh(offset: timedelta) -> Install:
    def install(gateway: Gateway) -> None:
        def check_timestamp(inner: Any, request: Request) -> str | None:
            message: str | None = inner(request)
            if message is not None:
                return message
            here = gateway.now().replace(tzinfo=None) + offset
            age = here - datetime.fromisoformat(request.header["Timestamp"])
            return None if abs(age) < timedelta(minutes=5) else "Timestamp is not the time here"

        wrap(gateway, "check_timestamp", check_timestamp)

    return install


def _any_case(gateway: Gateway) -> None:
    actions = {action.casefold(): action for action in gateway.specification.requests}

    def operation(inner: Any, path: str) -> str | None:
        return next((actions[name] for name in actions if path.casefold().endswith(f"/{name}")), None)

    wrap(gateway, "operation", operation)


def _order() -> Iterator[Variation]:
    """Orders in which a request may be judged."""
    yield Variation("token-before-body", "H3", "the token is looked up before the body is looked at", _token_first)
    yield Variation(
        "registration-before-body",
        "R14",
        "an unknown registration is refused before the rest of the body is looked at",
        _registration_first,
    )
    yield Variation(
        "foreign-as-unknown",
        "H3",
        "to another provider's token a registration is unknown",
        _foreign_as_unknown,
    )
    yield Variation(
        "nack-body-null",
        "H3",
        "the body of a NACK for a fault of the header is null",
        _null_bodies,
    )


def _foreign_as_unknown(gateway: Gateway) -> None:
    def authorise(inner: Any, request: Request, registration: Registration | None) -> Reply | None:
        refusal: Reply | None = inner(request, registration)
        if refusal is None or refusal.reason != "foreign":
            return refusal
        faults: Faults = {("registration", "id"): "is not the id of a registration"}
        return gateway.refuse(request, "unknown", "the registration is unknown", faults)

    wrap(gateway, "authorise", authorise)


def _token_first(gateway: Gateway) -> None:
    def check_token(inner: Any, request: Request) -> str | None:
        message: str | None = inner(request)
        if message is None and request.action != SIGNUP:
            known = gateway.store.owner(digest(request.token)) is not None
            return None if known else "the token is unknown"
        return message

    wrap(gateway, "check_token", check_token)


def _registration_first(gateway: Gateway) -> None:
    def check_body(inner: Any, request: Request) -> Faults:
        faults: Faults = inner(request)
        known = request.action == SIGNUP or not request.id or gateway.find(request) is not None
        return faults if known else {}

    wrap(gateway, "check_body", check_body)


def _null_bodies(gateway: Gateway) -> None:
    def finish(inner: Any, request: Request, reply: Reply) -> Reply:
        given: Reply = inner(request, reply)
        bodiless = {"malformed", "action", "timestamp", "token", "foreign"}
        return replace(given, body=None) if given.reason in bodiless else given

    wrap(gateway, "finish", finish)
