"""Checks that faulty requests are refused, and that the NACK blames each fault."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from ...config.gateway import GatewayConfig
from ...messages.faults import HEADER_FAULTS, FaultCase, fault_cases, header_requirement, place_of
from ...messages.text import shown
from ...specification import requests
from ...specification.actions import SIGNUP
from ...specification.catalogue import Requirement
from ...specification.pointer import member
from ...specification.specification import Specification
from ..diagnosis import Fault
from ..finding import ANOTHER_STATUS, NOT_BLAMED, NOWHERE, REGISTRATION_BLAMED, Judgement, Obligation
from ..registry import check, each_of
from .blame import blames, denied_as_foreign, only_registration_is_blamed, refused_for_a_doubt, refused_unread
from .observation import Observation
from .observed_reply import body_is_judged, failed_status, gives_no_reason, is_judged
from .wording import blaming


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
    name = fault.pointer.partition(":")[2]
    requirement = header_requirement(name, fault.kind)
    obligation = Obligation(observation.action, kind=fault.kind)
    if observation.exchange.acknowledged:
        message = f"a request with a faulty {name} is acknowledged"
        yield observation.bad(requirement, fault.pointer, "faulty-acknowledged", message, "NACK", obligation=obligation)
    elif observation.exchange.refused:
        yield observation.ok(requirement, obligation)


@check("TOKEN-NACK-FOREIGN", obligations=_header_faults)
def token_is_of_one_registration(observation: Observation) -> Iterable[Judgement]:
    """Warns of a token that was given to several registrations; it has to work all the same (H3)."""
    exchange, known = observation.exchange, observation.known
    if observation.action != SIGNUP or not observation.diagnosis.valid or not exchange.acknowledged:
        return
    if known.closed and len(known.owners.get(exchange.token_received or "", ())) > 1:
        expected = "a token that no other registration was given"
        observed = f"{observation.observed}, with the token of an earlier one"
        yield observation.bad(
            "TOKEN-NACK-FOREIGN", "/auth/token", "shared-token", "two registrations share a token", expected, observed
        )


def _body_faults(requirement: Requirement, specification: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    """Each fault of each member that must be refused under the requirement."""
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


@check(tie="refuses", obligations=_body_faults)
def faulty_body_is_refused_and_blamed(observation: Observation) -> Iterable[Judgement]:
    faults = observation.diagnosis.body_faults
    if not is_judged(observation) or not faults:
        return
    first = min(faults, key=lambda f: f.strength)
    row = requests.refusing(observation.specification, observation.action, first.member, first.kind, first.strength)
    if row is None:
        return
    obligation, pointer = refusal(observation.action, first), first.pointer
    unheard = first.of_registration and not observation.specification.blames_registration(observation.action)
    due = "NACK" if unheard else f"NACK, with a message at {pointer}"
    if observation.exchange.acknowledged:
        message = "a faulty value is acknowledged"
        yield observation.bad(row.id, pointer, "faulty-acknowledged", message, due, obligation=obligation)
    elif not body_is_judged(observation) or denied_as_foreign(observation):
        if not observation.diagnosis.header_faults and len(faults) == 1:
            yield observation.ok(row.id, obligation)
    elif _body_is_read(observation):
        if not any(blames(observation, fault) for fault in faults):
            if not refused_for_a_doubt(observation):
                kind, message = NOT_BLAMED, "the faulty member is not blamed"
                if only_registration_is_blamed(observation):
                    kind, message = REGISTRATION_BLAMED, "the registration is blamed in place of the faulty member"
                elif first.strength == "must":
                    yield _nowhere(observation, row, due)
                found = observation.bad(row.id, pointer, kind, message, due, blaming(observation), obligation)
                yield _unless_passing(observation, found)
        elif (place := _keyed(observation, faults)) is not None:
            message = "the errors of a list are an object"
            observed = f"{observation.observed}, with an object at {place}"
            yield observation.bad(row.id, place, "errors-keyed", message, f"{due}, in a list", observed, obligation)
        elif len(faults) == 1:
            yield observation.ok(row.id, obligation)


def _unless_passing(observation: Observation, judgement: Judgement) -> Judgement:
    """A refusal without a reason in recorded traffic, which may be that of a busy gateway: it does not count if such a
    call is ever refused with a reason, or a call without a fault without any (T13)."""
    if observation.known.closed or not gives_no_reason(observation.exchange):
        return judgement
    due, finding = judgement.obligation, judgement.finding
    without = due._replace(kind=f"{due.kind}, refused without a reason")
    return replace(judgement, obligation=without, finding=finding and replace(finding, unless=(due,)))


def _nowhere(observation: Observation, row: Requirement, due: str) -> Judgement:
    """The finding on the form of all NACKs of the operation; dropped if one of them blames a faulty member (R14)."""
    of_operation = Obligation(observation.action)
    return observation.bad(
        "NACK-TEXT",
        "",
        NOWHERE,
        "no NACK of the operation has a message at a faulty member",
        due,
        blaming(observation),
        of_operation._replace(kind=row.id),
        unless=(of_operation,),
    )


def _keyed(observation: Observation, faults: Sequence[Fault]) -> str | None:
    """The list of the request in whose place the NACK has an object, though an item of it is blamed (R15)."""
    for fault in faults:
        place, star, _ = fault.member.partition("/*/")
        if star and isinstance(member(observation.exchange.body_of_reply, place), dict) and blames(observation, fault):
            return place
    return None


def _body_is_read(observation: Observation) -> bool:
    """True if the NACK can be read and the gateway looked at the request's body."""
    received = observation.exchange.received
    return not (received is not None and received.unreadable) and not refused_unread(observation)


def _several_faults(requirement: Requirement, specification: Specification, _: GatewayConfig) -> Iterator[Obligation]:
    """Each operation with several members that can be at fault at once."""
    for action in requirement.operations:
        if len(requests.values_sent(specification, action)) > 1:
            yield Obligation(action)


@check("NACK-ALL", obligations=_several_faults)
def every_fault_is_blamed(observation: Observation) -> Iterable[Judgement]:
    faults = [f for f in observation.diagnosis.body_faults if not f.of_registration]
    if not is_judged(observation) or not observation.exchange.refused or len(faults) < 2:
        return
    if len(faults) != len(observation.diagnosis.faults) or any(f.strength != "must" for f in faults):
        return
    missed = [f for f in faults if not blames(observation, f)]
    if not missed:
        yield observation.ok("NACK-ALL")
    elif len(missed) < len(faults) and not refused_for_a_doubt(observation):
        yield observation.bad(
            "NACK-ALL",
            "",
            "not-all-blamed",
            "not every faulty member is blamed",
            f"messages at {', '.join(f.pointer for f in faults)}",
            blaming(observation),
            Obligation(observation.action, missed[0].member),
        )


@check("*-FAIL-STATUS", "*-FAIL-STATUS-UNKNOWN")
def refused_update_says_so(observation: Observation) -> Iterable[Judgement]:
    failed = failed_status(observation, observation.action)
    if not is_judged(observation) or not observation.exchange.refused:
        return
    faults = observation.diagnosis.body_faults
    if failed is None or not faults or observation.diagnosis.header_faults or not _body_is_read(observation):
        return
    unknown = any(f.kind == "unknown" for f in faults)
    requirement = f"{observation.prefix}-FAIL-STATUS{'-UNKNOWN' if unknown else ''}"
    value = member(observation.exchange.body_of_reply, "/registration/status")
    if value == failed or denied_as_foreign(observation):
        yield observation.ok(requirement)
    else:
        found = observation.bad(
            requirement,
            "/registration/status",
            ANOTHER_STATUS,
            f"a refused update does not say {failed}",
            f"{shown(failed)} at /registration/status",
            f"{observation.observed}, with {shown(value)} there",
        )
        yield _unless_passing(observation, found)
