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
from .observation import VERIFICATION, Sight
from .registry import check


def _acknowledged_body(sight: Sight) -> bool:
    return (
        sight.exchange.acknowledged
        and sight.message
        and not sight.diagnosis.faulty
        and not sight.disguised
        and sight.exchange.received is not None
        and not sight.exchange.received.unreadable
    )


def _owner(sight: Sight, pointer: str) -> str:
    pattern = pattern_of(pointer)
    for requirement in sight.specification.requirements.values():
        if sight.action in requirement.operations and pattern in requirement.owns:
            return requirement.id
    return f"{sight.prefix}-BODY"


@check("*-BODY", when=lambda requirement: bool(requirement.owns))
def body_has_its_members(sight: Sight) -> Iterable[Judgement]:
    if not _acknowledged_body(sight):
        return
    broken: set[str] = set()
    told: Counter[tuple[str, str]] = Counter()
    body = sight.exchange.body_of_reply
    for error in sight.specification.reply_schema(sight.action, "ack").iter_errors(
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
        requirement = _owner(sight, pointer)
        if requirement in ("DOCUMENTS-OLD-STATUS",) or (
            sight.config.documents_echo == "redacted" and pattern_of(pointer) == "/documents/*/data"
        ):
            continue
        broken.add(requirement)
        found = member(body, pointer)
        kind, wrong = BREACHES[keyword]
        yield sight.bad(
            requirement,
            pointer,
            kind,
            f"{pattern_of(pointer) or 'the body'} {wrong}",
            f"{pointer or 'the body'} as the specification shows it",
            f"{sight.observed}, with {shown(found)} there",
        )
    for requirement in sight.specification.replies_owned(sight.action):
        if requirement not in broken and requirement not in STATUS_PLACES and requirement not in IDENTITY:
            yield sight.ok(requirement)


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
def statuses_are_those_of_the_page(sight: Sight) -> Iterable[Judgement]:
    if not _acknowledged_body(sight):
        return
    for requirement, place in STATUS_PLACES.items():
        if sight.action not in sight.specification.requirements[requirement].operations:
            continue
        if place == "/registration/status":
            allowed: tuple[str, ...] = (sight.config.status_name("UPDATE-PENDING"),)
        elif requirement.startswith("SIGNUP") and sight.config.verification == "deferred":
            allowed = VERIFICATION[:1]
        else:
            allowed = VERIFICATION
        seen = missing = False
        wrong = 0
        for pointer, value in places(sight.exchange.body_of_reply, place):
            if value == MISSING or (place == "/registration/status" and not isinstance(value, str)):
                missing = True
                continue
            seen = True
            if value not in allowed:
                wrong += 1
                yield sight.bad(
                    requirement,
                    pointer,
                    "another-status",
                    "a status that the specification does not allow",
                    f"{' or '.join(map(shown, allowed))} at {pointer}",
                    f"{sight.observed}, with {shown(value)} there",
                )
                if wrong >= MOST_PLACES:
                    break
        if seen and not missing and not wrong:
            yield sight.ok(requirement)


@check("GET-ID", "UPDATE-ID", "DOCUMENTS-ID")
def id_is_the_one_asked_for(sight: Sight) -> Iterable[Judgement]:
    if sight.action == SIGNUP or not _acknowledged_body(sight) or sight.diagnosis.registration is None:
        return
    value = member(sight.exchange.body_of_reply, "/registration/id")
    if isinstance(value, str | int) and value != MISSING:
        if str(value) == sight.diagnosis.registration:
            yield sight.ok(f"{sight.prefix}-ID")
        else:
            yield sight.bad(
                f"{sight.prefix}-ID",
                "/registration/id",
                "another-id",
                "another registration's id",
                f"{shown(sight.diagnosis.registration, 60)} at /registration/id",
                f"{shown(value, 60)} there",
            )


@check("TOKEN-NOT-REPEATED")
def credential_is_given_once(sight: Sight) -> Iterable[Judgement]:
    if sight.action == SIGNUP or not sight.exchange.acknowledged or not sight.message:
        return
    token = member(sight.exchange.body_of_reply, "/auth/token")
    if token in (None, "", MISSING):
        yield sight.ok("TOKEN-NOT-REPEATED")
    else:
        yield sight.bad(
            "TOKEN-NOT-REPEATED",
            "/auth",
            "credential-repeated",
            "the credential is repeated",
            "no auth in this reply",
        )


@check("SIGNUP-EXP-AHEAD")
def expiry_lies_ahead(sight: Sight) -> Iterable[Judgement]:
    if sight.action != SIGNUP or not _acknowledged_body(sight):
        return
    value = member(sight.exchange.body_of_reply, "/auth/exp")
    if not isinstance(value, str) or value == MISSING or not value.strip():
        return
    # Where the clocks differ, the token is valid by that of the gateway.
    said = read_date(sight.exchange.reply.header("date")) if sight.exchange.reply is not None else None
    now = datetime.datetime.fromtimestamp(sight.exchange.started, datetime.UTC)
    moment = read_time(value)
    if moment is None or moment.timestamp() > min(sight.exchange.started, said or sight.exchange.started):
        yield sight.ok("SIGNUP-EXP-AHEAD")
    else:
        yield sight.bad(
            "SIGNUP-EXP-AHEAD",
            "/auth/exp",
            "expired",
            "the token has expired when it is issued",
            "a time that lies ahead",
            f"{shown(value)} in a reply of {now:%Y-%m-%dT%H:%M:%SZ}",
        )
