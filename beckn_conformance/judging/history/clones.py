"""What another gateway of the region may show of a registration: what its own gateway has shown (X1).

The time to clone begins when a Provider/get at the gateway that is judged has shown something; until it is over, any
state of the registration is fair, and a NACK too. It begins again whenever the other gateway is back from giving no
usable answer, or none in good time: while it is away, nobody can clone to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.exchange import Exchange
from ...messages.text import shown
from ...specification.catalogue import Requirement
from ...specification.loading import load
from ...specification.pointer import MISSING, below, member
from ...specification.specification import Specification
from ..checks import Observation
from ..finding import Judgement, Obligation
from ..registry import history_check
from .form import is_content, same_but_for_form
from .info import matching, readable
from .pairing import pair
from .registration import History

SLOW = 1.0
"""Seconds of an answer, or half of the time to clone where that is more, from which on a peer counts as away."""


def falters(exchange: Exchange, config: GatewayConfig) -> bool:
    """Whether a peer gave no usable answer, or none in good time."""
    slow = max(SLOW, (config.clone_within or 0.0) / 2)
    return exchange.action_of_reply is None or bool(exchange.trouble) or exchange.seconds > slow


def _at_each_peer(requirement: Requirement, _: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    peers = [f"at {peer}" for peer in config.peers] or [""]
    return (Obligation(action, kind=peer) for action in requirement.operations for peer in peers)


@history_check("CLONE-SERVED", "CLONE-UPDATED", "CLONE-DOCUMENTS", obligations=_at_each_peer)
def judge_clone(observation: Observation, history: History) -> Iterator[Judgement]:
    """Holds a Provider/get at a peer against what the registration's own gateway has shown."""
    exchange = observation.exchange
    if falters(exchange, observation.config):
        history.faltered[exchange.peer] = exchange.ended
    findings = [*_findings(observation, history)]
    yield from findings
    found = {judgement.requirement for judgement in findings}
    for requirement in _exercised(observation, history):
        if requirement not in found:
            yield observation.ok(requirement, _obligation(observation))


def _findings(observation: Observation, history: History) -> Iterator[Judgement]:
    if observation.exchange.refused:
        if _is_due(observation, history, history.served_at):
            yield _bad(
                observation,
                "CLONE-SERVED",
                "/registration/id",
                "not-served",
                "a registration is not served",
                f"ACK{_when(observation)}",
            )
    elif observation.exchange.acknowledged:
        yield from _info(observation, history)
        yield from _unchanging(observation, history)
        yield from _documents(observation, history)


def _exercised(observation: Observation, history: History) -> Iterator[str]:
    """Requirements that a reply without a finding meets: what was there to be cloned is shown."""
    body = observation.exchange.body_of_reply
    values = _values(observation, history)
    if values is None:
        return
    yield "CLONE-SERVED"
    changes = [write for write in history.writes[1:] if write.seen]
    if changes and not any(values.lacks(write) for write in changes):
        yield "CLONE-UPDATED"
    pairings = pair(history.documents, member(body, "/documents"), observation)
    added = [pairing for pairing in pairings if pairing.document.added and pairing.document.seen]
    if added and all(pairing.kind == "same" for pairing in added):
        yield "CLONE-DOCUMENTS"


def _is_due(observation: Observation, history: History, since: float) -> bool:
    """Whether the time to clone what was shown at a moment was over when the peer was asked."""
    begun = max(since, history.faltered.get(observation.exchange.peer, 0.0))
    return observation.exchange.started >= begun + (observation.config.clone_within or 0.0)


def _when(observation: Observation) -> str:
    return f", {observation.config.clone_within:g} s after the gateway itself has shown it"


def _obligation(observation: Observation) -> Obligation:
    return Obligation(observation.action, kind=f"at {observation.exchange.peer}")


def _bad(
    observation: Observation,
    requirement: str,
    pointer: str,
    kind: str,
    message: str,
    expected: str,
    observed: str | None = None,
) -> Judgement:
    message = f"{message} by another gateway of the region"
    return observation.bad(requirement, pointer, kind, message, expected, observed, _obligation(observation))


def _values(observation: Observation, history: History) -> Any:
    """The values of the registration that a reply shows; None where they are none of them."""
    found = _shown_info(observation)
    if not observation.exchange.acknowledged or not history.info_certain or not _is_readable(found, history):
        return None
    index = matching(history, found)
    return None if index is None else history.values[index]


def _shown_info(observation: Observation) -> dict[str, Any]:
    return {key: member(observation.exchange.body_of_reply, below("/info", key)) for key in load().info_names}


def _is_readable(found: dict[str, Any], history: History) -> bool:
    return bool(history.values) and all(readable(found[key], history.values[0].info[key]) for key in found)


def _info(observation: Observation, history: History) -> Iterator[Judgement]:
    body = observation.exchange.body_of_reply
    found = _shown_info(observation)
    if not history.info_certain or not _is_readable(found, history):
        return
    if member(body, "/info") == member(history.shown, "/info"):
        return
    values = _values(observation, history)
    if values is None:
        known = [candidate.info for candidate in history.values]
        strange = [key for key in found if not any(same_but_for_form(found[key], info.get(key)) for info in known)]
        # Where each of the values is one of its own, it is a mix of several updates.
        key = strange[0] if strange else next(k for k in found if not same_but_for_form(found[k], known[-1][k]))
        yield _bad(
            observation,
            "CLONE-SERVED" if strange else "CLONE-UPDATED",
            below("/info", key),
            "strange-value",
            "values are shown that the registration never had",
            f"{shown(known[-1][key], 100)} at /info/{key}, and the rest of what was sent with it",
            f"{shown(found[key], 100)} there",
        )
        return
    late = [write for write in history.writes if _is_due(observation, history, write.seen_at) and values.lacks(write)]
    if late:
        different = (k for k in found if k in late[-1].sent and late[-1].sent[k] != values.info[k])
        key = next(different, next(iter(found)))
        yield _bad(
            observation,
            "CLONE-UPDATED",
            "/info",
            "earlier-values",
            "values from before an update are shown",
            f"{key} {shown(late[-1].sent.get(key), 60)}{_when(observation)}",
            f"{key} {shown(values.info[key], 60)}, as before",
        )


def _unchanging(observation: Observation, history: History) -> Iterator[Judgement]:
    """What only the signup could say."""
    for pointer, value in history.unchanging.items():
        found, own = (member(body, pointer) for body in (observation.exchange.body_of_reply, history.shown))
        if value != MISSING and readable(found, value) and found != own and not same_but_for_form(found, value):
            expected = f"{shown(value, 100)} at {pointer}"
            yield _bad(
                observation,
                "CLONE-SERVED",
                pointer,
                "another-value",
                "a different value is shown",
                expected,
                f"{shown(found, 100)} there",
            )
            return


def _documents(observation: Observation, history: History) -> Iterator[Judgement]:
    found = member(observation.exchange.body_of_reply, "/documents")
    if not isinstance(found, list) or not history.documents_certain:
        return
    redacted = observation.config.documents_echo == "redacted"

    def count(documents: Any) -> Counter[tuple[str, str]]:
        rows = [d for d in documents if isinstance(d, dict)] if isinstance(documents, list) else []
        return Counter((str(d.get("name")), "" if redacted else str(d.get("data"))) for d in rows)

    own = count(member(history.shown, "/documents"))
    sent = Counter((str(d.name), "" if redacted else str(d.data)) for d in history.documents)
    for pairing in pair(history.documents, found, observation):
        document = pairing.document
        name = f"document {shown(document.name, 60)}"
        if not _is_due(observation, history, document.seen_at) or document.excused:
            continue
        if pairing.kind == "missing" and own[(str(document.name), "" if redacted else str(document.data))]:
            message = "a document is not shown"
            observed = f"{len(found)} document{'' if len(found) == 1 else 's'}, not that one"
            yield _bad(
                observation,
                "CLONE-DOCUMENTS",
                "/documents",
                "document-missing",
                message,
                f"{name}{_when(observation)}",
                observed,
            )
            return
        # What is no content at all is withheld and not altered, as another vendor may do (R10).
        if pairing.kind == "altered" and (pairing.member != "data" or is_content(pairing.found)):
            pointer = f"/documents/{pairing.index}/{pairing.member}"
            expected = f"{shown(document.member(pairing.member), 100)} at {pointer}"
            message = "a document is shown with another value"
            yield _bad(
                observation,
                "CLONE-DOCUMENTS",
                pointer,
                "another-value",
                message,
                expected,
                f"{shown(pairing.found, 100)} there",
            )
            return
    for index, item in enumerate(found):
        if not isinstance(item, dict):
            continue
        key = (str(item.get("name")), "" if redacted else str(item.get("data")))
        often = count(found)[key]
        if sent[key] and often > max(sent[key], own[key]):
            kind, message, expected = (
                "document-doubled",
                "a document is shown several times",
                f"document {shown(key[0], 60)} once",
            )
            observed = f"{often} times, the last at /documents/{index}"
        elif not sent[key] and not own[key] and history.owners.get(hash(key), history.id) not in ("", history.id):
            kind, message, expected = (
                "foreign-document",
                "another registration's document is shown",
                "documents of the registration that is asked for",
            )
            observed = f"document {shown(key[0], 60)} at /documents/{index}"
        else:
            continue
        yield _bad(observation, "CLONE-DOCUMENTS", "/documents", kind, message, expected, observed)
        return
