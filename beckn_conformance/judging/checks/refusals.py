"""Checks of what was due: an ACK to a valid request, a NACK that blames each fault where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...messages.text import shown
from ...specification.actions import ADD, GET, SIGNUP, UPDATE
from ...specification.pointer import MISSING, member, pattern_of, places
from ..finding import Judgement
from ..origin import is_bare
from ..recogniser import Fault
from .observation import Sight, body_is_judged, is_judged
from .registry import check


@check("*-ACK", "TOKEN-ACCEPTED", when=lambda requirement: requirement.accepts is not None)
def valid_request_is_acknowledged(sight: Sight) -> Iterable[Judgement]:
    if not sight.diagnosis.valid or not sight.message or sight.exchange.sent is None or sight.unsettled:
        return
    later = sight.action != SIGNUP
    if sight.exchange.acknowledged:
        yield sight.ok(f"{sight.prefix}-ACK")
        if later:
            yield sight.ok("TOKEN-ACCEPTED")
        yield from _accepted_variants(sight)
    elif sight.exchange.refused and not sight.contended:
        yield _refused_though_valid(sight)
    elif sight.diagnosis.symbols and is_bare(sight.exchange) and sight.served and not sight.by_gateway:
        if sight.shut_out:
            # A limit or a ban, which has nothing to do with the symbols.
            return
        reply = sight.exchange.reply
        if reply is not None and reply.status // 100 in (2, 4) and reply.status != 429:
            yield _symbols_refused(sight, sight.observed)


def _accepted_variants(sight: Sight) -> Iterator[Judgement]:
    assert sight.exchange.sent is not None
    for acceptance in sight.specification.acceptances(sight.action):
        for _, value in places(sight.exchange.sent.body, acceptance.pointer):
            if value == MISSING or isinstance(value, (dict, list)) or value is None:
                continue
            for obligation, pattern in acceptance.variants:
                if pattern.search(str(value)):
                    yield sight.ok(acceptance.requirement, obligation)


def _refused_though_valid(sight: Sight) -> Judgement:
    status = sight.exchange.reply.status if sight.exchange.reply else 0
    named = [pointer for pointer, _ in sight.blamed]
    if sight.action != SIGNUP and (status in (401, 403)):
        return sight.bad(
            "TOKEN-ACCEPTED",
            "header:Token",
            "token-refused",
            "the token that the signup gave is refused",
            "ACK to a valid request with it",
        )
    tokenless = sight.action == SIGNUP and not sight.signups_work and sight.config.signup_token is None
    if tokenless and (status in (401, 403) or not named):
        # Without a declared token nothing tells a wrong refusal from a missing agreement (H2).
        return Judgement("", "")
    observed = f"{sight.observed}, blaming {', '.join(named[:4])}" if named else f"{sight.observed}, blaming nothing"
    for pointer in (p for p in named if p not in sight.diagnosis.symbols):
        requirement = sight.specification.requirement_for_acceptance(sight.action, pattern_of(pointer), "must")
        if requirement is not None:
            value = member(sight.exchange.sent.body if sight.exchange.sent else None, pointer)
            note = f" to {shown(value, 80)} at {pointer}" if value != MISSING else ""
            return sight.bad(
                requirement.id, pointer, "valid-refused", "a valid value is refused", f"ACK{note}", observed
            )
    if sight.diagnosis.symbols:
        return _symbols_refused(sight, observed)
    return sight.bad(
        f"{sight.prefix}-ACK", named[0] if named else "", "valid-refused", "a valid request is refused", "ACK", observed
    )


def _symbols_refused(sight: Sight, observed: str) -> Judgement:
    """A value that SHOULD be accepted is not (Q4), be it by the gateway or by a firewall."""
    pointer = sight.diagnosis.symbols[0]
    requirement = sight.specification.requirement_for_acceptance(sight.action, pattern_of(pointer), "should")
    id_ = requirement.id if requirement else f"{sight.prefix}-ACK"
    return sight.bad(id_, pointer, "valid-refused", "a valid value is refused", "ACK", observed)


HEADER_REQUIREMENTS = {
    "header:Action": "HEADER-NACK-ACTION",
    "header:Timestamp": "HEADER-NACK-TIMESTAMP",
}
TOKEN_REQUIREMENTS = {
    "missing": "TOKEN-NACK-ABSENT",
    "empty": "TOKEN-NACK-ABSENT",
    "unknown": "TOKEN-NACK-UNKNOWN",
    "foreign": "TOKEN-NACK-FOREIGN",
    "shared": "TOKEN-NACK-FOREIGN",
}


def header_requirement(fault: Fault) -> str:
    return HEADER_REQUIREMENTS.get(fault.pointer) or TOKEN_REQUIREMENTS[fault.kind]


@check(
    "HEADER-NACK-ACTION",
    "HEADER-NACK-TIMESTAMP",
    "TOKEN-NACK-ABSENT",
    "TOKEN-NACK-UNKNOWN",
    "TOKEN-NACK-FOREIGN",
)
def faulty_header_is_refused(sight: Sight) -> Iterable[Judgement]:
    faults = sight.diagnosis.header_faults
    if not is_judged(sight) or len(faults) != 1 or sight.diagnosis.body_faults:
        return
    (fault,) = faults
    obligation = f"{sight.action} {fault.kind}"
    if sight.exchange.acknowledged:
        name = fault.pointer.partition(":")[2]
        kind, message = "faulty-acknowledged", f"a request with a faulty {name} is acknowledged"
        if fault.kind == "shared":
            kind, message = "shared-acknowledged", "the same token was given to two registrations and is acknowledged"
        yield sight.bad(header_requirement(fault), fault.pointer, kind, message, "NACK", obligation=obligation)
    elif fault.kind != "shared" and sight.exchange.refused:
        yield sight.ok(header_requirement(fault), obligation)


def _requirement(sight: Sight, fault: Fault) -> str | None:
    requirement = sight.specification.requirement_for_fault(sight.action, fault.member, fault.kind, fault.strength)
    return requirement.id if requirement else None


@check(when=lambda requirement: requirement.refuses is not None)
def faulty_body_is_refused_and_blamed(sight: Sight) -> Iterable[Judgement]:
    faults = sight.diagnosis.body_faults
    if not is_judged(sight) or not faults:
        return
    first = min(faults, key=lambda f: f.strength)
    requirement = _requirement(sight, first)
    if requirement is None:
        return
    if sight.exchange.acknowledged:
        yield sight.bad(
            requirement,
            first.pointer,
            "faulty-acknowledged",
            "a faulty value is acknowledged",
            _expected(sight, first),
            obligation=first.obligation,
        )
        return
    if not body_is_judged(sight):
        if not sight.diagnosis.header_faults and len(faults) == 1:
            yield sight.ok(requirement, first.obligation)
        return
    if sight.exchange.received is not None and sight.exchange.received.unreadable:
        return
    if _refused_unread(sight):
        return
    missed = [f for f in faults if not _blame(sight, f)]
    if len(missed) == len(faults):
        if _refused_for_a_doubt(sight):
            return
        others = [pointer for pointer, _ in sight.blamed]
        yield sight.bad(
            requirement,
            first.pointer,
            "not-blamed",
            "the faulty member is not blamed",
            _expected(sight, first),
            f"{sight.observed}, " + (f"blaming {', '.join(others[:4])}" if others else "blaming nothing"),
            obligation=first.obligation,
        )
    elif len(faults) == 1:
        yield sight.ok(requirement, first.obligation)


def _refused_unread(sight: Sight) -> bool:
    """Whether the gateway never looked at the body, for the token or a change under way; its faults are not judged."""
    if sight.contended and not any(_blame(sight, fault) for fault in sight.diagnosis.body_faults):
        return True
    status = sight.exchange.reply.status if sight.exchange.reply else 0
    unknown = any(fault.kind == "unknown" for fault in sight.diagnosis.faults)
    return sight.action != SIGNUP and status in (401, 403) and not sight.blamed and not unknown


def _refused_for_a_doubt(sight: Sight) -> bool:
    """Whether the gateway blames something on which readers can differ, or nothing where the page has no place for
    that; it may have looked no further (R14)."""
    doubts = [doubt.pointer for doubt in sight.diagnosis.doubts]
    if not sight.blamed:
        return any(not _known_place(sight, d) for d in doubts)
    return any(p == d or p.startswith(d + "/") or d.startswith(p + "/") for p, _ in sight.blamed for d in doubts)


def _expected(sight: Sight, fault: Fault) -> str:
    if sight.action == ADD and fault.of_registration:
        return "NACK"
    return f"NACK, with a message at {fault.pointer}"


def _is_leaf(sight: Sight, fault: Fault) -> bool:
    return next(m.type for m in sight.specification.members(sight.action) if m.pointer == fault.member) == "string"


def _blame(sight: Sight, fault: Fault) -> list[tuple[str, Any]]:
    """Where the NACK says something about a fault (R14, R15)."""
    if _is_leaf(sight, fault):
        return [
            (p, v)
            for p, v in sight.blamed
            if pattern_of(p) == fault.member or pattern_of(p).startswith(fault.member + "/")
        ]
    top = "/" + fault.member.split("/")[1]
    return [(p, v) for p, v in sight.blamed if p == top or p.startswith(top + "/")]


@check("NACK-ALL")
def every_fault_is_blamed(sight: Sight) -> Iterable[Judgement]:
    faults = [f for f in sight.diagnosis.body_faults if not f.of_registration]
    if not is_judged(sight) or not sight.exchange.refused or len(faults) < 2:
        return
    if len(faults) != len(sight.diagnosis.faults) or any(f.strength != "must" for f in faults):
        return
    missed = [f for f in faults if not _blame(sight, f)]
    if not missed:
        yield sight.ok("NACK-ALL")
    elif len(missed) < len(faults) and not _refused_for_a_doubt(sight):
        yield sight.bad(
            "NACK-ALL",
            missed[0].pointer,
            "not-all-blamed",
            "not every faulty member is blamed",
            f"messages at {', '.join(f.pointer for f in faults)}",
            f"{sight.observed}, blaming {', '.join(p for p, _ in sight.blamed[:4])}",
        )


@check("NACK-SOUND", "NACK-ECHO", "NACK-TEXT", "NACK-INDEX")
def messages_stand_where_they_belong(sight: Sight) -> Iterable[Judgement]:
    if not is_judged(sight) or not sight.exchange.refused or not body_is_judged(sight):
        return
    if sight.contended and _refused_unread(sight):
        return
    sent = sight.exchange.sent
    assert sent is not None
    faults = sight.diagnosis.body_faults
    echoed = sound = text = False
    meant = {pointer for fault in faults for pointer, _ in _blame(sight, fault)}
    for pointer, value in sight.blamed:
        own = member(sent.body, pointer)
        at_fault = pointer in meant
        # The page shows a registration beside the status of a refused update, so an id there is no blame.
        same = own != MISSING and own == value and not isinstance(value, bool)
        if same and (at_fault or pointer == "/registration/id"):
            echoed = True
            yield sight.bad(
                "NACK-ECHO",
                pointer,
                "echoed",
                "the message is the value that was sent",
                f"a message about {pointer}",
                f"{sight.observed}, with {shown(value, 80)} at {pointer}",
            )
        elif at_fault:
            leaf = _leaf_of(sight, pointer)
            if not isinstance(value, str) or (leaf is not None and leaf != pattern_of(pointer)):
                text = True
                place = leaf or _nearest(sight, pointer)
                yield sight.bad(
                    "NACK-TEXT",
                    place,
                    "no-string",
                    "the message is not a string",
                    f"a string at {place}",
                    f"{sight.observed}, with {shown(value, 80)} at {pointer}",
                )
        elif _known_place(sight, pointer) and not _clouded(sight, pointer):
            sound = True
            yield sight.bad(
                "NACK-SOUND",
                _nearest(sight, pointer),
                "sound-blamed",
                "a sound member is blamed",
                f"a message at {', '.join(f.pointer for f in faults[:4])} only",
                f"{sight.observed}, with {shown(value, 80)} at {pointer}",
            )
    if any(_blame(sight, f) for f in faults):
        if not echoed:
            yield sight.ok("NACK-ECHO")
        if not text:
            yield sight.ok("NACK-TEXT")
    if not sound and sight.action != GET:
        yield sight.ok("NACK-SOUND")
    yield from _index(sight)


def _leaf_of(sight: Sight, pointer: str) -> str | None:
    """The text member of the request in whose place a pointer lies, as a pattern."""
    pattern = pattern_of(pointer)
    for known in sight.specification.members(sight.action):
        if known.type == "string" and (pattern == known.pointer or pattern.startswith(known.pointer + "/")):
            return known.pointer
    return None


def _nearest(sight: Sight, pointer: str) -> str:
    """The place itself, or the member of the request around it where what lies beneath is the gateway's own making."""
    known = {member.pointer for member in sight.specification.members(sight.action)}
    while pointer and pattern_of(pointer) not in known:
        pointer = pointer.rpartition("/")[0]
    return pointer


def _known_place(sight: Sight, pointer: str) -> bool:
    """Whether a place is one of the request's members, or stands for one as a whole; others are extra (T11)."""
    pattern = pattern_of(pointer)
    return any(
        pattern == known.pointer or (known.type == "string" and pattern.startswith(known.pointer + "/"))
        for known in sight.specification.members(sight.action)
    )


def _clouded(sight: Sight, pointer: str) -> bool:
    """Whether a member is in doubt or at fault in any document, or holds something that is."""
    pattern = pattern_of(pointer)
    return any(
        pattern_of(p) == pattern or pattern_of(p).startswith(pattern + "/") or pattern.startswith(pattern_of(p) + "/")
        for p in (
            *(f.pointer for f in sight.diagnosis.faults),
            *(d.pointer for d in sight.diagnosis.doubts),
        )
    )


def _index(sight: Sight) -> Iterator[Judgement]:
    """Where document errors are as many as documents, they stand at the index of the faulty one (R15)."""
    assert sight.exchange.sent is not None
    sent, errors = (
        member(sight.exchange.sent.body, "/documents"),
        member(sight.exchange.body_of_reply, "/documents"),
    )
    faults = [f for f in sight.diagnosis.body_faults if f.pointer.startswith("/documents/")]
    if not faults or not isinstance(sent, list) or not isinstance(errors, list):
        return
    if len(sent) != len(errors) or len(sent) < 2:
        return
    blames = [p for p, _ in sight.blamed if p.startswith("/documents/")]
    if not any(_blame(sight, fault) for fault in faults):
        return
    missed = [f for f in faults if not any(p == f.pointer or p.startswith(f.pointer + "/") for p in blames)]
    for pointer in blames if missed else ():
        index = pointer.split("/")[2]
        at_fault = any(fault.pointer.split("/")[2] == index for fault in faults)
        in_doubt = any(doubt.pointer.startswith(f"/documents/{index}") for doubt in sight.diagnosis.doubts)
        meant = any(pattern_of(pointer).startswith(fault.member) for fault in faults)
        if meant and not at_fault and not in_doubt:
            yield sight.bad(
                "NACK-INDEX",
                next((f.pointer for f in faults if f.member == pattern_of(pointer)), faults[0].pointer),
                "another-index",
                "the message is at the index of another document",
                f"a message at {faults[0].pointer}",
                f"{sight.observed}, blaming {', '.join(blames[:4])}",
            )
            return
    yield sight.ok("NACK-INDEX")


@check("UPDATE-FAIL-STATUS", "UPDATE-FAIL-STATUS-UNKNOWN")
def refused_update_says_so(sight: Sight) -> Iterable[Judgement]:
    if sight.action != UPDATE or not is_judged(sight) or not sight.exchange.refused:
        return
    faults = sight.diagnosis.body_faults
    if not faults or sight.diagnosis.header_faults or _refused_unread(sight):
        return
    unknown = any(f.kind == "unknown" for f in faults)
    requirement = "UPDATE-FAIL-STATUS-UNKNOWN" if unknown else "UPDATE-FAIL-STATUS"
    value = member(sight.exchange.body_of_reply, "/registration/status")
    if value == sight.config.status_name("UPDATE-FAIL"):
        yield sight.ok(requirement)
    else:
        yield sight.bad(
            requirement,
            "/registration/status",
            "another-status",
            "a refused update does not say UPDATE-FAIL",
            f"{shown(sight.config.status_name('UPDATE-FAIL'))} at /registration/status",
            f"{sight.observed}, with {shown(value)} there",
        )
