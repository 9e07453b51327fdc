"""Checks of what was due: an ACK to a valid request, a NACK that blames each fault where it is."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.faults import HEADER_FAULTS, FaultCase, fault_cases, header_requirement, place_of
from ...messages.text import shown
from ...specification.actions import ADD, GET, SIGNUP, UPDATE
from ...specification.catalogue import Requirement
from ...specification.pointer import MISSING, member, pattern_of, places
from ...specification.specification import Specification
from ..diagnosis import Fault
from ..finding import Judgement, Obligation
from ..origin import is_bare
from ..registry import check, each_of, per_operation
from .observation import Observation, body_is_judged, is_judged


def _accepted(requirement: Requirement, specification: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    """Each kind of valid value of each member; a declared pattern leaves one kind of company ids (Q5)."""
    if requirement.accepts is None:
        yield from per_operation(requirement, specification, config)
        return
    for action in requirement.operations:
        for known in specification.members(action):
            if known.pointer in requirement.accepts.members:
                kinds = [*known.variants(requirement.accepts.strength)]
                one = config.company_id is not None and known.name == "company_id"
                yield from (Obligation(action, known.pointer, kind) for kind in (kinds[:1] if one else kinds))


@check("*-ACK", "TOKEN-ACCEPTED", tie="accepts", obligations=_accepted)
def valid_request_is_acknowledged(observation: Observation) -> Iterable[Judgement]:
    if (
        not observation.diagnosis.valid
        or not observation.message
        or observation.exchange.sent is None
        or observation.unsettled
    ):
        return
    later = observation.action != SIGNUP
    if observation.exchange.acknowledged:
        yield observation.ok(f"{observation.prefix}-ACK")
        if later:
            yield observation.ok("TOKEN-ACCEPTED")
        yield from _accepted_variants(observation)
    elif observation.exchange.refused and not observation.contended:
        yield _refused_though_valid(observation)
    elif (
        observation.diagnosis.symbols
        and is_bare(observation.exchange)
        and observation.served
        and not observation.by_gateway
    ):
        if observation.shut_out:
            # A limit or a ban, which has nothing to do with the symbols.
            return
        reply = observation.exchange.reply
        if reply is not None and reply.status // 100 in (2, 4) and reply.status != 429:
            yield _symbols_refused(observation, observation.observed)


def _accepted_variants(observation: Observation) -> Iterator[Judgement]:
    assert observation.exchange.sent is not None
    for acceptance in observation.specification.acceptances(observation.action):
        for _, value in places(observation.exchange.sent.body, acceptance.pointer):
            if value == MISSING or isinstance(value, (dict, list)) or value is None:
                continue
            for kind, pattern in acceptance.variants:
                if pattern.search(str(value)):
                    obligation = Obligation(observation.action, acceptance.pointer, kind)
                    yield observation.ok(acceptance.requirement, obligation)


def _refused_though_valid(observation: Observation) -> Judgement:
    status = observation.exchange.reply.status if observation.exchange.reply else 0
    named = [pointer for pointer, _ in observation.blamed]
    if observation.action != SIGNUP and (status in (401, 403)):
        return observation.bad(
            "TOKEN-ACCEPTED",
            "header:Token",
            "token-refused",
            "the token that the signup gave is refused",
            "ACK to a valid request with it",
        )
    tokenless = (
        observation.action == SIGNUP and not observation.signups_work and observation.config.signup_token is None
    )
    if tokenless and (status in (401, 403) or not named):
        # Without a declared token nothing tells a wrong refusal from a missing agreement (H2).
        return Judgement("", Obligation())
    observed = (
        f"{observation.observed}, blaming {', '.join(named[:4])}"
        if named
        else f"{observation.observed}, blaming nothing"
    )
    for pointer in (p for p in named if p not in observation.diagnosis.symbols):
        requirement = observation.specification.requirement_for_acceptance(
            observation.action, pattern_of(pointer), "must"
        )
        if requirement is not None:
            value = member(observation.exchange.sent.body if observation.exchange.sent else None, pointer)
            note = f" to {shown(value, 80)} at {pointer}" if value != MISSING else ""
            return observation.bad(
                requirement.id, pointer, "valid-refused", "a valid value is refused", f"ACK{note}", observed
            )
    if observation.diagnosis.symbols:
        return _symbols_refused(observation, observed)
    return observation.bad(
        f"{observation.prefix}-ACK",
        named[0] if named else "",
        "valid-refused",
        "a valid request is refused",
        "ACK",
        observed,
    )


def _symbols_refused(observation: Observation, observed: str) -> Judgement:
    """A value that SHOULD be accepted is not (Q4), be it by the gateway or by a firewall."""
    pointer = observation.diagnosis.symbols[0]
    requirement = observation.specification.requirement_for_acceptance(
        observation.action, pattern_of(pointer), "should"
    )
    id_ = requirement.id if requirement else f"{observation.prefix}-ACK"
    return observation.bad(id_, pointer, "valid-refused", "a valid value is refused", "ACK", observed)


def _header_faults(
    requirement: Requirement, specification: Specification, config: GatewayConfig
) -> Iterable[Obligation]:
    return each_of(*HEADER_FAULTS[requirement.id][1])(requirement, specification, config)


@check(*HEADER_FAULTS, obligations=_header_faults)
def faulty_header_is_refused(observation: Observation) -> Iterable[Judgement]:
    faults = observation.diagnosis.header_faults
    if not is_judged(observation) or len(faults) != 1 or observation.diagnosis.body_faults:
        return
    (fault,) = faults
    obligation = Obligation(observation.action, kind=fault.kind)
    name = fault.pointer.partition(":")[2]
    requirement = header_requirement(name, fault.kind)
    if observation.exchange.acknowledged:
        kind, message = "faulty-acknowledged", f"a request with a faulty {name} is acknowledged"
        if fault.kind == "shared":
            kind, message = "shared-acknowledged", "the same token was given to two registrations and is acknowledged"
        yield observation.bad(requirement, fault.pointer, kind, message, "NACK", obligation=obligation)
    elif fault.kind != "shared" and observation.exchange.refused:
        yield observation.ok(requirement, obligation)


def _requirement(observation: Observation, fault: Fault) -> str | None:
    requirement = observation.specification.requirement_for_fault(
        observation.action, fault.member, fault.kind, fault.strength
    )
    return requirement.id if requirement else None


def _refused(requirement: Requirement, specification: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    """Each fault of each member that the requirement has refused."""
    assert requirement.refuses is not None
    for action in requirement.operations:
        for case in fault_cases(action, specification, config, requirement.refuses.members):
            if case.requirement == requirement.id:
                yield refusal(action, case)
        if "unknown" in requirement.refuses.kinds:
            yield Obligation(action, "/registration/id", "unknown")


def refusal(action: str, fault: Fault | FaultCase) -> Obligation:
    """The obligation to refuse a fault of the body."""
    return Obligation(action, fault.member, place_of(fault.kind, fault.member, fault.pointer))


@check(tie="refuses", obligations=_refused)
def faulty_body_is_refused_and_blamed(observation: Observation) -> Iterable[Judgement]:
    faults = observation.diagnosis.body_faults
    if not is_judged(observation) or not faults:
        return
    first = min(faults, key=lambda f: f.strength)
    requirement = _requirement(observation, first)
    if requirement is None:
        return
    if observation.exchange.acknowledged:
        yield observation.bad(
            requirement,
            first.pointer,
            "faulty-acknowledged",
            "a faulty value is acknowledged",
            _expected(observation, first),
            obligation=refusal(observation.action, first),
        )
        return
    if not body_is_judged(observation):
        if not observation.diagnosis.header_faults and len(faults) == 1:
            yield observation.ok(requirement, refusal(observation.action, first))
        return
    if observation.exchange.received is not None and observation.exchange.received.unreadable:
        return
    if _refused_unread(observation):
        return
    missed = [f for f in faults if not _blame(observation, f)]
    if len(missed) == len(faults):
        if _refused_for_a_doubt(observation):
            return
        others = [pointer for pointer, _ in observation.blamed]
        yield observation.bad(
            requirement,
            first.pointer,
            "not-blamed",
            "the faulty member is not blamed",
            _expected(observation, first),
            f"{observation.observed}, " + (f"blaming {', '.join(others[:4])}" if others else "blaming nothing"),
            obligation=refusal(observation.action, first),
        )
    elif len(faults) == 1:
        yield observation.ok(requirement, refusal(observation.action, first))


def _refused_unread(observation: Observation) -> bool:
    """Whether the gateway never looked at the body, for the token or a change under way; its faults are not judged."""
    if observation.contended and not any(_blame(observation, fault) for fault in observation.diagnosis.body_faults):
        return True
    status = observation.exchange.reply.status if observation.exchange.reply else 0
    unknown = any(fault.kind == "unknown" for fault in observation.diagnosis.faults)
    return observation.action != SIGNUP and status in (401, 403) and not observation.blamed and not unknown


def _refused_for_a_doubt(observation: Observation) -> bool:
    """Whether the gateway blames something on which readers can differ, or nothing where the page has no place for
    that; it may have looked no further (R14)."""
    doubts = [doubt.pointer for doubt in observation.diagnosis.doubts]
    if not observation.blamed:
        return any(not _known_place(observation, d) for d in doubts)
    return any(p == d or p.startswith(d + "/") or d.startswith(p + "/") for p, _ in observation.blamed for d in doubts)


def _expected(observation: Observation, fault: Fault) -> str:
    if observation.action == ADD and fault.of_registration:
        return "NACK"
    return f"NACK, with a message at {fault.pointer}"


def _is_leaf(observation: Observation, fault: Fault) -> bool:
    return (
        next(m.type for m in observation.specification.members(observation.action) if m.pointer == fault.member)
        == "string"
    )


def _blame(observation: Observation, fault: Fault) -> list[tuple[str, Any]]:
    """Where the NACK says something about a fault (R14, R15)."""
    if _is_leaf(observation, fault):
        return [
            (p, v)
            for p, v in observation.blamed
            if pattern_of(p) == fault.member or pattern_of(p).startswith(fault.member + "/")
        ]
    top = "/" + fault.member.split("/")[1]
    return [(p, v) for p, v in observation.blamed if p == top or p.startswith(top + "/")]


@check("NACK-ALL")
def every_fault_is_blamed(observation: Observation) -> Iterable[Judgement]:
    faults = [f for f in observation.diagnosis.body_faults if not f.of_registration]
    if not is_judged(observation) or not observation.exchange.refused or len(faults) < 2:
        return
    if len(faults) != len(observation.diagnosis.faults) or any(f.strength != "must" for f in faults):
        return
    missed = [f for f in faults if not _blame(observation, f)]
    if not missed:
        yield observation.ok("NACK-ALL")
    elif len(missed) < len(faults) and not _refused_for_a_doubt(observation):
        yield observation.bad(
            "NACK-ALL",
            missed[0].pointer,
            "not-all-blamed",
            "not every faulty member is blamed",
            f"messages at {', '.join(f.pointer for f in faults)}",
            f"{observation.observed}, blaming {', '.join(p for p, _ in observation.blamed[:4])}",
        )


@check("NACK-SOUND", "NACK-ECHO", "NACK-TEXT", "NACK-INDEX")
def messages_stand_where_they_belong(observation: Observation) -> Iterable[Judgement]:
    if not is_judged(observation) or not observation.exchange.refused or not body_is_judged(observation):
        return
    if observation.contended and _refused_unread(observation):
        return
    sent = observation.exchange.sent
    assert sent is not None
    faults = observation.diagnosis.body_faults
    echoed = sound = text = False
    meant = {pointer for fault in faults for pointer, _ in _blame(observation, fault)}
    for pointer, value in observation.blamed:
        own = member(sent.body, pointer)
        at_fault = pointer in meant
        # The page shows a registration beside the status of a refused update, so an id there is no blame.
        same = own != MISSING and own == value and not isinstance(value, bool)
        if same and (at_fault or pointer == "/registration/id"):
            echoed = True
            yield observation.bad(
                "NACK-ECHO",
                pointer,
                "echoed",
                "the message is the value that was sent",
                f"a message about {pointer}",
                f"{observation.observed}, with {shown(value, 80)} at {pointer}",
            )
        elif at_fault:
            leaf = _leaf_of(observation, pointer)
            if not isinstance(value, str) or (leaf is not None and leaf != pattern_of(pointer)):
                text = True
                place = leaf or _nearest(observation, pointer)
                yield observation.bad(
                    "NACK-TEXT",
                    place,
                    "no-string",
                    "the message is not a string",
                    f"a string at {place}",
                    f"{observation.observed}, with {shown(value, 80)} at {pointer}",
                )
        elif _known_place(observation, pointer) and not _clouded(observation, pointer):
            sound = True
            yield observation.bad(
                "NACK-SOUND",
                _nearest(observation, pointer),
                "sound-blamed",
                "a sound member is blamed",
                f"a message at {', '.join(f.pointer for f in faults[:4])} only",
                f"{observation.observed}, with {shown(value, 80)} at {pointer}",
            )
    if any(_blame(observation, f) for f in faults):
        if not echoed:
            yield observation.ok("NACK-ECHO")
        if not text:
            yield observation.ok("NACK-TEXT")
    if not sound and observation.action != GET:
        yield observation.ok("NACK-SOUND")
    yield from _index(observation)


def _leaf_of(observation: Observation, pointer: str) -> str | None:
    """The text member of the request in whose place a pointer lies, as a pattern."""
    pattern = pattern_of(pointer)
    for known in observation.specification.members(observation.action):
        if known.type == "string" and (pattern == known.pointer or pattern.startswith(known.pointer + "/")):
            return known.pointer
    return None


def _nearest(observation: Observation, pointer: str) -> str:
    """The place itself, or the member of the request around it where what lies beneath is the gateway's own making."""
    known = {member.pointer for member in observation.specification.members(observation.action)}
    while pointer and pattern_of(pointer) not in known:
        pointer = pointer.rpartition("/")[0]
    return pointer


def _known_place(observation: Observation, pointer: str) -> bool:
    """Whether a place is one of the request's members, or stands for one as a whole; others are extra (T11)."""
    pattern = pattern_of(pointer)
    return any(
        pattern == known.pointer or (known.type == "string" and pattern.startswith(known.pointer + "/"))
        for known in observation.specification.members(observation.action)
    )


def _clouded(observation: Observation, pointer: str) -> bool:
    """Whether a member is in doubt or at fault in any document, or holds something that is."""
    pattern = pattern_of(pointer)
    return any(
        pattern_of(p) == pattern or pattern_of(p).startswith(pattern + "/") or pattern.startswith(pattern_of(p) + "/")
        for p in (
            *(f.pointer for f in observation.diagnosis.faults),
            *(d.pointer for d in observation.diagnosis.doubts),
        )
    )


def _index(observation: Observation) -> Iterator[Judgement]:
    """Where document errors are as many as documents, they stand at the index of the faulty one (R15)."""
    assert observation.exchange.sent is not None
    sent, errors = (
        member(observation.exchange.sent.body, "/documents"),
        member(observation.exchange.body_of_reply, "/documents"),
    )
    faults = [f for f in observation.diagnosis.body_faults if f.pointer.startswith("/documents/")]
    if not faults or not isinstance(sent, list) or not isinstance(errors, list):
        return
    if len(sent) != len(errors) or len(sent) < 2:
        return
    blames = [p for p, _ in observation.blamed if p.startswith("/documents/")]
    if not any(_blame(observation, fault) for fault in faults):
        return
    missed = [f for f in faults if not any(p == f.pointer or p.startswith(f.pointer + "/") for p in blames)]
    for pointer in blames if missed else ():
        index = pointer.split("/")[2]
        at_fault = any(fault.pointer.split("/")[2] == index for fault in faults)
        in_doubt = any(doubt.pointer.startswith(f"/documents/{index}") for doubt in observation.diagnosis.doubts)
        meant = any(pattern_of(pointer).startswith(fault.member) for fault in faults)
        if meant and not at_fault and not in_doubt:
            yield observation.bad(
                "NACK-INDEX",
                next((f.pointer for f in faults if f.member == pattern_of(pointer)), faults[0].pointer),
                "another-index",
                "the message is at the index of another document",
                f"a message at {faults[0].pointer}",
                f"{observation.observed}, blaming {', '.join(blames[:4])}",
            )
            return
    yield observation.ok("NACK-INDEX")


@check("UPDATE-FAIL-STATUS", "UPDATE-FAIL-STATUS-UNKNOWN")
def refused_update_says_so(observation: Observation) -> Iterable[Judgement]:
    if observation.action != UPDATE or not is_judged(observation) or not observation.exchange.refused:
        return
    faults = observation.diagnosis.body_faults
    if not faults or observation.diagnosis.header_faults or _refused_unread(observation):
        return
    unknown = any(f.kind == "unknown" for f in faults)
    requirement = "UPDATE-FAIL-STATUS-UNKNOWN" if unknown else "UPDATE-FAIL-STATUS"
    value = member(observation.exchange.body_of_reply, "/registration/status")
    if value == observation.config.status_name("UPDATE-FAIL"):
        yield observation.ok(requirement)
    else:
        yield observation.bad(
            requirement,
            "/registration/status",
            "another-status",
            "a refused update does not say UPDATE-FAIL",
            f"{shown(observation.config.status_name('UPDATE-FAIL'))} at /registration/status",
            f"{observation.observed}, with {shown(value)} there",
        )
