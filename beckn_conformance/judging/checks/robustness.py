"""Checks of what a gateway does with what no client sends: unreadable, larger than usual, no call of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...config.gateway import GatewayConfig
from ...messages.exchange import Role, Trouble, TroubleKind
from ...messages.hostile import FOREIGN, LARGE, MALFORMED, MANY_DOCUMENTS, UNUSUAL, family_of
from ...specification.actions import ADD, GET
from ...specification.catalogue import Requirement
from ...specification.specification import Specification
from ..finding import Judgement, Obligation, slug
from ..origin import Origin, is_intermediary, is_own
from ..registry import check, each_of
from .observation import Observation

AT_THE_END = "everything"
"""Kind of the last obligation: after all that was sent, the gateway still serves a plain signup."""
NOT_OF_THE_PAGE = (501, 505)
"""Server errors that say of a method or a version of HTTP that it is not served, as they should."""


def _kind(observation: Observation) -> str:
    return observation.exchange.stimulus.kind if observation.exchange.stimulus else ""


def _family(observation: Observation) -> str:
    return observation.exchange.stimulus.family if observation.exchange.stimulus else ""


@check("MALFORMED-NACK", "MALFORMED-NO-CRASH", obligations=each_of(*MALFORMED))
def unreadable_request(observation: Observation) -> Iterable[Judgement]:
    reply = observation.exchange.reply
    if observation.exchange.purpose != "malformed" or reply is None or observation.origin is Origin.NONE:
        return
    if observation.origin is Origin.FRONT and (reply.status >= 500 or reply.status in (403, 407)):
        return
    if 300 <= reply.status < 400 or reply.status == 429:
        return
    obligation = Obligation(observation.action, kind=_kind(observation))
    if observation.exchange.acknowledged:
        yield observation.bad(
            "MALFORMED-NACK",
            "",
            "unreadable-acknowledged",
            "an unreadable request is acknowledged",
            "NACK, or a status 4xx",
            obligation=obligation,
        )
    elif observation.exchange.refused or 400 <= reply.status < 500:
        yield observation.ok("MALFORMED-NACK", obligation)
    if reply.status >= 500:
        yield observation.bad(
            "MALFORMED-NO-CRASH",
            "",
            "server-error",
            "an unreadable request causes a server error",
            "NACK, or a status 4xx",
            obligation=obligation,
        )
    else:
        yield observation.ok("MALFORMED-NO-CRASH", obligation)


def _large(requirement: Requirement, specification: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    yield from each_of(*LARGE)(requirement, specification, config)
    yield Obligation(ADD, kind=MANY_DOCUMENTS)


@check("LARGE-ANSWERED", obligations=_large)
def large_request(observation: Observation) -> Iterable[Judgement]:
    reply = observation.exchange.reply
    if observation.exchange.purpose != "large" or observation.action == GET:
        return
    many = _kind(observation) == MANY_DOCUMENTS
    pointer, what = ("/documents", "a long list of documents") if many else ("/documents/0/data", "a large document")
    obligation = Obligation(observation.action, kind=_kind(observation))
    sent = f"{observation.action} with {_kind(observation) or what}"
    if observation.exchange.late:
        if (
            observation.fastest
            and len(observation.exchange.request.content) / observation.fastest > observation.config.timeout / 2
        ):
            # It is the line that takes so long, and a longer timeout would show the rest.
            return
        yield observation.bad(
            "LARGE-ANSWERED",
            pointer,
            "late",
            f"{what} is not answered in time",
            "an answer in time",
            obligation=obligation,
            sent=sent,
        )
    elif reply is not None and reply.status >= 500 and observation.by_gateway:
        yield observation.bad(
            "LARGE-ANSWERED",
            pointer,
            "server-error",
            f"{what} causes a server error",
            "ACK, NACK or a status 4xx",
            obligation=obligation,
            sent=sent,
        )
    elif observation.readable or (reply is not None and 400 <= reply.status < 500):
        yield observation.ok("LARGE-ANSWERED", obligation)


@check("ROBUST-NO-CRASH", obligations=lambda *_: (Obligation(kind=family) for family in FOREIGN))
def foreign_request(observation: Observation) -> Iterable[Judgement]:
    reply = observation.exchange.reply
    if observation.exchange.purpose != "foreign" or reply is None or is_intermediary(observation.exchange):
        return
    crashed = reply.status >= 500 and not observation.readable and reply.status not in NOT_OF_THE_PAGE
    if crashed and observation.origin is Origin.FRONT:
        return
    if crashed:
        request = observation.exchange.request
        yield observation.bad(
            "ROBUST-NO-CRASH",
            "",
            slug(f"server error {_family(observation)}"),
            f"{_family(observation)} causes a server error",
            "any other answer, such as a status 4xx",
            obligation=Obligation(kind=_family(observation)),
            sent=f"{observation.action} with {_family(observation)}: {_kind(observation)} "
            f"({request.method} {request.url})",
        )
    else:
        yield observation.ok("ROBUST-NO-CRASH", Obligation(kind=_family(observation)))


NEVER_SENT = frozenset({TroubleKind.TIMEOUT, TroubleKind.NO_CONNECTION})
SILENT = NEVER_SENT | {TroubleKind.CONNECTION, TroubleKind.PATIENCE}


def _is_silence(trouble: Trouble | None, fronted: bool) -> bool:
    """Whether nothing came back at all; where something stands in front of the gateway, it may be that which closes
    connections."""
    return trouble is not None and trouble.kind in (NEVER_SENT if fronted else SILENT)


def _survived(*_: object) -> Iterator[Obligation]:
    kinds = {*MALFORMED, *map(family_of, UNUSUAL), *LARGE, MANY_DOCUMENTS, *FOREIGN, AT_THE_END}
    return (Obligation(kind=kind) for kind in kinds)


@check("ROBUST-LIVES-ON", obligations=_survived)
def answers_afterwards(observation: Observation) -> Iterable[Judgement]:
    """A plain call after hostile input; silence tells only once patience has run out."""
    stimulus, reply = observation.exchange.stimulus, observation.exchange.reply
    if stimulus is None or stimulus.role is Role.INPUT:
        return
    kind, given_up = stimulus.kind, stimulus.role is Role.LONG_AFTER
    if is_own(observation.origin, reply):
        yield observation.ok("ROBUST-LIVES-ON", Obligation(kind=kind))
    elif (
        given_up
        and reply is None
        and observation.reached
        and _is_silence(observation.exchange.trouble, observation.fronted)
    ):
        yield observation.bad(
            "ROBUST-LIVES-ON",
            "",
            slug(f"silent after {kind}"),
            f"no request is answered after {kind}",
            f"an answer to a plain call within {observation.config.patience:g} s after {kind}, as before it",
            f"{observation.exchange.trouble}, in new attempts for {observation.config.patience:g} s",
            obligation=Obligation(kind=kind),
            sent=f"{kind}, and after that {observation.action}, valid",
        )
