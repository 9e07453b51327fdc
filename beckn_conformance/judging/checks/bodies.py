"""Checks the body of an ACK: its schema, ids, credential and expiry."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache, lru_cache
from typing import Any

from ...messages.text import shown
from ...messages.times import read_date, read_time
from ...specification.actions import SIGNUP
from ...specification.pointer import MISSING, member, pattern_of, places
from ...specification.replies import declarations, members_of_ack, owner, owners, schema_of, statuses
from ...specification.specification import Specification
from ..diagnosis import DoubtKind
from ..finding import MOST_PLACES, Judgement
from ..registry import CHECKS, check
from .breaches import Breach, breaches
from .observation import Observation
from .observed_reply import is_disguised
from .wording import IMMEDIATELY

STATUS = "/registration/status"
SHORT = 8
"""Characters of a token below which it may be part of something else by chance."""


def _acknowledged_body(observation: Observation) -> bool:
    return (
        observation.exchange.acknowledged
        and observation.message
        and not observation.diagnosis.faulty
        and not is_disguised(observation)
        and observation.exchange.received is not None
        and not observation.exchange.received.unreadable
    )


@check("*-BODY", tie="owns")
def body_fits_its_schema(observation: Observation) -> Iterable[Judgement]:
    """Judges the whole body. A member that a requirement owns is judged under that requirement."""
    if not _acknowledged_body(observation):
        return
    specification, action = observation.specification, observation.action
    registration = observation.known.registrations.get(observation.registration)
    again = action == SIGNUP and any(doubt.kind is DoubtKind.TAKEN for doubt in observation.diagnosis.doubts)
    broken: set[str] = set()
    reported: Counter[tuple[str, str]] = Counter()
    for breach in _breaches(observation):
        pattern = pattern_of(breach.pointer)
        requirement = owner(specification, action, pattern)
        redacted = pattern == "/documents/*/data" and observation.redacted
        word = requirement == "UPDATE-DOCUMENT-STATUS" and breach.keyword == "enum"
        unheld = "auth" in observation.known.unheld and pattern.startswith("/auth")
        # A reply may show what another change that was under way left behind (X3).
        theirs = observation.contended and pattern == STATUS and breach.kind == "another-value"
        # A second signup may show what the registration of the first has come to (Q13).
        later = again and pattern.endswith("/status") and breach.kind == "another-value"
        if unheld or theirs or later:
            broken.add(requirement)
            continue
        if requirement == "DOCUMENTS-OLD-STATUS" or word or redacted:
            # The history tells new documents from earlier ones, and which words documents reach by themselves.
            continue
        broken.add(requirement)
        value = member(observation.exchange.body_of_reply, breach.pointer)
        if registration is not None and registration.may_show(pattern, value):
            # It was sent and acknowledged, which is a finding of its own.
            continue
        reported[pattern, breach.kind] += 1
        if reported[pattern, breach.kind] <= MOST_PLACES:
            # More documents than are told apart say nothing new.
            yield _bad(observation, requirement, breach)
    for owning in owners(specification, action):
        if owning.id not in broken and owning.id not in _named() and _is_shown(observation, owning.owns):
            yield observation.ok(owning.id)
    if f"{observation.prefix}-BODY" not in broken:
        yield observation.ok(f"{observation.prefix}-BODY")


@cache
def _named() -> frozenset[str]:
    """Ids of the requirements that checks name; one that owns a member passes by its own check, if it has one."""
    return frozenset(id_ for entry in CHECKS for id_ in entry.ids)


def _bad(observation: Observation, requirement: str, breach: Breach) -> Judgement:
    pattern, kind = pattern_of(breach.pointer), breach.kind
    if kind == "another-value" and pattern.endswith("/status"):
        kind = "another-status"
    return observation.bad(
        requirement,
        breach.pointer,
        kind,
        f"{'a member' if pattern else 'the body'} {breach.wrong}",
        f"{breach.expected} at {breach.pointer or 'the body'}{breach.unless}",
        f"{observation.observed}, with {shown(member(observation.exchange.body_of_reply, breach.pointer))} there",
    )


def _breaches(observation: Observation) -> Iterator[Breach]:
    """Breaches of the schema of the ACK, with the gateway's own word for a pending update in its place (R5)."""
    body = observation.body_of_reply
    own, literal = observation.statuses.pending, statuses(observation.specification).pending
    if own != literal and isinstance(body, dict) and isinstance(body.get("registration"), dict):
        status = member(body, STATUS)
        word = literal if status == own else own if status == literal else status
        if word != MISSING:
            body = {**body, "registration": {**body["registration"], "status": word}}
    for breach in breaches(schema_of(observation.specification, observation.action, "ack"), body):
        yield replace(breach, expected=shown(own)) if breach.expected == shown(literal) else breach
    if observation.config.verification == "deferred":
        yield from _verified_at_once(observation)


def _verified_at_once(observation: Observation) -> Iterator[Breach]:
    """Statuses that only a gateway that verifies at once may say (R4)."""
    for pattern, first, later in _immediate(observation.specification, observation.action):
        for pointer, value in places(observation.exchange.body_of_reply, pattern):
            if value in later:
                yield Breach(pointer, "enum", "another-value", "has another value", shown(first), IMMEDIATELY)


@lru_cache(maxsize=64)
def _immediate(specification: Specification, action: str) -> list[tuple[str, Any, list[Any]]]:
    """Members of an ACK that depend on verification: pointer, the first value of their enum, and the others."""
    found = []
    for known in members_of_ack(specification, action):
        allowed = known.schema.get("enum", [])
        requirement = specification.requirements.get(owner(specification, action, known.pointer))
        if allowed[1:] and requirement and "verification" in declarations(specification, requirement):
            found.append((known.pointer, allowed[0], allowed[1:]))
    return found


def _is_shown(observation: Observation, patterns: Iterable[str]) -> bool:
    """True if the reply has any of these members."""
    body = observation.exchange.body_of_reply
    return any(value != MISSING for pattern in patterns for _, value in places(body, pattern))


@check("*-ID")
def id_is_the_one_asked_for(observation: Observation) -> Iterable[Judgement]:
    asked, shown_id = observation.diagnosis.registration, observation.exchange.id_received
    if observation.action == SIGNUP or not _acknowledged_body(observation) or asked is None:
        return
    value = member(observation.exchange.body_of_reply, "/registration/id")
    if isinstance(value, bool) or not isinstance(value, str | int) or value == MISSING:
        return
    if shown_id == asked:
        yield observation.ok(f"{observation.prefix}-ID")
    else:
        yield observation.bad(
            f"{observation.prefix}-ID",
            "/registration/id",
            "another-id",
            "another registration's id",
            f"{shown(asked, 60)} at /registration/id",
            f"{shown(value, 60)} there",
        )


@check("TOKEN-NOT-REPEATED")
def credential_is_given_once(observation: Observation) -> Iterable[Judgement]:
    acknowledged, observed = observation.exchange.acknowledged, None
    given = acknowledged and observation.action == SIGNUP
    if given or not observation.message or not (acknowledged or observation.exchange.refused):
        return
    if acknowledged and _is_given(member(observation.exchange.body_of_reply, "/auth/token")):
        pointer, expected = "/auth", "no auth in this reply"
    elif place := _token_shown(observation):
        pointer, expected = "header:message" if place == "message" else "", "no token in this reply"
        observed = f"{observation.exchange.action_of_reply} with a registration's token in the {place}"
    else:
        if acknowledged:
            yield observation.ok("TOKEN-NOT-REPEATED")
        return
    message = "the credential is repeated"
    yield observation.bad("TOKEN-NOT-REPEATED", pointer, "credential-repeated", message, expected, observed)


def _is_given(token: Any) -> bool:
    """Tells whether a token is there, and not a mask with some of its characters, such as ``****1a2b``."""
    if not isinstance(token, str):
        return token is not None
    return token not in ("", MISSING) and sum(map(str.isalnum, token)) * 2 >= len(token)


def _token_shown(observation: Observation) -> str:
    """The part of a reply that holds the token of the registration it is about; empty if none does.

    The refusal of a signup may be about an earlier one of the same provider. A NACK may repeat what was sent.
    """
    exchange, known = observation.exchange, observation.known
    if exchange.reply is None or not known.closed or (exchange.refused and exchange.sent is None):
        return ""
    about = [known.registrations.get(observation.registration)]
    for one in filter(None, known.alike(exchange) if observation.action == SIGNUP else about):
        token = one.token
        sent = exchange.refused and exchange.sent and token in str(exchange.sent.header.get("Token"))
        if len(token) < SHORT or token in one.id or sent:
            continue
        if exchange.received is not None and token in str(exchange.received.header.get("message")):
            return "message"
        if any(token in value for _, value in exchange.reply.headers):
            return "HTTP header"
        if token.encode() in exchange.reply.content:
            return "body"
    return ""


@check("SIGNUP-EXP-AHEAD")
def expiry_lies_ahead(observation: Observation) -> Iterable[Judgement]:
    if observation.action != SIGNUP or not _acknowledged_body(observation):
        return
    value = member(observation.exchange.body_of_reply, "/auth/exp")
    if not isinstance(value, str) or value == MISSING or not value.strip():
        return
    # If the clocks differ, the token is valid by the gateway's.
    said = read_date(observation.exchange.reply.header("date")) if observation.exchange.reply is not None else None
    now = datetime.datetime.fromtimestamp(observation.exchange.started, datetime.UTC)
    moment = read_time(value)
    if moment is None or moment.timestamp() > min(observation.exchange.started, said or observation.exchange.started):
        yield observation.ok("SIGNUP-EXP-AHEAD")
    else:
        yield observation.bad(
            "SIGNUP-EXP-AHEAD",
            "/auth/exp",
            "expired",
            "the token has expired when it is issued",
            "a time that lies ahead",
            f"{shown(value)} in a reply of {now:%Y-%m-%dT%H:%M:%SZ}",
        )
