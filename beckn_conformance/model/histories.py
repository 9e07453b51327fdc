"""Judges replies against the histories of their registrations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..checks import Sight
from ..exchange import MISSING, Exchange, member, shown
from ..finding import Judgement
from ..obligations import MANY
from .documents import judge_documents
from .form import Tally, compare, same_but_for_form
from .history import ADD, GET, INFO, LONG, SIGNUP, UPDATE, Document, History, Values
from .info import judge_endpoint, judge_info
from .pairing import pair
from .status import judge_status

MOST_VALUES = 64
"""Candidates for info that are kept of a registration; a few updates side by side need no more."""


class Histories:
    """Judges replies against the histories of their registrations (R2, R5, R7, R8, R10, R12, R13, R17)."""

    def __init__(self) -> None:
        self._histories: dict[str, History] = {}
        self._ids: set[str] = set()
        self.doubled: set[str] = set()
        """Ids that were given to more than one signup: what is seen of them may be another's."""

    def forget(self, registration: str) -> None:
        """Drops a history that no further exchange will come for."""
        self._histories.pop(registration, None)

    def announce(self, exchange: Exchange, registration: str | None) -> None:
        """Takes note of a change before its reply is judged: a call made at the same time may show it already (X3)."""
        history = self._histories.get(registration or "")
        if history is None or exchange.id in history.announced or exchange.sent is None:
            return
        history.announced.add(exchange.id)
        info, documents = (member(exchange.sent.body, pointer) for pointer in ("/info", "/documents"))
        if exchange.action == UPDATE and isinstance(info, dict) and history.values:
            _announce_info(history, exchange, {k: info[k] for k in INFO if info.get(k) is not None})
        if exchange.action == ADD and isinstance(documents, list):
            history.documents += [
                Document(d.get("name"), d.get("data"), added=True, exchange=exchange.id)
                for d in documents
                if isinstance(d, dict)
            ]

    def observe(self, sight: Sight) -> Iterator[Judgement]:
        """Judges one exchange and learns from it; exchanges come in the order in which their replies came."""
        if sight.action == SIGNUP:
            yield from self._signed_up(sight)
            return
        self.announce(sight.exchange, sight.diagnosis.registration)
        history = self._histories.get(sight.diagnosis.registration or "")
        if history is None:
            self._adopt(sight)
            yield from self._stray(sight)
            return
        if sight.exchange.acknowledged and sight.message:
            yield from self._acknowledged(sight, history)
        elif sight.exchange.refused or (sight.exchange.reply is not None and sight.exchange.reply.status // 100 == 4):
            if is_partial(sight):
                # To ask for all members is as good as to keep those that were not sent (Q14).
                yield sight.ok("UPDATE-PARTIAL-KEPT")
                yield sight.ok("UPDATE-PARTIAL-KEPT", GET)
            self._refused(sight, history)
        else:
            self._unanswered(sight, history)

    def _adopt(self, sight: Sight) -> None:
        """Starts the history of a registration made beforehand from what a first Provider/get shows."""
        id_, body = sight.diagnosis.registration, sight.exchange.body_of_reply
        if id_ is None or sight.action != GET or not sight.exchange.acknowledged or not sight.diagnosis.valid:
            return
        info, documents = member(body, "/info"), member(body, "/documents")
        history = self._histories[id_] = History(id_)
        if isinstance(info, dict):
            history.values.append(
                Values({k: info.get(k, MISSING) for k in INFO}, sight.exchange.id, sight.exchange.started, 0.0)
            )
        if isinstance(documents, list) and all(isinstance(d, dict) for d in documents):
            history.documents = [Document(d.get("name"), d.get("data"), added=False, time=0.0) for d in documents]
        history.endpoint_url = member(body, "/api/endpoint_url")
        status = member(body, "/registration/status")
        history.status = history.status_shown_by_get = status if isinstance(status, str) and status != MISSING else None

    def _stray(self, sight: Sight) -> Iterator[Judgement]:
        """A change that names no known registration; where it was acknowledged it may be its token owner's."""
        if not sight.exchange.acknowledged or sight.exchange.sent is None or sight.action == GET:
            return
        for owner in sight.known.owners.get(sight.exchange.sent.header.get("Token", ""), ()):
            if history := self._histories.get(owner):
                history.info_certain = history.documents_certain = False
                history.written = None
        yield from ()

    # Signup.

    def _signed_up(self, sight: Sight) -> Iterator[Judgement]:
        sent = sight.exchange.sent.body if sight.exchange.sent else None
        name = member(sent, "/info/name")
        long_name = isinstance(name, str) and name != MISSING and len(name) > LONG
        if not sight.exchange.acknowledged:
            if long_name and sight.exchange.refused:
                yield sight.ok("SIGNUP-LONG-NAME-KEPT")
            return
        body = sight.exchange.body_of_reply
        raw = member(body, "/registration/id")
        if isinstance(raw, bool) or not isinstance(raw, str | int) or raw == MISSING or not str(raw).strip():
            return
        id_ = str(raw)
        if id_ in self._ids:
            yield sight.bad(
                "SIGNUP-ID-UNIQUE",
                "/registration/id",
                "two signups are given the same id",
                "an id that no other signup was given",
                f"{shown(id_, 60)}, which an earlier signup was given",
            )
            self._histories.pop(id_, None)
            self.doubled.add(id_)
            return
        self._ids.add(id_)
        yield sight.ok("SIGNUP-ID-UNIQUE")
        if len(self._ids) == MANY:
            yield sight.ok("SIGNUP-ID-UNIQUE", f"{MANY} registrations")
        history = History(id_)
        self._histories[id_] = history
        history.written_at = sight.exchange.ended
        status = member(body, "/registration/status")
        history.status = status if isinstance(status, str) and status != MISSING else None
        if not isinstance(sent, dict) or sight.diagnosis.faulty:
            history.info_certain = history.documents_certain = False
            return
        info = member(sent, "/info")
        if not isinstance(info, dict):
            # Declared as optional, and left out.
            history.info_certain = history.documents_certain = False
            return
        history.values.append(
            Values(
                {k: info.get(k, MISSING) for k in INFO},
                sight.exchange.id,
                sight.exchange.started,
                sight.exchange.ended,
            )
        )
        for doubt in sight.diagnosis.doubts:
            if doubt.pointer.startswith("/info/") and not doubt.why.startswith("another registration"):
                history.unsure.add(doubt.pointer.rsplit("/", 1)[1])
        history.long_name = long_name
        documents = member(sent, "/documents")
        if isinstance(documents, list) and not sight.diagnosis.clouds("/documents"):
            history.documents = [
                Document(d.get("name"), d.get("data"), added=False, time=sight.exchange.ended) for d in documents
            ]
        else:
            history.documents_certain = False
        history.endpoint_url = member(sent, "/api/endpoint_url")
        if sight.diagnosis.clouds("/api/endpoint_url"):
            history.endpoint_url = MISSING
        yield from self._echo(sight, history)

    def _echo(self, sight: Sight, history: History) -> Iterator[Judgement]:
        exact = Tally(sight, "SIGNUP-ECHO-EXACT")
        whole = Tally(sight, "SIGNUP-ECHO")
        body = sight.exchange.body_of_reply
        for key in INFO:
            yield from compare(
                sight,
                history,
                f"/info/{key}",
                history.values[0].info[key],
                member(body, f"/info/{key}"),
                whole,
                exact,
            )
        if history.endpoint_url != MISSING:
            place = "/api/endpoint_url"
            yield from compare(sight, history, place, history.endpoint_url, member(body, place), whole, exact)
        if history.documents_certain:
            yield from judge_documents(sight, history, history.documents)
            for pairing in pair(history.documents, member(body, "/documents"), sight):
                if pairing.kind != "same" or not pairing.exact:
                    whole.failed = exact.failed = True
        yield from whole.close()
        yield from exact.close()
        if history.long_name and member(body, "/info/name") == history.values[0].info["name"]:
            yield sight.ok("SIGNUP-LONG-NAME-KEPT")

    def _acknowledged(self, sight: Sight, history: History) -> Iterator[Judgement]:
        action = sight.action
        faulty = sight.diagnosis.faulty or sight.disguised
        certain = sight.diagnosis.valid or all(
            d.pointer.startswith("header:") or d.why.startswith(("missing", "null", "another registration"))
            for d in sight.diagnosis.doubts
        )
        mine = [v for v in history.values if v.exchange == sight.exchange.id]
        fresh_documents = [d for d in history.documents if d.exchange == sight.exchange.id]
        if action == UPDATE and not sight.diagnosis.clouds("/registration"):
            if faulty or not certain or not mine:
                history.info_certain = False
            for values in mine:
                values.time = sight.exchange.ended
                history.unsure -= set(INFO) - values.partial
                history.long_name = history.long_name and "name" in values.partial
        if action == ADD and not sight.diagnosis.clouds("/registration"):
            if faulty or not certain or not fresh_documents:
                history.documents_certain = False
            for document in fresh_documents:
                document.time = sight.exchange.ended
            for old in history.documents:
                old.rivals = old.rivals or (
                    old.exchange != sight.exchange.id
                    and any(same_but_for_form(new.name, old.name) for new in fresh_documents)
                )
        if faulty and action != GET:
            # What it did to the registration is not known; nothing of before is held against what comes.
            history.written = history.refused = history.status_shown_by_get = None
            return
        if faulty:
            return
        yield from judge_status(sight, history)
        yield from judge_info(sight, history)
        yield from judge_endpoint(sight, history)
        if history.documents_certain:
            yield from judge_documents(sight, history, history.documents, fresh_documents)
        self._remember(sight, history)

    def _remember(self, sight: Sight, history: History) -> None:
        status = member(sight.exchange.body_of_reply, "/registration/status")
        status = status if isinstance(status, str) and status != MISSING else None
        if sight.action == GET:
            history.status_shown_by_get = status
            history.refused = None
            if sight.exchange.started > history.written_at + sight.config.settle:
                history.refused_info.clear()
                history.refused_documents.clear()
        else:
            history.status_before = history.status
            history.written, history.written_at = sight.action, sight.exchange.ended
            history.status_shown_by_get = None
            history.refused = None
        history.status = status or history.status

    def _refused(self, sight: Sight, history: History) -> None:
        """A NACK: from here on, what was sent must not show."""
        if sight.action == GET or not sight.exchange.sent:
            return
        body = sight.exchange.sent.body
        history.refused = sight.action
        history.values = [v for v in history.values if v.exchange != sight.exchange.id]
        history.documents = [d for d in history.documents if d.exchange != sight.exchange.id]
        if sight.action == UPDATE and isinstance(member(body, "/info"), dict):
            history.refused_info.append(dict(member(body, "/info")))
        if sight.action == ADD and isinstance(member(body, "/documents"), list):
            history.refused_documents += [
                (d.get("name"), d.get("data")) for d in member(body, "/documents") if isinstance(d, dict)
            ]

    def _unanswered(self, sight: Sight, history: History) -> None:
        """No answer was read: the change may have been made or not."""
        if sight.action == UPDATE:
            history.info_certain = False
        if sight.action == ADD:
            history.documents_certain = False
        if sight.action != GET:
            history.written = None
            history.status_certain = False


def is_partial(sight: Sight) -> bool:
    """Whether the request is an update that leaves out members of info, and has no fault."""
    pointers = {doubt.pointer for doubt in sight.diagnosis.doubts}
    return (
        sight.action == UPDATE
        and sight.exchange.refused
        and not sight.diagnosis.faults
        and bool(pointers)
        and all(doubt.why.startswith(("missing", "null")) for doubt in sight.diagnosis.doubts)
    )


def _announce_info(history: History, exchange: Exchange, sent: dict[str, Any]) -> None:
    """Adds what an update may lead to: what was sent, laid over anything that may be in force when it is applied."""

    def add(base: dict[str, Any], over: dict[str, Any], id_: str, started: float, time: float) -> None:
        if len(history.values) < MOST_VALUES:
            partial = frozenset(set(INFO) - set(over))
            history.values.append(Values({**base, **over}, id_, started, time, partial, over))
        else:
            # More came together than can be kept apart: nothing more is said of these values.
            history.info_certain = False

    under_way = [v for v in history.values if v.partial and v.time > exchange.started]
    bases = list(history.values) if len(sent) < len(INFO) else history.values[-1:]
    for base in bases:
        add(base.info, sent, exchange.id, exchange.started, float("inf"))
    mine = [v for v in history.values if v.exchange == exchange.id]
    for other in under_way:
        for base in mine:
            add(base.info, other.sent, other.exchange, other.started, other.time)
