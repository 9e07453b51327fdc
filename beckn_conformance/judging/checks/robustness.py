"""Checks how a gateway takes what no client sends: unreadable, oversized or no call of the specification."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ...config.gateway import GatewayConfig
from ...messages.exchange import Role, Stimulus, TroubleKind
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
UNSUPPORTED = (501, 505)
"""Server errors that rightly say that a method or a version of HTTP is not served."""
SILENCE = frozenset({TroubleKind.TIMEOUT, TroubleKind.NO_CONNECTION})
"""Troubles in which nothing came back. Whatever stands in front of a gateway may cause those of CLOSED, too."""
CLOSED = frozenset({TroubleKind.CONNECTION, TroubleKind.PATIENCE})


def _stimulus(observation: Observation) -> Stimulus:
    return observation.exchange.stimulus or Stimulus("")


@check("MALFORMED-NACK", "MALFORMED-NO-CRASH", obligations=each_of(*MALFORMED))
def unreadable_request(observation: Observation) -> Iterable[Judgement]:
    reply = observation.exchange.reply
    if observation.exchange.purpose != "malformed" or reply is None or observation.origin is Origin.NONE:
        return
    if observation.origin is Origin.FRONT and (reply.status >= 500 or reply.status in (403, 407)):
        return
    if 300 <= reply.status < 400 or reply.status == 429:
        return
    obligation = Obligation(observation.action, kind=_stimulus(observation).kind)
    refused, due = observation.exchange.refused or 400 <= reply.status < 500, "NACK, or a status 4xx"
    if observation.exchange.acknowledged or refused:
        kind, message = "unreadable-acknowledged", "an unreadable request is acknowledged"
        good = not observation.exchange.acknowledged
        yield observation.judged(good, "MALFORMED-NACK", "", kind, message, due, obligation=obligation)
    message = "an unreadable request causes a server error"
    good = reply.status < 500 or (reply.status == 503 and observation.exchange.refused)
    yield observation.judged(good, "MALFORMED-NO-CRASH", "", "server-error", message, due, obligation=obligation)


def _of_each_size(
    requirement: Requirement, specification: Specification, config: GatewayConfig
) -> Iterator[Obligation]:
    yield from each_of(*LARGE)(requirement, specification, config)
    yield Obligation(ADD, kind=MANY_DOCUMENTS)


@check("LARGE-ANSWERED", obligations=_of_each_size)
def large_request(observation: Observation) -> Iterable[Judgement]:
    exchange, reply, tag = observation.exchange, observation.exchange.reply, _stimulus(observation).kind
    if exchange.purpose != "large" or observation.action == GET:
        return
    many = tag == MANY_DOCUMENTS
    pointer, what = ("/documents", "a long list of documents") if many else ("/documents/0/data", "a large document")
    obligation = Obligation(observation.action, kind=tag)
    sent = f"{observation.action} with {tag or what}"
    slow = observation.fastest and len(exchange.request.content) / observation.fastest > observation.config.timeout / 2
    if exchange.late and not slow:
        message, due = f"{what} is not answered in time", "an answer in time"
        yield observation.bad("LARGE-ANSWERED", pointer, "late", message, due, None, obligation, sent)
    elif reply is not None and reply.status >= 500 and observation.by_gateway and not exchange.late:
        message, due = f"{what} causes a server error", "ACK, NACK or a status 4xx"
        yield observation.bad("LARGE-ANSWERED", pointer, "server-error", message, due, None, obligation, sent)
    elif not exchange.late and (observation.readable or (reply is not None and 400 <= reply.status < 500)):
        yield observation.ok("LARGE-ANSWERED", obligation)


@check("ROBUST-NO-CRASH", obligations=lambda *_: (Obligation(kind=family) for family in FOREIGN))
def foreign_request(observation: Observation) -> Iterable[Judgement]:
    exchange, reply, stimulus = observation.exchange, observation.exchange.reply, _stimulus(observation)
    if exchange.purpose != "foreign" or reply is None or is_intermediary(exchange):
        return
    obligation = Obligation(kind=stimulus.family)
    if reply.status < 500 or observation.readable or reply.status in UNSUPPORTED:
        yield observation.ok("ROBUST-NO-CRASH", obligation)
    elif observation.origin is not Origin.FRONT:
        call = f"({exchange.request.method} {exchange.request.url})"
        yield observation.bad(
            "ROBUST-NO-CRASH",
            "",
            slug(f"server error {stimulus.family}"),
            f"{stimulus.family} causes a server error",
            "any other answer, such as a status 4xx",
            obligation=obligation,
            sent=f"{observation.action} with {stimulus.family}: {stimulus.kind} {call}",
        )


def _survived(*_: object) -> Iterator[Obligation]:
    kinds = {*MALFORMED, *map(family_of, UNUSUAL), *LARGE, MANY_DOCUMENTS, *FOREIGN, AT_THE_END}
    return (Obligation(kind=kind) for kind in kinds)


@check("ROBUST-LIVES-ON", obligations=_survived)
def answers_afterwards(observation: Observation) -> Iterable[Judgement]:
    """Judges a plain call after hostile input; silence counts only after the kit has given up."""
    stimulus, reply, trouble = observation.exchange.stimulus, observation.exchange.reply, observation.exchange.trouble
    if stimulus is None or stimulus.role is Role.INPUT:
        return
    kind, obligation = stimulus.kind, Obligation(kind=stimulus.kind)
    silences = SILENCE if observation.fronted else SILENCE | CLOSED
    given_up = reply is None and stimulus.role is Role.LONG_AFTER
    silent = given_up and trouble is not None and trouble.kind in silences
    if is_own(observation.origin, reply):
        yield observation.ok("ROBUST-LIVES-ON", obligation)
    elif silent:
        yield observation.bad(
            "ROBUST-LIVES-ON",
            "",
            slug(f"silent after {kind}"),
            f"no request is answered after {kind}",
            f"an answer to a plain call within {observation.config.patience:g} s after {kind}, as before it",
            f"{trouble}, in new attempts for {observation.config.patience:g} s",
            obligation=obligation,
            sent=f"{kind}, and after that {observation.action}, valid",
        )
