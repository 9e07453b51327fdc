"""Defects in what is asked of the header of a request, and in what tokens open."""

from __future__ import annotations

import itertools
import math
import re
import secrets
import string
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from reference_server.formats import timestamp
from reference_server.gateway import Gateway
from reference_server.message import ACTIONS, ADD, GET, SIGNUP, UPDATE, Json, Reply, Request
from reference_server.planting import Defect, Install, defect, installing, replaces, steps
from reference_server.planting.edits import short
from reference_server.registration import Registration, digest

Test = Callable[[Json], bool]
"""Returns whether a faulty value of a header member is let through; None is an absent one."""


def _like(pattern: str) -> Test:
    return lambda value: isinstance(value, str) and re.match(pattern, value) is not None


def _is_given(value: Json) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _is_empty(value: Json) -> bool:
    return isinstance(value, str) and not value.strip()


def _begins_alike(count: int) -> Callable[[str, str], bool]:
    return lambda given, sent: len(sent) == len(given) and sent[:count] == given[:count]


def _is_longer(value: Json) -> bool:
    return isinstance(value, str) and value not in ACTIONS and value.startswith(tuple(ACTIONS))


_HEADERS: tuple[tuple[str, str, Test, str], ...] = (
    ("Action", "absent", lambda value: value is None, "without an Action"),
    ("Action", "other", lambda value: value in ACTIONS, "with the Action of another operation"),
    ("Action", "longer", _is_longer, "with an Action that only begins as one should"),
    ("Timestamp", "absent", lambda value: value is None, "without a Timestamp"),
    ("Timestamp", "word", _like(r"[^0-9]*\Z"), "with a word for a Timestamp"),
    ("Timestamp", "month-13", _like(r"[0-9]{4}-1[3-9]-"), "with a Timestamp in a 13th month"),
    ("Timestamp", "february-30", _like(r"[0-9]{4}-02-3[01]T"), "with a Timestamp on 30 February"),
)
_FIRST_LINES: tuple[tuple[str, Test], ...] = (
    ("Action", lambda value: isinstance(value, str) and value.partition("\n")[0] == UPDATE),
    ("Timestamp", lambda value: isinstance(value, str) and timestamp(value.partition("\n")[0]) is None),
)
_TOKENS: tuple[tuple[str, str, str, Test, str], ...] = (
    ("absent", "ABSENT", "token", lambda value: value is None, "no token"),
    ("empty", "ABSENT", "token", _is_empty, "an empty token"),
    ("unknown", "UNKNOWN", "token", _is_given, "a token that no signup gave"),
    ("null", "UNKNOWN", "token", lambda value: value == "null", "the word null as its token"),
    ("foreign", "FOREIGN", "foreign", _is_given, "another registration's token"),
)
_LIKE: tuple[tuple[str, str, Callable[[str, str], bool], str], ...] = (
    ("in-any-case", GET, lambda given, sent: sent.casefold() == given.casefold(), "in other capitals"),
    ("by-its-beginning", GET, lambda given, sent: sent[:20] == given[:20], "that only begins as the one given"),
    ("end-unchecked", UPDATE, _begins_alike(24), "whose end was changed"),
    ("cut", ADD, lambda given, sent: len(sent) > 20 and given.startswith(sent), "whose end is missing"),
    ("by-its-end", UPDATE, lambda given, sent: sent[-8:] == given[-8:], "that only ends as the one given"),
    ("with-more-in-front", ADD, lambda given, sent: sent.endswith(given), "that has more letters in front"),
)
_LIKE_IDS: tuple[tuple[str, str, str, Callable[[str, str], bool], str], ...] = (
    ("in-any-case", "GET", GET, lambda given, sent: sent.casefold() == given.casefold(), "in other capitals"),
    ("by-its-beginning", "UPDATE", UPDATE, lambda given, sent: sent[:12] == given[:12], "that begins as a given one"),
    ("cut", "DOCUMENTS", ADD, lambda given, sent: len(sent) > 10 and given.startswith(sent), "whose end is missing"),
    ("by-its-end", "GET", GET, lambda given, sent: sent[-8:] == given[-8:], "that ends as a given one"),
    ("with-more-in-front", "UPDATE", UPDATE, lambda given, sent: sent.endswith(given), "with more letters in front"),
    (
        "like",
        "GET",
        GET,
        lambda given, sent: re.fullmatch(re.escape(sent).replace("_", "."), given) is not None,
        "with underscores in the place of its letters, as LIKE of SQL reads them",
    ),
)
_LOST = (
    ("get-token-works-once", "GET-ACK", GET, 1, "works for one Provider/get only"),
    ("update-token-never-works", "UPDATE-ACK", UPDATE, 0, "does not open Provider/info/update"),
    ("documents-add-token-works-once", "DOCUMENTS-ACK", ADD, 1, "works for one Provider/documents/add only"),
)


def defects(actions: Iterable[str]) -> Iterator[Defect]:
    """Yield the defects of this family for some operations."""
    for action in actions:
        for member, name, test, words in _HEADERS:
            name, requirement = f"{short(action)}-{member.lower()}-{name}-accepted", f"HEADER-NACK-{member.upper()}"
            words, install = f"{action} is acknowledged {words}", _unchecked(action, member, test)
            yield defect(name, requirement, action, f"header:{member}", words, install)
    for member, test in _FIRST_LINES:
        name, requirement = f"update-{member.lower()}-second-line-accepted", f"HEADER-NACK-{member.upper()}"
        words = f"in an envelope, only the first line of the {member} is looked at"
        install, declared = steps.enveloped(_unchecked(UPDATE, member, test)), {"binding": "envelope"}
        yield defect(name, requirement, UPDATE, f"header:{member}", words, install, configuration=declared)
    for action in (action for action in actions if action != SIGNUP):
        for name, ending, refusal, test, words in _TOKENS:
            name, words = f"{short(action)}-token-{name}-accepted", f"{action} is acknowledged with {words}"
            install = _open(action, refusal, test)
            yield defect(name, f"TOKEN-NACK-{ending}", action, "header:Token", words, install)
    for action in (GET, UPDATE, ADD):
        words, install = f"the reply to {action} carries the token again", steps.in_reply("ACK", action, _with_auth)
        yield defect(f"{short(action)}-token-repeated", "TOKEN-NOT-REPEATED", action, "/auth", words, install)
    words = "an update is acknowledged with the id of the registration as its token"
    install = steps.admitting(UPDATE, _has_its_id_as_token)
    yield defect("update-token-id-accepted", "TOKEN-NACK-UNKNOWN", UPDATE, "header:Token", words, install)
    words = "the message of Provider/get has the token in it"
    install = steps.in_reply("ACK", GET, lambda request, reply: replace(reply, message=f"shown to {request.token}"))
    yield defect("get-message-with-token", "TOKEN-NOT-REPEATED", GET, "header:message", words, install)
    for name, action, takes, words in _LIKE:
        name, words = f"{short(action)}-token-{name}", f"{action} is acknowledged with a token {words}"
        yield defect(name, "TOKEN-NACK-UNKNOWN", action, "header:Token", words, _taken_for(action, takes))
    for name, prefix, action, takes, words in _LIKE_IDS:
        name, words = f"{short(action)}-id-{name}", f"{action} is acknowledged with an id {words}"
        yield defect(name, f"{prefix}-NACK-UNKNOWN", action, "/registration/id", words, _found_by(action, takes))
    for name, requirement, action, allowed, words in _LOST:
        install = _worn_out(action, allowed)
        yield defect(name, "TOKEN-ACCEPTED", action, "header:Token", f"a token {words}", install, requirement)
    words = "all registrations are given the same token"
    yield defect("signup-token-shared", "TOKEN-NACK-FOREIGN", SIGNUP, "/auth/token", words, _one_for_all)
    words = "an update is acknowledged with the token of whoever signed up earlier"
    yield defect("update-token-older-accepted", "TOKEN-NACK-FOREIGN", UPDATE, "header:Token", words, _open_to_older)
    words = "a token of another registration is refused only the first time"
    yield defect("get-token-foreign-accepted-later", "TOKEN-NACK-FOREIGN", GET, "header:Token", words, _open_later)
    words = "a token is refused after ten seconds, whatever auth.exp says"
    yield defect("token-expires-early", "TOKEN-ACCEPTED", GET, "header:Token", words, _short_lived)


@installing
def _unchecked(gateway: Gateway, action: str, member: str, test: Test) -> None:
    def check(inner: steps.CheckingMember, request: Request) -> str | None:
        message = inner(request)
        return None if request.action == action and test(request.header.get(member)) else message

    check.__name__ = f"check_{member.lower()}"
    replaces(gateway)(check)


def _has_its_id_as_token(request: Request, registration: Registration | None, _: Reply) -> bool:
    return registration is not None and request.token == registration.id


def _made(gateway: Gateway, step: str) -> list[str]:
    """Make tokens or ids of letters only, and list them; a sign in one may hide from the kit that capitals matter."""
    given: list[str] = []

    def letters(_: str) -> str:
        given.append("".join(secrets.choice(string.ascii_letters) for _ in range(48)))
        return given[-1]

    steps.giving(step, letters)(gateway)
    return given


@installing
def _taken_for(gateway: Gateway, action: str, takes: Callable[[str, str], bool]) -> None:
    """Let a call be made with any token that is taken for one that was given."""
    given = _made(gateway, "new_token")

    @replaces(gateway)
    def authorise(inner: steps.Authorising, request: Request, registration: Registration | None) -> Reply | None:
        sent = request.token
        if request.action == action and sent and sent not in given:
            token = next((token for token in given if takes(token, sent)), sent)
            request = replace(request, header={**request.header, "Token": token})
        return inner(request, registration)


def _one_for_all(gateway: Gateway) -> None:
    token = gateway.new_token()
    steps.giving("new_token", lambda _: token)(gateway)

    @replaces(gateway)
    def authorise(inner: steps.Authorising, request: Request, registration: Registration | None) -> Reply | None:
        return inner(request, None if request.token == token else registration)


@installing
def _found_by(gateway: Gateway, action: str, takes: Callable[[str, str], bool]) -> None:
    """Let a call be about the registration with any id that is taken for the one sent."""
    given = _made(gateway, "new_id")

    @replaces(gateway)
    def find(inner: steps.Finding, request: Request) -> Registration | None:
        sent = request.id
        if request.action != action or not sent or sent in given:
            return inner(request)
        return gateway.store.find(next((id_ for id_ in given if takes(id_, sent)), sent))


def _open(action: str, refusal: str, test: Test) -> Install:
    """Let in, to a registration that exists, what would be refused for one reason."""

    def is_let_in(request: Request, registration: Registration | None, refused: Reply) -> bool:
        return registration is not None and refused.reason == refusal and test(request.header.get("Token"))

    return steps.both(_unchecked(action, "Token", test), steps.admitting(action, is_let_in))


def _open_to_older(gateway: Gateway) -> None:
    given = _made(gateway, "new_token")

    def is_let_in(request: Request, registration: Registration | None, _: Reply) -> bool:
        owned = registration.token_digest if registration is not None else ""
        return bool(owned) and request.token in itertools.takewhile(lambda token: digest(token) != owned, given)

    steps.admitting(UPDATE, is_let_in)(gateway)


def _open_later(gateway: Gateway) -> None:
    refused: set[tuple[str, str]] = set()

    def is_let_in(request: Request, registration: Registration | None, reply: Reply) -> bool:
        known = (request.id, request.token) in refused
        refused.add((request.id, request.token))
        return known and registration is not None and reply.reason == "foreign"

    steps.admitting(GET, is_let_in)(gateway)


def _with_auth(request: Request, reply: Reply) -> Reply:
    auth = {"token": request.token, "exp": "2099-12-31T23:59:59Z"}
    return replace(reply, body={**reply.body, "auth": auth})


def _short_lived(gateway: Gateway) -> None:
    made = steps.at_signup(gateway, steps.now)

    @replaces(gateway)
    def authorise(inner: steps.Authorising, request: Request, registration: Registration | None) -> Reply | None:
        owner = gateway.store.owner(digest(request.token))
        if owner is None or steps.now() < made.get(owner.id, math.inf) + 10:
            return inner(request, registration)
        return replace(gateway.refuse(request, "token", "the token has expired"), status=401)


@installing
def _worn_out(gateway: Gateway, action: str, allowed: int) -> None:
    uses: Counter[str] = Counter()

    def is_worn_out(request: Request, registration: Registration) -> bool:
        uses[digest(request.token)] += 1
        return uses[digest(request.token)] > allowed

    steps.denying(action, is_worn_out, _used_up)(gateway)


def _used_up(gateway: Gateway, request: Request) -> Reply:
    return replace(gateway.refuse(request, "token", "the token is used up"), status=401)
