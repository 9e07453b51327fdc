"""The history of a registration, and what later replies may say after it: pure, fed one exchange at a time."""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .checks import VERIFICATION, Sight
from .exchange import MISSING, Exchange, member, shown
from .finding import Judgement
from .obligations import MANY
from .specification import Requirement

LONG = 64
"""Characters of a name up to which it must be accepted (Q4)."""

INFO = ("name", "phone", "email", "company_id")
UPDATE, ADD, GET, SIGNUP = "Provider/info/update", "Provider/documents/add", "Provider/get", "Provider/signup"

REQUIREMENTS = frozenset(
    """
    SIGNUP-ID-UNIQUE SIGNUP-ECHO SIGNUP-ECHO-EXACT SIGNUP-LONG-NAME-KEPT SIGNUP-DOCUMENTS-KEPT
    GET-ROUND-TRIP GET-ROUND-TRIP-EXACT
    UPDATE-STATUS-SEEN UPDATE-DOCUMENT-STATUS-KEPT UPDATE-ECHO UPDATE-ECHO-EXACT UPDATE-WHOLE UPDATE-STAYS
    UPDATE-VISIBLE UPDATE-KEEPS-REST UPDATE-PARTIAL-KEPT UPDATE-NACK-UNCHANGED UPDATE-NACK-STATUS-UNCHANGED
    DOCUMENTS-STATUS-SEEN DOCUMENTS-NEW-STATUS DOCUMENTS-OLD-STATUS DOCUMENTS-OLD-STATUS-KEPT
    DOCUMENTS-DOCUMENT-ID DOCUMENTS-DOCUMENT-ID-STABLE DOCUMENTS-LISTED DOCUMENTS-ECHO DOCUMENTS-ECHO-EXACT
    DOCUMENTS-KEPT DOCUMENTS-SAME-NAME DOCUMENTS-KEEPS-REST DOCUMENTS-NACK-UNCHANGED
    DOCUMENTS-NACK-STATUS-UNCHANGED
    """.split()
)


def covers(requirement: Requirement) -> bool:
    """Whether histories are judged under a requirement."""
    return requirement.id in REQUIREMENTS


def same_but_for_form(one: Any, other: Any) -> bool:
    """Whether two texts differ in case, outer space or Unicode normal form only (R10)."""
    if not isinstance(one, str) or not isinstance(other, str):
        return bool(one == other)
    return _form(one) == _form(other)


def _form(text: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().casefold())


def same_bytes(one: Any, other: Any) -> bool:
    """Whether two texts are base64 of the same bytes, in whatever alphabet and padding."""
    if not isinstance(one, str) or not isinstance(other, str):
        return False
    try:
        return _decode(one) == _decode(other)
    except (binascii.Error, ValueError):
        return False


def _decode(text: str) -> bytes:
    plain = "".join(text.split()).replace("-", "+").replace("_", "/").rstrip("=")
    return base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)


@dataclass(slots=True)
class Document:
    """A document that the gateway acknowledged, or may have taken."""

    name: Any
    data: Any
    added: bool
    """Added after the signup."""
    time: float = float("inf")
    """When its acknowledgement had come; until then it may be there or not."""
    exchange: str = ""
    """Id of the exchange that sent it."""
    seen: bool = False
    """Whether a Provider/get has shown it."""
    verified: bool = False
    number: str | None = None
    """Its id in the last reply of documents/add."""
    excused: bool = False
    """A finding on it was made; what follows from that is no other finding."""
    rivals: bool = False
    """Another document of the same name was added later."""


@dataclass(slots=True)
class Values:
    """Values of ``info`` that an acknowledged call sent."""

    info: dict[str, Any]
    exchange: str
    started: float
    time: float = float("inf")
    """When the acknowledgement had come."""
    partial: frozenset[str] = frozenset()
    """Members that were not sent."""


@dataclass(slots=True)
class History:
    """What a registration went through, as far as later replies can tell."""

    id: str
    config_settle: float
    values: list[Values] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)
    """Exchanges whose values of info a Provider/get has shown."""
    info_certain: bool = True
    unsure: set[str] = field(default_factory=set)
    """Members of info that were in doubt when they were sent."""
    long_name: bool = False
    documents: list[Document] = field(default_factory=list)
    announced: set[str] = field(default_factory=set)
    """Exchanges whose values are among the candidates already."""
    documents_certain: bool = True
    endpoint_url: Any = MISSING
    tolerated: set[tuple[str, str]] = field(default_factory=set)
    """Member and wrong value for which a finding was made."""
    refused_info: list[dict[str, Any]] = field(default_factory=list)
    refused_documents: list[tuple[Any, Any]] = field(default_factory=list)
    status: str | None = None
    """The last one that a reply showed."""
    status_shown_by_get: str | None = None
    status_before: str | None = None
    written: str | None = None
    """Action of the last acknowledged change."""
    written_at: float = 0.0
    since_written: int = 0
    """Replies to Provider/get since then."""
    refused: str | None = None
    """Action of a change that was surely refused since the last Provider/get."""
    intact: bool = True
    """The last reply showed everything as it should be."""
    endpoint_ok: bool = True


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
            overlay = {k: info[k] for k in INFO if info.get(k) is not None}
            history.values.append(
                Values(
                    {**history.values[-1].info, **overlay},
                    exchange.id,
                    exchange.started,
                    partial=frozenset(set(INFO) - set(overlay)),
                )
            )
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
        elif sight.exchange.refused or (
            sight.exchange.reply is not None and sight.exchange.reply.status // 100 == 4
        ):
            if _partial(sight):
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
        history = self._histories[id_] = History(id_, sight.config.settle)
        if isinstance(info, dict):
            history.values.append(
                Values(
                    {k: info.get(k, MISSING) for k in INFO}, sight.exchange.id, sight.exchange.started, 0.0
                )
            )
        if isinstance(documents, list) and all(isinstance(d, dict) for d in documents):
            history.documents = [
                Document(d.get("name"), d.get("data"), added=False, time=0.0) for d in documents
            ]
        history.endpoint_url = member(body, "/api/endpoint_url")
        status = member(body, "/registration/status")
        history.status = history.status_shown_by_get = (
            status if isinstance(status, str) and status != MISSING else None
        )

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
        history = History(id_, sight.config.settle)
        self._histories[id_] = history
        history.written_at = sight.exchange.ended
        status = member(body, "/registration/status")
        history.status = status if isinstance(status, str) and status != MISSING else None
        if not isinstance(sent, dict) or sight.diagnosis.faulty:
            history.info_certain = history.documents_certain = False
            return
        info = member(sent, "/info")
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
                Document(d.get("name"), d.get("data"), added=False, time=sight.exchange.ended)
                for d in documents
            ]
        else:
            history.documents_certain = False
        history.endpoint_url = member(sent, "/api/endpoint_url")
        if sight.diagnosis.clouds("/api/endpoint_url"):
            history.endpoint_url = MISSING
        yield from self._echo(sight, history)

    def _echo(self, sight: Sight, history: History) -> Iterator[Judgement]:
        exact = _Tally(sight, "SIGNUP-ECHO-EXACT")
        whole = _Tally(sight, "SIGNUP-ECHO")
        body = sight.exchange.body_of_reply
        for key in INFO:
            yield from self._compare(
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
            yield from self._compare(
                sight, history, place, history.endpoint_url, member(body, place), whole, exact
            )
        if history.documents_certain:
            yield from self._documents(sight, history, history.documents)
            for pairing in _pair(history.documents, member(body, "/documents"), sight):
                if pairing.kind != "same" or not pairing.exact:
                    whole.failed = exact.failed = True
        yield from whole.close()
        yield from exact.close()
        if history.long_name and member(body, "/info/name") == history.values[0].info["name"]:
            yield sight.ok("SIGNUP-LONG-NAME-KEPT")

    def _compare(
        self,
        sight: Sight,
        history: History,
        pointer: str,
        expected: Any,
        found: Any,
        whole: _Tally,
        exact: _Tally,
    ) -> Iterator[Judgement]:
        """One member against the value it must have; what is missing or of another type is judged elsewhere."""
        key = pointer.rsplit("/", 1)[1]
        if found == expected or not isinstance(found, str) or found == MISSING or expected == MISSING:
            return
        if (pointer, found) in history.tolerated:
            whole.failed = exact.failed = True
            return
        long_name = key == "name" and history.long_name
        if key in history.unsure and pointer.startswith("/info/") and not long_name:
            return
        history.tolerated.add((pointer, found))
        observed = f"{shown(found, 100)} at {pointer}"
        if long_name:
            yield sight.bad(
                "SIGNUP-LONG-NAME-KEPT",
                pointer,
                "a long name is acknowledged and not kept",
                f"the {len(expected)} characters that were sent, or a NACK",
                observed,
            )
        elif same_but_for_form(found, expected):
            exact.failed = True
            yield sight.bad(
                exact.requirement,
                pointer,
                "the value comes back in another form",
                f"{shown(expected, 100)} at {pointer}",
                observed,
            )
        else:
            whole.failed = True
            yield sight.bad(
                whole.requirement,
                pointer,
                "another value comes back",
                f"{shown(expected, 100)} at {pointer}",
                observed,
            )

    # Later calls.

    def _acknowledged(self, sight: Sight, history: History) -> Iterator[Judgement]:
        action = sight.action
        faulty = sight.diagnosis.faulty
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
        if faulty and not (action == GET):
            history.written = None
            return
        if faulty:
            return
        yield from self._status(sight, history)
        yield from self._info(sight, history)
        yield from self._endpoint(sight, history)
        if history.documents_certain:
            yield from self._documents(sight, history, history.documents, fresh_documents)
        self._remember(sight, history)

    def _remember(self, sight: Sight, history: History) -> None:
        status = member(sight.exchange.body_of_reply, "/registration/status")
        status = status if isinstance(status, str) and status != MISSING else None
        if sight.action == GET:
            history.status_shown_by_get = status
            history.since_written += 1
            history.refused = None
            if sight.exchange.started > history.written_at + sight.config.settle:
                history.refused_info.clear()
                history.refused_documents.clear()
        else:
            history.status_before = history.status
            history.written, history.written_at = sight.action, sight.exchange.ended
            history.since_written = 0
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

    # Statuses.

    def _status(self, sight: Sight, history: History) -> Iterator[Judgement]:
        if sight.action != GET:
            return
        status = member(sight.exchange.body_of_reply, "/registration/status")
        if not isinstance(status, str) or status == MISSING:
            return
        prefix = {UPDATE: "UPDATE", ADD: "DOCUMENTS"}
        if history.refused in prefix and history.status_shown_by_get is not None:
            requirement = f"{prefix[history.refused]}-NACK-STATUS-UNCHANGED"
            before = history.status_shown_by_get
            moving = before == sight.config.status_name("UPDATE-PENDING") or status in VERIFICATION
            if status in (before, sight.config.status_name("UPDATE-FAIL")):
                yield sight.ok(requirement)
            elif not moving:
                yield sight.bad(
                    requirement,
                    "/registration/status",
                    "a refused change changes the status",
                    f"{shown(before)} as before, or {shown(sight.config.status_name('UPDATE-FAIL'))}",
                    f"{shown(status)} after the NACK",
                )
        elif history.written in prefix and history.refused is None:
            requirement = f"{prefix[history.written]}-STATUS-SEEN"
            earlier = history.status_before
            pending = sight.config.status_name("UPDATE-PENDING")
            if status == pending or (earlier is not None and status != earlier) or status == "VERIFIED":
                yield sight.ok(requirement)
            elif earlier != pending and status == earlier and self._settled(sight, history.written_at):
                yield sight.bad(
                    requirement,
                    "/registration/status",
                    "the status of before is shown after an acknowledged change",
                    f"{shown(pending)}, or a later status",
                    f"{shown(status)}, as before the {history.written}",
                )

    @staticmethod
    def _settled(sight: Sight, since: float) -> bool:
        """Whether a change is old enough to be seen by every call (R19)."""
        return sight.exchange.started >= since + sight.config.settle

    # info.

    def _info(self, sight: Sight, history: History) -> Iterator[Judgement]:
        body = sight.exchange.body_of_reply
        found = {key: member(body, f"/info/{key}") for key in INFO}
        if any(not isinstance(v, str) or v == MISSING for v in found.values()) or not history.values:
            return
        if not history.info_certain:
            return
        whole_requirement, exact_requirement = self._info_requirements(sight, history)
        index = self._matching(history, found)
        changed = len(history.values) > 1
        if index is not None:
            whole, exact = _Tally(sight, whole_requirement), _Tally(sight, exact_requirement)
            for key in INFO:
                yield from self._compare(
                    sight, history, f"/info/{key}", history.values[index].info[key], found[key], whole, exact
                )
            yield from whole.close()
            if exact_requirement:
                yield from exact.close()
            if sight.action == ADD:
                yield sight.ok("DOCUMENTS-KEEPS-REST", ADD)
            if changed:
                yield sight.ok("UPDATE-WHOLE")
            if self._genuine(history, found, index):
                yield from self._visible(sight, history, index)
            yield from self._untouched(sight, history)
            return
        yield from self._misfit(sight, history, found, whole_requirement, exact_requirement)

    def _info_requirements(self, sight: Sight, history: History) -> tuple[str, str]:
        if sight.action == UPDATE:
            return "UPDATE-ECHO", "UPDATE-ECHO-EXACT"
        if sight.action == ADD:
            return "DOCUMENTS-KEEPS-REST", "GET-ROUND-TRIP-EXACT"
        return "GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"

    def _matching(self, history: History, found: Mapping[str, str]) -> int | None:
        """Index of the latest values that a reply shows, but for their form and what was reported before."""
        for index in range(len(history.values) - 1, -1, -1):
            if all(
                key in history.unsure
                or same_but_for_form(found[key], history.values[index].info[key])
                or (f"/info/{key}", found[key]) in history.tolerated
                for key in INFO
            ):
                return index
        return None

    @staticmethod
    def _genuine(history: History, found: Mapping[str, str], index: int) -> bool:
        """Whether values are those of a call, and not merely wrong ones that were reported already."""
        return all(
            key in history.unsure or same_but_for_form(found[key], history.values[index].info[key])
            for key in INFO
        )

    def _visible(self, sight: Sight, history: History, index: int) -> Iterator[Judgement]:
        """Whether the values shown are late, or were there already and are gone again (R12)."""
        if len(history.values) < 2:
            return
        shown_values = history.values[index]
        newer = [
            v for v in history.values if v.started >= shown_values.time and v.time <= sight.exchange.ended
        ]
        settled = [v for v in newer if self._settled(sight, v.time)]
        if sight.action == GET:
            taken_back = [v for v in settled if v.exchange in history.seen]
            if taken_back:
                yield sight.bad(
                    "UPDATE-STAYS",
                    "/info",
                    "values of an update are gone again",
                    f"name {shown(taken_back[-1].info['name'], 60)}, as an earlier Provider/get showed",
                    f"name {shown(shown_values.info['name'], 60)}, of before the update",
                )
                return
            if shown_values.exchange in history.seen and index > 0:
                yield sight.ok("UPDATE-STAYS")
            history.seen.add(shown_values.exchange)
        if sight.config.updates == "deferred" or sight.action not in (UPDATE, GET):
            return
        if not newer:
            yield sight.ok("UPDATE-VISIBLE")
        elif sight.action == UPDATE or settled:
            yield sight.bad(
                "UPDATE-VISIBLE",
                "/info",
                "values of before are shown after an acknowledged update",
                f"name {shown(newer[-1].info['name'], 60)}",
                f"name {shown(shown_values.info['name'], 60)}, as before",
            )

    def _untouched(self, sight: Sight, history: History) -> Iterator[Judgement]:
        """After a refused change, info shows as before (R17); after a partial update, what was not sent is kept."""
        if sight.action == GET and history.refused == UPDATE:
            yield sight.ok("UPDATE-NACK-UNCHANGED")
        if sight.action in (UPDATE, GET) and history.values[-1].partial:
            yield sight.ok("UPDATE-PARTIAL-KEPT")

    def _misfit(
        self, sight: Sight, history: History, found: Mapping[str, str], whole: str, exact: str
    ) -> Iterator[Judgement]:
        """None of the values that were acknowledged: a mix of them, values that were refused, or others."""

        def fits(key: str, candidates: list[dict[str, Any]]) -> bool:
            return (
                key in history.unsure
                or (f"/info/{key}", found[key]) in history.tolerated
                or any(same_but_for_form(found[key], candidate.get(key)) for candidate in candidates)
            )

        current = [v.info for v in history.values]
        strays = [key for key in INFO if not fits(key, current)]
        last = history.values[-1]
        reported = False
        for key in strays:
            pointer = f"/info/{key}"
            reported = True
            history.tolerated.add((pointer, found[key]))
            observed = f"{shown(found[key], 100)} at {pointer}"
            if any(same_but_for_form(found[key], refused.get(key)) for refused in history.refused_info):
                yield sight.bad(
                    "UPDATE-NACK-UNCHANGED",
                    pointer,
                    "a value of a refused update is kept",
                    f"{shown(last.info[key], 100)} at {pointer}, as before the NACK",
                    observed,
                )
            elif key in last.partial and not found[key].strip():
                yield sight.bad(
                    "UPDATE-PARTIAL-KEPT",
                    pointer,
                    "a member that was not sent is blanked",
                    f"{shown(last.info[key], 100)} at {pointer}",
                    observed,
                )
            elif key == "name" and history.long_name:
                yield sight.bad(
                    "SIGNUP-LONG-NAME-KEPT",
                    pointer,
                    "a long name is acknowledged and not kept",
                    f"the {len(str(last.info[key]))} characters that were sent, or a NACK",
                    observed,
                )
            else:
                requirement = whole
                if sight.action == GET and history.written == ADD and history.intact:
                    requirement = "DOCUMENTS-KEEPS-REST"
                yield sight.bad(
                    requirement,
                    pointer,
                    "another value comes back",
                    f"{shown(last.info[key], 100)} at {pointer}",
                    observed,
                )
        if not reported and len(current) > 1:
            history.tolerated.update((f"/info/{key}", found[key]) for key in INFO)
            newest = [key for key in INFO if same_but_for_form(found[key], last.info[key])]
            older = [key for key in INFO if key not in newest]
            yield sight.bad(
                "UPDATE-WHOLE",
                f"/info/{older[0]}" if older else "/info",
                "a reply mixes values of before and after an update",
                "all values of the update, or all of before",
                f"{', '.join(newest) or 'none'} of the update, {', '.join(older)} of before",
            )

    # api and documents.

    def _endpoint(self, sight: Sight, history: History) -> Iterator[Judgement]:
        found = member(sight.exchange.body_of_reply, "/api/endpoint_url")
        if history.endpoint_url == MISSING or not isinstance(found, str) or found == MISSING:
            return
        if sight.action == GET:
            requirement, exact = "GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"
            if history.written in (UPDATE, ADD) and history.endpoint_ok and history.intact:
                requirement = "UPDATE-KEEPS-REST" if history.written == UPDATE else "DOCUMENTS-KEEPS-REST"
        else:
            requirement = "UPDATE-KEEPS-REST" if sight.action == UPDATE else "DOCUMENTS-KEEPS-REST"
            exact = "GET-ROUND-TRIP-EXACT"
        whole, form = _Tally(sight, requirement), _Tally(sight, exact)
        findings = list(
            self._compare(sight, history, "/api/endpoint_url", history.endpoint_url, found, whole, form)
        )
        yield from findings
        history.endpoint_ok = not findings

    def _documents(
        self, sight: Sight, history: History, expected: list[Document], fresh: list[Document] | None = None
    ) -> Iterator[Judgement]:
        """Every acknowledged document against those of a reply, matched by content and name (R9, R13)."""
        found = member(sight.exchange.body_of_reply, "/documents")
        if not isinstance(found, list):
            return
        fresh = fresh or []
        pairings = _pair(expected, found, sight)
        intact = True
        for pairing in pairings:
            document = pairing.document
            if pairing.kind == "same" and pairing.exact:
                document.seen = document.seen or sight.action == GET
                yield from self._pass(sight, history, document, fresh)
                continue
            new = any(document is f for f in fresh)
            due = new or document.time <= sight.exchange.started or sight.action == SIGNUP
            if document.excused or not due or pairing.kind == "unreadable":
                continue
            if pairing.kind == "missing":
                judged = self._missing(sight, history, document, new)
            else:
                judged = self._altered(sight, history, document, new, pairing)
            if judged is not None:
                intact = False
                document.excused = True
                yield judged
        yield from self._strangers(sight, history, pairings, found)
        if intact and expected:
            yield from self._all_kept(sight, history)
        history.intact = intact
        if sight.action != SIGNUP:
            yield from self._document_statuses(sight, history, pairings, fresh)
        if sight.action == ADD:
            yield from self._document_ids(sight, pairings, found)

    def _all_kept(self, sight: Sight, history: History) -> Iterator[Judgement]:
        if sight.action == SIGNUP:
            return
        if sight.action in (GET, UPDATE):
            yield sight.ok("SIGNUP-DOCUMENTS-KEPT")
        if sight.action == ADD:
            yield sight.ok("DOCUMENTS-LISTED")
        if sight.action == UPDATE or (sight.action == GET and history.written == UPDATE):
            yield sight.ok("UPDATE-KEEPS-REST")
        if sight.action == GET and history.written == ADD:
            yield sight.ok("DOCUMENTS-KEEPS-REST")
        if sight.action == GET and history.refused == ADD:
            yield sight.ok("DOCUMENTS-NACK-UNCHANGED")

    def _pass(
        self, sight: Sight, history: History, document: Document, fresh: list[Document]
    ) -> Iterator[Judgement]:
        if document.added and sight.action == GET:
            yield sight.ok("DOCUMENTS-KEPT")
        if document.added and (sight.action == GET or any(document is f for f in fresh)):
            yield sight.ok("DOCUMENTS-ECHO")
            yield sight.ok("DOCUMENTS-ECHO-EXACT")
        if document.rivals and sight.action in (ADD, GET):
            yield sight.ok("DOCUMENTS-SAME-NAME")

    def _missing(self, sight: Sight, history: History, document: Document, new: bool) -> Judgement | None:
        what = f"document {shown(document.name, 60)}"
        count = _count(sight)
        observed = f"{count} document{'' if count == 1 else 's'}, not that one"
        if sight.action == SIGNUP:
            return sight.bad(
                "SIGNUP-ECHO", "/documents", "a document that was sent is missing", what, observed
            )
        if document.rivals and not new:
            return sight.bad(
                "DOCUMENTS-SAME-NAME",
                "/documents",
                "a document gives way to a later one of the same name",
                f"{what}, besides the later one",
                observed,
            )
        if sight.action == ADD:
            which = "the document just added" if new else "an earlier document"
            return sight.bad("DOCUMENTS-LISTED", "/documents", f"{which} is missing", what, observed)
        if not document.added:
            return sight.bad(
                "SIGNUP-DOCUMENTS-KEPT", "/documents", "a document of the signup is missing", what, observed
            )
        if document.seen and history.written == UPDATE:
            return sight.bad(
                "UPDATE-KEEPS-REST", "/documents", "a document is missing after an update", what, observed
            )
        if sight.action == GET and self._settled(sight, document.time):
            return sight.bad("DOCUMENTS-KEPT", "/documents", "an added document is missing", what, observed)
        return None

    def _altered(
        self, sight: Sight, history: History, document: Document, new: bool, pairing: Pairing
    ) -> Judgement | None:
        pointer = f"/documents/{pairing.index}/{pairing.member}"
        value = document.data if pairing.member == "data" else document.name
        expected = f"{shown(value, 100)} at {pointer}"
        observed = f"{shown(pairing.found, 100)} there"
        form = pairing.kind == "same"
        message = "the value comes back in another form" if form else "another value comes back"
        if sight.action == SIGNUP:
            requirement = "SIGNUP-ECHO-EXACT" if form else "SIGNUP-ECHO"
        elif document.added and (new or sight.action == GET):
            requirement = "DOCUMENTS-ECHO-EXACT" if form else "DOCUMENTS-ECHO"
        elif form:
            requirement = "GET-ROUND-TRIP-EXACT"
        elif sight.action == UPDATE or (sight.action == GET and history.written == UPDATE and history.intact):
            requirement, message = "UPDATE-KEEPS-REST", "a document is changed by an update"
        elif sight.action == ADD:
            requirement, message = "DOCUMENTS-LISTED", "an earlier document is changed"
        else:
            requirement = "GET-ROUND-TRIP"
        if requirement == "GET-ROUND-TRIP-EXACT" and sight.action != GET:
            return None
        return sight.bad(requirement, pointer, message, expected, observed)

    def _strangers(
        self, sight: Sight, history: History, pairings: list[Pairing], found: list[Any]
    ) -> Iterator[Judgement]:
        """Documents of refused additions must not show (R17)."""
        taken = {pairing.index for pairing in pairings if pairing.index is not None}
        for index, item in enumerate(found):
            if index in taken or not isinstance(item, dict):
                continue
            for name, data in history.refused_documents:
                if (
                    isinstance(name, str)
                    and item.get("name") == name
                    and (sight.config.documents_echo == "redacted" or item.get("data") == data)
                ):
                    yield sight.bad(
                        "DOCUMENTS-NACK-UNCHANGED",
                        f"/documents/{index}",
                        "a document of a refused addition is kept",
                        "the documents of before the NACK",
                        f"{shown(name, 60)} among them",
                    )
                    return

    def _document_statuses(
        self, sight: Sight, history: History, pairings: list[Pairing], fresh: list[Document]
    ) -> Iterator[Judgement]:
        for pairing in pairings:
            document = pairing.document
            if pairing.index is None or not isinstance(pairing.item, dict):
                continue
            status = pairing.item.get("status")
            pointer = f"/documents/{pairing.index}/status"
            new = any(document is f for f in fresh)
            if sight.action == ADD:
                requirement = "DOCUMENTS-NEW-STATUS" if new else "DOCUMENTS-OLD-STATUS"
                allowed = (
                    VERIFICATION[:1] if new and sight.config.verification == "deferred" else VERIFICATION
                )
                if status in allowed:
                    yield sight.ok(requirement)
                else:
                    yield sight.bad(
                        requirement,
                        pointer,
                        "another status than the page asks for",
                        f"{' or '.join(map(shown, allowed))} at {pointer}",
                        f"{shown(status)} there",
                    )
            written = sight.action if sight.action in (UPDATE, ADD) else history.written
            if document.verified and not new and written in (UPDATE, ADD) and isinstance(status, str):
                requirement = (
                    "UPDATE-DOCUMENT-STATUS-KEPT" if written == UPDATE else "DOCUMENTS-OLD-STATUS-KEPT"
                )
                if status == VERIFICATION[0]:
                    document.verified = False
                    yield sight.bad(
                        requirement,
                        pointer,
                        "a verified document waits for verification again",
                        f"{shown(VERIFICATION[1])} at {pointer}, as before",
                        f"{shown(status)} there",
                    )
                else:
                    yield sight.ok(requirement)
            if status == VERIFICATION[1] and not (
                sight.action == ADD and new and sight.config.verification == "deferred"
            ):
                document.verified = True

    def _document_ids(self, sight: Sight, pairings: list[Pairing], found: list[Any]) -> Iterator[Judgement]:
        numbers = [d.get("id") for d in found if isinstance(d, dict)]
        numbers = [n for n in numbers if isinstance(n, str) and n.strip()]
        twice = sorted({n for n in numbers if numbers.count(n) > 1})
        if twice:
            yield sight.bad(
                "DOCUMENTS-DOCUMENT-ID",
                f"/documents/{next(i for i, d in enumerate(found) if isinstance(d, dict) and d.get('id') == twice[0])}/id",
                "two documents share an id",
                "a different id for each document",
                f"{shown(twice[0], 60)} more than once",
            )
            return
        if len(numbers) == len(found) and len(found) > 1:
            yield sight.ok("DOCUMENTS-DOCUMENT-ID")
        contents = [(p.document.name, p.document.data) for p in pairings]
        for pairing in pairings:
            number = pairing.item.get("id") if isinstance(pairing.item, dict) else None
            document = pairing.document
            if not isinstance(number, str) or contents.count((document.name, document.data)) > 1:
                continue
            if document.number is not None and not document.excused:
                if number == document.number:
                    yield sight.ok("DOCUMENTS-DOCUMENT-ID-STABLE")
                else:
                    document.excused = True
                    yield sight.bad(
                        "DOCUMENTS-DOCUMENT-ID-STABLE",
                        f"/documents/{pairing.index}/id",
                        "a document has another id than before",
                        f"{shown(document.number, 60)}, as in the reply before",
                        f"{shown(number, 60)} for the same document",
                    )
            document.number = number


def _partial(sight: Sight) -> bool:
    """Whether the request is an update that leaves out members of info, and has no fault."""
    pointers = {doubt.pointer for doubt in sight.diagnosis.doubts}
    return (
        sight.action == UPDATE
        and sight.exchange.refused
        and not sight.diagnosis.faults
        and bool(pointers)
        and all(doubt.why.startswith(("missing", "null")) for doubt in sight.diagnosis.doubts)
    )


@dataclass(slots=True)
class _Tally:
    """Whether a requirement held over the members of a reply."""

    sight: Sight
    requirement: str
    failed: bool = False

    def close(self) -> Iterator[Judgement]:
        if not self.failed and self.requirement:
            if self.sight.action not in self.sight.specification.requirements[self.requirement].operations:
                return
            yield self.sight.ok(self.requirement)


@dataclass(frozen=True, slots=True)
class Pairing:
    """An acknowledged document and what stands for it in a reply."""

    document: Document
    kind: str
    """``same`` (but perhaps for its form), ``altered``, ``missing``, or ``unreadable`` where a member is not there."""
    exact: bool = False
    index: int | None = None
    item: Any = None
    member: str = "data"
    """The member that differs."""
    found: Any = None


def _pair(expected: list[Document], found: Any, sight: Sight) -> list[Pairing]:
    """Matches documents by content and name: first whole, then but for their form, then by one of the two."""
    items = list(enumerate(found)) if isinstance(found, list) else []
    redacted = sight.config.documents_echo == "redacted"
    result: dict[int, Pairing] = {}

    def take(fits: Callable[[Document, Mapping[str, Any]], Pairing | None]) -> None:
        for number, document in enumerate(expected):
            if number in result:
                continue
            for place, (index, item) in enumerate(items):
                if (
                    isinstance(item, dict)
                    and (pairing := fits(document, {**item, "\0index": index})) is not None
                ):
                    result[number] = Pairing(
                        document, pairing.kind, pairing.exact, index, item, pairing.member, pairing.found
                    )
                    del items[place]
                    break

    def whole(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        if item.get("name") == document.name and (redacted or item.get("data") == document.data):
            return Pairing(document, "same", True)
        return None

    def but_for_form(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        name, data = item.get("name"), item.get("data")
        if not same_but_for_form(name, document.name):
            return None
        # Another case is another content in base64; another alphabet, padding or outer space is not.
        if not redacted and data != document.data and not same_bytes(data, document.data):
            return None
        place = "name" if name != document.name else "data"
        return Pairing(document, "same", False, member=place, found=item.get(place))

    def nameless(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        # A name that was not asked for and not sent may come back as anything (Q1).
        if not isinstance(document.name, str) and item.get("data") == document.data:
            return Pairing(document, "same", True)
        return None

    def by_name(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        if (
            isinstance(item.get("name"), str)
            and item["name"] == document.name
            and isinstance(item.get("data"), str)
        ):
            return Pairing(document, "altered", member="data", found=item.get("data"))
        return None

    def by_data(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        if not redacted and item.get("data") == document.data and isinstance(item.get("name"), str):
            return Pairing(document, "altered", member="name", found=item.get("name"))
        return None

    def unreadable(document: Document, item: Mapping[str, Any]) -> Pairing | None:
        lacking = [key for key in ("name", "data") if not isinstance(item.get(key), str)]
        others = {"name": document.name, "data": document.data}
        if lacking and all(item.get(key) == others[key] for key in others if key not in lacking):
            return Pairing(document, "unreadable")
        return None

    for fits in (whole, but_for_form, nameless, by_name, by_data, unreadable):
        take(fits)
    return [result.get(number) or Pairing(document, "missing") for number, document in enumerate(expected)]


def _count(sight: Sight) -> int:
    found = member(sight.exchange.body_of_reply, "/documents")
    return len(found) if isinstance(found, list) else 0
