"""Which documents a reply must show, and which it must not (R8, R10, R13, R17)."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from ...messages.exchange import Exchange
from ...messages.text import counted, shown
from ...specification.actions import ADD, GET, SIGNUP
from ...specification.catalogue import Operation
from ...specification.pointer import member, objects
from ..checks import Observation
from ..checks.wording import REDACTED
from ..diagnosis import DoubtKind
from ..finding import (
    ADDED_MISSING,
    AFTER_CHANGE,
    DROPPED,
    EARLIER_MISSING,
    MISSING_DOCUMENT,
    REPLACED,
    VALUE,
    Judgement,
    Obligation,
)
from ..hashes import Hashes
from ..registry import history_check
from .candidates import NEVER
from .course import Course, settled
from .document_members import judge_ids, judge_statuses
from .members import FORM, differs, text_lost
from .pairing import Document, Pairing, pair

MOST_DOCUMENTS = 1200
"""Documents of a registration that are judged, more than a run sends; of one with more, nothing is said of them."""
SEVERAL = -1
"""In place of the hash of a registration, which is never -1."""


class Owners:
    """Whose each document is, so that no other registration shows it."""

    def __init__(self) -> None:
        self._owners = Hashes()
        """By name and data, the registration that sent it, or SEVERAL."""

    def note(self, documents: list[Document], registration: str) -> None:
        for document in documents:
            if isinstance(document.name, str) and isinstance(document.data, str):
                key = hash((document.name, document.data))
                self._owners[key] = hash(registration) if self._owners[key] in (0, hash(registration)) else SEVERAL

    def is_foreign(self, name: Any, data: Any, registration: str) -> bool:
        """Tells whether one other registration sent a document, and this one did not."""
        return self._owners[hash((name, data))] not in (0, hash(registration), SEVERAL)


@history_check(
    "SIGNUP-DOCUMENTS-KEPT",
    "*-KEEPS-REST",
    "DOCUMENTS-LISTED",
    "DOCUMENTS-ECHO",
    "DOCUMENTS-ECHO-EXACT",
    "DOCUMENTS-KEPT",
    "DOCUMENTS-SAME-NAME",
    "DOCUMENTS-NACK-UNCHANGED",
)
class Documents:
    """The documents of a registration, acknowledged or refused."""

    def __init__(self, registration: str, owners: Owners, names: tuple[str, ...]) -> None:
        self.all: list[Document] = []
        self.certain = True
        """False once any documents may be shown."""
        self._owners = owners
        self._registration = registration
        self._others = tuple(name for name in names if name not in ("name", "data"))
        self._numbers = itertools.count()
        self._refused: list[tuple[Any, Any]] = []

    # What is sent.

    def begin(self, sent: Any, time: float, unusual: Collection[str] = ()) -> None:
        """Starts with the documents of a signup; names that are ``unusual`` for some readings need not be kept."""
        self._add(sent, added=False, time=time)
        for document in self.all:
            document.unusual = document.name in unusual

    def announce(self, exchange: Exchange, sent: Any) -> None:
        """Adds the documents of an addition before its reply: calls made meanwhile may show them already."""
        if exchange.action == ADD and isinstance(sent, list):
            self._add(sent, added=True, exchange=exchange.id)

    def acknowledge(self, observation: Observation, *, clear: bool) -> None:
        """Takes an acknowledged addition to be made; ``clear`` is False if nobody can say what it did."""
        if observation.action != ADD or observation.diagnosis.clouds("/registration"):
            return
        fresh = self._by(observation.exchange.id)
        if not clear or not fresh:
            self.certain = False
        for document in fresh:
            document.time = observation.exchange.ended

    def refuse(self, observation: Observation) -> Iterator[Judgement]:
        """Drops a refused addition: its documents must not be shown from now on."""
        taken = (doubt.kind is DoubtKind.TAKEN for doubt in observation.diagnosis.doubts)
        if observation.action == ADD and any(taken):
            # Refusing a name that is taken keeps the documents apart as well.
            yield observation.ok("DOCUMENTS-SAME-NAME")
            yield observation.ok("DOCUMENTS-SAME-NAME", Obligation(GET))
        if observation.action == ADD and observation.exchange.sent:
            self.all = [document for document in self.all if document.exchange != observation.exchange.id]
            sent = objects(observation.exchange.sent.body, "/documents")
            self._refused += [(item.get("name"), item.get("data")) for _, item in sent]

    def lose(self, observation: Observation, *, known: bool) -> None:
        """Takes note of an addition without an answer; one whose documents are ``known`` is made whole or not."""
        self.certain = self.certain and (known or observation.action != ADD)

    def _add(self, sent: Any, **how: Any) -> None:
        new = [
            Document(
                item.get("name"),
                item.get("data"),
                number=next(self._numbers),
                others={name: item[name] for name in self._others if name in item},
                **how,
            )
            for item in sent
            if isinstance(item, dict)
        ]
        self.all += new
        # Each is compared with each that is like it.
        self.certain = self.certain and len(self.all) <= MOST_DOCUMENTS
        self._owners.note(new, self._registration)

    def _by(self, exchange: str) -> list[Document]:
        return [document for document in self.all if document.exchange == exchange]

    # What is shown.

    def judge(self, observation: Observation, course: Course) -> Iterator[Judgement]:
        """Judges what a reply shows of each document."""
        found = member(observation.body_of_reply, "/documents")
        if not self.certain or not isinstance(found, list):
            return
        pairings = pair(self.all, found, observation)
        named, filed = defaultdict[str, list[Pairing]](list), defaultdict[str, list[Pairing]](list)
        for pairing in pairings:
            named[pairing.document.form].append(pairing)
            filed[str(pairing.document.data)].append(pairing)
        intact = True
        for pairing in pairings:
            document = pairing.document
            like = itertools.chain(named[document.form], filed[str(document.data)])
            akin = (other for other in like if other is not pairing)
            same = pairing.kind == "same"
            if same:
                yield from _kept(observation, pairing, akin)
            if pairing.kind == "missing" and (_may_come(observation, document) or self._adding(observation, course)):
                intact = False
                continue
            if not pairing.exact and (judged := _lost(observation, course, pairing, akin)) is not None:
                intact = intact and same
                hidden = judged.requirement == "DOCUMENTS-KEPT"
                document.hidden, document.reformed = document.hidden or hidden, document.reformed or same
                document.reported = document.reported or not (hidden or same)
                yield judged
        yield from self._strangers(observation, pairings, found)
        yield from _doubled(observation, pairings, found)
        if intact and self.all:
            yield from _all_kept(observation, course)
        course.documents_intact = intact
        yield from judge_statuses(observation, course, pairings)
        if observation.action == ADD:
            yield from judge_ids(observation, pairings, found)

    def _adding(self, observation: Observation, course: Course) -> bool:
        """Tells whether another addition is under way, which may have dropped a document; its own reply will tell."""
        return observation.action != ADD and any(document.exchange in course.under_way for document in self.all)

    def _strangers(self, observation: Observation, pairings: list[Pairing], found: list[Any]) -> Iterator[Judgement]:
        """Reports the first document of a refused addition (R17), or of another registration."""
        taken = {pairing.index for pairing in pairings}
        for index, item in enumerate(found):
            if index in taken or not isinstance(item, dict):
                continue
            name, data = item.get("name"), item.get("data")
            if observation.action == GET and self.is_foreign(name, data):
                yield observation.bad(
                    "GET-ROUND-TRIP",
                    f"/documents/{index}",
                    "foreign-document",
                    "a document of another registration is shown",
                    "the documents of this registration",
                    f"{shown(name, 60)} among them",
                )
                return
            if self._was_refused(observation, name, data):
                yield observation.bad(
                    "DOCUMENTS-NACK-UNCHANGED",
                    f"/documents/{index}",
                    "refused-document",
                    "a document of a refused addition is kept",
                    "the documents from before the NACK",
                    f"{shown(name, 60)} among them",
                )
                return

    def is_foreign(self, name: Any, data: Any) -> bool:
        known = isinstance(name, str) and isinstance(data, str)
        return known and self._owners.is_foreign(name, data, self._registration)

    def _was_refused(self, observation: Observation, name: Any, data: Any) -> bool:
        return isinstance(name, str) and any(
            name == refused and (observation.redacted or data == its_data) for refused, its_data in self._refused
        )


def _doubled(observation: Observation, pairings: list[Pairing], found: list[Any]) -> Iterator[Judgement]:
    """Reports a document of the signup that is shown twice; an addition may have been repeated on the way."""
    requirement = {SIGNUP: "SIGNUP-ECHO", GET: "GET-ROUND-TRIP"}.get(observation.action)
    if requirement is None or not observation.known.closed or observation.redacted:
        return
    taken = {pairing.index for pairing in pairings}
    shown_as = {str(p.item): p.document for p in pairings if p.exact and not p.document.added}
    for index, item in enumerate(found):
        if index not in taken and (document := shown_as.get(str(item))) is not None:
            name = shown(document.name, 60)
            message = "a document is shown twice"
            expected, observed = f"document {name} once", f"the same again at /documents/{index}"
            yield observation.bad(requirement, "/documents", "document-doubled", message, expected, observed)
            return


def _is_new(observation: Observation, document: Document) -> bool:
    """Tells whether the call that is judged added the document."""
    return document.exchange == observation.exchange.id


def _may_come(observation: Observation, document: Document) -> bool:
    """Tells whether a reply need not show a document yet: a read may be stale, or a file stored later (R19)."""
    stale = observation.action == GET or (document.added and observation.action not in (SIGNUP, ADD))
    return stale and not settled(observation, document.time)


def _kept(observation: Observation, pairing: Pairing, akin: Iterable[Pairing]) -> Iterator[Judgement]:
    """Draws conclusions from a document that is shown as it was sent, but perhaps for its form."""
    document, get = pairing.document, observation.action == GET
    if get:
        document.seen_at = min(document.seen_at, observation.exchange.ended)
    if document.added and get:
        yield observation.ok("DOCUMENTS-KEPT")
    if document.added and (get or _is_new(observation, document)):
        yield observation.ok("DOCUMENTS-ECHO")
        if pairing.exact:
            yield observation.ok("DOCUMENTS-ECHO-EXACT")
    rivals = (other.document for other in akin if other.document.rivals(document))
    if observation.action in (ADD, GET) and any(rival.time < NEVER for rival in rivals):
        yield observation.ok("DOCUMENTS-SAME-NAME")


def _all_kept(observation: Observation, course: Course) -> Iterator[Judgement]:
    """Draws conclusions from a reply that shows every document as it was sent, but perhaps for its form."""
    action, get = observation.action, observation.action == GET
    change = _replacing(observation, course)
    met = {
        "SIGNUP-DOCUMENTS-KEPT": get or (change is not None and action == change.action),
        "DOCUMENTS-LISTED": action == ADD,
        "DOCUMENTS-KEEPS-REST": get and course.written == ADD,
        "DOCUMENTS-NACK-UNCHANGED": get and course.refused == ADD,
    }
    yield from (observation.ok(requirement) for requirement, holds in met.items() if holds)
    if change is not None:
        yield observation.ok(f"{change.prefix}-KEEPS-REST")


def _replacing(observation: Observation, course: Course) -> Operation | None:
    """The change of an object, documents apart, that a reply is to or that a Provider/get comes after."""
    done = course.written if observation.action == GET else observation.action
    change = observation.specification.changes.get(done or "")
    return change if change is not None and change.replaces else None


def _lost(observation: Observation, course: Course, pairing: Pairing, akin: Iterable[Pairing]) -> Judgement | None:
    """The finding on a document that is missing or not as it was sent, if it has to be there."""
    document, action = pairing.document, observation.action
    new = _is_new(observation, document)
    due = new or document.time <= observation.exchange.started or action == SIGNUP
    if action == ADD and observation.contended and document.added and not new:
        # Only the reply to a lone addition has to list what was added a moment ago (X3).
        due = settled(observation, document.time)
    if document.unusual and (pairing.kind == "missing" or pairing.member != "name"):
        return None
    told = document.reported or (document.hidden and action != ADD) or (document.reformed and pairing.kind == "same")
    if told or not due or pairing.kind == "unreadable":
        return None
    if pairing.kind == "missing":
        return _missing(observation, course, document, akin)
    return _altered(observation, course, pairing)


def _missing(observation: Observation, course: Course, document: Document, akin: Iterable[Pairing]) -> Judgement | None:
    action, change = observation.action, _replacing(observation, course)
    expected = f"document {shown(document.name, 60)}"
    kind, message = MISSING_DOCUMENT, "an added document is missing"
    there = [pairing.document for pairing in akin if pairing.kind == "same"]
    if any((other.name, other.data) == (document.name, document.data) for other in there):
        # The same was sent before, perhaps by a client that had no answer, and is there.
        return None
    # A gateway that knows documents by their content may take the same file under another name for the first.
    merged = isinstance(document.data, str) and any(other.data == document.data for other in there)
    replaced = merged or any(other.rivals(document) for other in there)
    if action == SIGNUP:
        # That a document of a taken name is kept is asked of additions and of later replies only (R13).
        if replaced:
            return None
        requirement, message = "SIGNUP-ECHO", "a document that was sent is missing"
    elif replaced:
        requirement, kind = "DOCUMENTS-SAME-NAME", REPLACED
        message = "a document is not kept beside one of the same name or content"
        expected = (
            f"{expected} as it was sent first, besides the later one of the same {'content' if merged else 'name'}"
        )
    elif action == ADD and _is_new(observation, document):
        requirement, kind, message = "DOCUMENTS-LISTED", "new-missing", "the document just added is missing"
    elif action == ADD:
        requirement, kind, message = "DOCUMENTS-LISTED", EARLIER_MISSING, "an earlier document is missing"
    elif not document.added:
        requirement, message = "SIGNUP-DOCUMENTS-KEPT", "a document of the signup is missing"
    elif document.seen and change is not None:
        requirement, kind, message = f"{change.prefix}-KEEPS-REST", DROPPED, "a document is missing after an update"
    elif action == GET:
        requirement, kind = "DOCUMENTS-KEPT", ADDED_MISSING
    else:
        return None
    if kind in (EARLIER_MISSING, ADDED_MISSING) and document.time < course.replaced_at:
        kind = AFTER_CHANGE
    found: list[Any] = observation.body_of_reply["documents"]
    observed = f"{counted(len(found), 'document')}, {'of the two only the later one' if replaced else 'not that one'}"
    return observation.bad(requirement, "/documents", kind, message, expected, observed)


def _altered(observation: Observation, course: Course, pairing: Pairing) -> Judgement | None:
    document, action, message = pairing.document, observation.action, ""
    change = _replacing(observation, course)
    form = pairing.kind == "same"
    if document.unusual and not form:
        return text_lost(observation, pairing.pointer, document.name, pairing.found)
    if action == SIGNUP:
        requirement = "SIGNUP-ECHO-EXACT" if form else "SIGNUP-ECHO"
    elif document.added and (_is_new(observation, document) or action == GET):
        requirement = "DOCUMENTS-ECHO-EXACT" if form else "DOCUMENTS-ECHO"
    elif form and action != GET:
        return None
    elif form:
        requirement = "GET-ROUND-TRIP-EXACT"
    elif change is not None and (action != GET or course.documents_intact):
        requirement, message = f"{change.prefix}-KEEPS-REST", "a document is changed by an update"
    elif action == ADD:
        requirement, message = "DOCUMENTS-LISTED", "an earlier document is changed"
    else:
        requirement = "GET-ROUND-TRIP"
    kind, value = FORM if form else VALUE, document.member(pairing.member)
    unless = REDACTED if pairing.member == "data" and not form else ""
    return differs(observation, requirement, pairing.pointer, kind, value, pairing.found, message, unless)
