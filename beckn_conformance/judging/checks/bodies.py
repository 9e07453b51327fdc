"""Checks of the body of an ACK: its members, statuses, ids and credential."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable

from ...messages.json_text import tame
from ...messages.text import shown
from ...messages.times import read_date, read_time
from ...specification.actions import SIGNUP
from ...specification.pointer import MISSING, below, member, pattern_of, places
from ..finding import MOST_PLACES, Judgement
from ..registry import check
from .observation import VERIFICATION, Observation


def _acknowledged_body(observation: Observation) -> bool:
    return (
        observation.exchange.acknowledged
        and observation.message
        and not observation.diagnosis.faulty
        and not observation.disguised
        and observation.exchange.received is not None
        and not observation.exchange.received.unreadable
    )


def _owner(observation: Observation, pointer: str) -> str:
    pattern = pattern_of(pointer)
    for requirement in observation.specification.requirements.values():
        if observation.action in requirement.operations and pattern in requirement.owns:
            return requirement.id
    return f"{observation.prefix}-BODY"


@check("*-BODY", tie="owns")
def body_has_its_members(observation: Observation) -> Iterable[Judgement]:
    if not _acknowledged_body(observation):
        return
    broken: set[str] = set()
    told: Counter[tuple[str, str]] = Counter()
    body = observation.exchange.body_of_reply
    for error in observation.specification.reply_schema(observation.action, "ack").iter_errors(
        None if body == MISSING else tame(body)
    ):
        keyword = str(error.schema_path[-1])
        if keyword not in ("type", "required", "pattern"):
            continue
        pointer = below("", *error.instance_path)
        if keyword == "required":
            pointer = below(pointer, error.kind.property)
        told[pattern_of(pointer), keyword] += 1
        if told[pattern_of(pointer), keyword] > MOST_PLACES:
            # A waiver may be for one document only; more of them than are told apart say nothing new.
            continue
        requirement = _owner(observation, pointer)
        if requirement in ("DOCUMENTS-OLD-STATUS",) or (
            observation.config.documents_echo == "redacted" and pattern_of(pointer) == "/documents/*/data"
        ):
            continue
        broken.add(requirement)
        found = member(body, pointer)
        kind, wrong = BREACHES[keyword]
        yield observation.bad(
            requirement,
            pointer,
            kind,
            f"{pattern_of(pointer) or 'the body'} {wrong}",
            f"{pointer or 'the body'} as the specification shows it",
            f"{observation.observed}, with {shown(found)} there",
        )
    for requirement in observation.specification.replies_owned(observation.action):
        if requirement not in broken and requirement not in STATUS_PLACES and requirement not in IDENTITY:
            yield observation.ok(requirement)


BREACHES = {
    "type": ("another-type", "has another type"),
    "required": ("missing", "is missing"),
    "pattern": ("blank", "is blank"),
}
"""By keyword of a schema, the kind of finding and what is told of it."""

STATUS_PLACES = {
    "SIGNUP-DOCUMENT-STATUS": "/documents/*/status",
    "SIGNUP-API-STATUS": "/api/status",
    "UPDATE-STATUS": "/registration/status",
    "UPDATE-DOCUMENT-STATUS": "/documents/*/status",
    "DOCUMENTS-STATUS": "/registration/status",
}
IDENTITY = ("GET-ID", "UPDATE-ID", "DOCUMENTS-ID", "DOCUMENTS-OLD-STATUS", "DOCUMENTS-DOCUMENT-ID")


@check(*STATUS_PLACES)
def statuses_are_those_of_the_page(observation: Observation) -> Iterable[Judgement]:
    if not _acknowledged_body(observation):
        return
    for requirement, place in STATUS_PLACES.items():
        if observation.action not in observation.specification.requirements[requirement].operations:
            continue
        if place == "/registration/status":
            allowed: tuple[str, ...] = (observation.config.status_name("UPDATE-PENDING"),)
        elif requirement.startswith("SIGNUP") and observation.config.verification == "deferred":
            allowed = VERIFICATION[:1]
        else:
            allowed = VERIFICATION
        seen = missing = False
        wrong = 0
        for pointer, value in places(observation.exchange.body_of_reply, place):
            if value == MISSING or (place == "/registration/status" and not isinstance(value, str)):
                missing = True
                continue
            seen = True
            if value not in allowed:
                wrong += 1
                yield observation.bad(
                    requirement,
                    pointer,
                    "another-status",
                    "a status that the specification does not allow",
                    f"{' or '.join(map(shown, allowed))} at {pointer}",
                    f"{observation.observed}, with {shown(value)} there",
                )
                if wrong >= MOST_PLACES:
                    break
        if seen and not missing and not wrong:
            yield observation.ok(requirement)


@check("GET-ID", "UPDATE-ID", "DOCUMENTS-ID")
def id_is_the_one_asked_for(observation: Observation) -> Iterable[Judgement]:
    if (
        observation.action == SIGNUP
        or not _acknowledged_body(observation)
        or observation.diagnosis.registration is None
    ):
        return
    value = member(observation.exchange.body_of_reply, "/registration/id")
    if isinstance(value, str | int) and value != MISSING:
        if str(value) == observation.diagnosis.registration:
            yield observation.ok(f"{observation.prefix}-ID")
        else:
            yield observation.bad(
                f"{observation.prefix}-ID",
                "/registration/id",
                "another-id",
                "another registration's id",
                f"{shown(observation.diagnosis.registration, 60)} at /registration/id",
                f"{shown(value, 60)} there",
            )


@check("TOKEN-NOT-REPEATED")
def credential_is_given_once(observation: Observation) -> Iterable[Judgement]:
    if observation.action == SIGNUP or not observation.exchange.acknowledged or not observation.message:
        return
    token = member(observation.exchange.body_of_reply, "/auth/token")
    if token in (None, "", MISSING):
        yield observation.ok("TOKEN-NOT-REPEATED")
    else:
        yield observation.bad(
            "TOKEN-NOT-REPEATED",
            "/auth",
            "credential-repeated",
            "the credential is repeated",
            "no auth in this reply",
        )


@check("SIGNUP-EXP-AHEAD")
def expiry_lies_ahead(observation: Observation) -> Iterable[Judgement]:
    if observation.action != SIGNUP or not _acknowledged_body(observation):
        return
    value = member(observation.exchange.body_of_reply, "/auth/exp")
    if not isinstance(value, str) or value == MISSING or not value.strip():
        return
    # Where the clocks differ, the token is valid by that of the gateway.
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
