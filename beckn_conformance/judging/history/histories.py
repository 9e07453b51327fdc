"""Judges replies against the histories of their registrations.

The oracle is a sequential model of a registration: ``info`` is one value that each acknowledged update replaces (or
lays itself over), the documents are a set that only grows, and a NACK is no change. A history, with the times of
sending and of the end of every reply, is accepted where some order of its calls explains all replies. The order has
to respect real time: a call that was sent after another one's reply comes after it; of calls that overlap, either may
be the first. A Provider/get may be up to ``settle`` behind (R19).

What can be concluded: values that no order explains (a mix, values of a refused update, of nobody, of another
registration); an acknowledged document that is missing once no call in flight and no lag can excuse it; an update
that is missing though all that it could have been overwritten by came before it; values that a Provider/get has shown
and that give way to those of before, or to any that had been shown and replaced earlier (A, B, A).

What cannot be concluded: which of overlapping updates has to win, so that an update lost to a parallel one is no
finding, not even where both are partial and sent different members; that an update which was never seen is lost and
not waiting for approval (for which UPDATE-VISIBLE is a SHOULD); anything from reads that may lag, but that they show
a state of some time; anything about info after a faulty update was acknowledged; whether a change may be refused
while another one is under way (nobody judges that); that info and documents of one reply are of the same moment. A
race that did not happen is not found.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ...config.gateway import GatewayConfig
from ...messages.exchange import Exchange, identifier
from ...messages.text import shown
from ...specification.actions import ADD, GET, SIGNUP, UPDATE
from ...specification.catalogue import Requirement
from ...specification.loading import load
from ...specification.pointer import MISSING, below, member, parts_of
from ...specification.specification import Specification
from ..checks import Observation
from ..finding import Judgement, Obligation
from ..recogniser import DoubtKind
from ..registry import history_check, per_operation
from .clones import judge_clone
from .documents import judge_documents
from .form import Tally, compare, same_but_for_form
from .info import judge_info, judge_unchanging
from .large import PURPOSE, Large
from .pairing import pair
from .registration import Document, History, Values, Write
from .status import judge_status, settled

MANY = 60
"""Registrations of a run among which no id may be given twice."""
MOST_VALUES = 512
"""Candidates for info up to which a registration is judged; only partial updates without a look between them
multiply."""


def _in_number(requirement: Requirement, specification: Specification, config: GatewayConfig) -> Iterator[Obligation]:
    yield from per_operation(requirement, specification, config)
    yield Obligation(kind=f"{MANY} registrations")


class Histories:
    """Judges replies against the histories of their registrations (R2, R5, R7, R8, R10, R12, R13, R17)."""

    def __init__(self, *, deferred: bool = False) -> None:
        self._deferred = deferred
        self._histories: dict[str, History] = {}
        self._ids: set[int] = set()
        """Hashes of all ids that signups were given."""
        self._owners: dict[int, str] = {}
        self.doubled: set[str] = set()
        """Ids that were given to more than one signup: what is seen of them may be another's."""
        self._large = Large()

    def forget(self, registration: str) -> None:
        """Drops a history that no further exchange will come for."""
        self._histories.pop(registration, None)
        self._large.forget(registration)

    def _begin(self, id_: str) -> History:
        history = self._histories[id_] = History(id_, owners=self._owners, deferring=self._deferred)
        return history

    def _note_documents(self, history: History, documents: list[Document]) -> None:
        """Remembers whose the documents are, so that nobody else is shown them."""
        for document in documents:
            if isinstance(document.name, str) and isinstance(document.data, str):
                key = hash((document.name, document.data))
                if self._owners.setdefault(key, history.id) != history.id:
                    self._owners[key] = ""

    def announce(self, exchange: Exchange, registration: str | None) -> None:
        """Takes note of a change before its reply is judged: a call made at the same time may show it already (X3)."""
        history = self._histories.get(registration or "")
        if history is None or exchange.id in history.announced or exchange.sent is None:
            return
        history.announced.add(exchange.id)
        if exchange.action in (UPDATE, ADD):
            history.under_way.add(exchange.id)
        info, documents = (member(exchange.sent.body, pointer) for pointer in ("/info", "/documents"))
        if exchange.action == UPDATE and isinstance(info, dict) and history.values:
            _announce_info(history, exchange, {k: info[k] for k in load().info_names if info.get(k) is not None})
        if exchange.action == ADD and isinstance(documents, list):
            added = [
                Document.of(document, added=True, exchange=exchange.id)
                for document in documents
                if isinstance(document, dict)
            ]
            history.documents += added
            self._note_documents(history, added)

    def observe(self, observation: Observation) -> Iterator[Judgement]:
        """Judges one exchange and learns from it; exchanges come in the order in which their replies came."""
        if observation.exchange.peer:
            history = self._histories.get(observation.diagnosis.registration or "")
            if history is not None and observation.action == GET and observation.diagnosis.valid:
                yield from judge_clone(observation, history)
            return
        if observation.exchange.purpose == PURPOSE:
            yield from self._large.observe(observation)
        if observation.action == SIGNUP:
            yield from self._signed_up(observation)
            return
        if observation.action not in (GET, UPDATE, ADD):
            # Any other operation is taken to change nothing, and what it shows is for its own requirements to say.
            return
        self.announce(observation.exchange, observation.diagnosis.registration)
        history = self._histories.get(observation.diagnosis.registration or "")
        if history is None:
            self._adopt(observation)
            yield from self._stray(observation)
            return
        history.under_way.discard(observation.exchange.id)
        if observation.exchange.acknowledged and observation.message:
            yield from self._acknowledged(observation, history)
        elif observation.refused:
            if is_partial(observation):
                # To ask for all members is as good as to keep those that were not sent (Q14).
                yield observation.ok("UPDATE-PARTIAL-KEPT")
                yield observation.ok("UPDATE-PARTIAL-KEPT", Obligation(GET))
            self._refused(observation, history)
        else:
            self._unanswered(observation, history)

    def _adopt(self, observation: Observation) -> None:
        """Starts the history of a registration made beforehand from what a first Provider/get shows."""
        id_, body = observation.diagnosis.registration, observation.exchange.body_of_reply
        if id_ is None or id_ in self.doubled or observation.action != GET:
            return
        if not observation.exchange.acknowledged or not observation.diagnosis.valid:
            return
        info, documents = member(body, "/info"), member(body, "/documents")
        history = self._begin(id_)
        if isinstance(info, dict):
            members = {k: info.get(k, MISSING) for k in load().info_names}
            _found(history, Write(observation.exchange.id, observation.exchange.started, members, 0.0))
        if isinstance(documents, list) and all(isinstance(d, dict) for d in documents):
            history.documents = [Document.of(document, added=False, time=0.0) for document in documents]
            self._note_documents(history, history.documents)
        history.unchanging = {pointer: member(body, pointer) for pointer in load().unchanging}
        status = member(body, "/registration/status")
        history.status = history.status_shown_by_get = status if isinstance(status, str) and status != MISSING else None

    def _stray(self, observation: Observation) -> Iterator[Judgement]:
        """A change that names no known registration; where it was acknowledged it may be its token owner's."""
        if not observation.exchange.acknowledged or observation.exchange.sent is None or observation.action == GET:
            return
        for owner in observation.known.owners.get(observation.exchange.sent.header.get("Token", ""), ()):
            if history := self._histories.get(owner):
                history.info_certain = history.documents_certain = False
                history.written = None
        yield from ()

    # Signup.

    @history_check("SIGNUP-ID-UNIQUE", obligations=_in_number)
    @history_check("SIGNUP-ECHO", "SIGNUP-ECHO-EXACT", "SIGNUP-LONG-KEPT")
    def _signed_up(self, observation: Observation) -> Iterator[Judgement]:
        sent = observation.exchange.sent.body if observation.exchange.sent else None
        overlong = _overlong(sent)
        if not observation.exchange.acknowledged:
            if overlong and observation.exchange.refused:
                yield observation.ok("SIGNUP-LONG-KEPT")
            return
        body = observation.exchange.body_of_reply
        id_ = identifier(member(body, "/registration/id"))
        if id_ is None:
            return
        if hash(id_) in self._ids:
            yield observation.bad(
                "SIGNUP-ID-UNIQUE",
                "/registration/id",
                "shared-id",
                "two signups are given the same id",
                "an id that no other signup was given",
                f"{shown(id_, 60)}, which an earlier signup was given",
            )
            self._histories.pop(id_, None)
            self.doubled.add(id_)
            return
        self._ids.add(hash(id_))
        yield observation.ok("SIGNUP-ID-UNIQUE")
        if len(self._ids) == MANY:
            yield observation.ok("SIGNUP-ID-UNIQUE", Obligation(kind=f"{MANY} registrations"))
        history = self._begin(id_)
        history.written_at = observation.exchange.ended
        status = member(body, "/registration/status")
        history.status = status if isinstance(status, str) and status != MISSING else None
        if not isinstance(sent, dict) or observation.diagnosis.faulty:
            history.info_certain = history.documents_certain = False
            return
        info = member(sent, "/info")
        if not isinstance(info, dict):
            # Declared as optional, and left out.
            history.info_certain = history.documents_certain = False
            return
        members = {k: info.get(k, MISSING) for k in load().info_names}
        _found(
            history, Write(observation.exchange.id, observation.exchange.started, members, observation.exchange.ended)
        )
        for doubt in observation.diagnosis.doubts:
            if doubt.pointer.startswith("/info/") and doubt.kind is not DoubtKind.TAKEN:
                history.unsure.add(parts_of(doubt.pointer)[-1])
        history.overlong = overlong
        documents = member(sent, "/documents")
        if isinstance(documents, list) and not observation.diagnosis.clouds("/documents"):
            history.documents = [
                Document.of(document, added=False, time=observation.exchange.ended) for document in documents
            ]
            self._note_documents(history, history.documents)
        else:
            history.documents_certain = False
        history.unchanging = {
            pointer: member(sent, pointer)
            for pointer in load().unchanging
            if pointer in overlong or not observation.diagnosis.clouds(pointer)
        }
        yield from self._echo(observation, history)

    def _echo(self, observation: Observation, history: History) -> Iterator[Judgement]:
        exact = Tally(observation, "SIGNUP-ECHO-EXACT")
        whole = Tally(observation, "SIGNUP-ECHO")
        body = observation.exchange.body_of_reply
        for key in load().info_names:
            yield from compare(
                observation,
                history,
                below("/info", key),
                history.values[0].info[key],
                member(body, below("/info", key)),
                whole,
                exact,
            )
        for place, value in history.unchanging.items():
            yield from compare(observation, history, place, value, member(body, place), whole, exact)
        if history.documents_certain:
            yield from judge_documents(observation, history, history.documents)
            for pairing in pair(history.documents, member(body, "/documents"), observation):
                if pairing.kind != "same" or not pairing.exact:
                    whole.failed = exact.failed = True
        yield from whole.close()
        yield from exact.close()
        sent = observation.exchange.sent.body if observation.exchange.sent else None
        if any(member(body, pointer) == member(sent, pointer) for pointer in history.overlong):
            yield observation.ok("SIGNUP-LONG-KEPT")

    def _acknowledged(self, observation: Observation, history: History) -> Iterator[Judgement]:
        action = observation.action
        faulty = observation.diagnosis.faulty or observation.disguised
        certain = observation.diagnosis.valid or all(
            d.pointer.startswith("header:") or d.kind is not DoubtKind.OTHER for d in observation.diagnosis.doubts
        )
        mine = [w for w in history.writes if w.exchange == observation.exchange.id]
        fresh_documents = [d for d in history.documents if d.exchange == observation.exchange.id]
        if action == UPDATE and not observation.diagnosis.clouds("/registration"):
            if faulty or not certain or not mine:
                history.info_certain = False
            for write in mine:
                write.time = observation.exchange.ended
                history.unsure -= write.sent.keys()
                history.overlong -= {below("/info", key) for key in write.sent}
        if action == ADD and not observation.diagnosis.clouds("/registration"):
            if faulty or not certain or not fresh_documents:
                history.documents_certain = False
            for document in fresh_documents:
                document.time = observation.exchange.ended
            for old in history.documents:
                old.rivals = old.rivals or (
                    old.exchange != observation.exchange.id
                    and any(same_but_for_form(new.name, old.name) for new in fresh_documents)
                )
        if faulty and action != GET:
            # What it did to the registration is not known; nothing of before is held against what comes.
            history.written = history.refused = history.status_shown_by_get = None
            return
        if faulty:
            return
        yield from judge_status(observation, history)
        yield from judge_info(observation, history)
        yield from judge_unchanging(observation, history)
        if history.documents_certain:
            yield from judge_documents(observation, history, history.documents, fresh_documents)
        self._remember(observation, history)

    def _remember(self, observation: Observation, history: History) -> None:
        status = member(observation.exchange.body_of_reply, "/registration/status")
        status = status if isinstance(status, str) and status != MISSING else None
        if observation.action == GET:
            # There is no older state than that of the signup, so a read of it is never stale.
            fresh = history.written == SIGNUP or settled(observation, history.written_at)
            history.status_shown_by_get = status if fresh else None
            history.refused = None
            history.served_at = min(history.served_at, observation.exchange.ended)
            history.shown = observation.exchange.body_of_reply
        else:
            history.status_before = history.status
            history.written, history.written_at = observation.action, observation.exchange.ended
            history.clean = False
            history.status_shown_by_get = None
            history.refused = None
        history.status = status or history.status

    def _refused(self, observation: Observation, history: History) -> None:
        """A NACK: from here on, what was sent must not show."""
        if observation.action == GET or not observation.exchange.sent:
            return
        body = observation.exchange.sent.body
        history.refused = observation.action
        history.writes = [w for w in history.writes if w.exchange != observation.exchange.id]
        history.values = [v for v in history.values if observation.exchange.id not in v.applied]
        history.documents = [d for d in history.documents if d.exchange != observation.exchange.id]
        if observation.action == UPDATE and isinstance(member(body, "/info"), dict):
            history.refused_info.append(dict(member(body, "/info")))
        if observation.action == ADD and isinstance(member(body, "/documents"), list):
            history.refused_documents += [
                (d.get("name"), d.get("data")) for d in member(body, "/documents") if isinstance(d, dict)
            ]

    def _unanswered(self, observation: Observation, history: History) -> None:
        """No answer was read: the change may have been made or not; after a crash also by halves."""
        announced = observation.exchange.sent is not None
        if observation.by_gateway or not announced:
            history.info_certain = history.info_certain and observation.action != UPDATE
            history.documents_certain = history.documents_certain and observation.action != ADD
        if observation.action != GET:
            history.written = None
            history.status_certain = False


def is_partial(observation: Observation) -> bool:
    """Whether the request is an update that leaves out members of info, and has no fault."""
    pointers = {doubt.pointer for doubt in observation.diagnosis.doubts}
    return (
        observation.action == UPDATE
        and observation.exchange.refused
        and not observation.diagnosis.faults
        and bool(pointers)
        and all(doubt.kind in (DoubtKind.MISSING, DoubtKind.NULL) for doubt in observation.diagnosis.doubts)
    )


def _overlong(sent: Any) -> set[str]:
    """Pointers of the texts of a signup, outside of lists, that satisfy every reading but for their length."""
    return {
        candidate.pointer
        for candidate in load().members(SIGNUP)
        if candidate.scalar and "*" not in candidate.pointer and candidate.overlong(member(sent, candidate.pointer))
    }


def _found(history: History, write: Write) -> None:
    """Starts with the values that a registration was made with."""
    history.writes.append(write)
    sources = dict.fromkeys(load().info_names, write)
    history.values.append(Values(write.sent, sources, write, frozenset({write.exchange}), first=float("-inf")))


def _announce_info(history: History, exchange: Exchange, sent: dict[str, Any]) -> None:
    """Adds what an update may lead to: what was sent, laid over anything that may be in force when it is applied."""
    write = Write(exchange.id, exchange.started, sent)
    history.writes.append(write)
    unfinished = [
        w for w in history.writes if w.partial and (w.time > exchange.started or (history.deferring and not w.seen))
    ]
    bases = [v for v in history.values if not v.replaced] if write.partial else history.values[-1:]
    known = {_key(values) for values in history.values}
    fresh = [_laid_over(base, write) for base in bases]
    while fresh and history.info_certain:
        values = fresh.pop(0)
        if _key(values) in known:
            continue
        known.add(_key(values))
        history.values.append(values)
        fresh += [_laid_over(values, w) for w in unfinished if w.exchange not in values.applied]
        history.info_certain = len(history.values) <= MOST_VALUES


def _laid_over(base: Values, write: Write) -> Values:
    sources = {**base.sources, **dict.fromkeys(write.sent, write)}
    below = base.applied if write.partial else frozenset[str]()
    return Values({**base.info, **write.sent}, sources, write, below | {write.exchange})


def _key(values: Values) -> tuple[str, ...]:
    return tuple(values.sources[key].exchange for key in load().info_names)
