"""What documents a reply must have, with which statuses and ids (R7, R8, R13, R17)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...messages.text import shown
from ...specification.actions import ADD, GET, SIGNUP, UPDATE
from ...specification.pointer import member
from ..checks import VERIFICATION, Observation
from ..finding import Judgement
from ..registry import history_check
from .form import same_but_for_form
from .pairing import Pairing, pair
from .registration import Document, History
from .status import settled


@history_check(
    "SIGNUP-DOCUMENTS-KEPT",
    "UPDATE-DOCUMENT-STATUS-KEPT",
    "UPDATE-KEEPS-REST",
    "DOCUMENTS-NEW-STATUS",
    "DOCUMENTS-OLD-STATUS",
    "DOCUMENTS-OLD-STATUS-KEPT",
    "DOCUMENTS-DOCUMENT-ID",
    "DOCUMENTS-DOCUMENT-ID-STABLE",
    "DOCUMENTS-LISTED",
    "DOCUMENTS-ECHO",
    "DOCUMENTS-ECHO-EXACT",
    "DOCUMENTS-KEPT",
    "DOCUMENTS-SAME-NAME",
    "DOCUMENTS-NACK-UNCHANGED",
)
def judge_documents(
    observation: Observation, history: History, expected: list[Document], fresh: list[Document] | None = None
) -> Iterator[Judgement]:
    """Every acknowledged document against those of a reply, matched by content and name (R9, R13)."""
    found = member(observation.exchange.body_of_reply, "/documents")
    if not isinstance(found, list):
        return
    fresh = fresh or []
    pairings = pair(expected, found, observation)
    intact = True
    for pairing in pairings:
        document = pairing.document
        if pairing.kind == "same" and pairing.exact:
            if observation.action == GET:
                document.seen_at = min(document.seen_at, observation.exchange.ended)
            yield from _pass(observation, history, document, fresh)
            continue
        new = any(document is f for f in fresh)
        due = new or document.time <= observation.exchange.started or observation.action == SIGNUP
        if observation.action == ADD and observation.contended and document.added and not new:
            # Only the reply to a lone addition has to list what was added a moment ago (X3).
            due = settled(observation, document.time)
        excused = document.excused or (document.hidden and observation.action != ADD)
        if excused or not due or pairing.kind == "unreadable":
            continue
        if pairing.kind == "missing":
            judged = _missing(observation, history, document, new, pairings)
        else:
            judged = _altered(observation, history, document, new, pairing)
        if judged is not None:
            intact = False
            hidden = judged.requirement == "DOCUMENTS-KEPT"
            document.hidden, document.excused = document.hidden or hidden, document.excused or not hidden
            yield judged
    yield from _strangers(observation, history, pairings, found)
    if intact and expected:
        yield from _all_kept(observation, history)
    history.intact = intact
    if observation.action != SIGNUP:
        yield from _document_statuses(observation, history, pairings, fresh)
    if observation.action == ADD:
        yield from _document_ids(observation, pairings, found)


def _all_kept(observation: Observation, history: History) -> Iterator[Judgement]:
    if observation.action == SIGNUP:
        return
    if observation.action in (GET, UPDATE):
        yield observation.ok("SIGNUP-DOCUMENTS-KEPT")
    if observation.action == ADD:
        yield observation.ok("DOCUMENTS-LISTED")
    if observation.action == UPDATE or (observation.action == GET and history.written == UPDATE):
        yield observation.ok("UPDATE-KEEPS-REST")
    if observation.action == GET and history.written == ADD:
        yield observation.ok("DOCUMENTS-KEEPS-REST")
    if observation.action == GET and history.refused == ADD:
        yield observation.ok("DOCUMENTS-NACK-UNCHANGED")


def _pass(observation: Observation, history: History, document: Document, fresh: list[Document]) -> Iterator[Judgement]:
    if document.added and observation.action == GET:
        yield observation.ok("DOCUMENTS-KEPT")
    if document.added and (observation.action == GET or any(document is f for f in fresh)):
        yield observation.ok("DOCUMENTS-ECHO")
        yield observation.ok("DOCUMENTS-ECHO-EXACT")
    if document.rivals and observation.action in (ADD, GET):
        yield observation.ok("DOCUMENTS-SAME-NAME")


def _missing(
    observation: Observation, history: History, document: Document, new: bool, pairings: list[Pairing]
) -> Judgement | None:
    what = f"document {shown(document.name, 60)}"
    count = count_documents(observation)
    observed = f"{count} document{'' if count == 1 else 's'}, not that one"
    if observation.action == SIGNUP:
        return observation.bad(
            "SIGNUP-ECHO", "/documents", "document-missing", "a document that was sent is missing", what, observed
        )
    if observation.action in (GET, UPDATE) and document.added and not settled(observation, document.time):
        # A read that is allowed to be stale shows what was there before the addition (R19).
        return None
    twins = [d for d in history.documents if (d.name, d.data) == (document.name, document.data)]
    # Where the other of that name is missing as well, it is not for the name.
    there = any(
        p.kind == "same" and p.document is not document and same_but_for_form(p.document.name, document.name)
        for p in pairings
    )
    if there and ((document.rivals and not new) or len(twins) > 1):
        return observation.bad(
            "DOCUMENTS-SAME-NAME",
            "/documents",
            "document-replaced",
            "a document is replaced by a later one of the same name",
            f"{what}, besides the later one",
            observed,
        )
    if observation.action == ADD:
        kind, which = ("new-missing", "the document just added") if new else ("earlier-missing", "an earlier document")
        return observation.bad("DOCUMENTS-LISTED", "/documents", kind, f"{which} is missing", what, observed)
    if not document.added:
        return observation.bad(
            "SIGNUP-DOCUMENTS-KEPT",
            "/documents",
            "document-missing",
            "a document of the signup is missing",
            what,
            observed,
        )
    if document.seen and UPDATE in (observation.action, history.written):
        return observation.bad(
            "UPDATE-KEEPS-REST",
            "/documents",
            "document-missing",
            "a document is missing after an update",
            what,
            observed,
        )
    if observation.action == GET:
        return observation.bad(
            "DOCUMENTS-KEPT", "/documents", "document-missing", "an added document is missing", what, observed
        )
    return None


def _altered(
    observation: Observation, history: History, document: Document, new: bool, pairing: Pairing
) -> Judgement | None:
    pointer = f"/documents/{pairing.index}/{pairing.member}"
    value = document.member(pairing.member)
    expected = f"{shown(value, 100)} at {pointer}"
    observed = f"{shown(pairing.found, 100)} there"
    form = pairing.kind == "same"
    kind, message = (
        ("another-form", "the value comes back in another form")
        if form
        else ("another-value", "a different value comes back")
    )
    if observation.action == SIGNUP:
        requirement = "SIGNUP-ECHO-EXACT" if form else "SIGNUP-ECHO"
    elif document.added and (new or observation.action == GET):
        requirement = "DOCUMENTS-ECHO-EXACT" if form else "DOCUMENTS-ECHO"
    elif form:
        requirement = "GET-ROUND-TRIP-EXACT"
    elif observation.action == UPDATE or (observation.action == GET and history.written == UPDATE and history.intact):
        requirement, message = "UPDATE-KEEPS-REST", "a document is changed by an update"
    elif observation.action == ADD:
        requirement, message = "DOCUMENTS-LISTED", "an earlier document is changed"
    else:
        requirement = "GET-ROUND-TRIP"
    if requirement == "GET-ROUND-TRIP-EXACT" and observation.action != GET:
        return None
    return observation.bad(requirement, pointer, kind, message, expected, observed)


def _strangers(
    observation: Observation, history: History, pairings: list[Pairing], found: list[Any]
) -> Iterator[Judgement]:
    """Documents of refused additions must not show (R17), nor those of other registrations."""
    taken = {pairing.index for pairing in pairings if pairing.index is not None}
    for index, item in enumerate(found):
        if index in taken or not isinstance(item, dict):
            continue
        name, data = item.get("name"), item.get("data")
        known = isinstance(name, str) and isinstance(data, str)
        if (
            observation.action == GET
            and known
            and history.owners.get(hash((name, data)), history.id) not in (history.id, "")
        ):
            yield observation.bad(
                "GET-ROUND-TRIP",
                f"/documents/{index}",
                "foreign-document",
                "a document of another registration is shown",
                "the documents of this registration",
                f"{shown(name, 60)} among them",
            )
            return
        for name, data in history.refused_documents:
            if (
                isinstance(name, str)
                and item.get("name") == name
                and (observation.config.documents_echo == "redacted" or item.get("data") == data)
            ):
                yield observation.bad(
                    "DOCUMENTS-NACK-UNCHANGED",
                    f"/documents/{index}",
                    "refused-document",
                    "a document of a refused addition is kept",
                    "the documents from before the NACK",
                    f"{shown(name, 60)} among them",
                )
                return


def _document_statuses(
    observation: Observation, history: History, pairings: list[Pairing], fresh: list[Document]
) -> Iterator[Judgement]:
    for pairing in pairings:
        document = pairing.document
        if pairing.index is None or not isinstance(pairing.item, dict):
            continue
        status = pairing.item.get("status")
        pointer = f"/documents/{pairing.index}/status"
        new = any(document is f for f in fresh)
        if observation.action == ADD:
            requirement = "DOCUMENTS-NEW-STATUS" if new else "DOCUMENTS-OLD-STATUS"
            allowed = VERIFICATION[:1] if new and observation.config.verification == "deferred" else VERIFICATION
            if status in allowed:
                yield observation.ok(requirement)
            else:
                yield observation.bad(
                    requirement,
                    pointer,
                    "another-status",
                    "a status that the specification does not allow",
                    f"{' or '.join(map(shown, allowed))} at {pointer}",
                    f"{shown(status)} there",
                )
        written = observation.action if observation.action in (UPDATE, ADD) else history.written
        if document.verified and not new and written is not None and isinstance(status, str):
            # Where this registration was not changed, it was an update of another one.
            requirement = "DOCUMENTS-OLD-STATUS-KEPT" if written == ADD else "UPDATE-DOCUMENT-STATUS-KEPT"
            if (
                status == VERIFICATION[0]
                and observation.action == GET
                and not settled(observation, document.verified_at)
            ):
                continue
            if status == VERIFICATION[0]:
                document.verified = False
                yield observation.bad(
                    requirement,
                    pointer,
                    "verification-lost",
                    "a verified document waits for verification again",
                    f"{shown(VERIFICATION[1])} at {pointer}, as before",
                    f"{shown(status)} there",
                )
            elif written in (UPDATE, ADD):
                yield observation.ok(requirement)
        if status == VERIFICATION[1] and not (
            observation.action == ADD and new and observation.config.verification == "deferred"
        ):
            document.verified_at = document.verified_at if document.verified else observation.exchange.ended
            document.verified = True


def _document_ids(observation: Observation, pairings: list[Pairing], found: list[Any]) -> Iterator[Judgement]:
    places = [(i, d.get("id")) for i, d in enumerate(found) if isinstance(d, dict)]
    numbers = [n for _, n in places if isinstance(n, str) and n.strip()]
    twice = sorted(n for n, times in Counter(numbers).items() if times > 1)
    if twice:
        yield observation.bad(
            "DOCUMENTS-DOCUMENT-ID",
            f"/documents/{next(i for i, n in places if n == twice[0])}/id",
            "shared-id",
            "two documents share an id",
            "a different id for each document",
            f"{shown(twice[0], 60)} more than once",
        )
        return
    if len(numbers) == len(found) and len(found) > 1:
        yield observation.ok("DOCUMENTS-DOCUMENT-ID")
    contents = [(p.document.name, p.document.data) for p in pairings]
    for pairing in pairings:
        number = pairing.item.get("id") if isinstance(pairing.item, dict) else None
        document = pairing.document
        if not isinstance(number, str) or contents.count((document.name, document.data)) > 1:
            continue
        if observation.contended:
            continue
        if document.number is not None and not document.excused:
            if number == document.number:
                yield observation.ok("DOCUMENTS-DOCUMENT-ID-STABLE")
            else:
                document.excused = True
                yield observation.bad(
                    "DOCUMENTS-DOCUMENT-ID-STABLE",
                    f"/documents/{pairing.index}/id",
                    "another-id",
                    "the id of a document has changed",
                    f"{shown(document.number, 60)}, as in the reply before",
                    f"{shown(number, 60)} for the same document",
                )
        document.number = number


def count_documents(observation: Observation) -> int:
    found = member(observation.exchange.body_of_reply, "/documents")
    return len(found) if isinstance(found, list) else 0
