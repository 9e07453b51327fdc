"""Reads what a NACK blames."""

from __future__ import annotations

from typing import Any

from ...specification.actions import SIGNUP
from ...specification.pointer import at_or_below, overlap, pattern_of
from ..diagnosis import Fault
from .observation import Observation


def blames(observation: Observation, fault: Fault) -> list[tuple[str, Any]]:
    """Places of the NACK that say something about a fault, with what they say.

    A fault of an object or a list may be blamed there or anywhere beneath.
    """
    if any(m.pointer == fault.member and m.scalar for m in observation.specification.members(observation.action)):
        return [(p, v) for p, v in observation.blamed if at_or_below(pattern_of(p), fault.member)]
    top = "/" + fault.member.split("/")[1]
    return [(p, v) for p, v in observation.blamed if at_or_below(p, top)]


def refused_unread(observation: Observation) -> bool:
    """True if the gateway seems not to have looked at the body, because of the token or of another change."""
    may_be_unread = observation.may_be_refused or observation.diagnosis.may_lack_access
    if may_be_unread and not any(blames(observation, fault) for fault in observation.diagnosis.body_faults):
        return True
    unknown = any(fault.kind == "unknown" for fault in observation.diagnosis.faults)
    return _is_denied(observation) and not unknown


def denied_as_foreign(observation: Observation) -> bool:
    """True if an unknown id is refused as a wrong token is: a gateway may look at the two together (H3, R16)."""
    unknown = any(fault.kind == "unknown" and fault.of_registration for fault in observation.diagnosis.faults)
    return unknown and observation.known.binds_tokens and _is_denied(observation)


def _is_denied(observation: Observation) -> bool:
    """True for a refusal by status alone that speaks of the token or of rights."""
    status = observation.exchange.reply.status if observation.exchange.reply else 0
    return observation.action != SIGNUP and status in (401, 403) and not observation.blamed


def refused_for_a_doubt(observation: Observation) -> bool:
    """True if the NACK blames a member on which readings differ, or blames nothing though such a member has no place.

    The gateway may have looked no further (R14).
    """
    doubts = [doubt.pointer for doubt in observation.diagnosis.doubts]
    if not observation.blamed:
        return any(not is_known(observation, doubt) for doubt in doubts)
    return any(overlap(p, d) for p, _ in observation.blamed for d in doubts)


def only_registration_is_blamed(observation: Observation) -> bool:
    """True if a NACK says of nothing but the registration that it is at fault."""
    # The id that was sent blames nothing (R18).
    blamed = [p for p, value in observation.blamed if (p, value) != ("/registration/id", observation.exchange.id_sent)]
    return bool(blamed) and all(at_or_below(pointer, "/registration") for pointer in blamed)


def text_around(observation: Observation, pointer: str) -> str | None:
    """The text member of the request at a pointer, or the one above it, as a pattern."""
    pattern = pattern_of(pointer)
    texts = (known.pointer for known in observation.specification.members(observation.action) if known.type == "string")
    return next((text for text in texts if at_or_below(pattern, text)), None)


def nearest(observation: Observation, pointer: str) -> str:
    """The innermost member of the request at a pointer or above it."""
    known = {known.pointer for known in observation.specification.members(observation.action)}
    while pointer and pattern_of(pointer) not in known:
        pointer = pointer.rpartition("/")[0]
    return pointer


def is_known(observation: Observation, pointer: str) -> bool:
    """True for a member of the request and for what lies below a text of it; anything else is extra (T11)."""
    pattern = pattern_of(pointer)
    return text_around(observation, pointer) is not None or any(
        k.pointer == pattern for k in observation.specification.members(observation.action)
    )


def is_clouded(observation: Observation, pointer: str) -> bool:
    """True if a member, what holds it or what it holds is in doubt or at fault, in any document."""
    pattern, diagnosis = pattern_of(pointer), observation.diagnosis
    if diagnosis.may_lack_access and at_or_below(pattern, "/registration"):
        return True
    places = (*(fault.pointer for fault in diagnosis.faults), *(doubt.pointer for doubt in diagnosis.doubts))
    return any(overlap(p, pattern) for p in map(pattern_of, places))
