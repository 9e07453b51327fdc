"""The statuses and ids of documents in later replies (R4, R7, R8)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from ...messages.text import shown
from ...specification.actions import ADD, GET, SIGNUP, UPDATE
from ...specification.replies import literals, statuses
from ..checks import Observation
from ..checks.wording import IMMEDIATELY
from ..finding import Judgement
from ..registry import history_check
from .course import Course, settled
from .pairing import Document, Pairing
from .status import by_itself

STATUS = "/documents/*/status"
WORDS: Final = {UPDATE: "UPDATE-DOCUMENT-STATUS", ADD: "DOCUMENTS-OLD-STATUS"}
"""By action, the requirement on the statuses of earlier documents in its reply."""


class Twins:
    """The documents of a reply that nobody can tell apart, so that which is which is a matter of order (R9)."""

    def __init__(self, observation: Observation, pairings: list[Pairing]) -> None:
        self._redacted = observation.redacted
        self._call = observation.exchange.id
        self._all = Counter(self._key(pairing.document) for pairing in pairings)
        self._old = Counter(self._key(p.document) for p in pairings if p.document.exchange != self._call)

    def has(self, document: Document) -> bool:
        """Tells whether there is another one like this."""
        return self._all[self._key(document)] > 1

    def is_new(self, document: Document) -> bool:
        """Tells whether the call that is judged added the document, and none like it was there before."""
        return document.exchange == self._call and not self._old[self._key(document)]

    def _key(self, document: Document) -> tuple[str, str]:
        return document.form, "" if self._redacted else str(document.data)


@history_check(*WORDS.values(), "DOCUMENTS-NEW-STATUS", "*-DOCUMENT-STATUS-KEPT", "DOCUMENTS-OLD-STATUS-KEPT")
def judge_statuses(observation: Observation, course: Course, pairings: list[Pairing]) -> Iterator[Judgement]:
    """Judges the status of each document that a reply shows."""
    twins = Twins(observation, pairings)
    for pairing in pairings:
        if not isinstance(pairing.item, dict):
            continue
        status = pairing.item.get("status")
        pointer = f"/documents/{pairing.index}/status"
        new = twins.is_new(pairing.document)
        waits = new and observation.action == ADD and observation.config.verification == "deferred"
        if observation.action == ADD or "status" in pairing.item:
            yield from _word(observation, course, pointer, status, new=new, waits=waits)
        if twins.has(pairing.document):
            continue
        yield from _moves(observation, course, pairing.document, status)
        if observation.action == SIGNUP:
            continue
        if pairing.document.verified and not new and isinstance(status, str):
            yield from _still_verified(observation, course, pairing.document, pointer, status)
        if status == observation.statuses.verified and not waits:
            _verify(pairing.document, observation.exchange.ended)


def _word(
    observation: Observation, course: Course, pointer: str, status: Any, *, new: bool, waits: bool
) -> Iterator[Judgement]:
    """Judges the word for the status of a document in the reply to a change."""
    known = literals(observation.specification, observation.action, "ack", "documents", "*", "status")
    requirement = "DOCUMENTS-NEW-STATUS" if new else WORDS.get(observation.action, "")
    if not known or not requirement:
        return
    allowed = known[:1] if waits else known
    if status in allowed:
        yield observation.ok(requirement)
        return
    words = statuses(observation.specification)
    own = not new and isinstance(status, str) and status.strip() != ""
    if status in (words.pending, words.failed) and not observation.config.verifies_by_itself:
        # What became of an update says nothing of a document.
        own = False
    if own and (observation.config.verifies_by_itself or course.age(observation) > course.watch.documents):
        # Somebody at the gateway may have rejected it, and the page has no word for that (R7).
        return
    settled_by = IMMEDIATELY if waits and status in known else ""
    yield observation.bad(
        requirement,
        pointer,
        "another-status",
        "a status that the specification does not allow",
        f"{' or '.join(map(shown, allowed))} at {pointer}{settled_by}",
        f"{shown(status)} there",
        unless=(by_itself(observation, STATUS, status),) if own else (),
    )


def _moves(observation: Observation, course: Course, document: Document, status: Any) -> Iterator[Judgement]:
    """Draws conclusions from a status that a Provider/get shows although nothing was sent since the last reply."""
    before, document.status = document.status, status if isinstance(status, str) else document.status
    if not isinstance(status, str) or before is None or not course.alone(observation):
        return
    if status == before:
        course.watch.documents = max(course.watch.documents, course.waited(observation))
    else:
        moved = by_itself(observation, STATUS, status)
        yield from (observation.ok(requirement, moved) for requirement in WORDS.values())


def _still_verified(
    observation: Observation, course: Course, document: Document, pointer: str, status: str
) -> Iterator[Judgement]:
    """Judges the status of a document that was verified before."""
    changes = observation.specification.changes
    written = observation.action if observation.action in changes else course.written
    if written is None:
        return
    # If this registration was not changed, an update of another one did it.
    change = changes.get(written) or next(iter(changes.values()))
    requirement = f"{change.prefix}-{'DOCUMENT' if change.replaces else 'OLD'}-STATUS-KEPT"
    if status != observation.statuses.waiting:
        if written in changes:
            yield observation.ok(requirement)
    elif _began_later(observation, document.verified_at):
        document.verified = False
        yield observation.bad(
            requirement,
            pointer,
            "verification-lost",
            "a verified document waits for verification again",
            f"{shown(observation.statuses.verified)} at {pointer}, as before",
            f"{shown(status)} there",
        )


def _began_later(observation: Observation, since: float) -> bool:
    """True for a call that must show what another one showed; a change sees it at once, a Provider/get later (R19)."""
    return settled(observation, since) if observation.action == GET else observation.exchange.started >= since


def _verify(document: Document, at: float) -> None:
    document.verified_at = document.verified_at if document.verified else at
    document.verified = True


@history_check("DOCUMENTS-DOCUMENT-ID", "DOCUMENTS-DOCUMENT-ID-STABLE")
def judge_ids(observation: Observation, pairings: list[Pairing], found: list[Any]) -> Iterator[Judgement]:
    """Judges the ids of the documents in the reply to an addition."""
    places = [(i, d.get("id")) for i, d in enumerate(found) if isinstance(d, dict)]
    ids = [id_ for _, id_ in places if isinstance(id_, str) and id_.strip()]
    twice = sorted(id_ for id_, times in Counter(ids).items() if times > 1)
    if twice:
        yield observation.bad(
            "DOCUMENTS-DOCUMENT-ID",
            f"/documents/{next(i for i, id_ in places if id_ == twice[0])}/id",
            "shared-id",
            "two documents share an id",
            "a different id for each document",
            f"{shown(twice[0], 60)} more than once",
        )
        return
    if len(ids) == len(found) > 1:
        yield observation.ok("DOCUMENTS-DOCUMENT-ID")
    if observation.contended:
        return
    twins = Twins(observation, pairings)
    for pairing in pairings:
        id_ = pairing.item.get("id") if isinstance(pairing.item, dict) else None
        document = pairing.document
        if isinstance(id_, str) and not twins.has(document):
            yield from _same_id(observation, document, f"/documents/{pairing.index}/id", id_)


def _same_id(observation: Observation, document: Document, pointer: str, id_: str) -> Iterator[Judgement]:
    """Compares the id of a document with that in the reply to the addition before."""
    if document.id is not None and not document.reported:
        if id_ == document.id:
            yield observation.ok("DOCUMENTS-DOCUMENT-ID-STABLE")
        else:
            document.reported = True
            yield observation.bad(
                "DOCUMENTS-DOCUMENT-ID-STABLE",
                pointer,
                "another-id",
                "the id of a document has changed",
                f"{shown(document.id, 60)}, as in the reply before",
                f"{shown(id_, 60)} for the same document",
            )
    document.id = id_
