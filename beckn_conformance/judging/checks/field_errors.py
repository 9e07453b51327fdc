"""Checks that the field errors of a NACK stand where they belong (R14, R15, R18)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...messages.text import shown
from ...specification.actions import GET
from ...specification.pointer import MISSING, at_or_below, member, parts_of, pattern_of
from ...specification.replies import schema_of
from ..finding import NO_TEXT, NO_TEXTS, SOUND, Judgement
from ..registry import check
from .blame import blames, is_clouded, is_known, nearest, refused_unread, text_around
from .breaches import Breach, breaches
from .observation import Observation
from .observed_reply import body_is_judged, is_judged


@check(SOUND, "NACK-ECHO", "NACK-TEXT", "NACK-INDEX")
def messages_stand_where_they_belong(observation: Observation) -> Iterable[Judgement]:
    if not is_judged(observation) or not observation.exchange.refused or not body_is_judged(observation):
        return
    if refused_unread(observation):
        return
    faults = observation.diagnosis.body_faults
    meant = {pointer for fault in faults for pointer, _ in blames(observation, fault)}
    schema = schema_of(observation.specification, observation.action, "nack")
    broken = {one.pointer: one for one in (breaches(schema, observation.exchange.body_of_reply) if meant else ())}
    found = [
        judgement
        for pointer, value in observation.blamed
        if (judgement := _misplaced(observation, pointer, value, meant, broken)) is not None
    ]
    yield from _together(found)
    wrong = {judgement.requirement for judgement in found}
    passed = {"NACK-ECHO", "NACK-TEXT"} if meant else set()
    if observation.action != GET:
        passed.add(SOUND)
    yield from (observation.ok(requirement) for requirement in sorted(passed - wrong))
    yield from _index(observation)


def _misplaced(
    observation: Observation, pointer: str, value: Any, meant: set[str], broken: Mapping[str, Breach]
) -> Judgement | None:
    """Says what is wrong with one message of a NACK."""
    own = member(observation.exchange.body_sent, pointer)
    observed = f"{observation.observed}, with {shown(value, 80)} at {pointer}"
    # The specification shows a registration beside the status of a refused update, so an id there blames nothing.
    repeated = own != MISSING and own == value and not isinstance(value, bool)
    if repeated and (pointer in meant or pointer == "/registration/id"):
        message = "the message is the value that was sent"
        return observation.bad("NACK-ECHO", pointer, "echoed", message, f"a message about {pointer}", observed)
    if pointer in meant:
        leaf = text_around(observation, pointer)
        if leaf is None and not isinstance(value, str) and _stands_beside_a_message(observation, pointer):
            # The index of a faulty document, or a code, is an extra member (T11).
            return None
        if not isinstance(value, str) or (leaf is not None and leaf != pattern_of(pointer)):
            place = leaf or nearest(observation, pointer)
            message = "the message is not a string"
            return observation.bad("NACK-TEXT", place, NO_TEXT, message, f"a string at {place}", observed)
        if (breach := broken.get(pointer)) is None:
            return None
        # It is a string, and still breaks the schema of the NACK.
        expected = f"{breach.expected} at {pointer}"
        return observation.bad("NACK-TEXT", pointer, breach.kind, f"the message {breach.wrong}", expected, observed)
    if is_known(observation, pointer) and not is_clouded(observation, pointer):
        return observation.bad(
            SOUND,
            nearest(observation, pointer),
            "sound-blamed",
            "a sound member is blamed",
            f"a message at {', '.join(f.pointer for f in observation.diagnosis.body_faults[:4])} only",
            observed,
        )
    return None


def _together(found: Sequence[Judgement]) -> Iterator[Judgement]:
    """Makes one finding, at what holds them all, of the sound members that a NACK blames.

    Messages that are no strings are one finding of their operation, too, which counts if several members have them.
    """
    blamed = [one.finding.pointer for one in found if one.requirement == SOUND and one.finding is not None]
    around = blamed[0] if len({*map(pattern_of, blamed)}) == 1 else _around(blamed)
    for one in found:
        if one.requirement == SOUND and one.finding is not None:
            obligation = one.obligation._replace(member=pattern_of(one.finding.pointer))
            one = Judgement(SOUND, obligation, replace(one.finding, pointer=around))
        yield one
        if one.finding is not None and one.finding.kind == NO_TEXT:
            where = one.obligation._replace(member=pattern_of(one.finding.pointer))
            message = "the messages at several members are not strings"
            several = replace(one.finding, pointer="", kind=NO_TEXTS, message=message)
            yield Judgement(one.requirement, where, several)


def _around(pointers: Sequence[str]) -> str:
    """The innermost object or list that holds all of these members."""
    levels = zip(*(pointer.split("/") for pointer in pointers), strict=False)
    return "/".join(parts[0] for parts in itertools.takewhile(lambda parts: len({*parts}) == 1, levels))


def _stands_beside_a_message(observation: Observation, pointer: str) -> bool:
    """True if an object around a member has a text, too."""
    return any(
        isinstance(text, str) and pointer.startswith(place[: place.rindex("/") + 1])
        for place, text in observation.blamed
    )


def _index(observation: Observation) -> Iterator[Judgement]:
    """If the document errors have a place for each document, they stand at the index of the faulty one (R15)."""
    sent = member(observation.exchange.body_sent, "/documents")
    errors = member(observation.exchange.body_of_reply, "/documents")
    faults = [f for f in observation.diagnosis.body_faults if f.pointer.startswith("/documents/")]
    if not isinstance(sent, list) or not isinstance(errors, list) or len(sent) < 2:
        return
    if not any(blames(observation, fault) for fault in faults):
        return
    # A shorter list has no place for each, and a longer one without empty places may hold one error each.
    placed = len(errors) == len(sent) or (len(errors) > len(sent) and not all(errors))
    blamed = [p for p, _ in observation.blamed if p.startswith("/documents/")]
    missed = [f for f in faults if not any(at_or_below(p, f.pointer) for p in blamed)]
    touched = {
        parts_of(place)[1]
        for place in (*(f.pointer for f in faults), *(d.pointer for d in observation.diagnosis.doubts))
        if place.startswith("/documents/")
    }
    for pointer in blamed if missed and placed else ():
        meant = any(pattern_of(pointer).startswith(fault.member) for fault in faults)
        if meant and parts_of(pointer)[1] not in touched:
            yield observation.bad(
                "NACK-INDEX",
                "/documents",
                "another-index",
                "the message is at the index of another document",
                f"a message at {faults[0].pointer}",
                f"{observation.observed}, blaming {', '.join(blamed[:4])}",
            )
            return
    yield observation.ok("NACK-INDEX")
