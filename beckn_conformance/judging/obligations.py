"""What has to be exercised before a requirement can be called passed, listed from the schemas."""

from __future__ import annotations

from ..config.gateway import GatewayConfig
from ..messages.faults import HEADER_KINDS, TOKEN_KINDS, fault_cases
from ..messages.hostile import FOREIGN, LARGE, MALFORMED, MANY_DOCUMENTS, UNUSUAL, family_of
from ..specification.actions import ADD
from ..specification.catalogue import Requirement
from ..specification.members import Member
from ..specification.specification import Specification

BY_REPLY = ("REPLY-JSON", "REPLY-ACTION", "REPLY-MESSAGE", "REPLY-MESSAGE-BLANK", "REPLY-MEDIA-TYPE")
AT_THE_END = "everything"
"""After all that was sent, the gateway is to be seen serving a plain signup."""
MANY = 60
"""Registrations of a run among which no id may be given twice."""


def obligations(specification: Specification, config: GatewayConfig) -> dict[str, frozenset[str]]:
    """By requirement, the names of its obligations; none for a requirement that nobody is held to."""
    refused: dict[str, set[str]] = {}
    for operation in specification.operations:
        for case in fault_cases(operation.action, specification, config):
            refused.setdefault(case.requirement, set()).add(case.obligation)
    return {
        requirement.id: frozenset(_of(requirement, specification, config, refused))
        for requirement in specification.requirements.values()
    }


def _variants(member: Member, strength: str, config: GatewayConfig) -> tuple[str, ...]:
    """Kinds of valid values that must be seen accepted; a declared pattern leaves but one of company ids (Q5)."""
    names = tuple(member.variants(strength))
    return names[:1] if config.company_id is not None and member.name == "company_id" else names


def _of(
    requirement: Requirement,
    specification: Specification,
    config: GatewayConfig,
    refused: dict[str, set[str]],
) -> set[str]:
    actions = requirement.operations
    if requirement.untestable:
        return set()
    if requirement.refuses is not None:
        unknown = {"/registration/id unknown"} if "unknown" in requirement.refuses.kinds else set()
        return refused.get(requirement.id, set()) | unknown
    if requirement.accepts is not None:
        return {
            f"{action} {member.pointer} {name}"
            for action in actions
            for member in specification.members(action)
            if member.pointer in requirement.accepts.members
            for name in _variants(member, requirement.accepts.strength, config)
        }
    kinds: tuple[str, ...]
    match requirement.id:
        case "HEADER-NACK-ACTION":
            kinds = HEADER_KINDS["Action"]
        case "HEADER-NACK-TIMESTAMP":
            kinds = HEADER_KINDS["Timestamp"]
        case "TOKEN-NACK-ABSENT":
            kinds = TOKEN_KINDS[:2]
        case "TOKEN-NACK-UNKNOWN" | "TOKEN-NACK-FOREIGN":
            kinds = (requirement.id.rpartition("-")[2].lower(),)
        case "MALFORMED-NACK" | "MALFORMED-NO-CRASH":
            kinds = tuple(MALFORMED)
        case "LARGE-ANSWERED":
            return {f"{action} {kind}" for action in actions for kind in LARGE} | {f"{ADD} {MANY_DOCUMENTS}"}
        case "LARGE-KEPT":
            return {
                f"{action} {kind}"
                for action in actions
                if any(member.pointer == "/documents" for member in specification.members(action))
                for kind in LARGE
            }
        case "ROBUST-NO-CRASH":
            return set(FOREIGN)
        case "ROBUST-LIVES-ON":
            return {*MALFORMED, *map(family_of, UNUSUAL), *LARGE, MANY_DOCUMENTS, *FOREIGN, AT_THE_END}
        case "SIGNUP-ID-UNIQUE":
            return {*actions, f"{MANY} registrations"}
        case "CLONE-SERVED" | "CLONE-UPDATED" | "CLONE-DOCUMENTS" if config.peers:
            return {f"{action} at {peer}" for action in actions for peer in config.peers}
        case _:
            kinds = ("ACK", "NACK") if requirement.id in BY_REPLY else ()
    return {f"{action} {kind}" for action in actions for kind in kinds} if kinds else set(actions)
