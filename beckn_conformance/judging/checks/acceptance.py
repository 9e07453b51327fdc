"""Checks that valid requests are acknowledged."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.faults import LEFT_OUT
from ...messages.text import shown
from ...specification import requests
from ...specification.actions import SIGNUP
from ...specification.catalogue import Requirement
from ...specification.pointer import MISSING, member, pattern_of, places
from ...specification.specification import Specification
from ..diagnosis import DoubtKind
from ..finding import REGISTRATION_BLAMED, UNEXPLAINED, Judgement, Obligation
from ..known import IDENTIFYING
from ..origin import is_bare
from ..registry import check, per_operation
from .blame import only_registration_is_blamed
from .observation import Observation
from .observed_reply import gives_no_reason
from .wording import blaming


def _accepted(requirement: Requirement, specification: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    """Each kind of valid value of each member; a declared pattern leaves one kind (Q5)."""
    if requirement.accepts is None:
        yield from per_operation(requirement, specification, config)
        return
    must = requirement.accepts.strength == "must"
    for action in requirement.operations:
        for known in specification.members(action):
            if known.pointer in requirement.accepts.members:
                kinds = [*known.variants(requirement.accepts.strength)]
                if known.pointer in config.values:
                    kinds = kinds[:1] if must else []
                yield from (Obligation(action, known.pointer, kind) for kind in kinds)
                if must and known.longest:
                    yield Obligation(action, known.pointer, _of_length(known.longest))
                if must and known.omissible:
                    yield Obligation(action, known.pointer, LEFT_OUT)


@check("*-ACK", "TOKEN-ACCEPTED", tie="accepts", obligations=_accepted)
def valid_request_is_acknowledged(observation: Observation) -> Iterable[Judgement]:
    passing = not observation.known.closed and gives_no_reason(observation.exchange)
    if passing and observation.message and not observation.diagnosis.faults:
        yield observation.ok(f"{observation.prefix}-ACK", Obligation(observation.action, kind=UNEXPLAINED))
    if not observation.diagnosis.valid or not observation.message or observation.may_be_too_early:
        return
    if observation.exchange.acknowledged:
        yield observation.ok(f"{observation.prefix}-ACK")
        if observation.action != SIGNUP:
            yield observation.ok("TOKEN-ACCEPTED")
        yield from _accepted_kinds(observation)
    elif observation.exchange.refused and not observation.may_be_refused:
        yield from map(_unless_served, _refused(observation)) if passing else _refused(observation)
    elif observation.diagnosis.symbols and is_bare(observation.exchange) and not observation.by_gateway:
        # A limit or a ban, which also meets plain requests, has nothing to do with the symbols.
        reply = observation.exchange.reply
        stopped = reply is not None and reply.status // 100 in (2, 4) and reply.status != 429
        if observation.served and not observation.shut_out and stopped:
            yield _symbols_refused(observation, observation.observed)


@check("SIGNUP-ACK-CORRECTED")
def corrected_signup_is_acknowledged(observation: Observation) -> Iterable[Judgement]:
    doubts = observation.diagnosis.doubts
    corrected = bool(doubts) and all(doubt.kind is DoubtKind.CORRECTED for doubt in doubts)
    if not corrected or observation.diagnosis.faults or not observation.message:
        return
    if observation.exchange.acknowledged:
        yield observation.ok("SIGNUP-ACK-CORRECTED")
    elif observation.exchange.refused and observation.signups_work and not observation.may_be_refused:
        pointer = observation.blamed[0][0] if observation.blamed else ""
        message, expected = "a signup is refused because it was refused before", "ACK, now that it has no fault"
        yield observation.bad("SIGNUP-ACK-CORRECTED", pointer, "refused-again", message, expected, blaming(observation))


def _accepted_kinds(observation: Observation) -> Iterator[Judgement]:
    for acceptance in requests.acceptances(observation.specification, observation.action):
        for _, value in places(observation.exchange.body_sent, acceptance.pointer):
            if value == MISSING or isinstance(value, (dict, list)) or value is None:
                continue
            kinds = _kinds(observation, acceptance, value)
            if not observation.known.closed:
                yield observation.ok(acceptance.requirement, _one_like_it(observation, acceptance.pointer, kinds))
            if acceptance.longest and len(str(value)) == acceptance.longest:
                kinds.append(_of_length(acceptance.longest))
            for kind in kinds:
                yield observation.ok(acceptance.requirement, Obligation(observation.action, acceptance.pointer, kind))
    for pointer in map(pattern_of, observation.left_out):
        requirement = _requirement(observation, pointer)
        yield observation.ok(requirement, Obligation(observation.action, pointer, LEFT_OUT))


def _kinds(observation: Observation, acceptance: requests.Acceptance, value: Any) -> list[str]:
    if acceptance.pointer in observation.config.values:
        return [kind for kind, _ in acceptance.variants[:1]]
    return [kind for kind, pattern in acceptance.variants if pattern.search(str(value))]


def _one_like_it(observation: Observation, pointer: str, kinds: Iterable[str]) -> Obligation:
    """Shows, if exercised in recorded traffic, that values of all these kinds are accepted."""
    return Obligation(observation.action, pointer, f"one like it: {', '.join(kinds)}")


def _may_be_taken(observation: Observation, pointer: str, requirement: str) -> tuple[Obligation, ...]:
    """In recorded traffic, a provider that is not on record may have a value (Q13): what shows that it is fine."""
    if observation.known.closed or pointer not in {f"/info/{name}" for name in IDENTIFYING}:
        return ()
    value = member(observation.exchange.body_sent, pointer)
    return tuple(
        _one_like_it(observation, pointer, _kinds(observation, acceptance, value))
        for acceptance in requests.acceptances(observation.specification, observation.action)
        if (acceptance.pointer, acceptance.requirement) == (pointer, requirement)
    )


def _of_length(characters: int) -> str:
    return f"{characters} characters"


def _requirement(observation: Observation, pointer: str, strength: str = "must") -> str:
    """The requirement that a member is accepted; the general one if it has none of its own."""
    own = requests.accepting(observation.specification, observation.action, pattern_of(pointer), strength)
    return own.id if own else f"{observation.prefix}-ACK"


def _refused(observation: Observation) -> Iterator[Judgement]:
    status = observation.exchange.reply.status if observation.exchange.reply else 0
    named = [pointer for pointer, _ in observation.blamed]
    if observation.action != SIGNUP and status in (401, 403):
        yield observation.bad(
            "TOKEN-ACCEPTED",
            "header:Token",
            "token-refused",
            "the token that the signup gave is refused",
            "ACK to a valid request with it",
        )
        return
    undeclared = observation.action == SIGNUP and observation.config.signup_token is None
    if undeclared and not observation.signups_work and (status in (401, 403) or not named):
        # Without a declared token, a wrong refusal cannot be told from a missing agreement (H2).
        return
    observed = blaming(observation)
    general, missing = f"{observation.prefix}-ACK", observation.left_out
    for pointer in named:
        requirement = _requirement(observation, pointer)
        if pointer in missing:
            yield _refused_without(observation, pointer, observed)
            return
        if pointer not in observation.diagnosis.symbols and requirement != general:
            value = member(observation.exchange.body_sent, pointer)
            note = f" to {shown(value, 80)} at {pointer}" if value != MISSING else ""
            yield observation.bad(
                requirement,
                pointer,
                "valid-refused",
                "a valid value is refused",
                f"ACK{note}",
                observed,
                unless=_may_be_taken(observation, pointer, requirement),
            )
            return
    if observation.diagnosis.symbols:
        yield _symbols_refused(observation, observed)
    elif missing:
        yield _refused_without(observation, missing[0], observed)
    else:
        place = named[0] if named else ""
        message = "a valid request is refused"
        if only_registration_is_blamed(observation):
            message = "a registration that a signup made is refused"
        yield observation.bad(general, place, "valid-refused", message, "ACK", observed)


def _unless_served(judgement: Judgement) -> Judgement:
    """A refusal without a reason in recorded traffic: nobody made the call again, so it counts only if none of the
    kind was ever acknowledged (T13)."""
    finding, due = judgement.finding, judgement.obligation
    return replace(
        judgement,
        obligation=due._replace(kind=UNEXPLAINED),
        finding=finding and replace(finding, unless=(due,)),
    )


def _refused_without(observation: Observation, pointer: str, observed: str) -> Judgement:
    return observation.bad(
        _requirement(observation, pointer),
        pointer,
        "refused-without",
        "a request without an optional member is refused",
        f"ACK to a request without {pointer}",
        observed,
        Obligation(observation.action, pattern_of(pointer), LEFT_OUT),
    )


def _symbols_refused(observation: Observation, observed: str) -> Judgement:
    """A value that SHOULD be accepted is refused (Q4), by the gateway or by a firewall."""
    pointer = observation.diagnosis.symbols[0]
    requirement = _requirement(observation, pointer, "should")
    kind = REGISTRATION_BLAMED if only_registration_is_blamed(observation) else "valid-refused"
    return observation.bad(requirement, pointer, kind, "a valid value is refused", "ACK", observed)
