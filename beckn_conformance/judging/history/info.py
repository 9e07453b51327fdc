"""What ``info`` may show after updates: all of before or all of one update, and never back (R12)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ...messages.exchange import Exchange
from ...messages.text import shown
from ...specification.actions import ADD, GET, UPDATE
from ...specification.pointer import MISSING, below, member
from ..checks import Observation
from ..diagnosis import DoubtKind
from ..finding import Judgement, Obligation
from ..registry import history_check
from .candidates import Candidates, Values, Write
from .course import Course, settled
from .form import same_but_for_form
from .members import VALUE, Echo, Members, differs, readable

REQUIREMENTS = {
    GET: ("GET-ROUND-TRIP", "GET-ROUND-TRIP-EXACT"),
    UPDATE: ("UPDATE-ECHO", "UPDATE-ECHO-EXACT"),
    ADD: ("DOCUMENTS-KEEPS-REST", "GET-ROUND-TRIP-EXACT"),
}
"""By action, the requirement on values in its reply, and the one on their form."""


@dataclass(frozen=True, slots=True)
class Read:
    """A Provider/get that showed certain values: they were in force at some time between the two."""

    values: Values
    earliest: float
    latest: float


@history_check(
    "GET-ROUND-TRIP",
    "GET-ROUND-TRIP-EXACT",
    "UPDATE-ECHO",
    "UPDATE-ECHO-EXACT",
    "UPDATE-WHOLE",
    "UPDATE-STAYS",
    "UPDATE-VISIBLE",
    "UPDATE-PARTIAL-KEPT",
    "UPDATE-NACK-UNCHANGED",
    "DOCUMENTS-KEEPS-REST",
)
class Info:
    """The values that ``info`` of a registration may have, and those that were shown."""

    def __init__(self, names: tuple[str, ...], *, deferring: bool) -> None:
        self.candidates = Candidates(names, deferring=deferring)
        self.members = Members()
        self.pointers = {name: below("/info", name) for name in names}
        self._reads: list[Read] = []
        self._refused: list[dict[str, Any]] = []
        self._clean = True
        """A Provider/get has shown info as it should be since the last acknowledged change."""

    # What is sent.

    def begin(self, exchange: Exchange, info: Mapping[str, Any], time: float) -> None:
        """Starts with the values that a registration was made with."""
        sent = {name: info.get(name, MISSING) for name in self.pointers}
        self.members.unsure |= {self.pointers[name] for name, value in sent.items() if value == MISSING}
        self.candidates.begin(Write(exchange.id, exchange.started, sent, partial=False, time=time))

    def announce(self, exchange: Exchange, info: Any) -> None:
        """Adds the values of an update before its reply: calls made meanwhile may show them already."""
        if exchange.action == UPDATE and isinstance(info, dict) and self.candidates.values:
            sent = {name: info[name] for name in self.pointers if info.get(name) is not None}
            self.candidates.add(exchange.id, exchange.started, sent)

    def acknowledge(self, observation: Observation, *, clear: bool) -> None:
        """Takes an acknowledged update to be made; ``clear`` is False if nobody can say what it did."""
        if observation.action != UPDATE or observation.diagnosis.clouds("/registration"):
            return
        mine = self.candidates.by(observation.exchange.id)
        if not clear or not mine:
            self.candidates.certain = False
        for write in mine:
            write.time = observation.exchange.ended
            pointers = {self.pointers[name] for name in write.sent}
            self.members.unsure -= pointers
            self.members.overlong -= pointers

    def change(self) -> None:
        """Takes note that a change was acknowledged, of ``info`` or of documents."""
        self._clean = False

    def refuse(self, observation: Observation) -> Iterator[Judgement]:
        """Drops a refused update: its values must not be shown from now on."""
        if observation.action != UPDATE:
            return
        if is_partial(observation):
            # Asking for all members is as good as keeping those that were not sent (Q14).
            yield observation.ok("UPDATE-PARTIAL-KEPT")
            yield observation.ok("UPDATE-PARTIAL-KEPT", Obligation(GET))
        if observation.exchange.sent:
            self.candidates.withdraw(observation.exchange.id)
            info = member(observation.exchange.sent.body, "/info")
            if isinstance(info, dict):
                self._refused.append(dict(info))

    def lose(self, observation: Observation, *, known: bool) -> None:
        """Takes note of an update without an answer; one whose values are ``known`` is made whole or not at all."""
        self.candidates.certain = self.candidates.certain and (known or observation.action != UPDATE)

    # What is shown.

    def of(self, body: Any) -> dict[str, Any]:
        """The members of ``info`` in the body of a reply."""
        return {name: member(body, pointer) for name, pointer in self.pointers.items()}

    def can_judge(self, found: Mapping[str, Any]) -> bool:
        """Tells whether ``info`` is known, and the members of a reply are there and of the right types."""
        values = self.candidates.values
        return (
            self.candidates.certain and bool(values) and all(readable(v, values[0].info[k]) for k, v in found.items())
        )

    def matching(self, found: Mapping[str, Any]) -> Values | None:
        """The latest candidate that a reply shows as it was sent, or else except for form and what was reported."""
        closest, exact = None, -1
        for values in reversed(self.candidates.values):
            if not all(self._explains(name, found, values.info) for name in found):
                continue
            same = sum(found[name] == values.info[name] for name in found)
            if same > exact:
                closest, exact = values, same
            if exact == len(found):
                break
        return closest

    def echo(self, echo: Echo, values: Values, found: Mapping[str, Any]) -> Iterator[Judgement]:
        """Compares each member with its value."""
        for name, pointer in self.pointers.items():
            yield from echo.compare(self.members, pointer, values.info[name], found[name])

    def judge(self, observation: Observation, course: Course) -> Iterator[Judgement]:
        """Judges what a reply shows of ``info``."""
        found = self.of(observation.exchange.body_of_reply)
        if not self.can_judge(found):
            return
        values = self.matching(found)
        if values is None:
            yield from self._misfit(observation, course, found)
            return
        echo = Echo(observation, *REQUIREMENTS[observation.action])
        yield from self.echo(echo, values, found)
        yield from echo.close()
        if observation.action == ADD:
            yield observation.ok("DOCUMENTS-KEEPS-REST", Obligation(ADD))
        several = len(self.candidates.values) > 1
        if several:
            yield observation.ok("UPDATE-WHOLE")
        if all(self._fits(name, found[name], values.info[name]) for name in found):
            self._clean = self._clean or observation.action == GET
            if several:
                yield from self._visible(observation, values)
        if observation.action == GET and course.refused == UPDATE:
            yield observation.ok("UPDATE-NACK-UNCHANGED")
        if observation.action in (UPDATE, GET) and self.candidates.writes[-1].partial:
            yield observation.ok("UPDATE-PARTIAL-KEPT")

    def _fits(self, name: str, found: Any, expected: Any) -> bool:
        return self.members.fits(self.pointers[name], found, expected)

    def _visible(self, observation: Observation, values: Values) -> Iterator[Judgement]:
        """Judges whether the values are late, or were replaced before and have come back (R12)."""
        writes, deferring = self.candidates.writes, self.candidates.deferring
        lacking = [w for w in writes if w.time <= observation.exchange.ended and values.lacks(w)]
        overdue = [w for w in lacking if settled(observation, w.time)]
        if observation.action == GET:
            read = self._read(observation, values)
            gone = [w for w in overdue if w.seen] if not deferring else []
            back = [r for r in self._reads if r.values.info != values.info and values.first < r.earliest]
            earlier = gone[-1].sent if gone else next((r.values.info for r in back if r.latest < read.earliest), None)
            if earlier is not None:
                key = _difference(earlier, values)
                yield observation.bad(
                    "UPDATE-STAYS",
                    "/info",
                    "update-gone",
                    "values of an update are lost again",
                    f"{key} {shown(earlier[key], 60)}, as an earlier Provider/get showed",
                    f"{key} {shown(values.info[key], 60)}, from before the update",
                )
                return
            if values.write.seen and values is not self.candidates.values[0]:
                yield observation.ok("UPDATE-STAYS")
            self._reads.append(read)
            self.candidates.shown(values, read.latest)
        if observation.config.updates == "deferred" or observation.action not in (UPDATE, GET):
            return
        late = overdue or [w for w in lacking if w.exchange == observation.exchange.id]
        if late:
            self.candidates.deferring = deferring or observation.action == GET
            key = _difference(late[-1].sent, values)
            yield observation.bad(
                "UPDATE-VISIBLE",
                "/info",
                "earlier-values",
                "old values are shown after an acknowledged update",
                f"{key} {shown(late[-1].sent[key], 60)}",
                f"{key} {shown(values.info[key], 60)}, as before",
            )
        elif not lacking and len(writes) > 1:
            yield observation.ok("UPDATE-VISIBLE")

    def _read(self, observation: Observation, values: Values) -> Read:
        """When values shown now may have been in force: now, or as long ago as reads may lag (R19)."""
        candidates = self.candidates
        exact = not candidates.deferring and all(settled(observation, w.time) for w in candidates.writes)
        lag = 0.0 if exact else observation.config.settle
        return Read(values, observation.exchange.started - lag, observation.exchange.ended)

    def _misfit(self, observation: Observation, course: Course, found: Mapping[str, Any]) -> Iterator[Judgement]:
        """Reports values that match no candidate: a mix of several, values of a refused update, or unknown ones."""
        values = self.candidates.values
        strays = [name for name in found if not any(self._explains(name, found, v.info) for v in values)]
        for name in strays:
            self.members.report(self.pointers[name], found[name])
            yield self._stray(observation, course, name, found[name])
        if not strays and len(values) > 1:
            for name, pointer in self.pointers.items():
                self.members.report(pointer, found[name])
            newest = [name for name in found if same_but_for_form(found[name], values[-1].info[name])]
            older = [name for name in found if name not in newest]
            yield observation.bad(
                "UPDATE-WHOLE",
                self.pointers[older[0]] if older else "/info",
                "mixed-values",
                "a reply mixes values from before and after an update",
                "all values of the update, or all from before it",
                f"{', '.join(newest) or 'none'} of the update, {', '.join(older)} from before",
            )

    def _explains(self, name: str, found: Mapping[str, Any], info: Mapping[str, Any]) -> bool:
        return self.members.reported(self.pointers[name], found[name]) or self._fits(name, found[name], info[name])

    def _stray(self, observation: Observation, course: Course, name: str, value: Any) -> Judgement:
        """The finding on a value that no candidate has."""
        pointer, last = self.pointers[name], self.candidates.values[-1]
        if any(same_but_for_form(value, refused.get(name)) for refused in self._refused):
            return observation.bad(
                "UPDATE-NACK-UNCHANGED",
                pointer,
                "refused-value",
                "a value of a refused update is kept",
                f"{shown(last.info[name], 100)} at {pointer}, as before the NACK",
                f"{shown(value, 100)} there",
            )
        if name not in last.write.sent and not str(value).strip():
            requirement, kind, message = (
                "UPDATE-PARTIAL-KEPT",
                "member-blanked",
                "a member that was not sent is blanked",
            )
            return differs(observation, requirement, pointer, kind, last.info[name], value, message)
        requirement = REQUIREMENTS[observation.action][0]
        if observation.action == GET and self._clean and course.refused == UPDATE:
            requirement = "UPDATE-NACK-UNCHANGED"
        elif observation.action == GET and not self._clean and course.written == ADD and course.documents_intact:
            requirement = "DOCUMENTS-KEEPS-REST"
        return differs(observation, requirement, pointer, VALUE, last.info[name], value)


def is_partial(observation: Observation) -> bool:
    """Tells whether the gateway refused an update whose only peculiarity is that it leaves out members of info."""
    doubts = observation.diagnosis.doubts
    return (
        observation.action == UPDATE
        and observation.exchange.refused
        and not observation.diagnosis.faults
        and bool(doubts)
        and all(doubt.kind in (DoubtKind.MISSING, DoubtKind.NULL) for doubt in doubts)
    )


def _difference(earlier: Mapping[str, Any], values: Values) -> str:
    """The first member that shows which values these are."""
    return next(
        (key for key in values.info if key in earlier and earlier[key] != values.info[key]), next(iter(earlier))
    )
