"""Fair ways to be called, and orders in which a request may be judged."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta

from reference_server.gateway import Gateway
from reference_server.message import SIGNUP, Answer, Faults, Reply, Request
from reference_server.planting import Install, Variation, installing, replaces, steps
from reference_server.registration import Registration, digest

_NAMES = {"header": "head", "body": "payload"}
_UNREAD = ("malformed", "action", "timestamp", "token", "foreign")
"""Reasons of a NACK that are none of the body."""


def variations() -> Iterator[Variation]:
    words, install = "a signup needs a token agreed beforehand", _agreed("agreed-beforehand")
    yield Variation("signup-token", "H2", words, install, {"signup_token": "agreed-beforehand"})
    words, unauthorized = "a request needs an API key", Answer(401, (("content-type", "text/plain"),), b"Unauthorized")
    install = steps.answering(lambda call: call.headers.get("x-api-key") != "open sesame", unauthorized)
    yield Variation("api-key", "H2", words, install, {"headers": {"X-Api-Key": "open sesame"}})
    for method in ("PUT", "GET", "PATCH"):
        words = f"operations are called with {method}"
        yield Variation(f"method-{method.lower()}", "T1", words, _with_method(method), {"method": method})
    for name, header, body, declared in (
        ("envelope", "header", "body", {"binding": "envelope"}),
        ("envelope-undeclared", "header", "body", {"binding": "auto"}),
        ("envelope-capitalized-undeclared", "Header", "Body", {"binding": "auto"}),
        ("envelope-names", "head", "payload", {"binding": "envelope", "envelope": _NAMES}),
    ):
        words = f"the members {header} and {body} of one object travel" + ", undeclared" * name.endswith("undeclared")
        yield Variation(name, "T4", words, steps.enveloped(steps.both(), header, body), declared)
    words, install = "a Timestamp is local time, and recent", _recent(timedelta(hours=5, minutes=30))
    yield Variation("timestamp-local", "H1", words, install, {"timestamp_zone": "Asia/Kolkata"})
    for name, reading, words, install in _ORDERS:
        yield Variation(name, reading, words, install)


@installing
def _agreed(gateway: Gateway, token: str) -> None:
    @replaces(gateway)
    def check_token(inner: steps.CheckingMember, request: Request) -> str | None:
        if request.action == SIGNUP:
            return None if request.token == token else "Token is unknown"
        return inner(request)

    steps.finishing(lambda _, reply: replace(reply, status=401) if reply.reason == "token" else reply)(gateway)


def _with_method(method: str) -> Install:
    return lambda gateway: setattr(gateway, "method", method)


@installing
def _recent(gateway: Gateway, offset: timedelta) -> None:
    @replaces(gateway)
    def check_timestamp(inner: steps.CheckingMember, request: Request) -> str | None:
        message = inner(request)
        if message is not None:
            return message
        here = gateway.now().replace(tzinfo=None) + offset
        age = here - datetime.fromisoformat(request.header["Timestamp"])
        return None if abs(age) < timedelta(minutes=5) else "Timestamp is not the time here"


def _any_case(gateway: Gateway) -> None:
    actions = {action.casefold(): action for action in gateway.specification.requests}

    @replaces(gateway)
    def operation(inner: object, path: str) -> str | None:
        return next((actions[name] for name in actions if path.casefold().endswith(f"/{name}")), None)


def _foreign_as_unknown(gateway: Gateway) -> None:
    def refused(refusal: Reply | None, request: Request, registration: Registration | None) -> Reply | None:
        return steps.unknown(gateway, request) if refusal is not None and refusal.reason == "foreign" else refusal

    steps.giving("authorise", refused)(gateway)


def _locking(gateway: Gateway) -> None:
    wrong: Counter[str] = Counter()

    @replaces(gateway)
    def authorise(inner: steps.Authorising, request: Request, registration: Registration | None) -> Reply | None:
        if registration is not None:
            if wrong[registration.id] >= 3:
                return replace(gateway.refuse(request, "token", "the registration is locked"), status=423)
            wrong[registration.id] += digest(request.token) != registration.token_digest
        return inner(request, registration)


def _locking_tokens(gateway: Gateway) -> None:
    wrong: Counter[str] = Counter()

    @replaces(gateway)
    def authorise(inner: steps.Authorising, request: Request, registration: Registration | None) -> Reply | None:
        if wrong[request.token] >= 3:
            return replace(gateway.refuse(request, "token", "the token is locked"), status=423)
        wrong[request.token] += registration is None
        return inner(request, registration)


def _token_first(gateway: Gateway) -> None:
    def checked(message: str | None, request: Request) -> str | None:
        strange = request.action != SIGNUP and gateway.store.owner(digest(request.token)) is None
        return "the token is unknown" if message is None and strange else message

    steps.giving("check_token", checked)(gateway)


def _unless_unknown(gateway: Gateway, request: Request, faults: Faults) -> Faults:
    known = request.action == SIGNUP or not request.id or gateway.find(request) is not None
    return faults if known else {}


_registration_first = steps.checking(_unless_unknown)


def _without_body(request: Request, reply: Reply) -> Reply:
    return replace(reply, body=None) if reply.reason in _UNREAD else reply


def _unauthorised(request: Request, reply: Reply) -> Reply:
    denied = reply.reason in ("token", "foreign", "unknown")
    return replace(reply, message="the token is not valid here", body={}, status=401) if denied else reply


_ORDERS: tuple[tuple[str, str, str, Install], ...] = (
    ("timestamp-fresh", "H1", "a Timestamp is not older than five minutes", _recent(timedelta())),
    ("path-any-case", "T2", "paths are served in any case", _any_case),
    ("token-before-body", "H3", "the token is looked up before the body is looked at", _token_first),
    ("registration-before-body", "R14", "an unknown registration is refused before the body", _registration_first),
    ("foreign-as-unknown", "H3", "to another provider's token a registration is unknown", _foreign_as_unknown),
    ("locked-by-wrong-tokens", "H3", "a registration is locked after three calls with a wrong token", _locking),
    ("locked-by-unknown-ids", "H3", "a token is locked after three calls about unknown registrations", _locking_tokens),
    (
        "unknown-as-foreign",
        "R16",
        "an unknown id is refused as a wrong token is, by 401",
        steps.finishing(_unauthorised),
    ),
    ("nack-body-null", "H3", "the body of a NACK for a fault of the header is null", steps.finishing(_without_body)),
)
"""Orders in which a request is judged, and ways to refuse it."""
