"""Judges clones: another gateway of the region may show what the registration's own gateway has shown (X1).

The time to clone begins when a Provider/get at the gateway under test has shown something; until it is over, any state
of the registration is fair, and so is a NACK. It begins again whenever the peer gave no usable answer, or none in good
time: while a peer is away, nobody can clone to it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.exchange import Exchange
from ...messages.text import counted, shown
from ...specification.catalogue import Requirement
from ...specification.pointer import MISSING, member, objects
from ...specification.specification import Specification
from ..checks import Observation
from ..finding import VALUE, Judgement, Obligation
from ..registry import history_check
from .candidates import NEVER, Candidate
from .documents import Documents
from .form import is_content, same_but_for_form
from .members import readable
from .pairing import Pairing, pair
from .part import Part
from .unchanging import Unchanging

SLOW = 1.0
"""A peer is away if its answer takes this many seconds, or half the time to clone if that is more."""


def falters(exchange: Exchange, config: GatewayConfig) -> bool:
    """Tells whether a peer gave no usable answer, or none in good time."""
    slow = max(SLOW, (config.clone_within or 0.0) / 2)
    return exchange.action_of_reply is None or bool(exchange.trouble) or exchange.seconds > slow


def _at_each_peer(requirement: Requirement, _: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    peers = [f"at {peer}" for peer in config.peers] or [""]
    return (Obligation(action, kind=peer) for action in requirement.operations for peer in peers)


@history_check("CLONE-SERVED", "CLONE-UPDATED", "CLONE-DOCUMENTS", obligations=_at_each_peer)
class Clones:
    """The clones of one registration at the peers."""

    def __init__(self, parts: Sequence[Part], documents: Documents, unchanging: Unchanging) -> None:
        self._parts, self._documents, self._unchanging = parts, documents, unchanging
        self._served_at = NEVER
        """End of the first Provider/get at its own gateway that was acknowledged."""
        self._shown: Any = MISSING
        """Body of the last such reply."""
        self._faltered: dict[str, float] = {}
        """By peer, when it last gave no usable answer in good time."""

    def observe(self, observation: Observation) -> None:
        """Takes note of what the registration's own gateway shows by Provider/get."""
        self._served_at = min(self._served_at, observation.exchange.ended)
        self._shown = observation.body_of_reply

    def judge(self, observation: Observation) -> Iterator[Judgement]:
        """Judges a Provider/get at a peer."""
        exchange = observation.exchange
        if falters(exchange, observation.config):
            self._faltered[exchange.peer] = exchange.ended
        findings = [*self._findings(observation)]
        yield from findings
        found = {judgement.requirement for judgement in findings}
        for requirement in self._met(observation):
            if requirement not in found:
                yield observation.ok(requirement, _obligation(observation))

    def _findings(self, observation: Observation) -> Iterator[Judgement]:
        if observation.exchange.refused and self._is_due(observation, self._served_at):
            kind, message, expected = "not-served", "a registration is not served", f"ACK{_when(observation)}"
            yield _bad(observation, "CLONE-SERVED", "/registration/id", kind, message, expected)
        elif observation.exchange.acknowledged:
            for part in self._parts:
                yield from self._judge_part(part, observation)
            yield from self._judge_unchanging(observation)
            yield from self._judge_documents(observation)

    def _met(self, observation: Observation) -> Iterator[str]:
        """Requirements that a reply without a finding meets, because it shows what there was to clone."""
        body = observation.body_of_reply
        found = [(part, _values(part, body)) for part in self._parts] if observation.exchange.acknowledged else []
        if not found or any(values is None for _, values in found):
            return
        yield "CLONE-SERVED"
        for part, values in found:
            changes = [write for write in part.candidates.writes[1:] if write.seen]
            if values is not None and changes and not any(values.lacks(write) for write in changes):
                yield "CLONE-UPDATED"
        pairings = pair(self._documents.all, member(body, "/documents"), observation)
        added = [pairing for pairing in pairings if pairing.document.added and pairing.document.seen]
        if added and all(pairing.kind == "same" for pairing in added):
            yield "CLONE-DOCUMENTS"

    def _is_due(self, observation: Observation, since: float) -> bool:
        """Tells whether the time to clone what was shown at a moment was over when the peer was asked."""
        begun = max(since, self._faltered.get(observation.exchange.peer, 0.0))
        return observation.exchange.started >= begun + (observation.config.clone_within or 0.0)

    def _judge_part(self, part: Part, observation: Observation) -> Iterator[Judgement]:
        body, place = observation.body_of_reply, part.change.replaces
        found = part.of(body)
        if not part.can_judge(found) or member(body, place) == member(self._shown, place):
            return
        values = part.matching(found)
        if values is None:
            yield _strange(part, observation, found)
            return
        writes = part.candidates.writes
        late = [write for write in writes if self._is_due(observation, write.seen_at) and values.lacks(write)]
        if late:
            sent = late[-1].sent
            key = next((name for name in found if name in sent and sent[name] != values.info[name]), next(iter(found)))
            yield _bad(
                observation,
                "CLONE-UPDATED",
                place,
                "earlier-values",
                "values from before an update are shown",
                f"{key} {shown(sent.get(key), 60)}{_when(observation)}",
                f"{key} {shown(values.info[key], 60)}, as before",
            )

    def _judge_unchanging(self, observation: Observation) -> Iterator[Judgement]:
        for pointer, value in self._unchanging.values.items():
            found, own = (member(body, pointer) for body in (observation.body_of_reply, self._shown))
            if value != MISSING and readable(found, value) and found != own and not same_but_for_form(found, value):
                message = "a different value is shown"
                yield _different(observation, "CLONE-SERVED", pointer, message, value, found)
                return

    def _judge_documents(self, observation: Observation) -> Iterator[Judgement]:
        found = member(observation.body_of_reply, "/documents")
        if not isinstance(found, list) or not self._documents.certain:
            return
        own = _counted(observation, self._shown)
        for pairing in pair(self._documents.all, found, observation):
            due = self._is_due(observation, pairing.document.seen_at) and not pairing.document.reported
            if due and (judged := _lost(observation, pairing, own, len(found))) is not None:
                yield judged
                return
        yield from self._extra(observation, own)

    def _extra(self, observation: Observation, own: Counter[tuple[str, str]]) -> Iterator[Judgement]:
        """Reports the first document that is shown too often, or belongs to another registration."""
        sent = Counter(_key(observation, document.name, document.data) for document in self._documents.all)
        times = _counted(observation, observation.body_of_reply)
        for index, item in objects(observation.body_of_reply, "/documents"):
            key = _key(observation, item.get("name"), item.get("data"))
            name = f"document {shown(key[0], 60)}"
            if sent[key] and times[key] > max(sent[key], own[key]):
                kind, message, expected = "document-doubled", "a document is shown several times", f"{name} once"
                observed = f"{times[key]} times, the last at /documents/{index}"
            elif not sent[key] and not own[key] and self._documents.is_foreign(*key):
                kind, message = "foreign-document", "another registration's document is shown"
                expected = "documents of the registration that is asked for"
                observed = f"{name} at /documents/{index}"
            else:
                continue
            yield _bad(observation, "CLONE-DOCUMENTS", "/documents", kind, message, expected, observed)
            return


def _values(part: Part, body: Any) -> Candidate | None:
    found = part.of(body)
    return part.matching(found) if part.can_judge(found) else None


def _strange(part: Part, observation: Observation, found: dict[str, Any]) -> Judgement:
    """The finding on values that the registration never had, or that mix several updates."""
    known = [candidate.info for candidate in part.candidates.values]
    strange = [key for key in found if not any(same_but_for_form(found[key], info.get(key)) for info in known)]
    key = strange[0] if strange else next(k for k in found if not same_but_for_form(found[k], known[-1][k]))
    return _bad(
        observation,
        "CLONE-SERVED" if strange else "CLONE-UPDATED",
        part.pointers[key],
        "strange-value",
        "values are shown that the registration never had",
        f"{shown(known[-1][key], 100)} at {part.pointers[key]}, and the rest of what was sent with it",
        f"{shown(found[key], 100)} there",
    )


def _key(observation: Observation, name: Any, data: Any) -> tuple[str, str]:
    return str(name), "" if observation.redacted else str(data)


def _counted(observation: Observation, body: Any) -> Counter[tuple[str, str]]:
    return Counter(_key(observation, item.get("name"), item.get("data")) for _, item in objects(body, "/documents"))


def _lost(observation: Observation, pairing: Pairing, own: Counter[tuple[str, str]], count: int) -> Judgement | None:
    """The finding on a document that a peer lacks or alters."""
    document = pairing.document
    if pairing.kind == "missing" and own[_key(observation, document.name, document.data)]:
        kind, message = "document-not-cloned", "a document is not shown"
        expected = f"document {shown(document.name, 60)}{_when(observation)}"
        observed = f"{counted(count, 'document')}, not that one"
        return _bad(observation, "CLONE-DOCUMENTS", "/documents", kind, message, expected, observed)
    # Data that is no base64 at all is withheld and not altered, as another vendor may do (R10).
    if pairing.kind == "altered" and (pairing.member != "data" or is_content(pairing.found)):
        value, message = document.member(pairing.member), "a document is shown with another value"
        return _different(observation, "CLONE-DOCUMENTS", pairing.pointer, message, value, pairing.found)
    return None


def _when(observation: Observation) -> str:
    return f", {observation.config.clone_within:g} s after the gateway itself has shown it"


def _obligation(observation: Observation) -> Obligation:
    return Obligation(observation.action, kind=f"at {observation.exchange.peer}")


def _different(
    observation: Observation, requirement: str, pointer: str, message: str, value: Any, found: Any
) -> Judgement:
    expected, observed = f"{shown(value, 100)} at {pointer}", f"{shown(found, 100)} there"
    return _bad(observation, requirement, pointer, VALUE, message, expected, observed)


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
